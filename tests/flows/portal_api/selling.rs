//! What is sold and over which roads: rate plans, agreements, connections, sender IDs.

use domain::connection::{Connection, Link};
use domain::id::ConnectionId;
use http::Method;
use queue::Job;
use serde_json::{Value, json};

use crate::legal_entities::{entity, with};
use crate::platform::{Platform, text};
use crate::shop::{Shop, numbers};

fn flat(amount: &str) -> Value {
    json!({"sms_message": {"price": {"type": "flat", "amount": amount}}})
}

#[tokio::test]
async fn a_tree_that_lacks_data_is_refused_at_the_node() {
    let platform = Platform::new().await;
    let tree = json!({"sms_message": {"depends_on": "country", "values": {"DE": {}}}});
    let body = json!({"name": "Plan", "currency": "EUR", "tree": tree});
    let refused = platform.post(&platform.owner.key, "/v1/services", body).await;
    assert_eq!(refused.refusal(), "422 invalid_tree");
    assert_eq!(text(&refused.body, "path"), "sms_message/DE");
}

#[tokio::test]
async fn of_two_editors_of_a_tree_the_second_has_to_look_again() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let body = json!({"name": "Plan", "currency": "EUR", "tree": flat("0.05")});
    let service = text(&platform.post(key, "/v1/services", body).await.good(), "id");
    let path = format!("/v1/services/{service}");
    let tag = platform.get(key, &path).await.headers["etag"].to_str().unwrap().to_owned();
    let put = |amount: &'static str, tag: String| {
        let (platform, path) = (&platform, format!("{path}/tree"));
        async move {
            let body = json!({"tree": flat(amount)});
            platform.ask(key, Method::PUT, &path, &[("if-match", &tag)], Some(body)).await
        }
    };
    assert_eq!(put("0.06", tag.clone()).await.good()["version"], 2);
    assert_eq!(put("0.07", tag).await.refusal(), "412 precondition_failed");
    let now = platform.get(key, &path).await.good();
    assert_eq!(now["tree"], flat("0.06"));
}

#[tokio::test]
async fn a_rate_plan_is_enabled_under_the_agreements_of_its_own_company() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    let plan = |currency: &str| json!({"name": "Plan", "currency": currency, "tree": flat("0.05")});
    let own = platform.post(&reseller.key, "/v1/services", plan("EUR")).await.good();
    let credits = platform.post(&reseller.key, "/v1/services", plan("CREDIT")).await.good();
    let owners = platform.post(&platform.owner.key, "/v1/services", plan("EUR")).await.good();
    let path = format!("/v1/agreements/{}/services", client.agreement);
    let enable = |key: &str, service: &Value| {
        let body = json!({"service": text(service, "id")});
        let (platform, path, key) = (&platform, path.clone(), key.to_owned());
        async move { platform.post(&key, &path, body).await }
    };
    assert_eq!(enable(&reseller.key, &owners).await.refusal(), "404 not_found");
    assert_eq!(enable(&platform.owner.key, &owners).await.refusal(), "422 invalid");
    assert_eq!(enable(&reseller.key, &credits).await.refusal(), "422 currency_differs");
    let agreement = enable(&reseller.key, &own).await.good();
    assert_eq!(agreement["services"][0]["service"], own["id"]);
    assert_eq!(enable(&reseller.key, &own).await.refusal(), "409 service_overlaps");
}

#[tokio::test]
async fn of_two_rate_plans_with_prices_of_the_same_one_is_enabled_at_a_time() {
    let platform = Platform::new().await;
    let (owner, key) = (&platform.owner, &platform.owner.key);
    let client = platform.euro_member(owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}/services", client.agreement);
    let plan = async |name: &str, tree: Value| {
        let body = json!({"name": name, "currency": "EUR", "tree": tree});
        text(&platform.post(key, "/v1/services", body).await.good(), "id")
    };
    let enable = async |service: &str, from: Option<&str>| {
        platform.post(key, &path, json!({"service": service, "effective_from": from})).await
    };
    let sms = plan("SMS", flat("0.05")).await;
    let more =
        json!({"sms_message": flat("0.03")["sms_message"], "viber_message": flat("0.02")["sms_message"]});
    let more = plan("SMS and Viber", more).await;
    let viber = plan("Viber", json!({"viber_message": flat("0.01")["sms_message"]})).await;
    let agreement = enable(&sms, None).await.good();
    let first = format!("{path}/{}", text(&agreement["services"][0], "id"));
    let refused = enable(&more, None).await;
    assert_eq!(refused.refusal(), "409 service_overlaps");
    let told = text(&refused.body, "detail");
    assert!(told.contains("`SMS and Viber` and `SMS` both have prices of sms_message"), "{told}");
    enable(&viber, None).await.good();
    assert_eq!(enable(&more, Some("2030-01-01T00:00:00Z")).await.refusal(), "409 service_overlaps");

    // One after the other they are, and neither gets times of the other, nor comes back into them.
    let viber = platform.get(key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    let viber = format!("{path}/{}", text(&viber["services"][1], "id"));
    platform.ask(key, Method::DELETE, &viber, &[], None).await.good();
    let till = async |till: Value| platform.patch(key, &first, json!({"effective_till": till})).await;
    till(json!("2030-01-01T00:00:00Z")).await.good();
    enable(&more, Some("2030-01-01T00:00:00Z")).await.good();
    let longer = till(Value::Null).await;
    assert_eq!((longer.refusal(), &longer.body["field"]), ("409 service_overlaps".into(), &json!("service")));
    till(json!("2029-01-01T00:00:00Z")).await.good();
    let seen = platform.get(&client.key, &first).await;
    let tag = seen.headers["etag"].to_str().unwrap().to_owned();
    let seen = seen.good();
    assert_eq!((text(&seen, "name"), text(&seen, "company_name")), ("SMS".into(), "Client".into()));
    assert_eq!(text(&seen, "effective_till"), "2029-01-01T00:00:00Z");
    let hide = json!({"hidden_from_client": true});
    let hidden = platform.ask(key, Method::PATCH, &first, &[("if-match", &tag)], Some(hide)).await;
    assert_eq!(hidden.good()["services"][0]["hidden_from_client"], true);
    assert_eq!(platform.get(&client.key, &first).await.refusal(), "404 not_found");
    assert_eq!(platform.get(key, &first).await.good()["service"], sms.as_str());
    platform.ask(key, Method::DELETE, &first, &[], None).await.good();
    assert_eq!(enable(&sms, None).await.refusal(), "409 service_overlaps");
}

#[tokio::test]
async fn of_two_rate_plans_with_prices_of_the_same_that_are_enabled_at_once_one_is() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let plan = json!({"name": "Plan", "currency": "EUR", "tree": flat("0.05")});
    let make = async || text(&platform.post(key, "/v1/services", plan.clone()).await.good(), "id");
    let plans = [make().await, make().await];
    let path = format!("/v1/agreements/{}/services", client.agreement);
    let enable = |plan: &str| platform.post(key, &path, json!({"service": plan}));
    let (one, other) = tokio::join!(enable(&plans[0]), enable(&plans[1]));
    assert!(one.status.is_success() != other.status.is_success(), "{} {}", one.body, other.body);
    let agreement = platform.get(key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    assert_eq!(agreement["services"].as_array().unwrap().len(), 1);
    let refused = if one.status.is_success() { &plans[1] } else { &plans[0] };
    assert_eq!(enable(refused).await.refusal(), "409 service_overlaps");
}

/// As where prices came to be in both, or both were enabled when that was allowed.
#[tokio::test]
async fn rate_plans_with_prices_of_the_same_that_were_enabled_stay_and_get_only_times_of_their_own() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}/services", client.agreement);
    let price = flat("0.05")["sms_message"].clone();
    let plan = async |name: &str, resource: &str| {
        let body = json!({"name": name, "currency": "EUR", "tree": {resource: price}});
        text(&platform.post(key, "/v1/services", body).await.good(), "id")
    };
    let enable = async |service: &str, till: Value| {
        platform.post(key, &path, json!({"service": service, "effective_till": till})).await
    };
    let (sms, viber) = (plan("SMS", "sms_message").await, plan("Viber", "viber_message").await);
    enable(&sms, json!("2031-01-01T00:00:00Z")).await.good();
    let agreement = enable(&viber, json!("2030-01-01T00:00:00Z")).await.good();
    let [one, other] =
        [0, 1].map(|place: usize| format!("{path}/{}", text(&agreement["services"][place], "id")));
    let tree = json!({"tree": {"viber_message": price, "sms_message": price}});
    let both = format!("/v1/services/{viber}/tree");
    platform.ask(key, Method::PUT, &both, &[], Some(tree)).await.good();

    for allowed in [
        json!({"hidden_from_client": true}),
        json!({"effective_till": "2030-06-01T00:00:00Z"}),
        json!({"effective_till": null}),
        json!({"effective_till": "2029-01-01T00:00:00Z"}),
    ] {
        platform.patch(key, &one, allowed).await.good();
    }
    let longer = json!({"effective_till": "2029-06-01T00:00:00Z"});
    assert_eq!(platform.patch(key, &one, longer).await.refusal(), "409 service_overlaps");
    platform.patch(key, &other, json!({"effective_till": null})).await.good();
    let whatsapp = plan("WhatsApp", "whatsapp_message").await;
    enable(&whatsapp, Value::Null).await.good();
}

#[tokio::test]
async fn an_agreement_has_defaults_a_code_of_its_own_and_a_place_in_the_chain() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    let seen = platform.get(&client.key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    assert_eq!((text(&seen, "credit_limit"), text(&seen, "charging")), ("0".into(), "cascade".into()));
    assert_eq!(text(&seen, "tenant"), reseller.company);
    let again = json!({"company": client.company, "code": "Client", "currency": "EUR"});
    let taken = platform.post(&reseller.key, "/v1/agreements", again).await;
    assert_eq!(taken.refusal(), "409 code_taken");
    // The reseller has no agreement in dollars under which it could resell.
    let dollars = json!({"company": client.company, "code": "USD", "currency": "USD"});
    let refused = platform.post(&reseller.key, "/v1/agreements", dollars).await;
    assert_eq!(
        (refused.refusal(), text(&refused.body, "field")),
        ("422 invalid".into(), "resold_under".into())
    );
    let unlimited =
        json!({"company": reseller.company, "code": "U", "currency": "USD", "credit_limit": null});
    let unlimited = platform.post(&platform.owner.key, "/v1/agreements", unlimited).await.good();
    let wallet = format!("/v1/wallets/{}", text(&unlimited, "wallet"));
    let wallet = platform.get(&reseller.key, &wallet).await.good();
    assert_eq!((&wallet["credit_limit"], &wallet["headroom"]), (&Value::Null, &Value::Null));
    assert_eq!(text(&wallet, "own_funds"), "0");
}

#[tokio::test]
async fn an_smpp_connection_has_its_queue_and_its_password_before_anybody_serves_it() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let body = json!({"kind": "smpp", "name": "Vendor", "host": "127.0.0.1", "port": 2775,
        "system_id": "waybill", "password": "hush-hush", "window": 20});
    let made = platform.post(key, "/v1/connections", body).await.good();
    let id = text(&made, "id");
    assert_eq!(
        (made["kind"].as_str(), made["window"].as_u64(), made["rate"].as_u64()),
        (Some("smpp"), Some(20), Some(50))
    );
    let secret = platform.secret_of::<Connection>(&id).await;
    assert_eq!(secret, Some(json!({"password": "hush-hush"})));
    let stored = platform.store.all_connections().await.unwrap();
    let domain::connection::Link::Smpp(link) = &stored[0].link else { panic!("an SMPP link") };
    assert_eq!(platform.sqs.messages::<Value>(&link.queue_url), Vec::<Value>::new());
    let listed = platform.get(key, "/v1/connections").await.good();
    assert!(!format!("{listed} {stored:?} {made}").contains("hush-hush"));
    let off = platform.patch(key, &format!("/v1/connections/{id}"), json!({"enabled": false})).await.good();
    assert_eq!(off["enabled"], false);
    let wide = json!({"kind": "smpp", "name": "V", "host": "h", "port": 1, "system_id": "s", "password": "p",
        "window": 1001});
    let refused = platform.post(key, "/v1/connections", wide).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "window".into()));
}

#[tokio::test]
async fn an_http_vendor_gets_an_address_for_its_receipts() {
    let platform = Platform::new().await;
    let body = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Vendor", "url": "https://vendor.example/api",
        "username": "waybill", "password": "hush-hush", "on_unknown_outcome": "resend"});
    let made = platform.post(&platform.owner.key, "/v1/connections", body).await.good();
    let url = text(&made, "webhook_url");
    let guid = url.strip_prefix("https://waybill.example/webhooks/alaris/").unwrap();
    let found = platform.store.connection_of_webhook(guid).await.unwrap().unwrap();
    assert_eq!(found.id.as_str(), text(&made, "id"));
    let client = platform.member(&platform.owner, "Client", "client").await;
    let body = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "V", "url": "https://v.example", "username": "u", "password": "p"});
    assert_eq!(platform.post(&client.key, "/v1/connections", body).await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_sender_id_is_sent_over_a_connection_of_the_chain_above() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let vendor = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "V", "url": "https://v.example", "username": "u", "password": "p"});
    let mut connections = Vec::new();
    for key in [&platform.owner.key, &reseller.key, &neighbour.key] {
        connections.push(text(&platform.post(key, "/v1/connections", vendor.clone()).await.good(), "id"));
    }
    let ask = |address: &str, connection: &str| json!({"agreement": client.agreement, "address": address, "connection": connection});
    let owner = &platform.owner.key;
    platform.post(owner, "/v1/sender_ids", ask("OWNERS", &connections[0])).await.good();
    let made = platform.post(&reseller.key, "/v1/sender_ids", ask("ACME", &connections[1])).await.good();
    assert_eq!((text(&made, "company"), text(&made, "status")), (client.company.clone(), "active".into()));
    let stray = platform.post(owner, "/v1/sender_ids", ask("X", &connections[2])).await;
    assert_eq!((stray.refusal(), text(&stray.body, "field")), ("422 invalid".into(), "connection".into()));
    let unseen = platform.post(&reseller.key, "/v1/sender_ids", ask("X", &connections[0])).await;
    assert_eq!(unseen.refusal(), "404 not_found");
    let twice = platform.post(&reseller.key, "/v1/sender_ids", ask("ACME", &connections[1])).await;
    assert_eq!(twice.refusal(), "409 address_taken");
    let listed = platform.get(&client.key, "/v1/sender_ids").await.good();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_client_sends_while_what_the_reseller_resells_under_is_tied() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    shop.stock(owner, &reseller, "10").await;
    shop.stock(&reseller, &client, "10").await;
    shop.sell(owner, &reseller, flat("0.05")).await;
    shop.sell(&reseller, &client, flat("0.08")).await;
    let path = format!("/v1/companies/{}", reseller.company);
    platform.patch(&owner.key, &path, json!({"direct_sending": true})).await.good();
    let body = with(entity("Cats"), json!({"company": reseller.company}));
    let cats = text(&platform.post(&owner.key, "/v1/legal_entities", body).await.good(), "id");

    shop.send(&client, 0..1).await;
    let tie = json!({"agreement": reseller.agreement, "effective_from": "2026-01-01T00:00:00Z",
        "effective_till": "2026-02-01T00:00:00Z"});
    let ties = format!("/v1/legal_entities/{cats}/reselling_agreements");
    let tie = text(&platform.post(&owner.key, &ties, tie).await.good(), "id");
    let tie = format!("/v1/reselling_agreements/{tie}");
    let refused = async || shop.try_send(&client, &numbers(1..2), "hello", "ACME").await.refusal();
    assert_eq!(refused().await, "422 agreement_not_in_force", "it has ended");
    shop.send(&reseller, 1..2).await;
    platform.patch(&owner.key, &tie, json!({"effective_till": null})).await.good();
    shop.send(&client, 2..3).await;
    platform.patch(&owner.key, &tie, json!({"effective_from": "2099-01-01T00:00:00Z"})).await.good();
    assert_eq!(refused().await, "422 agreement_not_in_force", "it is coming");
    assert_eq!(platform.remove(owner, &tie).await.status, 204);
    shop.send(&client, 3..4).await;
    assert_eq!(platform.balance(&client).await, "9.76");
    shop.settle(&[&client, &reseller]).await;
}

#[tokio::test]
async fn a_connection_goes_when_nothing_takes_it_and_what_waits_for_it_is_not_forgotten() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let client = shop.client("1").await;
    shop.sell(owner, &client, flat("0.05")).await;
    let vendor = json!({"kind": "smpp", "name": "SMSC", "host": "127.0.0.1", "port": 2775,
        "system_id": "waybill", "password": "hush-hush"});
    let vendor = text(&platform.post(&owner.key, "/v1/connections", vendor).await.good(), "id");
    let path = format!("/v1/connections/{vendor}");
    let sender = json!({"agreement": client.agreement, "address": "BAKERY", "connection": vendor});
    let made = text(&platform.post(&owner.key, "/v1/sender_ids", sender.clone()).await.good(), "id");
    // It has no job yet.
    shop.send_as(&client, 0..1, "hello", "BAKERY").await;
    let used = platform.remove(owner, &path).await;
    assert_eq!((used.refusal(), text(&used.body, "by")), ("409 in_use".into(), made.clone()));
    assert_eq!(platform.remove(owner, &format!("/v1/sender_ids/{made}")).await.status, 204);
    assert_eq!(platform.remove(owner, &path).await.status, 204);

    for path in [path.clone(), format!("{path}/unmatched_receipts")] {
        assert_eq!(platform.get(&owner.key, &path).await.refusal(), "404 not_found");
    }
    let enable = platform.patch(&owner.key, &path, json!({"enabled": true})).await;
    assert_eq!(enable.refusal(), "404 not_found");
    assert_eq!(platform.remove(owner, &path).await.refusal(), "404 not_found");
    assert_eq!(platform.post(&owner.key, "/v1/sender_ids", sender).await.refusal(), "404 not_found");
    let listed = platform.get(&owner.key, "/v1/connections").await.good();
    assert!(!listed.to_string().contains(&vendor), "{listed}");
    let log = platform.get(&owner.key, &format!("/v1/audit?object={vendor}")).await.good();
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| text(item, "action")).collect();
    assert_eq!(actions, ["connection.delete", "connection.create"]);

    shop.project().await;
    let id = ConnectionId::parse(&vendor).unwrap();
    let stored = platform.store.any_connection(&id).await.unwrap().unwrap();
    assert!(!stored.enabled && platform.store.all_connections().await.unwrap().contains(&stored));
    assert!(!platform.secrets.names("connections/").iter().any(|name| name.contains(&vendor)));
    let Link::Smpp(link) = &stored.link else { panic!("an SMPP link") };
    assert_eq!(platform.sqs.messages::<Job>(&link.queue_url).len(), 1, "for the gateway to refuse");
}
