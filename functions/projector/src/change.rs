//! A stream's records, read as changes of the domain's things.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use domain::batch::Batch;
use domain::fee::Fee;
use domain::incoming::IncomingMessage;
use domain::lease::{Block, LeaseTag};
use domain::message::{Message, Status};
use domain::payment::Payment;
use domain::rating::RateChange;
use domain::two_factor::CodeRequest;
use domain::wallet::Wallet;
use jiff::Timestamp;
use store::{
    Item, Row, StoreError, UnmatchedReceipt, block_change_of, code_request_of, fee_of, incoming_of, keys,
    parked_receipt_of, payment_of, rate_change_of, row_of, wallet_of,
};

pub struct WalletChange {
    pub before: Option<Wallet>,
    pub after: Wallet,
    pub at: Timestamp,
}

pub struct MessageChange {
    /// None: it is new.
    pub before: Option<Message>,
    pub after: Message,
    /// Whether it has got its row just now, which one that left its block gets later than it was accepted.
    pub has_new_row: bool,
}

impl MessageChange {
    /// A message that was accepted.
    pub fn new(message: Message) -> Self {
        Self { before: None, after: message, has_new_row: true }
    }

    /// The changes of a message that was there before. One that is called back may be so before the write
    /// that charged it has come by its own stream: it is recorded as accepted first, because what is
    /// recorded later is older, and passed over.
    fn of_known(before: Message, after: Message) -> impl Iterator<Item = Self> {
        let is_first = after.status == Status::Canceled && before.revision == 0;
        let accepted = is_first.then(|| Self { has_new_row: false, ..Self::new(before.clone()) });
        accepted.into_iter().chain([Self { before: Some(before), after, has_new_row: false }])
    }
}

/// Messages of one block that have moved by one write.
pub struct BlockChange {
    pub tag: LeaseTag,
    /// After it.
    pub revision: u32,
    pub moved: Vec<MessageChange>,
    /// The block before it, if that may not have been recorded as accepted: messages of it were called back,
    /// which may be so before the write that charged it has come by its own stream. What is recorded later is
    /// older, and passed over.
    pub accepted: Option<Block>,
}

pub struct IncomingChange {
    /// None: it is new.
    pub before: Option<IncomingMessage>,
    pub after: IncomingMessage,
}

impl IncomingChange {
    /// Whether it goes from here to those whose it is.
    pub fn hands_on(&self) -> bool {
        self.after.is_handed_on() && !self.before.as_ref().is_some_and(IncomingMessage::is_handed_on)
    }
}

pub struct PaymentChange {
    pub before: Option<Payment>,
    pub after: Payment,
    pub at: Timestamp,
}

pub enum Change {
    Wallet(Box<WalletChange>),
    Payment(Box<PaymentChange>),
    /// A new one, or as it was rated again.
    Fee(Box<Fee>),
    Rates(Box<RateChange>),
    /// Of one message with a row.
    Messages(Vec<MessageChange>),
    Block(Box<BlockChange>),
    Batch(Box<Batch>),
    /// A receipt that waits for its message.
    Parked(Box<UnmatchedReceipt>),
    /// One that has waited for as long as receipts do.
    Expired(Box<UnmatchedReceipt>),
    /// A two-factor code that somebody has typed right just now.
    Verified(Box<CodeRequest>),
    /// One from a phone.
    Incoming(Box<IncomingChange>),
}

/// Who removes what has expired, as the stream names it.
const EXPIRY: &str = "dynamodb.amazonaws.com";

/// The changes of a delivery in its order. Other items, and other expired ones, are nobody's business here.
pub fn changes(event: Event) -> Result<Vec<Change>, StoreError> {
    event.records.into_iter().filter_map(|record| change(record).transpose()).collect()
}

fn change(record: EventRecord) -> Result<Option<Change>, StoreError> {
    let at = Timestamp::from_second(record.change.approximate_creation_date_time.timestamp());
    let at = at.map_err(|error| corrupt(&error))?;
    let (before, after) = (item(record.change.old_image), item(record.change.new_image));
    if after.is_empty() {
        let has_expired = record.user_identity.is_some_and(|remover| remover.principal_id == EXPIRY);
        let expired = if has_expired { parked_receipt_of(&before)? } else { None };
        return Ok(expired.map(|receipt| Change::Expired(Box::new(receipt))));
    }
    let before = (!before.is_empty()).then_some(before);
    let pk = after.get(keys::PK).and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default();
    if keys::is_wallet(&pk) {
        let before = before.as_ref().map(wallet_of).transpose()?;
        let after = wallet_of(&after)?;
        return Ok(Some(Change::Wallet(Box::new(WalletChange { before, after, at }))));
    }
    if keys::is_payment(&pk) {
        let before = before.map(payment_of).transpose()?;
        return Ok(Some(Change::Payment(Box::new(PaymentChange { before, after: payment_of(after)?, at }))));
    }
    if keys::is_fee(&pk) {
        return Ok(Some(Change::Fee(Box::new(fee_of(after)?))));
    }
    if keys::is_rate_change(&pk) {
        return Ok(Some(Change::Rates(Box::new(rate_change_of(after)?))));
    }
    if keys::is_code_request(&pk) {
        let before = before.map(code_request_of).transpose()?;
        let after = code_request_of(after)?;
        let was_verified = before.is_none_or(|before| before.verified_at.is_some());
        let is_news = after.verified_at.is_some() && !was_verified;
        return Ok(is_news.then(|| Change::Verified(Box::new(after))));
    }
    if keys::is_incoming(&pk) {
        let before = before.map(incoming_of).transpose()?;
        return Ok(Some(Change::Incoming(Box::new(IncomingChange { before, after: incoming_of(after)? }))));
    }
    if keys::is_block(&pk) {
        // A new one is nobody's business before it is charged: the lease's own change brings it.
        let Some(before) = before else { return Ok(None) };
        let change = block_change_of(before, after)?.and_then(change_of_block);
        return Ok(change.map(|change| Change::Block(Box::new(change))));
    }
    if !keys::is_message(&pk) {
        let parked = if before.is_none() { parked_receipt_of(&after)? } else { None };
        return Ok(parked.map(|receipt| Change::Parked(Box::new(receipt))));
    }
    let (before, after) = (before.map(row_of).transpose()?, row_of(after)?);
    // What a lease has not charged yet is nobody's business: the lease's own change brings it. In the
    // place of one that never was charged there may come another.
    if after.lease().is_some() && !after.has_moved() {
        return Ok(None);
    }
    let before = before.filter(|before| before.lease().is_none() || before.lease() == after.lease());
    Ok(match (before, after) {
        (None, Row::Batch(batch)) => Some(Change::Batch(batch)),
        (Some(Row::Message(before)), Row::Message(after)) => {
            Some(Change::Messages(MessageChange::of_known(*before, *after).collect()))
        }
        (None, Row::Message(after)) => Some(Change::Messages(vec![new_row(*after)])),
        _ => None,
    })
}

/// One that has left its block was recorded when the block was charged.
fn new_row(message: Message) -> MessageChange {
    let before = message.id.block().is_some().then(|| message.clone());
    MessageChange { before, ..MessageChange::new(message) }
}

/// Of those that have moved; none if none has. One that has left goes on in its row.
fn change_of_block((before, after): (Block, Block)) -> Option<BlockChange> {
    let Block { tag, revision, messages, left, .. } = after;
    let has_moved = |(place, (before, after)): &(usize, (&Message, &Message))| {
        before.revision < after.revision && u16::try_from(*place).is_ok_and(|place| !left.contains(&place))
    };
    let both = before.messages.iter().zip(&messages).enumerate();
    let places: Vec<_> = both.filter(has_moved).map(|(place, _)| place).collect();
    if places.is_empty() {
        return None;
    }
    let accepted = (before.revision == 0).then(|| before.clone());
    let mut both: Vec<_> = before.messages.into_iter().zip(messages).map(Some).collect();
    let moved = places.into_iter().filter_map(|place| both[place].take());
    let moved =
        moved.map(|(before, after)| MessageChange { before: Some(before), after, has_new_row: false });
    Some(BlockChange { tag, revision, moved: moved.collect(), accepted })
}

fn item(image: serde_dynamo::Item) -> Item {
    image.into()
}

fn corrupt(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt { kind: "a stream record", detail: error.to_string() }
}
