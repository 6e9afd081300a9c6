//! One message from the queue to its outcome: wait for a turn, claim the message, submit it, store what
//! became of it, and only then delete the job.
//!
//! A message is claimed only while something of it may be on the wire. So when this process dies
//! while a job waits, the message is not left in doubt.

use std::sync::Arc;
use std::time::Duration;

use domain::connection::OnUnknownOutcome;
use domain::id::MessageId;
use domain::message::Message;
use queue::{Outcome, Progress};
use store::{Claim, Claimed, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{error, info, warn};

use crate::chain;
use crate::vendor::in_hand::Hand;
use crate::vendor::lane::{LONG_PAUSE, Lane, Sent, TRIES_MAX, Turn};
use crate::vendor::sending::delay;

/// What is to be done about a job.
enum End {
    /// Tell what became of the message, then delete the job.
    Report(Progress, OwnedSemaphorePermit),
    /// There is nothing to do for it.
    Delete,
    /// Let it come again, not before this time.
    GiveBack(Duration),
}

/// Walks the job of one message through.
pub async fn run(lane: Arc<Lane>, hand: Hand, message: MessageId) {
    match lane.work(&message).await {
        End::Report(progress, admitted) => {
            let is_stored = lane.report(&progress).await;
            drop(admitted);
            if is_stored {
                lane.delete(hand.finish()).await;
            }
        }
        End::Delete => lane.delete(hand.finish()).await,
        End::GiveBack(pause) => lane.give_back(hand.let_go(), pause).await,
    }
}

impl Lane {
    async fn work(&self, id: &MessageId) -> End {
        let mut tries = 0;
        loop {
            let Some(admitted) = self.admit(1).await else { return End::GiveBack(Duration::ZERO) };
            let Some(turn) = self.first_turn().await else { return End::GiveBack(Duration::ZERO) };
            let outcome = match self.store.claim_as_owner(id, &self.connection, self.fence).await {
                Ok(Claim::Yours(claimed)) => self.send_claimed(turn, &claimed).await,
                Ok(Claim::Before(message)) => self.send_doubted(turn, &message).await,
                Ok(Claim::Done) => return End::Delete,
                Err(error) => {
                    log(id, "the message is not claimed", error);
                    Outcome::NotSent
                }
            };
            tries += 1;
            match outcome {
                Outcome::NotSent if tries == TRIES_MAX => return End::GiveBack(LONG_PAUSE),
                // In hand and not back to the queue, which counts its deliveries.
                Outcome::NotSent => {
                    drop(admitted);
                    self.sleep_unless_stopped(delay(tries)).await;
                }
                outcome => return End::Report(self.told(id.clone(), outcome), admitted),
            }
        }
    }

    async fn send_claimed(&self, turn: Turn, claimed: &Claimed) -> Outcome {
        if let Some(stopped) = self.stopped(&claimed.message, false).await {
            return stopped;
        }
        let Sent { outcome, is_doubted } = self.send(turn, &claimed.message, false).await;
        if outcome == Outcome::NotSent && !is_doubted {
            self.release(claimed).await;
        }
        outcome
    }

    /// Whoever claimed it before us is gone without a word.
    async fn send_doubted(&self, turn: Turn, message: &Message) -> Outcome {
        match self.on_unknown_outcome {
            OnUnknownOutcome::Wait => Outcome::InDoubt,
            OnUnknownOutcome::Resend => match self.stopped(message, true).await {
                Some(stopped) => stopped,
                None => self.send(turn, message, true).await.outcome,
            },
        }
    }

    fn told(&self, message: MessageId, outcome: Outcome) -> Progress {
        let (connection, at) = (&self.connection, runtime::now());
        match outcome {
            Outcome::Submitted(references) => {
                info!(message_id = %message, %connection, segments = references.len(), "submitted");
                self.hints.forget(&references);
                Progress::SubmittedV1 { message, references, connection: Some(connection.clone()), at }
            }
            Outcome::Refused { reason, next_route } => {
                info!(message_id = %message, %connection, reason, next_route, "refused");
                Progress::RefusedV1 { message, reason, next_route, connection: Some(connection.clone()), at }
            }
            Outcome::InDoubt | Outcome::NotSent => {
                warn!(message_id = %message, %connection, "in doubt");
                Progress::InDoubtV1 { message, connection: Some(connection.clone()), at }
            }
        }
    }

    /// Also when our life is over: nobody else's claim is freed by it.
    async fn release(&self, claimed: &Claimed) {
        if let Err(error) = self.store.release(claimed).await {
            log(&claimed.message.id, "the message stays claimed", error);
        }
    }
}

fn log(id: &MessageId, what: &'static str, error: StoreError) {
    error!(message_id = %id, error = chain(error), "{what}");
}
