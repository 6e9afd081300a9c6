//! The documents say everything: what each operation does and answers, what each field, filter and schema
//! means, and every reference and name leads to one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::body::{Body, to_bytes};
use http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::documents::{Operation, documents, operations};
use crate::platform::Platform;

/// Each operation with its name and what the document says of it.
fn described(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item)| {
        let item: &Value = item;
        let path: &String = path;
        item.as_object().unwrap().iter().map(move |(method, said)| (format!("{method} {path}"), said))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Collects what a check finds in either document, and expects nothing.
#[track_caller]
fn holds(check: impl Fn(&Value, &mut BTreeSet<String>)) {
    let mut found = BTreeSet::new();
    for (_, document) in documents() {
        check(&document, &mut found);
    }
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn every_operation_says_what_it_does_and_belongs_to_one_part() {
    holds(|document, found| {
        let tags = document["tags"].as_array().into_iter().flatten();
        let tags: BTreeSet<&str> = tags.filter_map(|tag| tag["name"].as_str()).collect();
        for (name, said) in described(document) {
            if said["summary"].as_str().is_none_or(str::is_empty) {
                found.insert(format!("{name} has no summary"));
            }
            let own: Vec<_> =
                said["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if own.len() != 1 || !tags.contains(own[0]) {
                found.insert(format!("{name} belongs to {own:?}, which the document does not explain"));
            }
        }
    });
}

#[test]
fn every_operation_says_what_it_answers_in_good_and_in_bad_cases() {
    holds(|document, found| {
        for (name, said) in described(document) {
            let responses = said["responses"].as_object().unwrap();
            if !responses.keys().any(|status| status.starts_with(['2', '3'])) {
                found.insert(format!("{name} has no good answer"));
            }
            for status in ["429", "503"] {
                if !responses.contains_key(status) {
                    found.insert(format!("{name} does not say {status}"));
                }
            }
            for (status, response) in responses {
                let is_problem = response["content"]["application/problem+json"].is_object();
                if status.starts_with(['4', '5']) && !is_problem {
                    found.insert(format!("{name}: {status} is no problem details"));
                }
                if response["description"].as_str().is_none_or(str::is_empty) {
                    found.insert(format!("{name}: {status} is not explained"));
                }
            }
        }
    });
}

#[test]
fn every_operation_names_what_it_can_be_called_with_and_sessions_come_with_their_token() {
    holds(|document, found| {
        let schemes = &document["components"]["securitySchemes"];
        for (name, said) in described(document) {
            let ways: Vec<_> = said["security"].as_array().into_iter().flatten().collect();
            let named = || ways.iter().filter_map(|way| way.as_object()).flat_map(|way| way.keys());
            if ways.is_empty() || named().any(|scheme| schemes[scheme]["description"].is_null()) {
                found.insert(format!("{name} is called with {ways:?}"));
            }
            let has_token = |way: &Value| way.get("csrf_token").is_some() != name.starts_with("get ");
            if ways.iter().any(|way| way.get("session").is_some() && !has_token(way)) {
                found.insert(format!("{name} is called with {ways:?}"));
            }
        }
    });
}

#[test]
fn every_parameter_field_and_schema_says_what_it_is() {
    holds(|document, found| {
        for (name, said) in described(document) {
            for parameter in said["parameters"].as_array().into_iter().flatten() {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    found.insert(format!("{name}: {}", parameter["name"]));
                }
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            collect_silent(name, schema, found);
        }
    });
}

fn collect_silent(name: &str, schema: &Value, found: &mut BTreeSet<String>) {
    for parts in ["allOf", "oneOf", "anyOf"] {
        schema[parts].as_array().into_iter().flatten().for_each(|part| collect_silent(name, part, found));
    }
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        // The tag of a variant is explained by the schema that it tells apart.
        let is_tag = property["enum"].as_array().is_some_and(|values| values.len() == 1);
        if !is_tag && !is_described(property) {
            found.insert(format!("{name}.{field}"));
        }
        collect_silent(&format!("{name}.{field}"), property, found);
    }
    if schema.get("items").is_some() {
        collect_silent(name, &schema["items"], found);
    }
}

/// An optional field of a named schema has its description beside the name.
fn is_described(property: &Value) -> bool {
    let choices = property["oneOf"].as_array().into_iter().flatten();
    property["description"].is_string() || choices.into_iter().any(is_described)
}

/// What programmers begin with.
#[test]
fn every_json_body_has_an_example_that_its_schema_accepts() {
    holds(|document, found| {
        let body = |(name, said): (String, &Value)| {
            Some((name, said.pointer("/requestBody/content/application~1json")?.clone()))
        };
        let bodies: Vec<_> = described(document).into_iter().filter_map(body).collect();
        assert!(!bodies.is_empty());
        for (name, body) in bodies {
            let problem = match body.get("example") {
                Some(example) => misfit(document, &body["schema"], example),
                None => Some("a field that has to be there has no example".to_owned()),
            };
            found.extend(problem.map(|problem| format!("{name}: {problem}")));
        }
    });
}

/// Why a value is not what a schema describes, by the keywords that our documents use.
fn misfit(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return misfit(document, document.pointer(reference.trim_start_matches('#')).unwrap(), value);
    }
    let own = |schema: &Value| misfit(document, schema, value);
    let parts = |name: &str| schema[name].as_array().into_iter().flatten();
    if let Some(problem) = parts("allOf").find_map(own) {
        return Some(problem);
    }
    for choices in ["oneOf", "anyOf"] {
        let fitting = parts(choices).filter(|choice| own(choice).is_none()).count();
        if schema[choices].is_array() && (fitting == 0 || choices == "oneOf" && fitting > 1) {
            return Some(format!("{value} is {fitting} of {}", schema[choices]));
        }
    }
    if !is_kind(&schema["type"], value)
        || schema["enum"].as_array().is_some_and(|values| !values.contains(value))
        || !is_within(schema, "minimum", "maximum", value.as_f64())
        || !is_within(schema, "minLength", "maxLength", value.as_str().map(|text| count(text.chars())))
        || !is_within(schema, "minItems", "maxItems", value.as_array().map(|items| count(items.iter())))
    {
        return Some(format!("{value} is no {schema}"));
    }
    let fields = value.as_object();
    let has =
        |name: &Value| fields.is_some_and(|fields| name.as_str().is_some_and(|it| fields.contains_key(it)));
    if let Some(missing) = parts("required").find(|name| fields.is_some() && !has(name)) {
        return Some(format!("{missing} is missing in {value}"));
    }
    let of_field = |(name, field): (&String, &Value)| match schema["properties"].get(name) {
        Some(property) => misfit(document, property, field),
        None if schema["additionalProperties"] == false => Some(format!("{name} is unknown to {schema}")),
        None => None,
    };
    let of_item = |item: &Value| misfit(document, &schema["items"], item);
    let items = value.as_array().filter(|_| schema.get("items").is_some());
    fields.into_iter().flatten().find_map(of_field).or_else(|| items?.iter().find_map(of_item))
}

/// Whether a size, if the value has one, is from the first bound to the second.
fn is_within(schema: &Value, least: &str, most: &str, size: Option<f64>) -> bool {
    size.is_none_or(|size| {
        schema[least].as_f64().is_none_or(|least| least <= size)
            && schema[most].as_f64().is_none_or(|most| size <= most)
    })
}

fn count(things: impl Iterator) -> f64 {
    f64::from(u32::try_from(things.count()).unwrap())
}

/// Whether a value is of one of these types; a schema without them takes any.
fn is_kind(kinds: &Value, value: &Value) -> bool {
    match kinds {
        Value::Array(several) => several.iter().any(|kind| is_kind(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => value.is_null(),
        },
        _ => true,
    }
}

#[test]
fn a_value_that_breaks_its_schema_is_told() {
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["way"], "properties": {
        "way": {"oneOf": [{"type": "null"}, {"type": "string", "enum": ["in", "out"]}]},
        "code": {"type": "string", "minLength": 2, "maxLength": 3},
        "size": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "integer", "maximum": 5}]},
        "days": {"type": "array", "minItems": 1, "maxItems": 2,
            "items": {"type": "integer", "minimum": 1, "maximum": 28}}}});
    for (value, fits) in [
        (json!({"way": "in", "days": [1, 28]}), true),
        (json!({"way": null}), true),
        (json!({"way": "up"}), false),
        (json!({"days": [1]}), false),
        (json!({"way": "in", "days": [0]}), false),
        (json!({"way": "in", "days": 1}), false),
        (json!({"way": "in", "days": []}), false),
        (json!({"way": "in", "days": [1, 2, 3]}), false),
        (json!({"way": "in", "code": "öäü", "size": 6}), true),
        (json!({"way": "in", "code": "ö"}), false),
        (json!({"way": "in", "code": "abcd"}), false),
        (json!({"way": "in", "size": 3}), false),
        (json!({"way": "in", "when": 1}), false),
        (json!("in"), false),
    ] {
        assert_eq!(misfit(&Value::Null, &schema, &value).is_none(), fits, "{value}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    holds(|document, found| {
        for part in document.to_string().split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap_or_default();
            if document.pointer(pointer).is_none() {
                found.insert(pointer.to_owned());
            }
        }
    });
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    holds(|document, found| {
        let mut names = BTreeMap::new();
        for (name, said) in described(document) {
            let id = said["operationId"].as_str().unwrap_or_default().to_owned();
            if let Some(other) = names.insert(id.clone(), name.clone()) {
                found.insert(format!("{name} and {other} are both {id}"));
            }
        }
    });
}

/// Two types of one name would be one schema in the document, and one of them would be told wrong.
#[test]
fn every_schema_is_of_one_type() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for function in ["portal-api", "send-api"] {
        let mut names = BTreeSet::new();
        for file in sources(&root.join("functions").join(function).join("src")) {
            for name in schemas_of(&std::fs::read_to_string(&file).unwrap()) {
                assert!(names.insert(name.clone()), "{} has a second schema {name}", file.display());
            }
        }
        assert!(!names.is_empty());
    }
}

/// A field that serde skips one way only is in no schema, neither of what is taken nor of what is shown: secrets
/// have `skip_serializing_if` and `write_only`, and what is only shown is a field of answers alone.
#[test]
fn no_field_is_skipped_one_way_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut skipping = Vec::new();
    for function in ["portal-api", "send-api"] {
        for file in sources(&root.join("functions").join(function).join("src")) {
            let source = std::fs::read_to_string(&file).unwrap();
            let attributes = source.split("#[serde(").skip(1).filter_map(|rest| rest.split(")]").next());
            let mut words = attributes.flat_map(|attribute| attribute.split(',').map(str::trim));
            if words.any(|word| ["skip_serializing", "skip_deserializing"].contains(&word)) {
                skipping.push(file);
            }
        }
    }
    assert!(skipping.is_empty(), "{skipping:?}");
}

/// Without the header there, generated clients could not send it, and 412 would be no answer that they know.
#[test]
fn every_operation_that_heeds_if_match_names_it_and_no_other_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut heeding = BTreeSet::new();
    for file in ["portal-api", "send-api"]
        .iter()
        .flat_map(|function| sources(&root.join("functions").join(function).join("src")))
    {
        heeding.extend(heeding_if_match(&std::fs::read_to_string(&file).unwrap()));
    }
    let names = |operation: &Operation| operation.placed("header").any(|header| header.name == "If-Match");
    let naming: BTreeSet<String> =
        operations().iter().filter(|one| names(one)).map(Operation::name).collect();
    assert_eq!(heeding.difference(&naming).collect::<Vec<_>>(), Vec::<&String>::new(), "do not name it");
    assert_eq!(naming.difference(&heeding).collect::<Vec<_>>(), Vec::<&String>::new(), "do not heed it");
    assert!(!naming.is_empty());
}

/// The operations whose handlers take the extractor, as `Operation::name` has them.
fn heeding_if_match(source: &str) -> Vec<String> {
    let heeds = |rest: &str| {
        let path = rest.split_once("path = \"")?.1.split('"').next()?;
        let arguments = rest.split_once("async fn ")?.1.split_once(") -> ")?.0;
        let method = rest.split(',').next()?.trim().to_uppercase();
        arguments.contains(": IfMatch").then(|| format!("{method} {path}"))
    };
    source.split("#[utoipa::path(").skip(1).filter_map(heeds).collect()
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = |path: std::path::PathBuf| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    };
    entries
        .flat_map(files)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The names of the types that derive `ToSchema`.
fn schemas_of(source: &str) -> Vec<String> {
    let derived = source.split("ToSchema)]").skip(1);
    let name = |rest: &str| {
        let line = rest.lines().find(|line| line.contains("struct ") || line.contains("enum "))?;
        let after = line.split("struct ").nth(1).or_else(|| line.split("enum ").nth(1))?;
        let end = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
        // Of a macro, the name is somewhere else.
        Some(after[..end].to_owned()).filter(|name| !name.is_empty())
    };
    derived.filter_map(name).collect()
}

/// Route and document come from one line, so what is served is what the document lists; here the other way
/// round: everything that is listed is served.
#[tokio::test]
async fn every_operation_is_served_and_needs_a_key_unless_it_says_otherwise() {
    let platform = Platform::new().await;
    let router = super::router(&platform);
    for operation in operations().into_iter().filter(|operation| !operation.public) {
        let path: String = operation.template.replace(['{', '}'], "");
        let request = Request::builder().method(&operation.method).uri(path);
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 401, "{}", operation.name());
    }
}

#[tokio::test]
async fn the_documents_need_no_key_and_are_what_the_code_says() {
    let platform = Platform::new().await;
    let router = super::router(&platform);
    for (path, (_, document)) in ["/v1/openapi.json", "/v1/messages/openapi.json"].iter().zip(documents()) {
        let request = Request::builder().method(Method::GET).uri(*path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let served: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(served["openapi"], "3.1.0");
        assert_eq!(served, document, "{path}");
    }
}
