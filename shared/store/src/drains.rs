//! Full withdrawals. A wallet from which all is taken is closed for everybody else meanwhile: nothing is
//! charged to it and it sets nothing aside, so that what is called back stays there until the transfer has
//! it. The transfer opens it again in the same write, and a refusal does so as well; a wallet whose drain
//! was abandoned is opened by the sweeper.

use std::time::Duration;

use domain::allowance::Pot;
use domain::audit::Act;
use domain::id::{TransferId, WalletId};
use domain::money::Amount;
use domain::transfer::Transfer;
use domain::wallet::{Operation, OperationKind, Wallet, WalletState};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::escrow::Recalled;
use crate::item::{Partition, document, read};
use crate::keys;
use crate::transact::{Refused, pause};
use crate::wallets::{Guard, Sum, WalletChange};
use crate::{Store, StoreError};

/// Holders spend on for as long as a recall takes, so a few rounds do. The API's callers wait for thirty
/// seconds.
const DRAINED_WITHIN: Duration = Duration::from_secs(20);
/// After this nobody is working on a drain any more.
pub const ABANDONED_AFTER: SignedDuration = SignedDuration::from_secs(45);

/// How a full withdrawal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FullTransfer {
    Now(Transfer),
    /// There was a transfer under this id already: this one, or another request's.
    Before(Transfer),
    /// Another transfer is taking all there is.
    Draining,
}

/// Why a full withdrawal moved nothing.
#[derive(Debug, thiserror::Error)]
pub enum FullTransferError<E> {
    #[error(transparent)]
    Refused(E),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A wallet that is being drained, as the sweeper finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    pub wallet: WalletId,
    pub transfer: TransferId,
    pub since: Timestamp,
}

impl Drain {
    pub fn is_abandoned(&self, now: Timestamp) -> bool {
        self.since + ABANDONED_AFTER <= now
    }

    fn state(&self) -> WalletState {
        WalletState::Draining { transfer: self.transfer.clone(), since: self.since }
    }
}

impl Store {
    /// Takes all that a wallet has, what holders below keep unused included. `plan` says what to move, out
    /// of the wallet as it stands when everything has come back. Whatever it answers, and whatever fails,
    /// the wallet is open again afterwards.
    pub async fn post_full_transfer<E>(
        &self,
        act: &Act,
        from: &WalletId,
        id: &TransferId,
        plan: impl Fn(&Wallet) -> Result<Transfer, E>,
        now: Timestamp,
    ) -> Result<FullTransfer, FullTransferError<E>> {
        let begin = Instant::now();
        let mut attempt = 0;
        let state = loop {
            let now = now + SignedDuration::try_from(begin.elapsed()).unwrap_or_default();
            if let Some(state) = self.hold(from, id, now).await? {
                break state;
            }
            if DRAINED_WITHIN < begin.elapsed() {
                return Ok(FullTransfer::Draining);
            }
            pause(attempt).await;
            attempt += 1;
        };
        let posted = self.take_all(act, from, &state, plan).await;
        if let (Ok(FullTransfer::Before(_)) | Err(_), Some(drain)) = (&posted, drain_of(from, &state)) {
            // Where the transfer's outcome is unknown this also keeps it from landing late.
            self.end_drain(&drain).await?;
        }
        // A twin of this request may have been faster.
        match posted {
            Ok(FullTransfer::Draining) | Err(FullTransferError::Refused(_)) => {
                self.transfer(id).await?.map_or(posted, |stored| Ok(FullTransfer::Before(stored)))
            }
            posted => posted,
        }
    }

    /// Keeps everybody else from a wallet. Gives the state that it is held by; none while another transfer
    /// is taking all there is.
    async fn hold(
        &self,
        wallet: &WalletId,
        transfer: &TransferId,
        now: Timestamp,
    ) -> Result<Option<WalletState>, StoreError> {
        let state = self.known_wallet(wallet).await?.state;
        match &state {
            WalletState::Open => {
                Ok(self.begin_drain(wallet, transfer, now).await?.map(|drain| drain.state()))
            }
            // By the first try of this transfer.
            WalletState::Draining { transfer: by, .. } if by == transfer => Ok(Some(state)),
            WalletState::Draining { .. } => Ok(None),
            // From a suspended wallet nobody else takes anything either.
            WalletState::Suspended | WalletState::Closed => Ok(Some(state)),
        }
    }

    async fn take_all<E>(
        &self,
        act: &Act,
        from: &WalletId,
        state: &WalletState,
        plan: impl Fn(&Wallet) -> Result<Transfer, E>,
    ) -> Result<FullTransfer, FullTransferError<E>> {
        let begin = Instant::now();
        let mut attempt = 0;
        while begin.elapsed() < DRAINED_WITHIN {
            if self.recall(&Pot::money(from), None).await? == Recalled::Nothing {
                let wallet = self.known_wallet(from).await?;
                if wallet.state != *state {
                    return Ok(FullTransfer::Draining);
                }
                if self.is_drained(&wallet).await? {
                    let transfer = plan(&wallet).map_err(FullTransferError::Refused)?;
                    if let Some(posted) = self.post_all(act, &transfer, &wallet).await? {
                        return Ok(posted);
                    }
                }
            }
            pause(attempt).await;
            attempt += 1;
        }
        Err(StoreError::Busy { action: "take all there is" }.into())
    }

    /// Escrow that moves from one holder to another while they are read can be missed: then more is set
    /// aside than they have used.
    async fn is_drained(&self, wallet: &Wallet) -> Result<bool, StoreError> {
        let pot = Pot::money(&wallet.id);
        let holders = self.holders(&wallet.id).await?;
        let used = Amount::checked_sum(holders.iter().map(|holder| holder.used_of(&pot)))?;
        Ok(wallet.allocated == used)
    }

    /// None if the wallet has moved since it was read.
    async fn post_all(
        &self,
        act: &Act,
        transfer: &Transfer,
        from: &Wallet,
    ) -> Result<Option<FullTransfer>, StoreError> {
        let operation = |kind| Operation { kind, reference: transfer.id.to_string() };
        let mut take = WalletChange::new(&transfer.from, operation(OperationKind::TransferOut))
            .guard(Guard::State(from.state.clone()))
            .guard(Guard::Exactly(Sum::Headroom, from.headroom))
            .guard(Guard::CreditLimit(from.credit_limit))
            .add(Sum::Headroom, -transfer.amount)
            .add(Sum::Funding, -transfer.amount);
        let give = WalletChange::new(&transfer.to, operation(OperationKind::TransferIn))
            .guard(Guard::NotClosed)
            .add(Sum::Headroom, transfer.amount)
            .add(Sum::Funding, transfer.amount);
        let record = document(&keys::transfer(&transfer.id), transfer)?;
        let mut items = vec![self.new_item(&self.tables.ledger, record)];
        let is_draining = drain_of(&from.id, &from.state).is_some();
        if is_draining {
            take = take.state(WalletState::Open);
        }
        items.extend([self.change_wallet(take), self.change_wallet(give)]);
        if is_draining {
            items.push(self.delete_any(&self.tables.ledger, &keys::drain(&from.id)));
        }
        items.extend(self.transfer_notes(act, transfer)?);
        match self.transact("post the transfer", items).await {
            Ok(()) => Ok(Some(FullTransfer::Now(transfer.clone()))),
            Err(Refused::At(0, Some(stored))) => Ok(Some(FullTransfer::Before(read("a transfer", stored)?))),
            Err(Refused::At(..)) => Ok(None),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// None if the wallet is not open.
    async fn begin_drain(
        &self,
        wallet: &WalletId,
        transfer: &TransferId,
        now: Timestamp,
    ) -> Result<Option<Drain>, StoreError> {
        let drain = Drain { wallet: wallet.clone(), transfer: transfer.clone(), since: now };
        let change = WalletChange::new(wallet, terms(transfer)).guard(Guard::Open).state(drain.state());
        let entry = document(&keys::drain(wallet), &drain)?;
        let items = vec![self.change_wallet(change), self.put_any(&self.tables.ledger, entry)];
        match self.transact("begin to take all there is", items).await {
            Ok(()) => Ok(Some(drain)),
            Err(Refused::At(..)) => Ok(None),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Opens a wallet again, unless this drain is over already. False if it is.
    pub async fn end_drain(&self, drain: &Drain) -> Result<bool, StoreError> {
        let change = WalletChange::new(&drain.wallet, terms(&drain.transfer))
            .guard(Guard::State(drain.state()))
            .state(WalletState::Open);
        let entry = self.delete_any(&self.tables.ledger, &keys::drain(&drain.wallet));
        match self.transact("end a drain", vec![self.change_wallet(change), entry]).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// The wallets that are being drained.
    pub async fn drains(&self) -> Result<Vec<Drain>, StoreError> {
        self.all(&self.tables.ledger, Partition::Table(keys::DRAINS), "a drain").await
    }
}

fn terms(transfer: &TransferId) -> Operation {
    Operation { kind: OperationKind::Terms, reference: transfer.to_string() }
}

fn drain_of(wallet: &WalletId, state: &WalletState) -> Option<Drain> {
    match state {
        WalletState::Draining { transfer, since } => {
            Some(Drain { wallet: wallet.clone(), transfer: transfer.clone(), since: *since })
        }
        _ => None,
    }
}
