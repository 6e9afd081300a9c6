//! Each guarded write of the ledger and of messages: raced, repeated after its answer was lost, and
//! asked for twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::connection::ConnectionKind;
use domain::id::{ConnectionId, PaymentId, TopUpId, TransferId};
use domain::message::{Message, Progress, Status, Step, apply};
use domain::money::Amount;
use domain::payment::PaymentDirection;
use domain::quote::Charge;
use domain::top_up::{NewTopUp, Price, Received, Through, TopUp, TopUpState};
use store::{Claim, Mark, PostedPayment, PostedTransfer, Store, StoreError, Stored, TopUpPosted};
use tests::edits::act;
use tests::embedded_dynamodb::Call;
use tests::embedded_dynamodb::Fault::{self, TimeoutAppliedAnswerLost};
use tests::ledger_simulation::ledger::Ledger;
use tests::world::{Accepted, Member, NOW, World, amount, post_transfer, tables, transfer_request};
use tokio::task::JoinSet;

use crate::{first_write, is_unknown, nth_write};

const RACERS: usize = 12;

async fn balanced(world: &World) -> Ledger {
    let ledger = Ledger::read(&world.database.client(), &tables()).await.expect("the ledger reads");
    ledger.check().unwrap_or_else(|breach| panic!("{breach}"));
    ledger
}

/// Answers of many tasks that do the same at once.
async fn race<T, F>(world: &World, ask: impl Fn(Store) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut racing = JoinSet::new();
    for _ in 0..RACERS {
        racing.spawn(ask(world.store.clone()));
    }
    racing.join_all().await
}

/// Two members, of which the reseller has little enough (exact mode) or enough for escrow.
async fn pair(world: &World, funds_above: &str) -> (Member, Member) {
    let reseller = world.reseller(&world.owner, "0.03").with_funds(funds_above).open().await;
    let client = world.client(&reseller, "0.05").with_funds("10").open().await;
    (client, reseller)
}

fn once<T: PartialEq + std::fmt::Debug>(answers: &[T], now: &T) {
    assert_eq!(answers.iter().filter(|answer| *answer == now).count(), 1, "{answers:?}");
}

/// In exact mode, and out of escrow.
const FUNDS_ABOVE: [&str; 2] = ["1", "1000"];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_message_raced_repeated_and_doubled_is_charged_once() {
    for funds_above in FUNDS_ABOVE {
        let world = World::with_streams(&[]).await;
        let (client, reseller) = pair(&world, funds_above).await;
        let answers = race(&world, |store| {
            let client = client.clone();
            async move { client.send(&store, "raced", "hello").await.expect("an answer").0 }
        });
        once(&answers.await, &Accepted::Now);
        // The answer to each write in turn is lost: to a refill or to the charge.
        for write in 1..=3 {
            let key = format!("lost-{write}");
            let store = world.store_with(nth_write(write, TimeoutAppliedAnswerLost));
            // The client asks until it is told.
            while client.send(&store, &key, "hello").await.is_err() {}
            assert_eq!(
                client.send(&world.store, &key, "hello").await.expect("an answer").0,
                Accepted::Before
            );
        }
        let ledger = balanced(&world).await;
        assert_eq!(ledger.messages.len(), 4);
        assert_eq!(ledger.balance(&client.wallet), amount("9.8"));
        assert_eq!(ledger.standing(&reseller.wallet), amount("0.12"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_raced_repeated_and_doubled_is_charged_once_and_its_rows_are_written_once() {
    for funds_above in FUNDS_ABOVE {
        let world = World::with_streams(&[]).await;
        let (client, _) = pair(&world, funds_above).await;
        let batch = Arc::new(client.batch("raced", "hello", 10).expect("a rate"));
        let answers = race(&world, |store| {
            let client = client.clone();
            async move { client.send_batch(&store, "raced", "hello", 10).await.expect("an answer").0 }
        });
        once(&answers.await, &Accepted::Now);
        let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
        let message = batch.message(0).expect("a message");
        assert!(is_unknown(&lost.write_message_of_batch(&message).await));
        race(&world, |store| {
            let batch = batch.clone();
            async move {
                for message in batch.messages() {
                    store.write_message_of_batch(&message).await.expect("the row is there");
                }
            }
        })
        .await;
        // A row that has moved on is not written over.
        world.store.claim(&message.id).await.expect("it is claimed");
        world.store.write_message_of_batch(&message).await.expect("a repeat changes nothing");
        let ledger = balanced(&world).await;
        assert_eq!(ledger.messages.len(), 10);
        assert_eq!(ledger.messages[&message.id].status, Status::Queued);
        assert_eq!(ledger.balance(&client.wallet), amount("9.5"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refills_and_recalls_that_race_lose_nothing() {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world, "1000").await;
    let mut racing = JoinSet::new();
    for task in 0..RACERS {
        let (store, client, reseller) = (world.store.clone(), client.clone(), reseller.clone());
        racing.spawn(async move {
            for number in 0..4 {
                client.send(&store, &format!("{task}-{number}"), "hello").await.expect("there is enough");
                let wallet = store.wallet(&reseller.wallet).await.expect("a read").expect("a wallet");
                store.free_headroom(&wallet).await.expect("a recall");
            }
        });
    }
    racing.join_all().await;
    // A recall whose answer is lost, and again.
    client.send(&world.store, "more", "hello").await.expect("there is enough");
    let wallet = world.wallet(&reseller.wallet).await;
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    assert!(is_unknown(&lost.free_headroom(&wallet).await));
    let freed = lost.free_headroom(&wallet).await.expect("a recall");
    assert_eq!(freed.headroom, amount("998.53"));
    assert_eq!(balanced(&world).await.messages.len(), 49);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_transfer_raced_repeated_and_doubled_moves_credits_once() {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world, "100").await;
    let ask = transfer_request(TransferId::new(7), &reseller, &client, amount("30"));
    let answers = race(&world, |store| {
        let (client, reseller, ask) = (client.clone(), reseller.clone(), ask.clone());
        async move { post_transfer(&store, &reseller, &client, ask).await.expect("an answer").1 }
    });
    once(&answers.await, &PostedTransfer::Now);
    let ask = transfer_request(TransferId::new(8), &reseller, &client, amount("60"));
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    assert!(post_transfer(&lost, &reseller, &client, ask.clone()).await.is_err());
    let (transfer, again) = post_transfer(&lost, &reseller, &client, ask).await.expect("an answer");
    assert_eq!(again, PostedTransfer::Before(Box::new(transfer.clone())));
    // Also where the handler does not look first: the record decides, not the balance.
    let wallet = world.wallet(&reseller.wallet).await;
    let again =
        world.store.post_transfer(&act(&client.company.path), &transfer, &wallet).await.expect("an answer");
    assert_eq!(again, PostedTransfer::Before(Box::new(transfer)));
    let ledger = balanced(&world).await;
    assert_eq!(ledger.balance(&reseller.wallet), amount("10"));
    assert_eq!(ledger.balance(&client.wallet), amount("100"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_raced_repeated_and_doubled_counts_once() {
    for (direction, expected) in [(PaymentDirection::Inbound, "18"), (PaymentDirection::Outbound, "2")] {
        let world = World::with_streams(&[]).await;
        let (client, _) = pair(&world, "1").await;
        let wallet = world.wallet(&client.wallet).await;
        let payment =
            |id| client.payment(PaymentId::new(id), direction, amount("4"), &wallet).expect("it is allowed");
        let answers = race(&world, |store| {
            let (payment, wallet) = (payment(7), wallet.clone());
            let act = act(&client.company.path);
            async move { store.post_payment(&act, &payment, &wallet).await.expect("an answer") }
        });
        once(&answers.await, &PostedPayment::Now);
        let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
        assert!(is_unknown(&lost.post_payment(&act(&client.company.path), &payment(8), &wallet).await));
        let again =
            lost.post_payment(&act(&client.company.path), &payment(8), &wallet).await.expect("an answer");
        assert_eq!(again, PostedPayment::Before(Box::new(payment(8))));
        let mut same_reference = payment(9);
        same_reference.reference = payment(8).reference;
        let taken = world
            .store
            .post_payment(&act(&client.company.path), &same_reference, &wallet)
            .await
            .expect("an answer");
        assert_eq!(taken, PostedPayment::ReferenceTaken);
        assert_eq!(balanced(&world).await.balance(&client.wallet), amount(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_top_up_confirmed_by_many_callbacks_makes_one_payment() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    for (number, is_lost) in [(1, false), (2, true)] {
        let id = TopUpId::new(number);
        let new = NewTopUp {
            id: id.clone(),
            company: client.company.id.clone(),
            tenant: client.agreement.tenant.clone(),
            agreement: client.agreement.id.clone(),
            wallet: None,
            user: None,
            price: Price { amount: amount("5"), fee: Amount::ZERO, to_pay: amount("5") },
            currency: client.agreement.currency,
            order: None,
            through: Through::default(),
            session: format!("cs_{number}"),
            url: "https://pay.example".into(),
        };
        let top_up = TopUp::new(new, NOW);
        let act = act(&client.company.path);
        assert!(world.store.put_top_up(&act, &top_up).await.expect("it is stored"));
        let other = TopUp { session: "cs_other".into(), ..top_up.clone() };
        assert!(!world.store.put_top_up(&act, &other).await.expect("an answer"));
        let wallet = world.wallet(&client.wallet).await;
        let id = PaymentId::derived(&["top-up", id.as_str()]);
        let payment =
            client.payment(id, PaymentDirection::Inbound, top_up.amount, &wallet).expect("a payment");
        let received = Received {
            reference: format!("pi_{number}"),
            authorization: None,
            system_fee: None,
            credited: top_up.amount,
        };
        let confirmed = top_up.confirmed(payment.id.clone(), received, payment.at);
        if is_lost {
            let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
            assert!(is_unknown(&lost.pay_top_up(&act, &top_up, &confirmed, &payment, &wallet).await));
            let again = lost.pay_top_up(&act, &top_up, &confirmed, &payment, &wallet).await;
            assert_eq!(again.expect("an answer"), TopUpPosted::Now);
        } else {
            let answers = race(&world, |store| {
                let (top_up, payment, wallet) = (top_up.clone(), payment.clone(), wallet.clone());
                let (act, confirmed) = (act.clone(), confirmed.clone());
                async move {
                    let paid = store.pay_top_up(&act, &top_up, &confirmed, &payment, &wallet);
                    paid.await.expect("an answer")
                }
            });
            // Whoever writes the very same has it written.
            assert!(answers.await.iter().all(|posted| *posted == TopUpPosted::Now));
        }
        let closed = top_up.in_state(TopUpState::Closed { reason: "expired".into() });
        let moved = world.store.change_top_up(&act, &top_up, &closed).await;
        assert_eq!(moved.expect("an answer"), TopUpPosted::Overtaken);
        let stored = world.store.top_up(&top_up.id).await.expect("a read").expect("a top-up");
        assert_eq!(stored.state, TopUpState::Confirmed { payment: payment.id });
    }
    assert_eq!(balanced(&world).await.balance(&client.wallet), amount("20"));
}

fn moved(message: &Message, progress: &Progress) -> (Message, Vec<Charge>) {
    match apply(message, progress, NOW) {
        Step::Move { message, refund } => (*message, refund),
        Step::Ignore => panic!("{progress:?} moves the message"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_message_raced_and_repeated_is_claimed_once_moved_once_and_refunded_once() {
    for funds_above in FUNDS_ABOVE {
        let world = World::with_streams(&[]).await;
        let (client, reseller) = pair(&world, funds_above).await;
        let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
        let answers = race(&world, |store| {
            let id = message.id.clone();
            async move { store.claim(&id).await.expect("an answer") }
        });
        let yours = answers.await.into_iter().filter(|claim| matches!(claim, Claim::Yours(_))).count();
        assert_eq!(yours, 1);
        let claimed = world.store.message(&message.id).await.expect("a read").expect("a message");
        // A move without a refund, and then one with; each raced.
        let taken = Progress::Submitted { references: vec![Some("a".into())] };
        let in_doubt = moved(&claimed, &Progress::InDoubt).0;
        let unsent = Progress::Refused { reason: "no".into() };
        assert_eq!(moved(&claimed, &taken).1, vec![]);
        for (before, progress) in [(&claimed, Progress::InDoubt), (&in_doubt, unsent)] {
            let (next, refund) = moved(before, &progress);
            let answers = race(&world, |store| {
                let (next, refund, revision) = (next.clone(), refund.clone(), before.revision);
                async move { store.move_message(&next, revision, &refund).await.expect("an answer") }
            });
            once(&answers.await, &Stored::Now);
        }
        let ledger = balanced(&world).await;
        assert_eq!(ledger.messages[&message.id].status, Status::Unsent);
        assert_eq!(ledger.balance(&client.wallet), amount("10"));
        assert_eq!(ledger.standing(&reseller.wallet), Amount::ZERO);
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_not_given_twice() {
    for funds_above in FUNDS_ABOVE {
        let world = World::with_streams(&[]).await;
        let (client, _) = pair(&world, funds_above).await;
        let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
        let (unsent, refund) = moved(&message, &Progress::Refused { reason: "no".into() });
        let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
        assert!(is_unknown(&lost.move_message(&unsent, message.revision, &refund).await));
        let again = lost.move_message(&unsent, message.revision, &refund).await;
        assert_eq!(again.expect("an answer"), Stored::Overtaken);
        assert_eq!(balanced(&world).await.balance(&client.wallet), amount("10"));
        // What was given back can be spent again at every level.
        client.send(&world.store, "next", "hello").await.expect("there is enough");
        balanced(&world).await;
    }
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_still_its_callers_and_nobody_elses() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    let Ok(Claim::Yours(claimed)) = lost.claim(&message.id).await else { panic!("it found its own mark") };
    let other = world.store.claim(&message.id).await.expect("an answer");
    assert!(matches!(other, Claim::Before(_)), "{other:?}");
    // Applied, then told as refused: what counts is that it is free again.
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    lost.release(&claimed).await.expect("an answer");
    assert!(matches!(world.store.claim(&message.id).await, Ok(Claim::Yours(_))));
}

#[tokio::test]
async fn a_claim_that_never_got_an_answer_is_given_to_nobody() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
    let is_lost = |call: &Call| if call.is_write { TimeoutAppliedAnswerLost } else { Fault::None };
    assert!(is_unknown(&world.store_with(is_lost).claim(&message.id).await));
    let other = world.store.claim(&message.id).await.expect("an answer");
    assert!(matches!(other, Claim::Before(_)), "{other:?}");
}

#[tokio::test]
async fn a_plain_write_that_meets_a_transaction_is_tried_again() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
    let busy = || world.store_with(first_write(Fault::ConflictBeforeApply));
    let Ok(Claim::Yours(claimed)) = busy().claim(&message.id).await else { panic!("is not claimed") };
    assert_eq!(busy().release(&claimed).await.expect("an answer"), Stored::Now);
    let waiting = world.store.message(&message.id).await.expect("is read").expect("is there");
    let (taken, refund) = moved(&waiting, &Progress::Submitted { references: vec![Some("a".into())] });
    let stored = busy().move_message(&taken, waiting.revision, &refund).await;
    assert_eq!(stored.expect("an answer"), Stored::Now);
}

#[tokio::test]
async fn a_claim_is_given_back_once_and_frees_nobody_elses() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
    let claim = async || match world.store.claim(&message.id).await.expect("an answer") {
        Claim::Yours(claimed) => claimed,
        other => panic!("{other:?}"),
    };
    let first = claim().await;
    assert_eq!(world.store.release(&first).await.expect("an answer"), Stored::Now);
    assert_eq!(world.store.release(&first).await.expect("an answer"), Stored::Overtaken);
    let second = claim().await;
    // A retry of the first release whose answer was lost.
    assert_eq!(world.store.release(&first).await.expect("an answer"), Stored::Overtaken);
    let again = world.store.claim(&message.id).await.expect("an answer");
    assert!(matches!(again, Claim::Before(_)), "{again:?}");
    assert_eq!(world.store.release(&second).await.expect("an answer"), Stored::Now);
}

#[tokio::test]
async fn an_earlier_owner_of_a_connection_cannot_claim_what_a_later_one_has_had() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
    let claim = async |fence| {
        let mark = Mark::random();
        world.store.claim_as_owner(&message.id, &message.connection, fence, mark).await
    };
    let Ok(Claim::Yours(of_later)) = claim(8).await else { panic!("is not claimed") };
    assert_eq!(world.store.release(&of_later).await.expect("an answer"), Stored::Now);
    assert!(matches!(claim(7).await, Err(StoreError::Busy { .. })));
    assert!(matches!(claim(8).await, Ok(Claim::Yours(_))));
}

#[tokio::test]
async fn a_job_of_a_vendor_that_refused_a_message_does_nothing_once_another_has_it() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, "1").await;
    let (_, message) = client.send(&world.store, "key", "hello").await.expect("there is enough");
    let (first, second) = (&message.connection, ConnectionId::derived(&["the next vendor"]));
    let claim = async |connection: &ConnectionId, fence| {
        world.store.claim_as_owner(&message.id, connection, fence, Mark::random()).await
    };
    assert!(matches!(claim(first, 5).await, Ok(Claim::Yours(_))));
    let claimed = world.store.message(&message.id).await.expect("read").expect("there");
    let rerouted = Progress::Rerouted { connection: second.clone(), kind: ConnectionKind::Smpp };
    let Step::Move { message: next, refund } = apply(&claimed, &rerouted, NOW) else { panic!("stays") };
    let moved = world.store.move_message(&next, claimed.revision, &refund).await.expect("an answer");
    assert_eq!(moved, Stored::Now);
    assert!(matches!(claim(first, 5).await, Ok(Claim::Done)), "the first vendor's job came again");
    let over = world.store.claim_over(&message.id, first, Mark::random()).await;
    assert!(matches!(over, Ok(Claim::Done)));
    assert!(matches!(claim(&second, 2).await, Ok(Claim::Yours(_))));
    assert!(matches!(claim(first, 5).await, Ok(Claim::Done)), "while the second has it in hand");
}

/// A store in whose way one write comes: right before its first recall, `spend` happens.
fn overtaken(world: &World, recalled: &Member, spend: impl Fn() + Send + Sync + 'static) -> Store {
    let (key, done) = (format!("wallet#{}", recalled.wallet), AtomicBool::new(false));
    world.store_with(move |call: &Call| {
        let is_recall = call.body["TransactItems"][0]["Update"]["Key"]["pk"]["S"] == key.as_str();
        if is_recall && !done.swap(true, Ordering::SeqCst) {
            spend();
        }
        Fault::None
    })
}

#[tokio::test]
async fn what_a_holder_still_has_is_called_back_although_it_spent_some_meanwhile() {
    let world = World::with_streams(&[]).await;
    let (holder, reseller) = pair(&world, "30").await;
    let other = world.client(&reseller, "0.05").with_funds("10").open().await;
    holder.send(&world.store, "first", "hello").await.expect("there is enough");
    let rest = world.wallet(&reseller.wallet).await.headroom;
    world.transfer(&reseller, &other, &rest.to_string()).await.expect("there is enough");
    // The reseller has nothing left but what its first client keeps unused.
    let (spender, spends) = (holder.clone(), world.store.clone());
    let spend = move || {
        let (spender, spends) = (spender.clone(), spends.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let sent = spender.send(&spends, "meanwhile", "hello");
            runtime.expect("a runtime").block_on(sent).expect("there is enough");
        });
        thread.join().expect("it was sent");
    };
    let store = overtaken(&world, &holder, spend);
    other.send(&store, "key", "hello").await.expect("there is enough");
    assert_eq!(balanced(&world).await.messages.len(), 3);
}
