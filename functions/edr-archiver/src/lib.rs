//! Every few minutes: once a day old files are masked or go, and the versions of EDRs that the projector
//! staged go into the files of the archive, by agreement and day.
//!
//! A version is in the files once, however often it was staged: what a file has is left out, and a file is
//! only written over as it was read. A staging object is forgotten when all it holds is in the files. So a run
//! that dies anywhere is made good by the next one, and two at once do each other no harm.

pub mod file;
mod merge;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context;
use domain::agreement::Agreement;
use domain::company::Company;
use domain::edr::Record;
use domain::id::{AgreementId, CompanyId};
use domain::masking::Masking;
use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use store::{Archive, Part, Store};

use crate::file::Around;

/// What a run holds in memory at a time: some hundred bytes each. One staging object can have more.
const ROWS_AT_ONCE: usize = 100_000;
/// When a day's file is full, in rows. A merge holds it twice in memory as it is stored, packed, and unpacked
/// only some of its rows beside those that are new (`tests/benches/archive_memory.rs` measures that). It may
/// be lowered and never raised, because a file that has one behind it has to be full.
const FILE_ROWS: usize = 500_000;
/// Staging objects that are read side by side. They are in memory besides what is filed meanwhile.
const READS_AT_ONCE: usize = 4;
/// Then a run begins nothing more: the next one goes on. The function's own limit is longer.
const RUN_MAX: Duration = Duration::from_secs(200);
/// A day that will be masked so soon takes rows masked already: another run may be masking it.
const MASKED_EARLY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub archive: Archive,
    /// When recipients are masked.
    pub masking: Masking,
    /// When a day's file is full.
    pub file_rows: usize,
    /// How long a run begins something.
    pub run_max: Duration,
}

impl App {
    pub fn new(store: Store, archive: Archive, masking: Masking) -> Self {
        Self { store, archive, masking, file_rows: FILE_ROWS, run_max: RUN_MAX }
    }
}

/// One run.
pub async fn handle(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begun = Instant::now();
    let end = begun + app.run_max;
    // First, so that a backlog does not stop it, and for half of the time, so that neither stops the other.
    let kept = upkeep::run(&app.archive, app.masking, now, begun + app.run_max / 2).await;
    let (objects, added) = move_all(app, now, end).await.context("moving what is staged")?;
    tracing::info!(objects, added, "archived");
    kept.context("upkeep")
}

/// Puts what is staged into its files until it is time to end. Returns how many objects were seen and how many
/// versions were new.
async fn move_all(app: &App, now: Timestamp, end: Instant) -> anyhow::Result<(usize, usize)> {
    let (mut objects, mut added) = (0, 0);
    let mut after: Option<String> = None;
    while Instant::now() < end {
        let page = app.archive.staged(after.as_deref()).await?;
        objects += page.items.len();
        added += move_in(app, &page.items, now, end).await?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok((objects, added))
}

/// Puts what these staging objects hold into its files, some of them at a time, and forgets them. Returns how
/// many versions were new.
async fn move_in(app: &App, keys: &[String], now: Timestamp, end: Instant) -> anyhow::Result<usize> {
    let mut added = 0;
    let (mut taken, mut records) = (Vec::new(), Vec::new());
    let mut reads = futures::stream::iter(keys)
        .map(|key| async move { anyhow::Ok((key, app.archive.read_staged(key).await?)) })
        .buffered(READS_AT_ONCE);
    while let Some((key, found)) = reads.try_next().await? {
        taken.push(key.clone());
        records.extend(found.into_iter().flatten());
        if ROWS_AT_ONCE <= records.len() {
            added += file_away(app, &taken, std::mem::take(&mut records), now, end).await?;
            taken.clear();
        }
        if end <= Instant::now() {
            return Ok(added);
        }
    }
    added += file_away(app, &taken, records, now, end).await?;
    Ok(added)
}

/// Puts the records of these staging objects into their files, a day at a time, and forgets the objects, unless
/// it was time to end before. Returns how many versions were new.
async fn file_away(
    app: &App,
    taken: &[String],
    records: Vec<Record>,
    now: Timestamp,
    end: Instant,
) -> anyhow::Result<usize> {
    let agreements = agreements(&app.store, &records).await?;
    let around = around(&app.store, &records).await?;
    let masked_till = app.masking.last_day(now + MASKED_EARLY);
    let mut days: BTreeMap<Part, Vec<Record>> = BTreeMap::new();
    for record in records {
        let Some(agreement) = agreements.get(record.agreement()) else { continue };
        let day = agreement.version_at(record.accepted_at()).billing.day_of(record.accepted_at());
        let is_old = masked_till.is_some_and(|till| day <= till);
        let record = if is_old { record.masked() } else { record };
        let part = Part { agreement: agreement.id.clone(), day, number: 0 };
        days.entry(part).or_default().push(record);
    }
    let mut added = 0;
    for (day, records) in days {
        let Some(agreement) = agreements.get(&day.agreement) else { continue };
        if end <= Instant::now() {
            return Ok(added);
        }
        let rows = file::rows(&records, agreement.currency, &around)?;
        drop(records);
        added += merge::add(&app.archive, &day, &rows, app.file_rows).await?;
    }
    app.archive.delete(taken).await?;
    Ok(added)
}

/// Those whose records these are: all of them, or it is an error.
async fn agreements(store: &Store, records: &[Record]) -> anyhow::Result<BTreeMap<AgreementId, Agreement>> {
    let wanted: BTreeSet<_> = records.iter().map(|record| record.agreement().clone()).collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let found = store.agreements(&wanted).await?;
    Ok(found.into_iter().map(|agreement| (agreement.id.clone(), agreement)).collect())
}

/// What rows of these records say of companies and connections, also of those that are deleted.
async fn around(store: &Store, records: &[Record]) -> anyhow::Result<Around> {
    let (mut companies, mut connections) = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        match record {
            Record::Message(edr) => {
                companies.insert(edr.company.clone());
                connections.insert(edr.connection.clone());
            }
            Record::Fee(fee) => drop(companies.insert(fee.company.clone())),
        }
    }
    let companies = store.companies(&companies.into_iter().collect::<Vec<_>>()).await?;
    let path = |company: &Company| company.path.iter().map(CompanyId::as_str).collect::<Vec<_>>().join("/");
    let paths = companies.iter().map(|company| (company.id.clone(), path(company))).collect();
    let connections = store.connections(&connections.into_iter().collect::<Vec<_>>()).await?;
    let vendors = connections.into_iter().map(|connection| (connection.id, connection.name)).collect();
    Ok(Around { paths, vendors })
}
