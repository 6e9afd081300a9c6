//! Two-factor codes by SMS that companies send their own users: which sender ID and text, who makes up the
//! codes, and the key of the calls. The calls themselves are send-api's.

pub mod edrs;
pub mod test;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::Company;
use domain::id::TwoFactorIntegrationId;
use domain::permission::Area;
use domain::self_registration::SelfRegistration;
use domain::sender::SenderAddress;
use domain::two_factor::{CodeSide, IntegrationError, IntegrationStatus, TwoFactorIntegration};
use domain::two_factor_limits::{CodeLimit, CodeLimits};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::records::{self, Revision};
use super::{Created, Edited, present};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing, lists_seen};
use crate::names::CompanyName;
use crate::{rights, schema};

/// How long a code of the platform is unless told, as the guide has it.
const DIGITS: u8 = 4;
const VALID_SECONDS: u16 = 600;

/// Who makes up the codes and compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The platform makes them up, and says whether one is right.
    Platform,
    /// Your own software does; the platform only sends.
    Client,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoFactorIntegrationRequest {
    /// 1 to 110 characters.
    #[schema(example = "Login of the shop")]
    name: String,
    /// Whose it is, yours or of a company below you; yours unless told.
    company: Option<String>,
    /// The agreement that pays.
    agreement: String,
    /// A sender ID of the agreement.
    #[schema(example = "BANK")]
    sender: String,
    /// With `{{code}}` where the code goes.
    #[schema(example = "Your code is {{code}}.")]
    text: String,
    /// Who makes up the codes.
    side: Side,
    /// Of the platform's codes: 4 to 8, 4 unless told.
    digits: Option<u8>,
    /// Of the platform's codes: 30 to 600, 600 unless told.
    valid_seconds: Option<u16>,
    /// The most codes to one number in an hour: 1 to 1,000,000, 5 unless told.
    per_number_max: Option<u32>,
    /// The most codes in an hour to numbers that differ in their last four digits only: 1 to 1,000,000, 100
    /// unless told.
    per_prefix_max: Option<u32>,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten: 1 to 1,000,000, 1,000 unless told.
    unverified_max: Option<u32>,
    /// An https address that is told what becomes of each code.
    result_url: Option<String>,
    /// `draft` unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::IntegrationStatus>)]
    status: IntegrationStatus,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoFactorIntegrationPatch {
    /// 1 to 110 characters.
    name: Option<String>,
    /// A sender ID of the agreement.
    sender: Option<String>,
    /// With `{{code}}` where the code goes.
    text: Option<String>,
    /// Of the platform's codes: 4 to 8.
    digits: Option<u8>,
    /// Of the platform's codes: 30 to 600.
    valid_seconds: Option<u16>,
    /// The most codes to one number in an hour.
    per_number_max: Option<u32>,
    /// The most codes in an hour to numbers that differ in their last four digits only.
    per_prefix_max: Option<u32>,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten.
    unverified_max: Option<u32>,
    /// An https address that is told what becomes of each code; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    result_url: Option<Option<String>>,
    /// Calls are taken while it is `active`.
    #[schema(value_type = Option<schema::IntegrationStatus>)]
    status: Option<IntegrationStatus>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TwoFactorIntegrationView {
    /// Its id, which is the user name of its calls.
    #[schema(example = "tfi_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// Whose it is.
    company: String,
    /// Its name.
    name: String,
    /// The agreement that pays.
    agreement: String,
    /// The sender ID.
    sender: String,
    /// What phones get, with `{{code}}` in the place of the code.
    text: String,
    /// Who makes up the codes.
    side: Side,
    /// Of the platform's codes.
    digits: Option<u8>,
    /// Of the platform's codes.
    valid_seconds: Option<u16>,
    /// The most codes to one number in an hour.
    per_number_max: u32,
    /// The most codes in an hour to numbers that differ in their last four digits only.
    per_prefix_max: u32,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten.
    unverified_max: Option<u32>,
    /// Told what becomes of each code.
    result_url: Option<String>,
    /// Calls are taken while it is `active`.
    #[schema(value_type = schema::IntegrationStatus)]
    status: IntegrationStatus,
    /// Where codes are asked for.
    #[schema(example = "https://api.example.com/api/v1/2fa/verify/sms")]
    url: String,
    /// Whether it has a key.
    has_key: bool,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl TwoFactorIntegrationView {
    fn new(integration: TwoFactorIntegration, public_base_url: &str) -> Self {
        let (side, digits, valid_seconds) = match integration.code {
            CodeSide::Platform { digits, valid_seconds } => {
                (Side::Platform, Some(digits), Some(valid_seconds))
            }
            CodeSide::Client => (Side::Client, None, None),
        };
        Self {
            id: integration.id.into(),
            company: integration.company.into(),
            name: integration.name,
            agreement: integration.agreement.into(),
            sender: integration.sender.to_string(),
            text: integration.text,
            side,
            digits,
            valid_seconds,
            per_number_max: integration.limits.per_number_max,
            per_prefix_max: integration.limits.per_prefix_max,
            unverified_max: digits.map(|_| integration.limits.unverified_max),
            result_url: integration.result_url,
            status: integration.status,
            url: format!("{public_base_url}/api/v1/2fa/verify/sms"),
            has_key: integration.key_hash.is_some(),
            created_at: integration.created_at,
            revision: integration.revision,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TwoFactorKeyView {
    /// `user:password` of HTTP Basic authentication, as `curl -u` takes it. It is shown this once.
    #[schema(example = "tfi_01kd3v5x9q8m7n6p5r4s3t2v1w:6f1d...")]
    key: String,
}

impl From<IntegrationError> for ApiError {
    fn from(error: IntegrationError) -> Self {
        let field = match error {
            IntegrationError::Name => "name",
            IntegrationError::Text => "text",
            IntegrationError::Digits => "digits",
            IntegrationError::ValidSeconds => "valid_seconds",
            IntegrationError::ResultUrl => "result_url",
            IntegrationError::Limit(CodeLimit::Number) => "per_number_max",
            IntegrationError::Limit(CodeLimit::Prefix) => "per_prefix_max",
            IntegrationError::Limit(CodeLimit::Unverified) => "unverified_max",
        };
        Problem::invalid(field, error).into()
    }
}

/// Create a two-factor integration.
///
/// Then make its key.
#[utoipa::path(post, path = "/v1/two_factor_integrations", tag = "two_factor_integrations",
    request_body = TwoFactorIntegrationRequest,
    responses((status = 201, description = "The new integration", body = TwoFactorIntegrationView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<TwoFactorIntegrationRequest>,
) -> Edited<TwoFactorIntegrationView> {
    let seen = app.seen_by(&who);
    let company =
        seen.company_or_own(body.company.as_deref()).await.map_err(|error| error.field("company"))?;
    may_manage(&who, &company)?;
    let agreement = seen.agreement(&body.agreement).await.map_err(|error| error.field("agreement"))?;
    if agreement.company != company.id {
        return Err(Problem::invalid("agreement", "the agreement must be one of the company").into());
    }
    let now = runtime::now();
    let code = code_side(body.side, body.digits, body.valid_seconds)?;
    let limits = [body.per_number_max, body.per_prefix_max, body.unverified_max];
    let integration = TwoFactorIntegration {
        id: TwoFactorIntegrationId::new(runtime::fresh()),
        company: company.id.clone(),
        tenant: company.tenant().cloned(),
        name: body.name,
        sender: sender(&app, &agreement.id, &body.sender).await?,
        agreement: agreement.id,
        text: body.text,
        limits: limits_of(CodeLimits::default(), code, limits)?,
        code,
        result_url: body.result_url,
        status: body.status,
        key_hash: None,
        created_at: now,
        revision: 0,
    };
    let integration = integration.checked()?;
    written(app.store.create(&who.act(&company.path), &integration).await?)?;
    let view = TwoFactorIntegrationView::new(integration, &app.public_base_url);
    Ok(Versioned::created(view.revision, view))
}

fn code_side(side: Side, digits: Option<u8>, valid_seconds: Option<u16>) -> Result<CodeSide, ApiError> {
    match side {
        Side::Platform => Ok(CodeSide::Platform {
            digits: digits.unwrap_or(DIGITS),
            valid_seconds: valid_seconds.unwrap_or(VALID_SECONDS),
        }),
        Side::Client if digits.is_some() || valid_seconds.is_some() => {
            let field = if digits.is_some() { "digits" } else { "valid_seconds" };
            Err(Problem::invalid(field, "your own software makes up the codes").into())
        }
        Side::Client => Ok(CodeSide::Client),
    }
}

/// The limits with those that are named: per number, per prefix, unverified.
fn limits_of(before: CodeLimits, code: CodeSide, named: [Option<u32>; 3]) -> Result<CodeLimits, ApiError> {
    let [per_number, per_prefix, unverified] = named;
    if code == CodeSide::Client && unverified.is_some() {
        return Err(Problem::invalid("unverified_max", "your own software compares the codes").into());
    }
    Ok(CodeLimits {
        per_number_max: per_number.unwrap_or(before.per_number_max),
        per_prefix_max: per_prefix.unwrap_or(before.per_prefix_max),
        unverified_max: unverified.unwrap_or(before.unverified_max),
    })
}

/// The address of a sender ID of SMS that the agreement has.
pub async fn sender(
    app: &App,
    agreement: &domain::id::AgreementId,
    address: &str,
) -> Result<SenderAddress, ApiError> {
    let address = SenderAddress::parse(address).map_err(|error| Problem::invalid("sender", error))?;
    let found = app.store.sender(agreement, &address).await?;
    found.ok_or_else(|| Problem::invalid("sender", "the agreement has no such sender ID"))?;
    Ok(address)
}

fn may_manage(who: &Principal, company: &Company) -> Result<(), ApiError> {
    rights::manage_own(who, &company.id, Area::TwoFactorSms, Area::PortalTwoFactorSms)
}

fn may_view(who: &Principal, company: &Company) -> Result<(), ApiError> {
    rights::view_own(who, &company.id, Area::TwoFactorSms, Area::PortalTwoFactorSms)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TwoFactorIntegrationQuery {
    /// Only of this company; of yours and, if you see them in the back office, of those directly below it
    /// unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those whose sender ID begins so.
    sender: Option<String>,
    /// Only with this status.
    #[param(value_type = Option<schema::IntegrationStatus>)]
    status: Option<IntegrationStatus>,
    /// Created at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<Timestamp>,
    /// Created before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_till: Option<Timestamp>,
    /// `name`, `sender`, `status` or `created_at`; or of 10,000 integrations at most `company`. With a `-` before
    /// it for the other way round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// By name, which no index has.
const BY_COMPANY: Column<TwoFactorIntegration> = ("company", |it| it.company.to_string());

/// A two-factor integration in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TwoFactorIntegrationRow {
    #[serde(flatten)]
    integration: TwoFactorIntegrationView,
    #[serde(flatten)]
    names: CompanyName,
}

const FILE_COLUMNS: [&str; 8] =
    ["id", "name", "company", "company_name", "sender", "status", "side", "created_at"];

/// Two-factor integrations.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/two_factor_integrations", tag = "two_factor_integrations",
    params(TwoFactorIntegrationQuery),
    responses((status = 200, description = "A page",
        content((List<TwoFactorIntegrationRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<TwoFactorIntegrationQuery>,
) -> Result<Response, ApiError> {
    let company = query.company.as_deref();
    let lists = lists_seen(&app, &who, company, Area::TwoFactorSms, Area::PortalTwoFactorSms).await?;
    let columns = ["name", "sender", "status", "company"];
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new("", &columns, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .begins("sender", query.sender.as_deref())
        .is("status", query.status.map(catalog::choice))
        .within("created_at", query.created_from, query.created_till);
    let all = |_: &TwoFactorIntegration| true;
    let found = listing.read_all_in_order(&[BY_COMPANY], &lists, &app.store, format, all).await?;
    let names = found.names(&app.store, |it| [it.company.as_str()]).await?;
    let row = |integration: TwoFactorIntegration| TwoFactorIntegrationRow {
        names: names.company(&integration.company),
        integration: TwoFactorIntegrationView::new(integration, &app.public_base_url),
    };
    found.answer(row, "two-factor-integrations", &FILE_COLUMNS)
}

/// One two-factor integration.
#[utoipa::path(get, path = "/v1/two_factor_integrations/{id}", tag = "two_factor_integrations",
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 200, description = "The integration", body = TwoFactorIntegrationView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<TwoFactorIntegrationView> {
    let (integration, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    may_view(&who, &company)?;
    let view = TwoFactorIntegrationView::new(integration, &app.public_base_url);
    Ok(Versioned::new(view.revision, view))
}

/// Change a two-factor integration.
///
/// What is not named stays. Codes on their way stay valid.
#[utoipa::path(patch, path = "/v1/two_factor_integrations/{id}", tag = "two_factor_integrations",
    request_body = TwoFactorIntegrationPatch,
    params(("id" = String, Path, description = "The integration's id"), Revision),
    responses((status = 200, description = "The integration as it is now", body = TwoFactorIntegrationView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<TwoFactorIntegrationPatch>,
) -> Edited<TwoFactorIntegrationView> {
    let (before, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    may_manage(&who, &company)?;
    if_match.check(before.revision)?;
    let code = match before.code {
        CodeSide::Platform { digits, valid_seconds } => CodeSide::Platform {
            digits: body.digits.unwrap_or(digits),
            valid_seconds: body.valid_seconds.unwrap_or(valid_seconds),
        },
        CodeSide::Client => code_side(Side::Client, body.digits, body.valid_seconds)?,
    };
    let limits = [body.per_number_max, body.per_prefix_max, body.unverified_max];
    let changed = TwoFactorIntegration {
        limits: limits_of(before.limits, code, limits)?,
        name: body.name.unwrap_or_else(|| before.name.clone()),
        sender: match body.sender {
            Some(address) => sender(&app, &before.agreement, &address).await?,
            None => before.sender.clone(),
        },
        text: body.text.unwrap_or_else(|| before.text.clone()),
        code,
        result_url: body.result_url.unwrap_or_else(|| before.result_url.clone()),
        status: body.status.unwrap_or(before.status),
        revision: before.revision + 1,
        ..before.clone()
    };
    let changed = changed.checked()?;
    written(app.store.replace(&who.act(&company.path), &before, &changed).await?)?;
    let view = TwoFactorIntegrationView::new(changed, &app.public_base_url);
    Ok(Versioned::new(view.revision, view))
}

/// Make a new key.
///
/// The one before is refused from this moment on.
#[utoipa::path(post, path = "/v1/two_factor_integrations/{id}/key", tag = "two_factor_integrations",
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 201, description = "The key, this once", body = TwoFactorKeyView)))]
pub async fn make_key(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Created<TwoFactorKeyView> {
    let (before, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    may_manage(&who, &company)?;
    let secret = runtime::token::random();
    let changed = TwoFactorIntegration {
        key_hash: Some(runtime::token::hash(&secret)),
        revision: before.revision + 1,
        ..before.clone()
    };
    written(app.store.replace(&who.act(&company.path), &before, &changed).await?)?;
    Ok((StatusCode::CREATED, Json(TwoFactorKeyView { key: format!("{}:{secret}", changed.id) })))
}

/// Delete a two-factor integration.
///
/// Its key is refused from this moment on. Not while a self-registration proves phone numbers by it.
#[utoipa::path(delete, path = "/v1/two_factor_integrations/{id}", tag = "two_factor_integrations",
    params(("id" = String, Path, description = "The integration's id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (integration, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    may_manage(&who, &company)?;
    if_match.check(integration.revision)?;
    let names =
        |settings: &SelfRegistration| settings.details.phone_verification.as_ref() == Some(&integration.id);
    records::check_unnamed(&app, &company.id, names).await?;
    written(app.store.delete(&who.act(&company.path), &integration).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
