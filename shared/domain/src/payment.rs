//! Money that came in from a company, or went back to it, and what of it is inside the balance.
//!
//! A payment is inside the balance or it is not, and its status alone says so: confirmed ones are, those
//! that are not confirmed are until their deadline, expired and canceled ones are not. Whatever happens
//! to a payment, what it does to the balance is the difference between what was inside and what is.

mod exchange;
mod plan;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Home, Thing};
use crate::id::{AgreementId, CompanyId, PaymentId, TopUpId, WalletId};
use crate::money::{Amount, AmountError, Currency};
use crate::payment_system::PaymentSystemKind;

pub use exchange::{Exchange, ExchangeRequest};
pub use plan::{
    PaymentEdit, PaymentRequest, plan_change, plan_deletion, plan_expiry, plan_payment, request_hash,
};

const REFERENCE_LENGTH_MAX: usize = 100;
const DESCRIPTION_LENGTH_MAX: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentDirection {
    /// Adds to the balance.
    Inbound,
    /// Takes from the balance.
    Outbound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The money is there. Inside the balance for good.
    Confirmed,
    /// The money is expected. Inside the balance until the deadline.
    NotConfirmed,
    /// The deadline passed. Outside the balance, and may still be confirmed.
    Expired,
    /// Deleted. Outside the balance for good; its reference code is free again.
    Canceled,
}

/// Money that moved, or is expected to, and how much of it the balance has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub company: CompanyId,
    /// Whom it is paid to: the other side of the agreement.
    pub tenant: CompanyId,
    pub agreement: AgreementId,
    pub wallet: WalletId,
    pub direction: PaymentDirection,
    /// What the balance changes by, in the agreement's currency: the replenishment amount. Above zero.
    pub amount: Amount,
    pub currency: Currency,
    /// What was paid, where that was in another currency.
    pub exchange: Option<Exchange>,
    pub payment_date: Date,
    /// The top-up that it paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up: Option<TopUpId>,
    /// Of bought message credits, the top-up whose receipt or credit note the payment brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_of: Option<TopUpId>,
    /// Unique among the company's payments that are not canceled.
    pub reference: String,
    pub description: String,
    pub status: PaymentStatus,
    /// Unconfirmed, it leaves the balance when this day begins.
    pub confirm_before: Option<Date>,
    /// That moment, in the time zone the agreement had when the payment was last changed.
    pub deadline: Option<Timestamp>,
    /// When it was last put into the balance it was allowed to take more than there was.
    pub may_overdraw: bool,
    /// Of what was asked for when it was made, so that a repeat is known after any change.
    pub request_hash: String,
    /// The company whose user or key recorded it; the payment system for an automatic one.
    pub by: String,
    pub at: Timestamp,
    pub changed_at: Timestamp,
    /// Raised by every change, so that of two changes of one state one is refused.
    pub revision: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    #[error("the replenishment amount must be more than zero")]
    ReplenishmentNotPositive,
    #[error("a payment in the agreement's currency replenishes by its own amount and has no exchange rate")]
    NothingToExchange,
    #[error("message credits are not a currency to pay in")]
    PaidInCredits,
    #[error("a reference code has 1 to {REFERENCE_LENGTH_MAX} characters and no control characters")]
    Reference,
    #[error("a description has at most {DESCRIPTION_LENGTH_MAX} characters")]
    DescriptionTooLong,
    #[error("a payment that is not confirmed needs `confirm_before`")]
    DeadlineMissing,
    #[error("`confirm_before` must be later than the payment date")]
    DeadlineNotLater,
    #[error(
        "The actual agreement version could not be found for the selected payment date and payment \
         confirmation deadline"
    )]
    NoAgreementVersion,
    #[error("{available} is available, {needed} is needed")]
    NotEnough { available: Amount, needed: Amount },
    #[error("a deleted payment cannot be changed")]
    Canceled,
    #[error("the agreement was deleted, or its company: nothing moves its balance any more")]
    AgreementDeleted,
    #[error(
        "a top-up made this payment: refund it at the payment system, and the balance follows; where a person \
         confirmed it, pay it back by an outbound payment"
    )]
    ByTopUp,
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Thing for Payment {
    const NOUN: &'static str = "payment";
    const NOUNS: &'static str = "payments";
    const HOME: Home = Home::Ledger;
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        vec![self.company.to_string(), catalog::list_with(self.tenant.as_str())]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("created_at", catalog::time(self.at)),
            ("payment_date", catalog::day(self.payment_date)),
            ("replenishment_amount", catalog::amount(self.amount)),
            ("status", catalog::choice(self.status)),
            ("reference", catalog::words(&self.reference)),
        ]
    }
}

impl PaymentStatus {
    pub fn is_in_balance(self) -> bool {
        matches!(self, Self::Confirmed | Self::NotConfirmed)
    }
}

impl Payment {
    /// What of it is inside the balance: nothing, or its amount with the sign of its direction.
    pub fn effect(&self) -> Amount {
        match (self.status.is_in_balance(), self.direction) {
            (false, _) => Amount::ZERO,
            (true, PaymentDirection::Inbound) => self.amount,
            (true, PaymentDirection::Outbound) => -self.amount,
        }
    }

    /// Whether a payment system's word made it.
    pub fn is_by_payment_system(&self) -> bool {
        PaymentSystemKind::named(&self.by).is_some()
    }

    /// Whether a top-up made it, also one that a person confirmed. What went back of one is counted there, so
    /// nobody takes it out of the balance by hand: the refund would take it a second time. And its receipt stays.
    pub fn is_of_top_up(&self) -> bool {
        self.is_by_payment_system() || self.top_up.is_some()
    }

    /// What was paid, and in which currency.
    pub fn paid(&self) -> (Amount, Currency) {
        match &self.exchange {
            Some(exchange) => (exchange.paid, exchange.currency),
            None => (self.amount, self.currency),
        }
    }

    /// When it has to be taken out of the balance, if nothing happens until then.
    pub fn due(&self) -> Option<Timestamp> {
        self.deadline.filter(|_| self.status == PaymentStatus::NotConfirmed)
    }
}

/// What the balance changes by when a payment is stored as `after` in place of `before`.
pub fn delta(before: Option<&Payment>, after: &Payment) -> Result<Amount, AmountError> {
    after.effect().checked_sub(before.map(Payment::effect).unwrap_or_default())
}

/// The own funds that have to be there for it. Only what goes out needs any: what came in is taken back
/// by force, also where it has been spent.
pub fn needed(before: Option<&Payment>, after: &Payment) -> Result<Option<Amount>, AmountError> {
    let delta = delta(before, after)?;
    let spends = after.direction == PaymentDirection::Outbound && delta.is_negative();
    Ok((spends && !after.may_overdraw).then_some(-delta))
}

/// Whether it brings money into the balance that a deleted agreement does not take any more. What a payment
/// system has taken is money that is here, whatever became of the agreement, and what nobody paid out has
/// never left.
pub fn needs_open_wallet(before: Option<&Payment>, after: &Payment) -> Result<bool, AmountError> {
    let is_here = after.is_by_payment_system() || after.status == PaymentStatus::Expired;
    Ok(delta(before, after)?.is_positive() && !is_here)
}

/// Whether this change confirmed the payment, so that the company is told.
pub fn became_confirmed(before: Option<&Payment>, after: &Payment) -> bool {
    let is_confirmed = |payment: &Payment| payment.status == PaymentStatus::Confirmed;
    is_confirmed(after) && !before.is_some_and(is_confirmed)
}
