//! Files of rates on their way into trees, and what suppliers' texts were mapped to by hand. The files
//! themselves are in S3.

use std::collections::BTreeMap;

use domain::audit::Act;
use domain::id::{CompanyId, ImportId};
use domain::import::mapping::{ManualMappings, MapTo, MappingChanges, Subject};
use domain::import::record::Import;
use domain::rating::{CompiledTree, Service};
use serde::{Deserialize, Serialize};

use crate::item::{Item, Partition, document, number};
use crate::messages::Stored;
use crate::transact::Refused;
use crate::{Store, StoreError, keys};

const MAPPING: &str = "an import's mapping";

/// One transaction may change all subjects and writes at most 4 MB; an item holds 400 KB.
const MAPPING_BYTES_MAX: usize = 150_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingsWritten {
    Now,
    /// Another change came first.
    Overtaken,
    /// A supplier has more texts of this subject than one item holds.
    TooMany(Subject),
}

/// The mappings of one subject.
#[derive(Serialize, Deserialize)]
struct Remembered {
    subject: Subject,
    /// As JSON, because texts of any length and content are its keys.
    texts: String,
    revision: u32,
}

impl Store {
    pub async fn import(&self, id: &ImportId) -> Result<Option<Import>, StoreError> {
        self.thing(id.as_str()).await
    }

    /// Puts an imported tree in force, together with the import that says so: the service and the import
    /// become `after` unless they are others than `before` by now.
    pub async fn confirm_import(
        &self,
        act: &Act,
        (before, after): (&Service, &Service),
        tree: &CompiledTree,
        (open, confirmed): (&Import, &Import),
    ) -> Result<Stored, StoreError> {
        let mut beside = self.changes(act, Some(open), Some(confirmed))?;
        beside.extend(self.rate_change_item(before, after, act.at)?);
        self.replace_service_and(act, before, after, Some(tree), beside).await
    }

    /// What texts of a supplier were mapped to by hand so far.
    pub async fn import_mappings(
        &self,
        company: &CompanyId,
        supplier: &str,
    ) -> Result<ManualMappings, StoreError> {
        let mut mappings = ManualMappings::default();
        for remembered in self.remembered(company, supplier).await? {
            let texts = serde_json::from_str(&remembered.texts);
            let texts = texts.map_err(|error| StoreError::corrupt(MAPPING, error))?;
            mappings.0.insert(remembered.subject, texts);
        }
        Ok(mappings)
    }

    /// Remembers mappings over those that are there.
    pub async fn remember_import_mappings(
        &self,
        act: &Act,
        company: &CompanyId,
        supplier: &str,
        changes: &MappingChanges,
    ) -> Result<MappingsWritten, StoreError> {
        let stored = self.remembered(company, supplier).await?;
        let mut items = Vec::with_capacity(changes.len());
        for (subject, texts) in changes {
            let before = stored.iter().find(|remembered| remembered.subject == *subject);
            let known = before.map_or(Ok(Default::default()), |before| serde_json::from_str(&before.texts));
            let mut known: BTreeMap<String, MapTo> =
                known.map_err(|error| StoreError::corrupt(MAPPING, error))?;
            for (text, to) in texts {
                match to {
                    Some(to) => drop(known.insert(text.clone(), to.clone())),
                    None => drop(known.remove(text)),
                }
            }
            let texts = serde_json::to_string(&known).map_err(|error| StoreError::corrupt(MAPPING, error))?;
            if texts.len() > MAPPING_BYTES_MAX {
                return Ok(MappingsWritten::TooMany(*subject));
            }
            let revision = before.map_or(0, |before| before.revision);
            let next = Remembered { subject: *subject, texts, revision: revision + 1 };
            let item = document(&keys::import_mapping(company, supplier, subject.name()), &next)?;
            let table = &self.tables.directory;
            items.push(match revision {
                0 => self.new_item(table, item),
                revision => {
                    let values = Item::from([(":before".to_owned(), number(revision))]);
                    self.put_item(table, item, "revision = :before", values)
                }
            });
        }
        if items.is_empty() {
            return Ok(MappingsWritten::Now);
        }
        let counts: BTreeMap<&str, usize> =
            changes.iter().map(|(subject, texts)| (subject.name(), texts.len())).collect();
        items.extend(self.audit_items(act, "import_mapping.change", supplier, None, Some(&counts))?);
        match self.transact("remember mappings", items).await {
            Ok(()) => Ok(MappingsWritten::Now),
            Err(Refused::At(..)) => Ok(MappingsWritten::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    async fn remembered(&self, company: &CompanyId, supplier: &str) -> Result<Vec<Remembered>, StoreError> {
        let partition = keys::import_mappings(company, supplier);
        self.all(&self.tables.directory, Partition::Table(&partition), MAPPING).await
    }
}
