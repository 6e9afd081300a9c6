//! What a client asks about its messages: query_sm and cancel_sm. Only what came over its own connection is
//! known to it; any other id is answered as one that never was. It may ask as often as it may send.

use domain::id::{ConnectionId, MessageId};
use domain::message::{Message, Status};
use smpp::CommandStatus;
use smpp::pdu::{CancelSm, QuerySm, QuerySmResp};
use smpp::receipt::ReceiptState;
use smpp::time::SmppTime;
use store::Store;
use tracing::warn;

use crate::chain;

/// How a message stands.
pub async fn query(
    store: &Store,
    connection: &ConnectionId,
    query: &QuerySm,
) -> Result<QuerySmResp, CommandStatus> {
    let message = own_message(store, connection, &query.message_id).await?;
    Ok(QuerySmResp {
        message_id: query.message_id.clone(),
        final_date: message.finished_at.map(|at| SmppTime::at(at).to_string()).unwrap_or_default(),
        message_state: state(message.status).number(),
        ..QuerySmResp::default()
    })
}

/// Calls a message back that no worker has yet. All from one address to another at once, without an id, is
/// not offered: nobody could say what became of them.
pub async fn cancel(store: &Store, connection: &ConnectionId, cancel: &CancelSm) -> CommandStatus {
    if cancel.message_id.is_empty() {
        return CommandStatus::RCANCELFAIL;
    }
    let message = match own_message(store, connection, &cancel.message_id).await {
        Ok(message) => message,
        Err(status) => return status,
    };
    match store.cancel_message(&message.id, runtime::now()).await {
        Ok(true) => CommandStatus::ROK,
        Ok(false) => CommandStatus::RCANCELFAIL,
        Err(error) => {
            warn!(message_id = %message.id, error = chain(error), "it cannot be called back");
            CommandStatus::RSYSERR
        }
    }
}

async fn own_message(store: &Store, connection: &ConnectionId, id: &str) -> Result<Message, CommandStatus> {
    let id = MessageId::parse(id).map_err(|_| CommandStatus::RINVMSGID)?;
    let found = store.message(&id).await.map_err(|error| {
        warn!(message_id = %id, error = chain(error), "it cannot be read");
        CommandStatus::RSYSERR
    })?;
    let is_own = |message: &Message| {
        message.handling.origin.as_ref().is_some_and(|origin| origin.connection == *connection)
    };
    found.filter(is_own).ok_or(CommandStatus::RINVMSGID)
}

/// As its receipt will say it (SMPP 3.4 section 5.2.28).
fn state(status: Status) -> ReceiptState {
    match status {
        Status::Accepted | Status::Queued | Status::Submitted => ReceiptState::Enroute,
        Status::Delivered => ReceiptState::Delivered,
        Status::Undelivered => ReceiptState::Undeliverable,
        Status::Expired => ReceiptState::Expired,
        Status::Rejected | Status::Unsent => ReceiptState::Rejected,
        Status::Canceled => ReceiptState::Deleted,
    }
}
