//! What every function needs and no rule depends on: settings, clients, login, HTTP answers, batches,
//! logs, and whom it may call.

pub mod auth;
pub mod batch;
pub mod config;
pub mod cursor;
pub mod document;
mod examples;
pub mod http;
pub mod limits;
pub mod password;
pub mod revision;
pub mod targets;
pub mod telemetry;
pub mod token;
pub mod totp;

use domain::api_key::ApiKey;
use domain::id::ApiKeyId;
use jiff::Timestamp;

/// The time, read once at the edge and handed down.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// 128 bits for a new id: a UUIDv7, so that ids sort by time.
pub fn fresh() -> u128 {
    uuid::Uuid::now_v7().as_u128()
}

/// An API key's secret, shown once, and what is stored of it.
pub struct NewApiKey {
    pub secret: String,
    pub stored: ApiKey,
}

/// A new API key of a company, or of one of its users.
pub fn new_api_key(
    company: &domain::id::CompanyId,
    user: Option<&domain::id::UserId>,
    name: &str,
    now: Timestamp,
) -> NewApiKey {
    let id = ApiKeyId::new(fresh());
    let secret = token::api_key(&id);
    let stored = ApiKey {
        id,
        company: company.clone(),
        user: user.cloned(),
        name: name.to_owned(),
        hash: token::hash(&secret),
        previous: None,
        scopes: None,
        networks: Vec::new(),
        expires_at: None,
        last_used_at: None,
        created_at: now,
        revision: 0,
    };
    NewApiKey { secret, stored }
}
