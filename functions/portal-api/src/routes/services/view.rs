//! Services and their scopes as the API shows them.

use domain::rating::{RateTree, Scope, Service, ServiceKind, TreeError};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// Of a tree that lacks much, so many of its places are named.
const PROBLEMS_MAX: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    /// Its id.
    id: String,
    /// Whose rate plan it is; it may be enabled on this company's agreements with those below it.
    company: String,
    /// Its name.
    name: String,
    /// What is said about it.
    description: String,
    /// How it sells.
    #[schema(value_type = schema::ServiceKind)]
    kind: ServiceKind,
    /// What its prices are in; null where there is no money in it.
    currency: Option<String>,
    /// Counts every change of the service and of its trees, from 1; for `If-Match`.
    version: u32,
    /// What an archived service sold is refused, wherever it is enabled.
    archived: bool,
    /// Its validity periods, in the order in which they were made.
    scopes: Vec<ScopeView>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ScopeView {
    /// Its number within the service.
    number: u32,
    /// Whether its tree is in force now. Of scopes whose times overlap, the one made first keeps the floor.
    current: bool,
    /// Not in force, whatever its times say.
    draft: bool,
    /// In force for what is accepted at this time or later.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Not in force from this time on; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// The version of its tree; null before it has one.
    tree: Option<u32>,
    /// Whether every node of the tree leads to prices. Only then may the scope be in force.
    complete: bool,
}

/// A scope with what its tree lacks.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScopeDetail {
    /// The service's id.
    service: String,
    /// Of the service; for `If-Match`.
    version: u32,
    #[serde(flatten)]
    scope: ScopeView,
    /// How many places of the tree lack something.
    problems_total: usize,
    /// The first 100 of them.
    problems: Vec<ProblemView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemView {
    /// The node, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde.
    path: String,
    /// What it lacks.
    problem: String,
}

impl ServiceView {
    pub fn at(service: Service, now: Timestamp) -> Self {
        let current = service.scope_at(now).map(|scope| scope.number);
        let scopes = service.scopes.iter().map(|scope| ScopeView::of(scope, current)).collect();
        Self {
            id: service.id.into(),
            company: service.company.into(),
            name: service.name,
            description: service.description,
            kind: service.kind,
            currency: service.kind.has_currency().then(|| service.currency.to_string()),
            version: service.version,
            archived: service.archived,
            scopes,
            created_at: service.created_at,
        }
    }
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        Self::at(service, runtime::now())
    }
}

impl ScopeView {
    fn of(scope: &Scope, current: Option<u32>) -> Self {
        Self {
            number: scope.number,
            current: current == Some(scope.number),
            draft: scope.draft,
            effective_from: scope.effective_from,
            effective_till: scope.effective_till,
            tree: scope.tree,
            complete: scope.complete,
        }
    }

    pub fn all(service: &Service) -> Vec<Self> {
        let current = service.scope_at(runtime::now()).map(|scope| scope.number);
        service.scopes.iter().map(|scope| Self::of(scope, current)).collect()
    }
}

impl ScopeDetail {
    /// `tree` is the scope's tree; none if it has none, or is known to be complete.
    pub fn new(service: &Service, scope: &Scope, tree: Option<&RateTree>) -> Self {
        let problems = match (scope.complete, tree) {
            (true, _) => Vec::new(),
            (false, tree) => tree.map_or_else(|| RateTree::default().problems(), RateTree::problems),
        };
        let current = service.scope_at(runtime::now()).map(|scope| scope.number);
        Self {
            service: service.id.to_string(),
            version: service.version,
            scope: ScopeView::of(scope, current),
            problems_total: problems.len(),
            problems: problems.into_iter().take(PROBLEMS_MAX).map(Into::into).collect(),
        }
    }
}

impl From<TreeError> for ProblemView {
    fn from(error: TreeError) -> Self {
        Self { path: error.path, problem: error.problem.to_string() }
    }
}
