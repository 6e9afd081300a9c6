//! The statements of all wallets, posted from the ledger's stream as the projector does it, under
//! faults and repeated deliveries; and whether their lines add up.

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::Event;
use domain::id::WalletId;
use domain::money::Amount;
use domain::statement::{StatementLine, fold, line};
use domain::wallet::Wallet;
use projector::{Change, WalletChange, changes};
use store::{Store, StoreError};

use super::ledger::{Breach, Ledger};

/// Lines on a page of a statement.
const PAGE: u16 = 50;

/// Posts one delivery of the stream. On an error the same delivery comes again.
pub async fn project(store: &Store, event: Event) -> Result<(), StoreError> {
    let mut by_wallet: BTreeMap<WalletId, Vec<WalletChange>> = BTreeMap::new();
    for change in changes(event)? {
        if let Change::Wallet(change) = change {
            by_wallet.entry(change.after.id.clone()).or_default().push(*change);
        }
    }
    for (wallet, changes) in by_wallet {
        let posted = store.statement_cursor(&wallet).await?;
        let new: Vec<_> = changes.iter().filter(|change| change.after.sequence > posted).collect();
        let Some(last) = new.last() else { continue };
        let mut lines = Vec::new();
        for change in &new {
            lines.extend(line(change.before.as_ref(), &change.after, change.at)?);
        }
        store.post_statement(&wallet, &fold(lines)?, posted, last.after.sequence).await?;
    }
    Ok(())
}

/// Every statement goes up to the wallet's last write, without gaps, and sums to its balance.
pub async fn check(store: &Store, ledger: &Ledger) -> Result<(), Breach> {
    for wallet in ledger.wallets.values() {
        let lines = lines(store, &wallet.id).await.map_err(|error| Breach::Other(error.to_string()))?;
        let cursor = store.statement_cursor(&wallet.id).await;
        let cursor = cursor.map_err(|error| Breach::Other(error.to_string()))?;
        check_wallet(wallet, &lines, cursor)?;
    }
    Ok(())
}

fn check_wallet(wallet: &Wallet, lines: &[StatementLine], cursor: u64) -> Result<(), Breach> {
    let id = &wallet.id;
    let wrong = |what: String| Err(Breach::Other(format!("the statement of {id} {what}")));
    if cursor != wallet.sequence {
        return wrong(format!("ends at {cursor}, the wallet is at {}", wallet.sequence));
    }
    let (mut balance, mut sequence) = (Amount::ZERO, 0);
    for line in lines {
        balance = balance.checked_add(line.amount)?;
        if line.balance_after != balance {
            return wrong(format!("says {} at {}, it is {balance}", line.balance_after, line.to_sequence));
        }
        if line.from_sequence <= sequence || line.to_sequence < line.from_sequence {
            return wrong(format!("goes from {sequence} to {}", line.from_sequence));
        }
        sequence = line.to_sequence;
    }
    if balance != wallet.posted_balance()? {
        return wrong(format!("sums to {balance}, the balance is {}", wallet.posted_balance()?));
    }
    Ok(())
}

/// Oldest first.
async fn lines(store: &Store, wallet: &WalletId) -> Result<Vec<StatementLine>, StoreError> {
    let (mut lines, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.statement(wallet, PAGE, cursor.as_deref()).await?;
        lines.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            lines.reverse();
            return Ok(lines);
        }
    }
}
