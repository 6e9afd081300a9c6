//! How many codes an integration sends. Who has codes sent for what they cost (SMS pumping) asks for many, to
//! numbers beside each other or all over a country, and types none of them.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::destination::Msisdn;
use crate::id::TwoFactorIntegrationId;
use crate::two_factor::{CodeSide, IntegrationError, TwoFactorIntegration};

/// What a limit may be.
pub const LIMIT: RangeInclusive<u32> = 1..=1_000_000;
/// Of people's codes most are typed: one that is makes up for so many that are not.
pub const CODES_PER_VERIFIED: u32 = 10;
/// A number without its last digits is its prefix: ten thousand numbers beside each other.
const PREFIX_LEAVES: usize = 4;
const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 86_400;

/// The most codes that an integration sends, by the hours and days of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeLimits {
    /// To one number, in an hour.
    pub per_number_max: u32,
    /// To one prefix, in an hour.
    pub per_prefix_max: u32,
    /// To one calling code, in a day, beyond [`CODES_PER_VERIFIED`] for each that is verified.
    pub unverified_max: u32,
}

impl Default for CodeLimits {
    /// Somebody asks for a code three times at most and comes back once. A hundred people of ten thousand do not
    /// log in in the same hour. A thousand codes that nobody types are fifty euros at five cents each.
    fn default() -> Self {
        Self { per_number_max: 5, per_prefix_max: 100, unverified_max: 1_000 }
    }
}

/// Which limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeLimit {
    Number,
    Prefix,
    Unverified,
}

impl CodeLimit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Prefix => "prefix",
            Self::Unverified => "unverified",
        }
    }

    /// What there are too many of.
    pub fn words(self) -> &'static str {
        match self {
            Self::Number => "too many codes were sent to this number",
            Self::Prefix => "too many codes were sent to numbers like this",
            Self::Unverified => "too few of the codes that were sent to this country were verified",
        }
    }
}

/// What a code counts in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeCounter {
    pub limit: CodeLimit,
    /// Of whom, and of which time.
    pub name: String,
    pub most: u32,
    /// It begins anew then.
    pub till: Timestamp,
}

impl CodeLimits {
    pub fn checked(self) -> Result<Self, IntegrationError> {
        for (limit, most) in [
            (CodeLimit::Number, self.per_number_max),
            (CodeLimit::Prefix, self.per_prefix_max),
            (CodeLimit::Unverified, self.unverified_max),
        ] {
            if !LIMIT.contains(&most) {
                return Err(IntegrationError::Limit(limit));
            }
        }
        Ok(self)
    }
}

impl TwoFactorIntegration {
    /// What a code to this number counts in.
    pub fn counters(&self, number: &Msisdn, now: Timestamp) -> Vec<CodeCounter> {
        let prefix = &number.as_str()[..number.as_str().len().saturating_sub(PREFIX_LEAVES)];
        let CodeLimits { per_number_max, per_prefix_max, .. } = self.limits;
        let hour = |limit, of, most| counter(&self.id, limit, of, most, HOUR_SECONDS, now);
        let mut counters = vec![
            hour(CodeLimit::Number, number.as_str(), per_number_max),
            hour(CodeLimit::Prefix, prefix, per_prefix_max),
        ];
        counters.extend(self.unverified(number, now));
        counters
    }

    /// What counts the codes of this number's calling code that nobody has typed yet; none where the client
    /// compares codes, because nobody tells us then.
    pub fn unverified(&self, number: &Msisdn, requested_at: Timestamp) -> Option<CodeCounter> {
        let (limit, most) = (CodeLimit::Unverified, self.limits.unverified_max);
        match self.code {
            CodeSide::Platform { .. } => {
                Some(counter(&self.id, limit, &number.calling_code(), most, DAY_SECONDS, requested_at))
            }
            CodeSide::Client => None,
        }
    }
}

fn counter(
    integration: &TwoFactorIntegrationId,
    limit: CodeLimit,
    of: &str,
    most: u32,
    seconds: i64,
    at: Timestamp,
) -> CodeCounter {
    let begun = at.as_second().div_euclid(seconds) * seconds;
    CodeCounter {
        limit,
        name: format!("{integration} {} {of} {begun}", limit.name()),
        most,
        till: Timestamp::from_second(begun + seconds).unwrap_or(Timestamp::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::two_factor::tests::integration;

    fn counted(number: &str, second: i64) -> Vec<CodeCounter> {
        let side = CodeSide::Platform { digits: 6, valid_seconds: 600 };
        let number = Msisdn::parse(number).unwrap();
        integration(side).counters(&number, Timestamp::from_second(second).unwrap())
    }

    /// Which of the limits count both codes in one counter.
    fn shared(one: &[CodeCounter], other: &[CodeCounter]) -> Vec<&'static str> {
        let both = one.iter().zip(other).filter(|(one, other)| one.name == other.name);
        both.map(|(one, _)| one.limit.name()).collect()
    }

    #[test]
    fn a_number_its_prefix_and_its_country_have_counters_of_their_own() {
        let code = counted("+4915112345678", 0);
        for (number, expected) in [
            ("+4915112345678", vec!["number", "prefix", "unverified"]),
            ("+4915112349999", vec!["prefix", "unverified"]),
            ("+4915112355678", vec!["unverified"]),
            ("+436641234567", vec![]),
        ] {
            assert_eq!(shared(&code, &counted(number, 0)), expected, "{number}");
        }
    }

    #[test]
    fn numbers_and_prefixes_count_by_the_hour_and_unverified_codes_by_the_day() {
        let number = "+4915112345678";
        let code = counted(number, 3_599);
        assert_eq!(shared(&code, &counted(number, 0)).len(), 3);
        assert_eq!(shared(&code, &counted(number, 3_600)), ["unverified"]);
        assert_eq!(shared(&code, &counted(number, 86_400)), Vec::<&str>::new());
        let till: Vec<_> = code.iter().map(|counter| counter.till.as_second()).collect();
        assert_eq!(till, [3_600, 3_600, 86_400]);
    }

    #[test]
    fn nobody_tells_us_of_the_codes_that_a_client_compares() {
        let number = Msisdn::parse("+4915112345678").unwrap();
        let counters = integration(CodeSide::Client).counters(&number, Timestamp::UNIX_EPOCH);
        assert_eq!(
            counters.iter().map(|counter| counter.limit.name()).collect::<Vec<_>>(),
            ["number", "prefix"]
        );
    }

    #[test]
    fn a_limit_is_at_least_one_code() {
        for (limits, limit) in [
            (CodeLimits { per_number_max: 0, ..CodeLimits::default() }, CodeLimit::Number),
            (CodeLimits { per_prefix_max: 1_000_001, ..CodeLimits::default() }, CodeLimit::Prefix),
            (CodeLimits { unverified_max: 0, ..CodeLimits::default() }, CodeLimit::Unverified),
        ] {
            assert_eq!(limits.checked(), Err(IntegrationError::Limit(limit)));
        }
        assert_eq!(CodeLimits::default().checked(), Ok(CodeLimits::default()));
    }
}
