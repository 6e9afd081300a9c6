//! Two-factor codes by SMS, as the users' guide describes them (appendix 2): send one, compare one, ask
//! what became of one. Calls are made with the key of an integration, as HTTP Basic authentication, and
//! with the fields and names that the guide gives them.

mod body;
mod caller;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use domain::id::CodeRequestId;
use domain::two_factor::{CodeError, CodeRequest};
use domain::two_factor_limits::CODES_PER_VERIFIED;
use runtime::http::Problem;
use sending::{CodeNotSent, CodeToSend, send_code};
use serde::{Deserialize, Serialize};
use store::Stored;
use utoipa::ToSchema;

use crate::App;
use crate::refused::{nobody_left, problem, refused, try_again};
use body::FormOrJson;
use caller::Caller;
use view::CodeRequestView;

/// Of two answers at once one is stored; the other looks at it again.
const ATTEMPTS_MAX: u32 = 5;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAsk {
    /// The phone, in international form.
    #[schema(example = "4915112345678")]
    number: String,
    /// The code, if your own software makes it up.
    code: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeSent {
    /// Names the code from now on.
    #[schema(example = "cod_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    request_id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CodeAnswer {
    /// As it was answered when the code was sent.
    #[schema(example = "cod_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    request_id: String,
    /// What the person has typed.
    #[schema(example = "123456")]
    code: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeVerified {
    /// The phone whose owner has shown the code.
    number: String,
    /// When, in seconds since 1970.
    verified_at: i64,
}

/// Send a code.
///
/// The platform makes it up, or sends yours, as the integration says. It is charged as any message of the
/// integration's sender ID. With an `Idempotency-Key` a repeat sends nothing again and gets the same
/// answer. As many are sent as the integration's settings allow; then the answer is 429 `too_many_codes`, whose
/// `limit` is `number`, `prefix` or `unverified`, until `retry_after` seconds have passed.
#[utoipa::path(post, path = "/api/v1/2fa/verify/sms", tag = "codes",
    request_body(content((CodeAsk = "application/x-www-form-urlencoded"), (CodeAsk = "application/json"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "A new one for each new code, up to 255 characters")),
    security(("integration_key" = [])),
    responses(
        (status = 200, description = "Accepted", body = CodeSent),
        (status = 402, description = "`insufficient_funds`: says which level cannot pay", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_codes`, or `too_many_requests`: wait for `Retry-After` seconds", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn send(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    FormOrJson(body): FormOrJson<CodeAsk>,
) -> Result<Json<CodeSent>, Problem> {
    let id = request_id(&caller, &headers)?;
    let (integration, company) = (&caller.integration, &caller.company);
    let (number, code) = (body.number.as_str(), body.code.as_deref());
    let ask = CodeToSend { id: id.clone(), integration, company, number, code, result_url: None };
    match send_code(&app.store, &app.planner, &app.hot, ask, runtime::now()).await {
        Ok(()) => {}
        // It cannot be asked for again, and may come: then somebody types it.
        Err(CodeNotSent::Unknown(error)) if !headers.contains_key(IDEMPOTENCY_KEY) => {
            tracing::warn!(request = %id, %error, "nobody knows whether a code was sent");
        }
        Err(error) => return Err(not_sent(error)),
    }
    Ok(Json(CodeSent { request_id: id.to_string() }))
}

fn not_sent(error: CodeNotSent) -> Problem {
    let detail = error.to_string();
    match error {
        CodeNotSent::Code(error) => code_problem(error),
        CodeNotSent::Send(error) => problem(error),
        CodeNotSent::Number(refused) => nobody_left(&refused),
        CodeNotSent::OtherNumber => {
            let detail = "This Idempotency-Key was used for another number. Take a new key for a new code.";
            Problem::new(422, "idempotency_key_reused", detail)
        }
        CodeNotSent::TooMany { limit, retry_after } => {
            let problem = Problem::new(429, "too_many_codes", detail).field("number");
            problem.figure("limit", limit.name()).figure("retry_after", retry_after)
        }
        CodeNotSent::Overtaken => try_again(),
        CodeNotSent::Charge(error) => refused(error),
        CodeNotSent::Unknown(error) | CodeNotSent::Store(error) => error.into(),
    }
}

/// A repeat under the same key leads to the same request.
fn request_id(caller: &Caller, headers: &HeaderMap) -> Result<CodeRequestId, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(CodeRequestId::new(runtime::fresh())) };
    match key.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => {
            Ok(CodeRequestId::derived(&[caller.integration.id.as_str(), key]))
        }
        _ => Err(Problem::new(400, "idempotency_key", "an `Idempotency-Key` has 1 to 255 characters")),
    }
}

/// Compare a code.
///
/// A right one is right once. After three wrong ones, or when its time is over, ask for a new one.
#[utoipa::path(post, path = "/api/v1/2fa/verify", tag = "codes",
    request_body(content((CodeAnswer = "application/x-www-form-urlencoded"), (CodeAnswer = "application/json"))),
    security(("integration_key" = [])),
    responses((status = 200, description = "The code is right", body = CodeVerified)))]
pub async fn verify(
    State(app): State<App>,
    caller: Caller,
    FormOrJson(answer): FormOrJson<CodeAnswer>,
) -> Result<Json<CodeVerified>, Problem> {
    for _ in 0..ATTEMPTS_MAX {
        let request = found(&app, &caller, &answer.request_id).await?;
        let answered = request.answered(&answer.code, runtime::now()).map_err(code_problem)?;
        if app.store.replace_code_request(&answered).await? == Stored::Overtaken {
            continue;
        }
        return match answered.verified_at {
            Some(at) => {
                note_verified(&app, &caller, &answered).await;
                Ok(Json(CodeVerified { number: answered.recipient.to_string(), verified_at: at.as_second() }))
            }
            None => Err(Problem::new(422, "wrong_code", "This is not the code that was sent.").field("code")),
        };
    }
    Err(try_again())
}

/// Makes up for codes that nobody types. Whatever becomes of that, the code is verified, and right only once.
async fn note_verified(app: &App, caller: &Caller, request: &CodeRequest) {
    let counter = caller.integration.unverified(&request.recipient, request.requested_at);
    if let Some(counter) = counter
        && let Err(error) = app.store.uncount_codes(&counter, CODES_PER_VERIFIED).await
    {
        tracing::warn!(request = %request.id, %error, "a verified code made up for no others");
    }
}

/// One code and what became of it.
#[utoipa::path(get, path = "/api/v1/2fa/requests/{id}", tag = "codes",
    params(("id" = String, Path, description = "The `requestId`")),
    security(("integration_key" = [])),
    responses((status = 200, description = "The code as it is now", body = CodeRequestView)))]
pub async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CodeRequestView>, Problem> {
    let request = found(&app, &caller, &id).await?;
    let message = app.store.message(&request.message).await?;
    let masked_before = app.masking.before(runtime::now());
    Ok(Json(CodeRequestView::of(&request, message.as_ref(), &caller.integration, masked_before)))
}

/// A request of the caller's integration.
async fn found(app: &App, caller: &Caller, id: &str) -> Result<CodeRequest, Problem> {
    let unknown = || Problem::not_found("request").field("requestId");
    let id = CodeRequestId::parse(id).map_err(|_| unknown())?;
    let request = app.store.code_request(&id).await?;
    request.filter(|request| request.integration == caller.integration.id).ok_or_else(unknown)
}

fn code_problem(error: CodeError) -> Problem {
    let detail = error.to_string();
    match error {
        CodeError::MadeUpHere | CodeError::Missing | CodeError::Form => Problem::invalid("code", detail),
        CodeError::ComparedByClient => Problem::new(422, "compared_by_client", detail),
        CodeError::Verified => Problem::new(409, "verified_before", detail),
        CodeError::Expired => Problem::new(422, "code_expired", detail).field("code"),
        CodeError::TooManyWrong => Problem::new(422, "too_many_wrong_codes", detail).field("code"),
    }
}
