//! What a closed period costs to print: an invoice of twenty charges on one page.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::company::{Company, plan_owner};
use domain::id::{AgreementId, CompanyId, RateId, ServiceId, TreeTag};
use domain::invoice::{Charge, Invoice, InvoiceStatus, invoice_id};
use domain::money::{Amount, Currency};
use domain::period::Period;
use domain::rating::Resource;
use domain::sender::SenderAddress;
use invoice_closer::pdf::{Parties, render};
use jiff::Timestamp;
use jiff::civil::date;

fn charge(place: u32) -> Charge {
    let unit_price = Amount::parse("0.0455").expect("an amount");
    Charge {
        resource: Resource::SmsMessage,
        sender: Some(SenderAddress::parse(&format!("SENDER {place}")).expect("a sender")),
        subject: None,
        country: Some("DE".to_owned()),
        rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), place),
        unit_price,
        messages: 1234,
        quantity: 1234,
        net: unit_price.checked_times(1234).expect("an amount"),
    }
}

fn invoice(lines: u32) -> Invoice {
    let period = Period { first: date(2026, 10, 1), last: date(2026, 10, 31) };
    let charges: Vec<_> = (0..lines).map(charge).collect();
    let net = Amount::checked_sum(charges.iter().map(|charge| charge.net)).expect("a sum");
    Invoice {
        id: invoice_id(&AgreementId::new(1), period),
        agreement: AgreementId::new(1),
        company: CompanyId::new(2),
        tenant: CompanyId::new(1),
        period,
        currency: Currency::parse("EUR").expect("a currency"),
        status: InvoiceStatus::Confirmed,
        number: Some(1042),
        issue_date: Some(date(2026, 11, 2)),
        due_date: Some(date(2026, 12, 2)),
        charges,
        net,
        total_due: net.rounded(2),
        calculated_at: Timestamp::UNIX_EPOCH,
        confirmed_at: Some(Timestamp::UNIX_EPOCH),
        document: None,
        revision: 1,
    }
}

fn company(number: u128, name: &str) -> Company {
    plan_owner(CompanyId::new(number), name, Timestamp::UNIX_EPOCH).expect("a company")
}

fn pdf(c: &mut Criterion) {
    let (issuer, payer) = (company(1, "Example Messaging GmbH"), company(2, "Пример ООО"));
    let parties = Parties { issuer: &issuer, payer: &payer, agreement_code: "MAIN-2026" };
    let invoice = invoice(20);
    c.bench_function("pdf_invoice_20_lines", |b| b.iter(|| render(black_box(&invoice), &parties)));
}

criterion_group!(benches, pdf);
criterion_main!(benches);
