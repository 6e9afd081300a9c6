//! How many submits a second go out just now.

use tokio::time::Instant;

/// The submits per second are those of so many whole seconds.
const PULSE_SECONDS: u64 = 10;
const PULSE_SLOTS: usize = PULSE_SECONDS as usize + 1;

/// Submits of the last seconds.
pub struct Pulse {
    began: Instant,
    slots: [u64; PULSE_SLOTS],
    second: u64,
}

impl Pulse {
    pub fn new(now: Instant) -> Self {
        Self { began: now, slots: [0; PULSE_SLOTS], second: 0 }
    }

    pub fn count(&mut self, now: Instant) {
        self.advance(now);
        self.slots[place(self.second)] += 1;
    }

    pub fn per_second(&mut self, now: Instant) -> u64 {
        self.advance(now);
        let whole: u64 = self.slots.iter().sum::<u64>() - self.slots[place(self.second)];
        whole / PULSE_SECONDS
    }

    fn advance(&mut self, now: Instant) {
        let second = now.saturating_duration_since(self.began).as_secs();
        let first = (self.second + 1).max(second.saturating_sub(PULSE_SECONDS));
        for passed in first..=second {
            self.slots[place(passed)] = 0;
        }
        self.second = second;
    }
}

fn place(second: u64) -> usize {
    usize::try_from(second % PULSE_SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn submits_per_second_are_those_of_ten_whole_seconds() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut pulse = Pulse::new(start);
        (0..20).for_each(|_| pulse.count(at(3)));
        assert_eq!(pulse.per_second(at(3)), 0, "this second is not over");
        assert_eq!(pulse.per_second(at(4)), 2);
        assert_eq!(pulse.per_second(at(13)), 2);
        assert_eq!(pulse.per_second(at(14)), 0);
        (0..10).for_each(|_| pulse.count(at(1_000)));
        assert_eq!(pulse.per_second(at(1_001)), 1);
    }
}
