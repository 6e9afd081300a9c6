//! The way to the progress queue: what many tasks have to say at once goes out by the ten.

use std::time::Duration;

use jiff::SignedDuration;
use queue::{Letter, Progress, QueueError, Sender};
use tracing::error;

use crate::by_ten::{ByTen, NotDone};
use crate::chain;

/// A call takes some hundred microseconds of a processor, whether there is one progress in it or ten.
const GATHERED_FOR: Duration = Duration::from_millis(3);

/// The queue did not take it, or perhaps did: to say it again is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the progress is not stored")]
pub struct NotStored;

/// A handle to it; clones share it.
#[derive(Clone)]
pub struct Outbox {
    letters: ByTen<Letter>,
}

impl Outbox {
    /// Must be called within a runtime: it starts a task.
    pub fn start(queue: Sender) -> Self {
        Self { letters: ByTen::start(GATHERED_FOR, move |letters| post(queue.clone(), letters)) }
    }

    /// Returns once the queue has it.
    pub async fn send(&self, progress: &Progress) -> Result<(), NotStored> {
        self.post(Letter::new(progress)).await
    }

    /// The same for what is to be worked on after this time.
    pub async fn send_later(&self, progress: &Progress, after: SignedDuration) -> Result<(), NotStored> {
        self.post(Letter::later(progress, after)).await
    }

    async fn post(&self, letter: Result<Letter, QueueError>) -> Result<(), NotStored> {
        let letter = letter.map_err(|error| {
            error!(error = chain(error), "progress is not written");
            NotStored
        })?;
        self.letters.ask(letter).await.map_err(|NotDone| NotStored)
    }
}

async fn post(queue: Sender, letters: Vec<Letter>) -> Result<(), NotDone> {
    let count = letters.len();
    queue.send_letters(letters).await.map_err(|error| {
        error!(error = chain(error), count, "progress is not stored");
        NotDone
    })
}
