//! How long answers take, to vendors and to clients: percentiles of the last one to two minutes.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Latencies are told apart up to here; who waits for an answer gives up long before.
const LATENCY_MAX: Duration = Duration::from_secs(120);
/// Their precision: two digits.
const LATENCY_DIGITS: u8 = 2;

/// From a submit to its answer, in microseconds; of the last one to two minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    pub count: u64,
    pub p50_us: u64,
    pub p95_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

/// How often it took how long.
#[derive(Default)]
pub(crate) struct Latencies(Mutex<Minutes>);

struct Minutes {
    present: Histogram<u32>,
    before: Histogram<u32>,
}

impl Default for Minutes {
    fn default() -> Self {
        Self { present: histogram(), before: histogram() }
    }
}

impl Latencies {
    pub fn record(&self, took: Duration) {
        self.minutes().present.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// To be called once a minute: what is counted now is forgotten with the call after the next.
    pub fn minute_over(&self) {
        let mut minutes = self.minutes();
        let Minutes { present, before } = &mut *minutes;
        mem::swap(present, before);
        present.reset();
    }

    pub fn latency(&self) -> Latency {
        let mut both = histogram();
        {
            let minutes = self.minutes();
            // They have the same bounds, without which this fails.
            let _ = both.add(&minutes.present);
            let _ = both.add(&minutes.before);
        }
        Latency {
            count: both.len(),
            p50_us: both.value_at_quantile(0.50),
            p95_us: both.value_at_quantile(0.95),
            p99_us: both.value_at_quantile(0.99),
            max_us: both.max(),
        }
    }

    fn minutes(&self) -> MutexGuard<'_, Minutes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn histogram() -> Histogram<u32> {
    let max = u64::try_from(LATENCY_MAX.as_micros()).unwrap_or(u64::MAX);
    Histogram::new_with_bounds(1, max, LATENCY_DIGITS).expect("these bounds are allowed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_last_two_minutes() {
        let latencies = Latencies::default();
        (1..=100).for_each(|ms| latencies.record(Duration::from_millis(ms)));
        let about = |value: u64, ms: u64| value.abs_diff(ms * 1_000) <= ms * 10;
        let latency = latencies.latency();
        assert!(
            about(latency.p50_us, 50) && about(latency.p95_us, 95) && about(latency.p99_us, 99),
            "{latency:?}"
        );
        assert_eq!(latency.count, 100);
        latencies.minute_over();
        latencies.record(Duration::from_secs(1));
        assert_eq!(latencies.latency().count, 101);
        latencies.minute_over();
        let latency = latencies.latency();
        assert!(latency.count == 1 && about(latency.p50_us, 1_000), "{latency:?}");
        latencies.minute_over();
        assert_eq!(latencies.latency(), Latency::default());
    }
}
