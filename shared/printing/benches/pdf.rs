//! What a closed period costs to print: an invoice of twenty lines on one page, and one of two thousand.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::printable_form::FormKind;
use printing::document::Document;
use printing::{print, samples};

/// A sample with so many lines.
fn invoice(lines: usize) -> Document {
    let mut samples = samples(FormKind::Invoice).into_iter();
    let Some(Document::Invoice(mut invoice)) = samples.next() else {
        unreachable!("the first sample is an invoice")
    };
    let line = invoice.groups[0].lines[0].clone();
    invoice.groups.truncate(1);
    invoice.groups[0].lines = vec![line; lines];
    Document::Invoice(invoice)
}

fn pdf(c: &mut Criterion) {
    for lines in [20, 2_000] {
        let invoice = invoice(lines);
        let name = format!("pdf_invoice_{lines}_lines");
        c.bench_function(&name, |b| b.iter(|| print(black_box(&invoice), None)));
    }
}

criterion_group!(benches, pdf);
criterion_main!(benches);
