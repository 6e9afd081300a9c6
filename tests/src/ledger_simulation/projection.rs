//! The streams of the ledger and of the messages, delivered to the real projector under faults: twice, cut
//! in two, late, and by a consumer that was thought dead. And whether what it makes of them adds up.
//!
//! The records are those of the writes that the simulation saw, item by item with both images, as
//! DynamoDB's stream has them; the embedded database looks through its whole stream for each new record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use domain::edr::{Edr, Record, records};
use domain::id::{AgreementId, MessageId, WalletId};
use domain::lease::LeaseTag;
use domain::message::Status;
use domain::money::Amount;
use domain::period::Period;
use domain::statement::StatementLine;
use domain::wallet::Wallet;
use jiff::Timestamp;
use jiff::civil::date;
use queue::Job;
use rand::RngExt;
use rand::rngs::StdRng;
use store::{EdrFilter, Item, Store, StoreError};

use super::commands::{Answer, Means};
use super::ledger::{Breach, Invariant, Ledger};
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::Refused;

/// Entries on a page of a list.
const PAGE: u16 = 200;
/// Records of one delivery.
const RECORDS_MAX: usize = 40;

/// One change of one item.
#[derive(Debug, Clone)]
pub struct Written {
    before: Option<Item>,
    after: Item,
    at: Timestamp,
}

/// The tables that are streamed.
pub const STREAMED: [&str; 2] = ["ledger", "messages"];

/// What was written to the streamed tables, and how far each was projected.
#[derive(Debug, Default)]
pub struct Streams {
    records: [Vec<Arc<Written>>; 2],
    done: [usize; 2],
    images: BTreeMap<(String, String), Item>,
}

/// Some records of one shard.
#[derive(Clone, Default)]
pub struct Delivery {
    shard: usize,
    from: usize,
    records: Arc<Vec<Arc<Written>>>,
}

impl Streams {
    /// Takes in an item after a write to it.
    pub fn put(&mut self, shard: usize, key: (String, String), after: &Item, at: Timestamp) {
        let before = self.images.insert(key, after.clone());
        if before.as_ref() != Some(after) {
            self.records[shard].push(Arc::new(Written { before, after: after.clone(), at }));
        }
    }

    /// The next delivery of a shard; at times an old one again. None if all was projected.
    pub fn next(&self, shard: usize, random: &mut StdRng) -> Option<Delivery> {
        let (records, done) = (&self.records[shard], self.done[shard]);
        let again = done > 0 && random.random_ratio(1, 8);
        let from = if again { random.random_range(0..done) } else { done };
        if from == records.len() {
            return None;
        }
        let most = random.random_range(1..=RECORDS_MAX);
        let to = records.len().min(from + most);
        Some(Delivery { shard, from, records: Arc::new(records[from..to].to_vec()) })
    }

    /// All that is left of a shard.
    pub fn rest(&self, shard: usize) -> Delivery {
        let from = self.done[shard];
        Delivery { shard, from, records: Arc::new(self.records[shard][from..].to_vec()) }
    }

    /// A delivery was projected.
    pub fn posted(&mut self, delivery: &Delivery) {
        let to = delivery.from + delivery.records.len();
        let done = &mut self.done[delivery.shard];
        if delivery.from <= *done {
            *done = (*done).max(to);
        }
    }

    pub fn is_done(&self) -> bool {
        (0..STREAMED.len()).all(|shard| self.done[shard] == self.records[shard].len())
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} from {}, {} records", STREAMED[self.shard], self.from, self.records.len())
    }
}

impl Delivery {
    /// The first half, as a stream delivers it after a failure.
    pub fn bisected(&self) -> Self {
        let half = self.records.len().div_ceil(2);
        Self { records: Arc::new(self.records[..half].to_vec()), ..self.clone() }
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub fn shard(&self) -> usize {
        self.shard
    }

    pub async fn project(self, means: &Means) -> Result<Answer, Refused> {
        let app = projector::App {
            store: means.store.clone(),
            sqs: means.sqs.clone(),
            http_send: means.http_send.clone(),
            notifications: means.notifications.clone(),
            billing: means.notifications.clone(),  // nobody closes here
            webhooks: means.notifications.clone(), // no phone writes here
            archive: crate::embedded_s3::EmbeddedS3::new().archive(),
        };
        let mut event = Event::default();
        event.records = self.records.iter().map(|record| delivered(record)).collect();
        match projector::handle(&app, event).await {
            Ok(()) => Ok(Answer::Done),
            Err(error) => {
                Err(StoreError::Aws { action: "project", source: error.into_boxed_dyn_error() }.into())
            }
        }
    }
}

fn delivered(record: &Written) -> EventRecord {
    let mut event = EventRecord::default();
    event.change.old_image = record.before.clone().map(Into::into).unwrap_or_default();
    event.change.new_image = record.after.clone().into();
    event.change.approximate_creation_date_time = std::time::SystemTime::from(record.at).into();
    event
}

/// Statements, EDRs, usage and jobs say what the rows say, once all of the streams was projected.
pub async fn check(store: &Store, sqs: &EmbeddedSqs, queues: &[&str], ledger: &Ledger) -> Result<(), Breach> {
    // A lease has no balance, and so no statement.
    for wallet in ledger.wallets.values().filter(|wallet| wallet.lease.is_none()) {
        let lines = lines(store, &wallet.id).await.map_err(failed)?;
        let cursor = store.statement_cursor(&wallet.id).await.map_err(failed)?;
        check_statement(wallet, &lines, cursor)?;
    }
    let mut expected: BTreeMap<AgreementId, Vec<Edr>> = BTreeMap::new();
    let mut owed: BTreeMap<AgreementId, Amount> = BTreeMap::new();
    for message in ledger.stored_messages() {
        for edr in records(message) {
            let sum = owed.entry(edr.agreement.clone()).or_default();
            *sum = sum.checked_add(edr.amount)?;
            expected.entry(edr.agreement.clone()).or_default().push(edr);
        }
    }
    for fee in ledger.fees.values() {
        let sum = owed.entry(fee.agreement.clone()).or_default();
        *sum = sum.checked_add(fee.amount)?;
    }
    for (agreement, expected) in &expected {
        check_edrs(store, agreement, expected).await?;
    }
    let ever = Period { first: date(2000, 1, 1), last: date(2100, 1, 1) };
    for (agreement, owed) in &owed {
        let usage = store.usage(agreement, ever).await.map_err(failed)?;
        let counted = Amount::checked_sum(usage.iter().map(|(_, usage)| usage.amount))?;
        if counted != *owed {
            return wrong(format!("the usage of {agreement} is {counted}, its charges are {owed}"));
        }
    }
    let told = Told::by(sqs, queues);
    // One that was called back may have been so before anybody was told.
    let to_send = ledger.stored_messages().filter(|message| message.status != Status::Canceled);
    match to_send.map(|message| &message.id).find(|id| !told.to_send(id)) {
        Some(id) => wrong(format!("nobody was told to send {id}")),
        None => Ok(()),
    }
}

/// What workers were told to send.
#[derive(Default)]
pub struct Told {
    messages: BTreeSet<MessageId>,
    blocks: BTreeSet<LeaseTag>,
}

impl Told {
    pub fn by(sqs: &EmbeddedSqs, queues: &[&str]) -> Self {
        let mut told = Self::default();
        for job in queues.iter().flat_map(|queue| sqs.messages::<Job>(queue)) {
            match job {
                Job::SubmitV1 { message, .. } => drop(told.messages.insert(message)),
                Job::SubmitBlockV1 { block, .. } => drop(told.blocks.insert(block)),
            }
        }
        told
    }

    /// By itself or with its block.
    pub fn to_send(&self, id: &MessageId) -> bool {
        let is_of_block = |(tag, _): (LeaseTag, u16)| self.blocks.contains(&tag);
        self.messages.contains(id) || id.block().is_some_and(is_of_block)
    }
}

async fn check_edrs(store: &Store, agreement: &AgreementId, expected: &[Edr]) -> Result<(), Breach> {
    let (mut found, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page =
            store.edrs(agreement, &EdrFilter::default(), PAGE, cursor.as_deref()).await.map_err(failed)?;
        let edrs = page.items.into_iter().filter_map(Record::into_message);
        found.extend(edrs.map(|edr| (edr.message.clone(), edr)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    for edr in expected {
        let Some(shown) = found.remove(&edr.message) else {
            return wrong(format!("{} has no record of {}", agreement, edr.message));
        };
        // That a worker holds a message is not shown.
        let is_shown = shown.revision == edr.revision || edr.status == Status::Queued;
        if shown.amount != edr.amount || !is_shown {
            let detail = format!("the record of {} shows {} of {}", edr.message, shown.amount, edr.amount);
            return wrong(detail);
        }
    }
    match found.keys().next() {
        Some(extra) => wrong(format!("{agreement} has a record of {extra}, which does not exist")),
        None => Ok(()),
    }
}

fn check_statement(wallet: &Wallet, lines: &[StatementLine], cursor: u64) -> Result<(), Breach> {
    let id = &wallet.id;
    let wrong = |what: String| wrong(format!("the statement of {id} {what}"));
    if cursor != wallet.sequence {
        return wrong(format!("ends at {cursor}, the wallet is at {}", wallet.sequence));
    }
    let (mut balance, mut sequence) = (Amount::ZERO, 0);
    for line in lines {
        balance = balance.checked_add(line.amount)?;
        if line.balance_after != balance {
            return wrong(format!("says {} at {}, it is {balance}", line.balance_after, line.to_sequence));
        }
        if line.from_sequence <= sequence || line.to_sequence < line.from_sequence {
            return wrong(format!("goes from {sequence} to {}", line.from_sequence));
        }
        sequence = line.to_sequence;
    }
    if balance != wallet.posted_balance()? {
        return wrong(format!("sums to {balance}, the balance is {}", wallet.posted_balance()?));
    }
    Ok(())
}

/// Oldest first.
async fn lines(store: &Store, wallet: &WalletId) -> Result<Vec<StatementLine>, StoreError> {
    let (mut lines, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.statement(wallet, PAGE, cursor.as_deref()).await?;
        lines.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            lines.reverse();
            return Ok(lines);
        }
    }
}

fn wrong(detail: String) -> Result<(), Breach> {
    Err(Breach::of(Invariant::Statement, detail))
}

fn failed(error: StoreError) -> Breach {
    Breach::of(Invariant::Lively, error.to_string())
}
