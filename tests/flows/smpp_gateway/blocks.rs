//! Blocks: many messages under one job, each of which ends as if it were alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::connection::{ErrorAction, ErrorRule};
use domain::id::WalletId;
use domain::lease::{Block, LeaseTag};
use queue::{Outcome as Told, Segment};
use runtime::targets::Targets;
use store::BlockClaim;
use tests::edits::replace_connection;
use tests::embedded_dynamodb::{Call, Fault, Faults};

use super::*;

pub(super) type Outcomes = BTreeMap<u16, Vec<Told>>;

impl Stage {
    /// A block of messages that were charged together, without its job.
    pub(super) async fn accept_block(&mut self, recipients: &[&str], text: &str) -> LeaseTag {
        self.messages += 1;
        let number = u64::try_from(self.messages).expect("few");
        let tag = LeaseTag { lease: WalletId::new(1), fence: 1, number };
        let one = |recipient: &&str| message(self.messages, recipient, text, &self.connection.id);
        let block = Block::new(tag.clone(), recipients.iter().map(one).collect(), Timestamp::now());
        self.store.put_block(&block, Timestamp::now()).await.expect("the block is stored");
        tag
    }

    pub(super) async fn enqueue_block(&self, tag: &LeaseTag, count: usize) {
        let (block, connection) = (tag.clone(), self.connection.id.clone());
        let job = Job::SubmitBlockV1 { block, connection, count: u16::try_from(count).expect("few") };
        Sender::new(self.sqs.client(), self.jobs.clone()).send(&job).await.expect("is sent");
    }

    pub(super) async fn send_block(&mut self, recipients: &[&str], text: &str) -> LeaseTag {
        let tag = self.accept_block(recipients, text).await;
        self.enqueue_block(&tag, recipients.len()).await;
        tag
    }

    /// Ordinary messages, to different phones.
    pub(super) async fn send_block_of(&mut self, count: usize) -> LeaseTag {
        let recipients: Vec<_> =
            (0..count).map(|place| format!("4915{:03}{place:04}99", self.messages)).collect();
        let recipients: Vec<_> = recipients.iter().map(String::as_str).collect();
        self.send_block(&recipients, "hello").await
    }

    /// What was said about each message of a block, in the order in which it was said.
    pub(super) fn told(&self, tag: &LeaseTag) -> Outcomes {
        let mut told = Outcomes::new();
        for (place, outcome) in self.told_together(tag).into_iter().flatten() {
            told.entry(place).or_default().push(outcome);
        }
        told
    }

    /// The same, each progress by itself.
    fn told_together(&self, tag: &LeaseTag) -> Vec<Vec<(u16, Told)>> {
        let of_block = |progress| match progress {
            Progress::BlockV1 { block, outcomes, connection, .. } if block == *tag => {
                assert_eq!(connection, self.connection.id);
                Some(outcomes)
            }
            _ => None,
        };
        self.progress().into_iter().filter_map(of_block).collect()
    }
}

fn is_submitted(told: &[Told]) -> bool {
    matches!(told, [Told::Submitted(references)] if references.iter().all(Option::is_some))
}

fn refused(reason: &str, next_route: bool) -> Vec<Told> {
    vec![Told::Refused { reason: reason.to_owned(), next_route }]
}

fn windowed(window: u32) -> impl FnOnce(&mut Connection) {
    move |connection| smpp_link(connection).window = NonZeroU32::new(window).expect("not zero")
}

#[tokio::test]
async fn a_block_of_a_hundred_goes_out_and_its_outcomes_come_together() {
    let (simulator, mut stage) = staged(Behaviour::default(), windowed(200)).await;
    let running = stage.run();
    let tag = stage.send_block_of(100).await;
    stage.until_done().await;
    let told = stage.told(&tag);
    assert!(told.len() == 100 && told.values().all(|told| is_submitted(told)), "{told:?}");
    assert_eq!(stage.told_together(&tag).len(), 1);
    assert_eq!((simulator.received_count(), taken(&simulator).len()), (100, 100));

    until("all receipts", || stage.receipts().len() == 100).await;
    let progresses = stage.progress().len();
    assert!(progresses <= 30, "{progresses} progresses for 100 messages and their receipts");
    until("all acknowledgements", || simulator.undelivered_count() == 0).await;
    running.stop().await;
}

#[tokio::test]
async fn a_receipt_names_the_segment_it_is_about_and_the_ids_are_stored_later_for_those_that_do_not() {
    let (simulator, mut stage) = staged(Behaviour::default(), windowed(10)).await;
    let gateway = stage.run();
    let tag = stage.send_block_of(3).await;
    stage.until_done().await;
    until("receipts", || stage.reports().len() == 3).await;
    let told = stage.told(&tag);
    for report in stage.reports() {
        let segment = report.segment.expect("its process has submitted it");
        let (block, place) = segment.message.block().expect("of a block");
        assert_eq!((&block, segment.part), (&tag, 0));
        assert_eq!(told[&place], [Told::Submitted(segment.references.clone())]);
        assert_eq!(segment.references, [Some(report.reference)]);
    }
    // Whenever this process ends, what stores the ids is queued before anybody knows of the outcomes.
    let progress = stage.progress();
    let place = |is_it: fn(&Progress) -> bool| progress.iter().position(is_it).expect("is told");
    let later = place(|progress| matches!(progress, Progress::ReferencesV1 { .. }));
    let told = place(|progress| matches!(progress, Progress::BlockV1 { references_by: Some(_), .. }));
    assert!(later < told, "{progress:?}");
    gateway.stop().await;
    simulator.stop().await;
}

#[tokio::test]
async fn a_receipt_that_overtakes_its_answer_is_told_again_with_the_segment_once_that_is_known() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let gateway = stage.run();
    let tag = stage.send_block(&["+491511230008"], "hello").await; // which the simulator reports early
    until("the receipt, twice", || stage.reports().len() == 2).await;
    let reports = stage.reports();
    let segments: Vec<_> = reports.iter().map(|report| (report.segment.clone(), report.again)).collect();
    let references = vec![Some(reports[0].reference.clone())];
    let segment = Segment { message: MessageId::in_block(&tag, 0), part: 0, references };
    assert_eq!(segments, [(None, false), (Some(segment), true)]);
    gateway.stop().await;
    simulator.stop().await;
}

#[tokio::test]
async fn long_messages_of_a_block_go_out_in_their_parts() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let recipients = ["+4915112345678", "+4915112345679"];
    let tag = stage.send_block(&recipients, &"0123456789".repeat(40)).await;
    stage.until_done().await;
    for (place, recipient) in (0..).zip(recipients) {
        let of_it = |submit: &ReceivedSubmit| recipient.ends_with(&submit.destination);
        let submits: Vec<_> = simulator.received().into_iter().filter(of_it).collect();
        let parts: Vec<_> =
            submits.iter().map(|submit| udh::concat(&submit.udh).expect("a part").part).collect();
        assert_eq!(parts, [1, 2, 3], "in their order");
        let ids = submits.into_iter().map(|submit| submit.vendor_id).collect();
        assert_eq!(stage.told(&tag)[&place], [Told::Submitted(ids)]);
    }
    running.stop().await;
}

#[tokio::test]
async fn in_a_block_each_message_ends_as_if_it_were_alone() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let endings = ["0001", "0004", "0005", "0006", "0007", "0008", "0010", "0011", "4711"];
    let recipients = endings.map(|ending| format!("+49151123{ending}"));
    let tag = stage.send_block(&recipients.each_ref().map(String::as_str), "hello").await;
    stage.until_done().await;
    let told = stage.told(&tag);
    for (place, ending) in (0..).zip(endings) {
        let told = &told[&place];
        match ending {
            "0005" => assert_eq!(*told, refused("smpp_0x0000000B_ESME_RINVDSTADR", false)),
            "0007" => assert_eq!(*told, [Told::InDoubt]),
            _ => assert!(is_submitted(told), "{ending}: {told:?}"),
        }
    }
    let progresses = stage.told_together(&tag);
    assert!((2..=4).contains(&progresses.len()), "what takes long keeps nobody waiting: {progresses:?}");
    assert!(taken(&simulator).values().all(|times| *times == 1));
    running.stop().await;
}

#[tokio::test]
async fn what_was_on_the_wire_when_the_link_was_lost_is_in_doubt_and_the_rest_of_the_block_goes_out() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, windowed(2)).await;
    let running = stage.run();
    let recipients = ["+491511110009", "+491511110001", "+491511110002", "+491511110003"];
    let tag = stage.send_block(&recipients, "hello").await;
    stage.until_done().await;
    let told = stage.told(&tag);
    assert_eq!(told[&0], [Told::InDoubt]);
    assert!(told.len() == 4 && [2, 3].iter().all(|place| is_submitted(&told[place])), "{told:?}");
    assert!(taken(&simulator).values().all(|times| *times == 1));
    running.stop().await;
}

#[tokio::test]
async fn a_refusal_says_whether_another_vendor_may_take_the_message() {
    let refusing =
        |ending: &str, status| Override { ending: ending.to_owned(), outcome: Outcome::Refused(status) };
    let overrides = vec![
        refusing("1", CommandStatus::RINVSRCADR),
        refusing("2", CommandStatus::RINVDSTADR),
        refusing("3", CommandStatus::RX_P_APPN),
        refusing("4", CommandStatus::RSYSERR),
    ];
    let rules = |connection: &mut Connection| {
        smpp_link(connection).errors = vec![
            ErrorRule { status: CommandStatus::RX_P_APPN.0, action: ErrorAction::Stop },
            ErrorRule { status: CommandStatus::RSYSERR.0, action: ErrorAction::NextRoute },
        ];
    };
    let (simulator, mut stage) = staged(Behaviour { overrides, ..Behaviour::default() }, rules).await;
    let running = stage.run();
    let recipients = ["+491511110001", "+491511110002", "+491511110003", "+491511110004"];
    let expected = [
        ("smpp_0x0000000A_ESME_RINVSRCADR", true),
        ("smpp_0x0000000B_ESME_RINVDSTADR", false),
        ("smpp_0x00000065_ESME_RX_P_APPN", false),
        ("smpp_0x00000008_ESME_RSYSERR", true),
    ];
    let tag = stage.send_block(&recipients, "hello").await;
    for (place, (recipient, (expected, may_go_on))) in (0..).zip(recipients.into_iter().zip(expected)) {
        let row = stage.send(recipient, "hello").await;
        match stage.outcome(&row).await {
            Progress::RefusedV1 { reason, next_route, connection, .. } => {
                assert_eq!((reason.as_str(), next_route), (expected, may_go_on));
                assert_eq!(connection.as_ref(), Some(&stage.connection.id));
            }
            other => panic!("{other:?}"),
        }
        stage.until_done().await;
        assert_eq!(stage.told(&tag)[&place], refused(expected, may_go_on));
    }
    assert_eq!(simulator.received_count(), 8, "none is tried again");
    running.stop().await;
}

#[tokio::test]
async fn a_block_whose_job_is_delivered_often_is_submitted_once() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, |_| {}).await;
    let tag = stage.send_block_of(5).await;
    stage.enqueue_block(&tag, 5).await;
    let running = stage.run();
    until("outcomes", || stage.told(&tag).len() == 5).await;
    stage.enqueue_block(&tag, 5).await;
    stage.until_done().await;
    running.stop().await;
    assert_eq!((simulator.received_count(), stage.told_together(&tag).len()), (5, 1));
}

/// A block that a worker has claimed, who was never heard of again.
async fn orphaned(policy: OnUnknownOutcome) -> (SmscSimulator, Stage, LeaseTag) {
    let resending = |connection: &mut Connection| connection.on_unknown_outcome = policy;
    let (simulator, mut stage) = staged(Behaviour::default(), resending).await;
    let tag = stage.send_block_of(5).await;
    let claim = stage.store.claim_block(&tag, 0).await.expect("an answer");
    assert!(matches!(claim, BlockClaim::Yours(_)));
    (simulator, stage, tag)
}

#[tokio::test]
async fn a_block_that_somebody_claimed_and_said_nothing_of_is_in_doubt() {
    let (simulator, stage, tag) = orphaned(OnUnknownOutcome::Wait).await;
    let running = stage.run();
    stage.until_done().await;
    let told = stage.told(&tag);
    assert!(told.len() == 5 && told.values().all(|told| *told == [Told::InDoubt]), "{told:?}");
    assert_eq!(simulator.received_count(), 0);
    running.stop().await;
}

#[tokio::test]
async fn a_block_in_doubt_is_sent_again_where_the_connection_says_so() {
    let (simulator, stage, tag) = orphaned(OnUnknownOutcome::Resend).await;
    let running = stage.run();
    stage.until_done().await;
    let told = stage.told(&tag);
    assert!(told.len() == 5 && told.values().all(|told| is_submitted(told)), "{told:?}");
    assert_eq!(simulator.received_count(), 5);
    running.stop().await;
}

#[tokio::test]
async fn what_is_left_of_a_block_in_doubt_goes_on_by_itself_where_this_gateway_has_to_stop() {
    let slow = |connection: &mut Connection| {
        connection.on_unknown_outcome = OnUnknownOutcome::Resend;
        smpp_link(connection).rate = NonZeroU32::new(2).expect("some");
    };
    let (simulator, mut stage) = staged(Behaviour::default(), slow).await;
    let tag = stage.send_block_of(5).await;
    stage.store.claim_block(&tag, 0).await.expect("an answer");
    let running = stage.run();
    until("a submit", || 0 < simulator.received_count()).await;
    running.stop().await;
    let told = stage.told(&tag);
    let left = told.values().filter(|told| **told == [Told::NotSent]).count();
    let submitted = told.values().filter(|told| is_submitted(told)).count();
    assert!(0 < left && 0 < submitted && left + submitted == 5, "{told:?}");
    assert_eq!(stage.jobs_left(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_rate_is_submitted_when_blocks_and_rows_go_out_together() {
    let slow = |connection: &mut Connection| smpp_link(connection).rate = NonZeroU32::new(40).expect("some");
    let (simulator, mut stage) = staged(Behaviour::default(), slow).await;
    for _ in 0..3 {
        stage.send_block_of(20).await;
    }
    stage.send_many(30).await;
    let running = stage.run();
    stage.until_done().await;
    running.stop().await;
    let received = simulator.received();
    let took = received[89].at.duration_since(received[0].at);
    // A tenth of a second's worth at once, the rest one by one; the first may have been late.
    assert!(1_900 <= took.as_millis(), "{took:?}");
    assert_eq!(taken(&simulator).len(), 90);
}

#[tokio::test]
async fn while_outcomes_cannot_be_stored_no_more_than_a_window_is_claimed() {
    let (simulator, mut stage) = staged(Behaviour::default(), windowed(20)).await;
    let mut tags = Vec::new();
    for _ in 0..6 {
        tags.push(stage.send_block_of(10).await);
    }
    stage.send_many(10).await;
    let is_down = Arc::new(AtomicBool::new(true));
    let running = run(stage.gateway_with_outage(is_down.clone(), pace()), bind::tcp(Targets::Any));
    until("a window", || simulator.received_count() == 20).await;
    sleep(MOMENT).await;
    assert_eq!((simulator.received_count(), stage.progress().len()), (20, 0));
    is_down.store(false, Ordering::Relaxed);
    stage.until_done().await;
    running.stop().await;
    for tag in tags {
        let told = stage.told(&tag);
        assert!(told.len() == 10 && told.values().all(|told| is_submitted(told)), "{told:?}");
    }
    assert_eq!((simulator.received_count(), stage.outcomes().len()), (70, 10));
}

#[tokio::test]
async fn a_gateway_that_is_asked_to_stop_leaves_no_message_of_a_block_unsaid() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, windowed(8)).await;
    let mut tags = Vec::new();
    for _ in 0..10 {
        tags.push(stage.send_block_of(4).await);
    }
    let running = stage.run();
    until("a second window", || 8 < simulator.received_count()).await;
    let started = Instant::now();
    running.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let (mut submitted, mut left) = (0, 0);
    for tag in &tags {
        let told = stage.told(tag);
        let block = stage.store.block(tag).await.expect("is read").expect("is there");
        assert!(told.is_empty() != block.is_claimed, "what was claimed is told, or was given back");
        assert!(told.is_empty() || told.len() == 4, "{told:?}");
        submitted += told.values().filter(|told| is_submitted(told)).count();
        left += told.values().filter(|told| **told == [Told::NotSent]).count();
        assert!(told.values().all(|told| is_submitted(told) || *told == [Told::NotSent]), "{told:?}");
    }
    assert_eq!(submitted as u64, simulator.received_count());
    assert_eq!(stage.jobs_left(), tags.iter().filter(|tag| stage.told(tag).is_empty()).count());

    let running = stage.run();
    stage.until_done().await;
    running.stop().await;
    assert_eq!(simulator.received_count() as usize, 40 - left);
    assert!(taken(&simulator).values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_a_vendor_is_too_busy_for_goes_on_without_its_block() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let progress = Sender::new(stage.sqs.client(), stage.progress.clone());
    let running = run(stage.gateway_with(progress, Pace::default()), pipes.dial());
    let tag = stage.send_block(&["4915100000001", "4915100000002"], "hello").await;
    let (_session, mut submits) = pipes.accept().await;
    for _ in 0..11 {
        let submit = submits.next_submit().await.expect("another try");
        match submit.pdu.destination.as_str() {
            "4915100000001" => submit.accept("a"),
            _ => submit.refuse(CommandStatus::RMSGQFUL),
        }
    }
    while stage.told(&tag).len() < 2 {
        sleep(Duration::from_secs(1)).await;
    }
    let taken = vec![(0, Told::Submitted(vec![Some("a".to_owned())]))];
    assert_eq!(stage.told_together(&tag), [taken, vec![(1, Told::NotSent)]]);
    stage.until_done().await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_block_of_which_a_busy_vendor_takes_nothing_is_given_back_whole() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let progress = Sender::new(stage.sqs.client(), stage.progress.clone());
    let running = run(stage.gateway_with(progress, Pace::default()), pipes.dial());
    let tag = stage.send_block(&["4915100000001", "4915100000002"], "hello").await;
    let (_session, mut submits) = pipes.accept().await;
    let started = tokio::time::Instant::now();
    for _ in 0..20 {
        submits.next_submit().await.expect("another try").refuse(CommandStatus::RSYSERR);
    }
    for id in ["a", "b"] {
        submits.next_submit().await.expect("a try after a long pause").accept(id);
    }
    assert!(Duration::from_secs(10 * 60) < started.elapsed(), "{:?}", started.elapsed());
    stage.until_done().await;
    let told = stage.told(&tag);
    assert!(told.len() == 2 && told.values().all(|told| is_submitted(told)), "{told:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_message_that_a_stop_meets_between_its_segments_is_finished() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let progress = Sender::new(stage.sqs.client(), stage.progress.clone());
    let running = run(stage.gateway_with(progress, Pace::default()), pipes.dial());
    let tag = stage.send_block(&["4915100000001"], &"0123456789".repeat(20)).await;
    let (_session, mut submits) = pipes.accept().await;
    submits.next_submit().await.expect("the first segment").accept("a");
    for _ in 0..6 {
        submits.next_submit().await.expect("the second segment").refuse(CommandStatus::RMSGQFUL);
    }
    let vendor = tokio::spawn(async move {
        submits.next_submit().await.expect("another try").accept("b");
        while submits.next_submit().await.is_some() {}
    });
    running.stop().await; // the next try would have been after half a minute
    let ids = ["a", "b"].map(|id| Some(id.to_owned()));
    assert_eq!(stage.told(&tag)[&0], [Told::Submitted(ids.to_vec())]);
    assert_eq!(stage.jobs_left(), 0);
    vendor.abort();
}

#[tokio::test(start_paused = true)]
async fn of_a_long_message_that_cannot_be_finished_before_the_end_what_was_taken_is_told() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let progress = Sender::new(stage.sqs.client(), stage.progress.clone());
    let running = run(stage.gateway_with(progress, Pace::default()), pipes.dial());
    let tag = stage.send_block(&["4915100000001"], &"0123456789".repeat(20)).await;
    let (session, mut submits) = pipes.accept().await;
    submits.next_submit().await.expect("the first segment").accept("a");
    submits.next_submit().await.expect("the second segment").refuse(CommandStatus::RMSGQFUL);
    sleep(MOMENT).await;
    session.abort(); // and nobody answers the next bind
    running.stop().await;
    let taken = vec![Some("a".to_owned()), None];
    assert_eq!(stage.told(&tag)[&0], [Told::Submitted(taken)]);
    assert_eq!(stage.jobs_left(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_did_not_leave_is_told_also_where_something_else_could_not_be() {
    let mut stage = Stage::new(1, |_| {}).await;
    let pipes = Pipes::default();
    let is_down = Arc::new(AtomicBool::new(true));
    let running = run(stage.gateway_with_outage(is_down.clone(), Pace::default()), pipes.dial());
    let tag = stage.send_block(&["4915100000001", "4915100000002"], "hello").await;
    let (_session, mut submits) = pipes.accept().await;
    for _ in 0..11 {
        let submit = submits.next_submit().await.expect("another try");
        match submit.pdu.destination.as_str() {
            "4915100000001" => submit.accept("a"),
            _ => submit.refuse(CommandStatus::RMSGQFUL),
        }
    }
    // By now the outcome of the first one is offered no more.
    sleep(Duration::from_secs(11 * 60)).await;
    is_down.store(false, Ordering::Relaxed);
    while stage.told(&tag).is_empty() {
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(stage.told_together(&tag)[0], [(1, Told::NotSent)]);
    running.stop().await;
}

/// Claims fail while it is true.
struct NoClaims(Arc<AtomicBool>);

impl Faults for NoClaims {
    fn decide(&self, call: &Call) -> Fault {
        let is_claim =
            call.body["UpdateExpression"].as_str().is_some_and(|text| text.contains("claimed = :mark"));
        if is_claim && self.0.load(Ordering::Relaxed) { Fault::Throttle } else { Fault::None }
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_outlive_a_store_that_does_not_answer_for_ten_minutes() {
    let mut stage = Stage::new(1, |_| {}).await;
    stage.jobs = stage.sqs.queue("jobs-of-the-usual-visibility");
    smpp_link(&mut stage.connection).queue_url = stage.jobs.clone();
    replace_connection(&stage.store, &stage.connection).await;
    let is_down = Arc::new(AtomicBool::new(true));
    let client = stage.database.client_with(NoClaims(is_down.clone()));
    let (sqs, progress) = (stage.sqs.client(), Sender::new(stage.sqs.client(), stage.progress.clone()));
    let store = Store::new(client, Tables::of_stack(STACK));
    let gateway = Gateway::new(store, stage.secrets.store(), sqs, progress, Pace::default());
    let pipes = Pipes::default();
    let tag = stage.send_block(&["4915100000001"], "hello").await;
    let message = stage.send("+4915112345678", "hello").await;
    let running = run(gateway, pipes.dial());
    let (_session, mut submits) = pipes.accept().await;
    sleep(Duration::from_secs(10 * 60)).await;
    let receives = stage.sqs.receives(&stage.jobs);
    assert!(receives.len() == 2 && receives.iter().all(|count| *count <= 2), "{receives:?}");
    is_down.store(false, Ordering::Relaxed);
    for id in ["a", "b"] {
        submits.next_submit().await.expect("a submit").accept(id);
    }
    stage.until_done().await;
    assert!(is_submitted(&stage.told(&tag)[&0]));
    stage.references(&message).await;
    running.stop().await;
}
