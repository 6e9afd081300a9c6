//! What a message of an SMPP client costs before anything is written: finding where its recipient is,
//! making a message of it, and packing the block that it is stored in.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::batch::Place;
use domain::connection::ConnectionKind;
use domain::destination::{Msisdn, destination};
use domain::dictionary::Dictionaries;
use domain::handling::{ClientAddress, Handling, Origin, ReceiptsWanted};
use domain::id::{AgreementId, CompanyId, ConnectionId, MessageId, ServiceId, WalletId};
use domain::lease::{Block, LeaseTag};
use domain::money::{Amount, Currency};
use domain::order::{Article, Line, Shared};
use domain::period::BillingTerms;
use domain::quote::{Level, Rates, offers};
use domain::rating::{CompiledTree, Event, Node, Price, RateTree, Resource, ServiceKind};
use domain::segmentation::Encoding;
use domain::sender::SenderAddress;
use jiff::Timestamp;

const BLOCK: usize = 100;

fn agreement(number: u128, above: Option<&Agreement>) -> Agreement {
    let ask = NewAgreement {
        id: AgreementId::new(number << 64),
        company: CompanyId::new(number << 64),
        tenant: CompanyId::new((number - 1) << 64),
        code: "A".to_owned(),
        currency: Currency::parse("EUR").expect("a currency"),
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Limited(Amount::ZERO),
        billing: BillingTerms::monthly_utc(),
    };
    plan_agreement(ask, above, above.is_none(), Timestamp::UNIX_EPOCH).expect("an agreement")
}

fn levels() -> Vec<Level> {
    let tree = |price: &str| {
        let price = Price::Flat { amount: Amount::parse(price).expect("an amount") };
        let tree = RateTree { resources: [(Resource::SmsMessage, Node::of_price(price))].into() };
        Arc::new(CompiledTree::compile(&tree).expect("a tree"))
    };
    let rates = |number, price| {
        let kind = ServiceKind::PayAsYouGo;
        vec![Rates::new(ServiceId::new(number), kind, 1, tree(price), Timestamp::UNIX_EPOCH)]
    };
    let reseller = agreement(1, None);
    let client = agreement(2, Some(&reseller));
    vec![Level::new(client, rates(2, "0.05")), Level::new(reseller, rates(1, "0.03"))]
}

fn article(levels: &[Level]) -> Arc<Article> {
    let event = Event::sms("DE", Some("O2"), Some("ACME"));
    let offers = offers(levels, &event, Timestamp::UNIX_EPOCH).expect("a price");
    let own = &levels[0].agreement;
    let shared = Shared {
        company: own.company.clone(),
        agreement: own.id.clone(),
        home: own.wallet(),
        main: own.wallet(),
        sender: SenderAddress::parse("ACME").expect("a sender"),
        connection: ConnectionId::new(9 << 64),
        connection_kind: ConnectionKind::Smpp,
        encoding: Encoding::Gsm7,
        segments: 1,
        place: Place {
            country: "DE".to_owned(),
            network: Some("O2".to_owned()),
            mccmnc: Some("26203".to_owned()),
            offers,
        },
    };
    Arc::new(Article::new(shared).expect("a price"))
}

fn number(place: usize) -> String {
    format!("4915{:09}", 110_000_000 + place * 7_919)
}

/// As it comes from a client that wants receipts.
fn handling(place: usize) -> Handling {
    let address = |ton, value: String| ClientAddress { ton, npi: 1, value };
    let origin = Origin {
        connection: ConnectionId::new(11 << 64),
        receipts: ReceiptsWanted::Final,
        source: address(5, "ACME".to_owned()),
        destination: address(1, number(place)),
    };
    Handling { origin: Some(origin), ..Handling::default() }
}

fn lines(article: &Arc<Article>) -> Vec<Line> {
    let text = |place: usize| {
        let code = place * 104_729 % 1_000_000;
        format!("Your code is {code:06}. Do not tell it to anybody. It is valid for {} minutes.", place % 60)
    };
    let line = |place: usize| Line {
        article: article.clone(),
        recipient: Msisdn::parse(&number(place)).expect("a number"),
        text: text(place),
        handling: handling(place),
    };
    (0..BLOCK).map(line).collect()
}

fn block(lines: &[Line]) -> Block {
    let tag = LeaseTag { lease: WalletId::new(7 << 64), fence: 12, number: 12_345 };
    let messages =
        lines.iter().filter_map(|line| line.message(MessageId::in_block(&tag, 0), Timestamp::UNIX_EPOCH));
    let messages = messages.collect();
    Block::new(tag, messages, Timestamp::UNIX_EPOCH)
}

fn orders(criterion: &mut Criterion) {
    let levels = levels();
    let article = article(&levels);
    let lines = lines(&article);
    let block_of = block(&lines);
    let mut group = criterion.benchmark_group("orders");
    group.throughput(Throughput::Elements(1));
    let dictionaries = Dictionaries::shipped();
    let recipient = number(4_711);
    group.bench_function("where a recipient is", |bencher| {
        bencher.iter(|| {
            let number = Msisdn::parse(black_box(&recipient)).expect("a number");
            destination(&number, dictionaries).expect("a country")
        });
    });
    group.throughput(Throughput::Elements(BLOCK as u64));
    group.bench_function("a block's messages", |bencher| bencher.iter(|| block(black_box(&lines))));
    group.bench_function("a block packed", |bencher| {
        bencher.iter(|| black_box(&block_of).pack().expect("it packs"));
    });
    group.finish();
}

criterion_group!(benches, orders);
criterion_main!(benches);
