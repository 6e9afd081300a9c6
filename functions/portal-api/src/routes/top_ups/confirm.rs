//! Top-ups that a person confirms, because the money came some other way than the payment system tells. Message
//! credits that are bought so have their receipt as all others.

use axum::extract::{Path, State};
use domain::permission::Area;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::Deserialize;
use store::TopUpPosted;
use utoipa::ToSchema;

use super::TopUpView;
use crate::App;
use crate::error::busy;
use crate::fields;
use crate::rights;
use crate::routes::Edited;
use crate::routes::records::Revision;

/// In each round either the top-up is confirmed, or somebody else has changed it: who confirmed the same finds that
/// in the next.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmTopUpRequest {
    /// What the money is known by, 1 to 100 characters: unique among the company's payments.
    #[schema(example = "TT-2026-0001")]
    reference: String,
    /// What the balance is to rise by. Needed where the payment system's fee comes from the client and no tariff is
    /// set, as only a person knows then what it kept; else the amount, or the credits that are bought.
    #[schema(example = "48.75")]
    credited: Option<String>,
}

/// Confirm a top-up by hand.
///
/// For one whose money came without the payment system telling of it, that is in `review`, or that is `paid` and
/// whose fee nobody tells. It is in the balance at once, by a payment under this reference, and for message
/// credits there is a receipt. Whatever the payment system tells of it from then on is kept for a person to look
/// at. Confirming the same again under the same reference changes nothing.
#[utoipa::path(post, path = "/v1/top_ups/{id}/confirm", tag = "top_ups", request_body = ConfirmTopUpRequest,
    params(("id" = String, Path, description = "The top-up's id"), Revision),
    responses(
        (status = 200, description = "The confirmed top-up", body = TopUpView),
        (status = 409, description = "`top_up_confirmed`; `top_up_closed`: by hand; `top_up_returned`: money of \
            it went back; `reference_taken`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The revision is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn confirm(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ConfirmTopUpRequest>,
) -> Edited<TopUpView> {
    let credited = body.credited.as_deref().map(|text| fields::amount("credited", text)).transpose()?;
    let seen = app.seen_by(&who);
    for _ in 0..ROUNDS_MAX {
        let top_up = seen.top_up(&id).await?;
        let agreement = seen.agreement(top_up.agreement.as_str()).await?;
        rights::manage(&who, Area::Payments)?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
        let Some(received) = top_up.plan_confirmation(&body.reference, credited)? else {
            return Ok(Versioned::new(top_up.revision, TopUpView::new(top_up, &who)));
        };
        if_match.check(top_up.revision)?;
        let act = seen.act_on(&top_up.company).await?;
        match app.cashier.book(&act, &top_up, &received, Some(&who.company.id)).await? {
            TopUpPosted::Now => {
                let confirmed = seen.top_up(&id).await?;
                return Ok(Versioned::new(confirmed.revision, TopUpView::new(confirmed, &who)));
            }
            TopUpPosted::PaidAnother | TopUpPosted::Overtaken => {}
        }
    }
    let top_up = seen.top_up(&id).await?;
    let found = app.store.payment_under(&top_up.company, body.reference.trim()).await?;
    if found.is_none_or(|payment| payment == top_up.payment_id()) {
        return Err(busy());
    }
    let detail = "There is another payment under this reference.";
    Err(Problem::new(409, "reference_taken", detail).field("reference").into())
}
