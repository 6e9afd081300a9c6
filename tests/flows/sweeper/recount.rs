//! The recount of yesterday's usage: nothing to find where only the projector writes, and each altered row
//! found, told once it has stayed.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use store::{Item, keys};
use sweeper::recount::{REVIEWED_AS, run};
use tests::world::{Member, NOW};

use super::{SETTLED_AFTER, Story, text};

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
        let rows: Vec<Item> = self.records(keys::usage_rows(&member.agreement.id)).await;
        let [row] = &rows[..] else { panic!("{rows:?}") };
        let key = keys::Key { pk: text(row, "pk").to_owned(), sk: text(row, "sk").to_owned() };
        self.alter("records", key, &["messages"], AttributeValue::N("4".to_owned())).await;
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
    let rows = story.records(keys::usage_rows(&story.client.agreement.id)).await;
    let key = keys::Key { pk: text(&rows[0], "pk").to_owned(), sk: text(&rows[0], "sk").to_owned() };
    story.alter("records", key, &["messages"], AttributeValue::N("3".to_owned())).await;
    for round in 1..3 {
        assert_eq!(story.recount(next_day() + SETTLED_AFTER * round).await, []);
    }
}
