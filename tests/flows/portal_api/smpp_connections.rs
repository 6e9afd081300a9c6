//! Connections over SMPP: to vendors with all that vendors want, and from clients.

use domain::connection::{Connection, Link};
use http::Method;
use runtime::password;
use runtime::targets::Targets;
use serde_json::{Value, json};

use crate::platform::{Member, Platform, text};

fn vendor() -> Value {
    json!({"kind": "smpp", "name": "Vendor", "host": "smsc.example.com", "port": 2775,
        "system_id": "waybill", "password": "secret08"})
}

/// A vendor that wants everything otherwise.
fn choosy() -> Value {
    json!({"kind": "smpp", "name": "Choosy", "host": "smsc.example.com", "port": 3550,
        "system_id": "waybill", "password": "secret08", "system_type": "VMA", "interface_version": "5.0",
        "window": 100, "rate": 300,
        "enquire_link_seconds": 15, "on_unknown_outcome": "resend",
        "binds": {"transceivers": 0, "transmitters": 2, "receivers": 1},
        "tls": {"server_name": "smsc.example.net"}, "service_type": "BULK",
        "numbering": {"alphanumeric": {"ton": 5, "npi": 0}, "destination": {"ton": 1, "npi": 1}},
        "inverted_addresses": true, "long_form": "sar", "tlvs": [{"tag": 5120, "value": "0a1b"}],
        "validity_seconds": 86400, "priority": 1,
        "statuses": [{"status": "REJECTD", "codes": ["011"], "outcome": "unsent"}],
        "errors": [{"status": 88, "action": "slow_down"}]})
}

fn account(client: &Member, system_id: &str) -> Value {
    json!({"kind": "client", "name": "Bakery over SMPP", "client": client.company,
        "agreement": client.agreement, "system_id": system_id, "password": "pw-Kq83z"})
}

async fn make(platform: &Platform, by: &Member, body: Value) -> Value {
    platform.post(&by.key, "/v1/connections", body).await.good()
}

fn path(connection: &Value) -> String {
    format!("/v1/connections/{}", text(connection, "id"))
}

#[track_caller]
fn link(connection: domain::connection::Connection) -> domain::connection::ClientLink {
    match connection.link {
        Link::Client(link) => link,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_vendors_wishes_are_kept_as_they_were_told() {
    let platform = Platform::new().await;
    let made = make(&platform, &platform.owner, choosy()).await;
    let seen = platform.get(&platform.owner.key, &path(&made)).await.good();
    for (name, told) in choosy().as_object().unwrap() {
        match name.as_str() {
            "password" => assert_eq!(seen.get(name), None),
            "tls" => assert_eq!(seen["tls"], json!({"ca_pem": null, "server_name": "smsc.example.net"})),
            "numbering" => assert_eq!(seen["numbering"]["alphanumeric"], told["alphanumeric"]),
            _ => assert_eq!(seen[name], *told, "{name}"),
        }
    }
}

#[tokio::test]
async fn a_vendor_of_whom_little_is_told_gets_what_is_usual() {
    let platform = Platform::new().await;
    let made = make(&platform, &platform.owner, vendor()).await;
    assert_eq!(made["binds"], json!({"transceivers": 1, "transmitters": 0, "receivers": 0}));
    assert_eq!((&made["tls"], &made["long_form"]), (&Value::Null, &json!("udh8")));
    assert_eq!(made["interface_version"], "3.4");
    assert_eq!((&made["window"], &made["rate"]), (&json!(10), &json!(50)));
    assert_eq!((&made["statuses"], &made["errors"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_change_of_a_connection_leaves_what_it_does_not_name_and_null_sets_back() {
    let platform = Platform::new().await;
    let made = make(&platform, &platform.owner, choosy()).await;
    let change = json!({"enabled": false, "window": 20, "tls": null, "errors": null, "password": "secret09"});
    let changed = platform.patch(&platform.owner.key, &path(&made), change).await.good();
    let mut expected = made.clone();
    expected["enabled"] = json!(false);
    expected["window"] = json!(20);
    expected["tls"] = Value::Null;
    expected["errors"] = json!([]);
    expected["revision"] = json!(1);
    assert_eq!(changed, expected);
    assert_eq!(platform.get(&platform.owner.key, &path(&made)).await.good(), expected);
    let secret = platform.secret_of::<Connection>(&text(&made, "id")).await;
    assert_eq!(secret, Some(json!({"password": "secret09"})));
    assert_eq!(platform.secrets.names("connections/").len(), 1);

    let (path, seen) = (path(&made), [("if-match", "\"0\"")]);
    let late = platform.ask(&platform.owner.key, Method::PATCH, &path, &seen, Some(json!({"window": 30})));
    assert_eq!(late.await.refusal(), "412 precondition_failed");
    let log = format!("/v1/audit?action=connection.change&object={}", text(&made, "id"));
    let log = platform.get(&platform.owner.key, &log).await.good();
    let fields: Vec<_> =
        log["items"][0]["changes"].as_array().unwrap().iter().map(|change| text(change, "field")).collect();
    assert!(
        log["items"].as_array().unwrap().len() == 1 && fields.iter().any(|field| field.contains("window")),
        "{log}"
    );
    assert!(!log.to_string().contains("secret09"));
}

#[tokio::test]
async fn a_stored_password_does_not_go_to_another_address() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let alaris = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Alaris", "url": "https://vendor.example", "username": "u", "password": "p"});
    let lookup = json!({"kind": "lookup", "name": "MNP", "url": "https://mnp.example/{number}",
        "secret_header": "X-Api-Key", "secret": "s", "answer": {"mccmnc": "/mccmnc"}});
    for (settings, field, elsewhere, secret) in [
        (vendor(), "host", json!("elsewhere.example"), "password"),
        (vendor(), "port", json!(2776), "password"),
        (alaris, "url", json!("https://elsewhere.example"), "password"),
        (lookup, "url", json!("https://elsewhere.example/{number}"), "secret"),
    ] {
        let made = make(&platform, owner, settings).await;
        let refused = platform.patch(&owner.key, &path(&made), json!({field: elsewhere})).await;
        assert_eq!(refused.refusal(), "422 invalid");
        assert_eq!(text(&refused.body, "field"), secret);
        assert_eq!(platform.get(&owner.key, &path(&made)).await.good(), made);
        let again = json!({field: elsewhere, secret: "secret10"});
        let changed = platform.patch(&owner.key, &path(&made), again).await.good();
        assert_eq!(changed[field], elsewhere);
        platform.patch(&owner.key, &path(&made), json!({field: elsewhere, "enabled": false})).await.good();
    }
}

#[tokio::test]
async fn a_vendor_is_not_at_an_address_around_us() {
    let mut platform = Platform::new().await;
    platform.app.targets = Targets::Public;
    let owner = &platform.owner;
    let alaris = |url: &str| {
        json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "Alaris", "url": url, "username": "u", "password": "p"})
    };
    let lookup =
        |url: &str| json!({"kind": "lookup", "name": "MNP", "url": url, "answer": {"mccmnc": "/mccmnc"}});
    let mut smpp = vendor();
    smpp["host"] = json!("10.0.0.1");
    for (settings, field) in [
        (smpp, "host"),
        (alaris("http://169.254.169.254/latest"), "url"),
        (alaris("ftp://vendor.example"), "url"),
        (lookup("https://127.0.0.1/{number}"), "url"),
    ] {
        let refused = platform.post(&owner.key, "/v1/connections", settings).await;
        assert_eq!(refused.refusal(), "422 invalid");
        assert_eq!(text(&refused.body, "field"), field);
    }
    make(&platform, owner, alaris("http://vendor.example")).await;
}

#[tokio::test]
async fn settings_that_could_not_work_are_refused_by_name_and_change_nothing() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let made = make(&platform, owner, choosy()).await;
    for (field, value) in [
        ("host", json!(" ")),
        ("system_id", json!("x".repeat(65))),
        ("password", json!("p\u{e4}ssword")),
        ("system_type", json!("longer than 12")),
        ("service_type", json!("BULKSMS")),
        ("window", json!(1_001)),
        ("rate", json!(10_001)),
        ("enquire_link_seconds", json!(3_601)),
        ("binds", json!({"transceivers": 0, "receivers": 1})),
        ("tls", json!({"ca_pem": "not a certificate"})),
        ("numbering", json!({"destination": {"ton": 7, "npi": 1}})),
        ("tlvs", json!([{"tag": 5120, "value": "0a1"}])),
        ("validity_seconds", json!(10_000_000)),
        ("priority", json!(4)),
        ("statuses", json!([{"status": "rejectd", "outcome": "unsent"}])),
        ("errors", json!([{"status": 0, "action": "stop"}])),
        ("kind", json!("lookup")),
    ] {
        let refused = platform.patch(&owner.key, &path(&made), json!({"enabled": false, field: value})).await;
        assert_eq!(
            (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
            ("422 invalid", field)
        );
    }
    for change in [
        json!({"windows": 5}),
        json!({"window": 0}),
        json!({"name": null}),
        json!({"binds": {"transceiver": 1}}),
        json!({"long_form": "udh"}),
        json!({"interface_version": "3.3"}),
    ] {
        let refused = platform.patch(&owner.key, &path(&made), change).await;
        assert_eq!(refused.refusal(), "422 invalid", "{}", refused.body);
    }
    assert_eq!(platform.get(&owner.key, &path(&made)).await.good(), made);
}

#[tokio::test]
async fn a_vendors_connection_needs_a_password_when_it_is_made() {
    let platform = Platform::new().await;
    let mut body = vendor();
    body.as_object_mut().unwrap().remove("password");
    let refused = platform.post(&platform.owner.key, "/v1/connections", body).await;
    assert_eq!(
        (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
        ("422 invalid", "password")
    );
}

#[tokio::test]
async fn a_clients_account_is_found_by_its_name_and_keeps_no_password() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Bakery", "client").await;
    let made = make(&platform, &platform.owner, account(&client, "bakery")).await;
    assert_eq!((text(&made, "kind"), text(&made, "client")), ("client".into(), client.company.clone()));
    assert_eq!((&made["binds_max"], &made["window"], &made["rate"]), (&json!(4), &json!(100), &json!(100)));
    assert!(!made.to_string().contains("Kq83z") && !made.to_string().contains("argon2"), "{made}");
    let stored = platform.store.client_connection("bakery").await.unwrap().unwrap();
    assert_eq!(stored.id.as_str(), text(&made, "id"));
    let link = link(stored);
    assert!(password::verify("pw-Kq83z", &link.password_hash));
    let queue = format!("flow-connection-{}.fifo", text(&made, "id"));
    assert!(link.queue_url.ends_with(&queue), "{}", link.queue_url);
    assert_eq!(platform.store.client_connection("baker").await.unwrap(), None);
}

#[tokio::test]
async fn no_two_clients_bind_with_one_name() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Bakery", "client").await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let other = platform.member(&reseller, "Shop", "client").await;
    make(&platform, &platform.owner, account(&client, "bakery")).await;
    let second = make(&platform, &reseller, account(&other, "shop")).await;
    let taken = platform.post(&reseller.key, "/v1/connections", account(&other, "bakery")).await;
    assert_eq!(taken.refusal(), "409 system_id_taken");
    let taken = platform.patch(&reseller.key, &path(&second), json!({"system_id": "bakery"})).await;
    assert_eq!(taken.refusal(), "409 system_id_taken");
    let renamed = platform.patch(&reseller.key, &path(&second), json!({"system_id": "shop-2"})).await.good();
    assert_eq!(text(&renamed, "system_id"), "shop-2");
    let found = async |name| platform.store.client_connection(name).await.unwrap();
    assert_eq!(found("shop").await, None);
    assert_eq!(found("shop-2").await.unwrap().id.as_str(), text(&second, "id"));
    make(&platform, &reseller, account(&other, "shop")).await;
}

#[tokio::test]
async fn of_two_requests_for_one_name_one_is_refused() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Bakery", "client").await;
    let ask = || platform.post(&platform.owner.key, "/v1/connections", account(&client, "bakery"));
    let (first, second) = tokio::join!(ask(), ask());
    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409]);
    let listed = platform.get(&platform.owner.key, "/v1/connections").await.good();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_changed_account_keeps_its_password_and_queue_until_another_password_is_told() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Bakery", "client").await;
    let made = make(&platform, &platform.owner, account(&client, "bakery")).await;
    let before = link(platform.store.client_connection("bakery").await.unwrap().unwrap());
    let change = json!({"networks": ["192.0.2.0/24"], "tls_required": true, "alphabet": "latin1",
        "binds_max": 2, "window": 50, "rate": 200, "system_type": "VMA"});
    let changed = platform.patch(&platform.owner.key, &path(&made), change).await.good();
    assert_eq!((&changed["networks"], &changed["alphabet"]), (&json!(["192.0.2.0/24"]), &json!("latin1")));
    let after = link(platform.store.client_connection("bakery").await.unwrap().unwrap());
    assert_eq!((&after.password_hash, &after.queue_url), (&before.password_hash, &before.queue_url));
    assert!(after.tls_required && !after.admits("198.51.100.1".parse().unwrap()));
    platform.patch(&platform.owner.key, &path(&made), json!({"password": "pw-Other"})).await.good();
    let after = link(platform.store.client_connection("bakery").await.unwrap().unwrap());
    assert!(password::verify("pw-Other", &after.password_hash));
}

#[tokio::test]
async fn an_account_that_could_not_work_is_refused_by_name() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let client = platform.member(owner, "Bakery", "client").await;
    let other = platform.member(owner, "Shop", "client").await;
    let made = make(&platform, owner, account(&client, "bakery")).await;
    for (field, value) in [
        ("name", json!("")),
        ("agreement", json!(other.agreement)),
        ("system_id", json!("sixteen_letters_")),
        ("system_id", json!("two words")),
        ("password", json!("short")),
        ("password", json!("with blanks")),
        ("system_type", json!("longer than 12")),
        ("networks", json!(["192.0.2.1/24"])),
        ("binds_max", json!(101)),
        ("window", json!(1_001)),
        ("rate", json!(10_001)),
    ] {
        let mut body = account(&client, "another");
        body[field] = value.clone();
        let refused = platform.post(&owner.key, "/v1/connections", body).await;
        assert_eq!(
            (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
            ("422 invalid", field)
        );
        let refused = platform.patch(&owner.key, &path(&made), json!({field: value})).await;
        assert_eq!(
            (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
            ("422 invalid", field)
        );
    }
    let moved = json!({"client": other.company, "agreement": other.agreement});
    let refused = platform.patch(&owner.key, &path(&made), moved).await;
    assert_eq!(
        (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
        ("422 invalid", "client")
    );
    assert_eq!(platform.get(&owner.key, &path(&made)).await.good(), made);
}

#[tokio::test]
async fn an_account_is_for_the_company_that_has_the_agreement_with_the_client() {
    let platform = Platform::new().await;
    let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
    let neighbour = platform.member(&platform.owner, "Neighbour", "reseller").await;
    let client = platform.member(&reseller, "Bakery", "client").await;
    let ask = async |key: &str| platform.post(key, "/v1/connections", account(&client, "bakery")).await;
    assert_eq!(ask(&client.key).await.refusal(), "403 not_allowed");
    assert_eq!(ask(&neighbour.key).await.refusal(), "404 not_found");
    assert_eq!(ask(&platform.owner.key).await.refusal(), "422 invalid");
    let made = ask(&reseller.key).await.good();
    let rename = json!({"name": "New name"});
    assert_eq!(platform.patch(&client.key, &path(&made), rename.clone()).await.refusal(), "404 not_found");
    assert_eq!(platform.patch(&neighbour.key, &path(&made), rename.clone()).await.refusal(), "404 not_found");
    // Whoever is above may put right what is below.
    let renamed = platform.patch(&platform.owner.key, &path(&made), rename).await.good();
    assert_eq!((text(&renamed, "name"), text(&renamed, "company")), ("New name".into(), reseller.company));
}

#[tokio::test]
async fn connections_are_found_and_sorted_by_what_the_guides_tables_show() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Bakery", "client").await;
    let alaris = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Alaris", "url": "https://vendor.example", "username": "we", "password": "secret08"});
    let mut bakery = account(&client, "bakery");
    bakery["networks"] = json!(["192.0.2.0/24", "198.51.100.7"]);
    for settings in [vendor(), choosy(), alaris, bakery] {
        make(&platform, &platform.owner, settings).await;
    }
    let names = async |query: &str| {
        let list = platform.get(&platform.owner.key, &format!("/v1/connections?{query}")).await.good();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| text(item, "name")).collect::<Vec<_>>().join(", ")
    };
    for (query, found) in [
        ("host=SMSC.&sort=-port", "Choosy, Vendor"),
        ("host=https://vendor", "Alaris"),
        ("port=3550", "Choosy"),
        ("login=way&sort=name", "Choosy, Vendor"),
        ("login=bakery", "Bakery over SMPP"),
        ("inverted_addresses=true", "Choosy"),
        (&format!("client={}", client.company), "Bakery over SMPP"),
        ("network=198.51.100.7", "Bakery over SMPP"),
        ("network=203.0.113.", ""),
        ("sort=-networks&limit=1", "Bakery over SMPP"),
        ("sort=-client&limit=1", "Bakery over SMPP"),
        ("kind=smpp&sort=host&login=nobody", ""),
    ] {
        assert_eq!(names(query).await, found, "{query}");
    }
    let csv = [("accept", "text/csv")];
    let file = platform.ask(&platform.owner.key, Method::GET, "/v1/connections?port=3550", &csv, None).await;
    let file = file.good().to_string();
    assert!(file.contains("Choosy,true,smsc.example.com,3550,,waybill,,,,,true,"), "{file}");
    let file =
        platform.ask(&platform.owner.key, Method::GET, "/v1/connections?kind=client", &csv, None).await;
    let file = file.good().to_string();
    let told = format!(",{},Bakery,192.0.2.0/24; 198.51.100.7/32,,", client.company);
    assert!(file.contains(&told), "{file}");
}
