//! Two-factor codes on their way, each until nobody asks for it any more.

use domain::id::CodeRequestId;
use domain::two_factor::CodeRequest;
use domain::two_factor_limits::CodeCounter;
use jiff::SignedDuration;

use crate::alone::write_alone;
use crate::item::{Item, document, expiring, key_of, number, read};
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

    /// Counts a code before it is sent, so that of many at once no more than allowed are. False, and not
    /// counted, if there are as many.
    pub async fn count_code(&self, counter: &CodeCounter) -> Result<bool, StoreError> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(key_of(&keys::codes_sent(&counter.name))))
            .update_expression("SET #count = if_not_exists(#count, :none) + :one, #expires = :expires")
            .condition_expression("attribute_not_exists(pk) OR #count < :most")
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#expires", keys::EXPIRES_AT)
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(counter.most))
            .expression_attribute_values(":expires", number(counter.till.as_second()));
        Ok(write_alone("count a code", || update.clone().send()).await?.is_some())
    }

    /// Takes so many codes out of a count: one that was not sent, or those that one that was verified makes up
    /// for. A count may fall below zero.
    pub async fn uncount_codes(&self, counter: &CodeCounter, codes: u32) -> Result<(), StoreError> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(key_of(&keys::codes_sent(&counter.name))))
            .update_expression("SET #count = #count - :codes")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":codes", number(codes));
        write_alone("uncount codes", || update.clone().send()).await.map(drop)
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
