//! Receipts of our own, by the book (SMPP 3.4 appendix B): text and parameters both, so that every
//! client finds what it looks for.

use std::fmt::Write;

use bytes::Bytes;
use jiff::civil::DateTime;

use super::{ESM_CLASS_FINAL, ReceiptState};
use crate::pdu::{DeliverSm, SubmitSm};
use crate::tlv;

/// How much of the message a receipt repeats.
const TEXT_OCTETS_MAX: usize = 20;
/// The kind of network that an error code without one is said to be of: GSM.
const NETWORK_GSM: u8 = 3;

/// What a receipt is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptText<'a> {
    /// The id as it was answered to the submit.
    pub id: &'a str,
    pub submitted_at: DateTime,
    pub done_at: DateTime,
    pub state: ReceiptState,
    /// Up to 999 is written by the book.
    pub error: u16,
    /// The message's own octets, of which the first are repeated; empty if it is not known.
    pub text: &'a [u8],
}

impl ReceiptText<'_> {
    /// The text of appendix B.
    pub fn octets(&self) -> Bytes {
        const DATE: &str = "%y%m%d%H%M";
        let (submitted_at, done_at) = (self.submitted_at.strftime(DATE), self.done_at.strftime(DATE));
        let delivered = u8::from(self.state == ReceiptState::Delivered);
        let (id, state, error) = (self.id, self.state.name(), self.error);
        let mut text = String::with_capacity(128 + id.len());
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "id:{id} sub:001 dlvrd:{delivered:03} submit date:{submitted_at} done date:{done_at} \
             stat:{state} err:{error:03} text:",
        );
        let mut octets = text.into_bytes();
        octets.extend(self.text.iter().take(TEXT_OCTETS_MAX));
        octets.into()
    }

    /// The receipt for a submit: the other way round, text and parameters.
    pub fn receipt_for(&self, submit: &SubmitSm) -> DeliverSm {
        let mut receipt = DeliverSm {
            source_ton: submit.destination_ton,
            source_npi: submit.destination_npi,
            source: submit.destination.clone(),
            destination_ton: submit.source_ton,
            destination_npi: submit.source_npi,
            destination: submit.source.clone(),
            esm_class: ESM_CLASS_FINAL,
            short_message: self.octets(),
            ..DeliverSm::default()
        };
        receipt.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, self.id);
        receipt.tlvs.push(tlv::MESSAGE_STATE, vec![self.state.number()]);
        if self.error != 0 {
            let [high, low] = self.error.to_be_bytes();
            receipt.tlvs.push(tlv::NETWORK_ERROR_CODE, vec![NETWORK_GSM, high, low]);
        }
        receipt
    }
}
