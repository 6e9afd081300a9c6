//! The jobs that this process has taken and not finished, and those it finished a moment ago: by
//! these a second delivery of a job is known and not worked on.
//!
//! Only in memory. What outlives the process is the claim in the store.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::MessageId;
use domain::lease::LeaseTag;
use tokio::time::Instant;

/// What is told of a job is applied to the store within this time.
pub const APPLIED_WITHIN: Duration = Duration::from_secs(15 * 60);
/// So that the store knows of a duplicate that comes later.
const REMEMBERED: Duration = APPLIED_WITHIN;
/// Some 10 MB.
const REMEMBERED_MAX: usize = 100_000;

/// What a job is about: two jobs about the same are the same one, delivered twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    Message(MessageId),
    /// All messages of a block.
    Block(LeaseTag),
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => out.write_str(id.as_str()),
            Self::Block(tag) => write!(out, "block {tag}"),
        }
    }
}

/// The register of one connection.
#[derive(Default)]
pub struct InHand {
    register: Mutex<Register>,
}

#[derive(Default)]
struct Register {
    working: HashMap<Subject, Working>,
    /// Of all that are worked on.
    messages: usize,
    finished: HashMap<Subject, Instant>,
    /// The same, oldest first.
    by_age: VecDeque<(Instant, Subject)>,
}

struct Working {
    /// One receipt handle for each time it was delivered.
    handles: Vec<String>,
    messages: usize,
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
    /// Notes a delivery of a job about so many messages.
    pub fn take(self: &Arc<Self>, subject: Subject, messages: usize, handle: String) -> Delivered {
        let mut register = self.register();
        register.forget_old(Instant::now());
        if register.finished.contains_key(&subject) {
            return Delivered::Finished;
        }
        if let Some(working) = register.working.get_mut(&subject) {
            working.handles.push(handle);
            return Delivered::Working;
        }
        register.messages += messages;
        register.working.insert(subject.clone(), Working { handles: vec![handle], messages });
        Delivered::New(Hand { register: self.clone(), subject })
    }

    /// All deliveries that have to be kept from others.
    pub fn handles(&self) -> Vec<String> {
        let register = self.register();
        register.working.values().flat_map(|working| &working.handles).cloned().collect()
    }

    /// Jobs.
    pub fn count(&self) -> usize {
        self.register().working.len()
    }

    /// Messages of all those jobs.
    pub fn messages(&self) -> usize {
        self.register().messages
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Register {
    fn finish(&mut self, subject: &Subject, now: Instant) -> Vec<String> {
        self.finished.insert(subject.clone(), now);
        self.by_age.push_back((now, subject.clone()));
        self.let_go(subject)
    }

    fn let_go(&mut self, subject: &Subject) -> Vec<String> {
        let Some(Working { handles, messages }) = self.working.remove(subject) else { return Vec::new() };
        self.messages -= messages;
        handles
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((at, subject)) = self.by_age.front() {
            if now < *at + REMEMBERED && self.by_age.len() <= REMEMBERED_MAX {
                return;
            }
            self.finished.remove(subject);
            self.by_age.pop_front();
        }
    }
}

/// A job in hand. Dropped, it is in hand no more, and whoever gets it next begins anew.
pub struct Hand {
    register: Arc<InHand>,
    subject: Subject,
}

impl Hand {
    /// Its outcome is stored. Returns what there is to delete from the queue.
    pub fn finish(self) -> Vec<String> {
        self.register.register().finish(&self.subject, Instant::now())
    }

    /// It is not for us now. Returns what there is to give back to the queue.
    pub fn let_go(self) -> Vec<String> {
        self.register.register().let_go(&self.subject)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.register.register().let_go(&self.subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{BatchId, WalletId};

    fn message(place: u16) -> Subject {
        Subject::Message(MessageId::in_batch(&BatchId::new(1), place))
    }

    fn block(number: u64) -> Subject {
        Subject::Block(LeaseTag { lease: WalletId::new(1), fence: 1, number })
    }

    #[track_caller]
    fn new(in_hand: &Arc<InHand>, subject: Subject, handle: &str) -> Hand {
        let messages = if matches!(subject, Subject::Block(_)) { 50 } else { 1 };
        match in_hand.take(subject, messages, handle.to_owned()) {
            Delivered::New(hand) => hand,
            Delivered::Working | Delivered::Finished => panic!("it is not new"),
        }
    }

    #[test]
    fn a_second_delivery_is_left_to_the_first_and_ends_with_it() {
        for subject in [message(1), block(1)] {
            let in_hand = Arc::new(InHand::default());
            let take = |handle: &str| in_hand.take(subject.clone(), 1, handle.to_owned());
            let hand = new(&in_hand, subject.clone(), "a");
            assert!(matches!(take("b"), Delivered::Working));
            assert_eq!(hand.finish(), ["a", "b"]);
            assert!(matches!(take("c"), Delivered::Finished));
            assert!(in_hand.handles().is_empty());
        }
    }

    #[test]
    fn a_job_that_was_given_back_is_new_when_it_comes_again() {
        let in_hand = Arc::new(InHand::default());
        assert_eq!(new(&in_hand, message(1), "a").let_go(), ["a"]);
        drop(new(&in_hand, message(1), "b"));
        let _hand = new(&in_hand, message(1), "c");
        assert_eq!(in_hand.handles(), ["c"]);
    }

    #[test]
    fn a_block_counts_for_as_many_as_it_has() {
        let in_hand = Arc::new(InHand::default());
        let counts = || (in_hand.count(), in_hand.messages());
        let (one, many) = (new(&in_hand, message(1), "a"), new(&in_hand, block(1), "b"));
        assert_eq!(counts(), (2, 51));
        many.finish();
        assert_eq!(counts(), (1, 1));
        one.let_go();
        drop(new(&in_hand, block(2), "c"));
        assert_eq!(counts(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_finished_job_is_forgotten_after_a_while() {
        let in_hand = Arc::new(InHand::default());
        new(&in_hand, message(1), "a").finish();
        tokio::time::advance(REMEMBERED).await;
        new(&in_hand, message(1), "b");
    }
}
