//! The contract between a company and its tenant: currency, charging mode, credit limit, billing terms
//! and the rate plans that are enabled under it. What may change later is in `settings`.

mod channels;
mod deletion;
mod mail_lists;
mod service;
mod settings;
mod version;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::company::DEPTH_MAX;
use crate::id::{
    AgreementId, AgreementVersionId, BankAccountId, CompanyId, LegalEntityId, OwnLegalEntityId,
    ResellingAgreementId, ServiceId, WalletId,
};
use crate::money::{Amount, Currency};
use crate::period::{BillingTerms, TermsError};
use crate::reselling::ResellingAgreement;

pub use channels::{NewlyEnabled, RatePlan};
pub use deletion::{AgreementAssets, DeletionError};
pub use mail_lists::{MailLists, MailListsChange};
pub use service::{EnabledService, ServiceChange};
pub use settings::{AgreementChange, Alerts, AlertsError, check_no_user_credits};
use version::VERSIONS_MAX;
pub use version::{VersionChange, VersionError};

const CODE_LENGTH_MAX: usize = 40;

/// Who sells. Vendors' agreements are not kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The tenant sells to the company.
    #[default]
    Client,
}

/// From when until when there is an agreement; what is not said has no bound.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Effective {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<Timestamp>,
    /// IANA name: where its dates are to be read; UTC if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

impl Effective {
    fn check(&self) -> Result<(), AgreementError> {
        if self.from.zip(self.till).is_some_and(|(from, till)| till <= from) {
            return Err(AgreementError::TimesReversed);
        }
        match &self.time_zone {
            Some(zone) if jiff::tz::TimeZone::get(zone).is_err() => Err(AgreementError::TimeZone),
            _ => Ok(()),
        }
    }

    pub fn contains(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.till.is_none_or(|till| now < till)
    }
}

/// The paper behind an agreement: between whom it is, and when it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Parties {
    /// Of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<LegalEntityId>,
    /// Of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<OwnLegalEntityId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<BankAccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<BankAccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_date: Option<Date>,
    pub direction: Direction,
}

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
    pub id: AgreementVersionId,
    pub effective_from: Timestamp,
    /// Whether it has begun: its credit limit, or that of a later one, is in the main wallet. The platform's
    /// clocks differ, so which limit is in force is told by this and not by the time.
    pub begun: bool,
    pub credit_limit: CreditLimit,
    pub billing: BillingTerms,
    /// Who gets a mail when a payment is confirmed.
    #[serde(default)]
    pub payment_alert_emails: Vec<String>,
    /// Whom to mail about what else; none in versions from before they had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emails: Option<MailLists>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub id: AgreementId,
    pub company: CompanyId,
    /// The other side. The owner's own agreement is with itself and is never debited by messages.
    pub tenant: CompanyId,
    /// Unique among the agreements of the tenant's legal entity, or of the tenant where none is named.
    pub code: String,
    #[serde(flatten)]
    pub parties: Parties,
    #[serde(default)]
    pub effective: Effective,
    pub currency: Currency,
    pub charging: Charging,
    /// The tenant's agreements that a message is charged to as well, nearest first.
    pub above: Vec<AgreementId>,
    /// The times of its ties to legal entities of its company, kept here so that no message reads those.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ties: BTreeMap<ResellingAgreementId, Effective>,
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
    /// Whom to mail while versions are in force that do not say it: from before they did.
    #[serde(flatten)]
    pub emails_before: MailLists,
    /// The tenant's rate plan, in money, that says what a message credit costs; only of an agreement in
    /// message credits, which cannot be bought by card without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_service: Option<ServiceId>,
    /// Nothing is charged to the agreement until it is resumed.
    #[serde(default)]
    pub suspended: bool,
    /// When it was deleted. It stays for what hangs off it: payments that are due, messages on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
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
    #[error(transparent)]
    InvoiceEmails(AlertsError),
    #[error(transparent)]
    AccountEmails(AlertsError),
    #[error(transparent)]
    ServiceEmails(AlertsError),
    #[error("the users still have credits, one of them in {wallet}: take them back first")]
    UsersHaveCredits { wallet: WalletId },
    #[error("the tree has at most {DEPTH_MAX} levels")]
    TooDeep,
    #[error("{service} is already enabled for a part of this time")]
    ServiceOverlaps { service: ServiceId },
    #[error(
        "`{one}` and `{other}` both have prices of {resource} for a part of this time: of pay-as-you-go services \
         only one sells a resource at a time"
    )]
    ChannelTaken { one: String, other: String, resource: &'static str },
    #[error("this service is not enabled here")]
    NoSuchService,
    #[error("this one was bought: change it as a pack")]
    Bought,
    #[error("`effective_till` must be later than `effective_from`")]
    TimesReversed,
    #[error("a time zone has an IANA name such as Europe/Berlin")]
    TimeZone,
    #[error("message credits are sold under an agreement in message credits, by a rate plan in money")]
    NoCreditSale,
    #[error(
        "an agreement has at most {VERSIONS_MAX} versions, and each change of its limit or of whom to mail is one"
    )]
    TooManyVersions,
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
    let code = valid_code(ask.code)?;
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
        id: AgreementVersionId::derived(&[ask.id.as_str(), "0"]),
        effective_from: now,
        begun: true,
        credit_limit,
        billing: ask.billing,
        payment_alert_emails: Vec::new(),
        emails: Some(MailLists::default()),
    };
    Ok(Agreement {
        id: ask.id,
        company: ask.company,
        tenant: ask.tenant,
        code,
        parties: Parties::default(),
        effective: Effective::default(),
        currency: ask.currency,
        charging: ask.charging,
        above,
        ties: BTreeMap::new(),
        versions: vec![version],
        services: Vec::new(),
        individual_credits: false,
        transfers_use_credit_limit: false,
        alerts: Alerts::default(),
        emails_before: MailLists::default(),
        credit_service: None,
        suspended: false,
        deleted_at: None,
        created_at: now,
        revision: 0,
    })
}

fn valid_code(code: String) -> Result<String, AgreementError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if code.is_empty() || code.len() > CODE_LENGTH_MAX || !code.chars().all(allowed) {
        return Err(AgreementError::Code);
    }
    Ok(code)
}

impl Agreement {
    pub fn wallet(&self) -> WalletId {
        WalletId::main(&self.id)
    }

    /// Whether messages are charged to it now, as far as it says itself.
    pub fn takes_messages(&self, now: Timestamp) -> bool {
        !self.suspended && self.effective.contains(now)
    }

    /// Whether what companies below send is charged to it as well now: once it is tied, only while a tie holds.
    pub fn is_resold_at(&self, now: Timestamp) -> bool {
        self.ties.is_empty() || self.ties.values().any(|tie| tie.contains(now))
    }

    /// The same with a tie as it is after a change of that; none of it before it is made, or after it is deleted.
    #[must_use]
    pub fn with_tie(&self, before: Option<&ResellingAgreement>, after: Option<&ResellingAgreement>) -> Self {
        let mut ties = self.ties.clone();
        if let Some(before) = before {
            ties.remove(&before.id);
        }
        if let Some(after) = after.filter(|tie| tie.details.agreement == self.id) {
            ties.insert(after.id.clone(), after.details.effective());
        }
        Self { ties, revision: self.revision + 1, ..self.clone() }
    }

    /// The agreements a message is charged to, this one first.
    pub fn charged_levels(&self) -> Vec<AgreementId> {
        let above = match self.charging {
            Charging::Cascade => self.above.as_slice(),
            Charging::Prefunded => &[],
        };
        [self.id.clone()].into_iter().chain(above.iter().cloned()).collect()
    }
}

/// Listed under the company that pays, and under the one that is paid.
impl Thing for Agreement {
    const NOUN: &'static str = "agreement";
    const NOUNS: &'static str = "agreements";
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        if self.is_gone() {
            return Vec::new();
        }
        vec![self.company.to_string(), catalog::list_with(self.tenant.as_str())]
    }

    /// Those of the guide's table (6.3), but for the company, which people look for by its name, for the direction,
    /// which is always the same, and for how many services and packs there are, of which the company that pays does
    /// not see all.
    fn columns(&self) -> Vec<(&'static str, String)> {
        let id = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let terms = self.last_begun();
        let Parties { legal_entity, own_legal_entity, agreement_date, .. } = &self.parties;
        vec![
            ("created_at", catalog::time(self.created_at)),
            ("code", catalog::words(&self.code)),
            ("currency", self.currency.to_string()),
            ("suspended", catalog::flag(self.suspended)),
            ("agreement_date", agreement_date.map_or_else(String::new, |day| day.to_string())),
            ("effective_from", catalog::time(self.effective.from.unwrap_or(self.created_at))),
            // What never ends sorts behind all that does.
            ("effective_till", self.effective.till.map_or_else(|| "~".to_owned(), catalog::time)),
            ("legal_entity", id(legal_entity.as_ref().map(LegalEntityId::as_str))),
            ("own_legal_entity", id(own_legal_entity.as_ref().map(OwnLegalEntityId::as_str))),
            ("bank_account", id(self.parties.bank_account.as_ref().map(BankAccountId::as_str))),
            ("own_bank_account", id(self.parties.own_bank_account.as_ref().map(BankAccountId::as_str))),
            ("credit_limit", catalog::amount(terms.credit_limit.amount())),
            ("billing_time_zone", catalog::words(&terms.billing.time_zone)),
            ("billing_period", catalog::choice(terms.billing.period)),
        ]
    }

    fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Its code, for the legal entity in whose name the tenant sells.
    fn unique(&self) -> Vec<String> {
        if self.is_gone() {
            return Vec::new();
        }
        let seller = self.parties.own_legal_entity.as_ref().map(OwnLegalEntityId::as_str);
        vec![format!("{}#{}", seller.unwrap_or(self.tenant.as_str()), self.code)]
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
}
