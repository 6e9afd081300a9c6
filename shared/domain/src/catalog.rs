//! What is kept in the directory and edited by people: companies, banks, roles and the like. Each of
//! them says here by what it is found, listed and told apart from others of its kind.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::money::{Amount, PLACES_MAX};

/// Longer texts are told apart by their ids only.
const WORDS_LENGTH_MAX: usize = 80;

/// Where the items of a kind lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    Directory,
    /// With the money: written by the ledger's own functions, and only listed as the others are.
    Ledger,
    /// With the EDRs, likewise.
    Records,
}

/// A thing that people edit. It is changed under its revision, listed by its columns, and each change of
/// it stands in the audit log.
pub trait Thing: Clone + Serialize + DeserializeOwned {
    /// As ids and audit actions name it: `bank`.
    const NOUN: &'static str;
    /// As its lists are named: `banks`.
    const NOUNS: &'static str;
    const HOME: Home = Home::Directory;
    /// The field that counts its changes.
    const REVISION: &'static str = "revision";
    /// The column that its lists are in the order of where nobody says which. The id, if there is none:
    /// right where ids are given out by time. What is not in the directory needs one.
    const ORDER: Option<&'static str> = None;

    fn id(&self) -> &str;

    /// 0 when it is new, one more with every change.
    fn revision(&self) -> u64;

    /// In whose lists it stands, the main one first: usually of the company that it belongs to.
    fn lists(&self) -> Vec<String>;

    /// By what its lists are sorted and filtered, beside its id: texts that sort as the values do.
    fn columns(&self) -> Vec<(&'static str, String)>;

    /// The columns of one of its lists, where those beside the main one have fewer.
    fn columns_in(&self, _list: &str) -> Vec<(&'static str, String)> {
        self.columns()
    }

    /// Partition and sort key of what is not stored under its id, because messages are charged by another.
    fn place(&self) -> Option<(String, String)> {
        None
    }

    /// Whether it was deleted and stays for what hangs off it.
    fn is_gone(&self) -> bool {
        false
    }

    /// Names that no other thing of the kind may have.
    fn unique(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The list of what the companies directly below a tenant have with it.
pub fn list_with(tenant: &str) -> String {
    format!("with#{tenant}")
}

/// A text as people look for it: whatever the case, without control characters.
pub fn words(text: &str) -> String {
    let kept = text.trim().chars().filter(|c| !c.is_control()).flat_map(char::to_lowercase);
    kept.take(WORDS_LENGTH_MAX).collect()
}

/// A time, to the microsecond.
pub fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// A day. As it is written, it sorts.
pub fn day(day: Date) -> String {
    day.to_string()
}

/// An amount, of either sign.
pub fn amount(amount: Amount) -> String {
    // In smallest units, of which no amount has more than this above or below zero.
    const UNITS_MAX: i128 = 1_000_000_000_000_000_000;
    let units = amount.decimal() * Decimal::from(10_i64.pow(PLACES_MAX));
    format!("{:020}", units.to_i128().unwrap_or_default() + UNITS_MAX)
}

pub fn flag(value: bool) -> String {
    value.to_string()
}

pub fn number(value: u64) -> String {
    format!("{value:020}")
}

/// The name of one of a few values, as it is stored and answered.
pub fn choice<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_texts_sort_as_their_values_do() {
        assert!(number(9) < number(10));
        let (early, late) = (Timestamp::from_second(999).unwrap(), Timestamp::from_second(1_000).unwrap());
        assert!(time(early) < time(late));
        assert_eq!(time(early).len(), time(Timestamp::new(5, 1_000).unwrap()).len());
        assert!(flag(false) < flag(true));
        let rising = ["-1000", "-10.5", "-10.499999", "0", "0.000001", "9", "10", "123456789012.5"];
        let texts: Vec<_> = rising.iter().map(|text| amount(Amount::parse(text).unwrap())).collect();
        assert!(texts.is_sorted() && texts.iter().all(|text| text.len() == texts[0].len()), "{texts:?}");
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        assert_eq!(words("  ÄRZTE\u{1}haus "), "ärztehaus");
        assert_eq!(words(&"x".repeat(200)).len(), WORDS_LENGTH_MAX);
    }

    #[test]
    fn a_choice_has_the_name_that_is_answered() {
        assert_eq!(choice(crate::company::CompanyKind::Reseller), "reseller");
    }
}
