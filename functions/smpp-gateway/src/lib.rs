//! smpp-gateway: the links to SMPP vendors. A long-lived process: a Lambda cannot hold a bind.
//!
//! Here is the supervisor, which keeps one task for each connection that is enabled. [`connection`]
//! is that task, [`job`] the walk of one message through it.
//!
//! Laws: a job is deleted only after its outcome is on the progress queue. A receipt is acknowledged
//! only after it is there. A message that may have left is never sent again, unless the connection
//! says so.
//!
//! One process is to run at a time: two would share the vendor's binds and rate by chance.

pub mod bind;
mod connection;
mod in_hand;
mod job;
mod outbox;
mod rate;
mod receipts;
mod sending;
mod submit;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::{Connection, Link, SmppLink};
use domain::id::ConnectionId;
use queue::Sender;
use store::{Secrets, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use crate::bind::Dial;
use crate::outbox::Outbox;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at the connections.
    pub look_every: Duration,
    /// A submit without an answer for this long is in doubt.
    pub answer_timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { look_every: Duration::from_secs(3), answer_timeout: Duration::from_secs(20) }
    }
}

/// What all connections work with.
pub struct Gateway {
    store: Store,
    secrets: Secrets,
    sqs: aws_sdk_sqs::Client,
    outbox: Outbox,
    pace: Pace,
}

impl Gateway {
    /// Must be called within a runtime: the way to the progress queue is a task.
    pub fn new(
        store: Store,
        secrets: Secrets,
        sqs: aws_sdk_sqs::Client,
        progress: Sender,
        pace: Pace,
    ) -> Self {
        Self { store, secrets, sqs, outbox: Outbox::start(progress), pace }
    }
}

/// A connection's task and what it was started with.
struct Running {
    connection: Connection,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Serves all connections until `stop` turns true; returns when each has finished what it had in flight.
pub async fn run(gateway: Gateway, dial: Dial, mut stop: watch::Receiver<bool>) {
    enum Wake {
        Look,
        Stop,
    }
    let mut supervisor = Supervisor { gateway: Arc::new(gateway), dial, running: BTreeMap::new() };
    let mut look = interval(supervisor.gateway.pace.look_every);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let wake = tokio::select! {
            _ = look.tick() => Wake::Look,
            _ = stop.wait_for(|stopped| *stopped) => Wake::Stop,
        };
        match wake {
            Wake::Look => supervisor.look().await,
            Wake::Stop => return supervisor.finish().await,
        }
    }
}

struct Supervisor {
    gateway: Arc<Gateway>,
    dial: Dial,
    running: BTreeMap<ConnectionId, Running>,
}

impl Supervisor {
    /// Makes the tasks what the table says. What is to change is first stopped, and started again when
    /// a later look finds it ended.
    async fn look(&mut self) {
        self.forget_ended().await;
        let stored = match self.gateway.store.all_connections().await {
            Ok(connections) => connections,
            // Those that run go on as they are.
            Err(error) => return warn!(error = chain(error), "the connections cannot be read"),
        };
        let wanted: BTreeMap<_, _> = stored.into_iter().filter_map(wanted).collect();
        for (id, running) in &self.running {
            if !wanted.get(id).is_some_and(|(connection, _)| is_same(connection, &running.connection)) {
                running.stop.send_replace(true);
            }
        }
        for (id, (connection, link)) in wanted {
            if !self.running.contains_key(&id) {
                self.start(id, connection, link);
            }
        }
    }

    async fn forget_ended(&mut self) {
        let ended = self.running.extract_if(.., |_, running| running.task.is_finished());
        for (connection, running) in ended.collect::<Vec<_>>() {
            if let Err(error) = running.task.await {
                error!(%connection, %error, "the connection's task broke, it is started again");
            }
        }
    }

    fn start(&mut self, id: ConnectionId, connection: Connection, link: SmppLink) {
        info!(connection = %id, name = connection.name, "started");
        let (stop, stopped) = watch::channel(false);
        let gateway = self.gateway.clone();
        let task =
            tokio::spawn(connection::run(gateway, connection.clone(), link, self.dial.clone(), stopped));
        self.running.insert(id, Running { connection, stop, task });
    }

    async fn finish(self) {
        for running in self.running.values() {
            running.stop.send_replace(true);
        }
        for (connection, running) in self.running {
            if let Err(error) = running.task.await {
                error!(%connection, %error, "the connection's task broke");
            }
        }
    }
}

fn wanted(connection: Connection) -> Option<(ConnectionId, (Connection, SmppLink))> {
    match connection.link.clone() {
        Link::Smpp(link) if connection.enabled => Some((connection.id.clone(), (connection, link))),
        Link::Smpp(_) | Link::Alaris(_) => None,
    }
}

/// Whether two versions of a connection work alike; a new name is no reason to drop a link.
fn is_same(one: &Connection, other: &Connection) -> bool {
    one.link == other.link && one.on_unknown_outcome == other.on_unknown_outcome
}

/// An error and its causes, for a log.
fn chain(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
