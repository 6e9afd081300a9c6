//! Which of the database's functions serves which operation of the API.

use dynoxide::{Database, DynoxideError, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Whether an operation can change an item.
pub(super) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Whether an operation reads items, and so reports what it consumed.
pub(super) fn is_read(operation: &str) -> bool {
    matches!(operation, "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems")
}

/// Runs one operation on a request in DynamoDB's JSON, and gives its answer in the same.
pub(super) fn dispatch(database: &Database, operation: &str, body: &Value) -> Result<Value> {
    macro_rules! run {
        ($method:ident) => {
            serde_json::to_value(database.$method(parse(body)?)?)
        };
    }
    let answer = match operation {
        "GetItem" => run!(get_item),
        "PutItem" => run!(put_item),
        "UpdateItem" => run!(update_item),
        "DeleteItem" => run!(delete_item),
        "Query" => run!(query),
        "Scan" => run!(scan),
        "BatchGetItem" => run!(batch_get_item),
        "BatchWriteItem" => run!(batch_write_item),
        "TransactGetItems" => run!(transact_get_items),
        "TransactWriteItems" => run!(transact_write_items),
        "CreateTable" => run!(create_table),
        "UpdateTable" => run!(update_table),
        "DeleteTable" => run!(delete_table),
        "DescribeTable" => run!(describe_table),
        "ListTables" => run!(list_tables),
        "UpdateTimeToLive" => run!(update_time_to_live),
        "DescribeTimeToLive" => run!(describe_time_to_live),
        other => {
            let message = format!("the embedded DynamoDB of the tests does not serve {other}");
            return Err(DynoxideError::ValidationException(message));
        }
    };
    answer.map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The database marks the kind of its own parsing errors with a prefix for its HTTP server, which we
/// go around. All of them are read as a validation error, which is what those of a well-formed
/// request are.
fn parse<T: DeserializeOwned>(body: &Value) -> Result<T> {
    T::deserialize(body).map_err(|error| {
        let message = error.to_string();
        let message = ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"]
            .iter()
            .find_map(|marker| message.strip_prefix(marker))
            .unwrap_or(&message);
        DynoxideError::ValidationException(message.to_owned())
    })
}
