//! Putting imported rates into the tree (guide, section 7.3.2.4): in one step, and only if they are what was
//! previewed, over the tree that it was compared with.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::Thing;
use domain::import::record::ImportState;
use domain::permission::Area;
use domain::rating::CompiledTree;
use http::HeaderMap;
use http::header::IF_MATCH;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::IfMatch;
use serde::Deserialize;
use store::Stored;
use utoipa::ToSchema;

use super::super::services::saving::tagged;
use super::found;
use super::view::ImportView;
use super::work::Work;
use crate::App;
use crate::error::{ApiError, busy};
use crate::rights;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmImportRequest {
    /// Of the preview that you have seen.
    #[schema(example = "3f6c0a9be1d24c57")]
    preview: String,
    /// Import the other rows although some have errors; false unless told.
    #[serde(default)]
    leave_out_errors: bool,
}

/// Put the rates into the tree.
///
/// In one step: the node is replaced, and the import is confirmed. If the scope is in force, for messages
/// accepted from now on. Confirming again changes nothing.
#[utoipa::path(post, path = "/v1/imports/{id}/confirm", tag = "imports", request_body = ConfirmImportRequest,
    params(
        ("id" = String, Path, description = "The import's id"),
        ("If-Match" = String, Header, description = "The version of the service in the preview")
    ),
    responses(
        (status = 200, description = "The confirmed import", body = ImportView,
            headers(("ETag" = String, description = "The version of the service"))),
        (status = 409, description = "`preview_differs`: the file, the settings or a mapping changed since",
            body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The version is not the one in `If-Match`", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`import_has_errors`, `invalid_tree`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn confirm(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    if_match: IfMatch,
    Body(body): Body<ConfirmImportRequest>,
) -> Result<Response, ApiError> {
    rights::manage(&who, Area::Services)?;
    let import = found(&app, &who, &id).await?;
    if matches!(import.state, ImportState::Confirmed { .. }) {
        let service = app.seen_by(&who).service(import.service.as_str()).await?;
        return Ok(tagged(&service, ImportView::from(import)));
    }
    let work = Work::load(&app, &who, &id).await?;
    if !headers.contains_key(IF_MATCH) {
        let detail = "Name the version of the service that the preview was compared with in `If-Match`.";
        return Err(Problem::new(428, "if_match_missing", detail).into());
    }
    if_match.check(work.service.revision())?;
    let preview = work.preview(&app).await?;
    if preview.fingerprint() != body.preview {
        let detail = "The file, the settings or a mapping changed since that preview. Look at it again.";
        return Err(Problem::new(409, "preview_differs", detail).into());
    }
    let wrong = preview.counts.rows_with_errors;
    if wrong > 0 && !body.leave_out_errors {
        let detail = format!("{wrong} rows have errors. See to them, or confirm with `leave_out_errors`.");
        return Err(Problem::new(422, "import_has_errors", detail).figure("rows_with_errors", wrong).into());
    }
    let tree = work.applied(&preview)?;
    let complete = tree.check_for(work.service.kind).is_ok();
    let after = work.service.clone().with_tree(work.scope()?.number, complete)?;
    let compiled = CompiledTree::compile(&tree)?;
    let import = work.import.clone().in_state(ImportState::Confirmed { version: after.version });
    let act = app.seen_by(&who).act_on(&work.service.company).await?;
    let (services, imports) = ((&work.service, &after), (&work.import, &import));
    match app.store.confirm_import(&act, services, &compiled, imports).await? {
        Stored::Now => Ok(tagged(&after, ImportView::from(import))),
        Stored::Overtaken => Err(busy()),
    }
}
