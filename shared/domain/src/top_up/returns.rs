//! Refunds and chargebacks: what went back to the payer, and what of the balance has to follow.
//!
//! The balance follows in proportion: of a payment that went back by a half, half of what the balance rose by
//! is taken. The sums are kept, not the events, so that events in any order and number end the same.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{Received, TopUp, TopUpState};
use crate::money::{Amount, AmountError, Currency};

/// What went back by one refund or dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The payment system's name of what was refunded, or of the dispute.
    pub by: String,
    /// The payment that it is of, by the payment system's name, if that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// All that went back by it so far.
    pub amount: Amount,
    /// What of that did not reach the payer, and is the seller's again: refunds that failed.
    #[serde(default)]
    pub failed: Amount,
    /// It came to the seller again: the dispute was won.
    #[serde(default)]
    pub reinstated: bool,
}

/// A counter-payment that is still to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeBack {
    /// What the balance falls by; below zero, what it rises by again.
    pub amount: Amount,
    /// The top-up's first is 1.
    pub number: u32,
}

impl Return {
    /// What happened, for a person.
    pub fn told(&self, currency: Currency) -> String {
        let went_back = format!("{} {currency} went back by {}", self.amount, self.by);
        match (self.reinstated, self.failed.is_zero()) {
            (true, _) => format!("{went_back} and came again"),
            (false, true) => went_back,
            (false, false) => format!("{went_back}, of which {} failed", self.failed),
        }
    }

    /// Whether it is, for all that is told, of the payment that was credited.
    pub(super) fn is_of(&self, received: &Received) -> bool {
        self.payment.as_ref().is_none_or(|payment| *payment == received.reference)
    }
}

impl TopUp {
    /// Whether money went back and none is said to have come.
    pub(super) fn has_stray_return(&self) -> bool {
        let is_told = matches!(self.state, TopUpState::Paid | TopUpState::Confirmed { .. });
        !is_told && self.closed_by.is_none() && !self.returns.is_empty()
    }

    /// That, for a person.
    pub(super) fn stray_return(&self) -> String {
        let told: Vec<String> = self.returns.iter().map(|back| back.told(self.currency)).collect();
        format!("{}, and no payment of it was told", told.join("; "))
    }

    /// Whether refunds by this name failed. What went back by it is known then by asking alone: what is told each
    /// time falls with a refund that fails and rises with the next.
    pub fn has_failed_return(&self, by: &str) -> bool {
        self.returns.iter().any(|back| back.by == by && !back.failed.is_zero())
    }

    /// What went back of other payments than the one that was received: no balance falls by it.
    pub fn returns_of_others<'a>(&'a self, received: &'a Received) -> impl Iterator<Item = &'a Return> {
        self.returns.iter().filter(|back| !back.is_of(received))
    }

    /// The next revision with what is told of a return; none if nothing is new.
    pub(super) fn with_return(&self, told: &Return) -> Option<Self> {
        let mut after = self.next();
        match after.returns.iter_mut().find(|known| known.by == told.by) {
            None => after.returns.push(told.clone()),
            Some(known) => {
                known.amount = known.amount.max(told.amount);
                known.failed = known.failed.max(told.failed);
                known.reinstated |= told.reinstated;
            }
        }
        (after.returns != self.returns).then_some(after)
    }

    /// What counter-payments have to bring the balance to, and have not yet.
    pub fn take_back(&self) -> Result<Option<TakeBack>, AmountError> {
        let amount = self.owed()?.checked_sub(self.taken_back)?;
        let number = self.take_backs + 1;
        Ok((!amount.is_zero()).then_some(TakeBack { amount, number }))
    }

    /// The next revision, with that counter-payment made, and the credit note that it needs.
    pub fn after_take_back(&self, made: TakeBack) -> Result<Self, AmountError> {
        let taken_back = self.taken_back.checked_add(made.amount)?;
        let mut after = Self { taken_back, take_backs: made.number, ..self.next() };
        after.credit_notes.extend(self.credit_note(made)?);
        Ok(after)
    }

    /// What has gone back of the payment that was credited, in the currency that was paid in.
    pub(super) fn gone(&self) -> Result<Amount, AmountError> {
        let Some(received) = &self.received else { return Ok(Amount::ZERO) };
        let is_gone = |back: &&Return| !back.reinstated && back.is_of(received);
        let gone = self.returns.iter().filter(is_gone);
        let gone: Result<Vec<Amount>, AmountError> =
            gone.map(|back| back.amount.checked_sub(back.failed)).collect();
        Amount::checked_sum(gone?)
    }

    /// The part of what the balance rose by that is the payer's again, rounded half-even to the currency's
    /// smallest unit, and never more than all. Message credits are rounded down: the last goes with the last of the
    /// money, so that no part of that goes without a credit note.
    fn owed(&self) -> Result<Amount, AmountError> {
        let Some(received) = &self.received else { return Ok(Amount::ZERO) };
        let gone = self.gone()?;
        if self.to_pay() <= gone {
            return Ok(received.credited);
        }
        let share = gone.decimal().checked_div(self.to_pay().decimal()).unwrap_or(Decimal::ZERO);
        let strategy = match self.buys {
            Some(_) => RoundingStrategy::ToZero,
            None => RoundingStrategy::MidpointNearestEven,
        };
        let owed = received.credited.decimal() * share;
        Amount::new(owed.round_dp_with_strategy(self.balance_currency().minor_places(), strategy))
    }
}
