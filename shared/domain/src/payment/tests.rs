//! The life of a payment: each step of it as the guide tells it (7.1, 19.5), and all of them in any order.

use expect_test::{Expect, expect};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::agreement::{Agreement, AgreementError, Charging, CreditLimit, NewAgreement, plan_agreement};
use crate::period::BillingTerms;
use crate::wallet::{Wallet, WalletState};

/// 21 September 2023, noon in Berlin.
const NOW: &str = "2023-09-21T10:00:00Z";
const PAID_ON: Date = date(2023, 9, 21);
const BEFORE: Date = date(2023, 9, 29);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// In euros and in Berlin, in force since 20 September 2023, 22:30 UTC: the 21st there.
fn agreement() -> Agreement {
    let ask = NewAgreement {
        id: AgreementId::new(1),
        company: CompanyId::new(1),
        tenant: CompanyId::new(0),
        code: "1234".into(),
        currency: currency("EUR"),
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Limited(amount("50")),
        billing: BillingTerms { time_zone: "Europe/Berlin".into(), ..BillingTerms::monthly_utc() },
    };
    let planned: Result<_, AgreementError> = plan_agreement(ask, None, true, at("2023-09-20T22:30:00Z"));
    planned.unwrap()
}

/// A wallet with this much of its own, and a credit limit of 50 beside it.
fn wallet(funds: &str) -> Wallet {
    let agreement = agreement();
    let mut wallet =
        Wallet::open(&agreement.id, &agreement.company, agreement.currency, amount("50"), vec![]);
    wallet.funding = amount(funds);
    wallet.headroom = amount(funds).checked_add(amount("50")).unwrap();
    wallet
}

fn ask(direction: PaymentDirection, sum: &str) -> PaymentRequest {
    PaymentRequest {
        id: PaymentId::new(1),
        direction,
        amount: amount(sum),
        exchange: None,
        payment_date: PAID_ON,
        reference: "1002".into(),
        description: "For the economy pack".into(),
        confirmed: true,
        confirm_before: None,
        may_overdraw: false,
        by: "com_1".into(),
    }
}

fn inbound() -> PaymentRequest {
    ask(PaymentDirection::Inbound, "100")
}

fn expected() -> PaymentRequest {
    PaymentRequest { confirmed: false, confirm_before: Some(BEFORE), ..inbound() }
}

fn in_dollars() -> PaymentRequest {
    let exchange =
        ExchangeRequest { currency: currency("USD"), replenishment: amount("98"), date: date(2023, 9, 20) };
    PaymentRequest { exchange: Some(exchange), ..inbound() }
}

fn plan(ask: PaymentRequest) -> Result<Payment, PaymentError> {
    plan_payment(&agreement(), &wallet("30"), ask, at(NOW))
}

fn edit(payment: &Payment, edit: PaymentEdit, now: &str) -> Result<Payment, PaymentError> {
    let changed = plan_change(payment, &agreement(), &wallet("30"), edit, at(now))?;
    Ok(changed.expect("it changes something"))
}

fn confirm() -> PaymentEdit {
    PaymentEdit { confirmed: Some(true), ..PaymentEdit::default() }
}

fn withdraw(confirm_before: Date) -> PaymentEdit {
    PaymentEdit { confirmed: Some(false), confirm_before: Some(confirm_before), ..PaymentEdit::default() }
}

/// Status, what is in the balance, and the deadline.
fn shown(payment: &Payment) -> String {
    let due = payment.due().map(|due| format!(" until {due}")).unwrap_or_default();
    format!("{:?}, {} in the balance{due}", payment.status, payment.effect())
}

#[track_caller]
fn check(planned: Result<Payment, PaymentError>, expected: Expect) {
    expected.assert_eq(&planned.map_or_else(|error| error.to_string(), |payment| shown(&payment)));
}

#[test]
fn a_confirmed_payment_is_in_the_balance_at_once_and_for_good() {
    check(plan(inbound()), expect!["Confirmed, 100 in the balance"]);
    check(plan(ask(PaymentDirection::Outbound, "30")), expect!["Confirmed, -30 in the balance"]);
    let payment = plan(inbound()).unwrap();
    assert_eq!(plan_expiry(&payment, at("2033-01-01T00:00:00Z")), None);
    // Its deadline does not matter while it is confirmed.
    let payment = plan(PaymentRequest { confirm_before: Some(BEFORE), ..inbound() }).unwrap();
    assert_eq!(plan_expiry(&payment, at("2033-01-01T00:00:00Z")), None);
}

#[test]
fn an_unconfirmed_payment_is_in_the_balance_until_its_day_begins_in_the_agreements_time_zone() {
    let payment = plan(expected()).unwrap();
    check(Ok(payment.clone()), expect!["NotConfirmed, 100 in the balance until 2023-09-28T22:00:00Z"]);
    assert_eq!(plan_expiry(&payment, at("2023-09-28T21:59:59Z")), None);
    let expired = plan_expiry(&payment, at("2023-09-28T22:00:00Z")).unwrap();
    check(Ok(expired.clone()), expect!["Expired, 0 in the balance"]);
    assert_eq!(delta(Some(&payment), &expired), Ok(amount("-100")));
    assert_eq!(plan_expiry(&expired, at("2023-10-01T00:00:00Z")), None);
    let late = edit(&expired, confirm(), "2023-10-01T00:00:00Z").unwrap();
    check(Ok(late.clone()), expect!["Confirmed, 100 in the balance"]);
    assert_eq!(delta(Some(&expired), &late), Ok(amount("100")));
}

#[test]
fn confirming_what_is_in_the_balance_does_not_add_it_again() {
    let payment = plan(expected()).unwrap();
    let confirmed = edit(&payment, confirm(), NOW).unwrap();
    check(Ok(confirmed.clone()), expect!["Confirmed, 100 in the balance"]);
    assert_eq!(delta(Some(&payment), &confirmed), Ok(Amount::ZERO));
    let again = plan_change(&confirmed, &agreement(), &wallet("30"), confirm(), at(NOW));
    assert_eq!(again, Ok(None));
}

#[test]
fn a_withdrawn_confirmation_counts_until_its_deadline_and_not_at_all_where_that_has_come() {
    let payment = plan(inbound()).unwrap();
    check(
        edit(&payment, PaymentEdit { confirmed: Some(false), ..PaymentEdit::default() }, NOW),
        expect!["a payment that is not confirmed needs `confirm_before`"],
    );
    let later = "2023-09-25T10:00:00Z";
    let ahead = edit(&payment, withdraw(date(2023, 9, 26)), later);
    check(ahead, expect!["NotConfirmed, 100 in the balance until 2023-09-25T22:00:00Z"]);
    for day in [date(2023, 9, 25), date(2023, 9, 22)] {
        check(edit(&payment, withdraw(day), later), expect!["Expired, 0 in the balance"]);
    }
    let paid_back = plan(ask(PaymentDirection::Outbound, "30")).unwrap();
    let withdrawn = edit(&paid_back, withdraw(date(2023, 9, 22)), later).unwrap();
    assert_eq!(delta(Some(&paid_back), &withdrawn), Ok(amount("30")));
}

#[test]
fn an_unconfirmed_payment_whose_deadline_has_come_never_enters_the_balance() {
    let late = |now| plan_payment(&agreement(), &wallet("30"), expected(), at(now));
    check(late("2023-09-28T22:00:00Z"), expect!["Expired, 0 in the balance"]);
    // A later deadline puts it there.
    let payment = late("2023-09-30T00:00:00Z").unwrap();
    let longer = PaymentEdit { confirm_before: Some(date(2023, 10, 9)), ..PaymentEdit::default() };
    let longer = edit(&payment, longer, "2023-09-30T00:00:00Z");
    check(longer, expect!["NotConfirmed, 100 in the balance until 2023-10-08T22:00:00Z"]);
}

#[test]
fn any_edit_takes_out_what_the_sweeper_has_not_yet() {
    let payment = plan(expected()).unwrap();
    let noted = PaymentEdit { description: Some("called them".into()), ..PaymentEdit::default() };
    check(edit(&payment, noted, "2023-09-28T22:00:00Z"), expect!["Expired, 0 in the balance"]);
}

#[test]
fn deleting_takes_back_what_is_in_the_balance_and_nothing_else() {
    for (payment, back) in [
        (plan(inbound()), "-100"),
        (plan(expected()), "-100"),
        (plan(ask(PaymentDirection::Outbound, "30")), "30"),
    ] {
        let payment = payment.unwrap();
        let deleted = plan_deletion(&payment, &wallet("30"), at(NOW)).unwrap().unwrap();
        check(Ok(deleted.clone()), expect!["Canceled, 0 in the balance"]);
        assert_eq!(delta(Some(&payment), &deleted), Ok(amount(back)));
        assert_eq!(plan_deletion(&deleted, &wallet("30"), at(NOW)), Ok(None));
        check(edit(&deleted, confirm(), NOW), expect!["a deleted payment cannot be changed"]);
    }
    let payment = plan(expected()).unwrap();
    let expired = plan_expiry(&payment, at("2023-10-01T00:00:00Z")).unwrap();
    let deleted = plan_deletion(&expired, &wallet("30"), at("2023-10-01T00:00:00Z")).unwrap().unwrap();
    assert_eq!(delta(Some(&expired), &deleted), Ok(Amount::ZERO));
}

#[test]
fn only_payment_systems_move_the_balance_of_a_deleted_agreement() {
    let closed = Wallet { state: WalletState::Closed, ..wallet("30") };
    let waiting = plan(expected()).unwrap();
    let expired = plan_expiry(&waiting, at("2023-10-01T00:00:00Z")).unwrap();
    let late = at("2023-10-01T00:00:00Z");
    let change = |payment| plan_change(payment, &agreement(), &closed, confirm(), late);
    assert_eq!(change(&expired), Err(PaymentError::AgreementDeleted));
    // What it has already changes nothing.
    check(change(&waiting).map(Option::unwrap), expect!["Confirmed, 100 in the balance"]);
    let back = plan(ask(PaymentDirection::Outbound, "30")).unwrap();
    assert_eq!(plan_deletion(&back, &closed, late), Err(PaymentError::AgreementDeleted));
    let unpaid =
        plan(PaymentRequest { amount: amount("30"), direction: PaymentDirection::Outbound, ..expected() })
            .unwrap();
    let kept = plan_expiry(&unpaid, late).unwrap();
    assert!(delta(Some(&unpaid), &kept).unwrap().is_positive());
    assert_eq!(needs_open_wallet(Some(&unpaid), &kept), Ok(false));
    let confirmed = plan(inbound()).unwrap();
    assert_eq!(plan_deletion(&confirmed, &closed, late), Err(PaymentError::AgreementDeleted));
    for payment in [&confirmed, &back] {
        let taken_back = plan_change(payment, &agreement(), &closed, withdraw(october(9)), late);
        assert_eq!(taken_back, Err(PaymentError::AgreementDeleted));
    }
    let ask = |by: &str| PaymentRequest { by: by.into(), ..inbound() };
    let paid = |by| plan_payment(&agreement(), &closed, ask(by), at(NOW));
    assert_eq!(paid("com_1"), Err(PaymentError::AgreementDeleted));
    check(paid("freedom_pay"), expect!["Confirmed, 100 in the balance"]);
}

#[test]
fn what_a_top_up_paid_leaves_the_balance_by_a_refund_only() {
    for direction in [PaymentDirection::Inbound, PaymentDirection::Outbound] {
        let told = plan(PaymentRequest { by: "freedom_pay".into(), ..ask(direction, "30") }).unwrap();
        let by_hand = plan(ask(direction, "30")).unwrap();
        let by_hand = Payment { top_up: Some(TopUpId::new(1)), ..by_hand };
        for payment in [told, by_hand] {
            assert_eq!(plan_deletion(&payment, &wallet("30"), at(NOW)), Err(PaymentError::ByTopUp));
            let more = PaymentEdit { amount: Some(amount("31")), ..PaymentEdit::default() };
            for refused in [withdraw(BEFORE), more] {
                assert_eq!(edit(&payment, refused, NOW), Err(PaymentError::ByTopUp));
            }
            let words = PaymentEdit { description: Some("seen".into()), ..confirm() };
            assert_eq!(edit(&payment, words, NOW).unwrap().effect(), payment.effect());
        }
    }
}

#[test]
fn what_is_paid_back_is_there_unless_it_is_told_that_it_may_be_more() {
    let outbound = |sum: &str| ask(PaymentDirection::Outbound, sum);
    // The credit limit of 50 is not given away.
    check(plan(outbound("30.01")), expect!["30 is available, 30.01 is needed"]);
    let waiting = PaymentRequest { confirmed: false, confirm_before: Some(BEFORE), ..outbound("30.01") };
    check(plan(waiting), expect!["30 is available, 30.01 is needed"]);
    let payment = plan(PaymentRequest { may_overdraw: true, ..outbound("30.01") }).unwrap();
    check(Ok(payment.clone()), expect!["Confirmed, -30.01 in the balance"]);
    // Each time it is put there again, it has to be told again.
    let out = edit(&payment, withdraw(date(2023, 9, 22)), "2023-09-22T00:00:00Z").unwrap();
    check(edit(&out, confirm(), NOW), expect!["30 is available, 30.01 is needed"]);
    let again = PaymentEdit { may_overdraw: true, ..confirm() };
    check(edit(&out, again, NOW), expect!["Confirmed, -30.01 in the balance"]);
    // A higher amount needs the difference.
    let payment = plan(outbound("10")).unwrap();
    let more = |sum: &str| PaymentEdit { amount: Some(amount(sum)), ..PaymentEdit::default() };
    check(edit(&payment, more("40"), NOW), expect!["Confirmed, -40 in the balance"]);
    check(edit(&payment, more("40.01"), NOW), expect!["30 is available, 30.01 is needed"]);
}

#[test]
fn what_came_in_is_taken_back_also_where_it_has_been_spent() {
    let payment = plan(inbound()).unwrap();
    let spent = wallet("-50");
    let withdrawn =
        plan_change(&payment, &agreement(), &spent, withdraw(date(2023, 9, 22)), at("2023-09-22T10:00:00Z"));
    check(withdrawn.map(Option::unwrap), expect!["Expired, 0 in the balance"]);
    let less = PaymentEdit { amount: Some(amount("1")), ..PaymentEdit::default() };
    let less = plan_change(&payment, &agreement(), &spent, less, at(NOW));
    check(less.map(Option::unwrap), expect!["Confirmed, 1 in the balance"]);
}

#[test]
fn the_confirmation_deadline_is_later_than_the_payment_date() {
    // The guide's example: for August 22 the first day is August 23.
    let dated =
        |payment_date, before| PaymentRequest { payment_date, confirm_before: Some(before), ..expected() };
    let refused = expect!["`confirm_before` must be later than the payment date"];
    check(plan(dated(date(2024, 8, 22), date(2024, 8, 22))), refused);
    let first = expect!["NotConfirmed, 100 in the balance until 2024-08-22T22:00:00Z"];
    check(plan(dated(date(2024, 8, 22), date(2024, 8, 23))), first);
    check(
        plan(PaymentRequest { confirm_before: None, ..expected() }),
        expect!["a payment that is not confirmed needs `confirm_before`"],
    );
}

#[test]
fn both_dates_fall_in_the_validity_of_an_agreement_version() {
    let dated = |payment_date, confirm_before| {
        plan(PaymentRequest { payment_date, confirm_before: Some(confirm_before), ..expected() })
    };
    // It began on the 21st in Berlin, though that was the 20th in UTC.
    for (payment_date, confirm_before) in
        [(date(2023, 9, 20), BEFORE), (date(2023, 9, 19), date(2023, 9, 20))]
    {
        check(dated(payment_date, confirm_before), no_version());
    }
    assert!(dated(date(2023, 9, 21), BEFORE).is_ok());
    let payment = plan(inbound()).unwrap();
    let earlier = PaymentEdit { payment_date: Some(date(2023, 9, 20)), ..PaymentEdit::default() };
    check(edit(&payment, earlier, NOW), no_version());
}

/// The guide's sentence.
fn no_version() -> Expect {
    expect![
        "The actual agreement version could not be found for the selected payment date and payment confirmation deadline"
    ]
}

#[test]
fn texts_and_amounts_are_checked_when_it_is_made_and_when_it_is_edited() {
    check(plan(ask(PaymentDirection::Inbound, "0")), expect!["the amount must be more than zero"]);
    check(plan(ask(PaymentDirection::Inbound, "-1")), expect!["the amount must be more than zero"]);
    let payment = plan(inbound()).unwrap();
    let none = PaymentEdit { amount: Some(Amount::ZERO), ..PaymentEdit::default() };
    check(edit(&payment, none, NOW), expect!["the amount must be more than zero"]);
    for reference in [" ", "a\nb", &"x".repeat(101)] {
        let edited = PaymentEdit { reference: Some(reference.to_owned()), ..PaymentEdit::default() };
        assert_eq!(edit(&payment, edited, NOW), Err(PaymentError::Reference));
        let made = PaymentRequest { reference: reference.to_owned(), ..inbound() };
        assert_eq!(plan(made), Err(PaymentError::Reference));
    }
    let long = PaymentRequest { description: "x".repeat(501), ..inbound() };
    assert_eq!(plan(long), Err(PaymentError::DescriptionTooLong));
    let renamed = PaymentEdit { reference: Some(" 1003 ".into()), ..PaymentEdit::default() };
    assert_eq!(edit(&payment, renamed, NOW).unwrap().reference, "1003");
}

/// What was paid, what the balance got, and the rate as it is shown.
#[track_caller]
fn check_rate(payment: &Payment, expected: Expect) {
    let (paid, in_currency) = payment.paid();
    let rate = payment.exchange.as_ref().map(Exchange::rate).unwrap_or_default();
    let own = payment.currency;
    expected.assert_eq(&format!("{paid} {in_currency} for {} {own}, 1 {own} = {rate}", payment.amount));
}

#[test]
fn the_rate_follows_from_both_amounts_and_stays_when_one_is_corrected() {
    let payment = plan(in_dollars()).unwrap();
    check_rate(&payment, expect!["100 USD for 98 EUR, 1 EUR = 1.0204081633"]);
    let paid = |sum: &str| PaymentEdit { amount: Some(amount(sum)), ..PaymentEdit::default() };
    let more = edit(&payment, paid("150"), NOW).unwrap();
    check_rate(&more, expect!["150 USD for 147 EUR, 1 EUR = 1.0204081633"]);
    // 32.6634 rounds to the cent; and back to 100 is back to 98.
    let odd = edit(&payment, paid("33.33"), NOW).unwrap();
    check_rate(&odd, expect!["33.33 USD for 32.66 EUR, 1 EUR = 1.0204081633"]);
    assert_eq!(edit(&odd, paid("100"), NOW).unwrap().amount, amount("98"));
    check(edit(&payment, paid("0.001"), NOW), expect!["the replenishment amount must be more than zero"]);
}

#[test]
fn only_another_currency_is_exchanged() {
    let exchanged = |code: &str, replenishment: &str| {
        let exchange =
            ExchangeRequest { currency: currency(code), replenishment: amount(replenishment), date: PAID_ON };
        plan(PaymentRequest { exchange: Some(exchange), ..inbound() })
    };
    assert_eq!(exchanged("EUR", "100"), Err(PaymentError::NothingToExchange));
    assert_eq!(exchanged("CREDIT", "100"), Err(PaymentError::PaidInCredits));
    assert_eq!(exchanged("USD", "0"), Err(PaymentError::ReplenishmentNotPositive));
    check(exchanged("JPY", "0.61"), expect!["Confirmed, 0.61 in the balance"]);
}

#[test]
fn a_company_is_told_when_a_payment_becomes_confirmed() {
    let (waiting, confirmed) = (plan(expected()).unwrap(), plan(inbound()).unwrap());
    assert!(became_confirmed(None, &confirmed));
    assert!(became_confirmed(Some(&waiting), &confirmed));
    assert!(!became_confirmed(Some(&confirmed), &confirmed));
    assert!(!became_confirmed(None, &waiting));
    assert!(!became_confirmed(Some(&confirmed), &waiting));
}

#[test]
fn another_content_is_another_request() {
    let hash = |ask: &PaymentRequest| request_hash(&agreement(), ask);
    let first = inbound();
    assert_eq!(hash(&first), hash(&PaymentRequest { reference: " 1002".into(), ..first.clone() }));
    let others = [
        PaymentRequest { amount: amount("99"), ..first.clone() },
        PaymentRequest { direction: PaymentDirection::Outbound, ..first.clone() },
        PaymentRequest { description: String::new(), ..first.clone() },
        PaymentRequest { may_overdraw: true, ..first.clone() },
        PaymentRequest { confirm_before: Some(BEFORE), ..first.clone() },
        in_dollars(),
    ];
    for other in others {
        assert_ne!(hash(&first), hash(&other), "{other:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Confirm,
    Withdraw { day: i8 },
    Deadline { day: i8 },
    Paid { cents: i64 },
    Dated { day: i8 },
    Expire,
    Delete,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Confirm),
        3 => (1i8..=31).prop_map(|day| Step::Withdraw { day }),
        2 => (1i8..=31).prop_map(|day| Step::Deadline { day }),
        2 => (1i64..100_000).prop_map(|cents| Step::Paid { cents }),
        1 => (1i8..=31).prop_map(|day| Step::Dated { day }),
        3 => Just(Step::Expire),
        1 => Just(Step::Delete),
    ]
}

fn october(day: i8) -> Date {
    date(2023, 10, day)
}

fn take(payment: &Payment, step: &Step, now: Timestamp) -> Option<Payment> {
    let edit = match *step {
        Step::Expire => return plan_expiry(payment, now),
        Step::Delete => return plan_deletion(payment, &wallet("0"), now).unwrap(),
        Step::Confirm => confirm(),
        Step::Withdraw { day } => withdraw(october(day)),
        Step::Deadline { day } => {
            PaymentEdit { confirm_before: Some(october(day)), ..PaymentEdit::default() }
        }
        Step::Paid { cents } => {
            let paid = Amount::new(rust_decimal::Decimal::new(cents, 2)).unwrap();
            PaymentEdit { amount: Some(paid), ..PaymentEdit::default() }
        }
        Step::Dated { day } => PaymentEdit { payment_date: Some(october(day)), ..PaymentEdit::default() },
    };
    let edit = PaymentEdit { may_overdraw: true, ..edit };
    plan_change(payment, &agreement(), &wallet("0"), edit, now).ok().flatten()
}

proptest! {
    #[test]
    fn after_any_steps_at_any_times_the_balance_has_all_of_a_payment_or_nothing_of_it(
        (is_outbound, is_foreign, confirmed) in any::<(bool, bool, bool)>(),
        (paid_on, before) in (1i8..=31, 1i8..=31),
        steps in prop::collection::vec((step(), 1i64..31 * 24), 0..24),
    ) {
        let direction = if is_outbound { PaymentDirection::Outbound } else { PaymentDirection::Inbound };
        let exchange = is_foreign.then(|| in_dollars().exchange.unwrap());
        let ask = PaymentRequest {
            direction, exchange, confirmed, may_overdraw: true, payment_date: october(paid_on),
            confirm_before: Some(october(before)), ..inbound()
        };
        let made = plan_payment(&agreement(), &wallet("0"), ask, at("2023-10-01T00:00:00Z"));
        prop_assume!(made.is_ok());
        let mut payment = made.unwrap();
        let mut sum = delta(None, &payment).unwrap();
        for (step, hour) in &steps {
            let now = at("2023-10-01T00:00:00Z").checked_add(jiff::SignedDuration::from_hours(*hour)).unwrap();
            let Some(after) = take(&payment, step, now) else { continue };
            sum = sum.checked_add(delta(Some(&payment), &after).unwrap()).unwrap();
            prop_assert_eq!(after.revision, payment.revision + 1);
            payment = after;
            let whole = if is_outbound { -payment.amount } else { payment.amount };
            prop_assert_eq!(sum, payment.effect());
            prop_assert!(sum == Amount::ZERO || sum == whole);
            prop_assert_eq!(sum != Amount::ZERO, payment.status.is_in_balance());
            prop_assert_eq!(needed(None, &payment).unwrap(), None);
            // Nothing but a confirmation keeps it in the balance when its deadline has come.
            let outlives = payment.status == PaymentStatus::Confirmed;
            let expired = plan_expiry(&payment, Timestamp::MAX).unwrap_or_else(|| payment.clone());
            prop_assert_eq!(expired.effect() != Amount::ZERO, outlives);
            // The same step again changes nothing more.
            prop_assert_eq!(take(&payment, step, now), None);
        }
    }
}
