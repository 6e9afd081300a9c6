//! What a connection's work looks like from outside: counted where it happens, read by [`crate::status`]
//! and [`crate::metrics`]. Nothing is decided by it.

mod pulse;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use crate::latency::{Latencies, Latency};
use crate::vendor::bind;
use crate::vendor::in_hand::InHand;
use crate::vendor::lane::Lane;
use crate::vendor::submit::Verdict;
use pulse::Pulse;

/// Submits by what was said to them, since this process took the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    pub taken: u64,
    pub refused: u64,
    /// Temporary errors, throttling among them.
    pub busy: u64,
    pub throttled: u64,
    pub unanswered: u64,
    /// Never left, because the link was gone.
    pub not_sent: u64,
}

impl Answers {
    /// What has come since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            taken: self.taken.saturating_sub(before.taken),
            refused: self.refused.saturating_sub(before.refused),
            busy: self.busy.saturating_sub(before.busy),
            throttled: self.throttled.saturating_sub(before.throttled),
            unanswered: self.unanswered.saturating_sub(before.unanswered),
            not_sent: self.not_sent.saturating_sub(before.not_sent),
        }
    }
}

/// What does not work as it should; gone once it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// A bind, as `receiver 1`, or the queue.
    pub of: String,
    pub error: String,
    /// When the trouble began, with this error or another.
    pub since: Timestamp,
    pub last_at: Timestamp,
}

/// What was delivered to us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Deliveries {
    pub receipts: u64,
    pub unreadable_receipts: u64,
    pub from_phones: u64,
    /// By which a phone says that it has, or that somebody has read, a message.
    pub acknowledgements: u64,
}

/// The counters of one connection.
pub struct Figures {
    counted: Mutex<Counted>,
    latencies: Latencies,
    receipts: AtomicU64,
    unreadable_receipts: AtomicU64,
    from_phones: AtomicU64,
    acknowledgements: AtomicU64,
    standing: Mutex<Standing>,
}

#[derive(Default)]
struct Standing {
    /// The binds that are up.
    bound: BTreeSet<String>,
    troubles: BTreeMap<String, Trouble>,
}

struct Counted {
    answers: Answers,
    pulse: Pulse,
}

impl Figures {
    pub(super) fn new() -> Self {
        let counted = Counted { answers: Answers::default(), pulse: Pulse::new(Instant::now()) };
        Self {
            counted: Mutex::new(counted),
            latencies: Latencies::default(),
            receipts: AtomicU64::new(0),
            unreadable_receipts: AtomicU64::new(0),
            from_phones: AtomicU64::new(0),
            acknowledgements: AtomicU64::new(0),
            standing: Mutex::default(),
        }
    }

    /// A submit, and what became of it after this time.
    pub fn answered(&self, verdict: &Verdict, after: Duration) {
        let mut counted = lock(&self.counted);
        let Counted { answers, pulse } = &mut *counted;
        let class = match verdict {
            Verdict::Taken { .. } => &mut answers.taken,
            Verdict::Refused(_) => &mut answers.refused,
            Verdict::Busy { status, .. } => {
                answers.throttled += u64::from(status.is_throttling());
                &mut answers.busy
            }
            Verdict::InDoubt => &mut answers.unanswered,
            Verdict::NotSent => &mut answers.not_sent,
        };
        *class += 1;
        if matches!(verdict, Verdict::NotSent) {
            return;
        }
        pulse.count(Instant::now());
        if !matches!(verdict, Verdict::InDoubt) {
            self.latencies.record(after);
        }
    }

    pub fn receipt(&self) {
        self.receipts.fetch_add(1, Ordering::Relaxed);
    }

    pub fn unreadable_receipt(&self) {
        self.unreadable_receipts.fetch_add(1, Ordering::Relaxed);
    }

    pub fn phone_message(&self) {
        self.from_phones.fetch_add(1, Ordering::Relaxed);
    }

    pub fn acknowledgement(&self) {
        self.acknowledgements.fetch_add(1, Ordering::Relaxed);
    }

    /// A bind is up.
    pub fn bound(&self, bind: &str) {
        let mut standing = lock(&self.standing);
        standing.bound.insert(bind.to_owned());
        standing.troubles.remove(bind);
    }

    /// A bind is down, or did not come up.
    pub fn lost(&self, bind: &str, error: &str) {
        let mut standing = lock(&self.standing);
        standing.bound.remove(bind);
        standing.trouble(bind, error);
    }

    pub fn trouble(&self, of: &str, error: &str) {
        lock(&self.standing).trouble(of, error);
    }

    /// The end of a trouble, if there was one.
    pub fn well(&self, of: &str) {
        lock(&self.standing).troubles.remove(of);
    }

    /// To be called once a minute.
    pub fn minute_over(&self) {
        self.latencies.minute_over();
    }

    pub fn answers(&self) -> Answers {
        lock(&self.counted).answers
    }

    fn deliveries(&self) -> Deliveries {
        Deliveries {
            receipts: self.receipts.load(Ordering::Relaxed),
            unreadable_receipts: self.unreadable_receipts.load(Ordering::Relaxed),
            from_phones: self.from_phones.load(Ordering::Relaxed),
            acknowledgements: self.acknowledgements.load(Ordering::Relaxed),
        }
    }
}

impl Standing {
    fn trouble(&mut self, of: &str, error: &str) {
        let now = runtime::now();
        let since = self.troubles.get(of).map_or(now, |trouble| trouble.since);
        let trouble = Trouble { of: of.to_owned(), error: error.to_owned(), since, last_at: now };
        self.troubles.insert(of.to_owned(), trouble);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection at work, seen from outside.
#[derive(Clone)]
pub struct View {
    pub lane: Arc<Lane>,
    pub in_hand: Arc<InHand>,
}

/// How it stands at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    pub binds: Up,
    pub window: Used,
    pub rate: Speed,
    pub submitted_per_second: u64,
    pub answers: Answers,
    pub latency: Latency,
    pub jobs_in_hand: u64,
    pub deliveries: Deliveries,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

/// Binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Up {
    pub up: u64,
    pub wanted: u64,
}

/// Slots of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Used {
    pub used: u64,
    pub size: u64,
}

/// Submits a second: what it lets through now, and what the vendor grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Speed {
    pub now: u32,
    pub limit: u32,
}

impl View {
    pub fn snapshot(&self) -> Snapshot {
        let figures = &self.lane.figures;
        let link = &self.lane.link;
        let size = bind::window(link).get();
        let used = size.saturating_sub(self.lane.slots.available_permits());
        let submitted_per_second = lock(&figures.counted).pulse.per_second(Instant::now());
        let standing = lock(&figures.standing);
        Snapshot {
            binds: Up { up: standing.bound.len() as u64, wanted: link.binds.count() as u64 },
            window: Used { used: used as u64, size: size as u64 },
            rate: Speed { now: self.lane.rate.now(), limit: link.rate.get() },
            submitted_per_second,
            answers: figures.answers(),
            latency: figures.latencies.latency(),
            jobs_in_hand: self.in_hand.count() as u64,
            deliveries: figures.deliveries(),
            troubles: standing.troubles.values().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smpp::CommandStatus;

    fn taken() -> Verdict {
        Verdict::Taken { reference: "a".to_owned() }
    }

    #[test]
    fn each_submit_is_counted_by_what_was_said_to_it() {
        let figures = Figures::new();
        let moment = Duration::from_millis(1);
        for verdict in [taken(), taken(), Verdict::InDoubt, Verdict::NotSent] {
            figures.answered(&verdict, moment);
        }
        for status in [CommandStatus::RTHROTTLED, CommandStatus::RSYSERR] {
            figures.answered(&Verdict::Busy { status, slow_down: status.is_throttling() }, moment);
        }
        let expected = Answers { taken: 2, busy: 2, throttled: 1, unanswered: 1, not_sent: 1, refused: 0 };
        assert_eq!(figures.answers(), expected);
        assert_eq!(figures.latencies.latency().count, 4, "of those that were answered");
    }

    #[test]
    fn each_trouble_begins_with_its_first_error_and_ends_with_its_bind() {
        let figures = Figures::new();
        let troubles = || -> Vec<_> { lock(&figures.standing).troubles.values().cloned().collect() };
        figures.lost("receiver 1", "one");
        let since = troubles()[0].since;
        figures.lost("receiver 1", "another");
        figures.lost("transmitter 1", "a third");
        let told: Vec<_> = troubles().into_iter().map(|trouble| (trouble.of, trouble.error)).collect();
        let expected = [("receiver 1", "another"), ("transmitter 1", "a third")];
        assert_eq!(told, expected.map(|(of, error)| (of.to_owned(), error.to_owned())));
        assert_eq!(troubles()[0].since, since);
        figures.bound("receiver 1");
        assert_eq!(troubles().len(), 1);
        assert_eq!(lock(&figures.standing).bound.len(), 1);
        figures.bound("transmitter 1");
        assert_eq!(troubles(), []);
    }
}
