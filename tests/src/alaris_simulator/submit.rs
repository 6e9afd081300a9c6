//! Reads a submit as the manual describes it (okroute.freshdesk.com 14000143283).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use domain::segmentation::segment;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::ReceivedMessage;

const ANI_CHARACTERS_MAX: usize = 32;
const SERVICE_TYPE_OCTETS_MAX: usize = 9;
const DESTINATIONS_MAX: usize = 100;
const MODES: [&str; 6] = ["cut", "split", "split_sar", "single_id_split", "payload", "split_or_payload"];

/// An answer that is no id.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub body: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, body: &str) -> Self {
        Self { status, body: body.to_owned() }
    }

    fn bad(body: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, body)
    }
}

/// One submit, for up to a hundred destinations.
pub(super) struct Submit {
    ani: String,
    pub dnis: Vec<String>,
    message: String,
    service_type: String,
    long_message_mode: String,
}

impl Submit {
    pub(super) fn read(
        query: &str,
        content_type: Option<&str>,
        body: &[u8],
        username: &str,
        password: &str,
    ) -> Result<Self, Refusal> {
        let mut parameters = parameters(query, content_type, body)?;
        let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
        if take("username") != username || take("password") != password {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "Incorrect login"));
        }
        if take("command") != "submit" {
            return Err(Refusal::bad("Unknown command"));
        }
        let submit = Self {
            ani: take("ani"),
            dnis: take("dnis").split(',').map(str::to_owned).collect(),
            message: take("message"),
            service_type: take("serviceType"),
            long_message_mode: take("longMessageMode"),
        };
        submit.checked()
    }

    fn checked(self) -> Result<Self, Refusal> {
        if self.ani.is_empty() || ANI_CHARACTERS_MAX < self.ani.chars().count() {
            return Err(Refusal::bad("Incorrect ani"));
        }
        if DESTINATIONS_MAX < self.dnis.len() {
            return Err(Refusal::bad("Too many destination numbers"));
        }
        let is_number = |dnis: &String| !dnis.is_empty() && dnis.bytes().all(|digit| digit.is_ascii_digit());
        if !self.dnis.iter().all(is_number) {
            return Err(Refusal::bad("Incorrect dnis"));
        }
        if self.message.is_empty() {
            return Err(Refusal::bad("Empty message"));
        }
        if SERVICE_TYPE_OCTETS_MAX < self.service_type.len() {
            return Err(Refusal::bad("Incorrect serviceType"));
        }
        if !self.long_message_mode.is_empty() && !MODES.contains(&self.long_message_mode.as_str()) {
            return Err(Refusal::bad("Incorrect longMessageMode"));
        }
        Ok(self)
    }

    /// The modes that split and do not say "single id" give each part its own.
    fn is_split(&self) -> bool {
        matches!(self.long_message_mode.as_str(), "split" | "split_sar")
    }

    pub(super) fn ids_count(&self) -> usize {
        if self.is_split() { segment(&self.message).segments_count().max(1) } else { 1 }
    }

    /// An array for the modes that split, even around a single part; else an object.
    pub(super) fn answer(&self, ids: &[String]) -> Value {
        let mut parts = ids.iter().map(|id| json!({ "message_id": id }));
        if self.is_split() { parts.collect() } else { parts.next().unwrap_or_default() }
    }

    pub(super) fn received(&self, dnis: &str, message_ids: &[String]) -> ReceivedMessage {
        ReceivedMessage {
            ani: self.ani.clone(),
            dnis: dnis.to_owned(),
            message: self.message.clone(),
            service_type: self.service_type.clone(),
            long_message_mode: self.long_message_mode.clone(),
            message_ids: message_ids.to_vec(),
            at: Timestamp::now(),
        }
    }
}

/// What stands in the query and in the body, which wins. Texts stay as they are, blanks and all.
fn parameters(
    query: &str,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut parameters: BTreeMap<String, String> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if content_type.is_some_and(|text| text.starts_with("application/json")) {
        let object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Refusal::bad("Incorrect JSON"))?;
        parameters.extend(object.into_iter().map(|(name, value)| (name, text(value))));
    } else {
        parameters.extend(form_urlencoded::parse(body).into_owned());
    }
    Ok(parameters)
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
