//! Payments that nobody confirmed in time: their effect is taken back.

use jiff::Timestamp;

use crate::App;

/// Payments of one run; what is left waits for the next minute.
const PAYMENTS_MAX: u16 = 500;

/// Expires every payment whose deadline has come. One that fails does not stop the others.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for payment in app.store.due_payments(now, PAYMENTS_MAX).await? {
        match app.store.expire_payment(&payment, now).await {
            Ok(outcome) => tracing::info!(%payment, ?outcome, "the deadline of a payment has come"),
            Err(error) => failed.push(format!("{payment}: {:#}", anyhow::anyhow!(error))),
        }
    }
    anyhow::ensure!(failed.is_empty(), "not expired: {}", failed.join("; "));
    Ok(())
}
