//! The bound sessions of one connection over which it can submit, and which of them is next.
//!
//! How they come to be is not here: each bind's own task puts its session in and takes it out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smpp::esme::Session;
use tokio::sync::watch;

/// A session that is in use for as long as this is held.
pub type Lent = Arc<Session>;

/// Clones are the same register.
#[derive(Clone, Default)]
pub struct Sessions {
    open: watch::Sender<Vec<Lent>>,
    turn: Arc<AtomicUsize>,
}

impl Sessions {
    /// Takes a new bind into use.
    pub fn add(&self, session: Session) {
        self.open.send_modify(|open| open.push(Arc::new(session)));
    }

    /// Takes out what is closed.
    pub fn forget_closed(&self) {
        self.open.send_modify(|open| open.retain(|session| !session.is_closed()));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.open.borrow().iter().filter(|session| !session.is_closed()).count()
    }

    /// Returns once there is one.
    pub async fn bound(&self) {
        let mut open = self.open.subscribe();
        let is_one_up = |open: &Vec<Lent>| open.iter().any(|session| !session.is_closed());
        // The sender is our own, so it does not go away meanwhile.
        let _ = open.wait_for(is_one_up).await;
    }

    /// The one that carries the fewest submits; of several such, each in its turn. Waits while there is
    /// none.
    pub async fn next(&self) -> Lent {
        loop {
            if let Some(session) = self.least_loaded() {
                return session;
            }
            self.bound().await;
        }
    }

    fn least_loaded(&self) -> Option<Lent> {
        let open = self.open.borrow();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(open.len())?;
        let in_turn = open.iter().cycle().skip(turn).take(open.len());
        // Whoever submits holds it, so the holders are the load.
        in_turn
            .filter(|session| !session.is_closed())
            .min_by_key(|session| Arc::strong_count(session))
            .cloned()
    }

    /// Tells of each bind that comes and goes.
    pub fn watch(&self) -> watch::Receiver<Vec<Lent>> {
        self.open.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smpp::esme::{self, BindSettings, Inbound};
    use smpp::smsc::{self, Requests, ServerSession, ServerSettings};
    use tokio::time::timeout;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(50);

    /// A bind, and the vendor's end of it, over a pipe.
    async fn bound() -> (Session, (Inbound, ServerSession, Requests)) {
        let (ours, theirs) = tokio::io::duplex(1_024);
        let vendor = async {
            let handshake = smsc::accept(theirs, ServerSettings::new("vendor")).await.unwrap();
            handshake.accept().await.unwrap()
        };
        let (bound, (server, requests)) =
            tokio::join!(esme::bind(ours, BindSettings::new("waybill", "pw")), vendor);
        let (session, inbound) = bound.unwrap();
        (session, (inbound, server, requests))
    }

    #[tokio::test]
    async fn submits_go_over_the_bind_that_carries_the_fewest() {
        let sessions = Sessions::default();
        let (one, _one) = bound().await;
        let (other, _other) = bound().await;
        sessions.add(one);
        sessions.add(other);
        let first = sessions.next().await;
        let second = sessions.next().await;
        assert!(!Arc::ptr_eq(&first, &second));
        let third = sessions.next().await;
        let (busy, idle) = if Arc::ptr_eq(&first, &third) { (first, second) } else { (second, first) };
        assert!(Arc::ptr_eq(&sessions.next().await, &idle));
        drop((third, busy));
        for _ in 0..3 {
            assert!(!Arc::ptr_eq(&sessions.next().await, &idle), "it is still in use");
        }
    }

    #[tokio::test]
    async fn binds_that_carry_as_much_take_turns() {
        let sessions = Sessions::default();
        let (one, _one) = bound().await;
        let (other, _other) = bound().await;
        sessions.add(one);
        sessions.add(other);
        let mut last = sessions.next().await;
        for _ in 0..4 {
            let held = Arc::as_ptr(&last);
            drop(last);
            last = sessions.next().await;
            assert_ne!(Arc::as_ptr(&last), held);
        }
    }

    #[tokio::test]
    async fn while_no_bind_is_up_submits_wait_for_one() {
        let sessions = Sessions::default();
        let (lost, _lost) = bound().await;
        sessions.add(lost.clone());
        assert_eq!(sessions.count(), 1);
        lost.abort();
        lost.closed().await;
        assert_eq!(sessions.count(), 0);
        assert!(timeout(MOMENT, sessions.next()).await.is_err());
        sessions.forget_closed();

        let waiting = tokio::spawn({
            let sessions = sessions.clone();
            async move { sessions.next().await }
        });
        let (session, _bound) = bound().await;
        sessions.add(session);
        assert!(!waiting.await.unwrap().is_closed());
    }
}
