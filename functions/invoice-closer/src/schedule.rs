//! What the schedule asks for: periods to be closed, and coverage to be looked at.

use std::collections::BTreeSet;

use domain::agreement::Agreement;
use domain::period::Period;
use jiff::{SignedDuration, Span, Timestamp};
use queue::Billing;

use crate::App;

/// How far back the schedule looks once a day: a week of standstill leaves no period open.
const LOOK_BACK_DAYS: i64 = 7;
/// How far it looks each time, so that an invoice follows its usage within minutes. Of what ended before, the
/// projector tells that its usage has changed.
const LATEST_DAYS: i64 = 1;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// For so long it looks so far: three runs, so that one may fail or come late.
const LOOKS_BACK_FOR: SignedDuration = SignedDuration::from_mins(15);
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
    let look_back = if looks_back(agreement, now) { LOOK_BACK_DAYS } else { LATEST_DAYS };
    let periods = open_periods(agreement, now, look_back);
    let close = |period| Billing::CloseV1 { agreement: agreement.id.clone(), period };
    let mut jobs: Vec<_> = periods.into_iter().map(close).collect();
    if day_has_begun(agreement, now, DAY_BEGINS) {
        jobs.push(Billing::CoverV1 { agreement: agreement.id.clone() });
    }
    jobs
}

/// In some runs of each day of the agreement: an hour after midnight, when what was used around it is posted.
fn looks_back(agreement: &Agreement, now: Timestamp) -> bool {
    now.checked_sub(HOUR).is_ok_and(|before| day_has_begun(agreement, before, LOOKS_BACK_FOR))
}

/// Whether a day of the agreement began within so long before this moment.
fn day_has_begun(agreement: &Agreement, now: Timestamp, within: SignedDuration) -> bool {
    let terms = &agreement.version_at(now).billing;
    now.checked_sub(within).is_ok_and(|before| terms.day_of(before) != terms.day_of(now))
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

    /// Between two runs, as `infra/template.yaml` says it too.
    const EVERY: SignedDuration = SignedDuration::from_mins(5);

    #[test]
    fn each_run_closes_the_latest_periods_and_three_a_day_those_of_a_week() {
        use BillingPeriod::{Daily, Monthly};
        assert_eq!(jobs(Monthly, "UTC", "2026-11-15T10:05:00Z"), (1, 0));
        assert_eq!(jobs(Monthly, "UTC", "2026-11-01T10:05:00Z"), (2, 0));
        for time_zone in ["UTC", "Asia/Kathmandu", "America/Los_Angeles"] {
            let begin: Timestamp = "2026-11-15T00:02:00Z".parse().unwrap();
            let runs = (0..288).map(|run| (begin + EVERY * run).to_string());
            let closed: Vec<usize> = runs.map(|now| jobs(Daily, time_zone, &now).0).collect();
            assert_eq!(closed.iter().filter(|periods| **periods == 8).count(), 3, "{time_zone}");
            assert_eq!(closed.iter().filter(|periods| **periods == 2).count(), 285, "{time_zone}");
        }
        assert_eq!(jobs(Daily, "UTC", "2026-11-15T01:02:00Z").0, 8);
    }

    #[test]
    fn coverage_is_looked_at_when_the_agreements_day_begins() {
        assert_eq!(jobs(BillingPeriod::Monthly, "UTC", "2026-11-15T00:29:59Z").1, 1);
        assert_eq!(jobs(BillingPeriod::Monthly, "UTC", "2026-11-15T00:30:00Z").1, 0);
        assert_eq!(jobs(BillingPeriod::Monthly, "Asia/Tokyo", "2026-11-15T15:10:00Z").1, 1);
    }
}
