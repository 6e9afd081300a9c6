//! The road over HTTP: a job becomes a submit at a vendor, its outcome a progress, and the vendor's
//! report comes back through the webhook. Over an embedded database and embedded queues, with the
//! vendor on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use domain::connection::{Connection, ConnectionKind, HttpLink, Link, OnUnknownOutcome};
use domain::destination::Msisdn;
use domain::handling::Handling;
use domain::id::{ConnectionId, MessageId, SecretId};
use domain::message::{Message, Status};
use domain::receipt::ReceiptState;
use domain::route::{Route, Routes};
use domain::sender::{AssignedFrom, Sender as SenderOf, SenderSettings, SenderStatus, SmsSender};
use http::{Request, StatusCode};
use http_sender::{App, CONNECTION_DISABLED, NO_VENDOR_ACCOUNT, handle};
use jiff::{SignedDuration, Timestamp};
use queue::{Job, Progress, Sender};
use runtime::targets::Targets;
use serde_json::json;
use store::{Claim, Store, Written};
use tests::alaris_simulator::{AlarisSimulator, ReceivedMessage, Settings};
use tests::callback_urls::Urls;
use tests::edits::{act, change_agreement, change_company, change_sender};
use tests::edits::{put_connection, replace_connection};
use tests::embedded_dynamodb::{Call, Fault as Loss};
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::{EmbeddedSqs, Fault};
use tests::loopback::{Reserved, Serving};
use tests::world::{Member, NOW, World, connection};
use tokio::net::TcpListener;
use tower::ServiceExt;

const GUID: &str = "5f0c9d5e1a1b4c6d8e7f00112233aabb";
const PASSWORD: &str = "p&ss";
/// Of the account of a sender ID.
const OWN_LOGIN: &str = "hoho";
const OWN_PASSWORD: &str = "0wn";
/// What Lambda leaves a function for a batch.
const TIME: Duration = Duration::from_secs(10);

/// A client, a vendor, and a connection to it.
struct Road {
    world: World,
    sqs: EmbeddedSqs,
    secrets: EmbeddedSecrets,
    client: Member,
    alaris: AlarisSimulator,
    jobs: String,
    progress: String,
}

impl Road {
    async fn open(on_unknown_outcome: OnUnknownOutcome) -> Self {
        let alaris = vendor_of("waybill", PASSWORD).await;
        let world = World::with_streams(&[]).await;
        let client = world.client(&world.owner, "0.05").with_funds("10").open().await;
        let connection = connection_to(&world.owner, alaris.url(), on_unknown_outcome);
        put_connection(&world.store, &connection).await;
        let (sqs, secrets) = (EmbeddedSqs::new(), EmbeddedSecrets::new());
        secrets.set_of(&connection, json!({"password": PASSWORD}));
        let (jobs, progress) = (sqs.queue("http-send"), sqs.queue("progress"));
        Self { world, sqs, secrets, client, alaris, jobs, progress }
    }

    /// A message that the send function has accepted and whose job is in the queue.
    async fn accepted(&self, recipient: &str) -> MessageId {
        self.accepted_at(recipient, Timestamp::now(), Handling::default()).await
    }

    async fn accepted_at(&self, recipient: &str, accepted_at: Timestamp, handling: Handling) -> MessageId {
        let number = Msisdn::parse(recipient).expect("a number");
        let mut draft = self.client.draft_to(vec![number], recipient, "hello").expect("a rate");
        draft.batch.connection_kind = ConnectionKind::Http;
        (draft.batch.accepted_at, draft.batch.handling) = (accepted_at, handling);
        self.world.store.accept(&draft).await.expect("the message is accepted");
        let message = draft.single.expect("one recipient is a message");
        self.enqueue(&message).await;
        message
    }

    async fn enqueue(&self, message: &MessageId) {
        self.enqueue_over(message, &connection()).await;
    }

    async fn enqueue_over(&self, message: &MessageId, connection: &ConnectionId) {
        let job = Job::SubmitV1 { message: message.clone(), connection: connection.clone() };
        Sender::new(self.sqs.client(), self.jobs.clone()).send(&job).await.expect("the job is sent");
    }

    fn app(&self) -> App {
        self.app_with(self.sqs.client())
    }

    fn app_with(&self, sqs: aws_sdk_sqs::Client) -> App {
        self.app_over(self.world.store.clone(), sqs)
    }

    fn app_over(&self, store: Store, sqs: aws_sdk_sqs::Client) -> App {
        let progress = Sender::new(sqs, self.progress.clone());
        App::new(store, self.secrets.store(), progress, Targets::Any).expect("an app")
    }

    /// One over a store at which so many updates that do this get lost in this way.
    fn app_losing(&self, what: &'static str, how: Loss, left: &Arc<AtomicU64>) -> App {
        let left = left.clone();
        let store = self.world.store_with(move |call: &Call| {
            let is_it = call.body["UpdateExpression"].as_str().is_some_and(|text| text.contains(what));
            let is_lost = is_it
                && left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok();
            if is_lost { how } else { Loss::None }
        });
        self.app_over(store, self.sqs.client())
    }

    /// One invocation. Says how many jobs are left to come again.
    async fn run(&self, app: &App) -> usize {
        self.run_within(app, TIME).await
    }

    async fn run_within(&self, app: &App, time_left: Duration) -> usize {
        let taken = self.sqs.take(&self.jobs);
        let answer = handle(app, taken.clone(), time_left).await;
        self.sqs.finish(&self.jobs, &taken, &answer);
        self.sqs.messages::<Job>(&self.jobs).len()
    }

    fn told(&self) -> Vec<Progress> {
        self.sqs.messages(&self.progress)
    }

    fn submits(&self) -> Vec<ReceivedMessage> {
        self.alaris.received()
    }

    async fn message(&self, id: &MessageId) -> Message {
        self.world.store.message(id).await.expect("the message is read").expect("the message exists")
    }

    /// Lets the progress-applier work off what was told.
    async fn apply(&self) {
        let app = progress_applier::App { store: self.world.store.clone() };
        let taken = self.sqs.take(&self.progress);
        let answer = progress_applier::handle(&app, taken.clone()).await;
        self.sqs.finish(&self.progress, &taken, &answer);
        assert!(self.told().is_empty());
    }

    async fn set_connection(&self, change: impl FnOnce(&mut Connection)) {
        let mut stored = self
            .world
            .store
            .any_connection(&connection())
            .await
            .expect("the connection is read")
            .expect("the connection exists");
        change(&mut stored);
        replace_connection(&self.world.store, &stored).await;
    }

    async fn set_url(&self, url: String) {
        self.set_connection(|connection| {
            let Link::Http(link) = &mut connection.link else { panic!("an HTTP link") };
            link.url = Some(url);
        })
        .await;
    }

    async fn sender(&self) -> SenderOf {
        let found = self.world.store.sender(&self.client.agreement.id, &self.client.sender).await;
        found.expect("it is read").expect("it is there")
    }

    async fn set_sender(&self, change: impl FnOnce(&mut SenderOf)) {
        change_sender(&self.world.store, &self.client.agreement.id, &self.client.sender, change).await;
    }

    /// Gives the client's sender ID an account of its own at a vendor, told for this address.
    async fn set_account(&self, vendor: ConnectionId, url: &str) {
        self.set_sender(|sender| {
            let account = SmsSender { login: OWN_LOGIN.into(), service_type: Some("own".into()) };
            sender.routes = Routes::only(vendor, ConnectionKind::Http);
            sender.settings = Some(SenderSettings::Sms(account));
            sender.secret = Some(SecretId::new(2));
            sender.account_url = Some(url.to_owned());
        })
        .await;
        self.secrets.set_of(&self.sender().await, json!({"password": OWN_PASSWORD}));
    }

    /// A connection to another vendor, with an account.
    async fn put_next(&self, url: &str) -> ConnectionId {
        let link = Link::Http(HttpLink::transit_sms(url, "waybill", "another guid"));
        let first = connection_to(&self.world.owner, url, OnUnknownOutcome::Wait);
        let next = Connection { id: ConnectionId::new(99), link, ..first };
        put_connection(&self.world.store, &next).await;
        self.secrets.set_of(&next, json!({"password": PASSWORD}));
        next.id
    }

    /// What was just refused for want of an account goes over this connection, and is paid for once.
    async fn goes_on_over(&self, id: &MessageId, next: &ConnectionId) {
        refused(&self.told(), NO_VENDOR_ACCOUNT);
        self.apply().await;
        assert_eq!(self.message(id).await.connection, *next);
        self.enqueue_over(id, next).await;
        assert_eq!(self.run(&self.app()).await, 0);
        self.apply().await;
        assert_eq!(self.message(id).await.status, Status::Submitted);
        assert_eq!(self.world.balance(&self.client).await, tests::world::amount("9.95"));
    }

    /// What was just refused for want of an account is paid back.
    async fn is_paid_back(&self, id: &MessageId) {
        refused(&self.told(), NO_VENDOR_ACCOUNT);
        self.apply().await;
        assert_eq!(self.message(id).await.status, Status::Unsent);
        assert_eq!(self.world.balance(&self.client).await, tests::world::amount("10"));
        assert_eq!(self.submits().len(), 0);
    }

    async fn without_account(&self) {
        self.set_connection(|connection| {
            let Link::Http(link) = &mut connection.link else { panic!("an HTTP link") };
            link.username = None;
        })
        .await;
    }

    fn webhook(&self) -> Router {
        self.webhook_with(self.sqs.client())
    }

    fn webhook_with(&self, sqs: aws_sdk_sqs::Client) -> Router {
        let progress = Sender::new(sqs, self.progress.clone());
        dlr_webhook::router(dlr_webhook::App::new(self.world.store.clone(), progress))
    }
}

/// A vendor that takes what comes under this account alone.
async fn vendor_of(username: &str, password: &str) -> AlarisSimulator {
    let (username, password) = (username.to_owned(), password.to_owned());
    let settings = Settings { username, password, ..Settings::default() };
    AlarisSimulator::start(settings).await.expect("a simulator")
}

fn connection_to(owner: &Member, url: &str, on_unknown_outcome: OnUnknownOutcome) -> Connection {
    Connection {
        secret: Some(SecretId::new(1)),
        on_unknown_outcome,
        ..Connection::new(
            connection(),
            owner.company.id.clone(),
            "Operator",
            Link::Http(HttpLink::transit_sms(url, "waybill", GUID)),
            NOW,
        )
    }
}

#[track_caller]
fn in_doubt(told: &[Progress], message: &MessageId) {
    assert!(matches!(told, [Progress::InDoubtV1 { message: told, .. }] if told == message), "{told:?}");
}

#[track_caller]
fn refused(told: &[Progress], expected: &str) {
    assert!(matches!(told, [Progress::RefusedV1 { reason, .. }] if reason == expected), "{told:?}");
}

#[track_caller]
fn submitted(told: &[Progress], expected: &str) {
    let [Progress::SubmittedV1 { references, .. }] = told else { panic!("{told:?}") };
    assert_eq!(*references, [Some(expected.to_owned())]);
}

#[tokio::test]
async fn a_message_goes_out_over_http_and_its_report_comes_back() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let reserved = Reserved::port(0).await.unwrap();
    let receipt_url = Some(format!("{}/webhooks/alaris/{GUID}", reserved.url()));
    road.alaris.callbacks().set(Urls { receipt_url, webhook_url: None });
    let _webhook: Serving = reserved.serve(road.webhook());
    let id = road.accepted("4915110000000").await;
    assert_eq!(road.run(&road.app()).await, 0);
    while 0 < road.alaris.pending_receipts() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let submit = &road.submits()[0];
    assert_eq!((submit.dnis.as_str(), submit.message.as_str()), ("4915110000000", "hello"));
    assert_eq!(submit.long_message_mode, "single_id_split");
    road.apply().await;
    let message = road.message(&id).await;
    assert_eq!(message.status, Status::Delivered);
    assert_eq!(message.parts[0].reference, submit.message_ids[0]);
}

#[tokio::test]
async fn a_message_the_vendor_refuses_is_refunded() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let id = road.accepted("4915110000005").await;
    assert_eq!(road.run(&road.app()).await, 0);
    refused(&road.told(), "status 400: Incorrect destination number");
    road.apply().await;
    assert_eq!(road.message(&id).await.status, Status::Unsent);
    assert_eq!(road.world.balance(&road.client).await, tests::world::amount("10"));
}

#[tokio::test]
async fn a_throttled_message_is_sent_again_in_the_same_run() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.accepted("4915110000006").await;
    assert_eq!(road.run(&road.app()).await, 0);
    assert_eq!(road.submits().len(), 2);
    submitted(&road.told(), &road.submits()[1].message_ids[0]);
}

#[tokio::test]
async fn an_answer_that_leaves_it_open_is_not_tried_again_unless_the_connection_says_so() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let id = road.accepted("4915110000009").await;
    assert_eq!(road.run(&road.app()).await, 0);
    in_doubt(&road.told(), &id);
    assert_eq!(road.submits().len(), 1);

    let road = Road::open(OnUnknownOutcome::Resend).await;
    let id = road.accepted("4915110000009").await;
    assert_eq!(road.run(&road.app()).await, 1, "it comes again");
    assert_eq!((road.submits().len(), road.told().len()), (3, 0));
    road.alaris.set_overrides(Vec::new());
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &road.submits()[3].message_ids[0]);
    assert_eq!(road.message(&id).await.status, Status::Queued);
}

#[tokio::test]
async fn a_refusal_after_a_doubt_does_not_prove_that_nothing_was_taken() {
    let road = Road::open(OnUnknownOutcome::Resend).await;
    let id = road.accepted("4915110000005").await;
    assert!(matches!(road.world.store.claim(&id).await.unwrap(), Claim::Yours(_)));
    assert_eq!(road.run(&road.app()).await, 0);
    in_doubt(&road.told(), &id);
}

#[tokio::test]
async fn a_vendor_out_of_reach_gets_the_message_later_and_once() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    road.set_url(format!("http://{closed}/api")).await;
    let id = road.accepted("4915110000000").await;
    assert_eq!(road.run(&road.app()).await, 1);
    assert_eq!((road.message(&id).await.status, road.told().len()), (Status::Accepted, 0));
    road.set_url(road.alaris.url().to_owned()).await;
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &road.submits()[0].message_ids[0]);
    assert_eq!(road.submits().len(), 1);
}

/// A vendor that takes connections and closes them, or keeps silent.
async fn strange_vendor(silent: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/api", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            if silent {
                kept.push(stream);
            } else {
                let _ = stream.readable().await;
            }
        }
    });
    url
}

#[tokio::test]
async fn a_connection_that_breaks_or_stays_silent_leaves_the_message_in_doubt() {
    for silent in [false, true] {
        let road = Road::open(OnUnknownOutcome::Wait).await;
        road.set_url(strange_vendor(silent).await).await;
        let id = road.accepted("4915110000000").await;
        assert_eq!(road.run_within(&road.app(), Duration::from_millis(3_200)).await, 0);
        in_doubt(&road.told(), &id);
    }
}

#[tokio::test]
async fn a_slow_vendor_does_not_use_up_the_time_of_the_other_messages() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.set_url(strange_vendor(true).await).await;
    for place in 0..10 {
        road.accepted(&format!("491511000010{place}")).await;
    }
    let started = std::time::Instant::now();
    assert_eq!(road.run_within(&road.app(), Duration::from_millis(3_200)).await, 0);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(road.told().len(), 10);
}

#[tokio::test]
async fn a_message_is_not_claimed_without_time_to_send_it() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let id = road.accepted("4915110000000").await;
    assert_eq!(road.run_within(&road.app(), Duration::from_secs(2)).await, 1);
    assert_eq!(road.message(&id).await.status, Status::Accepted);
}

#[tokio::test]
async fn a_message_whose_run_died_is_in_doubt_or_sent_again_as_the_connection_says() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let id = road.accepted("4915110000000").await;
    road.world.store.claim(&id).await.unwrap();
    assert_eq!(road.run(&road.app()).await, 0);
    in_doubt(&road.told(), &id);
    assert_eq!(road.submits().len(), 0);

    let road = Road::open(OnUnknownOutcome::Resend).await;
    let id = road.accepted("4915110000000").await;
    road.world.store.claim(&id).await.unwrap();
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &road.submits()[0].message_ids[0]);
}

#[tokio::test]
async fn an_outcome_that_could_not_be_told_keeps_the_job() {
    for fault in [Fault::RequestLost, Fault::AnswerLost, Fault::Failure] {
        let road = Road::open(OnUnknownOutcome::Wait).await;
        let id = road.accepted("4915110000000").await;
        let broken = road.app_with(road.sqs.client_with(move |_| fault));
        assert_eq!(road.run(&broken).await, 1);
        assert_eq!(road.run(&road.app()).await, 0);
        assert_eq!(road.submits().len(), 1, "it is not sent twice");
        let told = road.told();
        assert!(
            matches!(told.last(), Some(Progress::InDoubtV1 { message, .. }) if *message == id),
            "{told:?}"
        );
        // Where only the answer was lost, both were told, and the message knows its vendor's id.
        road.apply().await;
        let known = road.message(&id).await.parts.len();
        assert_eq!(known, usize::from(fault == Fault::AnswerLost));
    }
}

#[tokio::test]
async fn a_job_that_comes_twice_is_submitted_once() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let id = road.accepted("4915110000000").await;
    assert_eq!(road.run(&road.app()).await, 0);
    road.apply().await;
    road.enqueue(&id).await;
    assert_eq!(road.run(&road.app()).await, 0);
    assert_eq!((road.submits().len(), road.told().len()), (1, 0));
}

#[tokio::test]
async fn a_claim_of_which_no_answer_comes_is_found_again_or_given_back_and_leaves_no_doubt() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let lost = Loss::TimeoutAppliedAnswerLost;
    // As often as one claim is asked for before it has failed.
    let left = Arc::new(AtomicU64::new(3));
    road.accepted("4915110000000").await;
    assert_eq!(road.run(&road.app_losing("claimed = :mark", lost, &left)).await, 0);
    submitted(&road.told(), &road.submits()[0].message_ids[0]);
    assert_eq!(left.load(Ordering::Relaxed), 0);

    left.store(u64::MAX, Ordering::Relaxed);
    let id = road.accepted("4915112345670").await;
    assert_eq!(road.run(&road.app_losing("claimed = :mark", lost, &left)).await, 1);
    assert_eq!((road.message(&id).await.status, road.submits().len()), (Status::Accepted, 1));
    assert_eq!(road.run(&road.app()).await, 0);
    assert_eq!((road.told().len(), road.submits().len()), (2, 2));
}

#[tokio::test]
async fn what_surely_did_not_leave_is_given_back_also_where_the_store_does_not_answer_at_once() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    road.set_url(format!("http://{closed}/api")).await;
    let id = road.accepted("4915110000000").await;
    let left = Arc::new(AtomicU64::new(3));
    let app = road.app_losing("REMOVE claimed", Loss::TimeoutNotApplied, &left);
    assert_eq!(road.run(&app).await, 1);
    assert_eq!(left.load(Ordering::Relaxed), 0);
    assert_eq!((road.message(&id).await.status, road.told().len()), (Status::Accepted, 0));
}

#[tokio::test]
async fn what_waits_for_a_disabled_connection_is_refused_there_and_goes_by_the_next() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.accepted("4915110000000").await;
    road.set_connection(|connection| connection.enabled = false).await;
    assert_eq!(road.run(&road.app()).await, 0);
    let told = road.told();
    refused(&told, CONNECTION_DISABLED);
    let goes_on =
        |told: &Progress| matches!(told, Progress::RefusedV1 { next_route: true, connection: Some(_), .. });
    assert!(told.iter().all(goes_on), "by its next route: {told:?}");
    assert_eq!(road.submits().len(), 0);
}

#[tokio::test]
async fn what_waits_for_a_deleted_connection_is_paid_back_and_reports_of_what_left_still_count() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let sent = road.accepted("4915110000000").await;
    assert_eq!(road.run(&road.app()).await, 0);
    road.apply().await;
    let waiting = road.accepted("4915110000001").await;
    let store = &road.world.store;
    let stored = store.any_connection(&connection()).await.unwrap().unwrap();
    let deleted = store.delete_connection(&act(&road.world.owner.company.path), &stored).await;
    assert_eq!(deleted.unwrap(), Written::Now);
    assert_eq!(road.run(&road.app()).await, 0);
    refused(&road.told(), CONNECTION_DISABLED);
    road.apply().await;
    assert_eq!(road.message(&waiting).await.status, Status::Unsent);
    assert_eq!(road.world.balance(&road.client).await, tests::world::amount("9.95"));

    let [submit] = &road.submits()[..] else { panic!("one of the two was sent") };
    let reference = &submit.message_ids[0];
    let query = format!("dnis=4915110000000&dlvrMsgId={reference}&dlvrMsgStat=DELIVRD");
    let report = get(&format!("/webhooks/alaris/{GUID}?{query}"));
    assert_eq!(call(road.webhook(), report).await.0, StatusCode::OK);
    road.apply().await;
    assert_eq!(road.message(&sent).await.status, Status::Delivered);
}

#[tokio::test]
async fn a_connection_of_a_disabled_company_refuses_what_waits_for_it() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.accepted("4915110000000").await;
    change_company(&road.world.store, &road.world.owner.company.id, |owner| owner.enabled = false).await;
    assert_eq!(road.run(&road.app()).await, 0);
    refused(&road.told(), CONNECTION_DISABLED);
}

#[tokio::test]
async fn what_waits_is_stopped_and_refunded_when_who_sent_it_may_not_any_more() {
    for (reason, stop) in [("company_disabled", 0), ("agreement_suspended", 1), ("sender_blocked", 2)] {
        let road = Road::open(OnUnknownOutcome::Wait).await;
        let (store, client) = (&road.world.store, &road.client);
        let message = road.accepted("4915110000000").await;
        match stop {
            0 => change_company(store, &client.company.id, |company| company.enabled = false).await,
            1 => change_agreement(store, &client.agreement.id, |agreement| agreement.suspended = true).await,
            _ => {
                let block = |sender: &mut SenderOf| sender.status = SenderStatus::Blocked;
                change_sender(store, &client.agreement.id, &client.sender, block).await;
            }
        }
        assert_eq!(road.run(&road.app()).await, 0);
        refused(&road.told(), reason);
        road.apply().await;
        assert_eq!(road.message(&message).await.status, Status::Unsent, "{reason}");
        let wallet = road.world.wallet(&client.wallet).await;
        assert_eq!(store.balance(&wallet).await.expect("a balance"), tests::world::amount("10"), "{reason}");
        assert_eq!(road.submits().len(), 0, "{reason}");
    }
}

#[tokio::test]
async fn what_waited_for_its_vendor_until_its_validity_was_over_is_not_sent_but_refunded() {
    let road = Road::open(OnUnknownOutcome::Resend).await;
    let ago = |hours| Timestamp::now() - SignedDuration::from_hours(hours);
    let till = |valid_till| Handling { valid_till: Some(valid_till), ..Handling::default() };
    let over = road.accepted_at("4915110000000", ago(73), Handling::default()).await;
    let said = road.accepted_at("4915110000001", ago(2), till(ago(1))).await;
    // What may have left before stays in doubt, also where it would be sent again.
    let doubted = road.accepted_at("4915110000002", ago(73), Handling::default()).await;
    road.world.store.claim(&doubted).await.unwrap();
    let in_time = [
        road.accepted_at("4915112345670", ago(71), Handling::default()).await,
        road.accepted_at("4915112345671", ago(73), till(ago(-1))).await,
    ];
    assert_eq!(road.run(&road.app()).await, 0);
    assert_eq!(road.submits().len(), 2);
    road.apply().await;
    for id in [&over, &said] {
        let message = road.message(id).await;
        assert_eq!((message.status, message.reason.as_deref()), (Status::Unsent, Some("validity_over")));
    }
    assert!(road.message(&doubted).await.is_in_doubt());
    for id in &in_time {
        assert_eq!(road.message(id).await.status, Status::Submitted);
    }
    assert_eq!(road.world.balance(&road.client).await, tests::world::amount("9.85"));
}

#[tokio::test]
async fn what_was_stopped_is_not_sent_because_that_could_not_be_told() {
    for policy in [OnUnknownOutcome::Wait, OnUnknownOutcome::Resend] {
        let road = Road::open(policy).await;
        let id = road.accepted("4915110000000").await;
        let company = &road.client.company.id;
        change_company(&road.world.store, company, |company| company.enabled = false).await;
        let broken = road.app_with(road.sqs.client_with(|_| Fault::RequestLost));
        assert_eq!(road.run(&broken).await, 1);
        assert_eq!(road.run(&road.app()).await, 0);
        in_doubt(&road.told(), &id);
        assert_eq!(road.submits().len(), 0, "{policy:?}");
    }
}

#[tokio::test]
async fn what_a_disabled_connection_may_have_sent_before_stays_in_doubt() {
    let road = Road::open(OnUnknownOutcome::Resend).await;
    let id = road.accepted("4915110000000").await;
    road.world.store.claim(&id).await.unwrap();
    road.set_connection(|connection| connection.enabled = false).await;
    assert_eq!(road.run(&road.app()).await, 0);
    in_doubt(&road.told(), &id);
}

#[tokio::test]
async fn without_a_password_the_message_stays_unclaimed_and_the_job_comes_again() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let id = road.accepted("4915110000000").await;
    let progress = Sender::new(road.sqs.client(), road.progress.clone());
    let app =
        App::new(road.world.store.clone(), EmbeddedSecrets::new().store(), progress, Targets::Any).unwrap();
    assert_eq!(road.run(&app).await, 1);
    assert_eq!(road.message(&id).await.status, Status::Accepted);
}

#[tokio::test]
async fn a_message_leaves_under_the_account_of_its_sender_id_or_else_of_the_connection() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.accepted("4915112345670").await;
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &road.submits()[0].message_ids[0]);
    assert_eq!(road.submits()[0].service_type, "");
    road.apply().await;

    let vendor = vendor_of(OWN_LOGIN, OWN_PASSWORD).await;
    road.set_url(vendor.url().to_owned()).await;
    road.set_account(connection(), vendor.url()).await;
    road.accepted("4915112345671").await;
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &vendor.received()[0].message_ids[0]);
    assert_eq!(vendor.received()[0].service_type, "own");
    road.apply().await;
    assert_eq!(road.world.balance(&road.client).await, tests::world::amount("9.9"));
}

#[tokio::test]
async fn messages_of_an_assigned_sender_id_leave_under_the_account_of_the_one_above() {
    let mut road = Road::open(OnUnknownOutcome::Wait).await;
    let vendor = vendor_of(OWN_LOGIN, OWN_PASSWORD).await;
    road.set_url(vendor.url().to_owned()).await;
    let chain = road.world.chain(2, "10").await;
    let [lower, upper] = <[Member; 2]>::try_from(chain).expect("two");
    road.client = upper;
    road.set_account(connection(), vendor.url()).await;
    let above = road.sender().await;
    road.client = lower;
    road.set_sender(|sender| {
        sender.routes = Routes::default();
        sender.assigned_from = Some(AssignedFrom { sender: above.id, agreement: above.agreement });
    })
    .await;
    road.accepted("4915112345670").await;
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &vendor.received()[0].message_ids[0]);
    assert_eq!(vendor.received()[0].service_type, "own");
}

#[tokio::test]
async fn the_account_of_a_sender_id_is_told_to_no_address_but_the_one_that_it_was_told_for() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.set_account(connection(), "https://before.example/api").await;
    let id = road.accepted("4915112345670").await;
    assert_eq!(road.run(&road.app()).await, 0);
    road.is_paid_back(&id).await;
}

#[tokio::test]
async fn what_waits_over_http_when_its_sender_id_is_deleted_is_paid_back() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.set_account(connection(), road.alaris.url()).await;
    let id = road.accepted("4915112345670").await;
    let act = act(&road.client.company.path);
    assert_eq!(road.world.store.delete_sender(&act, &road.sender().await).await.unwrap(), Written::Now);
    assert_eq!(road.run(&road.app()).await, 0);
    road.is_paid_back(&id).await;
}

#[tokio::test]
async fn what_has_no_account_at_its_vendor_goes_by_the_next_route() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    road.without_account().await;
    let next = road.put_next(road.alaris.url()).await;
    let over = |(rank, id)| Route { rank, ..Route::only(id, ConnectionKind::Http) };
    let routes = [(0, connection()), (1, next.clone())].map(over);
    road.set_sender(|sender| sender.routes = Routes::new(routes.to_vec()).unwrap()).await;
    let id = road.accepted("4915112345670").await;
    assert_eq!(road.run(&road.app()).await, 0);
    assert_eq!(road.submits().len(), 0);
    road.goes_on_over(&id, &next).await;
    assert_eq!(road.submits().len(), 1);
}

#[tokio::test]
async fn what_waits_for_a_vendor_goes_to_where_its_sender_id_has_an_account_by_now() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let vendor = vendor_of(OWN_LOGIN, OWN_PASSWORD).await;
    let next = road.put_next(vendor.url()).await;
    let id = road.accepted("4915112345670").await;
    road.set_account(next.clone(), vendor.url()).await;
    assert_eq!(road.run(&road.app()).await, 0);
    road.goes_on_over(&id, &next).await;
    assert_eq!((road.submits().len(), vendor.received().len()), (0, 1));
}

#[tokio::test]
async fn without_the_password_of_its_sender_id_a_message_is_given_back_and_the_job_comes_again() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let vendor = vendor_of(OWN_LOGIN, OWN_PASSWORD).await;
    road.set_url(vendor.url().to_owned()).await;
    road.set_account(connection(), vendor.url()).await;
    let id = road.accepted("4915110000000").await;
    let progress = Sender::new(road.sqs.client(), road.progress.clone());
    let app =
        App::new(road.world.store.clone(), EmbeddedSecrets::new().store(), progress, Targets::Any).unwrap();
    assert_eq!(road.run(&app).await, 1);
    assert_eq!((road.message(&id).await.status, road.told().len()), (Status::Accepted, 0));
    assert_eq!(road.run(&road.app()).await, 0);
    submitted(&road.told(), &vendor.received()[0].message_ids[0]);
}

#[tokio::test]
async fn a_vendor_around_us_is_not_called() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let progress = Sender::new(road.sqs.client(), road.progress.clone());
    let app = App::new(road.world.store.clone(), road.secrets.store(), progress, Targets::Public).unwrap();
    road.accepted("4915110000000").await;
    assert_eq!(road.run(&app).await, 0);
    refused(&road.told(), http_sender::VENDOR_NOT_CALLED);
    // A name that leads here: nobody was called, and it may lead elsewhere when the job comes again.
    let port = road.alaris.url().rsplit(':').next().expect("a port").to_owned();
    road.set_url(format!("http://localhost:{port}")).await;
    road.accepted("4915110000001").await;
    assert_eq!(road.run(&app).await, 1);
    assert_eq!((road.submits().len(), road.told().len()), (0, 1));
}

async fn call(router: Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = router.oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("a text"))
}

fn get(address: &str) -> Request<Body> {
    Request::get(address).body(Body::empty()).expect("a request")
}

fn report(guid: &str) -> Request<Body> {
    get(&format!("/webhooks/alaris/{guid}?dnis=15550001111&dlvrMsgId=a-1&dlvrMsgStat=DELIVRD"))
}

#[tokio::test]
async fn a_report_by_get_or_post_is_told_before_it_is_acknowledged() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    assert_eq!(call(road.webhook(), report(GUID)).await, (StatusCode::OK, "OK".to_owned()));
    let form = Request::post(format!("/webhooks/alaris/{GUID}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("dlvrMsgId=a-2&dlvrMsgStat=UNDELIV&error_code=21b"))
        .unwrap();
    assert_eq!(call(road.webhook(), form).await.0, StatusCode::OK);
    let told: Vec<_> = road
        .told()
        .into_iter()
        .map(|progress| match progress {
            Progress::ReceiptV1 { connection, reference, state, error, recipient, .. } => {
                assert_eq!(connection, self::connection());
                (reference, state, error, recipient)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        ("a-1".to_owned(), ReceiptState::Delivered, None, Some("15550001111".to_owned())),
        ("a-2".to_owned(), ReceiptState::Undelivered, Some("21b".to_owned()), None),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_report_that_could_not_be_told_is_asked_for_again() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let router = road.webhook_with(road.sqs.client_with(|_| Fault::Failure));
    assert_eq!(call(router, report(GUID)).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_report_to_an_address_that_is_nobodys_is_not_found() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let other = "0".repeat(32);
    let long = "0".repeat(4_000);
    for address in [
        format!("/webhooks/alaris/{other}?dlvrMsgId=a-1&dlvrMsgStat=DELIVRD"),
        format!("/webhooks/alaris/{long}?dlvrMsgId=a-1&dlvrMsgStat=DELIVRD"),
        format!("/webhooks/other/{GUID}?dlvrMsgId=a-1&dlvrMsgStat=DELIVRD"),
    ] {
        assert_eq!(call(road.webhook(), get(&address)).await.0, StatusCode::NOT_FOUND);
    }
    assert!(road.told().is_empty());
}

#[tokio::test]
async fn a_call_that_is_no_report_is_refused_with_its_reason() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let address = format!("/webhooks/alaris/{GUID}?dlvrMsgId=a-1&dlvrMsgStat=PERHAPS");
    let (status, body) = call(road.webhook(), get(&address)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("PERHAPS"), "{body}");
    assert!(road.told().is_empty());
}

#[tokio::test]
async fn a_job_of_an_unknown_connection_is_left_for_a_person() {
    let road = Road::open(OnUnknownOutcome::Wait).await;
    let unknown = Job::SubmitV1 {
        message: road.client.message("k", "hello").unwrap().id,
        connection: ConnectionId::new(99),
    };
    Sender::new(road.sqs.client(), road.jobs.clone()).send(&unknown).await.unwrap();
    assert_eq!(road.run(&road.app()).await, 1);
}
