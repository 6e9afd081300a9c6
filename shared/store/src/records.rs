//! What is projected from the streams: statement lines, EDRs and usage rows, each exactly once however
//! often a stream delivers. How EDRs are listed is in `edrs`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::edr::{Edr, Usage, UsageKey};
use domain::id::{AgreementId, WalletId};
use domain::lease::LeaseTag;
use domain::statement::StatementLine;
use domain::statistics::{Slice, Slices};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Deserialize;

use crate::alone::write_alone;
use crate::edrs::{edr_item, entry_of_block};
use crate::item::{Item, document, key_of, number, read, text};
use crate::keys::{self, Key};
use crate::statistics::{SLICES_MAX, Statistics, rows_of};
use crate::transact::{Change, Refused};
use crate::usage::usage_row_text;
use crate::{Store, StoreError};

/// DynamoDB takes at most 100 items in a transaction.
const TRANSACTION_ITEMS_MAX: usize = 100;
/// The cursor takes one place in the transaction.
const STATEMENT_LINES_MAX: usize = TRANSACTION_ITEMS_MAX - 1;
/// Writes under way at once; more only queue up in the client.
const PUTS_AT_ONCE: usize = 32;
/// Of one block in one transaction: the rest is for the levels, and for the statistics of all who see it.
const USAGE_ROWS_MAX: usize = 20;
/// More transactions than the usage of one block takes, which has some hundred messages.
const PARTS_MAX: u64 = 10_000;
/// A record gives way to a later state of its message only.
pub(crate) const NEWER: &str = "attribute_not_exists(pk) OR revision < :revision";

/// What one change of one message adds to the records.
#[derive(Debug, Clone)]
pub struct UsageChange {
    /// The message's records at all its levels, of one revision.
    pub edrs: Vec<Edr>,
    pub usage: Vec<(UsageKey, Usage)>,
    pub statistics: Statistics,
}

/// What one change of a block adds to the records.
#[derive(Debug, Clone)]
pub struct BlockUsage {
    pub block: LeaseTag,
    pub accepted_at: Timestamp,
    /// The block's after the change; 0 when its messages were accepted.
    pub revision: u32,
    /// Of its messages.
    pub count: u16,
    /// Those that pay for its messages, the sender's first.
    pub agreements: Vec<AgreementId>,
    pub usage: BTreeMap<UsageKey, Usage>,
    pub statistics: Statistics,
}

/// Usage to be counted once, with what tells that it was.
struct Posting<'a> {
    /// The first of `once`. A transaction writes an item once.
    key: Key,
    /// Written with the usage, and refused if it was counted before.
    once: Vec<TransactWriteItem>,
    usage: Vec<(&'a UsageKey, Usage)>,
    statistics: BTreeMap<Key, Slices>,
    /// Whether a refusal means that what goes before it is missing, rather than that it was counted.
    follows: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementPosted {
    Now,
    /// Another delivery of the stream has posted a part of these lines: read the cursor again.
    Overtaken,
}

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl Store {
    /// How far a wallet's statement goes: the sequence of its last posted write.
    pub async fn statement_cursor(&self, wallet: &WalletId) -> Result<u64, StoreError> {
        #[derive(Deserialize)]
        struct Cursor {
            posted: u64,
        }
        let key = keys::statement_cursor(wallet);
        let cursor: Option<Cursor> = self.get(&self.tables.records, &key, "a statement cursor").await?;
        Ok(cursor.map_or(0, |cursor| cursor.posted))
    }

    /// Posts the lines of the writes behind `from` up to `to`, and moves the cursor with them: so a
    /// repeated delivery posts nothing twice and a lost one leaves no gap unnoticed. More lines than one
    /// transaction takes are posted in several, each of which leaves the statement whole.
    pub async fn post_statement(
        &self,
        wallet: &WalletId,
        lines: &[StatementLine],
        mut from: u64,
        to: u64,
    ) -> Result<StatementPosted, StoreError> {
        let mut rest = lines;
        while rest.len() > STATEMENT_LINES_MAX {
            let (now, later) = rest.split_at(STATEMENT_LINES_MAX);
            let last = now[STATEMENT_LINES_MAX - 1].to_sequence;
            if self.post_lines(wallet, now, from, last).await? == StatementPosted::Overtaken {
                return Ok(StatementPosted::Overtaken);
            }
            (from, rest) = (last, later);
        }
        self.post_lines(wallet, rest, from, to).await
    }

    /// All or none.
    async fn post_lines(
        &self,
        wallet: &WalletId,
        lines: &[StatementLine],
        from: u64,
        to: u64,
    ) -> Result<StatementPosted, StoreError> {
        let mut cursor = Change {
            key: keys::statement_cursor(wallet),
            table: self.tables.records.clone(),
            expression: "SET posted = :to".to_owned(),
            condition: "posted = :from".to_owned(),
            names: Vec::new(),
            values: Item::from([(":to".to_owned(), number(to)), (":from".to_owned(), number(from))]),
        };
        if from == 0 {
            cursor.condition = "attribute_not_exists(pk)".to_owned();
            cursor.values.remove(":from");
        }
        let mut items = vec![self.update_item(cursor)];
        for line in lines {
            let item = document(&keys::statement_line(wallet, line.from_sequence), line)?;
            items.push(self.new_item(&self.tables.records, item));
        }
        match self.transact("post the statement", items).await {
            Ok(()) => Ok(StatementPosted::Now),
            Err(Refused::At(..)) => Ok(StatementPosted::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// A wallet's statement, newest line first.
    pub async fn statement(
        &self,
        wallet: &WalletId,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<StatementLine>, StoreError> {
        // The cursor item sorts behind all lines, whose keys are digits.
        let before = cursor.unwrap_or("c").to_owned();
        let sent = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", text(keys::statement(wallet)))
            .expression_attribute_values(":before", text(before))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::from(limit))
            .send()
            .await;
        page(|item| read("a statement line", item), sent.map_err(StoreError::aws("list the statement"))?)
    }

    /// Of a list whose keys begin with a time, newest first: what is from one time until before another, behind
    /// `cursor`.
    pub(crate) async fn newest_records(
        &self,
        action: &'static str,
        pk: String,
        (from, till): (Option<Timestamp>, Option<Timestamp>),
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<QueryOutput, StoreError> {
        // Nothing sorts before a blank, and nothing behind a tilde.
        let first = from.map_or_else(|| " ".to_owned(), keys::sortable);
        let last = till.map_or_else(|| "~".to_owned(), keys::sortable);
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(&pk))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(cursor.map_or(last, str::to_owned)))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(cursor.map(|sk| key_of(&Key { pk, sk: sk.to_owned() })));
        query.send().await.map_err(StoreError::aws(action))
    }

    /// Posts EDRs and the usage they change. Every message is posted once per revision: those that are
    /// there already, from an earlier delivery, are left out and the rest is posted.
    pub async fn post_usage(&self, changes: &[UsageChange]) -> Result<(), StoreError> {
        let (counted, shown): (Vec<_>, Vec<_>) =
            changes.iter().partition(|change| !change.usage.is_empty() || !change.statistics.is_empty());
        let postings = counted.into_iter().map(|change| self.posting(change));
        self.count_once(postings.flat_map(Result::transpose).collect::<Result<_, _>>()?).await?;
        // Nothing is counted: the records alone, each at half the price of a transaction.
        let edrs: Vec<_> =
            shown.iter().flat_map(|change| &change.edrs).map(|edr| self.put_edr(edr)).collect();
        futures::stream::iter(edrs).buffer_unordered(PUTS_AT_ONCE).try_collect::<()>().await
    }

    /// Posts the usage that blocks change, once for each of their revisions. What the records of their
    /// messages show is in the blocks (see `edrs`).
    pub async fn post_usage_of_blocks(&self, changes: &[BlockUsage]) -> Result<(), StoreError> {
        let mut postings = Vec::new();
        for change in changes {
            postings.extend(self.postings_of_block(change)?);
        }
        self.count_once(postings).await
    }

    /// As many at a time as fit a transaction. Those that were counted before are left out.
    async fn count_once(&self, mut waiting: Vec<Posting<'_>>) -> Result<(), StoreError> {
        const ACTION: &str = "post usage";
        while !waiting.is_empty() {
            let taken = fitting(&waiting);
            match self.transact(ACTION, self.usage_items(&waiting[..taken])?).await {
                Ok(()) => drop(waiting.drain(..taken)),
                Err(Refused::At(place, found)) => {
                    let known = waiting.remove(owner_of(&waiting[..taken], place));
                    if known.follows && found.is_none() {
                        return Err(StoreError::Busy { action: ACTION });
                    }
                }
                Err(Refused::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn posting<'a>(&self, change: &'a UsageChange) -> Result<Option<Posting<'a>>, StoreError> {
        let Some(first) = change.edrs.first() else { return Ok(None) };
        let mut once = Vec::new();
        for edr in &change.edrs {
            let item = edr_item(edr)?;
            let revision = Item::from([(":revision".to_owned(), number(edr.revision))]);
            once.push(self.put_item(&self.tables.records, item, NEWER, revision));
        }
        let usage = change.usage.iter().map(|(key, usage)| (key, *usage)).collect();
        let key = keys::edr(&first.agreement, first.accepted_at, &first.message);
        let statistics = rows_of(&change.statistics, &key.sk);
        Ok(Some(Posting { key, once, usage, statistics, follows: false }))
    }

    /// One, or several where the messages are billed in many ways. Each has a number that is above those of
    /// all before it, which the sender's entry of the block keeps.
    fn postings_of_block<'a>(&self, change: &'a BlockUsage) -> Result<Vec<Posting<'a>>, StoreError> {
        let BlockUsage { block, accepted_at, revision, count, agreements, usage, statistics } = change;
        let Some(sender) = agreements.first() else { return Ok(Vec::new()) };
        let rows: Vec<_> = usage.iter().map(|(key, usage)| (key, *usage)).collect();
        let mut parts: Vec<_> = rows.chunks(USAGE_ROWS_MAX).collect();
        if parts.is_empty() && (*revision == 0 || !statistics.is_empty()) {
            parts.push(&[]); // they are listed and counted, though nothing is paid for them
        }
        let key = keys::edrs_of_block(sender, *accepted_at, block);
        let mut statistics = rows_of(statistics, &key.sk);
        let mut postings = Vec::new();
        for (part, rows) in (u64::from(*revision) * PARTS_MAX..).zip(parts) {
            let mut once = Vec::new();
            if part == 0 {
                for agreement in agreements {
                    let mut entry = entry_of_block(agreement, block, *accepted_at, *count)?;
                    if agreement == sender {
                        entry.insert("counted".to_owned(), number(part));
                    }
                    once.push(self.new_item(&self.tables.records, entry));
                }
            } else {
                once.push(self.update_item(Change {
                    key: key.clone(),
                    table: self.tables.records.clone(),
                    expression: "SET counted = :number".to_owned(),
                    condition: "counted < :number".to_owned(),
                    names: Vec::new(),
                    values: Item::from([(":number".to_owned(), number(part))]),
                }));
            }
            postings.push(Posting {
                key: key.clone(),
                once,
                usage: rows.to_vec(),
                statistics: std::mem::take(&mut statistics),
                follows: 0 < part,
            });
        }
        Ok(postings)
    }

    /// Shows a newer state of a message in its record; an older one changes nothing.
    async fn put_edr(&self, edr: &Edr) -> Result<(), StoreError> {
        let item = edr_item(edr)?;
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(item))
            .condition_expression(NEWER)
            .expression_attribute_values(":revision", number(edr.revision));
        // Refused where a later state is shown already.
        write_alone("store an EDR", || put.clone().send()).await.map(drop)
    }

    /// What makes it happen once first, so that a refused place tells whose it was; then each usage row once.
    fn usage_items(&self, postings: &[Posting<'_>]) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut items: Vec<_> = postings.iter().flat_map(|posting| posting.once.clone()).collect();
        for (key, usage) in sums(postings)? {
            items.push(self.update_item(self.usage_row(key, usage)?));
        }
        for (key, slices) in statistics_sums(postings) {
            items.push(self.update_item(self.statistics_row(key, &slices)));
        }
        Ok(items)
    }

    pub(crate) fn usage_row(&self, key: &UsageKey, usage: Usage) -> Result<Change, StoreError> {
        Ok(Change {
            key: keys::usage(key),
            table: self.tables.records.clone(),
            expression: "SET #row = :row, messages = if_not_exists(messages, :zero) + :messages, \
                         quantity = if_not_exists(quantity, :zero) + :quantity, \
                         amount = if_not_exists(amount, :zero) + :amount"
                .to_owned(),
            // The EDRs of the same transaction make it happen once; the row may or may not be there.
            condition: "attribute_not_exists(pk) OR attribute_exists(pk)".to_owned(),
            names: vec![("#row".to_owned(), "row".to_owned())],
            values: Item::from([
                (":row".to_owned(), text(usage_row_text(key)?)),
                (":zero".to_owned(), number(0)),
                (":messages".to_owned(), number(usage.messages)),
                (":quantity".to_owned(), number(usage.quantity)),
                (":amount".to_owned(), number(usage.amount)),
            ]),
        })
    }
}

pub(crate) fn page<T>(
    of: impl Fn(Item) -> Result<T, StoreError>,
    answer: QueryOutput,
) -> Result<Page<T>, StoreError> {
    let next = answer.last_evaluated_key.and_then(|mut key| key.remove(keys::SK));
    let next = next.and_then(|sk| if let AttributeValue::S(sk) = sk { Some(sk) } else { None });
    let items = answer.items.unwrap_or_default().into_iter().map(of);
    Ok(Page { items: items.collect::<Result<_, _>>()?, next })
}

/// How many postings one transaction can take, at least one. It writes an item once, so two changes of one
/// message or block go into two.
fn fitting(postings: &[Posting<'_>]) -> usize {
    let mut items = 0;
    let (mut keys, mut rows) = (BTreeSet::new(), BTreeSet::new());
    let mut counted: BTreeMap<&Key, BTreeSet<&Slice>> = BTreeMap::new();
    let fits = postings.iter().take_while(|posting| {
        items += posting.once.len();
        rows.extend(posting.usage.iter().map(|(key, _)| *key));
        for (key, slices) in &posting.statistics {
            counted.entry(key).or_default().extend(slices.keys());
        }
        items + rows.len() + counted.len() <= TRANSACTION_ITEMS_MAX
            && counted.values().all(|slices| slices.len() <= SLICES_MAX)
            && keys.insert((&posting.key.pk, &posting.key.sk))
    });
    fits.count().max(1)
}

/// Each row of statistics once, likewise.
fn statistics_sums<'a>(postings: &'a [Posting<'_>]) -> BTreeMap<&'a Key, Slices> {
    let mut sums: BTreeMap<&Key, Slices> = BTreeMap::new();
    for (key, slices) in postings.iter().flat_map(|posting| &posting.statistics) {
        let row = sums.entry(key).or_default();
        for (slice, counts) in slices {
            row.entry(slice.clone()).or_default().add(counts);
        }
    }
    sums
}

/// Each usage row once, with the sum of what all postings add to it: a transaction writes an item once.
fn sums<'a>(postings: &[Posting<'a>]) -> Result<BTreeMap<&'a UsageKey, Usage>, StoreError> {
    let mut sums: BTreeMap<&UsageKey, Usage> = BTreeMap::new();
    for (key, usage) in postings.iter().flat_map(|posting| &posting.usage) {
        let sum = sums.entry(key).or_default();
        *sum = sum.checked_add(*usage)?;
    }
    sums.retain(|_, usage| !usage.is_zero());
    Ok(sums)
}

/// Which posting has the item at this place of the transaction.
fn owner_of(postings: &[Posting<'_>], place: usize) -> usize {
    let mut end = 0;
    let owner = postings.iter().position(|posting| {
        end += posting.once.len();
        place < end
    });
    owner.unwrap_or_default()
}
