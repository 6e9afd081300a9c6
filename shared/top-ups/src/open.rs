//! The page that a payer is sent to.

use domain::id::TopUpId;
use domain::money::Amount;
use domain::payment_system::PaymentSystemKind;
use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use payments::{AskError, ReadError, freedompay, payonline, stripe};

use crate::form::Payer;
use crate::{Account, CallError, Cashier};

/// The one line that the payer sees. Not the place for text that users typed: some of it is signed.
const DESCRIPTION: &str = "Balance top-up";
/// How long a page stays open. The last time that a payment system is asked comes after it.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24);
const OPEN_FOR_SECONDS: u32 = 24 * 3600;

/// What a payer is asked for.
#[derive(Debug, Clone)]
pub struct PageAsk<'a> {
    pub top_up: &'a TopUpId,
    /// With our fee.
    pub to_pay: Amount,
    pub currency: Currency,
    /// Where the browser goes after paying, and when the payer turns back.
    pub success_url: &'a str,
    pub cancel_url: &'a str,
    pub now: Timestamp,
}

/// An open page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The payment system's own name of the checkout; ours where it has none.
    pub session: String,
    pub url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// This amount cannot be paid there.
    #[error("{0}")]
    Amount(String),
    /// The payment system understood, and will refuse it again.
    #[error("{0}")]
    Refused(String),
    #[error("the payment system cannot be reached")]
    Unavailable(#[source] anyhow::Error),
}

impl From<AskError> for OpenError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Amount { .. } | AskError::Currency { .. } => Self::Amount(error.to_string()),
            AskError::Field { .. } => Self::Refused(error.to_string()),
            AskError::Request(error) => Self::Unavailable(error.into()),
        }
    }
}

impl From<CallError> for OpenError {
    fn from(error: CallError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl Cashier {
    /// Opens the page that `ask` describes; sent again, it finds the page that is open where the payment
    /// system keeps them apart.
    pub async fn open(&self, account: &Account, ask: &PageAsk<'_>) -> Result<Page, OpenError> {
        match account.kind {
            PaymentSystemKind::Stripe => self.open_stripe(account, ask).await,
            PaymentSystemKind::PayOnline => {
                let ask = payonline::Ask {
                    top_up: ask.top_up.as_str(),
                    amount: ask.to_pay.decimal(),
                    currency: ask.currency,
                    description: Some(DESCRIPTION),
                    valid_until: ask.now.checked_add(OPEN_FOR).ok(),
                    success_url: ask.success_url,
                    fail_url: ask.cancel_url,
                };
                let url = payonline::checkout(&ask, &account.payonline())?;
                Ok(Page { session: ask.top_up.to_owned(), url })
            }
            PaymentSystemKind::FreedomPay => self.open_freedompay(account, ask).await,
            PaymentSystemKind::NetCommerce => self.open_netcommerce(account, ask),
        }
    }

    async fn open_freedompay(&self, account: &Account, ask: &PageAsk<'_>) -> Result<Page, OpenError> {
        let settings = account.freedompay();
        let request = freedompay::Ask {
            top_up: ask.top_up.as_str(),
            amount: ask.to_pay.decimal(),
            currency: ask.currency,
            description: DESCRIPTION,
            result_url: &self.callback_address(account),
            success_url: ask.success_url,
            failure_url: ask.cancel_url,
            open_for_seconds: OPEN_FOR_SECONDS,
            salt: &salt(),
        };
        let (status, body) = self.call(account, freedompay::checkout(&request, &settings)?).await?;
        let page = freedompay::read_checkout(status, &body, &settings).map_err(|error| match &error {
            ReadError::Refused { .. } => OpenError::Refused(error.to_string()),
            _ => OpenError::Unavailable(error.into()),
        })?;
        Ok(Page { session: page.payment, url: page.url })
    }

    /// Our own page, which makes the form anew for each try. What cannot be paid is told now.
    fn open_netcommerce(&self, account: &Account, ask: &PageAsk<'_>) -> Result<Page, OpenError> {
        self.netcommerce_form(account, ask.top_up, ask.to_pay, ask.currency, &Payer::default())?;
        let url = format!("{}?top_up={}", self.callback_address(account), ask.top_up);
        Ok(Page { session: ask.top_up.body().to_owned(), url })
    }

    async fn open_stripe(&self, account: &Account, ask: &PageAsk<'_>) -> Result<Page, OpenError> {
        let request = stripe::CheckoutRequest {
            top_up: ask.top_up.as_str(),
            amount: ask.to_pay.decimal(),
            currency: ask.currency,
            description: DESCRIPTION,
            success_url: ask.success_url,
            cancel_url: ask.cancel_url,
            expires_at: closes_at(ask.now),
        };
        let request = stripe::checkout(&request, &self.stripe(account)).map_err(|error| match error {
            stripe::CheckoutError::Amount(error) => OpenError::Amount(error.to_string()),
            stripe::CheckoutError::Request(error) => OpenError::Unavailable(error.into()),
        })?;
        let (status, body) = self.call(account, request).await?;
        let page = stripe::read_checkout(status, &body).map_err(|error| match &error {
            stripe::ReadCheckoutError::Refused { .. } | stripe::ReadCheckoutError::Closed { .. } => {
                OpenError::Refused(error.to_string())
            }
            stripe::ReadCheckoutError::TryAgain { .. } | stripe::ReadCheckoutError::Unreadable(_) => {
                OpenError::Unavailable(error.into())
            }
        })?;
        Ok(Page { session: page.session_id, url: page.url })
    }

    pub(crate) fn stripe(&self, account: &Account) -> stripe::Settings {
        stripe::Settings { api_url: self.addresses.stripe.clone(), secret_key: account.key().to_owned() }
    }
}

/// Random letters and digits, which some signatures want.
pub(crate) fn salt() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// When a page that is opened now closes. A retry must ask for the same time, or Stripe refuses it, so
/// the time depends on the half day alone; it is 11 to 23 hours ahead, of the 24 that Stripe allows.
fn closes_at(now: Timestamp) -> Timestamp {
    const HALF_DAY: i64 = 12 * 3600;
    let begun = now.as_second().div_euclid(HALF_DAY) * HALF_DAY;
    let begun = Timestamp::from_second(begun).unwrap_or(now);
    begun.saturating_add(SignedDuration::from_hours(23)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_closes_within_what_stripe_allows_and_a_retry_asks_for_the_same_time() {
        for second in [0, 1, 43_199, 43_200, 1_790_000_000] {
            let now = Timestamp::from_second(second).unwrap();
            let ahead = closes_at(now).as_second() - second;
            assert!((1800..24 * 3600).contains(&ahead), "{ahead}");
        }
        let at = |second| closes_at(Timestamp::from_second(second).unwrap());
        assert_eq!(at(43_200), at(43_200 + 600));
    }
}
