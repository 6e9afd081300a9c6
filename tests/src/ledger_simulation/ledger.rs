//! What stands in the ledger and messages tables, and whether it adds up.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use domain::batch::Batch;
use domain::id::{BatchId, MessageId, PaymentId, TransferId, WalletId};
use domain::message::Message;
use domain::money::{Amount, AmountError};
use domain::payment::Payment;
use domain::transfer::Transfer;
use domain::wallet::Wallet;
use serde::de::DeserializeOwned;
use store::{Item, Row, Tables, keys};

/// A promise of the ledger that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    #[error("{wallet} is not balanced: headroom + allocated + charged is not funding + limit")]
    Unbalanced { wallet: WalletId },
    #[error("{wallet} has allocated {allocated}, its holders have {held}")]
    Escrow { wallet: WalletId, allocated: Amount, held: Amount },
    #[error("{wallet} has charged {charged}, the charges that stand are {standing}")]
    Charges { wallet: WalletId, charged: Amount, standing: Amount },
    #[error("{wallet} has funding {funding}, payments and transfers make {moved}")]
    Funding { wallet: WalletId, funding: Amount, moved: Amount },
    #[error("{wallet} has a headroom of {headroom}")]
    NegativeHeadroom { wallet: WalletId, headroom: Amount },
    #[error("{wallet} has an escrow of {escrow} on {on}")]
    NegativeEscrow { wallet: WalletId, on: WalletId, escrow: Amount },
    #[error("{0}")]
    Other(String),
}

impl From<AmountError> for Breach {
    fn from(error: AmountError) -> Self {
        Self::Other(error.to_string())
    }
}

/// The rows that matter to money, as last read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    pub wallets: BTreeMap<WalletId, Wallet>,
    pub transfers: BTreeMap<TransferId, Transfer>,
    pub payments: BTreeMap<PaymentId, Payment>,
    pub messages: BTreeMap<MessageId, Message>,
    pub batches: BTreeMap<BatchId, Batch>,
    /// The charges at each wallet that stand, kept up to date with the rows.
    standing: BTreeMap<WalletId, Amount>,
    /// Payments and transfers of each wallet, likewise.
    moved: BTreeMap<WalletId, Amount>,
}

impl Ledger {
    /// Everything there is.
    ///
    /// # Panics
    /// When a table cannot be read.
    pub async fn read(client: &Client, tables: &Tables) -> Result<Self, Breach> {
        let mut ledger = Self::default();
        for table in [&tables.ledger, &tables.messages] {
            let scan = client.scan().table_name(table).consistent_read(true);
            let items: Result<Vec<Item>, _> = scan.into_paginator().items().send().collect().await;
            let mut items = items.expect("the table is read");
            // A batch counts before the rows of its messages.
            items.sort_by_key(|item| !item.contains_key("recipients"));
            for item in items {
                ledger.load(item)?;
            }
        }
        Ok(ledger)
    }

    /// Takes in an item after a write to it, which must have been a lawful step.
    pub fn put(&mut self, item: Item) -> Result<(), Breach> {
        if keys::is_message(key_of(&item))
            && let Row::Message(after) = row(item.clone())?
            && let Some(before) = self.message(&after.id)
        {
            check_step(&before, &after)?;
        }
        self.load(item)
    }

    fn load(&mut self, item: Item) -> Result<(), Breach> {
        let pk = key_of(&item).to_owned();
        if keys::is_wallet(&pk) {
            let wallet = store::wallet_of(&item).map_err(|error| Breach::Other(error.to_string()))?;
            self.wallets.insert(wallet.id.clone(), wallet);
        } else if keys::is_message(&pk) {
            match row(item)? {
                Row::Message(message) => self.put_message(*message)?,
                Row::Batch(batch) => self.put_batch(*batch)?,
            }
        } else if pk.starts_with("transfer#") {
            self.put_transfer(document(item)?)?;
        } else if pk.starts_with("payment#") {
            let payment: Payment = document(item)?;
            if self.payments.insert(payment.id.clone(), payment.clone()).is_none() {
                self.move_funds(&payment.wallet, payment.effect())?;
            }
        }
        Ok(())
    }

    fn put_message(&mut self, message: Message) -> Result<(), Breach> {
        if let Some(before) = self.message(&message.id) {
            self.charge(&before, true)?;
        }
        self.charge(&message, false)?;
        self.messages.insert(message.id.clone(), message);
        Ok(())
    }

    fn put_batch(&mut self, batch: Batch) -> Result<(), Breach> {
        if self.batches.insert(batch.id.clone(), batch.clone()).is_none() {
            for message in batch.messages() {
                self.charge(&message, false)?;
            }
        }
        Ok(())
    }

    fn put_transfer(&mut self, transfer: Transfer) -> Result<(), Breach> {
        if self.transfers.insert(transfer.id.clone(), transfer.clone()).is_none() {
            self.move_funds(&transfer.from, -transfer.amount)?;
            self.move_funds(&transfer.to, transfer.amount)?;
        }
        Ok(())
    }

    /// A message as it stands; one of a batch also before it has a row.
    pub fn message(&self, id: &MessageId) -> Option<Message> {
        let of_batch = || {
            let (batch, place) = id.batch()?;
            self.batches.get(&batch)?.message(place)
        };
        self.messages.get(id).cloned().or_else(of_batch)
    }

    fn charge(&mut self, message: &Message, taken_back: bool) -> Result<(), Breach> {
        for (charge, owed) in message.charges.iter().zip(message.owed()) {
            let sum = self.standing.entry(charge.wallet.clone()).or_default();
            *sum = if taken_back { sum.checked_sub(owed)? } else { sum.checked_add(owed)? };
        }
        Ok(())
    }

    fn move_funds(&mut self, wallet: &WalletId, amount: Amount) -> Result<(), Breach> {
        let sum = self.moved.entry(wallet.clone()).or_default();
        *sum = sum.checked_add(amount)?;
        Ok(())
    }

    /// The identities, and that nothing is below zero: no command of the simulation forces anything.
    pub fn check(&self) -> Result<(), Breach> {
        self.wallets.values().try_for_each(|wallet| self.check_wallet(wallet))
    }

    fn check_wallet(&self, wallet: &Wallet) -> Result<(), Breach> {
        let id = || wallet.id.clone();
        if !wallet.is_balanced() {
            return Err(Breach::Unbalanced { wallet: id() });
        }
        if wallet.headroom.is_negative() {
            return Err(Breach::NegativeHeadroom { wallet: id(), headroom: wallet.headroom });
        }
        if let Some((on, escrow)) = wallet.escrow.iter().find(|(_, escrow)| escrow.is_negative()) {
            return Err(Breach::NegativeEscrow { wallet: id(), on: on.clone(), escrow: *escrow });
        }
        let escrow = self.held(wallet, Wallet::escrow_on)?;
        let used = self.held(wallet, Wallet::used_of)?;
        let held = escrow.checked_add(used)?;
        if held != wallet.allocated {
            return Err(Breach::Escrow { wallet: id(), allocated: wallet.allocated, held });
        }
        let charged = wallet.charged.checked_add(used)?;
        let standing = self.standing(&wallet.id);
        if charged != standing {
            return Err(Breach::Charges { wallet: id(), charged, standing });
        }
        let moved = self.moved.get(&wallet.id).copied().unwrap_or_default();
        if wallet.funding != moved {
            return Err(Breach::Funding { wallet: id(), funding: wallet.funding, moved });
        }
        Ok(())
    }

    fn held(&self, wallet: &Wallet, of: fn(&Wallet, &WalletId) -> Amount) -> Result<Amount, AmountError> {
        Amount::checked_sum(self.wallets.values().map(|holder| of(holder, &wallet.id)))
    }

    /// Every message, those of batches also before they have rows.
    pub fn all_messages(&self) -> BTreeMap<MessageId, Message> {
        let of_batches = self.batches.values().flat_map(Batch::messages);
        let mut all: BTreeMap<_, _> = of_batches.map(|message| (message.id.clone(), message)).collect();
        all.extend(self.messages.iter().map(|(id, message)| (id.clone(), message.clone())));
        all
    }

    /// What the holders below have used of a wallet and not settled.
    pub fn used(&self, wallet: &WalletId) -> Result<Amount, Breach> {
        Ok(Amount::checked_sum(self.wallets.values().map(|holder| holder.used_of(wallet)))?)
    }

    /// The charges that stand at a wallet.
    pub fn standing(&self, wallet: &WalletId) -> Amount {
        self.standing.get(wallet).copied().unwrap_or_default()
    }

    /// What a wallet could spend if all escrow on it were recalled.
    pub fn spendable(&self, wallet: &WalletId) -> Amount {
        let Some(wallet) = self.wallets.get(wallet) else { return Amount::ZERO };
        let escrow = self.held(wallet, Wallet::escrow_on).unwrap_or_default();
        wallet.headroom.checked_add(escrow).unwrap_or_default()
    }

    /// Funding less the charges that stand: the balance as its owner understands it.
    pub fn balance(&self, wallet: &WalletId) -> Amount {
        let funding = self.wallets.get(wallet).map(|wallet| wallet.funding).unwrap_or_default();
        funding.checked_sub(self.standing(wallet)).unwrap_or_default()
    }
}

/// A message keeps its charges for good, moves one revision at a time, and a final state stays.
fn check_step(before: &Message, after: &Message) -> Result<(), Breach> {
    let moved = after.revision.checked_sub(before.revision);
    let is_step = match moved {
        Some(0) => after == before,
        Some(1) => after.charges == before.charges && !before.status.is_final(),
        _ => false,
    };
    let id = &after.id;
    let (from, to) = (before.status, after.status);
    is_step.then_some(()).ok_or_else(|| Breach::Other(format!("{id} went from {from:?} to {to:?}")))
}

fn key_of(item: &Item) -> &str {
    item.get(keys::PK).and_then(|pk| pk.as_s().ok()).map(String::as_str).unwrap_or_default()
}

fn row(item: Item) -> Result<Row, Breach> {
    store::row_of(item).map_err(|error| Breach::Other(error.to_string()))
}

fn document<T: DeserializeOwned>(item: Item) -> Result<T, Breach> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| Breach::Other(error.to_string()))
}
