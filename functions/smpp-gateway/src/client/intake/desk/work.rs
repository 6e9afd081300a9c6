//! What a desk has done beside it: each ends with an answer to whoever waits.

use std::time::Duration;

use domain::connection::ConnectionKind;
use domain::id::MessageId;
use domain::lease::{LeaseTag, Seen};
use domain::order::Line;
use sending::HotWallets;
use store::{AcceptError, Accepted, LeaseSession, Requested, Store, StoreError};

use super::{Answer, Waiting};
use crate::chain;
use crate::client::account::Refusal;

/// A charge whose outcome is not known is asked for again so often: it has the same id, so it is charged
/// once.
const HOME_ATTEMPTS_MAX: u32 = 3;
const HOME_PAUSE: Duration = Duration::from_millis(50);

/// What came of it, for the desk.
pub enum Done {
    /// With the orders that the lease could not charge, and has not.
    Flushed {
        session: Result<LeaseSession, Over>,
        back: Vec<Waiting>,
    },
    /// With what was seen of the wallet, and who could not pay.
    AtHome {
        seen: Seen,
        refused: Option<(Line, Refusal)>,
    },
    Lease(Result<Option<LeaseSession>, StoreError>),
    GivenBack,
}

/// Why there is nothing more to do with a lease.
pub enum Over {
    /// It could not get the money for one message.
    Short,
    /// Its time was over, or it was closed to find out what it has charged.
    Lost,
}

/// Charges a block through a lease. An outcome that is not known was looked for by the session itself; if
/// it could not be found out, the messages are on their way if they were charged after all, and to the
/// client they are requests without an answer.
pub async fn flush(mut session: LeaseSession, block: Vec<Waiting>) -> Done {
    let (mut lines, mut waiting) = (Vec::with_capacity(block.len()), Vec::with_capacity(block.len()));
    for Waiting { line, answer, since, .. } in block {
        lines.push(line);
        waiting.push((answer, since));
    }
    let flushed = session.flush_lines(&lines, runtime::now()).await;
    let is_over = session.is_over();
    let outcomes = match flushed {
        Ok(ids) => {
            tell_log(&ids);
            ids.into_iter().map(|id| id.map(Ok)).collect()
        }
        Err(error) => {
            tracing::error!(lease = %session.id(), is_over, error = chain(error), "a flush failed");
            vec![is_over.then_some(Err(Refusal::Unknown)); lines.len()]
        }
    };
    let mut back = Vec::new();
    for ((line, (answer, since)), outcome) in lines.into_iter().zip(waiting).zip(outcomes) {
        match outcome {
            Some(outcome) => tell(answer, outcome),
            // Charged at the wallet, so that it is not given to one lease after the other.
            None => back.push(Waiting { line, answer, since, at_once: None }),
        }
    }
    let session = match (is_over, session.is_short()) {
        (false, _) => Ok(session),
        (true, true) => Err(Over::Short),
        (true, false) => Err(Over::Lost),
    };
    Done::Flushed { session, back }
}

/// Which block the messages from the first to the last of these are in.
fn tell_log(ids: &[Option<MessageId>]) {
    let mut charged = ids.iter().flatten();
    if let Some(first) = charged.next()
        && let Some((block, _)) = first.block()
    {
        let last = charged.next_back().unwrap_or(first);
        tracing::info!(%block, %first, %last, "a block is charged");
    }
}

/// Charges the wallet itself and stores a row.
pub async fn charge_at_home(store: Store, hot: HotWallets, waiting: Waiting) -> Done {
    let Waiting { line, answer, .. } = waiting;
    let mut seen = Seen::default();
    let outcome = charge_row(&store, &hot, &line, &mut seen).await;
    if let Ok(id) = &outcome {
        tracing::info!(message_id = %id, "a message is charged");
    }
    let refused = outcome.clone().err().map(|refusal| (line, refusal));
    tell(answer, outcome);
    Done::AtHome { seen, refused }
}

async fn charge_row(
    store: &Store,
    hot: &HotWallets,
    line: &Line,
    seen: &mut Seen,
) -> Result<MessageId, Refusal> {
    let id = MessageId::of_request(line.article.company(), &format!("smpp {:032x}", runtime::fresh()));
    // Whether every write so far was refused.
    let (mut void, mut is_certain) = (None, true);
    for attempt in 0..HOME_ATTEMPTS_MAX {
        let now = runtime::now();
        let draft = line.draft(id.clone(), now);
        let accepted = match line.article.connection_kind() {
            ConnectionKind::Smpp => store.accept_over(&draft, void.as_ref(), seen).await,
            // It takes no blocks, so a row each also where there are many.
            ConnectionKind::Http => hot.accept(store, &draft, void.clone(), now).await,
        };
        let is_refused = match accepted {
            Ok(Accepted::Now(_)) => return Ok(id),
            Ok(Accepted::Before) => false,
            Err(AcceptError::Store(error)) => {
                let is_refused = matches!(error, StoreError::Busy { .. });
                tracing::warn!(message_id = %id, attempt, error = chain(error), "a charge failed");
                is_refused
            }
            Err(error) => return Err(refusal(error)),
        };
        // Nobody else has this id: what is there is its own first try.
        match standing(store, hot, &id).await {
            Ok(Standing::Charged) => return Ok(id),
            Ok(Standing::NotCharged(tag)) => {
                void = tag;
                is_certain &= is_refused;
            }
            Ok(Standing::Unknown) | Err(_) => is_certain = false,
        }
        tokio::time::sleep(HOME_PAUSE).await;
    }
    Err(if is_certain { Refusal::Unavailable } else { Refusal::Unknown })
}

enum Standing {
    Charged,
    /// With the tag of the void row that is in its place, if there is one.
    NotCharged(Option<LeaseTag>),
    Unknown,
}

/// What became of a try whose answer did not come.
async fn standing(store: &Store, hot: &HotWallets, id: &MessageId) -> Result<Standing, StoreError> {
    let mut requested = store.requested(id).await?;
    if let Requested::Undecided(row) = &requested {
        hot.decide(store, row, runtime::now()).await?;
        requested = store.requested(id).await?;
    }
    Ok(match requested {
        Requested::Counts(_) => Standing::Charged,
        Requested::Void(tag) => Standing::NotCharged(Some(tag)),
        Requested::Nothing => Standing::NotCharged(None),
        Requested::Undecided(_) => Standing::Unknown,
    })
}

/// Gives back what a lease has not spent. If that fails it is reclaimed when its time is over.
pub async fn give_back(mut session: LeaseSession) -> Done {
    if let Err(error) = session.close().await {
        tracing::warn!(lease = %session.id(), error = chain(error), "a lease is left to be reclaimed");
    }
    Done::GivenBack
}

fn refusal(error: AcceptError) -> Refusal {
    match error {
        AcceptError::NotEnough { .. } => Refusal::NotEnough { level: 1 },
        AcceptError::NotEnoughAbove { level } => Refusal::NotEnough { level },
        AcceptError::Suspended { .. } => Refusal::NotAllowed,
        AcceptError::Refused(error) => Refusal::NoPrice(error.code().to_owned()),
        AcceptError::Store(_) => Refusal::Unknown,
    }
}

/// Nobody waits any more whose client is gone.
fn tell(answer: Answer, outcome: Result<MessageId, Refusal>) {
    let _ = answer.send(outcome);
}
