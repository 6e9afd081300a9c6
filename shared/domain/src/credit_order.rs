//! Buying message credits by card: so many, at a unit price from a rate plan in money, with tax. The
//! money is paid through a top-up, which remembers the order; the balance rises by the credits.

use serde::{Deserialize, Serialize};

use crate::fee::FeePrice;
use crate::fee::{FeeError, find_price};
use crate::id::{OwnLegalEntityId, RateId};
use crate::money::{Amount, AmountError, Currency};
use crate::quote::Level;
use crate::rating::{Attribute, Event, Resource};
use crate::tax::Tax;

/// By this name a rate plan has the price of one message credit among its additional services.
pub const ADDITIONAL_SERVICE: &str = "message_credits";
/// More than anybody sends before buying again.
pub const QUANTITY_MAX: u32 = 100_000_000;

/// What was ordered, with the price and the tax of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditOrder {
    /// Message credits.
    pub quantity: u32,
    /// Of one credit, without tax, up to six decimals.
    pub unit_price: Amount,
    pub rate: RateId,
    /// Rounded once, half-even, to the currency's smallest unit.
    pub net: Amount,
    /// In whose name it is sold: by its rules the tax is, and of its series the number of the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<OwnLegalEntityId>,
    /// None if no rule is for this buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rule: Option<Tax>,
    pub tax: Amount,
    /// Net and tax: what the top-up is for, before a fee.
    pub total: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditOrderError {
    #[error("1 to {QUANTITY_MAX} credits can be bought at once")]
    Quantity,
    #[error("message credits cannot be bought for nothing")]
    Free,
    #[error("so few credits cost less than the smallest unit of {0}")]
    TooLittle(Currency),
    #[error(transparent)]
    Price(#[from] FeeError),
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// The price of one credit in the rate plan that sells them, which is the only one of this level.
pub fn credit_price(level: &Level) -> Result<FeePrice, FeeError> {
    let event = Event::of(Resource::AdditionalService);
    find_price(level, &event.with(Attribute::AdditionalService, ADDITIONAL_SERVICE))
}

impl CreditOrder {
    /// An order of so many credits, paid in `currency`.
    pub fn plan(
        quantity: u32,
        price: FeePrice,
        currency: Currency,
        own_legal_entity: Option<OwnLegalEntityId>,
        tax_rule: Option<Tax>,
    ) -> Result<Self, CreditOrderError> {
        if quantity == 0 || QUANTITY_MAX < quantity {
            return Err(CreditOrderError::Quantity);
        }
        if !price.amount.is_positive() {
            return Err(CreditOrderError::Free);
        }
        let places = currency.minor_places();
        let net = price.amount.checked_times(quantity)?.rounded(places);
        if net.is_zero() {
            return Err(CreditOrderError::TooLittle(currency));
        }
        let tax = tax_rule.as_ref().map_or(Ok(Amount::ZERO), |rule| rule.on(net, places))?;
        let total = net.checked_add(tax)?;
        let unit_price = price.amount;
        Ok(Self { quantity, unit_price, rate: price.rate, net, own_legal_entity, tax_rule, tax, total })
    }

    /// What the balance rises by.
    pub fn credits(&self) -> Amount {
        Amount::whole(self.quantity.into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::id::AgreementId;

    fn order(quantity: u32, price: &str, percent: Option<&str>) -> Result<CreditOrder, CreditOrderError> {
        let parse = |text: &str| Amount::parse(text).unwrap();
        let rate = RateId::fixed(&AgreementId::new(1), ADDITIONAL_SERVICE);
        let price = FeePrice { rate, quantity_rule: None, amount: parse(price), attributes: BTreeMap::new() };
        let tax = percent.map(|percent| Tax {
            name: "VAT".into(),
            percent: parse(percent),
            reverse_charge: false,
            note: None,
        });
        CreditOrder::plan(quantity, price, Currency::parse("EUR").unwrap(), None, tax)
    }

    #[track_caller]
    fn check(quantity: u32, price: &str, percent: Option<&str>, expected: [&str; 3]) {
        let order = order(quantity, price, percent).unwrap();
        assert_eq!([order.net, order.tax, order.total].map(|amount| amount.to_string()), expected);
        assert_eq!(order.credits(), Amount::whole(quantity.into()));
    }

    #[test]
    fn credits_cost_their_number_times_the_price_and_the_tax() {
        check(10_000, "0.06", Some("19"), ["600", "114", "714"]);
        check(10_000, "0.06", None, ["600", "0", "600"]);
        check(1, "0.06", Some("19"), ["0.06", "0.01", "0.07"]);
    }

    #[test]
    fn the_sum_is_rounded_once_half_even_and_the_tax_once() {
        check(3, "0.005", None, ["0.02", "0", "0.02"]);
        check(5, "0.005", Some("20"), ["0.02", "0", "0.02"]);
        check(333, "0.012345", Some("7.7"), ["4.11", "0.32", "4.43"]);
    }

    #[test]
    fn nothing_is_sold_for_nothing_or_without_a_number() {
        assert_eq!(order(0, "1", None), Err(CreditOrderError::Quantity));
        assert_eq!(order(QUANTITY_MAX + 1, "1", None), Err(CreditOrderError::Quantity));
        assert_eq!(order(5, "0", None), Err(CreditOrderError::Free));
        let euro = Currency::parse("EUR").unwrap();
        assert_eq!(order(1, "0.004", None), Err(CreditOrderError::TooLittle(euro)));
    }
}
