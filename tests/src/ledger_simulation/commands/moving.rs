//! Messages on their way, in rows and in blocks, as workers and the progress applier move them.

use domain::id::MessageId;
use domain::lease::{Block, BlockChange, Fits};
use domain::message::{Progress, Step, apply};
use store::{BlockClaim, Claim, Stored};

use super::{Answer, Means};
use crate::world::Refused;

/// As `functions/progress-applier`.
const MOVE_ATTEMPTS_MAX: u32 = 10;
/// Whose fence matters is tested elsewhere.
const FENCE: u64 = 1;

pub async fn step(means: &Means, id: &MessageId, progress: &Progress) -> Result<Answer, Refused> {
    for _ in 0..MOVE_ATTEMPTS_MAX {
        if let Some((block, place)) = block_with(means, id).await? {
            let step = |change: &mut BlockChange| change.step(place, progress, means.now());
            if change(means, block, step).await? == Stored::Now {
                return Ok(Answer::Done);
            }
            continue;
        }
        let Some(message) = means.store.message(id).await? else { return Ok(Answer::Done) };
        let Step::Move { message: next, refund } = apply(&message, progress, means.now()) else {
            return Ok(Answer::Done);
        };
        if means.store.move_message(&next, message.revision, &refund).await? == Stored::Now {
            return Ok(Answer::Done);
        }
    }
    // The row of a batch's message was not written yet: the queue would bring this again.
    Ok(Answer::Done)
}

/// A message that its block's worker could not send gets a row of its own.
pub async fn leave(means: &Means, id: &MessageId) -> Result<Answer, Refused> {
    for _ in 0..MOVE_ATTEMPTS_MAX {
        let Some((block, place)) = block_with(means, id).await? else { break };
        if change(means, block, |change: &mut BlockChange| change.send_alone(place)).await? == Stored::Now {
            break;
        }
    }
    Ok(Answer::Done)
}

/// A worker claims a message, or the block that it is in.
pub async fn claim(means: &Means, id: &MessageId) -> Result<Answer, Refused> {
    match block_with(means, id).await? {
        Some((block, _)) => match means.store.claim_block(&block.tag, FENCE).await? {
            BlockClaim::Yours(_) | BlockClaim::Before(_) | BlockClaim::Done => Ok(Answer::Done),
        },
        None => match means.store.claim(id).await? {
            Claim::Yours(_) | Claim::Before(_) | Claim::Done => Ok(Answer::Done),
        },
    }
}

/// A worker claims it, and finds that it cannot send it.
pub async fn release(means: &Means, id: &MessageId) -> Result<Answer, Refused> {
    match block_with(means, id).await? {
        Some((block, _)) => {
            if let BlockClaim::Yours(claimed) = means.store.claim_block(&block.tag, FENCE).await? {
                means.store.release_block(&claimed).await?;
            }
        }
        None => {
            if let Claim::Yours(claimed) = means.store.claim(id).await? {
                means.store.release(&claimed).await?;
            }
        }
    }
    Ok(Answer::Done)
}

/// The block that has a message still.
async fn block_with(means: &Means, id: &MessageId) -> Result<Option<(Block, u16)>, Refused> {
    let Some((tag, place)) = id.block() else { return Ok(None) };
    let block = means.store.block(&tag).await?;
    Ok(block.filter(|block| !block.left.contains(&place)).map(|block| (block, place)))
}

/// What changes nothing is stored.
async fn change(
    means: &Means,
    block: Block,
    step: impl FnOnce(&mut BlockChange) -> Fits,
) -> Result<Stored, Refused> {
    let mut change = block.change();
    // The first step always fits.
    let _ = step(&mut change);
    if !change.is_some() {
        return Ok(Stored::Now);
    }
    Ok(means.store.change_block(&change).await?)
}
