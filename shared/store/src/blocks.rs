//! Blocks after they were charged: claimed by a worker, moved together, and read message by message. How
//! they come to be is in `leases`.
//!
//! A block counts once its lease was charged for it. Whatever changes it knows that: a job exists only
//! after that, and who calls a message back looks first. So one that was ever changed counts.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, TransactWriteItem};
use domain::edr::row_kept_until;
use domain::id::MessageId;
use domain::lease::{Block, BlockChange, BlockError, LeaseTag, Standing};
use domain::message::{Progress, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alone::{write_alone, write_marked};
use crate::item::{Item, document, expiring, key_of, number, read};
use crate::keys;
use crate::messages::{Mark, Units, message_item, refund_from};
use crate::transact::{Change, Refused};
use crate::{Requested, Row, Store, StoreError, Stored};

const BLOCK: &str = "a block";
const CONTENT: &str = "content";
const STATES: &str = "states";
/// Others that change the same block at the same time do so a handful of times.
const CHANGE_ATTEMPTS_MAX: u32 = 10;

/// What a worker that wants to submit a block is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockClaim {
    /// Its accepted messages are yours to submit, once.
    Yours(ClaimedBlock),
    /// Somebody claimed it before, and of its accepted messages nobody has told what came of them: whether
    /// they left nobody knows.
    Before(Block),
    /// Nothing to do.
    Done,
}

/// A block with the mark of the call that claimed it. Nobody else can give it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedBlock {
    pub block: Block,
    pub mark: u32,
}

/// What an item of a block says beside its content and its states.
#[derive(Serialize, Deserialize)]
struct Head {
    tag: LeaseTag,
    #[serde(default)]
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fence: Option<u64>,
}

/// Where a message is.
enum Place {
    /// In a row of its own, or nowhere.
    Row,
    InBlock(Box<Block>, u16),
}

impl Store {
    /// Marks a block as handed to a worker, so that a second delivery of its job does not send it again.
    /// One write. `fence` is the claimer's as the owner of the block's connection (see
    /// [`Store::own_connection`]): a block that a later owner has ever claimed is refused as busy. The mark
    /// is this call's own: when an answer is lost and the SDK asks again, it finds its own mark.
    pub async fn claim_block(&self, tag: &LeaseTag, fence: u64) -> Result<BlockClaim, StoreError> {
        self.claim_block_under(tag, fence, Mark::random()).await
    }

    /// The same under a mark of the caller, as with [`Store::claim_over`].
    pub async fn claim_block_under(
        &self,
        tag: &LeaseTag,
        fence: u64,
        Mark(mark): Mark,
    ) -> Result<BlockClaim, StoreError> {
        let write = self
            .dynamo
            .update_item()
            .table_name(&self.tables.messages)
            .set_key(Some(key_of(&keys::block(tag))))
            .update_expression("SET claimed = :mark, fence = :fence, revision = revision + :one")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(claimed) OR claimed = :mark) \
                 AND (attribute_not_exists(fence) OR fence <= :fence)",
            )
            .expression_attribute_values(":mark", number(mark))
            .expression_attribute_values(":fence", number(fence))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        if let Some(answer) = write_marked("claim a block", || write.clone().send()).await? {
            let item = answer.attributes.ok_or_else(|| StoreError::corrupt(BLOCK, "nothing came back"))?;
            let block = block_of(item)?;
            let has_something = block.is_open();
            let yours = BlockClaim::Yours(ClaimedBlock { block, mark });
            return Ok(if has_something { yours } else { BlockClaim::Done });
        }
        let busy = StoreError::Busy { action: "claim a block" };
        let Some(item) = self.get_item(&self.tables.messages, &keys::block(tag)).await? else {
            return Err(busy);
        };
        let head: Head = read(BLOCK, without_bytes(&item))?;
        let block = block_of(item)?;
        match (block.is_claimed, head.fence) {
            _ if !block.is_open() => Ok(BlockClaim::Done),
            // In the hands of a later owner, or given back at this moment.
            (_, Some(found)) if fence < found => Err(busy),
            (true, _) => Ok(BlockClaim::Before(block)),
            (false, _) => Err(busy),
        }
    }

    /// Gives a claimed block back, so that the next delivery of its job may claim it. Only for one of which
    /// nothing left but what was told before. One that somebody else has claimed stays as it is.
    pub async fn release_block(&self, claimed: &ClaimedBlock) -> Result<Stored, StoreError> {
        self.release_block_under(&claimed.block.tag, Mark(claimed.mark)).await
    }

    /// The same for a claim that got no answer, as with [`Store::release_under`].
    pub async fn release_block_under(&self, tag: &LeaseTag, Mark(mark): Mark) -> Result<Stored, StoreError> {
        let write = self
            .dynamo
            .update_item()
            .table_name(&self.tables.messages)
            .set_key(Some(key_of(&keys::block(tag))))
            .update_expression("SET revision = revision + :one REMOVE claimed")
            .condition_expression("claimed = :own")
            .expression_attribute_values(":own", number(mark))
            .expression_attribute_values(":one", number(1));
        let released = write_marked("release a block", || write.clone().send()).await?;
        Ok(released.map_or(Stored::Overtaken, |_| Stored::Now))
    }

    /// The block with this tag, whether it counts or not.
    pub async fn block(&self, tag: &LeaseTag) -> Result<Option<Block>, StoreError> {
        self.get_item(&self.tables.messages, &keys::block(tag)).await?.map(block_of).transpose()
    }

    /// Stores the next state of a block with what follows from it, in one write: units by the size of the
    /// block, and twice as many and some with a refund or with messages that leave.
    pub async fn change_block(&self, change: &BlockChange) -> Result<Stored, StoreError> {
        if change.refund.is_empty() && change.leaving.is_empty() {
            return self.change_states(change).await;
        }
        let action = "move messages of a block";
        for units in [Units::ToEscrow, Units::ToOwners] {
            let mut items = vec![self.update_item(self.states_change(change)?)];
            for row in &change.leaving {
                items.push(self.new_item(&self.tables.messages, message_item(row)?));
            }
            items.extend(self.refund_items(change, units)?);
            match self.transact(action, items).await {
                Ok(()) => return Ok(Stored::Now),
                Err(Refused::At(0, _)) => return Ok(Stored::Overtaken),
                // What the home wallet had used of a pack above is settled already.
                Err(Refused::At(place, _)) if change.leaving.len() < place && units == Units::ToEscrow => {}
                Err(refused) => return Err(refused.unexpected(action)),
            }
        }
        Ok(Stored::Overtaken)
    }

    fn refund_items(&self, change: &BlockChange, units: Units) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (Some(message), false) = (change.block.messages.first(), change.refund.is_empty()) else {
            return Ok(Vec::new());
        };
        let changes = refund_from(message, &change.block.tag.to_string(), &change.refund, units)?;
        Ok(changes.into_iter().map(|change| self.change_wallet(change)).collect())
    }

    async fn change_states(&self, change: &BlockChange) -> Result<Stored, StoreError> {
        let change = self.states_change(change)?;
        let write = self
            .dynamo
            .update_item()
            .table_name(&change.table)
            .set_key(Some(key_of(&change.key)))
            .update_expression(&change.expression)
            .condition_expression(&change.condition)
            .set_expression_attribute_values(Some(change.values));
        let stored = write_alone("store a block", || write.clone().send()).await?;
        Ok(stored.map_or(Stored::Overtaken, |_| Stored::Now))
    }

    fn states_change(&self, change: &BlockChange) -> Result<Change, StoreError> {
        let states = change.block.pack_states().map_err(corrupt)?;
        Ok(Change {
            key: keys::block(&change.block.tag),
            table: self.tables.messages.clone(),
            expression: "SET states = :states, revision = :after".to_owned(),
            condition: "revision = :before".to_owned(),
            names: Vec::new(),
            values: Item::from([
                (":states".to_owned(), AttributeValue::B(Blob::new(states))),
                (":after".to_owned(), number(change.block.revision)),
                (":before".to_owned(), number(change.before)),
            ]),
        })
    }

    /// Calls a message back, if no worker has had it. False if one has, if it has ended otherwise, or if there
    /// is none. Of one that was called back before it is true again: the answer to that may have been lost.
    pub async fn cancel_message(&self, id: &MessageId, now: Timestamp) -> Result<bool, StoreError> {
        for _ in 0..CHANGE_ATTEMPTS_MAX {
            let canceled = match self.place_of(id).await? {
                Place::InBlock(block, place) => self.cancel_in_block(*block, place, now).await?,
                Place::Row => self.cancel_row(id, now).await?,
            };
            if let Some(canceled) = canceled {
                return Ok(canceled);
            }
        }
        Err(StoreError::Busy { action: "call a message back" })
    }

    /// None if it was overtaken.
    async fn cancel_in_block(
        &self,
        block: Block,
        place: u16,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        if block.messages.get(usize::from(place)).is_some_and(|message| message.status == Status::Canceled) {
            return Ok(Some(true));
        }
        if block.is_claimed || !self.counts(&block).await? {
            return Ok(Some(false));
        }
        let mut change = block.change();
        // The first step of a change always has room.
        let _ = change.step(place, &Progress::Canceled, now);
        if !change.is_some() {
            return Ok(Some(false));
        }
        Ok((self.change_block(&change).await? == Stored::Now).then_some(true))
    }

    /// What became of a request for a message in a block, as [`Store::requested`] tells it.
    pub(crate) async fn requested_in_block(
        &self,
        tag: &LeaseTag,
        place: u16,
    ) -> Result<Option<Requested>, StoreError> {
        let Some(block) = self.block(tag).await? else { return Ok(Some(Requested::Nothing)) };
        if block.left.contains(&place) {
            return Ok(None);
        }
        let Some(message) = block.message(place) else { return Ok(Some(Requested::Nothing)) };
        let row = Row::Message(Box::new(message));
        if 0 < block.revision {
            return Ok(Some(Requested::Counts(row)));
        }
        Ok(Some(match self.standing(tag).await? {
            Standing::Counts => Requested::Counts(row),
            Standing::Undecided => Requested::Undecided(row),
            Standing::Void => Requested::Void(tag.clone()),
        }))
    }

    async fn place_of(&self, id: &MessageId) -> Result<Place, StoreError> {
        let Some((tag, place)) = id.block() else { return Ok(Place::Row) };
        Ok(match self.block(&tag).await? {
            Some(block) if !block.left.contains(&place) => Place::InBlock(Box::new(block), place),
            _ => Place::Row,
        })
    }

    async fn counts(&self, block: &Block) -> Result<bool, StoreError> {
        Ok(0 < block.revision || self.standing(&block.tag).await? == Standing::Counts)
    }
}

/// A new block as it is stored.
pub(crate) fn block_item(block: &Block, now: Timestamp) -> Result<Item, StoreError> {
    let head = Head { tag: block.tag.clone(), revision: 0, claimed: None, fence: None };
    let mut item = document(&keys::block(&block.tag), &head)?;
    let content = block.pack().map_err(corrupt)?;
    item.insert(CONTENT.to_owned(), AttributeValue::B(Blob::new(content)));
    Ok(expiring(item, row_kept_until(now)))
}

/// Reads a block, from the table or from an image in its stream.
pub fn block_of(item: Item) -> Result<Block, StoreError> {
    let head: Head = read(BLOCK, without_bytes(&item))?;
    let content = bytes(&item, CONTENT).ok_or_else(|| StoreError::corrupt(BLOCK, "it has no content"))?;
    let block = Block::unpack(head.tag.clone(), content).map_err(corrupt)?;
    brought_to(block, head, &item)
}

/// A change of a block, from the two images in its stream: before and after. None if nothing of its messages has
/// changed, as when it is claimed.
pub fn block_change_of(before: Item, after: Item) -> Result<Option<(Block, Block)>, StoreError> {
    if before.get(CONTENT) != after.get(CONTENT) {
        return Ok(Some((block_of(before)?, block_of(after)?)));
    }
    if before.get(STATES) == after.get(STATES) {
        return Ok(None);
    }
    // What never changes is read once.
    let head: Head = read(BLOCK, without_bytes(&before))?;
    let content = bytes(&before, CONTENT).ok_or_else(|| StoreError::corrupt(BLOCK, "it has no content"))?;
    let accepted = Block::unpack(head.tag.clone(), content).map_err(corrupt)?;
    let later: Head = read(BLOCK, without_bytes(&after))?;
    Ok(Some((brought_to(accepted.clone(), head, &before)?, brought_to(accepted, later, &after)?)))
}

fn brought_to(block: Block, head: Head, item: &Item) -> Result<Block, StoreError> {
    let block = match bytes(item, STATES) {
        Some(states) => block.with_states(states).map_err(corrupt)?,
        None => block,
    };
    Ok(Block { revision: head.revision, is_claimed: head.claimed.is_some(), ..block })
}

fn bytes<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    item.get(name).and_then(|value| value.as_b().ok()).map(AsRef::as_ref)
}

fn without_bytes(item: &Item) -> Item {
    let is_short = |(_, value): &(&String, &AttributeValue)| !value.is_b();
    item.iter().filter(is_short).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn corrupt(error: BlockError) -> StoreError {
    StoreError::corrupt(BLOCK, error)
}
