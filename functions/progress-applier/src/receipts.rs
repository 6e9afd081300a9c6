//! Receipts, and the vendors' ids by which they find their messages.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::event::sqs::SqsEvent;
use domain::id::{ConnectionId, MessageId};
use domain::message::{Message, Progress as Fact};
use domain::receipt::canonical_reference;
use jiff::Timestamp;
use queue::{Progress, Report};
use store::{ParkedReceipt, Reference};

use crate::App;
use crate::news::{self, News, Said, What};

/// The receipts of one connection, whichever progresses of a batch they came in.
struct Gathered {
    receipts: Vec<Report>,
    /// Of the latest.
    at: Timestamp,
    /// Of the progresses in the batch.
    places: Vec<usize>,
}

/// Applies the receipts of a batch: those of one block move by one write. What is done is taken out of the
/// batch; the rest is tried one by one.
pub async fn together(app: &App, event: &mut SqsEvent) {
    let mut gathered: BTreeMap<ConnectionId, Gathered> = BTreeMap::new();
    for (place, record) in event.records.iter().enumerate() {
        let body = record.body.as_deref().filter(|body| body.contains("ReceiptsV1"));
        let Some(Ok(Progress::ReceiptsV1 { connection, receipts, at })) = body.map(serde_json::from_str)
        else {
            continue;
        };
        let empty = || Gathered { receipts: Vec::new(), at, places: Vec::new() };
        let of = gathered.entry(connection).or_insert_with(empty);
        of.receipts.extend(receipts);
        of.at = of.at.max(at);
        of.places.push(place);
    }
    let mut done = BTreeSet::new();
    for (connection, Gathered { receipts, at, places }) in gathered {
        let receipts = Progress::ReceiptsV1 { connection, receipts, at };
        match Box::pin(app.apply(receipts)).await {
            Ok(()) => done.extend(places),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "receipts are not applied together"),
        }
    }
    let mut places = 0..;
    event.records.retain(|_| places.next().is_none_or(|place| !done.contains(&place)));
}

/// A report by itself.
pub fn parked(report: Report) -> ParkedReceipt {
    let Report { reference, other_reference, state, error, recipient, .. } = report;
    ParkedReceipt { reference, other_reference, state, error, recipient }
}

/// The segments of a message under the vendor's ids: those that have one.
pub fn segments(message: &Message, raw: &[Option<String>]) -> Vec<(String, Reference)> {
    let reference = |part| {
        let (message, recipient) = (message.id.clone(), message.recipient.to_string());
        Reference { message, part, recipient }
    };
    let known = raw.iter().enumerate().filter_map(|(part, raw)| Some((part, raw.clone()?)));
    let known = known.filter(|(_, raw)| !canonical_reference(raw).is_empty());
    known.map(|(part, raw)| (raw, reference(part))).collect()
}

/// Stores what a vendor answered for one message: the one of this connection, where that is known.
pub async fn submitted(
    app: &App,
    id: MessageId,
    references: Vec<Option<String>>,
    by: Option<ConnectionId>,
    at: Timestamp,
) -> anyhow::Result<()> {
    let what = What::Fact(Fact::Submitted { references: references.clone() });
    news::apply(app, Said::OfMessages, vec![News { message: id.clone(), what }], at).await?;
    let message = news::known(app, &id).await?;
    let by = by.as_ref().unwrap_or(&message.connection);
    know(app, by, &segments(&message, &references), at).await
}

/// Stores that nobody knows whether this connection's vendor took a message, and the ids of what of it was
/// taken.
pub async fn in_doubt(
    app: &App,
    id: MessageId,
    references: Vec<Option<String>>,
    over: Option<ConnectionId>,
    at: Timestamp,
) -> anyhow::Result<()> {
    let what = What::InDoubt { references: references.clone(), over: over.clone() };
    news::apply(app, Said::OfMessages, vec![News { message: id.clone(), what }], at).await?;
    if references.is_empty() {
        return Ok(());
    }
    let message = news::known(app, &id).await?;
    let over = over.as_ref().unwrap_or(&message.connection);
    know(app, over, &segments(&message, &references), at).await
}

/// Stores ids of segments that are stored already, and then applies receipts that came before. In this
/// order whoever finds an id finds its segment, and since receipts are parked before they look a second
/// time, one of the two always sees the other.
pub async fn know(
    app: &App,
    connection: &ConnectionId,
    references: &[(String, Reference)],
    at: Timestamp,
) -> anyhow::Result<()> {
    app.store.put_references(connection, references, at).await?;
    apply_waiting(app, connection, references, at).await
}

/// Applies receipts that came before these ids were stored.
pub async fn apply_waiting(
    app: &App,
    connection: &ConnectionId,
    references: &[(String, Reference)],
    at: Timestamp,
) -> anyhow::Result<()> {
    let known = references.iter().map(|(raw, _)| canonical_reference(raw)).collect();
    let waiting = app.store.parked_receipts(connection, &known).await?;
    apply_known(app, connection, waiting, at, Parked::Yes).await.map(drop)
}

/// Applies receipts whose messages are known, and keeps the others until they are. One that decides nothing
/// is passed over.
pub async fn reported(
    app: &App,
    connection: &ConnectionId,
    mut receipts: Vec<ParkedReceipt>,
    at: Timestamp,
) -> anyhow::Result<()> {
    receipts.retain(|receipt| receipt.state.is_final());
    let unknown = apply_known(app, connection, receipts, at, Parked::No).await?;
    if unknown.is_empty() {
        return Ok(());
    }
    app.store.park_receipts(connection, &unknown, at).await?;
    let unknown = apply_known(app, connection, unknown, at, Parked::Yes).await?;
    if !unknown.is_empty() {
        tracing::info!(%connection, receipts = unknown.len(), "no messages for these receipts yet: kept");
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parked {
    Yes,
    No,
}

/// Those whose messages are not known come back.
async fn apply_known(
    app: &App,
    connection: &ConnectionId,
    receipts: Vec<ParkedReceipt>,
    at: Timestamp,
    parked: Parked,
) -> anyhow::Result<Vec<ParkedReceipt>> {
    let found = find(app, connection, &receipts).await?;
    let (mut news, mut known, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (receipt, reference) in receipts.into_iter().zip(found) {
        // The next message under the same id is another's, if it went to somebody else.
        let is_next = |found: &Reference| parked == Parked::Yes && !receipt.ends_as(&found.recipient);
        let Some(Reference { message, part, .. }) = reference.filter(|found| !is_next(found)) else {
            unknown.push(receipt);
            continue;
        };
        let fact = Fact::Receipt { part, state: receipt.state, error: receipt.error.clone() };
        news.push(News { message, what: What::Fact(fact) });
        known.push(receipt);
    }
    news::apply(app, Said::OfMessages, news, at).await?;
    if parked == Parked::Yes {
        app.store.forget_receipts(connection, &known).await?;
    }
    Ok(unknown)
}

/// The segment that each receipt is about: by the ids as they are written first, which is nearly always
/// enough, and where they are not known, or known with another recipient, in other number forms.
async fn find(
    app: &App,
    connection: &ConnectionId,
    receipts: &[ParkedReceipt],
) -> anyhow::Result<Vec<Option<Reference>>> {
    let written: BTreeSet<String> = receipts.iter().flat_map(ParkedReceipt::written_keys).collect();
    let known = app.store.references(connection, &written).await?;
    let exact = |receipt: &ParkedReceipt| receipt.written_keys().find_map(|key| known.get(&key).cloned());
    let mut found: Vec<_> = receipts.iter().map(exact).collect();
    let is_open = |(receipt, found): &(&ParkedReceipt, &mut Option<Reference>)| {
        found.as_ref().is_none_or(|found| !receipt.may_be_for(found))
    };
    let open: Vec<_> = receipts.iter().zip(&mut found).filter(is_open).collect();
    let others: BTreeSet<String> = open.iter().flat_map(|(receipt, _)| receipt.other_keys()).collect();
    let known = app.store.references(connection, &others).await?;
    for (receipt, found) in open {
        let keys = receipt.other_keys();
        let other = keys.iter().filter_map(|key| known.get(key)).find(|other| receipt.may_be_for(other));
        if let Some(other) = other {
            *found = Some(other.clone());
        }
    }
    Ok(found)
}
