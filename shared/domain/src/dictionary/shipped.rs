//! The data files that are built in, read when they are first asked for.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Dictionary, DictionaryName, Entry};

/// Where a dictionary's data come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    pub source: String,
    pub licence: String,
    /// The day it was drawn.
    pub date: String,
}

macro_rules! files {
    ($($name:ident = $file:literal;)*) => {
        const fn file(name: DictionaryName) -> &'static str {
            match name {$(
                DictionaryName::$name => include_str!(concat!("../../data/", $file)),
            )*}
        }

        /// A dictionary as it is shipped.
        pub fn dictionary(name: DictionaryName) -> &'static Dictionary {
            match name {$(
                DictionaryName::$name => {
                    static READ: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::shipped(DictionaryName::$name));
                    &READ
                }
            )*}
        }
    };
}

files! {
    Countries = "countries.csv";
    Mccs = "mccs.csv";
    Operators = "operators.csv";
    Networks = "networks.csv";
    Prefixes = "prefixes.csv";
    // Nothing is shipped of what follows from others; the file of the words has no such rows.
    NetworkNames = "words.csv";
    Directions = "words.csv";
    SenderIdTypes = "words.csv";
    Periodicities = "words.csv";
    WhatsappRegions = "whatsapp_regions.csv";
    PricingCategories = "words.csv";
    PricingTypes = "words.csv";
    BillingEvents = "words.csv";
    SessionTypes = "words.csv";
}

impl Dictionary {
    /// Reads a built-in file anew. A row that cannot be read is left out; a test holds that there is none.
    pub fn shipped(name: DictionaryName) -> Self {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file(name).as_bytes());
        let several = reader.headers().is_ok_and(|header| header.get(0) == Some("dictionary"));
        let mut entries = Vec::new();
        for row in reader.records().flatten() {
            let mut cells = row.iter();
            if several && cells.next() != Some(name.as_str()) {
                continue;
            }
            let Some(key) = cells.next() else { continue };
            entries.push(Entry { key: key.to_owned(), values: cells.map(str::to_owned).collect() });
        }
        Self::new(name, entries)
    }
}

impl Provenance {
    /// What the head of a shipped file says.
    pub fn shipped(name: DictionaryName) -> Self {
        let line = |label: &str| {
            let head = file(name).lines().take_while(|line| line.starts_with('#'));
            let found =
                head.filter_map(|line| line.strip_prefix("# ")?.strip_prefix(label)?.strip_prefix(": "));
            found.last().unwrap_or_default().to_owned()
        };
        Self { source: line("Source"), licence: line("Licence"), date: line("Date") }
    }
}
