//! What calls consumed, so that a test can state what a step of the product costs.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rust_decimal::Decimal;
use serde_json::Value;

/// What one call consumed of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumed {
    /// The operation's name as in the API, such as `TransactWriteItems`.
    pub operation: String,
    /// The table's name.
    pub table: String,
    /// Write capacity units, those of the table's indexes included.
    pub write_units: Decimal,
    /// Read capacity units, those of the table's indexes included.
    pub read_units: Decimal,
    /// The part of the units above that each index consumed, by the index's name.
    pub index_units: BTreeMap<String, Decimal>,
    /// Who says so.
    pub source: Source,
}

/// Where the numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The `ConsumedCapacity` of the answer.
    Reported,
    /// The sizes of the items: a refusal is charged but carries no `ConsumedCapacity`.
    Computed,
}

/// The log of all that was consumed, shared by the clients of a database.
#[derive(Clone, Default)]
pub struct CapacityLog {
    entries: Arc<Mutex<Vec<Consumed>>>,
}

impl CapacityLog {
    /// All entries since the last take, in the order in which the calls were applied.
    pub fn take(&self) -> Vec<Consumed> {
        mem::take(&mut *self.lock())
    }

    pub(super) fn add(&self, consumed: impl IntoIterator<Item = Consumed>) {
        self.lock().extend(consumed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Consumed>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the `ConsumedCapacity` of an answer: one entry, or a list with one for each table.
pub(super) fn reported(operation: &str, is_write: bool, capacity: &Value) -> Vec<Consumed> {
    let entries = match capacity {
        Value::Array(entries) => entries.as_slice(),
        one => std::slice::from_ref(one),
    };
    let consumed = |entry| consumed_of_one_table(operation, is_write, entry);
    entries.iter().map(consumed).collect()
}

/// Transactions say how their units divide, because a repeated transaction is charged as a read;
/// the other operations report a total only.
fn consumed_of_one_table(operation: &str, is_write: bool, entry: &Value) -> Consumed {
    let read = units(&entry["ReadCapacityUnits"]);
    let write = units(&entry["WriteCapacityUnits"]);
    let total = units(&entry["CapacityUnits"]).unwrap_or_default();
    let (read_units, write_units) = match (read, write) {
        (None, None) if is_write => (Decimal::ZERO, total),
        (None, None) => (total, Decimal::ZERO),
        (read, write) => (read.unwrap_or_default(), write.unwrap_or_default()),
    };
    Consumed {
        operation: operation.to_owned(),
        table: entry["TableName"].as_str().unwrap_or_default().to_owned(),
        write_units,
        read_units,
        index_units: units_by_index(entry),
        source: Source::Reported,
    }
}

fn units_by_index(entry: &Value) -> BTreeMap<String, Decimal> {
    ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
        .iter()
        .filter_map(|kind| entry[kind].as_object())
        .flatten()
        .map(|(index, detail)| {
            let consumed = units(&detail["CapacityUnits"]).unwrap_or_default();
            (index.clone(), consumed)
        })
        .collect()
}

fn units(number: &Value) -> Option<Decimal> {
    let units: Decimal = number.as_number()?.to_string().parse().ok()?;
    Some(units.normalize())
}

/// The write units of an item of `size` bytes: one for each started KiB, and at least one.
/// Source: "DynamoDB read and write operations" in the developer guide.
pub(super) fn write_units(size: usize) -> Decimal {
    Decimal::from(size.div_ceil(1024).max(1))
}
