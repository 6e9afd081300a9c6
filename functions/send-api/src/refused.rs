//! Why a request is refused, in HTTP's words.

use domain::batch::Refusal;
use runtime::http::Problem;
use sending::SendError;
use store::AcceptError;

/// Why a request was not charged.
pub fn refused(error: AcceptError) -> Problem {
    match error {
        AcceptError::NotEnough { available, needed } => {
            let detail = format!("Your account has {available} left to spend and this needs {needed}.");
            Problem::new(402, "insufficient_funds", detail)
                .figure("level", 1)
                .figure("available", available)
                .figure("needed", needed)
        }
        AcceptError::NotEnoughAbove { level } => {
            let detail = "An account above yours cannot cover this at the moment. Tell your provider.";
            Problem::new(402, "insufficient_funds", detail).figure("level", level)
        }
        AcceptError::Suspended { level: 1 } => {
            Problem::new(403, "suspended", "This agreement is suspended: nothing can be sent under it.")
        }
        AcceptError::Suspended { level } => {
            let detail = "An agreement above yours is suspended. Tell your provider.";
            Problem::new(403, "suspended", detail).figure("level", level)
        }
        AcceptError::Refused(error) => Problem::new(422, error.code(), error.to_string()).field("recipients"),
        AcceptError::Store(error) => error.into(),
    }
}

/// What is wrong with a request.
pub fn problem(error: SendError) -> Problem {
    let detail = error.to_string();
    match error {
        SendError::NotAllowed => Problem::new(403, "sending_not_allowed", detail),
        SendError::Recipients => Problem::invalid("recipients", detail),
        SendError::Text | SendError::TooLong { .. } => Problem::invalid("text", detail),
        SendError::ClientReference => Problem::invalid("client_reference", detail),
        SendError::SegmentsMax => Problem::invalid("segments_max", detail),
        SendError::Sender(_) => Problem::invalid("sender", detail),
        SendError::Agreement(_) | SendError::AgreementAmbiguous => Problem::invalid("agreement", detail),
        SendError::AgreementNotInForce => {
            Problem::new(422, "agreement_not_in_force", detail).field("agreement")
        }
        SendError::AgreementUnknown => Problem::not_found("agreement").field("agreement"),
        SendError::SenderUnknown => Problem::new(422, "sender_unknown", detail).field("sender"),
        SendError::SenderNotActive => Problem::new(422, "sender_not_active", detail).field("sender"),
        SendError::NoRoute => Problem::not_found("connection"),
        SendError::Store(error) => error.into(),
    }
}

/// Every recipient was refused: nothing to send, and the first reason is as good as any.
pub fn nobody_left(refused: &[Refusal]) -> Problem {
    let first = refused.first();
    let code = first.map_or("invalid", |refusal| refusal.code.as_str());
    let detail = first.map_or("there is no recipient".to_owned(), |refusal| {
        format!("No recipient is left. {}: {}", refusal.recipient, refusal.detail)
    });
    Problem::new(422, code, detail).field("recipients")
}

pub fn try_again() -> Problem {
    Problem::new(503, "try_again", "Send the same request again, with the same Idempotency-Key.")
}
