//! A message as the submits that carry it, in the way that the vendor of a link wants them.

use std::time::Duration;

use domain::connection::{self, NumberType, SmppLink};
use domain::handling::Raw;
use domain::message::Message;
use domain::segmentation::{Encoding, Segmented, segment};
use jiff::{SignedDuration, Timestamp};
use smpp::address::{self, Numbering};
use smpp::long::{LongForm, cut, with_parameters};
use smpp::time::SmppTime;
use smpp::{SubmitSm, tlv, udh};

use super::Refusal;

/// A receipt for success and for failure, SMPP 3.4 section 5.2.17.
const REGISTERED_DELIVERY_FINAL: u8 = 1;
/// What `short_message` holds, SMPP 3.4 section 5.2.22.
const SHORT_MESSAGE_MAX: usize = 254;

/// The submits of a message, in the order in which they are to be sent. Those of a long one carry
/// `reference`, which should differ from that of the recipient's last long message.
pub fn parts(
    message: &Message,
    link: &SmppLink,
    reference: u16,
    now: Timestamp,
) -> Result<Vec<SubmitSm>, Refusal> {
    // A connection with a short validity may be the route that comes second.
    if message.goes_out_till(link.validity().max(connection::USUAL_VALIDITY)) <= now {
        return Err(Refusal::ValidityOver);
    }
    let whole = whole(message, link, now)?;
    if let Some(raw) = &message.handling.raw {
        let submit = with_octets(whole, raw);
        return Ok(vec![in_wanted_form(submit, link)]);
    }
    let segmented = segment(&message.text);
    let whole = SubmitSm { data_coding: data_coding(segmented.encoding), ..whole };
    let (segments, form) = long_form(segmented, link);
    Ok(cut(&whole, &segments, form, reference))
}

/// All but the text.
fn whole(message: &Message, link: &SmppLink, now: Timestamp) -> Result<SubmitSm, Refusal> {
    let numbering = numbering(link);
    let source = numbering.address(&message.sender.to_string());
    let destination = link.numbering.destination.map_or(numbering.international, number_type);
    let handling = &message.handling;
    let mut submit = SubmitSm {
        service_type: link.service_type.clone(),
        source_ton: source.ton,
        source_npi: source.npi,
        source: source.value,
        destination_ton: destination.ton,
        destination_npi: destination.npi,
        destination: message.recipient.to_string(),
        protocol_id: handling.protocol_id,
        priority: if handling.priority == 0 { link.priority } else { handling.priority },
        validity: validity(handling.valid_till, link, now)?,
        registered_delivery: REGISTERED_DELIVERY_FINAL,
        ..SubmitSm::default()
    };
    for parameter in &link.tlvs {
        submit.tlvs.push(parameter.tag, parameter.octets().ok_or(Refusal::Unwritable)?);
    }
    Ok(submit)
}

/// What is usual, but for what the vendor wants otherwise.
fn numbering(link: &SmppLink) -> Numbering {
    let connection::Numbering { alphanumeric, international, short_code, destination: _ } = link.numbering;
    let usual = Numbering::default();
    Numbering {
        alphanumeric: alphanumeric.map_or(usual.alphanumeric, number_type),
        international: international.map_or(usual.international, number_type),
        short_code: short_code.map_or(usual.short_code, number_type),
        ..usual
    }
}

fn number_type(NumberType { ton, npi }: NumberType) -> address::NumberType {
    address::NumberType { ton, npi }
}

/// From now on, so that no clock but the vendor's counts. A month has no exact length: a time beyond 30
/// days is written as a date.
fn validity(till: Option<Timestamp>, link: &SmppLink, now: Timestamp) -> Result<String, Refusal> {
    let seconds = match (till, link.validity_seconds) {
        (Some(till), _) => begun_seconds(till.duration_since(now)),
        (None, Some(seconds)) => u64::from(seconds.get()),
        (None, None) => return Ok(String::new()),
    };
    let span = Duration::from_secs(seconds);
    let time = match SmppTime::after(span) {
        Some(time) => time,
        None => SmppTime::at(now.checked_add(span).map_err(|_| Refusal::Unwritable)?),
    };
    Ok(time.to_string())
}

/// Zero of them would mean the vendor's own validity.
fn begun_seconds(span: SignedDuration) -> u64 {
    span.as_secs().unsigned_abs() + u64::from(0 < span.subsec_nanos())
}

/// As they are: whoever made them cut them.
fn with_octets(whole: SubmitSm, raw: &Raw) -> SubmitSm {
    let esm_class = if raw.has_header { udh::ESM_CLASS_UDHI } else { 0 };
    let mut submit = SubmitSm { data_coding: raw.data_coding, esm_class, ..whole };
    if raw.octets.len() <= SHORT_MESSAGE_MAX {
        submit.short_message = raw.octets.clone().into();
    } else {
        submit.tlvs.push(tlv::MESSAGE_PAYLOAD, raw.octets.clone());
    }
    submit
}

/// The part of a message that its sender has cut. One that comes alone makes no payload of the whole, and has no room
/// for a wider reference, so it keeps its header where the vendor wants one of these.
fn in_wanted_form(part: SubmitSm, link: &SmppLink) -> SubmitSm {
    match link.long_form {
        connection::LongForm::Sar => with_parameters(part),
        connection::LongForm::Udh8 | connection::LongForm::Udh16 | connection::LongForm::Payload => part,
    }
}

/// The segments in the form that the vendor wants, if that takes no more of them than were charged.
fn long_form(segmented: Segmented, link: &SmppLink) -> (Vec<Vec<u8>>, LongForm) {
    use connection::LongForm as Wanted;
    let form = match link.long_form {
        Wanted::Udh8 => LongForm::Udh8,
        Wanted::Sar => LongForm::Sar,
        Wanted::Payload => LongForm::Payload,
        Wanted::Udh16 => match shorter_segments(&segmented) {
            Some(segments) => return (segments, LongForm::Udh16),
            None => LongForm::Udh8,
        },
    };
    (segmented.segments, form)
}

/// The same text in as many segments, each with room for the one octet by which a header with a wide
/// reference is longer. None if there is too much of it.
fn shorter_segments(segmented: &Segmented) -> Option<Vec<Vec<u8>>> {
    if segmented.segments_count() == 1 {
        return Some(segmented.segments.clone());
    }
    // Of the 140 octets of a short message 133 are left.
    let (most, width) = match segmented.encoding {
        Encoding::Gsm7 => (152, 1),
        Encoding::Ucs2 => (132, 2),
        Encoding::Binary => (133, 1),
    };
    let whole = segmented.segments.concat();
    let mut rest = whole.as_slice();
    let mut shorter = Vec::with_capacity(segmented.segments_count());
    while !rest.is_empty() {
        let length = most.min(rest.len());
        let is_split = length < rest.len() && goes_on(segmented.encoding, &rest[..length]);
        let (segment, after) = rest.split_at(if is_split { length - width } else { length });
        shorter.push(segment.to_vec());
        rest = after;
    }
    (shorter.len() <= segmented.segments_count()).then_some(shorter)
}

/// Whether these octets end within a character: after an escape (3GPP TS 23.038 section 6.2.1.1), or
/// between the two halves of a surrogate pair.
fn goes_on(encoding: Encoding, octets: &[u8]) -> bool {
    match (encoding, octets) {
        (Encoding::Gsm7, [.., last]) => *last == 0x1B,
        (Encoding::Ucs2, [.., high, _]) => (0xD8..0xDC).contains(high),
        _ => false,
    }
}

/// SMPP 3.4 section 5.2.19; 0 is read as GSM 03.38, the vendor's usual default.
fn data_coding(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Gsm7 => 0,
        Encoding::Binary => 4,
        Encoding::Ucs2 => 8,
    }
}

#[cfg(test)]
mod tests;
