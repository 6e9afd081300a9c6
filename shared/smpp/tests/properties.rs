//! Laws of the codec for PDUs of every shape: what we write is read back the same, another
//! implementation agrees octet for octet, and no octets whatever make the reader panic.

use bytes::{Buf, Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Length, owned::Encode};
use smpp::address::Address;
use smpp::codec::{Cut, Framer, HEADER_LENGTH, decode, encode};
use smpp::coding::{Alphabet, gsm7_pack, gsm7_unpack};
use smpp::long::{JoinLimits, Joiner};
use smpp::pdu::{
    AlertNotification, Bind, BindResp, Body, CancelSm, DataSm, Destination, MessageResp, Outbind, QuerySm,
    QuerySmResp, ReplaceSm, SEQUENCE_MAX, ShortMessage, SubmitMulti, SubmitMultiResp, Unsuccess, command,
};
use smpp::time::SmppTime;
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
    prop_oneof![Just(String::new()), Just("000102030405000R".to_owned()), Just("261231235959904-".to_owned())]
}

fn address<T: Strategy<Value = String>>(text: fn(usize) -> T, max: usize) -> impl Strategy<Value = Address> {
    (0_u8..=6, 0_u8..=1, text(max)).prop_map(|(ton, npi, value)| Address { ton, npi, value })
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

fn multi<T: Strategy<Value = String>>(text: fn(usize) -> T) -> impl Strategy<Value = SubmitMulti> {
    let destination =
        prop_oneof![address(text, 20).prop_map(Destination::Address), text(20).prop_map(Destination::List),];
    (vec(destination, 1..10), message(text)).prop_map(|(destinations, message)| SubmitMulti {
        destinations,
        message: ShortMessage {
            destination: String::new(),
            destination_ton: 0,
            destination_npi: 0,
            ..message
        },
    })
}

fn multi_resp<T: Strategy<Value = String>>(text: fn(usize) -> T) -> impl Strategy<Value = SubmitMultiResp> {
    let unsuccess = (address(text, 20), any::<u8>()).prop_map(|(destination, status)| Unsuccess {
        destination,
        status: CommandStatus(u32::from(status)),
    });
    (text(64), vec(unsuccess, 0..5)).prop_map(|(message_id, unsuccess)| SubmitMultiResp {
        message_id,
        unsuccess,
        ..SubmitMultiResp::default()
    })
}

fn data<T: Strategy<Value = String>>(
    text: fn(usize) -> T,
    address_max: usize,
) -> impl Strategy<Value = DataSm> {
    let addresses = (address(text, address_max), address(text, address_max));
    (text(5), addresses, any::<[u8; 3]>(), octets(300)).prop_map(
        |(service_type, addresses, bytes, payload)| {
            let mut tlvs = Tlvs::default();
            tlvs.push(tlv::MESSAGE_PAYLOAD, payload);
            DataSm {
                service_type,
                source: addresses.0,
                destination: addresses.1,
                esm_class: bytes[0],
                registered_delivery: bytes[1],
                data_coding: bytes[2],
                tlvs,
            }
        },
    )
}

fn replace<T: Strategy<Value = String>>(text: fn(usize) -> T) -> impl Strategy<Value = ReplaceSm> {
    (text(64), address(text, 20), time(), time(), any::<[u8; 2]>(), octets(254)).prop_map(
        |(message_id, source, schedule, validity, bytes, short_message)| ReplaceSm {
            message_id,
            source,
            schedule,
            validity,
            registered_delivery: bytes[0],
            default_message_id: bytes[1],
            short_message,
            tlvs: Tlvs::default(),
        },
    )
}

/// What is asked about messages sent before, and answered.
fn operation<T: Strategy<Value = String> + 'static>(text: fn(usize) -> T) -> impl Strategy<Value = Body> {
    let query = (text(64), address(text, 20)).prop_map(|(message_id, source)| QuerySm { message_id, source });
    let query_resp = (text(64), time(), 0_u8..=9, any::<u8>()).prop_map(
        |(message_id, final_date, message_state, error_code)| QuerySmResp {
            message_id,
            final_date,
            message_state,
            error_code,
            tlvs: Tlvs::default(),
        },
    );
    let cancel = (text(5), text(64), address(text, 20), address(text, 20)).prop_map(
        |(service_type, message_id, source, destination)| CancelSm {
            service_type,
            message_id,
            source,
            destination,
        },
    );
    let alert = (address(text, 64), address(text, 64)).prop_map(|(source, esme)| AlertNotification {
        source,
        esme,
        tlvs: Tlvs::default(),
    });
    prop_oneof![
        query.prop_map(Body::QuerySm),
        query_resp.prop_map(Body::QuerySmResp),
        cancel.prop_map(Body::CancelSm),
        Just(Body::CancelSmResp),
        replace(text).prop_map(Body::ReplaceSm),
        Just(Body::ReplaceSmResp),
        alert.prop_map(Body::AlertNotification),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let message_resp =
        || (latin1(64), tlvs()).prop_map(|(message_id, tlvs)| MessageResp { message_id, tlvs });
    let bind_resp = (latin1(64), tlvs()).prop_map(|(system_id, tlvs)| BindResp { system_id, tlvs });
    let outbind = (latin1(64), latin1(64)).prop_map(|(system_id, password)| Outbind { system_id, password });
    let messages = prop_oneof![
        message(latin1).prop_map(Body::SubmitSm),
        message(latin1).prop_map(Body::DeliverSm),
        multi(latin1).prop_map(Body::SubmitMulti),
        multi_resp(latin1).prop_map(Body::SubmitMultiResp),
        data(latin1, 64).prop_map(Body::DataSm),
        message_resp().prop_map(Body::SubmitSmResp),
        message_resp().prop_map(Body::DeliverSmResp),
        message_resp().prop_map(Body::DataSmResp),
    ];
    prop_oneof![
        (mode(), bind(latin1, 64)).prop_map(|(mode, bind)| Body::Bind(mode, bind)),
        (mode(), bind_resp).prop_map(|(mode, answer)| Body::BindResp(mode, answer)),
        outbind.prop_map(Body::Outbind),
        messages,
        operation(latin1),
        bare(),
        octets(100).prop_map(|body| Body::Other { command_id: command::BROADCAST_SM, body }),
    ]
}

/// PDUs without a body.
fn bare() -> impl Strategy<Value = Body> {
    let bodies =
        [Body::EnquireLink, Body::EnquireLinkResp, Body::Unbind, Body::UnbindResp, Body::GenericNack];
    proptest::sample::select(bodies.to_vec())
}

/// PDUs that every implementation should write with the same octets.
fn common_body() -> impl Strategy<Value = Body> {
    let message_resp = || ascii(64).prop_map(|message_id| MessageResp { message_id, tlvs: Tlvs::default() });
    let bind_resp = ascii(15).prop_map(|system_id| BindResp { system_id, tlvs: Tlvs::default() });
    let outbind = (ascii(15), ascii(8)).prop_map(|(system_id, password)| Outbind { system_id, password });
    let messages = prop_oneof![
        message(ascii).prop_map(Body::SubmitSm),
        message(ascii).prop_map(Body::DeliverSm),
        multi(ascii).prop_map(Body::SubmitMulti),
        multi_resp(ascii).prop_map(Body::SubmitMultiResp),
        data(ascii, 20).prop_map(Body::DataSm),
        message_resp().prop_map(Body::SubmitSmResp),
        message_resp().prop_map(Body::DeliverSmResp),
        message_resp().prop_map(Body::DataSmResp),
    ];
    prop_oneof![
        (mode(), bind(ascii, 8)).prop_map(|(mode, bind)| Body::Bind(mode, bind)),
        (mode(), bind_resp).prop_map(|(mode, answer)| Body::BindResp(mode, answer)),
        outbind.prop_map(Body::Outbind),
        messages,
        operation(ascii),
        bare(),
    ]
}

fn written(pdu: &Pdu) -> BytesMut {
    let mut out = BytesMut::new();
    encode(pdu, &mut out).expect("is valid");
    out
}

fn other_reads(frame: &[u8]) -> Result<rusmpp::Command, String> {
    let mut rest = BytesMut::from(&frame[4..]);
    let length = rest.len();
    let decoded = rusmpp::Command::decode(&mut rest, length);
    decoded.map(|(command, _)| command).map_err(|error| format!("{error:?}"))
}

fn other_writes(command: &rusmpp::Command) -> BytesMut {
    let mut out = BytesMut::from(&(4 + command.length() as u32).to_be_bytes()[..]);
    command.encode(&mut out);
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
        let pdu = Pdu::request(sequence, body);
        let ours = written(&pdu);
        let command = other_reads(&ours).map_err(TestCaseError::fail)?;
        let theirs = other_writes(&command);
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(decode(&theirs), Ok(pdu));
    }

    #[test]
    fn what_another_implementation_takes_for_well_formed_is_read_by_ours(
        body in common_body(),
        at in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let mut frame = written(&Pdu::request(1, body));
        // In the body: a request without any it takes for well-formed too.
        if HEADER_LENGTH < frame.len() {
            let at = HEADER_LENGTH + at.index(frame.len() - HEADER_LENGTH);
            frame[at] = octet;
        }
        if let Ok(command) = other_reads(&frame) {
            let theirs = other_writes(&command);
            let pdu = decode(&theirs);
            prop_assert!(pdu.is_ok(), "{:?} of {:?}", pdu, command);
        }
    }

    #[test]
    fn no_octets_make_the_reader_panic(
        command_id in prop_oneof![
            0_u32..0x120,
            (0_u32..0x120).prop_map(|id| id | 0x8000_0000),
            any::<u32>(),
        ],
        body in vec(any::<u8>(), 0..300),
    ) {
        let mut frame = vec![0; 16];
        frame[4..8].copy_from_slice(&command_id.to_be_bytes());
        frame.extend_from_slice(&body);
        for frame in [&frame[..], &body[..]] {
            let Ok(pdu) = decode(frame) else { continue };
            if let Body::DeliverSm(message) = &pdu.body {
                let _ = (receipt::is_receipt(message), receipt::parse(message));
            }
            // What can be written of it says the same.
            let mut out = BytesMut::new();
            if encode(&pdu, &mut out).is_ok() {
                prop_assert_eq!(decode(&out), Ok(pdu));
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
    fn any_message_is_joined_or_passed_on_and_none_is_lost(
        messages in vec((octets(40), any::<bool>()), 0..50),
    ) {
        let limits = JoinLimits { messages_max: 5, octets_max: 3_000, ..JoinLimits::default() };
        let (mut joiner, now) = (Joiner::new(limits), std::time::Instant::now());
        let mut out = Vec::new();
        for (number, (short_message, has_header)) in messages.iter().enumerate() {
            let esm_class = if *has_header { udh::ESM_CLASS_UDHI } else { 0 };
            let message = ShortMessage { esm_class, short_message: short_message.clone(), ..Default::default() };
            out.extend(joiner.take(now, message, number));
        }
        out.extend(joiner.overdue(now + limits.wait));
        let mut carried: Vec<usize> = out.into_iter().flat_map(|joined| joined.carried).collect();
        carried.sort_unstable();
        prop_assert_eq!(carried, (0..messages.len()).collect::<Vec<_>>());
    }

    #[test]
    fn any_octets_are_text_in_every_alphabet_or_none(octets in octets(100), data_coding in any::<u8>()) {
        for default in [Alphabet::Gsm7, Alphabet::Latin1] {
            let _ = Alphabet::of(data_coding, default).to_text(&octets);
        }
        let septets: Vec<u8> = octets.iter().map(|octet| octet & 0x7F).collect();
        let unpacked = gsm7_unpack(&gsm7_pack(&septets));
        prop_assert_eq!(&unpacked[..septets.len()], &septets[..]);
    }

    #[test]
    fn a_time_that_is_read_is_written_the_same(text in "[0-9]{12}[0-9]{3}[+R-]") {
        if let Ok(time) = text.parse::<SmppTime>() {
            let written = time.to_string();
            prop_assert_eq!(written.parse::<SmppTime>(), Ok(time));
            prop_assert_eq!(&written[..12], &text[..12]);
        }
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
