//! API keys: what limits them, and how their secrets change.

use http::Method;
use serde_json::{Value, json};

use crate::lists::cells;
use crate::people::{Browser, PASSWORD, sign_up};
use crate::platform::{Platform, text};

#[tokio::test]
async fn a_key_with_scopes_does_no_more_than_they_say() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ask = json!({"name": "Reader", "scopes": {"portal_users": "view", "payments": "manage"}});
    let key = platform.post(&client.key, "/v1/api_keys", ask).await.good();
    let secret = text(&key, "secret");
    platform.get(&secret, "/v1/users").await.good();
    let refused = platform.post(&secret, "/v1/users", json!({"name": "X", "email": "x@example.com"})).await;
    assert_eq!(refused.refusal(), "403 not_allowed");
    assert_eq!(platform.get(&secret, "/v1/api_keys").await.refusal(), "403 not_allowed");
    // A scope gives nothing that the company does not have.
    let reach = platform.get(&secret, "/v1/areas").await.good();
    let managed = reach["items"].as_array().unwrap().iter().filter(|area| area["level"] == "manage").count();
    assert_eq!(managed, 0);
}

#[tokio::test]
async fn a_key_with_networks_is_refused_from_elsewhere() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ask = json!({"name": "Shop", "networks": ["192.0.2.0/24"]});
    let key = platform.post(&client.key, "/v1/api_keys", ask).await.good();
    // Requests of these tests come from no address at all.
    assert_eq!(platform.get(&text(&key, "secret"), "/v1/me").await.refusal(), "403 address_not_allowed");
    let path = format!("/v1/api_keys/{}", text(&key, "id"));
    platform.patch(&client.key, &path, json!({"networks": []})).await.good();
    platform.get(&text(&key, "secret"), "/v1/me").await.good();
    let bad = json!({"name": "Shop", "networks": ["x"]});
    assert_eq!(platform.post(&client.key, "/v1/api_keys", bad).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_rotated_key_is_taken_by_both_secrets_until_the_overlap_is_over() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let key = platform.post(&client.key, "/v1/api_keys", json!({"name": "Shop"})).await.good();
    let (path, old) = (format!("/v1/api_keys/{}", text(&key, "id")), text(&key, "secret"));
    let rotate = async |hours: u16| {
        let body = json!({"overlap_hours": hours});
        platform.post(&client.key, &format!("{path}/rotation"), body).await.good()
    };
    let rotated = rotate(24).await;
    assert!(rotated["previous_until"].is_string());
    for secret in [&old, &text(&rotated, "secret")] {
        platform.get(secret, "/v1/me").await.good();
    }
    let last = rotate(0).await;
    for secret in [&old, &text(&rotated, "secret")] {
        assert_eq!(platform.get(secret, "/v1/me").await.refusal(), "401 unauthorized");
    }
    platform.get(&text(&last, "secret"), "/v1/me").await.good();
    let log = platform.get(&client.key, "/v1/audit?action=api_key.").await.good();
    for secret in [old, text(&rotated, "secret"), text(&last, "secret")] {
        assert!(
            !log.to_string().contains(&secret) && !log.to_string().contains(&runtime::auth::hash(&secret))
        );
    }
}

#[tokio::test]
async fn a_key_tells_when_it_was_last_used_and_can_end_by_itself() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let soon = (runtime::now() + jiff::SignedDuration::from_hours(1)).to_string();
    let key =
        platform.post(&client.key, "/v1/api_keys", json!({"name": "Shop", "expires_at": soon})).await.good();
    let path = format!("/v1/api_keys/{}", text(&key, "id"));
    assert!(platform.get(&client.key, &path).await.good()["last_used_at"].is_null());
    platform.get(&text(&key, "secret"), "/v1/me").await.good();
    assert!(platform.get(&client.key, &path).await.good()["last_used_at"].is_string());
    let past = json!({"expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(platform.patch(&client.key, &path, past).await.refusal(), "422 invalid");
    let tag = [("if-match", "\"7\"")];
    let stale = platform.ask(&client.key, Method::DELETE, &path, &tag, None).await;
    assert_eq!(stale.refusal(), "412 precondition_failed");
}

#[tokio::test]
async fn a_users_key_does_what_the_user_may_and_dies_with_the_user() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!(["portal_noc_engineer"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let key = browser.post("/v1/api_keys", json!({"name": "Mine", "user": ada})).await.good();
    let secret = text(&key, "secret");
    platform.get(&secret, "/v1/api_keys").await.good();
    assert_eq!(platform.get(&secret, "/v1/users").await.refusal(), "403 not_allowed");
    let path = format!("/v1/users/{ada}");
    assert_eq!(platform.ask(&client.key, Method::DELETE, &path, &[], None).await.status, 204);
    assert_eq!(platform.get(&secret, "/v1/me").await.refusal(), "401 unauthorized");
    let listed = platform.get(&client.key, "/v1/users").await.good();
    assert_eq!(listed["items"], json!([]));
    let gone = platform.get(&client.key, "/v1/users?status=deleted").await.good();
    assert_eq!(gone["items"].as_array().unwrap().len(), 1);
    // The login is free again.
    sign_up(&platform, &client, "ada", json!([])).await;
}

#[tokio::test]
async fn a_list_of_keys_tells_who_makes_the_calls() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = sign_up(&platform, &client, "ada", json!([])).await;
    let key = json!({"name": "Mine", "user": ada});
    platform.post(&client.key, "/v1/api_keys", key).await.good();
    let name = text(&platform.get(&client.key, &format!("/v1/users/{ada}")).await.good(), "name");
    let path = format!("/v1/api_keys?company={}&sort=-created_at", client.company);
    let list = platform.get(&platform.owner.key, &path).await.good();
    let names = |row: &Value| [row["company_name"].clone(), row["user_name"].clone()];
    assert_eq!(names(&list["items"][0]), [json!("Client"), json!(name)]);
    assert_eq!(names(&list["items"][1]), [json!("Client"), Value::Null]);
    let accept = [("accept", "text/csv")];
    let file = platform.ask(&platform.owner.key, Method::GET, &path, &accept, None).await.good();
    assert_eq!(cells(&file, "company_name"), ["Client", "Client"]);
    assert_eq!(cells(&file, "user_name"), [name.as_str(), ""]);
}

#[tokio::test]
async fn nobody_changes_a_key_that_may_do_more_than_they() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let role = json!({"name": "Keys", "face": "client_portal", "grants": {"portal_api_accesses": "manage"}});
    let role = text(&platform.post(&client.key, "/v1/roles", role).await.good(), "id");
    sign_up(&platform, &client, "ada", json!([role])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let key = platform.post(&client.key, "/v1/api_keys", json!({"name": "Shop"})).await.good();
    let path = format!("/v1/api_keys/{}", text(&key, "id"));
    let less = json!({"scopes": {"portal_api_accesses": "view"}, "networks": ["192.0.2.0/24"]});
    assert_eq!(browser.ask(Method::PATCH, &path, Some(less.clone())).await.refusal(), "403 not_allowed");
    platform.get(&text(&key, "secret"), "/v1/users").await.good();

    let own = json!({"name": "Own", "scopes": {"portal_api_accesses": "manage"}});
    let own = browser.post("/v1/api_keys", own).await.good();
    let path = format!("/v1/api_keys/{}", text(&own, "id"));
    let more = json!({"scopes": {"portal_users": "view"}});
    assert_eq!(browser.ask(Method::PATCH, &path, Some(more)).await.refusal(), "403 not_allowed");
    browser.ask(Method::PATCH, &path, Some(less)).await.good();
}
