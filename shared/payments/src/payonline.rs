//! PayOnline: a hosted page that a signed address leads to, callbacks whose signature does not cover the
//! outcome, and a search that tells what was really paid (PayOnline API reference, 2020).
//!
//! A callback is therefore only a reason to search. A payment that was voided afterwards, which a
//! merchant can do for a day, is no longer found.
//!
//! Not here: fees, which PayOnline tells nowhere, and test payments, which look as real ones do: an
//! account is switched to the test gateway as a whole.

mod callback;
mod checkout;
mod search;

use md5::{Digest, Md5};

pub use callback::{Callback, read_callback};
pub use checkout::{Ask, Settings, checkout};
pub use search::{Found, FoundState, Search, read_search, search};

/// The digest that PayOnline calls the security key: `Name=value` pairs in a fixed order, joined by `&`,
/// the secret last. No value may hold an `&`, or it could be cut elsewhere.
fn security_key(pairs: &[(&str, &str)], secret: &str) -> [u8; 16] {
    let mut hash = Md5::new();
    for (name, value) in pairs {
        hash.update(format!("{name}={value}&"));
    }
    hash.update("PrivateSecurityKey=");
    hash.update(secret);
    hash.finalize().into()
}

/// As `2026-01-30 09:15:07`, in which PayOnline tells UTC.
fn is_time(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_digit() || b"-:. TZ".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}
