//! The OpenAPI document of this function, and the page on which one reads and tries the API. The page's
//! files are inside the binary; it asks no other host.

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use runtime::http::Problem;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response as DocumentedResponse, ResponseBuilder};

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
                       with a stable `code`."
    ),
    components(schemas(Problem)),
    security(("api_key" = [])),
    tags(
        (name = "companies", description = "The tree of resellers and clients"),
        (name = "audit", description = "Who changed what"),
        (name = "users", description = "The people of companies"),
        (name = "api_keys", description = "What programs identify themselves with"),
        (name = "agreements", description = "Contracts between a company and the one above it"),
        (name = "services", description = "Rate plans, packs and bundles, with their trees"),
        (name = "imports", description = "Rates from files of suppliers, and trees as files"),
        (name = "rates", description = "What something costs and why, and where it is sold below cost"),
        (name = "packs", description = "Packs and bundles as they are bought for agreements"),
        (name = "fees", description = "What is charged besides messages, once and by rules"),
        (name = "connections", description = "Links to vendors, and from clients that bind"),
        (name = "sender_ids", description = "What messages are sent from"),
        (name = "dictionaries", description = "Countries, operators, numbering plans: the values of rate trees"),
        (name = "wallets", description = "Balances and statements"),
        (name = "transfers", description = "Credits handed down and taken back"),
        (name = "payments", description = "Money received and paid back"),
        (name = "top_ups", description = "Paying by card"),
        (name = "edrs", description = "One record for each message and level, and for each fee"),
        (name = "invoices", description = "What a period cost"),
    )
)]
pub struct Document;

/// The OpenAPI 3.1 document of this function.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = routes::documented().into_openapi();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        operations.into_iter().flatten().for_each(add_problems);
    }
    document
}

/// What every operation may answer instead of what it documents itself.
fn add_problems(operation: &mut Operation) {
    let problems = [
        ("401", "No valid API key"),
        ("default", "What is wrong and what is allowed; `code` says which rule"),
    ];
    for (status, description) in problems {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> DocumentedResponse {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
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

    #[test]
    fn every_operation_is_documented_with_its_errors() {
        let document = serde_json::to_value(openapi()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["responses"]["401"].is_object(), "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path} says what it does");
                assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = serde_json::to_string(&openapi()).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_field_says_what_it_is() {
        let document = serde_json::to_value(openapi()).unwrap();
        let mut silent = Vec::new();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            collect_silent(name, schema, &mut silent);
        }
        assert_eq!(silent, Vec::<String>::new());
    }

    fn collect_silent(name: &str, schema: &serde_json::Value, silent: &mut Vec<String>) {
        let parts = schema["allOf"].as_array().into_iter().chain(schema["oneOf"].as_array()).flatten();
        parts.for_each(|part| collect_silent(name, part, silent));
        // The tag of a variant is explained by the schema that it tells apart.
        let is_tag = |field: &str| field == "kind" || field == "type";
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            if name != "Problem" && !name.starts_with("List") && !is_tag(field) && !is_described(property) {
                silent.push(format!("{name}.{field}"));
            }
        }
    }

    /// An optional field of a named schema has its description beside the name.
    fn is_described(property: &serde_json::Value) -> bool {
        let choices = property["oneOf"].as_array().into_iter().flatten();
        property["description"].is_string() || choices.into_iter().any(is_described)
    }

    #[tokio::test]
    async fn the_page_finds_its_files_here() {
        for name in PAGE.split("/docs/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(file(Path(name.to_owned())).await.status().is_success(), "{name}");
        }
        assert!(!PAGE.contains("://"), "no other host");
    }
}
