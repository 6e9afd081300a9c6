//! Invoices: the schedule lists agreements and puts one job for each period that may have changed on
//! the billing queue; the queue closes them one by one, makes the PDFs of confirmed ones, of drafts that
//! somebody wants to see and of receipts, and says what payments cover.

mod dispatch;
mod documents;
mod receipts;
mod rerate;
mod schedule;
mod taxes;

use anyhow::Context;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::agreement::Agreement;
use domain::audit::Act;
use domain::id::{CompanyId, InvoiceId};
use domain::period::Period;
use jiff::Timestamp;
use queue::{Billing, Sender};
use runtime::batch::each_message;
use serde_json::Value;
use store::{Closed, Documents, Invoices, Store, TreeCache};

/// Several changes may race with the note that the document exists, or that it was sent.
const ATTEMPTS_MAX: u32 = 5;
/// As the audit log calls it.
const PROCESS: &str = "invoice-closer";

#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub documents: Documents,
    pub invoices: Invoices,
    pub billing: Sender,
    /// Takes `queue::Notification`.
    pub notifications: Sender,
    /// Of rates, for what is rated again.
    pub trees: TreeCache,
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
        Wake::Schedule => {
            // A rerate that cannot be read keeps no period from being closed.
            let rerates = app.list_rerates(now).await;
            app.list_periods(now).await?;
            rerates.map(|()| SqsBatchResponse::default())
        }
        Wake::Queue(event) => Ok(each_message(event, async |job: Billing| app.work(job, now).await).await),
    }
}

impl App {
    async fn work(&self, job: Billing, now: Timestamp) -> anyhow::Result<()> {
        match job {
            Billing::CloseV1 { agreement, period } => {
                let agreement = self.store.any_agreement(&agreement).await?.context("no such agreement")?;
                self.close(&agreement, period, now).await
            }
            Billing::RenderV1 { invoice } => {
                self.cover_first(&invoice, now).await?;
                self.render(&invoice, now).await?;
                self.dispatch(&invoice, now).await
            }
            Billing::ReceiptV1 { top_up } => self.receipt(&top_up, now).await,
            Billing::RerateV1 { task } => self.rerate(&task, now).await,
            Billing::TaxesChangedV1 { own_legal_entity, after } => {
                self.taxes_changed(own_legal_entity, after).await
            }
            Billing::CoverV1 { agreement } => {
                let agreement = self.store.any_agreement(&agreement).await?.context("no such agreement")?;
                self.cover(&agreement, now).await
            }
        }
    }

    /// The job may be older than the terms: the period is what they make it now. What a draft billed that is
    /// of no period any more waits for a person.
    async fn close(&self, agreement: &Agreement, period: Period, now: Timestamp) -> anyhow::Result<()> {
        let period = agreement.billing_period(period.first);
        let act = self.act(&agreement.company, now, &[agreement.id.as_str(), &period.to_string()]).await?;
        if let Closed::Stored(invoice) = self.invoices.close(&act, agreement, period).await? {
            tracing::info!(invoice = %invoice.id, sequence = invoice.sequence, total = %invoice.total_due, "drafted");
        }
        Ok(())
    }

    async fn cover(&self, agreement: &Agreement, now: Timestamp) -> anyhow::Result<()> {
        let changed = self.invoices.cover(PROCESS, agreement, now).await?;
        tracing::info!(agreement = %agreement.id, changed, "covered");
        // Whoever confirmed them may have died before asking for it.
        let bare = self.store.invoices_of(&agreement.id).await?.into_iter();
        let bare = bare.filter(|invoice| invoice.is_confirmed() && invoice.document.is_none());
        let jobs: Vec<_> = bare.map(|invoice| Billing::RenderV1 { invoice: invoice.id }).collect();
        self.billing.send_all(&jobs).await?;
        Ok(())
    }

    /// What was paid beforehand stands on the document and in the mail, so that nobody pays it a second time.
    async fn cover_first(&self, invoice: &InvoiceId, now: Timestamp) -> anyhow::Result<()> {
        let invoice = self.store.any_invoice(invoice).await?;
        let bare = invoice.filter(|invoice| invoice.is_confirmed() && invoice.document.is_none());
        let Some(invoice) = bare else { return Ok(()) };
        let agreement = self.store.any_agreement(&invoice.agreement).await?.context("no such agreement")?;
        self.invoices.cover(PROCESS, &agreement, now).await?;
        Ok(())
    }

    async fn act(&self, company: &CompanyId, now: Timestamp, unique: &[&str]) -> anyhow::Result<Act> {
        Ok(self.store.act_of_platform(PROCESS, company, now, unique).await?)
    }
}
