//! The loop of one connection: binds and binds again, takes jobs while it is bound and has room for
//! them, passes receipts on, and ends in good order.
//!
//! Nothing is waited for in here but what wakes it: jobs, receipts and calls to the queue run beside.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::Duration;

use domain::connection::{Connection, SmppLink};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use queue::{Job, QueueError, Received, Receiver};
use smpp::esme::{Delivery, Inbound, Session};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tracing::{error, info, warn};

use crate::ownership::life::Life;
use crate::vendor::bind::{self, Dial, NotBound};
use crate::vendor::figures::{Figures, View};
use crate::vendor::in_hand::{Delivered, InHand};
use crate::vendor::job::{self, Lane};
use crate::vendor::rate::Rate;
use crate::vendor::receipts;
use crate::{Gateway, chain};

/// A job in hand is kept from others for this long, and again each [`HOLD_EVERY`]: one miss is no harm.
const HOLD: Duration = Duration::from_secs(60);
const HOLD_EVERY: Duration = Duration::from_secs(20);
/// Calls at one time when jobs are held.
const HOLD_CALLS_MAX: usize = 8;
/// No more jobs are taken than the rate lets out in this time.
const AHEAD_SECONDS: u32 = 5;
/// SQS gives ten jobs in a call.
const JOBS_MAX: usize = 10;
/// After the queue did not answer.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);
/// A link that lived so long was a good one, and its loss is the first failure.
const GOOD_LINK: Duration = Duration::from_secs(30);
/// When we are to stop: how long what is in flight may take, then how long the outcomes of what is
/// now in doubt, then the unbind. Together less than the 30 s after which we are killed.
const FINISH_MAX: Duration = Duration::from_secs(15);
const REPORT_MAX: Duration = Duration::from_secs(5);
const UNBIND_MAX: Duration = Duration::from_secs(3);

/// All that can wake it.
enum Wake {
    Bound(Box<(Session, Inbound)>),
    NotBound(NotBound),
    Jobs(Vec<Received<Job>>),
    QueueFailed(QueueError),
    Deliver(Box<Delivery>),
    LinkLost,
    /// A job has ended, so there is room for another.
    Room,
    HoldDue,
    Stop,
    /// Others may take the connection at any moment.
    LifeOver,
    TimeUp,
}

type Binding = BoxFuture<'static, Result<(Session, Inbound), NotBound>>;
type Polling = BoxFuture<'static, Result<Vec<Received<Job>>, QueueError>>;

/// A link that is up.
struct Bound {
    inbound: Inbound,
    since: Instant,
}

struct Worker {
    gateway: Arc<Gateway>,
    link: SmppLink,
    dial: Dial,
    lane: Arc<Lane>,
    in_hand: Arc<InHand>,
    in_hand_max: usize,
    session: watch::Sender<Option<Session>>,
    bound: Option<Bound>,
    binding: Option<Binding>,
    failures: u32,
    polling: Option<Polling>,
    jobs: JoinSet<()>,
    hold_timer: Interval,
    stop: watch::Receiver<bool>,
    /// Set once we are to stop.
    finish_until: Option<Instant>,
}

/// A connection that this process owns.
pub struct Owned {
    pub connection: Connection,
    /// The connection's own.
    pub link: SmppLink,
    pub life: Life,
    pub fence: u64,
}

/// What serves a connection until `stop` turns true or the process's life is over, and a view of it.
pub fn serve(
    gateway: Arc<Gateway>,
    owned: Owned,
    dial: Dial,
    stop: watch::Receiver<bool>,
) -> (View, impl Future<Output = ()> + Send) {
    let mut worker = Worker::new(gateway, owned, dial, stop);
    let view = View { lane: worker.lane.clone(), in_hand: worker.in_hand.clone(), link: worker.link.clone() };
    let work = async move {
        worker.bind_after(Duration::ZERO);
        worker.work().await;
        worker.leave().await;
    };
    (view, work)
}

impl Worker {
    fn new(gateway: Arc<Gateway>, owned: Owned, dial: Dial, stop: watch::Receiver<bool>) -> Self {
        let Owned { connection, link, life, fence } = owned;
        let (session, watched) = watch::channel(None);
        let lane = Lane {
            on_unknown_outcome: connection.on_unknown_outcome,
            store: gateway.store.clone(),
            jobs: Receiver::new(gateway.sqs.clone(), link.queue_url.clone()),
            outbox: gateway.outbox.clone(),
            rate: Rate::new(link.rate.get()),
            slots: Arc::new(Semaphore::new(bind::window(&link).get())),
            session: watched,
            stop: stop.clone(),
            life,
            fence,
            figures: Figures::new(),
            concat_reference: AtomicU8::new(rand::random()),
            connection: connection.id,
        };
        let mut hold_timer = interval(HOLD_EVERY);
        hold_timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            in_hand_max: in_hand_max(&link),
            gateway,
            link,
            dial,
            lane: Arc::new(lane),
            in_hand: Arc::default(),
            session,
            bound: None,
            binding: None,
            failures: 0,
            polling: None,
            jobs: JoinSet::new(),
            hold_timer,
            stop,
            finish_until: None,
        }
    }

    async fn work(&mut self) {
        while !self.is_finished() {
            self.poll_if_room();
            match self.next_wake().await {
                Wake::Bound(link) => self.begin_link(*link),
                Wake::NotBound(error) => self.bind_later(error),
                Wake::Jobs(jobs) => self.begin_jobs(jobs),
                Wake::QueueFailed(error) => self.poll_later(error),
                Wake::Deliver(delivery) => self.pass_on(*delivery),
                Wake::LinkLost => self.end_link().await,
                Wake::Room => {}
                Wake::HoldDue => self.hold_jobs(),
                Wake::Stop => self.begin_to_finish(),
                Wake::LifeOver | Wake::TimeUp => return,
            }
        }
    }

    async fn next_wake(&mut self) -> Wake {
        let inbound = self.bound.as_mut().map(|bound| &mut bound.inbound);
        let is_stopping = self.finish_until.is_some();
        tokio::select! {
            bound = due(&mut self.binding) => match bound {
                Ok(link) => Wake::Bound(Box::new(link)),
                Err(error) => Wake::NotBound(error),
            },
            polled = due(&mut self.polling) => match polled {
                Ok(jobs) => Wake::Jobs(jobs),
                Err(error) => Wake::QueueFailed(error),
            },
            delivery = next_delivery(inbound) => match delivery {
                Some(delivery) => Wake::Deliver(Box::new(delivery)),
                None => Wake::LinkLost,
            },
            Some(ended) = self.jobs.join_next() => {
                if let Err(error) = ended {
                    error!(connection = %self.lane.connection, %error, "a job broke, it will come again");
                }
                Wake::Room
            }
            _ = self.hold_timer.tick() => Wake::HoldDue,
            () = self.lane.life.over() => Wake::LifeOver,
            _ = self.stop.wait_for(|stopped| *stopped), if !is_stopping => Wake::Stop,
            () = reached(self.finish_until) => Wake::TimeUp,
        }
    }

    // The link

    fn bind_after(&mut self, pause: Duration) {
        let (dial, secrets) = (self.dial.clone(), self.gateway.secrets.clone());
        let (id, link) = (self.lane.connection.clone(), self.link.clone());
        let answer_timeout = self.gateway.pace.answer_timeout;
        self.binding = Some(Box::pin(async move {
            sleep(pause).await;
            bind::once(dial, secrets, id, link, answer_timeout).await
        }));
    }

    fn bind_later(&mut self, not_bound: NotBound) {
        self.failures = self.failures.saturating_add(1);
        let is_refusal = not_bound.is_refusal();
        let pause = bind::back_off(self.failures, is_refusal);
        let (connection, pause_ms) = (&self.lane.connection, pause.as_millis());
        let error = chain(not_bound);
        self.lane.figures.trouble(&error);
        if is_refusal {
            error!(%connection, pause_ms, error, "not bound, somebody has to look at the settings");
        } else {
            warn!(%connection, pause_ms, error, "not bound");
        }
        self.bind_after(pause);
    }

    fn begin_link(&mut self, (session, inbound): (Session, Inbound)) {
        info!(connection = %self.lane.connection, "bound");
        self.lane.figures.bound();
        self.bound = Some(Bound { inbound, since: Instant::now() });
        self.session.send_replace(Some(session));
    }

    async fn end_link(&mut self) {
        let Some(session) = self.session.send_replace(None) else { return };
        let reason = session.closed().await; // at once, since nothing comes in any more
        let since = self.bound.take().map(|bound| bound.since);
        if since.is_some_and(|since| GOOD_LINK <= since.elapsed()) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let pause = bind::back_off(self.failures, false);
        self.lane.figures.trouble(&format!("the link is lost: {reason:?}"));
        warn!(connection = %self.lane.connection, ?reason, pause_ms = pause.as_millis(), "the link is lost");
        self.bind_after(pause);
    }

    fn pass_on(&self, delivery: Delivery) {
        // As many at a time as the session's inbound window has.
        tokio::spawn(receipts::pass_on(self.lane.clone(), delivery));
    }

    // The jobs

    fn poll_if_room(&mut self) {
        let room = self.in_hand_max.saturating_sub(self.jobs.len());
        let may_poll = self.bound.is_some() && self.polling.is_none() && self.finish_until.is_none();
        if may_poll && 0 < room {
            let lane = self.lane.clone();
            let most = i32::try_from(room.min(JOBS_MAX)).unwrap_or(1);
            self.polling = Some(Box::pin(async move { lane.jobs.receive(most).await }));
        }
    }

    fn poll_later(&mut self, failed: QueueError) {
        let error = chain(failed);
        self.lane.figures.trouble(&error);
        warn!(connection = %self.lane.connection, error, "no jobs from the queue");
        self.polling = Some(Box::pin(async {
            sleep(QUEUE_PAUSE).await;
            Ok(Vec::new())
        }));
    }

    fn begin_jobs(&mut self, jobs: Vec<Received<Job>>) {
        for Received { content, handle } in jobs {
            let Job::SubmitV1 { message, .. } = content else { continue };
            match self.in_hand.take(&message, handle.clone()) {
                Delivered::New(hand) => {
                    self.jobs.spawn(job::run(self.lane.clone(), hand));
                }
                Delivered::Working => info!(message_id = %message, "its job was delivered twice"),
                Delivered::Finished => {
                    let lane = self.lane.clone();
                    self.jobs.spawn(async move { lane.delete(&[handle]).await });
                }
            }
        }
    }

    fn hold_jobs(&self) {
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

    // The end

    /// No more jobs. Those that have not begun go back by themselves.
    fn begin_to_finish(&mut self) {
        info!(connection = %self.lane.connection, jobs = self.jobs.len(), "stopping");
        self.polling = None;
        self.finish_until = Some(Instant::now() + FINISH_MAX);
    }

    fn is_finished(&self) -> bool {
        self.finish_until.is_some() && self.jobs.is_empty()
    }

    async fn leave(mut self) {
        let session = self.session.send_replace(None);
        if !self.jobs.is_empty() || !self.lane.life.is_alive() {
            // What has no answer by now is in doubt, and that is what is said of it.
            session.inspect(Session::abort);
            let _ = timeout(REPORT_MAX, async { while self.jobs.join_next().await.is_some() {} }).await;
            self.jobs.shutdown().await;
        } else if let Some(session) = session {
            let reason = timeout(UNBIND_MAX, session.unbind()).await.ok();
            info!(connection = %self.lane.connection, ?reason, "unbound");
        }
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

async fn next_delivery(inbound: Option<&mut Inbound>) -> Option<Delivery> {
    match inbound {
        Some(inbound) => inbound.next().await,
        None => pending().await,
    }
}

async fn reached(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}
