//! Receiving in a long-lived worker. Functions are handed their messages instead.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde::de::DeserializeOwned;

use crate::QueueError;

/// SQS takes, and gives, at most ten messages in a call.
const BATCH_MAX: usize = 10;

/// A queue that a worker reads.
#[derive(Debug, Clone)]
pub struct Receiver {
    client: Client,
    url: String,
}

/// A message in the worker's hands until it deletes it or its time is up.
#[derive(Debug, Clone)]
pub struct Received<T> {
    pub content: T,
    pub handle: String,
    /// How often it was received by now, this time included; 0 where the queue does not say that.
    pub receives: u32,
}

impl Receiver {
    /// SQS waits at most this long for a message to come.
    const WAIT_SECONDS: i32 = 20;

    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Up to ten messages, as soon as there is one; none after a while. What does not read as the
    /// contract stays in the queue and ends, counted, in its dead-letter queue.
    pub async fn receive<T: DeserializeOwned>(&self, most: i32) -> Result<Vec<Received<T>>, QueueError> {
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(most.clamp(1, 10))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .wait_time_seconds(Self::WAIT_SECONDS);
        let answer = receive.send().await.map_err(QueueError::sqs("receive from the queue"))?;
        let mut received = Vec::new();
        for message in answer.messages.unwrap_or_default() {
            match serde_json::from_str(message.body().unwrap_or_default()) {
                Ok(content) => {
                    let receives = receives(&message);
                    let handle = message.receipt_handle.unwrap_or_default();
                    received.push(Received { content, handle, receives });
                }
                Err(error) => {
                    tracing::error!(%error, id = message.message_id(), "not a message of this queue")
                }
            }
        }
        Ok(received)
    }

    pub async fn delete(&self, handle: &str) -> Result<(), QueueError> {
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(handle);
        delete.send().await.map_err(QueueError::sqs("delete from the queue"))?;
        Ok(())
    }

    /// The same by the ten. All or an error; after an error some may be deleted.
    pub async fn delete_all(&self, handles: Vec<String>) -> Result<(), QueueError> {
        let mut entries = Vec::with_capacity(handles.len());
        for (place, handle) in handles.into_iter().enumerate() {
            let entry =
                DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(handle);
            entries.push(entry.build().map_err(QueueError::sqs("describe a message"))?);
        }
        for some in entries.chunks(BATCH_MAX) {
            let delete = self.client.delete_message_batch().queue_url(&self.url);
            let delete = delete.set_entries(Some(some.to_vec())).send();
            let answer = delete.await.map_err(QueueError::sqs("delete from the queue"))?;
            if let Some(failed) = answer.failed.first() {
                let source = format!("{}: {}", failed.code(), failed.message().unwrap_or_default());
                return Err(QueueError::Sqs { action: "delete from the queue", source: source.into() });
            }
        }
        Ok(())
    }

    /// Keeps a message from others for this long from now; none gives it back at once.
    pub async fn hold(&self, handle: &str, duration: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let change = change.receipt_handle(handle).visibility_timeout(seconds);
        change.send().await.map_err(QueueError::sqs("hold a message"))?;
        Ok(())
    }
}

fn receives(message: &Message) -> u32 {
    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    let told = message.attributes().and_then(|attributes| attributes.get(&count));
    told.and_then(|count| count.parse().ok()).unwrap_or(0)
}
