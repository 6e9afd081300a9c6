//! Rerates: what was sent, and fees, are priced again after somebody has corrected a rate. A dry run counts what
//! that changes; then a task of its own charges it.
//!
//! A company rates again what it and the companies below it sell. What it pays itself is for whom it buys
//! from.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::catalog;
use domain::channel::Channel;
use domain::id::{AgreementId, CompanyId, RerateId};
use domain::money::{Amount, Currency};
use domain::period::Period;
use domain::permission::Area;
use domain::record::words_of;
use domain::rerate::{
    Difference, NewRerate, Progress, Rerate, RerateError, Status, Tally, latest_till, plan_rerate,
};
use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use queue::Billing;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::StoreError;
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created, records};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

/// Agreements whose usage is read at once for the estimate.
const AT_ONCE: usize = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RerateRequest {
    /// Messages and fees from this time or later. Name whole billing periods where a scale is `back_to_first`:
    /// what passing a threshold changes for a whole period is charged with a single message.
    #[schema(value_type = String, format = DateTime, example = "2026-10-01T00:00:00Z")]
    from: Timestamp,
    /// Messages and fees from before this time, at most two years after the other; 10 minutes ago unless told,
    /// and no later than that.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    till: Option<Timestamp>,
    /// All agreements of these companies. Those, or one agreement.
    #[serde(default)]
    #[schema(example = json!(["com_01m814gssve5b8ba12ve1e1grf"]))]
    companies: Vec<String>,
    /// This agreement alone.
    agreement: Option<String>,
    /// Only messages of these channels, and with `sms` the fees of all sender IDs and the platform's; all unless
    /// told. There is SMS so far.
    #[serde(default)]
    #[schema(value_type = Option<Vec<schema::Channel>>)]
    channels: Vec<Channel>,
    /// Begin at this time after it was started; at once unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_for: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RerateChargeRequest {
    /// Begin at this time after it was started; at once unless told.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-02T01:00:00Z")]
    scheduled_for: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RerateView {
    /// Its id.
    id: String,
    /// Whose it is. What this company or one below it sells is rated again.
    company: String,
    /// Those that the agreements were chosen by; none if it is about one agreement.
    companies: Vec<String>,
    /// Whose messages and fees are rated again, at all levels that the company or one below it sells.
    agreements: Vec<String>,
    /// Only messages of these channels, and with `sms` the fees of all sender IDs and the platform's; all if there
    /// are none.
    #[schema(value_type = Vec<schema::Channel>)]
    channels: Vec<Channel>,
    /// Messages and fees from this time or later.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Messages and fees from before this time.
    #[schema(value_type = String, format = DateTime)]
    till: Timestamp,
    /// Whether it only counts.
    dry_run: bool,
    /// The dry run that has counted what this task charges.
    counted_by: Option<String>,
    /// When it begins once it was started; at once without a time.
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_for: Option<Timestamp>,
    /// How far it is.
    #[schema(value_type = schema::RerateStatus)]
    status: Status,
    /// About how many records it looks at: of a dry run those of whole days, as counted when it was made; else as
    /// many as the dry run has looked at.
    estimated: u64,
    /// Why it has failed, if it has.
    problem: Option<String>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who made it, as they were called then.
    created_by: String,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Who changed it last, as they were called then.
    updated_by: String,
    /// Raised by every change.
    revision: u64,
}

impl From<Rerate> for RerateView {
    fn from(task: Rerate) -> Self {
        Self {
            id: task.id.into(),
            company: task.company.into(),
            companies: task.companies.into_iter().map(Into::into).collect(),
            agreements: task.agreements.into_iter().map(Into::into).collect(),
            channels: task.channels,
            from: task.from,
            till: task.till,
            dry_run: task.dry_run,
            counted_by: task.counted_by.map(Into::into),
            scheduled_for: task.scheduled_for,
            status: task.status,
            estimated: task.estimated,
            problem: task.problem,
            started_at: task.started_at,
            finished_at: task.finished_at,
            created_at: task.created_at,
            created_by: task.created_by,
            updated_at: task.updated_at,
            updated_by: task.updated_by,
            revision: task.revision,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RerateDetails {
    #[serde(flatten)]
    task: RerateView,
    /// The records of the senders' own agreements, and those of fees.
    edrs: RerateTally,
    /// The records of the agreements above those. None is made anew: a message keeps the levels that it was
    /// accepted with.
    reseller_records: RerateTally,
    /// Why the last record failed that did.
    last_failure: Option<String>,
    /// What it has changed so far, or would change, of what each agreement pays.
    differences: Vec<RerateDifference>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RerateTally {
    /// Looked at.
    processed: u64,
    /// They cost something else.
    updated: u64,
    /// They keep what they were charged, because it is not known what they cost now.
    failed: u64,
}

impl RerateTally {
    fn new(tally: Tally, updated: u64) -> Self {
        Self { processed: tally.processed, updated, failed: tally.failed }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RerateDifference {
    /// The agreement that pays.
    agreement: String,
    /// 1 where it is the sender's own, one more for each agreement between.
    level: u32,
    /// The agreement's currency.
    #[schema(example = "EUR")]
    currency: String,
    /// How many of its records cost something else.
    records: u64,
    /// What those cost before.
    before: String,
    /// What they cost now.
    after: String,
    /// How much more that is; below zero for less.
    #[schema(example = "-12.5")]
    difference: String,
}

impl RerateDetails {
    fn new(
        task: Rerate,
        progress: Progress,
        differences: Vec<(Difference, Option<Currency>)>,
    ) -> Result<Self, ApiError> {
        let updated = |is_own: bool| {
            let of_kind = differences.iter().filter(|(difference, _)| (difference.level == 1) == is_own);
            of_kind.map(|(difference, _)| difference.records).sum()
        };
        let edrs = RerateTally::new(progress.edrs, updated(true));
        let reseller_records = RerateTally::new(progress.reseller_records, updated(false));
        let views = differences.into_iter().map(|(difference, currency)| {
            let Difference { agreement, level, records, before, after } = difference;
            let more: Amount = after.checked_sub(before)?;
            Ok(RerateDifference {
                agreement: agreement.into(),
                level,
                currency: currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
                records,
                before: before.to_string(),
                after: after.to_string(),
                difference: more.to_string(),
            })
        });
        Ok(Self {
            edrs,
            reseller_records,
            last_failure: progress.last_failure,
            differences: views.collect::<Result<_, ApiError>>()?,
            task: task.into(),
        })
    }
}

/// Make a dry run, which counts what rating messages and fees again would change.
///
/// What was sent, what was handed on from phones and has an EDR, and fees are priced again with the rates that
/// were in force when they were accepted, as these stand now: after a tree, a scope or an enabled service was
/// corrected. Packs, bundles, tiers' thresholds and billing rules stay as they were, and so do what was refunded
/// and fees at a price that was agreed on. The task waits until it is started, and changes nothing but what it
/// tells; what it has counted is charged by another one.
#[utoipa::path(post, path = "/v1/rerates", tag = "rerates", request_body = RerateRequest,
    responses((status = 201, description = "The new task, a draft", body = RerateView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<RerateRequest>,
) -> Created<RerateView> {
    rights::manage(&who, Area::EdrRerate)?;
    let (companies, agreements) = scope(&app, &who, &body).await?;
    let by = records::hand(&who);
    let till = body.till.unwrap_or_else(|| latest_till(by.now));
    let estimated = estimate(&app, &agreements, body.from, till).await?;
    let ask = NewRerate {
        id: RerateId::new(runtime::fresh()),
        company: who.company.id.clone(),
        from: body.from,
        till,
        companies,
        agreements: agreements.into_iter().map(|agreement| agreement.id).collect(),
        channels: body.channels,
        dry_run: true,
        scheduled_for: body.scheduled_for,
        estimated,
    };
    let task = plan_rerate(ask, by)?;
    written(app.store.create(&who.act(&who.company.path), &task).await?)?;
    created(task)
}

/// Make the task that charges what a dry run has counted.
///
/// It rates the same again, by the rates as they are when it runs. The difference is charged or given back at
/// every level that your company or one below it sells, by force if need be, and invoices that were confirmed get
/// corrections. Doing it twice charges nothing the second time. The task waits until it is started.
#[utoipa::path(post, path = "/v1/rerates/{id}/charge", tag = "rerates", request_body = RerateChargeRequest,
    params(("id" = String, Path, description = "The dry run's id")),
    responses(
        (status = 201, description = "The new task, a draft", body = RerateView),
        (status = 409, description = "`rerate_not_counted`: it is no dry run, or is not complete", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn charge(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<RerateChargeRequest>,
) -> Created<RerateView> {
    rights::manage(&who, Area::EdrRerate)?;
    let (counted, company) = app.seen_by(&who).thing::<Rerate>(&id).await?;
    let progress = app.store.rerate_progress(&counted.id).await?;
    let id = RerateId::new(runtime::fresh());
    let task = counted.to_charge(id, body.scheduled_for, &progress, records::hand(&who))?;
    written(app.store.create(&who.act(&company.path), &task).await?)?;
    created(task)
}

/// The agreements that a task is about: of those that others have with the caller's side.
async fn scope(
    app: &App,
    who: &Principal,
    body: &RerateRequest,
) -> Result<(Vec<CompanyId>, Vec<Agreement>), ApiError> {
    let seen = app.seen_by(who);
    if let Some(id) = &body.agreement {
        if !body.companies.is_empty() {
            let detail = "name companies or an agreement, not both";
            return Err(Problem::invalid("agreement", detail).into());
        }
        let agreement = seen.agreement(id).await.map_err(|error| error.field("agreement"))?;
        rights::on_tenant_side(who, &agreement.company, &agreement.tenant)?;
        return Ok((Vec::new(), vec![agreement]));
    }
    if body.companies.is_empty() {
        return Err(Problem::invalid("companies", "name companies or an agreement").into());
    }
    let (mut companies, mut agreements) = (Vec::new(), Vec::new());
    for id in &body.companies {
        let company = seen.company(id).await.map_err(|error| error.field("companies"))?;
        for agreement in app.store.agreements_of(&company.id).await? {
            rights::on_tenant_side(who, &agreement.company, &agreement.tenant)?;
            agreements.push(agreement);
        }
        companies.push(company.id);
    }
    Ok((companies, agreements))
}

/// How many messages and fees the usage of these days counts.
async fn estimate(
    app: &App,
    agreements: &[Agreement],
    from: Timestamp,
    till: Timestamp,
) -> Result<u64, ApiError> {
    let usage = agreements.iter().map(|agreement| async move {
        let day_of = |moment| agreement.version_at(moment).billing.day_of(moment);
        let last = till.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(till);
        let days = Period { first: day_of(from), last: day_of(last).max(day_of(from)) };
        let rows = app.store.usage(&agreement.id, days).await?;
        Ok::<i64, StoreError>(rows.iter().map(|(_, usage)| usage.messages).sum())
    });
    let usage: Vec<_> = usage.collect();
    let usage: Vec<i64> = futures::stream::iter(usage).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(u64::try_from(usage.into_iter().sum::<i64>()).unwrap_or_default())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RerateQuery {
    /// Those of this company; yours unless told.
    company: Option<String>,
    /// Only those that rate messages of this agreement again.
    agreement: Option<String>,
    /// Only those that rate messages of this company's agreements again.
    rated_company: Option<String>,
    /// Only with this status.
    #[param(value_type = Option<schema::RerateStatus>)]
    status: Option<Status>,
    /// Only those that rate messages from this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only those that rate messages from before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// Only those that only count, or that do not.
    dry_run: Option<bool>,
    /// Only those that were to begin at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    scheduled_from: Option<Timestamp>,
    /// Only those that were to begin before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    scheduled_till: Option<Timestamp>,
    /// Only those with this in their problem, whatever the case.
    problem: Option<String>,
    /// Only those changed last at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// Only those changed last by somebody whose name begins so, whatever the case.
    updated_by: Option<String>,
    /// `from`, `till`, `status`, `scheduled_for`, `updated_at` or `created_at`; or of 10,000 tasks at most
    /// `problem` or `updated_by`. With a `-` before it for the other way round.
    #[param(example = "-updated_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 8] =
    ["from", "till", "status", "scheduled_for", "updated_at", "created_at", "problem", "updated_by"];
/// Without indexes: a company has few tasks.
const ROW_COLUMNS: [Column<Rerate>; 2] = [
    ("problem", |task| words_of(task.problem.as_ref())),
    ("updated_by", |task| catalog::words(&task.updated_by)),
];
const FILE_COLUMNS: [&str; 13] = [
    "id",
    "companies",
    "agreements",
    "status",
    "dry_run",
    "counted_by",
    "from",
    "till",
    "scheduled_for",
    "estimated",
    "problem",
    "updated_at",
    "updated_by",
];

/// Rerate tasks.
///
/// Newest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/rerates", tag = "rerates", params(RerateQuery),
    responses((status = 200, description = "A page",
        content((List<RerateView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<RerateQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::EdrRerate)?;
    let seen = app.seen_by(&who);
    let company = seen.company_or_own(query.company.as_deref()).await?;
    let agreement = match &query.agreement {
        Some(id) => Some(seen.agreement(id).await.map_err(|error| error.field("agreement"))?.id),
        None => None,
    };
    let of_company = match &query.rated_company {
        Some(id) => {
            let rated = seen.company(id).await.map_err(|error| error.field("rated_company"))?;
            Some(app.store.agreements_of(&rated.id).await?)
        }
        None => None,
    };
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .is("status", query.status.map(catalog::choice))
        .within("from", query.from, query.till)
        .within("updated_at", query.updated_from, query.updated_till)
        .newest_first("created_at");
    let updated_by = query.updated_by.as_deref().map(catalog::words);
    let problem = query.problem.as_deref().map(str::to_lowercase);
    let shows = |task: &Rerate| {
        let rates = |agreement: &AgreementId| task.agreements.contains(agreement);
        let has = |part: &String| task.problem.as_ref().is_some_and(|it| it.to_lowercase().contains(part));
        query.dry_run.is_none_or(|wanted| wanted == task.dry_run)
            && query.scheduled_from.is_none_or(|from| task.scheduled_for.is_some_and(|at| from <= at))
            && query.scheduled_till.is_none_or(|till| task.scheduled_for.is_some_and(|at| at < till))
            && problem.as_ref().is_none_or(has)
            && updated_by.as_ref().is_none_or(|begin| catalog::words(&task.updated_by).starts_with(begin))
            && agreement.as_ref().is_none_or(rates)
            && of_company.as_ref().is_none_or(|some| some.iter().any(|agreement| rates(&agreement.id)))
    };
    let found = listing.read_in_order(&ROW_COLUMNS, &app.store, format, shows).await?;
    found.answer(RerateView::from, "rerates", &FILE_COLUMNS)
}

/// One rerate task, with what it has come to.
#[utoipa::path(get, path = "/v1/rerates/{id}", tag = "rerates",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = RerateDetails)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<RerateDetails> {
    rights::view(&who, Area::EdrRerate)?;
    let (task, _) = app.seen_by(&who).thing::<Rerate>(&id).await?;
    let progress = app.store.rerate_progress(&task.id).await?;
    let differences = app.store.rerate_differences(&task.id).await?;
    // One that pays at two levels is there twice.
    let ids: BTreeSet<_> = differences.iter().map(|difference| difference.agreement.clone()).collect();
    let agreements = app.store.agreements(&Vec::from_iter(ids)).await?;
    let with_currency = |difference: Difference| {
        let agreement = agreements.iter().find(|agreement| agreement.id == difference.agreement);
        let currency = agreement.map(|agreement| agreement.currency);
        (difference, currency)
    };
    let differences = differences.into_iter().map(with_currency).collect();
    Ok(Json(RerateDetails::new(task, progress, differences)?))
}

/// Start a rerate task.
///
/// It begins at its time, or at once, and goes on by itself.
#[utoipa::path(post, path = "/v1/rerates/{id}/start", tag = "rerates",
    params(("id" = String, Path, description = "The task's id")),
    responses(
        (status = 200, description = "The task as it is now", body = RerateView),
        (status = 409, description = "`rerate_started` or `rerate_ended`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn start(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<RerateView> {
    rights::manage(&who, Area::EdrRerate)?;
    let (task, company) = app.seen_by(&who).thing::<Rerate>(&id).await?;
    let job = Billing::RerateV1 { task: task.id.clone() };
    let started = match task.start(records::hand(&who)) {
        // The first try may have ended before its job was sent; a second job does no harm.
        Err(RerateError::Started) => {
            app.billing.send(&job).await?;
            return Err(RerateError::Started.into());
        }
        started => started?,
    };
    written(app.store.replace(&who.act(&company.path), &task, &started).await?)?;
    app.billing.send(&job).await?;
    Ok(Json(started.into()))
}

/// Cancel a rerate task.
///
/// One that runs ends with the part that it is at. What it has charged until then stays; another task of the same
/// dry run goes on from there, because what costs the same is not charged again.
#[utoipa::path(post, path = "/v1/rerates/{id}/cancel", tag = "rerates",
    params(("id" = String, Path, description = "The task's id")),
    responses(
        (status = 200, description = "The task as it is now", body = RerateView),
        (status = 409, description = "`rerate_ended`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn cancel(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<RerateView> {
    rights::manage(&who, Area::EdrRerate)?;
    let (task, company) = app.seen_by(&who).thing::<Rerate>(&id).await?;
    let job = Billing::RerateV1 { task: task.id.clone() };
    let canceled = match task.cancel(records::hand(&who)) {
        // The first try may have ended before its job was sent; a second job does no harm.
        Err(RerateError::Ended) if task.status == Status::Canceled => {
            app.billing.send(&job).await?;
            return Err(RerateError::Ended.into());
        }
        canceled => canceled?,
    };
    written(app.store.replace(&who.act(&company.path), &task, &canceled).await?)?;
    // What it has charged until then is drafted again.
    app.billing.send(&job).await?;
    Ok(Json(canceled.into()))
}
