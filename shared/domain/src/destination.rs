//! Where a message goes: the number in one form, its country, and the network its range was given to.
//!
//! Numbers are judged by the world's numbering plans (crate `rlibphonenumber`), networks by the
//! dictionary of prefixes, which an admin may correct. Both know ranges, not subscribers: a ported
//! number has left its range's network, so an MNP or HLR answer, if there is one, goes first
//! ([`Destination::ported_to`]).

use std::fmt;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, Region, ValidationError,
};
use serde::{Deserialize, Serialize};

use crate::dictionary::{Dictionaries, DictionaryName, Entry};
use crate::rating::Attribute;

/// A phone number in international form (E.164), digits only and without a plus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Msisdn(String);

/// Why a text is no number that a message could be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MsisdnError {
    #[error("a phone number is missing")]
    Empty,
    #[error("{character:?} cannot be part of a phone number")]
    NotDigits { character: char },
    #[error("the number begins with no country calling code in use")]
    CallingCode,
    #[error("the number is too short for its country")]
    TooShort,
    #[error("the number is too long for its country")]
    TooLong,
    #[error("no number of its country has this length")]
    Length,
}

/// Digits of the longest number (ITU-T E.164 §6.1).
const DIGITS_MAX: usize = 15;

/// Digits of the shortest number that this type reads back; real ones are longer.
const DIGITS_MIN: usize = 4;

impl Msisdn {
    /// Reads a number in international form, with or without a leading `+` or `00`; blanks, dashes,
    /// dots and brackets between digits are skipped. A national prefix written after the calling
    /// code (`+44 (0)20 …`) is dropped, so that one subscriber always has one form.
    ///
    /// Refuses numbers that cannot exist for their calling code and length. A number of a possible
    /// length in a range not yet handed out passes: plans change before the data about them does.
    pub fn parse(raw: &str) -> Result<Self, MsisdnError> {
        let mut digits = international_digits(raw)?;
        // What is behind a dropped prefix may look like one again: the form is the one that stays as it is.
        loop {
            let number = plan_number(&digits)?;
            match number.is_possible_with_reason() {
                Ok(NumberLengthType::IsPossible) => {}
                Ok(NumberLengthType::IsPossibleLocalOnly) => return Err(MsisdnError::TooShort),
                Err(error) => return Err(error.into()),
            }
            let e164 = number.format_as(PhoneNumberFormat::E164);
            match e164.trim_start_matches('+') {
                // Some plans know longer numbers than E.164 allows.
                longer if longer.len() > DIGITS_MAX => return Err(MsisdnError::TooLong),
                shorter if shorter.len() < digits.len() => digits = shorter.to_owned(),
                form => return Ok(Self(form.to_owned())),
            }
        }
    }

    /// The digits, without a plus.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown once its agreement's time for whole numbers is over: see [`masked`]. Not to be stored
    /// where it is read back as a number.
    pub fn masked(&self) -> Self {
        Self(masked(&self.0))
    }

    /// The digits that it begins with in its country; none if the plans do not know it any more.
    pub fn calling_code(&self) -> String {
        plan_number(&self.0).map(|number| number.country_code.to_string()).unwrap_or_default()
    }
}

/// Digits at the end of a number that a mask leaves.
const MASK_LEAVES: usize = 2;

/// A number with its calling code and its last two digits, and a star for each of the others. What is masked
/// already stays as it is.
pub fn masked(number: &str) -> String {
    if number.contains('*') {
        return number.to_owned();
    }
    let code = plan_number(number).map_or(0, |number| number.country_code.to_string().len());
    let end = number.len().saturating_sub(MASK_LEAVES);
    let shown = |(place, digit)| if place < code || end <= place { digit } else { '*' };
    number.chars().enumerate().map(shown).collect()
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Msisdn> for String {
    fn from(number: Msisdn) -> Self {
        number.0
    }
}

/// For what we have stored: only the form is checked, because a number that was accepted once must
/// stay readable when numbering plans change. What comes from outside goes through [`Msisdn::parse`].
impl TryFrom<String> for Msisdn {
    type Error = MsisdnError;

    fn try_from(stored: String) -> Result<Self, Self::Error> {
        if let Some(character) = stored.chars().find(|c| !c.is_ascii_digit()) {
            return Err(MsisdnError::NotDigits { character });
        }
        match stored.len() {
            0 => Err(MsisdnError::Empty),
            1..DIGITS_MIN => Err(MsisdnError::TooShort),
            DIGITS_MIN..=DIGITS_MAX => Ok(Self(stored)),
            _ => Err(MsisdnError::TooLong),
        }
    }
}

impl From<ValidationError> for MsisdnError {
    fn from(error: ValidationError) -> Self {
        match error {
            ValidationError::InvalidCountryCode => Self::CallingCode,
            ValidationError::TooShort => Self::TooShort,
            ValidationError::InvalidLength => Self::Length,
            ValidationError::TooLong => Self::TooLong,
        }
    }
}

/// The digits after a leading `+` or `00`, without separators.
fn international_digits(raw: &str) -> Result<String, MsisdnError> {
    let raw = raw.trim();
    let digits = raw
        .strip_prefix('+')
        .unwrap_or(raw)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '(' | ')' | '[' | ']'))
        .map(|c| if c.is_ascii_digit() { Ok(c) } else { Err(MsisdnError::NotDigits { character: c }) })
        .collect::<Result<String, _>>()?;
    // No calling code begins with a zero, so this cannot eat part of a number written with a plus.
    match digits.strip_prefix("00").unwrap_or(&digits) {
        "" => Err(MsisdnError::Empty),
        digits => Ok(digits.to_owned()),
    }
}

/// The number as the numbering plans read it.
fn plan_number(digits: &str) -> Result<PhoneNumber, MsisdnError> {
    PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).map_err(|error| match error {
        ParseError::InvalidCountryCode => MsisdnError::CallingCode,
        ParseError::TooLongNsn => MsisdnError::TooLong,
        // The digits are known to be digits, so what is "no number" is too short to be one.
        ParseError::NotANumber(_) | ParseError::TooShortAfterIdd | ParseError::TooShortNsn => {
            MsisdnError::TooShort
        }
    })
}

/// A country by its two capital letters (ISO 3166-1 alpha-2). Numbering plans add three to the list:
/// `XK` Kosovo, `AC` Ascension and `TA` Tristan da Cunha.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode([u8; 2]);

/// Two letters that are no country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{raw:?} is no country code of two capital letters")]
pub struct CountryCodeError {
    raw: String,
}

impl CountryCode {
    /// Reads two capital letters.
    pub fn parse(raw: &str) -> Result<Self, CountryCodeError> {
        match raw.as_bytes() {
            [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Ok(Self([*first, *second])),
            _ => Err(CountryCodeError { raw: raw.to_owned() }),
        }
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        // Letters A to Z are all this type can hold.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for CountryCode {
    type Error = CountryCodeError;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::parse(&raw)
    }
}

impl From<CountryCode> for String {
    fn from(country: CountryCode) -> Self {
        country.as_str().to_owned()
    }
}

/// Where a number leads, in the words of rate trees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Destination {
    pub country: CountryCode,
    /// The network's name. Missing where the data names nobody: most fixed lines, and mobile ranges as
    /// in North America.
    pub network: Option<String>,
    /// Of the network, or else the first one of the country.
    pub mcc: Option<String>,
    /// The main one of the network, if it is known; of a look-up, what it answered.
    pub mccmnc: Option<String>,
}

/// Why a number leads to no country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    #[error("the number cannot exist")]
    Impossible(#[from] MsisdnError),
    /// Satellite and other numbers of the whole world, such as +870.
    #[error("numbers with +{calling_code} belong to no country")]
    International { calling_code: i32 },
    /// Several countries share the calling code, and in none of them is the range in use. A guess
    /// would be priced as one country and might be carried to another.
    #[error("none of the countries that share +{calling_code} uses this range")]
    RangeNotInUse { calling_code: i32 },
}

/// The country and, as far as the numbering plan tells, the network of a number.
pub fn destination(number: &Msisdn, dictionaries: &Dictionaries) -> Result<Destination, DestinationError> {
    let digits = number.as_str();
    let prefixes = dictionaries.get(DictionaryName::Prefixes);
    let given_to = |field: usize| {
        let values = begun_with(digits, &prefixes.entries).filter_map(|prefix| prefix.values.get(field));
        values.map(String::as_str).find(|value| !value.is_empty())
    };
    let country = match given_to(COUNTRY).and_then(|key| CountryCode::parse(key).ok()) {
        Some(country) => country,
        None => planned_country(digits)?,
    };
    let network = given_to(NETWORK);
    let mccmnc = network.and_then(|network| dictionaries.mccmnc_of(country.as_str(), network));
    Ok(Destination {
        country,
        network: network.map(str::to_owned),
        mcc: dictionaries.mcc_at(country.as_str(), mccmnc).map(str::to_owned),
        mccmnc: mccmnc.map(str::to_owned),
    })
}

impl Destination {
    /// The same number when a look-up has found it in the network with this MCCMNC. The country stays
    /// unless the MCC is another country's.
    #[must_use]
    pub fn ported_to(&self, mccmnc: &str, dictionaries: &Dictionaries) -> Self {
        let mcc = mccmnc.get(..3).unwrap_or_default();
        let country = match dictionaries.is_mcc_of(mcc, self.country.as_str()) {
            true => None,
            false => dictionaries.related(Attribute::Mccmnc, mccmnc, Attribute::Country),
        };
        let country = country.and_then(|key| CountryCode::parse(key).ok());
        Self {
            country: country.unwrap_or(self.country),
            network: dictionaries.network_of(mccmnc).map(str::to_owned),
            mcc: Some(mcc.to_owned()),
            mccmnc: Some(mccmnc.to_owned()),
        }
    }
}

/// Places in the values of a prefix.
const COUNTRY: usize = 0;
const NETWORK: usize = 1;

/// The prefixes that the number begins with, the longest first.
fn begun_with<'a>(digits: &'a str, mut prefixes: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
    let mut digits = digits.as_bytes();
    std::iter::from_fn(move || {
        while !digits.is_empty() {
            // A prefix of the number is not behind it. What is right before it shares more of its digits
            // with it than any other before it, so no prefix is longer than what those two share.
            let place = prefixes.partition_point(|prefix| prefix.key.as_bytes() <= digits);
            let last = prefixes[..place].last()?;
            let shared = last.key.bytes().zip(digits).take_while(|(one, other)| one == *other).count();
            digits = &digits[..shared];
            prefixes = &prefixes[..place - 1];
            if shared == last.key.len() {
                return Some(last);
            }
        }
        None
    })
}

fn planned_country(digits: &str) -> Result<CountryCode, DestinationError> {
    let plan = plan_number(digits)?;
    let calling_code = plan.country_code;
    let region = plan.get_region_code().ok_or(DestinationError::RangeNotInUse { calling_code })?;
    country(region).ok_or(DestinationError::International { calling_code })
}

/// The world as a whole is a region too (`001`), but no country.
fn country(region: Region) -> Option<CountryCode> {
    CountryCode::parse(region.as_region_str().as_str()).ok()
}

#[cfg(test)]
mod tests;
