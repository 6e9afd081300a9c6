//! Applies requests to the database one at a time, and keeps account of what they consumed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event;
use dynoxide::types::{Item, item_size};
use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capacity::{self, CapacityLog, Consumed, Source};
use super::{dispatch, stream};
use crate::cpu_clock::on_cpu;

/// An answer as it goes over the wire.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

pub(super) struct Engine {
    pub(super) database: Database,
    pub(super) capacity: CapacityLog,
    /// Held while a call is applied and accounted for, so that the log has the order of the writes.
    applying: Mutex<()>,
    /// How far each table's stream has been taken.
    taken: Mutex<HashMap<String, stream::Position>>,
    clients: AtomicU64,
    busy_ns: AtomicU64,
}

/// A database in memory that finds the last record of a stream by an index. Without it each write to a table
/// with a stream looks through all its records, and a run of many thousand messages never ends. It is shared
/// by name within this process, since only a connection of one's own can make an index.
pub(super) fn long_streams() -> Database {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("file:embedded-dynamodb-{number}?mode=memory&cache=shared");
    let database = Database::new(&name).expect("an in-memory database opens");
    let connection = Connection::open(&name).expect("the same one opens again");
    let index = "CREATE INDEX stream_order ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    connection.execute_batch(index).expect("the index is made");
    database
}

impl Engine {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            capacity: CapacityLog::default(),
            applying: Mutex::default(),
            taken: Mutex::default(),
            clients: AtomicU64::new(0),
            busy_ns: AtomicU64::new(0),
        }
    }

    /// How long calls have been worked on, of those that are not accounted for.
    pub(super) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy_ns.load(Ordering::Relaxed))
    }

    pub(super) fn next_client(&self) -> u64 {
        self.clients.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn take_stream(&self, table: &str) -> Event {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let position = taken.entry(table.to_owned()).or_default();
        let mut event = Event::default();
        event.records = stream::after(&self.database, table, position);
        event
    }

    /// Applies one request. What it consumed is always asked for and noted, and told to the caller
    /// only if the caller asked too.
    pub(super) fn apply(&self, operation: &str, mut body: Value) -> Answer {
        let asked = ask_for_capacity(operation, &mut body);
        let guard = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = dispatch::dispatch(&self.database, operation, &body);
        match &outcome {
            Ok(answer) => self.note_reported(operation, answer),
            Err(error) => self.note_refused(operation, &body, error),
        }
        drop(guard);
        match outcome {
            Ok(mut answer) => {
                if let (false, Some(answer)) = (asked, answer.as_object_mut()) {
                    answer.remove("ConsumedCapacity");
                }
                Answer { status: 200, body: answer.to_string() }
            }
            Err(error) => Answer { status: error.status_code(), body: error.to_json() },
        }
    }

    /// Applies one request without keeping account of it.
    pub(super) fn apply_unnoted(&self, operation: &str, body: &Value) -> Answer {
        let began = on_cpu();
        let answer = match dispatch::dispatch(&self.database, operation, body) {
            Ok(answer) => Answer { status: 200, body: answer.to_string() },
            Err(error) => Answer { status: error.status_code(), body: error.to_json() },
        };
        let took = u64::try_from((on_cpu() - began).as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns.fetch_add(took, Ordering::Relaxed);
        answer
    }

    fn note_reported(&self, operation: &str, answer: &Value) {
        if let Some(consumed) = answer.get("ConsumedCapacity") {
            let is_write = dispatch::is_write(operation);
            let consumed = capacity::reported(operation, is_write, consumed);
            self.capacity.add(consumed);
        }
    }

    /// A failed condition is charged for the item it looked at, and at least one write unit; in a
    /// transaction every item is charged, twice, for its two phases. The guide states the first
    /// ("Condition expressions") and, of transactions, only what those that succeed cost; we take
    /// a cancelled one to cost the same. Other refusals are noted as free.
    fn note_refused(&self, operation: &str, body: &Value, error: &DynoxideError) {
        let mut by_table: BTreeMap<String, Decimal> = BTreeMap::new();
        match error {
            DynoxideError::ConditionalCheckFailedException(..) => {
                let (table, size) = self.looked_at(body);
                by_table.insert(table, capacity::write_units(size));
            }
            DynoxideError::TransactionCanceledException(_, reasons)
                if reasons.iter().any(|r| r.code == "ConditionalCheckFailed") =>
            {
                for action in body["TransactItems"].as_array().into_iter().flatten() {
                    for target in action.as_object().into_iter().flat_map(|a| a.values()) {
                        let (table, size) = self.looked_at(target);
                        let size = size.max(size_of_put(target));
                        *by_table.entry(table).or_default() += Decimal::TWO * capacity::write_units(size);
                    }
                }
            }
            _ => return,
        }
        let consumed = |(table, write_units)| Consumed {
            operation: operation.to_owned(),
            table,
            write_units,
            read_units: Decimal::ZERO,
            index_units: BTreeMap::new(),
            source: Source::Computed,
        };
        self.capacity.add(by_table.into_iter().map(consumed));
    }

    /// The table of one write, and the size of the item that it found there, in bytes.
    fn looked_at(&self, write: &Value) -> (String, usize) {
        let table = write["TableName"].as_str().unwrap_or_default().to_owned();
        let size = self.stored_size(&table, write).unwrap_or(0);
        (table, size)
    }

    fn stored_size(&self, table: &str, write: &Value) -> Option<usize> {
        let metadata = self.database.get_table_metadata(table).ok()??;
        let schema: Value = serde_json::from_str(&metadata.key_schema).ok()?;
        let holder = write.get("Key").or_else(|| write.get("Item"))?;
        let key: serde_json::Map<String, Value> = schema
            .as_array()?
            .iter()
            .filter_map(|element| element["AttributeName"].as_str())
            .map(|name| (name.to_owned(), holder[name].clone()))
            .collect();
        let get = json!({"TableName": table, "Key": key});
        let found = self.database.get_item(serde_json::from_value(get).ok()?);
        Some(item_size(&found.ok()?.item?))
    }
}

fn size_of_put(target: &Value) -> usize {
    let item = target.get("Item").map(Item::deserialize);
    item.map_or(0, |item| item.map_or(0, |item| item_size(&item)))
}

/// Makes the request ask for its consumed capacity; says whether the caller had asked already.
fn ask_for_capacity(operation: &str, body: &mut Value) -> bool {
    let asked = body.get("ReturnConsumedCapacity").and_then(Value::as_str);
    let asked = matches!(asked, Some("TOTAL" | "INDEXES"));
    if !asked && (dispatch::is_read(operation) || dispatch::is_write(operation)) {
        body["ReturnConsumedCapacity"] = json!("INDEXES");
    }
    asked
}
