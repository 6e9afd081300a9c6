//! Rate plans, packs and bundles, with their trees.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::id::ServiceId;
use domain::money::Currency;
use domain::rating::{RateTree, Service, ServiceKind};
use http::HeaderMap;
use http::header::{ETAG, IF_MATCH};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::Stored;
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::{rights, schema};

/// A tree is one item of the table, which holds at most 400 KB; this leaves room for the rest of it.
const TREE_BYTES_MAX: usize = 300_000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRequest {
    /// 1 to 120 characters.
    #[schema(example = "Europe 2026")]
    name: String,
    /// How it sells; pay as you go unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::ServiceKind>)]
    kind: ServiceKind,
    /// What its prices are in: an ISO 4217 code, or `CREDIT`. Unit packs, bundle initiators and bundle
    /// packs have none.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// Its prices. Every node has to lead to one that its kind may have. Only a bundle pack needs no tree.
    #[serde(default = "no_tree")]
    #[schema(value_type = Option<schema::RateTree>)]
    tree: RateTree,
}

fn no_tree() -> RateTree {
    RateTree { resources: BTreeMap::new() }
}

impl ServiceRequest {
    fn currency(&self) -> Result<Currency, ApiError> {
        match (self.kind.has_currency(), &self.currency) {
            (true, Some(code)) => fields::currency(code),
            (true, None) => Err(Problem::invalid("currency", "a service with prices has a currency").into()),
            // Never asked for: nothing in it is money.
            (false, None) => Ok(Currency::Credit),
            (false, Some(_)) => {
                Err(Problem::invalid("currency", "a service of this kind has no currency").into())
            }
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    /// Its id.
    id: String,
    /// Whose rate plan it is; it may be enabled on this company's agreements with those below it.
    company: String,
    /// Its name.
    name: String,
    /// How it sells.
    #[schema(value_type = schema::ServiceKind)]
    kind: ServiceKind,
    /// What its prices are in; null where there is no money in it.
    currency: Option<String>,
    /// The version of the tree in force, from 1.
    version: u32,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceWithTree {
    #[serde(flatten)]
    service: ServiceView,
    /// The tree in force.
    #[schema(value_type = schema::RateTree)]
    tree: RateTree,
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        Self {
            id: service.id.into(),
            company: service.company.into(),
            name: service.name,
            kind: service.kind,
            currency: service.kind.has_currency().then(|| service.currency.to_string()),
            version: service.version,
            created_at: service.created_at,
        }
    }
}

fn check(tree: &RateTree, kind: ServiceKind) -> Result<(), ApiError> {
    tree.check_for(kind)?;
    let bytes = serde_json::to_vec(tree).map_or(usize::MAX, |text| text.len());
    if bytes > TREE_BYTES_MAX {
        let detail = format!("a tree has at most {TREE_BYTES_MAX} bytes as JSON, this one has {bytes}");
        return Err(Problem::invalid("tree", detail).into());
    }
    Ok(())
}

/// Create a rate plan, a pack or a part of a bundle of your own.
#[utoipa::path(post, path = "/v1/services", tag = "services", request_body = ServiceRequest,
    responses((status = 201, description = "The new rate plan", body = ServiceView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ServiceRequest>,
) -> Created<ServiceView> {
    rights::sells(&who)?;
    check(&body.tree, body.kind)?;
    let service = Service {
        id: ServiceId::new(runtime::fresh()),
        company: who.company.id,
        name: fields::name(&body.name)?,
        currency: body.currency()?,
        kind: body.kind,
        version: 1,
        archived: false,
        created_at: runtime::now(),
    };
    app.store.put_service(&service, &body.tree).await?;
    created(service)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ServiceFilter {
    /// Whose rate plans; yours unless told.
    company: Option<String>,
}

/// A company's rate plans.
#[utoipa::path(get, path = "/v1/services", tag = "services", params(ServiceFilter),
    responses((status = 200, description = "Oldest first", body = List<ServiceView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<ServiceFilter>,
) -> Reply<List<ServiceView>> {
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    Ok(Json(List::all(app.store.services_of(&company.id).await?)))
}

/// One rate plan with its tree.
///
/// The `ETag` is the tree's version, for `If-Match`.
#[utoipa::path(get, path = "/v1/services/{id}", tag = "services",
    params(("id" = String, Path, description = "The rate plan's id")),
    responses((status = 200, description = "The rate plan", body = ServiceWithTree,
        headers(("ETag" = String, description = "The version of the tree")))))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let service = app.seen_by(&who).service(&id).await?;
    let tree = app.store.tree(&service.id, service.version).await?;
    let tree = tree.ok_or_else(|| Problem::not_found("tree"))?;
    let tag = [(ETAG, format!("\"{}\"", service.version))];
    Ok((tag, Json(ServiceWithTree { service: service.into(), tree })).into_response())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TreeRequest {
    /// The new prices. Every node has to lead to a price.
    #[schema(value_type = schema::RateTree)]
    tree: RateTree,
}

/// Put new prices in force.
///
/// They hold for messages accepted from now on; what was priced keeps its price. With `If-Match` only
/// if the version is still the named one.
#[utoipa::path(put, path = "/v1/services/{id}/tree", tag = "services", request_body = TreeRequest,
    params(
        ("id" = String, Path, description = "The rate plan's id"),
        ("If-Match" = Option<String>, Header, description = "The version that the new tree was made from")
    ),
    responses(
        (status = 200, description = "The rate plan with its new version", body = ServiceView),
        (status = 412, description = "The version is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn replace_tree(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<TreeRequest>,
) -> Reply<ServiceView> {
    let service = app.seen_by(&who).service(&id).await?;
    require_match(&headers, service.version)?;
    check(&body.tree, service.kind)?;
    let changed = Service { version: service.version + 1, ..service };
    match app.store.replace_tree(&changed, &body.tree).await? {
        Stored::Now => Ok(Json(changed.into())),
        Stored::Overtaken => Err(busy()),
    }
}

fn require_match(headers: &HeaderMap, version: u32) -> Result<(), ApiError> {
    let Some(named) = headers.get(IF_MATCH) else { return Ok(()) };
    let named = named.to_str().unwrap_or_default().trim_matches('"');
    if named == "*" || named == version.to_string() {
        return Ok(());
    }
    let detail = format!("The tree is at version {version} by now.");
    Err(Problem::new(412, "version_differs", detail).figure("version", version).into())
}
