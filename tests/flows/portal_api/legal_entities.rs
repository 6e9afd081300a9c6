//! In whose names companies buy and sell, and what a reseller resells under.

use http::Method;
use serde_json::{Value, json};

use crate::platform::{Answer, Member, Platform, text};

/// What a legal entity needs at least.
pub fn entity(name: &str) -> Value {
    json!({"name": name, "legal_name": format!("{name}, Inc."), "country": "CA", "legal_number": "654321"})
}

/// The same with more.
pub fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The values of a field on a page of a list.
pub fn values(list: &Value, field: &str) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| text(item, field)).collect()
}

impl Platform {
    /// Something new, which has to be good.
    pub async fn made(&self, by: &Member, path: &str, body: Value) -> Value {
        self.post(&by.key, path, body).await.good()
    }

    pub async fn remove(&self, by: &Member, path: &str) -> Answer {
        self.ask(&by.key, Method::DELETE, path, &[], None).await
    }
}

#[tokio::test]
async fn a_tenant_keeps_the_legal_entities_of_its_companies() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let body = with(
        entity("Hornes"),
        json!({"company": client.company, "country": "ca", "tax_number": "123456", "vat_number": "7777777",
            "legal_address": "77 Barn str.", "notification_emails": ["default@hoho.example"]}),
    );
    let made = platform.made(&reseller, "/v1/legal_entities", body).await;
    assert_eq!((text(&made, "country"), text(&made, "company")), ("CA".into(), client.company.clone()));
    assert_eq!(made["created_by"], "first");
    let path = format!("/v1/legal_entities/{}", text(&made, "id"));
    let changed = platform.patch(&reseller.key, &path, json!({"tax_number": null, "name": "Hooves"})).await;
    let changed = changed.good();
    assert_eq!((text(&changed, "name"), text(&changed, "vat_number")), ("Hooves".into(), "7777777".into()));
    assert_eq!((&changed["tax_number"], &changed["revision"]), (&json!(null), &json!(1)));

    let own = platform.made(&reseller, "/v1/legal_entities", entity("Own")).await;
    let list = platform.get(&reseller.key, "/v1/legal_entities?sort=name").await.good();
    assert_eq!(values(&list, "name"), ["Hooves", "Own"], "its own and those of the companies below it");
    let of_one = format!("/v1/legal_entities?company={}", reseller.company);
    assert_eq!(values(&platform.get(&reseller.key, &of_one).await.good(), "id"), [text(&own, "id")]);
    let filtered = platform.get(&reseller.key, "/v1/legal_entities?vat_number=777&country=ca").await.good();
    assert_eq!(values(&filtered, "name"), ["Hooves"]);

    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    assert_eq!(platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
    assert_eq!(platform.get(&client.key, &path).await.refusal(), "403 not_allowed");
    assert!(platform.get(&platform.owner.key, &path).await.status.is_success());

    let log = format!("/v1/audit?object={}&action=legal_entity.change", text(&made, "id"));
    let log = platform.get(&platform.owner.key, &log).await.good();
    assert!(log["items"][0]["changes"].as_array().unwrap().iter().any(|change| change["field"] == "name"));
}

#[tokio::test]
async fn two_lists_are_read_as_one_in_pages_either_way() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    for (name, company) in [
        ("b", &platform.owner),
        ("d", &reseller),
        ("a", &reseller),
        ("c", &platform.owner),
        ("e", &platform.owner),
    ] {
        let body = with(entity(name), json!({"company": company.company}));
        platform.made(&platform.owner, "/v1/legal_entities", body).await;
    }
    for (sort, expected) in [("name", "abcde"), ("-name", "edcba"), ("created_at", "bdace")] {
        let (mut found, mut cursor, mut pages) = (String::new(), String::new(), 0);
        loop {
            let path = format!("/v1/legal_entities?limit=2&sort={sort}{cursor}");
            let page = platform.get(&platform.owner.key, &path).await.good();
            found.extend(values(&page, "name"));
            pages += 1;
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!((found.as_str(), pages), (expected, 3), "{sort}");
    }
    let file = [("accept", "text/csv")];
    let path = "/v1/legal_entities?sort=name&limit=1";
    let file = platform.ask(&platform.owner.key, Method::GET, path, &file, None).await.good();
    assert_eq!(file.as_str().unwrap().lines().count(), 6);
}

#[tokio::test]
async fn a_company_has_one_default() {
    let platform = Platform::new().await;
    let default = json!({"is_default": true});
    let first = with(entity("First"), default.clone());
    let first = platform.made(&platform.owner, "/v1/legal_entities", first).await;
    let second =
        platform.post(&platform.owner.key, "/v1/legal_entities", with(entity("Second"), default.clone()));
    let second = second.await;
    assert_eq!((second.refusal(), &second.body["field"]), ("409 taken".into(), &json!("is_default")));
    let path = format!("/v1/legal_entities/{}", text(&first, "id"));
    platform.patch(&platform.owner.key, &path, json!({"is_default": false})).await.good();
    platform.made(&platform.owner, "/v1/legal_entities", with(entity("Second"), default)).await;
}

#[tokio::test]
async fn wrong_fields_of_an_entity_are_named() {
    let platform = Platform::new().await;
    for (more, field) in [
        (json!({"name": ""}), "name"),
        (json!({"country": "Canada"}), "country"),
        (json!({"notification_emails": ["nobody"]}), "notification_emails"),
        (json!({"portal": "por_x"}), "portal"),
        (json!({"company": "com_x"}), ""),
    ] {
        let body = with(entity("A"), more);
        let refused = platform.post(&platform.owner.key, "/v1/legal_entities", body).await;
        assert!(refused.status.is_client_error(), "{}", refused.body);
        assert_eq!(refused.body["field"].as_str().unwrap_or_default(), field, "{}", refused.body);
    }
    let body = with(entity("A"), json!({"colour": "red"}));
    assert_eq!(platform.post(&platform.owner.key, "/v1/legal_entities", body).await.refusal(), "422 invalid");
    let list = platform.get(&platform.owner.key, "/v1/legal_entities").await.good();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn an_entity_stays_while_an_agreement_names_it() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let body = with(entity("Client"), json!({"company": client.company}));
    let buys = platform.made(&platform.owner, "/v1/legal_entities", body).await;
    let sells = platform.made(&platform.owner, "/v1/own_legal_entities", entity("Owner")).await;
    let body = json!({"company": client.company, "code": "PAPER", "currency": "EUR",
        "legal_entity": buys["id"], "own_legal_entity": sells["id"]});
    platform.made(&platform.owner, "/v1/agreements", body).await;
    for path in [
        format!("/v1/legal_entities/{}", text(&buys, "id")),
        format!("/v1/own_legal_entities/{}", text(&sells, "id")),
    ] {
        assert_eq!(platform.remove(&platform.owner, &path).await.refusal(), "409 in_use", "{path}");
        assert!(platform.get(&platform.owner.key, &path).await.status.is_success());
    }
    let body = with(entity("Spare"), json!({"company": client.company}));
    let spare = platform.made(&platform.owner, "/v1/legal_entities", body).await;
    let path = format!("/v1/legal_entities/{}", text(&spare, "id"));
    let stale = [("if-match", "\"7\"")];
    let refused = platform.ask(&platform.owner.key, Method::DELETE, &path, &stale, None).await;
    assert_eq!(refused.refusal(), "412 precondition_failed");
    assert_eq!(platform.remove(&platform.owner, &path).await.status, 204);
    assert_eq!(platform.get(&platform.owner.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn only_who_sells_has_legal_entities_of_its_own() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let body = with(entity("C"), json!({"company": client.company}));
    let refused = platform.post(&platform.owner.key, "/v1/own_legal_entities", body).await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("company")));
    let nameless = with(entity("R"), json!({"legal_number": null}));
    let refused = platform.post(&reseller.key, "/v1/own_legal_entities", nameless).await;
    assert_eq!(refused.body["field"], "legal_number");
    let system = json!({"name": "Cards", "kind": "stripe", "secret": "sk", "fee_from": "client"});
    let system = platform.made(&platform.owner, "/v1/payment_systems", system).await;
    let body = with(entity("R"), json!({"payment_systems": [system["id"]]}));
    let refused = platform.post(&reseller.key, "/v1/own_legal_entities", body.clone()).await;
    assert_eq!(refused.refusal(), "404 not_found", "a payment system of its tenant");
    let own = platform.made(&platform.owner, "/v1/own_legal_entities", body).await;
    assert_eq!(own["payment_systems"], json!([system["id"]]));
    let path = format!("/v1/payment_systems/{}", text(&system, "id"));
    assert_eq!(platform.remove(&platform.owner, &path).await.refusal(), "409 in_use");
    let own = format!("/v1/own_legal_entities/{}", text(&own, "id"));
    platform.patch(&platform.owner.key, &own, json!({"payment_systems": null})).await.good();
    assert_eq!(platform.remove(&platform.owner, &path).await.status, 204);
}

#[tokio::test]
async fn the_tenant_says_what_a_reseller_resells_under() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let body = with(entity("Cats"), json!({"company": reseller.company}));
    let cats = platform.made(&platform.owner, "/v1/legal_entities", body).await;
    let path = format!("/v1/legal_entities/{}/reselling_agreements", text(&cats, "id"));
    let tie = |from: &str, till: Value| json!({"agreement": reseller.agreement, "effective_from": from, "effective_till": till});
    let first = tie("2026-01-01T00:00:00Z", json!("2026-02-01T00:00:00Z"));
    let refused = platform.post(&reseller.key, &path, first.clone()).await;
    assert_eq!(refused.refusal(), "403 not_allowed", "not for the reseller itself");
    let first = platform.made(&platform.owner, &path, first).await;
    assert_eq!((text(&first, "status"), text(&first, "company")), ("ended".into(), reseller.company.clone()));
    let overlapping = tie("2026-01-31T00:00:00Z", json!(null));
    let refused = platform.post(&platform.owner.key, &path, overlapping).await;
    assert_eq!(refused.body["field"], "effective_from");
    let second = platform.made(&platform.owner, &path, tie("2026-02-01T00:00:00Z", json!(null))).await;
    assert_eq!(text(&second, "status"), "active");
    let other = json!({"agreement": platform.owner.agreement, "effective_from": "2026-02-01T00:00:00Z"});
    assert_eq!(platform.post(&platform.owner.key, &path, other).await.body["field"], "agreement");

    let active = platform.get(&reseller.key, &format!("{path}?status=active")).await.good();
    assert_eq!(values(&active, "id"), [text(&second, "id")]);
    let sorted = platform.get(&reseller.key, &format!("{path}?sort=-effective_from")).await.good();
    assert_eq!(values(&sorted, "id"), [text(&second, "id"), text(&first, "id")]);
    for (filter, expected) in [("ends_before", &first), ("ends_since", &second)] {
        let found = format!("{path}?{filter}=2026-03-01T00:00:00Z");
        let found = platform.get(&reseller.key, &found).await.good();
        assert_eq!(values(&found, "id"), [text(expected, "id")], "{filter}");
    }

    let one = format!("/v1/reselling_agreements/{}", text(&second, "id"));
    let earlier = json!({"effective_from": "2026-01-15T00:00:00Z"});
    assert_eq!(platform.patch(&platform.owner.key, &one, earlier).await.refusal(), "422 invalid");
    let till = json!({"effective_till": "2099-01-01T00:00:00Z"});
    assert_eq!(platform.patch(&platform.owner.key, &one, till).await.good()["status"], "active");
    let entity = format!("/v1/legal_entities/{}", text(&cats, "id"));
    assert_eq!(platform.remove(&platform.owner, &entity).await.refusal(), "409 in_use");
    for tie in [&first, &second] {
        let path = format!("/v1/reselling_agreements/{}", text(tie, "id"));
        assert_eq!(platform.remove(&reseller, &path).await.refusal(), "403 not_allowed");
        assert_eq!(platform.remove(&platform.owner, &path).await.status, 204);
    }
    assert_eq!(platform.remove(&platform.owner, &entity).await.status, 204);
}

#[tokio::test]
async fn a_reseller_sells_under_the_agreement_that_is_tied_to_its_legal_entity() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let sell = async |name: &str| {
        let company = json!({"name": name, "kind": "client"});
        let company = platform.post(&reseller.key, "/v1/companies", company).await.good();
        let terms = json!({"company": company["id"], "code": name, "currency": "CREDIT", "charging": "prefunded",
            "resold_under": reseller.agreement});
        platform.post(&reseller.key, "/v1/agreements", terms).await
    };
    sell("Before-any-tie").await.good();
    let body = with(entity("Cats"), json!({"company": reseller.company}));
    let cats = platform.made(&platform.owner, "/v1/legal_entities", body).await;
    let path = format!("/v1/legal_entities/{}/reselling_agreements", text(&cats, "id"));
    let tie = json!({"agreement": reseller.agreement, "effective_from": "2026-01-01T00:00:00Z",
        "effective_till": "2026-02-01T00:00:00Z"});
    let tie = platform.made(&platform.owner, &path, tie).await;
    let refused = sell("After-its-end").await;
    assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".into(), &json!("resold_under")));
    let one = format!("/v1/reselling_agreements/{}", text(&tie, "id"));
    platform.patch(&platform.owner.key, &one, json!({"effective_till": null})).await.good();
    sell("Tied").await.good();
}

#[tokio::test]
async fn an_own_legal_entity_stays_while_a_company_names_it_that_is_not_deleted() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let sells = platform.made(owner, "/v1/own_legal_entities", entity("Owner")).await;
    let mut companies = Vec::new();
    for name in ["First", "Second"] {
        let body = json!({"name": name, "kind": "client", "own_legal_entity": sells["id"]});
        companies.push(text(&platform.made(owner, "/v1/companies", body).await, "id"));
    }
    let path = format!("/v1/own_legal_entities/{}", text(&sells, "id"));
    for company in &companies {
        assert_eq!(platform.remove(owner, &path).await.refusal(), "409 in_use");
        platform.remove(owner, &format!("/v1/companies/{company}")).await.good();
    }
    assert_eq!(platform.remove(owner, &path).await.status, 204);
}
