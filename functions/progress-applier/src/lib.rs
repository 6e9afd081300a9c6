//! What vendors said becomes what is stored: a message's next status and, where it no longer owes, its
//! refund; and what phones sent. Everything may come twice, late or out of order.

mod blocks;
mod incoming;
mod news;
mod receipts;
mod refusals;
mod routes;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use queue::Progress;
use runtime::batch::each_message;
use store::{ParkedReceipt, Store};

use crate::news::{News, Said, What};

#[derive(Clone)]
pub struct App {
    pub store: Store,
}

/// Applies a batch from the progress queue. Receipts are applied together, and what was refused is refunded
/// together; each progress that is left is applied by itself then, and finds done what was.
pub async fn handle(app: &App, mut event: SqsEvent) -> SqsBatchResponse {
    // Boxed here and below, because the compiler gives up on the size of futures nested this deep.
    Box::pin(receipts::together(app, &mut event)).await;
    if let Err(error) = Box::pin(refusals::together(app, &event)).await {
        tracing::warn!(error = format!("{error:#}"), "not refunded together");
    }
    each_message(event, async |progress: Progress| Box::pin(app.apply(progress)).await).await
}

impl App {
    pub async fn apply(&self, progress: Progress) -> anyhow::Result<()> {
        match progress {
            Progress::SubmittedV1 { message, references, connection, at } => {
                receipts::submitted(self, message, references, connection, at).await
            }
            Progress::RefusedV1 { message, reason, next_route, connection, at } => {
                let what = What::Refused { reason, next_route, by: connection };
                news::apply(self, Said::OfMessages, vec![News { message, what }], at).await
            }
            Progress::InDoubtV1 { message, references, connection, at } => {
                receipts::in_doubt(self, message, references, connection, at).await
            }
            Progress::ReceiptV1 { connection, reference, state, error, recipient, at } => {
                let receipt = ParkedReceipt { reference, other_reference: None, state, error, recipient };
                receipts::reported(self, &connection, vec![receipt], at).await
            }
            Progress::BlockV1 { block, connection, outcomes, references_by, at } => {
                let is_seen = || references_by.is_some_and(|time| runtime::now() < time);
                blocks::outcomes(self, &block, &connection, outcomes, is_seen, at).await
            }
            Progress::ReferencesV1 { block, connection } => {
                blocks::references(self, &block, &connection).await
            }
            Progress::ReceiptsV1 { connection, receipts, at } => {
                let receipts = blocks::reported(self, &connection, receipts, at).await?;
                receipts::reported(self, &connection, receipts, at).await
            }
            Progress::IncomingV1 { connection, incoming, at } => {
                incoming::take(self, &connection, *incoming, at).await
            }
        }
    }
}
