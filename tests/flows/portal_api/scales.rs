//! Scales through the API: what so many messages cost, to the digit (`30-rating.md`).

use domain::agreement::Agreement;
use domain::id::AgreementId;
use domain::period::{BillingPeriod, BillingTerms};
use serde_json::json;
use tests::edits::change_agreement;

use crate::platform::{Member, text};
use crate::shop::{Shop, flat, numbers, scale, segments, sms};

async fn on_a_scale(kind: &str, threshold: u32, funds: &str) -> (Shop, Member) {
    let shop = Shop::new().await;
    let client = shop.client(funds).await;
    shop.sell(&shop.platform.owner, &client, sms(scale(kind, threshold))).await;
    (shop, client)
}

#[tokio::test]
async fn on_a_tier_scale_1050_messages_cost_1100() {
    let (shop, client) = on_a_scale("tier", 1_000, "5000").await;
    assert_eq!(shop.send(&client, 0..1_000).await, "1000");
    assert_eq!(shop.send(&client, 1_000..1_050).await, "100");
    assert_eq!(shop.platform.balance(&client).await, "3900");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn on_a_back_to_first_scale_1050_messages_cost_2100() {
    let (shop, client) = on_a_scale("back_to_first", 1_000, "5000").await;
    assert_eq!(shop.send(&client, 0..1_000).await, "1000");
    assert_eq!(shop.send(&client, 1_000..1_050).await, "1100");
    assert_eq!(shop.platform.balance(&client).await, "2900");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_batch_that_passes_the_threshold_is_charged_on_both_sides_of_it() {
    let (shop, client) = on_a_scale("tier", 1_000, "5000").await;
    assert_eq!(shop.send(&client, 0..990).await, "990");
    assert_eq!(shop.send(&client, 990..1_050).await, "110");
    shop.settle(&[&client]).await;
    let (shop, client) = on_a_scale("back_to_first", 1_000, "5000").await;
    assert_eq!(shop.send(&client, 0..990).await, "990");
    assert_eq!(shop.send(&client, 990..1_050).await, "1110");
    assert_eq!(shop.send(&client, 1_050..1_051).await, "2");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn one_message_may_fall_into_two_tiers() {
    let (shop, client) = on_a_scale("tier", 3, "100").await;
    assert_eq!(shop.send_as(&client, 0..1, &segments(2), "ACME").await, "2");
    assert_eq!(shop.send_as(&client, 1..2, &segments(4), "ACME").await, "7");
    shop.settle(&[&client]).await;
    let (shop, client) = on_a_scale("back_to_first", 3, "100").await;
    assert_eq!(shop.send_as(&client, 0..1, &segments(2), "ACME").await, "2");
    assert_eq!(shop.send_as(&client, 1..2, &segments(4), "ACME").await, "10");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn an_adjustment_that_cannot_be_paid_stops_the_message_and_leaves_everything_as_it_was() {
    let (shop, client) = on_a_scale("back_to_first", 10, "15").await;
    assert_eq!(shop.send(&client, 0..10).await, "10");
    let refused = shop.try_send(&client, &numbers(10..11), "hello", "ACME").await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    assert_eq!(shop.platform.balance(&client).await, "5");
    shop.platform.pay(&shop.platform.owner, &client.agreement, "7").await;
    assert_eq!(shop.send(&client, 10..11).await, "12");
    assert_eq!(shop.platform.balance(&client).await, "0");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn each_value_of_a_counter_group_has_a_threshold_of_its_own() {
    let shop = Shop::new().await;
    let client = shop.client("1000").await;
    shop.sender(&shop.platform.owner, &client, "OTHER").await;
    let mut price = scale("tier", 10);
    price["counter_group"] = json!("sender_id");
    shop.sell(&shop.platform.owner, &client, sms(price)).await;
    assert_eq!(shop.send_as(&client, 0..10, "hello", "ACME").await, "10");
    assert_eq!(shop.send_as(&client, 0..10, "hello", "OTHER").await, "10");
    assert_eq!(shop.send_as(&client, 10..13, "hello", "ACME").await, "6");
    assert_eq!(shop.send_as(&client, 10..11, "hello", "OTHER").await, "2");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn two_nodes_of_a_tree_count_apart() {
    let shop = Shop::new().await;
    let client = shop.client("1000").await;
    let tree = json!({"sms_message": {"depends_on": "country", "values": {
        "DE": {"price": scale("tier", 2)}, "AT": {"price": scale("tier", 2)}}}});
    shop.sell(&shop.platform.owner, &client, tree).await;
    assert_eq!(shop.send(&client, 0..3).await, "4");
    let austria: Vec<_> = (0..3).map(|place| format!("+436641234{place:03}")).collect();
    let sent = shop.try_send(&client, &austria, "hello", "ACME").await.good();
    assert_eq!(text(&sent, "total"), "4");
    shop.settle(&[&client]).await;
}

/// An agreement that is billed day by day, in this time zone from now on.
async fn daily_in(shop: &Shop, member: &Member, time_zone: &str) {
    let id = AgreementId::parse(&member.agreement).unwrap();
    let terms = BillingTerms {
        time_zone: time_zone.into(),
        period: BillingPeriod::Daily,
        ..BillingTerms::monthly_utc()
    };
    let daily = |agreement: &mut Agreement| {
        agreement.versions.iter_mut().for_each(|version| version.billing = terms.clone());
    };
    change_agreement(&shop.platform.store, &id, daily).await;
}

#[tokio::test]
async fn a_new_billing_period_counts_from_the_beginning() {
    let (shop, client) = on_a_scale("tier", 10, "1000").await;
    // Between these two it is never the same day.
    daily_in(&shop, &client, "Pacific/Pago_Pago").await;
    assert_eq!(shop.send(&client, 0..15).await, "20");
    daily_in(&shop, &client, "Pacific/Kiritimati").await;
    assert_eq!(shop.send(&client, 0..15).await, "20");
    shop.check().await;
}

#[tokio::test]
async fn a_new_price_goes_on_counting_where_the_old_one_was() {
    let (shop, client) = on_a_scale("tier", 10, "1000").await;
    let owner = &shop.platform.owner;
    assert_eq!(shop.send(&client, 0..8).await, "8");
    let agreement =
        shop.platform.get(&owner.key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    let service = text(&agreement["services"][0], "service");
    let mut price = scale("tier", 10);
    price["tiers"][1]["amount"] = json!("3");
    let path = format!("/v1/services/{service}/tree");
    let body = json!({"tree": sms(price)});
    shop.platform.ask(&owner.key, http::Method::PUT, &path, &[], Some(body)).await.good();
    assert_eq!(shop.send(&client, 8..12).await, "8");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_reseller_on_a_scale_is_charged_by_what_all_its_clients_send() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "2000").await;
    shop.sell(owner, &reseller, sms(scale("back_to_first", 100))).await;
    let mut clients = Vec::new();
    for name in ["First", "Second"] {
        let client = shop.platform.euro_member(&reseller, name, "client").await;
        shop.stock(&reseller, &client, "1000").await;
        shop.sell(&reseller, &client, sms(flat("3"))).await;
        clients.push(client);
    }
    for (client, places, total) in
        [(0, 0..60, "180"), (1, 0..39, "117"), (0, 60..61, "3"), (1, 39..40, "3"), (0, 61..70, "27")]
    {
        assert_eq!(shop.send(&clients[client], places).await, total);
    }
    // 110 messages, all of them at 2.
    assert_eq!(shop.platform.balance(&reseller).await, "1780");
    assert_eq!(shop.platform.balance(&clients[0]).await, "790");
    assert_eq!(shop.platform.balance(&clients[1]).await, "880");
    shop.settle(&[&reseller, &clients[0], &clients[1]]).await;
}

/// The guide's first example (7.3.3), with the networks as the numbering plan names them.
#[tokio::test]
async fn the_guides_sms_service_to_spain() {
    let shop = Shop::new().await;
    let client = shop.client("10000").await;
    let few = json!({"type": "scale", "scale": "tier", "counter_group": "sender_id",
        "tiers": [{"threshold": 1000, "amount": "0.005"}, {"amount": "0.004"}]});
    let many = json!({"type": "scale", "scale": "tier", "tiers": [{"threshold": 10000, "amount": "0.05"},
        {"threshold": 50000, "amount": "0.04"}, {"amount": "0.03"}]});
    let tree = json!({
        "sms_message": {"depends_on": "direction", "billing_rule": "submitted", "quantity_rule": "segments",
            "values": {"MO": {"price": {"type": "free"}}, "MT": {"depends_on": "country",
                "values": {"ES": {"depends_on": "network",
                    "values": {"Vodafone": {"price": flat("0.04")}, "DigiMobil": {"price": few}},
                    "others": {"price": flat("0.08")}}},
                "others": {"price": many}}}},
        "sender_id_setup_fee": {"depends_on": "mno", "values": {"Vodafone": {"price": flat("50")}}},
        "sender_id_usage_fee": {"depends_on": "mno", "values":
            {"Vodafone": {"price": flat("10")}, "DigiMobil": {"price": flat("15")}}}});
    shop.sell(&shop.platform.owner, &client, tree).await;
    let send = |recipients: Vec<String>| {
        let (shop, client) = (&shop, &client);
        async move { text(&shop.try_send(client, &recipients, "hello", "ACME").await.good(), "total") }
    };
    assert_eq!(send(vec!["+34600123456".into()]).await, "0.04");
    assert_eq!(send(vec!["+34616123456".into()]).await, "0.08");
    let digi = |places: std::ops::Range<u32>| places.map(|place| format!("+34614345{place:03}")).collect();
    assert_eq!(send(digi(0..990)).await, "4.95");
    // 10 at 0.005 and 10 at 0.004.
    assert_eq!(send(digi(980..1_000)).await, "0.09");
    // The rest of the world has a scale of its own, and each sender ID a counter of its own in Spain.
    assert_eq!(shop.send(&client, 0..1_000).await, "50");
    shop.sender(&shop.platform.owner, &client, "OTHER").await;
    let other = shop.try_send(&client, &digi(0..1), "hello", "OTHER").await.good();
    assert_eq!(text(&other, "total"), "0.005");
    shop.settle(&[&client]).await;
}
