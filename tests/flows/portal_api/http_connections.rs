//! Connections to the HTTP vendors of the guide, and the sender IDs that may stand on them.

use domain::connection::{Connection, Link};
use domain::id::{ConnectionId, SenderId};
use domain::sender::Sender;
use http::Method;
use runtime::targets::Targets;
use serde_json::{Value, json};
use tests::edits::replace_connection;
use tests::embedded_dynamodb::{Call, Fault};

use crate::platform::{Answer, Member, Platform, text, things};

/// Of section 10.3, each with the fields that are its own.
fn vendors() -> Vec<Value> {
    let mut vendors = vec![
        json!({"type": "viber", "service_id": "HoHo"}),
        json!({"type": "gupshup", "template_url": "https://vendor.example/template",
            "media_url": "https://vendor.example/media"}),
        json!({"type": "dialog360_cloud", "media_url": "https://vendor.example/media"}),
        json!({"type": "gsma_transit", "authorization_url": "https://vendor.example/token"}),
    ];
    let bare = [
        "transit_sms",
        "transit_viber",
        "telin",
        "telin_neuapix",
        "dialog360",
        "nexmo",
        "elasticemail",
        "wechat",
        "telegram_gateway",
        "rcs_for_business",
        "mobile_push",
    ];
    vendors.extend(bare.map(|vendor| json!({"type": vendor})));
    vendors
}

fn connection(vendor: &Value) -> Value {
    json!({"kind": "http", "name": "Vendor", "vendor": vendor, "url": "https://vendor.example"})
}

/// An account of a sender ID of its own.
fn account(more: Value) -> Value {
    let mut account = json!({"channel": "sms", "login": "hoho", "service_type": "otp"});
    account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"settings": account})
}

fn over_smpp() -> Value {
    json!({"kind": "smpp", "name": "Vendor", "host": "smsc.example.com", "port": 2775, "system_id": "we",
        "password": "secret08"})
}

fn transit_sms(more: Value) -> Value {
    let mut body = connection(&json!({"type": "transit_sms"}));
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

struct Stage {
    platform: Platform,
    client: Member,
}

impl Stage {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let client = platform.member(&platform.owner, "Client", "client").await;
        Self { platform, client }
    }

    fn key(&self) -> &str {
        &self.platform.owner.key
    }

    async fn connect(&self, body: Value) -> String {
        text(&self.platform.post(self.key(), "/v1/connections", body).await.good(), "id")
    }

    async fn change(&self, connection: &str, body: Value) -> Answer {
        self.platform.patch(self.key(), &format!("/v1/connections/{connection}"), body).await
    }

    /// A request of the owner for a sender ID of the client.
    async fn make(&self, address: &str, connection: &str, more: Value) -> Answer {
        let mut body =
            json!({"agreement": self.client.agreement, "address": address, "connection": connection});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.platform.post(self.key(), "/v1/sender_ids", body).await
    }

    async fn change_sender(&self, by: &Member, made: &Value, body: Value) -> Answer {
        self.platform.patch(&by.key, &format!("/v1/sender_ids/{}", text(made, "id")), body).await
    }

    async fn stored(&self, made: &Value) -> Sender {
        let id = SenderId::parse(&text(made, "id")).unwrap();
        self.platform.store.sender_by_id(&id).await.unwrap().unwrap()
    }

    /// What the sender ID's secret is.
    async fn secret_of(&self, made: &Value) -> Option<Value> {
        self.platform.secrets.store().read_of(&self.stored(made).await).await.ok()
    }

    /// What the log says of a thing.
    async fn log_of(&self, id: &str) -> String {
        let log = self.platform.get(self.key(), &format!("/v1/audit?object={id}")).await.good();
        assert!(!log["items"].as_array().unwrap().is_empty(), "{log}");
        log.to_string()
    }
}

/// The refusal and what it is about.
#[track_caller]
fn refused(answer: Answer) -> (String, String) {
    let about = answer.body.get("field").or(answer.body.get("by")).cloned().unwrap_or_default();
    (answer.refusal(), about.as_str().unwrap_or_default().to_owned())
}

fn invalid(field: &str) -> (String, String) {
    ("422 invalid".to_owned(), field.to_owned())
}

#[tokio::test]
async fn there_is_a_connection_to_each_vendor_of_the_guide_and_lists_find_it_by_that() {
    let stage = Stage::new().await;
    for (place, vendor) in vendors().iter().enumerate() {
        let mut body = connection(vendor);
        body["rps_limit"] = json!(10 + place);
        body["window_limit"] = json!(100);
        let made = stage.platform.post(stage.key(), "/v1/connections", body.clone()).await.good();
        for (name, told) in body.as_object().unwrap() {
            assert_eq!(made[name], *told, "{vendor}");
        }
        let path = format!("/v1/connections/{}", text(&made, "id"));
        assert_eq!(stage.platform.get(stage.key(), &path).await.good(), made);
        assert_eq!(made["webhook_url"].is_string(), vendor["type"] == "transit_sms", "{vendor}");
        let list = format!("/v1/connections?kind=http&vendor={}", text(vendor, "type"));
        assert_eq!(things(&stage.platform.get(stage.key(), &list).await.good()), json!([made]));
        let csv = [("accept", "text/csv")];
        let file = stage.platform.ask(stage.key(), Method::GET, &list, &csv, None).await.good().to_string();
        let row = format!(",{},false,{},100,", text(vendor, "type"), 10 + place);
        assert!(file.contains(&row), "{file}");
        let no_limits = json!({"rps_limit": null, "window_limit": null});
        let unlimited = stage.change(&text(&made, "id"), no_limits).await.good();
        assert_eq!((&unlimited["rps_limit"], &unlimited["window_limit"]), (&Value::Null, &Value::Null));
    }
    let sorted = stage.platform.get(stage.key(), "/v1/connections?sort=-vendor&limit=2").await.good();
    let sorted: Vec<_> =
        sorted["items"].as_array().unwrap().iter().map(|item| text(&item["vendor"], "type")).collect();
    assert_eq!(sorted, ["wechat", "viber"]);
}

#[tokio::test]
async fn a_connection_has_nothing_that_its_vendor_has_not() {
    let mut stage = Stage::new().await;
    let viber = json!({"type": "viber", "service_id": "HoHo"});
    for vendor in [
        json!({"type": "viber"}),
        json!({"type": "telin", "service_id": "HoHo"}),
        json!({"type": "gsma_transit"}),
        json!({"type": "other"}),
    ] {
        let answer = stage.platform.post(stage.key(), "/v1/connections", connection(&vendor)).await;
        assert!(answer.status.is_client_error(), "{vendor}");
    }
    stage.platform.app.targets = Targets::Public;
    let around_us = "http://169.254.169.254/latest";
    for (vendor, field, value) in [
        (&viber, "username", json!("hoho")),
        (&viber, "password", json!("secret08")),
        (&viber, "service_type", json!("otp")),
        (&viber, "rps_limit", json!(10_001)),
        (&viber, "window_limit", json!(1_001)),
        (&viber, "url", json!(around_us)),
        (&json!({"type": "transit_sms"}), "url", Value::Null),
        (&json!({"type": "transit_sms"}), "password", json!("secret08")),
        (&json!({"type": "transit_sms"}), "signature_key", json!("5f0c8a")),
        (&json!({"type": "transit_sms"}), "service_type", json!("x".repeat(121))),
        (&json!({"type": "gupshup"}), "signature_key", json!("x".repeat(501))),
        (&json!({"type": "gupshup"}), "signature_key", json!("a\nb")),
    ] {
        let mut body = connection(vendor);
        body[field] = value;
        let answer = stage.platform.post(stage.key(), "/v1/connections", body).await;
        assert_eq!(refused(answer), invalid(field), "{vendor}");
    }
    for (vendor, field) in
        [("gupshup", "template_url"), ("dialog360_cloud", "media_url"), ("gsma_transit", "authorization_url")]
    {
        let body = connection(&json!({"type": vendor, field: around_us}));
        assert_eq!(refused(stage.platform.post(stage.key(), "/v1/connections", body).await), invalid(field));
    }
    for password in ["x".repeat(501), "a\nb".to_owned(), String::new()] {
        let body = transit_sms(json!({"username": "we", "password": password}));
        let answer = stage.platform.post(stage.key(), "/v1/connections", body).await;
        assert_eq!(refused(answer), invalid("password"));
    }
    let made = stage.connect(connection(&viber)).await;
    let other = stage.change(&made, json!({"vendor": {"type": "telin"}})).await;
    assert_eq!(refused(other), invalid("vendor"));
}

#[tokio::test]
async fn a_signature_key_is_kept_and_never_shown() {
    let stage = Stage::new().await;
    let mut body = connection(&json!({"type": "gupshup"}));
    body["signature_key"] = json!("s3c!1");
    let made = stage.connect(body).await;
    let path = format!("/v1/connections/{made}");
    let kept = async || stage.platform.secret_of::<Connection>(&made).await;
    assert_eq!(kept().await, Some(json!({"password": "s3c!1"})));
    let renamed = stage.change(&made, json!({"name": "Renamed", "url": "https://b.example"})).await.good();
    assert_eq!(renamed["has_signature_key"], true);
    assert_eq!(kept().await, Some(json!({"password": "s3c!1"})));
    let list = stage.platform.get(stage.key(), "/v1/connections?has_signature_key=true").await.good();
    assert_eq!(things(&list), json!([renamed]));
    let log = stage.log_of(&made).await;
    assert!(!log.contains("s3c!") && !list.to_string().contains("s3c!"), "{log}");
    for none in [json!(""), Value::Null] {
        let gone = stage.change(&made, json!({"signature_key": none})).await.good();
        assert_eq!((&gone["has_signature_key"], kept().await), (&json!(false), None));
        assert_eq!(stage.platform.get(stage.key(), &path).await.good(), gone);
        assert!(stage.platform.secrets.names("connections/").is_empty());
        stage.change(&made, json!({"signature_key": "s3c!2"})).await.good();
        assert_eq!(kept().await, Some(json!({"password": "s3c!2"})));
    }
}

/// A sender ID of each vendor that has connections, with its address.
fn senders() -> Vec<Value> {
    let whatsapp = |vendor: Value| json!({"channel": "whatsapp", "waba_id": "1", "vendor": vendor});
    let telin =
        |kind: &str| json!({"type": kind, "app_id": "1", "phone_number_id": "1", "access_token": "k"});
    vec![
        json!({"channel": "viber", "vendor": {"type": "viber"}}),
        json!({"channel": "viber", "vendor": {"type": "transit_viber", "login": "hoho", "password": "k"}}),
        whatsapp(json!({"type": "dialog360", "media_url": "https://vendor.example", "api_key": "k"})),
        whatsapp(json!({"type": "nexmo", "api_key": "k", "api_secret": "k"})),
        whatsapp(telin("telin")),
        whatsapp(telin("telin_neuapix")),
        whatsapp(json!({"type": "gupshup", "app_id": "1", "api_key": "k", "media_token": "k"})),
        whatsapp(json!({"type": "dialog360_cloud", "api_key": "k"})),
        json!({"channel": "wechat", "app_id": "wx", "app_secret": "k", "token": "k"}),
        json!({"channel": "email", "sender_email": "news@hoho.example", "api_key": "k"}),
        json!({"channel": "telegram", "api_key": "k"}),
        json!({"channel": "mobile_push", "login": "hoho", "password": "k"}),
        json!({"channel": "rcs", "vendor": {"type": "rcs_for_business", "agent_id": "a", "key_file": "{}"}}),
        json!({"channel": "rcs", "vendor": {"type": "gsma_transit", "login": "hoho", "password": "k"}}),
    ]
}

#[tokio::test]
async fn a_sender_id_stands_only_on_a_connection_to_its_vendor() {
    let stage = Stage::new().await;
    let mut connections = Vec::new();
    for vendor in vendors() {
        connections.push((text(&vendor, "type"), stage.connect(connection(&vendor)).await));
    }
    for (place, settings) in senders().into_iter().enumerate() {
        let more = json!({"settings": settings, "webhook_guid": format!("guid-{place:05}")});
        let mut stands_on = Vec::new();
        for (vendor, connection) in &connections {
            let answer = stage.make("HoHo", connection, more.clone()).await;
            if !answer.status.is_success() {
                assert_eq!(refused(answer), invalid("connection"), "{settings} on {vendor}");
                continue;
            }
            let made = answer.good();
            assert_eq!(text(&made, "vendor"), *vendor);
            stands_on.push(vendor);
            let other = connections.iter().find(|(other, _)| other != vendor).unwrap();
            let moved = json!({"settings": settings, "routes": [{"connection": other.1}]});
            let moved = stage.change_sender(&stage.platform.owner, &made, moved).await;
            assert_eq!(refused(moved), invalid("routes"));
            let path = format!("/v1/sender_ids/{}", text(&made, "id"));
            assert_eq!(stage.platform.remove(&stage.platform.owner, &path).await.status, 204);
        }
        assert_eq!(stands_on.len(), 1, "{settings}");
    }
}

#[tokio::test]
async fn the_address_of_a_viber_sender_id_is_its_connections_service_id() {
    let stage = Stage::new().await;
    let service = |id: &str| json!({"type": "viber", "service_id": id});
    let road = stage.connect(connection(&service("HoHo"))).await;
    let viber = json!({"settings": {"channel": "viber", "vendor": {"type": "viber"}}});
    assert_eq!(refused(stage.make("1234", &road, viber.clone()).await), invalid("connection"));
    let made = stage.make("HoHo", &road, viber).await.good();
    let transit = json!({"settings": {"channel": "viber",
        "vendor": {"type": "transit_viber", "login": "hoho", "password": "k"}}});
    let moved = stage.change_sender(&stage.platform.owner, &made, transit).await;
    assert_eq!(refused(moved), invalid("routes"));
    let used = ("409 in_use".to_owned(), text(&made, "id"));
    assert_eq!(refused(stage.change(&road, json!({"vendor": service("1234")})).await), used);
    stage.change(&road, json!({"url": "https://other.example"})).await.good();
}

#[tokio::test]
async fn no_sms_goes_over_a_connection_that_cannot_send_it() {
    let stage = Stage::new().await;
    for vendor in vendors() {
        let road = stage.connect(connection(&vendor)).await;
        assert_eq!(refused(stage.make("HoHo", &road, json!({})).await), invalid("connection"), "{vendor}");
    }
    let good = json!({"username": "we", "password": "secret08"});
    let good = stage.connect(transit_sms(good)).await;
    let made = stage.make("49300123456", &good, json!({})).await.good();
    assert_eq!((text(&made, "vendor"), &made["settings"]), ("http".into(), &Value::Null));
    // What phones send does not come over one either.
    let viber = stage.connect(connection(&json!({"type": "viber", "service_id": "49300123456"}))).await;
    let rule =
        json!({"incoming": {"webhook_url": "https://bakery.example/sms", "vendor_connections": [viber]}});
    let refusal = stage.change_sender(&stage.platform.owner, &made, rule).await;
    assert_eq!(refused(refusal), invalid("incoming"));
}

#[tokio::test]
async fn a_sender_id_of_sms_has_an_account_of_its_own_at_an_http_vendor() {
    let stage = Stage::new().await;
    let owner = &stage.platform.owner;
    let road = stage.connect(transit_sms(json!({}))).await;
    assert_eq!(refused(stage.make("HoHo", &road, account(json!({}))).await), invalid("password"));
    let made = stage.make("HoHo", &road, account(json!({"password": "s3c!1"}))).await.good();
    let shown = json!({"channel": "sms", "login": "hoho", "service_type": "otp"});
    assert_eq!((&made["settings"], text(&made, "channel")), (&shown, "sms".into()));
    assert_eq!(stage.secret_of(&made).await, Some(json!({"password": "s3c!1"})));
    let by_address = format!("/v1/agreements/{}/sender_ids/HoHo", stage.client.agreement);
    assert_eq!(stage.platform.get(&stage.client.key, &by_address).await.good(), made);

    // It does not go to another vendor, nor to another address of this one.
    let other = stage.connect(transit_sms(json!({"username": "we", "password": "secret08"}))).await;
    let move_it = json!({"routes": [{"connection": other}]});
    assert_eq!(refused(stage.change_sender(owner, &made, move_it.clone()).await), invalid("password"));
    let used = ("409 in_use".to_owned(), text(&made, "id"));
    let elsewhere = json!({"url": "https://other.example"});
    assert_eq!(refused(stage.change(&road, elsewhere.clone()).await), used);
    stage.change(&road, json!({"name": "Renamed", "rps_limit": 10})).await.good();
    // Another vendor over SMPP before it does not get it.
    let smpp = stage.connect(over_smpp()).await;
    let first = json!({"routes": [{"connection": smpp}, {"connection": road, "rank": 1, "weight": 2}]});
    stage.change_sender(owner, &made, first).await.good();
    stage.change_sender(owner, &made, json!({"routes": [{"connection": road}]})).await.good();
    assert_eq!(stage.secret_of(&made).await, Some(json!({"password": "s3c!1"})));
    // Nor does it go as long as nothing is there in its place.
    let without = json!({"settings": null});
    assert_eq!(refused(stage.change_sender(owner, &made, without.clone()).await), invalid("routes"));
    // One vendor has it.
    let both = json!({"routes": [{"connection": road}, {"connection": other}]});
    assert_eq!(refused(stage.change_sender(owner, &made, both).await), invalid("settings"));
    // Who does not see the connection does not say under which account messages leave.
    let theirs = account(json!({"password": "s3c!2"}));
    let unseen = stage.change_sender(&stage.client, &made, theirs.clone()).await;
    assert_eq!(refused(unseen), ("404 not_found".to_owned(), "settings".to_owned()));
    stage.change_sender(owner, &made, theirs).await.good();
    assert_eq!(stage.secret_of(&made).await, Some(json!({"password": "s3c!2"})));

    let mut moved = move_it;
    moved["settings"] = Value::Null;
    let moved = stage.change_sender(owner, &made, moved).await.good();
    assert_eq!((&moved["settings"], stage.secret_of(&made).await), (&Value::Null, None));
    stage.change(&road, elsewhere).await.good();
    // Who has the sender ID sees neither the password nor where the account is.
    let log = stage.log_of(&text(&made, "id")).await;
    assert!(!log.contains("s3c!") && !log.contains("vendor.example"), "{log}");
}

#[tokio::test]
async fn the_account_of_a_sender_id_is_kept_with_the_address_that_it_was_told_for() {
    let stage = Stage::new().await;
    let owner = &stage.platform.owner;
    let road = stage.connect(transit_sms(json!({}))).await;
    let made = stage.make("HoHo", &road, account(json!({"password": "s3c!1"}))).await.good();
    let told_for = async || stage.stored(&made).await.account_url;
    assert_eq!(told_for().await.as_deref(), Some("https://vendor.example"));
    // As by a change of which the list of the connection's sender IDs did not know yet.
    let id = ConnectionId::parse(&road).unwrap();
    let mut raced = stage.platform.store.any_connection(&id).await.unwrap().unwrap();
    let Link::Http(link) = &mut raced.link else { panic!("an HTTP link") };
    link.url = Some("https://other.example".to_owned());
    replace_connection(&stage.platform.store, &raced).await;
    stage.change_sender(owner, &made, account(json!({"service_type": "ads"}))).await.good();
    assert_eq!(told_for().await.as_deref(), Some("https://vendor.example"));
    stage.change_sender(owner, &made, account(json!({"password": "s3c!2"}))).await.good();
    assert_eq!(told_for().await.as_deref(), Some("https://other.example"));
    let other = stage.connect(transit_sms(json!({"username": "we", "password": "secret08"}))).await;
    let without = json!({"settings": null, "routes": [{"connection": other}]});
    stage.change_sender(owner, &made, without).await.good();
    assert_eq!(told_for().await, None);
}

#[tokio::test]
async fn who_changes_an_account_sees_the_connection_that_it_is_at_and_need_not_see_the_others() {
    let stage = Stage::new().await;
    let owner = &stage.platform.owner;
    let reseller = stage.platform.member(owner, "Reseller", "reseller").await;
    let smpp = stage.connect(over_smpp()).await;
    let road = stage.connect(transit_sms(json!({}))).await;
    let own = transit_sms(json!({"username": "we", "password": "secret08"}));
    let own = text(&stage.platform.post(&reseller.key, "/v1/connections", own).await.good(), "id");
    let make = async |address: &str, http: &str| {
        let mut body = account(json!({"password": "s3c!1"}));
        body["agreement"] = json!(reseller.agreement);
        body["address"] = json!(address);
        body["routes"] = json!([{"connection": smpp}, {"connection": http, "rank": 1}]);
        stage.platform.post(&owner.key, "/v1/sender_ids", body).await.good()
    };
    let theirs = make("THEIRS", &own).await;
    let told = account(json!({"password": "s3c!2"}));
    stage.change_sender(&reseller, &theirs, told).await.good();
    assert_eq!(stage.secret_of(&theirs).await, Some(json!({"password": "s3c!2"})));
    let given = make("GIVEN", &road).await;
    let away = json!({"settings": null, "routes": [{"connection": own}]});
    let unseen = ("404 not_found".to_owned(), "settings".to_owned());
    assert_eq!(refused(stage.change_sender(&reseller, &given, away).await), unseen);
}

#[tokio::test]
async fn limits_of_a_connection_change_without_a_look_at_the_sender_ids_on_it() {
    let mut stage = Stage::new().await;
    let road = stage.connect(transit_sms(json!({"username": "we", "password": "secret08"}))).await;
    let list = road.clone();
    stage.platform.app.store = stage.platform.store_with(move |call: &Call| {
        let reads_list = call.operation == "Query" && call.body.to_string().contains(&list);
        if reads_list { Fault::TimeoutNotApplied } else { Fault::None }
    });
    let limits = json!({"rps_limit": 10, "window_limit": 5, "service_type": "otp"});
    stage.change(&road, limits).await.good();
    let elsewhere = json!({"url": "https://other.example", "password": "secret08"});
    assert_eq!(stage.change(&road, elsewhere).await.status, 503);
}

#[tokio::test]
async fn a_connection_keeps_its_account_while_a_sender_id_has_none_of_its_own() {
    let stage = Stage::new().await;
    let owner = &stage.platform.owner;
    let road = stage.connect(transit_sms(json!({"username": "we", "password": "secret08"}))).await;
    let made = stage.make("HoHo", &road, json!({})).await.good();
    let without = json!({"username": null});
    let used = ("409 in_use".to_owned(), text(&made, "id"));
    assert_eq!(refused(stage.change(&road, without.clone()).await), used);
    let elsewhere = json!({"url": "https://other.example", "password": "secret09"});
    stage.change(&road, elsewhere).await.good();
    let account = json!({"settings": {"channel": "sms", "login": "hoho", "password": "s3c!1"}});
    stage.change_sender(owner, &made, account).await.good();
    stage.change(&road, without).await.good();
    assert_eq!(stage.platform.secret_of::<Connection>(&road).await, None);
    // The password went with the account.
    assert_eq!(refused(stage.change(&road, json!({"username": "we"})).await), invalid("password"));
}
