//! HTTP vendors without I/O, a file each: the request that sends a message, what the answer means,
//! and what a delivery report says. One shared sender does the calls.

pub mod alaris;
pub mod callback;
pub mod receipt;
