//! The portals' API from outside: requests to its router on embedded AWS services, beginning with the
//! bootstrap of an empty deployment. Everything a test needs is made through the API itself.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

mod billing;
mod bundles;
mod credit_log;
mod credits;
mod dictionaries;
mod document;
mod fees;
mod guide_examples;
mod imports;
mod individual_credits;
mod ledger;
mod lists;
mod lookups;
mod packs;
mod payments;
mod platform;
mod rate_changes;
mod rate_finder;
mod scales;
mod scopes;
mod selling;
mod sender_roads;
mod services;
mod settings;
mod shop;
mod smpp_connections;
mod tenancy;
mod unmatched;
mod users;
