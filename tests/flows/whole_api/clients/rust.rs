//! Rust from an OpenAPI document: a type for each schema, a method for each operation. It knows what our
//! documents use, and leaves what it does not know a `Value`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

const HEAD: &str = "//! Generated from the OpenAPI document; see `lib.rs`.\n\n\
    #![allow(clippy::too_many_arguments, clippy::large_enum_variant, unused_imports)]\n\n\
    use std::collections::BTreeMap;\n\nuse reqwest::Method;\nuse serde::{Deserialize, Serialize};\n\
    use serde_json::Value;\n\nuse crate::{Client, Error, json, nothing, text, with_query, with_text};\n\n";
/// Those that our words could be.
const KEYWORDS: [&str; 18] = [
    "as", "box", "const", "do", "else", "enum", "final", "for", "if", "in", "match", "mod", "move",
    "override", "ref", "static", "type", "use",
];

/// The source of a client of this API.
pub fn client(document: &Value) -> String {
    let mut writer = Writer { document, source: HEAD.to_owned(), names: BTreeSet::new() };
    let schemas = document["components"]["schemas"].as_object().unwrap();
    // The crate's own: every error is one.
    for (name, schema) in schemas.iter().filter(|(name, _)| *name != "Problem") {
        writer.named(&pascal(name), schema);
    }
    let mut methods = String::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            writer.method(&mut methods, method, path, operation);
        }
    }
    let _ = write!(writer.source, "impl Client {{\n{methods}}}\n");
    writer.source
}

struct Writer<'a> {
    document: &'a Value,
    source: String,
    names: BTreeSet<String>,
}

impl Writer<'_> {
    /// A type of this name.
    fn named(&mut self, name: &str, schema: &Value) {
        if !self.names.insert(name.to_owned()) {
            return;
        }
        let source = if let Some(values) = texts(schema) {
            enumeration(name, schema, &values)
        } else if let Some((tag, variants)) = self.variants(schema) {
            self.tagged(name, schema, &tag, &variants)
        } else if self.fields(schema).is_empty() {
            let alias = self.kind(name, schema);
            format!("{}pub type {name} = {alias};\n\n", commented(schema))
        } else {
            let derives = "Debug, Clone, PartialEq, Serialize, Deserialize";
            let default = if self.has_default(schema) { ", Default" } else { "" };
            let fields = self.written_fields(name, schema, "pub ", &[]);
            format!(
                "{}#[derive({derives}{default})]\npub struct {name} {{\n{fields}}}\n\n",
                commented(schema)
            )
        };
        self.source.push_str(&source);
    }

    /// Name, schema and whether it is always there, of all parts of an object.
    fn fields(&self, schema: &Value) -> Vec<(String, Value, bool)> {
        let schema = self.target(schema);
        let mut fields = Vec::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            fields.extend(self.fields(part));
        }
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            // What is only taken is not in answers, and the type is that of both.
            let always = required.iter().any(|required| *required == name)
                && !is_nullable(property)
                && property["writeOnly"] != true;
            fields.push((name.clone(), property.clone(), always));
        }
        fields
    }

    /// The parts of an object that are one of several variants: what the field is called that holds the part,
    /// and its type.
    fn varied(&self, schema: &Value) -> Vec<(String, String)> {
        let mut varied = Vec::new();
        for part in self.target(schema)["allOf"].as_array().into_iter().flatten() {
            let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            match name.filter(|_| self.variants(self.target(part)).is_some()) {
                Some(name) => varied.push((snake_of_pascal(name), pascal(name))),
                None => varied.extend(self.varied(part)),
            }
        }
        varied
    }

    fn target<'b>(&'b self, schema: &'b Value) -> &'b Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    fn written_fields(&mut self, owner: &str, schema: &Value, public: &str, without: &[&str]) -> String {
        let mut text = String::new();
        for (name, property, always) in self.fields(schema) {
            if without.contains(&name.as_str()) {
                continue;
            }
            let kind = self.kind(&format!("{owner}{}", pascal(&name)), &property);
            text.push_str(&commented(&property));
            let field = if KEYWORDS.contains(&name.as_str()) { format!("{name}_") } else { snake(&name) };
            let mut options = Vec::new();
            if field != name {
                options.push(format!("rename = {name:?}"));
            }
            if !always {
                options.push("default, skip_serializing_if = \"Option::is_none\"".to_owned());
            }
            if !options.is_empty() {
                let _ = writeln!(text, "#[serde({})]", options.join(", "));
            }
            // A type that holds itself.
            let kind = if kind == owner { format!("Box<{kind}>") } else { kind };
            let kind = if always { kind } else { format!("Option<{kind}>") };
            let _ = writeln!(text, "{public}{field}: {kind},");
        }
        for (field, kind) in self.varied(schema) {
            let _ = writeln!(text, "/// Its fields stand beside the others.\n#[serde(flatten)]");
            let _ = writeln!(text, "{public}{field}: {kind},");
        }
        let more = self.target(schema)["additionalProperties"].clone();
        if more.is_object() {
            let kind = self.kind(&format!("{owner}Value"), &more);
            let _ = writeln!(text, "/// Fields by their names.\n#[serde(flatten)]");
            let _ = writeln!(text, "{public}more: BTreeMap<String, {kind}>,");
        }
        text
    }

    /// The Rust type of a schema; one that has no name of its own gets this one.
    fn kind(&mut self, name: &str, schema: &Value) -> String {
        if let Some(reference) = schema["$ref"].as_str() {
            return pascal(reference.rsplit('/').next().unwrap());
        }
        let choices: Vec<&Value> = schema["oneOf"].as_array().into_iter().flatten().collect();
        let others: Vec<&&Value> = choices.iter().filter(|choice| choice["type"] != "null").collect();
        if let ([only], 2) = (others.as_slice(), choices.len()) {
            return self.kind(name, only);
        }
        if texts(schema).is_some() || self.variants(schema).is_some() || !self.fields(schema).is_empty() {
            self.named(name, schema);
            return name.to_owned();
        }
        match kind_of(schema) {
            Some("string") => "String".to_owned(),
            Some("boolean") => "bool".to_owned(),
            Some("integer") => integer(schema).to_owned(),
            Some("number") => "f64".to_owned(),
            Some("array") => format!("Vec<{}>", self.kind(&format!("{name}Item"), &schema["items"])),
            Some("object") if schema["additionalProperties"].is_object() => {
                let value = self.kind(&format!("{name}Value"), &schema["additionalProperties"]);
                format!("BTreeMap<String, {value}>")
            }
            _ => "Value".to_owned(),
        }
    }

    /// The variants of a schema that a field tells apart, each with its tag's value.
    fn variants(&self, schema: &Value) -> Option<(String, Vec<(String, Value)>)> {
        let choices = schema["oneOf"].as_array()?;
        let mut tag = None;
        let mut variants = Vec::new();
        for choice in choices {
            let fields = self.fields(choice);
            let is_tag = |property: &Value| texts(property).is_some_and(|values| values.len() == 1);
            let (name, property, _) = fields
                .iter()
                .find(|(name, property, _)| is_tag(property) && tag.as_ref().is_none_or(|tag| tag == name))?;
            tag = Some(name.clone());
            variants.push((texts(property)?.remove(0), choice.clone()));
        }
        Some((tag?, variants))
    }

    fn tagged(&mut self, name: &str, schema: &Value, tag: &str, variants: &[(String, Value)]) -> String {
        let mut text = String::new();
        for (value, variant) in variants {
            let fields = self.written_fields(&format!("{name}{}", pascal(value)), variant, "", &[tag]);
            let fields = if fields.is_empty() { String::new() } else { format!("{{\n{fields}}}") };
            let _ = write!(
                text,
                "{}#[serde(rename = {value:?})]\n{}{fields},\n",
                commented(variant),
                pascal(value)
            );
        }
        let derives = "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]";
        format!("{}{derives}\n#[serde(tag = {tag:?})]\npub enum {name} {{\n{text}}}\n\n", commented(schema))
    }

    /// Whether everything that is always there has a value of its own to begin with.
    fn has_default(&self, schema: &Value) -> bool {
        let simple = |property: &Value| {
            let kind = kind_of(property);
            texts(property).is_none()
                && matches!(kind, Some("string" | "boolean" | "integer" | "number" | "array"))
        };
        self.varied(schema).is_empty()
            && self.fields(schema).iter().all(|(_, property, always)| !always || simple(property))
    }

    fn method(&mut self, methods: &mut String, method: &str, path: &str, operation: &Value) {
        let id = operation["operationId"].as_str().unwrap();
        let mut arguments = String::new();
        let mut calls = Vec::new();
        let parameters = || operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters().filter(|parameter| parameter["in"] == "path") {
            let name = snake(parameter["name"].as_str().unwrap());
            let _ = write!(arguments, ", {name}: &str");
        }
        if parameters().any(|parameter| parameter["in"] == "query") {
            let name = format!("{}Query", pascal(id));
            self.query(&name, operation);
            let _ = write!(arguments, ", query: &{name}");
            calls.push("let request = with_query(request, query);".to_owned());
        }
        for parameter in parameters().filter(|parameter| parameter["in"] == "header") {
            let header = parameter["name"].as_str().unwrap();
            let name = snake(header);
            if parameter["required"] == true {
                let _ = write!(arguments, ", {name}: &str");
                calls.push(format!("let request = request.header({header:?}, {name});"));
            } else {
                let _ = write!(arguments, ", {name}: Option<&str>");
                calls.push(format!(
                    "let request = match {name} {{ Some(value) => request.header({header:?}, value), None => request }};"
                ));
            }
        }
        self.body(id, operation, &mut arguments, &mut calls);
        let (kind, last) = self.answer(id, operation);
        let segments: Vec<String> = path.split('/').skip(1).map(segment).collect();
        let summary = operation["summary"].as_str().unwrap_or_default();
        let _ = write!(
            methods,
            "/// {summary}\n///\n/// `{} {path}`\npub async fn {id}(&self{arguments}) -> Result<{kind}, Error> {{\n\
             let request = self.request(Method::{}, &[{}]);\n{}\n{last}(request).await\n}}\n\n",
            method.to_uppercase(),
            method.to_uppercase(),
            segments.join(", "),
            calls.join("\n"),
        );
    }

    fn query(&mut self, name: &str, operation: &Value) {
        let mut text = String::new();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut simple = true;
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let own = parameter["name"].as_str().unwrap();
            let kind = self.kind(&format!("{name}{}", pascal(own)), &parameter["schema"]);
            let field = if KEYWORDS.contains(&own) { format!("{own}_") } else { snake(own) };
            text.push_str(&commented(parameter));
            if field != own {
                let _ = writeln!(text, "#[serde(rename = {own:?})]");
            }
            let always = parameter["required"] == true && !is_nullable(&parameter["schema"]);
            simple &= !always || matches!(kind.as_str(), "String" | "bool" | "i32" | "i64" | "u32" | "u64");
            let kind = if always { kind } else { format!("Option<{kind}>") };
            if !always {
                text.push_str("#[serde(skip_serializing_if = \"Option::is_none\")]\n");
            }
            let _ = writeln!(text, "pub {field}: {kind},");
        }
        let default = if simple { ", Default" } else { "" };
        let _ = write!(
            self.source,
            "/// What [`Client::{}`] asks by.\n#[derive(Debug, Clone, PartialEq, Serialize{default})]\npub struct {name} {{\n{text}}}\n\n",
            operation["operationId"].as_str().unwrap()
        );
    }

    fn body(&mut self, id: &str, operation: &Value, arguments: &mut String, calls: &mut Vec<String>) {
        let Some(content) = operation["requestBody"]["content"].as_object() else { return };
        match content.get("application/json") {
            Some(json) => {
                let kind = self.kind(&format!("{}Body", pascal(id)), &json["schema"]);
                let _ = write!(arguments, ", body: &{kind}");
                calls.push("let request = request.json(body);".to_owned());
            }
            None => {
                let media_type = content.keys().next().unwrap();
                arguments.push_str(", body: &str");
                calls.push(format!("let request = with_text(request, {media_type:?}, body);"));
            }
        }
    }

    /// The type of a good answer, and what reads it.
    fn answer(&mut self, id: &str, operation: &Value) -> (String, &'static str) {
        let responses = operation["responses"].as_object().unwrap();
        let good = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap().1;
        match good["content"].as_object() {
            None => ("()".to_owned(), "nothing"),
            Some(content) => match content.get("application/json") {
                Some(json) => (self.kind(&format!("{}Answer", pascal(id)), &json["schema"]), "json"),
                None => ("String".to_owned(), "text"),
            },
        }
    }
}

/// A part of a path: a word, or an argument.
fn segment(segment: &str) -> String {
    match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(parameter) => snake(parameter),
        None => format!("{segment:?}"),
    }
}

fn enumeration(name: &str, schema: &Value, values: &[String]) -> String {
    let variant = |value: &String| format!("#[serde(rename = {value:?})]\n{},\n", pascal(value));
    let variants: String = values.iter().map(variant).collect();
    let derives = "#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]";
    format!("{}{derives}\npub enum {name} {{\n{variants}}}\n\n", commented(schema))
}

/// The texts that a value may be, if they are listed.
fn texts(schema: &Value) -> Option<Vec<String>> {
    let values = schema["enum"].as_array()?.iter();
    let texts: Vec<_> = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
    (!texts.is_empty()).then_some(texts)
}

fn is_nullable(schema: &Value) -> bool {
    let has_null = |name: &str| {
        schema[name]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == "null" || one["type"] == "null"))
    };
    has_null("type") || has_null("oneOf")
}

fn kind_of(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str(),
    }
}

fn integer(schema: &Value) -> &'static str {
    match (schema["format"].as_str(), schema["minimum"].as_i64()) {
        (Some("int32"), Some(0..)) => "u32",
        (Some("int32"), _) => "i32",
        (_, Some(0..)) => "u64",
        _ => "i64",
    }
}

fn commented(schema: &Value) -> String {
    let text = schema["description"].as_str().or_else(|| {
        let choices = schema["oneOf"].as_array()?.iter();
        choices.filter_map(|choice| choice["description"].as_str()).next()
    });
    let line = |line: &str| format!("/// {}\n", line.trim_end());
    text.filter(|text| !text.is_empty()).map(|text| text.lines().map(line).collect()).unwrap_or_default()
}

/// `agreement_pack` and `List_UserView` to `AgreementPack` and `ListUserView`.
fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    let name: String = words.map(capital).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("N{name}") } else { name }
}

/// `ConnectionSettings` to `connection_settings`.
fn snake_of_pascal(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn snake(text: &str) -> String {
    let text = if KEYWORDS.contains(&text) { format!("{text}_") } else { text.to_owned() };
    text.replace(['-', '.'], "_").to_lowercase()
}
