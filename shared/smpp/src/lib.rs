//! SMPP 3.4 (5.0 is accepted) over any byte stream.
//!
//! [`codec`] reads leniently and writes strictly, [`esme`] is the client's end of a bind and
//! [`smsc`] the server's; both run on the same link task. [`receipt`] reads and writes delivery
//! receipts and knows the forms of their ids. [`long`] cuts long messages and joins them, by the
//! headers of [`udh`] or by parameters; [`coding`] turns octets into text and back.
//!
//! Not here: what a message costs, who may bind, when to try again. No AWS, nothing of ours.

pub mod address;
pub mod codec;
pub mod coding;
pub mod esme;
mod link;
pub mod long;
pub mod pdu;
pub mod receipt;
pub mod smsc;
pub mod status;
pub mod tcp;
pub mod time;
pub mod tlv;
pub mod udh;

pub use pdu::{BindMode, DeliverSm, Pdu, SubmitSm};
pub use status::CommandStatus;
