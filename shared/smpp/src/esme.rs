//! The client's end of a bind: submits with a window, hands out deliveries to be acknowledged.
//!
//! It does not reconnect, pace or send again: that needs a store and belongs to its owner.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::debug;

pub use crate::link::{CloseReason, RequestError as SubmitError};

use crate::codec::{EncodeError, FRAME_LENGTH_MAX_DEFAULT};
use crate::link::{Answer, Handle, Incoming, LinkSettings, Responder, Role, Wire, spawn};
use crate::long::without_parameters;
use crate::pdu::{
    Bind, BindMode, BindResp, Body, CancelSm, DataSm, DeliverSm, Pdu, QuerySm, QuerySmResp, ReplaceSm,
    SubmitMulti, SubmitMultiResp, SubmitSm, VERSION_3_4, common_version,
};
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// The bind is always our first request.
const BIND_SEQUENCE: u32 = 1;

/// How to bind and how to keep the session.
#[derive(Clone)]
pub struct BindSettings {
    pub system_id: String,
    pub password: String,
    pub system_type: String,
    pub bind_mode: BindMode,
    /// 0x34 for SMPP 3.4; 0x50 for 5.0, unless the server speaks less.
    pub interface_version: u8,
    /// Whose messages we want, as some servers ask; most take none.
    pub addr_ton: u8,
    pub addr_npi: u8,
    pub address_range: String,
    /// Submits without an answer at one time.
    pub window: NonZeroUsize,
    /// Silence after which the peer is asked whether it is there.
    pub enquire_link_every: Duration,
    /// For the bind, each submit, each enquire_link, and for what is in flight at the end.
    pub answer_timeout: Duration,
    /// Deliveries handed out and not acknowledged at one time. When it is full the peer is not
    /// read any more, so give it a few hundred, and never await a submit of the same session
    /// while holding deliveries back.
    pub inbound_window: usize,
}

impl BindSettings {
    /// A transceiver of SMPP 3.4 with a window of 10, which most vendors grant.
    pub fn new(system_id: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            system_id: system_id.into(),
            password: password.into(),
            system_type: String::new(),
            bind_mode: BindMode::Transceiver,
            interface_version: VERSION_3_4,
            addr_ton: 0,
            addr_npi: 0,
            address_range: String::new(),
            window: NonZeroUsize::MIN.saturating_add(9),
            enquire_link_every: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(10),
            inbound_window: 500,
        }
    }
}

/// Why there is no session. `Refused` is the peer's word, the others are the link's.
#[derive(Debug, Error)]
pub enum BindError {
    #[error("the bind is refused with {0}")]
    Refused(CommandStatus),
    #[error("the link broke during the bind")]
    Link(#[source] io::Error),
    #[error("the bind was not answered in time")]
    Timeout,
    #[error("the bind cannot be written as SMPP")]
    Invalid(#[source] EncodeError),
}

/// Binds on a fresh stream (see [`crate::tcp::connect`]) and starts the session's task.
pub async fn bind<S>(stream: S, settings: BindSettings) -> Result<(Session, Inbound), BindError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut wire = Wire::new(stream, FRAME_LENGTH_MAX_DEFAULT);
    let peer = timeout(settings.answer_timeout, shake_hands(&mut wire, &settings))
        .await
        .map_err(|_| BindError::Timeout)??;
    let link = LinkSettings {
        role: Role::Esme,
        // Some servers deliver on a transmitter bind, and a receipt is welcome on any.
        peer_may_send: true,
        window: settings.window.get(),
        inbound_window: settings.inbound_window,
        enquire_link_every: settings.enquire_link_every,
        answer_timeout: settings.answer_timeout,
        inactive_after: None,
    };
    let ours = settings.interface_version;
    let theirs = peer.tlvs.interface_version().filter(|theirs| *theirs != 0 && VERSION_3_4 < ours);
    let version = theirs.map_or(ours, |theirs| common_version(ours, theirs));
    let (handle, incoming) = spawn(wire, link, BIND_SEQUENCE + 1);
    Ok((Session { handle, peer: Arc::new(peer), version }, Inbound { incoming }))
}

async fn shake_hands<S>(wire: &mut Wire<S>, settings: &BindSettings) -> Result<BindResp, BindError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let bind = Bind {
        system_id: settings.system_id.clone(),
        password: settings.password.clone(),
        system_type: settings.system_type.clone(),
        interface_version: settings.interface_version,
        addr_ton: settings.addr_ton,
        addr_npi: settings.addr_npi,
        address_range: settings.address_range.clone(),
    };
    let request = Pdu::request(BIND_SEQUENCE, Body::Bind(settings.bind_mode, bind));
    wire.push(&request).map_err(BindError::Invalid)?;
    wire.send().await.map_err(BindError::Link)?;
    loop {
        let pdu = wire.read().await.map_err(BindError::Link)?;
        match pdu.body {
            Body::BindResp(_, answer) if pdu.status.is_ok() => return Ok(answer),
            Body::BindResp(..) | Body::GenericNack => return Err(BindError::Refused(pdu.status)),
            body => debug!(command_id = body.command_id(), "passed over before the bind's answer"),
        }
    }
}

/// What the peer said to a submit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmitAnswer {
    pub status: CommandStatus,
    /// The vendor's id for the message; empty with an error.
    pub message_id: String,
    /// From 5.0 on how busy the peer is; with an error its reasons.
    pub tlvs: Tlvs,
}

/// What the peer said to a submit_multi.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiAnswer {
    pub status: CommandStatus,
    pub answer: SubmitMultiResp,
}

/// What the peer said to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryAnswer {
    pub status: CommandStatus,
    pub answer: QuerySmResp,
}

/// The sending half of a bind; clones share its window. The bind stays until it is unbound or
/// lost, or until all clones and the [`Inbound`] are dropped.
///
/// Each request waits for a slot in the window, goes out, and waits for its answer.
#[derive(Clone)]
pub struct Session {
    handle: Handle,
    peer: Arc<BindResp>,
    version: u8,
}

impl Session {
    /// What the server said of itself in the bind's answer.
    pub fn peer(&self) -> &BindResp {
        &self.peer
    }

    /// The version that is spoken: the one that we bound with, or the server's own if that is older
    /// (`sc_interface_version`, SMPP 3.4 section 5.3.2.25). By the book a server that says none, or 0, knows no
    /// optional parameters; but many say none and want them, so ours counts then. And some that want them say
    /// an older version than 3.4, in such a parameter: who binds with 3.4 speaks that, whatever they say.
    pub fn interface_version(&self) -> u8 {
        self.version
    }

    /// Whether the server knows optional parameters. One that does not gets none
    /// ([`without_parameters`]).
    pub fn knows_parameters(&self) -> bool {
        VERSION_3_4 <= self.version
    }

    pub async fn submit(&self, message: SubmitSm) -> Result<SubmitAnswer, SubmitError> {
        let message = if self.knows_parameters() { message } else { without_parameters(message) };
        self.handle.request(Body::SubmitSm(message)).await.map(submit_answer)
    }

    /// The same as a data_sm; its text must stand in `message_payload`.
    pub async fn data(&self, message: DataSm) -> Result<SubmitAnswer, SubmitError> {
        self.handle.request(Body::DataSm(message)).await.map(submit_answer)
    }

    pub async fn submit_multi(&self, mut message: SubmitMulti) -> Result<MultiAnswer, SubmitError> {
        if !self.knows_parameters() {
            message.message = without_parameters(message.message);
        }
        let Answer { status, other, .. } = self.handle.request(Body::SubmitMulti(message)).await?;
        let answer = match other.map(|body| *body) {
            Some(Body::SubmitMultiResp(answer)) => answer,
            _ => SubmitMultiResp::default(),
        };
        Ok(MultiAnswer { status, answer })
    }

    pub async fn query(&self, query: QuerySm) -> Result<QueryAnswer, SubmitError> {
        let Answer { status, other, .. } = self.handle.request(Body::QuerySm(query)).await?;
        let answer = match other.map(|body| *body) {
            Some(Body::QuerySmResp(answer)) => answer,
            _ => QuerySmResp::default(),
        };
        Ok(QueryAnswer { status, answer })
    }

    pub async fn cancel(&self, cancel: CancelSm) -> Result<CommandStatus, SubmitError> {
        Ok(self.handle.request(Body::CancelSm(cancel)).await?.status)
    }

    pub async fn replace(&self, replace: ReplaceSm) -> Result<CommandStatus, SubmitError> {
        Ok(self.handle.request(Body::ReplaceSm(replace)).await?.status)
    }

    /// Ends the session in good order: no new submits, those in flight and the deliveries handed
    /// out have the answer timeout to finish, then unbind. Gives the reason once it is closed.
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

fn submit_answer(answer: Answer) -> SubmitAnswer {
    let Answer { status, message, .. } = answer;
    SubmitAnswer { status, message_id: message.message_id, tlvs: message.tlvs }
}

/// The receiving half of a bind. Dropped, every delivery is refused with a temporary error.
pub struct Inbound {
    incoming: mpsc::Receiver<Incoming>,
}

impl Inbound {
    /// The next receipt or incoming message; `None` once the link is closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let Incoming { body, responder } = self.incoming.recv().await?;
            match body {
                Body::DeliverSm(pdu) => return Some(Delivery { pdu, responder }),
                Body::DataSm(data) => return Some(Delivery { pdu: data.into(), responder }),
                _ => {} // nothing else is handed out
            }
        }
    }
}

/// A deliver_sm or data_sm that waits for its answer. Dropped without one, the peer is told to try later.
#[must_use = "the peer waits for its answer"]
pub struct Delivery {
    pub pdu: DeliverSm,
    responder: Responder,
}

impl Delivery {
    /// Acknowledges it: call this once it is stored, since the peer then forgets it.
    pub fn accept(self) {
        self.responder.answer(Answer::of(CommandStatus::ROK));
    }

    pub fn refuse(self, status: CommandStatus) {
        self.responder.answer(Answer::of(status));
    }
}
