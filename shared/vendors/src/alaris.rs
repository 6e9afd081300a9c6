//! Alaris HTTP API, also sold as "Transit SMS": `command=submit` with JSON, and delivery reports that
//! each operator sends to us in a shape of its own choice.
//!
//! The manual is copied by its operators (okroute.freshdesk.com 14000143283 and 14000143287 to 89,
//! scarpeltele.com/sms-http-api); it names no error bodies, so those are kept as text.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::callback::{Callback, CallbackError, Parameters};
use crate::receipt::{Receipt, ReceiptState, state_of_word};

/// How an operator's platform is reached. Holds a password, so it cannot be printed.
#[derive(Clone, Deserialize)]
pub struct Link {
    /// With scheme, port and path: `https://HOST:8002/api`. They differ from operator to operator.
    pub url: String,
    pub username: String,
    pub password: String,
    /// Agreed with the operator, up to nine characters; often none.
    #[serde(default)]
    pub service_type: String,
    #[serde(default)]
    pub long_message_mode: LongMessageMode,
}

/// What the platform does with a text that is too long for one part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongMessageMode {
    Cut,
    Split,
    SplitSar,
    /// Split, with one id and one report for the whole: what we can follow best.
    #[default]
    SingleIdSplit,
    Payload,
    SplitOrPayload,
}

/// One message to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// Up to 32 letters and digits.
    pub sender: &'a str,
    /// International, digits only.
    pub recipient: &'a str,
    pub text: &'a str,
}

#[derive(Serialize)]
struct Submit<'a> {
    command: &'static str,
    username: &'a str,
    password: &'a str,
    ani: &'a str,
    dnis: &'a str,
    message: &'a str,
    #[serde(rename = "serviceType", skip_serializing_if = "str::is_empty")]
    service_type: &'a str,
    #[serde(rename = "longMessageMode")]
    long_message_mode: LongMessageMode,
}

/// Why no request can be made: what is configured or sent does not fit into one.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("the link's URL does not fit into a request")]
    Url(#[from] http::Error),
    #[error("the message cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// The request that submits a message. User name and password go into the body, never into the URL,
/// which everything on the way may log.
pub fn request(job: &Submission, link: &Link) -> Result<Request<String>, RequestError> {
    let body = serde_json::to_string(&Submit {
        command: "submit",
        username: &link.username,
        password: &link.password,
        ani: job.sender,
        dnis: job.recipient,
        message: job.text,
        service_type: &link.service_type,
        long_message_mode: link.long_message_mode,
    })?;
    Ok(Request::post(&link.url).header(CONTENT_TYPE, "application/json").body(body)?)
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken. One id for the whole message, except in the modes that split without a single id:
    /// those give one for each part, in order. Never empty.
    Submitted { vendor_refs: Vec<String> },
    /// Not taken, and would not be taken again. The reason is the vendor's text.
    Rejected { reason: String },
    /// Not taken because we are too fast. To be sent again later.
    Retry { reason: String },
    /// Perhaps taken. To be sent again only where sending twice is better than not at all: each
    /// message that the vendor takes is billed.
    InDoubt { reason: String },
}

/// Reads the answer to [`request`].
///
/// The manual says what success looks like and no more: a `message_id`. All else is a failure, of
/// which only 429 promises that nothing was done. A 5xx is in doubt: it was written after our body
/// had gone out, perhaps by a gateway that lost the platform's answer.
pub fn answer(status: StatusCode, body: &[u8]) -> Answer {
    if status.is_success() {
        let vendor_refs = message_ids(body);
        if !vendor_refs.is_empty() {
            return Answer::Submitted { vendor_refs };
        }
    }
    let reason = reason(status, body);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Answer::Retry { reason },
        _ if status.is_server_error() => Answer::InDoubt { reason },
        _ => Answer::Rejected { reason },
    }
}

/// The ids in an object, or in an array of objects as `split` gives it. The content type says
/// `text/html` either way.
fn message_ids(body: &[u8]) -> Vec<String> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(parts)) => parts.iter().filter_map(message_id).collect(),
        Ok(whole) => message_id(&whole).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

fn message_id(part: &Value) -> Option<String> {
    match part.get("message_id")? {
        Value::String(id) if !id.trim().is_empty() => Some(id.trim().to_owned()),
        Value::Number(id) if id.is_u64() => Some(id.to_string()),
        _ => None,
    }
}

/// Characters of a vendor's text that we keep: enough for a sentence, too few for an error page.
const REASON_CHARACTERS_MAX: usize = 200;

fn reason(status: StatusCode, body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(REASON_CHARACTERS_MAX).collect();
    match text.as_str() {
        "" => format!("status {} without a text", status.as_u16()),
        text => format!("status {}: {text}", status.as_u16()),
    }
}

/// How an operator writes its reports: parameter names, and status words beside the usual ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceiptParameters {
    pub vendor_ref: String,
    pub state: String,
    pub recipient: String,
    pub error_code: String,
    /// Looked up first, whatever the case of their letters.
    pub words: BTreeMap<String, ReceiptState>,
}

impl Default for ReceiptParameters {
    fn default() -> Self {
        Self {
            vendor_ref: "dlvrMsgId".to_owned(),
            state: "dlvrMsgStat".to_owned(),
            recipient: "dnis".to_owned(),
            error_code: "error_code".to_owned(),
            words: BTreeMap::new(),
        }
    }
}

impl ReceiptParameters {
    fn state_of(&self, word: &str) -> Option<ReceiptState> {
        let own = self.words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        own.map(|(_, state)| *state).or_else(|| state_of_word(word))
    }
}

/// Why a call is no delivery report.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Call(#[from] CallbackError),
    #[error("parameter {name:?} is missing")]
    Missing { name: String },
    /// Not taken for any state, as a wrong guess might end a message that is still on its way.
    #[error("{word:?} is no known status word")]
    Word { word: String },
}

/// Reads a delivery report. Whether the call came from the vendor is not judged here: these carry no
/// signature.
pub fn receipt(call: Callback, names: &ReceiptParameters) -> Result<Receipt, ReceiptError> {
    let parameters = Parameters::read(call)?;
    let required =
        |name: &String| parameters.get(name)?.ok_or_else(|| ReceiptError::Missing { name: name.clone() });
    let vendor_ref = required(&names.vendor_ref)?;
    let word = required(&names.state)?;
    let state = names.state_of(&word).ok_or(ReceiptError::Word { word })?;
    Ok(Receipt {
        vendor_ref,
        state,
        error_code: parameters.get(&names.error_code)?,
        recipient: parameters.get(&names.recipient)?,
    })
}

#[cfg(test)]
mod tests;
