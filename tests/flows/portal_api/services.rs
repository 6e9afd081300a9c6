//! Services as wholes: made, found, renamed, cloned, archived.

use http::Method;
use serde_json::{Value, json};

use crate::platform::text;
use crate::shop::{Shop, flat, numbers, sms};

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|service| text(service, "id")).collect()
}

#[tokio::test]
async fn a_service_begins_in_force_with_a_tree_and_as_a_draft_without() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let body =
        json!({"name": "Europe", "description": "All of it", "currency": "EUR", "tree": sms(flat("1"))});
    let made = platform.post(&owner.key, "/v1/services", body).await.good();
    assert_eq!(made["description"], "All of it");
    let shown = |scope: &Value| {
        [&scope["number"], &scope["current"], &scope["draft"], &scope["complete"]].map(Value::clone)
    };
    assert_eq!(shown(&made["scopes"][0]), [json!(1), json!(true), json!(false), json!(true)]);
    let body = json!({"name": "Asia", "currency": "EUR"});
    let draft = platform.post(&owner.key, "/v1/services", body).await.good();
    assert_eq!(shown(&draft["scopes"][0]), [json!(1), json!(false), json!(true), json!(false)]);
    let one = platform.get(&owner.key, &format!("/v1/services/{}", text(&draft, "id"))).await.good();
    assert_eq!(one["tree"], Value::Null);
    let body = json!({"name": "Asia", "currency": "EUR", "draft": false});
    assert_eq!(platform.post(&owner.key, "/v1/services", body).await.refusal(), "422 invalid_tree");
}

#[tokio::test]
async fn services_are_found_by_type_currency_archived_and_the_beginning_of_their_name() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let make = async |body: Value| text(&platform.post(&owner.key, "/v1/services", body).await.good(), "id");
    let europe = make(json!({"name": "Europe", "currency": "EUR", "tree": sms(flat("1"))})).await;
    let asia = make(json!({"name": "Asia", "currency": "USD", "tree": sms(flat("1"))})).await;
    let pack = json!({"type": "unit_pack", "size": 10});
    let pack =
        make(json!({"name": "Euro pack", "kind": pack, "tree": sms(json!({"type": "included"}))})).await;
    let path = format!("/v1/services/{asia}");
    platform.patch(&owner.key, &path, json!({"archived": true})).await.good();
    for (query, expected) in [
        ("", vec![&europe, &asia, &pack]),
        ("?type=pay_as_you_go", vec![&europe, &asia]),
        ("?type=unit_pack", vec![&pack]),
        ("?size_min=10", vec![&pack]),
        ("?size_max=10", vec![&pack]),
        ("?size_min=10.5", vec![]),
        ("?currency=USD", vec![&asia]),
        ("?archived=false&name=EUR", vec![&pack, &europe]),
        ("?sort=-name", vec![&europe, &pack, &asia]),
        ("?archived=true", vec![&asia]),
    ] {
        let list = platform.get(&owner.key, &format!("/v1/services{query}")).await.good();
        assert_eq!(ids(&list).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    assert_eq!(platform.get(&owner.key, "/v1/services?type=gift").await.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_change_made_from_an_older_version_is_refused() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let service = shop.service(owner, json!({"type": "pay_as_you_go"}), sms(flat("1"))).await;
    let path = format!("/v1/services/{service}");
    let renamed = platform.patch(&owner.key, &path, json!({"name": "New name"})).await;
    assert_eq!(renamed.headers["etag"], "\"2\"");
    assert_eq!(text(&renamed.good(), "name"), "New name");
    let change = async |version: &str| {
        let body = Some(json!({"description": "x"}));
        platform.ask(&owner.key, Method::PATCH, &path, &[("if-match", version)], body).await
    };
    assert_eq!(change("\"1\"").await.refusal(), "412 precondition_failed");
    assert_eq!(change("\"2\"").await.good()["version"], 3);
}

#[tokio::test]
async fn what_an_archived_service_sold_is_refused_naming_the_level_until_it_is_back() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    platform.pay(owner, &reseller.agreement, "100").await;
    shop.stock(&reseller, &client, "100").await;
    let above = shop.sell(owner, &reseller, sms(flat("1"))).await;
    shop.sell(&reseller, &client, sms(flat("2"))).await;
    assert_eq!(shop.send(&client, 0..1).await, "2");
    let path = format!("/v1/services/{above}");
    platform.patch(&owner.key, &path, json!({"archived": true})).await.good();
    let refused = shop.try_send(&client, &numbers(0..1), "hello", "ACME").await;
    assert_eq!(refused.refusal(), "422 service_archived");
    assert!(text(&refused.body, "detail").contains("at level 2"), "{}", refused.body);
    let enable = format!("/v1/agreements/{}/services", reseller.agreement);
    let again = platform.post(&owner.key, &enable, json!({"service": above})).await;
    assert_eq!(again.refusal(), "422 invalid");
    platform.patch(&owner.key, &path, json!({"archived": false})).await.good();
    assert_eq!(shop.send(&client, 1..2).await, "2");
}

#[tokio::test]
async fn a_clone_has_the_scopes_and_trees_of_the_service_and_goes_its_own_way() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let service = shop.service(owner, json!({"type": "pay_as_you_go"}), sms(flat("1"))).await;
    let path = format!("/v1/services/{service}");
    let scope = json!({"tree": sms(flat("2"))});
    platform.post(&owner.key, &format!("{path}/scopes"), scope).await.good();
    let all = platform.post(&owner.key, &format!("{path}/clone"), json!({"name": "Copy"})).await.good();
    assert_eq!((text(&all, "name"), &all["currency"]), ("Copy".into(), &json!("EUR")));
    assert_eq!(all["scopes"].as_array().unwrap().len(), 2);
    let body = json!({"name": "One", "scope": 2});
    let one = platform.post(&owner.key, &format!("{path}/clone"), body).await.good();
    assert_eq!((&one["scopes"][0]["number"], &one["scopes"][0]["draft"]), (&json!(1), &json!(true)));
    let tree = async |service: &Value, scope: u32| {
        let path = format!("/v1/services/{}/scopes/{scope}/tree", text(service, "id"));
        platform.get(&owner.key, &path).await.good()["tree"].clone()
    };
    assert_eq!(tree(&all, 1).await, sms(flat("1")));
    assert_eq!(tree(&one, 1).await, sms(flat("2")));
    let changed = format!("/v1/services/{}/tree", text(&all, "id"));
    let put = Some(json!({"tree": sms(flat("3"))}));
    platform.ask(&owner.key, Method::PUT, &changed, &[], put).await.good();
    assert_eq!(tree(&all, 1).await, sms(flat("3")));
    assert_eq!(platform.get(&owner.key, &path).await.good()["tree"], sms(flat("1")));
}

#[tokio::test]
async fn clients_and_strangers_change_no_service() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let service = shop.sell(owner, &reseller, sms(flat("1"))).await;
    let path = format!("/v1/services/{service}");
    for (method, path, body) in [
        (Method::PATCH, path.clone(), json!({"name": "Mine"})),
        (Method::POST, format!("{path}/clone"), json!({"name": "Mine"})),
        (Method::POST, format!("{path}/scopes"), json!({})),
        (Method::PUT, format!("{path}/tree"), json!({"tree": sms(flat("0"))})),
        (Method::DELETE, format!("{path}/scopes/1/nodes?path=sms_message"), Value::Null),
        (Method::GET, format!("{path}/scopes/1/tree"), Value::Null),
    ] {
        let body = (!body.is_null()).then_some(body);
        let refused = platform.ask(&reseller.key, method, &path, &[], body).await;
        assert_eq!(refused.refusal(), "404 not_found", "{path}");
    }
    let own = shop.service(&reseller, json!({"type": "pay_as_you_go"}), sms(flat("1"))).await;
    let from = json!({"copy_from": {"service": service, "scope": 1}});
    let copy = platform.post(&reseller.key, &format!("/v1/services/{own}/scopes"), from).await;
    assert_eq!(copy.refusal(), "404 not_found");
}
