//! What every function needs and no rule depends on: settings, clients, login, HTTP answers, batches,
//! logs.

pub mod auth;
pub mod batch;
pub mod config;
pub mod http;
pub mod password;
pub mod revision;
pub mod telemetry;

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
    pub stored: store::ApiKey,
}

/// A new API key of a company, or of one of its users.
pub fn new_api_key(
    company: &domain::id::CompanyId,
    user: Option<&domain::id::UserId>,
    name: &str,
    now: Timestamp,
) -> NewApiKey {
    let random: [u8; 32] = rand::random();
    let secret = format!("{}{}", auth::KEY_PREFIX, hex::encode(random));
    let stored = store::ApiKey {
        id: ApiKeyId::new(fresh()),
        company: company.clone(),
        user: user.cloned(),
        name: name.to_owned(),
        hash: auth::hash(&secret),
        created_at: now,
    };
    NewApiKey { secret, stored }
}
