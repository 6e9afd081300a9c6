//! What vendors say, in any order and at any moment, through the real progress-applier on the embedded
//! database.

use domain::id::MessageId;
use domain::message::{Message, Status};
use domain::receipt::ReceiptState;
use futures::future::join_all;
use progress_applier::App;
use queue::Progress;
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
async fn progress_that_comes_three_times_refunds_once() {
    let (world, client) = world().await;
    let app = App { store: world.store.clone() };
    let messages = claimed(&world, &client, 1).await;
    let refused = Progress::RefusedV1 { message: messages[0].id.clone(), reason: "no".to_owned(), at: NOW };
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
