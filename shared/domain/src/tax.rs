//! Tax on what a legal entity sells: a rule for the country of who buys.

use std::collections::BTreeSet;

use rust_decimal::prelude::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::money::{Amount, AmountError, PLACES_MAX};
use crate::record::{FieldError, country, line};

/// One for each country there is, and one for all others.
const RULES_MAX: usize = 260;
const NAME_LENGTH_MAX: usize = 40;
const NOTE_LENGTH_MAX: usize = 250;
const PERCENT_MAX: i64 = 100;

/// What is added for clients of one country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    /// Where the client's legal entity is registered, by the two letters of ISO 3166-1; all other
    /// countries if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// As the invoice calls it: `VAT`.
    pub name: String,
    /// 0 to 100.
    pub percent: Amount,
    /// A client with a VAT number owes the tax itself: none is added, and the invoice says so. One without
    /// pays the percentage.
    #[serde(default)]
    pub reverse_charge: bool,
    /// Stands on the invoice beside the tax, as the law that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The tax of an invoice, as the rule had it when the invoice was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    pub name: String,
    /// Zero where the client owes it.
    pub percent: Amount,
    /// Owed by the client itself.
    pub reverse_charge: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Rules as they are stored: each country once, names tidied.
pub fn checked(rules: Vec<TaxRule>) -> Result<Vec<TaxRule>, FieldError> {
    const FIELD: &str = "taxes";
    if RULES_MAX < rules.len() {
        return Err(FieldError::new(FIELD, format!("at most {RULES_MAX} are allowed")));
    }
    let rules: Vec<_> = rules.into_iter().map(TaxRule::checked).collect::<Result<_, _>>()?;
    let countries: BTreeSet<_> = rules.iter().map(|rule| &rule.country).collect();
    if countries.len() < rules.len() {
        return Err(FieldError::new(FIELD, "there is one rule for a country, and one for all others"));
    }
    Ok(rules)
}

impl TaxRule {
    fn checked(self) -> Result<Self, FieldError> {
        if self.percent.is_negative() || Amount::whole(PERCENT_MAX) < self.percent {
            return Err(FieldError::new("taxes.percent", "a percentage is 0 to 100"));
        }
        Ok(Self {
            country: self.country.map(|code| country("taxes.country", &code)).transpose()?,
            name: line("taxes.name", self.name, NAME_LENGTH_MAX)?,
            note: self.note.map(|note| line("taxes.note", note, NOTE_LENGTH_MAX)).transpose()?,
            ..self
        })
    }
}

/// The tax for a client; none if no rule is for it. A client whose country is not known falls under the
/// rule for all others.
pub fn applied(rules: &[TaxRule], country: Option<&str>, vat_number: Option<&str>) -> Option<Tax> {
    let own = rules.iter().find(|rule| rule.country.is_some() && rule.country.as_deref() == country);
    let rule = own.or_else(|| rules.iter().find(|rule| rule.country.is_none()))?;
    let reverse_charge = rule.reverse_charge && vat_number.is_some_and(|number| !number.trim().is_empty());
    Some(Tax {
        name: rule.name.clone(),
        percent: if reverse_charge { Amount::ZERO } else { rule.percent },
        reverse_charge,
        note: rule.note.clone().filter(|_| reverse_charge || !rule.reverse_charge),
    })
}

impl Tax {
    /// What is added to a sum, rounded once, half-even: on an invoice to the currency's minor unit.
    pub fn on(&self, net: Amount, places: u32) -> Result<Amount, AmountError> {
        let exact = net.decimal() * self.percent.decimal() / Decimal::ONE_HUNDRED;
        let strategy = RoundingStrategy::MidpointNearestEven;
        let tax = Amount::new(exact.round_dp_with_strategy(places.min(PLACES_MAX), strategy))?;
        Ok(if tax.is_zero() { Amount::ZERO } else { tax }) // zero has no sign
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn rule(country: Option<&str>, percent: &str, reverse_charge: bool) -> TaxRule {
        TaxRule {
            country: country.map(str::to_owned),
            name: "VAT".into(),
            percent: Amount::parse(percent).unwrap(),
            reverse_charge,
            note: None,
        }
    }

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn a_client_falls_under_the_rule_of_its_country_or_under_that_for_all_others() {
        let rules = [rule(Some("DE"), "19", false), rule(None, "0", false)];
        let percent = |country| applied(&rules, country, None).unwrap().percent.to_string();
        assert_eq!([percent(Some("DE")), percent(Some("US")), percent(None)], ["19", "0", "0"]);
        assert_eq!(applied(&rules[..1], Some("US"), None), None);
    }

    #[test]
    fn a_client_with_a_vat_number_owes_the_tax_itself_and_one_without_pays_it() {
        let rules = [TaxRule { note: Some("Art. 196".into()), ..rule(Some("FR"), "19", true) }];
        let own = applied(&rules, Some("FR"), Some("FR123")).unwrap();
        assert!(own.reverse_charge && own.note.is_some());
        assert_eq!(own.on(amount("100"), 2).unwrap(), Amount::ZERO);
        for number in [None, Some(" ")] {
            let paid = applied(&rules, Some("FR"), number).unwrap();
            assert!(!paid.reverse_charge && paid.note.is_none());
            assert_eq!(paid.on(amount("100"), 2).unwrap(), amount("19"));
        }
    }

    #[test]
    fn tax_is_rounded_once_and_half_even() {
        let tax = applied(&[rule(None, "20", false)], None, None).unwrap();
        let on = |net| tax.on(amount(net), 2).unwrap().to_string();
        assert_eq!([on("0.125"), on("0.175"), on("0.225"), on("-0.175")], ["0.02", "0.04", "0.04", "-0.04"]);
        assert_eq!(tax.on(amount("1234.567891"), 0).unwrap().to_string(), "247");
    }

    #[test]
    fn each_country_has_one_rule_and_a_percentage_that_is_one() {
        let tidy = checked(vec![rule(Some("de"), "19", false), rule(None, "0", false)]).unwrap();
        assert_eq!(tidy[0].country.as_deref(), Some("DE"));
        let field = |rules| checked(rules).map_err(|error: FieldError| error.field).unwrap_err();
        assert_eq!(field(vec![rule(None, "1", false), rule(None, "2", false)]), "taxes");
        assert_eq!(field(vec![rule(None, "100.5", false)]), "taxes.percent");
        assert_eq!(field(vec![rule(None, "-1", false)]), "taxes.percent");
        assert_eq!(field(vec![rule(Some("Germany"), "1", false)]), "taxes.country");
    }
}
