//! smpp-gateway: the links to SMPP vendors, and from clients who speak SMPP. A long-lived process: a Lambda
//! cannot hold a bind.
//!
//! Several processes may run; [`ownership`] says which of them serves which connection, and
//! [`supervisor`] keeps a task for each that is this one's; see [`vendor`]. Clients bind to any of them; see
//! [`client`]. [`status`] and [`metrics`] show how it stands.
//!
//! Laws: a job is deleted only after its outcome is on the progress queue. A receipt is acknowledged
//! only after it is there. A message that may have left is never sent again, unless the connection
//! says so. A connection is served by one process at a time.

mod by_ten;
pub mod client;
pub mod latency;
pub mod metrics;
mod outbox;
pub mod ownership;
pub mod status;
mod supervisor;
pub mod vendor;

use std::time::Duration;

use queue::Sender;
use store::{Secrets, Standings, Store};
use tokio::sync::watch;

use crate::outbox::Outbox;
use crate::status::Board;
use crate::supervisor::Supervisor;
use crate::vendor::bind::Dial;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at the connections' settings.
    pub look_every: Duration,
    /// Between two looks at who serves them; a connection that is given back waits so long for its next
    /// owner.
    pub share_every: Duration,
    /// Between two renewals of this process's lease.
    pub renew_every: Duration,
    /// A process that was not renewed for this long is dead to the others. With what they need to see it
    /// twice, less than the 30 s after which a connection has to be served again.
    pub lease: Duration,
    /// A submit without an answer for this long is in doubt.
    pub answer_timeout: Duration,
    /// When no bind was up for this long, what waits takes its other routes.
    pub down_after: Duration,
    /// The vendors' ids of a block are stored so long after it was claimed, for receipts of which we know no
    /// more what they are about.
    pub references_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(3),
            share_every: Duration::from_secs(1),
            renew_every: Duration::from_secs(5),
            lease: Duration::from_secs(20),
            answer_timeout: Duration::from_secs(20),
            down_after: Duration::from_secs(60),
            references_after: Duration::from_secs(60),
        }
    }
}

/// What all connections work with.
pub struct Gateway {
    store: Store,
    secrets: Secrets,
    sqs: aws_sdk_sqs::Client,
    outbox: Outbox,
    pace: Pace,
    board: Board,
    standings: Standings,
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
        let standings = Standings::new(store.clone());
        let (outbox, board) = (Outbox::start(progress), Board::default());
        Self { store, secrets, sqs, outbox, pace, board, standings }
    }

    /// Where it shows how it stands.
    pub fn board(&self) -> Board {
        self.board.clone()
    }
}

/// Serves this process's share of the connections until `stop` turns true; returns when each has finished
/// what it had in flight and was given back.
pub async fn run(gateway: Gateway, dial: Dial, stop: watch::Receiver<bool>) {
    Supervisor::new(gateway, dial).run(stop).await;
}

/// An error and its causes, for a log.
fn chain(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
