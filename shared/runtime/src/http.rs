//! HTTP answers: errors as RFC 9457 problem details, bodies with one clear message, a request id on all.

use axum::Json;
use axum::Router;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use store::StoreError;
use utoipa::ToSchema;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_KEY_LENGTH_MAX: usize = 255;

/// An error answer (RFC 9457). `code` is stable: programs decide by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: `code` tells errors apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Which rule was broken.
    #[schema(example = "not_found")]
    pub code: String,
    /// What is wrong and what is allowed.
    pub detail: String,
    /// The field that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Figures that belong to the code, such as `available` and `needed`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub figures: Map<String, Value>,
}

impl Problem {
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        Self {
            kind: "about:blank".to_owned(),
            title: title.unwrap_or("Error").to_owned(),
            status,
            code: code.to_owned(),
            detail: detail.into(),
            field: None,
            figures: Map::new(),
        }
    }

    /// 422: the request reads well but breaks a rule.
    pub fn invalid(field: &str, detail: impl ToString) -> Self {
        Self::new(422, "invalid", detail.to_string()).field(field)
    }

    pub fn not_found(noun: &str) -> Self {
        Self::new(404, "not_found", format!("There is no such {noun}."))
    }

    pub fn field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    pub fn figure(mut self, name: &str, value: impl ToString) -> Self {
        self.figures.insert(name.to_owned(), Value::String(value.to_string()));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.figures.get("retry_after").and_then(Value::as_str);
        let retry_after = retry_after.and_then(|seconds| HeaderValue::from_str(seconds).ok());
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::CONFLICT {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(http::header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<StoreError> for Problem {
    /// A write whose outcome is not known is never called a failure: the same key tells.
    fn from(error: StoreError) -> Self {
        let chain = format!("{:#}", anyhow::Error::new(error));
        tracing::error!(error = chain, "the store failed");
        Self::new(
            503,
            "try_again",
            "Something did not answer. Send the same request again, with the same Idempotency-Key.",
        )
    }
}

/// Anything else that went wrong on our side.
pub fn unavailable(error: impl Into<anyhow::Error>) -> Problem {
    tracing::error!(error = format!("{:#}", error.into()), "a service failed");
    Problem::new(
        503,
        "try_again",
        "Something did not answer. Send the same request again, with the same Idempotency-Key.",
    )
}

/// A JSON body, or one clear problem.
pub struct Body<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match <Json<T> as FromRequest<S>>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => Err(Problem::new(422, "invalid", error.body_text())),
            Err(error) => Err(Problem::new(error.status().as_u16(), "unreadable_body", error.body_text())),
        }
    }
}

/// None for a request without a body.
impl<T: serde::de::DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if !request.headers().contains_key(http::header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

/// A query string, or one clear problem.
pub struct Query<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => {
                let error: QueryRejection = error;
                Err(Problem::new(422, "invalid", error.body_text()))
            }
        }
    }
}

/// The `Idempotency-Key` of a request that moves money or sends.
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Problem> {
        let value =
            parts.headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if value.is_empty() || value.len() > IDEMPOTENCY_KEY_LENGTH_MAX {
            return Err(Problem::new(
                400,
                "idempotency_key",
                format!(
                    "Send an `Idempotency-Key` header of 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters, a new one for each new request."
                ),
            ));
        }
        Ok(Self(value.to_owned()))
    }
}

/// Adds what every API has: a request id, a log line, and problems for unknown addresses and panics.
pub fn finish(router: Router) -> Router {
    router
        .fallback(async || Problem::new(404, "not_found", "There is nothing at this address."))
        .method_not_allowed_fallback(async || {
            Problem::new(405, "method_not_allowed", "This address does not take this method.")
        })
        .layer(axum::middleware::from_fn(log_request))
}

async fn log_request(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    tracing::info!(request = id, %method, path, status = response.status().as_u16(), "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn request_id(request: &Request) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable =
        given.filter(|id| !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic()));
    usable.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// Runs a router as a Lambda function behind an HTTP API.
pub async fn serve(router: Router) -> anyhow::Result<()> {
    lambda_http::run(finish(router)).await.map_err(|error| anyhow::anyhow!("the function stopped: {error}"))
}
