//! Messages that vendors have, by when their reports are due: so those on which nobody reports are found
//! without looking through all.
//!
//! What was submitted together and is due in the same hour is one item. Most of it ends in time; whoever comes
//! for an item looks what is left.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::MessageId;
use domain::lease::LeaseTag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, document, key_of, read, text};
use crate::keys::{self, Key};
use crate::records::{Page, page};
use crate::{Store, StoreError};

const KIND: &str = "due reports";
const HOUR_SECONDS: i64 = 3_600;

/// What awaits reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaiting {
    /// A message with a row of its own.
    Message(MessageId),
    /// Messages of a block.
    Block(LeaseTag),
}

/// What awaits reports that are due in the same hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueReports {
    /// The end of the hour.
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub messages: BTreeSet<MessageId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub blocks: BTreeSet<LeaseTag>,
}

impl DueReports {
    /// What is due at these times, hour by hour.
    pub fn by_hour(awaiting: impl IntoIterator<Item = (Awaiting, Timestamp)>) -> Vec<Self> {
        let mut hours: BTreeMap<Timestamp, Self> = BTreeMap::new();
        for (awaiting, due) in awaiting {
            let at = end_of_hour(due);
            let empty = || Self { at, messages: BTreeSet::new(), blocks: BTreeSet::new() };
            let hour = hours.entry(at).or_insert_with(empty);
            match awaiting {
                Awaiting::Message(id) => hour.messages.insert(id),
                Awaiting::Block(tag) => hour.blocks.insert(tag),
            };
        }
        hours.into_values().collect()
    }

    fn key(&self) -> Result<Key, StoreError> {
        let content = serde_json::to_string(self).map_err(|error| StoreError::corrupt(KIND, error))?;
        Ok(keys::due_reports(self.at, &content))
    }
}

fn end_of_hour(time: Timestamp) -> Timestamp {
    let begun = time.as_second().div_euclid(HOUR_SECONDS);
    Timestamp::from_second((begun + 1) * HOUR_SECONDS).unwrap_or(Timestamp::MAX)
}

impl Store {
    /// Files what awaits reports: a write unit for some thirty messages or twenty blocks of one hour. Repeats
    /// change nothing.
    pub async fn put_due_reports(&self, hours: &[DueReports]) -> Result<(), StoreError> {
        for due in hours {
            let item = document(&due.key()?, due)?;
            let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
            put.send().await.map_err(StoreError::aws("file due reports"))?;
        }
        Ok(())
    }

    /// A page of what is due by now in one of the lists (see [`keys::reports_due_lists`]), earliest first, and
    /// where it is filed.
    pub async fn due_reports(
        &self,
        list: &str,
        now: Timestamp,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<(Key, DueReports)>, StoreError> {
        // Behind every entry of this very moment.
        let last = format!("{}#~", keys::sortable(now));
        let mut query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk <= :last")
            .expression_attribute_values(":pk", text(list))
            .expression_attribute_values(":last", text(last))
            .consistent_read(true)
            .limit(i32::from(limit));
        if let Some(cursor) = cursor {
            let start = Key { pk: list.to_owned(), sk: cursor.to_owned() };
            query = query.set_exclusive_start_key(Some(key_of(&start)));
        }
        let answer = query.send().await.map_err(StoreError::aws("list due reports"))?;
        let filed = |item: Item| {
            let sk = item.get(keys::SK).and_then(|sk| sk.as_s().ok());
            let sk = sk.ok_or_else(|| StoreError::corrupt(KIND, "a key is missing"))?.clone();
            Ok((Key { pk: list.to_owned(), sk }, read(KIND, item)?))
        };
        page(filed, answer)
    }

    /// Takes from its list what has been looked after.
    pub async fn forget_due_reports(&self, filed: &Key) -> Result<(), StoreError> {
        let key = key_of(filed);
        let delete = self.dynamo.delete_item().table_name(&self.tables.records).set_key(Some(key));
        delete.send().await.map_err(StoreError::aws("forget due reports"))?;
        Ok(())
    }
}
