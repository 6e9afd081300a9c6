//! `data_coding`: which alphabet a message is in, and text in it to characters and back (SMPP 3.4
//! section 5.2.19, 3GPP TS 23.038 section 4).
//!
//! Zero is the server's default alphabet, which each vendor and each listener settles for itself.
//! How a text is cut into segments is not decided here.

mod gsm7;

use bytes::Bytes;

pub use gsm7::{gsm7_from_text, gsm7_pack, gsm7_to_text, gsm7_unpack};

/// The message class bits that make a phone show a message at once and store none of it.
const FLASH: u8 = 0x10;

/// How the octets of a text are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// The GSM 7-bit default alphabet, one septet in each octet, as SMPP carries it.
    Gsm7,
    /// ISO 8859-1; ASCII is read so too.
    Latin1,
    /// ISO 8859-5.
    Cyrillic,
    /// UTF-16 with the high octet first: phones go beyond UCS-2.
    Ucs2,
    /// Data, or an alphabet that is not spoken here: no text.
    Octets,
}

impl Alphabet {
    /// The alphabet of a `data_coding`; `default` is what zero stands for at this peer.
    pub fn of(data_coding: u8, default: Alphabet) -> Self {
        match data_coding {
            0x00 => default,
            0x01 | 0x03 => Self::Latin1,
            0x06 => Self::Cyrillic,
            0x08 => Self::Ucs2,
            0x02..=0x0F => Self::Octets,
            // General groups of GSM, compressed ones apart: two bits for the alphabet.
            0x10..=0x1F => match data_coding & 0x0C {
                0x00 => Self::Gsm7,
                0x08 => Self::Ucs2,
                _ => Self::Octets,
            },
            // Message waiting: discard, store, and store in UCS-2.
            0xC0..=0xDF => Self::Gsm7,
            0xE0..=0xEF => Self::Ucs2,
            // Data coding and message class.
            0xF0..=0xFF if data_coding & 0x04 == 0 => Self::Gsm7,
            _ => Self::Octets,
        }
    }

    /// The `data_coding` of a text, shown at once on the phone if it is to flash. GSM 7-bit goes
    /// out as the default alphabet; Latin-1 and Cyrillic have no flash of their own.
    pub fn data_coding(self, flash: bool) -> u8 {
        match (self, flash) {
            (Self::Gsm7, false) => 0x00,
            (Self::Gsm7, true) => FLASH,
            (Self::Latin1, _) => 0x03,
            (Self::Cyrillic, _) => 0x06,
            (Self::Ucs2, false) => 0x08,
            (Self::Ucs2, true) => FLASH | 0x08,
            (Self::Octets, false) => 0x04,
            (Self::Octets, true) => FLASH | 0x04,
        }
    }

    /// The characters of a text; what the alphabet has no character for becomes U+FFFD. `None` for
    /// data.
    pub fn to_text(self, octets: &[u8]) -> Option<String> {
        match self {
            Self::Gsm7 => Some(gsm7_to_text(octets)),
            Self::Latin1 => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
            Self::Cyrillic => Some(octets.iter().map(|octet| cyrillic(*octet)).collect()),
            Self::Ucs2 => Some(ucs2_to_text(octets)),
            Self::Octets => None,
        }
    }

    /// The octets of a text; `None` when the alphabet lacks one of its characters.
    pub fn from_text(self, text: &str) -> Option<Bytes> {
        let octets: Vec<u8> = match self {
            Self::Gsm7 => gsm7_from_text(text)?,
            Self::Latin1 => {
                text.chars().map(|character| u8::try_from(character).ok()).collect::<Option<_>>()?
            }
            Self::Cyrillic => {
                let octet = |character| (0..=0xFF_u8).find(|octet| cyrillic(*octet) == character);
                text.chars().map(octet).collect::<Option<_>>()?
            }
            Self::Ucs2 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Octets => return None,
        };
        Some(octets.into())
    }
}

/// Whether a message of this `data_coding` is shown at once and not stored (class 0).
pub fn is_flash(data_coding: u8) -> bool {
    matches!(data_coding, 0x10 | 0x14 | 0x18 | 0xF0 | 0xF4)
}

/// ISO 8859-5: a block of Unicode in the same order, with four characters of other blocks.
fn cyrillic(octet: u8) -> char {
    match octet {
        0xA0 | 0xAD => char::from(octet),
        0xF0 => '№',
        0xFD => '§',
        0xA1.. => char::from_u32(u32::from(octet) + 0x0360).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(octet),
    }
}

fn ucs2_to_text(octets: &[u8]) -> String {
    let (units, rest) = octets.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    // A last octet alone is half a character.
    text.chain(rest.iter().map(|_| char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_of_a_data_coding_is_known() {
        for (data_coding, alphabet) in [
            (0x01, Alphabet::Latin1),
            (0x03, Alphabet::Latin1),
            (0x02, Alphabet::Octets),
            (0x04, Alphabet::Octets),
            (0x05, Alphabet::Octets),
            (0x06, Alphabet::Cyrillic),
            (0x08, Alphabet::Ucs2),
            (0x10, Alphabet::Gsm7),
            (0x14, Alphabet::Octets),
            (0x18, Alphabet::Ucs2),
            (0xC8, Alphabet::Gsm7),
            (0xE0, Alphabet::Ucs2),
            (0xF0, Alphabet::Gsm7),
            (0xF1, Alphabet::Gsm7),
            (0xF5, Alphabet::Octets),
            (0x80, Alphabet::Octets),
        ] {
            assert_eq!(Alphabet::of(data_coding, Alphabet::Gsm7), alphabet, "{data_coding:#x}");
        }
        assert_eq!(Alphabet::of(0, Alphabet::Gsm7), Alphabet::Gsm7);
        assert_eq!(Alphabet::of(0, Alphabet::Latin1), Alphabet::Latin1);
    }

    #[test]
    fn a_flash_message_is_told_apart_and_keeps_its_alphabet() {
        for alphabet in [Alphabet::Gsm7, Alphabet::Ucs2, Alphabet::Octets] {
            let data_coding = alphabet.data_coding(true);
            assert!(is_flash(data_coding) && !is_flash(alphabet.data_coding(false)));
            assert_eq!(Alphabet::of(data_coding, Alphabet::Latin1), alphabet);
        }
    }

    #[test]
    fn a_text_in_each_alphabet_is_read_back() {
        for (alphabet, text) in [
            (Alphabet::Gsm7, "Hi @ £5 {€}"),
            (Alphabet::Latin1, "Café ÿ"),
            (Alphabet::Cyrillic, "Привет, ёж №5"),
            (Alphabet::Ucs2, "Привет 👋"),
        ] {
            let octets = alphabet.from_text(text).expect("has all of it");
            assert_eq!(alphabet.to_text(&octets).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_text_that_the_alphabet_lacks_is_not_written() {
        assert_eq!(Alphabet::Gsm7.from_text("Привет"), None);
        assert_eq!(Alphabet::Latin1.from_text("€"), None);
        assert_eq!(Alphabet::Cyrillic.from_text("é"), None);
        assert_eq!(Alphabet::Octets.from_text("a"), None);
    }

    #[test]
    fn half_characters_of_ucs2_are_marked() {
        assert_eq!(Alphabet::Ucs2.to_text(&[0, b'a', 0xD8, 0x3D, 0]).as_deref(), Some("a\u{FFFD}\u{FFFD}"));
    }
}
