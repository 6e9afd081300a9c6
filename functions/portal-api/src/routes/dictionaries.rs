//! Countries, operators, prefixes and the other lists that the values of rate trees come from. Whoever
//! sells reads them; who runs the platform changes them.

pub mod change;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::dictionary::edits::Edits;
use domain::dictionary::{Dictionaries, Dictionary, DictionaryName, Entry, Provenance};
use domain::permission::Area;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::{DictionaryNote, DictionaryVersions};
use utoipa::{IntoParams, ToSchema};

use super::Reply;
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::files::{self, FileName};
use crate::rights;

#[derive(Debug, Serialize, ToSchema)]
pub struct DictionaryView {
    /// Its name in paths.
    #[schema(example = "operators")]
    name: String,
    /// What the fields of its entries are called, in the order of the columns of a file.
    #[schema(example = json!(["mcc", "mnc", "country", "name", "status"]))]
    fields: Vec<&'static str>,
    /// How many entries it has.
    entries: usize,
    /// Whether the platform may change it.
    editable: bool,
    /// Where the data that are shipped come from.
    shipped: ProvenanceView,
    /// Where the last import came from; null if there was none since the last reset.
    imported: Option<ProvenanceView>,
    /// Whether the import took the place of the shipped data.
    replaced: bool,
    /// When the platform last changed it; null while it is as it is shipped.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

/// Where data come from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProvenanceView {
    /// Who made the data, with the version.
    source: String,
    /// Under which licence.
    licence: String,
    /// The day the data are of.
    date: String,
}

impl From<Provenance> for ProvenanceView {
    fn from(provenance: Provenance) -> Self {
        let Provenance { source, licence, date } = provenance;
        Self { source, licence, date }
    }
}

impl DictionaryView {
    fn new(dictionary: &Dictionary, versions: &DictionaryVersions) -> Self {
        let edited = versions.edited.get(&dictionary.name);
        Self {
            name: dictionary.name.as_str().to_owned(),
            fields: dictionary.fields.clone(),
            entries: dictionary.entries.len(),
            editable: dictionary.name.is_editable(),
            shipped: Provenance::shipped(dictionary.name).into(),
            imported: edited.and_then(|edited| edited.imported.clone()).map(Into::into),
            replaced: edited.is_some_and(|edited| edited.replaced),
            updated_at: edited.map(|edited| edited.updated_at),
        }
    }
}

/// A key and what is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// What rate trees hold.
    #[schema(example = "26202")]
    key: String,
    /// Field by field; empty where nothing is known.
    #[schema(example = json!({"mcc": "262", "mnc": "02", "country": "DE", "name": "Vodafone", "status": ""}))]
    values: BTreeMap<&'static str, String>,
}

impl EntryView {
    fn new(name: DictionaryName, entry: &Entry) -> Self {
        let values = name.fields().into_iter().zip(entry.values.iter().cloned()).collect();
        Self { key: entry.key.clone(), values }
    }
}

/// All dictionaries.
#[utoipa::path(get, path = "/v1/dictionaries", tag = "dictionaries",
    responses((status = 200, description = "Without their entries", body = List<DictionaryView>)))]
pub async fn list(State(app): State<App>, who: Principal) -> Reply<List<DictionaryView>> {
    rights::view(&who, Area::Mccmnc)?;
    let (versions, all) = (app.store.dictionary_versions().await?, app.store.dictionaries().await?);
    let view = |name: &DictionaryName| DictionaryView::new(all.get(*name), &versions);
    Ok(Json(List { items: DictionaryName::ALL.iter().map(view).collect(), next: None }))
}

/// One dictionary.
#[utoipa::path(get, path = "/v1/dictionaries/{name}", tag = "dictionaries",
    params(("name" = String, Path, description = "The dictionary's name")),
    responses((status = 200, description = "Without its entries", body = DictionaryView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(name): Path<String>) -> Reply<DictionaryView> {
    let (name, all) = readable(&app, &who, &name).await?;
    let versions = app.store.dictionary_versions().await?;
    Ok(Json(DictionaryView::new(all.get(name), &versions)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EntryFilter {
    /// What the key or a field has in it, in small or capital letters.
    search: Option<String>,
    /// Which country the entry belongs to, of dictionaries with such a field.
    country: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl EntryFilter {
    fn takes(&self, dictionary: &Dictionary, entry: &Entry) -> bool {
        let has = |text: &str| {
            let text = text.to_lowercase();
            let fields = [&entry.key].into_iter().chain(&entry.values);
            fields.into_iter().any(|field| field.to_lowercase().contains(&text))
        };
        let is_in = |country: &str| {
            let place = dictionary.field("country").or_else(|| dictionary.field("countries"));
            let countries = place.and_then(|place| entry.values.get(place));
            countries.is_some_and(|countries| countries.split(' ').any(|key| key == country))
        };
        self.search.as_deref().is_none_or(has) && self.country.as_deref().is_none_or(is_in)
    }
}

/// The entries of a dictionary.
#[utoipa::path(get, path = "/v1/dictionaries/{name}/entries", tag = "dictionaries",
    params(("name" = String, Path, description = "The dictionary's name"), EntryFilter),
    responses((status = 200, description = "In the order of their keys", body = List<EntryView>)))]
pub async fn entries(
    State(app): State<App>,
    who: Principal,
    Path(name): Path<String>,
    Query(filter): Query<EntryFilter>,
) -> Reply<List<EntryView>> {
    let limit = usize::from(fields::limit(filter.limit)?);
    let (name, all) = readable(&app, &who, &name).await?;
    let dictionary = all.get(name);
    let after = filter.cursor.as_deref().unwrap_or_default();
    let begin = dictionary.entries.partition_point(|entry| entry.key.as_str() <= after);
    let mut found = dictionary.entries[begin..].iter().filter(|entry| filter.takes(dictionary, entry));
    let items: Vec<_> = found.by_ref().take(limit).map(|entry| EntryView::new(name, entry)).collect();
    let last = items.last().map(|entry| entry.key.clone());
    Ok(Json(List { next: found.next().and(last), items }))
}

/// One entry.
#[utoipa::path(get, path = "/v1/dictionaries/{name}/entries/{key}", tag = "dictionaries",
    params(("name" = String, Path, description = "The dictionary's name"),
        ("key" = String, Path, description = "The entry's key")),
    responses((status = 200, description = "The entry", body = EntryView)))]
pub async fn entry(
    State(app): State<App>,
    who: Principal,
    Path((name, key)): Path<(String, String)>,
) -> Reply<EntryView> {
    let (name, all) = readable(&app, &who, &name).await?;
    let entry = all.get(name).entry(&key).ok_or_else(|| Problem::not_found("entry"))?;
    Ok(Json(EntryView::new(name, entry)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRequest {
    /// Field by field; what is not named is empty.
    #[schema(example = json!({"mcc": "262", "mnc": "02", "country": "DE", "name": "Vodafone"}))]
    values: BTreeMap<String, String>,
}

/// Add an entry, or replace it.
///
/// For the company that runs the platform. What is accepted after the answer is priced by it.
#[utoipa::path(put, path = "/v1/dictionaries/{name}/entries/{key}", tag = "dictionaries",
    request_body = EntryRequest,
    params(("name" = String, Path, description = "The dictionary's name"),
        ("key" = String, Path, description = "The entry's key")),
    responses((status = 200, description = "The entry as it is now", body = EntryView)))]
pub async fn put_entry(
    State(app): State<App>,
    who: Principal,
    Path((name, key)): Path<(String, String)>,
    Body(body): Body<EntryRequest>,
) -> Reply<EntryView> {
    let name = change::editable(&who, &name)?;
    let mut values = body.values;
    let known = name.fields().into_iter().map(|field| values.remove(field).unwrap_or_default());
    let entry = Entry { key, values: known.collect() };
    if let Some(unknown) = values.keys().next() {
        return Err(Problem::invalid(&format!("values.{unknown}"), "there is no such field").into());
    }
    let all = app.store.dictionaries().await?;
    name.check(&entry, &all).map_err(|error| match error.field {
        "key" => Problem::invalid("key", &error),
        field => Problem::invalid(&format!("values.{field}"), &error),
    })?;
    let known = all.get(name).entry(&entry.key);
    let note = DictionaryNote {
        action: "dictionary_entry.change",
        object: format!("{}.{}", name.as_str(), entry.key),
        before: known.map(|known| noted(name, known)),
        after: Some(noted(name, &entry)),
    };
    let put = change::edit(&app, &who, name, &note, |mut edits: Edits| {
        edits.put(entry.clone());
        edits
    });
    put.await?;
    Ok(Json(EntryView::new(name, &entry)))
}

/// Delete an entry.
///
/// For the company that runs the platform. Rate trees keep the values that they hold.
#[utoipa::path(delete, path = "/v1/dictionaries/{name}/entries/{key}", tag = "dictionaries",
    params(("name" = String, Path, description = "The dictionary's name"),
        ("key" = String, Path, description = "The entry's key")),
    responses((status = 200, description = "The dictionary as it is now", body = DictionaryView)))]
pub async fn delete_entry(
    State(app): State<App>,
    who: Principal,
    Path((name, key)): Path<(String, String)>,
) -> Reply<DictionaryView> {
    let name = change::editable(&who, &name)?;
    let all = app.store.dictionaries().await?;
    let known = all.get(name).entry(&key).ok_or_else(|| Problem::not_found("entry"))?;
    let note = DictionaryNote {
        action: "dictionary_entry.delete",
        object: format!("{}.{key}", name.as_str()),
        before: Some(noted(name, known)),
        after: None,
    };
    let deleted = change::edit(&app, &who, name, &note, |mut edits: Edits| {
        edits.delete(&key);
        edits
    });
    Ok(Json(deleted.await?))
}

/// An entry as the audit log tells of it.
fn noted(name: DictionaryName, entry: &Entry) -> serde_json::Value {
    serde_json::to_value(EntryView::new(name, entry).values).unwrap_or_default()
}

/// A dictionary as a file.
///
/// Of the form that the import reads.
#[utoipa::path(get, path = "/v1/dictionaries/{name}/export", tag = "dictionaries",
    params(("name" = String, Path, description = "The dictionary's name")),
    responses((status = 200, description = "UTF-8, with a head", body = String, content_type = "text/csv")))]
pub async fn export(
    State(app): State<App>,
    who: Principal,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let (name, all) = readable(&app, &who, &name).await?;
    rights::export(&who)?;
    let file = Extension(FileName(format!("{}.csv", name.as_str())));
    Ok((file, [(CONTENT_TYPE, files::CSV)], all.get(name).to_csv()).into_response())
}

async fn readable(
    app: &App,
    who: &Principal,
    name: &str,
) -> Result<(DictionaryName, Dictionaries), ApiError> {
    rights::view(who, Area::Mccmnc)?;
    let name = DictionaryName::parse(name).ok_or_else(|| Problem::not_found("dictionary"))?;
    Ok((name, app.store.dictionaries().await?))
}
