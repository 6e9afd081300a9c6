//! Messages longer than one submit: cut into submits in the way a vendor wants, and joined again.
//!
//! Where a text is cut, and what a part costs, is not decided here: the parts are given.

mod join;

use bytes::Bytes;

pub use join::{JoinLimits, Joined, Joiner};

use crate::pdu::ShortMessage;
use crate::tlv::{self, Tlvs};
use crate::udh::{self, Concat};

/// How the parts of a long message say that they belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LongForm {
    /// A header with a reference of 8 bits. The parts must leave it 6 of their 140 octets.
    Udh8,
    /// A header with a reference of 16 bits, which takes one octet more.
    Udh16,
    /// `sar_msg_ref_num` and its companions beside the text.
    Sar,
    /// All in one submit, in `message_payload`; the vendor cuts it.
    Payload,
}

/// The submits that carry these parts, in the order in which they are to be sent; `whole` gives them
/// all but the text. The reference should differ from that of the recipient's last long message; a
/// form of 8 bits takes its low octet. There are at most 255 parts.
pub fn cut(whole: &ShortMessage, parts: &[Vec<u8>], form: LongForm, reference: u16) -> Vec<ShortMessage> {
    if let [part] = parts {
        return vec![with_text(whole, part.clone())];
    }
    if form == LongForm::Payload {
        let mut message = whole.clone();
        message.tlvs.push(tlv::MESSAGE_PAYLOAD, parts.concat());
        return vec![message];
    }
    let total = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    let numbered = (1..=total).zip(parts);
    numbered.map(|(number, part)| one_part(whole, part, form, reference, total, number)).collect()
}

fn one_part(
    whole: &ShortMessage,
    part: &[u8],
    form: LongForm,
    reference: u16,
    total: u8,
    number: u8,
) -> ShortMessage {
    let [_, low] = reference.to_be_bytes();
    match form {
        LongForm::Udh8 => with_header(whole, &udh::concat_header(low, total, number), part),
        LongForm::Udh16 => with_header(whole, &udh::wide_concat_header(reference, total, number), part),
        LongForm::Sar | LongForm::Payload => {
            let mut message = with_text(whole, part.to_vec());
            message.tlvs.push_sar(Concat { reference, total, part: number });
            message
        }
    }
}

fn with_text(whole: &ShortMessage, text: Vec<u8>) -> ShortMessage {
    ShortMessage { short_message: text.into(), ..whole.clone() }
}

fn with_header(whole: &ShortMessage, header: &[u8], part: &[u8]) -> ShortMessage {
    let esm_class = whole.esm_class | udh::ESM_CLASS_UDHI;
    ShortMessage { esm_class, ..with_text(whole, [header, part].concat()) }
}

/// The text of a message without its header, and which part of a long message it is, by header or
/// by parameters. A part that numbers itself against reason is none.
pub fn part_of(message: &ShortMessage) -> (Option<Concat>, Bytes) {
    let payload = message.payload();
    let has_header = message.esm_class & udh::ESM_CLASS_UDHI != 0;
    let (concat, text) = match udh::split(payload).filter(|_| has_header) {
        Some((header, text)) => (udh::concat(header), payload.slice_ref(text)),
        None => (None, payload.clone()),
    };
    let concat = concat.or_else(|| message.tlvs.sar());
    (concat.filter(|concat| 1 < concat.total && (1..=concat.total).contains(&concat.part)), text)
}

/// The same part with parameters in the place of its header, if that says nothing else; any other message as it is.
pub fn with_parameters(message: ShortMessage) -> ShortMessage {
    let (Some(concat), text) = part_of(&message) else { return message };
    let Concat { reference, total, part } = concat;
    let [_, low] = reference.to_be_bytes();
    let header = message.short_message.strip_suffix(&text[..]).unwrap_or_default();
    let wide = udh::wide_concat_header(reference, total, part);
    if header != udh::concat_header(low, total, part) && header != wide {
        return message;
    }
    let esm_class = message.esm_class & !udh::ESM_CLASS_UDHI;
    let mut plain = ShortMessage { esm_class, short_message: text, ..message };
    plain.tlvs.push_sar(concat);
    plain
}

/// The same message for a peer that knows no optional parameters: those that say which part it is become a
/// header with a reference of 8 bits, a payload becomes the short message, all others are left out.
pub fn without_parameters(message: ShortMessage) -> ShortMessage {
    let has_header = message.esm_class & udh::ESM_CLASS_UDHI != 0;
    let part = part_of(&message).0.filter(|_| !has_header);
    let short_message = message.payload().clone();
    let plain = ShortMessage { short_message, tlvs: Tlvs::default(), ..message };
    match part {
        Some(Concat { reference, total, part }) => {
            let [_, low] = reference.to_be_bytes();
            with_header(&plain, &udh::concat_header(low, total, part), &plain.short_message)
        }
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> ShortMessage {
        ShortMessage { destination: "4917".to_owned(), data_coding: 8, ..ShortMessage::default() }
    }

    #[track_caller]
    fn check(form: LongForm, expected: &[&[u8]]) {
        let parts = [b"one".to_vec(), b"two".to_vec()];
        let submits = cut(&whole(), &parts, form, 0x1234);
        let octets: Vec<&[u8]> = submits.iter().map(|submit| &submit.short_message[..]).collect();
        assert_eq!(octets, expected);
        for (number, submit) in (1..).zip(&submits) {
            assert_eq!((submit.destination.as_str(), submit.data_coding), ("4917", 8));
            if form != LongForm::Payload {
                let (concat, text) = part_of(submit);
                let concat = concat.expect("is a part");
                assert_eq!((concat.part, concat.total), (number, 2));
                assert_eq!(text, parts[usize::from(number) - 1]);
            }
        }
    }

    #[test]
    fn the_parts_of_a_long_message_say_that_they_belong_together_in_each_form() {
        check(LongForm::Udh8, &[b"\x05\x00\x03\x34\x02\x01one", b"\x05\x00\x03\x34\x02\x02two"]);
        check(LongForm::Udh16, &[b"\x06\x08\x04\x12\x34\x02\x01one", b"\x06\x08\x04\x12\x34\x02\x02two"]);
        check(LongForm::Sar, &[b"one", b"two"]);
    }

    #[test]
    fn a_payload_carries_all_parts_at_once() {
        check(LongForm::Payload, &[b""]);
        let submits = cut(&whole(), &[b"one".to_vec(), b"two".to_vec()], LongForm::Payload, 1);
        assert_eq!(submits[0].payload(), "onetwo");
    }

    #[test]
    fn a_message_of_one_part_goes_out_plain() {
        for form in [LongForm::Udh8, LongForm::Sar, LongForm::Payload] {
            let submits = cut(&whole(), &[b"one".to_vec()], form, 1);
            assert_eq!(submits.len(), 1);
            assert_eq!((submits[0].esm_class, &submits[0].short_message[..]), (0, &b"one"[..]));
            assert!(submits[0].tlvs.is_empty());
        }
    }

    #[test]
    fn a_header_that_says_only_which_part_it_is_becomes_parameters_and_is_one_again_without_them() {
        let part = |header: &[u8]| with_header(&whole(), header, b"text");
        for (header, reference) in [
            (&udh::concat_header(0x34, 3, 2)[..], 0x34),
            (&udh::wide_concat_header(0x1234, 3, 2)[..], 0x1234),
        ] {
            let turned = with_parameters(part(header));
            assert_eq!((turned.esm_class, &turned.short_message[..]), (0, &b"text"[..]));
            assert_eq!(turned.tlvs.sar(), Some(Concat { reference, total: 3, part: 2 }));
            assert_eq!(with_parameters(turned.clone()), turned);
            assert_eq!(without_parameters(turned), part(&udh::concat_header(0x34, 3, 2)));
        }
        let with_ports = b"\x0B\x00\x03\x34\x03\x02\x05\x04\x0B\x84\x00\x00";
        let ports = b"\x06\x05\x04\x0B\x84\x00\x00";
        for header in [&with_ports[..], &ports[..], &udh::concat_header(0x34, 1, 1)[..], &b"\x00"[..]] {
            assert_eq!(with_parameters(part(header)), part(header));
        }
    }

    #[track_caller]
    fn check_without_parameters(form: LongForm, expected: &[&[u8]]) {
        let mut whole = whole();
        whole.tlvs.push(0x1400, vec![1]);
        let submits = cut(&whole, &[b"one".to_vec(), b"two".to_vec()], form, 0x1234);
        let plain: Vec<_> = submits.into_iter().map(without_parameters).collect();
        let octets: Vec<&[u8]> = plain.iter().map(|submit| &submit.short_message[..]).collect();
        assert_eq!(octets, expected);
        for submit in &plain {
            assert_eq!((submit.destination.as_str(), submit.tlvs.is_empty()), ("4917", true));
            assert_eq!(submit.esm_class & udh::ESM_CLASS_UDHI != 0, form != LongForm::Payload);
        }
    }

    #[test]
    fn a_peer_that_knows_no_parameters_gets_headers_and_short_messages() {
        let headers: [&[u8]; 2] = [b"\x05\x00\x03\x34\x02\x01one", b"\x05\x00\x03\x34\x02\x02two"];
        check_without_parameters(LongForm::Udh8, &headers);
        check_without_parameters(LongForm::Sar, &headers);
        check_without_parameters(LongForm::Payload, &[b"onetwo"]);
    }

    #[test]
    fn a_part_that_numbers_itself_against_reason_is_a_message_of_its_own() {
        for (total, part) in [(0, 1), (1, 1), (2, 0), (2, 3)] {
            let header = udh::concat_header(1, total, part);
            let (concat, text) = part_of(&with_header(&whole(), &header, b"x"));
            assert_eq!((concat, &text[..]), (None, &b"x"[..]));
        }
    }
}
