//! What each accepted message pays before it is priced: its cut into segments and its destination.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::destination::{Msisdn, destination};
use domain::dictionary::{Dictionaries, Dictionary, DictionaryName};
use domain::segmentation::segment;

fn segmentation(c: &mut Criterion) {
    let texts = [
        ("segment_gsm7_one_part", "Your code is 123456. ".repeat(7)),
        ("segment_gsm7_ten_parts", "Your code is {123456}. ".repeat(60)),
        ("segment_ucs2_one_part", "Ваш код 123456. ".repeat(4)),
        ("segment_ucs2_ten_parts", "Ваш код 123456 😀. ".repeat(35)),
    ];
    for (name, text) in texts {
        c.bench_function(name, |b| b.iter(|| segment(black_box(&text))));
    }
}

fn destinations(c: &mut Criterion) {
    c.bench_function("destination_parse_number", |b| {
        b.iter(|| Msisdn::parse(black_box("+44 7400 123456")));
    });
    for (name, raw) in [
        ("destination_of_a_british_mobile", "+447400123456"),
        ("destination_on_a_shared_calling_code", "+12042345678"),
    ] {
        let Ok(number) = Msisdn::parse(raw) else {
            continue;
        };
        c.bench_function(name, |b| b.iter(|| destination(black_box(&number), Dictionaries::shipped())));
    }
}

/// Once in each cold function that sends.
fn dictionaries(c: &mut Criterion) {
    c.bench_function("dictionary_read_29000_prefixes", |b| {
        b.iter(|| Dictionary::shipped(black_box(DictionaryName::Prefixes)));
    });
}

criterion_group!(benches, segmentation, destinations, dictionaries);
criterion_main!(benches);
