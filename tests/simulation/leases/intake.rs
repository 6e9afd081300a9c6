//! The orders of SMPP clients, from the gateway's intake into the ledger.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::agreement::Agreement;
use domain::connection::{ClientLink, Connection, ConnectionKind, HttpLink, Link, SmppLink};
use domain::handling::{Handling, Raw};
use domain::id::{ConnectionId, MessageId, SecretId, SenderId};
use domain::lookup::{AnswerFields, CompanyLookup, LookupLink};
use domain::money::Amount;
use domain::rating::{Attribute, Node, Price, RateTree, Resource, ScaleKind, ServiceKind, Tier};
use domain::route::{Route, Routes};
use domain::segmentation::Encoding;
use domain::sender::{Sender, SenderAddress};
use jiff::SignedDuration;
use runtime::targets::Targets;
use sending::Lookups;
use smpp_gateway::client::account::{Account, Order, Refusal};
use smpp_gateway::client::intake::Intake;
use store::Store;
use tests::books::balanced;
use tests::edits::{act_at, change_company};
use tests::edits::{put_connection, replace_connection};
use tests::embedded_dynamodb::{Call, Fault, Faults};
use tests::embedded_secrets::EmbeddedSecrets;
use tests::ledger_simulation::ledger::Ledger;
use tests::lookup_simulator::{LookupSimulator, Mood, Settings};
use tests::world::{Member, NOW, World, amount, connection};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::nth_write;

/// Each call takes 8 ms, as those of DynamoDB do.
struct Slow<F>(F);

impl<F: Fn(&Call) -> Fault + Send + Sync> Faults for Slow<F> {
    fn decide(&self, call: &Call) -> Fault {
        (self.0)(call)
    }

    fn latency(&self, _call: &Call) -> Duration {
        Duration::from_millis(8)
    }
}

fn slow(world: &World) -> Store {
    world.store_with(Slow(|_: &Call| Fault::None))
}

fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("more than none")
}

/// The vendor's connection of all senders.
async fn open_road(world: &World, window: u32) {
    let link = SmppLink {
        window: some(window),
        rate: some(1_000),
        enquire_link_seconds: some(30),
        ..SmppLink::new("vendor.example", 2775, "us")
    };
    assert_eq!(connect(world, "the vendor", Link::Smpp(link)).await, connection());
}

fn account(client: &Member) -> Account {
    let link = ClientLink {
        binds_max: some(1),
        window: some(1_000),
        rate: some(10_000),
        ..ClientLink::new(client.company.id.clone(), client.agreement.id.clone(), "client", String::new())
    };
    Account {
        connection: ConnectionId::derived(&["client", client.company.id.as_str()]),
        rate: link.rate,
        link,
        company: client.company.clone(),
        agreement: client.agreement.clone(),
    }
}

fn order(number: usize) -> Order {
    Order {
        sender: "ACME".to_owned(),
        recipient: format!("+49151{:08}", 10_000_000 + number),
        text: format!("message {number}"),
        encoding: Encoding::Gsm7,
        segments: 1,
        handling: Default::default(),
    }
}

/// A client below a reseller, with a vendor of this window.
async fn pair(world: &World, window: u32, funds: [&str; 2]) -> (Member, Member) {
    open_road(world, window).await;
    let reseller = world.reseller(&world.owner, "0.03").with_funds(funds[1]).open().await;
    let client = world.client(&reseller, "0.05").with_funds(funds[0]).open().await;
    (client, reseller)
}

/// One more connection of the owner's.
async fn connect(world: &World, name: &str, link: Link) -> ConnectionId {
    let connection = Connection {
        secret: Some(SecretId::new(1)),
        ..Connection::new(
            ConnectionId::derived(&[name]),
            world.owner.company.id.clone(),
            name,
            link,
            tests::world::NOW,
        )
    };
    put_connection(&world.store, &connection).await;
    connection.id
}

/// A sender ID of the client's with these roads.
async fn name(world: &World, client: &Member, name: &str, routes: Vec<Route>) {
    let sender = Sender::new(
        SenderId::new(world.unique()),
        client.company.id.clone(),
        client.agreement.id.clone(),
        SenderAddress::parse(name).expect("a sender"),
        Routes::new(routes).expect("some roads"),
        NOW,
    );
    let act = act_at(&client.company.path, NOW);
    let stored = world.store.put_sender(&act, &sender).await.expect("it is stored");
    assert_eq!(stored, store::Written::Now);
}

fn intake(store: Store) -> Intake {
    let lookups = Lookups::new(EmbeddedSecrets::new().store(), Targets::Any).expect("a client");
    Intake::new(store, lookups)
}

type Outcome = Result<MessageId, Refusal>;

/// So many orders, so many a second; in their order what came of each.
async fn send(intake: &Intake, client: &Member, count: usize, per_second: u32) -> Vec<Outcome> {
    let (account, begin, mut sending) = (Arc::new(account(client)), Instant::now(), JoinSet::new());
    for number in 0..count {
        let at = begin + Duration::from_secs(1) * u32::try_from(number).expect("few") / per_second;
        let (intake, account) = (intake.clone(), account.clone());
        sending.spawn(async move {
            sleep_until(at).await;
            (number, intake.accept(&account, order(number)).await)
        });
    }
    let mut outcomes = sending.join_all().await;
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn accepted(outcomes: &[Outcome]) -> BTreeSet<MessageId> {
    let ids: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.clone().ok()).collect();
    let unique: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), unique.len(), "each message has an id of its own");
    unique
}

fn stored(ledger: &Ledger) -> BTreeSet<MessageId> {
    ledger.messages.keys().chain(ledger.of_blocks.keys()).cloned().collect()
}

/// How many messages each block has.
fn block_sizes(ids: &BTreeSet<MessageId>) -> Vec<usize> {
    let mut sizes = std::collections::BTreeMap::new();
    for (tag, _) in ids.iter().filter_map(MessageId::block) {
        *sizes.entry(tag).or_insert(0) += 1;
    }
    sizes.into_values().collect()
}

async fn check_rate(count: usize, per_second: u32) -> (BTreeSet<MessageId>, Duration) {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world, 200, ["1000", "1000"]).await;
    let intake = intake(slow(&world));
    let begin = Instant::now();
    let outcomes = send(&intake, &client, count, per_second).await;
    let took = begin.elapsed();
    let ids = accepted(&outcomes);
    assert_eq!(ids.len(), count, "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    intake.close().await;
    assert_eq!(world.store.open_leases().await.expect("a list"), vec![]);
    let ledger = balanced(&world).await;
    assert!(stored(&ledger) == ids, "{} are stored", stored(&ledger).len());
    let count = u32::try_from(count).expect("few");
    for (member, price) in [(&client, "0.05"), (&reseller, "0.03")] {
        let spent = amount(price).checked_times(count).expect("a sum");
        assert_eq!(ledger.standing(&member.wallet), spent);
        let left = amount("1000").checked_sub(spent).expect("a difference");
        let wallet = world.wallet(&member.wallet).await;
        if member.wallet == client.wallet {
            assert_eq!((wallet.headroom, wallet.allocated), (left, Amount::ZERO));
        }
        assert_eq!(world.balance(member).await, left);
    }
    (ids, took)
}

#[tokio::test(start_paused = true)]
async fn an_order_a_second_is_a_row_each() {
    let (ids, _) = check_rate(6, 1).await;
    assert_eq!(block_sizes(&ids), Vec::<usize>::new());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_orders_a_second_go_through_a_lease() {
    let (ids, _) = check_rate(300, 100).await;
    assert!(block_sizes(&ids).iter().sum::<usize>() > 280, "{:?}", block_sizes(&ids));
}

#[tokio::test(start_paused = true)]
async fn two_thousand_orders_a_second_go_in_blocks_of_half_the_vendor_s_window_at_most() {
    let (ids, took) = check_rate(2_000, 2_000).await;
    let sizes = block_sizes(&ids);
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    assert!(sizes.len() < 150, "{} blocks", sizes.len());
    assert!(took < Duration::from_millis(1_500), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn five_thousand_orders_a_second_are_kept_up_with() {
    let (_, took) = check_rate(5_000, 5_000).await;
    assert!(took < Duration::from_millis(1_400), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_runs_out_of_money_is_refused_what_it_cannot_pay_and_nothing_else() {
    for (funds, level) in [(["5", "1000"], 1), (["1000", "3"], 2)] {
        let world = World::with_streams(&[]).await;
        let (client, _) = pair(&world, 100, funds).await;
        let intake = intake(slow(&world));
        let outcomes = send(&intake, &client, 400, 400).await;
        let ids = accepted(&outcomes);
        assert_eq!(ids.len(), 100, "{funds:?}");
        let refusal = Err(Refusal::NotEnough { level });
        assert!(outcomes.iter().all(|outcome| outcome.is_ok() || *outcome == refusal), "{outcomes:?}");
        intake.close().await;
        assert!(stored(&balanced(&world).await) == ids, "{funds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn money_that_comes_is_spent_at_once() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 100, ["1", "1000"]).await;
    let intake = intake(slow(&world));
    assert_eq!(accepted(&send(&intake, &client, 100, 100).await).len(), 20);
    world.fund(&client, "1").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(accepted(&send(&intake, &client, 100, 100).await).len(), 20);
    intake.close().await;
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("2"));
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_send_is_told_why_and_pays_nothing() {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world, 100, ["1000", "1000"]).await;
    let intake = intake(slow(&world));
    let of_client = account(&client);
    let accept = async |change: fn(&mut Order)| {
        let mut asked = order(1);
        change(&mut asked);
        intake.accept(&of_client, asked).await
    };
    assert_eq!(accept(|order| order.sender = "OTHER".into()).await, Err(Refusal::SenderUnknown));
    assert_eq!(accept(|order| order.sender = "much too long".into()).await, Err(Refusal::SenderUnknown));
    assert_eq!(accept(|order| order.recipient = "12".into()).await, Err(Refusal::BadRecipient));
    assert_eq!(accept(|order| order.recipient = "+49999".into()).await, Err(Refusal::BadRecipient));
    assert_eq!(accept(|order| order.segments = 256).await, Err(Refusal::TooLong));
    let mut foreign = of_client.clone();
    foreign.connection = ConnectionId::derived(&["another"]);
    foreign.agreement = reseller.agreement.clone();
    assert_eq!(intake.accept(&foreign, order(1)).await, Err(Refusal::NotAllowed));
    assert_eq!(balanced(&world).await.standing(&client.wallet), Amount::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_takes_effect_within_five_seconds() {
    let world = World::with_streams(&[]).await;
    let (client, reseller) = pair(&world, 100, ["1000", "1000"]).await;
    let (intake, of_client) = (intake(slow(&world)), account(&client));
    let now = async || intake.accept(&of_client, order(1)).await.map(|_| ());
    let soon = async || {
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let _ = intake.accept(&of_client, order(1)).await;
        }
        intake.accept(&of_client, order(1)).await.map(|_| ())
    };
    assert_eq!(now().await, Ok(()));
    let suspend = async |suspended: bool| {
        let before = world.store.any_agreement(&reseller.agreement.id).await.expect("it is read");
        let before = before.expect("it is there");
        let after = Agreement { suspended, revision: before.revision + 1, ..before.clone() };
        let (main, act) = (world.wallet(&reseller.wallet).await, act_at(&reseller.company.path, NOW));
        world.store.change_terms(&act, &before, &after, &main).await.expect("it is stored");
    };
    suspend(true).await;
    assert_eq!(soon().await, Err(Refusal::NotAllowed));
    suspend(false).await;
    assert_eq!(soon().await, Ok(()));
    change_company(&world.store, &client.company.id, |company| company.enabled = false).await;
    assert_eq!(soon().await, Err(Refusal::NotAllowed));
    intake.close().await;
    balanced(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_too_fast_is_throttled_before_it_is_charged() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 100, ["1000", "1000"]).await;
    let (intake, mut of_client) = (intake(slow(&world)), account(&client));
    of_client.rate = some(20);
    let orders = (0..100).map(|number| intake.accept(&of_client, order(number)));
    let outcomes = futures::future::join_all(orders).await;
    assert_eq!(accepted(&outcomes).len(), 20);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(Refusal::Throttled)).count(), 80);
    tokio::time::sleep(Duration::from_secs(1)).await;
    intake.close().await;
    assert_eq!(intake.accept(&of_client, order(0)).await, Err(Refusal::Unavailable));
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("1"));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_dies_leaves_as_much_charged_as_there_is_stored() {
    for write in (1..60).step_by(6) {
        for fault in [Fault::Kill, Fault::KillAfterApply] {
            let world = World::with_streams(&[]).await;
            let (client, _) = pair(&world, 40, ["1000", "1000"]).await;
            let intake = intake(world.store_with(Slow(nth_write(write, fault))));
            let answered = accepted(&send(&intake, &client, 300, 1_000).await);
            let app = tests::paying::sweeper(&world.store);
            let later = jiff::Timestamp::now() + SignedDuration::from_mins(5);
            sweeper::leases::run(&app, later).await.expect("the sweeper runs");
            assert_eq!(world.store.open_leases().await.expect("a list"), vec![]);
            let ledger = balanced(&world).await;
            let stored = stored(&ledger);
            assert!(answered.is_subset(&stored), "{write} {fault:?}");
            let count = u32::try_from(stored.len()).expect("few");
            let spent = client.price.checked_times(count).expect("a sum");
            assert_eq!(ledger.standing(&client.wallet), spent, "{write} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_found_out_before_the_client_is_answered() {
    for fault in [Fault::TimeoutAppliedAnswerLost, Fault::TimeoutNotApplied] {
        let world = World::with_streams(&[]).await;
        let (client, _) = pair(&world, 40, ["1000", "1000"]).await;
        let writes = AtomicU64::new(0);
        let faults = move |call: &Call| {
            let is_hit = call.is_write && writes.fetch_add(1, Ordering::SeqCst) % 7 == 3;
            if is_hit { fault } else { Fault::None }
        };
        let intake = intake(world.store_with(Slow(faults)));
        let outcomes = send(&intake, &client, 500, 1_000).await;
        let ids = accepted(&outcomes);
        intake.close().await;
        let ledger = balanced(&world).await;
        let unknown = outcomes.iter().filter(|outcome| **outcome == Err(Refusal::Unknown)).count();
        assert_eq!(ids.len() + unknown, 500);
        assert!(ids.is_subset(&stored(&ledger)));
        assert_eq!((unknown, stored(&ledger).len()), (0, 500), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_client_does_not_wait_after_a_flush_that_was_lost() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 200, ["1000", "1000"]).await;
    let flushes = AtomicU64::new(0);
    let faults = move |call: &Call| {
        let is_flush = call.operation == "UpdateItem";
        // All tries of one.
        let is_lost = is_flush && (10..13).contains(&flushes.fetch_add(1, Ordering::SeqCst));
        if is_lost { Fault::TimeoutNotApplied } else { Fault::None }
    };
    let intake = intake(world.store_with(Slow(faults)));
    let begin = Instant::now();
    let ids = accepted(&send(&intake, &client, 3_000, 1_000).await);
    assert_eq!(ids.len(), 3_000);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let leases: BTreeSet<_> = ids.iter().filter_map(MessageId::block).map(|(tag, _)| tag).collect();
    let leases: BTreeSet<_> = leases.into_iter().map(|tag| (tag.lease, tag.fence)).collect();
    assert!(leases.len() > 1, "none was lost");
    intake.close().await;
    let ledger = balanced(&world).await;
    assert!(stored(&ledger) == ids);
    assert_eq!(ledger.standing(&client.wallet), amount("150"));
}

#[tokio::test(start_paused = true)]
async fn more_rows_than_are_charged_in_some_seconds_are_put_off() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 100, ["1000", "1000"]).await;
    let link = HttpLink::transit_sms("https://vendor.example", "us", "a guid");
    let http = connect(&world, "by HTTP", Link::Http(link)).await;
    name(&world, &client, "SHOP", vec![Route::only(http, ConnectionKind::Http)]).await;
    let (intake, of_client) = (intake(slow(&world)), account(&client));
    let shop = |number| Order { sender: "SHOP".to_owned(), ..order(number) };
    let begin = Instant::now();
    let orders = (0..2_000).map(|number| intake.accept(&of_client, shop(number)));
    let outcomes = futures::future::join_all(orders).await;
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let put_off = outcomes.iter().filter(|outcome| **outcome == Err(Refusal::Throttled)).count();
    let ids = accepted(&outcomes);
    assert_eq!(ids.len() + put_off, 2_000);
    assert!((500..600).contains(&ids.len()), "{}", ids.len());
    intake.close().await;
    assert!(stored(&balanced(&world).await) == ids);
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_a_long_message_take_one_road() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 100, ["1000", "1000"]).await;
    let other = connect(&world, "another", Link::Smpp(SmppLink::new("vendor.example", 2775, "us"))).await;
    let roads = [connection(), other].map(|road| Route::only(road, ConnectionKind::Smpp)).to_vec();
    name(&world, &client, "SHOP", roads).await;
    let (intake, of_client) = (intake(slow(&world)), account(&client));
    let mut roads = BTreeSet::new();
    for reference in 0..12 {
        let mut taken = BTreeSet::new();
        for part in 1..=3 {
            let header = smpp::udh::concat_header(reference, 3, part).to_vec();
            let raw = Raw { data_coding: 0, has_header: true, octets: [header, b"part".to_vec()].concat() };
            let handling = Handling { raw: Some(raw), ..Handling::default() };
            let asked = Order { sender: "SHOP".to_owned(), handling, ..order(1) };
            let id = intake.accept(&of_client, asked).await.expect("is accepted");
            let message = world.store.message(&id).await.expect("is read").expect("is there");
            taken.insert(message.connection);
        }
        assert_eq!(taken.len(), 1, "{reference}");
        roads.extend(taken);
    }
    assert_eq!(roads.len(), 2, "long messages are spread");
    intake.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_id_that_is_not_used_any_more_is_not_read_any_more() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 100, ["1000", "1000"]).await;
    name(&world, &client, "ONCE", vec![Route::only(connection(), ConnectionKind::Smpp)]).await;
    let reads = Arc::new(AtomicU64::new(0));
    let counted = reads.clone();
    let store = world.store_with(Slow(move |call: &Call| {
        let is_it = !call.is_write && call.body.to_string().contains("ONCE");
        counted.fetch_add(u64::from(is_it), Ordering::SeqCst);
        Fault::None
    }));
    let (intake, of_client) = (intake(store), account(&client));
    let once = Order { sender: "ONCE".to_owned(), ..order(1) };
    assert!(intake.accept(&of_client, once).await.is_ok());
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(intake.accept(&of_client, order(1)).await.is_ok());
    }
    // When it was used, and once more because it was.
    assert_eq!(reads.load(Ordering::SeqCst), 2);
    intake.close().await;
}

#[tokio::test(start_paused = true)]
async fn packs_and_scales_are_used_up_to_the_last_unit() {
    let world = World::with_streams(&[]).await;
    open_road(&world, 100).await;
    let price = |price| RateTree { resources: [(Resource::SmsMessage, Node::of_price(price))].into() };
    let tiers = vec![
        Tier { threshold: Some(100), amount: amount("0.05") },
        Tier { threshold: None, amount: amount("0.04") },
    ];
    let scale = price(Price::Scale { scale: ScaleKind::Tier, tiers, counter_group: None });
    let reseller = world.reseller(&world.owner, "0.03").with_funds("1000").open().await;
    let client = world.client(&reseller, "0").with_tree(scale).with_funds("1000");
    let pack = (ServiceKind::UnitPack { size: 150 }, price(Price::Included));
    let client = client.with_pack(pack.0, pack.1).open().await;
    let intake = intake(slow(&world));
    let outcomes = send(&intake, &client, 400, 800).await;
    assert_eq!(accepted(&outcomes).len(), 400, "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    intake.close().await;
    let ledger = balanced(&world).await;
    // 150 of the pack, 100 at 0.05, 150 at 0.04.
    assert_eq!(ledger.standing(&client.wallet), amount("11"));
    assert_eq!(ledger.standing(&reseller.wallet), amount("12"));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_does_not_keep_up_gets_others_and_all_are_given_back_when_there_is_nothing_to_do() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 10, ["1000", "1000"]).await;
    let intake = intake(slow(&world));
    let begin = Instant::now();
    let ids = accepted(&send(&intake, &client, 1_500, 1_000).await);
    assert_eq!(ids.len(), 1_500);
    // One lease charges 5 messages in some 16 ms.
    assert!(begin.elapsed() < Duration::from_millis(2_500), "{:?}", begin.elapsed());
    let leases: BTreeSet<_> = ids.iter().filter_map(MessageId::block).map(|(tag, _)| tag.lease).collect();
    assert_eq!(leases.len(), 4);
    assert_eq!(world.store.open_leases().await.expect("a list").len(), 4);
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(world.store.open_leases().await.expect("a list"), vec![]);
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("75"));
}

#[tokio::test(start_paused = true)]
async fn messages_take_a_road_that_is_open_and_those_for_an_http_vendor_are_rows() {
    let world = World::with_streams(&[]).await;
    let (client, _) = pair(&world, 100, ["1000", "1000"]).await;
    let link = HttpLink::transit_sms("https://vendor.example", "us", "a guid");
    let http = connect(&world, "by HTTP", Link::Http(link)).await;
    let mut vendor =
        world.store.any_connection(&connection()).await.expect("it is read").expect("it is there");
    vendor.enabled = false;
    replace_connection(&world.store, &vendor).await;
    let second = Route { rank: 1, ..Route::only(http.clone(), ConnectionKind::Http) };
    let roads = vec![Route::only(connection(), ConnectionKind::Smpp), second];
    name(&world, &client, "SHOP", roads).await;
    name(&world, &client, "NOWHERE", vec![Route::only(ConnectionId::new(5), ConnectionKind::Smpp)]).await;
    let (intake, of_client) = (intake(slow(&world)), account(&client));
    let orders =
        (0..40).map(|number| intake.accept(&of_client, Order { sender: "SHOP".to_owned(), ..order(number) }));
    let ids = accepted(&futures::future::join_all(orders).await);
    assert_eq!(ids.len(), 40);
    let nowhere = Order { sender: "NOWHERE".to_owned(), ..order(1) };
    assert_eq!(intake.accept(&of_client, nowhere).await, Err(Refusal::NoRoute));
    intake.close().await;
    let ledger = balanced(&world).await;
    assert!(
        ledger.messages.values().all(|message| message.connection == http && message.id.block().is_none())
    );
    assert_eq!(ledger.standing(&client.wallet), amount("2"));
}

#[tokio::test]
async fn a_ported_number_is_priced_by_its_network_and_a_failing_look_up_stops_nothing() {
    let world = World::with_streams(&[]).await;
    open_road(&world, 100).await;
    let price = |price| Node::of_price(Price::Flat { amount: amount(price) });
    let networks = Node {
        depends_on: Some(Attribute::Mccmnc),
        values: [("26202".to_owned(), price("0.08"))].into(),
        others: Some(Box::new(price("0.05"))),
        ..Node::default()
    };
    let tree = RateTree { resources: [(Resource::SmsMessage, networks)].into() };
    let client = world.client(&world.owner, "0").with_tree(tree).with_funds("100").open().await;
    let ported = [(order(1).recipient.trim_start_matches('+').to_owned(), "26202".to_owned())].into();
    let settings = Settings { key: "open sesame".into(), ported, mood: Mood::Well };
    let vendor = LookupSimulator::start(settings).await.expect("it starts");
    let answer = AnswerFields {
        mccmnc: Some("/number/mccmnc".into()),
        ported: Some("/number/ported".into()),
        ..AnswerFields::default()
    };
    let link = LookupLink {
        url: vendor.url().to_owned(),
        secret_header: Some("X-Api-Key".into()),
        answer,
        timeout_ms: 300,
        cache_hours: 0,
    };
    let mnp = connect(&world, "MNP", Link::Lookup(link)).await;
    let secrets = EmbeddedSecrets::new();
    let row = world.store.any_connection(&mnp).await.expect("an answer").expect("the connection");
    secrets.set_of(&row, serde_json::json!({"password": "open sesame"}));
    let lookup = CompanyLookup { connection: mnp, of: world.owner.company.id.clone() };
    change_company(&world.store, &client.company.id, |company| company.lookup = Some(lookup)).await;
    let intake =
        Intake::new(world.store.clone(), Lookups::new(secrets.store(), Targets::Any).expect("a client"));
    let of_client = account(&client);
    let orders = async || {
        let orders = (0..3).map(|number| intake.accept(&of_client, order(number)));
        accepted(&futures::future::join_all(orders).await).len()
    };
    assert_eq!(orders().await, 3);
    vendor.set_mood(Mood::Broken);
    assert_eq!(orders().await, 3);
    intake.close().await;
    // 0.08 + 2 * 0.05, and 3 * 0.05 while nothing is known of them.
    assert_eq!(balanced(&world).await.standing(&client.wallet), amount("0.33"));
}
