//! The portals' API from outside: requests to its router on embedded AWS services, beginning with the
//! bootstrap of an empty deployment. Everything a test needs is made through the API itself.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

mod billing;
mod bundles;
mod credit_log;
mod credits;
mod document;
mod fees;
mod individual_credits;
mod ledger;
mod packs;
mod payments;
mod platform;
mod scales;
mod selling;
mod settings;
mod shop;
mod tenancy;
mod users;
