//! The API by which clients send: messages, estimates, and what became of them.

mod answer;
mod codes;
mod refused;
mod routes;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use domain::masking::Masking;
use runtime::targets::Targets;
use sending::{HotWallets, Planner};
use serde_json::json;
use store::{Secrets, Store};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub planner: Planner,
    pub hot: HotWallets,
    /// When recipients are masked; never, unless told.
    pub masking: Masking,
}

impl App {
    /// Vendors of look-ups are asked where `targets` allow it.
    pub fn new(store: Store, secrets: Secrets, targets: Targets) -> anyhow::Result<Self> {
        let planner = Planner::new(store.clone(), secrets, targets)?;
        Ok(Self { store, planner, hot: HotWallets::default(), masking: Masking::NEVER })
    }
}

impl FromRef<App> for Store {
    fn from_ref(app: &App) -> Self {
        app.store.clone()
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Waybill: sending", description = "Send messages, ask for their price, and see what became of them."),
    tags(
        (name = "messages", description = "Sent, asked the price of, and followed"),
        (name = "codes", description = "Codes by SMS that a company sends to its own users"),
    )
)]
struct Document;

/// The routes, and the OpenAPI document that describes them.
fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(routes::send, routes::list))
        .routes(routes!(routes::estimate))
        .routes(routes!(routes::one))
        .routes(routes!(codes::send))
        .routes(routes!(codes::verify))
        .routes(routes!(codes::one))
}

/// The OpenAPI 3.1 document of this function.
pub fn openapi() -> serde_json::Value {
    let mut document = runtime::document::complete(documented().into_openapi());
    let key =
        json!({"type": "http", "scheme": "basic", "description": "The key of a two-factor integration."});
    document["components"]["securitySchemes"]["integration_key"] = key;
    document
}

pub fn router(app: App) -> Router {
    let (router, _) = documented().split_for_parts();
    router.route("/v1/messages/openapi.json", get(async || axum::Json(openapi()))).with_state(app)
}
