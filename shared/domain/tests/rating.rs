//! What holds for every rate tree, every event and every way of sending the same traffic.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::allowance::Stock;
use domain::id::{AgreementId, CompanyId, ServiceId};
use domain::money::{Amount, Currency};
use domain::period::BillingTerms;
use domain::quote::{Level, Rates, offers};
use domain::rating::{
    Attribute, BillingRule, CompiledTree, Event, Found, Node, Price, QuantityRule, RateTree, Resource,
    ScaleKind, ServiceKind, Size, Tier, step,
};
use jiff::Timestamp;
use proptest::prelude::*;

/// Attributes of a message with a few values each, so that random events often meet listed ones.
const BRANCHES: [(Attribute, &[&str]); 5] = [
    (Attribute::Direction, &["MT", "MO"]),
    (Attribute::Country, &["DE", "FR", "US"]),
    (Attribute::Network, &["T-Mobile", "T-Mobile Austria", "A/B ~ C", "Ünïcode Übertragung"]),
    (Attribute::SenderId, &["ACME", "BAKERY"]),
    (Attribute::TimeOfDay, &["08:00-20:00", "22:00-06:00"]),
];

fn price() -> impl Strategy<Value = Price> {
    let amount = || (0..2_000_000i64).prop_map(amount);
    let tiers =
        (proptest::collection::btree_set(1..100_000u32, 0..4), proptest::collection::vec(amount(), 4));
    let scale = (any::<bool>(), tiers, proptest::option::of(Just(Attribute::SenderId)));
    prop_oneof![
        4 => amount().prop_map(|amount| Price::Flat { amount }),
        1 => scale.prop_map(|(tier, (thresholds, amounts), counter_group)| Price::Scale {
            scale: if tier { ScaleKind::Tier } else { ScaleKind::BackToFirst },
            tiers: thresholds.into_iter().map(Some).chain([None]).zip(amounts)
                .map(|(threshold, amount)| Tier { threshold, amount }).collect(),
            counter_group,
        }),
        1 => Just(Price::Free),
        1 => Just(Price::Blocked),
        1 => Just(Price::NotIncluded),
    ]
}

fn amount(millionths: i64) -> Amount {
    Amount::parse(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)).unwrap()
}

/// A node below which these branches are still undecided; some lack a price, as drafts may.
fn node(branches: Vec<usize>) -> BoxedStrategy<Node> {
    let rules = || {
        let billing =
            proptest::option::of(prop_oneof![Just(BillingRule::Submitted), Just(BillingRule::Delivered)]);
        let quantity =
            proptest::option::of(prop_oneof![Just(QuantityRule::Messages), Just(QuantityRule::Segments)]);
        (billing, quantity)
    };
    let leaf = (rules(), proptest::option::weighted(0.9, price())).prop_map(
        |((billing_rule, quantity_rule), price)| Node {
            billing_rule,
            quantity_rule,
            price,
            ..Node::default()
        },
    );
    if branches.is_empty() {
        return leaf.boxed();
    }
    let branch = (0..branches.len()).prop_flat_map(move |place| {
        let mut left = branches.clone();
        let (attribute, values) = BRANCHES[left.remove(place)];
        let listed = values.iter().map(|value| {
            let child = proptest::option::of(node(left.clone()));
            child.prop_map(|child| child.map(|child| ((*value).to_owned(), child)))
        });
        let listed: Vec<_> = listed.collect();
        (rules(), listed, proptest::option::of(node(left))).prop_map(
            move |((billing_rule, quantity_rule), listed, others)| Node {
                billing_rule,
                quantity_rule,
                price: None,
                depends_on: Some(attribute),
                values: listed.into_iter().flatten().collect(),
                others: others.map(Box::new),
            },
        )
    });
    prop_oneof![1 => leaf, 2 => branch].boxed()
}

fn tree() -> impl Strategy<Value = RateTree> {
    (node((0..BRANCHES.len()).collect()), proptest::option::of(node(vec![0]))).prop_map(|(sms, rcs)| {
        let rcs = rcs.map(|node| (Resource::RcsMessage, without_segments(node)));
        RateTree { resources: [(Resource::SmsMessage, sms)].into_iter().chain(rcs).collect() }
    })
}

/// Only SMS are counted by segments.
fn without_segments(mut node: Node) -> Node {
    node.quantity_rule = node.quantity_rule.filter(|rule| *rule != QuantityRule::Segments);
    node.values = node.values.into_iter().map(|(value, child)| (value, without_segments(child))).collect();
    node.others = node.others.map(|child| Box::new(without_segments(*child)));
    node
}

/// What is known of an event: of each attribute a listed value, another one, or nothing.
fn known() -> impl Strategy<Value = (Vec<Option<&'static str>>, Option<i8>)> {
    let value = |values: &'static [&'static str]| {
        prop_oneof![
            3 => proptest::sample::select(values).prop_map(Some),
            1 => Just(Some("T-Mobile A")),
            1 => Just(None),
        ]
    };
    let values: Vec<_> = BRANCHES[..4].iter().map(|(_, values)| value(values)).collect();
    (values, proptest::option::of(0..24i8))
}

fn event<'a>((values, hour): &(Vec<Option<&'a str>>, Option<i8>), resource: Resource) -> Event<'a> {
    let event = Event::of(resource).at(hour.map(|hour| jiff::civil::time(hour, 30, 0, 0)));
    BRANCHES
        .iter()
        .zip(values)
        .fold(event, |event, ((attribute, _), value)| event.with_known(*attribute, *value))
}

/// Looking up as one would with a finger on the tree.
fn by_hand(tree: &RateTree, event: &Event) -> String {
    let Some(mut node) = tree.resources.get(&event.resource) else { return "nothing".into() };
    let mut path = event.resource.name().to_owned();
    let (mut billing, mut quantity) = (BillingRule::Submitted, event.resource.default_quantity());
    loop {
        billing = node.billing_rule.unwrap_or(billing);
        quantity = node.quantity_rule.unwrap_or(quantity);
        if let Some(price) = &node.price {
            return format!("{path} {price:?} {billing:?} {quantity:?}");
        }
        let listed = node.values.iter().find(|(value, _)| match node.depends_on {
            Some(Attribute::TimeOfDay) => event.time().is_some_and(|time| is_in(value, time.hour())),
            Some(attribute) => event.value(attribute) == Some(value),
            None => false,
        });
        let others = node.others.as_deref().map(|child| ("*".to_owned(), child));
        match listed.map(|(value, child)| (step(value), child)).or(others) {
            Some((value, child)) => {
                path = format!("{path}/{value}");
                node = child;
            }
            None => return format!("{path} no rate"),
        }
    }
}

/// Half past this hour.
fn is_in(hours: &str, hour: i8) -> bool {
    match hours {
        "08:00-20:00" => (8..20).contains(&hour),
        _ => !(6..22).contains(&hour),
    }
}

fn looked_up(tree: &CompiledTree, event: &Event) -> String {
    match tree.find(event) {
        Found::Price { leaf, price, billing, quantity } => {
            format!("{} {price:?} {billing:?} {quantity:?}", tree.path(leaf).expect("a path"))
        }
        Found::NoRate { deepest: None } => "nothing".into(),
        Found::NoRate { deepest: Some(node) } => format!("{} no rate", tree.path(node).expect("a path")),
    }
}

proptest! {
    #[test]
    fn every_look_up_ends_where_a_finger_on_the_tree_would(tree in tree(), known in proptest::collection::vec(known(), 20)) {
        prop_assert_eq!(tree.check_draft(), Ok(()));
        let compiled = CompiledTree::compile(&tree).unwrap();
        for known in &known {
            for resource in [Resource::SmsMessage, Resource::RcsMessage, Resource::VoiceCall] {
                let event = event(known, resource);
                prop_assert_eq!(looked_up(&compiled, &event), by_hand(&tree, &event));
            }
        }
    }

    #[test]
    fn a_tree_comes_back_from_its_compiled_and_its_stored_form(tree in tree()) {
        let compiled = CompiledTree::compile(&tree).unwrap();
        prop_assert_eq!(&compiled.decompile(), &tree);
        let stored = CompiledTree::from_bytes(&compiled.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(&stored, &compiled);
        let json = serde_json::to_string(&tree).unwrap();
        prop_assert_eq!(serde_json::from_str::<RateTree>(&json).unwrap(), tree);
    }

    #[test]
    fn a_path_leads_to_the_node_that_it_was_made_for(tree in tree(), known in known()) {
        let compiled = CompiledTree::compile(&tree).unwrap();
        if let Found::Price { leaf, price, .. } = compiled.find(&event(&known, Resource::SmsMessage)) {
            let path = compiled.path(leaf).unwrap();
            prop_assert_eq!(tree.node(&path).and_then(|node| node.price.as_ref()), Some(price));
        }
    }

    #[test]
    fn what_a_tier_scale_takes_does_not_depend_on_how_traffic_is_batched(
        thresholds in proptest::collection::btree_set(1..60u32, 0..4),
        amounts in proptest::collection::vec(0..1_000_000i64, 4),
        batches in proptest::collection::vec(1..20u32, 1..12),
    ) {
        let tiers = tiers(thresholds, &amounts);
        let total = batches.iter().sum();
        let expected = (1..=total).map(|unit| price_of(&tiers, unit));
        let expected = Amount::checked_sum(expected).unwrap();
        prop_assert_eq!(sent(ScaleKind::Tier, &tiers, &batches), expected);
        prop_assert_eq!(sent(ScaleKind::Tier, &tiers, &[total]), expected);
    }

    #[test]
    fn a_back_to_first_scale_takes_what_repricing_everything_from_scratch_would(
        thresholds in proptest::collection::btree_set(1..60u32, 0..4),
        amounts in proptest::collection::vec(0..1_000_000i64, 4),
        batches in proptest::collection::vec(1..20u32, 1..12),
    ) {
        let tiers = tiers(thresholds, &amounts);
        let total: u32 = batches.iter().sum();
        let expected = price_of(&tiers, total).checked_times(total).unwrap();
        prop_assert_eq!(sent(ScaleKind::BackToFirst, &tiers, &batches), expected);
    }
}

fn tiers(thresholds: std::collections::BTreeSet<u32>, amounts: &[i64]) -> Vec<Tier> {
    let thresholds = thresholds.into_iter().map(Some).chain([None]);
    thresholds.zip(amounts).map(|(threshold, price)| Tier { threshold, amount: amount(*price) }).collect()
}

/// The price of the unit with this number in the period.
fn price_of(tiers: &[Tier], unit: u32) -> Amount {
    let tier = tiers.iter().find(|tier| tier.threshold.is_none_or(|threshold| unit <= threshold));
    tier.expect("the last tier has no end").amount
}

/// What messages of so many segments cost one after another.
fn sent(scale: ScaleKind, tiers: &[Tier], messages: &[u32]) -> Amount {
    let price = Price::Scale { scale, tiers: tiers.to_vec(), counter_group: None };
    let tree = RateTree { resources: [(Resource::SmsMessage, Node::of_price(price))].into() };
    let tree = Arc::new(CompiledTree::compile(&tree).unwrap());
    let rates = Rates::new(ServiceId::new(1), ServiceKind::PayAsYouGo, 1, tree, Timestamp::UNIX_EPOCH);
    let level = Level::new(agreement(), vec![rates]);
    let mut stock = Stock::default();
    let mut sum = Amount::ZERO;
    for segments in messages {
        let event = Event::sms("DE", None, None);
        let offers = offers(std::slice::from_ref(&level), &event, Timestamp::UNIX_EPOCH).unwrap();
        for charge in offers[0].draw(1, Size::segments(*segments), "1", &mut stock).unwrap() {
            sum = sum.checked_add(charge.amount).unwrap();
        }
    }
    sum
}

fn agreement() -> Agreement {
    let ask = NewAgreement {
        id: AgreementId::new(1),
        company: CompanyId::new(1),
        tenant: CompanyId::new(0),
        code: "A".into(),
        currency: Currency::parse("EUR").unwrap(),
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Unlimited,
        billing: BillingTerms::monthly_utc(),
    };
    plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).unwrap()
}
