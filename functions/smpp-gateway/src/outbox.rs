//! The way to the progress queue: what many tasks have to say at once goes out by the ten.

use std::sync::Arc;

use queue::{Progress, Sender};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tracing::error;

use crate::chain;

/// SQS takes ten messages in a call.
const BATCH_MAX: usize = 10;
/// Calls at one time: with 10 ms a call, some thousands of progresses a second.
const CALLS_MAX: usize = 8;
/// What may wait for a call; beyond it, those who want to say something wait.
const WAITING_MAX: usize = 1_000;

/// The queue did not take it, or perhaps did: to say it again is safe.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the progress is not stored")]
pub struct NotStored;

struct Letter {
    progress: Progress,
    stored: oneshot::Sender<Result<(), NotStored>>,
}

/// A handle to it; clones speak to the same task, which ends with the last of them.
#[derive(Clone)]
pub struct Outbox {
    letters: mpsc::Sender<Letter>,
}

impl Outbox {
    /// Starts the task.
    pub fn start(queue: Sender) -> Self {
        let (letters, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(dispatch(queue, waiting));
        Self { letters }
    }

    /// Returns once the queue has it.
    pub async fn send(&self, progress: Progress) -> Result<(), NotStored> {
        let (stored, answer) = oneshot::channel();
        self.letters.send(Letter { progress, stored }).await.map_err(|_| NotStored)?;
        answer.await.unwrap_or(Err(NotStored))
    }
}

async fn dispatch(queue: Sender, mut waiting: mpsc::Receiver<Letter>) {
    let calls = Arc::new(Semaphore::new(CALLS_MAX));
    loop {
        // First a free call and then the letters: the longer it takes, the more go together.
        let Ok(call) = calls.clone().acquire_owned().await else { return };
        let mut letters = Vec::with_capacity(BATCH_MAX);
        if waiting.recv_many(&mut letters, BATCH_MAX).await == 0 {
            return;
        }
        let queue = queue.clone();
        tokio::spawn(async move {
            post(&queue, letters).await;
            drop(call);
        });
    }
}

async fn post(queue: &Sender, letters: Vec<Letter>) {
    let (progresses, waiting): (Vec<_>, Vec<_>) =
        letters.into_iter().map(|letter| (letter.progress, letter.stored)).unzip();
    let sent = queue.send_all(&progresses).await.map_err(|error| {
        error!(error = chain(error), count = progresses.len(), "progress is not stored");
        NotStored
    });
    for stored in waiting {
        // Whoever does not wait any more will say it again.
        let _ = stored.send(sent);
    }
}
