//! What is kept in the directory and edited by people: companies, banks, roles and the like. Each of
//! them says here by what it is found, listed and told apart from others of its kind.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer texts are told apart by their ids only.
const WORDS_LENGTH_MAX: usize = 80;

/// A thing that people edit. It is changed under its revision, listed by its columns, and each change of
/// it stands in the audit log.
pub trait Thing: Clone + Serialize + DeserializeOwned {
    /// As ids and audit actions name it: `bank`.
    const NOUN: &'static str;
    /// As its lists are named: `banks`.
    const NOUNS: &'static str;

    fn id(&self) -> &str;

    /// 0 when it is new, one more with every change.
    fn revision(&self) -> u64;

    /// In whose lists it stands, the main one first: usually of the company that it belongs to.
    fn lists(&self) -> Vec<String>;

    /// By what its lists are sorted and filtered, beside its id: texts that sort as the values do.
    fn columns(&self) -> Vec<(&'static str, String)>;

    /// Partition and sort key of what is not stored under its id, because messages are charged by another.
    fn place(&self) -> Option<(String, String)> {
        None
    }

    /// Names that no other thing of the kind may have.
    fn unique(&self) -> Vec<String> {
        Vec::new()
    }
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
