//! Delivery receipts: telling them apart, reading them, and the forms their ids come in.
//!
//! The text is that of SMPP 3.4 appendix B with what vendors make of it: fields missing, in any
//! order and case, of any width, and raw octets after `text:`. Optional parameters win over text.
//! Dates are kept raw, because a receipt does not say their zone; mapping a state and error to a
//! message's status is a connection's setting and not done here.

use crate::pdu::DeliverSm;
use crate::tlv::{Tlvs, latin1_until_nul};

/// The message type bits of `esm_class` that mean a receipt: final, acknowledgement, intermediate.
/// Other bits may be set beside them.
const ESM_CLASS_RECEIPT: u8 = 0x04 | 0x08 | 0x20;

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The vendor's id as it stands in the receipt; look it up under its [`id_forms`].
    pub id: String,
    pub state: ReceiptState,
    /// The state in the vendor's own word (`DELIVRD`, `NOCRED`, ...), upper case.
    pub state_name: String,
    /// The vendor's error code: digits by the book, anything in practice.
    pub error: Option<String>,
    /// 10, 12 or 14 digits of local time in an unknown zone.
    pub done_at_raw: Option<String>,
}

/// Where a message is, by SMPP 3.4 section 5.2.28.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptState {
    Enroute,
    Delivered,
    Expired,
    Deleted,
    Undeliverable,
    Accepted,
    Unknown,
    Rejected,
}

impl ReceiptState {
    /// The state for a `message_state`; SMPP 5.0's scheduled and skipped count as on the way and
    /// rejected.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 | 1 => Self::Enroute,
            2 => Self::Delivered,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Undeliverable,
            6 => Self::Accepted,
            8 | 9 => Self::Rejected,
            _ => Self::Unknown,
        }
    }

    /// The state for the word after `stat:`. Words are cut differently by different vendors, so
    /// their beginnings decide.
    pub fn from_name(name: &str) -> Self {
        const BEGINNINGS: [(&str, ReceiptState); 13] = [
            ("DELIV", ReceiptState::Delivered),
            ("EXPIR", ReceiptState::Expired),
            ("DELET", ReceiptState::Deleted),
            ("UNDEL", ReceiptState::Undeliverable),
            ("FAIL", ReceiptState::Undeliverable),
            ("SYSERR", ReceiptState::Undeliverable),
            ("NOCRED", ReceiptState::Undeliverable),
            ("ACCEP", ReceiptState::Accepted),
            ("REJEC", ReceiptState::Rejected),
            ("ENROU", ReceiptState::Enroute),
            ("BUFF", ReceiptState::Enroute),
            ("ACKED", ReceiptState::Enroute),
            ("SCHED", ReceiptState::Enroute),
        ];
        let name = name.to_ascii_uppercase();
        let found = BEGINNINGS.iter().find(|(beginning, _)| name.starts_with(beginning));
        found.map_or(Self::Unknown, |(_, state)| *state)
    }

    /// The word of appendix B.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
        }
    }

    /// The number in `message_state`.
    pub fn number(self) -> u8 {
        match self {
            Self::Enroute => 1,
            Self::Delivered => 2,
            Self::Expired => 3,
            Self::Deleted => 4,
            Self::Undeliverable => 5,
            Self::Accepted => 6,
            Self::Unknown => 7,
            Self::Rejected => 8,
        }
    }
}

/// Whether a deliver_sm is a receipt and not a message from a phone: by `esm_class`, or by the two
/// optional parameters that only receipts have.
pub fn is_receipt(pdu: &DeliverSm) -> bool {
    let by_tlvs = pdu.tlvs.receipted_message_id().is_some() && pdu.tlvs.message_state().is_some();
    pdu.esm_class & ESM_CLASS_RECEIPT != 0 || by_tlvs
}

/// Reads a receipt; `None` when no id or no state can be found.
pub fn parse(pdu: &DeliverSm) -> Option<Receipt> {
    let text = Text::scan(pdu.payload());
    let state_name = text.state.map(|state| state.to_ascii_uppercase());
    let state = match (pdu.tlvs.message_state(), &state_name) {
        (Some(number), _) => ReceiptState::from_number(number),
        (None, Some(name)) => ReceiptState::from_name(name),
        (None, None) => return None,
    };
    Some(Receipt {
        id: pdu.tlvs.receipted_message_id().or(text.id)?,
        state,
        state_name: state_name.unwrap_or_else(|| state.name().to_owned()),
        error: error_from(&pdu.tlvs).or(text.error),
        done_at_raw: text.done_at,
    })
}

/// Three digits, as the text has it.
fn error_from(tlvs: &Tlvs) -> Option<String> {
    tlvs.network_error_code().map(|error| format!("{:03}", error.code))
}

/// The fields of a receipt's text that we use.
struct Text {
    id: Option<String>,
    state: Option<String>,
    error: Option<String>,
    done_at: Option<String>,
}

const KEYS: [&[u8]; 8] =
    [b"id:", b"sub:", b"dlvrd:", b"submit date:", b"done date:", b"stat:", b"err:", b"text:"];

impl Text {
    fn scan(octets: &[u8]) -> Self {
        Self {
            id: value_of(octets, b"id:"),
            state: value_of(octets, b"stat:"),
            error: value_of(octets, b"err:"),
            done_at: value_of(octets, b"done date:"),
        }
    }
}

/// The word after a key. A key before `text:` is preferred, since the message itself may say
/// `stat:` too; but some vendors put fields after the text.
fn value_of(octets: &[u8], key: &[u8]) -> Option<String> {
    let text_at = find(octets, b"text:").unwrap_or(octets.len());
    let (before, after) = octets.split_at(text_at);
    [before, after].into_iter().find_map(|part| {
        let at = find(part, key)?;
        word(&part[at + key.len()..])
    })
}

/// Where a key begins: at the start, or after something that is no letter or digit.
fn find(octets: &[u8], key: &[u8]) -> Option<usize> {
    let is_key = |(at, window): &(usize, &[u8])| {
        let begins = *at == 0 || !octets[*at - 1].is_ascii_alphanumeric();
        begins && window.eq_ignore_ascii_case(key)
    };
    octets.windows(key.len()).enumerate().find(is_key).map(|(at, _)| at)
}

/// The next word, unless it is another key (its own value is then empty).
fn word(octets: &[u8]) -> Option<String> {
    let octets = octets.trim_ascii_start();
    let is_key = |key: &&[u8]| octets.get(..key.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(key));
    if KEYS.iter().any(is_key) {
        return None;
    }
    let ends = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b',' | b';');
    let length = octets.iter().position(ends).unwrap_or(octets.len());
    let word = latin1_until_nul(&octets[..length]);
    (!word.is_empty()).then_some(word)
}

/// The forms under which a vendor's id may come back, the canonical one first: lower case without
/// leading zeros; then, if it reads as decimal, its hex form, and if it reads as hex, its decimal
/// form. Two ids mean the same message when they share a form. No form comes twice.
///
/// Vendors answer a submit in one notation and report in another: the same number was seen as
/// `0059113978` and `38601fa`.
pub fn id_forms(id: &str) -> Vec<String> {
    let id = id.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_lowercase();
    if id.is_empty() {
        return Vec::new();
    }
    let plain = match id.trim_start_matches('0') {
        "" => "0",
        stripped => stripped,
    };
    let mut forms = vec![plain.to_owned()];
    // A sign would parse as a number too.
    if !plain.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return forms;
    }
    let as_hex = plain.parse::<u128>().map(|number| format!("{number:x}"));
    let as_decimal = u128::from_str_radix(plain, 16).map(|number| number.to_string());
    for form in [as_hex.ok(), as_decimal.ok()].into_iter().flatten() {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv;
    use bytes::Bytes;

    fn delivery(text: &[u8]) -> DeliverSm {
        let short_message = Bytes::copy_from_slice(text);
        DeliverSm { esm_class: 0x04, short_message, ..DeliverSm::default() }
    }

    #[track_caller]
    fn check(text: &[u8], expected: &str) {
        let said = match parse(&delivery(text)) {
            None => "nothing".to_owned(),
            Some(receipt) => format!(
                "{} {:?} {} {}",
                receipt.id,
                receipt.state,
                receipt.error.as_deref().unwrap_or("-"),
                receipt.done_at_raw.as_deref().unwrap_or("-"),
            ),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_receipt_by_the_book_is_read() {
        check(
            b"id:0012345678 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:hello",
            "0012345678 Delivered 000 2601021531",
        );
    }

    #[test]
    fn fields_may_be_missing_unpadded_reordered_and_in_any_case() {
        check(b"id:1101C1-7F stat:UNDELIV err:21b", "1101C1-7F Undeliverable 21b -");
        check(
            b"stat:EXPIRED done date:20260102153100 ID:77 Err:0000 Text:",
            "77 Expired 0000 20260102153100",
        );
        check(b"id:9 sub:1 dlvrd:13 stat:REJECTD err:0 text: stat:DELIVRD id:8", "9 Rejected 0 -");
        check(b"text:hello id:5 stat:DELIVRD err:000", "5 Delivered 000 -");
        check(b"id: 5 stat: BUFFRED err: text:x", "5 Enroute - -");
        check(b"id:5,stat:DELIVRD", "5 Delivered - -");
    }

    #[test]
    fn octets_of_any_alphabet_after_text_do_no_harm() {
        check(b"id:5 stat:ACCEPTD err:001 text:\x00\x04\x1f\xff\xfe", "5 Accepted 001 -");
        check(b"id:5 stat:DELIVRD\0", "5 Delivered - -");
    }

    #[test]
    fn an_unknown_word_keeps_its_name() {
        let receipt = parse(&delivery(b"id:5 stat:frobbed")).expect("has id and state");
        assert_eq!((receipt.state, receipt.state_name.as_str()), (ReceiptState::Unknown, "FROBBED"));
        check(b"id:5 stat:NOCRED", "5 Undeliverable - -");
    }

    #[test]
    fn a_text_without_id_or_state_is_no_receipt() {
        check(b"", "nothing");
        check(b"id:5", "nothing");
        check(b"stat:DELIVRD", "nothing");
        check(b"paid:5 stat:DELIVRD", "nothing");
    }

    #[test]
    fn optional_parameters_win_over_text_and_suffice_alone() {
        let mut pdu = delivery(b"id:0059113978 stat:DELIVRD err:000");
        pdu.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, "38601fa");
        pdu.tlvs.push(tlv::MESSAGE_STATE, vec![5]);
        pdu.tlvs.push(tlv::NETWORK_ERROR_CODE, vec![3, 0, 27]);
        let receipt = parse(&pdu).expect("has both");
        assert_eq!((receipt.id.as_str(), receipt.state), ("38601fa", ReceiptState::Undeliverable));
        assert_eq!(receipt.error.as_deref(), Some("027"));
        pdu.short_message = Bytes::from_static(b"38601fa 2");
        let receipt = parse(&pdu).expect("has parameters");
        assert_eq!((receipt.state_name.as_str(), receipt.done_at_raw), ("UNDELIV", None));
    }

    #[test]
    fn the_text_may_stand_in_message_payload() {
        let mut pdu = delivery(b"");
        pdu.tlvs.push_text(tlv::MESSAGE_PAYLOAD, "id:5 stat:DELIVRD err:000 text:");
        assert_eq!(parse(&pdu).map(|receipt| receipt.id).as_deref(), Some("5"));
    }

    #[test]
    fn a_receipt_is_known_by_its_class_whatever_other_bits_are_set_or_by_its_parameters() {
        for (esm_class, receipt) in [
            (0x04, true),
            (0x44, true),
            (0x08, true),
            (0x20, true),
            (0x00, false),
            (0x40, false),
            (0x03, false),
        ] {
            assert_eq!(is_receipt(&DeliverSm { esm_class, ..DeliverSm::default() }), receipt);
        }
        let mut pdu = DeliverSm::default();
        pdu.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, "5");
        assert!(!is_receipt(&pdu));
        pdu.tlvs.push(tlv::MESSAGE_STATE, vec![0, 2]);
        assert!(is_receipt(&pdu));
    }

    #[test]
    fn an_id_is_found_in_decimal_and_hex_with_and_without_zeros_and_in_any_case() {
        assert_eq!(id_forms("0059113978"), ["59113978", "38601fa", "1494301048"]);
        assert_eq!(id_forms("38601FA\0"), ["38601fa", "59113978"]);
        assert_eq!(id_forms("812FC7470000001B")[1], "9308878062554710043");
        assert_eq!(id_forms("7"), ["7"]);
        assert_eq!(id_forms("000"), ["0"]);
        assert_eq!(id_forms("1101C1-7F"), ["1101c1-7f"]);
        assert_eq!(id_forms(" \0"), Vec::<String>::new());
    }

    #[test]
    fn both_notations_of_one_number_share_a_form() {
        for (decimal, hex) in
            [("0059113978", "38601fa"), ("0416342074", "18D0E03A"), ("0489708364", "001d305b4c")]
        {
            let of_hex = id_forms(hex);
            assert!(id_forms(decimal).iter().any(|form| of_hex.contains(form)), "{decimal} {hex}");
        }
    }

    #[test]
    fn an_id_too_long_for_a_number_is_kept_as_it_is() {
        let id = "f".repeat(64);
        assert_eq!(id_forms(&id), [id]);
    }
}
