//! When which tree of a service is in force (guide, section 7.3.1, step II).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Service;

/// A validity period with a tree of its own, or a draft of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Within the service, from 1.
    pub number: u32,
    /// Not in force, whatever its times say.
    pub draft: bool,
    pub effective_from: Timestamp,
    /// For ever if there is none; this moment is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<Timestamp>,
    /// The version of its tree; none before it got one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<u32>,
    /// Whether that tree lacks nothing.
    pub complete: bool,
}

/// What may change of a scope; what is not named stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeChange {
    pub draft: Option<bool>,
    pub effective_from: Option<Timestamp>,
    pub effective_till: Option<Option<Timestamp>>,
}

/// A service is one item, and each scope takes 150 bytes of it.
pub const SCOPES_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    #[error("there is no such scope")]
    NoSuchScope,
    #[error("`effective_till` must be later than `effective_from`")]
    TimesReversed,
    #[error("a scope whose tree is incomplete stays a draft")]
    Incomplete,
    #[error("a service has at most {SCOPES_MAX} scopes")]
    TooMany,
    #[error("the scope in force is not deleted: make it a draft or give it an end first")]
    InForce,
}

impl Scope {
    pub fn holds_at(&self, now: Timestamp) -> bool {
        !self.draft && self.effective_from <= now && self.effective_till.is_none_or(|till| now < till)
    }

    fn check(&self, needs_tree: bool) -> Result<(), ScopeError> {
        if self.effective_till.is_some_and(|till| till <= self.effective_from) {
            return Err(ScopeError::TimesReversed);
        }
        if !self.draft && needs_tree && !(self.complete && self.tree.is_some()) {
            return Err(ScopeError::Incomplete);
        }
        Ok(())
    }
}

impl Service {
    /// The scope in force. Where several hold, the one made first keeps the floor until it is changed.
    pub fn scope_at(&self, now: Timestamp) -> Option<&Scope> {
        self.scopes.iter().find(|scope| scope.holds_at(now))
    }

    /// The version of the tree in force.
    pub fn tree_at(&self, now: Timestamp) -> Option<u32> {
        self.scope_at(now)?.tree
    }

    pub fn scope(&self, number: u32) -> Result<&Scope, ScopeError> {
        self.scopes.iter().find(|scope| scope.number == number).ok_or(ScopeError::NoSuchScope)
    }

    /// The service with one more scope, which begins with the tree of the given version, if any.
    pub fn with_scope(mut self, scope: Scope) -> Result<Self, ScopeError> {
        if self.scopes.len() >= SCOPES_MAX {
            return Err(ScopeError::TooMany);
        }
        let number = self.scopes.iter().map(|scope| scope.number).max().unwrap_or_default() + 1;
        let scope = Scope { number, ..scope };
        scope.check(self.needs_tree())?;
        self.scopes.push(scope);
        self.version += 1;
        Ok(self)
    }

    pub fn with_scope_changed(mut self, number: u32, change: ScopeChange) -> Result<Self, ScopeError> {
        let needs_tree = self.needs_tree();
        let scope = self.scope_mut(number)?;
        scope.draft = change.draft.unwrap_or(scope.draft);
        scope.effective_from = change.effective_from.unwrap_or(scope.effective_from);
        scope.effective_till = change.effective_till.unwrap_or(scope.effective_till);
        scope.check(needs_tree)?;
        self.version += 1;
        Ok(self)
    }

    /// The service with another tree in a scope: the next version. What is in force needs a whole tree.
    pub fn with_tree(mut self, number: u32, complete: bool) -> Result<Self, ScopeError> {
        let (needs_tree, version) = (self.needs_tree(), self.version + 1);
        let scope = self.scope_mut(number)?;
        (scope.tree, scope.complete) = (Some(version), complete);
        scope.check(needs_tree)?;
        self.version = version;
        Ok(self)
    }

    pub fn without_scope(mut self, number: u32, now: Timestamp) -> Result<Self, ScopeError> {
        self.scope(number)?;
        if self.scope_at(now).is_some_and(|scope| scope.number == number) {
            return Err(ScopeError::InForce);
        }
        self.scopes.retain(|scope| scope.number != number);
        self.version += 1;
        Ok(self)
    }

    fn scope_mut(&mut self, number: u32) -> Result<&mut Scope, ScopeError> {
        self.scopes.iter_mut().find(|scope| scope.number == number).ok_or(ScopeError::NoSuchScope)
    }

    /// A bundle pack counts recipients and has nothing to say about prices.
    fn needs_tree(&self) -> bool {
        !self.kind.is_bundle_pack()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CompanyId, ServiceId};
    use crate::money::Currency;
    use crate::rating::ServiceKind;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn scope(from: i64, till: Option<i64>) -> Scope {
        Scope {
            number: 0,
            draft: false,
            effective_from: at(from),
            effective_till: till.map(at),
            tree: Some(1),
            complete: true,
        }
    }

    fn service() -> Service {
        Service {
            id: ServiceId::new(1),
            company: CompanyId::new(1),
            name: "Europe".into(),
            description: String::new(),
            currency: Currency::parse("EUR").unwrap(),
            kind: ServiceKind::PayAsYouGo,
            version: 1,
            scopes: Vec::new(),
            archived: false,
            created_at: at(0),
        }
    }

    fn current(service: &Service, day: i64) -> Option<u32> {
        service.scope_at(at(day)).map(|scope| scope.number)
    }

    #[test]
    fn of_scopes_that_overlap_the_older_keeps_the_floor_until_it_is_changed_or_a_draft() {
        let service = service().with_scope(scope(10, None)).unwrap().with_scope(scope(20, Some(30))).unwrap();
        assert_eq!(
            (current(&service, 9), current(&service, 10), current(&service, 25)),
            (None, Some(1), Some(1))
        );
        let ended = ScopeChange { effective_till: Some(Some(at(22))), ..ScopeChange::default() };
        let changed = service.clone().with_scope_changed(1, ended).unwrap();
        assert_eq!(
            (current(&changed, 21), current(&changed, 22), current(&changed, 30)),
            (Some(1), Some(2), None)
        );
        let draft = ScopeChange { draft: Some(true), ..ScopeChange::default() };
        assert_eq!(current(&service.with_scope_changed(1, draft).unwrap(), 25), Some(2));
    }

    #[test]
    fn an_incomplete_tree_stays_a_draft() {
        let incomplete = Scope { draft: true, tree: None, complete: false, ..scope(10, None) };
        let service = service().with_scope(incomplete).unwrap().with_tree(1, false).unwrap();
        let activate = ScopeChange { draft: Some(false), ..ScopeChange::default() };
        assert_eq!(service.clone().with_scope_changed(1, activate), Err(ScopeError::Incomplete));
        let whole = service.with_tree(1, true).unwrap().with_scope_changed(1, activate).unwrap();
        assert_eq!(current(&whole, 10), Some(1));
        assert_eq!(whole.clone().with_tree(1, false), Err(ScopeError::Incomplete));
        assert_eq!(
            (whole.tree_at(at(10)), whole.version),
            (Some(4), 5),
            "a tree keeps the version it was given"
        );
    }

    #[test]
    fn times_are_in_order_and_the_scope_in_force_is_not_deleted() {
        assert_eq!(service().with_scope(scope(10, Some(10))), Err(ScopeError::TimesReversed));
        let service = service().with_scope(scope(10, Some(20))).unwrap();
        assert_eq!(service.clone().without_scope(1, at(15)), Err(ScopeError::InForce));
        assert_eq!(service.clone().without_scope(2, at(15)), Err(ScopeError::NoSuchScope));
        assert!(service.without_scope(1, at(20)).unwrap().scopes.is_empty());
    }
}
