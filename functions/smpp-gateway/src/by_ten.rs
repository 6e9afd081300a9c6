//! Calls to SQS that take ten things each: what many tasks ask for at once goes together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// What SQS takes in a call.
const CALL_MAX: usize = 10;
/// Calls at one time: with 10 ms a call, some thousands of things a second.
const CALLS_MAX: usize = 8;
/// What may wait for a call; beyond it, those who want something wait.
const WAITING_MAX: usize = 1_000;

/// It was not done, or perhaps it was: to ask for it again has to be safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not answer")]
pub struct NotDone;

struct Asked<T> {
    thing: T,
    done: oneshot::Sender<Result<(), NotDone>>,
}

/// A handle to the task that makes the calls; clones speak to the same task, which ends with the last of
/// them.
pub struct ByTen<T> {
    asked: mpsc::Sender<Asked<T>>,
}

impl<T> Clone for ByTen<T> {
    fn clone(&self) -> Self {
        Self { asked: self.asked.clone() }
    }
}

impl<T: Send + 'static> ByTen<T> {
    /// Starts the task. A thing waits so long for others. `call` is for up to ten of them, and tells the log
    /// why it failed.
    pub fn start<C>(gathered_for: Duration, call: impl Fn(Vec<T>) -> C + Send + 'static) -> Self
    where
        C: Future<Output = Result<(), NotDone>> + Send + 'static,
    {
        let (asked, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(dispatch(gathered_for, call, waiting));
        Self { asked }
    }

    /// Returns once it is done.
    pub async fn ask(&self, thing: T) -> Result<(), NotDone> {
        let (done, answer) = oneshot::channel();
        self.asked.send(Asked { thing, done }).await.map_err(|_| NotDone)?;
        answer.await.unwrap_or(Err(NotDone))
    }
}

async fn dispatch<T: Send + 'static, C>(
    gathered_for: Duration,
    call: impl Fn(Vec<T>) -> C,
    mut waiting: mpsc::Receiver<Asked<T>>,
) where
    C: Future<Output = Result<(), NotDone>> + Send + 'static,
{
    let calls = Arc::new(Semaphore::new(CALLS_MAX));
    loop {
        // First a free call and then the things: the longer it takes, the more go together.
        let Ok(free) = calls.clone().acquire_owned().await else { return };
        let mut asked = Vec::with_capacity(CALL_MAX);
        if waiting.recv_many(&mut asked, CALL_MAX).await == 0 {
            return;
        }
        let until = Instant::now() + gathered_for;
        while let room @ 1.. = CALL_MAX - asked.len()
            && let Ok(1..) = timeout_at(until, waiting.recv_many(&mut asked, room)).await
        {}
        let (things, waiting): (Vec<_>, Vec<_>) =
            asked.into_iter().map(|asked| (asked.thing, asked.done)).unzip();
        let called = call(things);
        tokio::spawn(async move {
            let answer = called.await;
            drop(free);
            for done in waiting {
                // Whoever does not wait any more will ask again.
                let _ = done.send(answer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_for_while_all_calls_are_busy_goes_together() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = sizes.clone();
        let calls = ByTen::start(Duration::ZERO, move |things: Vec<u32>| {
            seen.lock().unwrap().push(things.len());
            let has_seven = things.contains(&7);
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if has_seven { Err(NotDone) } else { Ok(()) }
            }
        });
        let asked = (0..40).map(|number| {
            let calls = calls.clone();
            tokio::spawn(async move { calls.ask(number).await })
        });
        let mut failed = 0;
        for answer in asked.collect::<Vec<_>>() {
            failed += usize::from(answer.await.unwrap().is_err());
        }
        let sizes = sizes.lock().unwrap();
        assert_eq!(sizes.iter().sum::<usize>(), 40);
        assert!(sizes.len() <= 12 && sizes.iter().all(|size| *size <= 10), "{sizes:?}");
        assert!((1..=10).contains(&failed), "those of one call");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_for_within_a_moment_goes_together_and_ten_do_not_wait() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = sizes.clone();
        let calls = ByTen::start(Duration::from_millis(5), move |things: Vec<u32>| {
            seen.lock().unwrap().push(things.len());
            async { Ok(()) }
        });
        for (count, took) in [(3, 5), (10, 0)] {
            let begun = Instant::now();
            let asked = (0..count).map(|number| calls.ask(number));
            assert!(futures::future::join_all(asked).await.iter().all(Result::is_ok));
            assert_eq!(begun.elapsed(), Duration::from_millis(took));
        }
        assert_eq!(*sizes.lock().unwrap(), [3, 10]);
    }
}
