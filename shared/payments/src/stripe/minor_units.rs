//! Amounts as Stripe counts them: integers of the smallest unit it knows of a currency. Which unit
//! that is mostly follows ISO 4217; the exceptions are from docs.stripe.com/currencies.

use iso_currency::Currency;
use rust_decimal::Decimal;

/// Why an exact amount cannot be charged through Stripe as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("the amount must be positive, it is {amount}")]
    NotPositive { amount: Decimal },
    #[error("{} can be charged with at most {places_max} decimal places, not {amount}", currency.code())]
    TooFine { amount: Decimal, currency: Currency, places_max: u32 },
    #[error("{amount} {} is more than can be counted", currency.code())]
    TooLarge { amount: Decimal, currency: Currency },
    #[error("{} has no smallest unit", currency.code())]
    NoUnit { currency: Currency },
}

/// Decimal places of a currency.
struct Places {
    /// How many the integer stands for.
    counted: u32,
    /// How many of those may differ from zero.
    used_max: u32,
}

fn places(currency: Currency) -> Option<Places> {
    let same = |places| Some(Places { counted: places, used_max: places });
    match currency {
        // Whole units for Stripe, although on paper they have fractions.
        Currency::MGA => same(0),
        // Whole units by now, but still counted in hundredths as they once were.
        Currency::ISK | Currency::UGX => Some(Places { counted: 2, used_max: 0 }),
        // Card networks take only two of their three places.
        Currency::BHD | Currency::JOD | Currency::KWD | Currency::OMR | Currency::TND => {
            Some(Places { counted: 3, used_max: 2 })
        }
        // HUF and TWD need no rule here: only payouts of them are in whole units, charges are not.
        _ => same(u32::from(currency.exponent()?)),
    }
}

/// An exact amount in Stripe's units. Nothing is rounded: what does not fit is refused.
pub fn to_minor_units(amount: Decimal, currency: Currency) -> Result<i64, AmountError> {
    if amount <= Decimal::ZERO {
        return Err(AmountError::NotPositive { amount });
    }
    let places = places(currency).ok_or(AmountError::NoUnit { currency })?;
    if places.used_max < amount.normalize().scale() {
        return Err(AmountError::TooFine { amount, currency, places_max: places.used_max });
    }
    amount
        .checked_mul(Decimal::from(10u64.pow(places.counted)))
        .and_then(|units| i64::try_from(units).ok())
        .ok_or(AmountError::TooLarge { amount, currency })
}

/// The exact amount of Stripe's units; nothing for a currency without a smallest unit.
pub fn from_minor_units(units: i64, currency: Currency) -> Option<Decimal> {
    Decimal::try_new(units, places(currency)?.counted).ok()
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(amount: &str, currency: Currency, expected: Expect) {
        let amount: Decimal = amount.parse().expect("a decimal");
        let answer = match to_minor_units(amount, currency) {
            Ok(units) => {
                assert_eq!(from_minor_units(units, currency), Some(amount), "there and back");
                units.to_string()
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&answer);
    }

    #[test]
    fn an_amount_is_sent_in_the_smallest_unit_of_its_currency() {
        check("150.00", Currency::USD, expect!["15000"]);
        check("150", Currency::EUR, expect!["15000"]);
        check("0.01", Currency::EUR, expect!["1"]);
        check("1.500000", Currency::EUR, expect!["150"]);
        check("500", Currency::JPY, expect!["500"]);
        check("500", Currency::XOF, expect!["500"]);
    }

    #[test]
    fn currencies_with_rules_of_their_own_follow_them() {
        check("5", Currency::ISK, expect!["500"]);
        check("5.50", Currency::ISK, expect!["ISK can be charged with at most 0 decimal places, not 5.50"]);
        check("5", Currency::UGX, expect!["500"]);
        check("5.01", Currency::UGX, expect!["UGX can be charged with at most 0 decimal places, not 5.01"]);
        check("10.45", Currency::HUF, expect!["1045"]);
        check("800.45", Currency::TWD, expect!["80045"]);
        check("5000", Currency::MGA, expect!["5000"]);
        check("0.2", Currency::MGA, expect!["MGA can be charged with at most 0 decimal places, not 0.2"]);
        check("5.12", Currency::KWD, expect!["5120"]);
        check("5.124", Currency::KWD, expect!["KWD can be charged with at most 2 decimal places, not 5.124"]);
    }

    #[test]
    fn an_amount_that_does_not_fit_is_refused_and_never_rounded() {
        check("0.005", Currency::USD, expect!["USD can be charged with at most 2 decimal places, not 0.005"]);
        check("500.5", Currency::JPY, expect!["JPY can be charged with at most 0 decimal places, not 500.5"]);
        check("0", Currency::USD, expect!["the amount must be positive, it is 0"]);
        check("-1", Currency::USD, expect!["the amount must be positive, it is -1"]);
        check(
            "92233720368547758.08",
            Currency::USD,
            expect!["92233720368547758.08 USD is more than can be counted"],
        );
        check(
            "79228162514264337593543950335",
            Currency::USD,
            expect!["79228162514264337593543950335 USD is more than can be counted"],
        );
        check("1", Currency::XAU, expect!["XAU has no smallest unit"]);
    }
}
