//! Where clients come in: connections are accepted, their binds checked, and each becomes a session.
//!
//! Laws: nothing that comes in ends the listening. Who is not bound yet costs little and not for long: so
//! many at once, fewer of one source, each for some seconds, each with a small frame. One client does not hold up another: whoever
//! waits (for a store, for a slow reader) waits in a task of its own.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use smpp::pdu::Bind;
use smpp::smsc::{self, AcceptError, Handshake, ServerSettings};
use smpp::{BindMode, CommandStatus};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::account::Account;
use super::login::{Caller, LoginError};
use super::proxy;
use super::register::RegisterError;
use super::session::Session;
use super::source::{Place, Source, Unbound};
use super::tls::Certificate;
use super::{Clients, SYSTEM_ID};
use crate::chain;
use crate::vendor::bind::Stream;

/// Connections that are not bound yet. More wait in the system's own queue.
const HANDSHAKES_MAX: usize = 512;
const CONNECTIONS_MAX: usize = 10_000;
/// For the balancer's header with TLS, and again for the bind.
const BIND_MAX: Duration = Duration::from_secs(5);
/// For the store and the password, while the client waits.
const LOGIN_MAX: Duration = Duration::from_secs(8);
/// For answers that are in hand when a bind ends, and for a delivery's answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A bit more, for the last words.
const GOODBYE_MAX: Duration = Duration::from_secs(15);
/// For charging what was ordered, and for giving unspent money back. A lease that is not given back is taken
/// back by the sweeper.
const CLOSE_MAX: Duration = Duration::from_secs(15);
/// When the system has no more sockets, somebody has to close one first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An address to come in at.
pub struct Door {
    pub listener: TcpListener,
    /// Plain TCP without one.
    pub certificate: Option<Certificate>,
    /// Whether a balancer in front tells the true address of each client by the PROXY protocol, version 2.
    pub behind_proxy: bool,
}

/// What a connection takes up for as long as it is there.
struct Seat {
    _connection: OwnedSemaphorePermit,
    /// The last one to be dropped tells that all are gone.
    _presence: mpsc::Sender<()>,
}

/// What it takes up besides until it is bound.
struct Waiting {
    _handshake: OwnedSemaphorePermit,
    _place: Place,
}

/// Why a connection did not become a session.
#[derive(Debug, thiserror::Error)]
enum Turned {
    /// A balancer that looks whether we are there is none.
    #[error("nobody")]
    Nobody,
    #[error("too many connections of this source are not bound")]
    TooMany,
    #[error("the connection broke before the bind")]
    Broken(#[source] io::Error),
    #[error(transparent)]
    NoBind(#[from] AcceptError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("the store did not answer in time")]
    Slow,
}

impl Turned {
    /// What the client is told; none if it is not there to hear it.
    fn status(&self) -> Option<CommandStatus> {
        match self {
            Self::Nobody | Self::TooMany | Self::Broken(_) | Self::NoBind(_) => None,
            Self::Login(error) => Some(error.status()),
            Self::Register(RegisterError::LimitReached) => Some(CommandStatus::RALYBND),
            Self::Register(_) | Self::Slow => Some(CommandStatus::RSYSERR),
        }
    }
}

impl Clients {
    /// Serves at these doors until `stop` turns true. Then nobody comes in any more, deliveries and answers
    /// in hand have their time, and each bind is ended in good order.
    pub async fn serve(self, doors: Vec<Door>, mut stop: watch::Receiver<bool>) {
        let clients = Arc::new(self);
        let (presence, mut all_gone) = mpsc::channel(1);
        let (leave, leaving) = watch::channel(false);
        let (handshakes, connections) =
            (Arc::new(Semaphore::new(HANDSHAKES_MAX)), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
        let unbound = Unbound::default();
        let mut tasks = tokio::task::JoinSet::new();
        for door in doors {
            let hall = Hall {
                clients: clients.clone(),
                door: Arc::new(door),
                handshakes: handshakes.clone(),
                connections: connections.clone(),
                unbound: unbound.clone(),
                presence: presence.clone(),
                stop: stop.clone(),
                leave: leaving.clone(),
            };
            tasks.spawn(hall.listen());
        }
        drop(presence);
        let (looking, telling) = (clients.clone(), clients.clone());
        let look = tokio::spawn(async move { looking.login.accounts().look().await });
        let tell = tokio::spawn(async move { telling.register.keep_told().await });
        let _ = stop.wait_for(|stopped| *stopped).await;
        tasks.shutdown().await;
        if timeout(GOODBYE_MAX, clients.deliveries.finish()).await.is_err() {
            warn!("some deliveries are not answered");
        }
        leave.send_replace(true);
        if timeout(GOODBYE_MAX, all_gone.recv()).await.is_err() {
            warn!("some clients did not leave in time");
        }
        look.abort();
        tell.abort();
        if timeout(CLOSE_MAX, clients.intake.close()).await.is_err() {
            warn!("some orders were not charged in time");
        }
    }
}

/// What accepting needs.
struct Hall {
    clients: Arc<Clients>,
    door: Arc<Door>,
    handshakes: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    unbound: Unbound,
    presence: mpsc::Sender<()>,
    /// Nobody comes in any more.
    stop: watch::Receiver<bool>,
    /// Those who are in leave.
    leave: watch::Receiver<bool>,
}

impl Hall {
    async fn listen(self) {
        loop {
            let connection = self.connections.clone().acquire_owned().await;
            let handshake = self.handshakes.clone().acquire_owned().await;
            let (Ok(connection), Ok(handshake)) = (connection, handshake) else { return }; // never closed
            let (stream, peer) = match self.door.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "no connection is accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let seat = Seat { _connection: connection, _presence: self.presence.clone() };
            let (clients, door, unbound) = (self.clients.clone(), self.door.clone(), self.unbound.clone());
            let (mut stop, leave) = (self.stop.clone(), self.leave.clone());
            tokio::spawn(async move {
                let greeted = tokio::select! {
                    greeted = greet(&door, &unbound, stream, peer) => greeted,
                    _ = stop.wait_for(|stopped| *stopped) => return,
                };
                match greeted {
                    Ok((bind, caller, place)) => {
                        let waiting = Waiting { _handshake: handshake, _place: place };
                        clients.receive(bind, caller, waiting, leave).await;
                    }
                    Err(Turned::Nobody) => {}
                    Err(error) => debug!(%peer, error = chain(error), "did not bind"),
                }
                drop(seat);
            });
        }
    }
}

impl Clients {
    /// From a bind to the end of its session.
    async fn receive(
        &self,
        bind: Handshake<Box<dyn Stream>>,
        caller: Caller,
        waiting: Waiting,
        leave: watch::Receiver<bool>,
    ) {
        let (asked, mode) = (bind.bind().clone(), bind.mode());
        match self.admit(&asked, mode, caller).await {
            Ok(account) => {
                drop(waiting);
                self.attend(bind, caller, account.clone(), leave).await;
                self.register.leave(&account.connection, mode).await;
            }
            Err(error) => {
                let status = error.status().unwrap_or(CommandStatus::RSYSERR);
                let system_id = &asked.system_id;
                self.figures.bind_refused();
                info!(address = %caller.address, ?system_id, %status, error = chain(error), "a bind is refused");
                // Whether it has heard it is for it to know.
                let _ = bind.refuse(status).await;
            }
        }
    }

    /// Checks a bind and counts it.
    async fn admit(&self, bind: &Bind, mode: BindMode, caller: Caller) -> Result<Arc<Account>, Turned> {
        let checked = timeout(LOGIN_MAX, self.login.check(bind, caller));
        let account = checked.await.map_err(|_| Turned::Slow)??;
        self.register.enter(&account.connection, mode, account.link.binds_max.get()).await?;
        Ok(account)
    }

    async fn attend(
        &self,
        mut handshake: Handshake<Box<dyn Stream>>,
        caller: Caller,
        account: Arc<Account>,
        leave: watch::Receiver<bool>,
    ) {
        let connection = account.connection.clone();
        let (mode, interface_version) = (handshake.mode(), handshake.bind().interface_version);
        let sight = self.login.accounts().watch(&account);
        // What other binds see may be newer than what this one found.
        let account = sight.borrow().clone().unwrap_or(account);
        let window = account.link.window;
        handshake.settings_mut().inbound_window = usize::try_from(window.get()).unwrap_or(1);
        let (server, requests) = match handshake.accept().await {
            Ok(accepted) => accepted,
            Err(error) => return debug!(%connection, error = chain(error), "left during its bind"),
        };
        info!(%connection, address = %caller.address, ?mode, tls = caller.over_tls, "bound");
        let figures = self.figures.of(&connection);
        figures.bound(mode, window);
        if mode.can_receive() {
            self.deliveries.receiver_bound(&account, server.clone(), figures.clone());
        }
        let session = Session {
            store: self.store.clone(),
            intake: self.intake.clone(),
            figures: figures.clone(),
            server: server.clone(),
            interface_version,
        };
        session.run(requests, account, sight, leave).await;
        let reason = server.closed().await;
        figures.unbound(mode, window);
        info!(%connection, address = %caller.address, ?mode, ?reason, "unbound");
    }
}

/// Up to the client's bind.
async fn greet(
    door: &Door,
    unbound: &Unbound,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<(Handshake<Box<dyn Stream>>, Caller, Place), Turned> {
    let opened = timeout(BIND_MAX, open(door, unbound, stream, peer.ip())).await;
    let (stream, address, place) =
        opened.unwrap_or_else(|_| Err(Turned::Broken(io::ErrorKind::TimedOut.into())))?;
    let settings = ServerSettings {
        bind_timeout: BIND_MAX,
        answer_timeout: ANSWER_MAX,
        ..ServerSettings::new(SYSTEM_ID)
    };
    let handshake = smsc::accept(stream, settings).await?;
    Ok((handshake, Caller { address, over_tls: door.certificate.is_some() }, place))
}

/// The stream of octets, and where it truly comes from.
async fn open(
    door: &Door,
    unbound: &Unbound,
    mut stream: TcpStream,
    peer: IpAddr,
) -> Result<(Box<dyn Stream>, IpAddr, Place), Turned> {
    stream.set_nodelay(true).map_err(Turned::Broken)?;
    let address = if door.behind_proxy {
        proxy::read_address(&mut stream).await.map_err(Turned::Broken)?.ok_or(Turned::Nobody)?
    } else {
        peer
    };
    let place = unbound.enter(Source::from(address)).ok_or(Turned::TooMany)?;
    let stream: Box<dyn Stream> = match &door.certificate {
        Some(certificate) => Box::new(certificate.acceptor().accept(stream).await.map_err(Turned::Broken)?),
        None => Box::new(stream),
    };
    Ok((stream, address, place))
}
