//! The portals' API from outside: requests to its router on embedded AWS services, beginning with the
//! bootstrap of an empty deployment. Everything a test needs is made through the API itself.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

mod accounts;
mod assigned_senders;
mod banks;
mod billing;
mod bundles;
mod buying_credits;
mod credit_log;
mod credits;
mod deletion_races;
mod dictionaries;
mod document;
mod fees;
mod finance;
mod guide_examples;
mod http_connections;
mod imports;
mod incoming_messages;
mod individual_credits;
mod kept_secrets;
mod ledger;
mod ledger_reviews;
mod legal_entities;
mod lists;
mod lookups;
mod money_lists;
mod notifications;
mod packs;
mod payment_systems;
mod payments;
mod people;
mod people_account;
mod people_invitations;
mod people_keys;
mod people_login;
mod people_registration;
mod people_roles;
mod people_sms;
mod platform;
mod portals;
mod printing;
mod rate_changes;
mod rate_finder;
mod rerates;
mod scales;
mod scopes;
mod selling;
mod sender_channels;
mod sender_roads;
mod services;
mod settings;
mod shop;
mod smpp_connections;
mod statistics;
mod telling;
mod tenancy;
mod two_factor;
mod unmatched;
mod users;
