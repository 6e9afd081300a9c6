//! Periods whose usage changes long after they have ended, say by a receipt that comes late: the schedule of
//! the invoice-closer looks at them no more, so they are closed again from here.
//!
//! What is rated again is closed by its rerate, as long as the stream is not behind.

use std::collections::BTreeSet;

use domain::agreement::Agreement;
use domain::id::AgreementId;
use domain::period::Period;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use queue::Billing;

use crate::App;

/// What ended longer ago than this is closed from here. The schedule looks back by seven days of the agreement's
/// own; a stream may be a day late, the schedule's run an hour, and time zones are a day apart.
const CLOSED_BY_SCHEDULE_DAYS: i64 = 4;

/// A rerate has what it touched closed for the last time 15 minutes after its end.
const CLOSED_BY_RERATE: SignedDuration = SignedDuration::from_mins(5);

/// What a delivery has touched of such periods.
pub struct Reopened {
    /// Whether a rerate's own closing may come before what it changed.
    is_behind: bool,
    /// What ended before this day.
    before: Date,
    periods: BTreeSet<(AgreementId, Period)>,
}

impl Reopened {
    /// `now` is when the delivery's changes were made.
    pub fn at(now: Timestamp) -> Self {
        let today = TimeZone::UTC.to_datetime(now).date();
        let before = today.saturating_sub(CLOSED_BY_SCHEDULE_DAYS.days());
        let is_behind = CLOSED_BY_RERATE < runtime::now().duration_since(now);
        Self { is_behind, before, periods: BTreeSet::new() }
    }

    /// Usage of this day has changed, by a rerate or otherwise.
    pub fn note(&mut self, agreement: &Agreement, day: Date, is_rated_again: bool) {
        if self.before <= day || (is_rated_again && !self.is_behind) {
            return;
        }
        let period = agreement.billing_period(day);
        if period.last < self.before {
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
