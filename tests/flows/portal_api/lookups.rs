//! MNP look-ups: a connection to a vendor, switched on for a company, and what its messages cost then.

use std::time::{Duration, Instant};

use runtime::targets::Targets;
use serde_json::{Value, json};
use tests::lookup_simulator::{LookupSimulator, Mood, Settings};

use crate::platform::{Member, text};
use crate::shop::Shop;

/// T-Mobile's by its range, and ported to Vodafone.
const PORTED: &str = "4915112345678";
/// T-Mobile's, and still there.
const STAYED: &str = "4915112345679";

struct Flow {
    shop: Shop,
    vendor: LookupSimulator,
    client: Member,
    connection: String,
}

fn by_network() -> Value {
    json!({"sms_message": {"depends_on": "country", "values": {"DE": {"depends_on": "network", "values": {
        "T-Mobile": {"price": {"type": "flat", "amount": "0.05"}},
        "Vodafone": {"price": {"type": "flat", "amount": "0.08"}}}}}}})
}

fn by_mccmnc() -> Value {
    json!({"sms_message": {"depends_on": "mcc", "values": {"262": {"depends_on": "mccmnc",
        "values": {"26202": {"price": {"type": "flat", "amount": "0.08"}}},
        "others": {"price": {"type": "flat", "amount": "0.05"}}}}}})
}

fn lookup(url: &str) -> Value {
    json!({"kind": "lookup", "name": "MNP", "url": url, "secret_header": "X-Api-Key", "secret": "open sesame",
        "answer": {"mccmnc": "/number/mccmnc", "ported": "/number/ported", "error": "/status"},
        "timeout_ms": 300})
}

impl Flow {
    /// A client whose numbers are looked up, with prices of this tree.
    async fn new(tree: Value) -> Self {
        let shop = Shop::new().await;
        let ported = [(PORTED.to_owned(), "26202".to_owned())].into();
        let settings = Settings { key: "open sesame".into(), ported, mood: Mood::Well };
        let vendor = LookupSimulator::start(settings).await.unwrap();
        let client = shop.client("100").await;
        let owner = shop.platform.owner.clone();
        shop.sell(&owner, &client, tree).await;
        let connection = shop.platform.post(&owner.key, "/v1/connections", lookup(vendor.url())).await.good();
        let connection = text(&connection, "id");
        let flow = Self { shop, vendor, client, connection };
        let patched = flow.set(&owner, json!(flow.connection)).await;
        assert_eq!(text(&patched, "lookup_connection"), flow.connection);
        flow
    }

    async fn set(&self, by: &Member, connection: Value) -> Value {
        let path = format!("/v1/companies/{}", self.client.company);
        let body = json!({"lookup_connection": connection});
        self.shop.platform.patch(&by.key, &path, body).await.good()
    }

    /// Network and price of each message.
    async fn send(&self, numbers: &[&str]) -> Vec<String> {
        let numbers: Vec<String> = numbers.iter().map(|number| format!("+{number}")).collect();
        let sent = self.shop.try_send(&self.client, &numbers, "hello", "ACME").await.good();
        let shown = |message: &Value| format!("{} {}", text(message, "network"), text(message, "price"));
        sent["messages"].as_array().unwrap().iter().map(shown).collect()
    }
}

#[tokio::test]
async fn a_company_is_created_with_its_look_ups_and_they_wait_for_their_switch() {
    let flow = Flow::new(by_network()).await;
    let (platform, owner) = (&flow.shop.platform, &flow.shop.platform.owner);
    let body = json!({"name": "New", "kind": "client", "lookup_connection": flow.connection});
    let made = platform.post(&owner.key, "/v1/companies", body).await.good();
    assert_eq!(text(&made, "lookup_connection"), flow.connection);
    let unknown = json!({"name": "New", "kind": "client", "lookup_connection": "con_x"});
    assert_eq!(platform.post(&owner.key, "/v1/companies", unknown).await.refusal(), "404 not_found");
    let path = format!("/v1/companies/{}", flow.client.company);
    platform.patch(&owner.key, &path, json!({"mnp_requests": false})).await.good();
    assert_eq!(flow.send(&[PORTED]).await, ["T-Mobile 0.05"]);
    assert_eq!(flow.vendor.take_asked(), Vec::<String>::new());
    platform.patch(&owner.key, &path, json!({"mnp_requests": true})).await.good();
    assert_eq!(flow.send(&[PORTED]).await, ["Vodafone 0.08"]);
}

#[tokio::test]
async fn a_ported_number_is_priced_by_the_network_it_is_in_and_asked_for_once() {
    let flow = Flow::new(by_network()).await;
    assert_eq!(flow.send(&[PORTED, STAYED]).await, ["Vodafone 0.08", "T-Mobile 0.05"]);
    let mut asked = flow.vendor.take_asked();
    asked.sort();
    assert_eq!(asked, [PORTED, STAYED]);
    assert_eq!(flow.send(&[PORTED]).await, ["Vodafone 0.08"]);
    assert_eq!(flow.send(&[STAYED]).await, ["T-Mobile 0.05"]);
    assert_eq!(flow.vendor.take_asked(), [""; 0]);
    flow.shop.settle(&[&flow.client]).await;
}

#[tokio::test]
async fn a_price_may_depend_on_the_code_that_was_looked_up() {
    let flow = Flow::new(by_mccmnc()).await;
    assert_eq!(flow.send(&[PORTED, STAYED]).await, ["Vodafone 0.08", "T-Mobile 0.05"]);
}

#[tokio::test]
async fn a_vendor_that_fails_leaves_the_numbering_plan_in_charge_and_is_asked_again() {
    let flow = Flow::new(by_network()).await;
    for mood in [Mood::Broken, Mood::OutOfCredit, Mood::Slow(Duration::from_secs(5))] {
        flow.vendor.set_mood(mood);
        let begun = Instant::now();
        assert_eq!(flow.send(&[PORTED]).await, ["T-Mobile 0.05"]);
        assert!(begun.elapsed() < Duration::from_secs(3), "the send waited for the vendor");
        assert_eq!(flow.vendor.take_asked(), [PORTED]);
    }
    flow.vendor.set_mood(Mood::Well);
    assert_eq!(flow.send(&[PORTED]).await, ["Vodafone 0.08"]);
}

#[tokio::test]
async fn the_recipients_of_one_request_are_looked_up_side_by_side() {
    let flow = Flow::new(by_network()).await;
    flow.vendor.set_mood(Mood::Slow(Duration::from_millis(100)));
    let numbers: Vec<String> = (0..200).map(|place| format!("49151{:08}", 20_000_000 + place)).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(flow.send(&numbers).await.len(), 200);
    assert_eq!(flow.vendor.take_asked().len(), 200);
    let at_once = flow.vendor.at_once_max();
    assert!((20..=50).contains(&at_once), "{at_once} at once");
}

#[tokio::test]
async fn a_thousand_recipients_wait_no_longer_than_five_seconds_for_a_slow_vendor() {
    let flow = Flow::new(by_network()).await;
    flow.vendor.set_mood(Mood::Slow(Duration::from_secs(1)));
    let numbers: Vec<String> = (0..1_000).map(|place| format!("49151{:08}", 30_000_000 + place)).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let begun = Instant::now();
    assert_eq!(flow.send(&numbers).await.len(), 1_000);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let asked = flow.vendor.take_asked().len();
    assert!(asked < 1_000, "the time was up before all were asked, and yet {asked} were");
}

#[tokio::test]
async fn a_company_without_a_look_up_never_asks() {
    let flow = Flow::new(by_network()).await;
    let owner = flow.shop.platform.owner.clone();
    assert_eq!(flow.set(&owner, Value::Null).await["lookup_connection"], Value::Null);
    assert_eq!(flow.send(&[PORTED]).await, ["T-Mobile 0.05"]);
    flow.set(&owner, json!(flow.connection)).await;
    let path = format!("/v1/connections/{}", flow.connection);
    flow.shop.platform.patch(&owner.key, &path, json!({"enabled": false})).await.good();
    assert_eq!(flow.send(&[PORTED]).await, ["T-Mobile 0.05"]);
    assert_eq!(flow.vendor.take_asked(), [""; 0]);
}

#[tokio::test]
async fn a_look_up_around_us_is_not_asked() {
    let mut flow = Flow::new(by_network()).await;
    flow.shop.send_within(Targets::Public);
    assert_eq!(flow.send(&[PORTED]).await, ["T-Mobile 0.05"]);
    assert_eq!(flow.vendor.take_asked(), [""; 0]);
}

#[tokio::test]
async fn a_look_up_is_for_those_to_set_who_see_its_connection() {
    let flow = Flow::new(by_network()).await;
    let platform = &flow.shop.platform;
    let path = format!("/v1/companies/{}", flow.client.company);
    let set = |key: &str, connection: Value| {
        let (key, path) = (key.to_owned(), path.clone());
        async move { platform.patch(&key, &path, json!({"lookup_connection": connection})).await.refusal() }
    };
    assert_eq!(set(&flow.client.key, Value::Null).await, "403 not_allowed");
    assert_eq!(set(&flow.client.key, json!(flow.connection)).await, "404 not_found");
    let messages = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Vendor", "url": "https://vendor.example/api",
        "username": "waybill", "password": "hush-hush"});
    let messages = platform.post(&platform.owner.key, "/v1/connections", messages).await.good();
    assert_eq!(set(&platform.owner.key, messages["id"].clone()).await, "422 invalid");
    let reseller = platform.euro_member(&platform.owner, "Reseller", "reseller").await;
    let url = "https://mnp.example/{number}";
    let theirs = platform.post(&reseller.key, "/v1/connections", lookup(url)).await.good();
    assert_eq!(set(&platform.owner.key, theirs["id"].clone()).await, "422 invalid");
    let sender =
        json!({"agreement": flow.client.agreement, "address": "OTHER", "connection": flow.connection});
    let refused = platform.post(&platform.owner.key, "/v1/sender_ids", sender).await;
    assert_eq!(refused.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_look_up_that_could_not_work_is_refused_and_its_secret_is_never_shown() {
    let flow = Flow::new(by_network()).await;
    let platform = &flow.shop.platform;
    for (field, value) in [
        ("url", json!("https://mnp.example")),
        ("url", json!("mnp.example/{number}")),
        ("answer", json!({"mcc": "/mcc"})),
        ("answer", json!({"mccmnc": "mccmnc"})),
        ("timeout_ms", json!(60_000)),
        ("secret", Value::Null),
        ("secret", json!("two\nlines")),
    ] {
        let mut body = lookup("https://mnp.example/{number}");
        body[field] = value;
        let refused = platform.post(&platform.owner.key, "/v1/connections", body).await;
        assert_eq!(
            (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
            ("422 invalid", field)
        );
    }
    let seen =
        platform.get(&platform.owner.key, &format!("/v1/connections/{}", flow.connection)).await.good();
    assert_eq!((text(&seen, "kind"), text(&seen, "secret_header")), ("lookup".into(), "X-Api-Key".into()));
    assert!(!seen.to_string().contains("sesame"), "{seen}");
}

#[tokio::test]
async fn a_look_up_connection_stays_while_a_company_is_looked_up_with_it() {
    let flow = Flow::new(by_network()).await;
    let (platform, owner) = (&flow.shop.platform, &flow.shop.platform.owner);
    let path = format!("/v1/connections/{}", flow.connection);
    let gone = platform.euro_member(owner, "Gone", "client").await;
    let companies = [&flow.client.company, &owner.company, &gone.company];
    let set = async |company: &str, connection: Value| {
        let body = json!({"lookup_connection": connection});
        platform.patch(&owner.key, &format!("/v1/companies/{company}"), body).await.good()
    };
    for company in companies {
        set(company, json!(flow.connection)).await;
    }
    for company in &companies[..2] {
        let used = platform.remove(owner, &path).await;
        let by = text(&used.body, "by");
        assert!(used.refusal() == "409 in_use" && companies.contains(&&by), "{}", used.body);
        set(company, Value::Null).await;
    }
    let used = platform.remove(owner, &path).await;
    assert_eq!((used.refusal(), text(&used.body, "by")), ("409 in_use".into(), gone.company.clone()));
    // One that is deleted asks nobody any more.
    platform.remove(owner, &format!("/v1/companies/{}", gone.company)).await.good();
    assert_eq!(platform.remove(owner, &path).await.status, 204);
    let listed = platform.get(&owner.key, "/v1/companies?sort=name").await.good();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "each stands in the list of the one above");
    assert_eq!(flow.send(&[PORTED]).await, ["T-Mobile 0.05"]);
}
