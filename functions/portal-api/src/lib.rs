//! The HTTPS API of both portals: companies and their agreements, rate plans, senders and connections;
//! transfers, payments and statements; EDRs and invoices. Messages are sent through send-api.

pub mod bootstrap;
mod docs;
mod error;
mod fields;
mod files;
mod lists;
mod names;
mod people;
mod rights;
mod routes;
mod schema;
mod second_factor;
mod secrets;
mod seen;
mod sms_codes;
mod wallet_book;

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::map_response_with_state;
use domain::masking::Masking;
use runtime::targets::Targets;
use store::{DocumentLinks, Invoices, Secrets, Store, TreeCache};
use top_ups::Cashier;

pub use docs::openapi;

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub trees: TreeCache,
    /// Takes `queue::Billing`.
    pub billing: queue::Sender,
    /// Takes `queue::Mail`.
    pub mail: queue::Sender,
    pub connection_queues: ConnectionQueues,
    pub documents: DocumentLinks,
    pub invoices: Invoices,
    pub secrets: Secrets,
    pub http: reqwest::Client,
    /// Opens pages to pay on.
    pub cashier: Cashier,
    /// Where vendors and browsers reach this platform, without a slash at the end.
    pub public_base_url: String,
    /// What webhooks and vendors may be at.
    pub targets: Targets,
    /// When recipients of EDRs are masked.
    pub masking: Masking,
}

/// Where the queues of connections are made.
#[derive(Clone)]
pub struct ConnectionQueues {
    pub sqs: aws_sdk_sqs::Client,
    /// Put before the connection's id.
    pub prefix: String,
    pub dead_queue_arn: String,
}

impl FromRef<App> for Store {
    fn from_ref(app: &App) -> Self {
        app.store.clone()
    }
}

/// What Lambda takes: a rate tree of 50,000 prices has half of it.
const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Every route of the API, with its document at `/v1/openapi.json` and a page to try it at `/docs`.
pub fn router(app: App) -> Router {
    ROUTES.clone().with_state(app.clone()).layer(map_response_with_state(app, files::by_link))
}

/// Gathered once in a process: some hundred operations with their schemas.
static ROUTES: LazyLock<Router<App>> = LazyLock::new(|| {
    let (router, _) = routes::documented().split_for_parts();
    router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).merge(docs::router())
});
