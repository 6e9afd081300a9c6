//! Payments that bought message credits have a receipt, and those that took some back a credit note, which are made
//! once they are confirmed.

use domain::payment::became_confirmed;
use queue::Billing;

use crate::App;
use crate::change::PaymentChange;

/// Asks for each receipt.
pub async fn ask(app: &App, payments: &[PaymentChange]) -> anyhow::Result<()> {
    let confirmed = payments.iter().filter(|change| became_confirmed(change.before.as_ref(), &change.after));
    let jobs: Vec<_> = confirmed
        .filter_map(|change| change.after.receipt_of.clone())
        .map(|top_up| Billing::ReceiptV1 { top_up })
        .collect();
    if jobs.is_empty() {
        return Ok(());
    }
    Ok(app.billing.send_all(&jobs).await?)
}
