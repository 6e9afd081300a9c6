//! Rates from files of suppliers (guide, section 7.3.2), and trees as files. Each step of an import works
//! the result out anew from the file in S3, so that nothing but the decisions is kept between them.

pub mod confirm;
pub mod export;
mod files;
pub mod mappings;
pub mod preview;
mod schema;
pub mod settings;
mod view;
mod work;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::ImportId;
use domain::import::place::Place;
use domain::import::record::{Import, ImportState};
use domain::import::settings::Format;
use domain::permission::Area;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::services::saving::tree_of;
use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::{self, List};
use crate::lists::{self, Listing};
use crate::rights;

use self::view::ImportView;

/// It is kept in the import's item.
const PATH_BYTES_MAX: usize = 2_000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The node that the file's rates take the place of, such as `sms_message/MT`; in values `~1` stands for a
    /// slash and `~0` for a tilde. Empty for the whole tree, which only a file of the export can be for.
    #[schema(example = "sms_message/MT")]
    path: String,
    /// What kind of file it is; `standard` unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::ImportFormat>)]
    format: Format,
    /// The file's name with its ending: CSV, XLS or XLSX.
    #[schema(example = "rates-2026-11.xlsx")]
    file_name: String,
    /// Whose file it is. What is mapped by hand is remembered for its next files.
    #[schema(example = "Tele Wholesale")]
    supplier: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NewImportView {
    #[serde(flatten)]
    import: ImportView,
    /// Where the file goes, by a PUT with its bytes as the body. Whoever has the address can use it until it
    /// expires.
    upload_url: String,
    /// When the address stops working.
    #[schema(value_type = String, format = DateTime)]
    upload_expires_at: Timestamp,
}

/// Begin to import rates into a scope.
///
/// Put the file of at most 20 MB to `upload_url`, then have it parsed.
#[utoipa::path(post, path = "/v1/services/{id}/scopes/{number}/imports", tag = "imports",
    request_body = ImportRequest,
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number")
    ),
    responses((status = 201, description = "The import, and where its file goes", body = NewImportView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    Body(body): Body<ImportRequest>,
) -> Created<NewImportView> {
    rights::manage(&who, Area::Services)?;
    let service = app.seen_by(&who).service(&id).await?;
    let scope = service.scope(number)?;
    let tree = tree_of(&app, &service, scope).await?;
    if body.path.len() > PATH_BYTES_MAX {
        return Err(Problem::invalid("path", format!("a path has at most {PATH_BYTES_MAX} bytes")).into());
    }
    let place = Place::parse(&tree, &body.path)?;
    let now = runtime::now();
    let import = Import {
        id: ImportId::new(runtime::fresh()),
        service: service.id.clone(),
        company: service.company.clone(),
        scope: number,
        path: place.path,
        format: body.format,
        file_name: fields::name(&body.file_name).map_err(|error| error.field("file_name"))?,
        supplier: fields::name(&body.supplier).map_err(|error| error.field("supplier"))?,
        state: ImportState::Uploading,
        settings: None,
        revision: 1,
        created_at: now,
    };
    let act = app.seen_by(&who).act_on(&import.company).await?;
    written(app.store.create(&act, &import).await?)?;
    let (upload_url, upload_expires_at) = files::upload_address(&app, &import, now).await?;
    created(NewImportView { import: import.into(), upload_url, upload_expires_at })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Only those whose file's name begins so, whatever the case.
    file_name: Option<String>,
    /// Only those whose supplier begins so, whatever the case.
    supplier: Option<String>,
    /// `uploading`, `parsed`, `confirmed` or `canceled`.
    state: Option<String>,
    /// `file_name`, `supplier`, `state` or `created_at`, with a `-` before it for the other way round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const FILE_COLUMNS: [&str; 9] =
    ["id", "service", "scope", "path", "format", "file_name", "supplier", "state", "created_at"];

/// A scope's imports.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/services/{id}/scopes/{number}/imports", tag = "imports",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("number" = u32, Path, description = "The scope's number"),
        ImportQuery
    ),
    responses((status = 200, description = "A page",
        content((List<ImportView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path((id, number)): Path<(String, u32)>,
    answer: lists::Format,
    Query(query): Query<ImportQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::Services)?;
    let service = app.seen_by(&who).service(&id).await?;
    let list = Import::list_of(&service.id, service.scope(number)?.number);
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(list, &["file_name", "supplier", "state"], sort, query.limit, cursor)?
        .begins("file_name", query.file_name.as_deref())
        .begins("supplier", query.supplier.as_deref())
        .is("state", query.state);
    let found = listing.read(&app.store, answer, |_: &Import| true).await?;
    found.answer(ImportView::from, "imports", &FILE_COLUMNS)
}

/// One import.
#[utoipa::path(get, path = "/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, description = "The import", body = ImportView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<ImportView> {
    rights::view(&who, Area::Services)?;
    Ok(Json(found(&app, &who, &id).await?.into()))
}

/// Cancel an import.
///
/// Nothing of it comes into the tree. One that is confirmed cannot be canceled.
#[utoipa::path(delete, path = "/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "The import's id")),
    responses(
        (status = 200, description = "The import, canceled", body = ImportView),
        (status = 409, description = "`import_confirmed`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn cancel(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<ImportView> {
    rights::manage(&who, Area::Services)?;
    let import = found(&app, &who, &id).await?;
    if import.state == ImportState::Canceled {
        return Ok(Json(import.into()));
    }
    import.check_open()?;
    Ok(Json(replaced(&app, &who, &import, import.clone().in_state(ImportState::Canceled)).await?.into()))
}

/// An import into a service that the caller sees.
async fn found(app: &App, who: &Principal, id: &str) -> Result<Import, ApiError> {
    let missing = || Problem::not_found("import");
    let id = ImportId::parse(id).map_err(|_| missing())?;
    let import = app.store.import(&id).await?.ok_or_else(missing)?;
    app.seen_by(who).service(import.service.as_str()).await.map_err(|_| missing())?;
    Ok(import)
}

/// Stores the next revision.
async fn replaced(app: &App, who: &Principal, before: &Import, after: Import) -> Result<Import, ApiError> {
    let act = app.seen_by(who).act_on(&before.company).await?;
    written(app.store.replace(&act, before, &after).await?)?;
    Ok(after)
}
