//! The PDUs of SMPP 3.4 that we speak, as plain values.
//!
//! Text fields hold Latin-1: each character up to U+00FF is the octet it came as, so a peer's odd
//! address survives a round trip. Limits are kept by the encoder, not by these types.

use std::fmt;

use bytes::Bytes;

use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// The sequence number of an answer to something that had none.
pub const SEQUENCE_UNKNOWN: u32 = 0;
/// Our own sequence numbers go from 1 to here and begin again (SMPP 3.4 section 3.2).
pub const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;
/// Set in the command id of every answer.
pub const ANSWER_BIT: u32 = 0x8000_0000;

/// The command ids we speak; an answer's id is its request's with [`ANSWER_BIT`].
pub mod command {
    pub const BIND_RECEIVER: u32 = 0x01;
    pub const BIND_TRANSMITTER: u32 = 0x02;
    pub const SUBMIT_SM: u32 = 0x04;
    pub const DELIVER_SM: u32 = 0x05;
    pub const UNBIND: u32 = 0x06;
    pub const BIND_TRANSCEIVER: u32 = 0x09;
    pub const ENQUIRE_LINK: u32 = 0x15;
    pub const GENERIC_NACK: u32 = 0x8000_0000;
}

/// One PDU: header and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    pub status: CommandStatus,
    pub sequence: u32,
    pub body: Body,
}

impl Pdu {
    /// A request: its status is always zero.
    pub fn request(sequence: u32, body: Body) -> Self {
        Self { status: CommandStatus::ROK, sequence, body }
    }

    /// The answer to something we cannot read or do not speak.
    pub fn nack(sequence: u32, status: CommandStatus) -> Self {
        Self { status, sequence, body: Body::GenericNack }
    }
}

/// What a PDU says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Bind(BindMode, Bind),
    BindResp(BindMode, BindResp),
    SubmitSm(SubmitSm),
    SubmitSmResp(MessageResp),
    DeliverSm(DeliverSm),
    DeliverSmResp(MessageResp),
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
    /// A command we do not speak; as a request it is answered with a generic_nack.
    Unknown {
        command_id: u32,
        body: Bytes,
    },
}

impl Body {
    pub fn command_id(&self) -> u32 {
        match self {
            Self::Bind(mode, _) => mode.command_id(),
            Self::BindResp(mode, _) => mode.command_id() | ANSWER_BIT,
            Self::SubmitSm(_) => command::SUBMIT_SM,
            Self::SubmitSmResp(_) => command::SUBMIT_SM | ANSWER_BIT,
            Self::DeliverSm(_) => command::DELIVER_SM,
            Self::DeliverSmResp(_) => command::DELIVER_SM | ANSWER_BIT,
            Self::EnquireLink => command::ENQUIRE_LINK,
            Self::EnquireLinkResp => command::ENQUIRE_LINK | ANSWER_BIT,
            Self::Unbind => command::UNBIND,
            Self::UnbindResp => command::UNBIND | ANSWER_BIT,
            Self::GenericNack => command::GENERIC_NACK,
            Self::Unknown { command_id, .. } => *command_id,
        }
    }
}

/// Which way messages go on a bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindMode {
    /// The client submits and gets no deliveries.
    Transmitter,
    /// The client gets deliveries and submits nothing.
    Receiver,
    Transceiver,
}

impl BindMode {
    pub(crate) fn command_id(self) -> u32 {
        match self {
            Self::Transmitter => command::BIND_TRANSMITTER,
            Self::Receiver => command::BIND_RECEIVER,
            Self::Transceiver => command::BIND_TRANSCEIVER,
        }
    }

    /// Whether the client may submit.
    pub fn can_submit(self) -> bool {
        self != Self::Receiver
    }

    /// Whether the client gets receipts and incoming messages.
    pub fn can_receive(self) -> bool {
        self != Self::Transmitter
    }
}

/// The request that opens a session.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bind {
    pub system_id: String,
    pub password: String,
    pub system_type: String,
    /// 0x34 for SMPP 3.4, 0x50 for 5.0.
    pub interface_version: u8,
    pub addr_ton: u8,
    pub addr_npi: u8,
    pub address_range: String,
}

/// Without the password, since PDUs end up in logs.
impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Bind");
        fields.field("system_id", &self.system_id).field("system_type", &self.system_type);
        fields.field("interface_version", &self.interface_version).finish_non_exhaustive()
    }
}

/// The answer to a bind; empty when the bind is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindResp {
    pub system_id: String,
    pub tlvs: Tlvs,
}

/// A message on its way to a phone.
pub type SubmitSm = ShortMessage;
/// A message from a phone, or a receipt.
pub type DeliverSm = ShortMessage;

/// The body that submit_sm and deliver_sm share, field for field (SMPP 3.4 section 4.4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShortMessage {
    pub service_type: String,
    pub source_ton: u8,
    pub source_npi: u8,
    pub source: String,
    pub destination_ton: u8,
    pub destination_npi: u8,
    pub destination: String,
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority: u8,
    /// Empty or `YYMMDDhhmmsstnnp`.
    pub schedule: String,
    /// Empty or `YYMMDDhhmmsstnnp`.
    pub validity: String,
    pub registered_delivery: u8,
    pub replace_if_present: u8,
    pub data_coding: u8,
    pub default_message_id: u8,
    /// At most 254 octets; a longer one goes into the `message_payload` TLV.
    pub short_message: Bytes,
    pub tlvs: Tlvs,
}

impl ShortMessage {
    /// The message wherever it stands: `short_message`, or `message_payload` when that is empty.
    pub fn payload(&self) -> &Bytes {
        match self.tlvs.message_payload() {
            Some(payload) if self.short_message.is_empty() => payload,
            _ => &self.short_message,
        }
    }
}

/// The answer to a submit_sm or deliver_sm. An error answer often has no id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageResp {
    pub message_id: String,
    pub tlvs: Tlvs,
}
