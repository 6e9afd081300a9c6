//! What has to be true of an answer, of what a step has written, and of agreements at the end.

use std::collections::BTreeSet;

use domain::batch::Row;
use domain::id::WalletId;
use domain::money::Amount;
use domain::wallet::WalletState;
use store::keys;

use super::super::actors::Actor;
use super::super::commands::{Answer, Command};
use super::super::ledger::{Breach, Invariant};
use super::super::replay;
use super::{Simulation, WALLET_BYTES_MAX};

impl Simulation {
    /// Main wallets have the limits of their agreements and are suspended with them; nobody is drained.
    pub(super) async fn check_terms(&self) -> Result<(), Breach> {
        let store = &self.scenario.world.store;
        let failed = |error: store::StoreError| Breach::of(Invariant::Replayed, error.to_string());
        for member in self.scenario.members.iter() {
            let agreement = store.any_agreement(&member.agreement.id).await.map_err(failed)?;
            let (Some(agreement), Some(wallet)) = (agreement, self.ledger.wallets.get(&member.wallet)) else {
                continue;
            };
            let limit = agreement.limit_in_force();
            let state = if agreement.suspended { WalletState::Suspended } else { WalletState::Open };
            if (limit, &state) != (wallet.credit_limit, &wallet.state) {
                let (has, is) = (wallet.credit_limit, &wallet.state);
                let detail =
                    format!("{} has a limit of {has} and is {is:?}, not {limit} and {state:?}", wallet.id);
                return Err(Breach::of(Invariant::Terms, detail));
            }
        }
        match store.drains().await.map_err(failed)?.first() {
            Some(drain) => Err(Breach::of(Invariant::Terms, format!("{} is still drained", drain.wallet))),
            None => Ok(()),
        }
    }

    /// Nobody who is alone is told that there is not enough where there is.
    pub(super) fn check_answer(&self, actor: &Actor, answer: &Answer) -> Result<(), Breach> {
        if !actor.alone {
            return Ok(());
        }
        let wrongly = |what: String| {
            let command = &actor.command;
            Err(Breach::of(Invariant::RefusedCostsNothing, format!("{command:?} was refused: {what}")))
        };
        match (&actor.command, answer) {
            (Command::Send { .. }, Answer::NotEnough { level }) => {
                let Some(draft) = &actor.draft else { return Ok(()) };
                let stock = replay::serial_stock(&self.ledger, draft)?;
                let Ok(priced) = draft.price(stock, Amount::ZERO) else { return Ok(()) };
                let payers = draft.places.iter().flat_map(|place| &place.offers).map(|offer| &offer.payer);
                let Some(payer) = payers.clone().nth(level - 1) else { return Ok(()) };
                let money = domain::allowance::Pot::money(payer);
                let needed =
                    priced.legs.iter().find(|leg| leg.pot == money).map_or(Amount::ZERO, |leg| leg.amount);
                let spendable = self.ledger.spendable(payer);
                let owners: BTreeSet<WalletId> =
                    draft.allowances().into_keys().map(|pot| pot.wallet).collect();
                let all_open = self.is_open(payer) && owners.iter().all(|owner| self.is_open(owner));
                if needed <= spendable && all_open {
                    return wrongly(format!("{payer} has {spendable} for {needed}"));
                }
            }
            (Command::Send { .. }, Answer::Refused) => {
                let Some(draft) = &actor.draft else { return Ok(()) };
                let stock = replay::serial_stock(&self.ledger, draft)?;
                if draft.price(stock, Amount::ZERO).is_ok() {
                    return wrongly("it can be sold".to_owned());
                }
            }
            (Command::Send { .. }, Answer::Suspended { level }) => {
                let Some(draft) = &actor.draft else { return Ok(()) };
                let payers = draft.places.iter().flat_map(|place| &place.offers).map(|offer| &offer.payer);
                if payers.clone().nth(level - 1).is_some_and(|payer| self.is_open(payer)) {
                    return wrongly(format!("level {level} is not suspended"));
                }
            }
            (
                Command::Transfer { from, amount: domain::transfer::TransferAmount::Exact(amount), .. },
                Answer::NotEnough { .. },
            ) => {
                let wallet = &self.scenario.accounts[*from].wallet;
                let limit =
                    self.ledger.wallets.get(wallet).map(|wallet| wallet.credit_limit).unwrap_or_default();
                let spendable = self.ledger.spendable(wallet);
                if amount.checked_add(limit)? <= spendable {
                    return wrongly(format!("there are {spendable}"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_open(&self, wallet: &WalletId) -> bool {
        self.ledger.wallets.get(wallet).is_some_and(|wallet| wallet.state == WalletState::Open)
    }

    /// What was written by this actor's step. False if nothing was.
    pub(super) fn check_writes(&mut self, place: usize) -> Result<bool, Breach> {
        let all = self.wire.written();
        let wrote = !all.is_empty();
        for written in all {
            let mut items = Vec::with_capacity(written.len());
            for (table, pk, sk) in written {
                let shard =
                    [&self.tables.ledger, &self.tables.messages].iter().position(|name| **name == table);
                let Some(shard) = shard else { continue };
                let Some((item, size)) = self.scenario.world.database.item(&table, &pk, &sk) else {
                    continue;
                };
                if keys::is_wallet(&pk) {
                    self.check_size(&pk, size)?;
                }
                if let Some(streams) = &mut self.streams {
                    streams.put(shard, (pk.clone(), sk), &item, self.scenario.now);
                }
                items.push((pk, item));
            }
            self.check_price(place, &items)?;
            self.note_moves(place, &items);
            // A batch counts before what is derived from it.
            for (_, item) in items {
                self.ledger.put(item)?;
            }
            self.summary.checks += 1;
        }
        self.note_rated_again(place)?;
        self.ledger.check_touched()?;
        Ok(wrote)
    }

    fn check_size(&mut self, pk: &str, size: usize) -> Result<(), Breach> {
        self.summary.wallet_bytes_most = self.summary.wallet_bytes_most.max(size);
        if size > WALLET_BYTES_MAX {
            return Err(Breach::of(Invariant::Small, format!("{pk} has {size} bytes")));
        }
        Ok(())
    }

    /// A new row was priced as things stood.
    fn check_price(&mut self, place: usize, items: &[(String, store::Item)]) -> Result<(), Breach> {
        for (_, item) in items.iter().filter(|(pk, _)| keys::is_block(pk)) {
            let block = store::block_of(item.clone());
            let block = block.map_err(|error| Breach::of(Invariant::Replayed, error.to_string()))?;
            if block.revision == 0 {
                block.messages.iter().for_each(|message| self.requests.stored(&message.id));
            }
        }
        let rows = items.iter().filter(|(pk, _)| keys::is_message(pk));
        for (_, item) in rows {
            let row = store::row_of(item.clone());
            let row = row.map_err(|error| Breach::of(Invariant::Replayed, error.to_string()))?;
            let is_new = match &row {
                Row::Message(message) => {
                    let is_new = !self.ledger.messages.contains_key(&message.id);
                    if is_new {
                        self.requests.stored(&message.id);
                    }
                    is_new && message.id.batch().is_none()
                }
                Row::Batch(batch) => !self.ledger.batches.contains_key(&batch.id),
            };
            let actor = &self.actors[place];
            let Some(draft) = actor.draft_of(&row).filter(|_| is_new) else { continue };
            let written: BTreeSet<WalletId> = items
                .iter()
                .filter_map(|(pk, _)| WalletId::parse(pk.strip_prefix("wallet#")?).ok())
                .collect();
            replay::check(&self.ledger, draft, &row, &written, actor.alone)?;
        }
        Ok(())
    }
}
