//! Companies and agreements in full: their settings, versions and services, and what it takes to delete
//! them.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::platform::{Answer, Member, Platform, text, things, today};
use crate::shop::{Shop, flat, numbers, sms};

async fn delete(platform: &Platform, by: &Member, path: &str) -> Answer {
    platform.ask(&by.key, Method::DELETE, path, &[], None).await
}

fn company(member: &Member) -> String {
    format!("/v1/companies/{}", member.company)
}

fn agreement(member: &Member) -> String {
    format!("/v1/agreements/{}", member.agreement)
}

fn in_days(days: i64) -> String {
    let time = runtime::now() + SignedDuration::from_hours(24 * days);
    Timestamp::from_second(time.as_second()).unwrap().to_string()
}

#[tokio::test]
async fn a_company_has_the_settings_that_the_one_above_gave_it() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let body = json!({"name": "Hornes", "kind": "reseller", "creator_of_resellers": false, "moderation": true,
        "description": "sells\nmuch", "invoices_enabled": false, "mnp_channels": ["rcs", "sms"],
        "two_factor_required": true, "individual_credits": true, "mnp_requests": false});
    let made = platform.post(key, "/v1/companies", body).await.good();
    assert_eq!(made["mnp_requests"], json!(false));
    assert_eq!((text(&made, "kind"), made["creator_of_resellers"].clone()), ("seller".into(), json!(false)));
    assert_eq!((text(&made, "status"), made["revision"].clone()), ("active".into(), json!(0)));
    assert_eq!(made["mnp_channels"], json!(["sms", "rcs"]));
    for flag in ["moderation", "two_factor_required", "individual_credits"] {
        assert_eq!(made[flag], true, "{flag}");
    }
    let terms = json!({"company": made["id"], "code": "H-1", "currency": "EUR"});
    let opened = platform.post(key, "/v1/agreements", terms).await.good();
    assert_eq!(opened["individual_credits"], true, "as the company says");
    let path = format!("/v1/companies/{}", text(&made, "id"));
    let again = platform.patch(key, &path, json!({"creator_of_resellers": true, "name": "H"})).await.good();
    assert_eq!(
        (text(&again, "kind"), text(&again, "description")),
        ("reseller".into(), "sells\nmuch".into())
    );
    let list = platform.get(key, "/v1/companies?moderation=true&sort=-created_at").await.good();
    let mut row = again;
    for none in ["portal", "portal_name", "own_legal_entity_name"] {
        row[none] = Value::Null;
    }
    assert_eq!(list["items"], json!([row]));
}

#[tokio::test]
async fn a_company_can_be_created_before_it_may_do_anything() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let body = json!({"name": "Later", "kind": "client", "enabled": false});
    let made = platform.post(key, "/v1/companies", body).await.good();
    assert_eq!((text(&made, "status"), &made["enabled"]), ("disabled".into(), &json!(false)));
    let first = json!({"company": made["id"], "name": "first"});
    let first = text(&platform.post(key, "/v1/api_keys", first).await.good(), "secret");
    assert_eq!(platform.get(&first, "/v1/me").await.refusal(), "403 company_disabled");
    let path = format!("/v1/companies/{}", text(&made, "id"));
    let enabled = platform.patch(key, &path, json!({"enabled": true})).await.good();
    assert_eq!(text(&enabled, "status"), "active");
    platform.get(&first, "/v1/me").await.good();
}

#[tokio::test]
async fn what_a_company_may_do_is_not_for_itself_to_say() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    for body in
        [json!({"moderation": false}), json!({"creator_of_resellers": true}), json!({"enabled": true})]
    {
        let refused = platform.patch(&reseller.key, &company(&reseller), body.clone()).await;
        assert_eq!(refused.refusal(), "403 not_allowed", "{body}");
    }
    let own = json!({"description": "ours"});
    platform.patch(&reseller.key, &company(&reseller), own).await.good();
}

#[tokio::test]
async fn an_empty_company_is_deleted_for_good_and_stays_in_history() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let reseller = platform.member(&owner, "Reseller", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    assert_eq!(delete(&platform, &owner, &company(&reseller)).await.refusal(), "409 has_companies");
    assert_eq!(delete(&platform, &reseller, &company(&reseller)).await.refusal(), "403 not_allowed");
    platform.pay(&reseller, &client.agreement, "5").await;
    assert_eq!(delete(&platform, &reseller, &company(&client)).await.refusal(), "409 has_money");
    let spare = platform.member(&reseller, "Spare", "client").await;
    let deleted = delete(&platform, &reseller, &company(&spare)).await.good();
    assert_eq!((text(&deleted, "status"), deleted["enabled"].clone()), ("deleted".into(), json!(false)));
    assert_eq!(platform.get(&spare.key, "/v1/me").await.refusal(), "403 company_disabled");
    assert_eq!(text(&platform.get(&reseller.key, &company(&spare)).await.good(), "status"), "deleted");
    let list = async |query: &str| {
        let list = platform.get(&reseller.key, &format!("/v1/companies?{query}")).await.good();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| text(item, "name")).collect::<Vec<_>>()
    };
    assert_eq!(list("sort=name").await, ["Client"]);
    assert_eq!(list("status=deleted").await, ["Spare"]);
    for body in [json!({"enabled": true}), json!({"name": "again"})] {
        let refused = platform.patch(&reseller.key, &company(&spare), body).await;
        assert_eq!(refused.refusal(), "409 company_deleted");
    }
    let terms = json!({"company": spare.company, "code": "X", "currency": "CREDIT"});
    let refused = platform.post(&reseller.key, "/v1/agreements", terms).await;
    assert_eq!(refused.refusal(), "409 company_deleted");
}

#[tokio::test]
async fn a_company_is_deleted_after_its_sender_ids_and_its_connections() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let reseller = platform.member(&owner, "Reseller", "reseller").await;
    let client = platform.member(&owner, "Client", "client").await;
    let smpp = json!({"kind": "smpp", "name": "SMSC", "host": "127.0.0.1", "port": 2775,
        "system_id": "waybill", "password": "hush-hush"});
    let http = json!({"kind": "http", "vendor": {"type": "transit_sms"}, "name": "Vendor",
        "url": "https://vendor.example/api", "username": "waybill", "password": "hush-hush"});
    let sender = json!({"agreement": client.agreement, "address": "ACME", "settings": {"channel": "tts"}});
    for (of, by, path, body) in [
        (&client, &owner, "/v1/sender_ids", sender),
        (&reseller, &reseller, "/v1/connections", smpp),
        (&reseller, &reseller, "/v1/connections", http),
    ] {
        let made = text(&platform.post(&by.key, path, body).await.good(), "id");
        let refused = delete(&platform, &owner, &company(of)).await;
        assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), made.clone()));
        delete(&platform, by, &format!("{path}/{made}")).await.good();
    }
    for gone in [client, reseller] {
        delete(&platform, &owner, &company(&gone)).await.good();
    }
}

#[tokio::test]
async fn what_has_more_wallets_than_one_step_closes_is_not_deleted_and_hears_why() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let client = platform.member(&owner, "Client", "client").await;
    platform.patch(&owner.key, &agreement(&client), json!({"individual_credits": true})).await.good();
    for number in 0..100 {
        let body = json!({"name": format!("Ada {number}"), "email": "ada@example.com"});
        platform.post(&client.key, "/v1/users", body).await.good();
    }
    let wallets = platform.get(&client.key, "/v1/wallets").await.good();
    assert_eq!(wallets["items"].as_array().unwrap().len(), 101);
    for path in [company(&client), agreement(&client)] {
        assert_eq!(delete(&platform, &owner, &path).await.refusal(), "409 too_many_parts", "{path}");
    }
    let still = platform.get(&owner.key, &company(&client)).await.good();
    assert_eq!(text(&still, "status"), "active");
}

#[tokio::test]
async fn an_agreement_names_its_parties_dates_and_addresses() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let key = &platform.owner.key;
    let body = json!({"company": client.company, "code": "NC-12345", "currency": "EUR",
        "agreement_date": "2026-07-01", "effective_till": in_days(30), "time_zone": "Europe/Zagreb",
        "invoice_emails": ["b@example.com", "a@example.com"], "service_emails": ["s@example.com"],
        "billing": {"time_zone": "Europe/Zagreb", "period": "weekly", "billing_day": 1,
            "split_by_month": true, "days_for_payment": 10}});
    let made = platform.post(key, "/v1/agreements", body).await.good();
    assert_eq!(made["invoice_emails"], json!(["a@example.com", "b@example.com"]));
    assert_eq!(
        (text(&made, "time_zone"), text(&made, "direction")),
        ("Europe/Zagreb".into(), "client".into())
    );
    assert_eq!(
        (text(&made, "agreement_date"), &made["billing"]["split_by_month"]),
        ("2026-07-01".into(), &json!(true))
    );
    let path = format!("/v1/agreements/{}", text(&made, "id"));
    let changed = platform.patch(key, &path, json!({"agreement_date": null, "code": "NC-2"})).await.good();
    assert_eq!((changed["agreement_date"].clone(), text(&changed, "code")), (Value::Null, "NC-2".into()));
    assert_eq!(changed["effective_till"], made["effective_till"]);
    let taken = platform.patch(key, &path, json!({"code": "Client"})).await;
    assert_eq!(taken.refusal(), "409 code_taken");
    let reversed = platform.patch(key, &path, json!({"effective_from": in_days(40)})).await;
    assert_eq!(reversed.refusal(), "422 invalid");
    let unknown = json!({"own_legal_entity": "own_00000000000000000000000001"});
    assert_eq!(platform.patch(key, &path, unknown).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn agreements_are_listed_for_who_pays_and_for_who_is_paid() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let first = platform.euro_member(&reseller, "First", "client").await;
    let second = platform.euro_member(&reseller, "Second", "client").await;
    let codes = async |by: &Member, query: &str| {
        let list = platform.get(&by.key, &format!("/v1/agreements?{query}")).await.good();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| text(item, "code")).collect::<Vec<_>>()
    };
    let sold = format!("tenant={}", reseller.company);
    assert_eq!(codes(&reseller, "").await, ["Reseller"]);
    assert_eq!(codes(&reseller, &format!("{sold}&sort=-code")).await, ["Second", "First"]);
    assert_eq!(codes(&reseller, &format!("{sold}&code=fi&currency=EUR")).await, ["First"]);
    platform.patch(&reseller.key, &agreement(&second), json!({"suspended": true})).await.good();
    assert_eq!(codes(&reseller, &format!("{sold}&suspended=true")).await, ["Second"]);
    assert_eq!(codes(&first, "").await, ["First"]);
    let foreign = platform.get(&first.key, &format!("/v1/agreements?{sold}")).await;
    assert!(matches!(foreign.refusal().as_str(), "404 not_found" | "403 not_allowed"));
    let file = [("accept", "text/csv")];
    let path = format!("/v1/agreements?{sold}&sort=code");
    let file = platform.ask(&reseller.key, Method::GET, &path, &file, None).await.good();
    assert_eq!(file.as_str().unwrap().lines().count(), 3);
}

#[tokio::test]
async fn agreements_are_found_and_sorted_by_their_terms() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let client = platform.member(owner, "Client", "client").await;
    let (soon, late) = (in_days(10), in_days(20));
    for (code, limit, zone, period, end) in [
        ("A", json!("100"), "Europe/Zagreb", "weekly", json!(null)),
        ("B", json!("5.5"), "Africa/Abidjan", "monthly", json!(in_days(30))),
        ("C", json!(null), "UTC", "monthly", json!(soon)),
    ] {
        let billing = json!({"time_zone": zone, "period": period, "billing_day": 1, "days_for_payment": 10});
        let body = json!({"company": client.company, "code": code, "currency": "EUR", "credit_limit": limit,
            "billing": billing, "effective_till": end});
        platform.post(&owner.key, "/v1/agreements", body).await.good();
    }
    for (query, expected) in [
        ("sort=credit_limit", "B A C"),
        ("credit_limit_min=5.5&credit_limit_max=100", "A B"),
        ("credit_limit_min=6&sort=-credit_limit", "C A"),
        ("sort=-billing_time_zone", "C A B"),
        ("billing_time_zone=europe", "A"),
        ("billing_period=monthly&sort=code", "B C"),
        ("sort=billing_period&limit=2", "B C"),
        ("sort=effective_till", "C B A"),
        (&format!("ends_since={late}"), "A B"),
        (&format!("ends_since={soon}&ends_before={late}"), "C"),
    ] {
        let path = format!("/v1/agreements?company={}&currency=EUR&{query}", client.company);
        let list = platform.get(&owner.key, &path).await.good();
        let codes: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| text(item, "code")).collect();
        assert_eq!(codes.join(" "), expected, "{query}");
    }
    let refused = platform.get(&owner.key, "/v1/agreements?credit_limit_min=much").await;
    assert_eq!(
        (refused.refusal(), &refused.body["field"]),
        ("422 invalid".into(), &json!("credit_limit_min"))
    );
}

#[tokio::test]
async fn a_coming_version_changes_and_goes_until_it_has_begun() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let key = &platform.owner.key;
    let versions = format!("{}/versions", agreement(&client));
    let list = platform.get(key, &versions).await.good();
    let first = text(&list["items"][0], "id");
    assert_eq!(text(&list["items"][0], "state"), "in_force");
    let only = delete(&platform, &platform.owner, &format!("{versions}/{first}")).await;
    assert_eq!(only.refusal(), "409 only_version");
    let body = json!({"effective_from": in_days(10), "credit_limit": "500"});
    let made = platform.post(key, &versions, body.clone()).await.good();
    assert_eq!((text(&made, "state"), text(&made, "credit_limit")), ("coming".into(), "500".into()));
    assert_eq!(platform.post(key, &versions, body).await.refusal(), "409 version_overlaps");
    let past = json!({"effective_from": in_days(-1)});
    assert_eq!(platform.post(key, &versions, past).await.refusal(), "422 invalid");
    let path = format!("{versions}/{}", text(&made, "id"));
    let later = in_days(20);
    let moved = json!({"effective_from": later, "credit_limit": null});
    let moved = platform.patch(key, &path, moved).await.good();
    assert_eq!((text(&moved, "effective_from"), &moved["credit_limit"]), (later, &Value::Null));
    let list = platform.get(&client.key, &versions).await.good();
    assert_eq!(list["items"][0]["effective_till"], moved["effective_from"]);
    let file =
        platform.ask(&client.key, Method::GET, &versions, &[("accept", "text/csv")], None).await.good();
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert!(
        lines.len() == 3 && lines[0].starts_with("id,effective_from,effective_till,state,credit_limit,"),
        "{file}"
    );
    assert!(lines[1].contains(",in_force,") && lines[2].contains(",coming,"), "{file}");
    let begun = delete(&platform, &platform.owner, &format!("{versions}/{first}")).await;
    assert_eq!(begun.refusal(), "409 version_begun");
    assert_eq!(platform.patch(&client.key, &path, json!({})).await.refusal(), "403 not_allowed");
    delete(&platform, &platform.owner, &path).await.good();
    assert_eq!(platform.get(key, &versions).await.good()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whom_to_mail_is_a_matter_of_versions_too() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let (key, path) = (&platform.owner.key, agreement(&client));
    let versions = format!("{path}/versions");
    let lists = ["rate_emails", "invoice_emails", "account_emails", "service_emails", "payment_alert_emails"];
    for list in lists {
        let made = platform.patch(key, &path, json!({list: [format!("{list}@client.example")]})).await.good();
        assert_eq!(made[list], json!([format!("{list}@client.example")]));
        let wrong = platform.post(key, &versions, json!({"effective_from": in_days(1), list: ["x"]})).await;
        assert_eq!((wrong.refusal(), &wrong.body["field"]), ("422 invalid".into(), &json!(list)));
    }
    let body = json!({"effective_from": in_days(10), "invoice_emails": ["next@client.example"]});
    let coming = platform.post(key, &versions, body).await.good();
    let now = platform.get(key, &path).await.good();
    for list in lists {
        assert_eq!(now[list], json!([format!("{list}@client.example")]));
        let next = if list == "invoice_emails" { json!(["next@client.example"]) } else { now[list].clone() };
        assert_eq!(coming[list], next, "{list}");
    }
    let path = format!("{versions}/{}", text(&coming, "id"));
    let moved = platform.patch(key, &path, json!({"rate_emails": []})).await.good();
    assert_eq!((&moved["rate_emails"], &moved["invoice_emails"]), (&json!([]), &coming["invoice_emails"]));
    let file = platform.ask(key, Method::GET, &versions, &[("accept", "text/csv")], None).await.good();
    assert!(file.as_str().unwrap().contains(",next@client.example,"), "{file}");
}

#[tokio::test]
async fn the_limit_of_a_version_is_in_the_wallet_when_it_begins() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let key = &platform.owner.key;
    let body = json!({"effective_from": in_days(10), "credit_limit": "500"});
    platform.post(key, &format!("{}/versions", agreement(&client)), body).await.good();
    let limit = async |days: i64| {
        let app = tests::paying::sweeper(&platform.store);
        let now = runtime::now() + SignedDuration::from_hours(24 * days);
        sweeper::versions::run(&app, now).await.unwrap();
        let id = domain::id::WalletId::parse(&client.wallet).unwrap();
        platform.store.wallet(&id).await.unwrap().unwrap().credit_limit.to_string()
    };
    let listed = async || {
        let path = format!("/v1/agreements?company={}&credit_limit_min=500", client.company);
        platform.get(key, &path).await.good()["items"].as_array().unwrap().len()
    };
    assert_eq!((limit(9).await, listed().await), ("0".into(), 0));
    assert_eq!((limit(11).await, listed().await), ("500".into(), 1));
    assert_eq!(limit(12).await, "500");
}

#[tokio::test]
async fn who_edits_an_agreement_while_a_version_begins_reads_it_again() {
    let platform = Platform::new().await;
    let client = platform.euro_member(&platform.owner, "Client", "client").await;
    let (key, path) = (&platform.owner.key, agreement(&client));
    let version = json!({"effective_from": in_days(10), "credit_limit": "500"});
    platform.post(key, &format!("{path}/versions"), version).await.good();
    let read = platform.get(key, &path).await;
    let etag = read.headers["etag"].to_str().unwrap().to_owned();
    let app = tests::paying::sweeper(&platform.store);
    let begun = runtime::now() + SignedDuration::from_hours(24 * 11);
    sweeper::versions::run(&app, begun).await.unwrap();
    let body = json!({"code": "NEW"});
    let edit = platform.ask(key, Method::PATCH, &path, &[("if-match", &etag)], Some(body)).await;
    assert_eq!(edit.refusal(), "412 precondition_failed");
    let again = platform.get(key, &path).await.good();
    assert_eq!(again["revision"].as_u64(), read.good()["revision"].as_u64().map(|before| before + 1));
}

/// A client with 5 that are expected by tomorrow and 5 that went back, so that there is no money; and both
/// payments by their paths.
async fn expecting(platform: &Platform, name: &str) -> (Member, [String; 2]) {
    let client = platform.euro_member(&platform.owner, name, "client").await;
    let day = today();
    let expected = json!({"agreement": client.agreement, "amount": "5", "payment_date": day,
        "reference": "IN", "confirmed": false, "confirm_before": day.tomorrow().unwrap()});
    let expected = platform.post(&platform.owner.key, "/v1/payments", expected).await.good();
    let back = json!({"agreement": client.agreement, "amount": "5", "payment_date": day,
        "reference": "OUT", "direction": "outbound"});
    let back = platform.post(&platform.owner.key, "/v1/payments", back).await.good();
    (client, [&expected, &back].map(|payment| format!("/v1/payments/{}", text(payment, "id"))))
}

#[tokio::test]
async fn a_payment_that_expires_after_its_agreement_was_deleted_holds_nobody_up() {
    let shop = Shop::new().await;
    let platform = &shop.platform;
    let (client, _) = expecting(platform, "Client").await;
    delete(platform, &platform.owner, &agreement(&client)).await.good();
    let later = runtime::now() + SignedDuration::from_hours(24 * 3);
    sweeper::payments::run(&shop.sweeper(platform.store.clone()), later).await.unwrap();
    let other = platform.euro_member(&platform.owner, "Other", "client").await;
    platform.pay(&platform.owner, &other.agreement, "7").await;
    shop.project().await;
    assert_eq!(shop.statement(&other).await, ["payment 7"], "what came after it is on its statement");
}

#[tokio::test]
async fn money_that_expired_is_not_confirmed_into_what_was_deleted() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    for (name, path_of) in [("One", agreement as fn(&Member) -> String), ("Two", company)] {
        let (client, [expected, back]) = expecting(platform, name).await;
        delete(platform, owner, &path_of(&client)).await.good();
        let later = runtime::now() + SignedDuration::from_hours(24 * 3);
        sweeper::payments::run(&shop.sweeper(platform.store.clone()), later).await.unwrap();
        let before = platform.get(&owner.key, &expected).await.good();
        assert_eq!(
            (text(&before, "status"), platform.balance(&client).await),
            ("expired".into(), "-5".into())
        );
        let confirmed = platform.patch(&owner.key, &expected, json!({"confirmed": true})).await;
        assert_eq!(confirmed.refusal(), "409 agreement_deleted", "{name}");
        // It would come back, too, if what went out never had.
        assert_eq!(delete(platform, owner, &back).await.refusal(), "409 agreement_deleted", "{name}");
        assert_eq!(platform.get(&owner.key, &expected).await.good(), before);
        assert_eq!(platform.balance(&client).await, "-5");
    }
}

#[tokio::test]
async fn an_agreement_goes_when_nothing_came_of_it() {
    let platform = Platform::new().await;
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    let resold = delete(&platform, &platform.owner, &agreement(&reseller)).await;
    assert_eq!(resold.refusal(), "409 is_resold");
    assert_eq!(delete(&platform, &client, &agreement(&client)).await.refusal(), "403 not_allowed");
    platform.pay(&reseller, &client.agreement, "5").await;
    assert_eq!(delete(&platform, &reseller, &agreement(&client)).await.refusal(), "409 has_money");
    let body = json!({"company": client.company, "code": "SPARE", "currency": "EUR"});
    let spare = text(&platform.post(&reseller.key, "/v1/agreements", body.clone()).await.good(), "id");
    let path = format!("/v1/agreements/{spare}");
    let stale = [("if-match", "\"7\"")];
    let stale = platform.ask(&reseller.key, Method::DELETE, &path, &stale, None).await;
    assert_eq!(stale.refusal(), "412 precondition_failed");
    delete(&platform, &reseller, &path).await.good();
    assert_eq!(platform.get(&reseller.key, &path).await.refusal(), "404 not_found");
    platform.post(&reseller.key, "/v1/agreements", body).await.good();
    let log = platform.get(&reseller.key, &format!("/v1/audit?object={spare}")).await.good();
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| text(item, "action")).collect();
    assert_eq!(actions, ["agreement.delete", "agreement.create"]);
}

#[tokio::test]
async fn an_agreement_is_not_deleted_while_it_is_resold_under_or_pays_for_a_connection() {
    let platform = Platform::new().await;
    let (owner, key) = (&platform.owner, &platform.owner.key);
    let reseller = platform.member(owner, "Reseller", "reseller").await;
    let refused = async |by: &str| {
        let refused = delete(&platform, owner, &agreement(&reseller)).await;
        assert_eq!((refused.refusal(), text(&refused.body, "by")), ("409 in_use".into(), by.to_owned()));
    };
    let entity = json!({"company": reseller.company, "name": "Cats", "legal_name": "Cats", "country": "DE"});
    let entity = text(&platform.post(key, "/v1/legal_entities", entity).await.good(), "id");
    let tie = json!({"agreement": reseller.agreement, "effective_from": "2026-01-01T00:00:00Z"});
    let ties = format!("/v1/legal_entities/{entity}/reselling_agreements");
    let tie = text(&platform.post(key, &ties, tie).await.good(), "id");
    refused(&tie).await;
    let over = json!({"effective_till": "2026-02-01T00:00:00Z"});
    platform.patch(key, &format!("/v1/reselling_agreements/{tie}"), over).await.good();
    let account = json!({"kind": "client", "name": "Over SMPP", "client": reseller.company,
        "agreement": reseller.agreement, "system_id": "cats", "password": "pw-Kq83z"});
    let account = text(&platform.post(key, "/v1/connections", account).await.good(), "id");
    refused(&account).await;
    assert_eq!(delete(&platform, owner, &format!("/v1/connections/{account}")).await.status, 204);
    assert_eq!(delete(&platform, owner, &agreement(&reseller)).await.status, 204);
}

#[tokio::test]
async fn a_sender_id_is_named_watched_blocked_and_deleted() {
    let platform = Platform::new().await;
    let key = &platform.owner.key;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let vendor = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Alaris", "url": "https://vendor.example", "username": "u", "password": "p"});
    let vendor = text(&platform.post(key, "/v1/connections", vendor).await.good(), "id");
    let body = |address: &str| {
        json!({"agreement": client.agreement, "address": address, "connection": vendor,
        "name": "Hornes and Hooves", "webhook_guid": format!("guid-{address}"), "mno": "BT",
        "monitoring": {"trigger_percent": 60, "messages_min": 40, "window_minutes": 20}})
    };
    let made = platform.post(key, "/v1/sender_ids", body("ACME")).await.good();
    assert_eq!((text(&made, "name"), text(&made, "channel")), ("Hornes and Hooves".into(), "sms".into()));
    assert_eq!(platform.post(key, "/v1/sender_ids", body("ACME")).await.refusal(), "409 taken");
    let path = format!("/v1/sender_ids/{}", text(&made, "id"));
    assert_eq!(platform.get(&client.key, &path).await.good(), made);
    let neighbour = platform.member(&platform.owner, "Neighbour", "client").await;
    assert_eq!(platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
    let unsound = json!({"monitoring": {"trigger_percent": 0, "messages_min": 1, "window_minutes": 1}});
    assert_eq!(platform.patch(key, &path, unsound).await.refusal(), "422 invalid");
    let blocked = json!({"status": "blocked", "monitoring": null});
    assert_eq!(platform.patch(&client.key, &path, blocked.clone()).await.refusal(), "403 not_allowed");
    let blocked = platform.patch(key, &path, blocked).await.good();
    assert_eq!((text(&blocked, "status"), &blocked["monitoring"]), ("blocked".into(), &Value::Null));
    let list = format!("/v1/sender_ids?company={}&status=blocked&name=hornes", client.company);
    assert_eq!(things(&platform.get(key, &list).await.good()), json!([blocked]));
    delete(&platform, &platform.owner, &path).await.good();
    assert_eq!(platform.get(key, &path).await.refusal(), "404 not_found");
    platform.post(key, "/v1/sender_ids", body("ACME")).await.good();
}

#[tokio::test]
async fn what_messages_give_back_after_a_deletion_is_taken_by_a_company_above() {
    let shop = Shop::new().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let client = platform.euro_member(&reseller, "Client", "client").await;
    shop.stock(owner, &reseller, "0.03").await;
    shop.stock(&reseller, &client, "0.05").await;
    shop.sell(owner, &reseller, sms(flat("0.03"))).await;
    shop.sell(&reseller, &client, sms(flat("0.05"))).await;
    let sent = shop.try_send(&client, &numbers(0..1), "hello", "ACME").await.good();
    shop.clear(&reseller, &client).await;
    delete(platform, &reseller, &company(&client)).await.good();
    shop.clear(owner, &reseller).await;
    delete(platform, owner, &company(&reseller)).await.good();
    shop.refuse(&text(&sent["messages"][0], "id")).await;

    let house = Member { wallet: platform.house.wallet.to_string(), ..owner.clone() };
    let give = async |from: &Member, to: &Member, amount: &str| {
        let body = json!({"from": from.wallet, "to": to.wallet, "amount": amount});
        platform.post(&owner.key, "/v1/transfers", body).await
    };
    for amount in ["0.05", "all"] {
        assert_eq!(give(&client, &reseller, amount).await.refusal(), "409 agreement_deleted");
    }
    assert_eq!(give(&house, &reseller, "1").await.refusal(), "409 agreement_deleted");
    assert_eq!(give(&client, &house, "0.06").await.refusal(), "402 insufficient_funds");
    assert_eq!(text(&give(&client, &house, "0.05").await.good(), "from_balance"), "0");
    assert_eq!(text(&give(&reseller, &house, "all").await.good(), "amount"), "0.03");
    assert_eq!(platform.balance(&house).await, "0.08");
    shop.settle(&[&client, &reseller]).await;
    assert_eq!(shop.statement(&client).await.last().map(String::as_str), Some("transfer_out -0.05"));
}
