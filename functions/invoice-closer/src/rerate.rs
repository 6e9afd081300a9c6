//! Rerates: each job does as many chunks of a task as its time allows and puts the next job on the queue.
//!
//! A chunk reads some records, prices their messages again and stores what costs something else. Where it is
//! cut off it is done again: what was stored costs the same then, and the account of the task was stored with
//! it. When a task has ended, however it did, the invoices are drafted again of all that it has touched.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use domain::channel::Channel;
use domain::edr::agreements;
use domain::fee::Fee;
use domain::id::{AgreementId, RerateId};
use domain::lease::Block;
use domain::message::Message;
use domain::record::Hand;
use domain::rerate::{self, LevelChange, NotRated, Progress, RatedAgain, Rerate, Status, rate_again};
use jiff::{SignedDuration, Timestamp};
use queue::Billing;
use store::{
    Ask, DIFFERENCES_MAX, Differences, Kept, RateBook, RatedItem, Recorded, Rerated, StoreError, Stored,
    Written, add_changes,
};
use tokio::time::Instant;

use crate::{App, PROCESS};

/// Records of one chunk; those of a block are one.
const CHUNK: u16 = 100;
/// No more chunks are begun after this; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(30);
/// A message that moves while it is rated is read again; it has few moves before its end.
const ROUNDS_MAX: u32 = 10;
/// Rates that a message has, each of which may have to be looked up.
const ORIGINS_MAX: usize = 40;
const GONE: &str = "it is no longer kept";
/// Usage follows within seconds, later when the projector is behind; SQS waits for a quarter of an hour at
/// most. Nobody else looks at old periods.
const CLOSED_AFTER: [SignedDuration; 3] =
    [SignedDuration::from_mins(2), SignedDuration::from_mins(8), SignedDuration::from_mins(15)];
/// How often the schedule looks for tasks whose time comes.
const LOOKED_FOR_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// What one row, block or fee comes to.
struct Looked {
    /// If anything of it costs something else.
    rerated: Option<Rerated>,
    /// Of each message, or of the fee, how many levels it has, and why it was not rated, if it was not.
    records: Vec<(u64, Option<String>)>,
}

impl App {
    /// A job for each task that has something to do before the schedule looks again.
    pub(crate) async fn list_rerates(&self, now: Timestamp) -> anyhow::Result<()> {
        let soon = now.saturating_add(LOOKED_FOR_EVERY)?;
        let ask = Ask { list: rerate::DUE.to_owned(), limit: 500, ..Ask::default() };
        let due = self.store.things::<Rerate>(&ask, |task| task.is_due(soon)).await?;
        let jobs: Vec<_> = due.items.into_iter().map(|task| Billing::RerateV1 { task: task.id }).collect();
        Ok(self.billing.send_all(&jobs).await?)
    }

    /// Does some chunks of a task. A second job for the same task ends with the first chunk that the other
    /// one was faster with.
    pub(crate) async fn rerate(&self, id: &RerateId, now: Timestamp) -> anyhow::Result<()> {
        let begin = Instant::now();
        let job = Billing::RerateV1 { task: id.clone() };
        let Some(mut task) = self.task_to_do(id, now).await? else { return Ok(()) };
        let mut book = RateBook::new(&self.store, &self.trees, &task.company).await?;
        let mut progress = self.store.rerate_progress(id).await?;
        let mut records = CHUNK;
        while !progress.is_done {
            if begin.elapsed() > BEGIN_MAX {
                return Ok(self.billing.send(&job).await?);
            }
            match self.chunk(&task, &mut book, &progress, &mut records).await {
                Ok(Some(next)) => progress = next,
                Ok(None) => return Ok(()),
                Err(error) => return self.stop(&task, error, now).await,
            }
            // Somebody may have canceled it meanwhile.
            match self.task_to_do(id, now).await? {
                Some(found) => task = found,
                None => return Ok(()),
            }
        }
        let act = self.act(&task.company, now, &[id.as_str(), "complete"]).await?;
        let complete = task.complete(Hand { name: PROCESS, now });
        if self.store.replace(&act, &task, &complete).await? == Written::Now {
            tracing::info!(rerate = %id, messages = progress.edrs.processed, "complete");
        }
        self.wind_up(&complete).await
    }

    /// The task, if there is something to do for it now. One whose time has come begins.
    async fn task_to_do(&self, id: &RerateId, now: Timestamp) -> anyhow::Result<Option<Rerate>> {
        let task = self.store.thing::<Rerate>(id.as_str()).await?.context("no such rerate")?;
        match task.status {
            Status::Running => Ok(Some(task)),
            Status::Scheduled if task.is_due(now) => {
                let act = self.act(&task.company, now, &[id.as_str(), "begin"]).await?;
                let running = task.begin(Hand { name: PROCESS, now });
                match self.store.replace(&act, &task, &running).await? {
                    Written::Now => Ok(Some(running)),
                    Written::Overtaken | Written::Taken => {
                        Err(StoreError::Busy { action: "begin a rerate" }.into())
                    }
                }
            }
            Status::Scheduled => self.wait_for(&task, now).await.map(|()| None),
            Status::Draft => Ok(None),
            Status::Complete | Status::Canceled | Status::Failed => {
                self.wind_up(&task).await?;
                Ok(None)
            }
        }
    }

    /// The job of a task whose time comes before the schedule looks again comes back at that time.
    async fn wait_for(&self, task: &Rerate, now: Timestamp) -> anyhow::Result<()> {
        let left = task.scheduled_for.map_or(SignedDuration::ZERO, |time| time.duration_since(now));
        if left <= LOOKED_FOR_EVERY {
            let job = Billing::RerateV1 { task: task.id.clone() };
            self.billing.send_later(&job, left).await?;
        }
        Ok(())
    }

    /// What is stored and cannot be read will not be read the next time. All else is tried again.
    async fn stop(&self, task: &Rerate, error: anyhow::Error, now: Timestamp) -> anyhow::Result<()> {
        let Some(StoreError::Corrupt { .. }) = error.downcast_ref::<StoreError>() else { return Err(error) };
        let problem = format!("{error:#}");
        tracing::error!(rerate = %task.id, problem, "failed");
        let act = self.act(&task.company, now, &[task.id.as_str(), "fail"]).await?;
        let failed = task.fail(problem, Hand { name: PROCESS, now });
        self.store.replace(&act, task, &failed).await?;
        self.wind_up(&failed).await
    }

    /// What is overdrawn stops sending, should a chunk have died before it came to that. Invoices that are no
    /// longer what the usage says are drafted again, or corrected.
    async fn wind_up(&self, task: &Rerate) -> anyhow::Result<()> {
        if task.dry_run {
            return Ok(());
        }
        let differences = self.store.rerate_differences(&task.id).await?;
        let touched: BTreeMap<_, ()> =
            differences.into_iter().map(|difference| (difference.agreement, ())).collect();
        for agreement in touched.keys() {
            self.store.call_back_overdrawn(agreement).await?;
        }
        let mut jobs = Vec::new();
        for agreement in self.store.agreements(&touched.into_keys().collect::<Vec<_>>()).await? {
            let close = |period| Billing::CloseV1 { agreement: agreement.id.clone(), period };
            jobs.extend(task.periods_of(&agreement).into_iter().map(close));
        }
        for after in CLOSED_AFTER {
            self.billing.send_all_later(&jobs, after).await?;
        }
        Ok(())
    }

    /// Does the chunk that comes next, of so many records at most. None if somebody else has done it.
    ///
    /// One that only counts writes nothing until it is noted. What comes to more sums than can be noted at
    /// once is counted again with fewer records, and so are the chunks after it.
    async fn chunk(
        &self,
        task: &Rerate,
        book: &mut RateBook,
        before: &Progress,
        records: &mut u16,
    ) -> anyhow::Result<Option<Progress>> {
        let begun = Progress { chunk: before.chunk + 1, ..before.clone() };
        let mut after = begun.clone();
        let mut counted = Differences::new();
        let agreement = before.agreement.as_ref().or(task.agreements.first());
        if let Some(agreement) = agreement.filter(|_| task.includes(Channel::Sms)) {
            let period = (task.from, task.till);
            let last = loop {
                let found = self.store.recorded(agreement, period, before.after.as_deref(), *records).await?;
                counted = self.rate(task, book, agreement, found.items, &mut after).await?;
                let Some(fewer) = fewer_records(*records, counted.len()) else { break found.next };
                (*records, after) = (fewer, begun.clone());
            };
            let next = match &last {
                Some(_) => Some(agreement),
                None => task.agreement_after(agreement),
            };
            after.agreement = next.cloned();
            after.after = last;
        }
        after.is_done = after.agreement.is_none();
        let noted = self.store.note_rerated(&task.id, before, &after, &counted).await?;
        Ok((noted == Stored::Now).then_some(after))
    }

    /// Rates these messages and fees again and counts them. What would change, if the task only counts.
    async fn rate(
        &self,
        task: &Rerate,
        book: &mut RateBook,
        agreement: &AgreementId,
        places: Vec<Recorded>,
        progress: &mut Progress,
    ) -> Result<Differences, StoreError> {
        let mut counted = Differences::new();
        // Counted in the first round only: the later ones are of the same messages.
        let mut uncounted: BTreeMap<RatedItem, u16> =
            places.into_iter().map(|place| (place.what, place.records)).collect();
        let mut waiting: Vec<RatedItem> = uncounted.keys().cloned().collect();
        for _ in 0..ROUNDS_MAX {
            let mut rerated = Vec::new();
            for kept in self.store.kept(&waiting).await? {
                let what = kept.what();
                let looked = look(task, book, agreement, kept).await?;
                if uncounted.remove(&what).is_some() {
                    looked.records.into_iter().for_each(|(levels, why)| progress.count(levels, why));
                }
                rerated.extend(looked.rerated);
            }
            for records in std::mem::take(&mut uncounted).into_values() {
                (0..records).for_each(|_| progress.count(1, Some(GONE.to_owned())));
            }
            // A task that began before rates were corrected would put old prices over those of a later one.
            if !book.is_current(&rerated.iter().flat_map(Rerated::agreements).collect()).await? {
                continue;
            }
            if task.dry_run {
                for one in &rerated {
                    add_changes(&mut counted, &one.changes)?;
                }
                return Ok(counted);
            }
            waiting = self.store.store_rerated(&task.id, rerated).await?;
            if waiting.is_empty() {
                return Ok(counted);
            }
        }
        Err(StoreError::Busy { action: "rate messages again" })
    }
}

/// How many records to try instead, if so many come to more sums than can be noted at once. One alone never
/// does: it has as many as a message has levels.
fn fewer_records(records: u16, sums: usize) -> Option<u16> {
    let is_too_much = DIFFERENCES_MAX < sums && 1 < records;
    is_too_much.then(|| {
        let fitting = usize::from(records) * DIFFERENCES_MAX / sums;
        u16::try_from(fitting).unwrap_or(CHUNK).max(1)
    })
}

/// Prices a row, the messages of a block or a fee again, in the records of this agreement.
async fn look(
    task: &Rerate,
    book: &mut RateBook,
    agreement: &AgreementId,
    kept: Kept,
) -> Result<Looked, StoreError> {
    let mut looked = Looked { rerated: None, records: Vec::new() };
    match kept {
        Kept::Row(message) => {
            let Some(price) = price(task, book, agreement, &message).await? else { return Ok(looked) };
            looked.records.push((price.levels, price.failure));
            looked.rerated = price.again.map(|again| Rerated {
                before: message.revision,
                changes: again.changes,
                kept: Kept::Row(Box::new(again.message)),
            });
        }
        Kept::Block(mut block) => {
            let mut changes = Vec::new();
            for place in 0..u16::try_from(block.messages.len()).unwrap_or(u16::MAX) {
                let message = look_into(task, book, agreement, &mut block, place, &mut changes).await?;
                looked.records.extend(message);
            }
            let before = block.revision;
            if !changes.is_empty() {
                block.revision += 1;
                looked.rerated = Some(Rerated { before, changes, kept: Kept::Block(block) });
            }
        }
        Kept::Fee(fee) if task.includes_fee(fee.resource) => {
            let rates = book.rates_at(&fee.agreement, fee.at).await?;
            let again = rates.map_or(Ok(None), |level| fee.rated_again(&level));
            let failure = again.as_ref().err().map(|error| format!("{}: {error}", fee.id));
            looked.records.push((1, failure));
            looked.rerated = again.ok().flatten().map(|again| rerated_fee(&fee, again));
        }
        Kept::Fee(_) => {}
    }
    Ok(looked)
}

/// A fee has one level: only its own agreement pays for it.
fn rerated_fee(before: &Fee, after: Fee) -> Rerated {
    let change = LevelChange {
        agreement: after.agreement.clone(),
        level: 1,
        wallet: after.wallet.clone(),
        before: before.amount,
        after: after.amount,
    };
    Rerated { before: before.charge_version, changes: vec![change], kept: Kept::Fee(Box::new(after)) }
}

/// One message of a block. Those that have left it are in records of their own.
async fn look_into(
    task: &Rerate,
    book: &mut RateBook,
    agreement: &AgreementId,
    block: &mut Block,
    place: u16,
    changes: &mut Vec<LevelChange>,
) -> Result<Option<(u64, Option<String>)>, StoreError> {
    let message = block.messages.get(usize::from(place)).filter(|_| !block.left.contains(&place));
    let Some(message) = message else { return Ok(None) };
    let Some(price) = price(task, book, agreement, message).await? else { return Ok(None) };
    if let Some(again) = price.again {
        changes.extend(again.changes);
        block.put_rated_again(place, again.message);
    }
    Ok(Some((price.levels, price.failure)))
}

/// What a message costs now.
struct Priced {
    levels: u64,
    /// If it costs something else.
    again: Option<RatedAgain>,
    failure: Option<String>,
}

/// None if the message is rated with the records of another agreement of the task.
async fn price(
    task: &Rerate,
    book: &mut RateBook,
    agreement: &AgreementId,
    message: &Message,
) -> Result<Option<Priced>, StoreError> {
    let levels: Vec<AgreementId> = agreements(message).collect();
    if task.walked_by(&levels) != Some(agreement) {
        return Ok(None);
    }
    let mut priced = Priced { levels: levels.len() as u64, again: None, failure: None };
    for _ in 0..ORIGINS_MAX {
        let outcome = rate_again(message, &book.prices(message, &levels).await?);
        match outcome {
            Ok(again) => priced.again = again,
            Err(NotRated::UnknownOrigin { rate }) => {
                book.learn_origin(&rate).await?;
                continue;
            }
            Err(error) => priced.failure = Some(format!("{}: {error}", message.id)),
        }
        return Ok(Some(priced));
    }
    priced.failure = Some(format!("{}: it has too many rates", message.id));
    Ok(Some(priced))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_cut_until_its_sums_can_be_noted_at_once() {
        assert_eq!(fewer_records(CHUNK, 0), None);
        assert_eq!(fewer_records(CHUNK, DIFFERENCES_MAX), None);
        assert_eq!(fewer_records(CHUNK, DIFFERENCES_MAX + 1), Some(98));
        assert_eq!(fewer_records(CHUNK, 500), Some(18));
        assert_eq!(fewer_records(2, 500), Some(1));
        assert_eq!(fewer_records(1, 500), None);
    }
}
