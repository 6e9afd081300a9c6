//! Codes by SMS that people log in with: what sends them, and what is kept of one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalog::Thing;
use crate::id::{AgreementId, CompanyId, UserId};
use crate::two_factor::is_same;

/// Stands in the text where the code goes.
pub const PLACEHOLDER: &str = "{{code}}";
const TEXT_LENGTH_MAX: usize = 300;
const VALID: SignedDuration = SignedDuration::from_mins(5);
/// Nobody gets two within this time: each costs money.
const SENT_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Over which of its own agreements a company sends codes to its people and to those of companies below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginCodes {
    pub company: CompanyId,
    pub agreement: AgreementId,
    /// A sender ID of the agreement.
    pub sender: String,
    /// With `{{code}}` in it.
    pub text: String,
    #[serde(default)]
    pub revision: u64,
}

/// One a company: its id is the company's.
impl Thing for LoginCodes {
    const NOUN: &'static str = "login_codes";
    const NOUNS: &'static str = "login_codes";

    fn id(&self) -> &str {
        self.company.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        vec![self.company.to_string()]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl LoginCodes {
    /// Whether the text says the code, and is not too long.
    pub fn is_text(text: &str) -> bool {
        text.contains(PLACEHOLDER) && text.chars().count() <= TEXT_LENGTH_MAX
    }

    pub fn text_of(&self, code: &str) -> String {
        self.text.replace(PLACEHOLDER, code)
    }
}

/// A code that was sent, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    pub user: UserId,
    /// What it was asked for. A code for one purpose neither stands in for one of another nor takes its place.
    pub purpose: String,
    /// Where it went: it proves no other number.
    #[serde(default)]
    pub phone: String,
    pub hash: String,
    pub sent_at: Timestamp,
}

impl SentCode {
    pub fn expires_at(&self) -> Timestamp {
        self.sent_at + VALID
    }

    pub fn takes(&self, phone: &str, hash: &str, now: Timestamp) -> bool {
        self.phone == phone && is_same(&self.hash, hash) && now < self.expires_at()
    }

    /// Whether it has just gone to this number, which gets no other yet.
    pub fn is_on_its_way(&self, phone: &str, now: Timestamp) -> bool {
        self.phone == phone && now < self.sent_at + SENT_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_five_minutes_and_another_comes_after_one() {
        let sent = sent();
        assert!(sent.takes("49", "h", after(299)) && !sent.takes("49", "h", after(300)));
        assert!(!sent.takes("49", "x", after(0)));
        assert!(sent.is_on_its_way("49", after(59)) && !sent.is_on_its_way("49", after(60)));
    }

    #[test]
    fn a_code_is_of_the_number_that_it_went_to() {
        let sent = sent();
        assert!(!sent.takes("43", "h", after(0)) && !sent.is_on_its_way("43", after(0)));
    }

    fn sent() -> SentCode {
        let sent_at = Timestamp::UNIX_EPOCH;
        let (user, purpose) = (UserId::new(1), "login".to_owned());
        SentCode { user, purpose, phone: "49".into(), hash: "h".into(), sent_at }
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_text_says_the_code() {
        assert!(LoginCodes::is_text("Your code: {{code}}") && !LoginCodes::is_text("Hello"));
    }
}
