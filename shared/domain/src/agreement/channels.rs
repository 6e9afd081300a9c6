//! What pay-as-you-go services have prices of, and when. Under an agreement no two of them have prices of the
//! same resource of a channel at the same time (guide, section 6.4.1).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{AgreementError, EnabledService};
use crate::id::ServiceId;
use crate::rating::{CompiledTree, Resource, Scope, Service};

/// From the first moment on, until before the other one if there is one.
type Span = (Timestamp, Option<Timestamp>);

/// A pay-as-you-go service with what it has prices of, scope by scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatePlan {
    service: ServiceId,
    name: String,
    sold: Vec<(Span, BTreeSet<Resource>)>,
}

impl RatePlan {
    /// Without scopes yet.
    pub fn new(service: &Service) -> Self {
        Self { service: service.id.clone(), name: service.name.clone(), sold: Vec::new() }
    }

    /// One more scope. Those made earlier come first: while one of them holds this one does not.
    #[must_use]
    pub fn with_scope(mut self, scope: &Scope, tree: &CompiledTree) -> Self {
        let sold: BTreeSet<_> = tree.sold().filter(|resource| resource.is_sold_by_one()).collect();
        let earlier = self.sold.iter().map(|(times, _)| *times);
        let times = outside((scope.effective_from, scope.effective_till), earlier);
        self.sold.extend(times.into_iter().map(|times| (times, sold.clone())));
        self
    }

    /// A resource that both have prices of at some time of this span.
    fn sells_beside(&self, other: &Self, span: Span) -> Option<Resource> {
        self.sold.iter().find_map(|(times, sold)| {
            let span = common(span, *times)?;
            let at_once = other.sold.iter().filter(|(times, _)| common(span, *times).is_some());
            at_once.flat_map(|(_, also)| sold.intersection(also)).next().copied()
        })
    }
}

/// What is enabled under an agreement, with the times at which it was not before.
#[derive(Debug)]
pub struct NewlyEnabled<'a> {
    all: &'a [EnabledService],
    new: Vec<(&'a EnabledService, Span)>,
}

impl<'a> NewlyEnabled<'a> {
    pub fn between(before: &[EnabledService], after: &'a [EnabledService]) -> Self {
        let mut new = Vec::new();
        for enabled in after.iter().filter(|enabled| enabled.purchase.is_none()) {
            let earlier = before.iter().filter(|earlier| earlier.service == enabled.service);
            let times = outside(enabled.span(), earlier.map(EnabledService::span));
            new.extend(times.into_iter().map(|span| (enabled, span)));
        }
        Self { all: after, new }
    }

    /// The services that are enabled at a new time of one of them.
    pub fn services(&self) -> BTreeSet<ServiceId> {
        let enabled =
            self.all.iter().filter(|enabled| enabled.purchase.is_none() && self.meets(enabled.span()));
        enabled.map(|enabled| enabled.service.clone()).collect()
    }

    /// Whether this scope may be in force at a new time.
    pub fn reaches(&self, scope: &Scope) -> bool {
        !scope.draft && self.meets((scope.effective_from, scope.effective_till))
    }

    fn meets(&self, span: Span) -> bool {
        self.new.iter().any(|(_, new)| common(*new, span).is_some())
    }

    /// Refuses a new time at which another service has prices of the same; what was so before stays. `plans` has
    /// the pay-as-you-go ones among [`Self::services`], with all scopes that are reached.
    pub fn check(&self, plans: &[RatePlan]) -> Result<(), AgreementError> {
        let plan_of = |enabled: &EnabledService| plans.iter().find(|plan| plan.service == enabled.service);
        for (enabled, span) in &self.new {
            let Some(plan) = plan_of(enabled) else { continue };
            for other in self.all.iter().filter(|other| other.service != enabled.service) {
                let Some((other, span)) = plan_of(other).zip(common(*span, other.span())) else { continue };
                if let Some(resource) = plan.sells_beside(other, span) {
                    let (one, other) = (plan.name.clone(), other.name.clone());
                    return Err(AgreementError::ChannelTaken { one, other, resource: resource.name() });
                }
            }
        }
        Ok(())
    }
}

impl EnabledService {
    fn span(&self) -> Span {
        (self.effective_from, self.effective_till)
    }
}

fn common((from, till): Span, (other_from, other_till): Span) -> Option<Span> {
    let from = from.max(other_from);
    let till = [till, other_till].into_iter().flatten().min();
    till.is_none_or(|till| from < till).then_some((from, till))
}

/// What of a span is in none of the others.
fn outside(span: Span, others: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut left = vec![span];
    for (from, till) in others {
        let before = (Timestamp::MIN, Some(from));
        let after = till.map(|till| (till, None));
        let parts =
            |span| [Some(before), after].into_iter().flatten().filter_map(move |part| common(span, part));
        left = left.into_iter().flat_map(parts).collect();
    }
    left
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::CompanyId;
    use crate::money::Currency;
    use crate::rating::ServiceKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn enabled(number: u128, from: i64, till: Option<i64>) -> EnabledService {
        EnabledService::new(ServiceId::new(number), at(from), till.map(at))
    }

    /// A plan with a price of each of these resources, in a scope from the beginning till then.
    fn plan(number: u128, resources: &[&str], till: Option<i64>) -> RatePlan {
        plan_of(number, &[(resources, till)])
    }

    /// A plan with such scopes.
    fn plan_of(number: u128, scopes: &[(&[&str], Option<i64>)]) -> RatePlan {
        let (company, currency) = (CompanyId::new(0), Currency::parse("EUR").unwrap());
        let (id, name) = (ServiceId::new(number), format!("Plan {number}"));
        let service = Service::in_force(id, company, &name, currency, ServiceKind::PayAsYouGo, at(0));
        let price = json!({"price": {"type": "flat", "amount": "1"}});
        scopes.iter().fold(RatePlan::new(&service), |plan, (resources, till)| {
            let tree: serde_json::Map<_, _> =
                resources.iter().map(|name| ((*name).to_owned(), price.clone())).collect();
            let tree = serde_json::from_value(tree.into()).unwrap();
            let scope = Scope { effective_till: till.map(at), ..service.scopes[0].clone() };
            plan.with_scope(&scope, &CompiledTree::compile(&tree).unwrap())
        })
    }

    fn check(one: &EnabledService, other: &EnabledService, plans: &[RatePlan]) -> Result<(), String> {
        let after = [other.clone(), one.clone()];
        let new = NewlyEnabled::between(&after[..1], &after);
        new.check(plans).map_err(|error| error.to_string())
    }

    #[test]
    fn two_plans_that_both_have_prices_of_a_resource_are_never_enabled_at_once() {
        let plans = [plan(1, &["sms_message", "viber_message"], None), plan(2, &["viber_message"], None)];
        let refused = "`Plan 2` and `Plan 1` both have prices of viber_message for a part of this time: of \
            pay-as-you-go services only one sells a resource at a time";
        let one = enabled(1, 10, Some(20));
        assert_eq!(check(&enabled(2, 0, None), &one, &plans), Err(refused.to_owned()));
        assert_eq!(check(&enabled(2, 19, Some(30)), &one, &plans), Err(refused.to_owned()));
        assert_eq!(check(&enabled(2, 20, None), &one, &plans), Ok(()));
        assert_eq!(check(&enabled(2, 0, Some(10)), &one, &plans), Ok(()));
    }

    #[test]
    fn plans_of_other_resources_stand_beside_each_other_and_so_do_those_that_sell_things_by_name() {
        let of = |one, other| {
            let plans = [plan(1, one, None), plan(2, other, None)];
            check(&enabled(2, 0, None), &enabled(1, 0, None), &plans).is_ok()
        };
        assert!(of(&["sms_message"], &["viber_message"]));
        assert!(of(&["whatsapp_message"], &["whatsapp_conversation"]));
        assert!(of(&["service_purchase", "additional_service"], &["service_purchase", "additional_service"]));
        assert!(!of(&["sender_id_usage_fee"], &["sms_message", "sender_id_usage_fee"]));
    }

    #[test]
    fn what_a_scope_sold_before_is_free_for_another_plan() {
        let plans = [plan(1, &["sms_message"], Some(10)), plan(2, &["sms_message"], None)];
        let one = enabled(1, 0, None);
        assert_eq!(check(&enabled(2, 10, None), &one, &plans), Ok(()));
        assert!(check(&enabled(2, 9, None), &one, &plans).is_err());
    }

    #[test]
    fn a_scope_sells_nothing_while_an_earlier_one_holds() {
        let of = |first_till| {
            let scopes: [(&[&str], _); 2] = [(&["viber_message"], first_till), (&["sms_message"], None)];
            let plans = [plan_of(1, &scopes), plan(2, &["sms_message"], None)];
            check(&enabled(2, 0, Some(20)), &enabled(1, 0, None), &plans).is_ok()
        };
        assert!(of(None) && of(Some(20)));
        assert!(!of(Some(19)));
    }

    #[test]
    fn what_was_enabled_at_once_before_stays_and_gets_only_times_of_its_own() {
        let plans = [plan(1, &["sms_message"], None), plan(2, &["sms_message"], None)];
        let before = [enabled(1, 5, Some(15)), enabled(2, 0, Some(10))];
        let check = |from, till| {
            let after = [enabled(1, from, till), before[1].clone()];
            NewlyEnabled::between(&before, &after).check(&plans)
        };
        for (from, till) in [(5, Some(15)), (6, Some(9)), (5, None), (12, Some(20))] {
            assert_eq!(check(from, till), Ok(()), "{from} {till:?}");
        }
        assert!(check(4, Some(15)).is_err());
        let after = [before[0].clone(), enabled(2, 0, Some(11))];
        assert!(NewlyEnabled::between(&before, &after).check(&plans).is_err());
    }

    #[test]
    fn of_services_only_those_at_a_new_time_matter() {
        let before = [enabled(1, 0, Some(10)), enabled(2, 20, None), enabled(3, 0, None)];
        let after = [enabled(1, 0, Some(20)), before[1].clone(), before[2].clone()];
        let services = |before, after| NewlyEnabled::between(before, after).services();
        assert_eq!(services(&before, &after), [1, 3].map(ServiceId::new).into());
        assert_eq!(services(&after, &before), BTreeSet::new());
    }
}
