//! Rate plans and the versions of their trees. A version never changes once it is stored.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::{Act, FieldChange, differences, differences_of};
use domain::company::Subtree;
use domain::id::{CompanyId, RateId, ServiceId, TreeTag};
use domain::import::difference::{Difference, Rate};
use domain::rating::{CompiledTree, Service};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::catalog::Written;
use crate::item::{Item, document, key_of, number, read};
use crate::keys;
use crate::messages::Stored;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a service";
const TREE: &str = "a rate tree";

/// An item holds 400 KB; the key and the numbers beside the bytes are small.
const PART_BYTES_MAX: usize = 380_000;
/// What one transaction writes is at most 4 MB, the service itself among it.
const TREE_BYTES_MAX: usize = 3_600_000;

const BYTES: &str = "bytes";
const PARTS: &str = "parts";

/// Which version of a service a tag names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeVersion {
    pub service: ServiceId,
    pub version: u32,
}

/// A tree as the audit log tells of it.
#[derive(Serialize)]
struct NewTree {
    version: u32,
    scopes: Vec<u32>,
    prices: usize,
}

impl Store {
    /// A service of a company inside the caller's subtree; any other reads as not there.
    pub async fn service(&self, scope: &Subtree, id: &ServiceId) -> Result<Option<Service>, StoreError> {
        let found: Option<Service> = self.get(&self.tables.directory, &keys::service(id), KIND).await?;
        let Some(service) = found else { return Ok(None) };
        Ok(self.company(scope, &service.company).await?.map(|_| service))
    }

    /// These services, in no order.
    pub async fn services(&self, ids: &[ServiceId]) -> Result<Vec<Service>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::service).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read(KIND, item)).collect()
    }

    pub async fn services_of(&self, company: &CompanyId) -> Result<Vec<Service>, StoreError> {
        self.all_things(company.as_str()).await
    }

    /// One version of a service's tree.
    pub async fn tree(&self, id: &ServiceId, version: u32) -> Result<Option<CompiledTree>, StoreError> {
        let table = &self.tables.directory;
        let Some(first) = self.get_item(table, &keys::tree(id, version, 0)).await? else { return Ok(None) };
        let mut bytes = part(&first)?.to_vec();
        for number in 1..parts(&first)? {
            let next = self.get_item(table, &keys::tree(id, version, number)).await?;
            bytes.extend_from_slice(part(&next.ok_or_else(|| missing(id, version))?)?);
        }
        let tree = CompiledTree::from_bytes(&bytes).map_err(|error| StoreError::corrupt(TREE, error))?;
        Ok(Some(tree))
    }

    /// Where a price came from: the version of the tree, and the leaf in it. None for a price that was in
    /// no tree.
    pub async fn rate_origin(&self, rate: &RateId) -> Result<Option<(TreeVersion, u32)>, StoreError> {
        let Some((tag, leaf)) = rate.parts() else { return Ok(None) };
        let found = self.get(&self.tables.directory, &keys::tree_tag(&tag), TREE).await?;
        Ok(found.map(|version| (version, leaf)))
    }

    /// The services that these rates are of. A price that was agreed on by hand is of none.
    pub async fn services_of_rates(
        &self,
        rates: &BTreeSet<RateId>,
    ) -> Result<BTreeMap<RateId, ServiceId>, StoreError> {
        let mut by_tree: BTreeMap<TreeTag, Option<ServiceId>> = BTreeMap::new();
        let mut services = BTreeMap::new();
        for rate in rates {
            let Some((tag, _)) = rate.parts() else { continue };
            let service = match by_tree.get(&tag) {
                Some(known) => known.clone(),
                None => self.rate_origin(rate).await?.map(|(origin, _)| origin.service),
            };
            services.extend(service.clone().map(|service| (rate.clone(), service)));
            by_tree.insert(tag, service);
        }
        Ok(services)
    }

    /// Stores a new service, with the trees of its scopes by their versions.
    pub async fn put_service(
        &self,
        act: &Act,
        service: &Service,
        trees: &[(u32, &CompiledTree)],
    ) -> Result<(), StoreError> {
        // Nobody reads a tree before its service is there.
        for (version, tree) in trees {
            let items = self.tree_items(&service.id, *version, tree)?;
            let written = self.transact("store the tree", items).await;
            written.map_err(|refused| refused.unexpected("store the tree"))?;
        }
        let new: Vec<_> = trees.iter().map(|(version, tree)| (*version, None, *tree)).collect();
        let noted = self.tree_notes(act, service, &new)?;
        match self.write_thing(act, None, Some(service), noted).await? {
            Written::Now => Ok(()),
            Written::Overtaken | Written::Taken => Err(StoreError::Busy { action: "store the service" }),
        }
    }

    /// Stores the next version of a service, unless another one came first; with a new tree, if there is
    /// one, under the same version.
    pub async fn replace_service(
        &self,
        act: &Act,
        before: &Service,
        after: &Service,
        tree: Option<&CompiledTree>,
    ) -> Result<Stored, StoreError> {
        self.replace_service_and(act, before, after, tree, None).await
    }

    /// The same, with more items that are written together with it.
    pub(crate) async fn replace_service_and(
        &self,
        act: &Act,
        before: &Service,
        after: &Service,
        tree: Option<&CompiledTree>,
        beside: impl IntoIterator<Item = TransactWriteItem>,
    ) -> Result<Stored, StoreError> {
        let mut items = self.changes(act, Some(before), Some(after))?;
        if let Some(tree) = tree {
            items.extend(self.tree_items(&after.id, after.version, tree)?);
            let last = match tree_replaced(before, after) {
                Some(version) => self.tree(&before.id, version).await?,
                None => None,
            };
            items.extend(self.tree_notes(act, after, &[(after.version, last.as_ref(), tree)])?);
        }
        items.extend(beside);
        match self.transact("store the service", items).await {
            Ok(()) => Ok(Stored::Now),
            Err(Refused::At(..)) => Ok(Stored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// What the audit log says of new trees, each after the one that it replaces, if any: which they are, and
    /// then what has another price. A price for which there is no room is counted once, with all its fields.
    fn tree_notes(
        &self,
        act: &Act,
        service: &Service,
        trees: &[(u32, Option<&CompiledTree>, &CompiledTree)],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        if trees.is_empty() {
            return Ok(Vec::new());
        }
        let noted = |(version, _, tree): &(u32, Option<&CompiledTree>, &CompiledTree)| {
            let scopes = service.scopes.iter().filter(|scope| scope.tree == Some(*version));
            let scopes = scopes.map(|scope| scope.number).collect();
            NewTree { version: *version, scopes, prices: tree.leaves() }
        };
        let noted = json!({"trees": trees.iter().map(noted).collect::<Vec<_>>()});
        let mut changes = differences(None, Some(&noted));
        let mut left_out = 0;
        for (version, last, tree) in trees {
            left_out += add_prices(*version, *last, tree, act.room(), &mut changes)?;
        }
        let mut entry = act.entry("service.tree", service.id.as_str(), changes);
        entry.left_out += left_out as u64;
        self.entry_items(&entry)
    }

    /// The parts of a tree, and the tag by which its prices are traced back.
    fn tree_items(
        &self,
        service: &ServiceId,
        version: u32,
        tree: &CompiledTree,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let table = &self.tables.directory;
        let bytes = tree.to_bytes().map_err(|error| StoreError::corrupt(TREE, error))?;
        if bytes.len() > TREE_BYTES_MAX {
            return Err(StoreError::TreeTooBig { bytes: bytes.len(), most: TREE_BYTES_MAX });
        }
        let parts: Vec<&[u8]> = bytes.chunks(PART_BYTES_MAX).collect();
        let part = |(place, bytes): (usize, &&[u8])| {
            let mut item = key_of(&keys::tree(service, version, place as u32));
            item.insert(BYTES.to_owned(), AttributeValue::B(Blob::new(*bytes)));
            item.insert(PARTS.to_owned(), number(parts.len()));
            self.new_item(table, item)
        };
        let mut items: Vec<_> = parts.iter().enumerate().map(part).collect();
        let origin = TreeVersion { service: service.clone(), version };
        let tag = keys::tree_tag(&TreeTag::of(service, version));
        items.push(self.new_item(table, document(&tag, &origin)?));
        Ok(items)
    }
}

/// The version of the tree whose place the new one takes.
fn tree_replaced(before: &Service, after: &Service) -> Option<u32> {
    let scope = after.scopes.iter().find(|scope| scope.tree == Some(after.version))?;
    before.scope(scope.number).ok()?.tree
}

/// Adds what has another price, or is billed by another rule, as `trees.2.sms_message/DE.price.amount`, until
/// all take as much as there is room; then tells how many prices are left out.
fn add_prices(
    version: u32,
    last: Option<&CompiledTree>,
    tree: &CompiledTree,
    room: usize,
    changes: &mut Vec<FieldChange>,
) -> Result<usize, StoreError> {
    let mut bytes: usize = changes.iter().map(FieldChange::bytes).sum();
    // A plan that is copied has many trees, each with up to a million prices.
    if last.is_none() && room <= bytes {
        return Ok(tree.leaves());
    }
    let value = |rate: Option<Rate>| rate.map(serde_json::to_value).transpose();
    let last = last.map(CompiledTree::decompile).unwrap_or_default();
    let mut prices = Difference::between_trees(&last, &tree.decompile()).changes.into_iter();
    while bytes < room {
        let Some(price) = prices.next() else { break };
        let old = value(price.old).map_err(|error| StoreError::corrupt(TREE, error))?;
        let new = value(price.new).map_err(|error| StoreError::corrupt(TREE, error))?;
        let field = format!("trees.{version}.{}", price.path);
        let fields = differences_of(&field, old.as_ref(), new.as_ref());
        bytes += fields.iter().map(FieldChange::bytes).sum::<usize>();
        changes.extend(fields);
    }
    Ok(prices.len())
}

fn part(item: &Item) -> Result<&[u8], StoreError> {
    let bytes = item.get(BYTES).and_then(|value| value.as_b().ok());
    bytes.map(Blob::as_ref).ok_or_else(|| StoreError::corrupt(TREE, "a part has no bytes"))
}

fn parts(item: &Item) -> Result<u32, StoreError> {
    let count = item.get(PARTS).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    count.ok_or_else(|| StoreError::corrupt(TREE, "it does not say how many parts it has"))
}

fn missing(id: &ServiceId, version: u32) -> StoreError {
    StoreError::corrupt(TREE, format!("version {version} of {id} is not whole"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_told_while_there_is_room_and_then_counted() {
        let flat = json!({"price": {"type": "flat", "amount": "0.05"}});
        let values = json!({"DE": flat, "ES": flat, "FR": flat, "IT": flat});
        let tree = json!({"sms_message": {"depends_on": "country", "values": values}});
        let tree = CompiledTree::compile(&serde_json::from_value(tree).unwrap()).unwrap();
        let mut changes = Vec::new();
        let mut add = |last: Option<&CompiledTree>, room| {
            let left_out = add_prices(2, last, &tree, room, &mut changes).unwrap();
            (left_out, changes.len())
        };
        // Two fields of each price.
        assert_eq!(add(None, 1), (3, 2));
        assert_eq!(add(None, 1), (4, 2));
        assert_eq!(add(Some(&CompiledTree::default()), 1), (4, 2));
        assert_eq!(add(Some(&tree), 1), (0, 2));
        assert_eq!(add(None, 10_000), (0, 10));
    }
}
