//! The charges of many invoices: of an agreement, of a company, or of all companies directly below one.

use axum::extract::State;
use axum::response::Response;
use domain::catalog;
use domain::charge::{Charge, ChargeDirection, ServiceType};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::money::Amount;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use store::Page;
use utoipa::{IntoParams, ToSchema};

use super::invoices::list::Whose;
use super::invoices::view::{ChargeView, taxed};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, Amounts, List};
use crate::lists::{Column, FILE_ROWS_MAX, Format, Found, Listing, too_many_rows};
use crate::names::InvoiceNames;
use crate::schema;

/// A charge, and of its invoice what tells it from others.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedChargeView {
    #[serde(flatten)]
    charge: ChargeView,
    /// The agreement that it bills.
    agreement: String,
    /// The company that pays.
    company: String,
    /// The legal entity in whose name the invoice is issued; null where the agreement names none.
    own_legal_entity: Option<String>,
    /// The number of the invoice.
    number: Option<u64>,
    /// The agreement's currency.
    currency: String,
}

/// A charge in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargeRow {
    #[serde(flatten)]
    charge: ListedChargeView,
    #[serde(flatten)]
    names: InvoiceNames,
}

impl ListedChargeView {
    fn parties(&self) -> [&str; 3] {
        [&self.company, &self.agreement, self.own_legal_entity.as_deref().unwrap_or_default()]
    }

    fn new(invoice: &Invoice, charge: &Charge) -> Result<Self, ApiError> {
        Ok(Self {
            charge: ChargeView::new(invoice, charge)?,
            agreement: invoice.agreement.to_string(),
            company: invoice.company.to_string(),
            own_legal_entity: invoice.own_legal_entity.as_ref().map(ToString::to_string),
            number: invoice.number,
            currency: invoice.currency.to_string(),
        })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChargeQuery {
    /// The charges of this agreement.
    agreement: Option<String>,
    /// Or of this company; yours unless told.
    company: Option<String>,
    /// Or of all companies directly below this one.
    tenant: Option<String>,
    /// Only those in the name of this legal entity.
    own_legal_entity: Option<String>,
    /// Only what was taken from this wallet: the agreement's, or that of a user with credits of its own.
    wallet: Option<String>,
    /// Who owes whom: always `receivable`.
    #[param(value_type = Option<schema::ChargeDirection>)]
    direction: Option<ChargeDirection>,
    /// Only of this resource.
    #[param(example = "sms_message")]
    resource: Option<String>,
    /// Only what was sold so.
    #[param(value_type = Option<schema::ChargedServiceType>)]
    service_type: Option<ServiceType>,
    /// Only drafts, or only confirmed ones.
    #[param(value_type = Option<schema::InvoiceStatus>)]
    status: Option<InvoiceStatus>,
    /// Only those that correct others, or only those that do not.
    is_correction: Option<bool>,
    /// Of periods that begin on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Of periods that begin before this day.
    #[param(value_type = Option<String>, format = Date)]
    till: Option<Date>,
    /// Of the invoice with this number.
    number: Option<u64>,
    /// Only in this currency.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// Of at least so much, without tax.
    amount_min: Option<String>,
    /// Of at most so much, without tax.
    amount_max: Option<String>,
    /// By invoice: `first_day` or `status`; or one by one, of 10,000 charges at most: `company`, `agreement`,
    /// `own_legal_entity`, `number`, `last_day`, `source`, `resource`, `service_type`, `messages`, `quantity`,
    /// `net`, `tax`, `total` or `currency`. With a `-` before it for the other way round; `first_day` unless told
    /// or filtered.
    #[param(example = "-first_day")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told: of so many invoices the charges are a page, or so many charges where they are
    /// sorted one by one.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl ChargeQuery {
    fn has(&self, invoice: &Invoice) -> bool {
        let entity = invoice.own_legal_entity.as_ref().map(|entity| entity.as_str());
        self.own_legal_entity.as_deref().is_none_or(|wanted| entity == Some(wanted))
            && self.number.is_none_or(|number| invoice.number == Some(number))
            && self.currency.as_deref().is_none_or(|currency| currency == invoice.currency.code())
    }

    fn passes(&self, charge: &Charge, amounts: Amounts) -> bool {
        self.wallet.as_deref().is_none_or(|wallet| wallet == charge.group.wallet.as_str())
            && self.direction.is_none_or(|direction| direction == charge.group.direction)
            && self.resource.as_deref().is_none_or(|resource| resource == charge.group.resource.name())
            && self.service_type.is_none_or(|kind| kind == charge.group.service_type)
            && self.is_correction.is_none_or(|wanted| wanted == charge.corrects.is_some())
            && amounts.contains(charge.net)
    }
}

/// A charge as it is answered, with what it is sorted by.
#[derive(Debug)]
struct Row {
    view: ListedChargeView,
    charge: Charge,
    last_day: Date,
    tax: Amount,
    total: Amount,
}

impl Row {
    fn new(invoice: &Invoice, charge: &Charge) -> Result<Self, ApiError> {
        let (tax, total) = taxed(invoice, charge.net)?;
        let view = ListedChargeView::new(invoice, charge)?;
        Ok(Self { view, charge: charge.clone(), last_day: invoice.period.last, tax, total })
    }
}

const COLUMNS: [&str; 16] = [
    "first_day",
    "status",
    "company",
    "agreement",
    "own_legal_entity",
    "number",
    "last_day",
    "source",
    "resource",
    "service_type",
    "messages",
    "quantity",
    "net",
    "tax",
    "total",
    "currency",
];
/// Charges are parts of invoices, which are what the indexes know.
const ROW_COLUMNS: [Column<Row>; 14] = [
    ("company", |row| row.view.company.clone()),
    ("agreement", |row| row.view.agreement.clone()),
    ("own_legal_entity", |row| row.view.own_legal_entity.clone().unwrap_or_default()),
    ("number", |row| row.view.number.map(catalog::number).unwrap_or_default()),
    ("last_day", |row| catalog::day(row.last_day)),
    ("source", |row| catalog::choice(row.charge.group.source())),
    ("resource", |row| row.charge.group.resource.name().to_owned()),
    ("service_type", |row| catalog::choice(row.charge.group.service_type)),
    ("messages", |row| catalog::amount(Amount::whole(row.charge.messages))),
    ("quantity", |row| catalog::amount(Amount::whole(row.charge.quantity))),
    ("net", |row| catalog::amount(row.charge.net)),
    ("tax", |row| catalog::amount(row.tax)),
    ("total", |row| catalog::amount(row.total)),
    ("currency", |row| row.view.currency.clone()),
];
const FILE_COLUMNS: [&str; 27] = [
    "id",
    "source",
    "invoice",
    "number",
    "company",
    "company_name",
    "agreement",
    "agreement_code",
    "own_legal_entity",
    "own_legal_entity_name",
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
    "currency",
];

/// Charges.
///
/// Those of the oldest period first unless a filter or `sort` says otherwise. The company that pays sees
/// those of the invoices that it sees, its tenant also those of drafts. By invoice a page holds the charges of
/// `limit` invoices: go on while there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/charges", tag = "invoices", params(ChargeQuery),
    responses((status = 200, description = "A page",
        content((List<ChargeRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<ChargeQuery>,
) -> Result<Response, ApiError> {
    let whose = Whose {
        agreement: query.agreement.as_deref(),
        tenant: query.tenant.as_deref(),
        company: query.company.as_deref(),
    };
    let list = whose.list(&app, &who).await?;
    let amounts = fields::amounts(query.amount_min.as_deref(), query.amount_max.as_deref())?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let mut listing = Listing::new(list, &COLUMNS, sort, query.limit, cursor)?
        .within_days("first_day", query.from, query.till)
        .is("status", query.status.map(catalog::choice));
    let seen = app.seen_by(&who);
    let is_shown = |invoice: &Invoice| seen.shows(invoice) && query.has(invoice);
    let order = listing.take_row_order(&ROW_COLUMNS);
    let reads = if order.is_some() { Format::Csv } else { format };
    let Page { items: invoices, next } = listing.read(&app.store, reads, is_shown).await?.page;
    let charges = invoices.iter().flat_map(|invoice| invoice.charges.iter().map(move |it| (invoice, it)));
    let wanted = charges.filter(|(_, charge)| query.passes(charge, amounts));
    let items = wanted.map(|(invoice, charge)| Row::new(invoice, charge));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    if format == Format::Csv && FILE_ROWS_MAX < items.len() {
        return Err(too_many_rows(FILE_ROWS_MAX));
    }
    let found = match order {
        Some(order) => order.page(&app.store, items, |row| row.charge.id.as_str(), format).await?,
        None => Found::of(Page { items, next }, format),
    };
    let names = found.names(&app.store, |row| row.view.parties()).await?;
    let row = |row: Row| ChargeRow { names: names.parties(row.view.parties()), charge: row.view };
    found.answer(row, "charges", &FILE_COLUMNS)
}
