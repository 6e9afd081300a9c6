//! What is left between two levels: of one event, and where a company sells below what it pays.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Level, Rates};
use crate::dictionary::Dictionaries;
use crate::id::RateId;
use crate::money::{Amount, AmountError};
use crate::rating::{Attribute, Event, Found, Node, Price, Resource, ServiceKind};

/// What a price leaves over the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margin {
    pub amount: Amount,
    /// Of the price, to two places; none if that is zero.
    pub percent: Option<Decimal>,
}

impl Margin {
    pub fn of(price: Amount, cost: Amount) -> Result<Self, AmountError> {
        let amount = price.checked_sub(cost)?;
        let share = amount.decimal().checked_mul(Decimal::ONE_HUNDRED);
        let percent = share.and_then(|share| share.checked_div(price.decimal()));
        let percent = percent.map(|percent| {
            percent.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven).normalize()
        });
        Ok(Self { amount, percent })
    }
}

/// An event that is sold below its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BelowCost {
    pub resource: Resource,
    /// What tells the event from others; what is not named may have any value that no tree lists.
    pub values: BTreeMap<Attribute, String>,
    pub selling: Priced,
    pub buying: Priced,
}

/// What a level has for an event. Of a scale it is the price of the first unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub rate: RateId,
    pub path: String,
    pub price: Amount,
}

/// Everything that the trees of the two levels tell apart and that is sold below cost, in the order of the
/// paths in the seller's trees. Where only one tree lists a value, the other one's price for all others is
/// compared. Only pay-as-you-go prices of traffic: what is in a pack was paid before.
pub fn below_cost(
    selling: &Level,
    buying: &Level,
    dictionaries: &Dictionaries,
) -> Result<Vec<BelowCost>, AmountError> {
    let mut found = BTreeMap::new();
    for rates in selling.rates.iter().chain(&buying.rates).filter(|rates| is_asked(rates)) {
        let tree = rates.tree.decompile();
        for (resource, root) in tree.resources.iter().filter(|(resource, _)| resource.is_traffic()) {
            let mut visit = |known: &Values<'_>| -> Result<(), AmountError> {
                let values = completed(*resource, known, dictionaries);
                let event = event(*resource, &values);
                let (Some(sold), Some(bought)) = (priced(selling, &event)?, priced(buying, &event)?) else {
                    return Ok(());
                };
                if sold.price < bought.price {
                    let values: BTreeMap<Attribute, String> =
                        values.into_iter().map(|(attribute, value)| (attribute, value.to_owned())).collect();
                    let key = (sold.rates.tree.path(sold.leaf).unwrap_or_default(), values.clone());
                    let (selling, buying) = (sold.named(), bought.named());
                    found.insert(key, BelowCost { resource: *resource, values, selling, buying });
                }
                Ok(())
            };
            leaves(root, &mut Vec::new(), &mut visit)?;
        }
    }
    Ok(found.into_values().collect())
}

fn is_asked(rates: &Rates) -> bool {
    rates.kind == ServiceKind::PayAsYouGo && !rates.archived
}

type Values<'a> = Vec<(Attribute, &'a str)>;

/// Visits every price with the values that lead to it.
fn leaves<'a, E>(
    node: &'a Node,
    values: &mut Values<'a>,
    visit: &mut impl FnMut(&Values<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let Some(attribute) = node.depends_on else { return visit(values) };
    for (value, child) in &node.values {
        values.push((attribute, value));
        leaves(child, values, visit)?;
        values.pop();
    }
    node.others.as_deref().map_or(Ok(()), |child| leaves(child, values, visit))
}

/// With what follows from the values, so that a tree by countries and one by MCCMNCs can be compared: as
/// far as a look-up of a number would know it.
pub fn completed<'a>(
    resource: Resource,
    known: &[(Attribute, &'a str)],
    dictionaries: &'a Dictionaries,
) -> Vec<(Attribute, &'a str)> {
    use Attribute::{Country, Direction, Mcc, Mccmnc, Network, WhatsappRegion};
    let mut values = known.to_vec();
    let has = |values: &Values<'a>, wanted| {
        values.iter().find(|(attribute, _)| *attribute == wanted).map(|(_, value)| *value)
    };
    let add = |values: &mut Values<'a>, attribute, value: Option<&'a str>| {
        let known = resource.attributes().contains(&attribute) && has(values, attribute).is_none();
        values.extend(value.filter(|_| known).map(|value| (attribute, value)));
    };
    add(&mut values, Direction, Some("MT"));
    for from in [Mccmnc, Network, Mcc] {
        if let Some(key) = has(&values, from) {
            add(&mut values, Country, dictionaries.related(from, key, Country));
        }
    }
    if let Some(key) = has(&values, Mccmnc) {
        add(&mut values, Network, dictionaries.network_of(key));
    } else if let (Some(country), Some(network)) = (has(&values, Country), has(&values, Network)) {
        add(&mut values, Mccmnc, dictionaries.mccmnc_of(country, network));
    }
    let country = has(&values, Country);
    let mcc = has(&values, Mccmnc).and_then(|mccmnc| dictionaries.mcc_of(mccmnc));
    add(&mut values, Mcc, mcc.or_else(|| dictionaries.first_mcc_of(country?)));
    add(&mut values, WhatsappRegion, country.and_then(|country| dictionaries.whatsapp_region_of(country)));
    values
}

fn event<'a>(resource: Resource, values: &[(Attribute, &'a str)]) -> Event<'a> {
    let event =
        values.iter().fold(Event::of(resource), |event, (attribute, value)| event.with(*attribute, value));
    // Hours are named by their beginning: `08:00-20:00`.
    let hours = event.value(Attribute::TimeOfDay);
    event.at(hours.and_then(|hours| hours.get(..5)?.parse().ok()))
}

/// A price found, which gets its names only if somebody wants them.
struct FoundPrice<'a> {
    rates: &'a Rates,
    leaf: u32,
    price: Amount,
}

impl FoundPrice<'_> {
    fn named(&self) -> Priced {
        let path = self.rates.tree.path(self.leaf).unwrap_or_default();
        Priced { rate: self.rates.rate(self.leaf), path, price: self.price }
    }
}

/// The first pay-as-you-go service that decides; none if it sells nothing.
fn priced<'a>(level: &'a Level, event: &Event) -> Result<Option<FoundPrice<'a>>, AmountError> {
    for rates in level.rates.iter().filter(|rates| is_asked(rates)) {
        let Found::Price { leaf, price, quantity, .. } = rates.tree.find(event) else { continue };
        let amount = match price {
            Price::NotIncluded | Price::Included => continue,
            Price::Blocked => return Ok(None),
            Price::Free => Amount::ZERO,
            Price::Flat { amount } => *amount,
            Price::Scale { tiers, .. } => tiers.first().map_or(Amount::ZERO, |tier| tier.amount),
        };
        return Ok(Some(FoundPrice { rates, leaf, price: quantity.unit_price(amount)? }));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::level;
    use super::*;

    fn flat(amount: &str) -> Value {
        json!({"price": {"type": "flat", "amount": amount}})
    }

    fn by(attribute: &str, values: Value, others: &str) -> Value {
        json!({"sms_message": {"depends_on": attribute, "values": values, "others": flat(others)}})
    }

    /// Each as `path in the seller's tree: values price<cost`.
    fn shown(selling: &[Value], buying: &[Value]) -> Vec<String> {
        let found = below_cost(&level(1, selling), &level(2, buying), Dictionaries::shipped()).unwrap();
        let line = |found: &BelowCost| {
            let named = |attribute| found.values.get(&attribute).map_or("-", String::as_str);
            let (country, network) = (named(Attribute::Country), named(Attribute::Network));
            let (selling, buying) = (&found.selling, &found.buying);
            format!("{}: {country} {network} {}<{}", selling.path, selling.price, buying.price)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn a_margin_is_a_part_of_the_price() {
        let of = |price: &str, cost: &str| {
            let amount = |text: &str| Amount::parse(text).unwrap();
            let margin = Margin::of(amount(price), amount(cost)).unwrap();
            (margin.amount.to_string(), margin.percent.map(|percent| percent.to_string()))
        };
        assert_eq!(of("0.06", "0.05"), ("0.01".into(), Some("16.67".into())));
        assert_eq!(of("0.05", "0.1"), ("-0.05".into(), Some("-100".into())));
        assert_eq!(of("0", "0.1"), ("-0.1".into(), None));
    }

    #[test]
    fn what_either_tree_lists_is_compared_and_only_what_is_below_cost_is_named() {
        let selling = by("country", json!({"DE": flat("0.07"), "FR": flat("0.04")}), "0.1");
        let buying = by("country", json!({"DE": flat("0.06"), "KP": flat("0.5")}), "0.05");
        assert_eq!(
            shown(&[selling], &[buying]),
            ["sms_message/*: KP - 0.1<0.5", "sms_message/FR: FR - 0.04<0.05"]
        );
    }

    #[test]
    fn a_tree_by_country_and_one_by_mccmnc_are_compared_by_the_dictionary() {
        let selling = by("country", json!({"DE": flat("0.07")}), "0.1");
        let buying = by("mccmnc", json!({"26202": flat("0.08"), "20801": flat("0.09")}), "0.05");
        let found = shown(&[selling], &[buying]);
        assert_eq!(found, ["sms_message/DE: DE Vodafone 0.07<0.08"]);
    }

    #[test]
    fn services_are_asked_in_order_and_what_is_not_sold_has_no_margin() {
        let not_mine = json!({"sms_message": {"price": {"type": "not_included"}}});
        let blocked = json!({"sms_message": {"price": {"type": "blocked"}}});
        let price = |amount: &str| json!({"sms_message": flat(amount)});
        assert_eq!(shown(&[not_mine, price("1")], &[price("2")]), ["sms_message: - - 1<2"]);
        assert_eq!(shown(&[blocked, price("1")], &[price("2")]), Vec::<String>::new());
        assert_eq!(shown(&[price("1")], &[]), Vec::<String>::new());
    }
}
