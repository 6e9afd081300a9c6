//! What goes back after a top-up was confirmed, and what goes back of money that never came: found without
//! any callback, taken once, and never lost.

use domain::money::Amount;
use domain::payment_system::PaymentSystemKind;
use domain::top_up::TopUpState;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use store::TopUpPosted;
use tests::payment_systems::payonline::Stand;
use tests::payment_systems::{Payer, Trick};
use tests::stripe_simulator::EventKind;
use tests::world::amount;

use super::market::{Market, Opened, Sent};

/// Those that can be asked.
const ASKED: [PaymentSystemKind; 3] =
    [PaymentSystemKind::Stripe, PaymentSystemKind::PayOnline, PaymentSystemKind::FreedomPay];
/// When a top-up is asked about after it was confirmed, in minutes, and a little later.
const LOOKS: [i64; 7] = [61, 361, 1_441, 4_321, 10_081, 20_161, 43_201];

/// A top-up of 50 that its callbacks have confirmed.
async fn confirmed(market: &Market, kind: PaymentSystemKind) -> Opened {
    let opened = market.top_up(kind, "50").await;
    market.pay(&opened, true, false);
    assert_eq!(market.send(&paid(market, &opened)).await, StatusCode::OK);
    assert!(matches!(market.stored(&opened).await.state, TopUpState::Confirmed { .. }));
    opened
}

fn paid(market: &Market, opened: &Opened) -> Sent {
    match opened.top_up.through.kind {
        PaymentSystemKind::Stripe => market.stripe_event(opened, EventKind::CompletedPaid, Timestamp::now()),
        _ => market.form(opened, Trick::Honest),
    }
}

fn after(minutes: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn what_goes_back_after_its_confirmation_is_found_by_asking_and_taken_once() {
    let market = Market::open().await;
    let mut given = Vec::new();
    for kind in ASKED {
        let opened = confirmed(&market, kind).await;
        assert!(market.balance(kind).await.is_positive());
        market.give_back(&opened);
        given.push(opened);
    }
    market.sweep(after(59)).await;
    for kind in ASKED {
        assert!(market.balance(kind).await.is_positive(), "{kind:?}: it is too early to ask");
    }
    for minutes in LOOKS {
        market.sweep(after(minutes)).await;
        for kind in ASKED {
            assert_eq!(market.balance(kind).await, Amount::ZERO, "{kind:?}");
        }
    }
    for opened in &given {
        if opened.top_up.through.kind == PaymentSystemKind::Stripe {
            let told = market.stripe_event(opened, EventKind::Refunded, Timestamp::now());
            assert_eq!(market.send(&told).await, StatusCode::OK);
        }
        assert_eq!(market.send(&paid(&market, opened)).await, StatusCode::OK);
    }
    assert_eq!(market.payments().await, 2 * ASKED.len(), "each came once, and went back once");
    for kind in ASKED {
        assert_eq!(market.balance(kind).await, Amount::ZERO, "{kind:?}");
        assert_eq!(market.reviews(kind).await, Vec::<String>::new(), "{kind:?}");
    }
    let due = market.world.store.due_top_ups(Timestamp::MAX, 10).await.unwrap();
    assert!(due.is_empty(), "nothing is asked for ever");
}

#[tokio::test]
async fn what_a_callback_told_is_not_taken_again_when_it_is_asked_about() {
    let market = Market::open().await;
    for kind in ASKED {
        let opened = confirmed(&market, kind).await;
        market.give_back(&opened);
        let told = match kind {
            PaymentSystemKind::Stripe => market.stripe_event(&opened, EventKind::Refunded, Timestamp::now()),
            _ => market.form(&opened, Trick::Honest),
        };
        assert_eq!(market.send(&told).await, StatusCode::OK);
        assert_eq!(market.balance(kind).await, Amount::ZERO, "{kind:?}");
    }
    for minutes in LOOKS {
        market.sweep(after(minutes)).await;
    }
    assert_eq!(market.payments().await, 2 * ASKED.len());
}

#[tokio::test]
async fn a_payment_that_is_found_again_is_in_the_balance_again() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = confirmed(&market, kind).await;
    market.give_back(&opened);
    market.sweep(after(61)).await;
    assert_eq!(market.balance(kind).await, Amount::ZERO);
    assert_eq!(market.page(&opened).await, "Paid back");
    market.pay_online.put(opened.top_up.id.as_str(), Stand::Settled);
    market.sweep(after(361)).await;
    assert_eq!(market.balance(kind).await, amount("50"));
    assert_eq!(market.page(&opened).await, "Paid");
    assert_eq!(market.payments().await, 3);
}

#[tokio::test]
async fn a_void_is_taken_also_when_refunds_are_not_listed() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = confirmed(&market, kind).await;
    market.pay_online.refund(opened.top_up.id.as_str(), "no amount", after(30));
    market.give_back(&opened);
    market.sweep_in_vain(after(61)).await;
    assert_eq!(market.balance(kind).await, Amount::ZERO);
}

#[tokio::test]
async fn a_payment_that_is_lost_a_second_time_is_shown_to_a_person() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = confirmed(&market, kind).await;
    market.give_back(&opened);
    market.sweep(after(61)).await;
    market.pay_online.put(opened.top_up.id.as_str(), Stand::Settled);
    market.sweep(after(361)).await;
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
    market.give_back(&opened);
    for minutes in [1_441, 4_321] {
        market.sweep(after(minutes)).await;
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("50"), 3));
    let reviews = market.reviews(kind).await;
    assert!(reviews.len() == 1 && reviews[0].contains("not found any more"), "{reviews:?}");
}

#[tokio::test]
async fn what_can_be_voided_no_more_is_not_voided_because_it_is_not_found() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = confirmed(&market, kind).await;
    let days = SignedDuration::from_hours(5 * 24);
    market.change_top_up(&opened, |top_up| *top_up.confirmed_at.as_mut().unwrap() -= days).await;
    // As if it were kept no longer.
    market.give_back(&opened);
    for _ in 0..2 {
        assert_eq!(market.send(&paid(&market, &opened)).await, StatusCode::OK);
    }
    assert_eq!(market.balance(kind).await, amount("50"));
    let reviews = market.reviews(kind).await;
    assert!(reviews.len() == 1 && reviews[0].contains("not found any more"), "{reviews:?}");
}

#[tokio::test]
async fn what_payonline_refunds_after_settlement_is_found_by_asking_a_month_long() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = confirmed(&market, kind).await;
    let id = opened.top_up.id.as_str();
    // Each is noticed at the next time that is asked, and taken once.
    let parts = [(2, "10.00", 4_321, "40"), (9, "15.50", 20_161, "24.5"), (29, "24.50", 43_201, "0")];
    let mut looks = LOOKS.into_iter().peekable();
    for (day, part, noticed, left) in parts {
        market.pay_online.refund(id, part, after(day * 1_440));
        while let Some(minutes) = looks.next_if(|minutes| *minutes <= noticed) {
            market.sweep(after(minutes)).await;
        }
        assert_eq!(market.balance(kind).await, amount(left), "day {day}");
    }
    let asked = market.pay_online.lists();
    assert_eq!(asked, 1 + 1 + 1 + 1 + 2 + 3 + 5 + 11, "in steps of three days, once for whether it is real");
    for minutes in [50_000, 100_000] {
        market.sweep(after(minutes)).await;
    }
    assert_eq!(market.pay_online.lists(), asked, "nothing is asked for ever");
    for _ in 0..2 {
        assert_eq!(market.send(&paid(&market, &opened)).await, StatusCode::OK);
    }
    assert_eq!(market.pay_online.lists(), asked, "a callback that is sent again asks for no list");
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 4));
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_at_payonline_that_was_voided_is_in_the_balance_again() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let (opened, other) = (confirmed(&market, kind).await, confirmed(&market, kind).await);
    let id = opened.top_up.id.as_str();
    market.pay_online.refund(id, "20.00", after(30));
    market.sweep(after(61)).await;
    assert_eq!(market.balance(kind).await, amount("80"));
    market.pay_online.change(id, |order| order.refunds[0].state = Stand::Voided);
    // One that was voided before anybody saw it never was.
    market.pay_online.refund(other.top_up.id.as_str(), "20.00", after(90));
    market.pay_online.change(other.top_up.id.as_str(), |order| order.refunds[0].state = Stand::Voided);
    for minutes in &LOOKS[1..] {
        market.sweep(after(*minutes)).await;
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("100"), 4));
    assert!(market.stored(&other).await.returns.is_empty());
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_at_payonline_that_is_play_money_or_no_amount_takes_nothing() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::PayOnline;
    let opened = confirmed(&market, kind).await;
    let id = opened.top_up.id.as_str();
    market.pay_online.refund(id, "-1e1", after(30));
    market.sweep_in_vain(after(61)).await;
    market.pay_online.change(id, |order| {
        order.refunds[0].amount = "20.00".to_owned();
        order.gateway = "Test".to_owned();
    });
    market.sweep(after(361)).await;
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("50"), 1));
    let reviews = market.reviews(kind).await;
    assert!(reviews.len() == 1 && reviews[0].contains("in the other mode"), "{reviews:?}");
    market.pay_online.change(id, |order| order.gateway = "Real".to_owned());
    market.sweep(after(1_441)).await;
    assert_eq!(market.balance(kind).await, amount("30"), "what was not understood is asked for again");
}

#[tokio::test]
async fn a_payment_whose_status_no_rule_can_settle_is_shown_to_a_person() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let (held, unlisted) = (confirmed(&market, kind).await, confirmed(&market, kind).await);
    let in_part = confirmed(&market, kind).await;
    market.freedom_pay.change(held.top_up.id.as_str(), |order| order.captured = false);
    // Told to have gone back, and no refund says so.
    let sum = Some(amount("7").decimal());
    market.freedom_pay.change(unlisted.top_up.id.as_str(), |order| order.refund_amount = sum);
    // All of it is told to have gone back, and its refunds come to a part.
    market.freedom_pay.change(in_part.top_up.id.as_str(), |order| order.state = Some("refunded".to_owned()));
    market.freedom_pay.refund(in_part.top_up.id.as_str(), amount("20").decimal());
    for minutes in LOOKS {
        market.sweep(after(minutes)).await;
    }
    assert_eq!(market.payments().await, 4, "each of three came, and the refund went back");
    let reviews = market.reviews(kind).await;
    assert_eq!(reviews.len(), 3, "{reviews:?}");
    assert!(reviews.iter().all(|review| review.contains("in the balance")), "{reviews:?}");
}

#[tokio::test]
async fn what_changes_about_a_payment_that_no_rule_can_settle_is_shown_to_a_person_too() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = confirmed(&market, kind).await;
    for (sum, minutes, shown) in [("7", 61, 1), ("7", 361, 1), ("9", 1_441, 2)] {
        let sum = Some(amount(sum).decimal());
        market.freedom_pay.change(opened.top_up.id.as_str(), |order| order.refund_amount = sum);
        market.sweep(after(minutes)).await;
        let reviews = market.reviews(kind).await;
        assert_eq!(reviews.len(), shown, "after {minutes} minutes: {reviews:?}");
    }
    assert_eq!(market.payments().await, 1);
}

#[tokio::test]
async fn what_freedompay_took_back_as_a_whole_and_lists_part_by_part_is_no_doubt() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = confirmed(&market, kind).await;
    let id = opened.top_up.id.as_str();
    market.freedom_pay.change(id, |order| {
        order.state = Some("refunded".to_owned());
        order.refund_amount = Some(amount("50").decimal());
    });
    market.sweep(after(61)).await;
    for (part, minutes) in [("20", 361), ("30", 1_441)] {
        market.freedom_pay.refund(id, amount(part).decimal());
        market.sweep(after(minutes)).await;
        assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 2));
    }
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_freedompay_takes_back_as_a_whole_is_taken_once_however_it_is_heard_of() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    for state in ["refunded", "revoked"] {
        let (asked, called) = (confirmed(&market, kind).await, confirmed(&market, kind).await);
        let take_back = |opened: &Opened| {
            let id = opened.top_up.id.as_str();
            market.freedom_pay.change(id, |order| order.state = Some(state.to_owned()));
        };
        take_back(&called);
        for _ in 0..2 {
            assert_eq!(market.send(&paid(&market, &called)).await, StatusCode::OK);
        }
        assert_eq!(market.balance(kind).await, amount("48.75"), "that of the other");
        take_back(&asked);
        market.sweep(after(61)).await;
        assert_eq!(market.balance(kind).await, Amount::ZERO, "{state}");
        // Its refund is listed later, and it may be told as a payment with a refund then.
        for (opened, state) in [(&asked, Some(state.to_owned())), (&called, None)] {
            market.give_back(opened);
            market.freedom_pay.change(opened.top_up.id.as_str(), |order| order.state = state);
            assert_eq!(market.send(&paid(&market, opened)).await, StatusCode::OK);
        }
        market.sweep(after(361)).await;
        assert_eq!(market.balance(kind).await, Amount::ZERO, "{state}");
    }
    assert_eq!(market.payments().await, 8, "each of four came once, and went back once");
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_payment_that_freedompay_takes_back_a_second_time_is_shown_to_a_person() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = confirmed(&market, kind).await;
    let state = |state: Option<&str>| {
        let state = state.map(str::to_owned);
        market.freedom_pay.change(opened.top_up.id.as_str(), |order| order.state = state);
    };
    for (told, minutes, balance) in [
        (Some("revoked"), 61, "0"),
        (None, 361, "48.75"),
        (Some("revoked"), 1_441, "48.75"),
        (Some("revoked"), 4_321, "48.75"),
    ] {
        state(told);
        market.sweep(after(minutes)).await;
        assert_eq!(market.balance(kind).await, amount(balance), "after {minutes} minutes");
    }
    assert_eq!(market.payments().await, 3);
    let reviews = market.reviews(kind).await;
    assert!(reviews.len() == 1 && reviews[0].contains("in the balance"), "{reviews:?}");
}

#[tokio::test]
async fn a_refund_that_freedompay_tells_no_more_is_shown_to_a_person_once() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = confirmed(&market, kind).await;
    let id = opened.top_up.id.as_str();
    market.freedom_pay.refund(id, amount("20").decimal());
    market.sweep(after(61)).await;
    assert_eq!(market.balance(kind).await, amount("29.25"));
    market.freedom_pay.change(id, |order| order.refunds.clear());
    for minutes in [361, 1_441] {
        market.sweep(after(minutes)).await;
    }
    let reviews = market.reviews(kind).await;
    assert!(reviews.len() == 1 && reviews[0].contains("20 KZT went back"), "{reviews:?}");
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("29.25"), 2));
}

#[tokio::test]
async fn refunds_of_parts_at_freedompay_add_up_however_they_are_heard_of() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::FreedomPay;
    let opened = confirmed(&market, kind).await;
    let id = opened.top_up.id.as_str();
    let goes_back = |part: &str| market.freedom_pay.refund(id, amount(part).decimal());
    goes_back("10");
    for _ in 0..2 {
        assert_eq!(market.send(&paid(&market, &opened)).await, StatusCode::OK);
    }
    assert_eq!(market.balance(kind).await, amount("39"), "of 50, of which it had risen by 48.75");
    goes_back("15.5");
    market.sweep(after(61)).await;
    assert_eq!(market.balance(kind).await, amount("23.89"));
    // A callback says that it failed, and is a reason to ask as any other.
    goes_back("24.5");
    market.freedom_pay.change(id, |order| order.outcome = Some(Payer::IsDeclined));
    for _ in 0..2 {
        assert_eq!(market.send(&paid(&market, &opened)).await, StatusCode::OK);
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 4));
    for minutes in &LOOKS[1..] {
        market.sweep(after(*minutes)).await;
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 4));
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_at_stripe_that_fails_is_in_the_balance_again_in_whatever_order_it_is_told() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::Stripe;
    let mut left = Amount::ZERO;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let opened = confirmed(&market, kind).await;
        let (session, now) = (&opened.top_up.session, Timestamp::now());
        market.give_back(&opened);
        let gone = market.stripe_event(&opened, EventKind::Refunded, now);
        market.fail_refund(&opened);
        let failed = market.stripe_event(&opened, EventKind::RefundFailed, now);
        market.stripe.refund(session, 2_000);
        let anew = market.stripe_event(&opened, EventKind::Refunded, now);
        let told = [&gone, &failed, &anew];
        // Each comes twice, and all of them once more.
        for place in order.into_iter().chain(order).chain([2, 1, 0]) {
            assert_eq!(market.send(told[place]).await, StatusCode::OK);
        }
        left = left.checked_add(amount("28.95")).unwrap();
        assert_eq!(market.balance(kind).await, left, "{order:?}: of 48.25, of which 20 of 50 went back");
    }
    let payments = market.payments().await;
    for minutes in LOOKS {
        market.sweep(after(minutes)).await;
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (left, payments));
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_at_stripe_that_fails_is_found_by_asking_too_and_moves_the_balance_once() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::Stripe;
    let opened = confirmed(&market, kind).await;
    market.give_back(&opened);
    market.sweep(after(61)).await;
    assert_eq!(market.balance(kind).await, Amount::ZERO);
    market.fail_refund(&opened);
    market.sweep(after(361)).await;
    assert_eq!(market.balance(kind).await, amount("48.25"));
    market.stripe.refund(&opened.top_up.session, 2_000);
    for minutes in [1_441, 4_321] {
        market.sweep(after(minutes)).await;
    }
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("28.95"), 4));
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_at_stripe_that_fails_and_the_next_one_move_the_balance_as_each_is_told() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::Stripe;
    let opened = confirmed(&market, kind).await;
    let event = |kind| market.stripe_event(&opened, kind, Timestamp::now());
    market.give_back(&opened);
    assert_eq!(market.send(&event(EventKind::Refunded)).await, StatusCode::OK);
    assert_eq!(market.balance(kind).await, Amount::ZERO);
    market.fail_refund(&opened);
    assert_eq!(market.send(&event(EventKind::RefundFailed)).await, StatusCode::OK);
    assert_eq!(market.balance(kind).await, amount("48.25"));
    market.stripe.refund(&opened.top_up.session, 2_000);
    assert_eq!(market.send(&event(EventKind::Refunded)).await, StatusCode::OK);
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("28.95"), 4));
}

#[tokio::test]
async fn a_refund_that_failed_is_told_so_of_a_top_up_that_a_person_confirmed() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::Stripe;
    let opened = market.top_up(kind, "50").await;
    assert_eq!(market.confirm_by_hand(&opened, "TT-1", "48").await, TopUpPosted::Now);
    market.pay(&opened, true, true);
    let event = |kind| market.stripe_event(&opened, kind, Timestamp::now());
    assert_eq!(market.send(&event(EventKind::Refunded)).await, StatusCode::OK);
    market.fail_refund(&opened);
    assert_eq!(market.send(&event(EventKind::RefundFailed)).await, StatusCode::OK);
    let reviews = market.reviews(kind).await;
    assert_eq!(reviews.len(), 2, "{reviews:?}");
    assert!(reviews.iter().all(|review| review.contains("50 EUR went back by")), "{reviews:?}");
    let failed =
        reviews.iter().filter(|review| review.contains(", of which 50 failed, but it was confirmed"));
    assert_eq!(failed.count(), 1, "{reviews:?}");
    assert_eq!((market.balance(kind).await, market.payments().await), (amount("48"), 1));
}

#[tokio::test]
async fn refunds_that_stripe_does_not_tell_with_their_payment_are_found_in_lists() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::Stripe;
    for is_told in [false, true] {
        let opened = market.top_up(kind, "50").await;
        let session = &opened.top_up.session;
        market.pay(&opened, true, false);
        market.stripe.refund(session, 2_000);
        market.stripe.list_refunds_apart(session);
        assert_eq!(market.send(&paid(&market, &opened)).await, StatusCode::OK);
        let state = market.stored(&opened).await.state;
        assert!(matches!(state, TopUpState::Confirmed { .. }), "its fee is told: {state:?}");
        if is_told {
            market.stripe.fail_refund(session, 1_000);
            let failed = market.stripe_event(&opened, EventKind::RefundFailed, Timestamp::now());
            assert_eq!(market.send(&failed).await, StatusCode::OK);
            assert_eq!(market.balance(kind).await, amount("77.2"), "38.6, and as much of the second one");
        } else {
            market.sweep(after(61)).await;
            assert_eq!(market.balance(kind).await, amount("28.95"), "of 48.25, of which 20 of 50 went back");
            market.stripe.fail_refund(session, 1_000);
            market.sweep(after(361)).await;
            assert_eq!(market.balance(kind).await, amount("38.6"), "of which 10 did not go back after all");
        }
    }
    assert_eq!(market.reviews(kind).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_of_money_that_never_came_is_shown_to_a_person() {
    let market = Market::open().await;
    let kind = PaymentSystemKind::Stripe;
    let (open, closed) = (market.top_up(kind, "50").await, market.top_up(kind, "60").await);
    // The simulator counts a refund as paid; what is told here is the refund alone.
    let expired = market.stripe_event(&closed, EventKind::Expired, Timestamp::now());
    assert_eq!(market.send(&expired).await, StatusCode::OK);
    for minutes in [6, 16, 61, 241, 721, 1_501] {
        market.sweep(after(minutes)).await;
    }
    assert_eq!(market.stored(&open).await.due(), None, "nobody asks any more");
    for opened in [&open, &closed] {
        let told = market.stripe_event(opened, EventKind::Refunded, Timestamp::now());
        for _ in 0..2 {
            assert_eq!(market.send(&told).await, StatusCode::OK);
        }
        assert!(matches!(market.stored(opened).await.state, TopUpState::Review { .. }));
    }
    let reviews = market.reviews(kind).await;
    assert_eq!(reviews.len(), 2, "{reviews:?}");
    assert!(reviews.iter().all(|review| review.contains("no payment of it was told")), "{reviews:?}");
    assert_eq!((market.balance(kind).await, market.payments().await), (Amount::ZERO, 0));
}
