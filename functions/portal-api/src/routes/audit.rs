//! The audit log: who changed what in a company and below it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::audit::{AuditEntry, FieldChange};
use domain::catalog;
use domain::id::CompanyId;
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use store::{AuditAsk, Page};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Column, FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found, ORDER_ROWS_MAX, RowOrder};
use crate::rights;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// In this company and below it; in yours unless told.
    company: Option<String>,
    /// Only what this user, API key or process did, by its id or name.
    who: Option<String>,
    /// Only what people of this company did.
    of: Option<String>,
    /// Only actions that begin so: `agreement`, `agreement.change`.
    #[param(example = "agreement.")]
    action: Option<String>,
    /// Only what was done to the thing with this id.
    object: Option<String>,
    /// Only what was asked for from this address.
    ip: Option<String>,
    /// At this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// `at`, `name`, `ip` or `action`, with a `-` before it for the other way round; `-at`, newest first, unless
    /// told. By another than `at` it is of a span of 10,000 entries at most: name `from` and `till`.
    #[param(example = "-at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// The entry's id.
    id: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The company of who did it.
    company: String,
    /// The id of the user or API key, or the name of a process of the platform.
    who: String,
    /// What that was called then.
    name: String,
    /// Where the request came from; null for what the platform did by itself.
    ip: Option<String>,
    /// What was done.
    #[schema(example = "agreement.change")]
    action: String,
    /// The id of what it was done to.
    object: String,
    /// The fields that became different. None of an invoice's are told to the company that pays it.
    changes: Vec<FieldChangeView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChangeView {
    /// From the top down, as `link.window`.
    field: String,
    /// What it was; null if there was none. Secrets read `***`.
    before: Option<String>,
    /// What it is; null if there is none.
    after: Option<String>,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, action, object, changes, .. } = entry;
        let changes = changes.into_iter().map(|FieldChange { field, before, after }| FieldChangeView {
            field,
            before,
            after,
        });
        Self {
            id: id.into(),
            at,
            company: actor.company.into(),
            who: actor.who,
            name: actor.name,
            ip: actor.ip,
            action,
            object,
            changes: changes.collect(),
        }
    }
}

impl AuditQuery {
    fn passes(&self, entry: &AuditEntry) -> bool {
        let is =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let actor = &entry.actor;
        self.who.as_deref().is_none_or(|who| who == actor.who || who == actor.name)
            && is(&self.of, actor.company.as_str())
            && is(&self.object, &entry.object)
            && is(&self.ip, actor.ip.as_deref().unwrap_or_default())
            && self.action.as_deref().is_none_or(|action| entry.action.starts_with(action))
    }

    /// Which part of the log to read, and in which order to answer it where that is not the log's own.
    fn ask(&self) -> Result<(AuditAsk, Option<RowOrder<AuditEntry>>), ApiError> {
        let cursor = self.cursor.as_deref().map(cursor::place_of).transpose()?;
        let limit = fields::limit(self.limit)?;
        let ask = AuditAsk { from: self.from, till: self.till, oldest_first: false, limit, cursor };
        let sort = match self.sort.as_deref() {
            None | Some("-at") => return Ok((ask, None)),
            Some("at") => return Ok((AuditAsk { oldest_first: true, ..ask }, None)),
            Some(sort) => sort,
        };
        let Some(order) = RowOrder::by(&ROW_COLUMNS, sort, limit, ask.cursor.clone()) else {
            let detail =
                "`at`, `name`, `ip` or `action` is allowed, with a `-` before it for the other way round";
            return Err(Problem::invalid("sort", detail).into());
        };
        Ok((AuditAsk { limit: FILE_PAGE, cursor: None, ..ask }, Some(order)))
    }
}

/// Only the log's own order has an index, because an entry is written with every change, for each company
/// above it. What is the same here stands in the order of time.
const ROW_COLUMNS: [Column<AuditEntry>; 3] = [
    ("name", |entry| in_time(&entry.actor.name, entry)),
    ("ip", |entry| in_time(entry.actor.ip.as_deref().unwrap_or_default(), entry)),
    ("action", |entry| in_time(&entry.action, entry)),
];

fn in_time(value: &str, entry: &AuditEntry) -> String {
    format!("{}{}", store::whole_value(&catalog::words(value)), catalog::time(entry.at))
}

/// What changes of an agreement when a plan or a pack is enabled.
const SERVICES: &str = "services";
/// How what is done to invoices is called.
const INVOICES: &str = "invoice.";
const FILE_COLUMNS: [&str; 9] = ["at", "company", "who", "name", "ip", "action", "object", "changes", "id"];

/// Who did what.
///
/// Every change and every login, with the fields that became different. With a filter a page may hold
/// fewer than `limit` while there are more: go on while there is a `next`. `Accept: text/csv` answers a
/// file.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page",
        content((List<AuditView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<AuditQuery>,
) -> Result<Response, ApiError> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    rights::view_own(&who, &company.id, Area::Audit, Area::PortalAudit)?;
    let (ask, order) = query.ask()?;
    let mut page = match order {
        Some(order) => {
            let entries = span(&app, &company.id, ask, &query).await?;
            order.page(entries, |entry| entry.id.as_str(), format)?
        }
        None => by_time(&app, &company.id, ask, &query, format).await?,
    };
    hide_services(&app, &who, &mut page.items).await?;
    hide_invoices(&who, &mut page.items);
    Found { page, format }.answer(AuditView::from, "audit", &FILE_COLUMNS)
}

/// A page in the order of time, or for a file all.
async fn by_time(
    app: &App,
    company: &CompanyId,
    mut ask: AuditAsk,
    query: &AuditQuery,
    format: Format,
) -> Result<Page<AuditEntry>, ApiError> {
    if format == Format::Json {
        return Ok(app.store.audit_log(company, &ask, |entry| query.passes(entry)).await?);
    }
    ask.limit = FILE_PAGE;
    let mut rows = FileRows::up_to(FILE_ROWS_MAX);
    loop {
        ask.cursor = rows.add(app.store.audit_log(company, &ask, |entry| query.passes(entry)).await?)?;
        if ask.cursor.is_none() {
            return Ok(Page { items: rows.items, next: None });
        }
    }
}

/// All that passes, of a span of which all is read.
async fn span(
    app: &App,
    company: &CompanyId,
    mut ask: AuditAsk,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>, ApiError> {
    let (mut passed, mut read) = (Vec::new(), 0);
    loop {
        let page = app.store.audit_log(company, &ask, |_| true).await?;
        read += page.items.len();
        if ORDER_ROWS_MAX < read {
            let detail = format!(
                "of more than {ORDER_ROWS_MAX} entries only time is an order: narrow `from` and `till`"
            );
            return Err(Problem::new(422, "too_many", detail).into());
        }
        passed.extend(page.items.into_iter().filter(|entry| query.passes(entry)));
        match page.next {
            Some(next) => ask.cursor = Some(next),
            None => return Ok(passed),
        }
    }
}

/// Until it is confirmed an invoice is its tenant's work, and later it may still be hidden: the company that
/// pays reads it where it is shown. An entry's path ends with that company, below its tenant.
fn hide_invoices(who: &Principal, entries: &mut [AuditEntry]) {
    for entry in entries.iter_mut().filter(|entry| entry.action.starts_with(INVOICES)) {
        let is_shown = match &entry.path[..] {
            [.., tenant, company] => rights::is_tenant_side(who, company, tenant),
            // The owner's agreement with itself.
            [owner] => rights::is_tenant_side(who, owner, owner),
            [] => false,
        };
        if !is_shown {
            entry.changes.clear();
        }
    }
}

/// The services that an agreement has may be hidden from the company that pays, so a change of them is not
/// shown to it: it lists those that it sees.
async fn hide_services(app: &App, who: &Principal, entries: &mut [AuditEntry]) -> Result<(), ApiError> {
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for entry in entries {
        if !entry.changes.iter().any(|change| change.field == SERVICES) {
            continue;
        }
        let is_shown = match known.get(&entry.object) {
            Some(is_shown) => *is_shown,
            None => {
                let agreement = app.seen_by(who).agreement(&entry.object).await.ok();
                agreement.is_some_and(|of| rights::is_tenant_side(who, &of.company, &of.tenant))
            }
        };
        known.insert(entry.object.clone(), is_shown);
        entry.changes.retain(|change| is_shown || change.field != SERVICES);
    }
    Ok(())
}
