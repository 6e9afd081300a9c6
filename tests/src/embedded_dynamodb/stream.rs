//! A table's stream, in the form in which Lambda delivers it. It is one shard, so all records have one
//! order; DynamoDB promises an order only for the records of one item.

use aws_lambda_events::event::dynamodb::EventRecord;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::encode_shard_iterator;
use dynoxide::{Database, streams};
use serde_json::{Value, json};

/// How far a stream has been read: the iterator to go on with, once there is one.
pub(super) type Position = Option<String>;

/// All records of the table's stream, oldest first.
pub(super) fn all(database: &Database, table: &str) -> Vec<EventRecord> {
    after(database, table, &mut None)
}

/// The records after `position`, oldest first; moves `position` behind them.
pub(super) fn after(database: &Database, table: &str, position: &mut Position) -> Vec<EventRecord> {
    let arn = stream_arn(database, table);
    let mut records = Vec::new();
    loop {
        let start = || encode_shard_iterator(table, &streams::shard_id(table), 0);
        let request =
            GetRecordsRequest { shard_iterator: position.take().unwrap_or_else(start), limit: None };
        let page = database.get_records(request).expect("a stream can be read");
        *position = page.next_shard_iterator;
        if page.records.is_empty() {
            return records;
        }
        let page = serde_json::to_value(page.records).expect("records are JSON");
        let page = page.as_array().into_iter().flatten();
        records.extend(page.filter(|r| is_change(r)).map(|r| delivered(r, &arn)));
    }
}

fn stream_arn(database: &Database, table: &str) -> String {
    let metadata = database.get_table_metadata(table).ok().flatten();
    let metadata = metadata.unwrap_or_else(|| panic!("there is no table {table}"));
    assert!(metadata.stream_enabled, "{table} has no stream");
    streams::stream_arn(table, &metadata.stream_label.unwrap_or_default())
}

/// DynamoDB writes no record for a write that leaves the item as it was; the embedded one does.
fn is_change(record: &Value) -> bool {
    let change = &record["dynamodb"];
    change.get("OldImage").is_none() || change.get("OldImage") != change.get("NewImage")
}

/// The embedded database draws event ids at random; the sequence number is as unique and repeats
/// from run to run.
fn delivered(record: &Value, arn: &str) -> EventRecord {
    let mut record = record.clone();
    record["eventID"] = record["dynamodb"]["SequenceNumber"].clone();
    record["eventSourceARN"] = json!(arn);
    serde_json::from_value(record).expect("Lambda's event has the shape of a stream record")
}
