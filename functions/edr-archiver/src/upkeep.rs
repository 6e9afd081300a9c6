//! What happens to days that have grown old, once a day: recipients are masked when their time is over, and
//! files go when EDRs are kept no longer.
//!
//! That is a walk through all agreements and their days, in their order. Where it is, is noted now and then,
//! so that the next run goes on there, however this one ends.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, StringArray};
use bytes::Bytes;
use domain::destination::masked;
use domain::edr::last_expired_day;
use domain::id::AgreementId;
use domain::masking::Masking;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Archive, Part, PartWritten, Upkeep, Walk};

use crate::file::{self, SCHEMA};

/// Others who write a file of an old day do so a handful of times.
const ATTEMPTS_MAX: u32 = 10;
/// After so many agreements and files the walk notes where it is: what a killed run has done since is only
/// read again.
const NOTED_EVERY: u32 = 20;

/// Does what is due, unless that was done, and begins nothing more from `end` on.
pub async fn run(archive: &Archive, masking: Masking, now: Timestamp, end: Instant) -> anyhow::Result<()> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let done = archive.upkeep().await?;
    let Some(walk) = walk_to_do(&done, today, masking.last_day(now)) else { return Ok(()) };
    let mut walker = Walker { archive, end, begun: 0, done, walk };
    if walker.walk(last_expired_day(today)).await? {
        let Walker { done, walk, .. } = walker;
        let masked_till = done.masked_till.max(walk.till);
        archive.put_upkeep(&Upkeep { done_on: Some(walk.begun_on), masked_till, walk: None }).await?;
    }
    Ok(())
}

/// The walk that others began, as far as it has come; or else a new one, if there is anything to do.
fn walk_to_do(done: &Upkeep, today: Date, due: Option<Date>) -> Option<Walk> {
    // One that masks what no longer is to be masked comes to nothing.
    if let Some(walk) = done.walk.clone().filter(|walk| walk.till <= due) {
        return Some(walk);
    }
    let is_done = done.done_on == Some(today) && due <= done.masked_till;
    (!is_done).then_some(Walk { begun_on: today, till: due, place: None })
}

struct Walker<'a> {
    archive: &'a Archive,
    end: Instant,
    /// How many agreements and files it has begun.
    begun: u32,
    done: Upkeep,
    walk: Walk,
}

impl Walker<'_> {
    /// Goes on from its place. False if the time was over before its end.
    async fn walk(&mut self, expired: Date) -> anyhow::Result<bool> {
        let (first, first_day) = self.walk.place.clone().unzip();
        let agreements = self.archive.archived_agreements().await?;
        for agreement in agreements.into_iter().filter(|agreement| first.as_ref() <= Some(agreement)) {
            let day = first_day.flatten().filter(|_| first.as_ref() == Some(&agreement));
            if !self.begin(&agreement, day).await? {
                return Ok(false);
            }
            let till = self.walk.till.map_or(expired, |till| till.max(expired));
            let parts = self.archive.parts_till(&agreement, till).await?;
            let (old, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.day <= expired);
            let old: Vec<_> = old.iter().map(Part::to_string).collect();
            self.archive.delete(&old).await?;
            let masked_till = self.done.masked_till;
            let unmasked = parts.iter().filter(|part| masked_till < Some(part.day) && day <= Some(part.day));
            for part in unmasked {
                if !self.begin(&agreement, Some(part.day)).await? {
                    return Ok(false);
                }
                mask(self.archive, part).await?;
            }
        }
        Ok(true)
    }

    /// Whether there is time for what comes next. When there is none its place is noted.
    async fn begin(&mut self, agreement: &AgreementId, day: Option<Date>) -> anyhow::Result<bool> {
        let has_time = Instant::now() < self.end;
        self.walk.place = Some((agreement.clone(), day));
        self.begun += 1;
        if !has_time || self.begun.is_multiple_of(NOTED_EVERY) {
            let noted = Upkeep { walk: Some(self.walk.clone()), ..self.done.clone() };
            self.archive.put_upkeep(&noted).await?;
        }
        if !has_time {
            tracing::warn!(%agreement, "the next run goes on with the old files");
        }
        Ok(has_time)
    }
}

async fn mask(archive: &Archive, part: &Part) -> anyhow::Result<()> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(found) = archive.part(part).await? else { return Ok(()) };
        let content = masked_file(&found.content).with_context(|| format!("reading {part}"))?;
        let Some(content) = content else { return Ok(()) };
        if archive.write_part(part, content, Some(&found.etag)).await? == PartWritten::Now {
            return Ok(());
        }
    }
    anyhow::bail!("{part} is being written by others")
}

/// None if there is nothing to mask.
fn masked_file(content: &Bytes) -> anyhow::Result<Option<Vec<u8>>> {
    let mut writer = file::Writer::new()?;
    let mut is_other = false;
    for rows in file::read(content)? {
        let rows = rows?;
        let hidden = masked_rows(&rows)?;
        is_other |= hidden.is_some();
        writer.add(&hidden.unwrap_or(rows))?;
    }
    is_other.then(|| writer.finish()).transpose()
}

/// None if there is nothing to mask.
fn masked_rows(rows: &RecordBatch) -> anyhow::Result<Option<RecordBatch>> {
    let place = SCHEMA.index_of("recipient")?;
    let whole = rows.column(place).as_string::<i32>();
    let hidden: StringArray = whole.iter().map(|number| number.map(masked)).collect();
    if hidden == *whole {
        return Ok(None);
    }
    let mut columns = rows.columns().to_vec();
    columns[place] = Arc::new(hidden);
    Ok(Some(RecordBatch::try_new(SCHEMA.clone(), columns)?))
}
