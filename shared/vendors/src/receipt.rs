//! What a delivery report tells, in our words and no vendor's.

use serde::{Deserialize, Serialize};

/// How far a vendor has brought a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// On its way.
    Enroute,
    /// Taken by the network. Final for some vendors.
    Accepted,
    Delivered,
    Undelivered,
    /// Its validity ended before it could be delivered.
    Expired,
    Rejected,
    /// The vendor itself does not know, and will not find out.
    Unknown,
}

impl ReceiptState {
    /// Reads the status words of SMPP 3.4 appendix B, which HTTP vendors use as well, and the further
    /// ones that are seen in use. None for a word of another vocabulary.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "ENROUTE" | "BUFFRED" | "BUFFERD" | "ACKED" => Self::Enroute,
            "ACCEPTD" => Self::Accepted,
            "DELIVRD" => Self::Delivered,
            "UNDELIV" | "DELETED" | "FAILED" | "SYSERR" | "NOCRED" => Self::Undelivered,
            "EXPIRED" | "IM_EXPD" => Self::Expired,
            "REJECTD" => Self::Rejected,
            "UNKNOWN" => Self::Unknown,
            _ => return None,
        })
    }
}

/// A delivery report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The vendor's id of the message, or of one part of it.
    pub vendor_ref: String,
    pub state: ReceiptState,
    /// The vendor's own code, as it is written: not always a number.
    pub error_code: Option<String>,
    /// The number as the vendor writes it.
    pub recipient: Option<String>,
}
