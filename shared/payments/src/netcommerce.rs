//! NetCommerce (iPAY, of Lebanon): a signed form that the payer's browser posts, and a signed result that
//! the same browser brings back. After the plugins of several shops; there is no public reference.
//!
//! The result is the confirmation: nothing is sent from server to server, and nothing can be asked. It
//! lies in the payer's hands, and its values are joined without anything between them, so the digits of a
//! refusal could be cut anew to read as an approval. Every field is therefore bound to what was asked for,
//! or to its shape, before the digest is looked at.
//!
//! Not here: fees, refunds and test flags, of which nothing is told. Test payments have a merchant number
//! and a key of their own.

mod callback;
mod checkout;

use sha2::{Digest, Sha256};

pub use callback::{Callback, Expected, Outcome, attempt_of, read_callback};
pub use checkout::{Ask, Form, Payer, Settings, checkout};

/// SHA-256 over values and key, one after the other with nothing between.
fn digest(values: &[&str], key: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for value in values {
        hash.update(value);
    }
    hash.update(key);
    hash.finalize().into()
}
