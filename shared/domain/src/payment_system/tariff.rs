//! What a payment system keeps of a payment, as its contract says. For payments of which it does not tell that.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::check_percent;
use crate::money::{Amount, AmountError, Currency};
use crate::record::FieldError;

/// A share of what is paid, and a fixed part; at least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// 0.01 to 100 with two decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Amount>,
    /// In the one currency that is paid in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Amount>,
}

impl Tariff {
    /// None if nothing is set.
    pub fn of(percent: Option<Amount>, fixed: Option<Amount>) -> Option<Self> {
        (percent.is_some() || fixed.is_some()).then_some(Self { percent, fixed })
    }

    /// Of a payment, rounded once, half-even, to the currency's smallest unit.
    pub fn fee(&self, paid: Amount, currency: Currency) -> Result<Amount, AmountError> {
        let share = self.percent.unwrap_or_default().decimal() / Decimal::ONE_HUNDRED;
        let fee = paid.decimal() * share + self.fixed.unwrap_or_default().decimal();
        let places = currency.minor_places();
        Amount::new(fee.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven))
    }

    /// Its currencies are those that one can pay in: with several, nobody knows in which the fixed part is.
    pub(super) fn check(&self, currencies: &[Currency]) -> Result<(), FieldError> {
        if let Some(percent) = self.percent {
            check_percent("tariff_percent", percent)?;
        }
        let Some(fixed) = self.fixed else { return Ok(()) };
        let [currency] = currencies else {
            return Err(FieldError::new("tariff_fixed", "a fixed part needs exactly one of currencies"));
        };
        let places = currency.minor_places();
        if !fixed.is_positive() || fixed.rounded(places) != fixed {
            let detail = format!("more than zero with at most {places} decimals is allowed");
            return Err(FieldError::new("tariff_fixed", detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[track_caller]
    fn check(percent: Option<&str>, fixed: Option<&str>, paid: [&str; 2], fee: &str) {
        let tariff = Tariff::of(percent.map(amount), fixed.map(amount)).unwrap();
        let [paid, currency] = paid;
        let currency = Currency::parse(currency).unwrap();
        assert_eq!(tariff.fee(amount(paid), currency).unwrap(), amount(fee));
    }

    #[test]
    fn a_tariff_is_a_share_of_what_is_paid_and_a_fixed_part_rounded_once() {
        check(Some("2.9"), Some("0.3"), ["50.75", "EUR"], "1.77");
        check(Some("2.5"), None, ["1", "EUR"], "0.02");
        check(Some("2.5"), None, ["1", "KWD"], "0.025");
        check(None, Some("0.3"), ["50", "EUR"], "0.3");
        check(Some("1"), None, ["150", "JPY"], "2");
        check(Some("0.01"), None, ["33.333", "KWD"], "0.003");
        assert_eq!(Tariff::of(None, None), None);
    }

    #[test]
    fn a_fixed_part_is_of_one_currency_and_in_its_smallest_unit() {
        let [euro, dollar] = ["EUR", "USD"].map(|code| Currency::parse(code).unwrap());
        let refused = |percent: Option<&str>, fixed: Option<&str>, currencies: &[Currency]| {
            let tariff = Tariff::of(percent.map(amount), fixed.map(amount)).unwrap();
            tariff.check(currencies).err().map(|error| error.field)
        };
        assert_eq!(refused(Some("2.9"), None, &[]), None);
        assert_eq!(refused(Some("2.9"), Some("0.3"), &[euro]), None);
        for currencies in [&[][..], &[euro, dollar][..]] {
            assert_eq!(refused(None, Some("0.3"), currencies), Some("tariff_fixed"));
        }
        for fixed in ["0", "-1", "0.001"] {
            assert_eq!(refused(None, Some(fixed), &[euro]), Some("tariff_fixed"), "{fixed}");
        }
        for percent in ["0", "0.001", "100.01"] {
            assert_eq!(refused(Some(percent), None, &[euro]), Some("tariff_percent"), "{percent}");
        }
    }
}
