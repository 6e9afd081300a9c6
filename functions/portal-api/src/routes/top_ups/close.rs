//! Top-ups that a person ends, so that what was booked by hand is not booked again when the payment system
//! tells of it late.

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
use crate::rights;
use crate::routes::Edited;
use crate::routes::records::Revision;

/// In each round either the top-up is closed, or a report of the payment system has changed it.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseTopUpRequest {
    /// Why, 1 to 500 characters.
    #[schema(example = "Booked by hand as payment TT-2026-0001")]
    reason: String,
}

/// Close a top-up by hand.
///
/// For one whose money is booked as a payment by hand, or is not to come; one whose money came is rather
/// confirmed. Whatever the payment system tells of it from then on is kept for a person to look at, and changes
/// no balance. That cannot be undone; closing again changes nothing.
#[utoipa::path(post, path = "/v1/top_ups/{id}/close", tag = "top_ups", request_body = CloseTopUpRequest,
    params(("id" = String, Path, description = "The top-up's id"), Revision),
    responses(
        (status = 200, description = "The closed top-up", body = TopUpView),
        (status = 409, description = "`top_up_confirmed`: it is in the balance, and is refunded at the \
            payment system", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The revision is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn close(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<CloseTopUpRequest>,
) -> Edited<TopUpView> {
    let seen = app.seen_by(&who);
    for _ in 0..ROUNDS_MAX {
        let top_up = seen.top_up(&id).await?;
        let agreement = seen.agreement(top_up.agreement.as_str()).await?;
        rights::manage(&who, Area::Payments)?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
        let Some(closed) = top_up.plan_close(&body.reason, &who.company.id)? else {
            return Ok(Versioned::new(top_up.revision, TopUpView::new(top_up, &who)));
        };
        if_match.check(top_up.revision)?;
        let act = seen.act_on(&top_up.company).await?;
        if app.store.change_top_up(&act, &top_up, &closed).await? == TopUpPosted::Now {
            return Ok(Versioned::new(closed.revision, TopUpView::new(closed, &who)));
        }
    }
    Err(busy())
}
