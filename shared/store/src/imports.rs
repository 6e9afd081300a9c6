//! Files of rates on their way into trees, and what suppliers' texts were mapped to by hand. The files
//! themselves are in S3.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::{CompanyId, ImportId, ServiceId};
use domain::import::mapping::{ManualMappings, MapTo, MappingChanges, Subject};
use domain::import::record::Import;
use domain::rating::{CompiledTree, Service};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, Partition, document, listed, number};
use crate::messages::Stored;
use crate::transact::Refused;
use crate::{Store, StoreError, keys};

const KIND: &str = "an import";
const MAPPING: &str = "an import's mapping";

/// One transaction may change all subjects and writes at most 4 MB; an item holds 400 KB.
const MAPPING_BYTES_MAX: usize = 150_000;

/// Whether the next revision of an import is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportWritten {
    Now,
    /// Another change came first.
    Overtaken,
}

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
        self.get(&self.tables.directory, &keys::import(id), KIND).await
    }

    /// All imports of a scope, the oldest first.
    pub async fn imports_of(&self, service: &ServiceId, scope: u32) -> Result<Vec<Import>, StoreError> {
        let parent = keys::listing("imports", &keys::imports_parent(service, scope), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// Stores a new import.
    pub async fn put_import(&self, import: &Import) -> Result<(), StoreError> {
        let item = self.new_item(&self.tables.directory, import_item(import)?);
        let written = self.transact("store the import", vec![item]).await;
        written.map_err(|refused| refused.unexpected("store the import"))
    }

    /// Stores the next revision of an import, unless another one came first.
    pub async fn replace_import(&self, import: &Import) -> Result<ImportWritten, StoreError> {
        let item = self.next_import(import)?;
        match self.transact("store the import", vec![item]).await {
            Ok(()) => Ok(ImportWritten::Now),
            Err(Refused::At(..)) => Ok(ImportWritten::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Puts an imported tree in force, together with the import that says so: the service becomes `after`
    /// unless it is another than `before` by now.
    pub async fn confirm_import(
        &self,
        before: &Service,
        after: &Service,
        tree: &CompiledTree,
        import: &Import,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let mut beside = vec![self.next_import(import)?];
        beside.extend(self.rate_change_item(before, after, now)?);
        self.replace_service_and(after, Some(tree), beside).await
    }

    fn next_import(&self, import: &Import) -> Result<TransactWriteItem, StoreError> {
        let before = Item::from([(":before".to_owned(), number(import.revision.saturating_sub(1)))]);
        Ok(self.put_item(&self.tables.directory, import_item(import)?, "revision = :before", before))
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
        company: &CompanyId,
        supplier: &str,
        changes: &MappingChanges,
    ) -> Result<MappingsWritten, StoreError> {
        let stored = self.remembered(company, supplier).await?;
        let mut items = Vec::with_capacity(changes.len());
        for (subject, texts) in changes {
            let before = stored.iter().find(|remembered| remembered.subject == *subject);
            let known = before.map_or(Ok(Default::default()), |before| serde_json::from_str(&before.texts));
            let mut known: std::collections::BTreeMap<String, MapTo> =
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

fn import_item(import: &Import) -> Result<Item, StoreError> {
    let parent = keys::imports_parent(&import.service, import.scope);
    let listing = keys::listing("imports", &parent, import.id.as_str());
    listed(&keys::import(&import.id), &listing, import)
}
