//! Where the simulators of vendors call us back. Our URLs are often known only after the simulators
//! run, so they can be set at any time, by a call to either simulator:
//!
//! `POST /simulator/settings` with `{"webhook_url": "…", "receipt_url": "…"}`, each optional.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// The URLs; a clone shares them.
#[derive(Clone, Default)]
pub struct CallbackUrls(Arc<Mutex<Urls>>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Urls {
    /// Where payment events go.
    pub webhook_url: Option<String>,
    /// Where delivery reports go; a template, see [`alaris_simulator`](crate::alaris_simulator).
    pub receipt_url: Option<String>,
}

impl CallbackUrls {
    pub fn get(&self) -> Urls {
        self.lock().clone()
    }

    /// Changes what is given and leaves the rest.
    pub fn set(&self, urls: Urls) {
        let mut known = self.lock();
        known.webhook_url = urls.webhook_url.or_else(|| known.webhook_url.take());
        known.receipt_url = urls.receipt_url.or_else(|| known.receipt_url.take());
    }

    fn lock(&self) -> MutexGuard<'_, Urls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings call. It answers with all URLs as they are afterwards.
    pub fn router(&self) -> Router {
        Router::new().route("/simulator/settings", post(settings)).with_state(self.clone())
    }
}

async fn settings(State(callbacks): State<CallbackUrls>, Json(urls): Json<Urls>) -> Json<Urls> {
    callbacks.set(urls);
    Json(callbacks.get())
}
