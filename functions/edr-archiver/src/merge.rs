//! New rows into the files of a day, each once, whatever was there before and whoever else writes.
//!
//! A day's files fill up one after another, and only the last one grows: a long day takes no more memory than
//! a short one, and nobody has to say beforehand how long it will be.

use std::collections::HashMap;

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
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
        let (content, etag) = found.map(|found| (found.content, found.etag)).unzip();
        let known = content.map(|content| file::read(&content)).transpose();
        let known = known.with_context(|| format!("reading {part}"))?;
        let Some((merged, added)) = merged(known, rows)? else { return Ok(0) };
        let content = file::write(&merged)?;
        drop(merged);
        if archive.write_part(&part, content, etag.as_deref()).await? == PartWritten::Now {
            return Ok(added);
        }
    }
    anyhow::bail!("{day} is being written by others")
}

/// The file that grows, as it is, if there is one yet; and those rows that the full ones before do not have.
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
        if file::count(&found.content).with_context(reading)? < full {
            return Ok((part, rows, Some(found)));
        }
        for keys in file::read_keys(&found.content).with_context(reading)? {
            rows = without(&rows, &keys)?;
        }
        part.number += 1;
    }
}

/// All rows in their order, and how many of them are new. None if none is.
fn merged(known: Option<RecordBatch>, rows: RecordBatch) -> anyhow::Result<Option<(RecordBatch, usize)>> {
    let before = known.as_ref().map_or(0, RecordBatch::num_rows);
    let both = match known {
        Some(known) => {
            let both = concat_batches(&SCHEMA, [&known, &rows])?;
            // Else the longest file is in memory once more while it is sorted.
            drop(known);
            distinct(&both)?
        }
        None => rows,
    };
    let added = both.num_rows() - before;
    Ok((0 < added).then_some((both, added)))
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

fn without(rows: &RecordBatch, known: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let mut is_new = vec![true; rows.num_rows()];
    let places: HashMap<Key<'_>, usize> = keys(rows)?.into_iter().zip(0..).collect();
    for key in keys(known)? {
        if let Some(place) = places.get(&key) {
            is_new[*place] = false;
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
