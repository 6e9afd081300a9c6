//! The tree of companies.

use axum::Json;
use axum::extract::{Path, State};
use domain::company::{Company, CompanyChange, CompanyKind, NewCompany, plan_change, plan_company};
use domain::connection::Link;
use domain::id::CompanyId;
use domain::lookup::CompanyLookup;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::List;
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
) -> Created<CompanyView> {
    rights::master(&who)?;
    let parent = app.seen_by(&who).company_or_own(body.parent.as_deref()).await?;
    let CompanyRequest { name, kind, direct_sending, .. } = body;
    let ask = NewCompany { id: CompanyId::new(runtime::fresh()), name, kind, direct_sending };
    let company = plan_company(&parent, ask, runtime::now())?;
    if !app.store.put_company(&company).await? {
        return Err(busy());
    }
    created(company)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CompanyFilter {
    /// Whose children to list; yours unless told.
    parent: Option<String>,
}

/// The companies directly below one.
#[utoipa::path(get, path = "/v1/companies", tag = "companies", params(CompanyFilter),
    responses((status = 200, description = "Oldest first", body = List<CompanyView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<CompanyFilter>,
) -> Reply<List<CompanyView>> {
    let parent = app.seen_by(&who).company_or_own(filter.parent.as_deref()).await?;
    Ok(Json(List::all(app.store.children(&parent.id).await?)))
}

/// One company.
#[utoipa::path(get, path = "/v1/companies/{id}", tag = "companies",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The company", body = CompanyView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<CompanyView> {
    Ok(Json(app.seen_by(&who).company(&id).await?.into()))
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
    Body(body): Body<CompanyPatch>,
) -> Reply<CompanyView> {
    rights::master(&who)?;
    let company = app.seen_by(&who).company(&id).await?;
    let CompanyPatch { name, enabled, direct_sending, lookup_connection } = body;
    let lookup = match lookup_connection {
        Some(Some(id)) => Some(Some(lookup(&app, &who, &id).await?)),
        Some(None) => Some(None),
        None => None,
    };
    let ask = CompanyChange { name, enabled, direct_sending, lookup };
    let changed = plan_change(&company, &who.company.id, ask)?;
    app.store.replace_company(&changed).await?;
    Ok(Json(changed.into()))
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
