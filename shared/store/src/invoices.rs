//! Invoices, some per agreement and period. How they follow the usage is in `invoicing`.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::company::Subtree;
use domain::id::{AgreementId, AuditId, InvoiceId};
use domain::invoice::Invoice;
use domain::period::Period;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{Item, Partition, document, number, read, text};
use crate::keys;
use crate::messages::Stored;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "an invoice";

/// Finds an invoice by its id.
#[derive(Serialize, Deserialize)]
struct Pointer {
    agreement: AgreementId,
    period: Period,
    #[serde(default)]
    sequence: u32,
}

/// How the invoices of a period are written: all of it, or nothing.
#[derive(Debug, Clone)]
pub struct InvoiceWrite<'a> {
    /// As the audit log calls it.
    pub action: &'static str,
    /// What was read, if it was there, and what is to be.
    pub changes: &'a [(Option<Invoice>, Invoice)],
    /// Drafts that go, as they were read.
    pub removed: &'a [Invoice],
    /// The others of the period, on which the change was judged: nothing is written if one of them is
    /// another by now.
    pub unchanged: Vec<&'a Invoice>,
    /// The number that one of the invoices takes, and the series it is of.
    pub takes: Option<(String, u64)>,
}

/// How such a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoicesWritten {
    Now,
    /// An invoice was changed since it was read.
    Overtaken,
    /// Another invoice of the series took the number; it may be that the write was seen to already.
    NumberTaken,
}

impl Store {
    /// An invoice of an agreement inside the caller's subtree; any other reads as not there.
    pub async fn invoice(&self, scope: &Subtree, id: &InvoiceId) -> Result<Option<Invoice>, StoreError> {
        let Some(invoice) = self.any_invoice(id).await? else { return Ok(None) };
        Ok(self.company(scope, &invoice.company).await?.map(|_| invoice))
    }

    /// An invoice, whoever asks.
    pub async fn any_invoice(&self, id: &InvoiceId) -> Result<Option<Invoice>, StoreError> {
        let key = keys::invoice_pointer(id);
        let found: Option<Pointer> = self.get(&self.tables.records, &key, KIND).await?;
        let Some(Pointer { agreement, period, sequence }) = found else { return Ok(None) };
        self.get(&self.tables.records, &keys::invoice(&agreement, period, sequence), KIND).await
    }

    /// The invoices of the period that begins on a day: its own, then the corrections.
    pub async fn invoices_of_period(
        &self,
        agreement: &AgreementId,
        first: Date,
    ) -> Result<Vec<Invoice>, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND begins_with(sk, :first)")
            .expression_attribute_values(":pk", text(keys::invoices(agreement)))
            .expression_attribute_values(":first", text(first.to_string()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut invoices = Vec::new();
        while let Some(item) = pages.next().await {
            invoices.push(read(KIND, item.map_err(StoreError::aws("read the invoices"))?)?);
        }
        Ok(invoices)
    }

    /// All invoices of an agreement, by their periods.
    pub async fn invoices_of(&self, agreement: &AgreementId) -> Result<Vec<Invoice>, StoreError> {
        let pk = keys::invoices(agreement);
        self.all(&self.tables.records, Partition::Table(&pk), KIND).await
    }

    /// Stores a new draft, unless another closer was first.
    pub async fn put_invoice(&self, act: &Act, invoice: &Invoice) -> Result<Stored, StoreError> {
        let changes = [(None, invoice.clone())];
        let action = "invoice.create";
        let unchanged = Vec::new();
        let write = InvoiceWrite { action, changes: &changes, removed: &[], unchanged, takes: None };
        self.write_invoices(act, &write).await.map(stored)
    }

    /// Stores a changed invoice, unless it was changed since.
    pub async fn replace_invoice(
        &self,
        act: &Act,
        before: &Invoice,
        after: &Invoice,
    ) -> Result<Stored, StoreError> {
        let changes = [(Some(before.clone()), after.clone())];
        let action = "invoice.change";
        let unchanged = Vec::new();
        let write = InvoiceWrite { action, changes: &changes, removed: &[], unchanged, takes: None };
        self.write_invoices(act, &write).await.map(stored)
    }

    /// Notes on a draft that somebody has had it recalculated, and that nothing was different: the date alone is
    /// another. Whatever was written meanwhile stays.
    pub async fn note_recalculated(&self, draft: &Invoice, at: Timestamp) -> Result<(), StoreError> {
        let key = keys::invoice(&draft.agreement, draft.period, draft.sequence);
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .key(keys::PK, text(key.pk))
            .key(keys::SK, text(key.sk))
            .update_expression("SET calculated_at = :at")
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":before", number(draft.revision));
        write_alone("note the recalculation", || update.clone().send()).await.map(drop)
    }

    /// Stores what closing, confirming or unconfirming changes. A number is taken with the invoice that has
    /// it, both or neither.
    pub async fn write_invoices(
        &self,
        act: &Act,
        write: &InvoiceWrite<'_>,
    ) -> Result<InvoicesWritten, StoreError> {
        let takes = write.takes.iter();
        let mut items: Vec<_> =
            takes.map(|(series, taken)| self.take_number(keys::invoice_numbers(series), *taken)).collect();
        let numbers = items.len();
        for invoice in &write.unchanged {
            let key = keys::invoice(&invoice.agreement, invoice.period, invoice.sequence);
            let seen = seen(invoice);
            items.push(self.check_item(&self.tables.records, &key, UNCHANGED, seen));
        }
        let changed = write.changes.iter().map(|(before, after)| (before.as_ref(), Some(after)));
        let removed = write.removed.iter().map(|before| (Some(before), None));
        for (place, (before, after)) in changed.chain(removed).enumerate() {
            let Some(invoice) = after.or(before) else { continue };
            items.extend(match after {
                Some(after) => self.invoice_items(before, after)?,
                None => self.removed_items(invoice),
            });
            items.extend(self.list_changes(before, after));
            // An entry of its own for each.
            let id = match place {
                0 => act.id.clone(),
                _ => AuditId::derived(&[act.id.as_str(), invoice.id.as_str()]),
            };
            let act = Act { id, ..act.clone() };
            let action = if after.is_some() { write.action } else { "invoice.delete" };
            items.extend(self.audit_items(&act, action, invoice.id.as_str(), before, after)?);
        }
        match self.transact("store the invoices", items).await {
            Ok(()) => Ok(InvoicesWritten::Now),
            Err(Refused::At(place, _)) if place < numbers => Ok(InvoicesWritten::NumberTaken),
            Err(Refused::At(..)) => Ok(InvoicesWritten::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    fn invoice_items(
        &self,
        before: Option<&Invoice>,
        after: &Invoice,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let table = &self.tables.records;
        let item = document(&keys::invoice(&after.agreement, after.period, after.sequence), after)?;
        let Some(before) = before else {
            let (agreement, period) = (after.agreement.clone(), after.period);
            let pointer = Pointer { agreement, period, sequence: after.sequence };
            let pointer = document(&keys::invoice_pointer(&after.id), &pointer)?;
            return Ok(vec![self.new_item(table, item), self.new_item(table, pointer)]);
        };
        Ok(vec![self.put_item(table, item, UNCHANGED, seen(before))])
    }

    fn removed_items(&self, invoice: &Invoice) -> Vec<TransactWriteItem> {
        let table = &self.tables.records;
        let key = keys::invoice(&invoice.agreement, invoice.period, invoice.sequence);
        vec![
            self.delete_item(table, &key, UNCHANGED, seen(invoice)),
            self.delete_any(table, &keys::invoice_pointer(&invoice.id)),
        ]
    }
}

const UNCHANGED: &str = "revision = :before";

fn seen(invoice: &Invoice) -> Item {
    Item::from([(":before".to_owned(), number(invoice.revision))])
}

fn stored(written: InvoicesWritten) -> Stored {
    match written {
        InvoicesWritten::Now => Stored::Now,
        InvoicesWritten::Overtaken | InvoicesWritten::NumberTaken => Stored::Overtaken,
    }
}
