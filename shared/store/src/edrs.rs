//! The records of an agreement, listed: its EDRs and the fees it paid.
//!
//! A message with a row has an item of its own for each level. The messages of a block have one item together
//! for each level, which says only where they are: what the record of such a message shows is in the block,
//! and read from there. So a block that moves writes nothing here, and a record is never behind its message.
//! One that has left its block has an item of its own again, and is listed with its block all the same.
//!
//! The database takes all of them away when EDRs are kept no longer.

use std::collections::BTreeMap;

use domain::edr::{Edr, Record, kept_until, record_at};
use domain::id::{AgreementId, MessageId};
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, Status};
use domain::rating::Resource;
use domain::sender::SenderAddress;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blocks::block_of;
use crate::item::{Item, document, expiring, read};
use crate::keys::{self, Key};
use crate::records::{Page, page};
use crate::{Store, StoreError};

const EDR: &str = "an EDR";
/// What only the entry of a block has, and only the record of a fee.
const BLOCK: &str = "block";
const FEE: &str = "fee";
/// DynamoDB takes so many keys in a batch of reads.
const READS_AT_ONCE: usize = 100;

/// Which EDRs of an agreement to list.
#[derive(Debug, Clone, Default)]
pub struct EdrFilter {
    pub from: Option<Timestamp>,
    pub till: Option<Timestamp>,
    pub recipient: Option<String>,
    pub sender: Option<String>,
    pub status: Option<String>,
    pub client_reference: Option<String>,
    pub country: Option<String>,
    pub network: Option<String>,
    pub resource: Option<Resource>,
    pub direction: Option<String>,
    /// Recipients from before this time are masked, and found by their masks.
    pub masked_before: Option<Timestamp>,
}

/// Why there is no such list: the table refuses a range that ends before it begins, and what is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EdrFilterError {
    #[error("`till` must not be before `from`")]
    Till,
    #[error("not a cursor of this list")]
    Cursor,
}

impl EdrFilterError {
    /// The field of a request that is wrong.
    pub fn field(self) -> &'static str {
        match self {
            Self::Till => "till",
            Self::Cursor => "cursor",
        }
    }
}

impl EdrFilter {
    /// Whether there can be a list of this, from this place on.
    pub fn check(&self, cursor: Option<&str>) -> Result<(), EdrFilterError> {
        if self.from.zip(self.till).is_some_and(|(from, till)| till < from) {
            return Err(EdrFilterError::Till);
        }
        let begins = self.from.map(keys::sortable).unwrap_or_default();
        let is_key = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        match cursor.is_some_and(|cursor| cursor < begins.as_str() || !is_key(cursor)) {
            true => Err(EdrFilterError::Cursor),
            false => Ok(()),
        }
    }
}

/// That an agreement has paid for the messages of a block.
#[derive(Serialize, Deserialize)]
struct OfBlock {
    block: LeaseTag,
    count: u16,
}

/// The entry of a block's messages in the list of one agreement.
pub(crate) fn entry_of_block(
    agreement: &AgreementId,
    block: &LeaseTag,
    accepted_at: Timestamp,
    count: u16,
) -> Result<Item, StoreError> {
    let of_block = OfBlock { block: block.clone(), count };
    let entry = document(&keys::edrs_of_block(agreement, accepted_at, block), &of_block)?;
    Ok(expiring(entry, kept_until(accepted_at)))
}

/// The item of a message's record.
pub(crate) fn edr_item(edr: &Edr) -> Result<Item, StoreError> {
    let item = document(&keys::edr(&edr.agreement, edr.accepted_at, &edr.message), edr)?;
    Ok(expiring(item, kept_until(edr.accepted_at)))
}

/// What stands at one place of the list.
struct Entry {
    sk: String,
    what: What,
}

enum What {
    Record(Record),
    Block(OfBlock),
    /// Of a message that has left its block: listed there.
    Elsewhere,
}

impl Store {
    /// An agreement's records of messages and fees, newest first; a cursor is the place of the last one. With
    /// a filter a page may be shorter than `limit`.
    pub async fn edrs(
        &self,
        agreement: &AgreementId,
        filter: &EdrFilter,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<Record>, StoreError> {
        let mut page = Page { items: Vec::new(), next: cursor.map(str::to_owned) };
        // How many may still be looked at.
        let mut left = usize::from(limit);
        loop {
            let cursor = page.next.take();
            let mut found = self.entries(agreement, filter, left, cursor.as_deref()).await?;
            if let Some(end) = enough(&found.items, left, cursor.as_deref()) {
                found.items.truncate(end);
                found.next = found.items.last().map(|entry| entry.sk.clone());
            }
            page.next = found.next;
            let mut records = self.records(agreement, found.items, cursor.as_deref()).await?.into_iter();
            let mut last = None;
            for (place, record) in records.by_ref().take(left) {
                left -= 1;
                last = Some(place);
                let record = record.masked_before(filter.masked_before);
                page.items.extend(filter.passes(&record).then_some(record));
            }
            if records.next().is_some() {
                page.next = last;
            }
            if left == 0 || page.next.is_none() {
                return Ok(page);
            }
        }
    }

    /// All records that the next entries stand for, whatever the filter says of their content.
    pub(crate) async fn records_of_entries(
        &self,
        agreement: &AgreementId,
        filter: &EdrFilter,
        entries: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Record>, StoreError> {
        let found = self.entries(agreement, filter, entries, cursor).await?;
        let records = self.records(agreement, found.items, None).await?;
        Ok(Page { items: records.into_iter().map(|(_, record)| record).collect(), next: found.next })
    }

    /// Entries from a place on, newest first.
    async fn entries(
        &self,
        agreement: &AgreementId,
        filter: &EdrFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Entry>, StoreError> {
        let (pk, span) = (keys::edrs(agreement), (filter.from, filter.till));
        page(entry_of, self.newest_records("list EDRs", pk, span, limit, cursor).await?)
    }

    /// The records that these entries stand for, each with its place, newest first.
    async fn records(
        &self,
        agreement: &AgreementId,
        entries: Vec<Entry>,
        cursor: Option<&str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let of_blocks = entries.iter().filter_map(|entry| match &entry.what {
            What::Block(of_block) => Some(of_block),
            _ => None,
        });
        let blocks = self.blocks_of(of_blocks).await?;
        let own = self.own_records(agreement, blocks.values()).await?;
        let mut records = Vec::new();
        for Entry { sk, what } in entries {
            match what {
                What::Record(record) => records.push((sk, record)),
                What::Elsewhere => {}
                What::Block(of_block) => {
                    // One whose time is over is gone with its block.
                    let Some(block) = blocks.get(&of_block.block) else { continue };
                    let shown = 0..of_block.shown(&sk, cursor);
                    let shown = shown.rev().filter_map(|place| {
                        let record = record_in_block(agreement, block, place, &own)?;
                        // Behind the last one nothing of the block is left.
                        let place = if place == 0 { sk.clone() } else { keys::edr_in_block(&sk, place) };
                        Some((place, Record::Message(Box::new(record))))
                    });
                    records.extend(shown);
                }
            }
        }
        Ok(records)
    }

    async fn blocks_of(
        &self,
        entries: impl Iterator<Item = &OfBlock>,
    ) -> Result<BTreeMap<LeaseTag, Block>, StoreError> {
        let keys: Vec<Key> = entries.map(|entry| keys::block(&entry.block)).collect();
        let mut blocks = BTreeMap::new();
        for keys in keys.chunks(READS_AT_ONCE) {
            for item in self.get_many(&self.tables.messages, keys).await? {
                let block = block_of(item)?;
                blocks.insert(block.tag.clone(), block);
            }
        }
        Ok(blocks)
    }

    /// The records of messages that have left their blocks.
    async fn own_records(
        &self,
        agreement: &AgreementId,
        blocks: impl Iterator<Item = &Block>,
    ) -> Result<BTreeMap<MessageId, Edr>, StoreError> {
        let left = blocks.flat_map(|block| block.left.iter().filter_map(|place| message_at(block, *place)));
        let keys: Vec<Key> =
            left.map(|message| keys::edr(agreement, message.accepted_at, &message.id)).collect();
        let mut records = BTreeMap::new();
        for keys in keys.chunks(READS_AT_ONCE) {
            for item in self.get_many(&self.tables.records, keys).await? {
                let record: Edr = read(EDR, item)?;
                records.insert(record.message.clone(), record);
            }
        }
        Ok(records)
    }
}

impl OfBlock {
    /// How many of its messages the pages up to `cursor` have not shown: those of the places below.
    fn shown(&self, sk: &str, cursor: Option<&str>) -> u16 {
        cursor.and_then(|cursor| keys::place_in_block(sk, cursor)).unwrap_or(self.count).min(self.count)
    }
}

impl EdrFilter {
    /// A fee has no recipient, no status, no reference, and went nowhere.
    fn passes(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        match record {
            Record::Message(edr) => {
                is(&self.recipient, Some(edr.recipient.as_str()))
                    && is(&self.sender, Some(edr.sender.as_str()))
                    && is(&self.status, Some(edr.status.name()))
                    && is(&self.client_reference, edr.client_reference.as_deref())
                    && is(&self.country, Some(&edr.country))
                    && is(&self.network, edr.network.as_deref())
                    && is(&self.direction, Some(edr.direction()))
                    && self.resource.is_none_or(|resource| resource == edr.resource)
            }
            Record::Fee(fee) => {
                is(&self.recipient, None)
                    && is(&self.sender, fee.sender.as_ref().map(SenderAddress::as_str))
                    && is(&self.status, None)
                    && [&self.client_reference, &self.country, &self.network, &self.direction]
                        .into_iter()
                        .all(|wanted| is(wanted, None))
                    && self.resource.is_none_or(|resource| resource == fee.resource)
            }
        }
    }
}

/// After how many of the entries there are `limit` records, if that is before their end.
fn enough(entries: &[Entry], limit: usize, cursor: Option<&str>) -> Option<usize> {
    let mut records = 0;
    let enough = entries.iter().position(|entry| {
        records += match &entry.what {
            What::Record(_) => 1,
            What::Block(of_block) => usize::from(of_block.shown(&entry.sk, cursor)),
            What::Elsewhere => 0,
        };
        limit <= records
    });
    enough.map(|last| last + 1).filter(|end| *end < entries.len())
}

fn entry_of(item: Item) -> Result<Entry, StoreError> {
    let sk = item.get(keys::SK).and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
    let what = if item.contains_key(BLOCK) {
        What::Block(read("the EDRs of a block", item)?)
    } else if item.contains_key(FEE) {
        What::Record(Record::Fee(Box::new(read("a fee's record", item)?)))
    } else {
        let edr: Edr = read(EDR, item)?;
        match edr.message.block() {
            Some(_) => What::Elsewhere,
            None => What::Record(Record::Message(Box::new(edr))),
        }
    };
    Ok(Entry { sk, what })
}

/// What a message of a block shows one agreement. None if that agreement does not pay for it.
fn record_in_block(
    agreement: &AgreementId,
    block: &Block,
    place: u16,
    own: &BTreeMap<MessageId, Edr>,
) -> Option<Edr> {
    let message = message_at(block, place)?;
    if !block.left.contains(&place) {
        return record_at(message, agreement);
    }
    // Until its own is written it has only just left, to be sent by itself.
    let waiting = || record_at(&Message { status: Status::Accepted, ..message.clone() }, agreement);
    own.get(&message.id).cloned().or_else(waiting)
}

fn message_at(block: &Block, place: u16) -> Option<&Message> {
    block.messages.get(usize::from(place))
}
