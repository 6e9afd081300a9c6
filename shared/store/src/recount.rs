//! What a recount reads, and what it remembers from run to run: how far its round through the agreements has
//! come, and what it found of each.

use domain::agreement::Agreement;
use domain::id::AgreementId;
use domain::period::Period;
use domain::recount::{Recount, span};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{document, expiring};
use crate::{EdrFilter, Store, StoreError, keys};

/// Entries of the list of records read at once; one may stand for a block of two hundred messages.
const ENTRIES_AT_ONCE: usize = 100;
/// Longer than anybody asks how a day was found.
const FOUND_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What the last recounts of an agreement have found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recounts {
    /// Of its last day that had ended then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yesterday: Option<Recounted>,
    /// Of a day before that; one after another is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<Recounted>,
}

/// What the recount of a day has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recounted {
    /// The agreement's own day that was recounted.
    pub day: Date,
    /// Names what differs: [`domain::recount::digest`]; none if all agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    /// When it was last looked at.
    pub since: Timestamp,
    /// That it is among the reviews.
    #[serde(default)]
    pub told: bool,
}

impl Recounted {
    /// Whether another look at the day would tell nothing new for now.
    pub fn is_settled(&self) -> bool {
        self.differs.is_none() || self.told
    }
}

impl Store {
    /// The usage of these days, recounted from the records of messages and fees. Records that are projected
    /// meanwhile may be in it or not.
    pub async fn recount(&self, agreement: &Agreement, period: Period) -> Result<Recount, StoreError> {
        let (from, till) = span(agreement, period);
        let filter = EdrFilter { from: Some(from), till: Some(till), ..EdrFilter::default() };
        let mut recount = Recount::of(period);
        let mut cursor: Option<String> = None;
        loop {
            let page =
                self.records_of_entries(&agreement.id, &filter, ENTRIES_AT_ONCE, cursor.as_deref()).await?;
            for record in &page.items {
                recount.add(agreement, record)?;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(recount);
            }
        }
    }

    /// The next agreements to recount, as [`Self::next_to_reconcile`] hands them out.
    pub async fn next_to_recount(&self) -> Result<Vec<AgreementId>, StoreError> {
        self.next_of_round(&keys::recounts()).await
    }

    /// What was last found of an agreement.
    pub async fn recounts(&self, agreement: &AgreementId) -> Result<Recounts, StoreError> {
        let found = self.get(&self.tables.records, &keys::recount(agreement), "a recount").await?;
        Ok(found.unwrap_or_default())
    }

    /// Remembers what was found; what was found before is forgotten.
    pub async fn put_recounts(
        &self,
        agreement: &AgreementId,
        found: &Recounts,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let item = document(&keys::recount(agreement), found)?;
        let item = expiring(item, now + FOUND_KEPT);
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
        put.send().await.map_err(StoreError::aws("remember a recount"))?;
        Ok(())
    }
}
