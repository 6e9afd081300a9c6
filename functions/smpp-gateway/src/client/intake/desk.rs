//! Where the orders that one wallet pays are gathered and charged. A few a second are charged at the
//! wallet itself, a row each. More are charged through leases, in blocks of those that came within some
//! milliseconds and go over one connection; a lease does one thing at a time, so several are held when
//! one keeps up no longer. Who has too little money for a lease is served at the wallet again, and what waits
//! there goes into blocks as soon as a lease is had.

mod arrivals;
mod broke;
mod work;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::id::{ConnectionId, MessageId, WalletId};
use domain::lease::Load;
use domain::order::Line;
use jiff::{SignedDuration, Timestamp};
use sending::HotWallets;
use store::{LeaseSession, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use self::arrivals::Arrivals;
use self::broke::Broke;
use self::work::{Done, Over};
use crate::chain;
use crate::client::account::Refusal;

/// A block is written when its first message has waited for so long, or when it is full.
const GATHERED_FOR: Duration = Duration::from_millis(10);
/// Orders that wait for longer than some two flushes take say that the leases do not keep up.
const KEEPS_UP: Duration = Duration::from_millis(60);
/// Each keeps escrow to itself, and at 8 ms a write four of them charge some 25,000 messages a second.
const LEASES_MAX: usize = 4;
/// A lease gives back what it has when nothing was sent through it for so long.
const IDLE: Duration = Duration::from_secs(30);
/// A wallet that could give its lease nothing is left alone for a while: it is as well charged itself.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// One that has no lease free, or does not answer, may soon have one again.
const SHORT_PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// Charges of the wallet itself at once; more would only be in each other's way.
const AT_HOME_MAX: usize = 4;
/// Orders that wait to be charged at the wallet: some seconds' worth, as each takes some 30 ms. Who comes then
/// is told to come later.
const ROWS_MAX: usize = 500;
/// A lease would charge these sooner.
const ROWS_MANY: usize = 50;
/// Orders that wait at one desk: at the most that leases do they wait for half a second.
const WAITING_MAX: usize = 10_000;

/// An order with its price.
pub struct Asked {
    pub line: Line,
    /// Messages of a block over its connection, if the vendor takes blocks.
    pub at_once: Option<usize>,
}

type Answer = oneshot::Sender<Result<MessageId, Refusal>>;

/// An order that waits.
struct Waiting {
    line: Line,
    answer: Answer,
    since: Instant,
    /// Messages of a block that it may go in, if it may.
    at_once: Option<usize>,
}

/// The way to a desk. It finishes and closes once all of them are gone.
#[derive(Clone)]
pub struct Desk {
    orders: mpsc::Sender<(Asked, Answer)>,
}

impl Desk {
    pub fn open(store: Store, hot: HotWallets, home: WalletId) -> (Self, JoinHandle<()>) {
        let (orders, asked) = mpsc::channel(WAITING_MAX);
        let clerk = Clerk {
            store,
            hot,
            home,
            asked,
            is_open: true,
            blocks: HashMap::new(),
            rows: VecDeque::new(),
            leases: Leases::default(),
            arrivals: Arrivals::default(),
            load: Load::default(),
            broke: Broke::default(),
            at_home: 0,
            work: JoinSet::new(),
        };
        (Self { orders }, tokio::spawn(clerk.run()))
    }

    /// Hands an order in, to be answered when it is charged or refused.
    pub fn ask(&self, asked: Asked, answer: Answer) -> Result<(), Refusal> {
        self.orders.try_send((asked, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::Throttled,
            mpsc::error::TrySendError::Closed(_) => Refusal::Unavailable,
        })
    }
}

/// Who serves a desk.
struct Clerk {
    store: Store,
    hot: HotWallets,
    home: WalletId,
    asked: mpsc::Receiver<(Asked, Answer)>,
    /// Whether anybody may still ask.
    is_open: bool,
    /// What may go as blocks, by connection.
    blocks: HashMap<ConnectionId, Gathered>,
    /// What is charged at the wallet, a row each.
    rows: VecDeque<Waiting>,
    leases: Leases,
    arrivals: Arrivals,
    load: Load,
    broke: Broke,
    /// Charges at the wallet under way.
    at_home: usize,
    work: JoinSet<Done>,
}

/// Orders for one connection.
struct Gathered {
    waiting: VecDeque<Waiting>,
    at_once: usize,
}

impl Gathered {
    fn since(&self) -> Option<Instant> {
        self.waiting.front().map(|first| first.since)
    }
}

/// The leases of a wallet.
#[derive(Default)]
struct Leases {
    /// Those that do nothing at the moment, with the time since when; the last one was used last.
    free: Vec<(LeaseSession, Instant)>,
    /// Those that charge a block.
    busy: usize,
    /// One is being taken.
    coming: bool,
    /// None is taken before this time.
    not_before: Option<Timestamp>,
}

impl Leases {
    fn count(&self) -> usize {
        self.free.len() + self.busy + usize::from(self.coming)
    }

    fn may_grow(&self) -> bool {
        let is_paused = self.not_before.is_some_and(|time| runtime::now() < time);
        !is_paused && !self.coming && self.count() < LEASES_MAX
    }
}

impl Clerk {
    async fn run(mut self) {
        let mut asked = Vec::new();
        loop {
            let now = Instant::now();
            self.begin(now);
            if !self.is_open && self.is_done() {
                return;
            }
            let room = WAITING_MAX.saturating_sub(self.waiting());
            // With the same time: what becomes due in between is due at once, and not forgotten.
            let next_look = self.next_look(now);
            tokio::select! {
                count = self.asked.recv_many(&mut asked, room), if self.is_open && room > 0 => {
                    self.is_open = count > 0;
                    self.take_in(&mut asked);
                }
                Some(done) = self.work.join_next(), if !self.work.is_empty() => match done {
                    Ok(done) => self.take_back(done),
                    // Its orders were dropped with it, and nobody knows what became of them.
                    Err(error) => tracing::error!(wallet = %self.home, %error, "a charge broke"),
                },
                () = sleep_until(next_look) => {}
            }
        }
    }

    /// Begins whatever can begin now.
    fn begin(&mut self, now: Instant) {
        if self.leases.count() == 0 {
            if self.leases.may_grow() && self.is_hot(now) {
                self.take_lease(now);
            } else {
                self.blocks_to_rows();
            }
        }
        while let Some(connection) = self.ready(now) {
            let Some((session, _)) = self.leases.free.pop() else {
                if self.is_behind(&connection, now) && self.leases.may_grow() {
                    self.take_lease(now);
                }
                break;
            };
            self.flush(session, &connection);
        }
        while self.at_home < AT_HOME_MAX
            && let Some(next) = self.rows.pop_front()
        {
            self.charge_at_home(next);
        }
        self.refuse_rows();
        self.give_back_idle(now);
    }

    /// Whether blocks are worth it: many come or wait, or others write the wallet as well.
    fn is_hot(&self, now: Instant) -> bool {
        let many = self.arrivals.is_hot(now) || ROWS_MANY <= self.rows.len();
        let in_blocks = || self.blocks.values().any(|gathered| !gathered.waiting.is_empty());
        many && (in_blocks() || self.rows.iter().any(|waiting| waiting.at_once.is_some()))
    }

    fn take_lease(&mut self, now: Instant) {
        self.leases.coming = true;
        let (store, home, rate) = (self.store.clone(), self.home.clone(), self.arrivals.rate(now));
        self.work.spawn(async move { Done::Lease(store.acquire_lease(&home, rate, runtime::now()).await) });
    }

    /// The connection whose block is full or has waited long enough; of several the one that waits longest.
    fn ready(&self, now: Instant) -> Option<ConnectionId> {
        let is_ready = |gathered: &Gathered| {
            let waited = gathered.since().is_some_and(|since| GATHERED_FOR <= now - since);
            waited || gathered.at_once <= gathered.waiting.len() || !self.is_open
        };
        let ready = self.blocks.iter().filter(|(_, gathered)| is_ready(gathered));
        let first = ready.filter_map(|(connection, gathered)| Some((gathered.since()?, connection))).min();
        first.map(|(_, connection)| connection.clone())
    }

    fn is_behind(&self, connection: &ConnectionId, now: Instant) -> bool {
        let since = self.blocks.get(connection).and_then(Gathered::since);
        since.is_some_and(|since| KEEPS_UP <= now - since)
    }

    fn flush(&mut self, session: LeaseSession, connection: &ConnectionId) {
        let Some(gathered) = self.blocks.get_mut(connection) else { return };
        let count = gathered.at_once.min(gathered.waiting.len());
        let block: Vec<Waiting> = gathered.waiting.drain(..count).collect();
        self.leases.busy += 1;
        self.work.spawn(work::flush(session, block));
    }

    fn charge_at_home(&mut self, waiting: Waiting) {
        if let Some(refusal) = self.broke.refuses(&waiting.line, Instant::now()) {
            // Nobody waits any more whose client is gone; here and below.
            let _ = waiting.answer.send(Err(refusal));
            return;
        }
        self.at_home += 1;
        self.work.spawn(work::charge_at_home(self.store.clone(), self.hot.clone(), waiting));
    }

    /// Closes leases that have nothing to do; all of them at the end.
    fn give_back_idle(&mut self, now: Instant) {
        let is_over = !self.is_open && self.waiting() == 0;
        let is_idle = |(_, since): &mut (LeaseSession, Instant)| is_over || IDLE <= now - *since;
        for (session, _) in self.leases.free.extract_if(.., is_idle) {
            self.work.spawn(work::give_back(session));
        }
    }

    fn take_in(&mut self, asked: &mut Vec<(Asked, Answer)>) {
        let since = Instant::now();
        self.arrivals.add(asked.len(), since);
        for (Asked { line, at_once }, answer) in asked.drain(..) {
            self.put(Waiting { line, answer, since, at_once });
        }
    }

    /// Among those of its connection, if it may go in a block.
    fn put(&mut self, waiting: Waiting) {
        let Some(at_once) = waiting.at_once else {
            self.rows.push_back(waiting);
            return;
        };
        let connection = waiting.line.article.connection();
        match self.blocks.get_mut(connection) {
            Some(gathered) => {
                gathered.at_once = at_once;
                gathered.waiting.push_back(waiting);
            }
            None => {
                let connection = connection.clone();
                let gathered = Gathered { waiting: VecDeque::from([waiting]), at_once };
                self.blocks.insert(connection, gathered);
            }
        }
    }

    fn take_back(&mut self, done: Done) {
        match done {
            Done::Flushed { session, back } => {
                self.leases.busy -= 1;
                self.rows.extend(back);
                match session {
                    Ok(session) => self.leases.free.push((session, Instant::now())),
                    Err(Over::Short) => self.leases.not_before = Some(runtime::now() + PAUSE),
                    // Another one is taken at once, if there is enough for it to do.
                    Err(Over::Lost) => {}
                }
            }
            Done::AtHome { seen, refused } => {
                self.at_home -= 1;
                if let Some(rate) = self.load.observe(seen, runtime::now()) {
                    self.arrivals.others(rate, Instant::now());
                }
                if let Some((line, refusal)) = refused {
                    self.broke.note(&line, refusal, Instant::now());
                }
            }
            Done::Lease(taken) => {
                self.leases.coming = false;
                match taken {
                    Ok(Some(session)) => {
                        tracing::info!(home = %self.home, lease = %session.id(), "promoted");
                        self.leases.free.push((session, Instant::now()));
                        self.rows_to_blocks();
                    }
                    Ok(None) => self.leases.not_before = Some(runtime::now() + SHORT_PAUSE),
                    Err(error) => {
                        tracing::warn!(home = %self.home, error = chain(error), "no lease");
                        self.leases.not_before = Some(runtime::now() + SHORT_PAUSE);
                    }
                }
            }
            Done::GivenBack => {}
        }
    }

    /// Without a lease everything is a row.
    fn blocks_to_rows(&mut self) {
        for gathered in self.blocks.values_mut() {
            self.rows.extend(gathered.waiting.drain(..));
        }
    }

    /// With a lease only that is a row which has to be; first come, first served.
    fn rows_to_blocks(&mut self) {
        self.blocks_to_rows();
        for waiting in std::mem::take(&mut self.rows) {
            self.put(waiting);
        }
    }

    /// Those who came last, if more wait than are charged soon.
    fn refuse_rows(&mut self) {
        for waiting in self.rows.drain(ROWS_MAX.min(self.rows.len())..) {
            let _ = waiting.answer.send(Err(Refusal::Throttled));
        }
    }

    fn waiting(&self) -> usize {
        self.rows.len() + self.blocks.values().map(|gathered| gathered.waiting.len()).sum::<usize>()
    }

    fn is_done(&self) -> bool {
        self.work.is_empty() && self.waiting() == 0 && self.leases.free.is_empty()
    }

    /// When time alone lets something begin, after a look at this time.
    fn next_look(&self, looked_at: Instant) -> Instant {
        let waits_since = self.blocks.values().filter_map(Gathered::since).min();
        next_look(looked_at, waits_since, self.leases.free.iter().map(|(_, since)| *since).min())
    }
}

/// With the time since when an order waits for its block, and a lease for one. What was due at the last look waits
/// for something else than time, which wakes the desk by itself; what has become due since then does not.
fn next_look(looked_at: Instant, waits_since: Option<Instant>, lease_since: Option<Instant>) -> Instant {
    let patience = if lease_since.is_some() { GATHERED_FOR } else { KEEPS_UP };
    let flush = waits_since.map(|since| since + patience);
    let idle = lease_since.map(|since| since + IDLE);
    let due = [flush, idle].into_iter().flatten().filter(|due| looked_at < *due).min();
    due.unwrap_or(looked_at + IDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_block_that_becomes_due_just_after_a_look_is_looked_at_then_also_if_that_time_has_come() {
        let came = Instant::now();
        let looked_at = came + GATHERED_FOR / 2;
        tokio::time::advance(2 * GATHERED_FOR).await;
        assert_eq!(next_look(looked_at, Some(came), Some(came)), came + GATHERED_FOR);
    }

    #[test]
    fn without_a_lease_a_block_may_wait_until_another_one_is_worth_it_and_then_for_what_brings_one() {
        let came = Instant::now();
        assert_eq!(next_look(came, Some(came), None), came + KEEPS_UP);
        assert_eq!(next_look(came + KEEPS_UP, Some(came), None), came + KEEPS_UP + IDLE);
    }

    #[test]
    fn a_lease_that_nobody_uses_is_looked_at_when_its_time_is_over() {
        let came = Instant::now();
        assert_eq!(next_look(came + GATHERED_FOR, None, Some(came)), came + IDLE);
    }
}
