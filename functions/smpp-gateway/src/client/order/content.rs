//! The text or the octets of a submit, and how many segments they take.

use domain::connection::ClientAlphabet;
use domain::handling::Raw;
use domain::segmentation::{Encoding, segment};
use smpp::coding::Alphabet;
use smpp::{CommandStatus, SubmitSm, long, tlv, udh};

/// A text of more segments is a mistake more often than a wish.
const SEGMENTS_MAX: u32 = 10;
/// The octets of a short message (3GPP TS 23.040 section 9.2.3.24).
const OCTETS_MAX: usize = 140;
/// The same in characters of seven bits.
const SEPTETS_MAX: usize = 160;
/// The element of a header that names ports.
const PORTS_16_BIT: u8 = 0x05;
const GSM7: u8 = 0x00;
const UCS2: u8 = 0x08;

/// What a submit carries.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// As it reads; empty for data.
    pub text: String,
    /// If it is to go out in octets.
    pub raw: Option<Raw>,
    pub encoding: Encoding,
    pub segments: u32,
}

impl Content {
    pub fn read(submit: &SubmitSm, zero: ClientAlphabet) -> Result<Self, CommandStatus> {
        let (header, body) = parts(submit)?;
        let reading = Reading { data_coding: submit.data_coding, zero };
        match (header, reading.is_plain_text()) {
            (None, true) => Self::whole_text(reading.text(&body)),
            (None, false) if body.is_empty() => Err(CommandStatus::RINVMSGLEN),
            (header, is_plain_text) => Self::octets(header, &body, reading, is_plain_text),
        }
    }

    fn whole_text(text: String) -> Result<Self, CommandStatus> {
        if text.is_empty() {
            return Err(CommandStatus::RINVMSGLEN);
        }
        let segmented = segment(&text);
        let segments = u32::try_from(segmented.segments_count()).ok();
        let segments = segments.filter(|count| *count <= SEGMENTS_MAX).ok_or(CommandStatus::RINVMSGLEN)?;
        Ok(Self { text, raw: None, encoding: segmented.encoding, segments })
    }

    fn octets(
        header: Option<Vec<u8>>,
        body: &[u8],
        reading: Reading,
        is_plain_text: bool,
    ) -> Result<Self, CommandStatus> {
        let text = reading.text(body);
        // An alphabet that only this client means, or that few vendors know, becomes one that all know.
        let needs_other =
            is_plain_text && !matches!(reading.alphabet(), Some(Alphabet::Gsm7 | Alphabet::Ucs2));
        let (data_coding, body) =
            if needs_other { common_form(&text) } else { (reading.data_coding, body.to_vec()) };
        let encoding = match Alphabet::of(data_coding, Alphabet::Gsm7) {
            Alphabet::Gsm7 => Encoding::Gsm7,
            Alphabet::Ucs2 => Encoding::Ucs2,
            Alphabet::Latin1 | Alphabet::Cyrillic | Alphabet::Octets => Encoding::Binary,
        };
        let header_octets = header.as_ref().map_or(0, Vec::len);
        let body_max = match encoding {
            // The text begins at the next border of seven bits.
            Encoding::Gsm7 => SEPTETS_MAX.saturating_sub((header_octets * 8).div_ceil(7)),
            Encoding::Ucs2 | Encoding::Binary => OCTETS_MAX.saturating_sub(header_octets),
        };
        if OCTETS_MAX < header_octets || body_max < body.len() {
            return Err(CommandStatus::RINVMSGLEN);
        }
        let has_header = header.is_some();
        let octets = [header.unwrap_or_default(), body].concat();
        Ok(Self { text, raw: Some(Raw { data_coding, has_header, octets }), encoding, segments: 1 })
    }
}

/// The header, with its length, and what is behind it.
fn parts(submit: &SubmitSm) -> Result<(Option<Vec<u8>>, Vec<u8>), CommandStatus> {
    let payload = submit.payload();
    if submit.esm_class & udh::ESM_CLASS_UDHI != 0 {
        let (header, body) = udh::split(payload).ok_or(CommandStatus::RINVMSGLEN)?;
        return Ok((Some(header.to_vec()), body.to_vec()));
    }
    // A header with a reference of eight bits, since a part in seven bits leaves no room for a wider one.
    let header = long::part_of(submit).0.map(|concat| {
        let [_, reference] = concat.reference.to_be_bytes();
        udh::concat_header(reference, concat.total, concat.part).to_vec()
    });
    Ok((with_ports(header, submit), payload.to_vec()))
}

/// The header with the ports that the submit's parameters name, if they name the recipient's: 16 bits each,
/// the recipient's first (3GPP TS 23.040 section 9.2.3.24.4). Port 0 is none.
fn with_ports(header: Option<Vec<u8>>, submit: &SubmitSm) -> Option<Vec<u8>> {
    let port = |tag| u16::try_from(submit.tlvs.number(tag)?).ok();
    let Some(to) = port(tlv::DESTINATION_PORT).filter(|port| *port != 0) else { return header };
    let ([to_high, to_low], [from_high, from_low]) =
        (to.to_be_bytes(), port(tlv::SOURCE_PORT).unwrap_or_default().to_be_bytes());
    let mut header = header.unwrap_or_else(|| vec![0]);
    header.extend([PORTS_16_BIT, 4, to_high, to_low, from_high, from_low]);
    header[0] += 6;
    Some(header)
}

/// How the octets of a submit are to be read.
#[derive(Clone, Copy)]
struct Reading {
    data_coding: u8,
    zero: ClientAlphabet,
}

impl Reading {
    /// Whether the characters are all that it says; the other values say more, or something else.
    fn is_plain_text(self) -> bool {
        matches!(self.data_coding, 0x00 | 0x01 | 0x03 | 0x06 | 0x08)
    }

    /// None for UTF-8, which SMPP does not know.
    fn alphabet(self) -> Option<Alphabet> {
        match (self.data_coding, self.zero) {
            (0, ClientAlphabet::Utf8) => None,
            (0, ClientAlphabet::Latin1) => Some(Alphabet::Latin1),
            (data_coding, _) => Some(Alphabet::of(data_coding, Alphabet::Gsm7)),
        }
    }

    fn text(self, octets: &[u8]) -> String {
        match self.alphabet() {
            Some(alphabet) => alphabet.to_text(octets).unwrap_or_default(),
            None => String::from_utf8_lossy(octets).into_owned(),
        }
    }
}

/// A text in seven bits if it has a form in them, else in UCS-2, with its `data_coding`.
fn common_form(text: &str) -> (u8, Vec<u8>) {
    match Alphabet::Gsm7.from_text(text) {
        Some(septets) => (GSM7, septets.to_vec()),
        None => (UCS2, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    }
}
