//! The validity periods of a service.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::catalog::Thing;
use domain::permission::Area;
use domain::rating::{RateTree, Scope, ScopeChange, ScopeError, Service};
use http::StatusCode;
use http::header::ETAG;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::IfMatch;
use serde::Deserialize;
use utoipa::ToSchema;

use super::saving::{check, detail, save, tag, tagged, tree_of};
use super::view::{ScopeDetail, ScopeView, ServiceView};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::routes::{Reply, present};
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeRequest {
    /// Not in force, whatever its times say. True unless `effective_from` and a complete tree are given.
    draft: Option<bool>,
    /// In force for what is accepted at this time or later; now unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Not in force from this time on; no end unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Its prices; none yet unless told.
    #[schema(value_type = Option<schema::RateTree>)]
    tree: Option<RateTree>,
    /// Takes the tree of another scope instead.
    copy_from: Option<CopyFrom>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyFrom {
    /// A service that you see; this one unless told.
    service: Option<String>,
    /// The number of one of its scopes.
    scope: u32,
}

/// Where a new scope has its tree from.
enum Origin {
    /// None yet.
    Nowhere,
    /// A version of the same service.
    Version(Scope),
    New(RateTree),
}

/// A service's scopes.
#[utoipa::path(get, path = "/v1/services/{id}/scopes", tag = "services",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 200, description = "In the order in which they were made", body = List<ScopeView>)))]
pub async fn list(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<List<ScopeView>> {
    let service = app.seen_by(&who).service(&id).await?;
    rights::view(&who, Area::Services)?;
    Ok(Json(List::all(ScopeView::all(&service))))
}

/// Create a scope.
///
/// Of scopes whose times overlap, the one made first keeps the floor until it is changed, or set to draft.
#[utoipa::path(post, path = "/v1/services/{id}/scopes", tag = "services", request_body = ScopeRequest,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("If-Match" = Option<String>, Header, description = "The version of the service that you have seen")
    ),
    responses((status = 201, description = "The new scope", body = ScopeDetail,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ScopeRequest>,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let before = app.seen_by(&who).service(&id).await?;
    if_match.check(before.revision())?;
    let ScopeRequest { draft, effective_from, effective_till, tree, copy_from } = body;
    let origin = match (tree, copy_from) {
        (Some(_), Some(_)) => {
            let detail = "a scope has its tree either from here or from `copy_from`";
            return Err(Problem::invalid("copy_from", detail).into());
        }
        (Some(tree), None) => Origin::New(tree),
        (None, Some(from)) => {
            copied(&app, &who, &before, from).await.map_err(|error| error.field("copy_from"))?
        }
        (None, None) => Origin::Nowhere,
    };
    let complete = match &origin {
        Origin::Nowhere => before.kind.is_bundle_pack(),
        Origin::Version(scope) => scope.complete,
        Origin::New(tree) => check(tree, before.kind, draft != Some(false))?,
    };
    let scope = Scope {
        number: 0,
        draft: draft.unwrap_or(!(complete && effective_from.is_some())),
        effective_from: effective_from.unwrap_or_else(runtime::now),
        effective_till,
        tree: match &origin {
            Origin::Nowhere => None,
            Origin::Version(scope) => scope.tree,
            Origin::New(_) => Some(before.version + 1),
        },
        complete,
    };
    let after = before.clone().with_scope(scope.clone());
    let after = named(&app, &before, &scope, after).await?;
    let new = if let Origin::New(tree) = &origin { Some(tree) } else { None };
    let after = save(&app, &who, &before, after, new).await?;
    let number = after.scopes.last().map(|scope| scope.number).unwrap_or_default();
    let body = Json(detail(&app, &after, number).await?);
    Ok((StatusCode::CREATED, [(ETAG, tag(&after))], body).into_response())
}

async fn copied(app: &App, who: &Principal, service: &Service, from: CopyFrom) -> Result<Origin, ApiError> {
    let source = match &from.service {
        Some(id) => app.seen_by(who).service(id).await?,
        None => service.clone(),
    };
    let scope = source.scope(from.scope)?;
    if source.id == service.id {
        return Ok(Origin::Version(scope.clone()));
    }
    Ok(Origin::New(tree_of(app, &source, scope).await?))
}

/// A scope that is not complete is refused with the node that lacks something.
async fn named(
    app: &App,
    service: &Service,
    scope: &Scope,
    changed: Result<Service, ScopeError>,
) -> Result<Service, ApiError> {
    if changed == Err(ScopeError::Incomplete) {
        tree_of(app, service, scope).await?.check_for(service.kind)?;
    }
    Ok(changed?)
}

/// One scope, with what its tree lacks.
///
/// The `ETag` is the service's version, for `If-Match`.
#[utoipa::path(get, path = "/v1/services/{id}/scopes/{number}", tag = "services",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number")
    ),
    responses((status = 200, description = "The scope", body = ScopeDetail,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
) -> Result<Response, ApiError> {
    let service = app.seen_by(&who).service(&id).await?;
    rights::view(&who, Area::Services)?;
    let detail = detail(&app, &service, number).await?;
    Ok(tagged(&service, detail))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopePatch {
    /// False puts it in force, at its times: its tree has to be complete.
    draft: Option<bool>,
    /// In force for what is accepted at this time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Not in force from this time on; null for no end.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Option<Timestamp>>,
}

/// Change a scope's times, or whether it is a draft.
///
/// What is not named stays.
#[utoipa::path(patch, path = "/v1/services/{id}/scopes/{number}", tag = "services", request_body = ScopePatch,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ("If-Match" = Option<String>, Header, description = "The version of the service that you have seen")
    ),
    responses(
        (status = 200, description = "The scope as it is now", body = ScopeDetail,
            headers(("ETag" = String, description = "The version of the service"))),
        (status = 412, description = "The version is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    if_match: IfMatch,
    Body(body): Body<ScopePatch>,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let before = app.seen_by(&who).service(&id).await?;
    if_match.check(before.revision())?;
    let scope = before.scope(number)?;
    let ScopePatch { draft, effective_from, effective_till } = body;
    let after =
        before.clone().with_scope_changed(number, ScopeChange { draft, effective_from, effective_till });
    let after = named(&app, &before, scope, after).await?;
    let after = save(&app, &who, &before, after, None).await?;
    let detail = detail(&app, &after, number).await?;
    Ok(tagged(&after, detail))
}

/// Delete a scope.
///
/// Not the one in force. What was priced by its tree keeps its prices.
#[utoipa::path(delete, path = "/v1/services/{id}/scopes/{number}", tag = "services",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ("If-Match" = Option<String>, Header, description = "The version of the service that you have seen")
    ),
    responses((status = 200, description = "The service as it is now", body = ServiceView,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    if_match: IfMatch,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let before = app.seen_by(&who).service(&id).await?;
    if_match.check(before.revision())?;
    let after = before.clone().without_scope(number, runtime::now())?;
    let after = save(&app, &who, &before, after, None).await?;
    Ok(tagged(&after, ServiceView::from(after.clone())))
}
