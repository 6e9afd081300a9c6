//! Messages from phones: the parts of a long one wait until all are there; a whole one is stored once,
//! with whose it is and what it costs them. From there the stream takes it on.

use anyhow::Context;
use domain::destination::{CountryCode, Msisdn, destination};
use domain::dictionary::Dictionaries;
use domain::id::{ConnectionId, IncomingId};
use domain::incoming::{IncomingCost, IncomingMessage, IncomingPart, Routed, dialled, joined, route};
use domain::sender::Sender;
use jiff::Timestamp;
use queue::Incoming;
use sending::settle_incoming;
use store::{PartsOf, Store};

use crate::App;

/// Takes what a vendor delivered. Everything may come twice, and changes nothing then.
pub async fn take(
    app: &App,
    connection: &ConnectionId,
    incoming: Incoming,
    at: Timestamp,
) -> anyhow::Result<()> {
    let store = &app.store;
    let Incoming { source, destination, data_coding, octets, text, part } = incoming;
    let (number, total) = part.map_or((1, 1), |part| (part.number, part.total));
    let arrived = IncomingPart { number, data_coding, octets, text, received_at: at, is_spent: false };
    let of = part.filter(|part| part.total > 1).map(|part| (part.reference, part.total));
    let of = of.map(|(reference, total)| PartsOf {
        connection,
        source: &source.value,
        destination: &destination.value,
        reference,
        total,
    });
    let (whole, parts) = match of {
        None => (Some(arrived), Vec::new()),
        Some(of) => {
            if store.incoming_parts(of).await?.iter().any(|earlier| arrived.is_repeat_of_spent(earlier)) {
                return Ok(());
            }
            let parts = store.keep_incoming_part(of, &arrived, at).await?;
            (joined(parts.clone(), of.total), parts)
        }
    };
    let Some(whole) = whole else { return Ok(()) };
    let mut message = IncomingMessage {
        id: IncomingId::new(0), // made of the rest below
        connection: connection.clone(),
        source: source.clone(),
        destination: destination.clone(),
        data_coding: whole.data_coding,
        octets: whole.octets,
        text: whole.text,
        parts: total,
        received_at: whole.received_at,
        routed: None,
        cost: IncomingCost::Free, // settled when it is stored
        revision: 0,
    };
    let [id, earlier, later] = message.possible_ids();
    message.id = id;
    if !is_known(store, &message, [earlier, later]).await? {
        message.routed = routed(store, &message).await?;
        store_once(store, &message, at).await?;
    }
    match of {
        Some(of) => Ok(store.spend_incoming_parts(of, parts, at).await?),
        None => Ok(()),
    }
}

async fn is_known(
    store: &Store,
    message: &IncomingMessage,
    neighbours: [IncomingId; 2],
) -> anyhow::Result<bool> {
    if store.incoming(&message.id).await?.is_some() {
        return Ok(true);
    }
    for id in neighbours {
        if store.incoming(&id).await?.is_some_and(|stored| message.is_repeat_of(&stored)) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn store_once(store: &Store, message: &IncomingMessage, at: Timestamp) -> anyhow::Result<()> {
    let settled = Box::pin(settle_incoming(store, message, at)).await?;
    let Some(message) = settled else { return Ok(()) };
    let (id, connection, number) = (&message.id, &message.connection, &message.destination.value);
    match &message.routed {
        Some(routed) => {
            let (sender, cost) = (&routed.sender, &message.cost);
            tracing::info!(incoming = %id, %connection, %sender, ?cost, "from a phone");
        }
        // The alarm on these counts the field.
        None => tracing::warn!(unrouted = %id, %connection, number, "nobody gets this message from a phone"),
    }
    Ok(())
}

/// Whose it is: none if its number is no sender ID, or no rule chooses it.
async fn routed(store: &Store, message: &IncomingMessage) -> anyhow::Result<Option<Routed>> {
    let Some(number) = dialled(&message.destination.value) else { return Ok(None) };
    let mut senders = store.senders_of_number(&number).await?;
    senders.retain(|sender| sender.incoming.is_some() && sender.is_served_by(&message.connection));
    let has_country = |sender: &Sender| sender.incoming.as_ref().is_some_and(|rule| rule.mcc.is_some());
    let found = if senders.iter().any(has_country) {
        let dictionaries = store.dictionaries().await.context("no dictionaries")?;
        let country = country(&message.source.value, &dictionaries);
        let is_from =
            |mcc: &str| country.is_some_and(|country| dictionaries.is_mcc_of(mcc, country.as_str()));
        route(&senders, &message.text, is_from)
    } else {
        route(&senders, &message.text, |_| false)
    };
    Ok(found.and_then(Routed::to))
}

/// By the numbering plan: a phone keeps its country, whatever network it went to.
fn country(phone: &str, dictionaries: &Dictionaries) -> Option<CountryCode> {
    Some(destination(&Msisdn::parse(phone).ok()?, dictionaries).ok()?.country)
}
