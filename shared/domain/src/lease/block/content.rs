//! What was accepted with a block, which never changes.
//!
//! What the messages share is written once, and what they do not share column by column, because texts
//! beside texts compress better. At 160 characters a message takes some 100 bytes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BlockError, expand, shrink};
use crate::connection::ConnectionKind;
use crate::destination::Msisdn;
use crate::handling::{Code, Handling, Raw};
use crate::id::{AgreementId, CompanyId, ConnectionId, MessageId};
use crate::lease::LeaseTag;
use crate::message::{Message, NewMessage};
use crate::quote::Charge;
use crate::segmentation::Encoding;
use crate::sender::SenderAddress;

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
    /// What is each message's own of how it is to be handed on; empty if no message has any of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    own: Vec<Own>,
}

/// What most messages of a block have in common.
#[derive(Serialize, Deserialize)]
struct Kind {
    sender: SenderAddress,
    connection: ConnectionId,
    connection_kind: ConnectionKind,
    country: String,
    network: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mccmnc: Option<String>,
    encoding: Encoding,
    segments: u32,
    charges: Vec<Charge>,
    /// Without what is a message's own.
    #[serde(default, skip_serializing_if = "Handling::is_usual")]
    handling: Handling,
}

/// What differs from message to message of how it is to be handed on.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Own {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<Raw>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_till: Option<Timestamp>,
    /// The address of its recipient as the client wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
}

impl Kind {
    fn of(message: &Message) -> Self {
        Self {
            sender: message.sender.clone(),
            connection: message.connection.clone(),
            connection_kind: message.connection_kind,
            country: message.country.clone(),
            network: message.network.clone(),
            mccmnc: message.mccmnc.clone(),
            encoding: message.encoding,
            segments: message.segments,
            charges: message.charges.clone(),
            handling: shared_handling(&message.handling),
        }
    }

    fn is_of(&self, message: &Message) -> bool {
        self.sender == message.sender
            && self.country == message.country
            && self.network == message.network
            && self.mccmnc == message.mccmnc
            && self.segments == message.segments
            && self.encoding == message.encoding
            && self.connection == message.connection
            && self.connection_kind == message.connection_kind
            && self.charges == message.charges
            && shares_handling(&self.handling, &message.handling)
    }
}

fn shared_handling(handling: &Handling) -> Handling {
    let Handling { priority, protocol_id, mut origin, tried, .. } = handling.clone();
    if let Some(origin) = &mut origin {
        origin.destination.value.clear();
    }
    Handling { priority, protocol_id, origin, tried, ..Handling::default() }
}

/// Whether the one is the other without what is a message's own.
fn shares_handling(shared: &Handling, handling: &Handling) -> bool {
    let same_origin = match (&shared.origin, &handling.origin) {
        (None, None) => true,
        (Some(shared), Some(origin)) => {
            shared.connection == origin.connection
                && shared.receipts == origin.receipts
                && shared.source == origin.source
                && shared.destination.ton == origin.destination.ton
                && shared.destination.npi == origin.destination.npi
        }
        _ => false,
    };
    same_origin
        && shared.priority == handling.priority
        && shared.protocol_id == handling.protocol_id
        && shared.tried == handling.tried
}

impl Own {
    fn of(message: &Message) -> Self {
        let Handling { raw, valid_till, origin, code, .. } = &message.handling;
        let destination = origin.as_ref().map(|origin| &origin.destination.value);
        let destination = destination.filter(|value| *value != message.recipient.as_str()).cloned();
        Self { raw: raw.clone(), valid_till: *valid_till, destination, code: code.clone() }
    }

    fn restore(self, handling: &mut Handling, recipient: &Msisdn) {
        handling.raw = self.raw;
        handling.valid_till = self.valid_till;
        handling.code = self.code;
        if let Some(origin) = &mut handling.origin {
            origin.destination.value = self.destination.unwrap_or_else(|| recipient.as_str().to_owned());
        }
    }
}

pub(super) fn pack(messages: &[Message]) -> Result<Vec<u8>, BlockError> {
    let first = messages.first().ok_or_else(|| BlockError::new("there is no message in it"))?;
    let mut kinds: Vec<Kind> = Vec::new();
    let kind_of = |message: &Message| {
        let known = kinds.iter().position(|kind| kind.is_of(message));
        known.unwrap_or_else(|| {
            kinds.push(Kind::of(message));
            kinds.len() - 1
        })
    };
    let of_kind = messages.iter().map(kind_of).collect();
    let mut own: Vec<Own> = messages.iter().map(Own::of).collect();
    if own.iter().all(|own| *own == Own::default()) {
        own.clear();
    }
    shrink(&Packed {
        company: first.company.clone(),
        agreement: first.agreement.clone(),
        accepted_at: first.accepted_at,
        kinds,
        of_kind,
        recipients: messages.iter().map(|message| message.recipient.clone()).collect(),
        client_references: messages.iter().map(|message| message.client_reference.clone()).collect(),
        texts: messages.iter().map(|message| message.text.clone()).collect(),
        own,
    })
}

pub(super) fn unpack(tag: &LeaseTag, bytes: &[u8]) -> Result<Vec<Message>, BlockError> {
    let mut packed: Packed = expand(bytes)?;
    let count = packed.texts.len();
    if packed.own.is_empty() {
        packed.own.resize_with(count, Own::default);
    }
    let columns =
        [packed.of_kind.len(), packed.recipients.len(), packed.client_references.len(), packed.own.len()];
    if columns != [count; 4] {
        return Err(BlockError::new("its columns are not equally long"));
    }
    let Packed { company, agreement, accepted_at, kinds, .. } = packed;
    let rows = packed.of_kind.into_iter().zip(packed.recipients).zip(packed.client_references);
    let rows = rows.zip(packed.texts).zip(packed.own).enumerate();
    let message = |(place, ((((kind, recipient), client_reference), text), own)): (usize, _)| {
        let kind: &Kind = kinds.get::<usize>(kind)?;
        let mut handling = kind.handling.clone();
        Own::restore(own, &mut handling, &recipient);
        Some(
            NewMessage {
                id: MessageId::in_block(tag, u16::try_from(place).ok()?),
                company: company.clone(),
                agreement: agreement.clone(),
                sender: kind.sender.clone(),
                recipient,
                text,
                client_reference,
                connection: kind.connection.clone(),
                connection_kind: kind.connection_kind,
                country: kind.country.clone(),
                network: kind.network.clone(),
                mccmnc: kind.mccmnc.clone(),
                encoding: kind.encoding,
                segments: kind.segments,
                charges: kind.charges.clone(),
                handling,
            }
            .accepted(accepted_at),
        )
    };
    let messages: Option<Vec<_>> = rows.map(message).collect();
    messages.ok_or_else(|| BlockError::new("a kind is missing"))
}
