//! The worked examples of the product's money, and many clients at once.

use std::sync::Arc;

use domain::agreement::CreditLimit;
use domain::company::{CompanyAssets, plan_delete};
use domain::id::TransferId;
use domain::message::Message;
use domain::money::Amount;
use domain::transfer::{Party, TransferError, plan_transfer};
use queue::Progress;
use store::{AcceptError, PostedTransfer, Written};
use tests::edits::act;
use tests::ledger_simulation::ledger::Ledger;
use tests::world::{Accepted, Member, NOW, Refused, World, amount, tables, transfer_request};
use tokio::task::JoinSet;

/// Reads everything and checks that it adds up.
async fn balanced(world: &World) -> Ledger {
    let ledger = Ledger::read(&world.database.client(), &tables()).await.expect("the ledger reads");
    ledger.check().unwrap_or_else(|breach| panic!("{breach}"));
    ledger
}

async fn balances<const N: usize>(world: &World, members: [&Member; N]) -> [String; N] {
    let mut shown = [const { String::new() }; N];
    for (shown, member) in shown.iter_mut().zip(members) {
        *shown = world.balance(member).await.to_string();
    }
    shown
}

fn is_not_enough<T>(result: &Result<T, Refused>) -> bool {
    matches!(result, Err(Refused::Transfer(TransferError::NotEnough { .. })))
}

#[tokio::test]
async fn a_reseller_gives_thirty_to_each_of_three_and_has_ten_left() {
    let world = World::new().await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
    let mut children = Vec::new();
    for _ in 0..4 {
        children.push(world.client(&reseller, "0.05").open().await);
    }
    let [a, b, c, d] = [&children[0], &children[1], &children[2], &children[3]];
    for child in [a, b, c] {
        world.transfer(&reseller, child, "30").await.expect("there is enough");
    }
    assert_eq!(balances(&world, [&reseller, a, b, c, d]).await, ["10", "30", "30", "30", "0"]);
    assert!(is_not_enough(&world.transfer(&reseller, d, "30").await));
    assert_eq!(balances(&world, [&reseller, d]).await, ["10", "0"]);
    world.transfer(a, &reseller, "30").await.expect("what was given can be taken back");
    assert_eq!(balances(&world, [&reseller, a]).await, ["40", "0"]);
    balanced(&world).await;
}

#[tokio::test]
async fn a_client_at_79_gets_10_and_gives_back_5() {
    let world = World::new().await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
    let client = world.client(&reseller, "0.05").with_funds("79").open().await;
    let shown = async || balances(&world, [&client, &reseller]).await;
    world.transfer(&reseller, &client, "10").await.expect("there is enough");
    assert_eq!(shown().await, ["89", "90"]);
    // The panel's negative amount on "add credits": the direction turns round.
    world.transfer(&reseller, &client, "-5").await.expect("there is enough");
    assert_eq!(shown().await, ["84", "95"]);
    balanced(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_transfers_racing_for_the_last_ten_exactly_one_wins() {
    for _ in 0..8 {
        let world = Arc::new(World::new().await);
        let reseller = world.reseller(&world.owner, "0.03").with_funds("10").open().await;
        let children =
            [world.client(&reseller, "0.05").open().await, world.client(&reseller, "0.05").open().await];
        let mut racing = JoinSet::new();
        for child in children {
            let (world, reseller) = (world.clone(), reseller.clone());
            racing.spawn(async move { world.transfer(&reseller, &child, "10").await });
        }
        let results = racing.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().any(is_not_enough), "{results:?}");
        balanced(&world).await;
        assert_eq!(balances(&world, [&reseller]).await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_clients_of_one_reseller_send_at_once_and_every_message_is_charged_at_every_level() {
    const CLIENTS: usize = 64;
    const MESSAGES: usize = 25;
    let world = Arc::new(World::with_streams(&[]).await);
    let top = world.reseller(&world.owner, "0.02").with_funds("1000").open().await;
    let reseller = world.reseller(&top, "0.03").with_funds("1000").open().await;
    let mut sending = JoinSet::new();
    for _ in 0..CLIENTS {
        let client = world.client(&reseller, "0.05").with_funds("1").open().await;
        let world = world.clone();
        // A funded client has money for 20 of its 25 messages.
        sending.spawn(async move {
            let mut accepted = 0;
            for number in 0..MESSAGES {
                match client.send(&world.store, &format!("key-{number}"), "hello").await {
                    Ok((Accepted::Now, _)) => accepted += 1,
                    Err(Refused::Accept(AcceptError::NotEnough { .. })) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(accepted, 20);
            client
        });
    }
    let clients = sending.join_all().await;
    let ledger = balanced(&world).await;
    assert_eq!(ledger.messages.len(), CLIENTS * 20);
    for client in &clients {
        assert_eq!(ledger.balance(&client.wallet), Amount::ZERO);
    }
    assert_eq!(ledger.balance(&reseller.wallet), amount("961.6"));
    assert_eq!(ledger.balance(&top.wallet), amount("974.4"));
}

/// Sends until refused; how many were accepted, and the refusal.
async fn send_all(world: &World, client: &Member, prefix: &str, most: usize) -> (usize, Option<AcceptError>) {
    for number in 0..most {
        match client.send(&world.store, &format!("{prefix}-{number}"), "hello").await {
            Ok(_) => {}
            Err(Refused::Accept(error)) => return (number, Some(error)),
            Err(error) => panic!("{error}"),
        }
    }
    (most, None)
}

#[tokio::test]
async fn funds_for_exactly_n_messages_above_send_n_messages_and_name_the_level_that_refuses_the_next() {
    for (depth, levels) in [(2, [1, 2].as_slice()), (5, &[1, 3, 5])] {
        for &level in levels {
            let world = World::with_streams(&[]).await;
            let chain = world.chain(depth, "0").await;
            for (place, member) in chain.iter().enumerate() {
                // One level has money for 300 messages of its price, the others for many more.
                let price = member.price;
                let messages = if place + 1 == level { 300 } else { 9_000 };
                world.fund(member, &price.checked_times(messages).expect("an amount").to_string()).await;
            }
            let (accepted, refusal) = send_all(&world, &chain[0], "key", 400).await;
            assert_eq!(accepted, 300, "depth {depth}, level {level}");
            match refusal {
                Some(AcceptError::NotEnough { .. }) => assert_eq!(level, 1),
                Some(AcceptError::NotEnoughAbove { level: named }) => assert_eq!(named, level),
                other => panic!("{other:?}"),
            }
            balanced(&world).await;
        }
    }
}

#[tokio::test]
async fn what_one_client_keeps_unused_of_a_shared_wallet_is_called_back_for_another() {
    let world = World::with_streams(&[]).await;
    let top = world.reseller(&world.owner, "0.02").with_funds("1000").open().await;
    let reseller = world.reseller(&top, "0.03").with_funds("30").open().await;
    let left = world.client(&reseller, "0.05").with_funds("1000").open().await;
    let right = world.client(&reseller, "0.05").with_funds("1000").open().await;
    // The reseller can pay for exactly 1000; the left client's first messages set much of it aside.
    assert_eq!(send_all(&world, &left, "left", 10).await.0, 10);
    let (accepted, refusal) = send_all(&world, &right, "right", 2_000).await;
    assert_eq!(accepted, 990);
    assert!(matches!(refusal, Some(AcceptError::NotEnoughAbove { level: 2 })), "{refusal:?}");
    assert_eq!(balanced(&world).await.balance(&reseller.wallet), Amount::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_that_race_for_the_rest_of_a_shared_wallet_get_all_of_it_and_no_more() {
    for _ in 0..6 {
        let world = Arc::new(World::with_streams(&[]).await);
        let reseller = world.reseller(&world.owner, "0.03").with_funds("3.6").open().await;
        let mut sending = JoinSet::new();
        for _ in 0..4 {
            let client = world.client(&reseller, "0.05").with_funds("1000").open().await;
            let world = world.clone();
            sending.spawn(async move { send_all(&world, &client, "key", 200).await });
        }
        let results = sending.join_all().await;
        let accepted: usize = results.iter().map(|(accepted, _)| accepted).sum();
        let all_above =
            results.iter().all(|(_, error)| matches!(error, Some(AcceptError::NotEnoughAbove { level: 2 })));
        assert!(all_above, "{results:?}");
        assert_eq!(accepted, 120);
        balanced(&world).await;
    }
}

#[tokio::test]
async fn a_prefunded_client_spends_its_own_credits_alone() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").open().await;
    let client = world.client(&reseller, "0.05").prefunded().with_funds("0.1").open().await;
    assert_eq!(send_all(&world, &client, "key", 5).await.0, 2);
    assert_eq!(balances(&world, [&client, &reseller]).await, ["0", "0"]);
    balanced(&world).await;
}

#[tokio::test]
async fn a_transfer_calls_back_what_children_keep_unused() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
    let client = world.client(&reseller, "0.05").with_funds("100").open().await;
    let other = world.client(&reseller, "0.05").open().await;
    assert_eq!(send_all(&world, &client, "key", 1).await.0, 1);
    assert!(world.wallet(&reseller.wallet).await.headroom < amount("99.97"));
    world.transfer(&reseller, &other, "99.97").await.expect("nothing is stranded below");
    assert_eq!(balances(&world, [&reseller, &other]).await, ["0", "99.97"]);
    balanced(&world).await;
}

/// Its tenant deletes a company that has one agreement, and its sender ID before.
async fn delete(world: &World, member: &Member, tenant: &Member) {
    let sender = world.store.sender(&member.agreement.id, &member.sender).await;
    let sender = sender.expect("it is read").expect("it is there");
    let gone = world.store.delete_sender(&act(&member.company.path), &sender).await;
    assert_eq!(gone.expect("an answer"), Written::Now);
    let nothing = CompanyAssets::default();
    let deleted = plan_delete(&member.company, &tenant.company.id, &nothing, NOW).expect("it may go");
    let (act, wallets) = (act(&member.company.path), [world.wallet(&member.wallet).await]);
    let written = world.store.delete_company(&act, &member.company, &deleted, &wallets, 1).await;
    assert_eq!(written.expect("an answer"), Written::Now);
}

/// The vendor refuses it, which gives back what it cost.
async fn give_back(world: &World, message: &Message) {
    let refused = Progress::RefusedV1 {
        message: message.id.clone(),
        reason: "no".to_owned(),
        next_route: false,
        connection: None,
        at: NOW,
    };
    progress_applier::App { store: world.store.clone() }.apply(refused).await.expect("applied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_deleted_client_gets_back_is_taken_once_and_never_what_it_had_on_credit() {
    for _ in 0..4 {
        let world = Arc::new(World::with_streams(&[]).await);
        let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
        let limit = CreditLimit::Limited(amount("10"));
        let client = world.client(&reseller, "0.05").with_credit_limit(limit).with_funds("0.05");
        let mut client = client.open().await;
        client.agreement.transfers_use_credit_limit = true;
        let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");

        // Planned while the client was there.
        let (from, to) = (world.wallet(&client.wallet).await, world.wallet(&reseller.wallet).await);
        let giver = Party { wallet: &from, company: &client.company, agreement: &client.agreement };
        let taker = Party { wallet: &to, company: &reseller.company, agreement: &reseller.agreement };
        let ask = transfer_request(TransferId::new(world.unique()), &client, &reseller, amount("10"));
        let late = plan_transfer(giver, taker, ask, NOW).expect("it may give its credit");
        delete(&world, &client, &reseller).await;
        let late = world.store.post_transfer(&act(&client.company.path), &late, &from).await;
        assert_eq!(late.expect("an answer"), PostedTransfer::NotEnough);
        assert!(is_not_enough(&world.transfer(&client, &reseller, "1").await));
        assert_eq!(balances(&world, [&client, &reseller]).await, ["0", "99.97"]);

        give_back(&world, &message).await;
        let mut racing = JoinSet::new();
        for _ in 0..4 {
            let (world, client, reseller) = (world.clone(), client.clone(), reseller.clone());
            racing.spawn(async move { world.transfer(&client, &reseller, "0.05").await });
        }
        let results = racing.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().all(|result| result.is_ok() || is_not_enough(result)), "{results:?}");
        let back = world.transfer(&reseller, &client, "1").await;
        assert!(matches!(back, Err(Refused::Transfer(TransferError::TakerClosed))), "{back:?}");
        assert_eq!(balances(&world, [&client, &reseller]).await, ["0", "100.05"]);
        balanced(&world).await;
    }
}
