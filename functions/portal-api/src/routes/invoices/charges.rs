//! The charges of one invoice, and the rows that they are the sums of.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use domain::charge::{Charge, ChargeRow};
use domain::id::{RateId, ServiceId};
use domain::invoice::{Invoice, InvoiceError};
use printing::facts::Names;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Problem, Query};
use serde::Deserialize;
use store::Page;
use utoipa::IntoParams;

use super::view::{ChargeDetails, ChargeRowView, ChargeView, ChargedService};
use super::{Reply, manageable, readable};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{FILE_ROWS_MAX, Format, Found, too_many_rows};

/// What a file of charges shows of each.
pub const FILE_COLUMNS: [&str; 20] = [
    "id",
    "source",
    "invoice",
    "wallet",
    "direction",
    "first_day",
    "last_day",
    "time_zone",
    "resource",
    "service_type",
    "calculated_at",
    "status",
    "version",
    "corrects",
    "messages",
    "quantity",
    "net",
    "tax",
    "total",
    "rows",
];

const ROW_COLUMNS: [&str; 19] = [
    "id",
    "sender",
    "subject",
    "country",
    "direction",
    "rate",
    "service",
    "service_name",
    "price_type",
    "scale_type",
    "scale_tier",
    "counter_group",
    "source",
    "unit_price",
    "messages",
    "quantity",
    "net",
    "tax",
    "total",
];

/// The charges of an invoice.
///
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/invoices/{id}/charges", tag = "invoices",
    params(("id" = String, Path, description = "The invoice's id")),
    responses((status = 200, description = "All of them",
        content((List<ChargeView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
) -> Result<Response, ApiError> {
    let invoice = readable(&app, &who, &id).await?;
    let charges = invoice.charges.iter().map(|charge| ChargeView::new(&invoice, charge));
    let charges = charges.collect::<Result<Vec<_>, _>>()?;
    Found::all(charges, format).answer(|charge| charge, "charges", &FILE_COLUMNS)
}

/// One charge, with the services that it bills.
#[utoipa::path(get, path = "/v1/invoices/{id}/charges/{charge}", tag = "invoices",
    params(
        ("id" = String, Path, description = "The invoice's id"),
        ("charge" = String, Path, description = "The charge's id")
    ),
    responses((status = 200, description = "The charge", body = ChargeDetails)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, charge)): Path<(String, String)>,
) -> Reply<ChargeDetails> {
    let invoice = readable(&app, &who, &id).await?;
    let charge = charge_of(&invoice, &charge)?;
    let rows = app.invoices.rows(&invoice, charge, runtime::now()).await?;
    let rates = rows.into_iter().map(|row| row.rate).collect();
    let services: BTreeSet<_> = services_of(&app, &rates).await?.into_values().collect();
    let charge = ChargeView::new(&invoice, charge)?;
    Ok(axum::Json(ChargeDetails { charge, services: services.into_iter().collect() }))
}

/// The services whose rate trees these rates are of.
async fn services_of(
    app: &App,
    rates: &BTreeSet<RateId>,
) -> Result<BTreeMap<RateId, ChargedService>, ApiError> {
    let sold_by = app.store.services_of_rates(rates).await?;
    let ids: BTreeSet<ServiceId> = sold_by.values().cloned().collect();
    let services = app.store.services(&Vec::from_iter(ids)).await?;
    let services: BTreeMap<_, _> = services.iter().map(|service| (&service.id, &service.name)).collect();
    let named = |(rate, id): (RateId, ServiceId)| {
        let name = services.get(&id)?;
        Some((rate, ChargedService { name: (*name).clone(), id: id.into() }))
    };
    Ok(sold_by.into_iter().filter_map(named).collect())
}

/// Count the usage of one charge of a draft again.
///
/// The sums of its invoice follow it, and the other charges stay as they are. Where nothing has become
/// different, the charge's `calculated_at` alone says that it was. A charge on which nothing is left is gone,
/// and with the last one a draft that never had a number and has no comment.
#[utoipa::path(post, path = "/v1/invoices/{id}/charges/{charge}/recalculate", tag = "invoices",
    params(
        ("id" = String, Path, description = "The invoice's id"),
        ("charge" = String, Path, description = "The charge's id")
    ),
    responses(
        (status = 200, description = "The charge as it is now", body = ChargeView),
        (status = 409, description = "`already_confirmed`; `period_changed`: recalculate the invoice; \
            `nothing_to_bill`: it is gone", body = Problem, content_type = "application/problem+json")
    ))]
pub async fn recalculate(
    State(app): State<App>,
    who: Principal,
    Path((id, charge)): Path<(String, String)>,
) -> Reply<ChargeView> {
    let (stored, agreement, act) = manageable(&app, &who, &id).await?;
    let charge = charge_of(&stored, &charge)?;
    if stored.is_confirmed() {
        return Err(InvoiceError::Confirmed.into());
    }
    app.invoices.recalculate_charge(&act, &agreement, &stored.id, &charge.id).await?;
    let invoice = app.store.any_invoice(&stored.id).await?.ok_or(InvoiceError::NothingToBill)?;
    let charge = invoice.charges.iter().find(|fresh| fresh.id == charge.id);
    let charge = charge.ok_or(InvoiceError::NothingToBill)?;
    Ok(axum::Json(ChargeView::new(&invoice, charge)?))
}

fn charge_of<'a>(invoice: &'a Invoice, id: &str) -> Result<&'a Charge, ApiError> {
    let found = invoice.charges.iter().find(|charge| charge.id.as_str() == id);
    found.ok_or_else(|| Problem::not_found("charge").into())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChargeRowQuery {
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The rows of a charge.
///
/// Those of a draft are what the usage makes now. `Accept: text/csv` answers a file of up to 50,000 rows;
/// all of them are in the invoice's archive, see `/v1/invoices/{id}/details`.
#[utoipa::path(get, path = "/v1/invoices/{id}/charges/{charge}/rows", tag = "invoices",
    params(
        ("id" = String, Path, description = "The invoice's id"),
        ("charge" = String, Path, description = "The charge's id"),
        ChargeRowQuery
    ),
    responses((status = 200, description = "A page, by sender, subject and country",
        content((List<ChargeRowView> = "application/json"), (String = "text/csv")))))]
pub async fn rows(
    State(app): State<App>,
    who: Principal,
    Path((id, charge)): Path<(String, String)>,
    format: Format,
    Query(query): Query<ChargeRowQuery>,
) -> Result<Response, ApiError> {
    let invoice = readable(&app, &who, &id).await?;
    let charge = charge_of(&invoice, &charge)?;
    let limit = usize::from(fields::limit(query.limit)?);
    let begin = query.cursor.as_deref().map(place_of).transpose()?.unwrap_or_default();
    let rows = app.invoices.rows(&invoice, charge, runtime::now()).await?;
    let (begin, limit) = match format {
        Format::Json => (begin, limit),
        Format::Csv if FILE_ROWS_MAX < rows.len() => return Err(too_many_rows(FILE_ROWS_MAX)),
        Format::Csv => (0, rows.len()),
    };
    let next = begin.saturating_add(limit);
    let shown: Vec<&ChargeRow> = rows.iter().skip(begin).take(limit).collect();
    let rates: BTreeSet<RateId> = shown.iter().map(|row| row.rate.clone()).collect();
    let services = services_of(&app, &rates).await?;
    let from_phones = app.store.rates_from_phones(&app.trees, rates).await?;
    let names = Names { from_phones, ..Names::default() };
    let view = |row: &ChargeRow| {
        let service = services.get(&row.rate);
        ChargeRowView::new(&invoice, charge, row, names.direction(charge, row), service)
    };
    let items = shown.into_iter().map(view);
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let page = Page { items, next: (next < rows.len()).then(|| next.to_string()) };
    Found::of(page, format).answer(|row| row, "charge-rows", &ROW_COLUMNS)
}

/// How many rows come before the page.
fn place_of(cursor: &str) -> Result<usize, ApiError> {
    let place = cursor::place_of(cursor)?.parse();
    place.map_err(|_| Problem::invalid("cursor", "not a cursor of this list").into())
}
