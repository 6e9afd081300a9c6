//! How a payment is made, edited, confirmed, expired and deleted. Each plan gives the payment as it is
//! afterwards; `payment::delta` says what that does to the balance (guide 19.5).

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::exchange::{Exchange, ExchangeRequest};
use super::{
    DESCRIPTION_LENGTH_MAX, Payment, PaymentDirection, PaymentError, PaymentStatus, REFERENCE_LENGTH_MAX,
    delta, needed,
};
use crate::agreement::Agreement;
use crate::id::PaymentId;
use crate::money::Amount;
use crate::wallet::{Wallet, WalletState};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    pub id: PaymentId,
    pub direction: PaymentDirection,
    /// What was paid.
    pub amount: Amount,
    /// Where it was paid in another currency than the agreement's.
    pub exchange: Option<ExchangeRequest>,
    pub payment_date: Date,
    pub reference: String,
    pub description: String,
    pub confirmed: bool,
    /// Needed where it is not confirmed.
    pub confirm_before: Option<Date>,
    /// Whether an outbound payment may take more than there is.
    pub may_overdraw: bool,
    pub by: String,
}

/// What may change in a payment; what is not given stays. Company, agreement, direction and exchange
/// rate never do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentEdit {
    /// What was paid, in the currency it was paid in. The replenishment amount follows by the rate.
    pub amount: Option<Amount>,
    pub payment_date: Option<Date>,
    pub reference: Option<String>,
    pub description: Option<String>,
    pub confirmed: Option<bool>,
    pub confirm_before: Option<Date>,
    /// Whether an outbound payment may take more than there is.
    pub may_overdraw: bool,
}

/// A payment on a wallet of an agreement. An outbound one may not exceed the wallet's own funds, unless
/// it is told that it may.
pub fn plan_payment(
    agreement: &Agreement,
    wallet: &Wallet,
    ask: PaymentRequest,
    now: Timestamp,
) -> Result<Payment, PaymentError> {
    let request_hash = request_hash(agreement, &ask);
    if !ask.amount.is_positive() {
        return Err(PaymentError::AmountNotPositive);
    }
    let exchange =
        ask.exchange.as_ref().map(|exchange| Exchange::new(ask.amount, exchange, agreement.currency));
    let amount = ask.exchange.as_ref().map_or(ask.amount, |exchange| exchange.replenishment);
    let payment = Payment {
        id: ask.id,
        company: agreement.company.clone(),
        tenant: agreement.tenant.clone(),
        agreement: agreement.id.clone(),
        wallet: wallet.id.clone(),
        direction: ask.direction,
        amount,
        currency: agreement.currency,
        exchange: exchange.transpose()?,
        payment_date: ask.payment_date,
        top_up: None,
        receipt_of: None,
        reference: ask.reference.trim().to_owned(),
        description: ask.description,
        status: PaymentStatus::Confirmed,
        confirm_before: ask.confirm_before,
        deadline: None,
        may_overdraw: ask.may_overdraw && ask.direction == PaymentDirection::Outbound,
        request_hash,
        by: ask.by,
        at: now,
        changed_at: now,
        revision: 0,
    };
    let payment = settled(payment, ask.confirmed, agreement, now)?;
    check_open(None, &payment, wallet)?;
    check_funds(None, &payment, wallet)?;
    Ok(payment)
}

/// The payment after an edit; none if it is so already. Confirming puts it back into the balance where it
/// has left it; withdrawing takes it out at once, unless its deadline lies ahead.
pub fn plan_change(
    before: &Payment,
    agreement: &Agreement,
    wallet: &Wallet,
    edit: PaymentEdit,
    now: Timestamp,
) -> Result<Option<Payment>, PaymentError> {
    if before.status == PaymentStatus::Canceled {
        return Err(PaymentError::Canceled);
    }
    let confirmed = edit.confirmed.unwrap_or(before.status == PaymentStatus::Confirmed);
    let mut after = before.clone();
    if let Some(paid) = edit.amount {
        after = with_paid(after, paid)?;
    }
    after.payment_date = edit.payment_date.unwrap_or(after.payment_date);
    after.confirm_before = edit.confirm_before.or(after.confirm_before);
    after.description = edit.description.unwrap_or(after.description);
    after.reference = edit.reference.map_or(after.reference, |reference| reference.trim().to_owned());
    let mut after = settled(after, confirmed, agreement, now)?;
    if after == *before {
        return Ok(None);
    }
    let is_other_money =
        (after.status, after.paid(), after.amount) != (before.status, before.paid(), before.amount);
    if is_other_money && before.is_of_top_up() {
        return Err(PaymentError::ByTopUp);
    }
    if after.effect() < before.effect() && after.direction == PaymentDirection::Outbound {
        after.may_overdraw = edit.may_overdraw;
    }
    check_open(Some(before), &after, wallet)?;
    check_funds(Some(before), &after, wallet)?;
    Ok(Some(changed(after, now)))
}

/// The payment after its deadline; none if it has none, or not yet.
pub fn plan_expiry(before: &Payment, now: Timestamp) -> Option<Payment> {
    let is_due = before.due().is_some_and(|due| due <= now);
    is_due.then(|| changed(Payment { status: PaymentStatus::Expired, ..before.clone() }, now))
}

/// The payment after it was deleted; none if it is so already.
pub fn plan_deletion(
    before: &Payment,
    wallet: &Wallet,
    now: Timestamp,
) -> Result<Option<Payment>, PaymentError> {
    if before.status == PaymentStatus::Canceled {
        return Ok(None);
    }
    if before.is_of_top_up() {
        return Err(PaymentError::ByTopUp);
    }
    let after = Payment { status: PaymentStatus::Canceled, ..before.clone() };
    check_open(Some(before), &after, wallet)?;
    Ok(Some(changed(after, now)))
}

/// Tells two requests apart.
pub fn request_hash(agreement: &Agreement, ask: &PaymentRequest) -> String {
    let content = json!([
        agreement.id,
        (ask.direction, ask.amount, ask.payment_date, ask.reference.trim(), &ask.description),
        ask.exchange.as_ref().map(|exchange| (exchange.currency, exchange.replenishment, exchange.date)),
        (ask.confirmed, ask.confirm_before, ask.may_overdraw),
    ]);
    hex::encode(&Sha256::digest(content.to_string())[..16])
}

fn with_paid(payment: Payment, paid: Amount) -> Result<Payment, PaymentError> {
    if !paid.is_positive() {
        return Err(PaymentError::AmountNotPositive);
    }
    let Some(exchange) = &payment.exchange else { return Ok(Payment { amount: paid, ..payment }) };
    let (exchange, amount) = exchange.with_paid(paid, payment.currency)?;
    if !amount.is_positive() {
        return Err(PaymentError::ReplenishmentNotPositive);
    }
    Ok(Payment { amount, exchange: Some(exchange), ..payment })
}

/// The payment with the status that its confirmation, its deadline and the time make, if it keeps all
/// rules that do not depend on the balance.
fn settled(
    payment: Payment,
    confirmed: bool,
    agreement: &Agreement,
    now: Timestamp,
) -> Result<Payment, PaymentError> {
    let length = payment.reference.chars().count();
    let is_line = !payment.reference.chars().any(char::is_control);
    if !(1..=REFERENCE_LENGTH_MAX).contains(&length) || !is_line {
        return Err(PaymentError::Reference);
    }
    if payment.description.chars().count() > DESCRIPTION_LENGTH_MAX {
        return Err(PaymentError::DescriptionTooLong);
    }
    if !confirmed && payment.confirm_before.is_none() {
        return Err(PaymentError::DeadlineMissing);
    }
    if payment.confirm_before.is_some_and(|day| day <= payment.payment_date) {
        return Err(PaymentError::DeadlineNotLater);
    }
    // The deadline is later than the payment date, so what is in force then is in force at the deadline.
    if payment.payment_date < first_day(agreement) {
        return Err(PaymentError::NoAgreementVersion);
    }
    let billing = &agreement.version_at(now).billing;
    let deadline = payment.confirm_before.map(|day| billing.start_of(day));
    let status = match deadline {
        _ if confirmed => PaymentStatus::Confirmed,
        Some(deadline) if now < deadline => PaymentStatus::NotConfirmed,
        _ => PaymentStatus::Expired,
    };
    Ok(Payment { status, deadline, ..payment })
}

/// The day on which the agreement's first version began. It has no gaps and no end from there.
fn first_day(agreement: &Agreement) -> Date {
    let first = &agreement.versions[0];
    first.billing.day_of(first.effective_from)
}

/// Nobody moves the balance of a deleted agreement by hand, nor lets a deadline do it later.
fn check_open(before: Option<&Payment>, after: &Payment, wallet: &Wallet) -> Result<(), PaymentError> {
    let is_confirmed = |payment: &Payment| payment.status == PaymentStatus::Confirmed;
    let is_taken_back = before.is_some_and(is_confirmed) && !is_confirmed(after);
    let moves = is_taken_back || !delta(before, after)?.is_zero();
    if wallet.state == WalletState::Closed && moves && !after.is_by_payment_system() {
        return Err(PaymentError::AgreementDeleted);
    }
    Ok(())
}

fn check_funds(before: Option<&Payment>, after: &Payment, wallet: &Wallet) -> Result<(), PaymentError> {
    let available = wallet.own_funds()?;
    match needed(before, after)? {
        Some(needed) if available < needed => Err(PaymentError::NotEnough { available, needed }),
        _ => Ok(()),
    }
}

fn changed(payment: Payment, now: Timestamp) -> Payment {
    Payment { changed_at: now, revision: payment.revision + 1, ..payment }
}
