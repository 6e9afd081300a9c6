//! Messages on their way, as the progress applier moves them.

use domain::id::MessageId;
use domain::message::{Progress, Step, apply};
use store::Stored;

use super::{Answer, Means};
use crate::world::Refused;

/// As `functions/progress-applier`.
const MOVE_ATTEMPTS_MAX: u32 = 10;

pub async fn step(means: &Means, id: &MessageId, progress: &Progress) -> Result<Answer, Refused> {
    for _ in 0..MOVE_ATTEMPTS_MAX {
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
