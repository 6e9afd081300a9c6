//! The invoices of an agreement, of a company, or of all companies directly below one.

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::charge::ChargeDirection;
use domain::invoice::{DispatchStatus, DisputeStatus, Invoice, InvoiceKind, InvoicePayment, InvoiceStatus};
use domain::permission::Area;
use domain::record::id_of;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::InvoiceView;
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Found, Listing};
use crate::names::{InvoiceNames, parties_of};
use crate::rights::is_tenant_side;
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
    /// Only those in the name of this legal entity.
    own_legal_entity: Option<String>,
    /// Who owes whom: always `receivable`.
    #[param(value_type = Option<schema::ChargeDirection>)]
    direction: Option<ChargeDirection>,
    /// Only invoices, or only credit notes.
    #[param(value_type = Option<schema::InvoiceKind>)]
    kind: Option<InvoiceKind>,
    /// Only drafts, or only confirmed ones.
    #[param(value_type = Option<schema::InvoiceStatus>)]
    status: Option<InvoiceStatus>,
    /// Only those that are paid so far.
    #[param(value_type = Option<schema::InvoicePayment>)]
    payment_status: Option<InvoicePayment>,
    /// Only those that are disputed, or were, or were not.
    #[param(value_type = Option<schema::DisputeStatus>)]
    dispute_status: Option<DisputeStatus>,
    /// Only those that were mailed, or wait for it, or were not. For the side that issues them.
    #[param(value_type = Option<schema::DispatchStatus>)]
    dispatch_status: Option<DispatchStatus>,
    /// Only those that correct others, or only those that do not.
    is_correction: Option<bool>,
    /// Of periods that begin on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Of periods that begin before this day.
    #[param(value_type = Option<String>, format = Date)]
    till: Option<Date>,
    /// Of periods whose last day is this one or a later one.
    #[param(value_type = Option<String>, format = Date)]
    ends_from: Option<Date>,
    /// Of periods whose last day is before this one.
    #[param(value_type = Option<String>, format = Date)]
    ends_till: Option<Date>,
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
    /// `first_day`, `status`, `payment_status`, `total_due`, `number`, `issue_date` or `due_date`; or of 10,000
    /// invoices at most `company`, `agreement`, `own_legal_entity`, `kind`, `last_day` or `currency`. With a `-`
    /// before it for the other way round; `first_day` unless told or filtered.
    #[param(example = "-first_day")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 13] = [
    "first_day",
    "status",
    "payment_status",
    "total_due",
    "number",
    "issue_date",
    "due_date",
    "company",
    "agreement",
    "own_legal_entity",
    "kind",
    "last_day",
    "currency",
];
/// Without indexes, which every write of a closing would pay for, in three lists. Nor is there one for the
/// direction, which is always the same.
const ROW_COLUMNS: [Column<Invoice>; 6] = [
    ("company", |invoice| invoice.company.to_string()),
    ("agreement", |invoice| invoice.agreement.to_string()),
    ("own_legal_entity", |invoice| id_of(invoice.own_legal_entity.as_ref())),
    ("kind", |invoice| catalog::choice(invoice.kind())),
    ("last_day", |invoice| catalog::day(invoice.period.last)),
    ("currency", |invoice| invoice.currency.to_string()),
];

impl InvoiceQuery {
    fn listing(&self, list: String) -> Result<Listing, ApiError> {
        let amounts = fields::amounts(self.amount_min.as_deref(), self.amount_max.as_deref())?;
        let (sort, cursor) = (self.sort.as_deref(), self.cursor.as_deref());
        Ok(Listing::new(list, &COLUMNS, sort, self.limit, cursor)?
            .within_days("first_day", self.from, self.till)
            .is("status", self.status.map(catalog::choice))
            .is("payment_status", self.payment_status.map(catalog::choice))
            .is("number", self.number.map(catalog::number))
            .within_days("issue_date", self.issued_from, self.issued_till)
            .within_days("due_date", self.due_from, self.due_till)
            .within_amounts("total_due", amounts))
    }

    /// What no list is in the order of.
    fn passes(&self, invoice: &Invoice, who: &Principal) -> bool {
        let entity = invoice.own_legal_entity.as_ref().map(|entity| entity.as_str());
        let dispatch = is_tenant_side(who, &invoice.company, &invoice.tenant).then_some(invoice.dispatch);
        let last = invoice.period.last;
        self.ends_from.is_none_or(|from| from <= last)
            && self.ends_till.is_none_or(|till| last < till)
            && self.own_legal_entity.as_deref().is_none_or(|wanted| entity == Some(wanted))
            && self.direction.is_none_or(|direction| direction == ChargeDirection::Receivable)
            && self.kind.is_none_or(|kind| kind == invoice.kind())
            && self.dispute_status.is_none_or(|status| status == invoice.dispute)
            && self.dispatch_status.is_none_or(|status| dispatch == Some(status))
            && self.is_correction.is_none_or(|wanted| wanted == (0 < invoice.sequence))
            && self.currency.as_deref().is_none_or(|currency| currency == invoice.currency.code())
    }
}

/// Whose invoices: the list of an agreement, of all companies below one, or of a company.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    pub agreement: Option<&'a str>,
    pub tenant: Option<&'a str>,
    /// The caller's own unless told.
    pub company: Option<&'a str>,
}

impl Whose<'_> {
    /// The name of the list, if the caller may see it.
    pub async fn list(self, app: &App, who: &Principal) -> Result<String, ApiError> {
        let (office, portal) = (Area::InvoicesAndCharges, Area::PortalFinance);
        let seen = app.seen_by(who);
        if let Some(id) = self.agreement {
            let agreement = seen.agreement(id).await?;
            rights::view_own(who, &agreement.company, office, portal)?;
            return Ok(agreement.id.into());
        }
        if let Some(tenant) = self.tenant {
            let tenant = seen.company(tenant).await.map_err(|error| error.field("tenant"))?;
            rights::view(who, office)?;
            return Ok(catalog::list_with(tenant.id.as_str()));
        }
        let company = seen.company_or_own(self.company).await?;
        rights::view_own(who, &company.id, office, portal)?;
        Ok(company.id.into())
    }
}

/// An invoice in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceRow {
    #[serde(flatten)]
    invoice: InvoiceView,
    #[serde(flatten)]
    names: InvoiceNames,
}

const FILE_COLUMNS: [&str; 32] = [
    "id",
    "company",
    "company_name",
    "agreement",
    "agreement_code",
    "own_legal_entity",
    "own_legal_entity_name",
    "tenant",
    "direction",
    "kind",
    "first_day",
    "last_day",
    "time_zone",
    "sequence",
    "number",
    "net",
    "tax",
    "total",
    "total_due",
    "covered",
    "outstanding",
    "disputed",
    "currency",
    "status",
    "payment_status",
    "dispute_status",
    "dispatch_status",
    "issue_date",
    "due_date",
    "calculated_at",
    "confirmed_at",
    "comment",
];

/// Invoices.
///
/// Oldest period first unless a filter or `sort` says otherwise. The company that pays sees the confirmed
/// ones, and none if its `invoices_enabled` is false; its tenant also the drafts. With a filter a page may
/// hold fewer than `limit` while there are more: go on while there is a `next`. `Accept: text/csv` answers a
/// file.
#[utoipa::path(get, path = "/v1/invoices", tag = "invoices", params(InvoiceQuery),
    responses((status = 200, description = "A page",
        content((List<InvoiceRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<InvoiceQuery>,
) -> Result<Response, ApiError> {
    let whose = Whose {
        agreement: query.agreement.as_deref(),
        tenant: query.tenant.as_deref(),
        company: query.company.as_deref(),
    };
    let listing = query.listing(whose.list(&app, &who).await?)?;
    let seen = app.seen_by(&who);
    let is_shown = |invoice: &Invoice| seen.shows(invoice) && query.passes(invoice, &who);
    let found = listing.read_in_order(&ROW_COLUMNS, &app.store, format, is_shown).await?;
    let names = found.names(&app.store, parties_of).await?;
    let Found { page, format, .. } = found;
    let row = |invoice: &Invoice| {
        let names = names.parties(parties_of(invoice));
        Ok::<_, ApiError>(InvoiceRow { invoice: InvoiceView::new(invoice, &who)?, names })
    };
    let items = page.items.iter().map(row);
    let page = store::Page { items: items.collect::<Result<Vec<_>, _>>()?, next: page.next };
    Found::of(page, format).answer(|invoice| invoice, "invoices", &FILE_COLUMNS)
}
