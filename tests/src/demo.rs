//! The demo: a small tenancy to play with, and a story that is played against a running stack and
//! checked figure by figure. It uses the public API and nothing else.

pub mod api;
pub mod seed;
pub mod smpp_client;
pub mod stack;
pub mod story;
pub mod tenancy;
