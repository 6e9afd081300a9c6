//! Who has been counted into a bundle: the recipients of a billing period, spread over a few items, so
//! that a batch of a thousand new ones still fits one transaction.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::allowance::Pot;

use crate::item::{Item, number};
use crate::keys;
use crate::transact::Change;
use crate::{Store, StoreError};

/// Items of one bundle. A batch can touch all of them for each of its levels, and a transaction takes a
/// hundred items.
const BUCKETS: u64 = 12;

/// What was read of a bundle's recipients: those of the buckets asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    pub known: BTreeSet<String>,
    /// The revision of each bucket that there is.
    revisions: BTreeMap<u64, u64>,
}

/// FNV-1a of the digits: the same bucket for ever.
fn bucket_of(recipient: &str) -> u64 {
    let hash = recipient
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash % BUCKETS
}

impl Store {
    /// The recipients that are counted, in the buckets of those asked for.
    pub(crate) async fn members<'a>(
        &self,
        bundle: &Pot,
        recipients: impl Iterator<Item = &'a str>,
    ) -> Result<Members, StoreError> {
        let buckets: BTreeSet<u64> = recipients.map(bucket_of).collect();
        let wanted: Vec<_> = buckets.iter().map(|bucket| keys::members(bundle, *bucket)).collect();
        let mut members = Members::default();
        for item in self.get_many(&self.tables.ledger, &wanted).await? {
            let (bucket, revision, numbers) = read(&item)?;
            members.revisions.insert(bucket, revision);
            members.known.extend(numbers);
        }
        Ok(members)
    }

    /// Counts recipients in, unless their buckets have changed since they were read.
    pub(crate) fn join(
        &self,
        bundle: &Pot,
        members: &Members,
        joined: &BTreeSet<String>,
    ) -> Vec<TransactWriteItem> {
        let mut by_bucket: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for recipient in joined {
            by_bucket.entry(bucket_of(recipient)).or_default().push(recipient.clone());
        }
        let change = |(bucket, numbers): (u64, Vec<String>)| {
            let seen = members.revisions.get(&bucket);
            let mut values = Item::from([
                (":numbers".to_owned(), AttributeValue::Ns(numbers)),
                (":next".to_owned(), number(seen.map_or(1, |seen| seen + 1))),
            ]);
            let condition = match seen {
                None => "attribute_not_exists(pk)",
                Some(seen) => {
                    values.insert(":seen".to_owned(), number(seen));
                    "revision = :seen"
                }
            };
            self.update_item(Change {
                key: keys::members(bundle, bucket),
                table: self.tables.ledger.clone(),
                expression: "SET revision = :next ADD numbers :numbers".to_owned(),
                condition: condition.to_owned(),
                names: Vec::new(),
                values,
            })
        };
        by_bucket.into_iter().map(change).collect()
    }
}

fn read(item: &Item) -> Result<(u64, u64, Vec<String>), StoreError> {
    let missing = || StoreError::corrupt("the recipients of a bundle", "an attribute is missing");
    let bucket = item.get(keys::SK).and_then(|sk| sk.as_s().ok()).and_then(|sk| sk.parse().ok());
    let revision = item.get("revision").and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok());
    let numbers = item.get("numbers").and_then(|value| value.as_ns().ok()).cloned();
    Ok((bucket.ok_or_else(missing)?, revision.ok_or_else(missing)?, numbers.ok_or_else(missing)?))
}
