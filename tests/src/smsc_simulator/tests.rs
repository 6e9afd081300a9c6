//! The simulator against our own client, over TCP.

use std::collections::HashMap;
use std::time::Instant;

use smpp::esme::{self, BindError, BindSettings, CloseReason, Inbound, Session, SubmitError};
use smpp::receipt::{self, ReceiptState, id_forms};
use smpp::udh;

use super::*;

const SOON: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(150);

async fn client(simulator: &SmscSimulator, mode: BindMode, window: usize) -> (Session, Inbound) {
    let settings = BindSettings {
        bind_mode: mode,
        window: window.try_into().expect("not zero"),
        answer_timeout: SHORT * 4,
        ..BindSettings::new("acme", "secret")
    };
    let stream = tcp::connect(simulator.address()).await.expect("connects");
    esme::bind(stream, settings).await.expect("binds")
}

async fn bound(behaviour: Behaviour) -> (SmscSimulator, Session, Inbound) {
    let simulator = SmscSimulator::start(behaviour).await.expect("starts");
    let (session, inbound) = client(&simulator, BindMode::Transceiver, 10).await;
    (simulator, session, inbound)
}

fn to(destination: &str) -> SubmitSm {
    SubmitSm {
        source: "Waybill".to_owned(),
        destination: destination.to_owned(),
        registered_delivery: 1,
        short_message: "hello".into(),
        ..SubmitSm::default()
    }
}

/// The next receipt, acknowledged.
async fn next(inbound: &mut Inbound) -> receipt::Receipt {
    let delivery = timeout(SOON, inbound.next()).await.expect("comes in time").expect("comes");
    let receipt = receipt::parse(&delivery.pdu).expect("is a receipt");
    delivery.accept();
    receipt
}

#[track_caller]
fn assert_same_id(one: &str, other: &str) {
    let forms = id_forms(one);
    assert!(id_forms(other).iter().any(|form| forms.contains(form)), "{one} {other}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_submits_in_a_window_of_a_hundred_all_get_their_receipt() {
    const COUNT: usize = 10_000;
    let behaviour = Behaviour { overrides: Vec::new(), ..Behaviour::default() };
    let simulator = SmscSimulator::start(behaviour).await.expect("starts");
    let (session, mut inbound) = client(&simulator, BindMode::Transceiver, 100).await;
    let receipts = tokio::spawn(async move {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for _ in 0..COUNT {
            *seen.entry(next(&mut inbound).await.id).or_default() += 1;
        }
        seen
    });
    let started = Instant::now();
    let submits = (0..COUNT).map(|number| {
        let session = session.clone();
        tokio::spawn(async move { session.submit(to(&format!("4917{number:08}"))).await })
    });
    let mut ids = Vec::new();
    for submit in submits.collect::<Vec<_>>() {
        let answer = submit.await.expect("ends").expect("is answered");
        assert!(answer.status.is_ok());
        ids.push(answer.message_id);
    }
    let seen = receipts.await.expect("ends");
    println!("{COUNT} submits and receipts in {} ms", started.elapsed().as_millis());
    assert!(ids.iter().all(|id| seen.get(id) == Some(&1)));
    assert_eq!(simulator.received_count(), COUNT as u64);
    assert_eq!(session.unbind().await, CloseReason::Unbound);
}

#[tokio::test]
async fn endings_single_out_failed_refused_and_throttled_messages() {
    let (simulator, session, mut inbound) = bound(Behaviour::default()).await;
    for (ending, state, error) in [
        ("0001", ReceiptState::Undeliverable, "001"),
        ("0002", ReceiptState::Expired, "002"),
        ("0010", ReceiptState::Rejected, "010"),
        ("4711", ReceiptState::Delivered, "000"),
    ] {
        let answer = session.submit(to(&format!("4917{ending}"))).await.expect("is answered");
        let receipt = next(&mut inbound).await;
        assert_eq!((receipt.state, receipt.error.as_deref()), (state, Some(error)));
        assert_eq!(receipt.id, answer.message_id);
    }
    let mut statuses = Vec::new();
    for destination in ["49170005", "49170006", "49170006"] {
        statuses.push(session.submit(to(destination)).await.expect("is answered").status);
    }
    let expected = [CommandStatus::RINVDSTADR, CommandStatus::RTHROTTLED, CommandStatus::ROK];
    assert_eq!(statuses, expected);
    next(&mut inbound).await;
    let received = simulator.received();
    assert_eq!(received.len(), 7);
    assert_eq!(received.iter().filter(|submit| submit.vendor_id.is_none()).count(), 2);
}

#[tokio::test]
async fn endings_single_out_receipts_that_are_late_missing_early_or_doubled() {
    let behaviour = Behaviour { late_by: SHORT * 2, ..Behaviour::default() };
    let (_simulator, session, mut inbound) = bound(behaviour).await;
    session.submit(to("49170004")).await.expect("is answered");
    let started = Instant::now();
    session.submit(to("49170003")).await.expect("is answered");
    next(&mut inbound).await;
    assert!(SHORT * 2 <= started.elapsed());

    let (answer, receipt) = tokio::join!(session.submit(to("49170008")), async {
        let delivery = inbound.next().await.expect("comes");
        let receipt = receipt::parse(&delivery.pdu).expect("is a receipt");
        delivery.accept(); // the submit's answer comes only now
        receipt
    });
    assert_eq!(answer.expect("is answered").message_id, receipt.id);

    session.submit(to("49170011")).await.expect("is answered");
    assert_eq!(next(&mut inbound).await, next(&mut inbound).await);
    assert!(timeout(SHORT, inbound.next()).await.is_err(), "one more than expected");
}

#[tokio::test]
async fn a_submit_without_answer_and_a_dropped_connection_leave_the_client_in_doubt() {
    let (simulator, session, mut inbound) = bound(Behaviour::default()).await;
    assert_eq!(session.submit(to("49170007")).await, Err(SubmitError::InDoubt));
    next(&mut inbound).await;
    assert_eq!(session.submit(to("49170009")).await, Err(SubmitError::InDoubt));
    assert!(matches!(session.closed().await, CloseReason::Lost(_)));
    assert_eq!(simulator.received_count(), 2);
}

#[tokio::test]
async fn receipts_wait_for_a_receiver_and_come_again_until_acknowledged() {
    let simulator = SmscSimulator::start(Behaviour::default()).await.expect("starts");
    let (transmitter, _) = client(&simulator, BindMode::Transmitter, 10).await;
    let answer = transmitter.submit(to("4917")).await.expect("is answered");
    tokio::time::sleep(SHORT).await;
    assert_eq!(simulator.undelivered_count(), 1);

    let (_receiver, mut inbound) = client(&simulator, BindMode::Receiver, 10).await;
    assert_eq!(simulator.binds().len(), 2);
    let unacknowledged = inbound.next().await.expect("comes");
    simulator.disconnect_all();
    assert!(inbound.next().await.is_none());
    drop(unacknowledged);

    let (_receiver, mut inbound) = client(&simulator, BindMode::Receiver, 10).await;
    inbound.next().await.expect("comes again").refuse(CommandStatus::RX_T_APPN);
    assert_eq!(next(&mut inbound).await.id, answer.message_id);
    tokio::time::sleep(SHORT).await;
    assert_eq!(simulator.undelivered_count(), 0);
}

#[tokio::test]
async fn ids_are_written_in_each_form_and_place_and_still_match() {
    let (simulator, session, mut inbound) = bound(Behaviour::default()).await;
    for (answer_id, receipt_id) in [
        (IdForm::Hex, IdForm::ZeroPadded),
        (IdForm::Decimal, IdForm::Hex),
        (IdForm::ZeroPadded, IdForm::Decimal),
        (IdForm::Uuid, IdForm::Uuid),
    ] {
        for receipt_form in
            [ReceiptForm::Both, ReceiptForm::Text, ReceiptForm::Parameters, ReceiptForm::Payload]
        {
            simulator.set_behaviour(Behaviour {
                answer_id,
                receipt_id,
                receipt_form,
                ..Behaviour::default()
            });
            let answer = session.submit(to("4917")).await.expect("is answered");
            assert_same_id(&answer.message_id, &next(&mut inbound).await.id);
        }
    }
}

#[tokio::test]
async fn only_receipts_that_were_asked_for_are_sent() {
    let (_simulator, session, mut inbound) = bound(Behaviour::default()).await;
    for registered_delivery in [0, 2, 4] {
        let submit = SubmitSm { registered_delivery, ..to("4917") };
        session.submit(submit).await.expect("is answered");
    }
    assert!(timeout(SHORT, inbound.next()).await.is_err());
    session.submit(SubmitSm { registered_delivery: 2, ..to("49170001") }).await.expect("is answered");
    assert_eq!(next(&mut inbound).await.state, ReceiptState::Undeliverable);
}

#[tokio::test]
async fn what_was_received_is_told_with_its_header_apart() {
    let (simulator, session, _inbound) = bound(Behaviour::default()).await;
    let header = udh::concat_header(7, 2, 1);
    let submit = SubmitSm {
        esm_class: udh::ESM_CLASS_UDHI,
        data_coding: 8,
        short_message: [&header[..], b"\x04\x16"].concat().into(),
        ..to("4917")
    };
    let answer = session.submit(submit).await.expect("is answered");
    let received = simulator.received();
    assert_eq!(received[0].udh, header[..]);
    assert_eq!(received[0].text, b"\x04\x16"[..]);
    assert_eq!(received[0].vendor_id, Some(answer.message_id));
    assert_eq!((received[0].data_coding, received[0].source.as_str()), (8, "Waybill"));
}

#[tokio::test]
async fn a_message_from_a_phone_reaches_the_client() {
    let (simulator, _session, mut inbound) = bound(Behaviour::default()).await;
    simulator.send_incoming("acme", to("12345"));
    let delivery = timeout(SOON, inbound.next()).await.expect("comes in time").expect("comes");
    assert!(!receipt::is_receipt(&delivery.pdu));
    assert_eq!(delivery.pdu.destination, "12345");
    delivery.accept();
}

#[tokio::test]
async fn a_long_text_from_a_phone_comes_in_parts() {
    let (simulator, _session, mut inbound) = bound(Behaviour::default()).await;
    simulator.send_text("acme", "+4915112345678", "12345", &"0123456789".repeat(20));
    let mut parts = Vec::new();
    for _ in 0..2 {
        let delivery = timeout(SOON, inbound.next()).await.expect("comes in time").expect("comes");
        assert_eq!((delivery.pdu.source_ton, delivery.pdu.destination_ton), (1, 3));
        parts.push(part_of(&delivery.pdu));
        delivery.accept();
    }
    parts.sort_by_key(|(concat, _)| concat.map(|concat| concat.part));
    let text: Vec<u8> = parts.iter().flat_map(|(_, text)| text.to_vec()).collect();
    assert_eq!(text, "0123456789".repeat(20).as_bytes());
}

#[tokio::test]
async fn addresses_may_be_the_other_way_round() {
    let behaviour = Behaviour { inverted_addresses: true, ..Behaviour::default() };
    let (simulator, session, mut inbound) = bound(behaviour).await;
    session.submit(to("4917")).await.expect("is answered");
    let receipt = timeout(SOON, inbound.next()).await.expect("comes in time").expect("comes");
    assert_eq!((receipt.pdu.source.as_str(), receipt.pdu.destination.as_str()), ("Waybill", "4917"));
    receipt.accept();
    simulator.send_text("acme", "+4915112345678", "12345", "hi");
    let message = timeout(SOON, inbound.next()).await.expect("comes in time").expect("comes");
    assert_eq!((message.pdu.source.as_str(), message.pdu.source_ton), ("12345", 3));
    message.accept();
}

#[tokio::test]
async fn one_bind_too_many_is_refused_and_any_can_be_dropped_alone() {
    let (simulator, session, _inbound) = bound(Behaviour { binds_max: 2, ..Behaviour::default() }).await;
    let (_receiver, mut receipts) = client(&simulator, BindMode::Receiver, 10).await;
    let stream = tcp::connect(simulator.address()).await.expect("connects");
    let refused = esme::bind(stream, BindSettings::new("acme", "secret")).await.err();
    assert!(matches!(refused, Some(BindError::Refused(CommandStatus::RALYBND))), "{refused:?}");

    let binds = simulator.binds();
    session.submit(to("49170004")).await.expect("is answered");
    assert_eq!(simulator.received()[0].bind, binds[0].number);
    simulator.disconnect(binds[1].number);
    assert!(receipts.next().await.is_none());
    assert!(!session.is_closed());
    client(&simulator, BindMode::Receiver, 10).await;
}

#[tokio::test]
async fn the_share_of_failures_is_kept() {
    let behaviour = Behaviour { failed_per_mille: 1000, ..Behaviour::default() };
    let (_simulator, session, mut inbound) = bound(behaviour).await;
    session.submit(to("4917")).await.expect("is answered");
    assert_eq!(next(&mut inbound).await.error.as_deref(), Some("099"));
}

#[tokio::test]
async fn a_wrong_name_or_password_is_refused() {
    let credentials = Some(("acme".to_owned(), "secret".to_owned()));
    let behaviour = Behaviour { credentials, ..Behaviour::default() };
    let (simulator, _session, _inbound) = bound(behaviour).await;
    for (system_id, password, status) in
        [("acme", "wrong", CommandStatus::RINVPASWD), ("other", "secret", CommandStatus::RINVSYSID)]
    {
        let stream = tcp::connect(simulator.address()).await.expect("connects");
        let refused = esme::bind(stream, BindSettings::new(system_id, password)).await.err();
        assert!(matches!(refused, Some(BindError::Refused(said)) if said == status), "{refused:?}");
    }
}

#[tokio::test]
async fn stopping_unbinds_the_clients() {
    let (simulator, session, _inbound) = bound(Behaviour::default()).await;
    simulator.stop().await;
    assert_eq!(session.closed().await, CloseReason::UnboundByPeer);
}
