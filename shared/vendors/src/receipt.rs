//! What a delivery report tells, in our words and no vendor's.

pub use domain::receipt::ReceiptState;

/// Reads the status words of SMPP 3.4 appendix B, which HTTP vendors use as well, and the further ones
/// that are seen in use. None for a word of another vocabulary.
///
/// `ACCEPTD` is taken for a message on its way: for most vendors another report follows. Where it is the
/// last one, the vendor's own words say so.
pub fn state_of_word(word: &str) -> Option<ReceiptState> {
    Some(match word.to_ascii_uppercase().as_str() {
        "ENROUTE" | "BUFFRED" | "BUFFERD" | "ACKED" | "ACCEPTD" => ReceiptState::Enroute,
        "DELIVRD" => ReceiptState::Delivered,
        "UNDELIV" | "DELETED" | "FAILED" | "SYSERR" | "NOCRED" => ReceiptState::Undelivered,
        "EXPIRED" | "IM_EXPD" => ReceiptState::Expired,
        "REJECTD" => ReceiptState::Rejected,
        "UNKNOWN" => ReceiptState::Unknown,
        _ => return None,
    })
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
