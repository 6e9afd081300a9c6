//! Sender IDs: what a message is sent from, under one agreement, over which connections; and where what
//! phones send to it goes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AgreementId, CompanyId, SenderId};
use crate::incoming::IncomingRule;
use crate::route::Routes;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderStatus {
    #[default]
    Active,
    Blocked,
    Draft,
    Testing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub id: SenderId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    /// What the recipient sees.
    pub address: SenderAddress,
    pub status: SenderStatus,
    pub routes: Routes,
    /// None: it gets nothing from phones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingRule>,
    pub created_at: Timestamp,
}

/// An alphanumeric name of 1 to 11 characters, or a number of 3 to 15 digits (3GPP TS 23.040, 9.1.2.5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SenderAddress(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sender is a name of 1 to 11 letters, digits, blanks or & . - _ + with at least one letter, or a number of 3 to 15 digits"
)]
pub struct SenderAddressError;

impl SenderAddress {
    pub fn parse(text: &str) -> Result<Self, SenderAddressError> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return if (3..=15).contains(&digits.len()) {
                Ok(Self(digits.to_owned()))
            } else {
                Err(SenderAddressError)
            };
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || " &.-_+".contains(c);
        let named = text.chars().all(allowed) && text.chars().any(|c| c.is_ascii_alphabetic());
        if named && text.len() <= 11 && text.trim() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(SenderAddressError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_numeric(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl std::fmt::Display for SenderAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for SenderAddress {
    type Error = SenderAddressError;
    fn try_from(text: String) -> Result<Self, SenderAddressError> {
        Self::parse(&text)
    }
}

impl From<SenderAddress> for String {
    fn from(address: SenderAddress) -> String {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_short_name_or_a_number() {
        for good in ["ACME", "A", "Shop 24", "4915112345678", "+4915112345678", "12345"] {
            assert!(SenderAddress::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "12", "ABCDEFGHIJKL", " ACME", "ACMÉ", "1234567890123456", "--"] {
            assert!(SenderAddress::parse(bad).is_err(), "{bad}");
        }
    }
}
