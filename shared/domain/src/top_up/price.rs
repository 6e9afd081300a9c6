//! The three numbers that a payer sees before paying: what is bought, our fee, and what is to be paid.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::money::{Amount, AmountError, Currency};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What is bought.
    pub amount: Amount,
    /// Our fee on top.
    pub fee: Amount,
    /// Both together.
    pub to_pay: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    #[error("the amount must be more than zero")]
    NotPositive,
    #[error("{currency} is paid with at most {places} decimal places")]
    TooFine { currency: Currency, places: u32 },
    #[error("the payment system keeps {fee} of it, so nothing would be left")]
    NothingLeft { fee: Amount },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// What is paid for `amount` where the payer is charged so many percent on top (guide §10.8). The fee is
/// rounded up to the currency's smallest unit, so that it never costs the seller what it is to cover.
pub fn price(amount: Amount, currency: Currency, percent: Option<Amount>) -> Result<Price, PriceError> {
    if !amount.is_positive() {
        return Err(PriceError::NotPositive);
    }
    let places = currency.minor_places();
    if amount.rounded(places) != amount {
        return Err(PriceError::TooFine { currency, places });
    }
    let share = percent.unwrap_or_default().decimal() / Decimal::ONE_HUNDRED;
    let fee = amount.decimal() * share;
    let fee = Amount::new(fee.round_dp_with_strategy(places, RoundingStrategy::ToPositiveInfinity))?;
    Ok(Price { amount, fee, to_pay: amount.checked_add(fee)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: &str, currency: &str, percent: Option<&str>, expected: Result<[&str; 2], &str>) {
        let parse = |text: &str| Amount::parse(text).unwrap();
        let found = price(parse(amount), Currency::parse(currency).unwrap(), percent.map(parse));
        let found = found.map(|price| [price.fee.to_string(), price.to_pay.to_string()]);
        let expected = expected.map(|numbers| numbers.map(str::to_owned)).map_err(str::to_owned);
        assert_eq!(found.map_err(|error| error.to_string()), expected);
    }

    #[test]
    fn the_payer_pays_what_is_bought_and_the_percentage() {
        check("50", "EUR", None, Ok(["0", "50"]));
        check("50", "EUR", Some("1.5"), Ok(["0.75", "50.75"]));
        check("50", "EUR", Some("100"), Ok(["50", "100"]));
    }

    #[test]
    fn the_fee_is_rounded_up_to_the_smallest_unit() {
        check("10.01", "EUR", Some("0.01"), Ok(["0.01", "10.02"]));
        check("33.33", "EUR", Some("3"), Ok(["1", "34.33"]));
        check("999", "JPY", Some("0.1"), Ok(["1", "1000"]));
        check("1", "KWD", Some("1.25"), Ok(["0.013", "1.013"]));
    }

    #[test]
    fn what_no_one_can_pay_is_refused() {
        check("0", "EUR", None, Err("the amount must be more than zero"));
        check("-1", "EUR", None, Err("the amount must be more than zero"));
        check("0.001", "EUR", None, Err("EUR is paid with at most 2 decimal places"));
        check("0.5", "JPY", None, Err("JPY is paid with at most 0 decimal places"));
        check("1000000000000", "EUR", Some("1"), Err("an amount is at most 1000000000000"));
    }
}
