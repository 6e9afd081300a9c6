//! Services (rate plans) and their trees: from what is billed, attribute by attribute, down to a price.

mod attribute;
mod change;
mod compiled;
mod event;
mod kinds;
mod price;
mod resource;
mod scope;
mod tree;

pub use attribute::{Attribute, DayTimes, OTHERS};
pub use change::RateChange;
pub use compiled::{CompiledTree, Found, StoredTreeError};
pub use event::Event;
pub use price::{BillingRule, Price, PricedBy, QuantityRule, ScaleKind, Size, Tier};
pub use resource::{Resource, ServiceDomain};
pub use scope::{Scope, ScopeChange, ScopeError};
pub use tree::{Node, RateTree, TreeError, TreeProblem, step};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{CompanyId, ServiceId};
use crate::money::{Amount, Currency};

/// A rate plan. Its trees are kept by version, and its scopes say which one is in force when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub id: ServiceId,
    /// Whose rate plan it is: it may be enabled on agreements of this company's children.
    pub company: CompanyId,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub currency: Currency,
    #[serde(default)]
    pub kind: ServiceKind,
    /// Of the service: each change of it or of one of its trees counts one up, and a new tree has this number.
    pub version: u32,
    /// In the order in which they were made.
    pub scopes: Vec<Scope>,
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

impl Thing for Service {
    const NOUN: &'static str = "service";
    const NOUNS: &'static str = "services";
    const REVISION: &'static str = "version";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        u64::from(self.version)
    }

    fn lists(&self) -> Vec<String> {
        vec![self.company.to_string()]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let currency = if self.kind.has_currency() { self.currency.code() } else { "" };
        vec![
            ("name", catalog::words(&self.name)),
            ("type", self.kind.name().to_owned()),
            ("size", self.kind.size().map(catalog::amount).unwrap_or_default()),
            ("currency", currency.to_owned()),
            ("archived", catalog::flag(self.archived)),
        ]
    }
}

impl Service {
    /// A service whose first tree, version 1, is in force from now on.
    pub fn in_force(
        id: ServiceId,
        company: CompanyId,
        name: impl Into<String>,
        currency: Currency,
        kind: ServiceKind,
        now: Timestamp,
    ) -> Self {
        let scope = Scope {
            number: 1,
            draft: false,
            effective_from: now,
            effective_till: None,
            tree: Some(1),
            complete: true,
        };
        Self {
            id,
            company,
            name: name.into(),
            description: String::new(),
            currency,
            kind,
            version: 1,
            scopes: vec![scope],
            archived: false,
            created_at: now,
        }
    }
}

#[cfg(test)]
pub(crate) fn europe() -> RateTree {
    let tree = serde_json::json!({"sms_message": {
        "depends_on": "direction", "billing_rule": "submitted",
        "values": {"MT": {"depends_on": "country", "quantity_rule": "segments", "values": {
            "DE": {"depends_on": "network", "billing_rule": "delivered",
                "values": {"Vodafone": {"price": {"type": "flat", "amount": "0.07"}}},
                "others": {"price": {"type": "flat", "amount": "0.08"}, "quantity_rule": "messages"}},
            "FR": {"price": {"type": "free"}},
            "KP": {"price": {"type": "blocked"}}},
            "others": {"price": {"type": "flat", "amount": "0.1"}}}}}});
    serde_json::from_value(tree).unwrap()
}
