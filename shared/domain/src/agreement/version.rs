//! The versions of an agreement: one is in force at any time, from its beginning until the next one
//! begins, so that there are no gaps and no overlaps.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Agreement, AgreementError, AgreementVersion, CreditLimit, MailListsChange};
use crate::id::AgreementVersionId;
use crate::money::Amount;
use crate::period::{BillingTerms, Period, TermsError};

/// What our clocks may differ by: a version that begins within this time has begun for who changes it.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(10);
/// Past ones are kept for good, so there is an end.
pub(super) const VERSIONS_MAX: usize = 200;

/// The terms of a version; what is not named is as in the version before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionChange {
    pub effective_from: Option<Timestamp>,
    pub credit_limit: Option<CreditLimit>,
    pub billing: Option<BillingTerms>,
    pub payment_alert_emails: Option<Vec<String>>,
    pub emails: MailListsChange,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    #[error("this agreement has no such version")]
    NoSuchVersion,
    #[error("a version that has begun stays as it is")]
    Begun,
    #[error("the only version of an agreement stays")]
    Only,
    #[error("a new version begins later than now")]
    BeginsInThePast,
    #[error("another version begins at this moment")]
    SameMoment,
    #[error("an agreement has at most {VERSIONS_MAX} versions")]
    TooMany,
    #[error(transparent)]
    Terms(#[from] TermsError),
    #[error(transparent)]
    Agreement(Box<AgreementError>),
}

impl From<AgreementError> for VersionError {
    fn from(error: AgreementError) -> Self {
        Self::Agreement(Box::new(error))
    }
}

impl AgreementVersion {
    fn has_begun(&self, now: Timestamp) -> bool {
        self.begun || self.effective_from <= now
    }
}

impl Agreement {
    /// The version in force at `now`. There is always one: the first stands for all time before it.
    pub fn version_at(&self, now: Timestamp) -> &AgreementVersion {
        let begun = self.versions.iter().rev().find(|version| version.effective_from <= now);
        begun.unwrap_or(&self.versions[0])
    }

    /// The version that settings build on: the last one that has begun, though a clock that is behind may
    /// not know it.
    pub(super) fn version_to_change(&self, now: Timestamp) -> &AgreementVersion {
        let begun = self.versions.iter().rev().find(|version| version.has_begun(now));
        begun.unwrap_or(&self.versions[0])
    }

    /// The credit limit that the main wallet has.
    pub fn limit_in_force(&self) -> Amount {
        self.last_begun().credit_limit.amount()
    }

    /// The version that is known to have begun: the one in force, but for the minute in which one begins.
    pub(super) fn last_begun(&self) -> &AgreementVersion {
        let begun = self.versions.iter().rev().find(|version| version.begun);
        begun.unwrap_or(&self.versions[0])
    }

    /// The agreement when versions have begun that were to begin by this moment.
    #[must_use]
    pub fn with_begun(&self, moment: Timestamp) -> Self {
        let mut after = Self { revision: self.revision + 1, ..self.clone() };
        for version in &mut after.versions {
            version.begun |= version.effective_from <= moment;
        }
        after
    }

    /// When a version ends because the next one begins; none for the last one.
    pub fn end_of_version(&self, id: &AgreementVersionId) -> Option<Timestamp> {
        let place = self.versions.iter().position(|version| version.id == *id)?;
        self.versions.get(place + 1).map(|next| next.effective_from)
    }

    /// Those that are to begin.
    pub fn coming_versions(&self) -> impl Iterator<Item = &AgreementVersion> {
        self.versions.iter().filter(|version| !version.begun)
    }

    /// The billing period that contains a day. Where another version begins with other periods, one ends on
    /// the day before and the next one begins.
    pub fn billing_period(&self, day: Date) -> Period {
        let begun = (0..self.versions.len()).rev().find(|place| self.first_day(*place) <= day);
        self.billing_period_under(begun.unwrap_or_default(), day)
    }

    /// The billing period at a moment. Its first day follows from the versions that had begun by then: one
    /// that is made later does not move it.
    pub fn billing_period_at(&self, moment: Timestamp) -> Period {
        let begun = self.versions.iter().rposition(|version| version.effective_from <= moment);
        let here = begun.unwrap_or_default();
        self.billing_period_under(here, self.versions[here].billing.day_of(moment))
    }

    fn first_day(&self, place: usize) -> Date {
        let version = &self.versions[place];
        version.billing.day_of(version.effective_from)
    }

    /// The billing period that contains a day of a version.
    fn billing_period_under(&self, here: usize, day: Date) -> Period {
        let first_day = |place| self.first_day(place);
        let count = self.versions.len();
        let terms = &self.versions[here].billing;
        let is_same = |place: &usize| self.versions[*place].billing.has_periods_of(terms);
        let mut period = terms.period_of(day);
        let begun = (0..=here).rev().take_while(is_same).last().unwrap_or(here);
        if 0 < begun {
            period.first = period.first.max(first_day(begun));
        }
        if let Some(next) = (here..count).find(|place| !is_same(place)) {
            period.last = period.last.min(first_day(next).yesterday().unwrap_or(day)).max(day);
        }
        period
    }

    pub(super) fn next_version(&self) -> AgreementVersionId {
        AgreementVersionId::derived(&[self.id.as_str(), &(self.revision + 1).to_string()])
    }

    /// The agreement with one more version, that is to begin.
    pub fn with_version(&self, ask: VersionChange, now: Timestamp) -> Result<Self, VersionError> {
        if self.versions.len() >= VERSIONS_MAX {
            return Err(VersionError::TooMany);
        }
        let effective_from = ask.effective_from.ok_or(VersionError::BeginsInThePast)?;
        let before = AgreementVersion { id: self.next_version(), ..self.version_at(effective_from).clone() };
        self.with_version_put(before, ask, now)
    }

    /// The agreement with a version changed that has not begun.
    pub fn with_version_changed(
        &self,
        id: &AgreementVersionId,
        ask: VersionChange,
        now: Timestamp,
    ) -> Result<Self, VersionError> {
        let before = self.version_to_come(id, now)?.clone();
        let without = self.versions.iter().filter(|version| version.id != *id).cloned().collect();
        Self { versions: without, ..self.clone() }.with_version_put(before, ask, now)
    }

    /// The agreement without a version that has not begun: the one before it goes on.
    pub fn without_version(&self, id: &AgreementVersionId, now: Timestamp) -> Result<Self, VersionError> {
        self.version_to_come(id, now)?;
        let versions = self.versions.iter().filter(|version| version.id != *id).cloned().collect();
        Ok(Self { versions, revision: self.revision + 1, ..self.clone() })
    }

    fn version_to_come(
        &self,
        id: &AgreementVersionId,
        now: Timestamp,
    ) -> Result<&AgreementVersion, VersionError> {
        let place = self.versions.iter().position(|version| version.id == *id);
        let place = place.ok_or(VersionError::NoSuchVersion)?;
        let version = &self.versions[place];
        match (self.versions.len(), place) {
            (1, _) => Err(VersionError::Only),
            // The first one has begun with the agreement, whatever its date.
            (_, 0) => Err(VersionError::Begun),
            _ if version.has_begun(now) => Err(VersionError::Begun),
            _ => Ok(version),
        }
    }

    fn with_version_put(
        &self,
        before: AgreementVersion,
        ask: VersionChange,
        now: Timestamp,
    ) -> Result<Self, VersionError> {
        let effective_from = ask.effective_from.unwrap_or(before.effective_from);
        if effective_from <= now.saturating_add(CLOCKS_DIFFER).unwrap_or(now) {
            return Err(VersionError::BeginsInThePast);
        }
        if self.versions.iter().any(|other| other.effective_from == effective_from) {
            return Err(VersionError::SameMoment);
        }
        let emails = self.emails_after(&before, ask.emails)?;
        let billing = ask.billing.unwrap_or(before.billing);
        billing.check()?;
        let version = AgreementVersion {
            id: before.id,
            effective_from,
            begun: false,
            credit_limit: ask.credit_limit.map_or(Ok(before.credit_limit), CreditLimit::checked)?,
            billing,
            payment_alert_emails: match ask.payment_alert_emails {
                Some(list) => super::settings::emails(list).map_err(AgreementError::PaymentAlertEmails)?,
                None => before.payment_alert_emails,
            },
            emails,
        };
        let mut versions = self.versions.clone();
        // The first one stays first: it stands for all time before the others.
        let place = versions.iter().skip(1).take_while(|other| other.effective_from < effective_from).count();
        versions.insert(place + 1, version);
        Ok(Self { versions, revision: self.revision + 1, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::tests::agreement;
    use super::*;
    use crate::period::BillingPeriod;

    const NOW: Timestamp = Timestamp::constant(1_000, 0);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn from(second: i64, limit: i64) -> VersionChange {
        VersionChange {
            effective_from: Some(at(second)),
            credit_limit: Some(CreditLimit::Limited(Amount::whole(limit))),
            ..VersionChange::default()
        }
    }

    #[test]
    fn the_limit_in_force_is_that_of_the_last_version_that_was_made_to_begin_whatever_the_clocks_say() {
        let limit = |units| Some(CreditLimit::Limited(Amount::whole(units)));
        let change =
            |units| super::super::AgreementChange { credit_limit: limit(units), ..Default::default() };
        let planned = agreement().with_version(from(2_000, 2), NOW).unwrap();
        assert_eq!(planned.limit_in_force(), Amount::ZERO);
        // By a clock that is an hour ahead, and then by one that is right.
        let ahead = agreement().with_settings(change(5), at(4_600)).unwrap();
        assert_eq!(ahead.limit_in_force(), Amount::whole(5));
        let right = ahead.with_settings(change(6), NOW).unwrap();
        assert_eq!(right.limit_in_force(), Amount::whole(6));
        assert_eq!(limit_at(&right, 5_000), Amount::whole(6));
        let begun = planned.with_begun(at(2_000));
        assert_eq!((begun.limit_in_force(), begun.revision), (Amount::whole(2), planned.revision + 1));
        assert_eq!(begun.coming_versions().count(), 0);
        assert_eq!(begun.without_version(&begun.versions[1].id, NOW), Err(VersionError::Begun));
    }

    fn limit_at(agreement: &Agreement, second: i64) -> Amount {
        agreement.version_at(at(second)).credit_limit.amount()
    }

    #[test]
    fn one_version_is_in_force_at_any_time_whatever_the_order_in_which_they_are_made() {
        let agreement = agreement().with_version(from(3_000, 3), NOW).unwrap();
        let agreement = agreement.with_version(from(2_000, 2), NOW).unwrap();
        let limits = [0, 1_999, 2_000, 2_999, 3_000].map(|second| limit_at(&agreement, second));
        assert_eq!(limits, [0, 0, 2, 2, 3].map(Amount::whole));
        let second = &agreement.versions[1];
        assert_eq!(agreement.end_of_version(&second.id), Some(at(3_000)));
        assert_eq!(agreement.with_version(from(2_000, 9), NOW), Err(VersionError::SameMoment));
        assert_eq!(agreement.with_version(from(1_000, 9), NOW), Err(VersionError::BeginsInThePast));
        let ids: std::collections::BTreeSet<_> = agreement.versions.iter().map(|one| &one.id).collect();
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn only_a_coming_version_changes_or_goes() {
        let single = agreement();
        let only = single.versions[0].id.clone();
        assert_eq!(single.without_version(&only, NOW), Err(VersionError::Only));
        let agreement = single.with_version(from(2_000, 2), NOW).unwrap();
        let coming = agreement.versions[1].id.clone();
        assert_eq!(agreement.without_version(&only, NOW), Err(VersionError::Begun));
        assert_eq!(agreement.without_version(&coming, at(2_000)), Err(VersionError::Begun));
        assert_eq!(agreement.without_version(&coming, NOW).unwrap().versions.len(), 1);
        let moved = agreement.with_version_changed(&coming, from(4_000, 4), NOW).unwrap();
        assert_eq!([3_999, 4_000].map(|second| limit_at(&moved, second)), [0, 4].map(Amount::whole));
        assert_eq!(moved.versions[1].id, coming);
        let late = agreement.with_version_changed(&coming, from(4_000, 4), at(2_000));
        assert_eq!(late, Err(VersionError::Begun));
    }

    #[test]
    fn other_days_for_payment_leave_a_billing_period_whole() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let midnight = |text: &str| BillingTerms::monthly_utc().start_of(day(text));
        let sooner = BillingTerms { days_for_payment: 7, ..BillingTerms::monthly_utc() };
        let ask = VersionChange {
            effective_from: Some(midnight("2026-11-20")),
            billing: Some(sooner),
            ..VersionChange::default()
        };
        let agreement = agreement().with_version(ask, midnight("2026-11-01")).unwrap();
        let november = Period { first: day("2026-11-01"), last: day("2026-11-30") };
        for date in ["2026-11-01", "2026-11-19", "2026-11-20", "2026-11-30"] {
            assert_eq!(agreement.billing_period(day(date)), november, "{date}");
            assert_eq!(agreement.billing_period_at(midnight(date)), november, "{date}");
        }
    }

    #[test]
    fn the_period_of_a_moment_is_not_moved_by_a_version_that_is_made_after_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (morning, noon) = (at("2026-11-20T09:00:00Z"), at("2026-11-20T12:00:00Z"));
        let weekly = BillingTerms { period: BillingPeriod::Weekly, ..BillingTerms::monthly_utc() };
        let ask =
            VersionChange { effective_from: Some(noon), billing: Some(weekly), ..VersionChange::default() };
        let agreement = agreement().with_version(ask, at("2026-11-20T11:00:00Z")).unwrap();
        assert_eq!(agreement.billing_period_at(morning).first, date(2026, 11, 1));
        assert_eq!(agreement.billing_period_at(noon).first, date(2026, 11, 20));
    }

    #[test]
    fn other_terms_end_a_billing_period_and_the_same_terms_do_not() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let midnight = |text: &str| BillingTerms::monthly_utc().start_of(day(text));
        let now = midnight("2026-11-01");
        let weekly = BillingTerms { period: BillingPeriod::Weekly, ..BillingTerms::monthly_utc() };
        let ask = VersionChange {
            effective_from: Some(midnight("2026-11-20")),
            billing: Some(weekly),
            ..VersionChange::default()
        };
        let agreement = agreement().with_version(ask, now).unwrap();
        let limit = VersionChange { effective_from: Some(midnight("2026-11-24")), ..from(0, 5) };
        let agreement = agreement.with_version(limit, now).unwrap();
        let period = |text| agreement.billing_period(day(text));
        let expect = |first, last| Period { first: day(first), last: day(last) };
        assert_eq!(period("2026-10-31"), expect("2026-10-01", "2026-10-31"));
        assert_eq!(period("2026-11-19"), expect("2026-11-01", "2026-11-19"));
        // A Friday; the week began on Monday the 16th under the terms before.
        assert_eq!(period("2026-11-20"), expect("2026-11-20", "2026-11-22"));
        assert_eq!(period("2026-11-25"), expect("2026-11-23", "2026-11-29"));
        let mut today = date(2026, 9, 1);
        while today < date(2027, 2, 1) {
            let here = agreement.billing_period(today);
            assert!(here.first <= today && today <= here.last, "{today}");
            assert_eq!(
                agreement.billing_period(here.last.tomorrow().unwrap()).first,
                here.last.tomorrow().unwrap()
            );
            today = here.last.tomorrow().unwrap();
        }
    }
}
