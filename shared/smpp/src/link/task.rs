//! The loop of a link: waits for whatever comes first, does it, and writes when nothing is left.

mod deadlines;
mod farewell;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::{debug, warn};

use deadlines::Stall;

use super::outgoing::{Outgoing, Pending, Sent};
use super::wire::{OutOfStep, Wire};
use super::{
    Answer, CloseReason, Control, Handle, Incoming, LinkSettings, Request, RequestError, Responder, Role,
    try_again,
};
use crate::pdu::{ANSWER_BIT, BindResp, Body, Pdu, command};
use crate::status::CommandStatus;

/// Answers taken at one wake-up.
const ANSWERS_BATCH: usize = 256;
/// Requests taken at one wake-up: a few, since each may have 64 KiB and all go into the outbox.
const REQUESTS_BATCH: usize = 32;
/// With this much unsent no new requests are taken: they are safer unsent with their callers.
const OUTBOX_FULL: usize = 64 * 1024;
/// With this much unsent the peer is not even read: it asks and does not take the answers.
/// Far above what the windows allow, so that two ends never wait for each other here.
const OUTBOX_BLOCKED: usize = 1024 * 1024;

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
    Unbinding {
        reason: CloseReason,
    },
    /// The last octets leave.
    Flushing {
        reason: CloseReason,
        until: Instant,
    },
}

/// Who ends it.
#[derive(Clone, Copy)]
enum Farewell {
    Ours { reason: CloseReason },
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
    /// The peer's requests handed out and not answered.
    unanswered: usize,
    /// A request that did not fit the inbound window. While it waits nothing is read.
    parked: Option<(u32, Body)>,
    /// When the last whole PDU came: octets that never become one are no sign of life.
    heard_at: Instant,
    /// When the peer last asked for something, or answered more than an enquire_link.
    active_at: Instant,
    stall: Option<Stall>,
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
        timer: Box::pin(sleep_until(now + first_wait(&settings))),
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
        active_at: now,
        stall: None,
        phase: Phase::Open,
        end: None,
    };
    tokio::spawn(task.run(closed_sender));
    (handle, incoming)
}

fn first_wait(settings: &LinkSettings) -> Duration {
    settings
        .inactive_after
        .map_or(settings.enquire_link_every, |after| after.min(settings.enquire_link_every))
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
                Wake::Read => self.read(Instant::now()),
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
        let polled = self.control.poll_recv_many(context, &mut self.control_batch, ANSWERS_BATCH);
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
        let most = room.min(REQUESTS_BATCH);
        let polled = self.requests.poll_recv_many(context, &mut self.request_batch, most);
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
            let answer_id = body.command_id() | ANSWER_BIT;
            self.send(now, body, Sent::Message { answer_id, reply });
        }
        self.request_batch = batch;
    }

    fn send(&mut self, now: Instant, body: Body, what: Sent) {
        let sequence = self.outgoing.take_sequence();
        let position = self.wire.position();
        if let Err(error) = self.wire.push(&Pdu::request(sequence, body)) {
            if let Sent::Message { reply, .. } = what {
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
            Some(Sent::Message { reply, .. }) => {
                let _ = reply.send(Ok(answer));
            }
            Some(Sent::Unbind) => self.unbound(),
            Some(Sent::EnquireLink) => {}
            None => debug!(sequence, "an answer that nobody waits for"),
        }
    }

    // The peer's PDUs

    /// Endless input does not hold up what is due: the timer itself is asked last.
    fn read(&mut self, now: Instant) {
        self.read_inbox(now);
        if self.timer.deadline() <= now {
            self.check_deadlines(now);
        }
    }

    fn read_inbox(&mut self, now: Instant) {
        while self.is_listening() {
            match self.wire.next_pdu() {
                Ok(Some(pdu)) => {
                    self.heard_at = now;
                    self.take_pdu(now, pdu);
                }
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
        match body {
            Body::EnquireLink => {
                self.active_at = now;
                self.reply(sequence, CommandStatus::ROK, Body::EnquireLinkResp);
            }
            Body::EnquireLinkResp => {
                self.answered(sequence, |sent| matches!(sent, Sent::EnquireLink), Answer::of(status));
            }
            Body::Unbind => self.drain(now, Farewell::Peers { sequence }),
            Body::UnbindResp => {
                self.answered(sequence, |sent| matches!(sent, Sent::Unbind), Answer::of(status));
            }
            Body::GenericNack => {
                // A nack that says "ok" is still no answer to what we asked.
                let status = if status.is_ok() { CommandStatus::RUNKNOWNERR } else { status };
                self.answered(sequence, |_| true, Answer::of(status));
            }
            body if body.command_id() & ANSWER_BIT != 0 => {
                self.active_at = now;
                let id = body.command_id();
                let fits = |sent: &Sent| matches!(sent, Sent::Message { answer_id, .. } if *answer_id == id);
                self.answered(sequence, fits, Answer::read(status, body));
            }
            body if self.settings.role.serves(body.command_id()) => {
                self.active_at = now;
                self.take_request(sequence, body);
            }
            body => self.pass_over(sequence, body),
        }
    }

    /// What this end of a bound session has no use for.
    fn pass_over(&mut self, sequence: u32, body: Body) {
        let command_id = body.command_id();
        debug!(sequence, command_id, name = command::name(command_id), "a request we do not serve");
        match (self.settings.role, body) {
            (Role::Smsc, Body::Bind(mode, _)) => {
                let body = Body::BindResp(mode, BindResp::default());
                self.reply(sequence, CommandStatus::RALYBND, body);
            }
            // It has no answer.
            (Role::Esme, Body::AlertNotification(_)) => {}
            (_, Body::Outbind(_)) => self.wire.nack(sequence, CommandStatus::RINVBNDSTS),
            _ => self.wire.nack(sequence, CommandStatus::RINVCMDID),
        }
    }

    fn take_request(&mut self, sequence: u32, body: Body) {
        let command_id = body.command_id();
        if !self.settings.peer_may_send {
            let status = CommandStatus::RINVBNDSTS;
            return self.reply(sequence, status, Answer::of(status).into_body(command_id));
        }
        if !matches!(self.phase, Phase::Open) {
            // We are leaving: what is in hand is finished, and nothing new begun.
            let status = try_again(self.settings.role);
            return self.reply(sequence, status, Answer::of(status).into_body(command_id));
        }
        if self.settings.inbound_window <= self.unanswered {
            self.parked = Some((sequence, body));
            return;
        }
        let role = self.settings.role;
        let control = Some(self.control_sender.clone());
        let responder = Responder { sequence, command_id, role, control };
        self.unanswered += 1;
        if let Err(refused) = self.inbound.try_send(Incoming { body, responder }) {
            // Nobody listens: the responder, dropped here, says "try again later".
            drop(refused);
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
                Control::Answer { sequence, command_id, answer } => {
                    self.unanswered -= 1;
                    self.reply(sequence, answer.status, answer.into_body(command_id));
                }
                Control::NoAnswer => self.unanswered -= 1,
                Control::Unbind => self.drain(now, Farewell::Ours { reason: CloseReason::Unbound }),
                Control::Abort => self.end = Some(CloseReason::Aborted),
            }
        }
        self.control_batch = batch;
        if self.unanswered < self.settings.inbound_window
            && let Some((sequence, body)) = self.parked.take()
        {
            self.take_request(sequence, body);
            self.read_inbox(now);
        }
    }
}
