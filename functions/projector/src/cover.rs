//! Payments that came, went or changed cover other invoices than before.

use std::collections::BTreeSet;

use domain::money::Amount;
use domain::payment::{Payment, PaymentStatus};
use queue::Billing;

use crate::App;
use crate::change::PaymentChange;

/// Asks for each agreement once.
pub async fn ask(app: &App, payments: &[PaymentChange]) -> anyhow::Result<()> {
    let moved = payments
        .iter()
        .filter(|change| change.before.as_ref().map(covering).unwrap_or_default() != covering(&change.after));
    let agreements: BTreeSet<_> = moved.map(|change| change.after.agreement.clone()).collect();
    if agreements.is_empty() {
        return Ok(());
    }
    let jobs: Vec<_> = agreements.into_iter().map(|agreement| Billing::CoverV1 { agreement }).collect();
    Ok(app.billing.send_all(&jobs).await?)
}

/// What of a payment covers invoices: only what was confirmed does.
fn covering(payment: &Payment) -> Amount {
    if payment.status == PaymentStatus::Confirmed { payment.effect() } else { Amount::ZERO }
}
