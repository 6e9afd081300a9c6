//! The invoices of an agreement, of a company, or of all companies directly below one.

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::invoice::{Invoice, InvoiceStatus};
use domain::permission::Area;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::Deserialize;
use utoipa::IntoParams;

use super::InvoiceView;
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Format, Listing};
use crate::{fields, rights, schema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuery {
    /// The invoices of this agreement.
    agreement: Option<String>,
    /// Or of this company; yours unless told.
    company: Option<String>,
    /// Or of all companies directly below this one.
    tenant: Option<String>,
    /// Only drafts, or only confirmed ones.
    #[param(value_type = Option<schema::InvoiceStatus>)]
    status: Option<InvoiceStatus>,
    /// Of periods that begin on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Of periods that begin before this day.
    #[param(value_type = Option<String>, format = Date)]
    till: Option<Date>,
    /// Issued on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    issued_from: Option<Date>,
    /// Issued before this day.
    #[param(value_type = Option<String>, format = Date)]
    issued_till: Option<Date>,
    /// To be paid by this day or a later one.
    #[param(value_type = Option<String>, format = Date)]
    due_from: Option<Date>,
    /// To be paid by a day before this one.
    #[param(value_type = Option<String>, format = Date)]
    due_till: Option<Date>,
    /// The one with this number.
    number: Option<u64>,
    /// Only in this currency.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// At least so much is due.
    amount_min: Option<String>,
    /// At most so much is due.
    amount_max: Option<String>,
    /// `first_day`, `status` or `total_due`, with a `-` before it for the other way round; `first_day`
    /// unless told or filtered.
    #[param(example = "-first_day")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl InvoiceQuery {
    /// What no list is in the order of.
    fn passes(&self, invoice: &Invoice) -> bool {
        let within = |day: Option<Date>, from: Option<Date>, till: Option<Date>| {
            from.is_none_or(|from| day.is_some_and(|day| from <= day))
                && till.is_none_or(|till| day.is_some_and(|day| day < till))
        };
        within(invoice.issue_date, self.issued_from, self.issued_till)
            && within(invoice.due_date, self.due_from, self.due_till)
            && self.number.is_none_or(|number| invoice.number == Some(number))
            && self.currency.as_deref().is_none_or(|currency| currency == invoice.currency.code())
    }

    /// Whose invoices, if the caller may see them.
    async fn list(&self, app: &App, who: &Principal) -> Result<String, ApiError> {
        let (office, portal) = (Area::InvoicesAndCharges, Area::PortalFinance);
        let seen = app.seen_by(who);
        if let Some(id) = &self.agreement {
            let agreement = seen.agreement(id).await?;
            rights::view_own(who, &agreement.company, office, portal)?;
            return Ok(agreement.id.into());
        }
        if let Some(tenant) = &self.tenant {
            let tenant = seen.company(tenant).await.map_err(|error| error.field("tenant"))?;
            rights::view(who, office)?;
            return Ok(catalog::list_with(tenant.id.as_str()));
        }
        let company = seen.company_or_own(self.company.as_deref()).await?;
        rights::view_own(who, &company.id, office, portal)?;
        Ok(company.id.into())
    }
}

const FILE_COLUMNS: [&str; 14] = [
    "id",
    "company",
    "agreement",
    "tenant",
    "first_day",
    "last_day",
    "number",
    "net",
    "total_due",
    "currency",
    "status",
    "issue_date",
    "due_date",
    "confirmed_at",
];

/// Invoices.
///
/// Oldest period first unless a filter or `sort` says otherwise. The company that pays sees the confirmed
/// ones, its tenant also the drafts. With a filter a page may hold fewer than `limit` while there are more:
/// go on while there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/invoices", tag = "invoices", params(InvoiceQuery),
    responses((status = 200, description = "A page",
        content((List<InvoiceView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<InvoiceQuery>,
) -> Result<Response, ApiError> {
    let list = query.list(&app, &who).await?;
    let amounts = fields::amounts(query.amount_min.as_deref(), query.amount_max.as_deref())?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(list, &["first_day", "status", "total_due"], sort, query.limit, cursor)?
        .within_days("first_day", query.from, query.till)
        .is("status", query.status.map(catalog::choice))
        .within_amounts("total_due", amounts);
    let seen = app.seen_by(&who);
    let is_shown = |invoice: &Invoice| seen.shows(invoice) && query.passes(invoice);
    let found = listing.read(&app.store, format, is_shown).await?;
    found.answer(InvoiceView::from, "invoices", &FILE_COLUMNS)
}
