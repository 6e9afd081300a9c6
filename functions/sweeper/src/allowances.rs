//! What scales and bundles have counted in billing periods that are over is forgotten, so that wallets stay
//! small. Usage and EDRs keep it.

use anyhow::Context;
use domain::id::AgreementId;
use jiff::Timestamp;
use store::WalletWithHolders;

use crate::App;

/// Forgets what an agreement counted before the billing period that came before the current one: what was
/// accepted around midnight is charged by then.
pub async fn forget(
    app: &App,
    agreement: &AgreementId,
    main: &WalletWithHolders,
    now: Timestamp,
) -> anyhow::Result<()> {
    let agreement = app.store.any_agreement(agreement).await?.context("the agreement does not exist")?;
    let terms = &agreement.version_at(now).billing;
    let current = terms.period_of(terms.day_of(now));
    let before = terms.period_of(current.first.yesterday().unwrap_or(current.first));
    let forgotten = app.store.forget_allowances(&main.wallet, &main.holders, before.first).await?;
    if forgotten > 0 {
        tracing::info!(agreement = %agreement.id, forgotten, "forgot allowances of past periods");
    }
    Ok(())
}
