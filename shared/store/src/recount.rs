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

/// What the last recount of an agreement has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recounted {
    /// The agreement's own day that was recounted.
    pub day: Date,
    /// How many rows differ and the first of them, for a person; none if all agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    /// When it was first found like this.
    pub since: Timestamp,
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
    pub async fn recounted(&self, agreement: &AgreementId) -> Result<Option<Recounted>, StoreError> {
        self.get(&self.tables.records, &keys::recount(agreement), "a recount").await
    }

    /// Remembers what was found; what was found before is forgotten.
    pub async fn put_recounted(&self, agreement: &AgreementId, found: &Recounted) -> Result<(), StoreError> {
        let item = document(&keys::recount(agreement), found)?;
        let item = expiring(item, found.since + FOUND_KEPT);
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
        put.send().await.map_err(StoreError::aws("remember a recount"))?;
        Ok(())
    }
}
