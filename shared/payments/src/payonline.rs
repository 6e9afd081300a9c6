//! PayOnline: a hosted page that a signed address leads to, callbacks whose signature does not cover the
//! outcome, and a search that tells what was really paid (PayOnline API reference, 2020).
//!
//! A callback is therefore only a reason to search. A payment that was voided afterwards, which a
//! merchant can do for a day, is no longer found.
//!
//! Lists tell what neither says: whether money is real, and what was refunded.
//!
//! Not here: fees, which PayOnline tells nowhere.

mod callback;
mod checkout;
mod list;
mod search;

use jiff::Timestamp;
use md5::{Digest, Md5};

pub use callback::{Callback, read_callback};
pub use checkout::{Ask, Settings, checkout};
pub use list::{LIST_SPAN_MAX, List, ListKind, Listed, list, read_list};
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

/// How PayOnline writes times, all of them in UTC.
const TIME: &str = "%Y-%m-%d %H:%M:%S";

fn write_time(time: Timestamp) -> String {
    time.strftime(TIME).to_string()
}

fn read_time(text: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime(TIME, text).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp())
}

/// As `2026-01-30 09:15:07`, in which PayOnline tells UTC.
fn is_time(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_digit() || b"-:. TZ".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}
