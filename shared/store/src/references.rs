//! The vendors' ids: which segment of which message each one stands for, and the receipts that came before
//! that was known.
//!
//! A vendor may write an id in other number forms in its receipts than in its answers. A receipt that comes
//! first is parked under its own form, and leaves a mark under each form in which the answer may name it,
//! so that one read by the answer's form says whether there is anything to look for.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use domain::id::{ConnectionId, MessageId};
use domain::receipt::{ReceiptState, canonical_reference, possible_references};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{Item, document, expiring, key_of, read, text};
use crate::keys::{self, Key};
use crate::transact::{CONFLICT_ATTEMPTS_MAX, pause};
use crate::{Store, StoreError};

/// A receipt is awaited this long after the submit: validity and 48 hours, and some.
const REFERENCE_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// A receipt whose message is not known waits this long for it.
pub(crate) const RECEIPT_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Numbers of fewer digits are near each other in their decimal and their hexadecimal form.
const TELLING_LENGTH_MIN: usize = 6;
/// So many last digits tell two numbers apart, one of which may be written without its country.
const LAST_DIGITS: usize = 6;
/// DynamoDB takes so many items in a batch of reads, and of writes.
const READS_AT_ONCE: usize = 100;
const WRITES_AT_ONCE: usize = 25;
/// Batches under way at once; more only queue up in the client.
const BATCHES_AT_ONCE: usize = 8;

/// Which segment of which message a vendor's id stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub message: MessageId,
    pub part: usize,
    /// To tell a real match in another number form from a chance one.
    pub recipient: String,
}

/// A receipt that came before its message's reference was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedReceipt {
    /// As the vendor wrote it.
    pub reference: String,
    /// What the same receipt calls it in another place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_reference: Option<String>,
    pub state: ReceiptState,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub recipient: Option<String>,
}

impl ParkedReceipt {
    /// The keys under which its message may be known, the likeliest first: the ids as they are written, and
    /// only then in other number forms.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.written_keys().collect();
        keys.extend(self.written().flat_map(|raw| possible_references(raw)));
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        keys
    }

    /// The keys of its ids as they are written.
    pub fn written_keys(&self) -> impl Iterator<Item = String> {
        self.written().map(|raw| canonical_reference(raw))
    }

    /// The keys of its ids in other number forms.
    pub fn other_keys(&self) -> Vec<String> {
        let written: BTreeSet<String> = self.written_keys().collect();
        self.keys().into_iter().filter(|key| !written.contains(key)).collect()
    }

    /// Whether what is known under `key` is what it reports on, once it had to wait for that.
    pub fn is_of(&self, key: &str, found: &Reference) -> bool {
        let is_written = self.written_keys().any(|written| written == key);
        (is_written && self.ends_as(&found.recipient)) || self.may_be_for(found)
    }

    /// Whether the number that it names, if it names one, ends as this recipient does: as many of the last digits
    /// as both have. Vendors use ids again, so one that has waited may find another message under its id.
    pub fn ends_as(&self, recipient: &str) -> bool {
        let Some(number) = &self.recipient else { return true };
        let digits = number.bytes().rev().take_while(u8::is_ascii_digit);
        digits.zip(recipient.bytes().rev()).take(LAST_DIGITS).all(|(named, sent)| named == sent)
    }

    /// Whether nothing speaks against its being for what was found under one of its keys. A short id is
    /// another one in another number form by chance, so it takes the recipient to tell.
    pub fn may_be_for(&self, found: &Reference) -> bool {
        self.may_have_gone_to(&found.recipient)
    }

    /// The same by the recipient of what was found.
    pub fn may_have_gone_to(&self, recipient: &str) -> bool {
        let is_long = || self.written_keys().all(|key| TELLING_LENGTH_MIN <= key.len());
        match &self.recipient {
            Some(number) => number.trim_start_matches(['+', '0']) == recipient,
            None => is_long(),
        }
    }

    fn written(&self) -> impl Iterator<Item = &String> {
        [Some(&self.reference), self.other_reference.as_ref()].into_iter().flatten()
    }
}

impl Store {
    /// Remembers which segments a vendor's ids stand for. One write unit each. The latest message under an
    /// id wins, as vendors use ids again.
    pub async fn put_references(
        &self,
        connection: &ConnectionId,
        references: &[(String, Reference)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut items = BTreeMap::new();
        for (raw, reference) in references {
            let key = keys::reference(connection, &canonical_reference(raw));
            let item = expiring(document(&key, reference)?, now + REFERENCE_KEPT);
            items.insert((key.pk, key.sk), item);
        }
        self.write_all(&self.tables.records, items.into_values().map(Write::Put).collect()).await
    }

    /// The same for ids that were answered some time ago: those that have been used again since stay as they
    /// are. Gives back the others.
    pub async fn put_late_references(
        &self,
        connection: &ConnectionId,
        mut references: Vec<(String, Reference)>,
        answered_at: Timestamp,
    ) -> Result<Vec<(String, Reference)>, StoreError> {
        let key = |raw: &str| keys::reference(connection, &canonical_reference(raw));
        let keys: BTreeMap<_, _> = references.iter().map(|(raw, _)| (key(raw).pk, key(raw))).collect();
        let known = self.get_all(keys.into_values().collect()).await?;
        let till = (answered_at + REFERENCE_KEPT).as_second();
        references.retain(|(raw, _)| {
            let known = known.get(&key(raw).pk).and_then(|item| item.get(keys::EXPIRES_AT)?.as_n().ok());
            known.and_then(|known| known.parse::<i64>().ok()).is_none_or(|known| known <= till)
        });
        self.put_references(connection, &references, answered_at).await?;
        Ok(references)
    }

    /// What is known under these keys, which are canonical (see `domain::receipt`).
    pub async fn references(
        &self,
        connection: &ConnectionId,
        canonical: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Reference>, StoreError> {
        let key = |text: &String| keys::reference(connection, text);
        let items = self.get_all(canonical.iter().map(key).collect()).await?;
        let mut found = BTreeMap::new();
        for text in canonical {
            if let Some(item) = items.get(&key(text).pk) {
                found.insert(text.clone(), read("a reference", item.clone())?);
            }
        }
        Ok(found)
    }

    /// What is known under one key.
    pub async fn reference(
        &self,
        connection: &ConnectionId,
        canonical: &str,
    ) -> Result<Option<Reference>, StoreError> {
        self.get(&self.tables.records, &keys::reference(connection, canonical), "a reference").await
    }

    /// Keeps receipts whose messages are not known yet.
    pub async fn park_receipts(
        &self,
        connection: &ConnectionId,
        receipts: &[ParkedReceipt],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (mut parked, mut marks) = (BTreeMap::new(), BTreeMap::new());
        for receipt in receipts {
            for key in parked_keys(connection, receipt) {
                let item = expiring(document(&key, receipt)?, now + RECEIPT_KEPT);
                parked.insert((key.pk, key.sk), item);
            }
            for form in receipt.keys() {
                let key = keys::awaited(connection, &form);
                let mark = document(&key, &BTreeMap::<String, String>::new())?;
                marks.insert(key.pk, expiring(mark, now + RECEIPT_KEPT));
            }
        }
        // Whoever finds a mark finds what it is for.
        self.write_all(&self.tables.messages, parked.into_values().map(Write::Put).collect()).await?;
        self.write_all(&self.tables.records, marks.into_values().map(Write::Put).collect()).await
    }

    /// The receipts that came for ids before those were known, whose keys these are.
    pub async fn parked_receipts(
        &self,
        connection: &ConnectionId,
        canonical: &BTreeSet<String>,
    ) -> Result<Vec<ParkedReceipt>, StoreError> {
        let mark = |text: &String| keys::awaited(connection, text);
        let marks = self.get_all(canonical.iter().map(mark).collect()).await?;
        let marked = canonical.iter().filter(|text| marks.contains_key(&mark(text).pk));
        let forms: BTreeSet<String> = marked.flat_map(|text| possible_references(text)).collect();
        let queries = forms.into_iter().map(|form| self.parked_under(connection, form).boxed());
        let queries: Vec<BoxFuture<'_, _>> = queries.collect();
        let found: Vec<_> = stream::iter(queries).buffer_unordered(BATCHES_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn parked_under(
        &self,
        connection: &ConnectionId,
        form: String,
    ) -> Result<Vec<ParkedReceipt>, StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.messages)
            .key_condition_expression("pk = :pk AND begins_with(sk, :parked)")
            .expression_attribute_values(":pk", text(keys::references(connection, &form)))
            .expression_attribute_values(":parked", text(keys::PARKED))
            .consistent_read(true);
        let answer = query.send().await.map_err(StoreError::aws("read receipts"))?;
        answer.items.unwrap_or_default().into_iter().map(|item| read("a receipt", item)).collect()
    }

    /// Forgets receipts that have found their messages.
    pub async fn forget_receipts(
        &self,
        connection: &ConnectionId,
        receipts: &[ParkedReceipt],
    ) -> Result<(), StoreError> {
        let keys = receipts.iter().flat_map(|receipt| parked_keys(connection, receipt));
        let keys: BTreeMap<_, _> = keys.map(|key| ((key.pk.clone(), key.sk.clone()), key)).collect();
        self.write_all(&self.tables.messages, keys.into_values().map(Write::Delete).collect()).await
    }

    /// The records under these keys, which differ in `pk`, by it.
    async fn get_all(&self, keys: Vec<Key>) -> Result<BTreeMap<String, Item>, StoreError> {
        let batch = |some| self.get_many(&self.tables.records, some).boxed();
        // Boxed here and elsewhere, because the compiler does not see of unboxed ones that threads may
        // share them.
        let batches: Vec<BoxFuture<'_, _>> = keys.chunks(READS_AT_ONCE).map(batch).collect();
        let items: Vec<Vec<Item>> =
            stream::iter(batches).buffer_unordered(BATCHES_AT_ONCE).try_collect().await?;
        let by_pk = |item: Item| Some((item.get(keys::PK)?.as_s().ok()?.clone(), item));
        Ok(items.into_iter().flatten().filter_map(by_pk).collect())
    }

    async fn write_all(&self, table: &str, writes: Vec<Write>) -> Result<(), StoreError> {
        let requests = writes.into_iter().map(Write::request).collect::<Result<Vec<_>, _>>()?;
        let batch = |some: &[WriteRequest]| self.write_batch(table, some.to_vec()).boxed();
        let batches: Vec<BoxFuture<'_, _>> = requests.chunks(WRITES_AT_ONCE).map(batch).collect();
        stream::iter(batches).buffer_unordered(BATCHES_AT_ONCE).try_collect().await
    }

    /// What the database does not take at once is sent again.
    async fn write_batch(&self, table: &str, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
        const ACTION: &str = "write items";
        for attempt in 0..CONFLICT_ATTEMPTS_MAX {
            let write = self.dynamo.batch_write_item().request_items(table, left);
            let mut answer = write.send().await.map_err(StoreError::aws(ACTION))?;
            let unprocessed = answer.unprocessed_items.take();
            left = unprocessed.and_then(|mut of| of.remove(table)).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(StoreError::Busy { action: ACTION })
    }
}

enum Write {
    Put(Item),
    Delete(Key),
}

impl Write {
    fn request(self) -> Result<WriteRequest, StoreError> {
        let failed = StoreError::aws("write items");
        let request = WriteRequest::builder();
        Ok(match self {
            Self::Put(item) => {
                let put = PutRequest::builder().set_item(Some(item)).build().map_err(failed)?;
                request.put_request(put).build()
            }
            Self::Delete(key) => {
                let delete = DeleteRequest::builder().set_key(Some(key_of(&key))).build().map_err(failed)?;
                request.delete_request(delete).build()
            }
        })
    }
}

/// Under each of its ids as they are written. The same receipt twice is parked once.
fn parked_keys(connection: &ConnectionId, receipt: &ParkedReceipt) -> impl Iterator<Item = Key> {
    let content = format!("{receipt:?}");
    let key = move |id: String| keys::parked_receipt(connection, &id, &content);
    let written: BTreeSet<String> = receipt.written_keys().collect();
    written.into_iter().map(key)
}
