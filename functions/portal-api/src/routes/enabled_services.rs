//! Rate plans and bundle initiators that are enabled under agreements, each for a time. Packs are bought:
//! see `enabled`.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::{Agreement, AgreementError, EnabledService, NewlyEnabled, ServiceChange};
use domain::catalog;
use domain::id::{EnabledServiceId, PurchaseId, ServiceId};
use domain::money::Amount;
use domain::permission::Area;
use domain::rating::{Service, ServiceKind};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use store::{Page, Written};
use utoipa::{IntoParams, ToSchema};

use super::agreements::{AgreementView, list_named, manage, view};
use super::enabled::{Use, fee_id};
use super::{Edited, present};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::lists::{Column, Format, Found, Listing, check_count};
use crate::names::Names;
use crate::{rights, schema};

/// Wallets that are read at once for what is used of bundles.
const READS_AT_ONCE: usize = 16;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnableServiceRequest {
    /// A rate plan of the agreement's tenant.
    service: String,
    /// Used for messages accepted at this time or later; from now on unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Not used from this time on; no end unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Whether the company that pays does not see it; false unless told.
    #[serde(default)]
    hidden_from_client: bool,
}

/// Enable a rate plan or a bundle initiator under an agreement.
///
/// Packs and bundle packs are bought: see `packs`. Of pay-as-you-go services only one at a time has prices of a
/// resource, such as `sms_message`: another one is refused with `service_overlaps`, which names both.
#[utoipa::path(post, path = "/v1/agreements/{id}/services", tag = "enabled_services",
    request_body = EnableServiceRequest,
    params(("id" = String, Path, description = "The agreement's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses((status = 201, description = "The agreement as it is now", body = AgreementView)))]
pub async fn enable(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<EnableServiceRequest>,
) -> Edited<AgreementView> {
    let seen = app.seen_by(&who);
    let agreement = seen.agreement(&id).await?;
    manage(&who, &agreement, Area::EnabledServices)?;
    if_match.check(agreement.revision)?;
    let service = seen.service(&body.service).await.map_err(|error| error.field("service"))?;
    if service.company != agreement.tenant {
        let detail = "the service must be one of the company that the agreement is with";
        return Err(Problem::invalid("service", detail).into());
    }
    if service.archived {
        return Err(Problem::invalid("service", "this service is archived").into());
    }
    if service.kind.is_bought() {
        let detail = "packs and bundle packs are bought: POST them to the agreement's `packs`";
        return Err(Problem::invalid("service", detail).into());
    }
    let now = runtime::now();
    let enabled = EnabledService {
        enabled_at: Some(now),
        hidden_from_client: body.hidden_from_client,
        ..EnabledService::new(service.id, body.effective_from.unwrap_or(now), body.effective_till)
    };
    let currency = if service.kind.has_currency() { service.currency } else { agreement.currency };
    let changed = agreement.with_service(enabled, currency)?;
    replace(&app, &who, &agreement, &changed).await?;
    Ok(Versioned::created(changed.revision, AgreementView::new(changed, &who)))
}

/// Refuses what is enabled anew, or for longer, beside another service that has prices of the same at the same
/// time. What was so before stays.
pub(super) async fn check_channels(
    app: &App,
    before: &[EnabledService],
    after: &[EnabledService],
) -> Result<(), ApiError> {
    let enabled = NewlyEnabled::between(before, after);
    let plans = app.store.rate_plans(&enabled).await?;
    Ok(enabled.check(&plans)?)
}

async fn replace(app: &App, who: &Principal, before: &Agreement, after: &Agreement) -> Result<(), ApiError> {
    check_channels(app, &before.services, &after.services).await?;
    let company = app.seen_by(who).company(before.company.as_str()).await?;
    match app.store.replace_agreement(&who.act(&company.path), before, after).await? {
        Written::Now => Ok(()),
        Written::Overtaken | Written::Taken => Err(busy()),
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnabledServicePatch {
    /// Used for messages accepted at this time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Not used from this time on; null for no end.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Option<Timestamp>>,
    /// Whether the company that pays does not see it.
    hidden_from_client: Option<bool>,
}

/// An enabled service or bundle initiator.
///
/// Packs and bundle packs are among `packs`.
#[utoipa::path(get, path = "/v1/agreements/{id}/services/{enabled}", tag = "enabled_services",
    params(("id" = String, Path, description = "The agreement's id"),
        ("enabled" = String, Path, description = "The id of the enabled service")),
    responses((status = 200, description = "The service as it is enabled", body = EnabledRow)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, enabled)): Path<(String, String)>,
) -> Edited<EnabledRow> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    view(&who, &agreement.company, Area::EnabledServices)?;
    let sees_all = rights::is_tenant_side(&who, &agreement.company, &agreement.tenant);
    let enabled = EnabledServiceId::parse(&enabled).map_err(|_| AgreementError::NoSuchService)?;
    // Nobody is told here of a pack, which may be hidden.
    let enabled = agreement.enabled_service(&enabled).map_err(|_| AgreementError::NoSuchService)?;
    if enabled.hidden_from_client && !sees_all {
        return Err(AgreementError::NoSuchService.into());
    }
    let service = app.store.services(std::slice::from_ref(&enabled.service)).await?.pop();
    let service = service.ok_or(AgreementError::NoSuchService)?;
    let row = EnabledRow::new(&agreement, enabled, &service, runtime::now());
    let names = Names::of(&app.store, BTreeSet::from([row.company.clone()])).await?;
    let row = EnabledRow { company_name: names.get(&row.company), ..row };
    Ok(Versioned::new(agreement.revision, row))
}

/// Give an enabled service other times, or hide it from the client.
///
/// For the company that the agreement is with. What is not named stays; messages that are accepted keep
/// their prices. Times in which another service has prices of the same are refused with `service_overlaps`.
#[utoipa::path(patch, path = "/v1/agreements/{id}/services/{enabled}", tag = "enabled_services",
    request_body = EnabledServicePatch,
    params(("id" = String, Path, description = "The agreement's id"),
        ("enabled" = String, Path, description = "The id of the enabled service"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses((status = 200, description = "The agreement as it is now", body = AgreementView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path((id, enabled)): Path<(String, String)>,
    if_match: IfMatch,
    Body(body): Body<EnabledServicePatch>,
) -> Edited<AgreementView> {
    let EnabledServicePatch { effective_from, effective_till, hidden_from_client } = body;
    let change = ServiceChange { effective_from, effective_till, hidden_from_client };
    edit(&app, &who, &id, &enabled, if_match, |agreement, enabled| {
        agreement.with_service_changed(enabled, change)
    })
    .await
}

/// Remove an enabled service.
///
/// For the company that the agreement is with. Messages that are accepted keep their prices.
#[utoipa::path(delete, path = "/v1/agreements/{id}/services/{enabled}", tag = "enabled_services",
    params(("id" = String, Path, description = "The agreement's id"),
        ("enabled" = String, Path, description = "The id of the enabled service"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses((status = 200, description = "The agreement as it is now", body = AgreementView)))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path((id, enabled)): Path<(String, String)>,
    if_match: IfMatch,
) -> Edited<AgreementView> {
    edit(&app, &who, &id, &enabled, if_match, Agreement::without_service).await
}

async fn edit(
    app: &App,
    who: &Principal,
    id: &str,
    enabled: &str,
    if_match: IfMatch,
    plan: impl FnOnce(&Agreement, &EnabledServiceId) -> Result<Agreement, AgreementError>,
) -> Edited<AgreementView> {
    let agreement = app.seen_by(who).agreement(id).await?;
    manage(who, &agreement, Area::EnabledServices)?;
    if_match.check(agreement.revision)?;
    let enabled = EnabledServiceId::parse(enabled).map_err(|_| AgreementError::NoSuchService)?;
    let changed = plan(&agreement, &enabled)?;
    replace(app, who, &agreement, &changed).await?;
    Ok(Versioned::new(changed.revision, AgreementView::new(changed, who)))
}

/// Something that is enabled under an agreement.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnabledRow {
    /// Its id; the purchase's where it was bought.
    #[schema(example = "ens_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// The company that pays.
    company: String,
    /// What that company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// The agreement that it is enabled under.
    agreement: String,
    /// The agreement's code.
    code: String,
    /// The agreement's currency.
    currency: String,
    /// The rate plan, pack or bundle.
    service: String,
    /// Its name.
    name: String,
    /// How it sells.
    #[schema(value_type = schema::ServiceKind)]
    kind: ServiceKind,
    /// When it was enabled, or bought; null of what was enabled before this was noted.
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_at: Option<Timestamp>,
    /// Used for messages accepted at this time or later.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Not used from this time on; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Whether it may be used now.
    in_force: bool,
    /// What was charged when it was bought; null for what was not bought, or for nothing.
    #[schema(value_type = Option<String>, example = "40")]
    cost: Option<Amount>,
    /// Of bundle packs: recipients in the billing period, with those past its size; else null.
    #[schema(value_type = Option<String>, example = "15")]
    used: Option<Amount>,
    /// Whether the company that pays does not see it.
    hidden_from_client: bool,
    #[serde(skip)]
    purchase: Option<PurchaseId>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EnabledQuery {
    /// The company that pays; yours unless told.
    company: Option<String>,
    /// The company that is paid: what is enabled under all its agreements with those it sells to.
    tenant: Option<String>,
    /// Only under the agreement with this code, or codes that begin so.
    code: Option<String>,
    /// Only under this agreement, one of the company's.
    agreement: Option<String>,
    /// Only under agreements in this currency.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// Only this rate plan, pack or bundle.
    service: Option<String>,
    /// Only rate plans, packs and bundles whose name begins so, whatever the case.
    name: Option<String>,
    /// `pay_as_you_go`, `bundle_initiator`, `unit_pack`, `monetary_pack` or `bundle_pack`; `pack` for unit and
    /// monetary packs.
    kind: Option<String>,
    /// Only what was enabled, or bought, at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    enabled_from: Option<Timestamp>,
    /// Only what was enabled, or bought, before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    enabled_till: Option<Timestamp>,
    /// Only what begins at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    effective_since: Option<Timestamp>,
    /// Only what begins before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    effective_before: Option<Timestamp>,
    /// Only what ends at this time or later, or never.
    #[param(value_type = Option<String>, format = DateTime)]
    ends_since: Option<Timestamp>,
    /// Only what ends before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    ends_before: Option<Timestamp>,
    /// Only what was charged this or more.
    #[param(example = "40")]
    cost_min: Option<String>,
    /// Only what was charged this or less.
    cost_max: Option<String>,
    /// Only what may be used now, or may not.
    in_force: Option<bool>,
    /// Only what the company that pays does not see, or does.
    hidden_from_client: Option<bool>,
    /// By agreement: `code`, `currency` or `created_at`; or one by one: `company`, `name`, `kind`, `enabled_at`,
    /// `effective_from`, `effective_till`, `cost` or `used`. With a `-` before it for the other way round.
    #[param(example = "code")]
    sort: Option<String>,
    /// On one page, 1 to 500, 50 unless told: agreements, or what is enabled where it is sorted one by one.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 10] = [
    "code",
    "company",
    "currency",
    "name",
    "kind",
    "enabled_at",
    "effective_from",
    "effective_till",
    "cost",
    USED,
];
/// Which is in the agreement's wallet, and read for a page alone where that is in another order.
const USED: &str = "used";
const ROW_COLUMNS: [Column<EnabledRow>; 8] = [
    ("company", |row| row.company.clone()),
    ("name", |row| catalog::words(&row.name)),
    ("kind", |row| row.kind.name().to_owned()),
    ("enabled_at", |row| row.enabled_at.map(catalog::time).unwrap_or_default()),
    ("effective_from", |row| catalog::time(row.effective_from)),
    // What never ends sorts behind all that does.
    ("effective_till", |row| row.effective_till.map_or_else(|| "~".to_owned(), catalog::time)),
    ("cost", |row| row.cost.map(catalog::amount).unwrap_or_default()),
    (USED, |row| row.used.map(catalog::amount).unwrap_or_default()),
];
const FILE_COLUMNS: [&str; 17] = [
    "id",
    "company",
    "company_name",
    "agreement",
    "code",
    "currency",
    "service",
    "name",
    "kind.type",
    "kind.size",
    "enabled_at",
    "effective_from",
    "effective_till",
    "in_force",
    "cost",
    "used",
    "hidden_from_client",
];

/// What is enabled under the agreements of one company, or under all that a company sells by.
///
/// Services, packs, bundle initiators and bundle packs, agreement by agreement; a page holds all of so
/// many agreements. Sorted one by one they are 10,000 at most. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/enabled_services", tag = "enabled_services", params(EnabledQuery),
    responses((status = 200, description = "A page",
        content((List<EnabledRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<EnabledQuery>,
) -> Result<Response, ApiError> {
    let (company, tenant) = (query.company.as_deref(), query.tenant.as_deref());
    let list = list_named(&app, &who, company, tenant, Area::EnabledServices).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let mut listing = Listing::new(list, &COLUMNS, sort, query.limit, cursor)?
        .begins("code", query.code.as_deref())
        .is("currency", query.currency.clone());
    let order = listing.take_row_order(&ROW_COLUMNS);
    let reads = if order.is_some() { Format::Csv } else { format };
    let is_meant =
        |agreement: &Agreement| query.agreement.as_deref().is_none_or(|id| id == agreement.id.as_str());
    let found = listing.read(&app.store, reads, is_meant).await?;
    let by_used = sort.is_some_and(|sort| sort.trim_start_matches('-') == USED);
    let mut rows = rows_of(&app, &who, &query, found.items()).await?;
    if by_used {
        check_count(&rows)?;
        count_used(&app, found.items(), &mut rows).await?;
    }
    let mut listed = match order {
        Some(order) => order.page(&app.store, rows, |row| &row.id, format).await?,
        None => Found::of(Page { items: rows, next: found.page.next.clone() }, format),
    };
    if !by_used {
        count_used(&app, found.items(), &mut listed.page.items).await?;
    }
    let names = listed.names(&app.store, |row| [row.company.as_str()]).await?;
    let row = |row: EnabledRow| EnabledRow { company_name: names.get(&row.company), ..row };
    listed.answer(row, "enabled_services", &FILE_COLUMNS)
}

/// What is enabled under these agreements, of what the caller sees and asks for.
async fn rows_of(
    app: &App,
    who: &Principal,
    query: &EnabledQuery,
    agreements: &[Agreement],
) -> Result<Vec<EnabledRow>, ApiError> {
    let costs = fields::amounts_of("cost", query.cost_min.as_deref(), query.cost_max.as_deref())?;
    let services = services_of(app, agreements).await?;
    let now = runtime::now();
    let mut rows = Vec::new();
    for agreement in agreements {
        let sees_all = rights::is_tenant_side(who, &agreement.company, &agreement.tenant);
        for enabled in &agreement.services {
            let Some(service) = services.get(&enabled.service) else { continue };
            let row = EnabledRow::new(agreement, enabled, service, now);
            if (sees_all || !enabled.hidden_from_client) && query.passes(&row) {
                rows.push(row);
            }
        }
    }
    let fees: Vec<_> = rows.iter().filter_map(|row| row.purchase.as_ref().map(fee_id)).collect();
    let fees = app.store.fees_charged(&fees).await?;
    for row in &mut rows {
        let fee = row.purchase.as_ref().and_then(|purchase| fees.get(&fee_id(purchase)));
        row.cost = fee.map(|fee| fee.amount);
    }
    if costs.min.is_some() || costs.max.is_some() {
        rows.retain(|row| row.cost.is_some_and(|cost| costs.contains(cost)));
    }
    Ok(rows)
}

/// Tells of the bundle packs among these rows what is used of each.
async fn count_used(app: &App, agreements: &[Agreement], rows: &mut [EnabledRow]) -> Result<(), ApiError> {
    let mut bundles = BTreeMap::<String, Vec<&mut EnabledRow>>::new();
    for row in rows.iter_mut().filter(|row| row.kind.is_bundle_pack()) {
        bundles.entry(row.agreement.clone()).or_default().push(row);
    }
    let now = runtime::now();
    let with_bundles = |agreement: &&Agreement| bundles.contains_key(agreement.id.as_str());
    let agreements: Vec<_> = agreements.iter().filter(with_bundles).collect();
    let reads: Vec<_> = agreements.iter().map(|agreement| Use::read(app, agreement, now)).collect();
    let used: Vec<_> = futures::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    for (agreement, used) in agreements.into_iter().zip(used) {
        for row in bundles.remove(agreement.id.as_str()).into_iter().flatten() {
            if let Some(enabled) = row.purchase.as_ref().and_then(|purchase| agreement.purchase(purchase)) {
                row.used = Some(used.of_pack(enabled, row.kind)?);
            }
        }
    }
    Ok(())
}

impl EnabledRow {
    fn new(agreement: &Agreement, enabled: &EnabledService, service: &Service, now: Timestamp) -> Self {
        let purchase = enabled.purchase.as_ref().map(|purchase| purchase.id.clone());
        let own = enabled.id.as_ref().map(ToString::to_string);
        Self {
            id: purchase.as_ref().map(ToString::to_string).or(own).unwrap_or_default(),
            company: agreement.company.to_string(),
            company_name: None,
            agreement: agreement.id.to_string(),
            code: agreement.code.clone(),
            currency: agreement.currency.to_string(),
            service: service.id.to_string(),
            name: service.name.clone(),
            kind: service.kind,
            enabled_at: enabled.enabled_at,
            effective_from: enabled.effective_from,
            effective_till: enabled.effective_till,
            in_force: enabled.in_force_at(now) && !service.archived,
            cost: None,
            used: None,
            hidden_from_client: enabled.hidden_from_client,
            purchase,
        }
    }
}

impl EnabledQuery {
    fn passes(&self, row: &EnabledRow) -> bool {
        let is_pack = matches!(row.kind, ServiceKind::UnitPack { .. } | ServiceKind::MonetaryPack { .. });
        let is_kind = |wanted: &str| wanted == row.kind.name() || (wanted == "pack" && is_pack);
        let begins = |text: &str| catalog::words(&row.name).starts_with(&catalog::words(text));
        let (enabled, from, till) = (row.enabled_at, row.effective_from, row.effective_till);
        self.service.as_ref().is_none_or(|service| *service == row.service)
            && self.name.as_deref().is_none_or(begins)
            && self.kind.as_deref().is_none_or(is_kind)
            && self.enabled_from.is_none_or(|from| enabled.is_some_and(|at| from <= at))
            && self.enabled_till.is_none_or(|till| enabled.is_some_and(|at| at < till))
            && self.effective_since.is_none_or(|since| since <= from)
            && self.effective_before.is_none_or(|before| from < before)
            && self.ends_since.is_none_or(|since| till.is_none_or(|till| since <= till))
            && self.ends_before.is_none_or(|before| till.is_some_and(|till| till < before))
            && self.in_force.is_none_or(|wanted| wanted == row.in_force)
            && self.hidden_from_client.is_none_or(|wanted| wanted == row.hidden_from_client)
    }
}

async fn services_of(app: &App, agreements: &[Agreement]) -> Result<BTreeMap<ServiceId, Service>, ApiError> {
    let enabled = agreements.iter().flat_map(|agreement| &agreement.services);
    let ids: BTreeSet<_> = enabled.map(|enabled| enabled.service.clone()).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut services = BTreeMap::new();
    // DynamoDB reads at most a hundred items in one batch.
    for some in ids.chunks(100) {
        let found = app.store.services(some).await?;
        services.extend(found.into_iter().map(|service| (service.id.clone(), service)));
    }
    Ok(services)
}
