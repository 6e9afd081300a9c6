//! What payment systems told that no rule can settle, for a person to look at.

use axum::extract::State;
use axum::response::Response;
use domain::company::CompanyKind;
use domain::payment_system::{PaymentSystem, PaymentSystemKind};
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use store::Review;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found};
use crate::rights;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentReviewQuery {
    /// Of which payment system; `stripe` for the platform's own account, which is for the owner alone.
    payment_system: String,
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
}

impl From<Review> for PaymentReview {
    fn from(review: Review) -> Self {
        let Review { system, event, top_up, detail, at } = review;
        Self { system, event, top_up: top_up.map(Into::into), detail, at }
    }
}

const FILE_COLUMNS: [&str; 5] = ["at", "system", "event", "top_up", "detail"];

/// Payment events to look at.
///
/// What a payment system told that changed no balance, as it is not what was expected: other money, a second
/// payment, one for a top-up that was closed by hand. Newest first; nothing leaves the list.
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
    let system = query.payment_system;
    let is_platforms = system == PaymentSystemKind::Stripe.name() && who.company.kind == CompanyKind::Owner;
    if !is_platforms {
        let found = app.seen_by(&who).thing::<PaymentSystem>(&system).await;
        found.map_err(|error| error.field("payment_system"))?;
    }
    let limit = fields::limit(query.limit)?;
    let mut behind = query.cursor.as_deref().map(cursor::place_of).transpose()?;
    if format == Format::Json {
        let page = app.store.newest_reviews(&system, limit, behind.as_deref()).await?;
        return Found { page, format }.answer(PaymentReview::from, "payment_reviews", &FILE_COLUMNS);
    }
    let mut rows = FileRows::up_to(FILE_ROWS_MAX);
    loop {
        behind = rows.add(app.store.newest_reviews(&system, FILE_PAGE, behind.as_deref()).await?)?;
        if behind.is_none() {
            let found = Found::all(rows.items, format);
            return found.answer(PaymentReview::from, "payment_reviews", &FILE_COLUMNS);
        }
    }
}
