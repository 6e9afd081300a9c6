//! The rules of Waybill as plain functions and types: no async, no clock, no randomness, no AWS.
//!
//! Money is in [`money`] and [`wallet`]; who may see whom in [`company`]; what a message costs in
//! [`rating`] and [`quote`]; what happens to it in [`message`]; what is billed for it in [`edr`],
//! [`period`] and [`invoice`].

pub mod agreement;
pub mod alert;
pub mod allowance;
pub mod api_key;
pub mod audit;
pub mod bank;
pub mod bank_account;
pub mod batch;
pub mod catalog;
pub mod channel;
pub mod company;
pub mod connection;
pub mod credentials;
pub mod destination;
pub mod dictionary;
pub mod edr;
pub mod enabled;
pub mod export;
pub mod fee;
pub mod fee_rule;
pub mod handling;
pub mod id;
pub mod import;
pub mod incoming;
pub mod invoice;
pub mod lease;
pub mod legal_entity;
pub mod lookup;
pub mod message;
pub mod money;
pub mod notification;
pub mod order;
pub mod password;
pub mod payment;
pub mod payment_system;
pub mod period;
pub mod permission;
pub mod portal;
pub mod printable_form;
pub mod quote;
pub mod rating;
pub mod receipt;
pub mod reconcile;
pub mod record;
pub mod reselling;
pub mod role;
pub mod route;
pub mod second_factor;
pub mod segmentation;
pub mod self_registration;
pub mod sender;
pub mod session;
pub mod statement;
pub mod statistics;
pub mod top_up;
pub mod transfer;
pub mod two_factor;
pub mod upload;
pub mod user;
pub mod wallet;
