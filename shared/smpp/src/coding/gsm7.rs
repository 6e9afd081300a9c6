//! The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038 section 6.2.1), one
//! septet an octet as in SMPP, and packed as on the radio.

const ESCAPE: u8 = 0x1B;

#[rustfmt::skip]
const ALPHABET: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// After an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The characters of septets, one an octet. An octet of eight bits is no septet and becomes
/// U+FFFD; after an escape, what the extension lacks is read from the alphabet, as phones do.
pub fn gsm7_to_text(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut rest = septets.iter();
    while let Some(septet) = rest.next() {
        let character = match *septet {
            ESCAPE => match rest.next() {
                Some(extended) => extension(*extended).or_else(|| plain(*extended)),
                None => None,
            },
            septet => plain(septet),
        };
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

fn plain(septet: u8) -> Option<char> {
    ALPHABET.get(usize::from(septet)).copied()
}

fn extension(septet: u8) -> Option<char> {
    EXTENSION.iter().find(|(code, _)| *code == septet).map(|(_, character)| *character)
}

/// The septets of a text, one an octet; `None` when a character is in neither table.
pub fn gsm7_from_text(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        if let Some(at) = ALPHABET.iter().position(|own| *own == character && character != '\u{1B}') {
            septets.push(at as u8); // below 128
        } else {
            let (code, _) = EXTENSION.iter().find(|(_, own)| *own == character)?;
            septets.extend([ESCAPE, *code]);
        }
    }
    Some(septets)
}

/// Eight septets in seven octets.
pub fn gsm7_pack(septets: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(septets.len() * 7 / 8 + 1);
    let (mut bits, mut count) = (0_u16, 0);
    for septet in septets {
        bits |= u16::from(septet & 0x7F) << count;
        count += 7;
        if 8 <= count {
            octets.push(bits as u8); // its lowest eight
            bits >>= 8;
            count -= 8;
        }
    }
    if 0 < count {
        octets.push(bits as u8);
    }
    octets
}

/// The septets in packed octets, one an octet. Seven octets are eight septets, the last of which
/// may be nothing but filling.
pub fn gsm7_unpack(octets: &[u8]) -> Vec<u8> {
    let mut septets = Vec::with_capacity(octets.len() * 8 / 7);
    let (mut bits, mut count) = (0_u16, 0);
    for octet in octets {
        bits |= u16::from(*octet) << count;
        count += 8;
        while 7 <= count {
            septets.push((bits & 0x7F) as u8);
            bits >>= 7;
            count -= 7;
        }
    }
    septets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_the_alphabet_is_read_back() {
        let characters: String = ALPHABET.iter().filter(|own| **own != '\u{1B}').collect();
        let extended: String = EXTENSION.iter().map(|(_, own)| *own).collect();
        for text in [characters, extended] {
            let septets = gsm7_from_text(&text).expect("has all");
            assert_eq!(gsm7_to_text(&septets), text);
        }
    }

    #[test]
    fn an_unknown_extension_is_read_from_the_alphabet_and_half_of_one_is_marked() {
        assert_eq!(gsm7_to_text(&[ESCAPE, b'e', ESCAPE, b'a']), "€a");
        assert_eq!(gsm7_to_text(&[b'a', ESCAPE]), "a\u{FFFD}");
        assert_eq!(gsm7_to_text(&[0x80]), "\u{FFFD}");
    }

    #[test]
    fn septets_are_packed_as_on_the_radio() {
        // The example of 3GPP TS 23.038 section 6.1.2.1, and one of exactly seven octets.
        assert_eq!(gsm7_pack(b"hellohello"), [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
        assert_eq!(gsm7_unpack(&gsm7_pack(b"hellohello")), b"hellohello");
        assert_eq!(gsm7_unpack(&gsm7_pack(b"12345678")), b"12345678");
    }
}
