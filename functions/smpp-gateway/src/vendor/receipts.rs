//! What a vendor delivers to us: reports, which go to the progress queue and are only then
//! acknowledged.
//!
//! Messages from phones are not handled at this stage. They are refused with a temporary error, so
//! that the vendor keeps them for its retry period, and logged, so that nobody has to guess: to accept
//! one would lose it. A report that cannot be read is treated in the same way.

use std::sync::Arc;

use domain::id::ConnectionId;
use domain::receipt::ReceiptState;
use jiff::Timestamp;
use queue::Progress;
use smpp::esme::Delivery;
use smpp::receipt::{self, Receipt};
use smpp::{CommandStatus, DeliverSm};
use tracing::{debug, error, warn};

use crate::vendor::job::Lane;

/// "Not now": the vendor sends it again later (SMPP 3.4 section 5.1.3).
const NOT_NOW: CommandStatus = CommandStatus::RX_T_APPN;

/// Stores a delivery, then answers it.
pub async fn pass_on(lane: Arc<Lane>, delivery: Delivery) {
    let (connection, figures) = (&lane.connection, &lane.figures);
    if !receipt::is_receipt(&delivery.pdu) {
        warn!(%connection, destination = delivery.pdu.destination, "a message from a phone is refused for now");
        figures.phone_message();
        return delivery.refuse(NOT_NOW);
    }
    let Some(receipt) = receipt::parse(&delivery.pdu) else {
        let octets = delivery.pdu.payload().len();
        error!(%connection, octets, "a receipt without id or state is refused for now");
        figures.unreadable_receipt();
        return delivery.refuse(NOT_NOW);
    };
    debug!(%connection, reference = receipt.id, state = receipt.state_name, "receipt");
    let progress = progress(connection, &delivery.pdu, receipt, runtime::now());
    match lane.outbox.send(progress).await {
        Ok(()) => {
            figures.receipt();
            delivery.accept();
        }
        Err(_) => delivery.refuse(NOT_NOW), // the outbox has said why
    }
}

fn progress(connection: &ConnectionId, pdu: &DeliverSm, receipt: Receipt, at: Timestamp) -> Progress {
    Progress::ReceiptV1 {
        connection: connection.clone(),
        reference: receipt.id,
        state: state(receipt.state),
        error: receipt.error,
        // A report goes the other way: it comes from whom the message went to.
        recipient: Some(pdu.source.clone()).filter(|source| !source.is_empty()),
        at,
    }
}

/// The vendor's word in ours. `ACCEPTD` is not an end: some carriers report on after it.
fn state(state: receipt::ReceiptState) -> ReceiptState {
    use receipt::ReceiptState as Smpp;
    match state {
        Smpp::Enroute | Smpp::Accepted => ReceiptState::Enroute,
        Smpp::Delivered => ReceiptState::Delivered,
        Smpp::Expired => ReceiptState::Expired,
        Smpp::Deleted | Smpp::Undeliverable => ReceiptState::Undelivered,
        Smpp::Rejected => ReceiptState::Rejected,
        Smpp::Unknown => ReceiptState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, state: ReceiptState, error: Option<&str>) {
        let pdu = DeliverSm {
            esm_class: 0x04,
            source: "4915112345678".to_owned(),
            short_message: text.to_owned().into(),
            ..DeliverSm::default()
        };
        let receipt = receipt::parse(&pdu).unwrap();
        let said = progress(&ConnectionId::new(1), &pdu, receipt, Timestamp::UNIX_EPOCH);
        let expected = Progress::ReceiptV1 {
            connection: ConnectionId::new(1),
            reference: "0042".to_owned(),
            state,
            error: error.map(str::to_owned),
            recipient: Some("4915112345678".to_owned()),
            at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_receipt_is_passed_on_with_the_vendors_id_as_it_is_and_our_word_for_its_state() {
        check("id:0042 stat:DELIVRD err:000", ReceiptState::Delivered, Some("000"));
        check("id:0042 stat:UNDELIV err:21b", ReceiptState::Undelivered, Some("21b"));
        check("id:0042 stat:DELETED", ReceiptState::Undelivered, None);
        check("id:0042 stat:EXPIRED", ReceiptState::Expired, None);
        check("id:0042 stat:REJECTD", ReceiptState::Rejected, None);
        check("id:0042 stat:ACCEPTD", ReceiptState::Enroute, None);
        check("id:0042 stat:FROBBED", ReceiptState::Unknown, None);
    }
}
