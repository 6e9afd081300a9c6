//! What waits for a client, as deliver_sm.

use domain::connection::ClientAlphabet;
use domain::handling::ClientAddress;
use domain::receipt::ReceiptState;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use queue::{ClientReceipt, ForClient};
use smpp::coding::Alphabet;
use smpp::receipt::{self, ReceiptText};
use smpp::{DeliverSm, SubmitSm, tlv};

/// What `short_message` holds (SMPP 3.4 section 5.2.22).
const SHORT_MESSAGE_OCTETS_MAX: usize = 254;
/// What a receipt's three digits hold.
const ERROR_MAX: u16 = 999;

/// The deliveries of a queue message in their order.
pub fn parts(content: &ForClient, alphabet: ClientAlphabet) -> Vec<DeliverSm> {
    match content {
        ForClient::ReceiptsV1 { receipts } => receipts.iter().map(receipt_of).collect(),
        ForClient::IncomingV1 { source, destination, data_coding, octets } => {
            vec![incoming(source, destination, *data_coding, octets, alphabet)]
        }
    }
}

/// By the book, with our own id; its addresses are the message's the other way round. Times are UTC.
fn receipt_of(receipt: &ClientReceipt) -> DeliverSm {
    let submit = SubmitSm {
        source_ton: receipt.source.ton,
        source_npi: receipt.source.npi,
        source: receipt.source.value.clone(),
        destination_ton: receipt.destination.ton,
        destination_npi: receipt.destination.npi,
        destination: receipt.destination.value.clone(),
        ..SubmitSm::default()
    };
    // Clients read it as ASCII, whatever their alphabet is.
    let ascii = |c: char| if c.is_ascii_graphic() || c == ' ' { c as u8 } else { b'?' };
    let text: Vec<u8> = receipt.text.chars().map(ascii).collect();
    let said = ReceiptText {
        id: receipt.message.as_str(),
        submitted_at: utc(receipt.accepted_at),
        done_at: utc(receipt.finished_at),
        state: state(receipt.state),
        error: receipt.error.as_deref().map_or(0, error),
        text: &text,
    };
    said.receipt_for(&submit)
}

fn utc(time: Timestamp) -> DateTime {
    time.to_zoned(TimeZone::UTC).datetime()
}

fn state(state: ReceiptState) -> receipt::ReceiptState {
    use receipt::ReceiptState as Smpp;
    match state {
        ReceiptState::Enroute => Smpp::Enroute,
        ReceiptState::Delivered => Smpp::Delivered,
        ReceiptState::Undelivered => Smpp::Undeliverable,
        ReceiptState::Expired => Smpp::Expired,
        ReceiptState::Rejected | ReceiptState::Unsent => Smpp::Rejected,
        ReceiptState::Unknown => Smpp::Unknown,
    }
}

/// The number of a vendor's or our own error: decimal, or a status as we write it. Zero if it is none.
fn error(text: &str) -> u16 {
    let number = match text.strip_prefix("0x") {
        Some(hexadecimal) => u16::from_str_radix(hexadecimal, 16).ok(),
        None => text.parse().ok(),
    };
    number.filter(|number| *number <= ERROR_MAX).unwrap_or_default()
}

/// A message from a phone, whole: a long one stands in `message_payload`.
fn incoming(
    source: &ClientAddress,
    destination: &ClientAddress,
    data_coding: u8,
    octets: &str,
    alphabet: ClientAlphabet,
) -> DeliverSm {
    let octets = hex::decode(octets).unwrap_or_default();
    let (data_coding, octets) = coded(data_coding, octets, alphabet);
    let mut message = DeliverSm {
        source_ton: source.ton,
        source_npi: source.npi,
        source: source.value.clone(),
        destination_ton: destination.ton,
        destination_npi: destination.npi,
        destination: destination.value.clone(),
        data_coding,
        ..DeliverSm::default()
    };
    match octets.len() <= SHORT_MESSAGE_OCTETS_MAX {
        true => message.short_message = octets.into(),
        false => message.tlvs.push(tlv::MESSAGE_PAYLOAD, octets),
    }
    message
}

/// The default alphabet is GSM 7-bit on our side of it, and what the account says on the client's. What
/// the client's lacks goes as UCS-2.
fn coded(data_coding: u8, octets: Vec<u8>, alphabet: ClientAlphabet) -> (u8, Vec<u8>) {
    if data_coding != 0 || alphabet == ClientAlphabet::Gsm7 {
        return (data_coding, octets);
    }
    let text = Alphabet::Gsm7.to_text(&octets).unwrap_or_default();
    let own = match alphabet {
        ClientAlphabet::Utf8 => Some(text.clone().into_bytes()),
        ClientAlphabet::Latin1 | ClientAlphabet::Gsm7 => {
            Alphabet::Latin1.from_text(&text).map(|octets| octets.to_vec())
        }
    };
    match own {
        Some(octets) => (data_coding, octets),
        None => {
            let octets = Alphabet::Ucs2.from_text(&text).map(|octets| octets.to_vec()).unwrap_or_default();
            (Alphabet::Ucs2.data_coding(false), octets)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{BatchId, MessageId};

    fn address(value: &str) -> ClientAddress {
        ClientAddress { ton: 1, npi: 1, value: value.to_owned() }
    }

    #[test]
    fn a_receipt_is_by_the_book_and_goes_the_other_way() {
        let message = MessageId::in_batch(&BatchId::new(7), 0);
        let said = ClientReceipt {
            message: message.clone(),
            source: ClientAddress { ton: 5, npi: 0, value: "ACME".to_owned() },
            destination: address("4915112345678"),
            state: ReceiptState::Undelivered,
            error: Some("021".to_owned()),
            accepted_at: "2026-03-01T23:59:10Z".parse().unwrap(),
            finished_at: "2026-03-02T00:01:00Z".parse().unwrap(),
            text: "Grüße aus".to_owned(),
        };
        let pdus = parts(&ForClient::ReceiptsV1 { receipts: vec![said] }, ClientAlphabet::Gsm7);
        let [pdu] = pdus.as_slice() else { panic!("{pdus:?}") };
        let expected = format!(
            "id:{message} sub:001 dlvrd:000 submit date:2603012359 done date:2603020001 \
             stat:UNDELIV err:021 text:Gr??e aus"
        );
        assert_eq!(String::from_utf8_lossy(&pdu.short_message), expected);
        assert_eq!((pdu.esm_class, pdu.source_ton, pdu.destination_ton), (0x04, 1, 5));
        assert_eq!((pdu.source.as_str(), pdu.destination.as_str()), ("4915112345678", "ACME"));
        assert_eq!(pdu.tlvs.receipted_message_id().as_deref(), Some(message.as_str()));
        assert_eq!(pdu.tlvs.message_state(), Some(5));
    }

    #[test]
    fn an_error_is_a_number_of_three_digits_or_none() {
        for (text, expected) in [("021", 21), ("0x0B", 11), ("1000", 0), ("21b", 0), ("segment_refused", 0)] {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    #[track_caller]
    fn check(text: &str, alphabet: ClientAlphabet, data_coding: u8, octets: &[u8]) {
        let said = hex::encode(Alphabet::Gsm7.from_text(text).unwrap());
        let pdu = incoming(&address("1"), &address("2"), 0, &said, alphabet);
        assert_eq!((pdu.data_coding, pdu.payload().as_ref()), (data_coding, octets), "{text}");
    }

    #[test]
    fn a_message_from_a_phone_is_in_the_clients_alphabet() {
        check("@ £", ClientAlphabet::Gsm7, 0, &[0, b' ', 1]);
        check("@ £", ClientAlphabet::Latin1, 0, b"@ \xA3");
        check("@ £", ClientAlphabet::Utf8, 0, "@ £".as_bytes());
        check("5 €", ClientAlphabet::Latin1, 8, &[0, b'5', 0, b' ', 0x20, 0xAC]);
    }

    #[test]
    fn a_long_message_from_a_phone_is_one_delivery() {
        let text = "a".repeat(255);
        let pdu = incoming(&address("1"), &address("2"), 0, &hex::encode(&text), ClientAlphabet::Gsm7);
        assert!(pdu.short_message.is_empty());
        assert_eq!(pdu.payload().as_ref(), text.as_bytes());
    }
}
