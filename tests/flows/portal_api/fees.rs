//! Fees through the API and the sweeper: each charged once, in the statement, in the records and on the
//! invoice.

use http::Method;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::{Value, json};
use store::{Store, Tables};
use tests::embedded_dynamodb::{Rates, SeededFaults};

use crate::platform::{Answer, Member, text, today};
use crate::rerates::about;
use crate::shop::{Shop, flat};
use crate::users::person;

fn prices() -> Value {
    json!({
        "sender_id_setup_fee": {"depends_on": "mno", "values": {"Vodafone": {"price": flat("50")}},
            "others": {"price": flat("7")}},
        "sender_id_usage_fee": {"depends_on": "mno", "values":
            {"Vodafone": {"price": flat("10")}, "Digi": {"price": flat("15")}}},
        "additional_service": {"depends_on": "additional_service", "values": {"Hosting": {"price": flat("2.5")}}},
        "platform_fee": {"price": flat("99")}})
}

async fn client_with(funds: &str) -> (Shop, Member) {
    let (shop, client, _) = client_of_service(funds).await;
    (shop, client)
}

async fn client_of_service(funds: &str) -> (Shop, Member, String) {
    let shop = Shop::new().await;
    let client = shop.client(funds).await;
    let service = shop.sell(&shop.platform.owner, &client, prices()).await;
    (shop, client, service)
}

fn day(count: i64) -> Date {
    today().checked_add(Span::new().days(count)).unwrap()
}

fn start_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

impl Shop {
    async fn ask_for(&self, client: &Member, what: &str, body: Value) -> Answer {
        let path = format!("/v1/agreements/{}/{what}", client.agreement);
        self.platform.post(&self.platform.owner.key, &path, body).await
    }

    /// The fees as status, resource and amount, oldest first.
    async fn fees(&self, client: &Member) -> Vec<String> {
        let path = format!("/v1/fees?agreement={}&limit=500", client.agreement);
        let list = self.platform.get(&client.key, &path).await.good();
        let shown = |fee: &Value| {
            let problem = fee["problem"].as_str().map(|problem| format!(": {problem}")).unwrap_or_default();
            format!("{} {} {}{problem}", text(fee, "status"), text(fee, "resource"), text(fee, "amount"))
        };
        let mut fees: Vec<_> = list["items"].as_array().unwrap().iter().map(shown).collect();
        fees.reverse();
        fees
    }
}

/// A rule for a month that begins on a day that every month has.
fn monthly(kind: Value, valid_from: Date) -> Value {
    json!({"kind": kind, "valid_from": valid_from, "every": "month", "start_day": 1, "retry_hours": 2,
        "retries_max": 1})
}

fn weekly(kind: Value, retries_max: u16) -> Value {
    let start_day = today().weekday().to_monday_one_offset();
    json!({"kind": kind, "valid_from": today(), "every": "week", "start_day": start_day, "retry_hours": 2,
        "retries_max": retries_max})
}

#[tokio::test]
async fn a_fee_whose_price_was_corrected_is_rated_again_in_its_list_and_on_its_invoice() {
    let (shop, client, service) = client_of_service("100").await;
    let (platform, owner) = (&shop.platform, shop.platform.owner.clone());
    let hosting = json!({"name": "Hosting", "price": {"type": "tariff", "volume": 4}});
    let fee = shop.ask_for(&client, "fees", hosting).await.good();
    shop.project().await;
    let mut corrected = prices();
    corrected["additional_service"]["values"]["Hosting"] = json!({"price": flat("3")});
    let path = format!("/v1/services/{service}/tree");
    platform.ask(&owner.key, Method::PUT, &path, &[], Some(json!({"tree": corrected}))).await.good();
    let task = shop.counted_rerate(&owner, about(&client)).await;
    let done = shop.run_rerate(&owner, &task).await;
    assert_eq!(done["edrs"], json!({"processed": 1, "updated": 1, "failed": 0}));
    shop.settle(&[&client]).await;
    assert_eq!(shop.statement(&client).await, ["payment 100", "fee -10", "rerate -2"]);
    let list = platform.get(&client.key, &format!("/v1/fees?agreement={}", client.agreement)).await.good();
    let listed = &list["items"][0];
    assert_eq!((text(listed, "id"), text(listed, "amount")), (text(&fee, "id"), "12".into()));
    assert_eq!(listed["charge_version"], 1);
    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let invoice = platform.post(&owner.key, &path, json!({})).await.good();
    assert_eq!(text(&invoice, "total_due"), "12");
    let charge = &invoice["charges"][0];
    assert_eq!((&charge["messages"], &charge["quantity"]), (&json!(1), &json!(4)));
}

#[tokio::test]
async fn a_setup_fee_is_charged_once_for_a_sender_id() {
    let (shop, client) = client_with("100").await;
    let owner = &shop.platform.owner;
    let path = format!("/v1/agreements/{}/sender_ids/ACME/setup_fee", client.agreement);
    let body = json!({"mno": "Vodafone"});
    let click = || shop.platform.post_once(&owner.key, &path, "click", body.clone());
    let clicks = futures::future::join_all((0..5).map(|_| click())).await;
    for answer in clicks {
        let fee = answer.good();
        assert_eq!((text(&fee, "amount"), text(&fee, "balance")), ("50".into(), "50".into()));
        assert_eq!((text(&fee, "sender"), text(&fee, "subject")), ("ACME".into(), "Vodafone".into()));
    }
    assert_eq!(shop.platform.post(&owner.key, &path, body.clone()).await.refusal(), "409 already_charged");
    assert_eq!(shop.platform.post(&client.key, &path, body.clone()).await.refusal(), "403 not_allowed");
    let unknown = format!("/v1/agreements/{}/sender_ids/NOBODY/setup_fee", client.agreement);
    assert_eq!(shop.platform.post(&owner.key, &unknown, body).await.refusal(), "404 not_found");
    assert_eq!(shop.fees(&client).await, ["posted sender_id_setup_fee 50"]);
    shop.settle(&[&client]).await;
    assert_eq!(shop.statement(&client).await, ["payment 100", "fee -50"]);
}

#[tokio::test]
async fn an_additional_service_is_charged_at_a_fixed_price_or_by_tariff() {
    let (shop, client, service) = client_of_service("20").await;
    let fixed = json!({"name": "Support", "price": {"type": "fixed", "amount": "3.25"}});
    let tariff = |volume: u32| json!({"name": "Hosting", "price": {"type": "tariff", "volume": volume}});
    let charged = shop.ask_for(&client, "fees", fixed).await.good();
    assert_eq!((text(&charged, "amount"), text(&charged, "balance")), ("3.25".into(), "16.75".into()));
    let charged = shop.ask_for(&client, "fees", tariff(4)).await.good();
    assert_eq!((text(&charged, "unit_price"), text(&charged, "amount")), ("2.5".into(), "10".into()));
    let missing = json!({"name": "Nothing", "price": {"type": "tariff", "volume": 1}});
    assert_eq!(shop.ask_for(&client, "fees", missing).await.refusal(), "422 no_rate");
    let short = shop.ask_for(&client, "fees", tariff(3)).await;
    assert_eq!(short.refusal(), "402 insufficient_funds");
    assert_eq!((text(&short.body, "available"), text(&short.body, "needed")), ("6.75".into(), "7.5".into()));
    for bad in [json!({"type": "tariff", "volume": 0}), json!({"type": "fixed", "amount": "0"})] {
        let refused = shop.ask_for(&client, "fees", json!({"name": "Hosting", "price": bad})).await;
        assert_eq!(refused.refusal(), "422 invalid");
    }
    let owner = &shop.platform.owner;
    for (query, expected) in [
        ("sort=subject".to_owned(), vec!["Hosting", "Support"]),
        ("sort=-subject".to_owned(), vec!["Support", "Hosting"]),
        (format!("sort=subject&wallet={}", client.wallet), vec!["Hosting", "Support"]),
        ("wallet=wal_x".to_owned(), vec![]),
    ] {
        let list = format!("/v1/fees?tenant={}&{query}", owner.company);
        let list = shop.platform.get(&owner.key, &list).await.good();
        let subjects: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|fee| text(fee, "subject")).collect();
        assert_eq!(subjects, expected, "{query}");
    }
    shop.settle(&[&client]).await;
    let path = format!("/v1/agreements/{}/invoices", client.agreement);
    let invoice = shop.platform.post(&shop.platform.owner.key, &path, json!({})).await.good();
    let line = |row: &Value| {
        let (subject, price, net) = (text(row, "subject"), text(row, "unit_price"), text(row, "net"));
        format!("{subject} {} x {price} = {net}", row["quantity"])
    };
    for charge in invoice["charges"].as_array().unwrap() {
        let path = format!("/v1/invoices/{}/charges/{}", text(&invoice, "id"), text(charge, "id"));
        let one = shop.platform.get(&client.key, &path).await;
        assert_eq!(one.refusal(), "404 not_found", "a draft is none of the client's business");
        let one = shop.platform.get(&shop.platform.owner.key, &path).await.good();
        let sold = one["services"].as_array().unwrap();
        assert_eq!(sold.iter().filter(|sold| sold["id"] == service.as_str()).count(), sold.len());
        assert_eq!(sold.is_empty(), charge["service_type"] == "additional_fee", "{one}");
    }
    let rows = shop.rows(&invoice).await;
    for row in &rows {
        let sold = if text(row, "subject") == "Hosting" { json!(service) } else { Value::Null };
        assert_eq!((text(row, "source"), &row["service"]), ("manual".into(), &sold), "{row}");
        assert_eq!(row["service_name"].is_string(), sold.is_string(), "{row}");
    }
    let lines: Vec<_> = rows.iter().map(line).collect();
    assert_eq!((text(&invoice, "total_due"), lines.len()), ("13.25".into(), 2));
    assert!(lines.contains(&"Hosting 4 x 2.5 = 10".to_owned()), "{lines:?}");
    assert!(lines.contains(&"Support 1 x 3.25 = 3.25".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn fees_are_found_and_sorted_by_who_asked_for_them_by_what_and_by_the_statement() {
    let (shop, client) = client_with("100").await;
    let owner = &shop.platform.owner;
    let ada = person(&shop.platform, owner, "Ada", true).await;
    let setup = format!("/v1/agreements/{}/sender_ids/ACME/setup_fee", client.agreement);
    shop.platform.post(&ada.key, &setup, json!({"mno": "Vodafone"})).await.good();
    let support = || json!({"name": "Support", "price": {"type": "fixed", "amount": "3"}});
    shop.ask_for(&client, "fees", support()).await.good();
    let rule = shop.ask_for(&client, "fee_rules", weekly(json!({"type": "platform"}), 0)).await.good();
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    shop.sweep(due + SignedDuration::from_hours(24)).await;
    shop.settle(&[&client]).await;
    let statement = format!("/v1/wallets/{}/statement", client.wallet);
    let statement = shop.platform.get(&owner.key, &statement).await.good();
    let lines = statement["items"].as_array().unwrap();
    let line = lines.iter().find(|line| text(line, "amount") == "-50").unwrap();
    let all = ["sender_id_setup_fee", "additional_service", "platform_fee"];
    for (query, expected) in [
        ("sort=at".to_owned(), &all[..]),
        (format!("by_user={}", ada.id), &all[..1]),
        (format!("transaction={}", text(line, "reference")), &all[..1]),
        ("attribute=mno:Vodafone".to_owned(), &all[..1]),
        ("attribute=mno:Digi".to_owned(), &all[..0]),
        ("issued=true&sort=at".to_owned(), &all[..2]),
        ("issued=false".to_owned(), &all[2..]),
        ("sort=issued&limit=1".to_owned(), &all[2..]),
        ("sort=-by_user&limit=1".to_owned(), &all[..1]),
        ("sort=transaction&limit=1".to_owned(), &all[2..]),
        ("sort=-attributes&limit=1".to_owned(), &all[..1]),
    ] {
        let path = format!("/v1/fees?agreement={}&{query}", client.agreement);
        let list = shop.platform.get(&owner.key, &path).await.good();
        let found: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|fee| text(fee, "resource")).collect();
        assert_eq!(found, expected, "{query}");
    }
    let path = format!("/v1/fees?agreement={}&sort=at", client.agreement);
    for (key, names_user) in [(&owner.key, true), (&client.key, false)] {
        let list = shop.platform.get(key, &path).await.good();
        let shown =
            |place: usize| ["by_user", "transaction"].map(|name| list["items"][place][name].is_string());
        assert_eq!([shown(0), shown(1), shown(2)], [[names_user, true], [false, true], [false, false]]);
    }
    // Neither a filter nor an order tells the company that pays.
    for list in [format!("agreement={}", client.agreement), format!("company={}", client.company)] {
        for query in [format!("by_user={}", ada.id), "sort=-by_user".to_owned()] {
            let path = format!("/v1/fees?{list}&{query}");
            shop.platform.get(&owner.key, &path).await.good();
            assert_eq!(shop.platform.get(&client.key, &path).await.refusal(), "403 not_allowed", "{path}");
        }
    }
    let file =
        shop.platform.ask(&owner.key, Method::GET, &path, &[("accept", "text/csv")], None).await.good();
    let row = file.as_str().unwrap().lines().nth(1).unwrap();
    assert!(row.contains(r#"""mno"":""Vodafone"""#) && row.contains(&format!(",{},", ada.id)), "{file}");
    let refused = shop.platform.get(&client.key, "/v1/fees?attribute=mno").await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "attribute".into()));
}

#[tokio::test]
async fn fees_are_sorted_by_the_wallet_that_paid_them() {
    let (shop, client) = client_with("100").await;
    let owner = &shop.platform.owner;
    let other = shop.platform.euro_member(owner, "Other", "client").await;
    shop.platform.pay(owner, &other.agreement, "10").await;
    for payer in [&other, &client, &other] {
        let fee = json!({"name": "Support", "price": {"type": "fixed", "amount": "3"}});
        shop.ask_for(payer, "fees", fee).await.good();
    }
    let mut expected = [&client, &other, &other].map(|payer| payer.wallet.clone());
    expected.sort();
    for sort in ["wallet", "-wallet"] {
        let path = format!("/v1/fees?tenant={}&sort={sort}", owner.company);
        let list = shop.platform.get(&owner.key, &path).await.good();
        let wallets: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|fee| text(fee, "wallet")).collect();
        assert_eq!(wallets, expected, "{sort}");
        expected.reverse();
    }
}

#[tokio::test]
async fn a_fee_is_charged_once_under_its_key() {
    let (shop, client) = client_with("20").await;
    let owner = &shop.platform.owner;
    let path = format!("/v1/agreements/{}/fees", client.agreement);
    let body = |amount: &str| json!({"name": "Support", "price": {"type": "fixed", "amount": amount}});
    let click = || shop.platform.post_once(&owner.key, &path, "click", body("15"));
    let answers = futures::future::join_all((0..5).map(|_| click())).await;
    answers.into_iter().for_each(|answer| assert_eq!(text(&answer.good(), "balance"), "5"));
    let other = shop.platform.post_once(&owner.key, &path, "click", body("16")).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_usage_fee_is_charged_for_each_month_before_it_begins() {
    let (shop, client) = client_with("100").await;
    let kind = json!({"type": "sender_id_usage", "sender": "ACME", "mno": "Digi"});
    let mut body = monthly(kind, today());
    body["days_before"] = json!(1);
    let rule = shop.ask_for(&client, "fee_rules", body).await.good();
    assert_eq!(
        (text(&rule, "price"), text(&rule["kind"], "sender_type")),
        ("15".into(), "alphanumeric".into())
    );
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    let first: Date = text(&rule["next"], "first_day").parse().unwrap();
    assert_eq!((first.day(), due), (1, start_of(first.yesterday().unwrap())));
    shop.sweep(due - SignedDuration::from_secs(1)).await;
    assert_eq!(shop.fees(&client).await, Vec::<String>::new());
    let twice = [shop.sweep(due), shop.sweep(due)];
    futures::future::join_all(twice).await;
    assert_eq!(shop.fees(&client).await, ["posted sender_id_usage_fee 15"]);
    // Three months late.
    shop.sweep(due + SignedDuration::from_hours(24 * 95)).await;
    assert_eq!(shop.fees(&client).await, vec!["posted sender_id_usage_fee 15"; 4]);
    assert_eq!(shop.platform.balance(&client).await, "40");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_rule_says_whether_a_rate_is_found_and_makes_sense() {
    let (shop, client) = client_with("100").await;
    let usage = |mno: &str| json!({"type": "sender_id_usage", "sender": "ACME", "mno": mno});
    let rule = shop.ask_for(&client, "fee_rules", monthly(usage("Unknown"), today())).await.good();
    assert_eq!((&rule["price"], text(&rule, "price_problem")), (&Value::Null, "no_rate".into()));
    let past = shop.ask_for(&client, "fee_rules", monthly(usage("Digi"), day(-1))).await;
    assert_eq!((past.refusal(), text(&past.body, "field")), ("422 invalid".into(), "valid_from".into()));
    let nobody = json!({"type": "sender_id_usage", "sender": "NOBODY"});
    assert_eq!(shop.ask_for(&client, "fee_rules", monthly(nobody, today())).await.refusal(), "404 not_found");
    let tariff = json!({"type": "additional", "name": "Nothing", "price": {"type": "tariff", "volume": 1}});
    assert_eq!(shop.ask_for(&client, "fee_rules", monthly(tariff, today())).await.refusal(), "422 no_rate");
    let bundle = json!({"type": "bundle_extension", "pack": "pur_1", "name": "x"});
    assert_eq!(shop.ask_for(&client, "fee_rules", monthly(bundle, today())).await.refusal(), "422 invalid");
    let path = format!("/v1/agreements/{}/fee_rules", client.agreement);
    let body = monthly(usage("Digi"), today());
    assert_eq!(shop.platform.post(&client.key, &path, body.clone()).await.refusal(), "403 not_allowed");
    let owner = &shop.platform.owner.key;
    let once = shop.platform.post_once(owner, &path, "once", body.clone()).await.good();
    assert_eq!(shop.platform.post_once(owner, &path, "once", body).await.good(), once);
    let other = shop.platform.post_once(owner, &path, "once", monthly(usage("Digi"), day(1))).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
}

#[tokio::test]
async fn a_fee_that_cannot_be_paid_is_tried_by_the_rules_hours_and_then_given_up() {
    let (shop, client) = client_with("50").await;
    let rule = shop.ask_for(&client, "fee_rules", weekly(json!({"type": "platform"}), 2)).await.good();
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    assert_eq!(due, start_of(today()));
    let hours = |hours: i64| due + SignedDuration::from_hours(24 + hours);
    for (at, failed) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
        shop.sweep(hours(at)).await;
        let path = format!("/v1/agreements/{}/fee_rules", client.agreement);
        let rule = shop.platform.get(&client.key, &path).await.good()["items"][0].clone();
        assert_eq!(rule["next"]["failed"], json!(failed), "after {at} hours");
        assert_eq!(text(&rule["next"], "problem"), "insufficient_funds");
    }
    shop.sweep(hours(4)).await;
    shop.sweep(hours(4)).await;
    assert_eq!(shop.fees(&client).await, ["failed platform_fee 0: insufficient_funds"]);
    let reviews = shop.platform.store.reviews(sweeper::fees::REVIEWED_AS).await.unwrap();
    assert_eq!(reviews.len(), 1);
    assert!(reviews[0].detail.contains("tried 3 times and not charged: insufficient_funds"), "{reviews:?}");
    // The next period is charged again.
    shop.platform.pay(&shop.platform.owner, &client.agreement, "100").await;
    shop.sweep(due + SignedDuration::from_hours(24 * 7)).await;
    assert_eq!(
        shop.fees(&client).await,
        ["failed platform_fee 0: insufficient_funds", "posted platform_fee 99"]
    );
    assert_eq!(shop.platform.balance(&client).await, "51");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_retry_that_finds_money_charges_the_period_once() {
    let (shop, client) = client_with("50").await;
    let rule = shop.ask_for(&client, "fee_rules", weekly(json!({"type": "platform"}), 3)).await.good();
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    // Tomorrow: at the beginning of today nothing was enabled yet.
    let hours = |hours: i64| due + SignedDuration::from_hours(24 + hours);
    shop.sweep(hours(0)).await;
    shop.platform.pay(&shop.platform.owner, &client.agreement, "100").await;
    shop.sweep(hours(1)).await;
    assert_eq!(shop.platform.balance(&client).await, "150");
    shop.sweep(hours(2)).await;
    shop.sweep(hours(4)).await;
    assert_eq!(shop.fees(&client).await, ["posted platform_fee 99"]);
    assert_eq!(shop.platform.balance(&client).await, "51");
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_missing_rate_is_a_failure_that_a_new_price_ends() {
    let (shop, client, service) = client_of_service("50").await;
    let kind = json!({"type": "sender_id_usage", "sender": "ACME", "mno": "New"});
    let rule = shop.ask_for(&client, "fee_rules", weekly(kind, 5)).await.good();
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    shop.sweep(due + SignedDuration::from_hours(24)).await;
    let tree = json!({"tree": {"sender_id_usage_fee": {"price": flat("4")}}});
    let path = format!("/v1/services/{service}/tree");
    shop.platform.ask(&shop.platform.owner.key, Method::PUT, &path, &[], Some(tree)).await.good();
    shop.sweep(due + SignedDuration::from_hours(26)).await;
    assert_eq!(shop.fees(&client).await, ["posted sender_id_usage_fee 4"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_rule_that_was_ended_charges_nothing_more() {
    let (shop, client) = client_with("500").await;
    let owner = &shop.platform.owner.key;
    let kind = json!({"type": "additional", "name": "Support", "price": {"type": "fixed", "amount": "5"}});
    let rule = shop.ask_for(&client, "fee_rules", weekly(kind, 3)).await.good();
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    shop.sweep(due).await;
    let path = format!("/v1/agreements/{}/fee_rules/{}", client.agreement, text(&rule, "id"));
    assert_eq!(
        shop.platform.ask(&client.key, Method::DELETE, &path, &[], None).await.refusal(),
        "403 not_allowed"
    );
    for _ in 0..2 {
        let ended = shop.platform.ask(owner, Method::DELETE, &path, &[], None).await.good();
        assert_eq!(ended["next"], Value::Null);
    }
    shop.sweep(due + SignedDuration::from_hours(24 * 30)).await;
    assert_eq!(shop.fees(&client).await, ["posted additional_service 5"]);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_fee_rule_is_changed_under_its_revision_from_its_next_charge_on() {
    let (shop, client) = client_with("500").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner.key);
    let fixed = |amount: &str| json!({"type": "fixed", "amount": amount});
    let kind = json!({"type": "additional", "name": "Support", "price": fixed("5")});
    let rule = shop.ask_for(&client, "fee_rules", weekly(kind, 3)).await.good();
    let path = format!("/v1/agreements/{}/fee_rules/{}", client.agreement, text(&rule, "id"));
    let read = platform.get(&client.key, &path).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(read.good(), rule);
    let change = async |tag: &str, body: Value| {
        platform.ask(owner, Method::PATCH, &path, &[("if-match", tag)], Some(body)).await
    };
    let dearer = json!({"price": fixed("7"), "retry_hours": 5});
    assert_eq!(platform.patch(&client.key, &path, dearer.clone()).await.refusal(), "403 not_allowed");
    let changed = change(&tag, dearer.clone()).await.good();
    let charges = |rule: &Value| (text(rule, "price"), rule["retry_hours"].clone(), rule["next"].clone());
    assert_eq!(charges(&changed), ("7".into(), json!(5), rule["next"].clone()));
    assert_eq!(change(&tag, json!({"retry_hours": 6})).await.refusal(), "412 precondition_failed");
    assert_eq!(change("*", dearer).await.good(), changed, "what is so already is no change");
    for (body, field) in [
        (json!({"mno": "Digi"}), "mno"),
        (json!({"retry_hours": 0}), "retry_hours"),
        (json!({"valid_from": day(-1)}), "valid_from"),
        (json!({"valid_till": today()}), "valid_till"),
    ] {
        let refused = change("*", body).await;
        assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), field.into()));
    }

    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    shop.sweep(due).await;
    assert_eq!(shop.fees(&client).await, ["posted additional_service 7"]);
    assert_eq!(change("*", json!({"valid_from": day(2)})).await.refusal(), "409 rule_begun");
    let monthly = change("*", json!({"every": "month", "start_day": 1})).await.good();
    let first: Date = text(&monthly["next"], "first_day").parse().unwrap();
    assert!(day(7) <= first && first.day() == 1, "the week is paid: {monthly}");
    shop.sweep(start_of(first) - SignedDuration::from_secs(1)).await;
    assert_eq!(shop.fees(&client).await.len(), 1);
    shop.sweep(start_of(first)).await;
    assert_eq!(shop.fees(&client).await.len(), 2);
    let ended = change("*", json!({"valid_till": first.saturating_add(Span::new().days(1))})).await.good();
    assert_eq!(ended["next"], Value::Null);
    assert_eq!(change("*", json!({"valid_till": null})).await.refusal(), "409 rule_ended");
    shop.sweep(start_of(first) + SignedDuration::from_hours(24 * 70)).await;
    assert_eq!(shop.fees(&client).await.len(), 2);
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn fee_rules_are_found_by_what_they_charge_for_and_when() {
    let (shop, client) = client_with("100").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner.key);
    let usage = json!({"type": "sender_id_usage", "sender": "ACME", "mno": "Digi"});
    let support = json!({"type": "additional", "name": "Support", "price": {"type": "fixed", "amount": "5"}});
    let made = [
        shop.ask_for(&client, "fee_rules", monthly(usage, today())).await.good(),
        shop.ask_for(&client, "fee_rules", weekly(support, 3)).await.good(),
        shop.ask_for(&client, "fee_rules", weekly(json!({"type": "platform"}), 3)).await.good(),
    ];
    let rules = format!("/v1/agreements/{}/fee_rules", client.agreement);
    let ended = format!("{rules}/{}", text(&made[2], "id"));
    platform.ask(owner, Method::DELETE, &ended, &[], None).await.good();
    let found = async |query: &str| {
        let list = platform.get(&client.key, &format!("{rules}?{query}")).await.good();
        let ids = list["items"].as_array().unwrap().iter().map(|rule| text(rule, "id"));
        (ids.collect::<Vec<_>>(), list["next"].as_str().map(str::to_owned))
    };
    let soon = start_of(day(1));
    for (query, expected) in [
        (String::new(), &made[..]),
        ("sender=ACME".into(), &made[..1]),
        ("sender=NOBODY".into(), &made[..0]),
        ("mno=Digi".into(), &made[..1]),
        ("name=SUPP".into(), &made[1..2]),
        ("resource=platform_fee".into(), &made[2..]),
        ("every=week&running=true".into(), &made[1..2]),
        ("running=false".into(), &made[2..]),
        (format!("name=s&next_till={soon}"), &made[1..2]),
        (format!("name=s&next_from={soon}"), &made[..0]),
        (format!("created_till={}", text(&made[1], "created_at")), &made[..1]),
    ] {
        let expected: Vec<_> = expected.iter().map(|rule| text(rule, "id")).collect();
        assert_eq!(found(&query).await, (expected, None), "{query}");
    }
    let (first, next) = found("sort=-created_at&limit=2").await;
    assert_eq!(first, [text(&made[2], "id"), text(&made[1], "id")]);
    let cursor = next.expect("there is one more");
    let (last, next) = found(&format!("sort=-created_at&limit=2&cursor={cursor}")).await;
    assert_eq!((last, next), (vec![text(&made[0], "id")], None));
    let refused = platform.get(&client.key, &format!("{rules}?sort=price")).await;
    assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), "sort".into()));
    let csv = [("accept", "text/csv")];
    let file = platform.ask(owner, Method::GET, &format!("{rules}?mno=Digi"), &csv, None).await.good();
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains(",days_before,retry_hours,retries_max,"), "{file}");
    assert!(lines[1].contains(",month,1,0,2,1,"), "{file}");
}

#[tokio::test]
async fn a_sender_id_is_not_deleted_while_a_rule_charges_for_it() {
    let (shop, client) = client_with("100").await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner.key);
    let kind = json!({"type": "sender_id_usage", "sender": "ACME", "mno": "Digi"});
    let rule = shop.ask_for(&client, "fee_rules", monthly(kind, today())).await.good();
    let of_agreement = format!("/v1/agreements/{}", client.agreement);
    let sender = platform.get(owner, &format!("{of_agreement}/sender_ids/ACME")).await.good();
    let path = format!("/v1/sender_ids/{}", text(&sender, "id"));
    for key in [owner, &client.key] {
        let refused = platform.ask(key, Method::DELETE, &path, &[], None).await;
        assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), text(&rule, "id")));
    }
    let rule = format!("{of_agreement}/fee_rules/{}", text(&rule, "id"));
    platform.ask(owner, Method::DELETE, &rule, &[], None).await.good();
    assert_eq!(platform.ask(&client.key, Method::DELETE, &path, &[], None).await.status, 204);
}

#[tokio::test]
async fn nothing_is_charged_for_a_sender_id_that_is_gone_nor_for_another_of_its_address() {
    let (shop, client) = client_with("100").await;
    let (platform, store) = (&shop.platform, &shop.platform.store);
    let kind = json!({"type": "sender_id_usage", "sender": "ACME", "mno": "Digi"});
    let rule = shop.ask_for(&client, "fee_rules", weekly(kind, 3)).await.good();
    let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
    let tomorrow = due + SignedDuration::from_hours(24);
    // As if the rule had been made at the moment of the deletion.
    let agreement = domain::id::AgreementId::parse(&client.agreement).unwrap();
    let address = domain::sender::SenderAddress::parse("ACME").unwrap();
    let sender = store.sender(&agreement, &address).await.unwrap().unwrap();
    let company = store.any_company(&sender.company).await.unwrap().unwrap();
    let deleted = store.delete_sender(&tests::edits::act(&company.path), &sender).await.unwrap();
    assert_eq!(deleted, store::Written::Now);
    shop.sender(&platform.owner, &client, "ACME").await;
    shop.sweep(tomorrow).await;
    shop.sweep(tomorrow + SignedDuration::from_hours(24 * 30)).await;
    assert_eq!(shop.fees(&client).await, Vec::<String>::new());
    let path = format!("/v1/agreements/{}/fee_rules/{}", client.agreement, text(&rule, "id"));
    let ended = platform.get(&client.key, &path).await.good();
    assert_eq!((&ended["next"], &ended["revision"]), (&Value::Null, &json!(1)));
    assert!(store.reviews(sweeper::fees::REVIEWED_AS).await.unwrap().is_empty());
    shop.settle(&[&client]).await;
}

#[tokio::test]
async fn a_fee_takes_neither_more_than_there_is_nor_anything_from_a_suspended_agreement() {
    let (shop, client) = client_with("20").await;
    let wallet = domain::id::WalletId::parse(&client.wallet).unwrap();
    let (open, suspended) = (domain::wallet::WalletState::Open, domain::wallet::WalletState::Suspended);
    assert!(shop.platform.store.move_wallet(&wallet, &open, &suspended).await.unwrap());
    let fee = || json!({"name": "Support", "price": {"type": "fixed", "amount": "15"}});
    assert_eq!(shop.ask_for(&client, "fees", fee()).await.refusal(), "403 suspended");
    assert!(shop.platform.store.move_wallet(&wallet, &suspended, &open).await.unwrap());
    let racing = futures::future::join_all((0..6).map(|_| shop.ask_for(&client, "fees", fee()))).await;
    assert_eq!(racing.iter().filter(|answer| answer.status.is_success()).count(), 1);
    assert_eq!(shop.platform.balance(&client).await, "5");
    shop.settle(&[&client]).await;
}

/// The scheduler as it may be: late, doubled, beside itself, killed in the middle, with answers lost.
#[tokio::test]
async fn each_period_is_charged_once_whatever_the_scheduler_does() {
    let rates = Rates {
        timeout_not_applied: 60,
        timeout_applied: 60,
        kill: 40,
        kill_after_apply: 40,
        throttle: 40,
        ..Rates::default()
    };
    for seed in 0..8 {
        let (shop, client) = client_with("10000").await;
        let kind =
            json!({"type": "additional", "name": "Support", "price": {"type": "fixed", "amount": "5"}});
        let rule = shop.ask_for(&client, "fee_rules", weekly(kind, 50)).await.good();
        shop.ask_for(&client, "fee_rules", weekly(json!({"type": "platform"}), 50)).await.good();
        let due: Timestamp = text(&rule["next"], "at").parse().unwrap();
        let weeks = |weeks: i64| due + SignedDuration::from_hours(24 * 7 * weeks);
        for run in 0..12u64 {
            let sweepers = (0..3).map(|twin| {
                let faults = SeededFaults::new(seed * 1_000 + run * 10 + twin, rates);
                let client = shop.platform.database.client_with(faults);
                let app = shop.sweeper(Store::new(client, Tables::of_stack("flow")));
                async move { drop(sweeper::fees::run(&app, weeks(run as i64 / 3)).await) }
            });
            futures::future::join_all(sweepers).await;
            shop.check().await;
        }
        shop.sweep(weeks(4)).await;
        let mut fees = shop.fees(&client).await;
        fees.sort();
        let mut expected = vec!["posted additional_service 5"; 5];
        expected.extend(["posted platform_fee 99"; 5]);
        assert_eq!(fees, expected, "seed {seed}");
        assert_eq!(shop.platform.balance(&client).await, "9480", "seed {seed}");
        shop.settle(&[&client]).await;
    }
}
