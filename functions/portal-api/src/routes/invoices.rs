//! Invoices: looked at, recalculated, edited. What confirms, covers and downloads them is below.

pub mod charges;
pub mod confirm;
pub mod coverage;
pub mod documents;
pub mod list;
pub mod view;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::audit::Act;
use domain::invoice::{DisputeStatus, Invoice, InvoiceEdit, InvoiceError, period_of};
use domain::permission::Area;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::Deserialize;
use store::{Closed, Stored};
use utoipa::ToSchema;

use super::{Edited, Reply, present};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::List;
use crate::{fields, rights, schema};
use view::InvoiceView;

/// One invoice.
///
/// The `ETag` is its revision, for `If-Match`.
#[utoipa::path(get, path = "/v1/invoices/{id}", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses((status = 200, description = "The invoice", body = InvoiceView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<InvoiceView> {
    let invoice = readable(&app, &who, &id).await?;
    Ok(Versioned::new(invoice.revision, InvoiceView::new(&invoice, &who)?))
}

/// An invoice that the caller's roles show.
async fn readable(app: &App, who: &Principal, id: &str) -> Result<Invoice, ApiError> {
    let invoice = app.seen_by(who).invoice(id).await?;
    rights::view_own(who, &invoice.company, Area::InvoicesAndCharges, Area::PortalFinance)?;
    Ok(invoice)
}

/// An invoice that the caller works on as its tenant, with its agreement.
async fn manageable(app: &App, who: &Principal, id: &str) -> Result<(Invoice, Agreement, Act), ApiError> {
    let seen = app.seen_by(who);
    let invoice = seen.invoice(id).await?;
    rights::manage(who, Area::InvoicesAndCharges)?;
    rights::on_tenant_side(who, &invoice.company, &invoice.tenant)?;
    let agreement = seen.agreement(invoice.agreement.as_str()).await?;
    let act = seen.act_on(&invoice.company).await?;
    Ok((invoice, agreement, act))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// A day of the period, in the agreement's time zone; today unless told.
    #[schema(value_type = Option<String>, format = Date, example = "2026-10-31")]
    day: Option<Date>,
}

/// Draft the invoice of a period now.
///
/// Of any period, also of the one that still runs; the schedule does the same when a period has ended.
/// Confirmed invoices stay as they are: what changed since is drafted as a correction.
#[utoipa::path(post, path = "/v1/agreements/{id}/invoices", tag = "invoices", request_body = CloseRequest,
    params(("id" = String, Path, description = "The agreement's id")),
    responses(
        (status = 200, description = "The draft as the usage makes it now", body = InvoiceView),
        (status = 409, description = "`nothing_to_bill`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn close(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<CloseRequest>,
) -> Edited<InvoiceView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::InvoicesAndCharges)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let act = app.seen_by(&who).act_on(&agreement.company).await?;
    let today = agreement.version_at(act.at).billing.day_of(act.at);
    let period = agreement.billing_period(body.day.unwrap_or(today));
    match app.invoices.close(&act, &agreement, period).await? {
        Closed::Stored(invoice) | Closed::Same(invoice) => {
            Ok(Versioned::new(invoice.revision, InvoiceView::new(&invoice, &who)?))
        }
        Closed::NoUsage => Err(InvoiceError::NothingToBill.into()),
    }
}

/// Count the usage of a draft again.
///
/// Where nothing has become different, `calculated_at` alone says that it was. A draft on which nothing is
/// left, and which never had a number and has no comment, is gone.
#[utoipa::path(post, path = "/v1/invoices/{id}/recalculate", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "The draft as it is now", body = InvoiceView),
        (status = 409, description = "`already_confirmed` or `period_changed`; `nothing_to_bill`: it is gone",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn recalculate(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<InvoiceView> {
    let (stored, agreement, act) = manageable(&app, &who, &id).await?;
    if stored.is_confirmed() {
        return Err(InvoiceError::Confirmed.into());
    }
    let closed = app.invoices.close(&act, &agreement, period_of(&agreement, &stored)?).await?;
    if let Closed::Same(draft) = closed
        && !draft.is_confirmed()
    {
        app.store.note_recalculated(&draft, act.at).await?;
    }
    let invoice = app.store.any_invoice(&stored.id).await?.ok_or(InvoiceError::NothingToBill)?;
    Ok(Versioned::new(invoice.revision, InvoiceView::new(&invoice, &who)?))
}

/// What is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoicePatch {
    /// At most 1,000 characters; null empties it. It stands on the document that is made at confirmation.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    comment: Option<Option<String>>,
    /// Whether the client disputes it. Of a confirmed invoice.
    #[schema(value_type = Option<schema::DisputeStatus>)]
    dispute_status: Option<DisputeStatus>,
    /// How much is disputed: 0 to the total.
    #[schema(example = "10.5")]
    disputed: Option<String>,
}

impl InvoicePatch {
    fn parse(self) -> Result<InvoiceEdit, ApiError> {
        Ok(InvoiceEdit {
            comment: self.comment.map(Option::unwrap_or_default),
            dispute: self.dispute_status,
            disputed: self.disputed.as_deref().map(|text| fields::amount("disputed", text)).transpose()?,
        })
    }
}

/// Note something about an invoice.
///
/// Its sums do not change. With `If-Match` only if the invoice is still at the named revision. A draft with a
/// comment stays when nothing is left to bill; without one, and without a number, it goes.
#[utoipa::path(patch, path = "/v1/invoices/{id}", tag = "invoices", request_body = InvoicePatch,
    params(
        ("id" = String, Path, description = "The invoice's id"),
        ("If-Match" = Option<String>, Header, description = "The revision that was looked at")
    ),
    responses(
        (status = 200, description = "The invoice as it is now", body = InvoiceView),
        (status = 409, description = "`not_confirmed`: nobody disputes a draft", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<InvoicePatch>,
) -> Edited<InvoiceView> {
    let edit = body.parse()?;
    let (invoice, _, act) = manageable(&app, &who, &id).await?;
    if_match.check(invoice.revision)?;
    let edited = invoice.edited(edit)?;
    if edited != invoice && app.store.replace_invoice(&act, &invoice, &edited).await? == Stored::Overtaken {
        return Err(busy());
    }
    Ok(Versioned::new(edited.revision, InvoiceView::new(&edited, &who)?))
}

/// The invoices that correct one.
///
/// Of the same period, in the order in which they were made; the company that pays sees the confirmed ones.
#[utoipa::path(get, path = "/v1/invoices/{id}/corrections", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses((status = 200, description = "All of them", body = List<InvoiceView>)))]
pub async fn corrections(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Reply<List<InvoiceView>> {
    let invoice = readable(&app, &who, &id).await?;
    let seen = app.seen_by(&who);
    let mut later = app.store.invoices_of_period(&invoice.agreement, invoice.period.first).await?;
    later.retain(|other| invoice.sequence < other.sequence && seen.shows(other));
    let items = later.iter().map(|other| InvoiceView::new(other, &who)).collect::<Result<_, _>>()?;
    Ok(Json(List { items, next: None }))
}
