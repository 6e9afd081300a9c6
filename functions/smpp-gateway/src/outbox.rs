//! The way to the progress queue: what many tasks have to say at once goes out by the ten.

use queue::{Progress, Sender};
use tracing::error;

use crate::by_ten::{ByTen, NotDone};
use crate::chain;

/// The queue did not take it, or perhaps did: to say it again is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the progress is not stored")]
pub struct NotStored;

/// A handle to it; clones share it.
#[derive(Clone)]
pub struct Outbox {
    letters: ByTen<String>,
}

impl Outbox {
    /// Must be called within a runtime: it starts a task.
    pub fn start(queue: Sender) -> Self {
        Self { letters: ByTen::start(move |letters| post(queue.clone(), letters)) }
    }

    /// Returns once the queue has it.
    pub async fn send(&self, progress: &Progress) -> Result<(), NotStored> {
        let letter = serde_json::to_string(progress).map_err(|error| {
            error!(%error, "progress is not written");
            NotStored
        })?;
        self.letters.ask(letter).await.map_err(|NotDone| NotStored)
    }
}

async fn post(queue: Sender, letters: Vec<String>) -> Result<(), NotDone> {
    let count = letters.len();
    queue.send_written(letters).await.map_err(|error| {
        error!(error = chain(error), count, "progress is not stored");
        NotDone
    })
}
