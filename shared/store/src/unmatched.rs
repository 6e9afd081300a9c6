//! Receipts whose message never came to be known: what was parked (see `references`) and ran out of time.

use domain::id::ConnectionId;
use domain::receipt::canonical_reference;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{Item, document, expiring, read, text};
use crate::keys::{self, Key, PK, SK};
use crate::records::{Page, page};
use crate::references::RECEIPT_KEPT;
use crate::{ParkedReceipt, Store, StoreError};

const KIND: &str = "an unmatched receipt";
/// Long enough to settle with a vendor what it billed.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// A receipt that waits for its message, or has waited in vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedReceipt {
    pub connection: ConnectionId,
    #[serde(flatten)]
    pub receipt: ParkedReceipt,
    pub received_at: Timestamp,
}

/// Reads what was parked out of an image in the messages' stream; none if it is something else. A receipt is
/// parked under each of its ids, and only the first of them counts.
pub fn parked_receipt_of(item: &Item) -> Result<Option<UnmatchedReceipt>, StoreError> {
    let Some(key) = parked_key(item) else { return Ok(None) };
    let Some(connection) = keys::parked_receipt_of(&key) else { return Ok(None) };
    #[derive(Deserialize)]
    struct Parked {
        #[serde(flatten)]
        receipt: ParkedReceipt,
        expires_at: i64,
    }
    let Parked { receipt, expires_at } = read(KIND, item.clone())?;
    let expires_at = Timestamp::from_second(expires_at).map_err(|error| StoreError::corrupt(KIND, error))?;
    if key.pk != keys::references(&connection, &canonical_reference(&receipt.reference)) {
        return Ok(None);
    }
    Ok(Some(UnmatchedReceipt { connection, receipt, received_at: expires_at - RECEIPT_KEPT }))
}

impl Store {
    /// Whether a message came to be known while the receipt waited: then it was applied, and only not
    /// forgotten.
    pub async fn was_matched(&self, waited: &UnmatchedReceipt) -> Result<bool, StoreError> {
        let keys = waited.receipt.keys().into_iter().collect();
        let found = self.references(&waited.connection, &keys).await?;
        Ok(found.iter().any(|(key, reference)| waited.receipt.is_of(key, reference)))
    }

    /// Lists a receipt whose time is over. Repeats change nothing.
    pub async fn put_unmatched_receipt(&self, unmatched: &UnmatchedReceipt) -> Result<(), StoreError> {
        let UnmatchedReceipt { connection, receipt, received_at } = unmatched;
        let key = keys::unmatched_receipt(connection, *received_at, &format!("{receipt:?}"));
        let item = expiring(document(&key, unmatched)?, *received_at + RECEIPT_KEPT + KEPT);
        self.put_if_new(&self.tables.records, item).await?;
        Ok(())
    }

    /// The receipts of a connection that no message was found for in time, newest first.
    pub async fn unmatched_receipts(
        &self,
        connection: &ConnectionId,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<UnmatchedReceipt>, StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", text(keys::unmatched_receipts(connection)))
            // Keys begin with a year.
            .expression_attribute_values(":before", text(cursor.unwrap_or("~")))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        let sent = query.send().await.map_err(StoreError::aws("list unmatched receipts"))?;
        page(|item| read(KIND, item), sent)
    }
}

fn parked_key(item: &Item) -> Option<Key> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: text(PK)?, sk: text(SK)? })
}
