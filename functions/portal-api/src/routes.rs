//! The endpoints, a file a noun. Route and document come from one line.

mod agreements;
mod api_keys;
mod companies;
mod connections;
mod credit_log;
mod edrs;
mod enabled;
mod fees;
mod invoices;
mod ledger;
mod payments;
mod sender_ids;
mod services;
mod top_ups;
mod transfers;
mod users;
mod wallets;

use axum::Json;
use http::StatusCode;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::docs::Document;
use crate::error::ApiError;

/// What a handler answers when it has done what it was asked.
type Reply<T> = Result<Json<T>, ApiError>;
/// The same, with status 201: something new is there.
type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

fn created<T, F: Into<T>>(made: F) -> Created<T> {
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Every documented route.
pub fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(companies::me))
        .routes(routes!(companies::list, companies::create))
        .routes(routes!(companies::one, companies::change))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::one))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::delete))
        .routes(routes!(agreements::list, agreements::create))
        .routes(routes!(agreements::one, agreements::change))
        .routes(routes!(agreements::enable_service))
        .routes(routes!(ledger::show))
        .routes(routes!(enabled::list, enabled::buy))
        .routes(routes!(enabled::change))
        .routes(routes!(enabled::price))
        .routes(routes!(fees::list))
        .routes(routes!(fees::charge))
        .routes(routes!(fees::charge_setup))
        .routes(routes!(fees::rules::list, fees::rules::create))
        .routes(routes!(fees::rules::end))
        .routes(routes!(services::list, services::create))
        .routes(routes!(services::one))
        .routes(routes!(services::replace_tree))
        .routes(routes!(sender_ids::list, sender_ids::create))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::one, connections::change))
        .routes(routes!(wallets::list))
        .routes(routes!(wallets::one))
        .routes(routes!(wallets::statement))
        .routes(routes!(credit_log::list))
        .routes(routes!(transfers::create))
        .routes(routes!(transfers::one))
        .routes(routes!(payments::list::list, payments::create))
        .routes(routes!(payments::one, payments::change::change, payments::change::delete))
        .routes(routes!(top_ups::list, top_ups::create))
        .routes(routes!(top_ups::one))
        .routes(routes!(edrs::list))
        .routes(routes!(invoices::list))
        .routes(routes!(invoices::one))
        .routes(routes!(invoices::close))
        .routes(routes!(invoices::recalculate))
        .routes(routes!(invoices::confirm))
        .routes(routes!(invoices::pdf))
}
