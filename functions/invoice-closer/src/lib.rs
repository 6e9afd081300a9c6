//! Invoices: the schedule lists agreements and puts one job for each period that may have changed on
//! the billing queue; the queue closes them one by one and makes the PDFs of confirmed ones.

pub mod pdf;

use std::collections::BTreeSet;

use anyhow::Context;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::agreement::Agreement;
use domain::audit::Act;
use domain::id::{CompanyId, InvoiceId};
use domain::invoice::Invoice;
use domain::period::Period;
use jiff::{Span, Timestamp};
use queue::{Billing, Sender};
use runtime::batch::each_message;
use serde_json::Value;
use store::{Closed, Documents, Store, Stored};

use crate::pdf::{Parties, render};

/// How far back the schedule looks: a week of standstill leaves no period open, and receipts that come
/// late still reach the draft.
const LOOK_BACK_DAYS: i64 = 7;
/// Several recalculations may race with the note that the document exists.
const ATTEMPTS_MAX: u32 = 5;

#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub documents: Documents,
    pub billing: Sender,
}

/// What woke the function.
pub enum Wake {
    Schedule,
    Queue(SqsEvent),
}

impl Wake {
    pub fn read(event: Value) -> Result<Self, serde_json::Error> {
        if event.get("Records").is_some() {
            serde_json::from_value(event).map(Self::Queue)
        } else {
            Ok(Self::Schedule)
        }
    }
}

pub async fn handle(app: &App, wake: Wake, now: Timestamp) -> anyhow::Result<SqsBatchResponse> {
    match wake {
        Wake::Schedule => app.list_periods(now).await.map(|()| SqsBatchResponse::default()),
        Wake::Queue(event) => Ok(each_message(event, async |job: Billing| app.work(job, now).await).await),
    }
}

impl App {
    /// A job for each agreement and period. Running it twice only closes the same periods again.
    async fn list_periods(&self, now: Timestamp) -> anyhow::Result<()> {
        let ids = self.store.all_agreements().await?;
        let mut jobs = Vec::new();
        for some in ids.chunks(100) {
            for agreement in self.store.agreements(some).await? {
                let periods = open_periods(&agreement, now);
                let job = |period| Billing::CloseV1 { agreement: agreement.id.clone(), period };
                jobs.extend(periods.into_iter().map(job));
            }
        }
        self.billing.send_all(&jobs).await?;
        tracing::info!(agreements = ids.len(), jobs = jobs.len(), "listed");
        Ok(())
    }

    async fn work(&self, job: Billing, now: Timestamp) -> anyhow::Result<()> {
        match job {
            Billing::CloseV1 { agreement, period } => {
                let agreement = self.store.any_agreement(&agreement).await?.context("no such agreement")?;
                self.close(&agreement, period, now).await
            }
            Billing::RenderV1 { invoice } => self.render(&invoice).await,
        }
    }

    async fn close(&self, agreement: &Agreement, period: Period, now: Timestamp) -> anyhow::Result<()> {
        let act = self.act(&agreement.company, now, &[agreement.id.as_str(), &period.to_string()]).await?;
        match self.store.close_period(&act, agreement, period).await? {
            Closed::Stored(invoice) => {
                tracing::info!(invoice = %invoice.id, total = %invoice.total_due, "drafted")
            }
            Closed::Frozen(invoice) => {
                tracing::warn!(invoice = %invoice.id, "usage moved after confirmation")
            }
            Closed::NoUsage | Closed::Same(_) => {}
        }
        Ok(())
    }

    async fn act(&self, company: &CompanyId, now: Timestamp, unique: &[&str]) -> anyhow::Result<Act> {
        Ok(self.store.act_of_platform("invoice-closer", company, now, unique).await?)
    }

    /// Makes the document of an invoice and notes where it is. The same invoice gives the same file.
    async fn render(&self, id: &InvoiceId) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            let invoice = self.store.any_invoice(id).await?.context("no such invoice")?;
            let issuer = self.store.any_company(&invoice.tenant).await?.context("no issuing company")?;
            let payer = self.store.any_company(&invoice.company).await?.context("no paying company")?;
            let agreement = self.store.any_agreement(&invoice.agreement).await?.context("no agreement")?;
            let parties = Parties { issuer: &issuer, payer: &payer, agreement_code: &agreement.code };
            let file = render(&invoice, &parties)?;
            let key = format!("invoices/{}/{}.pdf", invoice.agreement, invoice.id);
            self.documents.put(&key, "application/pdf", file).await?;
            if invoice.document.as_ref() == Some(&key) {
                return Ok(());
            }
            let revision = invoice.revision + 1;
            let unique = [id.as_str(), &revision.to_string()];
            let act = self.act(&invoice.company, runtime::now(), &unique).await?;
            let after = Invoice { document: Some(key), revision, ..invoice.clone() };
            if self.store.replace_invoice(&act, &invoice, &after).await? == Stored::Now {
                tracing::info!(invoice = %id, "document made");
                return Ok(());
            }
        }
        anyhow::bail!("{id} is being changed by others")
    }
}

/// The periods of the last days, each once.
fn open_periods(agreement: &Agreement, now: Timestamp) -> BTreeSet<Period> {
    let today = agreement.version_at(now).billing.day_of(now);
    let days = (0..=LOOK_BACK_DAYS).map(|days| today.saturating_sub(Span::new().days(days)));
    days.map(|day| agreement.billing_period(day)).collect()
}
