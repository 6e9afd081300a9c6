//! What became of the messages of a block at their vendor.
//!
//! The vendor's ids are in the block. Receipts that come soon say which segment they are about, so an id is
//! stored by itself only some time later, and only for segments of which no receipt has come by then.

use std::collections::BTreeMap;

use domain::id::ConnectionId;
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, Progress as Fact};
use domain::receipt::canonical_reference;
use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use queue::{Outcome, Report, Segment};
use store::{ParkedReceipt, Reference};

use crate::App;
use crate::news::{self, Said, What};
use crate::receipts;

/// Stores the outcomes, then the vendor's ids, and looks for receipts that came before; in this order for
/// the reason told at [`receipts::know`]. If a job that is queued already sees what is stored by now
/// (`is_seen`), it does that for all but those that have left.
pub async fn outcomes(
    app: &App,
    tag: &LeaseTag,
    connection: &ConnectionId,
    outcomes: Vec<(u16, Outcome)>,
    is_seen: impl Fn() -> bool,
    at: Timestamp,
) -> anyhow::Result<()> {
    let block = news::existing(app, tag).await?;
    let mut references = references_of(&block, &outcomes)?;
    let news = outcomes.into_iter().map(|(place, outcome)| {
        let what = match outcome {
            Outcome::Submitted(references) => What::Fact(Fact::Submitted { references }),
            Outcome::Refused { reason, next_route } => {
                What::Refused { reason, next_route, by: Some(connection.clone()) }
            }
            Outcome::InDoubt => What::Fact(Fact::InDoubt),
            Outcome::PartlyInDoubt(references) => What::Fact(Fact::PartlyInDoubt { references }),
            Outcome::NotSent => What::NotSent,
        };
        (place, what)
    });
    let left = news::move_block(app, Said::OfBlock, tag.clone(), Some(block), news.collect(), at).await?;
    if is_seen() {
        references.retain(|(place, _)| left.contains(place));
    }
    let references: Vec<_> = references.into_iter().flat_map(|(_, segments)| segments).collect();
    receipts::know(app, connection, &references, at).await
}

type Segments = Vec<(String, Reference)>;

fn references_of(block: &Block, outcomes: &[(u16, Outcome)]) -> anyhow::Result<Vec<(u16, Segments)>> {
    let mut references = Vec::new();
    for (place, outcome) in outcomes {
        let message = block.messages.get(usize::from(*place));
        let message = message.ok_or_else(|| anyhow::anyhow!("{} has no message {place}", block.tag))?;
        if let Outcome::Submitted(raw) | Outcome::PartlyInDoubt(raw) = outcome {
            references.push((*place, receipts::segments(message, raw)));
        }
    }
    Ok(references)
}

/// Stores the vendor's ids of segments of which no receipt has come, and looks for receipts that came
/// without a name before. Those whose block has no outcome yet are stored with that.
pub async fn references(app: &App, tag: &LeaseTag, connection: &ConnectionId) -> anyhow::Result<()> {
    let block = news::existing(app, tag).await?;
    let mut by_time: BTreeMap<Timestamp, Segments> = BTreeMap::new();
    for message in &block.messages {
        let Some(submitted_at) = message.submitted_at else { continue };
        by_time.entry(submitted_at).or_default().extend(open_segments(message));
    }
    know_late(app, connection, by_time).await
}

/// Stores ids that were answered at these times, but those that are of later messages by now, and applies
/// receipts that came before.
async fn know_late(
    app: &App,
    connection: &ConnectionId,
    by_time: BTreeMap<Timestamp, Segments>,
) -> anyhow::Result<()> {
    for (submitted_at, references) in by_time.into_iter().filter(|(_, references)| !references.is_empty()) {
        let stored = app.store.put_late_references(connection, references, submitted_at).await?;
        receipts::apply_waiting(app, connection, &stored, submitted_at).await?;
    }
    Ok(())
}

fn open_segments(message: &Message) -> Segments {
    let is_open = |part: &domain::message::Part| part.state.is_none();
    let raw = message.parts.iter().map(|part| is_open(part).then(|| part.reference.clone()));
    receipts::segments(message, &raw.collect::<Vec<_>>())
}

/// A receipt, and the segment that it names: of the message at this place of a block.
struct Named {
    place: u16,
    receipt: ParkedReceipt,
    segment: Segment,
    /// It came before without the segment, and waits.
    again: bool,
}

/// Applies the receipts that name their segments, those of a block together. The others come back, and so do
/// those that name another than the block says.
pub async fn reported(
    app: &App,
    connection: &ConnectionId,
    reports: Vec<Report>,
    at: Timestamp,
) -> anyhow::Result<Vec<ParkedReceipt>> {
    let mut named: BTreeMap<LeaseTag, Vec<Named>> = BTreeMap::new();
    let mut others = Vec::new();
    for mut report in reports.into_iter().filter(|report| report.state.is_final()) {
        let (segment, again) = (report.segment.take(), report.again);
        let block = segment.and_then(|segment| Some((segment.message.block()?, segment)));
        let receipt = receipts::parked(report);
        match block {
            Some(((tag, place), segment)) => {
                named.entry(tag).or_default().push(Named { place, receipt, segment, again });
            }
            None => others.push(receipt),
        }
    }
    let moves = named.into_iter().map(|(tag, named)| reported_of(app, connection, tag, named, at).boxed());
    let moves: Vec<_> = moves.collect();
    let mut moves = stream::iter(moves).buffer_unordered(news::AT_ONCE);
    while let Some(unknown) = moves.next().await {
        others.extend(unknown?);
    }
    Ok(others)
}

async fn reported_of(
    app: &App,
    connection: &ConnectionId,
    tag: LeaseTag,
    named: Vec<Named>,
    at: Timestamp,
) -> anyhow::Result<Vec<ParkedReceipt>> {
    let Some(block) = app.store.block(&tag).await? else {
        return Ok(named.into_iter().map(|named| named.receipt).collect());
    };
    let mut waiting: BTreeMap<Timestamp, Segments> = BTreeMap::new();
    let (mut news, mut unknown) = (Vec::new(), Vec::new());
    for Named { place, receipt, segment, again } in named {
        let (message, part) = (segment.message.clone(), segment.part);
        let Some(facts) = facts(&block, place, &receipt, segment) else {
            unknown.push(receipt);
            continue;
        };
        news.extend(facts.map(|fact| (place, What::Fact(fact))));
        if again {
            let told = &block.messages[usize::from(place)];
            let reference = Reference { message, part, recipient: told.recipient.to_string() };
            let of_time = waiting.entry(told.submitted_at.unwrap_or(at)).or_default();
            of_time.push((receipt.reference, reference));
        }
    }
    news::move_block(app, Said::OfBlock, tag, Some(block), news, at).await?;
    // What came before waits under the vendor's id, or is about to.
    know_late(app, connection, waiting).await?;
    Ok(unknown)
}

/// What a receipt says of the segment that it names: that the vendor took the message, which may not have been
/// told yet, and what it reports. None if it names another one than the block, or one that has left.
fn facts(
    block: &Block,
    place: u16,
    receipt: &ParkedReceipt,
    segment: Segment,
) -> Option<impl Iterator<Item = Fact> + use<>> {
    let Segment { part, references, .. } = segment;
    let message = block.messages.get(usize::from(place)).filter(|_| !block.left.contains(&place))?;
    let reference = match message.parts.is_empty() {
        true => references.get(part)?.as_deref()?,
        false => &message.parts.get(part)?.reference,
    };
    let key = canonical_reference(reference);
    if !receipt.written_keys().any(|written| written == key)
        || !receipt.may_have_gone_to(message.recipient.as_str())
    {
        return None;
    }
    let taken = message.parts.is_empty().then_some(Fact::Submitted { references });
    let report = Fact::Receipt { part, state: receipt.state, error: receipt.error.clone() };
    Some(taken.into_iter().chain([report]))
}
