//! What vendors say, in any order and at any moment, through the real progress-applier on the embedded
//! database.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::id::{ConnectionId, MessageId};
use domain::message::{Message, Progress as Fact, Status, Step, apply};
use domain::receipt::ReceiptState;
use futures::future::join_all;
use progress_applier::{App, handle};
use queue::Progress;
use store::UnmatchedReceipt;
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::{Member, NOW, World, amount};

/// Messages of a client that were claimed and handed to a vendor.
async fn claimed(world: &World, client: &Member, count: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    for number in 0..count {
        let (_, message) =
            client.send(&world.store, &format!("key-{number}"), "hello").await.expect("accepted");
        world.store.claim(&message.id).await.expect("claimed");
        messages.push(message);
    }
    messages
}

fn submitted(message: &Message, reference: &str) -> Progress {
    Progress::SubmittedV1 {
        message: message.id.clone(),
        references: vec![Some(reference.to_owned())],
        connection: Some(message.connection.clone()),
        at: NOW,
    }
}

fn receipt(message: &Message, reference: &str, state: ReceiptState) -> Progress {
    Progress::ReceiptV1 {
        connection: message.connection.clone(),
        reference: reference.to_owned(),
        state,
        error: None,
        recipient: Some(message.recipient.to_string()),
        at: NOW,
    }
}

async fn status(world: &World, id: &MessageId) -> Status {
    world.store.message(id).await.expect("read").expect("there").status
}

async fn world() -> (World, Member) {
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").with_funds("50").open().await;
    (world, client)
}

#[tokio::test]
async fn a_receipt_that_comes_while_the_answer_is_being_stored_is_not_lost() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 60).await;
    let both = messages.iter().enumerate().map(|(number, message)| {
        let (app, reference) = (&app, format!("vendor-{number}"));
        async move {
            let late = receipt(message, &reference, ReceiptState::Delivered);
            let answer = async {
                // Every interleaving of the two has its turn.
                for _ in 0..number % 20 {
                    tokio::task::yield_now().await;
                }
                app.apply(submitted(message, &reference)).await
            };
            let report = async {
                for _ in 0..number / 3 {
                    tokio::task::yield_now().await;
                }
                app.apply(late).await
            };
            let (answer, report) = tokio::join!(answer, report);
            answer.and(report).expect("applied");
        }
    });
    join_all(both).await;
    for message in &messages {
        assert_eq!(status(&world, &message.id).await, Status::Delivered, "{}", message.id);
    }
}

#[tokio::test]
async fn a_receipt_finds_its_message_in_other_number_forms_and_before_its_answer() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 3).await;
    for (message, answered, reported) in [
        (&messages[0], "1A2B3C", "1715004"),
        (&messages[1], "1715005", "0001a2b3d"),
        (&messages[2], "0000077", "77"),
    ] {
        app.apply(receipt(message, reported, ReceiptState::Delivered)).await.expect("kept");
        assert_eq!(status(&world, &message.id).await, Status::Queued);
        app.apply(submitted(message, answered)).await.expect("applied");
        assert_eq!(status(&world, &message.id).await, Status::Delivered, "{answered} {reported}");
    }
}

#[tokio::test]
async fn another_number_form_of_another_recipient_is_not_taken_for_a_match() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 1).await;
    app.apply(submitted(&messages[0], "1A2B3C")).await.expect("applied");
    let mut other = receipt(&messages[0], "1715004", ReceiptState::Expired);
    if let Progress::ReceiptV1 { recipient, .. } = &mut other {
        *recipient = Some("4915199999999".to_owned());
    }
    app.apply(other).await.expect("kept");
    assert_eq!(status(&world, &messages[0].id).await, Status::Submitted);
}

#[tokio::test]
async fn a_receipt_that_waits_is_not_of_the_next_message_that_gets_its_id_if_that_went_to_another_number() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let message = claimed(&world, &client, 1).await.remove(0);
    let mut others = receipt(&message, "a1", ReceiptState::Expired);
    if let Progress::ReceiptV1 { recipient, .. } = &mut others {
        *recipient = Some("4915199999999".to_owned());
    }
    app.apply(others.clone()).await.expect("kept");
    app.apply(submitted(&message, "a1")).await.expect("applied");
    assert_eq!(status(&world, &message.id).await, Status::Submitted);
    // It is kept, and is listed when its time is over.
    let known = ["a1".to_owned()].into();
    let mut waiting = world.store.parked_receipts(&message.connection, &known).await.expect("read");
    assert_eq!(waiting.len(), 1);
    let connection = message.connection.clone();
    let waited = UnmatchedReceipt { connection, receipt: waiting.remove(0), received_at: NOW };
    assert!(!world.store.was_matched(&waited).await.expect("read"));
    app.apply(receipt(&message, "a1", ReceiptState::Delivered)).await.expect("applied");
    assert_eq!(status(&world, &message.id).await, Status::Delivered);
}

#[tokio::test]
async fn a_receipt_that_waits_finds_its_message_however_it_writes_the_number() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    for (place, message) in claimed(&world, &client, 5).await.iter().enumerate() {
        let number = message.recipient.as_str();
        let (national, masked) = (&number[2..], &number[number.len() - 3..]);
        let written = [
            Some(format!("+{number}")),
            Some(format!("0{national}")),
            Some(format!("491***{masked}")),
            Some("BAKERY".to_owned()),
            None,
        ];
        let (reference, mut early) = (format!("a{place}"), receipt(message, "", ReceiptState::Delivered));
        if let Progress::ReceiptV1 { recipient, reference: named, .. } = &mut early {
            (*recipient, *named) = (written[place].clone(), reference.clone());
        }
        app.apply(early).await.expect("kept");
        app.apply(submitted(message, &reference)).await.expect("applied");
        assert_eq!(status(&world, &message.id).await, Status::Delivered, "{:?}", written[place]);
    }
}

#[tokio::test]
async fn an_id_as_it_is_written_goes_before_the_same_number_in_another_form() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 2).await;
    // The same number, as 1715004 is 0x1A2B3C.
    app.apply(submitted(&messages[0], "1A2B3C")).await.expect("applied");
    app.apply(submitted(&messages[1], "1715004")).await.expect("applied");
    assert_eq!(messages[0].recipient, messages[1].recipient);
    app.apply(receipt(&messages[1], "1715004", ReceiptState::Delivered)).await.expect("applied");
    assert_eq!(status(&world, &messages[1].id).await, Status::Delivered);
    assert_eq!(status(&world, &messages[0].id).await, Status::Submitted);
}

#[tokio::test]
async fn a_vendors_receipt_finds_a_message_that_has_gone_on_before_its_answer_was_stored() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let message = claimed(&world, &client, 1).await.remove(0);
    let message = world.store.message(&message.id).await.expect("read").expect("there");
    let next = ConnectionId::derived(&["the next one"]);
    let rerouted = Fact::Rerouted { connection: next, kind: message.connection_kind };
    let Step::Move { message: moved, refund } = apply(&message, &rerouted, NOW) else { panic!("it moves") };
    world.store.move_message(&moved, message.revision, &refund).await.expect("moved");
    app.apply(submitted(&message, "a1")).await.expect("applied");
    app.apply(receipt(&message, "a1", ReceiptState::Delivered)).await.expect("applied");
    assert_eq!(status(&world, &message.id).await, Status::Delivered);
}

#[tokio::test]
async fn a_doubt_about_an_earlier_vendor_does_not_stop_the_next() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let message = claimed(&world, &client, 1).await.remove(0);
    let doubt = |connection: ConnectionId| Progress::InDoubtV1 {
        message: message.id.clone(),
        references: Vec::new(),
        connection: Some(connection),
        at: NOW,
    };
    app.apply(doubt(ConnectionId::derived(&["an earlier one"]))).await.expect("applied");
    assert_eq!(status(&world, &message.id).await, Status::Queued);
    app.apply(doubt(message.connection.clone())).await.expect("applied");
    assert_eq!(status(&world, &message.id).await, Status::Submitted);
}

#[tokio::test]
async fn a_receipt_finds_the_segment_that_was_taken_before_another_came_in_doubt() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 2).await;
    let doubt = |message: &Message, reference: &str| Progress::InDoubtV1 {
        message: message.id.clone(),
        references: vec![Some(reference.to_owned()), None],
        connection: Some(message.connection.clone()),
        at: NOW,
    };
    // The report may be the first to come.
    app.apply(doubt(&messages[0], "a1")).await.expect("applied");
    assert_eq!(status(&world, &messages[0].id).await, Status::Submitted);
    app.apply(receipt(&messages[0], "a1", ReceiptState::Undelivered)).await.expect("applied");
    app.apply(receipt(&messages[1], "b1", ReceiptState::Expired)).await.expect("kept");
    app.apply(doubt(&messages[1], "b1")).await.expect("applied");
    assert_eq!(status(&world, &messages[0].id).await, Status::Undelivered);
    assert_eq!(status(&world, &messages[1].id).await, Status::Expired);
}

#[tokio::test]
async fn progress_that_comes_three_times_refunds_once() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 1).await;
    let refused = Progress::RefusedV1 {
        message: messages[0].id.clone(),
        reason: "no".to_owned(),
        next_route: false,
        connection: None,
        at: NOW,
    };
    for _ in 0..3 {
        app.apply(refused.clone()).await.expect("applied");
    }
    assert_eq!(status(&world, &messages[0].id).await, Status::Unsent);
    assert_eq!(world.balance(&client).await, amount("50"));
}

/// Wherever one write's answer is lost, the progress comes again and ends in the same state.
#[tokio::test]
async fn a_lost_answer_anywhere_is_made_good_by_the_next_delivery() {
    for lost in 1..=8 {
        let (world, client) = world().await;
        let messages = claimed(&world, &client, 1).await;
        let faulty = App { store: world.store_with(move |call: &Call<'_>| answer_lost(call, lost)) };
        let app = App { store: world.store.clone() };
        for progress in [receipt(&messages[0], "a1", ReceiptState::Delivered), submitted(&messages[0], "A1")]
        {
            // The first delivery may fail; SQS brings it again.
            let _ = faulty.apply(progress.clone()).await;
            app.apply(progress).await.expect("applied");
        }
        assert_eq!(status(&world, &messages[0].id).await, Status::Delivered, "answer {lost} lost");
    }
}

fn answer_lost(call: &Call<'_>, lost: u64) -> Fault {
    if call.number == lost { Fault::TimeoutAppliedAnswerLost } else { Fault::None }
}

/// What the function is handed.
fn delivery(progresses: &[Progress]) -> SqsEvent {
    let record = |(number, progress): (usize, &Progress)| {
        let mut record = SqsMessage::default();
        record.message_id = Some(number.to_string());
        record.body = Some(serde_json::to_string(progress).expect("JSON"));
        record
    };
    let mut event = SqsEvent::default();
    event.records = progresses.iter().enumerate().map(record).collect();
    event
}

#[tokio::test]
async fn what_was_refused_is_refunded_together_and_once_whatever_else_is_in_the_batch() {
    let (world, client) = world().await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("50").open().await;
    let below = world.client(&reseller, "0.05").with_funds("50").open().await;
    let (own, others) = (claimed(&world, &client, 30).await, claimed(&world, &below, 30).await);
    let refused = |message: &Message| Progress::RefusedV1 {
        message: message.id.clone(),
        reason: "0x0B".to_owned(),
        next_route: false,
        connection: None,
        at: NOW,
    };
    // One has ended already, one is there twice, one is delivered in the same batch, one does not exist.
    let app = App { store: world.store.clone() };
    app.apply(refused(&own[0])).await.expect("applied");
    let mut batch: Vec<Progress> = own.iter().chain(&others).map(refused).collect();
    batch.push(refused(&own[1]));
    batch[2] = submitted(&own[2], "vendor-2");
    let unknown = Message { id: MessageId::of_request(&client.company.id, "nobody's"), ..own[3].clone() };
    batch.push(refused(&unknown));
    for fault in [Some(Fault::TimeoutAppliedAnswerLost), None, None] {
        let store = world.store_with(move |call: &Call<'_>| match fault {
            Some(fault) if call.operation == "TransactWriteItems" => fault,
            _ => Fault::None,
        });
        let failed = handle(&App { store }, delivery(&batch)).await.batch_item_failures;
        assert!(fault.is_some() || failed.len() == 1, "only the unknown one fails: {failed:?}");
    }
    assert_eq!(status(&world, &own[2].id).await, Status::Submitted);
    let ended = own.iter().chain(&others).filter(|message| message.id != own[2].id);
    for message in ended {
        assert_eq!(status(&world, &message.id).await, Status::Unsent, "{}", message.id);
    }
    assert_eq!(world.balance(&client).await, amount("49.95"));
    assert_eq!(world.balance(&below).await, amount("50"));
    assert_eq!(world.balance(&reseller).await, amount("50"));
}
