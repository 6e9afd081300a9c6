//! The endpoints.

use axum::Json;
use axum::extract::{Path, State};
use domain::edr::Record;
use domain::id::{AgreementId, MessageId};
use domain::lease::LeaseTag;
use domain::permission::{Area, Level};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Body, IdempotencyKey, Problem, Query};
use sending::{Ask, Plan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Accepted, EdrFilter, EdrFilterError, Requested, Row};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::answer::{MessageList, MessageView, Sent};
use crate::refused::{nobody_left, problem, refused, try_again};

const PAGE_DEFAULT: u16 = 50;
const PAGE_MAX: u16 = 500;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendRequest {
    /// One of your sender IDs.
    #[schema(example = "ACME")]
    pub sender: String,
    /// 1 to 1,000 numbers in international form.
    #[schema(example = json!(["+4915112345678"]))]
    pub recipients: Vec<String>,
    /// What to send; long texts and other alphabets take several segments.
    #[schema(example = "Your code is 1234")]
    pub text: String,
    /// Kept with the messages, to find them by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    /// The most segments that the text may take; 10 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments_max: Option<u32>,
    /// Which agreement pays, if several have the sender ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
}

/// Send a text.
///
/// Charged and stored before it is answered. A repeat with the same `Idempotency-Key` and body gets the
/// same answer and sends nothing again. Bad numbers are refused one by one and cost nothing; money is
/// all or nothing.
#[utoipa::path(
    post, path = "/v1/messages", tag = "messages", request_body = SendRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")),
    responses(
        (status = 202, description = "Accepted", body = Sent),
        (status = 401, description = "No valid API key", body = Problem, content_type = "application/problem+json"),
        (status = 402, description = "`insufficient_funds`: says which level cannot pay", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The request breaks a rule, or its key was used for another request", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Outcome unknown: repeat with the same key", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn send(
    State(app): State<App>,
    who: Principal,
    IdempotencyKey(key): IdempotencyKey,
    Body(request): Body<SendRequest>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    may(&who, Level::Manage)?;
    let now = runtime::now();
    // Before any rule is judged: prices and balances have moved since the first time.
    let void = match before(&app, &who, &key, &request, now).await? {
        Before::Answered(answer) => return Ok(answer),
        Before::Nothing => None,
        Before::Void(tag) => Some(tag),
    };
    let plan = plan(&app, &who, &key, &request, now).await?;
    if plan.draft.wanted.is_empty() {
        return Err(nobody_left(&plan.draft.batch.refused));
    }
    match app.hot.accept(&app.store, &plan.draft, void, now).await.map_err(refused)? {
        Accepted::Now(row) => Ok((StatusCode::ACCEPTED, Json(Sent::of_row(&row, plan.agreement.currency)))),
        Accepted::Before => match before(&app, &who, &key, &request, now).await? {
            Before::Answered(answer) => Ok(answer),
            Before::Nothing | Before::Void(_) => Err(try_again()),
        },
    }
}

/// Messages are one of the areas that roles and scopes grant.
fn may(who: &Principal, level: Level) -> Result<(), Problem> {
    if who.may(Area::PortalMessages, level) {
        return Ok(());
    }
    let detail = "Your roles or your key do not let you do this: ask for `portal_messages`.";
    Err(Problem::new(403, "not_allowed", detail).figure("area", "portal_messages"))
}

async fn plan(
    app: &App,
    who: &Principal,
    key: &str,
    request: &SendRequest,
    now: Timestamp,
) -> Result<Plan, Problem> {
    let ask = Ask {
        company: &who.company,
        user: who.user.as_ref().map(|user| &user.id),
        key,
        sender: &request.sender,
        recipients: &request.recipients,
        text: &request.text,
        client_reference: request.client_reference.as_deref(),
        segments_max: request.segments_max,
        agreement: request.agreement.as_deref(),
        hash: request_hash(request),
        code: None,
    };
    app.planner.plan(&ask, now).await.map_err(problem)
}

/// Tells a repeat of a request from another request under the same key.
fn request_hash(request: &SendRequest) -> String {
    let text = serde_json::to_string(request).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..16])
}

/// What a request with the same key came to.
enum Before {
    Nothing,
    Answered((StatusCode, Json<Sent>)),
    /// It was not charged, and never will be.
    Void(LeaseTag),
}

/// A twin that is under way is waited for, or else its outcome is unknown.
async fn before(
    app: &App,
    who: &Principal,
    key: &str,
    request: &SendRequest,
    now: Timestamp,
) -> Result<Before, Problem> {
    let id = MessageId::of_request(&who.company.id, key);
    let mut requested = app.store.requested(&id).await?;
    if let Requested::Undecided(row) = &requested {
        app.hot.decide(&app.store, row, now).await?;
        requested = app.store.requested(&id).await?;
    }
    match requested {
        Requested::Nothing => Ok(Before::Nothing),
        Requested::Void(tag) => Ok(Before::Void(tag)),
        Requested::Undecided(_) => Err(try_again()),
        Requested::Counts(row) => answer_again(app, &row, request).await.map(Before::Answered),
    }
}

/// The answer that a request with this key got.
async fn answer_again(
    app: &App,
    row: &Row,
    request: &SendRequest,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let (hash, agreement) = match row {
        Row::Message(message) => (&message.request_hash, &message.agreement),
        Row::Batch(batch) => (&batch.request_hash, &batch.agreement),
    };
    if *hash != request_hash(request) {
        let detail = "This Idempotency-Key was used for another request. Take a new key for a new request.";
        return Err(Problem::new(422, "idempotency_key_reused", detail));
    }
    let agreement = app.store.any_agreement(agreement).await?.ok_or_else(try_again)?;
    Ok((StatusCode::ACCEPTED, Json(Sent::of_row(row, agreement.currency))))
}

/// What a send would cost.
///
/// The same rules and prices as a send; nothing is stored or charged.
#[utoipa::path(
    post, path = "/v1/messages/estimate", tag = "messages", request_body = SendRequest,
    responses(
        (status = 200, description = "The price", body = Sent),
        (status = 401, description = "No valid API key", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The request breaks a rule", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn estimate(
    State(app): State<App>,
    who: Principal,
    Body(request): Body<SendRequest>,
) -> Result<Json<Sent>, Problem> {
    may(&who, Level::View)?;
    let plan = plan(&app, &who, "estimate", &request, runtime::now()).await?;
    let priced = app.store.estimate(&plan.draft).await.map_err(refused)?;
    Ok(Json(Sent::of_row(&priced.row, plan.agreement.currency).without_ids()))
}

/// One message.
#[utoipa::path(
    get, path = "/v1/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "The message's id")),
    responses(
        (status = 200, description = "The message as it is now", body = MessageView),
        (status = 401, description = "No valid API key", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such message", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Json<MessageView>, Problem> {
    may(&who, Level::View)?;
    let unknown = || Problem::not_found("message");
    let id = MessageId::parse(&id).map_err(|_| unknown())?;
    let message = app.store.message(&id).await?.ok_or_else(unknown)?;
    // Its text and price are its sender's alone; companies above have the EDRs of their own level. What a phone
    // sent was sent by nobody here.
    if message.company != who.company.id || message.handling.incoming.is_some() {
        return Err(unknown());
    }
    Ok(Json(MessageView::of_message(&message.masked_before(app.masking.before(runtime::now())))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Needed if you have several agreements.
    agreement: Option<String>,
    /// Accepted at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Accepted before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// International form, digits only.
    recipient: Option<String>,
    /// Only from this sender ID.
    sender: Option<String>,
    /// Only with this status.
    status: Option<String>,
    /// Only with this reference.
    client_reference: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Your messages, newest first.
///
/// A message is listed within moments after it was accepted. With a filter a page may hold fewer than
/// `limit` while there are more: go on while there is a `next`.
#[utoipa::path(
    get, path = "/v1/messages", tag = "messages", params(ListQuery),
    responses(
        (status = 200, description = "A page", body = MessageList),
        (status = 401, description = "No valid API key", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A filter is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(query): Query<ListQuery>,
) -> Result<Json<MessageList>, Problem> {
    may(&who, Level::View)?;
    let agreement = listed_agreement(&app, &who, query.agreement.as_deref()).await?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::invalid("limit", format!("1 to {PAGE_MAX} are allowed")));
    }
    let filter = EdrFilter {
        from: query.from,
        till: query.till,
        recipient: query.recipient.map(|number| number.trim_start_matches('+').to_owned()),
        sender: query.sender,
        status: query.status,
        client_reference: query.client_reference,
        masked_before: app.masking.before(runtime::now()),
        ..EdrFilter::default()
    };
    let wrong = |error: EdrFilterError| Problem::invalid(error.field(), error);
    let cursor = query.cursor.as_deref().map(cursor::place_of).transpose()?;
    filter.check(cursor.as_deref()).map_err(wrong)?;
    let page = app.store.edrs(&agreement, &filter, limit, cursor.as_deref()).await?;
    let sent = page.items.into_iter().filter_map(Record::into_message);
    let own = sent.filter(|edr| edr.level == 1 && edr.incoming.is_none());
    let next = page.next.as_deref().map(cursor::cursor_of);
    Ok(Json(MessageList { items: own.map(MessageView::of_edr).collect(), next }))
}

async fn listed_agreement(app: &App, who: &Principal, named: Option<&str>) -> Result<AgreementId, Problem> {
    let mut own = app.store.agreements_of(&who.company.id).await?;
    if let Some(named) = named {
        own.retain(|agreement| agreement.id.as_str() == named);
    }
    match (own.len(), own.pop()) {
        (1, Some(agreement)) => Ok(agreement.id),
        (0, _) => Err(Problem::not_found("agreement").field("agreement")),
        _ => Err(Problem::invalid("agreement", "you have several agreements: name one of them")),
    }
}
