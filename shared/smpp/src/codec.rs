//! Octets to PDUs and back: frames are cut first, then decoded leniently; encoding is strict.

mod decode;
mod encode;
mod frame;

pub use decode::{DecodeError, decode};
pub use encode::{EncodeError, encode};
pub use frame::{Cut, FRAME_LENGTH_MAX_DEFAULT, Framer};

/// Octets of a PDU header: length, command id, status, sequence number.
pub const HEADER_LENGTH: usize = 16;
