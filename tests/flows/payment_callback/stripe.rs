//! Stripe's callbacks, of the platform's own account; those of accounts that tenants have set up are in
//! `systems.rs`.

#[path = "systems.rs"]
mod systems;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use domain::id::{PaymentId, TopUpId, UserId, WalletId};
use domain::money::{Amount, Currency};
use domain::payment::{PaymentDirection, PaymentRequest, plan_payment};
use domain::top_up::{NewTopUp, Price, Through, TopUp, TopUpState};
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, StatusCode};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;
use store::{ReviewFilter, Written};
use tests::edits::act;
use tests::embedded_dynamodb::Fault;
use tests::embedded_secrets::{EmbeddedSecrets, Fault as SecretFault};
use tests::world::{Member, NOW, World, amount};
use tower::ServiceExt;

const SECRET: &str = "whsec_flow";
const SESSION: &str = "cs_flow";
const INTENT: &str = "pi_flow";

/// A client that has been sent to Stripe to pay 50 EUR.
struct Shop {
    world: World,
    secrets: EmbeddedSecrets,
    payer: Member,
    top_up: TopUpId,
    router: Router,
}

impl Shop {
    async fn open() -> Self {
        let world = World::with_streams(&[]).await;
        let payer = world.client(&world.owner, "0.05").open().await;
        let top_up = top_up(&payer);
        assert!(
            world.store.put_top_up(&act(&payer.company.path), &top_up).await.expect("the top-up is stored")
        );
        let secrets = EmbeddedSecrets::new();
        secrets.set("payment-systems/stripe", account(json!(SECRET)));
        let router = function(world.store.clone(), secrets.store());
        Self { world, secrets, payer, top_up: top_up.id, router }
    }

    /// The function over a store whose calls fail as `faults` says.
    fn router_with(
        &self,
        faults: impl Fn(&tests::embedded_dynamodb::Call) -> Fault + Send + Sync + 'static,
    ) -> Router {
        let store = self.world.store_with(faults);
        function(store, self.secrets.store())
    }

    async fn call(&self, callback: &Callback) -> StatusCode {
        answer(&self.router, callback.request()).await.0
    }

    async fn state(&self) -> TopUpState {
        self.world
            .store
            .top_up(&self.top_up)
            .await
            .expect("the top-up is read")
            .expect("the top-up exists")
            .state
    }

    async fn balance(&self) -> Amount {
        self.world.balance(&self.payer).await
    }

    /// How many payments the ledger holds.
    async fn payments(&self) -> usize {
        let scan = self.world.database.client().scan().table_name(&self.world.store.tables.ledger);
        let items = scan.send().await.expect("the ledger is read").items.unwrap_or_default();
        items.iter().filter(|item| item["pk"].as_s().expect("a text").starts_with("payment#")).count()
    }

    /// A payment back to the payer by hand.
    async fn spend(&self, sum: &str) {
        let wallet = self.world.wallet(&self.payer.wallet).await;
        let id = PaymentId::new(9);
        let spent = self.payer.payment(id, PaymentDirection::Outbound, amount(sum), &wallet).expect("a plan");
        let act = act(&self.payer.company.path);
        self.world.store.post_payment(&act, &spent, &wallet).await.expect("it is posted");
    }

    async fn reviews(&self) -> Vec<String> {
        let reviews = self.world.store.reviews("stripe").await.expect("the reviews are read");
        reviews.into_iter().map(|review| review.detail).collect()
    }

    async fn check_paid(&self, paid: bool) {
        self.check(paid, false).await;
    }

    /// What is paid is paid once, and what went back is taken back once.
    async fn check(&self, paid: bool, returned: bool) {
        let (state, balance, payments) = (self.state().await, self.balance().await, self.payments().await);
        if !paid {
            assert!(!matches!(state, TopUpState::Confirmed { .. }));
            assert_eq!((balance, payments), (Amount::ZERO, 0));
            return;
        }
        let payment = PaymentId::derived(&["top_up", self.top_up.as_str()]);
        let expected = if returned { (Amount::ZERO, 2) } else { (amount("50"), 1) };
        assert_eq!((state, (balance, payments)), (TopUpState::Confirmed { payment }, expected));
    }
}

fn account(webhook_secret: Value) -> Value {
    json!({"secret_key": "sk_test_flow", "webhook_secret": webhook_secret})
}

fn top_up(payer: &Member) -> TopUp {
    let new = NewTopUp {
        id: TopUpId::new(50),
        company: payer.company.id.clone(),
        tenant: payer.agreement.tenant.clone(),
        agreement: payer.agreement.id.clone(),
        wallet: None,
        user: None,
        price: Price { amount: amount("50"), fee: Amount::ZERO, to_pay: amount("50") },
        currency: Currency::parse("EUR").expect("a currency"),
        order: None,
        through: Through::default(),
        session: SESSION.into(),
        url: "https://checkout.example.com".into(),
    };
    TopUp::new(new, NOW)
}

/// The function; nothing is asked of Stripe.
fn function(store: store::Store, secrets: store::Secrets) -> Router {
    let addresses = tests::paying::addresses("http://stripe.invalid");
    let app = payment_callback::App::new(store, secrets, addresses).expect("a client");
    payment_callback::router(app)
}

async fn answer(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("a text"))
}

/// A call to the webhook.
#[derive(Clone)]
struct Callback {
    body: String,
    signature: String,
}

impl Callback {
    fn signed(body: String, secret: &str, at: Timestamp) -> Self {
        let time = at.as_second();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is taken");
        mac.update(format!("{time}.{body}").as_bytes());
        let signature = format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()));
        Self { body, signature }
    }

    fn request(&self) -> Request<Body> {
        Request::post("/payments/stripe")
            .header("stripe-signature", &self.signature)
            .header("content-type", "application/json")
            .body(Body::from(self.body.clone()))
            .expect("a request")
    }
}

fn event(id: &str, kind: &str, object: Value) -> String {
    format!("{:#}", json!({"id": id, "type": kind, "livemode": false, "data": {"object": object}}))
}

/// The session as Stripe tells it; `change` makes another of it.
fn session(top_up: &TopUpId, change: Value) -> Value {
    let mut session = json!({
        "id": SESSION,
        "client_reference_id": top_up,
        "metadata": {"top_up": top_up},
        "payment_status": "paid",
        "payment_intent": INTENT,
        "amount_total": 5000,
        "currency": "eur",
    });
    for (name, value) in change.as_object().expect("an object") {
        session[name] = value.clone();
    }
    session
}

/// What may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Completed,
    AsyncSucceeded,
    Unpaid,
    Failed,
    Expired,
    ExpiredOther,
    Refunded,
    Disputed,
    TooLittle,
    OtherSession,
    OtherCurrency,
    LiveMode,
    ForgedSecret,
    Altered,
    TooOld,
    Unsigned,
}

use Kind::*;

const KINDS: [Kind; 16] = [
    Completed,
    AsyncSucceeded,
    Unpaid,
    Failed,
    Expired,
    ExpiredOther,
    Refunded,
    Disputed,
    TooLittle,
    OtherSession,
    OtherCurrency,
    LiveMode,
    ForgedSecret,
    Altered,
    TooOld,
    Unsigned,
];

impl Kind {
    fn is_money(self) -> bool {
        matches!(self, Completed | AsyncSucceeded)
    }

    fn is_authentic(self) -> bool {
        !matches!(self, ForgedSecret | Altered | TooOld | Unsigned)
    }

    fn body(self, top_up: &TopUpId) -> String {
        let id = format!("evt_{self:?}");
        let completed = |change| event(&id, "checkout.session.completed", session(top_up, change));
        match self {
            Completed | ForgedSecret | TooOld | Unsigned | Altered => completed(json!({})),
            AsyncSucceeded => {
                event(&id, "checkout.session.async_payment_succeeded", session(top_up, json!({})))
            }
            Unpaid => completed(json!({"payment_status": "unpaid"})),
            Failed => event(&id, "checkout.session.async_payment_failed", session(top_up, json!({}))),
            Expired => event(&id, "checkout.session.expired", session(top_up, json!({}))),
            ExpiredOther => {
                event(&id, "checkout.session.expired", session(top_up, json!({"id": "cs_earlier"})))
            }
            Refunded => {
                let charge = json!({"id": "ch_1", "metadata": {"top_up": top_up}, "payment_intent": INTENT,
                    "amount_refunded": 5000, "currency": "eur"});
                event(&id, "charge.refunded", charge)
            }
            Disputed => {
                let dispute = json!({"id": "dp_1", "charge": "ch_1", "payment_intent": INTENT,
                    "amount": 5000, "currency": "eur"});
                event(&id, "charge.dispute.created", dispute)
            }
            TooLittle => completed(json!({"amount_total": 4999})),
            OtherSession => completed(json!({"id": "cs_other"})),
            OtherCurrency => completed(json!({"currency": "usd"})),
            LiveMode => completed(json!({})).replace("\"livemode\": false", "\"livemode\": true"),
        }
    }

    fn callback(self, top_up: &TopUpId) -> Callback {
        let body = self.body(top_up);
        let now = Timestamp::now();
        match self {
            ForgedSecret => Callback::signed(body, "whsec_guessed", now),
            TooOld => Callback::signed(body, SECRET, now - jiff::SignedDuration::from_secs(302)),
            Unsigned => Callback { body, signature: String::new() },
            Altered => {
                let signed = Callback::signed(body, SECRET, now);
                Callback { body: signed.body.replacen(' ', "", 1), ..signed }
            }
            _ => Callback::signed(body, SECRET, now),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_top_up_is_paid_once_however_often_and_in_whatever_order_callbacks_come(
        kinds in prop::collection::vec(prop::sample::select(KINDS.to_vec()), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shop = Shop::open().await;
            for kind in &kinds {
                let expected = if kind.is_authentic() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
                assert_eq!(shop.call(&kind.callback(&shop.top_up)).await, expected, "{kind:?}");
            }
            let is_paid = kinds.iter().any(|kind| kind.is_money());
            shop.check(is_paid, kinds.contains(&Refunded)).await;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_callbacks_make_one_payment() {
    for _ in 0..5 {
        let shop = Shop::open().await;
        let calls = [Completed, AsyncSucceeded, Expired, TooLittle, Failed, OtherSession]
            .into_iter()
            .cycle()
            .take(30)
            .map(|kind| {
                let (router, request) = (shop.router.clone(), kind.callback(&shop.top_up).request());
                tokio::spawn(async move { answer(&router, request).await.0 })
            });
        let calls: Vec<_> = calls.collect();
        for call in calls {
            let status = call.await.unwrap();
            assert!(status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
        }
        let reviews = shop.reviews().await;
        assert!(!reviews.iter().any(|review| review.contains("another top-up")), "{reviews:?}");
        // Stripe repeats what was not taken.
        assert_eq!(shop.call(&Completed.callback(&shop.top_up)).await, StatusCode::OK);
        shop.check_paid(true).await;
    }
}

#[tokio::test]
async fn a_callback_whose_store_failed_is_asked_for_again_and_paid_once() {
    for fault in [Fault::TimeoutNotApplied, Fault::TimeoutAppliedAnswerLost, Fault::Throttle, Fault::Kill] {
        for failing in 1..=6 {
            let shop = Shop::open().await;
            let broken = shop.router_with(move |call| match call.number == failing {
                true => fault,
                false => Fault::None,
            });
            let paid = Completed.callback(&shop.top_up);
            let (first, _) = answer(&broken, paid.request()).await;
            assert!(first == StatusCode::OK || first == StatusCode::SERVICE_UNAVAILABLE, "{first}");
            if first == StatusCode::OK {
                shop.check_paid(true).await;
            }
            assert_eq!(shop.call(&paid).await, StatusCode::OK);
            shop.check_paid(true).await;
        }
    }
}

#[tokio::test]
async fn what_is_not_authentic_moves_nothing_and_is_counted_for_a_person() {
    let shop = Shop::open().await;
    shop.world.take_write_units();
    for kind in [ForgedSecret, Altered, TooOld, Unsigned] {
        let (status, body) = answer(&shop.router, kind.callback(&shop.top_up).request()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("not_authentic"), "{body}");
    }
    let directory = &shop.world.store.tables.directory;
    let units = shop.world.take_write_units();
    assert!(units.iter().all(|(table, units)| table == directory || units.is_zero()), "{units:?}");
    assert_eq!(shop.state().await, TopUpState::Redirected);
    let filter = ReviewFilter { systems: vec!["stripe".to_owned()], ..ReviewFilter::default() };
    let kept = shop.world.store.newest_reviews(&filter, 10, None).await.unwrap().items;
    // Of two days, around midnight.
    assert!(kept.len() <= 2 && kept.iter().map(|kept| kept.times).sum::<u32>() == 4, "{kept:?}");
    assert!(kept.iter().all(|kept| !kept.lately[0].detail.is_empty()), "{kept:?}");
}

#[tokio::test]
async fn other_money_than_expected_waits_for_a_person_and_the_right_money_still_confirms() {
    let shop = Shop::open().await;
    for kind in [TooLittle, TooLittle, OtherSession, LiveMode, OtherCurrency] {
        assert_eq!(shop.call(&kind.callback(&shop.top_up)).await, StatusCode::OK);
        assert!(matches!(shop.state().await, TopUpState::Review { .. }), "{kind:?}");
    }
    assert_eq!(shop.reviews().await.len(), 4);
    shop.check_paid(false).await;
    assert_eq!(shop.call(&Completed.callback(&shop.top_up)).await, StatusCode::OK);
    shop.check_paid(true).await;
}

#[tokio::test]
async fn what_a_user_bought_is_in_the_users_own_wallet() {
    let shop = Shop::open().await;
    let main = shop.world.wallet(&shop.payer.wallet).await;
    let opened = shop.world.store.user_wallets(&main, &[UserId::new(1)]).await.expect("an answer");
    let users = TopUp { id: TopUpId::new(51), wallet: Some(opened[0].id.clone()), ..top_up(&shop.payer) };
    assert!(
        shop.world
            .store
            .put_top_up(&act(&shop.payer.company.path), &users)
            .await
            .expect("the top-up is stored")
    );
    for _ in 0..2 {
        assert_eq!(shop.call(&Completed.callback(&users.id)).await, StatusCode::OK);
    }
    assert_eq!(shop.world.wallet(&opened[0].id).await.headroom, amount("50"));
    assert_eq!((shop.balance().await, shop.payments().await), (Amount::ZERO, 1));
}

#[tokio::test]
async fn money_that_cannot_be_booked_waits_for_a_person() {
    let shop = Shop::open().await;
    let lost = TopUp { id: TopUpId::new(51), wallet: Some(WalletId::new(999)), ..top_up(&shop.payer) };
    assert!(shop.world.store.put_top_up(&act(&shop.payer.company.path), &lost).await.unwrap());
    for _ in 0..2 {
        assert_eq!(shop.call(&Completed.callback(&lost.id)).await, StatusCode::OK);
    }
    let stored = shop.world.store.top_up(&lost.id).await.unwrap().unwrap();
    let reason = "the top-up's agreement or wallet does not exist".to_owned();
    assert_eq!(stored.state, TopUpState::Review { reason });
    assert_eq!(shop.reviews().await.len(), 1);
}

#[tokio::test]
async fn what_was_paid_on_a_page_that_was_open_when_the_agreement_was_deleted_is_booked() {
    let shop = Shop::open().await;
    let (store, payer) = (&shop.world.store, &shop.payer);
    let act = act(&payer.company.path);
    for sender in store.senders_of(&payer.company.id).await.unwrap() {
        assert_eq!(store.delete_sender(&act, &sender).await.unwrap(), Written::Now);
    }
    let agreement = store.any_agreement(&payer.agreement.id).await.unwrap().unwrap();
    let wallet = shop.world.wallet(&payer.wallet).await;
    assert_eq!(store.delete_agreement(&act, &agreement, &[wallet]).await.unwrap(), Written::Now);
    assert_eq!(shop.call(&Completed.callback(&shop.top_up)).await, StatusCode::OK);
    shop.check_paid(true).await;
}

#[tokio::test]
async fn a_refund_is_taken_back_once_and_a_dispute_that_is_opened_waits_for_a_person() {
    for order in [[Completed, Refunded, Refunded, Disputed], [Refunded, Disputed, Completed, Refunded]] {
        let shop = Shop::open().await;
        for kind in order {
            assert_eq!(shop.call(&kind.callback(&shop.top_up)).await, StatusCode::OK);
        }
        shop.check(true, true).await;
        assert_eq!(shop.reviews().await, ["charge ch_1 is disputed as dp_1: Opened"]);
    }
}

#[tokio::test]
async fn a_refund_of_another_payment_takes_nothing_and_waits_for_a_person_whenever_it_is_told() {
    let shop = Shop::open().await;
    let charge = json!({"id": "ch_2", "metadata": {"top_up": shop.top_up}, "payment_intent": "pi_other",
        "amount_refunded": 5000, "currency": "eur"});
    let other = Callback::signed(event("evt_other", "charge.refunded", charge), SECRET, Timestamp::now());
    for _ in 0..2 {
        assert_eq!(shop.call(&other).await, StatusCode::OK);
        assert_eq!(shop.call(&Completed.callback(&shop.top_up)).await, StatusCode::OK);
    }
    shop.check_paid(true).await;
    let reviews = shop.reviews().await;
    assert!(
        reviews.iter().all(|review| review.contains("50 EUR went back by ch_2, of another")),
        "{reviews:?}"
    );
    assert!(!reviews.is_empty());
}

#[tokio::test]
async fn a_dispute_takes_the_money_also_where_it_is_spent_and_gives_it_back_when_it_is_won() {
    let shop = Shop::open().await;
    assert_eq!(shop.call(&Completed.callback(&shop.top_up)).await, StatusCode::OK);
    shop.spend("50").await;
    let dispute = |id: &str, stage: &str, amount: i64| {
        let object = json!({"id": "dp_1", "charge": "ch_1", "payment_intent": INTENT, "amount": amount,
            "currency": "eur"});
        Callback::signed(event(id, &format!("charge.dispute.{stage}"), object), SECRET, Timestamp::now())
    };
    for _ in 0..2 {
        assert_eq!(shop.call(&dispute("evt_1", "funds_withdrawn", 2500)).await, StatusCode::OK);
    }
    assert_eq!((shop.balance().await, shop.payments().await), (amount("-25"), 3));
    for _ in 0..2 {
        assert_eq!(shop.call(&dispute("evt_2", "funds_reinstated", 2500)).await, StatusCode::OK);
    }
    assert_eq!((shop.balance().await, shop.payments().await), (Amount::ZERO, 4));
}

#[tokio::test]
async fn an_authentic_event_that_cannot_be_used_is_acknowledged_and_kept() {
    let shop = Shop::open().await;
    let unknown = Completed.callback(&TopUpId::new(51));
    let foreign = Callback::signed(
        event("evt_1", "checkout.session.completed", json!({"id": "cs_2", "payment_status": "paid"})),
        SECRET,
        Timestamp::now(),
    );
    let broken = Callback::signed("{}".to_owned(), SECRET, Timestamp::now());
    for callback in [&unknown, &unknown, &foreign, &broken] {
        assert_eq!(shop.call(callback).await, StatusCode::OK);
    }
    let reviews = shop.reviews().await;
    assert_eq!(reviews.len(), 3, "{reviews:?}");
    let unknown = format!("it names \"{}\", which is no top-up of this account", TopUpId::new(51));
    assert_eq!(reviews[0], unknown);
    assert_eq!(reviews[1], "session cs_2 of event evt_1 names no top-up");
    shop.check_paid(false).await;
}

#[tokio::test]
async fn a_payment_that_a_person_booked_by_hand_under_the_same_code_is_not_booked_again() {
    let shop = Shop::open().await;
    let wallet = shop.world.wallet(&shop.payer.wallet).await;
    let ask = PaymentRequest {
        id: PaymentId::new(1),
        direction: PaymentDirection::Inbound,
        amount: amount("50"),
        exchange: None,
        payment_date: jiff::civil::date(2026, 1, 1),
        reference: INTENT.into(),
        description: String::new(),
        confirmed: true,
        confirm_before: None,
        may_overdraw: false,
        by: "a person".into(),
    };
    let payment = plan_payment(&shop.payer.agreement, &wallet, ask, NOW).unwrap();
    shop.world.store.post_payment(&act(&shop.payer.company.path), &payment, &wallet).await.unwrap();
    assert_eq!(shop.call(&Completed.callback(&shop.top_up)).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((shop.balance().await, shop.payments().await), (amount("50"), 1));
    let expected = "it could not be booked: look for a payment with the same reference code";
    assert_eq!(shop.reviews().await, [expected]);
}

#[tokio::test(start_paused = true)]
async fn a_new_webhook_secret_is_used_without_a_restart() {
    let shop = Shop::open().await;
    assert_eq!(shop.call(&Expired.callback(&shop.top_up)).await, StatusCode::OK);
    shop.secrets.set("payment-systems/stripe", account(json!(["whsec_new", SECRET])));
    let paid = Callback::signed(Completed.body(&shop.top_up), "whsec_new", Timestamp::now());
    // Forged calls must not make us read the secret each time, so for some seconds it is not read.
    assert_eq!(shop.call(&paid).await, StatusCode::BAD_REQUEST);
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(shop.call(&paid).await, StatusCode::OK);
    shop.check_paid(true).await;
    assert_eq!(shop.call(&Refunded.callback(&shop.top_up)).await, StatusCode::OK, "signed with the old one");
}

#[tokio::test]
async fn without_its_secret_the_callback_is_asked_for_again() {
    let shop = Shop::open().await;
    let client = shop.secrets.client_with(|_| SecretFault::Failure);
    let secrets = store::Secrets::new(client, String::new());
    let router = function(shop.world.store.clone(), secrets);
    let (status, _) = answer(&router, Completed.callback(&shop.top_up).request()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    shop.check_paid(false).await;
}

#[tokio::test]
async fn only_stripe_is_a_payment_system_of_the_platforms_own() {
    let shop = Shop::open().await;
    let unknown = format!("/payments/stripe/{}", domain::id::PaymentSystemId::new(1));
    for path in ["/payments/other", "/payments/pay_online", "/payments/stripe/other", &unknown] {
        let (mut parts, body) = Completed.callback(&shop.top_up).request().into_parts();
        parts.uri = path.parse().unwrap();
        let (status, _) = answer(&shop.router, Request::from_parts(parts, body)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    shop.check_paid(false).await;
}

/// The title of the page a payer comes back to.
async fn page(shop: &Shop, top_up: &str) -> (StatusCode, String) {
    let request =
        Request::get(format!("/payments/return?top_up={top_up}")).body(Body::empty()).expect("a request");
    let (status, html) = answer(&shop.router, request).await;
    assert!(!html.contains("50"), "no amounts: {html}");
    assert!(!html.contains(top_up), "nothing of the address: {html}");
    let title = html.split("<h1>").nth(1).expect("a heading").split("</h1>").next().expect("its text");
    (status, title.to_owned())
}

#[tokio::test]
async fn the_page_a_payer_comes_back_to_tells_the_truth() {
    let shop = Shop::open().await;
    let id = shop.top_up.to_string();
    let shown = async || page(&shop, &id).await.1;
    assert_eq!(shown().await, "Waiting for the payment", "to come back is no payment");
    shop.call(&Expired.callback(&shop.top_up)).await;
    assert_eq!(shown().await, "Not paid");
    shop.call(&TooLittle.callback(&shop.top_up)).await;
    assert_eq!(shown().await, "Being checked");
    shop.call(&Completed.callback(&shop.top_up)).await;
    assert_eq!(shown().await, "Paid");
    let unknown = TopUpId::new(51).to_string();
    for other in [unknown.as_str(), "%3Cscript%3E"] {
        assert_eq!(page(&shop, other).await, (StatusCode::NOT_FOUND, "Not found".to_owned()));
    }
}

#[tokio::test]
async fn the_page_is_there_while_the_store_is_not() {
    let shop = Shop::open().await;
    let router = shop.router_with(|_| Fault::TimeoutNotApplied);
    let uri = format!("/payments/return?top_up={}", shop.top_up);
    let (status, html) = answer(&router, Request::get(uri).body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(html.contains("cannot be said"));
}
