//! Rate plans, packs and bundles. Their validity periods are in `scopes`, their prices in `trees`.

pub mod saving;
pub mod scopes;
pub mod trees;
mod view;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::{self, Thing};
use domain::id::ServiceId;
use domain::money::Currency;
use domain::permission::Area;
use domain::rating::{CompiledTree, RateTree, Scope, Service, ServiceKind};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::IfMatch;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::saving::{check, fits, save, tagged, tree_of};
use self::view::ServiceView;
use super::{Created, created};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Format, Listing};
use crate::{rights, schema};

const DESCRIPTION_LENGTH_MAX: usize = 1_000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRequest {
    /// 1 to 120 characters.
    #[schema(example = "Europe 2026")]
    name: String,
    /// At most 1,000 characters; none unless told.
    #[serde(default)]
    description: String,
    /// How it sells; pay as you go unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::ServiceKind>)]
    kind: ServiceKind,
    /// What its prices are in: an ISO 4217 code, or `CREDIT`. Unit packs, bundle initiators and bundle
    /// packs have none.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// The prices of its first scope. Without them it is a draft, except of a bundle pack, which needs none.
    #[schema(value_type = Option<schema::RateTree>)]
    tree: Option<RateTree>,
    /// Whether its first scope is a draft, so that its tree may be incomplete; false unless told, if there
    /// is a tree.
    draft: Option<bool>,
    /// When its first scope begins; now unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// When its first scope ends; never unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceWithTree {
    #[serde(flatten)]
    service: ServiceView,
    /// The tree in force; null if there is none, or if it is so big that it has to be read by its nodes.
    #[schema(value_type = Option<schema::RateTree>)]
    tree: Option<RateTree>,
}

fn currency(kind: ServiceKind, code: Option<&str>) -> Result<Currency, ApiError> {
    match (kind.has_currency(), code) {
        (true, Some(code)) => fields::currency(code),
        (true, None) => Err(Problem::invalid("currency", "a service with prices has a currency").into()),
        // Never asked for: nothing in it is money.
        (false, None) => Ok(Currency::Credit),
        (false, Some(_)) => {
            Err(Problem::invalid("currency", "a service of this kind has no currency").into())
        }
    }
}

fn description(text: &str) -> Result<String, ApiError> {
    if text.chars().count() > DESCRIPTION_LENGTH_MAX {
        let detail = format!("a description has at most {DESCRIPTION_LENGTH_MAX} characters");
        return Err(Problem::invalid("description", detail).into());
    }
    Ok(text.trim().to_owned())
}

/// Create a rate plan, a pack or a part of a bundle of your own.
///
/// With a tree its prices are in force from now on. Without one it begins with a draft.
#[utoipa::path(post, path = "/v1/services", tag = "services", request_body = ServiceRequest,
    responses((status = 201, description = "The new service", body = ServiceView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ServiceRequest>,
) -> Created<ServiceView> {
    rights::manage(&who, Area::Services)?;
    let now = runtime::now();
    let needs_none = body.kind.is_bundle_pack();
    let draft = body.draft.unwrap_or(body.tree.is_none() && !needs_none);
    let tree = body.tree.or_else(|| needs_none.then(RateTree::default));
    // A kind that cannot be is refused even before there is a tree.
    let complete = check(tree.as_ref().unwrap_or(&RateTree::default()), body.kind, draft)?;
    let compiled = tree.as_ref().map(CompiledTree::compile).transpose()?;
    let service = Service {
        id: ServiceId::new(runtime::fresh()),
        company: who.company.id.clone(),
        name: fields::name(&body.name)?,
        description: description(&body.description)?,
        currency: currency(body.kind, body.currency.as_deref())?,
        kind: body.kind,
        version: 0,
        scopes: Vec::new(),
        archived: false,
        created_at: now,
    };
    let service = service.with_scope(Scope {
        number: 0,
        draft,
        effective_from: body.effective_from.unwrap_or(now),
        effective_till: body.effective_till,
        tree: compiled.as_ref().map(|_| 1),
        complete,
    })?;
    let trees: Vec<_> = compiled.iter().map(|tree| (service.version, tree)).collect();
    let act = who.act(&who.company.path);
    app.store.put_service(&act, &service, &trees).await?;
    created(service)
}

/// How a service sells, without its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceType {
    PayAsYouGo,
    UnitPack,
    MonetaryPack,
    BundleInitiator,
    BundlePack,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ServiceQuery {
    /// Whose services; yours unless told.
    company: Option<String>,
    /// How they sell.
    #[serde(rename = "type")]
    #[param(rename = "type", inline)]
    kind: Option<ServiceType>,
    /// Only packs of at least so much: units, recipients or money.
    #[param(example = "100")]
    size_min: Option<String>,
    /// Only packs of at most so much.
    size_max: Option<String>,
    /// What their prices are in.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// Only those that are archived, or only those that are not.
    archived: Option<bool>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those with this in their description, whatever the case.
    description: Option<String>,
    /// `name`, `type`, `size`, `currency`, `archived` or `created_at`, with a `-` before it for the other way
    /// round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl ServiceQuery {
    /// What no list is in the order of.
    fn passes(&self, service: &Service) -> bool {
        let has = |part: &String| service.description.to_lowercase().contains(&part.to_lowercase());
        self.description.as_ref().is_none_or(has)
    }
}

const COLUMNS: [&str; 5] = ["name", "type", "size", "currency", "archived"];
const FILE_COLUMNS: [&str; 10] = [
    "id",
    "company",
    "name",
    "description",
    "kind.type",
    "kind.size",
    "currency",
    "archived",
    "version",
    "created_at",
];

/// A company's services.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/services", tag = "services", params(ServiceQuery),
    responses((status = 200, description = "A page",
        content((List<ServiceView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<ServiceQuery>,
) -> Result<Response, ApiError> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    rights::view(&who, Area::Services)?;
    let sizes = fields::amounts_of("size", query.size_min.as_deref(), query.size_max.as_deref())?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("type", query.kind.map(catalog::choice))
        .within_amounts("size", sizes)
        .is("currency", query.currency.clone())
        .is("archived", query.archived.map(catalog::flag));
    let found = listing.read(&app.store, format, |service| query.passes(service)).await?;
    found.answer(ServiceView::from, "services", &FILE_COLUMNS)
}

/// One service with the tree in force.
///
/// The `ETag` is its version, for `If-Match`.
#[utoipa::path(get, path = "/v1/services/{id}", tag = "services",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 200, description = "The service", body = ServiceWithTree,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let service = app.seen_by(&who).service(&id).await?;
    rights::view(&who, Area::Services)?;
    let tree = match service.scope_at(runtime::now()) {
        Some(scope) => Some(tree_of(&app, &service, scope).await?).filter(fits),
        None => None,
    };
    Ok(tagged(&service, ServiceWithTree { service: service.clone().into(), tree }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicePatch {
    /// 1 to 120 characters.
    name: Option<String>,
    /// At most 1,000 characters.
    description: Option<String>,
    /// True stops all that the service sells, wherever it is enabled, with `service_archived`.
    archived: Option<bool>,
}

/// Rename, describe or archive a service.
///
/// What is not named stays.
#[utoipa::path(patch, path = "/v1/services/{id}", tag = "services", request_body = ServicePatch,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("If-Match" = Option<String>, Header, description = "The version that you have seen")
    ),
    responses(
        (status = 200, description = "The service as it is now", body = ServiceView,
            headers(("ETag" = String, description = "The version of the service"))),
        (status = 412, description = "The version is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ServicePatch>,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let before = app.seen_by(&who).service(&id).await?;
    if_match.check(before.revision())?;
    let name = body.name.as_deref().map(fields::name).transpose()?;
    let text = body.description.as_deref().map(description).transpose()?;
    let after = Service {
        name: name.unwrap_or_else(|| before.name.clone()),
        description: text.unwrap_or_else(|| before.description.clone()),
        archived: body.archived.unwrap_or(before.archived),
        version: before.version + 1,
        ..before.clone()
    };
    let after = save(&app, &who, &before, after, None).await?;
    Ok(tagged(&after, ServiceView::from(after.clone())))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloneRequest {
    /// Of the new service; 1 to 120 characters.
    name: String,
    /// Only this scope of it; all unless told.
    scope: Option<u32>,
}

/// Clone a service.
///
/// The new one is yours, with the scopes and trees as they are now.
#[utoipa::path(post, path = "/v1/services/{id}/clone", tag = "services", request_body = CloneRequest,
    params(("id" = String, Path, description = "The id of the service to clone")),
    responses((status = 201, description = "The new service", body = ServiceView)))]
pub async fn duplicate(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<CloneRequest>,
) -> Created<ServiceView> {
    rights::manage(&who, Area::Services)?;
    let name = fields::name(&body.name)?;
    let source = app.seen_by(&who).service(&id).await?;
    let mut scopes = match body.scope {
        Some(number) => vec![Scope { number: 1, ..source.scope(number)?.clone() }],
        None => source.scopes.clone(),
    };
    // Scopes may share a version of a tree; in the clone the versions begin with 1.
    let mut versions = BTreeMap::new();
    for version in scopes.iter_mut().filter_map(|scope| scope.tree.as_mut()) {
        let next = versions.len() as u32 + 1;
        *version = *versions.entry(*version).or_insert(next);
    }
    let mut trees = Vec::with_capacity(versions.len());
    for (old, new) in &versions {
        let tree = app.store.tree(&source.id, *old).await?;
        trees.push((*new, tree.ok_or_else(|| Problem::not_found("tree"))?));
    }
    let service = Service {
        id: ServiceId::new(runtime::fresh()),
        company: who.company.id.clone(),
        name,
        version: (versions.len() as u32).max(1),
        scopes,
        archived: false,
        created_at: runtime::now(),
        ..source
    };
    let trees: Vec<_> = trees.iter().map(|(version, tree)| (*version, tree)).collect();
    let act = who.act(&who.company.path);
    app.store.put_service(&act, &service, &trees).await?;
    created(service)
}
