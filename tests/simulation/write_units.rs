//! What each step of the product costs in write units, as DynamoDB reports it (`ConsumedCapacity`).
//! `cargo test --workspace write_units -- --nocapture` prints the table.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::destination::Msisdn;
use domain::id::{BatchId, MessageId, PaymentId, TransferId, WalletId};
use domain::lease::LeaseTag;
use domain::message::{Message, Progress, Step, apply};
use domain::payment::PaymentDirection;
use domain::receipt::ReceiptState;
use jiff::SignedDuration;
use queue::{Outcome, Report};
use rust_decimal::Decimal;
use store::{Awaiting, DueReports, Flushed, LeaseSession, Refund, keys};
use tests::world::{Member, NOW, World, amount, connection, post_transfer, transfer_request};

const SENDS: u32 = 1_000;
const RECIPIENTS: u32 = 100;
/// The largest item for which a write pays one unit.
const UNIT_BYTES: usize = 1_024;
/// What a wallet has after years of business: long numbers.
const FUNDS: &str = "123456.789123";

/// 160 characters, the longest text of one segment.
fn text() -> String {
    "Waybill ".repeat(20)
}

fn units(text: &str) -> Decimal {
    text.parse().expect("a number of units")
}

async fn take(world: &World) -> Decimal {
    world.take_write_units().values().sum()
}

#[track_caller]
fn check(what: &str, measured: Decimal, most: &str) {
    println!("{what:<58} {:>9}   at most {most:>5}", measured.round_dp(4).normalize());
    assert!(measured <= units(most), "{what}: {measured} is more than {most}");
}

/// The bytes of the largest item of a kind; a batch's own row is not one of its messages.
async fn largest(world: &World, table: &str, kind: &str) -> usize {
    let client = world.database.client();
    let scan = client.scan().table_name(format!("{}-{table}", tests::world::STACK));
    let items: Result<Vec<_>, _> = scan.into_paginator().items().send().collect().await;
    let sized = |item: HashMap<String, AttributeValue>| {
        let counts = item["pk"].as_s().expect("a key").starts_with(kind) && !item.contains_key("recipients");
        counts.then(|| size_of_map(&item))
    };
    items.expect("the table is read").into_iter().filter_map(sized).max().unwrap_or_default()
}

/// Sizes as the developer guide gives them ("DynamoDB item sizes and formats").
fn size_of_map(map: &HashMap<String, AttributeValue>) -> usize {
    map.iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => {
            let significant = digits.bytes().filter(u8::is_ascii_digit).count();
            significant.div_ceil(2) + 1 + usize::from(digits.starts_with('-'))
        }
        AttributeValue::M(map) => 3 + map.len() + size_of_map(map),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size_of(value)).sum::<usize>(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        other => panic!("no item of ours has {other:?}"),
    }
}

#[tokio::test]
async fn write_units_of_every_path() {
    println!("\nwrite units                                                measured      target");
    for depth in 2..=5 {
        sends(depth).await;
    }
    hot_sends().await;
    batch().await;
    leased_batch().await;
    for (rate, window_ms, most) in [(100, 100, "0.35"), (1_000, 100, "0.22"), (1_000, 20, "0.22")] {
        bind(rate, window_ms, most).await;
    }
    transfer_and_payment().await;
    life_of_a_message().await;
    due_reports().await;
}

async fn sends(depth: usize) {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(depth, FUNDS).await;
    let above: Vec<_> = chain[1..].iter().map(|member| format!("wallet#{}", member.wallet)).collect();
    let (log, store) = crate::observed(&world);
    take(&world).await;
    for number in 0..SENDS {
        chain[0].send(&store, &format!("key-{number}"), &text()).await.expect("there is enough");
    }
    let per_message = take(&world).await / Decimal::from(SENDS);
    check(&format!("single send, {depth} levels"), per_message, "4.1");
    let ancestors = log.writes_under(&above);
    // Two units for each item of a transaction.
    let ancestors = Decimal::from(2 * ancestors) / Decimal::from(SENDS);
    check("  of that on wallets above the sender's", ancestors, "0.05");
    let (message, wallet) =
        (largest(&world, "messages", "message#").await, largest(&world, "ledger", "wallet#").await);
    println!("  a message is {message} bytes, a wallet at most {wallet}");
    assert!(message < UNIT_BYTES && wallet < UNIT_BYTES, "{message}, {wallet}");
}

/// A client that sends a hundred times a second, with all that its lease costs from beginning to end.
async fn hot_sends() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(5, FUNDS).await;
    let client = &chain[0];
    client.send(&world.store, "first", &text()).await.expect("there is enough");
    take(&world).await;
    let mut session = lease(&world, client, 100).await;
    for number in 0..SENDS {
        let draft = client.draft(&format!("key-{number}"), &text(), 1).expect("a rate");
        let now = NOW + SignedDuration::from_millis(10 * i64::from(number));
        let sent = session.send(&draft, now).await.expect("an answer");
        assert!(matches!(sent, Flushed::Now(_)), "{sent:?}");
    }
    let (message, wallet) =
        (largest(&world, "messages", "message#").await, largest(&world, "ledger", "wallet#").await);
    session.close().await.expect("it is closed");
    check("hot client's single send, 5 levels", take(&world).await / Decimal::from(SENDS), "2.05");
    println!("  a message is {message} bytes, a wallet at most {wallet}");
    assert!(message < UNIT_BYTES && wallet < UNIT_BYTES, "{message}, {wallet}");
}

async fn lease(world: &World, client: &Member, rate: u32) -> LeaseSession {
    let session = world.store.acquire_lease(&client.wallet, rate, NOW).await.expect("an answer");
    session.expect("a free lease")
}

/// 160 characters that are different in every text: random letters in words, which shrink less than
/// any language does.
fn noise(number: u32) -> String {
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"abcdefghijklmnopqrstuvwxyz     "[(state >> 33) as usize % 31] as char
    };
    (0..160).map(letter).collect()
}

/// What an SMPP bind costs: blocks of all that came within a window, for ten seconds.
async fn bind(rate: u32, window_ms: u32, most: &str) {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(5, FUNDS).await;
    let client = &chain[0];
    let each = rate * window_ms / 1_000;
    let windows = 10_000 / window_ms;
    let mut blocks = BTreeSet::new();
    take(&world).await;
    let mut session = lease(&world, client, rate).await;
    for window in 0..windows {
        let one = |place| {
            let number = window * each + place;
            let recipient = Msisdn::parse(&format!("+4915{:09}", 100_000_000 + number * 7_919 % 99_999_989));
            client
                .draft_to(vec![recipient.expect("a number")], &format!("bind-{number}"), &noise(number))
                .expect("a rate")
        };
        let drafts: Vec<_> = (0..each).map(one).collect();
        let now = NOW + SignedDuration::from_millis(i64::from(window * window_ms));
        let rows = session.flush(&drafts, now).await.expect("an answer");
        for row in rows {
            let id = MessageId::parse(row.expect("accepted").reference()).expect("an id");
            blocks.insert(id.block().expect("a block").0);
        }
    }
    session.close().await.expect("it is closed");
    let per_message = take(&world).await / Decimal::from(windows * each);
    check(&format!("SMPP bind at {rate}/s, {window_ms} ms windows, 5 levels"), per_message, most);
    let block = largest(&world, "messages", "block#").await;
    println!("  a block of {each} is at most {block} bytes, {} for each message", block / each as usize);
    life_of_blocks(&world, &blocks, rate, per_message).await;
}

/// From the claim to the receipts, which come for a block at once. The vendor's ids cost a unit each beside
/// it, as each is found by itself.
async fn life_of_blocks(world: &World, blocks: &BTreeSet<LeaseTag>, rate: u32, accepted: Decimal) {
    let app = progress_applier::App { store: world.store.clone() };
    let mut count = 0;
    let [mut claim, mut outcome, mut receipt] = [Decimal::ZERO; 3];
    for tag in blocks {
        world.store.claim_block(tag, 1).await.expect("claimed");
        claim += take(world).await;
        let block = world.store.block(tag).await.expect("a read").expect("a block");
        let reference = |message: &Message| format!("{:x}", message.id.spread());
        let taken = |message: &Message| Outcome::Submitted(vec![Some(reference(message))]);
        let outcomes = (0..).zip(block.messages.iter().map(taken)).collect();
        let told = queue::Progress::BlockV1 {
            block: tag.clone(),
            connection: connection(),
            outcomes,
            references_by: None,
            at: NOW,
        };
        app.apply(told).await.expect("applied");
        outcome += take(world).await;
        let report = |message: &Message| Report {
            reference: reference(message),
            other_reference: None,
            state: ReceiptState::Delivered,
            error: None,
            recipient: None,
            segment: None,
            again: false,
        };
        let receipts = block.messages.iter().map(report).collect();
        let told = queue::Progress::ReceiptsV1 { connection: connection(), receipts, at: NOW };
        app.apply(told).await.expect("applied");
        receipt += take(world).await;
        count += block.messages.len();
    }
    let count = Decimal::from(count);
    let (claim, outcome, receipt) = (claim / count, outcome / count - Decimal::ONE, receipt / count);
    check(&format!("  claim of a block, {rate}/s"), claim, "0.25");
    check(&format!("  outcome in a block, {rate}/s, and 1 for the vendor's id"), outcome, "0.3");
    check(&format!("  receipt in a block, {rate}/s"), receipt, "0.3");
    let life = accepted + claim + outcome + receipt;
    check(&format!("  a message's whole life in a block, {rate}/s, and 1"), life, "1.1");
}

async fn leased_batch() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(5, FUNDS).await;
    let mut session = lease(&world, &chain[0], 100).await;
    // Without a refill; its share is in the single sends.
    let first = chain[0].draft("first", &text(), 1).expect("a rate");
    session.send(&first, NOW).await.expect("an answer");
    take(&world).await;
    let batch = chain[0].draft("batch", &text(), RECIPIENTS).expect("a rate");
    let sent = session.send(&batch, NOW).await.expect("an answer");
    assert!(matches!(sent, Flushed::Now(_)), "{sent:?}");
    let each = take(&world).await / Decimal::from(RECIPIENTS);
    check("a recipient of 100 before its row, 5 levels, by a lease", each, "0.2");
}

async fn batch() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(5, FUNDS).await;
    let client = &chain[0];
    // Without a refill; its share is in the single sends.
    client.send(&world.store, "first", &text()).await.expect("there is enough");
    take(&world).await;
    let sent = client.send_batch(&world.store, "batch", &text(), RECIPIENTS).await;
    let (_, batch) = sent.expect("there is enough");
    let accepted = take(&world).await;
    check("a recipient of 100 before its row, 5 levels", accepted / Decimal::from(RECIPIENTS), "0.2");
    for message in batch.messages() {
        world.store.write_message_of_batch(&message).await.expect("the row is written");
    }
    let each = (accepted + take(&world).await) / Decimal::from(RECIPIENTS);
    check("a recipient of 100 with its row, 5 levels", each, "1.1");
    let row = largest(&world, "messages", "message#").await;
    assert!(row < UNIT_BYTES, "{row}");
}

async fn transfer_and_payment() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(5, FUNDS).await;
    let (client, seller) = (&chain[0], &chain[1]);
    take(&world).await;
    let ask = transfer_request(TransferId::new(world.unique()), seller, client, amount("0.000001"));
    post_transfer(&world.store, seller, client, ask).await.expect("there is enough");
    check_parts("transfer", &world, ("6", "12", "12"));
    let wallet = world.wallet(&client.wallet).await;
    let id = PaymentId::new(world.unique());
    let payment = client
        .payment(id, PaymentDirection::Inbound, amount("0.000001"), &wallet)
        .expect("the payment is allowed");
    let act = tests::edits::act(&client.company.path);
    world.store.post_payment(&act, &payment, &wallet).await.expect("the payment is stored");
    check_parts("payment", &world, ("6", "30", "24"));
}

/// The money, the places in lists, and the entries of the audit log: for each of the six companies that see one
/// two units, or four where it is larger than a kilobyte. They are in three tables.
fn check_parts(what: &str, world: &World, (money, lists, log): (&str, &str, &str)) {
    let units = world.take_write_units();
    let of = |table: &String| units.get(table).copied().unwrap_or_default();
    let tables = &world.store.tables;
    check(what, of(&tables.ledger), money);
    check("  its places in lists", of(&tables.directory), lists);
    check("  its entry in the log of 6 companies", of(&tables.records), log);
}

/// From accepted to refused: the claim, and the refund of all levels with the last status.
async fn life_of_a_message() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(5, FUNDS).await;
    let (_, message) = chain[0].send(&world.store, "key", &text()).await.expect("there is enough");
    take(&world).await;
    world.store.claim(&message.id).await.expect("it is claimed");
    check("claim", take(&world).await, "1");
    let claimed = world.store.message(&message.id).await.expect("it is read").expect("it is there");
    let refused = Progress::Refused { reason: "0x0000000B".into() };
    let Step::Move { message, refund } = apply(&claimed, &refused, NOW) else { panic!("it is unsent") };
    assert_eq!(refund.len(), 5);
    world.store.move_message(&message, claimed.revision, &refund).await.expect("it is refunded");
    check("refund", take(&world).await, "4");
    refunds_together(&world, &chain[0]).await;
}

/// As many as a delivery of the progress queue brings.
async fn refunds_together(world: &World, client: &Member) {
    const REFUNDS: usize = 50;
    let mut refunds = Vec::new();
    for number in 0..REFUNDS {
        let (_, message) =
            client.send(&world.store, &format!("many-{number}"), &text()).await.expect("enough");
        let refused = Progress::Refused { reason: "0x0000000B".into() };
        let Step::Move { message: next, refund } = apply(&message, &refused, NOW) else {
            panic!("it is unsent")
        };
        refunds.push(Refund { message: *next, before: message.revision, charges: refund });
    }
    take(world).await;
    world.store.refund_together(&refunds).await.expect("they are refunded");
    check("refund, 50 together", take(world).await / Decimal::from(REFUNDS), "2.1");
}

/// Filed and forgotten: rows that were submitted in one delivery of the stream, which brings a hundred, and a
/// block by itself, whose messages share it.
async fn due_reports() {
    let world = World::with_streams(&[]).await;
    let rows = (0..100).map(|place| Awaiting::Message(MessageId::in_batch(&BatchId::new(7), place)));
    let tag = LeaseTag { lease: WalletId::new(7), fence: 1, number: 1 };
    for (what, count, most, awaiting) in [
        ("reports awaited, 100 rows of a delivery, each", 100, "0.1", rows.collect()),
        ("reports awaited, a block", 1, "2", vec![Awaiting::Block(tag)]),
    ] {
        let due = DueReports::by_hour(awaiting.into_iter().map(|awaiting| (awaiting, NOW)));
        take(&world).await;
        world.store.put_due_reports(&due).await.expect("filed");
        for list in keys::reports_due_lists() {
            let later = NOW + SignedDuration::from_hours(1);
            for (filed, _) in world.store.due_reports(&list, later, 10, None).await.expect("a page").items {
                world.store.forget_due_reports(&filed).await.expect("forgotten");
            }
        }
        check(what, take(&world).await / Decimal::from(count), most);
    }
}
