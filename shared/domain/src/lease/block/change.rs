//! Several steps of a block's messages, to be stored by one write.

use jiff::Timestamp;

use super::Block;
use crate::message::{Message, Progress, Status, Step, apply};
use crate::quote::Charge;

/// Messages that leave with one write: a transaction takes a hundred items, and there are the block and the
/// wallets beside them.
const LEAVING_MAX: usize = 90;

/// A block on its way to its next state.
#[derive(Debug, Clone)]
pub struct BlockChange {
    /// As it becomes.
    pub block: Block,
    /// The revision that the steps were decided on.
    pub before: u32,
    /// What its messages no longer owe.
    pub refund: Vec<Charge>,
    /// Those that leave, as their rows begin.
    pub leaving: Vec<Message>,
    /// Nothing can be added.
    is_full: bool,
}

/// Whether a step found room in a change. One that did not is for the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fits {
    Yes,
    No,
}

impl Block {
    /// Begins a change.
    pub fn change(self) -> BlockChange {
        let before = self.revision;
        BlockChange { block: self, before, refund: Vec::new(), leaving: Vec::new(), is_full: false }
    }
}

impl BlockChange {
    /// Whether there is anything to store.
    pub fn is_some(&self) -> bool {
        self.block.revision != self.before
    }

    /// What happened to the message at a place, which has not left. One that goes on to another connection
    /// leaves.
    pub fn step(&mut self, place: u16, progress: &Progress, now: Timestamp) -> Fits {
        let Some(message) = self.present(place) else { return Fits::Yes };
        let Step::Move { message: next, refund } = apply(message, progress, now) else { return Fits::Yes };
        let is_alone = refund.iter().any(|charge| returns_units_above(message, charge));
        if self.is_full || (is_alone && self.is_some()) {
            return Fits::No;
        }
        if next.connection != message.connection {
            return self.leave(place, *next);
        }
        self.block.messages[usize::from(place)] = *next;
        self.block.revision = self.before + 1;
        self.refund.extend(refund);
        self.is_full = is_alone;
        Fits::Yes
    }

    /// Takes a message that nobody has sent out of the block, to be sent by itself: also one that was told to
    /// be in doubt before it was known that it had not left.
    pub fn send_alone(&mut self, place: u16) -> Fits {
        let is_unsent = |message: &&Message| {
            message.status == Status::Accepted || (message.is_in_doubt() && message.parts.is_empty())
        };
        let Some(message) = self.present(place).filter(is_unsent) else { return Fits::Yes };
        let row = Message {
            status: Status::Accepted,
            reason: None,
            submitted_at: None,
            revision: message.revision + 1,
            ..message.clone()
        };
        self.leave(place, row)
    }

    fn leave(&mut self, place: u16, row: Message) -> Fits {
        if self.is_full || self.leaving.len() == LEAVING_MAX {
            return Fits::No;
        }
        self.block.messages[usize::from(place)].status = Status::Queued;
        self.block.left.insert(place);
        self.block.revision = self.before + 1;
        self.leaving.push(row);
        Fits::Yes
    }

    fn present(&self, place: u16) -> Option<&Message> {
        self.block.messages.get(usize::from(place)).filter(|_| !self.block.left.contains(&place))
    }
}

/// Units go back to whoever has them, which the wallets decide for one message at a time.
fn returns_units_above(message: &Message, charge: &Charge) -> bool {
    let is_above = charge.wallet != message.home() || charge.wallet != message.main_wallet();
    is_above && charge.taken.as_ref().is_some_and(|taken| taken.returns)
}
