//! What clients' receivers are given: receipts, and messages from phones.
//!
//! Each client's connection has a queue that keeps order, and is read here while the client has a receiver
//! bound to this process. Several processes may read one queue: it gives its messages to one at a time.
//!
//! Laws: a message leaves the queue only after the client has answered all of it. What the client does
//! not take now is offered again after a pause, and nothing behind it begins before it is taken; after many
//! tries the next one is offered beside it, and if only that is taken, it is passed over. Where the link was
//! lost over it the next one goes first, by itself, and it is passed over when the link is lost over it again.
//! What the client refuses for good counts as taken. What it may have got when its link was lost, it gets
//! again.

mod hand;
mod line;
mod pdu;
mod round;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::ConnectionId;
use queue::Receiver;
use smpp::smsc::ServerSession;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tracing::error;

use self::hand::Begun;
use self::line::Line;
use super::account::Account;
use super::figures::Figures;

/// How long a client is left alone that does not take what it is offered: doubled each time.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    pub first: Duration,
    pub longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

/// The deliveries of all clients of this process. Cheap to clone.
#[derive(Clone)]
pub struct Deliveries {
    sqs: aws_sdk_sqs::Client,
    pauses: Pauses,
    lines: Arc<Lines>,
    stop: Arc<watch::Sender<bool>>,
}

impl Deliveries {
    pub fn new(sqs: aws_sdk_sqs::Client, pauses: Pauses) -> Self {
        let (stop, _) = watch::channel(false);
        Self { sqs, pauses, lines: Arc::default(), stop: Arc::new(stop) }
    }

    /// Gives this session its share of what waits for the client, until it closes. For sessions that may
    /// receive; to be called within a runtime.
    pub fn receiver_bound(&self, account: &Account, session: ServerSession, figures: Arc<Figures>) {
        if *self.stop.borrow() {
            return;
        }
        let mut running = self.lines.running();
        let fed = running.get(&account.connection).map(|running| running.receivers.send(session.clone()));
        if matches!(fed, Some(Ok(()))) {
            return;
        }
        let (receivers, bound) = mpsc::unbounded_channel();
        let line = Line {
            connection: account.connection.clone(),
            alphabet: account.link.alphabet,
            queue: Receiver::new(self.sqs.clone(), account.link.queue_url.clone()),
            pauses: self.pauses,
            figures,
            sessions: [session].into(),
            bound,
            lines: self.lines.clone(),
            stop: self.stop.subscribe(),
        };
        let task = tokio::spawn(line.run());
        running.insert(account.connection.clone(), Running { receivers, task });
    }

    /// Begins nothing more, and returns when the clients have answered what they were given, or their
    /// time for it is up. To be called before their sessions are unbound.
    pub async fn finish(&self) {
        self.stop.send_replace(true);
        let running = std::mem::take(&mut *self.lines.running());
        for (connection, running) in running {
            if let Err(error) = running.task.await {
                error!(%connection, %error, "the deliveries to the client broke");
            }
        }
    }
}

/// The tasks that deliver, one a client's connection.
#[derive(Default)]
struct Lines {
    running: Mutex<HashMap<ConnectionId, Running>>,
    /// What clients had not taken, or only in part, when they went away: the parts that they took are not
    /// given to them again, should they come back here, and the tries of the others count on.
    begun: Mutex<HashMap<ConnectionId, Vec<Begun>>>,
}

struct Running {
    receivers: mpsc::UnboundedSender<ServerSession>,
    task: JoinHandle<()>,
}

impl Lines {
    fn running(&self) -> MutexGuard<'_, HashMap<ConnectionId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a task out that has no session left, unless it gets one at this moment.
    fn end(
        &self,
        connection: &ConnectionId,
        bound: &mut mpsc::UnboundedReceiver<ServerSession>,
    ) -> Option<ServerSession> {
        let mut running = self.running(); // held by whoever feeds the task, too
        let new = bound.try_recv().ok();
        if new.is_none() {
            running.remove(connection);
        }
        new
    }

    fn remember(&self, connection: &ConnectionId, begun: Vec<Begun>) {
        let mut all = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        match begun.is_empty() {
            true => all.remove(connection),
            false => all.insert(connection.clone(), begun),
        };
    }

    fn recall(&self, connection: &ConnectionId) -> Vec<Begun> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(connection).unwrap_or_default()
    }
}
