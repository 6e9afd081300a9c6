//! Opens wallets again from which a transfer began to take all, and whose function died over it.

use jiff::Timestamp;

use crate::App;

/// Ends every drain that nobody is working on any more.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    for drain in app.store.drains().await?.into_iter().filter(|drain| drain.is_abandoned(now)) {
        if app.store.end_drain(&drain).await? {
            tracing::warn!(wallet = %drain.wallet, transfer = %drain.transfer, "a drain was abandoned");
        }
    }
    Ok(())
}
