//! Clients at the gateway: real sessions, over TCP and TLS, against the whole of it, on an embedded
//! database and embedded queues. What they send goes on through the projector to a simulated SMS centre.

#[path = "smpp_listener/binding.rs"]
mod binding;
#[path = "smpp_listener/kill.rs"]
mod kill;
#[path = "smpp_listener/robust.rs"]
mod robust;
#[path = "smpp_listener/sending.rs"]
mod sending;
#[path = "smpp_listener/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ::sending::Lookups;
use domain::connection::{ClientLink, Connection, Link, SmppLink};
use domain::id::{ConnectionId, MessageId, SecretId};
use domain::message::Message;
use jiff::Timestamp;
use queue::Sender;
use runtime::targets::Targets;
use serde_json::json;
use smpp::esme::{self, BindError, BindSettings, Inbound, Session};
use smpp::{CommandStatus, SubmitSm, tcp};
use smpp_gateway::client::Clients;
use smpp_gateway::client::deliveries::{Deliveries, Pauses};
use smpp_gateway::client::intake::Intake;
use smpp_gateway::client::listener::Door;
use smpp_gateway::status::Board;
use smpp_gateway::vendor::bind;
use smpp_gateway::{Gateway, Pace};
use store::Store;
use tests::edits::put_connection;
use tests::embedded_secrets::EmbeddedSecrets;
use tests::embedded_sqs::EmbeddedSqs;
use tests::smsc_simulator::{Behaviour, SmscSimulator};
use tests::world::{Member, STACK, World, connection};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const PASSWORD: &str = "pw-Kq83z";
/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(60);
/// What is disabled has to end its binds within this.
const FIVE_SECONDS: Duration = Duration::from_secs(5);

fn pace() -> Pace {
    Pace {
        look_every: Duration::from_millis(50),
        share_every: Duration::from_millis(50),
        renew_every: Duration::from_millis(500),
        lease: Duration::from_secs(4),
        answer_timeout: Duration::from_secs(1),
        ..Pace::default()
    }
}

/// Everything around gateways, with a vendor that every sender ID leads to.
struct Stage {
    world: World,
    sqs: EmbeddedSqs,
    secrets: EmbeddedSecrets,
    simulator: SmscSimulator,
    progress: String,
    projector: projector::App,
    applier: progress_applier::App,
}

/// A client with an account.
struct Client {
    member: Member,
    connection: Connection,
}

impl Client {
    fn link(&self) -> &ClientLink {
        match &self.connection.link {
            Link::Client(link) => link,
            _ => panic!("a client's link"),
        }
    }

    fn settings(&self) -> BindSettings {
        BindSettings::new(&self.link().system_id, PASSWORD)
    }

    /// A message to a number.
    fn submit(&self, recipient: &str, text: &str) -> SubmitSm {
        SubmitSm {
            source_ton: 5,
            source: self.member.sender.to_string(),
            destination_ton: 1,
            destination_npi: 1,
            destination: recipient.to_owned(),
            registered_delivery: 1,
            short_message: text.as_bytes().to_vec().into(),
            ..SubmitSm::default()
        }
    }
}

/// A gateway process with its doors.
struct Gate {
    address: SocketAddr,
    board: Board,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    running: JoinHandle<()>,
}

impl Gate {
    async fn bind(&self, settings: BindSettings) -> Result<(Session, Inbound), BindError> {
        esme::bind(tcp::connect(self.address).await.expect("connects"), settings).await
    }

    /// A connection of a client with this address, which a balancer in front tells: 192.0.2.`last`.
    async fn connect_from(&self, last: u8) -> TcpStream {
        let mut stream = tcp::connect(self.address).await.expect("connects");
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
        header.extend([192, 0, 2, last, 10, 0, 0, 1, 0x1F, 0x90, 0x0A, 0xC3]);
        stream.write_all(&header).await.expect("is written");
        stream
    }

    /// What a refused bind is told.
    async fn refusal(&self, settings: BindSettings) -> CommandStatus {
        match self.bind(settings).await {
            Err(BindError::Refused(status)) => status,
            Err(error) => panic!("{error}"),
            Ok(_) => CommandStatus::ROK,
        }
    }

    /// As SIGTERM does.
    async fn stop(self) {
        self.stop.send_replace(true);
        timeout(SOON, self.serving).await.expect("stops in time").expect("does not break");
        timeout(SOON, self.running).await.expect("stops in time").expect("does not break");
    }
}

impl Stage {
    async fn new() -> Self {
        Self::with(EmbeddedSqs::new(), Behaviour::default(), 50).await
    }

    /// With queues of which some may be there, and a vendor that behaves so and has this window.
    async fn with(sqs: EmbeddedSqs, behaviour: Behaviour, window: u32) -> Self {
        let world = World::new().await;
        let secrets = EmbeddedSecrets::new();
        let simulator = SmscSimulator::start(behaviour).await.expect("starts");
        let many = |number: u32| NonZeroU32::new(number).expect("not zero");
        let link = SmppLink {
            window: many(window),
            rate: many(5_000),
            queue_url: sqs.queue("jobs"),
            ..SmppLink::new("127.0.0.1", simulator.address().port(), "waybill")
        };
        let vendor = connection_of(connection(), &world.owner, Link::Smpp(link));
        put_connection(&world.store, &vendor).await;
        secrets.set_of(&vendor, json!({ "password": PASSWORD }));
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let projector = projector::App {
            store: world.store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: tests::embedded_s3::EmbeddedS3::new().archive(),
        };
        let applier = progress_applier::App { store: world.store.clone() };
        let progress = sqs.queue("progress");
        Self { world, sqs, secrets, simulator, progress, projector, applier }
    }

    /// An account of a new client of the owner's, with 10 credits at 0.05 a segment.
    async fn client(&self, system_id: &str, change: impl FnOnce(&mut ClientLink)) -> Client {
        let member = self.world.client(&self.world.owner, "0.05").with_funds("10").open().await;
        self.client_of(member, system_id, change).await
    }

    async fn client_of(
        &self,
        member: Member,
        system_id: &str,
        change: impl FnOnce(&mut ClientLink),
    ) -> Client {
        let many = |number: u32| NonZeroU32::new(number).expect("not zero");
        let id = ConnectionId::new(self.world.unique());
        let mut link = ClientLink {
            binds_max: many(10),
            rate: many(1_000),
            queue_url: self.sqs.queue(&format!("client-{system_id}.fifo")),
            ..ClientLink::new(
                member.company.id.clone(),
                member.agreement.id.clone(),
                system_id,
                runtime::password::hash(PASSWORD).expect("is hashed"),
            )
        };
        change(&mut link);
        let connection = connection_of(id, &self.world.owner, Link::Client(link));
        put_connection(&self.world.store, &connection).await;
        Client { member, connection }
    }

    async fn gate(&self) -> Gate {
        self.gate_with(|listener| Door { listener, certificate: None, behind_proxy: false }).await
    }

    /// A gateway behind a balancer.
    async fn gate_behind_proxy(&self) -> Gate {
        self.gate_with(|listener| Door { listener, certificate: None, behind_proxy: true }).await
    }

    /// A gateway that others know of, with one door.
    async fn gate_with(&self, door: impl FnOnce(TcpListener) -> Door) -> Gate {
        self.gate_charging_at(self.world.store.clone(), door).await
    }

    /// One whose orders are charged through a store of their own.
    async fn gate_charging_at(&self, charges: Store, door: impl FnOnce(TcpListener) -> Door) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let gate = self.open(charges, listener, door, pace());
        until("a gateway that lives", || gate.board.status().gateway.is_some()).await;
        gate
    }

    /// One that others may not know of yet, on the runtime that this is called on.
    fn open(
        &self,
        charges: Store,
        listener: TcpListener,
        door: impl FnOnce(TcpListener) -> Door,
        pace: Pace,
    ) -> Gate {
        let address = listener.local_addr().expect("has an address");
        let store = self.world.store.clone();
        let (secrets, sqs) = (self.secrets.store(), self.sqs.client());
        let progress = Sender::new(sqs.clone(), self.progress.clone());
        let gateway = Gateway::new(store, secrets.clone(), sqs.clone(), progress, pace);
        let board = gateway.board();
        let intake = Intake::new(charges, Lookups::new(secrets, Targets::Any).expect("a client"));
        let clients = Clients::new(&gateway, intake, Deliveries::new(sqs, Pauses::default()));
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(clients.expect("is made").serve(vec![door(listener)], stopped.clone()));
        let running = tokio::spawn(smpp_gateway::run(gateway, bind::tcp(Targets::Any), stopped));
        Gate { address, board, stop, serving, running }
    }

    /// Lets the projector and the progress-applier do what there is to do.
    async fn work(&self) {
        for table in ["ledger", "messages"] {
            let event = self.world.database.take_stream(&format!("{STACK}-{table}"));
            projector::handle(&self.projector, event).await.expect("projected");
        }
        let taken = self.sqs.take(&self.progress);
        let answer = progress_applier::handle(&self.applier, taken.clone()).await;
        self.sqs.finish(&self.progress, &taken, &answer);
    }

    /// Works until it is so.
    async fn work_until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let working = async {
            while !is_so().await {
                self.work().await;
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, working).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
    }

    async fn message(&self, id: &str) -> Message {
        let id = MessageId::parse(id).expect("an id");
        self.world.store.message(&id).await.expect("is read").expect("is there")
    }

    async fn balance(&self, member: &Member) -> String {
        self.world.balance(member).await.to_string()
    }
}

fn connection_of(id: ConnectionId, company: &Member, link: Link) -> Connection {
    Connection {
        secret: Some(SecretId::new(1)),
        ..Connection::new(id, company.company.id.clone(), "a connection", link, Timestamp::UNIX_EPOCH)
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, waited).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}
