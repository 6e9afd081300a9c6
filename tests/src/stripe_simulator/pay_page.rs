//! The hosted page, reduced to the button that matters.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use iso_currency::Currency;
use payments::stripe::from_minor_units;

use super::session::{Session, Status};
use super::{EventKind, Shared};

pub(super) async fn show(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match shared.session(&id) {
        Some(session) if session.status == Status::Open => Html(page(&session)).into_response(),
        Some(_) => closed(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Pays. The browser goes back even if the webhook could not be told, as it does with Stripe.
pub(super) async fn pay(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let session = match shared.session(&id) {
        Some(session) if session.status == Status::Open => session,
        Some(_) => return closed(),
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    for kind in [EventKind::CompletedPaid, EventKind::FeeKnown] {
        if let Err(error) = shared.tell(&id, kind, 1).await {
            tracing::warn!(%error, session = id, ?kind, "the webhook does not know of a payment");
        }
    }
    Redirect::to(&session.return_url()).into_response()
}

fn closed() -> Response {
    (StatusCode::GONE, Html("<!doctype html><title>Closed</title><p>This page is no longer open."))
        .into_response()
}

fn page(session: &Session) -> String {
    let description = escaped(&session.description);
    let amount = amount(session);
    let back = match &session.cancel_url {
        Some(url) => format!("<p><a href=\"{}\">Back</a>", escaped(url)),
        None => String::new(),
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Pay</title>\
         <h1>{description}</h1><p>{amount}\
         <form method=\"post\"><button>Pay {amount}</button></form>{back}</html>"
    )
}

fn amount(session: &Session) -> String {
    let code = session.currency.to_uppercase();
    let exact =
        Currency::from_code(&code).and_then(|currency| from_minor_units(session.amount_total, currency));
    match exact {
        Some(amount) => format!("{amount} {code}"),
        None => format!("{} {code}", session.amount_total),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
