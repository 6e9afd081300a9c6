//! The forms of bank codes: IBAN (ISO 13616) and SWIFT or BIC (ISO 9362). Whether such an account exists
//! nobody here knows.

use serde::{Deserialize, Serialize};

/// Of the longest, Russia's; ISO 13616 allows 34.
const IBAN_LENGTH_MAX: usize = 34;
const IBAN_LENGTH_MIN: usize = 15;

/// Lengths by country, of the IBAN registry, release 99.
const IBAN_LENGTHS: [(&str, usize); 89] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// An account's number, upper case and without blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IbanError {
    #[error(
        "an IBAN has two letters, two digits and {IBAN_LENGTH_MIN} to {IBAN_LENGTH_MAX} characters in all"
    )]
    Form,
    #[error("an IBAN of {country} has {expected} characters")]
    Length { country: &'static str, expected: usize },
    #[error("the check digits of this IBAN are wrong: one of its characters is a mistake")]
    Check,
}

impl Iban {
    /// Blanks and hyphens between groups are passed over.
    pub fn parse(text: &str) -> Result<Self, IbanError> {
        let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let text = text.to_ascii_uppercase();
        let bytes = text.as_bytes();
        let has_form = (IBAN_LENGTH_MIN..=IBAN_LENGTH_MAX).contains(&bytes.len())
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit);
        if !has_form {
            return Err(IbanError::Form);
        }
        let known = IBAN_LENGTHS.iter().find(|(country, _)| text.starts_with(country));
        if let Some((country, expected)) = known.filter(|(_, expected)| *expected != bytes.len()) {
            return Err(IbanError::Length { country, expected: *expected });
        }
        if remainder(bytes) == 1 { Ok(Self(text)) } else { Err(IbanError::Check) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// ISO 7064, MOD 97-10: the first four characters to the end, letters as 10 to 35.
fn remainder(text: &[u8]) -> u32 {
    let (head, tail) = text.split_at(4);
    tail.iter().chain(head).fold(0, |rest, character| match character {
        b'0'..=b'9' => (rest * 10 + u32::from(character - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}

/// A bank's code of 8 or 11 characters: bank, country, place, and a branch if it has 11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Swift(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a SWIFT code has 8 or 11 characters: four of the bank, two letters of the country, two of the place, three of the branch"
)]
pub struct SwiftError;

impl Swift {
    pub fn parse(text: &str) -> Result<Self, SwiftError> {
        let text = text.trim().to_ascii_uppercase();
        let bytes = text.as_bytes();
        let has_form = matches!(bytes.len(), 8 | 11)
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes[4..6].iter().all(u8::is_ascii_uppercase);
        if has_form { Ok(Self(text)) } else { Err(SwiftError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! as_text {
    ($name:ident, $error:ident) => {
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }
    };
}

as_text!(Iban, IbanError);
as_text!(Swift, SwiftError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_is_read_with_and_without_blanks() {
        for good in [
            "DE89 3704 0044 0532 0130 00",
            "gb29nwbk60161331926819",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO9386011117947",
        ] {
            assert!(Iban::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Iban::parse("de89-3704-0044-0532-0130-00").unwrap().as_str(), "DE89370400440532013000");
    }

    #[test]
    fn a_mistaken_character_in_an_iban_is_found() {
        assert_eq!(Iban::parse("DE89370400440532013001"), Err(IbanError::Check));
        assert_eq!(Iban::parse("DE98370400440532013000"), Err(IbanError::Check));
        let short = IbanError::Length { country: "DE", expected: 22 };
        assert_eq!(Iban::parse("DE8937040044053201300"), Err(short));
        for bad in ["", "DE", "8937040044053201300000", "DE8937040044053201300é", "DEX9370400440532013000"] {
            assert_eq!(Iban::parse(bad), Err(IbanError::Form), "{bad}");
        }
    }

    #[test]
    fn a_swift_code_names_bank_country_and_place() {
        for good in ["DEUTDEFF", "deutdeff500", "NEDSZAJJXXX"] {
            assert!(Swift::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "DEUTDEF", "DEUTDEFF50", "DEUT1EFF", "DEUTDEFFÄÄ1"] {
            assert!(Swift::parse(bad).is_err(), "{bad}");
        }
    }
}
