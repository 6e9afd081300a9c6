//! Packs through the API: what is taken from which, what is left, and what a purchase costs.

use domain::id::{AgreementId, UserId, WalletId};
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::platform::{Member, Platform, text};
use crate::shop::{Shop, flat, numbers, segments, sms};
use crate::users::person;

fn units(size: u32) -> Value {
    json!({"type": "unit_pack", "size": size})
}

fn included() -> Value {
    sms(json!({"type": "included"}))
}

/// The price of a pack, beside that of a message.
fn prices(pack: &str, amount: &str, message: &str) -> Value {
    json!({"sms_message": {"price": flat(message)},
        "service_purchase": {"depends_on": "pack", "values": {pack: {"price": flat(amount)}}}})
}

/// A pack of 10 for 10, beside messages for 0.05.
async fn for_sale(funds: &str) -> (Shop, Member, String) {
    let shop = Shop::new().await;
    let client = shop.client(funds).await;
    let owner = &shop.platform.owner;
    let pack = shop.service(owner, units(10), included()).await;
    shop.sell(owner, &client, prices(&pack, "10", "0.05")).await;
    (shop, client, pack)
}

fn charged(pack: &str) -> Value {
    json!({"service": pack, "billing": "charge"})
}

#[tokio::test]
async fn one_message_is_taken_from_two_packs_and_the_rest_is_paid_as_you_go() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    let owner = &shop.platform.owner;
    let (small, large) =
        (shop.service(owner, units(3), included()).await, shop.service(owner, units(4), included()).await);
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    shop.give(owner, &client, &large).await;
    shop.give(owner, &client, &small).await;
    assert_eq!(shop.send_as(&client, 0..1, &segments(2), "ACME").await, "0");
    assert_eq!(shop.packs(&client).await, ["2/2", "0/3"]);
    // Two of the first, three of the second, and five at 0.05.
    assert_eq!(shop.send_as(&client, 1..2, &segments(10), "ACME").await, "0.25");
    assert_eq!(shop.packs(&client).await, ["4/0", "3/0"]);
    assert_eq!(shop.send(&client, 2..3).await, "0.05");
    assert_eq!(shop.platform.balance(&client).await, "9.7");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn the_same_pack_given_twice_is_there_twice() {
    let shop = Shop::new().await;
    let client = shop.client("1").await;
    let owner = &shop.platform.owner;
    let pack = shop.service(owner, units(3), included()).await;
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    shop.give(owner, &client, &pack).await;
    shop.give(owner, &client, &pack).await;
    assert_eq!(shop.send(&client, 0..7).await, "0.05");
    assert_eq!(shop.packs(&client).await, ["3/0", "3/0"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_monetary_pack_pays_at_its_own_prices_for_whole_messages() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    let owner = &shop.platform.owner;
    let kind = json!({"type": "monetary_pack", "size": "1"});
    let pack = shop.service(owner, kind.clone(), sms(flat("0.3"))).await;
    // What is included without a price costs what it would cost without the pack.
    let plain = shop.service(owner, kind, included()).await;
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    shop.give(owner, &client, &pack).await;
    assert_eq!(shop.send(&client, 0..5).await, "0.1");
    assert_eq!(shop.packs(&client).await, ["0.9/0.1"]);
    shop.give(owner, &client, &plain).await;
    assert_eq!(shop.send(&client, 5..15).await, "0");
    assert_eq!(shop.packs(&client).await, ["0.9/0.1", "0.5/0.5"]);
    assert_eq!(shop.platform.balance(&client).await, "9.9");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn what_never_left_gives_its_units_and_its_money_back() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    let owner = &shop.platform.owner;
    let pack = shop.service(owner, units(3), included()).await;
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    shop.give(owner, &client, &pack).await;
    let sent = shop.try_send(&client, &numbers(0..1), &segments(5), "ACME").await.good();
    assert_eq!((text(&sent, "total"), shop.packs(&client).await), ("0.1".into(), vec!["3/0".to_owned()]));
    let message = text(&sent["messages"][0], "id");
    shop.refuse(&message).await;
    shop.refuse(&message).await;
    assert_eq!(shop.packs(&client).await, ["0/3"]);
    assert_eq!(shop.platform.balance(&client).await, "10");
    assert_eq!(shop.send(&client, 1..4).await, "0");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_pack_sells_what_is_included_looks_on_at_the_rest_and_stops_what_it_blocks() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    let owner = &shop.platform.owner;
    let tree = json!({"sms_message": {"depends_on": "country", "values": {
        "DE": {"price": {"type": "included"}}, "AT": {"price": {"type": "blocked"}}},
        "others": {"price": {"type": "not_included"}}}});
    let pack = shop.service(owner, units(10), tree).await;
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    shop.give(owner, &client, &pack).await;
    assert_eq!(shop.send(&client, 0..2).await, "0");
    let swiss = ["+41791234567".to_owned()];
    assert_eq!(text(&shop.try_send(&client, &swiss, "hello", "ACME").await.good(), "total"), "0.05");
    let austrian = ["+436641234567".to_owned()];
    assert_eq!(shop.try_send(&client, &austrian, "hello", "ACME").await.refusal(), "422 blocked");
    assert_eq!(shop.packs(&client).await, ["2/8"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_pack_alone_sells_what_is_in_it_and_no_more() {
    let shop = Shop::new().await;
    let client = shop.client("10").await;
    let pack = shop.service(&shop.platform.owner, units(3), included()).await;
    shop.give(&shop.platform.owner, &client, &pack).await;
    let sent = shop.try_send(&client, &numbers(0..5), "hello", "ACME").await.good();
    let refused: Vec<_> =
        sent["refused"].as_array().unwrap().iter().map(|refused| text(refused, "code")).collect();
    assert_eq!((sent["messages"].as_array().unwrap().len(), refused), (3, vec!["no_rate".to_owned(); 2]));
    let refused = shop.try_send(&client, &numbers(9..10), "hello", "ACME").await;
    assert_eq!(refused.refusal(), "422 no_rate");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_purchase_is_charged_at_the_agreements_price_and_shown_everywhere() {
    let (shop, client, pack) = for_sale("25").await;
    let owner = &shop.platform.owner;
    let path = format!("/v1/agreements/{}/pack_price?service={pack}", client.agreement);
    let price = shop.platform.get(&owner.key, &path).await.good();
    assert_eq!((text(&price, "price"), text(&price, "currency")), ("10".into(), "EUR".into()));
    let bought = shop.try_buy(owner, &client, charged(&pack)).await.good();
    assert_eq!((text(&bought, "balance"), text(&bought["fee"], "amount")), ("15".into(), "10".into()));
    assert_eq!((text(&bought, "used"), text(&bought, "left")), ("0".into(), "10".into()));
    assert_eq!(bought["in_force"], true);
    assert_eq!(shop.send(&client, 0..12).await, "0.1");
    shop.settle(&[&client]).await;
    assert_eq!(shop.statement(&client).await, ["payment 25", "fee -10", "charge -0.1"]);

    let path = format!("/v1/edrs?agreement={}", client.agreement);
    let records = shop.platform.get(&client.key, &path).await.good();
    let fees: Vec<_> =
        records["items"].as_array().unwrap().iter().filter(|edr| edr["fee"].is_string()).collect();
    assert_eq!((fees.len(), text(fees[0], "resource")), (1, "service_purchase".to_owned()));
    assert_eq!((text(fees[0], "amount"), text(fees[0], "fee")), ("10".into(), text(&bought["fee"], "id")));

    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let invoice = shop.platform.post(&owner.key, &path, json!({})).await.good();
    assert_eq!(text(&invoice, "total_due"), "10.1");
    let charges: Vec<_> = invoice["charges"].as_array().unwrap().iter().collect();
    let fee = charges.iter().find(|charge| charge["resource"] == "service_purchase").unwrap();
    assert_eq!((text(fee, "net"), &fee["messages"], &fee["quantity"]), ("10".into(), &json!(1), &json!(1)));
    let rows = shop.rows(&invoice).await;
    let row = rows.iter().find(|row| row["subject"] == "Service").unwrap();
    assert_eq!((text(row, "net"), &row["messages"]), ("10".into(), &json!(1)));
}

#[tokio::test]
async fn what_is_enabled_is_listed_with_its_cost_by_agreement_or_one_by_one() {
    let (shop, client, pack) = for_sale("25").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    shop.try_buy(owner, &client, charged(&pack)).await.good();
    let given = shop.give(owner, &client, &pack).await;
    let list = async |query: &str| {
        let path = format!("/v1/enabled_services?company={}&{query}", client.company);
        platform.get(&owner.key, &path).await.good()
    };
    let (since, agreement) = (text(&given, "effective_from"), &client.agreement);
    for (query, costs) in [
        ("", vec![json!(null), json!("10"), json!(null)]),
        ("kind=pack", vec![json!("10"), json!(null)]),
        ("cost_min=9&cost_max=10", vec![json!("10")]),
        ("sort=cost", vec![json!(null), json!(null), json!("10")]),
        ("sort=-cost&name=SERV", vec![json!("10"), json!(null), json!(null)]),
        ("name=other", vec![]),
        ("ends_before=2999-01-01T00:00:00Z", vec![]),
        ("ends_since=2999-01-01T00:00:00Z&currency=EUR&kind=unit_pack&cost_min=1", vec![json!("10")]),
        ("currency=USD", vec![]),
        (&format!("effective_since={since}"), vec![json!(null)]),
        (&format!("effective_before={since}&sort=-effective_from"), vec![json!("10"), json!(null)]),
        (&format!("agreement={agreement}&kind=pay_as_you_go"), vec![json!(null)]),
        (&format!("agreement={}", owner.agreement), vec![]),
    ] {
        let found = list(query).await;
        let found: Vec<_> =
            found["items"].as_array().unwrap().iter().map(|row| row["cost"].clone()).collect();
        assert_eq!(found, costs, "{query}");
    }
    let enabled_at = text(&list("sort=-enabled_at&limit=1").await["items"][0], "enabled_at");
    assert_eq!(list(&format!("enabled_from={enabled_at}")).await["items"][0]["id"], given["id"]);
    let before = list(&format!("enabled_till={enabled_at}&sort=enabled_at")).await;
    let (sold, bought) = (&before["items"][0], &before["items"][1]);
    assert_eq!((&sold["kind"]["type"], &bought["cost"]), (&json!("pay_as_you_go"), &json!("10")));
    assert_eq!(list("sort=kind").await["items"][0]["kind"]["type"], "pay_as_you_go");
    let first = list("sort=-effective_from&limit=2").await;
    assert_eq!(first["items"][0]["id"], given["id"]);
    let rest = list(&format!("sort=-effective_from&limit=2&cursor={}", text(&first, "next"))).await;
    assert_eq!(
        (text(&rest["items"][0]["kind"], "type"), &rest["next"]),
        ("pay_as_you_go".into(), &json!(null))
    );
    let seen = platform.get(&client.key, &format!("/v1/agreements/{agreement}")).await.good();
    assert_eq!((&seen["service_count"], &seen["pack_count"]), (&json!(1), &json!(2)));
    assert_eq!(seen["services"][2]["enabled_at"], enabled_at.as_str());
    let sold = format!("/v1/agreements?tenant={}", owner.company);
    for query in [
        "service_count=1&pack_count=2&direction=client".to_owned(),
        format!("service={pack}"),
        "sort=-service_count&limit=1".to_owned(),
        "sort=-pack_count&limit=1".to_owned(),
    ] {
        let found = platform.get(&owner.key, &format!("{sold}&{query}")).await.good();
        let found: Vec<_> = found["items"].as_array().unwrap().iter().map(|it| text(it, "id")).collect();
        assert_eq!(found, std::slice::from_ref(agreement), "{query}");
    }
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_pack_without_a_price_or_without_money_for_it_is_not_bought() {
    let (shop, client, pack) = for_sale("9").await;
    let owner = &shop.platform.owner;
    let other = shop.service(owner, units(5), included()).await;
    assert_eq!(shop.try_buy(owner, &client, charged(&other)).await.refusal(), "422 no_rate");
    let refused = shop.try_buy(owner, &client, charged(&pack)).await;
    assert_eq!(refused.refusal(), "402 insufficient_funds");
    assert_eq!((text(&refused.body, "available"), text(&refused.body, "needed")), ("9".into(), "10".into()));
    assert_eq!(shop.packs(&client).await, Vec::<String>::new());
    assert_eq!(shop.platform.balance(&client).await, "9");
    shop.platform.pay(owner, &client.agreement, "1").await;
    assert_eq!(text(&shop.try_buy(owner, &client, charged(&pack)).await.good(), "balance"), "0");
    shop.settle(&[&client]).await;
}

/// Two purchases under the same key, at once or one after the other.
#[tokio::test]
async fn a_double_click_buys_once() {
    let (shop, client, pack) = for_sale("15").await;
    let owner = &shop.platform.owner;
    let path = format!("/v1/agreements/{}/packs", client.agreement);
    let click = || shop.platform.post_once(&owner.key, &path, "click", charged(&pack));
    let answers = join_all((0..6).map(|_| click())).await;
    let first = answers.into_iter().map(|answer| answer.good()).reduce(|first, next| {
        assert_eq!(first, next);
        first
    });
    assert_eq!(click().await.good(), first.unwrap());
    assert_eq!(shop.packs(&client).await, ["0/10"]);
    assert_eq!(shop.platform.balance(&client).await, "5");
    let other = json!({"service": pack, "billing": "free"});
    let reused = shop.platform.post_once(&owner.key, &path, "click", other).await;
    assert_eq!(reused.refusal(), "422 idempotency_key_reused");
    let free =
        || shop.platform.post_once(&owner.key, &path, "free", json!({"service": pack, "billing": "free"}));
    join_all((0..4).map(|_| free())).await.into_iter().for_each(|answer| drop(answer.good()));
    assert_eq!(shop.packs(&client).await.len(), 2);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn of_racing_purchases_only_those_are_made_that_the_money_is_there_for() {
    let (shop, client, pack) = for_sale("35").await;
    let owner = &shop.platform.owner;
    let buys = join_all((0..6).map(|_| shop.try_buy(owner, &client, charged(&pack))));
    let sends = join_all((0..20).map(|place| shop.send(&client, place..place + 1)));
    let (bought, sent) = futures::join!(buys, sends);
    let (good, refused): (Vec<_>, Vec<_>) = bought.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!(good.len(), 3, "{:?}", refused.iter().map(|answer| &answer.body).collect::<Vec<_>>());
    for answer in &refused {
        assert!(["402 insufficient_funds", "409 conflict"].contains(&answer.refusal().as_str()));
    }
    let paid = sent.iter().filter(|total| *total == "0.05").count();
    let taken: Vec<u32> = shop
        .packs(&client)
        .await
        .iter()
        .map(|pack| pack.split('/').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(taken.iter().sum::<u32>() as usize + paid, 20);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_purchase_takes_back_what_holders_below_keep_unused() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "100").await;
    let pack = shop.service(owner, units(10), included()).await;
    shop.sell(owner, &reseller, prices(&pack, "99.5", "0.03")).await;
    let client = shop.platform.euro_member(&reseller, "Client", "client").await;
    shop.stock(&reseller, &client, "10").await;
    shop.sell(&reseller, &client, sms(flat("0.05"))).await;
    shop.send(&client, 0..1).await;
    let wallet = shop.platform.get(&owner.key, &format!("/v1/wallets/{}", reseller.wallet)).await.good();
    assert_ne!(text(&wallet, "headroom"), "99.97", "something is set aside");
    let bought = shop.try_buy(owner, &reseller, charged(&pack)).await.good();
    assert_eq!(text(&bought, "balance"), "0.47");
    shop.settle(&[&reseller, &client]).await;
}

#[tokio::test]
async fn a_resellers_own_pack_pays_for_what_its_clients_send() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "100").await;
    let pack = shop.service(owner, units(1_000), included()).await;
    shop.sell(owner, &reseller, sms(flat("0.03"))).await;
    shop.give(owner, &reseller, &pack).await;
    let mut clients = Vec::new();
    for name in ["First", "Second"] {
        let client = shop.platform.euro_member(&reseller, name, "client").await;
        shop.stock(&reseller, &client, "100").await;
        shop.sell(&reseller, &client, sms(flat("0.05"))).await;
        clients.push(client);
    }
    let first = shop.service(&reseller, units(300), included()).await;
    shop.give(&reseller, &clients[0], &first).await;
    assert_eq!(shop.send(&clients[0], 0..400).await, "5");
    assert_eq!(shop.packs(&clients[0]).await, ["300/0"]);
    assert_eq!(shop.packs(&reseller).await, ["400/600"]);
    assert_eq!(shop.send(&clients[1], 0..1).await, "0.05");
    assert_eq!(shop.send(&clients[1], 1..500).await, "24.95");
    assert_eq!(shop.packs(&reseller).await, ["900/100"]);
    // A hundred of the pack and fifty at 0.03.
    assert_eq!(shop.send(&clients[0], 400..550).await, "7.5");
    assert_eq!(shop.packs(&reseller).await, ["1000/0"]);
    assert_eq!(shop.platform.balance(&reseller).await, "98.5");
    assert_eq!(shop.platform.balance(&clients[0]).await, "87.5");
    assert_eq!(shop.platform.balance(&clients[1]).await, "75");
    shop.settle(&[&reseller, &clients[0], &clients[1]]).await;
}

#[tokio::test]
async fn a_refund_far_below_gives_a_unit_back_to_the_resellers_pack() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "10").await;
    let pack = shop.service(owner, units(200), included()).await;
    shop.sell(owner, &reseller, sms(flat("0.03"))).await;
    shop.give(owner, &reseller, &pack).await;
    let client = shop.platform.euro_member(&reseller, "Client", "client").await;
    shop.stock(&reseller, &client, "10").await;
    shop.sell(&reseller, &client, sms(flat("0.05"))).await;
    let sent = shop.try_send(&client, &numbers(0..1), &segments(4), "ACME").await.good();
    assert_eq!(shop.packs(&reseller).await, ["4/196"]);
    shop.refuse(&text(&sent["messages"][0], "id")).await;
    assert_eq!(shop.packs(&reseller).await, ["0/200"]);
    assert_eq!(shop.send(&client, 1..151).await, "7.5");
    assert_eq!(shop.packs(&reseller).await, ["150/50"]);
    assert_eq!(shop.platform.balance(&reseller).await, "10");
    shop.settle(&[&reseller, &client]).await;
}

/// The same with money: a reseller that is nearly out of it is debited directly, and refunds come back to
/// what its client has set aside.
#[tokio::test]
async fn a_refund_is_in_the_resellers_balance_at_once_and_can_be_transferred() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "1").await;
    shop.sell(owner, &reseller, sms(flat("0.5"))).await;
    let client = shop.platform.euro_member(&reseller, "Client", "client").await;
    shop.stock(&reseller, &client, "10").await;
    shop.sell(&reseller, &client, sms(flat("0.6"))).await;
    let sent = shop.try_send(&client, &numbers(0..1), "hello", "ACME").await.good();
    assert_eq!(shop.platform.balance(&reseller).await, "0.5");
    shop.refuse(&text(&sent["messages"][0], "id")).await;
    assert_eq!(shop.platform.balance(&reseller).await, "1");
    let transfer = json!({"from": reseller.wallet, "to": client.wallet, "amount": "1"});
    shop.platform.post(&reseller.key, "/v1/transfers", transfer).await.good();
    assert_eq!(shop.platform.balance(&reseller).await, "0");
    shop.settle(&[&reseller, &client]).await;
}

#[tokio::test]
async fn units_that_came_back_to_one_client_are_there_for_the_next() {
    let shop = Shop::new().await;
    let owner = &shop.platform.owner;
    let reseller = shop.platform.euro_member(owner, "Reseller", "reseller").await;
    shop.platform.pay(owner, &reseller.agreement, "10").await;
    let pack = shop.service(owner, units(200), included()).await;
    shop.sell(owner, &reseller, sms(flat("0.03"))).await;
    shop.give(owner, &reseller, &pack).await;
    let mut clients = Vec::new();
    for name in ["First", "Second"] {
        let client = shop.platform.euro_member(&reseller, name, "client").await;
        shop.stock(&reseller, &client, "50").await;
        shop.sell(&reseller, &client, sms(flat("0.05"))).await;
        clients.push(client);
    }
    let sent = shop.try_send(&clients[0], &numbers(0..1), &segments(4), "ACME").await.good();
    shop.refuse(&text(&sent["messages"][0], "id")).await;
    assert_eq!(shop.send(&clients[1], 0..200).await, "10");
    assert_eq!(shop.packs(&reseller).await, ["200/0"]);
    assert_eq!(shop.platform.balance(&reseller).await, "10");
    shop.settle(&[&reseller, &clients[0], &clients[1]]).await;
}

#[tokio::test]
async fn users_with_credits_of_their_own_share_the_packs_of_their_company() {
    let shop = Shop::new().await;
    let client = shop.client("100").await;
    let owner = &shop.platform.owner;
    let pack = shop.service(owner, units(10), included()).await;
    shop.sell(owner, &client, prices(&pack, "10", "0.5")).await;
    let path = format!("/v1/agreements/{}", client.agreement);
    shop.platform.patch(&owner.key, &path, json!({"individual_credits": true})).await.good();
    let bought = shop.try_buy(owner, &client, charged(&pack)).await.good();
    assert_eq!(text(&bought, "balance"), "90");
    let mut users = Vec::new();
    for name in ["Ada", "Bob"] {
        let user = person(&shop.platform, &client, name, false).await;
        let (agreement, id) =
            (AgreementId::parse(&client.agreement).unwrap(), UserId::parse(&user.id).unwrap());
        let wallet = WalletId::of_user(&agreement, &id).to_string();
        let transfer = json!({"from": client.wallet, "to": wallet, "amount": "5"});
        shop.platform.post(&client.key, "/v1/transfers", transfer).await.good();
        users.push(Member { key: user.key, wallet, ..client.clone() });
    }
    assert_eq!(shop.send(&users[0], 0..6).await, "0");
    assert_eq!(shop.send(&users[1], 0..6).await, "1");
    assert_eq!(shop.packs(&client).await, ["10/0"]);
    assert_eq!(shop.send(&users[0], 6..7).await, "0.5");
    assert_eq!(shop.platform.balance(&users[0]).await, "4.5");
    assert_eq!(shop.platform.balance(&users[1]).await, "4");
    assert_eq!(shop.platform.balance(&client).await, "80");
    shop.project().await;
    shop.check().await;
}

#[tokio::test]
async fn a_pack_that_has_ended_or_not_begun_is_left_alone() {
    let (shop, client, pack) = for_sale("10").await;
    let owner = &shop.platform.owner;
    let later = runtime::now() + jiff::SignedDuration::from_hours(1);
    let body = json!({"service": pack, "billing": "free", "effective_from": later});
    let later = shop.try_buy(owner, &client, body).await.good();
    assert_eq!(later["in_force"], false);
    assert_eq!(shop.send(&client, 0..1).await, "0.05");
    let now = shop.give(owner, &client, &pack).await;
    assert_eq!(shop.send(&client, 1..2).await, "0");
    let path = format!("/v1/agreements/{}/packs/{}", client.agreement, text(&now, "id"));
    let end = json!({"effective_till": runtime::now()});
    assert_eq!(shop.platform.patch(&owner.key, &path, end).await.good()["in_force"], false);
    assert_eq!(shop.send(&client, 2..3).await, "0.05");
    assert_eq!(
        shop.platform.patch(&owner.key, &path, json!({"effective_till": null})).await.good()["in_force"],
        true
    );
    assert_eq!(shop.send(&client, 3..4).await, "0");
    let bundle = shop.platform.patch(&owner.key, &path, json!({"auto_extend": true})).await;
    assert_eq!(bundle.refusal(), "422 invalid");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_pack_that_has_not_begun_gets_other_times_or_is_deleted_and_one_that_has_stays() {
    let (shop, client, pack) = for_sale("1").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let list = format!("/v1/agreements/{}/packs", client.agreement);
    let begun = format!("{list}/{}", text(&shop.give(owner, &client, &pack).await, "id"));
    let later = json!({"service": pack, "billing": "free", "effective_from": "2030-01-01T00:00:00Z"});
    let later = shop.try_buy(owner, &client, later).await.good();
    let next = format!("{list}/{}", text(&later, "id"));
    let read = platform.get(&client.key, &next).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", later["revision"]));
    assert_eq!(read.good()["effective_from"], "2030-01-01T00:00:00Z");

    let change = async |body: Value| {
        platform.ask(&owner.key, Method::PATCH, &next, &[("if-match", &tag)], Some(body)).await
    };
    let times = json!({"effective_from": "2030-02-01T00:00:00Z", "effective_till": "2030-03-01T00:00:00Z"});
    let moved = change(times.clone()).await.good();
    assert_eq!(moved["effective_from"], times["effective_from"]);
    assert_eq!(moved["effective_till"], times["effective_till"]);
    assert_eq!(change(json!({"effective_till": null})).await.refusal(), "412 precondition_failed");
    assert_eq!(shop.send(&client, 0..2).await, "0");
    let kept = platform.patch(&owner.key, &begun, json!({"effective_from": "2030-01-01T00:00:00Z"})).await;
    assert_eq!(kept.refusal(), "409 pack_begun");

    let delete = async |key: &str, path: &str, tag: Option<&str>| {
        let tag = tag.map(|tag| ("if-match", tag));
        platform.ask(key, Method::DELETE, path, tag.as_slice(), None).await
    };
    assert_eq!(delete(&owner.key, &begun, None).await.refusal(), "409 pack_begun");
    assert_eq!(platform.get(&owner.key, &begun).await.good()["used"], "2");
    assert_eq!(delete(&client.key, &next, None).await.refusal(), "403 not_allowed");
    assert_eq!(delete(&owner.key, &next, Some(&tag)).await.refusal(), "412 precondition_failed");
    delete(&owner.key, &next, None).await.good();
    assert_eq!(platform.get(&owner.key, &next).await.refusal(), "404 not_found");
    assert_eq!(delete(&owner.key, &next, None).await.refusal(), "404 not_found");
    assert_eq!(shop.packs(&client).await, ["2/8"]);
    let log = platform.get(&owner.key, &format!("/v1/audit?object={}", client.agreement)).await.good();
    let gone = &log["items"][0];
    assert_eq!(text(gone, "action"), "agreement.change");
    assert!(gone["changes"].to_string().contains(&text(&later, "id")), "{gone}");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn packs_are_bought_by_who_sells_and_only_packs_are() {
    let (shop, client, pack) = for_sale("100").await;
    let owner = &shop.platform.owner;
    assert_eq!(shop.try_buy(&client, &client, charged(&pack)).await.refusal(), "403 not_allowed");
    let plan = shop.service(owner, json!({"type": "pay_as_you_go"}), sms(flat("1"))).await;
    assert_eq!(shop.try_buy(owner, &client, charged(&plan)).await.refusal(), "422 invalid");
    let path = format!("/v1/agreements/{}/services", client.agreement);
    let enabled = shop.platform.post(&owner.key, &path, json!({"service": pack})).await;
    assert_eq!(enabled.refusal(), "422 invalid");
    let stranger = shop.platform.euro_member(owner, "Stranger", "reseller").await;
    assert_eq!(shop.try_buy(&stranger, &client, charged(&pack)).await.refusal(), "404 not_found");
    let path = format!("/v1/agreements/{}/packs", client.agreement);
    assert_eq!(shop.platform.get(&stranger.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_service_has_the_currency_and_the_tree_of_its_kind() {
    let platform = Platform::new().await;
    let make = |body: Value| {
        let platform = &platform;
        async move { platform.post(&platform.owner.key, "/v1/services", body).await }
    };
    let pack = json!({"name": "Pack", "kind": {"type": "unit_pack", "size": 1000}, "tree": included()});
    let made = make(pack.clone()).await.good();
    assert_eq!(
        (&made["currency"], &made["kind"]),
        (&Value::Null, &json!({"type": "unit_pack", "size": 1000}))
    );
    let with = |field: &str, value: Value| {
        let mut body = pack.clone();
        body[field] = value;
        body
    };
    assert_eq!(make(with("currency", json!("EUR"))).await.refusal(), "422 invalid");
    assert_eq!(make(with("tree", sms(flat("1")))).await.refusal(), "422 invalid_tree");
    assert_eq!(
        make(with("kind", json!({"type": "unit_pack", "size": 0}))).await.refusal(),
        "422 invalid_tree"
    );
    assert_eq!(make(with("kind", json!({"type": "pay_as_you_go"}))).await.refusal(), "422 invalid_tree");
    let no_currency = json!({"name": "Plan", "tree": sms(flat("1"))});
    assert_eq!(make(no_currency).await.refusal(), "422 invalid");
    let bundle = json!({"name": "Bundle", "kind": {"type": "bundle_pack", "size": 1000}});
    assert_eq!(make(bundle).await.good()["version"], 1);
    let plan = json!({"name": "Plan", "currency": "EUR", "tree": included()});
    assert_eq!(make(plan).await.refusal(), "422 invalid_tree");
}

#[tokio::test]
async fn a_pack_is_hidden_from_who_pays_and_changed_only_as_it_was_read() {
    let (shop, client, pack) = for_sale("1").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let free = json!({"service": pack, "billing": "free", "hidden_from_client": true});
    let bought = shop.try_buy(owner, &client, free).await.good();
    assert_eq!(bought["hidden_from_client"], true);
    let list = format!("/v1/agreements/{}/packs", client.agreement);
    assert_eq!(platform.get(&client.key, &list).await.good()["items"], json!([]));
    assert_eq!(platform.get(&owner.key, &list).await.good()["items"][0]["id"], bought["id"]);
    let told_of_it = async |key: &str, company: &str| {
        let log = platform.get(key, &format!("/v1/audit?company={company}&limit=500")).await.good();
        log.to_string().contains(&text(&bought, "service"))
    };
    assert!(told_of_it(&owner.key, &client.company).await);
    assert!(!told_of_it(&client.key, &client.company).await);
    // It is used all the same.
    assert_eq!(shop.send(&client, 0..2).await, "0");

    let path = format!("{list}/{}", text(&bought, "id"));
    assert_eq!(platform.get(&client.key, &path).await.refusal(), "404 not_found");
    let seen = platform.get(&owner.key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    let enabled = seen["services"].as_array().unwrap().iter().find(|enabled| enabled["service"] == *pack);
    let enabled = format!("/v1/agreements/{}/services/{}", client.agreement, text(enabled.unwrap(), "id"));
    assert_eq!(platform.get(&client.key, &enabled).await.refusal(), "404 not_found");
    let show = async |tag: String| {
        let body = Some(json!({"hidden_from_client": false}));
        platform.ask(&owner.key, http::Method::PATCH, &path, &[("if-match", &tag)], body).await
    };
    let revision = bought["revision"].as_u64().unwrap();
    assert_eq!(show(format!("\"{}\"", revision - 1)).await.refusal(), "412 precondition_failed");
    let shown = show(format!("\"{revision}\"")).await;
    assert_eq!(shown.headers["etag"], format!("\"{}\"", revision + 1));
    assert_eq!(shown.good()["hidden_from_client"], false);
    assert_eq!(platform.get(&client.key, &list).await.good()["items"][0]["used"], "2");
    assert_eq!(show(format!("\"{revision}\"")).await.refusal(), "412 precondition_failed");
    shop.settle(&[&client]).await;
}
