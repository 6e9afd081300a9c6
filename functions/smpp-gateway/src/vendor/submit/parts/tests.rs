//! Messages in, submits out.

use std::num::NonZeroU32;

use domain::connection::{ConnectionKind, ExtraTlv, LongForm as Wanted, Numbering as Wishes};
use domain::destination::Msisdn;
use domain::handling::Handling;
use domain::id::{AgreementId, BatchId, CompanyId, ConnectionId, MessageId};
use domain::message::Status;
use domain::sender::SenderAddress;
use smpp::long::part_of;

use super::*;

const REFERENCE: u16 = 0x1207;

fn now() -> Timestamp {
    "2026-11-05T12:00:00Z".parse().unwrap()
}

fn message(sender: &str, text: &str) -> Message {
    Message {
        id: MessageId::in_batch(&BatchId::new(1), 0),
        company: CompanyId::new(1),
        agreement: AgreementId::new(1),
        sender: SenderAddress::parse(sender).unwrap(),
        recipient: Msisdn::parse("+4915112345678").unwrap(),
        text: text.to_owned(),
        client_reference: None,
        connection: ConnectionId::new(1),
        connection_kind: ConnectionKind::Smpp,
        country: "DE".to_owned(),
        network: None,
        mccmnc: None,
        encoding: Encoding::Gsm7,
        segments: 1,
        charges: Vec::new(),
        charge_version: 0,
        handling: Handling::default(),
        status: Status::Queued,
        reason: None,
        parts: Vec::new(),
        accepted_at: now(),
        submitted_at: None,
        finished_at: None,
        revision: 1,
        request_hash: String::new(),
        balance_after: None,
        lease: None,
    }
}

fn handled(handling: Handling) -> Message {
    Message { handling, ..message("ACME", "hi") }
}

fn link() -> SmppLink {
    SmppLink::new("smsc.example.com", 2775, "waybill")
}

fn written(message: &Message, link: &SmppLink) -> Vec<SubmitSm> {
    parts(message, link, REFERENCE, now()).expect("can be submitted")
}

/// The one submit of a message.
#[track_caller]
fn single(message: &Message, link: &SmppLink) -> SubmitSm {
    match <[_; 1]>::try_from(written(message, link)) {
        Ok([submit]) => submit,
        Err(submits) => panic!("{} submits", submits.len()),
    }
}

#[test]
fn a_short_message_goes_out_plain_and_asks_for_a_receipt() {
    let submit = single(&message("ACME", "hi @ €"), &link());
    let expected = SubmitSm {
        source_ton: 5,
        source: "ACME".to_owned(),
        destination_ton: 1,
        destination_npi: 1,
        destination: "4915112345678".to_owned(),
        registered_delivery: 1,
        short_message: vec![b'h', b'i', b' ', 0, b' ', 0x1B, 0x65].into(),
        ..SubmitSm::default()
    };
    assert_eq!(submit, expected);
}

#[test]
fn what_gsm_cannot_say_goes_out_as_ucs2() {
    let submit = single(&message("ACME", "Привет"), &link());
    assert_eq!((submit.data_coding, submit.short_message.len()), (8, 12));
}

#[test]
fn a_sender_is_a_name_a_number_or_a_short_code() {
    for (sender, expected) in [
        ("ACME", "5/0 ACME"),
        ("+4915112345678", "1/1 4915112345678"),
        ("1234567", "1/1 1234567"),
        ("12345", "3/0 12345"),
        ("4U 2", "5/0 4U 2"),
    ] {
        let submit = single(&message(sender, "hi"), &link());
        assert_eq!(format!("{}/{} {}", submit.source_ton, submit.source_npi, submit.source), expected);
    }
}

#[test]
fn a_vendor_may_want_other_types_of_numbers() {
    let wants = |ton, npi| Some(NumberType { ton, npi });
    #[track_caller]
    fn check(numbering: Wishes, sender: &str, expected: [(u8, u8); 2]) {
        let submit = single(&message(sender, "hi"), &SmppLink { numbering, ..link() });
        let types =
            [(submit.source_ton, submit.source_npi), (submit.destination_ton, submit.destination_npi)];
        assert_eq!(types, expected);
    }
    let all = Wishes {
        alphanumeric: wants(5, 1),
        international: wants(2, 1),
        short_code: wants(6, 9),
        destination: wants(0, 1),
    };
    check(all, "ACME", [(5, 1), (0, 1)]);
    check(all, "4915112345678", [(2, 1), (0, 1)]);
    check(all, "12345", [(6, 9), (0, 1)]);
    check(Wishes { destination: None, ..all }, "ACME", [(5, 1), (2, 1)]);
}

#[test]
fn what_the_link_says_is_said_with_each_submit() {
    let link = SmppLink {
        service_type: "CMT".to_owned(),
        priority: 2,
        tlvs: vec![ExtraTlv { tag: 0x1400, value: "00ff".to_owned() }],
        ..link()
    };
    for submit in written(&message("ACME", &"0123456789".repeat(40)), &link) {
        assert_eq!((submit.service_type.as_str(), submit.priority), ("CMT", 2));
        assert_eq!(submit.tlvs.get(0x1400).map(|value| &value[..]), Some(&[0, 0xFF][..]));
    }
}

#[test]
fn what_the_client_says_goes_before_what_the_link_says() {
    let link = SmppLink { priority: 2, validity_seconds: 3_600.try_into().ok(), ..link() };
    let usual = single(&handled(Handling::default()), &link);
    assert_eq!((usual.priority, usual.protocol_id, usual.validity.as_str()), (2, 0, "000000010000000R"));
    let asked = Handling {
        priority: 3,
        protocol_id: 0x41,
        valid_till: "2026-11-07T12:00:01Z".parse().ok(),
        ..Handling::default()
    };
    let asked = single(&handled(asked), &link);
    assert_eq!((asked.priority, asked.protocol_id, asked.validity.as_str()), (3, 0x41, "000002000001000R"));
}

#[test]
fn a_validity_counts_from_the_submit() {
    #[track_caller]
    fn check(till: &str, expected: Result<&str, Refusal>) {
        let handling = Handling { valid_till: till.parse().ok(), ..Handling::default() };
        let submits = parts(&handled(handling), &link(), REFERENCE, now());
        assert_eq!(submits.map(|submits| submits[0].validity.clone()), expected.map(str::to_owned));
    }
    check("2026-11-05T12:00:00.5Z", Ok("000000000001000R"));
    check("2026-11-05T12:00:01.5Z", Ok("000000000002000R"));
    check("2026-11-05T12:10:00Z", Ok("000000001000000R"));
    check("2026-12-05T12:00:00Z", Ok("000030000000000R"));
    check("2026-12-31T12:00:00Z", Ok("261231120000000+"));
    check("2026-11-05T12:00:00Z", Err(Refusal::ValidityOver));
    check("2026-11-04T12:00:00Z", Err(Refusal::ValidityOver));
    assert_eq!(Refusal::ValidityOver.to_string(), "validity_over");
}

#[test]
fn a_message_that_says_no_validity_goes_out_for_72_hours_or_as_long_as_its_connection_says() {
    #[track_caller]
    fn check(validity_seconds: u32, waited_seconds: i64, goes_out: bool) {
        let link = SmppLink { validity_seconds: NonZeroU32::new(validity_seconds), ..link() };
        let accepted_at = now() - SignedDuration::from_secs(waited_seconds);
        let message = Message { accepted_at, ..message("ACME", "hi") };
        let refused = parts(&message, &link, REFERENCE, now()).err();
        assert_eq!(refused, (!goes_out).then_some(Refusal::ValidityOver));
    }
    check(0, 72 * 3_600 - 1, true);
    check(0, 72 * 3_600, false);
    check(600, 72 * 3_600 - 1, true);
    check(600, 72 * 3_600, false);
    check(100 * 3_600, 100 * 3_600 - 1, true);
    check(100 * 3_600, 100 * 3_600, false);
}

/// How the submits of a long text in this form begin, and that they make it whole again.
#[track_caller]
fn check_long(form: Wanted, text: &str, expected: &[&str]) {
    let submits = written(&message("ACME", text), &SmppLink { long_form: form, ..link() });
    let describe = |submit: &SubmitSm| {
        let (concat, octets) = part_of(submit);
        let place = concat.map(|it| format!("{:#x} {}/{} ", it.reference, it.part, it.total));
        let payload = if submit.tlvs.message_payload().is_some() { "payload " } else { "" };
        let header = submit.payload().len() - octets.len();
        format!("{}{payload}{header}+{}", place.unwrap_or_default(), octets.len())
    };
    assert_eq!(submits.iter().map(describe).collect::<Vec<_>>(), expected);
    let joined: Vec<u8> = submits.iter().flat_map(|submit| part_of(submit).1.to_vec()).collect();
    assert_eq!(joined, segment(text).segments.concat());
    for submit in &submits {
        assert_eq!(submit.esm_class & udh::ESM_CLASS_UDHI != 0, matches!(form, Wanted::Udh8 | Wanted::Udh16));
    }
}

#[test]
fn a_long_message_goes_out_in_the_form_that_the_vendor_wants() {
    let latin = "0123456789".repeat(40);
    check_long(Wanted::Udh8, &latin, &["0x7 1/3 6+153", "0x7 2/3 6+153", "0x7 3/3 6+94"]);
    check_long(Wanted::Udh16, &latin, &["0x1207 1/3 7+152", "0x1207 2/3 7+152", "0x1207 3/3 7+96"]);
    check_long(Wanted::Sar, &latin, &["0x1207 1/3 0+153", "0x1207 2/3 0+153", "0x1207 3/3 0+94"]);
    check_long(Wanted::Payload, &latin, &["payload 0+400"]);
    let cyrillic = "Ж".repeat(71);
    check_long(Wanted::Udh8, &cyrillic, &["0x7 1/2 6+134", "0x7 2/2 6+8"]);
    check_long(Wanted::Udh16, &cyrillic, &["0x1207 1/2 7+132", "0x1207 2/2 7+10"]);
}

#[test]
fn a_wide_reference_splits_no_character() {
    let escape = format!("{}€{}", "a".repeat(151), "b".repeat(20));
    check_long(Wanted::Udh16, &escape, &["0x1207 1/2 7+151", "0x1207 2/2 7+22"]);
    let pair = format!("{}😀{}", "Ж".repeat(65), "Ж".repeat(20));
    check_long(Wanted::Udh16, &pair, &["0x1207 1/2 7+130", "0x1207 2/2 7+44"]);
}

#[test]
fn a_message_never_goes_out_in_more_parts_than_were_charged() {
    check_long(Wanted::Udh16, &"a".repeat(306), &["0x7 1/2 6+153", "0x7 2/2 6+153"]);
    check_long(Wanted::Udh16, &"Ж".repeat(134), &["0x7 1/2 6+134", "0x7 2/2 6+134"]);
}

#[test]
fn a_part_that_its_sender_cut_goes_out_with_parameters_where_the_vendor_wants_these() {
    let sent = |form, header: &[u8]| {
        let raw = Raw { data_coding: 8, has_header: true, octets: [header, b"\0a"].concat() };
        let link = SmppLink { long_form: form, ..link() };
        single(&handled(Handling { raw: Some(raw), ..Handling::default() }), &link)
    };
    let header = udh::concat_header(9, 2, 1);
    let turned = sent(Wanted::Sar, &header);
    assert_eq!((turned.data_coding, turned.esm_class, &turned.short_message[..]), (8, 0, &b"\0a"[..]));
    assert_eq!(turned.tlvs.sar(), Some(udh::Concat { reference: 9, total: 2, part: 1 }));
    for form in [Wanted::Udh8, Wanted::Udh16, Wanted::Payload] {
        let kept = sent(form, &header);
        assert_eq!((kept.esm_class, &kept.short_message[..6]), (0x40, &header[..]));
        assert!(kept.tlvs.is_empty());
    }
    let ports = b"\x06\x05\x04\x0B\x84\x23\xF0";
    assert_eq!(sent(Wanted::Sar, ports), sent(Wanted::Udh8, ports));
}

#[test]
fn octets_go_out_as_they_are_in_one_submit() {
    let raw = |octets: Vec<u8>, has_header| {
        let raw = Raw { data_coding: 0xF5, has_header, octets };
        single(&handled(Handling { raw: Some(raw), ..Handling::default() }), &link())
    };
    let plain = raw(vec![7; 254], false);
    assert_eq!((plain.data_coding, plain.esm_class, plain.short_message.len()), (0xF5, 0, 254));
    assert!(plain.tlvs.is_empty());
    let part = raw([&udh::concat_header(9, 2, 1), &b"\x01\x02"[..]].concat(), true);
    assert_eq!((part.esm_class, &part.short_message[6..]), (0x40, &b"\x01\x02"[..]));
    let large = raw(vec![7; 255], true);
    assert_eq!((large.esm_class, large.short_message.len(), large.payload().len()), (0x40, 0, 255));
}
