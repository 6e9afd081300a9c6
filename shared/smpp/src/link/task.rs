//! The loop of a link: waits for whatever comes first, does it, and writes when nothing is left.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tracing::{debug, warn};

use super::outgoing::{Outgoing, Pending, Sent};
use super::wire::{OutOfStep, Wire};
use super::{
    Answer, CloseReason, Control, Handle, Incoming, LinkSettings, Request, RequestError, Responder, Role,
    try_again,
};
use crate::pdu::{ANSWER_BIT, BindResp, Body, MessageResp, Pdu, ShortMessage};
use crate::status::CommandStatus;

/// What is taken from a channel at one wake-up.
const BATCH: usize = 256;
/// With this much unsent no new requests are taken: they are safer unsent with their callers.
const OUTBOX_FULL: usize = 64 * 1024;
/// With this much unsent the peer is not even read: it asks and does not take the answers.
/// Far above what the windows allow, so that two ends never wait for each other here.
const OUTBOX_BLOCKED: usize = 4 * 1024 * 1024;
/// How long the last octets and the close of the stream may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// All that can wake the task.
enum Wake {
    Control,
    Requests,
    /// All handles are gone.
    NoMoreRequests,
    Read,
    Written,
    Due,
    Lost(io::ErrorKind),
}

/// How far the link is from its end.
enum Phase {
    Open,
    /// No new requests; those in flight on both sides have until then.
    Draining {
        farewell: Farewell,
        until: Instant,
    },
    /// Our unbind waits for its answer.
    Unbinding,
    /// The last octets leave.
    Flushing {
        reason: CloseReason,
        until: Instant,
    },
}

/// Who ends it.
#[derive(Clone, Copy)]
enum Farewell {
    Ours,
    Peers { sequence: u32 },
}

struct Task<S> {
    settings: LinkSettings,
    wire: Wire<S>,
    requests: mpsc::Receiver<Request>,
    requests_open: bool,
    request_batch: Vec<Request>,
    control: mpsc::UnboundedReceiver<Control>,
    control_batch: Vec<Control>,
    /// For the responders.
    control_sender: mpsc::UnboundedSender<Control>,
    inbound: mpsc::Sender<Incoming>,
    outgoing: Outgoing,
    /// The peer's messages handed out and not answered.
    unanswered: usize,
    /// A message that did not fit the inbound window. While it waits nothing is read.
    parked: Option<(u32, ShortMessage)>,
    heard_at: Instant,
    timer: Pin<Box<Sleep>>,
    phase: Phase,
    end: Option<CloseReason>,
}

/// Starts the task on a wire whose handshake is done.
pub(crate) fn spawn<S>(
    wire: Wire<S>,
    settings: LinkSettings,
    first_sequence: u32,
) -> (Handle, mpsc::Receiver<Incoming>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (request_sender, requests) = mpsc::channel(settings.window.max(1));
    let (control_sender, control) = mpsc::unbounded_channel();
    // `unanswered` counts what stands in here too, so there is always room.
    let (inbound, incoming) = mpsc::channel(settings.inbound_window.max(1));
    let (closed_sender, closed) = watch::channel(None);
    let handle = Handle { requests: request_sender, control: control_sender.clone(), closed };
    let now = Instant::now();
    let task = Task {
        timer: Box::pin(sleep_until(now + settings.enquire_link_every)),
        settings,
        wire,
        requests,
        requests_open: true,
        request_batch: Vec::new(),
        control,
        control_batch: Vec::new(),
        control_sender,
        inbound,
        outgoing: Outgoing::new(first_sequence),
        unanswered: 0,
        parked: None,
        heard_at: now,
        phase: Phase::Open,
        end: None,
    };
    tokio::spawn(task.run(closed_sender));
    (handle, incoming)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Task<S> {
    async fn run(mut self, closed: watch::Sender<Option<CloseReason>>) {
        // The handshake may have read ahead.
        self.read_inbox(Instant::now());
        let reason = loop {
            self.advance_phase();
            if let Some(reason) = self.end {
                break reason;
            }
            match self.next_wake().await {
                Wake::Control => self.take_controls(),
                Wake::Requests => self.take_requests(),
                Wake::NoMoreRequests => self.requests_open = false,
                Wake::Read => self.read_inbox(Instant::now()),
                Wake::Written => {}
                Wake::Due => self.check_deadlines(Instant::now()),
                Wake::Lost(kind) => self.end = Some(self.loss(kind)),
            }
        };
        self.finish(reason, closed).await;
    }

    async fn next_wake(&mut self) -> Wake {
        poll_fn(|context| self.poll_wake(context)).await
    }

    /// Input first, then output: what is ready together goes out together. A full outbox goes
    /// first, so that endless input does not hold it up.
    fn poll_wake(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        let is_full = OUTBOX_FULL <= self.wire.queued();
        if is_full && let Poll::Ready(wake) = self.poll_write(context) {
            return Poll::Ready(wake);
        }
        let polled = self.control.poll_recv_many(context, &mut self.control_batch, BATCH);
        if polled.is_ready() {
            return Poll::Ready(Wake::Control);
        }
        if !is_full && let Poll::Ready(wake) = self.poll_requests(context) {
            return Poll::Ready(wake);
        }
        let reads = self.is_listening() && self.wire.queued() < OUTBOX_BLOCKED;
        if reads && let Poll::Ready(read) = self.wire.poll_read(context) {
            return Poll::Ready(match read {
                Ok(()) => Wake::Read,
                Err(error) => Wake::Lost(error.kind()),
            });
        }
        if let Poll::Ready(wake) = self.poll_write(context) {
            return Poll::Ready(wake);
        }
        self.timer.as_mut().poll(context).map(|()| Wake::Due)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        self.wire.poll_write(context).map(|written| match written {
            Ok(()) => Wake::Written,
            Err(error) => Wake::Lost(error.kind()),
        })
    }

    fn poll_requests(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        let room = self.settings.window.saturating_sub(self.outgoing.messages());
        if !self.requests_open || room == 0 {
            return Poll::Pending;
        }
        let polled = self.requests.poll_recv_many(context, &mut self.request_batch, room.min(BATCH));
        polled.map(|count| if count == 0 { Wake::NoMoreRequests } else { Wake::Requests })
    }

    // Our requests

    fn take_requests(&mut self) {
        let now = Instant::now();
        let mut batch = std::mem::take(&mut self.request_batch);
        for Request { body, reply } in batch.drain(..) {
            if reply.is_closed() {
                continue; // nobody waits for it any more, and nothing of it was sent
            }
            if !matches!(self.phase, Phase::Open) {
                let _ = reply.send(Err(RequestError::NotSent));
                continue;
            }
            self.send(now, body, Sent::Message(reply));
        }
        self.request_batch = batch;
    }

    fn send(&mut self, now: Instant, body: Body, what: Sent) {
        let sequence = self.outgoing.take_sequence();
        let position = self.wire.position();
        if let Err(error) = self.wire.push(&Pdu::request(sequence, body)) {
            if let Sent::Message(reply) = what {
                let _ = reply.send(Err(RequestError::Invalid(error)));
            }
            return;
        }
        let deadline = now + self.settings.answer_timeout;
        self.outgoing.insert(sequence, Pending { what, position, deadline });
        self.wake_by(deadline);
    }

    fn answered(&mut self, sequence: u32, fits: impl Fn(&Sent) -> bool, answer: Answer) {
        match self.outgoing.take(sequence, fits).map(|pending| pending.what) {
            Some(Sent::Message(reply)) => {
                let _ = reply.send(Ok(answer));
            }
            Some(Sent::Unbind) => self.flush_and_end(CloseReason::Unbound),
            Some(Sent::EnquireLink) => {}
            None => debug!(sequence, "an answer that nobody waits for"),
        }
    }

    // The peer's PDUs

    fn read_inbox(&mut self, now: Instant) {
        self.heard_at = now;
        while self.is_listening() {
            match self.wire.next_pdu() {
                Ok(Some(pdu)) => self.take_pdu(now, pdu),
                Ok(None) => return,
                Err(OutOfStep) => return self.flush_and_end(CloseReason::OutOfStep),
            }
        }
    }

    fn is_listening(&self) -> bool {
        let is_leaving = matches!(self.phase, Phase::Flushing { .. }) || self.end.is_some();
        self.parked.is_none() && !is_leaving
    }

    fn take_pdu(&mut self, now: Instant, pdu: Pdu) {
        let Pdu { status, sequence, body } = pdu;
        match (self.settings.role, body) {
            (Role::Esme, Body::SubmitSmResp(answer)) | (Role::Smsc, Body::DeliverSmResp(answer)) => {
                let answer = Answer { status, message_id: answer.message_id };
                self.answered(sequence, |sent| matches!(sent, Sent::Message(_)), answer);
            }
            (Role::Esme, Body::DeliverSm(message)) | (Role::Smsc, Body::SubmitSm(message)) => {
                self.take_message(sequence, message);
            }
            (_, Body::GenericNack) => {
                // A nack that says "ok" is still no answer to what we asked.
                let status = if status.is_ok() { CommandStatus::RUNKNOWNERR } else { status };
                self.answered(sequence, |_| true, Answer { status, message_id: String::new() });
            }
            (_, Body::EnquireLink) => self.reply(sequence, CommandStatus::ROK, Body::EnquireLinkResp),
            (_, Body::EnquireLinkResp) => {
                let answer = Answer { status, message_id: String::new() };
                self.answered(sequence, |sent| matches!(sent, Sent::EnquireLink), answer);
            }
            (_, Body::Unbind) => self.drain(now, Farewell::Peers { sequence }),
            (_, Body::UnbindResp) => {
                let answer = Answer { status, message_id: String::new() };
                self.answered(sequence, |sent| matches!(sent, Sent::Unbind), answer);
            }
            (Role::Smsc, Body::Bind(mode, _)) => {
                let body = Body::BindResp(mode, BindResp::default());
                self.reply(sequence, CommandStatus::RALYBND, body);
            }
            (_, body) if body.command_id() & ANSWER_BIT != 0 => {
                debug!(sequence, command_id = body.command_id(), "an answer to nothing we asked");
            }
            (_, body) => {
                debug!(sequence, command_id = body.command_id(), "a command we do not speak");
                self.wire.nack(sequence, CommandStatus::RINVCMDID);
            }
        }
    }

    fn take_message(&mut self, sequence: u32, message: ShortMessage) {
        if !self.settings.peer_may_send {
            let body = self.message_resp(MessageResp::default());
            return self.reply(sequence, CommandStatus::RINVBNDSTS, body);
        }
        if self.settings.inbound_window <= self.unanswered {
            self.parked = Some((sequence, message));
            return;
        }
        let role = self.settings.role;
        let control = Some(self.control_sender.clone());
        let responder = Responder { sequence, role, control };
        self.unanswered += 1;
        if let Err(refused) = self.inbound.try_send(Incoming { message, responder }) {
            // Nobody listens: the responder, dropped here, says "try again later".
            drop(refused);
        }
    }

    fn message_resp(&self, answer: MessageResp) -> Body {
        match self.settings.role {
            Role::Esme => Body::DeliverSmResp(answer),
            Role::Smsc => Body::SubmitSmResp(answer),
        }
    }

    fn reply(&mut self, sequence: u32, status: CommandStatus, body: Body) {
        if let Err(error) = self.wire.push(&Pdu { status, sequence, body }) {
            warn!(%error, sequence, "an answer cannot be written, the peer is told to try again");
            self.wire.nack(sequence, try_again(self.settings.role));
        }
    }

    fn take_controls(&mut self) {
        let now = Instant::now();
        let mut batch = std::mem::take(&mut self.control_batch);
        for control in batch.drain(..) {
            match control {
                Control::Answer { sequence, status, answer } => {
                    self.unanswered -= 1;
                    let body = self.message_resp(answer);
                    self.reply(sequence, status, body);
                }
                Control::Unbind => self.drain(now, Farewell::Ours),
                Control::Abort => self.end = Some(CloseReason::Aborted),
            }
        }
        self.control_batch = batch;
        if self.unanswered < self.settings.inbound_window
            && let Some((sequence, message)) = self.parked.take()
        {
            self.take_message(sequence, message);
            self.read_inbox(now);
        }
    }

    // Time

    fn wake_by(&mut self, deadline: Instant) {
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
    }

    /// The timer only ever comes early, so that it need not be set for each PDU.
    fn check_deadlines(&mut self, now: Instant) {
        if self.parked.is_some() {
            // The peer's answers wait behind a message that we have no room for: that it is late
            // is our doing.
            self.timer.as_mut().reset(now + self.settings.answer_timeout);
            return;
        }
        for expired in self.outgoing.take_expired(now) {
            match expired.what {
                Sent::Message(reply) => {
                    let _ = reply.send(Err(RequestError::InDoubt));
                }
                Sent::EnquireLink => self.end = Some(CloseReason::NotAlive),
                Sent::Unbind => self.end = Some(CloseReason::Unbound),
            }
        }
        let idle_at = self.heard_at + self.settings.enquire_link_every;
        if idle_at <= now && !self.outgoing.has_enquire_link() {
            self.send(now, Body::EnquireLink, Sent::EnquireLink);
        }
        let next_idle_at = if idle_at <= now { now + self.settings.enquire_link_every } else { idle_at };
        let phase_until = match self.phase {
            Phase::Draining { until, .. } | Phase::Flushing { until, .. } if now < until => Some(until),
            _ => None,
        };
        let deadlines = [self.outgoing.first_deadline(), phase_until];
        let next = deadlines.into_iter().flatten().fold(next_idle_at, Instant::min);
        self.timer.as_mut().reset(next);
    }

    // The end

    fn drain(&mut self, now: Instant, farewell: Farewell) {
        match (&self.phase, farewell) {
            (Phase::Open, _) => {}
            // Both ends say goodbye at once: each answers the other.
            (Phase::Draining { .. } | Phase::Unbinding, Farewell::Peers { sequence }) => {
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

    fn advance_phase(&mut self) {
        let now = Instant::now();
        match self.phase {
            Phase::Open if !self.requests_open && self.inbound.is_closed() => {
                self.drain(now, Farewell::Ours); // everyone who could use the link is gone
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
            Farewell::Ours => {
                self.phase = Phase::Unbinding;
                self.send(now, Body::Unbind, Sent::Unbind);
            }
            Farewell::Peers { sequence } => {
                self.reply(sequence, CommandStatus::ROK, Body::UnbindResp);
                self.flush_and_end(CloseReason::UnboundByPeer);
            }
        }
    }

    fn flush_and_end(&mut self, reason: CloseReason) {
        let until = Instant::now() + FAREWELL;
        self.phase = Phase::Flushing { reason, until };
        self.wake_by(until);
    }

    /// A stream that ends during a farewell ends as agreed.
    fn loss(&self, kind: io::ErrorKind) -> CloseReason {
        match self.phase {
            Phase::Open => CloseReason::Lost(kind),
            Phase::Draining { farewell: Farewell::Peers { .. }, .. } => CloseReason::UnboundByPeer,
            Phase::Draining { .. } | Phase::Unbinding => CloseReason::Unbound,
            Phase::Flushing { reason, .. } => reason,
        }
    }

    /// Tells every waiting caller what became of its request, then closes the stream.
    async fn finish(mut self, reason: CloseReason, closed: watch::Sender<Option<CloseReason>>) {
        self.requests.close();
        for pending in self.outgoing.take_all() {
            if let Sent::Message(reply) = pending.what {
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
