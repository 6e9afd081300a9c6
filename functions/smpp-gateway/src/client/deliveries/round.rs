//! Deliveries over one session, in order and without waiting for each answer.

use std::cmp::Reverse;

use futures::stream::{FuturesUnordered, StreamExt};
use smpp::CommandStatus;
use smpp::smsc::{DeliverError, ServerSession};
use smpp::status::ErrorClass;
use tokio::sync::watch;
use tokio::task::unconstrained;
use tracing::{error, warn};

use super::hand::{Hand, Item};

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
/// is to stop; what was begun then is waited for. What is not answered waits again, in its order.
pub async fn deliver(
    session: &ServerSession,
    hand: &mut Hand,
    most: usize,
    stop: &watch::Receiver<bool>,
) -> Ended {
    let (mut answers, mut ended, mut begun) = (FuturesUnordered::new(), Ended::Well, 0);
    let mut left = Vec::new();
    loop {
        while ended == Ended::Well && begun < most && answers.len() < BEGUN_MAX && !*stop.borrow() {
            let Some(item) = hand.waiting.pop_front() else { break };
            begun += 1;
            // Polled here once, so that it has its place in the session's queue before the next one; with
            // a share of the thread's time it might be put off, and overtaken.
            let mut answer = Box::pin(unconstrained(one(session, item)));
            match futures::poll!(&mut answer) {
                std::task::Poll::Ready((item, answer)) => {
                    ended = settle(session, hand, &mut left, item, answer).unwrap_or(ended);
                }
                std::task::Poll::Pending => answers.push(answer),
            }
        }
        let Some((item, answer)) = answers.next().await else { break };
        ended = settle(session, hand, &mut left, item, answer).unwrap_or(ended);
    }
    left.sort_by_key(|item: &Item| Reverse((item.message, item.part)));
    left.into_iter().for_each(|item| hand.waiting.push_front(item));
    ended
}

async fn one(session: &ServerSession, item: Item) -> (Item, Result<CommandStatus, DeliverError>) {
    let answer = session.deliver(item.pdu.clone()).await;
    (item, answer)
}

/// Whether a client has done with a delivery: it took it, or says that it will never take this one. Any
/// other error may pass, and what is waiting is kept for it.
fn is_final(status: CommandStatus) -> bool {
    const NEVER: [CommandStatus; 2] = [CommandStatus::RX_P_APPN, CommandStatus::RX_R_APPN];
    status.is_ok() || NEVER.contains(&status) || status.class() == ErrorClass::Stop
}

/// Why no more is to be begun, if so.
fn settle(
    session: &ServerSession,
    hand: &mut Hand,
    left: &mut Vec<Item>,
    item: Item,
    answer: Result<CommandStatus, DeliverError>,
) -> Option<Ended> {
    match answer {
        Ok(status) if !is_final(status) => {
            left.push(item);
            return Some(Ended::NotNow);
        }
        Err(DeliverError::NotSent | DeliverError::InDoubt) => {
            left.push(item);
            return Some(if session.is_closed() { Ended::Gone } else { Ended::NotNow });
        }
        Ok(CommandStatus::ROK) => {}
        Ok(status) => warn!(%status, to = item.pdu.destination, "the client refuses a delivery for good"),
        Err(DeliverError::Invalid(error)) => error!(%error, "a delivery cannot be written as SMPP"),
    }
    hand.answered(&item);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_in_trouble_gets_it_later_and_one_that_never_wants_it_does_not() {
        for status in [
            CommandStatus::RSYSERR,
            CommandStatus::RTHROTTLED,
            CommandStatus::RUNKNOWNERR,
            CommandStatus::RINVBNDSTS,
            CommandStatus(0x400),
        ] {
            assert!(!is_final(status), "{status}");
        }
        for status in [CommandStatus::ROK, CommandStatus::RX_R_APPN, CommandStatus::RINVDSTADR] {
            assert!(is_final(status), "{status}");
        }
    }
}
