//! Storms, slow readers and the end: nobody else is affected, and nothing is lost.

use std::time::Instant;

use futures::future::join_all;
use smpp::BindMode;
use smpp::esme::CloseReason;
use tokio::io::AsyncReadExt;

use super::*;

const NUMBER: &str = "4915112345678";
/// Others are slower on a machine that serves a storm as well, and not held up by it: the silent ones alone
/// would hold the door for longer, if they could.
const NOT_HELD_UP: Duration = Duration::from_secs(10);

async fn sends_in_time(client: &Client, session: &Session) {
    let answer = timeout(NOT_HELD_UP, session.submit(client.submit(NUMBER, "hello"))).await;
    assert_eq!(answer.expect("in time").expect("is answered").status, CommandStatus::ROK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_binds_leaves_others_unaffected() {
    let stage = Stage::new().await;
    let gate = stage.gate_behind_proxy().await;
    let bind = async |last: u8, settings| esme::bind(gate.connect_from(last).await, settings).await;
    let quiet = stage.client("quiet", |_| {}).await;
    let (session, _inbound) = bind(1, quiet.settings()).await.expect("binds");
    // Most say nothing, some bind as often as they can, some begin a bind and stop.
    let silent = join_all((0..4).flat_map(|_| 100..200).map(|last| gate.connect_from(last))).await;
    let stormy = stage.client("stormy", |_| {}).await;
    let mistaken = stage.client("mistaken", |_| {}).await;
    let storm = join_all((0..100_u8).map(|number| {
        let settings = match number % 2 {
            0 => stormy.settings(),
            _ => BindSettings { password: "pw-wrong".to_owned(), ..mistaken.settings() },
        };
        bind(2 + number % 2, BindSettings { answer_timeout: SOON, ..settings })
    }));
    let others = async {
        sends_in_time(&quiet, &session).await;
        let late = stage.client("late", |_| {}).await;
        let begun = Instant::now();
        let (second, _inbound) = bind(4, late.settings()).await.expect("binds");
        assert!(begun.elapsed() < NOT_HELD_UP);
        sends_in_time(&late, &second).await;
        sends_in_time(&quiet, &session).await;
    };
    let (stormed, ()) = tokio::join!(storm, others);
    let bound = stormed.iter().filter(|one| one.is_ok()).count();
    assert_eq!(bound, 10, "as many as it may have");
    drop((silent, stormed));
    gate.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_fills_neither_the_door_nor_the_queue_of_passwords() {
    let stage = Stage::new().await;
    let gate = stage.gate_behind_proxy().await;
    let bind = async |last: u8, settings| esme::bind(gate.connect_from(last).await, settings).await;
    let silent = join_all((0..100).map(|_| gate.connect_from(1))).await;
    let mut closed = 0;
    for mut stream in silent {
        let read = timeout(Duration::from_millis(20), stream.read_u8()).await;
        closed += usize::from(matches!(read, Ok(Err(_))));
    }
    assert!(closed >= 36, "only {closed} are sent away");
    let names = join_all((0..60).map(|number| {
        let settings = BindSettings::new(format!("nobody{number}"), "pw-wrong");
        bind(2, BindSettings { answer_timeout: SOON, ..settings })
    }))
    .await;
    let put_off = names.iter().filter(
        |answer| matches!(answer, Err(BindError::Refused(status)) if *status == CommandStatus::RBINDFAIL),
    );
    assert!(put_off.count() >= 30, "most are not even looked at");
    let client = stage.client("acme", |_| {}).await;
    let (session, _inbound) =
        timeout(NOT_HELD_UP, bind(3, client.settings())).await.expect("in time").expect("binds");
    session.unbind().await;
    gate.stop().await;
}

/// A bind that writes and never reads.
async fn deaf(gate: &Gate, client: &Client, submits: usize) -> TcpStream {
    let mut stream = TcpStream::connect(gate.address).await.expect("connects");
    let mut octets =
        pdu(0x09, 1, &[client.link().system_id.as_bytes(), b"\0", PASSWORD.as_bytes(), b"\0\0\x34\0\0\0"]);
    for number in 0..submits {
        let sequence = u32::try_from(number).expect("few") + 2;
        octets.extend(pdu(
            0x04,
            sequence,
            &[b"\0\x05\0ACME\0\x01\x01", NUMBER.as_bytes(), b"\0\0\0\0\0\0\0\0\0\0\x02hi"],
        ));
    }
    // When it is not read any more it cannot write any more.
    let _ = timeout(Duration::from_secs(2), stream.write_all(&octets)).await;
    stream
}

fn pdu(command: u32, sequence: u32, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let length = u32::try_from(16 + body.len()).expect("short");
    let header = [length, command, 0, sequence].map(u32::to_be_bytes);
    [header.concat(), body].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_holds_up_nobody_else() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let (slow, quick) = (stage.client("slow", |_| {}).await, stage.client("quick", |_| {}).await);
    let stream = deaf(&gate, &slow, 20_000).await;
    until("the slow client's bind", || !gate.board.status().clients.connections.is_empty()).await;
    let (session, _inbound) = gate.bind(quick.settings()).await.expect("binds");
    for _ in 0..10 {
        sends_in_time(&quick, &session).await;
    }
    drop(stream);
    session.unbind().await;
    gate.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_what_is_in_hand_is_answered_and_each_bind_is_unbound_and_given_back() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let client = stage.client("acme", |_| {}).await;
    let (session, _inbound) = gate.bind(client.settings()).await.expect("binds");
    let receiver = BindSettings { bind_mode: BindMode::Receiver, ..client.settings() };
    let (receiver, _receiver_inbound) = gate.bind(receiver).await.expect("binds");
    let refused = receiver.submit(client.submit(NUMBER, "hello")).await.expect("is answered");
    assert_eq!(refused.status, CommandStatus::RINVBNDSTS);
    let in_hand = join_all((0..10).map(|_| session.submit(client.submit(NUMBER, "hello"))));
    let ending = async {
        sleep(Duration::from_millis(5)).await;
        gate.stop().await;
    };
    let (answers, ()) = tokio::join!(in_hand, ending);
    let count = |wanted: CommandStatus| {
        answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status == wanted)).count()
    };
    let (accepted, put_off) = (count(CommandStatus::ROK), count(CommandStatus::RSYSERR));
    assert_eq!(accepted + put_off, 10, "{answers:?}");
    for session in [session, receiver] {
        assert_eq!(session.closed().await, CloseReason::UnboundByPeer);
    }
    let charged = amount_of(accepted);
    assert_eq!(stage.balance(&client.member).await, charged);
    let left = stage.world.store.client_binds(&client.connection.id).await;
    assert_eq!(left.expect("is read"), 0);
}

/// What is left of 10 credits at 0.05 each.
fn amount_of(accepted: usize) -> String {
    let spent = (0..accepted).map(|_| tests::world::amount("0.05"));
    let spent = domain::money::Amount::checked_sum(spent).expect("a sum");
    tests::world::amount("10").checked_sub(spent).expect("a difference").to_string()
}
