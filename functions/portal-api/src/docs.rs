//! The OpenAPI document of this function, and the page on which one reads and tries the API. The page's
//! files are inside the binary; it asks no other host.

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use runtime::http::Problem;
use serde_json::json;
use utoipa::OpenApi;

use crate::App;
use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Waybill: portals",
        description = "Companies, agreements and rate plans; credits, payments and statements; records \
                       and invoices. Messages are sent through the sending API.\n\n\
                       Amounts are decimal strings, times are RFC 3339. What lies outside your company \
                       and those below it reads as not found. Errors are problem details (RFC 9457) \
                       with a stable `code`. Lists by company or client are in the order of the \
                       names, lists by agreement in that of the codes.\n\n\
                       Programs send an API key, pages in browsers the cookie of a session; `security` \
                       says of each operation which of them it takes. Each key and each session may make \
                       as many requests in a time as `RateLimit-Policy` says in every answer; `RateLimit` \
                       says what is left, and 429 comes with `Retry-After`."
    ),
    components(schemas(Problem)),
    tags(
        (name = "companies", description = "The tree of resellers and clients"),
        (name = "audit", description = "Who changed what"),
        (name = "users", description = "The people of companies, their roles and invitations"),
        (name = "sessions", description = "Logging in and out; passwords"),
        (name = "my_account", description = "What people do about themselves"),
        (name = "api_keys", description = "What programs identify themselves with"),
        (name = "agreements", description = "Contracts between a company and the one above it"),
        (name = "legal_entities", description = "In whose names companies buy and sell"),
        (name = "banks", description = "Banks, and the accounts there"),
        (name = "ledger_reviews", description = "What the platform found wrong with its own books"),
        (name = "payment_systems", description = "What clients top up by"),
        (name = "portals", description = "Host names, with the looks of the product there"),
        (name = "self_registrations", description = "What becomes of those who register by themselves"),
        (name = "printable_forms", description = "Templates of documents"),
        (name = "uploads", description = "Files that forms name"),
        (name = "services", description = "Rate plans, packs and bundles, with their trees"),
        (name = "imports", description = "Rates from files of suppliers, and trees as files"),
        (name = "rates", description = "What something costs and why, and where it is sold below cost"),
        (name = "enabled_services", description = "Services as agreements have them, from when to when"),
        (name = "packs", description = "Packs and bundles as they are bought for agreements"),
        (name = "fees", description = "What is charged besides messages, once and by rules"),
        (name = "connections", description = "Links to vendors, and from clients that bind"),
        (name = "sender_ids", description = "What messages are sent from"),
        (name = "notifications", description = "Mails that tell people of events: servers, words, what was sent"),
        (name = "statistics", description = "What was sent and what arrived"),
        (name = "two_factor_integrations", description = "Codes by SMS that companies send their own users"),
        (name = "dictionaries", description = "Countries, operators, numbering plans: the values of rate trees"),
        (name = "wallets", description = "Balances and statements"),
        (name = "transfers", description = "Credits handed down and taken back"),
        (name = "payments", description = "Money received and paid back"),
        (name = "top_ups", description = "Paying by card"),
        (name = "edrs", description = "One record for each message and level, and for each fee"),
        (name = "incoming_messages", description = "What phones have sent, and what became of it"),
        (name = "rerates", description = "Pricing again what was sent, after rates were corrected"),
        (name = "invoices", description = "What a period cost"),
    )
)]
pub struct Document;

/// The OpenAPI 3.1 document of this function.
pub fn openapi() -> serde_json::Value {
    let mut document = runtime::document::complete(routes::documented().into_openapi());
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in paths.filter_map(|(_, item)| item.as_object_mut()).flatten() {
        if operation.pointer("/responses/200/content/text~1csv").is_some() {
            operation["responses"]["303"] = json!({
                "description": "The file is longer than an answer may be, and lies there for a quarter of an hour",
                "headers": {"Location": {"description": "Where it is", "schema": {"type": "string"}}},
            });
        }
    }
    document
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/openapi.json", get(async || Json(openapi())))
        .route("/docs", get(async || Html(PAGE)))
        .route("/docs/{file}", get(file))
}

const PAGE: &str = include_str!("docs/page.html");

/// What the page loads; all but the picture compressed, as every browser takes it. See
/// `swagger-ui/README.md`.
async fn file(Path(name): Path<String>) -> Response {
    let (media_type, content): (_, &'static [u8]) = match name.as_str() {
        "swagger-ui-bundle.js" => {
            ("text/javascript", include_bytes!("../swagger-ui/swagger-ui-bundle.js.gz"))
        }
        "swagger-ui-standalone-preset.js" => {
            ("text/javascript", include_bytes!("../swagger-ui/swagger-ui-standalone-preset.js.gz"))
        }
        "swagger-ui.css" => ("text/css", include_bytes!("../swagger-ui/swagger-ui.css.gz")),
        "index.css" => ("text/css", include_bytes!("../swagger-ui/index.css.gz")),
        "favicon-32x32.png" => ("image/png", include_bytes!("../swagger-ui/favicon-32x32.png")),
        _ => return Problem::not_found("page").into_response(),
    };
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "max-age=86400")];
    let mut response = (headers, content).into_response();
    if media_type != "image/png" {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_finds_its_files_here() {
        for name in PAGE.split("/docs/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(file(Path(name.to_owned())).await.status().is_success(), "{name}");
        }
        assert!(!PAGE.contains("://"), "no other host");
    }
}
