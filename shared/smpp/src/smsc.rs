//! The server's end of a bind: hands out the client's requests to be answered one by one, delivers
//! with a window.
//!
//! Who may bind, how often and from where is decided by its owner between [`accept`] and
//! [`Handshake::accept`].

mod request;

use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub use crate::link::{CloseReason, RequestError as DeliverError};
pub use request::{Cancel, Query, Replace, Request, Requests, Submit, SubmitMany};

use crate::codec::{EncodeError, FRAME_LENGTH_MAX_DEFAULT};
use crate::link::{Handle, LinkSettings, Role, Wire, spawn};
use crate::long::without_parameters;
use crate::pdu::{Bind, BindMode, BindResp, Body, DeliverSm, Pdu, VERSION_3_4, VERSION_5_0, common_version};
use crate::status::CommandStatus;
use crate::tlv::{self, Tlvs};

const FIRST_SEQUENCE: u32 = 1;
/// The longest PDU that is read of a client before it is bound: nobody is trusted with more yet.
const HANDSHAKE_FRAME_LENGTH_MAX: usize = 1024;

/// How to serve a client.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Our name in the bind's answer.
    pub system_id: String,
    /// The newest version that is spoken; below 0x34 no client gets optional parameters.
    pub interface_version: u8,
    /// How long a client may take to bind.
    pub bind_timeout: Duration,
    /// Deliveries without an answer at one time.
    pub window: NonZeroUsize,
    /// Requests handed out and not answered at one time; when it is full the client is not read.
    pub inbound_window: usize,
    /// Silence after which the client is asked whether it is there.
    pub enquire_link_every: Duration,
    /// For each delivery, each enquire_link, and for what is in flight at the end.
    pub answer_timeout: Duration,
    /// Without a request of the client's for so long, its enquire_links included, it is unbound; an
    /// answer to a delivery counts too. `None`: it may be silent as long as it answers our
    /// enquire_links.
    pub inactive_after: Option<Duration>,
    /// The longest PDU that is read, header included.
    pub frame_length_max: usize,
}

impl ServerSettings {
    pub fn new(system_id: impl Into<String>) -> Self {
        Self {
            system_id: system_id.into(),
            interface_version: VERSION_5_0,
            bind_timeout: Duration::from_secs(5),
            window: NonZeroUsize::MIN.saturating_add(99),
            inbound_window: 500,
            enquire_link_every: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(10),
            inactive_after: None,
            frame_length_max: FRAME_LENGTH_MAX_DEFAULT,
        }
    }
}

/// Why a connection did not become a session.
#[derive(Debug, Error)]
pub enum AcceptError {
    #[error("the link broke during the bind")]
    Link(#[source] io::Error),
    #[error("the client did not bind in time")]
    Timeout,
    #[error("the client began with command 0x{command_id:08X} and not with a bind")]
    NoBind { command_id: u32 },
    #[error("the bind's answer cannot be written as SMPP")]
    Invalid(#[source] EncodeError),
}

/// Reads the client's bind on a fresh stream (see [`crate::tcp::accept`]).
pub async fn accept<S>(stream: S, settings: ServerSettings) -> Result<Handshake<S>, AcceptError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut wire = Wire::new(stream, HANDSHAKE_FRAME_LENGTH_MAX.min(settings.frame_length_max));
    let (sequence, mode, bind) =
        timeout(settings.bind_timeout, read_bind(&mut wire)).await.map_err(|_| AcceptError::Timeout)??;
    Ok(Handshake { wire, settings, sequence, mode, bind })
}

async fn read_bind<S>(wire: &mut Wire<S>) -> Result<(u32, BindMode, Bind), AcceptError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Pdu { sequence, body, .. } = wire.read().await.map_err(AcceptError::Link)?;
        let (status, answer) = match body {
            Body::Bind(mode, bind) => return Ok((sequence, mode, bind)),
            // Load balancers ask this before anything else.
            Body::EnquireLink => (CommandStatus::ROK, Body::EnquireLinkResp),
            body => {
                wire.nack(sequence, CommandStatus::RINVBNDSTS);
                wire.send().await.map_err(AcceptError::Link)?;
                return Err(AcceptError::NoBind { command_id: body.command_id() });
            }
        };
        wire.push(&Pdu { status, sequence, body: answer }).map_err(AcceptError::Invalid)?;
        wire.send().await.map_err(AcceptError::Link)?;
    }
}

/// A client that waits for the answer to its bind.
#[must_use = "the client waits for the answer to its bind"]
pub struct Handshake<S> {
    wire: Wire<S>,
    settings: ServerSettings,
    sequence: u32,
    mode: BindMode,
    bind: Bind,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Handshake<S> {
    /// Who the client says it is. It may be checked for as long as the client has patience.
    pub fn bind(&self) -> &Bind {
        &self.bind
    }

    pub fn mode(&self) -> BindMode {
        self.mode
    }

    /// Windows and times may depend on who binds: change them before accepting.
    pub fn settings_mut(&mut self) -> &mut ServerSettings {
        &mut self.settings
    }

    /// Lets the client in and starts the session's task.
    pub async fn accept(mut self) -> Result<(ServerSession, Requests), AcceptError> {
        let version = common_version(self.bind.interface_version, self.settings.interface_version);
        let mut tlvs = Tlvs::default();
        // An older client knows no parameter, not even this one.
        if VERSION_3_4 <= self.bind.interface_version {
            tlvs.push(tlv::SC_INTERFACE_VERSION, vec![version]);
        }
        let system_id = self.settings.system_id.clone();
        self.answer(CommandStatus::ROK, BindResp { system_id, tlvs }).await?;
        self.wire.set_frame_length_max(self.settings.frame_length_max);
        let link = LinkSettings {
            role: Role::Smsc,
            peer_may_send: self.mode.can_submit(),
            window: self.settings.window.get(),
            inbound_window: self.settings.inbound_window,
            enquire_link_every: self.settings.enquire_link_every,
            answer_timeout: self.settings.answer_timeout,
            inactive_after: self.settings.inactive_after,
        };
        let (handle, incoming) = spawn(self.wire, link, FIRST_SEQUENCE);
        Ok((ServerSession { handle, mode: self.mode, version }, Requests::new(incoming)))
    }

    /// Answers the bind with an error and closes the stream.
    pub async fn refuse(mut self, status: CommandStatus) -> Result<(), AcceptError> {
        self.answer(status, BindResp::default()).await?;
        self.wire.shutdown().await.map_err(AcceptError::Link)
    }

    async fn answer(&mut self, status: CommandStatus, answer: BindResp) -> Result<(), AcceptError> {
        let body = Body::BindResp(self.mode, answer);
        let pdu = Pdu { status, sequence: self.sequence, body };
        self.wire.push(&pdu).map_err(AcceptError::Invalid)?;
        let sent = timeout(self.settings.bind_timeout, self.wire.send()).await;
        sent.map_err(|_| AcceptError::Timeout)?.map_err(AcceptError::Link)
    }
}

/// The delivering half of a bind; clones share its window. The bind stays until it is unbound or
/// lost, or until all clones and the [`Requests`] are dropped.
#[derive(Clone)]
pub struct ServerSession {
    handle: Handle,
    mode: BindMode,
    version: u8,
}

impl ServerSession {
    /// Whether the client asked for deliveries; [`Self::deliver`] does not.
    pub fn mode(&self) -> BindMode {
        self.mode
    }

    /// The version that is spoken, which the client has heard: its own, or ours if that is older.
    pub fn interface_version(&self) -> u8 {
        self.version
    }

    /// Waits for a slot in the window, delivers, and waits for the answer. A receipt may be
    /// forgotten only when the status is ok. A client of 3.3 gets it without optional parameters.
    pub async fn deliver(&self, message: DeliverSm) -> Result<CommandStatus, DeliverError> {
        let message = if self.version < VERSION_3_4 { without_parameters(message) } else { message };
        Ok(self.handle.request(Body::DeliverSm(message)).await?.status)
    }

    /// Ends the session in good order: requests in hand and deliveries in flight have the answer
    /// timeout to finish, then unbind. Gives the reason once it is closed.
    pub async fn unbind(&self) -> CloseReason {
        self.handle.unbind().await
    }

    /// Drops the link without a word; what is in flight becomes in doubt.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// Waits for the end of the link.
    pub async fn closed(&self) -> CloseReason {
        self.handle.closed().await
    }

    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }
}
