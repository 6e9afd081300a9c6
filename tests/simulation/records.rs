//! What is projected: statement lines and usage, once however often and by however many they are posted.

use domain::edr::{ChargeUsage, UsageKey, agreement_of, records, usage_changes};
use domain::id::WalletId;
use domain::message::{Message, Progress, Step, apply};
use domain::money::Amount;
use domain::period::Period;
use domain::statement::StatementLine;
use domain::wallet::OperationKind;
use jiff::civil::date;
use store::{StatementPosted, Statistics, Store, UsageChange};
use tests::embedded_dynamodb::Fault;
use tests::world::{NOW, World, amount};
use tokio::task::JoinSet;

use crate::{first_write, is_unknown};

const MONTH: Period = Period { first: date(2026, 1, 1), last: date(2026, 1, 31) };

fn line(wallet: &WalletId, sequence: u64) -> StatementLine {
    StatementLine {
        wallet: wallet.clone(),
        from_sequence: sequence,
        to_sequence: sequence,
        kind: OperationKind::Payment,
        amount: Amount::whole(1),
        balance_after: Amount::whole(sequence as i64),
        movements: 1,
        reference: format!("pay-{sequence}"),
        at: NOW,
    }
}

fn lines(wallet: &WalletId, sequences: std::ops::RangeInclusive<u64>) -> Vec<StatementLine> {
    sequences.map(|sequence| line(wallet, sequence)).collect()
}

async fn stored(store: &Store, wallet: &WalletId) -> (usize, u64) {
    let (mut count, mut cursor) = (0, None);
    loop {
        let page = store.statement(wallet, 100, cursor.as_deref()).await.expect("the statement is read");
        count += page.items.len();
        cursor = page.next;
        if cursor.is_none() {
            return (count, store.statement_cursor(wallet).await.expect("the cursor is read"));
        }
    }
}

#[tokio::test]
async fn statement_lines_are_posted_once_under_races_lost_answers_and_duplicates() {
    let world = World::with_streams(&[]).await;
    let wallet = world.owner.wallet.clone();
    let mut racing = JoinSet::new();
    for _ in 0..8 {
        let (store, wallet) = (world.store.clone(), wallet.clone());
        racing.spawn(async move {
            store.post_statement(&wallet, &lines(&wallet, 1..=3), 0, 3).await.expect("an answer")
        });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == StatementPosted::Now).count(), 1);
    let lost = world.store_with(first_write(Fault::TimeoutAppliedAnswerLost));
    assert!(lost.post_statement(&wallet, &lines(&wallet, 4..=4), 3, 4).await.is_err());
    let again = lost.post_statement(&wallet, &lines(&wallet, 4..=4), 3, 4).await;
    assert_eq!(again.expect("an answer"), StatementPosted::Overtaken);
    assert_eq!(stored(&world.store, &wallet).await, (4, 4));
}

#[tokio::test]
async fn a_delivery_with_more_lines_than_a_transaction_takes_is_posted_whole() {
    let world = World::with_streams(&[]).await;
    let wallet = world.owner.wallet.clone();
    let posted = world.store.post_statement(&wallet, &lines(&wallet, 1..=250), 0, 251).await;
    assert_eq!(posted.expect("the lines are posted"), StatementPosted::Now);
    assert_eq!(stored(&world.store, &wallet).await, (250, 251));
}

/// What one stored change of a message shows and counts, as the projector makes it.
fn change(before: Option<&Message>, after: &Message) -> UsageChange {
    let edrs = records(after);
    let row = |part: ChargeUsage| {
        let edr = &edrs[part.level];
        let key = UsageKey {
            agreement: edr.agreement.clone(),
            wallet: part.wallet,
            day: MONTH.first,
            resource: edr.resource,
            sender: Some(edr.sender.clone()),
            subject: None,
            country: Some(edr.country.clone()),
            rate: part.rate,
            unit_price: part.unit_price,
            priced_by: part.priced_by,
        };
        (key, part.usage)
    };
    let usage = usage_changes(before, after).expect("an amount").into_iter().map(row).collect();
    UsageChange { edrs, usage, statistics: Statistics::new() }
}

fn moved(message: &Message, progress: Progress) -> Message {
    match apply(message, &progress, NOW) {
        Step::Move { message, .. } => *message,
        Step::Ignore => panic!("{progress:?} moves the message"),
    }
}

async fn used(store: &Store, message: &Message) -> (i64, Amount) {
    let agreement = agreement_of(&message.charges[0].wallet).expect("an agreement");
    let rows = store.usage(&agreement, MONTH).await.expect("usage is read");
    rows.iter().fold((0, Amount::ZERO), |(messages, sum), (_, usage)| {
        (messages + usage.messages, sum.checked_add(usage.amount).expect("an amount"))
    })
}

#[tokio::test]
async fn usage_is_counted_once_under_races_lost_answers_and_duplicates() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(3, "10").await;
    let messages: Vec<_> =
        (0..60).map(|number| chain[0].message(&format!("key-{number}"), "hello").expect("a rate")).collect();
    let changes: Vec<_> = messages.iter().map(|message| change(None, message)).collect();
    let lost = world.store_with(first_write(Fault::TimeoutAppliedAnswerLost));
    assert!(is_unknown(&lost.post_usage(&changes).await));
    let mut racing = JoinSet::new();
    for _ in 0..4 {
        let (store, changes) = (world.store.clone(), changes.clone());
        racing.spawn(async move { store.post_usage(&changes).await.expect("usage is posted") });
    }
    racing.join_all().await;
    let expected = messages[0].charges[0].amount.checked_times(60).expect("an amount");
    assert_eq!(used(&world.store, &messages[0]).await, (60, expected));
}

#[tokio::test]
async fn a_message_accepted_and_refused_within_one_delivery_is_counted_and_counted_back() {
    let world = World::with_streams(&[]).await;
    let chain = world.chain(2, "10").await;
    let accepted = chain[0].message("key", "hello").expect("a rate");
    let unsent = moved(&accepted, Progress::Refused { reason: "no".into() });
    let other = chain[0].message("other", "hello").expect("a rate");
    let delivery = [change(None, &accepted), change(None, &other), change(Some(&accepted), &unsent)];
    world.store.post_usage(&delivery).await.expect("the delivery is posted");
    world.store.post_usage(&delivery).await.expect("so is a repeat of it");
    assert_eq!(used(&world.store, &accepted).await, (1, amount("0.012357")));
}
