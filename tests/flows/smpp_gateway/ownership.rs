//! Several gateways and the same connections: each is served by one of them, whatever happens to the
//! others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use runtime::targets::Targets;
use smpp_gateway::status::Board;
use tests::edits::put_connection;
use tests::embedded_dynamodb::{Call, Fault, Faults};
use tokio::sync::oneshot;

use super::*;

/// Two more connections to the same vendor, beside the stage's own, and queues for their jobs.
async fn with_connections(stage: &Stage, count: u128) {
    for number in 0..count {
        let mut connection = Connection { id: ConnectionId::new(100 + number), ..stage.connection.clone() };
        smpp_link(&mut connection).queue_url = stage.sqs.queue(&format!("jobs-{number}"));
        put_connection(&stage.store, &connection).await;
        stage.secrets.set_of(&connection, json!({ "password": PASSWORD }));
    }
}

/// How many connections a gateway has bound.
fn bound_here(board: &Board) -> usize {
    let here = board.status().connections.into_iter().filter_map(|connection| connection.here);
    here.filter(|here| here.binds.up == 1).count()
}

#[tokio::test]
async fn connections_are_spread_over_the_gateways_and_never_bound_twice() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    with_connections(&stage, 3).await;
    let (first, second) = (stage.gateway(), stage.gateway());
    let (board, other_board) = (first.board(), second.board());
    let first = run(first, bind::tcp(Targets::Any));
    until("all binds", || bound_here(&board) == 4).await;

    let second = run(second, bind::tcp(Targets::Any));
    until("two each", || {
        assert!(simulator.binds().len() <= 4, "no connection is bound twice");
        bound_here(&board) == 2 && bound_here(&other_board) == 2
    })
    .await;
    sleep(MOMENT).await;
    assert_eq!((bound_here(&board), bound_here(&other_board), simulator.binds().len()), (2, 2, 4));

    second.stop().await;
    until("all binds again", || bound_here(&board) == 4 && simulator.binds().len() == 4).await;
    first.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_hands_over_long_before_its_lease_is_over() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, |_| {}).await;
    let progress = || Sender::new(stage.sqs.client(), stage.progress.clone());
    let (first, second) =
        (stage.gateway_with(progress(), Pace::default()), stage.gateway_with(progress(), Pace::default()));
    let board = second.board();
    let first = run(first, bind::tcp(Targets::Any));
    until("a bind", || simulator.binds().len() == 1).await;
    let second = run(second, bind::tcp(Targets::Any));
    until("both", || board.status().gateways.len() == 2).await;
    let messages = stage.send_many(30).await;
    until("traffic", || 0 < simulator.received_count()).await;

    let started = Instant::now();
    first.stop().await;
    until("the other's bind", || bound_here(&board) == 1).await;
    assert!(started.elapsed() < Pace::default().lease / 2, "{:?}", started.elapsed());
    stage.until_done().await;
    let outcomes = stage.outcomes();
    assert!(messages.iter().all(|id| matches!(outcomes[id][..], [Progress::SubmittedV1 { .. }])));
    assert_eq!(taken(&simulator).len(), 30);
    assert_eq!(simulator.received_count(), 30);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_gateway_served_is_taken_over_with_no_message_lost_and_none_sent_twice() {
    let behaviour = Behaviour { answer_latency: Duration::from_millis(20), ..Behaviour::default() };
    let slow = |connection: &mut Connection| {
        let link = smpp_link(connection);
        (link.rate, link.window) = (NonZeroU32::new(200).expect("many"), NonZeroU32::new(20).expect("many"));
    };
    let (simulator, mut stage) = staged(behaviour, slow).await;
    let messages = stage.send_many(400).await;
    // All its tasks go at once, as with SIGKILL.
    let process = Runtime::new().expect("a runtime");
    let guard = process.enter();
    let killed = run(stage.gateway(), bind::tcp(Targets::Any));
    drop(guard);
    until("a bind", || simulator.binds().len() == 1).await;
    let other = stage.gateway();
    let board = other.board();
    let other = run(other, bind::tcp(Targets::Any));
    until("traffic", || 100 <= simulator.received_count()).await;
    assert_eq!(bound_here(&board), 0);

    process.shutdown_background();
    drop(killed);
    let died = Instant::now();
    until("the other's bind", || bound_here(&board) == 1).await;
    assert!(died.elapsed() < Duration::from_secs(30), "{:?}", died.elapsed());
    stage.until_done().await;
    other.stop().await;

    let (outcomes, taken) = (stage.outcomes(), taken(&simulator));
    assert!(taken.values().all(|times| *times == 1));
    assert!(messages.iter().all(|message| outcomes.contains_key(message)));
    let in_doubt = |said: &&Vec<Progress>| matches!(said[0], Progress::InDoubtV1 { .. });
    let in_doubt = outcomes.values().filter(in_doubt).count();
    assert!(in_doubt <= 20, "{in_doubt} are in doubt, no more than the window");
    assert!(400 - in_doubt <= taken.len());
}

#[test]
fn a_dead_gateways_connections_are_served_again_within_thirty_seconds() {
    let Pace { share_every, lease, .. } = Pace::default();
    // The others see its last renewal a look later, and the end of its lease another look later; then one
    // bind, on a machine that hesitates.
    let latest = lease + share_every * 2 + Duration::from_secs(5);
    assert!(latest < Duration::from_secs(30), "{latest:?}");
}

/// A store that can hang: what is asked of it arrives long after the other gateway has taken over.
#[derive(Clone, Default)]
struct Hanging(Arc<AtomicBool>);

const HANGS_FOR: Duration = Duration::from_secs(60);

impl Faults for Hanging {
    fn decide(&self, _: &Call) -> Fault {
        Fault::None
    }

    fn latency(&self, _: &Call) -> Duration {
        if self.0.load(Ordering::Relaxed) { HANGS_FOR } else { Duration::ZERO }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_whose_store_hangs_lets_go_before_another_takes_over() {
    let mut stage = Stage::new(1, |connection| smpp_link(connection).window = NonZeroU32::MIN).await;
    let hanging = Hanging::default();
    let store = Store::new(stage.database.client_with(hanging.clone()), Tables::of_stack(STACK));
    let progress = || Sender::new(stage.sqs.client(), stage.progress.clone());
    let (secrets, sqs, pace) = (stage.secrets.store(), stage.sqs.client(), Pace::default());
    let zombie = Gateway::new(store, secrets, sqs, progress(), pace);
    let healthy = stage.gateway_with(progress(), pace);
    let (pipes, other_pipes) = (Pipes::default(), Pipes::default());
    let zombie = run(zombie, pipes.dial());
    let (_session, mut submits) = pipes.accept().await;
    let healthy = run(healthy, other_pipes.dial());
    let messages = stage.send_many(3).await;
    let first = submits.next_submit().await.expect("a submit");
    let in_flight = first.pdu.destination.clone();

    hanging.0.store(true, Ordering::Relaxed);
    let hung = tokio::time::Instant::now();
    first.accept("a"); // the next one's claim now hangs
    assert!(submits.next_submit().await.is_none(), "the link is dropped");
    let dropped = hung.elapsed();
    assert!(other_pipes.waiting.lock().expect("not broken").is_empty(), "and nobody has bound before");
    let (_other_session, mut other_submits) = other_pipes.accept().await;
    let taken_over = hung.elapsed();
    assert!(dropped < taken_over && taken_over < Duration::from_secs(30), "{dropped:?} {taken_over:?}");
    assert!(dropped <= pace.lease * 3 / 4, "{dropped:?}");

    // Its claims arrive, and its store answers again.
    hanging.0.store(false, Ordering::Relaxed);
    let mut seen = vec![in_flight];
    let serve = async {
        while let Some(submit) = other_submits.next_submit().await {
            seen.push(submit.pdu.destination.clone());
            submit.accept(format!("b{}", seen.len()));
        }
    };
    let _ = timeout(HANGS_FOR * 6, serve).await;
    assert!(pipes.waiting.lock().expect("not broken").is_empty(), "the zombie dials no more");
    let outcomes = stage.outcomes();
    let all_submitted =
        |id: &MessageId| matches!(outcomes[id].as_slice(), [Progress::SubmittedV1 { .. }, ..]);
    assert!(messages.iter().all(all_submitted), "{outcomes:?}");
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), stage.jobs_left()), (3, 0), "each once, and none is lost");
    healthy.stop().await;
    zombie.stop().await;
}

/// A gateway on a thread of its own, which can be frozen with everything in it, as by SIGSTOP.
struct Freezer {
    freeze: oneshot::Sender<()>,
    thaw: mpsc::Sender<()>,
    stop: watch::Sender<bool>,
    thread: std::thread::JoinHandle<()>,
}

impl Freezer {
    /// `gateway` is built in the thread's own runtime.
    fn run(gateway: impl FnOnce() -> Gateway + Send + 'static, dial: Dial) -> Self {
        let (freeze, frozen) = oneshot::channel();
        let (thaw, thawed) = mpsc::channel();
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::spawn(async move {
                    if frozen.await.is_ok() {
                        let _ = thawed.recv(); // nothing of this thread goes on
                    }
                });
                smpp_gateway::run(gateway(), dial, stopped).await;
            });
        });
        Self { freeze, thaw, stop, thread }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_was_frozen_and_wakes_after_the_take_over_sends_nothing_any_more() {
    let slow = |connection: &mut Connection| smpp_link(connection).rate = NonZeroU32::new(40).expect("some");
    let (simulator, mut stage) = staged(Behaviour::default(), slow).await;
    let second = super::simulator(Behaviour::default()).await;
    // The same vendor twice, to see who sends what.
    let to = |port: u16| -> Dial {
        let tcp = bind::tcp(Targets::Any);
        Arc::new(move |host, _| tcp(host, port))
    };
    let messages = stage.send_many(300).await;
    let (store, secrets, sqs) = (stage.store.clone(), stage.secrets.store(), stage.sqs.clone());
    let progress = stage.progress.clone();
    let frozen = move || {
        let sender = Sender::new(sqs.client(), progress);
        Gateway::new(store, secrets, sqs.client(), sender, pace())
    };
    let zombie = Freezer::run(frozen, to(simulator.address().port()));
    until("a bind", || simulator.binds().len() == 1).await;
    let healthy = stage.gateway();
    let board = healthy.board();
    let healthy = run(healthy, to(second.address().port()));
    until("traffic", || 20 <= simulator.received_count()).await;

    zombie.freeze.send(()).expect("it runs");
    until("the other's bind", || bound_here(&board) == 1).await;
    until("its traffic", || 20 <= second.received_count()).await;
    let before = simulator.received_count(); // what was on the wire has long arrived
    zombie.thaw.send(()).expect("it is frozen");
    stage.until_done().await;
    assert_eq!(simulator.received_count(), before, "it had jobs in hand, and sends none of them");

    let mut taken = taken(&simulator);
    for (recipient, times) in super::taken(&second) {
        *taken.entry(recipient).or_default() += times;
    }
    assert!(taken.values().all(|times| *times == 1), "none is sent twice");
    let outcomes = stage.outcomes();
    assert!(messages.iter().all(|message| outcomes.contains_key(message)), "none is lost");
    healthy.stop().await;
    zombie.stop.send_replace(true);
    zombie.thread.join().expect("does not break");
}
