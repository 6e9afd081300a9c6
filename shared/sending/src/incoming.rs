//! Messages from phones: what one costs those whose it is, and storing it with that, once.

use domain::batch::{Batch, Draft, Place};
use domain::connection::ConnectionKind;
use domain::destination::{Msisdn, destination};
use domain::handling::Handling;
use domain::id::{BatchId, MessageId};
use domain::incoming::{IncomingCost, IncomingMessage, Routed, Unpaid, dialled};
use domain::money::Amount;
use domain::quote::{QuoteError, incoming_offers};
use domain::segmentation::Encoding;
use domain::sender::SenderAddress;
use jiff::Timestamp;
use store::{AcceptError, Accepted, Store, StoreError, stopped};

use crate::place::event;
use crate::rates::are_in_force;

/// SMPP 3.4 section 5.2.19.
const DATA_CODING_UCS2: u8 = 8;

/// What is to be done about a message.
enum Plan {
    /// Nothing is charged.
    Store(IncomingCost),
    Charge(Box<Draft>),
}

/// Settles what a message that came costs as its agreements stand now, and stores it: with its charge at every
/// level, all or nothing. As it was stored; none if somebody else was faster.
pub async fn settle_incoming(
    store: &Store,
    message: &IncomingMessage,
    now: Timestamp,
) -> Result<Option<IncomingMessage>, StoreError> {
    settle(store, message, None, now).await
}

/// The same of one that is stored as unpaid. It goes where its sender ID gets messages now; nobody is charged
/// for what would go nowhere.
pub async fn settle_again(
    store: &Store,
    before: &IncomingMessage,
    now: Timestamp,
) -> Result<Option<IncomingMessage>, StoreError> {
    let Some(routed) = &before.routed else { return settle(store, before, Some(before), now).await };
    let sender = match store.sender_by_id(&routed.sender).await? {
        Some(sender) => Some(store.as_used(sender).await?),
        None => None,
    };
    match sender.and_then(|sender| routed.again(&sender)) {
        Some(routed) => {
            let message = IncomingMessage { routed: Some(routed), ..before.clone() };
            settle(store, &message, Some(before), now).await
        }
        None => {
            let cost = IncomingCost::unpaid(Unpaid::SenderNotInUse, before.received_at, now);
            leave_unpaid(store, before, cost).await
        }
    }
}

/// Stores that it was not charged, and when it is tried again. As it was stored; none if somebody else was faster.
pub async fn leave_unpaid(
    store: &Store,
    before: &IncomingMessage,
    cost: IncomingCost,
) -> Result<Option<IncomingMessage>, StoreError> {
    let after = IncomingMessage { cost, revision: before.revision + 1, ..before.clone() };
    Ok(store.write_incoming(Some(before), &after).await?.then_some(after))
}

/// `before` is what is stored of it.
async fn settle(
    store: &Store,
    message: &IncomingMessage,
    before: Option<&IncomingMessage>,
    now: Timestamp,
) -> Result<Option<IncomingMessage>, StoreError> {
    let revision = before.map_or(0, |before| before.revision + 1);
    let settled = |cost| IncomingMessage { cost, revision, ..message.clone() };
    let after = match plan(store, message, now).await? {
        Plan::Store(cost) => settled(cost),
        Plan::Charge(draft) => {
            let after = settled(IncomingCost::Charged { message: MessageId::of_incoming(&message.id) });
            let why = match store.accept_incoming(&draft, before, &after).await {
                Ok(Accepted::Now(_)) => return Ok(Some(after)),
                Ok(Accepted::Before) => return Ok(None),
                Err(AcceptError::NotEnough { .. } | AcceptError::NotEnoughAbove { .. }) => {
                    Unpaid::InsufficientFunds
                }
                Err(AcceptError::Suspended { .. }) => Unpaid::Suspended,
                // Others write to the same wallets, or one is drained. Waiting would hold up what came beside.
                Err(AcceptError::Store(StoreError::Busy { .. })) => Unpaid::Busy,
                Err(AcceptError::Store(error)) => return Err(error),
                Err(AcceptError::Refused(error)) => return Err(not_priced(error)),
            };
            settled(IncomingCost::unpaid(why, message.received_at, now))
        }
    };
    Ok(store.write_incoming(before, &after).await?.then_some(after))
}

async fn plan(store: &Store, message: &IncomingMessage, now: Timestamp) -> Result<Plan, StoreError> {
    let free = Ok(Plan::Store(IncomingCost::Free));
    let Some(routed) = &message.routed else { return free };
    let Some(agreement) = store.any_agreement(&routed.agreement).await? else { return free };
    let levels = store.charged_levels(&agreement, now).await?;
    let unpaid = |why| Ok(Plan::Store(IncomingCost::unpaid(why, message.received_at, now)));
    let company = store.any_company(&routed.company).await?;
    let path = store.companies(&company.map(|company| company.path).unwrap_or_default()).await?;
    if stopped(&path, levels.iter().map(|level| &level.agreement)).is_some() {
        return unpaid(Unpaid::Suspended);
    }
    // By the numbering plan. What came from no number, or from none that can be, has no price anywhere.
    let Ok(phone) = Msisdn::parse(&message.source.value) else { return free };
    let dictionaries = store.dictionaries().await?;
    let (Ok(found), Some(number)) = (destination(&phone, &dictionaries), dialled(&message.destination.value))
    else {
        return free;
    };
    let event = event(&found, number.as_str()).from_phone();
    let offers = match incoming_offers(&levels, &event, now) {
        Ok(offers) if offers.is_empty() => return free,
        Ok(offers) => offers,
        Err(QuoteError::Blocked { .. }) => return Ok(Plan::Store(IncomingCost::Blocked)),
        Err(error) => return Err(not_priced(error)),
    };
    if !are_in_force(&levels, now) {
        return unpaid(Unpaid::AgreementNotInForce);
    }
    let country = found.country.as_str().to_owned();
    let place = Place { country, network: found.network, mccmnc: found.mccmnc, offers };
    let batch = batch(message, routed, number, now);
    let (home, main) = (agreement.wallet(), agreement.wallet());
    let single = Some(MessageId::of_incoming(&message.id));
    Ok(Plan::Charge(Box::new(Draft {
        batch,
        single,
        home,
        main,
        places: vec![place],
        wanted: vec![(phone, 0)],
    })))
}

/// The message that is charged: from the sender ID to the phone as any other, though nothing is sent.
fn batch(message: &IncomingMessage, routed: &Routed, sender: SenderAddress, now: Timestamp) -> Batch {
    let is_ucs2 = message.data_coding == DATA_CODING_UCS2;
    Batch {
        id: BatchId::derived(&["incoming", message.id.as_str()]),
        company: routed.company.clone(),
        agreement: routed.agreement.clone(),
        sender,
        text: String::new(),
        client_reference: None,
        connection: message.connection.clone(),
        connection_kind: ConnectionKind::Smpp,
        encoding: if is_ucs2 { Encoding::Ucs2 } else { Encoding::Gsm7 },
        segments: message.parts.into(),
        handling: Handling { incoming: Some(message.id.clone()), ..Handling::default() },
        tariffs: Vec::new(),
        recipients: Vec::new(),
        refused: Vec::new(),
        accepted_at: now,
        request_hash: String::new(),
        balance_after: Amount::ZERO,
        lease: None,
    }
}

/// Only a sum that is too big is left here: what has no price is free, and archived plans are passed over.
fn not_priced(error: QuoteError) -> StoreError {
    match error {
        QuoteError::Amount(error) => error.into(),
        other => StoreError::Corrupt { kind: "a price", detail: other.to_string() },
    }
}
