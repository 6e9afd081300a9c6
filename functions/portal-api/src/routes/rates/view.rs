//! Prices with their reasons, as the API shows them.

use std::collections::BTreeMap;

use domain::id::{RateId, ServiceId};
use domain::money::{Amount, AmountError};
use domain::quote::{Answer, BelowCost, Charge, Explained, Level, Margin, Priced, QuoteError, Step};
use domain::rating::{Attribute, BillingRule, Price, QuantityRule, RateTree, Resource, Service, ServiceKind};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// The names of services by their ids.
pub type Names = BTreeMap<ServiceId, String>;

#[derive(Debug, Serialize, ToSchema)]
pub struct FoundRate {
    /// The moment whose prices these are.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What is priced.
    #[schema(value_type = schema::Resource)]
    resource: Resource,
    /// All that is known of it, by attribute.
    #[schema(value_type = BTreeMap<schema::RateAttribute, String>)]
    values: BTreeMap<Attribute, String>,
    /// The agreement, and those above it that you see.
    levels: Vec<LevelView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LevelView {
    /// 1 is the agreement asked for; a refusal of a message names this number.
    level: usize,
    /// Whose prices.
    agreement: String,
    /// The company that pays them.
    company: String,
    /// What they are in.
    currency: String,
    /// The services asked, in their order: packs, pay as you go until one decides, what counts for bundles.
    steps: Vec<StepView>,
    /// What one segment, message or minute would be charged now, to a recipient who is new to the bundles;
    /// nothing if it is refused.
    charges: Vec<FoundChargeView>,
    /// Their sum; null if it is refused.
    amount: Option<String>,
    /// Why it is refused; null if it is not.
    refusal: Option<RefusalView>,
    /// What is left over the next level; null if that is not seen, refuses it, or has another currency.
    margin: Option<MarginView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// The service's id.
    service: String,
    /// The service's name.
    name: String,
    /// How it sells.
    #[schema(value_type = schema::ServiceKind)]
    kind: ServiceKind,
    /// The version of its tree.
    version: u32,
    /// What it has a price for is refused.
    archived: bool,
    /// The deepest node reached, such as `sms_message/MT/DE`.
    path: String,
    /// What was found there.
    found: Finding,
    /// The price, if one was found.
    #[schema(value_type = Option<schema::RatePrice>)]
    price: Option<Price>,
    /// Names the price, as in EDRs.
    rate: Option<String>,
    /// When a charge becomes final.
    #[schema(value_type = Option<schema::BillingRule>)]
    billing_rule: Option<BillingRule>,
    /// What the price is multiplied by.
    #[schema(value_type = Option<schema::QuantityRule>)]
    quantity_rule: Option<QuantityRule>,
}

/// What a look-up ended with. After `not_included` and `no_rate` the next service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Price,
    Included,
    NotIncluded,
    Blocked,
    NoRate,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FoundChargeView {
    /// Names the price, as in EDRs.
    rate: String,
    /// What a unit costs; zero for what a pack has paid.
    unit_price: String,
    /// How many units.
    quantity: u32,
    /// What they cost.
    amount: String,
    /// Whether it is counted: taken from a pack or a tier, or covered by a bundle.
    counted: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// `no_rate`, `blocked` or `service_archived`.
    code: String,
    /// The same in words.
    detail: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MarginView {
    /// The price less the cost; below zero if it is sold below cost.
    amount: String,
    /// Of the price, to two places; null if that is zero.
    percent: Option<String>,
}

impl FoundRate {
    pub fn new(
        at: Timestamp,
        resource: Resource,
        values: &[(Attribute, &str)],
        levels: Vec<LevelView>,
    ) -> Self {
        let values = values.iter().map(|(attribute, value)| (*attribute, (*value).to_owned())).collect();
        Self { at, resource, values, levels }
    }
}

impl LevelView {
    /// All levels, each with its margin over the next.
    pub fn chain(
        levels: &[Level],
        explained: Vec<Explained>,
        names: &Names,
    ) -> Result<Vec<Self>, AmountError> {
        let amounts: Vec<Option<Amount>> = explained.iter().map(amount).collect::<Result<_, _>>()?;
        let mut views = Vec::with_capacity(levels.len());
        for (place, (level, explained)) in levels.iter().zip(explained).enumerate() {
            let agreement = &level.agreement;
            let next = levels.get(place + 1).filter(|next| next.agreement.currency == agreement.currency);
            let cost = next.and_then(|_| amounts.get(place + 1).copied().flatten());
            let margin = amounts[place].zip(cost).map(|(price, cost)| Margin::of(price, cost)).transpose()?;
            let (charges, refusal) = match explained.outcome {
                Ok(charges) => (charges, None),
                Err(error) => (Vec::new(), Some(RefusalView::of(&error))),
            };
            views.push(Self {
                level: place + 1,
                agreement: agreement.id.to_string(),
                company: agreement.company.to_string(),
                currency: agreement.currency.to_string(),
                steps: explained.steps.into_iter().map(|step| StepView::of(step, names)).collect(),
                charges: charges.iter().map(FoundChargeView::of).collect(),
                amount: amounts[place].map(|amount| amount.to_string()),
                refusal,
                margin: margin.map(MarginView::of),
            });
        }
        Ok(views)
    }
}

/// What would be charged; none if it is refused.
fn amount(explained: &Explained) -> Result<Option<Amount>, AmountError> {
    let charges = explained.outcome.as_ref().ok();
    charges.map(|charges| Amount::checked_sum(charges.iter().map(|charge| charge.amount))).transpose()
}

impl StepView {
    fn of(step: Step, names: &Names) -> Self {
        let (found, price, rate, billing_rule, quantity_rule) = match step.answer {
            Answer::NoRate => (Finding::NoRate, None, None, None, None),
            Answer::Found { rate, price, billing, quantity } => {
                let found = match price {
                    Price::Included => Finding::Included,
                    Price::NotIncluded => Finding::NotIncluded,
                    Price::Blocked => Finding::Blocked,
                    Price::Flat { .. } | Price::Scale { .. } | Price::Free => Finding::Price,
                };
                (found, Some(price), Some(rate.as_str().to_owned()), Some(billing), Some(quantity))
            }
        };
        Self {
            name: names.get(&step.service).cloned().unwrap_or_default(),
            service: step.service.into(),
            kind: step.kind,
            version: step.version,
            archived: step.archived,
            path: step.path,
            found,
            price,
            rate,
            billing_rule,
            quantity_rule,
        }
    }
}

impl FoundChargeView {
    fn of(charge: &Charge) -> Self {
        Self {
            rate: charge.rate.as_str().to_owned(),
            unit_price: charge.unit_price.to_string(),
            quantity: charge.quantity,
            amount: charge.amount.to_string(),
            counted: charge.taken.is_some(),
        }
    }
}

impl RefusalView {
    fn of(error: &QuoteError) -> Self {
        Self { code: error.code().to_owned(), detail: error.to_string() }
    }
}

impl MarginView {
    fn of(margin: Margin) -> Self {
        let percent = margin.percent.map(|percent| percent.to_string());
        Self { amount: margin.amount.to_string(), percent }
    }
}

/// Something that is sold below its cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct BelowCostView {
    /// What is sold.
    #[schema(value_type = schema::Resource)]
    resource: Resource,
    /// Where: what is not named may have any value that no tree lists.
    #[schema(value_type = BTreeMap<schema::RateAttribute, String>)]
    values: BTreeMap<Attribute, String>,
    /// What it is sold for.
    selling: PricedView,
    /// What the seller pays.
    buying: PricedView,
    /// The difference.
    margin: MarginView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PricedView {
    /// Names the price, as in EDRs.
    rate: String,
    /// Where it is in its tree.
    path: String,
    /// For one unit.
    price: String,
}

impl BelowCostView {
    pub fn of(found: BelowCost) -> Result<Self, AmountError> {
        let margin = Margin::of(found.selling.price, found.buying.price)?;
        Ok(Self {
            resource: found.resource,
            values: found.values,
            selling: found.selling.into(),
            buying: found.buying.into(),
            margin: MarginView::of(margin),
        })
    }
}

impl From<Priced> for PricedView {
    fn from(priced: Priced) -> Self {
        let Priced { rate, path, price } = priced;
        Self { rate: rate.as_str().to_owned(), path, price: price.to_string() }
    }
}

/// A price and where it came from.
#[derive(Debug, Serialize, ToSchema)]
pub struct RateView {
    /// Its id.
    id: String,
    /// The service's id.
    service: String,
    /// The service's name.
    name: String,
    /// The version of the tree.
    version: u32,
    /// Where it is in the tree, such as `sms_message/MT/DE/*`.
    path: String,
    /// What it is in; null where there is no money in it.
    currency: Option<String>,
    /// The price.
    #[schema(value_type = schema::RatePrice)]
    price: Price,
    /// When a charge becomes final.
    #[schema(value_type = schema::BillingRule)]
    billing_rule: BillingRule,
    /// What the price is multiplied by.
    #[schema(value_type = schema::QuantityRule)]
    quantity_rule: QuantityRule,
}

impl RateView {
    /// None if there is no price at the path.
    pub fn at(rate: &RateId, service: &Service, version: u32, path: String, tree: &RateTree) -> Option<Self> {
        let price = tree.node(&path)?.price.clone()?;
        let root = path.split('/').next().unwrap_or_default();
        let resource = Resource::ALL.iter().find(|resource| resource.name() == root)?;
        let (mut billing_rule, mut quantity_rule) = (BillingRule::default(), resource.default_quantity());
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for node in ends.filter_map(|end| tree.node(&path[..end])) {
            billing_rule = node.billing_rule.unwrap_or(billing_rule);
            quantity_rule = node.quantity_rule.unwrap_or(quantity_rule);
        }
        Some(Self {
            id: rate.as_str().to_owned(),
            service: service.id.to_string(),
            name: service.name.clone(),
            version,
            path,
            currency: service.kind.has_currency().then(|| service.currency.to_string()),
            price,
            billing_rule,
            quantity_rule,
        })
    }
}
