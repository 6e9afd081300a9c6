//! An agreement of which nothing came may be deleted.

use axum::extract::{Path, State};
use domain::agreement::{Agreement, AgreementAssets};
use domain::connection::{Connection, Link};
use domain::permission::Area;
use domain::reselling::{ResellingAgreement, ResellingStatus};
use domain::self_registration::SelfRegistration;
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::Problem;
use runtime::revision::IfMatch;

use super::{manage, stored};
use crate::App;
use crate::error::ApiError;
use crate::routes::companies::deletion::wallets_of;
use crate::routes::records;

/// Delete an agreement.
///
/// For the company that it is with. Only if no money is in it or set aside, nothing was charged to it, and
/// it has no invoices, sender IDs, running fee rules and agreements that are charged to it as well. Nor while
/// it is, or will be, resold under, a self-registration charges new clients to it, or a client's SMPP
/// connection is paid by it.
#[utoipa::path(delete, path = "/v1/agreements/{id}", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`has_money`, `has_charges`, `has_invoices`, `has_sender_ids`, \
            `has_fee_rules`, `is_resold`, `in_use` with the id of what names it in `by`, or \
            `too_many_parts`: it has more wallets than are closed in one step", body = Problem,
            content_type = "application/problem+json")
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
    check_unnamed(&app, &agreement).await?;
    let company = app.seen_by(&who).company(agreement.company.as_str()).await?;
    let wallets: Vec<_> = assets.wallets.into_iter().map(|(wallet, _)| wallet).collect();
    stored(app.store.delete_agreement(&who.act(&company.path), &agreement, &wallets).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What names it would charge to it, or let others be charged to it, from now on.
async fn check_unnamed(app: &App, agreement: &Agreement) -> Result<(), ApiError> {
    let (id, now) = (&agreement.id, runtime::now());
    let ties = |tie: &ResellingAgreement| {
        tie.details.agreement == *id && tie.details.status(now) != ResellingStatus::Ended
    };
    records::check_unnamed(app, &agreement.company, ties).await?;
    let sells = |settings: &SelfRegistration| settings.details.agreement.resold_under.as_ref() == Some(id);
    records::check_unnamed(app, &agreement.company, sells).await?;
    let is_paid =
        |connection: &Connection| matches!(&connection.link, Link::Client(link) if link.agreement == *id);
    records::check_unnamed(app, &agreement.tenant, is_paid).await
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
