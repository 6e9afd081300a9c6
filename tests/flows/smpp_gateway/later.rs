//! A vendor that cannot be reached, or that wants nothing now: what waits for it takes another route or is told
//! to have failed, and no job is buried.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domain::connection::HttpLink;
use domain::id::{SenderId, WalletId};
use domain::lease::{Block, LeaseTag};
use domain::route::{Route, Routes};
use domain::sender::Sender as SenderOfAll;
use jiff::SignedDuration;
use queue::{CONNECTION_RECEIVES_MAX, Outcome as Told};
use runtime::targets::Targets;
use tests::edits::{act, change_company};
use tests::embedded_dynamodb::{Call, Fault as Loss};

use super::incoming::receipt;
use super::stopped::put_company;
use super::*;

const QUEUE_FULL: &str = "smpp_0x00000014_ESME_RMSGQFUL";

impl Stage {
    /// With a queue that hides a job for as long as it takes to hold it.
    async fn patient() -> Self {
        let mut stage = Self::new(1, |_| {}).await;
        stage.jobs = stage.sqs.queue("jobs-of-the-usual-visibility");
        smpp_link(&mut stage.connection).queue_url = stage.jobs.clone();
        replace_connection(&stage.store, &stage.connection).await;
        stage
    }

    async fn disable(&mut self) {
        self.connection.enabled = false;
        replace_connection(&self.store, &self.connection).await;
    }

    async fn enable(&mut self) {
        self.connection.enabled = true;
        replace_connection(&self.store, &self.connection).await;
    }

    /// Gives the sender ID of all messages a second route, over another vendor.
    async fn put_other_route(&self) {
        put_company(self).await;
        let link = HttpLink::transit_sms("https://vendor.example", "us", "other");
        let (id, company) = (ConnectionId::new(8), CompanyId::new(1));
        let other = Connection::new(id, company.clone(), "other", Link::Http(link), Timestamp::UNIX_EPOCH);
        put_connection(&self.store, &other).await;
        let own = Route::only(self.connection.id.clone(), ConnectionKind::Smpp);
        let second = Route { rank: 1, ..Route::only(other.id, ConnectionKind::Http) };
        let sender = SenderOfAll::new(
            SenderId::new(1),
            company.clone(),
            AgreementId::new(1),
            SenderAddress::parse("ACME").expect("a name"),
            Routes::new(vec![own, second]).expect("two routes"),
            Timestamp::UNIX_EPOCH,
        );
        let stored = self.store.put_sender(&act(&[company]), &sender).await.expect("is stored");
        assert_eq!(stored, store::Written::Now);
    }

    fn run_over(&self, pipes: &Pipes) -> Running {
        let progress = Sender::new(self.sqs.client(), self.progress.clone());
        run(self.gateway_with(progress, Pace::default()), pipes.dial())
    }

    /// Over a store that [`losing_claims`] makes fail.
    fn run_losing_claims(&self, left: &Arc<AtomicU64>, pipes: &Pipes) -> Running {
        let client = self.database.client_with(losing_claims(left.clone()));
        let store = Store::new(client, Tables::of_stack(STACK));
        let (sqs, progress) = (self.sqs.client(), Sender::new(self.sqs.client(), self.progress.clone()));
        let gateway = Gateway::new(store, self.secrets.store(), sqs, progress, Pace::default());
        run(gateway, pipes.dial())
    }

    async fn is_claimed(&self, tag: &LeaseTag) -> bool {
        self.store.block(tag).await.expect("is read").expect("is there").is_claimed
    }

    /// A message that was accepted so long ago, with its job.
    async fn send_late(&mut self, hours: i64) -> MessageId {
        self.messages += 1;
        let new = message(self.messages, "+4915112345678", "hello", &self.connection.id);
        let late = Message { accepted_at: hours_ago(hours), ..new };
        self.store.write_message_of_batch(&late).await.expect("is stored");
        self.enqueue(std::slice::from_ref(&late.id)).await;
        late.id
    }

    /// Where nobody answers at the vendor's port, and that counts soon.
    fn run_without_link(&self) -> Running {
        let progress = Sender::new(self.sqs.client(), self.progress.clone());
        let pace = Pace { down_after: MOMENT, ..pace() };
        run(self.gateway_with(progress, pace), bind::tcp(Targets::Any))
    }
}

impl Pipes {
    /// Lets the gateway bind after it has tried in vain for long.
    async fn accept_again(&self) -> (ServerSession, Requests) {
        self.waiting.lock().expect("not broken").clear();
        until_at_last(|| !self.waiting.lock().expect("not broken").is_empty()).await;
        self.accept().await
    }
}

/// A vendor whose queue is full for ever.
fn always_full(mut submits: Requests) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(submit) = submits.next_submit().await {
            submit.refuse(CommandStatus::RMSGQFUL);
        }
    })
}

/// As [`until`], for what takes hours of a paused clock.
async fn until_at_last(is_so: impl Fn() -> bool) {
    while !is_so() {
        sleep(Duration::from_secs(1)).await;
    }
}

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(hours)
}

fn elsewhere(reason: &str) -> Vec<Told> {
    vec![Told::Refused { reason: reason.to_owned(), next_route: true }]
}

#[track_caller]
fn check_refused(outcome: &Progress, expected: &str, may_go_on: bool) {
    let Progress::RefusedV1 { reason, next_route, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((reason.as_str(), *next_route), (expected, may_go_on));
}

#[tokio::test(start_paused = true)]
async fn what_a_vendor_wants_later_again_and_again_is_refused_before_its_job_is_buried() {
    let mut stage = Stage::patient().await;
    let pipes = Pipes::default();
    let running = stage.run_over(&pipes);
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001", "4915100000002"], "hello").await;
    let (_session, submits) = pipes.accept().await;
    let (vendor, started) = (always_full(submits), tokio::time::Instant::now());
    until_at_last(|| {
        assert!(stage.sqs.receives(&stage.jobs).iter().all(|count| *count < CONNECTION_RECEIVES_MAX));
        stage.jobs_left() == 0
    })
    .await;
    assert!(Duration::from_secs(45 * 60) < started.elapsed(), "{:?}", started.elapsed());
    check_refused(&stage.outcome(&message).await, QUEUE_FULL, true);
    assert_eq!(stage.status(&message).await, Status::Queued, "only who has it can be refused");
    let told = stage.told(&tag);
    assert!(told.len() == 2 && told.values().all(|told| *told == elsewhere(QUEUE_FULL)), "{told:?}");
    running.stop().await;
    vendor.abort();
}

#[tokio::test(start_paused = true)]
async fn what_a_vendor_wants_later_takes_another_route_where_there_is_one() {
    let mut stage = Stage::patient().await;
    stage.put_other_route().await;
    let pipes = Pipes::default();
    let running = stage.run_over(&pipes);
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001", "4915100000002"], "hello").await;
    let (_session, submits) = pipes.accept().await;
    let (vendor, started) = (always_full(submits), tokio::time::Instant::now());
    until_at_last(|| stage.jobs_left() == 0).await;
    assert!(started.elapsed() < Duration::from_secs(5 * 60), "{:?}", started.elapsed());
    check_refused(&stage.outcome(&message).await, QUEUE_FULL, true);
    let told = stage.told(&tag);
    assert!(told.len() == 2 && told.values().all(|told| *told == elsewhere(QUEUE_FULL)), "{told:?}");
    running.stop().await;
    vendor.abort();
}

#[tokio::test]
async fn what_waits_for_a_vendor_that_cannot_be_reached_takes_another_route() {
    let mut stage = Stage::new(1, |_| {}).await;
    stage.put_other_route().await;
    let running = stage.run_without_link();
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001", "4915100000002"], "hello").await;
    check_refused(&stage.outcome(&message).await, "connection_down", true);
    until("all of the block", || stage.told(&tag).len() == 2).await;
    assert!(stage.told(&tag).values().all(|told| *told == elsewhere("connection_down")));
    stage.until_done().await;
    running.stop().await;
    assert_eq!(stage.status(&message).await, Status::Queued, "only who has it can be refused");
}

/// A message and a block that a worker has claimed, who was never heard of again; and there is another route.
async fn orphaned(policy: OnUnknownOutcome) -> (Stage, MessageId, LeaseTag) {
    let mut stage = Stage::new(1, |connection| connection.on_unknown_outcome = policy).await;
    stage.put_other_route().await;
    let message = stage.send("+4915112345678", "hello").await;
    stage.store.claim(&message).await.expect("an answer");
    let tag = stage.send_block_of(2).await;
    stage.store.claim_block(&tag, 0).await.expect("an answer");
    (stage, message, tag)
}

#[tokio::test]
async fn what_may_have_left_is_in_doubt_also_while_its_vendor_cannot_be_reached() {
    let (stage, message, tag) = orphaned(OnUnknownOutcome::Wait).await;
    let running = stage.run_without_link();
    stage.until_done().await;
    assert!(matches!(stage.outcome(&message).await, Progress::InDoubtV1 { .. }));
    let told = stage.told(&tag);
    assert!(told.len() == 2 && told.values().all(|told| *told == [Told::InDoubt]), "{told:?}");
    running.stop().await;
}

#[tokio::test]
async fn what_is_to_be_sent_again_takes_no_other_route_while_its_vendor_cannot_be_reached() {
    let (mut stage, message, tag) = orphaned(OnUnknownOutcome::Resend).await;
    let running = stage.run_without_link();
    let sent = stage.send("+4915112345679", "hello").await;
    check_refused(&stage.outcome(&sent).await, "connection_down", true);
    sleep(MOMENT * 3).await;
    until("the two others", || stage.jobs_left() == 2).await;
    assert!(stage.told(&tag).is_empty() && !stage.outcomes().contains_key(&message));
    running.stop().await;
}

#[tokio::test]
async fn what_is_to_be_sent_again_stays_in_doubt_once_it_may_go_out_no_more() {
    let resend = |connection: &mut Connection| connection.on_unknown_outcome = OnUnknownOutcome::Resend;
    let mut stage = Stage::new(1, resend).await;
    let (waiting, over) = (stage.send_late(71).await, stage.send_late(73).await);
    for message in [&waiting, &over] {
        stage.store.claim(message).await.expect("an answer");
    }
    let block = async |number, hours| {
        let tag = LeaseTag { lease: WalletId::new(1), fence: 1, number };
        let usual = message(9, "+4915112345678", "hello", &stage.connection.id);
        let mut short = usual.clone();
        short.handling.valid_till = Some(Timestamp::UNIX_EPOCH);
        let block = Block::new(tag.clone(), vec![short, usual], hours_ago(hours));
        stage.store.put_block(&block, Timestamp::now()).await.expect("the block is stored");
        stage.store.claim_block(&tag, 0).await.expect("an answer");
        stage.enqueue_block(&tag, 2).await;
        tag
    };
    // A block waits for as long as any of it may go out.
    let (waiting_block, over_block) = (block(9, 71).await, block(10, 73).await);
    let running = stage.run_without_link();
    assert!(matches!(stage.outcome(&over).await, Progress::InDoubtV1 { .. }));
    until("the end of the block", || stage.told(&over_block).len() == 2).await;
    assert!(stage.told(&over_block).values().all(|told| *told == [Told::InDoubt]));
    until("the two others", || stage.jobs_left() == 2).await;
    assert!(stage.told(&waiting_block).is_empty() && !stage.outcomes().contains_key(&waiting));
    running.stop().await;
}

#[tokio::test]
async fn a_route_that_nobody_may_take_is_none() {
    let mut stage = Stage::new(1, |_| {}).await;
    stage.put_other_route().await;
    change_company(&stage.store, &CompanyId::new(1), |company| company.enabled = false).await;
    let late = stage.send_late(73).await;
    let (message, tag) = (stage.send("+4915112345678", "hello").await, stage.send_block_of(2).await);
    let running = stage.run_without_link();
    check_refused(&stage.outcome(&late).await, "validity_over", false);
    sleep(MOMENT * 3).await;
    until("the two others", || stage.jobs_left() == 2).await;
    assert!(stage.told(&tag).is_empty() && !stage.outcomes().contains_key(&message));
    assert_eq!(stage.status(&message).await, Status::Accepted);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_has_no_other_route_waits_for_its_vendor_and_goes_out_when_the_link_is_back() {
    let mut stage = Stage::patient().await;
    let pipes = Pipes::default();
    let running = stage.run_over(&pipes);
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    // In this time they are looked at more often than the queue lets a job come.
    let back_at = tokio::time::Instant::now() + Duration::from_secs(40 * 60);
    while tokio::time::Instant::now() < back_at {
        sleep(Duration::from_secs(10)).await;
        assert!(2 <= stage.jobs_left() && stage.progress().is_empty());
        assert!(stage.sqs.receives(&stage.jobs).iter().all(|count| *count <= 2));
    }
    assert_eq!(stage.status(&message).await, Status::Accepted);
    let (_session, mut submits) = pipes.accept_again().await;
    for id in ["a", "b"] {
        submits.next_submit().await.expect("a submit").accept(id);
    }
    stage.until_done().await;
    assert_eq!(stage.references(&message).await.len(), 1);
    assert!(matches!(stage.told(&tag)[&0][..], [Told::Submitted(_)]));
    running.stop().await;
}

#[tokio::test]
async fn what_is_to_arrive_no_more_does_not_wait_for_a_vendor_that_cannot_be_reached() {
    let stage = Stage::new(1, |_| {}).await;
    let mut late = message(1, "+4915112345678", "hello", &stage.connection.id);
    late.handling.valid_till = Some(Timestamp::UNIX_EPOCH);
    stage.store.write_message_of_batch(&late).await.expect("is stored");
    stage.enqueue(std::slice::from_ref(&late.id)).await;
    let running = stage.run_without_link();
    check_refused(&stage.outcome(&late.id).await, "validity_over", false);
    stage.until_done().await;
    running.stop().await;
}

#[tokio::test]
async fn what_says_no_validity_waits_for_a_vendor_for_72_hours() {
    let mut stage = Stage::new(1, |_| {}).await;
    let (waiting, over) = (stage.send_late(71).await, stage.send_late(73).await);
    let tag = LeaseTag { lease: WalletId::new(1), fence: 1, number: 9 };
    let of_block = message(9, "+4915112345678", "hello", &stage.connection.id);
    let block = Block::new(tag.clone(), vec![of_block], hours_ago(73));
    stage.store.put_block(&block, Timestamp::now()).await.expect("the block is stored");
    stage.enqueue_block(&tag, 1).await;
    let running = stage.run_without_link();
    check_refused(&stage.outcome(&over).await, "validity_over", false);
    until("the end of the block", || !stage.told(&tag).is_empty()).await;
    let refused = Told::Refused { reason: "validity_over".to_owned(), next_route: false };
    assert_eq!(stage.told(&tag)[&0], [refused]);
    until("the other one", || stage.jobs_left() == 1).await;
    assert!(!stage.outcomes().contains_key(&waiting));
    running.stop().await;
}

#[tokio::test]
async fn what_says_no_validity_waits_for_as_long_as_its_connection_says() {
    let hour = |connection: &mut Connection| {
        smpp_link(connection).validity_seconds = NonZeroU32::new(3_600);
    };
    let mut stage = Stage::new(1, hour).await;
    let over = stage.send_late(2).await;
    let running = stage.run_without_link();
    check_refused(&stage.outcome(&over).await, "validity_over", false);
    running.stop().await;

    let mut stage = Stage::new(1, hour).await;
    stage.put_other_route().await;
    let late = stage.send_late(2).await;
    let running = stage.run_without_link();
    check_refused(&stage.outcome(&late).await, "connection_down", true);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_of_a_long_message_is_told_where_its_next_segment_gets_no_answer() {
    let mut stage = Stage::patient().await;
    let pipes = Pipes::default();
    let running = stage.run_over(&pipes);
    let (_session, mut submits) = pipes.accept().await;
    let long = "0123456789".repeat(20);
    let message = stage.send("+4915112345678", &long).await;
    submits.next_submit().await.expect("the first segment").accept("a");
    let _unanswered = submits.next_submit().await.expect("the second segment");
    until_at_last(|| stage.outcomes().contains_key(&message)).await;
    let told = stage.outcome(&message).await;
    let Progress::InDoubtV1 { references, .. } = told else { panic!("{told:?}") };
    assert_eq!(references, [Some("a".to_owned()), None]);

    let tag = stage.send_block(&["4915100000001"], &long).await;
    submits.next_submit().await.expect("the first segment").accept("b");
    let _unanswered = submits.next_submit().await.expect("the second segment");
    until_at_last(|| !stage.told(&tag).is_empty()).await;
    assert_eq!(stage.told(&tag)[&0], [Told::PartlyInDoubt(vec![Some("b".to_owned()), None])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_receipt_of_what_is_partly_in_doubt_is_not_taken_for_that_of_an_older_message() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    let running = stage.run_over(&pipes);
    let (session, mut submits) = pipes.accept().await;
    let older = stage.send_block(&["4915100000001"], "hello").await;
    submits.next_submit().await.expect("a submit").accept("a");
    until_at_last(|| !stage.told(&older).is_empty()).await;
    // The vendor counts from the beginning again.
    let tag = stage.send_block(&["4915100000002"], &"0123456789".repeat(20)).await;
    submits.next_submit().await.expect("the first segment").accept("a");
    let _unanswered = submits.next_submit().await.expect("the second segment");
    until_at_last(|| !stage.told(&tag).is_empty()).await;
    assert!(matches!(stage.told(&tag)[&0][..], [Told::PartlyInDoubt(_)]));
    session.deliver(receipt("id:a stat:DELIVRD")).await.expect("an answer");
    let segments: Vec<_> = stage.reports().into_iter().map(|report| report.segment).collect();
    assert_eq!(segments, [None]);
    running.stop().await;
}

/// As often as one claim is asked for before its job hears that it failed.
const ASKED_FOR: u64 = 3;

/// So many claims are carried out, and their answers get lost.
fn losing_claims(left: Arc<AtomicU64>) -> impl Fn(&Call<'_>) -> Loss + Send + Sync {
    losing("claimed = :mark", Loss::TimeoutAppliedAnswerLost, left)
}

/// So many updates that do this get lost in this way.
fn losing(what: &'static str, how: Loss, left: Arc<AtomicU64>) -> impl Fn(&Call<'_>) -> Loss + Send + Sync {
    move |call| {
        let is_it = call.body["UpdateExpression"].as_str().is_some_and(|text| text.contains(what));
        let is_lost = is_it
            && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if is_lost { how } else { Loss::None }
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_which_no_answer_comes_is_found_again_and_leaves_no_doubt() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    let left = Arc::new(AtomicU64::new(ASKED_FOR));
    let running = stage.run_losing_claims(&left, &pipes);
    let (_session, mut submits) = pipes.accept().await;
    let message = stage.send("+4915112345678", "hello").await;
    submits.next_submit().await.expect("a submit").accept("a");
    assert_eq!(stage.references(&message).await, [Some("a".to_owned())]);
    assert_eq!(left.load(Ordering::Relaxed), 0);

    left.store(ASKED_FOR, Ordering::Relaxed);
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    submits.next_submit().await.expect("a submit").accept("b");
    stage.until_done().await;
    assert_eq!(stage.told(&tag)[&0], [Told::Submitted(vec![Some("b".to_owned())])]);
    assert_eq!(left.load(Ordering::Relaxed), 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_which_no_answer_comes_leaves_no_doubt_where_the_link_is_down() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    stage.put_other_route().await;
    let left = Arc::new(AtomicU64::new(ASKED_FOR));
    let running = stage.run_losing_claims(&left, &pipes);
    let message = stage.send("+4915112345678", "hello").await;
    until_at_last(|| stage.jobs_left() == 0).await;
    check_refused(&stage.outcome(&message).await, "connection_down", true);
    assert_eq!(left.load(Ordering::Relaxed), 0);

    left.store(ASKED_FOR, Ordering::Relaxed);
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    until_at_last(|| stage.jobs_left() == 0).await;
    assert_eq!(stage.told(&tag)[&0], elsewhere("connection_down"));
    assert_eq!(left.load(Ordering::Relaxed), 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_which_no_answer_comes_leaves_no_doubt_where_the_link_goes_down() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    let left = Arc::new(AtomicU64::new(0));
    let running = stage.run_losing_claims(&left, &pipes);
    let (session, _submits) = pipes.accept().await;
    sleep(MOMENT).await; // its bind is known
    left.store(u64::MAX, Ordering::Relaxed);
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    while stage.status(&message).await != Status::Queued || !stage.is_claimed(&tag).await {
        sleep(MOMENT).await;
    }
    session.abort(); // and nobody answers the next bind
    // By now it counts as down.
    sleep(Duration::from_secs(5 * 60)).await;
    assert!(stage.progress().is_empty());
    assert_eq!((stage.status(&message).await, stage.is_claimed(&tag).await), (Status::Accepted, false));

    left.store(0, Ordering::Relaxed);
    let (_session, mut submits) = pipes.accept_again().await;
    for id in ["a", "b"] {
        submits.next_submit().await.expect("a submit").accept(id);
    }
    stage.until_done().await;
    assert_eq!(stage.references(&message).await.len(), 1);
    assert!(matches!(stage.told(&tag)[&0][..], [Told::Submitted(_)]));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_which_no_answer_comes_leaves_no_doubt_where_the_connection_is_disabled() {
    let mut stage = Stage::patient().await;
    stage.disable().await;
    let left = Arc::new(AtomicU64::new(ASKED_FOR));
    let running = stage.run_losing_claims(&left, &Pipes::default());
    let message = stage.send("+4915112345678", "hello").await;
    until_at_last(|| stage.jobs_left() == 0).await;
    check_refused(&stage.outcome(&message).await, "connection_disabled", true);
    assert_eq!(left.load(Ordering::Relaxed), 0);

    left.store(ASKED_FOR, Ordering::Relaxed);
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    until_at_last(|| stage.jobs_left() == 0).await;
    assert_eq!(stage.told(&tag)[&0], elsewhere("connection_disabled"));
    assert_eq!(left.load(Ordering::Relaxed), 0);
    running.stop().await;
}

/// A job asks for its claim so often before it gives up, where the connection is disabled.
const ASKED_FOR_DISABLED: u64 = 5 * ASKED_FOR;

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_given_up_leaves_no_doubt_where_the_connection_is_disabled() {
    let mut stage = Stage::patient().await;
    stage.disable().await;
    let (claims, returns) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let lose_claim = losing_claims(claims.clone());
    let lose_return = losing("REMOVE claimed", Loss::TimeoutNotApplied, returns.clone());
    let lost = move |call: &Call<'_>| match lose_claim(call) {
        Loss::None => lose_return(call),
        loss => loss,
    };
    stage.store = Store::new(stage.database.client_with(lost), Tables::of_stack(STACK));
    let running = stage.run_over(&Pipes::default());
    let lose = || {
        claims.store(ASKED_FOR_DISABLED, Ordering::Relaxed);
        returns.store(2 * ASKED_FOR, Ordering::Relaxed);
    };
    let is_lost = || claims.load(Ordering::Relaxed) == 0 && returns.load(Ordering::Relaxed) == 0;

    lose();
    let message = stage.send("+4915112345678", "hello").await;
    until_at_last(|| stage.jobs_left() == 0).await;
    check_refused(&stage.outcome(&message).await, "connection_disabled", true);
    assert!(is_lost());

    lose();
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    until_at_last(|| stage.jobs_left() == 0).await;
    assert_eq!(stage.told(&tag)[&0], elsewhere("connection_disabled"));
    assert!(is_lost());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_disabled_connection_is_refused_without_doubt_however_late_it_can_be_told() {
    let mut stage = Stage::patient().await;
    stage.disable().await;
    let is_down = Arc::new(AtomicBool::new(true));
    let running = run(stage.gateway_with_outage(is_down.clone(), Pace::default()), Pipes::default().dial());
    let mut messages = Vec::new();
    for _ in 0..30 {
        messages.push(stage.send("+4915112345678", "hello").await);
    }
    // Most have been in the queue for long by now, and come again.
    sleep(Duration::from_secs(15 * 60)).await;
    is_down.store(false, Ordering::Relaxed);
    until_at_last(|| stage.jobs_left() == 0).await;
    for message in &messages {
        check_refused(&stage.outcome(message).await, "connection_disabled", true);
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_told_of_a_disabled_connection_is_in_doubt_and_not_sent_when_it_is_enabled() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    stage.disable().await;
    let is_down = Arc::new(AtomicBool::new(true));
    let running = run(stage.gateway_with_outage(is_down.clone(), Pace::default()), pipes.dial());
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    while stage.status(&message).await != Status::Queued || !stage.is_claimed(&tag).await {
        sleep(MOMENT).await;
    }
    stage.enable().await;
    // By now it is offered no more.
    sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(stage.status(&message).await, Status::Queued);
    assert!(stage.is_claimed(&tag).await);
    is_down.store(false, Ordering::Relaxed);
    let (session, mut submits) = pipes.accept_again().await;
    until_at_last(|| stage.jobs_left() == 0).await;
    assert!(matches!(stage.outcome(&message).await, Progress::InDoubtV1 { .. }));
    assert_eq!(stage.told(&tag)[&0], [Told::InDoubt]);
    running.stop().await;
    drop(session);
    assert!(submits.next_submit().await.is_none(), "nothing was submitted");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_to_take_another_route_is_in_doubt_and_not_sent_over_two() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    stage.put_other_route().await;
    let is_down = Arc::new(AtomicBool::new(true));
    let running = run(stage.gateway_with_outage(is_down.clone(), Pace::default()), pipes.dial());
    let message = stage.send("+4915112345678", "hello").await;
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    // By now the outcomes are offered no more.
    sleep(Duration::from_secs(14 * 60)).await;
    is_down.store(false, Ordering::Relaxed);
    until_at_last(|| stage.jobs_left() == 0).await;
    assert!(matches!(stage.outcome(&message).await, Progress::InDoubtV1 { .. }));
    assert_eq!(stage.told(&tag)[&0], [Told::InDoubt]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_block_that_is_to_be_sent_again_waits_as_one_where_the_link_goes_down() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    stage.connection.on_unknown_outcome = OnUnknownOutcome::Resend;
    smpp_link(&mut stage.connection).rate = NonZeroU32::MIN;
    replace_connection(&stage.store, &stage.connection).await;
    let running = stage.run_over(&pipes);
    let (session, mut submits) = pipes.accept().await;
    stage.send("+4915112345678", "hello").await;
    submits.next_submit().await.expect("a submit").accept("a");
    stage.until_done().await;
    let tag = stage.accept_block(&["4915100000001", "4915100000002"], "hello").await;
    stage.store.claim_block(&tag, 0).await.expect("an answer");
    stage.enqueue_block(&tag, 2).await;
    until("the block in hand", || stage.sqs.receives(&stage.jobs).first() == Some(&1)).await;
    session.abort(); // before the next turn, and nobody answers the next bind
    // Longer than one of its messages would wait here.
    sleep(Duration::from_secs(15 * 60)).await;
    assert!(stage.told(&tag).is_empty() && stage.is_claimed(&tag).await);
    let (_session, mut submits) = pipes.accept_again().await;
    for id in ["b", "c"] {
        submits.next_submit().await.expect("a submit").accept(id);
    }
    stage.until_done().await;
    let told = stage.told(&tag);
    assert!(
        told.len() == 2 && told.values().all(|told| matches!(told[..], [Told::Submitted(_)])),
        "{told:?}"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_block_is_sent_again_once_what_was_told_of_it_is_surely_stored() {
    let (mut stage, pipes) = (Stage::patient().await, Pipes::default());
    stage.connection.on_unknown_outcome = OnUnknownOutcome::Resend;
    smpp_link(&mut stage.connection).rate = NonZeroU32::MIN;
    replace_connection(&stage.store, &stage.connection).await;
    let tag = stage.accept_block(&["4915100000001", "4915100000002"], "hello").await;
    stage.store.claim_block(&tag, 0).await.expect("an answer");
    stage.enqueue_block(&tag, 2).await;
    let running = stage.run_over(&pipes);
    let (session, mut submits) = pipes.accept().await;
    submits.next_submit().await.expect("the first one").accept("a");
    sleep(MOMENT).await; // its answer is heard, and it is not the other one's turn yet
    session.abort(); // and nobody answers the next bind
    let lost_at = tokio::time::Instant::now();
    // By now it counts as down.
    sleep(Duration::from_secs(5 * 60)).await;
    let told = stage.told(&tag);
    let first = [Told::Submitted(vec![Some("a".to_owned())])];
    assert!(told.len() == 1 && told[&0] == first, "{told:?}");
    assert!(stage.is_claimed(&tag).await);
    let applier = progress_applier::App { store: stage.store.clone() };
    for progress in stage.progress() {
        applier.apply(progress).await.expect("is applied");
    }
    let (_session, mut submits) = pipes.accept_again().await;
    submits.next_submit().await.expect("the other one").accept("b");
    let waited = lost_at.elapsed();
    assert!((15..20).contains(&(waited.as_secs() / 60)), "{waited:?}");
    stage.until_done().await;
    let told = stage.told(&tag);
    assert_eq!(told[&1], [Told::Submitted(vec![Some("b".to_owned())])]);
    assert_eq!(told[&0].len(), 1, "it is not sent again");
    running.stop().await;
}
