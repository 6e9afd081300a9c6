//! What members ask for, done as the functions do it: the same plans and the same writes, without HTTP.

use domain::allowance::Stock;
use domain::batch::{Batch, Draft, Place, Row};
use domain::connection::ConnectionKind;
use domain::destination::{Msisdn, destination};
use domain::dictionary::Dictionaries;
use domain::handling::Handling;
use domain::id::{BatchId, MessageId, TransferId};
use domain::message::Message;
use domain::money::{Amount, AmountError};
use domain::payment::PaymentError;
use domain::quote::{Level, QuoteError, offers};
use domain::rating::{Attribute, Event};
use domain::segmentation::segment;
use domain::transfer::{Party, Transfer, TransferError, TransferRequest, plan_transfer};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::{AcceptError, PostedTransfer, Store, StoreError};

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

/// How a request to send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    Now,
    Before,
}

impl Member {
    /// Sends one message under an idempotency key. Gives it as it was stored, or as it would be now.
    pub async fn send(&self, store: &Store, key: &str, text: &str) -> Result<(Accepted, Message), Refused> {
        let draft = self.draft(key, text, 1)?;
        match store.accept(&draft).await? {
            store::Accepted::Now(Row::Message(message)) => Ok((Accepted::Now, *message)),
            _ => Ok((Accepted::Before, self.message(key, text)?)),
        }
    }

    /// The message that a request leads to where no pack, scale or bundle is in force.
    pub fn message(&self, key: &str, text: &str) -> Result<Message, QuoteError> {
        match self.draft(key, text, 1)?.price(Stock::default(), Amount::ZERO)?.row {
            Row::Message(message) => Ok(*message),
            Row::Batch(_) => unreachable!("one recipient is a message"),
        }
    }

    /// Sends one text to `count` numbers under an idempotency key.
    pub async fn send_batch(
        &self,
        store: &Store,
        key: &str,
        text: &str,
        count: u32,
    ) -> Result<(Accepted, Batch), Refused> {
        let draft = Draft { single: None, ..self.draft(key, text, count)? };
        match store.accept(&draft).await? {
            store::Accepted::Now(Row::Batch(batch)) => Ok((Accepted::Now, *batch)),
            _ => Ok((Accepted::Before, self.batch(key, text, count)?)),
        }
    }

    /// The batch that a request leads to where no pack, scale or bundle is in force.
    pub fn batch(&self, key: &str, text: &str, count: u32) -> Result<Batch, QuoteError> {
        let draft = Draft { single: None, ..self.draft(key, text, count)? };
        match draft.price(Stock::default(), Amount::ZERO)?.row {
            Row::Batch(batch) => Ok(*batch),
            Row::Message(_) => unreachable!("it is a batch"),
        }
    }

    /// A request to `count` numbers, one of which makes it a single message; as the send function
    /// drafts it.
    pub fn draft(&self, key: &str, text: &str, count: u32) -> Result<Draft, QuoteError> {
        self.draft_to((0..count).map(number).collect(), key, text)
    }

    /// A request to these numbers.
    pub fn draft_to(&self, numbers: Vec<Msisdn>, key: &str, text: &str) -> Result<Draft, QuoteError> {
        let single = numbers.len() == 1;
        self.draft_of(Request { levels: &self.levels, numbers, key, text, single, now: NOW })
    }

    /// A request, as the send function drafts it.
    pub fn draft_of(&self, request: Request<'_>) -> Result<Draft, QuoteError> {
        let Request { levels, numbers, key, text, single, now } = request;
        let segmented = segment(text);
        let place = destination(&numbers[0], Dictionaries::shipped())
            .expect("a German mobile number has a destination");
        let (network, mccmnc) = (place.network, place.mccmnc);
        let country = place.country.as_str().to_owned();
        let event = Event::sms(&country, network.as_deref(), Some(self.sender.as_str()))
            .with_known(Attribute::Mcc, place.mcc.as_deref())
            .with_known(Attribute::Mccmnc, mccmnc.as_deref());
        let offers = offers(levels, &event, now)?;
        let count = u32::try_from(numbers.len()).expect("few numbers");
        let batch = Batch {
            id: BatchId::of_request(&self.company.id, key),
            company: self.company.id.clone(),
            agreement: self.agreement.id.clone(),
            sender: self.sender.clone(),
            text: text.to_owned(),
            client_reference: None,
            connection: connection(),
            connection_kind: ConnectionKind::Smpp,
            encoding: segmented.encoding,
            segments: u32::try_from(segmented.segments_count()).expect("few segments"),
            handling: Handling::default(),
            tariffs: Vec::new(),
            recipients: Vec::new(),
            refused: Vec::new(),
            accepted_at: now,
            request_hash: request_hash(key, text, count),
            balance_after: Amount::ZERO,
            lease: None,
        };
        Ok(Draft {
            batch,
            single: single.then(|| MessageId::of_request(&self.company.id, key)),
            home: levels.first().map_or_else(|| self.wallet.clone(), |level| level.payer.clone()),
            main: self.agreement.wallet(),
            places: vec![Place { country, network, mccmnc, offers }],
            wanted: numbers.into_iter().map(|number| (number, 0)).collect(),
        })
    }
}

/// One text to some numbers, all in one network.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What it costs, and who pays.
    pub levels: &'a [Level],
    pub numbers: Vec<Msisdn>,
    /// The idempotency key.
    pub key: &'a str,
    pub text: &'a str,
    /// Whether it is stored as a message rather than as a batch.
    pub single: bool,
    pub now: Timestamp,
}

/// A German mobile number.
///
/// # Panics
/// When there are not so many.
pub fn number(place: u32) -> Msisdn {
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
        amount: amount.into(),
        note: String::new(),
        by: from.company.id.clone(),
        by_user: None,
        own_wallet_only: false,
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
        let from = Party { wallet: giver, company: &from.company, agreement: &from.agreement };
        let to = Party { wallet: &taker, company: &to.company, agreement: &to.agreement };
        plan_transfer(from, to, ask.clone(), NOW)
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
            let (one, other) = (&from.company.path, &to.company.path);
            let act = crate::edits::act(if one.len() < other.len() { other } else { one });
            let posted = store.post_transfer(&act, &transfer, &giver).await?;
            Ok((transfer, posted))
        }
        // A twin of this request may have been posted since the transfer was looked for.
        Err(error) => match store.transfer(&ask.id).await? {
            Some(stored) => Ok((stored.clone(), PostedTransfer::Before(Box::new(stored)))),
            None => Err(error.into()),
        },
    }
}
