//! Writes a PDU exactly by the book, or not at all.

use bytes::{BufMut, BytesMut};
use thiserror::Error;

use crate::pdu::{Bind, BindResp, Body, MessageResp, Pdu, ShortMessage};
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// Vendors hand out credentials over the 15 and 8 characters of the specification, and expect
/// them back: these two fields alone have a wider bound.
const CREDENTIAL_LENGTH_MAX: usize = 64;
const SYSTEM_TYPE_LENGTH_MAX: usize = 12;
const ADDRESS_RANGE_LENGTH_MAX: usize = 40;
const SERVICE_TYPE_LENGTH_MAX: usize = 5;
const ADDRESS_LENGTH_MAX: usize = 20;
const MESSAGE_ID_LENGTH_MAX: usize = 64;
const TIME_LENGTH: usize = 16;
const SHORT_MESSAGE_LENGTH_MAX: usize = 254;

/// A PDU that would not be valid SMPP.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("{field} has {length} characters, {max} are allowed")]
    TooLong { field: &'static str, length: usize, max: usize },
    #[error("{field} has a character that SMPP cannot carry")]
    Character { field: &'static str },
    #[error("{field} is neither empty nor 16 characters long")]
    Time { field: &'static str },
    #[error("the message stands in short_message and in message_payload")]
    TwoMessages,
}

/// Appends a PDU to `out`; on an error `out` is as it was.
pub fn encode(pdu: &Pdu, out: &mut BytesMut) -> Result<(), EncodeError> {
    let start = out.len();
    out.put_u32(0); // the length, known at the end
    out.put_u32(pdu.body.command_id());
    out.put_u32(pdu.status.0);
    out.put_u32(pdu.sequence);
    if let Err(error) = put_body(pdu.status, &pdu.body, out) {
        out.truncate(start);
        return Err(error);
    }
    // A TLV is at most 64 KiB, so the sum stays far below four octets.
    let length = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn put_body(status: CommandStatus, body: &Body, out: &mut BytesMut) -> Result<(), EncodeError> {
    match body {
        Body::Bind(_, bind) => put_bind(bind, out),
        Body::BindResp(_, answer) => put_bind_resp(status, answer, out),
        Body::SubmitSm(message) | Body::DeliverSm(message) => put_short_message(message, out),
        Body::SubmitSmResp(answer) => put_message_resp(status, answer, out),
        // Its message_id is unused but always there, also with an error (section 4.6.2).
        Body::DeliverSmResp(answer) => put_message_resp(CommandStatus::ROK, answer, out),
        Body::EnquireLink | Body::EnquireLinkResp => Ok(()),
        Body::Unbind | Body::UnbindResp | Body::GenericNack => Ok(()),
        Body::Unknown { body, .. } => {
            out.put_slice(body);
            Ok(())
        }
    }
}

fn put_bind(bind: &Bind, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text("system_id", &bind.system_id, CREDENTIAL_LENGTH_MAX, out)?;
    put_text("password", &bind.password, CREDENTIAL_LENGTH_MAX, out)?;
    put_text("system_type", &bind.system_type, SYSTEM_TYPE_LENGTH_MAX, out)?;
    out.put_u8(bind.interface_version);
    out.put_u8(bind.addr_ton);
    out.put_u8(bind.addr_npi);
    put_text("address_range", &bind.address_range, ADDRESS_RANGE_LENGTH_MAX, out)
}

fn put_bind_resp(status: CommandStatus, answer: &BindResp, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !status.is_ok() && *answer == BindResp::default() {
        return Ok(());
    }
    put_text("system_id", &answer.system_id, CREDENTIAL_LENGTH_MAX, out)?;
    put_tlvs(&answer.tlvs, out)
}

/// An error answer has no body (section 4.4.2), unless someone gave it one.
fn put_message_resp(
    status: CommandStatus,
    answer: &MessageResp,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    if !status.is_ok() && *answer == MessageResp::default() {
        return Ok(());
    }
    put_text("message_id", &answer.message_id, MESSAGE_ID_LENGTH_MAX, out)?;
    put_tlvs(&answer.tlvs, out)
}

fn put_short_message(message: &ShortMessage, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !message.short_message.is_empty() && message.tlvs.message_payload().is_some() {
        return Err(EncodeError::TwoMessages);
    }
    put_text("service_type", &message.service_type, SERVICE_TYPE_LENGTH_MAX, out)?;
    out.put_u8(message.source_ton);
    out.put_u8(message.source_npi);
    put_text("source", &message.source, ADDRESS_LENGTH_MAX, out)?;
    out.put_u8(message.destination_ton);
    out.put_u8(message.destination_npi);
    put_text("destination", &message.destination, ADDRESS_LENGTH_MAX, out)?;
    out.put_u8(message.esm_class);
    out.put_u8(message.protocol_id);
    out.put_u8(message.priority);
    put_time("schedule", &message.schedule, out)?;
    put_time("validity", &message.validity, out)?;
    out.put_u8(message.registered_delivery);
    out.put_u8(message.replace_if_present);
    out.put_u8(message.data_coding);
    out.put_u8(message.default_message_id);
    let length = message.short_message.len();
    if SHORT_MESSAGE_LENGTH_MAX < length {
        let max = SHORT_MESSAGE_LENGTH_MAX;
        return Err(EncodeError::TooLong { field: "short_message", length, max });
    }
    out.put_u8(length as u8);
    out.put_slice(&message.short_message);
    put_tlvs(&message.tlvs, out)
}

fn put_time(field: &'static str, time: &str, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !time.is_empty() && time.len() != TIME_LENGTH {
        return Err(EncodeError::Time { field });
    }
    put_text(field, time, TIME_LENGTH, out)
}

fn put_text(field: &'static str, text: &str, max: usize, out: &mut BytesMut) -> Result<(), EncodeError> {
    let start = out.len();
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(octet) if octet != 0 => out.put_u8(octet),
            _ => return Err(EncodeError::Character { field }),
        }
    }
    let length = out.len() - start;
    if max < length {
        return Err(EncodeError::TooLong { field, length, max });
    }
    out.put_u8(0);
    Ok(())
}

fn put_tlvs(tlvs: &Tlvs, out: &mut BytesMut) -> Result<(), EncodeError> {
    for tlv in &tlvs.0 {
        let length = tlv.value.len();
        let Ok(octets) = u16::try_from(length) else {
            let max = usize::from(u16::MAX);
            return Err(EncodeError::TooLong { field: "optional parameter", length, max });
        };
        out.put_u16(tlv.tag);
        out.put_u16(octets);
        out.put_slice(&tlv.value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: ShortMessage, expected: &str) {
        let mut out = BytesMut::from(&b"before"[..]);
        let pdu = Pdu::request(1, Body::SubmitSm(message));
        let error = encode(&pdu, &mut out).expect_err("is refused");
        assert_eq!(error.to_string(), expected);
        assert_eq!(out, "before");
    }

    #[test]
    fn a_message_that_is_no_valid_smpp_is_not_written_at_all() {
        let message = ShortMessage::default();
        check(
            ShortMessage { source: "x".repeat(21), ..message.clone() },
            "source has 21 characters, 20 are allowed",
        );
        check(
            ShortMessage { destination: "49\x0017".to_owned(), ..message.clone() },
            "destination has a character that SMPP cannot carry",
        );
        check(
            ShortMessage { source: "Жанна".to_owned(), ..message.clone() },
            "source has a character that SMPP cannot carry",
        );
        check(
            ShortMessage { validity: "000000".to_owned(), ..message.clone() },
            "validity is neither empty nor 16 characters long",
        );
        check(
            ShortMessage { short_message: vec![b'x'; 255].into(), ..message.clone() },
            "short_message has 255 characters, 254 are allowed",
        );
        let mut twice = ShortMessage { short_message: "x".into(), ..message };
        twice.tlvs.push(crate::tlv::MESSAGE_PAYLOAD, "x");
        check(twice, "the message stands in short_message and in message_payload");
    }
}
