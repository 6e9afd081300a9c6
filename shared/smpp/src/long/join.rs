//! Joins the parts of long messages as they come in, in any order, twice, or not at all.
//!
//! Time and what goes with each part (the duty to answer it, say) are given from outside. What is
//! kept is bounded: over the bounds the oldest message is given out with what it has, and the same
//! happens to one whose parts do not come. Nothing is ever dropped.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::part_of;
use crate::pdu::ShortMessage;
use crate::tlv::{self, Tlvs};
use crate::udh::ESM_CLASS_UDHI;

/// What a part costs beside its octets, for the bound.
const PART_OVERHEAD: usize = 256;
/// The longest text that goes into `short_message`.
const SHORT_MESSAGE_LENGTH_MAX: usize = 254;

/// How much is kept, and how long.
#[derive(Clone, Copy, Debug)]
pub struct JoinLimits {
    /// Messages of which parts are missing.
    pub messages_max: usize,
    /// Octets of their parts, with a little for each part.
    pub octets_max: usize,
    /// From the first part that came to the last.
    pub wait: Duration,
}

impl Default for JoinLimits {
    /// Phones send the parts within seconds; a centre tries again for minutes.
    fn default() -> Self {
        Self { messages_max: 10_000, octets_max: 32 * 1024 * 1024, wait: Duration::from_secs(10 * 60) }
    }
}

/// A message as it was written, or what there is of it.
#[derive(Debug)]
pub struct Joined<T> {
    /// The first part that came, with the text of all: in `short_message`, or if it is too long
    /// there, in `message_payload`.
    pub message: ShortMessage,
    /// What was given with each part, in the order they came.
    pub carried: Vec<T>,
    /// The numbers of the parts that did not come.
    pub missing: Vec<u8>,
}

/// Parts belong together when all this is the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: String,
    destination: String,
    reference: u16,
    total: u8,
}

struct Open<T> {
    number: u64,
    message: ShortMessage,
    parts: BTreeMap<u8, Bytes>,
    carried: Vec<T>,
    octets: usize,
}

/// Messages of which parts are missing.
pub struct Joiner<T> {
    limits: JoinLimits,
    open: HashMap<Key, Open<T>>,
    /// By age.
    order: BTreeMap<u64, (Instant, Key)>,
    next_number: u64,
    octets: usize,
}

impl<T> Joiner<T> {
    pub fn new(limits: JoinLimits) -> Self {
        Self { limits, open: HashMap::new(), order: BTreeMap::new(), next_number: 0, octets: 0 }
    }

    /// Takes a message in and gives out what is ready: the message itself if it is no part, the
    /// whole if it was the last part, and messages that have to make room.
    pub fn take(&mut self, now: Instant, message: ShortMessage, carry: T) -> Vec<Joined<T>> {
        let (Some(concat), text) = part_of(&message) else {
            return vec![Joined { message, carried: vec![carry], missing: Vec::new() }];
        };
        let key = Key {
            source: message.source.clone(),
            destination: message.destination.clone(),
            reference: concat.reference,
            total: concat.total,
        };
        let mut ready = Vec::new();
        let is_another = |open: &Open<T>| open.parts.get(&concat.part).is_some_and(|part| *part != text);
        if self.open.get(&key).is_some_and(is_another) {
            // The reference is used again: the rest of the old message will not come.
            ready.extend(self.give_out(&key));
        }
        self.put(now, &key, message, concat.part, text, carry);
        if self.open.get(&key).is_some_and(|open| open.parts.len() == usize::from(concat.total)) {
            ready.extend(self.give_out(&key));
        }
        while self.limits.messages_max < self.open.len() || self.limits.octets_max < self.octets {
            ready.extend(self.give_out_oldest());
        }
        ready
    }

    fn put(&mut self, now: Instant, key: &Key, message: ShortMessage, part: u8, text: Bytes, carry: T) {
        let octets = text.len() + PART_OVERHEAD;
        if !self.open.contains_key(key) {
            let number = self.next_number;
            self.next_number += 1;
            self.order.insert(number, (now, key.clone()));
            let open = Open { number, message, parts: BTreeMap::new(), carried: Vec::new(), octets: 0 };
            self.open.insert(key.clone(), open);
        }
        if let Some(open) = self.open.get_mut(key) {
            // A part that comes twice has the same text.
            open.parts.insert(part, text);
            open.carried.push(carry);
            open.octets += octets;
            self.octets += octets;
        }
    }

    /// Gives out what has waited long enough.
    pub fn overdue(&mut self, now: Instant) -> Vec<Joined<T>> {
        let mut ready = Vec::new();
        while self.next_due().is_some_and(|due| due <= now) {
            ready.extend(self.give_out_oldest());
        }
        ready
    }

    /// When [`Self::overdue`] will have something, if no part comes.
    pub fn next_due(&self) -> Option<Instant> {
        self.order.first_key_value().map(|(_, (since, _))| *since + self.limits.wait)
    }

    /// How many messages wait for parts.
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    fn give_out_oldest(&mut self) -> Option<Joined<T>> {
        let (_, (_, key)) = self.order.first_key_value()?;
        let key = key.clone();
        self.give_out(&key)
    }

    fn give_out(&mut self, key: &Key) -> Option<Joined<T>> {
        let open = self.open.remove(key)?;
        self.order.remove(&open.number);
        self.octets -= open.octets;
        let missing = (1..=key.total).filter(|part| !open.parts.contains_key(part)).collect();
        let text: Vec<u8> = open.parts.into_values().flatten().collect();
        Some(Joined { message: with_whole_text(open.message, text), carried: open.carried, missing })
    }
}

fn with_whole_text(mut message: ShortMessage, text: Vec<u8>) -> ShortMessage {
    const PARTS: [u16; 4] =
        [tlv::MESSAGE_PAYLOAD, tlv::SAR_MSG_REF_NUM, tlv::SAR_TOTAL_SEGMENTS, tlv::SAR_SEGMENT_SEQNUM];
    message.esm_class &= !ESM_CLASS_UDHI;
    message.tlvs = Tlvs(message.tlvs.0.into_iter().filter(|tlv| !PARTS.contains(&tlv.tag)).collect());
    if text.len() <= SHORT_MESSAGE_LENGTH_MAX {
        message.short_message = text.into();
    } else {
        message.short_message = Bytes::new();
        message.tlvs.push(tlv::MESSAGE_PAYLOAD, text);
    }
    message
}

#[cfg(test)]
mod tests;
