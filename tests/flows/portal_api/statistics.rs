//! The dashboard's figures: rolling counters that go along with the messages.

use serde_json::{Value, json};

use crate::platform::{Member, Platform, text};
use crate::shop::{Shop, flat, numbers, sms};

/// Messages and segments taken in today, and how many failed.
async fn today(platform: &Platform, member: &Member) -> [Value; 3] {
    let shown = platform.get(&member.key, "/v1/dashboard").await.good();
    ["accepted", "segments", "failed"].map(|count| shown["today"][count].clone())
}

/// Projects what has happened since the last look, and each delivery of the stream again.
async fn project_twice(shop: &Shop) {
    loop {
        let mut records = 0;
        for table in ["flow-ledger", "flow-messages"] {
            let event = shop.platform.database.take_stream(table);
            records += event.records.len();
            for _ in 0..2 {
                projector::handle(&shop.projector, event.clone()).await.unwrap();
            }
        }
        if records == 0 {
            return;
        }
    }
}

#[tokio::test]
async fn a_message_is_counted_once_on_every_dashboard_however_often_the_stream_tells_of_it() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    shop.sell(&shop.platform.owner, &client, sms(flat("0.05"))).await;
    let sent = shop.try_send(&client, &numbers(0..3), "hello", "ACME").await.good();
    project_twice(&shop).await;
    for member in [&client, &shop.platform.owner] {
        assert_eq!(today(&shop.platform, member).await, [json!(3), json!(3), json!(0)]);
    }
    shop.refuse(&text(&sent["messages"][0], "id")).await;
    project_twice(&shop).await;
    for member in [&client, &shop.platform.owner] {
        assert_eq!(today(&shop.platform, member).await, [json!(3), json!(3), json!(1)]);
    }
}
