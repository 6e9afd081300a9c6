//! What callers are told. Answers to a send are made from what is stored, and from nothing else: so a
//! repeat of the request gets the same answer, byte for byte.

use domain::batch::{Batch, Refusal};
use domain::edr::Edr;
use domain::message::Message;
use domain::money::{Amount, Currency};
use serde::Serialize;
use store::Row;
use utoipa::ToSchema;

/// An accepted request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sent {
    /// `gsm7` or `ucs2`: the alphabet that the text needs.
    pub encoding: String,
    /// Segments of each message.
    pub segments: u32,
    /// One for each recipient that gets it.
    pub messages: Vec<SentMessage>,
    /// Recipients that get nothing and cost nothing.
    pub refused: Vec<RefusedRecipient>,
    /// What all messages cost together.
    #[schema(value_type = String, example = "0.05")]
    pub total: Amount,
    /// ISO 4217, or `CREDIT` for message credits.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Your balance after this request, if nothing else was spent at the same moment.
    #[schema(value_type = String, example = "41.95")]
    pub balance_after: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SentMessage {
    /// Missing in an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// International form, digits only.
    #[schema(example = "4915112345678")]
    pub recipient: String,
    /// ISO 3166 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
    /// By a look-up, if your company has one; or else the network that the number's range was given to.
    pub network: Option<String>,
    /// For all its segments.
    #[schema(value_type = String, example = "0.05")]
    pub price: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedRecipient {
    /// As it was sent.
    pub recipient: String,
    /// `invalid_number`, `no_rate`, `blocked`, `service_archived` or `repeated`.
    pub code: String,
    /// Why, in words.
    pub detail: String,
}

/// A message and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: String,
    /// The sender ID that it was sent from.
    pub sender: String,
    /// International form, digits only; with stars for most of them once it is as old as the platform's
    /// setting says.
    pub recipient: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// The recipient's network, if it is known.
    pub network: Option<String>,
    /// Parts that it was sent in.
    pub segments: u32,
    /// `accepted`, `queued`, `submitted`, `delivered`, `undelivered`, `expired`, `rejected` or `unsent`.
    pub status: String,
    /// Where the status alone does not say it; `in_doubt` while nobody knows whether the vendor took it.
    pub reason: Option<String>,
    /// What is owed for it: zero once it was refunded.
    #[schema(value_type = String, example = "0.05")]
    pub price: Amount,
    /// As it was sent with.
    pub client_reference: Option<String>,
    /// When it was charged and stored.
    #[schema(value_type = String, format = DateTime)]
    pub accepted_at: jiff::Timestamp,
    /// When a vendor took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub submitted_at: Option<jiff::Timestamp>,
    /// When its last status was reached.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<jiff::Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MessageList {
    /// Newest first.
    pub items: Vec<MessageView>,
    /// Ask with this as `cursor` for the next page; missing on the last.
    pub next: Option<String>,
}

impl Sent {
    pub fn of_row(row: &Row, currency: Currency) -> Self {
        match row {
            Row::Message(message) => Self::of_message(message, currency),
            Row::Batch(batch) => Self::of_batch(batch, currency),
        }
    }

    fn of_message(message: &Message, currency: Currency) -> Self {
        Self {
            encoding: name(&message.encoding),
            segments: message.segments,
            messages: vec![sent(message)],
            refused: Vec::new(),
            total: message.price(),
            currency,
            balance_after: message.balance_after.unwrap_or_default(),
        }
    }

    fn of_batch(batch: &Batch, currency: Currency) -> Self {
        let messages: Vec<_> = batch.messages().map(|message| sent(&message)).collect();
        // It was summed without overflow when it was charged.
        let total = Amount::checked_sum(messages.iter().map(|message| message.price)).unwrap_or_default();
        Self {
            encoding: name(&batch.encoding),
            segments: batch.segments,
            messages,
            refused: batch.refused.iter().map(refused).collect(),
            total,
            currency,
            balance_after: batch.balance_after,
        }
    }

    /// As it is told in an estimate: there are no messages yet.
    pub fn without_ids(mut self) -> Self {
        self.messages.iter_mut().for_each(|message| message.id = None);
        self
    }
}

impl MessageView {
    pub fn of_message(message: &Message) -> Self {
        Self {
            id: message.id.to_string(),
            sender: message.sender.to_string(),
            recipient: message.recipient.to_string(),
            country: message.country.clone(),
            network: message.network.clone(),
            segments: message.segments,
            status: name(&message.status),
            reason: message.reason.clone(),
            price: message.owes(),
            client_reference: message.client_reference.clone(),
            accepted_at: message.accepted_at,
            submitted_at: message.submitted_at,
            finished_at: message.finished_at,
        }
    }

    pub fn of_edr(edr: Edr) -> Self {
        Self {
            id: edr.message.to_string(),
            sender: edr.sender.to_string(),
            recipient: edr.recipient.to_string(),
            country: edr.country,
            network: edr.network,
            segments: edr.segments,
            status: name(&edr.status),
            reason: edr.reason,
            price: edr.amount,
            client_reference: edr.client_reference,
            accepted_at: edr.accepted_at,
            submitted_at: edr.submitted_at,
            finished_at: edr.finished_at,
        }
    }
}

fn sent(message: &Message) -> SentMessage {
    SentMessage {
        id: Some(message.id.to_string()),
        recipient: message.recipient.to_string(),
        country: message.country.clone(),
        network: message.network.clone(),
        price: message.price(),
    }
}

fn refused(refusal: &Refusal) -> RefusedRecipient {
    RefusedRecipient {
        recipient: refusal.recipient.clone(),
        code: refusal.code.clone(),
        detail: refusal.detail.clone(),
    }
}

/// A value's name as JSON has it.
fn name(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
