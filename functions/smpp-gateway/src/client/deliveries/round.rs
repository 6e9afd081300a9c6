//! Deliveries over one session, in order and without waiting for each answer.

use std::cmp::Reverse;

use domain::id::ConnectionId;
use futures::stream::{FuturesUnordered, StreamExt};
use smpp::CommandStatus;
use smpp::smsc::{DeliverError, ServerSession};
use smpp::status::ErrorClass;
use tokio::sync::watch;
use tokio::task::unconstrained;
use tracing::{error, warn};

use super::hand::{Hand, Item};
use crate::client::figures::Figures;

/// Deliveries begun and not answered. The session has a window of its own; more than a window's worth
/// would only wait for it.
const BEGUN_MAX: usize = 100;

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

/// Delivers up to `most` of what waits. Begins nothing more after the first that is not taken, or when it
/// is to stop; what was begun then is waited for. What is not answered waits again, in its order; but what
/// is stuck while another one is taken is passed over.
pub async fn deliver(
    session: &ServerSession,
    hand: &mut Hand,
    most: usize,
    stop: &watch::Receiver<bool>,
    connection: &ConnectionId,
    figures: &Figures,
) -> Ended {
    let (mut answers, mut begun) = (FuturesUnordered::new(), 0);
    let (left, has_taken, ended) = (Vec::new(), false, Ended::Well);
    let mut round = Round { session, hand, connection, figures, left, has_taken, ended };
    loop {
        while round.ended == Ended::Well && begun < most && answers.len() < BEGUN_MAX && !*stop.borrow() {
            let Some(item) = round.hand.waiting.pop_front() else { break };
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
    connection: &'a ConnectionId,
    figures: &'a Figures,
    /// Offered, and to wait again.
    left: Vec<Item>,
    has_taken: bool,
    ended: Ended,
}

impl Round<'_> {
    fn settle(&mut self, item: Item, answer: Result<CommandStatus, DeliverError>) {
        let connection = self.connection;
        match answer {
            Ok(CommandStatus::ROK) => {
                self.has_taken = true;
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
            Err(DeliverError::NotSent | DeliverError::InDoubt) if self.session.is_closed() => {
                self.left.push(item);
                self.ended = Ended::Gone;
            }
            Ok(_) | Err(DeliverError::NotSent | DeliverError::InDoubt) => {
                self.left.push(Item { tries: item.tries.saturating_add(1), ..item });
                self.ended = Ended::NotNow;
            }
        }
    }

    fn end(mut self) -> Ended {
        let (stuck, mut left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left).into_iter().partition(|item| self.has_taken && item.is_stuck());
        for item in stuck {
            let (connection, receipt, tries) = (self.connection, item.receipt(), item.tries);
            warn!(%connection, ?receipt, tries, "the client takes others, this one is passed over");
            self.pass_over(&item);
        }
        if left.is_empty() && self.ended == Ended::NotNow {
            self.ended = Ended::Well;
        }
        left.sort_by_key(|item| Reverse((item.message, item.part)));
        left.into_iter().for_each(|item| self.hand.waiting.push_front(item));
        self.ended
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
