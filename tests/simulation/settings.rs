//! Settings of agreements and wallets of users in the store: raced, repeated after a lost answer, and in
//! force while others send.

use std::sync::Arc;

use domain::agreement::{Agreement, AgreementChange, CreditLimit};
use domain::id::{TransferId, UserId, WalletId};
use domain::money::Amount;
use domain::transfer::{Party, Transfer, TransferRequest, plan_transfer};
use domain::user::{NewUser, plan_user};
use domain::wallet::{Wallet, WalletState};
use store::{AcceptError, PostedTransfer, Store, Written};
use tests::edits::{act, act_at};
use tests::embedded_dynamodb::Fault::TimeoutAppliedAnswerLost;
use tests::ledger_simulation::ledger::Ledger;
use tests::world::{Member, NOW, Refused, World, amount, tables};
use tokio::task::JoinSet;

use crate::{first_write, is_unknown};

async fn balanced(world: &World) -> Ledger {
    let ledger = Ledger::read(&world.database.client(), &tables()).await.expect("the ledger reads");
    ledger.check().unwrap_or_else(|breach| panic!("{breach}"));
    ledger
}

/// One attempt to store new settings.
async fn try_change(store: &Store, member: &Member, change: &AgreementChange) -> (Agreement, Written) {
    let agreement = store.any_agreement(&member.agreement.id).await.expect("a read").expect("it is there");
    let main = store.wallet(&member.wallet).await.expect("a read").expect("it is there");
    let changed = agreement.with_settings(change.clone(), NOW).expect("allowed");
    if changed == agreement {
        return (agreement, Written::Now);
    }
    let act = act_at(&member.company.path, NOW);
    let stored = store.change_terms(&act, &agreement, &changed, &main).await.expect("an answer");
    (changed, stored)
}

async fn change(store: &Store, member: &Member, change: AgreementChange) -> Agreement {
    loop {
        if let (agreement, Written::Now) = try_change(store, member, &change).await {
            return agreement;
        }
    }
}

fn limit(units: i64) -> AgreementChange {
    let credit_limit = Some(CreditLimit::Limited(Amount::whole(units)));
    AgreementChange { credit_limit, ..AgreementChange::default() }
}

fn suspended(suspended: bool) -> AgreementChange {
    AgreementChange { suspended: Some(suspended), ..AgreementChange::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_limits_race_the_wallet_has_the_agreements_last() {
    let world = Arc::new(World::with_streams(&[]).await);
    let client = world.client(&world.owner, "0.05").with_funds("5").open().await;
    let mut racing = JoinSet::new();
    for units in 1..=8 {
        let (world, client) = (world.clone(), client.clone());
        racing.spawn(async move { change(&world.store, &client, limit(units)).await });
    }
    racing.join_all().await;
    let agreement = change(&world.store, &client, AgreementChange::default()).await;
    assert_eq!(agreement.versions.len(), 9);
    let wallet = world.wallet(&client.wallet).await;
    assert_eq!(wallet.credit_limit, agreement.version_at(NOW).credit_limit.amount());
    assert_eq!(wallet.headroom, wallet.credit_limit.checked_add(amount("5")).expect("an amount"));
    balanced(&world).await;
}

#[tokio::test]
async fn a_limit_whose_answer_was_lost_is_changed_once() {
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").open().await;
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    let changed = client.agreement.with_settings(limit(50), NOW).expect("allowed");
    let main = world.wallet(&client.wallet).await;
    let act = act_at(&client.company.path, NOW);
    assert!(is_unknown(&lost.change_terms(&act, &client.agreement, &changed, &main).await));
    let again = lost.change_terms(&act, &client.agreement, &changed, &main).await;
    assert_eq!(again.expect("an answer"), Written::Now);
    let agreement = change(&world.store, &client, limit(50)).await;
    assert_eq!(agreement.revision, changed.revision);
    assert_eq!(world.wallet(&client.wallet).await.headroom, amount("50"));
    balanced(&world).await;
}

#[tokio::test]
async fn a_limit_cut_below_what_is_used_stops_those_below_until_there_is_headroom_again() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").open().await;
    let client = world.client(&reseller, "0.05").with_funds("100").open().await;
    change(&world.store, &reseller, limit(30)).await;
    for number in 0..10 {
        client.send(&world.store, &format!("key-{number}"), "hello").await.expect("there is enough");
    }
    change(&world.store, &reseller, limit(0)).await;
    // What the client still holds of the reseller's limit is called back, as the portal does.
    let main = world.wallet(&reseller.wallet).await;
    assert!(main.headroom.is_negative() && main.allocated.is_positive());
    let main = world.store.free_headroom(&main).await.expect("an answer");
    assert_eq!(main.headroom, amount("-0.3"));
    let refused = client.send(&world.store, "after", "hello").await;
    assert!(matches!(refused, Err(Refused::Accept(AcceptError::NotEnoughAbove { level: 2 }))), "{refused:?}");
    world.fund(&reseller, "0.33").await;
    client.send(&world.store, "after", "hello").await.expect("there is just enough");
}

#[tokio::test]
async fn nothing_is_charged_to_a_suspended_agreement_nor_to_those_below_until_it_is_resumed() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("30").open().await;
    let client = world.client(&reseller, "0.05").with_funds("30").open().await;
    client.send(&world.store, "before", "hello").await.expect("it is open");
    change(&world.store, &reseller, suspended(true)).await;
    let main = world.wallet(&reseller.wallet).await;
    assert_eq!(main.state, WalletState::Suspended);
    world.store.free_headroom(&main).await.expect("an answer");
    let refused = client.send(&world.store, "while", "hello").await;
    assert!(matches!(refused, Err(Refused::Accept(_))), "{refused:?}");
    // Money still comes in and goes back.
    world.fund(&reseller, "1").await;
    world.transfer(&reseller, &client, "1").await.expect("credits are moved");
    change(&world.store, &reseller, suspended(false)).await;
    client.send(&world.store, "after", "hello").await.expect("it is open again");
    assert_eq!(world.balance(&reseller).await, amount("29.94"));
    balanced(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_users_wallet_is_opened_once_however_many_need_it_at_once() {
    let world = Arc::new(World::with_streams(&[]).await);
    let reseller = world.reseller(&world.owner, "0.03").open().await;
    let client = world.client(&reseller, "0.05").open().await;
    let main = world.wallet(&client.wallet).await;
    let users = [UserId::new(1), UserId::new(2)];
    let mut racing = JoinSet::new();
    for _ in 0..8 {
        let (store, main, users) = (world.store.clone(), main.clone(), users.clone());
        racing.spawn(async move { store.user_wallets(&main, &users).await.expect("an answer") });
    }
    let opened = racing.join_all().await;
    let ids = users.clone().map(|user| WalletId::of_user(&client.agreement.id, &user));
    for wallets in opened {
        assert_eq!(
            wallets.iter().map(|wallet| &wallet.id).collect::<Vec<_>>(),
            ids.iter().collect::<Vec<_>>()
        );
    }
    for above in [&client.wallet, &reseller.wallet] {
        let holders = world.store.holders(above).await.expect("a read");
        assert_eq!(holders.iter().filter(|holder| ids.contains(&holder.id)).count(), 2);
    }
    balanced(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_users_with_one_id_one_is_stored_and_listed() {
    let world = Arc::new(World::with_streams(&[]).await);
    let company = world.owner.company.clone();
    let mut racing = JoinSet::new();
    for number in 0..8 {
        let (store, company) = (world.store.clone(), company.clone());
        racing.spawn(async move {
            let ask = NewUser::named(UserId::new(1), &format!("User {number}"), "user@example.com");
            let user = plan_user(&company, ask, NOW).expect("a user");
            let act = tests::edits::act(&company.path);
            store.create_user(&act, &user, None).await.expect("an answer") == Written::Now
        });
    }
    assert_eq!(racing.join_all().await.into_iter().filter(|stored| *stored).count(), 1);
    let listed = world.store.users(&company.id).await.expect("a read");
    let stored = world.store.any_user(&UserId::new(1)).await.expect("a read").expect("it is there");
    assert_eq!(listed, [stored]);
}

#[tokio::test]
async fn a_users_wallet_that_is_opened_while_a_transfer_takes_all_of_the_main_one_is_open() {
    let users = Users::new("10").await;
    let main = users.world.wallet(&users.client.wallet).await;
    let state = WalletState::Draining { transfer: TransferId::new(1), since: NOW };
    let main = Wallet { state, ..main };
    let opened = users.world.store.user_wallets(&main, &[UserId::new(3)]).await.expect("an answer");
    assert_eq!(opened[0].state, WalletState::Open, "nobody would end that state of it");
}

/// A client with individual credits and two users' wallets.
struct Users {
    world: World,
    client: Member,
    agreement: Agreement,
    wallets: [WalletId; 2],
}

impl Users {
    async fn new(funds: &str) -> Self {
        let world = World::with_streams(&[]).await;
        let client = world.client(&world.owner, "0.05").with_funds(funds).open().await;
        let on = AgreementChange { individual_credits: Some(true), ..AgreementChange::default() };
        let agreement = change(&world.store, &client, on).await;
        let main = world.wallet(&client.wallet).await;
        let users = [UserId::new(1), UserId::new(2)];
        world.store.user_wallets(&main, &users).await.expect("an answer");
        let wallets = users.map(|user| WalletId::of_user(&agreement.id, &user));
        Self { world, client, agreement, wallets }
    }

    async fn plan(&self, number: u128, from: &WalletId, to: &WalletId, sum: &str) -> Transfer {
        let (giver, taker) = (self.world.wallet(from).await, self.world.wallet(to).await);
        let party = |wallet| Party { wallet, company: &self.client.company, agreement: &self.agreement };
        let ask = TransferRequest {
            id: TransferId::new(number),
            from: from.clone(),
            to: to.clone(),
            amount: amount(sum).into(),
            note: String::new(),
            by: self.client.company.id.clone(),
            by_user: None,
            own_wallet_only: false,
        };
        plan_transfer(party(&giver), party(&taker), ask, NOW).expect("there is enough")
    }

    async fn post(&self, transfer: &Transfer) -> PostedTransfer {
        let from = self.world.wallet(&transfer.from).await;
        self.world
            .store
            .post_transfer(&act(&self.client.company.path), transfer, &from)
            .await
            .expect("an answer")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_transfers_racing_for_the_last_ten_of_a_user_exactly_one_wins() {
    let users = Users::new("10").await;
    let [ada, bob] = &users.wallets;
    let first = users.plan(100, &users.client.wallet, ada, "10").await;
    assert_eq!(users.post(&first).await, PostedTransfer::Now);
    assert_eq!(users.post(&first).await, PostedTransfer::Before(Box::new(first.clone())));
    let from = users.world.wallet(ada).await;
    let mut planned = Vec::new();
    for number in 0..8 {
        let to = if number % 2 == 0 { bob } else { &users.client.wallet };
        planned.push(users.plan(number, ada, to, "10").await);
    }
    let mut racing = JoinSet::new();
    for transfer in planned {
        let (store, from) = (users.world.store.clone(), from.clone());
        let act = act(&users.client.company.path);
        racing.spawn(async move { store.post_transfer(&act, &transfer, &from).await.expect("an answer") });
    }
    let posted = racing.join_all().await;
    assert_eq!(posted.iter().filter(|posted| **posted == PostedTransfer::Now).count(), 1, "{posted:?}");
    assert_eq!(posted.iter().filter(|posted| **posted == PostedTransfer::NotEnough).count(), 7, "{posted:?}");
    assert_eq!(users.world.wallet(ada).await.headroom, Amount::ZERO);
    balanced(&users.world).await;
}
