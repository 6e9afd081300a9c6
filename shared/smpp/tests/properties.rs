//! Laws of the codec for PDUs of every shape: what we write is read back the same, another
//! implementation agrees octet for octet, and no octets whatever make the reader panic.

use bytes::{Buf, Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Length, owned::Encode};
use smpp::codec::{Cut, Framer, decode, encode};
use smpp::pdu::{Bind, BindResp, Body, MessageResp, SEQUENCE_MAX, ShortMessage};
use smpp::tlv::{self, Tlvs};
use smpp::{BindMode, CommandStatus, Pdu, receipt, udh};

fn ascii(max: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[!-~]{{0,{max}}}")).expect("is a pattern")
}

fn latin1(max: usize) -> impl Strategy<Value = String> {
    vec(1_u8..=255, 0..=max).prop_map(|octets| octets.into_iter().map(char::from).collect())
}

fn octets(max: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..=max).prop_map(Bytes::from)
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("260102030405000R".to_owned())]
}

fn mode() -> impl Strategy<Value = BindMode> {
    let modes = [BindMode::Transmitter, BindMode::Receiver, BindMode::Transceiver];
    proptest::sample::select(modes.to_vec())
}

/// Optional parameters that are right by the book.
fn tlvs() -> impl Strategy<Value = Tlvs> {
    (option::of(ascii(20)), option::of(1_u8..=8), option::of(any::<u16>())).prop_map(
        |(id, state, reference)| {
            let mut tlvs = Tlvs::default();
            if let Some(id) = id {
                tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, &id);
            }
            if let Some(state) = state {
                tlvs.push(tlv::MESSAGE_STATE, vec![state]);
            }
            if let Some(reference) = reference {
                tlvs.push(tlv::USER_MESSAGE_REFERENCE, reference.to_be_bytes().to_vec());
            }
            tlvs
        },
    )
}

/// The message in `short_message` or in `message_payload`.
fn content() -> impl Strategy<Value = (Bytes, Tlvs)> {
    prop_oneof![
        (octets(254), tlvs()),
        (octets(2000), tlvs()).prop_map(|(payload, mut tlvs)| {
            tlvs.push(tlv::MESSAGE_PAYLOAD, payload);
            (Bytes::new(), tlvs)
        }),
    ]
}

fn message<T: Strategy<Value = String>>(text: fn(usize) -> T) -> impl Strategy<Value = ShortMessage> {
    let addresses = (text(20), text(20), 0_u8..=6, 0_u8..=6, text(5));
    let bytes = (any::<u8>(), any::<u8>(), 0_u8..=4, any::<u8>(), 0_u8..=1, any::<u8>());
    (addresses, bytes, time(), time(), any::<u8>(), content()).prop_map(
        |(addresses, bytes, schedule, validity, default_message_id, content)| ShortMessage {
            source: addresses.0,
            destination: addresses.1,
            source_ton: addresses.2,
            destination_ton: addresses.3,
            service_type: addresses.4,
            source_npi: 1,
            destination_npi: 1,
            esm_class: bytes.0,
            protocol_id: bytes.1,
            priority: bytes.2,
            registered_delivery: bytes.3,
            replace_if_present: bytes.4,
            data_coding: bytes.5,
            schedule,
            validity,
            default_message_id,
            short_message: content.0,
            tlvs: content.1,
        },
    )
}

fn bind<T: Strategy<Value = String>>(text: fn(usize) -> T, password: usize) -> impl Strategy<Value = Bind> {
    (text(15), text(password), text(12), text(40)).prop_map(|texts| Bind {
        system_id: texts.0,
        password: texts.1,
        system_type: texts.2,
        interface_version: 0x34,
        addr_ton: 1,
        addr_npi: 1,
        address_range: texts.3,
    })
}

fn body() -> impl Strategy<Value = Body> {
    let message_resp =
        || (latin1(64), tlvs()).prop_map(|(message_id, tlvs)| MessageResp { message_id, tlvs });
    let bind_resp = (latin1(64), tlvs()).prop_map(|(system_id, tlvs)| BindResp { system_id, tlvs });
    prop_oneof![
        (mode(), bind(latin1, 64)).prop_map(|(mode, bind)| Body::Bind(mode, bind)),
        (mode(), bind_resp).prop_map(|(mode, answer)| Body::BindResp(mode, answer)),
        message(latin1).prop_map(Body::SubmitSm),
        message(latin1).prop_map(Body::DeliverSm),
        message_resp().prop_map(Body::SubmitSmResp),
        message_resp().prop_map(Body::DeliverSmResp),
        Just(Body::EnquireLink),
        Just(Body::EnquireLinkResp),
        Just(Body::Unbind),
        Just(Body::UnbindResp),
        Just(Body::GenericNack),
        octets(100).prop_map(|body| Body::Unknown { command_id: 0x0103, body }),
    ]
}

/// PDUs that every implementation should write with the same octets.
fn common_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (mode(), bind(ascii, 8)).prop_map(|(mode, bind)| Body::Bind(mode, bind)),
        message(ascii).prop_map(Body::SubmitSm),
        message(ascii).prop_map(Body::DeliverSm),
        ascii(64)
            .prop_map(|message_id| { Body::SubmitSmResp(MessageResp { message_id, tlvs: Tlvs::default() }) }),
        Just(Body::EnquireLink),
        Just(Body::Unbind),
        Just(Body::GenericNack),
    ]
}

fn written(pdu: &Pdu) -> BytesMut {
    let mut out = BytesMut::new();
    encode(pdu, &mut out).expect("is valid");
    out
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_the_same(
        status in any::<u32>().prop_map(CommandStatus),
        sequence in 1..=SEQUENCE_MAX,
        body in body(),
    ) {
        let pdu = Pdu { status, sequence, body };
        let mut out = written(&pdu);
        prop_assert_eq!(Framer::new(100_000).cut(&mut out), Cut::Frame(out.len()));
        prop_assert_eq!(decode(&out), Ok(pdu));
    }

    #[test]
    fn another_implementation_reads_and_writes_the_same_octets(
        sequence in 1..=SEQUENCE_MAX,
        body in common_body(),
    ) {
        let ours = written(&Pdu::request(sequence, body));
        let mut rest = ours.clone();
        rest.advance(4);
        let length = rest.len();
        let (command, _) = rusmpp::Command::decode(&mut rest, length)
            .map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let mut theirs = BytesMut::from(&(4 + command.length() as u32).to_be_bytes()[..]);
        command.encode(&mut theirs);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn no_octets_make_the_reader_panic(
        command_id in prop_oneof![
            proptest::sample::select(vec![1_u32, 2, 4, 5, 6, 9, 0x15, 0x8000_0000]),
            any::<u32>(),
        ],
        body in vec(any::<u8>(), 0..300),
    ) {
        let mut frame = vec![0; 16];
        frame[4..8].copy_from_slice(&command_id.to_be_bytes());
        frame.extend_from_slice(&body);
        for frame in [&frame[..], &body[..]] {
            if let Ok(Pdu { body: Body::DeliverSm(message), .. }) = decode(frame) {
                let _ = (receipt::is_receipt(&message), receipt::parse(&message));
            }
        }
    }

    #[test]
    fn a_pdu_with_one_octet_changed_never_makes_the_reader_panic(
        body in body(),
        at in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let mut frame = written(&Pdu::request(1, body));
        let at = at.index(frame.len());
        frame[at] = octet;
        let _ = decode(&frame);
    }

    #[test]
    fn a_stream_of_any_octets_is_cut_within_its_bounds(octets in vec(any::<u8>(), 0..400)) {
        let mut framer = Framer::new(64);
        let mut buffer = BytesMut::from(&octets[..]);
        loop {
            match framer.cut(&mut buffer) {
                Cut::Frame(length) => {
                    prop_assert!((16..=64).contains(&length) && length <= buffer.len());
                    buffer.advance(length);
                }
                Cut::TooLong { .. } => {}
                Cut::NeedMore | Cut::TooShort { .. } => break,
            }
        }
    }

    #[test]
    fn any_text_is_read_as_a_receipt_or_not_at_all(text in vec(any::<u8>(), 0..200)) {
        let message = ShortMessage { short_message: text.clone().into(), ..ShortMessage::default() };
        let _ = receipt::parse(&message);
        let _ = udh::split(&text).map(|(header, _)| udh::concat(header));
    }

    #[test]
    fn an_id_is_found_whichever_notation_each_side_uses(
        number in any::<u64>(),
        zeros in 0_usize..12,
    ) {
        let decimal = format!("{}{number}", "0".repeat(zeros));
        let hex = format!("{number:X}");
        let forms = receipt::id_forms(&decimal);
        prop_assert!(receipt::id_forms(&hex).iter().any(|form| forms.contains(form)));
        let canonical = number.to_string();
        prop_assert_eq!(forms.first(), Some(&canonical));
    }

    #[test]
    fn the_forms_of_any_id_are_distinct_and_canonical(id in "\\PC{0,70}") {
        let forms = receipt::id_forms(&id);
        for (index, form) in forms.iter().enumerate() {
            prop_assert!(!forms[..index].contains(form));
            prop_assert_eq!(&receipt::id_forms(form)[0], form);
        }
    }
}
