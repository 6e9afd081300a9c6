//! What vendors deliver: receipts, and messages from phones. Whatever it is, the vendor keeps it until the
//! progress queue has it.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::connection::{StatusOutcome, StatusRule};
use queue::{Incoming, IncomingPart};
use runtime::targets::Targets;
use smpp::coding::Alphabet;

use super::*;

impl Stage {
    /// What came from phones.
    fn incoming(&self) -> Vec<Incoming> {
        let incoming = |progress| match progress {
            Progress::IncomingV1 { incoming, connection, .. } => {
                assert_eq!(connection, self.connection.id);
                Some(*incoming)
            }
            _ => None,
        };
        self.progress().into_iter().filter_map(incoming).collect()
    }

    fn gathered(&self) -> usize {
        let is_receipts = |progress: &&Progress| matches!(progress, Progress::ReceiptsV1 { .. });
        self.progress().iter().filter(is_receipts).count()
    }

    /// A gateway whose progress queue is down as long as the flag says so.
    pub(super) fn gateway_with_outage(&self, is_down: Arc<AtomicBool>, pace: Pace) -> Gateway {
        let failing = self.sqs.client_with(move |_| match is_down.load(Ordering::Relaxed) {
            true => Fault::Failure,
            false => Fault::None,
        });
        self.gateway_with(Sender::new(failing, self.progress.clone()), pace)
    }
}

fn from_phone(data_coding: u8, octets: &[u8]) -> DeliverSm {
    DeliverSm {
        source_ton: 1,
        source_npi: 1,
        source: "4915112345678".to_owned(),
        destination_ton: 3,
        destination: "12345".to_owned(),
        data_coding,
        short_message: octets.to_vec().into(),
        ..DeliverSm::default()
    }
}

/// One part of a long one.
fn part(reference: u8, total: u8, number: u8, octets: &[u8]) -> DeliverSm {
    let octets = [&udh::concat_header(reference, total, number), octets].concat();
    DeliverSm { esm_class: udh::ESM_CLASS_UDHI, ..from_phone(0, &octets) }
}

pub(super) fn receipt(text: &str) -> DeliverSm {
    DeliverSm { esm_class: 0x04, ..from_phone(0, text.as_bytes()) }
}

#[tokio::test]
async fn receipts_that_come_together_are_passed_on_together() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    until("a bind", || simulator.binds().len() == 1).await;
    for number in 0..1_000 {
        simulator.send_incoming(SYSTEM_ID, receipt(&format!("id:{number} stat:DELIVRD")));
    }
    until("all receipts", || stage.receipts().len() == 1_000).await;
    until("all acknowledgements", || simulator.undelivered_count() == 0).await;
    let mut ids: Vec<u32> = stage.receipts().iter().map(|(id, _)| id.parse().expect("a number")).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
    assert!(stage.gathered() <= 200, "{} progresses", stage.gathered());
    running.stop().await;
}

#[tokio::test]
async fn what_the_queue_does_not_take_stays_with_the_vendor() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    let is_down = Arc::new(AtomicBool::new(true));
    let running = run(stage.gateway_with_outage(is_down.clone(), pace()), bind::tcp(Targets::Any));
    until("a bind", || simulator.binds().len() == 1).await;
    for number in 0..20 {
        simulator.send_incoming(SYSTEM_ID, receipt(&format!("id:{number} stat:DELIVRD")));
    }
    simulator.send_incoming(SYSTEM_ID, from_phone(0, b"hello"));
    sleep(MOMENT).await;
    assert_eq!((simulator.undelivered_count(), stage.progress().len()), (21, 0));
    is_down.store(false, Ordering::Relaxed);
    until("all acknowledgements", || simulator.undelivered_count() == 0).await;
    assert_eq!((stage.receipts().len(), stage.incoming().len()), (20, 1));
    running.stop().await;
}

#[tokio::test]
async fn a_vendors_words_mean_what_the_connection_says() {
    let rules = |connection: &mut Connection| {
        let link = smpp_link(connection);
        link.inverted_addresses = true;
        let (status, outcome) = ("REJECTD".to_owned(), StatusOutcome::Unsent);
        link.statuses = vec![StatusRule { status, codes: vec!["010".to_owned()], outcome }];
    };
    let (simulator, stage) = staged(Behaviour::default(), rules).await;
    let running = stage.run();
    until("a bind", || simulator.binds().len() == 1).await;
    let on_the_way = DeliverSm { esm_class: 0x20, ..receipt("id:3 stat:REJECTD err:010") };
    let receipts = [receipt("id:1 stat:REJECTD err:010"), receipt("id:2 stat:REJECTD err:011"), on_the_way];
    for receipt in receipts {
        simulator.send_incoming(SYSTEM_ID, receipt);
    }
    until("all receipts", || stage.receipts().len() == 3).await;
    let mut receipts = stage.receipts();
    receipts.sort_by(|(id, _), (other, _)| id.cmp(other));
    let states: Vec<_> = receipts.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [ReceiptState::Unsent, ReceiptState::Rejected, ReceiptState::Enroute]);
    assert!(stage.reports().iter().all(|report| report.recipient.as_deref() == Some("12345")));
    running.stop().await;
}

#[tokio::test]
async fn a_receipt_that_cannot_be_read_is_listed_and_keeps_nothing_back() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    until("a bind", || simulator.binds().len() == 1).await;
    simulator.send_incoming(SYSTEM_ID, receipt("nothing to be read here"));
    simulator.send_incoming(SYSTEM_ID, receipt("id:7 stat:FROBBED"));
    simulator.send_incoming(SYSTEM_ID, receipt("id:1 stat:DELIVRD"));
    until("the other receipt", || stage.receipts() == [("1".to_owned(), ReceiptState::Delivered)]).await;
    until("all acknowledgements", || simulator.undelivered_count() == 0).await;
    let listed = stage.store.unmatched_receipts(&stage.connection.id, 10, None).await.expect("a list");
    let mut receipts: Vec<_> = listed.items.iter().map(|unmatched| &unmatched.receipt).collect();
    receipts.sort_by_key(|receipt| &receipt.reference);
    let [unreadable, of_no_known_state] = receipts[..] else { panic!("{receipts:?}") };
    for (receipt, reference) in [(unreadable, ""), (of_no_known_state, "7")] {
        assert_eq!((receipt.reference.as_str(), receipt.state), (reference, ReceiptState::Unknown));
        assert_eq!(receipt.recipient.as_deref(), Some("4915112345678"));
    }
    running.stop().await;
}

#[tokio::test]
async fn an_acknowledgement_of_a_phone_is_taken_and_passed_over_unless_it_is_a_receipt() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    let gateway = stage.gateway();
    let board = gateway.board();
    let running = run(gateway, bind::tcp(Targets::Any));
    until("a bind", || simulator.binds().len() == 1).await;
    for esm_class in [0x08, 0x10, 0x18] {
        simulator.send_incoming(SYSTEM_ID, DeliverSm { esm_class, ..from_phone(0, b"1") });
    }
    let as_one = DeliverSm { esm_class: 0x08, ..receipt("id:1 stat:DELIVRD") };
    simulator.send_incoming(SYSTEM_ID, as_one);
    until("the receipt", || stage.receipts() == [("1".to_owned(), ReceiptState::Delivered)]).await;
    until("all acknowledgements", || simulator.undelivered_count() == 0).await;
    assert_eq!(stage.incoming().len(), 0);
    assert_eq!(super::links::snapshot(&board).await.deliveries.acknowledgements, 3);
    running.stop().await;
}

#[tokio::test]
async fn a_message_from_a_phone_is_passed_on_with_its_text_and_its_octets() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    until("a bind", || simulator.binds().len() == 1).await;
    let cyrillic = Alphabet::Ucs2.from_text("Привет 👋").expect("has all of it");
    let messages = [
        (0, &b"STOP \x00"[..], "STOP @"),
        (8, &cyrillic[..], "Привет 👋"),
        (3, &b"caf\xE9"[..], "café"),
        (4, &b"\xFFdata"[..], "\u{FFFD}data"),
    ];
    for (number, (data_coding, octets, text)) in (1..).zip(messages) {
        simulator.send_incoming(SYSTEM_ID, from_phone(data_coding, octets));
        until("the message", || stage.incoming().len() == number).await;
        let incoming = stage.incoming().remove(number - 1);
        assert_eq!((incoming.data_coding, incoming.text.as_str()), (data_coding, text));
        assert_eq!((incoming.octets, incoming.part), (hex::encode(octets), None));
        assert_eq!((incoming.source.ton, incoming.source.value.as_str()), (1, "4915112345678"));
        assert_eq!((incoming.destination.ton, incoming.destination.value.as_str()), (3, "12345"));
    }
    until("all acknowledgements", || simulator.undelivered_count() == 0).await;
    running.stop().await;
}

#[tokio::test]
async fn the_parts_of_a_long_message_from_a_phone_come_in_any_order_and_say_which_they_are() {
    let (simulator, stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    until("a bind", || simulator.binds().len() == 1).await;
    for (number, text) in [(3, "three"), (1, "one"), (2, "two")] {
        simulator.send_incoming(SYSTEM_ID, part(7, 3, number, text.as_bytes()));
    }
    until("all parts", || stage.incoming().len() == 3).await;
    let mut parts: Vec<_> =
        stage.incoming().into_iter().map(|incoming| (incoming.part, incoming.text)).collect();
    parts.sort_by_key(|(part, _)| part.map(|part| part.number));
    let expected = [(1, "one"), (2, "two"), (3, "three")]
        .map(|(number, text)| (Some(IncomingPart { reference: 7, total: 3, number }), text.to_owned()));
    assert_eq!(parts, expected);
    running.stop().await;
}

#[tokio::test]
async fn a_vendor_that_names_the_phone_second_is_understood() {
    let inverted = |connection: &mut Connection| smpp_link(connection).inverted_addresses = true;
    let (simulator, stage) = staged(Behaviour::default(), inverted).await;
    let running = stage.run();
    until("a bind", || simulator.binds().len() == 1).await;
    simulator.send_incoming(SYSTEM_ID, from_phone(0, b"hello"));
    until("the message", || stage.incoming().len() == 1).await;
    let incoming = stage.incoming().remove(0);
    assert_eq!(
        (incoming.source.value.as_str(), incoming.destination.value.as_str()),
        ("12345", "4915112345678")
    );
    running.stop().await;
}
