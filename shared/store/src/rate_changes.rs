//! Changes of services that change what they charge. The record of one is written together with the service,
//! so that it is neither lost nor there without it; the stream brings it to those who are told.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::rating::{CompiledTree, RateChange, Service};
use jiff::Timestamp;

use crate::item::{Item, document, read};
use crate::keys;
use crate::messages::Stored;
use crate::{Store, StoreError};

const KIND: &str = "a rate change";

/// Reads the item of a rate change, from an image in its stream.
pub fn rate_change_of(item: Item) -> Result<RateChange, StoreError> {
    read(KIND, item)
}

impl Store {
    /// [`Store::replace_service`] with the record of what it changes of the rates, if it does.
    pub async fn change_service(
        &self,
        act: &Act,
        before: &Service,
        after: &Service,
        tree: Option<&CompiledTree>,
    ) -> Result<Stored, StoreError> {
        let record = self.rate_change_item(before, after, act.at)?;
        self.replace_service_and(act, before, after, tree, record).await
    }

    pub(crate) fn rate_change_item(
        &self,
        before: &Service,
        after: &Service,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let record = |change: RateChange| {
            let key = keys::rate_change(&change.service, change.version);
            document(&key, &change).map(|item| self.new_item(&self.tables.ledger, item))
        };
        after.rate_change(before, now).map(record).transpose()
    }
}
