//! What the platform has changed of its dictionaries. One small item says which versions count; the
//! changes themselves lie beside it in parts, packed, and are read again only when a version is new.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::Act;
use domain::dictionary::edits::Edits;
use domain::dictionary::{Dictionaries, DictionaryName, Provenance};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::item::{Item, document, key_of, number};
use crate::keys;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a dictionary";
const PART: &str = "part";
/// An item holds 400 KB, its keys included.
const PART_BYTES_MAX: usize = 350_000;
/// A transaction takes 4 MB.
const PARTS_MAX: usize = 10;
/// Each try that finds a part gone has met another change of the same dictionary.
const READS_MAX: u32 = 5;

/// Which versions of the platform's changes count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DictionaryVersions {
    pub version: u64,
    /// Dictionaries that differ from what is shipped.
    pub edited: BTreeMap<DictionaryName, EditedDictionary>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedDictionary {
    pub version: u64,
    parts: usize,
    /// Nothing of the shipped data counts.
    pub replaced: bool,
    /// Of the last import, if there was one.
    pub imported: Option<Provenance>,
    pub updated_at: Timestamp,
}

/// What the audit log says of a change.
#[derive(Debug, Clone)]
pub struct DictionaryNote {
    /// As `dictionary.import`.
    pub action: &'static str,
    /// The dictionary, or one entry of it.
    pub object: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What came of storing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditsStored {
    Now,
    /// Another change came first: read again.
    Overtaken,
    TooBig,
}

/// The dictionaries as they were last read.
#[derive(Debug, Clone, Default)]
pub(crate) struct DictionaryCache(Arc<Mutex<(DictionaryVersions, Dictionaries)>>);

impl Store {
    /// The platform's dictionaries as they are now. One small read, unless something has changed.
    pub async fn dictionaries(&self) -> Result<Dictionaries, StoreError> {
        let mut wanted = self.dictionary_versions().await?;
        for _ in 0..READS_MAX {
            let (known, dictionaries) = self.known_dictionaries();
            if known == wanted {
                return Ok(dictionaries);
            }
            if let Some(dictionaries) = self.read_changed(&known, &dictionaries, &wanted).await? {
                if let Ok(mut cache) = self.dictionary_cache.0.lock() {
                    // A reader that began later may have stored a newer state already.
                    if cache.0.version < wanted.version {
                        *cache = (wanted, dictionaries.clone());
                    }
                }
                return Ok(dictionaries);
            }
            wanted = self.dictionary_versions().await?;
        }
        Err(StoreError::Busy { action: "read the dictionaries" })
    }

    fn known_dictionaries(&self) -> (DictionaryVersions, Dictionaries) {
        self.dictionary_cache.0.lock().map(|known| known.clone()).unwrap_or_default()
    }

    /// What is known with what has changed since; none if that has changed again meanwhile.
    async fn read_changed(
        &self,
        known: &DictionaryVersions,
        dictionaries: &Dictionaries,
        wanted: &DictionaryVersions,
    ) -> Result<Option<Dictionaries>, StoreError> {
        let mut changed = Vec::new();
        for (name, edited) in &wanted.edited {
            if known.edited.get(name) == Some(edited) {
                continue;
            }
            let Some(edits) = self.edits(*name, edited).await? else { return Ok(None) };
            changed.push(edits.apply(*name));
        }
        let reset = known.edited.keys().filter(|name| !wanted.edited.contains_key(name));
        changed.extend(reset.map(|name| Edits::default().apply(*name)));
        Ok(Some(dictionaries.with(changed)))
    }

    /// A strongly consistent read.
    pub async fn dictionary_versions(&self) -> Result<DictionaryVersions, StoreError> {
        let found = self.get(&self.tables.directory, &keys::dictionary_versions(), KIND).await?;
        Ok(found.unwrap_or_default())
    }

    /// A version's changes; none if it was overtaken.
    pub async fn edits(
        &self,
        name: DictionaryName,
        edited: &EditedDictionary,
    ) -> Result<Option<Edits>, StoreError> {
        let wanted: Vec<_> = part_keys(name, edited).collect();
        let mut items = self.get_many(&self.tables.directory, &wanted).await?;
        if items.len() < wanted.len() {
            return Ok(None);
        }
        let place = |item: &Item| item.get(keys::SK).and_then(|sk| sk.as_s().ok().cloned());
        items.sort_by_key(place);
        let bytes = items.iter().filter_map(|item| item.get(PART)?.as_b().ok());
        let bytes: Vec<u8> = bytes.flat_map(|part| part.as_ref().iter().copied()).collect();
        Edits::from_bytes(&bytes).map(Some).map_err(|error| StoreError::corrupt(KIND, error))
    }

    /// Puts changes of a dictionary in force, unless others came first since `before` was read. Without
    /// changes it is as it is shipped. The audit log says what is `noted`, and not the whole of it.
    pub async fn put_edits(
        &self,
        act: &Act,
        noted: &DictionaryNote,
        before: &DictionaryVersions,
        name: DictionaryName,
        edits: &Edits,
        imported: Option<Provenance>,
    ) -> Result<EditsStored, StoreError> {
        let action = "store a dictionary";
        let mut after = DictionaryVersions { version: before.version + 1, ..before.clone() };
        let old = after.edited.remove(&name);
        let table = &self.tables.directory;
        let mut parts = Vec::new();
        if !edits.is_empty() {
            let bytes = edits.to_bytes().map_err(|error| StoreError::corrupt(KIND, error))?;
            let (version, count) = (after.version, bytes.chunks(PART_BYTES_MAX).count());
            if count > PARTS_MAX {
                return Ok(EditsStored::TooBig);
            }
            let edited = EditedDictionary {
                version,
                parts: count,
                replaced: edits.is_replacing(),
                imported,
                updated_at: act.at,
            };
            for (key, part) in part_keys(name, &edited).zip(bytes.chunks(PART_BYTES_MAX)) {
                let mut item = key_of(&key);
                item.insert(PART.to_owned(), AttributeValue::B(Blob::new(part)));
                parts.push(self.new_item(table, item));
            }
            after.edited.insert(name, edited);
        }
        let guard = Item::from([(":before".to_owned(), number(before.version))]);
        let versions = document(&keys::dictionary_versions(), &after)?;
        let condition = "attribute_not_exists(pk) OR version = :before";
        let mut items = vec![self.put_item(table, versions, condition, guard)];
        items.extend(parts);
        let gone = old.iter().flat_map(|old| part_keys(name, old));
        items.extend(gone.map(|key| self.delete_any(table, &key)));
        let DictionaryNote { action: done, object, before, after } = noted;
        items.extend(self.audit_items(act, done, object, before.as_ref(), after.as_ref())?);
        match self.transact(action, items).await {
            Ok(()) => Ok(EditsStored::Now),
            Err(Refused::At(..)) => Ok(EditsStored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

fn part_keys(name: DictionaryName, edited: &EditedDictionary) -> impl Iterator<Item = keys::Key> + use<> {
    let version = edited.version;
    (0..edited.parts).map(move |part| keys::dictionary_part(name, version, part))
}
