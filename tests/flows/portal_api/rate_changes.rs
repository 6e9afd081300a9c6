//! Who buys a service is told when its rates change: once, and from when on.

use http::Method;
use jiff::Timestamp;
use queue::Notification;
use serde_json::{Value, json};

use crate::platform::{Member, text};
use crate::shop::{Shop, flat, sms};

/// A client that wants to be told, and the path of the service that it buys.
async fn told() -> (Shop, Member, String) {
    let shop = Shop::new().await;
    let client = shop.client("100").await;
    let service = shop.sell(&shop.platform.owner, &client, sms(flat("1"))).await;
    let settings = json!({"rate_emails": ["rates@example.com"]});
    let path = format!("/v1/agreements/{}", client.agreement);
    let agreement = shop.platform.patch(&shop.platform.owner.key, &path, settings).await.good();
    assert_eq!(agreement["rate_emails"], json!(["rates@example.com"]));
    (shop, client, format!("/v1/services/{service}"))
}

/// What each agreement was told: when, and new, removed, higher and lower prices. Every delivery of the
/// stream comes twice.
async fn notices(shop: &Shop) -> Vec<(String, Timestamp, [u32; 4])> {
    let queue = |name| queue::Sender::new(shop.platform.sqs.client(), shop.platform.sqs.queue(name));
    let app = projector::App {
        store: shop.platform.store.clone(),
        sqs: shop.platform.sqs.client(),
        http_send: queue("http-send"),
        notifications: queue("notifications"),
        billing: queue("billing"),
        webhooks: queue("webhooks"),
        archive: tests::embedded_s3::EmbeddedS3::new().archive(),
    };
    let event = shop.platform.database.take_stream("flow-ledger");
    for _ in 0..2 {
        projector::handle(&app, event.clone()).await.unwrap();
    }
    let sent = shop.platform.sqs.messages::<Notification>(&shop.platform.sqs.queue("notifications"));
    let told = sent.into_iter().filter_map(|notification| match notification {
        Notification::RatesChangedV1 { agreement, effective_from, emails, changes, .. } => {
            assert_eq!(emails, ["rates@example.com"]);
            let counts = changes.map(|counts| [counts.new, counts.removed, counts.up, counts.down]);
            Some((agreement.to_string(), effective_from, counts.unwrap_or_default()))
        }
        _ => None,
    });
    told.collect()
}

impl Shop {
    async fn save(&self, path: &str, tree: Value) {
        let (key, body) = (&self.platform.owner.key, json!({"tree": tree}));
        self.platform.ask(key, Method::PUT, &format!("{path}/tree"), &[], Some(body)).await.good();
    }
}

#[tokio::test]
async fn a_tree_saved_in_the_scope_in_force_is_told_once_to_those_who_asked_for_it() {
    let (shop, client, path) = told().await;
    let other = shop.platform.euro_member(&shop.platform.owner, "Other", "client").await;
    shop.enable(&shop.platform.owner, &other, path.rsplit('/').next().unwrap()).await;
    assert_eq!(notices(&shop).await, []);
    let before = runtime::now();
    let by_country = |values: Value| json!({"sms_message": {"depends_on": "country", "values": values}});
    shop.save(&path, by_country(json!({"DE": {"price": flat("2")}, "AT": {"price": flat("2")}}))).await;
    let told = notices(&shop).await;
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].0, told[0].2), (&client.agreement, [2, 1, 0, 0]));
    assert!(told[0].1 >= before);
    shop.save(&path, by_country(json!({"DE": {"price": flat("3")}, "AT": {"price": flat("1")}}))).await;
    let told = notices(&shop).await;
    assert_eq!((told.len(), told[1].2), (2, [0, 0, 1, 1]), "each change is one");
}

#[tokio::test]
async fn a_scope_to_come_is_told_when_it_is_no_draft_any_more_with_its_effective_date() {
    let (shop, client, path) = told().await;
    let key = &shop.platform.owner.key;
    let begin = "2100-01-01T00:00:00Z";
    let scope = json!({"tree": sms(flat("2")), "effective_from": begin, "draft": true});
    shop.platform.post(key, &format!("{path}/scopes"), scope).await.good();
    shop.platform.patch(key, &path, json!({"name": "Another name"})).await.good();
    assert_eq!(notices(&shop).await, []);
    shop.platform.patch(key, &format!("{path}/scopes/1"), json!({"effective_till": begin})).await.good();
    shop.platform.patch(key, &format!("{path}/scopes/2"), json!({"draft": false})).await.good();
    let told = notices(&shop).await;
    assert_eq!(told.last(), Some(&(client.agreement.clone(), begin.parse().unwrap(), [0, 0, 1, 0])));
}

#[tokio::test]
async fn a_change_that_was_overtaken_is_told_to_nobody() {
    let (shop, _, path) = told().await;
    let (key, body) = (&shop.platform.owner.key, json!({"tree": sms(flat("2"))}));
    let tree = format!("{path}/tree");
    let old = [("if-match", "\"9\"")];
    let refused = shop.platform.ask(key, Method::PUT, &tree, &old, Some(body)).await;
    assert_eq!(refused.refusal(), "412 precondition_failed");
    assert_eq!(notices(&shop).await, []);
    assert_eq!(text(&shop.platform.get(key, &path).await.good(), "name"), "Service");
}
