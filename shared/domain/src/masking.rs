//! After which time recipients of EDRs are shown, and kept in the archive, with stars in the place of most of
//! their digits. The tables keep the whole number until its record expires.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Where a day ends last.
const LAST_ZONE: Offset = Offset::constant(-12);

/// A number of days, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Masking {
    after: Option<SignedDuration>,
}

/// Why a text is no such setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recipients are masked after a number of days from 1 to {}, or `none`", Masking::DAYS_MAX)]
pub struct MaskingError;

impl Masking {
    pub const NEVER: Self = Self { after: None };
    /// Longer than EDRs are kept.
    pub const DAYS_MAX: i64 = 1_000;

    /// Reads a number of days; `none`: never.
    pub fn parse(text: &str) -> Result<Self, MaskingError> {
        if text == "none" {
            return Ok(Self::NEVER);
        }
        let days: i64 = text.parse().map_err(|_| MaskingError)?;
        let after = (1..=Self::DAYS_MAX).contains(&days).then_some(SignedDuration::from_hours(24 * days));
        after.map(|after| Self { after: Some(after) }).ok_or(MaskingError)
    }

    /// Of messages that were accepted before this time recipients are masked.
    pub fn before(self, now: Timestamp) -> Option<Timestamp> {
        now.checked_sub(self.after?).ok()
    }

    /// The last day of which all messages are so old, in whatever time zone it was counted.
    pub fn last_day(self, now: Timestamp) -> Option<Date> {
        self.before(now)?.to_zoned(TimeZone::fixed(LAST_ZONE)).date().yesterday().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_masked_when_all_of_it_is_older_wherever_it_was_counted() {
        let masking = Masking::parse("90").unwrap();
        let last = |now: &str| masking.last_day(now.parse().unwrap()).map(|day| day.to_string());
        // 90 days before is 1 March; 28 February ends there at noon (UTC).
        assert_eq!(last("2026-05-30T11:59:59Z").as_deref(), Some("2026-02-27"));
        assert_eq!(last("2026-05-30T12:00:00Z").as_deref(), Some("2026-02-28"));
        assert_eq!(Masking::NEVER.last_day(Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn the_setting_is_a_number_of_days_or_none() {
        assert_eq!(Masking::parse("none"), Ok(Masking::NEVER));
        for text in ["", "0", "-1", "1001", "ninety"] {
            assert_eq!(Masking::parse(text), Err(MaskingError), "{text}");
        }
    }
}
