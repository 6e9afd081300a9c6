//! Reads a PDU as generously as it can be understood.
//!
//! Real peers send ids without NUL, passwords over their limit, octets after the last TLV and
//! bodies where none belongs. All of that is read; only a request whose mandatory fields are cut
//! off is refused. An answer is never refused: its sequence number is what counts.

mod fields;

use bytes::Bytes;
use thiserror::Error;

use super::HEADER_LENGTH;
use super::frame::u32_at;
use crate::pdu::{
    AlertNotification, Bind, BindMode, BindResp, Body, CancelSm, DataSm, Destination, MessageResp, Outbind,
    Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SubmitMulti, SubmitMultiResp, Unsuccess, command,
};
use crate::status::CommandStatus;
use fields::Fields;

/// How a destination of a submit_multi is marked (SMPP 3.4 section 5.2.25).
const DESTINATION_ADDRESS: u8 = 1;
const DESTINATION_LIST: u8 = 2;

/// A PDU that cannot be read; the peer gets a generic_nack with [`DecodeError::status`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("{octets} octets are no PDU header")]
    NoHeader { octets: usize },
    #[error("command 0x{command_id:08X} ends within its mandatory fields")]
    CutOff { command_id: u32, sequence: u32 },
    #[error("sm_length is {declared}, {present} octets are left")]
    MessageLength { declared: usize, present: usize, sequence: u32 },
    #[error("a destination is marked {flag} and is neither an address nor a list")]
    DestinationFlag { flag: u8, sequence: u32 },
}

impl DecodeError {
    /// The sequence number to answer to.
    pub fn sequence(&self) -> u32 {
        match self {
            Self::NoHeader { .. } => crate::pdu::SEQUENCE_UNKNOWN,
            Self::CutOff { sequence, .. }
            | Self::MessageLength { sequence, .. }
            | Self::DestinationFlag { sequence, .. } => *sequence,
        }
    }

    /// What to answer.
    pub fn status(&self) -> CommandStatus {
        match self {
            Self::NoHeader { .. } | Self::CutOff { .. } => CommandStatus::RINVCMDLEN,
            Self::MessageLength { .. } => CommandStatus::RINVMSGLEN,
            Self::DestinationFlag { .. } => CommandStatus::RINVDESTFLAG,
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
    let fields = Fields::new(&frame[HEADER_LENGTH..], command_id, sequence);
    let body = body(fields)?;
    Ok(Pdu { status: CommandStatus(status), sequence, body })
}

fn body(fields: Fields<'_>) -> Result<Body, DecodeError> {
    Ok(match fields.command_id() {
        command::SUBMIT_SM => Body::SubmitSm(short_message(fields)?),
        command::SUBMIT_SM_RESP => Body::SubmitSmResp(message_resp(fields)),
        command::DELIVER_SM => Body::DeliverSm(short_message(fields)?),
        command::DELIVER_SM_RESP => Body::DeliverSmResp(message_resp(fields)),
        command::BIND_RECEIVER => Body::Bind(BindMode::Receiver, bind(fields)?),
        command::BIND_TRANSMITTER => Body::Bind(BindMode::Transmitter, bind(fields)?),
        command::BIND_TRANSCEIVER => Body::Bind(BindMode::Transceiver, bind(fields)?),
        command::BIND_RECEIVER_RESP => Body::BindResp(BindMode::Receiver, bind_resp(fields)),
        command::BIND_TRANSMITTER_RESP => Body::BindResp(BindMode::Transmitter, bind_resp(fields)),
        command::BIND_TRANSCEIVER_RESP => Body::BindResp(BindMode::Transceiver, bind_resp(fields)),
        command::OUTBIND => Body::Outbind(outbind(fields)?),
        command::SUBMIT_MULTI => Body::SubmitMulti(submit_multi(fields)?),
        command::SUBMIT_MULTI_RESP => Body::SubmitMultiResp(submit_multi_resp(fields)),
        command::DATA_SM => Body::DataSm(data_sm(fields)?),
        command::DATA_SM_RESP => Body::DataSmResp(message_resp(fields)),
        command::QUERY_SM => Body::QuerySm(query_sm(fields)?),
        command::QUERY_SM_RESP => Body::QuerySmResp(query_sm_resp(fields)),
        command::CANCEL_SM => Body::CancelSm(cancel_sm(fields)?),
        command::CANCEL_SM_RESP => Body::CancelSmResp,
        command::REPLACE_SM => Body::ReplaceSm(replace_sm(fields)?),
        command::REPLACE_SM_RESP => Body::ReplaceSmResp,
        command::ALERT_NOTIFICATION => Body::AlertNotification(alert_notification(fields)?),
        command::ENQUIRE_LINK => Body::EnquireLink,
        command::ENQUIRE_LINK_RESP => Body::EnquireLinkResp,
        command::UNBIND => Body::Unbind,
        command::UNBIND_RESP => Body::UnbindResp,
        command::GENERIC_NACK => Body::GenericNack,
        command_id => Body::Other { command_id, body: Bytes::copy_from_slice(fields.rest()) },
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
    let service_type = fields.text()?;
    let (source, destination) = (fields.address()?, fields.address()?);
    let mut message = after_addresses(fields)?;
    message.service_type = service_type;
    (message.source_ton, message.source_npi, message.source) = (source.ton, source.npi, source.value);
    message.destination_ton = destination.ton;
    message.destination_npi = destination.npi;
    message.destination = destination.value;
    Ok(message)
}

/// What submit_sm, deliver_sm and submit_multi have in common.
fn after_addresses(mut fields: Fields<'_>) -> Result<ShortMessage, DecodeError> {
    Ok(ShortMessage {
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
        ..ShortMessage::default()
    })
}

fn outbind(mut fields: Fields<'_>) -> Result<Outbind, DecodeError> {
    Ok(Outbind { system_id: fields.text()?, password: fields.last_text() })
}

/// The fields of a submit_sm with a list where its destination stands.
fn submit_multi(mut fields: Fields<'_>) -> Result<SubmitMulti, DecodeError> {
    let service_type = fields.text()?;
    let source = fields.address()?;
    let count = fields.octet()?;
    let destinations = (0..count).map(|_| destination(&mut fields)).collect::<Result<_, _>>()?;
    let message = ShortMessage {
        service_type,
        source_ton: source.ton,
        source_npi: source.npi,
        source: source.value,
        ..after_addresses(fields)?
    };
    Ok(SubmitMulti { destinations, message })
}

fn destination(fields: &mut Fields<'_>) -> Result<Destination, DecodeError> {
    match fields.octet()? {
        DESTINATION_ADDRESS => Ok(Destination::Address(fields.address()?)),
        DESTINATION_LIST => Ok(Destination::List(fields.text()?)),
        flag => Err(DecodeError::DestinationFlag { flag, sequence: fields.sequence() }),
    }
}

fn submit_multi_resp(mut fields: Fields<'_>) -> SubmitMultiResp {
    let message_id = fields.last_text();
    let count = fields.octet().unwrap_or_default();
    // What is cut off was not told; the rest of the answer counts.
    let unsuccess = (0..count).map_while(|_| unsuccess(&mut fields).ok()).collect();
    SubmitMultiResp { message_id, unsuccess, tlvs: fields.tlvs() }
}

fn unsuccess(fields: &mut Fields<'_>) -> Result<Unsuccess, DecodeError> {
    Ok(Unsuccess { destination: fields.address()?, status: CommandStatus(fields.word()?) })
}

fn data_sm(mut fields: Fields<'_>) -> Result<DataSm, DecodeError> {
    Ok(DataSm {
        service_type: fields.text()?,
        source: fields.address()?,
        destination: fields.address()?,
        esm_class: fields.octet()?,
        registered_delivery: fields.octet()?,
        data_coding: fields.octet()?,
        tlvs: fields.tlvs(),
    })
}

fn query_sm(mut fields: Fields<'_>) -> Result<QuerySm, DecodeError> {
    Ok(QuerySm { message_id: fields.text()?, source: fields.last_address()? })
}

fn query_sm_resp(mut fields: Fields<'_>) -> QuerySmResp {
    QuerySmResp {
        message_id: fields.last_text(),
        final_date: fields.last_text(),
        message_state: fields.octet().unwrap_or_default(),
        error_code: fields.octet().unwrap_or_default(),
        tlvs: fields.tlvs(),
    }
}

fn cancel_sm(mut fields: Fields<'_>) -> Result<CancelSm, DecodeError> {
    Ok(CancelSm {
        service_type: fields.text()?,
        message_id: fields.text()?,
        source: fields.address()?,
        destination: fields.last_address()?,
    })
}

fn replace_sm(mut fields: Fields<'_>) -> Result<ReplaceSm, DecodeError> {
    Ok(ReplaceSm {
        message_id: fields.text()?,
        source: fields.address()?,
        schedule: fields.text()?,
        validity: fields.text()?,
        registered_delivery: fields.octet()?,
        default_message_id: fields.octet()?,
        short_message: fields.counted()?,
        tlvs: fields.tlvs(),
    })
}

fn alert_notification(mut fields: Fields<'_>) -> Result<AlertNotification, DecodeError> {
    let (source, esme) = (fields.address()?, fields.last_address()?);
    Ok(AlertNotification { source, esme, tlvs: fields.tlvs() })
}
