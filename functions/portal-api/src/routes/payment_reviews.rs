//! What payment systems told that no rule can settle, for a person to look at.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::company::CompanyKind;
use domain::payment_system::{PaymentSystem, PaymentSystemKind};
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::{KeptReview, RefusedCall, Review, ReviewDone, ReviewFilter};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::lists::{FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found};
use crate::routes::Reply;
use crate::{rights, schema};

const NOTE_LENGTH_MAX: usize = 500;
/// In bytes: no longer one is kept.
const EVENT_LENGTH_MAX: usize = 1_024;
/// In each round either the event is marked, or somebody else has changed it.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentReviewQuery {
    /// Of this payment system; `stripe` for the platform's own account, which is for the owner alone. Of all
    /// that you have set up unless told, and the owner of the platform's own account too.
    payment_system: Option<String>,
    /// Only of payment systems of this kind.
    #[param(value_type = Option<schema::PaymentSystemKind>)]
    kind: Option<PaymentSystemKind>,
    /// Told at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Told before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// Only those that a person has dealt with, or only those that nobody has.
    done: Option<bool>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentReview {
    /// The payment system; `stripe` is the platform's own account.
    system: String,
    /// What names the event among all of the payment system.
    event: String,
    /// The top-up that it is about, if it names one.
    top_up: Option<String>,
    /// What happened.
    #[schema(example = "30 EUR was paid, 50 EUR was expected")]
    detail: String,
    /// When it was told.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// How many calls it stands for: calls that are not authentic are counted by day.
    times: u32,
    /// The last of these calls, the newest first.
    lately: Vec<PaymentReviewCall>,
    /// That a person has dealt with it.
    done: Option<PaymentReviewDone>,
}

/// A call that was not taken as the payment system's.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentReviewCall {
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why it was not taken.
    detail: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentReviewDone {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who said so.
    by: String,
    /// What was done about it.
    note: String,
}

impl From<KeptReview> for PaymentReview {
    fn from(kept: KeptReview) -> Self {
        let Review { system, event, top_up, detail, at } = kept.review;
        let lately =
            kept.lately.into_iter().map(|RefusedCall { at, detail }| PaymentReviewCall { at, detail });
        let done = kept.done.map(|ReviewDone { at, by, note }| PaymentReviewDone { at, by, note });
        let top_up = top_up.map(Into::into);
        Self { system, event, top_up, detail, at, times: kept.times, lately: lately.collect(), done }
    }
}

const FILE_COLUMNS: [&str; 9] =
    ["at", "system", "event", "top_up", "detail", "times", "done.at", "done.by", "done.note"];

/// Payment events to look at.
///
/// What a payment system told that changed no balance, as it is not what was expected: other money, a second
/// payment, one for a top-up that was closed by hand; and how many calls of a day were not authentic. Newest
/// first. What was dealt with stays in the list, unless `done` leaves it out.
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/payment_reviews", tag = "payment_systems", params(PaymentReviewQuery),
    responses((status = 200, description = "A page",
        content((List<PaymentReview> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<PaymentReviewQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::Payments)?;
    let systems = systems(&app, &who, query.payment_system.as_deref(), query.kind).await?;
    let filter = ReviewFilter { systems, from: query.from, till: query.till, done: query.done };
    let limit = fields::limit(query.limit)?;
    let mut behind = query.cursor.as_deref().map(cursor::place_of).transpose()?;
    if format == Format::Json {
        let page = app.store.newest_reviews(&filter, limit, behind.as_deref()).await?;
        return Found { page, format }.answer(PaymentReview::from, "payment_reviews", &FILE_COLUMNS);
    }
    let mut rows = FileRows::up_to(FILE_ROWS_MAX);
    loop {
        behind = rows.add(app.store.newest_reviews(&filter, FILE_PAGE, behind.as_deref()).await?)?;
        if behind.is_none() {
            let found = Found::all(rows.items, format);
            return found.answer(PaymentReview::from, "payment_reviews", &FILE_COLUMNS);
        }
    }
}

/// The names of the payment systems to list: the one that is asked for, or all of the caller's company.
async fn systems(
    app: &App,
    who: &Principal,
    named: Option<&str>,
    kind: Option<PaymentSystemKind>,
) -> Result<Vec<String>, ApiError> {
    let platforms = PaymentSystemKind::Stripe;
    let is_owner = who.company.kind == CompanyKind::Owner;
    let mut systems: Vec<(PaymentSystemKind, String)> = match named {
        Some(named) if is_owner && named == platforms.name() => Vec::new(),
        Some(named) => {
            let found = app.seen_by(who).thing::<PaymentSystem>(named).await;
            let (system, _) = found.map_err(|error| error.field("payment_system"))?;
            vec![(system.details.kind, system.id.into())]
        }
        None => {
            let own = app.store.all_things::<PaymentSystem>(who.company.id.as_str()).await?;
            own.into_iter().map(|system| (system.details.kind, system.id.into())).collect()
        }
    };
    if is_owner && named.is_none_or(|named| named == platforms.name()) {
        systems.push((platforms, platforms.name().to_owned()));
    }
    systems.retain(|(of, _)| kind.is_none_or(|kind| kind == *of));
    Ok(systems.into_iter().map(|(_, name)| name).collect())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentReviewDoneRequest {
    /// The payment system of the event, as the list has it in `system`.
    payment_system: String,
    /// What names the event.
    event: String,
    /// What was done about it, up to 500 characters.
    #[serde(default)]
    #[schema(example = "Refunded at the payment system")]
    note: String,
}

/// Mark a payment event as dealt with.
///
/// It says who, when and why, and changes no balance. Marking it again changes nothing. Calls of the same day that
/// are not authentic and come later open theirs again.
#[utoipa::path(post, path = "/v1/payment_reviews/done", tag = "payment_systems",
    request_body = PaymentReviewDoneRequest,
    responses((status = 200, description = "The event", body = PaymentReview)))]
pub async fn done(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<PaymentReviewDoneRequest>,
) -> Reply<PaymentReview> {
    let seen = app.seen_by(&who);
    let is_platforms =
        who.company.kind == CompanyKind::Owner && body.payment_system == PaymentSystemKind::Stripe.name();
    let company = match is_platforms {
        true => who.company.id.clone(),
        false => {
            let found = seen.thing::<PaymentSystem>(&body.payment_system).await;
            found.map_err(|error| error.field("payment_system"))?.1.id
        }
    };
    rights::manage(&who, Area::Payments)?;
    let none = || ApiError::from(Problem::not_found("payment event"));
    if !(1..=EVENT_LENGTH_MAX).contains(&body.event.len()) {
        return Err(none());
    }
    let note = body.note.trim();
    if NOTE_LENGTH_MAX < note.chars().count() {
        return Err(Problem::invalid("note", format!("a note has up to {NOTE_LENGTH_MAX} characters")).into());
    }
    let act = seen.act_on(&company).await?;
    for _ in 0..ROUNDS_MAX {
        let kept = app.store.review(&body.payment_system, &body.event).await?.ok_or_else(none)?;
        if kept.done.is_some() {
            return Ok(Json(kept.into()));
        }
        let done = ReviewDone { at: act.at, by: act.actor.name.clone(), note: note.to_owned() };
        if let Some(marked) = app.store.finish_review(&act, &kept, done).await? {
            return Ok(Json(marked.into()));
        }
    }
    Err(busy())
}
