//! The task that reads one client's queue while it has receivers here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::ClientAlphabet;
use domain::id::ConnectionId;
use futures::future::join_all;
use queue::{ForClient, QueueError, Received, Receiver};
use smpp::smsc::ServerSession;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep};
use tracing::{debug, info, warn};

use super::hand::Hand;
use super::round::{self, Ended, Offer};
use super::{Lines, Pauses};
use crate::chain;
use crate::client::figures::Figures;

/// SQS gives ten messages in a call.
const MESSAGES_MAX: i32 = 10;
/// Messages in hand are kept from others for this long, and again each [`HOLD_EVERY`].
const HOLD: Duration = Duration::from_secs(60);
const HOLD_EVERY: Duration = Duration::from_secs(20);
/// What is not deleted comes again: a client that is never given anything twice is worth some tries.
const DELETES_MAX: u32 = 3;
/// After the queue did not answer.
const QUEUE_PAUSE: Duration = Duration::from_secs(1);

/// All that can wake it.
enum Wake {
    Came(Result<Result<Vec<Received<ForClient>>, QueueError>, JoinError>),
    Receiver(ServerSession),
    /// The last session has closed.
    Gone,
    Stop,
}

type Polling = JoinHandle<Result<Vec<Received<ForClient>>, QueueError>>;

pub struct Line {
    pub connection: ConnectionId,
    pub alphabet: ClientAlphabet,
    pub queue: Receiver,
    pub pauses: Pauses,
    pub figures: Arc<Figures>,
    /// Those that may receive, first the one that is used: with two at a time nobody knows the order.
    pub sessions: VecDeque<ServerSession>,
    pub bound: mpsc::UnboundedReceiver<ServerSession>,
    pub lines: Arc<Lines>,
    pub stop: watch::Receiver<bool>,
}

impl Line {
    pub async fn run(mut self) {
        info!(connection = %self.connection, "the client receives");
        let mut polling: Option<Polling> = None;
        while !*self.stop.borrow() {
            if self.session().is_none() {
                match self.lines.end(&self.connection, &mut self.bound) {
                    Some(session) => self.sessions.push_back(session),
                    None => break,
                }
            }
            let poll = polling.get_or_insert_with(|| {
                let queue = self.queue.clone();
                tokio::spawn(async move { queue.receive(MESSAGES_MAX).await })
            });
            let wake = tokio::select! {
                _ = self.stop.wait_for(|stopped| *stopped) => Wake::Stop,
                came = poll => Wake::Came(came),
                bound = self.bound.recv() => bound.map_or(Wake::Stop, Wake::Receiver),
                () = all_closed(&self.sessions) => Wake::Gone,
            };
            match wake {
                Wake::Came(came) => {
                    polling = None;
                    self.came(came).await;
                }
                Wake::Receiver(session) => self.sessions.push_back(session),
                Wake::Gone => {}
                Wake::Stop => break,
            }
        }
        if let Some(polling) = polling {
            // What it brings is for whoever serves the client then. Should this process end before, it
            // comes again by itself after the queue's time.
            tokio::spawn(give_back_when_come(self.queue.clone(), polling));
        }
        info!(connection = %self.connection, "the client does not receive any more");
    }

    async fn came(&mut self, came: Result<Result<Vec<Received<ForClient>>, QueueError>, JoinError>) {
        match came {
            Ok(Ok(received)) if received.is_empty() => {}
            Ok(Ok(received)) => self.deliver(received).await,
            Ok(Err(error)) => {
                warn!(connection = %self.connection, error = chain(error), "the client's queue does not answer");
                self.rest(QUEUE_PAUSE).await;
            }
            Err(error) => warn!(connection = %self.connection, %error, "reading the client's queue broke"),
        }
    }

    /// Delivers until all is answered, no receiver is left, or it is to stop; gives back what is left.
    async fn deliver(&mut self, received: Vec<Received<ForClient>>) {
        let mut hand = Hand::new(received, &self.lines.recall(&self.connection), self.alphabet);
        let mut timer = interval_at(Instant::now() + HOLD_EVERY, HOLD_EVERY);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What is stuck was offered often enough before.
        let first_pause = if hand.stuck() == 0 { self.pauses.first } else { self.pauses.longest };
        let (mut offer, mut pause) = (Offer::at_first(&hand), first_pause);
        while !hand.waiting.is_empty() && !*self.stop.borrow() {
            let Some(session) = self.session() else { break };
            let (handles, stop) = (hand.left(), self.stop.clone());
            let (connection, figures) = (&self.connection, &self.figures);
            let round = round::deliver(&session, &mut hand, offer, &stop, connection, figures);
            let ended = held(&self.queue, &handles, &mut timer, round).await;
            self.delete_done(&mut hand).await;
            match ended {
                Ended::Well => {
                    let next = if offer == Offer::Behind { Offer::Again } else { Offer::All };
                    (offer, pause) = (next, self.pauses.first);
                }
                Ended::Gone => offer = Offer::at_first(&hand),
                Ended::NotNow => {
                    debug!(connection = %self.connection, ?pause, "the client takes nothing now");
                    let handles = hand.left();
                    held(&self.queue, &handles, &mut timer, self.rest(pause)).await;
                    // Another of its receivers may.
                    self.sessions.rotate_left(1.min(self.sessions.len()));
                    (offer, pause) = (Offer::One, self.pauses.longest.min(pause * 2));
                    if hand.stuck() == hand.waiting.len() {
                        // It comes again, with what has come behind it since to be offered beside it.
                        break;
                    }
                }
            }
        }
        self.delete_done(&mut hand).await;
        give_back(&self.queue, &hand.left()).await;
        self.lines.remember(&self.connection, hand.into_begun());
    }

    async fn delete_done(&self, hand: &mut Hand) {
        let done = hand.done();
        for _ in 0..DELETES_MAX {
            if done.is_empty() {
                return;
            }
            match self.queue.delete_all(done.clone()).await {
                Ok(()) => return hand.deleted(&done),
                Err(error) => {
                    warn!(connection = %self.connection, error = chain(error), "answered, and not deleted");
                    sleep(QUEUE_PAUSE).await;
                }
            }
        }
    }

    /// The session in use, or the next one if it is closed.
    fn session(&mut self) -> Option<ServerSession> {
        while let Ok(session) = self.bound.try_recv() {
            self.sessions.push_back(session);
        }
        self.sessions.retain(|session| !session.is_closed());
        self.sessions.front().cloned()
    }

    async fn rest(&self, pause: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep(pause) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    }
}

/// Does some work while the messages in hand are kept from others.
async fn held<T>(
    queue: &Receiver,
    handles: &[String],
    timer: &mut Interval,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = timer.tick() => {}
        }
        hold(queue, handles, HOLD).await;
    }
}

async fn hold(queue: &Receiver, handles: &[String], duration: Duration) {
    for outcome in join_all(handles.iter().map(|handle| queue.hold(handle, duration))).await {
        if let Err(error) = outcome {
            // Deleted meanwhile, or older than the queue keeps anything.
            debug!(error = chain(error), "a client's message is not held");
        }
    }
}

/// At once to whoever asks next.
async fn give_back(queue: &Receiver, handles: &[String]) {
    hold(queue, handles, Duration::ZERO).await;
}

async fn give_back_when_come(queue: Receiver, polling: Polling) {
    if let Ok(Ok(received)) = polling.await {
        let handles: Vec<_> = received.into_iter().map(|received| received.handle).collect();
        give_back(&queue, &handles).await;
    }
}

async fn all_closed(sessions: &VecDeque<ServerSession>) {
    join_all(sessions.iter().map(ServerSession::closed)).await;
}
