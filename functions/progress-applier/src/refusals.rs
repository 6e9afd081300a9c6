//! Refusals of one batch, refunded together: when a vendor fails there are many.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::SqsEvent;
use domain::id::{MessageId, WalletId};
use domain::message::{Progress as Fact, Step, apply};
use queue::Progress;
use store::Refund;

use crate::App;

/// Ends the refused messages of a batch that have rows, with one write for each wallet they were sent from.
/// Those that may go on to another vendor are left to be applied one by one.
pub async fn together(app: &App, event: &SqsEvent) -> anyhow::Result<()> {
    let mut by_home: BTreeMap<WalletId, BTreeMap<MessageId, Refund>> = BTreeMap::new();
    let bodies = event.records.iter().filter_map(|record| record.body.as_deref());
    // Most others are long, and are read by whoever applies them.
    for body in bodies.filter(|body| body.contains("RefusedV1")) {
        let Ok(Progress::RefusedV1 { message: id, reason, next_route: false, connection, at }) =
            serde_json::from_str(body)
        else {
            continue;
        };
        if id.block().is_some() {
            continue;
        }
        let Some(message) = app.store.message(&id).await? else { continue };
        if connection.is_some_and(|by| by != message.connection) {
            continue;
        }
        if let Step::Move { message: next, refund } = apply(&message, &Fact::Refused { reason }, at) {
            let refund = Refund { message: *next, before: message.revision, charges: refund };
            by_home.entry(message.home()).or_default().insert(id, refund);
        }
    }
    for refunds in by_home.into_values().filter(|refunds| refunds.len() > 1) {
        let refunds: Vec<Refund> = refunds.into_values().collect();
        app.store.refund_together(&refunds).await?;
    }
    Ok(())
}
