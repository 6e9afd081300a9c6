//! Generated from the OpenAPI document; see `lib.rs`.

#![allow(clippy::too_many_arguments, clippy::large_enum_variant, unused_imports)]

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error, json, nothing, text, with_query, with_text};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CodeAnswer {
    /// What the person has typed.
    pub code: String,
    /// As it was answered when the code was sent.
    #[serde(rename = "requestId")]
    pub requestid: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CodeAsk {
    /// The code, if your own software makes it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The phone, in international form.
    pub number: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CodePayload {
    /// The phone.
    pub number: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeRequestView {
    /// Whether it is paid for; null until that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billable: Option<bool>,
    /// When it was asked for, in milliseconds since 1970.
    #[serde(rename = "createdAt")]
    pub createdat: i64,
    /// `NUMBER_VERIFIED` is among them once somebody has typed the code.
    pub goals: Vec<String>,
    /// The `requestId`.
    pub id: String,
    /// The phone.
    pub number: String,
    /// What was asked for.
    pub payload: CodePayload,
    /// What the message costs.
    pub rate: f64,
    /// The sender ID.
    pub sender: String,
    /// `SUBMIT` until the vendor has it, then `SENT`, and `DELIVERED` or `UNDELIVERED` in the end.
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CodeSent {
    /// Names the code from now on.
    #[serde(rename = "requestId")]
    pub requestid: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CodeVerified {
    /// The phone whose owner has shown the code.
    pub number: String,
    /// When, in seconds since 1970.
    #[serde(rename = "verifiedAt")]
    pub verifiedat: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MessageList {
    /// Newest first.
    pub items: Vec<MessageView>,
    /// Ask with this as `cursor` for the next page; missing on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MessageView {
    /// When it was charged and stored.
    pub accepted_at: String,
    /// As it was sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// When its last status was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Its id.
    pub id: String,
    /// The recipient's network, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// What is owed for it: zero once it was refunded.
    pub price: String,
    /// Where the status alone does not say it; `in_doubt` while nobody knows whether the vendor took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// International form, digits only; with stars for most of them once it is as old as the platform's
    /// setting says.
    pub recipient: String,
    /// Parts that it was sent in.
    pub segments: u32,
    /// The sender ID that it was sent from.
    pub sender: String,
    /// `accepted`, `queued`, `submitted`, `delivered`, `undelivered`, `expired`, `rejected` or `unsent`.
    pub status: String,
    /// When a vendor took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RefusedRecipient {
    /// `invalid_number`, `no_rate`, `blocked`, `service_archived` or `repeated`.
    pub code: String,
    /// Why, in words.
    pub detail: String,
    /// As it was sent.
    pub recipient: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SendRequest {
    /// Which agreement pays, if several have the sender ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Kept with the messages, to find them by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    /// 1 to 1,000 numbers in international form.
    pub recipients: Vec<String>,
    /// The most segments that the text may take; 10 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments_max: Option<u32>,
    /// One of your sender IDs.
    pub sender: String,
    /// What to send; long texts and other alphabets take several segments.
    pub text: String,
}

/// An accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Sent {
    /// Your balance after this request, if nothing else was spent at the same moment.
    pub balance_after: String,
    /// ISO 4217, or `CREDIT` for message credits.
    pub currency: String,
    /// `gsm7` or `ucs2`: the alphabet that the text needs.
    pub encoding: String,
    /// One for each recipient that gets it.
    pub messages: Vec<SentMessage>,
    /// Recipients that get nothing and cost nothing.
    pub refused: Vec<RefusedRecipient>,
    /// Segments of each message.
    pub segments: u32,
    /// What all messages cost together.
    pub total: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SentMessage {
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Missing in an estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// By a look-up, if your company has one; or else the network that the number's range was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// For all its segments.
    pub price: String,
    /// International form, digits only.
    pub recipient: String,
}

/// What [`Client::get_messages`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetMessagesQuery {
    /// Needed if you have several agreements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Accepted at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Accepted before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// International form, digits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Only from this sender ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Only with this reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Client {
    /// One code and what became of it.
    ///
    /// `GET /api/v1/2fa/requests/{id}`
    pub async fn get_2fa_request(&self, id: &str) -> Result<CodeRequestView, Error> {
        let request = self.request(Method::GET, &["api", "v1", "2fa", "requests", id]);

        json(request).await
    }

    /// Compare a code.
    ///
    /// `POST /api/v1/2fa/verify`
    pub async fn post_2fa_verify(&self, body: &CodeAnswer) -> Result<CodeVerified, Error> {
        let request = self.request(Method::POST, &["api", "v1", "2fa", "verify"]);
        let request = request.json(body);
        json(request).await
    }

    /// Send a code.
    ///
    /// `POST /api/v1/2fa/verify/sms`
    pub async fn post_2fa_verify_sms(
        &self,
        idempotency_key: Option<&str>,
        body: &CodeAsk,
    ) -> Result<CodeSent, Error> {
        let request = self.request(Method::POST, &["api", "v1", "2fa", "verify", "sms"]);
        let request = match idempotency_key {
            Some(value) => request.header("Idempotency-Key", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Your messages, newest first.
    ///
    /// `GET /v1/messages`
    pub async fn get_messages(&self, query: &GetMessagesQuery) -> Result<MessageList, Error> {
        let request = self.request(Method::GET, &["v1", "messages"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Send a text.
    ///
    /// `POST /v1/messages`
    pub async fn post_messages(&self, idempotency_key: &str, body: &SendRequest) -> Result<Sent, Error> {
        let request = self.request(Method::POST, &["v1", "messages"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// What a send would cost.
    ///
    /// `POST /v1/messages/estimate`
    pub async fn post_messages_estimate(&self, body: &SendRequest) -> Result<Sent, Error> {
        let request = self.request(Method::POST, &["v1", "messages", "estimate"]);
        let request = request.json(body);
        json(request).await
    }

    /// One message.
    ///
    /// `GET /v1/messages/{id}`
    pub async fn get_message(&self, id: &str) -> Result<MessageView, Error> {
        let request = self.request(Method::GET, &["v1", "messages", id]);

        json(request).await
    }
}
