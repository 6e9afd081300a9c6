//! Who is told of sender IDs, of what becomes of their messages, and of moderation.

use std::ops::Range;

use domain::notification::NotificationEvent;
use jiff::SignedDuration;
use queue::Mail;
use serde_json::{Value, json};

use crate::legal_entities::{entity, with};
use crate::platform::{Member, Platform, text};
use crate::shop::{Shop, flat, numbers, sms};

/// The mails about something: to whom, and the value of a variable.
fn told(platform: &Platform, about: NotificationEvent, variable: &str) -> Vec<String> {
    let mails = platform.sqs.messages::<Mail>(&platform.sqs.queue("mail"));
    let told = mails.into_iter().filter_map(|mail| match mail {
        Mail::EventV1 { event, to, values, .. } if event == about => {
            Some(format!("{to} {}", values[variable]))
        }
        _ => None,
    });
    told.collect()
}

/// A legal entity of a member with these notification addresses; its id.
async fn legal_entity(platform: &Platform, member: &Member, emails: Value) -> String {
    let more = json!({"company": member.company, "notification_emails": emails});
    let made = platform.post(&platform.owner.key, "/v1/legal_entities", with(entity("Bakery"), more)).await;
    text(&made.good(), "id")
}

#[tokio::test]
async fn who_sells_is_told_of_a_request_for_a_sender_id_and_who_buys_that_it_is_active() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let client = platform.member(&owner, "Client", "client").await;
    let desk = with(entity("Kiwi"), json!({"notification_emails": ["desk@owner.example"]}));
    let seller = text(&platform.post(&owner.key, "/v1/own_legal_entities", desk).await.good(), "id");
    let parties = json!({"own_legal_entity": seller, "account_emails": ["office@client.example"]});
    platform.patch(&owner.key, &format!("/v1/agreements/{}", client.agreement), parties).await.good();
    let requests = || told(&platform, NotificationEvent::SenderIdRequest, "sender_id");
    let activations = || told(&platform, NotificationEvent::SenderIdActivation, "sender_name");

    let mut ask = json!({"agreement": client.agreement, "address": "BAKERY", "settings": {"channel": "tts"},
        "status": "draft"});
    let made = platform.post(&client.key, "/v1/sender_ids", ask.clone()).await.good();
    assert_eq!((requests(), activations().len()), (vec!["desk@owner.example BAKERY".to_owned()], 0));
    let path = format!("/v1/sender_ids/{}", text(&made, "id"));
    for change in [json!({"name": "Calls"}), json!({"status": "active"}), json!({"status": "active"})] {
        platform.patch(&owner.key, &path, change).await.good();
    }
    assert_eq!(activations(), ["office@client.example BAKERY"]);
    platform.patch(&owner.key, &path, json!({"status": "blocked"})).await.good();

    // What the seller makes itself is no request.
    (ask["address"], ask["status"]) = (json!("BREAD"), json!("draft"));
    platform.post(&owner.key, "/v1/sender_ids", ask.clone()).await.good();
    (ask["address"], ask["status"]) = (json!("CAKE"), json!("active"));
    platform.post(&owner.key, "/v1/sender_ids", ask).await.good();
    assert_eq!(activations(), ["office@client.example BAKERY", "office@client.example CAKE"]);
    assert_eq!(requests().len(), 1);
}

#[tokio::test]
async fn a_sender_id_is_made_though_nobody_could_be_told() {
    let mut platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    let path = format!("/v1/agreements/{}", client.agreement);
    let told = json!({"account_emails": ["office@client.example"]});
    platform.patch(&platform.owner.key, &path, told).await.good();
    platform.refuse_mail();
    let ask = json!({"agreement": client.agreement, "address": "BAKERY", "settings": {"channel": "tts"}});
    platform.post(&platform.owner.key, "/v1/sender_ids", ask).await.good();
}

#[tokio::test]
async fn a_company_is_told_when_its_moderation_begins() {
    let platform = Platform::new().await;
    let client = platform.member(&platform.owner, "Client", "client").await;
    legal_entity(&platform, &client, json!(["b@client.example", "a@client.example"])).await;
    for moderation in [false, true, true, false] {
        let path = format!("/v1/companies/{}", client.company);
        platform.patch(&platform.owner.key, &path, json!({"moderation": moderation})).await.good();
    }
    let told = told(&platform, NotificationEvent::CompanyModeration, "company_name");
    assert_eq!(told, ["a@client.example Client", "b@client.example Client"]);
}

/// A client whose sender ID is monitored, in windows of 20 minutes.
struct Watch {
    shop: Shop,
    client: Member,
    sweeper: sweeper::App,
    begun_at: jiff::Timestamp,
}

impl Watch {
    async fn begin() -> Self {
        let shop = Shop::new().await;
        let (platform, owner) = (&shop.platform, &shop.platform.owner);
        let client = shop.client("10").await;
        shop.sell(owner, &client, sms(flat("0.05"))).await;
        let entity = legal_entity(platform, &client, json!(["noc@client.example"])).await;
        let path = format!("/v1/agreements/{}", client.agreement);
        platform.patch(&owner.key, &path, json!({"legal_entity": entity})).await.good();
        let mail = platform.app.mail.clone();
        let sweeper = sweeper::App { mail, ..shop.sweeper(platform.store.clone()) };
        let watch = Self { client, sweeper, begun_at: runtime::now(), shop };
        watch.set(json!({"trigger_percent": 50, "messages_min": 2, "window_minutes": 20})).await;
        watch
    }

    async fn set(&self, monitoring: Value) {
        let path = format!("/v1/agreements/{}/sender_ids/ACME", self.client.agreement);
        let (platform, body) = (&self.shop.platform, json!({"monitoring": monitoring}));
        platform.patch(&platform.owner.key, &path, body).await.good();
    }

    /// Sends to these places, and all of it fails.
    async fn fail(&self, places: Range<u32>) {
        let sent = self.shop.try_send(&self.client, &numbers(places), "hello", "ACME").await.good();
        self.shop.project().await;
        for message in sent["messages"].as_array().unwrap() {
            self.shop.refuse(&text(message, "id")).await;
        }
        self.shop.project().await;
    }

    /// How many mails there were by that minute.
    async fn mails_after(&self, minutes: i64) -> usize {
        let now = self.begun_at + SignedDuration::from_mins(minutes);
        sweeper::traffic::run(&self.sweeper, now).await.unwrap();
        let told = told(&self.shop.platform, NotificationEvent::TrafficAlert, "sender_id");
        assert!(told.iter().all(|mail| mail == "noc@client.example ACME"), "{told:?}");
        told.len()
    }
}

#[tokio::test]
async fn that_messages_of_a_sender_id_fail_is_told_once_in_each_window() {
    let watch = Watch::begin().await;
    watch.fail(0..3).await;
    assert_eq!(watch.mails_after(0).await, 0, "what was before the first window");
    watch.fail(3..4).await;
    assert_eq!(watch.mails_after(1).await, 0, "one says nothing");
    watch.fail(4..5).await;
    for minute in 2..4 {
        assert_eq!(watch.mails_after(minute).await, 1);
    }
    watch.fail(5..8).await;
    assert_eq!(watch.mails_after(20).await, 1, "the same window still");
    assert_eq!(watch.mails_after(21).await, 1, "nothing in the next one");
    watch.fail(8..10).await;
    assert_eq!(watch.mails_after(30).await, 2);
}

#[tokio::test]
async fn nobody_is_told_of_messages_that_failed_while_nobody_looked() {
    let watch = Watch::begin().await;
    assert_eq!(watch.mails_after(0).await, 0);
    watch.set(Value::Null).await;
    watch.fail(0..3).await;
    assert_eq!(watch.mails_after(1).await, 0, "it is not monitored");
    watch.set(json!({"trigger_percent": 50, "messages_min": 2, "window_minutes": 20})).await;
    assert_eq!(watch.mails_after(60).await, 0, "a new window begins");
    watch.fail(3..5).await;
    assert_eq!(watch.mails_after(61).await, 1);
}
