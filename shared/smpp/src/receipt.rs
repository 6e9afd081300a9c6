//! Delivery receipts: telling them apart, reading them, writing them, and the forms of their ids.
//!
//! The text is that of SMPP 3.4 appendix B with what vendors make of it; the samples of the tests
//! say what was seen. Optional parameters win over text. Mapping a state and error to a message's
//! status is a connection's setting and not done here.

mod date;
mod id;
mod state;
mod text;
mod write;

use jiff::civil::DateTime;

pub use date::read_date;
pub use id::id_forms;
pub use state::ReceiptState;
pub use write::ReceiptText;

use crate::pdu::DeliverSm;
use crate::tlv::Tlvs;
use text::Text;

/// The message type bits of `esm_class` that mean a receipt: final, acknowledgement, intermediate.
/// Other bits may be set beside them.
const ESM_CLASS_RECEIPT: u8 = 0x04 | 0x08 | ESM_CLASS_INTERMEDIATE;
const ESM_CLASS_INTERMEDIATE: u8 = 0x20;
/// The message type bits, and what they are in acknowledgements: that a phone has the message, that somebody
/// answers it with a key, that somebody ends a conversation (SMPP 3.4 section 5.2.12).
const ESM_CLASS_MESSAGE_TYPE: u8 = 0x3C;
const ESM_CLASS_ACKNOWLEDGEMENTS: [u8; 3] = [0x08, 0x10, 0x18];
/// For a receipt of our own.
pub const ESM_CLASS_FINAL: u8 = 0x04;

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The vendor's id as it stands in the receipt; look it up under its [`id_forms`].
    pub id: String,
    /// The id in the text when the one above came as a parameter and is written differently. Most
    /// often it is the same number in another notation; with some vendors it is the one they
    /// answered with.
    pub id_in_text: Option<String>,
    pub state: ReceiptState,
    /// The state in the vendor's own word (`DELIVRD`, `NOCRED`, ...), upper case.
    pub state_name: String,
    /// The vendor's error code: digits by the book, anything in practice.
    pub error: Option<String>,
    /// The end of the message in local time of an unknown zone, see [`Self::done_at`].
    pub done_at_raw: Option<String>,
    /// Whether it is a notification on the way, not the end.
    pub is_intermediate: bool,
}

impl Receipt {
    /// When the message came to its end, in the vendor's zone; `near` is about now, and decides
    /// between two readings of one date.
    pub fn done_at(&self, near: DateTime) -> Option<DateTime> {
        read_date(self.done_at_raw.as_deref()?, near)
    }
}

/// Whether a deliver_sm is a receipt and not a message from a phone: by `esm_class`, or by the
/// optional parameters that only receipts have. A text that merely looks like one is not enough:
/// anybody can write it on a phone.
pub fn is_receipt(pdu: &DeliverSm) -> bool {
    let has_id = || pdu.tlvs.receipted_message_id().is_some();
    pdu.esm_class & ESM_CLASS_RECEIPT != 0 || has_id() && parse(pdu).is_some()
}

/// Whether a deliver_sm says by its `esm_class` that it is an acknowledgement of whoever got a message, and not
/// a report of the vendor's. Some vendors send their receipts as such: see [`parse`].
pub fn is_acknowledgement(pdu: &DeliverSm) -> bool {
    ESM_CLASS_ACKNOWLEDGEMENTS.contains(&(pdu.esm_class & ESM_CLASS_MESSAGE_TYPE))
}

/// Reads a receipt; `None` when no id or no state can be found.
pub fn parse(pdu: &DeliverSm) -> Option<Receipt> {
    let text = Text::read(pdu.payload(), pdu.esm_class);
    let state_name = text.state.map(|state| state.to_ascii_uppercase());
    let state = match (pdu.tlvs.message_state(), &state_name) {
        (Some(number), _) => ReceiptState::from_number(number),
        (None, Some(name)) => ReceiptState::from_name(name),
        (None, None) => return None,
    };
    let (id, id_in_text) = match (pdu.tlvs.receipted_message_id(), text.id) {
        (Some(id), in_text) => {
            let other = in_text.filter(|in_text| *in_text != id);
            (id, other)
        }
        (None, in_text) => (in_text?, None),
    };
    Some(Receipt {
        id,
        id_in_text,
        state,
        state_name: state_name.filter(|name| !name.is_empty()).unwrap_or_else(|| state.name().to_owned()),
        error: error_from(&pdu.tlvs).or(text.error),
        done_at_raw: text.done_at,
        is_intermediate: pdu.esm_class & ESM_CLASS_INTERMEDIATE != 0,
    })
}

/// Three digits, as the text has it.
fn error_from(tlvs: &Tlvs) -> Option<String> {
    tlvs.network_error_code().map(|error| format!("{:03}", error.code))
}

#[cfg(test)]
mod tests;
