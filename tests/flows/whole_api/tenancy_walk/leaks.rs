//! What an answer must not show, and what of an answer changes by itself.

use serde_json::Value;

use super::filling::{Filled, MARK};
use super::world::{Asked, World};

/// Fields that differ from one reading to the next: links that are signed anew, and clocks.
const UNSTEADY: &[&str] = &["url", "upload_url", "expires_at", "last_used_at", "now", "generated_at"];

/// Ids and names of A in the answer to a stranger, but for those that the stranger sent.
pub fn of(asked: &Asked, request: &Filled, world: &World, below: bool) -> Vec<String> {
    let sent = request.sent();
    let ids = world.things.own().chain(world.ids.iter().map(String::as_str));
    let mut found: Vec<String> = ids
        .filter(|id| asked.text.contains(&format!("\"{id}\"")) && !sent.contains(*id))
        // A child knows whom it buys from.
        .filter(|id| !below || *id != world.things.text("company"))
        .map(str::to_owned)
        .collect();
    // What strangers make is named otherwise, see `Filled::by_a_stranger`.
    if asked.text.contains(MARK) {
        found.push(format!("a name of A: {}", asked.text.chars().take(400).collect::<String>()));
    }
    found.sort();
    found.dedup();
    found
}

/// The answer without what changes by itself.
pub fn steady(mut body: Value) -> Value {
    forget(&mut body);
    // Of a list: which time it covers, up to now unless told.
    if let Some(fields) = body.as_object_mut().filter(|fields| fields.contains_key("items")) {
        fields.retain(|name, _| !["from", "till"].contains(&name.as_str()));
    }
    body
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !UNSTEADY.contains(&name.as_str()));
            fields.values_mut().for_each(forget);
        }
        Value::Array(values) => values.iter_mut().for_each(forget),
        _ => {}
    }
}
