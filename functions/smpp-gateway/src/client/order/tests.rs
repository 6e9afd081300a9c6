use domain::handling::Raw;
use domain::segmentation::Encoding;
use smpp::udh::{self, Concat};

use super::*;

const NOW: Timestamp = Timestamp::constant(1_793_880_000, 0); // 2026-11-05T12:00:00Z

fn submit(data_coding: u8, text: &[u8]) -> SubmitSm {
    SubmitSm {
        source_ton: 5,
        source: "ACME".to_owned(),
        destination_ton: 1,
        destination_npi: 1,
        destination: "4915112345678".to_owned(),
        data_coding,
        short_message: text.to_vec().into(),
        ..SubmitSm::default()
    }
}

fn read_as(zero: ClientAlphabet, submit: &SubmitSm) -> Result<Order, CommandStatus> {
    read(&ConnectionId::new(7), zero, submit, NOW)
}

fn read_gsm(submit: &SubmitSm) -> Result<Order, CommandStatus> {
    read_as(ClientAlphabet::Gsm7, submit)
}

/// A text that goes out as one, and in what.
#[track_caller]
fn check_text(zero: ClientAlphabet, submit: &SubmitSm, expected: (&str, Encoding, u32)) {
    let order = read_as(zero, submit).expect("is an order");
    assert_eq!((order.text.as_str(), order.encoding, order.segments), expected);
    assert_eq!(order.handling.raw, None);
}

/// One segment in octets.
#[track_caller]
fn check_raw(submit: &SubmitSm, expected: (&str, Encoding, u8, bool, &[u8])) {
    let order = read_gsm(submit).expect("is an order");
    let Some(Raw { data_coding, has_header, octets }) = order.handling.raw else { panic!("a text") };
    assert_eq!(order.segments, 1);
    assert_eq!((order.text.as_str(), order.encoding, data_coding, has_header, octets.as_slice()), expected);
}

#[track_caller]
fn check_refused(submit: &SubmitSm, expected: CommandStatus) {
    assert_eq!(read_gsm(submit).expect_err("is refused"), expected);
}

#[test]
fn a_text_is_read_in_the_alphabet_that_its_data_coding_names() {
    use ClientAlphabet::{Gsm7, Latin1, Utf8};
    check_text(Gsm7, &submit(0, b"a\x00\x1B\x65"), ("a@€", Encoding::Gsm7, 1));
    check_text(Latin1, &submit(0, b"caf\xE9"), ("café", Encoding::Gsm7, 1));
    check_text(Utf8, &submit(0, "Привет".as_bytes()), ("Привет", Encoding::Ucs2, 1));
    for latin1 in [1, 3] {
        check_text(Gsm7, &submit(latin1, b"\xFC@"), ("ü@", Encoding::Gsm7, 1));
    }
    check_text(Gsm7, &submit(8, b"\x04\x1F\x00!"), ("П!", Encoding::Ucs2, 1));
    check_text(Gsm7, &submit(6, b"\xBF"), ("П", Encoding::Ucs2, 1));
}

#[test]
fn a_long_text_is_cut_by_us_whether_it_is_short_message_or_payload() {
    check_text(ClientAlphabet::Gsm7, &submit(0, &[b'a'; 200]), (&"a".repeat(200), Encoding::Gsm7, 2));
    let mut payload = submit(0, b"");
    payload.tlvs.push(tlv::MESSAGE_PAYLOAD, vec![b'a'; 1530]);
    check_text(ClientAlphabet::Gsm7, &payload, (&"a".repeat(1530), Encoding::Gsm7, 10));
    let mut too_long = submit(0, b"");
    too_long.tlvs.push(tlv::MESSAGE_PAYLOAD, vec![b'a'; 1531]);
    check_refused(&too_long, CommandStatus::RINVMSGLEN);
    check_refused(&submit(0, b""), CommandStatus::RINVMSGLEN);
}

#[test]
fn data_and_flash_and_what_else_there_is_go_out_as_they_came() {
    check_raw(&submit(4, b"\x01\xFF"), ("", Encoding::Binary, 4, false, b"\x01\xFF"));
    check_raw(&submit(2, &[7; 140]), ("", Encoding::Binary, 2, false, &[7; 140]));
    check_raw(&submit(0x10, b"now"), ("now", Encoding::Gsm7, 0x10, false, b"now"));
    check_raw(&submit(0x18, b"\0n"), ("n", Encoding::Ucs2, 0x18, false, b"\0n"));
    check_raw(&submit(0xC8, b"mail"), ("mail", Encoding::Gsm7, 0xC8, false, b"mail"));
    check_refused(&submit(4, &[7; 141]), CommandStatus::RINVMSGLEN);
    check_refused(&submit(0x10, &[b'a'; 161]), CommandStatus::RINVMSGLEN);
    check_refused(&submit(0x18, &[0; 142]), CommandStatus::RINVMSGLEN);
    check_refused(&submit(4, b""), CommandStatus::RINVMSGLEN);
}

fn with_header(data_coding: u8, header: &[u8], text: &[u8]) -> SubmitSm {
    SubmitSm { esm_class: udh::ESM_CLASS_UDHI, ..submit(data_coding, &[header, text].concat()) }
}

#[test]
fn a_part_of_a_long_message_keeps_its_header_and_is_one_segment() {
    let header = udh::concat_header(9, 2, 1);
    let full = [&header[..], &[b'a'; 153]].concat();
    check_raw(&with_header(0, &header, &[b'a'; 153]), (&"a".repeat(153), Encoding::Gsm7, 0, true, &full));
    check_refused(&with_header(0, &header, &[b'a'; 154]), CommandStatus::RINVMSGLEN);
    check_refused(&with_header(8, &header, &[0; 136]), CommandStatus::RINVMSGLEN);
    check_refused(&with_header(4, &header, &[0; 135]), CommandStatus::RINVMSGLEN);
    check_refused(&with_header(0, &[9, 0], b""), CommandStatus::RINVMSGLEN);
}

#[test]
fn sar_parameters_become_a_header() {
    let mut part = submit(8, b"\0a");
    part.tlvs.push_sar(Concat { reference: 0x0102, total: 3, part: 2 });
    check_raw(&part, ("a", Encoding::Ucs2, 8, true, b"\x05\x00\x03\x02\x03\x02\0a"));
    let mut only = submit(0, b"a");
    only.tlvs.push_sar(Concat { reference: 1, total: 1, part: 1 });
    check_text(ClientAlphabet::Gsm7, &only, ("a", Encoding::Gsm7, 1));
}

#[test]
fn ports_become_a_header() {
    let ports = |mut submit: SubmitSm, from: u16, to: u16| {
        submit.tlvs.push(tlv::SOURCE_PORT, from.to_be_bytes().to_vec());
        submit.tlvs.push(tlv::DESTINATION_PORT, to.to_be_bytes().to_vec());
        submit
    };
    let header = b"\x06\x05\x04\x0B\x84\x23\xF0";
    let octets = [&header[..], b"\x01\xFF"].concat();
    check_raw(&ports(submit(4, b"\x01\xFF"), 9200, 2948), ("", Encoding::Binary, 4, true, &octets));
    let octets = [&header[..], b"a"].concat();
    check_raw(&ports(submit(0, b"a"), 9200, 2948), ("a", Encoding::Gsm7, 0, true, &octets));
    let mut part = submit(4, b"\x01");
    part.tlvs.push_sar(Concat { reference: 0x0102, total: 3, part: 2 });
    let octets = b"\x0B\x00\x03\x02\x03\x02\x05\x04\x0B\x84\x23\xF0\x01";
    check_raw(&ports(part, 9200, 2948), ("", Encoding::Binary, 4, true, octets));
    check_refused(&ports(submit(4, &[7; 134]), 9200, 2948), CommandStatus::RINVMSGLEN);
    check_text(ClientAlphabet::Gsm7, &ports(submit(0, b"a"), 9200, 0), ("a", Encoding::Gsm7, 1));
    let own = ports(with_header(4, &udh::concat_header(9, 2, 1), b"\x01"), 9200, 2948);
    check_raw(&own, ("", Encoding::Binary, 4, true, b"\x05\x00\x03\x09\x02\x01\x01"));
}

#[test]
fn a_part_in_an_alphabet_of_the_clients_own_goes_out_in_one_that_all_know() {
    let header = udh::concat_header(9, 2, 1);
    let octets = |text: &[u8]| [&header[..], text].concat();
    check_raw(&with_header(3, &header, b"\xE9"), ("é", Encoding::Gsm7, 0, true, &octets(b"\x05")));
    check_raw(&with_header(3, &header, b"\xC1"), ("Á", Encoding::Ucs2, 8, true, &octets(b"\0\xC1")));
    let order = read_as(ClientAlphabet::Utf8, &with_header(0, &header, "é".as_bytes())).expect("is an order");
    assert_eq!(order.handling.raw.expect("in octets").octets, octets(b"\x05"));
    check_refused(&with_header(3, &header, &[0xC1; 68]), CommandStatus::RINVMSGLEN);
}

#[test]
fn what_is_said_beside_the_text_is_kept() {
    let order = read_gsm(&SubmitSm {
        priority: 3,
        protocol_id: 0x41,
        registered_delivery: 2,
        replace_if_present: 1,
        validity: "000000010000000R".to_owned(),
        ..submit(0, b"hello")
    });
    let Order { sender, recipient, handling, .. } = order.expect("is an order");
    assert_eq!((sender.as_str(), recipient.as_str()), ("ACME", "4915112345678"));
    assert_eq!((handling.priority, handling.protocol_id), (3, 0x41));
    assert_eq!(handling.valid_till.expect("is said").to_string(), "2026-11-05T13:00:00Z");
    let origin = handling.origin.expect("is known");
    assert_eq!((origin.connection, origin.receipts), (ConnectionId::new(7), ReceiptsWanted::Failures));
    assert_eq!((origin.source.ton, origin.source.value.as_str()), (5, "ACME"));
    assert_eq!((origin.destination.ton, origin.destination.npi), (1, 1));
}

#[test]
fn validity_is_a_time_or_a_span_or_a_parameter() {
    let till = |validity: &str| read_gsm(&SubmitSm { validity: validity.to_owned(), ..submit(0, b"x") });
    let said = |order: Order| order.handling.valid_till.map(|till| till.to_string());
    for one_hour in ["261105140000004+", "000000010000000R", "261105130000", "0000000100R"] {
        assert_eq!(till(one_hour).map(said), Ok(Some("2026-11-05T13:00:00Z".to_owned())), "{one_hour}");
    }
    for wrong in ["soon", "261105110000000+", "261105140000008+", "260230000000000+", "000000010000000X"] {
        assert_eq!(till(wrong).map(said), Err(CommandStatus::RINVEXPIRY), "{wrong}");
    }
    let within = |seconds: u32| {
        let mut data = submit(0, b"x");
        data.tlvs.push(tlv::QOS_TIME_TO_LIVE, seconds.to_be_bytes().to_vec());
        read_gsm(&data).map(said)
    };
    assert_eq!(within(3_600), Ok(Some("2026-11-05T13:00:00Z".to_owned())));
    assert_eq!((within(0), till("").map(said)), (Ok(None), Ok(None)));
}

#[test]
fn a_validity_of_zeros_says_nothing() {
    for zeros in ["0", "000000", "0000000000", "0000000000000000", "000000000000000R", "000000000000000+"] {
        let order = read_gsm(&SubmitSm { validity: zeros.to_owned(), ..submit(0, b"x") });
        assert_eq!(order.expect("is an order").handling.valid_till, None, "{zeros}");
    }
}

#[test]
fn a_message_is_valid_for_63_days_at_most() {
    for long in
        ["000100000000000R", "000063000000000R", "000064000000000R", "990000000000000R", "301231000000000+"]
    {
        let order = read_gsm(&SubmitSm { validity: long.to_owned(), ..submit(0, b"x") });
        let till = order.expect("is an order").handling.valid_till.expect("is said");
        let expected = if long.starts_with("0001") { "2026-12-05T12:00:00Z" } else { "2027-01-07T12:00:00Z" };
        assert_eq!(till.to_string(), expected, "{long}");
    }
}

#[test]
fn what_no_order_can_be_made_of_is_refused_with_its_status() {
    let good = submit(0, b"x");
    let source = |source: &str| SubmitSm { source: source.to_owned(), ..good.clone() };
    for wrong in ["", "12", "much too long a name", "caf\u{E9}"] {
        check_refused(&source(wrong), CommandStatus::RINVSRCADR);
    }
    let destination = |to: String| SubmitSm { destination: to, ..good.clone() };
    check_refused(&destination(String::new()), CommandStatus::RINVDSTADR);
    check_refused(&destination("4".repeat(22)), CommandStatus::RINVDSTADR);
    check_refused(&SubmitSm { priority: 4, ..good.clone() }, CommandStatus::RINVPRTFLG);
    let schedule = "000000010000000R".to_owned();
    check_refused(&SubmitSm { schedule, ..good.clone() }, CommandStatus::RINVSCHED);
    check_refused(&SubmitSm { esm_class: 0x04, ..good.clone() }, CommandStatus::RINVESMCLASS);
    for good_class in [0x00, 0x03, 0x80, 0x08, 0x10] {
        assert!(read_gsm(&SubmitSm { esm_class: good_class, ..good.clone() }).is_ok(), "{good_class:#x}");
    }
}
