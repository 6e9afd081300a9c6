//! What becomes of messages: most are delivered, some are refused, fail, are called back or leave their
//! block; and of some blocks the receipts come only after all invoices were confirmed.

use std::collections::BTreeSet;

use domain::id::MessageId;
use domain::lease::{Fits, LeaseTag};
use domain::message::Progress;
use domain::receipt::ReceiptState;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use store::{BlockClaim, Store, Stored};

use super::functions::Functions;
use super::parties::Parties;
use super::traffic::Traffic;
use super::{MONTH, days};
use crate::world::connection;

/// Of the gateway that owns the vendor's connection.
const FENCE: u64 = 1;

/// What is told of a message of a block.
enum News {
    Fact(Progress),
    /// It goes on alone.
    NotSent,
}

impl Traffic {
    /// What became of all that was sent since the last time; the receipts of some blocks wait.
    pub async fn tell(
        &mut self,
        _: &Parties,
        functions: &Functions,
        day: i64,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let at = MONTH + days(day + 1);
        for message in std::mem::take(&mut self.rows) {
            self.tell_row(functions, message, at, random).await?;
        }
        for block in std::mem::take(&mut self.blocks) {
            self.tell_block(functions, &block, at, random).await?;
            match random.random_ratio(1, 16) {
                true => self.late.push(block),
                false => self.report(functions, &block, at, random).await.map(drop)?,
            }
        }
        Ok(())
    }

    /// The receipts that waited.
    pub async fn tell_late(
        &mut self,
        _: &Parties,
        functions: &Functions,
        at: Timestamp,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        for message in std::mem::take(&mut self.rows) {
            self.tell_row(functions, message, at, random).await?;
        }
        for block in std::mem::take(&mut self.late) {
            self.made.late += self.report(functions, &block, at, random).await?;
        }
        Ok(())
    }

    /// Its worker claims a block, and says which of its messages the vendor took.
    async fn tell_block(
        &mut self,
        functions: &Functions,
        tag: &LeaseTag,
        at: Timestamp,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let store = &functions.store;
        if random.random_ratio(1, 20) && store.cancel_message(&MessageId::in_block(tag, 0), at).await? {
            self.made.canceled += 1;
        }
        let claimed = match store.claim_block(tag, FENCE).await? {
            BlockClaim::Yours(claimed) => claimed,
            // Its only message was called back.
            BlockClaim::Done => return Ok(()),
            BlockClaim::Before(_) => anyhow::bail!("{tag} was claimed before"),
        };
        let leaves = random.random_ratio(1, 20);
        let mut news = Vec::new();
        for place in 0..u16::try_from(claimed.block.messages.len())? {
            let fact = match random.random_range(0..100) {
                0 | 1 => Progress::Refused { reason: "refused".to_owned() },
                _ => Progress::Submitted { references: vec![Some(format!("{place:x}"))] },
            };
            self.made.failed += u64::from(matches!(fact, Progress::Refused { .. }));
            news.push((place, News::Fact(fact)));
        }
        if leaves && 1 < news.len() {
            news[1].1 = News::NotSent;
            self.made.left += 1;
            self.rows.push(MessageId::in_block(tag, 1));
        }
        move_block(store, tag, news, at).await
    }

    /// The receipts of a block; how many there were.
    async fn report(
        &mut self,
        functions: &Functions,
        tag: &LeaseTag,
        at: Timestamp,
        random: &mut StdRng,
    ) -> anyhow::Result<u64> {
        let at = at + SignedDuration::from_mins(5);
        let block = functions.store.block(tag).await?.ok_or_else(|| anyhow::anyhow!("no block {tag}"))?;
        let mut news = Vec::new();
        for (place, message) in (0..).zip(&block.messages) {
            if message.status.is_final() || block.left.contains(&place) {
                continue;
            }
            let state = state(random);
            self.made.failed += u64::from(state != ReceiptState::Delivered);
            news.push((place, News::Fact(Progress::Receipt { part: 0, state, error: None })));
        }
        let count = news.len() as u64;
        move_block(&functions.store, tag, news, at).await?;
        Ok(count)
    }

    /// Through the queue's function, as everything that is told of a message with a row.
    async fn tell_row(
        &mut self,
        functions: &Functions,
        message: MessageId,
        at: Timestamp,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let reference = format!("row-{:x}", random.random::<u64>());
        if random.random_ratio(1, 20) {
            self.made.failed += 1;
            let reason = "refused".to_owned();
            let refused =
                queue::Progress::RefusedV1 { message, reason, next_route: false, connection: None, at };
            return functions.applier.apply(refused).await;
        }
        let references = vec![Some(reference.clone())];
        let submitted =
            queue::Progress::SubmittedV1 { message, references, connection: Some(connection()), at };
        functions.applier.apply(submitted).await?;
        let state = state(random);
        self.made.failed += u64::from(state != ReceiptState::Delivered);
        let receipt = queue::Progress::ReceiptV1 {
            connection: connection(),
            reference,
            state,
            error: None,
            recipient: None,
            at,
        };
        functions.applier.apply(receipt).await
    }
}

fn state(random: &mut StdRng) -> ReceiptState {
    match random.random_range(0..100) {
        0..=5 => ReceiptState::Undelivered,
        6 => ReceiptState::Expired,
        7 => ReceiptState::Unsent,
        _ => ReceiptState::Delivered,
    }
}

/// By as many writes as it takes.
async fn move_block(
    store: &Store,
    tag: &LeaseTag,
    news: Vec<(u16, News)>,
    at: Timestamp,
) -> anyhow::Result<()> {
    let mut done = BTreeSet::new();
    while done.len() < news.len() {
        let block = store.block(tag).await?.ok_or_else(|| anyhow::anyhow!("no block {tag}"))?;
        let mut change = block.change();
        for (place, news) in news.iter().filter(|(place, _)| !done.contains(place)).collect::<Vec<_>>() {
            let fits = match news {
                News::Fact(fact) => change.step(*place, fact, at),
                News::NotSent => change.send_alone(*place),
            };
            if fits == Fits::No {
                break;
            }
            done.insert(*place);
        }
        if change.is_some() {
            anyhow::ensure!(store.change_block(&change).await? == Stored::Now, "{tag} was changed by others");
        }
    }
    Ok(())
}
