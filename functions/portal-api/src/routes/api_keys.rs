//! API keys: made, listed and revoked. A secret is answered once and never stored.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::ApiKey;
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::rights;

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
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
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
        let ApiKey { id, company, user, name, created_at, .. } = key;
        Self { id: id.into(), company: company.into(), user: user.map(Into::into), name, created_at }
    }
}

/// Make an API key.
///
/// For master users, and for keys of the company itself, as is all about keys.
#[utoipa::path(post, path = "/v1/api_keys", tag = "api_keys", request_body = ApiKeyRequest,
    responses((status = 201, description = "The key and, this once, its secret", body = NewApiKeyView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ApiKeyRequest>,
) -> Created<NewApiKeyView> {
    rights::master(&who)?;
    let seen = app.seen_by(&who);
    let company = seen.company_or_own(body.company.as_deref()).await?;
    let user = match body.user.as_deref() {
        Some(id) => Some(seen.user(id).await.map_err(|error| error.field("user"))?),
        None => None,
    };
    if user.as_ref().is_some_and(|user| user.company != company.id) {
        return Err(Problem::invalid("user", "the user must be one of the company").into());
    }
    let user = user.map(|user| user.id);
    let name = fields::name(&body.name)?;
    let made = runtime::new_api_key(&company.id, user.as_ref(), &name, runtime::now());
    if !app.store.put_api_key(&made.stored).await? {
        return Err(busy());
    }
    created(NewApiKeyView { key: made.stored.into(), secret: made.secret })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyFilter {
    /// Whose keys; yours unless told.
    company: Option<String>,
}

/// A company's API keys.
#[utoipa::path(get, path = "/v1/api_keys", tag = "api_keys", params(ApiKeyFilter),
    responses((status = 200, description = "Oldest first, without secrets", body = List<ApiKeyView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<ApiKeyFilter>,
) -> Reply<List<ApiKeyView>> {
    rights::master(&who)?;
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    Ok(Json(List::all(app.store.api_keys(&company.id).await?)))
}

/// Revoke an API key.
///
/// It is refused from this moment on.
#[utoipa::path(delete, path = "/v1/api_keys/{id}", tag = "api_keys",
    params(("id" = String, Path, description = "The key's id"), ApiKeyFilter),
    responses((status = 204, description = "Revoked")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<ApiKeyFilter>,
) -> Result<StatusCode, ApiError> {
    rights::master(&who)?;
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    let keys = app.store.api_keys(&company.id).await?;
    let key = keys.into_iter().find(|key| key.id.as_str() == id);
    app.store.delete_api_key(&key.ok_or_else(|| Problem::not_found("API key"))?).await?;
    Ok(StatusCode::NO_CONTENT)
}
