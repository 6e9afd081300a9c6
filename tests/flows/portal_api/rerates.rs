//! Rerates as people ask for them: what may be rated again, by whom, and what the task tells.

use domain::rerate::{Rerate, latest_till};
use http::Method;
use invoice_closer::Wake;
use jiff::{SignedDuration, Timestamp};
use queue::{Billing, Sender};
use serde_json::{Value, json};
use store::{Documents, TreeCache, Written};
use tests::edits::act;
use tests::embedded_s3::EmbeddedS3;

use crate::platform::{Member, Platform, text};
use crate::shop::{Shop, flat, sms};

impl Shop {
    /// Does the jobs of rerates that are queued.
    pub async fn rate_again(&self) {
        let platform = &self.platform;
        let app = invoice_closer::App {
            store: platform.store.clone(),
            documents: Documents::new(EmbeddedS3::new().client(), "documents".to_owned()),
            invoices: platform.app.invoices.clone(),
            billing: Sender::new(platform.sqs.client(), platform.sqs.queue("billing")),
            notifications: Sender::new(platform.sqs.client(), platform.sqs.queue("notifications")),
            trees: TreeCache::default(),
        };
        let queued: Vec<Billing> = platform.sqs.messages(&platform.sqs.queue("billing"));
        for job in queued.iter().filter(|job| matches!(job, Billing::RerateV1 { .. })) {
            let body = serde_json::to_string(job).unwrap();
            let event = Wake::read(json!({"Records": [{"messageId": "1", "body": body}]})).unwrap();
            let answer = invoice_closer::handle(&app, event, runtime::now()).await.unwrap();
            assert!(answer.batch_item_failures.is_empty());
        }
    }

    /// Starts a task, and does it.
    pub async fn run_rerate(&self, by: &Member, id: &str) -> Value {
        let path = format!("/v1/rerates/{id}");
        let started = self.platform.post(&by.key, &format!("{path}/start"), json!({})).await.good();
        assert_eq!(started["status"], "scheduled");
        self.rate_again().await;
        self.platform.get(&by.key, &path).await.good()
    }

    /// A draft that charges what a dry run of this counts.
    pub async fn counted_rerate(&self, by: &Member, body: Value) -> String {
        let dry = self.rerate(by, body).await;
        self.run_rerate(by, &dry).await;
        let path = format!("/v1/rerates/{dry}/charge");
        text(&self.platform.post(&by.key, &path, json!({})).await.good(), "id")
    }

    /// A dry run that is also about what was sent just now, which nobody can ask for.
    pub async fn rerate(&self, by: &Member, body: Value) -> String {
        let id = text(&self.platform.post(&by.key, "/v1/rerates", body).await.good(), "id");
        let store = &self.platform.store;
        let asked = store.thing::<Rerate>(&id).await.unwrap().unwrap();
        let (till, revision) = (runtime::now() + SignedDuration::from_hours(1), asked.revision + 1);
        let later = Rerate { till, revision, ..asked.clone() };
        let act = act(&store.any_company(&asked.company).await.unwrap().unwrap().path);
        assert_eq!(store.replace(&act, &asked, &later).await.unwrap(), Written::Now);
        id
    }

    /// How many jobs of rerates were queued.
    fn rerate_jobs(&self) -> usize {
        let queued: Vec<Billing> = self.platform.sqs.messages(&self.platform.sqs.queue("billing"));
        queued.iter().filter(|job| matches!(job, Billing::RerateV1 { .. })).count()
    }
}

/// A client that sent three messages at 1, where 1.5 was meant.
async fn sold_too_cheap() -> (Shop, Member) {
    let shop = Shop::new().await;
    let client = shop.client("100").await;
    let service = shop.sell(&shop.platform.owner, &client, sms(flat("1"))).await;
    shop.send(&client, 0..3).await;
    shop.project().await;
    let body = json!({"tree": sms(flat("1.5"))});
    let path = format!("/v1/services/{service}/tree");
    shop.platform.ask(&shop.platform.owner.key, Method::PUT, &path, &[], Some(body)).await.good();
    (shop, client)
}

pub fn about(client: &Member) -> Value {
    let from = runtime::now() - SignedDuration::from_hours(1);
    json!({"agreement": client.agreement, "from": from.to_string()})
}

#[tokio::test]
async fn a_dry_run_shows_the_difference_and_the_task_charges_it() {
    let (shop, client) = sold_too_cheap().await;
    let owner = shop.platform.owner.clone();
    let key = &owner.key;
    let dry = shop.rerate(&owner, about(&client)).await;
    let draft = shop.platform.get(key, &format!("/v1/rerates/{dry}")).await.good();
    // By whole days: those of today are counted, unless it has only just begun.
    let created_at: Timestamp = text(&draft, "created_at").parse().unwrap();
    let day = |moment: Timestamp| moment.to_string()[..10].to_owned();
    let estimated = if day(latest_till(created_at)) == day(created_at) { 3 } else { 0 };
    assert_eq!((&draft["dry_run"], &draft["estimated"]), (&json!(true), &json!(estimated)));
    let charge = format!("/v1/rerates/{dry}/charge");
    let early = shop.platform.post(key, &charge, json!({})).await;
    assert_eq!(early.refusal(), "409 rerate_not_counted");
    let mut id = dry.clone();
    for balance in ["97", "95.5"] {
        let path = format!("/v1/rerates/{id}");
        shop.rate_again().await;
        assert_eq!(shop.platform.get(key, &path).await.good()["status"], "draft", "nobody has started it");
        let done = shop.run_rerate(&owner, &id).await;
        assert_eq!(done["status"], "complete");
        assert_eq!(done["edrs"], json!({"processed": 3, "updated": 3, "failed": 0}));
        assert_eq!(done["reseller_records"], json!({"processed": 0, "updated": 0, "failed": 0}));
        assert_eq!(
            done["differences"],
            json!([{"agreement": client.agreement, "level": 1,
            "currency": "EUR", "records": 3, "before": "3", "after": "4.5", "difference": "1.5"}])
        );
        assert_eq!(shop.platform.balance(&client).await, balance);
        shop.settle(&[&client]).await;
        for step in ["start", "cancel"] {
            let again = shop.platform.post(key, &format!("{path}/{step}"), json!({})).await;
            assert_eq!(again.refusal(), "409 rerate_ended");
        }
        if id == dry {
            let made = shop.platform.post(key, &charge, json!({})).await.good();
            assert_eq!((&made["counted_by"], &made["dry_run"]), (&json!(dry), &json!(false)));
            assert_eq!(made["estimated"], 3);
            id = text(&made, "id");
        }
    }
    let of_no_dry_run = shop.platform.post(key, &format!("/v1/rerates/{id}/charge"), json!({})).await;
    assert_eq!(of_no_dry_run.refusal(), "409 rerate_not_counted");
    let lines = shop.statement(&client).await;
    assert_eq!(lines.last().map(String::as_str), Some("rerate -1.5"));
    let list = shop.platform.get(key, "/v1/rerates?dry_run=false&status=complete").await.good();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_task_is_about_agreements_that_others_have_with_oneself() {
    let (shop, client) = sold_too_cheap().await;
    let owner = shop.platform.owner.clone();
    let ask = async |by: &Member, change: Value| {
        let mut body = about(&client);
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        shop.platform.post(&by.key, "/v1/rerates", body).await
    };
    assert_eq!(ask(&client, json!({})).await.refusal(), "403 not_allowed");
    let neighbour = shop.platform.euro_member(&owner, "Neighbour", "reseller").await;
    assert_eq!(ask(&neighbour, json!({})).await.refusal(), "404 not_found");
    let both = ask(&owner, json!({"companies": [client.company]})).await;
    assert_eq!((both.refusal(), &both.body["field"]), ("422 invalid".to_owned(), &json!("agreement")));
    assert_eq!(ask(&owner, json!({"agreement": null})).await.body["field"], "companies");
    assert_eq!(ask(&owner, json!({"till": "2020-01-01T00:00:00Z"})).await.body["field"], "till");
    let too_late = runtime::now() - SignedDuration::from_mins(9);
    assert_eq!(ask(&owner, json!({"till": too_late.to_string()})).await.body["field"], "till");
    let of_companies = ask(&owner, json!({"agreement": null, "companies": [client.company]})).await.good();
    assert_eq!(of_companies["agreements"], json!([client.agreement]));
    // Nobody else sees the task; a client has no back office at all.
    let path = format!("/v1/rerates/{}", text(&of_companies, "id"));
    assert_eq!(shop.platform.get(&client.key, &path).await.refusal(), "403 not_allowed");
    assert_eq!(shop.platform.get(&neighbour.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn tasks_are_found_by_the_agreement_or_company_that_they_rate_again() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let one = platform.euro_member(owner, "One", "client").await;
    let other = platform.euro_member(owner, "Other", "client").await;
    let from = (runtime::now() - SignedDuration::from_hours(1)).to_string();
    let mut ids = Vec::new();
    for mut body in [json!({"agreement": one.agreement}), json!({"companies": [other.company]})] {
        body["from"] = json!(from);
        ids.push(text(&platform.post(&owner.key, "/v1/rerates", body).await.good(), "id"));
    }
    for (member, id) in [(&one, &ids[0]), (&other, &ids[1])] {
        let (agreement, company) = (&member.agreement, &member.company);
        for query in [format!("agreement={agreement}"), format!("rated_company={company}")] {
            let list = platform.get(&owner.key, &format!("/v1/rerates?{query}")).await.good();
            let found: Vec<_> = list["items"].as_array().unwrap().iter().map(|it| text(it, "id")).collect();
            assert_eq!(found, std::slice::from_ref(id), "{query}");
        }
    }
    let both = format!("/v1/rerates?agreement={}&rated_company={}", one.agreement, other.company);
    assert_eq!(platform.get(&owner.key, &both).await.good()["items"], json!([]));
    let reseller = platform.euro_member(owner, "Reseller", "reseller").await;
    let foreign = format!("/v1/rerates?agreement={}", one.agreement);
    assert_eq!(platform.get(&reseller.key, &foreign).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn tasks_are_found_by_when_they_begin_and_by_who_changed_them_last_and_when() {
    let platform = Platform::new().await;
    let owner = &platform.owner;
    let client = platform.euro_member(owner, "Client", "client").await;
    let now = runtime::now();
    let (from, later) = (now - SignedDuration::from_hours(1), now + SignedDuration::from_hours(1));
    let mut ids = Vec::new();
    let mut updated_by = String::new();
    for scheduled_for in [json!(null), json!(later.to_string())] {
        let body =
            json!({"agreement": client.agreement, "from": from.to_string(), "scheduled_for": scheduled_for});
        let task = platform.post(&owner.key, "/v1/rerates", body).await.good();
        ids.push(text(&task, "id"));
        updated_by = text(&task, "updated_by");
    }
    for (query, expected) in [
        (format!("scheduled_from={later}"), &ids[1..]),
        (format!("scheduled_till={later}"), &ids[..0]),
        (format!("updated_from={now}&sort=created_at"), &ids[..]),
        (format!("updated_till={now}"), &ids[..0]),
        (format!("updated_by={}&sort=created_at", updated_by.to_uppercase()), &ids[..]),
        ("updated_by=nobody".to_owned(), &ids[..0]),
        ("problem=none".to_owned(), &ids[..0]),
    ] {
        let list = platform.get(&owner.key, &format!("/v1/rerates?{query}")).await.good();
        let found: Vec<_> = list["items"].as_array().unwrap().iter().map(|it| text(it, "id")).collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn a_canceled_task_does_nothing_and_a_scheduled_one_waits() {
    let (shop, client) = sold_too_cheap().await;
    let (owner, key) = (shop.platform.owner.clone(), shop.platform.owner.key.clone());
    let dry = shop.rerate(&owner, about(&client)).await;
    shop.run_rerate(&owner, &dry).await;
    let later = json!({"scheduled_for": (runtime::now() + SignedDuration::from_mins(5)).to_string()});
    let made = shop.platform.post(&key, &format!("/v1/rerates/{dry}/charge"), later).await.good();
    let path = format!("/v1/rerates/{}", text(&made, "id"));
    shop.platform.post(&key, &format!("{path}/start"), json!({})).await.good();
    let twice = shop.platform.post(&key, &format!("{path}/start"), json!({})).await;
    assert_eq!(twice.refusal(), "409 rerate_started");
    shop.rate_again().await;
    assert_eq!(shop.platform.get(&key, &path).await.good()["status"], "scheduled");
    let jobs = shop.rerate_jobs();
    let canceled = shop.platform.post(&key, &format!("{path}/cancel"), json!({})).await.good();
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(shop.rerate_jobs(), jobs + 1, "what it touched is drafted again");
    shop.rate_again().await;
    assert_eq!(shop.platform.get(&key, &path).await.good()["status"], "canceled");
    assert_eq!(shop.platform.balance(&client).await, "97");
}
