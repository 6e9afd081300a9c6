//! Where a message goes: the number in one form, its country, and the network its range was given to.
//!
//! Numbers are judged by the world's numbering plans (crate `rlibphonenumber`), networks by
//! `data/networks.csv`. Both know ranges, not subscribers: a ported number has left its range's
//! network, so where the network decides a price an MNP or HLR answer, if there is one, goes first.

use std::fmt;
use std::sync::LazyLock;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
    ValidationError,
};
use serde::{Deserialize, Serialize};

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
        let digits = international_digits(raw)?;
        let number = plan_number(&digits)?;
        match number.is_possible_with_reason() {
            Ok(NumberLengthType::IsPossible) => {}
            Ok(NumberLengthType::IsPossibleLocalOnly) => return Err(MsisdnError::TooShort),
            Err(error) => return Err(error.into()),
        }
        let e164 = number.format_as(PhoneNumberFormat::E164);
        Ok(Self(e164.trim_start_matches('+').to_owned()))
    }

    /// The digits, without a plus.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

/// What a numbering plan keeps a range for, as far as it matters to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberType {
    Mobile,
    FixedLine,
    /// Where plans do not keep the two apart, as in North America.
    FixedLineOrMobile,
    /// Toll-free, premium, pagers and the like.
    Special,
    /// A possible number in a range that the plan does not know.
    Unknown,
}

impl From<PhoneNumberType> for NumberType {
    fn from(kind: PhoneNumberType) -> Self {
        match kind {
            PhoneNumberType::Mobile => Self::Mobile,
            PhoneNumberType::FixedLine => Self::FixedLine,
            PhoneNumberType::FixedLineOrMobile => Self::FixedLineOrMobile,
            PhoneNumberType::Unknown => Self::Unknown,
            _ => Self::Special,
        }
    }
}

/// A network as rate trees know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Network {
    /// The operator's English name as in `data/networks.csv`, and the key to it: one name is one
    /// network within a country, while the same name in two countries is two networks.
    pub name: &'static str,
}

/// Where a number leads by its numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Destination {
    pub country: CountryCode,
    /// Missing where the data names nobody: most fixed lines, and mobile ranges as in North America.
    pub network: Option<Network>,
    pub number_type: NumberType,
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
pub fn destination(number: &Msisdn) -> Result<Destination, DestinationError> {
    let plan = plan_number(number.as_str())?;
    let calling_code = plan.country_code;
    let region = plan.get_region_code().ok_or(DestinationError::RangeNotInUse { calling_code })?;
    let country = country(region).ok_or(DestinationError::International { calling_code })?;
    Ok(Destination { country, network: NETWORKS.find(number.as_str()), number_type: plan.get_type().into() })
}

/// The world as a whole is a region too (`001`), but no country.
fn country(region: Region) -> Option<CountryCode> {
    CountryCode::parse(region.as_region_str().as_str()).ok()
}

static NETWORKS: LazyLock<Networks> = LazyLock::new(|| Networks::read(NETWORKS_CSV));

const NETWORKS_CSV: &str = include_str!("../data/networks.csv");

/// Networks by number prefix.
struct Networks {
    /// Each prefix with the place of its network in `names`, in the order of [`prefix_key`].
    prefixes: Vec<(u32, u16)>,
    names: Vec<String>,
    prefix_digits_max: usize,
}

impl Networks {
    /// Reads the file that is built in. A row that cannot be read is left out; a test holds that
    /// there is none.
    fn read(csv: &str) -> Self {
        let mut rows: Vec<(u32, String)> = Vec::new();
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(csv.as_bytes());
        for row in reader.deserialize::<(String, String)>().flatten() {
            rows.extend(prefix_key(&row.0).map(|key| (key, row.1)));
        }
        rows.sort();
        let mut names: Vec<String> = rows.iter().map(|(_, name)| name.clone()).collect();
        names.sort();
        names.dedup();
        let place = |name: &String| u16::try_from(names.binary_search(name).ok()?).ok();
        let prefixes: Vec<(u32, u16)> =
            rows.iter().filter_map(|(key, name)| Some((*key, place(name)?))).collect();
        let longest = prefixes.last().map_or(0, |(key, _)| key.ilog10());
        Self { prefixes, names, prefix_digits_max: longest as usize }
    }

    /// The network of the longest prefix that the number begins with.
    fn find(&'static self, digits: &str) -> Option<Network> {
        (1..=self.prefix_digits_max.min(digits.len())).rev().find_map(|length| {
            let key = prefix_key(digits.get(..length)?)?;
            let found = self.prefixes.binary_search_by_key(&key, |(key, _)| *key).ok()?;
            let (_, place) = self.prefixes[found];
            self.names.get(usize::from(place)).map(|name| Network { name })
        })
    }
}

/// The digits as one integer. A leading 1 keeps `07` apart from `7`, and sorts by length first.
fn prefix_key(digits: &str) -> Option<u32> {
    digits.bytes().try_fold(1u32, |key, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        key.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests;
