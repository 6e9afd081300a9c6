//! A Checkout Session: what it takes to open one (docs.stripe.com/api/checkout/sessions/create) and
//! how Stripe tells it.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EventKind, LIST_LENGTH};

const OPEN_AT_LEAST: SignedDuration = SignedDuration::from_mins(30);
const OPEN_AT_MOST: SignedDuration = SignedDuration::from_hours(24);
const REFERENCE_CHARACTERS_MAX: usize = 200;
const METADATA_KEYS_MAX: usize = 50;
const METADATA_KEY_CHARACTERS_MAX: usize = 40;
const METADATA_VALUE_CHARACTERS_MAX: usize = 500;
/// What Stripe fills in on the way back.
const SESSION_ID_PLACEHOLDER: &str = "{CHECKOUT_SESSION_ID}";

/// The parameters that are known besides metadata.
const PARAMETERS: [&str; 10] = [
    "mode",
    "payment_method_types[0]",
    "client_reference_id",
    "line_items[0][quantity]",
    "line_items[0][price_data][currency]",
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][product_data][name]",
    "success_url",
    "cancel_url",
    "expires_at",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    Complete,
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Unpaid,
    Paid,
}

/// A session as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `cs_test_…`.
    pub id: String,
    /// The hosted page, whether it is still open or not.
    pub page_url: String,
    pub client_reference_id: Option<String>,
    /// Stays with the session.
    pub metadata: BTreeMap<String, String>,
    /// Goes to the payment and its charge.
    pub payment_metadata: BTreeMap<String, String>,
    /// The line that the payer sees.
    pub description: String,
    /// In the currency's smallest unit, all pieces together.
    pub amount_total: i64,
    /// In small letters.
    pub currency: String,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub created: Timestamp,
    pub expires_at: Timestamp,
    pub status: Status,
    pub payment_status: PaymentStatus,
    /// `pi_…`, from the moment the payer has paid or begun to.
    pub payment_intent: Option<String>,
    /// What went back to the payer, in the currency's smallest unit. It falls with a refund that fails.
    pub refunded: i64,
    /// What of it was told to have gone back, and did not reach the payer.
    pub refunds_failed: i64,
    /// So many of its refunds are told with its payment, the others in lists. Stripe tells ten.
    pub refunds_with_payment: usize,
    /// Whether the fee has been told.
    pub fee_known: bool,
}

impl Session {
    /// The session at a later time: an open one closes by itself.
    pub(super) fn as_of(&self, now: Timestamp) -> Self {
        let mut session = self.clone();
        if session.status == Status::Open && session.expires_at <= now {
            session.status = Status::Expired;
        }
        session
    }

    /// The session as an event of this kind tells it.
    pub(super) fn after(&self, kind: EventKind) -> Self {
        let mut session = self.clone();
        match kind {
            EventKind::CompletedPaid
            | EventKind::AsyncPaymentSucceeded
            | EventKind::RefundFailed
            | EventKind::Disputed
            | EventKind::DisputeFundsWithdrawn
            | EventKind::DisputeFundsReinstated
            | EventKind::DisputeWon
            | EventKind::DisputeLost => session.complete(PaymentStatus::Paid),
            EventKind::FeeKnown => {
                session.complete(PaymentStatus::Paid);
                session.fee_known = true;
            }
            EventKind::Refunded => {
                session.complete(PaymentStatus::Paid);
                if session.refunded == 0 {
                    session.refunded = session.amount_total;
                }
            }
            EventKind::CompletedUnpaid | EventKind::AsyncPaymentFailed => {
                session.complete(PaymentStatus::Unpaid);
            }
            EventKind::Expired => {
                session.status = Status::Expired;
                session.payment_status = PaymentStatus::Unpaid;
                session.payment_intent = None;
            }
        }
        session
    }

    fn complete(&mut self, payment_status: PaymentStatus) {
        self.status = Status::Complete;
        self.payment_status = payment_status;
        self.payment_intent = Some(self.id_as("pi"));
    }

    /// What Stripe keeps of the payment: 2.9 % and 30 of the smallest unit.
    pub fn fee(&self) -> i64 {
        (self.amount_total * 29 + 500) / 1000 + 30
    }

    /// The id of something that belongs to this session alone.
    pub(super) fn id_as(&self, prefix: &str) -> String {
        let unique = self.id.rsplit('_').next().unwrap_or_default();
        format!("{prefix}_{unique}")
    }

    pub(super) fn return_url(&self) -> String {
        self.success_url.replace(SESSION_ID_PLACEHOLDER, &self.id)
    }

    /// As Stripe writes it. The page's URL is told only while it is open.
    pub(super) fn json(&self, livemode: bool) -> Value {
        let url = (self.status == Status::Open).then_some(&self.page_url);
        json!({
            "id": self.id,
            "object": "checkout.session",
            "amount_subtotal": self.amount_total,
            "amount_total": self.amount_total,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "created": self.created.as_second(),
            "currency": self.currency,
            "customer_details": null,
            "expires_at": self.expires_at.as_second(),
            "livemode": livemode,
            "metadata": self.metadata,
            "mode": "payment",
            "payment_intent": self.payment_intent,
            "payment_status": self.payment_status,
            "status": self.status,
            "success_url": self.success_url,
            "url": url,
        })
    }
}

/// Opens a session for a form, or says what Stripe would not accept about it.
pub(super) fn new_session(body: &str, base_url: &str, now: Timestamp) -> Result<Session, Problem> {
    let form: Form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    if let Some(name) = form.keys().find(|name| !is_known(name)) {
        return Err(Problem::parameter(
            name,
            "parameter_unknown",
            &format!("Received unknown parameter: {name}"),
        ));
    }
    if required(&form, "mode")? != "payment" {
        return Err(Problem::invalid("mode", "Invalid mode: must be payment here."));
    }
    let (amount_total, currency) = price(&form)?;
    let id = format!("cs_test_{}", Uuid::now_v7().simple());
    Ok(Session {
        page_url: format!("{base_url}/pay/{id}"),
        id,
        client_reference_id: reference(&form)?,
        metadata: metadata(&form, "metadata[")?,
        payment_metadata: metadata(&form, "payment_intent_data[metadata][")?,
        description: required(&form, "line_items[0][price_data][product_data][name]")?.to_owned(),
        amount_total,
        currency,
        success_url: url(required(&form, "success_url")?, "success_url")?,
        cancel_url: form.get("cancel_url").map(|text| url(text, "cancel_url")).transpose()?,
        created: now,
        expires_at: expiry(&form, now)?,
        status: Status::Open,
        payment_status: PaymentStatus::Unpaid,
        payment_intent: None,
        refunded: 0,
        refunds_failed: 0,
        refunds_with_payment: LIST_LENGTH,
        fee_known: false,
    })
}

type Form = BTreeMap<String, String>;

fn is_known(name: &str) -> bool {
    let is_metadata = (name.starts_with("metadata[") || name.starts_with("payment_intent_data[metadata]["))
        && name.ends_with(']');
    is_metadata || PARAMETERS.contains(&name)
}

fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, Problem> {
    match form.get(name).map(String::as_str) {
        None => {
            Err(Problem::parameter(name, "parameter_missing", &format!("Missing required param: {name}.")))
        }
        Some("") => Err(Problem::parameter(
            name,
            "parameter_invalid_empty",
            &format!("You passed an empty string for '{name}'."),
        )),
        Some(text) => Ok(text),
    }
}

fn integer(form: &Form, name: &str) -> Result<i64, Problem> {
    let text = required(form, name)?;
    text.parse().map_err(|_| {
        Problem::parameter(name, "parameter_invalid_integer", &format!("Invalid integer: {text}"))
    })
}

fn price(form: &Form) -> Result<(i64, String), Problem> {
    let currency = required(form, "line_items[0][price_data][currency]")?;
    let is_lower_case = currency.bytes().all(|letter| letter.is_ascii_lowercase());
    if !is_lower_case || Currency::from_code(&currency.to_uppercase()).is_none() {
        let message = format!("Invalid currency: {currency}.");
        return Err(Problem::invalid("line_items[0][price_data][currency]", &message));
    }
    let quantity = integer(form, "line_items[0][quantity]")?;
    let unit_amount = integer(form, "line_items[0][price_data][unit_amount]")?;
    match quantity.checked_mul(unit_amount) {
        Some(total) if 0 < quantity && 0 < unit_amount => Ok((total, currency.to_owned())),
        _ => Err(Problem::invalid("line_items[0]", "The total must be a positive integer.")),
    }
}

fn reference(form: &Form) -> Result<Option<String>, Problem> {
    let reference = form.get("client_reference_id");
    if reference.is_some_and(|text| text.is_empty() || REFERENCE_CHARACTERS_MAX < text.chars().count()) {
        return Err(Problem::invalid(
            "client_reference_id",
            "Invalid string: it may have 1 to 200 characters.",
        ));
    }
    Ok(reference.cloned())
}

fn metadata(form: &Form, prefix: &str) -> Result<BTreeMap<String, String>, Problem> {
    let entries: BTreeMap<String, String> = form
        .iter()
        .filter_map(|(name, value)| {
            let key = name.strip_prefix(prefix)?.strip_suffix(']')?;
            Some((key.to_owned(), value.clone()))
        })
        .collect();
    let is_too_long = |(key, value): (&String, &String)| {
        METADATA_KEY_CHARACTERS_MAX < key.chars().count()
            || METADATA_VALUE_CHARACTERS_MAX < value.chars().count()
    };
    if METADATA_KEYS_MAX < entries.len() || entries.iter().any(is_too_long) {
        return Err(Problem::invalid(
            "metadata",
            "Metadata is limited to 50 keys of 40 and values of 500 characters.",
        ));
    }
    Ok(entries)
}

fn url(text: &str, name: &str) -> Result<String, Problem> {
    let uri = text.replace(SESSION_ID_PLACEHOLDER, "id").parse::<Uri>();
    let is_web = uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    if !is_web {
        return Err(Problem::parameter(name, "url_invalid", "Not a valid URL"));
    }
    Ok(text.to_owned())
}

fn expiry(form: &Form, now: Timestamp) -> Result<Timestamp, Problem> {
    const NAME: &str = "expires_at";
    if !form.contains_key(NAME) {
        return Ok(now + OPEN_AT_MOST);
    }
    let expires_at = Timestamp::from_second(integer(form, NAME)?)
        .map_err(|_| Problem::invalid(NAME, "Invalid timestamp"))?;
    let created = Timestamp::from_second(now.as_second()).unwrap_or(now); // both are told in seconds
    if expires_at < created + OPEN_AT_LEAST {
        let message =
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.";
        return Err(Problem::invalid(NAME, message));
    }
    if created + OPEN_AT_MOST < expires_at {
        let message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.";
        return Err(Problem::invalid(NAME, message));
    }
    Ok(expires_at)
}

/// A refusal in Stripe's shape (docs.stripe.com/api/errors).
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    error: Value,
}

impl Problem {
    fn parameter(name: &str, code: &str, message: &str) -> Self {
        let error = json!({
            "type": "invalid_request_error", "code": code, "param": name, "message": message,
        });
        Self { status: StatusCode::BAD_REQUEST, error }
    }

    pub(super) fn invalid(name: &str, message: &str) -> Self {
        let error = json!({ "type": "invalid_request_error", "param": name, "message": message });
        Self { status: StatusCode::BAD_REQUEST, error }
    }

    pub(super) fn missing(object: &str, id: &str) -> Self {
        let error = json!({
            "type": "invalid_request_error",
            "code": "resource_missing",
            "param": "id",
            "message": format!("No such {object}: {id}"),
        });
        Self { status: StatusCode::NOT_FOUND, error }
    }

    pub(super) fn unauthorised(message: &str) -> Self {
        let error = json!({ "type": "invalid_request_error", "message": message });
        Self { status: StatusCode::UNAUTHORIZED, error }
    }

    pub(super) fn idempotency(message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: json!({ "type": "idempotency_error", "message": message }),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error }))).into_response()
    }
}
