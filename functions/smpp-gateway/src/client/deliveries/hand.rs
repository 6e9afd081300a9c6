//! Messages of a client's queue in hand, taken apart into deliveries.

use std::collections::{BTreeSet, VecDeque};

use domain::connection::ClientAlphabet;
use queue::{ForClient, Received};
use smpp::DeliverSm;

use super::pdu;

/// A delivery that was offered so often is held back for no longer than until the client takes another one:
/// with the usual pauses that is after some eight minutes.
const TRIES_MAX: u32 = 20;

/// One delivery, and which part of which message in hand it is. In the order in which they are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub message: usize,
    pub part: usize,
    pub pdu: DeliverSm,
    /// How often it was offered and not taken.
    pub tries: u32,
}

impl Item {
    pub fn is_stuck(&self) -> bool {
        TRIES_MAX <= self.tries
    }

    /// The message that it is the receipt of.
    pub fn receipt(&self) -> Option<String> {
        self.pdu.tlvs.receipted_message_id()
    }
}

/// A message of which the client has answered these parts.
#[derive(Debug)]
pub struct Begun {
    content: ForClient,
    answered: BTreeSet<usize>,
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
    /// `begun` was answered in part when it was here before.
    pub fn new(received: Vec<Received<ForClient>>, begun: &[Begun], alphabet: ClientAlphabet) -> Self {
        let (mut held, mut waiting) = (Vec::new(), VecDeque::new());
        for (message, received) in received.into_iter().enumerate() {
            let before = begun.iter().find(|begun| begun.content == received.content);
            let answered = before.map(|begun| begun.answered.clone()).unwrap_or_default();
            let parts = pdu::parts(&received.content, alphabet).into_iter().enumerate();
            let open: Vec<_> = parts.filter(|(part, _)| !answered.contains(part)).collect();
            held.push(Held { received, open: open.len(), answered, is_deleted: false });
            waiting.extend(open.into_iter().map(|(part, pdu)| Item { message, part, pdu, tries: 0 }));
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
        let begun = self.held.into_iter().filter(|held| !held.is_deleted && !held.answered.is_empty());
        begun.map(|held| Begun { content: held.received.content, answered: held.answered }).collect()
    }
}
