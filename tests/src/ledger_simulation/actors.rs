//! Those who are carrying out a command, polled one at a time in an order that the seed decides.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;
use store::Item;

use super::commands::{Answer, Command};
use crate::embedded_dynamodb::{Call, Fault, Faults, SeededFaults};
use crate::world::Refused;

/// Longer than any pause of the store, so that one step of the clock wakes everyone who waits.
const CLOCK_STEP: Duration = Duration::from_secs(1);

type Outcome = Result<Answer, Refused>;

/// One attempt at a command.
pub struct Actor {
    pub command: Command,
    /// No other actor was there while this attempt ran.
    pub alone: bool,
    pub touched: Touched,
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
        touched: Touched,
        future: impl Future<Output = Outcome> + 'static,
    ) -> Self {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        Self { command, alone, touched, future: Box::pin(future), ready }
    }

    /// Lets the actor go on to its next call, or to its end.
    pub fn poll(&mut self) -> Poll<Outcome> {
        self.ready.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.ready.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

/// The place of an actor that can go on. Time passes only when all of them wait.
pub async fn next(actors: &[Actor], random: &mut StdRng) -> usize {
    loop {
        // Lets the wake-ups of the last poll arrive.
        tokio::task::yield_now().await;
        let ready = |actor: &Actor| actor.ready.0.load(Ordering::SeqCst);
        let places: Vec<usize> = (0..actors.len()).filter(|place| ready(&actors[*place])).collect();
        if !places.is_empty() {
            return places[random.random_range(0..places.len())];
        }
        tokio::time::advance(CLOCK_STEP).await;
    }
}

/// The items that the latest write of an actor is to.
#[derive(Debug, Clone, Default)]
pub struct Touched(Arc<Mutex<Vec<(String, Item)>>>);

impl Touched {
    /// Tables and keys.
    pub fn items(&self) -> Vec<(String, Item)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, call: &Call) {
        let single = [call.body];
        let items: Vec<(String, Item)> = match call.body["TransactItems"].as_array() {
            Some(items) => {
                items.iter().filter_map(|item| item.as_object()?.values().next()).filter_map(key).collect()
            }
            None => single.into_iter().filter_map(key).collect(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = items;
    }
}

/// The table and key of one write.
fn key(write: &Value) -> Option<(String, Item)> {
    let holder = write.get("Key").or_else(|| write.get("Item"))?;
    let text = |name: &str| Some(AttributeValue::S(holder[name]["S"].as_str()?.to_owned()));
    let key = Item::from([("pk".to_owned(), text("pk")?), ("sk".to_owned(), text("sk")?)]);
    Some((write["TableName"].as_str()?.to_owned(), key))
}

/// Faults, and a note of what each write is to.
pub struct Noted {
    pub faults: Option<SeededFaults>,
    pub touched: Touched,
}

impl Faults for Noted {
    fn decide(&self, call: &Call) -> Fault {
        if call.is_write {
            self.touched.note(call);
        }
        self.faults.as_ref().map_or(Fault::None, |faults| faults.decide(call))
    }
}
