//! The agreements that a message is charged to, with their trees in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::agreement::{Agreement, EnabledService};
use domain::id::{ServiceId, WalletId};
use domain::quote::{Level, Rates};
use domain::rating::{RateTree, Service};
use jiff::Timestamp;
use store::{Store, StoreError};

type Trees = BTreeMap<(ServiceId, u32), Arc<RateTree>>;

/// Trees that a warm function keeps. A version of a tree never changes, so what is here is never
/// stale; which version is in force is read anew for every request.
#[derive(Debug, Clone, Default)]
pub struct TreeCache(Arc<Mutex<Trees>>);

impl TreeCache {
    /// Bounds the memory of a function that serves many tenants.
    const TREES_MAX: usize = 256;

    fn get(&self, key: &(ServiceId, u32)) -> Option<Arc<RateTree>> {
        self.0.lock().ok()?.get(key).cloned()
    }

    fn put(&self, key: (ServiceId, u32), tree: &Arc<RateTree>) {
        if let Ok(mut trees) = self.0.lock() {
            if trees.len() >= Self::TREES_MAX {
                trees.clear();
            }
            trees.insert(key, tree.clone());
        }
    }
}

/// The levels of an agreement's charges, the agreement's own first, which `payer` pays.
pub async fn levels(
    store: &Store,
    cache: &TreeCache,
    agreement: &Agreement,
    payer: WalletId,
    now: Timestamp,
) -> Result<Vec<Level>, StoreError> {
    let agreements = store.agreements(&agreement.charged_levels()).await?;
    let wanted: BTreeSet<ServiceId> =
        agreements.iter().flat_map(|agreement| agreement.services_at(now)).cloned().collect();
    let wanted: Vec<ServiceId> = wanted.into_iter().collect();
    let mut in_force = BTreeMap::new();
    for service in store.services(&wanted).await?.into_iter().filter(|service| !service.archived) {
        let tree = tree(store, cache, &service).await?;
        in_force.insert(service.id.clone(), (service, tree));
    }
    let rates = |enabled: &EnabledService| {
        let (service, tree) = in_force.get(&enabled.service)?;
        Some(Rates {
            service: service.id.clone(),
            kind: service.kind,
            version: service.version,
            tree: tree.clone(),
            enabled_from: enabled.effective_from,
        })
    };
    let level = |agreement: Agreement| {
        let rates = agreement.enabled_at(now).filter_map(rates).collect();
        Level::new(agreement, rates)
    };
    let mut levels: Vec<Level> = agreements.into_iter().map(level).collect();
    if let Some(own) = levels.first_mut() {
        own.payer = payer;
    }
    Ok(levels)
}

async fn tree(store: &Store, cache: &TreeCache, service: &Service) -> Result<Arc<RateTree>, StoreError> {
    let key = (service.id.clone(), service.version);
    if let Some(tree) = cache.get(&key) {
        return Ok(tree);
    }
    let missing = || StoreError::Corrupt { kind: "a rate tree", detail: format!("{} has none", service.id) };
    let tree = Arc::new(store.tree(&service.id, service.version).await?.ok_or_else(missing)?);
    cache.put(key, &tree);
    Ok(tree)
}
