//! Which of its agreements a reseller's legal entity resells under: said by the company above the reseller.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::company::{Company, CompanyKind};
use domain::id::{AgreementId, LegalEntityId, ResellingAgreementId};
use domain::legal_entity::LegalEntity;
use domain::permission::Area;
use domain::reselling::{ResellingAgreement, ResellingDetails, ResellingStatus, check_alone, list_of};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::{self, Revision, record_forms};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResellingSettings {
    /// The agreement, one of the reseller's own.
    agreement: String,
    /// From when on it is resold under.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Until when; for good unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
}

impl From<&ResellingAgreement> for ResellingSettings {
    fn from(tie: &ResellingAgreement) -> Self {
        let details = tie.details.clone();
        Self {
            agreement: details.agreement.into(),
            effective_from: details.effective_from,
            effective_till: details.effective_till,
        }
    }
}

record_forms!(ResellingDetails, ResellingSettings: ResellingAgreementRecord, ResellingAgreementPatch);

#[derive(Debug, Serialize, ToSchema)]
pub struct ResellingAgreementView {
    /// The reseller.
    company: String,
    /// Its legal entity.
    legal_entity: String,
    /// Whether it is resold under at the moment.
    #[schema(value_type = schema::ResellingStatus)]
    status: ResellingStatus,
    #[serde(flatten)]
    record: ResellingAgreementRecord,
}

impl From<ResellingAgreement> for ResellingAgreementView {
    fn from(tie: ResellingAgreement) -> Self {
        Self {
            company: tie.company.to_string(),
            legal_entity: tie.details.legal_entity.to_string(),
            status: tie.details.status(runtime::now()),
            record: tie.into(),
        }
    }
}

/// Tie a legal entity to an agreement.
///
/// By the company above the reseller. An agreement is tied to a legal entity once at a time. Once it is tied,
/// messages of companies below are charged to it only while a tie holds: else they are refused as
/// `agreement_not_in_force`. Prefunded agreements below are not bound by it.
#[utoipa::path(post, path = "/v1/legal_entities/{id}/reselling_agreements", tag = "legal_entities",
    request_body = ResellingSettings, params(("id" = String, Path, description = "The legal entity's id")),
    responses((status = 201, description = "The tie", body = ResellingAgreementView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<ResellingSettings>,
) -> Edited<ResellingAgreementView> {
    let (entity, company) = app.seen_by(&who).thing::<LegalEntity>(&id).await?;
    check_above(&who, &company)?;
    let id = ResellingAgreementId::new(runtime::fresh());
    let details = details(&app, &who, &company, &entity.id, body, &id).await?;
    let tie = ResellingAgreement::plan(id, &company, details, records::hand(&who))?;
    write(&app, &who, &company, None, Some(&tie)).await?;
    Ok(Versioned::created(tie.revision, tie.into()))
}

async fn write(
    app: &App,
    who: &Principal,
    company: &Company,
    before: Option<&ResellingAgreement>,
    after: Option<&ResellingAgreement>,
) -> Result<(), ApiError> {
    let written = app.store.write_tie(&who.act(&company.path), before, after).await?;
    records::stored::<ResellingDetails>(written)
}

/// Who buys does not say what may be done with it.
fn check_above(who: &Principal, company: &Company) -> Result<(), ApiError> {
    rights::manage(who, Area::LegalEntities)?;
    if company.kind == CompanyKind::Client {
        return Err(Problem::new(422, "not_a_reseller", "A client does not resell.").into());
    }
    if company.id == who.company.id {
        let detail = "What your company resells under is for the company above it to say.";
        return Err(Problem::new(403, "not_allowed", detail).into());
    }
    Ok(())
}

async fn details(
    app: &App,
    who: &Principal,
    company: &Company,
    entity: &LegalEntityId,
    settings: ResellingSettings,
    id: &ResellingAgreementId,
) -> Result<ResellingDetails, ApiError> {
    let agreement = agreement(app, who, company, &settings.agreement).await?;
    let (effective_from, effective_till) = (settings.effective_from, settings.effective_till);
    let details =
        ResellingDetails { legal_entity: entity.clone(), agreement, effective_from, effective_till };
    let ties = app.store.all_things::<ResellingAgreement>(&list_of(entity)).await?;
    let others = ties.iter().filter(|tie| tie.id != *id).map(|tie| &tie.details);
    check_alone(&details, others)?;
    Ok(details)
}

async fn agreement(app: &App, who: &Principal, company: &Company, id: &str) -> Result<AgreementId, ApiError> {
    let agreement = app.seen_by(who).agreement(id).await.map_err(|error| error.field("agreement"))?;
    if agreement.company == company.id {
        return Ok(agreement.id);
    }
    Err(Problem::invalid("agreement", "it has to be an agreement of the reseller").into())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ResellingAgreementQuery {
    /// Only of this agreement.
    agreement: Option<String>,
    /// Only those that begin at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only those that begin before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// Only those that end at this time or later, or never.
    #[param(value_type = Option<String>, format = DateTime)]
    ends_since: Option<Timestamp>,
    /// Only those that end before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    ends_before: Option<Timestamp>,
    /// Only those with this status at the moment.
    #[param(value_type = Option<schema::ResellingStatus>)]
    status: Option<ResellingStatus>,
    /// `effective_from`, `effective_till`, `updated_at` or `created_at`; or of 10,000 of them at most `agreement`.
    /// With a `-` before it for the other way round.
    #[param(example = "-effective_from")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 4] = ["agreement", "effective_from", "effective_till", "updated_at"];
/// By code, which no index has.
const BY_AGREEMENT: Column<ResellingAgreement> = ("agreement", |tie| tie.details.agreement.to_string());

/// What a legal entity resells under, in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResellingAgreementRow {
    #[serde(flatten)]
    tie: ResellingAgreementView,
    /// The agreement's code.
    #[schema(example = "BAK-2026")]
    agreement_code: Option<String>,
}

const FILE_COLUMNS: [&str; 9] = [
    "id",
    "company",
    "legal_entity",
    "status",
    "agreement",
    "agreement_code",
    "effective_from",
    "effective_till",
    "created_at",
];

/// What a legal entity resells under.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/legal_entities/{id}/reselling_agreements", tag = "legal_entities",
    params(("id" = String, Path, description = "The legal entity's id"), ResellingAgreementQuery),
    responses((status = 200, description = "A page",
        content((List<ResellingAgreementRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
    Query(query): Query<ResellingAgreementQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::LegalEntities)?;
    let (entity, _) = app.seen_by(&who).thing::<LegalEntity>(&id).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(list_of(&entity.id), &COLUMNS, sort, query.limit, cursor)?
        .is("agreement", query.agreement)
        .within("effective_from", query.from, query.till)
        .within("effective_till", query.ends_since, query.ends_before);
    let now = runtime::now();
    let shows =
        |tie: &ResellingAgreement| query.status.is_none_or(|status| tie.details.status(now) == status);
    let found = listing.read_in_order(&[BY_AGREEMENT], &app.store, format, shows).await?;
    let names = found.names(&app.store, |tie| [tie.details.agreement.as_str()]).await?;
    let row = |tie: ResellingAgreement| ResellingAgreementRow {
        agreement_code: names.get(tie.details.agreement.as_str()),
        tie: tie.into(),
    };
    found.answer(row, "reselling_agreements", &FILE_COLUMNS)
}

/// One tie of a legal entity to an agreement.
#[utoipa::path(get, path = "/v1/reselling_agreements/{id}", tag = "legal_entities",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The tie", body = ResellingAgreementView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<ResellingAgreementView> {
    rights::view(&who, Area::LegalEntities)?;
    let (tie, _) = app.seen_by(&who).thing::<ResellingAgreement>(&id).await?;
    Ok(Versioned::new(tie.revision, tie.into()))
}

/// Change a tie of a legal entity to an agreement.
#[utoipa::path(patch, path = "/v1/reselling_agreements/{id}", tag = "legal_entities",
    request_body = ResellingAgreementPatch, params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The tie as it is now", body = ResellingAgreementView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ResellingAgreementPatch>,
) -> Edited<ResellingAgreementView> {
    let (tie, company) = app.seen_by(&who).thing::<ResellingAgreement>(&id).await?;
    check_above(&who, &company)?;
    if_match.check(tie.revision)?;
    let settings = records::patched(&ResellingSettings::from(&tie), body.0)?;
    let details = details(&app, &who, &company, &tie.details.legal_entity, settings, &tie.id).await?;
    let changed = tie.plan_change(details, records::hand(&who))?;
    write(&app, &who, &company, Some(&tie), Some(&changed)).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a tie of a legal entity to an agreement.
///
/// An agreement without any is bound by none: end the tie instead where nothing is to be sent under it any more.
#[utoipa::path(delete, path = "/v1/reselling_agreements/{id}", tag = "legal_entities",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (tie, company) = app.seen_by(&who).thing::<ResellingAgreement>(&id).await?;
    check_above(&who, &company)?;
    if_match.check(tie.revision)?;
    write(&app, &who, &company, Some(&tie), None).await?;
    Ok(StatusCode::NO_CONTENT)
}
