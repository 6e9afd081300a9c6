//! What something costs and why, as far as each caller may know.

use serde_json::{Value, json};

use crate::platform::{Member, text};
use crate::shop::{Shop, flat, segments, sms};

fn by_country(values: Value, others: &str) -> Value {
    json!({"sms_message": {"depends_on": "country", "values": values, "others": {"price": flat(others)}}})
}

/// The owner sells to a reseller, and that to a client.
async fn chain(buying: Value, selling: Value) -> (Shop, Member, Member) {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    let client = shop.platform.euro_member(&reseller, "Client", "client").await;
    shop.platform.pay(owner, &reseller.agreement, "100").await;
    shop.stock(&reseller, &client, "100").await;
    shop.sell(owner, &reseller, buying).await;
    shop.sell(&reseller, &client, selling).await;
    (shop, reseller, client)
}

impl Shop {
    async fn find(&self, by: &Member, of: &Member, mut ask: Value) -> Value {
        ask["agreement"] = json!(of.agreement);
        self.platform.post(&by.key, "/v1/rates/find", ask).await.good()
    }
}

/// Each level as `path found amount margin percent`.
fn shown(found: &Value) -> Vec<String> {
    let level = |level: &Value| {
        let step = level["steps"].as_array().unwrap().last().cloned().unwrap_or_default();
        let margin = &level["margin"];
        let parts = [&step["path"], &step["found"], &level["amount"], &margin["amount"], &margin["percent"]];
        parts.map(|part| part.as_str().unwrap_or("-").to_owned()).join(" ")
    };
    found["levels"].as_array().unwrap().iter().map(level).collect()
}

#[tokio::test]
async fn each_company_sees_its_own_price_and_those_below_it_with_the_margin() {
    let buying = by_country(json!({"DE": {"price": flat("0.05")}}), "0.2");
    let (shop, reseller, client) =
        chain(buying, by_country(json!({"DE": {"price": flat("0.08")}}), "0.1")).await;
    let germany = json!({"number": "+4915112345678"});
    assert_eq!(shown(&shop.find(&client, &client, germany.clone()).await), ["sms_message/DE price 0.08 - -"]);
    let both = ["sms_message/DE price 0.08 0.03 37.5", "sms_message/DE price 0.05 - -"];
    let found = shop.find(&reseller, &client, germany.clone()).await;
    assert_eq!(shown(&found), both);
    assert_eq!(found["values"]["mcc"], "262");
    assert_eq!(shown(&shop.find(&shop.platform.owner, &client, germany.clone()).await), both);
    let ask = json!({"agreement": reseller.agreement, "number": "+4915112345678"});
    assert_eq!(shop.platform.post(&client.key, "/v1/rates/find", ask).await.refusal(), "404 not_found");
    let france = shop.find(&reseller, &client, json!({"values": {"country": "FR"}})).await;
    let expected = ["sms_message/* price 0.1 -0.1 -100", "sms_message/* price 0.2 - -"];
    assert_eq!(shown(&france), expected);
    shop.platform.get(&client.key, &format!("/v1/rates/{}", rate(&found, 0))).await.good();
    let hidden = shop.platform.get(&client.key, &format!("/v1/rates/{}", rate(&found, 1))).await;
    assert_eq!(hidden.refusal(), "404 not_found");
}

/// The rate that a level's first charge names.
fn rate(found: &Value, level: usize) -> String {
    text(&found["levels"][level]["charges"][0], "rate")
}

#[tokio::test]
async fn the_rate_found_is_the_one_charged_and_leads_back_to_its_tree() {
    let tree = json!({"sms_message": {"depends_on": "direction", "billing_rule": "delivered", "values": {"MT": {
        "depends_on": "country", "values": {"DE": {"depends_on": "sender_id",
            "values": {"ACME": {"price": flat("0.07"), "quantity_rule": "messages"}}}}}}}});
    let (shop, _, client) = chain(sms(flat("0.01")), tree).await;
    let found = shop.find(&client, &client, json!({"number": "4915112345678", "sender": "ACME"})).await;
    let step = &found["levels"][0]["steps"][0];
    assert_eq!(text(step, "path"), "sms_message/MT/DE/ACME");
    assert_eq!((&step["billing_rule"], &step["quantity_rule"]), (&json!("delivered"), &json!("messages")));
    assert_eq!(shop.send_as(&client, 0..1, &segments(3), "ACME").await, "0.07");
    shop.project().await;
    let edrs = format!("/v1/edrs?agreement={}", client.agreement);
    let edr = shop.platform.get(&client.key, &edrs).await.good()["items"][0].clone();
    let origin = shop.platform.get(&client.key, &format!("/v1/rates/{}", rate(&found, 0))).await.good();
    assert!(edr.to_string().contains(&text(&origin, "id")), "{edr}");
    assert_eq!(text(&origin, "path"), "sms_message/MT/DE/ACME");
    assert_eq!((&origin["price"], &origin["version"]), (&flat("0.07"), &json!(1)));
    assert_eq!(
        (&origin["billing_rule"], &origin["quantity_rule"]),
        (&json!("delivered"), &json!("messages"))
    );
    assert_eq!(shop.platform.get(&client.key, "/v1/rates/rat_000000000000").await.refusal(), "404 not_found");
    let refused = shop.find(&client, &client, json!({"number": "4915112345678", "sender": "OTHER"})).await;
    assert_eq!(refused["levels"][0]["refusal"]["code"], "no_rate");
    assert_eq!(shown(&refused), ["sms_message/MT/DE no_rate - - -"]);
}

#[tokio::test]
async fn packs_are_asked_first_and_what_is_left_of_them_counts() {
    let (shop, reseller, client) = chain(sms(flat("0.01")), sms(flat("1"))).await;
    let pack = json!({"type": "unit_pack", "size": 2});
    let pack = shop.service(&reseller, pack, sms(json!({"type": "included"}))).await;
    shop.give(&reseller, &client, &pack).await;
    let found = async || shop.find(&client, &client, json!({"number": "4915112345678"})).await;
    let before = found().await;
    let steps: Vec<_> =
        before["levels"][0]["steps"].as_array().unwrap().iter().map(|step| text(step, "found")).collect();
    assert_eq!(steps, ["included", "price"]);
    assert_eq!(before["levels"][0]["amount"], "0");
    shop.send(&client, 0..2).await;
    assert_eq!(found().await["levels"][0]["amount"], "1");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_its_field() {
    let (shop, _, client) = chain(sms(flat("0.01")), sms(flat("1"))).await;
    for (ask, field) in [
        (json!({"number": "12"}), "number"),
        (json!({"values": {"country": "Germany"}}), "values"),
        (json!({"values": {"pack": "x"}}), "values"),
        (json!({"values": {"time_of_day": "08:00-20:00"}}), "values"),
    ] {
        let mut body = ask.clone();
        body["agreement"] = json!(client.agreement);
        let refused = shop.platform.post(&client.key, "/v1/rates/find", body).await;
        assert_eq!(
            (refused.refusal(), &refused.body["field"]),
            ("422 invalid".into(), &json!(field)),
            "{ask}"
        );
    }
}

#[tokio::test]
async fn a_rate_of_another_moment_is_found_by_its_time() {
    let (shop, reseller, client) = chain(sms(flat("0.01")), sms(flat("1"))).await;
    let list = shop.platform.get(&reseller.key, "/v1/services").await.good();
    let path = format!("/v1/services/{}", text(&list["items"][0], "id"));
    let key = &reseller.key;
    let day = |text: &str| json!(text);
    let ends = json!({"effective_till": day("2100-01-01T00:00:00Z")});
    shop.platform.patch(key, &format!("{path}/scopes/1"), ends).await.good();
    let scope = json!({"tree": sms(flat("2")), "effective_from": day("2100-01-01T00:00:00Z")});
    shop.platform.post(key, &format!("{path}/scopes"), scope).await.good();
    for (at, expected) in [("2099-12-31T23:59:59Z", "1"), ("2100-01-01T00:00:00Z", "2")] {
        let found = shop.find(&client, &client, json!({"number": "4915112345678", "at": at})).await;
        assert_eq!(found["levels"][0]["amount"], expected, "{at}");
    }
}

#[tokio::test]
async fn the_margin_check_lists_what_is_sold_below_cost() {
    let buying = by_country(
        json!({"DE": {"price": flat("0.05")}, "FR": {"price": flat("0.09")}, "KP": {"price": {"type": "blocked"}}}),
        "0.2",
    );
    let selling = by_country(json!({"DE": {"price": flat("0.08")}, "FR": {"price": flat("0.08")}}), "0.1");
    let (shop, reseller, client) = chain(buying, selling).await;
    let path = format!("/v1/rates/margins?agreement={}", client.agreement);
    let line = |item: &Value| {
        let country = item["values"]["country"].as_str().unwrap_or("*");
        let (selling, buying) = (&item["selling"], &item["buying"]);
        let margin = text(&item["margin"], "amount");
        format!("{country} {}<{} {margin}", text(selling, "price"), text(buying, "price"))
    };
    let list = shop.platform.get(&reseller.key, &path).await.good();
    let lines: Vec<_> = list["items"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(lines, ["* 0.1<0.2 -0.1", "FR 0.08<0.09 -0.01"]);
    let first = shop.platform.get(&reseller.key, &format!("{path}&limit=1")).await.good();
    let second = format!("{path}&limit=1&cursor={}", text(&first, "next"));
    let second = shop.platform.get(&reseller.key, &second).await.good();
    assert_eq!((line(&second["items"][0]), &second["next"]), (lines[1].clone(), &Value::Null));
    assert_eq!(shop.platform.get(&client.key, &path).await.refusal(), "403 not_allowed");
    let top = format!("/v1/rates/margins?agreement={}", reseller.agreement);
    assert_eq!(shop.platform.get(&shop.platform.owner.key, &top).await.refusal(), "422 no_cost");
}
