//! Optional parameters, kept as they came and read by typed getters.
//!
//! Peers get the lengths of these wrong more often than anything else, so a getter takes every
//! length that leaves one sensible meaning.

mod tags;

use bytes::Bytes;

use crate::udh::Concat;

pub use tags::*;

/// One optional parameter: its tag and its value, uninterpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlv {
    pub tag: u16,
    pub value: Bytes,
}

/// The optional parameters of a PDU in the order they came; unknown tags are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tlvs(pub Vec<Tlv>);

impl Tlvs {
    /// The value of the first parameter with this tag.
    pub fn get(&self, tag: u16) -> Option<&Bytes> {
        self.0.iter().find(|tlv| tlv.tag == tag).map(|tlv| &tlv.value)
    }

    /// Adds a parameter at the end.
    pub fn push(&mut self, tag: u16, value: impl Into<Bytes>) {
        self.0.push(Tlv { tag, value: value.into() });
    }

    /// Adds a C-octet string, with its NUL.
    pub fn push_text(&mut self, tag: u16, text: &str) {
        let mut value = text.as_bytes().to_vec();
        value.push(0);
        self.push(tag, value);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id of the message a receipt is about; with or without its NUL.
    pub fn receipted_message_id(&self) -> Option<String> {
        self.text(RECEIPTED_MESSAGE_ID)
    }

    /// The state a receipt reports, as its number; one octet by the book, two or a digit of ASCII
    /// from some peers.
    pub fn message_state(&self) -> Option<u8> {
        // States go from 0 to 9, so a digit is not mistaken for one.
        match u8::try_from(self.number(MESSAGE_STATE)?).ok()? {
            digit @ b'0'..=b'9' => Some(digit - b'0'),
            state => Some(state),
        }
    }

    /// The error a receipt reports: three octets (network type and code), two (the code alone),
    /// or three ASCII digits.
    pub fn network_error_code(&self) -> Option<NetworkErrorCode> {
        match self.get(NETWORK_ERROR_CODE)?.as_ref() {
            // Network types go from 1 to 8, so three digits are not mistaken for one.
            digits @ [_, _, _] if digits.iter().all(u8::is_ascii_digit) => {
                let code = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
                Some(NetworkErrorCode { network: None, code })
            }
            [network, high, low] => {
                Some(NetworkErrorCode { network: Some(*network), code: u16::from_be_bytes([*high, *low]) })
            }
            [high, low] => Some(NetworkErrorCode { network: None, code: u16::from_be_bytes([*high, *low]) }),
            _ => None,
        }
    }

    /// The message when it does not stand in `short_message`.
    pub fn message_payload(&self) -> Option<&Bytes> {
        self.get(MESSAGE_PAYLOAD)
    }

    /// The sender's own reference; two octets by the book, one from some peers.
    pub fn user_message_reference(&self) -> Option<u16> {
        u16::try_from(self.number(USER_MESSAGE_REFERENCE)?).ok()
    }

    /// Which part of which long message this is; all three parameters must be there.
    pub fn sar(&self) -> Option<Concat> {
        let reference = u16::try_from(self.number(SAR_MSG_REF_NUM)?).ok()?;
        let total = u8::try_from(self.number(SAR_TOTAL_SEGMENTS)?).ok()?;
        let part = u8::try_from(self.number(SAR_SEGMENT_SEQNUM)?).ok()?;
        Some(Concat { reference, total, part })
    }

    /// Says which part of which message this is.
    pub fn push_sar(&mut self, concat: Concat) {
        self.push(SAR_MSG_REF_NUM, concat.reference.to_be_bytes().to_vec());
        self.push(SAR_TOTAL_SEGMENTS, vec![concat.total]);
        self.push(SAR_SEGMENT_SEQNUM, vec![concat.part]);
    }

    /// How busy the peer is, from 0 (idle) to 100 (it takes no more); since 5.0, in answers.
    pub fn congestion_state(&self) -> Option<u8> {
        u8::try_from(self.number(CONGESTION_STATE)?).ok()
    }

    /// The version the server speaks: 0x34 for 3.4, 0x50 for 5.0.
    pub fn interface_version(&self) -> Option<u8> {
        u8::try_from(self.number(SC_INTERFACE_VERSION)?).ok()
    }

    /// What the peer has to say about an error.
    pub fn additional_status_info(&self) -> Option<String> {
        self.text(ADDITIONAL_STATUS_INFO_TEXT)
    }

    /// A text with or without its NUL, without blanks around it; `None` when nothing is left.
    pub fn text(&self, tag: u16) -> Option<String> {
        let text = latin1_until_nul(self.get(tag)?);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A big-endian number of one to four octets.
    pub fn number(&self, tag: u16) -> Option<u32> {
        let value = self.get(tag)?;
        if value.is_empty() || 4 < value.len() {
            return None;
        }
        Some(value.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)))
    }
}

/// What stopped a message in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkErrorCode {
    /// 1 ANSI-136, 2 IS-95, 3 GSM, ...; absent when the peer left it out.
    pub network: Option<u8>,
    pub code: u16,
}

/// Text up to the first NUL or the end; each octet is one Latin-1 character, so none is lost.
pub(crate) fn latin1_until_nul(octets: &[u8]) -> String {
    let length = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    match std::str::from_utf8(&octets[..length]) {
        // What is ASCII needs no second look.
        Ok(text) if text.is_ascii() => text.to_owned(),
        _ => octets[..length].iter().map(|octet| char::from(*octet)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(tag: u16, value: &'static [u8]) -> Tlvs {
        Tlvs(vec![Tlv { tag, value: Bytes::from_static(value) }])
    }

    #[test]
    fn a_receipted_id_is_read_with_and_without_its_nul() {
        for value in [&b"38601fa\0"[..], b"38601fa", b"38601fa \0\0"] {
            let id = only(RECEIPTED_MESSAGE_ID, value).receipted_message_id();
            assert_eq!(id.as_deref(), Some("38601fa"));
        }
        assert_eq!(only(RECEIPTED_MESSAGE_ID, b"\0").receipted_message_id(), None);
    }

    #[test]
    fn a_message_state_may_be_one_octet_or_two_or_a_digit() {
        assert_eq!(only(MESSAGE_STATE, &[2]).message_state(), Some(2));
        assert_eq!(only(MESSAGE_STATE, &[0, 2]).message_state(), Some(2));
        assert_eq!(only(MESSAGE_STATE, b"2").message_state(), Some(2));
        assert_eq!(only(MESSAGE_STATE, &[]).message_state(), None);
    }

    #[test]
    fn a_network_error_code_may_be_three_octets_or_two_or_three_digits() {
        let read = |value| only(NETWORK_ERROR_CODE, value).network_error_code();
        assert_eq!(read(&[3, 0, 27]), Some(NetworkErrorCode { network: Some(3), code: 27 }));
        assert_eq!(read(&[0, 27]), Some(NetworkErrorCode { network: None, code: 27 }));
        assert_eq!(read(b"027"), Some(NetworkErrorCode { network: None, code: 27 }));
        assert_eq!(read(&[1]), None);
    }

    #[test]
    fn a_user_message_reference_may_be_one_octet_or_two() {
        assert_eq!(only(USER_MESSAGE_REFERENCE, &[7]).user_message_reference(), Some(7));
        assert_eq!(only(USER_MESSAGE_REFERENCE, &[1, 7]).user_message_reference(), Some(263));
    }

    #[test]
    fn the_part_of_a_long_message_is_said_and_read() {
        let concat = Concat { reference: 0x1234, total: 3, part: 2 };
        let mut tlvs = Tlvs::default();
        tlvs.push_sar(concat);
        assert_eq!(tlvs.sar(), Some(concat));
        tlvs.0.pop();
        assert_eq!(tlvs.sar(), None);
    }

    #[test]
    fn a_busy_peer_says_how_busy_it_is() {
        assert_eq!(only(CONGESTION_STATE, &[90]).congestion_state(), Some(90));
        assert_eq!(only(CONGESTION_STATE, &[]).congestion_state(), None);
        let explained = only(ADDITIONAL_STATUS_INFO_TEXT, b"no credit").additional_status_info();
        assert_eq!(explained.as_deref(), Some("no credit"));
    }
}
