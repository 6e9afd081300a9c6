//! What payment systems told that no rule can settle, for a person to look at.

use axum::extract::State;
use axum::response::Response;
use domain::company::CompanyKind;
use domain::payment_system::{PaymentSystem, PaymentSystemKind};
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use runtime::revision::IfMatch;
use serde::{Deserialize, Serialize};
use store::{CountedCall, KeptReview, Review, ReviewFilter};
use utoipa::{IntoParams, ToSchema};

use super::records::Revision;
use super::reviews::{self, ReviewMark};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::Format;
use crate::routes::Edited;
use crate::{rights, schema};

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
    /// How many calls it stands for: those that are not authentic are counted by day, and so are authentic ones that
    /// bring no money.
    times: u32,
    /// The last five of these calls that differ, the newest first.
    lately: Vec<PaymentReviewCall>,
    /// That a person has dealt with it.
    done: Option<ReviewMark>,
    /// Counts its changes; for `If-Match`.
    revision: u64,
}

/// A call that brings no money.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentReviewCall {
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why it does not.
    detail: String,
}

impl From<KeptReview> for PaymentReview {
    fn from(kept: KeptReview) -> Self {
        let Review { system, event, top_up, detail, at } = kept.review;
        let lately =
            kept.lately.into_iter().map(|CountedCall { at, detail }| PaymentReviewCall { at, detail });
        Self {
            system,
            event,
            top_up: top_up.map(Into::into),
            detail,
            at,
            times: kept.times,
            lately: lately.collect(),
            done: kept.done.map(Into::into),
            revision: kept.revision,
        }
    }
}

const FILE_COLUMNS: [&str; 9] =
    ["at", "system", "event", "top_up", "detail", "times", "done.at", "done.by", "done.note"];

/// Payment events to look at.
///
/// What a payment system told that changed no balance, as it is not what was expected: other money, a second
/// payment, one for a top-up that was closed by hand; how many calls of a day were not authentic; and how many told
/// of a payment that was declined, or again of one that is booked: with these there is nothing to do, so they are
/// dealt with from the beginning. Newest first. What was dealt with stays in the list, unless `done` leaves it out.
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
    let found = reviews::find(&app, &filter, query.limit, query.cursor.as_deref(), format).await?;
    found.answer(PaymentReview::from, "payment_reviews", &FILE_COLUMNS)
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
    #[schema(example = "evt_1PqR5sT7uV9wX")]
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
    params(Revision), request_body = PaymentReviewDoneRequest,
    responses((status = 200, description = "The event", body = PaymentReview)))]
pub async fn done(
    State(app): State<App>,
    who: Principal,
    if_match: IfMatch,
    Body(body): Body<PaymentReviewDoneRequest>,
) -> Edited<PaymentReview> {
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
    let act = seen.act_on(&company).await?;
    let named = ("payment event", body.payment_system.as_str(), body.event.as_str());
    reviews::mark(&app, &act, if_match, named, &body.note).await
}
