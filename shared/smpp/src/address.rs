//! Addresses with their type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6).

/// Whom a message is from or for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address {
    pub ton: u8,
    pub npi: u8,
    pub value: String,
}

/// Type of number and numbering plan, which belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberType {
    pub ton: u8,
    pub npi: u8,
}

impl NumberType {
    pub const UNKNOWN: Self = Self { ton: 0, npi: 0 };
    /// A number of E.164, without `+`.
    pub const INTERNATIONAL: Self = Self { ton: 1, npi: 1 };
    pub const NATIONAL: Self = Self { ton: 2, npi: 1 };
    /// Usual for short codes.
    pub const NETWORK_SPECIFIC: Self = Self { ton: 3, npi: 0 };
    /// A name.
    pub const ALPHANUMERIC: Self = Self { ton: 5, npi: 0 };
}

/// What one peer wants to see for each kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbering {
    pub alphanumeric: NumberType,
    pub international: NumberType,
    pub short_code: NumberType,
    /// A number of up to so many digits, without `+`, is a short code. No number of E.164 is that
    /// short.
    pub short_code_digits_max: usize,
}

impl Default for Numbering {
    fn default() -> Self {
        Self {
            alphanumeric: NumberType::ALPHANUMERIC,
            international: NumberType::INTERNATIONAL,
            short_code: NumberType::NETWORK_SPECIFIC,
            short_code_digits_max: 6,
        }
    }
}

impl Numbering {
    /// The type of an address by its looks.
    pub fn type_of(&self, address: &str) -> NumberType {
        let digits = address.strip_prefix('+').unwrap_or(address);
        if !is_digits(digits) {
            self.alphanumeric
        } else if digits.len() == address.len() && digits.len() <= self.short_code_digits_max {
            self.short_code
        } else {
            self.international
        }
    }

    /// The address as it goes out: typed, a number without its `+`.
    pub fn address(&self, text: &str) -> Address {
        let NumberType { ton, npi } = self.type_of(text);
        let digits = text.strip_prefix('+').filter(|digits| is_digits(digits));
        Address { ton, npi, value: digits.unwrap_or(text).to_owned() }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbering: Numbering, text: &str, expected: &str) {
        let Address { ton, npi, value } = numbering.address(text);
        assert_eq!(format!("{ton}/{npi} {value}"), expected);
    }

    #[test]
    fn an_address_is_a_name_a_number_or_a_short_code_by_its_looks() {
        for (text, expected) in [
            ("ACME", "5/0 ACME"),
            ("4U", "5/0 4U"),
            ("+4915112345678", "1/1 4915112345678"),
            ("4915112345678", "1/1 4915112345678"),
            ("1234567", "1/1 1234567"),
            ("123456", "3/0 123456"),
            ("+123456", "1/1 123456"),
            ("+", "5/0 +"),
            ("+49 151", "5/0 +49 151"),
            ("", "5/0 "),
        ] {
            check(Numbering::default(), text, expected);
        }
    }

    #[test]
    fn a_peer_may_want_other_types() {
        let numbering = Numbering {
            short_code: NumberType { ton: 6, npi: 1 },
            short_code_digits_max: 5,
            international: NumberType::UNKNOWN,
            ..Numbering::default()
        };
        check(numbering, "12345", "6/1 12345");
        check(numbering, "123456", "0/0 123456");
    }
}
