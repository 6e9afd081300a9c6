//! The contract between a company and its tenant: currency, charging mode, credit limit, billing terms
//! and the rate plans that are enabled under it. What may change later is in `settings`.

mod settings;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::company::DEPTH_MAX;
use crate::enabled::Purchase;
use crate::id::{AgreementId, CompanyId, ServiceId, WalletId};
use crate::money::{Amount, Currency};
use crate::period::{BillingTerms, TermsError};

pub use settings::{AgreementChange, Alerts, AlertsError, check_no_user_credits};

const CODE_LENGTH_MAX: usize = 40;

/// How a message below an agreement is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charging {
    /// Debits this agreement and every agreement above it, each at its own rates.
    #[default]
    Cascade,
    /// Debits this agreement alone: the levels above were paid when the credits were handed down.
    Prefunded,
}

/// How far the balance may go below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditLimit {
    Unlimited,
    Limited(Amount),
}

impl CreditLimit {
    /// What an unlimited wallet counts with; a number, because conditions in the table compare numbers.
    const UNLIMITED: i64 = 100_000_000_000;

    pub fn amount(self) -> Amount {
        match self {
            Self::Unlimited => Amount::whole(Self::UNLIMITED),
            Self::Limited(amount) => amount,
        }
    }

    fn checked(self) -> Result<Self, AgreementError> {
        let limit = self.amount();
        if limit.is_negative() || limit > Self::Unlimited.amount() {
            return Err(AgreementError::CreditLimit);
        }
        Ok(self)
    }
}

/// The terms in force from one moment until the next version begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementVersion {
    pub effective_from: Timestamp,
    pub credit_limit: CreditLimit,
    pub billing: BillingTerms,
    /// Who gets a mail when a payment is confirmed.
    #[serde(default)]
    pub payment_alert_emails: Vec<String>,
}

/// A rate plan that may be used under an agreement, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnabledService {
    pub service: ServiceId,
    pub effective_from: Timestamp,
    pub effective_till: Option<Timestamp>,
    /// Of packs and bundle packs, which are bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Purchase>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub id: AgreementId,
    pub company: CompanyId,
    /// The other side. The owner's own agreement is with itself and is never debited by messages.
    pub tenant: CompanyId,
    /// Unique among the agreements of one tenant.
    pub code: String,
    pub currency: Currency,
    pub charging: Charging,
    /// The tenant's agreements that a message is charged to as well, nearest first.
    pub above: Vec<AgreementId>,
    /// Ordered by `effective_from`; the first began when the agreement did.
    pub versions: Vec<AgreementVersion>,
    pub services: Vec<EnabledService>,
    /// Each user of the company has a wallet of one's own below the main one, and sends from it.
    #[serde(default)]
    pub individual_credits: bool,
    /// Transfers may take the credit limit as well as own funds.
    #[serde(default)]
    pub transfers_use_credit_limit: bool,
    #[serde(default)]
    pub alerts: Alerts,
    /// Who gets a mail when rates change of a service that is enabled.
    #[serde(default)]
    pub rate_emails: Vec<String>,
    /// Nothing is charged to the agreement until it is resumed.
    #[serde(default)]
    pub suspended: bool,
    pub created_at: Timestamp,
    /// Raised by every change, so that two editors cannot overwrite each other.
    pub revision: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgreement {
    pub id: AgreementId,
    pub company: CompanyId,
    pub tenant: CompanyId,
    pub code: String,
    pub currency: Currency,
    pub charging: Charging,
    pub credit_limit: CreditLimit,
    pub billing: BillingTerms,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    #[error("a code has 1 to {CODE_LENGTH_MAX} letters, digits or any of - _ . /")]
    Code,
    #[error("a credit limit is not negative and at most {}", CreditLimit::Unlimited.amount())]
    CreditLimit,
    #[error("the tenant resells under an agreement of its own: name it in `resold_under`")]
    ResoldUnderMissing,
    #[error("`resold_under` must be an agreement of the company's tenant")]
    ResoldUnderForeign,
    #[error(transparent)]
    Terms(#[from] TermsError),
    #[error(transparent)]
    Alerts(#[from] AlertsError),
    #[error(transparent)]
    PaymentAlertEmails(AlertsError),
    #[error(transparent)]
    RateEmails(AlertsError),
    #[error("the users still have credits, one of them in {wallet}: take them back first")]
    UsersHaveCredits { wallet: WalletId },
    #[error("the tree has at most {DEPTH_MAX} levels")]
    TooDeep,
    #[error("{service} is already enabled for a part of this time")]
    ServiceOverlaps { service: ServiceId },
    #[error("`effective_till` must be later than `effective_from`")]
    TimesReversed,
    #[error("a service and the agreement must have the same currency: {service} is not {agreement}")]
    CurrencyDiffers { service: Currency, agreement: Currency },
}

/// An agreement of `ask.company` with `ask.tenant`, charged as well to `resold_under`, the tenant's own
/// agreement with *its* tenant. Only agreements with the owner have nothing above them.
pub fn plan_agreement(
    ask: NewAgreement,
    resold_under: Option<&Agreement>,
    tenant_is_owner: bool,
    now: Timestamp,
) -> Result<Agreement, AgreementError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if ask.code.is_empty() || ask.code.len() > CODE_LENGTH_MAX || !ask.code.chars().all(allowed) {
        return Err(AgreementError::Code);
    }
    let credit_limit = ask.credit_limit.checked()?;
    ask.billing.check()?;
    let above = match resold_under {
        None if tenant_is_owner => Vec::new(),
        None => return Err(AgreementError::ResoldUnderMissing),
        Some(parent) if parent.company != ask.tenant || tenant_is_owner => {
            return Err(AgreementError::ResoldUnderForeign);
        }
        // Whoever is above a prefunded agreement was paid when the credits were handed down.
        Some(parent) => parent.charged_levels(),
    };
    if above.len() + 1 >= DEPTH_MAX {
        return Err(AgreementError::TooDeep);
    }
    let version = AgreementVersion {
        effective_from: now,
        credit_limit,
        billing: ask.billing,
        payment_alert_emails: Vec::new(),
    };
    Ok(Agreement {
        id: ask.id,
        company: ask.company,
        tenant: ask.tenant,
        code: ask.code,
        currency: ask.currency,
        charging: ask.charging,
        above,
        versions: vec![version],
        services: Vec::new(),
        individual_credits: false,
        transfers_use_credit_limit: false,
        alerts: Alerts::default(),
        rate_emails: Vec::new(),
        suspended: false,
        created_at: now,
        revision: 0,
    })
}

impl Agreement {
    pub fn wallet(&self) -> WalletId {
        WalletId::main(&self.id)
    }

    /// The version in force at `now`. There is always one: the first stands for all time before it.
    pub fn version_at(&self, now: Timestamp) -> &AgreementVersion {
        let begun = self.versions.iter().rev().find(|version| version.effective_from <= now);
        begun.unwrap_or(&self.versions[0])
    }

    /// The version that changes build on. It has begun, though a clock that is behind may not know it.
    pub fn last_version(&self) -> &AgreementVersion {
        self.versions.last().unwrap_or(&self.versions[0])
    }

    /// The agreements a message is charged to, this one first.
    pub fn charged_levels(&self) -> Vec<AgreementId> {
        let above = match self.charging {
            Charging::Cascade => self.above.as_slice(),
            Charging::Prefunded => &[],
        };
        [self.id.clone()].into_iter().chain(above.iter().cloned()).collect()
    }

    /// The services in force, those associated earlier first.
    pub fn enabled_at(&self, now: Timestamp) -> impl Iterator<Item = &EnabledService> {
        let in_force = move |enabled: &&EnabledService| {
            enabled.effective_from <= now && enabled.effective_till.is_none_or(|till| now < till)
        };
        self.services.iter().filter(in_force)
    }

    pub fn services_at(&self, now: Timestamp) -> impl Iterator<Item = &ServiceId> {
        self.enabled_at(now).map(|enabled| &enabled.service)
    }

    /// The agreement with one more rate plan; earlier ones keep the floor (`30-rating.md`).
    pub fn with_service(&self, enabled: EnabledService, currency: Currency) -> Result<Self, AgreementError> {
        if currency != self.currency {
            return Err(AgreementError::CurrencyDiffers { service: currency, agreement: self.currency });
        }
        if enabled.effective_till.is_some_and(|till| till <= enabled.effective_from) {
            return Err(AgreementError::TimesReversed);
        }
        let overlaps = |other: &&EnabledService| {
            other.service == enabled.service
                && enabled.effective_till.is_none_or(|till| other.effective_from < till)
                && other.effective_till.is_none_or(|till| enabled.effective_from < till)
        };
        if let Some(other) = self.services.iter().find(overlaps) {
            return Err(AgreementError::ServiceOverlaps { service: other.service.clone() });
        }
        let services = self.services.iter().cloned().chain([enabled]).collect();
        Ok(Self { services, revision: self.revision + 1, ..self.clone() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn ask(number: u128, tenant: u128) -> NewAgreement {
        NewAgreement {
            id: AgreementId::new(number),
            company: CompanyId::new(number),
            tenant: CompanyId::new(tenant),
            code: format!("A-{number}"),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Limited(Amount::ZERO),
            billing: BillingTerms::monthly_utc(),
        }
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    pub(crate) fn agreement() -> Agreement {
        plan_agreement(ask(1, 0), None, true, NOW).unwrap()
    }

    #[test]
    fn a_message_is_charged_to_every_agreement_up_to_the_owner() {
        let reseller = plan_agreement(ask(1, 0), None, true, NOW).unwrap();
        let seller = plan_agreement(ask(2, 1), Some(&reseller), false, NOW).unwrap();
        let client = plan_agreement(ask(3, 2), Some(&seller), false, NOW).unwrap();
        let ids: Vec<_> = [3, 2, 1].map(AgreementId::new).into();
        assert_eq!(client.charged_levels(), ids);
        let prefunded = Agreement { charging: Charging::Prefunded, ..client };
        assert_eq!(prefunded.charged_levels(), vec![AgreementId::new(3)]);
    }

    #[test]
    fn nobody_above_a_prefunded_agreement_is_charged_again() {
        let reseller = plan_agreement(ask(1, 0), None, true, NOW).unwrap();
        let prefunded = NewAgreement { charging: Charging::Prefunded, ..ask(2, 1) };
        let seller = plan_agreement(prefunded, Some(&reseller), false, NOW).unwrap();
        let client = plan_agreement(ask(3, 2), Some(&seller), false, NOW).unwrap();
        assert_eq!(client.charged_levels(), [3, 2].map(AgreementId::new));
    }

    #[test]
    fn a_reseller_sells_under_an_agreement_of_its_own() {
        let reseller = plan_agreement(ask(1, 0), None, true, NOW).unwrap();
        assert_eq!(plan_agreement(ask(2, 1), None, false, NOW), Err(AgreementError::ResoldUnderMissing));
        let foreign = plan_agreement(ask(2, 7), Some(&reseller), false, NOW);
        assert_eq!(foreign, Err(AgreementError::ResoldUnderForeign));
    }

    #[test]
    fn a_service_is_enabled_once_at_a_time() {
        let agreement = plan_agreement(ask(1, 0), None, true, NOW).unwrap();
        let euro = agreement.currency;
        let enabled = |from: i64, till: Option<i64>| EnabledService {
            service: ServiceId::new(1),
            effective_from: Timestamp::from_second(from).unwrap(),
            effective_till: till.map(|second| Timestamp::from_second(second).unwrap()),
            purchase: None,
        };
        let first = agreement.with_service(enabled(0, Some(10)), euro).unwrap();
        assert!(first.with_service(enabled(10, None), euro).is_ok());
        assert!(first.with_service(enabled(9, None), euro).is_err());
        assert_eq!(first.services_at(Timestamp::from_second(9).unwrap()).count(), 1);
        assert_eq!(first.services_at(Timestamp::from_second(10).unwrap()).count(), 0);
        assert_eq!(first.with_service(enabled(10, Some(10)), euro), Err(AgreementError::TimesReversed));
    }
}
