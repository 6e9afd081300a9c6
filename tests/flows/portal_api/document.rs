//! The bootstrap of an empty deployment, the API's document and its page.

use portal_api::bootstrap::{BootstrapError, create_owner};
use serde_json::Value;

use crate::platform::{Platform, text};

#[tokio::test]
async fn a_deployment_is_bootstrapped_once() {
    let platform = Platform::new().await;
    let again = create_owner(&platform.store, "Second owner", runtime::now()).await;
    assert!(matches!(again, Err(BootstrapError::Done)), "{again:?}");
    let owner = platform.get(&platform.owner.key, "/v1/me").await.good();
    assert_eq!((text(&owner, "kind"), &owner["parent"]), ("owner".into(), &Value::Null));
    let house = platform.pay(&platform.owner, platform.house.agreement.as_str(), "500").await;
    assert_eq!(text(&house, "balance"), "500");
}

#[tokio::test]
async fn the_document_lists_every_route_and_needs_no_key() {
    let platform = Platform::new().await;
    let document = platform.get("", "/v1/openapi.json").await.good();
    assert_eq!(document["openapi"], "3.1.0");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.push(format!("{method} {path}"));
        }
    }
    routes.sort();
    let expected = [
        "delete /v1/agreements/{id}/fee_rules/{rule}",
        "delete /v1/api_keys/{id}",
        "delete /v1/dictionaries/{name}/entries/{key}",
        "delete /v1/imports/{id}",
        "delete /v1/payments/{id}",
        "delete /v1/services/{id}/scopes/{number}",
        "delete /v1/services/{id}/scopes/{number}/nodes",
        "get /v1/agreements",
        "get /v1/agreements/{id}",
        "get /v1/agreements/{id}/fee_rules",
        "get /v1/agreements/{id}/ledger",
        "get /v1/agreements/{id}/pack_price",
        "get /v1/agreements/{id}/packs",
        "get /v1/agreements/{id}/sender_ids/{address}",
        "get /v1/api_keys",
        "get /v1/companies",
        "get /v1/companies/{id}",
        "get /v1/connections",
        "get /v1/connections/{id}",
        "get /v1/connections/{id}/unmatched_receipts",
        "get /v1/credit_log",
        "get /v1/dictionaries",
        "get /v1/dictionaries/{name}",
        "get /v1/dictionaries/{name}/entries",
        "get /v1/dictionaries/{name}/entries/{key}",
        "get /v1/dictionaries/{name}/export",
        "get /v1/edrs",
        "get /v1/fees",
        "get /v1/imports/{id}",
        "get /v1/imports/{id}/mappings",
        "get /v1/imports/{id}/preview",
        "get /v1/imports/{id}/preview/changes",
        "get /v1/imports/{id}/preview/errors",
        "get /v1/imports/{id}/preview/nodes",
        "get /v1/imports/{id}/rows",
        "get /v1/invoices",
        "get /v1/invoices/{id}",
        "get /v1/invoices/{id}/pdf",
        "get /v1/me",
        "get /v1/payments",
        "get /v1/payments/{id}",
        "get /v1/rates/margins",
        "get /v1/rates/{id}",
        "get /v1/sender_ids",
        "get /v1/services",
        "get /v1/services/{id}",
        "get /v1/services/{id}/scopes",
        "get /v1/services/{id}/scopes/{number}",
        "get /v1/services/{id}/scopes/{number}/export",
        "get /v1/services/{id}/scopes/{number}/imports",
        "get /v1/services/{id}/scopes/{number}/nodes",
        "get /v1/services/{id}/scopes/{number}/tree",
        "get /v1/top_ups",
        "get /v1/top_ups/{id}",
        "get /v1/transfers/{id}",
        "get /v1/users",
        "get /v1/users/{id}",
        "get /v1/wallets",
        "get /v1/wallets/{id}",
        "get /v1/wallets/{id}/statement",
        "patch /v1/agreements/{id}",
        "patch /v1/agreements/{id}/packs/{pack}",
        "patch /v1/agreements/{id}/sender_ids/{address}",
        "patch /v1/companies/{id}",
        "patch /v1/connections/{id}",
        "patch /v1/payments/{id}",
        "patch /v1/services/{id}",
        "patch /v1/services/{id}/scopes/{number}",
        "post /v1/agreements",
        "post /v1/agreements/{id}/fee_rules",
        "post /v1/agreements/{id}/fees",
        "post /v1/agreements/{id}/invoices",
        "post /v1/agreements/{id}/packs",
        "post /v1/agreements/{id}/sender_ids/{address}/setup_fee",
        "post /v1/agreements/{id}/services",
        "post /v1/api_keys",
        "post /v1/companies",
        "post /v1/connections",
        "post /v1/dictionaries/{name}/import",
        "post /v1/dictionaries/{name}/reset",
        "post /v1/imports/{id}/confirm",
        "post /v1/imports/{id}/parse",
        "post /v1/invoices/{id}/confirm",
        "post /v1/invoices/{id}/recalculate",
        "post /v1/payments",
        "post /v1/rates/find",
        "post /v1/sender_ids",
        "post /v1/services",
        "post /v1/services/{id}/clone",
        "post /v1/services/{id}/scopes",
        "post /v1/services/{id}/scopes/{number}/imports",
        "post /v1/top_ups",
        "post /v1/transfers",
        "post /v1/users",
        "put /v1/dictionaries/{name}/entries/{key}",
        "put /v1/imports/{id}/mappings",
        "put /v1/imports/{id}/settings",
        "put /v1/services/{id}/scopes/{number}/nodes",
        "put /v1/services/{id}/scopes/{number}/tree",
        "put /v1/services/{id}/tree",
    ];
    assert_eq!(routes, expected);
}

#[tokio::test]
async fn the_page_lists_both_documents_and_brings_its_own_files() {
    let platform = Platform::new().await;
    let page = platform.get("", "/docs").await;
    let html = page.body.as_str().unwrap();
    assert!(html.contains("/v1/openapi.json") && html.contains("/v1/messages/openapi.json"));
    let script = platform.get("", "/docs/swagger-ui-bundle.js").await;
    assert!(script.headers["content-type"].to_str().unwrap().contains("javascript"));
    assert_eq!(platform.get("", "/docs/nothing.js").await.refusal(), "404 not_found");
    assert_eq!(platform.get("", "/v1/nothing").await.refusal(), "404 not_found");
}

#[tokio::test]
async fn without_a_valid_key_nothing_is_answered() {
    let platform = Platform::new().await;
    for key in ["", "waybill_0", "x"] {
        assert_eq!(platform.get(key, "/v1/me").await.refusal(), "401 unauthorized");
    }
}
