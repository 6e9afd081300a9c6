//! How a link comes to its end: drained and unbound, or lost.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::{Farewell, Phase, Task};
use crate::link::outgoing::Sent;
use crate::link::{CloseReason, RequestError};
use crate::pdu::Body;
use crate::status::CommandStatus;

/// How long the last octets and the close of the stream may take.
const FAREWELL: Duration = Duration::from_secs(1);

impl<S: AsyncRead + AsyncWrite + Unpin> Task<S> {
    pub(super) fn drain(&mut self, now: Instant, farewell: Farewell) {
        match (&self.phase, farewell) {
            (Phase::Open, _) => {}
            // Both ends say goodbye at once: each answers the other.
            (Phase::Draining { .. } | Phase::Unbinding { .. }, Farewell::Peers { sequence }) => {
                return self.reply(sequence, CommandStatus::ROK, Body::UnbindResp);
            }
            _ => return,
        }
        self.requests.close();
        self.refuse_queued();
        let until = now + self.settings.answer_timeout;
        self.phase = Phase::Draining { farewell, until };
        self.wake_by(until);
    }

    fn refuse_queued(&mut self) {
        while let Ok(request) = self.requests.try_recv() {
            let _ = request.reply.send(Err(RequestError::NotSent));
        }
    }

    pub(super) fn advance_phase(&mut self) {
        let now = Instant::now();
        match self.phase {
            Phase::Open if !self.requests_open && self.inbound.is_closed() => {
                // Everyone who could use the link is gone.
                self.drain(now, Farewell::Ours { reason: CloseReason::Unbound });
            }
            Phase::Draining { farewell, until } => {
                let is_empty = self.outgoing.messages() == 0 && self.unanswered == 0;
                if is_empty || until <= now {
                    self.say_goodbye(now, farewell);
                }
            }
            Phase::Flushing { reason, until } if self.wire.is_drained() || until <= now => {
                self.end = Some(reason);
            }
            _ => {}
        }
    }

    fn say_goodbye(&mut self, now: Instant, farewell: Farewell) {
        match farewell {
            Farewell::Ours { reason } => {
                self.phase = Phase::Unbinding { reason };
                self.send(now, Body::Unbind, Sent::Unbind);
            }
            Farewell::Peers { sequence } => {
                self.reply(sequence, CommandStatus::ROK, Body::UnbindResp);
                self.flush_and_end(CloseReason::UnboundByPeer);
            }
        }
    }

    /// Our unbind is answered, or its time is up.
    pub(super) fn unbound(&mut self) {
        let Phase::Unbinding { reason } = self.phase else {
            return;
        };
        self.flush_and_end(reason);
    }

    pub(super) fn flush_and_end(&mut self, reason: CloseReason) {
        let until = Instant::now() + FAREWELL;
        self.phase = Phase::Flushing { reason, until };
        self.wake_by(until);
    }

    /// A stream that ends during a farewell ends as agreed.
    pub(super) fn loss(&self, kind: io::ErrorKind) -> CloseReason {
        match self.phase {
            Phase::Open => CloseReason::Lost(kind),
            Phase::Draining { farewell: Farewell::Peers { .. }, .. } => CloseReason::UnboundByPeer,
            Phase::Draining { farewell: Farewell::Ours { reason }, .. }
            | Phase::Unbinding { reason }
            | Phase::Flushing { reason, .. } => reason,
        }
    }

    /// Tells every waiting caller what became of its request, then closes the stream.
    pub(super) async fn finish(mut self, reason: CloseReason, closed: watch::Sender<Option<CloseReason>>) {
        self.requests.close();
        for pending in self.outgoing.take_all() {
            if let Sent::Message { reply, .. } = pending.what {
                let is_unsent = self.wire.is_unsent(pending.position);
                let error = if is_unsent { RequestError::NotSent } else { RequestError::InDoubt };
                let _ = reply.send(Err(error));
            }
        }
        for request in self.request_batch.drain(..) {
            let _ = request.reply.send(Err(RequestError::NotSent));
        }
        closed.send_replace(Some(reason));
        debug!(?reason, "the link is closed");
        // Ends once those who were just about to hand something in have done so.
        while let Some(request) = self.requests.recv().await {
            let _ = request.reply.send(Err(RequestError::NotSent));
        }
        if reason != CloseReason::Aborted {
            let _ = timeout(FAREWELL, self.wire.shutdown()).await;
        }
    }
}
