//! Accounts at payment systems: the platform's own at Stripe and those that tenants have set up. What is
//! known of one is kept for some minutes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::PaymentSystemId;
use domain::payment_system::{FeeFrom, PaymentSystem, PaymentSystemKind, Tariff};
use domain::top_up::Through;
use jiff::Timestamp;
use payments::{freedompay, netcommerce, payonline};
use store::{Secrets, Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::Cashier;
use crate::secret::PaymentSecret;

/// A removed secret is refused after this time at the latest.
const KEPT: Duration = Duration::from_secs(5 * 60);
/// A signature that does not fit may be made with a secret that is newer than ours. Forged calls must
/// not make us read more often than this.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What we know of an account. Cannot be printed.
#[derive(Clone)]
pub struct Account {
    /// None is the platform's own.
    pub system: Option<PaymentSystemId>,
    pub kind: PaymentSystemKind,
    pub fee_from: FeeFrom,
    /// What it keeps, where it does not tell.
    pub tariff: Option<Tariff>,
    /// Whom the payment system knows us as; empty at Stripe.
    pub merchant: String,
    /// Where it is reached, if not at its usual address.
    pub address: Option<String>,
    /// False for an account whose money is play money.
    pub livemode: bool,
    /// Whether one may pay by it. What was begun before is settled all the same.
    pub enabled: bool,
    secret: PaymentSecret,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError<E> {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no such payment system")]
    Unknown,
    /// What was said with it is not the account's.
    #[error("{0}")]
    NotAuthentic(E),
}

impl Account {
    pub fn through(&self) -> Through {
        let Self { system, kind, fee_from, tariff, .. } = self;
        Through { system: system.clone(), kind: *kind, fee_from: *fee_from, tariff: *tariff }
    }

    /// What we call and sign with; empty if nothing is set up.
    pub fn key(&self) -> &str {
        self.secret.key()
    }

    /// What callbacks may be signed with now.
    pub fn secrets(&self, now: Timestamp) -> Vec<&str> {
        self.secret.valid(self.kind, now)
    }

    pub(crate) fn payonline(&self) -> payonline::Settings {
        let page_url = self.address_or("https://secure.payonlinesystem.com");
        payonline::Settings { page_url, merchant: self.merchant.clone(), secret: self.key().to_owned() }
    }

    pub(crate) fn freedompay(&self) -> freedompay::Settings {
        freedompay::Settings {
            api_url: self.address_or("https://api.freedompay.kz"),
            merchant: self.merchant.clone(),
            secret: self.key().to_owned(),
            testing: !self.livemode,
        }
    }

    pub(crate) fn netcommerce(&self) -> netcommerce::Settings {
        netcommerce::Settings {
            page_url: self.address_or("https://www.netcommercepay.com/iPAY/"),
            merchant: self.merchant.clone(),
            secret: self.key().to_owned(),
            live: self.livemode,
        }
    }

    fn address_or(&self, usual: &str) -> String {
        self.address.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn platform(secret: PaymentSecret) -> Self {
        let Through { kind, fee_from, tariff, .. } = Through::default();
        let livemode = secret.stripe_livemode();
        let (merchant, address, enabled) = (String::new(), None, true);
        Self { system: None, kind, fee_from, tariff, merchant, address, livemode, enabled, secret }
    }

    fn tenants(system: PaymentSystem, secret: PaymentSecret) -> Self {
        let details = system.details;
        let livemode = match details.kind {
            PaymentSystemKind::Stripe => secret.stripe_livemode(),
            _ => !details.testing,
        };
        Self {
            system: Some(system.id),
            kind: details.kind,
            fee_from: details.fee_from,
            tariff: details.tariff,
            merchant: details.merchant.unwrap_or_default(),
            address: details.address,
            livemode,
            enabled: details.enabled,
            secret,
        }
    }
}

/// When an account was last read, and what was there.
type Kept = (Instant, Arc<Account>);

/// Accounts, read when what we know of one is too old.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Store,
    secrets: Secrets,
    kept: Arc<Mutex<HashMap<Option<PaymentSystemId>, Kept>>>,
}

impl Accounts {
    pub fn new(store: Store, secrets: Secrets) -> Self {
        Self { store, secrets, kept: Arc::default() }
    }

    /// The account as it was at most `age_max` ago; none if there is none.
    async fn at_most_old(
        &self,
        system: Option<&PaymentSystemId>,
        age_max: Duration,
    ) -> Result<Option<Arc<Account>>, StoreError> {
        let system = system.cloned();
        if let Some((read_at, account)) = self.kept.lock().await.get(&system)
            && read_at.elapsed() < age_max
        {
            return Ok(Some(account.clone()));
        }
        let account = match &system {
            None => {
                let name = Secrets::platforms_payment_system(PaymentSystemKind::Stripe);
                Account::platform(self.secrets.read(&name).await?)
            }
            // A secret that is replaced between the two reads is found at the second look.
            Some(id) => {
                let account = match self.tenants(id).await {
                    Err(_) => self.tenants(id).await?,
                    Ok(account) => account,
                };
                let Some(account) = account else { return Ok(None) };
                account
            }
        };
        let account = Arc::new(account);
        self.kept.lock().await.insert(system, (Instant::now(), account.clone()));
        Ok(Some(account))
    }

    async fn tenants(&self, id: &PaymentSystemId) -> Result<Option<Account>, StoreError> {
        let Some(system) = self.store.thing::<PaymentSystem>(id.as_str()).await? else { return Ok(None) };
        let secret = self.secrets.read_of(&system).await?;
        Ok(Some(Account::tenants(system, secret)))
    }
}

impl Cashier {
    /// The account that a top-up is paid through; none if it was deleted.
    pub async fn account(
        &self,
        system: Option<&PaymentSystemId>,
    ) -> Result<Option<Arc<Account>>, StoreError> {
        self.accounts.at_most_old(system, KEPT).await
    }

    /// The account as it is now: whoever has just set it up is not to wait.
    pub async fn fresh_account(
        &self,
        system: Option<&PaymentSystemId>,
    ) -> Result<Option<Arc<Account>>, StoreError> {
        self.accounts.at_most_old(system, Duration::ZERO).await
    }

    /// Whatever `verify` reads of a call with an account's secrets. A call that is not authentic changes
    /// nothing; it is tried a second time with what is stored by now.
    pub async fn verified<T, E>(
        &self,
        system: Option<&PaymentSystemId>,
        verify: impl Fn(&Account) -> Result<T, E>,
    ) -> Result<(Arc<Account>, T), AccountError<E>> {
        let account = self.accounts.at_most_old(system, KEPT).await?.ok_or(AccountError::Unknown)?;
        if let Ok(said) = verify(&account) {
            return Ok((account, said));
        }
        let account = self.accounts.at_most_old(system, READ_AGAIN_AFTER).await?;
        let account = account.ok_or(AccountError::Unknown)?;
        let said = verify(&account).map_err(AccountError::NotAuthentic)?;
        Ok((account, said))
    }
}
