//! The audit log: who changed what in a company and below it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::audit::{AuditEntry, FieldChange};
use domain::catalog;
use domain::id::{AuditId, CompanyId};
use domain::permission::Area;
use http::HeaderValue;
use http::header::VARY;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::cursor;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use store::{AUDIT_PAGE_BYTES, AuditAsk, Page};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{
    Column, FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found, ORDER_ROWS_MAX, RowOrder, csv_file,
};
use crate::rights;

/// Octets of changes that are held at once, for a file or an order of all.
const BYTES_MAX: usize = 100_000_000;

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
    #[schema(example = "aud_01kd3v5x9q8m7n6p5r4s3t2v1w")]
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
    /// The company that this belongs to.
    object_company: String,
    /// The fields that became different. None of an invoice's are told to the company that pays it. Of rate
    /// trees they are the prices, after which trees are new.
    changes: Vec<FieldChangeView>,
    /// How many more became different than one entry holds; 0 as a rule. Of rate trees it counts prices. A very
    /// long value is cut, and says how long it was.
    changes_left_out: u64,
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
        let object_company = entry.object_company().to_string();
        let AuditEntry { id, at, actor, action, object, changes, left_out, .. } = entry;
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
            object_company,
            changes: changes.collect(),
            changes_left_out: left_out,
        }
    }
}

/// One field of an entry, as its file has them.
#[derive(Serialize)]
struct DetailRow<'a> {
    #[serde(flatten)]
    change: &'a FieldChangeView,
    at: Timestamp,
    action: &'a str,
    object: &'a str,
    object_company: &'a str,
}

impl AuditView {
    fn rows(&self) -> Vec<DetailRow<'_>> {
        let Self { at, action, object, object_company, .. } = self;
        let row = |change| DetailRow { change, at: *at, action, object, object_company };
        self.changes.iter().map(row).collect()
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
const FILE_COLUMNS: [&str; 11] = [
    "at",
    "company",
    "who",
    "name",
    "ip",
    "action",
    "object",
    "changes",
    "id",
    "object_company",
    "changes_left_out",
];
/// The guide, chapter 11.
const DETAIL_COLUMNS: [&str; 7] = ["at", "action", "object", "field", "before", "after", "object_company"];

/// Who did what.
///
/// Every change and every login, with the fields that became different. A page may hold fewer than `limit`
/// while there are more, with a filter or where entries are long: go on while there is a `next`.
/// `Accept: text/csv` answers a file.
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
            order.page_of_long(
                entries,
                |entry| entry.id.as_str(),
                (AuditEntry::bytes, AUDIT_PAGE_BYTES),
                format,
            )?
        }
        None => by_time(&app, &company.id, ask, &query, format).await?,
    };
    hide_services(&app, &who, &mut page.items).await?;
    hide_invoices(&who, &mut page.items);
    Found::of(page, format).answer(AuditView::from, "audit", &FILE_COLUMNS)
}

/// One entry of the audit log.
///
/// Of what was done in your company and below it. Entries from before ids held their time are not found so, but
/// in the list. `Accept: text/csv` answers a file with a row for each field that became different.
#[utoipa::path(get, path = "/v1/audit/{id}", tag = "audit",
    params(("id" = String, Path, description = "The entry's id")),
    responses((status = 200, description = "The entry",
        content((AuditView = "application/json"), (String = "text/csv")))))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
) -> Result<Response, ApiError> {
    rights::view_own(&who, &who.company.id, Area::Audit, Area::PortalAudit)?;
    let id = AuditId::parse(&id).map_err(|_| Problem::not_found("entry"))?;
    let entry = app.store.audit_entry(&who.company.id, &id).await?;
    let mut entry = [entry.ok_or_else(|| Problem::not_found("entry"))?];
    hide_services(&app, &who, &mut entry).await?;
    hide_invoices(&who, &mut entry);
    let [entry] = entry;
    let view = AuditView::from(entry);
    let mut response = match format {
        Format::Json => Json(view).into_response(),
        Format::Csv => csv_file("audit_entry", &view.rows(), &DETAIL_COLUMNS)?,
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
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
    let (mut rows, mut bytes) = (FileRows::up_to(FILE_ROWS_MAX), 0);
    loop {
        let page = app.store.audit_log(company, &ask, |entry| query.passes(entry)).await?;
        hold(&mut bytes, &page.items)?;
        ask.cursor = rows.add(page)?;
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
    let (mut passed, mut read, mut bytes) = (Vec::new(), 0, 0);
    loop {
        let mut page = app.store.audit_log(company, &ask, |_| true).await?;
        read += page.items.len();
        if ORDER_ROWS_MAX < read {
            let detail = format!(
                "of more than {ORDER_ROWS_MAX} entries only time is an order: narrow `from` and `till`"
            );
            return Err(Problem::new(422, "too_many", detail).into());
        }
        page.items.retain(|entry| query.passes(entry));
        hold(&mut bytes, &page.items)?;
        passed.extend(page.items);
        match page.next {
            Some(next) => ask.cursor = Some(next),
            None => return Ok(passed),
        }
    }
}

/// Counts what these entries take, too, of what may be held at once.
fn hold(bytes: &mut usize, entries: &[AuditEntry]) -> Result<(), ApiError> {
    *bytes += entries.iter().map(AuditEntry::bytes).sum::<usize>();
    if BYTES_MAX < *bytes {
        let most = BYTES_MAX / 1_000_000;
        let detail = format!("the changes are more than {most} MB: narrow `from` and `till`, or filter");
        return Err(Problem::new(422, "too_many", detail).into());
    }
    Ok(())
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
            entry.left_out = 0;
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

#[cfg(test)]
mod tests {
    use domain::audit::Act;

    use super::*;

    #[test]
    fn what_is_held_at_once_has_an_end() {
        let act = Act::of_platform(AuditId::new(1), "test", &CompanyId::new(1), Timestamp::UNIX_EPOCH);
        let mut entry = act.entry("thing.change", "thing", Vec::new());
        let after = Some("v".repeat(BYTES_MAX / 2));
        entry.changes.push(FieldChange { field: "text".to_owned(), before: None, after });
        let (mut bytes, entries) = (0, [entry]);
        assert!(hold(&mut bytes, &entries).is_ok());
        assert!(hold(&mut bytes, &entries).is_err());
    }
}
