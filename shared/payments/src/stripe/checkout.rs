//! Opening a Checkout Session (docs.stripe.com/api/checkout/sessions/create).

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{HeaderValue, Method, Request, StatusCode};
use iso_currency::Currency;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::minor_units::{AmountError, to_minor_units};

/// The version of Stripe's API that requests and answers here are written for.
pub const API_VERSION: &str = "2026-07-29.dahlia";

/// How an account is reached. Holds a secret, so it cannot be printed.
#[derive(Clone)]
pub struct Settings {
    /// `https://api.stripe.com`, or a stand-in for tests.
    pub api_url: String,
    /// The account's secret key, `sk_live_…` or `sk_test_…`.
    pub secret_key: String,
}

/// What a payer is asked for. Repeating a request must repeat every field: Stripe refuses a known
/// idempotency key with other content, so all of this is stored with the top-up.
#[derive(Clone, Debug)]
pub struct CheckoutRequest<'a> {
    /// Our id of the top-up, which comes back in every event about it.
    pub top_up: &'a str,
    /// What the payer pays, in `currency`.
    pub amount: Decimal,
    pub currency: Currency,
    /// The one line that the payer sees. Not the place for text that users typed.
    pub description: &'a str,
    /// Where the browser goes afterwards; `{CHECKOUT_SESSION_ID}` in it is filled in by Stripe.
    pub success_url: &'a str,
    pub cancel_url: &'a str,
    /// When the page closes: 30 minutes to 24 hours after the request, or Stripe refuses it.
    pub expires_at: Timestamp,
}

/// Why a checkout cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("the amount cannot be charged")]
    Amount(#[from] AmountError),
    #[error("the settings or the top-up id do not fit into a request")]
    Request(#[from] http::Error),
}

/// The request that opens the payment page of a top-up. Sent again it opens no second one, because
/// its idempotency key is made from the top-up's id.
pub fn checkout(ask: &CheckoutRequest, settings: &Settings) -> Result<Request<String>, CheckoutError> {
    let body = form(ask)?;
    let request = call(Method::POST, "checkout/sessions", settings)?
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("Idempotency-Key", format!("checkout-{}", ask.top_up))
        .body(body)?;
    Ok(request)
}

/// A call of the account, to a path after `/v1/`.
pub(super) fn call(method: Method, path: &str, settings: &Settings) -> Result<Builder, http::Error> {
    let mut key = HeaderValue::try_from(format!("Bearer {}", settings.secret_key))?;
    key.set_sensitive(true);
    let url = format!("{}/v1/{path}", settings.api_url.trim_end_matches('/'));
    let request = Request::builder().method(method).uri(url);
    Ok(request.header(AUTHORIZATION, key).header("Stripe-Version", API_VERSION))
}

/// The name under which our id stands in Stripe's metadata. On the session it doubles the reference;
/// on the payment it is the only link, as events about refunds know nothing of the session.
pub(super) const TOP_UP_KEY: &str = "top_up";

fn form(ask: &CheckoutRequest) -> Result<String, AmountError> {
    let units = to_minor_units(ask.amount, ask.currency)?;
    Ok(form_urlencoded::Serializer::new(String::new())
        .append_pair("mode", "payment")
        // Other methods may take days, longer than we ask how a payment stands.
        .append_pair("payment_method_types[0]", "card")
        .append_pair("client_reference_id", ask.top_up)
        .append_pair(&format!("metadata[{TOP_UP_KEY}]"), ask.top_up)
        .append_pair(&format!("payment_intent_data[metadata][{TOP_UP_KEY}]"), ask.top_up)
        .append_pair("line_items[0][quantity]", "1")
        .append_pair("line_items[0][price_data][currency]", &ask.currency.code().to_lowercase())
        .append_pair("line_items[0][price_data][unit_amount]", &units.to_string())
        .append_pair("line_items[0][price_data][product_data][name]", ask.description)
        .append_pair("success_url", ask.success_url)
        .append_pair("cancel_url", ask.cancel_url)
        .append_pair("expires_at", &ask.expires_at.as_second().to_string())
        .finish())
}

/// An open payment page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Stripe's id of the session, `cs_…`.
    pub session_id: String,
    /// Where to send the payer.
    pub url: String,
}

/// Why there is no payment page.
#[derive(Debug, thiserror::Error)]
pub enum ReadCheckoutError {
    /// Stripe understood the request and will refuse it again.
    #[error("Stripe refused the checkout with status {status}: {message}")]
    Refused { status: StatusCode, message: String },
    /// Too fast, at the same time as a twin, or Stripe's own trouble. The same request may be sent
    /// again; a stored failure is repeated to it until its idempotency key is forgotten after a day.
    #[error("Stripe cannot answer now, status {status}: {message}")]
    TryAgain { status: StatusCode, message: String },
    #[error("Stripe's answer cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// The session was made by an earlier try and is over.
    #[error("session {session_id} is no longer open")]
    Closed { session_id: String },
}

/// Reads the answer to [`checkout`].
pub fn read_checkout(status: StatusCode, body: &[u8]) -> Result<Checkout, ReadCheckoutError> {
    if !status.is_success() {
        return Err(refusal(status, body));
    }
    let session: Session = serde_json::from_slice(body).map_err(ReadCheckoutError::Unreadable)?;
    match session.url {
        Some(url) => Ok(Checkout { session_id: session.id, url }),
        None => Err(ReadCheckoutError::Closed { session_id: session.id }),
    }
}

#[derive(Deserialize)]
struct Session {
    id: String,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    error: ProblemText,
}

#[derive(Deserialize)]
struct ProblemText {
    message: Option<String>,
}

/// What an answer with an error says.
pub(super) fn refusal_text(body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body)
        .ok()
        .and_then(|problem| problem.error.message)
        .unwrap_or_else(|| "no reason given".to_owned())
}

fn refusal(status: StatusCode, body: &[u8]) -> ReadCheckoutError {
    let message = refusal_text(body);
    match status {
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => {
            ReadCheckoutError::TryAgain { status, message }
        }
        _ if status.is_server_error() => ReadCheckoutError::TryAgain { status, message },
        _ => ReadCheckoutError::Refused { status, message },
    }
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    fn ask() -> CheckoutRequest<'static> {
        CheckoutRequest {
            top_up: "top_0001",
            amount: Decimal::new(15_000, 2),
            currency: Currency::USD,
            description: "Balance top-up",
            success_url: "https://portal.example.com/top-ups/top_0001?session={CHECKOUT_SESSION_ID}",
            cancel_url: "https://portal.example.com/top-ups/top_0001",
            expires_at: Timestamp::from_second(1_760_003_600).expect("a time"),
        }
    }

    fn settings() -> Settings {
        Settings { api_url: "https://api.stripe.com/".to_owned(), secret_key: "sk_test_demo".to_owned() }
    }

    #[test]
    fn a_checkout_names_the_top_up_everywhere_and_the_amount_in_cents() {
        let request = checkout(&ask(), &settings()).expect("a request");
        let mut text = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in request.headers() {
            text += &format!("{name}: {}\n", value.to_str().expect("text"));
        }
        for (name, value) in form_urlencoded::parse(request.body().as_bytes()) {
            text += &format!("{name} = {value}\n");
        }
        expect![[r#"
            POST https://api.stripe.com/v1/checkout/sessions
            authorization: Bearer sk_test_demo
            stripe-version: 2026-07-29.dahlia
            content-type: application/x-www-form-urlencoded
            idempotency-key: checkout-top_0001
            mode = payment
            payment_method_types[0] = card
            client_reference_id = top_0001
            metadata[top_up] = top_0001
            payment_intent_data[metadata][top_up] = top_0001
            line_items[0][quantity] = 1
            line_items[0][price_data][currency] = usd
            line_items[0][price_data][unit_amount] = 15000
            line_items[0][price_data][product_data][name] = Balance top-up
            success_url = https://portal.example.com/top-ups/top_0001?session={CHECKOUT_SESSION_ID}
            cancel_url = https://portal.example.com/top-ups/top_0001
            expires_at = 1760003600
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn the_same_top_up_always_makes_the_same_request() {
        let first = checkout(&ask(), &settings()).expect("a request");
        let again = checkout(&ask(), &settings()).expect("a request");
        assert_eq!(first.body(), again.body());
        assert_eq!(first.headers(), again.headers());
    }

    #[test]
    fn the_secret_key_is_not_printed_with_the_request() {
        let request = checkout(&ask(), &settings()).expect("a request");
        assert!(!format!("{request:?}").contains("sk_test_demo"));
    }

    #[test]
    fn what_cannot_be_charged_or_sent_is_refused_before_it_is_sent() {
        let too_fine = CheckoutRequest { amount: Decimal::new(1, 3), ..ask() };
        assert!(matches!(checkout(&too_fine, &settings()), Err(CheckoutError::Amount(_))));
        let broken = CheckoutRequest { top_up: "top\r\n1", ..ask() };
        assert!(matches!(checkout(&broken, &settings()), Err(CheckoutError::Request(_))));
    }

    #[track_caller]
    fn check_answer(status: u16, body: &str, expected: Expect) {
        let status = StatusCode::from_u16(status).expect("a status");
        expected.assert_eq(&match read_checkout(status, body.as_bytes()) {
            Ok(open) => format!("{} at {}", open.session_id, open.url),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn an_answer_is_a_page_to_go_to_or_the_reason_there_is_none() {
        let open = r#"{"id":"cs_test_1","object":"checkout.session","url":"https://checkout.stripe.com/c/pay/cs_test_1","amount_total":15000}"#;
        check_answer(200, open, expect!["cs_test_1 at https://checkout.stripe.com/c/pay/cs_test_1"]);
        check_answer(200, r#"{"id":"cs_test_1","url":null}"#, expect!["session cs_test_1 is no longer open"]);
        check_answer(200, "<html>", expect!["Stripe's answer cannot be read"]);
        let refused = r#"{"error":{"type":"invalid_request_error","message":"Amount too small"}}"#;
        check_answer(
            400,
            refused,
            expect!["Stripe refused the checkout with status 400 Bad Request: Amount too small"],
        );
        check_answer(
            401,
            "",
            expect!["Stripe refused the checkout with status 401 Unauthorized: no reason given"],
        );
        check_answer(
            409,
            r#"{"error":{"type":"idempotency_error"}}"#,
            expect!["Stripe cannot answer now, status 409 Conflict: no reason given"],
        );
        check_answer(
            429,
            "{}",
            expect!["Stripe cannot answer now, status 429 Too Many Requests: no reason given"],
        );
        check_answer(
            500,
            "<html>",
            expect!["Stripe cannot answer now, status 500 Internal Server Error: no reason given"],
        );
    }
}
