//! Whether usage rows are what the records of their messages and fees come to: yesterday's, and because late
//! receipts and rerates change older days, those of each of the last 35 days again at least once a week.
//!
//! Both are projections of the same stream, written by one transaction; this reads the records, and blocks
//! themselves, and adds them up anew. A difference is an error in the log with the field `breach`, and a
//! review for a person. Nothing is corrected here: an invoice bills what the usage rows say until somebody
//! has looked.
//!
//! A visit reads two items, and the records and usage rows of one day at most: yesterday's, then an older day
//! every three hours. So of each agreement no more than nine days are read in one, and where a day differs its
//! usage rows twice, and that day again ten minutes later.
//!
//! Before it counts, a visit notes the day as one that agrees: one whose count fails, or takes more than 25 s,
//! waits until the round comes to it again and keeps no other from being counted. Where it always takes longer,
//! the day is for the command.

use std::time::Duration;

use anyhow::Context;
use domain::agreement::Agreement;
use domain::finding::{Figures, FindingKind};
use domain::id::AgreementId;
use domain::money::Amount;
use domain::period::Period;
use domain::recount::{Difference, UsageRows, digest};
use futures::StreamExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use store::{Recounted, Recounts, Review};
use tokio::time::{Instant, sleep, timeout};

use crate::App;
use crate::reconcile::SETTLED_AFTER;

/// The name under which differences are kept for review.
pub const REVIEWED_AS: &str = FindingKind::Recount.name();
/// No more agreements are begun after this, and one may take as long; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(25);
/// A day of several hundred thousand messages. More than that are for the command.
const VISIT_MAX: Duration = Duration::from_secs(25);
/// Within this what records say is mostly in the usage as well. A block is read itself, ahead of the projector.
const PROJECTED_WITHIN: Duration = Duration::from_secs(1);
/// Days that are counted again and again, yesterday among them: a month, and those in which its invoices are made.
const DAYS: i64 = 35;
/// From one older day of an agreement to the next: even where a round takes more than an hour, it comes to each
/// of them within a week.
const OLDER_EVERY: SignedDuration = SignedDuration::from_hours(3);
/// Agreements recounted together: each has a page of blocks in memory.
const AT_ONCE: usize = 4;
/// Rows of one agreement that are logged; the review says how many there are.
const LOGGED_MAX: usize = 20;

enum Outcome {
    /// Also of one that was found before, or that agrees but for what is being projected.
    Agrees,
    Differs,
    /// There was no time left: the agreement waits for the next round, or the day for its next turn.
    Late,
    Failed,
}

/// Recounts a day of each of the next part of all agreements.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let agreements = app.store.next_to_recount().await?;
    let count = agreements.len();
    let visits = agreements.into_iter().map(|agreement| async move {
        if begin.elapsed() > BEGIN_MAX {
            return Outcome::Late;
        }
        visit(app, &agreement, now).await
    });
    let outcomes: Vec<_> = futures::stream::iter(visits).buffer_unordered(AT_ONCE).collect().await;
    let late = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Late)).count();
    let differ = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Differs)).count();
    let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed)).count();
    tracing::info!(agreements = count, differ, late, failed, "recounted");
    anyhow::ensure!(failed == 0, "{failed} of {count} agreements could not be read");
    Ok(())
}

async fn visit(app: &App, agreement: &AgreementId, now: Timestamp) -> Outcome {
    recount(app, agreement, now).await.unwrap_or_else(|error| {
        tracing::error!(%agreement, error = format!("{error:#}"), "not recounted");
        Outcome::Failed
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Yesterday,
    Older,
}

/// The day to count now; none if it is too early for the next look. The older days come from the last one on
/// backwards, and then again.
fn next(yesterday: Date, known: &Recounts, now: Timestamp) -> Option<(Turn, Date)> {
    let before = |days: i64| yesterday.saturating_sub(days.days());
    let last = known.yesterday.as_ref().filter(|last| last.day == yesterday);
    let (turn, day, seen) = match (last, &known.older) {
        (None, _) => return Some((Turn::Yesterday, yesterday)),
        (Some(last), _) if !last.is_settled() => (Turn::Yesterday, yesterday, last),
        (_, None) => return Some((Turn::Older, before(1))),
        (_, Some(older)) if !older.is_settled() => (Turn::Older, older.day, older),
        (_, Some(older)) if older.day <= before(DAYS - 1) => (Turn::Older, before(1), older),
        (_, Some(older)) => (Turn::Older, older.day.saturating_sub(1.days()), older),
    };
    let pause = if seen.is_settled() { OLDER_EVERY } else { SETTLED_AFTER };
    (pause <= now.duration_since(seen.since)).then_some((turn, day))
}

/// Notes that the day agrees, and gives what was known of it.
fn begun(known: &mut Recounts, turn: Turn, day: Date, now: Timestamp) -> Option<Recounted> {
    let agreeing = Recounted { day, differs: None, since: now, told: false };
    slot(known, turn).replace(agreeing).filter(|seen| seen.day == day)
}

fn slot(known: &mut Recounts, turn: Turn) -> &mut Option<Recounted> {
    match turn {
        Turn::Yesterday => &mut known.yesterday,
        Turn::Older => &mut known.older,
    }
}

/// A difference counts once it was the same at two visits, in rows that stood still meanwhile: what is being
/// projected at this moment may be in the records and not yet in the usage, and at the next visit something else
/// of the same amount.
async fn recount(app: &App, id: &AgreementId, now: Timestamp) -> anyhow::Result<Outcome> {
    let agreement = app.store.any_agreement(id).await?.with_context(|| format!("there is no {id}"))?;
    let mut known = app.store.recounts(id).await?;
    let Some((turn, day)) = next(yesterday(&agreement, now)?, &known, now) else {
        return Ok(Outcome::Agrees);
    };
    let seen = begun(&mut known, turn, day, now);
    app.store.put_recounts(id, &known, now).await?;
    let Ok(counted) = timeout(VISIT_MAX, Counted::of(app, &agreement, day)).await else {
        tracing::warn!(agreement = %id, %day, "too many records to recount here: use the command");
        return Ok(Outcome::Late);
    };
    let counted = counted?;
    if counted.differences.is_empty() {
        return Ok(Outcome::Agrees);
    }
    let differs = Some(digest(&counted.differences)?);
    let told = seen.is_some_and(|seen| seen.differs == differs);
    let found = Recounted { day, differs, since: now, told };
    if told {
        report(app, id, &found, &counted).await?;
    }
    *slot(&mut known, turn) = Some(found);
    app.store.put_recounts(id, &known, now).await?;
    Ok(if told { Outcome::Differs } else { Outcome::Agrees })
}

/// The agreement's last day that has ended and had time to be projected.
fn yesterday(agreement: &Agreement, now: Timestamp) -> anyhow::Result<Date> {
    let settled: SignedDuration = SETTLED_AFTER;
    let today = agreement.version_at(now).billing.day_of(now.saturating_sub(settled)?);
    Ok(today.yesterday()?)
}

/// A day, counted in both ways.
struct Counted {
    /// Of the rows that stood still.
    differences: Vec<Difference>,
    /// What the rows would come to without these.
    recounted: Amount,
    /// What its usage rows come to.
    counted: Amount,
}

impl Counted {
    async fn of(app: &App, agreement: &Agreement, day: Date) -> anyhow::Result<Self> {
        let period = Period { first: day, last: day };
        let rows = app.store.usage(&agreement.id, period).await?;
        let mut differences = app.store.recount(agreement, period).await?.differences(&rows);
        if !differences.is_empty() {
            sleep(PROJECTED_WITHIN).await;
            let again: UsageRows = app.store.usage(&agreement.id, period).await?.into_iter().collect();
            differences.retain(|it| again.get(&it.key).copied().unwrap_or_default() == it.counted);
        }
        let counted = Amount::checked_sum(rows.iter().map(|(_, usage)| usage.amount))?;
        let mut recounted = counted;
        for Difference { recounted: expected, counted: found, .. } in &differences {
            recounted = recounted.checked_add(expected.amount)?.checked_sub(found.amount)?;
        }
        Ok(Self { differences, recounted, counted })
    }

    /// How many rows differ, and the first of them; none if all agree.
    fn summary(&self) -> Option<String> {
        let first = self.differences.first()?;
        Some(format!("{} usage rows differ from their records, first {first}", self.differences.len()))
    }
}

async fn report(
    app: &App,
    agreement: &AgreementId,
    found: &Recounted,
    counted: &Counted,
) -> anyhow::Result<()> {
    for difference in counted.differences.iter().take(LOGGED_MAX) {
        let Difference { key, recounted, counted } = difference;
        tracing::error!(
            breach = "usage",
            %agreement,
            day = %key.day,
            rate = key.rate.as_str(),
            recounted = %recounted.amount,
            counted = %counted.amount,
            %difference,
            "usage is not what its records come to"
        );
    }
    let review = Review {
        system: REVIEWED_AS.to_owned(),
        event: format!("{agreement}#{}", found.day),
        top_up: None,
        detail: counted.summary().unwrap_or_default(),
        at: found.since,
    };
    let figures = Figures {
        agreement: agreement.clone(),
        day: Some(found.day),
        wallet: None,
        subject: None,
        expected: counted.recounted,
        found: counted.counted,
        rows: found.differs.clone(),
    };
    Ok(app.store.put_finding(review, figures).await?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn looks_that_come_to_no_end_keep_no_older_day_from_being_counted() {
        let (yesterday, now) = (date(2026, 1, 31), "2026-02-01T00:10:00Z".parse::<Timestamp>().unwrap());
        let differing = |day| {
            let differs = Some("a row".to_owned());
            Some(Recounted { day, differs, since: now - SETTLED_AFTER, told: false })
        };
        let older = date(2026, 1, 20);
        let mut known = Recounts { yesterday: differing(yesterday), older: differing(older) };
        let mut visit = |turns: i32| {
            let now = now + OLDER_EVERY * turns;
            let (turn, day) = next(yesterday, &known, now)?;
            // And then it takes too long.
            Some((day, begun(&mut known, turn, day, now)))
        };
        assert_eq!(visit(0), Some((yesterday, differing(yesterday))));
        assert_eq!(visit(1), Some((older, differing(older))));
        assert_eq!(visit(2), Some((date(2026, 1, 19), None)));
        assert_eq!(visit(3), Some((date(2026, 1, 18), None)));
    }

    #[test]
    fn each_of_the_last_35_days_is_counted_in_every_week_and_no_more_than_nine_in_a_day() {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let (mut known, mut counted) = (Recounts::default(), Vec::new());
        // A round takes an hour, or somewhat longer.
        for visit in 0..800 {
            let now = begin + SignedDuration::from_mins(visit * 79);
            let yesterday = TimeZone::UTC.to_datetime(now).date().yesterday().unwrap();
            if let Some((turn, day)) = next(yesterday, &known, now) {
                begun(&mut known, turn, day, now);
                counted.push((now, day));
            }
            let within = |hours: i64| {
                let from = now - SignedDuration::from_hours(hours);
                counted.iter().filter(move |(at, _)| from < *at).map(|(_, day)| *day)
            };
            assert!(within(24).count() <= 9, "in the day before {now}");
            // From the second week on.
            let ages = if visit < 150 || visit % 10 != 0 { 0..0 } else { 0..DAYS };
            for day in ages.map(|age| yesterday.saturating_sub(age.days())) {
                assert!(within(7 * 24).any(|counted| counted == day), "{day} in the week before {now}");
            }
        }
    }
}
