//! What a process does that sends much: it takes a lease on a wallet, and charges that.

use std::sync::{Arc, Mutex, PoisonError};

use domain::batch::{Draft, Row};
use domain::connection::ConnectionKind;
use domain::id::MessageId;
use domain::lease::{LeaseTag, Seen};
use store::{AcceptError, Accepted, Flushed, LeaseSession, Requested, Store, StoreError};

use super::{Answer, Means};
use crate::world::Refused;

/// As fast as a lease gets escrow for.
const SENDS_PER_SECOND: u32 = 20;

/// What was acknowledged on the way: requests by their rows, and messages of blocks.
#[derive(Debug, Clone, Default)]
pub struct Acknowledged(Arc<Mutex<Vec<Acknowledgement>>>);

#[derive(Debug, Clone)]
pub enum Acknowledgement {
    /// By the body of the id.
    Request(String),
    OfBlock(MessageId),
}

impl Acknowledged {
    fn add(&self, what: Acknowledgement) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Those since the last look.
    pub fn take(&self) -> Vec<Acknowledgement> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sends one by one, then some at once, and gives the lease back or forgets it.
pub async fn send_much(means: &Means, account: usize, block: usize, closes: bool) -> Result<Answer, Refused> {
    let home = &means.accounts[account].wallet;
    let (singles, together) = means.drafts.split_at(means.drafts.len().saturating_sub(block));
    let mut session = means.store.acquire_lease(home, SENDS_PER_SECOND, means.now()).await?;
    let mut unknown = None;
    for draft in singles {
        match request(means, session.as_mut(), draft).await {
            Ok(Answer::Done) => {
                means.acknowledged.add(Acknowledgement::Request(draft.batch.id.body().to_owned()));
            }
            Ok(_) => {}
            // The others do not wait for it.
            Err(error) => unknown = Some(error),
        }
    }
    if let Some(session) = session.as_mut().filter(|_| !together.is_empty()) {
        flush(means, session, together).await?;
    }
    if let Some(session) = session.as_mut().filter(|_| closes) {
        session.close().await?;
    }
    unknown.map_or(Ok(Answer::Done), Err)
}

/// As the send function does it: what the request led to before, or else the lease, or else the wallet.
async fn request(means: &Means, lease: Option<&mut LeaseSession>, draft: &Draft) -> Result<Answer, Refused> {
    let mut over = match before(means, draft).await? {
        Before::Counts => return Ok(Answer::Done),
        Before::Nothing => None,
        Before::Void(tag) => Some(tag),
    };
    if let (Some(session), None) = (lease, &over) {
        match session.send(draft, means.now()).await? {
            Flushed::Now(_) => return Ok(Answer::Done),
            Flushed::Before => return if_it_counts(means, draft).await,
            Flushed::AtHome { over: put } => over = put,
        }
    }
    accept(means, draft, over.as_ref()).await
}

/// A request without a lease.
pub async fn send(means: &Means, draft: &Draft) -> Result<Answer, Refused> {
    request(means, None, draft).await
}

async fn accept(means: &Means, draft: &Draft, over: Option<&LeaseTag>) -> Result<Answer, Refused> {
    match means.store.accept_over(draft, over, &mut Seen::default()).await {
        Ok(Accepted::Now(_)) => Ok(Answer::Done),
        Ok(Accepted::Before) => if_it_counts(means, draft).await,
        Err(AcceptError::NotEnough { .. }) => Ok(Answer::NotEnough { level: 1 }),
        Err(AcceptError::NotEnoughAbove { level }) => Ok(Answer::NotEnough { level }),
        Err(AcceptError::Suspended { level }) => Ok(Answer::Suspended { level }),
        Err(AcceptError::Refused(_)) => Ok(Answer::Refused),
        Err(AcceptError::Store(error)) => Err(error.into()),
    }
}

/// What a request with this key led to before.
enum Before {
    Nothing,
    Counts,
    Void(LeaseTag),
}

/// Nobody is told anything while it is undecided.
async fn before(means: &Means, draft: &Draft) -> Result<Before, Refused> {
    let Some(id) = id_of(draft) else { return Ok(Before::Nothing) };
    match means.store.requested(&id).await? {
        Requested::Nothing => Ok(Before::Nothing),
        Requested::Counts(_) => Ok(Before::Counts),
        Requested::Void(tag) => Ok(Before::Void(tag)),
        Requested::Undecided(row) => {
            if let Some(tag) = row.lease() {
                means.store.reclaim_for(tag, means.now()).await?;
            }
            Err(undecided())
        }
    }
}

async fn if_it_counts(means: &Means, draft: &Draft) -> Result<Answer, Refused> {
    match before(means, draft).await? {
        Before::Counts => Ok(Answer::Done),
        Before::Nothing | Before::Void(_) => Err(undecided()),
    }
}

fn undecided() -> Refused {
    StoreError::Busy { action: "charge the message" }.into()
}

/// The row that a request has.
fn id_of(draft: &Draft) -> Option<MessageId> {
    let of_batch = || MessageId::parse(&format!("{}{}", MessageId::PREFIX, draft.batch.id.body())).ok();
    draft.single.clone().or_else(of_batch)
}

/// Messages that came together, over SMPP. Those that the lease cannot charge are requests like any others.
async fn flush(means: &Means, session: &mut LeaseSession, drafts: &[Draft]) -> Result<(), Refused> {
    let mut drafts = drafts.to_vec();
    drafts.iter_mut().for_each(|draft| draft.batch.connection_kind = ConnectionKind::Smpp);
    for outcome in session.flush(&drafts, means.now()).await? {
        let Ok(Row::Message(message)) = outcome else { continue };
        // In a block messages have ids of their own.
        let is_request = drafts.iter().any(|draft| draft.single.as_ref() == Some(&message.id));
        means.acknowledged.add(match is_request {
            false => Acknowledgement::OfBlock(message.id),
            true => Acknowledgement::Request(message.id.as_str()[MessageId::PREFIX.len()..].to_owned()),
        });
    }
    Ok(())
}

/// What the sweeper does about leases that nobody holds any more.
pub async fn reclaim(store: &Store, means: &Means) -> Result<Answer, Refused> {
    for lease in store.open_leases().await? {
        store.reclaim_lease(&lease, means.now()).await?;
    }
    Ok(Answer::Done)
}
