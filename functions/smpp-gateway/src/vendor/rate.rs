//! How fast a connection submits: a token bucket that shrinks when the vendor asks us to slow down,
//! and grows back by itself.
//!
//! Counted in submits, of which a long message is several. The window is not here.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// What may go out at once after a silence: a tenth of a second's worth, so that timers of a
/// millisecond still reach thousands a second and no vendor sees more than it granted.
const BURST: Duration = Duration::from_millis(100);
/// Nothing is submitted for this long after a throttling answer (Kannel waits as long).
const PAUSE: Duration = Duration::from_secs(1);
/// The rate is counted in thousandths of what is granted.
const WHOLE: u32 = 1_000;
/// However often we are throttled, a twentieth of the granted rate stays.
const SHARE_MIN: u32 = 50;
/// What comes back in each second without throttling: from the least to the whole in 19 seconds.
const REGAIN_PER_SECOND: u32 = 50;

/// The bucket of one connection, shared by its messages. They take turns in the order they came.
pub struct Rate {
    turns: tokio::sync::Mutex<()>,
    bucket: Mutex<Bucket>,
}

impl Rate {
    /// `per_second` is what the vendor grants.
    pub fn new(per_second: u32) -> Self {
        let bucket = Mutex::new(Bucket::new(per_second, Instant::now()));
        Self { turns: tokio::sync::Mutex::new(()), bucket }
    }

    /// Waits until one more submit may go out, and counts it.
    pub async fn take(&self) {
        let _turn = self.turns.lock().await;
        loop {
            let taken = self.bucket().take(Instant::now());
            match taken {
                Ok(()) => return,
                Err(until) => sleep_until(until).await,
            }
        }
    }

    /// The vendor asked us to slow down.
    pub fn throttled(&self) {
        self.bucket().throttled(Instant::now());
    }

    /// Submits a second that it lets through now.
    pub fn now(&self) -> u32 {
        self.bucket().now(Instant::now())
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same without waiting.
struct Bucket {
    per_second: u32,
    /// When the bucket is full again.
    full_at: Instant,
    /// The share of the rate that was left at the last throttling, and when it begins to grow.
    share: u32,
    paused_until: Instant,
}

impl Bucket {
    fn new(per_second: u32, now: Instant) -> Self {
        Self { per_second: per_second.max(1), full_at: now, share: WHOLE, paused_until: now }
    }

    /// Takes a token, or says when to ask again.
    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if now < self.paused_until {
            return Err(self.paused_until);
        }
        let cost = self.interval(now);
        // Even a slow rate lets one through at once.
        let ready_at = self.full_at.checked_sub(BURST.saturating_sub(cost)).unwrap_or(now);
        if now < ready_at {
            return Err(ready_at);
        }
        self.full_at = self.full_at.max(now) + cost;
        Ok(())
    }

    /// A whole window is throttled at once: what comes within the pause is the same throttling.
    fn throttled(&mut self, now: Instant) {
        if now < self.paused_until {
            return;
        }
        self.share = (self.share_at(now) / 2).max(SHARE_MIN);
        self.paused_until = now + PAUSE;
    }

    fn share_at(&self, now: Instant) -> u32 {
        let calm = now.saturating_duration_since(self.paused_until).as_millis();
        let regained = calm * u128::from(REGAIN_PER_SECOND) / 1_000;
        u32::try_from(regained).unwrap_or(WHOLE).saturating_add(self.share).min(WHOLE)
    }

    fn now(&self, now: Instant) -> u32 {
        if now < self.paused_until {
            return 0;
        }
        let per_second = u64::from(self.per_second) * u64::from(self.share_at(now)) / u64::from(WHOLE);
        u32::try_from(per_second).unwrap_or(self.per_second).max(1)
    }

    /// From one submit to the next.
    fn interval(&self, now: Instant) -> Duration {
        Duration::from_secs(1) * WHOLE / self.share_at(now) / self.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many go out in this second when as many as possible are asked for.
    fn in_a_second(bucket: &mut Bucket, from: Instant) -> u32 {
        let mut now = from;
        let mut taken = 0;
        while now < from + SECOND {
            match bucket.take(now) {
                Ok(()) => taken += 1,
                Err(until) => now = until,
            }
        }
        taken
    }

    #[track_caller]
    fn about(taken: u32, expected: u32) {
        let slack = expected / 8 + 1;
        assert!(taken.abs_diff(expected) <= slack, "{taken} went out, about {expected} should");
    }

    #[test]
    fn no_more_goes_out_in_a_second_than_the_rate_and_its_burst() {
        let start = Instant::now();
        for rate in [1, 7, 50, 1_000, 5_000] {
            let mut bucket = Bucket::new(rate, start);
            about(in_a_second(&mut bucket, start), rate + rate / 10);
            about(in_a_second(&mut bucket, start + SECOND), rate);
            about(in_a_second(&mut bucket, start + SECOND * 60), rate + rate / 10);
        }
    }

    #[test]
    fn a_throttling_pauses_then_halves_the_rate_which_grows_back() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        bucket.throttled(start);
        bucket.throttled(start + PAUSE / 2); // another answer of the same window
        assert_eq!(bucket.take(start), Err(start + PAUSE));
        assert_eq!(
            (bucket.now(start), bucket.now(start + PAUSE), bucket.now(start + SECOND * 60)),
            (0, 50, 100)
        );
        about(in_a_second(&mut bucket, start + PAUSE), 55);
        about(in_a_second(&mut bucket, start + PAUSE + SECOND * 5), 80);
        about(in_a_second(&mut bucket, start + PAUSE + SECOND * 20), 110);
    }

    #[test]
    fn endless_throttling_leaves_a_twentieth() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        for second in 0..20 {
            bucket.throttled(start + SECOND * second);
        }
        assert_eq!(bucket.interval(bucket.paused_until), SECOND / 5);
    }

    #[tokio::test(start_paused = true)]
    async fn submits_wait_their_turn() {
        let rate = Rate::new(10);
        let start = Instant::now();
        for _ in 0..21 {
            rate.take().await;
        }
        let elapsed = start.elapsed();
        assert!((SECOND * 19 / 10..=SECOND * 21 / 10).contains(&elapsed), "{elapsed:?}");
    }
}
