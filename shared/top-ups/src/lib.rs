//! Top-ups and the payment systems that complete them: which system a client may pay by, the page it pays
//! on, whether a callback is authentic, what the system says when it is asked, and the payments that
//! follow. `portal-api` opens, `payment-callback` and `sweeper` settle.
//!
//! Not here: what each payment system says on the wire (`payments`), and the rules (`domain::top_up`).

mod account;
mod ask;
mod choose;
mod form;
mod open;
mod secret;
mod settle;

use std::time::Duration;

use anyhow::Context;
use runtime::config::setting;
use runtime::targets::Targets;
use store::{Secrets, Store};

pub use account::{Account, AccountError};
pub use ask::{Answer, AskError, Hint};
pub use choose::{Choice, ChooseError};
pub use form::{Payer, attempted};
pub use open::{OpenError, Page, PageAsk};
pub use secret::{PREVIOUS_KEPT, PaymentSecret};
pub use settle::{LookError, Looked, PlanError, SettleError, TopUpReport};

/// Payment systems answer within a second or two.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// Their answers have some kilobytes. Whose address a tenant says may send anything.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// How payment systems and payers are reached.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// `https://api.stripe.com`, or a stand-in.
    pub stripe: String,
    /// Where payment systems and browsers reach this platform, without a slash at the end.
    pub public: String,
    /// What payment systems that tenants set up may be at.
    pub targets: Targets,
}

impl Addresses {
    pub fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            stripe: setting("STRIPE_BASE_URL")?,
            public: setting("PUBLIC_BASE_URL")?.trim_end_matches('/').to_owned(),
            targets: Targets::from_environment()?,
        })
    }
}

/// What top-ups are opened and settled with, made once a process.
#[derive(Clone)]
pub struct Cashier {
    store: Store,
    accounts: account::Accounts,
    http: reqwest::Client,
    addresses: Addresses,
}

impl Cashier {
    pub fn new(store: Store, secrets: Secrets, addresses: Addresses) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(addresses.targets)
            .build()
            .context("no client for payment systems")?;
        let accounts = account::Accounts::new(store.clone(), secrets);
        Ok(Self { store, accounts, http, addresses })
    }

    /// The page that says how a top-up stands.
    pub fn return_page(&self, top_up: &domain::id::TopUpId) -> String {
        format!("{}/payments/return?top_up={top_up}", self.addresses.public)
    }

    /// Where a payment system calls that a tenant has set up.
    pub fn callback_address(&self, account: &Account) -> String {
        let public = &self.addresses.public;
        match &account.system {
            Some(id) => format!("{public}/payments/{}/{id}", account.kind.name()),
            None => format!("{public}/payments/{}", account.kind.name()),
        }
    }

    /// Calls a payment system. Only what its record says may be called, and no private address for it.
    async fn call(
        &self,
        account: &Account,
        request: http::Request<String>,
    ) -> Result<(http::StatusCode, Vec<u8>), CallError> {
        if account.address.is_some() {
            self.addresses.targets.url(&request.uri().to_string())?;
        }
        let response = self.http.execute(reqwest::Request::try_from(request)?).await?;
        let status = response.status();
        Ok((status, read(response).await?))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > ANSWER_BYTES_MAX {
            return Err(CallError::TooLong);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// Why a payment system did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the payment system did not answer")]
    Http(#[from] reqwest::Error),
    #[error("its address may not be called")]
    Target(#[from] runtime::targets::TargetError),
    #[error("its answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_most() {
        let answer = |length| reqwest::Response::from(http::Response::new(vec![0_u8; length]));
        assert_eq!(read(answer(ANSWER_BYTES_MAX)).await.unwrap().len(), ANSWER_BYTES_MAX);
        assert!(matches!(read(answer(ANSWER_BYTES_MAX + 1)).await, Err(CallError::TooLong)));
    }
}
