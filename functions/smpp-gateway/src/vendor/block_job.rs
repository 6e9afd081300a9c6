//! One block from the queue to the outcomes of its messages: wait until so many more may be unknown, claim
//! the block, submit its messages side by side, store what became of them, and only then delete the job.
//!
//! What is known after a moment is told, and what takes longer is told later. A block of which nothing left
//! is given back whole; a message that is left over while others left goes on by itself, in a row of its
//! own.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::OnUnknownOutcome;
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, Status};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use futures::stream::{self, FuturesUnordered, Stream, StreamExt};
use jiff::Timestamp;
use queue::{Job, Outcome, Progress};
use store::{BlockClaim, ClaimedBlock, Mark, StoreError, Stored};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};
use tracing::{debug, error, info, warn};

use crate::chain;
use crate::vendor::deliveries;
use crate::vendor::elsewhere::OtherRoutes;
use crate::vendor::in_hand::{APPLIED_WITHIN, Hand};
use crate::vendor::lane::{LONG_PAUSE, Lane, Sent, TRIES_MAX, Turn};
use crate::vendor::sending::delay;

/// How long outcomes wait for the others of their block.
const GATHERED_FOR: Duration = Duration::from_secs(1);

/// What is to be done about a job.
enum End {
    /// All is told.
    Delete,
    /// Let it come again, not before this time.
    GiveBack(Duration),
    /// What became of some messages could not be told. It comes again by itself.
    Leave,
    /// It waits in the queue for a link, or a store, that is down.
    Wait,
}

/// Walks the job of one block through. `is_last` if it is not to come again because the vendor says "later".
pub async fn run(lane: Arc<Lane>, hand: Hand, block: LeaseTag, count: u16, is_last: bool) {
    match work(&lane, &block, count, is_last).await {
        End::Delete => lane.delete(hand.finish()).await,
        End::GiveBack(pause) => lane.give_back(hand.let_go(), pause).await,
        End::Leave => drop(hand),
        End::Wait => {
            let job = Job::SubmitBlockV1 { block, connection: lane.connection.clone(), count };
            lane.wait_in_queue(&job, hand).await;
        }
    }
}

async fn work(lane: &Lane, tag: &LeaseTag, count: u16, is_last: bool) -> End {
    let mut unanswered = None;
    let end = try_for_long(lane, tag, count, is_last, &mut unanswered).await;
    // Under this mark nothing has left, and the job comes again with another one.
    if let Some(mark) = unanswered
        && let Err(error) = lane.store.release_block_under(tag, mark).await
    {
        error!(block = %tag, error = chain(error), "the block stays claimed");
    }
    end
}

/// `unanswered` is the mark of a claim to which no answer came: it may have been carried out all the same.
async fn try_for_long(
    lane: &Lane,
    tag: &LeaseTag,
    count: u16,
    is_last: bool,
    unanswered: &mut Option<Mark>,
) -> End {
    let mut tries = 0;
    loop {
        let Some(admitted) = lane.admit(u32::from(count)).await else { return End::GiveBack(Duration::ZERO) };
        let is_up = lane.is_up().await;
        if !is_up && lane.is_ending() {
            return End::GiveBack(Duration::ZERO);
        }
        let telling = Telling { lane, tag, admitted, is_last, told: false, references_by: None };
        if !is_up {
            return telling.without_link(unanswered).await;
        }
        match claim(lane, tag, unanswered).await {
            Ok(claim) => return telling.work_off(claim).await,
            Err(error) => error!(block = %tag, error = chain(error), "the block is not claimed"),
        }
        drop(telling); // and others may be admitted
        tries += 1;
        if tries == TRIES_MAX {
            return if is_last { End::Wait } else { End::GiveBack(LONG_PAUSE) };
        }
        // In hand and not back to the queue, which counts its deliveries.
        lane.sleep_unless_stopped(delay(tries)).await;
    }
}

/// Asks again under the same mark as long as no answer comes.
async fn claim(lane: &Lane, tag: &LeaseTag, unanswered: &mut Option<Mark>) -> Result<BlockClaim, StoreError> {
    let mark = *unanswered.get_or_insert_with(Mark::random);
    let claim = lane.store.claim_block_under(tag, lane.fence, mark).await?;
    *unanswered = None;
    Ok(claim)
}

/// The places of its messages that have no outcome.
pub fn due(block: &Block) -> impl Iterator<Item = u16> {
    let placed = (0..).zip(&block.messages);
    placed.filter(|(_, message)| message.status == Status::Accepted).map(|(place, _)| place)
}

/// Whether none of its messages may go out any more.
fn is_too_late(lane: &Lane, block: &Block) -> bool {
    due(block).all(|place| lane.is_too_late(&block.messages[usize::from(place)]))
}

/// What a message of a block came to.
enum Sending {
    Ended(Outcome),
    /// Nothing of it left.
    Unsent,
    /// It may have left, and whoever has the block next sends it again.
    Again,
}

/// Those of which nothing is told yet.
struct Rest {
    unsent: Vec<u16>,
    again: Vec<u16>,
    /// Whether what there was to tell is stored.
    is_told: bool,
}

/// Sends them side by side, each as soon as it has its turn.
fn sending<'a>(
    lane: &'a Lane,
    block: &'a Block,
    doubted: bool,
    is_last: bool,
) -> impl Stream<Item = (u16, Sending)> + Send + use<'a> {
    // Where the link is down all give up their turns: one after the other they would wait for it too long.
    let in_turn =
        stream::iter(due(block)).then(move |place| async move { (place, lane.first_turn(false).await) });
    let tag = Arc::new(block.tag.clone());
    let sent = in_turn.map(move |(place, turn)| {
        let tag = tag.clone();
        async move {
            let message = &block.messages[usize::from(place)];
            let ended = lane.send_to_its_end(message, turn, doubted, is_last).await;
            if let Sending::Ended(outcome) = &ended {
                debug!(message_id = %message.id, connection = %lane.connection, ?outcome, "ended");
            }
            match &ended {
                Sending::Ended(Outcome::Submitted(references)) => {
                    let early = lane.hints.note(&tag, place, references);
                    deliveries::again(lane, early);
                }
                Sending::Ended(Outcome::PartlyInDoubt(references)) => lane.hints.forget(references),
                _ => {}
            }
            (place, ended)
        }
    });
    sent.buffer_unordered(block.messages.len().max(1))
}

/// A block on its way, and what was told of it.
struct Telling<'a> {
    lane: &'a Lane,
    tag: &'a LeaseTag,
    /// For each message without a stored outcome.
    admitted: OwnedSemaphorePermit,
    /// See [`run`].
    is_last: bool,
    /// Whether anything was.
    told: bool,
    /// See [`Progress::BlockV1`].
    references_by: Option<Shared<BoxFuture<'static, Option<Timestamp>>>>,
}

impl<'a> Telling<'a> {
    async fn work_off(mut self, claim: BlockClaim) -> End {
        match claim {
            BlockClaim::Yours(claimed) => {
                let messages = &claimed.block.messages;
                if let (Some(first), Some(last)) = (messages.first(), messages.last()) {
                    let (connection, first, last) = (&self.lane.connection, &first.id, &last.id);
                    info!(block = %self.tag, %connection, %first, %last, "a block is claimed");
                }
                let rest = self.send(&claimed.block, false).await;
                self.end(rest, Some(&claimed)).await
            }
            // Whoever claimed it before us is gone without a word.
            BlockClaim::Before(block) => {
                let (tag, connection) = (self.tag, &self.lane.connection);
                warn!(block = %tag, %connection, "was claimed before, its rest is in doubt");
                match self.lane.on_unknown_outcome {
                    OnUnknownOutcome::Wait => self.tell_in_doubt(&block).await,
                    OnUnknownOutcome::Resend => {
                        let rest = self.send(&block, true).await;
                        self.end(rest, None).await
                    }
                }
            }
            BlockClaim::Done => End::Delete,
        }
    }

    /// Where some messages do not wait for the link, all leave the block: these for where they go, the others to
    /// wait by themselves.
    async fn without_link(mut self, unanswered: &mut Option<Mark>) -> End {
        match self.take_around(unanswered).await {
            Ok(end) => end,
            Err(error) => {
                error!(block = %self.tag, error = chain(error), "nobody knows whether it can go another way");
                End::Wait
            }
        }
    }

    async fn take_around(&mut self, unanswered: &mut Option<Mark>) -> Result<End, StoreError> {
        let (lane, tag) = (self.lane, self.tag);
        let Some(block) = lane.store.block(tag).await? else { return Ok(End::Wait) };
        if !block.is_open() {
            return Ok(End::Delete);
        }
        if block.is_claimed {
            return Ok(match lane.on_unknown_outcome {
                // Perhaps by ourselves.
                _ if unanswered.is_some() => End::Wait,
                // It may have left, and is sent again when there is a link.
                OnUnknownOutcome::Resend if !is_too_late(lane, &block) => End::Wait,
                _ => self.tell_in_doubt(&block).await,
            });
        }
        let (mut others, mut outcomes) = (OtherRoutes::new(lane), Vec::new());
        for place in due(&block) {
            let outcome = others.instead_of_waiting(&block.messages[usize::from(place)]).await?;
            outcomes.push((place, outcome.unwrap_or(Outcome::NotSent)));
        }
        if outcomes.iter().all(|(_, outcome)| *outcome == Outcome::NotSent) {
            return Ok(End::Wait);
        }
        let BlockClaim::Yours(claimed) = claim(lane, tag, unanswered).await? else {
            return Ok(End::Wait); // it has moved since it was read
        };
        let still_due: BTreeSet<u16> = due(&claimed.block).collect();
        outcomes.retain(|(place, _)| still_due.contains(place));
        // Where this cannot be told, it stays claimed: an answer may have been lost.
        Ok(if self.tell(outcomes).await { End::Delete } else { End::Leave })
    }

    async fn tell_in_doubt(&mut self, block: &Block) -> End {
        let in_doubt = due(block).map(|place| (place, Outcome::InDoubt)).collect();
        if self.tell(in_doubt).await { End::Delete } else { End::Leave }
    }

    /// Sends the messages that are due and tells their outcomes, but for those that have none.
    async fn send(&mut self, block: &Block, doubted: bool) -> Rest {
        let lane = self.lane;
        self.references_by = Some(references_by(lane, self.tag));
        let sending = sending(lane, block, doubted, self.is_last);
        let (mut sending, mut ending) = (pin!(sending), pin!(lane.ending()));
        let (mut tell_at, mut is_ending) = (pin!(sleep(GATHERED_FOR)), false);
        let mut telling = FuturesUnordered::new();
        let (mut known, mut rest) =
            (Vec::new(), Rest { unsent: Vec::new(), again: Vec::new(), is_told: true });
        loop {
            tokio::select! {
                ended = sending.next() => match ended {
                    Some((place, Sending::Ended(outcome))) => known.push((place, outcome)),
                    Some((place, Sending::Unsent)) => rest.unsent.push(place),
                    Some((place, Sending::Again)) => rest.again.push(place),
                    None => break,
                },
                () = &mut tell_at, if !known.is_empty() => {
                    telling.push(self.telling(std::mem::take(&mut known)));
                    tell_at.as_mut().reset(Instant::now() + GATHERED_FOR);
                }
                Some(stored) = telling.next() => rest.is_told &= stored,
                // What is known is safe before what is not takes our last time.
                () = &mut ending, if !is_ending => {
                    is_ending = true;
                    tell_at.as_mut().reset(Instant::now());
                }
            }
        }
        if !known.is_empty() {
            telling.push(self.telling(known));
        }
        while let Some(stored) = telling.next().await {
            rest.is_told &= stored;
        }
        rest
    }

    /// What becomes of those of which nothing is told. If nothing left of any, the block is as it was
    /// before. If it is only not known what left, it stays claimed, so that its next owner knows of the doubt.
    /// Else each goes on by itself: nobody can tell from the block yet which of them are done.
    async fn end(&mut self, rest: Rest, claimed: Option<&ClaimedBlock>) -> End {
        let Rest { unsent, again, mut is_told } = rest;
        if !unsent.is_empty()
            && again.is_empty()
            && !self.told
            && let Some(claimed) = claimed
            && self.is_released(claimed).await
        {
            if self.is_last && !self.lane.is_ending() {
                return End::Wait;
            }
            let is_at_once = self.lane.is_ending() || self.lane.is_down();
            return End::GiveBack(if is_at_once { Duration::ZERO } else { LONG_PAUSE });
        }
        // Still claimed, and sent again when there is a link; what was told must be applied by then.
        if !again.is_empty() && !self.lane.is_ending() {
            return if self.told { End::GiveBack(APPLIED_WITHIN) } else { End::Wait };
        }
        if unsent.is_empty() && !again.is_empty() && !self.told {
            return End::GiveBack(Duration::ZERO);
        }
        // Also when something else could not be told.
        if !unsent.is_empty() || !again.is_empty() {
            let rest = unsent.into_iter().chain(again);
            is_told &= self.tell(rest.map(|place| (place, Outcome::NotSent)).collect()).await;
        }
        if is_told { End::Delete } else { End::Leave }
    }

    async fn is_released(&self, claimed: &ClaimedBlock) -> bool {
        match self.lane.store.release_block(claimed).await {
            Ok(Stored::Now) => true,
            Ok(Stored::Overtaken) => false,
            Err(error) => {
                error!(block = %self.tag, error = chain(error), "the block stays claimed");
                false
            }
        }
    }

    async fn tell(&mut self, outcomes: Vec<(u16, Outcome)>) -> bool {
        self.telling(outcomes).await
    }

    /// Whether it is stored. Only then others may be claimed in the place of these.
    fn telling(&mut self, outcomes: Vec<(u16, Outcome)>) -> impl Future<Output = bool> + use<'a> {
        let lane = self.lane;
        self.told = true;
        let count = outcomes.len().min(self.admitted.num_permits());
        let admitted = self.admitted.split(count);
        let is_in_doubt = |outcome: &Outcome| matches!(outcome, Outcome::InDoubt | Outcome::PartlyInDoubt(_));
        let in_doubt = outcomes.iter().filter(|(_, outcome)| is_in_doubt(outcome)).count();
        if 0 < in_doubt {
            warn!(block = %self.tag, connection = %lane.connection, in_doubt, "messages are in doubt");
        }
        debug!(block = %self.tag, connection = %lane.connection, outcomes = outcomes.len(), "outcomes");
        let (block, connection) = (self.tag.clone(), lane.connection.clone());
        let references_by = self.references_by.clone();
        async move {
            let references_by = match references_by {
                Some(queued) => queued.await,
                None => None,
            };
            let at = runtime::now();
            let progress = Progress::BlockV1 { block, connection, outcomes, references_by, at };
            let is_stored = lane.report(&progress).await;
            drop(admitted);
            is_stored
        }
    }
}

/// Queues what stores the vendor's ids of a block later, beside the block's sending and before anything is told
/// of it. What is stored of the block by this time is seen then; none if it is not queued.
fn references_by(lane: &Lane, tag: &LeaseTag) -> Shared<BoxFuture<'static, Option<Timestamp>>> {
    let (outbox, after) = (lane.outbox.clone(), lane.references_after);
    let progress = Progress::ReferencesV1 { block: tag.clone(), connection: lane.connection.clone() };
    // Clocks differ, and a write takes its time.
    let by = runtime::now() + after * 3 / 4;
    let queued = tokio::spawn(async move { outbox.send_later(&progress, after).await });
    async move { matches!(queued.await, Ok(Ok(()))).then_some(by) }.boxed().shared()
}

impl Lane {
    /// With all its tries, the first one in its turn.
    async fn send_to_its_end(
        &self,
        message: &Message,
        turn: Option<Turn>,
        doubted: bool,
        is_last: bool,
    ) -> Sending {
        if let Some(stopped) = self.stopped(message, doubted).await {
            return Sending::Ended(stopped);
        }
        if turn.is_none() && doubted {
            return Sending::Again;
        }
        let (mut turn, mut is_doubted) = (turn, doubted);
        for tries in 1.. {
            let Some(now) = turn.take() else { break };
            let sent: Sent = self.send(now, message, is_doubted).await;
            is_doubted = sent.is_doubted;
            if sent.outcome != Outcome::NotSent {
                return Sending::Ended(sent.outcome);
            }
            if tries == TRIES_MAX {
                match self.end_of_tries(message, &sent, is_last).await {
                    Some(outcome) => return Sending::Ended(outcome),
                    None => break,
                }
            }
            self.sleep_unless_stopped(delay(tries)).await;
            turn = self.first_turn(is_doubted).await;
        }
        match is_doubted {
            false => Sending::Unsent,
            // Only where it may be sent again it is tried again at all.
            true if self.is_ending() => Sending::Again,
            true => Sending::Ended(Outcome::InDoubt),
        }
    }
}
