//! Sender IDs of other channels than SMS: what each has, what is kept secret, and that no SMS leaves from
//! them.

use domain::id::SenderId;
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::{Secrets, Store, Tables};
use tests::embedded_dynamodb::{Call as DatabaseCall, Fault as DatabaseFault};
use tests::embedded_secrets::{Call, Fault};

use crate::platform::{Answer, Member, Platform, text, things};

struct Stage {
    platform: Platform,
    client: Member,
    /// An HTTP connection of the owner.
    vendor: String,
}

impl Stage {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let client = platform.member(&platform.owner, "Client", "client").await;
        let vendor = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "Alaris", "url": "https://vendor.example", "username": "u", "password": "p"});
        let vendor = text(&platform.post(&platform.owner.key, "/v1/connections", vendor).await.good(), "id");
        Self { platform, client, vendor }
    }

    async fn make(&self, address: &str, settings: Value, more: Value) -> Answer {
        let mut body = json!({"agreement": self.client.agreement, "address": address, "settings": settings});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.platform.post(&self.platform.owner.key, "/v1/sender_ids", body).await
    }

    /// An HTTP connection of the owner to another vendor.
    async fn connect(&self, vendor: Value) -> String {
        let body = json!({"kind": "http", "name": "Vendor", "vendor": vendor});
        text(&self.platform.post(&self.platform.owner.key, "/v1/connections", body).await.good(), "id")
    }

    async fn change(&self, made: &Value, body: Value) -> Answer {
        let path = format!("/v1/sender_ids/{}", text(made, "id"));
        self.platform.patch(&self.platform.owner.key, &path, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.platform.ask(&self.platform.owner.key, Method::DELETE, path, &[], None).await
    }

    /// What the sender ID leads to.
    async fn secrets(&self, made: &Value) -> Option<Value> {
        let id = SenderId::parse(&text(made, "id")).unwrap();
        let sender = self.platform.store.sender_by_id(&id).await.unwrap()?;
        self.platform.secrets.store().read_of(&sender).await.ok()
    }

    /// How many secrets of sender IDs there are, whoever they lead to.
    fn kept(&self) -> usize {
        self.platform.secrets.names("sender-ids/").len()
    }

    /// From now on the secret store refuses these calls, and takes all others.
    fn refuse(&mut self, operations: &'static [&'static str]) {
        let faults =
            |call: &Call| if operations.contains(&call.operation) { Fault::Failure } else { Fault::None };
        self.platform.app.secrets = Secrets::new(self.platform.secrets.client_with(faults), String::new());
    }
}

fn whatsapp(vendor: Value) -> Value {
    json!({"channel": "whatsapp", "waba_id": "103302382679112", "synchronized": true, "vendor": vendor})
}

/// One of each channel and vendor, without its secrets, and these.
fn all() -> Vec<(Value, Value)> {
    let rcs = |vendor: Value| {
        json!({"channel": "rcs", "vendor": vendor, "description": "Best goods for your cattle",
            "phones": [{"value": "1234567", "label": "Maria Horse"}],
            "websites": [{"value": "https://www.hoho.example", "label": "Shop"}],
            "emails": [{"value": "info@hoho.example"}], "color": "#102030",
            "privacy_policy_url": "https://hoho.example/privacy", "terms_url": "https://hoho.example/terms"})
    };
    let telin = |kind: &str| whatsapp(json!({"type": kind, "app_id": "app", "phone_number_id": "1045"}));
    vec![
        (rcs(json!({"type": "rcs_for_business", "agent_id": "agent"})), json!({"key_file": "{\"s3c!\": 1}"})),
        (
            rcs(json!({"type": "gsma_transit", "login": "bot", "token_seconds": 3_600})),
            json!({"password": "s3c!1"}),
        ),
        (json!({"channel": "viber", "vendor": {"type": "viber"}, "sessions": true}), json!({})),
        (
            json!({"channel": "viber", "sessions": false,
                "vendor": {"type": "transit_viber", "login": "hoho", "service_type": "otp"}}),
            json!({"password": "s3c!1"}),
        ),
        (
            whatsapp(json!({"type": "dialog360", "media_url": "https://waba.example/v1/media"})),
            json!({"api_key": "s3c!1"}),
        ),
        (whatsapp(json!({"type": "nexmo"})), json!({"api_key": "s3c!1", "api_secret": "s3c!2"})),
        (telin("telin"), json!({"access_token": "s3c!1"})),
        (telin("telin_neuapix"), json!({"access_token": "s3c!1"})),
        (
            whatsapp(json!({"type": "gupshup", "app_id": "app"})),
            json!({"api_key": "s3c!1", "media_token": "s3c!2"}),
        ),
        (whatsapp(json!({"type": "dialog360_cloud"})), json!({"api_key": "s3c!1"})),
        (json!({"channel": "wechat", "app_id": "wx"}), json!({"app_secret": "s3c!1", "token": "s3c!2"})),
        (json!({"channel": "email", "sender_email": "news@hoho.example"}), json!({"api_key": "s3c!1"})),
        (json!({"channel": "telegram", "verified": true}), json!({"api_key": "s3c!1"})),
        (json!({"channel": "push"}), json!({"key_file": "{\"s3c!\": 1}"})),
        (json!({"channel": "tts", "webhook_url": "https://hoho.example/calls"}), json!({})),
        (json!({"channel": "voice"}), json!({})),
        (json!({"channel": "mobile_push", "login": "hoho"}), json!({"password": "s3c!1"})),
        (
            json!({"channel": "flash_call",
                "pool": [{"first": "49300123400", "last": "49300123499"}, {"first": "777", "last": "779"}]}),
            json!({}),
        ),
    ]
}

/// The settings with their secrets: those of a vendor stand with the vendor.
fn told(settings: &Value, secrets: &Value) -> Value {
    let mut told = settings.clone();
    let beside = match told.get_mut("vendor") {
        Some(vendor) => vendor,
        None => &mut told,
    };
    beside.as_object_mut().unwrap().extend(secrets.as_object().unwrap().clone());
    told
}

#[tokio::test]
async fn a_sender_id_of_each_channel_has_what_its_vendor_needs_and_shows_no_secret() {
    let stage = Stage::new().await;
    let (platform, key) = (&stage.platform, &stage.platform.owner.key);
    for (number, (settings, secrets)) in all().into_iter().enumerate() {
        let of = format!("{settings}");
        let guid = match settings["channel"].as_str() {
            Some("voice") => json!({}),
            _ => json!({"webhook_guid": format!("guid-{number:05}")}),
        };
        let made = stage.make("49300123456", told(&settings, &secrets), guid.clone()).await;
        assert_eq!((made.status.as_u16(), &made.body["settings"]), (201, &settings), "{:?}", made.body);
        let made = made.good();
        assert_eq!((&made["channel"], &made["routes"]), (&settings["channel"], &json!([])), "{of}");
        let path = format!("/v1/sender_ids/{}", text(&made, "id"));
        assert_eq!(platform.get(&stage.client.key, &path).await.good(), made);
        let kept = stage.secrets(&made).await;
        assert_eq!(kept, (secrets != json!({})).then(|| secrets.clone()), "{of}");
        if let Some((name, _)) = secrets.as_object().unwrap().iter().next() {
            let mut some = secrets.clone();
            some.as_object_mut().unwrap().remove(name);
            let refused = stage.make("49300123457", told(&settings, &some), guid).await;
            assert_eq!((refused.refusal().as_str(), &refused.body["field"]), ("422 invalid", &json!(name)));
        }
        let list = format!(
            "/v1/sender_ids?company={}&channel={}&vendor={}",
            stage.client.company,
            text(&made, "channel"),
            text(&made, "vendor")
        );
        assert_eq!(things(&platform.get(key, &list).await.good()), json!([made]), "{of}");
        let log = platform.get(key, &format!("/v1/audit?object={}", text(&made, "id"))).await.good();
        assert!(!log.to_string().contains("s3c!") && !made.to_string().contains("s3c!"), "{of}");
        stage.delete(&path).await.good();
        assert_eq!(platform.get(key, &path).await.refusal(), "404 not_found");
        assert_eq!(stage.kept(), 0, "{of}");
    }
}

#[tokio::test]
async fn sender_ids_of_companies_directly_below_are_listed_together_and_by_every_column() {
    let stage = Stage::new().await;
    let (platform, key) = (&stage.platform, &stage.platform.owner.key);
    let other = platform.member(&platform.owner, "Other", "client").await;
    let tts = json!({"channel": "tts", "webhook_url": "https://hoho.example/calls"});
    let first = stage.make("ACME", tts.clone(), json!({"webhook_guid": "guid-00002"})).await.good();
    let second = json!({"agreement": other.agreement, "address": "BAKERY", "settings": tts,
        "webhook_guid": "GUID-00001"});
    let second = platform.post(key, "/v1/sender_ids", second).await.good();
    let first = stage.change(&first, json!({"name": "Acme Ltd"})).await.good();
    let listed = async |key: &str, query: &str| {
        let list = platform.get(key, &format!("/v1/sender_ids?{query}")).await.good();
        list["items"].as_array().unwrap().iter().map(|item| text(item, "address")).collect::<Vec<_>>()
    };
    for (query, expected) in [
        (String::new(), vec!["ACME", "BAKERY"]),
        ("sort=-company".into(), vec!["BAKERY", "ACME"]),
        ("sort=webhook_guid".into(), vec!["BAKERY", "ACME"]),
        ("sort=-updated_at".into(), vec!["ACME", "BAKERY"]),
        ("webhook_guid=guid-00001".into(), vec!["BAKERY"]),
        (format!("created_from={}", text(&second, "created_at")), vec!["BAKERY"]),
        (format!("created_till={}", text(&second, "created_at")), vec!["ACME"]),
        (format!("updated_from={}", text(&first, "updated_at")), vec!["ACME"]),
        (format!("updated_till={}", text(&first, "updated_at")), vec!["BAKERY"]),
        (format!("company={}&sort=company", other.company), vec!["BAKERY"]),
    ] {
        assert_eq!(listed(key, &query).await, expected, "{query}");
    }
    assert_eq!(listed(&stage.client.key, "").await, ["ACME"]);
    assert_eq!(listed(&other.key, "sort=company").await, ["BAKERY"]);
    stage.delete(&format!("/v1/sender_ids/{}", text(&first, "id"))).await.good();
    assert_eq!(listed(key, "sort=company").await, ["BAKERY"]);
}

#[tokio::test]
async fn one_address_is_a_sender_id_of_several_channels_and_only_that_of_sms_sends() {
    let stage = Stage::new().await;
    let (platform, key) = (&stage.platform, &stage.platform.owner.key);
    let tts = json!({"channel": "tts", "webhook_url": "https://hoho.example/calls"});
    stage.make("BAKERY", tts.clone(), json!({})).await.good();
    let by_address = format!("/v1/agreements/{}/sender_ids/BAKERY", stage.client.agreement);
    assert_eq!(platform.get(key, &by_address).await.refusal(), "404 not_found");
    assert_eq!(stage.make("BAKERY", tts, json!({})).await.refusal(), "409 address_taken");
    let viber = json!({"channel": "viber", "vendor": {"type": "viber"}});
    let smpp = json!({"kind": "smpp", "name": "SMSC", "host": "127.0.0.1", "port": 2775,
        "system_id": "waybill", "password": "hush-hush", "window": 20});
    let smpp = platform.post(key, "/v1/connections", smpp).await.good();
    let over_smpp = stage.make("BAKERY", viber.clone(), json!({"connection": smpp["id"]})).await;
    assert_eq!((over_smpp.status.as_u16(), over_smpp.body["field"].as_str()), (422, Some("connection")));
    let road = stage.connect(json!({"type": "viber", "service_id": "BAKERY"})).await;
    stage.make("BAKERY", viber, json!({"connection": road})).await.good();
    let used = stage.delete(&format!("/v1/connections/{road}")).await;
    assert_eq!(used.refusal(), "409 in_use");
    let sms = json!({"agreement": stage.client.agreement, "address": "BAKERY", "connection": stage.vendor});
    let sms = platform.post(key, "/v1/sender_ids", sms).await.good();
    assert_eq!(platform.get(key, &by_address).await.good(), sms);
    assert_eq!(text(&sms, "vendor"), "http");
    let list = format!("/v1/sender_ids?company={}&sort=channel", stage.client.company);
    let listed = platform.get(key, &list).await.good();
    let channels: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|item| text(item, "channel")).collect();
    assert_eq!(channels, ["sms", "tts", "viber"]);
    let file = platform.ask(key, Method::GET, &list, &[("accept", "text/csv")], None).await.good();
    assert!(file.to_string().contains(",tts,default_softswitch,,BAKERY,"), "{file}");
    let agreement = stage.delete(&format!("/v1/agreements/{}", stage.client.agreement)).await;
    assert_eq!(agreement.refusal(), "409 has_sender_ids");
}

#[tokio::test]
async fn a_secret_is_told_again_before_it_goes_elsewhere() {
    let stage = Stage::new().await;
    let vendor = |vendor: Value| json!({"settings": whatsapp(vendor)});
    let media = |url: &str| json!({"type": "dialog360", "media_url": url});
    let settings = told(&whatsapp(media("https://a.example")), &json!({"api_key": "s3c!1"}));
    let made = stage.make("HoHo", settings, json!({})).await.good();
    let refused = stage.change(&made, vendor(media("https://b.example"))).await;
    assert_eq!((refused.refusal().as_str(), text(&refused.body, "field")), ("422 invalid", "api_key".into()));
    let road = json!({"routes": [{"connection": stage.connect(json!({"type": "dialog360"})).await}]});
    assert_eq!(stage.change(&made, road).await.refusal(), "422 invalid");
    let unchanged = stage.change(&made, vendor(media("https://a.example"))).await.good();
    assert_eq!(unchanged, made);
    let with_key = |url: &str, key: &str| {
        let mut vendor = media(url);
        vendor["api_key"] = key.into();
        vendor
    };
    let moved = stage.change(&made, vendor(with_key("https://b.example", "s3c!2"))).await.good();
    assert_eq!(moved["settings"]["vendor"], media("https://b.example"));
    let same_place = stage.change(&made, vendor(with_key("https://b.example", "s3c!3"))).await.good();
    assert_eq!(same_place["revision"], 2);
    assert_eq!(stage.secrets(&made).await, Some(json!({"api_key": "s3c!3"})));
    let log = format!("/v1/audit?object={}", text(&made, "id"));
    let log = stage.platform.get(&stage.platform.owner.key, &log).await.good();
    let told = json!({"field": "secret", "before": "***", "after": "***"});
    assert!(log["items"][0]["changes"].as_array().unwrap().contains(&told), "{log}");
    assert!(!log.to_string().contains("s3c!"), "{log}");
}

/// Settings that lead to this place with this key.
fn leading_to(place: &str, key: &str) -> Value {
    whatsapp(json!({"type": "dialog360", "media_url": format!("https://{place}.example"), "api_key": key}))
}

fn place_of(made: &Value) -> String {
    text(&made["settings"]["vendor"], "media_url")
}

#[tokio::test]
async fn a_sender_id_whose_secrets_cannot_be_stored_stays_as_it_was() {
    let mut stage = Stage::new().await;
    let made = stage.make("HoHo", leading_to("a", "key-a"), json!({})).await.good();
    let path = format!("/v1/sender_ids/{}", text(&made, "id"));
    let change = json!({"settings": leading_to("b", "key-b"), "name": "Moved"});
    stage.refuse(&["CreateSecret", "PutSecretValue"]);
    assert_eq!(stage.change(&made, change.clone()).await.status, 503);
    assert_eq!(stage.make("Other", leading_to("c", "key-c"), json!({})).await.status, 503);
    let key = &stage.platform.owner.key;
    assert_eq!(stage.platform.get(key, &path).await.good(), made);
    assert_eq!(stage.secrets(&made).await, Some(json!({"api_key": "key-a"})));
    let list = format!("/v1/sender_ids?company={}", stage.client.company);
    assert_eq!(things(&stage.platform.get(key, &list).await.good()), json!([made]));
    stage.refuse(&[]);
    let moved = stage.change(&made, change).await.good();
    assert_eq!((place_of(&moved), text(&moved, "name")), ("https://b.example".into(), "Moved".into()));
    assert_eq!(stage.secrets(&made).await, Some(json!({"api_key": "key-b"})));
    assert_eq!(stage.kept(), 1, "those before are gone");
}

#[tokio::test]
async fn a_change_without_an_answer_leaves_a_sender_id_with_the_secrets_of_its_settings() {
    for (fault, place, api_key) in [
        (DatabaseFault::TimeoutNotApplied, "https://a.example", "key-a"),
        (DatabaseFault::TimeoutAppliedAnswerLost, "https://b.example", "key-b"),
    ] {
        let mut stage = Stage::new().await;
        let made = stage.make("HoHo", leading_to("a", "key-a"), json!({})).await.good();
        let faults = move |call: &DatabaseCall| match call.operation {
            "TransactWriteItems" => fault,
            _ => DatabaseFault::None,
        };
        let store = stage.platform.app.store.clone();
        let lossy = stage.platform.database.client_with(faults);
        stage.platform.app.store = Store::new(lossy, Tables::of_stack("flow"));
        let change = json!({"settings": leading_to("b", "key-b")});
        assert_eq!(stage.change(&made, change).await.status, 503);
        stage.platform.app.store = store;
        let path = format!("/v1/sender_ids/{}", text(&made, "id"));
        let now = stage.platform.get(&stage.platform.owner.key, &path).await.good();
        let secrets = stage.secrets(&made).await.unwrap();
        assert_eq!((place_of(&now), text(&secrets, "api_key")), (place.into(), api_key.into()));
    }
}

#[tokio::test]
async fn of_changes_at_once_a_sender_id_has_the_settings_and_the_secrets_of_one() {
    let stage = Stage::new().await;
    let made = stage.make("HoHo", leading_to("a", "key-a"), json!({})).await.good();
    let changes = ["b", "c", "d", "e"].map(|place| {
        let settings = leading_to(place, &format!("key-{place}"));
        stage.change(&made, json!({"settings": settings}))
    });
    let changed = join_all(changes).await;
    let (good, refused): (Vec<_>, Vec<_>) =
        changed.into_iter().partition(|answer| answer.status.is_success());
    assert!(refused.iter().all(|answer| answer.refusal() == "409 conflict") && !refused.is_empty());
    let last = good.into_iter().map(|answer| answer.good()).max_by_key(|made| made["revision"].as_u64());
    let place = place_of(&last.unwrap());
    let key = place.replace("https://", "key-").replace(".example", "");
    assert_eq!(stage.secrets(&made).await, Some(json!({"api_key": key})));
    assert_eq!(stage.kept(), 1, "those of the others are gone");
}

#[tokio::test]
async fn secrets_that_cannot_be_deleted_stop_nothing() {
    let mut stage = Stage::new().await;
    let made = stage.make("HoHo", leading_to("a", "key-a"), json!({})).await.good();
    stage.refuse(&["DeleteSecret"]);
    let taken = stage.make("HoHo", leading_to("b", "key-b"), json!({})).await;
    assert_eq!(taken.refusal(), "409 address_taken");
    let moved = stage.change(&made, json!({"settings": leading_to("c", "key-c")})).await.good();
    assert_eq!(place_of(&moved), "https://c.example");
    assert_eq!(stage.secrets(&made).await, Some(json!({"api_key": "key-c"})));
    let path = format!("/v1/sender_ids/{}", text(&made, "id"));
    assert_eq!(stage.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_sender_id_has_nothing_that_its_channel_has_not() {
    let stage = Stage::new().await;
    let tts = json!({"channel": "tts"});
    let watch = json!({"trigger_percent": 60, "messages_min": 40, "window_minutes": 20});
    let road = json!({"connection": stage.vendor});
    let agent = json!({"type": "rcs_for_business", "agent_id": "agent", "key_file": "{}"});
    for (address, settings, more, field) in [
        ("HoHo", tts.clone(), road, "connection"),
        ("HoHo", tts.clone(), json!({"status": "testing"}), "status"),
        ("49300123456", tts.clone(), json!({"incoming": {"keyword": "BREAD"}}), "incoming"),
        ("HoHo", json!({"channel": "voice"}), json!({}), "address"),
        ("777", json!({"channel": "voice"}), json!({"webhook_guid": "guid-0001"}), "webhook_guid"),
        ("777", json!({"channel": "voice"}), json!({"monitoring": watch}), "monitoring"),
        ("777", json!({"channel": "flash_call", "pool": []}), json!({}), "pool"),
        ("HoHo", json!({"channel": "tts", "webhook_url": "ftp://hoho.example/"}), json!({}), "webhook_url"),
        ("HoHo", json!({"channel": "rcs", "vendor": agent}), json!({}), "webhook_guid"),
    ] {
        let refused = stage.make(address, settings.clone(), more).await;
        assert_eq!(refused.refusal(), "422 invalid", "{settings}");
        assert_eq!(text(&refused.body, "field"), field, "{settings}");
    }
    let rcs = json!({"channel": "rcs", "vendor": agent});
    let testing = json!({"webhook_guid": "guid-0001", "status": "testing"});
    assert_eq!(text(&stage.make("HoHo", rcs, testing).await.good(), "status"), "testing");
    let made = stage.make("HoHo", tts, json!({})).await.good();
    let other = json!({"settings": {"channel": "voice"}});
    assert_eq!(stage.change(&made, other).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn a_fee_of_a_sender_id_is_charged_in_any_channel() {
    let stage = Stage::new().await;
    let (platform, key) = (&stage.platform, &stage.platform.owner.key);
    let made = stage.make("Hornes and Hooves", json!({"channel": "tts"}), json!({})).await.good();
    let rule = json!({"valid_from": crate::platform::today(),
        "kind": {"type": "sender_id_usage", "sender": text(&made, "id")}});
    let path = format!("/v1/agreements/{}/fee_rules", stage.client.agreement);
    let rule = platform.post(key, &path, rule).await.good();
    assert_eq!(rule["kind"]["sender"], "Hornes and Hooves");
    assert_eq!(rule["kind"]["sender_type"], "alphanumeric");
    let stray = json!({"valid_from": crate::platform::today(),
        "kind": {"type": "sender_id_usage", "sender": "Hornes and Hooves"}});
    assert_eq!(platform.post(key, &path, stray).await.refusal(), "404 not_found");
}
