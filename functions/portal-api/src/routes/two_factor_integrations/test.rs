//! Whether an integration works: a code of its own, sent and paid for as any other.

use axum::Json;
use axum::extract::{Path, State};
use domain::id::CodeRequestId;
use domain::two_factor::{CodeError, TwoFactorIntegration, check_result_url};
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem, unavailable};
use sending::{CodeNotSent, CodeToSend, HotWallets, Planner, SendError, send_code};
use serde::{Deserialize, Serialize};
use store::AcceptError;
use utoipa::ToSchema;

use super::may_manage;
use crate::App;
use crate::error::{ApiError, busy, key_reused, suspended};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoFactorTestRequest {
    /// The phone, in international form.
    #[schema(example = "4915112345678")]
    number: String,
    /// The code, if your own software makes up the codes of this integration.
    #[schema(example = "123456")]
    code: Option<String>,
    /// An https address that is told what becomes of this code; the integration's unless told.
    result_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TwoFactorTestView {
    /// The `requestId` of the code, by which the integration's calls name it.
    #[schema(example = "cod_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    request: String,
}

/// Send a test code.
///
/// Whatever the integration's status. It is paid for, counted and told of as any other code of it.
#[utoipa::path(post, path = "/v1/two_factor_integrations/{id}/test", tag = "two_factor_integrations",
    request_body = TwoFactorTestRequest,
    params(("id" = String, Path, description = "The integration's id"),
        ("Idempotency-Key" = String, Header, description = "A new one for each code; a repeat sends none")),
    responses(
        (status = 202, description = "It is on its way", body = TwoFactorTestView),
        (status = 402, description = "There is not enough money for it", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_codes`, or `too_many_requests`: wait for `Retry-After` seconds", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn send(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<TwoFactorTestRequest>,
) -> Result<(StatusCode, Json<TwoFactorTestView>), ApiError> {
    let (integration, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    may_manage(&who, &company)?;
    runtime::auth::enabled_company(&app.store, &company.id).await?;
    let result_url = body.result_url.as_deref();
    result_url.map_or(Ok(()), check_result_url)?;
    let id = CodeRequestId::derived(&[integration.id.as_str(), "test", &key]);
    let ask = CodeToSend {
        id: id.clone(),
        integration: &integration,
        company: &company,
        number: &body.number,
        code: body.code.as_deref(),
        result_url,
    };
    let planner = Planner::new(app.store.clone(), app.secrets.clone(), app.targets).map_err(unavailable)?;
    // On the heap, as all that sending needs.
    Box::pin(send_code(&app.store, &planner, &HotWallets::default(), ask, runtime::now())).await?;
    Ok((StatusCode::ACCEPTED, Json(TwoFactorTestView { request: id.into() })))
}

impl From<CodeNotSent> for ApiError {
    fn from(error: CodeNotSent) -> Self {
        let detail = error.to_string();
        match error {
            CodeNotSent::Code(CodeError::MadeUpHere | CodeError::Missing | CodeError::Form) => {
                Problem::invalid("code", detail).into()
            }
            CodeNotSent::Number(refused) => {
                let code = refused.first().map_or("invalid", |refusal| refusal.code.as_str());
                Problem::new(422, code, detail).field("number").into()
            }
            CodeNotSent::OtherNumber => key_reused(),
            CodeNotSent::TooMany { limit, retry_after } => {
                let problem = Problem::new(429, "too_many_codes", detail).field("number");
                problem.figure("limit", limit.name()).figure("retry_after", retry_after).into()
            }
            CodeNotSent::Overtaken => busy(),
            CodeNotSent::Send(SendError::Store(error))
            | CodeNotSent::Charge(AcceptError::Store(error))
            | CodeNotSent::Unknown(error)
            | CodeNotSent::Store(error) => error.into(),
            CodeNotSent::Charge(AcceptError::NotEnough { .. } | AcceptError::NotEnoughAbove { .. }) => {
                Problem::new(402, "insufficient_funds", detail).into()
            }
            CodeNotSent::Charge(AcceptError::Suspended { .. }) => suspended(),
            CodeNotSent::Code(_) | CodeNotSent::Send(_) | CodeNotSent::Charge(_) => {
                Problem::new(422, "code_not_sent", detail).into()
            }
        }
    }
}
