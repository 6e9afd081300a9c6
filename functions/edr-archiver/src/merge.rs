//! New rows into the files of a day, each once, whatever was there before and whoever else writes.
//!
//! A day's files fill up one after another, and only the last one grows: a long day takes no more memory than
//! a short one, and nobody has to say beforehand how long it will be.

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use bytes::Bytes;
use store::{Archive, Found, Part, PartWritten};

use crate::file::{self, SCHEMA};

/// Others who write the same day do so a handful of times.
const ATTEMPTS_MAX: u32 = 10;

/// What names a version of a record within an agreement; files are sorted by it.
type Key<'a> = (i64, &'a str, i32, i32);

/// Adds those rows to a day that it does not have: to its last file, or to a new one if that has `full` rows.
/// Returns how many were new. `day` is any file of it.
pub async fn add(archive: &Archive, day: &Part, rows: &RecordBatch, full: usize) -> anyhow::Result<usize> {
    let rows = distinct(rows)?;
    for _ in 0..ATTEMPTS_MAX {
        let (part, rows, found) = find_last(archive, day, rows.clone(), full).await?;
        if rows.num_rows() == 0 {
            return Ok(0);
        }
        let (content, etag) = found.map(|found| (found.content, found.etag)).unzip();
        let content = merged(content, &rows).with_context(|| format!("reading {part}"))?;
        if archive.write_part(&part, content, etag.as_deref()).await? == PartWritten::Now {
            return Ok(rows.num_rows());
        }
    }
    anyhow::bail!("{day} is being written by others")
}

/// The file that grows, as it is, if there is one yet; and those rows that no file has. If all are there
/// already, it is any of the files.
async fn find_last(
    archive: &Archive,
    day: &Part,
    mut rows: RecordBatch,
    full: usize,
) -> anyhow::Result<(Part, RecordBatch, Option<Found>)> {
    let mut part = Part { number: 0, ..day.clone() };
    loop {
        let found = archive.part(&part).await?;
        let Some(found) = found else { return Ok((part, rows, None)) };
        let reading = || format!("reading {part}");
        for keys in file::read_keys(&found.content).with_context(reading)? {
            rows = without(&rows, &keys?)?;
        }
        if rows.num_rows() == 0 || file::count(&found.content).with_context(reading)? < full {
            return Ok((part, rows, Some(found)));
        }
        part.number += 1;
    }
}

/// The file with these rows put among its own, both in their order. No more of it than a batch is unpacked at
/// a time.
fn merged(known: Option<Bytes>, rows: &RecordBatch) -> anyhow::Result<Vec<u8>> {
    let mut writer = file::Writer::new()?;
    let (new, mut place) = (keys(rows)?, 0);
    if let Some(known) = known {
        for batch in file::read(&known)? {
            let batch = batch?;
            let last = keys(&batch)?.last().copied();
            let before = new[place..].partition_point(|key| Some(*key) < last);
            if before == 0 {
                writer.add(&batch)?;
                continue;
            }
            let both = concat_batches(&SCHEMA, [&batch, &rows.slice(place, before)])?;
            writer.add(&distinct(&both)?)?;
            place += before;
        }
    }
    writer.add(&rows.slice(place, rows.num_rows() - place))?;
    writer.finish()
}

/// In the order of the keys, and of each key the first row.
fn distinct(rows: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let keys = keys(rows)?;
    let mut order: Vec<u32> = (0..u32::try_from(rows.num_rows())?).collect();
    // Stable: what stood in the file before stays as it is.
    order.sort_by_key(|row| keys[*row as usize]);
    order.dedup_by_key(|row| keys[*row as usize]);
    Ok(take_record_batch(rows, &UInt32Array::from(order))?)
}

/// Those in their order that are not among the known.
fn without(rows: &RecordBatch, known: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let mut is_new = vec![true; rows.num_rows()];
    let own = keys(rows)?;
    for key in keys(known)? {
        if let Ok(place) = own.binary_search(&key) {
            is_new[place] = false;
        }
    }
    Ok(filter_record_batch(rows, &BooleanArray::from(is_new))?)
}

fn keys(rows: &RecordBatch) -> anyhow::Result<Vec<Key<'_>>> {
    let column = |name: &str| rows.column_by_name(name).with_context(|| format!("there is no column {name}"));
    let accepted_at = column("accepted_at")?.as_primitive::<TimestampMicrosecondType>().values();
    let ids = column("id")?.as_string::<i32>();
    let revisions = column("revision")?.as_primitive::<Int32Type>().values();
    let versions = column("charge_version")?.as_primitive::<Int32Type>().values();
    let key = |row: usize| (accepted_at[row], ids.value(row), revisions[row], versions[row]);
    Ok((0..rows.num_rows()).map(key).collect())
}
