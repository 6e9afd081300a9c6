//! An agreement of which nothing came may be deleted.

use axum::extract::{Path, State};
use domain::agreement::{Agreement, AgreementAssets};
use domain::permission::Area;
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::Problem;
use runtime::revision::IfMatch;

use super::{manage, stored};
use crate::App;
use crate::error::ApiError;
use crate::routes::companies::deletion::wallets_of;

/// Delete an agreement.
///
/// For the company that it is with. Only if no money is in it or set aside, nothing was charged to it, and
/// it has no invoices, sender IDs, running fee rules and agreements that are charged to it as well.
#[utoipa::path(delete, path = "/v1/agreements/{id}", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`has_money`, `has_charges`, `has_invoices`, `has_sender_ids`, \
            `has_fee_rules`, `is_resold`, or `too_many_parts`: it has more wallets than are closed in one \
            step", body = Problem, content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    manage(&who, &agreement, Area::Agreements)?;
    if_match.check(agreement.revision)?;
    let assets = assets(&app, &agreement).await?;
    agreement.check_deletion(&assets)?;
    let company = app.seen_by(&who).company(agreement.company.as_str()).await?;
    let wallets: Vec<_> = assets.wallets.into_iter().map(|(wallet, _)| wallet).collect();
    stored(app.store.delete_agreement(&who.act(&company.path), &agreement, &wallets).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn assets(app: &App, agreement: &Agreement) -> Result<AgreementAssets, ApiError> {
    let resold = app.store.agreements_with(&agreement.company).await?;
    let resold = resold.into_iter().find(|below| below.above.contains(&agreement.id));
    Ok(AgreementAssets {
        wallets: wallets_of(app, agreement).await?,
        invoices: app.store.invoices_of(&agreement.id).await?,
        senders: app.store.senders_of(&agreement.company).await?,
        fee_rules: app.store.fee_rules(&agreement.id).await?,
        resold_as: resold.map(|below| below.id),
    })
}
