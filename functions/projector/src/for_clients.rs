//! What clients are told: receipts for the messages that came over their binds, and messages from phones.
//!
//! Both wait in the queue of the client's connection until its receivers take them. What one write has
//! ended of one block goes together, so that it is the same message, and known as a repeat, however the
//! stream is cut. Repeats after five minutes are told twice.

use std::collections::BTreeMap;

use domain::connection::Link;
use domain::handling::Origin;
use domain::id::ConnectionId;
use domain::incoming::{IncomingMessage, Routed};
use domain::message::{Message, Status};
use domain::receipt::ReceiptState;
use queue::{ClientReceipt, ForClient, Sender, Webhook};
use sha2::{Digest, Sha256};

use crate::App;
use crate::change::{IncomingChange, MessageChange};

/// Each is less than a kilobyte, and SQS takes 256 in a message.
const RECEIPTS_MAX: usize = 200;
/// What SMPP 3.4 appendix B has room for.
const TEXT_CHARACTERS_MAX: usize = 20;
/// Vendors' codes are shorter; a longer reason is a text for people.
const ERROR_CHARACTERS_MAX: usize = 20;

/// Receipts for the messages that these writes have ended, in their order.
pub async fn tell_ends<'a>(
    app: &App,
    writes: impl Iterator<Item = &'a [MessageChange]>,
) -> anyhow::Result<()> {
    let mut ends: BTreeMap<&ConnectionId, Vec<(String, ForClient)>> = BTreeMap::new();
    for write in writes {
        let mut receipts: BTreeMap<&ConnectionId, Vec<ClientReceipt>> = BTreeMap::new();
        for change in write.iter().filter(|change| has_ended(change)) {
            let Some(origin) = &change.after.handling.origin else { continue };
            receipts.entry(&origin.connection).or_default().extend(receipt(&change.after, origin));
        }
        for (connection, receipts) in receipts {
            ends.entry(connection).or_default().extend(together(&receipts));
        }
    }
    for (connection, packs) in ends.into_iter().filter(|(_, packs)| !packs.is_empty()) {
        let Some(queue) = queue_of(app, connection).await? else {
            tracing::warn!(%connection, packs = packs.len(), "the client's connection is gone, and so are its receipts");
            continue;
        };
        queue.send_group(connection.as_str(), &packs).await?;
    }
    Ok(())
}

/// Hands messages from phones on to those whose they are, once what they cost is settled.
pub async fn hand_on(app: &App, changes: &[IncomingChange]) -> anyhow::Result<()> {
    let (mut posts, mut binds) = (Vec::new(), BTreeMap::<&ConnectionId, Vec<_>>::new());
    for message in changes.iter().filter(|change| change.hands_on()).map(|change| &change.after) {
        let Some(routed) = &message.routed else { continue };
        posts.extend(post(message, routed));
        if let Some(client) = &routed.client {
            binds.entry(client).or_default().push((message.id.to_string(), for_bind(message)));
        }
    }
    app.webhooks.send_all(&posts).await?;
    for (connection, messages) in binds {
        match queue_of(app, connection).await? {
            Some(queue) => queue.send_group(connection.as_str(), &messages).await?,
            None => {
                let ids: Vec<_> = messages.iter().map(|(id, _)| id).collect();
                tracing::warn!(%connection, ?ids, "the client's connection is gone: messages from phones stay here");
            }
        }
    }
    Ok(())
}

fn has_ended(change: &MessageChange) -> bool {
    let was_over = change.before.as_ref().is_some_and(|before| before.status.is_final());
    change.after.status.is_final() && !was_over
}

/// None if the client does not want to hear of this end.
fn receipt(message: &Message, origin: &Origin) -> Option<ClientReceipt> {
    let state = state(message.status)?;
    if !origin.receipts.wants(state == ReceiptState::Delivered) {
        return None;
    }
    let error = message.reason.as_ref().filter(|reason| reason.chars().count() <= ERROR_CHARACTERS_MAX);
    Some(ClientReceipt {
        message: message.id.clone(),
        source: origin.source.clone(),
        destination: origin.destination.clone(),
        state,
        error: error.cloned(),
        accepted_at: message.accepted_at,
        finished_at: message.finished_at.unwrap_or(message.accepted_at),
        text: message.text.chars().take(TEXT_CHARACTERS_MAX).collect(),
    })
}

/// What never left was rejected, by us or by the vendor; what was called back will not arrive.
fn state(status: Status) -> Option<ReceiptState> {
    match status {
        Status::Delivered => Some(ReceiptState::Delivered),
        Status::Undelivered | Status::Canceled => Some(ReceiptState::Undelivered),
        Status::Expired => Some(ReceiptState::Expired),
        Status::Rejected | Status::Unsent => Some(ReceiptState::Rejected),
        Status::Accepted | Status::Queued | Status::Submitted => None,
    }
}

/// As queue messages with their names: what one write has ended is one, or as many as it takes.
fn together(receipts: &[ClientReceipt]) -> impl Iterator<Item = (String, ForClient)> {
    let parts = receipts.chunks(RECEIPTS_MAX);
    parts.map(|part| (name(part), ForClient::ReceiptsV1 { receipts: part.to_vec() }))
}

/// The same for the same ends of the same messages.
fn name(receipts: &[ClientReceipt]) -> String {
    let mut hash = Sha256::new();
    for receipt in receipts {
        hash.update(format!("{} {:?}\n", receipt.message, receipt.state));
    }
    hex::encode(hash.finalize())
}

fn post(message: &IncomingMessage, routed: &Routed) -> Option<Webhook> {
    Some(Webhook::IncomingMessageV1 {
        id: message.id.clone(),
        url: routed.webhook_url.clone()?,
        agreement: routed.agreement.clone(),
        sender: routed.sender.clone(),
        source: message.source.value.clone(),
        destination: message.destination.value.clone(),
        text: message.text.clone(),
        octets: message.octets.clone(),
        data_coding: message.data_coding,
        at: message.received_at,
    })
}

fn for_bind(message: &IncomingMessage) -> ForClient {
    ForClient::IncomingV1 {
        source: message.source.clone(),
        destination: message.destination.clone(),
        data_coding: message.data_coding,
        octets: message.octets.clone(),
    }
}

/// The queue of a client's connection; none if there is no such connection any more.
async fn queue_of(app: &App, id: &ConnectionId) -> anyhow::Result<Option<Sender>> {
    let connection = app.store.any_connection(id).await?;
    let connection = connection.filter(|connection| connection.deleted_at.is_none());
    Ok(match connection.map(|connection| connection.link) {
        Some(Link::Client(link)) => Some(Sender::new(app.sqs.clone(), link.queue_url)),
        _ => None,
    })
}
