//! The operations of both documents, as the tests of this target go through them.

use http::Method;
use serde_json::{Value, json};

/// Something that can be asked of an API.
#[derive(Clone)]
pub struct Operation {
    pub method: Method,
    /// `/v1/agreements/{id}/packs/{pack}`.
    pub template: String,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    /// Whether it asks for no key.
    pub public: bool,
    /// What it is called with.
    pub takes: Takes,
}

/// What says who calls.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Takes {
    /// An API key of a company or a person; a session does as well.
    ApiKey,
    /// A session, and no API key.
    Session,
    /// The key of a two-factor integration.
    IntegrationKey,
}

#[derive(Clone)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub required: bool,
    /// Without references.
    pub schema: Value,
}

#[derive(Clone)]
pub struct Body {
    pub media_type: String,
    /// Without references; what holds itself, as rate trees do, is followed so deep as requests go.
    pub schema: Value,
}

/// How often one reference is followed inside itself.
const TURNS_MAX: usize = 2;

impl Operation {
    /// `GET /v1/companies`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    pub fn reads(&self) -> bool {
        self.method == Method::GET
    }

    pub fn placed(&self, place: &str) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }
}

/// The documents of both APIs.
pub fn documents() -> [(&'static str, Value); 2] {
    [("portal-api", portal_api::openapi()), ("send-api", send_api::openapi())]
}

/// Every operation of both documents.
pub fn operations() -> Vec<Operation> {
    documents().iter().flat_map(|(_, document)| operations_of(document)).collect()
}

/// The operations of one document.
pub fn operations_of(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(template, item): (&String, &Value)| {
        let operation = |(method, operation): (&String, &Value)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            described(document, method, template, operation)
        };
        item.as_object().unwrap().iter().map(operation).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn described(document: &Value, method: Method, template: &str, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let security = operation.get("security").and_then(Value::as_array);
    Operation {
        method,
        template: template.to_owned(),
        parameters: parameters.map(|parameter| described_parameter(document, parameter)).collect(),
        body: body.map(|(media_type, content)| Body {
            media_type: media_type.clone(),
            schema: resolved(document, &content["schema"], &mut Vec::new()),
        }),
        takes: takes(security.into_iter().flatten()),
        public: security.is_some_and(|ways| ways.is_empty() || ways.contains(&json!({}))),
    }
}

/// # Panics
/// Where the tests have nothing to call with.
fn takes<'a>(ways: impl Iterator<Item = &'a Value>) -> Takes {
    let ways: Vec<&Value> = ways.collect();
    let has = |scheme: &str| ways.iter().any(|way| way.get(scheme).is_some());
    if has("api_key") || ways.contains(&&json!({})) {
        Takes::ApiKey
    } else if has("session") {
        Takes::Session
    } else {
        assert!(has("integration_key"), "nobody knows how to call with {ways:?}");
        Takes::IntegrationKey
    }
}

fn described_parameter(document: &Value, parameter: &Value) -> Parameter {
    Parameter {
        name: parameter["name"].as_str().unwrap().to_owned(),
        place: parameter["in"].as_str().unwrap().to_owned(),
        required: parameter["required"] == true,
        schema: resolved(document, &parameter["schema"], &mut Vec::new()),
    }
}

/// The schema with what it refers to in its place. `followed` are the references that lead here.
fn resolved<'a>(document: &'a Value, schema: &'a Value, followed: &mut Vec<&'a str>) -> Value {
    match schema {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                if followed.iter().filter(|known| **known == reference).count() == TURNS_MAX {
                    return Value::Null;
                }
                let target = document.pointer(reference.trim_start_matches('#'));
                let target = target.unwrap_or_else(|| panic!("{reference} leads nowhere"));
                followed.push(reference);
                let found = resolved(document, target, followed);
                followed.pop();
                found
            }
            None => fields
                .iter()
                .map(|(name, value)| (name.clone(), resolved(document, value, followed)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        },
        Value::Array(values) => values.iter().map(|value| resolved(document, value, followed)).collect(),
        other => other.clone(),
    }
}
