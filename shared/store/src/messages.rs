//! Messages and batches after they were accepted: read, claimed by a worker, moved, refunded. By which
//! references receipts find them is in `references`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnValue;
use domain::allowance::Pot;
use domain::batch::{Batch, Row};
use domain::edr::row_kept_until;
use domain::id::{BatchId, ConnectionId, MessageId, WalletId};
use domain::lease::{LeaseTag, Standing};
use domain::message::{Message, Progress, Status, Step, apply};
use domain::money::Amount;
use domain::quote::Charge;
use domain::wallet::{Operation, OperationKind};
use jiff::Timestamp;

use crate::alone::{write_alone, write_marked};
use crate::item::{Item, document, expiring, key_of, number, read, text};
use crate::keys;
use crate::transact::Refused;
use crate::wallets::{Sum, WalletChange};
use crate::{Store, StoreError};

const MESSAGE: &str = "a message";
const BATCH: &str = "a batch";
/// Rows of one transaction, which takes a hundred items.
const REFUNDS_AT_ONCE: usize = 99;

/// What a worker that wants to submit a message is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is yours to submit, once.
    Yours(Claimed),
    /// Somebody claimed it before and no outcome is stored: whether it left nobody knows.
    Before(Box<Message>),
    /// Nothing to do.
    Done,
}

/// By which a worker knows its own claim. One that got no answer is asked for again under the same mark; one
/// that was given back needs another, as the first may still be on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(pub(crate) u32);

impl Mark {
    pub fn random() -> Self {
        Self(rand::random())
    }
}

/// A message with the mark of the call that claimed it. Nobody else can give it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub message: Box<Message>,
    mark: u32,
}

/// What a request for a message, or for several, has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    Nothing,
    /// It was charged, and is on its way.
    Counts(Row),
    /// It may be charged at any moment, through a lease that is still open.
    Undecided(Row),
    /// It was put under this tag and never will be charged: another try takes its place.
    Void(LeaseTag),
}

/// Reads a row of messages, from the table or from an image in its stream.
pub fn row_of(item: Item) -> Result<Row, StoreError> {
    if item.contains_key("recipients") {
        return Ok(Row::Batch(Box::new(read(BATCH, item)?)));
    }
    Ok(Row::Message(Box::new(read(MESSAGE, item)?)))
}

/// How a conditional change of a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Now,
    /// The message has moved since it was read.
    Overtaken,
}

/// A message's row.
pub(crate) fn message_item(message: &Message) -> Result<Item, StoreError> {
    let item = document(&keys::message(&message.id), message)?;
    Ok(expiring(item, row_kept_until(message.accepted_at)))
}

impl Store {
    /// A message that was charged: a row, one in a block, or one of a batch before its row was written.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Message>, StoreError> {
        match self.requested(id).await? {
            Requested::Counts(Row::Message(message)) => return Ok(Some(*message)),
            Requested::Nothing => {}
            _ => return Ok(None),
        }
        let Some((batch, place)) = id.batch() else { return Ok(None) };
        Ok(self.batch(&batch).await?.and_then(|batch| batch.message(place)))
    }

    pub async fn batch(&self, id: &BatchId) -> Result<Option<Batch>, StoreError> {
        Ok(match self.standing_row(&keys::batch(id)).await? {
            Requested::Counts(Row::Batch(batch)) => Some(*batch),
            _ => None,
        })
    }

    /// What became of a request with this id.
    pub async fn requested(&self, id: &MessageId) -> Result<Requested, StoreError> {
        if let Some((tag, place)) = id.block()
            && let Some(requested) = self.requested_in_block(&tag, place).await?
        {
            return Ok(requested);
        }
        self.standing_row(&keys::message(id)).await
    }

    /// A row that is put under a lease does not count before the lease was charged.
    pub(crate) async fn standing_row(&self, key: &keys::Key) -> Result<Requested, StoreError> {
        let Some(row) = self.row(key).await? else { return Ok(Requested::Nothing) };
        let Some(tag) = row.lease() else { return Ok(Requested::Counts(row)) };
        if row.has_moved() {
            return Ok(Requested::Counts(row));
        }
        Ok(match self.standing(tag).await? {
            Standing::Counts => Requested::Counts(row),
            Standing::Undecided => Requested::Undecided(row),
            Standing::Void => Requested::Void(tag.clone()),
        })
    }

    pub(crate) async fn row(&self, key: &keys::Key) -> Result<Option<Row>, StoreError> {
        self.get_item(&self.tables.messages, key).await?.map(row_of).transpose()
    }

    /// None if it was overtaken.
    pub(crate) async fn cancel_row(
        &self,
        id: &MessageId,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let Some(message) = self.message(id).await? else { return Ok(Some(false)) };
        if message.status == Status::Canceled {
            return Ok(Some(true));
        }
        let Step::Move { message: next, refund } = apply(&message, &Progress::Canceled, now) else {
            return Ok(Some(false));
        };
        if id.batch().is_some() {
            // It may have no row yet.
            self.write_message_of_batch(&message).await?;
        }
        let stored = self.move_message(&next, message.revision, &refund).await?;
        Ok((stored == Stored::Now).then_some(true))
    }

    /// Writes the row of a batch's message. Repeats change nothing.
    pub async fn write_message_of_batch(&self, message: &Message) -> Result<(), StoreError> {
        let item = message_item(message)?;
        self.put_if_new(&self.tables.messages, item).await?;
        Ok(())
    }

    /// Marks a message as handed to a worker, so that a second delivery of its job does not send it
    /// again. One write unit. The mark is this call's own: when an answer is lost and the SDK asks again,
    /// it finds its own mark, not somebody else's.
    pub async fn claim(&self, id: &MessageId) -> Result<Claim, StoreError> {
        self.claim_marked(id, None, None, Mark::random()).await
    }

    /// The same for the job of a connection: nothing is left to do for a message that has gone on to
    /// another vendor since. Under a mark of the caller, who asks again under it when no answer came: so it
    /// finds the claim that was carried out all the same.
    pub async fn claim_over(
        &self,
        id: &MessageId,
        connection: &ConnectionId,
        mark: Mark,
    ) -> Result<Claim, StoreError> {
        self.claim_marked(id, Some(connection), None, mark).await
    }

    /// The same for the owner of the connection, with the owner's fence (see [`Store::own_connection`]). A
    /// message that a later owner has ever claimed is refused as busy.
    pub async fn claim_as_owner(
        &self,
        id: &MessageId,
        connection: &ConnectionId,
        fence: u64,
        mark: Mark,
    ) -> Result<Claim, StoreError> {
        self.claim_marked(id, Some(connection), Some(fence), mark).await
    }

    async fn claim_marked(
        &self,
        id: &MessageId,
        connection: Option<&ConnectionId>,
        fence: Option<u64>,
        Mark(mark): Mark,
    ) -> Result<Claim, StoreError> {
        const FREE: &str = "#status = :accepted OR (#status = :queued AND claimed = :mark)";
        const SET: &str = "SET #status = :queued, revision = revision + :one, claimed = :mark";
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.messages)
            .set_key(Some(key_of(&keys::message(id))))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":mark", number(mark))
            .expression_attribute_values(":queued", text("queued"))
            .expression_attribute_values(":accepted", text("accepted"))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        let (mut set, mut condition, mut update) = (SET.to_owned(), format!("({FREE})"), update);
        if let Some(connection) = connection {
            condition.push_str(" AND #connection = :connection");
            update = update
                .expression_attribute_names("#connection", "connection")
                .expression_attribute_values(":connection", text(connection.as_str()));
        }
        if let Some(fence) = fence {
            set.push_str(", fence = :fence");
            condition.push_str(" AND (attribute_not_exists(fence) OR fence <= :fence)");
            update = update.expression_attribute_values(":fence", number(fence));
        }
        let update = update.update_expression(set).condition_expression(condition);
        if let Some(answer) = write_marked("claim a message", || update.clone().send()).await? {
            let item = answer.attributes.ok_or_else(|| StoreError::corrupt(MESSAGE, "nothing came back"))?;
            return Ok(Claim::Yours(Claimed { message: Box::new(read(MESSAGE, item)?), mark }));
        }
        let is_elsewhere = |message: &Message| connection.is_some_and(|own| message.connection != *own);
        match self.row(&keys::message(id)).await? {
            Some(Row::Message(message)) if is_elsewhere(&message) => Ok(Claim::Done),
            Some(Row::Message(message)) if message.status == Status::Queued => Ok(Claim::Before(message)),
            Some(Row::Message(message)) if message.status != Status::Accepted => Ok(Claim::Done),
            // Given back at this moment, not there yet, or for a later owner: its job comes again.
            _ => Err(StoreError::Busy { action: "claim a message" }),
        }
    }

    /// Gives a claimed message back, so that the next delivery of its job may claim it. Only for one that
    /// surely did not leave. One that has moved on, or that somebody has claimed since, stays as it is:
    /// a release that arrives late, or twice, frees nobody else's claim.
    pub async fn release(&self, claimed: &Claimed) -> Result<Stored, StoreError> {
        self.release_under(&claimed.message.id, Mark(claimed.mark)).await
    }

    /// The same for a claim that got no answer, and may have been carried out all the same.
    pub async fn release_under(&self, id: &MessageId, Mark(mark): Mark) -> Result<Stored, StoreError> {
        let write = self
            .dynamo
            .update_item()
            .table_name(&self.tables.messages)
            .set_key(Some(key_of(&keys::message(id))))
            .update_expression("SET #status = :accepted, revision = revision + :one REMOVE claimed")
            // Whatever moves a message on takes the mark away.
            .condition_expression("claimed = :own")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":own", number(mark))
            .expression_attribute_values(":accepted", text("accepted"))
            .expression_attribute_values(":one", number(1));
        Ok(stored(write_marked("release a message", || write.clone().send()).await?))
    }

    /// Stores the next state of a message and gives back what it no longer owes, in one write: one unit
    /// without a refund, four with one. `before` is the revision the step was decided on.
    pub async fn move_message(
        &self,
        message: &Message,
        before: u32,
        refund: &[Charge],
    ) -> Result<Stored, StoreError> {
        let item = message_item(message)?;
        let revision = Item::from([(":before".to_owned(), number(before))]);
        if refund.is_empty() {
            return self.replace_message(item, revision).await;
        }
        for units in [Units::ToEscrow, Units::ToOwners] {
            let row =
                self.put_item(&self.tables.messages, item.clone(), "revision = :before", revision.clone());
            let wallets =
                refund_of(message, refund, units)?.into_iter().map(|change| self.change_wallet(change));
            match self.transact("refund the message", [row].into_iter().chain(wallets).collect()).await {
                Ok(()) => return Ok(Stored::Now),
                Err(Refused::At(0, _)) => return Ok(Stored::Overtaken),
                // What the home wallet had used of a pack above is settled already.
                Err(Refused::At(..)) if units == Units::ToEscrow => {}
                Err(refused) => return Err(refused.unexpected("refund the message")),
            }
        }
        Ok(Stored::Overtaken)
    }

    /// Moves several messages that were sent from one wallet and gives back what they no longer owe, in one
    /// write: two units each, and two for the wallet. Those that have moved since they were read are left
    /// out, and so are those that give back units of packs.
    pub async fn refund_together(&self, refunds: &[Refund]) -> Result<(), StoreError> {
        let Some(home) = refunds.first().map(|refund| refund.message.home()) else { return Ok(()) };
        let is_plain = |refund: &&Refund| {
            refund.message.home() == home && refund.charges.iter().all(|charge| !gives_units_back(charge))
        };
        let plain: Vec<&Refund> = refunds.iter().filter(is_plain).collect();
        for some in plain.chunks(REFUNDS_AT_ONCE) {
            let mut waiting = some.to_vec();
            while let Some(last) = waiting.last() {
                let mut items = Vec::with_capacity(waiting.len() + 1);
                for Refund { message, before, .. } in &waiting {
                    let item = message_item(message)?;
                    let revision = Item::from([(":before".to_owned(), number(before))]);
                    items.push(self.put_item(&self.tables.messages, item, "revision = :before", revision));
                }
                let change = WalletChange::new(&home, refunding(&last.message));
                let change = waiting.iter().fold(change, |change, refund| {
                    refund.charges.iter().fold(change, |change, charge| give_back(change, &home, charge))
                });
                items.push(self.change_wallet(change));
                match self.transact("refund messages", items).await {
                    Ok(()) => break,
                    Err(Refused::At(place, _)) if place < waiting.len() => drop(waiting.remove(place)),
                    Err(refused) => return Err(refused.unexpected("refund messages")),
                }
            }
        }
        Ok(())
    }

    async fn replace_message(&self, item: Item, revision: Item) -> Result<Stored, StoreError> {
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.tables.messages)
            .set_item(Some(item))
            .condition_expression("revision = :before")
            .set_expression_attribute_values(Some(revision));
        Ok(stored(write_alone("store a message", || put.clone().send()).await?))
    }
}

/// A message's next state, decided on the revision `before`, and the charges that it no longer owes.
#[derive(Debug, Clone)]
pub struct Refund {
    pub message: Message,
    pub before: u32,
    pub charges: Vec<Charge>,
}

fn gives_units_back(charge: &Charge) -> bool {
    charge.taken.as_ref().is_some_and(|taken| taken.returns)
}

fn refunding(message: &Message) -> Operation {
    Operation { kind: OperationKind::Refund, reference: message.id.to_string() }
}

/// The money of a charge: to the home wallet's headroom, or to the escrow it holds.
fn give_back(change: WalletChange, home: &WalletId, charge: &Charge) -> WalletChange {
    if charge.wallet == *home {
        return change.add(Sum::Headroom, charge.amount).add(Sum::Charged, -charge.amount);
    }
    let money = Pot::money(&charge.wallet);
    change.add(Sum::Escrow(money.clone()), charge.amount).add(Sum::Used(money), -charge.amount)
}

/// How a write that a condition may refuse ended.
fn stored<T>(answer: Option<T>) -> Stored {
    answer.map_or(Stored::Overtaken, |_| Stored::Now)
}

/// Where the units of packs above go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// What the home wallet holds of them, if it still counts them as used: so `granted` of their owner
    /// never hides escrow that somebody has.
    ToEscrow,
    /// The wallets they belong to: two more write units each.
    ToOwners,
}

/// Gives charges of one message back, each to its wallet.
fn refund_of(message: &Message, refund: &[Charge], units: Units) -> Result<Vec<WalletChange>, StoreError> {
    refund_from(message, message.id.as_str(), refund, units)
}

/// Gives charges back to the home wallet: its own to its headroom and its packs, the others to the escrow
/// it holds, also where they were taken directly, so that no wallet above is written but for units. All of
/// them are of messages that were sent from one wallet, as `one` was; `reference` is what statements say.
pub(crate) fn refund_from(
    one: &Message,
    reference: &str,
    refund: &[Charge],
    units: Units,
) -> Result<Vec<WalletChange>, StoreError> {
    let (home, main) = (one.home(), one.main_wallet());
    let operation = Operation { kind: OperationKind::Refund, reference: reference.to_owned() };
    let mut change = WalletChange::new(&home, operation.clone());
    let mut taken: BTreeMap<Pot, Amount> = BTreeMap::new();
    for charge in refund {
        let owner = if charge.wallet == home { &main } else { &charge.wallet };
        change = give_back(change, &home, charge);
        if let Some(back) = charge.taken.as_ref().filter(|taken| taken.returns) {
            let sum = taken.entry(Pot::allowance(owner, &back.allowance)).or_default();
            *sum = sum.checked_add(back.units)?;
        }
    }
    let mut owners: BTreeMap<WalletId, WalletChange> = BTreeMap::new();
    for (pot, back) in taken {
        let Some(allowance) = pot.allowance.clone() else { continue };
        match units {
            _ if pot.wallet == home => change = change.add(Sum::Drawn(allowance), -back),
            Units::ToEscrow => {
                change = change.take(Sum::Used(pot.clone()), back).add(Sum::Escrow(pot), back);
            }
            Units::ToOwners => {
                let owner = owners.remove(&pot.wallet);
                let owner = owner.unwrap_or_else(|| WalletChange::new(&pot.wallet, operation.clone()));
                owners.insert(pot.wallet, owner.add(Sum::Drawn(allowance), -back));
            }
        }
    }
    Ok([change].into_iter().chain(owners.into_values()).collect())
}
