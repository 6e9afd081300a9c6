//! What vendors said becomes what is stored: a message's next status and, where it no longer owes, its
//! refund. Everything may come twice, late or out of order.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::id::{ConnectionId, MessageId, WalletId};
use domain::message::{Message, Progress as Fact, Step, apply};
use domain::receipt::{canonical_reference, possible_references};
use jiff::Timestamp;
use queue::Progress;
use runtime::batch::each_message;
use store::{ParkedReceipt, Reference, Refund, Store, Stored};

/// Each round lost means that another progress of the same message was stored, and a message has only
/// a handful of them.
const ATTEMPTS_MAX: u32 = 10;

#[derive(Clone)]
pub struct App {
    pub store: Store,
}

/// Applies a batch from the progress queue. What was refused is refunded together first; each progress
/// is applied by itself then, and finds done what was.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    // Boxed here and below, because the compiler gives up on the size of futures nested this deep.
    if let Err(error) = Box::pin(app.refuse_together(&event)).await {
        tracing::warn!(error = format!("{error:#}"), "not refunded together");
    }
    each_message(event, async |progress: Progress| Box::pin(app.apply(progress)).await).await
}

impl App {
    pub async fn apply(&self, progress: Progress) -> anyhow::Result<()> {
        match progress {
            Progress::SubmittedV1 { message, references, at } => {
                self.submitted(&message, references, at).await
            }
            Progress::RefusedV1 { message, reason, at, .. } => {
                self.step(&message, &Fact::Refused { reason }, at).await
            }
            Progress::InDoubtV1 { message, at } => self.step(&message, &Fact::InDoubt, at).await,
            Progress::ReceiptV1 { connection, reference, state, error, recipient, at } => {
                self.receipt(&connection, ParkedReceipt { reference, state, error, recipient }, at).await
            }
            Progress::BlockV1 { .. } | Progress::ReceiptsV1 { .. } | Progress::IncomingV1 { .. } => {
                anyhow::bail!("not understood")
            }
        }
    }

    /// Ends the refused messages of a batch with one write for each wallet they were sent from: when a
    /// vendor fails there are many.
    async fn refuse_together(&self, event: &SqsEvent) -> anyhow::Result<()> {
        let mut by_home: BTreeMap<WalletId, BTreeMap<MessageId, Refund>> = BTreeMap::new();
        for body in event.records.iter().filter_map(|record| record.body.as_deref()) {
            let Ok(Progress::RefusedV1 { message: id, reason, at, .. }) = serde_json::from_str(body) else {
                continue;
            };
            let Some(message) = self.store.message(&id).await? else { continue };
            if let Step::Move { message: next, refund } = apply(&message, &Fact::Refused { reason }, at) {
                let refund = Refund { message: *next, before: message.revision, charges: refund };
                by_home.entry(message.home()).or_default().insert(id, refund);
            }
        }
        for refunds in by_home.into_values().filter(|refunds| refunds.len() > 1) {
            let refunds: Vec<Refund> = refunds.into_values().collect();
            self.store.refund_together(&refunds).await?;
        }
        Ok(())
    }

    /// Stores the message's segments with the vendor's ids; then the ids, so that receipts find it; then
    /// looks for receipts that came before. In this order whoever finds an id finds its segment, and
    /// since receipts are parked before they look a second time, one of the two always sees the other.
    async fn submitted(
        &self,
        id: &MessageId,
        references: Vec<Option<String>>,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        self.step(id, &Fact::Submitted { references: references.clone() }, at).await?;
        let message = self.known(id).await?;
        let known = || references.iter().enumerate().filter_map(|(part, raw)| Some((part, raw.as_ref()?)));
        for (part, raw) in known() {
            let reference = Reference { message: id.clone(), part, recipient: message.recipient.to_string() };
            self.store.put_reference(&message.connection, raw, &reference, at).await?;
        }
        for (_, raw) in known() {
            for key in possible_references(raw) {
                for receipt in self.store.parked_receipts(&message.connection, &key).await? {
                    self.report(&message.connection, &receipt, at).await?;
                }
            }
        }
        Ok(())
    }

    /// Applies a receipt if its message is known, else keeps it until it is.
    async fn receipt(
        &self,
        connection: &ConnectionId,
        receipt: ParkedReceipt,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        if self.report(connection, &receipt, at).await? == Found::Yes {
            return Ok(());
        }
        self.store.park_receipt(connection, &receipt, at).await?;
        if self.report(connection, &receipt, at).await? == Found::No {
            tracing::info!(%connection, reference = receipt.reference, "no message for this receipt yet: kept");
        }
        Ok(())
    }

    async fn report(
        &self,
        connection: &ConnectionId,
        receipt: &ParkedReceipt,
        at: Timestamp,
    ) -> anyhow::Result<Found> {
        let Some(reference) = self.reference(connection, receipt).await? else { return Ok(Found::No) };
        let fact = Fact::Receipt { part: reference.part, state: receipt.state, error: receipt.error.clone() };
        self.step(&reference.message, &fact, at).await?;
        Ok(Found::Yes)
    }

    /// The segment that a receipt is about. An id that matches only in another number form counts only
    /// for the same recipient.
    async fn reference(
        &self,
        connection: &ConnectionId,
        receipt: &ParkedReceipt,
    ) -> anyhow::Result<Option<Reference>> {
        let same = canonical_reference(&receipt.reference);
        for key in possible_references(&receipt.reference) {
            let Some(found) = self.store.reference(connection, &key).await? else { continue };
            let recipient = receipt.recipient.as_ref().map(|number| number.trim_start_matches(['+', '0']));
            if key == same || recipient.is_none_or(|number| number == found.recipient) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Moves a message one step, if the step is still due.
    async fn step(&self, id: &MessageId, fact: &Fact, at: Timestamp) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            let message = self.known(id).await?;
            let Step::Move { message: next, refund } = apply(&message, fact, at) else { return Ok(()) };
            if self.store.move_message(&next, message.revision, &refund).await? == Stored::Now {
                tracing::info!(message = %id, status = ?next.status, refunds = refund.len(), "moved");
                return Ok(());
            }
        }
        anyhow::bail!("{id} is being changed by others")
    }

    async fn known(&self, id: &MessageId) -> anyhow::Result<Message> {
        self.store.message(id).await?.ok_or_else(|| anyhow::anyhow!("{id} does not exist"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Yes,
    No,
}
