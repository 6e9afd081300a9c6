//! The rates of agreements as they were in force at any moment of the past and stand now: read once, and
//! asked for many messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::agreement::Agreement;
use domain::dictionary::Dictionaries;
use domain::id::{AgreementId, CompanyId, RateId, ServiceId, TreeTag};
use domain::message::Message;
use domain::quote::{Level, QuoteError, Rates, Source, incoming_prices, pay_as_you_go_prices};
use domain::rating::{Attribute, Event, Price, Service, ServiceKind};
use domain::rerate::Prices;
use jiff::Timestamp;

use crate::{Store, StoreError, TreeCache};

/// DynamoDB reads so many items in a batch.
const READS_AT_ONCE: usize = 100;

/// Pay-as-you-go rates, for what was sold by the companies below one.
pub struct RateBook {
    store: Store,
    trees: TreeCache,
    /// Only what this company or one below it sells is in the book.
    seller: CompanyId,
    dictionaries: Dictionaries,
    agreements: BTreeMap<AgreementId, Known>,
    services: BTreeMap<ServiceId, Service>,
    /// Whether rates are prices of scales.
    scales: BTreeMap<RateId, bool>,
}

struct Known {
    agreement: Agreement,
    is_sold_below: bool,
    /// When other rates came into force, in order.
    bounds: Vec<Timestamp>,
    /// By how many of the bounds had passed.
    levels: BTreeMap<usize, Arc<Level>>,
}

/// The rates for one message, its sender's level first.
pub struct PricesOf<'a> {
    book: &'a RateBook,
    levels: Vec<Option<Arc<Level>>>,
    message: &'a Message,
    event: Event<'a>,
}

impl PricesOf<'_> {
    /// Whether these rates may say what the message from a phone costs. What came while their service was
    /// archived was not sold by that.
    fn sell(&self, rates: &Rates) -> bool {
        let Some(service) = self.book.services.get(&rates.service).filter(|service| service.archived) else {
            return true;
        };
        let tags: Vec<_> = (1..=service.version).map(|version| TreeTag::of(&service.id, version)).collect();
        let mut sold_by = self.message.charges.iter().filter_map(|charge| charge.rate.parts());
        sold_by.any(|(tag, _)| tags.contains(&tag))
    }
}

impl Prices for PricesOf<'_> {
    fn at(&self, level: usize) -> Result<Option<Vec<Source>>, QuoteError> {
        let found = level.checked_sub(1).and_then(|index| self.levels.get(index));
        let Some(of) = found.and_then(Option::as_ref) else { return Ok(None) };
        let at = self.message.accepted_at;
        let prices = match self.message.handling.incoming {
            Some(_) => incoming_prices(of, level, &self.event, at, |rates| self.sell(rates)),
            None => pay_as_you_go_prices(of, level, &self.event, at),
        };
        prices.map(Some)
    }

    fn is_scale(&self, rate: &RateId) -> Option<bool> {
        self.book.scales.get(rate).copied()
    }
}

impl RateBook {
    pub async fn new(store: &Store, trees: &TreeCache, seller: &CompanyId) -> Result<Self, StoreError> {
        Ok(Self {
            store: store.clone(),
            trees: trees.clone(),
            seller: seller.clone(),
            dictionaries: store.dictionaries().await?,
            agreements: BTreeMap::new(),
            services: BTreeMap::new(),
            scales: BTreeMap::new(),
        })
    }

    /// The rates for a message that is charged to these agreements, as they were when it was accepted, where
    /// the message was then found to go.
    pub async fn prices<'a>(
        &'a mut self,
        message: &'a Message,
        agreements: &[AgreementId],
    ) -> Result<PricesOf<'a>, StoreError> {
        self.learn(agreements).await?;
        let mut levels = Vec::with_capacity(agreements.len());
        for agreement in agreements {
            levels.push(self.level(agreement, message.accepted_at).await?);
        }
        let book: &'a Self = self;
        let (country, mccmnc) = (message.country.as_str(), message.mccmnc.as_deref());
        let event = Event::sms(country, message.network.as_deref(), Some(message.sender.as_str()))
            .with_known(Attribute::Mcc, book.dictionaries.mcc_at(country, mccmnc))
            .with_known(Attribute::Mccmnc, mccmnc);
        let event = if message.handling.incoming.is_some() { event.from_phone() } else { event };
        Ok(PricesOf { book, levels, message, event })
    }

    /// The rates of an agreement that were in force at this moment; none of one that is not in the book.
    pub async fn rates_at(
        &mut self,
        agreement: &AgreementId,
        at: Timestamp,
    ) -> Result<Option<Arc<Level>>, StoreError> {
        self.learn(std::slice::from_ref(agreement)).await?;
        self.level(agreement, at).await
    }

    /// Reads again what the rates of these agreements were read from. Whether it is still the same; if not, the
    /// book forgets all rates. What was stored before this was asked was not rated at later ones.
    pub async fn is_current(&mut self, agreements: &BTreeSet<&AgreementId>) -> Result<bool, StoreError> {
        let known: Vec<_> = agreements.iter().filter_map(|id| self.agreements.get(*id)).collect();
        let agreements: Vec<_> = known.iter().map(|known| known.agreement.clone()).collect();
        let enabled = agreements.iter().flat_map(|agreement| &agreement.services);
        let enabled: BTreeSet<_> = enabled.map(|enabled| enabled.service.clone()).collect();
        let services = enabled.iter().filter_map(|id| self.services.get(id).cloned()).collect::<Vec<_>>();
        let ids: Vec<_> = agreements.iter().map(|agreement| agreement.id.clone()).collect();
        let is_same = self.store.agreements(&ids).await? == agreements
            && self.services_now(&services).await? == services;
        if !is_same {
            self.agreements.clear();
            self.services.clear();
        }
        Ok(is_same)
    }

    async fn services_now(&self, known: &[Service]) -> Result<Vec<Service>, StoreError> {
        let ids: Vec<_> = known.iter().map(|service| service.id.clone()).collect();
        let mut services = self.store.services(&ids).await?;
        services.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(services)
    }

    /// Finds out whether a rate is a price of a scale.
    pub async fn learn_origin(&mut self, rate: &RateId) -> Result<(), StoreError> {
        let origin = self.store.rate_origin(rate).await?;
        let mut is_scale = false;
        if let Some((tree, leaf)) = origin
            && let Some(found) = self.store.tree_in(&self.trees, &tree.service, tree.version).await?
        {
            is_scale = matches!(found.price_at(leaf), Some(Price::Scale { .. }));
        }
        self.scales.insert(rate.clone(), is_scale);
        Ok(())
    }

    /// Reads what is not in the book yet.
    async fn learn(&mut self, ids: &[AgreementId]) -> Result<(), StoreError> {
        let unknown = ids.iter().filter(|id| !self.agreements.contains_key(*id));
        let unknown: Vec<AgreementId> = unknown.cloned().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let agreements = self.store.agreements(&unknown).await?;
        let tenants: BTreeSet<_> = agreements.iter().map(|agreement| agreement.tenant.clone()).collect();
        let tenants = self.store.companies(&tenants.into_iter().collect::<Vec<_>>()).await?;
        let services = agreements.iter().flat_map(|agreement| &agreement.services);
        let services: BTreeSet<_> = services.map(|enabled| enabled.service.clone()).collect();
        let services = services.into_iter().filter(|id| !self.services.contains_key(id));
        for some in services.collect::<Vec<_>>().chunks(READS_AT_ONCE) {
            for service in self.store.services(some).await? {
                self.services.insert(service.id.clone(), service);
            }
        }
        for agreement in agreements {
            let is_sold_below = tenants
                .iter()
                .any(|tenant| tenant.id == agreement.tenant && tenant.path.contains(&self.seller));
            let bounds = self.bounds(&agreement);
            let known = Known { agreement, is_sold_below, bounds, levels: BTreeMap::new() };
            self.agreements.insert(known.agreement.id.clone(), known);
        }
        Ok(())
    }

    fn bounds(&self, agreement: &Agreement) -> Vec<Timestamp> {
        let mut bounds = BTreeSet::new();
        for enabled in &agreement.services {
            bounds.extend([Some(enabled.effective_from), enabled.effective_till].into_iter().flatten());
            let scopes = self.services.get(&enabled.service).map(|service| service.scopes.as_slice());
            for scope in scopes.unwrap_or_default() {
                bounds.extend([Some(scope.effective_from), scope.effective_till].into_iter().flatten());
            }
        }
        bounds.into_iter().collect()
    }

    /// None for an agreement whose rates are not in the book.
    async fn level(&mut self, id: &AgreementId, at: Timestamp) -> Result<Option<Arc<Level>>, StoreError> {
        let Some(known) = self.agreements.get_mut(id).filter(|known| known.is_sold_below) else {
            return Ok(None);
        };
        let passed = known.bounds.partition_point(|bound| *bound <= at);
        if let Some(level) = known.levels.get(&passed) {
            return Ok(Some(level.clone()));
        }
        let mut rates = Vec::new();
        for enabled in known.agreement.enabled_at(at) {
            let Some(service) = self.services.get(&enabled.service) else { continue };
            let Some(version) = service.tree_at(at).filter(|_| service.kind == ServiceKind::PayAsYouGo)
            else {
                continue;
            };
            let tree = self.store.tree_in(&self.trees, &service.id, version).await?;
            let missing = || StoreError::corrupt("a rate tree", format!("{} has none", service.id));
            let tree = tree.ok_or_else(missing)?;
            // What a service sold before it was archived it has sold.
            let (id, kind, from) = (service.id.clone(), service.kind, enabled.effective_from);
            rates.push(Rates::new(id, kind, version, tree, from));
        }
        let level = Arc::new(Level::new(known.agreement.clone(), rates));
        known.levels.insert(passed, level.clone());
        Ok(Some(level))
    }
}
