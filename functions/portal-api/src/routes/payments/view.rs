//! How a payment is shown.

use domain::money::Amount;
use domain::payment::{Exchange, Payment, PaymentDirection, PaymentStatus};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// Its id.
    id: String,
    /// The company that paid, or was paid back.
    company: String,
    /// The agreement whose balance it changes.
    agreement: String,
    /// The wallet that it changes.
    wallet: String,
    /// Whether it adds to the balance or takes from it.
    #[schema(value_type = schema::PaymentDirection)]
    direction: PaymentDirection,
    /// Whether the money is there, and if not, whether it still counts.
    #[schema(value_type = schema::PaymentStatus)]
    status: PaymentStatus,
    /// What was paid. Above zero.
    amount: String,
    /// What it was paid in.
    currency: String,
    /// The same in the agreement's currency.
    replenishment_amount: String,
    /// The agreement's currency.
    agreement_currency: String,
    /// Units of `currency` for one of `agreement_currency`, rounded to ten places; null where it was paid
    /// in the agreement's currency.
    #[schema(example = "1.0204081633")]
    exchange_rate: Option<String>,
    /// The day that the exchange rate is of.
    #[schema(value_type = Option<String>, format = Date)]
    exchange_rate_date: Option<Date>,
    /// What of it is in the balance now: nothing, or the whole amount, below zero for what was paid back.
    effect: String,
    /// The day on which the money moved.
    #[schema(value_type = String, format = Date)]
    payment_date: Date,
    /// Unconfirmed, it leaves the balance when this day begins.
    #[schema(value_type = Option<String>, format = Date)]
    confirm_before: Option<Date>,
    /// That moment, while it counts and is not confirmed.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Unique among the company's payments.
    reference: String,
    /// What was noted.
    description: String,
    /// The company that recorded it, or the payment system.
    by: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// How often it was changed.
    revision: u64,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        let (paid, currency) = payment.paid();
        Self {
            direction: payment.direction,
            status: payment.status,
            amount: paid.to_string(),
            currency: currency.to_string(),
            replenishment_amount: payment.amount.to_string(),
            agreement_currency: payment.currency.to_string(),
            exchange_rate: payment.exchange.as_ref().map(Exchange::rate).map(|rate| rate.to_string()),
            exchange_rate_date: payment.exchange.as_ref().map(|exchange| exchange.date),
            effect: payment.effect().to_string(),
            payment_date: payment.payment_date,
            confirm_before: payment.confirm_before,
            expires_at: payment.due(),
            id: payment.id.into(),
            company: payment.company.into(),
            agreement: payment.agreement.into(),
            wallet: payment.wallet.into(),
            reference: payment.reference,
            description: payment.description,
            by: payment.by,
            at: payment.at,
            updated_at: payment.changed_at,
            revision: payment.revision,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PostedPaymentView {
    #[serde(flatten)]
    payment: PaymentView,
    /// The wallet's balance as it is now.
    #[schema(example = "100")]
    balance: String,
}

impl PostedPaymentView {
    pub fn new(payment: Payment, balance: Amount) -> Self {
        Self { payment: payment.into(), balance: balance.to_string() }
    }
}
