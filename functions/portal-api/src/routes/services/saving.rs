//! How a changed service gets into the store: checked, with its tree, and under the version that the caller
//! has seen.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::rating::{CompiledTree, RateTree, Scope, Service, ServiceKind};
use http::header::ETAG;
use runtime::auth::Principal;
use runtime::http::Problem;
use serde::Serialize;
use store::Stored;

use super::view::ScopeDetail;
use crate::error::{ApiError, busy};
use crate::{App, files};

/// Whether a tree is complete. What is in force has to be; what is wrong is refused even in a draft.
pub fn check(tree: &RateTree, kind: ServiceKind, draft: bool) -> Result<bool, ApiError> {
    let complete = tree.check_for(kind);
    if draft {
        tree.check_draft_for(kind)?;
        return Ok(complete.is_ok());
    }
    complete?;
    Ok(true)
}

/// Stores the next version of a service, with the tree that it was given, if any.
pub async fn save(
    app: &App,
    who: &Principal,
    before: &Service,
    after: Service,
    tree: Option<&RateTree>,
) -> Result<Service, ApiError> {
    let tree = tree.map(CompiledTree::compile).transpose()?;
    let act = app.seen_by(who).act_on(&before.company).await?;
    match app.store.change_service(&act, before, &after, tree.as_ref()).await? {
        Stored::Now => Ok(after),
        Stored::Overtaken => Err(busy()),
    }
}

/// Puts a tree into a scope.
pub async fn save_tree(
    app: &App,
    who: &Principal,
    before: &Service,
    number: u32,
    tree: &RateTree,
) -> Result<Service, ApiError> {
    let complete = check(tree, before.kind, before.scope(number)?.draft)?;
    let after = before.clone().with_tree(number, complete)?;
    save(app, who, before, after, Some(tree)).await
}

/// The tree of a scope, as people edit it; empty if it has none yet.
pub async fn tree_of(app: &App, service: &Service, scope: &Scope) -> Result<RateTree, ApiError> {
    let Some(version) = scope.tree else { return Ok(RateTree::default()) };
    let tree = app.store.tree(&service.id, version).await?;
    Ok(tree.ok_or_else(|| Problem::not_found("tree"))?.decompile())
}

/// A scope with what its tree lacks.
pub async fn detail(app: &App, service: &Service, number: u32) -> Result<ScopeDetail, ApiError> {
    let scope = service.scope(number)?;
    if scope.complete {
        return Ok(ScopeDetail::new(service, scope, None));
    }
    let tree = tree_of(app, service, scope).await?;
    Ok(ScopeDetail::new(service, scope, Some(&tree)))
}

/// An answer with the service's version as its `ETag`.
pub fn tagged<T: Serialize>(service: &Service, body: T) -> Response {
    ([(ETAG, tag(service))], Json(body)).into_response()
}

pub fn tag(service: &Service) -> String {
    format!("\"{}\"", service.version)
}

/// Whether an answer has room for the tree.
pub fn fits(tree: &RateTree) -> bool {
    serde_json::to_string(tree).is_ok_and(|text| files::fits(&text))
}
