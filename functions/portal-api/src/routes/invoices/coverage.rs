//! Which payments cover an invoice: the oldest due one first, unless a person says otherwise.

use axum::Json;
use axum::extract::{Path, State};
use domain::coverage::{Allocation, Coverage, Source, check_allocations};
use domain::id::PaymentId;
use domain::invoice::{Invoice, InvoiceError};
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use store::{Covered, Stored};
use utoipa::ToSchema;

use super::{Edited, Reply, manageable, readable};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields;

/// A part of a payment that a person has put to an invoice.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationBody {
    /// A confirmed inbound payment of the agreement.
    payment: String,
    /// How much of it, in the agreement's currency. Above zero.
    #[schema(example = "100")]
    amount: String,
}

impl From<&Allocation> for AllocationBody {
    fn from(allocation: &Allocation) -> Self {
        Self { payment: allocation.payment.to_string(), amount: allocation.amount.to_string() }
    }
}

impl AllocationBody {
    fn parse(self) -> Result<Allocation, ApiError> {
        let payment = PaymentId::parse(&self.payment);
        let payment = payment.map_err(|_| Problem::invalid("payment", "it is no id of a payment"))?;
        Ok(Allocation { payment, amount: fields::amount("amount", &self.amount)? })
    }
}

/// So much of an invoice is covered by this.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverView {
    /// The invoice that is covered: this one, or of a credit note those that it pays.
    invoice: String,
    /// The payment that covers it.
    payment: Option<String>,
    /// Or the credit note.
    credit_note: Option<String>,
    /// How much of it.
    amount: String,
    /// Whether a person has said so.
    by_hand: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageView {
    /// The invoice.
    invoice: String,
    /// What is to be paid.
    total_due: String,
    /// What of it is paid.
    covered: String,
    /// What of it is not.
    outstanding: String,
    /// What covers it, in the order in which it was given out; of a credit note what it covers.
    covers: Vec<CoverView>,
    /// What a person has put to it; less may be there by now.
    allocations: Vec<AllocationBody>,
}

impl CoverageView {
    fn new(invoice: &Invoice, coverage: &Coverage) -> Result<Self, ApiError> {
        let covered = coverage.of(invoice)?;
        let note = Source::CreditNote(invoice.id.clone());
        let own = coverage.covers.iter().filter(|cover| cover.invoice == invoice.id || cover.source == note);
        let covers = own.map(|cover| {
            let (payment, credit_note) = match &cover.source {
                Source::Payment(id) => (Some(id.to_string()), None),
                Source::CreditNote(id) => (None, Some(id.to_string())),
            };
            let (invoice, amount) = (cover.invoice.to_string(), cover.amount.to_string());
            CoverView { invoice, payment, credit_note, amount, by_hand: cover.by_hand }
        });
        Ok(Self {
            invoice: invoice.id.to_string(),
            total_due: invoice.total_due.to_string(),
            covered: covered.to_string(),
            outstanding: invoice.total_due.checked_sub(covered)?.to_string(),
            covers: covers.collect(),
            allocations: invoice.allocations.iter().map(Into::into).collect(),
        })
    }
}

/// What covers an invoice.
///
/// As the payments are now. Money is given to the oldest due invoice first, after what a person has said. An
/// invoice in message credits is covered in full by the credits that were used, and so by no payment.
#[utoipa::path(get, path = "/v1/invoices/{id}/coverage", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses(
        (status = 200, description = "Payments and credit notes, each with its part", body = CoverageView),
        (status = 409, description = "`not_confirmed`: a draft is not to be paid", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn show(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<CoverageView> {
    let invoice = readable(&app, &who, &id).await?;
    if !invoice.is_confirmed() {
        return Err(InvoiceError::NotConfirmed.into());
    }
    let agreement = app.seen_by(&who).agreement(invoice.agreement.as_str()).await?;
    let covered = app.invoices.coverage(&agreement).await?;
    Ok(Json(CoverageView::new(&invoice, &covered.coverage)?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationsRequest {
    /// All that is put to the invoice by hand, up to 50 payments; an empty list releases them.
    allocations: Vec<AllocationBody>,
}

/// Put payments to an invoice by hand.
///
/// What is said takes the place of what was said before. What is not put to an invoice covers the oldest due
/// one, as always.
#[utoipa::path(put, path = "/v1/invoices/{id}/allocations", tag = "invoices",
    request_body = AllocationsRequest,
    params(
        ("id" = String, Path, description = "The invoice's id"),
        ("If-Match" = Option<String>, Header, description = "The revision that was looked at")
    ),
    responses(
        (status = 200, description = "What covers it now", body = CoverageView),
        (status = 402, description = "`insufficient_funds`: the payment is put to other invoices",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_confirmed`: a draft is not to be paid; `credit_note`; or \
            `nothing_to_pay`: it is in message credits", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn allocate(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<AllocationsRequest>,
) -> Edited<CoverageView> {
    let (invoice, agreement, act) = manageable(&app, &who, &id).await?;
    if_match.check(invoice.revision)?;
    let allocations =
        body.allocations.into_iter().map(AllocationBody::parse).collect::<Result<Vec<_>, _>>()?;
    let Covered { invoices, payments, .. } = app.invoices.coverage(&agreement).await?;
    check_allocations(&invoice, &allocations, &invoices, &payments)?;
    let changed = invoice.with_allocations(allocations)?;
    if changed != invoice && app.store.replace_invoice(&act, &invoice, &changed).await? == Stored::Overtaken {
        return Err(busy());
    }
    app.invoices.cover("portal-api", &agreement, act.at).await?;
    let invoice = readable(&app, &who, &id).await?;
    let covered = app.invoices.coverage(&agreement).await?;
    Ok(Versioned::new(invoice.revision, CoverageView::new(&invoice, &covered.coverage)?))
}
