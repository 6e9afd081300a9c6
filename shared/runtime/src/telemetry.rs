//! Logs: one JSON line an event, no message texts, no secrets.

use tracing_subscriber::EnvFilter;

/// Logs to standard output at the level of `RUST_LOG`, else `info`.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call, in a test process, changes nothing.
    let _ = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).try_init();
}
