//! An example of each JSON body that the operations of an OpenAPI document take, put together from the examples of
//! its fields. One that a schema gives for the whole stays as it is.

use domain::id::{
    AgreementId, BankAccountId, BankId, CompanyId, ConnectionId, LegalEntityId, OwnLegalEntityId, PaymentId,
    PaymentSystemId, PortalId, PurchaseId, ServiceId, WalletId,
};
use serde_json::{Map, Value, json};

const TIME: &str = "2026-12-01T00:00:00Z";
const DAY: &str = "2026-12-01";
/// What ids have behind their prefix.
const ID_BODY: &str = "01kd3v5x9q8m7n6p5r4s3t2v1w";

/// Puts an example beside the schema of every JSON body that has none, and whose fields tell enough for one.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let schemas = Schemas(&schemas);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in paths.filter_map(|(_, item)| item.as_object_mut()).flatten() {
        let Some(body) = operation.pointer_mut("/requestBody/content/application~1json") else { continue };
        if body.get("example").is_none()
            && let Some(example) = schemas.example("", &body["schema"], &mut Vec::new())
        {
            body["example"] = example;
        }
    }
}

/// Those that the document names.
struct Schemas<'a>(&'a Map<String, Value>);

impl Schemas<'_> {
    /// An example of what is called so. None where something that has to be in it has none. `inside` are the
    /// references that lead here: nothing is put inside itself.
    fn example(&self, name: &str, schema: &Value, inside: &mut Vec<String>) -> Option<Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            if inside.iter().any(|known| known == reference) {
                return None;
            }
            inside.push(reference.to_owned());
            let named = self.0.get(reference.rsplit('/').next().unwrap_or_default());
            let example = named.and_then(|schema| self.example(name, schema, inside));
            inside.pop();
            return example;
        }
        if let Some(told) = told(schema) {
            return Some(told);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.whole(name, parts, inside);
        }
        let choices = ["oneOf", "anyOf"].iter().find_map(|choice| schema[*choice].as_array());
        if let Some(choices) = choices {
            let mut choices = choices.iter().filter(|choice| choice["type"] != "null");
            return choices.find_map(|choice| self.example(name, choice, inside));
        }
        match kind(schema) {
            Some("object") => self.object(schema, inside).map(Value::Object),
            Some("array") => {
                Some(self.example(name, &schema["items"], inside).into_iter().collect::<Vec<_>>().into())
            }
            Some("boolean") => Some(json!(true)),
            Some("integer" | "number") => Some(json!(schema["minimum"].as_i64().unwrap_or(1).max(1))),
            Some("string") => text(name, schema["format"].as_str()).map(Value::String),
            // Anything is allowed.
            _ => Some(json!({})),
        }
    }

    /// What all these parts make together.
    fn whole(&self, name: &str, parts: &[Value], inside: &mut Vec<String>) -> Option<Value> {
        let mut fields = Map::new();
        for part in parts {
            match self.example(name, part, inside)? {
                Value::Object(some) => fields.extend(some),
                value => return Some(value),
            }
        }
        Some(Value::Object(fields))
    }

    /// All fields that have to be there, and those that tell an example themselves; at least one, as a change of
    /// nothing is none.
    fn object(&self, schema: &Value, inside: &mut Vec<String>) -> Option<Map<String, Value>> {
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
        let properties = || schema["properties"].as_object().into_iter().flatten();
        let mut fields = Map::new();
        for (name, property) in properties() {
            let is_required = required.iter().any(|required| *required == name);
            if is_required || told(property).is_some() {
                fields.insert(name.clone(), self.example(name, property, inside)?);
            }
        }
        if fields.is_empty() {
            let mut each = properties();
            let first = each.find_map(|(name, field)| Some((name, self.example(name, field, inside)?)));
            fields.extend(first.map(|(name, example)| (name.clone(), example)));
        }
        Some(fields)
    }
}

/// What a schema says itself.
fn told(schema: &Value) -> Option<Value> {
    let first = |name: &str| schema[name].as_array().and_then(|values| values.first()).cloned();
    let told = ["example", "const", "default"].iter().find_map(|name| schema.get(*name)).cloned();
    told.or_else(|| first("examples")).or_else(|| first("enum")).filter(|value| !value.is_null())
}

fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str(),
    }
}

/// A text by its format, or by its name where that says the same everywhere. Other fields tell an example of
/// their own.
fn text(name: &str, format: Option<&str>) -> Option<String> {
    let prefix = match (format, name) {
        (Some("date-time"), _) => return Some(TIME.to_owned()),
        (Some("date"), _) => return Some(DAY.to_owned()),
        (_, "amount") => return Some("100".to_owned()),
        (_, "first_name") => return Some("Ada".to_owned()),
        (_, "last_name") => return Some("Lovelace".to_owned()),
        (_, "name") => return Some("Bakery".to_owned()),
        (_, "password" | "new_password") => return Some("correct-Horse-battery-9".to_owned()),
        (_, "token") => return Some("as-it-was-mailed".to_owned()),
        (_, "agreement") => AgreementId::PREFIX,
        (_, "bank") => BankId::PREFIX,
        (_, "bank_account" | "own_bank_account") => BankAccountId::PREFIX,
        (_, "client" | "company") => CompanyId::PREFIX,
        (_, "connection") => ConnectionId::PREFIX,
        (_, "from" | "to" | "wallet") => WalletId::PREFIX,
        (_, "legal_entity") => LegalEntityId::PREFIX,
        (_, "own_legal_entity") => OwnLegalEntityId::PREFIX,
        (_, "pack") => PurchaseId::PREFIX,
        (_, "payment") => PaymentId::PREFIX,
        (_, "payment_system") => PaymentSystemId::PREFIX,
        (_, "portal") => PortalId::PREFIX,
        (_, "service") => ServiceId::PREFIX,
        _ => return None,
    };
    Some(format!("{prefix}{ID_BODY}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_put_together_from_the_examples_of_its_fields() {
        let mut document = json!({
            "paths": {"/v1/payments": {"post": {"requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Payment"}}}}}}},
            "components": {"schemas": {
                "Payment": {"allOf": [{"$ref": "#/components/schemas/Money"}, {"type": "object",
                    "required": ["agreement", "at", "way", "with"],
                    "properties": {
                        "agreement": {"type": "string"},
                        "at": {"type": "string", "format": "date-time"},
                        "way": {"type": "string", "enum": ["in", "out"]},
                        "with": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Payment"},
                            {"type": "boolean"}]},
                        "note": {"type": ["string", "null"], "example": "by wire"},
                        "silent": {"type": "string"}
                    }}]},
                "Money": {"type": "object", "required": ["amount", "parts"], "properties": {
                    "amount": {"type": "string"}, "parts": {"type": "array", "items": {"type": "integer"}}}}
            }}
        });
        add(&mut document);
        let body = &document["paths"]["/v1/payments"]["post"]["requestBody"]["content"]["application/json"];
        let expected = json!({"amount": "100", "parts": [1], "agreement": format!("agr_{ID_BODY}"), "at": TIME,
            "way": "in", "with": true, "note": "by wire"});
        assert_eq!(body["example"], expected);
    }

    #[test]
    fn where_a_field_that_has_to_be_there_tells_nothing_there_is_no_example() {
        let schema =
            json!({"type": "object", "required": ["silent"], "properties": {"silent": {"type": "string"}}});
        let mut document = json!({"paths": {"/": {"post": {"requestBody": {"content": {"application/json": {
            "schema": schema}}}}}}});
        add(&mut document);
        assert!(!document.to_string().contains("example"));
    }
}
