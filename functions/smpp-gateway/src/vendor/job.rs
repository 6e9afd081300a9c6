//! One job from the queue to its outcome: wait for a turn, claim the message, submit it, store what
//! became of it, and only then delete the job.
//!
//! A message is claimed only while something of it may be on the wire. So when this process dies
//! while a job waits, the message is not left in doubt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use domain::connection::OnUnknownOutcome;
use domain::id::{ConnectionId, MessageId};
use domain::message::Message;
use queue::{Progress, Receiver};
use smpp::SubmitSm;
use smpp::esme::Session;
use store::{Claim, Claimed, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

use crate::chain;
use crate::outbox::Outbox;
use crate::ownership::life::Life;
use crate::vendor::figures::Figures;
use crate::vendor::in_hand::Hand;
use crate::vendor::rate::Rate;
use crate::vendor::sending::{Outcome, Sending, Step, delay};
use crate::vendor::submit::{self, Verdict};

/// How long a job waits here for the link to come back. SQS lends a message for 12 hours at most.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// With the delays between them two and a half minutes, then the job goes back to the queue.
const TRIES_MAX: u32 = 10;
/// A vendor that took nothing for so long is left alone with the message for this long: as the queue
/// gives up on a job after ten deliveries, it holds out for two hours.
const LONG_PAUSE: Duration = Duration::from_secs(10 * 60);
/// The store did not answer.
const STORE_PAUSE: Duration = Duration::from_secs(5);
/// An outcome that the queue does not take is offered for ten minutes. After that the job comes again
/// as one whose outcome is unknown.
const REPORT_TRIES_MAX: u32 = 24;

/// What all jobs of a connection share.
pub struct Lane {
    pub connection: ConnectionId,
    pub on_unknown_outcome: OnUnknownOutcome,
    pub store: Store,
    pub jobs: Receiver,
    pub outbox: Outbox,
    pub rate: Rate,
    /// As many as the window has, held from the turn to the answer.
    pub slots: Arc<Semaphore>,
    /// None while the link is down.
    pub session: watch::Receiver<Option<Session>>,
    pub stop: watch::Receiver<bool>,
    /// Of this process, and the fence under which it owns the connection.
    pub life: Life,
    pub fence: u64,
    pub figures: Figures,
    /// Of the next long message.
    pub concat_reference: AtomicU8,
}

/// The right to submit once, now.
struct Turn {
    session: Session,
    _slot: OwnedSemaphorePermit,
}

/// What is to be done about a job.
enum End {
    /// Tell what became of the message, then delete the job.
    Report(Progress),
    /// There is nothing to do for it.
    Delete,
    /// Let it come again, not before this time.
    GiveBack(Duration),
}

/// Walks one job through.
pub async fn run(lane: Arc<Lane>, hand: Hand) {
    match lane.work(&hand.message).await {
        End::Report(progress) => {
            if lane.report(&hand.message, progress).await {
                lane.delete(&hand.finish()).await;
            }
        }
        End::Delete => lane.delete(&hand.finish()).await,
        End::GiveBack(pause) => lane.give_back(&hand.let_go(), pause).await,
    }
}

impl Lane {
    async fn work(&self, id: &MessageId) -> End {
        let mut tries = 0;
        loop {
            let Some(turn) = self.first_turn().await else { return End::GiveBack(Duration::ZERO) };
            let outcome = match self.store.claim_as_owner(id, self.fence).await {
                Ok(Claim::Yours(claimed)) => self.send_claimed(turn, &claimed).await,
                Ok(Claim::Before(message)) => self.send_doubted(turn, &message).await,
                Ok(Claim::Done) => return End::Delete,
                Err(error) => {
                    log(id, "the message is not claimed", error);
                    return End::GiveBack(STORE_PAUSE);
                }
            };
            tries += 1;
            match outcome {
                Outcome::NotYet if tries == TRIES_MAX => return End::GiveBack(LONG_PAUSE),
                // In hand and not back to the queue, which counts its deliveries.
                Outcome::NotYet => self.sleep_unless_stopped(delay(tries)).await,
                Outcome::Submitted { references } => {
                    info!(message_id = %id, connection = %self.connection, segments = references.len(), "submitted");
                    let (message, at) = (id.clone(), runtime::now());
                    return End::Report(Progress::SubmittedV1 { message, references, at });
                }
                Outcome::Refused { reason } => {
                    info!(message_id = %id, connection = %self.connection, reason, "refused");
                    let (message, at) = (id.clone(), runtime::now());
                    return End::Report(Progress::RefusedV1 { message, reason, next_route: false, at });
                }
                Outcome::InDoubt => {
                    warn!(message_id = %id, connection = %self.connection, "in doubt");
                    let (message, at) = (id.clone(), runtime::now());
                    return End::Report(Progress::InDoubtV1 { message, at });
                }
            }
        }
    }

    async fn send_claimed(&self, turn: Turn, claimed: &Claimed) -> Outcome {
        let (outcome, is_doubted) = self.send(turn, &claimed.message, false).await;
        if outcome == Outcome::NotYet && !is_doubted {
            self.release(claimed).await;
        }
        outcome
    }

    /// Whoever claimed it before us is gone without a word.
    async fn send_doubted(&self, turn: Turn, message: &Message) -> Outcome {
        match self.on_unknown_outcome {
            OnUnknownOutcome::Wait => Outcome::InDoubt,
            OnUnknownOutcome::Resend => self.send(turn, message, true).await.0,
        }
    }

    /// How it ended, and whether anything of it may have left all the same.
    async fn send(&self, turn: Turn, message: &Message, doubted: bool) -> (Outcome, bool) {
        let parts = submit::parts(message, self.concat_reference.fetch_add(1, Ordering::Relaxed));
        let mut sending = Sending::new(parts.len(), self.on_unknown_outcome, doubted);
        let mut turn = Some(turn);
        let outcome = loop {
            let (Some(now), Some(part)) = (turn.take(), parts.get(sending.segment())) else {
                break sending.abandon(); // the link does not come back
            };
            match sending.hear(self.submit(now, part).await) {
                Step::Submit { after } => sleep(after).await,
                Step::Done(outcome) => break outcome,
            }
            turn = self.turn().await;
        };
        (outcome, sending.is_doubted())
    }

    async fn submit(&self, turn: Turn, part: &SubmitSm) -> Verdict {
        // Since the turn was given the message was claimed, which may have taken long.
        if !self.life.is_alive() {
            return Verdict::NotSent;
        }
        let started = Instant::now();
        let verdict = submit::verdict(turn.session.submit(part.clone()).await);
        self.figures.answered(&verdict, started.elapsed());
        if let Verdict::Busy { status } = verdict
            && status.is_throttling()
        {
            self.rate.throttled();
        }
        verdict
    }

    /// None when the process is to stop, or the link is down for too long.
    async fn first_turn(&self) -> Option<Turn> {
        tokio::select! {
            biased;
            () = self.ending() => None,
            turn = self.turn() => turn,
        }
    }

    /// A bound session, a slot in its window and a token of the rate.
    async fn turn(&self) -> Option<Turn> {
        self.bound().await?;
        let slot = self.slots.clone().acquire_owned().await.ok()?;
        self.rate.take().await;
        // By now it may be another session, or none again.
        let session = self.bound().await?;
        self.life.is_alive().then_some(Turn { session, _slot: slot })
    }

    async fn bound(&self) -> Option<Session> {
        let is_bound =
            |session: &Option<Session>| session.as_ref().is_some_and(|session| !session.is_closed());
        let mut session = self.session.clone();
        let bound = timeout(PATIENCE, session.wait_for(is_bound)).await.ok()?;
        bound.ok()?.clone()
    }

    async fn sleep_unless_stopped(&self, duration: Duration) {
        let _ = timeout(duration, self.ending()).await;
    }

    /// Returns when nothing more is to be begun.
    async fn ending(&self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = self.life.over() => {}
        }
    }

    /// Also when our life is over: nobody else's claim is freed by it.
    async fn release(&self, claimed: &Claimed) {
        if let Err(error) = self.store.release(claimed).await {
            log(&claimed.message.id, "the message stays claimed", error);
        }
    }

    /// Whether the outcome is stored.
    async fn report(&self, id: &MessageId, progress: Progress) -> bool {
        for tries in 1..=REPORT_TRIES_MAX {
            if self.outbox.send(progress.clone()).await.is_ok() {
                return true;
            }
            sleep(delay(tries)).await;
        }
        error!(message_id = %id, "its outcome is not stored, its job stays in the queue");
        false
    }

    /// What is not deleted comes again, and is then known as finished.
    pub async fn delete(&self, handles: &[String]) {
        for handle in handles {
            if let Err(error) = self.jobs.delete(handle).await {
                warn!(connection = %self.connection, error = chain(error), "a job is not deleted");
            }
        }
    }

    /// What is not given back comes again by itself, later.
    async fn give_back(&self, handles: &[String], pause: Duration) {
        for handle in handles {
            if let Err(error) = self.jobs.hold(handle, pause).await {
                warn!(connection = %self.connection, error = chain(error), "a job is not given back");
            }
        }
    }
}

fn log(id: &MessageId, what: &'static str, error: store::StoreError) {
    error!(message_id = %id, error = chain(error), "{what}");
}
