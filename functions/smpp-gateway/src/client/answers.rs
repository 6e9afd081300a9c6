//! What a client is told, as a `command_status`.
//!
//! | refused because | status |
//! |---|---|
//! | the rate, also that of query_sm and cancel_sm, or too much at once | `ESME_RTHROTTLED` |
//! | the sender ID is unknown or not active | `ESME_RINVSRCADR` |
//! | the recipient is no number, is not sold, or has no price | `ESME_RINVDSTADR` |
//! | no vendor takes messages of the sender ID | `ESME_RSUBMITFAIL` |
//! | the funds do not suffice, at any level | `ESME_RSUBMITFAIL` |
//! | the company or an agreement is suspended | `ESME_RSUBMITFAIL` |
//! | the text is too long | `ESME_RINVMSGLEN` |
//! | something of ours did not answer, and nothing was charged | `ESME_RSYSERR` |
//!
//! An order of which it is not known whether it was charged has no answer, and its bind ends: a client that
//! was told of an error would send it again. The status that it has here is counted, and told only of a
//! destination of a submit_multi beside which another one was accepted.
//!
//! SMPP has no status for an empty account. `ESME_RMSGQFUL` and `ESME_RTHROTTLED` would make clients try
//! again at once, so it is a plain failure, and clients of 5.0 are told in words as well. What level cannot
//! pay they are not told: a client's seller is the seller's own business.

use smpp::pdu::MessageResp;
use smpp::{CommandStatus, tlv};

use super::account::Refusal;

/// From this version on, answers may explain themselves (SMPP 5.0 section 4.8.4.2).
const VERSION_WITH_REASONS: u8 = 0x50;

/// The status of a refused order.
pub fn status(refusal: &Refusal) -> CommandStatus {
    match refusal {
        Refusal::Throttled => CommandStatus::RTHROTTLED,
        Refusal::SenderUnknown | Refusal::SenderNotActive => CommandStatus::RINVSRCADR,
        Refusal::BadRecipient | Refusal::NoPrice(_) => CommandStatus::RINVDSTADR,
        Refusal::NoRoute | Refusal::NotEnough { .. } | Refusal::NotAllowed => CommandStatus::RSUBMITFAIL,
        Refusal::TooLong => CommandStatus::RINVMSGLEN,
        Refusal::Unavailable | Refusal::Unknown => CommandStatus::RSYSERR,
    }
}

/// The body of the answer to a refused order, for a client of this version.
pub fn explained(refusal: &Refusal, interface_version: u8) -> MessageResp {
    let mut answer = MessageResp::default();
    if VERSION_WITH_REASONS <= interface_version {
        answer.tlvs.push_text(tlv::ADDITIONAL_STATUS_INFO_TEXT, reason(refusal));
    }
    answer
}

fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Throttled => "more messages per second than are allowed",
        Refusal::SenderUnknown => "the sender ID is not known",
        Refusal::SenderNotActive => "the sender ID is not active",
        Refusal::BadRecipient => "the recipient is no number",
        Refusal::NoPrice(_) => "the destination is not sold",
        Refusal::NoRoute => "no connection takes messages of this sender ID",
        Refusal::NotEnough { .. } => "the funds do not suffice",
        Refusal::NotAllowed => "the account is suspended",
        Refusal::TooLong => "the text is too long",
        Refusal::Unavailable => "try again later",
        Refusal::Unknown => "not known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(refusal: Refusal, expected: CommandStatus) {
        assert_eq!(status(&refusal), expected, "{refusal}");
    }

    #[test]
    fn each_refusal_has_its_status() {
        check(Refusal::Throttled, CommandStatus::RTHROTTLED);
        check(Refusal::SenderUnknown, CommandStatus::RINVSRCADR);
        check(Refusal::SenderNotActive, CommandStatus::RINVSRCADR);
        check(Refusal::BadRecipient, CommandStatus::RINVDSTADR);
        check(Refusal::NoPrice("no_rate".to_owned()), CommandStatus::RINVDSTADR);
        check(Refusal::NoRoute, CommandStatus::RSUBMITFAIL);
        check(Refusal::NotEnough { level: 1 }, CommandStatus::RSUBMITFAIL);
        check(Refusal::NotAllowed, CommandStatus::RSUBMITFAIL);
        check(Refusal::TooLong, CommandStatus::RINVMSGLEN);
        check(Refusal::Unavailable, CommandStatus::RSYSERR);
    }

    #[test]
    fn only_a_client_of_5_0_is_told_in_words() {
        let refusal = Refusal::NotEnough { level: 2 };
        let told = |version| explained(&refusal, version).tlvs.additional_status_info();
        assert_eq!(told(0x50).as_deref(), Some("the funds do not suffice"));
        assert_eq!(told(0x34), None);
    }
}
