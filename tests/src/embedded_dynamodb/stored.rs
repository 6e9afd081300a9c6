//! Items as they are stored, read beside the client: a harness that looks at every write has no need of
//! requests.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::Database;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::types::{self, item_size};

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
