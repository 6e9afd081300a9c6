//! Company A with one of everything, between a parent and a child, beside a neighbour; and how to ask for
//! what the documents do not say enough about.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::to_bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::audit::{Act, Actor};
use domain::finding::{Figures, FindingKind};
use domain::handling::ClientAddress;
use domain::id::{AuditId, IncomingId, MessageId, SenderId, TwoFactorIntegrationId, UserId};
use domain::incoming::{IncomingCost, IncomingMessage, Routed};
use domain::money::Amount;
use domain::password::PasswordPolicy;
use domain::second_factor::PLACEHOLDER;
use domain::sender::SenderAddress;
use domain::session::Session;
use domain::two_factor::{IntegrationStatus, TwoFactorIntegration};
use domain::user::{User, UserStatus};
use http::{Method, Request, StatusCode};
use queue::Job;
use runtime::auth::{CSRF_HEADER, SESSION_COOKIE};
use runtime::token::UserToken;
use runtime::totp;
use serde_json::{Value, json};
use store::{Avatar, Store, Written};
use tests::bucket::Bucket;
use tests::edits::act;
use tests::stripe_simulator::StripeSimulator;
use tower::ServiceExt;

use super::filling::{self, Filled, MARK, Things};
use crate::documents::{Takes, operations};
use crate::people::{self, sign_up};
use crate::platform::{Member, Platform, text, today};

/// A's sender ID.
const SENDER: &str = "KESTREL";
/// Of a session, in minutes.
const IDLE_MINUTES: u16 = 60;
/// What stands before the codes that A's people get by SMS.
const LOGIN_WORDS: &str = "To log in: ";
/// Of an app's code (RFC 6238, 4.1).
const STEP_SECONDS: i64 = 30;
/// Headers that say who calls.
pub type Shown = Vec<(&'static str, String)>;

/// What else somebody with an API key can call with.
struct Beside {
    /// Who has sessions.
    user: UserId,
    /// The key of an integration.
    integration: String,
}

pub struct World {
    pub things: Things,
    /// Ids of everything that was made for A.
    pub ids: Vec<String>,
    /// Keys.
    pub owner: String,
    pub parent: String,
    pub a: String,
    pub child: String,
    pub neighbour: String,
    pub disabled_user: String,
    /// The key of a user of A who may do all.
    pub person: String,
    members: Vec<(Member, String)>,
    /// The user whose key is that of the disabled one.
    disabled: String,
    /// By API key, of all who were let in.
    beside: BTreeMap<String, Beside>,
    platform: Platform,
    router: Router,
    once: AtomicU64,
    _stripe: StripeSimulator,
    _bucket: Bucket,
}

/// An answer, with its text as it came.
pub struct Asked {
    pub status: StatusCode,
    pub text: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| json!(self.text))
    }
}

/// What fields and filters mean whose names say nothing about a noun of the API.
pub fn plain(name: &str) -> Option<&'static str> {
    Some(match name {
        "path" => "sms_message",
        "subject" => "country",
        "source" => "the regulator's list",
        "amount" => "1",
        "currency" => "EUR",
        "password" => "Quiet-Falcon-73",
        "phone" | "number" | "recipient" => "+4915112345678",
        _ => return None,
    })
}

/// What a query means other than by its name.
pub fn query(operation: &str, name: &str, things: &Things) -> Option<String> {
    Some(match (operation, name) {
        ("GET /v1/agreements/{id}/pack_price", "service") => things.text("pack_service"),
        ("DELETE /v1/services/{id}/scopes/{number}/nodes", "path") => "platform_fee".to_owned(),
        _ => return None,
    })
}

/// Bodies that the documents alone do not tell how to make. `$name` stands for a thing of A.
pub fn body(operation: &str, things: &Things) -> Option<Value> {
    // What is not made yet is asked for again when more is there.
    let thing = |name: &str| things.named(name).map_or_else(|| "none".to_owned(), |thing| thing.text.clone());
    let free =
        json!({"sms_message": {"price": {"type": "free"}}, "platform_fee": {"price": {"type": "free"}}});
    Some(match operation {
        "POST /v1/companies" => json!({"name": format!("{MARK} {}", runtime::fresh()), "kind": "client"}),
        "POST /v1/agreements" => {
            json!({"company": things.named("child_company").map_or_else(|| thing("company"),
            |child| child.text.clone()), "code": format!("K-{}", runtime::fresh()), "currency": "EUR"})
        }
        "POST /v1/services" => json!({"name": format!("{MARK} plan"), "currency": "EUR", "tree": free}),
        "POST /v1/services/{id}/scopes" => json!({"draft": true, "tree": free,
            "effective_from": "2031-01-01T00:00:00Z"}),
        "PUT /v1/services/{id}/tree" | "PUT /v1/services/{id}/scopes/{number}/tree" => json!({"tree": free}),
        "PUT /v1/services/{id}/scopes/{number}/nodes" => json!({"node": free["sms_message"]}),
        "POST /v1/services/{id}/scopes/{number}/imports" => json!({"path": "sms_message",
            "file_name": "rates.csv", "supplier": format!("{MARK} Tele"), "format": "standard"}),
        "POST /v1/connections" => json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": format!("{MARK} vendor"),
            "url": "https://vendor.example", "username": "u", "password": "p"}),
        "PATCH /v1/connections/{id}" => json!({"name": format!("{MARK} vendor")}),
        "PUT /v1/dictionaries/{name}/entries/{key}" => json!({"values": {"mcc": "262", "mnc": "02",
            "country": "DE", "name": "Rot"}}),
        "POST /v1/dictionaries/{name}/import" => {
            json!("key,mcc,mnc,country,name,status\n26202,262,02,DE,Rot,\n")
        }
        "POST /v1/agreements/{id}/packs" => json!({"service": thing("pack_service"), "billing": "free"}),
        "POST /v1/agreements/{id}/services" => json!({"service": thing("parent_service")}),
        "POST /v1/agreements/{id}/fee_rules" => json!({"kind": {"type": "platform"}, "valid_from": today()}),
        "POST /v1/agreements/{id}/fees" => json!({"name": format!("{MARK} hosting"),
            "price": {"type": "fixed", "amount": "1"}}),
        "POST /v1/sender_ids" => json!({"agreement": thing("agreement"), "address": SENDER,
            "connection": thing("parent_connection")}),
        "POST /v1/payments" => json!({"agreement": thing("agreement"), "amount": "50",
            "payment_date": today(), "reference": format!("{MARK} {}", runtime::fresh())}),
        "POST /v1/transfers" => json!({"from": thing("parent_wallet"), "to": thing("wallet"),
            "amount": "1", "note": format!("{MARK} credits")}),
        "POST /v1/top_ups/quote" => json!({"agreement": thing("agreement"), "amount": "25"}),
        "POST /v1/top_ups" => json!({"agreement": thing("agreement"), "amount": "25"}),
        "POST /v1/top_ups/{id}/confirm" => json!({"reference": format!("{MARK} {}", runtime::fresh())}),
        "POST /v1/payment_reviews/done" => {
            json!({"payment_system": thing("payment_system"), "event": REVIEWED, "note": format!("{MARK} paid back")})
        }
        "POST /v1/ledger_reviews/done" => {
            json!({"kind": "recount", "event": REVIEWED, "note": format!("{MARK} rated again")})
        }
        "POST /v1/top_ups/{id}/close" => json!({"reason": format!("{MARK} booked by hand")}),
        "POST /v1/rates/find" => json!({"agreement": thing("agreement"), "number": "+4915112345678",
            "sender": SENDER}),
        "POST /v1/messages" | "POST /v1/messages/estimate" => json!({"sender": SENDER,
            "recipients": ["+4915112345678"], "text": format!("{MARK} hello")}),
        "POST /v1/two_factor_integrations" => json!({"name": format!("{MARK} login"), "side": "platform",
            "agreement": thing("agreement"), "sender": thing("sender"), "text": "Your code is {{code}}.",
            "status": "active"}),
        "POST /api/v1/2fa/verify" => json!({"requestId": thing("requestId"), "code": thing("right_code")}),
        "PUT /v1/my_account/password" => {
            json!({"password": people::PASSWORD, "new_password": plain("password")})
        }
        // By then it is the other one.
        "POST /v1/my_account/deletion" => {
            json!({"confirm": "delete-account", "password": plain("password")})
        }
        "POST /v1/my_account/totp" | "POST /v1/my_account/totp/removal" => {
            json!({"password": people::PASSWORD})
        }
        "POST /v1/users" => json!({"name": format!("{MARK} Bob"),
            "email": format!("{}@kestrel.example", runtime::fresh())}),
        "PUT /v1/my_account/avatar" => json!({"content": PICTURE}),
        "POST /v1/banks" => json!({"name": format!("{MARK} bank"), "country": "AT", "address": "Ring 1",
            "branch_code": "777"}),
        "POST /v1/own_legal_entities" => json!({"name": format!("{MARK} sales"), "country": "CA",
            "legal_name": format!("{MARK} Sales, Inc."), "legal_number": "654321"}),
        "POST /v1/bank_accounts" => json!({"name": format!("{MARK} account"), "company": thing("company"),
            "legal_entity": thing("legal_entity"), "bank": thing("bank"), "holder": MARK, "number": "1"}),
        "POST /v1/own_bank_accounts" => json!({"name": format!("{MARK} account"), "bank": thing("bank"),
            "own_legal_entity": thing("own_legal_entity"), "holder": MARK, "number": "1"}),
        "POST /v1/payment_systems" => json!({"name": format!("{MARK} cards"), "kind": "stripe",
            "enabled": true, "secret": "sk_live_1", "fee_from": "owner", "internal_fee_percent": "1.5",
            "currencies": ["EUR"]}),
        "POST /v1/notification_templates" => json!({"event": "payment_confirmation",
            "name": format!("{MARK} thanks"), "subject": "Paid", "text": "Thank you."}),
        // One at a time: a second one follows the first.
        "POST /v1/legal_entities/{id}/reselling_agreements" => {
            let is_second = things.knows("/v1/legal_entities/{id}/reselling_agreements");
            let (from, till) = if is_second { ("2091", "2092") } else { ("2026", "2091") };
            json!({"agreement": thing("agreement"), "effective_from": format!("{from}-01-01T00:00:00Z"),
                "effective_till": format!("{till}-01-01T00:00:00Z")})
        }
        "PUT /v1/password_policy" => json!(PasswordPolicy::default()),
        "POST /v1/uploads" => json!({"kind": "pdf"}),
        "POST /v1/printable_forms" => json!({"kind": "charge", "name": format!("{MARK} form"),
            "own_legal_entity": thing("own_legal_entity"), "resource": "sms_message",
            "date_from": "2026-01-01", "file": thing("xml_file")}),
        "POST /v1/self_registrations" => json!({"own_legal_entity": thing("own_legal_entity"),
            "portal": thing("portal"), "own_bank_account": thing("own_bank_account"), "enabled": true,
            "terms": thing("pdf_file"), "report_email": "sales@kestrel.example", "moderation": true,
            "agreement": {"code_prefix": "WEB-", "currency": "EUR", "credit_limit": "0",
                "resold_under": thing("agreement"), "billing":
                {"time_zone": "Europe/Zagreb", "period": "monthly", "billing_day": 1, "days_for_payment": 30}},
            "services": [thing("service")], "roles": ["portal_admin"]}),
        "POST /v1/imports/{id}/confirm" => json!({"preview": "prv_0"}),
        "POST /v1/invoices/{id}/confirm" => json!({"early": true}),
        "PUT /v1/invoices/{id}/allocations" => {
            json!({"allocations": [{"payment": thing("payment"), "amount": "1"}]})
        }
        "POST /v1/rerates" => json!({"agreement": thing("child_agreement"),
            "from": "2026-01-01T00:00:00Z", "till": "2026-02-01T00:00:00Z"}),
        _ => return None,
    })
}

/// What is made for A in this order, by A itself or by its parent; all else that has a POST follows.
const MADE: &[(&str, Maker)] = &[
    ("POST /v1/services", Maker::A),
    ("POST /v1/connections", Maker::A),
    ("POST /v1/sender_ids", Maker::Parent),
    ("POST /v1/payments", Maker::Parent),
    ("POST /v1/messages", Maker::A),
    ("POST /v1/agreements/{id}/fees", Maker::Parent),
    ("POST /v1/agreements/{id}/invoices", Maker::Parent),
    ("POST /v1/invoices/{id}/confirm", Maker::Parent),
    ("POST /v1/services/{id}/scopes/{number}/imports", Maker::A),
];

/// What A's payment system told, and the platform found of A, that has to be looked at.
const REVIEWED: &str = "evt_walk";
/// One pixel.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// Files to upload, by kind.
const FILES: [(&str, &str, &str); 2] =
    [("pdf", "pdf_file", "%PDF-1.4 terms"), ("xml", "xml_file", "<details><column value='net'/></details>")];
/// A supplier's file.
const RATES: &str = "Country,Price\nGermany,0.05\n";

#[derive(Clone, Copy, PartialEq)]
enum Maker {
    A,
    Parent,
}

impl World {
    pub async fn build() -> Self {
        let stripe = StripeSimulator::start("sk_test_walk", "whsec_walk").await.unwrap();
        let bucket = Bucket::start().await.unwrap();
        let mut platform = Platform::with_stripe(stripe.url()).await;
        platform.app.documents = bucket.links();
        let secret = json!({"secret_key": "sk_test_walk", "webhook_secret": "whsec_walk"});
        platform.secrets.set("payment-systems/stripe", secret);
        let owner = platform.owner.clone();
        let parent = platform.euro_member(&owner, "Parent", "reseller").await;
        let a = platform.euro_member(&parent, &format!("{MARK} A"), "reseller").await;
        let child = platform.euro_member(&a, "Child", "client").await;
        let neighbour = platform.euro_member(&parent, "Neighbour", "reseller").await;
        let router = crate::router(&platform);
        let mut world = Self {
            things: Things::default(),
            ids: vec![a.company.clone(), a.agreement.clone(), a.wallet.clone()],
            owner: owner.key.clone(),
            parent: parent.key.clone(),
            a: a.key.clone(),
            child: child.key.clone(),
            neighbour: neighbour.key.clone(),
            disabled_user: String::new(),
            person: String::new(),
            members: vec![
                (a.clone(), format!("{MARK}.Ann")),
                (parent.clone(), "Pat".to_owned()),
                (child.clone(), "Chi".to_owned()),
                (neighbour.clone(), "Nat".to_owned()),
            ],
            disabled: String::new(),
            beside: BTreeMap::new(),
            platform,
            router,
            once: AtomicU64::new(1),
            _stripe: stripe,
            _bucket: bucket,
        };
        world.know(&a, &child);
        world.stock(&parent, &a).await;
        world.make_listed().await;
        world.upload_files().await;
        world.make_the_rest().await;
        world.receive(&a).await;
        world.find_the_rest().await;
        world.disable_a_user().await;
        world
    }

    /// What stands before anything is made.
    fn know(&mut self, a: &Member, child: &Member) {
        let things = &mut self.things;
        things.add("/v1/companies", &a.company, true);
        things.add("/v1/agreements", &a.agreement, true);
        things.add("/v1/wallets", &a.wallet, true);
        things.add("/v1/agreements/{id}/sender_ids", SENDER, true);
        things.add("/v1/services/{id}/scopes", "1", false);
        things.add("/v1/dictionaries", "operators", false);
        things.add("/v1/dictionaries/{name}/entries", "26202", false);
        things.name("parent", &a.company, true);
        things.name("child_company", &child.company, false);
        things.name("child_agreement", &child.agreement, false);
        things.name("lookup_connection", "con_00000000000000000000000000", false);
    }

    /// What the parent sells to A, and has paid for at its own level.
    async fn stock(&mut self, parent: &Member, a: &Member) {
        let owner = self.platform.owner.clone();
        let tree = json!({"sms_message": {"price": {"type": "flat", "amount": "0.01"}},
            "platform_fee": {"price": {"type": "flat", "amount": "1"}},
            "service_purchase": {"price": {"type": "flat", "amount": "1"}},
            "sender_id_setup_fee": {"price": {"type": "flat", "amount": "1"}}});
        let plan = json!({"name": "Plan", "currency": "EUR", "tree": tree});
        self.platform.pay(&owner, &parent.agreement, "1000").await;
        let mut last = String::new();
        for (seller, buyer) in [(&owner, parent), (parent, a)] {
            let service = self.platform.post(&seller.key, "/v1/services", plan.clone()).await.good();
            last = text(&service, "id");
            let path = format!("/v1/agreements/{}/services", buyer.agreement);
            self.platform.post(&seller.key, &path, json!({"service": last})).await.good();
        }
        let pack = json!({"name": "Pack", "kind": {"type": "unit_pack", "size": 10},
            "tree": {"sms_message": {"price": {"type": "included"}}}});
        let pack = self.platform.post(&parent.key, "/v1/services", pack).await.good();
        let connection = json!({"kind": "http", "vendor": {"type": "transit_sms"},
            "name": "Vendor", "url": "https://vendor.example", "username": "u", "password": "p"});
        let connection = self.platform.post(&parent.key, "/v1/connections", connection).await.good();
        let path = format!("/v1/companies/{}", a.company);
        self.platform.patch(&parent.key, &path, json!({"direct_sending": true})).await.good();
        let cards = json!({"name": "Cards", "kind": "stripe", "enabled": true, "secret": "sk_test_walk",
            "fee_from": "owner"});
        let cards = self.platform.post(&parent.key, "/v1/payment_systems", cards).await.good();
        let sells = json!({"name": "Sales", "legal_name": "Sales, Inc.", "country": "CA",
            "legal_number": "654321", "payment_systems": [cards["id"]]});
        let sells = self.platform.post(&parent.key, "/v1/own_legal_entities", sells).await.good();
        let path = format!("/v1/agreements/{}", a.agreement);
        self.platform.patch(&parent.key, &path, json!({"own_legal_entity": sells["id"]})).await.good();
        self.things.name("parent_service", &last, false);
        self.things.name("pack_service", &text(&pack, "id"), false);
        self.things.name("parent_connection", &text(&connection, "id"), false);
        self.things.name("parent_wallet", &parent.wallet, false);
    }

    async fn make_listed(&mut self) {
        let operations = operations();
        for (name, maker) in MADE {
            let Some(operation) = operations.iter().find(|operation| operation.name() == *name) else {
                panic!("{name} is no operation any more");
            };
            let filled = filling::fill(operation, &self.things).unwrap();
            let key = if *maker == Maker::A { self.a.clone() } else { self.parent.clone() };
            let asked = self.ask(Some(&key), &filled[0]).await;
            assert!(asked.status.is_success(), "{name}: {} {}", asked.status, asked.text);
            self.remember(&filled[0], &asked.json());
            self.upload(&asked.json()).await;
            self.project().await;
        }
    }

    /// Everything else that can be made, again and again until nothing more comes of it: some need others.
    async fn make_the_rest(&mut self) {
        let mut left: Vec<_> = operations();
        left.retain(|operation| operation.method == Method::POST && !operation.public);
        loop {
            let before = left.len();
            let mut refused = Vec::new();
            for operation in left {
                if self.things.knows(&operation.template) || !self.makes(&operation).await {
                    refused.push(operation);
                }
            }
            refused.retain(|operation| !self.things.knows(&operation.template));
            if refused.len() == before {
                return;
            }
            left = refused;
        }
    }

    /// Whether A, or else its parent or the owner, can make one of these, with an id. Actions are not tried.
    async fn makes(&mut self, operation: &crate::documents::Operation) -> bool {
        let items = format!("{}/{{", operation.template);
        let short = short(&operation.template);
        let has_items = operations().iter().any(|other| {
            other.template.starts_with(&items) || other.template.starts_with(&format!("{short}/{{"))
        });
        let Ok(filled) = filling::fill(operation, &self.things) else { return false };
        if !has_items && operation.template.matches('/').count() != 2 {
            return false;
        }
        for key in [self.a.clone(), self.parent.clone(), self.owner.clone()] {
            let asked = self.ask(Some(&key), &filled[0]).await;
            if asked.status == StatusCode::CREATED {
                return self.remember(&filled[0], &asked.json());
            }
        }
        false
    }

    /// What a phone sent to A.
    async fn receive(&self, a: &Member) {
        let address = |value: &str| ClientAddress { ton: 1, npi: 1, value: value.to_owned() };
        let message = IncomingMessage {
            id: IncomingId::derived(&["to A"]),
            connection: self.things.text("connection").try_into().unwrap(),
            source: address("4915112345678"),
            destination: address("12345"),
            data_coding: 0,
            octets: String::new(),
            text: format!("{MARK} hello"),
            parts: 1,
            received_at: runtime::now(),
            routed: Some(Routed {
                sender: SenderId::new(1),
                company: a.company.clone().try_into().unwrap(),
                agreement: a.agreement.clone().try_into().unwrap(),
                webhook_url: None,
                client: None,
            }),
            cost: IncomingCost::Free,
            revision: 0,
        };
        assert!(self.platform.store.write_incoming(None, &message).await.unwrap());
        let (system, event) = (self.things.text("payment_system"), REVIEWED.to_owned());
        let (detail, at) = ("other money".to_owned(), runtime::now());
        let review = store::Review { system, event, top_up: None, detail, at };
        self.platform.store.put_review(&review).await.unwrap();
        let review = store::Review { system: FindingKind::Recount.name().to_owned(), ..review };
        let (agreement, expected) = (a.agreement.clone().try_into().unwrap(), Amount::ZERO);
        let (found, subject) = (Amount::ONE, None);
        let figures = Figures { agreement, day: None, wallet: None, subject, expected, found, rows: None };
        self.platform.store.put_finding(review, figures).await.unwrap();
        self.project().await;
    }

    /// What came of itself: the first of each list that A reads, and the price of its message.
    async fn find_the_rest(&mut self) {
        for list in operations().into_iter().filter(|operation| operation.method == Method::GET) {
            let Ok(filled) = filling::fill(&list, &self.things) else { continue };
            let asked = self.ask(Some(&self.a), &filled[0]).await.json();
            // The log of A has what was done to those below it as well, and they read that too.
            let company = json!(self.things.text("company"));
            let is_own = |item: &&Value| item.get("object_company").is_none_or(|of| *of == company);
            let first = asked["items"].as_array().and_then(|items| items.iter().find(is_own));
            if let Some(id) = first.and_then(|item| item["id"].as_str())
                && !self.things.knows(&list.template)
            {
                self.things.add(&list.template, id, true);
            }
            if let Some(id) =
                asked["items"][0]["id"].as_str().filter(|_| list.template == "/v1/enabled_services")
            {
                self.things.replace("/v1/agreements/{id}/services", id);
            }
            let edrs = asked["items"].as_array().filter(|_| list.template == "/v1/edrs");
            for edr in edrs.into_iter().flatten().filter(|edr| edr["resource"] == "sms_message") {
                self.things.add("/v1/rates", &text(edr, "rate"), true);
            }
        }
    }

    fn remember(&mut self, filled: &Filled, made: &Value) -> bool {
        let first = |list: &str| made[list][0]["id"].as_str();
        let Some(id) = made["id"].as_str().or_else(|| first("messages")).map(str::to_owned) else {
            return false;
        };
        let template = &filled.operation.template;
        if template == "/v1/sender_ids" {
            self.things.name("sender", SENDER, true);
        }
        self.things.add(template, &id, true);
        self.things.add(&short(template), &id, true);
        self.ids.push(id);
        true
    }

    /// Files that forms and settings name.
    async fn upload_files(&mut self) {
        for (kind, name, content) in FILES {
            let upload = self.platform.post(&self.a, "/v1/uploads", json!({"kind": kind})).await.good();
            let put = self.platform.app.http.put(text(&upload, "url")).body(content).send().await.unwrap();
            assert!(put.status().is_success());
            self.things.name(name, &text(&upload, "file"), true);
        }
    }

    /// Puts the file of an import where it was told to.
    async fn upload(&self, made: &Value) {
        if let Some(url) = made["upload_url"].as_str() {
            let put = self.platform.app.http.put(url).body(RATES).send().await.unwrap();
            assert!(put.status().is_success());
        }
    }

    /// Records, statement lines and what else follows from what happened.
    pub async fn project(&self) {
        let queue = |name| queue::Sender::new(self.platform.sqs.client(), self.platform.sqs.queue(name));
        let projector = projector::App {
            store: self.platform.store.clone(),
            sqs: self.platform.sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: tests::embedded_s3::EmbeddedS3::new().archive(),
        };
        for table in ["flow-ledger", "flow-messages"] {
            let event = self.platform.database.take_stream(table);
            projector::handle(&projector, event).await.unwrap();
        }
    }

    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What A has sent.
    pub async fn first_message(&self) -> Value {
        self.platform_get(&self.a, "/v1/messages").await["items"][0].clone()
    }

    async fn platform_get(&self, key: &str, path: &str) -> Value {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
        let response = self.router().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Both APIs.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Two users of A who may do all, with a key each; one is made inactive.
    async fn disable_a_user(&mut self) {
        let (_, person) = self.user("Eve").await;
        let (user, key) = self.user("Ada").await;
        let path = format!("/v1/users/{user}");
        self.platform.patch(&self.a, &path, json!({"active": false})).await.good();
        self.things.add("/v1/external_users", &user, true);
        (self.person, self.disabled_user, self.disabled) = (person, key, user);
    }

    /// The id and the key of a new one.
    async fn user(&self, name: &str) -> (String, String) {
        let email = format!("{name}@kestrel.example");
        let user = json!({"name": format!("{MARK} {name}"), "email": email, "master": true});
        let user = text(&self.platform.post(&self.a, "/v1/users", user).await.good(), "id");
        let key = json!({"name": name, "user": user});
        let key = self.platform.post(&self.a, "/v1/api_keys", key).await.good();
        (user, text(&key, "secret"))
    }

    pub async fn enable_a(&self, enabled: bool) {
        let path = format!("/v1/companies/{}", self.things.text("company"));
        self.platform.patch(&self.parent, &path, json!({"enabled": enabled})).await.good();
    }

    /// Gives each company somebody with a password and an integration with a key, makes a session of A's that
    /// can be ended, and lets A send a code. The integration beside the disabled user is not active.
    pub async fn let_in(&mut self) {
        let path = format!("/v1/two_factor_integrations/{}/key", self.things.text("two_factor_integration"));
        let a = self.members[0].0.clone();
        let sending = text(&self.platform.post(&a.key, &path, json!({})).await.good(), "key");
        for (member, login) in self.members.clone() {
            let user = Box::pin(sign_up(&self.platform, &member, &login, json!(["portal_admin"]))).await;
            let integration = match member.key == a.key {
                true => sending.clone(),
                false => Box::pin(self.integration(&member, IntegrationStatus::Active)).await,
            };
            let user = user.try_into().unwrap();
            self.beside.insert(member.key, Beside { user, integration });
        }
        let user = self.disabled.clone().try_into().unwrap();
        let integration = Box::pin(self.integration(&a, IntegrationStatus::Blocked)).await;
        self.beside.insert(self.disabled_user.clone(), Beside { user, integration });
        let session = Box::pin(self.session(&self.beside[&a.key].user)).await.session();
        self.things.add("/v1/my_account/sessions", session.as_str(), true);
        Box::pin(self.send_code(&a)).await;
        Box::pin(self.project()).await;
    }

    /// What is asked for beside things that are made: how A sends codes, the picture and the login of one of its
    /// users, and who has registered with its parent.
    pub async fn make_possible(&mut self) {
        let a = self.members[0].0.clone();
        let path = format!("/v1/companies/{}/login_codes", a.company);
        let words = format!("{LOGIN_WORDS}{PLACEHOLDER}");
        let codes = json!({"agreement": a.agreement, "sender": SENDER, "text": words});
        self.platform.ask(&a.key, Method::PUT, &path, &[], Some(codes)).await.good();

        let store = &self.platform.store;
        let company = store.any_company(&a.company.try_into().unwrap()).await.unwrap().unwrap();
        let user = self.things.text("user").try_into().unwrap();
        let user = store.any_user(&user).await.unwrap().unwrap();
        let picture = Avatar { media_type: "image/png".to_owned(), content: PICTURE.to_owned() };
        store.put_avatar(&user.id, Some(&picture)).await.unwrap();
        let shown = User {
            avatar: Some("pixel".to_owned()),
            login: Some("kestrel.bob".to_owned()),
            revision: user.revision + 1,
            ..user.clone()
        };
        let replaced = store.replace_user(&act(&company.path), &user, &shown, None).await.unwrap();
        let guest = User {
            id: UserId::new(runtime::fresh()),
            email: "guest@kestrel.example".to_owned(),
            login: None,
            status: UserStatus::Waiting,
            registered_with: company.tenant().cloned(),
            revision: 0,
            ..user
        };
        let created = store.create_user(&act(&company.path), &guest, None).await.unwrap();
        assert_eq!([replaced, created], [Written::Now, Written::Now]);
        self.things.replace("/v1/external_users", guest.id.as_str());
    }

    /// The key of another integration, made after A's.
    async fn integration(&self, member: &Member, status: IntegrationStatus) -> String {
        let store = &self.platform.store;
        let known: Option<TwoFactorIntegration> =
            store.thing(&self.things.text("two_factor_integration")).await.unwrap();
        let company = store.any_company(&member.company.clone().try_into().unwrap()).await.unwrap().unwrap();
        let (id, secret) = (TwoFactorIntegrationId::new(runtime::fresh()), runtime::token::random());
        let other = TwoFactorIntegration {
            id: id.clone(),
            company: company.id.clone(),
            tenant: company.tenant().cloned(),
            name: "Login".to_owned(),
            agreement: member.agreement.clone().try_into().unwrap(),
            sender: SenderAddress::parse("OSPREY").unwrap(),
            status,
            key_hash: Some(runtime::token::hash(&secret)),
            revision: 0,
            ..known.unwrap()
        };
        let actor = Actor {
            company: company.id.clone(),
            who: company.id.to_string(),
            name: "first".to_owned(),
            ip: None,
        };
        let (id_of_act, at) = (AuditId::new(runtime::fresh()), runtime::now());
        let act = Act { id: id_of_act, actor, at, path: company.path.clone() };
        assert_eq!(store.create(&act, &other).await.unwrap(), Written::Now);
        format!("{id}:{secret}")
    }

    /// Sends a code of A's, which is the right one from then on.
    async fn send_code(&mut self, a: &Member) {
        let all = operations();
        let send = all.iter().find(|one| one.name() == "POST /api/v1/2fa/verify/sms").unwrap();
        let mut filled = filling::fill(send, &self.things).unwrap().remove(0);
        // Not the number that the walk sends to: there are limits for each.
        filled.body = Some(json!({"number": "+4915112345679"}));
        let asked = self.ask(Some(&a.key), &filled).await;
        assert!(asked.status.is_success(), "{} {}", asked.status, asked.text);
        let request = text(&asked.json(), "requestId");
        let company = a.company.clone().try_into().unwrap();
        let message = MessageId::of_request(&company, &format!("2fa:{request}"));
        let sms = self.platform.store.message(&message).await.unwrap().unwrap().text;
        let code: String = sms.chars().filter(char::is_ascii_digit).collect();
        self.things.add("/api/v1/2fa/requests", &request, true);
        self.things.name("requestId", &request, true);
        self.things.name("right_code", &code, false);
    }

    /// The request as A's person sends it, with what their phone or their app shows. An app is begun with before.
    pub async fn with_code(&self, filled: &Filled) -> Filled {
        let mut filled = filled.clone();
        let code = match filled.operation.name().as_str() {
            "POST /v1/my_account/phone/proof" => {
                let asked = self.ask(Some(&self.a), &filled).await;
                assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{}", asked.text);
                self.code_by_sms().await
            }
            "POST /v1/my_account/totp/confirmation" => self.code_of_app(0).await,
            "POST /v1/my_account/totp/removal" => self.code_of_app(1).await,
            _ => return filled,
        };
        filled.body.get_or_insert_with(|| json!({}))["code"] = json!(code);
        filled
    }

    /// The one that was sent last.
    async fn code_by_sms(&self) -> String {
        self.project().await;
        let queue = self.platform.sqs.queue("http-send");
        for job in self.platform.sqs.messages::<Job>(&queue).into_iter().rev() {
            let Job::SubmitV1 { message, .. } = job else { continue };
            let sent = self.platform.store.message(&message).await.unwrap();
            if let Some(code) = sent.as_ref().and_then(|sent| sent.text.strip_prefix(LOGIN_WORDS)) {
                return code.to_owned();
            }
        }
        panic!("no code was sent");
    }

    /// So many steps after the one of now: no step is taken twice.
    async fn code_of_app(&self, later: u64) -> String {
        let name = format!("users/{}", self.beside[&self.a].user);
        let kept: Value = self.platform.secrets.store().read(&name).await.unwrap();
        let step = u64::try_from(runtime::now().as_second() / STEP_SECONDS).unwrap();
        totp::code(&hex::decode(text(&kept, "totp")).unwrap(), step + later)
    }

    /// Who has sessions beside this API key.
    pub fn person_beside(&self, key: &str) -> UserId {
        self.beside[key].user.clone()
    }

    async fn session(&self, user: &UserId) -> UserToken {
        new_session(&self.platform.store, user).await
    }

    /// How whoever has this API key says who it is to what takes this.
    pub async fn shown(&self, key: &str, takes: Takes) -> Shown {
        match (takes, self.beside.get(key)) {
            (Takes::Session, Some(beside)) => by_session(&self.session(&beside.user).await),
            (Takes::IntegrationKey, Some(beside)) => by_integration(&beside.integration),
            _ => by_key(key),
        }
    }

    /// What says nothing: no header, an empty one, and what looks like A's with another secret.
    pub fn shown_by_nobody(&self, takes: Takes) -> Vec<Shown> {
        let forged = match takes {
            Takes::ApiKey => by_key("waybill_0000"),
            Takes::Session => by_session(&UserToken::new(&self.beside[&self.a].user)),
            Takes::IntegrationKey => {
                by_integration(&format!("{}:0000", self.things.text("two_factor_integration")))
            }
        };
        vec![Vec::new(), by_key(""), forged]
    }

    /// Asked by whoever has this API key, with what the operation takes.
    pub async fn ask(&self, key: Option<&str>, filled: &Filled) -> Asked {
        let shown = match key {
            Some(key) => self.shown(key, filled.operation.takes).await,
            None => Vec::new(),
        };
        self.ask_with(&shown, filled).await
    }

    pub async fn ask_with(&self, shown: &[(&'static str, String)], filled: &Filled) -> Asked {
        let operation = &filled.operation;
        let once = format!("walk-{}", self.once.fetch_add(1, Ordering::Relaxed));
        let mut request = Request::builder().method(&operation.method).uri(&filled.path);
        request = request.header("idempotency-key", once);
        for (name, value) in shown {
            request = request.header(*name, value);
        }
        for (name, value) in &filled.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &operation.body {
            request = request.header("content-type", &body.media_type);
        }
        let body = match &filled.body {
            Some(Value::String(text)) => text.clone(),
            Some(body) => body.to_string(),
            None => String::new(),
        };
        let request = request.body(axum::body::Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Asked { status, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

pub fn by_key(key: &str) -> Shown {
    vec![("authorization", format!("Bearer {key}"))]
}

/// The token of a new session, which nothing that was asked before has ended.
pub async fn new_session(store: &Store, user: &UserId) -> UserToken {
    let token = UserToken::new(user);
    let session = Session::new(token.session(), user, IDLE_MINUTES, runtime::now());
    store.put_session(&session).await.unwrap();
    token
}

pub fn by_session(token: &UserToken) -> Shown {
    vec![("cookie", format!("{SESSION_COOKIE}={}", token.text())), (CSRF_HEADER, token.csrf())]
}

/// As `curl -u` sends it.
fn by_integration(key: &str) -> Shown {
    vec![("authorization", format!("Basic {}", STANDARD.encode(key)))]
}

/// Where one of these is found by its id alone, if there: `/v1/imports` for
/// `/v1/services/{id}/scopes/{number}/imports`.
fn short(template: &str) -> String {
    let last = template.rsplit('/').next().unwrap_or_default();
    let short = format!("/v1/{last}");
    let items = format!("{short}/{{");
    let exists = operations().iter().any(|operation| operation.template.starts_with(&items));
    if exists { short } else { template.to_owned() }
}
