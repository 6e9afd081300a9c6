//! What a client may ask of a server, each with the duty to answer it.

use tokio::sync::mpsc;

use crate::link::{Answer, Incoming, Responder};
use crate::pdu::{
    Body, CancelSm, MessageResp, QuerySm, QuerySmResp, ReplaceSm, SubmitMulti, SubmitMultiResp, SubmitSm,
    Unsuccess,
};
use crate::status::CommandStatus;

/// The requests of a client in the order they came. Dropped, each is refused with a temporary
/// error.
pub struct Requests {
    incoming: mpsc::Receiver<Incoming>,
}

/// One request. Dropped without an answer, the client is told to try later.
#[must_use = "the client waits for its answer"]
pub enum Request {
    /// A submit_sm or data_sm.
    Submit(Submit),
    SubmitMulti(SubmitMany),
    Query(Query),
    Cancel(Cancel),
    Replace(Replace),
}

impl Requests {
    pub(super) fn new(incoming: mpsc::Receiver<Incoming>) -> Self {
        Self { incoming }
    }

    /// The next request; `None` once the link is closed. Answer each on its own: a slow one should
    /// not hold up the others.
    pub async fn next(&mut self) -> Option<Request> {
        loop {
            let Incoming { body, responder } = self.incoming.recv().await?;
            return Some(match body {
                Body::SubmitSm(pdu) => Request::Submit(Submit { pdu, responder }),
                Body::DataSm(data) => Request::Submit(Submit { pdu: data.into(), responder }),
                Body::SubmitMulti(pdu) => Request::SubmitMulti(SubmitMany { pdu, responder }),
                Body::QuerySm(pdu) => Request::Query(Query { pdu, responder }),
                Body::CancelSm(pdu) => Request::Cancel(Cancel { pdu, responder }),
                Body::ReplaceSm(pdu) => Request::Replace(Replace { pdu, responder }),
                _ => continue, // nothing else is handed out
            });
        }
    }

    /// The next submit, for a server that serves nothing else and refuses it.
    pub async fn next_submit(&mut self) -> Option<Submit> {
        loop {
            match self.next().await? {
                Request::Submit(submit) => return Some(submit),
                Request::SubmitMulti(many) => many.refuse(CommandStatus::RSUBMITFAIL),
                Request::Query(query) => query.refuse(CommandStatus::RQUERYFAIL),
                Request::Cancel(cancel) => cancel.refuse(CommandStatus::RCANCELFAIL),
                Request::Replace(replace) => replace.refuse(CommandStatus::RREPLACEFAIL),
            }
        }
    }
}

/// One message for one destination.
#[must_use = "the client waits for its answer"]
pub struct Submit {
    pub pdu: SubmitSm,
    responder: Responder,
}

impl Submit {
    /// Takes the message under our id, at most 64 characters.
    pub fn accept(self, message_id: impl Into<String>) {
        let message = MessageResp { message_id: message_id.into(), ..MessageResp::default() };
        self.responder.answer(Answer::message(CommandStatus::ROK, message));
    }

    pub fn refuse(self, status: CommandStatus) {
        self.responder.answer(Answer::of(status));
    }

    /// Answers with parameters, such as `congestion_state`.
    pub fn answer(self, status: CommandStatus, answer: MessageResp) {
        self.responder.answer(Answer::message(status, answer));
    }

    /// For a message of which nobody knows whether it was taken: the client is not told that it was not.
    pub fn leave_unanswered(self) {
        self.responder.leave_unanswered();
    }
}

/// One message for many destinations.
#[must_use = "the client waits for its answer"]
pub struct SubmitMany {
    pub pdu: SubmitMulti,
    responder: Responder,
}

impl SubmitMany {
    /// Takes the message under one id for all destinations but these.
    pub fn accept(self, message_id: impl Into<String>, unsuccess: Vec<Unsuccess>) {
        let message_id = message_id.into();
        let answer = SubmitMultiResp { message_id, unsuccess, ..SubmitMultiResp::default() };
        self.responder.answer(Answer::other(CommandStatus::ROK, Body::SubmitMultiResp(answer)));
    }

    /// As [`Submit::leave_unanswered`].
    pub fn leave_unanswered(self) {
        self.responder.leave_unanswered();
    }

    pub fn refuse(self, status: CommandStatus) {
        self.responder.answer(Answer::of(status));
    }
}

/// A question about a message.
#[must_use = "the client waits for its answer"]
pub struct Query {
    pub pdu: QuerySm,
    responder: Responder,
}

impl Query {
    pub fn answer(self, answer: QuerySmResp) {
        self.responder.answer(Answer::other(CommandStatus::ROK, Body::QuerySmResp(answer)));
    }

    pub fn refuse(self, status: CommandStatus) {
        self.responder.answer(Answer::of(status));
    }
}

/// The wish that a message be not sent.
#[must_use = "the client waits for its answer"]
pub struct Cancel {
    pub pdu: CancelSm,
    responder: Responder,
}

impl Cancel {
    /// It is not sent.
    pub fn accept(self) {
        self.responder.answer(Answer::of(CommandStatus::ROK));
    }

    pub fn refuse(self, status: CommandStatus) {
        self.responder.answer(Answer::of(status));
    }
}

/// The wish that a message say something else.
#[must_use = "the client waits for its answer"]
pub struct Replace {
    pub pdu: ReplaceSm,
    responder: Responder,
}

impl Replace {
    /// It says so now.
    pub fn accept(self) {
        self.responder.answer(Answer::of(CommandStatus::ROK));
    }

    pub fn refuse(self, status: CommandStatus) {
        self.responder.answer(Answer::of(status));
    }
}
