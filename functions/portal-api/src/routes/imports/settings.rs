//! Reading the uploaded file, and saying what its columns are (guide, sections 7.3.2.1 and 7.3.2.2).

use axum::Json;
use axum::extract::{Path, State};
use domain::import::settings::{Settings, Warning, propose};
use domain::import::table::{Row, Table, column_name};
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::mappings::MappingView;
use super::view::{ImportView, WarningView};
use super::work::Work;
use super::{Reply, replaced, schema};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};

/// Rows that the parsed file is shown with; the others are in its list.
const ROWS_SHOWN: usize = 20;
/// Of 200 columns with everything said about each; they are kept in the import's item.
const SETTINGS_BYTES_MAX: usize = 60_000;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParseRequest {
    /// Which sheet of a workbook; the first one that shows unless told.
    sheet: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ParsedView {
    #[serde(flatten)]
    import: ImportView,
    /// The sheets of a workbook.
    sheets: Vec<String>,
    /// The letters of the columns.
    columns: Vec<String>,
    /// Rows with any text.
    rows_total: usize,
    /// The first 20 of them.
    rows: Vec<RowView>,
    /// What is to be said about the settings that the file suggests.
    warnings: Vec<WarningView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RowView {
    /// As it is counted in the file, from 1.
    number: u32,
    /// The texts of its cells.
    cells: Vec<String>,
}

impl From<Row<'_>> for RowView {
    fn from(row: Row<'_>) -> Self {
        Self { number: row.number(), cells: row.cells().map(str::to_owned).collect() }
    }
}

/// Read the uploaded file.
///
/// The import gets the settings that the headings suggest; those of a file of the export are complete. A file
/// that cannot be read is refused with `unreadable_file`, and where it can be said with `sheet`, `row` and
/// `column`.
#[utoipa::path(post, path = "/v1/imports/{id}/parse", tag = "imports", request_body = Option<ParseRequest>,
    params(("id" = String, Path, description = "The import's id")),
    responses(
        (status = 200, description = "What is in the file", body = ParsedView),
        (status = 409, description = "`not_uploaded`", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`unreadable_file`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn parse(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    body: Option<Body<ParseRequest>>,
) -> Reply<ParsedView> {
    let work = Work::load(&app, &who, &id).await?;
    let sheet = body.and_then(|Body(body)| body.sheet);
    let table = work.table(&app, sheet.as_deref()).await?;
    let settings = propose(&table, &work.target());
    let warnings = settings.warnings(&table, &work.target());
    let import = replaced(&app, &who, &work.import, work.import.clone().with_settings(settings)).await?;
    Ok(Json(ParsedView {
        import: import.into(),
        sheets: table.sheets.clone(),
        columns: (0..table.columns()).map(column_name).collect(),
        rows_total: table.rows().len(),
        rows: table.rows().take(ROWS_SHOWN).map(Into::into).collect(),
        warnings: warnings.iter().map(Into::into).collect(),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RowFilter {
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The rows of the file.
#[utoipa::path(get, path = "/v1/imports/{id}/rows", tag = "imports",
    params(("id" = String, Path, description = "The import's id"), RowFilter),
    responses((status = 200, description = "As they are, in their order", body = List<RowView>)))]
pub async fn rows(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<RowFilter>,
) -> Reply<List<RowView>> {
    let work = Work::load(&app, &who, &id).await?;
    let table = work.table(&app, work.import.settings()?.sheet.as_deref()).await?;
    Ok(Json(page(table.rows(), filter.limit, filter.cursor.as_deref())?))
}

/// A page of what is worked out anew each time, so that a place in it is the cursor.
pub(super) fn page<T, V: From<T>>(
    all: impl ExactSizeIterator<Item = T>,
    limit: Option<u16>,
    cursor: Option<&str>,
) -> Result<List<V>, ApiError> {
    let limit = usize::from(fields::limit(limit)?);
    let from = cursor.map_or(Ok(0), str::parse::<usize>);
    let from = from.map_err(|_| Problem::invalid("cursor", "take `next` of the page before"))?;
    let next = from.saturating_add(limit);
    let next = (next < all.len()).then(|| next.to_string());
    Ok(List { items: all.skip(from).take(limit).map(Into::into).collect(), next })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// All of them.
    #[schema(value_type = schema::ImportSettings)]
    settings: Settings,
}

/// Say how the file is read.
///
/// Warnings that prevent have to be seen to before the preview. Texts are mapped by themselves as far as they
/// go, and by what was mapped by hand for this supplier before.
#[utoipa::path(put, path = "/v1/imports/{id}/settings", tag = "imports", request_body = SettingsRequest,
    params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, description = "What the settings make of the file", body = MappingView)))]
pub async fn put(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<SettingsRequest>,
) -> Reply<MappingView> {
    let mut work = Work::load(&app, &who, &id).await?;
    work.import.settings()?;
    if serde_json::to_vec(&body.settings).is_ok_and(|bytes| bytes.len() > SETTINGS_BYTES_MAX) {
        let detail = format!("settings have at most {SETTINGS_BYTES_MAX} bytes as JSON");
        return Err(Problem::invalid("settings", detail).into());
    }
    let table = work.table(&app, body.settings.sheet.as_deref()).await?;
    work.import =
        replaced(&app, &who, &work.import, work.import.clone().with_settings(body.settings)).await?;
    Ok(Json(MappingView::of(&work, &table)?))
}

/// Those of settings that prevent, for what is not a preview.
pub(super) fn warnings_of(settings: &Settings, table: &Table, work: &Work) -> Vec<Warning> {
    settings.warnings(table, &work.target())
}
