//! Leases and full withdrawals: each message is charged once or not at all, whoever dies over it; who is
//! fenced changes nothing; and what a dead holder left comes back.

mod drains;
mod edrs;
mod flow;
mod hot;
mod intake;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domain::id::{MessageId, ServiceId};
use domain::lease::{SLOTS, Standing};
use domain::money::Amount;
use domain::quote::Rates;
use domain::rating::{CompiledTree, RateTree, ServiceKind};
use domain::wallet::WalletState;
use jiff::{SignedDuration, Timestamp};
use store::{Flushed, LeaseSession, Requested, Row, Store, StoreError};
use tests::books::balanced;
use tests::embedded_dynamodb::{Call, Fault};
use tests::world::{Member, NOW, World, amount};
use tokio::task::JoinSet;

/// When everything that is held now may be reclaimed.
fn later() -> Timestamp {
    NOW + SignedDuration::from_mins(5)
}

/// A client below a reseller, both with plenty.
async fn pair(world: &World) -> (Member, Member) {
    let reseller = world.reseller(&world.owner, "0.03").with_funds("1000").open().await;
    let client = world.client(&reseller, "0.05").with_funds("1000").open().await;
    (client, reseller)
}

async fn acquire(store: &Store, client: &Member) -> LeaseSession {
    store.acquire_lease(&client.wallet, 5, NOW).await.expect("an answer").expect("a free lease")
}

async fn sweep(world: &World) {
    let app = tests::paying::sweeper(&world.store);
    sweeper::leases::run(&app, later()).await.expect("the sweeper runs");
    assert_eq!(world.store.open_leases().await.expect("a list"), vec![]);
}

fn is_now(flushed: &Flushed) -> bool {
    matches!(flushed, Flushed::Now(_))
}

/// Nobody holds anything of the pots of this member.
async fn nothing_is_held(world: &World, member: &Member) {
    let wallet = world.wallet(&member.wallet).await;
    assert_eq!(wallet.allocated, Amount::ZERO, "{wallet:?}");
}

#[tokio::test]
async fn a_lease_charges_every_level_and_gives_back_what_it_did_not_spend() {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world).await;
    let mut session = acquire(&world.store, &client).await;
    for number in 0..30 {
        let draft = client.draft(&format!("key-{number}"), "hello", 1).expect("a rate");
        assert!(is_now(&session.send(&draft, NOW).await.expect("an answer")));
        balanced(&world).await;
    }
    let batch = client.draft("batch", "hello", 20).expect("a rate");
    assert!(is_now(&session.send(&batch, NOW).await.expect("an answer")));
    let drafts: Vec<_> =
        (0..40).map(|number| client.draft(&format!("block-{number}"), "hello", 1).expect("a rate")).collect();
    let block = session.flush(&drafts, NOW).await.expect("an answer");
    assert_eq!(block.iter().filter(|row| row.is_ok()).count(), 40);
    let ledger = balanced(&world).await;
    assert_eq!(ledger.standing(&client.wallet), amount("4.5"));
    assert_eq!(ledger.standing(&reseller.wallet), amount("2.7"));
    assert!(world.wallet(&client.wallet).await.allocated.is_positive());
    session.close().await.expect("it is closed");
    balanced(&world).await;
    nothing_is_held(&world, &client).await;
    assert_eq!(world.wallet(&client.wallet).await.headroom, amount("995.5"));
    assert_eq!(world.store.open_leases().await.expect("a list"), vec![]);
}

#[tokio::test]
async fn an_answer_through_a_lease_says_the_balance_as_the_wallet_would() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    client.send(&world.store, "before", "hello").await.expect("there is enough");
    let mut session = acquire(&world.store, &client).await;
    for (number, expected) in [(1, "999.9"), (2, "999.85"), (3, "999.8")] {
        let draft = client.draft(&format!("key-{number}"), "hello", 1).expect("a rate");
        let Flushed::Now(Row::Message(message)) = session.send(&draft, NOW).await.expect("an answer") else {
            panic!("it is charged by the lease");
        };
        assert_eq!(message.balance_after, Some(amount(expected)));
    }
    assert_eq!(world.balance(&client).await, amount("999.8"));
}

#[tokio::test]
async fn a_request_that_was_accepted_before_is_not_charged_again_by_a_lease() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    client.send(&world.store, "twice", "hello").await.expect("there is enough");
    let mut session = acquire(&world.store, &client).await;
    let draft = client.draft("twice", "hello", 1).expect("a rate");
    assert_eq!(session.send(&draft, NOW).await.expect("an answer"), Flushed::Before);
    let next = client.draft("next", "hello", 1).expect("a rate");
    assert!(is_now(&session.send(&next, NOW).await.expect("an answer")));
    assert_eq!(session.send(&next, NOW).await.expect("an answer"), Flushed::Before);
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("0.1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_a_lease_each_slot_has_one_holder() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let mut racing = JoinSet::new();
    for _ in 0..SLOTS + 4 {
        let (store, wallet) = (world.store.clone(), client.wallet.clone());
        racing.spawn(async move { store.acquire_lease(&wallet, 5, NOW).await.expect("an answer") });
    }
    let held: Vec<LeaseSession> = racing.join_all().await.into_iter().flatten().collect();
    let slots: BTreeSet<_> = held.iter().map(|session| session.id().clone()).collect();
    assert_eq!((held.len(), slots.len()), (usize::from(SLOTS), usize::from(SLOTS)));
    assert!(world.store.acquire_lease(&client.wallet, 5, NOW).await.expect("an answer").is_none());
    sweep(&world).await;
    assert!(world.store.acquire_lease(&client.wallet, 5, later()).await.expect("an answer").is_some());
}

#[tokio::test]
async fn whoever_was_fenced_changes_nothing_and_what_it_put_does_not_count() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    for acquired_again in [false, true] {
        let mut zombie = acquire(&world.store, &client).await;
        let key = |name: &str| format!("{name}-{acquired_again}");
        let draft = client.draft(&key("first"), "hello", 1).expect("a rate");
        assert!(is_now(&zombie.send(&draft, NOW).await.expect("an answer")));
        sweep(&world).await;
        let before = world.wallet(zombie.id()).await;
        let mut next = None;
        if acquired_again {
            let mut session = acquire(&world.store, &client).await;
            assert_eq!(session.id(), zombie.id());
            let draft = client.draft(&key("next"), "hello", 1).expect("a rate");
            assert!(is_now(&session.send(&draft, NOW).await.expect("an answer")));
            next = Some(session);
        }
        // Its clock stands still.
        let draft = client.draft(&key("late"), "hello", 1).expect("a rate");
        let Flushed::AtHome { over: Some(tag) } = zombie.send(&draft, NOW).await.expect("an answer") else {
            panic!("it was fenced");
        };
        assert!(zombie.is_over());
        assert_eq!(world.store.standing(&tag).await.expect("an answer"), Standing::Void);
        let id = draft.single.clone().expect("a message");
        assert_eq!(world.store.requested(&id).await.expect("a read"), Requested::Void(tag.clone()));
        assert_eq!(world.store.message(&id).await.expect("a read"), None);
        if !acquired_again {
            assert_eq!(world.wallet(zombie.id()).await, before);
        }
        balanced(&world).await;
        // The request is charged once, in the place of what the zombie put.
        let mut seen = domain::lease::Seen::default();
        for expected in ["Now", "Before"] {
            let accepted = world.store.accept_over(&draft, Some(&tag), &mut seen).await.expect("an answer");
            assert!(format!("{accepted:?}").starts_with(expected), "{accepted:?}");
        }
        balanced(&world).await;
        if let Some(mut session) = next {
            session.close().await.expect("it is closed");
        }
    }
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("0.25"));
}

#[tokio::test]
async fn a_block_of_a_fenced_holder_does_not_count_and_its_messages_are_charged_at_home() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let mut zombie = acquire(&world.store, &client).await;
    let drafts = |name: &str| {
        let one = |number| client.draft(&format!("{name}-{number}"), "hello", 1).expect("a rate");
        (0..5).map(one).collect::<Vec<_>>()
    };
    zombie.flush(&drafts("first"), NOW).await.expect("an answer");
    sweep(&world).await;
    let late = zombie.flush(&drafts("late"), NOW).await.expect("an answer");
    assert!(late.iter().all(Result::is_ok));
    let ledger = balanced(&world).await;
    assert_eq!(ledger.standing(&client.wallet), amount("0.5"));
}

/// One who sends through leases until something fails, and what was acknowledged.
async fn work(store: &Store, client: &Member, told: &mut BTreeSet<MessageId>) -> Result<(), StoreError> {
    let Some(mut session) = store.acquire_lease(&client.wallet, 5, NOW).await? else { return Ok(()) };
    for key in ["a", "b", "c"] {
        let draft = client.draft(key, "hello", 1).expect("a rate");
        match session.send(&draft, NOW).await? {
            Flushed::Now(_) | Flushed::Before => {}
            Flushed::AtHome { over } => at_home(store, &draft, over.as_ref()).await?,
        }
        told.insert(draft.single.expect("a message"));
        if session.is_over() {
            let Some(next) = store.acquire_lease(&client.wallet, 5, NOW).await? else { return Ok(()) };
            session = next;
        }
    }
    let drafts: Vec<_> =
        (0..4).map(|number| client.draft(&format!("block-{number}"), "hello", 1).expect("a rate")).collect();
    for row in session.flush(&drafts, NOW).await? {
        match row {
            Ok(Row::Message(message)) => told.insert(message.id),
            Ok(Row::Batch(_)) => panic!("they are messages"),
            Err(store::AcceptError::Store(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        };
    }
    session.close().await
}

async fn at_home(
    store: &Store,
    draft: &domain::batch::Draft,
    over: Option<&domain::lease::LeaseTag>,
) -> Result<(), StoreError> {
    match store.accept_over(draft, over, &mut domain::lease::Seen::default()).await {
        Ok(_) => Ok(()),
        Err(store::AcceptError::Store(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

/// The same requests again, by one whose calls all arrive.
async fn repeat(world: &World, client: &Member) {
    for key in ["a", "b", "c"] {
        let draft = client.draft(key, "hello", 1).expect("a rate");
        let id = draft.single.clone().expect("a message");
        match world.store.requested(&id).await.expect("a read") {
            Requested::Nothing => at_home(&world.store, &draft, None).await.expect("an answer"),
            Requested::Void(tag) => at_home(&world.store, &draft, Some(&tag)).await.expect("an answer"),
            Requested::Counts(_) => {}
            Requested::Undecided(row) => panic!("{row:?} is undecided after the sweep"),
        }
    }
}

/// Works with this fault at the `number`-th call; false if it did not come so far.
async fn fails_at(number: u64, fault: Fault, and_on: bool) -> bool {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let met = Arc::new(AtomicBool::new(false));
    let (noted, calls) = (met.clone(), AtomicU64::new(0));
    let store = world.store_with(move |_: &Call| {
        if calls.fetch_add(1, Ordering::SeqCst) + 1 != number {
            return Fault::None;
        }
        noted.store(true, Ordering::SeqCst);
        fault
    });
    let mut told = BTreeSet::new();
    let mut done = work(&store, &client, &mut told).await;
    if and_on && done.is_err() {
        // It asks again until it is told.
        done = work(&store, &client, &mut told).await;
        assert!(done.is_ok(), "{fault:?} at {number}: {done:?}");
    }
    let ledger = balanced(&world).await;
    let counted: BTreeSet<_> = ledger.all_messages().into_keys().collect();
    assert!(told.is_subset(&counted), "{fault:?} at {number}: acknowledged and not charged");
    sweep(&world).await;
    let swept = balanced(&world).await;
    // Nothing that did not count does so afterwards.
    assert_eq!(swept.all_messages().into_keys().collect::<BTreeSet<_>>(), counted);
    repeat(&world, &client).await;
    let ledger = balanced(&world).await;
    let singles = ledger.messages.values().filter(|message| !message.request_hash.is_empty());
    assert!(3 <= singles.count());
    nothing_is_held(&world, &client).await;
    met.load(Ordering::SeqCst)
}

#[tokio::test]
async fn whatever_a_holder_dies_of_each_message_is_charged_once_or_not_at_all() {
    for fault in [Fault::Kill, Fault::KillAfterApply] {
        let mut number = 1;
        while fails_at(number, fault, false).await {
            number += 1;
        }
        assert!(20 < number, "{number} calls");
    }
}

#[tokio::test]
async fn a_call_that_fails_anywhere_costs_no_message_twice() {
    use Fault::{ConflictBeforeApply, Throttle, TimeoutAppliedAnswerLost, TimeoutNotApplied};
    for fault in [ConflictBeforeApply, Throttle, TimeoutAppliedAnswerLost, TimeoutNotApplied] {
        let mut number = 1;
        while fails_at(number, fault, true).await {
            number += 1;
        }
        assert!(20 < number, "{number} calls");
    }
}

#[tokio::test]
async fn escrow_of_a_live_lease_is_called_back_without_asking_its_holder() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
    let client = world.client(&reseller, "0.05").with_funds("1000").open().await;
    let other = world.client(&reseller, "0.05").with_funds("10").open().await;
    let mut session = acquire(&world.store, &client).await;
    let draft = client.draft("first", "hello", 1).expect("a rate");
    assert!(is_now(&session.send(&draft, NOW).await.expect("an answer")));
    let rest = world.wallet(&reseller.wallet).await.headroom;
    world.transfer(&reseller, &other, &rest.to_string()).await.expect("there is enough");
    other.send(&world.store, "other", "hello").await.expect("what the lease has is called back");
    balanced(&world).await;
    // It finds out with its next flush, which is charged once all the same.
    let draft = client.draft("second", "hello", 1).expect("a rate");
    match session.send(&draft, NOW).await.expect("an answer") {
        Flushed::Now(_) => {}
        Flushed::AtHome { over } => at_home(&world.store, &draft, over.as_ref()).await.expect("an answer"),
        Flushed::Before => panic!("it is new"),
    }
    let ledger = balanced(&world).await;
    assert_eq!(ledger.standing(&client.wallet), amount("0.1"));
    assert_eq!(ledger.standing(&reseller.wallet), amount("0.09"));
}

#[tokio::test]
async fn a_lease_that_cannot_be_filled_is_closed_and_strands_nothing() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("1").open().await;
    let client = world.client(&reseller, "0.05").with_funds("10").open().await;
    let mut session = acquire(&world.store, &client).await;
    let draft = client.draft("first", "hello", 1).expect("a rate");
    assert_eq!(session.send(&draft, NOW).await.expect("an answer"), Flushed::AtHome { over: None });
    assert!(session.is_over());
    nothing_is_held(&world, &client).await;
    assert_eq!(world.wallet(session.id()).await.state, WalletState::Closed);
    client.send(&world.store, "first", "hello").await.expect("there is enough");
    balanced(&world).await;
}

#[tokio::test]
async fn a_request_that_was_cut_short_does_not_lend_its_number_to_the_next() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    for polls in 1..200 {
        let mut session = acquire(&world.store, &client).await;
        let cut = client.draft(&format!("cut-{polls}"), "hello", 1).expect("a rate");
        let mut finished = false;
        {
            let sending = session.send(&cut, NOW);
            tokio::pin!(sending);
            for _ in 0..polls {
                if futures::poll!(&mut sending).is_ready() {
                    finished = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Its caller is gone; the next one comes.
        let next = client.draft(&format!("next-{polls}"), "hello", 1).expect("a rate");
        match session.send(&next, NOW).await.expect("an answer") {
            Flushed::Now(_) => {}
            Flushed::AtHome { over } => at_home(&world.store, &next, over.as_ref()).await.expect("an answer"),
            Flushed::Before => panic!("it is new"),
        }
        balanced(&world).await;
        session.close().await.expect("it is closed");
        balanced(&world).await;
        if finished {
            assert!(5 < polls, "{polls} polls");
            return;
        }
    }
    panic!("a send takes fewer steps than that");
}

/// With a pack of so many units before the pay-as-you-go price.
fn with_pack(mut client: Member, size: u32) -> Member {
    let price = |price: serde_json::Value| serde_json::json!({"sms_message": {"price": price}});
    let tree: RateTree =
        serde_json::from_value(price(serde_json::json!({"type": "included"}))).expect("a tree");
    let tree = CompiledTree::compile(&tree).expect("a tree");
    let pack = Rates::new(ServiceId::new(77), ServiceKind::UnitPack { size }, 1, tree.into(), NOW);
    client.levels[0].rates.insert(0, pack);
    client
}

#[tokio::test]
async fn a_lease_empties_a_pack_to_the_last_unit_before_it_takes_money() {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world).await;
    let client = with_pack(client, 700);
    let mut session = acquire(&world.store, &client).await;
    let mut through_lease = 0;
    for number in 0..730 {
        let draft = client.draft(&format!("key-{number}"), "hello", 1).expect("a rate");
        match session.send(&draft, NOW).await.expect("an answer") {
            Flushed::Now(_) => through_lease += 1,
            Flushed::AtHome { over } => {
                at_home(&world.store, &draft, over.as_ref()).await.expect("an answer")
            }
            Flushed::Before => panic!("it is new"),
        }
        if session.is_over() {
            session = acquire(&world.store, &client).await;
        }
    }
    assert!(500 < through_lease, "{through_lease}");
    let ledger = balanced(&world).await;
    // Thirty at 0.05, as the pack had 700; those above have no pack.
    assert_eq!(ledger.standing(&client.wallet), amount("1.5"));
    assert_eq!(ledger.standing(&reseller.wallet), amount("21.9"));
    session.close().await.expect("it is closed");
    balanced(&world).await;
}

#[tokio::test]
async fn a_block_is_priced_as_its_messages_one_after_another() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world).await;
    let client = with_pack(client, 1_000);
    let mut session = acquire(&world.store, &client).await;
    for round in 0..21 {
        let one = |place| client.draft(&format!("{round}-{place}"), "hello", 1).expect("a rate");
        let drafts: Vec<_> = (0..50).map(one).collect();
        let rows = session.flush(&drafts, NOW).await.expect("an answer");
        assert!(rows.iter().all(Result::is_ok));
        if session.is_over() {
            session = acquire(&world.store, &client).await;
        }
        balanced(&world).await;
    }
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("2.5"));
}
