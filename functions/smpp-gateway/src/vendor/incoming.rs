//! A message from a phone, or a part of a long one, as it goes to the progress queue. No I/O.
//!
//! Nothing is left out because it is strange: what does not read as text still has its octets.

use std::fmt::Write;

use domain::handling::ClientAddress;
use queue::{Incoming, IncomingPart};
use smpp::DeliverSm;
use smpp::address::Address;
use smpp::coding::Alphabet;
use smpp::long::part_of;
use smpp::udh::Concat;

/// What the vendor's default alphabet, `data_coding` 0, is.
const DEFAULT_ALPHABET: Alphabet = Alphabet::Gsm7;

/// Reads it. With `inverted` the vendor names sender and recipient the other way round.
pub fn read(pdu: &DeliverSm, inverted: bool) -> Incoming {
    let (part, octets) = part_of(pdu);
    let (mut source, mut destination) = (pdu.source_address(), pdu.destination_address());
    if inverted {
        std::mem::swap(&mut source, &mut destination);
    }
    let text = Alphabet::of(pdu.data_coding, DEFAULT_ALPHABET).to_text(&octets);
    Incoming {
        source: address(source),
        destination: address(destination),
        data_coding: pdu.data_coding,
        text: text.unwrap_or_else(|| String::from_utf8_lossy(&octets).into_owned()),
        octets: hexadecimal(&octets),
        part: part.map(|Concat { reference, total, part }| IncomingPart { reference, total, number: part }),
    }
}

fn address(Address { ton, npi, value }: Address) -> ClientAddress {
    ClientAddress { ton, npi, value }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02x}"); // a String takes everything
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use smpp::udh;

    fn pdu(data_coding: u8, octets: &[u8]) -> DeliverSm {
        DeliverSm {
            source_ton: 1,
            source_npi: 1,
            source: "4915112345678".to_owned(),
            destination_ton: 3,
            destination: "12345".to_owned(),
            data_coding,
            short_message: octets.to_vec().into(),
            ..DeliverSm::default()
        }
    }

    #[track_caller]
    fn check(data_coding: u8, octets: &[u8], text: &str) {
        let read = read(&pdu(data_coding, octets), false);
        assert_eq!(read.text, text);
        assert_eq!(read.octets.len(), octets.len() * 2);
    }

    #[test]
    fn a_text_reads_in_the_alphabet_it_says_it_is_in() {
        check(0, b"hi \x00", "hi @");
        check(3, b"caf\xE9", "café");
        check(8, b"\x04\x16\x00!", "Ж!");
        check(0xF1, b"\x11", "_");
        check(4, b"ok \xFF", "ok \u{FFFD}");
        check(8, b"\x04", "\u{FFFD}");
        check(0, b"", "");
    }

    #[test]
    fn a_part_says_which_it_is_and_its_header_is_no_text() {
        let mut part = pdu(0, &[&udh::wide_concat_header(0x1234, 3, 2), &b"two"[..]].concat());
        part.esm_class = udh::ESM_CLASS_UDHI;
        let by_header = read(&part, false);
        assert_eq!(by_header.part, Some(IncomingPart { reference: 0x1234, total: 3, number: 2 }));
        assert_eq!((by_header.text.as_str(), by_header.octets.as_str()), ("two", "74776f"));

        let mut part = pdu(0, b"two");
        part.tlvs.push_sar(Concat { reference: 7, total: 2, part: 2 });
        assert_eq!(read(&part, false).part, Some(IncomingPart { reference: 7, total: 2, number: 2 }));
    }

    #[test]
    fn a_damaged_header_stays_in_the_octets() {
        let damaged = DeliverSm { esm_class: udh::ESM_CLASS_UDHI, ..pdu(4, b"\x30ab") };
        assert_eq!(read(&damaged, false).octets, "306162");
    }

    #[test]
    fn a_vendor_may_name_the_phone_second() {
        let straight = read(&pdu(0, b"hi"), false);
        assert_eq!((straight.source.ton, straight.source.value.as_str()), (1, "4915112345678"));
        let inverted = read(&pdu(0, b"hi"), true);
        assert_eq!((inverted.source.ton, inverted.source.value.as_str()), (3, "12345"));
        assert_eq!(inverted.destination, straight.source);
    }
}
