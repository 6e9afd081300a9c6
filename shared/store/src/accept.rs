//! Accepting a message or a batch: its row and its charge at every level, in one write.
//!
//! Four write units whatever the depth, because the home wallet carries the escrow of all levels. The
//! row is the idempotency record: a repeat finds it, and nothing is charged twice.

use std::collections::BTreeSet;

use domain::batch::Batch;
use domain::id::WalletId;
use domain::message::Message;
use domain::money::Amount;
use domain::wallet::{ChargePlan, Leg, Operation, OperationKind, Short, Wallet, plan_charge};

use crate::escrow::{Need, Needs, Recalled};
use crate::item::{Item, document};
use crate::keys::{self, Key};
use crate::transact::Refused;
use crate::wallets::{Sum, WalletChange};
use crate::{Store, StoreError};

/// Each round either ends or has made progress (a refill, a recall, exact mode for one more level), so
/// the depth of the tree bounds them; beyond that others are spending faster than we can plan.
const ROUNDS_MAX: u32 = 24;

/// What is to be accepted.
#[derive(Debug, Clone, Copy)]
pub enum Accept<'a> {
    Message(&'a Message),
    Batch(&'a Batch),
}

impl Accept<'_> {
    fn key(self) -> Key {
        match self {
            Self::Message(message) => keys::message(&message.id),
            Self::Batch(batch) => keys::batch(&batch.id),
        }
    }

    fn item(self) -> Result<Item, StoreError> {
        match self {
            Self::Message(message) => document(&self.key(), message),
            Self::Batch(batch) => document(&self.key(), batch),
        }
    }

    fn reference(self) -> String {
        match self {
            Self::Message(message) => message.id.to_string(),
            Self::Batch(batch) => batch.id.to_string(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    Now,
    /// There was a row under this id already; read it to see whether it is the same request.
    Before,
}

#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    #[error("{available} is available, {needed} is needed")]
    NotEnough { available: Amount, needed: Amount },
    /// A company above cannot pay its part; its figures are not the sender's to know.
    #[error("the account at level {level} above cannot cover this message")]
    NotEnoughAbove { level: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Charges `legs` (the home wallet's first) and stores the row, both or neither. `units` is the
    /// dearest single message of each level, by which escrow is refilled.
    pub async fn accept(
        &self,
        what: Accept<'_>,
        legs: &[Leg],
        units: &[Amount],
    ) -> Result<Accepted, AcceptError> {
        let home_id = legs.first().map(|leg| &leg.wallet);
        let home_id = home_id.ok_or_else(|| StoreError::corrupt("a charge", "it has no level"))?;
        let mut tried = Tried::default();
        for _ in 0..ROUNDS_MAX {
            let home = self.known_wallet(home_id).await?;
            let refused = match plan_charge(&home, legs, &tried.exact) {
                Ok(plan) => match self.write_charge(what, &plan).await {
                    Ok(()) => return Ok(Accepted::Now),
                    Err(Refused::At(0, _)) => return Ok(Accepted::Before),
                    // Spent since it was read: plan again.
                    Err(Refused::At(1, _)) => continue,
                    Err(Refused::At(place, _)) => plan.exact.get(place - 2).map(|leg| leg.wallet.clone()),
                    Err(Refused::Failed(error)) => return Err(error.into()),
                },
                Err(Short::Home { .. }) => Some(home.id.clone()),
                Err(Short::Escrow { wallet, .. }) => {
                    self.refill_or_exact(&home, &wallet, legs, units, &mut tried).await?;
                    continue;
                }
            };
            let Some(wallet) = refused else { continue };
            // Before anyone is told no: what holders below keep unused comes back, until none of them has any.
            if self.recall(&wallet).await? == Recalled::Something {
                continue;
            }
            return self.refuse(what, &home, &wallet, legs).await;
        }
        Err(StoreError::Busy { action: "charge the message" }.into())
    }

    /// A repeat whose first try was charged meanwhile is no refusal.
    async fn refuse(
        &self,
        what: Accept<'_>,
        home: &Wallet,
        wallet: &WalletId,
        legs: &[Leg],
    ) -> Result<Accepted, AcceptError> {
        if self.get_item(&self.tables.messages, &what.key()).await?.is_some() {
            return Ok(Accepted::Before);
        }
        let level = legs.iter().position(|leg| leg.wallet == *wallet).unwrap_or_default();
        if level == 0 {
            return Err(AcceptError::NotEnough { available: home.headroom, needed: legs[0].amount });
        }
        Err(AcceptError::NotEnoughAbove { level: level + 1 })
    }

    /// Gets escrow for every level that is short; a level that cannot give any is debited directly.
    async fn refill_or_exact(
        &self,
        home: &Wallet,
        short: &WalletId,
        legs: &[Leg],
        units: &[Amount],
        tried: &mut Tried,
    ) -> Result<(), StoreError> {
        if !tried.refilled.insert(short.clone()) {
            tried.exact.insert(short.clone());
            return Ok(());
        }
        let needs: Needs = legs
            .iter()
            .zip(units)
            .skip(1)
            .filter(|(leg, _)| !tried.exact.contains(&leg.wallet) && home.escrow_on(&leg.wallet) < leg.amount)
            .map(|(leg, unit)| (leg.wallet.clone(), Need { now: leg.amount, unit: *unit }))
            .collect();
        self.refill(home, &needs).await
    }

    async fn write_charge(&self, what: Accept<'_>, plan: &ChargePlan) -> Result<(), Refused> {
        let operation = Operation { kind: OperationKind::Charge, reference: what.reference() };
        let row = what.item().map_err(Refused::Failed)?;
        let mut home = WalletChange::new(&plan.home.wallet, operation.clone())
            .take(Sum::Headroom, plan.home.amount)
            .add(Sum::Charged, plan.home.amount);
        for leg in &plan.from_escrow {
            home = home
                .take(Sum::Escrow(leg.wallet.clone()), leg.amount)
                .add(Sum::Used(leg.wallet.clone()), leg.amount);
        }
        let mut items = vec![self.new_item(&self.tables.messages, row), self.change_wallet(home)];
        for leg in &plan.exact {
            let direct = WalletChange::new(&leg.wallet, operation.clone())
                .take(Sum::Headroom, leg.amount)
                .add(Sum::Charged, leg.amount);
            items.push(self.change_wallet(direct));
        }
        self.transact("charge the message", items).await
    }
}

/// What has been tried for one acceptance, so that no step is repeated for ever.
#[derive(Debug, Default)]
struct Tried {
    refilled: BTreeSet<WalletId>,
    exact: BTreeSet<WalletId>,
}
