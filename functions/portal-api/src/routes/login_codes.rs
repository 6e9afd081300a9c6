//! Over which agreement a company sends the codes that its people, and those below it, log in with.

use axum::extract::{Path, State};
use domain::id::CompanyId;
use domain::permission::Area;
use domain::second_factor::LoginCodes;
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::Revision;
use super::{Edited, two_factor_integrations};
use crate::App;
use crate::error::{ApiError, written};
use crate::rights;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginCodesRequest {
    /// One of the company's own agreements, which pays.
    agreement: String,
    /// One of its sender IDs.
    #[schema(example = "ACME")]
    sender: String,
    /// With `{{code}}` where the code goes; at most 300 characters.
    #[schema(example = "Your code: {{code}}")]
    text: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LoginCodesView {
    /// Whose setting it is.
    company: String,
    /// The agreement that pays.
    agreement: String,
    /// What codes are sent from.
    sender: String,
    /// What they say.
    text: String,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl From<LoginCodes> for LoginCodesView {
    fn from(codes: LoginCodes) -> Self {
        let LoginCodes { company, agreement, sender, text, revision } = codes;
        Self { company: company.into(), agreement: agreement.into(), sender, text, revision }
    }
}

/// How a company sends codes.
#[utoipa::path(get, path = "/v1/companies/{id}/login_codes", tag = "sessions",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The setting", body = LoginCodesView)))]
pub async fn show(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<LoginCodesView> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::view_own(&who, &company.id, Area::TwoFactorSms, Area::PortalTwoFactorSms)?;
    let codes = stored(&app, &company.id).await?.ok_or_else(|| Problem::not_found("setting"))?;
    Ok(Versioned::new(codes.revision, codes.into()))
}

async fn stored(app: &App, company: &CompanyId) -> Result<Option<LoginCodes>, ApiError> {
    Ok(app.store.thing(company.as_str()).await?)
}

/// Say how a company sends codes.
///
/// To its people and those of companies below it that do not say it themselves, when they log in with two
/// factors and use no app.
#[utoipa::path(put, path = "/v1/companies/{id}/login_codes", tag = "sessions",
    request_body = LoginCodesRequest,
    params(("id" = String, Path, description = "The company's id"), Revision),
    responses((status = 200, description = "The setting as it is now", body = LoginCodesView)))]
pub async fn set(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<LoginCodesRequest>,
) -> Edited<LoginCodesView> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::manage_own(&who, &company.id, Area::TwoFactorSms, Area::PortalTwoFactorSms)?;
    let agreement = app.seen_by(&who).agreement(&body.agreement).await;
    let agreement = agreement.map_err(|error| error.field("agreement"))?;
    if agreement.company != company.id {
        return Err(Problem::invalid("agreement", "it has to be one of the company's own").into());
    }
    let sender = two_factor_integrations::sender(&app, &agreement.id, &body.sender).await?;
    if !LoginCodes::is_text(&body.text) {
        return Err(Problem::invalid("text", "it says `{{code}}` and has at most 300 characters").into());
    }
    let before = stored(&app, &company.id).await?;
    let revision = before.as_ref().map_or(0, |before| before.revision);
    if_match.check(revision)?;
    let after = LoginCodes {
        company: company.id.clone(),
        agreement: agreement.id,
        sender: sender.as_str().to_owned(),
        text: body.text,
        revision: revision + 1,
    };
    let act = who.act(&company.path);
    written(match &before {
        Some(before) => app.store.replace(&act, before, &after).await?,
        None => app.store.create(&act, &after).await?,
    })?;
    Ok(Versioned::new(after.revision, after.into()))
}

/// Send no codes for a company any more.
///
/// From then on the company above says how they are sent.
#[utoipa::path(delete, path = "/v1/companies/{id}/login_codes", tag = "sessions",
    params(("id" = String, Path, description = "The company's id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::manage_own(&who, &company.id, Area::TwoFactorSms, Area::PortalTwoFactorSms)?;
    let codes = stored(&app, &company.id).await?.ok_or_else(|| Problem::not_found("setting"))?;
    if_match.check(codes.revision)?;
    written(app.store.delete(&who.act(&company.path), &codes).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
