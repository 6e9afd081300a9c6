//! What the reconciliation reads, and what it remembers from run to run: how far its round through the
//! agreements has come, and charges that did not add up yet.

use std::collections::BTreeMap;

use domain::id::{AgreementId, PaymentId, TransferId, WalletId};
use domain::money::Amount;
use domain::reconcile::{StatementSums, effect_of_payment, effect_of_transfer};
use domain::transfer::Transfer;
use domain::wallet::Wallet;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{Item, amount_of, document, expiring, number, read, text};
use crate::keys::{self, Key};
use crate::payments::payment_of;
use crate::{Store, StoreError};

/// A round takes at most an hour of runs a minute apart.
const PARTS_OF_A_ROUND: u64 = 60;
/// The least that a run visits.
const PART_MIN: u64 = 10;
/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;
/// Longer than any round takes: a difference of which nothing has been seen since is nobody's concern.
const SUSPICION_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A wallet with those who hold escrow on it. They are read one after another, not in one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletWithHolders {
    pub wallet: Wallet,
    pub holders: Vec<Wallet>,
}

/// An agreement's charges as they were seen to differ from its usage. While a projection is under way
/// they always do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// The writes of all wallets concerned, to see that nothing has moved since.
    pub writes: u64,
    pub charged: Amount,
    pub owed: Amount,
    /// When it was first seen like this.
    pub since: Timestamp,
}

/// How far the round through all agreements has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Round {
    /// The last agreement that was handed out; none at the begin of a round.
    #[serde(default)]
    after: Option<AgreementId>,
    /// How many were handed out in this round, and in the one before.
    visited: u64,
    total: u64,
    /// Raised by every run, so that of two at once one gets the part.
    turn: u64,
}

impl Round {
    fn part(&self) -> u64 {
        self.total.div_ceil(PARTS_OF_A_ROUND).max(PART_MIN)
    }

    /// After these were handed out. Fewer than asked for: that was the last part.
    fn next(self, agreements: &[AgreementId]) -> Self {
        let (handed_out, turn) = (agreements.len() as u64, self.turn + 1);
        let visited = self.visited + handed_out;
        if handed_out < self.part() {
            return Self { after: None, visited: 0, total: visited, turn };
        }
        Self { after: agreements.last().cloned(), visited, total: self.total, turn }
    }
}

impl Store {
    /// The next agreements to reconcile: a sixtieth of all, the first ones again after the last. Each is
    /// handed out to one run; one that dies over them leaves them to the next round.
    pub async fn next_to_reconcile(&self) -> Result<Vec<AgreementId>, StoreError> {
        self.next_of_round(&keys::reconciliation()).await
    }

    /// The same of the round that is kept under this key.
    pub(crate) async fn next_of_round(&self, key: &Key) -> Result<Vec<AgreementId>, StoreError> {
        let round: Option<Round> = self.get(&self.tables.records, key, "a round").await?;
        let round = round.unwrap_or_default();
        let (before, agreements) = (round.turn, self.agreements_after(&round).await?);
        let item = document(key, &round.next(&agreements))?;
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR turn = :before")
            .expression_attribute_values(":before", number(before));
        let taken = write_alone("take a part of a round", || put.clone().send()).await?;
        Ok(taken.map(|_| agreements).unwrap_or_default())
    }

    async fn agreements_after(&self, round: &Round) -> Result<Vec<AgreementId>, StoreError> {
        #[derive(Deserialize)]
        struct Entry {
            sk: AgreementId,
        }
        let after = round.after.as_ref().map_or(" ", AgreementId::as_str);
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.directory)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(keys::ALL_AGREEMENTS))
            .expression_attribute_values(":after", text(after))
            .limit(i32::try_from(round.part()).unwrap_or(i32::MAX))
            .consistent_read(true);
        let answer = query.send().await.map_err(StoreError::aws("list agreements"))?;
        let entry = |item| read("an agreement", item).map(|entry: Entry| entry.sk);
        answer.items.unwrap_or_default().into_iter().map(entry).collect()
    }

    pub async fn wallet_with_holders(&self, id: &WalletId) -> Result<Option<WalletWithHolders>, StoreError> {
        let Some(wallet) = self.wallet(id).await? else { return Ok(None) };
        let holders = self.holders(id).await?;
        Ok(Some(WalletWithHolders { wallet, holders }))
    }

    /// The statement of a wallet as it was read, added up; none while it has not come as far.
    pub async fn statement_sums(&self, wallet: &Wallet) -> Result<Option<StatementSums>, StoreError> {
        if self.statement_cursor(&wallet.id).await? < wallet.sequence {
            return Ok(None);
        }
        let mut lines = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            // The cursor sorts behind all lines, whose keys are digits.
            .key_condition_expression("pk = :pk AND sk < :cursor")
            .expression_attribute_values(":pk", text(keys::statement(&wallet.id)))
            .expression_attribute_values(":cursor", text("c"))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut sums = StatementSums::of(wallet);
        while let Some(item) = lines.next().await {
            sums.add(&read("a statement line", item.map_err(StoreError::aws("read a statement"))?)?)?;
        }
        Ok(Some(sums))
    }

    /// What each of these transfers and payments brings a wallet. One without a record is left out.
    pub async fn effects(
        &self,
        wallet: &WalletId,
        references: impl Iterator<Item = &String>,
    ) -> Result<BTreeMap<String, Amount>, StoreError> {
        let wanted: Vec<Key> = references.filter_map(|reference| record_of(reference)).collect();
        let mut effects = BTreeMap::new();
        for some in wanted.chunks(BATCH_MAX) {
            for item in self.get_many(&self.tables.ledger, some).await? {
                let (reference, effect) = effect(item, wallet)?;
                effects.insert(reference, effect);
            }
        }
        Ok(effects)
    }

    /// What an agreement owes for all its usage there ever was.
    pub async fn owed(&self, agreement: &AgreementId) -> Result<Amount, StoreError> {
        let mut rows = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::usage_rows(agreement)))
            .projection_expression("amount")
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut owed = Amount::ZERO;
        while let Some(row) = rows.next().await {
            let row = row.map_err(StoreError::aws("read usage"))?;
            owed = owed.checked_add(amount_of("a usage row", row.get("amount"))?)?;
        }
        Ok(owed)
    }

    pub async fn suspicion(&self, agreement: &AgreementId) -> Result<Option<Suspicion>, StoreError> {
        self.get(&self.tables.records, &keys::suspicion(agreement), "a suspicion").await
    }

    /// Remembers the latest suspicion; one before it is forgotten.
    pub async fn put_suspicion(
        &self,
        agreement: &AgreementId,
        suspicion: &Suspicion,
    ) -> Result<(), StoreError> {
        let item = document(&keys::suspicion(agreement), suspicion)?;
        let item = expiring(item, suspicion.since + SUSPICION_KEPT);
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
        put.send().await.map_err(StoreError::aws("remember a suspicion"))?;
        Ok(())
    }
}

/// The record that a statement line names.
fn record_of(reference: &str) -> Option<Key> {
    let transfer = TransferId::parse(reference).map(|id| keys::transfer(&id));
    transfer.or_else(|_| PaymentId::parse(reference).map(|id| keys::payment(&id))).ok()
}

fn effect(item: Item, wallet: &WalletId) -> Result<(String, Amount), StoreError> {
    let sk = item.get(keys::SK).and_then(|sk| sk.as_s().ok()).map(String::as_str);
    if sk == Some("transfer") {
        let transfer: Transfer = read("a transfer", item)?;
        return Ok((transfer.id.to_string(), effect_of_transfer(&transfer, wallet)));
    }
    let payment = payment_of(item)?;
    Ok((payment.id.to_string(), effect_of_payment(&payment, wallet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_hands_out_all_agreements_and_begins_anew() {
        let all: Vec<_> = (1..=25).map(AgreementId::new).collect();
        let mut round = Round::default();
        let mut handed_out = Vec::new();
        for turn in 0..3 {
            let begin = round.after.clone();
            let rest = all.iter().filter(|id| begin.as_ref().is_none_or(|after| after < id));
            let part: Vec<_> = rest.take(round.part() as usize).cloned().collect();
            handed_out.extend(part.clone());
            round = round.next(&part);
            assert_eq!(round.turn, turn + 1);
        }
        assert_eq!(handed_out, all);
        assert_eq!((round.after, round.visited, round.total), (None, 0, 25));
    }

    #[test]
    fn a_part_is_a_sixtieth_of_all() {
        let round = |total| Round { total, ..Round::default() };
        assert_eq!((round(25).part(), round(6_001).part()), (10, 101));
    }
}
