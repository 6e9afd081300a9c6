//! Any bytes as a receipt, in its text and in its parameters: read or not, and the forms of its id are
//! canonical. The first three bytes are the classes and how much of the rest is text.

use jiff::civil::date;
use smpp::{DeliverSm, receipt, tlv};

fn main() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let [esm_class, data_coding, split, rest @ ..] = bytes else { return };
        let (text, parameter) = rest.split_at(usize::from(*split).min(rest.len()));
        let mut pdu = DeliverSm {
            esm_class: *esm_class,
            data_coding: *data_coding,
            short_message: text.to_vec().into(),
            ..DeliverSm::default()
        };
        for tag in [tlv::RECEIPTED_MESSAGE_ID, tlv::MESSAGE_STATE, tlv::NETWORK_ERROR_CODE] {
            if !parameter.is_empty() {
                pdu.tlvs.push(tag, parameter.to_vec());
            }
        }
        let _ = receipt::is_receipt(&pdu);
        let Some(read) = receipt::parse(&pdu) else { return };
        let _ = read.done_at(date(2026, 1, 1).at(0, 0, 0, 0));
        for form in receipt::id_forms(&read.id) {
            assert_eq!(receipt::id_forms(&form).first(), Some(&form));
        }
    });
}
