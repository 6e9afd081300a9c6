//! Closes what has ended and confirms it, as the schedule, the queue and a person in the back office do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::agreement::Agreement;
use domain::id::CompanyId;
use domain::invoice::{Confirmation, InvoiceKind, InvoiceStatus, Timing};
use domain::period::Period;
use invoice_closer::{Wake, handle};
use jiff::{Span, Timestamp};
use queue::Billing;

use super::functions::{BILLING, Functions};
use super::parties::Parties;
use super::{DAYS, MONTH};

/// What was sent lies half a day beside the month, and zones another half.
const DAYS_AROUND: i64 = 2;

/// What invoices there are in the end.
#[derive(Debug, Default)]
pub struct Invoiced {
    pub invoices: u64,
    pub corrections: u64,
    pub credit_notes: u64,
    pub charges: u64,
    /// That bill something and are left to confirm: none.
    pub drafts: u64,
}

impl fmt::Display for Invoiced {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invoices, corrections, credit_notes, charges, drafts } = self;
        write!(
            out,
            "{invoices} invoices with {charges} charges, {corrections} of them corrections, \
             {credit_notes} credit notes, {drafts} drafts"
        )
    }
}

/// Recalculates every period of the month, and confirms what belongs to a period that has ended.
pub async fn close_and_confirm(
    parties: &Parties,
    functions: &Functions,
    now: Timestamp,
) -> anyhow::Result<()> {
    for member in &parties.members {
        let agreement = functions.store.any_agreement(&member.agreement.id).await?;
        let agreement = agreement.ok_or_else(|| anyhow::anyhow!("an agreement is gone"))?;
        let periods = ended(&agreement, now);
        let job = |period: &Period| Billing::CloseV1 { agreement: agreement.id.clone(), period: *period };
        let jobs: Vec<_> = periods.iter().map(job).collect();
        functions.closer.billing.send_all(&jobs).await?;
        work_off(functions, now).await?;
        confirm(functions, &agreement, &periods, now).await?;
        work_off(functions, now).await?;
    }
    Ok(())
}

/// The periods with a day of the month that are over.
fn ended(agreement: &Agreement, now: Timestamp) -> BTreeSet<Period> {
    let first = agreement.version_at(now).billing.day_of(MONTH).saturating_sub(Span::new().days(DAYS_AROUND));
    let days = (0..DAYS + 2 * DAYS_AROUND).map(|day| first.saturating_add(Span::new().days(day)));
    let periods = days.map(|day| agreement.billing_period(day));
    periods.filter(|period| agreement.version_at(now).billing.has_ended(*period, now)).collect()
}

/// Gives the invoice-closer its queue until that is empty.
pub async fn work_off(functions: &Functions, now: Timestamp) -> anyhow::Result<()> {
    let url = functions.sqs.queue(BILLING);
    loop {
        let event = functions.sqs.take(&url);
        if event.records.is_empty() {
            return Ok(());
        }
        let answer = handle(&functions.closer, Wake::Queue(event.clone()), now).await?;
        anyhow::ensure!(answer.batch_item_failures.is_empty(), "the invoice-closer could not do a job");
        functions.sqs.finish(&url, &event, &answer);
    }
}

async fn confirm(
    functions: &Functions,
    agreement: &Agreement,
    periods: &BTreeSet<Period>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let invoices = &functions.closer.invoices;
    for invoice in functions.store.invoices_of(&agreement.id).await? {
        let is_draft = invoice.status == InvoiceStatus::Draft && periods.contains(&invoice.period);
        // All that it billed was refunded.
        if !is_draft || invoice.charges.is_empty() {
            continue;
        }
        let unique = [invoice.id.as_str()];
        let act = functions.store.act_of_platform("billing-month", &agreement.company, now, &unique).await?;
        let confirmation =
            Confirmation { timing: Timing::AfterPeriod, send: false, by: agreement.tenant.to_string() };
        invoices.confirm(&act, agreement, &invoice.id, &confirmation).await?;
    }
    Ok(())
}

/// What there is in the end, with every number given once and none left out.
pub async fn invoiced(parties: &Parties, functions: &Functions) -> anyhow::Result<Invoiced> {
    let mut invoiced = Invoiced::default();
    let mut numbers: BTreeMap<CompanyId, BTreeSet<u64>> = BTreeMap::new();
    for member in &parties.members {
        for invoice in functions.store.invoices_of(&member.agreement.id).await? {
            invoiced.invoices += 1;
            invoiced.corrections += u64::from(0 < invoice.sequence);
            invoiced.credit_notes += u64::from(invoice.kind() == InvoiceKind::CreditNote);
            invoiced.charges += invoice.charges.len() as u64;
            match invoice.number {
                Some(number) => {
                    let new = numbers.entry(invoice.tenant.clone()).or_default().insert(number);
                    anyhow::ensure!(new, "{} gave the number {number} twice", invoice.tenant);
                }
                None => invoiced.drafts += u64::from(!invoice.charges.is_empty()),
            }
        }
    }
    for (tenant, numbers) in numbers {
        let last = numbers.last().copied().unwrap_or_default();
        anyhow::ensure!(last == numbers.len() as u64, "{tenant} left out a number up to {last}");
    }
    Ok(invoiced)
}
