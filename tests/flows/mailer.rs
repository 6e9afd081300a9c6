//! Mails as they leave: over a mail server that others wrote, which reads them with Python's own parser.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

use domain::company::Company;
use domain::id::{CompanyId, NotificationChannelId, NotificationTemplateId, OwnLegalEntityId, SecretId};
use domain::notification::{
    MailRecord, MailStatus, NewChannel, NewTemplate, NotificationChannel, NotificationEvent, SmtpTls, Values,
    Words, plan_channel, plan_template,
};
use domain::record::Hand;
use jiff::Timestamp;
use mailer::{App, Smtp, handle};
use queue::{Mail, Notification, Receiver, Sender};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use runtime::targets::Targets;
use serde_json::{Value, json};
use store::{Documents, MailAsk, Written};
use tests::edits::act;
use tests::embedded_s3::EmbeddedS3;
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::EmbeddedSqs;
use tests::peers::{Language, Script, required};
use tests::world::{Member, NOW, World, amount};

const PASSWORD: &str = "p&ss wörd";
const HAND: Hand<'static> = Hand { name: "Ann", now: NOW };

/// A platform whose mails can leave, and a server for them.
struct Office {
    world: World,
    client: Member,
    sqs: EmbeddedSqs,
    secrets: EmbeddedSecrets,
    server: Script,
    port: u16,
    mails: String,
    notifications: String,
    smtp: Smtp,
}

impl Office {
    /// With a server in the clear that wants no login; None where Python is missing.
    async fn open() -> Option<Self> {
        Self::with(json!({}), Smtp::new(Targets::Any)).await
    }

    async fn with(listen: Value, smtp: Smtp) -> Option<Self> {
        let mut server = required(Script::start(Language::Python, "mail_server").await)?;
        let listening = server.ask("listen", listen, "listening").await;
        let port = u16::try_from(listening["port"].as_u64().unwrap()).unwrap();
        let world = World::with_streams(&[]).await;
        let client = world.client(&world.owner, "0.05").with_funds("10").open().await;
        let (sqs, secrets) = (EmbeddedSqs::new(), EmbeddedSecrets::new());
        let (mails, notifications) = (sqs.queue("mail"), sqs.queue("notifications"));
        Some(Self { world, client, sqs, secrets, server, port, mails, notifications, smtp })
    }

    fn owner(&self) -> &Company {
        &self.world.owner.company
    }

    /// A channel of the owner at the server.
    async fn channel(&self, change: impl FnOnce(&mut NewChannel)) -> NotificationChannel {
        let mut ask = NewChannel {
            id: NotificationChannelId::new(self.world.unique()),
            company: self.owner().id.clone(),
            name: "Office".to_owned(),
            enabled: true,
            legal_entity: None,
            from_name: Some("Bäckerei & Co".to_owned()),
            from_email: "no-reply@owner.example".to_owned(),
            reply_to: Some("help@owner.example".to_owned()),
            host: "localhost".to_owned(),
            port: self.port,
            tls: SmtpTls::None,
            username: None,
            secret: None,
        };
        change(&mut ask);
        let path = self.world.store.any_company(&ask.company).await.unwrap().unwrap().path;
        let others = self.world.store.all_things(ask.company.as_str()).await.unwrap();
        let channel = plan_channel(ask, &others, HAND).unwrap();
        if channel.username.is_some() {
            self.secrets.set_of(&channel, json!({"password": PASSWORD}));
        }
        assert_eq!(self.world.store.create(&act(&path), &channel).await.unwrap(), Written::Now);
        channel
    }

    async fn template(&self, event: NotificationEvent, entity: Option<&OwnLegalEntityId>, words: Words) {
        let ask = NewTemplate {
            id: NotificationTemplateId::new(self.world.unique()),
            company: self.owner().id.clone(),
            name: "Ours".to_owned(),
            event,
            legal_entity: entity.cloned(),
            words,
            details: Vec::new(),
        };
        let template = plan_template(ask, HAND).unwrap();
        assert_eq!(self.world.store.create(&act(&self.owner().path), &template).await.unwrap(), Written::Now);
    }

    async fn queue(&self, mail: &Mail) {
        Sender::new(self.sqs.client(), self.mails.clone()).send(mail).await.unwrap();
    }

    fn app(&self) -> App {
        App {
            store: self.world.store.clone(),
            secrets: self.secrets.store(),
            documents: Documents::new(EmbeddedS3::new().client(), "documents".to_owned()),
            mail: Sender::new(self.sqs.client(), self.mails.clone()),
            waiting: Receiver::new(self.sqs.client(), self.mails.clone()),
            smtp: self.smtp.clone(),
            public_base_url: "https://waybill.example".to_owned(),
        }
    }

    /// One invocation. Says how many mails are left to come again.
    async fn run(&self) -> usize {
        let taken = self.sqs.take(&self.mails);
        let answer = handle(&self.app(), taken.clone()).await;
        self.sqs.finish(&self.mails, &taken, &answer);
        self.sqs.messages::<Mail>(&self.mails).len()
    }

    /// What came of the mails of the owner, newest first.
    async fn records(&self) -> Vec<MailRecord> {
        self.records_of(&self.owner().id).await
    }

    async fn records_of(&self, company: &CompanyId) -> Vec<MailRecord> {
        self.world.store.mails(company, &MailAsk { limit: 50, ..MailAsk::default() }).await.unwrap().items
    }

    /// Status, tries and error of the only mail.
    async fn outcome(&self) -> (MailStatus, u32, String) {
        let records = self.records().await;
        let [record] = records.as_slice() else { panic!("{records:?}") };
        (record.status, record.tries, record.error.clone().unwrap_or_default())
    }

    async fn arrived(&mut self) -> Value {
        self.server.event("mail").await
    }

    /// What the server says to this recipient, one try after the other.
    async fn answering(&mut self, to: &str, answers: &[&str]) {
        self.server.ask("answer", json!({"to": to, "answers": answers}), "ready").await;
    }
}

fn invitation(company: &Company, to: &str) -> Mail {
    let mut values = NotificationEvent::UserInvitation.samples();
    values.insert("company_name".to_owned(), "Weber <& Sons>".to_owned());
    mail(company, to, NotificationEvent::UserInvitation, values)
}

fn mail(company: &Company, to: &str, event: NotificationEvent, values: Values) -> Mail {
    Mail::EventV1 {
        id: "cause 1".to_owned(),
        company: company.id.clone(),
        legal_entity: None,
        event,
        to: to.to_owned(),
        values,
        invoice: None,
        at: NOW,
    }
}

#[tokio::test]
async fn an_invitation_arrives_with_its_link_as_text_and_as_html() {
    let Some(mut office) = Office::open().await else { return };
    let channel = office.channel(|_| {}).await;
    office.queue(&invitation(office.owner(), "Anna@bakery.example")).await;
    assert_eq!(office.run().await, 0);
    let mail = office.arrived().await;
    let headers = &mail["headers"];
    assert_eq!(headers["from"], "Bäckerei & Co <no-reply@owner.example>");
    assert_eq!(headers["to"], "Anna@bakery.example");
    assert_eq!(headers["reply-to"], "help@owner.example");
    assert_eq!(headers["subject"], "Your invitation to Messages");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert_eq!(mail["hello"], "owner.example");
    let (text, html) = (mail["parts"]["plain"].as_str().unwrap(), mail["parts"]["html"].as_str().unwrap());
    assert!(text.contains("\nhttps://portal.example/invitation?token=8f1c\n"), "{text}");
    assert!(text.contains("Weber <& Sons>"), "{text}");
    assert!(html.contains("href=\"https://portal.example/invitation?token=8f1c\""), "{html}");
    assert!(html.contains("Weber &lt;&amp; Sons&gt;") && !html.contains("<& Sons>"), "{html}");

    let records = office.records().await;
    let id = records[0].id.clone();
    assert_eq!(headers["message-id"], format!("<{id}@owner.example>"));
    assert_eq!((records[0].status, records[0].tries), (MailStatus::Sent, 1));
    assert_eq!(
        (&records[0].recipient, &records[0].channel),
        (&"anna@bakery.example".to_owned(), &Some(channel.id))
    );
}

#[tokio::test]
async fn a_mail_that_comes_twice_leaves_once() {
    let Some(mut office) = Office::open().await else { return };
    office.channel(|_| {}).await;
    for _ in 0..2 {
        office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
        assert_eq!(office.run().await, 0);
    }
    // Also when it comes twice in the same moment.
    for _ in 0..2 {
        office.queue(&invitation(office.owner(), "ben@bakery.example")).await;
    }
    assert_eq!((office.run().await, office.run().await), (1, 0));
    office.queue(&invitation(office.owner(), "carl@bakery.example")).await;
    office.run().await;
    for to in ["anna@bakery.example", "ben@bakery.example", "carl@bakery.example"] {
        assert_eq!(office.arrived().await["envelope_to"], json!([to]));
    }
    assert_eq!(office.records().await.len(), 3);
}

#[tokio::test]
async fn a_server_is_logged_in_to_over_starttls_and_over_tls_from_the_beginning() {
    for tls in [SmtpTls::Starttls, SmtpTls::Tls] {
        let (certificate, key, pem) = certificate(&["localhost"]);
        let kind = serde_json::to_value(tls).unwrap();
        let listen = json!({"tls": kind, "certificate": certificate, "key": key, "username": "waybill",
            "password": PASSWORD});
        let smtp = Smtp::new(Targets::Any).trusting(pem.as_bytes()).unwrap();
        let Some(mut office) = Office::with(listen, smtp).await else { return };
        let login = |ask: &mut NewChannel| {
            (ask.tls, ask.username, ask.secret) = (tls, Some("waybill".to_owned()), Some(SecretId::new(1)));
        };
        office.channel(login).await;
        office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
        assert_eq!(office.run().await, 0, "{:?}", office.records().await);
        let mail = office.arrived().await;
        assert_eq!((&mail["over_tls"], &mail["login"]), (&json!(true), &json!("waybill")));
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_neither_password_nor_mail() {
    let (certificate, key, _) = certificate(&["localhost"]);
    let listen = json!({"tls": "starttls", "certificate": certificate, "key": key, "username": "waybill",
        "password": PASSWORD});
    let Some(office) = Office::with(listen, Smtp::new(Targets::Any)).await else { return };
    let login = |ask: &mut NewChannel| {
        (ask.tls, ask.username, ask.secret) =
            (SmtpTls::Starttls, Some("waybill".to_owned()), Some(SecretId::new(1)));
    };
    office.channel(login).await;
    office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
    assert_eq!(office.run().await, 1);
    let (status, _, error) = office.outcome().await;
    assert!(status == MailStatus::Waiting && error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_server_that_offers_no_tls_gets_no_mail_over_a_channel_that_wants_it() {
    let Some(office) = Office::open().await else { return };
    office.channel(|ask| ask.tls = SmtpTls::Starttls).await;
    office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
    assert_eq!(office.run().await, 1);
    assert_eq!(office.outcome().await.0, MailStatus::Waiting);
}

#[tokio::test]
async fn what_a_server_does_not_want_is_told_and_not_tried_again() {
    let Some(mut office) = Office::open().await else { return };
    office.channel(|_| {}).await;
    office.answering("gone@bakery.example", &["550 5.1.1 nobody of this name"]).await;
    office.queue(&invitation(office.owner(), "gone@bakery.example")).await;
    assert_eq!(office.run().await, 0);
    let (status, tries, error) = office.outcome().await;
    assert_eq!((status, tries), (MailStatus::Refused, 1));
    assert!(error.contains("550") && error.contains("nobody of this name"), "{error}");
    office.queue(&invitation(office.owner(), "gone@bakery.example")).await;
    assert_eq!((office.run().await, office.outcome().await.1), (0, 1));
}

#[tokio::test]
async fn what_a_server_puts_off_is_tried_again_under_the_same_name() {
    let Some(mut office) = Office::open().await else { return };
    office.channel(|_| {}).await;
    office.answering("anna@bakery.example", &["451 4.7.1 later", "451 4.7.1 later"]).await;
    office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
    assert_eq!(office.run().await, 1);
    let (status, tries, error) = office.outcome().await;
    assert!((status, tries) == (MailStatus::Waiting, 1) && error.contains("later"), "{error}");
    assert_eq!((office.run().await, office.run().await), (1, 0));
    assert_eq!(office.outcome().await, (MailStatus::Sent, 3, String::new()));
    let name = format!("<{}@owner.example>", office.records().await[0].id);
    assert_eq!(office.arrived().await["headers"]["message-id"], name);
}

#[tokio::test]
async fn a_mail_that_nobody_takes_has_failed_and_can_be_tried_by_hand() {
    let Some(mut office) = Office::open().await else { return };
    office.channel(|_| {}).await;
    office.answering("anna@bakery.example", &["451 later"; 8]).await;
    office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
    for _ in 0..8 {
        assert_eq!(office.run().await, 1);
    }
    assert_eq!((office.outcome().await.0, office.outcome().await.1), (MailStatus::Failed, 8));
    // From the dead-letter queue, say.
    assert_eq!(office.run().await, 0);
    assert_eq!(office.outcome().await.0, MailStatus::Sent);
}

#[tokio::test]
async fn a_wrong_password_is_no_fault_of_the_mail() {
    let listen = json!({"username": "waybill", "password": "another"});
    let Some(office) = Office::with(listen, Smtp::new(Targets::Any)).await else { return };
    office
        .channel(|ask| (ask.username, ask.secret) = (Some("waybill".to_owned()), Some(SecretId::new(1))))
        .await;
    office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
    assert_eq!(office.run().await, 1);
    let (status, _, error) = office.outcome().await;
    assert!(status == MailStatus::Waiting && error.contains("535") && !error.contains(PASSWORD), "{error}");
}

#[tokio::test]
async fn a_server_around_us_is_not_called() {
    let Some(office) = Office::with(json!({}), Smtp::new(Targets::Public)).await else { return };
    office.channel(|_| {}).await;
    office.queue(&invitation(office.owner(), "anna@bakery.example")).await;
    assert_eq!(office.run().await, 1);
    assert_eq!(office.outcome().await, (MailStatus::Waiting, 1, "the host has no public address".to_owned()));
}

#[tokio::test]
async fn a_company_without_a_server_mails_over_that_of_the_company_above() {
    let Some(mut office) = Office::open().await else { return };
    let reseller = office.world.reseller(&office.world.owner, "0.04").open().await.company;
    office.queue(&invitation(&reseller, "anna@bakery.example")).await;
    assert_eq!(office.run().await, 0);
    let refused = office.records_of(&reseller.id).await.remove(0);
    assert_eq!(refused.status, MailStatus::Refused);
    assert_eq!(refused.error.as_deref(), Some("there is no notification channel"));

    let above = office.channel(|_| {}).await;
    office.queue(&invitation(&reseller, "ben@bakery.example")).await;
    assert_eq!(office.run().await, 0);
    let mail = office.arrived().await;
    assert_eq!(mail["envelope_to"], json!(["ben@bakery.example"]));
    assert!(office.records_of(&reseller.id).await.iter().any(|mail| mail.channel == Some(above.id.clone())));

    let own = |ask: &mut NewChannel| {
        (ask.company, ask.from_email) = (reseller.id.clone(), "us@reseller.example".to_owned());
    };
    office.channel(own).await;
    office.queue(&invitation(&reseller, "carl@bakery.example")).await;
    office.run().await;
    assert_eq!(office.arrived().await["envelope_from"], "us@reseller.example");
}

#[tokio::test]
async fn a_legal_entity_writes_in_its_own_words_from_its_own_address() {
    let Some(mut office) = Office::open().await else { return };
    let entity = OwnLegalEntityId::new(7);
    office.channel(|_| {}).await;
    let own = |ask: &mut NewChannel| {
        (ask.legal_entity, ask.from_email) = (Some(entity.clone()), "kiwi@owner.example".to_owned());
    };
    office.channel(own).await;
    let event = NotificationEvent::PasswordReset;
    let words = |subject: &str| Words {
        subject: subject.to_owned(),
        text: "{{password_reset_link}}".to_owned(),
        html: None,
    };
    office.template(event, None, words("All: {{name}}")).await;
    office.template(event, Some(&entity), words("Kiwi: {{name}}")).await;
    let mut values = event.samples();
    values.insert("name".to_owned(), "Anna\r\nBcc: spy@x.example".to_owned());
    for (of, to) in [(Some(&entity), "anna@bakery.example"), (None, "ben@bakery.example")] {
        let mut mail = mail(office.owner(), to, event, values.clone());
        if let Mail::EventV1 { legal_entity, .. } = &mut mail {
            *legal_entity = of.cloned();
        }
        office.queue(&mail).await;
        assert_eq!(office.run().await, 0);
    }
    let (first, second) = (office.arrived().await, office.arrived().await);
    assert_eq!(first["headers"]["subject"], "Kiwi: Anna  Bcc: spy@x.example");
    assert_eq!(first["envelope_from"], "kiwi@owner.example");
    assert_eq!(
        (first["envelope_to"].clone(), &first["parts"]["html"]),
        (json!(["anna@bakery.example"]), &Value::Null)
    );
    assert_eq!(second["headers"]["subject"], "All: Anna  Bcc: spy@x.example");
    assert_eq!(second["envelope_from"], "no-reply@owner.example");
}

#[tokio::test]
async fn a_reset_without_its_link_is_no_mail() {
    let Some(office) = Office::open().await else { return };
    office.channel(|_| {}).await;
    let empty = mail(office.owner(), "anna@bakery.example", NotificationEvent::PasswordReset, Values::new());
    office.queue(&empty).await;
    assert_eq!(office.run().await, 0);
    let (status, _, error) = office.outcome().await;
    assert_eq!((status, error.as_str()), (MailStatus::Refused, "`{{password_reset_link}}` must stand in it"));
}

#[tokio::test]
async fn a_confirmed_payment_is_mailed_to_everybody_whom_the_agreement_names() {
    let Some(mut office) = Office::open().await else { return };
    office.channel(|_| {}).await;
    let agreement = &office.client.agreement;
    let confirmed = Notification::PaymentConfirmedV1 {
        agreement: agreement.id.clone(),
        payment: domain::id::PaymentId::new(1),
        amount: amount("100"),
        currency: agreement.currency,
        reference: "TT-1".to_owned(),
        emails: vec!["anna@bakery.example".to_owned(), "ben@bakery.example".to_owned()],
        at: NOW,
    };
    let sender = Sender::new(office.sqs.client(), office.notifications.clone());
    for _ in 0..2 {
        sender.send(&confirmed).await.unwrap();
    }
    let taken = office.sqs.take(&office.notifications);
    let answer = handle(&office.app(), taken.clone()).await;
    assert!(answer.batch_item_failures.is_empty());
    // Of the mails that came twice the second ones find the first ones under way, and come again.
    assert_eq!((office.run().await, office.run().await), (2, 0));
    let code = agreement.code.clone();
    let mut told = Vec::new();
    for _ in 0..2 {
        let mail = office.arrived().await;
        let text = mail["parts"]["plain"].as_str().unwrap();
        assert!(text.contains(&format!("agreement {code}")) && text.contains("TT-1"), "{text}");
        assert!(text.contains("The balance is now 10 "), "{text}");
        told.push(mail["envelope_to"][0].as_str().unwrap().to_owned());
    }
    told.sort();
    assert_eq!(told, ["anna@bakery.example", "ben@bakery.example"]);
    assert_eq!(office.records().await.len(), 2);
}

#[tokio::test]
async fn a_channel_can_be_tried() {
    let Some(mut office) = Office::open().await else { return };
    let channel = office.channel(|ask| ask.enabled = false).await;
    let test = |channel: &NotificationChannelId, id: &str| Mail::TestV1 {
        id: id.to_owned(),
        company: office.owner().id.clone(),
        channel: channel.clone(),
        to: "admin@owner.example".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    };
    let (good, gone) = (test(&channel.id, "test 1"), test(&NotificationChannelId::new(9), "test 2"));
    office.queue(&good).await;
    office.queue(&gone).await;
    assert_eq!(office.run().await, 0);
    assert_eq!(office.arrived().await["headers"]["subject"], "Test of Office");
    let mut outcomes: Vec<_> = office.records().await.iter().map(|mail| (mail.event, mail.status)).collect();
    outcomes.sort_by_key(|(_, status)| *status == MailStatus::Refused);
    assert_eq!(outcomes, [(None, MailStatus::Sent), (None, MailStatus::Refused)]);
}

/// Of a certificate for these names: its file, that of its key, and the certificate itself.
fn certificate(names: &[&str]) -> (String, String, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let folder = std::env::temp_dir().join(format!("waybill-mail-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    (text(certificate), text(key), cert.pem())
}
