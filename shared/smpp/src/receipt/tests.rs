//! The rules of reading, one by one; the whole range of what vendors send is in the samples.

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
    check(b"stat:EXPIRED done date:20260102153100 ID:77 Err:0000 Text:", "77 Expired 0000 20260102153100");
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
    for (esm_class, receipt) in
        [(0x04, true), (0x44, true), (0x08, true), (0x20, true), (0x00, false), (0x40, false), (0x03, false)]
    {
        assert_eq!(is_receipt(&DeliverSm { esm_class, ..DeliverSm::default() }), receipt);
    }
    let mut pdu = DeliverSm::default();
    pdu.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, "5");
    assert!(!is_receipt(&pdu));
    pdu.tlvs.push(tlv::MESSAGE_STATE, vec![0, 2]);
    assert!(is_receipt(&pdu));
}

#[test]
fn an_acknowledgement_is_known_by_its_class() {
    for (esm_class, acknowledgement) in
        [(0x08, true), (0x10, true), (0x18, true), (0x58, true), (0x04, false), (0x20, false), (0x40, false)]
    {
        assert_eq!(is_acknowledgement(&DeliverSm { esm_class, ..DeliverSm::default() }), acknowledgement);
    }
}

#[test]
fn an_id_is_found_in_decimal_and_hex_with_and_without_zeros_and_in_any_case() {
    assert_eq!(id_forms("0059113978"), ["59113978", "38601fa", "1494301048"]);
    assert_eq!(id_forms("38601FA\0"), ["38601fa", "59113978"]);
    assert_eq!(id_forms("812FC7470000001B")[1], "9308878062554710043");
    assert_eq!(id_forms("7"), ["7"]);
    assert_eq!(id_forms("000"), ["0"]);
    assert_eq!(id_forms("0\t7"), ["7"]); // found by fuzzing: the form of a form was another
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
