//! What has become of the messages of a block, column by column.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Block, BlockError, expand, shrink};
use crate::message::{Message, Part, Status};
use crate::quote::Charge;
use crate::receipt::ReceiptState;

#[derive(Default, Serialize, Deserialize)]
struct States {
    /// A letter for each message.
    statuses: String,
    revisions: Vec<u32>,
    /// The moments in which anything was submitted or finished: few, as what comes together is one.
    times: Vec<Timestamp>,
    /// Places among the moments, from 1; 0 for never.
    submitted: Vec<usize>,
    finished: Vec<usize>,
    /// The vendor's id for each segment.
    references: Vec<Vec<String>>,
    /// A letter for each segment.
    reports: Vec<String>,
    /// Of messages by their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<(usize, String)>,
    /// What was rated again.
    #[serde(default, skip_serializing_if = "Rated::is_empty")]
    rated: Rated,
    /// The places of those that left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left: Vec<u16>,
}

/// The charges of messages that were rated again: what most of them have in common is written once.
#[derive(Default, Serialize, Deserialize)]
struct Rated {
    kinds: Vec<Vec<Charge>>,
    /// Of messages by their places: which kind, and how often they were rated again.
    messages: Vec<(u16, usize, u32)>,
}

impl Rated {
    fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    fn add(&mut self, place: u16, message: &Message) {
        let known = self.kinds.iter().position(|kind| *kind == message.charges);
        let kind = known.unwrap_or_else(|| {
            self.kinds.push(message.charges.clone());
            self.kinds.len() - 1
        });
        self.messages.push((place, kind, message.charge_version));
    }

    /// Puts the charges into their messages, and those that they had at first beside them.
    fn restore(self, block: &mut Block) -> Result<(), BlockError> {
        for (place, kind, version) in self.messages {
            let message = block.messages.get_mut(usize::from(place));
            let (Some(message), Some(charges)) = (message, self.kinds.get(kind)) else {
                return Err(BlockError::new("charges of nobody"));
            };
            message.charge_version = version;
            let first = std::mem::replace(&mut message.charges, charges.clone());
            block.first_charges.insert(place, first);
        }
        Ok(())
    }
}

const STATUSES: [(char, Status); 9] = [
    ('a', Status::Accepted),
    ('q', Status::Queued),
    ('s', Status::Submitted),
    ('d', Status::Delivered),
    ('u', Status::Undelivered),
    ('e', Status::Expired),
    ('r', Status::Rejected),
    ('n', Status::Unsent),
    ('c', Status::Canceled),
];

const REPORTS: [(char, Option<ReceiptState>); 8] = [
    ('-', None),
    ('o', Some(ReceiptState::Enroute)),
    ('d', Some(ReceiptState::Delivered)),
    ('u', Some(ReceiptState::Undelivered)),
    ('e', Some(ReceiptState::Expired)),
    ('r', Some(ReceiptState::Rejected)),
    ('n', Some(ReceiptState::Unsent)),
    ('?', Some(ReceiptState::Unknown)),
];

fn letter<T: PartialEq>(letters: &[(char, T)], value: &T) -> char {
    // Each value has one.
    letters.iter().find(|(_, known)| known == value).map_or(' ', |(letter, _)| *letter)
}

fn value<T: Copy>(letters: &[(char, T)], letter: char) -> Result<T, BlockError> {
    let found = letters.iter().find(|(known, _)| *known == letter).map(|(_, value)| *value);
    found.ok_or_else(|| BlockError::new(format!("`{letter}` says nothing")))
}

pub(super) fn pack(block: &Block) -> Result<Vec<u8>, BlockError> {
    let mut states = States { left: block.left.iter().copied().collect(), ..States::default() };
    for (place, message) in block.messages.iter().enumerate() {
        states.statuses.push(letter(&STATUSES, &message.status));
        states.revisions.push(message.revision);
        let submitted = place_of(&mut states.times, message.submitted_at);
        states.submitted.push(submitted);
        let finished = place_of(&mut states.times, message.finished_at);
        states.finished.push(finished);
        states.references.push(message.parts.iter().map(|part| part.reference.clone()).collect());
        states.reports.push(message.parts.iter().map(|part| letter(&REPORTS, &part.state)).collect());
        if let Some(reason) = &message.reason {
            states.reasons.push((place, reason.clone()));
        }
    }
    for place in block.first_charges.keys() {
        if let Some(message) = block.messages.get(usize::from(*place)) {
            states.rated.add(*place, message);
        }
    }
    shrink(&states)
}

fn place_of(times: &mut Vec<Timestamp>, time: Option<Timestamp>) -> usize {
    let Some(time) = time else { return 0 };
    // The latest ones come again most.
    if let Some(known) = times.iter().rposition(|known| *known == time) {
        return known + 1;
    }
    times.push(time);
    times.len()
}

/// Brings a block from how it was accepted to how it is.
pub(super) fn unpack(block: &mut Block, bytes: &[u8]) -> Result<(), BlockError> {
    let states: States = expand(bytes)?;
    let count = block.messages.len();
    let columns = [
        states.statuses.len(),
        states.revisions.len(),
        states.submitted.len(),
        states.finished.len(),
        states.references.len(),
        states.reports.len(),
    ];
    if columns != [count; 6] {
        return Err(BlockError::new("its states are not as many as its messages"));
    }
    let time = |place: usize| match place.checked_sub(1) {
        None => Ok(None),
        Some(place) => {
            let time = states.times.get(place).copied();
            time.map(Some).ok_or_else(|| BlockError::new("a moment is missing"))
        }
    };
    let columns = states.statuses.chars().zip(states.references).zip(&states.reports).enumerate();
    for ((place, ((status, references), reports)), message) in columns.zip(&mut block.messages) {
        message.status = value(&STATUSES, status)?;
        message.revision = states.revisions[place];
        message.submitted_at = time(states.submitted[place])?;
        message.finished_at = time(states.finished[place])?;
        message.parts = parts(references, reports)?;
    }
    for (place, reason) in states.reasons {
        let message = block.messages.get_mut(place).ok_or_else(|| BlockError::new("a reason of nobody"))?;
        message.reason = Some(reason);
    }
    block.left = states.left.into_iter().collect();
    states.rated.restore(block)
}

fn parts(references: Vec<String>, reports: &str) -> Result<Vec<Part>, BlockError> {
    if references.len() != reports.len() {
        return Err(BlockError::new("its segments are not as many as its reports"));
    }
    let part = |(reference, report)| Ok(Part { reference, state: value(&REPORTS, report)? });
    references.into_iter().zip(reports.chars()).map(part).collect()
}
