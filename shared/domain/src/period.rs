//! Billing periods: whole days in the agreement's time zone, so that daylight-saving changes neither
//! lose nor double an hour.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Every month has this day.
const BILLING_DAY_MAX: i8 = 28;
const WEEK: i8 = 7;
const MONTHS_OF_QUARTER: i8 = 3;
const DAYS_FOR_PAYMENT_MAX: u16 = 365;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingPeriod {
    Daily,
    Weekly,
    Monthly,
    /// Three months, the first of them January, April, July or October.
    Quarterly,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingTerms {
    /// IANA name.
    pub time_zone: String,
    pub period: BillingPeriod,
    /// On which day a period begins: of the month, 1 to 28, or of the week, 1 (Monday) to 7.
    pub billing_day: i8,
    pub days_for_payment: u16,
    /// A week that two months share is two periods (guide, section 6.3.1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub split_by_month: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    #[error("a time zone has an IANA name such as Europe/Berlin")]
    TimeZone,
    #[error("the billing day is 1 to {BILLING_DAY_MAX}, of a week 1 to {WEEK}")]
    BillingDay,
    #[error("only days and weeks are split by month")]
    Split,
    #[error("payment is due within at most {DAYS_FOR_PAYMENT_MAX} days")]
    DaysForPayment,
}

impl BillingTerms {
    /// Calendar months in UTC, payable within 30 days.
    pub fn monthly_utc() -> Self {
        Self {
            time_zone: "UTC".into(),
            period: BillingPeriod::Monthly,
            billing_day: 1,
            days_for_payment: 30,
            split_by_month: false,
        }
    }

    pub fn check(&self) -> Result<(), TermsError> {
        TimeZone::get(&self.time_zone).map_err(|_| TermsError::TimeZone)?;
        let days = if self.period == BillingPeriod::Weekly { WEEK } else { BILLING_DAY_MAX };
        if !(1..=days).contains(&self.billing_day) {
            return Err(TermsError::BillingDay);
        }
        if self.split_by_month && !matches!(self.period, BillingPeriod::Daily | BillingPeriod::Weekly) {
            return Err(TermsError::Split);
        }
        if self.days_for_payment > DAYS_FOR_PAYMENT_MAX {
            return Err(TermsError::DaysForPayment);
        }
        Ok(())
    }

    fn zone(&self) -> TimeZone {
        // Checked when the terms were made; the tzdb is inside the binary.
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The agreement's day in which a moment falls.
    pub fn day_of(&self, moment: Timestamp) -> Date {
        moment.to_zoned(self.zone()).date()
    }

    /// The clock on the agreement's wall.
    pub fn time_of_day(&self, moment: Timestamp) -> jiff::civil::Time {
        moment.to_zoned(self.zone()).time()
    }

    /// The moment at which a day of the agreement begins.
    pub fn start_of(&self, day: Date) -> Timestamp {
        day.to_zoned(self.zone()).map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// The moment at which the day behind a period begins.
    pub fn end_of(&self, period: Period) -> Timestamp {
        self.start_of(period.last.tomorrow().unwrap_or(period.last))
    }

    /// The period that contains a day.
    pub fn period_of(&self, day: Date) -> Period {
        match self.period {
            BillingPeriod::Daily => Period { first: day, last: day },
            BillingPeriod::Weekly => self.week_of(day),
            BillingPeriod::Monthly => months(self.month_of(day), 1),
            BillingPeriod::Quarterly => {
                let month = self.month_of(day);
                let begun = (month.month() - 1) % MONTHS_OF_QUARTER;
                months(month.saturating_sub(Span::new().months(begun)), MONTHS_OF_QUARTER)
            }
        }
    }

    /// The billing day at or before a day.
    fn month_of(&self, day: Date) -> Date {
        let this_month = date(day.year(), day.month(), self.billing_day);
        if day < this_month { this_month.saturating_sub(Span::new().months(1)) } else { this_month }
    }

    fn week_of(&self, day: Date) -> Period {
        let gone = (day.weekday().to_monday_one_offset() - self.billing_day).rem_euclid(WEEK);
        let first = day.saturating_sub(Span::new().days(gone));
        let last = first.saturating_add(Span::new().days(WEEK - 1));
        match self.split_by_month && first.month() != last.month() {
            true if day.month() == first.month() => Period { first, last: first.last_of_month() },
            true => Period { first: last.first_of_month(), last },
            false => Period { first, last },
        }
    }

    /// Whether these terms have the same billing periods as others. Within how many days one pays moves none.
    pub fn has_periods_of(&self, other: &Self) -> bool {
        let Self { time_zone, period, billing_day, days_for_payment: _, split_by_month } = self;
        let others = (&other.time_zone, &other.period, &other.billing_day, &other.split_by_month);
        (time_zone, period, billing_day, split_by_month) == others
    }

    /// Whether the whole period lies in the past.
    pub fn has_ended(&self, period: Period, now: Timestamp) -> bool {
        period.last < self.day_of(now)
    }

    pub fn due_date(&self, issued: Date) -> Date {
        issued.saturating_add(Span::new().days(i64::from(self.days_for_payment)))
    }
}

fn months(first: Date, count: i8) -> Period {
    let next = first.saturating_add(Span::new().months(count));
    Period { first, last: next.yesterday().unwrap_or(first) }
}

/// Whole days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    pub first: Date,
    pub last: Date,
}

impl std::fmt::Display for Period {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}..{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(time_zone: &str, period: BillingPeriod, billing_day: i8) -> BillingTerms {
        BillingTerms { time_zone: time_zone.into(), period, billing_day, ..BillingTerms::monthly_utc() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_the_agreements_own_across_a_daylight_saving_change() {
        let berlin = terms("Europe/Berlin", BillingPeriod::Daily, 1);
        // 29 March 2026 has 23 hours there: 23:00 UTC the day before to 22:00 UTC.
        assert_eq!(berlin.day_of(at("2026-03-28T22:59:59Z")), date(2026, 3, 28));
        assert_eq!(berlin.day_of(at("2026-03-28T23:00:00Z")), date(2026, 3, 29));
        assert_eq!(berlin.day_of(at("2026-03-29T21:59:59Z")), date(2026, 3, 29));
        assert_eq!(berlin.day_of(at("2026-03-29T22:00:00Z")), date(2026, 3, 30));
    }

    #[test]
    fn a_month_begins_on_the_billing_day() {
        let terms = terms("UTC", BillingPeriod::Monthly, 15);
        let period = Period { first: date(2026, 1, 15), last: date(2026, 2, 14) };
        assert_eq!(terms.period_of(date(2026, 1, 15)), period);
        assert_eq!(terms.period_of(date(2026, 2, 14)), period);
        assert_eq!(terms.period_of(date(2026, 1, 14)).first, date(2025, 12, 15));
    }

    fn period(first: Date, last: Date) -> Period {
        Period { first, last }
    }

    #[test]
    fn a_week_begins_on_the_billing_day() {
        let monday = terms("UTC", BillingPeriod::Weekly, 1);
        let week = period(date(2026, 11, 16), date(2026, 11, 22));
        assert_eq!(monday.period_of(date(2026, 11, 16)), week);
        assert_eq!(monday.period_of(date(2026, 11, 22)), week);
        let saturday = terms("UTC", BillingPeriod::Weekly, 6);
        let week = period(date(2026, 11, 21), date(2026, 11, 27));
        assert_eq!(saturday.period_of(date(2026, 11, 22)), week);
    }

    #[test]
    fn a_week_that_two_months_share_may_be_two_periods() {
        // The example of the guide, section 6.3.1: 29 September is a Monday in 2025.
        let split = BillingTerms { split_by_month: true, ..terms("UTC", BillingPeriod::Weekly, 1) };
        let (before, behind) =
            (period(date(2025, 9, 29), date(2025, 9, 30)), period(date(2025, 10, 1), date(2025, 10, 5)));
        assert_eq!(split.period_of(date(2025, 9, 30)), before);
        assert_eq!(split.period_of(date(2025, 10, 1)), behind);
        assert_eq!(split.period_of(date(2025, 10, 5)), behind);
        let whole = terms("UTC", BillingPeriod::Weekly, 1).period_of(date(2025, 10, 1));
        assert_eq!(whole, period(date(2025, 9, 29), date(2025, 10, 5)));
    }

    #[test]
    fn a_quarter_begins_with_the_year_on_the_billing_day() {
        let first = terms("UTC", BillingPeriod::Quarterly, 1);
        let quarter = period(date(2026, 10, 1), date(2026, 12, 31));
        assert_eq!(first.period_of(date(2026, 10, 1)), quarter);
        assert_eq!(first.period_of(date(2026, 12, 31)), quarter);
        let middle = terms("UTC", BillingPeriod::Quarterly, 15);
        let quarter = period(date(2025, 10, 15), date(2026, 1, 14));
        assert_eq!(middle.period_of(date(2026, 1, 14)), quarter);
        assert_eq!(middle.period_of(date(2026, 1, 15)).last, date(2026, 4, 14));
    }

    #[test]
    fn a_period_has_ended_when_the_next_day_begins_there() {
        let tokyo = terms("Asia/Tokyo", BillingPeriod::Monthly, 1);
        let october = tokyo.period_of(date(2026, 10, 5));
        assert!(!tokyo.has_ended(october, at("2026-10-31T14:59:59Z")));
        assert!(tokyo.has_ended(october, at("2026-10-31T15:00:00Z")));
    }

    #[test]
    fn terms_that_make_no_sense_are_refused() {
        let refused = |terms: BillingTerms| terms.check().unwrap_err();
        assert_eq!(refused(terms("Mars/Olympus", BillingPeriod::Daily, 1)), TermsError::TimeZone);
        assert_eq!(refused(terms("UTC", BillingPeriod::Monthly, 29)), TermsError::BillingDay);
        assert_eq!(refused(terms("UTC", BillingPeriod::Monthly, 0)), TermsError::BillingDay);
        assert_eq!(refused(terms("UTC", BillingPeriod::Weekly, 8)), TermsError::BillingDay);
        let split = BillingTerms { split_by_month: true, ..BillingTerms::monthly_utc() };
        assert_eq!(refused(split), TermsError::Split);
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gap_or_overlap(
            days in 0i64..20_000,
            billing_day in 1i8..=28,
            kind in 0usize..4,
            split: bool,
        ) {
            use BillingPeriod::{Daily, Monthly, Quarterly, Weekly};
            let kind = [Daily, Weekly, Monthly, Quarterly][kind];
            let billing_day = if kind == Weekly { billing_day % WEEK + 1 } else { billing_day };
            let split_by_month = split && matches!(kind, Daily | Weekly);
            let terms = BillingTerms { split_by_month, ..terms("UTC", kind, billing_day) };
            prop_assert!(terms.check().is_ok());
            let day = date(1990, 1, 1).saturating_add(Span::new().days(days));
            let period = terms.period_of(day);
            prop_assert!(period.first <= day && day <= period.last);
            prop_assert_eq!(terms.period_of(period.first), period);
            let next = terms.period_of(period.last.tomorrow().unwrap());
            prop_assert_eq!(next.first, period.last.tomorrow().unwrap());
        }
    }
}
