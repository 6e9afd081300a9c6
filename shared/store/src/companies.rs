//! Companies.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::api_key::ApiKey;
use domain::audit::Act;
use domain::company::{Company, Subtree};
use domain::id::CompanyId;
use domain::wallet::Wallet;

use crate::catalog::Written;
use crate::item::{key_of, read, text};
use crate::keys;
use crate::transact::Refused;
use crate::uses::Use;
use crate::{Store, StoreError};

const KIND: &str = "a company";

impl Store {
    /// A company inside the caller's subtree; any other reads as not there.
    pub async fn company(&self, scope: &Subtree, id: &CompanyId) -> Result<Option<Company>, StoreError> {
        Ok(self.any_company(id).await?.filter(|company| scope.sees(company)))
    }

    /// A company, whoever asks. For work that no caller has asked for, and for companies above.
    pub async fn any_company(&self, id: &CompanyId) -> Result<Option<Company>, StoreError> {
        self.get(&self.tables.directory, &keys::company(id), KIND).await
    }

    /// These companies, in no order. For checking a whole path at once.
    pub async fn companies(&self, ids: &[CompanyId]) -> Result<Vec<Company>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::company).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read(KIND, item)).collect()
    }

    /// The companies directly below one, oldest first.
    pub async fn children(&self, tenant: &CompanyId) -> Result<Vec<Company>, StoreError> {
        self.all_things(tenant.as_str()).await
    }

    /// Stores a company below another one, unless that is deleted.
    pub async fn create_company(&self, act: &Act, company: &Company) -> Result<Written, StoreError> {
        self.write_thing(act, None, Some(company), self.below_tenant(company, 1).into_iter().collect()).await
    }

    /// Goes through only if the company above is not deleted.
    pub(crate) fn below_tenant(&self, company: &Company, more: i32) -> Option<TransactWriteItem> {
        company.tenant().map(|tenant| self.count_use(tenant.as_str(), Use::Companies, more))
    }

    /// Stores a company as deleted, if nothing has moved in its wallets since they were read, there is none
    /// below it, it has so many agreements, and no sender IDs or connections. Its wallets are closed: nothing is
    /// charged to them and nobody pays into them any more. What messages on their way give back to them is taken
    /// out by a transfer.
    pub async fn delete_company(
        &self,
        act: &Act,
        before: &Company,
        after: &Company,
        wallets: &[Wallet],
        agreements: usize,
    ) -> Result<Written, StoreError> {
        let Some(mut with) = self.close_wallets(wallets) else { return Ok(Written::Overtaken) };
        let left =
            [(Use::Companies, 0), (Use::Agreements, agreements), (Use::Senders, 0), (Use::Connections, 0)];
        with.push(self.end_uses(before.id.as_str(), &left));
        with.extend(self.below_tenant(before, -1));
        self.write_thing(act, Some(before), Some(after), with).await
    }

    /// The company that runs the platform.
    pub async fn owner(&self) -> Result<Option<CompanyId>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Marker {
            company: Option<CompanyId>,
        }
        let marker: Option<Marker> = self.get(&self.tables.directory, &owner_marker(), KIND).await?;
        Ok(marker.and_then(|marker| marker.company))
    }

    /// The owner and its first API key, on an empty deployment: `owner` is a fixed key, so that of two
    /// attempts one is refused. False if there is an owner already.
    pub async fn put_owner(&self, act: &Act, owner: &Company, api_key: &ApiKey) -> Result<bool, StoreError> {
        let mut marked = key_of(&owner_marker());
        marked.insert("company".to_owned(), text(owner.id.as_str()));
        let mut items = vec![self.new_item(&self.tables.directory, marked)];
        items.extend(self.changes(act, None, Some(api_key))?);
        items.extend(self.changes(act, None, Some(owner))?);
        match self.transact("store the owner", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

fn owner_marker() -> keys::Key {
    keys::Key { pk: "owner".into(), sk: "owner".into() }
}
