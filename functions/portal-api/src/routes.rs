//! The endpoints, a file a noun. Route and document come from one line.

mod agreements;
mod api_keys;
mod audit;
mod companies;
mod connections;
mod credit_log;
mod dictionaries;
mod edrs;
mod enabled;
mod fees;
mod imports;
mod invoices;
mod ledger;
mod payments;
mod rates;
mod sender_ids;
mod services;
mod top_ups;
mod transfers;
mod users;
mod wallets;

use axum::Json;
use http::StatusCode;
use runtime::revision::Versioned;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::docs::Document;
use crate::error::ApiError;

/// What a handler answers when it has done what it was asked.
type Reply<T> = Result<Json<T>, ApiError>;
/// The same under its revision, for what can be edited.
type Edited<T> = Result<Versioned<T>, ApiError>;
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
        .routes(routes!(audit::list))
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
        .routes(routes!(services::one, services::change))
        .routes(routes!(services::duplicate))
        .routes(routes!(services::trees::replace_current))
        .routes(routes!(services::scopes::list, services::scopes::create))
        .routes(routes!(services::scopes::one, services::scopes::change, services::scopes::delete))
        .routes(routes!(services::trees::one, services::trees::replace))
        .routes(routes!(services::trees::node, services::trees::put_node, services::trees::delete_node))
        .routes(routes!(imports::list, imports::create))
        .routes(routes!(imports::export::link))
        .routes(routes!(imports::one, imports::cancel))
        .routes(routes!(imports::settings::parse))
        .routes(routes!(imports::settings::rows))
        .routes(routes!(imports::settings::put))
        .routes(routes!(imports::mappings::list, imports::mappings::put))
        .routes(routes!(imports::preview::show))
        .routes(routes!(imports::preview::errors))
        .routes(routes!(imports::preview::changes))
        .routes(routes!(imports::preview::nodes))
        .routes(routes!(imports::confirm::confirm))
        .routes(routes!(rates::find))
        .routes(routes!(rates::margins))
        .routes(routes!(rates::one))
        .routes(routes!(sender_ids::list, sender_ids::create))
        .routes(routes!(sender_ids::one, sender_ids::change))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::one, connections::change::change))
        .routes(routes!(connections::unmatched::list))
        .routes(routes!(dictionaries::list))
        .routes(routes!(dictionaries::one))
        .routes(routes!(dictionaries::entries))
        .routes(routes!(dictionaries::entry, dictionaries::put_entry, dictionaries::delete_entry))
        .routes(routes!(dictionaries::change::import))
        .routes(routes!(dictionaries::export))
        .routes(routes!(dictionaries::change::reset))
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
