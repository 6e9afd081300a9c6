//! Statement lines from the changes of wallets.

use std::collections::BTreeMap;

use domain::id::WalletId;
use domain::statement::{fold, line};
use store::{StatementPosted, Store, StoreError};

use crate::change::WalletChange;

/// Another delivery can only be ahead of this one, so one look at the new cursor settles it; a few
/// more are for deliveries that race.
const ATTEMPTS_MAX: u32 = 5;

/// Posts the lines of all wallets in this delivery.
pub async fn post(store: &Store, changes: Vec<WalletChange>) -> anyhow::Result<()> {
    let mut by_wallet: BTreeMap<WalletId, Vec<WalletChange>> = BTreeMap::new();
    // A lease has no balance, and so no statement.
    for change in changes.into_iter().filter(|change| change.after.lease.is_none()) {
        by_wallet.entry(change.after.id.clone()).or_default().push(change);
    }
    for (wallet, changes) in by_wallet {
        post_wallet(store, &wallet, &changes).await?;
    }
    Ok(())
}

/// Posts what the statement does not have yet. A delivery that skips a write fails, so that the gap is
/// seen rather than billed.
async fn post_wallet(store: &Store, wallet: &WalletId, changes: &[WalletChange]) -> anyhow::Result<()> {
    for _ in 0..ATTEMPTS_MAX {
        let posted = store.statement_cursor(wallet).await?;
        let new: Vec<_> = changes.iter().filter(|change| change.after.sequence > posted).collect();
        let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(()) };
        anyhow::ensure!(
            first.after.sequence == posted + 1,
            "the statement of {wallet} ends at {posted}, but the stream goes on at {}",
            first.after.sequence
        );
        if store.post_statement(wallet, &lines(&new)?, posted, last.after.sequence).await?
            == StatementPosted::Now
        {
            return Ok(());
        }
    }
    anyhow::bail!("the statement of {wallet} is being posted by others")
}

fn lines(changes: &[&WalletChange]) -> Result<Vec<domain::statement::StatementLine>, StoreError> {
    let mut lines = Vec::new();
    for change in changes {
        lines.extend(line(change.before.as_ref(), &change.after, change.at)?);
    }
    Ok(fold(lines)?)
}
