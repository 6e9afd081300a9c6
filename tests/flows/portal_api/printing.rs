//! What a client gets of a confirmed invoice: the document and the archive of charges, by the forms of the
//! one who sells.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::edr::{Usage, UsageKey};
use domain::id::{AgreementId, CompanyId, InvoiceId, RateId, ServiceId, TreeTag, UserId, WalletId};
use domain::lease::LeaseTag;
use domain::money::Amount;
use domain::period::BillingTerms;
use domain::rating::{PricedBy, Resource};
use domain::sender::SenderAddress;
use domain::upload::FileName;
use invoice_closer::Wake;
use mailer::Smtp;
use queue::{Billing, Notification, Receiver, Sender};
use runtime::targets::Targets;
use serde_json::{Value, json};
use store::{BlockUsage, Documents, Statistics, TreeCache};
use tests::embedded_s3::EmbeddedS3;
use tests::peers::{Language, Script, required};

use crate::billing::use_from;
use crate::platform::{Member, Platform, text};
use crate::shop::flat;
use crate::users::person;

pub const BUCKET: &str = "documents";

struct Office {
    platform: Platform,
    client: Member,
    s3: EmbeddedS3,
}

impl Office {
    async fn new() -> Self {
        let mut platform = Platform::new().await;
        platform.app.documents = platform.bucket.links();
        let client = platform.euro_member(&platform.owner, "Client", "client").await;
        use_from(&platform, &client, "ACME", 0..3).await;
        Self { platform, client, s3: EmbeddedS3::new() }
    }

    /// Puts a file where its address says, and where the closer finds it: that reads the bucket itself.
    async fn upload(&self, kind: &str, content: Vec<u8>) -> FileName {
        let (platform, owner) = (&self.platform, &self.platform.owner);
        let upload = platform.made(owner, "/v1/uploads", json!({"kind": kind})).await;
        let put = platform.app.http.put(text(&upload, "url")).body(content.clone()).send().await.unwrap();
        assert!(put.status().is_success());
        let file = FileName::parse(&text(&upload, "file")).unwrap();
        self.s3.put(BUCKET, &file.place(&CompanyId::parse(&owner.company).unwrap()), content);
        file
    }

    async fn add_form(&self, kind: &str, form: &str) {
        let file = self.upload("xml", form.into()).await;
        let form = json!({"kind": kind, "name": "Mine", "date_from": "2020-01-01", "file": file});
        self.platform.made(&self.platform.owner, "/v1/printable_forms", form).await;
    }

    /// The files of the client's invoice, once it is confirmed: PDF, CSV and XLSX.
    async fn confirm(&self) -> [Vec<u8>; 3] {
        let (platform, owner) = (&self.platform, &self.platform.owner);
        let path = format!("/v1/agreements/{}/invoices", self.client.agreement);
        let draft = platform.post(&owner.key, &path, json!({})).await.good();
        let path = format!("/v1/invoices/{}", text(&draft, "id"));
        platform.post(&owner.key, &format!("{path}/confirm"), json!({"early": true})).await.good();
        self.render(&text(&draft, "id")).await;
        assert!(
            !text(&platform.get(&self.client.key, &format!("{path}/pdf")).await.good(), "url").is_empty()
        );
        let place = self.place_of_confirmed(&text(&draft, "id")).await;
        ["pdf", "csv", "xlsx"].map(|ending| self.s3.get(BUCKET, &format!("{place}.{ending}")).unwrap())
    }

    /// A rate plan with a price of messages from phones, and that price.
    async fn rate_from_phones(&self) -> RateId {
        let price = |amount| json!({"price": flat(amount)});
        let tree = json!({"sms_message": {"depends_on": "direction",
            "values": {"MT": price("0.05"), "MO": price("0.01")}}});
        let service = json!({"name": "SMS", "currency": "EUR", "tree": tree});
        let platform = &self.platform;
        let service = platform.made(&platform.owner, "/v1/services", service).await;
        let id = ServiceId::parse(&text(&service, "id")).unwrap();
        let service = platform.store.services(std::slice::from_ref(&id)).await.unwrap().remove(0);
        let version = service.tree_at(runtime::now()).unwrap();
        let tree = platform.store.tree(&id, version).await.unwrap().unwrap();
        let is_price = |leaf: &u32| tree.path(*leaf).as_deref() == Some("sms_message/MO");
        RateId::of(&TreeTag::of(&id, version), (0..9).find(is_price).unwrap())
    }

    /// Messages of a cent from phones that a user pays, as the projector posts them. `post` is for each a number
    /// of its own.
    async fn user_gets(&self, user: &str, rate: &RateId, messages: u32, post: u64) {
        let agreement = AgreementId::parse(&self.client.agreement).unwrap();
        let unit_price = Amount::parse("0.01").unwrap();
        let key = UsageKey {
            wallet: WalletId::of_user(&agreement, &UserId::parse(user).unwrap()),
            day: BillingTerms::monthly_utc().day_of(runtime::now()),
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse("4915199").unwrap()),
            subject: None,
            country: Some("DE".into()),
            rate: rate.clone(),
            unit_price,
            priced_by: PricedBy::Flat,
            agreement: agreement.clone(),
        };
        let amount = unit_price.checked_times(messages).unwrap();
        let usage = Usage { messages: messages.into(), quantity: messages.into(), amount };
        let lease = WalletId::of_lease(&WalletId::main(&agreement), 0);
        let change = BlockUsage {
            block: LeaseTag { lease, fence: post, number: 0 },
            accepted_at: runtime::now(),
            revision: 0,
            count: 1,
            agreements: vec![agreement],
            usage: [(key, usage)].into_iter().collect(),
            statistics: Statistics::new(),
        };
        self.platform.store.post_usage_of_blocks(&[change]).await.unwrap();
    }

    /// Where the files of an invoice lie, but for their endings.
    async fn place_of_confirmed(&self, invoice: &str) -> String {
        let id: InvoiceId = invoice.to_owned().try_into().unwrap();
        let invoice = self.platform.store.any_invoice(&id).await.unwrap().unwrap();
        invoice.document.unwrap().trim_end_matches(".pdf").to_owned()
    }

    /// Lets mails about invoices leave over a server of Python's, to one address.
    async fn mail_over(&self, server: &mut Script) {
        let (platform, owner) = (&self.platform, &self.platform.owner);
        let port = server.ask("listen", json!({}), "listening").await["port"].clone();
        let channel = json!({"name": "Office", "from_email": "no-reply@owner.example", "host": "localhost",
            "port": port, "tls": "none"});
        platform.made(owner, "/v1/notification_channels", channel).await;
        let template = json!({"name": "Ours", "event": "invoice_confirmation",
            "subject": "No. {{invoice_number}}", "text": "Here it is.", "html": "<p>Here it is.</p>",
            "details": ["csv", "xlsx"]});
        platform.made(owner, "/v1/notification_templates", template).await;
        let path = format!("/v1/agreements/{}", self.client.agreement);
        let emails = json!({"invoice_emails": ["finance@bakery.example"]});
        platform.patch(&owner.key, &path, emails).await.good();
    }

    /// What the mailer is told last.
    fn told(&self) -> Value {
        let platform = &self.platform;
        let told = platform.sqs.messages::<Notification>(&platform.sqs.queue("notifications"));
        serde_json::to_value(told.last().unwrap()).unwrap()
    }

    /// The mail that comes of the last notification, with these fields in the place of its own.
    async fn mailed(&self, server: &mut Script, change: Value) -> Value {
        let mut told = self.told();
        told.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.mail(&told).await;
        let mut mail = server.event("mail").await;
        mail["notification"] = told;
        mail
    }

    /// Has the mailer work off a notification, and the mail that it makes of it.
    async fn mail(&self, told: &Value) {
        let platform = &self.platform;
        let queue = |name| Sender::new(platform.sqs.client(), platform.sqs.queue(name));
        let app = mailer::App {
            store: platform.store.clone(),
            secrets: platform.secrets.store(),
            documents: Documents::new(self.s3.client(), BUCKET.to_owned()),
            mail: queue("mail"),
            waiting: Receiver::new(platform.sqs.client(), platform.sqs.queue("mail")),
            smtp: Smtp::new(Targets::Any),
            public_base_url: "https://waybill.example".to_owned(),
        };
        queue("told").send(told).await.unwrap();
        for queue in ["told", "mail"] {
            let queue = platform.sqs.queue(queue);
            let taken = platform.sqs.take(&queue);
            let answer = mailer::handle(&app, taken.clone()).await;
            platform.sqs.finish(&queue, &taken, &answer);
            assert!(answer.batch_item_failures.is_empty());
        }
    }

    async fn render(&self, invoice: &str) {
        let job = Billing::RenderV1 { invoice: invoice.to_owned().try_into().unwrap() };
        work(&self.platform, &self.s3, &job).await;
    }
}

/// Has the closer do a job, with this bucket for what it makes.
pub async fn work(platform: &Platform, s3: &EmbeddedS3, job: &Billing) {
    let queue = |name| Sender::new(platform.sqs.client(), platform.sqs.queue(name));
    let app = invoice_closer::App {
        store: platform.store.clone(),
        documents: Documents::new(s3.client(), BUCKET.to_owned()),
        invoices: platform.app.invoices.clone(),
        billing: queue("billing"),
        notifications: queue("notifications"),
        trees: TreeCache::default(),
    };
    let body = serde_json::to_string(job).unwrap();
    let event = json!({"Records": [{"messageId": "1", "body": body}]});
    let answer = invoice_closer::handle(&app, Wake::read(event).unwrap(), runtime::now()).await.unwrap();
    assert!(answer.batch_item_failures.is_empty());
}

fn contains(pdf: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(pdf).contains(text)
}

#[tokio::test]
async fn a_confirmed_invoice_has_a_document_and_the_archive_of_its_charges() {
    let office = Office::new().await;
    let [pdf, csv, xlsx] = office.confirm().await;
    assert!(contains(&pdf, "INVOICE 1, "));
    let csv = String::from_utf8(csv).unwrap();
    let (head, row) = csv.split_once('\n').unwrap();
    assert!(head.starts_with("Invoice,Period from,Period to,Resource,"), "{csv}");
    // The rate of the test is in no rate plan.
    assert!(row.contains(",SMS message,additional_fee,,ACME,,DE,outgoing,"), "{csv}");
    assert!(row.ends_with(",0.05,3,3,0.15,0,0.15,EUR\n"), "{csv}");
    assert!(xlsx.starts_with(b"PK"));
}

#[tokio::test]
async fn documents_and_rows_tell_users_credits_and_messages_from_phones_apart() {
    let office = Office::new().await;
    let (platform, client) = (&office.platform, &office.client);
    let form = "<document title='Charges: {% for group in groups %}{{ group.service_type }} of {{ group.user or 'all' }} \
        {{ group.lines[0].direction }}; {% endfor %}'><text>a</text></document>";
    office.add_form("invoice", form).await;
    let (ada, rate) = (person(platform, client, "Ada", false).await, office.rate_from_phones().await);
    office.user_gets(&ada.id, &rate, 2, 1).await;
    let [pdf, csv, _] = office.confirm().await;
    for told in ["additional_fee of all outgoing;", "pay_as_you_go of Ada (person@example.com) incoming;"] {
        assert!(contains(&pdf, told), "{told}");
    }
    let csv = String::from_utf8(csv).unwrap();
    for told in [
        ",SMS message,additional_fee,,ACME,,DE,outgoing,",
        ",SMS message,pay_as_you_go,Ada (person@example.com),4915199,,DE,incoming,",
    ] {
        assert!(csv.contains(told), "{told}: {csv}");
    }
    for (sold, direction) in [("additional_fee", "outgoing"), ("pay_as_you_go", "incoming")] {
        let path = format!("/v1/charges?service_type={sold}");
        let charges = platform.get(&client.key, &path).await.good();
        let charge = &charges["items"][0];
        let path = format!("/v1/invoices/{}/charges/{}/rows", text(charge, "invoice"), text(charge, "id"));
        let rows = platform.get(&client.key, &path).await.good();
        assert_eq!(text(&rows["items"][0], "direction"), direction);
    }
}

#[tokio::test]
async fn a_draft_is_downloaded_as_it_is_now_and_says_that_it_is_one() {
    let office = Office::new().await;
    let (platform, owner, client) = (&office.platform, &office.platform.owner, &office.client);
    let close = format!("/v1/agreements/{}/invoices", client.agreement);
    let draft = async || platform.post(&owner.key, &close, json!({})).await.good();
    let id = text(&draft().await, "id");
    let path = format!("/v1/invoices/{id}");
    let place = format!("invoices/{}/{id}-draft", client.agreement);
    let file = |ending: &str| office.s3.get(BUCKET, &format!("{place}.{ending}")).unwrap();
    let rows = || String::from_utf8(file("csv")).unwrap();
    // It is made for who asks, and there when asked for again.
    let made = async || {
        for part in ["pdf", "details"] {
            let answer = platform.get(&owner.key, &format!("{path}/{part}")).await;
            assert_eq!(answer.refusal(), "409 not_ready");
        }
        let jobs: Vec<Billing> = platform.sqs.messages(&platform.sqs.queue("billing"));
        let job = jobs.last().unwrap();
        assert_eq!(*job, Billing::RenderV1 { invoice: id.clone().try_into().unwrap() });
        for _ in 0..2 {
            work(platform, &office.s3, job).await;
        }
        let link = text(&platform.get(&owner.key, &format!("{path}/pdf")).await.good(), "url");
        assert!(link.contains("-draft.pdf") && link.contains("invoice-draft-"), "{link}");
        let link = text(&platform.get(&owner.key, &format!("{path}/details")).await.good(), "url");
        assert!(link.contains("-draft.xlsx"), "{link}");
        assert_eq!(
            platform.get(&client.key, &format!("{path}/pdf")).await.refusal(),
            "404 not_found",
            "nobody below sees a draft"
        );
    };
    made().await;
    assert!(contains(&file("pdf"), "DRAFT INVOICE, "));
    let both = file("zip");
    for part in [file("pdf"), file("xlsx")] {
        assert!(both.windows(part.len()).any(|window| window == part), "it has the files as they are");
    }
    assert!(rows().ends_with(",0.05,3,3,0.15,0,0.15,EUR\n"), "{}", rows());

    // What was used since is on the next one, and on the draft itself.
    use_from(platform, client, "ACME", 3..4).await;
    draft().await;
    use_from(platform, client, "ACME", 4..5).await;
    made().await;
    assert!(rows().ends_with(",0.05,5,5,0.25,0,0.25,EUR\n"), "{}", rows());
    assert_eq!(text(&platform.get(&owner.key, &path).await.good(), "total_due"), "0.25");

    // A new form makes it once the draft is recalculated.
    office.add_form("invoice", "<document title='Mine'><text>{{ total }}</text></document>").await;
    platform.post(&owner.key, &format!("{path}/recalculate"), json!({})).await.good();
    made().await;
    assert!(contains(&file("pdf"), "Mine"));
    platform.patch(&owner.key, &path, json!({"comment": "Thank you"})).await.good();
    made().await;

    // Of a draft that is gone by then there is nothing to make.
    office.render(InvoiceId::new(9).as_str()).await;

    let [confirmed, ..] = office.confirm().await;
    assert!(contains(&confirmed, "Mine"));
    let link = text(&platform.get(&client.key, &format!("{path}/pdf")).await.good(), "url");
    assert!(link.contains("invoice-1.pdf") && !link.contains("draft"), "{link}");
}

#[tokio::test]
async fn a_correction_of_charges_on_two_invoices_names_both() {
    let office = Office::new().await;
    let form = "<document title='Corrects {% for one in all_corrected %}{{ one.number }}; {% endfor %}'>\
        <text>a</text></document>";
    office.add_form("invoice", form).await;
    let rate = office.rate_from_phones().await;
    let ada = person(&office.platform, &office.client, "Ada", false).await;
    let [first, ..] = office.confirm().await;
    office.user_gets(&ada.id, &rate, 2, 1).await;
    let [second, ..] = office.confirm().await;
    office.user_gets(&ada.id, &rate, 1, 2).await;
    use_from(&office.platform, &office.client, "ACME", 3..4).await;
    let [third, ..] = office.confirm().await;
    let corrects = |pdf: &[u8]| ["1;", "2;"].map(|number| contains(pdf, &format!("Corrects {number}")));
    assert_eq!([corrects(&first), corrects(&second)], [[false; 2]; 2], "they bill what nobody had billed");
    assert!(contains(&third, "Corrects 1; 2;"));
}

#[tokio::test]
async fn a_tenants_own_forms_make_its_documents() {
    let office = Office::new().await;
    office
        .add_form("invoice", "<document title='Mine {{ number }}'><text>{{ total }}</text></document>")
        .await;
    office.add_form("charge", "<details><column value='net' title='Sum'/></details>").await;
    let [pdf, csv, _] = office.confirm().await;
    assert!(contains(&pdf, "Mine 1"));
    assert_eq!(String::from_utf8(csv).unwrap(), "Sum\n0.15\n");
}

#[tokio::test]
async fn a_form_that_fails_on_a_real_invoice_keeps_no_client_waiting() {
    let office = Office::new().await;
    let form = "<document>{% if agreement == 'MAIN-2026' %}<space/>{% else %}<tabel/>{% endif %}</document>";
    office.add_form("invoice", form).await;
    let [pdf, ..] = office.confirm().await;
    assert!(contains(&pdf, "INVOICE 1, "));
}

/// Of the crate that prints.
fn picture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/printing/examples/pictures");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

#[tokio::test]
async fn a_tenants_logo_is_uploaded_beside_its_form_and_stands_on_its_documents() {
    let office = Office::new().await;
    let (platform, owner) = (&office.platform, &office.platform.owner);
    let file = office.upload("xml", "<document><image name='logo' width='90'/></document>".into()).await;
    let logo = office.upload("png", picture("logo.png")).await;
    let form = |pictures| json!({"kind": "invoice", "name": "Mine", "date_from": "2020-01-01", "file": file, "pictures": pictures});
    let refused = async |pictures| {
        let answer = platform.post(&owner.key, "/v1/printable_forms", form(pictures)).await;
        format!("{} {} {}", answer.refusal(), text(&answer.body, "field"), text(&answer.body, "detail"))
    };
    assert_eq!(
        refused(json!([])).await,
        "422 invalid file line 1: <image>: the form has no picture \"logo\""
    );
    let huge = office.upload("png", picture("large.png")).await;
    assert_eq!(
        refused(json!([{"name": "logo", "file": huge}])).await,
        "422 invalid pictures picture \"logo\": the picture is 6000 by 6000 pixels; it may have 2000000 in all"
    );
    let made =
        platform.made(owner, "/v1/printable_forms", form(json!([{"name": "logo", "file": logo}]))).await;
    assert_eq!(made["pictures"], json!([{"name": "logo", "file": logo}]));
    let path = format!("/v1/printable_forms/{}", text(&made, "id"));
    let answer = platform.patch(&owner.key, &path, json!({"pictures": []})).await;
    assert_eq!(answer.refusal(), "422 invalid");
    let [pdf, ..] = office.confirm().await;
    assert!(contains(&pdf, "/Subtype/Image"));
}

#[tokio::test]
async fn a_form_that_repeats_too_much_for_a_long_invoice_is_refused() {
    let office = Office::new().await;
    let (head, row) = ("a ".repeat(2_000), "<row size='200'><cell>x<br/>x</cell></row>");
    let form = format!(
        "<document><header size='4'><text>{head}</text></header><table widths='*'>\
         {{% for group in groups %}}{{% for line in group.lines %}}{row}{{% endfor %}}{{% endfor %}}\
         </table></document>"
    );
    let file = office.upload("xml", form.into()).await;
    let form = json!({"kind": "invoice", "name": "Mine", "date_from": "2020-01-01", "file": file});
    let answer = office.platform.post(&office.platform.owner.key, "/v1/printable_forms", form).await;
    assert_eq!(answer.refusal(), "422 invalid");
    assert!(text(&answer.body, "detail").contains("more letters, lines and cells than are printed"));
}

#[tokio::test]
async fn an_invoice_is_mailed_with_its_document_and_the_details_that_the_template_names() {
    let Some(mut server) = required(Script::start(Language::Python, "mail_server").await) else { return };
    let office = Office::new().await;
    office.mail_over(&mut server).await;
    let [pdf, csv, xlsx] = office.confirm().await;
    let mail = office.mailed(&mut server, json!({})).await;
    let invoice = text(&mail["notification"], "invoice");
    assert_eq!(mail["headers"]["subject"], "No. 1");
    assert_eq!(mail["parts"], json!({"plain": "Here it is.", "html": "<p>Here it is.</p>"}));
    assert_eq!(mail["files"], files([pdf, csv, xlsx]));

    // What is more than mail servers take is told of, and the document comes all the same.
    let place = office.place_of_confirmed(&invoice).await;
    office.s3.put(BUCKET, &format!("{place}.csv"), vec![b'x'; 6_000_000]);
    let told = json!({"emails": ["ben@bakery.example"]});
    let mail = office.mailed(&mut server, told).await;
    assert_eq!(mail["files"].as_array().unwrap().len(), 2, "the document and the spreadsheet");
    let link = format!("https://waybill.example/invoices/{invoice}");
    assert_eq!(
        mail["parts"]["plain"],
        format!("Here it is.\n\nToo large for a mail: invoice-1.csv. You find it at {link}\n")
    );
    assert!(mail["parts"]["html"].as_str().unwrap().contains(&format!("href=\"{link}\"")));
}

/// PDF, CSV and XLSX of the first invoice, as a mail has them.
fn files([pdf, csv, xlsx]: [Vec<u8>; 3]) -> Value {
    let sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let file =
        |name, kind, content| json!({"name": name, "type": kind, "content": BASE64_STANDARD.encode(content)});
    json!([
        file("invoice-1.pdf", "application/pdf", pdf),
        file("invoice-1.csv", "text/csv", csv),
        file("invoice-1.xlsx", sheets, xlsx)
    ])
}

#[tokio::test]
async fn a_mail_of_a_confirmation_that_was_taken_back_never_has_the_files_of_the_next_one() {
    let Some(mut server) = required(Script::start(Language::Python, "mail_server").await) else { return };
    let office = Office::new().await;
    let (platform, owner) = (&office.platform, &office.platform.owner);
    office.mail_over(&mut server).await;
    office.confirm().await;
    let first = office.told();
    let path = format!("/v1/invoices/{}/unconfirm", text(&first, "invoice"));
    platform.post(&owner.key, &path, json!({})).await.good();
    use_from(platform, &office.client, "BETA", 3..5).await;
    let again = office.confirm().await;
    let second = office.told();
    assert_eq!((&first["invoice"], &first["total_due"]), (&second["invoice"], &json!("0.15")));

    // The mailer comes to both only now.
    office.mail(&first).await;
    let mails = platform.get(&owner.key, "/v1/mails").await.good();
    let why = "the invoice is no longer confirmed";
    assert_eq!(
        (text(&mails["items"][0], "status"), &mails["items"][0]["error"]),
        ("refused".into(), &json!(why))
    );
    office.mail(&second).await;
    assert_eq!(server.event("mail").await["files"], files(again));
}
