//! What stands in the ledger and messages tables, and whether it adds up. Sums are kept as rows change,
//! so that a check after a write looks only at what the write was to.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use domain::allowance::{Allowance, Pot};
use domain::batch::{Batch, Draft, legs};
use domain::fee::{Fee, FeeStatus};
use domain::id::{BatchId, FeeId, MessageId, PaymentId, TransferId, WalletId};
use domain::lease::LeaseTag;
use domain::message::{Message, Status};
use domain::money::Amount;
use domain::payment::{Payment, PaymentDirection, PaymentStatus};
use domain::quote::Charge;
use domain::transfer::Transfer;
use domain::wallet::{OperationKind, Wallet, WalletState};
use serde::de::DeserializeOwned;
use store::{Item, Row, Tables, keys};

mod leases;
mod steps;
mod sums;

use steps::{check_fee_step, check_payment_step, check_step, check_wallet_step, refunds};

pub use super::invariants::{Breach, Invariant};

/// What the holders below a wallet have of one of its pots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Held {
    escrow: Amount,
    used: Amount,
}

/// What was rated again, each as it was and as it is.
#[derive(Debug, Clone, Default)]
pub struct RatedAgain {
    pub messages: Vec<(Message, Message)>,
    pub fees: Vec<(Fee, Fee)>,
}

/// The rows that matter to money, as last read.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub wallets: BTreeMap<WalletId, Wallet>,
    pub transfers: BTreeMap<TransferId, Transfer>,
    pub payments: BTreeMap<PaymentId, Payment>,
    pub messages: BTreeMap<MessageId, Message>,
    pub batches: BTreeMap<BatchId, Batch>,
    pub fees: BTreeMap<FeeId, Fee>,
    /// Messages of blocks that count, as they are in their blocks; those that have left go on in their rows.
    pub of_blocks: BTreeMap<MessageId, Message>,
    /// How far each lease was written under each fence.
    written: BTreeMap<(WalletId, u64), u64>,
    /// Rows and blocks that were put under a lease and do not count yet, or never will.
    pending: BTreeMap<LeaseTag, Vec<Row>>,
    blocks: BTreeSet<LeaseTag>,
    /// What leases have charged, row by row and block by block.
    pub flushes: u32,
    /// The recipients that each bundle has counted.
    pub members: BTreeMap<Pot, BTreeSet<String>>,
    /// By the keys of their items, how often each was written.
    buckets: BTreeMap<(String, String), u64>,
    /// What prices have referred to so far, by pot.
    allowances: BTreeMap<Pot, Allowance>,
    /// Which bundle a counter of recipients belongs to.
    counters: BTreeMap<Pot, Pot>,
    held: BTreeMap<Pot, Held>,
    /// The charges and draws of each pot that stand.
    standing: BTreeMap<Pot, Amount>,
    /// How often a scale was repriced with the first unit of a tier.
    repriced: BTreeMap<Pot, u32>,
    /// The recipients that were charged to a bundle, or covered by it.
    joined: BTreeMap<Pot, BTreeSet<String>>,
    /// Payments and transfers of each wallet.
    moved: BTreeMap<WalletId, Amount>,
    /// The most that funding and limit of a wallet have been together. Known to who has seen all of its
    /// writes.
    most: Option<BTreeMap<WalletId, Amount>>,
    /// Which of a company's payments has a reference code.
    codes: BTreeMap<String, PaymentId>,
    /// Whose claim of a message is the latest, and who has a block.
    marks: BTreeMap<MessageId, String>,
    block_marks: BTreeMap<LeaseTag, Option<String>>,
    /// What was refunded to holders of a wallet since somebody began to take all of it.
    refunded: BTreeMap<WalletId, Amount>,
    /// Since the last look.
    rated_again: RatedAgain,
    /// Wallets whose sums may have changed since the last check.
    touched: BTreeSet<WalletId>,
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

    /// From here on every write is seen.
    pub fn follow(mut self) -> Result<Self, Breach> {
        let most =
            |wallet: &Wallet| Ok((wallet.id.clone(), wallet.funding.checked_add(wallet.credit_limit)?));
        self.most = Some(self.wallets.values().map(most).collect::<Result<_, Breach>>()?);
        Ok(self)
    }

    /// Whether another reading shows the same rows. What prices refer to is not in the tables.
    pub fn is_same(&self, other: &Self) -> bool {
        self.wallets == other.wallets
            && self.transfers == other.transfers
            && self.payments == other.payments
            && self.messages == other.messages
            && self.batches == other.batches
            && self.fees == other.fees
            && self.of_blocks.keys().eq(other.of_blocks.keys())
            && self.in_blocks().eq(other.in_blocks())
            && self.members == other.members
    }

    fn in_blocks(&self) -> impl Iterator<Item = &Message> {
        self.of_blocks.values().filter(|message| !self.messages.contains_key(&message.id))
    }

    /// Every message that is a row or in a block.
    pub fn stored_messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values().chain(self.in_blocks())
    }

    /// A message where it is now: in its row, or else in its block.
    pub fn stored_message(&self, id: &MessageId) -> Option<&Message> {
        self.messages.get(id).or_else(|| self.of_blocks.get(id))
    }

    /// Remembers what the prices of a request refer to.
    pub fn learn(&mut self, draft: &Draft) {
        for (pot, allowance) in draft.allowances() {
            self.allowances.entry(pot).or_insert_with(|| allowance.clone());
        }
        for bundle in
            draft.places.iter().flat_map(|place| &place.offers).filter_map(|offer| offer.bundle.as_ref())
        {
            for counter in bundle.sources.iter().filter_map(|source| source.allowance.as_ref()) {
                self.counters.insert(counter.pot.clone(), bundle.members.clone());
            }
        }
    }

    /// Takes in an item after a write to it, which must have been a lawful step. None for one that was
    /// deleted.
    pub fn put(&mut self, item: Item) -> Result<(), Breach> {
        let pk = key_of(&item);
        if keys::is_message(pk) {
            match row(item.clone())? {
                // What counts is not put under a lease again.
                row if row.lease().is_some_and(|tag| !row.has_moved() && !self.counts(tag)) => {
                    self.check_put_under_lease(&row)?;
                }
                Row::Message(after) => {
                    if let Some(before) = self.message(&after.id) {
                        check_step(&before, &after)?;
                        self.check_claim(&before, &after, &item)?;
                        self.note_rated_again(before, &after);
                    }
                }
                Row::Batch(after) => {
                    if self.batches.get(&after.id).is_some_and(|before| *before != *after) {
                        return Err(breach(Invariant::ChargedOnce, format!("{} was written over", after.id)));
                    }
                }
            }
        } else if keys::is_block(pk) {
            let block = store::block_of(item.clone()).map_err(|error| other(&error))?;
            self.check_block(&item, &block)?;
        } else if keys::is_wallet(pk) {
            let after = wallet(&item)?;
            if let Some(before) = self.wallets.get(&after.id).filter(|before| **before != after) {
                check_wallet_step(before, &after)?;
                self.check_taking(before, &after)?;
                let refunds = refunds(before, &after)?;
                if matches!(after.state, WalletState::Draining { .. }) && before.state != after.state {
                    self.refunded.insert(after.id.clone(), Amount::ZERO);
                }
                for (owner, amount) in refunds {
                    let sum = self.refunded.entry(owner).or_default();
                    *sum = sum.checked_add(amount)?;
                }
            }
        } else if keys::is_payment(pk) {
            let after: Payment = document(item.clone())?;
            check_payment_step(self.payments.get(&after.id), &after)?;
        } else if pk.starts_with("transfer#") {
            let after: Transfer = document(item.clone())?;
            if self.transfers.get(&after.id).is_some_and(|before| *before != after) {
                return Err(breach(Invariant::BothLegs, format!("{} was written over", after.id)));
            }
        }
        self.load(item)
    }

    /// After a lawful step.
    fn note_rated_again(&mut self, before: Message, after: &Message) {
        if before.charge_version != after.charge_version {
            self.rated_again.messages.push((before, after.clone()));
        }
    }

    /// What was rated again since the last look.
    pub fn take_rated_again(&mut self) -> RatedAgain {
        std::mem::take(&mut self.rated_again)
    }

    /// What a transfer or an outbound payment may take; its record is part of the same write.
    fn check_taking(&self, before: &Wallet, after: &Wallet) -> Result<(), Breach> {
        let (id, operation) = (&after.id, &after.last_operation);
        let own = after.own_funds()?;
        let transfer = TransferId::parse(&operation.reference).ok().and_then(|id| self.transfers.get(&id));
        let transfer = transfer.filter(|_| operation.kind == OperationKind::TransferOut);
        let payment = PaymentId::parse(&operation.reference).ok().and_then(|id| self.payments.get(&id));
        let takes_limit = match (transfer, payment) {
            (Some(transfer), _) => !transfer.uses_credit_limit,
            (_, Some(payment)) => {
                let is_out = payment.direction == PaymentDirection::Outbound;
                is_out && !payment.may_overdraw && after.headroom < before.headroom
            }
            (None, None) => false,
        };
        if takes_limit && own.is_negative() {
            let detail = format!("{id} has {own} of its own after {}", operation.reference);
            return Err(breach(Invariant::OwnFunds, detail));
        }
        let Some(transfer) = transfer.filter(|transfer| transfer.all) else { return Ok(()) };
        let is_held = match &before.state {
            WalletState::Open => false,
            WalletState::Draining { transfer: by, .. } => *by == transfer.id,
            WalletState::Suspended | WalletState::Closed => true,
        };
        // A refund that comes meanwhile goes to whoever has sent the message.
        let refunded = self.refunded.get(id).copied().unwrap_or_default();
        let kept = self.escrow(&Pot::money(id));
        if is_held && own.is_zero() && kept <= refunded {
            return Ok(());
        }
        let was = &before.state;
        let detail =
            format!("{} left {own} in {id}, which was {was:?}, and {kept} with holders", transfer.id);
        Err(breach(Invariant::FullWithdrawal, detail))
    }

    /// While somebody has a message, nobody else claims it.
    fn check_claim(&mut self, before: &Message, after: &Message, item: &Item) -> Result<(), Breach> {
        let Some(mark) = item.get("claimed").and_then(|mark| mark.as_n().ok()) else { return Ok(()) };
        let known = self.marks.insert(after.id.clone(), mark.clone());
        let is_again = (before.status, after.status) == (Status::Queued, Status::Queued);
        if is_again && known.as_ref() != Some(mark) {
            return Err(breach(Invariant::VoidedOnce, format!("two workers have {}", after.id)));
        }
        Ok(())
    }

    fn load(&mut self, item: Item) -> Result<(), Breach> {
        let pk = key_of(&item).to_owned();
        if keys::is_wallet(&pk) {
            self.put_wallet(wallet(&item)?)?;
        } else if keys::is_message(&pk) {
            self.put_row(row(item)?)?;
        } else if keys::is_block(&pk) {
            self.put_block(&store::block_of(item).map_err(|error| other(&error))?)?;
        } else if let Some(lease) = pk.strip_prefix("lease_end#") {
            self.end_lease(lease, &item)?;
        } else if pk.starts_with("transfer#") {
            self.put_transfer(document(item)?)?;
        } else if keys::is_payment(&pk) {
            self.put_payment(document(item)?)?;
        } else if pk.starts_with("fee#") {
            self.put_fee(document(item)?)?;
        } else if let Some(bundle) = pk.strip_prefix("members#") {
            self.put_members(bundle, &item)?;
        }
        Ok(())
    }

    fn put_wallet(&mut self, after: Wallet) -> Result<(), Breach> {
        if let Some(before) = self.wallets.remove(&after.id) {
            self.hold(&before, true)?;
        }
        self.hold(&after, false)?;
        let given = self.standing(&after.id).checked_add(self.escrow(&Pot::money(&after.id)))?;
        if let Some(most) = &mut self.most {
            let most = most.entry(after.id.clone()).or_default();
            *most = (*most).max(after.funding.checked_add(after.credit_limit)?);
            // By force: what was sent is owed, and what is set aside may be spent until it is called back.
            if after.last_operation.kind == OperationKind::Rerate {
                *most = (*most).max(given);
            }
        }
        self.touched.insert(after.id.clone());
        if let Some(held) = &after.lease {
            self.flush(&after.id, held)?;
        }
        self.wallets.insert(after.id.clone(), after);
        Ok(())
    }

    /// Counts what a holder has of the pots above it, or what it had.
    fn hold(&mut self, holder: &Wallet, was: bool) -> Result<(), Breach> {
        let signed = |amount: Amount| if was { -amount } else { amount };
        for (pot, escrow) in &holder.escrow {
            let held = self.held.entry(pot.clone()).or_default();
            held.escrow = held.escrow.checked_add(signed(*escrow))?;
            self.touched.insert(pot.wallet.clone());
        }
        for (pot, used) in &holder.used {
            let held = self.held.entry(pot.clone()).or_default();
            held.used = held.used.checked_add(signed(*used))?;
            self.touched.insert(pot.wallet.clone());
        }
        Ok(())
    }

    fn put_payment(&mut self, payment: Payment) -> Result<(), Breach> {
        let before = self.payments.insert(payment.id.clone(), payment.clone());
        let inside = before.as_ref().map(Payment::effect).unwrap_or_default();
        self.move_funds(&payment.wallet, payment.effect().checked_sub(inside)?)?;
        if let Some(before) = &before {
            self.codes.remove(&code_of(before));
        }
        if payment.status != PaymentStatus::Canceled
            && let Some(other) = self.codes.insert(code_of(&payment), payment.id.clone())
            && other != payment.id
        {
            let detail = format!("{other} and {} have one reference code", payment.id);
            return Err(breach(Invariant::PaymentEffect, detail));
        }
        Ok(())
    }

    fn put_message(&mut self, message: Message) -> Result<(), Breach> {
        match self.message(&message.id) {
            Some(before) => self.charge(&before, true)?,
            None => self.count(&message)?,
        }
        self.charge(&message, false)?;
        self.messages.insert(message.id.clone(), message);
        Ok(())
    }

    fn put_batch(&mut self, batch: Batch) -> Result<(), Breach> {
        if self.batches.insert(batch.id.clone(), batch.clone()).is_none() {
            for message in batch.messages() {
                self.charge(&message, false)?;
                self.count(&message)?;
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

    fn put_fee(&mut self, fee: Fee) -> Result<(), Breach> {
        match self.fees.get(&fee.id) {
            None if fee.status == FeeStatus::Posted => {
                let sum = self.standing.entry(Pot::money(&fee.wallet)).or_default();
                *sum = sum.checked_add(fee.amount)?;
                self.touched.insert(fee.wallet.clone());
            }
            Some(before) if *before != fee => {
                check_fee_step(before, &fee)?;
                let sum = self.standing.entry(Pot::money(&fee.wallet)).or_default();
                *sum = sum.checked_add(fee.amount)?.checked_sub(before.amount)?;
                self.touched.insert(fee.wallet.clone());
                self.rated_again.fees.push((before.clone(), fee.clone()));
            }
            _ => {}
        }
        self.fees.insert(fee.id.clone(), fee);
        Ok(())
    }

    /// Whether a request with this row was stored, as a message or as a batch.
    pub fn has_row(&self, body: &str) -> bool {
        let message = MessageId::parse(&format!("{}{body}", MessageId::PREFIX));
        let batch = BatchId::parse(&format!("{}{body}", BatchId::PREFIX));
        message.is_ok_and(|id| self.messages.contains_key(&id))
            || batch.is_ok_and(|id| self.batches.contains_key(&id))
    }

    /// The rows of all requests, by the bodies of their ids.
    pub fn rows(&self) -> Vec<String> {
        let of_request = |id: &&MessageId| id.batch().is_none() && !self.of_blocks.contains_key(*id);
        let messages = self.messages.keys().filter(of_request);
        let messages = messages.map(|id| id.as_str()[MessageId::PREFIX.len()..].to_owned());
        messages.chain(self.batches.keys().map(|id| id.body().to_owned())).collect()
    }

    fn put_members(&mut self, bundle: &str, item: &Item) -> Result<(), Breach> {
        let (wallet, allowance) = bundle.split_once('.').unwrap_or_default();
        let wallet = WalletId::parse(wallet).map_err(|error| other(&error))?;
        let allowance = domain::allowance::AllowanceId::parse(allowance).ok_or_else(|| other(&bundle))?;
        let pot = Pot::allowance(&wallet, &allowance);
        let revision = item.get("revision").and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok());
        let bucket = item.get(keys::SK).and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
        let written = self.buckets.entry((bundle.to_owned(), bucket)).or_default();
        *written = revision.unwrap_or_default();
        let numbers = item.get("numbers").and_then(|value| value.as_ns().ok()).cloned().unwrap_or_default();
        self.members.entry(pot).or_default().extend(numbers);
        self.touched.insert(wallet);
        Ok(())
    }

    /// A message as it stands; one of a batch also before it has a row.
    pub fn message(&self, id: &MessageId) -> Option<Message> {
        let of_batch = || {
            let (batch, place) = id.batch()?;
            self.batches.get(&batch)?.message(place)
        };
        self.stored_message(id).cloned().or_else(of_batch)
    }

    /// The charges and draws of a message that stand.
    fn charge(&mut self, message: &Message, taken_back: bool) -> Result<(), Breach> {
        let main = message.main_wallet();
        let stands = |charge: &&Charge| message.stands(charge);
        let keeps = |charge: &Charge| charge.taken.as_ref().is_some_and(|taken| !taken.returns);
        for charge in &message.charges {
            let of = std::slice::from_ref(charge);
            // The wallet of a first level's allowances is the main one, whoever of its users pays.
            let owner = if Some(&charge.wallet) == message.charges.first().map(|first| &first.wallet) {
                &main
            } else {
                &charge.wallet
            };
            for leg in legs(of, owner) {
                if !(stands(&charge) || leg.pot.allowance.is_some() && keeps(charge)) {
                    continue;
                }
                let sum = self.standing.entry(leg.pot.clone()).or_default();
                *sum = if taken_back { sum.checked_sub(leg.amount)? } else { sum.checked_add(leg.amount)? };
                self.touched.insert(leg.pot.wallet);
            }
        }
        Ok(())
    }

    /// What a new message began: a tier, or a recipient of a bundle.
    fn count(&mut self, message: &Message) -> Result<(), Breach> {
        let main = message.main_wallet();
        let mut latest: Option<Pot> = None;
        for (place, charge) in message.charges.iter().enumerate() {
            let first = message.charges.first().is_some_and(|first| first.wallet == charge.wallet);
            let owner = if first { &main } else { &charge.wallet };
            let Some(taken) = &charge.taken else {
                // The price of a scale's new tier for the units before it follows the draw that began it.
                let adjusts =
                    latest.as_ref().and_then(|pot| self.allowances.get(pot)).and_then(|of| of.adjustment);
                if let (Some(adjustment), Some(pot)) = (adjusts, latest.take())
                    && place > 0
                    && charge.unit_price == adjustment.difference
                    && charge.quantity == adjustment.units
                {
                    *self.repriced.entry(pot).or_default() += 1;
                }
                continue;
            };
            let pot = Pot::allowance(owner, &taken.allowance);
            if let Some(bundle) = self.counters.get(&pot) {
                let recipients = self.joined.entry(bundle.clone()).or_default();
                if !recipients.insert(message.recipient.as_str().to_owned()) {
                    let detail = format!("{} was counted into {bundle} twice", message.recipient);
                    return Err(breach(Invariant::BundleOnce, detail));
                }
            }
            latest = Some(pot);
        }
        Ok(())
    }

    fn move_funds(&mut self, wallet: &WalletId, amount: Amount) -> Result<(), Breach> {
        let sum = self.moved.entry(wallet.clone()).or_default();
        *sum = sum.checked_add(amount)?;
        self.touched.insert(wallet.clone());
        Ok(())
    }

    /// All of it.
    pub fn check(&self) -> Result<(), Breach> {
        self.wallets.values().try_for_each(|wallet| self.check_wallet(wallet))
    }

    /// What has changed since the last check.
    pub fn check_touched(&mut self) -> Result<(), Breach> {
        let touched = std::mem::take(&mut self.touched);
        touched.iter().filter_map(|id| self.wallets.get(id)).try_for_each(|wallet| self.check_wallet(wallet))
    }

    fn held(&self, pot: &Pot) -> Held {
        self.held.get(pot).copied().unwrap_or_default()
    }

    /// Every message, those of batches also before they have rows.
    pub fn all_messages(&self) -> BTreeMap<MessageId, Message> {
        let of_batches = self.batches.values().flat_map(Batch::messages);
        let mut all: BTreeMap<_, _> = of_batches.map(|message| (message.id.clone(), message)).collect();
        all.extend(self.of_blocks.iter().map(|(id, message)| (id.clone(), message.clone())));
        all.extend(self.messages.iter().map(|(id, message)| (id.clone(), message.clone())));
        all
    }

    /// What the holders below have used of a wallet's money and not settled.
    pub fn used(&self, wallet: &WalletId) -> Amount {
        self.held(&Pot::money(wallet)).used
    }

    /// What the holders below keep of a pot.
    pub fn escrow(&self, pot: &Pot) -> Amount {
        self.held(pot).escrow
    }

    /// The charges that stand at a wallet.
    pub fn standing(&self, wallet: &WalletId) -> Amount {
        self.standing_of(&Pot::money(wallet))
    }

    /// The charges or draws of a pot that stand.
    pub fn standing_of(&self, pot: &Pot) -> Amount {
        self.standing.get(pot).copied().unwrap_or_default()
    }

    /// What a wallet could spend if all escrow on it were recalled.
    pub fn spendable(&self, wallet: &WalletId) -> Amount {
        let Some(wallet) = self.wallets.get(wallet) else { return Amount::ZERO };
        wallet.headroom.checked_add(self.escrow(&Pot::money(&wallet.id))).unwrap_or_default()
    }

    /// Funding less the charges that stand: the balance as its owner understands it.
    pub fn balance(&self, wallet: &WalletId) -> Amount {
        let funding = self.wallets.get(wallet).map(|wallet| wallet.funding).unwrap_or_default();
        funding.checked_sub(self.standing(wallet)).unwrap_or_default()
    }
}

fn code_of(payment: &Payment) -> String {
    format!("{} {}", payment.company, payment.reference)
}

fn key_of(item: &Item) -> &str {
    item.get(keys::PK).and_then(|pk| pk.as_s().ok()).map(String::as_str).unwrap_or_default()
}

fn wallet(item: &Item) -> Result<Wallet, Breach> {
    store::wallet_of(item).map_err(|error| other(&error))
}

fn row(item: Item) -> Result<Row, Breach> {
    store::row_of(item).map_err(|error| other(&error))
}

fn document<T: DeserializeOwned>(item: Item) -> Result<T, Breach> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| other(&error))
}

fn breach(invariant: Invariant, detail: impl Into<String>) -> Breach {
    Breach::of(invariant, detail)
}

fn other(error: &impl std::fmt::Display) -> Breach {
    breach(Invariant::Replayed, error.to_string())
}
