//! Trees as files, which import back as the same trees.

use axum::Json;
use axum::extract::{Path, State};
use domain::export::{self, ExportError, Part};
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Problem, Query, unavailable};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::services::saving::tree_of;
use super::Reply;
use crate::{App, files, rights};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    #[default]
    Csv,
    Xlsx,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `csv` unless told.
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
    /// Only this node with all below it, such as `sms_message/MT`; the whole tree unless told.
    #[serde(default)]
    path: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExportLink {
    /// Where the file is. Whoever has the link can open it until it expires.
    url: String,
    /// When the link stops working.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A scope's tree as a file.
///
/// An import of it into the same place makes the same tree.
#[utoipa::path(get, path = "/v1/services/{id}/scopes/{number}/export", tag = "imports",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ExportQuery
    ),
    responses((status = 200, description = "A link for a quarter of an hour", body = ExportLink)))]
pub async fn link(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    Query(query): Query<ExportQuery>,
) -> Reply<ExportLink> {
    rights::view(&who, Area::Services)?;
    rights::export(&who)?;
    let service = app.seen_by(&who).service(&id).await?;
    let tree = tree_of(&app, &service, service.scope(number)?).await?;
    let part = match query.path.as_str() {
        "" => Part::Tree(&tree),
        path => Part::Node(tree.node(path).ok_or_else(|| Problem::not_found("node").field("path"))?),
    };
    let (file, ending, media_type) = match query.format {
        ExportFormat::Csv => (export::csv(part), "csv", files::CSV),
        ExportFormat::Xlsx => (export::xlsx(part), "xlsx", XLSX),
    };
    let file = file.map_err(|error| match error {
        ExportError::Csv(_) | ExportError::Xlsx(_) => unavailable(error),
        refused => Problem::new(422, "tree_too_big", refused.to_string()),
    })?;
    let file_name = format!("rates-{}-{number}.{ending}", service.id);
    let key = format!("exports/{}/{:032x}.{ending}", service.company, runtime::fresh());
    let (url, expires_at) = files::publish(&app, &key, &file_name, media_type, file).await?;
    Ok(Json(ExportLink { url, expires_at }))
}
