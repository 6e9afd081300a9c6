//! Two-factor codes by SMS, as the users' guide describes them (appendix 2): send one, compare one, ask
//! what became of one. Calls are made with the key of an integration, as HTTP Basic authentication, and
//! with the fields and names that the guide gives them.

mod body;
mod caller;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use domain::handling::Code;
use domain::id::{CodeRequestId, MessageId};
use domain::two_factor::{CodeError, CodeRequest};
use runtime::http::Problem;
use sending::{Ask, Plan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Accepted, Stored};
use utoipa::ToSchema;

use crate::App;
use crate::refused::{nobody_left, problem, refused, try_again};
use body::FormOrJson;
use caller::Caller;
use view::CodeRequestView;

/// Of two answers at once one is stored; the other looks at it again.
const ATTEMPTS_MAX: u32 = 5;

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
/// answer.
#[utoipa::path(post, path = "/api/v1/2fa/verify/sms", tag = "codes",
    request_body(content((CodeAsk = "application/x-www-form-urlencoded"), (CodeAsk = "application/json"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "A new one for each new code, up to 255 characters")),
    security(("integration_key" = [])),
    responses((status = 200, description = "Accepted", body = CodeSent)))]
pub async fn send(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    FormOrJson(ask): FormOrJson<CodeAsk>,
) -> Result<Json<CodeSent>, Problem> {
    let now = runtime::now();
    let id = request_id(&caller, &headers)?;
    let code = caller.integration.code(ask.code.as_deref(), digits_of(&caller, &id)).map_err(code_problem)?;
    let done = Json(CodeSent { request_id: id.to_string() });
    let key = format!("2fa:{id}");
    let plan = plan(&app, &caller, &ask.number, &caller.integration.message(&code), &id, &key).await?;
    let Some((recipient, _)) = plan.draft.wanted.first() else {
        return Err(nobody_left(&plan.draft.batch.refused));
    };
    let message = MessageId::of_request(&caller.company.id, &key);
    let request = CodeRequest::new(id, &caller.integration, recipient.clone(), message.clone(), &code, now);
    // Before the message: a code that has arrived can always be compared.
    if !app.store.put_code_request(&request).await? {
        let before = app.store.code_request(&request.id).await?.ok_or_else(try_again)?;
        if before.recipient != request.recipient {
            let detail = "This Idempotency-Key was used for another number. Take a new key for a new code.";
            return Err(Problem::new(422, "idempotency_key_reused", detail));
        }
        if app.store.message(&message).await?.is_some() {
            return Ok(done);
        }
        // It was not sent then: its time begins now.
        let renewed = CodeRequest { revision: before.revision + 1, ..request };
        if app.store.replace_code_request(&renewed).await? == Stored::Overtaken {
            return Err(try_again());
        }
    }
    match app.hot.accept(&app.store, &plan.draft, None, now).await.map_err(refused)? {
        Accepted::Now(_) | Accepted::Before => Ok(done),
    }
}

async fn plan(
    app: &App,
    caller: &Caller,
    number: &str,
    text: &str,
    id: &CodeRequestId,
    key: &str,
) -> Result<Plan, Problem> {
    let integration = &caller.integration;
    let ask = Ask {
        company: &caller.company,
        user: None,
        key,
        sender: integration.sender.as_str(),
        recipients: &[number.to_owned()],
        text,
        // By which its messages are found among others.
        client_reference: Some(integration.id.as_str()),
        segments_max: None,
        agreement: Some(integration.agreement.as_str()),
        hash: id.to_string(),
        code: Some(Code { integration: integration.id.clone(), request: id.clone() }),
    };
    app.planner.plan(&ask, runtime::now()).await.map_err(problem)
}

/// A repeat under the same key leads to the same request.
fn request_id(caller: &Caller, headers: &HeaderMap) -> Result<CodeRequestId, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(CodeRequestId::new(runtime::fresh())) };
    match key.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => {
            Ok(CodeRequestId::derived(&[caller.integration.id.as_str(), key]))
        }
        _ => Err(Problem::new(400, "idempotency_key", "an `Idempotency-Key` has 1 to 255 characters")),
    }
}

/// What the platform makes a code of: the same for a repeat, and nothing that anybody else can tell.
fn digits_of(caller: &Caller, id: &CodeRequestId) -> u64 {
    let secret = caller.integration.key_hash.as_deref().unwrap_or_default();
    let digest = Sha256::digest(format!("{secret} {id}"));
    digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
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
                Ok(Json(CodeVerified { number: answered.recipient.to_string(), verified_at: at.as_second() }))
            }
            None => Err(Problem::new(422, "wrong_code", "This is not the code that was sent.").field("code")),
        };
    }
    Err(try_again())
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
    Ok(Json(CodeRequestView::of(&request, message.as_ref(), &caller.integration)))
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
