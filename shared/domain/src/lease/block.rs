//! Several messages that were accepted together, stored as one compressed item.
//!
//! What the messages share is written once, and what they do not share column by column, because texts
//! beside texts compress better. At 160 characters a message takes some 100 bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LeaseTag;
use crate::connection::ConnectionKind;
use crate::destination::Msisdn;
use crate::handling::Handling;
use crate::id::{AgreementId, CompanyId, ConnectionId, MessageId};
use crate::message::{Message, Status};
use crate::quote::Charge;
use crate::segmentation::Encoding;
use crate::sender::SenderAddress;

/// A block of a megabyte is damaged: DynamoDB takes 400 KB, and texts shrink to a third at best.
const UNPACKED_MAX: u64 = 16 * 1024 * 1024;

/// The messages of one flush, all of one agreement. Each becomes a row of its own afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub tag: LeaseTag,
    pub messages: Vec<Message>,
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

#[derive(Serialize, Deserialize)]
struct Packed {
    company: CompanyId,
    agreement: AgreementId,
    accepted_at: Timestamp,
    kinds: Vec<Kind>,
    /// The kind of each message.
    of_kind: Vec<usize>,
    recipients: Vec<Msisdn>,
    client_references: Vec<Option<String>>,
    texts: Vec<String>,
}

/// What most messages of a block have in common.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Kind {
    sender: SenderAddress,
    connection: ConnectionId,
    connection_kind: ConnectionKind,
    country: String,
    network: Option<String>,
    encoding: Encoding,
    segments: u32,
    charges: Vec<Charge>,
    #[serde(default, skip_serializing_if = "Handling::is_usual")]
    handling: Handling,
}

impl Kind {
    fn of(message: &Message) -> Self {
        Self {
            sender: message.sender.clone(),
            connection: message.connection.clone(),
            connection_kind: message.connection_kind,
            country: message.country.clone(),
            network: message.network.clone(),
            encoding: message.encoding,
            segments: message.segments,
            charges: message.charges.clone(),
            handling: message.handling.clone(),
        }
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
        Self { tag, messages }
    }

    /// As it is stored.
    pub fn pack(&self) -> Result<Vec<u8>, BlockError> {
        let first = self.messages.first().ok_or_else(|| BlockError::new("there is no message in it"))?;
        let mut packed = Packed {
            company: first.company.clone(),
            agreement: first.agreement.clone(),
            accepted_at: first.accepted_at,
            kinds: Vec::new(),
            of_kind: Vec::new(),
            recipients: Vec::new(),
            client_references: Vec::new(),
            texts: Vec::new(),
        };
        for message in &self.messages {
            let kind = Kind::of(message);
            let known = packed.kinds.iter().position(|known| *known == kind);
            packed.of_kind.push(known.unwrap_or_else(|| {
                packed.kinds.push(kind);
                packed.kinds.len() - 1
            }));
            packed.recipients.push(message.recipient.clone());
            packed.client_references.push(message.client_reference.clone());
            packed.texts.push(message.text.clone());
        }
        let json = serde_json::to_vec(&packed).map_err(BlockError::new)?;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&json).map_err(BlockError::new)?;
        encoder.finish().map_err(BlockError::new)
    }

    /// Reads what [`Self::pack`] made of the block with this tag.
    pub fn unpack(tag: LeaseTag, bytes: &[u8]) -> Result<Self, BlockError> {
        let mut json = Vec::new();
        DeflateDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut json).map_err(BlockError::new)?;
        let packed: Packed = serde_json::from_slice(&json).map_err(BlockError::new)?;
        let count = packed.texts.len();
        if [packed.of_kind.len(), packed.recipients.len(), packed.client_references.len()] != [count; 3] {
            return Err(BlockError::new("its columns are not equally long"));
        }
        let message = |place: usize| {
            let kind = packed.kinds.get(packed.of_kind[place])?.clone();
            Some(Message {
                id: MessageId::in_block(&tag, u16::try_from(place).ok()?),
                company: packed.company.clone(),
                agreement: packed.agreement.clone(),
                sender: kind.sender,
                recipient: packed.recipients[place].clone(),
                text: packed.texts[place].clone(),
                client_reference: packed.client_references[place].clone(),
                connection: kind.connection,
                connection_kind: kind.connection_kind,
                country: kind.country,
                network: kind.network,
                encoding: kind.encoding,
                segments: kind.segments,
                charges: kind.charges,
                handling: kind.handling,
                status: Status::Accepted,
                reason: None,
                parts: Vec::new(),
                accepted_at: packed.accepted_at,
                submitted_at: None,
                finished_at: None,
                revision: 0,
                request_hash: String::new(),
                balance_after: None,
                lease: None,
            })
        };
        let messages: Option<Vec<_>> = (0..count).map(message).collect();
        Ok(Self { messages: messages.ok_or_else(|| BlockError::new("a kind is missing"))?, tag })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::WalletId;
    use crate::message::tests::{charge, message};
    use crate::rating::BillingRule;

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
        assert!(Block { tag: tag(), messages: Vec::new() }.pack().is_err());
    }
}
