//! The dashboard's figures: rolling counters that go along with the messages.

use domain::id::{AgreementId, UserId, WalletId};
use serde_json::{Value, json};

use crate::platform::{Member, Platform, text};
use crate::shop::{Shop, flat, numbers, sms};
use crate::users::{Person, person};

/// Messages and segments taken in today, and how many failed.
async fn today(platform: &Platform, member: &Member) -> [Value; 3] {
    let shown = platform.get(&member.key, "/v1/dashboard").await.good();
    ["accepted", "segments", "failed"].map(|count| shown["today"][count].clone())
}

#[tokio::test]
async fn a_company_and_those_above_see_what_it_sent_by_channel() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    shop.sell(&shop.platform.owner, &client, sms(flat("0.05"))).await;
    shop.try_send(&client, &numbers(0..3), "hello", "ACME").await.good();
    project_twice(&shop).await;
    for member in [&client, &shop.platform.owner] {
        let path = format!("/v1/companies/{}/statistics", member.company);
        let shown = shop.platform.get(&member.key, &path).await.good();
        let channels = shown["channels"].as_array().unwrap().iter();
        let channels: Vec<_> = channels.map(|one| (&one["name"], &one["counts"]["accepted"])).collect();
        assert_eq!(channels, [(&json!("sms"), &json!(3))]);
    }
}

/// Projects what has happened since the last look, and each delivery of the stream again.
pub async fn project_twice(shop: &Shop) {
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

#[tokio::test]
async fn a_dashboard_shows_the_credits_that_its_reader_may_see() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}", client.agreement);
    platform.patch(&platform.owner.key, &path, json!({"individual_credits": true})).await.good();
    platform.pay(&platform.owner, &client.agreement, "100").await;
    let ada = person(&platform, &client, "Ada", false).await;
    let master = person(&platform, &client, "Mia", true).await;
    let agreement = AgreementId::parse(&client.agreement).unwrap();
    let own = WalletId::of_user(&agreement, &UserId::parse(&ada.id).unwrap());
    let give = json!({"from": client.wallet, "to": own, "amount": "30"});
    platform.post(&client.key, "/v1/transfers", give).await.good();
    let credits = async |key: &str| {
        let shown = platform.get(key, "/v1/dashboard").await.good();
        let credits = shown["credits"].as_array().unwrap().iter();
        credits.map(|credit| json!([credit["user"], credit["balance"]])).collect::<Vec<_>>()
    };
    let of = |person: &Person, balance: &str| json!([person.id, balance]);
    assert_eq!(credits(&ada.key).await, [of(&ada, "30")]);
    assert_eq!(credits(&master.key).await, [json!([null, "70"]), of(&master, "0")]);
    assert_eq!(credits(&client.key).await, [json!([null, "70"])]);
}
