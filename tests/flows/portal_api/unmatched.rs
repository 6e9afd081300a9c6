//! Receipts whose messages never came to be known: parked, taken away by the database when their time is
//! over, and listed then.

use aws_lambda_events::event::dynamodb::{Event, UserIdentity};
use domain::id::{ConnectionId, MessageId};
use domain::receipt::ReceiptState;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Item, ParkedReceipt, Reference, keys};

use crate::platform::text;
use crate::shop::Shop;

const MESSAGES: &str = "flow-messages";

struct Stage {
    shop: Shop,
    connection: ConnectionId,
}

impl Stage {
    async fn new() -> Self {
        let shop = Shop::new().await;
        let vendor = json!({"kind": "smpp", "name": "Vendor", "host": "smsc.example.com", "port": 2775,
            "system_id": "waybill", "password": "secret08"});
        let vendor = shop.platform.post(&shop.platform.owner.key, "/v1/connections", vendor).await.good();
        Self { connection: ConnectionId::parse(&text(&vendor, "id")).unwrap(), shop }
    }

    async fn park(&self, reference: &str, other: Option<&str>, at: Timestamp) {
        let receipt = ParkedReceipt {
            reference: reference.to_owned(),
            other_reference: other.map(str::to_owned),
            state: ReceiptState::Delivered,
            error: Some("000".to_owned()),
            recipient: Some("4915112345678".to_owned()),
        };
        self.shop.platform.store.park_receipts(&self.connection, &[receipt], at).await.unwrap();
    }

    /// Takes away the receipts that wait, as the database itself does when their time is over: it says so in
    /// the stream. What it says comes twice.
    async fn expire(&self) {
        let client = self.shop.platform.database.client();
        let items = client.scan().table_name(MESSAGES).send().await.unwrap().items.unwrap_or_default();
        let is_parked = |item: &Item| item[keys::SK].as_s().is_ok_and(|sk| sk.starts_with(keys::PARKED));
        for item in items.into_iter().filter(is_parked) {
            let key = [keys::PK, keys::SK].map(|name| (name.to_owned(), item[name].clone()));
            client.delete_item().table_name(MESSAGES).set_key(Some(key.into())).send().await.unwrap();
        }
        let mut event = self.shop.platform.database.take_stream(MESSAGES);
        let mut expiry = UserIdentity::default();
        expiry.type_ = "Service".to_owned();
        expiry.principal_id = "dynamodb.amazonaws.com".to_owned();
        for record in event.records.iter_mut().filter(|record| record.event_name == "REMOVE") {
            record.user_identity = Some(expiry.clone());
        }
        self.project(event.clone()).await;
        self.project(event).await;
    }

    async fn project(&self, event: Event) {
        projector::handle(&self.shop.projector, event).await.unwrap();
    }

    async fn list(&self, query: &str) -> Value {
        let path = format!("/v1/connections/{}/unmatched_receipts{query}", self.connection);
        self.shop.platform.get(&self.shop.platform.owner.key, &path).await.good()
    }
}

fn references(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|receipt| text(receipt, "reference")).collect()
}

#[tokio::test]
async fn a_receipt_that_no_message_came_for_is_listed_when_its_time_is_over() {
    let stage = Stage::new().await;
    let now = runtime::now();
    stage.park("00AB12", Some("43794"), now).await;
    stage.shop.project().await;
    assert_eq!(references(&stage.list("").await), [""; 0]);
    stage.expire().await;
    let listed = stage.list("").await;
    let received_at = Timestamp::from_second(now.as_second()).unwrap();
    let expected = json!({"reference": "00AB12", "state": "delivered", "error": "000",
        "recipient": "4915112345678", "received_at": received_at.to_string()});
    assert_eq!(listed, json!({"items": [expected], "next": null}));
}

#[tokio::test]
async fn unmatched_receipts_come_newest_first_a_page_at_a_time() {
    let stage = Stage::new().await;
    let now = runtime::now();
    for (hours, reference) in [(3, "oldest"), (1, "newest"), (2, "middle")] {
        stage.park(reference, None, now - SignedDuration::from_hours(hours)).await;
    }
    stage.expire().await;
    let first = stage.list("?limit=2").await;
    assert_eq!(references(&first), ["newest", "middle"]);
    let second = stage.list(&format!("?limit=2&cursor={}", text(&first, "next"))).await;
    assert_eq!(references(&second), ["oldest"]);
}

#[tokio::test]
async fn a_receipt_whose_message_came_while_it_waited_is_not_among_them() {
    let stage = Stage::new().await;
    let now = runtime::now();
    stage.park("1715004", None, now).await;
    // The answer to the submit named it in hexadecimal.
    let message = MessageId::parse("msg_0000000000000000000000000a").unwrap();
    let reference = Reference { message, part: 0, recipient: "4915112345678".to_owned() };
    let references_of = [("1a2b3c".to_owned(), reference)];
    stage.shop.platform.store.put_references(&stage.connection, &references_of, now).await.unwrap();
    stage.expire().await;
    assert_eq!(references(&stage.list("").await), [""; 0]);
}

#[tokio::test]
async fn what_is_taken_away_by_hand_is_no_expiry() {
    let stage = Stage::new().await;
    stage.park("00AB12", None, runtime::now()).await;
    let (store, key) = (&stage.shop.platform.store, "ab12".to_owned());
    let parked = store.parked_receipts(&stage.connection, &[key].into()).await.unwrap();
    assert_eq!(parked.len(), 1);
    store.forget_receipts(&stage.connection, &parked).await.unwrap();
    stage.shop.project().await;
    assert_eq!(references(&stage.list("").await), [""; 0]);
}

#[tokio::test]
async fn unmatched_receipts_are_for_those_who_see_the_connection() {
    let stage = Stage::new().await;
    let reseller = stage.shop.platform.member(&stage.shop.platform.owner, "Reseller", "reseller").await;
    let path = format!("/v1/connections/{}/unmatched_receipts", stage.connection);
    assert_eq!(stage.shop.platform.get(&reseller.key, &path).await.refusal(), "404 not_found");
    let path = format!("{path}?limit=0");
    let refused = stage.shop.platform.get(&stage.shop.platform.owner.key, &path).await;
    assert_eq!(refused.refusal(), "422 invalid");
}
