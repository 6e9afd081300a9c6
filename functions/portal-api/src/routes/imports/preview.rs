//! What an import would do (guide, section 7.3.2.3): the new node, the rows that are left out, and what
//! changes against today.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::rating::RateTree;
use runtime::auth::Principal;
use runtime::http::Query;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::services::saving::tagged;
use super::super::services::trees::{NodeFilter, NodeWithChildren, page_of};
use super::Reply;
use super::settings::page;
use super::view::{ChangeCountsView, ChangedView, RowCountsView, RowErrorView, WarningView};
use super::work::Work;
use crate::App;
use crate::error::ApiError;
use crate::fields::List;

#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    /// Names exactly this result; confirm with it.
    preview: String,
    /// Of the service; confirm with it in `If-Match`.
    version: u32,
    /// What became of the rows.
    counts: RowCountsView,
    /// How many prices change.
    changes: ChangeCountsView,
    /// Texts that stand for nothing.
    unmatched_total: usize,
    /// What is good to know.
    warnings: Vec<WarningView>,
    /// Why the tree cannot be stored with these rates; null if it can.
    problem: Option<TreeProblemView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TreeProblemView {
    /// The node that is wrong.
    path: String,
    /// What is wrong with it.
    problem: String,
}

/// What the import would do.
///
/// The `ETag` is the service's version.
#[utoipa::path(get, path = "/v1/imports/{id}/preview", tag = "imports",
    params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, description = "The result as it is now", body = PreviewView,
        headers(("ETag" = String, description = "The version of the service")))))]
pub async fn show(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let work = Work::load(&app, &who, &id).await?;
    let preview = work.preview(&app).await?;
    let problem = work.applied(&preview).err();
    let view = PreviewView {
        preview: preview.fingerprint(),
        version: work.service.version,
        counts: preview.counts.into(),
        changes: preview.difference.counts.into(),
        unmatched_total: preview.mapped.iter().map(|mapped| mapped.unmatched().count()).sum(),
        warnings: preview.warnings.iter().map(Into::into).collect(),
        problem: problem
            .map(|error| TreeProblemView { path: error.path, problem: error.problem.to_string() }),
    };
    Ok(tagged(&work.service, view))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageFilter {
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The rows that would be left out, with the reason of each.
#[utoipa::path(get, path = "/v1/imports/{id}/preview/errors", tag = "imports",
    params(("id" = String, Path, description = "The import's id"), PageFilter),
    responses((status = 200, description = "By row", body = List<RowErrorView>)))]
pub async fn errors(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<PageFilter>,
) -> Reply<List<RowErrorView>> {
    let preview = Work::load(&app, &who, &id).await?.preview(&app).await?;
    Ok(Json(page(preview.errors.iter(), filter.limit, filter.cursor.as_deref())?))
}

/// The prices that would change.
#[utoipa::path(get, path = "/v1/imports/{id}/preview/changes", tag = "imports",
    params(("id" = String, Path, description = "The import's id"), PageFilter),
    responses((status = 200, description = "By path, without what stays", body = List<ChangedView>)))]
pub async fn changes(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<PageFilter>,
) -> Reply<List<ChangedView>> {
    let preview = Work::load(&app, &who, &id).await?.preview(&app).await?;
    Ok(Json(page(preview.difference.changes.iter(), filter.limit, filter.cursor.as_deref())?))
}

/// A node of the tree as it would be, with its children.
#[utoipa::path(get, path = "/v1/imports/{id}/preview/nodes", tag = "imports",
    params(("id" = String, Path, description = "The import's id"), NodeFilter),
    responses((status = 200, description = "The node", body = NodeWithChildren)))]
pub async fn nodes(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<NodeFilter>,
) -> Reply<NodeWithChildren> {
    let work = Work::load(&app, &who, &id).await?;
    let tree: RateTree = work.preview(&app).await?.apply(&work.target(), &work.tree)?;
    Ok(Json(page_of(&tree, &filter)?))
}
