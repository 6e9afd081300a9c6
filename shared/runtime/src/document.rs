//! What every API's OpenAPI document says besides what its routes say themselves: who may call, the errors that
//! any call may meet, one name for each operation, and one schema for what several lists hold.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::auth::SESSION_COOKIE;
use crate::examples;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// The schemes by which an operation says who may call it.
const API_KEY: &str = "api_key";
const SESSION: &str = "session";
const CSRF_TOKEN: &str = "csrf_token";

/// The finished document. An operation takes API keys and sessions; with `security(("session" = []))` no API
/// keys, and with `security(())` it asks for nothing.
pub fn complete(document: OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["securitySchemes"] = schemes();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        share_listed(schemas);
        open_parts(schemas);
    }
    let mut names = BTreeSet::new();
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                let name = name(method, path);
                // `/v1/portal` and `/v1/portals/{id}`.
                let name = if names.contains(&name) { format!("{name}_by_id") } else { name };
                operation["operationId"] = json!(name);
                names.insert(name);
                name_schemes(method, operation);
                add_problems(method, operation);
            }
        }
    }
    examples::add(&mut document);
    document
}

fn schemes() -> Value {
    json!({
        API_KEY: {"type": "http", "scheme": "bearer", "description": "An API key."},
        SESSION: {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
            "description": "The cookie that logging in sets (`POST /v1/sessions`): `Secure`, `HttpOnly` and \
                `SameSite=Strict`. It counts only where no API key is sent, and ends with the session."},
        CSRF_TOKEN: {"type": "apiKey", "in": "header", "name": "X-CSRF-Token",
            "description": "The session's `csrf_token`, as logging in and `GET /v1/sessions/current` answer it. \
                Every request but GET that comes with the cookie has it too, or is refused with 403 \
                `csrf_token`: no other site's page knows it."},
    })
}

/// By what the operation can be called.
fn name_schemes(method: &str, operation: &mut Value) {
    if operation.get("security").is_none() {
        operation["security"] = json!([{API_KEY: []}, {SESSION: []}]);
    }
    let ways = operation["security"].as_array_mut().into_iter().flatten();
    for way in ways.filter(|way| method != "get" && way.get(SESSION).is_some()) {
        way[CSRF_TOKEN] = json!([]);
    }
}

/// `get_agreement_packs`: the method and the words of the path, in the singular before an id.
fn name(method: &str, path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|part| !["", "api", "v1"].contains(part)).collect();
    let mut name = method.to_owned();
    for (place, segment) in segments.iter().enumerate().filter(|(_, segment)| !segment.starts_with('{')) {
        let one = segments.get(place + 1).is_some_and(|next| next.starts_with('{'));
        let word = if one { singular(segment) } else { (*segment).to_owned() };
        name = format!("{name}_{word}");
    }
    name.replace(['-', '.'], "_")
}

fn singular(plural: &str) -> String {
    match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    }
}

/// A generic list brings the schema of its items along each time; named, it is there once.
fn share_listed(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().filter(|name| name.starts_with("List_")).cloned().collect();
    for list in names {
        let Some(items) = schemas[&list].pointer_mut("/properties/items/items") else { continue };
        let item = list.trim_start_matches("List_").to_owned();
        if items.get("$ref").is_some() {
            continue;
        }
        let reference = json!({"$ref": format!("#/components/schemas/{item}")});
        let inlined = std::mem::replace(items, reference);
        schemas.entry(item).or_insert(inlined);
    }
}

/// What is closed to further fields cannot be a part of something that has more: the tag of a variant, or what
/// stands beside settings in a view. Such requests are closed all the same, which their parts cannot say.
fn open_parts(schemas: &mut Map<String, Value>) {
    let mut parts = Vec::new();
    for schema in schemas.values() {
        collect_parts(schema, false, &mut parts);
    }
    while let Some(name) = parts.pop() {
        let Some(schema) = schemas.get_mut(&name) else { continue };
        let closed = schema["additionalProperties"] == false;
        if closed && let Some(fields) = schema.as_object_mut() {
            fields.remove("additionalProperties");
        }
        // Whatever it consists of is a part as well.
        if closed || schema.get("oneOf").is_some() {
            let mut inner = Vec::new();
            schema["oneOf"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|one| collect_parts(one, true, &mut inner));
            parts.extend(inner);
        }
    }
}

/// The names of the schemas that are parts of an `allOf` of this one.
fn collect_parts(schema: &Value, is_part: bool, names: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str).filter(|_| is_part) {
                names.extend(reference.rsplit('/').next().map(str::to_owned));
            }
            for (name, value) in fields {
                collect_parts(value, name == "allOf", names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_parts(value, is_part, names)),
        _ => {}
    }
}

/// What an operation may answer instead of what it documents itself.
fn add_problems(method: &str, operation: &mut Value) {
    let public = operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
    let headers: Vec<String> = parameters(operation, "header").map(str::to_lowercase).collect();
    let has_body = operation.get("requestBody").is_some();
    let has_header = |name: &str| headers.iter().any(|header| header == name);
    let takes = has_body || operation["parameters"].as_array().is_some_and(|all| !all.is_empty());
    let must_match = operation["parameters"].as_array().into_iter().flatten().any(|parameter| {
        parameter["required"] == true && parameter["name"].as_str().is_some_and(|name| name == "If-Match")
    });
    let problems = [
        (
            "400",
            has_body || has_header("idempotency-key") || has_header("if-match"),
            "The request cannot be read",
        ),
        ("401", !public, "Nothing valid says who calls: see `security`"),
        ("403", true, "Not allowed: for you, for your company, or while it is disabled"),
        ("404", takes, "What the request names is not there, or not yours to see"),
        ("409", method != "get" || takes, "It cannot be done as things are, or somebody else was quicker"),
        ("412", has_header("if-match"), "It was changed since the revision that you name"),
        ("413", has_body, "The body is too long"),
        ("415", has_body, "The body is of another media type"),
        ("422", takes, "The request breaks a rule: `code` says which, `field` where"),
        ("428", must_match, "`If-Match` is missing"),
        ("429", true, "Too many requests with this key or in this session: wait for `Retry-After` seconds"),
        ("503", true, "Something did not answer: send the same request again"),
    ];
    let responses = &mut operation["responses"];
    for (status, _, description) in problems.into_iter().filter(|(_, applies, _)| *applies) {
        if responses.get(status).is_none() {
            responses[status] = problem(description);
        }
    }
    responses["429"]["headers"] = limit_headers();
}

fn parameters<'a>(operation: &'a Value, place: &'a str) -> impl Iterator<Item = &'a str> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.filter(move |parameter| parameter["in"] == place).filter_map(|parameter| parameter["name"].as_str())
}

fn problem(description: &str) -> Value {
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    json!({"description": description, "content": {"application/problem+json": {"schema": schema}}})
}

fn limit_headers() -> Value {
    let header = |kind: &str, description: &str, example: Value| json!({"description": description, "schema": {"type": kind}, "example": example});
    json!({
        "Retry-After": header("integer", "Seconds until the next request is taken.", json!(1)),
        "RateLimit": header("string", "What is left to this `key` or `session` (`r`), and in how many seconds more is (`t`).",
            json!("\"key\";r=0;t=1")),
        "RateLimit-Policy": header("string", "How many requests (`q`) are taken in so many seconds (`w`).",
            json!("\"key\";q=600;w=1")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_called_by_its_method_and_the_words_of_its_path() {
        for (method, path, expected) in [
            ("get", "/v1/companies", "get_companies"),
            ("get", "/v1/companies/{id}", "get_company"),
            ("patch", "/v1/agreements/{id}/packs/{pack}", "patch_agreement_pack"),
            ("post", "/v1/imports/{id}/confirm", "post_import_confirm"),
            ("get", "/api/v1/2fa/requests/{id}", "get_2fa_request"),
        ] {
            assert_eq!(name(method, path), expected);
        }
    }
}
