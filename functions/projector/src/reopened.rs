//! Periods whose usage changes after they have ended, say by a receipt that comes late: the schedule of the
//! invoice-closer looks at them once a day, and after a week no more, so they are closed again from here.
//!
//! What is rated again is closed by its rerate, as long as the stream is not behind.

use std::collections::BTreeSet;

use domain::agreement::Agreement;
use domain::id::AgreementId;
use domain::period::Period;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use queue::Billing;

use crate::App;

/// What ended before yesterday is closed from here: the schedule looks at today and yesterday, of the agreement's
/// own, every few minutes. What a stream brings late it finds when it looks at the whole week.
const CLOSED_BY_SCHEDULE_DAYS: i64 = 1;

/// A rerate has what it touched closed for the last time 15 minutes after its end.
const CLOSED_BY_RERATE: SignedDuration = SignedDuration::from_mins(5);

/// What a delivery has touched of such periods.
pub struct Reopened {
    /// Whether a rerate's own closing may come before what it changed.
    is_behind: bool,
    now: Timestamp,
    periods: BTreeSet<(AgreementId, Period)>,
}

impl Reopened {
    /// `now` is when the delivery's changes were made.
    pub fn at(now: Timestamp) -> Self {
        let is_behind = CLOSED_BY_RERATE < runtime::now().duration_since(now);
        Self { is_behind, now, periods: BTreeSet::new() }
    }

    /// Usage of this day has changed, by a rerate or otherwise.
    pub fn note(&mut self, agreement: &Agreement, day: Date, is_rated_again: bool) {
        let today = agreement.version_at(self.now).billing.day_of(self.now);
        let before = today.saturating_sub(CLOSED_BY_SCHEDULE_DAYS.days());
        if before <= day || (is_rated_again && !self.is_behind) {
            return;
        }
        let period = agreement.billing_period(day);
        if period.last < before {
            self.periods.insert((agreement.id.clone(), period));
        }
    }

    /// Asks for each of them once. The usage was posted before, so the job finds it.
    pub async fn close(self, app: &App) -> anyhow::Result<()> {
        let close = |(agreement, period)| Billing::CloseV1 { agreement, period };
        let jobs: Vec<_> = self.periods.into_iter().map(close).collect();
        Ok(app.billing.send_all(&jobs).await?)
    }
}
