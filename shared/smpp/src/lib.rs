//! SMPP 3.4 (5.0 is accepted) over any byte stream.
//!
//! [`codec`] reads leniently and writes strictly, [`esme`] is the client's end of a bind and
//! [`smsc`] the server's; both run on the same link task. [`receipt`] reads delivery receipts
//! and the forms of their ids, [`udh`] the headers of joined messages.
//!
//! Not here: what a message costs, who may bind, when to try again. No AWS, nothing of ours.

pub mod codec;
pub mod esme;
mod link;
pub mod pdu;
pub mod receipt;
pub mod smsc;
pub mod status;
pub mod tcp;
pub mod tlv;
pub mod udh;

pub use pdu::{BindMode, DeliverSm, Pdu, SubmitSm};
pub use status::CommandStatus;
