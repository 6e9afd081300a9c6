//! The jobs of one connection: taken from its queue while there is room for them, kept from others while
//! they are in hand, and each run as a task of its own.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::SmppLink;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use queue::{Job, QueueError, Received};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};
use tracing::{error, info, warn};

use crate::chain;
use crate::vendor::in_hand::{Delivered, Hand, InHand, Subject};
use crate::vendor::lane::{Lane, RECEIVES_FOR_LATER};
use crate::vendor::{block_job, job};

/// A job in hand is kept from others for this long, and again each [`HOLD_EVERY`]: one miss is no harm.
const HOLD: Duration = Duration::from_secs(60);
const HOLD_EVERY: Duration = Duration::from_secs(20);
/// Calls at one time when jobs are held.
const HOLD_CALLS_MAX: usize = 8;
/// No more messages are taken than the rate lets out in this time.
const AHEAD_SECONDS: u32 = 5;
/// SQS gives ten jobs in a call.
const CALL_MAX: usize = 10;
/// After the queue did not answer.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);
/// What the queue's troubles are shown as.
const QUEUE: &str = "queue";

/// What is to be done about them.
pub enum Event {
    Taken(Vec<Received<Job>>),
    QueueFailed(QueueError),
    HoldDue,
    /// There is room for another.
    Ended,
}

type Polling = BoxFuture<'static, Result<Vec<Received<Job>>, QueueError>>;

pub struct Jobs {
    lane: Arc<Lane>,
    in_hand: Arc<InHand>,
    in_hand_max: usize,
    polling: Option<Polling>,
    running: JoinSet<()>,
    hold_timer: Interval,
}

impl Jobs {
    pub fn new(lane: Arc<Lane>, in_hand: Arc<InHand>) -> Self {
        let in_hand_max = in_hand_max(&lane.link);
        let mut hold_timer = interval(HOLD_EVERY);
        hold_timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { lane, in_hand, in_hand_max, polling: None, running: JoinSet::new(), hold_timer }
    }

    /// How many are being worked on.
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// Asks the queue for more while there is room, and either a bind is up or none was for so long that
    /// messages take other routes.
    pub fn take_if_room(&mut self) {
        let is_worked_on = 0 < self.lane.sessions.count() || self.lane.is_down();
        if self.polling.is_none() && is_worked_on && 0 < self.room() {
            self.polling = Some(self.poll(Duration::ZERO));
        }
    }

    /// Those that were asked for and did not come yet go back by themselves.
    pub fn stop_taking(&mut self) {
        self.polling = None;
    }

    pub async fn next_event(&mut self) -> Event {
        tokio::select! {
            polled = due(&mut self.polling) => match polled {
                Ok(jobs) => Event::Taken(jobs),
                Err(error) => Event::QueueFailed(error),
            },
            Some(ended) = self.running.join_next() => {
                if let Err(error) = ended {
                    error!(connection = %self.lane.connection, %error, "a job broke, it will come again");
                }
                Event::Ended
            }
            _ = self.hold_timer.tick() => Event::HoldDue,
        }
    }

    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Taken(jobs) => {
                self.lane.figures.well(QUEUE);
                self.begin(jobs);
            }
            Event::QueueFailed(failed) => {
                let error = chain(failed);
                self.lane.figures.trouble(QUEUE, &error);
                warn!(connection = %self.lane.connection, error, "no jobs from the queue");
                self.polling = Some(self.poll(QUEUE_PAUSE));
            }
            Event::HoldDue => self.hold(),
            Event::Ended => {}
        }
    }

    /// Waits so long for those that run, and drops the rest.
    pub async fn finish(mut self, most: Duration) {
        let _ = timeout(most, async { while self.running.join_next().await.is_some() {} }).await;
        self.running.shutdown().await;
    }

    fn room(&self) -> usize {
        self.in_hand_max.saturating_sub(self.in_hand.messages())
    }

    fn poll(&self, pause: Duration) -> Polling {
        let lane = self.lane.clone();
        let most = i32::try_from(self.room().clamp(1, CALL_MAX)).unwrap_or(1);
        Box::pin(async move {
            sleep(pause).await;
            lane.jobs.receive(most).await
        })
    }

    fn begin(&mut self, jobs: Vec<Received<Job>>) {
        for Received { content, handle, receives } in jobs {
            let (subject, count) = match &content {
                Job::SubmitV1 { message, .. } => (Subject::Message(message.clone()), 1),
                Job::SubmitBlockV1 { block, count, .. } => {
                    (Subject::Block(block.clone()), usize::from(*count))
                }
            };
            match self.in_hand.take(subject.clone(), count, handle.clone()) {
                Delivered::New(hand) => self.begin_job(content, hand, RECEIVES_FOR_LATER <= receives),
                Delivered::Working => info!(%subject, "its job was delivered twice"),
                Delivered::Finished => {
                    let lane = self.lane.clone();
                    self.running.spawn(async move { lane.delete(vec![handle]).await });
                }
            }
        }
    }

    /// `is_last` if it is not to come again because the vendor says "later".
    fn begin_job(&mut self, job: Job, hand: Hand, is_last: bool) {
        let lane = self.lane.clone();
        match job {
            Job::SubmitV1 { message, .. } => self.running.spawn(job::run(lane, hand, message, is_last)),
            Job::SubmitBlockV1 { block, count, .. } => {
                self.running.spawn(block_job::run(lane, hand, block, count, is_last))
            }
        };
    }

    fn hold(&self) {
        let handles = self.in_hand.handles();
        let lane = self.lane.clone();
        tokio::spawn(async move {
            let hold = async |handle: String| {
                // A job that has just ended cannot be held, and any other comes again, known as in hand.
                if let Err(error) = lane.jobs.hold(&handle, HOLD).await {
                    warn!(connection = %lane.connection, error = chain(error), "a job is not held");
                }
            };
            stream::iter(handles).for_each_concurrent(HOLD_CALLS_MAX, hold).await;
        });
    }
}

/// No more than the window can take soon: as much again as it holds, unless the rate is slower.
fn in_hand_max(link: &SmppLink) -> usize {
    let by_rate = link.rate.get().saturating_mul(AHEAD_SECONDS);
    let most = link.window.get().saturating_mul(2).min(by_rate);
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// Waits for the future, if there is one, and takes it out.
async fn due<T>(slot: &mut Option<BoxFuture<'static, T>>) -> T {
    let Some(future) = slot else { return pending().await };
    let value = future.await;
    *slot = None;
    value
}
