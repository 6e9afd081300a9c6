//! The whole platform around one SMPP gateway, on loopback: an embedded cloud, the projector and the
//! progress-applier at work on its streams and queues, a door for clients, and a connection to a vendor.
//!
//! Nothing is skipped on a message's way: it is priced, charged through a lease, queued, claimed,
//! submitted, and its receipt comes back over the progress queue, the stream and the client's queue.

mod elsewhere;
mod functions;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::connection::{ClientLink, Connection, Link, SmppLink};
use domain::id::{ConnectionId, MessageId, SecretId};
use domain::message::Message;
use jiff::Timestamp;
use queue::Sender;
use runtime::targets::Targets;
use sending::Lookups;
use serde_json::json;
use smpp_gateway::client::Clients;
use smpp_gateway::client::deliveries::{Deliveries, Pauses};
use smpp_gateway::client::intake::Intake;
use smpp_gateway::client::listener::Door;
use smpp_gateway::status::Board;
use smpp_gateway::vendor::bind;
use smpp_gateway::{Gateway, Pace};
use store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::edits::put_connection;
use crate::embedded_secrets::EmbeddedSecrets;
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::{Member, World, connection, tables};
use functions::Functions;

/// What every client binds with, and we with the vendor.
pub const PASSWORD: &str = "pw-Kq83z";
/// As whom we bind to the vendor.
pub const SYSTEM_ID: &str = "waybill";
/// Far more than a start or an end takes.
const SOON: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// On which runtimes the parts run, so that their CPU time can be told apart. The functions have
/// threads of their own.
#[derive(Debug, Clone)]
pub struct Places {
    pub cloud: Handle,
    pub gateway: Handle,
}

impl Places {
    /// All on the runtime that this is called on.
    pub fn here() -> Self {
        let here = Handle::current();
        Self { cloud: here.clone(), gateway: here }
    }
}

/// A platform at work.
pub struct Platform {
    pub world: World,
    /// Where clients bind.
    pub address: SocketAddr,
    sqs: EmbeddedSqs,
    calls_before: Mutex<BTreeMap<String, u64>>,
    functions: Functions,
    stop: watch::Sender<bool>,
    parts: Vec<JoinHandle<()>>,
}

/// A client with an account.
pub struct Client {
    pub member: Member,
    pub connection: ConnectionId,
    pub system_id: String,
}

impl Platform {
    /// With one vendor's connection, over which everything goes; it must be listening.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(vendor: SocketAddr, places: &Places, change: impl FnOnce(&mut SmppLink)) -> Self {
        let world = World::new().await;
        let (sqs, secrets) = (EmbeddedSqs::new(), EmbeddedSecrets::new());
        let jobs = sqs.queue("jobs");
        let mut link = SmppLink { queue_url: jobs, ..SmppLink::new("127.0.0.1", vendor.port(), SYSTEM_ID) };
        change(&mut link);
        let vendor = connection_of(connection(), &world.owner, Link::Smpp(link));
        put_connection(&world.store, &vendor).await;
        secrets.set_of(&vendor, json!({ "password": PASSWORD }));

        let functions = Functions::start(&world, &sqs).expect("a thread");
        let store = Store::new(elsewhere::dynamodb(&world.database.client(), &places.cloud), tables());
        let queues = elsewhere::sqs(&sqs.client(), &places.cloud);
        let progress = Sender::new(queues.clone(), sqs.queue(functions::PROGRESS));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("listens");
        let address = listener.local_addr().expect("has an address");
        let listener = listener.into_std().expect("is a socket");
        let (stop, stopped) = watch::channel(false);
        let begin = async move {
            let listener = TcpListener::from_std(listener).expect("is a socket");
            let gateway = Gateway::new(store.clone(), secrets.store(), queues.clone(), progress, pace());
            let board = gateway.board();
            let intake = Intake::new(store, Lookups::new(secrets.store(), Targets::Any).expect("a client"));
            let deliveries = Deliveries::new(queues, Pauses::default());
            let clients = Clients::new(&gateway, intake, deliveries).expect("passwords can be checked");
            let door = Door { listener, certificate: None, behind_proxy: false };
            let serving = tokio::spawn(clients.serve(vec![door], stopped.clone()));
            let running = tokio::spawn(smpp_gateway::run(gateway, bind::tcp(Targets::Any), stopped));
            until_alive(&board).await;
            vec![serving, running]
        };
        let parts = places.gateway.spawn(begin).await.expect("the gateway starts");
        Self { world, address, sqs, calls_before: Mutex::default(), functions, stop, parts }
    }

    /// An account of a new client of the owner's that pays 0.05 a segment.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn client(&self, system_id: &str, funds: &str, change: impl FnOnce(&mut ClientLink)) -> Client {
        let member = self.world.client(&self.world.owner, "0.05").with_funds(funds).open().await;
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
        let id = ConnectionId::new(self.world.unique());
        let stored = connection_of(id.clone(), &self.world.owner, Link::Client(link));
        put_connection(&self.world.store, &stored).await;
        Client { member, connection: id, system_id: system_id.to_owned() }
    }

    /// A message by the id that its client was told.
    ///
    /// # Panics
    /// When there is none.
    pub async fn message(&self, id: &str) -> Message {
        let id = MessageId::parse(id).expect("an id");
        self.world.store.message(&id).await.expect("is read").expect("is there")
    }

    /// What a client has left.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn balance(&self, client: &Client) -> String {
        self.world.balance(&client.member).await.to_string()
    }

    /// How many calls to tables and queues there were since this was last asked, by operation and place.
    pub fn take_calls(&self) -> BTreeMap<String, u64> {
        let mut calls = BTreeMap::new();
        for consumed in self.world.database.capacity().take() {
            *calls.entry(format!("{} {}", consumed.operation, consumed.table)).or_default() += 1;
        }
        let mut before = self.calls_before.lock().unwrap_or_else(PoisonError::into_inner);
        let queues = self.sqs.calls();
        for (call, count) in &queues {
            calls.insert(call.clone(), count - before.get(call).copied().unwrap_or_default());
        }
        *before = queues;
        calls.retain(|_, count| 0 < *count);
        calls
    }

    /// As SIGTERM does; what is in hand is finished.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for part in self.parts {
            timeout(SOON, part).await.expect("stops in time").expect("does not break");
        }
        drop(self.functions);
    }
}

/// As production has it, but that it begins sooner.
fn pace() -> Pace {
    Pace {
        look_every: Duration::from_millis(200),
        share_every: Duration::from_millis(100),
        answer_timeout: Duration::from_secs(5),
        references_after: Duration::from_secs(6),
        ..Pace::default()
    }
}

/// Clients may bind once the store knows of the process.
async fn until_alive(board: &Board) {
    let alive = async {
        while board.status().gateway.is_none() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(SOON, alive).await.expect("the gateway lives in time");
}

fn connection_of(id: ConnectionId, company: &Member, link: Link) -> Connection {
    Connection {
        secret: Some(SecretId::new(1)),
        ..Connection::new(id, company.company.id.clone(), "a connection", link, Timestamp::UNIX_EPOCH)
    }
}

/// A number that is none of the settings' zeros.
///
/// # Panics
/// For zero.
pub fn many(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}
