//! Exact amounts. One message can cost less than a cent, so an amount has up to six decimal places;
//! a document rounds once to the currency's minor unit. Nothing here is ever a float.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Decimal places of an amount.
pub const PLACES_MAX: u32 = 6;
/// No amount or balance may pass a trillion: sums stay exact in both `Decimal` and DynamoDB.
const AMOUNT_MAX: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// An exact amount of at most six decimal places and at most a trillion either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Amount(Decimal);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("an amount is a plain decimal number such as 12.50")]
    NotANumber,
    #[error("an amount has at most {PLACES_MAX} decimal places")]
    TooPrecise,
    #[error("an amount is at most 1000000000000")]
    TooLarge,
}

impl Amount {
    pub const ZERO: Self = Self(Decimal::ZERO);
    pub const ONE: Self = Self(Decimal::ONE);

    pub fn new(value: Decimal) -> Result<Self, AmountError> {
        let value = value.normalize();
        if value.scale() > PLACES_MAX {
            return Err(AmountError::TooPrecise);
        }
        Self::bounded(value)
    }

    fn bounded(value: Decimal) -> Result<Self, AmountError> {
        if value.abs() > AMOUNT_MAX { Err(AmountError::TooLarge) } else { Ok(Self(value.normalize())) }
    }

    /// Reads `12.5`, `-3`, `0.000001`; no exponent, no separators, no blanks.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !plain || digits.starts_with('.') || digits.ends_with('.') {
            return Err(AmountError::NotANumber);
        }
        Self::new(Decimal::from_str_exact(text).map_err(|_| AmountError::NotANumber)?)
    }

    pub fn whole(units: i64) -> Self {
        Self(Decimal::from(units.clamp(-1_000_000_000_000, 1_000_000_000_000)))
    }

    /// A sum that passes a trillion is refused, never wrapped or rounded.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        Self::bounded(self.0 + other.0)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        Self::bounded(self.0 - other.0)
    }

    /// `self` for each of `count` units.
    pub fn checked_times(self, count: u32) -> Result<Self, AmountError> {
        Self::bounded(self.0 * Decimal::from(count))
    }

    /// `parts` of so many equal parts of `self`, half-even to six places: the price of a part of a minute.
    pub fn checked_share(self, parts: u32, of: u32) -> Result<Self, AmountError> {
        let share = self.0 * Decimal::from(parts) / Decimal::from(of.max(1));
        Self::bounded(share).map(|share| share.rounded(PLACES_MAX))
    }

    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// `self` in `parts` equal parts, rounded towards zero to six places.
    pub fn divided_down(self, parts: u32) -> Self {
        let part = self.0 / Decimal::from(parts.max(1));
        Self(part.round_dp_with_strategy(PLACES_MAX, RoundingStrategy::ToZero).normalize())
    }

    /// How many times `part` fits into it, none if it is negative. What costs nothing fits as often as one
    /// likes.
    pub fn whole_parts_of(self, part: Self) -> u32 {
        if part.is_zero() {
            return u32::MAX;
        }
        if self.is_negative() {
            return 0;
        }
        u32::try_from((self.0 / part.0).trunc()).unwrap_or(u32::MAX)
    }

    /// Half-even to `places`, as documents round.
    pub fn rounded(self, places: u32) -> Self {
        Self(self.0.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven).normalize())
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    pub fn is_negative(self) -> bool {
        self < Self::ZERO
    }

    pub fn is_positive(self) -> bool {
        self > Self::ZERO
    }

    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl std::ops::Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        if self.is_zero() { self } else { Self(-self.0) }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl TryFrom<Decimal> for Amount {
    type Error = AmountError;
    fn try_from(value: Decimal) -> Result<Self, AmountError> {
        Self::new(value)
    }
}

impl From<Amount> for Decimal {
    fn from(amount: Amount) -> Decimal {
        amount.0
    }
}

/// What an agreement counts in: money, or message credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Currency {
    /// ISO 4217.
    Money(iso_currency::Currency),
    /// Message credits, written `CREDIT`.
    Credit,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a currency is an ISO 4217 code such as EUR, or CREDIT for message credits")]
pub struct CurrencyError;

impl Currency {
    pub fn parse(text: &str) -> Result<Self, CurrencyError> {
        if text == "CREDIT" {
            return Ok(Self::Credit);
        }
        iso_currency::Currency::from_code(text).map(Self::Money).ok_or(CurrencyError)
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::Money(currency) => currency.code(),
            Self::Credit => "CREDIT",
        }
    }

    /// Decimal places of the minor unit, to which documents round. Credits are whole messages.
    pub fn minor_places(self) -> u32 {
        match self {
            Self::Money(currency) => u32::from(currency.exponent().unwrap_or(2)),
            Self::Credit => 0,
        }
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;
    fn try_from(text: String) -> Result<Self, CurrencyError> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn an_amount_has_six_places_and_no_more() {
        assert_eq!(amount("0.000001").to_string(), "0.000001");
        assert_eq!(amount("12.500000000").to_string(), "12.5");
        assert_eq!(Amount::parse("0.0000001"), Err(AmountError::TooPrecise));
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in ["", "-", ".5", "5.", "1e3", "1,5", " 1", "NaN", "+1", "--1", "1.2.3"] {
            assert_eq!(Amount::parse(text), Err(AmountError::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn no_amount_passes_a_trillion() {
        assert_eq!(Amount::parse("1000000000000.000001"), Err(AmountError::TooLarge));
        let most = amount("1000000000000");
        assert_eq!(most.checked_add(amount("0.000001")), Err(AmountError::TooLarge));
    }

    #[test]
    fn documents_round_half_even() {
        assert_eq!(amount("0.125").rounded(2).to_string(), "0.12");
        assert_eq!(amount("0.135").rounded(2).to_string(), "0.14");
        assert_eq!(amount("-0.125").rounded(2).to_string(), "-0.12");
    }

    #[test]
    fn a_currency_knows_its_minor_unit() {
        assert_eq!(Currency::parse("EUR").unwrap().minor_places(), 2);
        assert_eq!(Currency::parse("JPY").unwrap().minor_places(), 0);
        assert_eq!(Currency::parse("KWD").unwrap().minor_places(), 3);
        assert_eq!(Currency::parse("CREDIT").unwrap().minor_places(), 0);
        assert!(Currency::parse("EURO").is_err());
    }

    proptest! {
        #[test]
        fn an_amount_reads_back_as_it_was_written(micros in -1_000_000_000_000_000_000i64..=1_000_000_000_000_000_000) {
            let amount = Amount::new(Decimal::new(micros, 6)).unwrap();
            prop_assert_eq!(Amount::parse(&amount.to_string()).unwrap(), amount);
            prop_assert_eq!(serde_json::from_str::<Amount>(&serde_json::to_string(&amount).unwrap()).unwrap(), amount);
        }

        #[test]
        fn adding_and_taking_away_leaves_what_was(a in -1_000_000_000_000i64..1_000_000_000_000, b in -1_000_000_000_000i64..1_000_000_000_000) {
            let (a, b) = (Amount::new(Decimal::new(a, 6)).unwrap(), Amount::new(Decimal::new(b, 6)).unwrap());
            prop_assert_eq!(a.checked_add(b).unwrap().checked_sub(b).unwrap(), a);
        }
    }
}
