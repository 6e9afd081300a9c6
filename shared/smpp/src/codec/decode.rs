//! Reads a PDU as generously as it can be understood.
//!
//! Real peers send ids without NUL, passwords over their limit, octets after the last TLV and
//! bodies where none belongs. All of that is read; only a request whose mandatory fields are cut
//! off is refused. An answer is never refused: its sequence number is what counts.

use bytes::Bytes;
use thiserror::Error;

use super::HEADER_LENGTH;
use super::frame::u32_at;
use crate::pdu::{ANSWER_BIT, Bind, BindMode, BindResp, Body, MessageResp, Pdu, ShortMessage, command};
use crate::status::CommandStatus;
use crate::tlv::{Tlv, Tlvs, latin1_until_nul};

/// A PDU that cannot be read; the peer gets a generic_nack with [`DecodeError::status`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("{octets} octets are no PDU header")]
    NoHeader { octets: usize },
    #[error("command 0x{command_id:08X} ends within its mandatory fields")]
    CutOff { command_id: u32, sequence: u32 },
    #[error("sm_length is {declared}, {present} octets are left")]
    MessageLength { declared: usize, present: usize, sequence: u32 },
}

impl DecodeError {
    /// The sequence number to answer to.
    pub fn sequence(&self) -> u32 {
        match self {
            Self::NoHeader { .. } => crate::pdu::SEQUENCE_UNKNOWN,
            Self::CutOff { sequence, .. } | Self::MessageLength { sequence, .. } => *sequence,
        }
    }

    /// What to answer.
    pub fn status(&self) -> CommandStatus {
        match self {
            Self::NoHeader { .. } | Self::CutOff { .. } => CommandStatus::RINVCMDLEN,
            Self::MessageLength { .. } => CommandStatus::RINVMSGLEN,
        }
    }
}

/// Reads one whole frame, as cut by [`super::Framer`].
pub fn decode(frame: &[u8]) -> Result<Pdu, DecodeError> {
    let (Some(command_id), Some(status), Some(sequence)) =
        (u32_at(frame, 4), u32_at(frame, 8), u32_at(frame, 12))
    else {
        return Err(DecodeError::NoHeader { octets: frame.len() });
    };
    let fields = Fields { rest: &frame[HEADER_LENGTH..], command_id, sequence };
    let body = body(fields)?;
    Ok(Pdu { status: CommandStatus(status), sequence, body })
}

fn body(fields: Fields<'_>) -> Result<Body, DecodeError> {
    const BIND_RECEIVER_RESP: u32 = command::BIND_RECEIVER | ANSWER_BIT;
    const BIND_TRANSMITTER_RESP: u32 = command::BIND_TRANSMITTER | ANSWER_BIT;
    const BIND_TRANSCEIVER_RESP: u32 = command::BIND_TRANSCEIVER | ANSWER_BIT;
    const SUBMIT_SM_RESP: u32 = command::SUBMIT_SM | ANSWER_BIT;
    const DELIVER_SM_RESP: u32 = command::DELIVER_SM | ANSWER_BIT;
    const ENQUIRE_LINK_RESP: u32 = command::ENQUIRE_LINK | ANSWER_BIT;
    const UNBIND_RESP: u32 = command::UNBIND | ANSWER_BIT;
    Ok(match fields.command_id {
        command::BIND_RECEIVER => Body::Bind(BindMode::Receiver, bind(fields)?),
        command::BIND_TRANSMITTER => Body::Bind(BindMode::Transmitter, bind(fields)?),
        command::BIND_TRANSCEIVER => Body::Bind(BindMode::Transceiver, bind(fields)?),
        BIND_RECEIVER_RESP => Body::BindResp(BindMode::Receiver, bind_resp(fields)),
        BIND_TRANSMITTER_RESP => Body::BindResp(BindMode::Transmitter, bind_resp(fields)),
        BIND_TRANSCEIVER_RESP => Body::BindResp(BindMode::Transceiver, bind_resp(fields)),
        command::SUBMIT_SM => Body::SubmitSm(short_message(fields)?),
        SUBMIT_SM_RESP => Body::SubmitSmResp(message_resp(fields)),
        command::DELIVER_SM => Body::DeliverSm(short_message(fields)?),
        DELIVER_SM_RESP => Body::DeliverSmResp(message_resp(fields)),
        command::ENQUIRE_LINK => Body::EnquireLink,
        ENQUIRE_LINK_RESP => Body::EnquireLinkResp,
        command::UNBIND => Body::Unbind,
        UNBIND_RESP => Body::UnbindResp,
        command::GENERIC_NACK => Body::GenericNack,
        command_id => Body::Unknown { command_id, body: Bytes::copy_from_slice(fields.rest) },
    })
}

fn bind(mut fields: Fields<'_>) -> Result<Bind, DecodeError> {
    Ok(Bind {
        system_id: fields.text()?,
        password: fields.text()?,
        system_type: fields.text()?,
        interface_version: fields.octet()?,
        addr_ton: fields.octet()?,
        addr_npi: fields.octet()?,
        address_range: fields.last_text(),
    })
}

fn bind_resp(mut fields: Fields<'_>) -> BindResp {
    BindResp { system_id: fields.last_text(), tlvs: fields.tlvs() }
}

fn message_resp(mut fields: Fields<'_>) -> MessageResp {
    MessageResp { message_id: fields.last_text(), tlvs: fields.tlvs() }
}

fn short_message(mut fields: Fields<'_>) -> Result<ShortMessage, DecodeError> {
    Ok(ShortMessage {
        service_type: fields.text()?,
        source_ton: fields.octet()?,
        source_npi: fields.octet()?,
        source: fields.text()?,
        destination_ton: fields.octet()?,
        destination_npi: fields.octet()?,
        destination: fields.text()?,
        esm_class: fields.octet()?,
        protocol_id: fields.octet()?,
        priority: fields.octet()?,
        schedule: fields.text()?,
        validity: fields.text()?,
        registered_delivery: fields.octet()?,
        replace_if_present: fields.octet()?,
        data_coding: fields.octet()?,
        default_message_id: fields.octet()?,
        short_message: fields.counted()?,
        tlvs: fields.tlvs(),
    })
}

/// What is left of a body.
struct Fields<'a> {
    rest: &'a [u8],
    command_id: u32,
    sequence: u32,
}

impl Fields<'_> {
    fn cut_off(&self) -> DecodeError {
        DecodeError::CutOff { command_id: self.command_id, sequence: self.sequence }
    }

    fn octet(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| self.cut_off())?;
        self.rest = rest;
        Ok(*first)
    }

    /// A C-octet string of any length.
    fn text(&mut self) -> Result<String, DecodeError> {
        let nul = self.rest.iter().position(|octet| *octet == 0).ok_or_else(|| self.cut_off())?;
        let text = latin1_until_nul(&self.rest[..nul]);
        self.rest = &self.rest[nul + 1..];
        Ok(text)
    }

    /// The last mandatory string of a PDU: its NUL, or all of it, may be missing.
    fn last_text(&mut self) -> String {
        let nul = self.rest.iter().position(|octet| *octet == 0).unwrap_or(self.rest.len());
        let text = latin1_until_nul(&self.rest[..nul]);
        self.rest = self.rest.get(nul + 1..).unwrap_or_default();
        text
    }

    /// Octets that follow their count.
    fn counted(&mut self) -> Result<Bytes, DecodeError> {
        let declared = usize::from(self.octet()?);
        let Some((octets, rest)) = self.rest.split_at_checked(declared) else {
            let present = self.rest.len();
            return Err(DecodeError::MessageLength { declared, present, sequence: self.sequence });
        };
        self.rest = rest;
        Ok(Bytes::copy_from_slice(octets))
    }

    /// The optional parameters; stray or cut-off octets after the last whole one are left out.
    fn tlvs(&mut self) -> Tlvs {
        let mut tlvs = Tlvs::default();
        while let [tag_high, tag_low, length_high, length_low, rest @ ..] = self.rest {
            let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
            let Some((value, rest)) = rest.split_at_checked(length) else {
                break;
            };
            let tag = u16::from_be_bytes([*tag_high, *tag_low]);
            tlvs.0.push(Tlv { tag, value: Bytes::copy_from_slice(value) });
            self.rest = rest;
        }
        tlvs
    }
}
