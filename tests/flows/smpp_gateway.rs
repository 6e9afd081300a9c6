//! The gateway between its queues and a vendor: the whole of it runs, on a simulated SMS centre, an
//! embedded database and embedded queues.

#[path = "smpp_gateway/blocks.rs"]
mod blocks;
#[path = "smpp_gateway/forms.rs"]
mod forms;
#[path = "smpp_gateway/incoming.rs"]
mod incoming;
#[path = "smpp_gateway/kill.rs"]
mod kill;
#[path = "smpp_gateway/later.rs"]
mod later;
#[path = "smpp_gateway/links.rs"]
mod links;
#[path = "smpp_gateway/ownership.rs"]
mod ownership;
#[path = "smpp_gateway/stopped.rs"]
mod stopped;
#[path = "smpp_gateway/telling.rs"]
mod telling;
#[path = "smpp_gateway/tls.rs"]
mod tls;

use std::collections::HashMap;
use std::io;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::connection::{Connection, ConnectionKind, Link, OnUnknownOutcome, SmppLink};
use domain::destination::Msisdn;
use domain::handling::Handling;
use domain::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId, SecretId};
use domain::message::{Message, NewMessage, Status};
use domain::receipt::ReceiptState;
use domain::segmentation::segment;
use domain::sender::SenderAddress;
use jiff::Timestamp;
use queue::{Job, Progress, Report, Sender};
use runtime::targets::Targets;
use serde_json::json;
use smpp::smsc::{self, Requests, ServerSession, ServerSettings};
use smpp::{CommandStatus, DeliverSm, udh};
use smpp_gateway::vendor::bind::{self, Dial, Stream};
use smpp_gateway::{Gateway, Pace};
use store::{Store, Tables, schema};
use tests::edits::{put_connection, replace_connection};
use tests::embedded_dynamodb::EmbeddedDynamodb;
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::{EmbeddedSqs, Fault};
use tests::smsc_simulator::{Behaviour, Outcome, Override, ReceivedSubmit, SmscSimulator};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const STACK: &str = "gateway";
const SYSTEM_ID: &str = "waybill";
const PASSWORD: &str = "pw-Kq83z";
/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(300);

fn pace() -> Pace {
    Pace {
        look_every: Duration::from_millis(50),
        share_every: Duration::from_millis(50),
        renew_every: Duration::from_millis(500),
        lease: Duration::from_secs(4),
        answer_timeout: Duration::from_secs(1),
        ..Pace::default()
    }
}

/// Everything around a gateway, and the means to run one.
struct Stage {
    database: EmbeddedDynamodb,
    store: Store,
    sqs: EmbeddedSqs,
    secrets: EmbeddedSecrets,
    connection: Connection,
    jobs: String,
    progress: String,
    messages: u128,
}

/// A gateway at work.
struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// As SIGTERM does.
    async fn stop(self) {
        self.stop.send_replace(true);
        timeout(SOON, self.task).await.expect("stops in time").expect("does not break");
    }
}

impl Stage {
    /// With one enabled connection to a port of this machine.
    async fn new(port: u16, change: impl FnOnce(&mut Connection)) -> Self {
        let database = EmbeddedDynamodb::new();
        schema::create(&database.client(), STACK).await.expect("the tables are made");
        let store = Store::new(database.client(), Tables::of_stack(STACK));
        let sqs = EmbeddedSqs::new();
        let (jobs, progress) = (job_queue(&sqs).await, sqs.queue("progress"));
        let mut connection = connection(port, &jobs);
        change(&mut connection);
        put_connection(&store, &connection).await;
        let secrets = EmbeddedSecrets::new();
        secrets.set_of(&connection, json!({ "password": PASSWORD }));
        Self { database, store, sqs, secrets, connection, jobs, progress, messages: 0 }
    }

    fn gateway(&self) -> Gateway {
        self.gateway_with(Sender::new(self.sqs.client(), self.progress.clone()), pace())
    }

    fn gateway_with(&self, progress: Sender, pace: Pace) -> Gateway {
        Gateway::new(self.store.clone(), self.secrets.store(), self.sqs.client(), progress, pace)
    }

    fn run(&self) -> Running {
        run(self.gateway(), bind::tcp(Targets::Any))
    }

    /// A message that was accepted, and its job in the queue.
    async fn send(&mut self, recipient: &str, text: &str) -> MessageId {
        let message = self.accept(recipient, text).await;
        self.enqueue(std::slice::from_ref(&message)).await;
        message
    }

    async fn send_many(&mut self, count: usize) -> Vec<MessageId> {
        let mut messages = Vec::new();
        for number in 0..count {
            // Not one of the endings for which the simulator has an outcome of its own.
            messages.push(self.accept(&format!("49151{number:05}99"), "hello").await);
        }
        self.enqueue(&messages).await;
        messages
    }

    async fn accept(&mut self, recipient: &str, text: &str) -> MessageId {
        self.messages += 1;
        let message = message(self.messages, recipient, text, &self.connection.id);
        self.store.write_message_of_batch(&message).await.expect("the message is stored");
        message.id
    }

    async fn enqueue(&self, messages: &[MessageId]) {
        let connection = &self.connection.id;
        let job =
            |message: &MessageId| Job::SubmitV1 { message: message.clone(), connection: connection.clone() };
        let jobs: Vec<_> = messages.iter().map(job).collect();
        Sender::new(self.sqs.client(), self.jobs.clone()).send_all(&jobs).await.expect("is sent");
    }

    fn progress(&self) -> Vec<Progress> {
        self.sqs.messages(&self.progress)
    }

    /// What was said about each message; receipts apart.
    fn outcomes(&self) -> HashMap<MessageId, Vec<Progress>> {
        let mut outcomes: HashMap<_, Vec<_>> = HashMap::new();
        for progress in self.progress() {
            let message = match &progress {
                Progress::SubmittedV1 { message, .. }
                | Progress::RefusedV1 { message, .. }
                | Progress::InDoubtV1 { message, .. } => message.clone(),
                Progress::ReceiptV1 { .. }
                | Progress::BlockV1 { .. }
                | Progress::ReferencesV1 { .. }
                | Progress::ReceiptsV1 { .. }
                | Progress::IncomingV1 { .. } => continue,
            };
            outcomes.entry(message).or_default().push(progress);
        }
        outcomes
    }

    /// The one outcome of a message, once it is there.
    async fn outcome(&self, message: &MessageId) -> Progress {
        until("an outcome", || self.outcomes().contains_key(message)).await;
        match self.outcomes().remove(message).as_deref() {
            Some([outcome]) => outcome.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// The vendor's ids of a message that was submitted.
    async fn references(&self, message: &MessageId) -> Vec<Option<String>> {
        match self.outcome(message).await {
            Progress::SubmittedV1 { references, .. } => references,
            other => panic!("{other:?}"),
        }
    }

    fn reports(&self) -> Vec<Report> {
        let reports = |progress| match progress {
            Progress::ReceiptsV1 { receipts, .. } => receipts,
            _ => Vec::new(),
        };
        self.progress().into_iter().flat_map(reports).collect()
    }

    fn receipts(&self) -> Vec<(String, ReceiptState)> {
        self.reports().into_iter().map(|report| (report.reference, report.state)).collect()
    }

    fn jobs_left(&self) -> usize {
        self.sqs.messages::<Job>(&self.jobs).len()
    }

    async fn until_done(&self) {
        until("an empty queue", || self.jobs_left() == 0).await;
    }

    async fn status(&self, message: &MessageId) -> Status {
        self.store.message(message).await.expect("is read").expect("is there").status
    }
}

/// What is not finished comes again after three seconds, so that nobody has to wait for a minute.
async fn job_queue(sqs: &EmbeddedSqs) -> String {
    let visibility = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
    let create = sqs.client().create_queue().queue_name("jobs").attributes(visibility, "3");
    create.send().await.expect("the queue is made").queue_url.expect("has a URL")
}

fn connection(port: u16, jobs: &str) -> Connection {
    let many = |number: u32| NonZeroU32::new(number).expect("not zero");
    let link = SmppLink {
        window: many(50),
        rate: many(5_000),
        queue_url: jobs.to_owned(),
        ..SmppLink::new("127.0.0.1", port, SYSTEM_ID)
    };
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

fn smpp_link(connection: &mut Connection) -> &mut SmppLink {
    match &mut connection.link {
        Link::Smpp(link) => link,
        Link::Http(_) | Link::Lookup(_) | Link::Client(_) => panic!("an SMPP connection"),
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

fn run(gateway: Gateway, dial: Dial) -> Running {
    let (stop, stopped) = watch::channel(false);
    Running { stop, task: tokio::spawn(smpp_gateway::run(gateway, dial, stopped)) }
}

async fn simulator(behaviour: Behaviour) -> SmscSimulator {
    let credentials = Some((SYSTEM_ID.to_owned(), PASSWORD.to_owned()));
    SmscSimulator::start(Behaviour { credentials, ..behaviour }).await.expect("starts")
}

/// A simulator, and a stage whose connection leads to it.
async fn staged(behaviour: Behaviour, change: impl FnOnce(&mut Connection)) -> (SmscSimulator, Stage) {
    let simulator = simulator(behaviour).await;
    let stage = Stage::new(simulator.address().port(), change).await;
    (simulator, stage)
}

#[track_caller]
fn until(what: &'static str, is_so: impl Fn() -> bool) -> impl Future<Output = ()> {
    let waited = async move {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    async move { timeout(SOON, waited).await.unwrap_or_else(|_| panic!("waited in vain for {what}")) }
}

/// How often each recipient's message was taken by the vendor.
fn taken(simulator: &SmscSimulator) -> HashMap<String, usize> {
    let mut taken = HashMap::new();
    for submit in simulator.received().into_iter().filter(|submit| submit.vendor_id.is_some()) {
        *taken.entry(submit.destination).or_default() += 1;
    }
    taken
}

#[tokio::test]
async fn a_message_goes_out_and_its_receipt_comes_back() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let message = stage.send("+4915112345678", "Hello, wörld").await;
    let references = stage.references(&message).await;
    until("a receipt", || !stage.receipts().is_empty()).await;
    stage.until_done().await;
    let submit = &simulator.received()[0];
    assert_eq!(references, std::slice::from_ref(&submit.vendor_id));
    assert_eq!(stage.receipts(), [(submit.vendor_id.clone().expect("is taken"), ReceiptState::Delivered)]);
    assert_eq!((submit.source.as_str(), submit.destination.as_str()), ("ACME", "4915112345678"));
    assert_eq!((&submit.text[..], submit.data_coding), (&b"Hello, w\x7Crld"[..], 0));
    assert_eq!(stage.status(&message).await, Status::Queued);
    running.stop().await;
    assert!(simulator.binds().is_empty());
    assert_eq!(simulator.undelivered_count(), 0);
}

#[tokio::test]
async fn a_receipt_names_the_connection_and_the_recipient_and_the_vendors_error() {
    let (_simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    stage.send("+491511230001", "hello").await;
    until("a receipt", || !stage.receipts().is_empty()).await;
    let receipts =
        stage.progress().into_iter().find(|progress| matches!(progress, Progress::ReceiptsV1 { .. }));
    let Some(Progress::ReceiptsV1 { connection, receipts, .. }) = receipts else { panic!("{receipts:?}") };
    assert_eq!(connection, stage.connection.id);
    let [Report { state, error, recipient, .. }] = &receipts[..] else { panic!("{receipts:?}") };
    assert_eq!((*state, error.as_deref()), (ReceiptState::Undelivered, Some("001")));
    assert_eq!(recipient.as_deref(), Some("491511230001"));
    running.stop().await;
}

#[tokio::test]
async fn a_long_message_goes_out_in_parts_that_make_it_whole_again() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let (latin, cyrillic) = ("0123456789".repeat(40), "Привет ".repeat(20));
    for (recipient, text, parts) in [("+4915112345678", &latin, 3), ("+4915112345679", &cyrillic, 3)] {
        let message = stage.send(recipient, text).await;
        let references = stage.references(&message).await;
        assert_eq!(references.len(), parts);
        let submits =
            simulator.received().into_iter().filter(|submit| recipient.ends_with(&submit.destination));
        let submits: Vec<_> = submits.collect();
        let mut joined = Vec::new();
        for (number, submit) in (1..).zip(&submits) {
            let concat = udh::concat(&submit.udh).expect("says which part it is");
            assert_eq!((usize::from(concat.total), concat.part), (parts, number));
            assert_eq!(references[usize::from(number) - 1], submit.vendor_id);
            joined.extend_from_slice(&submit.text);
        }
        let whole = match submits[0].data_coding {
            8 => String::from_utf16(&utf16(&joined)).expect("is UTF-16"),
            _ => String::from_utf8(joined).expect("is ASCII"),
        };
        assert_eq!(&whole, text);
    }
    until("a receipt for each part", || stage.receipts().len() == 6).await;
    running.stop().await;
}

fn utf16(octets: &[u8]) -> Vec<u16> {
    octets.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

#[tokio::test]
async fn a_refused_message_says_why() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let message = stage.send("+491511230005", "hello").await;
    match stage.outcome(&message).await {
        Progress::RefusedV1 { reason, .. } => assert_eq!(reason, "smpp_0x0000000B_ESME_RINVDSTADR"),
        other => panic!("{other:?}"),
    }
    stage.until_done().await;
    assert_eq!(simulator.received_count(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_throttled_message_is_sent_again_after_a_pause() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let message = stage.send("+491511230006", "hello").await;
    assert_eq!(stage.references(&message).await.len(), 1);
    stage.until_done().await;
    let times: Vec<_> = simulator.received().iter().map(|submit| submit.at).collect();
    let [first, second] = times[..] else { panic!("{times:?}") };
    let pause = second.duration_since(first);
    assert!((1..10).contains(&pause.as_secs()), "{pause:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_message_without_an_answer_is_in_doubt_and_not_sent_again() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let message = stage.send("+491511230007", "hello").await;
    let outcome = stage.outcome(&message).await;
    assert!(matches!(outcome, Progress::InDoubtV1 { .. }), "{outcome:?}");
    stage.until_done().await;
    assert_eq!(stage.receipts().len(), 1, "its receipt is passed on all the same");
    assert_eq!(simulator.received_count(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_message_without_an_answer_is_sent_again_where_the_connection_says_so() {
    let silent = Override { ending: String::new(), outcome: Outcome::NeverAnswered };
    let behaviour = Behaviour { overrides: vec![silent], ..Behaviour::default() };
    let resend = |connection: &mut Connection| connection.on_unknown_outcome = OnUnknownOutcome::Resend;
    let (simulator, mut stage) = staged(behaviour, resend).await;
    let running = stage.run();
    let message = stage.send("+4915112345678", "hello").await;
    until("a submit", || simulator.received_count() == 1).await;
    simulator.set_behaviour(Behaviour::default());
    assert_eq!(stage.references(&message).await, [simulator.received()[1].vendor_id.clone()]);
    stage.until_done().await;
    assert_eq!(simulator.received_count(), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_receipt_that_overtakes_its_answer_is_passed_on() {
    let (_simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let message = stage.send("+491511230008", "hello").await;
    stage.references(&message).await;
    assert!(matches!(stage.progress()[..], [Progress::ReceiptsV1 { .. }, Progress::SubmittedV1 { .. }]));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_links_lose_no_message_and_send_none_twice() {
    const COUNT: usize = 400;
    const LOSSES: usize = 3;
    let behaviour = Behaviour { answer_latency: Duration::from_millis(20), ..Behaviour::default() };
    let narrow =
        |connection: &mut Connection| smpp_link(connection).window = NonZeroU32::new(20).expect("not zero");
    let (simulator, mut stage) = staged(behaviour, narrow).await;
    let messages = stage.send_many(COUNT).await;
    let running = stage.run();
    for loss in 1..=LOSSES {
        until("traffic", || simulator.received_count() as usize >= loss * 80).await;
        simulator.disconnect_all();
    }
    stage.until_done().await;
    let outcomes = stage.outcomes();
    let in_doubt = outcomes.values().filter(|said| matches!(said[..], [Progress::InDoubtV1 { .. }])).count();
    assert!(messages.iter().all(|message| outcomes[message].len() == 1));
    assert!(in_doubt <= LOSSES * 20, "{in_doubt} are in doubt, no more than the window at each loss can be");
    let taken = taken(&simulator);
    assert!(taken.values().all(|times| *times == 1));
    assert!(COUNT - in_doubt <= taken.len());
    until("a receipt for each", || stage.receipts().len() >= taken.len()).await;
    running.stop().await;
}

#[tokio::test]
async fn a_job_that_is_delivered_often_is_submitted_once() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, |_| {}).await;
    let message = stage.accept("+4915112345678", "hello").await;
    stage.enqueue(&vec![message.clone(); 3]).await;
    let running = stage.run();
    stage.references(&message).await;
    stage.enqueue(std::slice::from_ref(&message)).await;
    stage.until_done().await;
    running.stop().await;
    // Another process knows nothing of it but the claim.
    stage.enqueue(std::slice::from_ref(&message)).await;
    let running = stage.run();
    stage.until_done().await;
    running.stop().await;
    assert_eq!(simulator.received_count(), 1);
    let outcomes = stage.outcomes();
    assert!(matches!(outcomes[&message][..], [Progress::SubmittedV1 { .. }, Progress::InDoubtV1 { .. }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_messages_in_a_window_of_fifty_are_each_submitted_once() {
    const COUNT: usize = 2_000;
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let messages = stage.send_many(COUNT).await;
    let started = Instant::now();
    let running = stage.run();
    stage.until_done().await;
    println!("{COUNT} messages submitted in {} ms", started.elapsed().as_millis());
    until("all receipts", || stage.receipts().len() == COUNT).await;
    println!("{COUNT} receipts passed on after {} ms", started.elapsed().as_millis());
    let outcomes = stage.outcomes();
    let is_submitted = |message| matches!(outcomes[message][..], [Progress::SubmittedV1 { .. }]);
    assert!(messages.iter().all(is_submitted));
    assert_eq!(simulator.received_count() as usize, COUNT);
    assert_eq!(taken(&simulator).len(), COUNT);
    assert_eq!(simulator.undelivered_count(), 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_submitted_in_a_second_than_the_rate() {
    let slow =
        |connection: &mut Connection| smpp_link(connection).rate = NonZeroU32::new(40).expect("not zero");
    let (simulator, mut stage) = staged(Behaviour::default(), slow).await;
    stage.send_many(90).await;
    let running = stage.run();
    stage.until_done().await;
    running.stop().await;
    let received = simulator.received();
    let took = received[89].at.duration_since(received[0].at);
    // A tenth of a second's worth may go out at once, and the first may take long to arrive.
    assert!(1_900 <= took.as_millis(), "{took:?}");
}

#[tokio::test]
async fn a_gateway_that_is_asked_to_stop_finishes_what_is_in_flight_and_leaves_the_rest() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let narrow =
        |connection: &mut Connection| smpp_link(connection).window = NonZeroU32::new(10).expect("not zero");
    let (simulator, mut stage) = staged(behaviour, narrow).await;
    let messages = stage.send_many(60).await;
    let running = stage.run();
    until("a second window", || 10 < simulator.received_count()).await;
    let started = Instant::now();
    running.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(simulator.binds().is_empty());
    let outcomes = stage.outcomes();
    assert!(outcomes.values().all(|said| matches!(said[..], [Progress::SubmittedV1 { .. }])));
    assert_eq!(outcomes.len() as u64, simulator.received_count());
    assert_eq!(stage.jobs_left(), 60 - outcomes.len());
    for message in messages.iter().filter(|message| !outcomes.contains_key(message)) {
        assert_eq!(stage.status(message).await, Status::Accepted);
    }
    let running = stage.run();
    stage.until_done().await;
    assert_eq!(taken(&simulator).len(), 60);
    assert_eq!(simulator.received_count(), 60);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_gateway_loses_no_message_and_sends_none_twice() {
    let behaviour = Behaviour { answer_latency: Duration::from_millis(20), ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, |_| {}).await;
    let messages = stage.send_many(500).await;
    for enough in [100, 200, 300] {
        // All its tasks go at once, as with SIGKILL.
        let process = Runtime::new().expect("a runtime");
        let guard = process.enter();
        let running = run(stage.gateway(), bind::tcp(Targets::Any));
        drop(guard);
        until("traffic", || enough <= simulator.received_count()).await;
        process.shutdown_background();
        drop(running);
    }
    let running = stage.run();
    stage.until_done().await;
    running.stop().await;
    let (outcomes, taken) = (stage.outcomes(), taken(&simulator));
    assert!(taken.values().all(|times| *times == 1));
    assert!(messages.iter().all(|message| outcomes.contains_key(message)));
    // One that was submitted and not deleted when the process died is told to be in doubt after that,
    // which changes nothing.
    let is_in_doubt = |said: &[Progress]| matches!(said[0], Progress::InDoubtV1 { .. });
    let in_doubt = outcomes.values().filter(|said| is_in_doubt(said)).count();
    println!("500 messages, three kills: {} taken, {in_doubt} in doubt", taken.len());
    assert!(in_doubt <= 3 * 50, "no more than the window at each kill");
    assert!(500 - in_doubt <= taken.len());
}

#[tokio::test]
async fn a_receipt_is_acknowledged_only_when_the_queue_has_it() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let failing = stage.sqs.client_with(|call| if call.number <= 3 { Fault::Failure } else { Fault::None });
    let gateway = stage.gateway_with(Sender::new(failing, stage.progress.clone()), pace());
    let running = run(gateway, bind::tcp(Targets::Any));
    let message = stage.send("+4915112345678", "hello").await;
    stage.references(&message).await;
    until("a receipt", || stage.receipts().len() == 1).await;
    until("an acknowledgement", || simulator.undelivered_count() == 0).await;
    assert_eq!(simulator.received_count(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_password_takes_no_jobs() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    stage.secrets.set_of(&stage.connection, json!({ "password": "wrong" }));
    let running = stage.run();
    let message = stage.send("+4915112345678", "hello").await;
    sleep(MOMENT).await;
    assert_eq!((simulator.binds().len(), stage.jobs_left()), (0, 1));
    assert_eq!(stage.status(&message).await, Status::Accepted);
    running.stop().await;
}

#[tokio::test]
async fn a_connection_is_left_when_disabled_and_follows_its_settings() {
    let (first, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let second = simulator(Behaviour::default()).await;
    let running = stage.run();
    until("a bind", || first.binds().len() == 1).await;

    stage.connection.enabled = false;
    replace_connection(&stage.store, &stage.connection).await;
    until("no bind", || first.binds().is_empty()).await;
    let message = stage.send("+4915112345678", "hello").await;
    assert!(matches!(stage.outcome(&message).await, Progress::RefusedV1 { next_route: true, .. }));

    stage.connection.enabled = true;
    smpp_link(&mut stage.connection).port = second.address().port();
    replace_connection(&stage.store, &stage.connection).await;
    until("a bind", || second.binds().len() == 1).await;
    let message = stage.send("+4915112345679", "hello").await;
    stage.references(&message).await;
    assert_eq!((first.received_count(), second.received_count()), (0, 1));

    stage.connection.name = "another name".to_owned();
    replace_connection(&stage.store, &stage.connection).await;
    sleep(MOMENT).await;
    assert_eq!(second.binds().len(), 1);

    stage.connection.secret = Some(SecretId::new(2));
    stage.secrets.set_of(&stage.connection, json!({ "password": "wrong" }));
    replace_connection(&stage.store, &stage.connection).await;
    until("no bind", || second.binds().is_empty()).await;
    running.stop().await;
}

/// A vendor at the other end of in-memory pipes, which waits to be served by the test.
#[derive(Clone, Default)]
struct Pipes {
    waiting: Arc<Mutex<Vec<tokio::io::DuplexStream>>>,
}

impl Pipes {
    fn dial(&self) -> Dial {
        let pipes = self.clone();
        Arc::new(move |_, _| {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            pipes.waiting.lock().expect("not broken").push(theirs);
            Box::pin(async move { io::Result::Ok(Box::new(ours) as Box<dyn Stream>) })
        })
    }

    /// Lets the gateway bind.
    async fn accept(&self) -> (ServerSession, Requests) {
        until("a dial", || !self.waiting.lock().expect("not broken").is_empty()).await;
        let stream = self.waiting.lock().expect("not broken").remove(0);
        let handshake = smsc::accept(stream, ServerSettings::new("vendor")).await.expect("binds");
        handshake.accept().await.expect("stays")
    }
}

#[tokio::test]
async fn the_later_parts_of_a_message_go_out_on_the_next_link() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let running = run(stage.gateway(), pipes.dial());
    let message = stage.send("+4915112345678", &"0123456789".repeat(40)).await;

    let (session, mut submits) = pipes.accept().await;
    submits.next_submit().await.expect("the first part").accept("a");
    // In good order, so that nothing is in doubt: the second part is kept for later or sent now.
    let goodbye = tokio::spawn(async move { session.unbind().await });
    let mut taken = vec!["a"];
    let ids = ["b", "c"];
    while let Some(submit) = submits.next_submit().await {
        let id = ids[taken.len() - 1];
        taken.push(id);
        submit.accept(id);
    }
    goodbye.await.expect("ends");
    let (_session, mut submits) = pipes.accept().await;
    for id in &ids[taken.len() - 1..] {
        submits.next_submit().await.expect("the next part").accept(*id);
    }
    let references = stage.references(&message).await;
    assert_eq!(references, ["a", "b", "c"].map(|id| Some(id.to_owned())));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_is_busy_for_long_gets_the_message_later() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let progress = Sender::new(stage.sqs.client(), stage.progress.clone());
    let running = run(stage.gateway_with(progress, Pace::default()), pipes.dial());
    let message = stage.send("+4915112345678", "hello").await;
    let (_session, mut submits) = pipes.accept().await;
    let started = tokio::time::Instant::now();
    for _ in 0..10 {
        submits.next_submit().await.expect("another try").refuse(CommandStatus::RMSGQFUL);
    }
    while stage.status(&message).await != Status::Accepted {
        sleep(Duration::from_secs(1)).await; // the last refusal is on its way
    }
    submits.next_submit().await.expect("a try after a long pause").accept("a");
    assert!(Duration::from_secs(10 * 60) < started.elapsed(), "{:?}", started.elapsed());
    assert_eq!(stage.references(&message).await, [Some("a".to_owned())]);
    running.stop().await;
}
