//! The log of credits that came and went in the last 30 days: who sees which lines, and in which form.

use http::Method;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::platform::{Answer, Member, Platform, text};
use crate::users::person;

/// Posts what happened to the statements, as the stream brings it.
async fn project(platform: &Platform) {
    let app = projector::App {
        store: platform.store.clone(),
        sqs: platform.sqs.client(),
        http_send: queue::Sender::new(platform.sqs.client(), platform.sqs.queue("http-send")),
        notifications: queue::Sender::new(platform.sqs.client(), platform.sqs.queue("notifications")),
        billing: queue::Sender::new(platform.sqs.client(), platform.sqs.queue("billing")),
        webhooks: queue::Sender::new(platform.sqs.client(), platform.sqs.queue("webhooks")),
        archive: tests::embedded_s3::EmbeddedS3::new().archive(),
    };
    projector::handle(&app, platform.database.take_stream("flow-ledger")).await.unwrap();
}

async fn log(platform: &Platform, key: &str, query: &str, accept: &str) -> Answer {
    let path = format!("/v1/credit_log{query}");
    platform.ask(key, Method::GET, &path, &[("accept", accept)], None).await
}

/// The lines as short texts: newest last, because all happen within a second or two.
async fn lines(platform: &Platform, key: &str, query: &str) -> Vec<String> {
    let answer = log(platform, key, query, "application/json").await.good();
    let line = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap_or("-").to_owned();
        let whose = format!("{} {}", text("company_name"), text("user_name"));
        let moved = format!("{} {} -> {}", text("direction"), text("amount"), text("balance_after"));
        format!("{whose}: {moved} {} ({}) by {}", text("counterparty_name"), text("note"), text("by"))
    };
    let mut lines: Vec<_> = answer["items"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// A reseller with 100 credits that gave 30 of them to a client, whose master gave 10 to Ada, who gave 4
/// to Bob.
struct Story {
    platform: Platform,
    reseller: Member,
    client: Member,
    ada_key: String,
    bob_key: String,
}

impl Story {
    async fn new(note: &str) -> Self {
        let platform = Platform::new().await;
        let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
        let client = platform.member(&reseller, "Client", "client").await;
        let on = json!({"individual_credits": true});
        let path = format!("/v1/agreements/{}", client.agreement);
        platform.patch(&reseller.key, &path, on).await.good();
        let mia = person(&platform, &client, "Mia", true).await;
        let ada = person(&platform, &client, "Ada", false).await;
        let bob = person(&platform, &client, "Bob", false).await;
        let listed = platform.get(&client.key, "/v1/wallets").await.good();
        let wallet = |name: &str| {
            let items = listed["items"].as_array().unwrap();
            text(items.iter().find(|item| item["user_name"] == json!(name)).unwrap(), "id")
        };
        platform.pay(&platform.owner, &reseller.agreement, "100").await;
        for (key, from, to, amount, note) in [
            (&reseller.key, &reseller.wallet, &client.wallet, "30", "monthly"),
            (&mia.key, &client.wallet, &wallet("Ada"), "10", note),
            (&ada.key, &wallet("Ada"), &wallet("Bob"), "4", ""),
        ] {
            let body = json!({"from": from, "to": to, "amount": amount, "note": note});
            platform.post(key, "/v1/transfers", body).await.good();
        }
        project(&platform).await;
        Self { platform, reseller, client, ada_key: ada.key, bob_key: bob.key }
    }
}

#[tokio::test]
async fn each_caller_sees_the_wallets_it_manages() {
    let Story { platform, reseller, client, ada_key, bob_key } = &Story::new("for you").await;
    let client_main = [
        "Client -: in 30 -> 30 Reseller (monthly) by Reseller",
        "Client -: out 10 -> 20 Client: Ada (for you) by Mia",
    ];
    let reseller_main = [
        "Reseller -: in 100 -> 100 - (P-13) by Owner",
        "Reseller -: out 30 -> 70 Client (monthly) by Reseller",
    ];
    let ada =
        ["Client Ada: in 10 -> 10 Client (for you) by Mia", "Client Ada: out 4 -> 6 Client: Bob () by Ada"];
    let bob = ["Client Bob: in 4 -> 4 Client: Ada () by Ada"];
    let of_client = [client_main.as_slice(), &ada, &bob].concat();
    let mut shown = lines(platform, &reseller.key, "").await;
    // The reference code of the payment is a number of the test's own.
    shown.iter_mut().filter(|line| line.contains("(P-")).for_each(|line| {
        line.replace_range(line.find("(P-").unwrap()..line.find(')').unwrap(), "(P-13");
    });
    assert_eq!(shown, [client_main.as_slice(), &reseller_main].concat());
    let mut expected = of_client.clone();
    expected.sort_unstable();
    assert_eq!(lines(platform, &client.key, "").await, expected);
    let of_company = format!("?company={}", client.company);
    assert_eq!(lines(platform, &reseller.key, &of_company).await, expected);
    assert_eq!(lines(platform, ada_key, "").await, ada);
    assert_eq!(lines(platform, bob_key, "").await, bob);
    let of_wallet = format!("?wallet={}", client.wallet);
    assert_eq!(lines(platform, &reseller.key, &of_wallet).await, client_main);
    assert_eq!(log(platform, ada_key, &of_wallet, "*/*").await.refusal(), "404 not_found");
    let above = format!("?company={}", reseller.company);
    assert_eq!(log(platform, &client.key, &above, "*/*").await.refusal(), "404 not_found");
    assert_eq!(lines(platform, &client.key, "?till=2020-01-01T00:00:00Z").await, Vec::<String>::new());
    assert_eq!(lines(platform, &client.key, "?from=2020-01-01T00:00:00Z").await, expected);
    assert_eq!(lines(platform, &client.key, "?from=2100-01-01T00:00:00Z").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_log_comes_as_a_file_for_a_spreadsheet_that_calculates_nothing() {
    let Story { platform, client, .. } = &Story::new("=1+1, \"quoted\"").await;
    let answer = log(platform, &client.key, "", "text/csv").await;
    assert_eq!(answer.headers[CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.headers[CONTENT_DISPOSITION], "attachment; filename=\"credit-log.csv\"");
    let file = answer.good().as_str().unwrap().to_owned();
    let rows: Vec<_> = file.split("\r\n").collect();
    assert_eq!(rows.len(), 7, "a head, five lines and the end: {file}");
    assert!(rows[0].starts_with("Date and time (UTC),Company,Credits of,"));
    let row = "Client,System,Client,out,transfer,10,CREDIT,20,Client: Ada,\"'=1+1, \"\"quoted\"\"\",Mia";
    assert!(rows.iter().any(|line| line.ends_with(row)), "{file}");
}

#[tokio::test]
async fn the_log_comes_as_a_page_to_print() {
    let Story { platform, client, .. } = &Story::new("<img src=x onerror=alert(1)>").await;
    let answer = log(platform, &client.key, "", "text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert_eq!(answer.headers[CONTENT_TYPE], "text/html; charset=utf-8");
    let page = answer.good().as_str().unwrap().to_owned();
    assert!(page.contains("Credit log of Client") && page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(!page.contains("<img") && !page.contains("<script") && !page.contains("://"), "it loads nothing");
    assert_eq!(page.matches("<tr>").count(), 6, "a head and five lines");
}

#[tokio::test]
async fn who_may_not_export_takes_along_the_log_of_the_own_wallet_alone() {
    let Story { platform, client, .. } = &Story::new("Lunch").await;
    let role = json!({"name": "Reader", "face": "client_portal", "grants": {"portal_finance": "view"}});
    let role = text(&platform.post(&client.key, "/v1/roles", role).await.good(), "id");
    let key_with = async |roles: Value| {
        let user = json!({"name": "Eve", "email": "eve@example.com", "roles": roles});
        let user = text(&platform.post(&client.key, "/v1/users", user).await.good(), "id");
        let key = platform.post(&client.key, "/v1/api_keys", json!({"name": "Eve", "user": user})).await;
        text(&key.good(), "secret")
    };
    let own = log(platform, &key_with(json!([])).await, "", "text/csv").await.good();
    assert_eq!(own.as_str().unwrap().lines().count(), 1, "a head: {own}");
    let key = key_with(json!([role])).await;
    log(platform, &key, "", "application/json").await.good();
    let refused = log(platform, &key, "", "text/csv").await;
    assert_eq!(text(&refused.body, "area"), "portal_export");
}
