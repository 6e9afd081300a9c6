//! Lists of what moved money: found, sorted and downloaded by both sides; and what the audit log says of it.

use domain::id::WalletId;
use domain::money::Amount;
use domain::statement::StatementLine;
use domain::wallet::OperationKind;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::lists::cells;
use crate::platform::{Answer, Member, Platform, text, today};
use crate::shop::{Shop, flat, numbers, sms};
use crate::users::person;

async fn paid(platform: &Platform, client: &Member, reference: &str, amount: &str, more: Value) -> Value {
    let mut body = json!({"agreement": client.agreement, "amount": amount, "payment_date": today(),
        "reference": reference});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    platform.post(&platform.owner.key, "/v1/payments", body).await.good()
}

/// A column of a list, in its order.
async fn listed(platform: &Platform, key: &str, path: &str, column: &str) -> Vec<String> {
    let list = platform.get(key, path).await.good();
    list["items"].as_array().unwrap().iter().map(|item| text(item, column)).collect()
}

async fn csv(platform: &Platform, key: &str, path: &str) -> Answer {
    platform.ask(key, Method::GET, path, &[("accept", "text/csv")], None).await
}

async fn with_payments() -> (Platform, Member, Member) {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let other = platform.euro_member(&platform.owner, "Other", "client").await;
    let later = today().tomorrow().unwrap();
    paid(&platform, &client, "B-2", "20", json!({"payment_date": later, "description": "Second"})).await;
    paid(&platform, &client, "a-1", "100", json!({})).await;
    let expected = json!({"confirmed": false, "confirm_before": later.tomorrow().unwrap()});
    paid(&platform, &client, "C-3", "3", expected).await;
    paid(&platform, &client, "D-4", "4", json!({"direction": "outbound"})).await;
    paid(&platform, &other, "E-5", "5", json!({"currency": "USD", "replenishment_amount": "4.5"})).await;
    (platform, client, other)
}

#[tokio::test]
async fn payments_are_sorted_by_any_column_either_way() {
    let (platform, client, _) = with_payments().await;
    for (sort, expected) in [
        ("created_at", ["B-2", "a-1", "C-3", "D-4"]),
        ("-created_at", ["D-4", "C-3", "a-1", "B-2"]),
        ("reference", ["a-1", "B-2", "C-3", "D-4"]),
        ("-replenishment_amount", ["a-1", "B-2", "D-4", "C-3"]),
    ] {
        for (key, company) in [(&platform.owner.key, client.company.as_str()), (&client.key, "")] {
            let of = if company.is_empty() { String::new() } else { format!("company={company}&") };
            let path = format!("/v1/payments?{of}sort={sort}");
            assert_eq!(listed(&platform, key, &path, "reference").await, expected, "{path}");
        }
    }
    let by_day = format!("/v1/payments?company={}&sort=-payment_date", client.company);
    assert_eq!(listed(&platform, &platform.owner.key, &by_day, "reference").await[0], "B-2");
    let by_status = format!("/v1/payments?company={}&sort=-status", client.company);
    assert_eq!(listed(&platform, &platform.owner.key, &by_status, "reference").await[0], "C-3");
}

#[tokio::test]
async fn payments_are_sorted_in_pages_by_what_has_no_index_too() {
    let (platform, client, _) = with_payments().await;
    let key = &platform.owner.key;
    let walk = async |sort: &str| {
        let path = format!("/v1/payments?tenant={}&limit=2&sort={sort}", platform.owner.company);
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = platform.get(key, &format!("{path}{cursor}")).await.good();
            found.extend(page["items"].as_array().unwrap().iter().map(|item| text(item, "reference")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    assert_eq!(walk("amount").await, ["C-3", "D-4", "E-5", "B-2", "a-1"]);
    let own = format!("/v1/payments?company={}&sort=-amount", client.company);
    let file = csv(&platform, key, &own).await.good();
    assert!(file.as_str().unwrap().lines().nth(1).unwrap().contains(",a-1,100,EUR,"), "{file}");
    let first = platform.get(key, &own).await.good()["items"][0].clone();
    let path = format!("/v1/payments/{}", text(&first, "id"));
    platform.patch(key, &path, json!({"description": "a"})).await.good();
    for (column, last) in [
        ("amount", "a-1"),
        ("company", "E-5"),
        ("agreement", "E-5"),
        ("currency", "E-5"),
        ("description", "B-2"),
        ("direction", "D-4"),
        ("confirm_before", "C-3"),
        ("updated_at", "a-1"),
    ] {
        let mut rising = walk(column).await;
        assert_eq!((rising.len(), rising[4].as_str()), (5, last), "{column}");
        rising.reverse();
        assert_eq!(walk(&format!("-{column}")).await, rising, "{column}");
    }
}

#[tokio::test]
async fn wallets_and_fee_rules_are_sorted_by_their_columns_and_come_as_files() {
    let (platform, client, _) = with_payments().await;
    let owner = &platform.owner;
    platform
        .patch(
            &owner.key,
            &format!("/v1/agreements/{}", client.agreement),
            json!({"individual_credits": true}),
        )
        .await
        .good();
    person(&platform, &client, "Zoe", false).await;
    person(&platform, &client, "ada", false).await;
    let user = |list: &Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|item| item["user_name"].clone()).collect()
    };
    let list = async |sort: &str| {
        let path = format!("/v1/wallets?company={}{sort}", client.company);
        user(&platform.get(&owner.key, &path).await.good())
    };
    assert_eq!(list("").await, [Value::Null, json!("Zoe"), json!("ada")]);
    assert_eq!(list("&sort=-user_name").await, [json!("Zoe"), json!("ada"), Value::Null]);
    assert_eq!(list("&sort=-balance").await[0], Value::Null);
    assert_eq!(platform.get(&owner.key, "/v1/wallets?sort=id").await.refusal(), "422 invalid");
    let file = csv(&platform, &client.key, "/v1/wallets?sort=user_name").await.good();
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert_eq!((lines.len(), lines[0].starts_with("id,agreement,agreement_code")), (4, true));
    assert!(lines[1].ends_with(",Client,EUR,,,119"), "{}", lines[1]);

    let rules = format!("/v1/agreements/{}/fee_rules", client.agreement);
    for (name, days) in [("b", 2), ("a", 1)] {
        let from = today().saturating_add(jiff::Span::new().days(days));
        let kind = json!({"type": "additional", "name": name, "price": {"type": "fixed", "amount": "1"}});
        platform.post(&owner.key, &rules, json!({"kind": kind, "valid_from": from})).await.good();
    }
    let names = async |sort: &str| {
        let list = platform.get(&client.key, &format!("{rules}{sort}")).await.good();
        list["items"].as_array().unwrap().iter().map(|rule| text(&rule["kind"], "name")).collect::<Vec<_>>()
    };
    assert_eq!(
        (names("").await, names("?sort=valid_from").await),
        (vec!["b".to_owned(), "a".to_owned()], vec!["a".to_owned(), "b".to_owned()])
    );
    let file = csv(&platform, &owner.key, &rules).await.good();
    assert!(file.as_str().unwrap().lines().nth(1).unwrap().contains(",additional,,,b,"), "{file}");
}

#[tokio::test]
async fn a_statement_is_of_a_span_and_comes_as_a_file() {
    let platform = &Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let wallet = WalletId::parse(&client.wallet).unwrap();
    let line = |sequence: u64| StatementLine {
        wallet: wallet.clone(),
        from_sequence: sequence,
        to_sequence: sequence,
        kind: OperationKind::Payment,
        amount: Amount::whole(sequence as i64),
        balance_after: Amount::whole((1..=sequence as i64).sum()),
        movements: 1,
        reference: "pay_1".into(),
        at: Timestamp::from_second(60 * sequence as i64).unwrap(),
    };
    platform.store.post_statement(&wallet, &[line(1), line(2), line(3)], 0, 3).await.unwrap();
    let path = format!("/v1/wallets/{}/statement", client.wallet);
    let all = platform.get(&client.key, &path).await.good();
    let at = |place: usize| text(&all["items"][place], "at");
    let span = format!("{path}?from={}&till={}", at(1), at(0));
    assert_eq!(listed(platform, &client.key, &span, "amount").await, ["2"]);
    let first = platform.get(&client.key, &format!("{path}?from={}&limit=1", at(0))).await.good();
    let next = format!("{path}?from={}&limit=1&cursor={}", at(0), text(&first, "next"));
    let end = platform.get(&client.key, &next).await.good();
    assert_eq!(end, json!({"items": [], "next": null}), "behind the span there is nothing to go on to");
    let file = csv(platform, &client.key, &path).await.good();
    let amounts: Vec<_> =
        file.as_str().unwrap().lines().map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(amounts, ["amount", "3", "2", "1"]);
}

#[tokio::test]
async fn payments_are_found_by_what_the_table_shows() {
    let (platform, client, _) = with_payments().await;
    let later = today().tomorrow().unwrap();
    for (query, expected) in [
        ("reference=A".to_owned(), vec!["a-1"]),
        ("description=SECOND".into(), vec!["B-2"]),
        ("direction=outbound".into(), vec!["D-4"]),
        ("status=not_confirmed".into(), vec!["C-3"]),
        ("amount_min=4&amount_max=20".into(), vec!["D-4", "B-2"]),
        ("amount_max=3".into(), vec!["C-3"]),
        ("paid_min=4&paid_max=20".into(), vec!["D-4", "B-2"]),
        (format!("from={later}"), vec!["B-2"]),
        (format!("confirm_before_from={later}"), vec!["C-3"]),
        ("currency=USD".into(), vec![]),
        ("agreement_currency=EUR&limit=1".into(), vec!["D-4"]),
    ] {
        let path = format!("/v1/payments?company={}&{query}", client.company);
        assert_eq!(listed(&platform, &platform.owner.key, &path, "reference").await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_tenant_lists_the_payments_of_all_companies_directly_below_it() {
    let (platform, client, other) = with_payments().await;
    let path = format!("/v1/payments?tenant={}&sort=created_at", platform.owner.company);
    let all = listed(&platform, &platform.owner.key, &path, "reference").await;
    assert_eq!(all, ["B-2", "a-1", "C-3", "D-4", "E-5"]);
    let paid = format!("{path}&paid_min=5&paid_max=5");
    assert_eq!(listed(&platform, &platform.owner.key, &paid, "replenishment_amount").await, ["4.5"]);
    let dollars = format!("{path}&currency=USD");
    assert_eq!(listed(&platform, &platform.owner.key, &dollars, "company").await, [other.company]);
    let refused = platform.get(&client.key, &path).await;
    assert_eq!(refused.refusal(), "404 not_found");
    let own = format!("/v1/payments?tenant={}", client.company);
    assert_eq!(platform.get(&client.key, &own).await.refusal(), "403 not_allowed");
}

#[tokio::test]
async fn a_changed_payment_stands_where_it_belongs_by_now() {
    let (platform, client, _) = with_payments().await;
    let path = format!("/v1/payments?company={}&sort=reference", client.company);
    let first = platform.get(&platform.owner.key, &path).await.good()["items"][0].clone();
    let change = json!({"reference": "Z-1", "amount": "1"});
    let one = format!("/v1/payments/{}", text(&first, "id"));
    platform.patch(&platform.owner.key, &one, change).await.good();
    let listed_by = async |sort: &str| {
        let path = format!("/v1/payments?company={}&sort={sort}", client.company);
        listed(&platform, &platform.owner.key, &path, "reference").await
    };
    assert_eq!(listed_by("reference").await, ["B-2", "C-3", "D-4", "Z-1"]);
    assert_eq!(listed_by("replenishment_amount").await, ["Z-1", "C-3", "D-4", "B-2"]);
    let file = csv(&platform, &platform.owner.key, &path).await.good();
    let lines: Vec<_> = file.as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[4].contains(",Z-1,1,EUR,"), "{file}");
}

#[tokio::test]
async fn a_transfer_is_listed_by_both_companies_and_by_nobody_else() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    platform.pay(&platform.owner, &reseller.agreement, "100").await;
    for (amount, note) in [("5", "first"), ("30", "second"), ("-2", "back")] {
        let body = json!({"from": reseller.wallet, "to": client.wallet, "amount": amount, "note": note});
        platform.post(&reseller.key, "/v1/transfers", body).await.good();
    }
    for key in [&reseller.key, &client.key] {
        assert_eq!(listed(&platform, key, "/v1/transfers", "note").await, ["back", "second", "first"]);
        let path = "/v1/transfers?sort=-amount";
        assert_eq!(listed(&platform, key, path, "note").await, ["second", "first", "back"]);
        let page = platform.get(key, "/v1/transfers?sort=note&limit=2").await.good();
        assert_eq!([&page["items"][0]["note"], &page["items"][1]["note"]], ["back", "first"]);
        let path = format!("/v1/transfers?sort=note&limit=2&cursor={}", text(&page, "next"));
        assert_eq!(listed(&platform, key, &path, "note").await, ["second"]);
        assert_eq!(
            listed(&platform, key, "/v1/transfers?sort=-note&amount_min=5", "note").await,
            ["second", "first"]
        );
        let path = "/v1/transfers?amount_min=5&note=IR";
        assert_eq!(listed(&platform, key, path, "note").await, ["first"]);
        let file = csv(&platform, key, "/v1/transfers?note=back").await.good();
        let told = format!("{},Client,{},{},Reseller,2,", client.company, reseller.wallet, reseller.company);
        assert!(file.as_str().unwrap().contains(&told), "{file}");
        let file = csv(&platform, key, "/v1/transfers").await.good();
        assert_eq!(file.as_str().unwrap().lines().count(), 4);
    }
    let given = format!("/v1/transfers?company={}&from_wallet={}", reseller.company, reseller.wallet);
    assert_eq!(listed(&platform, &platform.owner.key, &given, "note").await, ["second", "first"]);
    assert_eq!(platform.get(&neighbour.key, &given).await.refusal(), "404 not_found");
    assert!(listed(&platform, &neighbour.key, "/v1/transfers", "note").await.is_empty());
}

#[tokio::test]
async fn every_movement_of_money_is_in_the_log_of_all_companies_above() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    platform.pay(&platform.owner, &reseller.agreement, "100").await;
    let body = json!({"from": reseller.wallet, "to": client.wallet, "amount": "30"});
    let transfer = platform.post(&reseller.key, "/v1/transfers", body).await.good();
    let payment = platform.pay(&reseller, &client.agreement, "10").await;
    let path = format!("/v1/payments/{}", text(&payment, "id"));
    platform.patch(&reseller.key, &path, json!({"description": "seen"})).await.good();
    platform.ask(&reseller.key, Method::DELETE, &path, &[], None).await.good();
    let fee = json!({"name": "Hosting", "price": {"type": "fixed", "amount": "7"}});
    let path = format!("/v1/agreements/{}/fees", client.agreement);
    let fee = platform.post(&reseller.key, &path, fee).await.good();
    for (action, object) in [
        ("transfer.create", text(&transfer, "id")),
        ("payment.create", text(&payment, "id")),
        ("payment.change", text(&payment, "id")),
        ("payment.delete", text(&payment, "id")),
        ("fee.charge", text(&fee, "id")),
    ] {
        for key in [&platform.owner.key, &reseller.key, &client.key] {
            let path = format!("/v1/audit?action={action}&object={object}");
            let log = platform.get(key, &path).await.good();
            let entries = log["items"].as_array().unwrap();
            assert_eq!(entries.len(), 1, "{action}");
            assert_eq!(text(&entries[0], "company"), reseller.company, "{action}");
            let fields: Vec<_> = entries[0]["changes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|change| text(change, "field"))
                .collect();
            assert!(!fields.contains(&"request_hash".to_owned()), "{fields:?}");
            if action == "payment.change" {
                assert_eq!(fields, ["changed_at", "description", "revision"]);
            }
        }
    }
}

#[tokio::test]
async fn the_log_says_which_trees_are_new_and_how_big_they_are() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let tree = json!({"sms_message": {"price": {"type": "flat", "amount": "0.05"}}});
    let body = json!({"name": "Plan", "currency": "EUR", "tree": tree});
    let service = text(&platform.post(key, "/v1/services", body).await.good(), "id");
    let path = format!("/v1/services/{service}/tree");
    platform.ask(key, Method::PUT, &path, &[], Some(json!({ "tree": tree }))).await.good();
    let log = platform.get(key, &format!("/v1/audit?action=service.tree&object={service}")).await.good();
    let told: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| &entry["changes"][0]).collect();
    assert_eq!(told[0]["after"], r#"[{"prices":1,"scopes":[1],"version":2}]"#);
    assert_eq!(told[1]["after"], r#"[{"prices":1,"scopes":[1],"version":1}]"#);
    let log = platform.get(key, &format!("/v1/audit?action=service.c&object={service}")).await.good();
    assert_eq!(log["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_log_says_what_each_changed_price_was_and_is() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let flat = |amount: &str| json!({"price": {"type": "flat", "amount": amount}});
    let tree = |values: Value| json!({"sms_message": {"depends_on": "country", "values": values}});
    let old = tree(json!({"DE": flat("0.05"), "FR": flat("0.06"), "ES": flat("0.08")}));
    let body = json!({"name": "Plan", "currency": "EUR", "tree": old});
    let service = text(&platform.post(key, "/v1/services", body).await.good(), "id");
    let new = tree(json!({"DE": flat("0.04"), "FR": flat("0.06"), "IT": flat("0.07")}));
    let path = format!("/v1/services/{service}/tree");
    platform.ask(key, Method::PUT, &path, &[], Some(json!({ "tree": new }))).await.good();
    let log = platform.get(key, &format!("/v1/audit?action=service.tree&object={service}")).await.good();
    let (newest, first) = (&log["items"][0], &log["items"][1]);
    assert_eq!((&newest["changes"][0]["field"], &newest["changes_left_out"]), (&json!("trees"), &json!(0)));
    let prices = json!([
        {"field": "trees.2.sms_message/DE.price.amount", "before": "0.05", "after": "0.04"},
        {"field": "trees.2.sms_message/ES.price.amount", "before": "0.08", "after": null},
        {"field": "trees.2.sms_message/ES.price.type", "before": "flat", "after": null},
        {"field": "trees.2.sms_message/IT.price.amount", "before": null, "after": "0.07"},
        {"field": "trees.2.sms_message/IT.price.type", "before": null, "after": "flat"},
    ]);
    assert_eq!(newest["changes"].as_array().unwrap()[1..], prices.as_array().unwrap()[..]);
    assert_eq!(first["changes"].as_array().unwrap().len(), 1 + 3 * 2);
}

#[tokio::test]
async fn a_dictionary_entry_is_in_the_log_with_what_it_was_before() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let path = "/v1/dictionaries/operators/entries/26299";
    for name in ["First", "Second"] {
        let body = json!({"values": {"mcc": "262", "mnc": "99", "country": "DE", "name": name}});
        platform.ask(key, Method::PUT, path, &[], Some(body)).await.good();
    }
    let log = platform.get(key, "/v1/audit?action=dictionary_entry.change").await.good();
    assert_eq!(log["items"][0]["object"], "operators.26299");
    assert_eq!(log["items"][0]["changes"], json!([{"field": "name", "before": "First", "after": "Second"}]));
}

#[tokio::test]
async fn whose_roles_show_no_finance_sees_the_own_wallet_and_no_payments() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}", client.agreement);
    platform.patch(&platform.owner.key, &path, json!({"individual_credits": true})).await.good();
    platform.pay(&platform.owner, &client.agreement, "10").await;
    let ada = person(&platform, &client, "Ada", false).await;
    let master = person(&platform, &client, "Mia", true).await;
    let lists = ["/v1/payments", "/v1/fees", "/v1/invoices"];
    for path in lists.map(str::to_owned).into_iter().chain([format!("{path}/ledger")]) {
        let refused = platform.get(&ada.key, &path).await;
        assert_eq!(
            (refused.refusal(), refused.body["level"].clone()),
            ("403 not_allowed".into(), json!("view"))
        );
        platform.get(&master.key, &path).await.good();
    }
    let wallets = platform.get(&ada.key, "/v1/wallets").await.good();
    let seen: Vec<_> =
        wallets["items"].as_array().unwrap().iter().map(|it| it["balance"].is_null()).collect();
    assert_eq!(seen, [true, false, true]);
    let own = text(&wallets["items"][1], "id");
    let give = json!({"from": client.wallet, "to": own, "amount": "3"});
    platform.post(&master.key, "/v1/transfers", give).await.good();
    assert_eq!(listed(&platform, &ada.key, "/v1/transfers", "amount").await, ["3"]);
    let others = json!({"from": client.wallet, "to": text(&wallets["items"][2], "id"), "amount": "2"});
    platform.post(&master.key, "/v1/transfers", others).await.good();
    assert_eq!(listed(&platform, &ada.key, "/v1/transfers", "amount").await, ["3"]);
    assert_eq!(listed(&platform, &master.key, "/v1/transfers", "amount").await, ["2", "3"]);
}

#[tokio::test]
async fn a_file_of_records_tells_whose_they_are_by_name_and_code() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let client = shop.client("10").await;
    shop.sell(owner, &client, sms(flat("0.05"))).await;
    shop.try_send(&client, &numbers(0..2), "hello", "ACME").await.good();
    shop.project().await;
    let (now, hour) = (runtime::now(), SignedDuration::from_hours(1));
    let span = format!("from={}&till={}", now - hour, now + hour);
    let file = csv(platform, &owner.key, &format!("/v1/edrs?agreement={}&{span}", client.agreement)).await;
    let file = file.good();
    let agreement = platform.get(&owner.key, &format!("/v1/agreements/{}", client.agreement)).await.good();
    assert_eq!(cells(&file, "company_name"), ["Client", "Client"]);
    assert_eq!(cells(&file, "agreement_code"), [text(&agreement, "code"), text(&agreement, "code")]);
}

#[tokio::test]
async fn a_file_of_records_is_of_a_named_span() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let path = |query: &str| format!("/v1/edrs?agreement={}{query}", client.agreement);
    for (query, field) in [
        ("", "from"),
        ("&from=2026-01-01T00:00:00Z", "till"),
        ("&from=2026-01-01T00:00:00Z&till=2026-02-02T00:00:00Z", "till"),
    ] {
        let refused = csv(&platform, &client.key, &path(query)).await;
        assert_eq!((refused.refusal(), text(&refused.body, "field")), ("422 invalid".into(), field.into()));
    }
    let span = "&from=2026-01-01T00:00:00Z&till=2026-01-31T00:00:00Z";
    for key in [&client.key, &platform.owner.key] {
        let file = csv(&platform, key, &path(span)).await.good();
        assert!(file.as_str().unwrap().starts_with("message,fee,agreement,agreement_code,level,"), "{file}");
    }
}
