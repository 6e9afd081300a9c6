//! What a platform has changed of a dictionary: a difference to what is shipped, so that newer shipped
//! data reach a platform in all that it has not touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::{Dictionaries, Dictionary, DictionaryName, Entry, shipped};

/// Rows of a file; the most of any list of the kind is under a hundred thousand.
const ROWS_MAX: usize = 200_000;
/// More errors than anybody reads at once.
const ERRORS_MAX: usize = 100;

/// The changes of one dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Edits {
    /// Nothing of the shipped data counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replaced: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    put: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    deleted: BTreeSet<String>,
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportError {
    /// The line of the file, its head being the first.
    pub row: u64,
    /// As the head names it, or `key`.
    pub column: String,
    pub reason: String,
}

/// Stored edits that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EditsError {
    #[error("they cannot be unpacked")]
    Packing(#[from] std::io::Error),
    #[error("they are not the expected fields")]
    Fields(#[from] serde_json::Error),
}

impl Edits {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same, instead of the shipped data rather than over them.
    #[must_use]
    pub fn replacing(self) -> Self {
        Self { replaced: true, deleted: BTreeSet::new(), ..self }
    }

    pub fn is_replacing(&self) -> bool {
        self.replaced
    }

    /// Puts an entry that was checked.
    pub fn put(&mut self, entry: Entry) {
        self.deleted.remove(&entry.key);
        self.put.insert(entry.key, entry.values);
    }

    pub fn delete(&mut self, key: &str) {
        self.put.remove(key);
        if !self.replaced {
            self.deleted.insert(key.to_owned());
        }
    }

    /// These edits and then those.
    #[must_use]
    pub fn then(mut self, later: Self) -> Self {
        if later.replaced {
            return later;
        }
        for (key, values) in later.put {
            self.put(Entry { key, values });
        }
        for key in later.deleted {
            self.delete(&key);
        }
        self
    }

    /// The dictionary with these edits.
    pub fn apply(&self, name: DictionaryName) -> Arc<Dictionary> {
        let kept = |entry: &&Entry| {
            !self.replaced && !self.deleted.contains(&entry.key) && !self.put.contains_key(&entry.key)
        };
        let shipped = shipped::dictionary(name).entries.iter().filter(kept).cloned();
        let put = self.put.iter().map(|(key, values)| Entry { key: key.clone(), values: values.clone() });
        Arc::new(Dictionary::new(name, shipped.chain(put).collect()))
    }

    /// Reads a CSV file: a head that names `key` and all fields in any order, then an entry a row. All of
    /// it is good or nothing is taken. Gives how many rows there are.
    pub fn import(
        name: DictionaryName,
        file: &[u8],
        others: &Dictionaries,
    ) -> Result<(Self, usize), Vec<ImportError>> {
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file);
        let columns = columns(name, &mut reader).map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        let mut first_rows: HashMap<String, u64> = HashMap::new();
        let mut edits = Self::default();
        for (place, record) in reader.records().enumerate() {
            if errors.len() == ERRORS_MAX {
                break;
            }
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    errors.push(unreadable(&error));
                    continue;
                }
            };
            let row = record.position().map_or(0, csv::Position::line);
            if place == ROWS_MAX {
                let reason = format!("a dictionary has at most {ROWS_MAX} entries");
                errors.push(ImportError { row, column: "key".to_owned(), reason });
                break;
            }
            let cell = |column: usize| record.get(column).unwrap_or_default().trim().to_owned();
            let entry = Entry {
                key: cell(columns[0]),
                values: columns[1..].iter().map(|column| cell(*column)).collect(),
            };
            if let Err(error) = name.check(&entry, others) {
                errors.push(ImportError { row, column: error.field.to_owned(), reason: error.reason });
                continue;
            }
            if let Some(first) = first_rows.insert(entry.key.clone(), row) {
                let reason = format!("{:?} is there twice, first in row {first}", entry.key);
                errors.push(ImportError { row, column: "key".to_owned(), reason });
            }
            edits.put(entry);
        }
        if errors.is_empty() && first_rows.is_empty() {
            let reason = "the file has no entries".to_owned();
            errors.push(ImportError { row: 1, column: "key".to_owned(), reason });
        }
        if errors.is_empty() { Ok((edits, first_rows.len())) } else { Err(errors) }
    }

    /// For storing: packed, as a list of prefixes is ten times its packed size.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EditsError> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&serde_json::to_vec(self)?)?;
        Ok(packed.finish()?)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EditsError> {
        let mut unpacked = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut unpacked)?;
        Ok(serde_json::from_slice(&unpacked)?)
    }
}

/// Where the key and the fields are in a row.
fn columns(name: DictionaryName, reader: &mut csv::Reader<&[u8]>) -> Result<Vec<usize>, ImportError> {
    let head = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let find = |column: &str| {
        let found = head.iter().position(|known| known.trim() == column);
        let reason = || format!("there is no column {column:?}");
        found.ok_or_else(|| ImportError { row: 1, column: column.to_owned(), reason: reason() })
    };
    ["key"].into_iter().chain(name.fields()).map(find).collect()
}

fn unreadable(error: &csv::Error) -> ImportError {
    let row = error.position().map_or(1, csv::Position::line);
    ImportError { row, column: "key".to_owned(), reason: format!("the row cannot be read: {error}") }
}

impl Dictionary {
    /// The dictionary as a file that [`Edits::import`] reads back.
    pub fn to_csv(&self) -> String {
        let mut out = csv::Writer::from_writer(Vec::new());
        let head = ["key"].into_iter().chain(self.fields.iter().copied());
        // Writing to memory does not fail.
        let _ = out.write_record(head);
        for entry in &self.entries {
            let _ = out.write_record([&entry.key].into_iter().chain(&entry.values));
        }
        String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}
