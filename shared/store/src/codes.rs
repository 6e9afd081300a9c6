//! Two-factor codes on their way, each until nobody asks for it any more.

use domain::id::CodeRequestId;
use domain::two_factor::CodeRequest;
use jiff::SignedDuration;

use crate::alone::write_alone;
use crate::item::{Item, document, expiring, number, read};
use crate::keys;
use crate::messages::Stored;
use crate::{Store, StoreError};

const KIND: &str = "a two-factor code";
/// How long somebody may ask what became of one.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Store {
    /// Stores a new request. False if there is one under its id.
    pub async fn put_code_request(&self, request: &CodeRequest) -> Result<bool, StoreError> {
        self.put_if_new(&self.tables.messages, item(request)?).await
    }

    pub async fn code_request(&self, id: &CodeRequestId) -> Result<Option<CodeRequest>, StoreError> {
        self.get(&self.tables.messages, &keys::code_request(id), KIND).await
    }

    /// Stores a changed request unless another change came first.
    pub async fn replace_code_request(&self, request: &CodeRequest) -> Result<Stored, StoreError> {
        let before = Item::from([(":before".to_owned(), number(request.revision.saturating_sub(1)))]);
        let put = self.dynamo.put_item().table_name(&self.tables.messages).set_item(Some(item(request)?));
        let put =
            put.condition_expression("revision = :before").set_expression_attribute_values(Some(before));
        let stored = write_alone("store a two-factor code", || put.clone().send()).await?;
        Ok(stored.map_or(Stored::Overtaken, |_| Stored::Now))
    }
}

fn item(request: &CodeRequest) -> Result<Item, StoreError> {
    let until = request.requested_at.saturating_add(KEPT).unwrap_or(jiff::Timestamp::MAX);
    Ok(expiring(document(&keys::code_request(&request.id), request)?, until))
}

/// A request as it stands in the stream.
pub fn code_request_of(item: Item) -> Result<CodeRequest, StoreError> {
    read(KIND, item)
}
