//! What the platform finds wrong with its own books and corrects nowhere, for whoever runs it to look at. Nobody
//! else could put any of it right, so it is listed for nobody else.

use axum::extract::State;
use axum::response::Response;
use domain::finding::FindingKind;
use domain::permission::Area;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use runtime::revision::IfMatch;
use serde::{Deserialize, Serialize};
use store::{KeptReview, Review, ReviewFilter};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::Revision;
use super::reviews::{self, ReviewMark};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::Format;
use crate::{rights, schema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LedgerReviewQuery {
    /// Only of this kind.
    #[param(value_type = Option<schema::FindingKind>)]
    kind: Option<FindingKind>,
    /// Found at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Found before this time.
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
pub struct LedgerReview {
    /// What was found.
    #[schema(value_type = schema::FindingKind)]
    kind: String,
    /// What names it among all of its kind.
    #[schema(example = "agr_01kd3v5x9q8m7n6p5r4s3t2v1w#2026-03-14")]
    event: String,
    /// The agreement; null for a fee, which `event` names.
    #[schema(example = "agr_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    agreement: Option<String>,
    /// The agreement's own day, of a recount.
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-14")]
    day: Option<Date>,
    /// The wallet, of a reconciliation.
    wallet: Option<String>,
    /// The transfer, payment, allowance or line of the wallet's statement; null if it is the wallet's money as a
    /// whole.
    subject: Option<String>,
    /// What the records of the day, or the other side of the ledger, come to: in the agreement's currency, or in
    /// units of the allowance.
    #[schema(example = "12.50")]
    expected: Option<String>,
    /// What the usage of the day, or the wallet, says. The same as `expected` where only
    /// numbers of messages differ, or an amount is in another row.
    #[schema(example = "12.55")]
    found: Option<String>,
    /// What was found, in words.
    #[schema(example = "1 usage rows differ from their records")]
    detail: String,
    /// Since when it is found like this.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// That a person has dealt with it.
    done: Option<ReviewMark>,
    /// Counts its changes; for `If-Match`.
    revision: u64,
}

impl From<KeptReview> for LedgerReview {
    fn from(kept: KeptReview) -> Self {
        let KeptReview { review, figures, done, revision, .. } = kept;
        let Review { system, event, detail, at, .. } = review;
        let figures = figures.as_ref();
        Self {
            kind: system,
            event,
            agreement: figures.map(|figures| figures.agreement.to_string()),
            day: figures.and_then(|figures| figures.day),
            wallet: figures.and_then(|figures| Some(figures.wallet.as_ref()?.to_string())),
            subject: figures.and_then(|figures| figures.subject.clone()),
            expected: figures.map(|figures| figures.expected.to_string()),
            found: figures.map(|figures| figures.found.to_string()),
            detail,
            at,
            done: done.map(Into::into),
            revision,
        }
    }
}

const FILE_COLUMNS: [&str; 13] = [
    "at",
    "kind",
    "event",
    "agreement",
    "day",
    "wallet",
    "subject",
    "expected",
    "found",
    "detail",
    "done.at",
    "done.by",
    "done.note",
];

/// What the platform found wrong.
///
/// Usage that is not what its records come to, a ledger that does not add up, and fees that were given up: nothing
/// of it is corrected by itself. For the company that runs the platform. Newest first; what was dealt with stays in
/// the list, unless `done` leaves it out. Found again with another difference it is open again.
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/ledger_reviews", tag = "ledger_reviews", params(LedgerReviewQuery),
    responses((status = 200, description = "A page",
        content((List<LedgerReview> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<LedgerReviewQuery>,
) -> Result<Response, ApiError> {
    rights::view_platform(&who, Area::InvoicesAndCharges)?;
    let kinds = FindingKind::ALL.into_iter().filter(|kind| query.kind.is_none_or(|wanted| wanted == *kind));
    let systems = kinds.map(|kind| kind.name().to_owned()).collect();
    let filter = ReviewFilter { systems, from: query.from, till: query.till, done: query.done };
    let found = reviews::find(&app, &filter, query.limit, query.cursor.as_deref(), format).await?;
    found.answer(LedgerReview::from, "ledger_reviews", &FILE_COLUMNS)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerReviewDoneRequest {
    /// Its kind.
    #[schema(value_type = schema::FindingKind)]
    kind: FindingKind,
    /// What names it among all of its kind.
    #[schema(example = "agr_01kd3v5x9q8m7n6p5r4s3t2v1w#2026-03-14")]
    event: String,
    /// What was done about it, up to 500 characters.
    #[serde(default)]
    #[schema(example = "Rated again")]
    note: String,
}

/// Mark what the platform found as dealt with.
///
/// It says who, when and why, and changes nothing of the books. Marking it again changes nothing. For the company
/// that runs the platform.
#[utoipa::path(post, path = "/v1/ledger_reviews/done", tag = "ledger_reviews",
    params(Revision), request_body = LedgerReviewDoneRequest,
    responses((status = 200, description = "What was found", body = LedgerReview)))]
pub async fn done(
    State(app): State<App>,
    who: Principal,
    if_match: IfMatch,
    Body(body): Body<LedgerReviewDoneRequest>,
) -> Edited<LedgerReview> {
    rights::manage_platform(&who, Area::InvoicesAndCharges)?;
    let act = who.act(&who.company.path);
    let named = ("review", body.kind.name(), body.event.as_str());
    reviews::mark(&app, &act, if_match, named, &body.note).await
}
