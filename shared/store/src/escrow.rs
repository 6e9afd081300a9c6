//! Escrow between a wallet and the wallets above it: set aside by refills, taken back by recalls. Both
//! settle what was used in the same write.
//!
//! Applying one of these twice only moves escrow further or settles more; the identities B, E and C hold
//! for any amounts. The guards keep two at once from overdrawing.

use std::collections::BTreeMap;
use std::pin::Pin;

use domain::id::WalletId;
use domain::money::Amount;
use domain::wallet::{Operation, OperationKind, REFILL_SENDS, Wallet, refill_amount};

use crate::transact::Refused;
use crate::wallets::{Guard, Sum, WalletChange};
use crate::{Store, StoreError};

/// A holder that spends faster than we can ask gets to keep the rest for now.
const RECALL_ATTEMPTS_MAX: u32 = 3;

/// What a holder wants to spend of a wallet above it: now, and for each send that follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    pub now: Amount,
    pub unit: Amount,
}

/// Whether a recall found any escrow that was not spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recalled {
    Something,
    Nothing,
}

pub(crate) type Needs = BTreeMap<WalletId, Need>;

impl Store {
    /// Sets headroom of the wallet above aside for `holder`, and passes on escrow that the wallet above
    /// holds itself on wallets further up, asking there first if it has too little. Levels for which
    /// there is not enough get nothing: the caller sees it in what the holder has afterwards.
    pub(crate) fn refill<'a>(
        &'a self,
        holder: &'a Wallet,
        needs: &'a Needs,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>> {
        Box::pin(async move {
            let Some(parent_id) = holder.above.first() else { return Ok(()) };
            let mut parent = self.known_wallet(parent_id).await?;
            let further = further_needs(&parent, needs)?;
            if !further.is_empty() {
                self.refill(&parent, &further).await?;
                parent = self.known_wallet(parent_id).await?;
            }
            self.move_escrow(holder, &parent, needs).await
        })
    }

    async fn move_escrow(&self, holder: &Wallet, parent: &Wallet, needs: &Needs) -> Result<(), StoreError> {
        let operation = Operation { kind: OperationKind::Escrow, reference: holder.id.to_string() };
        let mut give = WalletChange::new(&parent.id, operation.clone());
        let mut get =
            WalletChange::new(&holder.id, operation).guard(Guard::Refills(holder.refills)).refilled();
        let mut moved = false;
        for (wallet, need) in needs {
            let available = if *wallet == parent.id { parent.headroom } else { parent.escrow_on(wallet) };
            let amount = if *wallet == parent.id {
                refill_amount(available, need.now, need.unit).unwrap_or_default()
            } else {
                let wanted = need.now.checked_add(need.unit.checked_times(REFILL_SENDS)?)?;
                if available < need.now { Amount::ZERO } else { wanted.min(available) }
            };
            if !amount.is_positive() {
                continue;
            }
            moved = true;
            // What the holder has used of this level is posted one level up with it.
            let used = holder.used_of(wallet);
            if *wallet == parent.id {
                give = give
                    .take(Sum::Headroom, amount)
                    .add(Sum::Allocated, amount.checked_sub(used)?)
                    .add(Sum::Charged, used);
            } else {
                give = give.take(Sum::Escrow(wallet.clone()), amount).add(Sum::Used(wallet.clone()), used);
            }
            get = get.add(Sum::Escrow(wallet.clone()), amount).add(Sum::Used(wallet.clone()), -used);
        }
        if !moved {
            return Ok(());
        }
        match self.transact("refill escrow", vec![self.change_wallet(give), self.change_wallet(get)]).await {
            // Another refill came first, or the parent has spent since: the caller reads again.
            Ok(()) | Err(Refused::At(..)) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Takes back what holders below keep of this wallet's headroom, so that it can be spent here.
    pub(crate) async fn recall(&self, wallet: &WalletId) -> Result<Recalled, StoreError> {
        let mut recalled = Recalled::Nothing;
        for holder in self.holders(wallet).await? {
            if holder.escrow_on(wallet).is_positive() {
                recalled = Recalled::Something;
                self.recall_from(holder, wallet).await?;
            }
        }
        Ok(recalled)
    }

    async fn recall_from(&self, mut holder: Wallet, wallet: &WalletId) -> Result<(), StoreError> {
        for _ in 0..RECALL_ATTEMPTS_MAX {
            let escrow = holder.escrow_on(wallet);
            if !escrow.is_positive() {
                return Ok(());
            }
            let used = holder.used_of(wallet);
            let operation = Operation { kind: OperationKind::Escrow, reference: holder.id.to_string() };
            let back = WalletChange::new(&holder.id, operation.clone())
                .take(Sum::Escrow(wallet.clone()), escrow)
                .add(Sum::Used(wallet.clone()), -used);
            let home = WalletChange::new(wallet, operation)
                .add(Sum::Headroom, escrow)
                .add(Sum::Allocated, -escrow.checked_add(used)?)
                .add(Sum::Charged, used);
            let items = vec![self.change_wallet(back), self.change_wallet(home)];
            match self.transact("recall escrow", items).await {
                Ok(()) => return Ok(()),
                // The holder has spent some of it meanwhile: the rest is asked for.
                Err(Refused::At(..)) => holder = self.known_wallet(&holder.id).await?,
                Err(Refused::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What the wallet above has to get from further up before it can pass on what is asked of it. It asks
/// for as much again as one holder, so that it does not ask for each of them.
fn further_needs(parent: &Wallet, needs: &Needs) -> Result<Needs, StoreError> {
    let mut further = Needs::new();
    for (wallet, need) in needs.iter().filter(|(wallet, _)| **wallet != parent.id) {
        let wanted = need.now.checked_add(need.unit.checked_times(REFILL_SENDS)?)?;
        if parent.escrow_on(wallet) < wanted {
            further.insert(wallet.clone(), Need { now: wanted, unit: need.unit });
        }
    }
    Ok(further)
}
