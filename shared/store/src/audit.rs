//! The audit log. An entry is written with the change that it tells of, once for every company that sees
//! it, so that a company reads its subtree's log as one list by time. Entries are never changed.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::{Act, AuditEntry, differences};
use domain::id::{AuditId, CompanyId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::item::{document, read, text};
use crate::keys;
use crate::records::Page;
use crate::{Store, StoreError};

/// How many entries one page reads at most when a filter passes few of them over.
const READ_MAX: usize = 2_000;
/// A page ends with the entry that brings its changes to so many octets: an answer of a function holds 6 MB.
pub const AUDIT_PAGE_BYTES: usize = 2_000_000;
/// How many entries are read at once to find one of which the time is known.
const AT_ONCE: u16 = 100;

/// Which part of a company's log to read.
#[derive(Debug, Clone, Default)]
pub struct AuditAsk {
    pub from: Option<Timestamp>,
    pub till: Option<Timestamp>,
    pub oldest_first: bool,
    pub limit: u16,
    pub cursor: Option<String>,
}

impl Store {
    /// The entry of a change, to be written with it.
    pub(crate) fn audit_items<T: Serialize>(
        &self,
        act: &Act,
        action: &str,
        object: &str,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let value = |state: Option<&T>| -> Result<Option<Value>, StoreError> {
            let value = state.map(serde_json::to_value).transpose();
            value.map_err(|error| StoreError::corrupt("an audit entry", error))
        };
        let changes = differences(value(before)?.as_ref(), value(after)?.as_ref());
        self.entry_items(&act.entry(action, object, changes))
    }

    /// An entry, once for every company that sees it.
    pub(crate) fn entry_items(&self, entry: &AuditEntry) -> Result<Vec<TransactWriteItem>, StoreError> {
        let item = |company| {
            let item = document(&keys::audit_entry(company, entry.at, &entry.id), entry)?;
            Ok(self.put_any(&self.tables.records, item))
        };
        entry.path.iter().map(item).collect()
    }

    /// A process of the platform does something by itself to what belongs to a company. `unique` tells this
    /// act from its others: tried again, it stays the same one.
    pub async fn act_of_platform(
        &self,
        process: &str,
        company: &CompanyId,
        at: Timestamp,
        unique: &[&str],
    ) -> Result<Act, StoreError> {
        let path = match self.any_company(company).await? {
            Some(company) => company.path,
            None => vec![company.clone()],
        };
        let time = at.to_string();
        let parts: Vec<&str> = [process, &time].into_iter().chain(unique.iter().copied()).collect();
        let owner = path.first().unwrap_or(company);
        Ok(Act::of_platform(AuditId::derived(&parts), process, owner, at).on(&path))
    }

    /// Notes what changed nothing that is stored with it: a login, say.
    pub async fn audit(&self, act: &Act, action: &str, object: &str) -> Result<(), StoreError> {
        let items = self.audit_items::<Value>(act, action, object, None, None)?;
        self.transact("write the audit log", items)
            .await
            .map_err(|refused| refused.unexpected("write the audit log"))
    }

    /// One entry of what was done in a company and below it.
    pub async fn audit_entry(
        &self,
        company: &CompanyId,
        id: &AuditId,
    ) -> Result<Option<AuditEntry>, StoreError> {
        let Some(from) = id.at() else { return Ok(None) };
        let till = from.checked_add(SignedDuration::from_millis(1)).ok();
        let mut ask = AuditAsk { from: Some(from), till, limit: AT_ONCE, ..AuditAsk::default() };
        loop {
            let mut page = self.audit_log(company, &ask, |entry| entry.id == *id).await?;
            let found = page.items.pop();
            if found.is_some() || page.next.is_none() {
                return Ok(found);
            }
            ask.cursor = page.next;
        }
    }

    /// One page of what was done in a company and below it. What `keep` refuses is passed over.
    pub async fn audit_log(
        &self,
        company: &CompanyId,
        ask: &AuditAsk,
        keep: impl Fn(&AuditEntry) -> bool,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let (mut low, mut high) = keys::audit_range(ask.from, ask.till);
        match &ask.cursor {
            Some(cursor) if ask.oldest_first => low = format!("{cursor}!"),
            Some(cursor) => high = cursor.clone(),
            None => {}
        }
        let (mut kept, mut seen, mut bytes) = (Vec::new(), 0, 0);
        while low < high {
            let answer = self.audit_page(company, &low, &high, ask).await?;
            let is_last = answer.last_evaluated_key.is_none_or(|key| key.is_empty());
            for item in answer.items.unwrap_or_default() {
                let entry: AuditEntry = read("an audit entry", item)?;
                let place = keys::audit_entry(company, entry.at, &entry.id).sk;
                if !ask.oldest_first && place == high {
                    continue;
                }
                match ask.oldest_first {
                    true => low = format!("{place}!"),
                    false => high.clone_from(&place),
                }
                seen += 1;
                if keep(&entry) {
                    bytes += entry.bytes();
                    kept.push(entry);
                }
                let is_full = kept.len() == usize::from(ask.limit) || AUDIT_PAGE_BYTES <= bytes;
                if is_full || seen == READ_MAX {
                    return Ok(Page { items: kept, next: Some(place) });
                }
            }
            if is_last {
                break;
            }
        }
        Ok(Page { items: kept, next: None })
    }

    async fn audit_page(
        &self,
        company: &CompanyId,
        low: &str,
        high: &str,
        ask: &AuditAsk,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(keys::audit_log(company)))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(ask.oldest_first)
            .limit(i32::from(ask.limit.saturating_add(1)));
        query.send().await.map_err(StoreError::aws("read the audit log"))
    }
}
