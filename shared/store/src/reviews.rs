//! What a payment system told that no rule can settle: kept until a person has looked at it.

use domain::audit::Act;
use domain::id::TopUpId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{Item, Partition, listed, number, read, text};
use crate::keys::{BY_PARENT, LISTED, PARENT};
use crate::records::Page;
use crate::transact::Refused;
use crate::{Store, StoreError, keys};

const KIND: &str = "a review";
const REVIEWS: &str = "reviews";
/// Those that a person has dealt with.
const DONE: &str = "reviews_done";
/// So many of a day's refused calls are shown; the others are only counted, as anybody may send any number.
const LATELY_MAX: usize = 5;
/// Of each of them.
const REFUSED_LENGTH_MAX: usize = 200;
/// In each of these, somebody else counts a call at the same moment.
const COUNT_ROUNDS_MAX: u32 = 3;

/// An event to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The payment system, by the name in its callback's address.
    pub system: String,
    /// The payment system's id of the event; whatever names it if there is none.
    pub event: String,
    /// The top-up it is about, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up: Option<TopUpId>,
    /// What happened, for the person who looks.
    pub detail: String,
    pub at: Timestamp,
}

/// An event to look at as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptReview {
    #[serde(flatten)]
    pub review: Review,
    /// How many calls it stands for.
    #[serde(default = "once")]
    pub times: u32,
    /// The last ones, where it stands for several; the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lately: Vec<RefusedCall>,
    /// That a person has dealt with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<ReviewDone>,
    /// Raised by every change, of which most have none.
    #[serde(default)]
    pub revision: u64,
}

/// A call that was not taken as the payment system's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCall {
    pub at: Timestamp,
    /// Why not.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDone {
    pub at: Timestamp,
    /// Who, as it was called then.
    pub by: String,
    /// What was done about it.
    pub note: String,
}

fn once() -> u32 {
    1
}

impl KeptReview {
    /// The first refused call of a day, by UTC.
    fn of_refused(system: &str, call: RefusedCall) -> Self {
        let detail = "calls of this day that are not taken as the payment system's".to_owned();
        let (event, at) = (refused_calls(call.at), call.at);
        let review = Review { system: system.to_owned(), event, top_up: None, detail, at };
        Self { review, times: 1, lately: vec![call], done: None, revision: 1 }
    }

    /// With one more of them. It is to be looked at again.
    fn counting(&self, call: RefusedCall) -> Self {
        let lately = std::iter::once(call).chain(self.lately.iter().cloned()).take(LATELY_MAX).collect();
        let times = self.times.saturating_add(1);
        Self { times, lately, done: None, revision: self.revision + 1, ..self.clone() }
    }

    fn list(&self) -> &'static str {
        if self.done.is_some() { DONE } else { REVIEWS }
    }
}

/// What names a day's refused calls among all events.
fn refused_calls(at: Timestamp) -> String {
    format!("refused-calls-{}", at.to_zoned(TimeZone::UTC).date())
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// Of these payment systems, by their names.
    pub systems: Vec<String>,
    /// Told at this time or later.
    pub from: Option<Timestamp>,
    /// Told before this time.
    pub till: Option<Timestamp>,
    /// Only those that a person has dealt with, or only the others.
    pub done: Option<bool>,
}

impl Store {
    /// Keeps an event for review. Repeats change nothing, so the first detail stays.
    pub async fn put_review(&self, review: &Review) -> Result<(), StoreError> {
        self.put_if_new(&self.tables.directory, review_item(review)?).await?;
        Ok(())
    }

    /// Counts a call that is not authentic among those of its payment system and day, and shows the last ones:
    /// nobody fills the table with them. Of calls at the same moment some are not counted.
    pub async fn count_refused_call(&self, system: &str, mut call: RefusedCall) -> Result<(), StoreError> {
        call.detail = call.detail.chars().take(REFUSED_LENGTH_MAX).collect();
        let event = refused_calls(call.at);
        for _ in 0..COUNT_ROUNDS_MAX {
            let before = self.review(system, &event).await?;
            let after = match &before {
                None => KeptReview::of_refused(system, call.clone()),
                Some(before) => before.counting(call.clone()),
            };
            let (condition, values) = as_read(before.as_ref());
            let put = self.dynamo.put_item().table_name(&self.tables.directory);
            let put = put.set_item(Some(kept_item(&after)?)).condition_expression(condition);
            let put = put.set_expression_attribute_values((!values.is_empty()).then_some(values));
            if write_alone("count a refused call", || put.clone().send()).await?.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    pub async fn review(&self, system: &str, event: &str) -> Result<Option<KeptReview>, StoreError> {
        self.get(&self.tables.directory, &keys::review(system, event), KIND).await
    }

    /// Stores that a person has dealt with an event, with the entry of the audit log. None if it was not as it
    /// was read any more.
    pub async fn finish_review(
        &self,
        act: &Act,
        before: &KeptReview,
        done: ReviewDone,
    ) -> Result<Option<KeptReview>, StoreError> {
        let after = KeptReview { done: Some(done), revision: before.revision + 1, ..before.clone() };
        let object = format!("{}.{}", before.review.system, before.review.event);
        let (condition, values) = as_read(Some(before));
        let mut items = vec![self.put_item(&self.tables.directory, kept_item(&after)?, condition, values)];
        items.extend(self.audit_items(act, "payment_review.done", &object, Some(before), Some(&after))?);
        match self.transact("finish a review", items).await {
            Ok(()) => Ok(Some(after)),
            Err(Refused::At(..)) => Ok(None),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// The events of a payment system that nobody has dealt with, oldest first.
    pub async fn reviews(&self, system: &str) -> Result<Vec<Review>, StoreError> {
        let parent = keys::listing(REVIEWS, system, "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// A page of the events of several, newest first, behind the place where another page ended.
    pub async fn newest_reviews(
        &self,
        filter: &ReviewFilter,
        limit: u16,
        behind: Option<&str>,
    ) -> Result<Page<KeptReview>, StoreError> {
        // Places begin with digits.
        let till = filter.till.map_or_else(|| "~".to_owned(), keys::sortable);
        let behind = behind.map_or(till.as_str(), |behind| behind.min(&till));
        let (mut rows, mut end) = (Vec::new(), None::<String>);
        let lists: &[&str] = match filter.done {
            None => &[REVIEWS, DONE],
            Some(true) => &[DONE],
            Some(false) => &[REVIEWS],
        };
        for system in &filter.systems {
            for list in lists {
                let page = self.newest_of_list(list, system, limit, behind).await?;
                rows.extend(page.items.into_iter().map(|kept| (place(&kept.review), kept)));
                end = end.max(page.next);
            }
        }
        rows.sort_by(|(one, _), (other, _)| other.cmp(one));
        // What lies behind the end of a system's page may have something before it.
        rows.retain(|(place, _)| end.as_ref().is_none_or(|end| end <= place));
        if usize::from(limit) < rows.len() {
            rows.truncate(limit.into());
            end = rows.last().map(|(place, _)| place.clone());
        }
        if let Some(from) = filter.from.map(keys::sortable) {
            end = end.filter(|end| from <= *end);
            rows.retain(|(place, _)| from <= *place);
        }
        Ok(Page { items: rows.into_iter().map(|(_, kept)| kept).collect(), next: end })
    }

    async fn newest_of_list(
        &self,
        list: &str,
        system: &str,
        limit: u16,
        behind: &str,
    ) -> Result<Page<KeptReview>, StoreError> {
        let parent = keys::listing(list, system, "").parent;
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.directory)
            .index_name(BY_PARENT)
            .key_condition_expression("#parent = :parent AND #listed < :behind")
            .expression_attribute_names("#parent", PARENT)
            .expression_attribute_names("#listed", LISTED)
            .expression_attribute_values(":parent", text(parent))
            .expression_attribute_values(":behind", text(behind))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        let answer = query.send().await.map_err(StoreError::aws("list reviews"))?;
        let has_more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        let items = answer.items.unwrap_or_default().into_iter().map(|item| read(KIND, item));
        let items = items.collect::<Result<Vec<KeptReview>, _>>()?;
        let next = items.last().filter(|_| has_more).map(|kept| place(&kept.review));
        Ok(Page { items, next })
    }
}

pub(crate) fn review_item(review: &Review) -> Result<Item, StoreError> {
    let listing = keys::listing(REVIEWS, &review.system, &place(review));
    listed(&keys::review(&review.system, &review.event), &listing, review)
}

fn kept_item(kept: &KeptReview) -> Result<Item, StoreError> {
    let Review { system, event, .. } = &kept.review;
    let listing = keys::listing(kept.list(), system, &place(&kept.review));
    listed(&keys::review(system, event), &listing, kept)
}

/// That it is as it was read.
fn as_read(before: Option<&KeptReview>) -> (&'static str, Item) {
    match before.map(|before| before.revision) {
        None => ("attribute_not_exists(pk)", Item::new()),
        Some(0) => ("attribute_not_exists(revision)", Item::new()),
        Some(revision) => ("revision = :revision", Item::from([(":revision".to_owned(), number(revision))])),
    }
}

fn place(review: &Review) -> String {
    format!("{}#{}", keys::sortable(review.at), review.event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_calls_are_refused_the_last_few_of_a_day_are_shown() {
        let call = |second: i64| RefusedCall {
            at: Timestamp::from_second(second).unwrap(),
            detail: format!("call {second}"),
        };
        let first = KeptReview::of_refused("psy_1", call(1));
        let done = ReviewDone { at: Timestamp::UNIX_EPOCH, by: "Ann".into(), note: "a scan".into() };
        let seen = KeptReview { done: Some(done), ..first.clone() };
        let all = (2..=1_000).fold(seen, |kept, second| kept.counting(call(second)));
        let lately: Vec<String> = all.lately.iter().map(|call| call.detail.clone()).collect();
        assert_eq!(lately, ["call 1000", "call 999", "call 998", "call 997", "call 996"]);
        assert_eq!((all.times, &all.review, all.done), (1_000, &first.review, None));
        assert_ne!(refused_calls(call(86_399).at), refused_calls(call(86_400).at), "each day has its own");
    }
}
