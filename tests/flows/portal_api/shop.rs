//! A platform on which something is sold and used: services, senders, sends, and all that follows from
//! them, each through the handler that does it.

use axum::Router;
use axum::body::{Body, to_bytes};
use domain::id::{AgreementId, MessageId, WalletId};
use domain::masking::Masking;
use domain::money::Amount;
use http::{Method, Request};
use jiff::Timestamp;
use queue::Webhook;
use runtime::targets::Targets;
use serde_json::{Value, json};
use store::{Store, Tables};
use tests::ledger_simulation::ledger::Ledger;
use tower::ServiceExt;

use crate::platform::{Answer, Member, Platform, text};

pub struct Shop {
    pub platform: Platform,
    sending: Router,
    pub projector: projector::App,
}

/// The text of a message of so many segments.
pub fn segments(count: usize) -> String {
    if count == 1 { "hello".to_owned() } else { "a".repeat(153 * count) }
}

/// German mobile numbers.
pub fn numbers(places: std::ops::Range<u32>) -> Vec<String> {
    places.map(|place| format!("+49151{:08}", 10_000_000 + place)).collect()
}

/// A tree in which each SMS has this price.
pub fn sms(price: Value) -> Value {
    json!({"sms_message": {"price": price}})
}

pub fn flat(amount: &str) -> Value {
    json!({"type": "flat", "amount": amount})
}

/// Threshold 1,000, prices 1 and 2 unless told.
pub fn scale(kind: &str, threshold: u32) -> Value {
    json!({"type": "scale", "scale": kind, "tiers": [{"threshold": threshold, "amount": "1"}, {"amount": "2"}]})
}

impl Shop {
    pub async fn new() -> Self {
        let platform = Platform::new().await;
        let projector = platform.projector(tests::embedded_s3::EmbeddedS3::new().archive());
        let sending = sending(&platform, Targets::Any);
        Self { platform, sending, projector }
    }

    /// From now on only such addresses are called for look-ups.
    pub fn send_within(&mut self, targets: Targets) {
        self.sending = sending(&self.platform, targets);
    }

    /// A client of the owner with funds and a sender ID.
    pub async fn client(&self, funds: &str) -> Member {
        let owner = &self.platform.owner;
        let client = self.platform.euro_member(owner, "Client", "client").await;
        self.stock(owner, &client, funds).await;
        client
    }

    /// Funds and a sender ID for a member.
    pub async fn stock(&self, tenant: &Member, member: &Member, funds: &str) {
        self.platform.pay(tenant, &member.agreement, funds).await;
        self.sender(tenant, member, "ACME").await;
    }

    pub async fn sender(&self, tenant: &Member, member: &Member, address: &str) {
        let connection = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "Vendor", "url": "https://vendor.example/api",
            "username": "waybill", "password": "hush-hush"});
        let connection = self.platform.post(&tenant.key, "/v1/connections", connection).await.good();
        let sender =
            json!({"agreement": member.agreement, "address": address, "connection": connection["id"]});
        self.platform.post(&tenant.key, "/v1/sender_ids", sender).await.good();
    }

    /// Deletes the sender IDs and connections of a member that is to be deleted itself.
    pub async fn clear(&self, tenant: &Member, member: &Member) {
        for nouns in ["sender_ids", "connections"] {
            let path = format!("/v1/{nouns}?company={}", member.company);
            let list = self.platform.get(&tenant.key, &path).await.good();
            for thing in list["items"].as_array().unwrap() {
                let path = format!("/v1/{nouns}/{}", text(thing, "id"));
                let gone = self.platform.ask(&tenant.key, Method::DELETE, &path, &[], None).await;
                assert_eq!(gone.status, 204, "{}", gone.body);
            }
        }
    }

    /// A service of a kind, by its id.
    pub async fn service(&self, by: &Member, kind: Value, tree: Value) -> String {
        let money = ["pay_as_you_go", "monetary_pack"].contains(&kind["type"].as_str().unwrap());
        let mut body = json!({"name": "Service", "kind": kind, "tree": tree});
        if money {
            body["currency"] = json!("EUR");
        }
        text(&self.platform.post(&by.key, "/v1/services", body).await.good(), "id")
    }

    pub async fn enable(&self, by: &Member, to: &Member, service: &str) {
        let path = format!("/v1/agreements/{}/services", to.agreement);
        self.platform.post(&by.key, &path, json!({"service": service})).await.good();
    }

    /// A pay-as-you-go service, enabled.
    pub async fn sell(&self, by: &Member, to: &Member, tree: Value) -> String {
        let service = self.service(by, json!({"type": "pay_as_you_go"}), tree).await;
        self.enable(by, to, &service).await;
        service
    }

    pub async fn try_buy(&self, by: &Member, to: &Member, body: Value) -> Answer {
        let path = format!("/v1/agreements/{}/packs", to.agreement);
        self.platform.post(&by.key, &path, body).await
    }

    /// A pack for nothing.
    pub async fn give(&self, by: &Member, to: &Member, service: &str) -> Value {
        self.try_buy(by, to, json!({"service": service, "billing": "free"})).await.good()
    }

    /// The member's packs, each as `used/left`.
    pub async fn packs(&self, member: &Member) -> Vec<String> {
        let path = format!("/v1/agreements/{}/packs", member.agreement);
        let list = self.platform.get(&member.key, &path).await.good();
        let shown = |pack: &Value| format!("{}/{}", text(pack, "used"), text(pack, "left"));
        list["items"].as_array().unwrap().iter().map(shown).collect()
    }

    pub async fn try_send(&self, from: &Member, recipients: &[String], text: &str, sender: &str) -> Answer {
        let body = json!({"sender": sender, "recipients": recipients, "text": text});
        let authorization = format!("Bearer {}", from.key);
        let once = format!("send-{}", runtime::fresh());
        let headers = [
            ("authorization", authorization.as_str()),
            ("idempotency-key", &once),
            ("content-type", "application/json"),
        ];
        self.ask_sending(Method::POST, "/v1/messages", &headers, body.to_string()).await
    }

    /// A call of send-api.
    pub async fn ask_sending(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.sending.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap() }
    }

    /// Sends to these places of [`numbers`], and says what it cost.
    pub async fn send(&self, from: &Member, places: std::ops::Range<u32>) -> String {
        self.send_as(from, places, "hello", "ACME").await
    }

    pub async fn send_as(
        &self,
        from: &Member,
        places: std::ops::Range<u32>,
        words: &str,
        sender: &str,
    ) -> String {
        let answer = self.try_send(from, &numbers(places), words, sender).await.good();
        assert_eq!(answer["refused"], json!([]));
        text(&answer, "total")
    }

    /// Lets the projector work off all there is.
    pub async fn project(&self) {
        loop {
            let mut records = 0;
            for table in ["flow-ledger", "flow-messages"] {
                let event = self.platform.database.take_stream(table);
                records += event.records.len();
                projector::handle(&self.projector, event).await.unwrap();
            }
            if records == 0 {
                return;
            }
        }
    }

    /// What waits for being posted to clients.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.platform.sqs.messages(&self.platform.sqs.queue("webhooks"))
    }

    /// What the sweeper does about fees in that minute.
    pub async fn sweep(&self, now: Timestamp) {
        sweeper::fees::run(&self.sweeper(self.platform.store.clone()), now).await.unwrap();
    }

    pub fn sweeper(&self, store: Store) -> sweeper::App {
        tests::paying::sweeper(&store)
    }

    /// What was sent and never left.
    pub async fn refuse(&self, message: &str) {
        let applier = progress_applier::App { store: self.platform.store.clone() };
        let message = MessageId::parse(message).unwrap();
        let progress = queue::Progress::RefusedV1 {
            message,
            reason: "no".to_owned(),
            next_route: false,
            connection: None,
            at: runtime::now(),
        };
        applier.apply(progress).await.unwrap();
    }

    /// The identities of the ledger, and that nothing is below zero.
    pub async fn check(&self) {
        let tables = Tables::of_stack("flow");
        let ledger = Ledger::read(&self.platform.database.client(), &tables).await.unwrap();
        ledger.check().unwrap();
    }

    /// Everything adds up: the ledger, and what agreements owe by their usage.
    pub async fn settle(&self, members: &[&Member]) {
        self.project().await;
        self.check().await;
        for member in members {
            let agreement = AgreementId::parse(&member.agreement).unwrap();
            let owed = self.platform.store.owed(&agreement).await.unwrap();
            let wallet = WalletId::parse(&member.wallet).unwrap();
            let wallet = self.platform.store.wallet(&wallet).await.unwrap().unwrap();
            let balance = Amount::parse(&self.platform.balance(member).await).unwrap();
            assert_eq!(wallet.funding.checked_sub(owed), Ok(balance), "what {} owes", member.company);
        }
    }

    /// The rows of all charges of an invoice.
    pub async fn rows(&self, invoice: &Value) -> Vec<Value> {
        let mut rows = Vec::new();
        for charge in invoice["charges"].as_array().unwrap() {
            let path = format!("/v1/invoices/{}/charges/{}/rows", text(invoice, "id"), text(charge, "id"));
            let page = self.platform.get(&self.platform.owner.key, &path).await.good();
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
        }
        rows
    }

    /// The lines of a member's statement, oldest first, as kind and amount.
    pub async fn statement(&self, member: &Member) -> Vec<String> {
        let path = format!("/v1/wallets/{}/statement?limit=500", member.wallet);
        let lines = self.platform.get(&self.platform.owner.key, &path).await.good();
        let shown = |line: &Value| format!("{} {}", text(line, "kind"), text(line, "amount"));
        let mut lines: Vec<_> = lines["items"].as_array().unwrap().iter().map(shown).collect();
        lines.reverse();
        lines
    }
}

fn sending(platform: &Platform, targets: Targets) -> Router {
    let app = send_api::App::new(platform.store.clone(), platform.secrets.store(), targets).unwrap();
    let app = send_api::App { masking: Masking::parse("1").unwrap(), ..app };
    runtime::http::finish(send_api::router(app))
}
