//! Companies and their API keys.

use domain::audit::Act;
use domain::company::{Company, Subtree};
use domain::id::{ApiKeyId, CompanyId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Partition, key_of, listed, read};
use crate::keys;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a company";
const API_KEYS: &str = "api_keys";

/// An API key as it is stored: under the hash of its secret, never with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub company: CompanyId,
    /// Whose it is; none for a key of the company itself.
    #[serde(default)]
    pub user: Option<UserId>,
    pub name: String,
    /// Hex SHA-256 of the secret. The secret has 256 random bits, so a plain hash tells nothing.
    pub hash: String,
    pub created_at: Timestamp,
}

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

    /// The owner and its first API key, on an empty deployment: `owner` is a fixed key, so that of two
    /// attempts one is refused. False if there is an owner already.
    pub async fn put_owner(&self, act: &Act, owner: &Company, api_key: &ApiKey) -> Result<bool, StoreError> {
        let marker = keys::Key { pk: "owner".into(), sk: "owner".into() };
        let mut items = vec![
            self.new_item(&self.tables.directory, key_of(&marker)),
            self.new_item(&self.tables.directory, api_key_item(api_key)?),
        ];
        items.extend(self.changes(act, None, Some(owner))?);
        match self.transact("store the owner", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    pub async fn put_api_key(&self, api_key: &ApiKey) -> Result<bool, StoreError> {
        self.put_if_new(&self.tables.directory, api_key_item(api_key)?).await
    }

    pub async fn api_key(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        self.get(&self.tables.directory, &keys::api_key(hash), "an API key").await
    }

    pub async fn api_keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, StoreError> {
        let parent = keys::listing(API_KEYS, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), "an API key").await
    }

    /// Revokes a key at once.
    pub async fn delete_api_key(&self, api_key: &ApiKey) -> Result<(), StoreError> {
        let key = key_of(&keys::api_key(&api_key.hash));
        let delete = self.dynamo.delete_item().table_name(&self.tables.directory).set_key(Some(key));
        delete.send().await.map_err(StoreError::aws("delete an API key"))?;
        Ok(())
    }
}

fn api_key_item(api_key: &ApiKey) -> Result<crate::Item, StoreError> {
    let listing = keys::listing(API_KEYS, api_key.company.as_str(), api_key.id.as_str());
    listed(&keys::api_key(&api_key.hash), &listing, api_key)
}
