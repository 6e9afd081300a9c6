//! An answer, ours or the peer's, without the body of a whole PDU around it: most are a message id
//! and nothing else, and they pass through channels by the million.

use crate::pdu::{ANSWER_BIT, Body, MessageResp, command};
use crate::status::CommandStatus;

/// What is answered to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub status: CommandStatus,
    pub message: MessageResp,
    /// The body of an answer that says more than [`MessageResp`] can.
    pub other: Option<Box<Body>>,
}

impl Answer {
    /// A status and nothing else.
    pub fn of(status: CommandStatus) -> Self {
        Self { status, message: MessageResp::default(), other: None }
    }

    pub fn message(status: CommandStatus, message: MessageResp) -> Self {
        Self { status, message, other: None }
    }

    pub fn other(status: CommandStatus, body: Body) -> Self {
        Self { other: Some(Box::new(body)), ..Self::of(status) }
    }

    /// The peer's answer as it came.
    pub fn read(status: CommandStatus, body: Body) -> Self {
        match body {
            Body::SubmitSmResp(message) | Body::DeliverSmResp(message) | Body::DataSmResp(message) => {
                Self::message(status, message)
            }
            Body::SubmitMultiResp(_) | Body::QuerySmResp(_) => Self::other(status, body),
            _ => Self::of(status),
        }
    }

    /// The body of the answer to a request with this command id.
    pub fn into_body(self, request: u32) -> Body {
        if let Some(body) = self.other {
            return *body;
        }
        match request {
            command::SUBMIT_SM => Body::SubmitSmResp(self.message),
            command::DELIVER_SM => Body::DeliverSmResp(self.message),
            command::DATA_SM => Body::DataSmResp(self.message),
            command::SUBMIT_MULTI => Body::SubmitMultiResp(Default::default()),
            command::QUERY_SM => Body::QuerySmResp(Default::default()),
            command::CANCEL_SM => Body::CancelSmResp,
            command::REPLACE_SM => Body::ReplaceSmResp,
            other => Body::Other { command_id: other | ANSWER_BIT, body: Default::default() },
        }
    }
}
