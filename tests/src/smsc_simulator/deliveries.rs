//! Receipts and incoming messages on their way to the clients, and the binds that may take them.
//!
//! Each delivery is a task that ends only when a receiver has acknowledged it or the simulator
//! stops.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smpp::DeliverSm;
use smpp::smsc::{DeliverError, ServerSession};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::BoundClient;

/// How long a delivery rests after the receiver would not have it.
const REFUSED_REST: Duration = Duration::from_millis(500);

pub(super) struct Deliveries {
    binds: Mutex<Binds>,
    /// Changes with each bind, for the deliveries that wait for one.
    bound: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
    open: AtomicUsize,
}

#[derive(Default)]
struct Binds {
    all: Vec<Bind>,
    /// Receivers take turns.
    turn: usize,
    /// The number of the last bind.
    number: u64,
}

struct Bind {
    number: u64,
    system_id: String,
    session: ServerSession,
}

impl Deliveries {
    pub fn new() -> Self {
        Self {
            binds: Mutex::default(),
            bound: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
            open: AtomicUsize::new(0),
        }
    }

    /// Sends a message after a delay, as soon as and as often as it takes. The task ends with the
    /// acknowledgement.
    pub fn send(self: &Arc<Self>, system_id: &str, delay: Duration, message: DeliverSm) -> JoinHandle<()> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let (deliveries, system_id) = (self.clone(), system_id.to_owned());
        tokio::spawn(async move {
            let mut stopped = deliveries.stopped.subscribe();
            tokio::select! {
                () = deliveries.send_until_acknowledged(&system_id, delay, message) => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
            deliveries.open.fetch_sub(1, Ordering::SeqCst);
        })
    }

    async fn send_until_acknowledged(&self, system_id: &str, delay: Duration, message: DeliverSm) {
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let mut bound = self.bound.subscribe();
        loop {
            bound.mark_unchanged();
            let Some(session) = self.receiver(system_id) else {
                if bound.changed().await.is_err() {
                    return;
                }
                continue;
            };
            match session.deliver(message.clone()).await {
                Ok(status) if status.is_ok() => return,
                Ok(status) => {
                    tracing::debug!(system_id, %status, "a delivery was refused");
                    sleep(REFUSED_REST).await;
                }
                Err(DeliverError::Invalid(error)) => {
                    return tracing::warn!(system_id, %error, "a delivery that no one could read");
                }
                Err(error) => tracing::debug!(system_id, %error, "a delivery has no answer"),
            }
        }
    }

    fn receiver(&self, system_id: &str) -> Option<ServerSession> {
        let mut binds = self.lock();
        binds.turn = binds.turn.wrapping_add(1);
        let fits = |bind: &&Bind| {
            bind.system_id == system_id && bind.session.mode().can_receive() && !bind.session.is_closed()
        };
        let count = binds.all.iter().filter(fits).count();
        let index = binds.turn.checked_rem(count)?;
        binds.all.iter().filter(fits).nth(index).map(|bind| bind.session.clone())
    }

    /// Returns the bind's number.
    pub fn add_bind(&self, system_id: &str, session: &ServerSession) -> u64 {
        let number = {
            let mut binds = self.lock();
            binds.number += 1;
            let bind =
                Bind { number: binds.number, system_id: system_id.to_owned(), session: session.clone() };
            binds.all.push(bind);
            binds.number
        };
        self.bound.send_modify(|count| *count += 1);
        number
    }

    pub fn count_of(&self, system_id: &str) -> usize {
        let is_live = |bind: &&Bind| bind.system_id == system_id && !bind.session.is_closed();
        self.lock().all.iter().filter(is_live).count()
    }

    pub fn forget_closed(&self) {
        self.lock().all.retain(|bind| !bind.session.is_closed());
    }

    pub fn binds(&self) -> Vec<BoundClient> {
        let binds = self.lock();
        let live = binds.all.iter().filter(|bind| !bind.session.is_closed());
        let client = |bind: &Bind| BoundClient {
            number: bind.number,
            system_id: bind.system_id.clone(),
            mode: bind.session.mode(),
            interface_version: bind.session.interface_version(),
        };
        live.map(client).collect()
    }

    pub fn open_count(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub fn disconnect(&self, number: u64) {
        self.lock().all.iter().filter(|bind| bind.number == number).for_each(|bind| bind.session.abort());
    }

    pub fn disconnect_all(&self) {
        for bind in &self.lock().all {
            bind.session.abort();
        }
    }

    pub async fn unbind_all(&self) {
        let sessions: Vec<_> = self.lock().all.iter().map(|bind| bind.session.clone()).collect();
        futures::future::join_all(sessions.iter().map(ServerSession::unbind)).await;
    }

    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, Binds> {
        self.binds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
