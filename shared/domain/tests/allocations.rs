//! What looking up a price takes of the allocator: nothing, however deep and wide the tree.

use domain::money::Amount;
use domain::rating::{Attribute, CompiledTree, Event, Found, Node, Price, RateTree, Resource};

/// By direction, country, network and sender ID, with so many values each.
fn tree(width: usize) -> CompiledTree {
    let levels = [Attribute::SenderId, Attribute::Network, Attribute::Country, Attribute::Direction];
    let leaf = Node::of_price(Price::Flat { amount: Amount::ONE });
    let root = levels.iter().fold(leaf, |below, attribute| {
        let value = |number: usize| match attribute {
            Attribute::Direction => ["MT", "MO"][number % 2].to_owned(),
            Attribute::Country => format!("{}A", (b'A' + (number % 26) as u8) as char),
            _ => format!("A value of some length {number}"),
        };
        let values = (0..width).map(|number| (value(number), below.clone())).collect();
        Node { depends_on: Some(*attribute), values, ..Node::default() }
    });
    CompiledTree::compile(&RateTree { resources: [(Resource::SmsMessage, root)].into() }).expect("a tree")
}

#[test]
fn a_look_up_allocates_nothing() {
    let tree = tree(12);
    let found = |sender: &str| {
        let event = Event::sms("CA", Some("A value of some length 7"), Some(sender));
        matches!(tree.find(&event), Found::Price { .. })
    };
    let taken = allocation_counter::measure(|| {
        assert!(found("A value of some length 3"));
        assert!(!found("A value of some length 30"));
    });
    assert_eq!((taken.count_total, taken.bytes_total), (0, 0));
}
