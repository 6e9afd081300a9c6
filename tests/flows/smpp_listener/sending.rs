//! What clients submit, and what they are told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::agreement::{Agreement, Effective};
use domain::connection::ConnectionKind;
use domain::id::{ResellingAgreementId, SenderId};
use domain::message::Status;
use domain::rating::{Attribute, Node, Price, RateTree, Resource};
use domain::route::Routes;
use domain::sender::{AssignedFrom, Sender as SenderOf, SenderAddress, SenderStatus};
use futures::future::join_all;
use smpp::address::Address;
use smpp::esme::{CloseReason, SubmitAnswer, SubmitError};
use smpp::pdu::{CancelSm, DataSm, Destination, QuerySm, ReplaceSm, SubmitMulti};
use smpp::receipt::ReceiptState;
use smpp::tlv;
use tests::edits::{change_agreement, change_sender};
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::amount;

use super::*;

const NUMBER: &str = "4915112345678";

/// A bound client of its own stage.
async fn bound(stage: &Stage, gate: &Gate, name: &str) -> (Client, Session, Inbound) {
    let client = stage.client(name, |_| {}).await;
    let (session, inbound) = gate.bind(client.settings()).await.expect("binds");
    (client, session, inbound)
}

async fn submitted(session: &Session, submit: SubmitSm) -> SubmitAnswer {
    timeout(SOON, session.submit(submit)).await.expect("in time").expect("is answered")
}

#[track_caller]
fn accepted(answer: SubmitAnswer) -> String {
    assert_eq!(answer.status, CommandStatus::ROK);
    answer.message_id
}

#[tokio::test]
async fn a_message_is_charged_at_every_level_before_the_answer_and_its_receipt_comes_back() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let reseller = stage.world.reseller(&stage.world.owner, "0.03").with_funds("100").open().await;
    let member = stage.world.client(&reseller, "0.05").with_funds("10").open().await;
    let client = stage.client_of(member, "acme", |_| {}).await;
    let (session, mut inbound) = gate.bind(client.settings()).await.expect("binds");

    let id = accepted(submitted(&session, client.submit(NUMBER, "Hello")).await);
    assert_eq!(stage.balance(&client.member).await, "9.95");
    assert_eq!(stage.balance(&reseller).await, "99.97");
    let message = stage.message(&id).await;
    assert_eq!((message.status, message.text.as_str(), message.segments), (Status::Accepted, "Hello", 1));

    let is_delivered = async || stage.message(&id).await.status == Status::Delivered;
    stage.work_until("a delivered message", is_delivered).await;
    let receipt = async {
        loop {
            tokio::select! {
                delivery = inbound.next() => return delivery.expect("is bound"),
                () = stage.work() => sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let receipt = timeout(SOON, receipt).await.expect("a receipt");
    assert_eq!(receipt.pdu.tlvs.receipted_message_id().as_deref(), Some(id.as_str()));
    assert_eq!((receipt.pdu.source.as_str(), receipt.pdu.destination.as_str()), (NUMBER, "ACME"));
    receipt.accept();
    let received = stage.simulator.received();
    assert_eq!((received.len(), &received[0].text[..]), (1, &b"Hello"[..]));
    assert_eq!(stage.balance(&client.member).await, "9.95");
    gate.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_that_a_reseller_would_pay_under_what_it_resells_no_more() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let reseller = stage.world.reseller(&stage.world.owner, "0.03").with_funds("100").open().await;
    let member = stage.world.client(&reseller, "0.05").with_funds("10").open().await;
    let ended = Effective { till: Some(Timestamp::UNIX_EPOCH), ..Effective::default() };
    let end = |agreement: &mut Agreement| {
        agreement.ties.insert(ResellingAgreementId::new(1), ended);
    };
    change_agreement(&stage.world.store, &reseller.agreement.id, end).await;
    let client = stage.client_of(member, "acme", |_| {}).await;
    let (session, _inbound) = gate.bind(client.settings()).await.expect("binds");
    let answer = submitted(&session, client.submit(NUMBER, "Hello")).await;
    assert_eq!(answer.status, CommandStatus::RSUBMITFAIL);
    assert_eq!(stage.balance(&client.member).await, "10");
    gate.stop().await;
}

#[tokio::test]
async fn an_assigned_sender_id_sends_over_the_connection_of_the_one_above() {
    let stage = Stage::new().await;
    let (gate, store) = (stage.gate().await, &stage.world.store);
    let reseller = stage.world.reseller(&stage.world.owner, "0.03").with_funds("100").open().await;
    let member = stage.world.client(&reseller, "0.05").with_funds("10").open().await;
    let above = store.sender(&reseller.agreement.id, &reseller.sender).await.expect("is read");
    let sender = above.expect("the reseller has one").id;
    let from = AssignedFrom { sender, agreement: reseller.agreement.id.clone() };
    let assign =
        |sender: &mut SenderOf| (sender.routes, sender.assigned_from) = (Routes::default(), Some(from));
    change_sender(store, &member.agreement.id, &member.sender, assign).await;
    let client = stage.client_of(member, "acme", |_| {}).await;
    let (session, _inbound) = gate.bind(client.settings()).await.expect("binds");
    let id = accepted(submitted(&session, client.submit(NUMBER, "Hello")).await);
    assert_eq!(stage.message(&id).await.connection, connection());
    assert_eq!(stage.balance(&reseller).await, "99.97");
    gate.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_busy_client_sends_is_charged_in_blocks_and_each_message_arrives_once() {
    const COUNT: usize = 150;
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let reseller = stage.world.reseller(&stage.world.owner, "0.03").with_funds("5000").open().await;
    let member = stage.world.client(&reseller, "0.05").with_funds("1000").open().await;
    let client = stage.client_of(member, "busy", |_| {}).await;
    let window = std::num::NonZeroUsize::MIN.saturating_add(99);
    let settings = BindSettings { window, ..client.settings() };
    let (session, mut inbound) = gate.bind(settings).await.expect("binds");
    let receipts = tokio::spawn(async move {
        let mut told = BTreeSet::new();
        while told.len() < COUNT {
            let Some(delivery) = inbound.next().await else { break };
            told.extend(delivery.pdu.tlvs.receipted_message_id());
            delivery.accept();
        }
        told
    });
    let answers = join_all((0..COUNT).map(|number| {
        // Not one of the endings for which the simulator has an outcome of its own.
        submitted(&session, client.submit(&format!("49151{number:05}99"), "hello"))
    }));
    let ids: BTreeSet<_> = answers.await.into_iter().map(accepted).collect();
    assert_eq!(ids.len(), COUNT);
    let is_in_block = |id: &&String| MessageId::parse(id).expect("an id").block().is_some();
    assert!(ids.iter().any(|id| is_in_block(&id)), "none went through a lease");
    assert_eq!(stage.balance(&client.member).await, "992.5");
    stage.work_until("all receipts", async || receipts.is_finished()).await;
    assert_eq!(receipts.await.expect("does not break"), ids);
    let received = stage.simulator.received();
    let numbers: BTreeSet<_> = received.iter().map(|one| one.destination.as_str()).collect();
    assert_eq!((received.len(), numbers.len()), (COUNT, COUNT));
    gate.stop().await;
    stage.work().await;
    assert_eq!(stage.balance(&client.member).await, "992.5");
    assert_eq!(stage.balance(&reseller).await, "4995.5");
}

#[tokio::test]
async fn each_refused_submit_is_told_its_status_and_costs_nothing() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let (client, session, _inbound) = bound(&stage, &gate, "acme").await;
    let good = || client.submit(NUMBER, "hello");
    let blocked = SenderAddress::parse("BLOCKED").expect("a name");
    let sender = SenderOf::new(
        SenderId::new(stage.world.unique()),
        client.member.company.id.clone(),
        client.member.agreement.id.clone(),
        blocked,
        Routes::only(connection(), ConnectionKind::Smpp),
        Timestamp::UNIX_EPOCH,
    );
    let sender = SenderOf { status: SenderStatus::Blocked, ..sender };
    let act = tests::edits::act(&client.member.company.path);
    stage.world.store.put_sender(&act, &sender).await.expect("is stored");
    let from = |source: &str| SubmitSm { source: source.to_owned(), ..good() };
    let cases = [
        (from("OTHER"), CommandStatus::RINVSRCADR),
        (from("BLOCKED"), CommandStatus::RINVSRCADR),
        (from(""), CommandStatus::RINVSRCADR),
        (client.submit("12", "hello"), CommandStatus::RINVDSTADR),
        (client.submit("", "hello"), CommandStatus::RINVDSTADR),
        (client.submit(NUMBER, ""), CommandStatus::RINVMSGLEN),
        (SubmitSm { priority: 4, ..good() }, CommandStatus::RINVPRTFLG),
        (SubmitSm { schedule: "000000010000000R".to_owned(), ..good() }, CommandStatus::RINVSCHED),
        (SubmitSm { validity: "250101000000000+".to_owned(), ..good() }, CommandStatus::RINVEXPIRY),
    ];
    for (number, (submit, status)) in cases.into_iter().enumerate() {
        let answer = submitted(&session, submit).await;
        assert_eq!((answer.status, answer.message_id.as_str()), (status, ""), "{number}");
    }
    let replaced = session.replace(ReplaceSm { message_id: "x".to_owned(), ..ReplaceSm::default() }).await;
    assert_eq!(replaced, Ok(CommandStatus::RREPLACEFAIL));
    assert_eq!(stage.balance(&client.member).await, "10");
    assert_eq!(gate.board.status().clients.connections[0].refused, 9);
    gate.stop().await;
}

#[tokio::test]
async fn the_status_tells_of_a_client_s_window_and_of_how_long_its_answers_took() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let (client, session, _inbound) = bound(&stage, &gate, "acme").await;
    accepted(submitted(&session, client.submit(NUMBER, "hello")).await);
    let refused = submitted(&session, client.submit("12", "hello")).await;
    assert_eq!(refused.status, CommandStatus::RINVDSTADR);
    let told = || {
        let status = serde_json::to_value(gate.board.status()).expect("is JSON");
        status["clients"]["connections"][0].clone()
    };
    // The client has its answer a moment before it is counted.
    until("both answers", || told()["latency"]["count"] == 2 && told()["window"]["used"] == 0).await;
    let told = told();
    assert_eq!(told["window"], json!({"used": 0, "size": client.link().window.get()}));
    let us = |of: &str| told["latency"][of].as_u64().expect("microseconds");
    assert!(us("p50_us") <= us("p99_us") && us("p99_us") <= us("max_us") && 0 < us("max_us"), "{told}");
    gate.stop().await;
}

#[tokio::test]
async fn a_client_without_funds_or_a_price_is_refused_and_one_of_5_0_hears_why() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let poor = stage.world.client(&stage.world.owner, "0.05").with_funds("0.04").open().await;
    let poor = stage.client_of(poor, "poor", |_| {}).await;
    let settings = BindSettings { interface_version: 0x50, ..poor.settings() };
    let (session, _inbound) = gate.bind(settings).await.expect("binds");
    assert_eq!(session.peer().tlvs.interface_version(), Some(0x50));
    let answer = submitted(&session, poor.submit(NUMBER, "hello")).await;
    assert_eq!(answer.status, CommandStatus::RSUBMITFAIL);
    assert_eq!(answer.tlvs.additional_status_info().as_deref(), Some("the funds do not suffice"));
    let (old, _old_inbound) = gate.bind(poor.settings()).await.expect("binds");
    assert_eq!(old.peer().tlvs.interface_version(), Some(0x34));
    let answer = submitted(&old, poor.submit(NUMBER, "hello")).await;
    assert_eq!((answer.status, answer.tlvs.is_empty()), (CommandStatus::RSUBMITFAIL, true));

    let nowhere = RateTree { resources: [(Resource::SmsMessage, elsewhere())].into() };
    let priceless = stage.world.client(&stage.world.owner, "0.05").with_tree(nowhere).with_funds("1");
    let priceless = stage.client_of(priceless.open().await, "priceless", |_| {}).await;
    let (session, _inbound) = gate.bind(priceless.settings()).await.expect("binds");
    let answer = submitted(&session, priceless.submit(NUMBER, "hello")).await;
    assert_eq!(answer.status, CommandStatus::RINVDSTADR);
    gate.stop().await;
}

/// A price for nothing that a German number is.
fn elsewhere() -> Node {
    Node {
        depends_on: Some(Attribute::Country),
        values: [("FR".to_owned(), Node::of_price(Price::Flat { amount: amount("0.01") }))].into(),
        ..Node::default()
    }
}

#[tokio::test]
async fn who_sends_faster_than_it_may_is_throttled() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let client = stage.client("fast", |link| link.rate = NonZeroU32::MIN).await;
    let (session, _inbound) = gate.bind(client.settings()).await.expect("binds");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(submitted(&session, client.submit(NUMBER, "hello")).await.status);
    }
    assert_eq!(statuses[0], CommandStatus::ROK);
    assert!(statuses.contains(&CommandStatus::RTHROTTLED), "{statuses:?}");
    gate.stop().await;
}

#[tokio::test]
async fn an_order_whose_charge_is_not_known_is_not_answered_and_its_bind_ends() {
    let stage = Stage::new().await;
    let is_lost = AtomicBool::new(false);
    let store = stage.world.store_with(move |call: &Call| match call.is_write {
        // The charge arrives; its answer does not, and nothing after it.
        true if !is_lost.swap(true, Ordering::SeqCst) => Fault::TimeoutAppliedAnswerLost,
        _ if is_lost.load(Ordering::SeqCst) => Fault::TimeoutNotApplied,
        _ => Fault::None,
    });
    let door = |listener| Door { listener, certificate: None, behind_proxy: false };
    let gate = stage.gate_charging_at(store, door).await;
    let client = stage.client("acme", |_| {}).await;
    let settings = BindSettings { answer_timeout: Duration::from_secs(3), ..client.settings() };
    let (session, _inbound) = gate.bind(settings).await.expect("binds");
    let answer = timeout(SOON, session.submit(client.submit(NUMBER, "hello"))).await.expect("in time");
    assert_eq!(answer.expect_err("is in doubt"), SubmitError::InDoubt);
    assert_eq!(session.closed().await, CloseReason::UnboundByPeer);
    assert_eq!(stage.balance(&client.member).await, "9.95");
    gate.stop().await;
}

#[tokio::test]
async fn who_asks_for_its_messages_faster_than_it_may_send_is_throttled() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let client = stage.client("fast", |link| link.rate = NonZeroU32::MIN).await;
    let (session, _inbound) = gate.bind(client.settings()).await.expect("binds");
    let id = accepted(submitted(&session, client.submit(NUMBER, "hello")).await);
    let query = || QuerySm { message_id: id.clone(), ..QuerySm::default() };
    assert_eq!(session.query(query()).await.expect("is answered").status, CommandStatus::ROK);
    let queries = join_all((0..3).map(async |_| session.query(query()).await.expect("is answered").status));
    assert!(queries.await.contains(&CommandStatus::RTHROTTLED));
    let cancel = || CancelSm { message_id: "nonsense".to_owned(), ..CancelSm::default() };
    let cancels = join_all((0..3).map(async |_| session.cancel(cancel()).await.expect("is answered")));
    assert!(cancels.await.contains(&CommandStatus::RTHROTTLED));
    gate.stop().await;
}

#[tokio::test]
async fn a_submit_multi_is_one_charged_message_for_each_destination_that_can_be_sent_to() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let (client, session, _inbound) = bound(&stage, &gate, "acme").await;
    let number = |value: &str| Destination::Address(Address { ton: 1, npi: 1, value: value.to_owned() });
    let message = client.submit("", "hello");
    let destinations =
        vec![number(NUMBER), number("12"), number("4915112345679"), Destination::List("friends".to_owned())];
    let many = SubmitMulti { destinations, message: message.clone() };
    let answer = session.submit_multi(many).await.expect("is answered");
    assert_eq!(answer.status, CommandStatus::ROK);
    let unsuccess: Vec<_> =
        answer.answer.unsuccess.iter().map(|one| (one.destination.value.as_str(), one.status)).collect();
    assert_eq!(unsuccess, [("12", CommandStatus::RINVDSTADR), ("friends", CommandStatus::RINVDLNAME)]);
    assert_eq!(stage.message(&answer.answer.message_id).await.recipient.as_str(), NUMBER);
    assert_eq!(stage.balance(&client.member).await, "9.9");

    let none = SubmitMulti { destinations: vec![number("12"), number("13")], message };
    let answer = session.submit_multi(none).await.expect("is answered");
    assert_eq!(answer.status, CommandStatus::RINVDSTADR);
    assert_eq!(stage.balance(&client.member).await, "9.9");
    gate.stop().await;
}

#[tokio::test]
async fn a_submit_multi_is_answered_where_some_of_it_is_charged_and_only_then_if_a_charge_is_not_known() {
    const UNKNOWN: &str = "4915112345679";
    let stage = Stage::new().await;
    let store = stage.world.store_with(|call: &Call| match call.body.to_string().contains(UNKNOWN) {
        true => Fault::TimeoutNotApplied,
        false => Fault::None,
    });
    let door = |listener| Door { listener, certificate: None, behind_proxy: false };
    let gate = stage.gate_charging_at(store, door).await;
    let client = stage.client("acme", |_| {}).await;
    let settings = BindSettings { answer_timeout: Duration::from_secs(3), ..client.settings() };
    let (session, _inbound) = gate.bind(settings).await.expect("binds");
    let many = |numbers: &[&str]| {
        let number = |value: &&str| Address { ton: 1, npi: 1, value: (*value).to_owned() };
        let destinations = numbers.iter().map(number).map(Destination::Address).collect();
        session.submit_multi(SubmitMulti { destinations, message: client.submit("", "hello") })
    };
    let answer = timeout(SOON, many(&[UNKNOWN, NUMBER])).await.expect("in time").expect("is answered");
    assert_eq!(answer.status, CommandStatus::ROK);
    let unsuccess: Vec<_> =
        answer.answer.unsuccess.iter().map(|one| (one.destination.value.as_str(), one.status)).collect();
    assert_eq!(unsuccess, [(UNKNOWN, CommandStatus::RSYSERR)]);
    assert_eq!(stage.message(&answer.answer.message_id).await.recipient.as_str(), NUMBER);
    assert_eq!(stage.balance(&client.member).await, "9.95");

    let answer = timeout(SOON, many(&["12", UNKNOWN])).await.expect("in time");
    assert_eq!(answer.expect_err("is in doubt"), SubmitError::InDoubt);
    assert_eq!(session.closed().await, CloseReason::UnboundByPeer);
    gate.stop().await;
}

#[tokio::test]
async fn a_data_sm_and_a_long_payload_and_cut_parts_are_charged_by_the_segment() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let (client, session, _inbound) = bound(&stage, &gate, "acme").await;
    let SubmitSm { source, source_ton, .. } = client.submit(NUMBER, "");
    let mut data = DataSm {
        source: Address { ton: source_ton, npi: 0, value: source },
        destination: Address { ton: 1, npi: 1, value: NUMBER.to_owned() },
        ..DataSm::default()
    };
    data.tlvs.push(tlv::MESSAGE_PAYLOAD, vec![b'a'; 400]);
    let id = accepted(session.data(data).await.expect("is answered"));
    let message = stage.message(&id).await;
    assert_eq!((message.segments, message.text.len()), (3, 400));
    assert_eq!(stage.balance(&client.member).await, "9.85");

    let mut part = SubmitSm { esm_class: 0x40, ..client.submit(NUMBER, "") };
    part.short_message = [&smpp::udh::concat_header(1, 2, 1)[..], b"first"].concat().into();
    let id = accepted(submitted(&session, part).await);
    let message = stage.message(&id).await;
    assert_eq!((message.segments, message.text.as_str()), (1, "first"));
    assert_eq!(stage.balance(&client.member).await, "9.8");

    let binary = SubmitSm { data_coding: 4, ..client.submit(NUMBER, "\u{1}\u{2}") };
    let id = accepted(submitted(&session, binary).await);
    stage.work_until("all of it at the vendor", async || stage.simulator.received().len() == 5).await;
    let received = stage.simulator.received();
    let octets = stage.message(&id).await.handling.raw.expect("in octets").octets;
    assert!(received.iter().any(|one| one.text[..] == octets && one.data_coding == 4), "{received:?}");
    assert!(received.iter().any(|one| &one.text[..] == b"first" && !one.udh.is_empty()));
    gate.stop().await;
}

#[tokio::test]
async fn a_client_asks_for_its_messages_and_calls_them_back_and_nobody_elses() {
    let stage = Stage::new().await;
    let gate = stage.gate().await;
    let (client, session, _inbound) = bound(&stage, &gate, "acme").await;
    let (_, stranger, _stranger_inbound) = bound(&stage, &gate, "other").await;
    let id = accepted(submitted(&session, client.submit(NUMBER, "hello")).await);
    let query = || QuerySm { message_id: id.clone(), ..QuerySm::default() };
    let cancel = |id: &str| CancelSm { message_id: id.to_owned(), ..CancelSm::default() };

    let asked = session.query(query()).await.expect("is answered");
    assert_eq!(asked.answer.message_state, ReceiptState::Enroute.number());
    assert_eq!((asked.answer.message_id.as_str(), asked.answer.final_date.as_str()), (id.as_str(), ""));
    assert_eq!(stranger.query(query()).await.expect("is answered").status, CommandStatus::RINVMSGID);
    assert_eq!(stranger.cancel(cancel(&id)).await, Ok(CommandStatus::RINVMSGID));
    assert_eq!(session.cancel(cancel("")).await, Ok(CommandStatus::RCANCELFAIL));
    assert_eq!(session.cancel(cancel("nonsense")).await, Ok(CommandStatus::RINVMSGID));

    assert_eq!(stage.balance(&client.member).await, "9.95");
    assert_eq!(session.cancel(cancel(&id)).await, Ok(CommandStatus::ROK));
    assert_eq!(stage.balance(&client.member).await, "10");
    assert_eq!(session.cancel(cancel(&id)).await, Ok(CommandStatus::ROK), "the answer may have been lost");
    assert_eq!(stage.balance(&client.member).await, "10");
    let asked = session.query(query()).await.expect("is answered");
    assert_eq!(asked.answer.message_state, ReceiptState::Deleted.number());
    assert_eq!(asked.answer.final_date.len(), 16);
    gate.stop().await;
}
