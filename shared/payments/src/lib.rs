//! Payment systems without I/O, a file each: what to send for a checkout, whether a callback is
//! authentic, and what it says.
//!
//! A callback never decides who is credited or how much: the caller compares what is read here with
//! the top-up it stored before it sent the payer away.

mod fields;
pub mod freedompay;
pub mod netcommerce;
pub mod payonline;
pub mod stripe;
mod xml;

pub use fields::{AskError, CallbackError, ReadError};
