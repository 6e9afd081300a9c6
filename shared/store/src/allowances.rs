//! Forgetting allowances of billing periods that are over, so that wallets do not grow for ever: their item
//! costs a write unit for each kilobyte, with every message.

use domain::allowance::{AllowanceId, Pot};
use domain::wallet::{Operation, OperationKind, Wallet};
use jiff::civil::Date;

use crate::escrow::give_back;
use crate::transact::Refused;
use crate::wallets::{Sum, WalletChange};
use crate::{Store, StoreError};

/// Allowances forgotten in one write: an update expression has at most 4 KB and 300 operators.
const AT_ONCE: usize = 20;

impl Store {
    /// Forgets what counted in periods that began before `first_day`, at the wallet it belongs to and at
    /// its holders, which give back first what they still have of it. What moves meanwhile is left for
    /// the next time. Says how many allowances were forgotten.
    pub async fn forget_allowances(
        &self,
        owner: &Wallet,
        holders: &[Wallet],
        first_day: Date,
    ) -> Result<usize, StoreError> {
        let over = |allowance: &&AllowanceId| allowance.is_over(first_day);
        let over: Vec<&AllowanceId> = owner.allowances.keys().filter(over).take(AT_ONCE).collect();
        for holder in holders {
            let pots = over.iter().map(|allowance| Pot::allowance(&owner.id, allowance));
            let pots: Vec<Pot> =
                pots.filter(|pot| holder.escrow.contains_key(pot) || holder.used.contains_key(pot)).collect();
            if !pots.is_empty() {
                self.forget_pots(owner, holder, &pots).await?;
            }
        }
        let Some(owner) = self.wallet(&owner.id).await?.filter(|_| !over.is_empty()) else { return Ok(0) };
        let mut change = WalletChange::new(&owner.id, forgetting(&owner));
        let mut forgotten = 0;
        for allowance in over {
            let gone = owner.gone(allowance);
            if gone.granted.is_zero() {
                forgotten += 1;
                change = change
                    .forget(Sum::Drawn(allowance.clone()), gone.drawn)
                    .forget(Sum::Granted(allowance.clone()), gone.granted);
            }
        }
        let written = forgotten > 0 && self.write(vec![self.change_wallet(change)]).await?;
        Ok(if written { forgotten } else { 0 })
    }

    /// A holder gives back what it has of these pots, and then forgets them.
    async fn forget_pots(&self, owner: &Wallet, holder: &Wallet, pots: &[Pot]) -> Result<(), StoreError> {
        let mut back = WalletChange::new(&holder.id, forgetting(holder));
        let mut home = WalletChange::new(&owner.id, forgetting(owner));
        let mut forget = WalletChange::new(&holder.id, forgetting(holder));
        let mut is_settled = true;
        for pot in pots {
            let (escrow, used) = (holder.escrow_on(pot), holder.used_of(pot));
            is_settled &= escrow.is_zero() && used.is_zero();
            (back, home) = give_back(back, home, pot, escrow, used)?;
            forget = forget
                .forget(Sum::Escrow(pot.clone()), domain::money::Amount::ZERO)
                .forget(Sum::Used(pot.clone()), domain::money::Amount::ZERO);
        }
        if !is_settled {
            self.write(vec![self.change_wallet(back), self.change_wallet(home)]).await?;
        }
        self.write(vec![self.change_wallet(forget)]).await.map(drop)
    }

    /// False if something has moved since it was read.
    async fn write(
        &self,
        items: Vec<aws_sdk_dynamodb::types::TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        match self.transact("forget allowances", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

fn forgetting(wallet: &Wallet) -> Operation {
    Operation { kind: OperationKind::Escrow, reference: wallet.id.to_string() }
}
