//! What should have happened, kept serially and without any of the ledger's own arithmetic: which requests
//! were acknowledged, and what money came and went because of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{PaymentId, TransferId, WalletId};
use domain::message::Message;
use domain::money::Amount;
use domain::payment::PaymentDirection;
use domain::transfer::TransferAmount;

use super::commands::{Account, Acknowledgement, Answer, Command};
use super::ledger::{Breach, Invariant, Ledger};

#[derive(Debug, Default)]
pub struct Model {
    /// Requests to send that were acknowledged, by the ids of their rows without prefix.
    sent: BTreeSet<String>,
    payments: BTreeMap<PaymentId, (WalletId, PaymentDirection)>,
    /// With both wallets, and the amount unless it was all there was.
    transfers: BTreeMap<TransferId, (WalletId, WalletId, Option<Amount>)>,
    fees: BTreeSet<String>,
    /// Requests of blocks: in a block their messages get other ids, and a process that dies over them may
    /// have charged some at home.
    of_blocks: BTreeSet<String>,
}

impl Model {
    /// What was there before the first command.
    pub fn begin(&mut self, ledger: &Ledger) {
        let payments = ledger.payments.values();
        self.payments = payments
            .map(|payment| (payment.id.clone(), (payment.wallet.clone(), payment.direction)))
            .collect();
    }

    /// Takes in the answer to a command. What was acknowledged has to be there in the same moment.
    pub fn record(
        &mut self,
        command: &Command,
        answer: &Answer,
        row: Option<String>,
        accounts: &[Account],
        ledger: &Ledger,
    ) -> Result<(), Breach> {
        if *answer != Answer::Done {
            return Ok(());
        }
        let lost = |id: &dyn std::fmt::Display| {
            Err(Breach::of(Invariant::ChargedAsRated, format!("{id} was acknowledged, but is not stored")))
        };
        match command {
            Command::Pay { account, id, direction, .. } => {
                self.payments.insert(id.clone(), (accounts[*account].wallet.clone(), *direction));
                if !ledger.payments.contains_key(id) {
                    return lost(id);
                }
            }
            Command::Transfer { from, to, id, amount } => {
                let amount = match amount {
                    TransferAmount::Exact(amount) => Some(*amount),
                    TransferAmount::All => None,
                };
                let wallets = (accounts[*from].wallet.clone(), accounts[*to].wallet.clone());
                self.transfers.insert(id.clone(), (wallets.0, wallets.1, amount));
                if !ledger.transfers.contains_key(id) {
                    return lost(id);
                }
            }
            Command::Fee { id, .. } => {
                self.fees.insert(id.to_string());
                if !ledger.fees.contains_key(id) {
                    return lost(id);
                }
            }
            Command::Send { .. } => {
                let Some(row) = row else { return Ok(()) };
                if !ledger.has_row(&row) {
                    return lost(&row);
                }
                self.sent.insert(row);
            }
            _ => {}
        }
        Ok(())
    }

    /// Requests that are about to be sent together.
    pub fn together<'a>(&mut self, rows: impl Iterator<Item = &'a str>) {
        self.of_blocks.extend(rows.map(str::to_owned));
    }

    /// What processes with leases have answered counts in the same moment.
    pub fn acknowledge(&mut self, answers: Vec<Acknowledgement>, ledger: &Ledger) -> Result<(), Breach> {
        for answer in answers {
            let (id, counts) = match &answer {
                Acknowledgement::Request(row) => (row.as_str(), ledger.has_row(row)),
                Acknowledgement::OfBlock(id) => (id.as_str(), ledger.message(id).is_some()),
            };
            if !counts {
                let detail = format!("{id} was acknowledged by a lease, but does not count");
                return Err(Breach::of(Invariant::FencedHolders, detail));
            }
            if let Acknowledgement::Request(row) = answer {
                self.sent.insert(row);
            }
        }
        Ok(())
    }

    /// Compares with the database while nothing is in flight: nothing is there that nobody was told of, and
    /// every balance is what a serial bookkeeper makes of the rows.
    pub fn compare(&self, ledger: &Ledger) -> Result<(), Breach> {
        let unknown = |id: &dyn std::fmt::Display| {
            Breach::of(Invariant::RefusedCostsNothing, format!("{id} is stored, but nobody was told so"))
        };
        if let Some(extra) =
            ledger.rows().into_iter().find(|row| !self.sent.contains(row) && !self.of_blocks.contains(row))
        {
            return Err(unknown(&extra));
        }
        let mut balances: BTreeMap<WalletId, Amount> = BTreeMap::new();
        let mut add = |wallet: &WalletId, amount: Amount| -> Result<(), Breach> {
            let balance = balances.entry(wallet.clone()).or_default();
            *balance = balance.checked_add(amount)?;
            Ok(())
        };
        for payment in ledger.payments.values() {
            let (wallet, direction) = self.payments.get(&payment.id).ok_or_else(|| unknown(&payment.id))?;
            let sign = match (payment.status.is_in_balance(), direction) {
                (false, _) => Amount::ZERO,
                (true, PaymentDirection::Inbound) => payment.amount,
                (true, PaymentDirection::Outbound) => -payment.amount,
            };
            add(wallet, sign)?;
        }
        for transfer in ledger.transfers.values() {
            let (from, to, amount) = self.transfers.get(&transfer.id).ok_or_else(|| unknown(&transfer.id))?;
            let amount = amount.unwrap_or(transfer.amount);
            add(from, -amount)?;
            add(to, amount)?;
        }
        for fee in ledger.fees.values() {
            if !self.fees.contains(fee.id.as_str()) {
                return Err(unknown(&fee.id));
            }
            add(&fee.wallet, -fee.amount)?;
        }
        for message in ledger.all_messages().into_values() {
            for (wallet, owed) in owed(&message) {
                add(&wallet, -owed)?;
            }
        }
        for wallet in ledger.wallets.values() {
            let expected = balances.get(&wallet.id).copied().unwrap_or_default();
            let balance = wallet.posted_balance()?.checked_sub(ledger.used(&wallet.id))?;
            if balance != expected {
                let detail = format!("the balance of {} is {balance}, it should be {expected}", wallet.id);
                return Err(Breach::of(Invariant::Charges, detail));
            }
        }
        Ok(())
    }
}

/// What each wallet owes for a message, charge by charge.
fn owed(message: &Message) -> Vec<(WalletId, Amount)> {
    message.charges.iter().map(|charge| charge.wallet.clone()).zip(message.owed()).collect()
}
