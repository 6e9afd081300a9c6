//! Stripe Checkout on loopback: for flows and demonstrations. Our own, because localstripe has no Checkout
//! Sessions.
//!
//! | call | does |
//! |---|---|
//! | `POST /v1/checkout/sessions` | opens a session, with Stripe's checks on the fields we use |
//! | `GET /v1/checkout/sessions/{id}` | reads it |
//! | `GET /v1/payment_intents/{id}` | reads its payment, and as far as `expand[]` asks charge, fee and refunds |
//! | `GET /v1/refunds?charge=…` | a list of refunds, behind `starting_after` |
//! | `GET /pay/{id}` | the hosted page: one button |
//! | `POST /pay/{id}` | pays: tells our webhook of the payment and of its fee, then sends the browser to `success_url` |
//! | `POST /simulator/events` | `{"session", "kind", "times"}`: delivers an event, answers `{"statuses"}` |
//! | `POST /simulator/settings` | see [`CallbackUrls`] |
//!
//! An event is delivered exactly as often as asked; it is for the caller to repeat what was refused.
//! A fee is known from the charge's update on. Not here: cards, minimum amounts, and any field that we do
//! not send or read.

mod event;
mod pay_page;
mod session;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::callback_urls::CallbackUrls;
use crate::loopback::{Reserved, Serving};
pub use event::{Event, EventKind};
pub use session::{PaymentStatus, Session, Status};
use session::{Problem, new_session};

/// How long our webhook may take; Stripe gives up after about as long.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// Stripe takes longer ones for a mistake.
const IDEMPOTENCY_KEY_CHARACTERS_MAX: usize = 255;
/// Of a list, unless another one is asked for.
const LIST_LENGTH: usize = 10;

/// What an account is like, and where it is reached.
#[derive(Clone, Default)]
pub struct Settings {
    /// Zero takes a free port.
    pub port: u16,
    /// The only key that may call. One that begins with `sk_live_` makes every event a live one.
    pub secret_key: String,
    /// What events are signed with, `whsec_…`.
    pub webhook_secret: String,
    /// The webhook that the pay page and `/simulator/events` tell.
    pub callbacks: CallbackUrls,
}

/// Why an event was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    #[error("there is no session {session}")]
    NoSession { session: String },
    #[error("the webhook URL is not set")]
    NoWebhookUrl,
    #[error("the webhook at {url} cannot be reached")]
    Unreachable { url: String, source: reqwest::Error },
}

/// A running simulator. Dropped, it stops.
pub struct StripeSimulator {
    shared: Arc<Shared>,
    _serving: Serving,
}

impl StripeSimulator {
    /// Listens on a free port of loopback.
    pub async fn start(secret_key: &str, webhook_secret: &str) -> io::Result<Self> {
        Self::start_with(Settings {
            secret_key: secret_key.to_owned(),
            webhook_secret: webhook_secret.to_owned(),
            ..Settings::default()
        })
        .await
    }

    /// Listens on loopback.
    pub async fn start_with(settings: Settings) -> io::Result<Self> {
        let reserved = Reserved::port(settings.port).await?;
        let shared = Arc::new(Shared {
            base_url: reserved.url(),
            settings,
            state: Mutex::default(),
            client: client().map_err(io::Error::other)?,
        });
        let serving = reserved.serve(router(shared.clone()));
        Ok(Self { shared, _serving: serving })
    }

    /// What `api_url` is to us: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.shared.base_url
    }

    /// The webhook that the pay page tells; may be set while the simulator runs.
    pub fn callbacks(&self) -> &CallbackUrls {
        &self.shared.settings.callbacks
    }

    /// All sessions in the order they were opened.
    pub fn sessions(&self) -> Vec<Session> {
        let now = Timestamp::now();
        self.shared.state().sessions.iter().map(|session| session.as_of(now)).collect()
    }

    /// Makes an event happen and hands it out as the webhook would get it: the value of
    /// `Stripe-Signature`, signed at `at`, and the raw body. Each call makes an event of its own.
    /// None without such a session.
    pub fn signed_event(&self, session_id: &str, kind: EventKind, at: Timestamp) -> Option<(String, String)> {
        let event = self.shared.happen(session_id, kind, at)?;
        let header = event.signature(&self.shared.settings.webhook_secret, at);
        Some((header, event.body))
    }

    /// Gives so much of a paid session back, in the smallest unit, besides what went back before. It is told by
    /// the next [`EventKind::Refunded`]; without a call of this that is about the whole amount.
    pub fn refund(&self, session_id: &str, amount: i64) {
        let mut state = self.shared.state();
        if let Some(session) = state.sessions.iter_mut().find(|session| session.id == session_id) {
            session.refunded += amount;
        }
    }

    /// So much of what was given back does not reach the payer. It is told by the next [`EventKind::RefundFailed`].
    pub fn fail_refund(&self, session_id: &str, amount: i64) {
        let mut state = self.shared.state();
        if let Some(session) = state.sessions.iter_mut().find(|session| session.id == session_id) {
            session.refunded -= amount;
            session.refunds_failed += amount;
        }
    }

    /// Only the latest refund of a payment is told with it, as if there were ten between that and the others.
    pub fn list_refunds_apart(&self, session_id: &str) {
        let mut state = self.shared.state();
        if let Some(session) = state.sessions.iter_mut().find(|session| session.id == session_id) {
            session.refunds_with_payment = 1;
        }
    }

    /// Makes an event happen and posts it to `url` so many times, one after the other and signed
    /// anew each time, as Stripe's retries are. Gives the answers' statuses.
    pub async fn deliver(
        &self,
        url: &str,
        session_id: &str,
        kind: EventKind,
        times: usize,
    ) -> Result<Vec<StatusCode>, DeliverError> {
        self.shared.deliver(url, session_id, kind, times).await
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(WEBHOOK_TIMEOUT).build()
}

struct Shared {
    base_url: String,
    settings: Settings,
    state: Mutex<Book>,
    client: reqwest::Client,
}

#[derive(Default)]
struct Book {
    sessions: Vec<Session>,
    /// What was asked under a key, and the answer that it gets again.
    answered: HashMap<String, (String, String)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Book> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, id: &str) -> Option<Session> {
        let now = Timestamp::now();
        let state = self.state();
        state.sessions.iter().find(|session| session.id == id).map(|session| session.as_of(now))
    }

    fn is_live(&self) -> bool {
        self.settings.secret_key.starts_with("sk_live_")
    }

    fn happen(&self, session_id: &str, kind: EventKind, at: Timestamp) -> Option<Event> {
        let mut state = self.state();
        let session = state.sessions.iter_mut().find(|session| session.id == session_id)?;
        let told = session.after(kind);
        // What was paid stays paid, whatever is told later.
        if session.payment_status != PaymentStatus::Paid || told.payment_status == PaymentStatus::Paid {
            *session = told.clone();
        }
        Some(Event::new(kind, &told, at, self.is_live()))
    }

    async fn deliver(
        &self,
        url: &str,
        session: &str,
        kind: EventKind,
        times: usize,
    ) -> Result<Vec<StatusCode>, DeliverError> {
        let event = self
            .happen(session, kind, Timestamp::now())
            .ok_or_else(|| DeliverError::NoSession { session: session.to_owned() })?;
        let mut statuses = Vec::with_capacity(times);
        for _ in 0..times {
            let status = self
                .post(url, &event)
                .await
                .map_err(|source| DeliverError::Unreachable { url: url.to_owned(), source })?;
            tracing::info!(event.id, ?kind, session, %status, "event delivered");
            statuses.push(status);
        }
        Ok(statuses)
    }

    async fn post(&self, url: &str, event: &Event) -> reqwest::Result<StatusCode> {
        let signature = event.signature(&self.settings.webhook_secret, Timestamp::now());
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("Stripe-Signature", signature)
            .body(event.body.clone());
        Ok(request.send().await?.status())
    }

    /// As [`deliver`](Self::deliver), to the webhook that is set.
    async fn tell(
        &self,
        session: &str,
        kind: EventKind,
        times: usize,
    ) -> Result<Vec<StatusCode>, DeliverError> {
        let url = self.settings.callbacks.get().webhook_url.ok_or(DeliverError::NoWebhookUrl)?;
        self.deliver(&url, session, kind, times).await
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let settings = shared.settings.callbacks.router();
    Router::new()
        .route("/v1/checkout/sessions", post(create))
        .route("/v1/checkout/sessions/{id}", get(read))
        .route("/v1/payment_intents/{id}", get(read_payment))
        .route("/v1/refunds", get(list_refunds))
        .route("/pay/{id}", get(pay_page::show).post(pay_page::pay))
        .route("/simulator/events", post(events))
        .with_state(shared)
        .merge(settings)
}

async fn create(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Problem> {
    authorise(&headers, &shared.settings.secret_key)?;
    let key = idempotency_key(&headers)?;
    let mut state = shared.state();
    if let Some(answer) = key.as_ref().and_then(|key| state.answered.get(key)) {
        return repeat(answer, &body);
    }
    // A refusal is not kept under the key: Stripe keeps only what got past its checks.
    let session = new_session(&body, &shared.base_url, Timestamp::now())?;
    let answer = session.json(shared.is_live()).to_string();
    state.sessions.push(session);
    if let Some(key) = key {
        state.answered.insert(key, (body, answer.clone()));
    }
    Ok(json_text(answer))
}

async fn read(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    authorise(&headers, &shared.settings.secret_key)?;
    let session = shared.session(&id).ok_or_else(|| Problem::missing("checkout.session", &id))?;
    Ok(json_text(session.json(shared.is_live()).to_string()))
}

/// With as much inside as is asked for.
async fn read_payment(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    authorise(&headers, &shared.settings.secret_key)?;
    let query = query.unwrap_or_default();
    let expand = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "expand[]");
    let expand: Vec<String> = expand.map(|(_, field)| field.into_owned()).collect();
    if let Some(field) = expand.iter().find(|field| !event::EXPANDABLE.contains(&field.as_str())) {
        return Err(Problem::invalid("expand", &format!("This property cannot be expanded ({field}).")));
    }
    let state = shared.state();
    let session = state.sessions.iter().find(|session| session.payment_intent.as_ref() == Some(&id));
    let session = session.ok_or_else(|| Problem::missing("payment_intent", &id))?;
    Ok(json_text(event::payment(session, shared.is_live(), &expand).to_string()))
}

async fn list_refunds(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    authorise(&headers, &shared.settings.secret_key)?;
    let query = query.unwrap_or_default();
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let charge = query.get("charge").map(String::as_str).unwrap_or_default();
    let state = shared.state();
    let is_paid = |session: &&Session| session.payment_intent.is_some();
    let session = state.sessions.iter().filter(is_paid).find(|session| event::charge_id(session) == charge);
    let refunds = event::refunds(session.ok_or_else(|| Problem::missing("charge", charge))?);
    let begin = match query.get("starting_after") {
        Some(id) => {
            let place = refunds.iter().position(|refund| refund["id"] == id.as_str());
            place.ok_or_else(|| Problem::missing("refund", id))? + 1
        }
        None => 0,
    };
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(LIST_LENGTH);
    Ok(json_text(event::page(&refunds, begin, limit).to_string()))
}

fn authorise(headers: &HeaderMap, secret_key: &str) -> Result<(), Problem> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = authorization.and_then(|text| text.strip_prefix("Bearer "));
    match key {
        Some(key) if key == secret_key => Ok(()),
        Some(_) => Err(Problem::unauthorised("Invalid API Key provided.")),
        None => Err(Problem::unauthorised("You did not provide an API key.")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("Idempotency-Key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if key.chars().count() <= IDEMPOTENCY_KEY_CHARACTERS_MAX => Ok(Some(key.to_owned())),
        _ => Err(Problem::idempotency("The idempotency key may have up to 255 characters.")),
    }
}

fn repeat((asked, answer): &(String, String), body: &str) -> Result<Response, Problem> {
    if asked != body {
        return Err(Problem::idempotency(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        ));
    }
    Ok(([("Idempotent-Replayed", "true")], json_text(answer.clone())).into_response())
}

fn json_text(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventAsk {
    session: String,
    kind: EventKind,
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

async fn events(State(shared): State<Arc<Shared>>, Json(ask): Json<EventAsk>) -> Response {
    match shared.tell(&ask.session, ask.kind, ask.times).await {
        Ok(statuses) => {
            let statuses: Vec<u16> = statuses.iter().map(StatusCode::as_u16).collect();
            Json(json!({ "statuses": statuses })).into_response()
        }
        Err(error) => {
            let status = match error {
                DeliverError::NoSession { .. } => StatusCode::NOT_FOUND,
                DeliverError::NoWebhookUrl => StatusCode::CONFLICT,
                DeliverError::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            };
            (status, Json(json!({ "error": error.to_string() }))).into_response()
        }
    }
}
