//! What a password has to be, how long it holds, and what happens when it is wrong. How it is kept is not
//! decided here: nothing in this file knows a stored password but by a test of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalog::Thing;
use crate::id::CompanyId;

/// No policy may ask for less.
const LENGTH_FLOOR: u8 = 8;
/// Longer ones only cost time to hash.
const LENGTH_MAX: usize = 128;
/// Of upper case, lower case, digits and the rest.
const CLASSES_MAX: u8 = 4;
const HISTORY_MAX: u8 = 24;

/// The owner's settings (guide, appendix 1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicy {
    pub length_min: u8,
    /// How many of the four classes of characters it has.
    pub classes_min: u8,
    /// How many of the last ones it may not be.
    pub history: u8,
    /// Days after which it has to be changed; none for never.
    pub valid_days: Option<u16>,
    /// Hours between two changes by the user; an administrator may at any time.
    pub change_hours_min: u16,
    /// Days without a login after which a user is blocked, administrators apart; none for never.
    pub unused_days_max: Option<u16>,
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u16,
    /// Wrong tries before the first lock.
    pub tries: u8,
    /// Days for which an invitation can be followed.
    pub invitation_days: u16,
}

/// The policy as the owner has set it. There is one on a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPolicy {
    /// The owner.
    pub company: CompanyId,
    pub policy: PasswordPolicy,
    #[serde(default)]
    pub revision: u64,
}

impl StoredPolicy {
    pub const ID: &'static str = "platform";
}

impl Thing for StoredPolicy {
    const NOUN: &'static str = "password_policy";
    const NOUNS: &'static str = "password_policies";

    fn id(&self) -> &str {
        Self::ID
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

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            length_min: 8,
            classes_min: 3,
            history: 7,
            valid_days: Some(60),
            change_hours_min: 24,
            unused_days_max: Some(180),
            idle_minutes: 60,
            tries: 5,
            invitation_days: 7,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("a password has at least {LENGTH_FLOOR} and at most {LENGTH_MAX} characters")]
    Length,
    #[error("there are {CLASSES_MAX} classes of characters")]
    Classes,
    #[error("at most the last {HISTORY_MAX} passwords are remembered")]
    History,
    #[error("a session ends after 1 to 1,440 minutes without a request")]
    Idle,
    #[error("1 to 20 tries are allowed")]
    Tries,
    #[error("an invitation can be followed for 1 to 365 days")]
    Invitation,
    #[error("a time is at least a day")]
    Days,
}

/// Why a new password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("a password has {min} to {LENGTH_MAX} characters")]
    Length { min: u8 },
    #[error("a password has at least {min} of these: upper case, lower case, digits, other characters")]
    Classes { min: u8 },
    #[error("a password may not contain the login")]
    Login,
    #[error("it was one of the last {history} passwords")]
    Before { history: u8 },
    #[error("a password can be changed again from {from} on")]
    TooSoon { from: Timestamp },
}

impl PasswordPolicy {
    pub fn check(&self) -> Result<(), PolicyError> {
        let is_day = |days: Option<u16>| days != Some(0);
        let rules = [
            (
                LENGTH_FLOOR <= self.length_min && usize::from(self.length_min) <= LENGTH_MAX,
                PolicyError::Length,
            ),
            ((1..=CLASSES_MAX).contains(&self.classes_min), PolicyError::Classes),
            (self.history <= HISTORY_MAX, PolicyError::History),
            ((1..=1_440).contains(&self.idle_minutes), PolicyError::Idle),
            ((1..=20).contains(&self.tries), PolicyError::Tries),
            ((1..=365).contains(&self.invitation_days), PolicyError::Invitation),
            (is_day(self.valid_days) && is_day(self.unused_days_max), PolicyError::Days),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Whether a new password has the right form for a login.
    pub fn check_form(&self, password: &str, login: &str) -> Result<(), PasswordError> {
        let length = password.chars().count();
        if length < usize::from(self.length_min) || LENGTH_MAX < length {
            return Err(PasswordError::Length { min: self.length_min });
        }
        if classes(password) < self.classes_min {
            return Err(PasswordError::Classes { min: self.classes_min });
        }
        if !login.is_empty() && password.to_lowercase().contains(&login.to_lowercase()) {
            return Err(PasswordError::Login);
        }
        Ok(())
    }

    /// Whether the user, and not an administrator, may change a password that was set at this time.
    pub fn check_change(&self, changed_at: Option<Timestamp>, now: Timestamp) -> Result<(), PasswordError> {
        let from = changed_at.map(|at| at + SignedDuration::from_hours(self.change_hours_min.into()));
        match from {
            Some(from) if now < from => Err(PasswordError::TooSoon { from }),
            _ => Ok(()),
        }
    }

    /// Whether it has to be changed before anything else is done.
    pub fn is_over(&self, changed_at: Timestamp, now: Timestamp) -> bool {
        self.valid_days.is_some_and(|days| changed_at + days_of(days) <= now)
    }

    /// Whether somebody has been away for too long. `is_admin` never is.
    pub fn is_unused(&self, last_seen_at: Timestamp, is_admin: bool, now: Timestamp) -> bool {
        !is_admin && self.unused_days_max.is_some_and(|days| last_seen_at + days_of(days) <= now)
    }

    /// How long nobody may log in after so many wrong tries in a row: a minute after the first lot,
    /// doubled with each further try up to a day.
    pub fn lock_after(&self, wrong: u32) -> Option<SignedDuration> {
        let beyond = wrong.checked_sub(u32::from(self.tries))?;
        let minutes = 1_i64.checked_shl(beyond.min(16)).unwrap_or(i64::MAX);
        Some(SignedDuration::from_mins(minutes.min(24 * 60)))
    }
}

/// Letters, digits and signs that are not mistaken for each other, a group for each class.
const GENERATED: [&[u8]; 4] =
    [b"ABCDEFGHJKLMNPQRSTUVWXYZ", b"abcdefghijkmnopqrstuvwxyz", b"23456789", b"!#$%&*+-=?@_"];
/// Longer than any policy asks for by itself; some 100 bits.
const GENERATED_LENGTH: usize = 18;

impl PasswordPolicy {
    /// A strong password out of random bytes, with characters of every class.
    pub fn generate(&self, mut random: impl FnMut() -> u32) -> String {
        let length = GENERATED_LENGTH.max(self.length_min.into());
        let mut pick = |from: &[u8]| from[random() as usize % from.len()] as char;
        let all = GENERATED.concat();
        let mut password: Vec<char> = GENERATED.iter().map(|class| pick(class)).collect();
        password.extend((GENERATED.len()..length).map(|_| pick(&all)));
        // The first of each class do not stand at known places.
        for place in (1..password.len()).rev() {
            password.swap(place, random() as usize % (place + 1));
        }
        password.into_iter().collect()
    }
}

fn days_of(days: u16) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}

/// How many of upper case, lower case, digits and others there are.
fn classes(text: &str) -> u8 {
    let has = |is: fn(char) -> bool| u8::from(text.chars().any(is));
    has(char::is_uppercase)
        + has(char::is_lowercase)
        + has(|c| c.is_ascii_digit())
        + has(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PasswordPolicy {
        PasswordPolicy::default()
    }

    #[test]
    fn a_password_has_eight_characters_of_three_classes_and_not_the_login() {
        for (password, expected) in [
            ("Secret-1", Ok(())),
            ("secret-12", Ok(())),
            ("Secret1", Err(PasswordError::Length { min: 8 })),
            ("secretsecret", Err(PasswordError::Classes { min: 3 })),
            ("Secretsecret", Err(PasswordError::Classes { min: 3 })),
            ("1-Ada.L-1", Err(PasswordError::Login)),
            ("Пароль-1", Ok(())),
        ] {
            assert_eq!(policy().check_form(password, "ada.l"), expected, "{password}");
        }
        assert!(policy().check_form(&"Aa1-".repeat(33), "x").is_err());
    }

    #[test]
    fn a_password_holds_for_sixty_days_and_is_not_changed_twice_a_day() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        assert!(!policy().is_over(at(0), at(60 * 24 - 1)) && policy().is_over(at(0), at(60 * 24)));
        assert_eq!(policy().check_change(None, at(0)), Ok(()));
        assert_eq!(policy().check_change(Some(at(0)), at(23)), Err(PasswordError::TooSoon { from: at(24) }));
        assert_eq!(policy().check_change(Some(at(0)), at(24)), Ok(()));
    }

    #[test]
    fn who_is_away_for_half_a_year_is_blocked_but_for_administrators() {
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(180 * 24);
        assert!(policy().is_unused(Timestamp::UNIX_EPOCH, false, later));
        assert!(!policy().is_unused(Timestamp::UNIX_EPOCH, true, later));
        let never = PasswordPolicy { unused_days_max: None, ..policy() };
        assert!(!never.is_unused(Timestamp::UNIX_EPOCH, false, later));
    }

    #[test]
    fn each_wrong_try_after_the_fifth_locks_for_longer() {
        let minutes = |wrong| policy().lock_after(wrong).map(|time| time.as_mins());
        assert_eq!(
            [0, 4, 5, 6, 8, 15, 16, 10_000].map(minutes),
            [None, None, Some(1), Some(2), Some(8), Some(1_024), Some(1_440), Some(1_440)]
        );
    }

    #[test]
    fn a_generated_password_passes_every_policy() {
        let mut seed = 1u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 8
        };
        let strict = PasswordPolicy { length_min: 30, classes_min: 4, ..policy() };
        for policy in [policy(), strict] {
            let (one, other) = (policy.generate(&mut random), policy.generate(&mut random));
            assert_eq!(policy.check_form(&one, "ada"), Ok(()), "{one}");
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_policy_is_never_weaker_than_its_floor() {
        assert_eq!(policy().check(), Ok(()));
        assert_eq!(PasswordPolicy { length_min: 7, ..policy() }.check(), Err(PolicyError::Length));
        assert_eq!(PasswordPolicy { classes_min: 0, ..policy() }.check(), Err(PolicyError::Classes));
        assert_eq!(PasswordPolicy { tries: 0, ..policy() }.check(), Err(PolicyError::Tries));
        assert_eq!(PasswordPolicy { valid_days: Some(0), ..policy() }.check(), Err(PolicyError::Days));
    }
}
