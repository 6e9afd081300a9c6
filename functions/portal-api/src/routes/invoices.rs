//! Invoices: looked at, recalculated, confirmed, downloaded.

pub mod list;

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use domain::invoice::{Charge, Invoice, InvoiceError, InvoiceStatus, Timing, period_of};
use domain::permission::Area;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use queue::Billing;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Reply;
use crate::App;
use crate::error::ApiError;
use crate::{billing, rights, schema};

/// Long enough to click, short enough not to be passed on.
const LINK_VALID_FOR: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceView {
    /// Its id.
    id: String,
    /// The agreement that it bills.
    agreement: String,
    /// The company that pays.
    company: String,
    /// The company that issues it.
    tenant: String,
    /// The first day of the period, in the agreement's time zone.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// The last day of the period, included.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// The agreement's currency.
    currency: String,
    /// Whether it still follows the usage.
    #[schema(value_type = schema::InvoiceStatus)]
    status: InvoiceStatus,
    /// Without gaps among those of the issuing company; given at confirmation.
    number: Option<u64>,
    /// The day of confirmation.
    #[schema(value_type = Option<String>, format = Date)]
    issue_date: Option<Date>,
    /// The day by which it is to be paid.
    #[schema(value_type = Option<String>, format = Date)]
    due_date: Option<Date>,
    /// What was used.
    charges: Vec<ChargeView>,
    /// The exact sum of the charges.
    net: String,
    /// The sum, rounded once to the currency's smallest unit.
    total_due: String,
    /// When the usage was counted.
    #[schema(value_type = String, format = DateTime)]
    calculated_at: Timestamp,
    /// When it was confirmed.
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    /// Whether its PDF is there.
    document_ready: bool,
    /// Raised by every change.
    revision: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChargeView {
    /// What was used.
    #[schema(example = "sms_message")]
    resource: String,
    /// What messages were sent from, or the sender ID a fee is for.
    sender: Option<String>,
    /// What else a fee is for: the pack's or the additional service's name, the operator.
    subject: Option<String>,
    /// Of messages: ISO 3166 alpha-2.
    country: Option<String>,
    /// The price of the rate tree, by its id.
    rate: String,
    /// What a unit costs.
    unit_price: String,
    /// How many messages.
    messages: i64,
    /// How many units: messages or segments.
    quantity: i64,
    /// What they cost together, exactly.
    net: String,
}

impl From<Charge> for ChargeView {
    fn from(charge: Charge) -> Self {
        Self {
            resource: charge.resource.name().to_owned(),
            sender: charge.sender.map(Into::into),
            subject: charge.subject,
            country: charge.country,
            rate: charge.rate.as_str().to_owned(),
            unit_price: charge.unit_price.to_string(),
            messages: charge.messages,
            quantity: charge.quantity,
            net: charge.net.to_string(),
        }
    }
}

impl From<Invoice> for InvoiceView {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id.into(),
            agreement: invoice.agreement.into(),
            company: invoice.company.into(),
            tenant: invoice.tenant.into(),
            first_day: invoice.period.first,
            last_day: invoice.period.last,
            currency: invoice.currency.to_string(),
            status: invoice.status,
            number: invoice.number,
            issue_date: invoice.issue_date,
            due_date: invoice.due_date,
            charges: invoice.charges.into_iter().map(Into::into).collect(),
            net: invoice.net.to_string(),
            total_due: invoice.total_due.to_string(),
            calculated_at: invoice.calculated_at,
            confirmed_at: invoice.confirmed_at,
            document_ready: invoice.document.is_some(),
            revision: invoice.revision,
        }
    }
}

/// One invoice.
#[utoipa::path(get, path = "/v1/invoices/{id}", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses((status = 200, description = "The invoice", body = InvoiceView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<InvoiceView> {
    Ok(Json(readable(&app, &who, &id).await?.into()))
}

/// An invoice that the caller's roles show.
async fn readable(app: &App, who: &Principal, id: &str) -> Result<Invoice, ApiError> {
    let invoice = app.seen_by(who).invoice(id).await?;
    rights::view_own(who, &invoice.company, Area::InvoicesAndCharges, Area::PortalFinance)?;
    Ok(invoice)
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
/// A confirmed invoice stays as it is.
#[utoipa::path(post, path = "/v1/agreements/{id}/invoices", tag = "invoices", request_body = CloseRequest,
    params(("id" = String, Path, description = "The agreement's id")),
    responses(
        (status = 200, description = "The invoice as the usage makes it now", body = InvoiceView),
        (status = 409, description = "`nothing_to_bill`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn close(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<CloseRequest>,
) -> Reply<InvoiceView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::InvoicesAndCharges)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let act = app.seen_by(&who).act_on(&agreement.company).await?;
    let today = agreement.version_at(act.at).billing.day_of(act.at);
    let period = agreement.billing_period(body.day.unwrap_or(today));
    let invoice = billing::close(&app.store, &act, &agreement, period).await?;
    Ok(Json(invoice.ok_or_else(nothing_to_bill)?.into()))
}

fn nothing_to_bill() -> ApiError {
    let detail = "Nothing was used in this period that costs anything, so it has no invoice.";
    Problem::new(409, "nothing_to_bill", detail).into()
}

/// Count the usage of a draft again.
#[utoipa::path(post, path = "/v1/invoices/{id}/recalculate", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "The draft as it is now", body = InvoiceView),
        (status = 409, description = "`already_confirmed`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn recalculate(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Reply<InvoiceView> {
    let seen = app.seen_by(&who);
    let stored = seen.invoice(&id).await?;
    rights::manage(&who, Area::InvoicesAndCharges)?;
    rights::on_tenant_side(&who, &stored.company, &stored.tenant)?;
    if stored.status == InvoiceStatus::Confirmed {
        return Err(InvoiceError::Confirmed.into());
    }
    let agreement = seen.agreement(stored.agreement.as_str()).await?;
    let act = seen.act_on(&stored.company).await?;
    let period = period_of(&agreement, &stored)?;
    let invoice = billing::close(&app.store, &act, &agreement, period).await?;
    Ok(Json(invoice.unwrap_or(stored).into()))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// Confirm also a period that still runs, say because the contract ends; what is used later in it
    /// is for a correction. False unless told.
    #[serde(default)]
    early: bool,
}

/// Confirm an invoice.
///
/// It is recalculated, numbered and frozen, and its PDF is made. Confirming again changes nothing.
#[utoipa::path(post, path = "/v1/invoices/{id}/confirm", tag = "invoices",
    request_body = Option<ConfirmRequest>,
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "The confirmed invoice", body = InvoiceView),
        (status = 409, description = "`period_open` or `period_changed`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn confirm(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    body: Option<Body<ConfirmRequest>>,
) -> Reply<InvoiceView> {
    let early = body.is_some_and(|Body(body)| body.early);
    let timing = if early { Timing::Early } else { Timing::AfterPeriod };
    let seen = app.seen_by(&who);
    let stored = seen.invoice(&id).await?;
    rights::manage(&who, Area::InvoicesAndCharges)?;
    rights::on_tenant_side(&who, &stored.company, &stored.tenant)?;
    let agreement = seen.agreement(stored.agreement.as_str()).await?;
    let act = seen.act_on(&stored.company).await?;
    let period = match stored.status {
        InvoiceStatus::Confirmed => stored.period,
        InvoiceStatus::Draft => period_of(&agreement, &stored)?,
    };
    let confirmed = billing::confirm(&app.store, &act, &agreement, period, timing).await?;
    let invoice = confirmed.ok_or_else(nothing_to_bill)?;
    // Also for one that was confirmed before: its first confirmation may have ended right here.
    if invoice.document.is_none() {
        app.billing.send(&Billing::RenderV1 { invoice: invoice.id.clone() }).await?;
    }
    Ok(Json(invoice.into()))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentLink {
    /// Where a browser finds the PDF. Whoever has the link can open it until it expires.
    url: String,
    /// When the link stops working.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A link to an invoice's PDF.
#[utoipa::path(get, path = "/v1/invoices/{id}/pdf", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "A link for a quarter of an hour", body = DocumentLink),
        (status = 409, description = "`not_ready`: not confirmed, or the PDF is still being made",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn pdf(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<DocumentLink> {
    let invoice = readable(&app, &who, &id).await?;
    let Some(document) = &invoice.document else {
        let detail = "The PDF is made within moments after the invoice was confirmed. Ask again then.";
        return Err(Problem::new(409, "not_ready", detail).into());
    };
    let now = runtime::now();
    let file_name = format!("invoice-{}.pdf", invoice.number.unwrap_or_default());
    let url = app.documents.link(document, &file_name, LINK_VALID_FOR, now).await?;
    let valid_for = SignedDuration::try_from(LINK_VALID_FOR).unwrap_or_default();
    Ok(Json(DocumentLink { url, expires_at: now.saturating_add(valid_for).unwrap_or(now) }))
}
