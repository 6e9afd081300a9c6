//! The agreements that a message is charged to, with their rates in force.

use domain::agreement::Agreement;
use domain::id::WalletId;
use domain::quote::Level;
use jiff::Timestamp;
use store::{Store, StoreError, TreeCache};

/// The levels of an agreement's charges, the agreement's own first, which `payer` pays.
pub async fn levels(
    store: &Store,
    cache: &TreeCache,
    agreement: &Agreement,
    payer: WalletId,
    now: Timestamp,
) -> Result<Vec<Level>, StoreError> {
    let agreements = store.agreements(&agreement.charged_levels()).await?;
    let mut levels = store.levels(cache, agreements, now).await?;
    if let Some(own) = levels.first_mut() {
        own.payer = payer;
    }
    Ok(levels)
}

/// Whether messages may be charged to all levels at this time: to agreements in force, and above the first to
/// such as are resold under (spec 10-tenancy, reselling agreements).
pub fn are_in_force(levels: &[Level], now: Timestamp) -> bool {
    levels.iter().all(|level| level.agreement.effective.contains(now))
        && levels.iter().skip(1).all(|level| level.agreement.is_resold_at(now))
}
