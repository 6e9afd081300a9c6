//! Sessions of people who have logged in with a browser.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{SessionId, UserId};

/// That a session is used is written at most once in this time.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// However busy, a session ends after this: who has a stolen one has it no longer.
const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(24);
/// As browsers tell of themselves; more says nothing new.
const AGENT_LENGTH_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Made from the secret, which is nowhere stored.
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// Minutes without a request after which it ends, by the policy of when it began.
    pub idle_minutes: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What the browser calls itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
    /// The password was given by somebody else or is over: it is changed before anything else is done.
    #[serde(default)]
    pub password_due: bool,
    /// A second factor was shown in it. One that was opened before that was asked for may be anybody's.
    #[serde(default)]
    pub second_factor: bool,
}

impl Session {
    pub fn new(id: SessionId, user: &UserId, idle_minutes: u16, now: Timestamp) -> Self {
        Self {
            id,
            user: user.clone(),
            created_at: now,
            last_seen_at: now,
            idle_minutes,
            ip: None,
            agent: String::new(),
            password_due: false,
            second_factor: false,
        }
    }

    /// Where it was opened from.
    pub fn from(self, ip: Option<String>, agent: &str) -> Self {
        let agent = agent.chars().filter(|c| !c.is_control()).take(AGENT_LENGTH_MAX).collect();
        Self { ip, agent, ..self }
    }

    /// When it ends if no further request comes.
    pub fn ends_at(&self) -> Timestamp {
        let idle = self.last_seen_at + SignedDuration::from_mins(self.idle_minutes.into());
        idle.min(self.created_at + LENGTH_MAX)
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at() <= now
    }

    /// The session as it is to be stored for a request now, unless that was noted a moment ago.
    pub fn seen(&self, now: Timestamp) -> Option<Self> {
        (self.last_seen_at + NOTED_EVERY <= now).then(|| Self { last_seen_at: now, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_an_idle_time_and_after_a_day_at_the_latest() {
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let mut session = Session::new(SessionId::new(1), &UserId::new(1), 60, at(0));
        assert!(!session.is_over(at(59)) && session.is_over(at(60)));
        for minutes in (0..24 * 60).step_by(30) {
            session = session.seen(at(minutes)).unwrap_or(session);
            assert!(!session.is_over(at(minutes)), "{minutes}");
        }
        assert!(session.is_over(at(24 * 60)));
    }

    #[test]
    fn a_request_right_after_another_is_not_noted() {
        let session = Session::new(SessionId::new(1), &UserId::new(1), 60, Timestamp::UNIX_EPOCH);
        let after = |seconds| session.seen(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds));
        assert_eq!(after(59), None);
        assert!(after(60).is_some());
    }
}
