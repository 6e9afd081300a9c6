//! Users of companies: created, seen, with keys of their own; and what is for master users alone.

use http::Method;
use serde_json::{Value, json};

use crate::people::{Browser, PASSWORD, sign_up};
use crate::platform::{Member, Platform, text, things, today};

/// A person of a member, with a key.
pub struct Person {
    pub id: String,
    pub key: String,
}

/// A user of a company, made by the company itself, with a key.
pub async fn person(platform: &Platform, member: &Member, name: &str, master: bool) -> Person {
    let roles = if master { json!([]) } else { json!(["portal_broadcast_manager"]) };
    let body = json!({"name": name, "email": "person@example.com", "master": master, "roles": roles});
    let user = platform.post(&member.key, "/v1/users", body).await.good();
    let id = text(&user, "id");
    let key = json!({"name": name, "user": id});
    let key = platform.post(&member.key, "/v1/api_keys", key).await.good();
    assert_eq!(text(&key, "user"), id);
    Person { id, key: text(&key, "secret") }
}

#[tokio::test]
async fn a_user_is_seen_by_the_own_company_and_those_above() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let body = json!({"name": " Ada ", "email": "ada@example.com", "master": true});
    let made = platform.post(&reseller.key, "/v1/users", body).await.good();
    assert_eq!((text(&made, "name"), text(&made, "company")), ("Ada".into(), reseller.company.clone()));
    let path = format!("/v1/users/{}", text(&made, "id"));
    let list = format!("/v1/users?company={}", reseller.company);
    for seer in [&reseller, &platform.owner] {
        assert_eq!(platform.get(&seer.key, &path).await.good(), made);
        assert_eq!(things(&platform.get(&seer.key, &list).await.good()), json!([made]));
    }
    for path in [path, list] {
        assert_eq!(platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
    }
    let below = json!({"name": "Bob", "email": "bob@example.com", "company": reseller.company});
    platform.post(&platform.owner.key, "/v1/users", below.clone()).await.good();
    assert_eq!(platform.post(&neighbour.key, "/v1/users", below).await.refusal(), "404 not_found");
    let listed = platform.get(&reseller.key, "/v1/users").await.good();
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|user| text(user, "name")).collect();
    assert_eq!(names, ["Ada", "Bob"]);
}

#[tokio::test]
async fn users_of_companies_directly_below_are_listed_for_who_sees_users_in_the_back_office() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "client").await;
    for (of, name) in [(&reseller, "Bob"), (&client, "Ada"), (&neighbour, "Cid")] {
        let user = json!({"name": name, "email": "x@example.com", "company": of.company});
        platform.post(&platform.owner.key, "/v1/users", user).await.good();
    }
    let walk = async |key: &str, query: &str| {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = platform.get(key, &format!("/v1/users?limit=1&{query}{cursor}")).await.good();
            names.extend(page["items"].as_array().unwrap().iter().map(|user| text(user, "name")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return names,
            }
        }
    };
    assert_eq!(walk(&reseller.key, "").await, ["Bob", "Ada"]);
    assert_eq!(walk(&reseller.key, "sort=name").await, ["Ada", "Bob"]);
    // Their companies are called Client and Reseller.
    assert_eq!(walk(&reseller.key, "sort=company").await, ["Ada", "Bob"]);
    assert_eq!(walk(&reseller.key, "sort=-company").await, ["Bob", "Ada"]);
    assert_eq!(walk(&reseller.key, &format!("sort=company&company={}", client.company)).await, ["Ada"]);
    assert_eq!(walk(&platform.owner.key, "sort=-name").await, ["Cid", "Bob"]);
    assert_eq!(walk(&neighbour.key, "sort=name").await, ["Cid"]);
    let accept = [("accept", "text/csv")];
    let file = platform.ask(&reseller.key, Method::GET, "/v1/users", &accept, None).await.good();
    let file = file.as_str().unwrap();
    assert!(
        file.lines().count() == 3 && file.contains(&format!(",{},Client,Ada,", client.company)),
        "{file}"
    );
    sign_up(&platform, &reseller, "eve", json!(["portal_admin"])).await;
    let browser = Browser::open(&platform, "eve", PASSWORD).await;
    let own = browser.get("/v1/users?sort=name").await.good();
    let names: Vec<_> = own["items"].as_array().unwrap().iter().map(|user| text(user, "name")).collect();
    assert_eq!(names, ["Bob", "eve"]);
}

#[tokio::test]
async fn who_was_invited_comes_before_the_others_and_both_are_in_the_order_of_their_addresses() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    for (name, email) in [("First", "zed@example.com"), ("Second", "ann@example.com")] {
        platform.post(&reseller.key, "/v1/users", json!({"name": name, "email": email})).await.good();
    }
    let mut invited = Value::Null;
    for email in ["mia@example.com", "bob@example.com"] {
        invited = platform.post(&reseller.key, "/v1/invitations", json!({"email": email})).await.good();
    }
    let path = format!("/v1/users/{}/invitation", text(&invited, "id"));
    platform.ask(&reseller.key, Method::DELETE, &path, &[], None).await.good();
    for key in [&platform.owner.key, &reseller.key] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = platform.get(key, &format!("/v1/users?limit=1{cursor}")).await.good();
            found.extend(page["items"].as_array().unwrap().iter().map(|user| text(user, "email")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let expected = ["bob", "mia", "ann", "zed"].map(|name| format!("{name}@example.com"));
        assert_eq!(found, expected);
        let external = platform.get(key, "/v1/users?external=true&sort=external").await.good();
        assert_eq!(external["items"], json!([]));
    }
}

#[tokio::test]
async fn people_of_the_back_office_and_of_the_client_portal_are_listed_by_themselves() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let role = async |name: &str, face: &str, area: &str| {
        let body = json!({"name": name, "face": face, "grants": {area: "view"}});
        text(&platform.post(&reseller.key, "/v1/roles", body).await.good(), "id")
    };
    let (clerk, guest) = (
        role("Clerk", "back_office", "payments").await,
        role("Guest", "client_portal", "portal_finance").await,
    );
    for (of, name, roles) in [
        (&reseller, "Ann", json!(["finance_manager"])),
        (&reseller, "Ben", json!(["portal_finance_manager"])),
        (&reseller, "Cat", json!(["admin", "portal_admin"])),
        (&reseller, "Dan", json!([clerk])),
        (&reseller, "Eve", json!([guest])),
        (&reseller, "Fay", json!([])),
        (&client, "Gus", json!([])),
    ] {
        let user = json!({"name": name, "email": "x@example.com", "company": of.company, "roles": roles});
        platform.post(&reseller.key, "/v1/users", user).await.good();
    }
    for (face, expected) in
        [("back_office", ["Ann", "Cat", "Dan", "Fay"]), ("client_portal", ["Ben", "Cat", "Eve", "Gus"])]
    {
        let path = format!("/v1/users?sort=name&face={face}");
        let list = platform.get(&reseller.key, &path).await.good();
        let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|user| text(user, "name")).collect();
        assert_eq!(names, expected, "{face}");
        let file =
            platform.ask(&reseller.key, Method::GET, &path, &[("accept", "text/csv")], None).await.good();
        assert_eq!(file.as_str().unwrap().lines().count(), 1 + expected.len(), "{file}");
    }
}

#[tokio::test]
async fn whoever_is_invited_or_made_has_departments_and_is_found_by_them() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let key = &client.key;
    let ask = json!({"email": "ada@example.com", "departments": ["Support", "Sales", "sales"]});
    let ada = platform.post(key, "/v1/invitations", ask).await.good();
    assert_eq!(ada["departments"], json!(["Sales", "Support"]));
    let ask = json!({"name": "Bob", "email": "bob@example.com", "departments": ["Sales"]});
    platform.post(key, "/v1/users", ask).await.good();
    let found = async |department: &str| {
        let list = platform.get(key, &format!("/v1/users?department={department}")).await.good();
        let items = list["items"].as_array().unwrap();
        items.iter().map(|user| text(user, "email")).collect::<Vec<_>>()
    };
    assert_eq!(found("sales").await, ["ada@example.com", "bob@example.com"]);
    assert_eq!(found("support").await, ["ada@example.com"]);
    let path = format!("/v1/users/{}", text(&ada, "id"));
    let refused = platform.patch(key, &path, json!({"departments": [" "]})).await;
    assert_eq!(
        (refused.refusal(), text(&refused.body, "field")),
        ("422 invalid".into(), "departments".into())
    );
    let changed = platform.patch(key, &path, json!({"departments": ["Support", "Export"]})).await.good();
    assert_eq!(changed["departments"], json!(["Export", "Support"]));
    assert_eq!(found("sales").await, ["bob@example.com"]);
    let log = format!("/v1/audit?action=user.change&object={}", text(&ada, "id"));
    let log = platform.get(key, &log).await.good();
    let change = json!({"field": "departments", "before": "[\"Sales\",\"Support\"]",
        "after": "[\"Export\",\"Support\"]"});
    assert!(log["items"][0]["changes"].as_array().unwrap().contains(&change), "{log}");
    let file = platform.ask(key, Method::GET, "/v1/users", &[("accept", "text/csv")], None).await.good();
    assert!(file.as_str().unwrap().contains(",Export; Support,"), "{file}");
}

#[tokio::test]
async fn a_user_without_a_name_or_an_address_is_refused_with_the_field() {
    let platform = Platform::new().await;
    for (name, email, field) in [("", "a@example.com", "first_name"), ("Ada", "ada", "email")] {
        let body = json!({"name": name, "email": email});
        let refused = platform.post(&platform.owner.key, "/v1/users", body).await;
        assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), field.into()));
    }
}

#[tokio::test]
async fn a_key_belongs_to_a_user_of_its_own_company() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let ada = person(&platform, &client, "Ada", false).await;
    let stranger =
        platform.post(&platform.owner.key, "/v1/users", json!({"name": "Olga", "email": "olga@example.com"}));
    let stranger = text(&stranger.await.good(), "id");
    let foreign = json!({"name": "x", "user": stranger});
    assert_eq!(platform.post(&client.key, "/v1/api_keys", foreign).await.refusal(), "404 not_found");
    let mixed = json!({"name": "x", "user": ada.id});
    assert_eq!(platform.post(&platform.owner.key, "/v1/api_keys", mixed).await.refusal(), "422 invalid");
    let made = json!({"name": "x", "user": ada.id, "company": client.company});
    let made = platform.post(&platform.owner.key, "/v1/api_keys", made).await.good();
    let me = platform.get(&text(&made, "secret"), "/v1/me").await.good();
    assert_eq!(text(&me, "id"), client.company);
}

#[tokio::test]
async fn what_is_done_for_the_whole_company_is_for_its_masters() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let plain = person(&platform, &reseller, "Ada", false).await;
    let master = person(&platform, &reseller, "Bob", true).await;
    let agreement = format!("/v1/agreements/{}", client.agreement);
    let requests: Vec<(Method, String, Value)> = vec![
        (Method::POST, "/v1/users".into(), json!({"name": "X", "email": "x@example.com", "master": true})),
        (Method::POST, "/v1/api_keys".into(), json!({"name": "X"})),
        (Method::GET, "/v1/api_keys".into(), Value::Null),
        (Method::POST, "/v1/companies".into(), json!({"name": "X", "kind": "client"})),
        (Method::PATCH, format!("/v1/companies/{}", client.company), json!({"name": "X"})),
        (Method::PATCH, agreement, json!({"transfers_use_credit_limit": true})),
        (
            Method::POST,
            "/v1/payments".into(),
            json!({"agreement": client.agreement, "amount": "1", "payment_date": today(), "reference": "X"}),
        ),
    ];
    for (method, path, body) in requests {
        let body = (!body.is_null()).then_some(body);
        let ask = async |key, once| {
            let headers = [("idempotency-key", once)];
            platform.ask(key, method.clone(), &path, &headers, body.clone()).await
        };
        assert_eq!(ask(&plain.key, "plain").await.refusal(), "403 not_allowed", "{path}");
        ask(&master.key, "master").await.good();
    }
}
