//! Changes of services that change what they charge. The record of one is written together with the service,
//! so that it is neither lost nor there without it; the stream brings it to those who are told.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::agreement::Agreement;
use domain::id::{AgreementId, CompanyId};
use domain::rating::{CompiledTree, RateChange, Service};
use jiff::Timestamp;

use crate::item::{Item, Partition, document, read};
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
        before: &Service,
        after: &Service,
        tree: Option<&CompiledTree>,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let record = self.rate_change_item(before, after, now)?;
        self.replace_service_and(after, tree, record).await
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

    /// The agreements of a tenant.
    pub async fn agreements_with(&self, tenant: &CompanyId) -> Result<Vec<Agreement>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Code {
            /// Not there where a code was taken before codes said whose they are.
            #[serde(default)]
            agreement: Option<AgreementId>,
        }
        let partition = keys::agreement_codes(tenant);
        let codes: Vec<Code> =
            self.all(&self.tables.directory, Partition::Table(&partition), "an agreement's code").await?;
        let ids: Vec<AgreementId> = codes.into_iter().filter_map(|code| code.agreement).collect();
        self.agreements(&ids).await
    }
}
