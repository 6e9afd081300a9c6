//! Links to vendors: [`connection`] is the task of one connection, [`keeper`] that of each of its
//! binds, [`job`] and [`block_job`] the walks of one message and of many through it,
//! [`deliveries`] what comes back, [`hints`] what it is about. [`disabled`] is the task of a connection that
//! carries nothing, [`elsewhere`] says what else a message can do than wait for its vendor.

pub mod bind;
mod block_job;
pub mod connection;
mod deliveries;
pub mod disabled;
mod elsewhere;
pub mod figures;
mod hints;
mod in_hand;
mod incoming;
mod job;
mod jobs;
mod keeper;
mod lane;
mod rate;
mod receipts;
mod sending;
mod sessions;
mod submit;
mod tls;
