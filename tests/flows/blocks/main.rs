//! Blocks of messages from the claim to the end, through the real store and progress-applier on the embedded
//! database: whatever comes twice, late, in another order, or loses its answer.

use std::collections::BTreeSet;

use domain::connection::{Connection, ConnectionKind, Link, SmppLink};
use domain::id::{ConnectionId, MessageId};
use domain::lease::LeaseTag;
use domain::message::{Message, Status};
use domain::receipt::ReceiptState;
use domain::route::{Route, Routes};
use domain::sender::Sender;
use progress_applier::App;
use queue::{Outcome, Progress, Report};
use store::{BlockClaim, Claim, ClaimedBlock, Store, Stored};
use tests::edits::change_sender;
use tests::edits::put_connection;
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::{Member, NOW, World, amount, connection, tables};

mod named;
mod scale;

struct Scene {
    world: World,
    client: Member,
    app: App,
    tag: LeaseTag,
}

impl Scene {
    /// A block that was charged, of messages that cost 0.05 each.
    async fn new(count: usize) -> Self {
        let world = World::with_streams(&[]).await;
        let client = world.client(&world.owner, "0.05").with_funds("50").open().await;
        let session = world.store.acquire_lease(&client.wallet, 100, NOW).await.expect("an answer");
        let mut session = session.expect("a lease");
        let draft = |number| client.draft(&format!("key-{number}"), "hello", 1).expect("a rate");
        let drafts: Vec<_> = (0..count).map(draft).collect();
        let rows = session.flush(&drafts, NOW).await.expect("an answer");
        let tags: BTreeSet<LeaseTag> = rows
            .into_iter()
            .map(|row| MessageId::parse(row.expect("accepted").reference()).expect("an id"))
            .map(|id| id.block().expect("a block").0)
            .collect();
        session.close().await.expect("it is closed");
        let app = App { store: world.store.clone() };
        let tag = tags.first().expect("a block").clone();
        assert_eq!(tags.len(), 1);
        Self { world, client, app, tag }
    }

    /// One that a worker has.
    async fn claimed(count: usize) -> Self {
        let scene = Self::new(count).await;
        scene.claim(1).await;
        scene
    }

    async fn claim(&self, fence: u64) -> ClaimedBlock {
        match self.world.store.claim_block(&self.tag, fence).await.expect("an answer") {
            BlockClaim::Yours(claimed) => claimed,
            other => panic!("{other:?}"),
        }
    }

    fn id(&self, place: u16) -> MessageId {
        MessageId::in_block(&self.tag, place)
    }

    async fn message(&self, place: u16) -> Message {
        self.world.store.message(&self.id(place)).await.expect("a read").expect("a message")
    }

    async fn statuses(&self, count: u16) -> Vec<Status> {
        let mut statuses = Vec::new();
        for place in 0..count {
            statuses.push(self.message(place).await.status);
        }
        statuses
    }

    async fn balance(&self) -> String {
        self.world.balance(&self.client).await.to_string()
    }

    fn told(&self, outcomes: Vec<(u16, Outcome)>) -> Progress {
        Progress::BlockV1 {
            block: self.tag.clone(),
            connection: connection(),
            outcomes,
            references_by: None,
            at: NOW,
        }
    }

    async fn apply(&self, progress: Progress) {
        self.app.apply(progress).await.expect("applied");
    }
}

fn taken(reference: &str) -> Outcome {
    Outcome::Submitted(vec![Some(reference.to_owned())])
}

fn refused(next_route: bool) -> Outcome {
    Outcome::Refused { reason: "0x0B".to_owned(), next_route }
}

fn reports(reports: &[(&str, ReceiptState)]) -> Progress {
    let report = |(reference, state): &(&str, ReceiptState)| Report {
        reference: (*reference).to_owned(),
        other_reference: None,
        state: *state,
        error: None,
        recipient: None,
        segment: None,
        again: false,
    };
    let receipts = reports.iter().map(report).collect();
    Progress::ReceiptsV1 { connection: connection(), receipts, at: NOW }
}

#[tokio::test]
async fn a_block_is_claimed_by_one_worker_and_given_back_by_that_one_only() {
    let scene = Scene::new(3).await;
    let store = &scene.world.store;
    assert_eq!(scene.statuses(3).await, [Status::Accepted; 3]);
    let first = scene.claim(2).await;
    assert!(first.block.messages.iter().all(|message| message.status == Status::Accepted));
    assert_eq!(scene.statuses(3).await, [Status::Queued; 3]);
    assert!(
        matches!(store.claim_block(&scene.tag, 2).await, Ok(BlockClaim::Before(block)) if block.is_open())
    );
    assert!(store.claim_block(&scene.tag, 1).await.is_err(), "an earlier owner");
    assert_eq!(store.release_block(&first).await.expect("an answer"), Stored::Now);
    assert!(store.claim_block(&scene.tag, 1).await.is_err(), "an earlier owner");
    let second = scene.claim(2).await;
    assert_eq!(store.release_block(&first).await.expect("an answer"), Stored::Overtaken);
    assert!(matches!(store.claim_block(&scene.tag, 3).await, Ok(BlockClaim::Before(_))));
    scene.apply(scene.told((0..3).map(|place| (place, taken(&format!("a{place}")))).collect())).await;
    assert_eq!(store.claim_block(&scene.tag, 3).await.expect("an answer"), BlockClaim::Done);
    assert_eq!(store.release_block(&second).await.expect("an answer"), Stored::Now);
    assert_eq!(scene.statuses(3).await, [Status::Submitted; 3]);
    assert_eq!(store.claim_block(&scene.tag, 3).await.expect("an answer"), BlockClaim::Done);
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_found_by_its_own_mark() {
    let scene = Scene::new(1).await;
    // The SDK asks again by itself.
    let faults = |call: &Call<'_>| match call.number {
        1 => Fault::TimeoutAppliedAnswerLost,
        _ => Fault::None,
    };
    let store = Store::new(scene.world.database.quick_client(faults, 3), tables());
    let claim = store.claim_block(&scene.tag, 1).await.expect("an answer");
    assert!(matches!(claim, BlockClaim::Yours(_)), "{claim:?}");
}

#[tokio::test]
async fn outcomes_that_come_three_times_refund_once_and_send_on_once() {
    let scene = Scene::claimed(6).await;
    assert_eq!(scene.balance().await, "49.7");
    let half = Outcome::Submitted(vec![None]);
    let outcomes = vec![
        (0, taken("a0")),
        (1, refused(false)),
        (2, Outcome::InDoubt),
        (3, Outcome::NotSent),
        (4, half),
        (5, refused(true)),
    ];
    for _ in 0..3 {
        scene.apply(scene.told(outcomes.clone())).await;
        use Status::{Accepted, Submitted, Undelivered, Unsent};
        let statuses = scene.statuses(6).await;
        assert_eq!(statuses, [Submitted, Unsent, Submitted, Accepted, Undelivered, Unsent]);
        assert_eq!(scene.balance().await, "49.8");
    }
    // What left goes the way of rows, and what is said of the block is not about it any more.
    let Ok(Claim::Yours(_)) = scene.world.store.claim(&scene.id(3)).await else { panic!("it is free") };
    scene.apply(scene.told(vec![(3, Outcome::InDoubt), (3, refused(false))])).await;
    assert_eq!(scene.message(3).await.status, Status::Queued);
    let own = |next_route| Progress::RefusedV1 {
        message: scene.id(3),
        reason: "no".to_owned(),
        next_route,
        connection: Some(connection()),
        at: NOW,
    };
    for next_route in [true, true, false] {
        scene.apply(own(next_route)).await;
        assert_eq!(scene.message(3).await.status, Status::Unsent);
    }
    assert_eq!(scene.balance().await, "49.85");
    // The doubt ends, and the one that left is known to have arrived whatever was thought of it.
    scene.apply(scene.told(vec![(2, taken("a2"))])).await;
    scene.apply(reports(&[("a0", ReceiptState::Delivered), ("A2", ReceiptState::Expired)])).await;
    assert_eq!(scene.statuses(3).await, [Status::Delivered, Status::Unsent, Status::Expired]);
}

#[tokio::test]
async fn wherever_an_answer_is_lost_the_next_delivery_ends_in_the_same_state() {
    for lost in 1..=14 {
        let scene = Scene::claimed(5).await;
        let faulty = App {
            store: scene.world.store_with(move |call: &Call<'_>| match call.number == lost {
                true => Fault::TimeoutAppliedAnswerLost,
                false => Fault::None,
            }),
        };
        let outcomes = vec![
            (0, taken("10")),
            (1, refused(false)),
            (2, Outcome::NotSent),
            (3, taken("ff")),
            (4, taken("B")),
        ];
        for progress in [
            reports(&[("0010", ReceiptState::Delivered), ("b", ReceiptState::Expired)]),
            scene.told(outcomes),
            reports(&[("FF", ReceiptState::Undelivered), ("b", ReceiptState::Expired)]),
        ] {
            // The first delivery may fail; SQS brings it again.
            let _ = faulty.apply(progress.clone()).await;
            scene.apply(progress).await;
        }
        use Status::{Accepted, Delivered, Expired, Undelivered, Unsent};
        let statuses = scene.statuses(5).await;
        assert_eq!(statuses, [Delivered, Unsent, Accepted, Undelivered, Expired], "answer {lost} lost");
        assert_eq!(scene.balance().await, "49.8", "answer {lost} lost");
    }
}

#[tokio::test]
async fn more_messages_leave_a_block_than_one_write_takes() {
    let scene = Scene::claimed(150).await;
    let all = |outcome: Outcome| scene.told((0..150).map(|place| (place, outcome.clone())).collect());
    scene.apply(all(Outcome::NotSent)).await;
    scene.apply(all(Outcome::NotSent)).await;
    assert_eq!(scene.statuses(150).await, [Status::Accepted; 150]);
    for place in 0..150 {
        let claim = scene.world.store.claim(&scene.id(place)).await.expect("an answer");
        assert!(matches!(claim, Claim::Yours(_)), "{place}");
    }
}

#[tokio::test]
async fn a_message_is_called_back_until_a_worker_has_its_block() {
    let scene = Scene::new(3).await;
    let store = &scene.world.store;
    let cancel = async |place| store.cancel_message(&scene.id(place), NOW).await.expect("an answer");
    assert!(cancel(0).await);
    assert!(cancel(0).await, "the answer may have been lost");
    assert_eq!(scene.balance().await, "49.9");
    let claimed = scene.claim(1).await;
    let to_send = claimed.block.messages.iter().filter(|message| message.status == Status::Accepted);
    assert_eq!(to_send.count(), 2);
    assert!(!cancel(1).await, "a worker has it");
    store.release_block(&claimed).await.expect("an answer");
    assert!(cancel(1).await);
    // One with a row of its own likewise.
    let claimed = scene.claim(1).await;
    scene.apply(scene.told(vec![(2, Outcome::NotSent)])).await;
    assert_eq!(store.release_block(&claimed).await.expect("an answer"), Stored::Now);
    assert!(cancel(2).await);
    assert!(!cancel(3).await, "there is none");
    assert_eq!(
        (scene.statuses(3).await, scene.balance().await),
        (vec![Status::Canceled; 3], "50".to_owned())
    );
}

#[tokio::test]
async fn a_message_that_was_called_back_is_told_so_whichever_answer_was_lost() {
    for lost in 1..=6 {
        let scene = Scene::new(1).await;
        let store = scene.world.store_with(move |call: &Call<'_>| match call.number == lost {
            true => Fault::TimeoutAppliedAnswerLost,
            false => Fault::None,
        });
        let first = store.cancel_message(&scene.id(0), NOW).await;
        assert!(first.is_err() || first.is_ok_and(|canceled| canceled), "answer {lost} lost");
        let again = scene.world.store.cancel_message(&scene.id(0), NOW).await;
        assert!(again.expect("an answer"), "answer {lost} lost");
    }
}

#[tokio::test]
async fn a_refused_message_takes_the_next_enabled_route_and_is_refunded_after_the_last() {
    let scene = Scene::claimed(2).await;
    let store = &scene.world.store;
    let roads = [2, 3, 4].map(ConnectionId::new);
    let owner = &scene.world.owner.company.id;
    for (id, enabled) in roads.iter().zip([false, true, true]) {
        let link = Link::Smpp(SmppLink::new("vendor", 2775, "us"));
        let connection =
            Connection { enabled, ..Connection::new(id.clone(), owner.clone(), "another", link, NOW) };
        put_connection(store, &connection).await;
    }
    let first = Route::only(connection(), ConnectionKind::Smpp);
    let route =
        |(rank, id): (u8, &ConnectionId)| Route { rank, ..Route::only(id.clone(), ConnectionKind::Http) };
    let routes = Routes::new([first].into_iter().chain((1..).zip(&roads).map(route)).collect());
    let change = |sender: &mut Sender| sender.routes = routes.expect("routes");
    change_sender(store, &scene.client.agreement.id, &scene.client.sender, change).await;
    for _ in 0..2 {
        scene.apply(scene.told(vec![(0, refused(true)), (1, taken("a1"))])).await;
        let message = scene.message(0).await;
        assert_eq!((message.status, &message.connection), (Status::Accepted, &roads[1]));
        assert_eq!(message.connection_kind, ConnectionKind::Http);
        assert_eq!(message.handling.tried, [connection()]);
    }
    let refuse = async |by: &ConnectionId| {
        let Ok(Claim::Yours(_) | Claim::Before(_) | Claim::Done) = store.claim(&scene.id(0)).await else {
            panic!("no answer");
        };
        scene
            .apply(Progress::RefusedV1 {
                message: scene.id(0),
                reason: "no".to_owned(),
                next_route: true,
                connection: Some(by.clone()),
                at: NOW,
            })
            .await;
        let message = scene.message(0).await;
        (message.status, message.connection)
    };
    // A late repeat of the first vendor's refusal is not the second one's.
    assert_eq!(refuse(&connection()).await, (Status::Queued, roads[1].clone()));
    assert_eq!(refuse(&roads[1]).await, (Status::Accepted, roads[2].clone()));
    assert_eq!(refuse(&roads[1]).await, (Status::Queued, roads[2].clone()));
    assert_eq!(scene.balance().await, "49.9");
    assert_eq!(refuse(&roads[2]).await, (Status::Unsent, roads[2].clone()));
    assert_eq!(scene.balance().await, "49.95");
}

#[tokio::test]
async fn what_a_lease_has_not_charged_is_no_message() {
    let scene = Scene::new(1).await;
    let unknown = LeaseTag { number: scene.tag.number + 1, ..scene.tag.clone() };
    let store = &scene.world.store;
    assert_eq!(store.message(&MessageId::in_block(&unknown, 0)).await.expect("a read"), None);
    assert_eq!(store.message(&scene.id(7)).await.expect("a read"), None);
    assert!(store.claim_block(&unknown, 1).await.is_err(), "its job comes again");
    assert!(!store.cancel_message(&MessageId::in_block(&unknown, 0), NOW).await.expect("an answer"));
}

#[tokio::test]
async fn what_was_billed_on_delivery_is_refunded_with_one_write_for_all_of_a_block() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").billed_on_delivery().with_funds("5000").open().await;
    let client = world.client(&reseller, "0.05").billed_on_delivery().with_funds("5000").open().await;
    let mut session =
        world.store.acquire_lease(&client.wallet, 100, NOW).await.expect("an answer").expect("a lease");
    let drafts: Vec<_> =
        (0..40).map(|number| client.draft(&format!("{number}"), "hello", 1).expect("a rate")).collect();
    let rows = session.flush(&drafts, NOW).await.expect("an answer");
    session.close().await.expect("it is closed");
    let id = MessageId::parse(rows[0].as_ref().expect("accepted").reference()).expect("an id");
    let (tag, _) = id.block().expect("a block");
    let app = App { store: world.store.clone() };
    world.store.claim_block(&tag, 1).await.expect("claimed");
    let references: Vec<String> = (0..40).map(|number| format!("vendor-{number}")).collect();
    let outcomes = (0..).zip(&references).map(|(place, reference)| (place, taken(reference))).collect();
    app.apply(Progress::BlockV1 {
        block: tag,
        connection: connection(),
        outcomes,
        references_by: None,
        at: NOW,
    })
    .await
    .expect("applied");
    let before = world.wallet(&client.wallet).await.sequence;
    let failed: Vec<_> =
        references.iter().map(|reference| (reference.as_str(), ReceiptState::Undelivered)).collect();
    for _ in 0..2 {
        app.apply(reports(&failed)).await.expect("applied");
    }
    assert_eq!(world.wallet(&client.wallet).await.sequence, before + 1);
    assert_eq!(world.balance(&client).await, amount("5000"));
    assert_eq!(world.balance(&reseller).await, amount("5000"));
}
