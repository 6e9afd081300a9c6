//! An MNP vendor on loopback: for flows.
//!
//! `GET /numbers/{digits}` answers `{"status": 0, "number": {"mccmnc": "26202", "ported": true}}` for a
//! number that was ported, and `"ported": false` without an MCCMNC for any other. Whoever asks has to send
//! the key of the [`Settings`]. It can be made slow or broken at any time.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::loopback::{Reserved, Serving};

/// How the vendor behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mood {
    #[default]
    Well,
    /// Takes so long before each answer.
    Slow(Duration),
    /// Answers an error page.
    Broken,
    /// Answers that the account has run dry, as many vendors do: with status 200.
    OutOfCredit,
}

/// What the vendor knows.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The `X-Api-Key` that may ask.
    pub key: String,
    /// MCCMNC by number, of those that were ported.
    pub ported: HashMap<String, String>,
    pub mood: Mood,
}

#[derive(Default)]
struct Vendor {
    settings: Settings,
    asked: Vec<String>,
    at_once: usize,
    at_once_max: usize,
}

/// A running vendor; it ends with this.
pub struct LookupSimulator {
    url: String,
    vendor: Arc<Mutex<Vendor>>,
    _serving: Serving,
}

impl LookupSimulator {
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let vendor = Arc::new(Mutex::new(Vendor { settings, ..Vendor::default() }));
        let port = Reserved::port(0).await?;
        let url = format!("{}/numbers/{{number}}", port.url());
        let router = Router::new().route("/numbers/{digits}", get(answer)).with_state(vendor.clone());
        Ok(Self { url, vendor, _serving: port.serve(router) })
    }

    /// The address of a connection to it.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn set_mood(&self, mood: Mood) {
        lock(&self.vendor).settings.mood = mood;
    }

    /// The numbers that it was asked for, in order, since the last take.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.vendor).asked)
    }

    /// The most questions that were open at one time.
    pub fn at_once_max(&self) -> usize {
        lock(&self.vendor).at_once_max
    }
}

fn lock(vendor: &Mutex<Vendor>) -> MutexGuard<'_, Vendor> {
    vendor.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(vendor): State<Arc<Mutex<Vendor>>>,
    Path(digits): Path<String>,
    headers: HeaderMap,
) -> Response {
    let settings = {
        let mut vendor = lock(&vendor);
        vendor.asked.push(digits.clone());
        vendor.at_once += 1;
        vendor.at_once_max = vendor.at_once_max.max(vendor.at_once);
        vendor.settings.clone()
    };
    if let Mood::Slow(time) = settings.mood {
        tokio::time::sleep(time).await;
    }
    lock(&vendor).at_once -= 1;
    if headers.get("x-api-key").and_then(|key| key.to_str().ok()) != Some(&settings.key) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match (&settings.mood, settings.ported.get(&digits)) {
        (Mood::Broken, _) => (StatusCode::BAD_GATEWAY, "<html>Bad gateway</html>").into_response(),
        (Mood::OutOfCredit, _) => axum::Json(json!({"status": "insufficient credit"})).into_response(),
        (_, Some(mccmnc)) => {
            axum::Json(json!({"status": 0, "number": {"mccmnc": mccmnc, "ported": true}})).into_response()
        }
        (_, None) => axum::Json(json!({"status": 0, "number": {"ported": false}})).into_response(),
    }
}
