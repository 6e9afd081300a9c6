//! Who changed what: one entry for each change and each login, with the fields that are different.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{AuditId, CompanyId};

/// Stands in the place of every secret, whatever its length.
pub const MASK: &str = "***";
/// Fields that are secrets wherever they stand.
/// Addresses of webhooks are among them: people write secrets into these.
const SECRETS: [&str; 10] = [
    "password",
    "password_hash",
    "secret",
    "hash",
    "key_hash",
    "token",
    "webhook_guid",
    "signing_key",
    "webhook_url",
    "result_url",
];
/// Of use to nobody who reads the log.
const UNSAID: &str = "request_hash";
/// A longer value is cut: an entry has to fit one item.
const VALUE_LENGTH_MAX: usize = 500;
/// Fields of one entry; a change of more is a change of the whole.
const FIELDS_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: Actor,
    /// What was done, as `agreement.change`.
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// Whose it is, and all above it: those who see the entry.
    pub path: Vec<CompanyId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub company: CompanyId,
    /// The id of a user or of an API key, or the name of a process of the platform.
    pub who: String,
    /// As it was called then: names change.
    pub name: String,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// Somebody does something to a thing of a company. Every write that people ask for takes one, and puts
/// its entry into the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// One of its own for each request.
    pub id: AuditId,
    pub actor: Actor,
    pub at: Timestamp,
    /// The company that the thing belongs to and all above it, from the owner down.
    pub path: Vec<CompanyId>,
}

impl Act {
    /// A process of the platform does something by itself.
    pub fn of_platform(id: AuditId, process: &str, company: &CompanyId, at: Timestamp) -> Self {
        let (who, name) = (process.to_owned(), process.to_owned());
        let actor = Actor { company: company.clone(), who, name, ip: None };
        Self { id, actor, at, path: vec![company.clone()] }
    }

    /// The same act on what belongs to a company with this path.
    #[must_use]
    pub fn on(self, path: &[CompanyId]) -> Self {
        Self { path: path.to_vec(), ..self }
    }

    /// What stands in the log. One request may do several things.
    pub fn entry(&self, action: &str, object: &str, changes: Vec<FieldChange>) -> AuditEntry {
        AuditEntry {
            id: AuditId::derived(&[self.id.as_str(), action, object]),
            at: self.at,
            actor: self.actor.clone(),
            action: action.to_owned(),
            object: object.to_owned(),
            path: self.path.clone(),
            changes,
        }
    }
}

/// A field that is different. None where there was or is no such field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// From the top down, as `link.window`.
    pub field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The fields in which two states of a thing differ, secrets masked. None of them for what is new or gone.
pub fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    walk("", before, after, &mut changes);
    changes.truncate(FIELDS_MAX);
    changes
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let fields = |value: Option<&Value>| -> Option<BTreeSet<String>> {
        match value {
            None => Some(BTreeSet::new()),
            Some(Value::Object(fields)) => Some(fields.keys().cloned().collect()),
            Some(_) => None,
        }
    };
    let (Some(mut names), Some(others)) = (fields(before), fields(after)) else {
        let (before, after) = (before.map(|value| shown(path, value)), after.map(|value| shown(path, value)));
        return changes.push(FieldChange { field: path.to_owned(), before, after });
    };
    names.extend(others);
    for name in names.into_iter().filter(|name| name != UNSAID) {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let child = |value: Option<&Value>| value.and_then(|value| value.get(&name)).cloned();
        walk(&below, child(before).as_ref(), child(after).as_ref(), changes);
    }
}

fn shown(path: &str, value: &Value) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    if SECRETS.contains(&name) {
        return MASK.to_owned();
    }
    let text = match value {
        Value::String(text) => text.clone(),
        other => masked(other.clone()).to_string(),
    };
    match text.char_indices().nth(VALUE_LENGTH_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The same without the secrets inside of lists.
fn masked(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(fields) => {
            let mask = |(name, value): (String, Value)| {
                let is_secret = SECRETS.contains(&name.as_str());
                let value = if is_secret { Value::from(MASK) } else { masked(value) };
                (name, value)
            };
            Value::Object(fields.into_iter().map(mask).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(before: Option<Value>, after: Option<Value>, expected: &[(&str, Option<&str>, Option<&str>)]) {
        let found = differences(before.as_ref(), after.as_ref());
        let found: Vec<_> = found
            .iter()
            .map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_deref()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_is_different_is_told_field_by_field() {
        let before = json!({"name": "A", "link": {"host": "h", "window": 10}, "enabled": true});
        let after = json!({"name": "A", "link": {"host": "h", "window": 20}, "enabled": false});
        check(
            Some(before.clone()),
            Some(after),
            &[("enabled", Some("true"), Some("false")), ("link.window", Some("10"), Some("20"))],
        );
        check(Some(before.clone()), Some(before), &[]);
    }

    #[test]
    fn what_is_new_or_gone_has_one_side() {
        check(
            None,
            Some(json!({"name": "A", "tags": ["x"]})),
            &[("name", None, Some("A")), ("tags", None, Some(r#"["x"]"#))],
        );
        check(Some(json!({"name": "A"})), None, &[("name", Some("A"), None)]);
        check(
            Some(json!({"a": 1})),
            Some(json!({"b": 2})),
            &[("a", Some("1"), None), ("b", None, Some("2"))],
        );
    }

    #[test]
    fn a_secret_is_seen_to_change_and_not_seen() {
        let (before, after) = (
            json!({"password": "old", "keys": []}),
            json!({
                "password": "new", "keys": [{"name": "k", "token": "t"}]
            }),
        );
        check(
            Some(before),
            Some(after),
            &[
                ("keys", Some("[]"), Some(r#"[{"name":"k","token":"***"}]"#)),
                ("password", Some(MASK), Some(MASK)),
            ],
        );
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        let text = "ж".repeat(600);
        let change = &differences(None, Some(&json!({ "text": text })))[0];
        assert_eq!(change.after.as_ref().map(|text| text.chars().count()), Some(501));
    }
}
