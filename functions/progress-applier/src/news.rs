//! What happened to messages, one by one or many together, wherever they are: in a row, which moves by
//! itself, or in a block, whose messages move together by one write.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{ConnectionId, MessageId};
use domain::lease::{Block, BlockChange, Fits, LeaseTag};
use domain::message::{Message, Progress as Fact, Status, Step, apply as step};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use sending::NextRoads;
use store::Stored;

use crate::App;
use crate::routes::refusal;

/// Each round lost means that another progress of the same message was stored, and a message has only
/// a handful of them; so has a block, where they come together.
const ATTEMPTS_MAX: u32 = 20;
/// Blocks and rows changed at once.
pub const AT_ONCE: usize = 8;

/// One of a message's own jobs is about the message wherever it is; what is said of a block is not about
/// those that have left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    OfMessages,
    OfBlock,
}

#[derive(Debug, Clone)]
pub struct News {
    pub message: MessageId,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Fact(Fact),
    /// The vendor took nothing of it. `by` says whose vendor, where that is known.
    Refused {
        reason: String,
        next_route: bool,
        by: Option<ConnectionId>,
    },
    /// It may have left, over this connection where that is known; under these ids what of it was taken.
    InDoubt {
        references: Vec<Option<String>>,
        over: Option<ConnectionId>,
    },
    /// Nothing of it left, and it is to be sent by itself.
    NotSent,
}

impl What {
    /// Whether it says that a vendor has the message: that is true on whichever road it is by now.
    fn is_of_vendor(&self) -> bool {
        matches!(self, Self::Fact(Fact::Submitted { .. } | Fact::Receipt { .. }))
    }
}

/// Moves each message as far as its news, in their order, still move it.
pub async fn apply(app: &App, said: Said, news: Vec<News>, at: Timestamp) -> anyhow::Result<()> {
    let mut blocks: BTreeMap<LeaseTag, Vec<(u16, What)>> = BTreeMap::new();
    let mut rows: BTreeMap<MessageId, Vec<What>> = BTreeMap::new();
    for News { message, what } in news {
        match message.block() {
            Some((tag, place)) => blocks.entry(tag).or_default().push((place, what)),
            None => rows.entry(message).or_default().push(what),
        }
    }
    // Boxed, because the compiler does not see of unboxed ones that threads may share them.
    let blocks = blocks
        .into_iter()
        .map(|(tag, news)| move_block(app, said, tag, None, news, at).map(|moved| moved.map(drop)).boxed());
    let rows = rows.into_iter().map(|(id, news)| move_row(app, id, news, at).boxed());
    let moves: Vec<BoxFuture<'_, anyhow::Result<()>>> = blocks.chain(rows).collect();
    stream::iter(moves).buffer_unordered(AT_ONCE).try_collect().await
}

/// Moves messages of one block, by one write if they have room in one. `read` is the block if it was read just
/// now. Tells the places of those that had left it.
pub async fn move_block(
    app: &App,
    said: Said,
    tag: LeaseTag,
    mut read: Option<Block>,
    mut news: Vec<(u16, What)>,
    at: Timestamp,
) -> anyhow::Result<BTreeSet<u16>> {
    let (mut roads, mut lost, mut gone) = (NextRoads::new(&app.store), 0, BTreeSet::new());
    while !news.is_empty() {
        let block = match read.take() {
            Some(block) => block,
            None => existing(app, &tag).await?,
        };
        let (mut own, left): (Vec<_>, Vec<_>) =
            news.into_iter().partition(|(place, _)| !block.left.contains(place));
        // The first of them always has room.
        let (change, taken) = change_of(block, &own, &mut roads, at).await?;
        if change.is_some() && app.store.change_block(&change).await? == Stored::Overtaken {
            lost += 1;
            anyhow::ensure!(lost < ATTEMPTS_MAX, "the block {tag} is being changed by others");
            news = own.into_iter().chain(left).collect();
            continue;
        }
        for (place, what) in left {
            gone.insert(place);
            if said == Said::OfMessages || what.is_of_vendor() {
                move_row(app, MessageId::in_block(&tag, place), vec![what], at).await?;
            }
        }
        tracing::info!(block = %tag, news = taken, of = own.len(), "moved");
        news = own.split_off(taken);
    }
    Ok(gone)
}

/// As many of the news as have room in one write.
async fn change_of(
    block: Block,
    news: &[(u16, What)],
    roads: &mut NextRoads<'_>,
    at: Timestamp,
) -> anyhow::Result<(BlockChange, usize)> {
    let mut change = block.change();
    for (taken, (place, what)) in news.iter().enumerate() {
        let fits = match what {
            What::NotSent => change.send_alone(*place),
            What::Fact(fact) => change.step(*place, fact, at),
            What::InDoubt { references, .. } => change.step(*place, &doubt(references), at),
            What::Refused { reason, next_route, .. } => {
                let message = change.block.messages.get(usize::from(*place));
                let message = message.ok_or_else(|| anyhow::anyhow!("there is no message {place}"))?;
                // One that may have been taken goes nowhere else.
                let next_route = *next_route && message.status == Status::Accepted;
                let fact = refusal(roads, message, reason, next_route).await?;
                change.step(*place, &fact, at)
            }
        };
        if fits == Fits::No {
            return Ok((change, taken));
        }
    }
    Ok((change, news.len()))
}

/// Moves a row one step for each of its news, if the step is still due.
async fn move_row(app: &App, id: MessageId, news: Vec<What>, at: Timestamp) -> anyhow::Result<()> {
    let mut roads = NextRoads::new(&app.store);
    'news: for what in news {
        for _ in 0..ATTEMPTS_MAX {
            let message = known(app, &id).await?;
            let Some(fact) = fact_of(&message, &what, &mut roads).await? else { continue 'news };
            let Step::Move { message: next, refund } = step(&message, &fact, at) else { continue 'news };
            if app.store.move_message(&next, message.revision, &refund).await? == Stored::Now {
                tracing::info!(message_id = %id, status = ?next.status, refunds = refund.len(), "moved");
                continue 'news;
            }
        }
        anyhow::bail!("{id} is being changed by others");
    }
    Ok(())
}

/// What the news come to for a row. None if they are of an earlier road, or old.
async fn fact_of(message: &Message, what: &What, roads: &mut NextRoads<'_>) -> anyhow::Result<Option<Fact>> {
    match what {
        What::Fact(fact) => Ok(Some(fact.clone())),
        What::NotSent => Ok(None),
        What::Refused { by: Some(by), .. } | What::InDoubt { over: Some(by), .. }
            if *by != message.connection =>
        {
            Ok(None)
        }
        What::InDoubt { references, .. } => Ok(Some(doubt(references))),
        // It has gone on already, as only who has it in hand can be refused.
        What::Refused { next_route: true, .. } if message.status == Status::Accepted => Ok(None),
        What::Refused { reason, next_route, .. } => {
            let next_route = *next_route && message.status == Status::Queued;
            Ok(Some(refusal(roads, message, reason, next_route).await?))
        }
    }
}

fn doubt(references: &[Option<String>]) -> Fact {
    match references {
        [] => Fact::InDoubt,
        _ => Fact::PartlyInDoubt { references: references.to_vec() },
    }
}

pub async fn existing(app: &App, tag: &LeaseTag) -> anyhow::Result<Block> {
    app.store.block(tag).await?.ok_or_else(|| anyhow::anyhow!("the block {tag} does not exist"))
}

pub async fn known(app: &App, id: &MessageId) -> anyhow::Result<Message> {
    app.store.message(id).await?.ok_or_else(|| anyhow::anyhow!("{id} does not exist"))
}
