//! What vendors send as receipts, kept as data in `receipts/`, and what each becomes. With
//! `--nocapture` the test prints it as a table.
//!
//! A sample's text is Latin-1, `as` says in which other alphabet its octets are, `udh` what stands
//! in front of them, `tlvs` what beside them; its `class` is 4 unless it says otherwise.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use jiff::civil::{DateTime, date};
use serde::Deserialize;
use smpp::coding::gsm7_pack;
use smpp::receipt::{self, Receipt};
use smpp::{DeliverSm, tlv};

const SAMPLES_MIN: usize = 120;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    about: String,
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// Where it was seen, or why it is here.
    #[serde(default)]
    seen: String,
    #[serde(default)]
    text: String,
    #[serde(default, rename = "as")]
    alphabet: Option<String>,
    #[serde(default)]
    udh: String,
    #[serde(default = "final_receipt")]
    class: u8,
    #[serde(default)]
    coding: u8,
    /// By name or by number in hex; octets as Latin-1.
    #[serde(default)]
    tlvs: BTreeMap<String, String>,
    expect: String,
}

fn final_receipt() -> u8 {
    receipt::ESM_CLASS_FINAL
}

impl Sample {
    fn pdu(&self) -> DeliverSm {
        let mut octets = unhex(&self.udh);
        octets.extend(match self.alphabet.as_deref() {
            None => latin1(&self.text),
            Some("utf16be") => self.text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Some("utf16le") => self.text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Some("gsm7packed") => gsm7_pack(&latin1(&self.text)),
            Some(other) => panic!("no alphabet {other}"),
        });
        let mut pdu = DeliverSm {
            esm_class: self.class,
            data_coding: self.coding,
            short_message: octets.into(),
            ..DeliverSm::default()
        };
        for (name, value) in &self.tlvs {
            pdu.tlvs.push(tag(name), latin1(value));
        }
        pdu
    }

    fn becomes(&self) -> String {
        let pdu = self.pdu();
        if !receipt::is_receipt(&pdu) {
            return "not a receipt".to_owned();
        }
        receipt::parse(&pdu).map_or("nothing".to_owned(), |receipt| describe(&receipt, now()))
    }
}

fn describe(receipt: &Receipt, near: DateTime) -> String {
    let error = receipt.error.as_deref().unwrap_or("-");
    let done = receipt.done_at(near).map_or("-".to_owned(), |date| date.to_string());
    let mut said = format!("{} {:?}/{} {error} {done}", receipt.id, receipt.state, receipt.state_name);
    if let Some(id) = &receipt.id_in_text {
        write!(said, " in text {id}").expect("is written");
    }
    if receipt.is_intermediate {
        said.push_str(" intermediate");
    }
    said
}

fn now() -> DateTime {
    date(2026, 1, 2).at(16, 0, 0, 0)
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).expect("is Latin-1")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    let octet = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).expect("is ASCII"), 16);
    pairs.iter().map(|pair| octet(pair).expect("is hex")).collect()
}

fn tag(name: &str) -> u16 {
    let named = (0..=u16::MAX).find(|tag| tlv::name(*tag) == Some(name));
    named.unwrap_or_else(|| u16::from_str_radix(name, 16).expect("is a name or a number"))
}

fn groups() -> BTreeMap<String, Group> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receipts");
    let files = fs::read_dir(folder).expect("the samples are there");
    let paths = files.map(|file| file.expect("a readable folder").path());
    let read = |path: &Path| {
        let text = fs::read_to_string(path).expect("is readable");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), read(&path)))
        .collect()
}

#[test]
fn every_sample_becomes_what_it_should() {
    let (mut samples, mut wrong) = (0, Vec::new());
    for (name, group) in groups() {
        println!("\n{name}: {}", group.about);
        for sample in group.samples {
            let becomes = sample.becomes();
            println!("  {:<60} {:?} {}", becomes, shortened(&sample.text), sample.seen);
            if becomes != sample.expect {
                wrong.push(format!(
                    "{name}: {:?}\n  is     {becomes}\n  not    {}",
                    sample.text, sample.expect
                ));
            }
            samples += 1;
        }
    }
    println!("\n{} of {samples} as they should be", samples - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(SAMPLES_MIN <= samples, "{samples} samples");
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[test]
fn every_pair_of_ids_that_vendors_use_for_one_message_shares_a_form() {
    for (answered, reported) in [
        ("38601fa", "0059113978"),
        ("18d0e03a", "0416342074"),
        ("1d305b4c", "0489708364"),
        ("812FC7470000001B", "9308878062554710043"),
        ("0e999f21-81ef-4974-a414-3de98174e3c7", "E999F21-81EF-4974-A414-3DE98174E3C7"),
        ("1101C1-C9D03D-F000", "1101c1-c9d03d-f000"),
        ("04062581461644996000141", "4062581461644996000141"),
        ("10C8F40D", "281605133"),
        ("SAR-2347039245475-1eedf843-2-1", "SAR-2347039245475-1EEDF843-2-1"),
        ("0000000042", "42\0"),
        (" 42 ", "0042"),
    ] {
        let forms = receipt::id_forms(answered);
        let shared = receipt::id_forms(reported).into_iter().any(|form| forms.contains(&form));
        assert!(shared, "{answered} and {reported}");
    }
}

#[test]
fn a_receipt_of_our_own_is_read_as_it_was_meant() {
    let submit = smpp::SubmitSm {
        source: "ACME".to_owned(),
        source_ton: 5,
        destination: "491700000001".to_owned(),
        ..Default::default()
    };
    let written = receipt::ReceiptText {
        id: "msg_1",
        submitted_at: date(2026, 1, 2).at(15, 30, 59, 0),
        done_at: date(2026, 1, 2).at(15, 31, 0, 0),
        state: receipt::ReceiptState::Undeliverable,
        error: 27,
        text: b"twenty octets and then some more",
    };
    let pdu = written.receipt_for(&submit);
    assert_eq!(
        pdu.short_message,
        "id:msg_1 sub:001 dlvrd:000 submit date:2601021530 done date:2601021531 stat:UNDELIV err:027 \
         text:twenty octets and th"
    );
    assert_eq!((pdu.source.as_str(), pdu.destination.as_str()), ("491700000001", "ACME"));
    assert!(receipt::is_receipt(&pdu));
    let read = receipt::parse(&pdu).expect("is a receipt");
    assert_eq!(describe(&read, now()), "msg_1 Undeliverable/UNDELIV 027 2026-01-02T15:31:00");
}
