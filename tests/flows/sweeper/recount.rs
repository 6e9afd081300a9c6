//! The recount of usage: nothing to find where only the projector writes, and each altered row found, told once
//! it has stayed.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use store::{Item, keys};
use sweeper::recount::{REVIEWED_AS, run};
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::{Member, NOW, STACK, amount};

use super::{App, SETTLED_AFTER, Story, text};

/// In the day behind the one in which everything of the story happens.
fn next_day() -> Timestamp {
    NOW + SignedDuration::from_hours(25)
}

impl Story {
    async fn recount(&self, now: Timestamp) -> Vec<(String, String)> {
        run(&self.sweeper, now).await.expect("recounted");
        let reviews = self.world.store.reviews(REVIEWED_AS).await.expect("the reviews are read");
        reviews.into_iter().map(|review| (review.event, review.detail)).collect()
    }

    /// One more message than there was, in the only usage row of a member.
    async fn count_one_more(&self, member: &Member) {
        self.alter_usage(member, "messages", AttributeValue::N("4".to_owned())).await;
    }

    async fn make_unreadable(&self, member: &Member) {
        self.alter_usage(member, "amount", AttributeValue::S("none".to_owned())).await;
    }

    async fn alter_usage(&self, member: &Member, name: &str, value: AttributeValue) {
        let rows: Vec<Item> = self.records(keys::usage_rows(&member.agreement.id)).await;
        let [row] = &rows[..] else { panic!("{rows:?}") };
        let key = keys::Key { pk: text(row, "pk").to_owned(), sk: text(row, "sk").to_owned() };
        self.alter("records", key, &[name], value).await;
    }
}

#[tokio::test]
async fn usage_that_only_the_projector_wrote_recounts_to_the_same() {
    let story = Story::new().await;
    for round in 0..3 {
        assert_eq!(story.recount(next_day() + SETTLED_AFTER * round).await, []);
    }
}

#[tokio::test]
async fn an_altered_usage_row_is_told_once_it_was_found_at_two_visits() {
    let story = Story::new().await;
    story.count_one_more(&story.reseller).await;
    assert_eq!(story.recount(next_day()).await, []);
    // At once it may still be a projection under way.
    assert_eq!(story.recount(next_day()).await, []);
    for _ in 0..2 {
        let found = story.recount(next_day() + SETTLED_AFTER).await;
        let [(event, detail)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(*event, format!("{}#2026-01-01", story.reseller.agreement.id));
        let expected = "0.09 for 4 messages, 3 units instead of 0.09 for 3 messages, 3 units";
        assert!(detail.starts_with("1 usage rows differ") && detail.ends_with(expected), "{detail}");
    }
}

#[tokio::test]
async fn what_was_projected_between_two_visits_is_told_of_nobody() {
    let story = Story::new().await;
    story.count_one_more(&story.client).await;
    assert_eq!(story.recount(next_day()).await, []);
    story.alter_usage(&story.client, "messages", AttributeValue::N("3".to_owned())).await;
    for round in 1..3 {
        assert_eq!(story.recount(next_day() + SETTLED_AFTER * round).await, []);
    }
}

/// At each visit one message is in the records and not in the usage yet: the same difference each time.
#[tokio::test]
async fn what_is_projected_while_a_day_is_counted_is_told_of_nobody_however_often() {
    let story = Story::new().await;
    let partition = keys::usage_rows(&story.client.agreement.id);
    let projected = story.records(partition.clone()).await;
    for round in 0..3 {
        story.count_one_more(&story.client).await;
        let (database, projected) = (story.world.database.clone(), projected.clone());
        let (partition, looks) = (partition.clone(), AtomicU64::new(0));
        let store = story.world.store_with(move |call: &Call<'_>| {
            let is_look = call.operation == "Query" && call.body.to_string().contains(&partition);
            if is_look && looks.fetch_add(1, Ordering::Relaxed) == 1 {
                database.import(&format!("{STACK}-records"), projected.iter().cloned());
            }
            Fault::None
        });
        let sweeper = App { store, ..story.sweeper.clone() };
        run(&sweeper, next_day() + SETTLED_AFTER * round).await.expect("recounted");
        assert_eq!(story.world.store.reviews(REVIEWED_AS).await.expect("read"), []);
    }
}

#[tokio::test]
async fn a_day_that_is_changed_after_it_agreed_is_told_within_a_week_with_both_sums() {
    let story = Story::new().await;
    assert_eq!(story.recount(next_day()).await, []);
    let agreement = &story.client.agreement.id;
    story.alter_usage(&story.client, "amount", AttributeValue::N("7".to_owned())).await;
    // A round takes an hour, or somewhat longer.
    let mut visits = (1..128).map(|visit| next_day() + SignedDuration::from_mins(79) * visit);
    let found = loop {
        let found = story.recount(visits.next().expect("found within a week")).await;
        if !found.is_empty() {
            break found;
        }
    };
    let event = format!("{agreement}#2026-01-01");
    assert_eq!(found.iter().map(|(event, _)| event).collect::<Vec<_>>(), [&event]);
    let kept = story.world.store.review(REVIEWED_AS, &event).await.expect("read").expect("kept");
    let figures = kept.figures.expect("figures");
    let sums = (figures.expected, figures.found);
    assert_eq!((figures.day, sums), (Some(date(2026, 1, 1)), (amount("0.15"), amount("7"))));
}

#[tokio::test]
async fn what_stays_different_is_told_also_while_its_row_is_counted_on() {
    let story = Story::new().await;
    story.count_one_more(&story.client).await;
    assert_eq!(story.recount(next_day()).await, []);
    story.send(10..13).await;
    story.project().await;
    let found = story.recount(next_day() + SETTLED_AFTER).await;
    let [(_, detail)] = &found[..] else { panic!("{found:?}") };
    let expected = "0.2 for 5 messages, 4 units instead of 0.2 for 4 messages, 4 units";
    assert!(detail.ends_with(expected), "{detail}");
}

#[tokio::test]
async fn a_day_that_cannot_be_counted_keeps_no_other_from_being_counted() {
    let story = Story::new().await;
    let visit = |minutes: i64| run(&story.sweeper, next_day() + SignedDuration::from_mins(minutes));
    // Of one at its first look, of the other at its second.
    story.make_unreadable(&story.reseller).await;
    story.count_one_more(&story.client).await;
    visit(0).await.expect_err("it cannot be read");
    story.make_unreadable(&story.client).await;
    visit(10).await.expect_err("it cannot be read");
    visit(20).await.expect("older days are counted");
    for member in [&story.reseller, &story.client] {
        let known = story.world.store.recounts(&member.agreement.id).await.expect("read");
        assert_eq!(known.older.map(|older| older.day), Some(date(2025, 12, 31)));
    }
}
