//! Messages on which nobody reports: each ended once, when its time is over, and refunded by the rule of each
//! level.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::connection::{Connection, ConnectionKind, Link, SmppLink};
use domain::destination::Msisdn;
use domain::id::MessageId;
use domain::lease::LeaseTag;
use domain::message::Status;
use domain::receipt::ReceiptState;
use jiff::{SignedDuration, Timestamp};
use queue::{Outcome, Progress, Report};
use store::keys;
use sweeper::unreported::run;
use tests::edits::replace_connection;
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::{Member, NOW, STACK, amount, connection};

use super::{SETTLED_AFTER, Story};

fn hours(hours: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(hours)
}

/// Of what was submitted at the beginning and says no validity: 72 hours, 48 more, and to the end of the hour.
const DUE_HOURS: i64 = 72 + 48 + 1;

fn receipt(reference: &str) -> Progress {
    let report = Report {
        reference: reference.to_owned(),
        other_reference: None,
        state: ReceiptState::Delivered,
        error: None,
        recipient: None,
        segment: None,
        again: false,
    };
    Progress::ReceiptsV1 { connection: connection(), receipts: vec![report], at: hours(DUE_HOURS) }
}

impl Story {
    /// One that owes nothing for what was not delivered, below a reseller that does, with enough for a lease.
    async fn client_billed_on_delivery(&self) -> Member {
        self.world.client(&self.reseller, "0.05").billed_on_delivery().with_funds("1000").open().await
    }

    async fn apply(&self, progress: Progress) {
        let applier = progress_applier::App { store: self.world.store.clone() };
        applier.apply(progress).await.expect("applied");
    }

    /// A message with a row of its own that a worker has.
    async fn claimed(&self, client: &Member, key: &str) -> MessageId {
        let mut draft = client.draft(key, "hello", 1).expect("a rate");
        draft.batch.connection_kind = ConnectionKind::Http;
        self.world.store.accept(&draft).await.expect("accepted");
        let id = draft.single.expect("one recipient is a message");
        self.world.store.claim(&id).await.expect("claimed");
        id
    }

    async fn submitted(&self, client: &Member, key: &str) -> MessageId {
        let message = self.claimed(client, key).await;
        let references = vec![Some(key.to_owned())];
        self.apply(Progress::SubmittedV1 { message: message.clone(), references, connection: None, at: NOW })
            .await;
        message
    }

    /// A block that a worker has: a message for each of these validities.
    async fn claimed_block(&self, client: &Member, valid_till: &[Option<Timestamp>]) -> LeaseTag {
        let store = &self.world.store;
        let session = store.acquire_lease(&client.wallet, 100, NOW).await.expect("an answer");
        let mut session = session.expect("a lease");
        let draft = |(place, valid_till): (usize, &Option<Timestamp>)| {
            let number = Msisdn::parse(&format!("+49151{:08}", 10_000_000 + place)).expect("a number");
            let draft = client.draft_to(vec![number], &format!("block-{place}"), "hello");
            let mut draft = draft.expect("a rate");
            draft.batch.handling.valid_till = *valid_till;
            draft
        };
        let drafts: Vec<_> = valid_till.iter().enumerate().map(draft).collect();
        let rows = session.flush(&drafts, NOW).await.expect("an answer");
        session.close().await.expect("it is closed");
        let row = rows.into_iter().next().expect("a message").expect("accepted");
        let (tag, _) = MessageId::parse(row.reference()).expect("an id").block().expect("a block");
        store.claim_block(&tag, 1).await.expect("claimed");
        tag
    }

    async fn told(&self, block: &LeaseTag, outcomes: Vec<(u16, Outcome)>) {
        let (block, references_by) = (block.clone(), None);
        self.apply(Progress::BlockV1 { block, connection: connection(), outcomes, references_by, at: NOW })
            .await;
    }

    async fn status(&self, id: &MessageId) -> Status {
        self.world.store.message(id).await.expect("a read").expect("a message").status
    }

    async fn statuses(&self, block: &LeaseTag, count: u16) -> Vec<Status> {
        let mut statuses = Vec::new();
        for place in 0..count {
            statuses.push(self.status(&MessageId::in_block(block, place)).await);
        }
        statuses
    }

    /// How many entries of due reports there are.
    async fn filed(&self) -> usize {
        let mut filed = 0;
        for list in keys::reports_due_lists() {
            filed += self.records(list).await.len();
        }
        filed
    }

    /// Nothing is wrong with the ledger.
    async fn is_sound(&self, now: Timestamp) {
        self.project().await;
        self.sweep(now).await;
        self.sweep(now + SETTLED_AFTER).await;
        assert_eq!(self.found().await, Vec::<String>::new());
    }
}

fn taken(reference: &str) -> Outcome {
    Outcome::Submitted(vec![Some(reference.to_owned())])
}

#[tokio::test]
async fn an_entry_of_due_reports_goes_once_it_is_looked_after_whatever_it_is_filed_under() {
    let story = Story::begin().await;
    let client = story.client_billed_on_delivery().await;
    story.submitted(&client, "a1").await;
    story.project().await;
    for list in keys::reports_due_lists() {
        for mut entry in story.records(list).await {
            let place = entry["sk"].as_s().expect("a text");
            entry.insert("sk".to_owned(), AttributeValue::S(format!("{place}-as-ever-before")));
            let put = story.world.database.client().put_item().table_name(format!("{STACK}-records"));
            put.set_item(Some(entry)).send().await.expect("it is filed twice");
        }
    }
    assert_eq!(story.filed().await, 2);
    story.sweep(hours(DUE_HOURS)).await;
    assert_eq!(story.filed().await, 0);
}

#[tokio::test]
async fn a_message_without_a_report_expires_48_hours_after_its_validity_and_is_refunded_once() {
    let story = Story::begin().await;
    let client = story.client_billed_on_delivery().await;
    let (lost, delivered) = (story.submitted(&client, "a1").await, story.submitted(&client, "a2").await);
    let doubted = story.claimed(&client, "a3").await;
    story
        .apply(Progress::InDoubtV1 {
            message: doubted.clone(),
            references: Vec::new(),
            connection: None,
            at: NOW,
        })
        .await;
    story.apply(receipt("a2")).await;
    story.project().await;
    assert_eq!(story.filed().await, 1, "what was submitted together is one entry");
    let reseller = story.world.balance(&story.reseller).await;
    story.sweep(hours(DUE_HOURS) - SignedDuration::from_secs(1)).await;
    assert_eq!(story.status(&lost).await, Status::Submitted);
    assert_eq!(story.world.balance(&client).await, amount("999.85"));
    for _ in 0..2 {
        story.sweep(hours(DUE_HOURS)).await;
        let message = story.world.store.message(&lost).await.expect("a read").expect("a message");
        assert_eq!((message.status, message.reason.as_deref()), (Status::Expired, Some("no_report")));
        assert_eq!(message.finished_at, Some(hours(DUE_HOURS)));
        assert_eq!(story.status(&doubted).await, Status::Expired);
        assert_eq!(story.status(&delivered).await, Status::Delivered);
        assert_eq!(story.world.balance(&client).await, amount("999.95"));
    }
    // What is billed when the vendor takes it stays owed.
    assert_eq!(story.world.balance(&story.reseller).await, reseller);
    assert_eq!(story.filed().await, 0);
    // A report that comes too late changes nothing.
    story.apply(receipt("a1")).await;
    assert_eq!(story.status(&lost).await, Status::Expired);
    story.is_sound(hours(DUE_HOURS)).await;
}

#[tokio::test]
async fn messages_of_a_block_expire_each_in_its_time_also_those_that_left_it() {
    let story = Story::begin().await;
    let client = story.client_billed_on_delivery().await;
    let mut valid_till = [None; 6];
    valid_till[5] = Some(hours(240));
    let block = story.claimed_block(&client, &valid_till).await;
    let refused = Outcome::Refused { reason: "no".to_owned(), next_route: false };
    story
        .told(
            &block,
            vec![
                (0, taken("b0")),
                (1, taken("b1")),
                (2, Outcome::InDoubt),
                (3, Outcome::NotSent),
                (4, refused),
                (5, taken("b5")),
            ],
        )
        .await;
    story.apply(receipt("b0")).await;
    // It waited for longer.
    story
        .apply(Progress::SubmittedV1 {
            message: MessageId::in_block(&block, 3),
            references: vec![Some("b3".to_owned())],
            connection: None,
            at: hours(30),
        })
        .await;
    story.project().await;
    use Status::{Delivered, Expired, Submitted, Unsent};
    for (now, expected, balance) in [
        (DUE_HOURS - 1, [Delivered, Submitted, Submitted, Submitted, Unsent, Submitted], "999.75"),
        (DUE_HOURS, [Delivered, Expired, Expired, Submitted, Unsent, Submitted], "999.85"),
        (DUE_HOURS + 30, [Delivered, Expired, Expired, Expired, Unsent, Submitted], "999.9"),
        (240 + 48, [Delivered, Expired, Expired, Expired, Unsent, Submitted], "999.9"),
        (240 + 48 + 1, [Delivered, Expired, Expired, Expired, Unsent, Expired], "999.95"),
    ] {
        story.sweep(hours(now)).await;
        assert_eq!(story.statuses(&block, 6).await, expected, "after {now} hours");
        assert_eq!(story.world.balance(&client).await, amount(balance), "after {now} hours");
        story.project().await;
    }
    assert_eq!(story.filed().await, 0);
    story.is_sound(hours(240 + 48 + 1)).await;
}

#[tokio::test]
async fn the_validity_of_the_connection_counts_for_messages_that_say_none() {
    let story = Story::begin().await;
    let vendor = story.world.store.any_connection(&connection()).await.expect("a read").expect("the vendor");
    let with = |hours: u32| {
        let Link::Smpp(link) = vendor.link.clone() else { panic!("over SMPP") };
        let link = SmppLink { validity_seconds: NonZeroU32::new(hours * 3_600), ..link };
        Connection { link: Link::Smpp(link), ..vendor.clone() }
    };
    replace_connection(&story.world.store, &with(2)).await;
    let client = story.client_billed_on_delivery().await;
    let (early, late) = (story.submitted(&client, "a1").await, story.submitted(&client, "a2").await);
    story.project().await;
    story.apply(receipt("a2")).await;
    story.sweep(hours(50)).await;
    assert_eq!(story.status(&early).await, Status::Submitted);
    story.sweep(hours(51)).await;
    assert_eq!(story.status(&early).await, Status::Expired);
    assert_eq!(story.status(&late).await, Status::Delivered);
    // It is asked for again where messages are filed, and where they end.
    let waiting = story.submitted(&client, "a3").await;
    story.project().await;
    replace_connection(&story.world.store, &with(100)).await;
    story.sweep(hours(51)).await;
    assert_eq!((story.status(&waiting).await, story.filed().await), (Status::Submitted, 1));
    story.sweep(hours(100 + 48 + 1)).await;
    assert_eq!((story.status(&waiting).await, story.filed().await), (Status::Expired, 0));
}

#[tokio::test]
async fn a_report_that_comes_at_the_same_moment_ends_the_message_or_finds_it_ended() {
    const COUNT: u16 = 20;
    let story = Story::begin().await;
    let client = story.client_billed_on_delivery().await;
    let block = story.claimed_block(&client, &[None; COUNT as usize]).await;
    story.told(&block, (0..COUNT).map(|place| (place, taken(&format!("b{place}")))).collect()).await;
    let mut rows = Vec::new();
    for number in 0..COUNT {
        rows.push(story.submitted(&client, &format!("a{number}")).await);
    }
    story.project().await;
    let reports = async {
        for number in 0..COUNT {
            // At another moment of the sweep each.
            for _ in 0..number * 3 {
                tokio::task::yield_now().await;
            }
            story.apply(receipt(&format!("a{number}"))).await;
            story.apply(receipt(&format!("b{number}"))).await;
        }
    };
    tokio::join!(story.sweep(hours(DUE_HOURS)), reports);
    let mut statuses = story.statuses(&block, COUNT).await;
    for row in &rows {
        statuses.push(story.status(row).await);
    }
    assert!(statuses.iter().all(|status| matches!(status, Status::Delivered | Status::Expired)));
    let delivered = statuses.iter().filter(|status| **status == Status::Delivered).count();
    let owed = (0..delivered).try_fold(amount("0"), |sum, _| sum.checked_add(amount("0.05")));
    let left = amount("1000").checked_sub(owed.expect("an amount")).expect("an amount");
    assert_eq!(story.world.balance(&client).await, left, "{delivered} delivered");
    story.is_sound(hours(DUE_HOURS)).await;
}

#[tokio::test]
async fn whichever_answers_are_lost_the_next_sweep_ends_in_the_same_state() {
    for lost in ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"] {
        let story = Story::begin().await;
        let client = story.client_billed_on_delivery().await;
        let block = story.claimed_block(&client, &[None, Some(hours(240))]).await;
        story.told(&block, vec![(0, taken("b0")), (1, taken("b1"))]).await;
        let row = story.submitted(&client, "a1").await;
        story.project().await;
        let store = story.world.store_with(move |call: &Call<'_>| match call.operation == lost {
            true => Fault::TimeoutAppliedAnswerLost,
            false => Fault::None,
        });
        // It may fail; the next minute brings it again.
        let _ = run(&tests::paying::sweeper(&store), hours(DUE_HOURS)).await;
        run(&story.sweeper, hours(DUE_HOURS)).await.expect("swept");
        assert_eq!(story.status(&row).await, Status::Expired, "{lost}");
        assert_eq!(story.statuses(&block, 2).await, [Status::Expired, Status::Submitted], "{lost}");
        assert_eq!(story.world.balance(&client).await, amount("999.95"), "{lost}");
        assert_eq!(story.filed().await, 1, "{lost}");
        run(&story.sweeper, hours(240 + 48 + 1)).await.expect("swept");
        assert_eq!(story.world.balance(&client).await, amount("1000"), "{lost}");
        assert_eq!(story.filed().await, 0, "{lost}");
        story.is_sound(hours(240 + 48 + 1)).await;
    }
}
