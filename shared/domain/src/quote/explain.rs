//! Why an event costs what it costs: every service that each level asks, how far each look-up came, and
//! what would be charged in the end.

use jiff::Timestamp;

use super::{Charge, Level, QuoteError, Rates, offer};
use crate::allowance::Stock;
use crate::id::{RateId, ServiceId};
use crate::rating::{BillingRule, Event, Found, Price, QuantityRule, ServiceKind, Size};

/// What one level says to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The services asked, in their order.
    pub steps: Vec<Step>,
    /// What one segment, message or minute to a recipient who is new to the bundles would be charged now.
    pub outcome: Result<Vec<Charge>, QuoteError>,
}

/// One service asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub service: ServiceId,
    /// Of its tree.
    pub version: u32,
    pub kind: ServiceKind,
    /// It was archived, so what it has a price for is refused.
    pub archived: bool,
    /// The deepest node reached.
    pub path: String,
    pub answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The tree ends before a price.
    NoRate,
    /// A price of any type, with the rules that hold for it.
    Found { rate: RateId, price: Price, billing: BillingRule, quantity: QuantityRule },
}

/// One event of the size that every quantity rule counts as one unit, calls by the minute.
const ONE_UNIT: Size = Size { segments: 1, seconds: 60 };

/// Each level by itself: one that does not sell the event keeps none of the others from being explained.
pub fn explain(levels: &[Level], event: &Event, stock: &mut Stock, now: Timestamp) -> Vec<Explained> {
    let one = |(index, level): (usize, &Level)| {
        let (number, event) = (index + 1, &level.event(event, now));
        let offered = offer(level, number, event, now);
        let outcome = offered.and_then(|offer| offer.draw(number, ONE_UNIT, "", stock));
        Explained { steps: steps(level, event), outcome }
    };
    levels.iter().enumerate().map(one).collect()
}

/// Packs first, then pay as you go until a service decides, then what counts for bundles.
fn steps(level: &Level, event: &Event) -> Vec<Step> {
    let of_kind = |wanted: fn(ServiceKind) -> bool| {
        level.rates.iter().filter(move |rates| wanted(rates.kind)).map(|rates| step(rates, event))
    };
    let packs =
        of_kind(|kind| matches!(kind, ServiceKind::UnitPack { .. } | ServiceKind::MonetaryPack { .. }));
    let mut steps: Vec<Step> = packs.collect();
    for step in of_kind(|kind| kind == ServiceKind::PayAsYouGo) {
        let decides = step.decides();
        steps.push(step);
        if decides {
            break;
        }
    }
    steps.extend(of_kind(|kind| kind == ServiceKind::BundleInitiator));
    steps
}

fn step(rates: &Rates, event: &Event) -> Step {
    let (node, answer) = match rates.tree.find(event) {
        Found::NoRate { deepest } => (deepest, Answer::NoRate),
        Found::Price { leaf, price, billing, quantity } => {
            let (rate, price) = (rates.rate(leaf), price.clone());
            (Some(leaf), Answer::Found { rate, price, billing, quantity })
        }
    };
    Step {
        service: rates.service.clone(),
        version: rates.version,
        kind: rates.kind,
        archived: rates.archived,
        path: rates.path(event, node),
        answer,
    }
}

impl Step {
    /// Whether no service is asked behind this one.
    fn decides(&self) -> bool {
        matches!(&self.answer,
            Answer::Found { price, .. } if !matches!(price, Price::NotIncluded | Price::Included))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::level;
    use super::*;
    use crate::allowance::{AllowanceId, Gone, Pot};
    use crate::money::Amount;

    const EVENT: Event = Event::sms("DE", Some("Vodafone"), Some("ACME"));

    fn shown(explained: &Explained) -> Vec<String> {
        let step = |step: &Step| match &step.answer {
            Answer::NoRate => format!("{} no rate", step.path),
            Answer::Found { price, .. } => {
                format!("{} {}", step.path, serde_json::to_value(price).unwrap()["type"])
            }
        };
        explained.steps.iter().map(step).collect()
    }

    fn cost(explained: &Explained) -> Result<String, &'static str> {
        let charges = explained.outcome.as_ref().map_err(QuoteError::code)?;
        Ok(Amount::checked_sum(charges.iter().map(|charge| charge.amount)).unwrap().to_string())
    }

    fn by_country(values: Value) -> Value {
        json!({"sms_message": {"depends_on": "country", "values": values}})
    }

    #[test]
    fn every_service_is_named_in_the_order_in_which_it_is_asked_until_one_decides() {
        let pack = json!({"kind": {"type": "unit_pack", "size": 1},
            "tree": by_country(json!({"AT": {"price": {"type": "included"}}}))});
        let other = by_country(json!({"DE": {"price": {"type": "not_included"}}}));
        let sells = by_country(json!({"DE": {"depends_on": "network",
            "values": {"Vodafone": {"price": {"type": "flat", "amount": "0.07"}}}}}));
        let level = level(1, &[other, sells.clone(), sells, pack]);
        let explained = &explain(&[level], &EVENT, &mut Stock::default(), Timestamp::UNIX_EPOCH)[0];
        assert_eq!(
            shown(explained),
            ["sms_message no rate", "sms_message/DE \"not_included\"", "sms_message/DE/Vodafone \"flat\""]
        );
        assert_eq!(cost(explained), Ok("0.07".into()));
    }

    #[test]
    fn a_level_that_sells_nothing_is_explained_beside_those_that_do() {
        let free = json!({"sms_message": {"price": {"type": "free"}}});
        let blocked = json!({"sms_message": {"price": {"type": "blocked"}}});
        let levels = [level(1, &[]), level(2, &[blocked]), level(3, &[free])];
        let explained = explain(&levels, &EVENT, &mut Stock::default(), Timestamp::UNIX_EPOCH);
        let costs: Vec<_> = explained.iter().map(cost).collect();
        assert_eq!(costs, [Err("no_rate"), Err("blocked"), Ok("0".into())]);
    }

    #[test]
    fn what_would_be_charged_depends_on_what_is_left() {
        let pack = json!({"kind": {"type": "unit_pack", "size": 10},
            "tree": {"sms_message": {"price": {"type": "included"}}}});
        let level = level(1, &[pack, json!({"sms_message": {"price": {"type": "flat", "amount": "0.07"}}})]);
        let (agreement, service) = (&level.agreement, &level.rates[0].service);
        let id = AllowanceId::of_pack(&agreement.id, service, &Timestamp::UNIX_EPOCH.to_string());
        let pot = Pot::allowance(&agreement.wallet(), &id);
        let levels = std::slice::from_ref(&level);
        for (gone, expected) in [(9, "0"), (10, "0.07")] {
            let mut stock = Stock::default();
            stock.gone.insert(pot.clone(), Gone { drawn: Amount::whole(gone), granted: Amount::ZERO });
            let explained = &explain(levels, &EVENT, &mut stock, Timestamp::UNIX_EPOCH)[0];
            assert_eq!(cost(explained), Ok(expected.into()));
        }
    }
}
