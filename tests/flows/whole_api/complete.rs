//! The documents say everything: what each operation does and answers, what each field, filter and schema
//! means, and every reference and name leads to one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::body::{Body, to_bytes};
use http::{Method, Request};
use serde_json::Value;
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
