//! What is not written, and what is said about it.

use super::*;
use crate::address::Address;
use crate::tlv;

#[track_caller]
fn check(message: ShortMessage, expected: &str) {
    let mut out = BytesMut::from(&b"before"[..]);
    let pdu = Pdu::request(1, Body::SubmitSm(message));
    let error = encode(&pdu, &mut out).expect_err("is refused");
    assert_eq!(error.to_string(), expected);
    assert_eq!(out, "before");
}

#[test]
fn a_message_that_is_no_valid_smpp_is_not_written_at_all() {
    let message = ShortMessage::default();
    check(
        ShortMessage { source: "x".repeat(21), ..message.clone() },
        "source has 21 characters, 20 are allowed",
    );
    check(
        ShortMessage { destination: "49\x0017".to_owned(), ..message.clone() },
        "destination has a character that SMPP cannot carry",
    );
    check(
        ShortMessage { source: "Жанна".to_owned(), ..message.clone() },
        "source has a character that SMPP cannot carry",
    );
    check(
        ShortMessage { validity: "000000".to_owned(), ..message.clone() },
        "validity is neither empty nor a time of 16 characters",
    );
    check(
        ShortMessage { short_message: vec![b'x'; 255].into(), ..message.clone() },
        "short_message has 255 characters, 254 are allowed",
    );
    let mut twice = ShortMessage { short_message: "x".into(), ..message };
    twice.tlvs.push(tlv::MESSAGE_PAYLOAD, "x");
    check(twice, "the message stands in short_message and in message_payload");
}

#[test]
fn a_parameter_of_the_specification_is_held_to_its_length_by_name() {
    let with = |tag, value: &'static [u8]| {
        let mut message = ShortMessage::default();
        message.tlvs.push(tag, value);
        message
    };
    check(with(tlv::MESSAGE_STATE, &[0, 2]), "message_state has 2 octets, 1 to 1 are allowed");
    check(with(tlv::RECEIPTED_MESSAGE_ID, b"38601fa"), "receipted_message_id does not end in NUL");
    check(with(tlv::NETWORK_ERROR_CODE, &[0, 27]), "network_error_code has 2 octets, 3 to 3 are allowed");
}

#[track_caller]
fn refused(body: Body, expected: &str) {
    let error = encode(&Pdu::request(1, body), &mut BytesMut::new()).expect_err("is refused");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn every_operation_names_the_field_that_is_wrong() {
    let long = Address { value: "9".repeat(65), ..Address::default() };
    refused(Body::SubmitMulti(SubmitMulti::default()), "0 destinations, 1 to 254 are allowed");
    refused(
        Body::SubmitMulti(SubmitMulti {
            destinations: vec![Destination::List("x".repeat(21))],
            ..SubmitMulti::default()
        }),
        "distribution list has 21 characters, 20 are allowed",
    );
    refused(
        Body::DataSm(DataSm { source: long.clone(), ..DataSm::default() }),
        "source has 65 characters, 64 are allowed",
    );
    refused(
        Body::QuerySm(QuerySm { message_id: "x".repeat(65), ..QuerySm::default() }),
        "message_id has 65 characters, 64 are allowed",
    );
    refused(
        Body::CancelSm(CancelSm { destination: long, ..CancelSm::default() }),
        "destination has 65 characters, 20 are allowed",
    );
    refused(
        Body::ReplaceSm(ReplaceSm { validity: "R".repeat(16), ..ReplaceSm::default() }),
        "validity is neither empty nor a time of 16 characters",
    );
    refused(
        Body::Outbind(Outbind { password: "x".repeat(65), ..Outbind::default() }),
        "password has 65 characters, 64 are allowed",
    );
}
