//! The rate plans in force under agreements, with the trees that a process keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::agreement::{Agreement, EnabledService, NewlyEnabled, RatePlan};
use domain::id::{RateId, ServiceId, TreeTag};
use domain::quote::{Level, Rates};
use domain::rating::{CompiledTree, Service, ServiceKind};
use jiff::Timestamp;

use crate::{Store, StoreError};

/// Trees that a warm process keeps. A version of a tree never changes, so what is here is never stale;
/// which version is in force is read anew for every request.
#[derive(Debug, Clone, Default)]
pub struct TreeCache(Arc<Mutex<BTreeMap<TreeTag, Arc<CompiledTree>>>>);

impl TreeCache {
    /// Bounds the memory of a process that serves many tenants: about 50 bytes a price.
    const LEAVES_MAX: usize = 1_000_000;

    fn get(&self, tag: &TreeTag) -> Option<Arc<CompiledTree>> {
        self.0.lock().ok()?.get(tag).cloned()
    }

    fn put(&self, tag: TreeTag, tree: &Arc<CompiledTree>) {
        if let Ok(mut trees) = self.0.lock() {
            let kept: usize = trees.values().map(|tree| tree.leaves()).sum();
            if kept + tree.leaves() > Self::LEAVES_MAX {
                trees.clear();
            }
            trees.insert(tag, tree.clone());
        }
    }
}

impl Store {
    /// The levels that these agreements make, in their order, each with the rates that are in force
    /// under it.
    pub async fn levels(
        &self,
        cache: &TreeCache,
        agreements: Vec<Agreement>,
        now: Timestamp,
    ) -> Result<Vec<Level>, StoreError> {
        let wanted: BTreeSet<ServiceId> =
            agreements.iter().flat_map(|agreement| agreement.services_at(now)).cloned().collect();
        let wanted: Vec<ServiceId> = wanted.into_iter().collect();
        let mut in_force = BTreeMap::new();
        for service in self.services(&wanted).await? {
            if let Some((version, tree)) = self.tree_in_force(cache, &service, now).await? {
                in_force.insert(service.id.clone(), (service, version, tree));
            }
        }
        let rates = |enabled: &EnabledService| {
            let (service, version, tree) = in_force.get(&enabled.service)?;
            let from = enabled.effective_from;
            let rates = Rates::new(service.id.clone(), service.kind, *version, tree.clone(), from);
            Some(rates.archived(service.archived))
        };
        let level = |agreement: Agreement| {
            let rates = agreement.enabled_at(now).filter_map(rates).collect();
            Level::new(agreement, rates)
        };
        Ok(agreements.into_iter().map(level).collect())
    }

    /// The agreements that an agreement is charged with, its own first, with the rates in force under them; for
    /// what is priced now and then.
    pub async fn charged_levels(
        &self,
        agreement: &Agreement,
        now: Timestamp,
    ) -> Result<Vec<Level>, StoreError> {
        let agreements = self.agreements(&agreement.charged_levels()).await?;
        self.levels(&self.tree_cache, agreements, now).await
    }

    /// An agreement with the rates that are in force under it, for what is priced now and then.
    pub async fn level(&self, agreement: &Agreement, now: Timestamp) -> Result<Level, StoreError> {
        let levels = self.levels(&TreeCache::default(), vec![agreement.clone()], now).await?;
        Ok(levels.into_iter().next().unwrap_or_else(|| Level::new(agreement.clone(), Vec::new())))
    }

    /// The pay-as-you-go services that are enabled at a new time of one of them, with what they have prices of
    /// then.
    pub async fn rate_plans(&self, enabled: &NewlyEnabled<'_>) -> Result<Vec<RatePlan>, StoreError> {
        let wanted: Vec<_> = enabled.services().into_iter().collect();
        let mut plans = Vec::new();
        for service in self.services(&wanted).await? {
            if service.kind != ServiceKind::PayAsYouGo {
                continue;
            }
            let mut plan = RatePlan::new(&service);
            for scope in &service.scopes {
                let Some(version) = scope.tree.filter(|_| enabled.reaches(scope)) else { continue };
                let tree = self.known_tree(&self.tree_cache, &service, version).await?;
                plan = plan.with_scope(scope, &tree);
            }
            plans.push(plan);
        }
        Ok(plans)
    }

    /// None for a service that has no scope in force; a bundle pack may have a scope without a tree.
    async fn tree_in_force(
        &self,
        cache: &TreeCache,
        service: &Service,
        now: Timestamp,
    ) -> Result<Option<(u32, Arc<CompiledTree>)>, StoreError> {
        let Some(scope) = service.scope_at(now) else { return Ok(None) };
        let Some(version) = scope.tree else { return Ok(Some((0, Arc::default()))) };
        Ok(Some((version, self.known_tree(cache, service, version).await?)))
    }

    /// A tree that a scope names.
    async fn known_tree(
        &self,
        cache: &TreeCache,
        service: &Service,
        version: u32,
    ) -> Result<Arc<CompiledTree>, StoreError> {
        let missing = || StoreError::corrupt("a rate tree", format!("{} has none", service.id));
        self.tree_in(cache, &service.id, version).await?.ok_or_else(missing)
    }

    /// Those of these rates that only messages from phones have.
    pub async fn rates_from_phones(
        &self,
        cache: &TreeCache,
        rates: BTreeSet<RateId>,
    ) -> Result<BTreeSet<RateId>, StoreError> {
        let mut by_tree: BTreeMap<TreeTag, Vec<(RateId, u32)>> = BTreeMap::new();
        for rate in rates {
            if let Some((tag, leaf)) = rate.parts() {
                by_tree.entry(tag).or_default().push((rate, leaf));
            }
        }
        let mut from_phones = BTreeSet::new();
        for rates in by_tree.into_values() {
            let Some((rate, _)) = rates.first() else { continue };
            let Some((origin, _)) = self.rate_origin(rate).await? else { continue };
            let tree = self.tree_in(cache, &origin.service, origin.version).await?;
            let Some(tree) = tree else { continue };
            let of_phones = rates.into_iter().filter(|(_, leaf)| tree.is_from_phones(*leaf));
            from_phones.extend(of_phones.map(|(rate, _)| rate));
        }
        Ok(from_phones)
    }

    /// A version of a tree, from the cache if it is there.
    pub(crate) async fn tree_in(
        &self,
        cache: &TreeCache,
        service: &ServiceId,
        version: u32,
    ) -> Result<Option<Arc<CompiledTree>>, StoreError> {
        let tag = TreeTag::of(service, version);
        if let Some(tree) = cache.get(&tag) {
            return Ok(Some(tree));
        }
        let Some(tree) = self.tree(service, version).await? else { return Ok(None) };
        let tree = Arc::new(tree);
        cache.put(tag, &tree);
        Ok(Some(tree))
    }
}
