//! A message as the submits that carry it, and an answer as what it means. No I/O.

use std::fmt;

use domain::message::Message;
use domain::segmentation::{Encoding, segment};
use domain::sender::SenderAddress;
use smpp::esme::{SubmitAnswer, SubmitError};
use smpp::{CommandStatus, SubmitSm, udh};

/// Type of number and numbering plan, SMPP 3.4 sections 5.2.5 and 5.2.6.
const ALPHANUMERIC: (u8, u8) = (5, 0);
const INTERNATIONAL: (u8, u8) = (1, 1);
const NETWORK_SPECIFIC: (u8, u8) = (3, 0);
/// No number of E.164 is shorter, so fewer digits are a short code.
const INTERNATIONAL_DIGITS_MIN: usize = 7;
/// A receipt for success and for failure, SMPP 3.4 section 5.2.17.
const REGISTERED_DELIVERY_FINAL: u8 = 1;

/// The submits of a message, one a segment, in the order in which they are to be sent. Several carry
/// a header with `reference`, which should differ from that of the recipient's last long message.
pub fn parts(message: &Message, reference: u8) -> Vec<SubmitSm> {
    let segmented = segment(&message.text);
    let total = u8::try_from(segmented.segments_count()).unwrap_or(u8::MAX);
    let whole = SubmitSm { data_coding: data_coding(segmented.encoding), ..addressed(message) };
    let numbered = (1..=total).zip(segmented.segments);
    numbered
        .map(|(number, octets)| match total {
            1 => SubmitSm { short_message: octets.into(), ..whole.clone() },
            _ => SubmitSm {
                esm_class: udh::ESM_CLASS_UDHI,
                short_message: [&udh::concat_header(reference, total, number), octets.as_slice()]
                    .concat()
                    .into(),
                ..whole.clone()
            },
        })
        .collect()
}

fn addressed(message: &Message) -> SubmitSm {
    let (source_ton, source_npi) = source_type(&message.sender);
    let (destination_ton, destination_npi) = INTERNATIONAL;
    SubmitSm {
        source_ton,
        source_npi,
        source: message.sender.to_string(),
        destination_ton,
        destination_npi,
        destination: message.recipient.to_string(),
        registered_delivery: REGISTERED_DELIVERY_FINAL,
        ..SubmitSm::default()
    }
}

fn source_type(sender: &SenderAddress) -> (u8, u8) {
    if !sender.is_numeric() {
        return ALPHANUMERIC;
    }
    if sender.as_str().len() < INTERNATIONAL_DIGITS_MIN { NETWORK_SPECIFIC } else { INTERNATIONAL }
}

/// SMPP 3.4 section 5.2.19; 0 is read as GSM 03.38, the vendor's usual default.
fn data_coding(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Gsm7 => 0,
        Encoding::Binary => 4,
        Encoding::Ucs2 => 8,
    }
}

/// What an answer, or the lack of one, says about a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, under this id.
    Taken { reference: String },
    /// Not taken, and never will be.
    Refused(Refusal),
    /// Not taken; later it may be.
    Busy { status: CommandStatus },
    /// It never left, because the link is gone.
    NotSent,
    /// It left, and no answer came.
    InDoubt,
}

/// Why a segment is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Vendor(CommandStatus),
    /// It has something that SMPP cannot carry.
    Unwritable,
}

/// `smpp_0x0000000B_ESME_RINVDSTADR`: the number for machines, the name for people.
impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor(CommandStatus(number)) => {
                write!(out, "smpp_0x{number:08X}")?;
                CommandStatus(*number).name().map_or(Ok(()), |name| write!(out, "_ESME_{name}"))
            }
            Self::Unwritable => out.write_str("smpp_unwritable"),
        }
    }
}

/// Reads an answer.
pub fn verdict(answer: Result<SubmitAnswer, SubmitError>) -> Verdict {
    match answer {
        Ok(answer) if answer.status.is_ok() => Verdict::Taken { reference: answer.message_id },
        Ok(answer) if answer.status.is_temporary() => Verdict::Busy { status: answer.status },
        Ok(answer) => Verdict::Refused(Refusal::Vendor(answer.status)),
        Err(SubmitError::Invalid(_)) => Verdict::Refused(Refusal::Unwritable),
        Err(SubmitError::NotSent) => Verdict::NotSent,
        Err(SubmitError::InDoubt) => Verdict::InDoubt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::connection::ConnectionKind;
    use domain::destination::Msisdn;
    use domain::handling::Handling;
    use domain::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId};
    use domain::message::Status;
    use jiff::Timestamp;

    fn message(sender: &str, text: &str) -> Message {
        Message {
            id: MessageId::in_batch(&BatchId::new(1), 0),
            company: CompanyId::new(1),
            agreement: AgreementId::new(1),
            sender: SenderAddress::parse(sender).unwrap(),
            recipient: Msisdn::parse("+4915112345678").unwrap(),
            text: text.to_owned(),
            client_reference: None,
            connection: ConnectionId::new(1),
            connection_kind: ConnectionKind::Smpp,
            country: "DE".to_owned(),
            network: None,
            encoding: Encoding::Gsm7,
            segments: 1,
            charges: Vec::new(),
            handling: Handling::default(),
            status: Status::Queued,
            reason: None,
            parts: Vec::new(),
            accepted_at: Timestamp::UNIX_EPOCH,
            submitted_at: None,
            finished_at: None,
            revision: 1,
            request_hash: String::new(),
            balance_after: None,
            lease: None,
        }
    }

    #[test]
    fn a_short_message_goes_out_plain_and_asks_for_a_receipt() {
        let parts = parts(&message("ACME", "hi @ €"), 7);
        let [part] = parts.as_slice() else { panic!("{} parts", parts.len()) };
        assert_eq!((part.esm_class, part.data_coding, part.registered_delivery), (0, 0, 1));
        assert_eq!(part.short_message[..], [b'h', b'i', b' ', 0, b' ', 0x1B, 0x65]);
        assert_eq!(part.destination, "4915112345678");
        assert_eq!((part.destination_ton, part.destination_npi), (1, 1));
    }

    #[test]
    fn a_long_message_goes_out_in_parts_that_say_which_they_are() {
        let text = "0123456789".repeat(40);
        let parts = parts(&message("ACME", &text), 7);
        let mut joined = Vec::new();
        for (number, part) in (1..).zip(&parts) {
            assert_eq!((part.esm_class, part.data_coding), (0x40, 0));
            let (header, octets) = udh::split(&part.short_message).unwrap();
            assert_eq!(udh::concat(header), Some(udh::Concat { reference: 7, total: 3, part: number }));
            joined.extend_from_slice(octets);
        }
        assert_eq!((parts.len(), joined.as_slice()), (3, text.as_bytes()));
    }

    #[test]
    fn what_gsm_cannot_say_goes_out_as_ucs2() {
        let single = parts(&message("ACME", "Привет"), 1);
        assert_eq!((single[0].data_coding, single[0].short_message.len()), (8, 12));
        let long = parts(&message("ACME", &"Ж".repeat(71)), 1);
        let lengths: Vec<_> = long.iter().map(|part| part.short_message.len()).collect();
        assert_eq!(lengths, [6 + 67 * 2, 6 + 4 * 2]);
    }

    #[test]
    fn a_sender_is_a_name_a_number_or_a_short_code() {
        for (sender, ton, npi) in
            [("ACME", 5, 0), ("+4915112345678", 1, 1), ("1234567", 1, 1), ("12345", 3, 0), ("4U 2", 5, 0)]
        {
            let part = &parts(&message(sender, "hi"), 1)[0];
            assert_eq!((part.source_ton, part.source_npi), (ton, npi), "{sender}");
        }
    }

    #[track_caller]
    fn answered(status: CommandStatus) -> Verdict {
        verdict(Ok(SubmitAnswer { status, message_id: "a1".to_owned(), ..SubmitAnswer::default() }))
    }

    #[test]
    fn an_answer_decides_whether_a_segment_is_taken_tried_again_or_given_up() {
        assert_eq!(answered(CommandStatus::ROK), Verdict::Taken { reference: "a1".to_owned() });
        for status in [CommandStatus::RTHROTTLED, CommandStatus::RMSGQFUL, CommandStatus::RSYSERR] {
            assert_eq!(answered(status), Verdict::Busy { status });
        }
        for (number, reason) in [(0x0B, "smpp_0x0000000B_ESME_RINVDSTADR"), (0x456, "smpp_0x00000456")] {
            let Verdict::Refused(refusal) = answered(CommandStatus(number)) else { panic!("{number}") };
            assert_eq!(refusal.to_string(), reason);
        }
        assert_eq!(verdict(Err(SubmitError::NotSent)), Verdict::NotSent);
        assert_eq!(verdict(Err(SubmitError::InDoubt)), Verdict::InDoubt);
    }
}
