//! Our protocols against the simulators: what one side signs, the other reads.

use axum::http::Request;
use axum::routing::post as posted;
use axum::{Router, body::Bytes, extract::State};
use iso_currency::Currency;
use payments::{CallbackError, freedompay as freedom, netcommerce as net, payonline as pay};
use rust_decimal::Decimal;
use std::sync::{Arc, Mutex};

use super::*;
use crate::callback_urls::Urls;
use crate::loopback::{Reserved, Serving};

const TOP_UP: &str = "top_0123456789abcdefghjkmnpqrs";
const SECRET: &str = "demoSecret01";

async fn send(request: Request<String>) -> (StatusCode, Vec<u8>) {
    let request = reqwest::Request::try_from(request).expect("a request");
    let answer = reqwest::Client::new().execute(request).await.expect("an answer");
    (answer.status(), answer.bytes().await.expect("a body").to_vec())
}

/// A callback address that keeps what it gets.
async fn listener() -> (String, Arc<Mutex<Vec<Vec<u8>>>>, Serving) {
    async fn keep(State(heard): State<Arc<Mutex<Vec<Vec<u8>>>>>, body: Bytes) -> StatusCode {
        heard.lock().expect("no panic").push(body.to_vec());
        StatusCode::NO_CONTENT
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let reserved = Reserved::port(0).await.expect("a port");
    let url = format!("{}/cb/freedompay-result", reserved.url());
    let router = Router::new().route("/cb/freedompay-result", posted(keep)).with_state(heard.clone());
    (url, heard, reserved.serve(router))
}

struct PayOnline {
    simulator: PayOnlineSimulator,
    settings: pay::Settings,
}

impl PayOnline {
    async fn start() -> Self {
        let simulator = PayOnlineSimulator::start(0, "70001", SECRET).await.expect("a simulator");
        let page_url = simulator.url().to_owned();
        let settings = pay::Settings { page_url, merchant: "70001".into(), secret: SECRET.into() };
        Self { simulator, settings }
    }

    fn open(&self) -> String {
        let ask = pay::Ask {
            top_up: TOP_UP,
            amount: Decimal::new(150, 0),
            currency: Currency::USD,
            description: Some("Balance top-up"),
            valid_until: None,
            success_url: "https://portal.example.com/done",
            fail_url: "https://portal.example.com/failed",
        };
        pay::checkout(&ask, &self.settings).expect("an address")
    }

    fn callback(&self, trick: Trick) -> Result<pay::Callback, CallbackError> {
        let body = self.simulator.callback(TOP_UP, trick).expect("a callback");
        pay::read_callback(body.as_bytes(), &[SECRET])
    }

    async fn found(&self) -> Option<pay::Found> {
        let ask = pay::Search::TopUp(TOP_UP);
        let (status, body) = send(pay::search(&ask, &self.settings).expect("a request")).await;
        pay::read_search(status, &body).expect("an answer")
    }
}

#[tokio::test]
async fn a_payer_pays_at_payonline_and_the_search_finds_it() {
    let world = PayOnline::start().await;
    let (url, heard, _serving) = listener().await;
    world.simulator.callbacks().set(Urls { webhook_url: Some(url), receipt_url: None });
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.expect("a client");
    let page = client.get(world.open()).send().await.expect("a page").text().await.expect("a text");
    assert!(page.contains("<h1>150.00 USD</h1>"), "{page}");
    assert_eq!(world.found().await, None);
    let back = client.post(world.open()).body("outcome=pay").header(CONTENT_TYPE, FORM).send().await;
    let back = back.expect("an answer");
    assert_eq!(back.headers()["location"], "https://portal.example.com/done");
    let heard = heard.lock().expect("no panic").clone();
    let told = pay::read_callback(&heard[0], &[SECRET]).expect("a callback");
    let found = world.found().await.expect("a payment");
    assert_eq!((&told.transaction, told.top_up.as_str()), (&found.transaction, TOP_UP));
    assert!(found.state.is_money());
    world.simulator.put(TOP_UP, payonline::Stand::Voided);
    assert_eq!(world.found().await, None);
    let again = client.get(world.open()).send().await.expect("a page");
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn payonline_refuses_an_address_that_was_changed() {
    let world = PayOnline::start().await;
    let changed = world.open().replace("Amount=150.00", "Amount=1.00");
    assert_eq!(world.simulator.visit(&changed), Err("wrong SecurityKey".to_owned()));
    assert_eq!(world.simulator.visit(&world.open()), Ok(()));
}

#[tokio::test]
async fn no_trick_with_payonline_looks_like_the_expected_payment() {
    let world = PayOnline::start().await;
    world.simulator.visit(&world.open()).expect("a page");
    assert!(world.simulator.act(TOP_UP, Payer::IsDeclined));
    for trick in [Trick::Forged, Trick::Altered] {
        assert_eq!(world.callback(trick), Err(CallbackError::NoMatch));
    }
    assert_eq!(world.callback(Trick::Twice), Err(CallbackError::Twice { name: "Amount".into() }));
    // These are rightly signed. The first two are not what is stored; the last is not found.
    assert_eq!(world.callback(Trick::OtherAmount).expect("a callback").amount, Decimal::new(1500, 0));
    assert_ne!(world.callback(Trick::UnknownOrder).expect("a callback").top_up, TOP_UP);
    assert_eq!(world.callback(Trick::Honest).expect("a callback").declined.as_deref(), Some("3"));
    assert_eq!(world.callback(Trick::DeclinedAsPaid).expect("a callback").declined, None);
    assert_eq!(world.found().await, None);
}

struct FreedomPay {
    simulator: FreedomPaySimulator,
    settings: freedom::Settings,
}

impl FreedomPay {
    async fn start(testing: bool) -> Self {
        let simulator = FreedomPaySimulator::start(0, "500001", SECRET).await.expect("a simulator");
        let api_url = simulator.url().to_owned();
        let settings =
            freedom::Settings { api_url, merchant: "500001".into(), secret: SECRET.into(), testing };
        Self { simulator, settings }
    }

    async fn open(&self, result_url: &str) -> freedom::Checkout {
        let ask = freedom::Ask {
            top_up: TOP_UP,
            amount: Decimal::new(1500, 0),
            currency: Currency::KZT,
            description: "Balance top-up",
            result_url,
            success_url: "https://portal.example.com/done",
            failure_url: "https://portal.example.com/failed",
            open_for_seconds: 3600,
            salt: "a1b2c3d4",
        };
        let (status, body) = send(freedom::checkout(&ask, &self.settings).expect("a request")).await;
        freedom::read_checkout(status, &body, &self.settings).expect("a page")
    }

    fn callback(&self, trick: Trick) -> Result<freedom::Callback, CallbackError> {
        let body = self.simulator.callback(TOP_UP, trick).expect("a callback");
        freedom::read_callback("freedompay-result", body.as_bytes(), &[SECRET])
    }

    async fn status(&self) -> freedom::Status {
        let ask = freedom::Ref::TopUp(TOP_UP);
        let (status, body) = send(freedom::status(&ask, "q1w2", &self.settings).expect("a request")).await;
        freedom::read_status(status, &body, &self.settings).expect("a status")
    }
}

const RESULT_URL: &str = "https://pay.example.com/cb/freedompay-result";

#[tokio::test]
async fn a_payer_pays_at_freedompay_and_the_status_tells() {
    let world = FreedomPay::start(false).await;
    let (url, heard, _serving) = listener().await;
    let open = world.open(&url).await;
    assert_eq!(world.status().await.state, freedom::State::Waiting);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.expect("a client");
    let page = client.get(&open.url).send().await.expect("a page").text().await.expect("a text");
    assert!(page.contains("Balance top-up: 1500.00 KZT"), "{page}");
    let back = client.post(&open.url).body("outcome=pay").header(CONTENT_TYPE, FORM).send().await;
    assert_eq!(back.expect("an answer").headers()["location"], "https://portal.example.com/done");
    let heard = heard.lock().expect("no panic").clone();
    let told = freedom::read_callback("freedompay-result", &heard[0], &[SECRET]).expect("a callback");
    assert_eq!((&told.payment, told.fee()), (&open.payment, Some(Decimal::new(3750, 2))));
    assert_eq!(told.outcome, freedom::Outcome::Paid { captured: true });
    let status = world.status().await;
    assert!(status.is_money() && status.payment == open.payment);
    world.simulator.refund(TOP_UP, Decimal::new(500, 0));
    world.simulator.refund(TOP_UP, Decimal::new(1000, 0));
    let refunds = world.status().await.refunds;
    let back: Vec<Decimal> = refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!(back, [Decimal::new(500, 0), Decimal::new(1000, 0)]);
}

#[tokio::test]
async fn our_answer_to_freedompay_is_signed_as_it_wants() {
    let world = FreedomPay::start(false).await;
    async fn accept(body: Bytes) -> Response {
        match freedom::read_callback("freedompay-result", &body, &[SECRET]) {
            Ok(callback) => {
                let body = freedom::answer(&callback, freedom::Verdict::Recorded("recorded"));
                ([(CONTENT_TYPE, freedom::ANSWER_CONTENT_TYPE)], body).into_response()
            }
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }
    let reserved = Reserved::port(0).await.expect("a port");
    let url = format!("{}/cb/freedompay-result", reserved.url());
    let _serving = reserved.serve(Router::new().route("/cb/freedompay-result", posted(accept)));
    world.open(&url).await;
    assert!(world.simulator.act(TOP_UP, Payer::Pays));
    let (status, _) = world.simulator.deliver(TOP_UP, Trick::Honest).await.expect("a signed answer");
    assert_eq!(status, StatusCode::OK);
    for trick in [Trick::Forged, Trick::Altered, Trick::Twice] {
        let (status, answer) = world.simulator.deliver(TOP_UP, trick).await.expect("an answer");
        assert_eq!((status, answer.as_str()), (StatusCode::BAD_REQUEST, ""), "{trick:?}");
    }
}

#[tokio::test]
async fn no_trick_with_freedompay_looks_like_the_expected_payment() {
    let world = FreedomPay::start(true).await;
    world.open(RESULT_URL).await;
    assert!(world.simulator.act(TOP_UP, Payer::IsDeclined));
    let refused = |trick| world.callback(trick).expect_err("a refusal");
    assert_eq!(refused(Trick::Forged), CallbackError::NoMatch);
    assert_eq!(refused(Trick::Altered), CallbackError::NoMatch);
    assert_eq!(refused(Trick::Twice), CallbackError::Twice { name: "pg_amount".into() });
    assert_eq!(refused(Trick::DeclinedAsPaid), CallbackError::Missing { name: "pg_testing_mode" });
    assert_eq!(world.callback(Trick::OtherAmount).expect("a callback").amount, Decimal::new(15_000, 0));
    assert_ne!(world.callback(Trick::UnknownOrder).expect("a callback").top_up, TOP_UP);
    let honest = world.callback(Trick::Honest).expect("a callback");
    assert_eq!(honest.outcome, freedom::Outcome::Failed { reason: "Declined by the bank".into() });
    assert!(honest.testing);
    assert_eq!(world.status().await.state, freedom::State::Failed);
}

#[tokio::test]
async fn freedompay_refuses_a_form_that_is_signed_with_another_secret() {
    let mut world = FreedomPay::start(false).await;
    world.settings.secret = "other".into();
    let request = freedom::status(&freedom::Ref::TopUp(TOP_UP), "q1", &world.settings).expect("a request");
    let (status, body) = send(request).await;
    let refused = freedom::read_status(status, &body, &world.settings).expect_err("a refusal");
    assert_eq!(refused.to_string(), "the payment system refused: 9998 wrong signature");
}

#[tokio::test]
async fn money_that_is_only_held_at_freedompay_is_not_counted_on() {
    let world = FreedomPay::start(false).await;
    world.open(RESULT_URL).await;
    world.simulator.change(TOP_UP, |order| order.captured = false);
    assert!(world.simulator.act(TOP_UP, Payer::Pays));
    let told = world.callback(Trick::Honest).expect("a callback");
    assert_eq!(told.outcome, freedom::Outcome::Paid { captured: false });
    assert!(!world.status().await.is_money());
}

const ATTEMPT: &str = "0123456789abcdefghjkmnpqrsA1";

struct NetCommerce {
    simulator: NetCommerceSimulator,
    settings: net::Settings,
}

impl NetCommerce {
    async fn start() -> Self {
        let simulator = NetCommerceSimulator::start(0, "00999001", SECRET).await.expect("a simulator");
        let settings = net::Settings {
            page_url: simulator.url(),
            merchant: "00999001".into(),
            secret: SECRET.into(),
            live: false,
        };
        Self { simulator, settings }
    }

    fn form(&self, return_url: &str) -> net::Form {
        let payer = net::Payer {
            first_name: "Rana",
            last_name: "H",
            email: "rana@example.com",
            mobile: "0096170000000",
            address: "1 Street",
            city: "Beirut",
            country: "LB",
        };
        let (amount, currency) = (Decimal::new(150, 0), Currency::USD);
        let ask = net::Ask { attempt: ATTEMPT, amount, currency, return_url, payer };
        net::checkout(&ask, &self.settings).expect("a form")
    }

    fn read(&self, body: &[u8]) -> Result<net::Callback, CallbackError> {
        let expected = net::Expected {
            merchant: "00999001",
            attempt: ATTEMPT,
            amount: Decimal::new(150, 0),
            currency: Currency::USD,
        };
        net::read_callback(body, &expected, &[SECRET])
    }

    fn result(&self, trick: Trick) -> Result<net::Callback, CallbackError> {
        self.read(self.simulator.result(ATTEMPT, trick).expect("a result").as_bytes())
    }
}

#[tokio::test]
async fn a_payer_brings_the_result_from_netcommerce() {
    let world = NetCommerce::start().await;
    let form = world.form("https://pay.example.com/cb/netcommerce");
    let client = reqwest::Client::new();
    let page = client.post(&form.action).form(&form.fields).send().await.expect("a page");
    let page = page.text().await.expect("a text");
    assert!(page.contains(&format!("action=\"/iPAY/pay/{ATTEMPT}\"")), "{page}");
    let again = client.post(&form.action).form(&form.fields).send().await.expect("a page");
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let url = format!("{}pay/{ATTEMPT}", form.action);
    let done = client.post(url).body("outcome=pay").header(CONTENT_TYPE, FORM).send().await;
    let done = done.expect("a page").text().await.expect("a text");
    assert!(done.contains("action=\"https://pay.example.com/cb/netcommerce\""), "{done}");
    assert_eq!(world.result(Trick::Honest).expect("a result").outcome, net::Outcome::Approved);
}

#[tokio::test]
async fn no_trick_with_netcommerce_looks_like_the_expected_payment() {
    let world = NetCommerce::start().await;
    world.simulator.visit(&world.form("https://pay.example.com/cb").fields).expect("a page");
    assert!(world.simulator.act(ATTEMPT, Payer::IsDeclined));
    let refused = |trick| world.result(trick).expect_err("a refusal");
    assert_eq!(refused(Trick::Forged), CallbackError::NoMatch);
    assert_eq!(refused(Trick::Altered), CallbackError::NotAsked { name: "txtAmount" });
    assert_eq!(refused(Trick::Twice), CallbackError::Twice { name: "txtAmount".into() });
    assert_eq!(refused(Trick::OtherAmount), CallbackError::NotAsked { name: "txtAmount" });
    assert_eq!(refused(Trick::UnknownOrder), CallbackError::NotAsked { name: "txtIndex" });
    assert_eq!(refused(Trick::DeclinedAsPaid), CallbackError::Malformed { name: "txtNumAut".into() });
    let honest = world.result(Trick::Honest).expect("a result").outcome;
    assert_eq!(honest, net::Outcome::Refused { reason: "Declined".into() });
}
