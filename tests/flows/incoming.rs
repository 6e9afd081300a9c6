//! Messages from phones: from what a vendor delivered through the progress-applier and the projector to
//! the client's bind, or to its webhook on loopback.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::agreement::{Agreement, Effective};
use domain::connection::ConnectionKind;
use domain::handling::ClientAddress;
use domain::id::{AgreementId, ConnectionId, ResellingAgreementId, SenderId};
use domain::incoming::{IncomingCost, IncomingMessage, IncomingRule, Unpaid};
use domain::rating::RateTree;
use domain::route::Routes;
use domain::sender::{AssignedFrom, Sender as SenderIdentity, SenderAddress, SenderStatus};
use hmac::{Hmac, KeyInit, Mac};
use http_sender::Webhooks;
use jiff::{SignedDuration, Timestamp};
use queue::{Incoming, IncomingPart, Progress, Sender, Webhook};
use runtime::targets::Targets;
use serde_json::json;
use sha2::Sha256;
use smpp_gateway::client::account::Account;
use store::{Secrets, Store, incoming_of};
use tests::edits::{change_agreement, change_sender};
use tests::embedded_dynamodb::{Call, Fault, Faults};
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::EmbeddedSqs;
use tests::loopback::{Reserved, Serving};
use tests::world::{Member, NOW, World, amount, connection};

use tests::receiver::{Receiver, account, gateway};

const NUMBER: &str = "12345";
const GERMAN: &str = "4915112345678";
const FRENCH: &str = "33612345678";
/// What Lambda leaves a function for a batch.
const TIME: Duration = Duration::from_secs(10);

struct Stage {
    world: World,
    client: Member,
    sqs: EmbeddedSqs,
    secrets: EmbeddedSecrets,
    account: Account,
    webhooks: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::with_streams(&["messages"]).await;
        let client = world.client(&world.owner, "0.05").with_funds("10").open().await;
        Self::of(world, client).await
    }

    /// A client whose messages from phones cost it 0.03, and its reseller 0.02.
    async fn priced(funds: &str) -> (Self, Member) {
        let world = World::with_streams(&["messages"]).await;
        let reseller = world.reseller(&world.owner, "0.03").with_tree(of_phones("0.02")).with_funds("100");
        let reseller = reseller.open().await;
        let client = world.client(&reseller, "0.05").with_tree(of_phones("0.03")).with_funds(funds);
        let client = client.open().await;
        (Self::of(world, client).await, reseller)
    }

    async fn of(world: World, client: Member) -> Self {
        let (sqs, secrets) = (EmbeddedSqs::new(), EmbeddedSecrets::new());
        let account = account(&world, &client, &sqs).await;
        let webhooks = sqs.queue("webhooks");
        Self { world, client, sqs, secrets, account, webhooks }
    }

    /// A sender ID of the client, or of another with the same number.
    async fn sender(&self, owner: &Member, number: &str, rule: IncomingRule) -> SenderId {
        self.sender_brought_by(owner, number, rule, Vec::new()).await
    }

    /// One that vendors of no route of it bring messages for.
    async fn sender_brought_by(
        &self,
        owner: &Member,
        number: &str,
        rule: IncomingRule,
        vendors: Vec<ConnectionId>,
    ) -> SenderId {
        let id = SenderId::new(self.world.unique());
        let sender = SenderIdentity::new(
            id.clone(),
            owner.company.id.clone(),
            owner.agreement.id.clone(),
            SenderAddress::parse(number).expect("a number"),
            Routes::only(connection(), ConnectionKind::Smpp),
            NOW,
        );
        let sender = SenderIdentity { incoming: Some(rule), incoming_vendors: vendors, ..sender };
        let act = tests::edits::act(&owner.company.path);
        assert_eq!(self.world.store.put_sender(&act, &sender).await.expect("stored"), store::Written::Now);
        id
    }

    fn to_bind(&self) -> IncomingRule {
        IncomingRule { client: Some(self.account.connection.clone()), ..IncomingRule::default() }
    }

    /// What a vendor delivered, as often as it is told.
    async fn arrives(&self, incoming: Incoming, at: Timestamp) {
        self.arrives_over(connection(), incoming, at).await;
    }

    async fn arrives_over(&self, connection: ConnectionId, incoming: Incoming, at: Timestamp) {
        let taken = take(self.world.store.clone(), connection, incoming, at).await;
        taken.expect("applied");
    }

    /// The store of one who dies at one of its calls, if it makes so many, and whether it did.
    fn dying(&self, fault: Fault, number: u64) -> (Store, Arc<AtomicBool>) {
        let died = Arc::new(AtomicBool::new(false));
        let dies = died.clone();
        let store = self.world.store_with(move |call: &Call<'_>| {
            if call.number != number {
                return Fault::None;
            }
            dies.store(true, Ordering::Relaxed);
            fault
        });
        (store, died)
    }

    /// Whoever takes it dies at one of its calls, if it makes so many. The queue delivers it again.
    async fn arrives_twice(&self, incoming: Incoming, fault: Fault, number: u64) -> bool {
        let (store, died) = self.dying(fault, number);
        let taken = take(store, connection(), incoming.clone(), NOW).await;
        let died = died.load(Ordering::Relaxed);
        assert!(died || taken.is_ok(), "{taken:?}");
        self.arrives(incoming, NOW).await;
        died
    }

    /// What was stored since the last look; it is handed on twice, as a stream may do.
    async fn project(&self) -> Vec<IncomingMessage> {
        let queue = |name: &str| Sender::new(self.sqs.client(), self.sqs.queue(name));
        let app = projector::App {
            store: self.world.store.clone(),
            sqs: self.sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: tests::embedded_s3::EmbeddedS3::new().archive(),
        };
        let event = self.world.database.take_stream("world-messages");
        let image = |record: &aws_lambda_events::event::dynamodb::EventRecord| {
            let item: store::Item = record.change.new_image.clone().into();
            let pk = item.get(store::keys::PK)?.as_s().ok()?.clone();
            store::keys::is_incoming(&pk).then(|| incoming_of(item).expect("reads"))
        };
        let stored = event.records.iter().filter_map(image).collect();
        projector::handle(&app, event).await.expect("projected");
        stored
    }

    /// One invocation of http-sender for what is in the webhooks queue. How many failed.
    async fn post(&self) -> usize {
        let sender = Sender::new(self.sqs.client(), self.sqs.queue("progress"));
        let receiver = queue::Receiver::new(self.sqs.client(), self.webhooks.clone());
        let app = http_sender::App::new(self.world.store.clone(), self.secrets.store(), sender, Targets::Any)
            .expect("an app");
        let app = app.posting(Webhooks::new(receiver, Targets::Any).expect("a client"));
        let mut taken = self.sqs.take(&self.webhooks);
        let answer = http_sender::handle(&app, taken.clone(), TIME).await;
        // As Lambda does: those that failed stay hidden for as long as they are.
        let failed = |id: &Option<String>| {
            answer.batch_item_failures.iter().any(|failure| Some(&failure.item_identifier) == id.as_ref())
        };
        taken.records.retain(|record| !failed(&record.message_id));
        self.sqs.finish(&self.webhooks, &taken, &SqsBatchResponse::default());
        answer.batch_item_failures.len()
    }

    async fn secret(&self) -> String {
        let name = Secrets::webhooks(&self.client.agreement.id);
        let secret: serde_json::Value = self.secrets.store().read(&name).await.expect("there is one");
        secret["secret"].as_str().expect("a text").to_owned()
    }
}

/// What messages from phones cost, whoever sends them.
fn of_phones(price: &str) -> RateTree {
    let flat = json!({"price": {"type": "flat", "amount": price}});
    let tree = json!({"sms_message": {"depends_on": "direction", "values": {"MO": flat}}});
    serde_json::from_value(tree).expect("a tree")
}

fn address(value: &str) -> ClientAddress {
    ClientAddress { ton: 1, npi: 1, value: value.to_owned() }
}

/// Takes what a vendor delivered with this store.
async fn take(
    store: Store,
    connection: ConnectionId,
    incoming: Incoming,
    at: Timestamp,
) -> anyhow::Result<()> {
    let said = Progress::IncomingV1 { connection, incoming: Box::new(incoming), at };
    progress_applier::App { store }.apply(said).await
}

fn plain(phone: &str, text: &str) -> Incoming {
    Incoming {
        source: address(phone),
        destination: address(NUMBER),
        data_coding: 0,
        octets: hex::encode(text),
        text: text.to_owned(),
        part: None,
    }
}

fn part(number: u8, text: &str) -> Incoming {
    Incoming { part: Some(IncomingPart { reference: 7, total: 3, number }), ..plain(GERMAN, text) }
}

/// What a webhook's receiver got.
#[derive(Clone, Default)]
struct Hooks {
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Hooks {
    /// Answers these, and then that it is fine.
    async fn serve(answers: &[StatusCode]) -> (Self, String, Serving) {
        let hooks = Self { answers: Arc::new(Mutex::new(answers.to_vec())), ..Self::default() };
        let reserved = Reserved::port(0).await.expect("a port");
        let url = format!("{}/hook?token=1", reserved.url());
        let router = Router::new().route("/hook", post(Self::take)).with_state(hooks.clone());
        (hooks, url, reserved.serve(router))
    }

    async fn take(State(hooks): State<Self>, headers: HeaderMap, body: String) -> StatusCode {
        hooks.got.lock().expect("not poisoned").push((headers, body));
        let mut answers = hooks.answers.lock().expect("not poisoned");
        if answers.is_empty() { StatusCode::NO_CONTENT } else { answers.remove(0) }
    }

    fn got(&self) -> Vec<(HeaderMap, String)> {
        self.got.lock().expect("not poisoned").clone()
    }
}

/// As a receiver checks it, by the text of the standard.
fn is_signed(headers: &HeaderMap, body: &str, secret: &str) -> bool {
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_message_from_a_phone_comes_to_the_clients_bind_once() {
    let stage = Stage::new().await;
    let sender = stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    stage.arrives(plain(GERMAN, "hello"), NOW).await;
    stage.arrives(plain(GERMAN, "hello"), NOW).await;
    stage.arrives(plain(GERMAN, "hello"), NOW + SignedDuration::from_mins(4)).await;
    // One that came before these and waited to be taken.
    stage.arrives(plain(GERMAN, "hello"), NOW - SignedDuration::from_secs(1)).await;
    let stored = stage.project().await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].routed.as_ref().map(|routed| &routed.sender), Some(&sender));
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    let delivery = receiver.next().await;
    let pdu = &delivery.pdu;
    assert_eq!((pdu.source.as_str(), pdu.destination.as_str(), pdu.esm_class), (GERMAN, NUMBER, 0));
    assert_eq!(pdu.short_message.as_ref(), b"hello");
    delivery.accept();
    receiver.gets_nothing().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn the_same_words_an_hour_later_are_another_message() {
    let stage = Stage::new().await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    stage.arrives(plain(GERMAN, "yes"), NOW).await;
    stage.arrives(plain(GERMAN, "yes"), NOW + SignedDuration::from_hours(1)).await;
    assert_eq!(stage.project().await.len(), 2);
}

/// What stores a message is under way for a moment, in which others still read that there is none.
struct SlowStoring;

impl Faults for SlowStoring {
    fn decide(&self, _: &Call) -> Fault {
        Fault::None
    }

    fn latency(&self, call: &Call) -> Duration {
        let stores = call.is_write && call.body.to_string().contains("incoming#");
        if stores { Duration::from_secs(1) } else { Duration::ZERO }
    }
}

#[tokio::test]
async fn of_a_message_and_its_repeat_at_one_moment_around_a_fifth_minute_one_is_stored() {
    let (stage, _) = Stage::priced("10").await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let after = NOW + SignedDuration::from_mins(10);
    let before = after - SignedDuration::from_secs(1);
    assert_eq!(after.as_second() % 300, 0);
    // One that is charged, and one that nobody gets.
    for destination in [NUMBER, "99999"] {
        let words = Incoming { destination: address(destination), ..plain(GERMAN, "hello") };
        let comes = |at| take(stage.world.store_with(SlowStoring), connection(), words.clone(), at);
        tokio::time::pause();
        let (one, other) = tokio::join!(comes(before), comes(after));
        tokio::time::resume();
        one.and(other).expect("taken");
        assert_eq!(stage.project().await.len(), 1, "{destination}");
        // The same words at another time are another message, whichever is taken first.
        for minutes in [15, 10, 5] {
            stage.arrives(words.clone(), after + SignedDuration::from_mins(minutes)).await;
            assert_eq!(stage.project().await.len(), 1, "{destination} after {minutes} minutes");
        }
    }
    assert_eq!(stage.world.wallet(&stage.client.wallet).await.charged, amount("0.12"));
}

#[tokio::test]
async fn a_long_message_is_joined_once_whatever_is_repeated() {
    let stage = Stage::new().await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let texts = ["a".repeat(153), "b".repeat(153), "c".repeat(10)];
    for number in [3, 1, 3, 1, 2, 2] {
        stage.arrives(part(number, &texts[usize::from(number) - 1]), NOW).await;
    }
    let stored = stage.project().await;
    assert_eq!(
        stored.iter().map(|message| (message.text.clone(), message.parts)).collect::<Vec<_>>(),
        [(texts.concat(), 3)]
    );
    // All of it again, as after a lost link.
    for number in [1, 2, 3] {
        stage
            .arrives(part(number, &texts[usize::from(number) - 1]), NOW + SignedDuration::from_secs(90))
            .await;
    }
    assert_eq!(stage.project().await, []);
    // The phone's next long message has the same reference.
    for number in [1, 2, 3] {
        stage.arrives(part(number, "next "), NOW + SignedDuration::from_hours(1)).await;
    }
    assert_eq!(stage.project().await[0].text, "next next next ");
    let deliveries = gateway(&stage.sqs);
    let mut receiver = Receiver::bind(&deliveries, &stage.account).await;
    assert_eq!(receiver.take(2).await, [texts.concat(), "next next next ".to_owned()]);
    receiver.gets_nothing().await;
    deliveries.finish().await;
}

#[tokio::test]
async fn what_is_left_of_one_long_message_does_not_get_into_a_later_one_with_its_reference() {
    let stage = Stage::new().await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let arrives = async |number, text: &str, minute| {
        stage.arrives(part(number, text), NOW + SignedDuration::from_mins(minute)).await;
        stage.project().await.into_iter().map(|message| message.text).collect::<Vec<_>>()
    };
    for number in [1, 2] {
        assert_eq!(arrives(number, "first ", 0).await, [""; 0]);
    }
    assert_eq!(arrives(3, "first ", 0).await, ["first first first "]);
    // Its answer was lost.
    assert_eq!(arrives(2, "first ", 1).await, [""; 0]);
    assert_eq!(arrives(1, "second ", 30).await, [""; 0]);
    assert_eq!(arrives(3, "second ", 30).await, [""; 0]);
    assert_eq!(arrives(2, "second ", 30).await, ["second second second "]);
    // One whose last part never came.
    assert_eq!(arrives(2, "third ", 100).await, [""; 0]);
    assert_eq!(arrives(1, "fourth ", 161).await, [""; 0]);
    assert_eq!(arrives(3, "fourth ", 161).await, [""; 0]);
    assert_eq!(arrives(2, "fourth ", 161).await, ["fourth fourth fourth "]);
}

#[tokio::test]
async fn a_message_goes_to_the_narrowest_rule_by_keyword_and_country_of_the_phone() {
    let stage = Stage::new().await;
    let others = [
        stage.world.client(&stage.world.owner, "0.05").open().await,
        stage.world.client(&stage.world.owner, "0.05").open().await,
        stage.world.client(&stage.world.owner, "0.05").open().await,
    ];
    let rule = |keyword: Option<&str>, mcc: Option<&str>| IncomingRule {
        keyword: keyword.map(str::to_owned),
        mcc: mcc.map(str::to_owned),
        ..stage.to_bind()
    };
    let any = stage.sender(&stage.client, NUMBER, rule(None, None)).await;
    let german = stage.sender(&others[0], NUMBER, rule(None, Some("262"))).await;
    let vote = stage.sender(&others[1], NUMBER, rule(Some("VOTE"), None)).await;
    let german_vote = stage.sender(&others[2], NUMBER, rule(Some("VOTE"), Some("262"))).await;
    for (minute, (phone, text, expected)) in (0..).zip([
        (GERMAN, "hello", &german),
        (GERMAN, "vote 7", &german_vote),
        (FRENCH, "Vote 7", &vote),
        (FRENCH, "hello", &any),
        ("ACME", "hello", &any),
    ]) {
        stage.arrives(plain(phone, text), NOW + SignedDuration::from_mins(minute)).await;
        let stored = stage.project().await;
        assert_eq!(stored[0].routed.as_ref().map(|routed| &routed.sender), Some(expected), "{phone} {text}");
    }
}

#[tokio::test]
async fn whoever_dies_while_taking_a_message_it_is_stored_and_charged_once_at_every_level() {
    let (stage, reseller) = Stage::priced("10").await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let mut came = 0;
    for fault in [Fault::Kill, Fault::KillAfterApply] {
        let first = came;
        loop {
            came += 1;
            let words = plain(GERMAN, &format!("message {came}"));
            if !stage.arrives_twice(words, fault, came - first).await {
                break;
            }
        }
        assert!(5 < came - first, "{fault:?} in {} places", came - first);
    }
    // Two at the same moment take the same one.
    came += 1;
    let both = || stage.arrives(plain(GERMAN, "at once"), NOW);
    tokio::join!(both(), both());

    let stored = stage.project().await;
    let (count, number) = (usize::try_from(came).unwrap(), u32::try_from(came).unwrap());
    assert_eq!(stored.len(), count);
    for (member, funds, price) in [(&stage.client, "10", "0.03"), (&reseller, "100", "0.02")] {
        let owed = amount(price).checked_times(number).unwrap();
        assert_eq!(stage.world.balance(member).await, amount(funds).checked_sub(owed).unwrap());
        assert_eq!(stage.world.store.owed(&member.agreement.id).await.unwrap(), owed);
        let edrs =
            stage.world.store.edrs(&member.agreement.id, &Default::default(), 500, None).await.unwrap();
        assert_eq!(edrs.items.len(), count);
    }
    // Counted from the records they come to the same.
    let sweeper = tests::paying::sweeper(&stage.world.store);
    for hours in [25, 26, 27] {
        let now = NOW + SignedDuration::from_hours(hours);
        sweeper::recount::run(&sweeper, now).await.expect("recounted");
    }
    let reviews = stage.world.store.reviews(sweeper::recount::REVIEWED_AS).await.unwrap();
    assert_eq!(reviews.len(), 0, "{reviews:?}");
}

#[tokio::test]
async fn whoever_dies_or_races_while_trying_again_what_was_unpaid_is_charged_and_handed_on_once() {
    let (stage, reseller) = Stage::priced("0.02").await;
    let rule = IncomingRule { webhook_url: Some("https://bakery.example".into()), ..Default::default() };
    stage.sender(&stage.client, NUMBER, rule).await;
    let (store, sweeper) = (&stage.world.store, tests::paying::sweeper(&stage.world.store));
    let at = |minutes| NOW + SignedDuration::from_mins(minutes);
    let sweep = async |store: Store, minutes| {
        let app = sweeper::App { store, ..sweeper.clone() };
        sweeper::incoming::run(&app, at(minutes)).await
    };
    let mut came = 0;
    for fault in [Fault::Kill, Fault::KillAfterApply] {
        let first = came;
        loop {
            came += 1;
            stage.arrives(plain(GERMAN, &format!("message {came}")), NOW).await;
            stage.world.fund(&stage.client, "0.03").await;
            let (mortal, died) = stage.dying(fault, came - first);
            let swept = sweep(mortal, 61).await;
            sweep(store.clone(), 122).await.expect("the next one does the rest");
            if !died.load(Ordering::Relaxed) {
                swept.expect("nobody died");
                break;
            }
        }
        assert!(5 < came - first, "{fault:?} in {} places", came - first);
    }
    // Two sweeps at the same moment, and the money comes between.
    came += 1;
    stage.arrives(plain(GERMAN, "at once"), NOW).await;
    let both = || sweep(store.clone(), 61);
    let (one, (), other) = tokio::join!(both(), stage.world.fund(&stage.client, "0.03"), both());
    one.and(other).expect("swept");
    sweep(store.clone(), 122).await.expect("swept");
    // Whoever read it before another settled it changes nothing: not what is paid, nor what is put off.
    for is_paid in [true, false] {
        came += 1;
        stage.project().await;
        stage.arrives(plain(GERMAN, &format!("read before, {is_paid}")), NOW).await;
        let read = stage.project().await.remove(0);
        let late = if is_paid {
            stage.world.fund(&stage.client, "0.03").await;
            sweep(store.clone(), 61).await.expect("swept");
            sending::leave_unpaid(
                store,
                &read,
                IncomingCost::unpaid(Unpaid::InsufficientFunds, read.received_at, at(61)),
            )
            .await
        } else {
            sweep(store.clone(), 61).await.expect("swept");
            stage.world.fund(&stage.client, "0.03").await;
            sending::settle_again(store, &read, at(61)).await
        };
        assert_eq!(late.expect("an answer"), None, "paid: {is_paid}");
        sweep(store.clone(), 122).await.expect("swept");
    }

    stage.project().await;
    let (count, number) = (usize::try_from(came).unwrap(), u32::try_from(came).unwrap());
    assert_eq!(stage.sqs.messages::<Webhook>(&stage.webhooks).len(), count);
    assert_eq!(stage.world.balance(&stage.client).await, amount("0.02"));
    for (member, price) in [(&stage.client, "0.03"), (&reseller, "0.02")] {
        let owed = amount(price).checked_times(number).unwrap();
        assert_eq!(store.owed(&member.agreement.id).await.unwrap(), owed);
        let edrs = store.edrs(&member.agreement.id, &Default::default(), 500, None).await.unwrap();
        assert_eq!(edrs.items.len(), count);
    }
}

#[tokio::test]
async fn a_message_that_meets_others_at_its_wallet_is_stored_before_it_holds_up_those_beside_it() {
    let world = World::with_streams(&["messages"]).await;
    let client = world.client(&world.owner, "0.05").with_tree(of_phones("0.03")).with_funds("10");
    let client = client.open().await;
    let stage = Stage::of(world, client).await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let tries = Arc::new(AtomicU64::new(0));
    let met = tries.clone();
    let store = stage.world.store_with(move |call: &Call<'_>| {
        let is_charge = call.is_write && call.body.to_string().contains("world-ledger");
        if !is_charge {
            return Fault::None;
        }
        met.fetch_add(1, Ordering::Relaxed);
        Fault::ConflictBeforeApply
    });
    take(store, connection(), plain(GERMAN, "hello"), NOW).await.expect("stored");
    let stored = stage.project().await.remove(0);
    let next = NOW + SignedDuration::from_mins(1);
    assert_eq!(stored.cost, IncomingCost::Unpaid { why: Unpaid::Busy, try_at: Some(next) });
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_vendor_speaks_only_for_the_sender_ids_that_it_carries() {
    let stage = Stage::new().await;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    stage.arrives_over(ConnectionId::derived(&["another vendor"]), plain(GERMAN, "made up"), NOW).await;
    let stored = stage.project().await;
    assert!(matches!(&stored[..], [message] if message.routed.is_none()), "{stored:?}");
}

#[tokio::test]
async fn a_vendor_that_only_brings_what_phones_send_speaks_for_the_sender_ids_that_name_it() {
    let stage = Stage::new().await;
    let [named, other] = ["brings", "another"].map(|name| ConnectionId::derived(&[name]));
    let vendors = vec![named.clone()];
    let sender = stage.sender_brought_by(&stage.client, NUMBER, stage.to_bind(), vendors).await;
    for (over, expected) in [(named, Some(&sender)), (connection(), Some(&sender)), (other, None)] {
        stage.arrives_over(over.clone(), plain(GERMAN, "hello"), NOW).await;
        let stored = stage.project().await;
        assert_eq!(stored[0].routed.as_ref().map(|routed| &routed.sender), expected, "{over}");
    }
}

#[tokio::test]
async fn vendors_of_a_sender_id_speak_for_those_that_are_assigned_from_it_while_it_is_in_use() {
    // Enough for one.
    let (stage, reseller) = Stage::priced("0.03").await;
    let (store, number) = (&stage.world.store, SenderAddress::parse(NUMBER).expect("a number"));
    let help = IncomingRule { keyword: Some("HELP".to_owned()), ..stage.to_bind() };
    let brings = ConnectionId::derived(&["brings"]);
    let above = stage.sender_brought_by(&reseller, NUMBER, help, vec![brings.clone()]).await;
    let sender = stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let from = AssignedFrom { sender: above, agreement: reseller.agreement.id.clone() };
    let assign = |sender: &mut SenderIdentity| {
        (sender.routes, sender.assigned_from) = (Routes::default(), Some(from));
    };
    change_sender(store, &stage.client.agreement.id, &number, assign).await;
    let comes = async |over: ConnectionId, text: &str| {
        stage.arrives_over(over, plain(GERMAN, text), NOW).await;
        stage.project().await.remove(0)
    };
    let whose = |message: &IncomingMessage| message.routed.as_ref().map(|routed| routed.sender.clone());
    assert_eq!(whose(&comes(connection(), "hello").await), Some(sender.clone()));
    let unpaid = comes(brings, "and more").await;
    assert_eq!(whose(&unpaid), Some(sender));
    assert_eq!(whose(&comes(ConnectionId::derived(&["another"]), "made up").await), None);

    let block = |sender: &mut SenderIdentity| sender.status = SenderStatus::Blocked;
    change_sender(store, &reseller.agreement.id, &number, block).await;
    assert_eq!(whose(&comes(connection(), "anybody there").await), None);
    let again = sending::settle_again(store, &unpaid, NOW + SignedDuration::from_hours(1)).await;
    let again = again.expect("settled").expect("stored");
    assert!(matches!(again.cost, IncomingCost::Unpaid { why: Unpaid::SenderNotInUse, .. }), "{again:?}");
}

#[tokio::test]
async fn a_number_that_many_assigned_sender_ids_share_is_looked_up_with_as_few_reads_as_that_of_two() {
    let (stage, reseller) = Stage::priced("10").await;
    let help = IncomingRule { keyword: Some("HELP".to_owned()), ..stage.to_bind() };
    let above = stage.sender(&reseller, NUMBER, help.clone()).await;
    let from = AssignedFrom { sender: above, agreement: reseller.agreement.id.clone() };
    let number = SenderAddress::parse(NUMBER).expect("a number");
    let assigned = async |count: usize| {
        for _ in 0..count {
            let mut member = stage.client.clone();
            member.agreement.id = AgreementId::new(stage.world.unique());
            stage.sender(&member, NUMBER, help.clone()).await;
            let assign = |sender: &mut SenderIdentity| {
                (sender.routes, sender.assigned_from) = (Routes::default(), Some(from.clone()));
            };
            change_sender(&stage.world.store, &member.agreement.id, &number, assign).await;
        }
    };
    let reads = async |text: &str| {
        let counted = Arc::new(AtomicU64::new(0));
        let count = counted.clone();
        let store = stage.world.store_with(move |call: &Call<'_>| {
            count.fetch_add(u64::from(!call.is_write), Ordering::Relaxed);
            Fault::None
        });
        take(store, connection(), plain(GERMAN, text), NOW).await.expect("taken");
        counted.load(Ordering::Relaxed)
    };
    assigned(2).await;
    let of_two = reads("hello").await;
    assigned(30).await;
    assert_eq!(reads("hello again").await, of_two);
}

#[tokio::test]
async fn a_message_waits_while_a_reseller_that_would_pay_does_not_resell_under_its_agreement() {
    let (stage, reseller) = Stage::priced("10").await;
    let store = &stage.world.store;
    stage.sender(&stage.client, NUMBER, stage.to_bind()).await;
    let ended = Effective { till: Some(Timestamp::UNIX_EPOCH), ..Effective::default() };
    let end = |agreement: &mut Agreement| {
        agreement.ties.insert(ResellingAgreementId::new(1), ended);
    };
    change_agreement(store, &reseller.agreement.id, end).await;
    stage.arrives(plain(GERMAN, "hello"), NOW).await;
    let waits = stage.project().await.remove(0);
    assert!(matches!(waits.cost, IncomingCost::Unpaid { why: Unpaid::AgreementNotInForce, .. }), "{waits:?}");
    change_agreement(store, &reseller.agreement.id, |agreement| agreement.ties.clear()).await;
    let paid = sending::settle_again(store, &waits, NOW + SignedDuration::from_hours(1)).await;
    let paid = paid.expect("settled").expect("stored");
    assert!(matches!(paid.cost, IncomingCost::Charged { .. }), "{paid:?}");
}

#[tokio::test]
async fn a_message_that_nobody_gets_is_stored_all_the_same() {
    let stage = Stage::new().await;
    stage.sender(&stage.client, "99999", stage.to_bind()).await;
    stage.arrives(plain(GERMAN, "hello"), NOW).await;
    let stored = stage.project().await;
    assert_eq!(stored[0].routed, None);
    assert_eq!(stage.world.store.incoming(&stored[0].id).await.unwrap().unwrap().text, "hello");
    assert_eq!(stage.sqs.messages::<Webhook>(&stage.webhooks), []);
}

#[tokio::test]
async fn a_message_whose_clients_connection_is_gone_does_not_hold_up_others() {
    let stage = Stage::new().await;
    let gone = IncomingRule { client: Some(ConnectionId::new(404)), ..IncomingRule::default() };
    stage.sender(&stage.client, NUMBER, gone).await;
    stage.arrives(plain(GERMAN, "hello"), NOW).await;
    assert_eq!(stage.project().await.len(), 1);
}

#[tokio::test]
async fn a_webhook_is_signed_with_the_agreements_secret() {
    let stage = Stage::new().await;
    let (hooks, url, _serving) = Hooks::serve(&[]).await;
    let rule = IncomingRule { webhook_url: Some(url), ..IncomingRule::default() };
    let sender = stage.sender(&stage.client, NUMBER, rule).await;
    stage.arrives(plain(GERMAN, "Grüße"), NOW).await;
    for number in [2, 3, 1] {
        stage.arrives(part(number, "long "), NOW).await;
    }
    let stored = stage.project().await;
    assert_eq!(stage.post().await, 0);
    let got = hooks.got();
    let secret = stage.secret().await;
    assert!(got.iter().all(|(headers, body)| is_signed(headers, body, &secret)));
    assert!(!is_signed(&got[0].0, &got[1].1, &secret), "another body has another signature");
    let texts: Vec<_> = got
        .iter()
        .map(|(headers, body)| {
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(headers["content-type"], "application/json");
            assert_eq!(headers["webhook-id"].to_str().ok(), body["data"]["id"].as_str());
            assert_eq!((&body["type"], &body["data"]["from"]), (&"message.incoming".into(), &GERMAN.into()));
            assert_eq!(body["data"]["sender_id"], sender.as_str());
            body["data"]["text"].as_str().expect("a text").to_owned()
        })
        .collect();
    let mut sorted = texts.clone();
    sorted.sort();
    assert_eq!(sorted, ["Grüße", "long long long "]);
    assert_eq!(stored.len(), 2);
    assert_eq!(stage.sqs.messages::<Webhook>(&stage.webhooks), []);
}

#[tokio::test]
async fn a_webhook_that_fails_comes_again_after_a_pause_under_the_same_id_and_secret() {
    let stage = Stage::new().await;
    let (hooks, url, _serving) =
        Hooks::serve(&[StatusCode::BAD_GATEWAY, StatusCode::TEMPORARY_REDIRECT]).await;
    let rule = IncomingRule { webhook_url: Some(url), ..IncomingRule::default() };
    stage.sender(&stage.client, NUMBER, rule).await;
    stage.arrives(plain(GERMAN, "hello"), NOW).await;
    stage.project().await;
    assert_eq!(stage.post().await, 1);
    assert!(stage.sqs.take(&stage.webhooks).records.is_empty(), "it waits");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    assert_eq!(stage.post().await, 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(stage.sqs.take(&stage.webhooks).records.is_empty(), "it waits for longer");
    tokio::time::advance(Duration::from_secs(5 * 60)).await;
    tokio::time::resume();
    assert_eq!(stage.post().await, 0);
    let got = hooks.got();
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|(headers, _)| headers["webhook-id"] == got[0].0["webhook-id"]));
    let secret = stage.secret().await;
    assert!(got.iter().all(|(headers, body)| is_signed(headers, body, &secret)));
    assert_eq!(stage.sqs.messages::<Webhook>(&stage.webhooks), []);
}

#[tokio::test]
async fn no_webhook_is_posted_to_an_address_around_us() {
    let stage = Stage::new().await;
    let (hooks, url, _serving) = Hooks::serve(&[]).await;
    let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()).expect("a port");
    for url in
        [url.clone(), format!("https://localhost:{port}/hook"), format!("https://127.0.0.1:{port}/hook")]
    {
        let receiver = queue::Receiver::new(stage.sqs.client(), stage.webhooks.clone());
        let progress = Sender::new(stage.sqs.client(), stage.sqs.queue("progress"));
        let app = http_sender::App::new(
            stage.world.store.clone(),
            stage.secrets.store(),
            progress,
            Targets::Public,
        )
        .unwrap();
        let app = app.posting(Webhooks::new(receiver, Targets::Public).expect("a client"));
        let webhook = Webhook::IncomingMessageV1 {
            id: domain::id::IncomingId::new(1),
            url,
            agreement: stage.client.agreement.id.clone(),
            sender: SenderId::new(1),
            source: GERMAN.to_owned(),
            destination: NUMBER.to_owned(),
            text: "hello".to_owned(),
            octets: String::new(),
            data_coding: 0,
            at: NOW,
        };
        Sender::new(stage.sqs.client(), stage.webhooks.clone()).send(&webhook).await.expect("is sent");
        let taken = stage.sqs.take(&stage.webhooks);
        let answer = http_sender::handle(&app, taken, TIME).await;
        assert_eq!(answer.batch_item_failures.len(), 1);
    }
    assert!(hooks.got().is_empty());
}
