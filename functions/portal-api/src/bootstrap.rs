//! The first company of an empty deployment, once: the owner, its agreements with itself, from which
//! credits are handed out, and its first API key.

use domain::agreement::{Agreement, AgreementError, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::audit::Act;
use domain::company::{Company, CompanyError, plan_owner};
use domain::id::{AgreementId, AuditId, CompanyId};
use domain::money::{Amount, Currency};
use domain::period::BillingTerms;
use domain::wallet::Wallet;
use jiff::Timestamp;
use runtime::fresh;
use serde::Serialize;
use store::{Store, StoreError};

/// As the audit log and the first key name it.
const BOOTSTRAP: &str = "bootstrap";

/// What was made. The key's secret is nowhere else.
#[derive(Debug, Serialize)]
pub struct Owner {
    pub company: CompanyId,
    pub api_key: String,
    /// Its agreement with itself in money.
    #[serde(flatten)]
    pub house: Option<House>,
    /// The same in message credits, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<House>,
}

/// An agreement of the owner with itself.
#[derive(Debug, Serialize)]
pub struct House {
    pub agreement: AgreementId,
    pub wallet: domain::id::WalletId,
    pub currency: Currency,
}

#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    #[error("there is an owner already; this deployment was bootstrapped before")]
    Done,
    #[error(transparent)]
    Company(#[from] CompanyError),
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the owner and its API key. Of two attempts one is refused.
pub async fn create_owner(store: &Store, name: &str, now: Timestamp) -> Result<Owner, BootstrapError> {
    let company = plan_owner(CompanyId::new(fresh()), name, now)?;
    let key = runtime::new_api_key(&company.id, None, BOOTSTRAP, now);
    let act = Act::of_platform(AuditId::new(fresh()), BOOTSTRAP, &company.id, now);
    let made = store.put_owner(&act, &company, &key.stored).await?;
    // A write whose answer was lost is refused by itself when it is sent again.
    if !made && store.api_key(&key.stored.id).await?.is_none() {
        return Err(BootstrapError::Done);
    }
    Ok(Owner { company: company.id, api_key: key.secret, house: None, credits: None })
}

/// Opens the owner's agreement with itself in a currency. It has no credit limit: what is handed out
/// has to be there, recorded as a payment first.
pub async fn open_house(
    store: &Store,
    owner: &CompanyId,
    currency: Currency,
    now: Timestamp,
) -> Result<House, BootstrapError> {
    let ask = NewAgreement {
        id: AgreementId::new(fresh()),
        company: owner.clone(),
        tenant: owner.clone(),
        code: format!("HOUSE-{currency}"),
        currency,
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Limited(Amount::ZERO),
        billing: BillingTerms::monthly_utc(),
    };
    let agreement = plan_agreement(ask, None, true, now)?;
    let act = Act::of_platform(AuditId::new(fresh()), BOOTSTRAP, owner, now);
    store.open_agreement(&act, &agreement, &wallet_of(&agreement)).await?;
    Ok(House { wallet: agreement.wallet(), agreement: agreement.id, currency })
}

/// The main wallet of a new agreement, charged together with those above it.
pub(crate) fn wallet_of(agreement: &Agreement) -> Wallet {
    let above = agreement.charged_levels().iter().skip(1).map(domain::id::WalletId::main).collect();
    let limit = agreement.limit_in_force();
    Wallet::open(&agreement.id, &agreement.company, agreement.currency, limit, above)
}

/// The tenant of a company; the owner is its own.
pub(crate) fn tenant_of(company: &Company) -> &CompanyId {
    company.tenant().unwrap_or(&company.id)
}
