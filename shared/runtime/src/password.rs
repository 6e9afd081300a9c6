//! Passwords that people choose and that are checked again and again: stored as Argon2id in a PHC string.
//!
//! Each takes some tens of milliseconds and 19 MiB on purpose, so whoever calls this bounds how many are
//! under way, and does it off the threads that serve others. API keys need none of this, see `auth`.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// The least that OWASP's Password Storage Cheat Sheet recommends for Argon2id: 19 MiB, two passes, one
/// lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("the password cannot be hashed")]
    Hash(#[source] argon2::password_hash::Error),
}

/// The PHC string to store, with a salt of its own. Takes as long as [`verify`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hashed = argon2().hash_password(password.as_bytes()).map_err(PasswordError::Hash)?;
    Ok(hashed.to_string())
}

/// Whether this is the password of a stored PHC string, whatever costs that string names. A text that is no
/// PHC string has no password, and takes no time.
pub fn verify(password: &str, stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    argon2().verify_password(password.as_bytes(), &parsed).is_ok()
}

/// Whether this is somebody's password. Takes as long where there is no such person, or none with a password:
/// then it is compared with one that nobody knows.
pub fn verify_or_pretend(password: &str, stored: Option<&str>) -> bool {
    static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash(&crate::token::random()).ok());
    match (stored, NOBODYS.as_deref()) {
        (Some(stored), _) => verify(password, stored),
        (None, Some(nobodys)) => {
            verify(password, nobodys);
            false
        }
        (None, None) => false,
    }
}

/// Makes what [`verify_or_pretend`] compares with, so that nobody waits for it.
pub fn prepare() {
    verify_or_pretend("", None);
}

fn argon2() -> Argon2<'static> {
    // The constants are within the bounds that are checked here.
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_that_was_hashed_is_verified() {
        let stored = hash("pw-Kq83z").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("pw-Kq83z", &stored));
        assert!(!verify("pw-Kq83y", &stored));
        assert!(!verify("", &stored));
    }

    #[test]
    fn nobodys_password_is_never_right() {
        assert!(!verify_or_pretend("", None) && !verify_or_pretend("pw-Kq83z", None));
        assert!(verify_or_pretend("pw-Kq83z", Some(&hash("pw-Kq83z").unwrap())));
    }

    #[test]
    fn the_same_password_is_stored_differently_each_time() {
        assert_ne!(hash("same").unwrap(), hash("same").unwrap());
    }

    #[test]
    fn what_is_no_stored_password_verifies_nothing() {
        for stored in ["", "pw-Kq83z", "$argon2id$v=19$m=19456"] {
            assert!(!verify("pw-Kq83z", stored), "{stored}");
        }
    }
}
