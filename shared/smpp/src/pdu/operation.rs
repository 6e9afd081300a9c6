//! The PDUs about messages sent before, and the one about a phone.

use bytes::Bytes;

use crate::address::Address;
use crate::tlv::Tlvs;

/// What became of a message? (SMPP 3.4 section 4.8)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuerySm {
    pub message_id: String,
    /// As in the submit.
    pub source: Address,
}

/// The answer to a query_sm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuerySmResp {
    pub message_id: String,
    /// When the message came to its end, as a [`SmppTime`](crate::time::SmppTime); empty before.
    pub final_date: String,
    /// The number of a [`ReceiptState`](crate::receipt::ReceiptState).
    pub message_state: u8,
    pub error_code: u8,
    pub tlvs: Tlvs,
}

/// Take back a message, or all from one address to another that are still there (section 4.9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelSm {
    pub service_type: String,
    /// Empty: all messages that the other fields fit.
    pub message_id: String,
    pub source: Address,
    pub destination: Address,
}

/// Put another text in the place of one that is still there (section 4.10).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplaceSm {
    pub message_id: String,
    pub source: Address,
    pub schedule: String,
    pub validity: String,
    pub registered_delivery: u8,
    pub default_message_id: u8,
    pub short_message: Bytes,
    /// Since 5.0.
    pub tlvs: Tlvs,
}

/// A phone can be reached again (section 4.12). It has no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertNotification {
    /// The phone.
    pub source: Address,
    /// Who wanted to reach it.
    pub esme: Address,
    pub tlvs: Tlvs,
}
