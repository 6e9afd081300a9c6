//! The tree of a rate plan as people edit it: from a resource, attribute by attribute, to a price.
//!
//! It may lack data while it is a draft. [`CompiledTree`](super::CompiledTree) is what events are looked up in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::attribute::{DayTimes, OTHERS};
use super::{Attribute, BillingRule, Price, QuantityRule, Resource};

/// A node either branches on an attribute or is a price; a draft may have nodes that are neither yet.
/// Rules are inherited from the nearest node above that sets them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Attribute>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Node>,
    /// Matches any value that is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Box<Node>>,
}

/// The whole tree of one version of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateTree {
    pub resources: BTreeMap<Resource, Node>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tree is incomplete or wrong at `{path}`: {problem}")]
pub struct TreeError {
    pub path: String,
    pub problem: TreeProblem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeProblem {
    #[error("it names no resource")]
    Empty,
    #[error("the node has no price yet, nor `depends_on`")]
    NoPrice,
    #[error("`depends_on` needs at least one of `values` and `others`")]
    NoChildren,
    #[error("a node has either a `price` or `depends_on`, and only the latter has children")]
    PriceOrBranch,
    #[error("this attribute was already decided above")]
    AttributeTwice,
    #[error("prices of this resource do not depend on this attribute")]
    AttributeOfResource,
    #[error("a price is not negative")]
    NegativePrice,
    #[error("the billing rule of a tree is `submitted` or `delivered`")]
    BillingRule,
    #[error("events of this resource cannot be counted so")]
    QuantityRule,
    #[error("the tiers of a scale have rising thresholds above zero, and only the last one has none")]
    Tiers,
    #[error(
        "this value does not exist for the attribute (country: two capital letters, MCC: three digits, time of day: 08:00-20:00)"
    )]
    UnknownValue,
    #[error("these hours are in another value already")]
    TimesOverlap,
    #[error("a service of this kind has no prices for this resource")]
    ResourceOfKind,
    #[error("a price of this type has no place here in a service of this kind")]
    PriceOfKind,
    #[error("the size of a pack is above zero")]
    Size,
    #[error("a tree has at most {} nodes", super::compiled::NODES_MAX)]
    TooBig,
    #[error("there is no such node")]
    NoSuchNode,
}

impl TreeProblem {
    /// Whether data are only missing, as they may be in a draft.
    pub fn is_missing_data(self) -> bool {
        matches!(self, Self::Empty | Self::NoPrice | Self::NoChildren)
    }
}

impl RateTree {
    /// Whether it can be used: nothing is wrong in it, and every node leads to prices.
    pub fn check(&self) -> Result<(), TreeError> {
        let problems = self.problems();
        let wrong = problems.iter().find(|error| !error.problem.is_missing_data());
        wrong.or(problems.first()).map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Whether it can be kept as a draft: nothing is wrong in it, but data may be missing.
    pub fn check_draft(&self) -> Result<(), TreeError> {
        let wrong = self.problems().into_iter().find(|error| !error.problem.is_missing_data());
        wrong.map_or(Ok(()), Err)
    }

    /// Everything that is wrong or missing, in the order of the nodes.
    pub fn problems(&self) -> Vec<TreeError> {
        if self.resources.is_empty() {
            return vec![TreeError { path: String::new(), problem: TreeProblem::Empty }];
        }
        let mut found = Vec::new();
        for (resource, node) in &self.resources {
            let mut walk =
                Walk { resource: *resource, steps: Vec::new(), decided: Vec::new(), found: &mut found };
            walk.check(node);
        }
        found
    }

    /// The node at a path such as `sms_message/MT/DE`.
    pub fn node(&self, path: &str) -> Option<&Node> {
        let (root, steps) = split(path);
        let root = self.resources.iter().find(|(resource, _)| resource.name() == root)?.1;
        steps.iter().try_fold(root, |node, step| match step.as_str() {
            OTHERS => node.others.as_deref(),
            step => node.values.get(step),
        })
    }

    /// Puts another node in the place of the one at `path`; none takes it away.
    pub fn replace(&mut self, path: &str, with: Option<Node>) -> Result<(), TreeError> {
        let missing = || TreeError { path: path.to_owned(), problem: TreeProblem::NoSuchNode };
        let (root, steps) = split(path);
        let resource = Resource::ALL.iter().find(|resource| resource.name() == root).ok_or_else(missing)?;
        let Some((last, steps)) = steps.split_last() else {
            match with {
                Some(node) => self.resources.insert(*resource, node),
                None => self.resources.remove(resource),
            };
            return Ok(());
        };
        let root = self.resources.get_mut(resource).ok_or_else(missing)?;
        let parent = steps.iter().try_fold(root, |node, step| match step.as_str() {
            OTHERS => node.others.as_deref_mut(),
            step => node.values.get_mut(step),
        });
        let parent = parent.filter(|parent| parent.depends_on.is_some()).ok_or_else(missing)?;
        match (last.as_str(), with) {
            (OTHERS, with) => parent.others = with.map(Box::new),
            (value, Some(node)) => drop(parent.values.insert(value.to_owned(), node)),
            (value, None) => drop(parent.values.remove(value).ok_or_else(missing)?),
        }
        Ok(())
    }
}

impl Node {
    pub fn of_price(price: Price) -> Self {
        Self { price: Some(price), ..Self::default() }
    }
}

/// One step of a path. A slash in a value is written `~1` and a tilde `~0`, as in JSON pointers (RFC 6901).
pub fn step(value: &str) -> String {
    value.replace('~', "~0").replace('/', "~1")
}

/// The resource's name, and the values behind it.
fn split(path: &str) -> (&str, Vec<String>) {
    let (root, rest) = path.split_once('/').unwrap_or((path, ""));
    let steps = rest.split('/').filter(|step| !step.is_empty());
    (root, steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

/// A look at every node below a resource.
struct Walk<'a, 'b> {
    resource: Resource,
    steps: Vec<&'a str>,
    decided: Vec<Attribute>,
    found: &'b mut Vec<TreeError>,
}

impl<'a> Walk<'a, '_> {
    fn note(&mut self, problem: TreeProblem) {
        let mut path = self.resource.name().to_owned();
        for value in &self.steps {
            path.push('/');
            path.push_str(&step(value));
        }
        self.found.push(TreeError { path, problem });
    }

    fn check(&mut self, node: &'a Node) {
        if node.billing_rule == Some(BillingRule::Accepted) {
            self.note(TreeProblem::BillingRule);
        }
        if node.quantity_rule.is_some_and(|rule| !self.resource.counts_by(rule)) {
            self.note(TreeProblem::QuantityRule);
        }
        let has_children = !node.values.is_empty() || node.others.is_some();
        match (&node.price, node.depends_on) {
            (Some(price), None) if !has_children => self.check_price(price),
            (None, None) if !has_children => self.note(TreeProblem::NoPrice),
            (None, Some(_)) if !has_children => self.note(TreeProblem::NoChildren),
            (None, Some(attribute)) => self.check_children(node, attribute),
            _ => self.note(TreeProblem::PriceOrBranch),
        }
    }

    fn check_price(&mut self, price: &Price) {
        if price.is_negative() {
            self.note(TreeProblem::NegativePrice);
        } else if price.has_wrong_tiers() {
            self.note(TreeProblem::Tiers);
        }
    }

    fn check_children(&mut self, node: &'a Node, attribute: Attribute) {
        if self.decided.contains(&attribute) {
            return self.note(TreeProblem::AttributeTwice);
        }
        if !self.resource.attributes().contains(&attribute) {
            return self.note(TreeProblem::AttributeOfResource);
        }
        self.decided.push(attribute);
        let mut times: Vec<DayTimes> = Vec::new();
        for (value, child) in &node.values {
            self.steps.push(value);
            if !attribute.has_value(value) {
                self.note(TreeProblem::UnknownValue);
            } else if attribute == Attribute::TimeOfDay
                && let Some(hours) = DayTimes::parse(value)
            {
                if times.iter().any(|before| before.overlaps(hours)) {
                    self.note(TreeProblem::TimesOverlap);
                }
                times.push(hours);
            }
            self.check(child);
            self.steps.pop();
        }
        if let Some(child) = &node.others {
            self.steps.push(OTHERS);
            self.check(child);
            self.steps.pop();
        }
        self.decided.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rating::europe;
    use serde_json::{Value, json};

    fn tree(json: Value) -> RateTree {
        serde_json::from_value(json).unwrap()
    }

    #[track_caller]
    fn refused(json: Value, path: &str, problem: TreeProblem) {
        assert_eq!(tree(json).check(), Err(TreeError { path: path.to_owned(), problem }));
    }

    #[test]
    fn a_tree_that_lacks_data_is_refused_at_the_node_but_may_be_a_draft() {
        assert_eq!(europe().check(), Ok(()));
        refused(json!({}), "", TreeProblem::Empty);
        let empty = json!({"sms_message": {"depends_on": "country", "values": {"DE": {}}}});
        assert_eq!(tree(empty.clone()).check_draft(), Ok(()));
        refused(empty, "sms_message/DE", TreeProblem::NoPrice);
        let childless = json!({"sms_message": {"depends_on": "country"}});
        assert_eq!(tree(childless.clone()).check_draft(), Ok(()));
        refused(childless, "sms_message", TreeProblem::NoChildren);
    }

    #[test]
    fn a_tree_with_something_wrong_in_it_is_refused_at_the_node_even_as_a_draft() {
        let twice = json!({"sms_message": {"depends_on": "country", "values": {
            "DE": {"depends_on": "country", "others": {"price": {"type": "free"}}}}}});
        assert!(tree(twice.clone()).check_draft().is_err());
        refused(twice, "sms_message/DE", TreeProblem::AttributeTwice);
        let both = json!({"sms_message": {"price": {"type": "free"}, "depends_on": "country"}});
        refused(both, "sms_message", TreeProblem::PriceOrBranch);
        let negative = json!({"sms_message": {"price": {"type": "flat", "amount": "-1"}}});
        refused(negative, "sms_message", TreeProblem::NegativePrice);
        let tiers = |tiers: Value| json!({"sms_message": {"price": {"type": "scale", "scale": "tier", "tiers": tiers}}});
        let falling =
            json!([{"threshold": 9, "amount": "1"}, {"threshold": 9, "amount": "1"}, {"amount": "1"}]);
        let endless = json!([{"threshold": 9, "amount": "1"}]);
        for wrong in [falling, endless, json!([])] {
            refused(tiers(wrong), "sms_message", TreeProblem::Tiers);
        }
        let nowhere = json!({"sms_message": {"depends_on": "country", "values": {
            "Germany": {"price": {"type": "free"}}}}});
        refused(nowhere, "sms_message/Germany", TreeProblem::UnknownValue);
        let pack = json!({"sms_message": {"depends_on": "pack", "others": {"price": {"type": "free"}}}});
        refused(pack, "sms_message", TreeProblem::AttributeOfResource);
        let minutes = json!({"sms_message": {
            "quantity_rule": {"minutes": {"increment_seconds": 6}}, "price": {"type": "free"}}});
        refused(minutes, "sms_message", TreeProblem::QuantityRule);
        let hours = json!({"sms_message": {"depends_on": "time_of_day", "values": {
            "08:00-20:00": {"price": {"type": "free"}}, "19:00-21:00": {"price": {"type": "free"}}}}});
        refused(hours, "sms_message/19:00-21:00", TreeProblem::TimesOverlap);
    }

    #[test]
    fn a_tree_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&europe()).unwrap();
        assert_eq!(serde_json::from_str::<RateTree>(&text).unwrap(), europe());
    }

    #[test]
    fn a_node_is_named_by_its_path_and_replaced_there() {
        let mut tree = europe();
        let free = || Some(Node::of_price(Price::Free));
        assert_eq!(tree.node("sms_message/MT/FR"), free().as_ref());
        assert!(tree.node("sms_message/MT/DE/*").is_some());
        assert_eq!(tree.node("sms_message/MO"), None);
        tree.replace("sms_message/MT/DE/A~1B", free()).unwrap();
        assert!(tree.node("sms_message/MT/DE").unwrap().values.contains_key("A/B"));
        tree.replace("sms_message/MT/DE", free()).unwrap();
        assert_eq!(tree.node("sms_message/MT/DE"), free().as_ref());
        tree.replace("sms_message/MT/DE", None).unwrap();
        assert_eq!(tree.node("sms_message/MT/DE"), None);
        for nowhere in ["sms_message/MO/DE", "sms_message/MT/FR/Orange", "sms", "sms_message/MT/XX/YY"] {
            let error = tree.replace(nowhere, free()).unwrap_err();
            assert_eq!(error.problem, TreeProblem::NoSuchNode, "{nowhere}");
        }
        assert!(tree.replace("sms_message/MT/DE", None).is_err(), "it is gone already");
    }
}
