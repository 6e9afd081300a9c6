//! Receipts on their way to a client: from the end of a message through the projector and the client's
//! queue to its receivers, in order, whatever these do.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event;
use domain::connection::Connection;
use domain::handling::{ClientAddress, Handling, Origin, ReceiptsWanted};
use domain::id::{BatchId, MessageId};
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, Status};
use domain::receipt::ReceiptState;
use queue::{ClientReceipt, ForClient, Outcome, Progress, Report, Sender};
use smpp::CommandStatus;
use smpp_gateway::client::account::Account;
use smpp_gateway::client::deliveries::{Deliveries, Pauses};
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, World};
use tokio::sync::mpsc;
use tokio::time::timeout;

use tests::receiver::{Receiver, account, destination_or_text, gateway, until};

/// A client, its connection, and what it is to be given.
struct Stage {
    world: World,
    client: Member,
    sqs: EmbeddedSqs,
    account: Account,
}

fn address(value: &str) -> ClientAddress {
    ClientAddress { ton: 1, npi: 1, value: value.to_owned() }
}

fn receipt(number: u16) -> ClientReceipt {
    ClientReceipt {
        message: MessageId::in_batch(&BatchId::new(1), number),
        source: address("ACME"),
        destination: address("4915112345678"),
        state: ReceiptState::Delivered,
        error: None,
        accepted_at: NOW,
        finished_at: NOW,
        text: String::new(),
    }
}

/// A gateway that tries again at once.
fn eager_gateway(sqs: &EmbeddedSqs) -> Deliveries {
    let pause = Duration::from_millis(1);
    Deliveries::new(sqs.client(), Pauses { first: pause, longest: pause })
}

fn ids(numbers: impl IntoIterator<Item = u16>) -> Vec<String> {
    numbers.into_iter().map(|number| receipt(number).message.to_string()).collect()
}

impl Stage {
    async fn new() -> Self {
        let world = World::with_streams(&["messages"]).await;
        let client = world.client(&world.owner, "0.05").with_funds("10").open().await;
        let sqs = EmbeddedSqs::new();
        let account = account(&world, &client, &sqs).await;
        Self { world, client, sqs, account }
    }

    /// Puts receipts into the client's queue, `together` in each message.
    async fn enqueue(&self, count: u16, together: usize) {
        let receipts: Vec<_> = (0..count).map(receipt).collect();
        let packs = receipts.chunks(together).enumerate();
        let messages: Vec<_> = packs
            .map(|(place, some)| (place.to_string(), ForClient::ReceiptsV1 { receipts: some.to_vec() }))
            .collect();
        let queue = Sender::new(self.sqs.client(), self.account.link.queue_url.clone());
        queue.send_group(self.account.connection.as_str(), &messages).await.expect("is sent");
    }

    fn waiting(&self) -> Vec<ForClient> {
        self.sqs.messages(&self.account.link.queue_url)
    }

    async fn until_empty(&self) {
        until("an empty queue", || self.waiting().is_empty()).await;
    }

    /// A message that came over the client's bind, and is with the vendor.
    async fn submitted(&self, key: &str, receipts: ReceiptsWanted) -> Message {
        let origin = Origin {
            connection: self.account.connection.clone(),
            receipts,
            source: ClientAddress { ton: 5, npi: 0, value: "ACME".to_owned() },
            destination: address("4915112345678"),
        };
        let mut draft = self.client.draft(key, "hello", 1).expect("a rate");
        draft.batch.handling = Handling { origin: Some(origin), ..Handling::default() };
        self.world.store.accept(&draft).await.expect("accepted");
        let id = draft.single.expect("one recipient is a message");
        self.world.store.claim(&id).await.expect("claimed");
        let references = vec![Some(format!("vendor-{key}"))];
        self.apply(Progress::SubmittedV1 { message: id.clone(), references, connection: None, at: NOW })
            .await;
        self.world.store.message(&id).await.expect("read").expect("there")
    }

    async fn report(&self, message: &Message, key: &str, state: ReceiptState) {
        self.apply(Progress::ReceiptV1 {
            connection: message.connection.clone(),
            reference: format!("vendor-{key}"),
            state,
            error: Some("021".to_owned()),
            recipient: None,
            at: NOW,
        })
        .await;
    }

    async fn apply(&self, progress: Progress) {
        let app = progress_applier::App { store: self.world.store.clone() };
        app.apply(progress).await.expect("applied");
    }

    /// Lets the projector work off what has changed, `times` over.
    async fn project(&self, times: usize) {
        let event = self.world.database.take_stream("world-messages");
        for _ in 0..times {
            self.project_event(event.clone()).await;
        }
    }

    async fn project_event(&self, event: Event) {
        let queue = |name: &str| Sender::new(self.sqs.client(), self.sqs.queue(name));
        let app = projector::App {
            store: self.world.store.clone(),
            sqs: self.sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: tests::embedded_s3::EmbeddedS3::new().archive(),
        };
        // Its job is nobody's here.
        let vendor = Connection {
            id: tests::world::connection(),
            link: domain::connection::Link::Smpp(domain::connection::SmppLink {
                queue_url: self.sqs.queue("jobs"),
                ..domain::connection::SmppLink::new("127.0.0.1", 2775, "us")
            }),
            ..self.world.store.any_connection(&self.account.connection).await.expect("read").expect("there")
        };
        let act = tests::edits::act(std::slice::from_ref(&vendor.company));
        let _ = self.world.store.create_connection(&act, &vendor).await;
        projector::handle(&app, event).await.expect("projected");
    }
}

#[tokio::test]
async fn the_end_of_a_message_is_told_once_to_the_client_it_came_from_if_it_wants_to_hear() {
    let stage = Stage::new().await;
    let mut messages = Vec::new();
    for (key, wanted, state) in [
        ("a", ReceiptsWanted::Final, ReceiptState::Delivered),
        ("b", ReceiptsWanted::Failures, ReceiptState::Delivered),
        ("c", ReceiptsWanted::Failures, ReceiptState::Undelivered),
        ("d", ReceiptsWanted::None, ReceiptState::Undelivered),
    ] {
        let message = stage.submitted(key, wanted).await;
        stage.report(&message, key, state).await;
        messages.push(message);
    }
    stage.project(2).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let delivery = receiver.next().await;
        let text = String::from_utf8_lossy(&delivery.pdu.short_message).into_owned();
        assert_eq!(
            (delivery.pdu.source.as_str(), delivery.pdu.destination.as_str()),
            ("4915112345678", "ACME")
        );
        told.push((destination_or_text(&delivery), text.contains("stat:DELIVRD"), text.contains("err:021")));
        delivery.accept();
    }
    let id = |place: usize| messages[place].id.to_string();
    told.sort();
    let mut expected = vec![(id(0), true, false), (id(2), false, true)];
    expected.sort();
    assert_eq!(told, expected);
    receiver.gets_nothing().await;
    stage.until_empty().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn what_two_writes_have_ended_at_one_moment_is_told_once_however_the_stream_is_cut() {
    let stage = Stage::new().await;
    let message = stage.submitted("a", ReceiptsWanted::Final).await;
    let new = Message {
        status: Status::Accepted,
        submitted_at: None,
        parts: Vec::new(),
        revision: 0,
        ..message.clone()
    };
    let tag = LeaseTag { lease: message.home(), fence: 1, number: 1 };
    let block = Block::new(tag.clone(), vec![new; 4], NOW);
    stage.world.store.put_block(&block, NOW).await.expect("stored");
    let reference = |place: u16| format!("of-block-{place}");
    let connection = message.connection.clone();
    let outcomes = (0..4).map(|place| (place, Outcome::Submitted(vec![Some(reference(place))]))).collect();
    stage
        .apply(Progress::BlockV1 {
            block: tag,
            connection: connection.clone(),
            outcomes,
            references_by: None,
            at: NOW,
        })
        .await;
    stage.project(1).await;
    for places in [[0, 1], [2, 3]] {
        let report = |place| Report {
            reference: reference(place),
            other_reference: None,
            state: ReceiptState::Delivered,
            error: None,
            recipient: None,
            segment: None,
            again: false,
        };
        let receipts = places.map(report).to_vec();
        stage.apply(Progress::ReceiptsV1 { connection: connection.clone(), receipts, at: NOW }).await;
    }
    let event = stage.world.database.take_stream("world-messages");
    stage.project_event(event.clone()).await;
    for record in &event.records {
        let mut part = event.clone();
        part.records = vec![record.clone()];
        stage.project_event(part).await;
    }
    let told: usize = stage
        .waiting()
        .iter()
        .map(|waiting| match waiting {
            ForClient::ReceiptsV1 { receipts } => receipts.len(),
            ForClient::IncomingV1 { .. } => 0,
        })
        .sum();
    assert_eq!(told, 4);
}

#[tokio::test]
async fn a_message_that_no_vendor_took_is_told_as_rejected() {
    let stage = Stage::new().await;
    let message = stage.submitted("a", ReceiptsWanted::Final).await;
    stage.project(1).await;
    stage.report(&message, "a", ReceiptState::Unsent).await;
    assert_eq!(stage.world.store.message(&message.id).await.unwrap().unwrap().status, Status::Unsent);
    stage.project(1).await;
    let waiting = stage.waiting();
    let [ForClient::ReceiptsV1 { receipts }] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!(receipts[0].state, ReceiptState::Rejected);
}

#[tokio::test]
async fn what_came_while_the_client_was_away_is_delivered_in_order_when_it_returns() {
    let stage = Stage::new().await;
    stage.enqueue(250, 7).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    assert_eq!(receiver.take(250).await, ids(0..250));
    stage.until_empty().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_answers_with_an_error_gets_it_again_and_nothing_behind_it_before() {
    let stage = Stage::new().await;
    stage.enqueue(150, 150).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    receiver.next().await.refuse(CommandStatus::RX_T_APPN);
    let mut got = Vec::new();
    while !got.contains(&ids([0])[0]) {
        got.extend(receiver.take(1).await);
    }
    // What was on its way already cannot be called back; nothing else began.
    assert!(got.len() <= 100, "{}", got.len());
    assert_eq!(got[..got.len() - 1], ids(1..got.len() as u16));
    let begun = got.len() as u16;
    assert_eq!(receiver.take(150 - got.len()).await, ids(begun..150));
    stage.until_empty().await;
    receiver.gets_nothing().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_does_not_take_the_first_gets_it_alone_until_it_does() {
    let stage = Stage::new().await;
    stage.enqueue(1, 1).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    for _ in 0..3 {
        let delivery = receiver.next().await;
        assert_eq!(destination_or_text(&delivery), ids([0])[0]);
        delivery.refuse(CommandStatus::RMSGQFUL);
    }
    assert_eq!(stage.waiting().len(), 1);
    assert_eq!(receiver.take(1).await, ids([0]));
    stage.until_empty().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn what_a_client_refuses_for_good_is_not_offered_again() {
    let stage = Stage::new().await;
    stage.enqueue(2, 1).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    receiver.next().await.refuse(CommandStatus::RINVDSTADR);
    assert_eq!(receiver.take(1).await, ids([1]));
    stage.until_empty().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn a_receipt_that_a_client_never_takes_is_passed_over_once_it_takes_the_one_behind_it() {
    let stage = Stage::new().await;
    stage.enqueue(150, 150).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    let (mut refused, mut got) = (0, Vec::new());
    while got.len() < 149 {
        let delivery = receiver.next().await;
        match destination_or_text(&delivery) {
            id if id == ids([0])[0] => {
                refused += 1;
                delivery.refuse(CommandStatus::RSYSERR);
            }
            id => {
                got.push(id);
                delivery.accept();
            }
        }
    }
    assert_eq!((refused, got), (21, ids(1..150)));
    stage.until_empty().await;
    assert_eq!(receiver.board.status().connections[0].passed_over, 1);
    receiver.gets_nothing().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_takes_two_and_throttles_the_rest_gets_all_of_it_once_and_in_order() {
    const COUNT: u16 = 60;
    let stage = Stage::new().await;
    stage.enqueue(COUNT, 6).await;
    let deliveries = eager_gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    let (mut got, mut throttled, mut room) = (Vec::new(), BTreeSet::new(), 2);
    while got.len() < usize::from(COUNT) {
        let delivery = receiver.next().await;
        let id = destination_or_text(&delivery);
        // It comes again after a pause, and by then there is room again.
        if throttled.remove(&id) {
            throttled.clear();
            room = 2;
        }
        if room == 0 {
            throttled.insert(id);
            delivery.refuse(CommandStatus::RTHROTTLED);
        } else {
            room -= 1;
            got.push(id);
            delivery.accept();
        }
    }
    assert_eq!(got, ids(0..COUNT));
    stage.until_empty().await;
    assert_eq!(receiver.board.status().connections[0].passed_over, 0);
    receiver.gets_nothing().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_takes_one_at_a_time_after_a_long_while_loses_nothing_behind_it() {
    let stage = Stage::new().await;
    stage.enqueue(3, 1).await;
    let deliveries = eager_gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    // The last one is offered again only beside two that are stuck.
    let mut last = 0;
    while last < 2 {
        let delivery = receiver.next().await;
        last += usize::from(destination_or_text(&delivery) == ids([2])[0]);
        delivery.refuse(CommandStatus::RTHROTTLED);
    }
    assert_eq!(receiver.take(1).await, ids([0]));
    for _ in 1..3 {
        receiver.next().await.refuse(CommandStatus::RTHROTTLED);
    }
    assert_eq!(receiver.take(2).await, ids(1..3));
    stage.until_empty().await;
    assert_eq!(receiver.board.status().connections[0].passed_over, 0);
    deliveries.finish().await;
}

/// Binds, takes what comes until it is `fatal`, and drops the link over that without an answer; with what it
/// took, up to `most`.
async fn take_until(
    stage: &Stage,
    deliveries: &Deliveries,
    most: usize,
    fatal: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut receiver = Receiver::bind(deliveries, &stage.account).await;
    let mut got = Vec::new();
    while got.len() < most {
        let delivery = receiver.next().await;
        let id = destination_or_text(&delivery);
        if fatal(&id) {
            receiver.session.abort();
            receiver.server.closed().await;
            break;
        }
        got.push(id);
        delivery.accept();
    }
    if got.len() == most {
        stage.until_empty().await;
        receiver.gets_nothing().await;
    }
    got
}

#[tokio::test]
async fn a_receipt_that_a_client_drops_its_link_over_is_passed_over_once_it_takes_the_one_behind_it() {
    let stage = Stage::new().await;
    stage.enqueue(3, 1).await;
    let deliveries = eager_gateway(&stage.sqs);
    let is_fatal = |id: &str| id == ids([0])[0];
    for _ in 0..20 {
        assert!(take_until(&stage, &deliveries, 2, is_fatal).await.is_empty());
    }
    assert_eq!(take_until(&stage, &deliveries, 2, is_fatal).await, ids([1]));
    assert_eq!(take_until(&stage, &deliveries, 1, is_fatal).await, ids([2]));
    deliveries.finish().await;
}

/// Binds, reads on without an answer, and answers all that it has when nothing more comes; it drops the link over
/// `fatal`. With what it has answered by then.
async fn read_ahead_until(stage: &Stage, deliveries: &Deliveries, fatal: &str) -> Vec<String> {
    let mut receiver = Receiver::bind(deliveries, &stage.account).await;
    let (mut held, mut got) = (Vec::new(), Vec::new());
    loop {
        match timeout(Duration::from_millis(100), receiver.next()).await {
            Ok(delivery) if destination_or_text(&delivery) == fatal => break,
            Ok(delivery) => held.push(delivery),
            Err(_) => {
                for delivery in held.drain(..) {
                    got.push(destination_or_text(&delivery));
                    delivery.accept();
                }
            }
        }
    }
    receiver.session.abort();
    receiver.server.closed().await;
    got
}

#[tokio::test]
async fn what_a_client_only_had_in_hand_when_it_dropped_its_link_is_not_passed_over() {
    let stage = Stage::new().await;
    stage.enqueue(3, 1).await;
    let deliveries = eager_gateway(&stage.sqs);
    let fatal = &ids([2])[0];
    for _ in 0..20 {
        assert!(read_ahead_until(&stage, &deliveries, fatal).await.is_empty());
    }
    assert_eq!(read_ahead_until(&stage, &deliveries, fatal).await, ids([1, 0]));
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_drops_its_link_over_whatever_comes_gets_all_of_it_when_it_stays() {
    let stage = Stage::new().await;
    stage.enqueue(3, 1).await;
    let deliveries = eager_gateway(&stage.sqs);
    for _ in 0..22 {
        assert!(take_until(&stage, &deliveries, 3, |_| true).await.is_empty());
    }
    // The first one is stuck, and the one behind it goes before it.
    assert_eq!(take_until(&stage, &deliveries, 3, |_| false).await, ids([1, 0, 2]));
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_for_long_gets_all_of_it_afterwards() {
    let stage = Stage::new().await;
    stage.enqueue(3, 1).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    // The first one is stuck by then, and the second one offered beside it.
    for _ in 0..30 {
        receiver.next().await.refuse(CommandStatus::RSYSERR);
    }
    let mut got = std::collections::BTreeSet::new();
    while got.len() < 3 {
        got.extend(receiver.take(1).await);
    }
    assert_eq!(got.into_iter().collect::<Vec<_>>(), ids(0..3));
    stage.until_empty().await;
    assert_eq!(receiver.board.status().connections[0].passed_over, 0);
    deliveries.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_gets_the_rest_when_it_returns() {
    let stage = Stage::new().await;
    stage.enqueue(60, 20).await;
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    assert_eq!(receiver.take(30).await, ids(0..30));
    // What it holds now it has not answered.
    let held = receiver.next().await;
    // Its answers are out when the link breaks.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    receiver.session.abort();
    receiver.server.closed().await;
    drop(held);
    drop(receiver);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    assert_eq!(receiver.take(30).await, ids(30..60));
    stage.until_empty().await;
    receiver.gets_nothing().await;
    deliveries.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_give_a_client_each_receipt_once_and_in_order() {
    const COUNT: u16 = 600;
    let stage = Stage::new().await;
    let gateways = [gateway(&stage.sqs), gateway(&stage.sqs)];
    let (got, mut arrived) = mpsc::unbounded_channel();
    let mut clients = Vec::new();
    for (number, gateway) in gateways.iter().enumerate() {
        // Two receivers at one of them.
        for _ in 0..=number {
            let mut receiver = Receiver::bind(gateway, &stage.account).await;
            let got = got.clone();
            clients.push(tokio::spawn(async move {
                while let Some(delivery) = receiver.inbound.next().await {
                    got.send((number, destination_or_text(&delivery))).expect("is read");
                    tokio::task::yield_now().await;
                    delivery.accept();
                }
            }));
        }
    }
    stage.enqueue(COUNT, 5).await;
    let mut all = Vec::new();
    for _ in 0..COUNT {
        all.push(arrived.recv().await.expect("more comes"));
    }
    stage.until_empty().await;
    assert_eq!(all.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), ids(0..COUNT));
    assert!(arrived.try_recv().is_err(), "each once");
    for gateway in &gateways {
        Deliveries::finish(gateway).await;
    }
    clients.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_gateway_that_stops_waits_for_answers_and_leaves_the_rest_to_the_other() {
    let stage = Stage::new().await;
    stage.enqueue(300, 10).await;
    let (leaving, staying) = (gateway(&stage.sqs), gateway(&stage.sqs));
    let mut receiver = Receiver::bind(&leaving, &stage.account).await;
    let first = receiver.next().await;
    let finishing = tokio::spawn(async move { leaving.finish().await });
    tokio::task::yield_now().await;
    let mut got = vec![destination_or_text(&first)];
    first.accept();
    while let Ok(Some(delivery)) =
        tokio::time::timeout(std::time::Duration::from_millis(300), receiver.inbound.next()).await
    {
        got.push(destination_or_text(&delivery));
        delivery.accept();
    }
    finishing.await.expect("finishes");
    assert!(got.len() <= 100, "{}", got.len());
    let mut other = Receiver::bind(&staying, &stage.account).await;
    got.extend(other.take(300 - got.len()).await);
    assert_eq!(got, ids(0..300));
    stage.until_empty().await;
    staying.finish().await;
}
