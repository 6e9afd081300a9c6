//! Batches from queues: each message on its own, and only the failed ones come again.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde::de::DeserializeOwned;

/// Runs `apply` on each message of a batch. Those that fail, or that no contract describes, are
/// answered as failed: SQS delivers them again and at last moves them to the dead-letter queue.
pub async fn each_message<T, F, E>(event: SqsEvent, apply: F) -> SqsBatchResponse
where
    T: DeserializeOwned,
    F: AsyncFn(T) -> Result<(), E>,
    E: Into<anyhow::Error>,
{
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.unwrap_or_default();
        let body = message.body.unwrap_or_default();
        let applied = match serde_json::from_str(&body) {
            Ok(content) => apply(content).await.map_err(Into::into),
            Err(error) => Err(anyhow::Error::new(error).context("not a message of this queue")),
        };
        match applied {
            Ok(()) => tracing::info!(id, "done"),
            Err(error) => {
                tracing::error!(id, error = format!("{error:#}"), "failed, will come again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    response
}
