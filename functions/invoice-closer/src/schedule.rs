//! What the schedule asks for: periods to be closed, and coverage to be looked at.

use std::collections::BTreeSet;

use domain::agreement::Agreement;
use domain::period::Period;
use jiff::{SignedDuration, Span, Timestamp};
use queue::Billing;

use crate::App;

/// How far back the schedule looks once an hour: a week of standstill leaves no period open, and receipts that
/// come late still reach the draft.
const LOOK_BACK_DAYS: i64 = 7;
/// How far it looks each time, so that an invoice follows its usage within minutes.
const LATEST_DAYS: i64 = 1;
/// Between two of its runs, as `infra/template.yaml` says it too.
const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// For so long after an agreement's day has begun its invoices may have become overdue: several runs, so that
/// one may fail.
const DAY_BEGINS: SignedDuration = SignedDuration::from_mins(30);
const AGREEMENTS_AT_ONCE: usize = 100;

impl App {
    /// A job for each agreement and period. Running it twice only closes the same periods again.
    pub(crate) async fn list_periods(&self, now: Timestamp) -> anyhow::Result<()> {
        let ids = self.store.all_agreements().await?;
        let mut jobs = Vec::new();
        for some in ids.chunks(AGREEMENTS_AT_ONCE) {
            for agreement in self.store.agreements(some).await? {
                jobs.extend(jobs_of(&agreement, now));
            }
        }
        self.billing.send_all(&jobs).await?;
        tracing::info!(agreements = ids.len(), jobs = jobs.len(), "listed");
        Ok(())
    }
}

fn jobs_of(agreement: &Agreement, now: Timestamp) -> Vec<Billing> {
    let look_back = if is_first_of_hour(now) { LOOK_BACK_DAYS } else { LATEST_DAYS };
    let periods = open_periods(agreement, now, look_back);
    let close = |period| Billing::CloseV1 { agreement: agreement.id.clone(), period };
    let mut jobs: Vec<_> = periods.into_iter().map(close).collect();
    if day_has_begun(agreement, now) {
        jobs.push(Billing::CoverV1 { agreement: agreement.id.clone() });
    }
    jobs
}

fn is_first_of_hour(now: Timestamp) -> bool {
    let hour = SignedDuration::from_hours(1).as_secs();
    now.as_second().rem_euclid(hour) < EVERY.as_secs()
}

fn day_has_begun(agreement: &Agreement, now: Timestamp) -> bool {
    let terms = &agreement.version_at(now).billing;
    now.checked_sub(DAY_BEGINS).is_ok_and(|before| terms.day_of(before) != terms.day_of(now))
}

/// The periods of the last days, each once.
fn open_periods(agreement: &Agreement, now: Timestamp, look_back: i64) -> BTreeSet<Period> {
    let today = agreement.version_at(now).billing.day_of(now);
    let days = (0..=look_back).map(|days| today.saturating_sub(Span::new().days(days)));
    days.map(|day| agreement.billing_period(day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::agreement::{Charging, CreditLimit, NewAgreement, plan_agreement};
    use domain::id::{AgreementId, CompanyId};
    use domain::money::Currency;
    use domain::period::{BillingPeriod, BillingTerms};

    fn jobs(period: BillingPeriod, time_zone: &str, now: &str) -> (usize, usize) {
        let ask = NewAgreement {
            id: AgreementId::new(1),
            company: CompanyId::new(1),
            tenant: CompanyId::new(0),
            code: "A".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Unlimited,
            billing: BillingTerms { period, time_zone: time_zone.into(), ..BillingTerms::monthly_utc() },
        };
        let agreement = plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).unwrap();
        let jobs = jobs_of(&agreement, now.parse().unwrap());
        let covers = jobs.iter().filter(|job| matches!(job, Billing::CoverV1 { .. })).count();
        (jobs.len() - covers, covers)
    }

    #[test]
    fn each_run_closes_the_latest_periods_and_the_first_of_an_hour_those_of_a_week() {
        use BillingPeriod::{Daily, Monthly};
        assert_eq!(jobs(Monthly, "UTC", "2026-11-15T10:05:00Z"), (1, 0));
        assert_eq!(jobs(Monthly, "UTC", "2026-11-01T10:05:00Z"), (2, 0));
        assert_eq!(jobs(Daily, "UTC", "2026-11-15T10:05:00Z"), (2, 0));
        assert_eq!(jobs(Daily, "UTC", "2026-11-15T10:04:59Z"), (8, 0));
    }

    #[test]
    fn coverage_is_looked_at_when_the_agreements_day_begins() {
        assert_eq!(jobs(BillingPeriod::Monthly, "UTC", "2026-11-15T00:29:59Z").1, 1);
        assert_eq!(jobs(BillingPeriod::Monthly, "UTC", "2026-11-15T00:30:00Z").1, 0);
        assert_eq!(jobs(BillingPeriod::Monthly, "Asia/Tokyo", "2026-11-15T15:10:00Z").1, 1);
    }
}
