//! The roads of a sender ID: its routes to vendors, and where what phones send to it goes.

use runtime::targets::Targets;
use serde_json::{Value, json};

use crate::platform::{Member, Platform, text};

struct Stage {
    platform: Platform,
    reseller: Member,
    client: Member,
    /// Two connections of the owner, one of the reseller.
    vendors: [String; 3],
    /// The client's account on our listener.
    account: String,
}

impl Stage {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let reseller = platform.member(&platform.owner, "Reseller", "reseller").await;
        let client = platform.member(&reseller, "Bakery", "client").await;
        let make = async |by: &Member, body: Value| {
            text(&platform.post(&by.key, "/v1/connections", body).await.good(), "id")
        };
        let alaris = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "Alaris", "url": "https://vendor.example", "username": "u", "password": "p"});
        let smpp = json!({"kind": "smpp", "name": "SMPP", "host": "smsc.example.com", "port": 2775,
            "system_id": "waybill", "password": "secret08"});
        let account = json!({"kind": "client", "name": "Bakery over SMPP", "client": client.company,
            "agreement": client.agreement, "system_id": "bakery", "password": "pw-Kq83z"});
        let vendors = [
            make(&platform.owner, alaris.clone()).await,
            make(&platform.owner, smpp).await,
            make(&reseller, alaris).await,
        ];
        let account = make(&reseller, account).await;
        Self { platform, reseller, client, vendors, account }
    }

    fn body(&self, address: &str) -> Value {
        json!({"agreement": self.client.agreement, "address": address, "connection": self.vendors[0]})
    }

    fn path(&self, address: &str) -> String {
        format!("/v1/agreements/{}/sender_ids/{address}", self.client.agreement)
    }

    /// The owner's request for a sender ID of the client.
    async fn make(&self, body: Value) -> crate::platform::Answer {
        self.platform.post(&self.platform.owner.key, "/v1/sender_ids", body).await
    }

    async fn change(&self, by: &Member, address: &str, body: Value) -> crate::platform::Answer {
        self.platform.patch(&by.key, &self.path(address), body).await
    }
}

fn route(connection: &str, rank: u8, weight: u16) -> Value {
    json!({"connection": connection, "rank": rank, "weight": weight})
}

#[tokio::test]
async fn a_sender_has_one_road_or_several_with_ranks_and_weights() {
    let stage = Stage::new().await;
    let short = stage.make(stage.body("ACME")).await.good();
    assert_eq!(short["routes"], json!([route(&stage.vendors[0], 0, 1)]));
    let mut body = stage.body("BAKERY");
    body["connection"] = Value::Null;
    body["routes"] = json!([{"connection": stage.vendors[0], "weight": 3}, {"connection": stage.vendors[1]},
        {"connection": stage.vendors[2], "rank": 1}]);
    let made = stage.make(body).await.good();
    let expected = json!([
        route(&stage.vendors[0], 0, 3),
        route(&stage.vendors[1], 0, 1),
        route(&stage.vendors[2], 1, 1)
    ]);
    assert_eq!(made["routes"], expected);
    let seen = stage.platform.get(&stage.client.key, &stage.path("BAKERY")).await.good();
    assert_eq!(seen, made);
}

#[tokio::test]
async fn roads_that_could_not_work_are_refused() {
    let stage = Stage::new().await;
    let [first, ..] = &stage.vendors;
    for routes in [
        json!([]),
        json!([route(first, 0, 1), route(first, 1, 1)]),
        json!([route(first, 0, 0)]),
        json!([route(first, 0, 1_001)]),
        json!([route(&stage.account, 0, 1)]),
    ] {
        let mut body = stage.body("ACME");
        body.as_object_mut().unwrap().remove("connection");
        body["routes"] = routes;
        let refused = stage.make(body).await;
        assert_eq!(
            (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
            ("422 invalid", "routes")
        );
    }
    let mut both = stage.body("ACME");
    both["routes"] = json!([route(first, 0, 1)]);
    assert_eq!(stage.make(both).await.refusal(), "422 invalid");
    let neither = json!({"agreement": stage.client.agreement, "address": "ACME"});
    assert_eq!(stage.make(neither).await.refusal(), "422 invalid");
    // Of a company below the sender's.
    let house = json!({"agreement": stage.platform.owner.agreement, "address": "ACME",
        "connection": stage.vendors[2]});
    assert_eq!(stage.make(house).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn only_sender_ids_of_the_companies_that_a_vendors_connection_is_for_take_it() {
    let stage = Stage::new().await;
    let (platform, owner) = (&stage.platform, &stage.platform.owner);
    let other = platform.member(owner, "Other", "client").await;
    let vendor = format!("/v1/connections/{}", stage.vendors[1]);
    let is_for = |companies: Value| platform.patch(&owner.key, &vendor, json!({"companies": companies}));
    let unknown = is_for(json!(["com_01m814gssve5b8ba12ve1e1grf"])).await;
    assert_eq!(
        (unknown.refusal(), text(&unknown.body, "field")),
        ("404 not_found".into(), "companies".into())
    );
    let changed = is_for(json!([stage.reseller.company])).await.good();
    assert_eq!(changed["companies"], json!([stage.reseller.company]));
    let ask = async |agreement: &str| {
        let body = json!({"agreement": agreement, "address": "ACME", "connection": stage.vendors[1]});
        stage.make(body).await
    };
    let refused = ask(&other.agreement).await;
    assert_eq!(refused.refusal(), "422 invalid");
    let made = ask(&stage.client.agreement).await.good();
    // What a sender ID has stays.
    is_for(json!([other.company])).await.good();
    let path = format!("/v1/sender_ids/{}", text(&made, "id"));
    let kept = platform.get(&owner.key, &path).await.good();
    assert_eq!(kept["routes"], json!([route(&stage.vendors[1], 0, 1)]));
    // Also beside others, which are told together with it.
    let routes = json!([route(&stage.vendors[1], 0, 2), route(&stage.vendors[0], 1, 1)]);
    let changed = platform.patch(&owner.key, &path, json!({"routes": routes})).await.good();
    assert_eq!(changed["routes"], routes);
    ask(&other.agreement).await.good();
}

#[tokio::test]
async fn a_vendors_connection_is_for_companies_of_its_owner_only() {
    let stage = Stage::new().await;
    let (platform, reseller) = (&stage.platform, &stage.reseller);
    let other = platform.member(&platform.owner, "Other", "client").await;
    let smpp = json!({"kind": "smpp", "name": "SMPP", "host": "smsc.example.com", "port": 2775,
        "system_id": "waybill", "password": "secret08", "companies": [stage.client.company]});
    let made = platform.post(&reseller.key, "/v1/connections", smpp).await.good();
    let (path, theirs) =
        (format!("/v1/connections/{}", text(&made, "id")), json!({"companies": [other.company]}));
    assert_eq!(platform.patch(&reseller.key, &path, theirs.clone()).await.refusal(), "404 not_found");
    assert_eq!(platform.patch(&platform.owner.key, &path, theirs).await.refusal(), "422 invalid");
    let all = platform.patch(&reseller.key, &path, json!({"companies": null})).await.good();
    assert_eq!(all["companies"], json!([]));
}

#[tokio::test]
async fn a_senders_roads_and_status_change_and_what_is_not_named_stays() {
    let stage = Stage::new().await;
    let made = stage.make(stage.body("ACME")).await.good();
    let [_, second, theirs] = &stage.vendors;
    let blocked = stage.change(&stage.reseller, "ACME", json!({"status": "blocked"})).await.good();
    assert_eq!((text(&blocked, "status"), &blocked["routes"]), ("blocked".into(), &made["routes"]));
    let routes = json!([route(second, 0, 1), route(theirs, 1, 1)]);
    let owner = &stage.platform.owner;
    let changed = stage.change(owner, "ACME", json!({"routes": routes})).await.good();
    assert_eq!((text(&changed, "status"), &changed["routes"]), ("blocked".into(), &routes));
    assert_eq!(stage.change(owner, "ACME", json!({})).await.good(), changed);
    assert_eq!(stage.change(owner, "OTHER", json!({"status": "active"})).await.refusal(), "404 not_found");
    assert_eq!(stage.change(owner, "ACME", json!({"status": "gone"})).await.refusal(), "422 invalid");
}

#[tokio::test]
async fn whoever_is_blocked_does_not_unblock_himself_and_takes_no_road_he_does_not_see() {
    let stage = Stage::new().await;
    stage.make(stage.body("ACME")).await.good();
    let refused = stage.change(&stage.client, "ACME", json!({"status": "active"})).await;
    assert_eq!(refused.refusal(), "403 not_allowed");
    let routes = json!({"routes": [route(&stage.vendors[1], 0, 1)]});
    assert_eq!(stage.change(&stage.client, "ACME", routes.clone()).await.refusal(), "404 not_found");
    assert_eq!(stage.change(&stage.reseller, "ACME", routes).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn what_phones_send_to_a_number_goes_where_its_rule_says() {
    let stage = Stage::new().await;
    let mut body = stage.body("49300123456");
    body["incoming"] = json!({"keyword": " bread ", "mcc": "262", "webhook_url": "https://bakery.example/sms",
        "client_connection": stage.account});
    let made = stage.make(body).await.good();
    let expected = json!({"keyword": "BREAD", "mcc": "262", "webhook_url": "https://bakery.example/sms",
        "client_connection": stage.account, "vendor_connections": []});
    assert_eq!(made["incoming"], expected);
    // The client decides itself where its messages go.
    let change = json!({"incoming": {"client_connection": stage.account}});
    let changed = stage.change(&stage.client, "49300123456", change).await.good();
    assert_eq!(changed["incoming"]["webhook_url"], Value::Null);
    let stays = stage.change(&stage.reseller, "49300123456", json!({"status": "active"})).await.good();
    assert_eq!(stays["incoming"], changed["incoming"]);
    let nowhere = stage.change(&stage.client, "49300123456", json!({"incoming": null})).await.good();
    assert_eq!(nowhere["incoming"], Value::Null);
}

#[tokio::test]
async fn a_rule_names_vendors_that_only_bring_what_phones_send() {
    let stage = Stage::new().await;
    let [_, brings, theirs] = &stage.vendors;
    stage.make(stage.body("49300123456")).await.good();
    let rule = |vendors: Value| {
        json!({"incoming": {"client_connection": stage.account,
        "vendor_connections": vendors}})
    };
    let named = stage.change(&stage.platform.owner, "49300123456", rule(json!([brings]))).await.good();
    assert_eq!(named["incoming"]["vendor_connections"], json!([brings]));
    // Who does not see them says where messages go, and they stay.
    let change = json!({"incoming": {"keyword": "BREAD", "client_connection": stage.account}});
    for change in [change.clone(), rule(json!([brings])), rule(json!([]))] {
        let changed = stage.change(&stage.client, "49300123456", change).await.good();
        assert_eq!(changed["incoming"]["vendor_connections"], json!([brings]));
    }
    let unseen = stage.change(&stage.client, "49300123456", rule(json!([brings, theirs]))).await;
    assert_eq!(
        (unseen.refusal().as_str(), text(&unseen.body, "field").as_str()),
        ("404 not_found", "incoming")
    );
    let path = format!("/v1/connections/{brings}");
    let used = stage.platform.remove(&stage.platform.owner, &path).await;
    assert_eq!((used.refusal(), &used.body["by"]), ("409 in_use".into(), &named["id"]));
    // Each replaces those that it sees.
    for (by, vendors, expected) in [
        (&stage.reseller, json!([theirs]), json!([brings, theirs])),
        (&stage.client, json!([]), json!([brings, theirs])),
        (&stage.reseller, json!([]), json!([brings])),
    ] {
        let changed = stage.change(by, "49300123456", rule(vendors)).await.good();
        assert_eq!(changed["incoming"]["vendor_connections"], expected);
    }
    // They stay while messages go nowhere.
    let nowhere = json!({"incoming": null});
    stage.change(&stage.client, "49300123456", nowhere.clone()).await.good();
    assert_eq!(stage.platform.remove(&stage.platform.owner, &path).await.refusal(), "409 in_use");
    let again = stage.change(&stage.client, "49300123456", change).await.good();
    assert_eq!(again["incoming"]["vendor_connections"], json!([brings]));
    stage.change(&stage.platform.owner, "49300123456", nowhere).await.good();
    assert_eq!(stage.platform.remove(&stage.platform.owner, &path).await.status, 204);
}

#[tokio::test]
async fn a_rule_for_messages_from_phones_that_could_not_work_is_refused() {
    let stage = Stage::new().await;
    let other = stage.platform.member(&stage.reseller, "Shop", "client").await;
    let account = json!({"kind": "client", "name": "Shop over SMPP", "client": other.company,
        "agreement": other.agreement, "system_id": "shop", "password": "pw-Kq83z"});
    let account = stage.platform.post(&stage.reseller.key, "/v1/connections", account).await.good();
    stage.make(stage.body("49300123456")).await.good();
    for rule in [
        json!({}),
        json!({"keyword": "BREAD"}),
        json!({"webhook_url": "bakery.example"}),
        json!({"webhook_url": "https://bakery.example", "keyword": "two words"}),
        json!({"webhook_url": "https://bakery.example", "mcc": "26"}),
        json!({"client_connection": account["id"]}),
        json!({"client_connection": stage.vendors[0]}),
        json!({"client_connection": "x"}),
        json!({"client_connection": stage.account, "vendor_connections": [stage.account]}),
        json!({"client_connection": stage.account, "vendor_connections": vec![&stage.vendors[2]; 2]}),
    ] {
        let refused = stage.change(&stage.reseller, "49300123456", json!({"incoming": rule})).await;
        assert_eq!(
            (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
            ("422 invalid", "incoming")
        );
    }
    let mut named = stage.body("ACME");
    named["incoming"] = json!({"webhook_url": "https://bakery.example"});
    let refused = stage.make(named).await;
    assert_eq!(
        (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
        ("422 invalid", "incoming")
    );
}

#[tokio::test]
async fn what_a_phone_sends_is_posted_only_where_the_poster_would_post_it() {
    let mut stage = Stage::new().await;
    stage.platform.app.targets = Targets::Public;
    stage.make(stage.body("49300123456")).await.good();
    for (rule, status) in [
        (json!({"webhook_url": "http://bakery.example/sms"}), 422),
        (json!({"webhook_url": "https://127.0.0.1/sms"}), 422),
        (json!({"webhook_url": "https://user:pw@bakery.example/sms"}), 422),
        (json!({"webhook_url": "https://bakery.example/sms", "keyword": "ABCDEFGHIJKLMNOPQRSTU"}), 422),
        (json!({"webhook_url": "https://bakery.example/sms", "keyword": "Bread!"}), 200),
    ] {
        let answer = stage.change(&stage.client, "49300123456", json!({"incoming": rule})).await;
        assert_eq!(answer.status, status, "{rule}");
    }
}

#[tokio::test]
async fn an_account_goes_when_it_gets_nothing_from_phones_and_its_name_is_free_again() {
    let stage = Stage::new().await;
    let (platform, reseller) = (&stage.platform, &stage.reseller);
    let mut body = stage.body("49300123456");
    body["incoming"] = json!({"client_connection": stage.account});
    let made = stage.make(body).await.good();
    let path = format!("/v1/connections/{}", stage.account);
    let used = platform.remove(reseller, &path).await;
    assert_eq!((used.refusal(), &used.body["by"]), ("409 in_use".into(), &made["id"]));
    stage.change(reseller, "49300123456", json!({"incoming": null})).await.good();
    assert_eq!(platform.remove(reseller, &path).await.status, 204);
    let rule = json!({"incoming": {"client_connection": stage.account}});
    let refused = stage.change(reseller, "49300123456", rule).await;
    assert_eq!(
        (refused.refusal().as_str(), text(&refused.body, "field").as_str()),
        ("422 invalid", "incoming")
    );
    assert_eq!(platform.store.client_connection("bakery").await.unwrap(), None);
    let again = json!({"kind": "client", "name": "Bakery anew", "client": stage.client.company,
        "agreement": stage.client.agreement, "system_id": "bakery", "password": "pw-Kq83z"});
    let again = platform.post(&reseller.key, "/v1/connections", again).await.good();
    let found = platform.store.client_connection("bakery").await.unwrap().unwrap();
    assert_eq!(found.id.as_str(), text(&again, "id"));
}
