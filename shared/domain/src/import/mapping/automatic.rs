//! The search for the value that a text of an attribute's column stands for.

use std::collections::HashMap;

use super::{How, Value, means_others};
use crate::dictionary::Dictionary;
use crate::import::mccmnc::{self, Codes};
use crate::import::settings::{Equality, Match, Meaning, Settings, Target};
use crate::import::similarity::{Name, SIMILARITY_MIN, plain};
use crate::rating::Attribute;

pub struct Matcher<'d> {
    attribute: Attribute,
    dictionary: Option<&'d Dictionary>,
    accept_unknown_mccmnc: bool,
    /// Keys by what is compared with texts, as it is and made plain. Of equals the smallest key.
    exact: HashMap<&'d str, &'d str>,
    plain: HashMap<String, &'d str>,
    /// For the best match, by key.
    names: Vec<(Name, &'d str)>,
    /// Texts that may still be compared with all names.
    comparisons_left: u32,
}

/// Texts of a column that are compared with every name of a dictionary: it takes a second with 3,000 names,
/// and no list of suppliers has as many spellings. Others are matched in full only.
const COMPARISONS_MAX: u32 = 5_000;

impl<'d> Matcher<'d> {
    pub fn new(attribute: Attribute, meaning: &Meaning, settings: &Settings, target: &Target<'d>) -> Self {
        let dictionary = target.dictionaries.of(attribute);
        let mut matcher = Self {
            attribute,
            dictionary,
            accept_unknown_mccmnc: settings.accept_unknown_mccmnc,
            exact: HashMap::new(),
            plain: HashMap::new(),
            names: Vec::new(),
            comparisons_left: COMPARISONS_MAX,
        };
        let matched = match meaning {
            Meaning::Attribute { matched, .. } => matched,
            _ => &Match::Key,
        };
        let (field, equality) = match (matched, dictionary) {
            (Match::Field { field, equality }, Some(dictionary)) => (dictionary.field(field), *equality),
            _ => (None, Equality::Full),
        };
        for entry in dictionary.into_iter().flat_map(|dictionary| &dictionary.entries) {
            let compared = match field {
                Some(place) => entry.values.get(place).map(String::as_str).unwrap_or_default(),
                None => &entry.key,
            };
            let plain = plain(compared);
            if !plain.is_empty() {
                matcher.plain.entry(plain).or_insert(&entry.key);
                if equality == Equality::Best {
                    matcher.names.push((Name::new(compared), &entry.key));
                }
            }
            if !compared.is_empty() {
                matcher.exact.entry(compared).or_insert(&entry.key);
            }
        }
        matcher
    }

    /// What a text that is not empty stands for.
    pub fn find(&mut self, text: &str) -> (Value, How) {
        let key = |key: &str| (Value::Keys(vec![key.to_owned()]), How::Full);
        if let Some(found) = self.exact.get(text) {
            return key(found);
        }
        if means_others(text) {
            return (Value::Others { mcc: None }, How::Full);
        }
        if self.attribute == Attribute::Mccmnc && self.names.is_empty() {
            return self.codes(text);
        }
        let Some(_) = self.dictionary else {
            // Its values are free texts, except that hours have a form.
            return match self.attribute.has_value(text) {
                true => key(text),
                false => (Value::Unmatched, How::None),
            };
        };
        match self.plain.get(&plain(text)) {
            Some(found) => key(found),
            None => self.most_similar(text),
        }
    }

    fn codes(&self, text: &str) -> (Value, How) {
        let Some(operators) = self.dictionary else { return (Value::Unmatched, How::None) };
        match mccmnc::read(text, operators, self.accept_unknown_mccmnc) {
            Codes::Networks(keys) => (Value::Keys(keys), How::Full),
            Codes::All { mcc } => (Value::Others { mcc }, How::Full),
            Codes::Unknown => (Value::Unmatched, How::None),
        }
    }

    fn most_similar(&mut self, text: &str) -> (Value, How) {
        let Some(left) = self.comparisons_left.checked_sub(1) else { return (Value::Unmatched, How::None) };
        self.comparisons_left = left;
        let name = Name::new(text);
        let scored = self.names.iter().map(|(other, key)| (name.similarity(other), key));
        // Of equals the smallest key, which comes first.
        let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
        match best {
            Some((similarity, key)) if similarity >= SIMILARITY_MIN => {
                (Value::Keys(vec![(*key).to_owned()]), How::Best { similarity })
            }
            _ => (Value::Unmatched, How::None),
        }
    }
}
