//! From an operation to requests that name A's things: one with what is required, and one more for each
//! optional field or filter that could name something of A.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use super::world;
use crate::documents::{Operation, Parameter};

/// In every name of A's.
pub const MARK: &str = "Kestrel";

/// Something that requests name.
#[derive(Clone, Debug)]
pub struct Thing {
    pub text: String,
    /// Whether it is A's and nobody else's, unlike a country or a scope's number.
    pub own: bool,
}

/// What is in the world, by its collection (`/v1/agreements/{id}/packs`) and by what fields call it (`pack`).
#[derive(Default, Clone)]
pub struct Things {
    by_collection: BTreeMap<String, Thing>,
    by_name: BTreeMap<String, Thing>,
}

impl Things {
    /// An item of this collection, by the name that fields have for one.
    pub fn add(&mut self, collection: &str, text: &str, own: bool) {
        let thing = Thing { text: text.to_owned(), own };
        let last = collection.rsplit('/').next().unwrap_or_default();
        self.by_name.entry(singular(last)).or_insert_with(|| thing.clone());
        self.by_collection.entry(collection.to_owned()).or_insert(thing);
    }

    /// Another item of this collection.
    pub fn replace(&mut self, collection: &str, text: &str) {
        self.by_collection.insert(collection.to_owned(), Thing { text: text.to_owned(), own: true });
    }

    /// What a field of this name stands for.
    pub fn name(&mut self, name: &str, text: &str, own: bool) {
        self.by_name.insert(name.to_owned(), Thing { text: text.to_owned(), own });
    }

    pub fn knows(&self, collection: &str) -> bool {
        self.by_collection.contains_key(collection)
    }

    pub fn named(&self, name: &str) -> Option<&Thing> {
        self.by_name.get(name)
    }

    /// The texts that are A's alone.
    pub fn own(&self) -> impl Iterator<Item = &str> {
        let all = self.by_collection.values().chain(self.by_name.values());
        all.filter(|thing| thing.own).map(|thing| thing.text.as_str())
    }

    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        self.by_name.get(name).unwrap_or_else(|| panic!("the world has no {name}")).text.clone()
    }

    /// An item of the collection, or of one with the same last word.
    fn item(&self, collection: &str, parameter: &str) -> Option<&Thing> {
        let last = collection.rsplit('/').next().unwrap_or_default();
        let same_word = || self.by_collection.iter().find(|(key, _)| key.rsplit('/').next() == Some(last));
        let found = self.by_collection.get(collection).or_else(|| same_word().map(|(_, thing)| thing));
        found.or_else(|| (parameter != "id").then(|| self.by_name.get(parameter)).flatten())
    }
}

/// The singular of a collection's name.
pub fn singular(plural: &str) -> String {
    match plural {
        plural if plural.ends_with("ies") => format!("{}y", plural.trim_end_matches("ies")),
        plural if plural.ends_with("sses") => plural.trim_end_matches("es").to_owned(),
        plural => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    }
}

/// A request, and where it names something of A.
#[derive(Clone)]
pub struct Filled {
    pub operation: Operation,
    /// With its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
    /// What it has beyond what is required.
    pub extra: Option<String>,
    in_path: bool,
    elsewhere: bool,
}

impl Filled {
    pub fn told(&self) -> String {
        let extra = self.extra.as_ref().map(|extra| format!(" with {extra}")).unwrap_or_default();
        format!("{}{extra}", self.operation.name())
    }

    pub fn is_base(&self) -> bool {
        self.extra.is_none()
    }

    pub fn public(&self) -> bool {
        self.operation.public
    }

    pub fn path_names_a(&self) -> bool {
        self.in_path
    }

    pub fn names_a(&self) -> bool {
        self.in_path || self.elsewhere
    }

    /// The same, with other names for what is new: those with the mark are A's alone.
    pub fn by_a_stranger(&self) -> Self {
        let renamed = |body: &Value| serde_json::from_str(&body.to_string().replace(MARK, "Osprey")).unwrap();
        Self { body: self.body.as_ref().map(renamed), ..self.clone() }
    }

    /// All that was sent.
    pub fn sent(&self) -> String {
        format!("{} {}", self.path, self.body.as_ref().map(Value::to_string).unwrap_or_default())
    }
}

/// All requests for an operation, or what is not known about it.
pub fn fill(operation: &Operation, things: &Things) -> Result<Vec<Filled>, String> {
    let (path, in_path) = path_of(operation, things)?;
    let mut query = Vec::new();
    for parameter in operation.placed("query").filter(|parameter| parameter.required) {
        query.push((parameter.name.clone(), required(operation, parameter, things)?));
    }
    let headers = headers_of(operation)?;
    let body = body_of(operation, things);
    let mut all = vec![assembled(operation, &path, in_path, &query, &headers, body.clone(), None)];
    for parameter in operation.placed("query").filter(|parameter| !parameter.required) {
        let Some(thing) = things.named(&parameter.name).filter(|thing| thing.own) else { continue };
        let mut query = query.clone();
        query.push((parameter.name.clone(), thing.clone()));
        let extra = Some(parameter.name.clone());
        all.push(assembled(operation, &path, in_path, &query, &headers, body.clone(), extra));
    }
    for (name, value) in optional_references(operation, things) {
        let mut body = body.clone().unwrap_or_else(|| json!({}));
        if body.get(&name).is_some() {
            continue;
        }
        body[&name] = value;
        all.push(assembled(operation, &path, in_path, &query, &headers, Some(body), Some(name)));
    }
    let own: Vec<&str> = things.own().collect();
    for filled in &mut all {
        let body = filled.body.as_ref().map(Value::to_string).unwrap_or_default();
        filled.elsewhere |= own.iter().any(|text| body.contains(&format!("\"{text}\"")));
    }
    Ok(all)
}

fn assembled(
    operation: &Operation,
    path: &str,
    in_path: bool,
    query: &[(String, Thing)],
    headers: &[(String, String)],
    body: Option<Value>,
    extra: Option<String>,
) -> Filled {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query.iter().map(|(name, thing)| (name, &thing.text)));
    let query_text = text.finish();
    let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query_text}") };
    let elsewhere = query.iter().any(|(_, thing)| thing.own);
    let (operation, headers) = (operation.clone(), headers.to_vec());
    Filled { operation, path, headers, body, extra, in_path, elsewhere }
}

/// The path's parameters with the things that are known for them.
pub fn path_values(operation: &Operation, things: &Things) -> Vec<(String, String)> {
    let (mut collection, mut values) = (String::new(), Vec::new());
    for segment in operation.template.split('/').skip(1) {
        if let Some(parameter) = parameter_of(segment)
            && let Some(thing) = things.item(&collection, parameter)
        {
            values.push((parameter.to_owned(), thing.text.clone()));
        }
        collection = format!("{collection}/{segment}");
    }
    values
}

/// The name between braces.
fn parameter_of(segment: &str) -> Option<&str> {
    segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
}

fn path_of(operation: &Operation, things: &Things) -> Result<(String, bool), String> {
    let (mut path, mut collection, mut names_a) = (String::new(), String::new(), false);
    for segment in operation.template.split('/').skip(1) {
        let Some(parameter) = parameter_of(segment) else {
            path = format!("{path}/{segment}");
            collection = format!("{collection}/{segment}");
            continue;
        };
        let thing = match things.item(&collection, parameter) {
            Some(thing) => thing.clone(),
            // A token that nobody has.
            None if operation.public => Thing { text: "nothing".to_owned(), own: false },
            None => return Err(format!("nothing of A is known for {{{parameter}}} of {collection}")),
        };
        names_a |= thing.own;
        let encoded: String = form_urlencoded::byte_serialize(thing.text.as_bytes()).collect();
        path = format!("{path}/{encoded}");
        collection = format!("{collection}/{segment}");
    }
    Ok((path, names_a))
}

fn required(operation: &Operation, parameter: &Parameter, things: &Things) -> Result<Thing, String> {
    if let Some(text) = world::query(&operation.name(), &parameter.name, things) {
        return Ok(Thing { text, own: false });
    }
    if let Some(thing) = things.named(&parameter.name) {
        return Ok(thing.clone());
    }
    let plain = world::plain(&parameter.name).map(|text| json!(text));
    let told = plain.or_else(|| told_value(&parameter.schema));
    let value = told.ok_or_else(|| format!("no value is known for the query's {}", parameter.name))?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(Thing { text, own: false })
}

fn headers_of(operation: &Operation) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    for parameter in operation.placed("header").filter(|parameter| parameter.required) {
        let value = match parameter.name.to_lowercase().as_str() {
            // Made anew for each call.
            "idempotency-key" => continue,
            "if-match" => "\"1\"".to_owned(),
            other => return Err(format!("no value is known for the header {other}")),
        };
        headers.push((parameter.name.clone(), value));
    }
    Ok(headers)
}

pub fn body_of(operation: &Operation, things: &Things) -> Option<Value> {
    let body = operation.body.as_ref()?;
    let told = world::body(&operation.name(), things);
    Some(told.unwrap_or_else(|| value_of("", &body.schema, things)))
}

/// The optional fields of a body that could name something of A.
fn optional_references(operation: &Operation, things: &Things) -> Vec<(String, Value)> {
    let properties = operation.body.as_ref().and_then(|body| body.schema["properties"].as_object());
    let reference =
        |(name, schema): (&String, &Value)| Some((name.clone(), reference(name, schema, things)?));
    properties.into_iter().flatten().filter_map(reference).collect()
}

/// The thing that a field of this name stands for, if A has one: alone, or in a list.
fn reference(name: &str, schema: &Value, things: &Things) -> Option<Value> {
    if is_type(schema, "string") {
        return things.named(name).filter(|thing| thing.own).map(|thing| json!(thing.text));
    }
    let is_list = is_type(schema, "array") && is_type(&schema["items"], "string");
    let thing = things.named(&singular(name)).filter(|thing| is_list && thing.own)?;
    Some(json!([thing.text]))
}

fn is_type(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(own) => own == name && schema.get("enum").is_none() && schema.get("format").is_none(),
        Value::Array(several) => several.contains(&json!(name)) && schema.get("format").is_none(),
        _ => false,
    }
}

/// What the schema itself says a value looks like.
fn told_value(schema: &Value) -> Option<Value> {
    let first = |name: &str| schema[name].as_array().and_then(|values| values.first()).cloned();
    let told = schema.get("example").or(schema.get("const")).or(schema.get("default")).cloned();
    told.or_else(|| first("examples")).or_else(|| first("enum")).filter(|value| !value.is_null())
}

/// A value that fits the schema as well as one can tell: A's things, examples, required fields only.
pub fn value_of(name: &str, schema: &Value, things: &Things) -> Value {
    if let Some(reference) = reference(name, schema, things) {
        return reference;
    }
    let free_text = ["name", "description", "note", "comment", "title"].contains(&name);
    if let Some(told) = told_value(schema).filter(|_| !free_text) {
        return told;
    }
    if let Some(plain) = world::plain(name).filter(|_| is_type(schema, "string")) {
        return json!(plain);
    }
    for choice in ["oneOf", "anyOf"] {
        let choices = schema[choice].as_array().into_iter().flatten();
        if let Some(first) = choices.into_iter().find(|choice| choice["type"] != "null") {
            return value_of(name, first, things);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let fields = parts.iter().map(|part| value_of(name, part, things));
        let fields = fields.filter_map(|value| value.as_object().cloned()).flatten();
        return Value::Object(fields.collect());
    }
    typed_value(name, schema, things)
}

fn typed_value(name: &str, schema: &Value, things: &Things) -> Value {
    let kinds = match &schema["type"] {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    match kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null") {
        Some("string") => json!(text_of(name, schema["format"].as_str())),
        Some("integer" | "number") => json!(schema["minimum"].as_u64().unwrap_or(1).max(1)),
        Some("boolean") => json!(false),
        Some("array") => json!([value_of(&singular(name), &schema["items"], things)]),
        _ => Value::Object(required_fields(schema, things)),
    }
}

fn required_fields(schema: &Value, things: &Things) -> Map<String, Value> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let field = |name: &str| (name.to_owned(), value_of(name, &schema["properties"][name], things));
    required.map(field).collect()
}

fn text_of(name: &str, format: Option<&str>) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    match format {
        Some("date-time") => "2031-01-01T00:00:00Z".to_owned(),
        Some("date") => "2031-01-01".to_owned(),
        Some("uri") => "https://kestrel.example".to_owned(),
        _ if name.contains("email") => format!("person-{count}@kestrel.example"),
        _ if name.ends_with("url") => "https://kestrel.example".to_owned(),
        _ => format!("{MARK} {count}"),
    }
}
