//! Very many receipts: shuffled, doubled, before the answers to the submits, and with the vendor's ids in
//! other number forms.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::destination::Msisdn;
use futures::StreamExt;
use progress_applier::handle;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use store::keys;
use tests::embedded_dynamodb::NoFaults;

use super::*;

/// `BLOCK_MESSAGES=100000` is what `.ci/run` asks for: some minutes without optimizations.
const MESSAGES: usize = 10_000;
const PER_BLOCK: usize = 100;
/// What a gateway gathers in a few milliseconds.
const PER_RECEIPTS: usize = 100;
/// Receipts of a block come within so many blocks after it.
const SPREAD: i64 = 400;
/// Of so many, one comes before the answer.
const EARLY_RATIO: u32 = 20;
/// The vendor's first id: neither its decimal nor its hexadecimal forms are another one's.
const FIRST_ID: u64 = 1_000_000_000_000;

/// What becomes of a message, and how often the vendor tells.
struct Fate {
    outcome: Outcome,
    state: Option<ReceiptState>,
    ends: Status,
}

impl Fate {
    fn of(number: usize) -> Self {
        let id = FIRST_ID + number as u64;
        let reference = match number % 2 {
            0 => format!("{id:X}"),
            _ => format!("{id:x}"),
        };
        let (outcome, state, ends) = match number % 25 {
            7 => (refused(false), None, Status::Unsent),
            11 => (taken(&reference), Some(ReceiptState::Undelivered), Status::Undelivered),
            19 => (taken(&reference), Some(ReceiptState::Unsent), Status::Unsent),
            _ => (taken(&reference), Some(ReceiptState::Delivered), Status::Delivered),
        };
        Self { outcome, state, ends }
    }

    fn report(&self, number: usize, recipient: &Msisdn, random: &mut StdRng) -> Option<Report> {
        let id = FIRST_ID + number as u64;
        let reference = match random.random_range(0..4) {
            0 => format!("{id}"),
            1 => format!("{id:X}"),
            2 => format!("{id:016x}"),
            _ => format!("00{id}"),
        };
        let recipient = Some(format!("+{}", recipient.as_str()));
        Some(Report {
            reference,
            other_reference: None,
            state: self.state?,
            error: None,
            recipient,
            segment: None,
            again: false,
        })
    }
}

#[tokio::test]
async fn every_message_ends_as_its_vendor_said_however_its_receipts_come() {
    let count = std::env::var("BLOCK_MESSAGES").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(MESSAGES);
    let begun = Instant::now();
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").with_funds("10000").open().await;
    let blocks = accepted(&world, &client, count).await;
    println!("{count} messages in {} blocks after {:?}", blocks.len(), begun.elapsed());
    // Many calls: they are neither signed nor noted.
    let app = App { store: Store::new(world.database.quick_client(NoFaults, 1), tables()) };
    let progresses = progresses(&world, &blocks).await;
    println!("{} progresses after {:?}", progresses.len(), begun.elapsed());
    // As several functions take them from the queue at once.
    let deliveries = progresses.chunks(5).map(|some| {
        let app = &app;
        async move { handle(app, delivery(some)).await.batch_item_failures.len() }
    });
    let deliveries: Vec<_> = deliveries.collect();
    let failed: Vec<usize> = futures::stream::iter(deliveries).buffer_unordered(3).collect().await;
    println!("applied after {:?}", begun.elapsed());
    // Those that met too many others come again, as SQS brings them.
    if failed.iter().sum::<usize>() > 0 {
        for progress in &progresses {
            app.apply(progress.clone()).await.expect("applied");
        }
    }
    let mut refunded = 0;
    for (number, tag) in blocks.iter().enumerate() {
        let block = world.store.block(tag).await.expect("a read").expect("a block");
        for (place, message) in block.messages.iter().enumerate() {
            let fate = Fate::of(number * PER_BLOCK + place);
            assert_eq!(message.status, fate.ends, "{}", message.id);
            refunded += usize::from(fate.ends == Status::Unsent);
        }
    }
    let spent = amount("0.05").checked_times((count - refunded) as u32).expect("a sum");
    assert_eq!(world.balance(&client).await, amount("10000").checked_sub(spent).expect("a sum"));
    assert_eq!(parked(&world).await, 0);
    println!("{count} messages took {:?}", begun.elapsed());
}

/// In blocks that a worker has claimed.
async fn accepted(world: &World, client: &Member, count: usize) -> Vec<LeaseTag> {
    let session = world.store.acquire_lease(&client.wallet, 1_000, NOW).await.expect("an answer");
    let mut session = session.expect("a lease");
    let mut blocks = Vec::new();
    for number in 0..count / PER_BLOCK {
        let draft = |place: usize| {
            let mut draft = client.draft(&format!("{number}-{place}"), "hello", 1).expect("a rate");
            let recipient = format!("+49151{:08}", number * PER_BLOCK + place);
            draft.wanted[0].0 = Msisdn::parse(&recipient).expect("a number");
            draft
        };
        let drafts: Vec<_> = (0..PER_BLOCK).map(draft).collect();
        let rows = session.flush(&drafts, NOW).await.expect("an answer");
        let first = MessageId::parse(rows[0].as_ref().expect("accepted").reference()).expect("an id");
        let (tag, _) = first.block().expect("a block");
        world.store.claim_block(&tag, 1).await.expect("claimed");
        blocks.push(tag);
    }
    session.close().await.expect("it is closed");
    blocks
}

/// All that the vendor says, in the order in which it reaches us.
async fn progresses(world: &World, blocks: &[LeaseTag]) -> Vec<Progress> {
    let mut random = StdRng::seed_from_u64(7);
    let mut timeline: BTreeMap<(i64, u64), Progress> = BTreeMap::new();
    let mut receipts: Vec<(i64, Report)> = Vec::new();
    for (number, tag) in blocks.iter().enumerate() {
        let block = world.store.block(tag).await.expect("a read").expect("a block");
        let at = number as i64 * 100;
        let mut outcomes = Vec::new();
        for (place, message) in block.messages.iter().enumerate() {
            let number = number * PER_BLOCK + place;
            let fate = Fate::of(number);
            for _ in 0..random.random_range(1..=2) {
                let delay = match random.random_ratio(1, EARLY_RATIO) {
                    true => -random.random_range(1..100),
                    false => random.random_range(1..SPREAD),
                };
                let report = fate.report(number, &message.recipient, &mut random);
                receipts.extend(report.map(|report| (at + delay, report)));
            }
            outcomes.push((place as u16, fate.outcome));
        }
        // In one piece or in two, and at times once more.
        let half = outcomes.split_off(random.random_range(1..=PER_BLOCK));
        for outcomes in [outcomes, half].into_iter().filter(|outcomes| !outcomes.is_empty()) {
            for again in 0..random.random_range(1..=2) {
                let outcomes = outcomes.clone();
                let block = tag.clone();
                let told = Progress::BlockV1 {
                    block,
                    connection: connection(),
                    outcomes,
                    references_by: None,
                    at: NOW,
                };
                timeline.insert((at + again * 150, random.random()), told);
            }
        }
    }
    receipts.sort_by_key(|(at, _)| *at);
    for some in receipts.chunks(PER_RECEIPTS) {
        let (at, receipts) =
            (some[some.len() - 1].0, some.iter().map(|(_, report)| report.clone()).collect());
        let told = Progress::ReceiptsV1 { connection: connection(), receipts, at: NOW };
        timeline.insert((at, random.random()), told);
    }
    timeline.into_values().collect()
}

/// What the function is handed.
pub fn delivery(progresses: &[Progress]) -> aws_lambda_events::event::sqs::SqsEvent {
    let record = |(number, progress): (usize, &Progress)| {
        let mut record = aws_lambda_events::event::sqs::SqsMessage::default();
        record.message_id = Some(number.to_string());
        record.body = Some(serde_json::to_string(progress).expect("JSON"));
        record
    };
    let mut event = aws_lambda_events::event::sqs::SqsEvent::default();
    event.records = progresses.iter().enumerate().map(record).collect();
    event
}

/// Receipts that wait for their messages.
pub async fn parked(world: &World) -> usize {
    let scan = world.database.client().scan().table_name(&tables().messages).consistent_read(true);
    let items: Result<Vec<store::Item>, _> = scan.into_paginator().items().send().collect().await;
    let is_parked = |item: &&store::Item| item[keys::SK].as_s().is_ok_and(|sk| sk.starts_with(keys::PARKED));
    items.expect("the table is read").iter().filter(is_parked).count()
}
