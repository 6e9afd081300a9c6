//! What actors do: each command is a request that may be repeated, carried out as the functions do it.

use domain::id::{BatchId, MessageId, PaymentId, TransferId};
use domain::message::{Progress, Step, apply};
use domain::money::Amount;
use domain::payment::{Payment, PaymentDirection, PaymentError};
use store::{AcceptError, PostedPayment, PostedTransfer, Store, StoreError, Stored};

use crate::world::{Member, NOW, Refused, accept_batch, accept_message, post_transfer, transfer_request};

/// As `functions/progress-applier`.
const MOVE_ATTEMPTS_MAX: u32 = 10;

/// Few enough that an attempt gets through the faults.
const ROWS_AT_ONCE: usize = 8;

/// Members by their place in the scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Pay {
        member: usize,
        id: PaymentId,
        direction: PaymentDirection,
        amount: Amount,
    },
    Transfer {
        from: usize,
        to: usize,
        id: TransferId,
        amount: Amount,
    },
    Send {
        member: usize,
        key: String,
        characters: usize,
    },
    SendMany {
        member: usize,
        key: String,
        characters: usize,
        count: u32,
    },
    /// Writes some of a batch's rows, from this place on.
    Expand {
        batch: BatchId,
        from: usize,
    },
    Claim {
        message: MessageId,
    },
    Move {
        message: MessageId,
        progress: Progress,
    },
    /// Calls back what the holders below keep unused.
    Recall {
        member: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// At this level, counted from 1, there is not enough.
    NotEnough {
        level: usize,
    },
}

/// The text of a message.
pub fn text(characters: usize) -> String {
    "x".repeat(characters)
}

impl Command {
    /// Carries the command out once. An error says that nobody knows whether it was.
    pub async fn perform(self, store: Store, members: Vec<Member>) -> Result<Answer, Refused> {
        match self {
            Self::Pay { member, id, direction, amount } => {
                pay(&store, &members[member], id, direction, amount).await
            }
            Self::Transfer { from, to, id, amount } => {
                let (from, to) = (&members[from], &members[to]);
                let ask = transfer_request(id, from, to, amount);
                match post_transfer(&store, from, to, ask).await {
                    Ok((_, PostedTransfer::Now | PostedTransfer::Before(_))) => Ok(Answer::Done),
                    Ok((_, PostedTransfer::NotEnough)) => Ok(Answer::NotEnough { level: 1 }),
                    Err(Refused::Transfer(domain::transfer::TransferError::NotEnough { .. })) => {
                        Ok(Answer::NotEnough { level: 1 })
                    }
                    Err(error) => Err(error),
                }
            }
            Self::Send { member, key, characters } => {
                let message = members[member].message(&key, &text(characters))?;
                answered(accept_message(&store, &message).await)
            }
            Self::SendMany { member, key, characters, count } => {
                let batch = members[member].batch(&key, &text(characters), count)?;
                answered(accept_batch(&store, &batch).await)
            }
            Self::Expand { batch, from } => expand(&store, &batch, from).await,
            Self::Claim { message } => {
                store.claim(&message).await?;
                Ok(Answer::Done)
            }
            Self::Move { message, progress } => step(&store, &message, &progress).await,
            Self::Recall { member } => {
                let wallet = store.wallet(&members[member].wallet).await?;
                if let Some(wallet) = wallet {
                    store.free_headroom(&wallet).await?;
                }
                Ok(Answer::Done)
            }
        }
    }
}

fn answered<T>(accepted: Result<T, Refused>) -> Result<Answer, Refused> {
    match accepted {
        Ok(_) => Ok(Answer::Done),
        Err(Refused::Accept(AcceptError::NotEnough { .. })) => Ok(Answer::NotEnough { level: 1 }),
        Err(Refused::Accept(AcceptError::NotEnoughAbove { level })) => Ok(Answer::NotEnough { level }),
        Err(error) => Err(error),
    }
}

async fn pay(
    store: &Store,
    member: &Member,
    id: PaymentId,
    direction: PaymentDirection,
    amount: Amount,
) -> Result<Answer, Refused> {
    if store.payment(&id).await?.is_some() {
        return Ok(Answer::Done);
    }
    let Some(wallet) = store.wallet(&member.wallet).await? else { return Ok(Answer::Done) };
    let payment = match member.payment(id.clone(), direction, amount, &wallet) {
        Ok(payment) => payment,
        Err(PaymentError::NotEnough { .. }) => return not_enough_unless_paid(store, &id).await,
        Err(error) => return Err(error.into()),
    };
    match store.post_payment(&payment, &wallet).await? {
        PostedPayment::Now => Ok(Answer::Done),
        PostedPayment::Before(stored) => same(&payment, &stored),
        PostedPayment::NotEnough => Ok(Answer::NotEnough { level: 1 }),
        PostedPayment::ReferenceTaken => Err(unexpected("the reference code is taken")),
    }
}

/// A twin of this request may have been paid since the payment was looked for.
async fn not_enough_unless_paid(store: &Store, id: &PaymentId) -> Result<Answer, Refused> {
    let paid = store.payment(id).await?.is_some();
    Ok(if paid { Answer::Done } else { Answer::NotEnough { level: 1 } })
}

fn same(asked: &Payment, stored: &Payment) -> Result<Answer, Refused> {
    if asked == stored { Ok(Answer::Done) } else { Err(unexpected("another payment has this id")) }
}

fn unexpected(detail: &str) -> Refused {
    StoreError::Corrupt { kind: "a payment", detail: detail.to_owned() }.into()
}

async fn expand(store: &Store, id: &BatchId, from: usize) -> Result<Answer, Refused> {
    let batch = store.batch(id).await?;
    for message in batch.iter().flat_map(|batch| batch.messages().skip(from).take(ROWS_AT_ONCE)) {
        store.write_message_of_batch(&message).await?;
    }
    Ok(Answer::Done)
}

async fn step(store: &Store, id: &MessageId, progress: &Progress) -> Result<Answer, Refused> {
    for _ in 0..MOVE_ATTEMPTS_MAX {
        let Some(message) = store.message(id).await? else { return Ok(Answer::Done) };
        let Step::Move { message: next, refund } = apply(&message, progress, NOW) else {
            return Ok(Answer::Done);
        };
        if store.move_message(&next, message.revision, &refund).await? == Stored::Now {
            return Ok(Answer::Done);
        }
    }
    // The row of a batch's message was not written yet: the queue would bring this again.
    Ok(Answer::Done)
}
