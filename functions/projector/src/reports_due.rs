//! Until when reports are awaited on the messages that vendors have taken, or may have: filed for the
//! sweeper, which ends those on which none comes.

use std::collections::BTreeMap;

use domain::id::{ConnectionId, MessageId};
use domain::message::{Message, Status};
use jiff::SignedDuration;
use store::{Awaiting, DueReports, Store, StoreError};

use crate::change::{BlockChange, MessageChange};

/// Files what was submitted, and has not ended in the same delivery. A block is filed once for each hour.
pub async fn file(
    store: &Store,
    messages: &[MessageChange],
    blocks: &[BlockChange],
) -> Result<(), StoreError> {
    let rows = submitted(messages).map(|message| (Awaiting::Message(message.id.clone()), message));
    let in_blocks = blocks.iter().flat_map(|block| {
        submitted(&block.moved).map(|message| (Awaiting::Block(block.tag.clone()), message))
    });
    let mut validities: BTreeMap<&ConnectionId, SignedDuration> = BTreeMap::new();
    let mut due = Vec::new();
    for (awaiting, message) in rows.chain(in_blocks) {
        let validity = match validities.get(&message.connection) {
            Some(known) => *known,
            None => store.validity_over(&message.connection).await?,
        };
        validities.insert(&message.connection, validity);
        due.extend(message.report_due(validity).map(|at| (awaiting, at)));
    }
    store.put_due_reports(&DueReports::by_hour(due)).await
}

fn submitted(changes: &[MessageChange]) -> impl Iterator<Item = &Message> {
    let mut submitted: BTreeMap<&MessageId, &Message> = BTreeMap::new();
    for MessageChange { before, after, .. } in changes {
        let was_submitted = before.as_ref().is_some_and(|before| before.status == Status::Submitted);
        if after.status == Status::Submitted && !was_submitted {
            submitted.insert(&after.id, after);
        } else if after.status != Status::Submitted {
            submitted.remove(&after.id);
        }
    }
    submitted.into_values()
}
