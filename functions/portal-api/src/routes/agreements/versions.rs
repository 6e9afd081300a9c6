//! The versions of an agreement: terms that change with time. One is in force at any moment.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::{Agreement, AgreementVersion, MailListsChange, VersionChange, VersionError};
use domain::id::AgreementVersionId;
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Billing, limit_of, limit_text, manage, stored, view};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Format, Found};
use crate::routes::{Edited, present};
use crate::schema;

#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// Its id.
    #[schema(value_type = String, example = "agv_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: AgreementVersionId,
    /// In force from this time on.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// When the next version begins; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Past, in force now, or to begin.
    #[schema(value_type = schema::VersionState)]
    state: VersionState,
    /// How far the balance may go below zero; null for no limit.
    #[schema(example = "333")]
    credit_limit: Option<String>,
    /// When the agreement is invoiced.
    billing: Billing,
    /// Who gets a mail when a payment is confirmed.
    payment_alert_emails: Vec<String>,
    /// Who gets a mail when rates change of a service that is enabled here.
    rate_emails: Vec<String>,
    /// Who gets the invoices.
    invoice_emails: Vec<String>,
    /// Who is told of the account and its traffic.
    account_emails: Vec<String>,
    /// Who is told of technical matters.
    service_emails: Vec<String>,
    /// The agreement's revision, which is the `ETag` as well.
    revision: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    Past,
    InForce,
    Coming,
}

impl VersionView {
    fn new(agreement: &Agreement, version: &AgreementVersion, now: Timestamp) -> Self {
        let in_force = agreement.version_at(now);
        let state = match version {
            version if version.id == in_force.id => VersionState::InForce,
            version if in_force.effective_from < version.effective_from => VersionState::Coming,
            _ => VersionState::Past,
        };
        let emails = agreement.emails(version).clone();
        Self {
            id: version.id.clone(),
            effective_from: version.effective_from,
            effective_till: agreement.end_of_version(&version.id),
            state,
            credit_limit: limit_text(version.credit_limit),
            billing: version.billing.clone().into(),
            payment_alert_emails: version.payment_alert_emails.clone(),
            rate_emails: emails.rate_emails,
            invoice_emails: emails.invoice_emails,
            account_emails: emails.account_emails,
            service_emails: emails.service_emails,
            revision: agreement.revision,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionRequest {
    /// When it begins, later than now. Whatever version is in force before it ends then.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// How far the balance may go below zero; null for no limit; as in the version before unless told.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "333")]
    credit_limit: Option<Option<String>>,
    /// When the agreement is invoiced; as in the version before unless told. A billing period that other
    /// terms cut short ends on the day before they begin.
    billing: Option<Billing>,
    /// Who gets a mail when a payment is confirmed; as in the version before unless told.
    payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here; as in the version before unless
    /// told.
    rate_emails: Option<Vec<String>>,
    /// Who gets the invoices; as in the version before unless told.
    invoice_emails: Option<Vec<String>>,
    /// Who is told of the account and its traffic; as in the version before unless told.
    account_emails: Option<Vec<String>>,
    /// Who is told of technical matters; as in the version before unless told.
    service_emails: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionPatch {
    /// Another beginning, later than now.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "333")]
    credit_limit: Option<Option<String>>,
    /// When the agreement is invoiced.
    billing: Option<Billing>,
    /// Who gets a mail when a payment is confirmed.
    payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here.
    rate_emails: Option<Vec<String>>,
    /// Who gets the invoices.
    invoice_emails: Option<Vec<String>>,
    /// Who is told of the account and its traffic.
    account_emails: Option<Vec<String>>,
    /// Who is told of technical matters.
    service_emails: Option<Vec<String>>,
}

impl VersionPatch {
    fn parse(self) -> Result<VersionChange, ApiError> {
        Ok(VersionChange {
            effective_from: self.effective_from,
            credit_limit: self.credit_limit.map(limit_of).transpose()?,
            billing: self.billing.map(Into::into),
            payment_alert_emails: self.payment_alert_emails,
            emails: MailListsChange {
                rate_emails: self.rate_emails,
                invoice_emails: self.invoice_emails,
                account_emails: self.account_emails,
                service_emails: self.service_emails,
            },
        })
    }
}

const FILE_COLUMNS: [&str; 15] = [
    "id",
    "effective_from",
    "effective_till",
    "state",
    "credit_limit",
    "billing.time_zone",
    "billing.period",
    "billing.billing_day",
    "billing.days_for_payment",
    "billing.split_by_month",
    "payment_alert_emails",
    "rate_emails",
    "invoice_emails",
    "account_emails",
    "service_emails",
];

/// An agreement's versions.
///
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/agreements/{id}/versions", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "All of them, the earliest first",
        content((List<VersionView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
) -> Result<Response, ApiError> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    view(&who, &agreement.company, Area::Agreements)?;
    let now = runtime::now();
    let items = agreement.versions.iter().map(|version| VersionView::new(&agreement, version, now)).collect();
    Found::all(items, format).answer(|version| version, "agreement-versions", &FILE_COLUMNS)
}

/// Add a version that is to begin.
///
/// For the company that the agreement is with. The credit limit is in force within a minute of its
/// beginning.
#[utoipa::path(post, path = "/v1/agreements/{id}/versions", tag = "agreements",
    request_body = VersionRequest,
    params(("id" = String, Path, description = "The agreement's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses(
        (status = 201, description = "The new version", body = VersionView),
        (status = 409, description = "`version_overlaps`: another one begins at that moment", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<VersionRequest>,
) -> Edited<VersionView> {
    let (effective_from, now) = (Some(body.effective_from), runtime::now());
    let ask = VersionPatch {
        effective_from,
        credit_limit: body.credit_limit,
        billing: body.billing,
        payment_alert_emails: body.payment_alert_emails,
        rate_emails: body.rate_emails,
        invoice_emails: body.invoice_emails,
        account_emails: body.account_emails,
        service_emails: body.service_emails,
    };
    let ask = ask.parse()?;
    let changed = edit(&app, &who, &id, if_match, |agreement| agreement.with_version(ask, now)).await?;
    let is_new = |version: &&AgreementVersion| Some(version.effective_from) == effective_from;
    let version = changed.versions.iter().find(is_new).ok_or_else(crate::error::busy)?;
    Ok(Versioned::created(changed.revision, VersionView::new(&changed, version, now)))
}

/// Change a version that has not begun.
///
/// What is not named stays.
#[utoipa::path(patch, path = "/v1/agreements/{id}/versions/{version}", tag = "agreements",
    request_body = VersionPatch,
    params(("id" = String, Path, description = "The agreement's id"),
        ("version" = String, Path, description = "The version's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses(
        (status = 200, description = "The version as it is now", body = VersionView),
        (status = 409, description = "`version_begun`, `only_version` or `version_overlaps`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path((id, version)): Path<(String, String)>,
    if_match: IfMatch,
    Body(body): Body<VersionPatch>,
) -> Edited<VersionView> {
    let (version, ask, now) = (parse(&version)?, body.parse()?, runtime::now());
    let plan = |agreement: &Agreement| agreement.with_version_changed(&version, ask, now);
    let changed = edit(&app, &who, &id, if_match, plan).await?;
    let found = changed.versions.iter().find(|one| one.id == version).ok_or_else(crate::error::busy)?;
    Ok(Versioned::new(changed.revision, VersionView::new(&changed, found, now)))
}

/// Delete a version that has not begun.
///
/// The version before it goes on in its place.
#[utoipa::path(delete, path = "/v1/agreements/{id}/versions/{version}", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id"),
        ("version" = String, Path, description = "The version's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement as it was read")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`version_begun` or `only_version`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path((id, version)): Path<(String, String)>,
    if_match: IfMatch,
) -> Result<http::StatusCode, ApiError> {
    let (version, now) = (parse(&version)?, runtime::now());
    edit(&app, &who, &id, if_match, |agreement| agreement.without_version(&version, now)).await?;
    Ok(http::StatusCode::NO_CONTENT)
}

fn parse(id: &str) -> Result<AgreementVersionId, ApiError> {
    Ok(AgreementVersionId::parse(id).map_err(|_| VersionError::NoSuchVersion)?)
}

async fn edit(
    app: &App,
    who: &Principal,
    id: &str,
    if_match: IfMatch,
    plan: impl FnOnce(&Agreement) -> Result<Agreement, VersionError>,
) -> Result<Agreement, ApiError> {
    let agreement = app.seen_by(who).agreement(id).await?;
    manage(who, &agreement, Area::Agreements)?;
    if_match.check(agreement.revision)?;
    let changed = plan(&agreement)?;
    let company = app.seen_by(who).company(agreement.company.as_str()).await?;
    stored(app.store.replace_agreement(&who.act(&company.path), &agreement, &changed).await?)?;
    Ok(changed)
}
