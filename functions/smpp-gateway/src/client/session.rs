//! A client's bind at work: each request is answered on its own, so a slow one holds up no other, and as
//! many run at once as the account's window allows, which `smpp::smsc` sees to.
//!
//! A submit is answered after its charge is stored. One whose charge is not known is not answered, and its
//! bind ends after the other answers, so that it is in doubt at the client as well.
//!
//! A submit_multi is one order for each destination, each charged by itself; its answer has room for one id,
//! which is the first accepted one's. The others are named by their receipts, each with an id of its own,
//! and can be asked for then. One whose charge is not known is answered as not reached where another one was
//! accepted: a client that sends again then pays at most that one twice, and without an answer all of them.

use std::sync::Arc;

use domain::id::MessageId;
use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};
use smpp::address::Address;
use smpp::pdu::{Destination, Unsuccess};
use smpp::smsc::{Request, Requests, ServerSession, Submit, SubmitMany};
use smpp::{CommandStatus, SubmitSm};
use store::Store;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::debug;

use super::account::{Account, Refusal};
use super::accounts::Sight;
use super::figures::Figures;
use super::intake::Intake;
use super::{answers, order, queries};

/// SMPP 3.4 section 4.5.1.
const DESTINATIONS_MAX: usize = 254;

/// What a bind works with.
pub struct Session {
    pub store: Store,
    pub intake: Intake,
    pub figures: Arc<Figures>,
    pub server: ServerSession,
    /// As the client said at its bind: 0x34 for 3.4, 0x50 for 5.0.
    pub interface_version: u8,
}

/// Why an order has no message.
enum NotOrdered {
    /// It cannot be read as one.
    Unreadable(CommandStatus),
    Refused(Refusal),
}

impl NotOrdered {
    fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Unknown))
    }

    fn status(&self) -> CommandStatus {
        match self {
            Self::Unreadable(status) => *status,
            Self::Refused(refusal) => answers::status(refusal),
        }
    }
}

impl Session {
    /// Serves until the link is closed. When the account is changed or disabled, or the process stops, the
    /// bind is ended in good order: what is in hand is answered first.
    pub async fn run(
        self,
        mut requests: Requests,
        mut account: Arc<Account>,
        mut sight: Sight,
        mut leave: watch::Receiver<bool>,
    ) {
        self.figures.may_send(account.rate);
        let mut in_hand = FuturesUnordered::new();
        let mut is_leaving = false;
        loop {
            tokio::select! {
                request = requests.next() => match request {
                    Some(request) => in_hand.push(self.serve(account.clone(), request)),
                    None => break,
                },
                Some(()) = in_hand.next() => {}
                _ = sight.changed(), if !is_leaving => match sight.borrow_and_update().clone() {
                    Some(now) => {
                        self.figures.may_send(now.rate);
                        account = now;
                    }
                    None => is_leaving = self.leave(),
                },
                _ = leave.wait_for(|leave| *leave), if !is_leaving => is_leaving = self.leave(),
            }
        }
        // Nobody waits for these answers any more, but what is being charged is not left halfway.
        while in_hand.next().await.is_some() {}
    }

    /// The link closes when nothing is in hand any more, or when that takes too long.
    fn leave(&self) -> bool {
        let server = self.server.clone();
        tokio::spawn(async move { server.unbind().await });
        true
    }

    /// One is in hand for each order of a window: what is rare is boxed, so that it takes no place in it.
    async fn serve(&self, account: Arc<Account>, request: Request) {
        let _slot = self.figures.slot();
        match request {
            Request::Submit(submit) => self.submit(&account, submit).await,
            Request::SubmitMulti(many) => Box::pin(self.submit_many(&account, many)).await,
            Request::Query(asked) if !self.intake.may_ask(&account) => {
                asked.refuse(CommandStatus::RTHROTTLED);
            }
            Request::Cancel(asked) if !self.intake.may_ask(&account) => {
                asked.refuse(CommandStatus::RTHROTTLED);
            }
            Request::Query(asked) => {
                match Box::pin(queries::query(&self.store, &account.connection, &asked.pdu)).await {
                    Ok(answer) => asked.answer(answer),
                    Err(status) => asked.refuse(status),
                }
            }
            Request::Cancel(asked) => {
                match Box::pin(queries::cancel(&self.store, &account.connection, &asked.pdu)).await {
                    CommandStatus::ROK => asked.accept(),
                    status => asked.refuse(status),
                }
            }
            // It is priced and charged as it is.
            Request::Replace(asked) => asked.refuse(CommandStatus::RREPLACEFAIL),
        }
    }

    async fn submit(&self, account: &Account, submit: Submit) {
        let came = Instant::now();
        match self.order(account, &submit.pdu).await {
            Ok(message) => submit.accept(message),
            Err(error) if error.is_in_doubt() => {
                submit.leave_unanswered();
                self.leave();
                return;
            }
            Err(NotOrdered::Unreadable(status)) => submit.refuse(status),
            Err(NotOrdered::Refused(refusal)) => {
                let answer = answers::explained(&refusal, self.interface_version);
                submit.answer(answers::status(&refusal), answer);
            }
        }
        self.figures.answered(came.elapsed());
    }

    async fn submit_many(&self, account: &Account, many: SubmitMany) {
        let destinations = &many.pdu.destinations;
        if destinations.is_empty() || DESTINATIONS_MAX < destinations.len() {
            return many.refuse(CommandStatus::RINVNUMDESTS);
        }
        let ordered = join_all(destinations.iter().map(async |destination| match destination {
            Destination::Address(address) => {
                let ordered = self.order(account, &many.pdu.to(address)).await;
                ordered.map_err(|error| (address.clone(), error))
            }
            // We keep no lists.
            Destination::List(name) => {
                let destination = Address { value: name.clone(), ..Address::default() };
                Err((destination, NotOrdered::Unreadable(CommandStatus::RINVDLNAME)))
            }
        }));
        let (mut accepted, mut unsuccess, mut is_in_doubt) = (None, Vec::new(), false);
        for one in ordered.await {
            match one {
                Ok(message) => accepted = accepted.or(Some(message)),
                Err((destination, error)) => {
                    is_in_doubt |= error.is_in_doubt();
                    unsuccess.push(Unsuccess { destination, status: error.status() });
                }
            }
        }
        match (accepted, unsuccess.first().map(|refused| refused.status)) {
            (Some(first), _) => many.accept(first, unsuccess),
            (None, _) if is_in_doubt => {
                many.leave_unanswered();
                self.leave();
            }
            (None, status) => many.refuse(status.unwrap_or(CommandStatus::RSUBMITFAIL)),
        }
    }

    async fn order(&self, account: &Account, submit: &SubmitSm) -> Result<MessageId, NotOrdered> {
        let zero = account.link.alphabet;
        let ordered = match order::read(&account.connection, zero, submit, runtime::now()) {
            Ok(order) => self.intake.accept(account, order).await.map_err(NotOrdered::Refused),
            Err(status) => Err(NotOrdered::Unreadable(status)),
        };
        match &ordered {
            Ok(message) => {
                self.figures.accepted();
                debug!(connection = %account.connection, message_id = %message, "accepted");
            }
            Err(error) => {
                self.figures.refused(error.status());
                debug!(connection = %account.connection, status = %error.status(), "refused");
            }
        }
        ordered
    }
}
