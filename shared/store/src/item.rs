//! Between the domain's types and the table's items: documents by serde, amounts as numbers where the
//! database has to compare or add them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::money::Amount;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::alone::write_alone;
use crate::keys::{EXPIRES_AT, Key, LISTED, Listing, PARENT, PK, SK};
use crate::{Store, StoreError};

pub type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A document under its key.
pub(crate) fn document<T: Serialize>(key: &Key, value: &T) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(value)
        .map_err(|error| StoreError::corrupt("a document", error))?;
    item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    item.insert(PK.into(), text(&key.pk));
    item.insert(SK.into(), text(&key.sk));
    Ok(item)
}

/// A document that is also listed under a parent.
pub(crate) fn listed<T: Serialize>(key: &Key, listing: &Listing, value: &T) -> Result<Item, StoreError> {
    let mut item = document(key, value)?;
    item.insert(PARENT.into(), text(&listing.parent));
    item.insert(LISTED.into(), text(&listing.listed));
    Ok(item)
}

pub(crate) fn expiring(mut item: Item, at: Timestamp) -> Item {
    item.insert(EXPIRES_AT.into(), number(at.as_second()));
    item
}

/// Reads a document; key attributes and others that the type does not know are passed over.
pub fn read<T: DeserializeOwned>(kind: &'static str, item: Item) -> Result<T, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| StoreError::corrupt(kind, error))
}

pub(crate) fn key_of(key: &Key) -> Item {
    HashMap::from([(PK.to_owned(), text(&key.pk)), (SK.to_owned(), text(&key.sk))])
}

pub(crate) fn amount_of(kind: &'static str, value: Option<&AttributeValue>) -> Result<Amount, StoreError> {
    let digits = value
        .and_then(|value| value.as_n().ok())
        .ok_or_else(|| StoreError::corrupt(kind, "an amount is missing"))?;
    // DynamoDB may answer in scientific notation.
    let decimal = rust_decimal::Decimal::from_str_exact(digits)
        .or_else(|_| rust_decimal::Decimal::from_scientific(digits))
        .map_err(|error| StoreError::corrupt(kind, error))?;
    Ok(Amount::new(decimal)?)
}

impl Store {
    /// A strongly consistent read of one document.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        table: &str,
        key: &Key,
        kind: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.get_item(table, key).await?.map(|item| read(kind, item)).transpose()
    }

    pub(crate) async fn get_item(&self, table: &str, key: &Key) -> Result<Option<Item>, StoreError> {
        let get = self.dynamo.get_item().table_name(table).set_key(Some(key_of(key))).consistent_read(true);
        Ok(get.send().await.map_err(StoreError::aws("read an item"))?.item)
    }

    /// Writes a document unless there is one under its key. False if there was.
    pub(crate) async fn put_if_new(&self, table: &str, item: Item) -> Result<bool, StoreError> {
        let put = self.dynamo.put_item().table_name(table).set_item(Some(item));
        let write = put.condition_expression("attribute_not_exists(pk)");
        Ok(write_alone("write an item", || write.clone().send()).await?.is_some())
    }

    /// Every item of a partition of a table, or of its `by_parent` index, in order.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        table: &str,
        partition: Partition<'_>,
        kind: &'static str,
    ) -> Result<Vec<T>, StoreError> {
        let (index, name, value) = match partition {
            Partition::Table(pk) => (None, PK, pk),
            Partition::Listing(parent) => (Some(crate::keys::BY_PARENT.to_owned()), PARENT, parent),
        };
        let mut pages = self
            .dynamo
            .query()
            .table_name(table)
            .consistent_read(index.is_none())
            .set_index_name(index)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", name)
            .expression_attribute_values(":partition", text(value))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            found.push(read(kind, item.map_err(StoreError::aws("list items"))?)?);
        }
        Ok(found)
    }
}

/// What a listing reads.
pub(crate) enum Partition<'a> {
    Table(&'a str),
    Listing(&'a str),
}
