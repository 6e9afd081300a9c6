//! What the settings of companies have in common: how they are stored, answered and changed in part.

use domain::catalog::{self, Thing};
use domain::company::Company;
use domain::id::CompanyId;
use domain::permission::Area;
use domain::record::{Details, Hand, Record};
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::Problem;
use runtime::revision::{IfMatch, Versioned};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::{Ask, Written, whole_value};
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::Edited;
use crate::error::{ApiError, busy};
use crate::{App, rights};

/// Companies that are deleted stay in their lists, perhaps many in a row.
const UNLISTED_PAGE: u16 = 50;

/// Stores a new record of a company.
pub async fn create<D: Details>(
    app: &App,
    who: &Principal,
    company: &Company,
    record: Record<D>,
) -> Result<Record<D>, ApiError> {
    stored::<D>(app.store.create(&who.act(&company.path), &record).await?)?;
    Ok(record)
}

/// A record, for who may see its area.
pub async fn one<D: Details, V: From<Record<D>>>(
    app: &App,
    who: &Principal,
    area: Area,
    id: &str,
) -> Edited<V> {
    rights::view(who, area)?;
    let (record, _) = app.seen_by(who).thing::<Record<D>>(id).await?;
    Ok(Versioned::new(record.revision, record.into()))
}

/// A record and its company, for who may change its area and knows its revision.
pub async fn to_change<D: Details>(
    app: &App,
    who: &Principal,
    area: Area,
    id: &str,
    if_match: &IfMatch,
) -> Result<(Record<D>, Company), ApiError> {
    rights::manage(who, area)?;
    let (record, company) = app.seen_by(who).thing::<Record<D>>(id).await?;
    if_match.check(record.revision)?;
    Ok((record, company))
}

/// Puts other details in the place of what a record has.
pub async fn replace<D: Details>(
    app: &App,
    who: &Principal,
    company: &Company,
    before: &Record<D>,
    details: D,
) -> Result<Record<D>, ApiError> {
    let after = before.plan_change(details, hand(who))?;
    stored::<D>(app.store.replace(&who.act(&company.path), before, &after).await?)?;
    Ok(after)
}

pub async fn delete<D: Details>(
    app: &App,
    who: &Principal,
    company: &Company,
    record: &Record<D>,
) -> Result<StatusCode, ApiError> {
    stored::<D>(app.store.delete(&who.act(&company.path), record).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who writes, as records name it.
pub fn hand(who: &Principal) -> Hand<'_> {
    Hand { name: &who.actor.name, now: runtime::now() }
}

pub fn stored<D: Details>(how: Written) -> Result<(), ApiError> {
    match how {
        Written::Now => Ok(()),
        Written::Overtaken => Err(busy()),
        Written::Taken => {
            let (field, detail) = D::TAKEN;
            Err(Problem::new(409, "taken", detail).field(field).into())
        }
    }
}

/// A record that another one of the same company names in this field.
pub async fn named<D: Details>(
    app: &App,
    who: &Principal,
    company: &Company,
    field: &str,
    id: &str,
) -> Result<Record<D>, ApiError> {
    let (record, of) = app.seen_by(who).thing::<Record<D>>(id).await.map_err(|error| error.field(field))?;
    if of.id == company.id {
        return Ok(record);
    }
    let noun = D::NOUN.replace('_', " ");
    Err(Problem::invalid(field, format!("it has to be a {noun} of the same company")).into())
}

/// Refuses to delete what one of a company's things names.
pub async fn check_unnamed<T: Thing>(
    app: &App,
    company: &CompanyId,
    names: impl Fn(&T) -> bool,
) -> Result<(), ApiError> {
    let all = app.store.all_things::<T>(company.as_str()).await?;
    all.iter().find(|thing| names(thing)).map_or(Ok(()), |thing| Err(in_use(thing)))
}

/// Refuses to delete what a thing of this list has in this column; of the whole list without one. Those that
/// are gone themselves do not count.
pub async fn check_unlisted<T: Thing>(
    app: &App,
    list: String,
    column: Option<(&'static str, &str)>,
) -> Result<(), ApiError> {
    let begins = column.map(|(_, value)| whole_value(value));
    let column = column.map(|(name, _)| name);
    let ask = Ask { list, column, begins, limit: UNLISTED_PAGE, ..Ask::default() };
    let found = first(app, ask, |thing: &T| !thing.is_gone()).await?;
    found.map_or(Ok(()), |thing| Err(in_use(&thing)))
}

/// Refuses to change what a thing of this list goes by.
pub async fn check_none<T: Thing>(
    app: &App,
    list: String,
    goes_by: impl Fn(&T) -> bool,
) -> Result<(), ApiError> {
    let ask = Ask { list, limit: UNLISTED_PAGE, ..Ask::default() };
    let found = first(app, ask, goes_by).await?;
    found.map_or(Ok(()), |thing| Err(in_use(&thing)))
}

/// The first thing of a list that counts, however many stand before it.
pub async fn first<T: Thing>(
    app: &App,
    mut ask: Ask,
    counts: impl Fn(&T) -> bool,
) -> Result<Option<T>, ApiError> {
    loop {
        let page = app.store.things(&ask, &counts).await?;
        match (page.items.into_iter().next(), page.next) {
            (None, Some(next)) => ask.cursor = Some(next),
            (found, _) => return Ok(found),
        }
    }
}

fn in_use<T: Thing>(by: &T) -> ApiError {
    let noun = T::NOUN.replace('_', " ");
    let detail = format!("A {noun} names it: change or delete that first.");
    Problem::new(409, "in_use", detail).figure("by", by.id()).into()
}

/// A company stays whose record it is.
pub fn check_same_company(asked: Option<&str>, company: &Company) -> Result<(), ApiError> {
    match asked {
        Some(asked) if asked != company.id.as_str() => {
            Err(Problem::invalid("company", "it stays with its company").into())
        }
        _ => Ok(()),
    }
}

/// The lists to show: of one company, or of the caller's and all directly below it.
pub async fn lists_of(app: &App, who: &Principal, company: Option<&str>) -> Result<Vec<String>, ApiError> {
    match company {
        Some(id) => Ok(vec![app.seen_by(who).company(id).await?.id.into()]),
        None => {
            let own = who.company.id.as_str();
            Ok(vec![own.to_owned(), catalog::list_with(own)])
        }
    }
}

/// What was, with what is told in its place: null empties.
pub fn patched<S: Serialize + DeserializeOwned>(before: &S, told: Map<String, Value>) -> Result<S, ApiError> {
    let mut fields = match serde_json::to_value(before) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    };
    for (name, value) in told {
        match value {
            Value::Null if fields.contains_key(&name) => drop(fields.remove(&name)),
            value => drop(fields.insert(name, value)),
        }
    }
    let read = serde_json::from_value(Value::Object(fields));
    read.map_err(|error| Problem::new(422, "invalid", error.to_string()).into())
}

/// The form of a change: every field may be left out.
pub fn optional(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.required.clear();
            object.description = Some("What is not named stays, and null empties.".to_owned());
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// For which revision a change is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "described, never made")]
pub struct Revision {
    /// The `ETag` that you have read: whoever has changed it since is not overwritten. Any without it.
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
}

/// The answered form of a record and the form of a change of it, after the form that is filled in.
macro_rules! record_forms {
    ($(#[$doc:meta])* $details:ty, $settings:ident: $view:ident, $patch:ident) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $view {
            /// Its id.
            id: String,
            #[serde(flatten)]
            settings: $settings,
            /// When it was made.
            #[schema(value_type = String, format = DateTime)]
            created_at: jiff::Timestamp,
            /// Who made it, as they were called then.
            created_by: String,
            /// When it was changed last.
            #[schema(value_type = String, format = DateTime)]
            updated_at: jiff::Timestamp,
            /// Who changed it last, as they were called then.
            updated_by: String,
            /// Its revision, which is its `ETag` as well.
            revision: u64,
        }

        impl From<domain::record::Record<$details>> for $view {
            fn from(record: domain::record::Record<$details>) -> Self {
                Self {
                    settings: $settings::from(&record),
                    id: record.id.into(),
                    created_at: record.created_at,
                    created_by: record.created_by,
                    updated_at: record.updated_at,
                    updated_by: record.updated_by,
                    revision: record.revision,
                }
            }
        }

        #[derive(Debug, serde::Deserialize)]
        pub struct $patch(serde_json::Map<String, serde_json::Value>);

        impl utoipa::PartialSchema for $patch {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::routes::records::optional(<$settings as utoipa::PartialSchema>::schema())
            }
        }

        impl utoipa::ToSchema for $patch {
            fn schemas(
                schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>,
            ) {
                <$settings as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}
pub(crate) use record_forms;

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        name: String,
        note: Option<String>,
        #[serde(default, skip_serializing_if = "crate::fields::never_shown")]
        secret: Option<String>,
    }

    fn after(told: Value) -> Option<Form> {
        let before = Form { name: "a".into(), note: Some("b".into()), secret: None };
        patched(&before, told.as_object().unwrap().clone()).ok()
    }

    #[test]
    fn what_is_not_named_stays_and_null_empties() {
        let form = |name: &str, note: Option<&str>, secret: Option<&str>| {
            Some(Form { name: name.into(), note: note.map(str::to_owned), secret: secret.map(str::to_owned) })
        };
        assert_eq!(after(json!({})), form("a", Some("b"), None));
        assert_eq!(after(json!({"name": "c", "note": null})), form("c", None, None));
        assert_eq!(after(json!({"secret": "s"})), form("a", Some("b"), Some("s")));
        assert_eq!(after(json!({"name": null})), None, "a name is needed");
        assert_eq!(after(json!({"other": 1})), None);
        assert_eq!(after(json!({"other": null})), None);
    }
}
