//! The bootstrap of an empty deployment, the API's document and its page.

use portal_api::bootstrap::{BootstrapError, create_owner};
use serde_json::{Value, json};

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

#[tokio::test]
async fn the_examples_of_what_is_made_are_taken_with_ids_of_what_is_there() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let client = platform.member(owner, "Client", "client").await;
    let document = portal_api::openapi();
    let make = async |path: &str, ids: Value| {
        let content = &document["paths"][path]["post"]["requestBody"]["content"];
        let mut body = content["application/json"]["example"].clone();
        for (field, value) in ids.as_object().unwrap() {
            body[field] = value.clone();
        }
        text(&platform.post(&owner.key, path, body).await.good(), "id")
    };
    make("/v1/companies", json!({})).await;
    make("/v1/payment_systems", json!({})).await;
    let connection = make("/v1/connections", json!({})).await;
    make("/v1/sender_ids", json!({"agreement": client.agreement, "connection": connection})).await;
    make("/v1/rerates", json!({"companies": [client.company]})).await;
}
