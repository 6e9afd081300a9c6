//! A platform with an owner, and short ways to ask its API.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::body::{Body, to_bytes};
use domain::money::Currency;
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portal_api::bootstrap::{House, create_owner, open_house};
use portal_api::{App, ConnectionQueues};
use runtime::targets::Targets;
use serde_json::{Value, json};
use store::{DocumentLinks, Files, HasSecret, Invoices, Store, Tables, schema};
use tests::bucket::Bucket;
use tests::embedded_dynamodb::{Call, EmbeddedDynamodb, Fault, Faults};
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::EmbeddedSqs;
use tower::ServiceExt;

const STACK: &str = "flow";

pub struct Platform {
    pub database: EmbeddedDynamodb,
    pub store: Store,
    pub sqs: EmbeddedSqs,
    pub secrets: EmbeddedSecrets,
    /// Where the rows of confirmed charges lie.
    pub bucket: Bucket,
    pub app: App,
    /// The owner with its agreement in message credits.
    pub owner: Member,
    /// The owner's agreement with itself in euros.
    pub house: House,
    keys: AtomicU64,
}

/// A company with an agreement and an API key.
#[derive(Clone)]
pub struct Member {
    pub company: String,
    pub agreement: String,
    pub wallet: String,
    pub key: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body of an answer that has to be good.
    #[track_caller]
    pub fn good(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    /// Status and code of a refusal.
    #[track_caller]
    pub fn refusal(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        format!("{} {}", self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }
}

impl Platform {
    pub async fn new() -> Self {
        Self::with_stripe("http://stripe.invalid").await
    }

    pub async fn with_stripe(stripe_base_url: &str) -> Self {
        let database = EmbeddedDynamodb::new();
        schema::create(&database.client(), STACK).await.unwrap();
        let store = Store::new(database.client(), Tables::of_stack(STACK));
        let (sqs, secrets) = (EmbeddedSqs::new(), EmbeddedSecrets::new());
        let (http, bucket) = (reqwest::Client::new(), Bucket::start().await.unwrap());
        let invoices = Invoices::new(store.clone(), Files::new(bucket.links(), http.clone()));
        let app = App {
            store: store.clone(),
            trees: store::TreeCache::default(),
            billing: queue::Sender::new(sqs.client(), sqs.queue("billing")),
            mail: queue::Sender::new(sqs.client(), sqs.queue("mail")),
            connection_queues: ConnectionQueues {
                sqs: sqs.client(),
                prefix: "flow-connection-".into(),
                dead_queue_arn: "arn:aws:sqs:eu-central-1:000000000000:connections-dead".into(),
            },
            documents: document_links(),
            invoices,
            secrets: secrets.store(),
            http,
            cashier: tests::paying::cashier(&store, &secrets, stripe_base_url),
            public_base_url: "https://waybill.example".into(),
            masking: domain::masking::Masking::NEVER,
            targets: Targets::Any,
        };
        let now = runtime::now();
        let made = create_owner(&store, "Owner", now).await.unwrap();
        let house = open_house(&store, &made.company, Currency::parse("EUR").unwrap(), now).await.unwrap();
        let credits = open_house(&store, &made.company, Currency::Credit, now).await.unwrap();
        let owner = Member {
            company: made.company.to_string(),
            agreement: credits.agreement.to_string(),
            wallet: credits.wallet.to_string(),
            key: made.api_key,
        };
        Self { database, store, sqs, secrets, bucket, app, owner, house, keys: AtomicU64::new(1) }
    }

    /// The store, with this fault at whatever charges a message.
    pub fn charging_with(&self, fault: Fault) -> Store {
        let faults = move |call: &Call| {
            let is_charge = || call.body.to_string().contains("flow-messages");
            if call.operation == "TransactWriteItems" && is_charge() { fault } else { Fault::None }
        };
        Store::new(self.database.client_with(faults), Tables::of_stack(STACK))
    }

    /// The store, with this fault at whatever opens a wallet by itself.
    pub fn opening_with(&self, fault: Fault) -> Store {
        let faults = move |call: &Call| {
            let is_opening = || call.body.to_string().contains("flow-ledger");
            if call.operation == "TransactWriteItems" && is_opening() { fault } else { Fault::None }
        };
        self.store_with(faults)
    }

    /// The store, with these faults.
    pub fn store_with(&self, faults: impl Faults + 'static) -> Store {
        Store::new(self.database.client_with(faults), Tables::of_stack(STACK))
    }

    /// From now on the queue of mails takes none.
    pub fn refuse_mail(&mut self) {
        let client = self.sqs.client_with(|_| tests::embedded_sqs::Fault::Failure);
        self.app.mail = queue::Sender::new(client, self.sqs.queue("mail"));
    }

    pub fn router(&self) -> Router {
        runtime::http::finish(portal_api::router(self.app.clone()))
    }

    /// The projector beside it.
    pub fn projector(&self, archive: store::Archive) -> projector::App {
        let queue = |name| queue::Sender::new(self.sqs.client(), self.sqs.queue(name));
        projector::App {
            store: self.store.clone(),
            sqs: self.sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive,
        }
    }

    /// What the thing with this id points to in the secret store.
    pub async fn secret_of<T: HasSecret>(&self, id: &str) -> Option<Value> {
        let row = self.store.thing::<T>(id).await.unwrap()?;
        self.secrets.store().read_of(&row).await.ok()
    }

    pub async fn get(&self, key: &str, path: &str) -> Answer {
        self.ask(key, Method::GET, path, &[], None).await
    }

    /// A POST with an idempotency key of its own.
    pub async fn post(&self, key: &str, path: &str, body: Value) -> Answer {
        let once = format!("k-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.post_once(key, path, &once, body).await
    }

    pub async fn post_once(&self, key: &str, path: &str, once: &str, body: Value) -> Answer {
        self.ask(key, Method::POST, path, &[("idempotency-key", once)], Some(body)).await
    }

    pub async fn patch(&self, key: &str, path: &str, body: Value) -> Answer {
        self.ask(key, Method::PATCH, path, &[], Some(body)).await
    }

    pub async fn ask(
        &self,
        key: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {key}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let response = self.router().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status, headers, body }
    }

    /// A company below `tenant` with a prefunded agreement in message credits.
    pub async fn member(&self, tenant: &Member, name: &str, kind: &str) -> Member {
        let terms = json!({"currency": "CREDIT", "charging": "prefunded"});
        self.member_with(tenant, name, kind, terms).await
    }

    /// The same with a cascade agreement in euros.
    pub async fn euro_member(&self, tenant: &Member, name: &str, kind: &str) -> Member {
        self.member_with(tenant, name, kind, json!({"currency": "EUR"})).await
    }

    /// The same with these terms of the agreement.
    pub async fn member_with(&self, tenant: &Member, name: &str, kind: &str, mut terms: Value) -> Member {
        let company = self.post(&tenant.key, "/v1/companies", json!({"name": name, "kind": kind})).await;
        let company = text(&company.good(), "id");
        terms["company"] = json!(company);
        terms["code"] = json!(name.replace(' ', "-"));
        let agreement = self.post(&tenant.key, "/v1/agreements", terms).await.good();
        let key = json!({"company": company, "name": "first"});
        let key = self.post(&tenant.key, "/v1/api_keys", key).await.good();
        Member {
            company,
            agreement: text(&agreement, "id"),
            wallet: text(&agreement, "wallet"),
            key: text(&key, "secret"),
        }
    }

    /// Money that came in from a member, as its tenant records it.
    pub async fn pay(&self, by: &Member, agreement: &str, amount: &str) -> Value {
        let reference = format!("P-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        let body = json!({"agreement": agreement, "amount": amount, "payment_date": today(),
            "reference": reference});
        self.post(&by.key, "/v1/payments", body).await.good()
    }

    pub async fn balance(&self, member: &Member) -> String {
        let path = format!("/v1/wallets/{}", member.wallet);
        text(&self.get(&self.owner.key, &path).await.good(), "balance")
    }
}

/// The day in the time zone that agreements have unless told. None of them began later.
pub fn today() -> Date {
    runtime::now().to_zoned(TimeZone::UTC).date()
}

#[track_caller]
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// Links are signed without a call, so nothing has to answer.
fn document_links() -> DocumentLinks {
    let credentials = Credentials::new("embedded", "embedded", None, None, "tests");
    let url = "https://documents.example".to_owned();
    DocumentLinks::new(SharedCredentialsProvider::new(credentials), "eu-central-1".to_owned(), url)
}

/// What stands in a list, as it is answered by itself: without what people call its company and agreement.
#[track_caller]
pub fn things(list: &Value) -> Value {
    let mut things = list["items"].clone();
    for thing in things.as_array_mut().unwrap() {
        let fields = thing.as_object_mut().unwrap();
        fields.retain(|name, _| !["company_name", "agreement_code", "client_name"].contains(&name.as_str()));
    }
    things
}
