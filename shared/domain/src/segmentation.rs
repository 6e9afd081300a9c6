//! How a text becomes the parts that travel, and so how many segments are charged.
//!
//! The alphabet is GSM 7 bit when every character is in its tables (3GPP TS 23.038 §6.2.1), else
//! UCS-2 (§6.2.3), sent as UTF-16 so that characters outside the basic plane survive. Part sizes
//! follow from the 140 octets of a short message (3GPP TS 23.040 §9.2.3.24) and the six octets that
//! the concatenation header with an 8 bit reference takes from each part of a long one (§9.2.3.24.1).
//!
//! Not here: the header itself, national shift tables, and how many segments a caller allows.

use serde::{Deserialize, Serialize};

/// How the octets of a message are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// GSM 7 bit default alphabet with its extension table; SMPP `data_coding` 0.
    Gsm7,
    /// UTF-16 in network byte order; SMPP `data_coding` 8.
    Ucs2,
    /// 8 bit data; SMPP `data_coding` 4.
    Binary,
}

impl Encoding {
    /// Units that a message of one part may have: septets, UTF-16 units or octets.
    pub const fn units_single_max(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
            Self::Binary => 140,
        }
    }

    /// Units that each part of a longer message may have, next to its concatenation header.
    pub const fn units_part_max(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
            Self::Binary => 134,
        }
    }

    /// Octets that one unit takes in [`Segmented::segments`].
    const fn octets_per_unit(self) -> usize {
        match self {
            Self::Gsm7 | Self::Binary => 1,
            Self::Ucs2 => 2,
        }
    }
}

/// A message cut into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segmented {
    pub encoding: Encoding,
    /// The octets of each part as SMPP carries them, never empty (an empty text is one empty part):
    /// one septet an octet, not packed, for GSM 7 bit; big-endian UTF-16 for UCS-2.
    pub segments: Vec<Vec<u8>>,
    /// Length of the whole in septets, UTF-16 units or octets. An extension character is two septets.
    pub units: usize,
}

impl Segmented {
    /// Number of parts, at least one: what a price per segment is multiplied by.
    pub fn segments_count(&self) -> usize {
        self.segments.len()
    }
}

/// Cuts a text into as few parts as it needs. Neither an extension character nor a surrogate pair is
/// ever split over two parts, because a phone that shows a part alone could not show half of it.
pub fn segment(text: &str) -> Segmented {
    // Most texts are one part of characters that take a septet each.
    let codes: Option<Vec<u8>> = text.chars().map(basic).collect();
    if let Some(codes) = codes.filter(|codes| codes.len() <= Encoding::Gsm7.units_single_max()) {
        return Segmented { encoding: Encoding::Gsm7, units: codes.len(), segments: vec![codes] };
    }
    match text.chars().map(gsm7).collect::<Option<Vec<_>>>() {
        Some(characters) => pack(Encoding::Gsm7, characters.iter().map(Septets::as_octets)),
        None => {
            let characters: Vec<_> = text.chars().map(Utf16::new).collect();
            pack(Encoding::Ucs2, characters.iter().map(Utf16::as_octets))
        }
    }
}

/// Cuts 8 bit data into as few parts as it needs.
pub fn segment_binary(data: &[u8]) -> Segmented {
    pack(Encoding::Binary, data.chunks(1))
}

/// Puts the pieces into one part if they fit, else each into the first part with room for it.
/// In order and without gaps, so no other cut gives fewer parts.
fn pack<'a>(encoding: Encoding, pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Segmented {
    let octets: usize = pieces.clone().map(<[u8]>::len).sum();
    let units = octets / encoding.octets_per_unit();
    let units_max = if units <= encoding.units_single_max() {
        encoding.units_single_max()
    } else {
        encoding.units_part_max()
    };
    let octets_max = units_max * encoding.octets_per_unit();

    let mut segments = Vec::with_capacity(octets.div_ceil(octets_max).max(1));
    let mut part = Vec::with_capacity(octets.min(octets_max));
    for piece in pieces {
        if octets_max < part.len() + piece.len() {
            segments.push(std::mem::replace(&mut part, Vec::with_capacity(octets_max)));
        }
        part.extend_from_slice(piece);
    }
    segments.push(part);
    Segmented { encoding, segments, units }
}

/// One character in UTF-16, one or two units.
struct Utf16 {
    octets: [u8; 4],
    length: usize,
}

impl Utf16 {
    fn new(character: char) -> Self {
        let mut octets = [0; 4];
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        for (pair, unit) in octets.chunks_exact_mut(2).zip(units.iter()) {
            pair.copy_from_slice(&unit.to_be_bytes());
        }
        Self { octets, length: units.len() * 2 }
    }

    fn as_octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

/// One character of the GSM 7 bit alphabet: its code, after an escape if it is in the extension table.
#[derive(Clone, Copy)]
enum Septets {
    Basic([u8; 1]),
    Extended([u8; 2]),
}

impl Septets {
    fn as_octets(&self) -> &[u8] {
        match self {
            Self::Basic(code) => code,
            Self::Extended(codes) => codes,
        }
    }
}

/// Leads to the extension table (3GPP TS 23.038 §6.2.1, code 0x1B).
const ESCAPE: u8 = 0x1B;

/// The default alphabet by code (3GPP TS 23.038 §6.2.1). Code 0x1B is [`ESCAPE`] and no character;
/// NUL marks its place, and as every other code differs from it, a NUL in a text finds nothing.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\0', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table (3GPP TS 23.038 §6.2.1.1), without its control codes.
const EXTENDED: [(char, u8); 10] = [
    ('\u{c}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// Codes of the Latin-1 characters of [`BASIC`], or [`ESCAPE`] where there is none: almost every
/// character of almost every text is found here in one step.
const BASIC_LATIN: [u8; 256] = {
    let mut codes = [ESCAPE; 256];
    let mut code = 0;
    while code < BASIC.len() {
        let point = BASIC[code] as usize;
        if point < codes.len() && code != ESCAPE as usize {
            codes[point] = code as u8;
        }
        code += 1;
    }
    codes
};

fn gsm7(character: char) -> Option<Septets> {
    basic(character).map(|code| Septets::Basic([code])).or_else(|| {
        let (_, code) = EXTENDED.iter().find(|(extended, _)| *extended == character)?;
        Some(Septets::Extended([ESCAPE, *code]))
    })
}

fn basic(character: char) -> Option<u8> {
    if let Some(code) = BASIC_LATIN.get(character as usize) {
        return (*code != ESCAPE).then_some(*code);
    }
    // What is left of the table are the Greek capitals, in the codes from 0x10 to 0x1A.
    (0x10..ESCAPE).find(|code| BASIC[usize::from(*code)] == character)
}

#[cfg(test)]
mod tests;
