//! What the systems that sign forms have in common: a form as it was received, digests compared in constant
//! time, and amounts as they are written. Not here: Stripe, which signs bytes and counts in integers.

use std::collections::BTreeMap;

use iso_currency::Currency;
use rust_decimal::Decimal;
use subtle::{Choice, ConstantTimeEq};

/// More than any of the systems sends, and little enough to sort.
const FIELDS_MAX: usize = 200;
/// As many digits as fit into an exact amount with room to spare.
const AMOUNT_LENGTH_MAX: usize = 20;

/// Why a callback is not taken for what it says. None of these is worth a retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    #[error("the form has more than {FIELDS_MAX} fields")]
    TooManyFields,
    /// Two values leave open which one was signed.
    #[error("{name} is there twice")]
    Twice { name: String },
    #[error("{name} is missing")]
    Missing { name: &'static str },
    /// Not how the system writes it, so perhaps a part of another field.
    #[error("{name} is not written as it should be")]
    Malformed { name: String },
    /// What the payer was sent away with is something else.
    #[error("{name} is not what was asked for")]
    NotAsked { name: &'static str },
    #[error("no signature fits the fields and a configured secret")]
    NoMatch,
}

/// Why a payer cannot be sent to a payment system.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("the amount must be above zero and have at most two decimal places, it is {amount}")]
    Amount { amount: Decimal },
    #[error("{} cannot be paid in", currency.code())]
    Currency { currency: Currency },
    /// It would change what the other fields say, or the system does not take it.
    #[error("{field} does not fit into the form")]
    Field { field: &'static str },
    #[error("the settings do not fit into a request")]
    Request(#[from] http::Error),
}

/// Why an answer to a request of ours says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Understood, and will be refused again.
    #[error("the payment system refused: {message}")]
    Refused { message: String },
    /// The same request may be sent again.
    #[error("the payment system cannot answer now, status {status}")]
    TryAgain { status: http::StatusCode },
    #[error("the answer cannot be read: {reason}")]
    Unreadable { reason: String },
    #[error("the answer is not signed with our secret")]
    NotAuthentic,
}

impl ReadError {
    pub(crate) fn unreadable(reason: impl ToString) -> Self {
        Self::Unreadable { reason: reason.to_string() }
    }

    /// What a status alone says; nothing if the body has the answer.
    pub(crate) fn of_status(status: http::StatusCode) -> Result<(), Self> {
        match status {
            _ if status.is_success() => Ok(()),
            http::StatusCode::TOO_MANY_REQUESTS => Err(Self::TryAgain { status }),
            _ if status.is_server_error() => Err(Self::TryAgain { status }),
            _ => Err(Self::Refused { message: format!("status {status}") }),
        }
    }
}

/// The fields of a form by name: each once, decoded, and otherwise as they came.
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a form-encoded body, or the query of a call by GET.
    pub fn read(body: &[u8]) -> Result<Self, CallbackError> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if fields.len() == FIELDS_MAX {
                return Err(CallbackError::TooManyFields);
            }
            let name = name.into_owned();
            if fields.insert(name.clone(), value.into_owned()).is_some() {
                return Err(CallbackError::Twice { name });
            }
        }
        Ok(Self(fields))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sorted by name, bytewise.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A field that must be there.
    pub fn required(&self, name: &'static str) -> Result<&str, CallbackError> {
        self.get(name).ok_or(CallbackError::Missing { name })
    }

    /// A field that must be there and look as it should.
    pub fn shaped(&self, name: &'static str, is_so: fn(&str) -> bool) -> Result<&str, CallbackError> {
        let value = self.required(name)?;
        if is_so(value) { Ok(value) } else { Err(CallbackError::Malformed { name: name.to_owned() }) }
    }

    pub fn amount(&self, name: &'static str) -> Result<Decimal, CallbackError> {
        read_amount(self.required(name)?).ok_or_else(|| CallbackError::Malformed { name: name.to_owned() })
    }

    pub fn currency(&self, name: &'static str) -> Result<Currency, CallbackError> {
        read_currency(self.required(name)?).ok_or_else(|| CallbackError::Malformed { name: name.to_owned() })
    }
}

/// Digits with at most one point between them: no sign, no exponent, no blank, no comma.
pub(crate) fn read_amount(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = text.len() <= AMOUNT_LENGTH_MAX && is_digits(whole) && is_digits(fraction);
    if is_plain { Decimal::from_str_exact(text).ok() } else { None }
}

/// An ISO 4217 code in capital letters.
pub(crate) fn read_currency(text: &str) -> Option<Currency> {
    Currency::from_code(text).filter(|currency| currency.code() == text)
}

/// An amount with two decimals and a point. Nothing is rounded: what does not fit is refused.
pub(crate) fn write_amount(amount: Decimal) -> Result<String, AskError> {
    if amount <= Decimal::ZERO || 2 < amount.normalize().scale() {
        return Err(AskError::Amount { amount });
    }
    Ok(format!("{:.2}", amount.normalize()))
}

/// Above all no digits of other scripts.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// An id of ours as the systems take them, with nothing in it that separates fields.
pub(crate) fn is_order(text: &str) -> bool {
    const LENGTH_MAX: usize = 50;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= LENGTH_MAX && text.bytes().all(is_plain)
}

/// The first secret whose digest is the given one, in hexadecimal of either case. Every secret is tried,
/// in constant time; an empty one never fits.
pub(crate) fn who_signed<'a, const N: usize>(
    signature: &str,
    secrets: &'a [impl AsRef<str>],
    digest: impl Fn(&str) -> [u8; N],
) -> Option<&'a str> {
    let given = hex::decode(signature).ok()?;
    let mut signer = None;
    for secret in secrets.iter().map(AsRef::as_ref).filter(|secret| !secret.is_empty()) {
        let fits: Choice = digest(secret).ct_eq(given.as_slice());
        if bool::from(fits) && signer.is_none() {
            signer = Some(secret);
        }
    }
    signer
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;

    #[test]
    fn an_amount_is_read_only_when_it_is_plainly_written() {
        for text in ["1500", "1500.00", "1.0000", "0.01", "007"] {
            assert!(read_amount(text).is_some(), "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,500.00", " 1", "1.0.0", "١", "1&a=2"] {
            assert_eq!(read_amount(text), None, "{text}");
        }
        assert_eq!(read_amount("123456789012345678901"), None);
        assert_eq!(read_amount("1500.00"), read_amount("1500"));
    }

    #[test]
    fn an_amount_is_written_with_two_decimals_and_never_rounded() {
        let write = |text: &str| write_amount(text.parse().expect("a decimal"));
        assert_eq!(write("150").expect("a text"), "150.00");
        assert_eq!(write("0.1").expect("a text"), "0.10");
        assert_eq!(write("1.500000").expect("a text"), "1.50");
        for refused in ["0", "-1", "0.001", "1.505"] {
            assert!(matches!(write(refused), Err(AskError::Amount { .. })), "{refused}");
        }
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(read_currency("KZT"), Some(Currency::KZT));
        for text in ["kzt", "KZ", "KZT ", "ZZZ", ""] {
            assert_eq!(read_currency(text), None, "{text}");
        }
    }

    #[test]
    fn a_form_with_a_name_twice_or_too_many_of_them_is_refused() {
        let twice = Fields::read(b"a=1&b=2&a=1").err();
        assert_eq!(twice, Some(CallbackError::Twice { name: "a".to_owned() }));
        let many: String = (0..=FIELDS_MAX).map(|index| format!("f{index}=1&")).collect();
        assert_eq!(Fields::read(many.as_bytes()).err(), Some(CallbackError::TooManyFields));
    }

    #[test]
    fn a_signature_may_be_of_any_secret_but_the_empty_one() {
        let digest = |secret: &str| [secret.len() as u8];
        assert_eq!(who_signed("0A", &["short", "ten letter"], digest), Some("ten letter"));
        assert_eq!(who_signed("00", &[""], digest), None);
        assert_eq!(who_signed("0a0a", &["ten letter"], digest), None);
        assert_eq!(who_signed("zz", &["ten letter"], digest), None);
    }
}
