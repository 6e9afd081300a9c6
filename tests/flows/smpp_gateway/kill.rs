//! A gateway that is killed at any moment under load, with blocks and rows in hand.

use std::collections::BTreeSet;

use domain::lease::LeaseTag;
use queue::Outcome as Told;

use super::*;
use runtime::targets::Targets;

const WINDOW: usize = 20;
const BLOCKS: usize = 30;
const BLOCK: usize = 10;
const ROWS: usize = 100;

/// A gateway whose tasks can all be ended at once, as by SIGKILL.
struct Condemned {
    process: Runtime,
    running: Running,
}

impl Condemned {
    fn run(gateway: impl FnOnce() -> Gateway) -> Self {
        let process = Runtime::new().expect("a runtime");
        let guard = process.enter();
        let running = run(gateway(), bind::tcp(Targets::Any));
        drop(guard);
        Self { process, running }
    }

    fn kill(self) {
        self.process.shutdown_background();
        drop(self.running);
    }
}

/// What was said of a message, in a row or a block; the last word counts but for a doubt after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Submitted,
    InDoubt,
    Other,
}

fn ends(stage: &Stage, rows: &[MessageId], blocks: &[LeaseTag]) -> Vec<End> {
    let of_row = |said: &Progress| match said {
        Progress::SubmittedV1 { .. } => End::Submitted,
        Progress::InDoubtV1 { .. } => End::InDoubt,
        _ => End::Other,
    };
    let of_told = |told: &Told| match told {
        Told::Submitted(_) => End::Submitted,
        Told::InDoubt | Told::PartlyInDoubt(_) => End::InDoubt,
        Told::Refused { .. } | Told::NotSent => End::Other,
    };
    let outcomes = stage.outcomes();
    let mut ends = Vec::new();
    for row in rows {
        let said = outcomes.get(row).unwrap_or_else(|| panic!("nothing was said of {row}"));
        ends.push(end(said.iter().map(of_row).collect()));
    }
    for tag in blocks {
        let told = stage.told(tag);
        assert_eq!(told.len(), BLOCK, "each of its messages has an outcome");
        ends.extend(told.values().map(|told| end(told.iter().map(of_told).collect())));
    }
    ends
}

/// A doubt does not undo what is known.
fn end(said: Vec<End>) -> End {
    said.iter().copied().find(|end| *end != End::InDoubt).unwrap_or(End::InDoubt)
}

/// How each message ended, and what reached the vendor.
async fn killed_after(submits: &[u64], on_unknown: OnUnknownOutcome) -> (Vec<End>, Vec<ReceivedSubmit>) {
    let behaviour = Behaviour { answer_latency: Duration::from_millis(15), ..Behaviour::default() };
    let narrow = |connection: &mut Connection| {
        smpp_link(connection).window = NonZeroU32::new(WINDOW as u32).expect("not zero");
        connection.on_unknown_outcome = on_unknown;
    };
    let (simulator, mut stage) = staged(behaviour, narrow).await;
    let mut blocks = Vec::new();
    for _ in 0..BLOCKS {
        blocks.push(stage.send_block_of(BLOCK).await);
    }
    let rows = stage.send_many(ROWS).await;
    for enough in submits {
        let condemned = Condemned::run(|| stage.gateway());
        until("traffic", || *enough <= simulator.received_count()).await;
        condemned.kill();
    }
    let running = stage.run();
    stage.until_done().await;
    running.stop().await;
    (ends(&stage, &rows, &blocks), simulator.received())
}

fn count(ends: &[End], end: End) -> usize {
    ends.iter().filter(|other| **other == end).count()
}

fn recipients(received: &[ReceivedSubmit]) -> BTreeSet<&str> {
    received.iter().map(|submit| submit.destination.as_str()).collect()
}

async fn loses_nothing_and_sends_nothing_twice_killed_after(submits: &[u64]) {
    let (ends, received) = killed_after(submits, OnUnknownOutcome::Wait).await;
    let (submitted, in_doubt) = (count(&ends, End::Submitted), count(&ends, End::InDoubt));
    assert_eq!(submitted + in_doubt, BLOCKS * BLOCK + ROWS, "none is lost");
    assert!(
        in_doubt <= submits.len() * WINDOW,
        "{in_doubt} are in doubt, at most the window at each kill is"
    );
    assert_eq!(recipients(&received).len(), received.len(), "none is sent twice");
    assert!(submitted <= received.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_killed_early_and_often_loses_nothing_and_sends_nothing_twice() {
    loses_nothing_and_sends_nothing_twice_killed_after(&[1, 35, 60, 110]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_killed_in_the_middle_loses_nothing_and_sends_nothing_twice() {
    loses_nothing_and_sends_nothing_twice_killed_after(&[123, 251, 377]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_gateway_had_in_hand_is_sent_again_where_the_connection_asks_for_that() {
    let kills = [30, 90, 200];
    let (ends, received) = killed_after(&kills, OnUnknownOutcome::Resend).await;
    assert_eq!(count(&ends, End::Submitted), BLOCKS * BLOCK + ROWS, "none is in doubt");
    let again = received.len() - recipients(&received).len();
    assert_eq!(recipients(&received).len(), BLOCKS * BLOCK + ROWS);
    // The window, and what was told of while its job was not deleted yet.
    assert!(again <= kills.len() * 2 * WINDOW, "{again} are sent again");
}
