//! Money that was received or paid back, as the side that is paid records it.

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::id::{PaymentId, WalletId};
use domain::payment::{Payment, PaymentDirection, PaymentError, PaymentRequest, plan_payment};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem};
use serde::{Deserialize, Serialize};
use store::PostedPayment;
use utoipa::ToSchema;

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::{fields, rights, schema};

/// In each round either the payment is posted, or somebody else has spent from the wallet.
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
    /// Above zero, in the agreement's currency.
    #[schema(example = "100")]
    amount: String,
    /// The day on which the money moved.
    #[schema(value_type = String, format = Date, example = "2026-10-31")]
    payment_date: Date,
    /// Unique among the company's payments, 1 to 100 characters.
    #[schema(example = "TT-2026-0001")]
    reference: String,
    /// At most 500 characters.
    #[serde(default)]
    description: String,
}

fn inbound() -> PaymentDirection {
    PaymentDirection::Inbound
}

impl NewPaymentRequest {
    fn parse(self, who: &Principal, key: &str) -> Result<PaymentRequest, ApiError> {
        let company = who.company.id.as_str();
        Ok(PaymentRequest {
            id: PaymentId::derived(&["payment", company, key]),
            direction: self.direction,
            amount: fields::amount("amount", &self.amount)?,
            payment_date: self.payment_date,
            reference: self.reference.trim().to_owned(),
            description: self.description,
            by: company.to_owned(),
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// Its id.
    id: String,
    /// The company that paid, or was paid back.
    company: String,
    /// The agreement whose balance it changed.
    agreement: String,
    /// The wallet that it changed.
    wallet: String,
    /// Whether it added to the balance or took from it.
    #[schema(value_type = schema::PaymentDirection)]
    direction: PaymentDirection,
    /// Above zero.
    amount: String,
    /// The agreement's currency.
    currency: String,
    /// The day on which the money moved.
    #[schema(value_type = String, format = Date)]
    payment_date: Date,
    /// Unique among the company's payments.
    reference: String,
    /// What was noted.
    description: String,
    /// The company that recorded it, or the payment system.
    by: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PostedPaymentView {
    #[serde(flatten)]
    payment: PaymentView,
    /// The wallet's balance as it is now.
    #[schema(example = "100")]
    balance: String,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.into(),
            company: payment.company.into(),
            agreement: payment.agreement.into(),
            wallet: payment.wallet.into(),
            direction: payment.direction,
            amount: payment.amount.to_string(),
            currency: payment.currency.to_string(),
            payment_date: payment.payment_date,
            reference: payment.reference,
            description: payment.description,
            by: payment.by,
            at: payment.at,
        }
    }
}

/// Record a payment.
///
/// It is in the balance at once. Only the side that is paid records one; the owner also for its own
/// agreement, from which it hands out credits.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", request_body = NewPaymentRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")),
    responses(
        (status = 201, description = "Done, by this request or an earlier one with its key", body = PostedPaymentView),
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
    rights::tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let ask = body.parse(&who, &key)?;
    if let Some(stored) = app.store.payment(&ask.id).await? {
        return repeat(&app, &agreement, &ask, stored).await; // before any rule is judged
    }
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
        match app.store.post_payment(&payment, &wallet).await? {
            PostedPayment::Now => return answer(&app, payment).await,
            PostedPayment::Before(stored) => return repeat(&app, &agreement, &ask, *stored).await,
            PostedPayment::ReferenceTaken => return Err(reference_taken()),
            PostedPayment::NotEnough => {}
        }
    }
    Err(busy())
}

fn reference_taken() -> ApiError {
    let detail = "The payment with this code already exists for the selected company.";
    Problem::new(409, "reference_taken", detail).field("reference").into()
}

async fn repeat(
    app: &App,
    agreement: &Agreement,
    ask: &PaymentRequest,
    stored: Payment,
) -> Created<PostedPaymentView> {
    let asked = (&agreement.id, ask.direction, ask.amount, ask.payment_date);
    let same = asked == (&stored.agreement, stored.direction, stored.amount, stored.payment_date)
        && (&ask.reference, &ask.description) == (&stored.reference, &stored.description);
    if same { answer(app, stored).await } else { Err(key_reused()) }
}

async fn answer(app: &App, payment: Payment) -> Created<PostedPaymentView> {
    let wallet: &WalletId = &payment.wallet;
    let wallet = app.store.wallet(wallet).await?.ok_or_else(busy)?;
    let balance = app.store.balance(&wallet).await?.to_string();
    created(PostedPaymentView { payment: payment.into(), balance })
}

/// One payment.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments",
    params(("id" = String, Path, description = "The payment's id")),
    responses((status = 200, description = "The payment", body = PaymentView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<PaymentView> {
    Ok(Json(app.seen_by(&who).payment(&id).await?.into()))
}
