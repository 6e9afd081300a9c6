//! Transfers: both wallets or neither, once, in six write units; with the places in lists of both
//! companies, and the entry of the audit log.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::id::TransferId;
use domain::money::Amount;
use domain::transfer::Transfer;
use domain::wallet::{Operation, OperationKind, Wallet};

use crate::item::{document, read};
use crate::keys;
use crate::transact::Refused;
use crate::wallets::{Guard, Sum, WalletChange};
use crate::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostedTransfer {
    Now,
    /// There was a transfer under this id already: this one, or another request's.
    Before(Box<Transfer>),
    /// The source has been spent from since the transfer was planned.
    NotEnough,
}

impl Store {
    pub async fn transfer(&self, id: &TransferId) -> Result<Option<Transfer>, StoreError> {
        self.get(&self.tables.ledger, &keys::transfer(id), "a transfer").await
    }

    /// Those of these transfers that there are.
    pub async fn transfers(&self, ids: &[TransferId]) -> Result<BTreeMap<TransferId, Transfer>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::transfer).collect();
        let items = self.get_many(&self.tables.ledger, &wanted).await?;
        let transfers = items.into_iter().map(|item| read::<Transfer>("a transfer", item));
        transfers.map(|transfer| transfer.map(|transfer| (transfer.id.clone(), transfer))).collect()
    }

    /// Posts a transfer once. Its item is the idempotency record, and it stays. `from` is the source as
    /// it was read: unless the transfer may use its credit limit, that much has to be left, and the limit
    /// may not have moved since. A wallet that is closed gives what is in it, and no credit.
    pub async fn post_transfer(
        &self,
        act: &Act,
        transfer: &Transfer,
        from: &Wallet,
    ) -> Result<PostedTransfer, StoreError> {
        let operation = |kind| Operation { kind, reference: transfer.id.to_string() };
        let kept = if transfer.uses_credit_limit { Amount::ZERO } else { from.credit_limit };
        let limit = if transfer.uses_credit_limit { Guard::NotClosed } else { Guard::CreditLimit(kept) };
        let take = WalletChange::new(&transfer.from, operation(OperationKind::TransferOut))
            .guard(Guard::AtLeast(Sum::Headroom, transfer.amount.checked_add(kept)?))
            .guard(limit)
            .add(Sum::Headroom, -transfer.amount)
            .add(Sum::Funding, -transfer.amount);
        let give = WalletChange::new(&transfer.to, operation(OperationKind::TransferIn))
            .guard(Guard::NotClosed)
            .add(Sum::Headroom, transfer.amount)
            .add(Sum::Funding, transfer.amount);
        let record = document(&keys::transfer(&transfer.id), transfer)?;
        let mut items = vec![
            self.new_item(&self.tables.ledger, record),
            self.change_wallet(take),
            self.change_wallet(give),
        ];
        items.extend(self.transfer_notes(act, transfer)?);
        match self.transact("post the transfer", items).await {
            Ok(()) => Ok(PostedTransfer::Now),
            Err(Refused::At(0, Some(stored))) => {
                Ok(PostedTransfer::Before(Box::new(crate::item::read("a transfer", stored)?)))
            }
            Err(Refused::At(1, _)) => Ok(PostedTransfer::NotEnough),
            Err(refused) => Err(refused.unexpected("post the transfer")),
        }
    }

    /// What is written beside the money.
    pub(crate) fn transfer_notes(
        &self,
        act: &Act,
        transfer: &Transfer,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut notes = self.list_changes(None, Some(transfer));
        notes.extend(self.audit_items(act, "transfer.create", transfer.id.as_str(), None, Some(transfer))?);
        Ok(notes)
    }

    /// Takes back what holders below keep of a wallet unused, so that a transfer can have it.
    pub async fn free_headroom(&self, wallet: &Wallet) -> Result<Wallet, StoreError> {
        // Also where nothing is allocated: a holder may have a refund of what was taken directly.
        self.recall(&domain::allowance::Pot::money(&wallet.id), None).await?;
        self.known_wallet(&wallet.id).await
    }
}
