//! Bundles through the API: unique recipients of a billing period, what each more costs, and how a bundle
//! goes on from period to period.

use domain::agreement::Agreement;
use domain::id::AgreementId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::edits::change_agreement;

use crate::platform::{Member, text};
use crate::shop::{Shop, flat, segments, sms};

fn prices(bundle: &str) -> Value {
    json!({"sms_message": {"price": flat("0.2")}, "bundle_member": {"price": flat("1")},
        "service_purchase": {"depends_on": "pack", "values": {bundle: {"price": flat("100")}}}})
}

/// The guide's fifth example (7.3.7): messages for 0.2, a bundle of this size for 100, and 1 for each
/// recipient more.
async fn for_sale(size: u32, funds: &str) -> (Shop, Member, String) {
    let shop = Shop::new().await;
    let client = shop.client(funds).await;
    let owner = &shop.platform.owner;
    let bundle = shop.service(owner, json!({"type": "bundle_pack", "size": size}), json!({})).await;
    shop.sell(owner, &client, prices(&bundle)).await;
    let counted = sms(json!({"type": "included"}));
    let initiator = shop.service(owner, json!({"type": "bundle_initiator"}), counted).await;
    shop.enable(owner, &client, &initiator).await;
    (shop, client, bundle)
}

async fn buy(shop: &Shop, client: &Member, bundle: &str, auto_extend: bool) -> Value {
    let body = json!({"service": bundle, "billing": "charge", "auto_extend": auto_extend});
    shop.try_buy(&shop.platform.owner, client, body).await.good()
}

#[tokio::test]
async fn a_bundle_of_1000_and_1200_contacts_cost_100_and_440() {
    let (shop, client, bundle) = for_sale(1_000, "1000").await;
    let bought = buy(&shop, &client, &bundle, false).await;
    assert_eq!((text(&bought, "balance"), text(&bought["fee"], "amount")), ("900".into(), "100".into()));
    // 600 and 400 of the bundle, and 200 more.
    assert_eq!(shop.send(&client, 0..600).await, "120");
    assert_eq!(shop.send(&client, 600..1_200).await, "320");
    assert_eq!(shop.platform.balance(&client).await, "460");
    assert_eq!(shop.packs(&client).await, ["1200/0"]);
    // The same contacts again cost their messages alone.
    assert_eq!(shop.send(&client, 200..1_200).await, "200");
    assert_eq!(shop.send(&client, 1_199..1_201).await, "1.4");
    assert_eq!(shop.packs(&client).await, ["1201/0"]);
    shop.settle(&[&client]).await;
    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let invoice = shop.platform.post(&shop.platform.owner.key, &path, json!({})).await.good();
    assert_eq!(text(&invoice, "net"), "741.4");
}

#[tokio::test]
async fn a_contact_counts_once_however_long_the_message_and_whatever_became_of_it() {
    let (shop, client, bundle) = for_sale(1, "1000").await;
    buy(&shop, &client, &bundle, false).await;
    assert_eq!(shop.send_as(&client, 0..1, &segments(3), "ACME").await, "0.6");
    let sent = shop.try_send(&client, &crate::shop::numbers(1..2), &segments(3), "ACME").await.good();
    assert_eq!(text(&sent, "total"), "1.6");
    shop.refuse(&text(&sent["messages"][0], "id")).await;
    // The message is refunded; that the contact was counted stays.
    assert_eq!(shop.platform.balance(&client).await, "898.4");
    assert_eq!(shop.send(&client, 1..2).await, "0.2");
    assert_eq!(shop.packs(&client).await, ["2/0"]);
    let enabled = format!("/v1/enabled_services?kind=bundle_pack&company={}", client.company);
    let enabled = shop.platform.get(&client.key, &enabled).await.good()["items"][0].clone();
    assert_eq!((text(&enabled, "used"), &enabled["kind"]["size"]), ("2".into(), &json!(1)));
    assert_eq!(text(&enabled, "cost"), "100");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn what_is_enabled_is_listed_by_what_is_used_of_it() {
    let (shop, client, bundle) = for_sale(10, "1000").await;
    let owner = &shop.platform.owner;
    buy(&shop, &client, &bundle, false).await;
    let more = shop.service(owner, json!({"type": "bundle_pack", "size": 5}), json!({})).await;
    shop.give(owner, &client, &more).await;
    assert_eq!(shop.send(&client, 0..3).await, "0.6");
    let used = async |query: &str| {
        let path = format!("/v1/enabled_services?company={}&{query}", client.company);
        let list = shop.platform.get(&owner.key, &path).await.good();
        list["items"].as_array().unwrap().iter().map(|row| row["used"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(used("sort=-used&limit=3").await, [json!("3"), json!("0"), Value::Null]);
    assert_eq!(used("sort=used&kind=bundle_pack").await, [json!("0"), json!("3")]);
    assert_eq!(used("sort=name&kind=bundle_pack&limit=1").await.len(), 1);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn without_a_bundle_or_outside_its_channels_a_message_costs_its_price() {
    let (shop, client, bundle) = for_sale(1, "1000").await;
    assert_eq!(shop.send(&client, 0..5).await, "1");
    buy(&shop, &client, &bundle, false).await;
    // They were not counted before the bundle was there.
    assert_eq!(shop.send(&client, 0..5).await, "5");
    let owner = &shop.platform.owner;
    let agreement =
        shop.platform.get(&owner.key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    let initiator = text(&agreement["services"][1], "service");
    let body = json!({"tree": sms(json!({"type": "not_included"}))});
    let path = format!("/v1/services/{initiator}/tree");
    shop.platform.ask(&owner.key, http::Method::PUT, &path, &[], Some(body)).await.good();
    assert_eq!(shop.send(&client, 10..15).await, "1");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn sends_at_once_to_the_same_contacts_count_each_of_them_once() {
    let (shop, client, bundle) = for_sale(5, "1000").await;
    buy(&shop, &client, &bundle, false).await;
    let sends = (0..8).map(|_| shop.send(&client, 0..20));
    let totals = futures::future::join_all(sends).await;
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort();
    assert_eq!(totals, ["19", "4", "4", "4", "4", "4", "4", "4"]);
    assert_eq!(shop.packs(&client).await, ["20/0"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_resellers_bundle_counts_the_contacts_of_all_its_clients_together() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "1000").await;
    let bundle = shop.service(owner, json!({"type": "bundle_pack", "size": 10}), json!({})).await;
    shop.sell(owner, &reseller, prices(&bundle)).await;
    let counted = sms(json!({"type": "included"}));
    let initiator = shop.service(owner, json!({"type": "bundle_initiator"}), counted).await;
    shop.enable(owner, &reseller, &initiator).await;
    buy(&shop, &reseller, &bundle, false).await;
    let mut clients = Vec::new();
    for name in ["First", "Second"] {
        let client = shop.platform.euro_member(&reseller, name, "client").await;
        shop.stock(&reseller, &client, "100").await;
        shop.sell(&reseller, &client, sms(flat("0.5"))).await;
        clients.push(client);
    }
    assert_eq!(shop.send(&clients[0], 0..8).await, "4");
    assert_eq!(shop.send(&clients[1], 4..12).await, "4");
    // 16 messages at 0.2, and 2 contacts past the size.
    assert_eq!(shop.platform.balance(&reseller).await, "894.8");
    assert_eq!(shop.packs(&reseller).await, ["12/0"]);
    shop.settle(&[&reseller, &clients[0], &clients[1]]).await;
}

/// When the bundle ends that is in force.
fn end(bundle: &Value) -> Timestamp {
    text(bundle, "effective_till").parse().unwrap()
}

async fn pack(shop: &Shop, client: &Member) -> Value {
    let path = format!("/v1/agreements/{}/packs", client.agreement);
    shop.platform.get(&client.key, &path).await.good()["items"][0].clone()
}

async fn fees(shop: &Shop, client: &Member) -> Vec<String> {
    let path = format!("/v1/fees?agreement={}", client.agreement);
    let list = shop.platform.get(&client.key, &path).await.good();
    let shown = |fee: &Value| {
        let period = fee["first_day"].as_str().map(|_| " extended").unwrap_or_default();
        format!("{} {}{period}", text(fee, "status"), text(fee, "amount"))
    };
    let mut fees: Vec<_> = list["items"].as_array().unwrap().iter().map(shown).collect();
    fees.reverse();
    fees
}

#[tokio::test]
async fn a_bundle_that_extends_is_bought_once_for_each_period() {
    let (shop, client, bundle) = for_sale(10, "350").await;
    let bought = buy(&shop, &client, &bundle, true).await;
    let first_end = end(&bought);
    shop.sweep(first_end - SignedDuration::from_secs(1)).await;
    assert_eq!(end(&pack(&shop, &client).await), first_end);
    for _ in 0..2 {
        let sweeps = (0..4).map(|_| shop.sweep(first_end + SignedDuration::from_secs(30)));
        futures::future::join_all(sweeps).await;
    }
    let second_end = end(&pack(&shop, &client).await);
    assert!(second_end > first_end);
    assert_eq!(shop.platform.balance(&client).await, "150");
    shop.sweep(second_end).await;
    assert_eq!(fees(&shop, &client).await, ["posted 100", "posted 100 extended", "posted 100 extended"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_bundle_that_cannot_be_paid_is_out_of_force_until_it_can() {
    let (shop, client, bundle) = for_sale(10, "150").await;
    let first_end = end(&buy(&shop, &client, &bundle, true).await);
    let hours = |hours| first_end + SignedDuration::from_hours(hours);
    shop.sweep(first_end).await;
    assert_eq!(end(&pack(&shop, &client).await), first_end);
    shop.sweep(hours(0) + SignedDuration::from_mins(59)).await;
    let rules = format!("/v1/agreements/{}/fee_rules", client.agreement);
    let rule = shop.platform.get(&client.key, &rules).await.good()["items"][0].clone();
    assert_eq!(
        (&rule["next"]["failed"], text(&rule["next"], "problem")),
        (&json!(1), "insufficient_funds".into())
    );
    assert_eq!(
        (text(&rule["kind"], "type"), text(&rule, "price")),
        ("bundle_extension".into(), "100".into())
    );
    shop.platform.pay(&shop.platform.owner, &client.agreement, "50").await;
    shop.sweep(hours(1)).await;
    assert!(end(&pack(&shop, &client).await) > first_end);
    assert_eq!(shop.platform.balance(&client).await, "0");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn nobody_pays_for_periods_in_which_a_bundle_was_out_of_force() {
    let (shop, client, bundle) = for_sale(10, "100").await;
    let first_end = end(&buy(&shop, &client, &bundle, true).await);
    shop.sweep(first_end).await;
    shop.platform.pay(&shop.platform.owner, &client.agreement, "500").await;
    let much_later = first_end + SignedDuration::from_hours(24 * 70);
    shop.sweep(much_later).await;
    assert!(end(&pack(&shop, &client).await) > much_later);
    assert_eq!(fees(&shop, &client).await, ["posted 100", "posted 100 extended"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_bundle_ends_with_its_period_when_it_is_not_extended_any_more() {
    let (shop, client, bundle) = for_sale(10, "500").await;
    let owner = &shop.platform.owner;
    let bought = buy(&shop, &client, &bundle, true).await;
    let path = format!("/v1/agreements/{}/packs/{}", client.agreement, text(&bought, "id"));
    let again = json!({"service": bundle, "billing": "charge"});
    assert_eq!(shop.try_buy(owner, &client, again).await.refusal(), "409 service_overlaps");
    let rules = format!("/v1/agreements/{}/fee_rules", client.agreement);
    let rule = shop.platform.get(&owner.key, &rules).await.good()["items"][0].clone();
    let rule = format!("{rules}/{}", text(&rule, "id"));
    let refused = shop.platform.ask(&owner.key, http::Method::DELETE, &rule, &[], None).await;
    assert_eq!(refused.refusal(), "409 belongs_to_pack");
    let off = json!({"auto_extend": false});
    assert_eq!(shop.platform.patch(&owner.key, &path, off.clone()).await.good()["auto_extend"], false);
    shop.platform.patch(&owner.key, &path, off).await.good();
    shop.sweep(end(&bought)).await;
    assert_eq!(end(&pack(&shop, &client).await), end(&bought));
    shop.platform.patch(&owner.key, &path, json!({"auto_extend": true})).await.good();
    shop.sweep(end(&bought)).await;
    shop.sweep(end(&bought)).await;
    assert_eq!(fees(&shop, &client).await, ["posted 100", "posted 100 extended"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn what_extends_a_hidden_bundle_is_hidden_from_who_pays_as_well() {
    let (shop, client, bundle) = for_sale(10, "350").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let body =
        json!({"service": bundle, "billing": "charge", "auto_extend": true, "hidden_from_client": true});
    let bought = shop.try_buy(owner, &client, body).await.good();
    let rules = format!("/v1/agreements/{}/fee_rules", client.agreement);
    let seen_by = async |key: &str| {
        let list = platform.get(key, &rules).await.good();
        let csv = [("accept", "text/csv")];
        let file = platform.ask(key, http::Method::GET, &rules, &csv, None).await.good();
        (list["items"].as_array().unwrap().clone(), file.as_str().unwrap().lines().count() - 1)
    };
    let (seen, lines) = seen_by(&owner.key).await;
    assert_eq!((seen.len(), &seen[0]["kind"]["pack"], lines), (1, &bought["id"], 1));
    assert_eq!(seen_by(&client.key).await, (Vec::new(), 0));
    // Whoever knows its id is told no more than of one that is not there.
    let end = async |rule: &str| {
        let path = format!("{rules}/{rule}");
        platform.ask(&client.key, http::Method::DELETE, &path, &[], None).await
    };
    let unknown = end("frl_00000000000000000000000001").await;
    let hidden = end(&text(&seen[0], "id")).await;
    assert_eq!((hidden.refusal(), hidden.body), (unknown.refusal(), unknown.body));
    let rule = format!("{rules}/{}", text(&seen[0], "id"));
    assert_eq!(platform.get(&owner.key, &rule).await.good(), seen[0]);
    assert_eq!(platform.get(&client.key, &rule).await.refusal(), "404 not_found");
    let later = platform.patch(&owner.key, &rule, json!({"retry_hours": 2})).await;
    assert_eq!(later.refusal(), "409 belongs_to_pack");
    let pack = format!("/v1/agreements/{}/packs/{}", client.agreement, text(&bought, "id"));
    platform.patch(&owner.key, &pack, json!({"hidden_from_client": false})).await.good();
    let (seen, lines) = seen_by(&client.key).await;
    assert_eq!((&seen, lines), (&seen_by(&owner.key).await.0, 1));
    assert_eq!(platform.get(&client.key, &rule).await.good(), seen[0]);
}

#[tokio::test]
async fn a_bundle_counts_only_while_it_is_in_force() {
    let (shop, client, bundle) = for_sale(1, "1000").await;
    buy(&shop, &client, &bundle, true).await;
    assert_eq!(shop.send(&client, 0..2).await, "1.4");
    // As if the period had ended and the next one could not be paid.
    let id = AgreementId::parse(&client.agreement).unwrap();
    let end = |agreement: &mut Agreement| {
        for enabled in &mut agreement.services {
            enabled.effective_till = enabled.effective_till.map(|_| runtime::now());
        }
    };
    change_agreement(&shop.platform.store, &id, end).await;
    assert_eq!(pack(&shop, &client).await["in_force"], false);
    assert_eq!(shop.send(&client, 2..5).await, "0.6");
    shop.settle(&[&client]).await;
}
