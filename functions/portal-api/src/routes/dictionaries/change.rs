//! Changing a dictionary as a whole: import, and back to what is shipped.

use axum::Json;
use axum::body::Body as RawBody;
use axum::extract::{Path, State};
use domain::dictionary::edits::{Edits, ImportError};
use domain::dictionary::{DictionaryName, Provenance};
use domain::permission::Area;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{DictionaryNote, EditsStored};
use utoipa::{IntoParams, ToSchema};

use super::{DictionaryView, Reply};
use crate::App;
use crate::error::{ApiError, busy};
use crate::rights;

/// A function takes 6 MB, of which a body that is no plain text uses up four thirds.
const FILE_BYTES_MAX: usize = 4 << 20;
/// Changes of one dictionary that meet each other; each try reads it anew.
const ATTEMPTS_MAX: u32 = 5;

/// What becomes of the entries that a file does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// They stay.
    #[default]
    Merge,
    /// They go, those that are shipped too.
    Replace,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// `merge` unless told.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    mode: ImportMode,
    /// Who made the file, and which version it is.
    source: String,
    /// Under which licence it may be used.
    #[serde(default)]
    licence: String,
    /// The day the file is of; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Date>,
}

/// Import a file into a dictionary.
///
/// For the company that runs the platform. The body is a CSV file in UTF-8 of up to 4 MB, with a head that
/// names `key` and all fields of the dictionary in any order. All of it is taken or nothing: a wrong file is
/// refused with `errors`, each with its row, column and reason.
#[utoipa::path(post, path = "/v1/dictionaries/{name}/import", tag = "dictionaries",
    request_body(content = String, content_type = "text/csv"),
    params(("name" = String, Path, description = "The dictionary's name"), ImportQuery),
    responses((status = 200, description = "The dictionary as it is now", body = DictionaryView)))]
pub async fn import(
    State(app): State<App>,
    who: Principal,
    Path(name): Path<String>,
    Query(query): Query<ImportQuery>,
    body: RawBody,
) -> Reply<DictionaryView> {
    let name = editable(&who, &name)?;
    let imported = provenance(query.source, query.licence, query.date)?;
    let file = axum::body::to_bytes(body, FILE_BYTES_MAX).await.map_err(|_| too_big())?;
    let all = app.store.dictionaries().await?;
    let (new, _) = Edits::import(name, &file, &all).map_err(wrong_file)?;
    let new = if query.mode == ImportMode::Replace { new.replacing() } else { new };
    let rows = file.iter().filter(|byte| **byte == b'\n').count();
    let note = DictionaryNote {
        action: "dictionary.import",
        object: name.as_str().to_owned(),
        before: None,
        after: Some(json!({"mode": query.mode, "lines": rows, "from": imported})),
    };
    let change = |edits: Edits| edits.then(new.clone());
    Ok(Json(store(&app, &who, name, &note, Some(imported), change).await?))
}

/// Put a dictionary back to what is shipped.
///
/// For the company that runs the platform. Everything that it changed or imported goes.
#[utoipa::path(post, path = "/v1/dictionaries/{name}/reset", tag = "dictionaries",
    params(("name" = String, Path, description = "The dictionary's name")),
    responses((status = 200, description = "The dictionary as it is now", body = DictionaryView)))]
pub async fn reset(
    State(app): State<App>,
    who: Principal,
    Path(name): Path<String>,
) -> Reply<DictionaryView> {
    let name = editable(&who, &name)?;
    let object = name.as_str().to_owned();
    let note = DictionaryNote { action: "dictionary.reset", object, before: None, after: None };
    Ok(Json(edit(&app, &who, name, &note, |_| Edits::default()).await?))
}

/// A dictionary that the caller may change.
pub(super) fn editable(who: &Principal, name: &str) -> Result<DictionaryName, ApiError> {
    rights::manage_platform(who, Area::Mccmnc)?;
    let name = DictionaryName::parse(name).ok_or_else(|| Problem::not_found("dictionary"))?;
    if !name.is_editable() {
        let detail = "The keys of this dictionary are the platform's own, or follow from other dictionaries.";
        return Err(Problem::new(422, "not_editable", detail).into());
    }
    Ok(name)
}

/// Changes what was changed before, and keeps where the last import came from.
pub(super) async fn edit(
    app: &App,
    who: &Principal,
    name: DictionaryName,
    note: &DictionaryNote,
    change: impl Fn(Edits) -> Edits,
) -> Result<DictionaryView, ApiError> {
    store(app, who, name, note, None, change).await
}

async fn store(
    app: &App,
    who: &Principal,
    name: DictionaryName,
    note: &DictionaryNote,
    imported: Option<Provenance>,
    change: impl Fn(Edits) -> Edits,
) -> Result<DictionaryView, ApiError> {
    for _ in 0..ATTEMPTS_MAX {
        let before = app.store.dictionary_versions().await?;
        let edited = before.edited.get(&name);
        let edits = match edited {
            None => Edits::default(),
            Some(edited) => match app.store.edits(name, edited).await? {
                Some(edits) => edits,
                None => continue,
            },
        };
        let imported = imported.clone().or_else(|| edited?.imported.clone());
        let act = who.act(&who.company.path);
        match app.store.put_edits(&act, note, &before, name, &change(edits), imported).await? {
            EditsStored::Now => {
                let (versions, all) =
                    (app.store.dictionary_versions().await?, app.store.dictionaries().await?);
                return Ok(DictionaryView::new(all.get(name), &versions));
            }
            EditsStored::Overtaken => {}
            EditsStored::TooBig => return Err(too_big()),
        }
    }
    Err(busy())
}

const TEXT_LENGTH_MAX: usize = 300;

fn provenance(source: String, licence: String, date: Option<Date>) -> Result<Provenance, ApiError> {
    if source.trim().is_empty() || source.chars().count() > TEXT_LENGTH_MAX {
        let detail = format!("say in 1 to {TEXT_LENGTH_MAX} characters where the data come from");
        return Err(Problem::invalid("source", detail).into());
    }
    if licence.chars().count() > TEXT_LENGTH_MAX {
        return Err(
            Problem::invalid("licence", format!("at most {TEXT_LENGTH_MAX} characters are allowed")).into()
        );
    }
    let date = date.unwrap_or_else(|| runtime::now().to_zoned(TimeZone::UTC).date());
    Ok(Provenance { source, licence, date: date.to_string() })
}

fn wrong_file(errors: Vec<ImportError>) -> ApiError {
    let detail = match errors.first() {
        Some(ImportError { row, column, reason }) => format!("Row {row}, column {column}: {reason}."),
        None => "The file cannot be read.".to_owned(),
    };
    let mut problem = Problem::new(422, "invalid_file", format!("{detail} Nothing was imported."));
    problem.figures.insert("errors".to_owned(), serde_json::to_value(errors).unwrap_or_default());
    problem.into()
}

fn too_big() -> ApiError {
    Problem::new(413, "too_big", "The file, or the dictionary with it, is too big.").into()
}
