//! Usage rows from the changes of blocks. Each change is counted as one, whatever moved by it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::edr::{ChargeUsage, Usage, UsageKey, agreements as charged_to, usage_changes};
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, Status};
use domain::statistics::{self, Counts, counts};
use store::{BlockUsage, Statistics, Store, StoreError};

use crate::change::BlockChange;
use crate::reopened::Reopened;
use crate::usage::{Agreements, Paths, agreements, is_rated_again, key, paths};

/// What a change of a block counts.
struct Counted<'a> {
    block: &'a LeaseTag,
    /// After it; 0 when the messages were accepted.
    revision: u32,
    /// Those that count now, or no longer do, or have ended.
    messages: Vec<Moved<'a>>,
    /// The prices of some have changed; whatever else has.
    is_rated_again: bool,
}

struct Moved<'a> {
    message: Cow<'a, Message>,
    parts: Vec<ChargeUsage>,
    counts: Counts,
}

/// Posts what the messages of these blocks counted when they were accepted.
pub async fn post_accepted(
    store: &Store,
    blocks: &[Block],
    reopened: &mut Reopened,
) -> Result<(), StoreError> {
    post(store, blocks.iter().map(accepted).collect::<Result<_, _>>()?, reopened).await
}

/// Posts what these changes count.
pub async fn post_moved(
    store: &Store,
    changes: &[BlockChange],
    reopened: &mut Reopened,
) -> Result<(), StoreError> {
    let mut counted = Vec::new();
    for change in changes {
        if let Some(before) = &change.accepted {
            counted.push(accepted(before)?);
        }
        counted.push(moved(change)?);
    }
    // Some only say that the vendor has taken them.
    counted.retain(|counted| !counted.messages.is_empty());
    post(store, counted, reopened).await
}

/// Whatever has become of it since.
fn accepted(block: &Block) -> Result<Counted<'_>, StoreError> {
    let mut messages = Vec::with_capacity(block.messages.len());
    for (place, message) in (0..).zip(&block.messages) {
        let message = match (message.status, message.charge_version) {
            (Status::Accepted, 0) => Cow::Borrowed(message),
            _ => {
                let charges = block.charges_at_first(place, message).to_vec();
                Cow::Owned(Message { status: Status::Accepted, charges, ..message.clone() })
            }
        };
        let (parts, counts) = (usage_changes(None, &message)?, counts(None, &message));
        messages.push(Moved { message, parts, counts });
    }
    Ok(Counted { block: &block.tag, revision: 0, messages, is_rated_again: false })
}

fn moved(change: &BlockChange) -> Result<Counted<'_>, StoreError> {
    let mut messages = Vec::new();
    for moved in &change.moved {
        let parts = usage_changes(moved.before.as_ref(), &moved.after)?;
        let counts = counts(moved.before.as_ref(), &moved.after);
        if !parts.is_empty() || !counts.is_zero() {
            messages.push(Moved { message: Cow::Borrowed(&moved.after), parts, counts });
        }
    }
    let is_rated_again = change.moved.iter().any(is_rated_again);
    Ok(Counted { block: &change.tag, revision: change.revision, messages, is_rated_again })
}

async fn post(store: &Store, counted: Vec<Counted<'_>>, reopened: &mut Reopened) -> Result<(), StoreError> {
    let messages = || counted.iter().flat_map(|counted| &counted.messages).map(|moved| &*moved.message);
    let agreements = agreements(store, messages()).await?;
    let paths = paths(store, messages()).await?;
    let usage =
        counted.iter().filter_map(|counted| usage_of(counted, &agreements, &paths, reopened).transpose());
    store.post_usage_of_blocks(&usage.collect::<Result<Vec<_>, _>>()?).await
}

fn usage_of(
    counted: &Counted<'_>,
    agreements: &Agreements,
    paths: &Paths,
    reopened: &mut Reopened,
) -> Result<Option<BlockUsage>, StoreError> {
    let Some(Moved { message: first, .. }) = counted.messages.first() else { return Ok(None) };
    let mut paying = Vec::new();
    let mut usage: BTreeMap<UsageKey, Usage> = BTreeMap::new();
    let mut statistics = Statistics::new();
    for Moved { message, parts, counts } in &counted.messages {
        if let Some(path) = paths.get(&message.company).filter(|_| !counts.is_zero()) {
            statistics::add(&mut statistics, path, message, counts);
        }
        let levels: Vec<_> = charged_to(message).collect();
        for part in parts {
            let Some(agreement) = levels.get(part.level).and_then(|id| agreements.get(id)) else { continue };
            let key = key(agreement, message, part);
            reopened.note(agreement, key.day, counted.is_rated_again);
            let sum = usage.entry(key).or_default();
            *sum = sum.checked_add(part.usage)?;
        }
        for agreement in levels {
            if !paying.contains(&agreement) {
                paying.push(agreement);
            }
        }
    }
    usage.retain(|_, usage| !usage.is_zero());
    Ok(Some(BlockUsage {
        block: counted.block.clone(),
        accepted_at: first.accepted_at,
        revision: counted.revision,
        count: u16::try_from(counted.messages.len()).unwrap_or(u16::MAX),
        agreements: paying,
        usage,
        statistics,
    }))
}
