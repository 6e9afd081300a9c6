//! What a payment system told that no rule can settle: kept until a person has looked at it.

use domain::id::TopUpId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, Partition, listed, read, text};
use crate::keys::{BY_PARENT, LISTED, PARENT};
use crate::records::Page;
use crate::{Store, StoreError, keys};

const KIND: &str = "a review";
const REVIEWS: &str = "reviews";

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

impl Store {
    /// Keeps an event for review. Repeats change nothing, so the first detail stays.
    pub async fn put_review(&self, review: &Review) -> Result<(), StoreError> {
        self.put_if_new(&self.tables.directory, review_item(review)?).await?;
        Ok(())
    }

    /// The events of a payment system to look at, oldest first.
    pub async fn reviews(&self, system: &str) -> Result<Vec<Review>, StoreError> {
        let parent = keys::listing(REVIEWS, system, "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// A page of them, newest first, behind the place where another page ended.
    pub async fn newest_reviews(
        &self,
        system: &str,
        limit: u16,
        behind: Option<&str>,
    ) -> Result<Page<Review>, StoreError> {
        let parent = keys::listing(REVIEWS, system, "").parent;
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.directory)
            .index_name(BY_PARENT)
            .key_condition_expression("#parent = :parent AND #listed < :behind")
            .expression_attribute_names("#parent", PARENT)
            .expression_attribute_names("#listed", LISTED)
            .expression_attribute_values(":parent", text(parent))
            // Places begin with digits.
            .expression_attribute_values(":behind", text(behind.unwrap_or("~")))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        let answer = query.send().await.map_err(StoreError::aws("list reviews"))?;
        let has_more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        let items = answer.items.unwrap_or_default().into_iter().map(|item| read(KIND, item));
        let items = items.collect::<Result<Vec<Review>, _>>()?;
        let next = items.last().filter(|_| has_more).map(place);
        Ok(Page { items, next })
    }
}

pub(crate) fn review_item(review: &Review) -> Result<Item, StoreError> {
    let listing = keys::listing(REVIEWS, &review.system, &place(review));
    listed(&keys::review(&review.system, &review.event), &listing, review)
}

fn place(review: &Review) -> String {
    format!("{}#{}", keys::sortable(review.at), review.event)
}
