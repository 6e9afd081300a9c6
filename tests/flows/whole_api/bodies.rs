//! Requests take what the documents say: each object of each body is sent with a field that nobody knows, and the
//! refusal names all that are known.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Body, to_bytes};
use domain::id::UserId;
use http::Request;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::documents::{Operation, Takes, operations};
use crate::people::sign_up;
use crate::platform::Platform;
use crate::tenancy_walk::world::{by_key, by_session, new_session};

const UNKNOWN: &str = "0";

/// An object in a body.
struct Part {
    /// A body with nothing but this object, and in that a field that nobody knows.
    body: Value,
    /// What the document has in it.
    fields: BTreeSet<String>,
    /// Those of them that tell variants apart, which refusals do not name.
    tags: BTreeSet<String>,
}

#[tokio::test]
async fn every_body_takes_the_fields_that_its_document_has_and_no_others() {
    let platform = Platform::new().await;
    let user = sign_up(&platform, &platform.owner, "ada", json!([])).await;
    let session = new_session(&platform.store, &UserId::try_from(user).unwrap()).await;
    let router = super::router(&platform);
    let (mut failures, mut compared) = (Vec::new(), BTreeSet::new());
    for operation in operations() {
        let shown = match operation.takes {
            Takes::Session => by_session(&session),
            Takes::ApiKey | Takes::IntegrationKey => by_key(&platform.owner.key),
        };
        let json = operation.body.as_ref().filter(|body| body.media_type == "application/json");
        for Part { body, fields, tags } in json.map(|json| parts(&json.schema)).unwrap_or_default() {
            let Some(taken) = named(&refusal(&router, &operation, &shown, &body).await) else { continue };
            let silent: Vec<_> = taken.difference(&fields).collect();
            let made_up: Vec<_> = fields.difference(&taken).filter(|name| !tags.contains(*name)).collect();
            if !silent.is_empty() || !made_up.is_empty() {
                let name = operation.name();
                failures.push(format!("{name}, {body}: {silent:?} is in no document, {made_up:?} not taken"));
            }
            compared.extend(taken);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // What is taken and never shown is easily left out.
    for secret in ["password", "secret", "webhook_secret", "signature_key", "key_file", "access_token"] {
        assert!(compared.contains(secret), "{secret}");
    }
}

/// All objects that a body of this schema can consist of.
fn parts(schema: &Value) -> Vec<Part> {
    let choices = ["oneOf", "anyOf"].iter().find_map(|choice| schema[*choice].as_array());
    if let Some(choices) = choices {
        return choices.iter().flat_map(parts).collect();
    }
    if let Some(items) = schema.get("items") {
        let listed = |part: Part| Part { body: json!([part.body]), ..part };
        return parts(items).into_iter().map(listed).collect();
    }
    let properties = properties(schema);
    if properties.is_empty() {
        return Vec::new();
    }
    let tag = |(name, property): (&String, &Value)| match property["enum"].as_array()?.as_slice() {
        [only] => Some((name.clone(), only.clone())),
        _ => None,
    };
    let tags: Map<String, Value> = properties.iter().filter_map(tag).collect();
    let with = |name: &str, value: Value| {
        let mut body = tags.clone();
        body.insert(name.to_owned(), value);
        Value::Object(body)
    };
    let mut all = vec![Part {
        body: with(UNKNOWN, json!(1)),
        fields: properties.keys().cloned().collect(),
        tags: tags.keys().cloned().collect(),
    }];
    for (name, property) in &properties {
        let inside = |part: Part| Part { body: with(name, part.body), ..part };
        all.extend(parts(property).into_iter().map(inside));
    }
    all
}

/// Those of an object, of all its parts.
fn properties(schema: &Value) -> Map<String, Value> {
    let mut all = schema["properties"].as_object().cloned().unwrap_or_default();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        all.extend(properties(part));
    }
    all
}

/// The detail of what is answered.
async fn refusal(
    router: &Router,
    operation: &Operation,
    shown: &[(&'static str, String)],
    body: &Value,
) -> String {
    let path: Vec<&str> = operation.template.split('/').map(filled).collect();
    let queries = operation.placed("query").filter(|query| query.required);
    let queries: Vec<String> = queries.map(|query| format!("{}=1", query.name)).collect();
    let uri = format!("{}?{}", path.join("/"), queries.join("&"));
    let request = Request::builder().method(&operation.method).uri(uri);
    let request = request.header("content-type", "application/json").header("if-match", "\"1\"");
    let mut request = request.header("idempotency-key", "once");
    for (name, value) in shown {
        request = request.header(*name, value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    answer["detail"].as_str().unwrap_or_default().to_owned()
}

/// Something stands for each parameter of a path.
fn filled(segment: &str) -> &str {
    if segment.starts_with('{') { "1" } else { segment }
}

/// The fields that are known, where an unknown one was refused.
fn named(refusal: &str) -> Option<BTreeSet<String>> {
    let (_, known) = refusal.split_once(&format!("unknown field `{UNKNOWN}`, "))?;
    Some(known.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn a_refusal_names_what_is_known() {
    let known = |expected: &str| {
        let names = named(&format!("the body: unknown field `0`, {expected} at line 1 column 4"));
        names.unwrap().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(known("there are no fields"), Vec::<String>::new());
    assert_eq!(known("expected `a`"), ["a"]);
    assert_eq!(known("expected `a` or `b`"), ["a", "b"]);
    assert_eq!(known("expected one of `a`, `b`, `c`"), ["a", "b", "c"]);
    assert_eq!(named("unknown variant `0`, expected `a`"), None);
}
