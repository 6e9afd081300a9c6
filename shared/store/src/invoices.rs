//! Invoices, one per agreement and period, and the numbers that confirmations give out.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::agreement::Agreement;
use domain::audit::Act;
use domain::company::Subtree;
use domain::id::{AgreementId, CompanyId, InvoiceId};
use domain::invoice::{Invoice, InvoiceStatus, Recalculated, draft, recalculate};
use domain::period::Period;
use serde::{Deserialize, Serialize};

use crate::item::{Item, document, number};
use crate::keys;
use crate::messages::Stored;
use crate::transact::{Change, Refused};
use crate::{Store, StoreError};

const KIND: &str = "an invoice";

/// Two closers of one period at once settle within a round or two; a busy period is left to the next
/// run.
const ROUNDS_MAX: u32 = 5;

/// What closing a period did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// Nothing billable happened: there is no invoice.
    NoUsage,
    /// A draft was made or brought up to date.
    Stored(Box<Invoice>),
    /// The invoice says already what the usage says.
    Same(Box<Invoice>),
    /// The invoice is confirmed, and the usage has moved since: that is for a correction.
    Frozen(Box<Invoice>),
}

/// Finds an invoice by its id.
#[derive(Serialize, Deserialize)]
struct Pointer {
    agreement: AgreementId,
    period: Period,
}

#[derive(Deserialize)]
struct Counter {
    last: u64,
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
        match found {
            Some(pointer) => self.invoice_of(&pointer.agreement, pointer.period).await,
            None => Ok(None),
        }
    }

    /// The invoice of a period.
    pub async fn invoice_of(
        &self,
        agreement: &AgreementId,
        period: Period,
    ) -> Result<Option<Invoice>, StoreError> {
        self.get(&self.tables.records, &keys::invoice(agreement, period), KIND).await
    }

    /// Stores a new draft, unless another closer was first.
    pub async fn put_invoice(&self, act: &Act, invoice: &Invoice) -> Result<Stored, StoreError> {
        let pointer = Pointer { agreement: invoice.agreement.clone(), period: invoice.period };
        let pointer = document(&keys::invoice_pointer(&invoice.id), &pointer)?;
        let mut items = vec![
            self.new_item(&self.tables.records, invoice_item(invoice)?),
            self.new_item(&self.tables.records, pointer),
        ];
        items.extend(self.invoice_notes(act, "invoice.create", None, invoice)?);
        overtaken(self.transact("store the invoice", items).await)
    }

    /// Stores a changed invoice, unless it was changed since.
    pub async fn replace_invoice(
        &self,
        act: &Act,
        before: &Invoice,
        after: &Invoice,
    ) -> Result<Stored, StoreError> {
        let mut items = vec![self.replacing(before, after)?];
        items.extend(self.invoice_notes(act, "invoice.change", Some(before), after)?);
        overtaken(self.transact("store the invoice", items).await)
    }

    /// Its places in lists, and the entry of the audit log.
    fn invoice_notes(
        &self,
        act: &Act,
        action: &str,
        before: Option<&Invoice>,
        after: &Invoice,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut notes = self.list_changes(before, Some(after));
        notes.extend(self.audit_items(act, action, after.id.as_str(), before, Some(after))?);
        Ok(notes)
    }

    /// Brings the draft of a period up to date with the usage, however often and by however many.
    pub async fn close_period(
        &self,
        act: &Act,
        agreement: &Agreement,
        period: Period,
    ) -> Result<Closed, StoreError> {
        for _ in 0..ROUNDS_MAX {
            let usage = self.usage(&agreement.id, period).await?;
            let fresh = draft(agreement, period, &usage, act.at)?;
            let Some(stored) = self.invoice_of(&agreement.id, period).await? else {
                let Some(fresh) = fresh else { return Ok(Closed::NoUsage) };
                if self.put_invoice(act, &fresh).await? == Stored::Now {
                    return Ok(Closed::Stored(Box::new(fresh)));
                }
                continue;
            };
            if stored.status == InvoiceStatus::Confirmed {
                let same = fresh.is_some_and(|fresh| fresh.charges == stored.charges);
                return Ok(if same {
                    Closed::Same(Box::new(stored))
                } else {
                    Closed::Frozen(Box::new(stored))
                });
            }
            match recalculate(&stored, fresh) {
                Ok(Recalculated::Changed(next)) => {
                    if self.replace_invoice(act, &stored, &next).await? == Stored::Now {
                        return Ok(Closed::Stored(next));
                    }
                }
                Ok(Recalculated::Same) => return Ok(Closed::Same(Box::new(stored))),
                Err(_) => continue,
            }
        }
        Err(StoreError::Busy { action: "close the period" })
    }

    /// The last number that a company gave to an invoice.
    pub async fn last_invoice_number(&self, tenant: &CompanyId) -> Result<u64, StoreError> {
        let key = keys::invoice_numbers(tenant);
        let counter: Option<Counter> = self.get(&self.tables.records, &key, "a counter").await?;
        Ok(counter.map_or(0, |counter| counter.last))
    }

    /// Stores a confirmed invoice and takes its number, both or neither: so numbers have no gaps, and
    /// no lock is held while the invoice is made.
    pub async fn confirm_invoice(
        &self,
        act: &Act,
        draft: &Invoice,
        confirmed: &Invoice,
    ) -> Result<Stored, StoreError> {
        let taken = confirmed.number.unwrap_or_default();
        let counter = Change {
            key: keys::invoice_numbers(&confirmed.tenant),
            table: self.tables.records.clone(),
            expression: "SET #last = :taken".to_owned(),
            condition: if taken == 1 { "attribute_not_exists(pk)" } else { "#last = :before" }.to_owned(),
            names: vec![("#last".to_owned(), "last".to_owned())],
            values: counter_values(taken),
        };
        let mut items = vec![self.replacing(draft, confirmed)?, self.update_item(counter)];
        items.extend(self.invoice_notes(act, "invoice.confirm", Some(draft), confirmed)?);
        overtaken(self.transact("confirm the invoice", items).await)
    }

    fn replacing(&self, before: &Invoice, after: &Invoice) -> Result<TransactWriteItem, StoreError> {
        let seen = Item::from([(":before".to_owned(), number(before.revision))]);
        Ok(self.put_item(&self.tables.records, invoice_item(after)?, "revision = :before", seen))
    }
}

fn counter_values(taken: u64) -> Item {
    let mut values = Item::from([(":taken".to_owned(), number(taken))]);
    if taken > 1 {
        values.insert(":before".to_owned(), number(taken - 1));
    }
    values
}

fn invoice_item(invoice: &Invoice) -> Result<Item, StoreError> {
    document(&keys::invoice(&invoice.agreement, invoice.period), invoice)
}

fn overtaken(written: Result<(), Refused>) -> Result<Stored, StoreError> {
    match written {
        Ok(()) => Ok(Stored::Now),
        Err(Refused::At(..)) => Ok(Stored::Overtaken),
        Err(Refused::Failed(error)) => Err(error),
    }
}
