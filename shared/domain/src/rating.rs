//! Services (rate plans) and their trees: from what is billed, attribute by attribute, down to a price.

mod kinds;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, ServiceId};
use crate::money::{Amount, Currency};

/// A rate plan. Its trees are kept by version; this names the one in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub id: ServiceId,
    /// Whose rate plan it is: it may be enabled on agreements of this company's children.
    pub company: CompanyId,
    pub name: String,
    pub currency: Currency,
    #[serde(default)]
    pub kind: ServiceKind,
    pub version: u32,
    pub archived: bool,
    pub created_at: Timestamp,
}

/// How a service sells (guide, section 7.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServiceKind {
    /// Every event at its price.
    #[default]
    PayAsYouGo,
    /// So many units, bought at once; an event takes them as far as they go.
    UnitPack { size: u32 },
    /// So much money, bought at once and spent at the prices of the pack's own tree.
    MonetaryPack { size: Amount },
    /// Which traffic counts towards bundles.
    BundleInitiator,
    /// So many unique recipients in a billing period; each one more costs the `bundle_member` price.
    BundlePack { size: u32 },
}

/// What is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    SmsMessage,
    SenderIdSetupFee,
    SenderIdUsageFee,
    PlatformFee,
    /// What a pack or a bundle costs, told apart by `pack`.
    ServicePurchase,
    /// Told apart by `additional_service`.
    AdditionalService,
    /// A unique recipient past the size of a bundle.
    BundleMember,
}

impl Resource {
    pub fn name(self) -> &'static str {
        match self {
            Self::SmsMessage => "sms_message",
            Self::SenderIdSetupFee => "sender_id_setup_fee",
            Self::SenderIdUsageFee => "sender_id_usage_fee",
            Self::PlatformFee => "platform_fee",
            Self::ServicePurchase => "service_purchase",
            Self::AdditionalService => "additional_service",
            Self::BundleMember => "bundle_member",
        }
    }
}

/// What the children of a node are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// `MT` or `MO`.
    Direction,
    /// ISO 3166 alpha-2.
    Country,
    /// The network's name in the numbering plan.
    Network,
    /// What the message is sent from.
    SenderId,
    /// The operator that a sender ID is registered with.
    Mno,
    /// The pack or bundle that is bought, by its id.
    Pack,
    /// By its name.
    AdditionalService,
    /// How often a fee comes: `month` or `week`.
    Periodicity,
    /// `alphanumeric`, `numeric` or `short_code`.
    SenderIdType,
}

/// When a charge becomes final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingRule {
    /// When the vendor took the message.
    #[default]
    Submitted,
    /// When it was delivered; refunded when it was not.
    Delivered,
    /// When it was accepted, for good: of what is not refunded with its message. Not for trees.
    Accepted,
}

/// What a price is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantityRule {
    Messages,
    #[default]
    Segments,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Price {
    /// So much a unit.
    Flat {
        amount: Amount,
    },
    /// By how much was used before in the billing period.
    Scale {
        scale: ScaleKind,
        /// Each with a higher threshold than the one before; the last one without.
        tiers: Vec<Tier>,
        /// Counts separately for each value of this attribute; all together unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counter_group: Option<Attribute>,
    },
    Free,
    /// Of packs and bundle initiators: this traffic may be taken from them.
    Included,
    /// The event is refused.
    Blocked,
    /// Not this service's traffic: look in the next one.
    NotIncluded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleKind {
    /// Each unit at the price of the tier that it falls in.
    Tier,
    /// Once a threshold is passed, everything in the period is worth the new price: the difference is
    /// charged at that moment.
    BackToFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The last unit of this tier, counted from 1; none for the last tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// For each unit.
    pub amount: Amount,
}

/// A node either branches on an attribute or is a price. Rules are inherited from the nearest node
/// above that sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// The whole tree of one version of a service. [`RateTree::check`] says whether it can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[error("a node has either a `price` or `depends_on`, and exactly one of them")]
    PriceOrBranch,
    #[error("`depends_on` needs at least one of `values` and `others`")]
    NoChildren,
    #[error("this attribute was already decided above")]
    AttributeTwice,
    #[error("a price is not negative")]
    NegativePrice,
    #[error("the billing rule of a tree is `submitted` or `delivered`")]
    BillingRule,
    #[error("the tiers of a scale have rising thresholds above zero, and only the last one has none")]
    Tiers,
    #[error(
        "this value does not exist for the attribute (direction: MT or MO, country: two capital letters)"
    )]
    UnknownValue,
    #[error("a service of this kind has no prices for this resource")]
    ResourceOfKind,
    #[error("a price of this type has no place here in a service of this kind")]
    PriceOfKind,
    #[error("the size of a pack is above zero")]
    Size,
}

/// What is to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    pub resource: Resource,
    pub direction: Option<&'a str>,
    pub country: Option<&'a str>,
    pub network: Option<&'a str>,
    pub sender: Option<&'a str>,
    pub mno: Option<&'a str>,
    /// The pack, bundle or additional service, of what is bought.
    pub bought: Option<&'a str>,
    pub periodicity: Option<&'a str>,
    pub sender_type: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event of which nothing else is known.
    pub const fn of(resource: Resource) -> Self {
        Self {
            resource,
            direction: None,
            country: None,
            network: None,
            sender: None,
            mno: None,
            bought: None,
            periodicity: None,
            sender_type: None,
        }
    }

    /// A message from the platform to a phone.
    pub const fn sms(country: &'a str, network: Option<&'a str>, sender: Option<&'a str>) -> Self {
        let message = Self::of(Resource::SmsMessage);
        Self { direction: Some("MT"), country: Some(country), network, sender, ..message }
    }

    pub fn value(&self, attribute: Attribute) -> Option<&str> {
        match attribute {
            Attribute::Direction => self.direction,
            Attribute::Country => self.country,
            Attribute::Network => self.network,
            Attribute::SenderId => self.sender,
            Attribute::Mno => self.mno,
            Attribute::Pack | Attribute::AdditionalService => self.bought,
            Attribute::Periodicity => self.periodicity,
            Attribute::SenderIdType => self.sender_type,
        }
    }
}

/// Looking up an event always ends in one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    Price {
        path: String,
        price: &'a Price,
        billing: BillingRule,
        quantity: QuantityRule,
    },
    /// The deepest node reached.
    NoRate {
        path: String,
    },
}

impl RateTree {
    /// The price of an event and the path to it.
    pub fn find(&self, event: &Event) -> Found<'_> {
        let mut path = event.resource.name().to_owned();
        let (mut billing, mut quantity) = (BillingRule::default(), QuantityRule::default());
        let Some(mut node) = self.resources.get(&event.resource) else {
            return Found::NoRate { path };
        };
        loop {
            billing = node.billing_rule.unwrap_or(billing);
            quantity = node.quantity_rule.unwrap_or(quantity);
            if let Some(price) = &node.price {
                return Found::Price { path, price, billing, quantity };
            }
            let value = node.depends_on.and_then(|attribute| event.value(attribute));
            let listed = value.and_then(|value| node.values.get_key_value(value));
            let next = listed
                .map(|(value, child)| (value.as_str(), child))
                .or_else(|| node.others.as_deref().map(|child| ("*", child)));
            let Some((step, child)) = next else {
                return Found::NoRate { path };
            };
            path = format!("{path}/{step}");
            node = child;
        }
    }

    /// Whether every node leads to prices.
    pub fn check(&self) -> Result<(), TreeError> {
        if self.resources.is_empty() {
            return Err(TreeError { path: String::new(), problem: TreeProblem::Empty });
        }
        self.resources
            .iter()
            .try_for_each(|(resource, node)| check_node(resource.name(), node, &mut Vec::new()))
    }
}

fn check_node(path: &str, node: &Node, decided: &mut Vec<Attribute>) -> Result<(), TreeError> {
    let wrong = |path: &str, problem| Err(TreeError { path: path.to_owned(), problem });
    if node.billing_rule == Some(BillingRule::Accepted) {
        return wrong(path, TreeProblem::BillingRule);
    }
    let has_children = !node.values.is_empty() || node.others.is_some();
    let attribute = match (&node.price, node.depends_on) {
        (Some(Price::Flat { amount }), None) if amount.is_negative() => {
            return wrong(path, TreeProblem::NegativePrice);
        }
        (Some(Price::Scale { tiers, .. }), None) if tiers.iter().any(|tier| tier.amount.is_negative()) => {
            return wrong(path, TreeProblem::NegativePrice);
        }
        (Some(Price::Scale { tiers, .. }), None) if !are_tiers(tiers) => {
            return wrong(path, TreeProblem::Tiers);
        }
        (Some(_), None) if !has_children => return Ok(()),
        (None, Some(attribute)) => attribute,
        _ => return wrong(path, TreeProblem::PriceOrBranch),
    };
    if !has_children {
        return wrong(path, TreeProblem::NoChildren);
    }
    if decided.contains(&attribute) {
        return wrong(path, TreeProblem::AttributeTwice);
    }
    decided.push(attribute);
    for (value, child) in &node.values {
        let path = format!("{path}/{value}");
        if !is_value_of(attribute, value) {
            return wrong(&path, TreeProblem::UnknownValue);
        }
        check_node(&path, child, decided)?;
    }
    if let Some(child) = &node.others {
        check_node(&format!("{path}/*"), child, decided)?;
    }
    decided.pop();
    Ok(())
}

fn are_tiers(tiers: &[Tier]) -> bool {
    let Some((last, others)) = tiers.split_last() else { return false };
    let thresholds: Option<Vec<u32>> = others.iter().map(|tier| tier.threshold).collect();
    let rise = |thresholds: Vec<u32>| {
        thresholds.first().is_none_or(|first| *first > 0) && thresholds.is_sorted_by(|a, b| a < b)
    };
    last.threshold.is_none() && thresholds.is_some_and(rise)
}

fn is_value_of(attribute: Attribute, value: &str) -> bool {
    match attribute {
        Attribute::Direction => matches!(value, "MT" | "MO"),
        Attribute::Country => value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()),
        Attribute::Network
        | Attribute::SenderId
        | Attribute::Mno
        | Attribute::Pack
        | Attribute::AdditionalService => !value.is_empty(),
        Attribute::Periodicity => matches!(value, "month" | "week"),
        Attribute::SenderIdType => matches!(value, "alphanumeric" | "numeric" | "short_code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: serde_json::Value) -> RateTree {
        serde_json::from_value(json).unwrap()
    }

    fn europe() -> RateTree {
        tree(serde_json::json!({"sms_message": {
            "depends_on": "direction", "billing_rule": "submitted",
            "values": {"MT": {"depends_on": "country", "quantity_rule": "segments", "values": {
                "DE": {"depends_on": "network", "billing_rule": "delivered",
                    "values": {"Vodafone": {"price": {"type": "flat", "amount": "0.07"}}},
                    "others": {"price": {"type": "flat", "amount": "0.08"}, "quantity_rule": "messages"}},
                "FR": {"price": {"type": "free"}},
                "KP": {"price": {"type": "blocked"}}},
                "others": {"price": {"type": "flat", "amount": "0.1"}}}}}}))
    }

    #[track_caller]
    fn check(country: &str, network: Option<&str>, expected: &str) {
        let tree = europe();
        let event = Event::sms(country, network, None);
        let found = match tree.find(&event) {
            Found::Price { path, price, billing, quantity } => {
                format!("{path} {price:?} {billing:?} {quantity:?}")
            }
            Found::NoRate { path } => format!("{path} no rate"),
        };
        assert_eq!(found, expected);
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
        let tree = europe();
        let event = Event { direction: Some("MO"), ..Event::sms("DE", None, None) };
        assert_eq!(tree.find(&event), Found::NoRate { path: "sms_message".into() });
    }

    #[test]
    fn a_tree_that_lacks_data_is_refused_at_the_node() {
        let problem =
            |json: serde_json::Value| tree(json).check().map_err(|error| (error.path, error.problem));
        assert_eq!(europe().check(), Ok(()));
        assert_eq!(problem(serde_json::json!({})), Err((String::new(), TreeProblem::Empty)));
        let empty = serde_json::json!({"sms_message": {"depends_on": "country", "values": {"DE": {}}}});
        assert_eq!(problem(empty), Err(("sms_message/DE".into(), TreeProblem::PriceOrBranch)));
        let childless = serde_json::json!({"sms_message": {"depends_on": "country"}});
        assert_eq!(problem(childless), Err(("sms_message".into(), TreeProblem::NoChildren)));
        let twice = serde_json::json!({"sms_message": {"depends_on": "country", "values": {
            "DE": {"depends_on": "country", "others": {"price": {"type": "free"}}}}}});
        assert_eq!(problem(twice), Err(("sms_message/DE".into(), TreeProblem::AttributeTwice)));
        let negative = serde_json::json!({"sms_message": {"price": {"type": "flat", "amount": "-1"}}});
        assert_eq!(problem(negative), Err(("sms_message".into(), TreeProblem::NegativePrice)));
        let tiers = |tiers: serde_json::Value| serde_json::json!({"sms_message": {"price": {"type": "scale", "scale": "tier", "tiers": tiers}}});
        let falling = serde_json::json!([{"threshold": 9, "amount": "1"}, {"threshold": 9, "amount": "1"}, {"amount": "1"}]);
        let endless = serde_json::json!([{"threshold": 9, "amount": "1"}]);
        for wrong in [falling, endless, serde_json::json!([])] {
            assert_eq!(problem(tiers(wrong)), Err(("sms_message".into(), TreeProblem::Tiers)));
        }
        let nowhere = serde_json::json!({"sms_message": {"depends_on": "country", "values": {
            "Germany": {"price": {"type": "free"}}}}});
        assert_eq!(problem(nowhere), Err(("sms_message/Germany".into(), TreeProblem::UnknownValue)));
    }

    #[test]
    fn a_tree_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&europe()).unwrap();
        assert_eq!(serde_json::from_str::<RateTree>(&text).unwrap(), europe());
    }
}
