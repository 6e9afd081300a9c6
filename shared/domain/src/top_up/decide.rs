//! What a report of a payment system does to the top-up that it names.

use super::{Received, Return, TopUp, TopUpState};
use crate::money::{Amount, AmountError, Currency};

/// What a payment system reported about a checkout, in our own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    Paid(Paid),
    Closed {
        reason: String,
        /// The try that was refused, where the payment system names each.
        attempt: Option<String>,
    },
    /// A callback said whether it is real money, before any is certain.
    Mode {
        livemode: bool,
    },
    /// Money went back, or came again after it had.
    Returned {
        back: Return,
        currency: Currency,
        livemode: bool,
    },
    /// Asked, it says of a payment that was confirmed what no rule can settle.
    Doubt {
        detail: String,
    },
}

/// The payer's money is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub session: String,
    /// The try that was paid, where the payment system names each.
    pub attempt: Option<String>,
    /// The payment system's own name of the payment: what our payment is known by.
    pub reference: String,
    /// The bank's number of it, where that is told.
    pub authorization: Option<String>,
    pub amount: Amount,
    pub currency: Currency,
    pub livemode: bool,
    /// What the payment system keeps of it, if that is known yet.
    pub system_fee: Option<Amount>,
}

/// What a report does to a top-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Make this top-up's one payment.
    Confirm(Received),
    /// Store the top-up so.
    Change(Box<TopUp>),
    /// Leave it, and keep the report for a person.
    Keep(String),
    /// Known already, or too late to matter.
    Nothing,
}

const OTHER_MODE: &str = "a test payment on a live account, or the other way round";

/// Money for exactly the expected checkout confirms; anything else that claims money goes to review.
/// A confirmed top-up stays confirmed; a closed one is confirmed by a late payment, unless a person closed it.
pub fn decide(top_up: &TopUp, report: &Report, livemode_expected: bool) -> Result<Decision, AmountError> {
    match report {
        Report::Mode { .. } if top_up.closed_by.is_some() => Ok(Decision::Nothing),
        Report::Paid(Paid { amount, currency, reference, .. }) if top_up.closed_by.is_some() => Ok(
            Decision::Keep(format!("{amount} {currency} was paid as {reference}, but it was closed by hand")),
        ),
        Report::Returned { back, currency, .. } if top_up.closed_by.is_some() => {
            Ok(Decision::Keep(format!("{}, but it was closed by hand", back.told(*currency))))
        }
        Report::Returned { back, currency, .. } if top_up.confirmed_by.is_some() => {
            Ok(Decision::Keep(format!("{}, but it was confirmed by hand", back.told(*currency))))
        }
        Report::Paid(paid) => money(top_up, paid, livemode_expected),
        Report::Closed { reason, attempt } => Ok(closed(top_up, reason, attempt.as_ref())),
        Report::Mode { livemode } => Ok(mode(top_up, *livemode, livemode_expected)),
        Report::Returned { back, currency, livemode } => {
            Ok(returned(top_up, back, *currency, *livemode == livemode_expected))
        }
        Report::Doubt { detail } => Ok(Decision::Keep(detail.clone())),
    }
}

fn money(top_up: &TopUp, paid: &Paid, livemode_expected: bool) -> Result<Decision, AmountError> {
    if let Some(reason) = mismatch(top_up, paid, livemode_expected) {
        return Ok(review(top_up, reason));
    }
    if matches!(top_up.state, TopUpState::Confirmed { .. }) {
        let is_known = top_up.received.as_ref().is_none_or(|received| is_told_again(received, paid));
        return Ok(match (&top_up.received, &top_up.confirmed_by) {
            _ if is_known => Decision::Nothing,
            (Some(received), Some(_)) => Decision::Keep(format!(
                "{} paid for what was confirmed by hand as paid by {}",
                paid.reference, received.reference
            )),
            _ => Decision::Keep(format!("{} paid a second time for what was paid before", paid.reference)),
        });
    }
    let system_fee = match paid.system_fee {
        None => top_up.tariff_fee()?,
        told => told,
    };
    let credited = match (top_up.needs_system_fee(), system_fee) {
        (true, None) if top_up.state == TopUpState::Paid => return Ok(Decision::Nothing),
        (true, None) => {
            // Told after the last time that it was asked about, it is asked about once more.
            let ask_at = top_up.ask_at.or(Some(top_up.created_at));
            return Ok(Decision::Change(Box::new(TopUp { ask_at, ..top_up.in_state(TopUpState::Paid) })));
        }
        (true, Some(fee)) => top_up.amount.checked_sub(fee)?,
        (false, _) => top_up.buys.unwrap_or(top_up.amount),
    };
    if !credited.is_positive() {
        return Ok(review(top_up, format!("nothing is left of {} after the fee", paid.amount)));
    }
    let Paid { reference, authorization, .. } = paid.clone();
    Ok(Decision::Confirm(Received { reference, authorization, system_fee, credited }))
}

/// One try may be charged twice: the bank has a number for each.
fn is_told_again(received: &Received, paid: &Paid) -> bool {
    let same = |(known, told): (&String, &String)| known == told;
    received.reference == paid.reference
        && received.authorization.as_ref().zip(paid.authorization.as_ref()).is_none_or(same)
}

fn mismatch(top_up: &TopUp, paid: &Paid, livemode_expected: bool) -> Option<String> {
    if paid.session != top_up.session {
        return Some(format!("the payment names another checkout, {}", paid.session));
    }
    if paid.livemode != livemode_expected
        || top_up.told_livemode.is_some_and(|told| told != livemode_expected)
    {
        return Some(OTHER_MODE.to_owned());
    }
    if (paid.amount, paid.currency) != (top_up.to_pay(), top_up.currency) {
        return Some(format!(
            "{} {} was paid, {} {} was expected",
            paid.amount,
            paid.currency,
            top_up.to_pay(),
            top_up.currency
        ));
    }
    if paid.system_fee.is_some_and(Amount::is_negative) {
        return Some("the payment system's fee is below zero".to_owned());
    }
    let attempt = paid.attempt.as_ref().filter(|attempt| top_up.refused.contains(attempt))?;
    Some(format!("{attempt} was refused before, and is said to be paid"))
}

fn closed(top_up: &TopUp, reason: &str, attempt: Option<&String>) -> Decision {
    let mut after = match top_up.state {
        TopUpState::Redirected => top_up.in_state(TopUpState::Closed { reason: reason.to_owned() }),
        TopUpState::Closed { .. } | TopUpState::Review { .. } => top_up.next(),
        TopUpState::Paid | TopUpState::Confirmed { .. } => {
            return refused_after_payment(top_up, reason, attempt);
        }
    };
    after.refused.extend(attempt.filter(|attempt| !top_up.refused.contains(attempt)).cloned());
    if after.state == top_up.state && after.refused == top_up.refused {
        return Decision::Nothing;
    }
    Decision::Change(Box::new(after))
}

/// What was paid stays so. That the very try that was paid is refused as well is for a person; of another try it
/// is no news.
fn refused_after_payment(top_up: &TopUp, reason: &str, attempt: Option<&String>) -> Decision {
    let paid = top_up.received.as_ref().map(|received| &received.reference);
    match attempt.filter(|attempt| paid == Some(*attempt)) {
        Some(attempt) => {
            Decision::Keep(format!("{attempt} was paid before, and is said to be refused: {reason}"))
        }
        None => Decision::Nothing,
    }
}

/// Kept until the money is certain. What contradicts the account stays: the payer may have tried twice.
fn mode(top_up: &TopUp, livemode: bool, livemode_expected: bool) -> Decision {
    let is_expected = livemode == livemode_expected;
    if top_up.told_livemode == Some(livemode) || (is_expected && top_up.told_livemode.is_some()) {
        return Decision::Nothing;
    }
    if is_expected {
        return Decision::Change(Box::new(TopUp { told_livemode: Some(livemode), ..top_up.next() }));
    }
    if matches!(top_up.state, TopUpState::Confirmed { .. }) || top_up.closed_by.is_some() {
        return Decision::Keep(OTHER_MODE.to_owned());
    }
    let after = top_up.in_state(TopUpState::Review { reason: OTHER_MODE.to_owned() });
    Decision::Change(Box::new(TopUp { told_livemode: Some(livemode), ..after }))
}

fn returned(top_up: &TopUp, back: &Return, currency: Currency, mode_matches: bool) -> Decision {
    if !mode_matches || currency != top_up.currency {
        let mode = if mode_matches { "" } else { ", in the other mode" };
        return Decision::Keep(format!("{}{mode}", back.told(currency)));
    }
    if let Some(received) = &top_up.received
        && !back.is_of(received)
    {
        let told = back.told(currency);
        return Decision::Keep(format!("{told}, of another payment than {}", received.reference));
    }
    let Some(after) = top_up.with_return(back) else { return Decision::Nothing };
    // While its payment system is asked, the payment may still be told.
    if after.due().is_none() && after.has_stray_return() {
        let state = TopUpState::Review { reason: after.stray_return() };
        return Decision::Change(Box::new(TopUp { state, ..after }));
    }
    Decision::Change(Box::new(after))
}

/// A confirmed or paid top-up stays so; a person still has to look.
fn review(top_up: &TopUp, reason: String) -> Decision {
    match top_up.set_aside(reason.clone()) {
        None => Decision::Keep(reason),
        Some(after) => Decision::Change(Box::new(after)),
    }
}
