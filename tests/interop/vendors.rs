//! SMS centres of others at our gateway's end of a session: the whole gateway sends to them and hears
//! from them.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::connection::{Connection, ConnectionKind, InterfaceVersion, Link, LongForm, SmppLink};
use domain::destination::Msisdn;
use domain::handling::Handling;
use domain::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId, SecretId};
use domain::message::{Message, NewMessage};
use domain::receipt::ReceiptState;
use domain::segmentation::segment;
use domain::sender::SenderAddress;
use jiff::Timestamp;
use queue::{Job, Progress, Sender};
use runtime::targets::Targets;
use serde_json::{Value, json};
use smpp::receipt::id_forms;
use smpp_gateway::vendor::bind;
use smpp_gateway::{Gateway, Pace};
use store::{Store, Tables, schema};
use tests::edits::put_connection;
use tests::embedded_dynamodb::EmbeddedDynamodb;
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::EmbeddedSqs;
use tests::peers::{Language, Script, required};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const STACK: &str = "interop";
const PASSWORD: &str = "pw-Kq83z";
const SOON: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A gateway that is bound to a centre of another's making.
struct Stage {
    centre: Script,
    store: Store,
    sqs: EmbeddedSqs,
    connection: ConnectionId,
    jobs: String,
    progress: String,
    stop: watch::Sender<bool>,
    gateway: JoinHandle<()>,
    messages: u128,
}

impl Stage {
    /// None if the peer is missing.
    async fn new(language: Language, long_form: LongForm, with_parameters: bool) -> Option<Self> {
        let listen = json!({"password": PASSWORD, "parameters": with_parameters});
        let (stage, version) = Self::bound(language, listen, |link| link.long_form = long_form).await?;
        assert_eq!(version, 0x34);
        Some(stage)
    }

    /// With the version that the centre was bound with.
    async fn bound(
        language: Language,
        listen: Value,
        change: impl FnOnce(&mut SmppLink),
    ) -> Option<(Self, Value)> {
        let mut centre = required(Script::start(language, "server").await)?;
        let listening = centre.ask("listen", listen, "listening").await;
        let port = listening["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");

        let database = EmbeddedDynamodb::new();
        schema::create(&database.client(), STACK).await.expect("the tables are made");
        let store = Store::new(database.client(), Tables::of_stack(STACK));
        let sqs = EmbeddedSqs::new();
        let (jobs, progress) = (sqs.queue("jobs"), sqs.queue("progress"));
        let connection = connection(port, &jobs, change);
        put_connection(&store, &connection).await;
        let secrets = EmbeddedSecrets::new();
        secrets.set_of(&connection, json!({"password": PASSWORD}));

        let outcomes = Sender::new(sqs.client(), progress.clone());
        let gateway = Gateway::new(store.clone(), secrets.store(), sqs.client(), outcomes, pace());
        let (stop, stopped) = watch::channel(false);
        let gateway = tokio::spawn(smpp_gateway::run(gateway, bind::tcp(Targets::Any), stopped));
        let bound = centre.event("bound").await;
        assert_eq!(bound["mode"], "bind_transceiver");
        let connection = connection.id;
        let stage = Self { centre, store, sqs, connection, jobs, progress, stop, gateway, messages: 0 };
        Some((stage, bound["version"].clone()))
    }

    async fn send(&mut self, recipient: &str, text: &str) -> MessageId {
        self.messages += 1;
        let message = message(self.messages, recipient, text, &self.connection);
        self.store.write_message_of_batch(&message).await.expect("the message is stored");
        let job = Job::SubmitV1 { message: message.id.clone(), connection: self.connection.clone() };
        Sender::new(self.sqs.client(), self.jobs.clone()).send(&job).await.expect("is sent");
        message.id
    }

    /// The first thing that the gateway told of which this gives something.
    async fn told<T>(&self, what: &str, find: impl Fn(Progress) -> Option<T>) -> T {
        let found = async {
            loop {
                let told = self.sqs.messages::<Progress>(&self.progress);
                match told.into_iter().find_map(&find) {
                    Some(found) => return found,
                    None => sleep(LOOK_EVERY).await,
                }
            }
        };
        timeout(SOON, found).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    /// The centre's ids of a message that it took.
    async fn references(&self, message: &MessageId) -> Vec<String> {
        let references = self.told("an outcome", |progress| match progress {
            Progress::SubmittedV1 { message: of, references, .. } if of == *message => Some(references),
            _ => None,
        });
        references.await.into_iter().map(|reference| reference.expect("each part was taken")).collect()
    }

    /// What was reported of one of its ids.
    async fn report(&self, reference: &str) -> ReceiptState {
        let forms = id_forms(reference);
        let is_it = |other: &str| id_forms(other).iter().any(|form| forms.contains(form));
        self.told("a receipt", |progress| match progress {
            Progress::ReceiptV1 { reference, state, .. } => is_it(&reference).then_some(state),
            Progress::ReceiptsV1 { receipts, .. } => {
                receipts.into_iter().find(|receipt| is_it(&receipt.reference)).map(|receipt| receipt.state)
            }
            _ => None,
        })
        .await
    }

    async fn submits(&mut self, count: usize) -> Vec<Value> {
        let mut submits = Vec::new();
        for _ in 0..count {
            submits.push(self.centre.event("submit").await);
        }
        submits
    }

    /// As SIGTERM does.
    async fn stop(mut self) {
        self.stop.send_replace(true);
        timeout(SOON, self.gateway).await.expect("stops in time").expect("does not break");
        self.centre.event("unbound").await;
    }
}

fn pace() -> Pace {
    Pace {
        look_every: Duration::from_millis(50),
        share_every: Duration::from_millis(50),
        answer_timeout: Duration::from_secs(5),
        ..Pace::default()
    }
}

fn connection(port: u16, jobs: &str, change: impl FnOnce(&mut SmppLink)) -> Connection {
    let rate = NonZeroU32::new(1_000).expect("not zero");
    let queue_url = jobs.to_owned();
    let mut link = SmppLink { rate, queue_url, ..SmppLink::new("127.0.0.1", port, "waybill") };
    change(&mut link);
    Connection {
        secret: Some(SecretId::new(1)),
        ..Connection::new(
            ConnectionId::new(7),
            CompanyId::new(1),
            "vendor",
            Link::Smpp(link),
            Timestamp::UNIX_EPOCH,
        )
    }
}

fn message(number: u128, recipient: &str, text: &str, connection: &ConnectionId) -> Message {
    let segmented = segment(text);
    NewMessage {
        id: MessageId::in_batch(&BatchId::new(number), 0),
        company: CompanyId::new(1),
        agreement: AgreementId::new(1),
        sender: SenderAddress::parse("ACME").expect("a name"),
        recipient: Msisdn::parse(recipient).expect("a number"),
        text: text.to_owned(),
        client_reference: None,
        connection: connection.clone(),
        connection_kind: ConnectionKind::Smpp,
        country: "DE".to_owned(),
        network: None,
        mccmnc: None,
        encoding: segmented.encoding,
        segments: u32::try_from(segmented.segments_count()).expect("few"),
        charges: Vec::new(),
        handling: Handling::default(),
    }
    .accepted(Timestamp::now())
}

/// Messages go out whole, and what is reported of them comes back.
async fn sends(language: Language, long_form: LongForm, with_parameters: bool) {
    let Some(stage) = Stage::new(language, long_form, with_parameters).await else { return };
    sends_in(stage, long_form).await;
}

/// `long_form` is how the centre hears long ones.
async fn sends_in(mut stage: Stage, long_form: LongForm) {
    let (latin, cyrillic) = ("0123456789".repeat(40), "Привет ".repeat(20));
    for (recipient, text, parts, state) in [
        ("491510000099", "Größe: 5 €", 1, ReceiptState::Delivered),
        ("491510000199", "Ваш код 123456", 1, ReceiptState::Delivered),
        ("491510000001", "to nobody", 1, ReceiptState::Undelivered),
        ("491510000299", latin.as_str(), 3, ReceiptState::Delivered),
        ("491510000399", cyrillic.as_str(), 3, ReceiptState::Delivered),
    ] {
        let message = stage.send(recipient, text).await;
        let count = if long_form == LongForm::Payload { 1 } else { parts };
        let numbered = if long_form == LongForm::Sar { "parameters" } else { "header" };
        let mut submits = stage.submits(count).await;
        submits.sort_by_key(|submit| submit[numbered][1].as_u64());
        let whole: String = submits.iter().filter_map(|submit| submit["text"].as_str()).collect();
        assert_eq!(whole, text, "as the centre reads it");
        assert!(
            submits.iter().all(|submit| submit["source"] == "ACME" && submit["destination"] == recipient)
        );
        assert!(submits.iter().all(|submit| submit["is_payload"] == (count < parts)));
        let numbers: Vec<_> = submits.iter().map(|submit| submit[numbered].clone()).collect();
        match count {
            1 => assert_eq!(numbers, [Value::Null]),
            _ => assert_eq!(numbers, [json!([3, 1]), json!([3, 2]), json!([3, 3])]),
        }
        let mut references = stage.references(&message).await;
        let mut ids: Vec<_> = submits.iter().filter_map(|submit| submit["id"].as_str()).collect();
        references.sort_unstable();
        ids.sort_unstable();
        assert_eq!(references, ids);
        for reference in references {
            assert_eq!(stage.report(&reference).await, state);
            assert_eq!(stage.centre.event("acknowledged").await["status"], 0);
        }
    }
    stage.stop().await;
}

#[tokio::test]
async fn the_gateway_sends_parts_with_headers_to_node() {
    sends(Language::Node, LongForm::Udh8, true).await;
}

#[tokio::test]
async fn the_gateway_sends_parts_with_headers_to_smpplib() {
    sends(Language::Python, LongForm::Udh8, true).await;
}

#[tokio::test]
async fn the_gateway_sends_parts_with_parameters_to_node_and_reads_receipts_of_text_alone() {
    sends(Language::Node, LongForm::Sar, false).await;
}

#[tokio::test]
async fn the_gateway_sends_parts_with_parameters_to_smpplib_and_reads_receipts_of_text_alone() {
    sends(Language::Python, LongForm::Sar, false).await;
}

#[tokio::test]
async fn the_gateway_sends_long_messages_whole_to_node() {
    sends(Language::Node, LongForm::Payload, true).await;
}

#[tokio::test]
async fn the_gateway_sends_long_messages_whole_to_smpplib() {
    sends(Language::Python, LongForm::Payload, true).await;
}

/// A connection of 5.0 that wants parameters, to a centre that says `answered` of itself: the form in which
/// it hears long messages.
async fn binds_as_5_0(language: Language, answered: Option<u8>, heard: LongForm) {
    let listen = json!({"password": PASSWORD, "parameters": true, "version": answered});
    let change = |link: &mut SmppLink| {
        link.interface_version = InterfaceVersion::V5_0;
        link.long_form = LongForm::Sar;
    };
    let Some((stage, version)) = Stage::bound(language, listen, change).await else { return };
    assert_eq!(version, 0x50);
    sends_in(stage, heard).await;
}

#[tokio::test]
async fn the_gateway_binds_to_node_as_5_0_and_sends_to_it() {
    binds_as_5_0(Language::Node, Some(0x50), LongForm::Sar).await;
}

#[tokio::test]
async fn the_gateway_binds_to_smpplib_as_5_0_and_sends_to_it() {
    binds_as_5_0(Language::Python, Some(0x50), LongForm::Sar).await;
}

#[tokio::test]
async fn a_centre_that_answers_3_4_or_nothing_to_5_0_is_sent_to_with_parameters() {
    binds_as_5_0(Language::Node, Some(0x34), LongForm::Sar).await;
    binds_as_5_0(Language::Node, None, LongForm::Sar).await;
}

#[tokio::test]
async fn a_centre_that_answers_3_3_to_5_0_is_sent_to_with_headers() {
    binds_as_5_0(Language::Node, Some(0x33), LongForm::Udh8).await;
    binds_as_5_0(Language::Python, Some(0x33), LongForm::Udh8).await;
}

/// What a phone sends is kept before the centre hears that it was taken.
async fn receives(language: Language) {
    let Some(mut stage) = Stage::new(language, LongForm::Udh8, true).await else { return };
    let text = "Привет с телефона";
    let message = json!({"source": "491512345678", "destination": "12345", "text": text});
    assert_eq!(stage.centre.ask("deliver", message, "acknowledged").await["status"], 0);
    let incoming = stage.told("a message from a phone", |progress| match progress {
        Progress::IncomingV1 { incoming, .. } => Some(incoming),
        _ => None,
    });
    let incoming = incoming.await;
    assert_eq!(incoming.text, text);
    assert_eq!(
        (incoming.source.value.as_str(), incoming.destination.value.as_str()),
        ("491512345678", "12345")
    );
    stage.stop().await;
}

#[tokio::test]
async fn the_gateway_takes_a_phones_message_from_node() {
    receives(Language::Node).await;
}

#[tokio::test]
async fn the_gateway_takes_a_phones_message_from_smpplib() {
    receives(Language::Python).await;
}
