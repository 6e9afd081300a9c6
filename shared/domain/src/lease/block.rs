//! Several messages that were accepted together, stored as one item, which is their row until the end.
//!
//! What was accepted never changes (`content`); what has become of it since stands beside it (`states`), so
//! that a change writes nothing again but that. How a block changes is in `change`.

mod change;
mod content;
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::LeaseTag;
use crate::id::MessageId;
use crate::message::{Message, Status};
use crate::quote::Charge;

pub use change::{BlockChange, Fits};

/// A block of a megabyte is damaged: DynamoDB takes 400 KB, and texts shrink to a third at best.
const UNPACKED_MAX: u64 = 16 * 1024 * 1024;

/// The messages of one flush, all of one agreement, and all for one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub tag: LeaseTag,
    /// In their order, each with its present state. Only those that are accepted are to be sent: one that
    /// has left the block reads as queued here, because it is in the hands of others.
    pub messages: Vec<Message>,
    /// Raised by every change.
    pub revision: u32,
    /// Whether a worker has had it in hand and not given it back.
    pub is_claimed: bool,
    /// The places of messages that have left for rows of their own.
    pub left: BTreeSet<u16>,
    /// What messages by their places were charged when they were accepted, if they were rated again since.
    pub first_charges: BTreeMap<u16, Vec<Charge>>,
}

#[derive(Debug, thiserror::Error)]
#[error("a block does not read: {detail}")]
pub struct BlockError {
    detail: String,
}

impl BlockError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self { detail: error.to_string() }
    }
}

impl Block {
    /// New messages in their order. They are named by the flush and their place, and all of them were
    /// accepted by it.
    pub fn new(tag: LeaseTag, messages: Vec<Message>, now: Timestamp) -> Self {
        let named = |(place, message): (u16, Message)| Message {
            id: MessageId::in_block(&tag, place),
            accepted_at: now,
            request_hash: String::new(),
            balance_after: None,
            ..message
        };
        let messages = (0..).zip(messages).map(named).collect();
        Self::accepted(tag, messages)
    }

    fn accepted(tag: LeaseTag, messages: Vec<Message>) -> Self {
        let (left, first_charges) = (BTreeSet::new(), BTreeMap::new());
        Self { tag, messages, revision: 0, is_claimed: false, left, first_charges }
    }

    /// What never changes of it, as it is stored.
    pub fn pack(&self) -> Result<Vec<u8>, BlockError> {
        content::pack(&self.messages)
    }

    /// Reads what [`Self::pack`] made of the block with this tag: as it was accepted.
    pub fn unpack(tag: LeaseTag, bytes: &[u8]) -> Result<Self, BlockError> {
        let messages = content::unpack(&tag, bytes)?;
        Ok(Self::accepted(tag, messages))
    }

    /// What became of it, as it is stored.
    pub fn pack_states(&self) -> Result<Vec<u8>, BlockError> {
        states::pack(self)
    }

    /// As it was accepted, brought to what [`Self::pack_states`] stored.
    pub fn with_states(mut self, bytes: &[u8]) -> Result<Self, BlockError> {
        states::unpack(&mut self, bytes)?;
        Ok(self)
    }

    /// The charges of a message as it was accepted.
    pub fn charges_at_first<'a>(&'a self, place: u16, message: &'a Message) -> &'a [Charge] {
        self.first_charges.get(&place).unwrap_or(&message.charges)
    }

    /// Puts a message that was rated again in the place of itself.
    pub fn put_rated_again(&mut self, place: u16, again: Message) {
        let Some(message) = self.messages.get_mut(usize::from(place)) else { return };
        let before = std::mem::replace(message, again);
        self.first_charges.entry(place).or_insert(before.charges);
    }

    /// A message as it is now. None if there is none at this place, or none any more.
    pub fn message(&self, place: u16) -> Option<Message> {
        let message = self.messages.get(usize::from(place)).filter(|_| !self.left.contains(&place))?.clone();
        let is_in_hand = self.is_claimed && message.status == Status::Accepted;
        Some(if is_in_hand { Message { status: Status::Queued, ..message } } else { message })
    }

    /// Whether there is anything in it to send, or of which nobody has told whether it was.
    pub fn is_open(&self) -> bool {
        self.messages.iter().any(|message| message.status == Status::Accepted)
    }
}

/// The first level does not count how often each letter comes: ten messages take three write units with it,
/// and two with this one.
const LEVEL: u32 = 3;

fn shrink(value: &impl Serialize) -> Result<Vec<u8>, BlockError> {
    let json = serde_json::to_vec(value).map_err(BlockError::new)?;
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(json.len() / 2), Compression::new(LEVEL));
    encoder.write_all(&json).map_err(BlockError::new)?;
    encoder.finish().map_err(BlockError::new)
}

fn expand<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BlockError> {
    let mut json = Vec::with_capacity(bytes.len() * 4);
    DeflateDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut json).map_err(BlockError::new)?;
    serde_json::from_slice(&json).map_err(BlockError::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowance::AllowanceId;
    use crate::connection::ConnectionKind;
    use crate::destination::Msisdn;
    use crate::handling::{ClientAddress, Handling, Origin, Raw, ReceiptsWanted};
    use crate::id::{ConnectionId, WalletId};
    use crate::message::Progress;
    use crate::message::tests::{charge, message};
    use crate::money::Amount;
    use crate::quote::Taken;
    use crate::rating::BillingRule;
    use crate::receipt::ReceiptState;

    fn tag() -> LeaseTag {
        LeaseTag { lease: WalletId::new(7), fence: 1, number: 1 }
    }

    fn block(count: usize) -> Block {
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let one = |place: usize| Message {
            recipient: Msisdn::parse(&format!("+49151{:08}", place * 7_919 % 99_999_999)).unwrap(),
            text: format!("message {place}"),
            status: Status::Accepted,
            revision: 0,
            charges: vec![charge(1 + place as u128 % 2, "0.05", BillingRule::Submitted)],
            client_reference: place.is_multiple_of(3).then(|| place.to_string()),
            ..message()
        };
        Block::new(tag(), (0..count).map(one).collect(), now)
    }

    #[test]
    fn a_block_reads_back_as_it_was_packed() {
        let block = block(100);
        let bytes = block.pack().unwrap();
        assert_eq!(Block::unpack(tag(), &bytes).unwrap(), block);
        assert!(bytes.len() < 100 * 40, "{}", bytes.len());
    }

    /// Like those of clients that speak SMPP, each of which is handed on in its own way.
    fn handled(place: usize, message: Message) -> Message {
        let address = |value: &str| ClientAddress { ton: 1, npi: 1, value: value.to_owned() };
        let recipient = message.recipient.as_str().to_owned();
        let destination = if place.is_multiple_of(5) { format!("00{recipient}") } else { recipient };
        let origin = Origin {
            connection: ConnectionId::new(5),
            receipts: ReceiptsWanted::Final,
            source: address("ACME"),
            destination: address(&destination),
        };
        let raw = Raw { data_coding: 8, has_header: true, octets: vec![5, 0, 3, place as u8, 2, 1] };
        let handling = Handling {
            raw: place.is_multiple_of(3).then_some(raw),
            priority: (place % 2) as u8,
            valid_till: place
                .is_multiple_of(7)
                .then(|| Timestamp::from_second(1_767_225_600 + place as i64).unwrap()),
            origin: (place != 1).then_some(origin),
            ..Handling::default()
        };
        Message { handling, ..message }
    }

    #[test]
    fn what_is_a_message_s_own_of_its_handling_reads_back_and_shares_the_rest() {
        let block = block(100);
        let plain = block.pack().unwrap().len();
        let messages = block.messages.into_iter().enumerate().map(|(place, message)| handled(place, message));
        let block =
            Block { messages: messages.collect(), ..Block::new(tag(), vec![], Timestamp::UNIX_EPOCH) };
        let bytes = block.pack().unwrap();
        assert_eq!(Block::unpack(tag(), &bytes).unwrap(), block);
        assert!(bytes.len() < plain + 100 * 12, "{plain} {}", bytes.len());
    }

    /// A text that compresses as real ones do: words of some languages, names and codes.
    fn text(place: usize) -> String {
        const WORDS: [&str; 24] = [
            "Your",
            "code",
            "is",
            "order",
            "has",
            "been",
            "shipped",
            "and",
            "will",
            "arrive",
            "today",
            "Dear",
            "Termin",
            "am",
            "um",
            "Uhr",
            "appointment",
            "please",
            "call",
            "bonjour",
            "votre",
            "commande",
            "balance",
            "of",
        ];
        let mut text = String::new();
        let mut number = place as u64 * 2_654_435_761 + 12_345;
        while text.len() < 160 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match number >> 61 {
                0 => text.push_str(&format!("{:06} ", (number >> 20) % 1_000_000)),
                _ => text.push_str(&format!("{} ", WORDS[(number >> 33) as usize % WORDS.len()])),
            }
        }
        text.truncate(160);
        text
    }

    #[test]
    fn a_message_of_160_characters_takes_some_hundred_bytes_and_its_state_some_twenty() {
        let full = |place: usize, message: Message| Message { text: text(place), ..message };
        let messages = block(100).messages.into_iter().enumerate();
        let messages = messages.map(|(place, message)| full(place, message)).collect();
        let block = Block { messages, ..Block::new(tag(), vec![], Timestamp::UNIX_EPOCH) };
        let content = block.pack().unwrap().len();
        assert!(content < 100 * 110, "{content}");
        let mut change = block.change();
        let now = Timestamp::from_second(1_767_225_601).unwrap();
        for place in 0..100u16 {
            let reference = format!("{:016x}", u64::from(place).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let taken = Progress::Submitted { references: vec![Some(reference)] };
            assert_eq!(change.step(place, &taken, now), Fits::Yes);
        }
        let states = change.block.pack_states().unwrap().len();
        assert!(states < 100 * 20, "{states}");
    }

    #[test]
    fn ten_messages_of_five_levels_fit_two_write_units_whatever_their_letters() {
        let mut state = 7u64;
        let mut letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b"abcdefghijklmnopqrstuvwxyz     "[(state >> 33) as usize % 31])
        };
        let mut block = block(10);
        for message in &mut block.messages {
            message.text = (0..160).map(&mut letter).collect();
            message.charges =
                (1..=5).map(|level| charge(level, "0.012357", BillingRule::Submitted)).collect();
        }
        let bytes = block.pack().unwrap().len();
        assert!(bytes < 1_850, "{bytes}");
    }

    #[test]
    fn a_block_reads_back_as_it_has_become() {
        let now = Timestamp::from_second(1_767_225_601).unwrap();
        let mut change = block(9).change();
        let submitted = |parts: usize| Progress::Submitted {
            references: (0..parts).map(|part| Some(format!("a{part}"))).collect(),
        };
        let delivered = |part| Progress::Receipt { part, state: ReceiptState::Delivered, error: None };
        let expired =
            Progress::Receipt { part: 1, state: ReceiptState::Expired, error: Some("0x41".to_owned()) };
        for (place, progress) in [
            (0, submitted(1)),
            (0, delivered(0)),
            (1, submitted(2)),
            (2, submitted(2)),
            (2, expired),
            (3, Progress::Submitted { references: vec![None] }),
            (4, Progress::InDoubt),
            (5, Progress::Canceled),
            (6, Progress::Rerouted { connection: ConnectionId::new(9), kind: ConnectionKind::Http }),
        ] {
            assert_eq!(change.step(place, &progress, now), Fits::Yes);
        }
        assert_eq!(change.send_alone(7), Fits::Yes);
        let after = &change.block;
        let statuses: Vec<_> = after.messages.iter().map(|message| message.status).collect();
        use Status::{Accepted, Canceled, Delivered, Expired, Queued, Submitted, Undelivered};
        assert_eq!(
            statuses,
            [Delivered, Submitted, Expired, Undelivered, Submitted, Canceled, Queued, Queued, Accepted]
        );
        assert_eq!((change.before, after.revision, after.left.len()), (0, 1, 2));
        let packed = (after.pack().unwrap(), after.pack_states().unwrap());
        let back = Block::unpack(tag(), &packed.0).unwrap().with_states(&packed.1).unwrap();
        assert_eq!(Block { revision: 1, ..back }, *after);
        for cut in [0, 1, packed.1.len() / 2] {
            assert!(Block::unpack(tag(), &packed.0).unwrap().with_states(&packed.1[..cut]).is_err());
        }
        assert!(Block::unpack(tag(), &block(8).pack().unwrap()).unwrap().with_states(&packed.1).is_err());
    }

    #[test]
    fn a_message_of_which_the_vendor_took_a_segment_is_not_sent_again() {
        let now = Timestamp::UNIX_EPOCH;
        let mut change = block(2).change();
        let partly = Progress::PartlyInDoubt { references: vec![Some("a".into()), None] };
        assert_eq!(
            (change.step(0, &partly, now), change.step(1, &Progress::InDoubt, now)),
            (Fits::Yes, Fits::Yes)
        );
        assert_eq!((change.send_alone(0), change.send_alone(1)), (Fits::Yes, Fits::Yes));
        assert_eq!(change.block.left.iter().collect::<Vec<_>>(), [&1]);
    }

    #[test]
    fn who_leaves_a_block_does_so_once_as_a_row_that_is_to_be_sent() {
        let now = Timestamp::UNIX_EPOCH;
        let mut change = block(3).change();
        let next = Progress::Rerouted { connection: ConnectionId::new(9), kind: ConnectionKind::Http };
        assert_eq!((change.step(0, &next, now), change.send_alone(1)), (Fits::Yes, Fits::Yes));
        let [rerouted, alone] = &change.leaving[..] else { panic!("two") };
        assert_eq!(rerouted.handling.tried, [ConnectionId::new(1)]);
        for row in [rerouted, alone] {
            assert_eq!((row.status, row.revision), (Status::Accepted, 1));
        }
        let mut again = Block { revision: 1, ..change.block.clone() }.change();
        let refused = Progress::Refused { reason: "no".into() };
        for place in [0, 1] {
            assert_eq!(again.step(place, &refused, now), Fits::Yes);
            assert_eq!(again.send_alone(place), Fits::Yes);
        }
        assert!(!again.is_some() && again.refund.is_empty() && again.leaving.is_empty());
        assert_eq!(
            (again.block.message(0), again.block.message(2).map(|message| message.status)),
            (None, Some(Status::Accepted))
        );
    }

    #[test]
    fn a_message_in_doubt_of_which_it_is_then_known_that_it_did_not_leave_is_sent_alone() {
        let mut doubted = block(2).change();
        assert_eq!(doubted.step(0, &Progress::InDoubt, Timestamp::UNIX_EPOCH), Fits::Yes);
        let taken = Progress::Submitted { references: vec![Some("a".into())] };
        assert_eq!(doubted.step(1, &taken, Timestamp::UNIX_EPOCH), Fits::Yes);
        let mut change = Block { revision: 1, ..doubted.block }.change();
        assert_eq!((change.send_alone(0), change.send_alone(1)), (Fits::Yes, Fits::Yes));
        let [row] = &change.leaving[..] else { panic!("one") };
        assert_eq!((row.status, row.revision), (Status::Accepted, 2));
        assert_eq!((row.reason.as_ref(), row.submitted_at), (None, None));
        assert_eq!(change.block.message(1).unwrap().status, Status::Submitted);
    }

    #[test]
    fn a_change_refunds_each_message_once_and_units_of_packs_one_message_at_a_time() {
        let now = Timestamp::UNIX_EPOCH;
        let refused = Progress::Refused { reason: "no".into() };
        let mut change = block(4).change();
        for place in [0, 1, 0, 1] {
            assert_eq!(change.step(place, &refused, now), Fits::Yes);
        }
        assert_eq!(change.refund.len(), 2);
        // Others' units go back by themselves.
        let mut block = block(4);
        for message in &mut block.messages[1..3] {
            let mut above = charge(2, "0.03", BillingRule::Submitted);
            let units = Amount::parse("1").unwrap();
            let allowance = AllowanceId::parse(&"p".repeat(13)).unwrap();
            above.taken = Some(Taken { allowance, units, returns: true });
            message.charges.push(above);
        }
        let mut change = block.change();
        assert_eq!(change.step(0, &refused, now), Fits::Yes);
        assert_eq!(change.step(1, &refused, now), Fits::No);
        assert_eq!(change.refund.len(), 1);
        let mut next = Block { revision: 1, ..change.block }.change();
        assert_eq!(next.step(1, &refused, now), Fits::Yes);
        assert_eq!(next.step(2, &refused, now), Fits::No);
        assert_eq!(next.step(3, &refused, now), Fits::No);
        assert_eq!(next.refund.len(), 2);
    }

    #[test]
    fn more_leave_than_one_write_takes() {
        let mut change = block(100).change();
        let taken: Vec<_> = (0..100).map(|place| change.send_alone(place)).collect();
        assert_eq!(taken.iter().filter(|taken| **taken == Fits::Yes).count(), 90);
        assert_eq!(change.leaving.len(), 90);
    }

    #[test]
    fn the_messages_of_two_flushes_have_different_ids() {
        let other = LeaseTag { number: 2, ..tag() };
        let ids: std::collections::BTreeSet<_> = [tag(), other]
            .iter()
            .flat_map(|tag| (0..3).map(|place| MessageId::in_block(tag, place)))
            .collect();
        assert_eq!(ids.len(), 6);
    }

    #[test]
    fn damaged_bytes_are_no_block() {
        let bytes = block(3).pack().unwrap();
        assert!(Block::unpack(tag(), &bytes[..bytes.len() / 2]).is_err());
        assert!(Block::unpack(tag(), b"").is_err());
        assert!(Block::new(tag(), Vec::new(), Timestamp::UNIX_EPOCH).pack().is_err());
    }
}
