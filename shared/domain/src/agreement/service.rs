//! The rate plans that are enabled under an agreement, each for a time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Agreement, AgreementError};
use crate::enabled::Purchase;
use crate::id::{EnabledServiceId, ServiceId};
use crate::money::Currency;

/// A rate plan that may be used under an agreement, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnabledService {
    /// Given when it is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EnabledServiceId>,
    pub service: ServiceId,
    /// The guide's connection date (6.3.2). None of what was enabled before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_at: Option<Timestamp>,
    pub effective_from: Timestamp,
    pub effective_till: Option<Timestamp>,
    /// The company that pays does not see that it is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden_from_client: bool,
    /// Of packs and bundle packs, which are bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Purchase>,
}

/// What may change of an enabled service; what is not named stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceChange {
    pub effective_from: Option<Timestamp>,
    pub effective_till: Option<Option<Timestamp>>,
    pub hidden_from_client: Option<bool>,
}

impl EnabledService {
    pub fn new(service: ServiceId, effective_from: Timestamp, effective_till: Option<Timestamp>) -> Self {
        Self {
            id: None,
            service,
            enabled_at: None,
            effective_from,
            effective_till,
            hidden_from_client: false,
            purchase: None,
        }
    }

    pub fn in_force_at(&self, now: Timestamp) -> bool {
        self.effective_from <= now && self.effective_till.is_none_or(|till| now < till)
    }

    fn overlaps(&self, other: &Self) -> bool {
        other.service == self.service
            && self.effective_till.is_none_or(|till| other.effective_from < till)
            && other.effective_till.is_none_or(|till| self.effective_from < till)
    }

    fn checked_beside(self, others: &[Self]) -> Result<Self, AgreementError> {
        if self.effective_till.is_some_and(|till| till <= self.effective_from) {
            return Err(AgreementError::TimesReversed);
        }
        match others.iter().any(|other| other.overlaps(&self)) {
            true => Err(AgreementError::ServiceOverlaps { service: self.service }),
            false => Ok(self),
        }
    }
}

impl Agreement {
    /// The services in force, those associated earlier first.
    pub fn enabled_at(&self, now: Timestamp) -> impl Iterator<Item = &EnabledService> {
        self.services.iter().filter(move |enabled| enabled.in_force_at(now))
    }

    pub fn services_at(&self, now: Timestamp) -> impl Iterator<Item = &ServiceId> {
        self.enabled_at(now).map(|enabled| &enabled.service)
    }

    /// The id of what is enabled with the next revision.
    pub(crate) fn next_enabled(&self) -> EnabledServiceId {
        EnabledServiceId::derived(&[self.id.as_str(), &(self.revision + 1).to_string()])
    }

    /// The agreement with one more rate plan; earlier ones keep the floor (`30-rating.md`).
    pub fn with_service(&self, enabled: EnabledService, currency: Currency) -> Result<Self, AgreementError> {
        if currency != self.currency {
            return Err(AgreementError::CurrencyDiffers { service: currency, agreement: self.currency });
        }
        let enabled = EnabledService { id: Some(self.next_enabled()), ..enabled };
        let enabled = enabled.checked_beside(&self.services)?;
        let services = self.services.iter().cloned().chain([enabled]).collect();
        Ok(Self { services, revision: self.revision + 1, ..self.clone() })
    }

    /// The agreement with other times for a rate plan, or with one that the client sees or does not. It
    /// keeps its place among the others.
    pub fn with_service_changed(
        &self,
        id: &EnabledServiceId,
        change: ServiceChange,
    ) -> Result<Self, AgreementError> {
        let place = self.place_of_service(id)?;
        let mut services = self.services.clone();
        let before = services.remove(place);
        let after = EnabledService {
            effective_from: change.effective_from.unwrap_or(before.effective_from),
            effective_till: change.effective_till.unwrap_or(before.effective_till),
            hidden_from_client: change.hidden_from_client.unwrap_or(before.hidden_from_client),
            ..before
        };
        services.insert(place, after.checked_beside(&services)?);
        Ok(Self { services, revision: self.revision + 1, ..self.clone() })
    }

    /// The agreement without a rate plan: what was sent with it keeps its prices.
    pub fn without_service(&self, id: &EnabledServiceId) -> Result<Self, AgreementError> {
        let place = self.place_of_service(id)?;
        let mut services = self.services.clone();
        services.remove(place);
        Ok(Self { services, revision: self.revision + 1, ..self.clone() })
    }

    /// A rate plan or bundle initiator that is enabled, not a pack.
    pub fn enabled_service(&self, id: &EnabledServiceId) -> Result<&EnabledService, AgreementError> {
        Ok(&self.services[self.place_of_service(id)?])
    }

    fn place_of_service(&self, id: &EnabledServiceId) -> Result<usize, AgreementError> {
        let place = self.services.iter().position(|enabled| enabled.id.as_ref() == Some(id));
        let place = place.ok_or(AgreementError::NoSuchService)?;
        match self.services[place].purchase {
            Some(_) => Err(AgreementError::Bought),
            None => Ok(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::agreement;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_service_is_enabled_once_at_a_time() {
        let agreement = agreement();
        let euro = agreement.currency;
        let enabled =
            |from: i64, till: Option<i64>| EnabledService::new(ServiceId::new(1), at(from), till.map(at));
        let first = agreement.with_service(enabled(0, Some(10)), euro).unwrap();
        assert!(first.with_service(enabled(10, None), euro).is_ok());
        assert!(first.with_service(enabled(9, None), euro).is_err());
        assert_eq!(first.services_at(at(9)).count(), 1);
        assert_eq!(first.services_at(at(10)).count(), 0);
        assert_eq!(first.with_service(enabled(10, Some(10)), euro), Err(AgreementError::TimesReversed));
    }

    #[test]
    fn an_enabled_service_gets_other_times_unless_they_overlap_and_can_be_removed() {
        let enabled = |number, from, till: Option<i64>| {
            EnabledService::new(ServiceId::new(number), at(from), till.map(at))
        };
        let agreement = agreement();
        let euro = agreement.currency;
        let agreement = agreement.with_service(enabled(1, 0, Some(10)), euro).unwrap();
        let agreement = agreement.with_service(enabled(1, 20, None), euro).unwrap();
        let [first, second] = [0, 1].map(|place: usize| agreement.services[place].id.clone().unwrap());
        assert_ne!(first, second);
        let till = |till| ServiceChange { effective_till: Some(till), ..ServiceChange::default() };
        let longer = agreement.with_service_changed(&first, till(Some(at(20)))).unwrap();
        assert_eq!(longer.services[0].effective_till, Some(at(20)));
        assert_eq!(longer.services[0].id, Some(first.clone()));
        let refused = agreement.with_service_changed(&first, till(None));
        assert_eq!(refused, Err(AgreementError::ServiceOverlaps { service: ServiceId::new(1) }));
        assert_eq!(
            agreement.with_service_changed(&first, till(Some(at(0)))),
            Err(AgreementError::TimesReversed)
        );
        let hidden = ServiceChange { hidden_from_client: Some(true), ..ServiceChange::default() };
        assert!(agreement.with_service_changed(&second, hidden).unwrap().services[1].hidden_from_client);
        let without = agreement.without_service(&first).unwrap();
        assert_eq!((without.services.len(), without.revision), (1, agreement.revision + 1));
        assert_eq!(without.without_service(&first), Err(AgreementError::NoSuchService));
    }
}
