//! What pricing and charging cost before anything is written.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::allowance::Stock;
use domain::batch::legs;
use domain::id::{AgreementId, CompanyId, ServiceId};
use domain::money::{Amount, Currency};
use domain::period::BillingTerms;
use domain::quote::{Charge, Level, Rates, offers};
use domain::rating::{Event, RateTree, ServiceKind};
use domain::wallet::{Wallet, plan_charge};
use jiff::Timestamp;

const EVENT: Event = Event::sms("DE", None, None);

/// A tree of 200 countries.
fn tree() -> RateTree {
    let letters = || b'A'..=b'Z';
    let codes = letters()
        .flat_map(|first| letters().map(move |second| format!("{}{}", first as char, second as char)));
    let values: serde_json::Map<_, _> = codes
        .filter(|code| code.as_str() >= "CA" && code.as_str() < "KA")
        .map(|code| (code, serde_json::json!({"price": {"type": "flat", "amount": "0.05"}})))
        .collect();
    let tree = serde_json::json!({"sms_message": {"depends_on": "direction", "values": {
        "MT": {"depends_on": "country", "values": values, "others": {"price": {"type": "blocked"}}}}}});
    serde_json::from_value(tree).expect("a tree")
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

fn levels(depth: u128) -> Vec<Level> {
    let tree = Arc::new(tree());
    let mut levels: Vec<Level> = Vec::new();
    for number in 1..=depth {
        let agreement = agreement(number, levels.last().map(|level| &level.agreement));
        let rates = Rates {
            service: ServiceId::new(number),
            kind: ServiceKind::PayAsYouGo,
            version: 1,
            tree: tree.clone(),
            enabled_from: Timestamp::UNIX_EPOCH,
        };
        levels.push(Level::new(agreement, vec![rates]));
    }
    levels.reverse();
    levels
}

fn quotes(criterion: &mut Criterion) {
    for depth in [1, 4] {
        let levels = levels(depth);
        criterion.bench_function(&format!("quote_{depth}_levels"), |bench| {
            bench.iter(|| quote(black_box(&levels)));
        });
    }
    let levels = levels(4);
    let charges = quote(&levels);
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
fn quote(levels: &[Level]) -> Vec<Charge> {
    let offers = offers(levels, &EVENT, Timestamp::UNIX_EPOCH).expect("a price");
    let mut stock = Stock::default();
    let drawn = offers.iter().enumerate().map(|(index, offer)| offer.draw(index + 1, 1, "", &mut stock));
    drawn.collect::<Result<Vec<_>, _>>().expect("a price").concat()
}

criterion_group!(benches, quotes);
criterion_main!(benches);
