//! When a change of a service changes what it charges, so that those who buy it can be told.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Service, ServiceKind};
use crate::id::{CompanyId, ServiceId};

/// From a moment on another tree of a service is in force than before the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateChange {
    pub service: ServiceId,
    pub company: CompanyId,
    pub name: String,
    /// Of the service: names the change.
    pub version: u32,
    pub effective_from: Timestamp,
    /// The version of the tree until then; none where none is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// The version of the tree from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    pub at: Timestamp,
}

impl Service {
    /// What this state of a service changes of the one before it: the first moment, from now on, at which
    /// they have different trees. None if nobody pays anything else, or if the service has no rates.
    pub fn rate_change(&self, before: &Service, now: Timestamp) -> Option<RateChange> {
        if self.kind != ServiceKind::PayAsYouGo {
            return None;
        }
        let scopes = self.scopes.iter().chain(&before.scopes);
        let bounds = scopes.flat_map(|scope| [Some(scope.effective_from), scope.effective_till]).flatten();
        let mut moments: Vec<Timestamp> = bounds.filter(|bound| *bound > now).chain([now]).collect();
        moments.sort_unstable();
        let effective_from =
            moments.into_iter().find(|moment| self.tree_at(*moment) != before.tree_at(*moment))?;
        let after = self.tree_at(effective_from);
        let until_then = match effective_from > now {
            true => self.tree_at(effective_from - SignedDuration::from_nanos(1)),
            false => before.tree_at(now),
        };
        // Of a change that was planned and is taken back, what was planned.
        let planned = before.tree_at(effective_from);
        Some(RateChange {
            service: self.id.clone(),
            company: self.company.clone(),
            name: self.name.clone(),
            version: self.version,
            effective_from,
            before: if until_then == after { planned } else { until_then },
            after,
            at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::rating::{Scope, ScopeChange};

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    /// In force since the first day, with an end or without.
    fn service(kind: ServiceKind) -> Service {
        let (id, company) = (ServiceId::new(1), CompanyId::new(1));
        Service::in_force(id, company, "Europe", Currency::parse("EUR").unwrap(), kind, at(1))
    }

    #[track_caller]
    fn check(before: &Service, after: &Service, expected: Option<(i64, Option<u32>, Option<u32>)>) {
        let change = after.rate_change(before, at(5));
        let shown = change.map(|change| (change.effective_from, change.before, change.after));
        assert_eq!(shown, expected.map(|(day, before, after)| (at(day), before, after)));
    }

    #[test]
    fn a_tree_saved_in_the_scope_in_force_changes_the_rates_at_once() {
        let before = service(ServiceKind::PayAsYouGo);
        check(&before, &before.clone().with_tree(1, true).unwrap(), Some((5, Some(1), Some(2))));
        let packs = service(ServiceKind::UnitPack { size: 1 });
        check(&packs, &packs.clone().with_tree(1, true).unwrap(), None);
        check(&before, &Service { name: "EU".into(), version: 2, ..before.clone() }, None);
    }

    #[test]
    fn a_scope_changes_the_rates_when_it_begins_and_a_draft_never() {
        let ended = ScopeChange { effective_till: Some(Some(at(9))), ..ScopeChange::default() };
        let before = service(ServiceKind::PayAsYouGo).with_scope_changed(1, ended).unwrap();
        let scope = Scope {
            number: 0,
            draft: true,
            effective_from: at(7),
            effective_till: None,
            tree: Some(3),
            complete: true,
        };
        let with_draft = before.clone().with_scope(scope).unwrap();
        check(&before, &with_draft, None);
        let active = ScopeChange { draft: Some(false), ..ScopeChange::default() };
        let after = with_draft.clone().with_scope_changed(2, active).unwrap();
        // The older scope keeps the floor until it ends.
        check(&with_draft, &after, Some((9, Some(1), Some(3))));
        let back = after.clone().with_scope_changed(1, ScopeChange { effective_till: Some(None), ..ended });
        check(&after, &back.unwrap(), Some((9, Some(3), Some(1))));
        let gone = after.clone().with_scope_changed(1, ScopeChange { draft: Some(true), ..active }).unwrap();
        check(&after, &gone, Some((5, Some(1), None)));
    }
}
