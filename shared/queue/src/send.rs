//! Sending, one at a time or by the ten.

mod group;

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use domain::id::ConnectionId;
use jiff::SignedDuration;
use serde::Serialize;

use crate::QueueError;

pub use group::client_queue;

/// SQS takes at most ten messages in a call.
const BATCH_MAX: usize = 10;
/// And, over all of them, 256 KB.
const BATCH_OCTETS_MAX: usize = 256 * 1024;

const DELAY_SECONDS_MAX: i64 = 900;

/// A message as it is sent.
#[derive(Debug, Clone)]
pub struct Letter {
    body: String,
    /// In seconds; that of the queue unless another is told.
    delay: Option<i32>,
}

impl Letter {
    pub fn new<T: Serialize>(message: &T) -> Result<Self, QueueError> {
        Ok(Self { body: serde_json::to_string(message)?, delay: None })
    }

    /// Nobody is to receive it before this time has passed, as with [`Sender::send_later`].
    pub fn later<T: Serialize>(message: &T, after: SignedDuration) -> Result<Self, QueueError> {
        Ok(Self { delay: Some(delay_seconds(after)), ..Self::new(message)? })
    }
}

/// A queue that takes one contract.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    url: String,
}

impl Sender {
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    pub async fn send<T: Serialize>(&self, message: &T) -> Result<(), QueueError> {
        let body = serde_json::to_string(message)?;
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.send().await.map_err(QueueError::sqs("send to the queue"))?;
        Ok(())
    }

    /// The same for what nobody is to receive before this time has passed: at most a quarter of an hour,
    /// which is as long as SQS waits.
    pub async fn send_later<T: Serialize>(
        &self,
        message: &T,
        after: SignedDuration,
    ) -> Result<(), QueueError> {
        let body = serde_json::to_string(message)?;
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.delay_seconds(delay_seconds(after))
            .send()
            .await
            .map_err(QueueError::sqs("send to the queue"))?;
        Ok(())
    }

    /// Sends all or fails; a failure may have sent some, so receivers take repeats.
    pub async fn send_all<T: Serialize>(&self, messages: &[T]) -> Result<(), QueueError> {
        let bodies: Result<Vec<_>, _> = messages.iter().map(serde_json::to_string).collect();
        self.send_batches(bodies?, None).await
    }

    /// The same for what nobody is to receive before this time has passed, as with [`Self::send_later`].
    pub async fn send_all_later<T: Serialize>(
        &self,
        messages: &[T],
        after: SignedDuration,
    ) -> Result<(), QueueError> {
        let bodies: Result<Vec<_>, _> = messages.iter().map(serde_json::to_string).collect();
        self.send_batches(bodies?, Some(delay_seconds(after))).await
    }

    /// With the delay of the queue unless another is told.
    async fn send_batches(&self, bodies: Vec<String>, delay: Option<i32>) -> Result<(), QueueError> {
        self.send_letters(bodies.into_iter().map(|body| Letter { body, delay }).collect()).await
    }

    /// The same for messages that are written already.
    pub async fn send_letters(&self, letters: Vec<Letter>) -> Result<(), QueueError> {
        for some in in_calls(letters) {
            let mut entries = Vec::with_capacity(some.len());
            for (place, Letter { body, delay }) in some.into_iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body);
                let entry = entry.set_delay_seconds(delay);
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

fn delay_seconds(after: SignedDuration) -> i32 {
    i32::try_from(after.as_secs().clamp(0, DELAY_SECONDS_MAX)).unwrap_or_default()
}

/// What goes out in one call each. One that is too long alone is left to SQS to refuse.
fn in_calls(letters: Vec<Letter>) -> Vec<Vec<Letter>> {
    let mut calls: Vec<Vec<Letter>> = Vec::new();
    let mut octets = 0;
    for letter in letters {
        octets += letter.body.len();
        match calls.last_mut().filter(|call| call.len() < BATCH_MAX && octets <= BATCH_OCTETS_MAX) {
            Some(call) => call.push(letter),
            None => {
                octets = letter.body.len();
                calls.push(vec![letter]);
            }
        }
    }
    calls
}

/// What is received from a connection's queue so often without an outcome is buried.
pub const CONNECTION_RECEIVES_MAX: u32 = 10;

/// Makes the queue of a connection, or finds the one that is there, and returns its URL. What is
/// received [`CONNECTION_RECEIVES_MAX`] times without an outcome goes to `dead_queue_arn`.
pub async fn connection_queue(
    client: &Client,
    prefix: &str,
    connection: &ConnectionId,
    dead_queue_arn: &str,
) -> Result<String, QueueError> {
    /// A submit waits for its window slot and its answer, and is extended while it does.
    const VISIBILITY_SECONDS: u32 = 60;
    const KEPT_SECONDS: u32 = 14 * 24 * 3600;
    let receives_max = CONNECTION_RECEIVES_MAX;
    let redrive = serde_json::json!({"deadLetterTargetArn": dead_queue_arn, "maxReceiveCount": receives_max});
    let attributes = HashMap::from([
        (QueueAttributeName::RedrivePolicy, redrive.to_string()),
        (QueueAttributeName::VisibilityTimeout, VISIBILITY_SECONDS.to_string()),
        (QueueAttributeName::MessageRetentionPeriod, KEPT_SECONDS.to_string()),
    ]);
    let create =
        client.create_queue().queue_name(format!("{prefix}{connection}")).set_attributes(Some(attributes));
    let answer = create.send().await.map_err(QueueError::sqs("make the connection's queue"))?;
    answer.queue_url.ok_or_else(|| QueueError::Sqs {
        action: "make the connection's queue",
        source: "the answer names no queue".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: &[usize], calls: &[usize]) {
        let letters = octets.iter().map(|octets| Letter { body: "x".repeat(*octets), delay: None });
        assert_eq!(in_calls(letters.collect()).iter().map(Vec::len).collect::<Vec<_>>(), calls);
    }

    #[test]
    fn a_call_takes_ten_messages_and_no_more_octets_than_sqs_allows() {
        check(&[], &[]);
        check(&[1; 23], &[10, 10, 3]);
        check(&[100_000; 5], &[2, 2, 1]);
        check(&[300_000, 1, 262_143, 1], &[1, 2, 1]);
    }
}
