//! The tree of companies.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::{Company, CompanyChange, CompanyKind, NewCompany, plan_change, plan_company};
use domain::connection::Link;
use domain::id::CompanyId;
use domain::lookup::CompanyLookup;
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Edited, Reply};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Format, Listing};
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyRequest {
    /// 1 to 120 characters.
    #[schema(example = "Acme Retail")]
    name: String,
    /// `reseller`, `seller` or `client`.
    #[schema(value_type = schema::CompanyKind)]
    kind: CompanyKind,
    /// The company above it, yours or one below you; yours unless told.
    parent: Option<String>,
    /// Whether a reseller or seller may send messages itself; a client always may.
    #[serde(default)]
    direct_sending: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyPatch {
    /// A new name.
    name: Option<String>,
    /// False refuses every call of the company and of all below it. Not for your own company.
    enabled: Option<bool>,
    /// Whether a reseller or seller may send messages itself. Not for your own company.
    direct_sending: Option<bool>,
    /// The look-up connection that its recipients' networks are asked from before they are priced: one of
    /// its own or of a company above it; null for none. What a company above has set, it cannot change.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    lookup_connection: Option<Option<String>>,
}

/// A field that is there, even as null.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyView {
    /// Its id.
    #[schema(example = "com_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// Its name.
    name: String,
    /// Where it stands in the tree.
    #[schema(value_type = schema::CompanyKind)]
    kind: CompanyKind,
    /// The company above it; null for the owner.
    parent: Option<String>,
    /// Whether it may use the platform, if all above it may.
    enabled: bool,
    /// Whether it may send messages itself though it is not a client.
    direct_sending: bool,
    /// The connection that tells the networks of its recipients; null while the numbering plan does.
    lookup_connection: Option<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl From<Company> for CompanyView {
    fn from(company: Company) -> Self {
        Self {
            parent: company.tenant().map(ToString::to_string),
            id: company.id.into(),
            name: company.name,
            kind: company.kind,
            enabled: company.enabled,
            direct_sending: company.direct_sending,
            lookup_connection: company.lookup.map(|lookup| lookup.connection.into()),
            created_at: company.created_at,
            revision: company.revision,
        }
    }
}

/// Your own company.
#[utoipa::path(get, path = "/v1/me", tag = "companies",
    responses((status = 200, description = "The company of the API key", body = CompanyView)))]
pub async fn me(who: Principal) -> Reply<CompanyView> {
    Ok(Json(who.company.into()))
}

/// Create a company.
///
/// Below your own company or below one of those below you. A seller creates clients only.
#[utoipa::path(post, path = "/v1/companies", tag = "companies", request_body = CompanyRequest,
    responses((status = 201, description = "The new company", body = CompanyView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<CompanyRequest>,
) -> Edited<CompanyView> {
    rights::manage(&who, Area::Companies)?;
    let parent = app.seen_by(&who).company_or_own(body.parent.as_deref()).await?;
    let CompanyRequest { name, kind, direct_sending, .. } = body;
    let ask = NewCompany { id: CompanyId::new(runtime::fresh()), name, kind, direct_sending };
    let company = plan_company(&parent, ask, runtime::now())?;
    written(app.store.create(&who.act(&company.path), &company).await?)?;
    Ok(Versioned::created(company.revision, company.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CompanyQuery {
    /// Whose children to list; yours unless told.
    parent: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of this kind.
    #[param(value_type = Option<schema::CompanyKind>)]
    kind: Option<CompanyKind>,
    /// Only those that are enabled, or that are not.
    enabled: Option<bool>,
    /// `name`, `kind`, `enabled` or `created_at`, with a `-` before it for the other way round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const FILE_COLUMNS: [&str; 7] = ["id", "name", "kind", "parent", "enabled", "direct_sending", "created_at"];

/// The companies directly below one.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/companies", tag = "companies", params(CompanyQuery),
    responses((status = 200, description = "A page",
        content((List<CompanyView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<CompanyQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::Companies)?;
    let parent = app.seen_by(&who).company_or_own(query.parent.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(parent.id, &["name", "kind", "enabled"], sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("kind", query.kind.map(catalog::choice))
        .is("enabled", query.enabled.map(catalog::flag));
    let found = listing.read(&app.store, format, |_: &Company| true).await?;
    found.answer(CompanyView::from, "companies", &FILE_COLUMNS)
}

/// One company.
#[utoipa::path(get, path = "/v1/companies/{id}", tag = "companies",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The company", body = CompanyView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<CompanyView> {
    let company = app.seen_by(&who).company(&id).await?;
    if company.id != who.company.id {
        rights::view(&who, Area::Companies)?;
    }
    Ok(Versioned::new(company.revision, company.into()))
}

/// Change a company's settings.
///
/// What is not named stays. A disabled company and all below it are refused until it is enabled again.
#[utoipa::path(patch, path = "/v1/companies/{id}", tag = "companies", request_body = CompanyPatch,
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The company as it is now", body = CompanyView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<CompanyPatch>,
) -> Edited<CompanyView> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::manage_own(&who, &company.id, Area::Companies, Area::PortalUsers)?;
    if_match.check(company.revision)?;
    let CompanyPatch { name, enabled, direct_sending, lookup_connection } = body;
    let lookup = match lookup_connection {
        Some(Some(id)) => Some(Some(lookup(&app, &who, &id).await?)),
        Some(None) => Some(None),
        None => None,
    };
    let ask = CompanyChange { name, enabled, direct_sending, lookup };
    let changed = plan_change(&company, &who.company.id, ask)?;
    written(app.store.replace(&who.act(&company.path), &company, &changed).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// A look-up connection that the caller sees.
async fn lookup(app: &App, who: &Principal, id: &str) -> Result<CompanyLookup, ApiError> {
    let field = "lookup_connection";
    let found = app.seen_by(who).connection(id).await.map_err(|error| error.field(field))?;
    match found.link {
        Link::Lookup(_) => Ok(CompanyLookup { connection: found.id, of: found.company }),
        Link::Smpp(_) | Link::Alaris(_) | Link::Client(_) => {
            Err(Problem::invalid(field, "this connection is for messages, not for look-ups").into())
        }
    }
}
