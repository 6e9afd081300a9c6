//! A company's payments, and which of them a caller sees.

use axum::Json;
use axum::extract::State;
use domain::payment::{Payment, PaymentStatus};
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::PaymentView;
use crate::App;
use crate::bootstrap::tenant_of;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::rights::is_tenant_side;
use crate::routes::Reply;
use crate::schema;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentQuery {
    /// Whose payments; the caller's own unless told.
    company: Option<String>,
    /// Only of this agreement.
    agreement: Option<String>,
    /// Only with this status.
    #[param(value_type = Option<schema::PaymentStatus>)]
    status: Option<PaymentStatus>,
    /// Paid on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Paid before this day.
    #[param(value_type = Option<String>, format = Date)]
    till: Option<Date>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl PaymentQuery {
    fn check(&self) -> Result<(), ApiError> {
        if self.from.zip(self.till).is_some_and(|(from, till)| till < from) {
            return Err(Problem::invalid("till", "`till` must not be before `from`").into());
        }
        let is_key = |text: &str| text.starts_with("code#") || text.starts_with("deleted#");
        if self.cursor.as_deref().is_some_and(|cursor| !is_key(cursor)) {
            return Err(Problem::invalid("cursor", "not a cursor of this list").into());
        }
        Ok(())
    }

    fn passes(&self, payment: &Payment) -> bool {
        self.agreement.as_deref().is_none_or(|agreement| agreement == payment.agreement.as_str())
            && self.status.is_none_or(|status| status == payment.status)
            && self.from.is_none_or(|from| from <= payment.payment_date)
            && self.till.is_none_or(|till| payment.payment_date < till)
    }
}

/// A company's payments by their reference codes, deleted ones last.
///
/// The company itself sees those that are in its balance, the side that is paid sees all. With a filter a
/// page may hold fewer than `limit` while there are more: go on while there is a `next`.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", params(PaymentQuery),
    responses((status = 200, description = "A page", body = List<PaymentView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(query): Query<PaymentQuery>,
) -> Reply<List<PaymentView>> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    query.check()?;
    let limit = fields::limit(query.limit)?;
    let page = app.store.payments_of(&company.id, limit, query.cursor.as_deref()).await?;
    let sees_all = is_tenant_side(&who, &company.id, tenant_of(&company));
    let is_shown = |payment: &Payment| sees_all || payment.status.is_in_balance();
    let shown = page.items.into_iter().filter(|payment| query.passes(payment) && is_shown(payment));
    Ok(Json(List { items: shown.map(Into::into).collect(), next: page.next }))
}
