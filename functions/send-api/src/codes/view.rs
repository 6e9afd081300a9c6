//! A code as it is answered, with the names and forms of the guide's example.

use domain::message::{Message, Status};
use domain::money::Amount;
use domain::two_factor::{CodeRequest, TwoFactorIntegration};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeRequestView {
    /// The `requestId`.
    id: String,
    /// The phone.
    #[schema(example = "4915112345678")]
    number: String,
    /// What the message costs.
    #[schema(value_type = f64, example = 0.0248)]
    rate: Box<RawValue>,
    /// Whether it is paid for; null until that is known.
    billable: Option<bool>,
    /// `SUBMIT` until the vendor has it, then `SENT`, and `DELIVERED` or `UNDELIVERED` in the end.
    #[schema(example = "SUBMIT")]
    status: &'static str,
    /// The sender ID.
    sender: String,
    /// `NUMBER_VERIFIED` is among them once somebody has typed the code.
    goals: Vec<&'static str>,
    /// When it was asked for, in milliseconds since 1970.
    created_at: i64,
    /// What was asked for.
    payload: CodePayload,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CodePayload {
    /// The phone.
    number: String,
}

impl CodeRequestView {
    /// The number of what was asked for before `masked_before` is masked, as everywhere.
    pub fn of(
        request: &CodeRequest,
        message: Option<&Message>,
        integration: &TwoFactorIntegration,
        masked_before: Option<Timestamp>,
    ) -> Self {
        let is_masked = masked_before.is_some_and(|till| request.requested_at < till);
        let number =
            if is_masked { request.recipient.masked() } else { request.recipient.clone() }.to_string();
        Self {
            id: request.id.to_string(),
            number: number.clone(),
            rate: decimal(message.map(Message::price).unwrap_or_default()),
            billable: message
                .filter(|message| message.status.is_final())
                .map(|message| !message.owes().is_zero()),
            status: message.map_or("SUBMIT", |message| status(message.status)),
            sender: integration.sender.to_string(),
            goals: request.verified_at.map(|_| "NUMBER_VERIFIED").into_iter().collect(),
            created_at: request.requested_at.as_millisecond(),
            payload: CodePayload { number },
        }
    }
}

/// A number of JSON, digit for digit: the guide has one here.
fn decimal(amount: Amount) -> Box<RawValue> {
    RawValue::from_string(amount.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Accepted | Status::Queued => "SUBMIT",
        Status::Submitted => "SENT",
        Status::Delivered => "DELIVERED",
        Status::Undelivered | Status::Expired | Status::Rejected | Status::Unsent | Status::Canceled => {
            "UNDELIVERED"
        }
    }
}
