//! The dates of receipts: `YYMMDDhhmm` by the book, and what else was seen.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::time::SmppTime;

/// Further from `near` a number of seconds is no date.
const EPOCH_YEARS_MAX: i64 = 2;

/// Reads a receipt's date: 10 digits are `YYMMDDhhmm`, 14 `YYYYMMDDhhmmss`, 12 either with seconds
/// or with a long year, whichever is a date and nearer to `near`. With separators it is the same.
/// Also seconds or milliseconds since 1970, and the form of SMPP's own times. The zone is the
/// vendor's. `None` for anything else, `0000000000` among it.
pub fn read_date(raw: &str, near: DateTime) -> Option<DateTime> {
    if let Ok(SmppTime::Absolute { local, .. }) = padded(raw).parse::<SmppTime>()
        && raw.ends_with(['+', '-'])
    {
        return Some(local);
    }
    let digits: Vec<u8> = raw.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    match digits.len() {
        10 => date(&digits, Year::Short).or_else(|| since_1970(&digits, 1, near)),
        12 => {
            let readings = [date(&digits, Year::Short), date(&digits, Year::Long)];
            readings.into_iter().flatten().min_by_key(|reading| distance(*reading, near))
        }
        13 => since_1970(&digits, 1000, near),
        14 => date(&digits, Year::Long),
        _ => None,
    }
}

/// One vendor leaves a digit of the offset out.
fn padded(raw: &str) -> String {
    match raw.strip_suffix('+') {
        Some(digits) => format!("{digits:0<15}+"),
        None => raw.to_owned(),
    }
}

#[derive(Clone, Copy)]
enum Year {
    /// Of two digits.
    Short,
    /// Of four.
    Long,
}

fn date(digits: &[u8], year: Year) -> Option<DateTime> {
    let (year, rest) = match year {
        Year::Short => (2000 + number(digits.get(..2)?), digits.get(2..)?),
        Year::Long => (number(digits.get(..4)?), digits.get(4..)?),
    };
    let two = |at: usize| rest.get(at..at + 2).map(|digits| number(digits) as i8); // at most 99
    let date = Date::new(year, two(0)?, two(2)?).ok()?;
    let time = Time::new(two(4)?, two(6)?, two(8).unwrap_or(0), 0).ok()?;
    Some(date.to_datetime(time))
}

/// A number of at most four digits.
fn number(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i16::from(*digit))
}

fn since_1970(digits: &[u8], per_second: i64, near: DateTime) -> Option<DateTime> {
    let count = digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(*digit));
    let time = TimeZone::UTC.to_datetime(Timestamp::from_second(count / per_second).ok()?);
    let far = EPOCH_YEARS_MAX.years();
    let (first, last) = (near.saturating_sub(far), near.saturating_add(far));
    (first..=last).contains(&time).then_some(time)
}

fn distance(one: DateTime, other: DateTime) -> i64 {
    one.duration_since(other).as_secs().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        let near = jiff::civil::date(2026, 11, 5).at(12, 0, 0, 0);
        let said = read_date(raw, near).map_or("none".to_owned(), |date| date.to_string());
        assert_eq!(said, expected, "{raw}");
    }

    #[test]
    fn a_date_has_ten_twelve_or_fourteen_digits() {
        check("2611051130", "2026-11-05T11:30:00");
        check("261105113045", "2026-11-05T11:30:45");
        check("202611051130", "2026-11-05T11:30:00");
        check("20261105113045", "2026-11-05T11:30:45");
        // Twelve digits that are a date both ways: the nearer is meant.
        check("201211101112", "2020-12-11T10:11:12");
    }

    #[test]
    fn separators_and_other_notations_are_understood() {
        check("2026-11-05 11:30:45", "2026-11-05T11:30:45");
        check("26/11/05 11:30", "2026-11-05T11:30:00");
        check("1793878245", "2026-11-05T11:30:45");
        check("1793878245123", "2026-11-05T11:30:45");
        check("261105113045012+", "2026-11-05T11:30:45");
        check("26110511304500+", "2026-11-05T11:30:45");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for raw in ["", "0000000000", "000000000000", "2613051130", "123", "NULL", "9999999999999"] {
            check(raw, "none");
        }
    }
}
