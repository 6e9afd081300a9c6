//! What the lists of what a person has to look at have in common: what payment systems told
//! (`payment_reviews`), and what the platform found (`ledger_reviews`).

use domain::audit::Act;
use jiff::Timestamp;
use runtime::cursor;
use runtime::http::Problem;
use runtime::revision::{IfMatch, Versioned};
use serde::Serialize;
use store::{KeptReview, ReviewDone, ReviewFilter};
use utoipa::ToSchema;

use super::Edited;
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields;
use crate::lists::{FILE_PAGE, FILE_ROWS_MAX, FileRows, Format, Found};

const NOTE_LENGTH_MAX: usize = 500;
/// In bytes: no longer one is kept.
const EVENT_LENGTH_MAX: usize = 1_024;
/// In each round either the event is marked, or somebody else has changed it.
const ROUNDS_MAX: u32 = 8;

/// That a person has dealt with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewMark {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who said so.
    by: String,
    /// What was done about it.
    note: String,
}

impl From<ReviewDone> for ReviewMark {
    fn from(ReviewDone { at, by, note }: ReviewDone) -> Self {
        Self { at, by, note }
    }
}

/// A page, newest first; for a file all. A page costs two queries for each payment system or kind, of what is open
/// and of what is dealt with, and each of them reads no more than a page.
pub async fn find(
    app: &App,
    filter: &ReviewFilter,
    limit: Option<u16>,
    cursor: Option<&str>,
    format: Format,
) -> Result<Found<KeptReview>, ApiError> {
    let limit = fields::limit(limit)?;
    let mut behind = cursor.map(cursor::place_of).transpose()?;
    if format == Format::Json {
        let page = app.store.newest_reviews(filter, limit, behind.as_deref()).await?;
        return Ok(Found::of(page, format));
    }
    let mut rows = FileRows::up_to(FILE_ROWS_MAX);
    loop {
        behind = rows.add(app.store.newest_reviews(filter, FILE_PAGE, behind.as_deref()).await?)?;
        if behind.is_none() {
            return Ok(Found::all(rows.items, format));
        }
    }
}

/// Marks an event as dealt with; one that is already stays as it was marked. `noun` is what it is called.
pub async fn mark<V: From<KeptReview>>(
    app: &App,
    act: &Act,
    if_match: IfMatch,
    (noun, system, event): (&str, &str, &str),
    note: &str,
) -> Edited<V> {
    let none = || ApiError::from(Problem::not_found(noun));
    if !(1..=EVENT_LENGTH_MAX).contains(&event.len()) {
        return Err(none());
    }
    let note = note.trim();
    if NOTE_LENGTH_MAX < note.chars().count() {
        return Err(Problem::invalid("note", format!("a note has up to {NOTE_LENGTH_MAX} characters")).into());
    }
    for _ in 0..ROUNDS_MAX {
        let kept = app.store.review(system, event).await?.ok_or_else(none)?;
        if kept.done.is_some() {
            return Ok(Versioned::new(kept.revision, kept.into()));
        }
        if_match.check(kept.revision)?;
        let done = ReviewDone { at: act.at, by: act.actor.name.clone(), note: note.to_owned() };
        if let Some(marked) = app.store.finish_review(act, &kept, done).await? {
            return Ok(Versioned::new(marked.revision, marked.into()));
        }
    }
    Err(busy())
}
