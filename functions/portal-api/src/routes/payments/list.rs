//! The payments of a company, or of all companies directly below one, and which of them a caller sees.

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::payment::{Payment, PaymentDirection, PaymentStatus};
use domain::permission::Area;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::PaymentView;
use crate::App;
use crate::error::ApiError;
use crate::fields::{Amounts, List};
use crate::lists::{Column, Format, Listing};
use crate::names::PayerNames;
use crate::rights::is_tenant_side;
use crate::{fields, rights, schema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentQuery {
    /// Whose payments; the caller's own unless told.
    company: Option<String>,
    /// Or those of all companies directly below this one.
    tenant: Option<String>,
    /// Only of this agreement.
    agreement: Option<String>,
    /// Only those whose reference code begins so, whatever the case.
    reference: Option<String>,
    /// Only those with this in their description, whatever the case.
    description: Option<String>,
    /// Only with this status.
    #[param(value_type = Option<schema::PaymentStatus>)]
    status: Option<PaymentStatus>,
    /// Only this way.
    #[param(value_type = Option<schema::PaymentDirection>)]
    direction: Option<PaymentDirection>,
    /// What was paid in.
    #[param(example = "USD")]
    currency: Option<String>,
    /// The agreement's currency.
    #[param(example = "EUR")]
    agreement_currency: Option<String>,
    /// At least so much, in the agreement's currency.
    amount_min: Option<String>,
    /// At most so much, in the agreement's currency.
    amount_max: Option<String>,
    /// At least so much was paid, in whatever currency.
    paid_min: Option<String>,
    /// At most so much was paid, in whatever currency.
    paid_max: Option<String>,
    /// Paid on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Paid before this day.
    #[param(value_type = Option<String>, format = Date)]
    till: Option<Date>,
    /// Recorded at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<Timestamp>,
    /// Recorded before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_till: Option<Timestamp>,
    /// Last changed at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Last changed before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// To be confirmed before this day, or a later one.
    #[param(value_type = Option<String>, format = Date)]
    confirm_before_from: Option<Date>,
    /// To be confirmed before a day that is before this one.
    #[param(value_type = Option<String>, format = Date)]
    confirm_before_till: Option<Date>,
    /// `created_at`, `payment_date`, `replenishment_amount`, `status` or `reference`; or of 10,000 payments at
    /// most `company`, `agreement`, `amount`, `currency`, `agreement_currency`, `updated_at`, `description`,
    /// `direction` or `confirm_before`. With a `-` before it for the other way round; `-created_at` unless told
    /// or filtered.
    #[param(example = "-payment_date")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 14] = [
    "created_at",
    "payment_date",
    "replenishment_amount",
    "status",
    "reference",
    "company",
    "agreement",
    "amount",
    "currency",
    "agreement_currency",
    "updated_at",
    "description",
    "direction",
    "confirm_before",
];
/// Without indexes, which every payment would pay for, in both of its lists.
const ROW_COLUMNS: [Column<Payment>; 9] = [
    ("company", |payment| payment.company.to_string()),
    ("agreement", |payment| payment.agreement.to_string()),
    ("amount", |payment| catalog::amount(payment.paid().0)),
    ("currency", |payment| payment.paid().1.to_string()),
    ("agreement_currency", |payment| payment.currency.to_string()),
    ("updated_at", |payment| catalog::time(payment.changed_at)),
    ("description", |payment| catalog::words(&payment.description)),
    ("direction", |payment| catalog::choice(payment.direction)),
    ("confirm_before", |payment| payment.confirm_before.map(catalog::day).unwrap_or_default()),
];

impl PaymentQuery {
    fn listing(&self, list: String) -> Result<Listing, ApiError> {
        if self.from.zip(self.till).is_some_and(|(from, till)| till < from) {
            return Err(Problem::invalid("till", "`till` must not be before `from`").into());
        }
        let amounts = fields::amounts(self.amount_min.as_deref(), self.amount_max.as_deref())?;
        let (sort, cursor) = (self.sort.as_deref(), self.cursor.as_deref());
        let listing = Listing::new(list, &COLUMNS, sort, self.limit, cursor)?
            .begins("reference", self.reference.as_deref())
            .within_days("payment_date", self.from, self.till)
            .within_amounts("replenishment_amount", amounts)
            .is("status", self.status.map(catalog::choice))
            .within("created_at", self.created_from, self.created_till);
        Ok(listing.newest_first("created_at"))
    }

    /// What no list is in the order of.
    fn passes(&self, payment: &Payment, amounts: Amounts) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|it| it == value);
        let (paid, currency) = payment.paid();
        let (updated, deadline) = (payment.changed_at, payment.confirm_before);
        amounts.contains(paid)
            && is(&self.agreement, payment.agreement.as_str())
            && is(&self.currency, currency.code())
            && is(&self.agreement_currency, payment.currency.code())
            && self.direction.is_none_or(|direction| direction == payment.direction)
            && self.updated_from.is_none_or(|from| from <= updated)
            && self.updated_till.is_none_or(|till| updated < till)
            && self.confirm_before_from.is_none_or(|from| deadline.is_some_and(|day| from <= day))
            && self.confirm_before_till.is_none_or(|till| deadline.is_some_and(|day| day < till))
            && self.description.as_deref().is_none_or(|part| contains(&payment.description, part))
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// A payment in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentRow {
    #[serde(flatten)]
    payment: PaymentView,
    #[serde(flatten)]
    names: PayerNames,
}

const FILE_COLUMNS: [&str; 19] = [
    "id",
    "company",
    "company_name",
    "agreement",
    "agreement_code",
    "reference",
    "amount",
    "currency",
    "at",
    "updated_at",
    "description",
    "direction",
    "payment_date",
    "replenishment_amount",
    "agreement_currency",
    "exchange_rate",
    "status",
    "confirm_before",
    "by",
];

/// Payments.
///
/// Newest first unless a filter or `sort` says otherwise. A company itself sees those that are in its
/// balance, the side that is paid sees all. With a filter a page may hold fewer than `limit` while there are
/// more: go on while there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", params(PaymentQuery),
    responses((status = 200, description = "A page",
        content((List<PaymentRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<PaymentQuery>,
) -> Result<Response, ApiError> {
    let list = match query.tenant.as_deref() {
        Some(tenant) => {
            let tenant = app.seen_by(&who).company(tenant).await.map_err(|error| error.field("tenant"))?;
            rights::view(&who, Area::Payments)?;
            catalog::list_with(tenant.id.as_str())
        }
        None => {
            let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
            rights::view_own(&who, &company.id, Area::Payments, Area::PortalFinance)?;
            company.id.into()
        }
    };
    let paid = fields::amounts_of("paid", query.paid_min.as_deref(), query.paid_max.as_deref())?;
    let is_shown = |payment: &Payment| {
        let sees_all = is_tenant_side(&who, &payment.company, &payment.tenant);
        (sees_all || payment.status.is_in_balance()) && query.passes(payment, paid)
    };
    let found = query.listing(list)?.read_in_order(&ROW_COLUMNS, &app.store, format, is_shown).await?;
    let names = found.names(&app.store, |it| [it.company.as_str(), it.agreement.as_str()]).await?;
    let row = |payment: Payment| PaymentRow {
        names: names.payer(&payment.company, &payment.agreement),
        payment: payment.into(),
    };
    found.answer(row, "payments", &FILE_COLUMNS)
}
