//! What a user proves themselves with, apart from the user: never listed, answered or told in the audit
//! log. Passwords and tokens are here as hashes only; which hash is nobody's matter here.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::password::{PasswordError, PasswordPolicy};

/// A link for a new password is good for so long.
pub const RESET_VALID: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    pub user: UserId,
    /// None until the user has signed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// Hashes of earlier passwords, the last one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// The one link that can be followed now: to sign up, or for a new password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<Totp>,
    #[serde(default)]
    pub revision: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    pub hash: String,
    pub set_at: Timestamp,
    /// Somebody else has chosen it: it is changed at the first login.
    #[serde(default)]
    pub given: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    SignUp,
    Reset,
}

/// A secret that was mailed, good once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub purpose: TokenPurpose,
    pub hash: String,
    pub expires_at: Timestamp,
}

/// An app that shows codes (RFC 6238). Its secret is in the secret store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totp {
    /// A code of it was shown: from then on every login asks for one.
    pub confirmed: bool,
    /// The last step of time whose code was taken: none is taken twice.
    #[serde(default)]
    pub step: u64,
    /// Hashes of codes that stand in for the app, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<String>,
}

impl Credentials {
    pub fn new(user: &UserId) -> Self {
        let (password, token, totp) = (None, None, None);
        Self { user: user.clone(), password, before: Vec::new(), token, totp, revision: 0 }
    }

    /// With another password. A link that was mailed is spent.
    pub fn with_password(&self, hash: String, given: bool, policy: &PasswordPolicy, now: Timestamp) -> Self {
        let last = self.password.as_ref().map(|password| password.hash.clone());
        let before = last.into_iter().chain(self.before.iter().cloned()).take(policy.history.into());
        Self {
            password: Some(Password { hash, set_at: now, given }),
            before: before.collect(),
            token: None,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// With a link that can be followed now; one mailed before cannot be any longer.
    pub fn with_token(&self, token: Option<Token>) -> Self {
        Self { token, revision: self.revision + 1, ..self.clone() }
    }

    pub fn with_totp(&self, totp: Option<Totp>) -> Self {
        Self { totp, revision: self.revision + 1, ..self.clone() }
    }

    /// Whether a secret with this hash is the link that can be followed now.
    pub fn takes(&self, purpose: TokenPurpose, hash: &str, now: Timestamp) -> bool {
        self.token
            .as_ref()
            .is_some_and(|token| token.purpose == purpose && token.hash == hash && now < token.expires_at)
    }

    /// Whether the password has to be changed before anything else is done.
    pub fn is_password_due(&self, policy: &PasswordPolicy, now: Timestamp) -> bool {
        self.password.as_ref().is_some_and(|password| password.given || policy.is_over(password.set_at, now))
    }

    /// Whether the user may choose another password now. One that somebody else has given may be changed at
    /// once.
    pub fn check_change(&self, policy: &PasswordPolicy, now: Timestamp) -> Result<(), PasswordError> {
        let chosen = self.password.as_ref().filter(|password| !password.given);
        policy.check_change(chosen.map(|password| password.set_at), now)
    }

    /// The hashes that a new password may not be of. `is_of` tells whether it is of one.
    pub fn check_history(
        &self,
        policy: &PasswordPolicy,
        is_of: impl Fn(&str) -> bool,
    ) -> Result<(), PasswordError> {
        let last = self.password.as_ref().map(|password| password.hash.as_str());
        let mut known = last.into_iter().chain(self.before.iter().map(String::as_str));
        let history = policy.history;
        match known.by_ref().take(history.into()).any(is_of) {
            true => Err(PasswordError::Before { history }),
            false => Ok(()),
        }
    }

    pub fn has_totp(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.confirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(passwords: &[&str], given: bool) -> Credentials {
        let policy = PasswordPolicy::default();
        passwords.iter().fold(Credentials::new(&UserId::new(1)), |known, password| {
            known.with_password((*password).to_owned(), given, &policy, NOW)
        })
    }

    #[test]
    fn the_last_seven_passwords_are_not_taken_again() {
        let known = after(&["1", "2", "3", "4", "5", "6", "7", "8"], false);
        let taken = |new: &str| known.check_history(&PasswordPolicy::default(), |hash| hash == new).is_ok();
        assert!(taken("1") && taken("9"));
        for known in ["2", "3", "8"] {
            assert!(!taken(known), "{known}");
        }
    }

    #[test]
    fn a_given_password_is_due_at_once_and_may_be_changed_at_once() {
        let policy = PasswordPolicy::default();
        let (given, chosen) = (after(&["1"], true), after(&["1"], false));
        assert!(given.is_password_due(&policy, NOW) && !chosen.is_password_due(&policy, NOW));
        assert!(given.check_change(&policy, NOW).is_ok() && chosen.check_change(&policy, NOW).is_err());
    }

    #[test]
    fn a_link_is_good_once_for_its_purpose_and_in_time() {
        let token = Token { purpose: TokenPurpose::Reset, hash: "h".into(), expires_at: NOW + RESET_VALID };
        let known = after(&["1"], false).with_token(Some(token));
        assert!(known.takes(TokenPurpose::Reset, "h", NOW));
        assert!(!known.takes(TokenPurpose::SignUp, "h", NOW) && !known.takes(TokenPurpose::Reset, "x", NOW));
        assert!(!known.takes(TokenPurpose::Reset, "h", NOW + RESET_VALID));
        let used = known.with_password("2".into(), false, &PasswordPolicy::default(), NOW);
        assert!(!used.takes(TokenPurpose::Reset, "h", NOW));
    }
}
