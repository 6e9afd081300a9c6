//! What actors do: each command is a request that may be repeated, carried out as the functions do it.

mod leasing;
mod moving;
mod paying;
mod rerating;
mod terms;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_sqs::Client as Sqs;
use domain::agreement::AgreementChange;
use domain::batch::Draft;
use domain::id::{BatchId, FeeId, MessageId, PaymentId, RerateId, ServiceId, TransferId, UserId, WalletId};
use domain::message::Progress;
use domain::money::Amount;
use domain::payment::PaymentDirection;
use domain::transfer::TransferAmount;
use domain::user::User;
use jiff::{SignedDuration, Timestamp};
use queue::Sender;
use store::{Store, StoreError};

pub use leasing::{Acknowledged, Acknowledgement};

use super::projection::Delivery;
use crate::world::{Member, Refused};

/// Few enough that an attempt gets through the faults.
const ROWS_AT_ONCE: usize = 8;

/// A wallet that sends and pays: a member's main one, or one of its user's.
#[derive(Debug, Clone)]
pub struct Account {
    /// The member's place in the scenario.
    pub member: usize,
    pub wallet: WalletId,
    pub user: Option<User>,
}

/// What may happen to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Confirm,
    /// Says when it has to be confirmed instead: so many days from now, which may be in the past.
    Withdraw {
        days: i64,
    },
    Amount(Amount),
    /// Another reference code: that of a payment with this number.
    Rename(u8),
    Delete,
    /// What the sweeper does.
    Expire,
}

/// Members and accounts by their places in the scenario.
#[derive(Debug, Clone)]
pub enum Command {
    Pay {
        account: usize,
        id: PaymentId,
        direction: PaymentDirection,
        amount: Amount,
        /// One that is not confirmed has to be within so many days.
        confirm_within: Option<i64>,
        /// Payments with the same number want the same reference code.
        reference: Option<u8>,
    },
    ChangePayment {
        id: PaymentId,
        change: Change,
    },
    Transfer {
        from: usize,
        to: usize,
        id: TransferId,
        amount: TransferAmount,
    },
    /// New settings of an agreement: its limit, or whether it is suspended.
    Terms {
        member: usize,
        change: Box<AgreementChange>,
    },
    /// Suspends or resumes a user's wallet.
    Suspend {
        account: usize,
        suspended: bool,
    },
    /// A fee of a rule, tried however often.
    Fee {
        member: usize,
        id: FeeId,
        amount: Amount,
    },
    /// A pack or bundle that is bought while others send.
    Enable {
        member: usize,
        service: ServiceId,
    },
    /// What was sent is rated again, at the prices as they stand now.
    Rerate {
        task: RerateId,
    },
    /// A user's wallet, opened by whoever needs it first.
    OpenUser {
        member: usize,
        user: UserId,
    },
    Send {
        account: usize,
        key: String,
        characters: usize,
        /// The first recipient, and how many.
        first: u32,
        count: u32,
        single: bool,
    },
    /// Writes some of a batch's rows, from this place on.
    Expand {
        batch: BatchId,
        from: usize,
    },
    Claim {
        message: MessageId,
    },
    /// A worker claims a message, and finds that it cannot send it.
    Release {
        message: MessageId,
    },
    /// It goes on without its block, if it is in one.
    Leave {
        message: MessageId,
    },
    /// Its sender calls it back.
    Cancel {
        message: MessageId,
    },
    Move {
        message: MessageId,
        progress: Progress,
    },
    /// Calls back what the holders below keep unused.
    Recall {
        account: usize,
    },
    /// A process takes a lease and sends so many requests through it, the last of them together.
    SendMuch {
        account: usize,
        key: String,
        requests: u32,
        block: usize,
        /// Or it forgets that it has one.
        closes: bool,
    },
    /// Duties of the sweeper.
    Reclaim,
    EndDrains,
    Forget {
        account: usize,
    },
    Project(Delivery),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// At this level, counted from 1, there is not enough.
    NotEnough {
        level: usize,
    },
    /// At this level nobody may be charged.
    Suspended {
        level: usize,
    },
    /// Nobody sells it any more, or a rule is against it.
    Refused,
}

/// What an attempt at a command works with.
#[derive(Clone)]
pub struct Means {
    pub store: Store,
    pub members: Arc<Vec<Member>>,
    pub accounts: Arc<Vec<Account>>,
    /// Everybody's clock, in seconds, and how far the actor's own is off.
    pub clock: Arc<AtomicI64>,
    pub skew: SignedDuration,
    /// What is to be sent, as it was planned now or long ago.
    pub draft: Option<Arc<Draft>>,
    /// What is to be sent through a lease.
    pub drafts: Arc<Vec<Draft>>,
    pub acknowledged: Acknowledged,
    pub sqs: Sqs,
    pub http_send: Sender,
    pub notifications: Sender,
}

impl Means {
    /// What the actor takes the time to be.
    pub fn now(&self) -> Timestamp {
        let seconds = self.clock.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX) + self.skew
    }
}

/// The text of a message.
pub fn text(characters: usize) -> String {
    "x".repeat(characters)
}

impl Command {
    /// The requests of those who send through a lease, as their clients would make them one by one; those
    /// that are sent together come last.
    pub fn requests(&self) -> Vec<Self> {
        let Self::SendMuch { account, key, requests, .. } = self else { return Vec::new() };
        let request = |number: u32| Self::Send {
            account: *account,
            key: format!("{key}-{number}"),
            characters: 20,
            first: number * 3,
            count: 1,
            single: true,
        };
        (0..*requests).map(request).collect()
    }

    /// Carries the command out once. An error says that nobody knows whether it was.
    pub async fn perform(self, means: Means) -> Result<Answer, Refused> {
        let store = &means.store;
        match self {
            Self::Pay { .. } => paying::pay(&means, self).await,
            Self::ChangePayment { id, change } => paying::change(&means, &id, change).await,
            Self::Transfer { from, to, id, amount } => paying::transfer(&means, from, to, id, amount).await,
            Self::Terms { member, change } => terms::change(&means, member, &change).await,
            Self::Suspend { account, suspended } => terms::suspend(&means, account, suspended).await,
            Self::Fee { member, id, amount } => paying::fee(&means, member, id, amount).await,
            Self::Enable { member, service } => terms::enable(&means, member, &service).await,
            Self::Rerate { task } => rerating::rerate(&means, task).await,
            Self::OpenUser { member, user } => terms::open_user(&means, member, user).await,
            Self::Send { .. } => match &means.draft {
                Some(draft) => leasing::send(&means, draft).await,
                None => Ok(Answer::Refused),
            },
            Self::Expand { batch, from } => expand(store, &batch, from).await,
            Self::Claim { message } => moving::claim(&means, &message).await,
            Self::Release { message } => moving::release(&means, &message).await,
            Self::Leave { message } => moving::leave(&means, &message).await,
            Self::Cancel { message } => {
                store.cancel_message(&message, means.now()).await?;
                Ok(Answer::Done)
            }
            Self::Move { message, progress } => moving::step(&means, &message, &progress).await,
            Self::Recall { account } => {
                let wallet = store.wallet(&means.accounts[account].wallet).await?;
                if let Some(wallet) = wallet {
                    store.free_headroom(&wallet).await?;
                }
                Ok(Answer::Done)
            }
            Self::SendMuch { account, block, closes, .. } => {
                leasing::send_much(&means, account, block, closes).await
            }
            Self::Reclaim => leasing::reclaim(store, &means).await,
            Self::EndDrains => paying::end_drains(&means).await,
            Self::Forget { account } => terms::forget(&means, account).await,
            Self::Project(delivery) => delivery.project(&means).await,
        }
    }
}

async fn expand(store: &Store, id: &BatchId, from: usize) -> Result<Answer, Refused> {
    let batch = store.batch(id).await?;
    for message in batch.iter().flat_map(|batch| batch.messages().skip(from).take(ROWS_AT_ONCE)) {
        store.write_message_of_batch(&message).await?;
    }
    Ok(Answer::Done)
}

fn unexpected(detail: &str) -> Refused {
    StoreError::Corrupt { kind: "an answer", detail: detail.to_owned() }.into()
}
