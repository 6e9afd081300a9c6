//! Asking how a Checkout Session stands (docs.stripe.com/api/checkout/sessions/retrieve), for a payment
//! that no event has told of.

use http::{Method, Request, StatusCode};
use iso_currency::Currency;
use serde::Deserialize;

use super::checkout::{Settings, TOP_UP_KEY, call, refusal_text};
use super::event::{LowerCaseCurrency, Metadata};
use crate::fields::ReadError;

/// A session as it is now. Amounts are in Stripe's units, see [`from_minor_units`](super::from_minor_units).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub livemode: bool,
    pub top_up: Option<String>,
    pub payment_intent: Option<String>,
    pub amount_minor: i64,
    pub currency: Currency,
    pub state: SessionState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    Open,
    /// Closed without a payment.
    Expired,
    /// Completed, and the money is not certain yet.
    Unpaid,
    Paid,
}

/// The request for a session.
pub fn session(id: &str, settings: &Settings) -> Result<Request<String>, http::Error> {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    call(Method::GET, &format!("checkout/sessions/{id}"), settings)?.body(String::new())
}

/// Reads the answer to [`session`](session()).
pub fn read_session(status: StatusCode, body: &[u8]) -> Result<Session, ReadError> {
    let told: Told = read(status, body)?;
    let state = match (told.status.as_str(), told.payment_status.as_str()) {
        (_, "paid") => SessionState::Paid,
        ("open", _) => SessionState::Open,
        ("expired", _) => SessionState::Expired,
        ("complete", _) => SessionState::Unpaid,
        (status, _) => return Err(ReadError::unreadable(format!("{status:?} is no known status"))),
    };
    let metadata = told.metadata.and_then(|mut metadata| metadata.remove(TOP_UP_KEY));
    Ok(Session {
        id: told.id,
        livemode: told.livemode,
        top_up: told.client_reference_id.or(metadata),
        payment_intent: told.payment_intent,
        amount_minor: told.amount_total,
        currency: told.currency.0,
        state,
    })
}

/// An answer in JSON, or what the refusal says.
pub(super) fn read<T: serde::de::DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, ReadError> {
    match ReadError::of_status(status) {
        Ok(()) => serde_json::from_slice(body).map_err(ReadError::unreadable),
        Err(ReadError::Refused { .. }) => Err(ReadError::Refused { message: refusal_text(body) }),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct Told {
    id: String,
    livemode: bool,
    client_reference_id: Option<String>,
    metadata: Option<Metadata>,
    payment_intent: Option<String>,
    amount_total: i64,
    currency: LowerCaseCurrency,
    status: String,
    payment_status: String,
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;

    fn told(status: &str, payment_status: &str) -> Result<Session, ReadError> {
        let body = format!(
            r#"{{"id":"cs_1","object":"checkout.session","livemode":true,"client_reference_id":"top_1",
                "metadata":{{}},"payment_intent":"pi_1","amount_total":15000,"currency":"usd",
                "status":"{status}","payment_status":"{payment_status}","url":null}}"#
        );
        read_session(StatusCode::OK, body.as_bytes())
    }

    #[test]
    fn a_session_tells_how_it_stands() {
        let state = |status, paid| told(status, paid).expect("a session").state;
        assert_eq!(state("open", "unpaid"), SessionState::Open);
        assert_eq!(state("expired", "unpaid"), SessionState::Expired);
        assert_eq!(state("complete", "unpaid"), SessionState::Unpaid);
        assert_eq!(state("complete", "paid"), SessionState::Paid);
        assert!(told("odd", "unpaid").is_err());
        let session = told("complete", "paid").expect("a session");
        assert_eq!((session.amount_minor, session.currency), (15_000, Currency::USD));
        assert_eq!(session.top_up.as_deref(), Some("top_1"));
    }

    #[test]
    fn a_session_is_asked_for_by_its_id() {
        let settings = Settings { api_url: "https://api.stripe.com".into(), secret_key: "sk_test_1".into() };
        let request = session("cs_1/../x", &settings).expect("a request");
        assert_eq!(request.uri(), "https://api.stripe.com/v1/checkout/sessions/cs_1%2F..%2Fx");
        assert_eq!(request.method(), "GET");
    }

    #[test]
    fn a_refusal_says_why() {
        let body = br#"{"error":{"message":"No such checkout.session: cs_1"}}"#;
        let refused = read_session(StatusCode::NOT_FOUND, body).expect_err("a refusal");
        assert_eq!(refused.to_string(), "the payment system refused: No such checkout.session: cs_1");
        let later = read_session(StatusCode::BAD_GATEWAY, b"").expect_err("a refusal");
        assert!(matches!(later, ReadError::TryAgain { .. }));
    }
}
