//! What a payment system told, or the platform itself found, that no rule can settle: kept until a person has
//! looked at it.

use domain::audit::Act;
use domain::finding::{Figures, FindingKind};
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
/// So many of a day's counted calls are shown; the others are only counted, as anybody may send any number.
const LATELY_MAX: usize = 5;
/// Of each of them.
const COUNTED_LENGTH_MAX: usize = 200;
/// In each of these, somebody else writes it at the same moment.
const ROUNDS_MAX: u32 = 3;

/// An event to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The payment system, by the name in its callback's address; or a [`FindingKind`] by its name.
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
    /// What differs, where the platform found something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// How many calls it stands for.
    #[serde(default = "once")]
    pub times: u32,
    /// The last few that differ, where it stands for several; the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lately: Vec<CountedCall>,
    /// That a person has dealt with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<ReviewDone>,
    /// Raised by every change, of which most have none.
    #[serde(default)]
    pub revision: u64,
}

/// A call of which there may be any number, so that a day's are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedCall {
    pub at: Timestamp,
    /// Why it brings no money.
    pub detail: String,
}

/// Which calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those that are not taken as the payment system's. A person is to look at them.
    Refused,
    /// Authentic ones that bring no money: of a payment that was declined, or was told before.
    Idle,
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

impl Counted {
    /// What names those of a day, by UTC, among all events.
    fn event(self, at: Timestamp) -> String {
        let day = at.to_zoned(TimeZone::UTC).date();
        match self {
            Self::Refused => format!("refused-calls-{day}"),
            Self::Idle => format!("idle-calls-{day}"),
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Refused => "calls of this day that are not taken as the payment system's",
            Self::Idle => {
                "calls of this day that bring no money: payments that were declined, or told before"
            }
        }
    }
}

impl KeptReview {
    /// The first of the calls of a day. With idle ones nobody has to deal.
    fn of_counted(counted: Counted, system: &str, call: CountedCall) -> Self {
        let (event, at, detail) = (counted.event(call.at), call.at, counted.detail().to_owned());
        let review = Review { system: system.to_owned(), event, top_up: None, detail, at };
        let done = (counted == Counted::Idle).then(|| ReviewDone {
            at,
            by: "payment-callback".to_owned(),
            note: "There is nothing to do.".to_owned(),
        });
        Self { review, figures: None, times: 1, lately: vec![call], done, revision: 1 }
    }

    /// With one more of them, in the place of one that said the same: many that say the same hide no other. Refused ones are
    /// to be looked at again.
    fn counting(&self, counted: Counted, call: CountedCall) -> Self {
        let others: Vec<_> =
            self.lately.iter().filter(|known| known.detail != call.detail).cloned().collect();
        let lately = std::iter::once(call).chain(others).take(LATELY_MAX).collect();
        let times = self.times.saturating_add(1);
        let done = self.done.clone().filter(|_| counted == Counted::Idle);
        Self { times, lately, done, revision: self.revision + 1, ..self.clone() }
    }

    fn list(&self) -> &'static str {
        if self.done.is_some() { DONE } else { REVIEWS }
    }
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// Of these payment systems, or kinds of findings, by their names.
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

    /// Keeps what the platform found. The same difference found again changes nothing; another one takes its place,
    /// and is to be looked at again.
    pub async fn put_finding(&self, review: Review, figures: Figures) -> Result<(), StoreError> {
        let action = "keep what was found";
        for _ in 0..ROUNDS_MAX {
            let before = self.review(&review.system, &review.event).await?;
            let known = before.as_ref().and_then(|before| before.figures.as_ref());
            if known.is_some_and(|known| figures.differ_as(known)) {
                return Ok(());
            }
            let (review, figures) = (review.clone(), Some(figures.clone()));
            let revision = before.as_ref().map_or(1, |before| before.revision + 1);
            let after = KeptReview { review, figures, times: 1, lately: Vec::new(), done: None, revision };
            if self.put_kept(action, before.as_ref(), &after).await? {
                return Ok(());
            }
        }
        Err(StoreError::Busy { action })
    }

    /// Counts a call among those of its payment system and day, and shows the last ones: nobody fills the table with
    /// them. Of calls at the same moment some are not counted.
    pub async fn count_call(
        &self,
        counted: Counted,
        system: &str,
        mut call: CountedCall,
    ) -> Result<(), StoreError> {
        call.detail = call.detail.chars().take(COUNTED_LENGTH_MAX).collect();
        let event = counted.event(call.at);
        for _ in 0..ROUNDS_MAX {
            let before = self.review(system, &event).await?;
            let after = match &before {
                None => KeptReview::of_counted(counted, system, call.clone()),
                Some(before) => before.counting(counted, call.clone()),
            };
            if self.put_kept("count a call", before.as_ref(), &after).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// False if it was not as it was read any more.
    async fn put_kept(
        &self,
        action: &'static str,
        before: Option<&KeptReview>,
        after: &KeptReview,
    ) -> Result<bool, StoreError> {
        let (condition, values) = as_read(before);
        let put = self.dynamo.put_item().table_name(&self.tables.directory);
        let put = put.set_item(Some(kept_item(after)?)).condition_expression(condition);
        let put = put.set_expression_attribute_values((!values.is_empty()).then_some(values));
        Ok(write_alone(action, || put.clone().send()).await?.is_some())
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
        let Review { system, event, .. } = &before.review;
        let action = match FindingKind::named(system) {
            Some(_) => "ledger_review.done",
            None => "payment_review.done",
        };
        let object = format!("{system}.{event}");
        let (condition, values) = as_read(Some(before));
        let mut items = vec![self.put_item(&self.tables.directory, kept_item(&after)?, condition, values)];
        items.extend(self.audit_items(act, action, &object, Some(before), Some(&after))?);
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
        let call = |second: i64| CountedCall {
            at: Timestamp::from_second(second).unwrap(),
            detail: format!("call {second}"),
        };
        let first = KeptReview::of_counted(Counted::Refused, "psy_1", call(1));
        let done = ReviewDone { at: Timestamp::UNIX_EPOCH, by: "Ann".into(), note: "a scan".into() };
        let seen = KeptReview { done: Some(done), ..first.clone() };
        let all = (2..=1_000).fold(seen, |kept, second| kept.counting(Counted::Refused, call(second)));
        let lately: Vec<String> = all.lately.iter().map(|call| call.detail.clone()).collect();
        assert_eq!(lately, ["call 1000", "call 999", "call 998", "call 997", "call 996"]);
        let many = (0..10).fold(all.clone(), |kept, _| kept.counting(Counted::Refused, call(1_000)));
        assert_eq!((many.times, &many.lately), (1_010, &all.lately), "many that say the same hide no other");
        assert_eq!((all.times, &all.review, all.done), (1_000, &first.review, None));
        let event = |second: i64| Counted::Refused.event(call(second).at);
        assert_ne!(event(86_399), event(86_400), "each day has its own");
    }

    #[test]
    fn with_calls_that_bring_no_money_nobody_has_to_deal_however_many_come() {
        let call = CountedCall { at: Timestamp::UNIX_EPOCH, detail: "declined".into() };
        let first = KeptReview::of_counted(Counted::Idle, "psy_1", call.clone());
        let second = first.counting(Counted::Idle, call.clone());
        assert_eq!((second.times, second.list()), (2, DONE));
        let refused = KeptReview::of_counted(Counted::Refused, "psy_1", call);
        assert_eq!(refused.list(), REVIEWS);
        assert_ne!(first.review.event, refused.review.event);
    }
}
