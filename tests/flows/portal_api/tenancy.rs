//! Who sees and may do what: a company itself and all below it, and nothing else.

use http::Method;
use serde_json::{Value, json};

use crate::platform::{Member, Platform, text, today};

/// Everything of a reseller that has an address of its own.
async fn things(platform: &Platform, reseller: &Member) -> Vec<String> {
    let key = &reseller.key;
    let tree = json!({"sms_message": {"price": {"type": "free"}}});
    let service = json!({"name": "Plan", "currency": "CREDIT", "tree": tree});
    let service = platform.post(key, "/v1/services", service).await.good();
    let connection = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Vendor", "url": "https://vendor.example", "username": "u", "password": "p"});
    let connection = platform.post(key, "/v1/connections", connection).await.good();
    let payment = platform.pay(&platform.owner, &reseller.agreement, "5").await;
    vec![
        format!("/v1/companies/{}", reseller.company),
        format!("/v1/companies?parent={}", reseller.company),
        format!("/v1/api_keys?company={}", reseller.company),
        format!("/v1/agreements/{}", reseller.agreement),
        format!("/v1/agreements?company={}", reseller.company),
        format!("/v1/wallets/{}", reseller.wallet),
        format!("/v1/wallets/{}/statement", reseller.wallet),
        format!("/v1/services/{}", text(&service, "id")),
        format!("/v1/services?company={}", reseller.company),
        format!("/v1/connections/{}", text(&connection, "id")),
        format!("/v1/connections?company={}", reseller.company),
        format!("/v1/sender_ids?company={}", reseller.company),
        format!("/v1/payments/{}", text(&payment, "id")),
        format!("/v1/top_ups?agreement={}", reseller.agreement),
        format!("/v1/edrs?agreement={}", reseller.agreement),
        format!("/v1/invoices?agreement={}", reseller.agreement),
    ]
}

#[tokio::test]
async fn a_neighbours_and_a_parents_things_read_as_not_found() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    for path in things(&platform, &reseller).await {
        for seer in [&reseller, &platform.owner] {
            assert_eq!(platform.get(&seer.key, &path).await.status, 200, "{path}");
        }
        for stranger in [&neighbour, &client] {
            assert_eq!(platform.get(&stranger.key, &path).await.refusal(), "404 not_found", "{path}");
        }
    }
}

#[tokio::test]
async fn an_id_of_anything_else_reads_as_not_found() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    for noun in [
        "companies",
        "agreements",
        "wallets",
        "services",
        "connections",
        "transfers",
        "payments",
        "top_ups",
        "invoices",
    ] {
        for id in ["x", owner.key.as_str(), "com_00000000000000000000000000"] {
            let path = format!("/v1/{noun}/{id}");
            assert_eq!(platform.get(&owner.key, &path).await.refusal(), "404 not_found", "{path}");
        }
    }
}

#[tokio::test]
async fn nothing_is_made_in_somebody_elses_name() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let requests: [(&str, Value); 5] = [
        ("/v1/companies", json!({"name": "X", "kind": "client", "parent": reseller.company})),
        ("/v1/api_keys", json!({"name": "X", "company": reseller.company})),
        ("/v1/agreements", json!({"company": reseller.company, "code": "X", "currency": "EUR"})),
        (
            "/v1/payments",
            json!({"agreement": reseller.agreement, "amount": "1", "payment_date": today(),
            "reference": "X"}),
        ),
        ("/v1/top_ups", json!({"agreement": reseller.agreement, "amount": "1"})),
    ];
    for (path, body) in requests {
        assert_eq!(platform.post(&neighbour.key, path, body).await.refusal(), "404 not_found", "{path}");
    }
}

#[tokio::test]
async fn terms_and_payments_are_for_the_other_side_of_the_agreement() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let requests: [(String, Value); 3] = [
        ("/v1/agreements".into(), json!({"company": reseller.company, "code": "OWN", "currency": "EUR"})),
        (
            "/v1/payments".into(),
            json!({"agreement": reseller.agreement, "amount": "1000",
            "payment_date": today(), "reference": "GIFT"}),
        ),
        (format!("/v1/agreements/{}/services", reseller.agreement), json!({"service": "srv_x"})),
    ];
    for (path, body) in requests {
        assert_eq!(platform.post(&reseller.key, &path, body).await.refusal(), "403 not_allowed", "{path}");
    }
    let path = format!("/v1/companies/{}", reseller.company);
    let own = platform.patch(&reseller.key, &path, json!({"direct_sending": true})).await;
    assert_eq!(own.refusal(), "403 not_allowed");
    let renamed = platform.patch(&reseller.key, &path, json!({"name": "New name"})).await.good();
    assert_eq!(text(&renamed, "name"), "New name");
}

#[tokio::test]
async fn a_disabled_company_and_all_below_it_are_refused_until_it_is_enabled() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let path = format!("/v1/companies/{}", reseller.company);
    platform.patch(&platform.owner.key, &path, json!({"enabled": false})).await.good();
    for member in [&reseller, &client] {
        assert_eq!(platform.get(&member.key, "/v1/me").await.refusal(), "403 company_disabled");
    }
    platform.patch(&platform.owner.key, &path, json!({"enabled": true})).await.good();
    assert_eq!(text(&platform.get(&client.key, "/v1/me").await.good(), "id"), client.company);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_a_secret_is_shown_once() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let made = platform.post(&client.key, "/v1/api_keys", json!({"name": "Shop"})).await.good();
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    let listed = platform.get(&client.key, "/v1/api_keys").await.good();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    assert!(!listed.to_string().contains(&secret));
    let path = format!("/v1/api_keys/{id}");
    assert_eq!(platform.ask(&secret, Method::DELETE, &path, &[], None).await.status, 204);
    assert_eq!(platform.get(&secret, "/v1/me").await.refusal(), "401 unauthorized");
    assert_eq!(platform.ask(&client.key, Method::DELETE, &path, &[], None).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn who_may_create_whom_follows_the_tree() {
    let platform = Platform::new().await;
    let seller = platform.member(&platform.owner, "Seller", "seller").await;
    let client = platform.member(&seller, "Client", "client").await;
    for (key, kind, expected) in [
        (&seller.key, "reseller", "403 not_allowed"),
        (&client.key, "client", "403 not_allowed"),
        (&platform.owner.key, "owner", "422 invalid"),
    ] {
        let refused = platform.post(key, "/v1/companies", json!({"name": "X", "kind": kind})).await;
        assert_eq!(refused.refusal(), expected);
    }
    let below = json!({"name": "Second", "kind": "client", "parent": seller.company});
    platform.post(&platform.owner.key, "/v1/companies", below).await.good();
    let children = platform.get(&seller.key, "/v1/companies").await.good();
    let names: Vec<_> =
        children["items"].as_array().unwrap().iter().map(|child| text(child, "name")).collect();
    assert_eq!(names, ["Client", "Second"]);
}
