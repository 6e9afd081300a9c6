//! Rate plans and the versions of their trees. A version never changes once it is stored.

use std::collections::BTreeMap;

use domain::agreement::Agreement;
use domain::company::Subtree;
use domain::id::{CompanyId, ServiceId};
use domain::quote::{Level, Rates};
use domain::rating::{RateTree, Service};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, Partition, document, listed, number, read};
use crate::keys;
use crate::messages::Stored;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a service";
const SERVICES: &str = "services";

#[derive(Serialize, Deserialize)]
struct StoredTree {
    tree: RateTree,
}

impl Store {
    /// A service of a company inside the caller's subtree; any other reads as not there.
    pub async fn service(&self, scope: &Subtree, id: &ServiceId) -> Result<Option<Service>, StoreError> {
        let found: Option<Service> = self.get(&self.tables.directory, &keys::service(id), KIND).await?;
        let Some(service) = found else { return Ok(None) };
        Ok(self.company(scope, &service.company).await?.map(|_| service))
    }

    /// These services, in no order.
    pub async fn services(&self, ids: &[ServiceId]) -> Result<Vec<Service>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::service).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read(KIND, item)).collect()
    }

    pub async fn services_of(&self, company: &CompanyId) -> Result<Vec<Service>, StoreError> {
        let parent = keys::listing(SERVICES, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    pub async fn tree(&self, id: &ServiceId, version: u32) -> Result<Option<RateTree>, StoreError> {
        let key = keys::tree(id, version);
        let stored: Option<StoredTree> = self.get(&self.tables.directory, &key, "a rate tree").await?;
        Ok(stored.map(|stored| stored.tree))
    }

    /// An agreement with the rates that are in force under it, for what is priced now and then. Messages
    /// keep the trees they have read.
    pub async fn level(&self, agreement: &Agreement, now: Timestamp) -> Result<Level, StoreError> {
        let mut wanted: Vec<ServiceId> = agreement.services_at(now).cloned().collect();
        wanted.sort();
        wanted.dedup();
        let mut in_force = BTreeMap::new();
        for service in self.services(&wanted).await?.into_iter().filter(|service| !service.archived) {
            let tree = self.tree(&service.id, service.version).await?;
            let tree =
                tree.ok_or_else(|| StoreError::corrupt(KIND, format!("{} has no tree", service.id)))?;
            in_force.insert(service.id.clone(), (service, std::sync::Arc::new(tree)));
        }
        let rates = agreement.enabled_at(now).filter_map(|enabled| {
            let (service, tree) = in_force.get(&enabled.service)?;
            Some(Rates {
                service: service.id.clone(),
                kind: service.kind,
                version: service.version,
                tree: tree.clone(),
                enabled_from: enabled.effective_from,
            })
        });
        Ok(Level::new(agreement.clone(), rates.collect()))
    }

    /// Stores a new service with the first version of its tree.
    pub async fn put_service(&self, service: &Service, tree: &RateTree) -> Result<(), StoreError> {
        let item = self.new_item(&self.tables.directory, service_item(service)?);
        let items = vec![item, self.tree_item(service, tree)?];
        self.transact("store the service", items)
            .await
            .map_err(|refused| refused.unexpected("store the service"))
    }

    /// Puts a new version of the tree in force, unless another one came first. `service` names the
    /// new version.
    pub async fn replace_tree(&self, service: &Service, tree: &RateTree) -> Result<Stored, StoreError> {
        let before = Item::from([(":before".to_owned(), number(service.version.saturating_sub(1)))]);
        let names = "version = :before";
        let item = self.put_item(&self.tables.directory, service_item(service)?, names, before);
        match self.transact("store the tree", vec![item, self.tree_item(service, tree)?]).await {
            Ok(()) => Ok(Stored::Now),
            Err(Refused::At(..)) => Ok(Stored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    fn tree_item(
        &self,
        service: &Service,
        tree: &RateTree,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StoreError> {
        let key = keys::tree(&service.id, service.version);
        Ok(self.new_item(&self.tables.directory, document(&key, &StoredTree { tree: tree.clone() })?))
    }
}

fn service_item(service: &Service) -> Result<Item, StoreError> {
    let listing = keys::listing(SERVICES, service.company.as_str(), service.id.as_str());
    listed(&keys::service(&service.id), &listing, service)
}
