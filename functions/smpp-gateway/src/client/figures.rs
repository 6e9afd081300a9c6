//! What is counted of each client, for the status page and the metrics. Counts begin with the process.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::ConnectionId;
use serde::Serialize;
use smpp::{BindMode, CommandStatus};

use crate::latency::{Latencies, Latency};
use crate::vendor::figures::Used;

/// The figures of all clients. Clones share them.
#[derive(Clone, Default)]
pub struct ClientBoard {
    clients: Arc<Mutex<BTreeMap<ConnectionId, Arc<Figures>>>>,
    refused_binds: Arc<AtomicU64>,
}

/// Of one client.
#[derive(Default)]
pub struct Figures {
    transmitters: AtomicU32,
    receivers: AtomicU32,
    transceivers: AtomicU32,
    window_used: AtomicU64,
    window_size: AtomicU64,
    rate: AtomicU32,
    accepted: AtomicU64,
    throttled: AtomicU64,
    refused: AtomicU64,
    passed_over: AtomicU64,
    latencies: Latencies,
}

/// A request that the client waits for the answer to, until this is dropped.
pub struct Slot<'a>(&'a AtomicU64);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// How the clients stand at this gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientsStatus {
    /// Since the process began, whoever it was.
    pub refused_binds: u64,
    pub connections: Vec<ClientStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientStatus {
    /// The client's connection.
    pub id: String,
    pub transmitters: u32,
    pub receivers: u32,
    pub transceivers: u32,
    /// Its requests without an answer, and how many of them its binds may have together.
    pub window: Used,
    /// How many messages a second it may send here, as its binds saw last.
    pub rate: u32,
    /// Messages since the process began.
    pub accepted: u64,
    pub throttled: u64,
    /// For other reasons.
    pub refused: u64,
    /// Of its submits for one destination, from when they were read to when they were answered.
    pub latency: Latency,
    /// Deliveries that the client will never take, or did not take however often they were offered.
    pub passed_over: u64,
}

impl ClientBoard {
    pub fn of(&self, connection: &ConnectionId) -> Arc<Figures> {
        self.clients().entry(connection.clone()).or_default().clone()
    }

    pub fn bind_refused(&self) {
        self.refused_binds.fetch_add(1, Relaxed);
    }

    pub fn status(&self) -> ClientsStatus {
        let clients = self.clients();
        let connections = clients.iter().map(|(id, figures)| figures.status(id)).collect();
        ClientsStatus { refused_binds: self.refused_binds.load(Relaxed), connections }
    }

    /// To be called once a minute.
    pub fn minute_over(&self) {
        self.clients().values().for_each(|figures| figures.latencies.minute_over());
    }

    fn clients(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Arc<Figures>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    /// A bind with this window is up.
    pub fn bound(&self, mode: BindMode, window: NonZeroU32) {
        self.binds(mode).fetch_add(1, Relaxed);
        self.window_size.fetch_add(slots(mode, window), Relaxed);
    }

    /// It is down.
    pub fn unbound(&self, mode: BindMode, window: NonZeroU32) {
        self.binds(mode).fetch_sub(1, Relaxed);
        self.window_size.fetch_sub(slots(mode, window), Relaxed);
    }

    /// A request has come.
    pub fn slot(&self) -> Slot<'_> {
        self.window_used.fetch_add(1, Relaxed);
        Slot(&self.window_used)
    }

    /// A submit is answered after this time.
    pub fn answered(&self, after: Duration) {
        self.latencies.record(after);
    }

    pub fn may_send(&self, per_second: NonZeroU32) {
        self.rate.store(per_second.get(), Relaxed);
    }

    pub fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub fn refused(&self, status: CommandStatus) {
        let count = if status.is_throttling() { &self.throttled } else { &self.refused };
        count.fetch_add(1, Relaxed);
    }

    pub fn passed_over(&self) {
        self.passed_over.fetch_add(1, Relaxed);
    }

    fn binds(&self, mode: BindMode) -> &AtomicU32 {
        match mode {
            BindMode::Transmitter => &self.transmitters,
            BindMode::Receiver => &self.receivers,
            BindMode::Transceiver => &self.transceivers,
        }
    }

    fn status(&self, id: &ConnectionId) -> ClientStatus {
        ClientStatus {
            id: id.to_string(),
            transmitters: self.transmitters.load(Relaxed),
            receivers: self.receivers.load(Relaxed),
            transceivers: self.transceivers.load(Relaxed),
            window: Used { used: self.window_used.load(Relaxed), size: self.window_size.load(Relaxed) },
            rate: self.rate.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            refused: self.refused.load(Relaxed),
            latency: self.latencies.latency(),
            passed_over: self.passed_over.load(Relaxed),
        }
    }
}

/// A bind that only receives has no requests of its client's.
fn slots(mode: BindMode, window: NonZeroU32) -> u64 {
    if mode.can_submit() { u64::from(window.get()) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_s_window_is_that_of_all_its_binds_and_is_used_by_what_is_not_answered() {
        let (board, id) = (ClientBoard::default(), ConnectionId::new(7));
        let figures = board.of(&id);
        let window = NonZeroU32::new(10).unwrap();
        let shown = || board.status().connections[0].window;
        figures.bound(BindMode::Transmitter, window);
        figures.bound(BindMode::Transceiver, window);
        figures.bound(BindMode::Receiver, window);
        let first = figures.slot();
        let second = figures.slot();
        assert_eq!(shown(), Used { used: 2, size: 20 });
        drop((first, second));
        figures.unbound(BindMode::Transmitter, window);
        figures.unbound(BindMode::Receiver, window);
        assert_eq!(shown(), Used { used: 0, size: 10 });
    }

    #[test]
    fn how_long_a_client_s_answers_take_is_shown_for_two_minutes() {
        let board = ClientBoard::default();
        board.of(&ConnectionId::new(7)).answered(Duration::from_micros(100));
        let shown = || board.status().connections[0].latency;
        let expected = Latency { count: 1, p50_us: 100, p95_us: 100, p99_us: 100, max_us: 100 };
        assert_eq!(shown(), expected);
        board.minute_over();
        assert_eq!(shown(), expected);
        board.minute_over();
        assert_eq!(shown(), Latency::default());
    }
}
