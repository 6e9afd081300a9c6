//! The ledger with what leases have charged, and without what they have not.

use std::collections::BTreeMap;

use domain::id::WalletId;
use domain::lease::LeaseTag;
use domain::wallet::Wallet;
use store::{Item, Row, block_of, keys, row_of, wallet_of};

use crate::ledger_simulation::ledger::Ledger;
use crate::world::{World, tables};

/// Judges by the items alone, not as the store does.
#[derive(Default)]
struct Ends {
    leases: BTreeMap<WalletId, Wallet>,
    closed: BTreeMap<(WalletId, u64), u64>,
}

impl Ends {
    fn counts(&self, tag: &LeaseTag) -> bool {
        let held = self.leases.get(&tag.lease).and_then(|wallet| wallet.lease.as_ref());
        let open = held.filter(|held| held.fence == tag.fence).map(|held| held.written);
        let closed = self.closed.get(&(tag.lease.clone(), tag.fence)).copied();
        if let (Some(open), Some(closed)) = (open, closed) {
            assert_eq!(open, closed, "the end of {tag} says another number than its lease");
        }
        tag.number <= open.or(closed).unwrap_or_else(|| panic!("{tag} has no lease"))
    }
}

/// All that counts; it has to add up. Nothing may be written meanwhile.
///
/// # Panics
/// When it does not.
pub async fn balanced(world: &World) -> Ledger {
    let ledger = read(world).await;
    ledger.check().unwrap_or_else(|breach| panic!("{breach}"));
    ledger
}

async fn read(world: &World) -> Ledger {
    let (money, messages) = (scan(world, &tables().ledger).await, scan(world, &tables().messages).await);
    let mut ends = Ends::default();
    for item in &money {
        let (pk, sk) = (text(item, keys::PK), text(item, keys::SK));
        if keys::is_wallet(pk) {
            let wallet = wallet_of(item).expect("a wallet");
            ends.leases.insert(wallet.id.clone(), wallet);
        } else if let Some(lease) = pk.strip_prefix("lease_end#") {
            let id = WalletId::parse(lease).expect("a wallet's id");
            let written = item["written"].as_n().expect("a number").parse().expect("a number");
            ends.closed.insert((id, sk.parse().expect("a fence")), written);
        }
    }
    let mut ledger = Ledger::default();
    for item in money {
        ledger.put(item).unwrap_or_else(|breach| panic!("{breach}"));
    }
    let (mut rows, mut blocks) = (Vec::new(), Vec::new());
    for item in messages {
        if keys::is_block(text(&item, keys::PK)) {
            blocks.push((block_of(item.clone()).expect("a block"), item));
        } else if keys::is_message(text(&item, keys::PK)) {
            let row = row_of(item.clone()).expect("a row");
            if row.lease().is_none_or(|tag| ends.counts(tag)) {
                rows.push((!matches!(row, Row::Batch(_)), item));
            }
        }
    }
    // A batch and a block count before the rows of their messages.
    for (_, item) in blocks.into_iter().filter(|(block, _)| ends.counts(&block.tag)) {
        ledger.put(item).unwrap_or_else(|breach| panic!("{breach}"));
    }
    rows.sort_by_key(|(is_message, _)| *is_message);
    for (_, item) in rows {
        ledger.put(item).unwrap_or_else(|breach| panic!("{breach}"));
    }
    ledger
}

async fn scan(world: &World, table: &str) -> Vec<Item> {
    let scan = world.database.client().scan().table_name(table).consistent_read(true);
    let items: Result<Vec<Item>, _> = scan.into_paginator().items().send().collect().await;
    items.expect("the table is read")
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().expect("a text")
}
