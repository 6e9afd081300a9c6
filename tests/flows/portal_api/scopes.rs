//! Scopes and trees: what is in force when, what is only a draft, and that a message accepted after the
//! answer to a save is priced by what was saved.

use std::time::Duration;

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::platform::{Answer, Member, text};
use crate::shop::{Shop, flat, numbers, sms};

/// A client that buys a service of the owner, by its path.
async fn selling(price: &str) -> (Shop, Member, String) {
    let shop = Shop::new().await;
    let client = shop.client("1000").await;
    let service = shop.sell(&shop.platform.owner, &client, sms(flat(price))).await;
    (shop, client, format!("/v1/services/{service}"))
}

impl Shop {
    async fn put(&self, path: &str, body: Value) -> Answer {
        self.platform.ask(&self.platform.owner.key, Method::PUT, path, &[], Some(body)).await
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        self.platform.post(&self.platform.owner.key, path, body).await.good()
    }

    async fn change(&self, path: &str, body: Value) -> Answer {
        self.platform.patch(&self.platform.owner.key, path, body).await
    }

    async fn read(&self, path: &str) -> Value {
        self.platform.get(&self.platform.owner.key, path).await.good()
    }
}

/// The number of the scope in force; 0 if there is none.
fn current(service: &Value) -> u64 {
    let scopes = service["scopes"].as_array().unwrap();
    let found = scopes.iter().find(|scope| scope["current"] == true);
    found.map_or(0, |scope| scope["number"].as_u64().unwrap())
}

#[tokio::test]
async fn a_message_accepted_after_the_answer_to_a_save_has_the_new_price() {
    let (shop, client, path) = selling("1").await;
    for price in 2..12_u32 {
        shop.put(&format!("{path}/tree"), json!({"tree": sms(flat(&price.to_string()))})).await.good();
        assert_eq!(shop.send(&client, price..price + 1).await, price.to_string());
    }
    let node = json!({"node": {"price": flat("0.5")}});
    shop.put(&format!("{path}/scopes/1/nodes?path=sms_message"), node).await.good();
    assert_eq!(shop.send(&client, 20..21).await, "0.5");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_scope_begins_and_ends_at_its_moment() {
    let (shop, client, path) = selling("1").await;
    let soon = runtime::now() + SignedDuration::from_millis(1_500);
    let later = soon + SignedDuration::from_millis(1_500);
    shop.change(&format!("{path}/scopes/1"), json!({"effective_till": soon})).await.good();
    let scope = json!({"tree": sms(flat("2")), "effective_from": soon, "effective_till": later});
    let made = shop.make(&format!("{path}/scopes"), scope).await;
    assert_eq!((&made["draft"], &made["current"]), (&json!(false), &json!(false)));
    assert_eq!(shop.send(&client, 0..1).await, "1");
    let wait = async |till: jiff::Timestamp| {
        let left = till.duration_since(runtime::now()).as_millis().max(0) as u64;
        tokio::time::sleep(Duration::from_millis(left + 1)).await;
    };
    wait(soon).await;
    assert_eq!(shop.send(&client, 1..2).await, "2");
    wait(later).await;
    let refused = shop.try_send(&client, &numbers(2..3), "hello", "ACME").await;
    assert_eq!(refused.refusal(), "422 no_rate");
}

#[tokio::test]
async fn of_scopes_that_overlap_the_older_keeps_the_floor_until_it_is_a_draft() {
    let (shop, client, path) = selling("1").await;
    let scope = json!({"tree": sms(flat("2")), "effective_from": runtime::now()});
    shop.make(&format!("{path}/scopes"), scope).await;
    assert_eq!(current(&shop.read(&path).await), 1);
    assert_eq!(shop.send(&client, 0..1).await, "1");
    shop.change(&format!("{path}/scopes/1"), json!({"draft": true})).await.good();
    assert_eq!(current(&shop.read(&path).await), 2);
    assert_eq!(shop.send(&client, 1..2).await, "2");
    shop.change(&format!("{path}/scopes/2"), json!({"draft": true})).await.good();
    assert_eq!(current(&shop.read(&path).await), 0);
    let nowhere = shop.put(&format!("{path}/tree"), json!({"tree": sms(flat("3"))})).await;
    assert_eq!(nowhere.refusal(), "409 no_scope_in_force");
}

#[tokio::test]
async fn an_incomplete_tree_is_shown_at_its_nodes_and_stays_a_draft() {
    let (shop, client, path) = selling("1").await;
    let tree = json!({"sms_message": {"depends_on": "country", "values": {
        "DE": {}, "FR": {"depends_on": "network"}, "KP": {"price": {"type": "blocked"}}}}});
    let made = shop.make(&format!("{path}/scopes"), json!({"tree": tree})).await;
    assert_eq!((&made["draft"], &made["complete"]), (&json!(true), &json!(false)));
    let paths: Vec<_> =
        made["problems"].as_array().unwrap().iter().map(|problem| text(problem, "path")).collect();
    assert_eq!(paths, ["sms_message/DE", "sms_message/FR"]);
    let scope = format!("{path}/scopes/2");
    let refused = shop.change(&scope, json!({"draft": false})).await;
    assert_eq!(
        (refused.refusal(), &refused.body["path"]),
        ("422 invalid_tree".into(), &json!("sms_message/DE"))
    );
    let price = |country: &str| format!("{scope}/nodes?path=sms_message/{country}");
    shop.put(&price("DE"), json!({"node": {"price": flat("2")}})).await.good();
    let left = shop.put(&price("FR/*"), json!({"node": {"price": flat("3")}})).await.good();
    assert_eq!((&left["complete"], &left["problems_total"]), (&json!(true), &json!(0)));
    shop.change(&format!("{path}/scopes/1"), json!({"draft": true})).await.good();
    shop.change(&scope, json!({"draft": false})).await.good();
    assert_eq!(shop.send(&client, 0..1).await, "2");
    let missing = shop.put(&price("DE"), json!({"node": {}})).await;
    assert_eq!(missing.refusal(), "422 invalid_tree");
    let wrong = shop.put(&price("Germany"), json!({"node": {"price": flat("2")}})).await;
    assert_eq!(
        (wrong.refusal(), &wrong.body["path"]),
        ("422 invalid_tree".into(), &json!("sms_message/Germany"))
    );
    assert_eq!(shop.put(&price("FR/Orange/x"), json!({"node": {}})).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_scope_takes_its_tree_from_another_one_of_this_or_another_service() {
    let (shop, _, path) = selling("1").await;
    let other = shop.service(&shop.platform.owner, json!({"type": "pay_as_you_go"}), sms(flat("7"))).await;
    let scopes = format!("{path}/scopes");
    let own = shop.make(&scopes, json!({"copy_from": {"scope": 1}})).await;
    let foreign = shop.make(&scopes, json!({"copy_from": {"service": other, "scope": 1}})).await;
    assert_eq!((&own["number"], &foreign["number"]), (&json!(2), &json!(3)));
    assert_eq!((&own["complete"], &own["draft"]), (&json!(true), &json!(true)));
    for (scope, price) in [(2, "1"), (3, "7")] {
        assert_eq!(shop.read(&format!("{path}/scopes/{scope}/tree")).await["tree"], sms(flat(price)));
    }
    shop.put(&format!("{path}/scopes/2/tree"), json!({"tree": sms(flat("9"))})).await.good();
    assert_eq!(shop.read(&path).await["tree"], sms(flat("1")), "each scope goes its own way");
    let pack = json!({"type": "unit_pack", "size": 10});
    let pack = shop.service(&shop.platform.owner, pack, sms(json!({"type": "included"}))).await;
    let refused = json!({"copy_from": {"service": pack, "scope": 1}});
    let refused = shop.platform.post(&shop.platform.owner.key, &scopes, refused).await;
    assert_eq!(refused.refusal(), "422 invalid_tree");
    let both = json!({"copy_from": {"scope": 1}, "tree": sms(flat("1"))});
    assert_eq!(shop.platform.post(&shop.platform.owner.key, &scopes, both).await.refusal(), "422 invalid");
    let nowhere = json!({"copy_from": {"scope": 9}});
    assert_eq!(
        shop.platform.post(&shop.platform.owner.key, &scopes, nowhere).await.refusal(),
        "404 not_found"
    );
}

#[tokio::test]
async fn a_scope_is_deleted_unless_it_is_in_force() {
    let (shop, _, path) = selling("1").await;
    shop.make(&format!("{path}/scopes"), json!({})).await;
    let owner = &shop.platform.owner;
    let delete = async |number: u32, version: &str| {
        let path = format!("{path}/scopes/{number}");
        shop.platform.ask(&owner.key, Method::DELETE, &path, &[("if-match", version)], None).await
    };
    assert_eq!(delete(2, "\"1\"").await.refusal(), "412 precondition_failed");
    assert_eq!(delete(1, "\"2\"").await.refusal(), "409 scope_in_force");
    let left = delete(2, "\"2\"").await.good();
    assert_eq!(left["scopes"].as_array().unwrap().len(), 1);
    assert_eq!(delete(2, "*").await.refusal(), "404 not_found");
    let reversed = json!({"effective_till": "2020-01-01T00:00:00Z"});
    assert_eq!(shop.change(&format!("{path}/scopes/1"), reversed).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_tree_is_read_node_by_node() {
    let (shop, _, path) = selling("1").await;
    let tree = json!({"sms_message": {"depends_on": "direction", "values": {"MT": {
        "depends_on": "network", "billing_rule": "delivered",
        "values": {"A/B": {"price": flat("1")}, "O2": {"price": flat("2")}, "Orange": {}},
        "others": {"price": flat("3")}}}}});
    shop.make(&format!("{path}/scopes"), json!({"tree": tree})).await;
    let node = async |query: &str| shop.read(&format!("{path}/scopes/2/nodes{query}")).await;
    let top = node("").await;
    assert_eq!((&top["children"][0]["path"], &top["complete"]), (&json!("sms_message"), &json!(false)));
    let first = node("?path=sms_message/MT&limit=3").await;
    assert_eq!((&first["depends_on"], &first["billing_rule"]), (&json!("network"), &json!("delivered")));
    let shown = |page: &Value| {
        let line = |child: &Value| format!("{} {}", text(child, "path"), child["complete"]);
        page["children"].as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let expected = ["sms_message/MT/A~1B true", "sms_message/MT/O2 true", "sms_message/MT/Orange false"];
    assert_eq!(shown(&first), expected);
    let rest = node(&format!("?path=sms_message/MT&limit=3&cursor={}", text(&first, "next"))).await;
    assert_eq!((shown(&rest), &rest["next"]), (vec!["sms_message/MT/* true".to_owned()], &Value::Null));
    let alone = node("?path=sms_message/MT&depth=0").await;
    assert_eq!((&alone["children"], &alone["children_total"]), (&json!([]), &json!(4)));
    assert_eq!(node("?path=sms_message/MT/A~1B").await["price"], flat("1"));
    let key = &shop.platform.owner.key;
    let missing = shop.platform.get(key, &format!("{path}/scopes/2/nodes?path=sms_message/MO")).await;
    assert_eq!(missing.refusal(), "404 not_found");
    let orange = format!("{path}/scopes/2/nodes?path=sms_message/MT/Orange");
    let left = shop.platform.ask(key, Method::DELETE, &orange, &[], None).await.good();
    assert_eq!(left["complete"], true);
}

#[tokio::test]
async fn a_tree_of_50_000_prices_is_saved_and_priced_and_edited() {
    let (shop, client, path) = selling("1").await;
    let values: serde_json::Map<String, Value> = (0..50_000_u32)
        .map(|place| (format!("Network {place}"), json!({"price": flat(&format!("0.{:05}", place + 1))})))
        .collect();
    let mut tree = json!({"sms_message": {"depends_on": "network", "values": values}});
    tree["sms_message"]["others"] = json!({"price": flat("2")});
    shop.put(&format!("{path}/tree"), json!({"tree": tree})).await.good();
    assert_eq!(shop.send(&client, 0..1).await, "2");
    let page = shop.read(&format!("{path}/scopes/1/nodes?path=sms_message&limit=500")).await;
    assert_eq!((&page["children_total"], &page["next"]), (&json!(50_001), &json!("500")));
    let node = json!({"node": {"price": flat("3")}});
    shop.put(&format!("{path}/scopes/1/nodes?path=sms_message/*"), node).await.good();
    assert_eq!(shop.send(&client, 1..2).await, "3");
    let too_long = json!({"tree": tree, "more": "x".repeat(6 * 1024 * 1024)});
    assert_eq!(shop.put(&format!("{path}/tree"), too_long).await.refusal(), "413 unreadable_body");
}
