//! Writes a PDU exactly by the book, or not at all.

mod field;

use bytes::{BufMut, BytesMut};
use thiserror::Error;

use crate::pdu::{
    AlertNotification, Bind, BindResp, Body, CancelSm, DataSm, Destination, MessageResp, Outbind, Pdu,
    QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SubmitMulti, SubmitMultiResp,
};
use crate::status::CommandStatus;
use field::{put_address, put_short_text, put_text, put_time, put_tlvs};

/// Vendors hand out credentials over the 15 and 8 characters of the specification, and expect
/// them back: these two fields alone have a wider bound.
const CREDENTIAL_LENGTH_MAX: usize = 64;
const SYSTEM_TYPE_LENGTH_MAX: usize = 12;
const ADDRESS_RANGE_LENGTH_MAX: usize = 40;
const SERVICE_TYPE_LENGTH_MAX: usize = 5;
const ADDRESS_LENGTH_MAX: usize = 20;
/// In data_sm and alert_notification.
const WIDE_ADDRESS_LENGTH_MAX: usize = 64;
const LIST_NAME_LENGTH_MAX: usize = 20;
const DESTINATIONS_MAX: usize = 254;
/// So many fit their count, which is one octet.
const UNSUCCESS_MAX: usize = 255;
const MESSAGE_ID_LENGTH_MAX: usize = 64;

/// A PDU that would not be valid SMPP.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("{field} has {length} characters, {max} are allowed")]
    TooLong { field: &'static str, length: usize, max: usize },
    #[error("{field} has a character that SMPP cannot carry")]
    Character { field: &'static str },
    #[error("{field} is neither empty nor a time of 16 characters")]
    Time { field: &'static str },
    #[error("{field} has {length} octets, {min} to {max} are allowed")]
    ParameterLength { field: &'static str, length: usize, min: usize, max: usize },
    #[error("{field} does not end in NUL")]
    NoNul { field: &'static str },
    #[error("{count} destinations, 1 to {max} are allowed")]
    Destinations { count: usize, max: usize },
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
        Body::Outbind(outbind) => put_outbind(outbind, out),
        Body::BindResp(_, answer) => put_bind_resp(status, answer, out),
        Body::SubmitSm(message) | Body::DeliverSm(message) => put_short_message(message, out),
        Body::SubmitSmResp(answer) => put_message_resp(status, answer, out),
        // Its message_id is unused but always there, also with an error (section 4.6.2).
        Body::DeliverSmResp(answer) => put_message_resp(CommandStatus::ROK, answer, out),
        Body::DataSm(data) => put_data_sm(data, out),
        Body::DataSmResp(answer) => put_message_resp(status, answer, out),
        Body::SubmitMulti(multi) => put_submit_multi(multi, out),
        Body::SubmitMultiResp(answer) => put_submit_multi_resp(status, answer, out),
        Body::QuerySm(query) => put_query_sm(query, out),
        Body::QuerySmResp(answer) => put_query_sm_resp(status, answer, out),
        Body::CancelSm(cancel) => put_cancel_sm(cancel, out),
        Body::ReplaceSm(replace) => put_replace_sm(replace, out),
        Body::AlertNotification(alert) => put_alert_notification(alert, out),
        Body::CancelSmResp | Body::ReplaceSmResp => Ok(()),
        Body::EnquireLink | Body::EnquireLinkResp => Ok(()),
        Body::Unbind | Body::UnbindResp | Body::GenericNack => Ok(()),
        Body::Other { body, .. } => {
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
    put_text("service_type", &message.service_type, SERVICE_TYPE_LENGTH_MAX, out)?;
    put_source(message, out)?;
    out.put_u8(message.destination_ton);
    out.put_u8(message.destination_npi);
    put_text("destination", &message.destination, ADDRESS_LENGTH_MAX, out)?;
    put_after_addresses(message, out)
}

fn put_source(message: &ShortMessage, out: &mut BytesMut) -> Result<(), EncodeError> {
    out.put_u8(message.source_ton);
    out.put_u8(message.source_npi);
    put_text("source", &message.source, ADDRESS_LENGTH_MAX, out)
}

/// What submit_sm, deliver_sm and submit_multi have in common.
fn put_after_addresses(message: &ShortMessage, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !message.short_message.is_empty() && message.tlvs.message_payload().is_some() {
        return Err(EncodeError::TwoMessages);
    }
    out.put_u8(message.esm_class);
    out.put_u8(message.protocol_id);
    out.put_u8(message.priority);
    put_time("schedule", &message.schedule, out)?;
    put_time("validity", &message.validity, out)?;
    out.put_u8(message.registered_delivery);
    out.put_u8(message.replace_if_present);
    out.put_u8(message.data_coding);
    out.put_u8(message.default_message_id);
    put_short_text(&message.short_message, out)?;
    put_tlvs(&message.tlvs, out)
}

fn put_outbind(outbind: &Outbind, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text("system_id", &outbind.system_id, CREDENTIAL_LENGTH_MAX, out)?;
    put_text("password", &outbind.password, CREDENTIAL_LENGTH_MAX, out)
}

fn put_submit_multi(multi: &SubmitMulti, out: &mut BytesMut) -> Result<(), EncodeError> {
    let count = multi.destinations.len();
    if count == 0 || DESTINATIONS_MAX < count {
        return Err(EncodeError::Destinations { count, max: DESTINATIONS_MAX });
    }
    put_text("service_type", &multi.message.service_type, SERVICE_TYPE_LENGTH_MAX, out)?;
    put_source(&multi.message, out)?;
    out.put_u8(count as u8);
    for destination in &multi.destinations {
        match destination {
            Destination::Address(address) => {
                out.put_u8(1);
                put_address("destination", address, ADDRESS_LENGTH_MAX, out)?;
            }
            Destination::List(name) => {
                out.put_u8(2);
                put_text("distribution list", name, LIST_NAME_LENGTH_MAX, out)?;
            }
        }
    }
    put_after_addresses(&multi.message, out)
}

fn put_submit_multi_resp(
    status: CommandStatus,
    answer: &SubmitMultiResp,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    if !status.is_ok() && *answer == SubmitMultiResp::default() {
        return Ok(());
    }
    put_text("message_id", &answer.message_id, MESSAGE_ID_LENGTH_MAX, out)?;
    let count = answer.unsuccess.len();
    let Some(octet) = u8::try_from(count).ok() else {
        return Err(EncodeError::Destinations { count, max: UNSUCCESS_MAX });
    };
    out.put_u8(octet);
    for unsuccess in &answer.unsuccess {
        put_address("unsuccessful destination", &unsuccess.destination, ADDRESS_LENGTH_MAX, out)?;
        out.put_u32(unsuccess.status.0);
    }
    put_tlvs(&answer.tlvs, out)
}

fn put_data_sm(data: &DataSm, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text("service_type", &data.service_type, SERVICE_TYPE_LENGTH_MAX, out)?;
    put_address("source", &data.source, WIDE_ADDRESS_LENGTH_MAX, out)?;
    put_address("destination", &data.destination, WIDE_ADDRESS_LENGTH_MAX, out)?;
    out.put_u8(data.esm_class);
    out.put_u8(data.registered_delivery);
    out.put_u8(data.data_coding);
    put_tlvs(&data.tlvs, out)
}

fn put_query_sm(query: &QuerySm, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text("message_id", &query.message_id, MESSAGE_ID_LENGTH_MAX, out)?;
    put_address("source", &query.source, ADDRESS_LENGTH_MAX, out)
}

fn put_query_sm_resp(
    status: CommandStatus,
    answer: &QuerySmResp,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    if !status.is_ok() && *answer == QuerySmResp::default() {
        return Ok(());
    }
    put_text("message_id", &answer.message_id, MESSAGE_ID_LENGTH_MAX, out)?;
    put_time("final_date", &answer.final_date, out)?;
    out.put_u8(answer.message_state);
    out.put_u8(answer.error_code);
    put_tlvs(&answer.tlvs, out)
}

fn put_cancel_sm(cancel: &CancelSm, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text("service_type", &cancel.service_type, SERVICE_TYPE_LENGTH_MAX, out)?;
    put_text("message_id", &cancel.message_id, MESSAGE_ID_LENGTH_MAX, out)?;
    put_address("source", &cancel.source, ADDRESS_LENGTH_MAX, out)?;
    put_address("destination", &cancel.destination, ADDRESS_LENGTH_MAX, out)
}

fn put_replace_sm(replace: &ReplaceSm, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text("message_id", &replace.message_id, MESSAGE_ID_LENGTH_MAX, out)?;
    put_address("source", &replace.source, ADDRESS_LENGTH_MAX, out)?;
    put_time("schedule", &replace.schedule, out)?;
    put_time("validity", &replace.validity, out)?;
    out.put_u8(replace.registered_delivery);
    out.put_u8(replace.default_message_id);
    put_short_text(&replace.short_message, out)?;
    put_tlvs(&replace.tlvs, out)
}

fn put_alert_notification(alert: &AlertNotification, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_address("source", &alert.source, WIDE_ADDRESS_LENGTH_MAX, out)?;
    put_address("esme address", &alert.esme, WIDE_ADDRESS_LENGTH_MAX, out)?;
    put_tlvs(&alert.tlvs, out)
}

#[cfg(test)]
mod tests;
