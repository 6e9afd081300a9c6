//! The jobs that this process has taken and not finished, and those it finished a moment ago: by
//! these a second delivery of a job is known and not worked on.
//!
//! Only in memory. What outlives the process is the claim in the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::MessageId;
use tokio::time::Instant;

/// The outcome of a finished job is applied to the store within this time, so that the store knows
/// of a duplicate that comes later.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
/// Some 10 MB.
const REMEMBERED_MAX: usize = 100_000;

/// The register of one connection.
#[derive(Default)]
pub struct InHand {
    register: Mutex<Register>,
}

#[derive(Default)]
struct Register {
    /// The receipt handles of each job: one for each time it was delivered.
    working: HashMap<MessageId, Vec<String>>,
    finished: HashMap<MessageId, Instant>,
    /// The same, oldest first.
    by_age: VecDeque<(Instant, MessageId)>,
}

/// What a delivered job turns out to be.
pub enum Delivered {
    New(Hand),
    /// Somebody works on it; this delivery ends together with the first.
    Working,
    /// Its outcome is stored already.
    Finished,
}

impl InHand {
    /// Notes a delivery.
    pub fn take(self: &Arc<Self>, message: &MessageId, handle: String) -> Delivered {
        let mut register = self.register();
        register.forget_old(Instant::now());
        if register.finished.contains_key(message) {
            return Delivered::Finished;
        }
        if let Some(handles) = register.working.get_mut(message) {
            handles.push(handle);
            return Delivered::Working;
        }
        register.working.insert(message.clone(), vec![handle]);
        Delivered::New(Hand { register: self.clone(), message: message.clone() })
    }

    /// All deliveries that have to be kept from others.
    pub fn handles(&self) -> Vec<String> {
        self.register().working.values().flatten().cloned().collect()
    }

    pub fn count(&self) -> usize {
        self.register().working.len()
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Register {
    fn finish(&mut self, message: &MessageId, now: Instant) -> Vec<String> {
        self.finished.insert(message.clone(), now);
        self.by_age.push_back((now, message.clone()));
        self.working.remove(message).unwrap_or_default()
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((at, message)) = self.by_age.front() {
            if now < *at + REMEMBERED && self.by_age.len() <= REMEMBERED_MAX {
                return;
            }
            self.finished.remove(message);
            self.by_age.pop_front();
        }
    }
}

/// A job in hand. Dropped, it is in hand no more, and whoever gets it next begins anew.
pub struct Hand {
    register: Arc<InHand>,
    pub message: MessageId,
}

impl Hand {
    /// Its outcome is stored. Returns what there is to delete from the queue.
    pub fn finish(self) -> Vec<String> {
        self.register.register().finish(&self.message, Instant::now())
    }

    /// It is not for us now. Returns what there is to give back to the queue.
    pub fn let_go(self) -> Vec<String> {
        self.register.register().working.remove(&self.message).unwrap_or_default()
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.register.register().working.remove(&self.message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::BatchId;

    fn message(place: u16) -> MessageId {
        MessageId::in_batch(&BatchId::new(1), place)
    }

    fn new(in_hand: &Arc<InHand>, place: u16, handle: &str) -> Hand {
        match in_hand.take(&message(place), handle.to_owned()) {
            Delivered::New(hand) => hand,
            Delivered::Working | Delivered::Finished => panic!("{place} is not new"),
        }
    }

    #[test]
    fn a_second_delivery_is_left_to_the_first_and_ends_with_it() {
        let in_hand = Arc::new(InHand::default());
        let hand = new(&in_hand, 1, "a");
        assert!(matches!(in_hand.take(&message(1), "b".to_owned()), Delivered::Working));
        assert_eq!(hand.finish(), ["a", "b"]);
        assert!(matches!(in_hand.take(&message(1), "c".to_owned()), Delivered::Finished));
        assert!(in_hand.handles().is_empty());
    }

    #[test]
    fn a_job_that_was_given_back_is_new_when_it_comes_again() {
        let in_hand = Arc::new(InHand::default());
        assert_eq!(new(&in_hand, 1, "a").let_go(), ["a"]);
        drop(new(&in_hand, 1, "b"));
        let _hand = new(&in_hand, 1, "c");
        assert_eq!(in_hand.handles(), ["c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_finished_job_is_forgotten_after_a_while() {
        let in_hand = Arc::new(InHand::default());
        new(&in_hand, 1, "a").finish();
        tokio::time::advance(REMEMBERED).await;
        new(&in_hand, 1, "b");
    }
}
