//! Full withdrawals while others spend.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::id::{TransferId, WalletId};
use domain::money::Amount;
use domain::transfer::{Party, Transfer, TransferAmount, TransferError, TransferRequest, plan_transfer};
use domain::wallet::{Wallet, WalletState};
use jiff::SignedDuration;
use store::{AcceptError, FullTransfer, FullTransferError, Store, StoreError};
use tests::edits::act;
use tests::embedded_dynamodb::Fault::{self, TimeoutAppliedAnswerLost};
use tests::world::{Member, NOW, Refused, World, amount};

use super::{acquire, balanced, is_now, sweep};
use crate::nth_write;

fn ask(from: &Member, to: &Member, number: u128) -> TransferRequest {
    TransferRequest {
        id: TransferId::new(number),
        from: from.wallet.clone(),
        to: to.wallet.clone(),
        amount: TransferAmount::All,
        note: String::new(),
        by: to.company.id.clone(),
        by_user: None,
        own_wallet_only: false,
    }
}

async fn withdraw(
    store: &Store,
    from: &Member,
    to: &Member,
    number: u128,
) -> Result<FullTransfer, FullTransferError<TransferError>> {
    let ask = ask(from, to, number);
    let taker = store.wallet(&to.wallet).await?.expect("a wallet");
    let plan = |wallet: &Wallet| -> Result<Transfer, TransferError> {
        let giver = Party { wallet, company: &from.company, agreement: &from.agreement };
        let taker = Party { wallet: &taker, company: &to.company, agreement: &to.agreement };
        plan_transfer(giver, taker, ask.clone(), NOW)
    };
    let (one, other) = (&from.company.path, &to.company.path);
    let act = act(if one.len() < other.len() { other } else { one });
    store.post_full_transfer(&act, &from.wallet, &ask.id, plan, NOW).await
}

/// A reseller of which a client below and its lease keep escrow, live or dead, and who sends itself.
struct Scene {
    world: World,
    owner: Member,
    reseller: Member,
    client: Member,
}

impl Scene {
    async fn new() -> Self {
        let world = World::with_streams(&[]).await;
        let owner = world.reseller(&world.owner, "0.01").with_funds("1000").open().await;
        let reseller = world.reseller(&owner, "0.03").with_funds("1000").open().await;
        let client = world.client(&reseller, "0.05").with_funds("1000").open().await;
        client.send(&world.store, "home", "hello").await.expect("there is enough");
        Self { world, owner, reseller, client }
    }

    async fn check_empty(&self, moved: &str) {
        let ledger = balanced(&self.world).await;
        let wallet = self.world.wallet(&self.reseller.wallet).await;
        assert_eq!((wallet.headroom, wallet.state), (Amount::ZERO, WalletState::Open));
        assert_eq!(ledger.escrow(&domain::allowance::Pot::money(&wallet.id)), Amount::ZERO);
        assert_eq!(ledger.balance(&self.owner.wallet), amount(moved));
        assert_eq!(self.world.store.drains().await.expect("a list"), vec![]);
    }
}

#[tokio::test]
async fn a_full_withdrawal_takes_what_live_and_dead_leases_and_homes_keep() {
    let scene = Scene::new().await;
    let Scene { world, owner, reseller, client } = &scene;
    let (mut live, mut dead) = (acquire(&world.store, client).await, acquire(&world.store, client).await);
    for (name, session) in [("live", &mut live), ("dead", &mut dead)] {
        let draft = client.draft(name, "hello", 1).expect("a rate");
        assert!(is_now(&session.send(&draft, NOW).await.expect("an answer")));
    }
    let posted = withdraw(&world.store, reseller, owner, 7).await.expect("it is done");
    let FullTransfer::Now(transfer) = posted else { panic!("{posted:?}") };
    assert_eq!(transfer.amount, amount("999.91"));
    // Three messages cost the owner 0.03.
    scene.check_empty("1999.88").await;
    let again = withdraw(&world.store, reseller, owner, 7).await.expect("an answer");
    assert_eq!(again, FullTransfer::Before(transfer));
    // There is nothing for the live lease any more, and nothing for anybody else.
    let draft = client.draft("after", "hello", 1).expect("a rate");
    assert!(!is_now(&live.send(&draft, NOW).await.expect("an answer")));
    let refused = client.send(&world.store, "poor", "hello").await.expect_err("there is nothing");
    assert!(matches!(refused, Refused::Accept(AcceptError::NotEnoughAbove { level: 2 })), "{refused}");
    sweep(world).await;
    scene.check_empty("1999.88").await;
    drop(dead);
}

#[tokio::test]
async fn while_all_is_taken_from_a_wallet_nothing_is_charged_to_it_and_it_sets_nothing_aside() {
    let scene = Scene::new().await;
    let Scene { world, owner, reseller, client } = &scene;
    let busy = Arc::new(AtomicU32::new(0));
    let (seen, spender, spends) = (busy.clone(), client.clone(), world.store.clone());
    let key = format!("wallet#{}", reseller.wallet);
    // Before each write to the drained wallet somebody tries to spend from it.
    let store = world.store_with(move |call: &tests::embedded_dynamodb::Call| {
        let writes_it = call.is_write && call.body.to_string().contains(&key);
        if !writes_it
            || call.body.to_string().contains("drains") && seen.load(Ordering::SeqCst) == 0 && is_begin(call)
        {
            return Fault::None;
        }
        let (spender, spends, seen) = (spender.clone(), spends.clone(), seen.clone());
        let number = call.number;
        let tried = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("a runtime").block_on(async {
                // More than the client has in escrow.
                let sent = spender.send_batch(&spends, &format!("meanwhile-{number}"), "hello", 900).await;
                if matches!(sent, Err(Refused::Accept(AcceptError::Store(StoreError::Busy { .. })))) {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            });
        });
        tried.join().expect("it was tried");
        Fault::None
    });
    withdraw(&store, reseller, owner, 7).await.expect("it is done");
    assert!(busy.load(Ordering::SeqCst) > 0, "nobody was told to wait");
    let ledger = balanced(world).await;
    assert_eq!(ledger.all_messages().len(), 1);
    assert_eq!(world.wallet(&reseller.wallet).await.headroom, Amount::ZERO);
}

fn is_begin(call: &tests::embedded_dynamodb::Call) -> bool {
    call.body.to_string().contains("draining")
        && call.body["TransactItems"]
            .as_array()
            .is_some_and(|items| items.iter().any(|item| item["Put"]["Item"]["since"].is_object()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_withdrawal_ends_while_everybody_sends() {
    let scene = Scene::new().await;
    let Scene { world, owner, reseller, client } = &scene;
    let mut racing = tokio::task::JoinSet::new();
    for task in 0..6 {
        let (store, client) = (world.store.clone(), client.clone());
        racing.spawn(async move {
            let mut session = store.acquire_lease(&client.wallet, 5, NOW).await.expect("an answer");
            for number in 0..30 {
                let draft = client.draft(&format!("{task}-{number}"), "hello", 1).expect("a rate");
                let sent = match &mut session {
                    Some(session) => session.send(&draft, NOW).await.expect("an answer"),
                    None => store::Flushed::AtHome { over: None },
                };
                if let store::Flushed::AtHome { over } = sent {
                    // Refused or not: by then there is nothing left.
                    let _ = store.accept_over(&draft, over.as_ref(), &mut Default::default()).await;
                }
                session = session.filter(|session| !session.is_over());
            }
        });
    }
    let posted = withdraw(&world.store, reseller, owner, 7).await.expect("it is done");
    assert!(matches!(posted, FullTransfer::Now(_)), "{posted:?}");
    racing.join_all().await;
    balanced(world).await;
    sweep(world).await;
    balanced(world).await;
    assert_eq!(world.wallet(&reseller.wallet).await.headroom, Amount::ZERO);
}

#[tokio::test]
async fn a_withdrawal_of_nothing_is_refused_and_the_wallet_is_open_again() {
    let world = World::with_streams(&[]).await;
    let owner = world.reseller(&world.owner, "0.01").with_funds("10").open().await;
    let reseller = world.reseller(&owner, "0.03").open().await;
    let refused = withdraw(&world.store, &reseller, &owner, 7).await.expect_err("there is nothing");
    assert!(matches!(refused, FullTransferError::Refused(TransferError::NothingThere { .. })));
    assert_eq!(world.wallet(&reseller.wallet).await.state, WalletState::Open);
    assert_eq!(world.store.drains().await.expect("a list"), vec![]);
}

#[tokio::test]
async fn of_two_who_take_all_one_gets_it() {
    let scene = Scene::new().await;
    let Scene { world, owner, reseller, .. } = &scene;
    let (one, other) =
        tokio::join!(withdraw(&world.store, reseller, owner, 7), withdraw(&world.store, reseller, owner, 8));
    let took = |posted: &Result<FullTransfer, _>| matches!(posted, Ok(FullTransfer::Now(_)));
    assert!(took(&one) != took(&other), "{one:?} {other:?}");
    scene.check_empty("1999.96").await;
}

#[tokio::test]
async fn a_withdrawal_that_dies_anywhere_moves_all_or_nothing_and_the_sweeper_opens_the_wallet() {
    for fault in [Fault::Kill, Fault::KillAfterApply, TimeoutAppliedAnswerLost, Fault::TimeoutNotApplied] {
        for write in 1..=8 {
            let scene = Scene::new().await;
            let Scene { world, owner, reseller, .. } = &scene;
            let mut session = acquire(&world.store, &scene.client).await;
            let draft = scene.client.draft("leased", "hello", 1).expect("a rate");
            assert!(is_now(&session.send(&draft, NOW).await.expect("an answer")));
            let store = world.store_with(nth_write(write, fault));
            let _ = withdraw(&store, reseller, owner, 7).await;
            balanced(world).await;
            let app = tests::paying::sweeper(&world.store);
            sweeper::drains::run(&app, NOW + SignedDuration::from_secs(44)).await.expect("it runs");
            sweeper::drains::run(&app, NOW + SignedDuration::from_secs(46)).await.expect("it runs");
            let wallet = world.wallet(&reseller.wallet).await;
            assert_eq!(wallet.state, WalletState::Open, "{fault:?} at {write}");
            withdraw(&world.store, reseller, owner, 7).await.expect("it is done");
            scene.check_empty("1999.92").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_somebody_works_on_is_left_alone() {
    let scene = Scene::new().await;
    let Scene { world, owner, reseller, .. } = &scene;
    let store = world.store_with(nth_write(2, Fault::Kill));
    assert!(withdraw(&store, reseller, owner, 7).await.is_err());
    let app = tests::paying::sweeper(&world.store);
    sweeper::drains::run(&app, NOW + SignedDuration::from_secs(44)).await.expect("it runs");
    let wallet = world.wallet(&reseller.wallet).await;
    assert!(matches!(wallet.state, WalletState::Draining { .. }));
    assert_eq!(withdraw(&world.store, reseller, owner, 8).await.expect("an answer"), FullTransfer::Draining);
    // The same request again takes it up where it was left.
    assert!(matches!(withdraw(&world.store, reseller, owner, 7).await, Ok(FullTransfer::Now(_))));
    let _: &WalletId = &wallet.id;
}
