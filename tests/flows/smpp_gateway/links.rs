//! A connection with several binds, and a vendor that asks to slow down.

use std::collections::BTreeSet;

use domain::connection::Binds;
use runtime::targets::Targets;
use smpp::BindMode;
use smpp_gateway::status::Board;
use smpp_gateway::vendor::figures::{Snapshot, Up};

use super::*;

fn with_binds(connection: &mut Connection, transceivers: u8, transmitters: u8, receivers: u8) {
    smpp_link(connection).binds = Binds { transceivers, transmitters, receivers };
}

/// How the connection stands, once it is served.
pub(super) async fn snapshot(board: &Board) -> Snapshot {
    let shown = || board.status().connections.first().and_then(|connection| connection.here.clone());
    until("a connection at work", || shown().is_some()).await;
    shown().expect("is there")
}

fn binds_of(simulator: &SmscSimulator) -> BTreeSet<u64> {
    simulator.received().iter().map(|submit| submit.bind).collect()
}

#[tokio::test]
async fn transmitters_carry_the_messages_and_a_receiver_their_receipts() {
    let (simulator, mut stage) = staged(Behaviour::default(), |it| with_binds(it, 0, 2, 1)).await;
    let messages = stage.send_many(40).await;
    let gateway = stage.gateway();
    let board = gateway.board();
    let running = run(gateway, bind::tcp(Targets::Any));
    until("three binds", || simulator.binds().len() == 3).await;
    stage.until_done().await;
    until("all receipts", || stage.receipts().len() == 40).await;
    assert!(messages.iter().all(|message| stage.outcomes().contains_key(message)));
    assert_eq!((taken(&simulator).len(), simulator.received_count()), (40, 40));
    let of_mode = |mode| simulator.binds().into_iter().filter(move |bind| bind.mode == mode);
    assert_eq!(binds_of(&simulator), of_mode(BindMode::Transmitter).map(|bind| bind.number).collect());
    assert_eq!(of_mode(BindMode::Receiver).count(), 1);
    let here = snapshot(&board).await;
    assert_eq!((here.binds, here.troubles), (Up { up: 3, wanted: 3 }, Vec::new()));
    running.stop().await;
    assert!(simulator.binds().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bind_that_drops_comes_back_while_the_others_go_on() {
    const COUNT: usize = 500;
    let behaviour = Behaviour { answer_latency: Duration::from_millis(20), ..Behaviour::default() };
    let change = |connection: &mut Connection| {
        with_binds(connection, 3, 0, 0);
        smpp_link(connection).window = NonZeroU32::new(30).expect("not zero");
        smpp_link(connection).rate = NonZeroU32::new(250).expect("not zero");
    };
    let (simulator, mut stage) = staged(behaviour, change).await;
    let messages = stage.send_many(COUNT).await;
    let running = stage.run();
    until("all binds in use", || binds_of(&simulator).len() == 3).await;
    let lost = simulator.binds()[0].number;
    let before = simulator.received_count();
    simulator.disconnect(lost);
    until("traffic over the others", || before + 20 < simulator.received_count()).await;
    until("a new bind in use", || binds_of(&simulator).len() == 4).await;
    stage.until_done().await;
    let (outcomes, taken) = (stage.outcomes(), taken(&simulator));
    let in_doubt = outcomes.values().filter(|said| matches!(said[..], [Progress::InDoubtV1 { .. }])).count();
    assert!(messages.iter().all(|message| outcomes[message].len() == 1));
    assert!(in_doubt <= 10, "{in_doubt} are in doubt, no more than the lost bind's share of the window");
    assert!(taken.values().all(|times| *times == 1) && COUNT - in_doubt <= taken.len());
    assert_eq!(simulator.binds().len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn a_vendor_that_lets_in_fewer_binds_is_served_over_those_and_the_trouble_is_shown() {
    let behaviour = Behaviour { binds_max: 1, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, |it| with_binds(it, 2, 0, 0)).await;
    let gateway = stage.gateway();
    let board = gateway.board();
    let running = run(gateway, bind::tcp(Targets::Any));
    let message = stage.send("+4915112345678", "hello").await;
    stage.references(&message).await;
    until("a receipt", || stage.receipts().len() == 1).await;
    let here = snapshot(&board).await;
    assert_eq!(here.binds, Up { up: 1, wanted: 2 });
    let [trouble] = here.troubles.as_slice() else { panic!("{:?}", here.troubles) };
    assert!(trouble.of.starts_with("transceiver "), "{trouble:?}");
    assert_eq!(trouble.error, "the bind is refused with ESME_RALYBND");

    simulator.set_behaviour(Behaviour::default());
    let all_up = || board.status().connections[0].here.as_ref().map(|here| here.binds.up) == Some(2);
    until("the second bind", all_up).await;
    assert_eq!(snapshot(&board).await.troubles, []);
    running.stop().await;
}

#[tokio::test]
async fn all_binds_finish_what_is_in_flight_when_the_gateway_stops() {
    let behaviour = Behaviour { answer_latency: MOMENT, ..Behaviour::default() };
    let change = |connection: &mut Connection| {
        with_binds(connection, 1, 2, 1);
        smpp_link(connection).window = NonZeroU32::new(12).expect("not zero");
    };
    let (simulator, mut stage) = staged(behaviour, change).await;
    stage.send_many(60).await;
    let running = stage.run();
    until("a second window", || 12 < simulator.received_count()).await;
    let started = Instant::now();
    running.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(simulator.binds().is_empty());
    let outcomes = stage.outcomes();
    assert!(outcomes.values().all(|said| matches!(said[..], [Progress::SubmittedV1 { .. }])));
    assert_eq!(outcomes.len() as u64, simulator.received_count());
    assert_eq!(stage.jobs_left(), 60 - outcomes.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_slows_all_binds_down_until_the_vendor_takes_messages_again() {
    let throttling = Override { ending: String::new(), outcome: Outcome::Refused(CommandStatus::RTHROTTLED) };
    let behaviour = Behaviour { overrides: vec![throttling], ..Behaviour::default() };
    let change = |connection: &mut Connection| {
        with_binds(connection, 0, 2, 1);
        smpp_link(connection).rate = NonZeroU32::new(100).expect("not zero");
    };
    let (simulator, mut stage) = staged(behaviour, change).await;
    let messages = stage.send_many(20).await;
    let gateway = stage.gateway();
    let board = gateway.board();
    let running = run(gateway, bind::tcp(Targets::Any));
    let here = || board.status().connections.first().and_then(|connection| connection.here.clone());
    until("less speed", || here().is_some_and(|here| 0 < here.answers.throttled && here.rate.now <= 60))
        .await;
    simulator.set_behaviour(Behaviour::default());
    stage.until_done().await;
    let slowed = snapshot(&board).await;
    assert_eq!((slowed.answers.taken, slowed.rate.limit), (20, 100));
    let outcomes = stage.outcomes();
    let is_submitted = |message| matches!(outcomes[message][..], [Progress::SubmittedV1 { .. }]);
    assert!(messages.iter().all(is_submitted));
    until("all of the speed", || here().is_some_and(|here| here.rate.now == 100)).await;
    running.stop().await;
}
