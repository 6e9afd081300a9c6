//! What a rerate walks, writes and remembers. The rates that it asks are in `rate_book`.
//!
//! Messages and fees are found by the records of an agreement in the order of time. What costs something else
//! is written a few rows, blocks or fees at a time: in one transaction each of them gets its new charges under its
//! revision, each level's wallet the difference, and the task's account of it the same. So a part that is
//! done again finds the new charges and writes nothing, and the account is exact wherever it was cut off.
//! What is overdrawn behind it calls back what holders below have set aside of it; whoever dies between the
//! two leaves that to the end of the task.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::fee::Fee;
use domain::id::{AgreementId, FeeId, MessageId, RerateId, WalletId};
use domain::lease::{Block, LeaseTag};
use domain::message::Message;
use domain::money::{Amount, AmountError};
use domain::rerate::{Difference, LevelChange, Progress};
use domain::wallet::{Operation, OperationKind};
use jiff::Timestamp;
use serde::Deserialize;

use crate::blocks::block_of;
use crate::fees::{fee_of, in_version};
use crate::item::{Item, amount_of, document, key_of, number, read, text};
use crate::keys::{self, Key};
use crate::messages::row_of;
use crate::records::{Page, page};
use crate::transact::{Change, ITEMS_MAX, Refused};
use crate::wallets::{Sum, WalletChange};
use crate::{Row, Store, StoreError, Stored};

const PROGRESS: &str = "the progress of a rerate";
const DIFFERENCE: &str = "the difference of a rerate";
/// What a chunk that only counts may come to, by agreement and level: it is noted in one transaction with the
/// progress, which takes 100 items.
pub const DIFFERENCES_MAX: usize = 90;
/// What of a fee is another when it was rated again, all of it there.
const FEE_PRICE: [&str; 5] = ["rate", "unit_price", "quantity_rule", "amount", "charge_version"];
/// Blocks of one transaction, which takes four megabytes; with a hundred messages each has some ten
/// kilobytes to write.
const BLOCKS_AT_ONCE: usize = 20;

/// What is rated again in one item: a message with a row, the messages of a block, or a fee.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RatedItem {
    Row(MessageId),
    Block(LeaseTag),
    Fee(FeeId),
}

/// A place in the records of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub what: RatedItem,
    /// How many records it stands for: one unless they are of a block.
    pub records: u16,
}

/// Messages, or a fee, as they are stored.
#[derive(Debug, Clone)]
pub enum Kept {
    Row(Box<Message>),
    Block(Box<Block>),
    Fee(Box<Fee>),
}

/// The next state of what was rated again.
#[derive(Debug, Clone)]
pub struct Rerated {
    pub kept: Kept,
    /// The revision that it was decided on; of a fee how often it had been rated again.
    pub before: u32,
    /// Of each message and level that costs something else.
    pub changes: Vec<LevelChange>,
}

impl Kept {
    pub fn what(&self) -> RatedItem {
        match self {
            Self::Row(message) => RatedItem::Row(message.id.clone()),
            Self::Block(block) => RatedItem::Block(block.tag.clone()),
            Self::Fee(fee) => RatedItem::Fee(fee.id.clone()),
        }
    }
}

/// What differences come to, by agreement and level.
pub type Differences = BTreeMap<(AgreementId, u32), Difference>;

impl Rerated {
    /// At whose rates it costs something else.
    pub fn agreements(&self) -> impl Iterator<Item = &AgreementId> {
        self.changes.iter().map(|change| &change.agreement)
    }
}

/// Adds up what levels pay more or less.
pub fn add_changes(sums: &mut Differences, changes: &[LevelChange]) -> Result<(), AmountError> {
    for change in changes {
        let key = (change.agreement.clone(), change.level);
        let sum = sums.entry(key).or_insert_with(|| Difference {
            agreement: change.agreement.clone(),
            level: change.level,
            records: 0,
            before: Amount::ZERO,
            after: Amount::ZERO,
        });
        sum.records += 1;
        sum.before = sum.before.checked_add(change.before)?;
        sum.after = sum.after.checked_add(change.after)?;
    }
    Ok(())
}

impl Store {
    /// The next messages and fees of an agreement that were accepted from one time until before another, oldest
    /// first, from behind a place on. With the place of the last record looked at.
    pub async fn recorded(
        &self,
        agreement: &AgreementId,
        (from, till): (Timestamp, Timestamp),
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Recorded>, StoreError> {
        let pk = keys::edrs(agreement);
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(&pk))
            .expression_attribute_values(":first", text(keys::sortable(from)))
            // What was accepted at this moment has more behind it, and so sorts later.
            .expression_attribute_values(":last", text(keys::sortable(till)))
            .projection_expression("sk, message, fee, #block, #count")
            .expression_attribute_names("#block", "block")
            .expression_attribute_names("#count", "count")
            .consistent_read(true)
            .limit(i32::from(limit))
            .set_exclusive_start_key(after.map(|sk| key_of(&Key { pk: pk.clone(), sk: sk.to_owned() })));
        let found = page(recorded_of, query.send().await.map_err(StoreError::aws("walk EDRs"))?)?;
        Ok(Page { items: found.items.into_iter().flatten().collect(), next: found.next })
    }

    /// These messages and fees as they are now, in no order; those that are gone are left out.
    pub async fn kept(&self, wanted: &[RatedItem]) -> Result<Vec<Kept>, StoreError> {
        let (mut messages, mut fees) = (Vec::new(), Vec::new());
        for what in wanted {
            match what {
                RatedItem::Row(id) => messages.push(keys::message(id)),
                RatedItem::Block(tag) => messages.push(keys::block(tag)),
                RatedItem::Fee(id) => fees.push(keys::fee(id)),
            }
        }
        let mut kept = Vec::with_capacity(wanted.len());
        for item in self.get_many(&self.tables.messages, &messages).await? {
            kept.extend(kept_of(item)?);
        }
        for item in self.get_many(&self.tables.ledger, &fees).await? {
            kept.push(Kept::Fee(Box::new(fee_of(item)?)));
        }
        Ok(kept)
    }

    /// Stores what was rated again. What has moved since it was read is left out, and answered. A wallet that
    /// is overdrawn by it sends no more, and neither do those below it.
    pub async fn store_rerated(
        &self,
        task: &RerateId,
        rerated: Vec<Rerated>,
    ) -> Result<Vec<RatedItem>, StoreError> {
        let (blocks, rows): (Vec<_>, Vec<_>) =
            rerated.into_iter().partition(|rerated| matches!(rerated.kept, Kept::Block(_)));
        let (mut overtaken, mut charged_more) = (Vec::new(), BTreeSet::new());
        for (mut waiting, most) in [(blocks, BLOCKS_AT_ONCE), (rows, ITEMS_MAX)] {
            while !waiting.is_empty() {
                let taken = fitting(&waiting, most);
                match self.transact("rate messages again", self.rerate_items(task, &waiting[..taken])?).await
                {
                    Ok(()) => {
                        let changes = waiting.drain(..taken).flat_map(|one| one.changes);
                        let more = changes.filter(|change| change.before < change.after);
                        charged_more.extend(more.map(|change| change.wallet));
                    }
                    Err(Refused::At(place, _)) if place < taken => {
                        overtaken.push(waiting.remove(place).kept.what());
                    }
                    Err(refused) => return Err(refused.unexpected("rate messages again")),
                }
            }
        }
        for wallet in &charged_more {
            self.call_back_if_overdrawn(wallet).await?;
        }
        Ok(overtaken)
    }

    /// Calls back what holders below have set aside of the wallets of an agreement that are overdrawn: of its
    /// main one, and of its users' own.
    pub async fn call_back_overdrawn(&self, agreement: &AgreementId) -> Result<(), StoreError> {
        let Some(found) = self.wallet_with_holders(&WalletId::main(agreement)).await? else { return Ok(()) };
        let wallets = std::iter::once(found.wallet).chain(found.holders);
        for wallet in wallets.filter(|wallet| wallet.agreement == *agreement) {
            if wallet.headroom.is_negative() {
                self.free_headroom(&wallet).await?;
            }
        }
        Ok(())
    }

    /// First what was rated again, so that a refused place tells which one it was.
    fn rerate_items(
        &self,
        task: &RerateId,
        rerated: &[Rerated],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut items = Vec::with_capacity(ITEMS_MAX);
        for one in rerated {
            items.push(self.update_item(self.rerated_item(one)?));
        }
        let mut owed: BTreeMap<&WalletId, Amount> = BTreeMap::new();
        let mut differences = Differences::new();
        for one in rerated {
            for change in &one.changes {
                let more = change.after.checked_sub(change.before)?;
                let sum = owed.entry(&change.wallet).or_default();
                *sum = sum.checked_add(more)?;
            }
            add_changes(&mut differences, &one.changes)?;
        }
        for (wallet, more) in owed.into_iter().filter(|(_, more)| !more.is_zero()) {
            let operation = Operation { kind: OperationKind::Rerate, reference: task.to_string() };
            // By force: what was sent is owed, also by who has nothing left.
            let change =
                WalletChange::new(wallet, operation).add(Sum::Headroom, -more).add(Sum::Charged, more);
            items.push(self.change_wallet(change));
        }
        items.extend(differences.values().map(|difference| self.difference_item(task, difference)));
        Ok(items)
    }

    fn rerated_item(&self, rerated: &Rerated) -> Result<Change, StoreError> {
        let before = (":before".to_owned(), number(rerated.before));
        Ok(match &rerated.kept {
            // Nothing else is touched: a worker may have it in hand.
            Kept::Row(message) => {
                let charges = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(&message.charges)
                    .map_err(|error| StoreError::corrupt("the charges of a message", error))?;
                Change {
                    key: keys::message(&message.id),
                    table: self.tables.messages.clone(),
                    expression: "SET charges = :charges, charge_version = :version, revision = :after"
                        .to_owned(),
                    condition: "revision = :before".to_owned(),
                    names: Vec::new(),
                    values: Item::from([
                        (":charges".to_owned(), charges),
                        (":version".to_owned(), number(message.charge_version)),
                        (":after".to_owned(), number(message.revision)),
                        before,
                    ]),
                }
            }
            Kept::Block(block) => {
                let states = block.pack_states().map_err(|error| StoreError::corrupt("a block", error))?;
                Change {
                    key: keys::block(&block.tag),
                    table: self.tables.messages.clone(),
                    expression: "SET states = :states, revision = :after".to_owned(),
                    condition: "revision = :before".to_owned(),
                    names: Vec::new(),
                    values: Item::from([
                        (":states".to_owned(), AttributeValue::B(Blob::new(states))),
                        (":after".to_owned(), number(block.revision)),
                        before,
                    ]),
                }
            }
            Kept::Fee(fee) => {
                let key = keys::fee(&fee.id);
                let (condition, mut values) = in_version(rerated.before);
                let mut item = document(&key, fee)?;
                values.extend(
                    FEE_PRICE.iter().filter_map(|name| Some((format!(":{name}"), item.remove(*name)?))),
                );
                Change {
                    key,
                    table: self.tables.ledger.clone(),
                    expression:
                        "SET #rate = :rate, unit_price = :unit_price, quantity_rule = :quantity_rule, \
                                 amount = :amount, charge_version = :charge_version"
                            .to_owned(),
                    condition: condition.to_owned(),
                    names: vec![("#rate".to_owned(), "rate".to_owned())],
                    values,
                }
            }
        })
    }

    fn difference_item(&self, task: &RerateId, difference: &Difference) -> TransactWriteItem {
        let Difference { agreement, level, records, before, after } = difference;
        self.update_item(Change {
            key: keys::rerate_difference(task, agreement, *level),
            table: self.tables.records.clone(),
            expression: "SET agreement = :agreement, #level = :level, \
                         changed = if_not_exists(changed, :zero) + :changed, \
                         charged_before = if_not_exists(charged_before, :zero) + :charged_before, \
                         charged_after = if_not_exists(charged_after, :zero) + :charged_after"
                .to_owned(),
            // What is written beside it makes it happen once; it may or may not be there.
            condition: "attribute_not_exists(pk) OR attribute_exists(pk)".to_owned(),
            names: vec![("#level".to_owned(), "level".to_owned())],
            values: Item::from([
                (":agreement".to_owned(), text(agreement.as_str())),
                (":level".to_owned(), number(level)),
                (":zero".to_owned(), number(0)),
                (":changed".to_owned(), number(records)),
                (":charged_before".to_owned(), number(before)),
                (":charged_after".to_owned(), number(after)),
            ]),
        })
    }

    /// How far a task has come; nowhere before its first chunk.
    pub async fn rerate_progress(&self, task: &RerateId) -> Result<Progress, StoreError> {
        let found = self.get(&self.tables.records, &keys::rerate_progress(task), PROGRESS).await?;
        Ok(found.unwrap_or_default())
    }

    /// Notes that a chunk was done, together with what it would have changed if it only counts; once.
    /// That is at most [`DIFFERENCES_MAX`] sums.
    pub async fn note_rerated(
        &self,
        task: &RerateId,
        before: &Progress,
        after: &Progress,
        counted: &Differences,
    ) -> Result<Stored, StoreError> {
        let item = document(&keys::rerate_progress(task), after)?;
        let unchanged = Item::from([(":before".to_owned(), number(before.chunk))]);
        let condition = match before.chunk {
            0 => "attribute_not_exists(pk) OR chunk = :before",
            _ => "chunk = :before",
        };
        let mut items = vec![self.put_item(&self.tables.records, item, condition, unchanged)];
        items.extend(counted.values().map(|difference| self.difference_item(task, difference)));
        match self.transact("note how far a rerate has come", items).await {
            Ok(()) => Ok(Stored::Now),
            Err(Refused::At(..)) => Ok(Stored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// What a task has changed, or would change, by agreement and level.
    pub async fn rerate_differences(&self, task: &RerateId) -> Result<Vec<Difference>, StoreError> {
        let mut items = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::rerate_differences(task)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut differences = Vec::new();
        while let Some(item) = items.next().await {
            differences.push(difference_of(item.map_err(StoreError::aws("read what a rerate changed"))?)?);
        }
        Ok(differences)
    }
}

/// How many of them one transaction takes, at least one.
fn fitting(waiting: &[Rerated], most: usize) -> usize {
    let (mut wallets, mut sums) = (BTreeMap::new(), BTreeMap::new());
    let fits = waiting.iter().take(most).enumerate().take_while(|(place, one)| {
        for change in &one.changes {
            wallets.insert(&change.wallet, ());
            sums.insert((&change.agreement, change.level), ());
        }
        place + 1 + wallets.len() + sums.len() <= ITEMS_MAX
    });
    fits.count().max(1)
}

/// None for what is neither a message nor a fee.
fn recorded_of(item: Item) -> Result<Option<Recorded>, StoreError> {
    #[derive(Deserialize)]
    struct Place {
        message: Option<MessageId>,
        fee: Option<FeeId>,
        block: Option<LeaseTag>,
        count: Option<u16>,
    }
    let Place { message, fee, block, count } = read("an EDR", item)?;
    let block = block.map(|tag| (RatedItem::Block(tag), count.unwrap_or_default()));
    let one = message.map(RatedItem::Row).or(fee.map(RatedItem::Fee)).map(|what| (what, 1));
    Ok(block.or(one).map(|(what, records)| Recorded { what, records }))
}

/// None for a batch, whose messages have rows of their own.
fn kept_of(item: Item) -> Result<Option<Kept>, StoreError> {
    let is_block = item.get(keys::PK).and_then(|pk| pk.as_s().ok()).is_some_and(|pk| keys::is_block(pk));
    if is_block {
        return Ok(Some(Kept::Block(Box::new(block_of(item)?))));
    }
    match row_of(item)? {
        Row::Message(message) => Ok(Some(Kept::Row(message))),
        Row::Batch(_) => Ok(None),
    }
}

fn difference_of(item: Item) -> Result<Difference, StoreError> {
    #[derive(Deserialize)]
    struct Named {
        agreement: AgreementId,
        level: u32,
        changed: u64,
    }
    let before = amount_of(DIFFERENCE, item.get("charged_before"))?;
    let after = amount_of(DIFFERENCE, item.get("charged_after"))?;
    let Named { agreement, level, changed } = read(DIFFERENCE, item)?;
    Ok(Difference { agreement, level, records: changed, before, after })
}
