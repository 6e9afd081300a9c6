//! Numbers of documents, without gaps in the series of who issues them: one is taken in the transaction that
//! stores what has it, both or neither, and no lock is held while that is made.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Deserialize;

use crate::item::{Item, number};
use crate::keys;
use crate::transact::Change;
use crate::{Store, StoreError};

#[derive(Deserialize)]
struct Counter {
    last: u64,
}

impl Store {
    /// The last number that was given out in a series: to an invoice, a receipt or a credit note of either, as no
    /// two tax documents of one issuer have the same. Zero before the first.
    pub async fn last_document_number(&self, series: &str) -> Result<u64, StoreError> {
        let counter = keys::document_numbers(series);
        let counter: Option<Counter> = self.get(&self.tables.records, &counter, "a counter").await?;
        Ok(counter.map_or(0, |counter| counter.last))
    }

    /// Takes the number behind the last one, or nothing is written.
    pub(crate) fn take_number(&self, series: &str, taken: u64) -> TransactWriteItem {
        let mut values = Item::from([(":taken".to_owned(), number(taken))]);
        if taken > 1 {
            values.insert(":before".to_owned(), number(taken - 1));
        }
        self.update_item(Change {
            key: keys::document_numbers(series),
            table: self.tables.records.clone(),
            expression: "SET #last = :taken".to_owned(),
            condition: if taken == 1 { "attribute_not_exists(pk)" } else { "#last = :before" }.to_owned(),
            names: vec![("#last".to_owned(), "last".to_owned())],
            values,
        })
    }
}
