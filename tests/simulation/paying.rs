//! The life of a payment on the embedded database: every change raced, repeated after its answer was
//! lost, and in any order, ends in the balance that the payment's own record says.

use std::sync::Arc;

use domain::id::PaymentId;

use domain::payment::{
    Payment, PaymentDirection, PaymentEdit, PaymentError, PaymentStatus, plan_change, plan_deletion,
};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use store::{Ask, ChangedPayment, Expired, PostedPayment, Store, StoreError};
use tests::edits::act;
use tests::embedded_dynamodb::Call;
use tests::embedded_dynamodb::Fault::{self, TimeoutAppliedAnswerLost, TimeoutNotApplied};
use tests::ledger_simulation::ledger::Ledger;
use tests::world::{Member, NOW, World, amount, tables};
use tokio::task::JoinSet;

use crate::{is_unknown, nth_write};

const TOMORROW: Date = date(2026, 1, 2);
/// The end of it, when what was to be confirmed before has expired.
const LATER: Timestamp = Timestamp::constant(1_767_225_600 + 2 * 86_400, 0);

/// What can happen to a payment, by a person or by the sweeper.
#[derive(Debug, Clone)]
enum Step {
    Edit(PaymentEdit),
    Expire,
    Delete,
}

fn confirm() -> Step {
    Step::Edit(PaymentEdit { confirmed: Some(true), may_overdraw: true, ..PaymentEdit::default() })
}

fn withdraw(confirm_before: Date) -> Step {
    let (confirmed, confirm_before) = (Some(false), Some(confirm_before));
    Step::Edit(PaymentEdit { confirmed, confirm_before, may_overdraw: true, ..PaymentEdit::default() })
}

fn paid(sum: &str) -> Step {
    Step::Edit(PaymentEdit { amount: Some(amount(sum)), may_overdraw: true, ..PaymentEdit::default() })
}

fn renamed(reference: &str) -> Step {
    Step::Edit(PaymentEdit { reference: Some(reference.to_owned()), ..PaymentEdit::default() })
}

/// A client with money of its own, and enough above it that nothing here overdraws.
async fn client(world: &World) -> Member {
    world.client(&world.owner, "0.05").with_funds("1000").open().await
}

fn payment(
    client: &Member,
    number: u128,
    direction: PaymentDirection,
    wallet: &domain::wallet::Wallet,
) -> Payment {
    client.payment(PaymentId::new(number), direction, amount("100"), wallet).expect("it is allowed")
}

/// A stored payment that is not confirmed, with a deadline tomorrow.
async fn expected(world: &World, client: &Member, number: u128, direction: PaymentDirection) -> Payment {
    let wallet = world.wallet(&client.wallet).await;
    let made = payment(client, number, direction, &wallet);
    let posted = world.store.post_payment(&act(&client.company.path), &made, &wallet).await;
    assert_eq!(posted.expect("an answer"), PostedPayment::Now);
    take(&world.store, client, &made.id, &withdraw(TOMORROW), NOW).await.expect("an answer")
}

/// Takes a step as the functions do: it is planned on what is read, again where another came first.
async fn take(
    store: &Store,
    client: &Member,
    id: &PaymentId,
    step: &Step,
    now: Timestamp,
) -> Result<Payment, StoreError> {
    loop {
        let before = store.payment(id).await?.expect("the payment is there");
        let wallet = store.wallet(&client.wallet).await?.expect("the wallet is there");
        let planned = match step {
            Step::Expire => {
                store.expire_payment(id, now).await?;
                return Ok(store.payment(id).await?.expect("the payment is there"));
            }
            Step::Delete => plan_deletion(&before, &wallet, now),
            Step::Edit(edit) => plan_change(&before, &client.agreement, &wallet, edit.clone(), now),
        };
        let after = match planned {
            Ok(Some(after)) => after,
            Ok(None) | Err(PaymentError::Canceled) => return Ok(before),
            Err(error) => panic!("{step:?}: {error}"),
        };
        match store.change_payment(&act(&client.company.path), &before, &after, &wallet).await? {
            ChangedPayment::Now => return Ok(after),
            ChangedPayment::Overtaken => {}
            ChangedPayment::ReferenceTaken => return Ok(before),
            ChangedPayment::NotEnough => panic!("{step:?} may overdraw"),
        }
    }
}

/// Reads everything and checks that it adds up; with what the client has.
async fn balance(world: &World, client: &Member) -> String {
    let ledger = Ledger::read(&world.database.client(), &tables()).await.expect("the ledger reads");
    ledger.check().unwrap_or_else(|breach| panic!("{breach}"));
    ledger.balance(&client.wallet).to_string()
}

async fn status(world: &World, id: &PaymentId) -> PaymentStatus {
    world.store.payment(id).await.expect("a read").expect("a payment").status
}

const DIRECTIONS: [(PaymentDirection, &str); 2] =
    [(PaymentDirection::Inbound, "1100"), (PaymentDirection::Outbound, "900")];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_comes_first_the_end_is_the_same() {
    for (direction, inside) in DIRECTIONS {
        for (steps, last, end) in [
            (vec![Step::Expire], PaymentStatus::Expired, "1000"),
            (vec![confirm(), Step::Expire], PaymentStatus::Confirmed, inside),
            (vec![withdraw(TOMORROW), Step::Expire], PaymentStatus::Expired, "1000"),
            (vec![confirm(), Step::Expire, Step::Delete], PaymentStatus::Canceled, "1000"),
            (vec![renamed("other"), confirm(), Step::Expire], PaymentStatus::Confirmed, inside),
        ] {
            let world = Arc::new(World::with_streams(&[]).await);
            let client = client(&world).await;
            let made = expected(&world, &client, 7, direction).await;
            assert_eq!(balance(&world, &client).await, inside);
            let mut racing = JoinSet::new();
            for step in steps.iter().cycle().take(12) {
                let (world, client, id, step) =
                    (world.clone(), client.clone(), made.id.clone(), step.clone());
                racing.spawn(async move {
                    take(&world.store, &client, &id, &step, LATER).await.expect("an answer");
                });
            }
            racing.join_all().await;
            assert_eq!(
                (status(&world, &made.id).await, balance(&world, &client).await),
                (last, end.to_owned())
            );
            assert_eq!(world.store.due_payments(Timestamp::MAX, 10).await.expect("a list"), vec![]);
        }
    }
}

#[tokio::test]
async fn a_step_whose_answer_was_lost_or_that_never_arrived_is_taken_once() {
    for (direction, inside) in DIRECTIONS {
        let less = if direction == PaymentDirection::Inbound { "1001" } else { "999" };
        for (step, last, end) in [
            (confirm(), PaymentStatus::Confirmed, inside),
            (withdraw(TOMORROW), PaymentStatus::Expired, "1000"),
            (Step::Expire, PaymentStatus::Expired, "1000"),
            (Step::Delete, PaymentStatus::Canceled, "1000"),
            (paid("1"), PaymentStatus::Expired, "1000"),
            (withdraw(date(2026, 1, 9)), PaymentStatus::NotConfirmed, inside),
        ] {
            for fault in [TimeoutAppliedAnswerLost, TimeoutNotApplied] {
                let world = World::with_streams(&[]).await;
                let client = client(&world).await;
                let made = expected(&world, &client, 7, direction).await;
                let store = world.store_with(nth_write(1, fault));
                let first = take(&store, &client, &made.id, &step, LATER).await;
                assert!(is_unknown(&first), "{step:?}: {first:?}");
                for _ in 0..2 {
                    let again = take(&store, &client, &made.id, &step, LATER).await.expect("an answer");
                    assert_eq!(again.status, last, "{step:?}");
                }
                assert_eq!(balance(&world, &client).await, end, "{step:?}");
            }
        }
        let world = World::with_streams(&[]).await;
        let client = client(&world).await;
        let made = expected(&world, &client, 7, direction).await;
        let store = world.store_with(nth_write(1, TimeoutAppliedAnswerLost));
        while take(&store, &client, &made.id, &paid("1"), NOW).await.is_err() {}
        assert_eq!(balance(&world, &client).await, less);
    }
}

/// Calls fail in all ways, each now and then.
fn trouble(seed: u64) -> impl Fn(&Call) -> Fault + Send + Sync + 'static {
    move |call: &Call| {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(call.number));
        match random.random_range(0..10) {
            0 if call.is_write => TimeoutAppliedAnswerLost,
            1 => TimeoutNotApplied,
            2 if call.is_write => Fault::ConflictBeforeApply,
            _ => Fault::None,
        }
    }
}

fn random_step(random: &mut StdRng, actor: u64) -> Step {
    match random.random_range(0..8) {
        0 | 1 => confirm(),
        2 | 3 => withdraw(date(2026, 1, random.random_range(2..9))),
        4 => paid(["1", "100", "33.33"][random.random_range(0..3)]),
        5 => renamed(&format!("code-{actor}")),
        6 => Step::Expire,
        _ if random.random_ratio(1, 4) => Step::Delete,
        _ => Step::Expire,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_steps_of_several_actors_in_any_order_with_any_faults_leave_the_balance_true() {
    for seed in 0..16 {
        let world = Arc::new(World::with_streams(&[]).await);
        let client = client(&world).await;
        let mut ids = Vec::new();
        for (number, (direction, _)) in (1..).zip(DIRECTIONS) {
            ids.push(expected(&world, &client, number, direction).await.id);
        }
        let mut racing = JoinSet::new();
        for actor in 0..4 {
            let store = world.store_with(trouble(seed * 16 + actor));
            let (client, ids) = (client.clone(), ids.clone());
            racing.spawn(async move {
                let mut random = StdRng::seed_from_u64(seed * 31 + actor);
                for _ in 0..12 {
                    let now = NOW + SignedDuration::from_hours(random.random_range(0..200));
                    let id = &ids[random.random_range(0..ids.len())];
                    let step = random_step(&mut random, actor);
                    // Taken, or given up: nobody has to know which.
                    let _ = take(&store, &client, id, &step, now).await;
                }
            });
        }
        racing.join_all().await;
        let mut inside = amount("1000");
        for id in &ids {
            let payment = world.store.payment(id).await.expect("a read").expect("a payment");
            let due = world.store.due_payments(Timestamp::MAX, 10).await.expect("a list");
            assert_eq!(due.contains(id), payment.due().is_some(), "seed {seed}");
            inside = inside.checked_add(payment.effect()).expect("an amount");
        }
        assert_eq!(balance(&world, &client).await, inside.to_string(), "seed {seed}");
    }
}

#[tokio::test]
async fn the_sweeper_finds_what_is_due_and_nothing_else() {
    let world = World::with_streams(&[]).await;
    let client = client(&world).await;
    let mut ids = Vec::new();
    for number in [3, 1, 2] {
        ids.push(expected(&world, &client, number, PaymentDirection::Inbound).await.id);
    }
    let midnight: Timestamp = "2026-01-02T00:00:00Z".parse().expect("a time");
    let just_before = midnight - SignedDuration::from_micros(1);
    let due = async |now, limit| world.store.due_payments(now, limit).await.expect("a list");
    assert_eq!(due(just_before, 10).await, vec![]);
    // The last one gets another week, and the first is confirmed.
    take(&world.store, &client, &ids[2], &withdraw(date(2026, 1, 9)), NOW).await.expect("an answer");
    take(&world.store, &client, &ids[0], &confirm(), NOW).await.expect("an answer");
    assert_eq!(due(midnight, 10).await, [ids[1].clone()]);
    assert_eq!(due(Timestamp::MAX, 1).await, [ids[1].clone()]);
    assert_eq!(due(Timestamp::MAX, 10).await, [ids[1].clone(), ids[2].clone()]);
    for id in &ids {
        let expired = world.store.expire_payment(id, just_before).await.expect("an answer");
        assert_eq!(expired, Expired::NotDue);
    }
    for expected in [Expired::Now, Expired::NotDue] {
        assert_eq!(world.store.expire_payment(&ids[1], midnight).await.expect("an answer"), expected);
    }
    let unknown = world.store.expire_payment(&PaymentId::new(99), midnight).await;
    assert_eq!(unknown.expect("an answer"), Expired::NotDue);
    assert_eq!(balance(&world, &client).await, "1200");
}

#[tokio::test]
async fn a_code_is_free_when_its_payment_has_another_or_is_deleted() {
    let world = World::with_streams(&[]).await;
    let client = client(&world).await;
    let wallet = world.wallet(&client.wallet).await;
    let named = |number: u128, reference: &str| {
        let made = payment(&client, number, PaymentDirection::Inbound, &wallet);
        Payment { reference: reference.to_owned(), ..made }
    };
    let act = act(&client.company.path);
    let post = async |made: Payment| world.store.post_payment(&act, &made, &wallet).await.expect("an answer");
    let list = async || {
        let list = client.company.id.to_string();
        let ask = Ask { list, column: Some("reference"), limit: 10, ..Ask::default() };
        let page = world.store.things::<Payment>(&ask, |_| true).await.expect("a page");
        page.items.iter().map(|found| (found.reference.clone(), found.status)).collect::<Vec<_>>()
    };
    assert_eq!(post(named(1, "a")).await, PostedPayment::Now);
    assert_eq!(post(named(2, "a")).await, PostedPayment::ReferenceTaken);
    assert_eq!(post(named(2, "b")).await, PostedPayment::Now);
    let (first, second) = (PaymentId::new(1), PaymentId::new(2));
    let before = world.store.payment(&first).await.expect("a read").expect("a payment");
    let after = Payment { reference: "b".into(), revision: 1, ..before.clone() };
    let taken = world.store.change_payment(&act, &before, &after, &wallet).await.expect("an answer");
    assert_eq!(taken, ChangedPayment::ReferenceTaken);
    take(&world.store, &client, &first, &renamed("c"), NOW).await.expect("an answer");
    take(&world.store, &client, &second, &Step::Delete, NOW).await.expect("an answer");
    assert_eq!(post(named(3, "a")).await, PostedPayment::Now);
    assert_eq!(post(named(4, "b")).await, PostedPayment::Now);
    let (alive, gone) = (PaymentStatus::Confirmed, PaymentStatus::Canceled);
    // The funds that the client began with are a payment as well, named by its id.
    let listed = list().await;
    let expected = [("a", alive), ("b", gone), ("b", alive), ("c", alive)];
    assert_eq!(listed[..4], expected.map(|(name, status)| (name.to_owned(), status)));
}

#[tokio::test]
async fn what_goes_out_is_there_when_it_is_written_whatever_was_read_before() {
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").with_funds("150").open().await;
    let read = world.wallet(&client.wallet).await;
    let outbound = |number| payment(&client, number, PaymentDirection::Outbound, &read);
    // Both were planned on the 150 that were there.
    let (first, second) = (outbound(1), outbound(2));
    let act = &act(&client.company.path);
    let post = async |made: &Payment| world.store.post_payment(act, made, &read).await.expect("an answer");
    assert_eq!(post(&first).await, PostedPayment::Now);
    assert_eq!(post(&second).await, PostedPayment::NotEnough);
    assert_eq!(post(&Payment { may_overdraw: true, ..second }).await, PostedPayment::Now);
    assert_eq!(world.balance(&client).await, amount("-50"));
    // The same where one is put back: 50 are missing, though the plan has seen 150.
    let second = take(&world.store, &client, &PaymentId::new(2), &withdraw(TOMORROW), LATER).await;
    let second = second.expect("an answer");
    let again = PaymentEdit { confirmed: Some(true), ..PaymentEdit::default() };
    let planned = plan_change(&second, &client.agreement, &read, again, LATER).expect("it was there");
    let back = planned.expect("it changes something");
    let refused = world.store.change_payment(act, &second, &back, &read).await.expect("an answer");
    assert_eq!((refused, balance(&world, &client).await), (ChangedPayment::NotEnough, "50".to_owned()));
}

#[tokio::test]
async fn what_holders_keep_of_money_that_was_never_there_comes_back_at_once() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").open().await;
    let client = world.client(&reseller, "0.05").with_funds("100").open().await;
    let made = expected(&world, &reseller, 7, PaymentDirection::Inbound).await;
    client.send(&world.store, "first", "hello").await.expect("there is enough");
    let rest = world.wallet(&reseller.wallet).await.headroom;
    assert!(world.wallet(&reseller.wallet).await.allocated.is_positive());
    let other = world.client(&reseller, "0.05").open().await;
    world.transfer(&reseller, &other, &rest.to_string()).await.expect("there is enough");
    assert_eq!(world.store.expire_payment(&made.id, LATER).await.expect("an answer"), Expired::Now);
    let wallet = world.wallet(&reseller.wallet).await;
    assert!(wallet.headroom.is_negative() && wallet.allocated.is_zero() && wallet.is_balanced());
    assert_eq!(wallet.funding, -rest);
    client.send(&world.store, "second", "hello").await.expect_err("the reseller is in debt");
}

#[tokio::test]
async fn write_units_of_a_payments_life() {
    let world = World::with_streams(&[]).await;
    let client = client(&world).await;
    let wallet = world.wallet(&client.wallet).await;
    let made = payment(&client, 7, PaymentDirection::Inbound, &wallet);
    let id = made.id.clone();
    let units = async |what: &str, step: Step, now: Timestamp| {
        world.take_write_units();
        take(&world.store, &client, &id, &step, now).await.expect("an answer");
        let units = of_ledger(&world);
        println!("{what:<58} {units:>9}");
        units
    };
    world.take_write_units();
    world.store.post_payment(&act(&client.company.path), &made, &wallet).await.expect("an answer");
    let posted = of_ledger(&world);
    assert_eq!(posted, Decimal::from(6));
    let noted = Step::Edit(PaymentEdit { description: Some("seen".into()), ..PaymentEdit::default() });
    let late = date(2026, 1, 3);
    for (what, step, now, expected) in [
        ("payment: an edit that moves nothing", noted, NOW, 2),
        ("payment: another amount", paid("99"), NOW, 4),
        ("payment: withdrawn, with a deadline ahead", withdraw(TOMORROW), NOW, 4),
        ("payment: expired", Step::Expire, LATER, 6),
        ("payment: confirmed late", confirm(), LATER, 4),
        ("payment: withdrawn, with a deadline in the past", withdraw(late), LATER, 4),
        ("payment: another code", renamed("other"), LATER, 6),
    ] {
        assert_eq!(units(what, step, now).await, Decimal::from(expected), "{what}");
    }
    assert_eq!(balance(&world, &client).await, "1000");
    assert_eq!(world.wallet(&client.wallet).await.headroom, amount("1000"));
}

/// What the money took; lists and audit log come on top.
fn of_ledger(world: &World) -> Decimal {
    world.take_write_units().get(&world.store.tables.ledger).copied().unwrap_or_default()
}
