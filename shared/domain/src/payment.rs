//! Money that came in from a company, or went back to it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::id::{AgreementId, CompanyId, PaymentId, WalletId};
use crate::money::{Amount, AmountError, Currency};
use crate::wallet::Wallet;

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

/// A confirmed payment: it is inside the balance from the write that stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    pub wallet: WalletId,
    pub direction: PaymentDirection,
    /// In the agreement's currency.
    pub amount: Amount,
    pub currency: Currency,
    pub payment_date: Date,
    /// Unique per company.
    pub reference: String,
    pub description: String,
    /// The company whose user or key recorded it; the payment system for an automatic one.
    pub by: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    pub id: PaymentId,
    pub direction: PaymentDirection,
    pub amount: Amount,
    pub payment_date: Date,
    pub reference: String,
    pub description: String,
    pub by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    #[error("a reference code has 1 to {REFERENCE_LENGTH_MAX} characters")]
    Reference,
    #[error("a description has at most {DESCRIPTION_LENGTH_MAX} characters")]
    DescriptionTooLong,
    #[error("{available} is available, {needed} is needed")]
    NotEnough { available: Amount, needed: Amount },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Payment {
    /// What it does to the balance.
    pub fn effect(&self) -> Amount {
        match self.direction {
            PaymentDirection::Inbound => self.amount,
            PaymentDirection::Outbound => -self.amount,
        }
    }
}

/// A payment on an agreement's main wallet. An outbound one may not exceed the wallet's own funds.
pub fn plan_payment(
    agreement: &Agreement,
    wallet: &Wallet,
    ask: PaymentRequest,
    now: Timestamp,
) -> Result<Payment, PaymentError> {
    if !ask.amount.is_positive() {
        return Err(PaymentError::AmountNotPositive);
    }
    let reference = ask.reference.trim();
    if reference.is_empty() || reference.chars().count() > REFERENCE_LENGTH_MAX {
        return Err(PaymentError::Reference);
    }
    if ask.description.chars().count() > DESCRIPTION_LENGTH_MAX {
        return Err(PaymentError::DescriptionTooLong);
    }
    let available = wallet.own_funds()?;
    if ask.direction == PaymentDirection::Outbound && available < ask.amount {
        return Err(PaymentError::NotEnough { available, needed: ask.amount });
    }
    Ok(Payment {
        id: ask.id,
        company: agreement.company.clone(),
        agreement: agreement.id.clone(),
        wallet: agreement.wallet(),
        direction: ask.direction,
        amount: ask.amount,
        currency: agreement.currency,
        payment_date: ask.payment_date,
        reference: reference.to_owned(),
        description: ask.description,
        by: ask.by,
        at: now,
    })
}
