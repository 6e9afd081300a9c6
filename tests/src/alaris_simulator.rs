//! An operator's Alaris HTTP API on loopback: for flows and demonstrations.
//!
//! `GET` and `POST /api` take `command=submit` from the query, a form or a JSON object, and reports
//! are posted back as a form with `dlvrMsgId`, `dlvrMsgStat`, `dnis` and `error_code`. The last
//! digits of a destination single out the awkward cases:
//!
//! | ends in | outcome |
//! |---|---|
//! | 0001 | taken, reported UNDELIV with error 001 |
//! | 0002 | taken, reported EXPIRED with error 002 |
//! | 0004 | taken, never reported on |
//! | 0005 | refused with status 400 and a text |
//! | 0006 | throttled once with status 429, taken when sent again |
//! | 0009 | taken and reported DELIVRD, but the submit is answered with status 500 |
//!
//! All else is DELIVRD. Texts and statuses of refusals are made up: the manual has none.
//! Reports go to the `receipt_url` of [`CallbackUrls`], in which `$messageID$`, `$status$`, `$dnis$`
//! and `$errorCode$` are filled in. Not here: `command=query`, and messages from phones.

mod receipts;
mod submit;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::callback_urls::CallbackUrls;
use crate::loopback::{Reserved, Serving};
use receipts::Report;
use submit::{Refusal, Submit};

/// What the simulator is like. `Default` takes a free port and an empty login.
#[derive(Clone)]
pub struct Settings {
    /// Zero takes a free port.
    pub port: u16,
    pub username: String,
    pub password: String,
    /// From the submit to the report.
    pub receipt_delay: Duration,
    /// The first whose ending fits decides.
    pub overrides: Vec<Override>,
    /// Where reports go; may be set while the simulator runs.
    pub callbacks: CallbackUrls,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            username: String::new(),
            password: String::new(),
            receipt_delay: Duration::ZERO,
            overrides: default_overrides(),
            callbacks: CallbackUrls::default(),
        }
    }
}

/// What happens to destinations that end in these digits.
#[derive(Clone, Debug)]
pub struct Override {
    pub ending: String,
    pub outcome: Outcome,
}

/// What happens to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken; the report says this.
    Reported {
        state: String,
        error_code: String,
    },
    NeverReported,
    Refused {
        status: StatusCode,
        body: String,
    },
    ThrottledOnce,
    /// Taken and delivered, but answered with this status and no id.
    TakenAndAnswered {
        status: StatusCode,
    },
}

impl Outcome {
    pub fn reported(state: &str, error_code: &str) -> Self {
        Self::Reported { state: state.to_owned(), error_code: error_code.to_owned() }
    }

    fn delivered() -> Self {
        Self::reported("DELIVRD", "000")
    }
}

/// The table at the head of this file.
pub fn default_overrides() -> Vec<Override> {
    [
        ("0001", Outcome::reported("UNDELIV", "001")),
        ("0002", Outcome::reported("EXPIRED", "002")),
        ("0004", Outcome::NeverReported),
        (
            "0005",
            Outcome::Refused {
                status: StatusCode::BAD_REQUEST,
                body: "Incorrect destination number".to_owned(),
            },
        ),
        ("0006", Outcome::ThrottledOnce),
        ("0009", Outcome::TakenAndAnswered { status: StatusCode::INTERNAL_SERVER_ERROR }),
    ]
    .into_iter()
    .map(|(ending, outcome)| Override { ending: ending.to_owned(), outcome })
    .collect()
}

/// One message as it came, taken or not. A client that sends twice is here twice; one that names
/// several destinations is here once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    pub ani: String,
    pub dnis: String,
    pub message: String,
    pub service_type: String,
    /// As it is written; empty if it was left to the platform.
    pub long_message_mode: String,
    /// One for each part that is reported on; none when the message was not taken.
    pub message_ids: Vec<String>,
    pub at: Timestamp,
}

/// A running simulator. Dropped, it stops and forgets the reports that it had yet to make.
pub struct AlarisSimulator {
    url: String,
    shared: Arc<Shared>,
    _serving: Serving,
}

impl AlarisSimulator {
    /// Listens on loopback.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let reserved = Reserved::port(settings.port).await?;
        let url = format!("{}/api", reserved.url());
        let shared = Arc::new(Shared {
            callbacks: settings.callbacks.clone(),
            next_id: AtomicU64::new(Timestamp::now().as_microsecond().unsigned_abs()),
            state: Mutex::new(Book {
                settings: Arc::new(settings),
                received: Vec::new(),
                throttled: HashSet::new(),
                reporting: JoinSet::new(),
            }),
            client: receipts::client().map_err(io::Error::other)?,
        });
        let serving = reserved.serve(router(shared.clone()));
        Ok(Self { url, shared, _serving: serving })
    }

    /// What a link's `url` is to us: `http://127.0.0.1:PORT/api`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where reports go; may be set while the simulator runs.
    pub fn callbacks(&self) -> &CallbackUrls {
        &self.shared.callbacks
    }

    /// For messages that come from now on, instead of the table at the head of this file.
    pub fn set_overrides(&self, overrides: Vec<Override>) {
        let mut state = self.shared.state();
        Arc::make_mut(&mut state.settings).overrides = overrides;
    }

    /// All messages in the order they came.
    pub fn received(&self) -> Vec<ReceivedMessage> {
        self.shared.state().received.clone()
    }

    /// Reports that are due or were not acknowledged yet.
    pub fn pending_receipts(&self) -> usize {
        self.shared.state().still_reporting()
    }
}

impl Drop for AlarisSimulator {
    fn drop(&mut self) {
        self.shared.state().reporting.abort_all();
    }
}

struct Shared {
    state: Mutex<Book>,
    callbacks: CallbackUrls,
    /// Ids are unique across restarts too, as a real platform's are.
    next_id: AtomicU64,
    client: reqwest::Client,
}

struct Book {
    settings: Arc<Settings>,
    received: Vec<ReceivedMessage>,
    /// Destinations that have had their one refusal.
    throttled: HashSet<String>,
    reporting: JoinSet<()>,
}

impl Book {
    fn still_reporting(&mut self) -> usize {
        while self.reporting.try_join_next().is_some() {}
        self.reporting.len()
    }

    fn outcome(&mut self, dnis: &str) -> Outcome {
        let fits = |candidate: &&Override| dnis.ends_with(&candidate.ending);
        let found = self.settings.overrides.iter().find(fits).map(|found| found.outcome.clone());
        match found {
            // Its second try is a message like any other.
            Some(Outcome::ThrottledOnce) if !self.throttled.insert(dnis.to_owned()) => Outcome::delivered(),
            Some(outcome) => outcome,
            None => Outcome::delivered(),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Book> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message or does not, for one destination. Gives the ids, or the answer instead of them.
    fn take(self: &Arc<Self>, submit: &Submit, dnis: &str) -> Result<Vec<String>, Refusal> {
        let mut state = self.state();
        let outcome = state.outcome(dnis);
        let is_taken = !matches!(outcome, Outcome::Refused { .. } | Outcome::ThrottledOnce);
        let ids_count = if is_taken { submit.ids_count() } else { 0 };
        let message_ids: Vec<String> = (0..ids_count).map(|_| self.new_id()).collect();
        state.received.push(submit.received(dnis, &message_ids));
        match outcome {
            Outcome::Refused { status, body } => return Err(Refusal { status, body }),
            Outcome::ThrottledOnce => {
                return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Throttling limit exceeded"));
            }
            Outcome::NeverReported => {}
            Outcome::Reported { state: word, error_code } => {
                self.report_later(&mut state, dnis, &message_ids, &word, &error_code);
            }
            Outcome::TakenAndAnswered { status } => {
                self.report_later(&mut state, dnis, &message_ids, "DELIVRD", "000");
                return Err(Refusal::new(status, "Internal error"));
            }
        }
        Ok(message_ids)
    }

    fn new_id(&self) -> String {
        let number = self.next_id.fetch_add(1, Ordering::Relaxed);
        format!("alss-{:08x}-{:08x}", number >> 32, number & u64::from(u32::MAX))
    }

    fn report_later(
        self: &Arc<Self>,
        state: &mut Book,
        dnis: &str,
        message_ids: &[String],
        word: &str,
        error_code: &str,
    ) {
        state.still_reporting(); // lets go of what is finished
        let delay = state.settings.receipt_delay;
        for message_id in message_ids {
            let report = Report {
                message_id: message_id.clone(),
                state: word.to_owned(),
                dnis: dnis.to_owned(),
                error_code: error_code.to_owned(),
            };
            state.reporting.spawn(report.send(self.client.clone(), self.callbacks.clone(), delay));
        }
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let settings = shared.callbacks.router();
    Router::new().route("/api", get(api).post(api)).with_state(shared).merge(settings)
}

async fn api(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match submit(&shared, query.as_deref().unwrap_or_default(), content_type, &body) {
        Ok(ids) => html(StatusCode::OK, ids.to_string()),
        Err(refusal) => html(refusal.status, refusal.body),
    }
}

fn submit(
    shared: &Arc<Shared>,
    query: &str,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Value, Refusal> {
    let settings = shared.state().settings.clone();
    let submit = Submit::read(query, content_type, body, &settings.username, &settings.password)?;
    if let [dnis] = submit.dnis.as_slice() {
        let ids = shared.take(&submit, dnis)?;
        return Ok(submit.answer(&ids));
    }
    let mut all = Vec::new();
    for dnis in &submit.dnis {
        let ids = shared.take(&submit, dnis)?;
        all.extend(ids.iter().map(|id| json!({ "message_id": id, "dnis": dnis })));
    }
    Ok(Value::Array(all))
}

/// JSON by content and HTML by name: that is how the platform answers.
fn html(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}
