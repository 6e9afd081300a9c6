//! Message credits bought by card: the price of the rate plan that sells them, the tax, the payment that
//! brings the credits, and the receipt.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use domain::money::Amount;
use http::{Method, Request, StatusCode};
use queue::Billing;
use serde_json::{Value, json};
use store::Store;
use tests::embedded_dynamodb::{Call, Fault, Faults};
use tests::embedded_s3::EmbeddedS3;
use tests::paying::{addresses, cashier};
use tests::stripe_simulator::{EventKind, StripeSimulator};
use tower::ServiceExt;

use crate::platform::{Member, Platform, text};
use crate::printing::{BUCKET, work};

/// A client in message credits, who buys them for euros from a seller with a tax.
struct Shop {
    platform: Platform,
    stripe: StripeSimulator,
    callbacks: Router,
    client: Member,
    s3: EmbeddedS3,
}

/// What Stripe calls, with this store.
fn callbacks(platform: &Platform, stripe: &StripeSimulator, store: Store) -> Router {
    let app = payment_callback::App::new(store, platform.secrets.store(), addresses(stripe.url())).unwrap();
    payment_callback::router(app)
}

impl Shop {
    async fn open() -> Self {
        let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
        let mut platform = Platform::with_stripe(stripe.url()).await;
        platform.app.documents = platform.bucket.links();
        let secret = json!({"secret_key": "sk_test_flow", "webhook_secret": "whsec_flow"});
        platform.secrets.set("payment-systems/stripe", secret);
        let client = platform.member(&platform.owner, "Client", "client").await;
        let callbacks = callbacks(&platform, &stripe, platform.store.clone());
        Self { platform, stripe, callbacks, client, s3: EmbeddedS3::new() }
    }

    async fn change(&self, change: Value) -> Value {
        let path = format!("/v1/agreements/{}", self.client.agreement);
        self.platform.patch(&self.platform.owner.key, &path, change).await.good()
    }

    /// A rate plan of the owner in which a credit costs so much.
    async fn service(&self, name: &str, currency: &str, price: &str) -> String {
        let price = json!({"price": {"type": "flat", "amount": price}});
        let tree = json!({"additional_service": {"depends_on": "additional_service",
            "values": {"message_credits": price}}});
        let body = json!({"name": name, "currency": currency, "tree": tree});
        let made = self.platform.post(&self.platform.owner.key, "/v1/services", body).await.good();
        text(&made, "id")
    }

    /// A credit costs six cents and 19 % of tax.
    async fn sell(&self) {
        self.sell_as("Seller").await;
    }

    async fn sell_as(&self, name: &str) {
        let entity = json!({"name": name, "legal_name": format!("{name} GmbH"), "country": "DE",
            "legal_number": format!("HRB {name}"), "taxes": [{"name": "VAT", "percent": "19"}]});
        let owner = &self.platform.owner.key;
        let entity = self.platform.post(owner, "/v1/own_legal_entities", entity).await.good();
        let service = self.service(&format!("Credits of {name}"), "EUR", "0.06").await;
        self.change(json!({"credit_service": service, "own_legal_entity": entity["id"]})).await;
    }

    fn order(&self, quantity: u32) -> Value {
        json!({"agreement": self.client.agreement, "quantity": quantity})
    }

    async fn buy(&self, quantity: u32) -> Value {
        self.buy_as("once", quantity).await
    }

    async fn buy_as(&self, request: &str, quantity: u32) -> Value {
        self.platform.post_once(&self.client.key, "/v1/top_ups", request, self.order(quantity)).await.good()
    }

    /// What Stripe tells, so many times.
    async fn told(&self, session: &str, kind: EventKind, times: u32) {
        let (signature, body) = self.stripe.signed_event(session, kind, runtime::now()).unwrap();
        for _ in 0..times {
            let request = Request::post("/payments/stripe").header("stripe-signature", &signature);
            let request = request.body(Body::from(body.clone())).unwrap();
            let answer = self.callbacks.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        }
    }

    /// The same once, where a call to the database fails: it may be taken or not.
    async fn told_in_vain(&self, session: &str, kind: EventKind, failing: u64, fault: Fault) {
        let faults = move |call: &Call| if call.number == failing { fault } else { Fault::None };
        let (signature, body) = self.stripe.signed_event(session, kind, runtime::now()).unwrap();
        let request = Request::post("/payments/stripe").header("stripe-signature", &signature);
        let request = request.body(Body::from(body)).unwrap();
        let broken = callbacks(&self.platform, &self.stripe, self.platform.store_with(faults));
        let status = broken.oneshot(request).await.unwrap().status();
        assert!(status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
    }

    /// The closer prints what the projector asks for because of the payments that were made.
    async fn print(&self) {
        let (platform, s3) = (&self.platform, &self.s3);
        let projector = platform.projector(s3.archive());
        let payments = platform.database.take_stream(&platform.store.tables.ledger);
        projector::handle(&projector, payments).await.unwrap();
        let jobs: Vec<Billing> = platform.sqs.messages(&platform.sqs.queue("billing"));
        for job in jobs.iter().filter(|job| matches!(job, Billing::ReceiptV1 { .. })) {
            work(platform, s3, job).await;
        }
    }

    /// Where the client finds the receipt.
    async fn link(&self, top_up: &Value) -> Result<String, String> {
        self.link_to(top_up, "").await
    }

    async fn link_to(&self, top_up: &Value, query: &str) -> Result<String, String> {
        let path = format!("/v1/top_ups/{}/receipt{query}", text(top_up, "id"));
        let answer = self.platform.get(&self.client.key, &path).await;
        if answer.status == StatusCode::OK { Ok(text(&answer.good(), "url")) } else { Err(answer.refusal()) }
    }

    fn file(&self, top_up: &Value) -> Vec<u8> {
        let place = format!("receipts/{}/{}.pdf", self.client.agreement, text(top_up, "id"));
        self.s3.get(BUCKET, &place).unwrap()
    }

    /// The top-up, paid under this number.
    async fn check_number(&self, top_up: &Value, number: u64) {
        let path = format!("/v1/top_ups/{}", text(top_up, "id"));
        let paid = self.platform.get(&self.client.key, &path).await.good();
        assert_eq!(paid["receipt_number"], json!(number));
    }
}

#[tokio::test]
async fn credits_are_bought_by_card_at_the_price_of_the_rate_plan_and_with_tax() {
    let shop = Shop::open().await;
    shop.sell().await;
    let quote = shop.platform.post(&shop.client.key, "/v1/top_ups/quote", shop.order(10_000)).await.good();
    let order = &quote["order"];
    let numbers = ["unit_price", "net", "tax_percent", "tax", "total"].map(|name| text(order, name));
    assert_eq!(numbers, ["0.06", "600", "19", "114", "714"]);
    let item = &quote["items"][0];
    assert_eq!((text(item, "to_pay"), text(item, "currency")), ("714".into(), "EUR".into()));

    let bought = shop.buy(10_000).await;
    assert_eq!(bought, shop.buy(10_000).await);
    assert_eq!(&bought["order"], order);
    assert_eq!((text(&bought, "to_pay"), text(&bought, "currency")), ("714".into(), "EUR".into()));
    assert_eq!(shop.stripe.sessions()[0].amount_total, 71_400);
    let other = shop.platform.post_once(&shop.client.key, "/v1/top_ups", "once", shop.order(10_001)).await;
    assert_eq!(other.refusal(), "422 idempotency_key_reused");
    assert_eq!(shop.platform.balance(&shop.client).await, "0");

    let session = text(&bought, "session");
    shop.told(&session, EventKind::CompletedPaid, 3).await;
    assert_eq!(shop.platform.balance(&shop.client).await, "10000", "at once, and once");
    let path = format!("/v1/top_ups/{}", text(&bought, "id"));
    let paid = shop.platform.get(&shop.client.key, &path).await.good();
    assert_eq!((text(&paid, "state"), text(&paid, "credited")), ("confirmed".into(), "10000".into()));
    let payment = format!("/v1/payments/{}", text(&paid, "payment"));
    let payment = shop.platform.get(&shop.client.key, &payment).await.good();
    assert_eq!(Amount::parse(&text(&payment, "amount")), Ok(Amount::whole(714)), "{payment}");
}

#[tokio::test]
async fn credits_are_taxed_by_the_rule_that_is_in_force_when_they_are_ordered() {
    let shop = Shop::open().await;
    shop.sell().await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let sellers = platform.get(&owner.key, "/v1/own_legal_entities").await.good();
    let seller = format!("/v1/own_legal_entities/{}", text(&sellers["items"][0], "id"));
    let rules = json!([{"name": "VAT", "percent": "19", "valid_till": "2020-07-01"},
        {"name": "VAT", "percent": "16", "valid_from": "2020-07-01", "valid_till": "2100-01-01"},
        {"name": "VAT", "percent": "25", "valid_from": "2100-01-01"}]);
    platform.patch(&owner.key, &seller, json!({"taxes": rules})).await.good();
    let quote = platform.post(&shop.client.key, "/v1/top_ups/quote", shop.order(10_000)).await.good();
    let numbers = ["net", "tax_percent", "tax"].map(|name| text(&quote["order"], name));
    assert_eq!(numbers, ["600", "16", "96"]);
}

#[tokio::test]
async fn what_a_top_up_paid_is_refunded_at_the_payment_system_and_not_deleted() {
    let shop = Shop::open().await;
    shop.sell().await;
    let bought = shop.buy(500).await;
    shop.told(&text(&bought, "session"), EventKind::CompletedPaid, 1).await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let top_up = format!("/v1/top_ups/{}", text(&bought, "id"));
    let paid = platform.get(&owner.key, &top_up).await.good();
    let payment = format!("/v1/payments/{}", text(&paid, "payment"));
    assert_eq!(platform.remove(owner, &payment).await.refusal(), "409 paid_by_top_up");
    for edit in [json!({"amount": "1"}), json!({"confirmed": false, "confirm_before": "2040-01-01"})] {
        assert_eq!(platform.patch(&owner.key, &payment, edit).await.refusal(), "409 paid_by_top_up");
    }
    platform.patch(&owner.key, &payment, json!({"description": "seen"})).await.good();
    let close = platform.post(&owner.key, &format!("{top_up}/close"), json!({"reason": "x"})).await;
    assert_eq!(close.refusal(), "409 top_up_confirmed");
    assert_eq!(platform.balance(&shop.client).await, "500");
}

#[tokio::test]
async fn the_receipt_is_made_once_and_stays_as_it_is() {
    let shop = Shop::open().await;
    shop.sell().await;
    let bought = shop.buy(500).await;
    assert_eq!(shop.link(&bought).await, Err("409 no_receipt".into()));
    shop.told(&text(&bought, "session"), EventKind::CompletedPaid, 1).await;
    assert_eq!(shop.link(&bought).await, Err("409 not_ready".into()));
    shop.change(json!({"own_legal_entity": null})).await;
    shop.print().await;
    let first = shop.file(&bought);
    assert!(first.starts_with(b"%PDF-"));
    let shown = String::from_utf8_lossy(&first);
    assert!(shown.contains("Seller GmbH"), "whoever sells by now");
    assert!(shop.link(&bought).await.unwrap().contains("receipt-1.pdf"));
    shop.print().await;
    assert_eq!(shop.file(&bought), first);
    let stranger = shop.platform.member(&shop.platform.owner, "Other", "client").await;
    let path = format!("/v1/top_ups/{}/receipt", text(&bought, "id"));
    assert_eq!(shop.platform.get(&stranger.key, &path).await.refusal(), "404 not_found");
}

#[tokio::test]
async fn a_refund_whose_store_failed_at_any_call_has_one_credit_note_and_leaves_no_gap() {
    for fault in [Fault::TimeoutNotApplied, Fault::TimeoutAppliedAnswerLost, Fault::Kill] {
        for failing in 1..=8 {
            let shop = Shop::open().await;
            shop.sell().await;
            let bought = shop.buy(500).await;
            let session = text(&bought, "session");
            shop.told(&session, EventKind::CompletedPaid, 1).await;
            shop.stripe.refund(&session, 1_000);
            shop.told_in_vain(&session, EventKind::Refunded, failing, fault).await;
            shop.told(&session, EventKind::Refunded, 1).await;
            assert_eq!(shop.platform.balance(&shop.client).await, "360", "{fault:?} {failing}");
            let path = format!("/v1/top_ups/{}", text(&bought, "id"));
            let stored = shop.platform.get(&shop.client.key, &path).await.good();
            let notes = stored["credit_notes"].as_array().unwrap();
            assert_eq!((notes.len(), &notes[0]["number"]), (1, &json!(2)), "{fault:?} {failing}");
            // Invoices of the legal entity go on from there.
            let agreement = format!("/v1/agreements/{}", shop.client.agreement);
            let agreement = shop.platform.get(&shop.platform.owner.key, &agreement).await.good();
            let series = text(&agreement, "own_legal_entity");
            assert_eq!(shop.platform.store.last_document_number(&series).await.unwrap(), 2);
        }
    }
}

#[tokio::test]
async fn few_credits_are_bought_also_where_the_payment_system_keeps_more_than_they_cost() {
    let shop = Shop::open().await;
    shop.sell().await;
    let owner = &shop.platform.owner.key;
    let online = json!({"name": "Online", "kind": "pay_online", "enabled": true, "merchant": "81135",
        "secret": "hush-hush", "fee_from": "client", "currencies": ["EUR"], "tariff_fixed": "0.3"});
    let online = shop.platform.post(owner, "/v1/payment_systems", online).await.good();
    let agreement = format!("/v1/agreements/{}", shop.client.agreement);
    let seller = text(&shop.platform.get(owner, &agreement).await.good(), "own_legal_entity");
    let offered = json!({"payment_systems": [online["id"]]});
    shop.platform.patch(owner, &format!("/v1/own_legal_entities/{seller}"), offered).await.good();
    let quote = shop.platform.post(&shop.client.key, "/v1/top_ups/quote", shop.order(4)).await.good();
    let numbers = ["to_pay", "credited"].map(|name| text(&quote["items"][0], name));
    assert_eq!(numbers, ["0.29", "4"]);
    let bought = shop.platform.post(&shop.client.key, "/v1/top_ups", shop.order(4)).await.good();
    assert_eq!(text(&bought, "to_pay"), "0.29");
}

#[tokio::test]
async fn what_goes_back_of_a_purchase_answers_its_receipt_with_credit_notes_that_add_up_to_it() {
    let shop = Shop::open().await;
    shop.sell().await;
    let bought = shop.buy(500).await;
    let session = text(&bought, "session");
    shop.told(&session, EventKind::CompletedPaid, 1).await;
    shop.print().await;
    let receipt = shop.file(&bought);
    let path = format!("/v1/top_ups/{}", text(&bought, "id"));
    let read = async || shop.platform.get(&shop.client.key, &path).await.good();
    assert_eq!(read().await["credit_notes"], json!([]));
    // Of 35.7 with tax, each told twice. Between them another 500 are bought, which takes a number.
    for (cents, balance) in [(1_000, "360"), (555, "783"), (2_015, "500")] {
        shop.stripe.refund(&session, cents);
        shop.told(&session, EventKind::Refunded, 2).await;
        assert_eq!(shop.platform.balance(&shop.client).await, balance);
        if balance == "360" {
            let other = shop.buy_as("other", 500).await;
            shop.told(&text(&other, "session"), EventKind::CompletedPaid, 1).await;
            shop.check_number(&other, 3).await;
        }
    }
    let notes = read().await["credit_notes"].clone();
    let note = |number: u64, credits: &str, net: &str, tax: &str| json!({"number": number, "credits": credits, "net": net, "tax": tax, "fee": "0"});
    let expected =
        [note(2, "140", "8.4", "1.6"), note(4, "77", "4.67", "0.88"), note(5, "283", "16.93", "3.22")];
    assert_eq!(notes, json!(expected), "together 30, and 5.7 of tax");

    assert_eq!(shop.link_to(&bought, "?credit_note=2").await, Err("409 not_ready".into()));
    for none in ["?credit_note=1", "?credit_note=3"] {
        assert_eq!(shop.link_to(&bought, none).await, Err("409 no_receipt".into()), "{none}");
    }
    for _ in 0..2 {
        shop.print().await;
    }
    for number in [2, 4, 5] {
        let link = shop.link_to(&bought, &format!("?credit_note={number}")).await.unwrap();
        assert!(link.contains(&format!("credit-note-{number}.pdf")), "{link}");
        let place = format!("receipts/{}/{}-{number}.pdf", shop.client.agreement, text(&bought, "id"));
        let file = shop.s3.get(BUCKET, &place).unwrap();
        assert!(file.starts_with(b"%PDF-") && String::from_utf8_lossy(&file).contains("Seller GmbH"));
    }
    assert_eq!(shop.file(&bought), receipt, "what was issued stays as it is");
    let stranger = shop.platform.member(&shop.platform.owner, "Other", "client").await;
    let other = format!("{path}/receipt?credit_note=2");
    assert_eq!(shop.platform.get(&stranger.key, &other).await.refusal(), "404 not_found");
    shop.told(&session, EventKind::Refunded, 1).await;
    assert_eq!(read().await["credit_notes"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refund_of_a_purchase_that_fails_brings_the_credits_again_and_answers_its_credit_note() {
    let shop = Shop::open().await;
    shop.sell().await;
    let bought = shop.buy(500).await;
    let session = text(&bought, "session");
    shop.told(&session, EventKind::CompletedPaid, 1).await;
    shop.told(&session, EventKind::Refunded, 1).await;
    assert_eq!(shop.platform.balance(&shop.client).await, "0");
    shop.stripe.fail_refund(&session, 3_570);
    shop.told(&session, EventKind::RefundFailed, 2).await;
    assert_eq!(shop.platform.balance(&shop.client).await, "500");
    let path = format!("/v1/top_ups/{}", text(&bought, "id"));
    let stored = shop.platform.get(&shop.client.key, &path).await.good();
    let note = |number: u64, credits: &str, net: &str, tax: &str| json!({"number": number, "credits": credits, "net": net, "tax": tax, "fee": "0"});
    let expected = [note(2, "500", "30", "5.7"), note(3, "-500", "-30", "-5.7")];
    assert_eq!(stored["credit_notes"], json!(expected));
    shop.print().await;
    assert!(shop.link_to(&bought, "?credit_note=3").await.unwrap().contains("credit-note-3.pdf"));
}

#[tokio::test]
async fn a_purchase_that_a_person_confirms_brings_its_credits_and_its_receipt_once() {
    let shop = Shop::open().await;
    shop.sell().await;
    let bought = shop.buy(500).await;
    let (platform, owner) = (&shop.platform, &shop.platform.owner);
    let path = format!("/v1/top_ups/{}", text(&bought, "id"));
    let confirm = async |key: &str, reference: &str| {
        platform.post(key, &format!("{path}/confirm"), json!({"reference": reference})).await
    };
    let stranger = platform.member(owner, "Other", "client").await;
    assert_eq!(confirm(&stranger.key, "TT-1").await.refusal(), "404 not_found");
    assert_eq!(confirm(&shop.client.key, "TT-1").await.refusal(), "403 not_allowed");
    assert_eq!(confirm(&owner.key, " ").await.body["field"], "reference");
    let confirmed = confirm(&owner.key, "TT-1").await.good();
    assert_eq!((text(&confirmed, "state"), text(&confirmed, "credited")), ("confirmed".into(), "500".into()));
    assert_eq!(
        (text(&confirmed, "confirmed_by"), &confirmed["receipt_number"]),
        (owner.company.clone(), &json!(1))
    );
    assert_eq!(confirm(&owner.key, "TT-1").await.good(), confirmed);
    assert_eq!(confirm(&owner.key, "TT-2").await.refusal(), "409 top_up_confirmed");
    let payment =
        platform.get(&owner.key, &format!("/v1/payments/{}", text(&confirmed, "payment"))).await.good();
    assert_eq!((text(&payment, "reference"), text(&payment, "by")), ("TT-1".into(), owner.company.clone()));
    let made = format!("/v1/payments/{}", text(&payment, "id"));
    let deleted = platform.ask(&owner.key, Method::DELETE, &made, &[], None).await;
    assert_eq!(deleted.refusal(), "409 paid_by_top_up");
    let second = shop.buy_as("second", 600).await;
    let taken = json!({"reference": "TT-1"});
    let taken =
        platform.post(&owner.key, &format!("/v1/top_ups/{}/confirm", text(&second, "id")), taken).await;
    assert_eq!(taken.refusal(), "409 reference_taken");

    // The payment system tells late that it was paid, and that it paid that back.
    let session = text(&bought, "session");
    for kind in [EventKind::CompletedPaid, EventKind::Refunded] {
        shop.told(&session, kind, 2).await;
    }
    assert_eq!(platform.balance(&shop.client).await, "500", "all of that is for a person");
    shop.told(&text(&second, "session"), EventKind::CompletedPaid, 1).await;
    shop.print().await;
    shop.check_number(&bought, 1).await;
    shop.check_number(&second, 2).await;
    assert!(shop.file(&bought).starts_with(b"%PDF-"));
    assert!(shop.link(&bought).await.unwrap().contains("receipt-1.pdf"));
}

/// Somebody else is faster with every payment of a top-up.
#[derive(Default)]
struct Faster {
    payments: AtomicU32,
    /// With the payment of this number, from 1 on, who is faster confirms the same.
    twin: Option<u32>,
}

impl Faster {
    fn is_twin(&self) -> bool {
        self.twin == Some(self.payments.load(Ordering::Relaxed))
    }
}

impl Faults for Faster {
    fn decide(&self, call: &Call) -> Fault {
        let is_twin = call.operation == "TransactWriteItems" && self.is_twin();
        if is_twin { Fault::TimeoutAppliedAnswerLost } else { Fault::None }
    }

    fn rewrite(&self, _: &str, body: &mut Value) {
        let items = body["TransactItems"].as_array_mut().into_iter().flatten();
        let puts = items.filter_map(|item| item.get_mut("Put"));
        let changes: Vec<_> = puts.filter(|put| put["ConditionExpression"] == "revision = :before").collect();
        if changes.is_empty() {
            return;
        }
        self.payments.fetch_add(1, Ordering::Relaxed);
        let is_twin = self.is_twin();
        for change in changes {
            if is_twin {
                change["Item"]["confirmed_at"] = json!({"S": "2026-01-01T00:00:00Z"});
            } else {
                change["ConditionExpression"] = "revision = :before AND attribute_not_exists(pk)".into();
            }
        }
        if is_twin {
            // The database does not take the next try for a repeat of it.
            body["ClientRequestToken"] = "twin".into();
        }
    }
}

#[tokio::test]
async fn who_is_overtaken_whenever_a_purchase_is_confirmed_hears_that_and_not_that_the_reference_is_taken() {
    let mut shop = Shop::open().await;
    shop.sell().await;
    // In the last of eight rounds by who confirms the same.
    for (reference, twin, balance) in [("TT-1", None, "0"), ("TT-2", Some(8), "1000")] {
        let path = format!("/v1/top_ups/{}/confirm", text(&shop.buy_as(reference, 500).await, "id"));
        let (platform, body) = (&mut shop.platform, json!({"reference": reference}));
        let faster = Faster { twin, ..Faster::default() };
        let client = platform.database.client_with_retries(faster, 2);
        let store = Store::new(client, platform.store.tables.clone());
        let overtaken = cashier(&store, &platform.secrets, shop.stripe.url());
        let cashier = std::mem::replace(&mut platform.app.cashier, overtaken);
        let refused = platform.post(&platform.owner.key, &path, body.clone()).await;
        assert_eq!(refused.refusal(), "409 conflict");
        assert_eq!(platform.balance(&shop.client).await, balance);
        platform.app.cashier = cashier;
        let confirmed = platform.post(&platform.owner.key, &path, body).await.good();
        assert_eq!(text(&confirmed, "state"), "confirmed");
    }
}

#[tokio::test]
async fn only_a_purchase_that_is_still_to_be_paid_is_confirmed_by_hand() {
    let shop = Shop::open().await;
    shop.sell().await;
    let owner = &shop.platform.owner;
    let confirm = async |top_up: &Value| {
        let path = format!("/v1/top_ups/{}/confirm", text(top_up, "id"));
        shop.platform.post(&owner.key, &path, json!({"reference": "TT-1"})).await.refusal()
    };
    let paid = shop.buy(500).await;
    shop.told(&text(&paid, "session"), EventKind::CompletedPaid, 1).await;
    assert_eq!(confirm(&paid).await, "409 top_up_confirmed");
    let closed = shop.buy_as("closed", 500).await;
    let close = format!("/v1/top_ups/{}/close", text(&closed, "id"));
    shop.platform.post(&owner.key, &close, json!({"reason": "booked by hand"})).await.good();
    assert_eq!(confirm(&closed).await, "409 top_up_closed");
    assert_eq!(shop.platform.balance(&shop.client).await, "500");
}

#[tokio::test]
async fn receipts_are_numbered_without_gaps_in_the_series_of_who_sells() {
    let shop = Shop::open().await;
    shop.sell().await;
    let first = shop.buy(500).await;
    let unpaid = shop.buy_as("unpaid", 500).await;
    let second = shop.buy_as("second", 600).await;
    shop.told(&text(&second, "session"), EventKind::CompletedPaid, 2).await;
    shop.told(&text(&unpaid, "session"), EventKind::Expired, 1).await;
    shop.told(&text(&first, "session"), EventKind::CompletedPaid, 2).await;
    shop.check_number(&second, 1).await;
    shop.check_number(&first, 2).await;
    // Another legal entity has numbers of its own, also where it sold first and was paid last.
    let ordered = shop.buy_as("ordered", 700).await;
    shop.sell_as("Another").await;
    let other = shop.buy_as("other", 700).await;
    shop.told(&text(&other, "session"), EventKind::CompletedPaid, 1).await;
    shop.told(&text(&ordered, "session"), EventKind::CompletedPaid, 1).await;
    shop.check_number(&other, 1).await;
    shop.check_number(&ordered, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn purchases_that_are_paid_at_once_have_numbers_of_their_own() {
    let shop = std::sync::Arc::new(Shop::open().await);
    shop.sell().await;
    let mut bought = Vec::new();
    for number in 0..8 {
        bought.push(shop.buy_as(&number.to_string(), 500).await);
    }
    let paid = bought.iter().map(|top_up| {
        let (shop, session) = (shop.clone(), text(top_up, "session"));
        tokio::spawn(async move { shop.told(&session, EventKind::CompletedPaid, 2).await })
    });
    for told in futures::future::join_all(paid).await {
        told.unwrap();
    }
    let mut numbers = Vec::new();
    for top_up in &bought {
        let path = format!("/v1/top_ups/{}", text(top_up, "id"));
        numbers.push(
            shop.platform.get(&shop.client.key, &path).await.good()["receipt_number"].as_u64().unwrap(),
        );
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn credits_are_sold_only_where_a_rate_plan_in_money_has_a_price_for_them() {
    let shop = Shop::open().await;
    let quote =
        async |body: Value| shop.platform.post(&shop.client.key, "/v1/top_ups/quote", body).await.refusal();
    assert_eq!(quote(shop.order(5)).await, "409 no_credit_sale");
    let amount = json!({"agreement": shop.client.agreement, "amount": "5"});
    assert_eq!(quote(amount).await, "422 invalid");
    let path = format!("/v1/agreements/{}", shop.client.agreement);
    let set = async |service: String| {
        let change = json!({"credit_service": service});
        shop.platform.patch(&shop.platform.owner.key, &path, change).await.refusal()
    };
    assert_eq!(set(shop.service("In credits", "CREDIT", "1").await).await, "422 invalid");
    let free = shop.service("Free", "EUR", "0.06").await;
    shop.change(json!({"credit_service": free})).await;
    assert_eq!(quote(shop.order(0)).await, "422 invalid");
    let both = json!({"agreement": shop.client.agreement, "amount": "5", "quantity": 5});
    assert_eq!(quote(both).await, "422 invalid");
    let told = shop.change(json!({"credit_service": null})).await;
    assert_eq!(told["credit_service"], Value::Null);
    assert_eq!(quote(shop.order(5)).await, "409 no_credit_sale");
}
