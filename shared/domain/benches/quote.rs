//! What pricing and charging cost before anything is written, on a tree of 50,000 prices; and what it
//! costs to have such a tree at hand.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::allowance::Stock;
use domain::batch::legs;
use domain::id::{AgreementId, CompanyId, ServiceId};
use domain::money::{Amount, Currency};
use domain::period::BillingTerms;
use domain::quote::{Charge, Level, Rates, offers};
use domain::rating::{Attribute, CompiledTree, Event, Node, Price, RateTree, Resource, ServiceKind, Size};
use domain::wallet::{Wallet, plan_charge};
use jiff::Timestamp;

const COUNTRIES: usize = 200;
const NETWORKS: usize = 250;

fn country(number: usize) -> String {
    let letter = |place: usize| (b'A' + place as u8) as char;
    format!("{}{}", letter(number / 26), letter(number % 26))
}

fn network(number: usize) -> String {
    format!("Mobile operator {number:03}")
}

fn branch(attribute: Attribute, values: impl Iterator<Item = (String, Node)>) -> Node {
    let others = Some(Box::new(Node::of_price(Price::Blocked)));
    Node { depends_on: Some(attribute), values: values.collect(), others, ..Node::default() }
}

/// By direction, 200 countries and 250 networks in each.
fn tree() -> RateTree {
    let price = |number: usize| Node::of_price(Price::Flat { amount: amount(number) });
    let networks = |country: usize| {
        branch(
            Attribute::Network,
            (0..NETWORKS).map(move |number| (network(number), price(country + number))),
        )
    };
    let countries =
        branch(Attribute::Country, (0..COUNTRIES).map(|number| (country(number), networks(number))));
    let root = branch(Attribute::Direction, [("MT".to_owned(), countries)].into_iter());
    RateTree { resources: [(Resource::SmsMessage, root)].into() }
}

fn amount(number: usize) -> Amount {
    Amount::parse(&format!("0.{:04}", 100 + number)).expect("an amount")
}

fn agreement(number: u128, above: Option<&Agreement>) -> Agreement {
    let ask = NewAgreement {
        id: AgreementId::new(number),
        company: CompanyId::new(number),
        tenant: CompanyId::new(number - 1),
        code: "A".into(),
        currency: Currency::Credit,
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Unlimited,
        billing: BillingTerms::monthly_utc(),
    };
    plan_agreement(ask, above, above.is_none(), Timestamp::UNIX_EPOCH).expect("an agreement")
}

/// Each level has a tree of its own in memory, as in production.
fn levels(depth: u128) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    for number in 1..=depth {
        let agreement = agreement(number, levels.last().map(|level| &level.agreement));
        let tree = Arc::new(CompiledTree::compile(&tree()).expect("a tree"));
        let kind = ServiceKind::PayAsYouGo;
        let rates = Rates::new(ServiceId::new(number), kind, 1, tree, Timestamp::UNIX_EPOCH);
        levels.push(Level::new(agreement, vec![rates]));
    }
    levels.reverse();
    levels
}

/// Destinations all over the tree, in an order that no cache can guess.
fn destinations() -> Vec<(String, String)> {
    let far_apart = |step: usize| (step * 7_919) % (COUNTRIES * NETWORKS);
    let destination = |place: usize| (country(place / NETWORKS), network(place % NETWORKS));
    (0..10_000).map(far_apart).map(destination).collect()
}

fn quotes(criterion: &mut Criterion) {
    let destinations = destinations();
    let mut group = criterion.benchmark_group("quote");
    group.throughput(Throughput::Elements(1));
    for depth in [1, 4] {
        let levels = levels(depth);
        let mut next = destinations.iter().cycle();
        let name = format!("quote_{depth}_levels_50000_prices");
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let (country, network) = next.next().expect("endless");
                quote(black_box(&levels), &Event::sms(country, Some(network), None))
            });
        });
    }
    let tree = CompiledTree::compile(&tree()).expect("a tree");
    let mut next = destinations.iter().cycle();
    group.bench_function("quote_look_up_50000_prices", |bench| {
        bench.iter(|| {
            let (country, network) = next.next().expect("endless");
            tree.find(black_box(&Event::sms(country, Some(network), None)))
                == domain::rating::Found::NoRate { deepest: None }
        });
    });
    group.finish();
}

fn trees(criterion: &mut Criterion) {
    let tree = tree();
    let compiled = CompiledTree::compile(&tree).expect("a tree");
    assert_eq!(compiled.leaves(), COUNTRIES * NETWORKS + COUNTRIES + 2);
    criterion.bench_function("compile_50000_prices", |bench| {
        bench.iter(|| CompiledTree::compile(black_box(&tree)).expect("a tree"));
    });
    let bytes = compiled.to_bytes().expect("bytes");
    println!("50,000 prices are stored in {} bytes", bytes.len());
    criterion.bench_function("compile_load_50000_prices_cold", |bench| {
        bench.iter(|| CompiledTree::from_bytes(black_box(&bytes)).expect("a tree"));
    });
}

fn charges(criterion: &mut Criterion) {
    let levels = levels(4);
    let charges = quote(&levels, &Event::sms("AA", Some("Mobile operator 000"), None));
    let main = levels[0].agreement.wallet();
    let legs: Vec<_> = legs(&charges, &main).collect();
    let above = legs[1..].iter().map(|leg| leg.pot.wallet.clone()).collect();
    let mut home =
        Wallet::open(&levels[0].agreement.id, &CompanyId::new(4), Currency::Credit, Amount::whole(9), above);
    home.escrow.values_mut().for_each(|escrow| *escrow = Amount::whole(9));
    criterion.bench_function("charge_plan_4_levels", |bench| {
        bench.iter(|| plan_charge(black_box(&home), &legs, &BTreeSet::new()).expect("a plan"));
    });
}

/// The offers of all levels, and what one segment takes of them.
fn quote(levels: &[Level], event: &Event) -> Vec<Charge> {
    let offers = offers(levels, event, Timestamp::UNIX_EPOCH).expect("a price");
    let mut stock = Stock::default();
    let mut charges = Vec::with_capacity(offers.len());
    for (index, offer) in offers.iter().enumerate() {
        charges.extend(offer.draw(index + 1, Size::segments(1), "", &mut stock).expect("a price"));
    }
    charges
}

criterion_group!(benches, quotes, trees, charges);
criterion_main!(benches);
