//! Payment systems as tenants set them up.

use http::Method;
use serde_json::{Value, json};

use crate::legal_entities::{values, with};
use crate::platform::{Platform, text};

fn stripe(name: &str) -> Value {
    json!({"name": name, "kind": "stripe", "enabled": true, "secret": "sk_live_1", "fee_from": "owner",
        "internal_fee_percent": "1.5", "currencies": ["EUR", "USD"]})
}

#[tokio::test]
async fn a_secret_goes_to_the_secret_store_and_nowhere_else() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let made = platform.made(&platform.owner, "/v1/payment_systems", stripe("Cards")).await;
    let id = text(&made, "id");
    let path = format!("/v1/payment_systems/{id}");
    let stored = async || {
        let name = store::Secrets::payment_system(&id);
        platform.secrets.store().read::<Value>(&name).await.map(|secret| text(&secret, "secret_key"))
    };
    assert_eq!(stored().await.unwrap(), "sk_live_1");
    let changed = platform.patch(key, &path, json!({"enabled": false})).await.good();
    assert_eq!((&changed["enabled"], text(&changed, "internal_fee_percent")), (&json!(false), "1.5".into()));
    assert_eq!(stored().await.unwrap(), "sk_live_1", "a secret that is not named stays");
    platform.patch(key, &path, json!({"secret": "sk_live_2"})).await.good();
    assert_eq!(stored().await.unwrap(), "sk_live_2");
    let log = platform.get(key, &format!("/v1/audit?object={id}")).await.good();
    assert!(log.to_string().contains("secret_version") && !log.to_string().contains("sk_live"));
    assert!(!platform.get(key, "/v1/payment_systems").await.good().to_string().contains("sk_live"));
    let refused = platform.patch(key, &path, json!({"secret": "sk_live_3", "name": ""})).await;
    assert_eq!(refused.body["field"], "name");
    assert_eq!(stored().await.unwrap(), "sk_live_2", "a change that is refused changes nothing");
    assert_eq!(platform.remove(&platform.owner, &path).await.status, 204);
    assert!(stored().await.is_err());
}

#[tokio::test]
async fn each_kind_has_the_fields_that_it_needs() {
    let platform = Platform::new().await;
    for (more, field) in [
        (json!({"kind": "pay_online"}), "merchant"),
        (json!({"kind": "pay_online", "merchant": "81135", "fee_from": "client"}), "fee_from"),
        (json!({"merchant": "81135"}), "merchant"),
        (json!({"secret": null}), "secret"),
        (json!({"internal_fee_percent": "0.001"}), "internal_fee_percent"),
        (json!({"fee_from": "client"}), "internal_fee_percent"),
        (json!({"currencies": ["CREDIT"]}), "currencies"),
        (json!({"currencies": ["EURO"]}), "currencies"),
    ] {
        let body = with(stripe("Cards"), more);
        let refused = platform.post(&platform.owner.key, "/v1/payment_systems", body).await;
        assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), field.into()));
    }
    for kind in ["pay_online", "freedom_pay", "net_commerce"] {
        let body = with(stripe(kind), json!({"kind": kind, "merchant": "81135"}));
        platform.made(&platform.owner, "/v1/payment_systems", body).await;
    }
    let sorted =
        platform.get(&platform.owner.key, "/v1/payment_systems?sort=-name&enabled=true").await.good();
    assert_eq!(values(&sorted, "kind"), ["pay_online", "net_commerce", "freedom_pay"]);
    let accept = [("accept", "text/csv")];
    let path = "/v1/payment_systems?kind=pay_online";
    let file = platform.ask(&platform.owner.key, Method::GET, path, &accept, None).await.good();
    assert!(file.as_str().unwrap().lines().nth(1).unwrap().contains("EUR; USD"), "{file}");
}

#[tokio::test]
async fn a_name_is_one_of_the_companys_own() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    platform.made(&platform.owner, "/v1/payment_systems", stripe("Cards")).await;
    let again = platform.post(&platform.owner.key, "/v1/payment_systems", stripe("cards")).await;
    assert_eq!((again.refusal(), &again.body["field"]), ("409 taken".into(), &json!("name")));
    let made = platform.made(&reseller, "/v1/payment_systems", stripe("Cards")).await;
    let path = format!("/v1/payment_systems/{}", text(&made, "id"));
    let other = json!({"kind": "pay_online", "merchant": "1"});
    assert_eq!(platform.patch(&reseller.key, &path, other).await.body["field"], "kind");
    let client = platform.member(&reseller, "Client", "client").await;
    assert_eq!(platform.get(&client.key, "/v1/payment_systems").await.refusal(), "403 not_allowed");
}
