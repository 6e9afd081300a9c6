//! What a payment system told that no rule can settle: kept until a person has looked at it.

use domain::id::TopUpId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, Partition, listed};
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
}

pub(crate) fn review_item(review: &Review) -> Result<Item, StoreError> {
    let place = format!("{}#{}", keys::sortable(review.at), review.event);
    let listing = keys::listing(REVIEWS, &review.system, &place);
    listed(&keys::review(&review.system, &review.event), &listing, review)
}
