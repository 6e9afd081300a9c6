//! A stream's records, read as changes of the domain's things.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use domain::batch::Batch;
use domain::fee::Fee;
use domain::message::Message;
use domain::payment::Payment;
use domain::rating::RateChange;
use domain::wallet::Wallet;
use jiff::Timestamp;
use store::{Item, Row, StoreError, fee_of, keys, payment_of, rate_change_of, row_of, wallet_of};

pub struct WalletChange {
    pub before: Option<Wallet>,
    pub after: Wallet,
    pub at: Timestamp,
}

pub struct MessageChange {
    pub before: Option<Message>,
    pub after: Message,
}

pub struct PaymentChange {
    pub before: Option<Payment>,
    pub after: Payment,
    pub at: Timestamp,
}

pub enum Change {
    Wallet(Box<WalletChange>),
    Payment(Box<PaymentChange>),
    /// A new one: fees do not change.
    Fee(Box<Fee>),
    Rates(Box<RateChange>),
    Message(Box<MessageChange>),
    Batch(Box<Batch>),
}

/// The changes of a delivery in its order. Other items, and expired ones, are nobody's business here.
pub fn changes(event: Event) -> Result<Vec<Change>, StoreError> {
    event.records.into_iter().filter_map(|record| change(record).transpose()).collect()
}

fn change(record: EventRecord) -> Result<Option<Change>, StoreError> {
    let at = Timestamp::from_second(record.change.approximate_creation_date_time.timestamp());
    let at = at.map_err(|error| corrupt(&error))?;
    let (before, after) = (item(record.change.old_image), item(record.change.new_image));
    if after.is_empty() {
        return Ok(None);
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
    if !keys::is_message(&pk) {
        return Ok(None);
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
            Some(Change::Message(Box::new(MessageChange { before: Some(*before), after: *after })))
        }
        (None, Row::Message(after)) => {
            Some(Change::Message(Box::new(MessageChange { before: None, after: *after })))
        }
        _ => None,
    })
}

fn item(image: serde_dynamo::Item) -> Item {
    image.into()
}

fn corrupt(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt { kind: "a stream record", detail: error.to_string() }
}
