//! The task behind a bind, the same for both ends: one task, no locks, any byte stream.
//!
//! It keeps a window of our requests, hands the peer's requests out to be answered one by one,
//! keeps the link alive and takes it down gracefully. [`crate::esme`] and [`crate::smsc`] give it
//! their types; use those.
//!
//! Laws: nothing but the stream is awaited here, so a slow store never holds up an answer. All that
//! is ready goes out in one write. Once octets of a request may have left, its outcome without
//! an answer is "in doubt", and it is never sent again from here.

mod answer;
mod outgoing;
mod task;
mod wire;

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use crate::codec::EncodeError;
use crate::pdu::{Body, command};
use crate::status::CommandStatus;

pub(crate) use answer::Answer;
pub(crate) use task::spawn;
pub(crate) use wire::Wire;

/// Which end of the bind we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// We submit, the peer delivers.
    Esme,
    /// The peer submits, we deliver.
    Smsc,
}

impl Role {
    /// Whether this end takes such a request from its peer and hands it out.
    fn serves(self, command_id: u32) -> bool {
        match self {
            Self::Esme => matches!(command_id, command::DELIVER_SM | command::DATA_SM),
            Self::Smsc => matches!(
                command_id,
                command::SUBMIT_SM
                    | command::SUBMIT_MULTI
                    | command::DATA_SM
                    | command::QUERY_SM
                    | command::CANCEL_SM
                    | command::REPLACE_SM
            ),
        }
    }
}

/// What the task needs to know.
#[derive(Clone, Debug)]
pub(crate) struct LinkSettings {
    pub role: Role,
    /// Whether the bind's mode lets the peer send us messages.
    pub peer_may_send: bool,
    pub window: usize,
    pub inbound_window: usize,
    pub enquire_link_every: Duration,
    pub answer_timeout: Duration,
    /// Without a request of the peer's or an answer to a message of ours for so long, we unbind.
    pub inactive_after: Option<Duration>,
}

/// Why a link is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// We asked for the end, and it came in good order or its time was up.
    Unbound,
    /// The peer asked for the end.
    UnboundByPeer,
    /// We dropped the link without a word.
    Aborted,
    /// Reading or writing failed; `UnexpectedEof` when the peer closed without unbinding.
    Lost(io::ErrorKind),
    /// The peer did not answer an enquire_link in time.
    NotAlive,
    /// The peer did not take what we wrote.
    NotReading,
    /// Nothing but our own enquire_links went over it for too long, and we unbound.
    Inactive,
    /// A PDU with an impossible length: where the next one begins is unknown.
    OutOfStep,
}

/// Why a request has no answer. Whether it may be sent again is the difference that matters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// No octet of it left us; it may be sent on another link.
    #[error("not sent, the link is closed")]
    NotSent,
    /// It cannot be written as SMPP; no octet left us, and trying again is no use.
    #[error("not sent, it cannot be written as SMPP")]
    Invalid(#[source] EncodeError),
    /// Octets may have left, and no answer came: the peer may have taken it.
    #[error("sent, but no answer came")]
    InDoubt,
}

/// A request on its way to the task.
pub(crate) struct Request {
    pub body: Body,
    pub reply: oneshot::Sender<Result<Answer, RequestError>>,
}

/// What the task must hear of whatever the windows are.
pub(crate) enum Control {
    Answer {
        sequence: u32,
        command_id: u32,
        answer: Answer,
    },
    /// A request of the peer's is not answered, and not waited for.
    NoAnswer,
    Unbind,
    Abort,
}

/// A request from the peer and the duty to answer it.
pub(crate) struct Incoming {
    pub body: Body,
    pub responder: Responder,
}

/// Answers one request of the peer. Dropped without an answer it says "try again later", so that
/// a handler that fails loses nothing.
pub(crate) struct Responder {
    sequence: u32,
    /// Of the request.
    command_id: u32,
    role: Role,
    control: Option<mpsc::UnboundedSender<Control>>,
}

impl Responder {
    pub fn answer(mut self, answer: Answer) {
        self.send(answer);
    }

    /// Leaves the peer in doubt about its request.
    pub fn leave_unanswered(mut self) {
        if let Some(control) = self.control.take() {
            // Without the task there is no link, and no answer either.
            let _ = control.send(Control::NoAnswer);
        }
    }

    fn send(&mut self, answer: Answer) {
        let Some(control) = self.control.take() else {
            return;
        };
        let (sequence, command_id) = (self.sequence, self.command_id);
        // Without the task there is no link, and the peer will send its request again.
        let _ = control.send(Control::Answer { sequence, command_id, answer });
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.send(Answer::of(try_again(self.role)));
    }
}

/// The temporary error of each role.
fn try_again(role: Role) -> CommandStatus {
    match role {
        Role::Esme => CommandStatus::RX_T_APPN,
        Role::Smsc => CommandStatus::RSYSERR,
    }
}

/// The outside of a link; clones speak to the same task. The link stays until it is unbound or
/// lost, or until all handles and the receiver of incoming messages are dropped.
#[derive(Clone)]
pub(crate) struct Handle {
    requests: mpsc::Sender<Request>,
    control: mpsc::UnboundedSender<Control>,
    closed: watch::Receiver<Option<CloseReason>>,
}

impl Handle {
    /// Waits for a slot in the window and then for the answer. Dropping the future before the
    /// slot is there takes the request back.
    pub async fn request(&self, body: Body) -> Result<Answer, RequestError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(Request { body, reply }).await;
        sent.map_err(|_| RequestError::NotSent)?;
        // The task replies to each request; without a reply it was torn down with its runtime.
        answer.await.unwrap_or(Err(RequestError::InDoubt))
    }

    pub async fn unbind(&self) -> CloseReason {
        let _ = self.control.send(Control::Unbind);
        self.closed().await
    }

    pub fn abort(&self) {
        let _ = self.control.send(Control::Abort);
    }

    pub async fn closed(&self) -> CloseReason {
        let mut closed = self.closed.clone();
        let reason = closed.wait_for(Option::is_some).await.ok().and_then(|reason| *reason);
        reason.unwrap_or(CloseReason::Aborted)
    }

    pub fn is_closed(&self) -> bool {
        self.closed.borrow().is_some() || self.requests.is_closed()
    }
}
