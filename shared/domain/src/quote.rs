//! What an event costs at every level, from the client's agreement up.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::id::{RateId, ServiceId, WalletId};
use crate::money::{Amount, AmountError};
use crate::rating::{BillingRule, Event, Found, Price, QuantityRule, RateTree};
use crate::wallet::Leg;

/// A tree in force under an agreement.
#[derive(Debug, Clone)]
pub struct Rates {
    pub service: ServiceId,
    pub version: u32,
    pub tree: Arc<RateTree>,
}

/// One agreement that a message is charged to, with the rate plans enabled under it in their order.
#[derive(Debug, Clone)]
pub struct Level {
    pub agreement: Agreement,
    pub rates: Vec<Rates>,
}

/// What one message costs one wallet.
///
/// Stored as one short text, `wallet:rate:price:quantity:rule`, because a message row with five levels
/// has to fit one write unit of 1 KB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Charge {
    pub wallet: WalletId,
    pub rate: RateId,
    pub unit_price: Amount,
    pub quantity: u32,
    pub billing: BillingRule,
    pub amount: Amount,
}

impl Charge {
    pub fn leg(&self) -> Leg {
        Leg { wallet: self.wallet.clone(), amount: self.amount }
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self.billing {
            BillingRule::Submitted => "s",
            BillingRule::Delivered => "d",
        };
        let rate = &self.rate.as_str()[RateId::PREFIX.len()..];
        write!(out, "{}:{rate}:{}:{}:{rule}", self.wallet.body(), self.unit_price, self.quantity)
    }
}

impl From<Charge> for String {
    fn from(charge: Charge) -> String {
        charge.to_string()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a stored charge: {text}")]
pub struct ChargeError {
    text: String,
}

impl TryFrom<String> for Charge {
    type Error = ChargeError;

    fn try_from(text: String) -> Result<Self, ChargeError> {
        let read = || {
            let mut fields = text.split(':');
            let wallet = WalletId::parse(&format!("{}{}", WalletId::PREFIX, fields.next()?)).ok()?;
            let rate = format!("{}{}", RateId::PREFIX, fields.next()?);
            let rate = serde_json::from_value(serde_json::Value::String(rate)).ok()?;
            let unit_price = Amount::parse(fields.next()?).ok()?;
            let quantity = fields.next()?.parse().ok()?;
            let billing = match fields.next()? {
                "s" => BillingRule::Submitted,
                "d" => BillingRule::Delivered,
                _ => return None,
            };
            let amount = unit_price.checked_times(quantity).ok()?;
            Some(Self { wallet, rate, unit_price, quantity, billing, amount })
        };
        read().ok_or(ChargeError { text: text.clone() })
    }
}

/// Why an event cannot be sold, and at which level: 1 is the sender's own agreement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("there is no rate for this destination at level {level} (looked as far as `{path}`)")]
    NoRate { level: usize, path: String },
    #[error("this destination is blocked at level {level}")]
    Blocked { level: usize },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// The charge at each level, the client's first. Every level has to accept.
pub fn quote(levels: &[Level], event: &Event, segments: u32) -> Result<Vec<Charge>, QuoteError> {
    levels.iter().enumerate().map(|(index, level)| charge(level, index + 1, event, segments)).collect()
}

fn charge(level: &Level, number: usize, event: &Event, segments: u32) -> Result<Charge, QuoteError> {
    let mut deepest = event.resource.name().to_owned();
    for rates in &level.rates {
        let (path, price, billing, rule) = match rates.tree.find(event) {
            Found::NoRate { path } => {
                deepest = path;
                continue;
            }
            Found::Price { price: Price::NotIncluded, .. } => continue,
            Found::Price { path, price, billing, quantity } => (path, price, billing, quantity),
        };
        let unit_price = match price {
            Price::Flat { amount } => *amount,
            Price::Free | Price::NotIncluded => Amount::ZERO,
            Price::Blocked => return Err(QuoteError::Blocked { level: number }),
        };
        let quantity = match rule {
            QuantityRule::Messages => 1,
            QuantityRule::Segments => segments,
        };
        return Ok(Charge {
            wallet: level.agreement.wallet(),
            rate: RateId::of(&rates.service, rates.version, &path),
            unit_price,
            quantity,
            billing,
            amount: unit_price.checked_times(quantity)?,
        });
    }
    Err(QuoteError::NoRate { level: number, path: deepest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Charging, CreditLimit, NewAgreement, plan_agreement};
    use crate::id::{AgreementId, CompanyId};
    use crate::money::Currency;
    use crate::period::BillingTerms;
    use crate::rating::Resource;
    use jiff::Timestamp;

    fn level(number: u128, trees: &[serde_json::Value]) -> Level {
        let ask = NewAgreement {
            id: AgreementId::new(number),
            company: CompanyId::new(number),
            tenant: CompanyId::new(0),
            code: "A".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Unlimited,
            billing: BillingTerms::monthly_utc(),
        };
        let rates = |(index, json): (usize, &serde_json::Value)| Rates {
            service: ServiceId::new(index as u128),
            version: 1,
            tree: Arc::new(serde_json::from_value(json.clone()).unwrap()),
        };
        let agreement = plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).unwrap();
        Level { agreement, rates: trees.iter().enumerate().map(rates).collect() }
    }

    fn flat(amount: &str) -> serde_json::Value {
        serde_json::json!({"sms_message": {"price": {"type": "flat", "amount": amount}}})
    }

    fn price(kind: &str) -> serde_json::Value {
        serde_json::json!({"sms_message": {"price": {"type": kind}}})
    }

    const EVENT: Event =
        Event { resource: Resource::SmsMessage, direction: "MT", country: "DE", network: None };

    #[test]
    fn every_level_charges_its_own_price() {
        let charges = quote(&[level(1, &[flat("0.05")]), level(2, &[flat("0.03")])], &EVENT, 2).unwrap();
        let amounts: Vec<_> = charges.iter().map(|charge| charge.amount.to_string()).collect();
        assert_eq!(amounts, ["0.1", "0.06"]);
    }

    #[test]
    fn one_level_that_refuses_stops_the_message() {
        let blocked = quote(&[level(1, &[flat("0.05")]), level(2, &[price("blocked")])], &EVENT, 1);
        assert_eq!(blocked, Err(QuoteError::Blocked { level: 2 }));
        let none = quote(&[level(1, &[])], &EVENT, 1);
        assert_eq!(none, Err(QuoteError::NoRate { level: 1, path: "sms_message".into() }));
    }

    #[test]
    fn what_a_service_does_not_include_is_looked_up_in_the_next() {
        let charges = quote(&[level(1, &[price("not_included"), flat("0.02")])], &EVENT, 1).unwrap();
        assert_eq!(charges[0].unit_price.to_string(), "0.02");
    }

    #[test]
    fn a_charge_reads_back_from_its_short_text() {
        let charge = quote(&[level(1, &[flat("0.000001")])], &EVENT, 255).unwrap().remove(0);
        assert!(charge.to_string().len() < 60, "{charge}");
        assert_eq!(Charge::try_from(charge.to_string()), Ok(charge));
        assert!(Charge::try_from("rubbish".to_owned()).is_err());
    }
}
