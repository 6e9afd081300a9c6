//! How much a client may send, or ask, over all its binds to this process: of its rate what is this process's
//! share.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// What a client has not sent for so long it may send at once, as many send their messages in bursts.
const BURST: Duration = Duration::from_secs(1);

/// Counts in time: when the next message were due if each took its share of a second.
#[derive(Debug, Default)]
pub struct Throttle {
    due: Option<Instant>,
}

impl Throttle {
    /// Takes one message in, unless it is one too many.
    pub fn take(&mut self, now: Instant, per_second: NonZeroU32) -> bool {
        let due = self.due.map_or(now, |due| due.max(now)) + Duration::from_secs(1) / per_second.get();
        let is_in_time = due <= now + BURST;
        if is_in_time {
            self.due = Some(due);
        }
        is_in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_send_a_second_s_worth_at_once_and_then_its_rate() {
        let (mut throttle, begin) = (Throttle::default(), Instant::now());
        let rate = NonZeroU32::new(10).unwrap();
        let mut taken = |millis: u64, tries: u32| {
            let now = begin + Duration::from_millis(millis);
            (0..tries).filter(|_| throttle.take(now, rate)).count()
        };
        assert_eq!(taken(0, 50), 10);
        assert_eq!(taken(99, 50), 0);
        assert_eq!(taken(100, 50), 1);
        assert_eq!(taken(600, 50), 5);
        assert_eq!(taken(60_000, 50), 10);
    }
}
