//! What the values of attributes are called and how they belong together: countries, operators,
//! networks, the prefixes of numbering plans, and the fixed lists of channels.
//!
//! The data are shipped (`data/`, each file with its source and licence) and may be edited on a platform
//! ([`edits`]). Rate trees hold dictionary *keys*; a tree stays valid when an entry goes.

pub mod edits;
mod index;
mod name;
mod shipped;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use crate::rating::Attribute;

pub use index::relates;
pub use name::{DictionaryName, EntryError, FieldForm};
pub use shipped::Provenance;

use index::Index;

/// A key with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub key: String,
    /// In the order of the dictionary's fields; empty where nothing is known.
    pub values: Vec<String>,
}

/// A list of keys and their fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    pub name: DictionaryName,
    /// What the values of an entry are called, in their order. The key is not among them.
    pub fields: Vec<&'static str>,
    /// By key; no key is there twice.
    pub entries: Vec<Entry>,
}

impl Dictionary {
    /// A dictionary of these entries, in any order. Of two with one key the later one is taken.
    pub(crate) fn new(name: DictionaryName, mut entries: Vec<Entry>) -> Self {
        // A stable sort keeps the later one behind, where `dedup` would drop it.
        entries.reverse();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries.dedup_by(|a, b| a.key == b.key);
        let fields = name.fields();
        // What was stored before a dictionary got another field.
        entries.iter_mut().for_each(|entry| entry.values.resize(fields.len(), String::new()));
        Self { name, fields, entries }
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        let found = self.entries.binary_search_by(|entry| entry.key.as_str().cmp(key)).ok()?;
        self.entries.get(found)
    }

    /// The place of a field in the values of entries.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| *field == name)
    }

    /// What a field says of a key, unless it says nothing.
    pub fn value(&self, key: &str, field: &str) -> Option<&str> {
        let value = self.entry(key)?.values.get(self.field(field)?)?;
        (!value.is_empty()).then_some(value)
    }
}

/// All dictionaries of one platform. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Dictionaries {
    /// Those that differ from what is shipped.
    edited: BTreeMap<DictionaryName, Arc<Dictionary>>,
    index: Arc<OnceLock<Index>>,
    /// Apart from the index, because no message needs it.
    network_names: Arc<OnceLock<Dictionary>>,
}

impl Dictionaries {
    /// As they are shipped.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Dictionaries> = LazyLock::new(Dictionaries::default);
        &SHIPPED
    }

    /// The same with these dictionaries in place of the ones of their names.
    #[must_use]
    pub fn with(&self, changed: impl IntoIterator<Item = Arc<Dictionary>>) -> Self {
        let mut edited = self.edited.clone();
        edited.extend(changed.into_iter().map(|dictionary| (dictionary.name, dictionary)));
        Self { edited, index: Arc::default(), network_names: Arc::default() }
    }

    pub fn get(&self, name: DictionaryName) -> &Dictionary {
        match self.edited.get(&name) {
            Some(dictionary) => dictionary,
            None if name == DictionaryName::NetworkNames => {
                self.network_names.get_or_init(|| index::network_names(self))
            }
            None => shipped::dictionary(name),
        }
    }

    /// The dictionary whose keys are the values of an attribute; none for attributes of free values.
    pub fn of(&self, attribute: Attribute) -> Option<&Dictionary> {
        DictionaryName::of(attribute).map(|name| self.get(name))
    }

    /// What the key of one attribute says about another: the country of an MCCMNC, say. None if there
    /// is no such key, if the two are not related ([`relates`]), or if there are several answers, as
    /// for the country of a network's name that several countries have.
    pub fn related(&self, from: Attribute, key: &str, to: Attribute) -> Option<&str> {
        index::related(self, from, key, to)
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(self))
    }
}

#[cfg(test)]
mod tests;
