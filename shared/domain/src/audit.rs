//! Who changed what: one entry for each change and each login, with the fields that are different.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{AuditId, CompanyId, decode, digest};

/// Stands in the place of every secret, whatever its length.
pub const MASK: &str = "***";
/// Fields that are secrets wherever they stand.
/// Addresses of webhooks are among them: people write secrets into these. That of the vendor at which a sender
/// ID has its account is seen by who sees the connection.
const SECRETS: [&str; 11] = [
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
    "account_url",
];
/// Of use to nobody who reads the log.
const UNSAID: &str = "request_hash";
/// Octets of a value; a longer one is cut, and says how long it was. What it was and what it is fit together in
/// an entry that eight companies see.
const VALUE_BYTES_MAX: usize = 7_000;
/// Octets of the fields in all copies of an entry, one for each company that sees it. They are in the
/// transaction of the change, which holds 4 MB: a rate tree in it may take 3.6 of them, beside three entries.
const COPIES_BYTES_MAX: usize = 120_000;
/// What the names of its attributes add to a field.
const FIELD_BYTES: usize = 30;
/// In front of so many bits of an id are the milliseconds of its time, as in a UUIDv7.
const TIME_SHIFT: u32 = 80;

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
    /// How many more fields there were than one entry holds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl AuditEntry {
    /// Whose the thing is that it was done to.
    pub fn object_company(&self) -> &CompanyId {
        self.path.last().unwrap_or(&self.actor.company)
    }

    /// What its fields take.
    pub fn bytes(&self) -> usize {
        self.changes.iter().map(FieldChange::bytes).sum()
    }
}

impl AuditId {
    /// The id that these parts always lead to, which says when the entry was written.
    pub fn derived_at(at: Timestamp, parts: &[&str]) -> Self {
        let milliseconds = u128::try_from(at.as_millisecond()).unwrap_or_default();
        Self::new(milliseconds << TIME_SHIFT | digest(parts) >> (u128::BITS - TIME_SHIFT))
    }

    /// The millisecond in which the entry was written; none of an id that no entry has.
    pub fn at(&self) -> Option<Timestamp> {
        let milliseconds = decode(self.body())? >> TIME_SHIFT;
        Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
    }
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

    /// Octets of the fields that one entry holds.
    pub fn room(&self) -> usize {
        COPIES_BYTES_MAX / self.path.len().max(1)
    }

    /// What stands in the log. One request may do several things. Of a change of more fields than an entry
    /// holds it has the first ones that fit, and says how many more there were.
    pub fn entry(&self, action: &str, object: &str, mut changes: Vec<FieldChange>) -> AuditEntry {
        let (mut room, all) = (self.room(), changes.len());
        changes.retain(|change| {
            let left = room.checked_sub(change.bytes());
            room = left.unwrap_or(room);
            left.is_some()
        });
        let left_out = (all - changes.len()) as u64;
        AuditEntry {
            id: AuditId::derived_at(self.at, &[self.id.as_str(), action, object]),
            at: self.at,
            actor: self.actor.clone(),
            action: action.to_owned(),
            object: object.to_owned(),
            path: self.path.clone(),
            changes,
            left_out,
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

impl FieldChange {
    /// What it takes of an entry.
    pub fn bytes(&self) -> usize {
        let length = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        FIELD_BYTES + self.field.len() + length(&self.before) + length(&self.after)
    }
}

/// The fields in which two states of a thing differ, secrets masked. None of them for what is new or gone.
pub fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    differences_of("", before, after)
}

/// The same of what stands in a field.
pub fn differences_of(field: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    walk(field, before, after, &mut changes);
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
    if text.len() <= VALUE_BYTES_MAX {
        return text;
    }
    let end = text.floor_char_boundary(VALUE_BYTES_MAX);
    format!("{}… ({} characters)", &text[..end], text.chars().count())
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
    fn a_value_is_whole_unless_it_is_very_long_and_then_says_how_long_it_was() {
        let after = |text: String| differences(None, Some(&json!({ "text": text }))).remove(0).after.unwrap();
        let whole = "ж".repeat(VALUE_BYTES_MAX / 2);
        assert_eq!(after(whole.clone()), whole);
        // An octet in front, so that the cut would part a character.
        let longer = format!("a{whole}");
        let most = "ж".repeat(VALUE_BYTES_MAX / 2 - 1);
        assert_eq!(after(longer), format!("a{most}… ({} characters)", VALUE_BYTES_MAX / 2 + 1));
    }

    fn entry(levels: u128, after: &Value) -> AuditEntry {
        let at = Timestamp::constant(1_000, 1_500_000);
        let company = CompanyId::new(1);
        let act = Act::of_platform(AuditId::new(1), "test", &company, at);
        let path: Vec<_> = (1..=levels).map(CompanyId::new).collect();
        act.on(&path).entry("thing.change", "thing", differences(None, Some(after)))
    }

    #[test]
    fn an_entry_has_all_fields_that_fit_and_says_how_many_it_has_not() {
        let fields = |fields: usize| -> Value {
            (0..fields).map(|field| (format!("f{field:06}"), json!("v"))).collect()
        };
        let few = entry(3, &fields(1_000));
        assert_eq!((few.changes.len(), few.left_out), (1_000, 0));
        for levels in [1, 3, 8] {
            let entry = entry(levels, &fields(20_000));
            assert_eq!(entry.changes.len() as u64 + entry.left_out, 20_000, "{levels}");
            let copies = levels as usize * entry.bytes();
            let room = COPIES_BYTES_MAX - levels as usize * 100;
            assert!((room..=COPIES_BYTES_MAX).contains(&copies), "{levels}: {copies}");
        }
    }

    #[test]
    fn a_field_that_does_not_fit_hides_none_behind_it() {
        let long = "v".repeat(VALUE_BYTES_MAX);
        let entry = entry(8, &json!({"a": long, "b": long, "c": long, "d": "v"}));
        let told: Vec<_> = entry.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!((told.as_slice(), entry.left_out), (&["a", "b", "d"][..], 1));
    }

    #[test]
    fn the_id_of_an_entry_says_when_it_was_written() {
        let entry = entry(2, &json!({"name": "A"}));
        assert_eq!(entry.id.at(), Some(Timestamp::constant(1_000, 1_000_000)));
        assert_eq!(entry.object_company(), &CompanyId::new(2));
        let other = AuditId::derived_at(entry.at, &["another"]);
        assert_eq!((other.at(), other == entry.id), (entry.id.at(), false));
        assert_eq!(AuditId::new(u128::MAX).at(), None);
    }
}
