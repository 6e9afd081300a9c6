//! The times of SMPP: `YYMMDDhhmmsstnnp` (3.4 section 7.1.1), absolute with an offset or relative.
//!
//! Receipts have dates of their own, see [`crate::receipt::read_date`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use thiserror::Error;

const LENGTH: usize = 16;
/// Without tenths and offset, as some peers send it; then it is UTC, or a span if an `R` follows.
const LENGTH_SHORT: usize = 12;
/// The same without seconds.
const LENGTH_SHORTEST: usize = 10;
/// A quarter of an hour is the unit of the offset.
const QUARTER_SECONDS: i32 = 15 * 60;
const QUARTERS_MAX: i8 = 48;
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A point in time or a span from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmppTime {
    Absolute {
        local: DateTime,
        /// By how many quarters of an hour the local time is ahead of UTC, -48 to 48.
        quarters: i8,
    },
    Relative(Ahead),
}

/// So far ahead of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    pub years: u8,
    pub months: u8,
    pub days: u8,
    pub hours: u8,
    pub minutes: u8,
    pub seconds: u8,
}

/// A text that is no time.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no time of the form YYMMDDhhmmsstnnp")]
pub struct TimeError {
    text: String,
}

impl SmppTime {
    /// A point in time, written in UTC.
    pub fn at(time: Timestamp) -> Self {
        Self::Absolute { local: TimeZone::UTC.to_datetime(time), quarters: 0 }
    }

    /// A span of up to 30 days, in whole seconds; longer ones have no exact form, because months
    /// differ.
    pub fn after(span: Duration) -> Option<Self> {
        let seconds = span.as_secs();
        let days = u8::try_from(seconds / DAY_SECONDS).ok().filter(|days| *days <= 30)?;
        let part = |unit: u64, limit: u64| (seconds / unit % limit) as u8; // below 60
        let ahead = Ahead {
            days,
            hours: part(3600, 24),
            minutes: part(60, 60),
            seconds: part(1, 60),
            ..Ahead::default()
        };
        Some(Self::Relative(ahead))
    }

    /// The point in time that is meant by someone who says it now; `None` out of all calendars.
    pub fn resolve(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Absolute { local, quarters } => {
                let offset = Offset::from_seconds(i32::from(quarters) * QUARTER_SECONDS).ok()?;
                offset.to_timestamp(local).ok()
            }
            Self::Relative(ahead) => {
                let span = Span::new().years(ahead.years).months(ahead.months).days(ahead.days);
                let span = span.hours(ahead.hours).minutes(ahead.minutes).seconds(ahead.seconds);
                let then = now.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
                Some(then.timestamp())
            }
        }
    }
}

impl FromStr for SmppTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        read(text.as_bytes()).ok_or_else(|| TimeError { text: text.to_owned() })
    }
}

fn read(octets: &[u8]) -> Option<SmppTime> {
    let (octets, (tenths, quarters, sign)) = match octets {
        [time @ .., tenths, high, low, sign] if octets.len() == LENGTH => {
            (time, (number(&[*tenths])?, number(&[*high, *low])?, *sign))
        }
        [time @ .., sign @ (b'R' | b'r')] => (time, (0, 0, *sign)),
        time => (time, (0, 0, b'+')),
    };
    if octets.len() != LENGTH_SHORT && octets.len() != LENGTH_SHORTEST {
        return None;
    }
    let two = |at: usize| number(octets.get(at..at + 2)?);
    let (years, months, days) = (two(0)?, two(2)?, two(4)?);
    let (hours, minutes) = (two(6)?, two(8)?);
    let seconds = if octets.len() == LENGTH_SHORT { two(10)? } else { 0 };
    if sign.eq_ignore_ascii_case(&b'R') {
        return Some(SmppTime::Relative(Ahead { years, months, days, hours, minutes, seconds }));
    }
    let quarters = i8::try_from(quarters).ok().filter(|quarters| *quarters <= QUARTERS_MAX)?;
    let quarters = match sign {
        b'+' => quarters,
        b'-' => -quarters,
        _ => return None,
    };
    let signed = |number: u8| i8::try_from(number).ok();
    let local = DateTime::new(
        2000 + i16::from(years),
        signed(months)?,
        signed(days)?,
        signed(hours)?,
        signed(minutes)?,
        signed(seconds)?,
        i32::from(tenths) * 100_000_000,
    );
    Some(SmppTime::Absolute { local: local.ok()?, quarters })
}

/// One or two decimal digits.
fn number(digits: &[u8]) -> Option<u8> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + (digit - b'0')))
}

/// The 16 characters that go into a PDU.
impl fmt::Display for SmppTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute { local, quarters } => {
                let sign = if *quarters < 0 { '-' } else { '+' };
                let tenths = local.subsec_nanosecond() / 100_000_000;
                write!(out, "{}{tenths}{:02}{sign}", local.strftime("%y%m%d%H%M%S"), quarters.abs())
            }
            Self::Relative(ahead) => {
                let Ahead { years, months, days, hours, minutes, seconds } = ahead;
                write!(out, "{years:02}{months:02}{days:02}{hours:02}{minutes:02}{seconds:02}000R")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-05T12:00:00Z";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let now: Timestamp = NOW.parse().expect("is a time");
        let said = match text.parse::<SmppTime>() {
            Ok(time) => time.resolve(now).map_or("never".to_owned(), |time| time.to_string()),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn an_absolute_time_has_its_offset_in_quarters_of_an_hour() {
        check("261105130000004+", "2026-11-05T12:00:00Z");
        check("261105063000022-", "2026-11-05T12:00:00Z");
        check("261105120000300+", "2026-11-05T12:00:00.3Z");
        check("261105120000", "2026-11-05T12:00:00Z");
        check("2611051200", "2026-11-05T12:00:00Z");
    }

    #[test]
    fn a_relative_time_counts_from_now() {
        check("000000010000000R", "2026-11-05T13:00:00Z");
        check("000002000000000r", "2026-11-07T12:00:00Z");
        check("010100000000000R", "2027-12-05T12:00:00Z");
        check("000000010000R", "2026-11-05T13:00:00Z");
        check("0000000100r", "2026-11-05T13:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_told_apart() {
        for text in [
            "",
            "R",
            "000000",
            "000000R",
            "00000001000R",
            "261305120000000+",
            "261105120000049+",
            "261105120000000x",
            "26110512000000é",
            "261105120000000+0",
        ] {
            check(text, &format!("`{text}` is no time of the form YYMMDDhhmmsstnnp"));
        }
    }

    #[test]
    fn times_are_written_as_they_are_read() {
        for text in ["261105130000004+", "261105063000722-", "000002033000000R"] {
            assert_eq!(text.parse::<SmppTime>().expect("is a time").to_string(), text);
        }
    }

    #[test]
    fn a_point_in_time_and_a_span_of_days_have_their_forms() {
        let now: Timestamp = NOW.parse().expect("is a time");
        assert_eq!(SmppTime::at(now).to_string(), "261105120000000+");
        let after = |seconds| SmppTime::after(Duration::from_secs(seconds)).map(|time| time.to_string());
        assert_eq!(after(2 * DAY_SECONDS + 3 * 3600 + 4 * 60 + 5).as_deref(), Some("000002030405000R"));
        assert_eq!(after(30 * DAY_SECONDS).as_deref(), Some("000030000000000R"));
        assert_eq!(after(31 * DAY_SECONDS), None);
    }
}
