//! What travels in queues, and how it is sent and received. No rule lives here.

pub mod contracts;
mod receive;
mod send;

pub use contracts::{
    Billing, ClientReceipt, CodeResult, ForClient, Incoming, IncomingPart, Job, Mail, Notification, Outcome,
    Progress, RateChanges, Report, Segment, Webhook,
};
pub use receive::{Received, Receiver};
pub use send::{CONNECTION_RECEIVES_MAX, Letter, Sender, client_queue, connection_queue};

/// A queue did not answer, or holds what no contract describes.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    #[error("could not {action}")]
    Sqs {
        action: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("could not write the message as JSON")]
    Json(#[from] serde_json::Error),
}

impl QueueError {
    pub(crate) fn sqs<E: std::error::Error + Send + Sync + 'static>(
        action: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Sqs { action, source: Box::new(source) }
    }
}
