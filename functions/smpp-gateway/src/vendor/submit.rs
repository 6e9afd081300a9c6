//! A message as the submits that carry it ([`parts()`]), and an answer as what it means. No I/O.

mod parts;

use std::fmt;

use domain::connection::{ErrorAction, SmppLink};
use domain::message::VALIDITY_OVER;
use smpp::CommandStatus;
use smpp::esme::{SubmitAnswer, SubmitError};
use smpp::status::ErrorClass;
use tracing::warn;

use crate::vendor::receipts::REFERENCE_MAX;

pub use parts::parts;

/// What an answer, or the lack of one, says about a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, under this id, which is empty where the vendor gave none.
    Taken { reference: String },
    /// Not taken, and never will be.
    Refused(Refusal),
    /// Not taken; later it may be. Everything else should go slower, if the vendor says so.
    Busy { status: CommandStatus, slow_down: bool },
    /// It never left, because the link is gone.
    NotSent,
    /// It left, and no answer came.
    InDoubt,
}

/// Why a segment is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// By the vendor; another one may take the message or not.
    Vendor { status: CommandStatus, next_route: bool },
    /// It has something that SMPP cannot carry.
    Unwritable,
    /// It was not to be delivered any more.
    ValidityOver,
}

/// `smpp_0x0000000B_ESME_RINVDSTADR`: the number for machines, the name for people.
impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor { status, .. } => {
                write!(out, "smpp_0x{:08X}", status.0)?;
                status.name().map_or(Ok(()), |name| write!(out, "_ESME_{name}"))
            }
            Self::Unwritable => out.write_str("smpp_unwritable"),
            Self::ValidityOver => out.write_str(VALIDITY_OVER),
        }
    }
}

impl Refusal {
    /// Whether another vendor may take the message.
    pub fn next_route(&self) -> bool {
        matches!(self, Self::Vendor { next_route: true, .. })
    }
}

/// Reads an answer, by the vendor's own table of errors where the link has one.
pub fn verdict(answer: Result<SubmitAnswer, SubmitError>, link: &SmppLink) -> Verdict {
    match answer {
        Ok(answer) if answer.status.is_ok() => Verdict::Taken { reference: id(answer.message_id, link) },
        Ok(answer) => not_taken(answer.status, link),
        Err(SubmitError::Invalid(_)) => Verdict::Refused(Refusal::Unwritable),
        Err(SubmitError::NotSent) => Verdict::NotSent,
        Err(SubmitError::InDoubt) => Verdict::InDoubt,
    }
}

/// What is longer than an id is none: no receipt names it, and the store has no room for it.
fn id(answered: String, link: &SmppLink) -> String {
    if answered.len() <= REFERENCE_MAX {
        return answered;
    }
    warn!(host = link.host, octets = answered.len(), "the vendor's id is too long to be one");
    String::new()
}

fn not_taken(status: CommandStatus, link: &SmppLink) -> Verdict {
    match link.action_for(status.0).unwrap_or_else(|| usual_action(status)) {
        ErrorAction::Retry => Verdict::Busy { status, slow_down: false },
        ErrorAction::SlowDown => Verdict::Busy { status, slow_down: true },
        ErrorAction::NextRoute => Verdict::Refused(Refusal::Vendor { status, next_route: true }),
        ErrorAction::Stop => Verdict::Refused(Refusal::Vendor { status, next_route: false }),
    }
}

fn usual_action(status: CommandStatus) -> ErrorAction {
    match status.class() {
        ErrorClass::Retry => ErrorAction::Retry,
        ErrorClass::SlowDown => ErrorAction::SlowDown,
        ErrorClass::NextRoute => ErrorAction::NextRoute,
        ErrorClass::Stop => ErrorAction::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::connection::ErrorRule;

    /// What an answer is taken for, in words.
    #[track_caller]
    fn check(status: u32, errors: &[(u32, ErrorAction)], expected: &str) {
        let rule = |(status, action): &(u32, ErrorAction)| ErrorRule { status: *status, action: *action };
        let errors = errors.iter().map(rule).collect();
        let link = SmppLink { errors, ..SmppLink::new("smsc.example.com", 2775, "waybill") };
        let status = CommandStatus(status);
        let answer = SubmitAnswer { status, message_id: "a1".to_owned(), ..SubmitAnswer::default() };
        let said = match verdict(Ok(answer), &link) {
            Verdict::Taken { reference } => format!("taken as {reference}"),
            Verdict::Refused(refusal) if refusal.next_route() => format!("{refusal}, another may take it"),
            Verdict::Refused(refusal) => refusal.to_string(),
            Verdict::Busy { slow_down: true, .. } => "later, and slower".to_owned(),
            Verdict::Busy { slow_down: false, .. } => "later".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn an_answer_decides_whether_a_segment_is_taken_tried_again_or_given_up() {
        check(0x00, &[], "taken as a1");
        check(0x58, &[], "later, and slower");
        check(0x14, &[], "later, and slower");
        check(0x08, &[], "later");
        check(0x0B, &[], "smpp_0x0000000B_ESME_RINVDSTADR");
        check(0x0A, &[], "smpp_0x0000000A_ESME_RINVSRCADR, another may take it");
        check(0x456, &[], "smpp_0x00000456, another may take it");
        let link = SmppLink::new("smsc.example.com", 2775, "waybill");
        assert_eq!(verdict(Err(SubmitError::NotSent), &link), Verdict::NotSent);
        assert_eq!(verdict(Err(SubmitError::InDoubt), &link), Verdict::InDoubt);
    }

    #[test]
    fn an_answer_with_an_id_that_is_too_long_is_one_without() {
        let link = SmppLink::new("smsc.example.com", 2775, "waybill");
        for (octets, kept) in [(65, 65), (REFERENCE_MAX, REFERENCE_MAX), (REFERENCE_MAX + 1, 0)] {
            let answer = SubmitAnswer { message_id: "9".repeat(octets), ..SubmitAnswer::default() };
            assert_eq!(verdict(Ok(answer), &link), Verdict::Taken { reference: "9".repeat(kept) });
        }
    }

    #[test]
    fn a_vendors_own_table_goes_before_the_usual_one() {
        let errors = [
            (0x14, ErrorAction::NextRoute),
            (0x0B, ErrorAction::Retry),
            (0x456, ErrorAction::SlowDown),
            (0x0A, ErrorAction::Stop),
        ];
        check(0x14, &errors, "smpp_0x00000014_ESME_RMSGQFUL, another may take it");
        check(0x0B, &errors, "later");
        check(0x456, &errors, "later, and slower");
        check(0x0A, &errors, "smpp_0x0000000A_ESME_RINVSRCADR");
        check(0x58, &errors, "later, and slower");
    }
}
