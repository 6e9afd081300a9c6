//! What is projected from the streams: statement lines, EDRs and usage rows, each exactly once however
//! often a stream delivers.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::edr::{Edr, Record, Usage, UsageKey};
use domain::id::{AgreementId, WalletId};
use domain::period::Period;
use domain::statement::StatementLine;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Deserialize;

use crate::alone::write_alone;
use crate::item::{Item, amount_of, document, key_of, number, read, text};
use crate::keys;
use crate::transact::{Change, Refused};
use crate::{Store, StoreError};

/// DynamoDB takes at most 100 items in a transaction.
const TRANSACTION_ITEMS_MAX: usize = 100;
/// The cursor takes one place in the transaction.
const STATEMENT_LINES_MAX: usize = TRANSACTION_ITEMS_MAX - 1;
/// Writes under way at once; more only queue up in the client.
const PUTS_AT_ONCE: usize = 32;
/// A record gives way to a later state of its message only.
const NEWER: &str = "attribute_not_exists(pk) OR revision < :revision";

/// What one change of one message adds to the records.
#[derive(Debug, Clone)]
pub struct UsageChange {
    /// The message's records at all its levels, of one revision.
    pub edrs: Vec<Edr>,
    pub usage: Vec<(UsageKey, Usage)>,
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

/// Which EDRs of an agreement to list.
#[derive(Debug, Clone, Default)]
pub struct EdrFilter {
    pub from: Option<Timestamp>,
    pub till: Option<Timestamp>,
    pub recipient: Option<String>,
    pub sender: Option<String>,
    pub status: Option<String>,
    pub client_reference: Option<String>,
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

    /// Posts EDRs and the usage they change. Every message is posted once per revision: those that are
    /// there already, from an earlier delivery, are left out and the rest is posted.
    pub async fn post_usage(&self, changes: &[UsageChange]) -> Result<(), StoreError> {
        let (mut waiting, shown): (Vec<&UsageChange>, Vec<_>) =
            changes.iter().partition(|change| !change.usage.is_empty());
        while !waiting.is_empty() {
            let taken = fitting(&waiting);
            let (now, later) = waiting.split_at(taken);
            let later = later.to_vec();
            match self.transact("post usage", self.usage_items(now)?).await {
                Ok(()) => waiting = later,
                Err(Refused::At(place, _)) => {
                    let known = owner_of(now, place);
                    let rest = now
                        .iter()
                        .enumerate()
                        .filter(|(index, _)| *index != known)
                        .map(|(_, change)| *change);
                    waiting = rest.chain(later).collect();
                }
                Err(Refused::Failed(error)) => return Err(error),
            }
        }
        // No money moved: the records alone, each at half the price of a transaction.
        let edrs: Vec<_> =
            shown.iter().flat_map(|change| &change.edrs).map(|edr| self.put_edr(edr)).collect();
        futures::stream::iter(edrs).buffer_unordered(PUTS_AT_ONCE).try_collect::<()>().await
    }

    /// Shows a newer state of a message in its record; an older one changes nothing.
    async fn put_edr(&self, edr: &Edr) -> Result<(), StoreError> {
        let item = document(&keys::edr(&edr.agreement, edr.accepted_at, &edr.message), edr)?;
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

    /// The EDRs first, so that a refused place tells which message it was; then each usage row once.
    fn usage_items(&self, changes: &[&UsageChange]) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut items = Vec::new();
        for edr in changes.iter().flat_map(|change| &change.edrs) {
            let item = document(&keys::edr(&edr.agreement, edr.accepted_at, &edr.message), edr)?;
            let revision = Item::from([(":revision".to_owned(), number(edr.revision))]);
            items.push(self.put_item(&self.tables.records, item, NEWER, revision));
        }
        for (key, usage) in sums(changes)? {
            items.push(self.update_item(self.usage_row(key, usage)?));
        }
        Ok(items)
    }

    pub(crate) fn usage_row(&self, key: &UsageKey, usage: Usage) -> Result<Change, StoreError> {
        let row = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(key)
            .map_err(|error| StoreError::corrupt("a usage row", error))?;
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
                (":row".to_owned(), row),
                (":zero".to_owned(), number(0)),
                (":messages".to_owned(), number(usage.messages)),
                (":quantity".to_owned(), number(usage.quantity)),
                (":amount".to_owned(), number(usage.amount)),
            ]),
        })
    }

    /// The usage of an agreement in a period.
    pub async fn usage(
        &self,
        agreement: &AgreementId,
        period: Period,
    ) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(keys::usage_rows(agreement)))
            .expression_attribute_values(":first", text(format!("{}#", period.first)))
            .expression_attribute_values(":last", text(format!("{}#~", period.last)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut rows = Vec::new();
        while let Some(item) = pages.next().await {
            rows.push(usage_of(&item.map_err(StoreError::aws("read usage"))?)?);
        }
        Ok(rows)
    }

    /// An agreement's records of messages and fees, newest first. A page may be shorter than `limit` when a filter passes few.
    pub async fn edrs(
        &self,
        agreement: &AgreementId,
        filter: &EdrFilter,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<Record>, StoreError> {
        let first = filter.from.map(keys::sortable).unwrap_or_default();
        let last = filter.till.map_or_else(|| "~".to_owned(), keys::sortable);
        let last = cursor.map_or(last, str::to_owned);
        let mut query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(keys::edrs(agreement)))
            .expression_attribute_values(
                ":first",
                text(if first.is_empty() { " ".to_owned() } else { first }),
            )
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        if let Some(cursor) = cursor {
            query = query.set_exclusive_start_key(Some(key_of(&keys::Key {
                pk: keys::edrs(agreement),
                sk: cursor.to_owned(),
            })));
        }
        let equal = [
            ("recipient", &filter.recipient),
            ("sender", &filter.sender),
            ("status", &filter.status),
            ("client_reference", &filter.client_reference),
        ];
        let mut conditions = Vec::new();
        for (name, value) in equal {
            if let Some(value) = value {
                conditions.push(format!("#{name} = :{name}"));
                query = query
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), text(value));
            }
        }
        if !conditions.is_empty() {
            query = query.filter_expression(conditions.join(" AND "));
        }
        page(record_of, query.send().await.map_err(StoreError::aws("list EDRs"))?)
    }
}

/// A fee's record says which fee it is of.
fn record_of(item: Item) -> Result<Record, StoreError> {
    match item.contains_key("fee") {
        true => Ok(Record::Fee(Box::new(read("a fee's record", item)?))),
        false => Ok(Record::Message(Box::new(read("an EDR", item)?))),
    }
}

pub(crate) fn page<T>(
    of: impl Fn(Item) -> Result<T, StoreError>,
    answer: aws_sdk_dynamodb::operation::query::QueryOutput,
) -> Result<Page<T>, StoreError> {
    let next = answer.last_evaluated_key.and_then(|mut key| key.remove(keys::SK));
    let next = next.and_then(|sk| if let AttributeValue::S(sk) = sk { Some(sk) } else { None });
    let items = answer.items.unwrap_or_default().into_iter().map(of);
    Ok(Page { items: items.collect::<Result<_, _>>()?, next })
}

/// How many changes one transaction can take, at least one. It writes an item once, so two changes of
/// one message go into two.
fn fitting(changes: &[&UsageChange]) -> usize {
    let mut items = 0;
    let mut messages = BTreeSet::new();
    let fits = changes.iter().take_while(|change| {
        items += change.edrs.len() + change.usage.len();
        items <= TRANSACTION_ITEMS_MAX && change.edrs.first().is_none_or(|edr| messages.insert(&edr.message))
    });
    fits.count().max(1)
}

/// Each usage row once, with the sum of what all changes add to it: a transaction writes an item once.
fn sums<'a>(changes: &[&'a UsageChange]) -> Result<BTreeMap<&'a UsageKey, Usage>, StoreError> {
    let mut sums: BTreeMap<&UsageKey, Usage> = BTreeMap::new();
    for (key, usage) in changes.iter().flat_map(|change| &change.usage) {
        let sum = sums.entry(key).or_default();
        *sum = sum.checked_add(*usage)?;
    }
    sums.retain(|_, usage| !usage.is_zero());
    Ok(sums)
}

/// Which change the EDR at this place of the transaction belongs to.
fn owner_of(changes: &[&UsageChange], place: usize) -> usize {
    let mut end = 0;
    changes
        .iter()
        .position(|change| {
            end += change.edrs.len();
            place < end
        })
        .unwrap_or_default()
}

fn usage_of(item: &Item) -> Result<(UsageKey, Usage), StoreError> {
    #[derive(Deserialize)]
    struct Row {
        row: UsageKey,
        messages: i64,
        quantity: i64,
    }
    let row: Row = read("a usage row", item.clone())?;
    let amount = amount_of("a usage row", item.get("amount"))?;
    Ok((row.row, Usage { messages: row.messages, quantity: row.quantity, amount }))
}
