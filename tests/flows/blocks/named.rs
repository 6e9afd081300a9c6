//! Receipts that say which segment they are about, and the vendor's ids that are stored for the others: whatever
//! comes first, twice, or names something else.

use jiff::{SignedDuration, Timestamp};
use queue::Segment;
use store::Reference;

use super::*;

fn segment(message: MessageId, references: &[&str], part: usize) -> Segment {
    let references = references.iter().map(|reference| Some((*reference).to_owned())).collect();
    Segment { message, part, references }
}

fn report(reference: &str, state: ReceiptState, segment: Option<Segment>) -> Report {
    let (other_reference, error, recipient) = (None, None, None);
    let (reference, again) = (reference.to_owned(), false);
    Report { reference, other_reference, state, error, recipient, segment, again }
}

fn receipts(receipts: Vec<Report>) -> Progress {
    Progress::ReceiptsV1 { connection: connection(), receipts, at: NOW }
}

impl Scene {
    /// As a gateway tells it that has queued the storing of the ids.
    fn told_with_references_later(&self, outcomes: Vec<(u16, Outcome)>) -> Progress {
        let references_by = Some(Timestamp::now() + SignedDuration::from_mins(1));
        let (block, connection) = (self.tag.clone(), connection());
        Progress::BlockV1 { block, connection, outcomes, references_by, at: NOW }
    }

    fn later(&self) -> Progress {
        Progress::ReferencesV1 { block: self.tag.clone(), connection: connection() }
    }

    async fn reference(&self, canonical: &str) -> Option<MessageId> {
        let found = self.world.store.reference(&connection(), canonical).await.expect("a read");
        found.map(|reference| reference.message)
    }
}

#[tokio::test]
async fn a_receipt_that_names_its_segment_counts_before_and_after_the_outcome_is_told() {
    let scene = Scene::claimed(3).await;
    let delivered = |place: u16, reference| {
        let reference = format!("{reference}{place}");
        report(&reference, ReceiptState::Delivered, Some(segment(scene.id(place), &[&reference], 0)))
    };
    let outcomes = || (0..3).map(|place| (place, taken(&format!("ref{place:04}")))).collect();
    let [early, late] = [[delivered(0, "REF000")], [delivered(1, "00ref000")]];
    scene.apply(receipts(vec![early[0].clone()])).await;
    assert_eq!(scene.statuses(3).await, [Status::Delivered, Status::Queued, Status::Queued]);
    for _ in 0..2 {
        scene.apply(scene.told_with_references_later(outcomes())).await;
        scene.apply(receipts(early.iter().chain(&late).cloned().collect())).await;
        assert_eq!(scene.statuses(3).await, [Status::Delivered, Status::Delivered, Status::Submitted]);
    }
    assert_eq!(scene.message(0).await.parts[0].reference, "REF0000");
    for _ in 0..2 {
        scene.apply(scene.later()).await;
        for (id, expected) in [("ref0000", None), ("ref0001", None), ("ref0002", Some(scene.id(2)))] {
            assert_eq!(scene.reference(id).await, expected, "{id}");
        }
    }
    scene.apply(reports(&[("ref0002", ReceiptState::Expired)])).await;
    assert_eq!(scene.message(2).await.status, Status::Expired);
    assert_eq!(scale::parked(&scene.world).await, 0);
}

#[tokio::test]
async fn a_receipt_that_is_told_again_with_its_segment_takes_along_the_one_that_waits() {
    let id = "ref0000";
    for is_first_late in [false, true] {
        let scene = Scene::claimed(1).await;
        let first = report(id, ReceiptState::Expired, None);
        let segment = Some(segment(scene.id(0), &[id], 0));
        let again = Report { segment, again: true, ..first.clone() };
        let mut told = [first, again];
        if is_first_late {
            told.reverse();
        }
        for report in told {
            scene.apply(receipts(vec![report])).await;
        }
        assert_eq!(scene.statuses(1).await, [Status::Expired], "{is_first_late}");
        assert_eq!(scale::parked(&scene.world).await, 0, "{is_first_late}");
        assert_eq!(scene.reference(id).await, Some(scene.id(0)), "{is_first_late}");
        scene.apply(scene.told_with_references_later(vec![(0, taken(id))])).await;
        scene.apply(scene.later()).await;
        assert_eq!(scene.statuses(1).await, [Status::Expired], "{is_first_late}");
    }
}

#[tokio::test]
async fn what_is_told_again_late_takes_no_id_from_a_later_message() {
    let scene = Scene::claimed(1).await;
    scene.apply(scene.told_with_references_later(vec![(0, taken("777777"))])).await;
    let later = Reference { message: scene.id(9), part: 0, recipient: "49".to_owned() };
    let (store, soon) = (&scene.world.store, NOW + SignedDuration::from_secs(30));
    store.put_references(&connection(), &[("777777".to_owned(), later)], soon).await.expect("stored");
    let segment = Some(segment(scene.id(0), &["777777"], 0));
    let again = Report { again: true, ..report("777777", ReceiptState::Delivered, segment) };
    let at = NOW + SignedDuration::from_hours(1);
    scene.apply(Progress::ReceiptsV1 { connection: connection(), receipts: vec![again], at }).await;
    assert_eq!(scene.statuses(1).await, [Status::Delivered]);
    assert_eq!(scene.reference("777777").await, Some(scene.id(9)));
}

#[tokio::test]
async fn each_part_of_a_long_message_is_reported_by_name_or_found_later() {
    let scene = Scene::claimed(1).await;
    let ids = ["part-one", "part-two"];
    let named =
        |part: usize| report(ids[part], ReceiptState::Delivered, Some(segment(scene.id(0), &ids, part)));
    scene.apply(receipts(vec![named(1)])).await;
    assert_eq!(scene.message(0).await.status, Status::Submitted);
    let both = Outcome::Submitted(ids.map(|id| Some(id.to_owned())).to_vec());
    scene.apply(scene.told_with_references_later(vec![(0, both)])).await;
    scene.apply(scene.later()).await;
    assert_eq!(
        (scene.reference("part-one").await, scene.reference("part-two").await),
        (Some(scene.id(0)), None)
    );
    scene.apply(reports(&[("part-one", ReceiptState::Delivered)])).await;
    assert_eq!(scene.message(0).await.status, Status::Delivered);
}

#[tokio::test]
async fn a_receipt_without_a_name_waits_until_the_ids_are_stored_whatever_answer_is_lost() {
    for lost in 0..=12 {
        let scene = Scene::claimed(3).await;
        let faulty = App {
            store: scene.world.store_with(move |call: &Call<'_>| match call.number == lost {
                true => Fault::TimeoutAppliedAnswerLost,
                false => Fault::None,
            }),
        };
        let outcomes = (0..3).map(|place| (place, taken(&format!("7{place}000000")))).collect();
        for progress in [
            scene.told_with_references_later(outcomes),
            // In the other number form, and one that comes in time.
            reports(&[("070000000", ReceiptState::Delivered), ("43B5FC0", ReceiptState::Expired)]),
            receipts(vec![report(
                "72000000",
                ReceiptState::Delivered,
                Some(segment(scene.id(2), &["72000000"], 0)),
            )]),
            scene.later(),
            scene.later(),
        ] {
            // The first delivery may fail; SQS brings it again.
            let _ = faulty.apply(progress.clone()).await;
            scene.apply(progress).await;
        }
        let statuses = scene.statuses(3).await;
        assert_eq!(statuses, [Status::Delivered, Status::Expired, Status::Delivered], "{lost}");
        assert_eq!(scale::parked(&scene.world).await, 0, "{lost}");
        assert_eq!(scene.reference("71000000").await, Some(scene.id(1)), "{lost}");
    }
}

#[tokio::test]
async fn ids_are_stored_at_once_where_what_stores_them_later_may_have_come_already() {
    let scene = Scene::claimed(2).await;
    scene.apply(scene.later()).await; // there is nothing to store yet
    let told = match scene.told_with_references_later(vec![(0, taken("aaaaaa")), (1, taken("bbbbbb"))]) {
        Progress::BlockV1 { block, connection, outcomes, at, .. } => {
            Progress::BlockV1 { block, connection, outcomes, references_by: Some(NOW), at }
        }
        other => other,
    };
    scene.apply(reports(&[("aaaaaa", ReceiptState::Delivered)])).await;
    scene.apply(told).await;
    assert_eq!(scene.statuses(2).await, [Status::Delivered, Status::Submitted]);
    assert_eq!(scene.reference("bbbbbb").await, Some(scene.id(1)));
}

#[tokio::test]
async fn a_name_that_the_block_does_not_bear_out_is_only_a_receipt() {
    let scene = Scene::claimed(3).await;
    let outcomes = vec![(0, taken("aaaaaa")), (1, taken("bbbbbb")), (2, Outcome::NotSent)];
    scene.apply(scene.told(outcomes)).await;
    let expired = |id: &str, place: u16, known: &str| {
        report(id, ReceiptState::Expired, Some(segment(scene.id(place), &[known], 0)))
    };
    let unknown = MessageId::in_block(&LeaseTag { number: 999, ..scene.tag.clone() }, 0);
    let elsewhere = report("aaaaaa", ReceiptState::Undelivered, Some(segment(unknown, &["aaaaaa"], 0)));
    scene
        .apply(receipts(vec![
            expired("bbbbbb", 0, "bbbbbb"), // of another message
            expired("cccccc", 2, "cccccc"), // of one that has left, and nobody knows the id yet
            elsewhere,
        ]))
        .await;
    assert_eq!(scene.statuses(3).await, [Status::Undelivered, Status::Expired, Status::Accepted]);
    assert_eq!(scale::parked(&scene.world).await, 1);
    // The one that left goes out by itself.
    let submitted = |references: &[&str]| Progress::SubmittedV1 {
        message: scene.id(2),
        references: references.iter().map(|reference| Some((*reference).to_owned())).collect(),
        connection: None,
        at: NOW,
    };
    scene.world.store.claim(&scene.id(2)).await.expect("claimed");
    scene.apply(submitted(&["cccccc"])).await;
    assert_eq!(scene.message(2).await.status, Status::Expired);
}

#[tokio::test]
async fn an_id_that_a_vendor_has_used_again_since_stays_with_the_later_message() {
    let scene = Scene::claimed(2).await;
    scene.apply(scene.told_with_references_later(vec![(0, taken("77")), (1, taken("78"))])).await;
    let later = Reference { message: scene.id(9), part: 0, recipient: "49".to_owned() };
    let store = &scene.world.store;
    let soon = NOW + SignedDuration::from_secs(30);
    store.put_references(&connection(), &[("77".to_owned(), later)], soon).await.expect("stored");
    scene.apply(scene.later()).await;
    assert_eq!(
        (scene.reference("77").await, scene.reference("78").await),
        (Some(scene.id(9)), Some(scene.id(1)))
    );
}

#[tokio::test]
async fn the_id_of_a_message_that_has_left_its_block_is_stored_at_once() {
    let scene = Scene::claimed(2).await;
    scene.apply(scene.told(vec![(0, Outcome::NotSent)])).await;
    scene.apply(scene.told_with_references_later(vec![(0, taken("aaaaaa")), (1, taken("bbbbbb"))])).await;
    assert_eq!((scene.reference("aaaaaa").await, scene.reference("bbbbbb").await), (Some(scene.id(0)), None));
    assert_eq!(scene.statuses(2).await, [Status::Submitted; 2]);
}

#[tokio::test]
async fn receipts_of_a_block_that_came_one_by_one_move_it_by_one_write() {
    let scene = Scene::claimed(4).await;
    let outcomes = (0..4).map(|place| (place, taken(&format!("ref{place:04}")))).collect();
    scene.apply(scene.told_with_references_later(outcomes)).await;
    let revision =
        async || scene.world.store.block(&scene.tag).await.expect("a read").expect("a block").revision;
    let before = revision().await;
    let one = |place: u16| {
        let reference = format!("ref{place:04}");
        let segment = segment(scene.id(place), &[&reference], 0);
        receipts(vec![report(&reference, ReceiptState::Delivered, Some(segment))])
    };
    let mut batch: Vec<_> = (0..4).map(one).collect();
    let unknown = LeaseTag { number: 999, ..scene.tag.clone() };
    batch.push(Progress::ReferencesV1 { block: unknown, connection: connection() });
    let answer = progress_applier::handle(&scene.app, scale::delivery(&batch)).await;
    let failed: Vec<_> = answer.batch_item_failures.iter().map(|failure| &failure.item_identifier).collect();
    assert_eq!(failed, ["4"]);
    assert_eq!((scene.statuses(4).await, revision().await), (vec![Status::Delivered; 4], before + 1));
}

#[tokio::test]
async fn what_was_taken_before_a_segment_came_in_doubt_is_found_and_what_has_no_id_is_known_by_none() {
    for is_later in [false, true] {
        let scene = Scene::claimed(2).await;
        let partly = Outcome::PartlyInDoubt(vec![Some("aaaaaa".to_owned()), None]);
        let outcomes = vec![(0, partly), (1, taken(""))];
        if is_later {
            scene.apply(scene.told_with_references_later(outcomes)).await;
            scene.apply(scene.later()).await;
        } else {
            scene.apply(scene.told(outcomes)).await;
        }
        assert!(scene.message(0).await.is_in_doubt());
        assert_eq!(scene.reference("").await, None);
        scene.apply(reports(&[("aaaaaa", ReceiptState::Undelivered)])).await;
        assert_eq!(scene.statuses(2).await, [Status::Undelivered, Status::Submitted]);
    }
}
