//! Whether yesterday's usage rows are what the records of its messages and fees come to.
//!
//! Both are projections of the same stream, written by one transaction; this reads the records, and blocks
//! themselves, and adds them up anew. A difference is an error in the log with the field `breach`, and a
//! review for a person. Nothing is corrected here: an invoice bills what the usage rows say until somebody
//! has looked. A day that agrees is not read again.

use std::time::Duration;

use anyhow::Context;
use domain::agreement::Agreement;
use domain::id::AgreementId;
use domain::period::Period;
use domain::recount::Difference;
use futures::StreamExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use store::{Recounted, Review};
use tokio::time::{Instant, timeout};

use crate::App;
use crate::reconcile::SETTLED_AFTER;

/// The name under which differences are kept for review.
pub const REVIEWED_AS: &str = "recount";
/// No more agreements are begun after this, and one may take as long; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(25);
/// A day of several hundred thousand messages. More than that are for the command.
const VISIT_MAX: Duration = Duration::from_secs(25);
/// Agreements recounted together: each has a page of blocks in memory.
const AT_ONCE: usize = 4;
/// Rows of one agreement that are logged; the review says how many there are.
const LOGGED_MAX: usize = 20;

enum Outcome {
    /// Also of one that was found before, or that agrees but for what is being projected.
    Agrees,
    Differs,
    /// There was no time left: it waits for the next round.
    Late,
    Failed,
}

/// Recounts yesterday for the next part of all agreements.
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
    match timeout(VISIT_MAX, recount(app, agreement, now)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::error!(%agreement, error = format!("{error:#}"), "not recounted");
            Outcome::Failed
        }
        Err(_) => {
            tracing::warn!(%agreement, "too many records to recount here: use the command");
            Outcome::Late
        }
    }
}

/// A difference counts once it was the same at two visits, because what is being projected at this moment may
/// be in the records and not yet in the usage.
async fn recount(app: &App, id: &AgreementId, now: Timestamp) -> anyhow::Result<Outcome> {
    let agreement = app.store.any_agreement(id).await?.with_context(|| format!("there is no {id}"))?;
    let day = yesterday(&agreement, now)?;
    let known = app.store.recounted(id).await?.filter(|known| known.day == day);
    if known.as_ref().is_some_and(|known| known.differs.is_none()) {
        return Ok(Outcome::Agrees);
    }
    let differences = differences(app, &agreement, day).await?;
    let found = Recounted { day, differs: summary(&differences), since: now };
    let Some(known) = known.filter(|known| Recounted { since: now, ..known.clone() } == found) else {
        app.store.put_recounted(id, &found).await?;
        return Ok(Outcome::Agrees);
    };
    if now.duration_since(known.since) < SETTLED_AFTER {
        return Ok(Outcome::Agrees);
    }
    report(app, id, &found, &differences).await?;
    Ok(Outcome::Differs)
}

/// The agreement's last day that has ended and had time to be projected.
fn yesterday(agreement: &Agreement, now: Timestamp) -> anyhow::Result<Date> {
    let settled: SignedDuration = SETTLED_AFTER;
    let today = agreement.version_at(now).billing.day_of(now.saturating_sub(settled)?);
    Ok(today.yesterday()?)
}

async fn differences(app: &App, agreement: &Agreement, day: Date) -> anyhow::Result<Vec<Difference>> {
    let period = Period { first: day, last: day };
    let counted = app.store.usage(&agreement.id, period).await?;
    Ok(app.store.recount(agreement, period).await?.differences(&counted))
}

fn summary(differences: &[Difference]) -> Option<String> {
    let first = differences.first()?;
    Some(format!("{} usage rows differ from their records, first {first}", differences.len()))
}

async fn report(
    app: &App,
    agreement: &AgreementId,
    found: &Recounted,
    differences: &[Difference],
) -> anyhow::Result<()> {
    for difference in differences.iter().take(LOGGED_MAX) {
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
        detail: found.differs.clone().unwrap_or_default(),
        at: found.since,
    };
    Ok(app.store.put_review(&review).await?)
}
