//! What reports do to top-ups, one after another.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::id::RateId;

const SESSION: &str = "cs_1";

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn top_up() -> TopUp {
    let new = NewTopUp {
        id: TopUpId::new(1),
        company: CompanyId::new(1),
        tenant: CompanyId::new(2),
        agreement: AgreementId::new(1),
        wallet: None,
        user: None,
        price: Price { amount: amount("50"), fee: amount("0.75"), to_pay: amount("50.75") },
        currency: currency("EUR"),
        order: None,
        through: Through::default(),
        session: SESSION.into(),
        url: "https://pay.example".into(),
    };
    TopUp::new(new, Timestamp::UNIX_EPOCH)
}

/// The system's fee is missing from the balance.
fn from_client() -> TopUp {
    let through = Through { fee_from: FeeFrom::Client, ..Through::default() };
    TopUp { through, fee: Amount::ZERO, ..top_up() }
}

/// 500 message credits for 50.
fn of_credits(net: &str, tax: &str) -> TopUp {
    let order = CreditOrder {
        quantity: 500,
        unit_price: amount("0.1"),
        rate: RateId::fixed(&AgreementId::new(1), "message_credits"),
        net: amount(net),
        own_legal_entity: None,
        tax_rule: None,
        tax: amount(tax),
        total: amount("50"),
    };
    TopUp { buys: Some(order.credits()), order: Some(order), ..top_up() }
}

fn paid(text: &str) -> Paid {
    Paid {
        session: SESSION.into(),
        attempt: None,
        reference: "pi_1".into(),
        authorization: None,
        amount: amount(text),
        currency: currency("EUR"),
        livemode: true,
        system_fee: None,
    }
}

fn decided(top_up: &TopUp, report: Report) -> Decision {
    decide(top_up, &report, true).unwrap()
}

/// The top-up after a report, and after the counter-payment that it asks for.
fn told(top_up: &TopUp, report: Report) -> TopUp {
    let after = match decided(top_up, report) {
        Decision::Confirm(received) => top_up.confirmed(PaymentId::new(1), received, Timestamp::UNIX_EPOCH),
        Decision::Change(after) => *after,
        Decision::Keep(_) | Decision::Nothing => top_up.clone(),
    };
    match after.take_back().unwrap() {
        Some(made) => after.after_take_back(made).unwrap(),
        None => after,
    }
}

fn back(by: &str, text: &str, reinstated: bool) -> Report {
    let back =
        Return { by: by.into(), payment: None, amount: amount(text), failed: Amount::ZERO, reinstated };
    Report::Returned { back, currency: currency("EUR"), livemode: true }
}

/// Of all that went back by a charge so much failed.
fn failed(by: &str, text: &str, failed: &str) -> Report {
    let Report::Returned { back, currency, livemode } = back(by, text, false) else { panic!("it is one") };
    Report::Returned { back: Return { failed: amount(failed), ..back }, currency, livemode }
}

fn is_review(decision: &Decision) -> bool {
    matches!(decision, Decision::Change(after) if matches!(after.state, TopUpState::Review { .. }))
}

#[test]
fn only_the_expected_money_confirms() {
    let (reference, credited) = ("pi_1".into(), amount("50"));
    let received = Received { reference, authorization: None, system_fee: None, credited };
    assert_eq!(decided(&top_up(), Report::Paid(paid("50.75"))), Decision::Confirm(received));
    for other in [
        Paid { session: "cs_2".into(), ..paid("50.75") },
        paid("50"),
        paid("50.76"),
        Paid { currency: currency("USD"), ..paid("50.75") },
        Paid { livemode: false, ..paid("50.75") },
        Paid { system_fee: Some(amount("-1")), ..paid("50.75") },
    ] {
        assert!(is_review(&decided(&top_up(), Report::Paid(other.clone()))), "{other:?}");
    }
}

#[test]
fn the_receipt_and_each_credit_note_take_a_number_and_have_a_document_of_their_own() {
    let (bought, tenant) = (of_credits("42", "8"), CompanyId::new(2));
    let sold = told(&bought, Report::Paid(paid("50.75")));
    assert_eq!(sold.takes_number(&bought, &tenant), Some(tenant.as_str()));
    let sold = sold.numbered("series", 1);
    let half = told(&sold, back("ch_1", "20", false));
    assert_eq!(half.takes_number(&sold, &tenant), Some("series"));
    let half = half.numbered("series", 4);
    assert_eq!(told(&half, back("ch_1", "20", false)).takes_number(&half, &tenant), None);
    let numbers = (half.receipt.as_ref().map(|receipt| receipt.number), half.credit_notes[0].number);
    assert_eq!((numbers, half.unprinted()), ((Some(1), 4), Some(1)));
    let printed = half.with_document(1, "receipt".into());
    assert_eq!(printed.unprinted(), Some(4));
    let printed = printed.with_document(4, "note".into());
    assert_eq!((printed.unprinted(), printed.credit_notes[0].document.as_deref()), (None, Some("note")));
    let money = told(&top_up(), Report::Paid(paid("50.75")));
    assert_eq!(told(&money, back("ch_1", "20", false)).takes_number(&money, &tenant), None);
}

#[test]
fn what_a_payment_system_does_not_tell_it_keeps_by_its_tariff() {
    let tariff = Tariff::of(Some(amount("2.9")), Some(amount("0.3")));
    let with = |top_up: TopUp| TopUp { through: Through { tariff, ..top_up.through.clone() }, ..top_up };
    let (owner, client) = (with(top_up()), with(from_client()));
    let confirmed = |top_up: &TopUp, paid: Paid| match decided(top_up, Report::Paid(paid)) {
        Decision::Confirm(received) => (received.credited, received.system_fee),
        other => panic!("{other:?}"),
    };
    assert_eq!(confirmed(&owner, paid("50.75")), (amount("50"), Some(amount("1.77"))), "of all that is paid");
    assert_eq!(confirmed(&client, paid("50")), (amount("48.25"), Some(amount("1.75"))));
    let told = Paid { system_fee: Some(amount("1")), ..paid("50") };
    assert_eq!(confirmed(&client, told), (amount("49"), Some(amount("1"))), "what is told is what it kept");
    let by_hand = client.plan_confirmation("TT-1", None).unwrap().unwrap();
    assert_eq!((by_hand.credited, by_hand.system_fee), (amount("48.25"), Some(amount("1.75"))));
}

#[test]
fn system_credits_are_bought_unless_a_users_wallet_is_named() {
    assert_eq!(top_up().target(), WalletId::main(&AgreementId::new(1)));
    let wallet = WalletId::new(7);
    assert_eq!(TopUp { wallet: Some(wallet.clone()), ..top_up() }.target(), wallet);
}

#[test]
fn a_confirmed_top_up_is_confirmed_once_and_a_second_payment_of_it_is_kept() {
    let done = told(&top_up(), Report::Paid(paid("50.75")));
    assert_eq!(decided(&done, Report::Paid(paid("50.75"))), Decision::Nothing);
    let closed = Report::Closed { reason: "expired".into(), attempt: None };
    assert_eq!(decided(&done, closed), Decision::Nothing);
    let second = Paid { reference: "pi_2".into(), ..paid("50.75") };
    assert!(matches!(decided(&done, Report::Paid(second)), Decision::Keep(_)));
    assert!(matches!(decided(&done, Report::Paid(paid("1"))), Decision::Keep(_)));
}

#[test]
fn money_that_comes_after_the_page_expired_is_still_money() {
    let closed = told(&top_up(), Report::Closed { reason: "expired".into(), attempt: None });
    assert_eq!(closed.state, TopUpState::Closed { reason: "expired".into() });
    assert!(matches!(decided(&closed, Report::Paid(paid("50.75"))), Decision::Confirm(_)));
}

#[test]
fn money_that_comes_after_a_person_closed_it_is_for_a_person() {
    let (late, by) = (Report::Paid(paid("50.75")), CompanyId::new(0));
    let unpaid = told(&top_up(), Report::Closed { reason: "expired".into(), attempt: None });
    let review = told(&top_up(), Report::Paid(paid("1")));
    let waiting = told(&from_client(), Report::Paid(paid("50")));
    for before in [top_up(), unpaid, review, waiting] {
        let closed = before.plan_close(" booked by hand ", &by).unwrap().unwrap();
        assert_eq!(closed.state, TopUpState::Closed { reason: "booked by hand".into() });
        assert_eq!(closed.plan_close("again", &by), Ok(None));
        for report in [late.clone(), Report::Paid(paid("1")), back("ch_1", "50.75", false)] {
            assert!(matches!(decided(&closed, report), Decision::Keep(_)));
        }
        assert_eq!(decided(&closed, Report::Mode { livemode: false }), Decision::Nothing);
        assert_eq!(closed.set_aside("not understood".into()), None);
    }
    assert_eq!(top_up().plan_close(" ", &by), Err(CloseError::Reason));
    assert_eq!(told(&top_up(), late).plan_close("too late", &by), Err(CloseError::Confirmed));
}

#[test]
fn what_a_person_confirmed_is_moved_by_nothing_that_the_payment_system_tells() {
    let bought = of_credits("50", "0");
    let returned = told(&bought, back("re_1", "10", false));
    assert_eq!(returned.plan_confirmation("TT-1", None), Err(ConfirmError::Returned));
    let received = bought.plan_confirmation(" TT-1 ", None).unwrap().unwrap();
    assert_eq!((received.reference.as_str(), received.credited), ("TT-1", amount("500")));
    let (payment, by) = (PaymentId::new(1), CompanyId::new(9));
    let confirmed = bought.confirmed_by_hand(payment, received, &by, Timestamp::UNIX_EPOCH);
    let again = confirmed.plan_confirmation("TT-1", None);
    assert_eq!((again, confirmed.due()), (Ok(None), None), "nobody is asked");
    assert!(matches!(decided(&confirmed, Report::Paid(paid("50.75"))), Decision::Keep(_)));
    for (report, what) in [
        (back("re_1", "50.75", false), ""),
        (failed("re_1", "50.75", "20"), ", of which 20 failed"),
        (back("re_1", "50.75", true), " and came again"),
    ] {
        let detail = format!("50.75 EUR went back by re_1{what}, but it was confirmed by hand");
        assert_eq!(decided(&confirmed, report), Decision::Keep(detail));
    }
}

#[test]
fn what_a_person_confirms_of_money_is_its_amount_or_what_that_person_says_is_left_of_it() {
    let credited = |top_up: &TopUp, told: Option<&str>| -> Result<_, ConfirmError> {
        let received = top_up.plan_confirmation("TT-1", told.map(amount))?.expect("it is new");
        assert_eq!(received.reference, "TT-1");
        Ok((received.credited, received.system_fee))
    };
    let whole = (amount("50"), None);
    assert_eq!(credited(&top_up(), None), Ok(whole));
    assert_eq!(credited(&top_up(), Some("50")), Ok(whole));
    let other = ConfirmError::NotCredited { expected: amount("50") };
    assert_eq!(credited(&top_up(), Some("49")), Err(other));
    let waiting = told(&from_client(), Report::Paid(paid("50")));
    assert_eq!(credited(&waiting, None), Err(ConfirmError::NoCredited), "nobody knows the fee");
    assert_eq!(credited(&waiting, Some("48.75")), Ok((amount("48.75"), Some(amount("1.25")))));
    assert_eq!(credited(&waiting, Some("50")), Ok((amount("50"), Some(Amount::ZERO))));
    for wrong in ["0", "-1", "50.01", "48.755"] {
        let range = ConfirmError::CreditedRange { amount: amount("50") };
        assert_eq!(credited(&waiting, Some(wrong)), Err(range), "{wrong}");
    }
    let received = waiting.plan_confirmation("TT-1", Some(amount("48.75"))).unwrap().unwrap();
    let by = CompanyId::new(9);
    let confirmed = waiting.confirmed_by_hand(PaymentId::new(1), received, &by, Timestamp::UNIX_EPOCH);
    assert_eq!(confirmed.plan_confirmation("TT-1", Some(amount("48.75"))), Ok(None));
    let other = confirmed.plan_confirmation("TT-1", Some(amount("48.7")));
    let stored = ConfirmError::Confirmed { reference: "TT-1".into(), credited: amount("48.75") };
    assert_eq!(other, Err(stored));
    let known = Paid { system_fee: Some(amount("1.25")), ..paid("50") };
    assert!(matches!(decided(&confirmed, Report::Paid(known)), Decision::Keep(_)), "told late");
    let closed = waiting.plan_close("booked", &by).unwrap().unwrap();
    assert_eq!(closed.plan_confirmation("TT-1", Some(amount("48.75"))), Err(ConfirmError::Closed));
}

#[test]
fn the_first_outcome_of_a_try_counts_and_a_later_different_one_is_for_a_person() {
    let of = |attempt: &str, authorization: &str| Paid {
        attempt: Some(attempt.into()),
        reference: attempt.into(),
        authorization: Some(authorization.into()),
        ..paid("50.75")
    };
    let refusal = |attempt: &str| Report::Closed { reason: "declined".into(), attempt: Some(attempt.into()) };
    let done = told(&top_up(), Report::Paid(of("A2", "123456")));
    assert_eq!(done.received.as_ref().unwrap().authorization.as_deref(), Some("123456"));
    assert_eq!(decided(&done, Report::Paid(of("A2", "123456"))), Decision::Nothing, "a reload");
    assert_eq!(decided(&done, refusal("A1")), Decision::Nothing, "another try");
    let refused = "A2 was paid before, and is said to be refused: declined";
    assert_eq!(decided(&done, refusal("A2")), Decision::Keep(refused.into()));
    assert!(matches!(decided(&done, Report::Paid(of("A2", "654321"))), Decision::Keep(_)), "charged twice");
}

#[test]
fn a_try_that_was_refused_is_not_paid_afterwards() {
    let refusal = || Report::Closed { reason: "declined".into(), attempt: Some("A1".into()) };
    let refused = told(&top_up(), refusal());
    assert_eq!(decided(&refused, refusal()), Decision::Nothing);
    let of = |attempt: &str| Report::Paid(Paid { attempt: Some(attempt.into()), ..paid("50.75") });
    assert!(is_review(&decided(&refused, of("A1"))));
    assert!(matches!(decided(&refused, of("A2")), Decision::Confirm(_)));
}

#[test]
fn a_fee_from_the_client_is_waited_for_and_missing_from_the_balance() {
    let waiting = told(&from_client(), Report::Paid(paid("50")));
    assert_eq!(waiting.state, TopUpState::Paid);
    assert_eq!(decided(&waiting, Report::Paid(paid("50"))), Decision::Nothing);
    let known = Paid { system_fee: Some(amount("1.25")), ..paid("50") };
    let Decision::Confirm(received) = decided(&waiting, Report::Paid(known)) else { panic!("not confirmed") };
    assert_eq!(received.credited, amount("48.75"));
    let all = Paid { system_fee: Some(amount("50")), ..paid("50") };
    assert!(matches!(decided(&waiting, Report::Paid(all)), Decision::Keep(_)));
}

#[test]
fn message_credits_are_bought_whole() {
    let credits = TopUp { buys: Some(amount("1000")), ..from_client() };
    let Decision::Confirm(received) = decided(&credits, Report::Paid(paid("50"))) else { panic!("waits") };
    assert_eq!(received.credited, amount("1000"));
}

#[test]
fn what_goes_back_to_the_payer_leaves_the_balance_in_proportion() {
    let done = told(&top_up(), Report::Paid(paid("50.75")));
    let half = told(&done, back("ch_1", "25.38", false));
    assert_eq!((half.taken_back, half.take_backs), (amount("25"), 1));
    let same = told(&half, back("ch_1", "25.38", false));
    assert_eq!(same, half, "a repeat changes nothing");
    let all = told(&half, back("ch_1", "50.75", false));
    assert_eq!((all.taken_back, all.take_backs), (amount("50"), 2));
    let more = told(&all, back("dp_1", "50.75", false));
    assert_eq!(more.taken_back, amount("50"), "never more than the balance rose by");
}

#[test]
fn a_dispute_that_is_won_comes_back_whichever_is_told_first() {
    let done = told(&top_up(), Report::Paid(paid("50.75")));
    let lost = told(&done, back("dp_1", "50.75", false));
    let won = told(&lost, back("dp_1", "50.75", true));
    assert_eq!((lost.taken_back, won.taken_back, won.take_backs), (amount("50"), Amount::ZERO, 2));
    let early = told(&told(&done, back("dp_1", "50.75", true)), back("dp_1", "50.75", false));
    assert_eq!((early.taken_back, early.take_backs), (Amount::ZERO, 0));
}

#[test]
fn a_refund_that_failed_is_in_the_balance_again_until_the_next_one() {
    let done = told(&top_up(), Report::Paid(paid("50.75")));
    let gone = told(&done, back("ch_1", "50.75", false));
    let again = told(&gone, failed("ch_1", "50.75", "50.75"));
    assert_eq!((gone.taken_back, again.taken_back, again.take_backs), (amount("50"), Amount::ZERO, 2));
    assert_eq!(told(&again, back("ch_1", "50.75", false)), again, "what was told before it failed");
    assert!(again.has_failed_return("ch_1") && !gone.has_failed_return("ch_1"));
    let anew = told(&again, failed("ch_1", "101.5", "50.75"));
    assert_eq!((anew.taken_back, anew.take_backs), (amount("50"), 3));
    assert_eq!(told(&anew, failed("ch_1", "50.75", "50.75")), anew, "what was told before the next one");
}

#[test]
fn a_refund_that_is_told_before_the_payment_is_taken_when_that_comes() {
    let early = told(&top_up(), back("ch_1", "50.75", false));
    assert_eq!(early.taken_back, Amount::ZERO);
    let done = told(&early, Report::Paid(paid("50.75")));
    assert_eq!((done.taken_back, done.take_backs), (amount("50"), 1));
}

#[test]
fn play_money_that_goes_back_takes_no_real_money() {
    let Report::Returned { back, .. } = back("ch_1", "50.75", false) else { panic!("it is one") };
    let play = Report::Returned { back: back.clone(), currency: currency("EUR"), livemode: false };
    assert!(matches!(decided(&top_up(), play), Decision::Keep(_)));
    let other = Report::Returned { back, currency: currency("USD"), livemode: true };
    assert!(matches!(decided(&top_up(), other), Decision::Keep(_)));
}

#[test]
fn a_payment_system_is_asked_until_the_page_has_closed() {
    let mut asked = top_up();
    let mut minutes = Vec::new();
    while let Some(due) = asked.due() {
        minutes.push(due.duration_since(Timestamp::UNIX_EPOCH).as_mins());
        asked = asked.after_asking(true, due);
    }
    assert_eq!(minutes, [5, 15, 60, 240, 720, 1500]);
    assert_eq!(asked.state, TopUpState::Closed { reason: "expired".into() });
    assert!(SignedDuration::from_hours(24) < SignedDuration::from_mins(1500));
    let mut silent = top_up();
    while let Some(due) = silent.due() {
        silent = silent.after_asking(false, due);
    }
    assert!(matches!(silent.state, TopUpState::Review { .. }), "nobody knows whether it is paid");
}

#[test]
fn a_payment_system_is_asked_whether_money_went_back_as_long_as_it_may() {
    let looks = |kind| {
        let through = Through { kind, ..Through::default() };
        let mut asked = told(&TopUp { through, ..top_up() }, Report::Paid(paid("50.75")));
        let mut hours = Vec::new();
        while let Some(due) = asked.due() {
            hours.push(due.duration_since(Timestamp::UNIX_EPOCH).as_hours());
            asked = asked.after_asking(true, due);
            assert!(matches!(asked.state, TopUpState::Confirmed { .. }));
        }
        hours
    };
    let month = [1, 6, 24, 72, 168, 336, 720];
    assert_eq!(looks(PaymentSystemKind::Stripe), month);
    assert_eq!(looks(PaymentSystemKind::FreedomPay), month);
    assert_eq!(looks(PaymentSystemKind::PayOnline), month);
    assert_eq!(looks(PaymentSystemKind::NetCommerce), [0_i64; 0], "there is nobody to ask");
}

#[test]
fn money_that_goes_back_and_never_came_ends_with_a_person() {
    let closed = || Report::Closed { reason: "expired".into(), attempt: None };
    for first in [vec![], vec![closed()]] {
        let before = first.into_iter().fold(top_up(), |top_up, report| told(&top_up, report));
        let mut waiting = told(&before, back("ch_1", "50.75", false));
        assert_eq!(waiting.state, before.state, "the payment may still be told");
        while let Some(due) = waiting.due() {
            waiting = waiting.after_asking(true, due);
        }
        let reason = "50.75 EUR went back by ch_1, and no payment of it was told".to_owned();
        assert_eq!(waiting.state, TopUpState::Review { reason });
        assert!(matches!(decided(&waiting, Report::Paid(paid("50.75"))), Decision::Confirm(_)));
    }
    let mut ended = top_up();
    while let Some(due) = ended.due() {
        ended = ended.after_asking(true, due);
    }
    assert!(is_review(&decided(&ended, back("ch_1", "50.75", false))), "at once, as nobody asks any more");
}

#[test]
fn money_that_is_told_of_late_is_asked_about_once_more_for_its_fee() {
    let mut ended = from_client();
    while let Some(due) = ended.due() {
        ended = ended.after_asking(true, due);
    }
    let late = told(&ended, Report::Paid(paid("50")));
    assert_eq!(late.state, TopUpState::Paid);
    let asked = late.after_asking(false, late.due().unwrap());
    assert!(matches!(asked.state, TopUpState::Review { .. }));
}

#[test]
fn a_payment_whose_fee_nobody_tells_ends_with_a_person() {
    let mut waiting = told(&from_client(), Report::Paid(paid("50")));
    while let Some(due) = waiting.due() {
        assert_eq!(waiting.state, TopUpState::Paid);
        waiting = waiting.after_asking(true, due);
    }
    assert!(matches!(waiting.state, TopUpState::Review { .. }));
}

#[test]
fn what_is_asked_late_is_not_asked_at_once_again() {
    let late = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(20);
    let soon = late + SignedDuration::from_mins(5);
    assert_eq!(top_up().after_asking(true, late).due(), Some(soon));
    let postponed = top_up().postponed(late);
    assert_eq!((postponed.due(), postponed.asked), (Some(soon), 0));
}

#[test]
fn money_that_a_callback_called_play_money_is_never_confirmed_by_a_rule() {
    let play = || Report::Mode { livemode: false };
    let told_so = told(&top_up(), play());
    assert!(matches!(told_so.state, TopUpState::Review { .. }));
    assert_eq!(decided(&told_so, play()), Decision::Nothing);
    let and_real = told(&told_so, Report::Mode { livemode: true });
    assert!(matches!(decided(&and_real, Report::Paid(paid("50.75"))), Decision::Keep(_)));
    let waiting = told(&told(&from_client(), Report::Paid(paid("50"))), play());
    let known = Paid { system_fee: Some(amount("1.25")), ..paid("50") };
    assert!(matches!(decided(&waiting, Report::Paid(known)), Decision::Keep(_)));
    let done = told(&top_up(), Report::Paid(paid("50.75")));
    assert!(matches!(decided(&done, play()), Decision::Keep(_)));
}

#[test]
fn play_money_stays_play_money_when_its_account_goes_live() {
    let of_test_account = |top_up: &TopUp, report| decide(top_up, &report, false).unwrap();
    let Decision::Change(told_so) = of_test_account(&top_up(), Report::Mode { livemode: false }) else {
        panic!("it is kept")
    };
    assert_eq!(told_so.state, TopUpState::Redirected);
    let play = Report::Paid(Paid { livemode: false, ..paid("50.75") });
    assert!(matches!(of_test_account(&told_so, play), Decision::Confirm(_)));
    assert!(is_review(&decided(&told_so, Report::Paid(paid("50.75")))));
}

#[test]
fn only_what_goes_back_of_the_payment_that_was_credited_leaves_the_balance() {
    let of = |payment: &str| {
        let back = Return {
            by: format!("re_{payment}"),
            payment: Some(payment.into()),
            amount: amount("50.75"),
            failed: Amount::ZERO,
            reinstated: false,
        };
        Report::Returned { back, currency: currency("EUR"), livemode: true }
    };
    let done = told(&top_up(), Report::Paid(paid("50.75")));
    assert!(matches!(decided(&done, of("pi_2")), Decision::Keep(_)));
    assert_eq!(told(&done, of("pi_1")).taken_back, amount("50"));
    let early = told(&told(&top_up(), of("pi_2")), Report::Paid(paid("50.75")));
    assert_eq!(early.taken_back, Amount::ZERO);
    let received = early.received.as_ref().unwrap();
    assert_eq!(early.returns_of_others(received).count(), 1, "it is kept for a person");
}

#[test]
fn money_that_cannot_be_booked_waits_for_a_person_and_is_not_closed() {
    let mut waiting = top_up().set_aside("no wallet".into()).unwrap();
    while let Some(due) = waiting.due() {
        waiting = waiting.after_asking(true, due);
    }
    assert_eq!(waiting.state, TopUpState::Review { reason: "no wallet".into() });
    assert_eq!(waiting.set_aside("no wallet".into()), None);
    assert_eq!(told(&top_up(), Report::Paid(paid("50.75"))).set_aside("no wallet".into()), None);
}

#[test]
fn the_last_cent_of_a_purchase_that_goes_back_has_a_credit_note_too() {
    let sold = told(&of_credits("42", "8"), Report::Paid(paid("50.75"))).numbered("series", 1);
    let nearly = told(&sold, back("ch_1", "50.74", false));
    assert_eq!(nearly.taken_back, amount("499"));
    let all = told(&nearly, back("ch_1", "50.75", false));
    let noted = all.credit_notes.iter().map(|note| (note.total().unwrap(), note.credits));
    let expected = [("50.74", "499"), ("0.01", "1")].map(|(total, credits)| (amount(total), amount(credits)));
    assert_eq!(noted.collect::<Vec<_>>(), expected);
}

proptest! {
    #[test]
    fn credit_notes_add_up_to_the_receipt_once_all_has_gone_back_and_to_nothing_once_it_came_again(
        parts in prop::collection::vec(1_i64..1_500, 0..8)
    ) {
        let mut sold = told(&of_credits("42", "8"), Report::Paid(paid("50.75"))).numbered("series", 1);
        let noted = |sold: &TopUp| {
            let parts: [fn(&CreditNote) -> Amount; 4] =
                [|note| note.net, |note| note.tax, |note| note.fee, |note| note.credits];
            parts.map(|part| Amount::checked_sum(sold.credit_notes.iter().map(part)).unwrap())
        };
        let mut gone = 0;
        for part in parts {
            gone = (gone + part).min(5_075);
            let notes = sold.credit_notes.len();
            let text = format!("{}.{:02}", gone / 100, gone % 100);
            sold = told(&sold, back("ch_1", &text, false));
            if notes < sold.credit_notes.len() {
                let [net, tax, fee, credits] = noted(&sold);
                prop_assert_eq!(Amount::checked_sum([net, tax, fee]).unwrap(), amount(&text));
                prop_assert_eq!(credits, sold.taken_back);
            }
        }
        sold = told(&sold, back("ch_1", "50.75", false));
        prop_assert_eq!(noted(&sold), ["42", "8", "0.75", "500"].map(amount));
        let failed = told(&sold, failed("ch_1", "50.75", "50.75"));
        prop_assert_eq!(noted(&failed), [Amount::ZERO; 4]);
        sold = told(&sold, back("ch_1", "50.75", true));
        prop_assert_eq!(noted(&sold), [Amount::ZERO; 4]);
    }

    #[test]
    fn payment_callbacks_in_any_order_and_number_end_the_same(
        order in prop::collection::vec(0_usize..7, 0..20),
    ) {
        let reports = [
            Report::Paid(paid("50.75")),
            back("ch_1", "10", false),
            back("ch_1", "30.01", false),
            back("dp_1", "20.74", false),
            back("dp_1", "20.74", true),
            failed("ch_2", "5", "5"),
            failed("ch_2", "12.5", "5"),
        ];
        let all = (0..reports.len()).chain(0..reports.len());
        let sorted = all.fold(top_up(), |top_up, index| told(&top_up, reports[index].clone()));
        let mixed = order.iter().copied().chain((0..reports.len()).rev());
        let mixed = mixed.fold(top_up(), |top_up, index| told(&top_up, reports[index].clone()));
        prop_assert_eq!(mixed.taken_back, sorted.taken_back);
        prop_assert_eq!(mixed.taken_back, amount("36.96"));
    }
}
