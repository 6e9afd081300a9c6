//! One message from the queue to its outcome: wait for a turn, claim the message, submit it, store what
//! became of it, and only then delete the job.
//!
//! A message is claimed only while something of it may be on the wire. So when this process dies
//! while a job waits, the message is not left in doubt.

use std::sync::Arc;
use std::time::Duration;

use domain::connection::OnUnknownOutcome;
use domain::id::MessageId;
use domain::message::{Message, Status};
use queue::{Job, Outcome, Progress};
use store::{Claim, Claimed, Mark, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{error, info, warn};

use crate::chain;
use crate::vendor::elsewhere::OtherRoutes;
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
    /// It waits in the queue for a link, or a store, that is down.
    Wait,
}

/// Walks the job of one message through. `is_last` if it is not to come again because the vendor says "later".
pub async fn run(lane: Arc<Lane>, hand: Hand, message: MessageId, is_last: bool) {
    match lane.work(&message, is_last).await {
        End::Report(progress, admitted) => {
            let is_stored = lane.report(&progress).await;
            drop(admitted);
            if is_stored {
                lane.delete(hand.finish()).await;
            }
        }
        End::Delete => lane.delete(hand.finish()).await,
        End::GiveBack(pause) => lane.give_back(hand.let_go(), pause).await,
        End::Wait => {
            let job = Job::SubmitV1 { message, connection: lane.connection.clone() };
            lane.wait_in_queue(&job, hand).await;
        }
    }
}

impl Lane {
    async fn work(&self, id: &MessageId, is_last: bool) -> End {
        let mut unanswered = None;
        let end = self.try_for_long(id, is_last, &mut unanswered).await;
        // Under this mark nothing has left, and the job comes again with another one.
        if let Some(mark) = unanswered
            && let Err(error) = self.store.release_under(id, mark).await
        {
            log(id, "the message stays claimed", error);
        }
        end
    }

    /// `unanswered` is the mark of a claim to which no answer came: it may have been carried out all the same.
    async fn try_for_long(&self, id: &MessageId, is_last: bool, unanswered: &mut Option<Mark>) -> End {
        let mut tries = 0;
        loop {
            let Some(admitted) = self.admit(1).await else { return End::GiveBack(Duration::ZERO) };
            let Some(turn) = self.first_turn(false).await else {
                return self.without_link(id, admitted, unanswered).await;
            };
            tries += 1;
            let end_of_tries = (tries == TRIES_MAX).then_some(is_last);
            let outcome = match self.claim(id, unanswered).await {
                Ok(Claim::Yours(claimed)) => self.send_claimed(turn, &claimed, end_of_tries).await,
                Ok(Claim::Before(message)) => self.send_doubted(turn, &message, end_of_tries).await,
                Ok(Claim::Done) => return End::Delete,
                Err(error) => {
                    log(id, "the message is not claimed", error);
                    Outcome::NotSent
                }
            };
            match outcome {
                Outcome::NotSent if tries == TRIES_MAX && is_last => return End::Wait,
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

    /// Asks again under the same mark as long as no answer comes.
    async fn claim(&self, id: &MessageId, unanswered: &mut Option<Mark>) -> Result<Claim, StoreError> {
        let mark = *unanswered.get_or_insert_with(Mark::random);
        let claim = self.store.claim_as_owner(id, &self.connection, self.fence, mark).await?;
        *unanswered = None;
        Ok(claim)
    }

    /// With the last try `end_of_tries` says whether the job is the last one.
    async fn send_claimed(&self, turn: Turn, claimed: &Claimed, end_of_tries: Option<bool>) -> Outcome {
        if let Some(stopped) = self.stopped(&claimed.message, false).await {
            return stopped;
        }
        let sent = self.send(turn, &claimed.message, false).await;
        let is_doubted = sent.is_doubted;
        let outcome = self.decided(&claimed.message, sent, end_of_tries).await;
        if outcome == Outcome::NotSent && !is_doubted {
            self.release(claimed).await;
        }
        outcome
    }

    /// Whoever claimed it before us is gone without a word.
    async fn send_doubted(&self, turn: Turn, message: &Message, end_of_tries: Option<bool>) -> Outcome {
        if self.on_unknown_outcome == OnUnknownOutcome::Wait {
            return Outcome::InDoubt;
        }
        if let Some(stopped) = self.stopped(message, true).await {
            return stopped;
        }
        let sent = self.send(turn, message, true).await;
        self.decided(message, sent, end_of_tries).await
    }

    async fn decided(&self, message: &Message, sent: Sent, end_of_tries: Option<bool>) -> Outcome {
        match end_of_tries {
            Some(is_last) if sent.outcome == Outcome::NotSent => {
                self.end_of_tries(message, &sent, is_last).await.unwrap_or(Outcome::NotSent)
            }
            _ => sent.outcome,
        }
    }

    /// What is to be done about a job whose message cannot have its turn.
    async fn without_link(
        &self,
        id: &MessageId,
        admitted: OwnedSemaphorePermit,
        unanswered: &mut Option<Mark>,
    ) -> End {
        if self.is_ending() {
            return End::GiveBack(Duration::ZERO);
        }
        match self.take_around(id, admitted, unanswered).await {
            Ok(end) => end,
            Err(error) => {
                log(id, "nobody knows whether it can go another way", error);
                End::Wait
            }
        }
    }

    /// What is claimed here ends here. What may have left takes no other route: it is told to be in doubt, or
    /// waits to be sent again when there is a link, for as long as it may go out.
    async fn take_around(
        &self,
        id: &MessageId,
        admitted: OwnedSemaphorePermit,
        unanswered: &mut Option<Mark>,
    ) -> Result<End, StoreError> {
        let Some(message) = self.store.message(id).await? else { return Ok(End::Wait) };
        if message.connection != self.connection {
            return Ok(End::Delete);
        }
        match (message.status, self.on_unknown_outcome) {
            (Status::Accepted, _) => {}
            // Perhaps by ourselves.
            (Status::Queued, _) if unanswered.is_some() => return Ok(End::Wait),
            (Status::Queued, OnUnknownOutcome::Resend) if !self.is_too_late(&message) => {
                return Ok(End::Wait);
            }
            (Status::Queued, _) => {
                return Ok(End::Report(self.told(id.clone(), Outcome::InDoubt), admitted));
            }
            _ => return Ok(End::Delete),
        }
        let Some(outcome) = OtherRoutes::new(self).instead_of_waiting(&message).await? else {
            return Ok(End::Wait);
        };
        Ok(match self.claim(id, unanswered).await? {
            // Where this cannot be told, it stays claimed: an answer may have been lost.
            Claim::Yours(_) => End::Report(self.told(id.clone(), outcome), admitted),
            // It has moved since it was read.
            Claim::Before(_) | Claim::Done => End::Wait,
        })
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
            Outcome::PartlyInDoubt(references) => {
                warn!(message_id = %message, %connection, "in doubt after a segment was taken");
                self.hints.forget(&references);
                Progress::InDoubtV1 { message, references, connection: Some(connection.clone()), at }
            }
            Outcome::InDoubt | Outcome::NotSent => {
                warn!(message_id = %message, %connection, "in doubt");
                let references = Vec::new();
                Progress::InDoubtV1 { message, references, connection: Some(connection.clone()), at }
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
