//! Callbacks against the payment-callback function on an embedded database: each top-up becomes exactly one
//! payment, whatever comes, however often and in whatever order.

#![allow(clippy::unwrap_used)]

// By this name a filter finds all of them, here and in the crates that read what is called.
#[path = "payment_callback/stripe.rs"]
mod payment_callbacks;
