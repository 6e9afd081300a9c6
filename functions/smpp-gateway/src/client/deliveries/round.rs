//! Deliveries over one session, in order and without waiting for each answer.

use domain::id::ConnectionId;
use futures::stream::{FuturesUnordered, StreamExt};
use smpp::CommandStatus;
use smpp::smsc::{DeliverError, ServerSession};
use smpp::status::ErrorClass;
use tokio::sync::watch;
use tokio::task::unconstrained;
use tracing::{error, warn};

use super::hand::{Hand, Item, Tries};
use crate::client::figures::Figures;

/// Deliveries begun and not answered. The session has a window of its own; more than a window's worth
/// would only wait for it.
const BEGUN_MAX: usize = 100;

/// What a round offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// All that waits.
    All,
    /// One, beside what is stuck: enough to know whether the client takes any.
    One,
    /// One, without what is stuck: the link was lost over it, and would be again before the client gets to
    /// anything else.
    Behind,
    /// The first of what is stuck by itself, once the one behind was taken: if the link is lost over it again, it
    /// is passed over. With others beside it nobody could tell over which.
    Again,
}

impl Offer {
    /// To a client that has just bound.
    pub fn at_first(hand: &Hand) -> Self {
        let stuck = hand.stuck();
        match hand.waiting.front().filter(|first| first.is_stuck()) {
            Some(first) if first.tries.lost_link && stuck < hand.waiting.len() => Self::Behind,
            Some(_) => Self::One,
            None => Self::All,
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All that was begun is answered.
    Well,
    /// The client does not take something now.
    NotNow,
    /// The session is closed.
    Gone,
}

/// Delivers what it is to offer of what waits. Begins nothing more after the first that is not taken, or when
/// it is to stop; what was begun then is waited for. What is not answered waits again, in its order; but what
/// is stuck while only others are taken is passed over.
pub async fn deliver(
    session: &ServerSession,
    hand: &mut Hand,
    offer: Offer,
    stop: &watch::Receiver<bool>,
    connection: &ConnectionId,
    figures: &Figures,
) -> Ended {
    let stuck = hand.stuck();
    let (first, most) = match offer {
        Offer::All => (0, usize::MAX),
        Offer::One => (0, stuck + 1),
        Offer::Again => (0, 1),
        Offer::Behind => (stuck, 1),
    };
    let (mut answers, mut begun) = (FuturesUnordered::new(), 0);
    let (left, has_taken, has_taken_stuck, ended) = (Vec::new(), false, false, Ended::Well);
    let mut round =
        Round { session, hand, offer, connection, figures, left, has_taken, has_taken_stuck, ended };
    loop {
        while round.ended == Ended::Well && begun < most && answers.len() < BEGUN_MAX && !*stop.borrow() {
            let Some(item) = round.hand.waiting.remove(first) else { break };
            begun += 1;
            // Polled here once, so that it has its place in the session's queue before the next one; with
            // a share of the thread's time it might be put off, and overtaken.
            let mut answer = Box::pin(unconstrained(one(session, item)));
            match futures::poll!(&mut answer) {
                std::task::Poll::Ready((item, answer)) => round.settle(item, answer),
                std::task::Poll::Pending => answers.push(answer),
            }
        }
        let Some((item, answer)) = answers.next().await else { break };
        round.settle(item, answer);
    }
    round.end()
}

async fn one(session: &ServerSession, item: Item) -> (Item, Result<CommandStatus, DeliverError>) {
    let answer = session.deliver(item.pdu.clone()).await;
    (item, answer)
}

/// Whether a client has done with a delivery: it took it, or says that it will never take this one. An
/// error that may pass is none, nor is one that speaks of the bind: what is waiting is kept for it.
fn is_final(status: CommandStatus) -> bool {
    let may_pass = matches!(status.class(), ErrorClass::Retry | ErrorClass::SlowDown);
    status.is_ok() || !may_pass && status != CommandStatus::RINVBNDSTS
}

/// What has come of a round so far.
struct Round<'a> {
    session: &'a ServerSession,
    hand: &'a mut Hand,
    offer: Offer,
    connection: &'a ConnectionId,
    figures: &'a Figures,
    /// Offered, and to wait again.
    left: Vec<Item>,
    /// Some that were not stuck.
    has_taken: bool,
    /// The client recovers: what else is stuck may only be too much at once.
    has_taken_stuck: bool,
    ended: Ended,
}

impl Round<'_> {
    fn settle(&mut self, item: Item, answer: Result<CommandStatus, DeliverError>) {
        let connection = self.connection;
        match answer {
            Ok(CommandStatus::ROK) => {
                self.has_taken |= !item.is_stuck();
                self.has_taken_stuck |= item.is_stuck();
                self.hand.answered(&item);
            }
            Ok(status) if is_final(status) => {
                warn!(%connection, receipt = ?item.receipt(), %status, "the client refuses a delivery for good");
                self.pass_over(&item);
            }
            Err(DeliverError::Invalid(error)) => {
                error!(%connection, receipt = ?item.receipt(), %error, "a delivery cannot be written as SMPP");
                self.pass_over(&item);
            }
            // The client never saw it.
            Err(DeliverError::NotSent) if self.session.is_closed() => {
                self.hand.waiting.push_back(item);
                self.ended = Ended::Gone;
            }
            Err(DeliverError::InDoubt) if self.session.is_closed() => {
                self.leave(item, true);
                self.ended = Ended::Gone;
            }
            Ok(_) | Err(DeliverError::NotSent | DeliverError::InDoubt) => {
                self.leave(item, false);
                self.ended = Ended::NotNow;
            }
        }
    }

    fn leave(&mut self, item: Item, lost_link: bool) {
        self.left.push(Item { tries: Tries { lost_link, ..item.tries }, ..item });
    }

    fn end(mut self) -> Ended {
        let mut left = std::mem::take(&mut self.left);
        left.sort_by_key(Item::place);
        let takes_others = self.has_taken && !self.has_taken_stuck;
        let is_refused = |item: &Item| item.is_stuck() && !item.tries.lost_link;
        let (mut never, mut left): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|item| takes_others && is_refused(item));
        // The link was lost over the first of them; the rest only went with it.
        let is_lost = |first: &Item| first.is_stuck() && first.tries.lost_link;
        if self.offer == Offer::Again && !self.has_taken_stuck && left.first().is_some_and(is_lost) {
            never.push(left.remove(0));
        }
        for item in never {
            let (connection, receipt, tries) = (self.connection, item.receipt(), item.tries.count);
            warn!(%connection, ?receipt, tries, "the client takes others, this one is passed over");
            self.pass_over(&item);
        }
        // What was offered behind it may only have been too much at once.
        if let Some(first) = left.iter_mut().find(|item| !item.is_stuck()) {
            first.tries.count += 1;
        }
        let is_well = left.is_empty() && self.ended != Ended::Gone;
        if self.ended != Ended::Well {
            self.hand.waiting.extend(left);
            self.hand.waiting.make_contiguous().sort_by_key(Item::place);
        }
        if is_well { Ended::Well } else { self.ended }
    }

    /// It is not offered again.
    fn pass_over(&mut self, item: &Item) {
        self.figures.passed_over();
        self.hand.answered(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_in_trouble_gets_it_later_and_one_that_never_wants_it_does_not() {
        for status in [
            CommandStatus::RSYSERR,
            CommandStatus::RTHROTTLED,
            CommandStatus::RMSGQFUL,
            CommandStatus::RX_T_APPN,
            CommandStatus::RINVBNDSTS,
        ] {
            assert!(!is_final(status), "{status}");
        }
        for status in [
            CommandStatus::ROK,
            CommandStatus::RX_R_APPN,
            CommandStatus::RINVDSTADR,
            CommandStatus::RUNKNOWNERR,
            CommandStatus::RDELIVERYFAILURE,
            CommandStatus::RINVCMDID,
            CommandStatus(0x400),
        ] {
            assert!(is_final(status), "{status}");
        }
    }
}
