//! The mode ladder of the sending API.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::lease::LeaseTag;
use jiff::{SignedDuration, Timestamp};
use sending::HotWallets;
use store::{Accepted, Requested, Store};
use tests::embedded_dynamodb::Call;
use tests::embedded_dynamodb::Fault::{self, Kill};
use tests::world::{Member, NOW, World, amount};

use super::{balanced, pair, sweep};
use crate::nth_write;

fn at(millis: i64) -> Timestamp {
    NOW + SignedDuration::from_millis(millis)
}

async fn send(hot: &HotWallets, store: &Store, client: &Member, key: &str, now: Timestamp) {
    let draft = client.draft(key, "hello", 1).expect("a rate");
    let accepted = hot.accept(store, &draft, None, now).await.expect("there is enough");
    assert!(matches!(accepted, Accepted::Now(_)), "{accepted:?}");
}

/// Sends often enough for a lease.
async fn promoted(world: &World, client: &Member) -> HotWallets {
    let hot = HotWallets::default();
    for number in 0..=20 {
        send(&hot, &world.store, client, &format!("fast-{number}"), at(number * 100)).await;
    }
    assert!(hot.has_lease(&client.wallet).await);
    hot
}

#[tokio::test]
async fn a_wallet_that_sends_much_gets_a_lease_and_cools_when_it_stops() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let hot = promoted(&world, &client).await;
    send(&hot, &world.store, &client, "leased", at(2_100)).await;
    world.take_write_units();
    send(&hot, &world.store, &client, "cheap", at(2_200)).await;
    let units: rust_decimal::Decimal = world.take_write_units().values().sum();
    assert_eq!(units, rust_decimal::Decimal::TWO);
    // A minute of rest, and it is as before.
    send(&hot, &world.store, &client, "after", at(62_300)).await;
    assert!(!hot.has_lease(&client.wallet).await);
    assert_eq!(world.store.open_leases().await.expect("a list"), vec![]);
    let ledger = balanced(&world).await;
    assert_eq!(ledger.messages.len(), 24);
    assert_eq!(ledger.balance(&client.wallet), amount("998.8"));
}

#[tokio::test]
async fn a_wallet_that_sends_little_stays_as_it_is() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let hot = HotWallets::default();
    for number in 0..20 {
        send(&hot, &world.store, &client, &format!("slow-{number}"), at(number * 250)).await;
    }
    assert!(!hot.has_lease(&client.wallet).await);
}

#[tokio::test]
async fn two_processes_that_send_from_one_wallet_have_a_lease_each() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let processes = [HotWallets::default(), HotWallets::default()];
    for number in 0..60 {
        for (place, hot) in processes.iter().enumerate() {
            send(hot, &world.store, &client, &format!("{place}-{number}"), at(number * 150)).await;
        }
    }
    assert_eq!(world.store.open_leases().await.expect("a list").len(), 2);
    sweep(&world).await;
    assert_eq!(balanced(&world).await.messages.len(), 120);
}

/// A store that fails so at the `number`-th write after it was told to.
fn condemned(world: &World, number: usize, fault: Fault) -> (Store, Arc<AtomicBool>) {
    let begun = Arc::new(AtomicBool::new(false));
    let (begins, fails) = (begun.clone(), nth_write(number, fault));
    let store = world.store_with(move |call: &Call| match begins.load(Ordering::SeqCst) {
        true => fails(call),
        false => Fault::None,
    });
    (store, begun)
}

#[tokio::test]
async fn a_repeat_of_what_a_dead_process_left_is_charged_once() {
    for fault in [Kill, Fault::KillAfterApply] {
        for write in 1..=2 {
            let world = World::with_streams(&[]).await;
            let (client, _) = pair(&world).await;
            let hot = HotWallets::default();
            for number in 0..=21 {
                send(&hot, &world.store, &client, &format!("fast-{number}"), at(number * 100)).await;
            }
            let before = balanced(&world).await.messages.len();
            // Another process, which has a lease of its own, dies over this request.
            let (dying, sentence) = condemned(&world, write, fault);
            let session = dying.acquire_lease(&client.wallet, 5, at(2_200)).await.expect("an answer");
            let mut session = session.expect("a lease");
            let first = client.draft("first", "hello", 1).expect("a rate");
            session.send(&first, at(2_200)).await.expect("an answer");
            sentence.store(true, Ordering::SeqCst);
            let draft = client.draft("left", "hello", 1).expect("a rate");
            assert!(session.send(&draft, at(2_300)).await.is_err());
            drop(session);
            let id = draft.single.clone().expect("a message");
            // At once nobody knows; when its time is over it is decided.
            let mut void: Option<LeaseTag> = None;
            for now in [at(2_400), at(80_000)] {
                match world.store.requested(&id).await.expect("a read") {
                    Requested::Nothing | Requested::Counts(_) => {}
                    Requested::Void(tag) => void = Some(tag),
                    Requested::Undecided(row) => {
                        assert_eq!(world.store.message(&id).await.expect("a read"), None);
                        hot.decide(&world.store, &row, now).await.expect("an answer");
                    }
                }
            }
            if let Requested::Void(tag) = world.store.requested(&id).await.expect("a read") {
                void = Some(tag);
            }
            let again = hot.accept(&world.store, &draft, void, at(80_100)).await.expect("an answer");
            let landed = write == 2 && fault == Fault::KillAfterApply;
            assert_eq!(again == Accepted::Before, landed, "{fault:?} at {write}: {again:?}");
            assert_eq!(balanced(&world).await.messages.len(), before + 2);
        }
    }
}
