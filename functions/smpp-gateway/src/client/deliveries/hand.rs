//! Messages of a client's queue in hand, taken apart into deliveries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::connection::ClientAlphabet;
use queue::{ForClient, Received};
use smpp::DeliverSm;

use super::pdu;

/// A delivery that was offered so often and held up others is held back for no longer than until the client
/// takes another one: with the usual pauses that is after some eight minutes.
const TRIES_MAX: u32 = 20;

/// One delivery, and which part of which message in hand it is. In the order in which they are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub message: usize,
    pub part: usize,
    pub pdu: DeliverSm,
    pub tries: Tries,
}

/// How a delivery fared so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// How often it was the first that was offered and not taken, beside what was stuck already.
    pub count: u32,
    /// The link was lost before the last one was answered.
    pub lost_link: bool,
}

impl Item {
    pub fn is_stuck(&self) -> bool {
        TRIES_MAX <= self.tries.count
    }

    /// Deliveries go in the order of their places.
    pub fn place(&self) -> (usize, usize) {
        (self.message, self.part)
    }

    /// The message that it is the receipt of.
    pub fn receipt(&self) -> Option<String> {
        self.pdu.tlvs.receipted_message_id()
    }
}

/// A message that was offered, and of which the client has answered these parts.
#[derive(Debug)]
pub struct Begun {
    content: ForClient,
    answered: BTreeSet<usize>,
    /// Of other parts.
    tries: BTreeMap<usize, Tries>,
}

struct Held {
    received: Received<ForClient>,
    /// Parts without an answer.
    open: usize,
    answered: BTreeSet<usize>,
    is_deleted: bool,
}

/// What was received together.
pub struct Hand {
    held: Vec<Held>,
    pub waiting: VecDeque<Item>,
}

impl Hand {
    /// `begun` was offered when it was here before.
    pub fn new(received: Vec<Received<ForClient>>, begun: &[Begun], alphabet: ClientAlphabet) -> Self {
        let (mut held, mut waiting) = (Vec::new(), VecDeque::new());
        for (message, received) in received.into_iter().enumerate() {
            let before = begun.iter().find(|begun| begun.content == received.content);
            let answered = before.map(|begun| begun.answered.clone()).unwrap_or_default();
            let parts = pdu::parts(&received.content, alphabet).into_iter().enumerate();
            let open: Vec<_> = parts.filter(|(part, _)| !answered.contains(part)).collect();
            held.push(Held { received, open: open.len(), answered, is_deleted: false });
            waiting.extend(open.into_iter().map(|(part, pdu)| {
                let tries = before.and_then(|begun| begun.tries.get(&part)).copied().unwrap_or_default();
                Item { message, part, pdu, tries }
            }));
        }
        Self { held, waiting }
    }

    /// How many are stuck of those that wait, from the first one on.
    pub fn stuck(&self) -> usize {
        self.waiting.iter().take_while(|item| item.is_stuck()).count()
    }

    /// The client has taken it, or never will.
    pub fn answered(&mut self, item: &Item) {
        if let Some(held) = self.held.get_mut(item.message) {
            held.open -= usize::from(held.answered.insert(item.part));
        }
    }

    /// Handles of what the client has answered all of.
    pub fn done(&self) -> Vec<String> {
        let done = self.held.iter().filter(|held| held.open == 0 && !held.is_deleted);
        done.map(|held| held.received.handle.clone()).collect()
    }

    pub fn deleted(&mut self, handles: &[String]) {
        for held in self.held.iter_mut().filter(|held| handles.contains(&held.received.handle)) {
            held.is_deleted = true;
        }
    }

    /// Handles of what is still in the queue.
    pub fn left(&self) -> Vec<String> {
        let left = self.held.iter().filter(|held| !held.is_deleted);
        left.map(|held| held.received.handle.clone()).collect()
    }

    /// What is to be remembered of those.
    pub fn into_begun(self) -> Vec<Begun> {
        let Self { held, waiting } = self;
        let left = held.into_iter().enumerate().filter(|(_, held)| !held.is_deleted);
        let begun = left.map(|(message, Held { received, answered, .. })| {
            let tried =
                waiting.iter().filter(|item| item.message == message && item.tries != Tries::default());
            let tries = tried.map(|item| (item.part, item.tries)).collect();
            Begun { content: received.content, answered, tries }
        });
        begun.filter(|begun| !begun.answered.is_empty() || !begun.tries.is_empty()).collect()
    }
}
