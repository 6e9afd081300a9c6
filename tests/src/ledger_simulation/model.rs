//! What should have happened, kept serially and without any of the ledger's own arithmetic: funds that
//! came and went, and who was charged what for which message.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{MessageId, WalletId};
use domain::message::Message;
use domain::money::Amount;
use domain::payment::PaymentDirection;

use super::commands::{Answer, Command, text};
use super::ledger::{Breach, Ledger};
use crate::world::Member;

#[derive(Debug, Default)]
pub struct Model {
    /// Payments, transfers and sends that were acknowledged, by their ids.
    acknowledged: BTreeSet<String>,
    funds: BTreeMap<WalletId, Amount>,
    /// The messages that were acknowledged, each as it was rated.
    messages: BTreeMap<MessageId, Message>,
}

impl Model {
    /// Takes in the answer to a command, once however often it is repeated.
    pub fn record(&mut self, command: &Command, answer: &Answer, members: &[Member]) -> Result<(), Breach> {
        let Some(id) = id_of(command, members) else { return Ok(()) };
        if *answer != Answer::Done || !self.acknowledged.insert(id) {
            return Ok(());
        }
        match command {
            Command::Pay { member, direction, amount, .. } => {
                let effect = match direction {
                    PaymentDirection::Inbound => *amount,
                    PaymentDirection::Outbound => -*amount,
                };
                self.fund(&members[*member], effect)?;
            }
            Command::Transfer { from, to, amount, .. } => {
                self.fund(&members[*from], -*amount)?;
                self.fund(&members[*to], *amount)?;
            }
            Command::Send { member, key, characters } => {
                let message = members[*member].message(key, &text(*characters)).map_err(other)?;
                self.messages.insert(message.id.clone(), message);
            }
            Command::SendMany { member, key, characters, count } => {
                let batch = members[*member].batch(key, &text(*characters), *count).map_err(other)?;
                self.messages.extend(batch.messages().map(|message| (message.id.clone(), message)));
            }
            Command::Expand { .. }
            | Command::Claim { .. }
            | Command::Move { .. }
            | Command::Recall { .. } => {}
        }
        Ok(())
    }

    /// Funds that a member had before the first command.
    pub fn fund(&mut self, member: &Member, amount: Amount) -> Result<(), Breach> {
        let funds = self.funds.entry(member.wallet.clone()).or_default();
        *funds = funds.checked_add(amount)?;
        Ok(())
    }

    /// Compares with the database while nothing is in flight: what was acknowledged is there, what was
    /// not is not, and every balance is what the model makes of it.
    pub fn compare(&self, ledger: &Ledger) -> Result<(), Breach> {
        let stored = ledger.all_messages();
        if let Some(extra) = stored.keys().find(|id| !self.messages.contains_key(*id)) {
            return Err(other(format!("{extra} is stored, but nobody was told so")));
        }
        let mut balances = self.funds.clone();
        for (id, rated) in &self.messages {
            let Some(message) = stored.get(id) else {
                return Err(other(format!("{id} was acknowledged, but is not stored")));
            };
            if message.charges != rated.charges {
                return Err(other(format!("{id} was not charged as it was rated")));
            }
            for (charge, owed) in message.charges.iter().zip(message.owed()) {
                let balance = balances.entry(charge.wallet.clone()).or_default();
                *balance = balance.checked_sub(owed)?;
            }
        }
        for wallet in ledger.wallets.values() {
            let expected = balances.get(&wallet.id).copied().unwrap_or_default();
            let used = ledger.used(&wallet.id)?;
            let balance = wallet.posted_balance()?.checked_sub(used)?;
            if balance != expected {
                let id = &wallet.id;
                return Err(other(format!("the balance of {id} is {balance}, it should be {expected}")));
            }
        }
        Ok(())
    }
}

fn other(error: impl ToString) -> Breach {
    Breach::Other(error.to_string())
}

fn id_of(command: &Command, members: &[Member]) -> Option<String> {
    match command {
        Command::Pay { id, .. } => Some(id.to_string()),
        Command::Transfer { id, .. } => Some(id.to_string()),
        Command::Send { member, key, .. } | Command::SendMany { member, key, .. } => {
            Some(MessageId::of_request(&members[*member].company.id, key).to_string())
        }
        Command::Expand { .. } | Command::Claim { .. } | Command::Move { .. } | Command::Recall { .. } => {
            None
        }
    }
}
