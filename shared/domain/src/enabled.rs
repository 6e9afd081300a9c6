//! Packs and bundles as they are bought for an agreement. Each purchase is one of its own: the same pack
//! bought twice is there twice, and what is left of each is counted apart.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, EnabledService};
use crate::id::{PurchaseId, ServiceId, digest, encode};
use crate::money::Currency;
use crate::rating::{Service, ServiceKind};

/// An agreement is one item of the table, which holds 400 KB; a purchase takes 300 bytes of it.
pub const SERVICES_MAX: usize = 1_000;

/// How a pack is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackBilling {
    Free,
    /// At the price of the agreement's own rate plans under `service_purchase`.
    Charge,
}

/// What makes an enabled service a pack that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub id: PurchaseId,
    pub billing: PackBilling,
    /// Of bundles: bought again for each billing period.
    #[serde(default)]
    pub auto_extend: bool,
    /// Tells a repeat of the request from another request under the same key.
    pub request_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRequest {
    /// Follows from the request's key.
    pub id: PurchaseId,
    pub billing: PackBilling,
    /// Now unless told. A bundle follows the billing periods and has no times of its own.
    pub effective_from: Option<Timestamp>,
    pub effective_till: Option<Timestamp>,
    pub auto_extend: bool,
    /// Whether the company that pays does not see it.
    pub hidden_from_client: bool,
}

/// What may change after the purchase; what is not named stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PackChange {
    /// Of packs that have not begun.
    pub effective_from: Option<Timestamp>,
    /// Of packs: another end, or none.
    pub effective_till: Option<Option<Timestamp>>,
    /// Of bundles.
    pub auto_extend: Option<bool>,
    pub hidden_from_client: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("this is no pack: enable it with the agreement's services")]
    NotAPack,
    #[error("a pack and the agreement must have the same currency: {service} is not {agreement}")]
    CurrencyDiffers { service: Currency, agreement: Currency },
    #[error("`effective_till` must be later than `effective_from`")]
    TimesReversed,
    #[error("a pack that is charged begins when it is bought, not later")]
    ChargedLater,
    #[error("a bundle follows the billing periods of its agreement and has no times of its own")]
    BundleTimes,
    #[error("only bundles are extended by themselves")]
    NotABundle,
    #[error("this bundle is in force already, or will be extended")]
    BundleInForce,
    #[error("this pack was bought at the same moment already")]
    SameMoment,
    #[error("this pack has begun: it stays, begins when it did, and can get an end")]
    Begun,
    #[error("an agreement has at most {SERVICES_MAX} services and packs")]
    TooMany,
}

impl PackRequest {
    /// A pack that is given away, from now on.
    pub fn free(id: PurchaseId) -> Self {
        let (effective_from, effective_till) = (None, None);
        let billing = PackBilling::Free;
        Self { id, billing, effective_from, effective_till, auto_extend: false, hidden_from_client: false }
    }

    /// Of all that is asked for.
    pub fn hash(&self, agreement: &Agreement, service: &ServiceId) -> String {
        let asked = (
            self.billing,
            self.effective_from,
            self.effective_till,
            self.auto_extend,
            self.hidden_from_client,
        );
        encode(digest(&["pack", agreement.id.as_str(), service.as_str(), &format!("{asked:?}")]))
    }
}

impl Agreement {
    /// A pack that was bought for this agreement.
    pub fn purchase(&self, id: &PurchaseId) -> Option<&EnabledService> {
        self.services.iter().find(|enabled| enabled.is_purchase(id))
    }

    /// The agreement with one more pack; those bought earlier are used first.
    pub fn with_pack(&self, service: &Service, ask: &PackRequest, now: Timestamp) -> Result<Self, PackError> {
        if !service.kind.is_bought() {
            return Err(PackError::NotAPack);
        }
        if service.kind.has_currency() && service.currency != self.currency {
            return Err(PackError::CurrencyDiffers { service: service.currency, agreement: self.currency });
        }
        if self.services.len() >= SERVICES_MAX {
            return Err(PackError::TooMany);
        }
        let (effective_from, effective_till) = match service.kind {
            ServiceKind::BundlePack { .. } => self.bundle_times(service, ask, now)?,
            _ => self.pack_times(service, ask, now)?,
        };
        let purchase = Purchase {
            id: ask.id.clone(),
            billing: ask.billing,
            auto_extend: ask.auto_extend,
            request_hash: ask.hash(self, &service.id),
        };
        let enabled = EnabledService::new(service.id.clone(), effective_from, effective_till);
        let enabled = EnabledService {
            id: Some(self.next_enabled()),
            enabled_at: Some(now),
            purchase: Some(purchase),
            hidden_from_client: ask.hidden_from_client,
            ..enabled
        };
        let services = self.services.iter().cloned().chain([enabled]).collect();
        Ok(Self { services, revision: self.revision + 1, ..self.clone() })
    }

    /// What is left of a pack is counted under the moment from which it holds, so that is unique.
    fn pack_times(
        &self,
        service: &Service,
        ask: &PackRequest,
        now: Timestamp,
    ) -> Result<(Timestamp, Option<Timestamp>), PackError> {
        let from = ask.effective_from.unwrap_or(now);
        if ask.auto_extend {
            return Err(PackError::NotABundle);
        }
        if ask.effective_till.is_some_and(|till| till <= from) {
            return Err(PackError::TimesReversed);
        }
        if ask.billing == PackBilling::Charge && from > now {
            return Err(PackError::ChargedLater);
        }
        let same = |other: &EnabledService| other.service == service.id && other.effective_from == from;
        if self.services.iter().any(same) {
            return Err(PackError::SameMoment);
        }
        Ok((from, ask.effective_till))
    }

    /// From now to the end of the billing period (guide, section 6.4.4).
    fn bundle_times(
        &self,
        service: &Service,
        ask: &PackRequest,
        now: Timestamp,
    ) -> Result<(Timestamp, Option<Timestamp>), PackError> {
        if ask.effective_from.is_some() || ask.effective_till.is_some() {
            return Err(PackError::BundleTimes);
        }
        let in_force = |other: &EnabledService| {
            let extends = other.purchase.as_ref().is_some_and(|purchase| purchase.auto_extend);
            other.service == service.id && (extends || other.effective_till.is_none_or(|till| now < till))
        };
        if self.services.iter().any(in_force) {
            return Err(PackError::BundleInForce);
        }
        let terms = &self.version_at(now).billing;
        Ok((now, Some(terms.end_of(terms.period_of(terms.day_of(now))))))
    }

    /// The agreement with a bundle that holds until a later moment.
    pub fn with_bundle_until(&self, id: &PurchaseId, till: Timestamp) -> Self {
        self.with_purchase(id, |enabled| enabled.effective_till = Some(till))
    }

    /// The agreement with a changed pack; with the same revision if nothing is changed.
    pub fn with_pack_changed(
        &self,
        id: &PurchaseId,
        kind: ServiceKind,
        change: PackChange,
        now: Timestamp,
    ) -> Result<Self, PackError> {
        let PackChange { effective_from, effective_till, auto_extend, hidden_from_client } = change;
        match kind.is_bundle_pack() {
            true if effective_from.is_some() || effective_till.is_some() => {
                return Err(PackError::BundleTimes);
            }
            false if auto_extend.is_some() => return Err(PackError::NotABundle),
            _ => {}
        }
        if let (Some(from), Some(before)) = (effective_from, self.purchase(id)) {
            self.check_beginning(before, from, now)?;
        }
        let changed = self.with_purchase(id, |enabled| {
            enabled.effective_from = effective_from.unwrap_or(enabled.effective_from);
            enabled.effective_till = effective_till.unwrap_or(enabled.effective_till);
            enabled.hidden_from_client = hidden_from_client.unwrap_or(enabled.hidden_from_client);
            if let (Some(auto_extend), Some(purchase)) = (auto_extend, &mut enabled.purchase) {
                purchase.auto_extend = auto_extend;
            }
        });
        let reversed = |enabled: &EnabledService| {
            enabled.effective_till.is_some_and(|till| till <= enabled.effective_from)
        };
        match changed.purchase(id).is_some_and(reversed) {
            true => Err(PackError::TimesReversed),
            false => Ok(changed),
        }
    }

    /// What was used of a pack is counted under its beginning.
    fn check_beginning(
        &self,
        pack: &EnabledService,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<(), PackError> {
        let same = |other: &EnabledService| other.service == pack.service && other.effective_from == from;
        match () {
            () if from == pack.effective_from => Ok(()),
            () if pack.has_begun(now) => Err(PackError::Begun),
            () if self.services.iter().any(same) => Err(PackError::SameMoment),
            () => Ok(()),
        }
    }

    /// The agreement without a pack that has not begun, so that nothing of it was used, and nothing charged for it.
    pub fn without_pack(
        &self,
        id: &PurchaseId,
        kind: ServiceKind,
        now: Timestamp,
    ) -> Result<Self, PackError> {
        if self.purchase(id).is_some_and(|pack| kind.is_bundle_pack() || pack.has_begun(now)) {
            return Err(PackError::Begun);
        }
        let mut changed = self.clone();
        changed.services.retain(|enabled| !enabled.is_purchase(id));
        changed.revision += u64::from(changed != *self);
        Ok(changed)
    }

    fn with_purchase(&self, id: &PurchaseId, change: impl Fn(&mut EnabledService)) -> Self {
        let mut changed = self.clone();
        changed.services.iter_mut().filter(|enabled| enabled.is_purchase(id)).for_each(change);
        changed.revision += u64::from(changed != *self);
        changed
    }
}

impl EnabledService {
    fn is_purchase(&self, id: &PurchaseId) -> bool {
        self.purchase.as_ref().is_some_and(|purchase| purchase.id == *id)
    }

    /// What is charged begins when it is bought, whatever the clock of this process says.
    fn has_begun(&self, now: Timestamp) -> bool {
        let is_charged = |purchase: &Purchase| purchase.billing == PackBilling::Charge;
        self.effective_from <= now || self.purchase.as_ref().is_some_and(is_charged)
    }

    /// Whether it is bought again for each billing period.
    pub fn auto_extends(&self) -> bool {
        self.purchase.as_ref().is_some_and(|purchase| purchase.auto_extend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::tests::agreement;
    use crate::id::CompanyId;
    use crate::money::Amount;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn service(kind: ServiceKind) -> Service {
        let (company, currency) = (CompanyId::new(0), Currency::parse("EUR").unwrap());
        Service::in_force(ServiceId::new(1), company, "Pack", currency, kind, Timestamp::UNIX_EPOCH)
    }

    fn ask(number: u128) -> PackRequest {
        PackRequest { billing: PackBilling::Charge, ..PackRequest::free(PurchaseId::new(number)) }
    }

    const UNITS: ServiceKind = ServiceKind::UnitPack { size: 10 };
    const BUNDLE: ServiceKind = ServiceKind::BundlePack { size: 10 };

    #[test]
    fn the_same_pack_is_bought_again_and_again_but_never_twice_in_one_moment() {
        let (pack, now) = (service(UNITS), at("2026-11-10T12:00:00Z"));
        let once = agreement().with_pack(&pack, &ask(1), now).unwrap();
        assert_eq!(once.with_pack(&pack, &ask(2), now), Err(PackError::SameMoment));
        let twice = once.with_pack(&pack, &ask(2), at("2026-11-10T12:00:01Z")).unwrap();
        assert_eq!((twice.services.len(), twice.revision), (2, 2));
        assert_eq!(twice.purchase(&PurchaseId::new(1)).unwrap().effective_from, now);
    }

    #[test]
    fn a_bundle_holds_to_the_end_of_the_billing_period_and_once_at_a_time() {
        let (bundle, now) = (service(BUNDLE), at("2026-11-10T12:00:00Z"));
        let bought = agreement().with_pack(&bundle, &ask(1), now).unwrap();
        let end = at("2026-12-01T00:00:00Z");
        assert_eq!(bought.services[0].effective_till, Some(end));
        assert_eq!(bought.with_pack(&bundle, &ask(2), now), Err(PackError::BundleInForce));
        assert!(bought.with_pack(&bundle, &ask(2), end).is_ok());
        let extended = PackRequest { auto_extend: true, ..ask(1) };
        let extended = agreement().with_pack(&bundle, &extended, now).unwrap();
        assert_eq!(extended.with_pack(&bundle, &ask(2), end), Err(PackError::BundleInForce));
    }

    #[test]
    fn a_pack_has_the_times_that_its_kind_and_billing_allow() {
        let now = at("2026-11-10T12:00:00Z");
        let later = Some(at("2026-11-11T12:00:00Z"));
        let check = |kind, ask: PackRequest| {
            agreement().with_pack(&service(kind), &ask, now).map(|_| ()).map_err(|error| error.to_string())
        };
        let refused = |error: PackError| Err(error.to_string());
        let free = PackRequest { billing: PackBilling::Free, effective_from: later, ..ask(1) };
        assert_eq!(check(UNITS, free), Ok(()));
        assert_eq!(
            check(UNITS, PackRequest { effective_from: later, ..ask(1) }),
            refused(PackError::ChargedLater)
        );
        assert_eq!(
            check(UNITS, PackRequest { effective_till: Some(now), ..ask(1) }),
            refused(PackError::TimesReversed)
        );
        assert_eq!(check(UNITS, PackRequest { auto_extend: true, ..ask(1) }), refused(PackError::NotABundle));
        assert_eq!(
            check(BUNDLE, PackRequest { effective_till: later, ..ask(1) }),
            refused(PackError::BundleTimes)
        );
        assert_eq!(check(ServiceKind::PayAsYouGo, ask(1)), refused(PackError::NotAPack));
        assert_eq!(check(ServiceKind::BundleInitiator, ask(1)), refused(PackError::NotAPack));
    }

    #[test]
    fn only_a_pack_with_money_in_it_has_to_be_in_the_agreements_currency() {
        let dollars = Currency::parse("USD").unwrap();
        let buy = |kind| {
            let pack = Service { currency: dollars, ..service(kind) };
            agreement().with_pack(&pack, &ask(1), Timestamp::UNIX_EPOCH)
        };
        let agreement = agreement().currency;
        let differs = PackError::CurrencyDiffers { service: dollars, agreement };
        assert_eq!(buy(ServiceKind::MonetaryPack { size: Amount::ONE }), Err(differs));
        assert!(buy(UNITS).is_ok() && buy(BUNDLE).is_ok());
    }

    #[test]
    fn a_pack_gets_another_end_and_a_bundle_is_extended_or_no_more() {
        let now = at("2026-11-10T12:00:00Z");
        let (pack, bundle) = (PurchaseId::new(1), PurchaseId::new(2));
        let bought = agreement().with_pack(&service(UNITS), &ask(1), now).unwrap();
        let other = Service { id: ServiceId::new(2), ..service(BUNDLE) };
        let bought = bought.with_pack(&other, &ask(2), now).unwrap();
        let till = |till| PackChange { effective_till: Some(till), ..PackChange::default() };
        let later = Some(at("2026-11-11T12:00:00Z"));
        let ended = bought.with_pack_changed(&pack, UNITS, till(later), now).unwrap();
        assert_eq!((ended.services[0].effective_till, ended.revision), (later, 3));
        assert_eq!(ended.with_pack_changed(&pack, UNITS, till(later), now), Ok(ended.clone()));
        let reversed = bought.with_pack_changed(&pack, UNITS, till(Some(now)), now);
        assert_eq!(reversed, Err(PackError::TimesReversed));
        assert_eq!(bought.with_pack_changed(&bundle, BUNDLE, till(None), now), Err(PackError::BundleTimes));
        let extend = PackChange { auto_extend: Some(true), ..PackChange::default() };
        assert!(bought.with_pack_changed(&bundle, BUNDLE, extend, now).unwrap().services[1].auto_extends());
        assert_eq!(bought.with_pack_changed(&pack, UNITS, extend, now), Err(PackError::NotABundle));
        let hide = PackChange { hidden_from_client: Some(true), ..PackChange::default() };
        let hidden = bought.with_pack_changed(&pack, UNITS, hide, now).unwrap();
        assert_eq!((hidden.services[0].hidden_from_client, hidden.revision), (true, bought.revision + 1));
    }

    #[test]
    fn only_a_pack_that_has_not_begun_begins_at_another_time_or_is_deleted() {
        let (now, later) = (at("2026-11-10T12:00:00Z"), at("2026-11-11T12:00:00Z"));
        let free = |number, from| {
            let effective_from = Some(from);
            PackRequest { effective_from, ..PackRequest::free(PurchaseId::new(number)) }
        };
        let bought = agreement().with_pack(&service(UNITS), &free(1, now), now).unwrap();
        let bought = bought.with_pack(&service(UNITS), &free(2, later), now).unwrap();
        let (begun, next) = (PurchaseId::new(1), PurchaseId::new(2));
        let change = |id, from: Timestamp, now| {
            let effective_from = Some(from);
            bought.with_pack_changed(id, UNITS, PackChange { effective_from, ..PackChange::default() }, now)
        };
        let sooner = at("2026-11-10T18:00:00Z");
        assert_eq!(change(&next, sooner, now).unwrap().services[1].effective_from, sooner);
        assert_eq!(change(&next, now, now), Err(PackError::SameMoment));
        assert_eq!(change(&next, sooner, later), Err(PackError::Begun));
        assert_eq!(change(&begun, sooner, now), Err(PackError::Begun));
        assert_eq!(change(&begun, now, now), Ok(bought.clone()));
        assert_eq!(bought.without_pack(&begun, UNITS, now), Err(PackError::Begun));
        assert_eq!(bought.without_pack(&next, UNITS, later), Err(PackError::Begun));
        let deleted = bought.without_pack(&next, UNITS, now).unwrap();
        assert_eq!((deleted.services.len(), deleted.revision), (1, bought.revision + 1));
    }

    #[test]
    fn a_bundle_and_what_is_charged_has_begun_though_it_was_bought_by_a_clock_ahead_of_ours() {
        let (now, ours) = (at("2026-11-10T12:00:01Z"), at("2026-11-10T12:00:00Z"));
        for (kind, ask) in [(UNITS, ask(1)), (BUNDLE, PackRequest::free(PurchaseId::new(1)))] {
            let bought = agreement().with_pack(&service(kind), &ask, now).unwrap();
            assert_eq!(bought.without_pack(&ask.id, kind, ours), Err(PackError::Begun));
        }
    }

    #[test]
    fn another_request_has_another_hash() {
        let (agreement, service) = (agreement(), ServiceId::new(1));
        let hash = ask(1).hash(&agreement, &service);
        assert_eq!(hash, ask(1).hash(&agreement, &service));
        assert_ne!(hash, ask(1).hash(&agreement, &ServiceId::new(2)));
        assert_ne!(hash, PackRequest { auto_extend: true, ..ask(1) }.hash(&agreement, &service));
    }
}
