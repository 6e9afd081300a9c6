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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRequest {
    /// What it is for.
    #[schema(example = "Shop")]
    name: String,
    /// Whose key it is, yours or of a company below you; yours unless told.
    company: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Its id, by which it is revoked.
    id: String,
    /// Whose calls it makes.
    company: String,
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
        Self { id: key.id.into(), company: key.company.into(), name: key.name, created_at: key.created_at }
    }
}

/// Make an API key.
#[utoipa::path(post, path = "/v1/api_keys", tag = "api_keys", request_body = ApiKeyRequest,
    responses((status = 201, description = "The key and, this once, its secret", body = NewApiKeyView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ApiKeyRequest>,
) -> Created<NewApiKeyView> {
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let made = runtime::new_api_key(&company.id, &fields::name(&body.name)?, runtime::now());
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
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    let keys = app.store.api_keys(&company.id).await?;
    let key = keys.into_iter().find(|key| key.id.as_str() == id);
    app.store.delete_api_key(&key.ok_or_else(|| Problem::not_found("API key"))?).await?;
    Ok(StatusCode::NO_CONTENT)
}
