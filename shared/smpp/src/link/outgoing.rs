//! Our own requests that wait for an answer.

use std::collections::HashMap;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Answer, RequestError};
use crate::pdu::SEQUENCE_MAX;

/// One request without its answer.
pub(crate) struct Pending {
    pub what: Sent,
    /// Where it begins in the stream of octets we send.
    pub position: u64,
    pub deadline: Instant,
}

/// What was sent, and who wants to know.
pub(crate) enum Sent {
    /// A request of our caller's, and the command id its answer has.
    Message {
        answer_id: u32,
        reply: oneshot::Sender<Result<Answer, RequestError>>,
    },
    EnquireLink,
    Unbind,
}

/// All of them by sequence number, and the next number.
pub(crate) struct Outgoing {
    pending: HashMap<u32, Pending>,
    messages: usize,
    next_sequence: u32,
}

impl Outgoing {
    /// The bind itself was number 1, so that the task begins with `first_sequence` 2 on its end.
    pub fn new(first_sequence: u32) -> Self {
        Self { pending: HashMap::new(), messages: 0, next_sequence: first_sequence }
    }

    /// How many messages are in the window; enquire_link and unbind do not count.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// A number that is not in use. After the last one it begins again with 1.
    pub fn take_sequence(&mut self) -> u32 {
        loop {
            let sequence = self.next_sequence;
            self.next_sequence = if sequence == SEQUENCE_MAX { 1 } else { sequence + 1 };
            if !self.pending.contains_key(&sequence) {
                return sequence;
            }
        }
    }

    pub fn insert(&mut self, sequence: u32, pending: Pending) {
        self.messages += usize::from(matches!(pending.what, Sent::Message { .. }));
        self.pending.insert(sequence, pending);
    }

    /// Takes a request out, if `fits` says that the answer at hand belongs to it.
    pub fn take(&mut self, sequence: u32, fits: impl Fn(&Sent) -> bool) -> Option<Pending> {
        if !fits(&self.pending.get(&sequence)?.what) {
            return None;
        }
        let pending = self.pending.remove(&sequence)?;
        self.messages -= usize::from(matches!(pending.what, Sent::Message { .. }));
        Some(pending)
    }

    /// Takes out all whose time is up.
    pub fn take_expired(&mut self, now: Instant) -> Vec<Pending> {
        let is_expired = |pending: &Pending| pending.deadline <= now;
        let expired = self.pending.iter().filter(|(_, pending)| is_expired(pending));
        let sequences: Vec<u32> = expired.map(|(sequence, _)| *sequence).collect();
        sequences.into_iter().filter_map(|sequence| self.take(sequence, |_| true)).collect()
    }

    pub fn take_all(&mut self) -> Vec<Pending> {
        self.messages = 0;
        self.pending.drain().map(|(_, pending)| pending).collect()
    }

    pub fn has_enquire_link(&self) -> bool {
        self.pending.values().any(|pending| matches!(pending.what, Sent::EnquireLink))
    }

    /// When the first of them is too late.
    pub fn first_deadline(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.deadline).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_begin_again_after_the_last_and_skip_those_in_use() {
        let mut outgoing = Outgoing::new(SEQUENCE_MAX);
        let pending = Pending { what: Sent::EnquireLink, position: 0, deadline: Instant::now() };
        outgoing.insert(1, pending);
        assert_eq!(outgoing.take_sequence(), SEQUENCE_MAX);
        assert_eq!(outgoing.take_sequence(), 2);
    }
}
