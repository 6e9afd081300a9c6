//! What Lambda does: gives the streams to the projector and the progress queue to the progress-applier,
//! all the time, each on a thread of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures::future::join_all;
use queue::Sender;
use tokio::time::sleep;

use crate::embedded_dynamodb::EmbeddedDynamodb;
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::{STACK, World};

pub const PROGRESS: &str = "progress";
/// Between two looks at a stream or queue: what came meanwhile goes together. Lambda looks at a stream four
/// times a second, and gathers progress for one.
const PAUSE: Duration = Duration::from_millis(20);
/// Batches of progress that are applied at once.
const APPLIERS: usize = 4;

/// Running functions; dropped, they end with what they have in hand.
pub struct Functions {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Functions {
    /// On threads that are called as they are.
    pub fn start(world: &World, sqs: &EmbeddedSqs) -> io::Result<Self> {
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let projector = projector::App {
            store: world.store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: crate::embedded_s3::EmbeddedS3::new().archive(),
        };
        let applier = progress_applier::App { store: world.store.clone() };
        let (database, sqs, progress) = (world.database.clone(), sqs.clone(), sqs.queue(PROGRESS));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let projecting = on_thread("projector", async move || {
            let table = |name| project(&projector, &database, name, &stopped);
            tokio::join!(table("ledger"), table("messages"));
        })?;
        let stopped = stop.clone();
        let applying = on_thread("applier", async move || {
            join_all((0..APPLIERS).map(|_| apply(&applier, &sqs, &progress, &stopped))).await;
        })?;
        Ok(Self { stop, threads: vec![projecting, applying] })
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // what broke there was told there
        }
    }
}

fn on_thread(name: &str, work: impl AsyncFnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work()))
}

async fn project(app: &projector::App, database: &EmbeddedDynamodb, table: &str, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        sleep(PAUSE).await;
        let event = database.take_stream(&format!("{STACK}-{table}"));
        if event.records.is_empty() {
            continue;
        }
        while let Err(error) = projector::handle(app, event.clone()).await {
            tracing::warn!(table, "projected again: {error:#}");
            sleep(PAUSE).await;
        }
    }
}

async fn apply(app: &progress_applier::App, sqs: &EmbeddedSqs, progress: &str, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        sleep(PAUSE).await;
        let taken = sqs.take(progress);
        if taken.records.is_empty() {
            continue;
        }
        let answer = progress_applier::handle(app, taken.clone()).await;
        sqs.finish(progress, &taken, &answer);
    }
}
