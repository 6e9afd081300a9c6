//! A payment in another currency than the agreement's. Its rate is never typed in: it is what was paid
//! by what the balance got, fixed when the payment is made.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::PaymentError;
use crate::money::{Amount, AmountError, Currency, PLACES_MAX};

/// Decimal places of a rate as it is shown, rounded half-even. Enough for a currency of which one unit is
/// worth a ten-thousandth of another. No sum is made with a rounded rate.
const RATE_PLACES: u32 = 10;

/// What was paid, and the two amounts that fix the rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub paid: Amount,
    pub currency: Currency,
    /// What was paid and what the balance got when the payment was made: together the exact rate.
    rate_paid: Amount,
    rate_replenished: Amount,
    /// The day that the rate is of.
    pub date: Date,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRequest {
    /// What was paid in.
    pub currency: Currency,
    /// What the balance changes by, in the agreement's currency.
    pub replenishment: Amount,
    pub date: Date,
}

impl Exchange {
    /// Of `paid` for `ask.replenishment` in the agreement's currency.
    pub(super) fn new(
        paid: Amount,
        ask: &ExchangeRequest,
        agreement: Currency,
    ) -> Result<Self, PaymentError> {
        if ask.currency == agreement {
            return Err(PaymentError::NothingToExchange);
        }
        if ask.currency == Currency::Credit {
            return Err(PaymentError::PaidInCredits);
        }
        if !ask.replenishment.is_positive() {
            return Err(PaymentError::ReplenishmentNotPositive);
        }
        Ok(Self {
            paid,
            currency: ask.currency,
            rate_paid: paid,
            rate_replenished: ask.replenishment,
            date: ask.date,
        })
    }

    /// How many units of what was paid in make one unit of the agreement's currency. To be shown only.
    pub fn rate(&self) -> Decimal {
        let rate = self.rate_paid.decimal().checked_div(self.rate_replenished.decimal());
        let rounding = RoundingStrategy::MidpointNearestEven;
        rate.unwrap_or_default().round_dp_with_strategy(RATE_PLACES, rounding).normalize()
    }

    /// The same rate for another payment, and what the balance gets for that: rounded half-even to the
    /// minor unit of the agreement's currency, or finer where the rate was fixed with finer amounts.
    pub(super) fn with_paid(&self, paid: Amount, agreement: Currency) -> Result<(Self, Amount), AmountError> {
        let (rate_paid, replenished) = (self.rate_paid.decimal(), self.rate_replenished.decimal());
        let exact =
            paid.decimal().checked_mul(replenished).and_then(|product| product.checked_div(rate_paid));
        let exact = exact.ok_or(AmountError::TooLarge)?;
        let places = agreement.minor_places().max(replenished.scale()).min(PLACES_MAX);
        let rounded = exact.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
        Ok((Self { paid, ..self.clone() }, Amount::new(rounded)?))
    }
}
