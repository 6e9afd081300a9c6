//! What a link does when time passes: late answers, silent peers, peers that take nothing, and binds
//! that nobody uses.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::{Farewell, Phase, Task};
use crate::link::outgoing::Sent;
use crate::link::{CloseReason, RequestError};
use crate::pdu::Body;

/// Between two looks at a peer that is already too slow.
const STALL_LOOK: Duration = Duration::from_secs(1);

/// Octets that wait for a peer that does not take them.
pub(super) struct Stall {
    written: u64,
    since: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Task<S> {
    pub(super) fn wake_by(&mut self, deadline: Instant) {
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
    }

    /// The timer only ever comes early, so that it need not be set for each PDU.
    pub(super) fn check_deadlines(&mut self, now: Instant) {
        if self.parked.is_some() {
            // The peer's answers wait behind a message that we have no room for: that it is late
            // is our doing.
            self.timer.as_mut().reset(now + self.settings.answer_timeout);
            return;
        }
        for expired in self.outgoing.take_expired(now) {
            match expired.what {
                Sent::Message { reply, .. } => {
                    let _ = reply.send(Err(RequestError::InDoubt));
                }
                Sent::EnquireLink => self.end = Some(CloseReason::NotAlive),
                Sent::Unbind => self.unbound(),
            }
        }
        let dues = [self.check_stall(now), self.check_activity(now), self.check_phase(now)];
        let idle = self.check_idle(now);
        let dues = dues.into_iter().chain([self.outgoing.first_deadline()]).flatten();
        self.timer.as_mut().reset(dues.fold(idle, Instant::min));
    }

    /// Asks a silent peer whether it is there. Each check gives when it is due again.
    fn check_idle(&mut self, now: Instant) -> Instant {
        let idle_at = self.heard_at + self.settings.enquire_link_every;
        if now < idle_at {
            return idle_at;
        }
        if !self.outgoing.has_enquire_link() {
            self.send(now, Body::EnquireLink, Sent::EnquireLink);
        }
        if self.unanswered == 0 && self.outgoing.messages() == 0 {
            self.wire.rest();
            (self.request_batch, self.control_batch) = (Vec::new(), Vec::new());
        }
        now + self.settings.enquire_link_every
    }

    /// A peer that takes nothing for as long as an answer may take is left.
    fn check_stall(&mut self, now: Instant) -> Option<Instant> {
        let (queued, written) = (self.wire.queued(), self.wire.written());
        if queued == 0 {
            self.stall = None;
            return None;
        }
        let stall = self.stall.take().filter(|stall| stall.written == written);
        let stall = self.stall.insert(stall.unwrap_or(Stall { written, since: now }));
        let due = stall.since + self.settings.answer_timeout;
        if now < due {
            return Some(due);
        }
        if matches!(self.phase, Phase::Open) {
            self.end = Some(CloseReason::NotReading);
        }
        Some(now + STALL_LOOK)
    }

    fn check_activity(&mut self, now: Instant) -> Option<Instant> {
        let due = self.active_at + self.settings.inactive_after?;
        if now < due {
            return Some(due);
        }
        if matches!(self.phase, Phase::Open) && self.unanswered == 0 {
            self.drain(now, Farewell::Ours { reason: CloseReason::Inactive });
        }
        Some(now + self.settings.answer_timeout)
    }

    fn check_phase(&self, now: Instant) -> Option<Instant> {
        match self.phase {
            Phase::Draining { until, .. } | Phase::Flushing { until, .. } if now < until => Some(until),
            _ => None,
        }
    }
}
