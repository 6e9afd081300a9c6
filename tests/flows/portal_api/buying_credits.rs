//! Message credits bought by card: the price of the rate plan that sells them, the tax, the payment that
//! brings the credits, and the receipt.

use axum::Router;
use axum::body::Body;
use domain::money::Amount;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tests::paying::addresses;
use tests::stripe_simulator::{EventKind, StripeSimulator};
use tower::ServiceExt;

use crate::platform::{Member, Platform, text};

/// A client in message credits, who buys them for euros from a seller with a tax.
struct Shop {
    platform: Platform,
    stripe: StripeSimulator,
    callbacks: Router,
    client: Member,
}

impl Shop {
    async fn open() -> Self {
        let stripe = StripeSimulator::start("sk_test_flow", "whsec_flow").await.unwrap();
        let mut platform = Platform::with_stripe(stripe.url()).await;
        platform.app.documents = platform.bucket.links();
        let secret = json!({"secret_key": "sk_test_flow", "webhook_secret": "whsec_flow"});
        platform.secrets.set("payment-systems/stripe", secret);
        let client = platform.member(&platform.owner, "Client", "client").await;
        let (store, secrets) = (platform.store.clone(), platform.secrets.store());
        let callbacks = payment_callback::App::new(store, secrets, addresses(stripe.url())).unwrap();
        Self { platform, stripe, callbacks: payment_callback::router(callbacks), client }
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
        let entity = json!({"name": "Seller", "legal_name": "Seller GmbH", "country": "DE",
            "legal_number": "HRB 1", "taxes": [{"name": "VAT", "percent": "19"}]});
        let owner = &self.platform.owner.key;
        let entity = self.platform.post(owner, "/v1/own_legal_entities", entity).await.good();
        let service = self.service("Credits", "EUR", "0.06").await;
        self.change(json!({"credit_service": service, "own_legal_entity": entity["id"]})).await;
    }

    fn order(&self, quantity: u32) -> Value {
        json!({"agreement": self.client.agreement, "quantity": quantity})
    }

    async fn buy(&self, quantity: u32) -> Value {
        self.platform.post_once(&self.client.key, "/v1/top_ups", "once", self.order(quantity)).await.good()
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

    async fn receipt(&self, top_up: &Value) -> Result<Vec<u8>, String> {
        let path = format!("/v1/top_ups/{}/receipt", text(top_up, "id"));
        let answer = self.platform.get(&self.client.key, &path).await;
        if answer.status != StatusCode::OK {
            return Err(answer.refusal());
        }
        let file = reqwest::get(text(&answer.good(), "url")).await.unwrap();
        Ok(file.error_for_status().unwrap().bytes().await.unwrap().to_vec())
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
    assert_eq!(shop.receipt(&bought).await, Err("409 no_receipt".into()));
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
    shop.told(&text(&bought, "session"), EventKind::CompletedPaid, 1).await;
    let first = shop.receipt(&bought).await.unwrap();
    assert!(first.starts_with(b"%PDF-"));
    shop.change(json!({"own_legal_entity": null})).await;
    assert_eq!(shop.receipt(&bought).await, Ok(first), "whoever sells by now");
    let stranger = shop.platform.member(&shop.platform.owner, "Other", "client").await;
    let path = format!("/v1/top_ups/{}/receipt", text(&bought, "id"));
    assert_eq!(shop.platform.get(&stranger.key, &path).await.refusal(), "404 not_found");
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
