//! The kinds of fields, each held to its length and characters.

use bytes::{BufMut, BytesMut};

use super::EncodeError;
use crate::address::Address;
use crate::time::SmppTime;
use crate::tlv::{self, Shape, Tlv, Tlvs};

const TIME_LENGTH: usize = 16;
const SHORT_MESSAGE_LENGTH_MAX: usize = 254;

pub(super) fn put_address(
    field: &'static str,
    address: &Address,
    max: usize,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    out.put_u8(address.ton);
    out.put_u8(address.npi);
    put_text(field, &address.value, max, out)
}

/// `sm_length` and `short_message`.
pub(super) fn put_short_text(text: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
    let length = text.len();
    if SHORT_MESSAGE_LENGTH_MAX < length {
        let max = SHORT_MESSAGE_LENGTH_MAX;
        return Err(EncodeError::TooLong { field: "short_message", length, max });
    }
    out.put_u8(length as u8);
    out.put_slice(text);
    Ok(())
}

pub(super) fn put_time(field: &'static str, time: &str, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !time.is_empty() && (time.len() != TIME_LENGTH || time.parse::<SmppTime>().is_err()) {
        return Err(EncodeError::Time { field });
    }
    put_text(field, time, TIME_LENGTH, out)
}

pub(super) fn put_text(
    field: &'static str,
    text: &str,
    max: usize,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let length = if text.is_ascii() { text.len() } else { text.chars().count() };
    if max < length {
        return Err(EncodeError::TooLong { field, length, max });
    }
    if text.contains('\0') {
        return Err(EncodeError::Character { field });
    }
    if text.is_ascii() {
        out.put_slice(text.as_bytes());
    } else {
        for character in text.chars() {
            out.put_u8(u8::try_from(character).map_err(|_| EncodeError::Character { field })?);
        }
    }
    out.put_u8(0);
    Ok(())
}

pub(super) fn put_tlvs(tlvs: &Tlvs, out: &mut BytesMut) -> Result<(), EncodeError> {
    tlvs.0.iter().try_for_each(|tlv| put_tlv(tlv, out))
}

/// Parameters of the specification are held to it; others only to what a length can say.
fn put_tlv(tlv: &Tlv, out: &mut BytesMut) -> Result<(), EncodeError> {
    let field = tlv::name(tlv.tag).unwrap_or("optional parameter");
    let length = tlv.value.len();
    let (min, max) = match tlv::shape(tlv.tag) {
        Some(Shape::Octets { min, max }) => (min, max),
        Some(Shape::Text { max }) => (1, max),
        None => (0, usize::from(u16::MAX)),
    };
    if length < min || max < length {
        return Err(EncodeError::ParameterLength { field, length, min, max });
    }
    if matches!(tlv::shape(tlv.tag), Some(Shape::Text { .. })) && tlv.value.last() != Some(&0) {
        return Err(EncodeError::NoNul { field });
    }
    out.put_u16(tlv.tag);
    out.put_u16(length as u16); // no more than `max`
    out.put_slice(&tlv.value);
    Ok(())
}
