//! What is counted of each client, for the status page and the metrics. Counts begin with the process.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::ConnectionId;
use serde::Serialize;
use smpp::{BindMode, CommandStatus};

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
    rate: AtomicU32,
    accepted: AtomicU64,
    throttled: AtomicU64,
    refused: AtomicU64,
    passed_over: AtomicU64,
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
    /// How many messages a second it may send here, as its binds saw last.
    pub rate: u32,
    /// Messages since the process began.
    pub accepted: u64,
    pub throttled: u64,
    /// For other reasons.
    pub refused: u64,
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

    fn clients(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Arc<Figures>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    pub fn bound(&self, mode: BindMode) {
        self.binds(mode).fetch_add(1, Relaxed);
    }

    pub fn unbound(&self, mode: BindMode) {
        self.binds(mode).fetch_sub(1, Relaxed);
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
            rate: self.rate.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            refused: self.refused.load(Relaxed),
            passed_over: self.passed_over.load(Relaxed),
        }
    }
}
