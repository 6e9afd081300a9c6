//! What happens to days that have grown old, once a day: recipients are masked when their time is over, and
//! files go when EDRs are kept no longer.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, StringArray};
use domain::destination::masked;
use domain::edr::last_expired_day;
use domain::masking::Masking;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Archive, Part, PartWritten, Upkeep};

use crate::file::{self, SCHEMA};

/// Others who write a file of an old day do so a handful of times.
const ATTEMPTS_MAX: u32 = 10;

/// Does what is due, unless that was done, and begins nothing more from `end` on. Half done it is done again:
/// what is masked already is only read then.
pub async fn run(archive: &Archive, masking: Masking, now: Timestamp, end: Instant) -> anyhow::Result<()> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (expired, due) = (last_expired_day(today), masking.last_day(now));
    let done = archive.upkeep().await?;
    if done.done_on == Some(today) && due <= done.masked_till {
        return Ok(());
    }
    for agreement in archive.archived_agreements().await? {
        let parts = archive.parts_till(&agreement, due.map_or(expired, |due| due.max(expired))).await?;
        let (old, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.day <= expired);
        let old: Vec<_> = old.iter().map(Part::to_string).collect();
        archive.delete(&old).await?;
        for part in parts.iter().filter(|part| is_between(part.day, done.masked_till, due)) {
            if end <= Instant::now() {
                tracing::warn!(%agreement, "the next run goes on masking");
                return Ok(());
            }
            mask(archive, part).await?;
        }
    }
    archive.put_upkeep(&Upkeep { done_on: Some(today), masked_till: done.masked_till.max(due) }).await?;
    Ok(())
}

fn is_between(day: Date, after: Option<Date>, till: Option<Date>) -> bool {
    after.is_none_or(|after| after < day) && till.is_some_and(|till| day <= till)
}

async fn mask(archive: &Archive, part: &Part) -> anyhow::Result<()> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(found) = archive.part(part).await? else { return Ok(()) };
        let rows = file::read(&found.content).with_context(|| format!("reading {part}"))?;
        let Some(rows) = masked_rows(&rows)? else { return Ok(()) };
        if archive.write_part(part, file::write(&rows)?, Some(&found.etag)).await? == PartWritten::Now {
            return Ok(());
        }
    }
    anyhow::bail!("{part} is being written by others")
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
