//! API keys: made, limited, rotated and revoked. A secret is answered once and never stored.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::api_key::{ApiKey, ApiKeyTerms, Network, plan_rotation, plan_terms};
use domain::company::Company;
use domain::id::UserId;
use domain::permission::{Area, Grants};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::{Principal, faces_of, user_grants};
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use runtime::token;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::Revision;
use super::roles::{GrantsView, grants_view};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Format, Listing};
use crate::names::KeyOwnerNames;
use crate::{people, rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRequest {
    /// What it is for.
    #[schema(example = "Shop")]
    name: String,
    /// Whose key it is, yours or of a company below you; yours unless told.
    company: Option<String>,
    /// The user whose calls it makes, of that company; the company itself unless told.
    user: Option<String>,
    /// What may be done with it at most: by area, `view` or `manage`. All that its user or company may, unless
    /// told.
    #[schema(value_type = Option<BTreeMap<String, schema::Level>>, example = json!({"portal_messages": "manage"}))]
    scopes: Option<Grants>,
    /// Where it may be used from: addresses and networks. Anywhere unless told.
    #[serde(default)]
    #[schema(example = json!(["192.0.2.0/24"]))]
    networks: Vec<String>,
    /// When it ends; never unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyPatch {
    /// What it is for.
    name: Option<String>,
    /// What may be done with it at most; null for all that its user or company may.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<BTreeMap<String, schema::Level>>)]
    scopes: Option<Option<Grants>>,
    /// All addresses and networks that it may be used from; none of them for anywhere.
    networks: Option<Vec<String>>,
    /// When it ends; null for never.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Timestamp>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Its id, by which it is revoked.
    id: String,
    /// Whose calls it makes.
    company: String,
    /// The user whose calls it makes; null for the company itself.
    user: Option<String>,
    /// What it is for.
    name: String,
    /// What may be done with it at most; null for all that its user or company may.
    #[schema(value_type = Option<BTreeMap<String, schema::Level>>)]
    scopes: Option<GrantsView>,
    /// Where it may be used from; anywhere if there are none.
    networks: Vec<String>,
    /// When it ends; null for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Until when the secret from before the last rotation is taken too.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_until: Option<Timestamp>,
    /// When it was last used, to the hour; null if it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NewApiKeyView {
    #[serde(flatten)]
    key: ApiKeyView,
    /// Sent as `Authorization: Bearer <secret>`. It is shown this once.
    secret: String,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.into(),
            company: key.company.into(),
            user: key.user.map(Into::into),
            name: key.name,
            scopes: key.scopes.as_ref().map(grants_view),
            networks: key.networks.into_iter().map(Into::into).collect(),
            expires_at: key.expires_at,
            previous_until: key.previous.map(|secret| secret.until),
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            revision: key.revision,
        }
    }
}

fn manage(who: &Principal, company: &Company) -> Result<(), ApiError> {
    rights::manage_own(who, &company.id, Area::Users, Area::PortalApiAccesses)
}

/// Nobody makes, changes or revokes a key that may do more than they.
async fn check_not_above(
    app: &App,
    who: &Principal,
    company: &Company,
    key: &ApiKey,
) -> Result<(), ApiError> {
    let mut grants = match &key.user {
        Some(id) => match app.store.any_user(id).await? {
            Some(user) => user_grants(&app.store, company, &user).await?,
            None => Grants::default(),
        },
        None => faces_of(company.kind),
    };
    if let Some(scopes) = &key.scopes {
        grants = grants.at_most(scopes);
    }
    people::check_grants(who, company, &grants)
}

fn networks_of(texts: &[String]) -> Result<Vec<Network>, ApiError> {
    texts.iter().map(|text| Network::parse(text).map_err(Into::into)).collect()
}

/// Make an API key.
///
/// It may do no more than you may.
#[utoipa::path(post, path = "/v1/api_keys", tag = "api_keys", request_body = ApiKeyRequest,
    responses((status = 201, description = "The key and, this once, its secret", body = NewApiKeyView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ApiKeyRequest>,
) -> Edited<NewApiKeyView> {
    let seen = app.seen_by(&who);
    let company = seen.company_or_own(body.company.as_deref()).await?;
    manage(&who, &company)?;
    let user = match body.user.as_deref() {
        Some(id) => Some(seen.user(id).await.map_err(|error| error.field("user"))?.0),
        None => None,
    };
    if user.as_ref().is_some_and(|user| user.company != company.id) {
        return Err(Problem::invalid("user", "the user must be one of the company").into());
    }
    let user = user.map(|user| user.id);
    let (now, networks) = (runtime::now(), networks_of(&body.networks)?);
    let made = runtime::new_api_key(&company.id, user.as_ref(), &body.name, now);
    let ApiKeyRequest { name, scopes, expires_at, .. } = body;
    let key = plan_terms(&made.stored, ApiKeyTerms { name, scopes, networks, expires_at }, now)?;
    check_not_above(&app, &who, &company, &key).await?;
    written(app.store.create(&who.act(&company.path), &key).await?)?;
    Ok(Versioned::created(key.revision, NewApiKeyView { key: key.into(), secret: made.secret }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyQuery {
    /// Whose keys; yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those of this user.
    user: Option<String>,
    /// `name`, `user` or `created_at`, with a `-` before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// An API key in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyRow {
    #[serde(flatten)]
    key: ApiKeyView,
    #[serde(flatten)]
    names: KeyOwnerNames,
}

const FILE_COLUMNS: [&str; 10] = [
    "id",
    "company",
    "company_name",
    "user",
    "user_name",
    "name",
    "networks",
    "expires_at",
    "last_used_at",
    "created_at",
];

/// A company's API keys.
///
/// Oldest first unless a filter or `sort` says otherwise, without secrets. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/api_keys", tag = "api_keys", params(ApiKeyQuery),
    responses((status = 200, description = "A page",
        content((List<ApiKeyRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<ApiKeyQuery>,
) -> Result<Response, ApiError> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    rights::view_own(&who, &company.id, Area::Users, Area::PortalApiAccesses)?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &["name", "user"], sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("user", query.user);
    let found = listing.read(&app.store, format, |_: &ApiKey| true).await?;
    let names = found.names(&app.store, owner_of).await?;
    let row = |key: ApiKey| ApiKeyRow { names: names.key_owner(&key), key: key.into() };
    found.answer(row, "api_keys", &FILE_COLUMNS)
}

fn owner_of(key: &ApiKey) -> [&str; 2] {
    [key.company.as_str(), key.user.as_ref().map_or("", UserId::as_str)]
}

/// One API key.
#[utoipa::path(get, path = "/v1/api_keys/{id}", tag = "api_keys",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key, without its secret", body = ApiKeyView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<ApiKeyView> {
    let (key, company) = app.seen_by(&who).thing::<ApiKey>(&id).await?;
    rights::view_own(&who, &company.id, Area::Users, Area::PortalApiAccesses)?;
    Ok(Versioned::new(key.revision, key.into()))
}

/// Change an API key.
///
/// What is not named stays. For who may do all that it may, before and after.
#[utoipa::path(patch, path = "/v1/api_keys/{id}", tag = "api_keys", request_body = ApiKeyPatch,
    params(("id" = String, Path, description = "The key's id"), Revision),
    responses((status = 200, description = "The key as it is now", body = ApiKeyView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ApiKeyPatch>,
) -> Edited<ApiKeyView> {
    let (key, company) = app.seen_by(&who).thing::<ApiKey>(&id).await?;
    manage(&who, &company)?;
    check_not_above(&app, &who, &company, &key).await?;
    if_match.check(key.revision)?;
    let terms = ApiKeyTerms {
        name: body.name.unwrap_or_else(|| key.name.clone()),
        scopes: body.scopes.unwrap_or_else(|| key.scopes.clone()),
        networks: body.networks.map_or_else(|| Ok(key.networks.clone()), |texts| networks_of(&texts))?,
        expires_at: body.expires_at.unwrap_or(key.expires_at),
    };
    let planned = plan_terms(&key, terms, runtime::now())?;
    let changed = ApiKey { revision: key.revision + 1, ..planned };
    check_not_above(&app, &who, &company, &changed).await?;
    written(app.store.replace(&who.act(&company.path), &key, &changed).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationRequest {
    /// For how many hours the secret of now is taken beside the new one: 0 to 168.
    #[serde(default)]
    overlap_hours: u16,
}

/// Give an API key a new secret.
///
/// The one of now lives on for as long as you say, so that programs can change over one by one.
#[utoipa::path(post, path = "/v1/api_keys/{id}/rotation", tag = "api_keys", request_body = RotationRequest,
    params(("id" = String, Path, description = "The key's id"), Revision),
    responses((status = 200, description = "The key and, this once, its new secret", body = NewApiKeyView)))]
pub async fn rotate(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<RotationRequest>,
) -> Edited<NewApiKeyView> {
    let (key, company) = app.seen_by(&who).thing::<ApiKey>(&id).await?;
    manage(&who, &company)?;
    check_not_above(&app, &who, &company, &key).await?;
    if_match.check(key.revision)?;
    let secret = token::api_key(&key.id);
    let changed = plan_rotation(&key, token::hash(&secret), body.overlap_hours, runtime::now())?;
    written(app.store.replace(&who.act(&company.path), &key, &changed).await?)?;
    Ok(Versioned::new(changed.revision, NewApiKeyView { key: changed.into(), secret }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyOf {
    /// Whose key it is; found without it, too.
    company: Option<String>,
}

/// Revoke an API key.
///
/// It is refused from this moment on. For who may do all that it may.
#[utoipa::path(delete, path = "/v1/api_keys/{id}", tag = "api_keys",
    params(("id" = String, Path, description = "The key's id"), ApiKeyOf, Revision),
    responses((status = 204, description = "Revoked")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(of): Query<ApiKeyOf>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (key, company) = app.seen_by(&who).thing::<ApiKey>(&id).await?;
    if of.company.is_some_and(|named| named != company.id.as_str()) {
        return Err(Problem::not_found("API key").into());
    }
    manage(&who, &company)?;
    check_not_above(&app, &who, &company, &key).await?;
    if_match.check(key.revision)?;
    written(app.store.delete(&who.act(&company.path), &key).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
