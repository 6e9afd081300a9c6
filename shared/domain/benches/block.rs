//! What a gateway does with blocks of a hundred messages: it packs those that it accepts, reads those that
//! it sends, and packs what became of them.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::connection::ConnectionKind;
use domain::destination::Msisdn;
use domain::handling::Handling;
use domain::id::{AgreementId, CompanyId, ConnectionId, MessageId, RateId, ServiceId, TreeTag, WalletId};
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, NewMessage, Progress};
use domain::money::Amount;
use domain::quote::Charge;
use domain::rating::{BillingRule, PricedBy, QuantityRule};
use domain::segmentation::Encoding;
use domain::sender::SenderAddress;
use jiff::Timestamp;

const COUNT: u16 = 100;

fn message(place: u16) -> Option<Message> {
    let words =
        ["Your", "code", "is", "order", "has", "shipped", "today", "Dear", "please", "call", "balance"];
    let mut number = u64::from(place) * 2_654_435_761 + 12_345;
    let mut text = String::new();
    while text.len() < 160 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match number >> 61 {
            0 => text.push_str(&format!("{:06} ", (number >> 20) % 1_000_000)),
            _ => text.push_str(&format!("{} ", words[(number >> 33) as usize % words.len()])),
        }
    }
    text.truncate(160);
    let charge = |level: u128| {
        let unit_price = Amount::parse("0.05").ok()?;
        let rate = RateId::of(&TreeTag::of(&ServiceId::new(level), 1), 0);
        let (billing, wallet) = (BillingRule::Submitted, WalletId::new(level));
        let (amount, priced_by) = (unit_price, PricedBy::Flat);
        let quantity_rule = Some(QuantityRule::Segments);
        Some(Charge {
            wallet,
            rate,
            unit_price,
            quantity: 1,
            quantity_rule,
            billing,
            priced_by,
            amount,
            taken: None,
        })
    };
    Some(
        NewMessage {
            id: MessageId::of_request(&CompanyId::new(1), "key"),
            company: CompanyId::new(1),
            agreement: AgreementId::new(1),
            sender: SenderAddress::parse("ACME").ok()?,
            recipient: Msisdn::parse(&format!("+49151{:08}", u32::from(place) * 7_919)).ok()?,
            text,
            client_reference: None,
            connection: ConnectionId::new(1),
            connection_kind: ConnectionKind::Smpp,
            country: "DE".to_owned(),
            network: Some("O2".to_owned()),
            mccmnc: Some("26203".to_owned()),
            encoding: Encoding::Gsm7,
            segments: 1,
            charges: vec![charge(1)?, charge(2)?],
            handling: Handling::default(),
        }
        .accepted(Timestamp::UNIX_EPOCH),
    )
}

fn blocks(c: &mut Criterion) {
    let tag = LeaseTag { lease: WalletId::new(7), fence: 1, number: 1 };
    let messages: Option<Vec<_>> = (0..COUNT).map(message).collect();
    let block = Block::new(tag.clone(), messages.unwrap_or_default(), Timestamp::UNIX_EPOCH);
    let mut change = block.clone().change();
    for place in 0..COUNT {
        let reference = format!("{:016x}", u64::from(place).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let taken = Progress::Submitted { references: vec![Some(reference)] };
        let _ = change.step(place, &taken, Timestamp::UNIX_EPOCH);
    }
    let sent = change.block;
    let (Ok(content), Ok(states)) = (block.pack(), sent.pack_states()) else { return };
    println!("a message takes {} bytes, its state {}", content.len() / 100, states.len() / 100);
    let mut group = c.benchmark_group("block_of_100");
    group.throughput(Throughput::Elements(COUNT.into()));
    group.bench_function("pack", |b| b.iter(|| black_box(&block).pack()));
    group.bench_function("unpack", |b| b.iter(|| Block::unpack(tag.clone(), black_box(&content))));
    group.bench_function("pack_states", |b| b.iter(|| black_box(&sent).pack_states()));
    group.bench_function("unpack_with_states", |b| {
        b.iter(|| {
            Block::unpack(tag.clone(), black_box(&content)).and_then(|block| block.with_states(&states))
        })
    });
    group.finish();
}

criterion_group!(benches, blocks);
criterion_main!(benches);
