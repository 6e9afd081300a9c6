//! The receipt for a message, in the form that the simulator was told.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use smpp::long::part_of;
use smpp::receipt::ReceiptText;
use smpp::tlv::{self, Tlvs};
use smpp::{DeliverSm, SubmitSm};

use super::{Behaviour, Fate, ReceiptForm};

pub(super) fn receipt(behaviour: &Behaviour, submit: &SubmitSm, fate: Fate, id: u64) -> DeliverSm {
    let id = behaviour.receipt_id.write(id);
    let now = TimeZone::UTC.to_datetime(Timestamp::now());
    let (_, text) = part_of(submit);
    let said = ReceiptText {
        id: &id,
        submitted_at: now,
        done_at: now,
        state: fate.state,
        error: fate.error,
        text: &text,
    };
    in_form(said.receipt_for(submit), behaviour.receipt_form)
}

fn in_form(receipt: DeliverSm, form: ReceiptForm) -> DeliverSm {
    match form {
        ReceiptForm::Both => receipt,
        ReceiptForm::Text => DeliverSm { tlvs: Tlvs::default(), ..receipt },
        ReceiptForm::Parameters => DeliverSm { short_message: Bytes::new(), ..receipt },
        ReceiptForm::Payload => {
            let mut tlvs = Tlvs::default();
            tlvs.push(tlv::MESSAGE_PAYLOAD, receipt.short_message);
            DeliverSm { short_message: Bytes::new(), tlvs, ..receipt }
        }
    }
}

/// The same with sender and recipient the other way round.
pub(super) fn turned(message: DeliverSm) -> DeliverSm {
    DeliverSm {
        source_ton: message.destination_ton,
        source_npi: message.destination_npi,
        source: message.destination,
        destination_ton: message.source_ton,
        destination_npi: message.source_npi,
        destination: message.source,
        ..message
    }
}
