//! The API by which clients send: messages, estimates, and what became of them.

mod answer;
mod refused;
mod routes;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use sending::{HotWallets, Planner};
use store::{Secrets, Store};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub planner: Planner,
    pub hot: HotWallets,
}

impl App {
    pub fn new(store: Store, secrets: Secrets) -> anyhow::Result<Self> {
        let planner = Planner::new(store.clone(), secrets)?;
        Ok(Self { store, planner, hot: HotWallets::default() })
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
    security(("api_key" = []))
)]
struct Document;

/// The routes, and the OpenAPI document that describes them.
fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(routes::send, routes::list))
        .routes(routes!(routes::estimate))
        .routes(routes!(routes::one))
}

/// The OpenAPI 3.1 document of this function.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = documented().into_openapi();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    document.components.get_or_insert_default().add_security_scheme("api_key", SecurityScheme::Http(scheme));
    document
}

pub fn router(app: App) -> Router {
    let (router, _) = documented().split_for_parts();
    router.route("/v1/messages/openapi.json", get(async || axum::Json(openapi()))).with_state(app)
}
