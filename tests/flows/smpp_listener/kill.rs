//! Two gateways behind one address. The one that has the vendor's link is killed while clients send, and
//! another takes its place; so again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_sqs::types::QueueAttributeName;
use domain::message::Status;
use domain::money::Amount;
use futures::future::join_all;
use queue::{Job, Progress};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use smpp::esme::SubmitError;
use tests::books::balanced;
use tests::world::amount;
use tokio::io::copy_bidirectional;
use tokio::runtime::Runtime;

use super::*;

/// More with `GATEWAY_KILLS=50`; each other `SEED` kills at other moments.
const KILLS: usize = 3;
const SEED: usize = 1;
const CLIENTS: usize = 4;
/// What a client sends while one gateway dies.
const EACH: usize = 100;
/// Of the vendor's link, and of a client's bind.
const WINDOW: usize = 20;
const CLIENT_WINDOW: usize = 10;
const FUNDS: &str = "10000";
/// Within this a dead gateway's link is up again.
const TAKE_OVER_MAX: Duration = Duration::from_secs(30);
/// What a dead gateway had in hand comes again after a minute, on a machine that may have much else to do.
const LONG: Duration = Duration::from_secs(240);

/// A gateway with threads of its own. Dropped, it is killed: all its tasks end at once, as by SIGKILL.
struct Killable {
    process: Option<Runtime>,
    gate: Gate,
}

impl Killable {
    async fn start(stage: &Stage) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
        listener.set_nonblocking(true).expect("is set");
        let process = Runtime::new().expect("a runtime");
        // The ids that receipts at another gateway wait for are stored sooner than after a minute.
        let pace = Pace { references_after: Duration::from_secs(2), ..pace() };
        let gate = {
            let _inside = process.enter();
            let listener = TcpListener::from_std(listener).expect("is a socket");
            let door = |listener| Door { listener, certificate: None, behind_proxy: false };
            stage.open(stage.world.store.clone(), listener, door, pace)
        };
        let started = Self { process: Some(process), gate };
        until("a gateway that lives", || started.gate.board.status().gateway.is_some()).await;
        started
    }

    fn has_link(&self) -> bool {
        let connections = self.gate.board.status().connections;
        connections.into_iter().filter_map(|connection| connection.here).any(|here| 0 < here.binds.up)
    }
}

impl Drop for Killable {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.shutdown_background();
        }
    }
}

/// The one address: each connection goes to the next gateway.
#[derive(Clone)]
struct Balancer {
    address: SocketAddr,
    gates: Arc<Mutex<Vec<Behind>>>,
}

/// A gateway with the connections that were passed on to it.
struct Behind {
    address: SocketAddr,
    passing: Vec<JoinHandle<()>>,
}

impl Balancer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("has an address");
        let balancer = Self { address, gates: Arc::default() };
        let accepting = balancer.clone();
        tokio::spawn(async move {
            while let Ok(client) = tcp::accept(&listener).await {
                accepting.pass_on(client);
            }
        });
        balancer
    }

    fn pass_on(&self, mut client: TcpStream) {
        let mut gates = locked(&self.gates);
        let places = gates.len().min(1);
        gates.rotate_left(places);
        let Some(gate) = gates.first_mut() else { return };
        let address = gate.address;
        gate.passing.push(tokio::spawn(async move {
            let Ok(mut server) = tcp::connect(address).await else { return };
            let _ = copy_bidirectional(&mut client, &mut server).await; // both sides see how it ends
        }));
    }

    fn add(&self, address: SocketAddr) {
        locked(&self.gates).push(Behind { address, passing: Vec::new() });
    }

    /// Nothing of this gateway reaches a client any more: what its tasks say while they end one after the
    /// other, a process that is killed does not say.
    async fn cut(&self, address: SocketAddr) {
        let gone: Vec<Behind> = locked(&self.gates).extract_if(.., |gate| gate.address == address).collect();
        for passing in gone.into_iter().flat_map(|gate| gate.passing) {
            passing.abort();
            let _ = passing.await; // broken off, or over before
        }
    }
}

/// What clients know of what they have sent.
#[derive(Default)]
struct Sent {
    /// The numbers by the ids in the answers.
    accepted: BTreeMap<String, String>,
    /// The numbers of what may have left and was never answered.
    unknown: BTreeSet<String>,
    /// The ids in receipts.
    reported: BTreeSet<String>,
}

/// A client's own program.
#[derive(Clone)]
struct Program {
    address: SocketAddr,
    settings: BindSettings,
    submit: SubmitSm,
    sent: Arc<Mutex<Sent>>,
}

impl Program {
    fn new(client: &Client, address: SocketAddr, sent: &Arc<Mutex<Sent>>) -> Self {
        let settings = BindSettings { answer_timeout: SOON, ..client.settings() };
        Self { address, settings, submit: client.submit("", "hello"), sent: sent.clone() }
    }

    /// Tries until it is let in.
    async fn bind(&self) -> Session {
        loop {
            match self.try_to_bind().await {
                Some(session) => return session,
                None => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn try_to_bind(&self) -> Option<Session> {
        let stream = tcp::connect(self.address).await.ok()?;
        let (session, mut inbound) = esme::bind(stream, self.settings.clone()).await.ok()?;
        let sent = self.sent.clone();
        tokio::spawn(async move {
            while let Some(delivery) = inbound.next().await {
                locked(&sent).reported.extend(delivery.pdu.tlvs.receipted_message_id());
                delivery.accept();
            }
        });
        Some(session)
    }

    /// To all these numbers, over as many binds as it takes.
    async fn send(self, mut numbers: Vec<String>) {
        while !numbers.is_empty() {
            let session = self.bind().await;
            let sending: Vec<_> = numbers.into_iter().map(|number| self.send_one(&session, number)).collect();
            numbers = join_all(sending).await.into_iter().flatten().collect();
            session.unbind().await;
        }
    }

    /// Gives the number back if it is to be tried again: what did not leave, and what was refused for the
    /// moment. What may have arrived is not sent again.
    async fn send_one(&self, session: &Session, number: String) -> Option<String> {
        let submit = SubmitSm { destination: number.clone(), ..self.submit.clone() };
        match session.submit(submit).await {
            Ok(answer) if answer.status == CommandStatus::ROK => {
                let before = locked(&self.sent).accepted.insert(answer.message_id, number);
                assert_eq!(before, None, "an id is told once");
                None
            }
            Ok(answer) if [CommandStatus::RTHROTTLED, CommandStatus::RSYSERR].contains(&answer.status) => {
                Some(number)
            }
            Err(SubmitError::NotSent) => Some(number),
            Err(SubmitError::InDoubt) => {
                locked(&self.sent).unknown.insert(number);
                None
            }
            other => panic!("{other:?}"),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(LONG, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// What nobody has finished comes again after ten seconds.
async fn short_queue(sqs: &EmbeddedSqs, name: &str) {
    let create = sqs.client().create_queue().queue_name(name);
    let create = create.attributes(QueueAttributeName::VisibilityTimeout, "10");
    create.send().await.expect("the queue is made");
}

async fn statuses(stage: &Stage, ids: &[String]) -> Vec<Status> {
    let mut statuses = Vec::new();
    for id in ids {
        statuses.push(stage.message(id).await.status);
    }
    statuses
}

fn under_way(stage: &Stage) -> usize {
    let (jobs, progress) = (stage.sqs.queue("jobs"), &stage.progress);
    let queued = stage.sqs.messages::<Job>(&jobs).len() + stage.sqs.messages::<Progress>(progress).len();
    queued + stage.simulator.undelivered_count()
}

/// Whether each message is as it stays, and its client knows.
async fn is_quiet(stage: &Stage, sent: &Mutex<Sent>) -> bool {
    if 0 < under_way(stage) {
        return false;
    }
    let ids: Vec<String> = locked(sent).accepted.keys().cloned().collect();
    let waits = |status: &Status| matches!(status, Status::Accepted | Status::Queued);
    if statuses(stage, &ids).await.iter().any(waits) || 0 < under_way(stage) {
        return false;
    }
    let statuses = statuses(stage, &ids).await;
    let sent = locked(sent);
    ids.iter().zip(statuses).all(|(id, status)| status != Status::Delivered || sent.reported.contains(id))
}

/// Kills one gateway after the other, and waits until nothing is under way any more.
async fn killed_under_load(stage: &Stage, clients: &[Client], kills: usize, seed: usize) -> Sent {
    let mut random = StdRng::seed_from_u64(seed as u64);
    let (balancer, sent) = (Balancer::start().await, Arc::<Mutex<Sent>>::default());
    let programs: Vec<_> =
        clients.iter().map(|client| Program::new(client, balancer.address, &sent)).collect();
    // Not the endings for which the simulator has an outcome of its own.
    let mut numbers = (0..).map(|number| format!("49151{number:05}99"));
    let mut gates: Vec<Killable> = Vec::new();
    for _ in 0..kills {
        while gates.len() < 2 {
            let gate = Killable::start(stage).await;
            balancer.add(gate.gate.address);
            gates.push(gate);
        }
        until("the vendor's link", || gates.iter().any(Killable::has_link)).await;
        let answered = || locked(&sent).accepted.len();
        let enough = answered() + random.random_range(1..CLIENTS * EACH * 3 / 4);
        let mut load = Vec::new();
        for program in &programs {
            let numbers = numbers.by_ref().take(EACH).collect();
            load.push(tokio::spawn(program.clone().send(numbers)));
        }
        in_time("traffic", async {
            while answered() < enough {
                sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        sleep(Duration::from_micros(random.random_range(0..20_000))).await;

        let owner = gates.iter().position(Killable::has_link).expect("one has the link");
        let killed = gates.remove(owner);
        balancer.cut(killed.gate.address).await;
        drop(killed);
        let died = Instant::now();
        until("the other's link", || gates.iter().any(Killable::has_link)).await;
        assert!(died.elapsed() < TAKE_OVER_MAX, "{:?}", died.elapsed());
        for program in load {
            in_time("a client", program).await.expect("does not break");
        }
    }
    let mut sessions = Vec::new();
    for program in &programs {
        sessions.push(in_time("a bind at the gateway that is left", program.bind()).await);
    }
    in_time("all receipts", async {
        while !is_quiet(stage, &sent).await {
            sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    drop(gates);
    // Their tasks end one after the other; the books are read when nothing is written any more.
    sleep(Duration::from_millis(500)).await;
    std::mem::take(&mut *locked(&sent))
}

/// What is left of the funds after so many messages.
fn left(price: &str, messages: usize) -> Amount {
    let spent = amount(price).checked_times(u32::try_from(messages).expect("few")).expect("a sum");
    amount(FUNDS).checked_sub(spent).expect("a difference")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_gateways_one_is_killed_under_load_and_no_message_is_lost_charged_twice_or_sent_twice() {
    let (kills, seed) = (setting("GATEWAY_KILLS", KILLS), setting("SEED", SEED));
    let sqs = EmbeddedSqs::new();
    short_queue(&sqs, "jobs").await;
    let behaviour = Behaviour { answer_latency: Duration::from_millis(15), ..Behaviour::default() };
    let stage = Stage::with(sqs, behaviour, WINDOW as u32).await;
    let reseller = stage.world.reseller(&stage.world.owner, "0.03").with_funds(FUNDS).open().await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let name = format!("load-{number}");
        short_queue(&stage.sqs, &format!("client-{name}.fifo")).await;
        let member = stage.world.client(&reseller, "0.05").with_funds(FUNDS).open().await;
        clients.push(stage.client_of(member, &name, |_| {}).await);
    }
    let is_over = AtomicBool::new(false);
    let working = async {
        while !is_over.load(Ordering::Relaxed) {
            stage.work().await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    let story = async {
        let sent = killed_under_load(&stage, &clients, kills, seed).await;
        is_over.store(true, Ordering::Relaxed);
        sent
    };
    let (sent, ()) = tokio::join!(story, working);

    assert_eq!(sent.accepted.len() + sent.unknown.len(), kills * CLIENTS * EACH);
    assert!(sent.unknown.len() <= kills * CLIENTS * CLIENT_WINDOW, "no more than was in flight");
    // In the books: each message that counts, its charges, and what every wallet says of them.
    let ledger = balanced(&stage.world).await;
    let stored: Vec<&Message> = ledger.stored_messages().collect();
    let by_number: BTreeMap<_, _> =
        stored.iter().map(|message| (message.recipient.as_str(), *message)).collect();
    assert_eq!(by_number.len(), stored.len(), "nothing is charged twice");
    for (id, number) in &sent.accepted {
        let id = MessageId::parse(id).expect("an id");
        assert_eq!(by_number.get(number.as_str()).map(|message| &message.id), Some(&id), "none is lost");
    }
    let answered: BTreeSet<_> = sent.accepted.values().map(String::as_str).collect();
    assert!(by_number.keys().all(|number| answered.contains(number) || sent.unknown.contains(*number)));
    for client in &clients {
        let own = stored.iter().filter(|message| message.agreement == client.member.agreement.id).count();
        assert_eq!(stage.world.balance(&client.member).await, left("0.05", own));
    }
    assert_eq!(stage.world.balance(&reseller).await, left("0.03", stored.len()));

    let received = stage.simulator.received();
    let reached: BTreeSet<_> = received.iter().map(|submit| submit.destination.as_str()).collect();
    assert_eq!(reached.len(), received.len(), "none is sent twice");
    let ended = |status: Status| stored.iter().filter(move |message| message.status == status);
    let (delivered, in_doubt) = (ended(Status::Delivered).count(), ended(Status::Submitted).count());
    assert_eq!(delivered + in_doubt, stored.len(), "each ends as delivered or in doubt");
    assert!(in_doubt <= kills * WINDOW, "{in_doubt} are in doubt, at most the window at each kill is");
    assert!(ended(Status::Delivered).all(|message| reached.contains(message.recipient.as_str())));
    assert!(
        reached.iter().all(|number| by_number.contains_key(number)),
        "nothing leaves that is not charged"
    );
    println!(
        "{kills} kills: {} answered, {} not, {} of these stored; {delivered} delivered, {in_doubt} in doubt",
        sent.accepted.len(),
        sent.unknown.len(),
        stored.len() - sent.accepted.len(),
    );
}
