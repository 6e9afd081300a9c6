//! Money that was received, is expected or was paid back, as the side that is paid records it.

pub mod change;
pub mod list;
mod view;

use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::id::PaymentId;
use domain::money::Amount;
use domain::payment::{
    ExchangeRequest, Payment, PaymentDirection, PaymentError, PaymentRequest, plan_payment, request_hash,
};
use domain::permission::Area;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem};
use runtime::revision::Versioned;
use serde::Deserialize;
use store::PostedPayment;
use utoipa::ToSchema;

use super::{Created, Edited, created};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::{fields, rights, schema};

use view::{PaymentView, PostedPaymentView};

/// In each round either the payment is stored, or somebody else has changed it or spent from the wallet.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPaymentRequest {
    /// The agreement whose balance it changes.
    agreement: String,
    /// `inbound` unless told.
    #[serde(default = "inbound")]
    #[schema(value_type = Option<schema::PaymentDirection>)]
    direction: PaymentDirection,
    /// What was paid. Above zero.
    #[schema(example = "100")]
    amount: String,
    /// What it was paid in; the agreement's currency unless told.
    #[schema(example = "USD")]
    currency: Option<String>,
    /// What the balance changes by, in the agreement's currency; for a payment in another one, whose
    /// exchange rate follows from both amounts.
    #[schema(example = "98")]
    replenishment_amount: Option<String>,
    /// The day that the exchange rate is of; the payment date unless told.
    #[schema(value_type = Option<String>, format = Date)]
    exchange_rate_date: Option<Date>,
    /// The day on which the money moved.
    #[schema(value_type = String, format = Date, example = "2026-10-31")]
    payment_date: Date,
    /// Unique among the company's payments, 1 to 100 characters.
    #[schema(example = "TT-2026-0001")]
    reference: String,
    /// At most 500 characters.
    #[serde(default)]
    description: String,
    /// Whether the money is there; true unless told.
    #[serde(default = "confirmed")]
    confirmed: bool,
    /// Unconfirmed, it leaves the balance when this day begins in the agreement's time zone. Later than
    /// the payment date; needed where it is not confirmed.
    #[schema(value_type = Option<String>, format = Date)]
    confirm_before: Option<Date>,
    /// Whether an outbound payment may take more than there is.
    #[serde(default, rename = "override")]
    may_overdraw: bool,
}

fn inbound() -> PaymentDirection {
    PaymentDirection::Inbound
}

fn confirmed() -> bool {
    true
}

impl NewPaymentRequest {
    fn parse(self, who: &Principal, agreement: &Agreement, key: &str) -> Result<PaymentRequest, ApiError> {
        let company = who.company.id.as_str();
        let amount = fields::amount("amount", &self.amount)?;
        let exchange = self.exchange(amount, agreement)?;
        Ok(PaymentRequest {
            id: PaymentId::derived(&["payment", company, key]),
            direction: self.direction,
            amount,
            exchange,
            payment_date: self.payment_date,
            reference: self.reference.trim().to_owned(),
            description: self.description,
            confirmed: self.confirmed,
            confirm_before: self.confirm_before,
            may_overdraw: self.may_overdraw,
            by: company.to_owned(),
        })
    }

    /// None for a payment in the agreement's own currency.
    fn exchange(&self, paid: Amount, agreement: &Agreement) -> Result<Option<ExchangeRequest>, ApiError> {
        let currency = self.currency.as_deref().map(fields::currency).transpose()?;
        let currency = currency.unwrap_or(agreement.currency);
        let replenishment = self.replenishment_amount.as_deref();
        let replenishment =
            replenishment.map(|text| fields::amount("replenishment_amount", text)).transpose()?;
        if currency == agreement.currency {
            if self.exchange_rate_date.is_some() || replenishment.is_some_and(|amount| amount != paid) {
                return Err(PaymentError::NothingToExchange.into());
            }
            return Ok(None);
        }
        let Some(replenishment) = replenishment else {
            let detail = format!("a payment in {currency} needs its amount in {}", agreement.currency);
            return Err(Problem::invalid("replenishment_amount", detail).into());
        };
        let date = self.exchange_rate_date.unwrap_or(self.payment_date);
        Ok(Some(ExchangeRequest { currency, replenishment, date }))
    }
}

/// Record a payment.
///
/// Confirmed, it is in the balance at once and for good. Not confirmed, it is in the balance until the
/// day `confirm_before` begins; then it expires and leaves it. Only the side that is paid records one;
/// the owner also for its own agreement, from which it hands out credits.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", request_body = NewPaymentRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")),
    responses(
        (status = 201, description = "Done, by this request or an earlier one with its key", body = PostedPaymentView),
        (status = 402, description = "`insufficient_funds`: outbound, and more than there is",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`reference_taken`: the company has a payment with this reference",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<NewPaymentRequest>,
) -> Created<PostedPaymentView> {
    let agreement = app.seen_by(&who).agreement(&body.agreement).await;
    let agreement = agreement.map_err(|error| error.field("agreement"))?;
    rights::manage(&who, Area::Payments)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let ask = body.parse(&who, &agreement, &key)?;
    if let Some(stored) = app.store.payment(&ask.id).await? {
        return repeat(&app, &agreement, &ask, stored).await; // before any rule is judged
    }
    let act = app.seen_by(&who).act_on(&agreement.company).await?;
    let mut recalled = false;
    for _ in 0..ROUNDS_MAX {
        let wallet = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
        let planned = plan_payment(&agreement, &wallet, ask.clone(), runtime::now());
        let payment = match planned {
            Err(PaymentError::NotEnough { .. }) if !recalled => {
                app.store.free_headroom(&wallet).await?;
                recalled = true;
                continue;
            }
            // A request with the same key may have taken it a moment ago.
            Err(error @ PaymentError::NotEnough { .. }) => {
                let stored = app.store.payment(&ask.id).await?.ok_or(error)?;
                return repeat(&app, &agreement, &ask, stored).await;
            }
            planned => planned?,
        };
        match app.store.post_payment(&act, &payment, &wallet).await? {
            PostedPayment::Now => return created(answer(&app, payment).await?),
            PostedPayment::Before(stored) => return repeat(&app, &agreement, &ask, *stored).await,
            PostedPayment::ReferenceTaken => return Err(reference_taken()),
            PostedPayment::NotEnough => {}
        }
    }
    Err(busy())
}

fn reference_taken() -> ApiError {
    // The guide's sentence (19.5.2).
    let detail = "The payment with this code already exists for the selected company";
    Problem::new(409, "reference_taken", detail).field("reference").into()
}

/// The payment may have changed since: what was asked for is what counts.
async fn repeat(
    app: &App,
    agreement: &Agreement,
    ask: &PaymentRequest,
    stored: Payment,
) -> Created<PostedPaymentView> {
    if request_hash(agreement, ask) != stored.request_hash {
        return Err(key_reused());
    }
    created(answer(app, stored).await?)
}

/// A payment with the balance as it is now.
async fn answer(app: &App, payment: Payment) -> Result<PostedPaymentView, ApiError> {
    let wallet = app.store.wallet(&payment.wallet).await?.ok_or_else(busy)?;
    let balance = app.store.balance(&wallet).await?;
    Ok(PostedPaymentView::new(payment, balance))
}

/// One payment.
///
/// The `ETag` is its revision, for `If-Match`.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments",
    params(("id" = String, Path, description = "The payment's id")),
    responses((status = 200, description = "The payment", body = PaymentView,
        headers(("ETag" = String, description = "The revision of the payment")))))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<PaymentView> {
    let payment = app.seen_by(&who).payment(&id).await?;
    rights::view_own(&who, &payment.company, Area::Payments, Area::PortalFinance)?;
    Ok(Versioned::new(payment.revision, payment.into()))
}
