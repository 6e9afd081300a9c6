//! Tax on what a legal entity sells: a rule for the country of who buys, and for the day of the sale. An invoice
//! is a sale of the last day of its period, whenever it is issued: what goes on for a time is supplied when that
//! is over.

use jiff::civil::Date;
use rust_decimal::prelude::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::money::{Amount, AmountError, PLACES_MAX};
use crate::record::{FieldError, country, line};

/// There is room for each country and some changes: with long notes, this is what an item holds.
const RULES_MAX: usize = 260;
const NAME_LENGTH_MAX: usize = 40;
const NOTE_LENGTH_MAX: usize = 250;
const PERCENT_MAX: i64 = 100;

/// What is added for clients of one country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    /// The first day on which it is in force; all before `valid_till` if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The first day on which it is not any more; no end if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<Date>,
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

/// What of a client's legal entity decides on its tax.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Buyer {
    /// Where it is registered; none where the agreement names no legal entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
}

/// Who buys, and the tax on what is sold to it; none if no rule is for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taxed {
    /// None where that was not noted yet when the period was taxed: it keeps its tax then.
    pub buyer: Option<Buyer>,
    pub tax: Option<Tax>,
}

/// Rules as they are stored: each country once on each day, names tidied.
pub fn checked(rules: Vec<TaxRule>) -> Result<Vec<TaxRule>, FieldError> {
    const FIELD: &str = "taxes";
    if RULES_MAX < rules.len() {
        return Err(FieldError::new(FIELD, format!("at most {RULES_MAX} are allowed")));
    }
    let rules: Vec<_> = rules.into_iter().map(TaxRule::checked).collect::<Result<_, _>>()?;
    let is_second =
        |(place, rule): (usize, &TaxRule)| rules[..place].iter().any(|other| rule.overlaps(other));
    if rules.iter().enumerate().any(is_second) {
        let detail = "on each day there is one rule for a country at most, and one for all others";
        return Err(FieldError::new(FIELD, detail));
    }
    Ok(rules)
}

impl TaxRule {
    fn checked(self) -> Result<Self, FieldError> {
        if self.percent.is_negative() || Amount::whole(PERCENT_MAX) < self.percent {
            return Err(FieldError::new("taxes.percent", "a percentage is 0 to 100"));
        }
        if !is_before(self.valid_from, self.valid_till) {
            return Err(FieldError::new("taxes.valid_till", "a rule ends on a later day than it begins"));
        }
        Ok(Self {
            country: self.country.map(|code| country("taxes.country", &code)).transpose()?,
            name: line("taxes.name", self.name, NAME_LENGTH_MAX)?,
            note: self.note.map(|note| line("taxes.note", note, NOTE_LENGTH_MAX)).transpose()?,
            ..self
        })
    }

    fn is_in_force(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_till.is_none_or(|till| day < till)
    }

    /// Whether both are in force for the same clients on some day.
    fn overlaps(&self, other: &Self) -> bool {
        self.country == other.country
            && is_before(self.valid_from, other.valid_till)
            && is_before(other.valid_from, self.valid_till)
    }
}

/// What begins without a day was always there, and what ends without one never does.
fn is_before(from: Option<Date>, till: Option<Date>) -> bool {
    from.zip(till).is_none_or(|(from, till)| from < till)
}

impl Buyer {
    /// [`applied`] to it.
    pub fn tax(&self, rules: &[TaxRule], day: Date) -> Option<Tax> {
        applied(rules, self.country.as_deref(), self.vat_number.as_deref(), day)
    }
}

/// The tax for a client on a day; none if no rule is for it then. A client whose country is not known, or has no
/// rule that is in force, falls under the rule for all others.
pub fn applied(rules: &[TaxRule], country: Option<&str>, vat_number: Option<&str>, day: Date) -> Option<Tax> {
    let rule_for = |country: Option<&str>| {
        rules.iter().find(|rule| rule.country.as_deref() == country && rule.is_in_force(day))
    };
    let rule = rule_for(country).or_else(|| rule_for(None))?;
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

/// Whether clients owe the same by both, whatever they are called. None is as one of 0 %.
pub fn is_same(one: Option<&Tax>, other: Option<&Tax>) -> bool {
    let owed = |tax: Option<&Tax>| tax.map_or_else(Default::default, |tax| (tax.percent, tax.reverse_charge));
    owed(one) == owed(other)
}

/// Whether the client owes it itself; not without one.
pub fn is_reversed(tax: Option<&Tax>) -> bool {
    tax.is_some_and(|tax| tax.reverse_charge)
}

/// [`Tax::on`]; zero without one.
pub fn tax_on(tax: Option<&Tax>, net: Amount, places: u32) -> Result<Amount, AmountError> {
    tax.map_or(Ok(Amount::ZERO), |tax| tax.on(net, places))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 10, 31);

    pub(crate) fn rule(country: Option<&str>, percent: &str, reverse_charge: bool) -> TaxRule {
        TaxRule {
            valid_from: None,
            valid_till: None,
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
        let percent = |country| applied(&rules, country, None, DAY).unwrap().percent.to_string();
        assert_eq!([percent(Some("DE")), percent(Some("US")), percent(None)], ["19", "0", "0"]);
        assert_eq!(applied(&rules[..1], Some("US"), None, DAY), None);
    }

    #[test]
    fn a_client_with_a_vat_number_owes_the_tax_itself_and_one_without_pays_it() {
        let rules = [TaxRule { note: Some("Art. 196".into()), ..rule(Some("FR"), "19", true) }];
        let own = applied(&rules, Some("FR"), Some("FR123"), DAY).unwrap();
        assert!(own.reverse_charge && own.note.is_some());
        assert_eq!(own.on(amount("100"), 2).unwrap(), Amount::ZERO);
        for number in [None, Some(" ")] {
            let paid = applied(&rules, Some("FR"), number, DAY).unwrap();
            assert!(!paid.reverse_charge && paid.note.is_none());
            assert_eq!(paid.on(amount("100"), 2).unwrap(), amount("19"));
        }
    }

    /// In Germany it was 16 % in the second half of 2020, and 19 % before and behind.
    fn german_rules() -> [TaxRule; 3] {
        let (from, till) = (Some(date(2020, 7, 1)), Some(date(2021, 1, 1)));
        let of = |percent| rule(Some("DE"), percent, false);
        [
            TaxRule { valid_till: from, ..of("19") },
            TaxRule { valid_from: from, valid_till: till, ..of("16") },
            TaxRule { valid_from: till, ..of("19") },
        ]
    }

    #[test]
    fn a_rule_taxes_from_its_first_day_until_the_day_on_which_it_ends() {
        let rules = checked(german_rules().to_vec()).unwrap();
        let percent =
            |day| applied(&rules, Some("DE"), None, day).map(|tax| tax.percent.to_string()).unwrap();
        let days = [date(2020, 6, 30), date(2020, 7, 1), date(2020, 12, 31), date(2021, 1, 1)];
        assert_eq!(days.map(percent), ["19", "16", "16", "19"]);
        let ended = [rules[1].clone(), rule(None, "7", false)];
        let tax = applied(&ended, Some("DE"), None, date(2021, 1, 1)).unwrap();
        assert_eq!(tax.percent, amount("7"), "the rule for all others is for whom no other one is");
    }

    #[test]
    fn rules_of_a_country_follow_each_other_without_a_day_in_common() {
        let refused = |rules: &[TaxRule]| checked(rules.to_vec()).map_err(|error| error.field).err();
        let [before, during, after] = german_rules();
        let longer = TaxRule { valid_till: Some(date(2021, 1, 2)), ..during.clone() };
        assert_eq!(refused(&[longer.clone(), after.clone()]), Some("taxes"));
        assert_eq!(refused(&[rule(Some("de"), "20", false), before.clone()]), Some("taxes"));
        assert_eq!(refused(&[before, TaxRule { country: Some("AT".into()), ..longer }, after]), None);
        let never = TaxRule { valid_till: during.valid_from, ..during };
        assert_eq!(refused(&[never]), Some("taxes.valid_till"));
    }

    #[test]
    fn a_tax_is_another_one_by_its_percentage_or_by_who_owes_it_and_not_by_its_words() {
        let tax = |percent, reverse_charge| {
            let buyer = Buyer { country: Some("DE".into()), vat_number: Some("DE1".into()) };
            buyer.tax(&[rule(Some("DE"), percent, reverse_charge)], DAY)
        };
        let renamed =
            Tax { name: "USt".into(), note: Some("Section 12".into()), ..tax("19", false).unwrap() };
        let same = |one: Option<Tax>, other: Option<Tax>| is_same(one.as_ref(), other.as_ref());
        assert!(same(tax("19", false), Some(renamed)) && same(None, tax("0", false)));
        assert!(!same(tax("19", false), tax("16", false)));
        assert!(!same(tax("0", false), tax("19", true)), "the client owes this one itself");
    }

    #[test]
    fn tax_is_rounded_once_and_half_even() {
        let tax = applied(&[rule(None, "20", false)], None, None, DAY).unwrap();
        let on = |net| tax.on(amount(net), 2).unwrap().to_string();
        assert_eq!([on("0.125"), on("0.175"), on("0.225"), on("-0.175")], ["0.02", "0.04", "0.04", "-0.04"]);
        assert_eq!(tax.on(amount("1234.567891"), 0).unwrap().to_string(), "247");
    }

    #[test]
    fn each_country_has_one_rule_on_a_day_and_a_percentage_that_is_one() {
        let tidy = checked(vec![rule(Some("de"), "19", false), rule(None, "0", false)]).unwrap();
        assert_eq!(tidy[0].country.as_deref(), Some("DE"));
        let field = |rules| checked(rules).map_err(|error: FieldError| error.field).unwrap_err();
        assert_eq!(field(vec![rule(None, "1", false), rule(None, "2", false)]), "taxes");
        assert_eq!(field(vec![rule(None, "100.5", false)]), "taxes.percent");
        assert_eq!(field(vec![rule(None, "-1", false)]), "taxes.percent");
        assert_eq!(field(vec![rule(Some("Germany"), "1", false)]), "taxes.country");
    }
}
