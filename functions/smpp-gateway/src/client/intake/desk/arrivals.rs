//! How many orders come to a desk, by which it decides about a lease before the wallet shows the load.

use std::time::Duration;

use tokio::time::Instant;

/// A wallet that is charged more often than this each second gets a lease, as in `domain::lease::Load`.
const AT_HOME_PER_SECOND_MAX: u32 = 5;
const WINDOW: Duration = Duration::from_secs(1);

/// Orders of this second and of the one before.
#[derive(Debug, Default)]
pub struct Arrivals {
    since: Option<Instant>,
    now: u32,
    before: u32,
}

impl Arrivals {
    pub fn add(&mut self, count: usize, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let passed = now - since;
        if WINDOW <= passed {
            self.before = if passed < 2 * WINDOW { self.now } else { 0 };
            self.now = 0;
            self.since = Some(now);
        }
        self.now = self.now.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// The wallet is written so often by all who write it.
    pub fn others(&mut self, rate: u32, now: Instant) {
        self.add(0, now);
        self.before = self.before.max(rate).max(AT_HOME_PER_SECOND_MAX + 1);
    }

    /// Orders a second, or a little less.
    pub fn rate(&self, now: Instant) -> u32 {
        match self.since {
            Some(since) if now - since < 2 * WINDOW => self.now.max(self.before),
            _ => 0,
        }
    }

    pub fn is_hot(&self, now: Instant) -> bool {
        AT_HOME_PER_SECOND_MAX < self.rate(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_is_hot_with_the_sixth_order_of_a_second() {
        let (mut arrivals, begin) = (Arrivals::default(), Instant::now());
        let at = |millis: u64| begin + Duration::from_millis(millis);
        for order in 0..20 {
            arrivals.add(1, at(order * 250));
            assert!(!arrivals.is_hot(at(order * 250)), "{order}");
        }
        arrivals.add(3, at(4_800));
        assert!(arrivals.is_hot(at(4_800)));
        assert!(!arrivals.is_hot(at(8_000)));
    }
}
