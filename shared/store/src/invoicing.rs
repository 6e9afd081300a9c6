//! Invoices that follow the usage, and their confirmation: the domain decides, the table keeps the first of
//! those who race, and the others look again.
//!
//! The rows of confirmed charges lie in files that never change. They are written before the transaction
//! that leads to them: a crash between the two leaves a file that nobody looks for, which the next attempt
//! writes again, as it is named by its content.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::agreement::Agreement;
use domain::audit::Act;
use domain::charge::{Charge, ChargeGroup, ChargeRow, Details, RowsAt, ServiceType};
use domain::charge::{content, difference, fold, rows_in};
use domain::coverage::{Coverage, changes, cover};
use domain::edr::{Usage, UsageKey};
use domain::id::{AgreementId, ChargeId, InvoiceId, RateId};
use domain::invoice::{
    ClosePlan, Confirmation, Invoice, InvoiceError, Recalculated, billed, check_confirmation, confirm,
    invoice_id, issuer, last_billed, open_sequence, period_of, plan_close, recalculate_charge, unconfirm,
};
use domain::money::AmountError;
use domain::payment::Payment;
use domain::period::Period;
use domain::tax::Taxed;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::invoices::{InvoiceWrite, InvoicesWritten};
use crate::messages::Stored;
use crate::transact::pause;
use crate::{Files, Store, StoreError};

/// In each round one of those who race gets its draft stored.
const ROUNDS_MAX: u32 = 20;
/// In each of these, one of those who confirm at once gets its number.
const NUMBERS_MAX: u32 = 50;
/// Files of one invoice that are read or written at once: it may have thousands of charges, and somebody waits
/// while it is confirmed.
const FILES_AT_ONCE: usize = 32;
/// Rate plans that a process remembers; a long-lived one begins anew then.
const SERVICE_TYPES_MAX: usize = 10_000;

/// Makes, confirms and covers invoices. One for each process: it remembers how rates are sold.
#[derive(Debug, Clone)]
pub struct Invoices {
    store: Store,
    files: Files,
    service_types: Arc<Mutex<HashMap<String, ServiceType>>>,
}

/// What closing a period did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// Nothing billable happened: there is no invoice.
    NoUsage,
    /// A draft was made or brought up to date.
    Stored(Box<Invoice>),
    /// The invoices say already what the usage says, or do once a draft with nothing on it is gone: the draft
    /// that follows it, or else the last confirmed one.
    Same(Box<Invoice>),
}

/// What covers the invoices of an agreement.
#[derive(Debug, Clone)]
pub struct Covered {
    pub invoices: Vec<Invoice>,
    pub payments: Vec<Payment>,
    pub coverage: Coverage,
}

#[derive(Debug, thiserror::Error)]
pub enum InvoicesError {
    #[error(transparent)]
    Invoice(#[from] InvoiceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AmountError> for InvoicesError {
    fn from(error: AmountError) -> Self {
        Self::Invoice(error.into())
    }
}

/// What the confirmed invoices of a period do not bill, as charges of the draft that is to have them.
struct Fresh {
    charges: Vec<Charge>,
    /// By their keys.
    files: Vec<(String, Vec<u8>)>,
}

impl Invoices {
    pub fn new(store: Store, files: Files) -> Self {
        Self { store, files, service_types: Arc::default() }
    }

    /// Brings the draft of a period up to date with the usage, however often and by however many. What
    /// confirmed invoices do not bill goes on a correction.
    pub async fn close(
        &self,
        act: &Act,
        agreement: &Agreement,
        period: Period,
    ) -> Result<Closed, InvoicesError> {
        for round in 0..ROUNDS_MAX {
            let invoices = self.store.invoices_of_period(&agreement.id, period.first).await?;
            let fresh = self.fresh(agreement, period, &invoices, act.at).await?;
            let taxed = self.taxed(agreement, period, &invoices).await?;
            let plan = plan_close(agreement, period, &invoices, fresh.charges, taxed, act.at)?;
            if plan.changes.is_empty() && plan.removed.is_empty() {
                return Ok(same(plan, &invoices));
            }
            let is_new = plan.changes.iter().any(|(before, _)| before.is_none());
            let action = if is_new { "invoice.create" } else { "invoice.change" };
            let unchanged = unchanged(&invoices, &plan.changes, &plan.removed);
            let (changes, removed) = (&plan.changes, &plan.removed);
            let write = InvoiceWrite { action, changes, removed, unchanged, takes: None };
            if self.store.write_invoices(act, &write).await? == InvoicesWritten::Now {
                if plan.changes.is_empty() {
                    return Ok(same(plan, &invoices));
                }
                let last = plan.open.or_else(|| plan.changes.into_iter().next_back().map(|(_, after)| after));
                return Ok(last.map_or(Closed::NoUsage, |invoice| Closed::Stored(Box::new(invoice))));
            }
            pause(round).await;
        }
        Err(StoreError::Busy { action: "close the period" }.into())
    }

    /// Brings one charge of a draft up to date with the usage, and the draft's sums with it; its other charges
    /// stay. Where nothing is different the charge's own date alone changes. A draft on which nothing is left goes,
    /// as when it is closed.
    pub async fn recalculate_charge(
        &self,
        act: &Act,
        agreement: &Agreement,
        id: &InvoiceId,
        charge: &ChargeId,
    ) -> Result<(), InvoicesError> {
        for round in 0..ROUNDS_MAX {
            let stored = self.any(id).await?;
            let period = period_of(agreement, &stored)?;
            // Its other charges are of the days that it was closed with.
            if period != stored.period {
                return Err(InvoiceError::PeriodChanged(period).into());
            }
            let invoices = self.store.invoices_of_period(&agreement.id, period.first).await?;
            let Some(stored) = invoices.iter().find(|invoice| invoice.id == *id) else { continue };
            let fresh = self.fresh(agreement, period, &invoices, act.at).await?.charges;
            let fresh = fresh.into_iter().find(|fresh| fresh.id == *charge);
            let Recalculated::Changed(next) = recalculate_charge(stored, charge, fresh, act.at)? else {
                return Ok(self.store.note_charge_recalculated(stored, charge, act.at).await?);
            };
            let change = (Some(stored.clone()), *next);
            let (changes, removed) = match change.1.goes() {
                true => (Vec::new(), vec![stored.clone()]),
                false => (vec![change], Vec::new()),
            };
            let unchanged = unchanged(&invoices, &changes, &removed);
            let (action, changes, removed) = ("invoice.change", &changes[..], &removed[..]);
            let write = InvoiceWrite { action, changes, removed, unchanged, takes: None };
            if self.store.write_invoices(act, &write).await? == InvoicesWritten::Now {
                return Ok(());
            }
            pause(round).await;
        }
        Err(StoreError::Busy { action: "recalculate the charge" }.into())
    }

    /// Recalculates a draft once more and freezes it under the next number of its series, or the one that it
    /// has. Confirming twice is confirming once.
    pub async fn confirm(
        &self,
        act: &Act,
        agreement: &Agreement,
        id: &InvoiceId,
        ask: &Confirmation,
    ) -> Result<Invoice, InvoicesError> {
        let terms = &agreement.version_at(act.at).billing;
        for round in 0..ROUNDS_MAX {
            let stored = self.any(id).await?;
            if stored.is_confirmed() {
                return Ok(stored);
            }
            let period = period_of(agreement, &stored)?;
            let invoices = self.store.invoices_of_period(&agreement.id, period.first).await?;
            let Some(stored) = invoices.iter().find(|invoice| invoice.id == *id) else { continue };
            if stored.is_confirmed() {
                return Ok(stored.clone());
            }
            let fresh = self.fresh(agreement, period, &invoices, act.at).await?;
            let taxed = self.taxed(agreement, period, &invoices).await?;
            let plan = plan_close(agreement, period, &invoices, fresh.charges, taxed, act.at)?;
            let planned = plan.changes.iter().map(|(_, after)| after).find(|after| after.id == *id);
            let mut draft = planned.unwrap_or(stored).clone();
            if plan.removed.iter().any(|removed| removed.id == *id) {
                draft.charges.clear();
                draft.tax_corrections.clear();
            }
            check_confirmation(&draft, terms, ask, act.at)?;
            self.put_files(fresh.files, &draft.charges, act.at).await?;
            let mut changes = plan.changes;
            changes.retain(|(_, after)| after.id != *id);
            changes.insert(0, (Some(stored.clone()), draft.clone()));
            for try_again in 0..NUMBERS_MAX {
                let next = self.store.last_document_number(draft.series()).await? + 1;
                let confirmed = confirm(&draft, next, terms, ask, act.at)?;
                changes[0].1 = confirmed.clone();
                let takes = draft.number.is_none().then(|| (draft.series().to_owned(), next));
                let (action, removed) = ("invoice.confirm", &plan.removed);
                let unchanged = unchanged(&invoices, &changes, removed);
                let write = InvoiceWrite { action, changes: &changes, removed, unchanged, takes };
                match self.store.write_invoices(act, &write).await? {
                    InvoicesWritten::Now => return Ok(confirmed),
                    InvoicesWritten::NumberTaken => pause(try_again).await,
                    InvoicesWritten::Overtaken => break,
                }
            }
            pause(round).await;
        }
        Err(StoreError::Busy { action: "confirm the invoice" }.into())
    }

    /// Makes a confirmed invoice a draft again, which keeps its number.
    pub async fn unconfirm(&self, act: &Act, id: &InvoiceId) -> Result<Invoice, InvoicesError> {
        for round in 0..ROUNDS_MAX {
            let stored = self.any(id).await?;
            let first = stored.period.first;
            let invoices = self.store.invoices_of_period(&stored.agreement, first).await?;
            let Some(stored) = invoices.iter().find(|invoice| invoice.id == *id) else { continue };
            let draft = unconfirm(stored, &invoices)?;
            let changes = [(Some(stored.clone()), draft.clone())];
            let unchanged = unchanged(&invoices, &changes, &[]);
            let action = "invoice.unconfirm";
            let write = InvoiceWrite { action, changes: &changes, removed: &[], unchanged, takes: None };
            if self.store.write_invoices(act, &write).await? == InvoicesWritten::Now {
                return Ok(draft);
            }
            pause(round).await;
        }
        Err(StoreError::Busy { action: "unconfirm the invoice" }.into())
    }

    /// The rows of one of an invoice's charges: of a confirmed one as they were then, of a draft as the usage
    /// makes them now.
    pub async fn rows(
        &self,
        invoice: &Invoice,
        charge: &Charge,
        now: Timestamp,
    ) -> Result<Vec<ChargeRow>, InvoicesError> {
        if invoice.is_confirmed() {
            return Ok(self.read(&charge.rows, now).await?);
        }
        let invoices = self.store.invoices_of_period(&invoice.agreement, invoice.period.first).await?;
        if open_sequence(&invoices) != invoice.sequence {
            return Ok(Vec::new());
        }
        let group = Some(&charge.group);
        let mut details = self.unbilled(&invoice.agreement, invoice.period, &invoices, group, now).await?;
        Ok(details.remove(&charge.group).unwrap_or_default())
    }

    /// A draft as the usage makes it in this moment, with the rows of its charges in their order: both from one
    /// look at the usage, so that they agree. None if it is to have nothing any more that it has.
    pub async fn draft_now(
        &self,
        agreement: &Agreement,
        draft: &Invoice,
        now: Timestamp,
    ) -> Result<Option<(Invoice, Vec<Vec<ChargeRow>>)>, InvoicesError> {
        let period = period_of(agreement, draft)?;
        let invoices = self.store.invoices_of_period(&agreement.id, period.first).await?;
        let Fresh { charges, files } = self.fresh(agreement, period, &invoices, now).await?;
        let taxed = self.taxed(agreement, period, &invoices).await?;
        let plan = plan_close(agreement, period, &invoices, charges, taxed, now)?;
        match plan.open.filter(|open| open.id == draft.id) {
            Some(open) => {
                let rows = files.iter().map(|(_, content)| rows_in(content));
                Ok(Some((open, rows.collect::<Result<_, _>>().map_err(corrupt)?)))
            }
            None => Ok(draft.is_empty().then(|| (draft.clone(), Vec::new()))),
        }
    }

    /// How the payments of an agreement cover its invoices, as both surely are now: a payment that is changed later
    /// asks for it again.
    pub async fn coverage(&self, agreement: &Agreement) -> Result<Covered, InvoicesError> {
        let invoices = self.store.invoices_of(&agreement.id).await?;
        let mut payments = self.store.payments_of(&agreement.company).await?;
        payments.retain(|payment| payment.agreement == agreement.id);
        let coverage = cover(&invoices, &payments)?;
        Ok(Covered { invoices, payments, coverage })
    }

    /// Notes on each invoice what of it is covered, and whether it is overdue. Answers how many changed.
    pub async fn cover(
        &self,
        process: &str,
        agreement: &Agreement,
        now: Timestamp,
    ) -> Result<usize, InvoicesError> {
        let today = agreement.version_at(now).billing.day_of(now);
        let mut changed = 0;
        for round in 0..ROUNDS_MAX {
            let Covered { invoices, coverage, .. } = self.coverage(agreement).await?;
            let changes = changes(&invoices, &coverage, today)?;
            if changes.is_empty() {
                return Ok(changed);
            }
            for (before, after) in changes {
                let unique = [after.id.as_str(), &after.revision.to_string()];
                let act = self.store.act_of_platform(process, &agreement.company, now, &unique).await?;
                match self.store.replace_invoice(&act, &before, &after).await? {
                    Stored::Now => changed += 1,
                    Stored::Overtaken => pause(round).await,
                }
            }
            // Once more: what was read may be older than what another has written meanwhile.
        }
        Err(StoreError::Busy { action: "cover the invoices" }.into())
    }

    /// A draft that is gone by now had nothing to bill.
    async fn any(&self, id: &InvoiceId) -> Result<Invoice, InvoicesError> {
        Ok(self.store.any_invoice(id).await?.ok_or(InvoiceError::NothingToBill)?)
    }

    async fn fresh(
        &self,
        agreement: &Agreement,
        period: Period,
        invoices: &[Invoice],
        now: Timestamp,
    ) -> Result<Fresh, InvoicesError> {
        let sequence = open_sequence(invoices);
        let open = invoices.iter().find(|invoice| invoice.sequence == sequence);
        let id = open.map_or_else(|| invoice_id(&agreement.id, period, sequence), |open| open.id.clone());
        let mut fresh = Fresh { charges: Vec::new(), files: Vec::new() };
        for (group, rows) in self.unbilled(&agreement.id, period, invoices, None, now).await? {
            let content = content(&rows).map_err(corrupt)?;
            let at = RowsAt::of(&agreement.id, &content, &rows);
            let last = last_billed(invoices, &group);
            fresh.files.push((at.key.clone(), content));
            fresh.charges.push(Charge::of(&id, group, &rows, at, last)?);
        }
        Ok(fresh)
    }

    /// What the usage of a period says beyond what its confirmed invoices bill, row by row. Of one group if there
    /// is one, and then no files of other charges are read; all usage rows are, as they lie by their days.
    async fn unbilled(
        &self,
        agreement: &AgreementId,
        period: Period,
        invoices: &[Invoice],
        only: Option<&ChargeGroup>,
        now: Timestamp,
    ) -> Result<Details, InvoicesError> {
        let mut usage = self.store.usage_of_all_days(agreement, period).await?;
        if let Some(ChargeGroup { wallet, resource, .. }) = only {
            usage.retain(|(key, _)| key.wallet == *wallet && key.resource == *resource);
        }
        let types = self.service_types(&usage).await?;
        let service_type =
            |rate: &RateId| types.get(tag(rate)).copied().unwrap_or(ServiceType::AdditionalFee);
        let mut details = fold(period, usage, service_type)?;
        let is_asked = |group: &ChargeGroup| only.is_none_or(|only| only == group);
        details.retain(|group, _| is_asked(group));
        let mut confirmed: HashMap<&ChargeGroup, Vec<&Charge>> = HashMap::new();
        for charge in billed(invoices).filter(|charge| is_asked(&charge.group)) {
            confirmed.entry(&charge.group).or_default().push(charge);
        }
        for (group, charges) in confirmed {
            let rows = details.remove(group).unwrap_or_default();
            let rows = self.beyond(agreement, rows, &charges, now).await?;
            if !rows.is_empty() {
                details.insert(group.clone(), rows);
            }
        }
        Ok(details)
    }

    /// What these rows say beyond what the confirmed charges of their group bill. One whose file would be
    /// the same is not read.
    async fn beyond(
        &self,
        agreement: &AgreementId,
        rows: Vec<ChargeRow>,
        charges: &[&Charge],
        now: Timestamp,
    ) -> Result<Vec<ChargeRow>, InvoicesError> {
        if let [charge] = charges {
            let content = content(&rows).map_err(corrupt)?;
            if RowsAt::of(agreement, &content, &rows) == charge.rows {
                return Ok(Vec::new());
            }
        }
        let read: Vec<_> = charges.iter().map(|charge| self.read(&charge.rows, now)).collect();
        let files: Vec<_> = futures::stream::iter(read).buffer_unordered(FILES_AT_ONCE).try_collect().await?;
        Ok(difference(rows, files.into_iter().flatten().collect())?)
    }

    async fn read(&self, at: &RowsAt, now: Timestamp) -> Result<Vec<ChargeRow>, StoreError> {
        rows_in(&self.files.get(&at.key, now).await?).map_err(corrupt)
    }

    async fn put_files(
        &self,
        mut files: Vec<(String, Vec<u8>)>,
        charges: &[Charge],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        files.retain(|(key, _)| charges.iter().any(|charge| charge.rows.key == *key));
        let put =
            files.into_iter().map(|(key, content)| async move { self.files.put(&key, content, now).await });
        let put: Vec<_> = put.collect();
        futures::stream::iter(put).buffer_unordered(FILES_AT_ONCE).try_collect().await
    }

    /// How the rates of these rows are sold, by the tags of their trees. It never changes for a tree.
    async fn service_types(
        &self,
        usage: &[(UsageKey, Usage)],
    ) -> Result<HashMap<String, ServiceType>, StoreError> {
        let mut types: HashMap<String, ServiceType> = HashMap::new();
        for (key, _) in usage {
            let tag = tag(&key.rate);
            if types.contains_key(tag) {
                continue;
            }
            let known = self.known_type(tag);
            let service_type = match known {
                Some(service_type) => service_type,
                None => self.service_type(&key.rate).await?,
            };
            types.insert(tag.to_owned(), service_type);
        }
        let mut remembered = self.service_types.lock().unwrap_or_else(PoisonError::into_inner);
        if SERVICE_TYPES_MAX < remembered.len() {
            remembered.clear();
        }
        remembered.extend(types.iter().map(|(tag, service_type)| (tag.clone(), *service_type)));
        Ok(types)
    }

    fn known_type(&self, tag: &str) -> Option<ServiceType> {
        self.service_types.lock().unwrap_or_else(PoisonError::into_inner).get(tag).copied()
    }

    async fn service_type(&self, rate: &RateId) -> Result<ServiceType, StoreError> {
        let Some((tree, _)) = self.store.rate_origin(rate).await? else {
            return Ok(ServiceType::AdditionalFee);
        };
        let services = self.store.services(std::slice::from_ref(&tree.service)).await?;
        Ok(services.first().map_or(ServiceType::AdditionalFee, |service| service.kind.into()))
    }

    /// The tax on all of a period: as the rules of who issues it are now for its last day, and the client as it was
    /// when an invoice of it was confirmed. Where that one does not say who the client was, or who issued it is
    /// gone, its tax stays.
    async fn taxed(
        &self,
        agreement: &Agreement,
        period: Period,
        invoices: &[Invoice],
    ) -> Result<Taxed, StoreError> {
        let buyer = match invoices.iter().find(|invoice| invoice.is_confirmed()) {
            Some(first) => first.buyer.clone(),
            None => Some(self.store.buyer(agreement).await?),
        };
        let numbered = invoices.iter().filter(|invoice| invoice.number.is_some());
        let last = numbered.max_by_key(|invoice| invoice.confirmed_at);
        let rules = self.store.tax_rules(issuer(agreement, invoices)).await?;
        let tax = match buyer.as_ref().zip(rules) {
            Some((buyer, rules)) => buyer.tax(&rules, period.last),
            None => last.and_then(|invoice| invoice.tax_rule.clone()),
        };
        Ok(Taxed { buyer, tax })
    }
}

/// What stands for the tree of a rate.
fn tag(rate: &RateId) -> &str {
    let body = rate.as_str().strip_prefix(RateId::PREFIX).unwrap_or_default();
    body.get(..domain::id::TreeTag::LENGTH).unwrap_or_default()
}

/// What stands of a period in which nothing is to be changed, or nothing but what went.
fn same(plan: ClosePlan, invoices: &[Invoice]) -> Closed {
    let mut stay = invoices.iter().filter(|invoice| !plan.removed.contains(invoice));
    let last = plan.open.or_else(|| stay.next_back().cloned());
    last.map_or(Closed::NoUsage, |invoice| Closed::Same(Box::new(invoice)))
}

fn unchanged<'a>(
    invoices: &'a [Invoice],
    changes: &[(Option<Invoice>, Invoice)],
    removed: &[Invoice],
) -> Vec<&'a Invoice> {
    let written: Vec<_> = changes.iter().map(|(_, after)| after).chain(removed).collect();
    let is_written = |invoice: &Invoice| written.iter().any(|other| other.id == invoice.id);
    invoices.iter().filter(|invoice| !is_written(invoice)).collect()
}

fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::corrupt("the rows of a charge", error)
}
