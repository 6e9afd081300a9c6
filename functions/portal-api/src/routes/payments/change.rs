//! Payments edited, confirmed, withdrawn and deleted.

use axum::extract::{Path, State};
use domain::payment::{Payment, PaymentEdit, PaymentError, plan_change, plan_deletion};
use domain::permission::Area;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::Deserialize;
use store::ChangedPayment;
use utoipa::ToSchema;

use super::view::PostedPaymentView;
use super::{ROUNDS_MAX, answer, reference_taken};
use crate::App;
use crate::error::{ApiError, busy};
use crate::routes::Edited;
use crate::{fields, rights};

/// What is not given stays. Company, agreement, direction and exchange rate are fixed for good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePaymentRequest {
    /// What was paid, in the currency it was paid in; what the balance gets follows by the exchange rate.
    #[schema(example = "100")]
    amount: Option<String>,
    /// The day on which the money moved.
    #[schema(value_type = Option<String>, format = Date)]
    payment_date: Option<Date>,
    /// Unique among the company's payments, 1 to 100 characters.
    reference: Option<String>,
    /// At most 500 characters.
    description: Option<String>,
    /// True confirms the payment; false withdraws the confirmation.
    confirmed: Option<bool>,
    /// Unconfirmed, it leaves the balance when this day begins in the agreement's time zone; at once, if
    /// it has begun.
    #[schema(value_type = Option<String>, format = Date)]
    confirm_before: Option<Date>,
    /// Whether an outbound payment may take more than there is.
    #[serde(default, rename = "override")]
    may_overdraw: bool,
}

impl ChangePaymentRequest {
    fn parse(self) -> Result<PaymentEdit, ApiError> {
        Ok(PaymentEdit {
            amount: self.amount.as_deref().map(|text| fields::amount("amount", text)).transpose()?,
            payment_date: self.payment_date,
            reference: self.reference,
            description: self.description,
            confirmed: self.confirmed,
            confirm_before: self.confirm_before,
            may_overdraw: self.may_overdraw,
        })
    }
}

/// Edit a payment, confirm it, or withdraw its confirmation.
///
/// The balance follows at once and once, however often this is sent. What is so already stays as it is.
/// With `If-Match` only if the payment is still at the named revision.
#[utoipa::path(patch, path = "/v1/payments/{id}", tag = "payments", request_body = ChangePaymentRequest,
    params(
        ("id" = String, Path, description = "The payment's id"),
        ("If-Match" = Option<String>, Header, description = "The revision that was looked at")
    ),
    responses(
        (status = 200, description = "The payment as it is now", body = PostedPaymentView),
        (status = 402, description = "`insufficient_funds`: outbound, and more than there is",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`reference_taken`, `payment_deleted`, `agreement_deleted`: the agreement \
            or the company is gone, or `paid_by_top_up`: a payment that a top-up made keeps its amount and \
            stays confirmed", body = Problem,
            content_type = "application/problem+json"),
        (status = 412, description = "The revision is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ChangePaymentRequest>,
) -> Edited<PostedPaymentView> {
    let edit = body.parse()?;
    let seen = app.seen_by(&who);
    let mut recalled = false;
    for _ in 0..ROUNDS_MAX {
        let payment = seen.payment(&id).await?;
        // Also a deleted one: the payment is still seen.
        let agreement = app.store.any_agreement(&payment.agreement).await?.ok_or_else(busy)?;
        rights::manage(&who, Area::Payments)?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
        let wallet = app.store.wallet(&payment.wallet).await?.ok_or_else(busy)?;
        let planned = plan_change(&payment, &agreement, &wallet, edit.clone(), runtime::now());
        if matches!(planned, Err(PaymentError::NotEnough { .. })) && !recalled {
            app.store.free_headroom(&wallet).await?;
            recalled = true;
            continue;
        }
        // It may be so because an earlier try of this request did it, so its revision does not matter.
        let Some(changed) = planned? else { return shown(&app, payment).await };
        if_match.check(payment.revision)?;
        let act = seen.act_on(&payment.company).await?;
        match app.store.change_payment(&act, &payment, &changed, &wallet).await? {
            ChangedPayment::Now => return shown(&app, changed).await,
            ChangedPayment::ReferenceTaken => return Err(reference_taken()),
            ChangedPayment::Overtaken | ChangedPayment::NotEnough => {}
        }
    }
    Err(busy())
}

async fn shown(app: &App, payment: Payment) -> Edited<PostedPaymentView> {
    Ok(Versioned::new(payment.revision, answer(app, payment).await?))
}

/// Delete a payment.
///
/// What of it is in the balance is taken back, also where it has been spent. The record stays, as
/// `canceled`, and its reference code is free again. Deleting again changes nothing. One that a top-up made is
/// refunded at the payment system instead, and the balance follows.
#[utoipa::path(delete, path = "/v1/payments/{id}", tag = "payments",
    params(
        ("id" = String, Path, description = "The payment's id"),
        ("If-Match" = Option<String>, Header, description = "The revision that was looked at")
    ),
    responses(
        (status = 200, description = "The deleted payment", body = PostedPaymentView),
        (status = 409, description = "`paid_by_top_up`: a top-up made it; `agreement_deleted`: the agreement or \
            the company is gone", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Edited<PostedPaymentView> {
    let seen = app.seen_by(&who);
    for _ in 0..ROUNDS_MAX {
        let payment = seen.payment(&id).await?;
        let agreement = app.store.any_agreement(&payment.agreement).await?.ok_or_else(busy)?;
        rights::manage(&who, Area::Payments)?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
        let wallet = app.store.wallet(&payment.wallet).await?.ok_or_else(busy)?;
        let Some(deleted) = plan_deletion(&payment, &wallet, runtime::now())? else {
            return shown(&app, payment).await;
        };
        if_match.check(payment.revision)?;
        let act = seen.act_on(&payment.company).await?;
        if app.store.change_payment(&act, &payment, &deleted, &wallet).await? == ChangedPayment::Now {
            return shown(&app, deleted).await;
        }
    }
    Err(busy())
}
