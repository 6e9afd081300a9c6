//! What members ask for, done as the functions do it: the same plans and the same writes, without HTTP.

use domain::batch::{Batch, Recipient, Tariff, totals};
use domain::connection::ConnectionKind;
use domain::destination::{Msisdn, destination};
use domain::id::{BatchId, MessageId, TransferId};
use domain::message::Message;
use domain::money::{Amount, AmountError};
use domain::payment::PaymentError;
use domain::quote::{Charge, QuoteError, quote};
use domain::rating::{Event, Resource};
use domain::segmentation::segment;
use domain::transfer::{Transfer, TransferError, TransferRequest, plan_transfer};
use sha2::{Digest, Sha256};
use store::{Accept, AcceptError, Accepted, PostedTransfer, Store, StoreError};

use super::{Member, NOW, connection};

/// Why a request did nothing, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Accept(#[from] AcceptError),
    #[error(transparent)]
    Quote(#[from] QuoteError),
    #[error(transparent)]
    Transfer(#[from] TransferError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Amount(#[from] AmountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused {
    /// Whether nobody knows if the request was carried out; the same one again will tell.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Accept(AcceptError::Store(_)))
    }
}

impl Member {
    /// Sends one message under an idempotency key.
    pub async fn send(&self, store: &Store, key: &str, text: &str) -> Result<(Accepted, Message), Refused> {
        let message = self.message(key, text)?;
        Ok((accept_message(store, &message).await?, message))
    }

    /// The message that a request leads to: always the same one.
    pub fn message(&self, key: &str, text: &str) -> Result<Message, QuoteError> {
        let id = MessageId::of_request(&self.company.id, key);
        let batch = self.batch(key, text, 1)?;
        let one = batch.message(0).expect("a batch of one has a message");
        Ok(Message { id, request_hash: batch.request_hash, balance_after: Some(Amount::ZERO), ..one })
    }

    /// Sends one text to `count` numbers under an idempotency key.
    pub async fn send_batch(
        &self,
        store: &Store,
        key: &str,
        text: &str,
        count: u32,
    ) -> Result<(Accepted, Batch), Refused> {
        let batch = self.batch(key, text, count)?;
        Ok((accept_batch(store, &batch).await?, batch))
    }

    /// The batch that a request leads to: always the same one.
    pub fn batch(&self, key: &str, text: &str, count: u32) -> Result<Batch, QuoteError> {
        let numbers: Vec<_> = (0..count).map(number).collect();
        let segmented = segment(text);
        let segments = u32::try_from(segmented.segments_count()).expect("few segments");
        let place = destination(&numbers[0]).expect("a German mobile number has a destination");
        let network = place.network.map(|network| network.name.to_owned());
        let country = place.country.as_str().to_owned();
        let event = Event {
            resource: Resource::SmsMessage,
            direction: "MT",
            country: &country,
            network: network.as_deref(),
        };
        let tariff = Tariff {
            charges: quote(&self.levels, &event, segments)?,
            country: country.clone(),
            network: network.clone(),
        };
        Ok(Batch {
            id: BatchId::of_request(&self.company.id, key),
            company: self.company.id.clone(),
            agreement: self.agreement.id.clone(),
            sender: self.sender.clone(),
            text: text.to_owned(),
            client_reference: None,
            connection: connection(),
            connection_kind: ConnectionKind::Smpp,
            encoding: segmented.encoding,
            segments,
            tariffs: vec![tariff],
            recipients: numbers.into_iter().map(|number| Recipient { number, tariff: 0 }).collect(),
            refused: Vec::new(),
            accepted_at: NOW,
            request_hash: request_hash(key, text, count),
            balance_after: Amount::ZERO,
        })
    }
}

/// Charges and stores one message, as the send function does.
pub async fn accept_message(store: &Store, message: &Message) -> Result<Accepted, Refused> {
    let (legs, units) = totals([message.charges.as_slice()])?;
    Ok(store.accept(Accept::Message(message), &legs, &units).await?)
}

/// Charges and stores a batch; its messages are not written yet.
pub async fn accept_batch(store: &Store, batch: &Batch) -> Result<Accepted, Refused> {
    let (legs, units) = totals(batch_charges(batch))?;
    Ok(store.accept(Accept::Batch(batch), &legs, &units).await?)
}

fn batch_charges(batch: &Batch) -> impl Iterator<Item = &[Charge]> {
    batch.recipients.iter().map(|recipient| batch.tariffs[recipient.tariff].charges.as_slice())
}

/// A German mobile number.
fn number(place: u32) -> Msisdn {
    Msisdn::parse(&format!("+49151{:08}", 10_000_000 + place)).expect("a number")
}

fn request_hash(key: &str, text: &str, count: u32) -> String {
    let hash = Sha256::digest(format!("{key}|{text}|{count}"));
    hex::encode(&hash[..16])
}

/// What the giver asks for in the credit panel.
pub fn transfer_request(id: TransferId, from: &Member, to: &Member, amount: Amount) -> TransferRequest {
    TransferRequest {
        id,
        from: from.wallet.clone(),
        to: to.wallet.clone(),
        amount,
        note: String::new(),
        by: from.company.id.clone(),
    }
}

/// Carries out a transfer as the portal does: a repeat gets the stored answer; what children hold unused
/// is called back before the giver is told that it has too little.
pub async fn post_transfer(
    store: &Store,
    from: &Member,
    to: &Member,
    ask: TransferRequest,
) -> Result<(Transfer, PostedTransfer), Refused> {
    if let Some(stored) = store.transfer(&ask.id).await? {
        return Ok((stored.clone(), PostedTransfer::Before(Box::new(stored))));
    }
    let giver = store.wallet(&from.wallet).await?.ok_or(TransferError::NotRelated)?;
    let taker = store.wallet(&to.wallet).await?.ok_or(TransferError::NotRelated)?;
    let plan = |giver: &domain::wallet::Wallet| {
        plan_transfer((giver, &from.company), (&taker, &to.company), ask.clone(), NOW)
    };
    let (giver, planned) = match plan(&giver) {
        Err(TransferError::NotEnough { .. }) => {
            let giver = store.free_headroom(&giver).await?;
            let planned = plan(&giver);
            (giver, planned)
        }
        planned => (giver, planned),
    };
    match planned {
        Ok(transfer) => {
            let posted = store.post_transfer(&transfer, &giver).await?;
            Ok((transfer, posted))
        }
        // A twin of this request may have been posted since the transfer was looked for.
        Err(error) => match store.transfer(&ask.id).await? {
            Some(stored) => Ok((stored.clone(), PostedTransfer::Before(Box::new(stored)))),
            None => Err(error.into()),
        },
    }
}
