//! A tree as events are looked up in it, and as it is stored: flat, each text and each price once.
//!
//! Children of a node lie side by side in the order of their values, so that a look-up is a binary search a
//! level and allocates nothing. Nothing of the tree is lost: [`CompiledTree::decompile`] gives it back.

mod stored;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::attribute::{DayTimes, OTHERS};
use super::tree::step;
use super::{
    Attribute, BillingRule, Event, Node, Price, QuantityRule, RateTree, Resource, TreeError, TreeProblem,
};

pub use stored::StoredTreeError;

/// The number of a node is a part of rate ids and takes four characters of 32 there; the last ones are kept
/// for what is in no tree.
pub const NODES_MAX: usize = 1_048_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompiledTree {
    /// Each resource's top node.
    roots: Vec<(Resource, u32)>,
    nodes: Vec<FlatNode>,
    /// All values one behind the other.
    text: String,
    prices: Vec<Price>,
    depends_on_time: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct FlatNode {
    /// Its value's first bytes, which mostly decide a comparison.
    #[serde(skip)]
    head: u64,
    value: Value,
    #[serde(skip)]
    parent: u32,
    billing: Option<BillingRule>,
    quantity: Option<QuantityRule>,
    kind: Kind,
}

/// Which value of its parent's attribute a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Value {
    /// Top of a resource, by its place in `roots`.
    Root(u32),
    Others,
    Listed {
        start: u32,
        length: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// Of a draft.
    Missing,
    /// By its place in `prices`.
    Price(u32),
    /// Listed children begin at `first`; behind them comes the one for others.
    Branch { attribute: Attribute, first: u32, listed: u32, others: bool },
}

/// Looking up an event always ends in one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    Price {
        leaf: u32,
        price: &'a Price,
        billing: BillingRule,
        quantity: QuantityRule,
    },
    /// The deepest node reached; none if the tree has nothing of the resource.
    NoRate {
        deepest: Option<u32>,
    },
}

impl CompiledTree {
    /// Refuses what no tree can be, not what is merely missing in a draft: see [`RateTree::check`].
    pub fn compile(tree: &RateTree) -> Result<Self, TreeError> {
        let mut compiler = Compiler::default();
        for (place, (resource, root)) in tree.resources.iter().enumerate() {
            let first = compiler.nodes.len();
            compiler.add(Value::Root(place as u32), 0, root);
            compiler.roots.push((*resource, first as u32));
            compiler.waiting.push((first, root));
            compiler.add_below()?;
        }
        if compiler.nodes.len() > NODES_MAX {
            return Err(TreeError { path: String::new(), problem: TreeProblem::TooBig });
        }
        let Compiler { roots, nodes, text, prices, .. } = compiler;
        Ok(Self::new(roots, nodes, text, prices))
    }

    fn new(roots: Vec<(Resource, u32)>, nodes: Vec<FlatNode>, text: String, prices: Vec<Price>) -> Self {
        let by_time =
            |node: &FlatNode| matches!(node.kind, Kind::Branch { attribute: Attribute::TimeOfDay, .. });
        let depends_on_time = nodes.iter().any(by_time);
        Self { roots, nodes, text, prices, depends_on_time }
    }

    /// Whether events need their time.
    pub fn depends_on_time(&self) -> bool {
        self.depends_on_time
    }

    /// The resources that it does not leave to other services altogether.
    pub fn sold(&self) -> impl Iterator<Item = Resource> {
        // The nodes of a resource lie behind its root.
        let ends = self.roots.iter().skip(1).map(|(_, next)| *next as usize).chain([self.nodes.len()]);
        let sells = move |node: &FlatNode| match node.kind {
            Kind::Price(price) => self.prices[price as usize] != Price::NotIncluded,
            Kind::Missing | Kind::Branch { .. } => false,
        };
        let spans = self.roots.iter().zip(ends);
        let sold = spans.filter(move |((_, first), end)| self.nodes[*first as usize..*end].iter().any(sells));
        sold.map(|((resource, _), _)| *resource)
    }

    /// How many prices it has.
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|node| matches!(node.kind, Kind::Price(_))).count()
    }

    /// The price of an event, with the rules that hold for it.
    pub fn find(&self, event: &Event) -> Found<'_> {
        let root = self.roots.iter().find(|(resource, _)| *resource == event.resource);
        let Some((resource, mut at)) = root.copied() else { return Found::NoRate { deepest: None } };
        let (mut billing, mut quantity) = (BillingRule::default(), resource.default_quantity());
        loop {
            let node = &self.nodes[at as usize];
            billing = node.billing.unwrap_or(billing);
            quantity = node.quantity.unwrap_or(quantity);
            let child = match node.kind {
                Kind::Price(price) => {
                    return Found::Price { leaf: at, price: &self.prices[price as usize], billing, quantity };
                }
                Kind::Missing => None,
                Kind::Branch { attribute, first, listed, others } => {
                    let found = self.listed_child(attribute, first, listed, event);
                    found.or(others.then_some(first + listed))
                }
            };
            match child {
                Some(child) => at = child,
                None => return Found::NoRate { deepest: Some(at) },
            }
        }
    }

    fn listed_child(&self, attribute: Attribute, first: u32, listed: u32, event: &Event) -> Option<u32> {
        let children = &self.nodes[first as usize..(first + listed) as usize];
        if attribute == Attribute::TimeOfDay {
            let time = event.time()?;
            let holds = |child: &FlatNode| {
                DayTimes::parse(self.value(child)).is_some_and(|hours| hours.contains(time))
            };
            return children.iter().position(holds).map(|place| first + place as u32);
        }
        let value = event.value(attribute)?;
        let wanted = head(value);
        let order = |child: &FlatNode| child.head.cmp(&wanted).then_with(|| self.value(child).cmp(value));
        children.binary_search_by(order).ok().map(|place| first + place as u32)
    }

    /// Where a node is, such as `sms_message/MT/DE/*`.
    pub fn path(&self, node: u32) -> Option<String> {
        let mut steps = Vec::new();
        let mut at = self.nodes.get(node as usize)?;
        let root = loop {
            match at.value {
                Value::Root(place) => break self.roots.get(place as usize)?.0,
                Value::Others => steps.push(OTHERS.to_owned()),
                Value::Listed { .. } => steps.push(step(self.value(at))),
            }
            at = self.nodes.get(at.parent as usize)?;
        };
        steps.push(root.name().to_owned());
        steps.reverse();
        Some(steps.join("/"))
    }

    /// Whether nothing gets to a node but messages from phones.
    pub fn is_from_phones(&self, node: u32) -> bool {
        let mut at = self.nodes.get(node as usize);
        while let Some(child) = at.filter(|child| !matches!(child.value, Value::Root(_))) {
            at = self.nodes.get(child.parent as usize);
            let Some(Kind::Branch { attribute: Attribute::Direction, first, listed, .. }) =
                at.map(|parent| parent.kind)
            else {
                continue;
            };
            return match child.value {
                Value::Others => {
                    let named = self.nodes.iter().skip(first as usize).take(listed as usize);
                    named.map(|node| self.value(node)).any(|value| value == "MT")
                }
                _ => self.value(child) == "MO",
            };
        }
        false
    }

    /// What a leaf says.
    pub fn price_at(&self, leaf: u32) -> Option<&Price> {
        match self.nodes.get(leaf as usize)?.kind {
            Kind::Price(price) => self.prices.get(price as usize),
            Kind::Missing | Kind::Branch { .. } => None,
        }
    }

    /// The tree that it was made from.
    pub fn decompile(&self) -> RateTree {
        let resources = self.roots.iter().map(|(resource, root)| (*resource, self.node(*root)));
        RateTree { resources: resources.collect() }
    }

    fn node(&self, at: u32) -> Node {
        let flat = &self.nodes[at as usize];
        let rules = Node { billing_rule: flat.billing, quantity_rule: flat.quantity, ..Node::default() };
        match flat.kind {
            Kind::Missing => rules,
            Kind::Price(price) => Node { price: Some(self.prices[price as usize].clone()), ..rules },
            Kind::Branch { attribute, first, listed, others } => {
                let child = |at: u32| (self.value(&self.nodes[at as usize]).to_owned(), self.node(at));
                Node {
                    depends_on: Some(attribute),
                    values: (first..first + listed).map(child).collect(),
                    others: others.then(|| Box::new(self.node(first + listed))),
                    ..rules
                }
            }
        }
    }

    fn value(&self, node: &FlatNode) -> &str {
        match node.value {
            Value::Listed { start, length } => &self.text[start as usize..(start + length) as usize],
            Value::Root(_) | Value::Others => "",
        }
    }
}

/// The first eight bytes as a number that sorts as they do.
fn head(value: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = value.len().min(8);
    bytes[..length].copy_from_slice(&value.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

/// A tree on its way to the flat form, a node's children before its grandchildren.
#[derive(Default)]
struct Compiler<'a> {
    roots: Vec<(Resource, u32)>,
    nodes: Vec<FlatNode>,
    text: String,
    prices: Vec<Price>,
    /// Values and prices that are there already, with their places.
    values: HashMap<&'a str, Value>,
    priced: HashMap<&'a Price, u32>,
    /// Nodes whose children are not there yet.
    waiting: Vec<(usize, &'a Node)>,
}

impl<'a> Compiler<'a> {
    fn add(&mut self, value: Value, parent: usize, node: &'a Node) {
        self.nodes.push(FlatNode {
            head: 0,
            value,
            parent: parent as u32,
            billing: node.billing_rule,
            quantity: node.quantity_rule,
            kind: Kind::Missing,
        });
    }

    fn add_below(&mut self) -> Result<(), TreeError> {
        while let Some((at, node)) = self.waiting.pop() {
            self.nodes[at].kind = match (&node.price, node.depends_on) {
                (Some(price), None) => Kind::Price(self.price(price)),
                (None, Some(attribute)) => self.children(at, node, attribute),
                (None, None) => Kind::Missing,
                (Some(_), Some(_)) => {
                    return Err(TreeError { path: String::new(), problem: TreeProblem::PriceOrBranch });
                }
            };
        }
        Ok(())
    }

    fn children(&mut self, parent: usize, node: &'a Node, attribute: Attribute) -> Kind {
        let first = self.nodes.len();
        for (value, child) in &node.values {
            self.waiting.push((self.nodes.len(), child));
            let place = self.listed(value);
            self.add(place, parent, child);
            if let Some(added) = self.nodes.last_mut() {
                added.head = head(value);
            }
        }
        if let Some(child) = &node.others {
            self.waiting.push((self.nodes.len(), child));
            self.add(Value::Others, parent, child);
        }
        let (first, listed) = (first as u32, node.values.len() as u32);
        Kind::Branch { attribute, first, listed, others: node.others.is_some() }
    }

    fn listed(&mut self, value: &'a str) -> Value {
        let text = &mut self.text;
        *self.values.entry(value).or_insert_with(|| {
            let start = text.len() as u32;
            text.push_str(value);
            Value::Listed { start, length: value.len() as u32 }
        })
    }

    fn price(&mut self, price: &'a Price) -> u32 {
        let prices = &mut self.prices;
        *self.priced.entry(price).or_insert_with(|| {
            prices.push(price.clone());
            prices.len() as u32 - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rating::europe;

    fn compiled(json: serde_json::Value) -> CompiledTree {
        CompiledTree::compile(&serde_json::from_value(json).unwrap()).unwrap()
    }

    fn shown(tree: &CompiledTree, event: &Event) -> String {
        match tree.find(event) {
            Found::Price { leaf, price, billing, quantity } => {
                format!("{} {price:?} {billing:?} {quantity:?}", tree.path(leaf).unwrap())
            }
            Found::NoRate { deepest } => {
                format!("{} no rate", deepest.and_then(|node| tree.path(node)).unwrap_or_default())
            }
        }
    }

    #[test]
    fn a_tree_sells_what_it_does_not_leave_to_others_altogether() {
        let flat = serde_json::json!({"price": {"type": "flat", "amount": "1"}});
        let left = serde_json::json!({"price": {"type": "not_included"}});
        let partly = serde_json::json!({"depends_on": "country", "values": {"DE": left}, "others": flat});
        let tree = serde_json::json!({"platform_fee": flat, "rcs_message": left, "sms_message": partly,
            "viber_message": left, "wechat_message": {"price": {"type": "blocked"}}});
        let mut sold: Vec<_> = compiled(tree).sold().map(Resource::name).collect();
        sold.sort_unstable();
        assert_eq!(sold, ["platform_fee", "sms_message", "wechat_message"]);
        let whole = CompiledTree::compile(&europe()).unwrap();
        assert_eq!(whole.sold().collect::<Vec<_>>(), [Resource::SmsMessage]);
        assert_eq!(CompiledTree::default().sold().count(), 0);
    }

    #[track_caller]
    fn check(country: &str, network: Option<&str>, expected: &str) {
        let tree = CompiledTree::compile(&europe()).unwrap();
        assert_eq!(shown(&tree, &Event::sms(country, network, None)), expected);
    }

    #[test]
    fn a_look_up_takes_the_listed_value_then_others_and_inherits_the_rules() {
        check(
            "DE",
            Some("Vodafone"),
            "sms_message/MT/DE/Vodafone Flat { amount: Amount(0.07) } Delivered Segments",
        );
        check("DE", Some("O2"), "sms_message/MT/DE/* Flat { amount: Amount(0.08) } Delivered Messages");
        check("DE", None, "sms_message/MT/DE/* Flat { amount: Amount(0.08) } Delivered Messages");
        check("FR", None, "sms_message/MT/FR Free Submitted Segments");
        check("KP", None, "sms_message/MT/KP Blocked Submitted Segments");
        check("US", None, "sms_message/MT/* Flat { amount: Amount(0.1) } Submitted Segments");
    }

    #[test]
    fn an_event_without_a_rate_names_the_deepest_node_reached() {
        let tree = CompiledTree::compile(&europe()).unwrap();
        let answer = Event::sms("DE", None, None).with(Attribute::Direction, "MO");
        assert_eq!(shown(&tree, &answer), "sms_message no rate");
        assert_eq!(shown(&tree, &Event::of(Resource::VoiceCall)), " no rate");
        let draft =
            compiled(serde_json::json!({"sms_message": {"depends_on": "country", "values": {"DE": {}}}}));
        assert_eq!(shown(&draft, &Event::sms("DE", None, None)), "sms_message/DE no rate");
    }

    #[test]
    fn a_price_of_messages_from_phones_is_one_that_nothing_sent_gets_to() {
        let from_phones = |tree: serde_json::Value, event: &Event| {
            let tree = compiled(serde_json::json!({"sms_message": tree}));
            let Found::Price { leaf, .. } = tree.find(event) else { panic!("it has a price") };
            tree.is_from_phones(leaf)
        };
        let price = || serde_json::json!({"price": {"type": "free"}});
        let by_country =
            || serde_json::json!({"depends_on": "country", "values": {"DE": price()}, "others": price()});
        let sent = Event::sms("DE", None, None);
        for (values, others) in [
            (serde_json::json!({"MT": price(), "MO": by_country()}), None),
            (serde_json::json!({"MT": by_country()}), Some(by_country())),
            (serde_json::json!({"MO": by_country()}), Some(by_country())),
        ] {
            let mut tree = serde_json::json!({"depends_on": "direction", "values": values});
            if let Some(others) = others {
                tree["others"] = others;
            }
            let told = [from_phones(tree.clone(), &sent), from_phones(tree.clone(), &sent.from_phone())];
            assert_eq!(told, [false, true], "{tree}");
        }
        assert!(!from_phones(by_country(), &sent.from_phone()), "it is the price of both");
    }

    #[test]
    fn values_that_begin_alike_are_told_apart() {
        let price = |amount: &str| serde_json::json!({"price": {"type": "flat", "amount": amount}});
        let tree = compiled(serde_json::json!({"sms_message": {"depends_on": "network", "values": {
            "T-Mobile": price("1"), "T-Mobile Austria": price("2"), "T-Mobile Polska": price("3")}}}));
        for (network, expected) in [("T-Mobile", "1"), ("T-Mobile Austria", "2"), ("T-Mobile Polska", "3")] {
            let found = shown(&tree, &Event::sms("AT", Some(network), None));
            assert!(found.contains(&format!("({expected})")), "{found}");
        }
        assert!(shown(&tree, &Event::sms("AT", Some("T-Mobile A"), None)).ends_with("no rate"));
    }

    #[test]
    fn the_hour_decides_where_a_tree_says_so() {
        let price = |amount: &str| serde_json::json!({"price": {"type": "flat", "amount": amount}});
        let tree = compiled(serde_json::json!({"sms_message": {"depends_on": "time_of_day",
            "values": {"08:00-20:00": price("2")}, "others": price("1")}}));
        assert!(tree.depends_on_time());
        let at = |hour| Event::sms("DE", None, None).at(Some(jiff::civil::time(hour, 0, 0, 0)));
        assert!(shown(&tree, &at(8)).contains("(2)"));
        assert!(shown(&tree, &at(20)).contains("(1)"));
        assert!(
            shown(&tree, &Event::sms("DE", None, None)).contains("(1)"),
            "an unknown hour is another one"
        );
    }

    #[test]
    fn nothing_of_a_tree_is_lost() {
        let tree = CompiledTree::compile(&europe()).unwrap();
        assert_eq!(tree.decompile(), europe());
        assert_eq!(tree.leaves(), 5);
        assert_eq!(CompiledTree::from_bytes(&tree.to_bytes().unwrap()).unwrap(), tree);
    }
}
