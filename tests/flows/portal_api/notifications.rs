//! Mail servers, templates and what was mailed, as people set them up and look at them.

use domain::notification::{MailRecord, NotificationChannel, NotificationEvent};
use http::{Method, StatusCode};
use queue::Mail;
use serde_json::{Value, json};

use super::platform::{Answer, Member, Platform, text};

const CHANNELS: &str = "/v1/notification_channels";
const TEMPLATES: &str = "/v1/notification_templates";

fn channel() -> Value {
    json!({"name": "Office", "from_name": "Waybill", "from_email": "no-reply@owner.example",
        "host": "smtp.owner.example", "port": 587, "username": "waybill", "password": "geheim"})
}

fn template() -> Value {
    json!({"name": "Ours", "event": "user_invitation", "subject": "Welcome to {{portal_name}}",
        "text": "Come: {{invitation_link}}", "html": "<a href=\"{{invitation_link}}\">{{company_name}}</a>"})
}

/// A legal entity of the owner's own.
async fn entity(platform: &Platform, name: &str) -> String {
    let body = json!({"name": name, "legal_name": name, "country": "DE", "legal_number": "HRB 1"});
    text(&platform.post(&platform.owner.key, "/v1/own_legal_entities", body).await.good(), "id")
}

async fn delete(platform: &Platform, by: &Member, path: &str) -> Answer {
    platform.ask(&by.key, Method::DELETE, path, &[], None).await
}

/// The last one that was changed is the only one since then; before it are all others.
async fn changed_within(platform: &Platform, path: &str) {
    let list = async |query: String| {
        let list = platform.get(&platform.owner.key, &format!("{path}?{query}")).await.good();
        list["items"].as_array().unwrap().clone()
    };
    let all = list("sort=-updated_at".into()).await;
    let last = text(&all[0], "updated_at");
    assert_eq!(list(format!("updated_from={last}")).await, all[..1]);
    assert_eq!(list(format!("updated_till={last}&sort=-updated_at")).await, all[1..]);
}

#[tokio::test]
async fn a_channel_is_set_up_and_its_password_is_never_answered() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let made = platform.post(&owner.key, CHANNELS, channel()).await.good();
    let path = format!("{CHANNELS}/{}", text(&made, "id"));
    assert_eq!(
        (&made["tls"], &made["enabled"], &made["revision"]),
        (&json!("starttls"), &json!(true), &json!(0))
    );
    let id = text(&made, "id");
    let stored = async || platform.secret_of::<NotificationChannel>(&id).await;
    let kept = || platform.secrets.names("notification-channels/").len();
    assert_eq!(stored().await.unwrap()["password"], "geheim");

    let changed =
        platform.patch(&owner.key, &path, json!({"password": "neu", "reply_to": "a@b.example"})).await;
    assert_eq!(changed.good()["revision"], 1);
    assert_eq!((stored().await.unwrap()["password"].as_str(), kept()), (Some("neu"), 1));
    let moved = platform.patch(&owner.key, &path, json!({"host": "smtp.evil.example"})).await;
    assert_eq!((moved.refusal(), &moved.body["field"]), ("422 invalid".to_owned(), &json!("password")));
    let read = platform.get(&owner.key, &path).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    let log = platform.get(&owner.key, "/v1/audit?action=notification_channel").await.good();
    for shown in [read.good(), log.clone(), platform.get(&owner.key, CHANNELS).await.good()] {
        assert!(!shown.to_string().contains("geheim") && !shown.to_string().contains("neu\""), "{shown}");
    }
    assert!(log.to_string().contains(r#""field":"secret""#), "{log}");

    let open = platform.patch(&owner.key, &path, json!({"username": null})).await.good();
    assert_eq!(open["username"], Value::Null);
    assert_eq!((stored().await, kept()), (None, 0));
    let again = json!({"username": "waybill", "password": "third"});
    platform.patch(&owner.key, &path, again).await.good();
    assert_eq!(stored().await.unwrap()["password"], "third");
    assert_eq!(delete(&platform, &owner, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(kept(), 0);
    assert_eq!(platform.get(&owner.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn the_channel_of_all_legal_entities_comes_first_and_goes_last() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let mut own = channel();
    own["legal_entity"] = json!(entity(&platform, "Kiwi").await);
    assert_eq!(platform.post(&owner.key, CHANNELS, own.clone()).await.refusal(), "409 first_for_all");
    let all = platform.post(&owner.key, CHANNELS, channel()).await.good();
    assert_eq!(platform.post(&owner.key, CHANNELS, channel()).await.refusal(), "409 taken");
    let own = platform.post(&owner.key, CHANNELS, own).await.good();
    let path = |channel: &Value| format!("{CHANNELS}/{}", text(channel, "id"));
    let off = platform.patch(&owner.key, &path(&all), json!({"enabled": false})).await;
    assert_eq!(off.refusal(), "409 needed_for_others");
    assert_eq!(delete(&platform, &owner, &path(&all)).await.refusal(), "409 needed_for_others");
    assert_eq!(delete(&platform, &owner, &path(&own)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(&platform, &owner, &path(&all)).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn channels_are_listed_by_their_columns_and_as_a_file() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let (kiwi, apple) = (entity(&platform, "Kiwi").await, entity(&platform, "Apple").await);
    for (name, entity) in [("Office", None), ("kiwi", Some(&kiwi)), ("Apple", Some(&apple))] {
        let mut ask = channel();
        (ask["name"], ask["legal_entity"]) = (json!(name), json!(entity));
        platform.post(&owner.key, CHANNELS, ask).await.good();
    }
    let names = async |query: &str| {
        let page = platform.get(&owner.key, &format!("{CHANNELS}?{query}")).await.good();
        page["items"].as_array().unwrap().iter().map(|item| text(item, "name")).collect::<Vec<_>>()
    };
    assert_eq!(names("sort=name").await, ["Apple", "kiwi", "Office"]);
    assert_eq!(names("sort=-created_at").await, ["Apple", "kiwi", "Office"]);
    assert_eq!(names("name=KI").await, ["kiwi"]);
    assert_eq!(names(&format!("legal_entity={apple}")).await, ["Apple"]);
    assert_eq!(names("enabled=false").await, Vec::<String>::new());
    changed_within(&platform, CHANNELS).await;
    let file = platform.ask(&owner.key, Method::GET, CHANNELS, &[("accept", "text/csv")], None).await;
    let file = file.good().as_str().unwrap().to_owned();
    assert!(file.starts_with("id,company,name,enabled,") && file.lines().count() == 4, "{file}");
}

#[tokio::test]
async fn a_template_is_judged_when_it_is_saved_and_shown_as_it_will_look() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let made = platform.post(&owner.key, TEMPLATES, template()).await.good();
    assert_eq!((&made["group"], &made["revision"]), (&json!("personal_information"), &json!(0)));
    assert_eq!(platform.post(&owner.key, TEMPLATES, template()).await.refusal(), "409 taken");
    let mut other = template();
    other["legal_entity"] = json!(entity(&platform, "Kiwi").await);
    platform.post(&owner.key, TEMPLATES, other.clone()).await.good();
    let reseller = platform.member(&owner, "Reseller", "reseller").await;
    other["company"] = json!(reseller.company);
    let foreign = platform.post(&owner.key, TEMPLATES, other.clone()).await;
    assert_eq!(
        (foreign.refusal(), &foreign.body["field"]),
        ("422 invalid".to_owned(), &json!("legal_entity"))
    );
    other["legal_entity"] = json!("own_nothing");
    let unknown = platform.post(&owner.key, TEMPLATES, other).await;
    assert_eq!(
        (unknown.refusal(), &unknown.body["field"]),
        ("404 not_found".to_owned(), &json!("legal_entity"))
    );

    let path = format!("{TEMPLATES}/{}", text(&made, "id"));
    let seen = platform.get(&owner.key, &format!("{path}/preview")).await.good();
    assert_eq!(seen["subject"], "Welcome to Messages");
    assert_eq!(seen["html"], "<a href=\"https://portal.example/invitation?token=8f1c\">Bakery Weber</a>");
    for (change, field) in [
        (json!({"text": "no link"}), "text"),
        (json!({"html": "<b>no link</b>"}), "html"),
        (json!({"subject": "{{balance}}"}), "subject"),
        (json!({"subject": "{{portal_name"}), "subject"),
    ] {
        let refused = platform.patch(&owner.key, &path, change).await;
        assert_eq!((refused.refusal(), &refused.body["field"]), ("422 invalid".to_owned(), &json!(field)));
    }
    let plain = platform.patch(&owner.key, &path, json!({"html": null, "name": "Plain"})).await.good();
    assert_eq!(
        (&plain["html"], &plain["revision"], &plain["name"]),
        (&Value::Null, &json!(1), &json!("Plain"))
    );
    let stale = [("if-match", "\"0\"")];
    let body = Some(json!({"name": "X"}));
    let stale = platform.ask(&owner.key, Method::PATCH, &path, &stale, body).await;
    assert_eq!(stale.refusal(), "412 precondition_failed");

    let words = json!({"event": "payment_confirmation", "subject": "{{name}}", "text": "x",
        "html": "<p>{{name}}</p>", "values": {"name": "<Anna>"}});
    let seen = platform.post(&owner.key, &format!("{TEMPLATES}/preview"), words).await.good();
    assert_eq!((&seen["subject"], &seen["html"]), (&json!("<Anna>"), &json!("<p>&lt;Anna&gt;</p>")));

    let found =
        platform.get(&owner.key, &format!("{TEMPLATES}?event=user_invitation&sort=name")).await.good();
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    changed_within(&platform, TEMPLATES).await;
    assert_eq!(delete(&platform, &owner, &path).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn every_event_says_what_can_be_told_of_it() {
    let platform = Platform::new().await;
    let events = platform.get(&platform.owner.key, "/v1/notification_events").await.good();
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), NotificationEvent::ALL.len());
    let invitation = events.iter().find(|event| event["event"] == "user_invitation").unwrap();
    let variables = invitation["variables"].as_array().unwrap();
    let link = variables.iter().find(|variable| variable["name"] == "invitation_link").unwrap();
    assert_eq!(link["required"], true);
    assert!(text(invitation, "text").contains("{{invitation_link}}"));
}

#[tokio::test]
async fn a_test_of_a_channel_is_queued_once() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let made = platform.post(&owner.key, CHANNELS, channel()).await.good();
    let path = format!("{CHANNELS}/{}/test", text(&made, "id"));
    let body = json!({"to": "admin@owner.example"});
    let first = platform.post_once(&owner.key, &path, "t-1", body.clone()).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let again = platform.post_once(&owner.key, &path, "t-1", body).await;
    assert_eq!(again.good(), first.body);
    let queued = platform.sqs.messages::<Mail>(&platform.sqs.queue("mail"));
    let [Mail::TestV1 { id, company, channel, to, at }] = queued.as_slice() else { panic!("{queued:?}") };
    assert_eq!((channel.as_str(), to.as_str()), (made["id"].as_str().unwrap(), "admin@owner.example"));
    let record = MailRecord::first(id, company, None, to, *at, *at);
    assert_eq!(first.body["mail"], record.id.to_string());
    let bad = platform.post(&owner.key, &path, json!({"to": "nobody"})).await;
    assert_eq!((bad.refusal(), &bad.body["field"]), ("422 invalid".to_owned(), &json!("to")));
}

#[tokio::test]
async fn what_was_mailed_and_what_failed_is_listed() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let company = domain::id::CompanyId::parse(&owner.company).unwrap();
    let at = runtime::now();
    for number in 0..5 {
        let to = format!("person-{number}@bakery.example");
        let event = Some(NotificationEvent::PasswordReset);
        let first = MailRecord::first(&format!("cause {number}"), &company, event, &to, at, at);
        platform.store.begin_mail(first.clone()).await.unwrap();
        let end = if number == 3 { first.refused("550 no") } else { first.sent() };
        platform.store.end_mail(&end).await.unwrap();
    }
    let list = async |query: &str| platform.get(&owner.key, &format!("/v1/mails?{query}")).await.good();
    let refused = list("status=refused").await;
    let [only] = refused["items"].as_array().unwrap().as_slice() else { panic!("{refused}") };
    assert_eq!((&only["error"], &only["tries"]), (&json!("550 no"), &json!(1)));
    assert_eq!(list("recipient=PERSON-4").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(list("event=user_invitation").await["items"], json!([]));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&format!("limit=2{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|mail| text(mail, "id")));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (5, 5));
}

#[tokio::test]
async fn a_company_sees_and_sets_up_its_own_and_those_below_it() {
    let platform = Platform::new().await;
    let owner = platform.owner.clone();
    let reseller = platform.member(&owner, "Reseller", "reseller").await;
    let neighbour = platform.member(&owner, "Neighbour", "reseller").await;
    let client = platform.member(&reseller, "Client", "client").await;
    let made = platform.post(&reseller.key, CHANNELS, channel()).await.good();
    let words = platform.post(&reseller.key, TEMPLATES, template()).await.good();
    let paths = [format!("{CHANNELS}/{}", text(&made, "id")), format!("{TEMPLATES}/{}", text(&words, "id"))];
    for path in &paths {
        platform.get(&owner.key, path).await.good();
        assert_eq!(platform.get(&neighbour.key, path).await.refusal(), "404 not_found");
        assert_eq!(delete(&platform, &neighbour, path).await.refusal(), "404 not_found");
        assert_eq!(platform.get(&client.key, path).await.refusal(), "403 not_allowed");
    }
    for list in [CHANNELS, TEMPLATES, "/v1/mails"] {
        assert_eq!(platform.get(&neighbour.key, list).await.good()["items"], json!([]));
        assert_eq!(platform.get(&client.key, list).await.refusal(), "403 not_allowed");
        let foreign = format!("{list}?company={}", reseller.company);
        assert_eq!(platform.get(&neighbour.key, &foreign).await.refusal(), "404 not_found");
    }
}
