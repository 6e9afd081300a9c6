//! What became of a mail: one record for each mail to each person, by which it is sent once as far as SMTP
//! allows, and by which people see what failed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::NotificationEvent;
use crate::id::{CompanyId, MailId, NotificationChannelId};

/// Over about a day; `infra/template.yaml` says it too.
pub const TRIES_MAX: u32 = 8;
/// No try takes longer: the function has less time, and its queue gives the mail to nobody else for longer.
const TRY_TIME_MAX: SignedDuration = SignedDuration::from_secs(60);
/// Servers can be wordy.
const ERROR_LENGTH_MAX: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// It is tried, or was and will be again.
    Waiting,
    /// The server has taken it.
    Sent,
    /// The server does not want it, or it could not be written; another try would not change that.
    Refused,
    /// Nobody took it in all the time that it was tried.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRecord {
    pub id: MailId,
    /// In whose name it was mailed.
    pub company: CompanyId,
    /// None for a test of a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<NotificationEvent>,
    pub recipient: String,
    pub status: MailStatus,
    /// What went wrong at the last try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub tries: u32,
    /// Over which it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<NotificationChannelId>,
    /// When its cause was.
    pub at: Timestamp,
    /// When it was tried last.
    pub tried_at: Timestamp,
}

/// Whether a mail is to be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextTry {
    /// It is, with this record.
    Now(MailRecord),
    /// It was sent, or is not wanted.
    Done,
    /// Somebody else is at it.
    UnderWay,
}

impl MailRecord {
    /// Of the first try.
    pub fn first(
        cause: &str,
        company: &CompanyId,
        event: Option<NotificationEvent>,
        recipient: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let recipient = recipient.trim().to_lowercase();
        Self {
            id: MailId::derived(&[company.as_str(), cause, &recipient]),
            company: company.clone(),
            event,
            recipient,
            status: MailStatus::Waiting,
            error: None,
            tries: 1,
            channel: None,
            at,
            tried_at: now,
        }
    }

    /// The record of the next try; none if the mail needs no other, or one may be under way.
    pub fn next_try(&self, now: Timestamp) -> NextTry {
        if matches!(self.status, MailStatus::Sent | MailStatus::Refused) {
            return NextTry::Done;
        }
        // A try that came to its end without the mail being taken says why.
        if self.error.is_none() && now.duration_since(self.tried_at) < TRY_TIME_MAX {
            return NextTry::UnderWay;
        }
        let (status, tries) = (MailStatus::Waiting, self.tries + 1);
        NextTry::Now(Self { status, error: None, tries, tried_at: now, ..self.clone() })
    }

    pub fn sent(self) -> Self {
        Self { status: MailStatus::Sent, error: None, ..self }
    }

    pub fn refused(self, error: impl ToString) -> Self {
        Self { status: MailStatus::Refused, error: Some(short(&error.to_string())), ..self }
    }

    /// Not taken this time: to be tried again unless it was tried often enough.
    pub fn not_taken(self, error: impl ToString) -> Self {
        let status = if self.tries < TRIES_MAX { MailStatus::Waiting } else { MailStatus::Failed };
        Self { status, error: Some(short(&error.to_string())), ..self }
    }
}

fn short(error: &str) -> String {
    error.chars().take(ERROR_LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(cause: &str, to: &str) -> MailRecord {
        let (event, at) = (NotificationEvent::PasswordReset, Timestamp::UNIX_EPOCH);
        MailRecord::first(cause, &CompanyId::new(1), Some(event), to, at, at)
    }

    #[test]
    fn one_cause_is_one_mail_to_each_address() {
        let mail = first("a", "Anna@x.example");
        assert_eq!(mail.id, first("a", " anna@x.example ").id);
        assert_ne!(mail.id, first("a", "ben@x.example").id);
        assert_ne!(mail.id, first("b", "anna@x.example").id);
    }

    #[test]
    fn a_mail_is_tried_by_one_at_a_time_and_again_until_it_is_taken() {
        let second = |seconds| Timestamp::from_second(seconds).unwrap();
        let mail = first("a", "anna@x.example");
        assert_eq!(mail.next_try(second(59)), NextTry::UnderWay);
        // Whoever tried it has died.
        assert!(matches!(mail.next_try(second(60)), NextTry::Now(again) if again.tries == 2));
        let put_off = mail.clone().not_taken("busy");
        let NextTry::Now(again) = put_off.next_try(second(1)) else { panic!("not tried again") };
        assert_eq!((again.tries, &again.error, again.tried_at), (2, &None, second(1)));
        assert_eq!(again.next_try(second(2)), NextTry::UnderWay);
        assert_eq!(again.sent().next_try(second(99)), NextTry::Done);
        assert_eq!(mail.refused("no").next_try(second(99)), NextTry::Done);
    }

    #[test]
    fn what_nobody_takes_has_failed_after_the_last_try() {
        let mail = first("a", "anna@x.example");
        assert_eq!(mail.clone().not_taken("busy").status, MailStatus::Waiting);
        let last = MailRecord { tries: TRIES_MAX, ..mail.clone() };
        assert_eq!(last.clone().not_taken("busy").status, MailStatus::Failed);
        assert_eq!(last.sent().status, MailStatus::Sent);
        assert_eq!(mail.refused("x".repeat(900)).error.map(|error| error.len()), Some(ERROR_LENGTH_MAX));
    }
}
