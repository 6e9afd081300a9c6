//! The loop of one connection, from its first bind to its end in good order. Each of its binds has a task
//! of its own, see [`keeper`]; its jobs are in [`jobs`].
//!
//! Nothing is waited for in here but what wakes it: binds, jobs and calls to the queue run beside.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::time::Duration;

use domain::connection::{Connection, SmppLink};
use jiff::SignedDuration;
use queue::{Receiver, Sender};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{error, info, warn};

use crate::Gateway;
use crate::ownership::life::Life;
use crate::vendor::bind::{self, Binder, Dial};
use crate::vendor::deliveries::Gathering;
use crate::vendor::figures::{Figures, View};
use crate::vendor::hints::Hints;
use crate::vendor::in_hand::InHand;
use crate::vendor::jobs::{self, Jobs};
use crate::vendor::keeper::{self, Farewell, Keeper};
use crate::vendor::lane::{self, Lane};
use crate::vendor::rate::Rate;
use crate::vendor::sessions::{Lent, Sessions};

/// When we are to stop: how long what is in flight may take, then how long the outcomes of what is
/// now in doubt, then the unbind. Together less than the 30 s after which we are killed.
const FINISH_MAX: Duration = Duration::from_secs(15);
const REPORT_MAX: Duration = Duration::from_secs(5);
const UNBIND_MAX: Duration = Duration::from_secs(4);

/// All that can wake it.
enum Wake {
    /// A bind came or went.
    Sessions,
    /// None has been up for long.
    Down,
    BindBroke(JoinError),
    Jobs(jobs::Event),
    Stop,
    /// Others may take the connection at any moment.
    LifeOver,
    TimeUp,
}

struct Worker {
    lane: Arc<Lane>,
    binds: JoinSet<()>,
    farewell: watch::Sender<Farewell>,
    sessions: watch::Receiver<Vec<Lent>>,
    jobs: Jobs,
    stop: watch::Receiver<bool>,
    /// See [`Pace`](crate::Pace).
    down_after: Duration,
    /// While no bind is up and the link does not count as down yet.
    down_at: Option<Instant>,
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
    let connection = owned.connection.clone();
    let lane = Arc::new(lane(&gateway, owned, stop.clone()));
    let view = View { lane: lane.clone(), in_hand: Arc::default() };
    let mut worker = Worker::new(lane, view.in_hand.clone(), gateway.pace.down_after, stop);
    let work = async move {
        worker.bind(&gateway, &dial, &connection);
        worker.work().await;
        worker.leave().await;
    };
    (view, work)
}

fn lane(gateway: &Gateway, owned: Owned, stop: watch::Receiver<bool>) -> Lane {
    let Owned { connection, link, life, fence } = owned;
    let jobs = Receiver::new(gateway.sqs.clone(), link.queue_url.clone());
    let window = bind::window(&link).get();
    Lane {
        on_unknown_outcome: connection.on_unknown_outcome,
        store: gateway.store.clone(),
        standings: gateway.standings.clone(),
        done: lane::deleting(&jobs, &connection.id),
        jobs,
        new_jobs: Sender::new(gateway.sqs.clone(), link.queue_url.clone()),
        outbox: gateway.outbox.clone(),
        rate: Rate::new(link.rate.get()),
        slots: Arc::new(Semaphore::new(window)),
        gate: Arc::new(Semaphore::new(window)),
        gathering: Gathering::default(),
        hints: Hints::default(),
        references_after: SignedDuration::try_from(gateway.pace.references_after).unwrap_or_default(),
        sessions: Sessions::default(),
        down: watch::Sender::new(false),
        stop,
        closing: watch::Sender::new(false),
        life,
        fence,
        figures: Figures::new(),
        concat_reference: AtomicU16::new(rand::random()),
        connection: connection.id,
        link,
    }
}

impl Worker {
    fn new(lane: Arc<Lane>, in_hand: Arc<InHand>, down_after: Duration, stop: watch::Receiver<bool>) -> Self {
        Self {
            binds: JoinSet::new(),
            farewell: watch::Sender::new(Farewell::NotYet),
            sessions: lane.sessions.watch(),
            jobs: Jobs::new(lane.clone(), in_hand),
            lane,
            stop,
            down_after,
            down_at: Some(Instant::now() + down_after),
            finish_until: None,
        }
    }

    async fn work(&mut self) {
        while !self.is_finished() {
            if self.finish_until.is_none() {
                self.jobs.take_if_room();
            }
            match self.next_wake().await {
                Wake::Sessions => self.follow_link(), // and it may be that jobs are taken again
                Wake::Down => self.count_as_down(),
                Wake::BindBroke(error) => {
                    error!(connection = %self.lane.connection, %error, "a bind's task broke, all begin anew");
                    return;
                }
                Wake::Jobs(event) => self.jobs.handle(event),
                Wake::Stop => self.begin_to_finish(),
                Wake::LifeOver | Wake::TimeUp => return,
            }
        }
    }

    async fn next_wake(&mut self) -> Wake {
        let is_stopping = self.finish_until.is_some();
        tokio::select! {
            // Its sender is the lane's.
            _ = self.sessions.changed() => Wake::Sessions,
            () = reached(self.down_at) => Wake::Down,
            // A bind ends only when it is told to, and that comes later.
            Some(Err(error)) = self.binds.join_next() => Wake::BindBroke(error),
            event = self.jobs.next_event() => Wake::Jobs(event),
            () = self.lane.life.over() => Wake::LifeOver,
            _ = self.stop.wait_for(|stopped| *stopped), if !is_stopping => Wake::Stop,
            () = reached(self.finish_until) => Wake::TimeUp,
        }
    }

    fn bind(&mut self, gateway: &Gateway, dial: &Dial, connection: &Connection) {
        for (mode, number) in keeper::wanted(&self.lane.link) {
            let binder = Binder {
                dial: dial.clone(),
                secrets: gateway.secrets.clone(),
                connection: connection.clone(),
                link: self.lane.link.clone(),
                mode,
                answer_timeout: gateway.pace.answer_timeout,
            };
            let keeper = Keeper::new(self.lane.clone(), binder, number);
            self.binds.spawn(keeper.run(self.farewell.subscribe()));
        }
    }

    fn follow_link(&mut self) {
        if 0 < self.lane.sessions.count() {
            self.down_at = None;
            self.lane.down.send_replace(false);
        } else if self.down_at.is_none() && !self.lane.is_down() {
            self.down_at = Some(Instant::now() + self.down_after);
        }
    }

    fn count_as_down(&mut self) {
        self.down_at = None;
        if self.lane.sessions.count() == 0 {
            warn!(connection = %self.lane.connection, "no bind is up for long, messages take their other routes");
            self.lane.down.send_replace(true);
        }
    }

    fn begin_to_finish(&mut self) {
        info!(connection = %self.lane.connection, jobs = self.jobs.count(), "stopping");
        self.jobs.stop_taking();
        self.finish_until = Some(Instant::now() + FINISH_MAX);
    }

    fn is_finished(&self) -> bool {
        self.finish_until.is_some() && self.jobs.count() == 0
    }

    async fn leave(mut self) {
        if self.jobs.count() == 0 && self.lane.life.is_alive() {
            self.farewell.send_replace(Farewell::Unbind);
        } else {
            // What has no answer by now is in doubt, and that is what is said of it. What waits for its next
            // segment is told by those that were taken.
            self.lane.closing.send_replace(true);
            self.farewell.send_replace(Farewell::Abort);
            self.jobs.finish(REPORT_MAX).await;
        }
        let _ = timeout(UNBIND_MAX, async { while self.binds.join_next().await.is_some() {} }).await;
    }
}

async fn reached(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}
