//! What reading and writing a submit_sm costs.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, criterion_group, criterion_main};
use smpp::codec::{decode, encode};
use smpp::pdu::{Body, Pdu, SubmitSm};

fn submit() -> Pdu {
    let message = SubmitSm {
        source_ton: 5,
        source: "Waybill".to_owned(),
        destination_ton: 1,
        destination_npi: 1,
        destination: "491700000001".to_owned(),
        registered_delivery: 1,
        short_message: Bytes::from_static(b"Your code is 123456"),
        ..SubmitSm::default()
    };
    Pdu::request(1, Body::SubmitSm(message))
}

fn codec(criterion: &mut Criterion) {
    let pdu = submit();
    let mut out = BytesMut::with_capacity(1024);
    criterion.bench_function("smpp_encode_submit_sm", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode(black_box(&pdu), &mut out).expect("is valid");
            out.len()
        });
    });
    let frame = out.clone().freeze();
    criterion.bench_function("smpp_decode_submit_sm", |bencher| {
        bencher.iter(|| decode(black_box(&frame)).expect("is valid"));
    });
}

criterion_group!(benches, codec);
criterion_main!(benches);
