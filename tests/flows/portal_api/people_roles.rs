//! Roles: made, given, changed; and that nobody gives more than they have.

use http::Method;
use serde_json::{Value, json};

use crate::people::{Browser, PASSWORD, sign_up, without_key};
use crate::platform::{Answer, Member, Platform, text};

async fn role(platform: &Platform, key: &str, body: Value) -> Answer {
    let mut ask = json!({"name": "Cashier", "face": "client_portal", "grants": {"portal_finance": "view"}});
    ask.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    platform.post(key, "/v1/roles", ask).await
}

async fn delete(platform: &Platform, member: &Member, role: &str) -> Answer {
    platform.ask(&member.key, Method::DELETE, &format!("/v1/roles/{role}"), &[], None).await
}

#[tokio::test]
async fn a_role_says_what_its_people_may_and_a_change_of_it_counts_at_once() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let made = role(&platform, &client.key, json!({"grants": {"portal_users": "view"}})).await.good();
    let id = text(&made, "id");
    sign_up(&platform, &client, "ada", json!([id])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    browser.get("/v1/users").await.good();
    assert_eq!(browser.get("/v1/api_keys").await.refusal(), "403 not_allowed");
    let change = json!({"grants": {"portal_api_accesses": "view"}});
    platform.patch(&client.key, &format!("/v1/roles/{id}"), change).await.good();
    assert_eq!(browser.get("/v1/users").await.refusal(), "403 not_allowed");
    browser.get("/v1/api_keys").await.good();
    let me = browser.get("/v1/my_account").await.good();
    assert_eq!(me["grants"], json!({"portal_api_accesses": "view"}));
}

#[tokio::test]
async fn a_role_that_somebody_has_stays() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let id = text(&role(&platform, &client.key, json!({})).await.good(), "id");
    let ada = sign_up(&platform, &client, "ada", json!([id])).await;
    assert_eq!(delete(&platform, &client, &id).await.refusal(), "409 in_use");
    platform.patch(&client.key, &format!("/v1/users/{ada}"), json!({"roles": []})).await.good();
    assert_eq!(delete(&platform, &client, &id).await.status, 204);
    let refused = platform.patch(&client.key, &format!("/v1/users/{ada}"), json!({"roles": [id]})).await;
    assert_eq!(refused.refusal(), "422 invalid");
    assert_eq!(delete(&platform, &client, &id).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_role_is_seen_by_its_maker_and_those_it_is_for() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let [client, other] = [
        platform.member(&reseller, "Client", "client").await,
        platform.member(&reseller, "Other", "client").await,
    ];
    let made = role(&platform, &reseller.key, json!({"companies": [client.company]})).await.good();
    let path = format!("/v1/roles/{}", text(&made, "id"));
    for seer in [&platform.owner, &reseller, &client] {
        assert_eq!(platform.get(&seer.key, &path).await.good(), made);
    }
    assert_eq!(platform.get(&other.key, &path).await.refusal(), "404 not_found");
    for (seer, expected) in [(&reseller, 1), (&client, 1), (&other, 0)] {
        let list = platform.get(&seer.key, "/v1/roles?sort=name").await.good();
        assert_eq!(list["items"].as_array().unwrap().len(), expected);
    }
    role(&platform, &client.key, json!({"name": "Baker"})).await.good();
    for (sort, expected) in [("company", ["Cashier", "Baker"]), ("-company", ["Baker", "Cashier"])] {
        let list = platform.get(&client.key, &format!("/v1/roles?sort={sort}")).await.good();
        let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| text(item, "name")).collect();
        assert_eq!(names, expected);
    }
    assert_eq!(platform.patch(&client.key, &path, json!({"name": "X"})).await.refusal(), "404 not_found");
    sign_up(&platform, &client, "ada", json!([made["id"]])).await;
    let ask = json!({"email": "eve@example.com", "roles": [made["id"]]});
    assert_eq!(platform.post(&other.key, "/v1/invitations", ask).await.refusal(), "422 invalid");
    let stranger = json!({"companies": [platform.owner.company]});
    assert_eq!(role(&platform, &reseller.key, stranger).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn nobody_gives_or_makes_what_they_do_not_have() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let grants = json!({"users": "manage", "roles": "manage", "payments": "view"});
    let body = json!({"name": "Staff", "face": "back_office", "grants": grants});
    let staff = text(&role(&platform, &reseller.key, body).await.good(), "id");
    sign_up(&platform, &reseller, "ada", json!([staff])).await;
    let boss = sign_up(&platform, &reseller, "boss", json!(["admin", "portal_admin"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let invite =
        |roles: Value| browser.post("/v1/invitations", json!({"email": "x@example.com", "roles": roles}));
    assert_eq!(invite(json!(["admin"])).await.refusal(), "403 not_allowed");
    assert_eq!(invite(json!(["portal_admin"])).await.refusal(), "403 not_allowed");
    invite(json!([staff])).await.good();
    let more = json!({"name": "More", "face": "back_office", "grants": {"payments": "manage"}});
    assert_eq!(browser.post("/v1/roles", more).await.refusal(), "403 not_allowed");
    // Nor do they become somebody who has more.
    let password = Some(json!({"password": "Third-Word-3"}));
    let refused = browser.ask(Method::PUT, &format!("/v1/users/{boss}/password"), password).await;
    assert_eq!(refused.refusal(), "403 not_allowed");
    let key = browser.post("/v1/api_keys", json!({"name": "x"})).await;
    assert_eq!(key.refusal(), "403 not_allowed");
    let key = browser.post("/v1/api_keys", json!({"name": "x", "user": boss})).await;
    assert_eq!(key.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn nobody_takes_away_what_they_do_not_have() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let staff =
        json!({"name": "Staff", "face": "back_office", "grants": {"users": "manage", "roles": "manage"}});
    let staff = text(&role(&platform, &reseller.key, staff).await.good(), "id");
    sign_up(&platform, &reseller, "ada", json!([staff])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let payer = json!({"name": "Payer", "face": "back_office", "grants": {"payments": "manage"}});
    let payer = text(&role(&platform, &reseller.key, payer).await.good(), "id");
    let guest = json!({"email": "boss@example.com", "roles": ["admin"]});
    let guest = text(&platform.post(&reseller.key, "/v1/invitations", guest).await.good(), "id");
    let key = json!({"name": "Payments", "scopes": {"payments": "view"}});
    let key = text(&platform.post(&reseller.key, "/v1/api_keys", key).await.good(), "id");
    for path in
        [format!("/v1/roles/{payer}"), format!("/v1/users/{guest}/invitation"), format!("/v1/api_keys/{key}")]
    {
        assert_eq!(browser.ask(Method::DELETE, &path, None).await.refusal(), "403 not_allowed", "{path}");
        let done = platform.ask(&reseller.key, Method::DELETE, &path, &[], None).await;
        assert!(done.status.is_success(), "{path}");
    }
}

#[tokio::test]
async fn roles_of_companies_below_are_for_who_sees_roles_in_the_back_office() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let own = text(&role(&platform, &reseller.key, json!({})).await.good(), "id");
    let theirs = text(&role(&platform, &client.key, json!({})).await.good(), "id");
    sign_up(&platform, &reseller, "ada", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    browser.get(&format!("/v1/roles/{own}")).await.good();
    assert_eq!(browser.get(&format!("/v1/roles/{theirs}")).await.refusal(), "403 not_allowed");
    platform.get(&reseller.key, &format!("/v1/roles/{theirs}")).await.good();
}

#[tokio::test]
async fn with_rights_in_the_portal_a_company_is_named_and_described_and_no_more() {
    let platform = Platform::new().await;
    let ada = sign_up(&platform, &platform.owner, "ada", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    let path = format!("/v1/companies/{}", platform.owner.company);
    let change = |body: Value| browser.ask(Method::PATCH, &path, Some(body));
    change(json!({"name": "Waybill", "description": "Ours"})).await.good();
    for body in [
        json!({"two_factor_required": true}),
        json!({"name": "Mine", "moderation": true}),
        json!({"mnp_channels": []}),
        json!({"mnp_requests": false}),
        json!({"own_legal_entity": null}),
        json!({"lookup_connection": null}),
    ] {
        assert_eq!(change(body).await.refusal(), "403 not_allowed");
    }
    let roles = json!({"roles": ["portal_admin", "client_manager"]});
    platform.patch(&platform.owner.key, &format!("/v1/users/{ada}"), roles).await.good();
    change(json!({"moderation": true})).await.good();
}

#[tokio::test]
async fn system_roles_are_the_same_for_all_and_nobody_edits_them() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let roles = platform.get(&client.key, "/v1/system_roles").await.good();
    assert_eq!(roles["items"].as_array().unwrap().len(), 9);
    let refused = platform.patch(&platform.owner.key, "/v1/roles/admin", json!({"name": "X"})).await;
    assert_eq!(refused.refusal(), "404 not_found");
    let refused =
        platform.post(&client.key, "/v1/invitations", json!({"email": "a@b.de", "roles": ["admin"]}));
    assert_eq!(refused.await.refusal(), "422 invalid");
    let areas = platform.get(&client.key, "/v1/areas").await.good();
    let level = |name: &str| {
        let area = areas["items"].as_array().unwrap().iter().find(|area| area["name"] == name);
        area.unwrap()["level"].clone()
    };
    assert_eq!((level("portal_finance"), level("payments")), (json!("manage"), json!("none")));
}

#[tokio::test]
async fn a_role_grants_nothing_to_people_of_a_company_that_it_is_no_longer_for() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let body = json!({"companies": [client.company], "grants": {"portal_api_accesses": "view"}});
    let id = text(&role(&platform, &reseller.key, body).await.good(), "id");
    let ada = sign_up(&platform, &client, "ada", json!([id])).await;
    let browser = Browser::open(&platform, "ada", PASSWORD).await;
    browser.get("/v1/api_keys").await.good();
    let change = async |companies: Value| {
        let body = json!({"companies": companies});
        platform.patch(&reseller.key, &format!("/v1/roles/{id}"), body).await.good();
    };
    change(json!([])).await;
    assert_eq!(browser.get("/v1/api_keys").await.refusal(), "403 not_allowed");
    // It stays with her beside others, until it is for her company again or taken from her.
    let roles = json!({"roles": [id, "portal_finance_manager"]});
    let path = format!("/v1/users/{ada}");
    assert_eq!(platform.patch(&client.key, &path, roles.clone()).await.good()["roles"], roles["roles"]);
    change(json!([client.company])).await;
    browser.get("/v1/api_keys").await.good();
}

#[tokio::test]
async fn a_file_is_for_who_may_export_what_they_see() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let viewer = json!({"name": "Viewer", "face": "back_office",
        "grants": {"companies": "view", "services": "view", "mccmnc": "view"}});
    let viewer = text(&role(&platform, &reseller.key, viewer).await.good(), "id");
    let asks = async |member: &Member, login: &str, roles: Value, path: &str| {
        sign_up(&platform, member, login, roles).await;
        let browser = Browser::open(&platform, login, PASSWORD).await;
        browser.get(path).await.good();
        let headers = [("cookie", browser.cookie.as_str()), ("accept", "text/csv")];
        without_key(&platform, Method::GET, path, &headers, None).await
    };
    let refusal = |refused: &Answer| format!("{} {}", refused.refusal(), text(&refused.body, "area"));
    let companies = "/v1/companies";
    // Clients' managers view the area of exports, and that is enough.
    asks(&reseller, "ada", json!(["client_manager"]), companies).await.good();
    for (login, roles) in [("bob", json!([viewer])), ("eve", json!([viewer, "portal_admin"]))] {
        let refused = asks(&reseller, login, roles, companies).await;
        assert_eq!(refusal(&refused), "403 not_allowed export");
    }
    let bob = Browser::open(&platform, "bob", PASSWORD).await;
    let dictionary = bob.get("/v1/dictionaries/operators/export").await;
    assert_eq!(refusal(&dictionary), "403 not_allowed export");

    asks(&client, "mia", json!(["portal_finance_manager"]), "/v1/wallets").await.good();
    let refused = asks(&client, "tom", json!(["portal_noc_engineer"]), "/v1/audit").await;
    assert_eq!(refusal(&refused), "403 not_allowed portal_export");
}
