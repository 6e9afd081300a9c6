//! What a client submits, read as an order for one message. Pure: no price, no clock, no store.
//!
//! | submitted | ordered |
//! |---|---|
//! | a text: `data_coding` 0 in the account's alphabet, 1 and 3 Latin-1, 6 Cyrillic, 8 UCS-2; short or in `message_payload` | its characters, cut into segments as every text of ours is |
//! | the same with a user data header, or with SAR parameters or ports, which become one | one segment, in octets, with its header |
//! | any other `data_coding`: data, flash, message waiting | one segment, in octets as they came |
//!
//! A text may so leave in another alphabet than it came in, and is charged as it leaves. The parts of a long
//! message that the client has cut itself are charged one by one as they come.
//!
//! | validity | taken for |
//! |---|---|
//! | empty, or zeros alone with any sign or none, by which clients mean no more | none said |
//! | a span or a time with its offset, or in short forms ([`SmppTime`]) | that, at most 63 days |
//! | what has passed, or is no time | refused with `ESME_RINVEXPIRY` |

mod content;

use domain::connection::ClientAlphabet;
use domain::handling::{ClientAddress, Handling, Origin, ReceiptsWanted};
use domain::id::ConnectionId;
use domain::message::VALIDITY_MAX;
use domain::sender::SenderAddress;
use jiff::{SignedDuration, Timestamp};
use smpp::time::SmppTime;
use smpp::{CommandStatus, SubmitSm, tlv};

use super::account::Order;
use content::Content;

/// SMPP 3.4 section 5.2.14 gives GSM these; more has no meaning.
const PRIORITY_MAX: u8 = 3;
/// The message type of `esm_class`: a client sends messages, or acknowledges one by hand or by its program
/// (SMPP 3.4 section 5.2.12). What a phone's receipt or a conversation's end says is not a client's to say.
const MESSAGE_TYPE: u8 = 0b0011_1100;
const ACKNOWLEDGEMENTS: [u8; 3] = [0b0000_0000, 0b0000_1000, 0b0001_0000];
/// SMPP 3.4 section 5.2.8: 20 characters, and one that some write before a number.
const DESTINATION_MAX: usize = 21;

/// The order in a submit_sm or data_sm, or what it is refused with.
/// `connection` is the client's, and `zero` what its `data_coding` 0 means.
pub fn read(
    connection: &ConnectionId,
    zero: ClientAlphabet,
    submit: &SubmitSm,
    now: Timestamp,
) -> Result<Order, CommandStatus> {
    if SenderAddress::parse(&submit.source).is_err() {
        return Err(CommandStatus::RINVSRCADR);
    }
    // Which numbers there are is known further on; this keeps out what no number can be.
    if submit.destination.is_empty() || DESTINATION_MAX < submit.destination.len() {
        return Err(CommandStatus::RINVDSTADR);
    }
    if !ACKNOWLEDGEMENTS.contains(&(submit.esm_class & MESSAGE_TYPE)) {
        return Err(CommandStatus::RINVESMCLASS);
    }
    if PRIORITY_MAX < submit.priority {
        return Err(CommandStatus::RINVPRTFLG);
    }
    if !submit.schedule.is_empty() {
        return Err(CommandStatus::RINVSCHED);
    }
    let valid_till = valid_till(submit, now)?;
    let Content { text, raw, encoding, segments } = Content::read(submit, zero)?;
    let handling = Handling {
        raw,
        priority: submit.priority,
        protocol_id: submit.protocol_id,
        valid_till,
        origin: Some(origin(connection, submit)),
        ..Handling::default()
    };
    Ok(Order {
        sender: submit.source.clone(),
        recipient: submit.destination.clone(),
        text,
        encoding,
        segments,
        handling,
    })
}

/// From the validity period (SMPP 3.4 section 5.2.16), or from a data_sm's parameter in its place.
fn valid_till(submit: &SubmitSm, now: Timestamp) -> Result<Option<Timestamp>, CommandStatus> {
    let till = if says_nothing(&submit.validity) {
        let seconds = submit.tlvs.number(tlv::QOS_TIME_TO_LIVE).filter(|seconds| *seconds != 0);
        let Some(seconds) = seconds else { return Ok(None) };
        now.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok()
    } else {
        let time: SmppTime = submit.validity.parse().map_err(|_| CommandStatus::RINVEXPIRY)?;
        time.resolve(now)
    };
    let till = till.filter(|till| now < *till).ok_or(CommandStatus::RINVEXPIRY)?;
    Ok(Some(till.min(now + VALIDITY_MAX)))
}

fn says_nothing(validity: &str) -> bool {
    validity.trim_end_matches(['R', 'r', '+', '-']).bytes().all(|digit| digit == b'0')
}

fn origin(connection: &ConnectionId, submit: &SubmitSm) -> Origin {
    Origin {
        connection: connection.clone(),
        receipts: ReceiptsWanted::from_bits(submit.registered_delivery),
        source: ClientAddress {
            ton: submit.source_ton,
            npi: submit.source_npi,
            value: submit.source.clone(),
        },
        destination: ClientAddress {
            ton: submit.destination_ton,
            npi: submit.destination_npi,
            value: submit.destination.clone(),
        },
    }
}

#[cfg(test)]
mod tests;
