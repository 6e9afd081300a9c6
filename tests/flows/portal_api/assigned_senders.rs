//! Sender IDs that a reseller was given and hands on to those below it: messages go over connections of a company
//! above that the reseller never sees.

use domain::connection::Link;
use domain::id::{ConnectionId, MessageId};
use domain::message::Message;
use queue::Job;
use sending::NextRoads;
use serde_json::{Value, json};
use store::{SENDER_BLOCKED, Standings};

use crate::legal_entities::{entity, with};
use crate::platform::{Answer, Member, Platform, text};
use crate::shop::{Shop, flat, numbers, sms};

/// The owner sells to a reseller, that to another one, and that to a client; only the owner has vendors.
struct Chain {
    shop: Shop,
    upper: Member,
    lower: Member,
    client: Member,
    /// Two connections of the owner.
    vendors: [String; 2],
}

impl Chain {
    async fn new() -> Self {
        let shop = Shop::new().await;
        let (platform, owner) = (&shop.platform, &shop.platform.owner);
        let upper = platform.euro_member(owner, "Upper", "reseller").await;
        let lower = platform.euro_member(&upper, "Lower", "seller").await;
        let client = platform.euro_member(&lower, "Bakery", "client").await;
        for (seller, buyer, price) in
            [(owner, &upper, "0.05"), (&upper, &lower, "0.06"), (&lower, &client, "0.08")]
        {
            platform.pay(seller, &buyer.agreement, "100").await;
            shop.sell(seller, buyer, sms(flat(price))).await;
        }
        let vendor = async |name: &str| {
            let vendor = json!({"kind": "smpp", "name": name, "host": "127.0.0.1", "port": 2775,
                "system_id": "waybill", "password": "hush-hush"});
            text(&platform.post(&owner.key, "/v1/connections", vendor).await.good(), "id")
        };
        let vendors = [vendor("First").await, vendor("Second").await];
        Self { shop, upper, lower, client, vendors }
    }

    fn platform(&self) -> &Platform {
        &self.shop.platform
    }

    /// The upper reseller's sender ID, as the owner gives it one; its id.
    async fn given(&self) -> String {
        let roads = json!({"connection": self.vendors[0]});
        text(&self.make(&self.platform().owner, &self.upper, "BAKERY", roads).await.good(), "id")
    }

    async fn make(&self, by: &Member, member: &Member, address: &str, roads: Value) -> Answer {
        let body = with(json!({"agreement": member.agreement, "address": address}), roads);
        self.platform().post(&by.key, "/v1/sender_ids", body).await
    }

    /// A seller hands a sender ID on, under the same address.
    async fn assign(&self, by: &Member, to: &Member, address: &str, from: &str) -> Answer {
        self.make(by, to, address, json!({"assigned_from": from})).await
    }

    /// All the way down: those of both resellers and of the client.
    async fn assigned(&self) -> [String; 3] {
        let upper = self.given().await;
        let lower = text(&self.assign(&self.upper, &self.lower, "BAKERY", &upper).await.good(), "id");
        let client = text(&self.assign(&self.lower, &self.client, "BAKERY", &lower).await.good(), "id");
        [upper, lower, client]
    }

    async fn change(&self, by: &Member, sender: &str, body: Value) -> Answer {
        self.platform().patch(&by.key, &format!("/v1/sender_ids/{sender}"), body).await
    }

    async fn send(&self, place: u32) -> Answer {
        self.shop.try_send(&self.client, &numbers(place..place + 1), "hello", "BAKERY").await
    }

    async fn sent(&self, place: u32) -> Message {
        let sent = self.send(place).await.good();
        let id = MessageId::parse(&text(&sent["messages"][0], "id")).unwrap();
        self.platform().store.message(&id).await.unwrap().unwrap()
    }

    /// What waits for a vendor.
    async fn jobs(&self, vendor: &str) -> usize {
        let vendor = ConnectionId::parse(vendor).unwrap();
        let stored = self.platform().store.any_connection(&vendor).await.unwrap().unwrap();
        let Link::Smpp(link) = &stored.link else { panic!("an SMPP link") };
        self.platform().sqs.messages::<Job>(&link.queue_url).len()
    }

    /// Why what was accepted may not go out any more.
    async fn stop(&self, message: &Message) -> Option<&'static str> {
        Standings::new(self.platform().store.clone()).refusal(message).await
    }
}

#[tokio::test]
async fn a_client_sends_over_the_platforms_connection_and_each_level_pays_and_sees_no_vendor_of_another() {
    let chain = Chain::new().await;
    let (shop, platform) = (&chain.shop, chain.platform());
    let [upper, lower, client] = chain.assigned().await;
    chain.sent(0).await;
    shop.project().await;
    assert_eq!([chain.jobs(&chain.vendors[0]).await, chain.jobs(&chain.vendors[1]).await], [1, 0]);
    for (member, balance) in [(&chain.upper, "99.95"), (&chain.lower, "99.94"), (&chain.client, "99.92")] {
        assert_eq!(platform.balance(member).await, balance);
    }
    shop.settle(&[&chain.upper, &chain.lower, &chain.client]).await;

    for (id, from, seers) in [
        (&lower, &upper, vec![&chain.upper, &chain.lower]),
        (&client, &lower, vec![&chain.lower, &chain.client]),
    ] {
        for seer in seers {
            let seen = platform.get(&seer.key, &format!("/v1/sender_ids/{id}")).await.good();
            assert_eq!((&seen["routes"], &seen["assigned_from"]), (&json!([]), &json!(from)));
            assert_eq!(text(&seen, "vendor"), "");
        }
    }
    for by in [&chain.lower, &chain.client] {
        for path in ["/v1/sender_ids", "/v1/audit"] {
            let seen = platform.get(&by.key, path).await.body.to_string();
            assert!(!seen.contains(&chain.vendors[0]), "{path}: {seen}");
        }
        let path = format!("/v1/connections/{}", chain.vendors[0]);
        assert_eq!(platform.get(&by.key, &path).await.refusal(), "404 not_found");
    }
}

#[tokio::test]
async fn what_the_platform_changes_of_a_senders_roads_holds_for_all_that_are_assigned_from_it() {
    let chain = Chain::new().await;
    let [upper, lower, _] = chain.assigned().await;
    let owner = &chain.platform().owner;
    let [first, second] = &chain.vendors;
    let routes = json!([{"connection": second}, {"connection": first, "rank": 1}]);
    chain.change(owner, &upper, json!({"routes": routes})).await.good();
    let message = chain.sent(0).await;
    assert_eq!(message.connection.as_str(), second);
    let next = NextRoads::new(&chain.platform().store).next_of(&message).await.unwrap();
    assert_eq!(next.map(|route| route.connection.to_string()).as_ref(), Some(first));

    // Whoever is between may stop it, and who gave it as well.
    for (by, sender) in [(owner, &upper), (&chain.upper, &lower)] {
        assert_eq!(chain.stop(&message).await, None);
        chain.change(by, sender, json!({"status": "blocked"})).await.good();
        assert_eq!(chain.send(1).await.refusal(), "422 sender_not_active");
        assert_eq!(chain.stop(&message).await, Some(SENDER_BLOCKED));
        chain.change(by, sender, json!({"status": "active"})).await.good();
        chain.sent(2).await;
    }
}

#[tokio::test]
async fn a_reseller_assigns_only_what_was_given_to_it_and_as_it_was_given() {
    let chain = Chain::new().await;
    let (platform, owner) = (chain.platform(), &chain.platform().owner);
    let [upper, lower, _] = chain.assigned().await;
    let refused = |answer: Answer| (answer.refusal(), text(&answer.body, "field"));
    let unseen = ("404 not_found".to_owned(), "assigned_from".to_owned());
    let invalid = |field: &str| ("422 invalid".to_owned(), field.to_owned());

    // Of a company above, or of another one: nobody takes it.
    assert_eq!(refused(chain.assign(&chain.lower, &chain.lower, "BAKERY", &upper).await), unseen);
    assert_eq!(refused(chain.assign(&chain.client, &chain.client, "BAKERY", &lower).await), unseen);
    let neighbour = platform.euro_member(owner, "Neighbour", "reseller").await;
    let theirs = platform.euro_member(&neighbour, "Shop", "client").await;
    assert_eq!(refused(chain.assign(&neighbour, &theirs, "BAKERY", &upper).await), unseen);
    assert_eq!(refused(chain.assign(owner, &theirs, "BAKERY", &upper).await), invalid("assigned_from"));
    // Past a level, whose price would be passed over.
    assert_eq!(refused(chain.assign(owner, &chain.client, "BAKERY", &upper).await), invalid("assigned_from"));
    // A message would cost its reseller nothing.
    let second = platform.euro_member(&chain.upper, "Second", "client").await;
    let terms = json!({"company": second.company, "code": "Prefunded", "currency": "EUR", "charging": "prefunded",
        "resold_under": chain.upper.agreement});
    let prefunded = platform.post(&chain.upper.key, "/v1/agreements", terms).await.good();
    let prefunded = Member { agreement: text(&prefunded, "id"), ..second.clone() };
    let refusal = refused(chain.assign(&chain.upper, &prefunded, "BAKERY", &upper).await);
    assert_eq!(refusal, invalid("assigned_from"));
    // Registered is one name.
    assert_eq!(
        refused(chain.assign(&chain.lower, &chain.client, "BANK", &lower).await),
        invalid("assigned_from")
    );
    let both = json!({"assigned_from": upper, "connection": chain.vendors[0]});
    assert_eq!(refused(chain.make(owner, &second, "BAKERY", both).await), invalid("routes"));
    // Under another agreement of the reseller than the one that the client's is resold under.
    let more = json!({"company": chain.upper.company, "code": "More", "currency": "EUR"});
    let more = Member {
        agreement: text(&platform.post(&owner.key, "/v1/agreements", more).await.good(), "id"),
        ..chain.upper.clone()
    };
    let other = json!({"connection": chain.vendors[0]});
    let other = text(&chain.make(owner, &more, "BAKERY", other).await.good(), "id");
    assert_eq!(
        refused(chain.assign(&chain.upper, &second, "BAKERY", &other).await),
        invalid("assigned_from")
    );

    // It stays as long as somebody below has it.
    let path = format!("/v1/sender_ids/{upper}");
    let used = platform.remove(owner, &path).await;
    assert_eq!((used.refusal(), text(&used.body, "by")), ("409 in_use".into(), lower.clone()));
    // With roads of its own it is not assigned any more.
    let own = json!({"kind": "http", "vendor": {"type": "transit_sms"},
        "name": "Own", "url": "https://vendor.example", "username": "u", "password": "p"});
    let own = text(&platform.post(&chain.lower.key, "/v1/connections", own).await.good(), "id");
    let changed = chain.change(&chain.lower, &lower, json!({"routes": [{"connection": own}]})).await.good();
    assert_eq!(changed["assigned_from"], Value::Null);
    assert_eq!(chain.sent(0).await.connection.as_str(), own);
    assert_eq!(platform.remove(owner, &path).await.status, 204);
}

#[tokio::test]
async fn nothing_is_assigned_from_an_agreement_that_the_reseller_does_not_resell_under_now() {
    let chain = Chain::new().await;
    let (platform, owner) = (chain.platform(), &chain.platform().owner);
    let upper = chain.given().await;
    let body = with(entity("Cats"), json!({"company": chain.upper.company}));
    let cats = text(&platform.post(&owner.key, "/v1/legal_entities", body).await.good(), "id");
    let tie = json!({"agreement": chain.upper.agreement, "effective_from": "2026-01-01T00:00:00Z",
        "effective_till": "2026-02-01T00:00:00Z"});
    let ties = format!("/v1/legal_entities/{cats}/reselling_agreements");
    let tie = text(&platform.post(&owner.key, &ties, tie).await.good(), "id");
    let refused = chain.assign(&chain.upper, &chain.lower, "BAKERY", &upper).await;
    assert_eq!(
        (refused.refusal(), text(&refused.body, "field")),
        ("422 invalid".into(), "assigned_from".into())
    );
    let tie = format!("/v1/reselling_agreements/{tie}");
    platform.patch(&owner.key, &tie, json!({"effective_till": null})).await.good();
    chain.assign(&chain.upper, &chain.lower, "BAKERY", &upper).await.good();
}

#[tokio::test]
async fn a_client_asks_for_a_sender_id_and_gets_it_through_every_level() {
    let chain = Chain::new().await;
    let ask = async |member: &Member| {
        let made = chain.make(member, member, "BAKERY", json!({"status": "draft"})).await.good();
        assert_eq!(made["routes"], json!([]));
        text(&made, "id")
    };
    let of_client = ask(&chain.client).await;
    assert_eq!(chain.send(0).await.refusal(), "422 sender_not_active");
    let no_road = chain.change(&chain.lower, &of_client, json!({"status": "active"})).await;
    assert_eq!((no_road.refusal(), text(&no_road.body, "field")), ("422 invalid".into(), "routes".into()));
    let (of_lower, of_upper) = (ask(&chain.lower).await, ask(&chain.upper).await);
    for (by, sender, mut roads) in [
        (&chain.lower, &of_client, json!({"assigned_from": of_lower})),
        (&chain.upper, &of_lower, json!({"assigned_from": of_upper})),
        (&chain.platform().owner, &of_upper, json!({"routes": [{"connection": chain.vendors[1]}]})),
    ] {
        assert_eq!(chain.send(0).await.refusal(), "422 sender_not_active");
        roads["status"] = json!("active");
        chain.change(by, sender, roads).await.good();
    }
    assert_eq!(chain.sent(0).await.connection.as_str(), chain.vendors[1]);
}
