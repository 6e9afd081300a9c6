//! Invoices, some per agreement and period. How they follow the usage is in `invoicing`.
//!
//! An item holds 400 KB, and a charge takes 330 to 400 bytes of it, 50 more once it was counted by itself. Where
//! an invoice has more charges than an item holds, one for each user with a wallet say, they lie in pages beside
//! it. Invoice and pages are one write, and each page names the revision that it is of, so whoever reads them while
//! they are written anew reads again. What changes no charge writes no page: the invoice says then of which of its
//! revisions they are.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::Act;
use domain::company::Subtree;
use domain::id::{AgreementId, AuditId, ChargeId, InvoiceId};
use domain::invoice::Invoice;
use domain::period::Period;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{Item, document, number, read, text};
use crate::keys::{self, Key};
use crate::messages::Stored;
use crate::transact::{Change, Refused, pause};
use crate::{Store, StoreError};

const KIND: &str = "an invoice";
/// In an invoice's item, or in a page: 320 KB where each takes most.
const CHARGES_PER_ITEM: usize = 800;
/// Of what one transaction holds, which is 4 MB.
const CHARGES_MAX: usize = 12 * CHARGES_PER_ITEM;
/// In each of these the invoice was written anew between reading it and its pages.
const ROUNDS_MAX: u32 = 20;
const CHARGES: &str = "charges";
const REVISION: &str = "revision";
/// Only the item of an invoice with pages has this: how many.
const CHARGE_PAGES: &str = "charge_pages";
/// The revision that its pages are of, where it is another than its own.
const CHARGES_REVISION: &str = "charges_revision";

/// Finds an invoice by its id.
#[derive(Serialize, Deserialize)]
struct Pointer {
    agreement: AgreementId,
    period: Period,
    #[serde(default)]
    sequence: u32,
}

/// What leads from an invoice to its pages, and to itself.
#[derive(Deserialize)]
struct Paged {
    pk: String,
    sk: String,
    id: InvoiceId,
    charge_pages: usize,
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
        let key = keys::invoice(&agreement, period, sequence);
        match self.get_item(&self.tables.records, &key).await? {
            Some(item) => self.whole(item).await,
            None => Ok(None),
        }
    }

    /// The invoices of the period that begins on a day: its own, then the corrections.
    pub async fn invoices_of_period(
        &self,
        agreement: &AgreementId,
        first: Date,
    ) -> Result<Vec<Invoice>, StoreError> {
        self.invoices_in(agreement, &first.to_string()).await
    }

    /// All invoices of an agreement, by their periods.
    pub async fn invoices_of(&self, agreement: &AgreementId) -> Result<Vec<Invoice>, StoreError> {
        self.invoices_in(agreement, "").await
    }

    async fn invoices_in(&self, agreement: &AgreementId, begins: &str) -> Result<Vec<Invoice>, StoreError> {
        let mut invoices = Vec::new();
        for item in self.items_in(&keys::invoices(agreement), begins).await? {
            invoices.extend(self.whole(item).await?);
        }
        Ok(invoices)
    }

    async fn items_in(&self, pk: &str, begins: &str) -> Result<Vec<Item>, StoreError> {
        let query = self.dynamo.query().table_name(&self.tables.records).consistent_read(true);
        let query = query.expression_attribute_values(":pk", text(pk));
        let query = match begins {
            "" => query.key_condition_expression("pk = :pk"),
            begins => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :begins)")
                .expression_attribute_values(":begins", text(begins)),
        };
        let mut pages = query.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(StoreError::aws("read the invoices"))?);
        }
        Ok(items)
    }

    async fn whole(&self, item: Item) -> Result<Option<Invoice>, StoreError> {
        let item = self.with_charges(item).await?;
        item.map(|item| read(KIND, item)).transpose()
    }

    /// The item of an invoice with the charges of its pages; any other item as it is. None if the invoice is gone
    /// by now.
    pub(crate) async fn with_charges(&self, mut item: Item) -> Result<Option<Item>, StoreError> {
        for round in 0..ROUNDS_MAX {
            if !item.contains_key(CHARGE_PAGES) {
                return Ok(Some(item));
            }
            let paged: Paged = read(KIND, item.clone())?;
            let pages = keys::invoice_charges(&paged.id, 0).pk;
            let pages = self.items_in(&pages, keys::INVOICE_CHARGES).await?;
            let written_by = item.get(CHARGES_REVISION).or_else(|| item.get(REVISION));
            let is_of_it = |page: &Item| page.get(REVISION) == written_by;
            if pages.len() == paged.charge_pages && pages.iter().all(is_of_it) {
                let lists = pages.into_iter().filter_map(|mut page| match page.remove(CHARGES) {
                    Some(AttributeValue::L(charges)) => Some(charges),
                    _ => None,
                });
                let charges = lists.flatten().collect();
                item.insert(CHARGES.to_owned(), AttributeValue::L(charges));
                return Ok(Some(item));
            }
            pause(round).await;
            let key = Key { pk: paged.pk, sk: paged.sk };
            match self.get_item(&self.tables.records, &key).await? {
                Some(fresh) => item = fresh,
                None => return Ok(None),
            }
        }
        Err(StoreError::Busy { action: "read the invoice" })
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
    /// another. Whatever was written meanwhile stays. Its document goes, as a new form may be there for it (guide,
    /// section 6.9).
    pub async fn note_recalculated(&self, draft: &Invoice, at: Timestamp) -> Result<(), StoreError> {
        let key = keys::invoice(&draft.agreement, draft.period, draft.sequence);
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .key(keys::PK, text(key.pk))
            .key(keys::SK, text(key.sk))
            .update_expression("SET calculated_at = :at, #document = :none")
            .expression_attribute_names("#document", "document")
            .expression_attribute_values(":none", AttributeValue::Null(true))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":before", number(draft.revision));
        write_alone("note the recalculation", || update.clone().send()).await.map(drop)
    }

    /// The same of one of its charges.
    pub async fn note_charge_recalculated(
        &self,
        draft: &Invoice,
        charge: &ChargeId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(place) = draft.charges.iter().position(|own| own.id == *charge) else { return Ok(()) };
        let (key, place) = match pages_of(draft) {
            0 => (keys::invoice(&draft.agreement, draft.period, draft.sequence), place),
            _ => (keys::invoice_charges(&draft.id, place / CHARGES_PER_ITEM), place % CHARGES_PER_ITEM),
        };
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .key(keys::PK, text(key.pk))
            .key(keys::SK, text(key.sk))
            .update_expression(format!("SET #charges[{place}].recalculated_at = :at"))
            .condition_expression(format!("#charges[{place}].id = :charge"))
            .expression_attribute_names("#charges", CHARGES)
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":charge", text(charge.as_str()));
        write_alone("note the recalculation", || update.clone().send()).await.map(drop)
    }

    /// Stores what closing, confirming or unconfirming changes. A number is taken with the invoice that has
    /// it, both or neither.
    pub async fn write_invoices(
        &self,
        act: &Act,
        write: &InvoiceWrite<'_>,
    ) -> Result<InvoicesWritten, StoreError> {
        let charges: usize = write.changes.iter().map(|(_, after)| after.charges.len()).sum();
        if CHARGES_MAX < charges {
            return Err(StoreError::TooManyCharges { charges, most: CHARGES_MAX });
        }
        let takes = write.takes.iter();
        let mut items: Vec<_> = takes.map(|(series, taken)| self.take_number(series, *taken)).collect();
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
        let has_pages = 0 < pages_of(after);
        if let Some(before) = before.filter(|before| has_pages && before.charges == after.charges) {
            return Ok(vec![self.update_item(change_beside_charges(table, before, after)?)]);
        }
        let (item, pages) = parts(after)?;
        let surplus = pages.len()..before.map(pages_of).unwrap_or_default();
        let surplus = surplus.map(|page| self.delete_any(table, &keys::invoice_charges(&after.id, page)));
        let mut items: Vec<_> = surplus.collect();
        items.extend(pages.into_iter().map(|page| self.put_any(table, page)));
        let Some(before) = before else {
            let (agreement, period) = (after.agreement.clone(), after.period);
            let pointer = Pointer { agreement, period, sequence: after.sequence };
            let pointer = document(&keys::invoice_pointer(&after.id), &pointer)?;
            items.extend([self.new_item(table, item), self.new_item(table, pointer)]);
            return Ok(items);
        };
        items.push(self.put_item(table, item, UNCHANGED, seen(before)));
        Ok(items)
    }

    fn removed_items(&self, invoice: &Invoice) -> Vec<TransactWriteItem> {
        let table = &self.tables.records;
        let key = keys::invoice(&invoice.agreement, invoice.period, invoice.sequence);
        let mut items = vec![
            self.delete_item(table, &key, UNCHANGED, seen(invoice)),
            self.delete_any(table, &keys::invoice_pointer(&invoice.id)),
        ];
        let pages = 0..pages_of(invoice);
        items.extend(pages.map(|page| self.delete_any(table, &keys::invoice_charges(&invoice.id, page))));
        items
    }
}

/// How many pages the charges of an invoice take.
fn pages_of(invoice: &Invoice) -> usize {
    match invoice.charges.len() {
        charges if charges <= CHARGES_PER_ITEM => 0,
        charges => charges.div_ceil(CHARGES_PER_ITEM),
    }
}

/// The item of an invoice, and the pages of its charges, if it has any.
fn parts(invoice: &Invoice) -> Result<(Item, Vec<Item>), StoreError> {
    let key = keys::invoice(&invoice.agreement, invoice.period, invoice.sequence);
    let mut item = document(&key, invoice)?;
    if pages_of(invoice) == 0 {
        return Ok((item, Vec::new()));
    }
    let Some(AttributeValue::L(charges)) = item.insert(CHARGES.to_owned(), AttributeValue::L(Vec::new()))
    else {
        return Err(StoreError::corrupt(KIND, "its charges are no list"));
    };
    let page = |(page, charges): (usize, &[AttributeValue])| {
        let key = keys::invoice_charges(&invoice.id, page);
        Item::from([
            (keys::PK.to_owned(), text(key.pk)),
            (keys::SK.to_owned(), text(key.sk)),
            (REVISION.to_owned(), number(invoice.revision)),
            (CHARGES.to_owned(), AttributeValue::L(charges.to_vec())),
        ])
    };
    let pages: Vec<Item> = charges.chunks(CHARGES_PER_ITEM).enumerate().map(page).collect();
    item.insert(CHARGE_PAGES.to_owned(), number(pages.len()));
    Ok((item, pages))
}

/// What is different of an invoice whose charges are the same, and lie in pages.
fn change_beside_charges(table: &str, before: &Invoice, after: &Invoice) -> Result<Change, StoreError> {
    let key = keys::invoice(&after.agreement, after.period, after.sequence);
    let (was, is) = (document(&key, before)?, document(&key, after)?);
    let (mut names, mut values) = (Vec::new(), seen(before));
    let mut sets = vec![format!("{CHARGES_REVISION} = if_not_exists({CHARGES_REVISION}, :before)")];
    let changed = is.iter().filter(|(name, value)| *name != CHARGES && was.get(*name) != Some(*value));
    for (place, (name, value)) in changed.enumerate() {
        names.push((format!("#set{place}"), name.clone()));
        values.insert(format!(":set{place}"), value.clone());
        sets.push(format!("#set{place} = :set{place}"));
    }
    let mut expression = format!("SET {}", sets.join(", "));
    for (place, name) in was.keys().filter(|name| !is.contains_key(*name)).enumerate() {
        names.push((format!("#gone{place}"), name.clone()));
        expression.push_str(if place == 0 { " REMOVE " } else { ", " });
        expression.push_str(&format!("#gone{place}"));
    }
    let (table, condition) = (table.to_owned(), UNCHANGED.to_owned());
    Ok(Change { key, table, expression, condition, names, values })
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
