//! Payment systems that a tenant has set up: their simulators on loopback, the real router, the real sweeper.

mod afterwards;
mod market;

use std::collections::BTreeMap;

use domain::money::{Amount, Currency};
use domain::payment_system::{FeeFrom, PaymentSystemDetails, PaymentSystemKind, Tariff};
use domain::top_up::{TopUp, TopUpState};
use futures::StreamExt;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rust_decimal::{Decimal, RoundingStrategy};
use store::TopUpPosted;
use tests::payment_systems::payonline::Stand;
use tests::payment_systems::{Payer, TRICKS, Trick};
use tests::stripe_simulator::EventKind;
use tests::world::amount;

use market::{Market, Opened, Sent};

const CALLBACKS: usize = 10_000;
const TOP_UPS_OF_EACH: usize = 80;
const AT_ONCE: usize = 12;

/// What a payer did, and what goes back of it.
struct Story {
    opened: Opened,
    pays: bool,
    /// Of what was paid, in hundredths of it.
    back: u32,
    /// A refund of all of it fails.
    fails: bool,
}

impl Story {
    /// What the balance has of it in the end, by the rules alone.
    fn expected(&self, market: &Market) -> Decimal {
        if !self.pays {
            return Decimal::ZERO;
        }
        let top_up = &self.opened.top_up;
        let to_pay = top_up.to_pay().decimal();
        let fee = match top_up.through.kind {
            PaymentSystemKind::Stripe => Decimal::new(market.stripe_fee(&self.opened), 2),
            PaymentSystemKind::FreedomPay => to_pay - market::net_at_freedompay(to_pay),
            _ => Decimal::ZERO,
        };
        let credited = top_up.amount.decimal() - fee;
        let taken = credited * Decimal::from(self.back) / Decimal::ONE_HUNDRED;
        credited - taken.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven)
    }

    /// Honest callbacks about it.
    fn honest(&self, market: &Market) -> Vec<Sent> {
        match self.opened.top_up.through.kind {
            PaymentSystemKind::Stripe if self.pays => {
                let mut kinds =
                    vec![EventKind::FeeKnown, EventKind::CompletedPaid, EventKind::AsyncPaymentSucceeded];
                kinds.extend((self.back > 0 || self.fails).then_some(EventKind::Refunded));
                let event = |kind| market.stripe_event(&self.opened, kind, Timestamp::now());
                let mut events: Vec<Sent> = kinds.into_iter().map(event).collect();
                if self.fails {
                    market.fail_refund(&self.opened);
                    events.push(event(EventKind::RefundFailed));
                }
                events
            }
            PaymentSystemKind::Stripe => {
                let kinds = [EventKind::CompletedUnpaid, EventKind::AsyncPaymentFailed, EventKind::Expired];
                let event = |kind| market.stripe_event(&self.opened, kind, Timestamp::now());
                kinds.into_iter().map(event).collect()
            }
            _ => vec![market.form(&self.opened, Trick::Honest)],
        }
    }

    /// What a thief makes of them.
    fn dishonest(&self, market: &Market, honest: &[Sent], random: &mut StdRng) -> Sent {
        if self.opened.top_up.through.kind != PaymentSystemKind::Stripe {
            let trick = *TRICKS.choose(random).expect("some");
            return market.form(&self.opened, trick);
        }
        let sent = honest.choose(random).expect("some").clone();
        match random.random_range(0..5) {
            0 => Sent {
                body: sent.body.replacen("\"amount_total\": ", "\"amount_total\": 1", 1) + " ",
                ..sent
            },
            1 => Sent { body: sent.body.replace("unpaid", "paid") + "\n", ..sent },
            2 => Sent { signature: String::new(), ..sent },
            3 => Sent { path: "/payments/stripe".to_owned(), ..sent },
            // Kept, and sent again much later.
            _ => {
                let then = Timestamp::now() - SignedDuration::from_secs(600);
                let kind = if self.pays { EventKind::CompletedPaid } else { EventKind::Expired };
                market.stripe_event(&self.opened, kind, then)
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payment_callbacks_of_all_systems_end_in_exactly_the_honest_payments() {
    let seed = 20_260_131;
    let mut random = StdRng::seed_from_u64(seed);
    let market = Market::open().await;
    let mut stories = Vec::new();
    for kind in PaymentSystemKind::ALL {
        for _ in 0..TOP_UPS_OF_EACH {
            let sum = format!("{}.{:02}", random.random_range(5..200), random.random_range(0..100));
            let opened = market.top_up(kind, &sum).await;
            let pays = random.random_range(0..10) < 6;
            let goes_back = matches!(kind, PaymentSystemKind::Stripe | PaymentSystemKind::FreedomPay);
            let back = *[0, 0, 0, 100].choose(&mut random).expect("some");
            let back = if goes_back && pays { back } else { 0 };
            market.pay(&opened, pays, back == 100);
            let fails = kind == PaymentSystemKind::Stripe && back == 100 && random.random_range(0..2) == 0;
            stories.push(Story { opened, pays, back: if fails { 0 } else { back }, fails });
        }
    }
    let mut calls = Vec::with_capacity(CALLBACKS);
    let honest: Vec<Vec<Sent>> = stories.iter().map(|story| story.honest(&market)).collect();
    calls.extend(honest.iter().flatten().cloned());
    while calls.len() < CALLBACKS {
        let place = random.random_range(0..stories.len());
        calls.push(match random.random_range(0..10) {
            0..5 => honest[place].choose(&mut random).expect("some").clone(),
            _ => stories[place].dishonest(&market, &honest[place], &mut random),
        });
    }
    calls.shuffle(&mut random);
    assert_eq!(calls.len(), CALLBACKS);

    let answers: Vec<(Sent, StatusCode)> = futures::stream::iter(calls)
        .map(|sent| {
            let market = &market;
            async move { (sent.clone(), market.send(&sent).await) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut statuses = BTreeMap::new();
    for (sent, status) in answers {
        *statuses.entry(status.as_u16()).or_insert(0) += 1;
        // What could not be taken is sent again by whoever is honest.
        if status == StatusCode::SERVICE_UNAVAILABLE {
            assert_ne!(market.send(&sent).await, StatusCode::SERVICE_UNAVAILABLE);
        }
    }
    println!("answers by status: {statuses:?}");
    assert!(statuses.contains_key(&200) && statuses.contains_key(&400), "{statuses:?}");

    // Some of it goes back without a callback, and is found by asking.
    for story in stories.iter_mut().filter(|story| story.pays && story.back == 0) {
        let is_told = story.opened.top_up.through.kind != PaymentSystemKind::NetCommerce;
        if is_told && random.random_range(0..5) == 0 {
            market.give_back(&story.opened);
            story.back = 100;
        }
    }
    for minutes in [61, 362, 1_442] {
        market.sweep(Timestamp::now() + SignedDuration::from_mins(minutes)).await;
    }
    for sent in honest.iter().flatten().step_by(7) {
        assert_ne!(market.send(sent).await, StatusCode::SERVICE_UNAVAILABLE);
    }

    for kind in PaymentSystemKind::ALL {
        let of_kind = stories.iter().filter(|story| story.opened.top_up.through.kind == kind);
        let expected: Decimal = of_kind.map(|story| story.expected(&market)).sum();
        let found = market.balance(kind).await;
        assert_eq!(found, Amount::new(expected).unwrap(), "{kind:?}, seed {seed}");
    }
    let mut booked = 0;
    for story in &stories {
        let stored = market.stored(&story.opened).await;
        let is_confirmed = matches!(stored.state, TopUpState::Confirmed { .. });
        assert_eq!(is_confirmed, story.pays, "{:?}: {:?}", stored.through.kind, stored.state);
        // A refund that fails may be told before it was taken from the balance, or after.
        if !story.fails {
            assert_eq!(stored.take_backs, u32::from(story.back > 0), "{:?}", stored.through.kind);
        }
        booked += u32::from(story.pays) + stored.take_backs;
    }
    assert!(stories.iter().any(|story| story.fails), "seed {seed}");
    assert_eq!(market.payments().await, usize::try_from(booked).unwrap());
}

#[tokio::test]
async fn payment_callbacks_of_one_tenants_system_decide_nothing_about_anothers() {
    let market = Market::open().await;
    let opened = market.top_up(PaymentSystemKind::FreedomPay, "50").await;
    market.pay(&opened, true, false);
    let honest = market.form(&opened, Trick::Honest);
    // The other tenant knows the secrets of its own account, and signs with them.
    let other = market.system_of_a_neighbour().await;
    let forged = market.signed_by_a_neighbour(&opened, &other);
    assert_eq!(market.send(&forged).await, StatusCode::OK);
    assert_eq!(market.balance(PaymentSystemKind::FreedomPay).await, Amount::ZERO);
    let reviews = market.world.store.reviews(other.as_str()).await.unwrap();
    assert!(reviews[0].detail.contains("no top-up of this account"), "{reviews:?}");
    assert_eq!(market.send(&honest).await, StatusCode::OK);
    assert_eq!(market.balance(PaymentSystemKind::FreedomPay).await, amount("48.75"));
}

#[tokio::test]
async fn a_fee_that_is_told_later_is_waited_for() {
    let market = Market::open().await;
    let opened = market.top_up(PaymentSystemKind::Stripe, "100").await;
    let paid = market.stripe_event(&opened, EventKind::CompletedPaid, Timestamp::now());
    assert_eq!(market.send(&paid).await, StatusCode::OK);
    assert_eq!(market.stored(&opened).await.state, TopUpState::Paid);
    assert_eq!(market.page(&opened).await, "Paid, not on the balance yet");
    let known = market.stripe_event(&opened, EventKind::FeeKnown, Timestamp::now());
    for sent in [&known, &paid, &known] {
        assert_eq!(market.send(sent).await, StatusCode::OK);
    }
    let stored = market.stored(&opened).await;
    assert_eq!(stored.received.unwrap().system_fee, Some(amount("3.2")));
    assert_eq!(market.balance(PaymentSystemKind::Stripe).await, amount("96.8"));
}

#[tokio::test]
async fn what_payonline_and_netcommerce_keep_is_known_by_their_tariffs() {
    let mut market = Market::open().await;
    let (online, commerce) = (PaymentSystemKind::PayOnline, PaymentSystemKind::NetCommerce);
    let tariff = Tariff::of(Some(amount("2.9")), Some(amount("0.3")));
    for (kind, fee_from, currency) in [(online, FeeFrom::Client, "EUR"), (commerce, FeeFrom::Owner, "USD")] {
        let change = |details: &mut PaymentSystemDetails| {
            let currencies = vec![Currency::parse(currency).unwrap()];
            *details = PaymentSystemDetails { fee_from, tariff, currencies, ..details.clone() };
        };
        market.change_system(kind, change).await;
        let opened = market.top_up(kind, "40").await;
        market.pay(&opened, true, false);
        for _ in 0..2 {
            assert!(market.send(&market.form(&opened, Trick::Honest)).await.as_u16() < 400);
        }
        let received = market.stored(&opened).await.received.unwrap();
        // Of 40, and of 40.6 with what the client pays on top.
        let expected = if kind == online { ["1.46", "38.54"] } else { ["1.48", "40"] };
        assert_eq!([received.system_fee.unwrap(), received.credited], expected.map(amount));
        assert_eq!(market.balance(kind).await, amount(expected[1]));
        if kind == online {
            market.pay_online.refund(opened.top_up.id.as_str(), "20.00", Timestamp::now());
            market.sweep(Timestamp::now() + SignedDuration::from_mins(61)).await;
            assert_eq!(market.balance(kind).await, amount("19.27"), "the half of what it had risen by");
        }
    }
}

#[tokio::test]
async fn what_freedompay_does_not_tell_that_it_keeps_is_known_by_its_tariff_and_booked_once() {
    let mut market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let tariff = Tariff::of(Some(amount("3")), None);
    market.change_system(kind, |details| details.tariff = tariff).await;
    let (told, silent) = (market.top_up(kind, "100").await, market.top_up(kind, "100").await);
    let lost = market.top_up(kind, "100").await;
    for opened in [&told, &silent, &lost] {
        market.pay(opened, true, false);
    }
    market.freedom_pay.change(silent.top_up.id.as_str(), |order| order.tells_net = false);
    for opened in [&told, &silent] {
        assert_eq!(market.send(&market.form(opened, Trick::Honest)).await, StatusCode::OK);
    }
    // By asking, which tells no fee.
    market.sweep(Timestamp::now() + SignedDuration::from_mins(6)).await;
    for _ in 0..2 {
        assert_eq!(market.send(&market.form(&lost, Trick::Honest)).await, StatusCode::OK);
    }
    for (opened, fee) in [(&told, "2.5"), (&silent, "3"), (&lost, "3")] {
        assert_eq!(market.stored(opened).await.received.unwrap().system_fee, Some(amount(fee)));
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("291.5"), 3));
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn payments_that_were_declined_and_told_again_are_counted_and_nobody_has_to_deal_with_them() {
    let market = Market::open().await;
    for kind in PaymentSystemKind::ALL {
        let (paid, declined) = (market.top_up(kind, "50").await, market.top_up(kind, "60").await);
        market.pay(&paid, true, false);
        market.pay(&declined, false, false);
        let honest = |opened: &Opened, event: EventKind| match kind {
            PaymentSystemKind::Stripe => market.stripe_event(opened, event, Timestamp::now()),
            _ => market.form(opened, Trick::Honest),
        };
        let (first, refused) =
            (honest(&paid, EventKind::CompletedPaid), honest(&declined, EventKind::AsyncPaymentFailed));
        for sent in [&first, &first, &refused] {
            assert!(market.send(sent).await.as_u16() < 400, "{kind:?}");
        }
        let (times, lately) = market.counted_calls(kind, true).await;
        assert_eq!(times, 2, "{kind:?}: {lately:?}");
        assert!(lately.iter().any(|call| call.contains("was told before")), "{lately:?}");
        let of = format!("{} was not paid: ", declined.top_up.id);
        assert!(lately.iter().any(|call| call.starts_with(&of)), "{lately:?}");
        assert_eq!(market.reviews(kind).await, Vec::<String>::new());
    }
    assert_eq!(market.payments().await, 4);
}

#[tokio::test]
async fn a_payer_goes_to_netcommerce_by_a_form_and_comes_back_to_the_truth() {
    let market = Market::open().await;
    let opened = market.top_up(PaymentSystemKind::NetCommerce, "40").await;
    assert_eq!(opened.top_up.to_pay(), amount("40.6"), "with 1.5 % on top");
    let (first, second) = (market.form_page(&opened).await, market.form_page(&opened).await);
    assert_ne!(first, second, "each try has a name of its own");
    market.net_commerce.act(&first, Payer::IsDeclined);
    market.net_commerce.act(&second, Payer::Pays);
    let result = |attempt: &str, trick| market.result(attempt, trick);
    assert_eq!(market.send(&result(&first, Trick::DeclinedAsPaid)).await, StatusCode::BAD_REQUEST);
    assert_eq!(market.send(&result(&first, Trick::Honest)).await, StatusCode::SEE_OTHER);
    assert_eq!(market.refused_calls(PaymentSystemKind::NetCommerce).await, 1, "the first of them");
    assert_eq!(market.page(&opened).await, "Not paid");
    for _ in 0..2 {
        assert_eq!(market.send(&result(&second, Trick::Honest)).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(market.page(&opened).await, "Paid");
    assert_eq!(market.send(&result(&first, Trick::Honest)).await, StatusCode::SEE_OTHER);
    let (times, lately) = market.counted_calls(PaymentSystemKind::NetCommerce, true).await;
    assert_eq!(times, 2, "a try that was refused says nothing of what is paid: {lately:?}");
    let received = market.stored(&opened).await.received.unwrap();
    assert_eq!(received.authorization.as_deref(), Some("123456"), "the bank's report has this number");
    assert_eq!(market.balance(PaymentSystemKind::NetCommerce).await, amount("40"));
    assert_eq!(market.form_status(&opened).await, StatusCode::SEE_OTHER, "there is nothing more to pay");
}

#[tokio::test]
async fn a_payer_of_whom_netcommerce_told_nothing_is_not_sent_to_pay_again() {
    let market = Market::open().await;
    for (kind, page) in
        [(PaymentSystemKind::NetCommerce, "No result"), (PaymentSystemKind::FreedomPay, "Not paid")]
    {
        let opened = market.top_up(kind, "40").await;
        let expired = TopUpState::Closed { reason: "expired".into() };
        market.change_top_up(&opened, |top_up| top_up.state = expired).await;
        assert_eq!(market.page(&opened).await, page);
    }
}

#[tokio::test]
async fn the_form_is_given_for_a_day_while_its_payment_system_is_enabled() {
    let mut market = Market::open().await;
    let kind = PaymentSystemKind::NetCommerce;
    let (old, new) = (market.top_up(kind, "40").await, market.top_up(kind, "40").await);
    market.change_top_up(&old, |top_up| top_up.created_at -= SignedDuration::from_hours(24)).await;
    assert_eq!(market.form_status(&old).await, StatusCode::GONE);
    assert_eq!(market.form_status(&new).await, StatusCode::OK);
    market.change_system(kind, |details| details.enabled = false).await;
    assert_eq!(market.form_status(&new).await, StatusCode::GONE);
    market.pay(&new, true, false);
    assert_eq!(market.send(&market.form(&new, Trick::Honest)).await, StatusCode::SEE_OTHER);
    assert_eq!(market.balance(kind).await, amount("40"), "what was begun before counts");
}

#[tokio::test]
async fn money_of_a_top_up_that_was_closed_by_hand_is_kept_for_a_person() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = market.top_up(kind, "50").await;
    market.pay(&opened, true, false);
    let owner = market.world.owner.company.id.clone();
    market
        .change_top_up(&opened, |top_up| *top_up = top_up.plan_close("booked", &owner).unwrap().unwrap())
        .await;
    for _ in 0..2 {
        assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK);
    }
    market.sweep(Timestamp::now() + SignedDuration::from_mins(6)).await;
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 0));
    let reviews = market.world.store.reviews(opened.top_up.through.name()).await.unwrap();
    assert!(reviews.iter().all(|review| review.detail.contains("closed by hand")), "{reviews:?}");
    assert!(!reviews.is_empty());
    assert_eq!(market.page(&opened).await, "Closed", "and not that nothing was paid");
}

#[tokio::test]
async fn money_of_a_top_up_that_was_closed_by_hand_goes_back_while_freedompay_can_be_told_so() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let owner = market.world.owner.company.id.clone();
    for (can_reject, is_closed, expected) in
        [(true, true, "rejected"), (false, true, "ok"), (true, false, "ok")]
    {
        let opened = market.top_up(kind, "50").await;
        if is_closed {
            let close = |top_up: &mut TopUp| {
                *top_up = top_up.plan_close("never paid", &owner).unwrap().unwrap();
            };
            market.change_top_up(&opened, close).await;
        }
        market.pay(&opened, true, false);
        market.freedom_pay.change(opened.top_up.id.as_str(), |order| order.can_reject = can_reject);
        let (status, body) = market.answered(&market.form(&opened, Trick::Honest)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains(&format!("<pg_status>{expected}</pg_status>")), "{body}");
        let told = market.reviews(kind).await.iter().any(|review| review.contains("was refused"));
        assert!(told, "the first of them is kept for a person");
    }
    assert_eq!(market.payments().await, 1, "of the one that was not closed");
}

#[tokio::test]
async fn a_payment_whose_fee_nobody_tells_is_confirmed_by_a_person_once() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = market.top_up(kind, "100").await;
    market.pay(&opened, true, false);
    // Its callback is lost, which alone tells the fee.
    for minutes in [6, 16, 61, 241, 721, 1_501] {
        market.sweep(Timestamp::now() + SignedDuration::from_mins(minutes)).await;
    }
    assert!(matches!(market.stored(&opened).await.state, TopUpState::Review { .. }));
    assert_eq!(market.balance(kind).await, Amount::ZERO);
    assert_eq!(market.confirm_by_hand(&opened, "TT-1", "97.5").await, TopUpPosted::Now);
    assert_eq!(market.page(&opened).await, "Paid");
    for _ in 0..2 {
        assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK);
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("97.5"), 1));
    assert_eq!(market.stored(&opened).await.received.unwrap().system_fee, Some(amount("2.5")));
    let reviews = market.reviews(kind).await;
    assert!(reviews.iter().any(|review| review.contains("confirmed by hand as paid by TT-1")), "{reviews:?}");
}

#[tokio::test]
async fn a_secret_that_is_being_replaced_is_taken_as_well_as_its_successor() {
    let mut market = Market::open().await;
    let kind = PaymentSystemKind::NetCommerce;
    let opened = market.top_up(kind, "25").await;
    market.pay(&opened, true, false);
    market.replace_secret(kind, "another-key").await;
    assert_eq!(market.send(&market.form(&opened, Trick::Forged)).await, StatusCode::BAD_REQUEST);
    assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::SEE_OTHER);
    assert_eq!(market.balance(kind).await, amount("25"));
}

#[tokio::test]
async fn a_secret_that_was_replaced_twice_is_taken_no_more() {
    let mut market = Market::open().await;
    let kind = PaymentSystemKind::NetCommerce;
    let opened = market.top_up(kind, "25").await;
    market.pay(&opened, true, false);
    for secret in ["another-key", "another-key"] {
        market.replace_secret(kind, secret).await;
    }
    assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::BAD_REQUEST);
    assert_eq!(market.balance(kind).await, Amount::ZERO);
}

#[tokio::test]
async fn a_payment_that_no_callback_confirms_is_found_by_asking() {
    let market = Market::open().await;
    let asked = [PaymentSystemKind::Stripe, PaymentSystemKind::PayOnline, PaymentSystemKind::FreedomPay];
    let (mut paid, mut unpaid) = (Vec::new(), Vec::new());
    for kind in asked {
        let opened = market.top_up(kind, "50").await;
        market.pay(&opened, true, false);
        paid.push(opened);
        unpaid.push(market.top_up(kind, "60").await);
    }
    unpaid.push(market.top_up(PaymentSystemKind::NetCommerce, "60").await);
    let begin = Timestamp::now();
    market.sweep(begin + SignedDuration::from_mins(4)).await;
    for opened in paid.iter().chain(&unpaid) {
        assert_eq!(market.stored(opened).await.state, TopUpState::Redirected, "it is too early to ask");
    }
    for _ in 0..2 {
        market.sweep(begin + SignedDuration::from_mins(6)).await;
    }
    for opened in &paid {
        let stored = market.stored(opened).await;
        if stored.through.kind == PaymentSystemKind::FreedomPay {
            assert_eq!(stored.state, TopUpState::Paid, "its status does not tell the fee");
        } else {
            assert!(matches!(stored.state, TopUpState::Confirmed { .. }), "{stored:?}");
        }
    }
    assert_eq!(market.balance(PaymentSystemKind::PayOnline).await, amount("50"));
    for minutes in [16, 61, 241, 721, 1501] {
        market.sweep(begin + SignedDuration::from_mins(minutes)).await;
    }
    for opened in &unpaid {
        let expired = TopUpState::Closed { reason: "expired".into() };
        let stored = market.stored(opened).await;
        assert_eq!((stored.state, stored.ask_at), (expired, None), "{:?}", stored.through.kind);
    }
}

#[tokio::test]
async fn what_was_voided_or_only_held_is_no_money() {
    let market = Market::open().await;
    for stand in [Stand::PreAuthorized, Stand::Voided] {
        let opened = market.top_up(PaymentSystemKind::PayOnline, "50").await;
        market.pay(&opened, true, false);
        market.pay_online.put(opened.top_up.id.as_str(), stand);
        assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK);
        assert_eq!(market.page(&opened).await, "Waiting for the payment", "{stand:?}");
    }
    let opened = market.top_up(PaymentSystemKind::PayOnline, "50").await;
    market.pay(&opened, false, false);
    assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK);
    assert_eq!(market.page(&opened).await, "Not paid");
    let opened = market.top_up(PaymentSystemKind::FreedomPay, "50").await;
    market.pay(&opened, true, false);
    market.freedom_pay.change(opened.top_up.id.as_str(), |order| order.captured = false);
    assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK);
    market.freedom_pay.change(opened.top_up.id.as_str(), |order| {
        order.captured = true;
        order.testing = true;
    });
    assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK, "play money");
    assert_eq!(market.balance(PaymentSystemKind::PayOnline).await, Amount::ZERO);
    assert_eq!(market.balance(PaymentSystemKind::FreedomPay).await, Amount::ZERO);
    assert_eq!(market.payments().await, 0);
}

/// Every time that a payment system is asked about a top-up.
const SWEEPS: [i64; 6] = [6, 16, 61, 241, 721, 1501];

#[tokio::test]
async fn play_money_is_not_confirmed_by_a_status_that_does_not_name_it() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = market.top_up(kind, "50").await;
    market.pay(&opened, true, false);
    market.freedom_pay.change(opened.top_up.id.as_str(), |order| {
        order.testing = true;
        order.tells_mode = false;
    });
    assert_eq!(market.send(&market.form(&opened, Trick::Honest)).await, StatusCode::OK);
    let begin = Timestamp::now();
    for minutes in SWEEPS {
        market.sweep(begin + SignedDuration::from_mins(minutes)).await;
    }
    let stored = market.stored(&opened).await;
    assert!(matches!(stored.state, TopUpState::Review { .. }), "{stored:?}");
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 0));
    assert_eq!(market.reviews(kind).await[0], "a test payment on a live account, or the other way round");
}

#[tokio::test]
async fn money_of_the_other_mode_at_payonline_is_not_taken_on_either_account() {
    let mut market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let played = market.top_up(kind, "50").await;
    market.pay(&played, true, false);
    market.pay_online.change(played.top_up.id.as_str(), |order| order.gateway = "Test".to_owned());
    let real = market.top_up(kind, "60").await;
    market.pay(&real, true, false);
    assert_eq!(market.send(&market.form(&played, Trick::Honest)).await, StatusCode::OK);
    market.change_system(kind, |details| details.testing = true).await;
    assert_eq!(market.send(&market.form(&real, Trick::Honest)).await, StatusCode::OK);
    for opened in [&played, &real] {
        let stored = market.stored(opened).await;
        assert!(matches!(stored.state, TopUpState::Review { .. }), "{stored:?}");
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 0));
    let other_mode = "a test payment on a live account, or the other way round".to_owned();
    assert_eq!(market.reviews(kind).await, [other_mode.clone(), other_mode]);
}

#[tokio::test]
async fn what_payonline_finds_is_taken_only_as_its_list_says_the_same() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = market.top_up(kind, "50").await;
    market.pay(&opened, true, false);
    let honest = market.form(&opened, Trick::Honest);
    for (gateway, amount) in [("", None), ("Other", None), ("Real", Some("5.00")), ("Test", Some("5.00"))] {
        market.pay_online.change(opened.top_up.id.as_str(), |order| {
            order.gateway = gateway.to_owned();
            order.listed_amount = amount.map(str::to_owned);
        });
        assert_eq!(market.send(&honest).await, StatusCode::OK);
        assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 0), "{gateway}");
        assert_eq!(market.stored(&opened).await.state, TopUpState::Redirected, "{gateway}");
    }
    market.pay_online.change(opened.top_up.id.as_str(), |order| {
        order.gateway = "Real".to_owned();
        order.listed_amount = None;
    });
    market.sweep(Timestamp::now() + SignedDuration::from_mins(6)).await;
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("50"), 1));
}

#[tokio::test]
async fn whose_payment_nobody_can_tell_ends_with_a_person_who_hears_of_it() {
    let mut market = Market::open().await;
    let deleted = market.top_up(PaymentSystemKind::PayOnline, "50").await;
    let pending = market.top_up(PaymentSystemKind::Stripe, "50").await;
    market.stripe_event(&pending, EventKind::CompletedUnpaid, Timestamp::now());
    market.delete(PaymentSystemKind::PayOnline).await;
    let begin = Timestamp::now();
    for minutes in SWEEPS {
        market.sweep(begin + SignedDuration::from_mins(minutes)).await;
    }
    let reason = "the payment system did not say whether it is paid".to_owned();
    for opened in [&deleted, &pending] {
        let stored = market.stored(opened).await;
        assert_eq!(stored.state, TopUpState::Review { reason: reason.clone() });
        assert_eq!(market.reviews(stored.through.kind).await, [reason.as_str()]);
    }
}

#[tokio::test]
async fn a_callback_about_what_the_payment_system_refuses_to_tell_is_taken_and_kept() {
    let mut market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = market.top_up(kind, "50").await;
    market.pay(&opened, true, false);
    let honest = market.form(&opened, Trick::Honest);
    // What it signed before is still taken, and what we ask is refused.
    market.replace_secret(kind, "another-key").await;
    for _ in 0..2 {
        assert_eq!(market.send(&honest).await, StatusCode::OK);
    }
    let reviews = market.reviews(kind).await;
    assert!(reviews.len() == 1 && reviews[0].contains("cannot be asked"), "{reviews:?}");
    assert_eq!(market.stored(&opened).await.state, TopUpState::Redirected, "it is asked again later");
}

#[tokio::test]
async fn a_payment_system_that_does_not_answer_keeps_nobody_from_the_others() {
    let market = Market::open().await;
    let mut silent = Vec::new();
    for _ in 0..12 {
        silent.push(market.top_up(PaymentSystemKind::PayOnline, "50").await);
    }
    let paid = market.top_up(PaymentSystemKind::Stripe, "50").await;
    market.pay(&paid, true, false);
    market.fall_silent(PaymentSystemKind::PayOnline).await;
    let now = Timestamp::now() + SignedDuration::from_mins(10);
    market.sweep_in_vain(now).await;
    assert!(matches!(market.stored(&paid).await.state, TopUpState::Confirmed { .. }));
    let mut asked = 0;
    for opened in &silent {
        let stored = market.stored(opened).await;
        assert!(stored.due().unwrap() >= now + SignedDuration::from_mins(5));
        asked += stored.asked;
    }
    assert_eq!(asked, 8, "the rest of them is put off");
    market.sweep(now + SignedDuration::from_mins(4)).await;
}
