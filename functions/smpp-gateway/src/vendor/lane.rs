//! What all jobs of a connection share, and how one message goes out over it: each of its segments in its
//! turn, within the window and the rate. How messages are claimed, and how is told what became of them, is
//! in [`job`](super::job) for rows and in [`block_job`](super::block_job) for blocks.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use domain::connection::{LongForm, OnUnknownOutcome, SmppLink};
use domain::id::ConnectionId;
use domain::message::Message;
use futures::FutureExt;
use jiff::SignedDuration;
use queue::{CONNECTION_RECEIVES_MAX, Job, Outcome, Progress, Receiver, Sender};
use smpp::SubmitSm;
use store::{Standings, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, warn};

use crate::by_ten::{ByTen, NotDone};
use crate::chain;
use crate::outbox::Outbox;
use crate::ownership::life::Life;
use crate::vendor::deliveries::Gathering;
use crate::vendor::figures::Figures;
use crate::vendor::hints::Hints;
use crate::vendor::in_hand::Hand;
use crate::vendor::rate::Rate;
use crate::vendor::sending::{Sending, Step, delay};
use crate::vendor::sessions::{Lent, Sessions};
use crate::vendor::submit::{self, Refusal, Verdict};

/// How long a message of which something may have left waits here for the link to come back. SQS lends a job
/// for 12 hours at most.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// A message for which there is nothing but to wait for the link is looked at again after this time: so late
/// it may go out when the link is back, and so often it costs a read of the store while it is not.
const LINK_PAUSE: SignedDuration = SignedDuration::from_secs(2 * 60);
/// A vendor that took nothing of a message so often is left alone with it, and so is a store that did not
/// answer: with the delays between them that is two and a half minutes.
pub const TRIES_MAX: u32 = 10;
/// For how long it is left alone.
pub const LONG_PAUSE: Duration = Duration::from_secs(10 * 60);
/// As often a job may come for a vendor that says "later": for an hour. The queue buries one that comes more
/// often than it allows, and the deliveries that are left are for our own restarts.
pub const RECEIVES_FOR_LATER: u32 = CONNECTION_RECEIVES_MAX - 4;
/// Once we are to stop, the next segment of a message that was begun is not waited with for longer.
const LAST_DELAY: Duration = Duration::from_secs(1);
/// An outcome that the queue does not take is offered for ten minutes. After that the job comes again
/// as one whose outcome is unknown.
pub const REPORT_TRIES_MAX: u32 = 24;

/// What is done can wait until there is more of it.
const DELETED_AFTER: Duration = Duration::from_millis(20);

/// One connection, as its jobs see it.
pub struct Lane {
    pub connection: ConnectionId,
    pub link: SmppLink,
    pub on_unknown_outcome: OnUnknownOutcome,
    pub store: Store,
    /// Whether those who send still may.
    pub standings: Standings,
    pub jobs: Receiver,
    /// The same queue, for a job that is to wait in it however long it takes.
    pub new_jobs: Sender,
    /// The handles of jobs that are to go from the queue.
    pub done: ByTen<String>,
    pub outbox: Outbox,
    pub rate: Rate,
    /// As many as the window has, held from the turn to the answer.
    pub slots: Arc<Semaphore>,
    /// As many as the window has, held from a message's claim until its outcome is stored: what is in doubt
    /// after this process was killed is never more.
    pub gate: Arc<Semaphore>,
    pub sessions: Sessions,
    /// Whether no bind has been up for so long that messages take their other routes.
    pub down: watch::Sender<bool>,
    pub gathering: Gathering,
    pub hints: Hints,
    /// See [`Pace`](crate::Pace).
    pub references_after: SignedDuration,
    pub stop: watch::Receiver<bool>,
    /// Turns true when the sessions go. What was begun and is not finished by then never will be.
    pub closing: watch::Sender<bool>,
    /// Of this process, and the fence under which it owns the connection.
    pub life: Life,
    pub fence: u64,
    pub figures: Figures,
    /// Of the next long message.
    pub concat_reference: AtomicU16,
}

/// The right to submit once, now.
pub struct Turn {
    session: Lent,
    _slot: OwnedSemaphorePermit,
}

/// How a message that was sent ended.
pub struct Sent {
    pub outcome: Outcome,
    /// Whether anything of it may have left all the same.
    pub is_doubted: bool,
    /// What the vendor said last, if that was "later".
    pub later: Option<Refusal>,
}

impl Sent {
    /// One of which nothing has left.
    pub fn ended(outcome: Outcome) -> Self {
        Self { outcome, is_doubted: false, later: None }
    }

    /// One of which something may have left.
    pub fn doubted(outcome: Outcome) -> Self {
        Self { outcome, is_doubted: true, later: None }
    }
}

/// Deletes jobs from their queue.
pub fn deleting(jobs: &Receiver, connection: &ConnectionId) -> ByTen<String> {
    let (jobs, connection) = (jobs.clone(), connection.clone());
    ByTen::start(DELETED_AFTER, move |handles: Vec<String>| {
        let (jobs, connection) = (jobs.clone(), connection.clone());
        async move {
            jobs.delete_all(handles).await.map_err(|error| {
                // What is not deleted comes again, and is then known as finished.
                warn!(%connection, error = chain(error), "jobs are not deleted");
                NotDone
            })
        }
    })
}

impl Lane {
    /// The end of a message that may not go out any more; none if it may. Of one that is doubted something
    /// may have left before, so it stays so.
    pub async fn stopped(&self, message: &Message, doubted: bool) -> Option<Outcome> {
        let reason = self.standings.refusal(message).await?.to_owned();
        Some(if doubted { Outcome::InDoubt } else { Outcome::Refused { reason, next_route: false } })
    }

    /// Waits until the outcomes of so many more messages may be unknown at once. None when the process is
    /// to stop.
    pub async fn admit(&self, messages: u32) -> Option<OwnedSemaphorePermit> {
        let messages = messages.min(self.link.window.get());
        tokio::select! {
            biased;
            () = self.ending() => None,
            permit = self.gate.clone().acquire_many_owned(messages) => permit.ok(),
        }
    }

    /// Waits for the link. False when the process is to stop, or the link is down for too long.
    pub async fn is_up(&self) -> bool {
        tokio::select! {
            biased;
            () = self.ending() => false,
            () = self.sessions.bound() => true,
            () = self.down() => false,
        }
    }

    /// Whether no bind has been up for long.
    pub fn is_down(&self) -> bool {
        *self.down.borrow()
    }

    /// Returns when none has been.
    async fn down(&self) {
        let mut down = self.down.subscribe();
        let _ = down.wait_for(|down| *down).await; // its sender is our own
    }

    /// The turn of a message of which no segment was taken. None when the process is to stop, or the link is
    /// down for too long: one in doubt has nowhere else to go, and waits longer.
    pub async fn first_turn(&self, doubted: bool) -> Option<Turn> {
        if self.is_ending() {
            return None;
        }
        // Most often it is its turn at once, and nobody has to be asked to wake it.
        if let Some(turn) = self.turn().now_or_never() {
            return turn;
        }
        tokio::select! {
            biased;
            () = self.ending() => None,
            turn = self.turn() => turn,
            () = self.down(), if !doubted => None,
        }
    }

    /// Submits the message's segments one after the other. `doubted` if something of it may have left
    /// before.
    pub async fn send(&self, turn: Turn, message: &Message, doubted: bool) -> Sent {
        let reference = self.concat_reference.fetch_add(1, Ordering::Relaxed);
        let parts = match submit::parts(message, &self.wishes(&turn), reference, runtime::now()) {
            Ok(parts) => parts,
            Err(_) if doubted => return Sent::doubted(Outcome::InDoubt),
            Err(refusal) => {
                let (reason, next_route) = (refusal.to_string(), refusal.next_route());
                return Sent::ended(Outcome::Refused { reason, next_route });
            }
        };
        let mut sending = Sending::new(parts.len(), self.on_unknown_outcome, doubted);
        let mut turn = Some(turn);
        let outcome = loop {
            let (Some(now), Some(part)) = (turn.take(), parts.get(sending.segment())) else {
                // The time is over, or the link does not come back.
                break if self.is_ending() { sending.leave() } else { sending.abandon() };
            };
            match sending.hear(self.submit(now, part).await) {
                Step::Submit { after: Duration::ZERO } => {}
                Step::Submit { after } => self.sleep_between_segments(after).await,
                Step::Done(outcome) => break outcome,
            }
            turn = if sending.segment() == 0 { self.first_turn(true).await } else { self.next_turn().await };
        };
        Sent { outcome, is_doubted: sending.is_doubted(), later: sending.later() }
    }

    /// What the vendor wants, without what it has no room for: one whose version is older than optional parameters
    /// gets the parts of a long message with headers.
    fn wishes(&self, turn: &Turn) -> Cow<'_, SmppLink> {
        if turn.session.knows_parameters() {
            return Cow::Borrowed(&self.link);
        }
        Cow::Owned(SmppLink { long_form: LongForm::Udh8, tlvs: Vec::new(), ..self.link.clone() })
    }

    /// The turn of a message that was begun: it is finished also while we stop, for as long as there are
    /// sessions.
    async fn next_turn(&self) -> Option<Turn> {
        tokio::select! {
            biased;
            () = self.closed() => None,
            turn = self.turn() => turn,
        }
    }

    async fn sleep_between_segments(&self, delay: Duration) {
        let last = async {
            self.ending().await;
            let _ = timeout(LAST_DELAY, self.closed()).await;
        };
        let _ = timeout(delay, last).await;
    }

    /// Returns when the sessions go.
    async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        let _ = closing.wait_for(|closing| *closing).await; // its sender is our own
    }

    async fn submit(&self, turn: Turn, part: &SubmitSm) -> Verdict {
        // Since the turn was given the message was claimed, which may have taken long.
        if !self.life.is_alive() {
            return Verdict::NotSent;
        }
        let started = Instant::now();
        let verdict = submit::verdict(turn.session.submit(part.clone()).await, &self.link);
        self.figures.answered(&verdict, started.elapsed());
        if let Verdict::Busy { slow_down: true, .. } = verdict {
            self.rate.throttled();
        }
        verdict
    }

    /// A bound session, a slot in the window and a token of the rate.
    async fn turn(&self) -> Option<Turn> {
        timeout(PATIENCE, self.sessions.bound()).await.ok()?;
        let slot = self.slots.clone().acquire_owned().await.ok()?;
        self.rate.take().await;
        // By now it may be another session, or none again.
        let session = timeout(PATIENCE, self.sessions.next()).await.ok()?;
        self.life.is_alive().then_some(Turn { session, _slot: slot })
    }

    pub async fn sleep_unless_stopped(&self, duration: Duration) {
        let _ = timeout(duration, self.ending()).await;
    }

    /// Whether nothing more is to be begun.
    pub fn is_ending(&self) -> bool {
        *self.stop.borrow() || !self.life.is_alive()
    }

    /// Returns when nothing more is to be begun.
    pub async fn ending(&self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = self.life.over() => {}
        }
    }

    /// Whether it is stored.
    pub async fn report(&self, progress: &Progress) -> bool {
        for tries in 1..=REPORT_TRIES_MAX {
            if self.outbox.send(progress).await.is_ok() {
                return true;
            }
            sleep(delay(tries)).await;
        }
        error!(connection = %self.connection, "an outcome is not stored, its job stays in the queue");
        false
    }

    /// What is not deleted comes again, and is then known as finished.
    pub async fn delete(&self, handles: Vec<String>) {
        for handle in handles {
            let _ = self.done.ask(handle).await; // which has said why not
        }
    }

    /// Puts a new job in the place of one that can only wait: its deliveries are counted from the first again.
    /// Should both be there for a moment, they are about the same.
    pub async fn wait_in_queue(&self, job: &Job, hand: Hand) {
        match self.new_jobs.send_later(job, LINK_PAUSE).await {
            Ok(()) => self.delete(hand.let_go()).await,
            Err(error) => {
                warn!(connection = %self.connection, error = chain(error), "a job is not put back");
                self.give_back(hand.let_go(), LONG_PAUSE).await;
            }
        }
    }

    /// What is not given back comes again by itself, later.
    pub async fn give_back(&self, handles: Vec<String>, pause: Duration) {
        for handle in &handles {
            if let Err(error) = self.jobs.hold(handle, pause).await {
                warn!(connection = %self.connection, error = chain(error), "a job is not given back");
            }
        }
    }
}
