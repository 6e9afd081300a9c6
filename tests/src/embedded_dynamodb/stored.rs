//! Items as they are stored, read and written beside the client: a harness that looks at every write has no need
//! of requests, nor has one that wants a table full.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::types::{self, item_size};
use dynoxide::{Database, ImportOptions};

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn read(database: &Database, table: &str, pk: &str, sk: &str) -> Option<(Item, usize)> {
    let text = |value: &str| types::AttributeValue::S(value.to_owned());
    let request = GetItemRequest {
        table_name: table.to_owned(),
        key: HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]),
        ..GetItemRequest::default()
    };
    let item = database.get_item(request).expect("an item is read").item?;
    let size = item_size(&item);
    Some((of_map(item), size))
}

pub(super) fn import(database: &Database, table: &str, items: impl Iterator<Item = Item>) {
    let items = items.map(to_map).collect();
    database.import_items(table, items, ImportOptions::default()).expect("the items are written");
}

fn to_map(item: Item) -> types::Item {
    item.into_iter().map(|(name, value)| (name, value_to(value))).collect()
}

fn value_to(value: AttributeValue) -> types::AttributeValue {
    match value {
        AttributeValue::S(text) => types::AttributeValue::S(text),
        AttributeValue::N(digits) => types::AttributeValue::N(digits),
        AttributeValue::B(bytes) => types::AttributeValue::B(bytes.into_inner()),
        AttributeValue::Bool(answer) => types::AttributeValue::BOOL(answer),
        AttributeValue::Null(nothing) => types::AttributeValue::NULL(nothing),
        AttributeValue::Ss(texts) => types::AttributeValue::SS(texts),
        AttributeValue::Ns(numbers) => types::AttributeValue::NS(numbers),
        AttributeValue::Bs(blobs) => {
            types::AttributeValue::BS(blobs.into_iter().map(Blob::into_inner).collect())
        }
        AttributeValue::L(list) => types::AttributeValue::L(list.into_iter().map(value_to).collect()),
        AttributeValue::M(map) => types::AttributeValue::M(to_map(map)),
        other => panic!("{other:?} is of no type that DynamoDB has"),
    }
}

fn of_map(map: types::Item) -> Item {
    map.into_iter().map(|(name, value)| (name, value_of(value))).collect()
}

fn value_of(value: types::AttributeValue) -> AttributeValue {
    match value {
        types::AttributeValue::S(text) => AttributeValue::S(text),
        types::AttributeValue::N(digits) => AttributeValue::N(digits),
        types::AttributeValue::B(bytes) => AttributeValue::B(Blob::new(bytes)),
        types::AttributeValue::BOOL(answer) => AttributeValue::Bool(answer),
        types::AttributeValue::NULL(nothing) => AttributeValue::Null(nothing),
        types::AttributeValue::SS(texts) => AttributeValue::Ss(texts),
        types::AttributeValue::NS(numbers) => AttributeValue::Ns(numbers),
        types::AttributeValue::BS(blobs) => AttributeValue::Bs(blobs.into_iter().map(Blob::new).collect()),
        types::AttributeValue::L(list) => AttributeValue::L(list.into_iter().map(value_of).collect()),
        types::AttributeValue::M(map) => AttributeValue::M(of_map(map)),
    }
}
