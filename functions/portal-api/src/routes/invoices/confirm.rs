//! Invoices confirmed, and made drafts again.

use axum::extract::{Path, State};
use domain::invoice::{Confirmation, Invoice, Timing};
use queue::Billing;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::Versioned;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::InvoiceView;
use super::{Edited, manageable};
use crate::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// Confirm also a period that still runs, say because the contract ends; what is used later in it
    /// is for a correction. False unless told.
    #[serde(default)]
    early: bool,
    /// Mail it to those who get the agreement's invoices, once its PDF is made; true unless told.
    #[serde(default = "yes")]
    send: bool,
}

fn yes() -> bool {
    true
}

impl Default for ConfirmRequest {
    fn default() -> Self {
        Self { early: false, send: true }
    }
}

/// Confirm an invoice.
///
/// It is recalculated, numbered and frozen, and its PDF is made. Confirming again changes nothing.
#[utoipa::path(post, path = "/v1/invoices/{id}/confirm", tag = "invoices",
    request_body = Option<ConfirmRequest>,
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "The confirmed invoice", body = InvoiceView),
        (status = 409, description = "`period_open`, `period_changed` or `nothing_to_bill`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn confirm(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    body: Option<Body<ConfirmRequest>>,
) -> Edited<InvoiceView> {
    let ConfirmRequest { early, send } = body.map(|Body(body)| body).unwrap_or_default();
    let (invoice, agreement, act) = manageable(&app, &who, &id).await?;
    let timing = if early { Timing::Early } else { Timing::AfterPeriod };
    let ask = Confirmation { timing, send, by: act.actor.who.clone() };
    let invoice = app.invoices.confirm(&act, &agreement, &invoice.id, &ask).await?;
    follow(&app, &invoice).await?;
    Ok(Versioned::new(invoice.revision, InvoiceView::new(&invoice, &who)?))
}

/// What is done about an invoice behind the scenes. Also for one that was confirmed before: its first
/// confirmation may have ended right there.
async fn follow(app: &App, invoice: &Invoice) -> Result<(), ApiError> {
    if invoice.is_confirmed() && invoice.document.is_none() {
        app.billing.send(&Billing::RenderV1 { invoice: invoice.id.clone() }).await?;
    }
    app.billing.send(&Billing::CoverV1 { agreement: invoice.agreement.clone() }).await?;
    Ok(())
}

/// Make a confirmed invoice a draft again.
///
/// It follows the usage again and is gone from the client's list. Its number stays for the next confirmation,
/// so there is no gap. Refused while a confirmed correction refers to it.
#[utoipa::path(post, path = "/v1/invoices/{id}/unconfirm", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "The draft", body = InvoiceView),
        (status = 409, description = "`not_confirmed`, or `corrected`: with the `correction` that is to be \
            unconfirmed first", body = Problem, content_type = "application/problem+json")
    ))]
pub async fn unconfirm(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<InvoiceView> {
    let (invoice, _, act) = manageable(&app, &who, &id).await?;
    let invoice = app.invoices.unconfirm(&act, &invoice.id).await?;
    follow(&app, &invoice).await?;
    Ok(Versioned::new(invoice.revision, InvoiceView::new(&invoice, &who)?))
}
