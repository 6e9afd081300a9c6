//! Opening a payment page at Stripe: the one call of this function to the outside.

use jiff::{SignedDuration, Timestamp};
use payments::stripe::{
    Checkout, CheckoutError, CheckoutRequest, ReadCheckoutError, Settings, checkout, read_checkout,
};
use runtime::http::{Problem, unavailable};
use serde::Deserialize;
use store::Secrets;

use crate::App;
use crate::error::ApiError;

/// What this function needs of the secret `payment-systems/stripe`.
#[derive(Deserialize)]
struct StripeSecret {
    secret_key: String,
}

/// Opens the payment page that `ask` describes; sent again, it finds the page that is open.
pub async fn open(app: &App, ask: &CheckoutRequest<'_>) -> Result<Checkout, ApiError> {
    let secret: StripeSecret = app.secrets.read(&Secrets::payment_system("stripe")).await?;
    if secret.secret_key.is_empty() {
        let detail = "No payment system is set up. Ask your provider.";
        return Err(Problem::new(409, "no_payment_system", detail).into());
    }
    let settings = Settings { api_url: app.stripe_base_url.clone(), secret_key: secret.secret_key };
    let request = checkout(ask, &settings).map_err(not_chargeable)?;
    let request = reqwest::Request::try_from(request).map_err(unavailable)?;
    let response = app.http.execute(request).await.map_err(unavailable)?;
    let status = response.status();
    let body = response.bytes().await.map_err(unavailable)?;
    read_checkout(status, &body).map_err(refused)
}

/// When a page that is opened now closes. A retry must ask for the same time, or Stripe refuses it, so
/// the time depends on the half day alone; it is 11 to 23 hours ahead, of the 24 that Stripe allows.
pub fn closes_at(now: Timestamp) -> Timestamp {
    const HALF_DAY: i64 = 12 * 3600;
    let begun = now.as_second().div_euclid(HALF_DAY) * HALF_DAY;
    let begun = Timestamp::from_second(begun).unwrap_or(now);
    begun.saturating_add(SignedDuration::from_hours(23)).unwrap_or(now)
}

fn not_chargeable(error: CheckoutError) -> ApiError {
    match error {
        CheckoutError::Amount(error) => Problem::invalid("amount", error).into(),
        CheckoutError::Request(error) => unavailable(error).into(),
    }
}

fn refused(error: ReadCheckoutError) -> ApiError {
    match &error {
        ReadCheckoutError::Refused { .. } | ReadCheckoutError::Closed { .. } => {
            tracing::warn!(%error, "no payment page");
            let detail = "The payment system did not open a page. Check the request and send it with a new \
                          Idempotency-Key.";
            Problem::new(422, "payment_system_refused", detail).into()
        }
        ReadCheckoutError::TryAgain { .. } | ReadCheckoutError::Unreadable(_) => unavailable(error).into(),
    }
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
