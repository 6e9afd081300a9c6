//! The items of leases: a wallet of its own for each slot, an entry while somebody holds it, and a record
//! of how far it was written when it was closed. What a holder does with one is in `session`.
//!
//! A lease that nobody holds has nothing: all of it goes back when it is closed, by its holder or by
//! whoever finds it abandoned. Both do the same, and only if nothing was written since they looked.

mod session;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::allowance::Pot;
use domain::id::{MessageId, WalletId};
use domain::lease::{Block, LeaseTag, Pace, SLOTS, Standing};
use domain::wallet::{Lease, Operation, OperationKind, Wallet, WalletState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blocks::block_item;
use crate::escrow::{get_back, settlement};
use crate::item::{Item, Partition, document, key_of};
use crate::keys;
use crate::transact::{CONFLICT_ATTEMPTS_MAX, Refused, pause};
use crate::wallets::{Guard, Sum, WalletChange, expression, wallet_of};
use crate::{Store, StoreError};

pub use session::{Flushed, LeaseSession};

/// Somebody else moved the lease each time: that is not for ever.
const CLOSE_ATTEMPTS_MAX: u32 = 5;

/// How far a lease was written when it was closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LeaseEnd {
    written: u64,
}

/// How a write of one wallet ended; both with the wallet as it is now.
#[derive(Debug)]
pub(crate) enum Changed {
    Now(Box<Wallet>),
    Refused(Box<Wallet>),
}

/// How putting something under a key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Now,
    /// There is something already.
    Before,
}

impl Store {
    /// Takes a free lease on a wallet, with nothing in it yet, to send so often a second, as far as that is
    /// known. None if all of them are held, or if the wallet may not be charged.
    pub async fn acquire_lease(
        &self,
        home: &WalletId,
        sends_per_second: u32,
        now: Timestamp,
    ) -> Result<Option<LeaseSession>, StoreError> {
        let home = self.known_wallet(home).await?;
        if home.state != WalletState::Open || home.lease.is_some() {
            return Ok(None);
        }
        let holder = format!("{:016x}", rand::random::<u64>());
        for slot in 0..SLOTS {
            let slot = self.lease_slot(&home, slot).await?;
            let is_free = slot.state == WalletState::Closed || self.reclaim_lease(&slot, now).await?;
            if !is_free {
                continue;
            }
            let slot = self.known_wallet(&slot.id).await?;
            if let Some(taken) = self.take_lease(slot, &holder, now).await? {
                let balance = self.balance(&home).await?;
                let pace = Pace::of(sends_per_second);
                return LeaseSession::new(self.clone(), home.id, taken, balance, pace).map(Some);
            }
        }
        Ok(None)
    }

    /// The wallet of a slot, which is opened when it is needed for the first time, and stays.
    async fn lease_slot(&self, home: &Wallet, slot: u16) -> Result<Wallet, StoreError> {
        if let Some(wallet) = self.wallet(&WalletId::of_lease(&home.id, slot)).await? {
            return Ok(wallet);
        }
        let wallet = Wallet::open_lease(home, slot);
        match self.transact("open a lease", self.open_wallet(&wallet)?).await {
            Ok(()) => Ok(wallet),
            // Somebody else has opened it.
            Err(Refused::At(..)) => self.known_wallet(&wallet.id).await,
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// None if somebody else was faster.
    async fn take_lease(
        &self,
        slot: Wallet,
        holder: &str,
        now: Timestamp,
    ) -> Result<Option<Wallet>, StoreError> {
        let before = lease_of(&slot)?;
        let taken = before.acquired(holder.to_owned(), now);
        let operation = Operation { kind: OperationKind::Terms, reference: slot.id.to_string() };
        let change = WalletChange::new(&slot.id, operation)
            .guard(Guard::State(WalletState::Closed))
            .guard(Guard::Sequence(slot.sequence))
            .state(WalletState::Open)
            .lease(taken.clone());
        let entry = document(&keys::open_lease(&slot.id), &BTreeMap::<String, String>::new())?;
        let items = vec![self.change_wallet(change), self.put_any(&self.tables.ledger, entry)];
        match self.transact("take a lease", items).await {
            Ok(()) => {}
            // The answer of a first try was lost.
            Err(Refused::At(0, Some(item))) if wallet_of(&item)?.lease == Some(taken.clone()) => {}
            Err(Refused::At(..)) => return Ok(None),
            Err(Refused::Failed(error)) => return Err(error),
        }
        let sequence = slot.sequence + 1;
        Ok(Some(Wallet { state: WalletState::Open, lease: Some(taken), sequence, ..slot }))
    }

    /// The leases that somebody holds, or held when they died.
    pub async fn open_leases(&self) -> Result<Vec<Wallet>, StoreError> {
        #[derive(Deserialize)]
        struct Entry {
            sk: WalletId,
        }
        let open = Partition::Table(keys::OPEN_LEASES);
        let entries: Vec<Entry> = self.all(&self.tables.ledger, open, "an open lease").await?;
        let ids: Vec<_> = entries.into_iter().map(|entry| entry.sk).collect();
        Ok(self.wallets(&ids).await?.into_values().collect())
    }

    /// Takes back a lease whose time is over. False if it is not, or if its holder was faster.
    pub async fn reclaim_lease(&self, lease: &Wallet, now: Timestamp) -> Result<bool, StoreError> {
        if lease.state != WalletState::Open || !lease_of(lease)?.is_reclaimable(now) {
            return Ok(false);
        }
        self.close_lease(lease).await
    }

    /// Decides about a request that waits for an open lease, if the time of that lease is over.
    pub async fn reclaim_for(&self, tag: &LeaseTag, now: Timestamp) -> Result<bool, StoreError> {
        let lease = self.known_wallet(&tag.lease).await?;
        self.reclaim_lease(&lease, now).await
    }

    /// Closes a lease as it was read: what is unused goes back to whom it was set aside by, what was used
    /// is posted there. False if anything was written to it since.
    pub(crate) async fn close_lease(&self, lease: &Wallet) -> Result<bool, StoreError> {
        let held = lease_of(lease)?;
        let home = lease.above.first().ok_or_else(|| StoreError::corrupt("a lease", "it has no home"))?;
        let operation = Operation { kind: OperationKind::Escrow, reference: lease.id.to_string() };
        let mut closed = WalletChange::new(&lease.id, operation)
            .guard(Guard::Sequence(lease.sequence))
            .state(WalletState::Closed);
        let mut back = WalletChange::new(home, settlement(home, lease));
        for pot in pots(lease) {
            let (escrow, used) = (lease.escrow_on(pot), lease.used_of(pot));
            closed = closed.add(Sum::Escrow(pot.clone()), -escrow).add(Sum::Used(pot.clone()), -used);
            back = match pot.wallet == *home {
                true => get_back(back, pot, escrow, used)?,
                false => back.add(Sum::Escrow(pot.clone()), escrow).add(Sum::Used(pot.clone()), used),
            };
        }
        let end = document(&keys::lease_end(&lease.id, held.fence), &LeaseEnd { written: held.written })?;
        let items = vec![
            self.change_wallet(closed),
            self.change_wallet(back),
            self.put_any(&self.tables.ledger, end),
            self.delete_any(&self.tables.ledger, &keys::open_lease(&lease.id)),
        ];
        match self.transact("close a lease", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Whether what has this tag was charged.
    pub async fn standing(&self, tag: &LeaseTag) -> Result<Standing, StoreError> {
        let lease = self.known_wallet(&tag.lease).await?;
        if let Some(standing) = tag.standing(&lease) {
            return Ok(standing);
        }
        let key = keys::lease_end(&tag.lease, tag.fence);
        let end: Option<LeaseEnd> = self.get(&self.tables.ledger, &key, "the end of a lease").await?;
        let end = end.ok_or_else(|| StoreError::corrupt("the end of a lease", format!("{tag} has none")))?;
        Ok(tag.standing_at_end(end.written))
    }

    /// What a flush of a lease has charged, under the reference that the lease's item names it by.
    pub async fn flushed(&self, tag: &LeaseTag, reference: &str) -> Result<Option<Effective>, StoreError> {
        if reference == block_reference(tag) {
            return Ok(self.block(tag).await?.map(Effective::Block));
        }
        // A batch has the row that a message of its request would have.
        let body = reference.split_once('_').map_or(reference, |(_, body)| body);
        let Ok(id) = MessageId::parse(&format!("{}{body}", MessageId::PREFIX)) else { return Ok(None) };
        match self.row(&keys::message(&id)).await? {
            Some(row) if row.lease() == Some(tag) => Ok(Some(Effective::Row(row))),
            _ => Ok(None),
        }
    }

    /// Puts a block, which counts once its lease was charged for it.
    pub async fn put_block(&self, block: &Block, now: Timestamp) -> Result<Put, StoreError> {
        self.put_before_flush(block_item(block, now)?).await
    }

    /// Puts a row or a block unless there is one.
    async fn put_before_flush(&self, item: Item) -> Result<Put, StoreError> {
        let is_new = self.put_if_new(&self.tables.messages, item).await?;
        Ok(if is_new { Put::Now } else { Put::Before })
    }

    /// Changes one wallet by a plain write, which costs half of what a transaction does and never makes
    /// others wait. A refusal tells how the wallet is, and costs no read.
    pub(crate) async fn change_alone(
        &self,
        action: &'static str,
        change: WalletChange,
    ) -> Result<Changed, StoreError> {
        let change = expression(&self.tables.ledger, change);
        for attempt in 0..CONFLICT_ATTEMPTS_MAX {
            let sent = self
                .dynamo
                .update_item()
                .table_name(&change.table)
                .set_key(Some(key_of(&change.key)))
                .update_expression(&change.expression)
                .condition_expression(&change.condition)
                .set_expression_attribute_names(Some(change.names.iter().cloned().collect()))
                .set_expression_attribute_values(Some(change.values.clone()))
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .send()
                .await;
            let error = match sent {
                Ok(answer) => {
                    let item = answer.attributes.ok_or_else(|| missing("what was written"))?;
                    return Ok(Changed::Now(Box::new(wallet_of(&item)?)));
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    let item = refused.item().ok_or_else(|| missing("what is there"))?;
                    return Ok(Changed::Refused(Box::new(wallet_of(item)?)));
                }
                Some(UpdateItemError::TransactionConflictException(_)) => pause(attempt).await,
                _ => return Err(StoreError::aws(action)(error)),
            }
        }
        Err(StoreError::Busy { action })
    }
}

/// What was charged by a flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effective {
    Row(domain::batch::Row),
    Block(Block),
}

/// How a lease's item names a block that it has charged.
fn block_reference(tag: &LeaseTag) -> String {
    format!("block {tag}")
}

fn lease_of(wallet: &Wallet) -> Result<&Lease, StoreError> {
    let missing = || StoreError::corrupt("a lease", format!("{} is none", wallet.id));
    wallet.lease.as_ref().ok_or_else(missing)
}

/// All pots that a lease has anything of.
fn pots(lease: &Wallet) -> BTreeSet<&Pot> {
    lease.escrow.keys().chain(lease.used.keys()).collect()
}

fn missing(what: &str) -> StoreError {
    StoreError::corrupt("an answer", format!("{what} did not come back"))
}
