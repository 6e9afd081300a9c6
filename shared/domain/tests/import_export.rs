//! What is exported imports back as the same tree, whatever is in it.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

use domain::export::{self, Part};
use domain::import::exported::{self, Header};
use domain::import::table;
use domain::money::Amount;
use domain::rating::{
    Attribute, BillingRule, Node, Price, QuantityRule, RateTree, Resource, ScaleKind, Tier,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Everything that `RateTree::check_draft` lets pass, and values that it does not know either.
fn tree() -> impl Strategy<Value = RateTree> {
    let resource = proptest::sample::select(Resource::ALL.to_vec());
    let resources = proptest::collection::btree_map(resource, node(Attribute::ALL.to_vec()), 0..4);
    resources.prop_map(|resources| RateTree { resources })
}

/// A node below which only these attributes are still open, in whatever order.
fn node(open: Vec<Attribute>) -> BoxedStrategy<Node> {
    let leaf =
        (rules(), proptest::option::weighted(0.9, price())).prop_map(|(node, price)| Node { price, ..node });
    if open.len() < Attribute::ALL.len() - 3 {
        return leaf.boxed();
    }
    let branch =
        (0..open.len()).prop_flat_map(move |chosen| {
            let attribute = open[chosen];
            let below: Vec<_> = open.iter().copied().filter(|open| *open != attribute).collect();
            let values = proptest::collection::btree_map(value(), node(below.clone()), 0..4);
            (rules(), values, proptest::option::of(node(below))).prop_map(move |(node, values, others)| {
                Node { depends_on: Some(attribute), values, others: others.map(Box::new), ..node }
            })
        });
    prop_oneof![2 => leaf, 3 => branch].boxed()
}

/// Names, codes, and what could be taken for something else in a spreadsheet or a CSV file.
fn value() -> impl Strategy<Value = String> {
    let odd = [
        "Others",
        "others",
        "*",
        "",
        " ",
        "=1+1",
        "-",
        "\"",
        "\"x\"",
        "'x",
        "007",
        "1.50",
        "1e5",
        "TRUE",
        "a,b;c\td|e",
        "a\nb",
        "\r\n",
        "\r",
        " x ",
        "_x000D_",
        "\u{1}",
        "\u{85}",
        "\u{2028}",
        "Flat rate",
        "&amp;<>",
        "\u{FFFE}",
        "日本",
        "a/b~c",
    ];
    prop_oneof![3 => "[A-Z]{2}", 3 => "[0-9]{5,6}", 2 => proptest::sample::select(odd.to_vec()).prop_map(str::to_owned),
        2 => "\\PC{1,12}", 1 => "[^\u{0}]{1,8}"]
}

fn rules() -> impl Strategy<Value = Node> {
    let billing = proptest::sample::select(vec![BillingRule::Submitted, BillingRule::Delivered]);
    let quantity = prop_oneof![
        Just(QuantityRule::Messages),
        Just(QuantityRule::Segments),
        Just(QuantityRule::FullPeriod),
        (1u32..100).prop_map(|increment_seconds| QuantityRule::Minutes { increment_seconds }),
    ];
    let rare = |rule| proptest::option::weighted(0.2, rule);
    (rare(billing.boxed()), proptest::option::weighted(0.2, quantity))
        .prop_map(|(billing_rule, quantity_rule)| Node { billing_rule, quantity_rule, ..Node::default() })
}

fn amount() -> impl Strategy<Value = Amount> {
    let micros = prop_oneof![4 => 0i64..2_000_000, 1 => 0i64..=1_000_000_000_000_000_000];
    micros.prop_map(|micros| Amount::new(Decimal::new(micros, 6)).unwrap())
}

fn price() -> impl Strategy<Value = Price> {
    let kind = proptest::sample::select(vec![ScaleKind::Tier, ScaleKind::BackToFirst]);
    let group = proptest::option::of(proptest::sample::select(Attribute::ALL.to_vec()));
    let tiers = (proptest::collection::btree_map(1u32.., amount(), 0..5), amount());
    let scale = (kind, group, tiers).prop_map(|(scale, counter_group, (tiers, last))| {
        let tiers = tiers.into_iter().map(|(threshold, amount)| Tier { threshold: Some(threshold), amount });
        let last = Tier { threshold: None, amount: last };
        Price::Scale { scale, tiers: tiers.chain([last]).collect(), counter_group }
    });
    prop_oneof![
        4 => amount().prop_map(|amount| Price::Flat { amount }),
        2 => scale,
        1 => proptest::sample::select(vec![Price::Free, Price::Included, Price::Blocked, Price::NotIncluded]),
    ]
}

fn read(bytes: &[u8], name: &str) -> exported::Read {
    let table = table::read(bytes, name, None).unwrap();
    let header = Header::of(&table).expect("its own headings");
    exported::read(&table, &header)
}

fn files(part: Part) -> [(Vec<u8>, &'static str); 2] {
    [(export::csv(part).unwrap(), "rates.csv"), (export::xlsx(part).unwrap(), "rates.xlsx")]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_tree_that_is_exported_imports_back_as_the_same_tree(tree in tree()) {
        for (bytes, name) in files(Part::Tree(&tree)) {
            let read = read(&bytes, name);
            prop_assert!(read.errors.is_empty(), "{name}: {:?}\n{}", read.errors, String::from_utf8_lossy(&bytes));
            let resources = read.nodes.into_iter().map(|(resource, node)| (resource.unwrap(), node));
            prop_assert_eq!(RateTree { resources: resources.collect() }, tree.clone(), "{}", name);
        }
    }

    #[test]
    fn a_node_that_is_exported_imports_back_as_the_same_node(node in node(Attribute::ALL.to_vec())) {
        for (bytes, name) in files(Part::Node(&node)) {
            let read = read(&bytes, name);
            prop_assert!(read.errors.is_empty(), "{name}: {:?}", read.errors);
            prop_assert_eq!(read.nodes.into_iter().collect::<Vec<_>>(), vec![(None, node.clone())], "{}", name);
        }
    }
}
