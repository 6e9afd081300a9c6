//! Escrow between a wallet and the wallets above it: set aside by refills, taken back by recalls. Both
//! settle what was used in the same write.
//!
//! Applying one of these twice only moves escrow further or settles more; the identities B, E and C hold
//! for any amounts. The guards keep two at once from overdrawing.

use std::collections::BTreeMap;
use std::pin::Pin;

use domain::allowance::Pot;
use domain::id::WalletId;
use domain::money::Amount;
use domain::wallet::{Operation, OperationKind, REFILL_SENDS, Wallet, refill_amount};

use crate::transact::Refused;
use crate::wallets::{Guard, Sum, WalletChange};
use crate::{Store, StoreError};

/// A holder that spends faster than we can ask gets to keep the rest for now.
const RECALL_ATTEMPTS_MAX: u32 = 3;

/// What a holder wants to spend of a pot above it: now, and for each send that follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    pub now: Amount,
    pub unit: Amount,
    /// Of an allowance, all that there ever is of it.
    pub size: Option<Amount>,
}

impl Need {
    /// For many sends.
    fn wanted(&self) -> Result<Amount, StoreError> {
        Ok(self.now.checked_add(self.unit.checked_times(REFILL_SENDS)?)?)
    }

    /// What a wallet has of the pot to give: of its own what it may spend, of others what it holds.
    fn available(&self, parent: &Wallet, pot: &Pot) -> Result<Amount, StoreError> {
        Ok(match (&pot.allowance, self.size) {
            _ if pot.wallet != parent.id => parent.escrow_on(pot),
            (Some(allowance), Some(size)) => size.checked_sub(parent.gone(allowance).drawn)?,
            _ => parent.headroom,
        })
    }

    /// How much to set aside: of the owner's only what leaves it enough, of escrow all that is wanted.
    fn amount(&self, parent: &Wallet, pot: &Pot) -> Result<Amount, StoreError> {
        let available = self.available(parent, pot)?;
        if pot.wallet == parent.id {
            return Ok(refill_amount(available, self.now, self.unit).unwrap_or_default());
        }
        Ok(if available < self.now { Amount::ZERO } else { self.wanted()?.min(available) })
    }
}

/// Whether a recall found any escrow that was not spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recalled {
    Something,
    Nothing,
}

pub(crate) type Needs = BTreeMap<Pot, Need>;

impl Store {
    /// Sets headroom of the wallet above aside for `holder`, and passes on escrow that the wallet above
    /// holds itself on wallets further up, asking there first if it has too little. Pots of which there
    /// is not enough give nothing: the caller sees it in what the holder has afterwards.
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
        let mut give = WalletChange::new(&parent.id, settlement(&parent.id, holder)).guard(Guard::Open);
        let mut get = WalletChange::new(&holder.id, operation)
            .guard(Guard::Refills(holder.refills))
            .guard(Guard::Open)
            .refilled();
        let mut moved = false;
        for (pot, need) in needs {
            let amount = need.amount(parent, pot)?;
            if !amount.is_positive() {
                continue;
            }
            moved = true;
            // What the holder has used of this pot is posted one level up with it.
            let used = holder.used_of(pot);
            give = match (&pot.allowance, need.size) {
                _ if pot.wallet != parent.id => {
                    give.take(Sum::Escrow(pot.clone()), amount).add(Sum::Used(pot.clone()), used)
                }
                (Some(allowance), Some(size)) => give
                    .guard(Guard::AtMost(Sum::Drawn(allowance.clone()), size.checked_sub(amount)?))
                    .add(Sum::Drawn(allowance.clone()), amount)
                    .add(Sum::Granted(allowance.clone()), amount.checked_sub(used)?),
                _ => give
                    .take(Sum::Headroom, amount)
                    .add(Sum::Allocated, amount.checked_sub(used)?)
                    .add(Sum::Charged, used),
            };
            get = settle(get.add(Sum::Escrow(pot.clone()), amount), pot, used);
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

    /// Takes back what holders below keep of a pot, so that it can be spent at the wallet it belongs to:
    /// from one after the other until there is `enough`, or from all of them.
    pub(crate) async fn recall(&self, pot: &Pot, enough: Option<Amount>) -> Result<Recalled, StoreError> {
        let (mut recalled, mut back) = (Recalled::Nothing, Amount::ZERO);
        for holder in self.holders(&pot.wallet).await? {
            if enough.is_some_and(|enough| back >= enough) {
                break;
            }
            let escrow = holder.escrow_on(pot);
            if escrow.is_positive() {
                recalled = Recalled::Something;
                back = back.checked_add(escrow)?;
                self.recall_from(holder, pot).await?;
            }
        }
        Ok(recalled)
    }

    async fn recall_from(&self, mut holder: Wallet, pot: &Pot) -> Result<(), StoreError> {
        for _ in 0..RECALL_ATTEMPTS_MAX {
            let escrow = holder.escrow_on(pot);
            if !escrow.is_positive() {
                return Ok(());
            }
            let operation = Operation { kind: OperationKind::Escrow, reference: holder.id.to_string() };
            let back = WalletChange::new(&holder.id, operation);
            let home = WalletChange::new(&pot.wallet, settlement(&pot.wallet, &holder));
            let (back, home) = give_back(back, home, pot, escrow, holder.used_of(pot))?;
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

/// Moves escrow from a holder back to the wallet it belongs to, and posts there what was used.
pub(crate) fn give_back(
    holder: WalletChange,
    owner: WalletChange,
    pot: &Pot,
    escrow: Amount,
    used: Amount,
) -> Result<(WalletChange, WalletChange), StoreError> {
    let holder = settle(holder.take(Sum::Escrow(pot.clone()), escrow), pot, used);
    Ok((holder, get_back(owner, pot, escrow, used)?))
}

/// What a holder has used is posted elsewhere. Of money it may be refunded meanwhile, and falls below zero
/// then; units have to be there, or `granted` of their owner would hide escrow that somebody has.
fn settle(holder: WalletChange, pot: &Pot, used: Amount) -> WalletChange {
    match pot.allowance {
        None => holder.add(Sum::Used(pot.clone()), -used),
        Some(_) => holder.take(Sum::Used(pot.clone()), used),
    }
}

/// The owner's side of that.
pub(crate) fn get_back(
    owner: WalletChange,
    pot: &Pot,
    escrow: Amount,
    used: Amount,
) -> Result<WalletChange, StoreError> {
    let held = escrow.checked_add(used)?;
    Ok(match &pot.allowance {
        None => owner.add(Sum::Headroom, escrow).add(Sum::Allocated, -held).add(Sum::Charged, used),
        Some(allowance) => {
            owner.add(Sum::Drawn(allowance.clone()), -escrow).add(Sum::Granted(allowance.clone()), -held)
        }
    })
}

/// What an owner's statement says of what a holder gives back or gets: that a company below has spent
/// something, or, of its own lease, that it has itself.
pub(crate) fn settlement(owner: &WalletId, holder: &Wallet) -> Operation {
    let is_own = holder.lease.is_some() && holder.above.first() == Some(owner);
    let kind = if is_own { OperationKind::Charge } else { OperationKind::Escrow };
    Operation { kind, reference: holder.id.to_string() }
}

/// What the wallet above has to get from further up before it can pass on what is asked of it. It asks
/// for as much again as one holder, so that it does not ask for each of them.
fn further_needs(parent: &Wallet, needs: &Needs) -> Result<Needs, StoreError> {
    let mut further = Needs::new();
    for (pot, need) in needs.iter().filter(|(pot, _)| pot.wallet != parent.id) {
        let wanted = need.wanted()?;
        if parent.escrow_on(pot) < wanted {
            further.insert(pot.clone(), Need { now: wanted, ..*need });
        }
    }
    Ok(further)
}
