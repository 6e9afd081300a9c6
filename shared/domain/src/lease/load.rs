//! When a wallet is worth a lease, and how much a lease asks for at a time.

use jiff::{SignedDuration, Timestamp};

use crate::wallet::REFILL_SENDS;

/// A wallet that is written more often than this each second gets a lease: at ten transactions a second
/// every eighth meets another one (`ledger` design, contention).
const WRITES_PER_SECOND_MAX: u32 = 5;
/// A rate is taken over at least this long, so that a burst of two is none.
const MEASURED_OVER: SignedDuration = SignedDuration::from_secs(2);
/// So many conflicts within [`CONFLICTS_WITHIN`] say the same.
const CONFLICTS_MAX: usize = 3;
const CONFLICTS_WITHIN: SignedDuration = SignedDuration::from_secs(10);
/// Escrow that was spent faster than this was too little: the next is twice as much.
const SPENT_FAST: SignedDuration = SignedDuration::from_secs(30);
/// Escrow that lasted this long was too much.
const SPENT_SLOWLY: SignedDuration = SignedDuration::from_mins(2);
/// A lease begins with what is spent in so many seconds, as far as its rate is known.
const FILLED_FOR: u32 = 40;
/// 64 times the usual 400 sends are half a minute at 800 sends a second.
const FACTOR_MAX: u32 = 64;

/// What one charge saw of the wallet that it was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// The wallet's writes so far, if it was read.
    pub sequence: Option<u64>,
    /// Tries that met another transaction.
    pub conflicts: u32,
}

/// How often a wallet is written, as one process sees it: by all who write it, not by itself alone.
#[derive(Debug, Clone, Default)]
pub struct Load {
    first: Option<(Timestamp, u64)>,
    conflicts: Vec<Timestamp>,
}

impl Load {
    /// Takes in what a charge saw. If the wallet is written so often that a lease pays: how often a
    /// second, at least.
    pub fn observe(&mut self, seen: Seen, now: Timestamp) -> Option<u32> {
        let rate = seen.sequence.and_then(|sequence| self.rate(sequence, now));
        self.conflicts.retain(|at| now.duration_since(*at) < CONFLICTS_WITHIN);
        self.conflicts.extend((0..seen.conflicts).map(|_| now));
        let is_contended = CONFLICTS_MAX <= self.conflicts.len();
        let is_hot = |rate: &u32| WRITES_PER_SECOND_MAX < *rate || is_contended;
        rate.or(Some(0)).filter(is_hot)
    }

    /// Writes a second, rounded up, once enough time has passed.
    fn rate(&mut self, sequence: u64, now: Timestamp) -> Option<u32> {
        let Some((since, first)) = self.first.filter(|(since, _)| *since <= now) else {
            self.first = Some((now, sequence));
            return None;
        };
        let passed = now.duration_since(since);
        if passed < MEASURED_OVER {
            return None;
        }
        self.first = Some((now, sequence));
        let writes = i128::from(sequence.saturating_sub(first)) * 1_000;
        u32::try_from((writes + passed.as_millis() - 1) / passed.as_millis()).ok()
    }
}

/// How much a lease asks for: twice as much as before if that did not last, so that the wallets above
/// are written every half minute whatever the rate.
#[derive(Debug, Clone)]
pub struct Pace {
    begin: u32,
    last: Option<(Timestamp, u32)>,
}

impl Pace {
    /// For one that is expected to send so often a second.
    pub fn of(sends_per_second: u32) -> Self {
        let sends = sends_per_second.saturating_mul(FILLED_FOR);
        Self { begin: (sends / REFILL_SENDS).clamp(1, FACTOR_MAX), last: None }
    }

    /// By how many times to multiply what is asked for now.
    pub fn factor(&mut self, now: Timestamp) -> u32 {
        let factor = match self.last {
            None => self.begin,
            Some((at, factor)) if now.duration_since(at) < SPENT_FAST => (factor * 2).min(FACTOR_MAX),
            Some((at, factor)) if SPENT_SLOWLY < now.duration_since(at) => (factor / 2).max(1),
            Some((_, factor)) => factor,
        };
        self.last = Some((now, factor));
        factor
    }

    /// There was not as much: the next time begins small.
    pub fn refused(&mut self, now: Timestamp) {
        self.last = Some((now, 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    /// Observes one write each so many milliseconds; when the wallet is found to be hot.
    fn hot_after(every: i64) -> Option<i64> {
        let mut load = Load::default();
        (0i64..200).map(|write| (write * every, write)).find_map(|(millis, write)| {
            let seen = Seen { sequence: Some(write as u64), conflicts: 0 };
            load.observe(seen, at(millis)).map(|_| millis)
        })
    }

    #[test]
    fn a_wallet_written_more_than_five_times_a_second_is_hot_within_two_seconds() {
        assert_eq!(hot_after(100), Some(2_000));
        assert_eq!(hot_after(190), Some(2_090));
        assert_eq!(hot_after(200), None);
        assert_eq!(hot_after(5_000), None);
    }

    #[test]
    fn others_who_write_the_wallet_count_as_well() {
        let mut load = Load::default();
        assert_eq!(load.observe(Seen { sequence: Some(1), conflicts: 0 }, at(0)), None);
        assert_eq!(load.observe(Seen { sequence: Some(301), conflicts: 0 }, at(3_000)), Some(100));
    }

    #[test]
    fn three_conflicts_within_ten_seconds_make_a_wallet_hot() {
        let mut load = Load::default();
        let conflict = Seen { sequence: None, conflicts: 1 };
        let seen: Vec<_> = [0, 6_000, 11_000, 12_000].map(|millis| load.observe(conflict, at(millis))).into();
        assert_eq!(seen, [None, None, None, Some(0)]);
    }

    #[test]
    fn a_lease_begins_with_what_is_sent_in_forty_seconds() {
        let begins = [1, 10, 100, 100_000].map(|rate| Pace::of(rate).factor(at(0)));
        assert_eq!(begins, [1, 1, 10, 64]);
    }

    #[test]
    fn a_lease_asks_for_more_while_it_spends_fast_and_for_less_when_it_does_not() {
        let mut pace = Pace::of(0);
        let factors: Vec<_> =
            [0, 10, 20, 60, 200, 201].map(|seconds| pace.factor(at(seconds * 1_000))).into();
        assert_eq!(factors, [1, 2, 4, 4, 2, 4]);
        pace.refused(at(202_000));
        assert_eq!(pace.factor(at(300_000)), 1);
        for second in 0..20 {
            assert!(pace.factor(at(300_000 + second)) <= FACTOR_MAX);
        }
    }
}
