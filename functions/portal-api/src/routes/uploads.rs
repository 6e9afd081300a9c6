//! Files that go with forms: put to a signed address first, named in a form then. What is named is looked
//! at, so a portal never shows a logo that is not there or a page that calls itself a picture.

use std::time::Duration;

use axum::extract::State;
use domain::id::CompanyId;
use domain::permission::{Area, Level};
use domain::upload::{FileKind, FileName};
use jiff::{SignedDuration, Timestamp};
use runtime::auth::Principal;
use runtime::http::{Body, Problem, unavailable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Created, created};
use crate::App;
use crate::error::ApiError;
use crate::{rights, schema};

/// Time to choose a file and send it over a slow line.
const UPLOAD_VALID_FOR: Duration = Duration::from_secs(60 * 60);
/// Used at once, by this function.
const OWN_USE_VALID_FOR: Duration = Duration::from_secs(60);
/// A page that is open for some hours still loads its pictures.
const SHOW_VALID_FOR: Duration = Duration::from_secs(12 * 60 * 60);
/// The forms that have files; the last is that of a company's own sender IDs.
const AREAS: [Area; 5] =
    [Area::Portals, Area::SelfRegistration, Area::PrintableForms, Area::SenderIds, Area::PortalApiAccesses];

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadRequest {
    /// The company whose form will name the file; yours unless told.
    company: Option<String>,
    /// What kind of file it is.
    #[schema(value_type = schema::FileKind)]
    kind: FileKind,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    /// What the form names it by.
    #[schema(example = "upl_01kd3v5x9q8m7n6p5r4s3t2v1w.svg")]
    file: String,
    /// Where to put the file, by a PUT.
    url: String,
    /// The address takes the file until then.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// A larger file is refused when a form names it.
    bytes_max: usize,
}

/// Get an address for a file.
///
/// Put the file there, then name it in a form: in a portal, a self-registration, a printable form or a sender
/// ID.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads", request_body = UploadRequest,
    responses((status = 201, description = "The address", body = UploadView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<UploadRequest>,
) -> Created<UploadView> {
    if !AREAS.iter().any(|area| who.may(*area, Level::Manage)) {
        rights::manage(&who, AREAS[0])?;
    }
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let now = runtime::now();
    // Not a time-ordered number: the name alone must not be guessed.
    let file = FileName::new(uuid::Uuid::new_v4().as_u128(), body.kind);
    let url = app.documents.address("PUT", &file.place(&company.id), UPLOAD_VALID_FOR, now).await?;
    let valid_for = SignedDuration::try_from(UPLOAD_VALID_FOR).unwrap_or_default();
    let expires_at = now.saturating_add(valid_for).unwrap_or(now);
    created(UploadView { file: file.as_str().to_owned(), url, expires_at, bytes_max: body.kind.bytes_max() })
}

/// The file that a form names in this field, if it is there and what it says it is. One that the form
/// named before is known to be.
pub async fn named(
    app: &App,
    company: &CompanyId,
    field: &str,
    file: Option<&str>,
    before: Option<&FileName>,
) -> Result<Option<FileName>, ApiError> {
    let Some(text) = file else { return Ok(None) };
    let file = FileName::parse(text).map_err(|error| Problem::invalid(field, error))?;
    if before != Some(&file) {
        look_at(app, company, field, &file).await?;
    }
    Ok(Some(file))
}

/// The same with what is in it.
pub async fn content(
    app: &App,
    company: &CompanyId,
    field: &str,
    file: &str,
) -> Result<(FileName, Vec<u8>), ApiError> {
    let file = FileName::parse(file).map_err(|error| Problem::invalid(field, error))?;
    let content = look_at(app, company, field, &file).await?;
    Ok((file, content))
}

async fn look_at(app: &App, company: &CompanyId, field: &str, file: &FileName) -> Result<Vec<u8>, ApiError> {
    let place = file.place(company);
    let url = app.documents.address("GET", &place, OWN_USE_VALID_FOR, runtime::now()).await?;
    let mut answer = app.http.get(url).send().await.map_err(unavailable)?;
    // Without the right to list a bucket, S3 answers 403 for what is not there.
    if matches!(answer.status().as_u16(), 403 | 404) {
        let detail = "The file is not there: put it to the address that its name came with.";
        return Err(Problem::new(409, "not_uploaded", detail).field(field).into());
    }
    answer = answer.error_for_status().map_err(unavailable)?;
    let (mut bytes, bytes_max) = (Vec::new(), file.kind().bytes_max());
    while let Some(chunk) = answer.chunk().await.map_err(unavailable)? {
        bytes.extend_from_slice(&chunk);
        if bytes_max < bytes.len() {
            let detail = format!("such a file has at most {bytes_max} bytes");
            return Err(Problem::invalid(field, detail).into());
        }
    }
    if !file.kind().fits(&bytes) {
        return Err(Problem::invalid(field, "the file is not of the kind that its name says").into());
    }
    Ok(bytes)
}

/// Where a company's file is shown from, for some hours.
pub async fn address(app: &App, company: &CompanyId, file: &FileName) -> Result<String, ApiError> {
    let now = runtime::now();
    Ok(app.documents.link(&file.place(company), file.as_str(), SHOW_VALID_FOR, now).await?)
}
