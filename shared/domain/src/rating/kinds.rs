//! What a service of each kind may have in its tree (guide, section 7.3.1): prices where something is
//! sold, and only whether traffic is included where a pack or a bundle is taken from.

use super::{Node, OTHERS, Price, RateTree, Resource, ServiceKind, TreeError, TreeProblem, step};
use crate::money::Amount;

impl ServiceKind {
    /// How it sells, without its size.
    pub fn name(self) -> &'static str {
        match self {
            Self::PayAsYouGo => "pay_as_you_go",
            Self::UnitPack { .. } => "unit_pack",
            Self::MonetaryPack { .. } => "monetary_pack",
            Self::BundleInitiator => "bundle_initiator",
            Self::BundlePack { .. } => "bundle_pack",
        }
    }

    /// Unit packs, bundle initiators and bundle packs count things, and have no money in them.
    pub fn has_currency(self) -> bool {
        matches!(self, Self::PayAsYouGo | Self::MonetaryPack { .. })
    }

    /// Whether it is bought: each time it is enabled it is there once more.
    pub fn is_bought(self) -> bool {
        matches!(self, Self::UnitPack { .. } | Self::MonetaryPack { .. } | Self::BundlePack { .. })
    }

    pub fn is_bundle_pack(self) -> bool {
        matches!(self, Self::BundlePack { .. })
    }

    /// Units, or the money, that are in it.
    pub fn size(self) -> Option<Amount> {
        match self {
            Self::UnitPack { size } | Self::BundlePack { size } => Some(Amount::whole(size.into())),
            Self::MonetaryPack { size } => Some(size),
            Self::PayAsYouGo | Self::BundleInitiator => None,
        }
    }

    fn has_resource(self, resource: Resource) -> bool {
        match self {
            Self::PayAsYouGo => true,
            Self::UnitPack { .. } | Self::MonetaryPack { .. } | Self::BundleInitiator => {
                resource.is_traffic()
            }
            Self::BundlePack { .. } => resource == Resource::BundleMember,
        }
    }

    fn has_price(self, resource: Resource, price: &Price) -> bool {
        match (self, price) {
            (Self::PayAsYouGo, Price::Included) => false,
            // A fee has one price; and a bundle's members are counted by the bundle already.
            (Self::PayAsYouGo, Price::Scale { .. }) => resource.is_traffic(),
            (Self::PayAsYouGo, _) => true,
            (Self::MonetaryPack { .. }, Price::Flat { .. }) => true,
            (Self::BundlePack { .. }, price) => *price == Price::Included,
            (_, Price::Included | Price::NotIncluded | Price::Blocked) => true,
            (_, Price::Flat { .. } | Price::Scale { .. } | Price::Free) => false,
        }
    }
}

impl RateTree {
    /// Whether it is complete, and fits a service of this kind. A bundle pack needs no tree at all.
    pub fn check_for(&self, kind: ServiceKind) -> Result<(), TreeError> {
        self.check_fits(kind)?;
        if kind.is_bundle_pack() && self.resources.is_empty() {
            return Ok(());
        }
        self.check()
    }

    /// Whether it can be the draft of a tree for a service of this kind: what it says is right, though
    /// something may be missing.
    pub fn check_draft_for(&self, kind: ServiceKind) -> Result<(), TreeError> {
        self.check_fits(kind)?;
        self.check_draft()
    }

    fn check_fits(&self, kind: ServiceKind) -> Result<(), TreeError> {
        let wrong = |path: &str, problem| TreeError { path: path.to_owned(), problem };
        if kind.size().is_some_and(|size| !size.is_positive()) {
            return Err(wrong("", TreeProblem::Size));
        }
        for (resource, node) in &self.resources {
            if !kind.has_resource(*resource) {
                return Err(wrong(resource.name(), TreeProblem::ResourceOfKind));
            }
            check_prices(resource.name(), node, &|price| kind.has_price(*resource, price))?;
        }
        Ok(())
    }
}

fn check_prices(path: &str, node: &Node, allowed: &dyn Fn(&Price) -> bool) -> Result<(), TreeError> {
    if node.price.as_ref().is_some_and(|price| !allowed(price)) {
        return Err(TreeError { path: path.to_owned(), problem: TreeProblem::PriceOfKind });
    }
    let listed = node.values.iter().map(|(value, child)| (value.as_str(), child));
    let others = node.others.as_deref().map(|child| (OTHERS, child));
    listed
        .chain(others)
        .try_for_each(|(value, child)| check_prices(&format!("{path}/{}", step(value)), child, allowed))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn price(kind: &str) -> Value {
        match kind {
            "flat" => json!({"price": {"type": kind, "amount": "1"}}),
            "scale" => json!({"price": {"type": kind, "scale": "tier", "tiers": [{"amount": "1"}]}}),
            _ => json!({"price": {"type": kind}}),
        }
    }

    /// Which prices a service may have under a resource.
    fn allowed(kind: ServiceKind, resource: &str) -> String {
        let fits = |price_kind: &&&str| {
            let tree: RateTree = serde_json::from_value(json!({resource: price(price_kind)})).unwrap();
            tree.check_for(kind).is_ok()
        };
        let all = ["flat", "scale", "free", "included", "blocked", "not_included"];
        all.iter().filter(fits).copied().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_service_has_the_prices_of_its_kind_and_no_others() {
        let (pay_as_you_go, one) = (ServiceKind::PayAsYouGo, Amount::ONE);
        assert_eq!(allowed(pay_as_you_go, "sms_message"), "flat scale free blocked not_included");
        assert_eq!(allowed(pay_as_you_go, "platform_fee"), "flat free blocked not_included");
        assert_eq!(allowed(pay_as_you_go, "bundle_member"), "flat free blocked not_included");
        assert_eq!(
            allowed(ServiceKind::UnitPack { size: 1 }, "sms_message"),
            "included blocked not_included"
        );
        assert_eq!(allowed(ServiceKind::UnitPack { size: 1 }, "platform_fee"), "");
        let monetary = ServiceKind::MonetaryPack { size: one };
        assert_eq!(allowed(monetary, "sms_message"), "flat included blocked not_included");
        assert_eq!(allowed(ServiceKind::BundleInitiator, "sms_message"), "included blocked not_included");
        assert_eq!(allowed(ServiceKind::BundlePack { size: 1 }, "sms_message"), "");
        assert_eq!(allowed(ServiceKind::BundlePack { size: 1 }, "bundle_member"), "included");
    }

    #[test]
    fn only_a_bundle_pack_needs_no_tree_and_nothing_is_in_an_empty_pack() {
        let none = RateTree { resources: Default::default() };
        assert_eq!(none.check_for(ServiceKind::BundlePack { size: 10 }), Ok(()));
        for kind in [ServiceKind::BundleInitiator, ServiceKind::UnitPack { size: 10 }] {
            assert_eq!(none.check_for(kind).unwrap_err().problem, TreeProblem::Empty);
        }
        for kind in [
            ServiceKind::BundlePack { size: 0 },
            ServiceKind::UnitPack { size: 0 },
            ServiceKind::MonetaryPack { size: Amount::ZERO },
        ] {
            assert_eq!(none.check_for(kind).unwrap_err().problem, TreeProblem::Size);
        }
    }

    #[test]
    fn the_wrong_price_is_named_by_its_path() {
        let tree = json!({"sms_message": {"depends_on": "country", "values": {"DE": price("free")}, "others": price("included")}});
        let tree: RateTree = serde_json::from_value(tree).unwrap();
        let error = tree.check_for(ServiceKind::UnitPack { size: 1 }).unwrap_err();
        assert_eq!((error.path.as_str(), error.problem), ("sms_message/DE", TreeProblem::PriceOfKind));
    }
}
