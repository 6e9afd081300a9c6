//! What texts of the file stand for: found automatically, and said by hand (guide, sections 7.3.2.2.2.2 to
//! 7.3.2.2.2.2.6).

use axum::Json;
use axum::extract::{Path, State};
use domain::import::mapping::{ManualMappings, MappingChanges, Subject};
use domain::import::preview::PreviewError;
use domain::import::table::Table;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::MappingsWritten;
use utoipa::{IntoParams, ToSchema};

use super::Reply;
use super::schema;
use super::settings::{page, warnings_of};
use super::view::{ImportView, MappedColumnView, MappedTextView, WarningView};
use super::work::Work;
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::List;

#[derive(Debug, Serialize, ToSchema)]
pub struct MappingView {
    #[serde(flatten)]
    import: ImportView,
    /// What prevents the next step, then what is good to know.
    warnings: Vec<WarningView>,
    /// Each declared column with the texts that stand for nothing; none while a warning prevents.
    mapped: Vec<MappedColumnView>,
}

impl MappingView {
    pub fn of(work: &Work, table: &Table) -> Result<Self, ApiError> {
        let settings = work.import.settings()?;
        let (warnings, mapped) = match work.preview_by(table, settings) {
            Ok(preview) => (preview.warnings, preview.mapped),
            Err(PreviewError::Settings(_)) => (warnings_of(settings, table, work), Vec::new()),
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            import: work.import.clone().into(),
            warnings: warnings.iter().map(Into::into).collect(),
            mapped: mapped.iter().map(Into::into).collect(),
        })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MappingFilter {
    /// An attribute, or `price`, `price_type`, `billing_rule`, `quantity_rule`.
    subject: String,
    /// Only those that nothing was found for; false unless told.
    #[serde(default)]
    unmatched: bool,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// All texts of a column with what they stand for.
#[utoipa::path(get, path = "/v1/imports/{id}/mappings", tag = "imports",
    params(("id" = String, Path, description = "The import's id"), MappingFilter),
    responses((status = 200, description = "By their first row", body = List<MappedTextView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(filter): Query<MappingFilter>,
) -> Reply<List<MappedTextView>> {
    let subject = Subject::try_from(filter.subject).map_err(|error| Problem::invalid("subject", error))?;
    let work = Work::load(&app, &who, &id).await?;
    let preview = work.preview(&app).await?;
    let mapped = preview.mapped.iter().find(|mapped| mapped.subject == subject);
    let texts: Vec<_> = match (mapped, filter.unmatched) {
        (Some(mapped), true) => mapped.unmatched().collect(),
        (Some(mapped), false) => mapped.texts.iter().collect(),
        (None, _) => Vec::new(),
    };
    Ok(Json(page(texts.into_iter(), filter.limit, filter.cursor.as_deref())?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingsRequest {
    /// What texts stand for; those that are not named stay as they are.
    #[schema(value_type = schema::ImportMappings)]
    mappings: MappingChanges,
}

/// Map texts by hand.
///
/// It is remembered, and used for the next files of the same supplier by itself.
#[utoipa::path(put, path = "/v1/imports/{id}/mappings", tag = "imports", request_body = MappingsRequest,
    params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, description = "What is still unmatched", body = MappingView)))]
pub async fn put(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<MappingsRequest>,
) -> Reply<MappingView> {
    let work = Work::load(&app, &who, &id).await?;
    let named = body.mappings.iter().map(|(subject, texts)| {
        let named = texts.iter().filter_map(|(text, to)| Some((text.clone(), to.clone()?)));
        (*subject, named.collect())
    });
    ManualMappings(named.collect()).check(&work.target())?;
    let import = &work.import;
    let act = app.seen_by(&who).act_on(&import.company).await?;
    match app.store.remember_import_mappings(&act, &import.company, &import.supplier, &body.mappings).await? {
        MappingsWritten::Now => {}
        MappingsWritten::Overtaken => return Err(busy()),
        MappingsWritten::TooMany(subject) => {
            let detail =
                format!("Too many texts of {} are mapped by hand for this supplier.", subject.name());
            return Err(Problem::new(422, "too_many", detail).into());
        }
    }
    let work = Work::load(&app, &who, &id).await?;
    let table = work.table(&app, work.import.settings()?.sheet.as_deref()).await?;
    Ok(Json(MappingView::of(&work, &table)?))
}
