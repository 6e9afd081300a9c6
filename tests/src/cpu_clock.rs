//! How long this thread was on a processor, to the nanosecond, as Linux counts it. What others do on the machine
//! meanwhile does not count, so a measurement is the same on a busy one.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Since some moment that stays the same. Where Linux does not count it, time goes by as on the wall.
pub fn on_cpu() -> Duration {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    // On the processor, waiting for it, and how often.
    let counted = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let counted = counted.as_deref().and_then(|line| line.split(' ').next()?.parse().ok());
    counted.map_or_else(|| BEGUN.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}
