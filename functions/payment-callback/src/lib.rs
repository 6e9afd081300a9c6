//! payment-callback: what payment systems tell about top-ups becomes payments, each top-up's exactly
//! once, and the page on which payers arrive afterwards.
//!
//! A callback is answered with success only when all that it changes is stored. What is authentic and
//! cannot be settled by a rule is kept for review: a payment system that is told "no" forgets it after
//! some days.

mod account;
mod return_page;
mod settle;
mod stripe_event;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use runtime::http::Problem;
use store::{Secrets, Store};

use account::{Account, Accounts};
use stripe_event::{News, SYSTEM, read};

/// Carries Stripe's signatures, as `payments::stripe` reads them.
const SIGNATURE: &str = "stripe-signature";

/// What the function works with, made once a process.
#[derive(Clone)]
pub struct App {
    store: Store,
    accounts: Accounts,
}

impl App {
    pub fn new(store: Store, secrets: Secrets) -> Self {
        Self { store, accounts: Accounts::new(secrets) }
    }
}

/// `POST /payments/{system}` for payment systems, `GET /payments/return` for payers.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/payments/return", get(return_page::show))
        .route("/payments/{system}", post(callback))
        .with_state(app)
}

async fn callback(
    State(app): State<App>,
    Path(system): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    if system != SYSTEM {
        return Err(Problem::not_found("payment system"));
    }
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let account = app.accounts.who_signed(signature, &body).await?;
    match read(&body, &account, runtime::now()) {
        News::Report(report) => app.settle(&report, &account).await?,
        News::Review(review) => app.keep(&review).await?,
        News::Nothing => {}
    }
    Ok(StatusCode::OK)
}
