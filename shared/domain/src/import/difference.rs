//! What an import would change: every price of today's sub-tree beside the new one.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::money::Amount;
use crate::rating::{BillingRule, Node, OTHERS, Price, QuantityRule, RateTree, Tier, step};

/// What happens to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    New,
    Removed,
    Up,
    Down,
    /// Neither of both: of another type, with other tiers, or billed by another rule.
    Changed,
}

/// A price with the rules that hold for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rate {
    pub price: Price,
    /// None where no node of the sub-tree sets one: it comes from above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
}

/// A price that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// From the target node on, as in trees: `DE/Vodafone`, `DE/*`.
    pub path: String,
    pub change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Rate>,
    /// Of flat prices, free being zero: new less old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Amount>,
    /// The same as a part of the old price, rounded half-even to two places; none if that was nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<Amount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ChangeCounts {
    pub new: u32,
    pub removed: u32,
    pub up: u32,
    pub down: u32,
    pub changed: u32,
    pub unchanged: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Difference {
    pub counts: ChangeCounts,
    /// By path, without what does not change.
    pub changes: Vec<Changed>,
}

impl Difference {
    /// Between today's node, if there is one, and the one that is to take its place.
    pub fn between(today: Option<&Node>, new: &Node) -> Self {
        let (mut old_rates, mut new_rates) = (BTreeMap::new(), BTreeMap::new());
        if let Some(today) = today {
            rates(today, String::new(), (None, None), &mut old_rates);
        }
        rates(new, String::new(), (None, None), &mut new_rates);
        Self::of(old_rates, new_rates)
    }

    /// Between whole trees.
    pub fn between_trees(today: &RateTree, new: &RateTree) -> Self {
        let all = |tree: &RateTree| {
            let mut all = BTreeMap::new();
            for (resource, node) in &tree.resources {
                rates(node, resource.name().to_owned(), (None, None), &mut all);
            }
            all
        };
        Self::of(all(today), all(new))
    }

    fn of(old: BTreeMap<String, Rate>, new: BTreeMap<String, Rate>) -> Self {
        let mut difference = Self::default();
        let mut old = old.into_iter().peekable();
        let mut new = new.into_iter().peekable();
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some((old_path, _)), Some((new_path, _))) => old_path.cmp(new_path),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return difference,
            };
            let before = if order.is_le() { old.next() } else { None };
            let after = if order.is_ge() { new.next() } else { None };
            difference.note(before, after);
        }
    }

    fn note(&mut self, old: Option<(String, Rate)>, new: Option<(String, Rate)>) {
        let counts = &mut self.counts;
        let (change, count) = match (&old, &new) {
            (Some((_, old)), Some((_, new))) => match compare(old, new) {
                None => return counts.unchanged += 1,
                Some(Change::Up) => (Change::Up, &mut counts.up),
                Some(Change::Down) => (Change::Down, &mut counts.down),
                Some(_) => (Change::Changed, &mut counts.changed),
            },
            (Some(_), None) => (Change::Removed, &mut counts.removed),
            _ => (Change::New, &mut counts.new),
        };
        *count += 1;
        let path = new.as_ref().or(old.as_ref()).map(|(path, _)| path.clone()).unwrap_or_default();
        let (old, new) = (old.map(|(_, rate)| rate), new.map(|(_, rate)| rate));
        let amounts = old.as_ref().and_then(flat).zip(new.as_ref().and_then(flat));
        let by = amounts.and_then(|(old, new)| new.checked_sub(old).ok());
        let percent = amounts.and_then(|(old, _)| percent(old, by?));
        self.changes.push(Changed { path, change, old, new, by, percent });
    }
}

/// All prices below a node with their paths.
fn rates(
    node: &Node,
    path: String,
    above: (Option<BillingRule>, Option<QuantityRule>),
    into: &mut BTreeMap<String, Rate>,
) {
    let rules = (node.billing_rule.or(above.0), node.quantity_rule.or(above.1));
    if let Some(price) = &node.price {
        into.insert(path, Rate { price: price.clone(), billing_rule: rules.0, quantity_rule: rules.1 });
        return;
    }
    let below = |value: &str| if path.is_empty() { value.to_owned() } else { format!("{path}/{value}") };
    for (value, child) in &node.values {
        rates(child, below(&step(value)), rules, into);
    }
    if let Some(others) = &node.others {
        rates(others, below(OTHERS), rules, into);
    }
}

/// None if nothing changes.
fn compare(old: &Rate, new: &Rate) -> Option<Change> {
    if old == new {
        return None;
    }
    if (old.billing_rule, old.quantity_rule) != (new.billing_rule, new.quantity_rule) {
        return Some(Change::Changed);
    }
    let steps: Option<Vec<Ordering>> = match (&old.price, &new.price) {
        (
            Price::Scale { scale, tiers, counter_group },
            Price::Scale { scale: new_scale, tiers: new_tiers, counter_group: new_group },
        ) if (scale, counter_group) == (new_scale, new_group) && same_thresholds(tiers, new_tiers) => {
            Some(tiers.iter().zip(new_tiers).map(|(old, new)| new.amount.cmp(&old.amount)).collect())
        }
        _ => flat(old).zip(flat(new)).map(|(old, new)| vec![new.cmp(&old)]),
    };
    let Some(steps) = steps else { return Some(Change::Changed) };
    let has = |order| steps.contains(&order);
    Some(match (has(Ordering::Greater), has(Ordering::Less)) {
        (true, false) => Change::Up,
        (false, true) => Change::Down,
        _ => Change::Changed,
    })
}

fn same_thresholds(old: &[Tier], new: &[Tier]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.threshold == new.threshold)
}

fn flat(rate: &Rate) -> Option<Amount> {
    match rate.price {
        Price::Flat { amount } => Some(amount),
        Price::Free => Some(Amount::ZERO),
        _ => None,
    }
}

fn percent(old: Amount, by: Amount) -> Option<Amount> {
    let part = by.decimal().checked_div(old.decimal())?.checked_mul(Decimal::ONE_HUNDRED)?;
    Amount::new(part.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven)).ok()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(old: serde_json::Value, new: serde_json::Value, expected: Expect) {
        let node = |json| serde_json::from_value::<Node>(json).unwrap();
        let difference = Difference::between(Some(&node(old)), &node(new));
        let mut shown = format!("{:?}\n", difference.counts);
        for change in &difference.changes {
            let text = |amount: Option<Amount>| amount.map_or("-".into(), |amount| amount.to_string());
            shown += &format!(
                "{} {:?} by {} {}%\n",
                change.path,
                change.change,
                text(change.by),
                text(change.percent)
            );
        }
        expected.assert_eq(&shown);
    }

    fn flat(amount: &str) -> serde_json::Value {
        json!({"price": {"type": "flat", "amount": amount}})
    }

    #[test]
    fn every_price_is_compared_with_the_one_of_its_path() {
        let old = json!({"depends_on": "country", "billing_rule": "submitted", "values": {
            "DE": {"depends_on": "network", "values": {"A/B": flat("0.03"), "O2": flat("0.05")}, "others": flat("0.06")},
            "FR": flat("0.1"), "IT": {"price": {"type": "free"}}, "KP": {"price": {"type": "blocked"}}}});
        let new = json!({"depends_on": "country", "billing_rule": "submitted", "values": {
            "DE": {"depends_on": "network", "values": {"A/B": flat("0.04"), "O2": flat("0.05")}},
            "ES": flat("0.2"), "FR": flat("0.05"), "IT": flat("0.01"), "KP": flat("1")}});
        check(
            old,
            new,
            expect![[r#"
            ChangeCounts { new: 1, removed: 1, up: 2, down: 1, changed: 1, unchanged: 1 }
            DE/* Removed by - -%
            DE/A~1B Up by 0.01 33.33%
            ES New by - -%
            FR Down by -0.05 -50%
            IT Up by 0.01 -%
            KP Changed by - -%
        "#]],
        );
    }

    #[test]
    fn a_scale_rises_if_no_tier_falls() {
        let scale = |first: &str, last: &str, threshold: u32| {
            json!({"price": {"type": "scale", "scale": "tier",
                "tiers": [{"threshold": threshold, "amount": first}, {"amount": last}]}})
        };
        let change = |new| {
            let node = |json| serde_json::from_value::<Node>(json).unwrap();
            let difference = Difference::between(Some(&node(scale("2", "1", 10))), &node(new));
            difference.changes.first().map(|change| change.change)
        };
        assert_eq!(change(scale("2", "1", 10)), None);
        assert_eq!(change(scale("2", "1.5", 10)), Some(Change::Up));
        assert_eq!(change(scale("1.5", "1", 10)), Some(Change::Down));
        assert_eq!(change(scale("3", "0.5", 10)), Some(Change::Changed));
        assert_eq!(change(scale("3", "2", 20)), Some(Change::Changed));
    }

    #[test]
    fn another_rule_is_a_change_even_at_the_same_price() {
        let (old, mut new) = (flat("1"), flat("1"));
        new["billing_rule"] = "delivered".into();
        check(
            old,
            new,
            expect![[r#"
            ChangeCounts { new: 0, removed: 0, up: 0, down: 0, changed: 1, unchanged: 0 }
             Changed by 0 0%
        "#]],
        );
    }
}
