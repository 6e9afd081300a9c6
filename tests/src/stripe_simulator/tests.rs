use axum::http::Request;
use jiff::{SignedDuration, ToSpan};
use payments::stripe::{
    Checkout, CheckoutRequest, ReadCheckoutError, Settings as Account, checkout, read_checkout, read_event,
    verify,
};
use rust_decimal::Decimal;

use super::*;
use crate::callback_urls::Urls;
use iso_currency::Currency;

const SECRET_KEY: &str = "sk_test_demo";
const WEBHOOK_SECRET: &str = "whsec_demo";

/// The simulator, a browser, and a webhook that writes down what it makes of its calls.
struct World {
    stripe: StripeSimulator,
    webhook_url: String,
    heard: Arc<Mutex<Vec<String>>>,
    client: reqwest::Client,
    _webhook: Serving,
}

impl World {
    async fn start() -> Self {
        let stripe = StripeSimulator::start(SECRET_KEY, WEBHOOK_SECRET).await.expect("a simulator");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let reserved = Reserved::port(0).await.expect("a port");
        let webhook_url = format!("{}/webhook", reserved.url());
        let router = Router::new().route("/webhook", post(webhook)).with_state(heard.clone());
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { stripe, webhook_url, heard, client, _webhook: reserved.serve(router) }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").clone()
    }

    async fn send(&self, request: Request<String>) -> Result<Checkout, ReadCheckoutError> {
        let request = reqwest::Request::try_from(request).expect("a request");
        let answer = self.client.execute(request).await.expect("an answer");
        let status = answer.status();
        read_checkout(status, &answer.bytes().await.expect("a body"))
    }

    async fn open(&self, top_up: &str) -> Checkout {
        self.send(self.request(&ask(top_up))).await.expect("a checkout")
    }

    fn request(&self, ask: &CheckoutRequest) -> Request<String> {
        self.request_as(SECRET_KEY, ask)
    }

    fn request_as(&self, secret_key: &str, ask: &CheckoutRequest) -> Request<String> {
        let account = Account { api_url: self.stripe.url().to_owned(), secret_key: secret_key.to_owned() };
        checkout(ask, &account).expect("a request")
    }

    async fn refusal(&self, request: Request<String>) -> String {
        self.send(request).await.expect_err("a refusal").to_string()
    }

    async fn read(&self, session_id: &str) -> (StatusCode, String) {
        let url = format!("{}/v1/checkout/sessions/{session_id}", self.stripe.url());
        let answer = self.client.get(url).bearer_auth(SECRET_KEY).send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    }

    async fn simulator(&self, path: &str, body: serde_json::Value) -> (StatusCode, String) {
        let url = format!("{}/simulator/{path}", self.stripe.url());
        let answer = self.client.post(url).json(&body).send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    }
}

/// As ours: only what is signed is read.
async fn webhook(
    State(heard): State<Arc<Mutex<Vec<String>>>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().expect("text");
    if verify(signature, &body, &[WEBHOOK_SECRET], Timestamp::now()).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    heard.lock().expect("no panic").push(told(&body));
    StatusCode::OK
}

/// The event without its own id.
fn told(body: &[u8]) -> String {
    use payments::stripe::Event;
    match read_event(body).expect("an event") {
        Event::Paid { top_up, amount_minor, currency, livemode, payment_intent, .. } => {
            assert!(payment_intent.is_some_and(|id| id.starts_with("pi_")));
            format!("paid {top_up} {amount_minor} {} live={livemode}", currency.code())
        }
        Event::Closed { top_up, .. } => format!("closed {top_up}"),
        Event::Failed { top_up, .. } => format!("failed {top_up}"),
        Event::Refunded { top_up, amount_refunded_minor, .. } => {
            format!("refunded {top_up:?} {amount_refunded_minor}")
        }
        Event::RefundFailed { refund, .. } => format!("{refund} failed"),
        Event::Disputed { amount_minor, stage, .. } => format!("disputed {amount_minor} {stage:?}"),
        Event::FeeKnown { top_up, .. } => format!("fee known {top_up:?}"),
        Event::Ignored { kind, .. } => format!("ignored {kind}"),
    }
}

fn ask(top_up: &str) -> CheckoutRequest<'_> {
    CheckoutRequest {
        top_up,
        amount: Decimal::new(15_000, 2),
        currency: Currency::USD,
        description: "Balance <top-up>",
        success_url: "https://portal.example.com/done?session={CHECKOUT_SESSION_ID}",
        cancel_url: "https://portal.example.com/cancelled",
        expires_at: Timestamp::now() + 1.hour(),
    }
}

#[tokio::test]
async fn our_checkout_opens_a_session_that_can_be_read_again() {
    let world = World::start().await;
    let open = world.open("top_1").await;
    assert_eq!(open.url, format!("{}/pay/{}", world.stripe.url(), open.session_id));
    let sessions = world.stripe.sessions();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].client_reference_id.as_deref(), Some("top_1"));
    assert_eq!((sessions[0].amount_total, sessions[0].currency.as_str()), (15_000, "usd"));
    assert_eq!(sessions[0].metadata["top_up"], "top_1");
    assert_eq!(sessions[0].payment_metadata["top_up"], "top_1");
    let (status, body) = world.read(&open.session_id).await;
    assert_eq!(read_checkout(status, body.as_bytes()).expect("a checkout"), open);
    let (status, body) = world.read("cs_test_0").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("No such checkout.session: cs_test_0"), "{body}");
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_no_second_session() {
    let world = World::start().await;
    let first = ask("top_1");
    let open = world.send(world.request(&first)).await.expect("a checkout");
    world.stripe.signed_event(&open.session_id, EventKind::Expired, Timestamp::now()).expect("an event");
    let again = world.send(world.request(&first)).await.expect("the answer of then");
    assert_eq!(open, again);
    let other = CheckoutRequest { amount: Decimal::new(1, 0), ..first };
    assert_eq!(
        world.refusal(world.request(&other)).await,
        "Stripe refused the checkout with status 400 Bad Request: Keys for idempotent requests can \
         only be used with the same parameters they were first used with."
    );
    assert_eq!(world.stripe.sessions().len(), 1);
}

#[tokio::test]
async fn a_wrong_key_opens_nothing() {
    let world = World::start().await;
    let refusal = world.refusal(world.request_as("sk_test_other", &ask("top_1"))).await;
    assert_eq!(
        refusal,
        "Stripe refused the checkout with status 401 Unauthorized: Invalid API Key provided."
    );
    let nobody = Request::post(format!("{}/v1/checkout/sessions", world.stripe.url()));
    let refusal = world.refusal(nobody.body(String::new()).expect("a request")).await;
    assert_eq!(
        refusal,
        "Stripe refused the checkout with status 401 Unauthorized: You did not provide an API key."
    );
    assert!(world.stripe.sessions().is_empty());
}

#[tokio::test]
async fn a_form_that_stripe_would_not_take_is_refused_and_may_be_corrected() {
    let world = World::start().await;
    let open_for =
        |time: SignedDuration| CheckoutRequest { expires_at: Timestamp::now() + time, ..ask("top_1") };
    let mut texts = String::new();
    for wrong in [
        open_for(SignedDuration::from_mins(29)),
        open_for(SignedDuration::from_hours(25)),
        CheckoutRequest { success_url: "portal", ..ask("top_1") },
        CheckoutRequest { description: "", ..ask("top_1") },
    ] {
        texts += &world.refusal(world.request(&wrong)).await;
        texts += "\n";
    }
    for (known, wrong) in [
        ("mode=payment", "mode=setup"),
        ("=usd", "=USD"),
        ("quantity%5D=1", "quantity%5D=0"),
        ("cancel_url", "back_url"),
    ] {
        let request = world.request(&ask("top_1")).map(|body| body.replacen(known, wrong, 1));
        texts += &world.refusal(request).await;
        texts += "\n";
    }
    expect_test::expect![[r#"
        Stripe refused the checkout with status 400 Bad Request: The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.
        Stripe refused the checkout with status 400 Bad Request: The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.
        Stripe refused the checkout with status 400 Bad Request: Not a valid URL
        Stripe refused the checkout with status 400 Bad Request: You passed an empty string for 'line_items[0][price_data][product_data][name]'.
        Stripe refused the checkout with status 400 Bad Request: Invalid mode: must be payment here.
        Stripe refused the checkout with status 400 Bad Request: Invalid currency: USD.
        Stripe refused the checkout with status 400 Bad Request: The total must be a positive integer.
        Stripe refused the checkout with status 400 Bad Request: Received unknown parameter: back_url
    "#]].assert_eq(&texts);
    world.open("top_1").await;
}

#[tokio::test]
async fn each_event_says_what_happened_to_the_session() {
    let world = World::start().await;
    let mut told_of = String::new();
    for kind in [
        EventKind::CompletedUnpaid,
        EventKind::AsyncPaymentFailed,
        EventKind::AsyncPaymentSucceeded,
        EventKind::CompletedPaid,
        EventKind::Expired,
        EventKind::FeeKnown,
        EventKind::Refunded,
        EventKind::Disputed,
        EventKind::DisputeFundsWithdrawn,
        EventKind::DisputeFundsReinstated,
        EventKind::DisputeWon,
        EventKind::DisputeLost,
    ] {
        let session = world.open(&format!("{kind:?}")).await.session_id;
        let at = Timestamp::now();
        let (header, body) = world.stripe.signed_event(&session, kind, at).expect("an event");
        verify(&header, body.as_bytes(), &[WEBHOOK_SECRET], at).expect("authentic");
        told_of += &format!("{}\n", told(body.as_bytes()));
        let (status, body) = world.read(&session).await;
        assert!(matches!(read_checkout(status, body.as_bytes()), Err(ReadCheckoutError::Closed { .. })));
    }
    expect_test::expect![[r#"
        ignored checkout.session.completed
        failed AsyncPaymentFailed
        paid AsyncPaymentSucceeded 15000 USD live=false
        paid CompletedPaid 15000 USD live=false
        closed Expired
        fee known Some("FeeKnown")
        refunded Some("Refunded") 15000
        disputed 15000 Opened
        disputed 15000 FundsWithdrawn
        disputed 15000 FundsReinstated
        disputed 15000 Won
        disputed 15000 Lost
    "#]]
    .assert_eq(&told_of);
    assert!(world.stripe.signed_event("cs_test_0", EventKind::Expired, Timestamp::now()).is_none());
}

#[tokio::test]
async fn a_late_event_does_not_unpay_a_session() {
    let world = World::start().await;
    let session = world.open("top_1").await.session_id;
    for kind in [EventKind::CompletedPaid, EventKind::Expired, EventKind::CompletedUnpaid] {
        world.stripe.signed_event(&session, kind, Timestamp::now()).expect("an event");
    }
    assert_eq!(world.stripe.sessions()[0].payment_status, PaymentStatus::Paid);
    assert_eq!(world.stripe.sessions()[0].status, Status::Complete);
}

#[tokio::test]
async fn a_payment_tells_its_fee_and_what_went_back() {
    use payments::stripe::{payment, read_payment, read_session, session};
    let world = World::start().await;
    let account = Account { api_url: world.stripe.url().to_owned(), secret_key: SECRET_KEY.to_owned() };
    let ask = async |request: Request<String>| {
        let request = reqwest::Request::try_from(request).expect("a request");
        let answer = world.client.execute(request).await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a body"))
    };
    let id = world.open("top_1").await.session_id;
    let happen = |kind| world.stripe.signed_event(&id, kind, Timestamp::now()).expect("an event");
    happen(EventKind::CompletedPaid);
    let (status, body) = ask(session(&id, &account).expect("a request")).await;
    let told = read_session(status, &body).expect("a session");
    assert_eq!(told.state, payments::stripe::SessionState::Paid);
    let intent = told.payment_intent.expect("a payment");
    let facts = async || {
        let (status, body) = ask(payment(&intent, &account).expect("a request")).await;
        read_payment(status, &body).expect("a payment")
    };
    assert_eq!(facts().await.fee, None);
    assert_eq!(facts().await.top_up.as_deref(), Some("top_1"));
    happen(EventKind::FeeKnown);
    world.stripe.refund(&id, 5_000);
    let told = facts().await;
    assert_eq!(told.fee.expect("a fee").in_currency(Currency::USD), Some(Decimal::new(465, 2)));
    assert_eq!(told.refunds.amount_minor, 5_000);
    let (_, body) = happen(EventKind::Refunded);
    assert_eq!(self::told(body.as_bytes()), r#"refunded Some("top_1") 5000"#);
    world.stripe.fail_refund(&id, 2_000);
    let (_, body) = happen(EventKind::RefundFailed);
    assert!(self::told(body.as_bytes()).ends_with(" failed"));
    let told = facts().await;
    assert_eq!((told.refunds.amount_minor, told.refunds.failed_minor), (5_000, 2_000));
    let (status, body) = ask(payment("pi_0", &account).expect("a request")).await;
    let refused = read_payment(status, &body).expect_err("a refusal").to_string();
    assert_eq!(refused, "the payment system refused: No such payment_intent: pi_0");
}

#[tokio::test]
async fn a_payment_tells_only_what_is_asked_for_and_refunds_that_it_does_not_tell_are_in_lists() {
    use payments::stripe::{payment, read_payment, read_refunds, refunds};
    let world = World::start().await;
    let account = Account { api_url: world.stripe.url().to_owned(), secret_key: SECRET_KEY.to_owned() };
    let ask = async |request: Request<String>| {
        let request = reqwest::Request::try_from(request).expect("a request");
        let answer = world.client.execute(request).await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a body"))
    };
    let id = world.open("top_1").await.session_id;
    world.stripe.signed_event(&id, EventKind::CompletedPaid, Timestamp::now()).expect("an event");
    world.stripe.refund(&id, 5_000);
    world.stripe.fail_refund(&id, 2_000);
    world.stripe.list_refunds_apart(&id);
    let intent = world.stripe.sessions()[0].payment_intent.clone().expect("a payment");
    let (status, body) = ask(payment(&intent, &account).expect("a request")).await;
    let facts = read_payment(status, &body).expect("a payment");
    let mut told = facts.refunds;
    assert_eq!((told.amount_minor, told.failed_minor), (3_000, 0));
    let (charge, last) = (facts.charge.expect("a charge"), told.more_behind.clone().expect("another one"));
    let (status, body) = ask(refunds(&charge, &last, &account).expect("a request")).await;
    told.add(read_refunds(status, &body).expect("a list"));
    assert_eq!((told.amount_minor, told.failed_minor, told.more_behind), (5_000, 2_000, None));

    let bare = async |query: &str| {
        let url = format!("{}/v1/payment_intents/{intent}{query}", world.stripe.url());
        let answer = world.client.get(url).bearer_auth(SECRET_KEY).send().await.expect("an answer");
        let body = answer.bytes().await.expect("a body");
        serde_json::from_slice::<serde_json::Value>(&body).expect("JSON")
    };
    assert_eq!(bare("").await["latest_charge"], charge);
    let expanded = bare("?expand%5B%5D=latest_charge").await;
    assert_eq!(expanded["latest_charge"]["id"], charge);
    assert_eq!(expanded["latest_charge"].get("refunds"), None);
    assert_eq!(bare("?expand%5B%5D=charges").await["error"]["param"], "expand");
}

#[tokio::test]
async fn an_event_can_be_delivered_many_times() {
    let world = World::start().await;
    let session = world.open("top_1").await.session_id;
    let delivered = world.stripe.deliver(&world.webhook_url, &session, EventKind::CompletedPaid, 3).await;
    assert_eq!(delivered.expect("statuses"), [StatusCode::OK; 3]);
    assert_eq!(world.heard(), ["paid top_1 15000 USD live=false"; 3]);
    let delivered = world.stripe.deliver("http://127.0.0.1:1/", &session, EventKind::Refunded, 1).await;
    assert!(matches!(delivered, Err(DeliverError::Unreachable { .. })));
}

#[tokio::test]
async fn a_payer_presses_the_button_and_comes_back_with_the_webhook_told() {
    let world = World::start().await;
    world.stripe.callbacks().set(Urls { webhook_url: Some(world.webhook_url.clone()), receipt_url: None });
    let open = world.open("top_1").await;
    let page = world.client.get(&open.url).send().await.expect("a page").text().await.expect("a text");
    assert!(page.contains("<button>Pay 150.00 USD</button>"), "{page}");
    assert!(page.contains("Balance &lt;top-up&gt;"), "{page}");
    let back = world.client.post(&open.url).send().await.expect("an answer");
    assert_eq!(back.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        back.headers()["location"].to_str().expect("text"),
        format!("https://portal.example.com/done?session={}", open.session_id)
    );
    let heard = ["paid top_1 15000 USD live=false", r#"fee known Some("top_1")"#];
    assert_eq!(world.heard(), heard);
    for request in [world.client.get(&open.url), world.client.post(&open.url)] {
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::GONE);
    }
    assert_eq!(world.heard().len(), 2);
}

#[tokio::test]
async fn a_demonstration_drives_events_from_outside() {
    let world = World::start().await;
    let session = world.open("top_1").await.session_id;
    let ask = json!({ "session": session, "kind": "completed_paid", "times": 2 });
    let (status, body) = world.simulator("events", ask.clone()).await;
    assert_eq!((status, body.as_str()), (StatusCode::CONFLICT, r#"{"error":"the webhook URL is not set"}"#));
    let (status, _) = world.simulator("settings", json!({ "webhook_url": world.webhook_url })).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = world.simulator("events", ask).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"statuses":[200,200]}"#));
    assert_eq!(world.heard().len(), 2);
    let (status, _) = world.simulator("events", json!({ "session": "cs_0", "kind": "expired" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = world.simulator("settings", json!({ "webhok_url": "" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_live_key_makes_live_events() {
    let live = StripeSimulator::start("sk_live_demo", WEBHOOK_SECRET).await.expect("a simulator");
    let account = Account { api_url: live.url().to_owned(), secret_key: "sk_live_demo".to_owned() };
    let request = checkout(&ask("top_1"), &account).expect("a request");
    let request = reqwest::Request::try_from(request).expect("a request");
    reqwest::Client::new().execute(request).await.expect("an answer");
    let session = &live.sessions()[0];
    let event = live.signed_event(&session.id, EventKind::CompletedPaid, Timestamp::now());
    let (_, body) = event.expect("an event");
    assert_eq!(told(body.as_bytes()), "paid top_1 15000 USD live=true");
}
