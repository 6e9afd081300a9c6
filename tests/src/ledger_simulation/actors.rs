//! Those who are carrying out a command, polled one at a time in an order that the seed decides.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use domain::batch::{Draft, Row};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;

use super::commands::{Answer, Command};
use super::mutations::{Guards, Mutation};
use crate::embedded_dynamodb::{Call, Fault, Faults, Rates, SeededFaults};
use crate::world::Refused;

/// Longer than any pause of the store, so that one step of the clock wakes everyone who waits.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// A send through a deep and nearly empty tree reads sixty times, and has to come to its end at times.
const READS_RARER: u16 = 5;

type Outcome = Result<Answer, Refused>;

/// One attempt at a command.
pub struct Actor {
    pub command: Command,
    /// No other actor was there while this attempt ran.
    pub alone: bool,
    /// What is being sent, if something is.
    pub draft: Option<Arc<Draft>>,
    /// What is being sent through a lease.
    pub drafts: Arc<Vec<Draft>>,
    /// Paused until so many polls have been made.
    pub asleep_until: u64,
    connection: Connection,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    ready: Arc<Ready>,
}

struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Actor {
    pub fn new(
        command: Command,
        alone: bool,
        (draft, drafts): (Option<Arc<Draft>>, Arc<Vec<Draft>>),
        connection: Connection,
        future: impl Future<Output = Outcome> + 'static,
    ) -> Self {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        Self { command, alone, draft, drafts, asleep_until: 0, connection, future: Box::pin(future), ready }
    }

    /// What a row is made of that it has written.
    pub fn draft_of(&self, row: &Row) -> Option<&Draft> {
        let through_lease = |draft: &&Draft| match row {
            Row::Message(message) => draft.single.as_ref() == Some(&message.id),
            Row::Batch(_) => false,
        };
        self.draft.as_deref().or_else(|| self.drafts.iter().find(through_lease))
    }

    /// The writes that it has sent, of which the last may not have arrived yet.
    pub fn sent(&self) -> u64 {
        self.connection.0.sent.load(Ordering::Relaxed)
    }

    /// The calls that it has sent, likewise.
    pub fn calls(&self) -> u64 {
        self.connection.0.calls.load(Ordering::Relaxed)
    }

    /// What its last write is for.
    pub fn sending(&self) -> Sending {
        *self.connection.sending()
    }

    /// The first write that it sends for this arrives, and its answer does not.
    pub fn lose_answer(&mut self, to: Sending) {
        *self.connection.0.loses.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
    }

    /// Lets the actor go on to its next call, or to its end. `wire` says what it wrote.
    pub fn poll(&mut self, wire: &Wire) -> Poll<Outcome> {
        self.ready.0.store(false, Ordering::SeqCst);
        *wire.lock() = Some(self.connection.clone());
        let waker = Waker::from(self.ready.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

/// The place of an actor that can go on. Time passes only when all of them wait.
pub async fn next(actors: &[Actor], polls: u64, random: &mut StdRng) -> usize {
    loop {
        // Lets the wake-ups of the last poll arrive.
        tokio::task::yield_now().await;
        let is_ready = |actor: &Actor| actor.ready.0.load(Ordering::SeqCst);
        let ready: Vec<usize> = (0..actors.len()).filter(|place| is_ready(&actors[*place])).collect();
        let awake: Vec<usize> =
            ready.iter().copied().filter(|place| actors[*place].asleep_until <= polls).collect();
        // Those who are paused go on when everyone else has finished.
        let others_wait = actors.iter().any(|actor| actor.asleep_until <= polls);
        match (awake.is_empty(), ready.is_empty() || others_wait) {
            (false, _) => return awake[random.random_range(0..awake.len())],
            (true, false) => return ready[random.random_range(0..ready.len())],
            (true, true) => tokio::time::advance(CLOCK_STEP).await,
        }
    }
}

/// What a write is for, as far as histories have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sending {
    /// It charges a message or a batch at its home wallet.
    Charge,
    /// It puts a row or a block under a lease.
    Put,
    TakeLease,
    Flush,
    CloseLease,
    /// It gives messages other prices.
    Rerate,
    /// It notes that a chunk was rated again.
    NoteRerated,
    #[default]
    Other,
}

impl Sending {
    fn of(body: &Value) -> Self {
        let first = &body["TransactItems"][0];
        let last = body["TransactItems"].as_array().and_then(|items| items.last());
        let is_under =
            |item: &Value, kind: &str| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(kind));
        let is_row = |item: &Value| is_under(item, "message#") || is_under(item, "block#");
        let values = &first["Update"]["ExpressionAttributeValues"];
        if is_row(&first["Put"]["Item"]) {
            Self::Charge
        } else if is_row(&body["Item"]) {
            Self::Put
        } else if body["ExpressionAttributeValues"].get(":lease").is_some() {
            Self::Flush
        } else if values.get(":lease").is_some() {
            Self::TakeLease
        } else if values[":state"]["S"] == "closed" {
            Self::CloseLease
        } else if is_under(&first["Put"]["Item"], "rerate_progress#") {
            Self::NoteRerated
        } else if last.is_some_and(|last| is_under(&last["Update"]["Key"], "rerate_differences#")) {
            Self::Rerate
        } else {
            Self::Other
        }
    }
}

/// One client's way to the database: the faults that meet the calls of one process.
#[derive(Clone)]
pub struct Connection(Arc<Meeting>);

struct Meeting {
    writes: SeededFaults,
    reads: SeededFaults,
    calls: AtomicU64,
    /// Writes that were sent, whether they have arrived or not.
    sent: AtomicU64,
    /// What the last of them is for.
    sending: Mutex<Sending>,
    /// The answer to the first write for this gets lost.
    loses: Mutex<Option<Sending>>,
}

impl Connection {
    pub fn new(seed: u64, rates: Rates) -> Self {
        Self(Arc::new(Meeting {
            writes: SeededFaults::new(seed, rates),
            reads: SeededFaults::new(seed, rates.divided(READS_RARER)),
            calls: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            sending: Mutex::default(),
            loses: Mutex::default(),
        }))
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        self.0.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An item by its table and key.
pub type Address = (String, String, String);

/// What all clients of a simulation share: one connection, on which whoever is polled speaks. A client of
/// its own for each process would cost more than all that the process does.
#[derive(Clone, Default)]
pub struct Wire(Arc<State>);

#[derive(Default)]
struct State {
    speaking: Mutex<Option<Connection>>,
    written: Mutex<Vec<Vec<Address>>>,
    /// The most items of a transaction.
    items_most: AtomicU64,
    mutation: Option<Mutation>,
    guards: Guards,
}

impl Wire {
    /// A wire on which a guard gets lost.
    pub fn new(mutation: Option<Mutation>, guards: Guards) -> Self {
        Self(Arc::new(State { mutation, guards, ..State::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.speaking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody in particular speaks, and nothing fails.
    pub fn calm(&self) {
        *self.lock() = None;
    }

    /// What was written since the last look, write by write.
    pub fn written(&self) -> Vec<Vec<Address>> {
        std::mem::take(&mut *self.0.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn items_most(&self) -> u64 {
        self.0.items_most.load(Ordering::Relaxed)
    }
}

impl Faults for Wire {
    fn decide(&self, call: &Call) -> Fault {
        let Some(connection) = self.lock().clone() else { return Fault::None };
        let meeting = &connection.0;
        if call.is_write {
            meeting.sent.fetch_add(1, Ordering::Relaxed);
            let sending = Sending::of(call.body);
            *connection.sending() = sending;
            let mut loses = meeting.loses.lock().unwrap_or_else(PoisonError::into_inner);
            if loses.take_if(|loses| *loses == sending).is_some() {
                return Fault::TimeoutAppliedAnswerLost;
            }
        }
        let number = meeting.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let faults = if call.is_write { &meeting.writes } else { &meeting.reads };
        faults.decide(&Call { number, ..*call })
    }

    fn applied(&self, call: &Call) {
        let written: Vec<Address> = match call.body["TransactItems"].as_array() {
            Some(items) => {
                self.0.items_most.fetch_max(items.len() as u64, Ordering::Relaxed);
                items
                    .iter()
                    .filter_map(|item| item.as_object()?.values().next())
                    .filter_map(address)
                    .collect()
            }
            None => address(call.body).into_iter().collect(),
        };
        self.0.written.lock().unwrap_or_else(PoisonError::into_inner).push(written);
    }

    fn rewrite(&self, _operation: &str, body: &mut Value) {
        self.0.guards.pass(body, self.0.mutation);
    }
}

fn address(write: &Value) -> Option<Address> {
    let key = write.get("Key").or_else(|| write.get("Item"))?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(&write["TableName"])?, text(&key["pk"]["S"])?, text(&key["sk"]["S"])?))
}
