//! Passwords that were right lately, so that the next bind of the same client need not be hashed again.
//! What is kept is a digest under a key that only this process has, and that it has in memory only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::time::Instant;

const KNOWN_FOR: Duration = Duration::from_secs(10 * 60);
/// Two of each client, and more clients than one gateway serves.
const KNOWN_MAX: usize = 10_000;

pub struct Proofs {
    key: [u8; 32],
    /// By the stored password: a changed one is none of these. And by the name, of those that may still be
    /// looked up where others have to wait.
    known: Mutex<HashMap<String, (Instant, [u8; 32])>>,
}

impl Default for Proofs {
    fn default() -> Self {
        Self { key: rand::random(), known: Mutex::default() }
    }
}

impl Proofs {
    /// Whether this password was verified lately for the stored one, or for a name.
    pub fn knows(&self, stored: &str, password: &str) -> bool {
        let kept = self.known().get(stored).copied();
        let fresh = kept.filter(|(until, _)| Instant::now() < *until);
        // Compared in constant time.
        fresh.is_some_and(|(_, digest)| {
            self.mac(password).is_some_and(|mac| mac.verify_slice(&digest).is_ok())
        })
    }

    pub fn remember(&self, stored: &str, password: &str) {
        let Some(mac) = self.mac(password) else { return };
        let now = Instant::now();
        let mut known = self.known();
        if KNOWN_MAX <= known.len() {
            known.retain(|_, (until, _)| now < *until);
        }
        if known.len() < KNOWN_MAX {
            known.insert(stored.to_owned(), (now + KNOWN_FOR, mac.finalize().into_bytes().into()));
        }
    }

    /// A key of any length is one.
    fn mac(&self, password: &str) -> Option<Hmac<Sha256>> {
        Some(Hmac::<Sha256>::new_from_slice(&self.key).ok()?.chain_update(password.as_bytes()))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, (Instant, [u8; 32])>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_verified_password_is_known_for_some_minutes_and_for_its_stored_form_only() {
        let proofs = Proofs::default();
        assert!(!proofs.knows("$a", "secret"));
        proofs.remember("$a", "secret");
        assert!(proofs.knows("$a", "secret"));
        assert!(!proofs.knows("$a", "Secret"));
        assert!(!proofs.knows("$b", "secret"), "the password was changed");
        tokio::time::advance(KNOWN_FOR).await;
        assert!(!proofs.knows("$a", "secret"));
    }
}
