//! The queues that keep order: one a client's connection, for what its receivers are to be given.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use domain::id::ConnectionId;
use serde::Serialize;

use super::{BATCH_MAX, BATCH_OCTETS_MAX, Sender};
use crate::QueueError;

/// What one call sends: each body with the name by which a repeat is known.
type Call = Vec<(String, String)>;

impl Sender {
    /// Sends messages of a group, which are received in this order and one receiver at a time. Each comes
    /// with a name of up to 128 letters, digits and marks: what has the name of another message of the
    /// last five minutes is a repeat, and is not sent. All or an error; after an error some may be sent.
    pub async fn send_group<T: Serialize>(
        &self,
        group: &str,
        messages: &[(String, T)],
    ) -> Result<(), QueueError> {
        let written =
            messages.iter().map(|(name, message)| Ok((name.clone(), serde_json::to_string(message)?)));
        for call in in_calls(written.collect::<Result<_, QueueError>>()?) {
            let mut entries = Vec::with_capacity(call.len());
            for (place, (name, body)) in call.into_iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(place.to_string())
                    .message_group_id(group)
                    .message_deduplication_id(name)
                    .message_body(body);
                entries.push(entry.build().map_err(QueueError::sqs("describe a message"))?);
            }
            let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = send.send().await.map_err(QueueError::sqs("send to the queue"))?;
            if let Some(failed) = answer.failed.first() {
                let source = format!("{}: {}", failed.code(), failed.message().unwrap_or_default());
                return Err(QueueError::Sqs { action: "send to the queue", source: source.into() });
            }
        }
        Ok(())
    }
}

/// What goes out in one call each.
fn in_calls(messages: Call) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut octets = 0;
    for message in messages {
        octets += message.1.len();
        match calls.last_mut().filter(|call| call.len() < BATCH_MAX && octets <= BATCH_OCTETS_MAX) {
            Some(call) => call.push(message),
            None => {
                octets = message.1.len();
                calls.push(vec![message]);
            }
        }
    }
    calls
}

/// Makes the queue of a client's connection, or finds the one that is there, and returns its URL. What
/// nobody takes within 72 hours is gone: so long are receipts kept for a client that is away.
pub async fn client_queue(
    client: &Client,
    prefix: &str,
    connection: &ConnectionId,
) -> Result<String, QueueError> {
    /// A client may take its time to answer; the message is held on to while it does.
    const VISIBILITY_SECONDS: u32 = 60;
    const KEPT_SECONDS: u32 = 72 * 3600;
    let attributes = HashMap::from([
        (QueueAttributeName::FifoQueue, true.to_string()),
        // Two messages from one phone may have one text.
        (QueueAttributeName::ContentBasedDeduplication, false.to_string()),
        (QueueAttributeName::VisibilityTimeout, VISIBILITY_SECONDS.to_string()),
        (QueueAttributeName::MessageRetentionPeriod, KEPT_SECONDS.to_string()),
    ]);
    let name = format!("{prefix}{connection}.fifo");
    let create = client.create_queue().queue_name(name).set_attributes(Some(attributes));
    let answer = create.send().await.map_err(QueueError::sqs("make the client's queue"))?;
    answer.queue_url.ok_or_else(|| QueueError::Sqs {
        action: "make the client's queue",
        source: "the answer names no queue".into(),
    })
}
