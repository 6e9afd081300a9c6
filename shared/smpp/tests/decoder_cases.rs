//! What real peers send against the book, octet by octet, and what of it is refused.

use smpp::codec::{DecodeError, decode};
use smpp::pdu::{Body, command};
use smpp::{BindMode, CommandStatus, DeliverSm, Pdu};

const RESP: u32 = 0x8000_0000;

fn frame(command_id: u32, status: u32, body: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    for word in [16 + body.len() as u32, command_id, status, 7] {
        octets.extend_from_slice(&word.to_be_bytes());
    }
    octets.extend_from_slice(body);
    octets
}

#[track_caller]
fn read(command_id: u32, body: &[u8]) -> Body {
    decode(&frame(command_id, 0, body)).expect("is accepted").body
}

/// A deliver_sm with these variable fields and these octets after short_message.
fn message(service_type: &[u8], source: &[u8], validity: &[u8], after: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(service_type);
    body.extend_from_slice(b"\0\x05\x00");
    body.extend_from_slice(source);
    body.extend_from_slice(b"\0\x01\x01491700000001\0\x04\x00\x00\0");
    body.extend_from_slice(validity);
    body.extend_from_slice(b"\0\x01\x00\x00\x00\x02hi");
    body.extend_from_slice(after);
    body
}

#[track_caller]
fn deliver(body: &[u8]) -> DeliverSm {
    match read(command::DELIVER_SM, body) {
        Body::DeliverSm(message) if message.short_message == "hi" => message,
        body => panic!("read as {body:?}"),
    }
}

#[test]
fn credentials_of_any_length_are_read() {
    let mut body = Vec::new();
    let (system_id, password) = ("a".repeat(40), "p".repeat(33));
    for text in [system_id.as_str(), &password, "type"] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.extend_from_slice(b"\x34\x00\x00\0");
    let Body::Bind(BindMode::Transceiver, bind) = read(command::BIND_TRANSCEIVER, &body) else {
        panic!("no bind");
    };
    assert_eq!((bind.system_id, bind.password), (system_id, password));
    body.pop(); // and an address_range without even its NUL
    read(command::BIND_TRANSCEIVER, &body);
}

#[test]
fn addresses_and_service_types_may_be_too_long_and_latin_1() {
    let long = [b'7'; 35];
    assert_eq!(deliver(&message(b"WAPSOMETHING", &long, b"", b"")).source.len(), 35);
    assert_eq!(deliver(&message(b"", b"Caf\xE9", b"", b"")).source, "Caf\u{e9}");
}

#[test]
fn a_validity_may_have_any_length() {
    assert_eq!(deliver(&message(b"", b"A", b"000000", b"")).validity, "000000");
    assert_eq!(deliver(&message(b"", b"A", b"260102030405000R9", b"")).validity.len(), 17);
}

#[test]
fn parameters_with_wrong_lengths_are_read_and_unknown_ones_kept() {
    let after = [
        &b"\x00\x1E\x00\x0738601fa"[..],
        b"\x04\x27\x00\x02\x00\x02",
        b"\x04\x23\x00\x02\x00\x1B",
        b"\x02\x04\x00\x01\x09",
        b"\x14\x03\x00\x03abc",
        b"\x14\x02\x00\x00",
    ];
    let tlvs = deliver(&message(b"", b"A", b"", &after.concat())).tlvs;
    assert_eq!(tlvs.receipted_message_id().as_deref(), Some("38601fa"));
    assert_eq!(tlvs.message_state(), Some(2));
    assert_eq!(tlvs.network_error_code().map(|error| error.code), Some(27));
    assert_eq!(tlvs.user_message_reference(), Some(9));
    assert_eq!(tlvs.get(0x1403).map(|value| &value[..]), Some(&b"abc"[..]));
    assert_eq!(tlvs.get(0x1402).map(|value| value.len()), Some(0));
}

#[test]
fn stray_or_cut_off_octets_after_the_last_parameter_are_passed_over() {
    for stray in [&b"\0"[..], b"\x00\x1E", b"\x00\x1E\x00", b"\x00\x1E\x00\x40only this"] {
        let after = [b"\x04\x27\x00\x01\x02", stray].concat();
        assert_eq!(deliver(&message(b"", b"A", b"", &after)).tlvs.0.len(), 1);
    }
}

#[test]
fn a_submits_answer_may_have_a_long_id_or_no_nul_or_no_body() {
    let id = "x".repeat(80);
    for (body, expected) in
        [(format!("{id}\0").into_bytes(), id.as_str()), (b"38601fa".to_vec(), "38601fa"), (Vec::new(), "")]
    {
        let Body::SubmitSmResp(answer) = read(command::SUBMIT_SM | RESP, &body) else {
            panic!("no answer");
        };
        assert_eq!(answer.message_id, expected);
    }
}

#[test]
fn a_binds_answer_may_have_more_parameters_or_no_body() {
    let body = b"smsc\0\x02\x10\x00\x01\x34\x14\x03\x00\x01x";
    let Body::BindResp(_, answer) = read(command::BIND_TRANSCEIVER | RESP, body) else {
        panic!("no answer");
    };
    assert_eq!((answer.system_id.as_str(), answer.tlvs.0.len()), ("smsc", 2));
    for command_id in [command::BIND_RECEIVER, command::BIND_TRANSMITTER, command::BIND_TRANSCEIVER] {
        let refused = decode(&frame(command_id | RESP, 0x0E, b"")).expect("is accepted");
        assert_eq!(refused.status, CommandStatus::RINVPASWD);
    }
}

#[test]
fn bodies_where_none_belongs_are_passed_over() {
    assert_eq!(read(command::ENQUIRE_LINK, b"body"), Body::EnquireLink);
    assert_eq!(read(command::ENQUIRE_LINK | RESP, b"body"), Body::EnquireLinkResp);
    assert_eq!(read(command::UNBIND, b"\0"), Body::Unbind);
    assert_eq!(read(command::UNBIND | RESP, b"\0"), Body::UnbindResp);
    assert_eq!(read(command::GENERIC_NACK, b"\0"), Body::GenericNack);
}

#[test]
fn unknown_numbers_are_kept() {
    let status = decode(&frame(command::SUBMIT_SM | RESP, 0x1234, b"")).expect("is accepted").status;
    assert_eq!(status.to_string(), "0x00001234");
    assert!(matches!(read(0x0777, b"x"), Body::Other { command_id: 0x0777, .. }));
    let mut body = message(b"", b"A", b"", b"");
    let esm_class = body.len() - 2 - 5 - 1 - 1 - 3;
    body[esm_class] = 0xFF;
    let data_coding = body.len() - 2 - 3;
    body[data_coding] = 0xF7;
    let message = deliver(&body);
    assert_eq!((message.esm_class, message.data_coding), (0xFF, 0xF7));
}

#[test]
fn a_message_longer_than_the_pdu_is_refused() {
    let mut body = message(b"", b"A", b"", b"");
    body.truncate(body.len() - 1);
    let error = decode(&frame(command::DELIVER_SM, 0, &body)).expect_err("is refused");
    assert_eq!(error, DecodeError::MessageLength { declared: 2, present: 1, sequence: 7 });
    assert_eq!((error.sequence(), error.status()), (7, CommandStatus::RINVMSGLEN));
}

#[test]
fn a_request_cut_off_within_its_mandatory_fields_is_refused_with_its_sequence_number() {
    let body = message(b"", b"A", b"", b"");
    for length in 0..body.len() - 2 {
        let error = decode(&frame(command::DELIVER_SM, 0, &body[..length])).expect_err("is refused");
        assert_eq!(error.sequence(), 7);
    }
    assert!(decode(&frame(command::BIND_RECEIVER, 0, b"smsc\0pass")).is_err());
    assert_eq!(decode(&[0; 15]), Err(DecodeError::NoHeader { octets: 15 }));
}

#[test]
fn a_full_receipt_from_the_wire_is_read() {
    let text = b"id:0416342074 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:";
    let mut body = message(b"", b"A", b"", b"");
    body.truncate(body.len() - 3);
    body.push(text.len() as u8);
    body.extend_from_slice(text);
    body.extend_from_slice(b"\x00\x1E\x00\x0918d0e03a\0\x04\x27\x00\x01\x02");
    let Pdu { body: Body::DeliverSm(message), .. } =
        decode(&frame(command::DELIVER_SM, 0, &body)).expect("is accepted")
    else {
        panic!("no deliver_sm");
    };
    assert!(smpp::receipt::is_receipt(&message));
    let receipt = smpp::receipt::parse(&message).expect("has id and state");
    assert_eq!(receipt.id, "18d0e03a");
    assert!(smpp::receipt::id_forms(&receipt.id).contains(&"416342074".to_owned()));
}

#[test]
fn the_answers_of_all_operations_may_have_no_body() {
    for request in [
        command::SUBMIT_SM,
        command::SUBMIT_MULTI,
        command::DATA_SM,
        command::DELIVER_SM,
        command::QUERY_SM,
        command::CANCEL_SM,
        command::REPLACE_SM,
    ] {
        let answer = decode(&frame(request | RESP, 0x45, b"")).expect("is accepted");
        assert_eq!((answer.status, answer.body.command_id()), (CommandStatus::RSUBMITFAIL, request | RESP));
    }
}

#[test]
fn an_answer_to_many_counts_as_far_as_it_goes() {
    let whole = b"id1\0\x02\x01\x01491\0\x00\x00\x00\x0B\x01\x01492\0\x00\x00\x00\x58";
    for (length, unsuccess) in [(whole.len(), 2), (whole.len() - 1, 1), (10, 0), (4, 0), (3, 0)] {
        let Body::SubmitMultiResp(answer) = read(command::SUBMIT_MULTI_RESP, &whole[..length]) else {
            panic!("no answer");
        };
        assert_eq!((answer.message_id.as_str(), answer.unsuccess.len()), ("id1", unsuccess), "{length}");
    }
}

#[test]
fn the_last_address_of_an_operation_may_lack_its_nul() {
    let Body::QuerySm(query) = read(command::QUERY_SM, b"id1\0\x05\x00ACME") else { panic!("no query") };
    assert_eq!((query.message_id.as_str(), query.source.value.as_str()), ("id1", "ACME"));
    let Body::CancelSm(cancel) = read(command::CANCEL_SM, b"\0id1\0\x05\x00ACME\0\x01\x01491") else {
        panic!("no cancel");
    };
    assert_eq!(cancel.destination.value, "491");
    let Body::Outbind(outbind) = read(command::OUTBIND, b"smsc\0secret") else { panic!("no outbind") };
    assert_eq!(outbind.password, "secret");
    assert!(!format!("{outbind:?}").contains("secret"));
}

#[test]
fn an_answer_to_a_query_may_end_anywhere() {
    let whole = b"id1\x00260102153100000+\x00\x02\x07";
    for length in 0..=whole.len() {
        let Body::QuerySmResp(answer) = read(command::QUERY_SM_RESP, &whole[..length]) else {
            panic!("no answer");
        };
        assert_eq!(answer.error_code == 7, length == whole.len());
    }
}

#[test]
fn a_destination_of_no_known_kind_is_refused_in_its_own_words() {
    let body = b"\0\x05\x00ACME\0\x01\x03491\0";
    let error = decode(&frame(command::SUBMIT_MULTI, 0, body)).expect_err("is refused");
    assert_eq!(error, DecodeError::DestinationFlag { flag: 3, sequence: 7 });
    assert_eq!((error.sequence(), error.status()), (7, CommandStatus::RINVDESTFLAG));
}

#[test]
fn the_broadcasts_of_5_0_are_known_by_name_and_kept_unread() {
    for (command_id, name) in [
        (command::BROADCAST_SM, "broadcast_sm"),
        (command::QUERY_BROADCAST_SM, "query_broadcast_sm"),
        (command::CANCEL_BROADCAST_SM, "cancel_broadcast_sm"),
    ] {
        assert_eq!(command::name(command_id), Some(name));
        assert!(matches!(read(command_id, b"x"), Body::Other { .. }));
    }
    let refused = CommandStatus(0x100);
    assert_eq!(refused.to_string(), "ESME_RSERTYPUNAUTH");
}
