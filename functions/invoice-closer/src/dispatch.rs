//! Telling those who get an agreement's invoices that one was confirmed.

use anyhow::Context;
use domain::id::InvoiceId;
use domain::invoice::{DispatchStatus, Invoice};
use jiff::Timestamp;
use queue::Notification;
use store::Stored;

use crate::{ATTEMPTS_MAX, App};

impl App {
    /// Once the document is there. If the function dies before it is noted, it is told again under the same
    /// id, and the mailer passes over it.
    pub(crate) async fn dispatch(&self, id: &InvoiceId, now: Timestamp) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            // A draft goes once nothing is left on it.
            let Some(invoice) = self.store.any_invoice(id).await? else { return Ok(()) };
            if invoice.dispatch != DispatchStatus::Waiting || invoice.document.is_none() {
                return Ok(());
            }
            let agreement = self.store.any_agreement(&invoice.agreement).await?.context("no agreement")?;
            let emails = agreement.emails_in_force().invoice_emails.clone();
            let dispatch = if emails.is_empty() { DispatchStatus::NotSent } else { DispatchStatus::Sent };
            if dispatch == DispatchStatus::Sent {
                self.notifications.send(&confirmation(&invoice, emails)).await?;
            }
            let revision = invoice.revision + 1;
            let act = self.act(&invoice.company, now, &[id.as_str(), &revision.to_string()]).await?;
            let after = Invoice { dispatch, revision, ..invoice.clone() };
            if self.store.replace_invoice(&act, &invoice, &after).await? == Stored::Now {
                return Ok(());
            }
        }
        anyhow::bail!("{id} is being changed by others")
    }
}

fn confirmation(invoice: &Invoice, emails: Vec<String>) -> Notification {
    let at = invoice.confirmed_at.unwrap_or(invoice.calculated_at);
    Notification::InvoiceConfirmedV1 {
        id: format!("{} {at}", invoice.id),
        invoice: invoice.id.clone(),
        agreement: invoice.agreement.clone(),
        kind: invoice.kind(),
        number: invoice.number.unwrap_or_default(),
        period: invoice.period,
        total_due: invoice.total_due,
        outstanding: Some(invoice.outstanding),
        currency: invoice.currency,
        due_date: invoice.due_date,
        emails,
        at,
    }
}
