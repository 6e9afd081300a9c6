//! Links to vendors: [`connection`] is the task of one connection, [`job`] the walk of one message
//! through it.

pub mod bind;
pub mod connection;
pub mod figures;
mod in_hand;
mod job;
mod rate;
mod receipts;
mod sending;
mod submit;
