//! The symmetric signature of Standard Webhooks 1.0: `v1,` and HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How a secret is told from others.
const PREFIX: &str = "whsec_";

/// A client's secret, as it is kept and shown to it: `whsec_` and base64.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningSecret {
    secret: String,
}

impl SigningSecret {
    /// A new one of 32 octets; Standard Webhooks want 24 to 64.
    pub fn new() -> Self {
        let octets: [u8; 32] = rand::random();
        Self { secret: format!("{PREFIX}{}", STANDARD.encode(octets)) }
    }

    /// The header for a body that is sent at `sent_at`, in Unix seconds.
    pub fn sign(&self, id: &str, sent_at: &str, body: &str) -> String {
        format!("v1,{}", STANDARD.encode(digest(&self.key(), id, sent_at, body)))
    }

    fn key(&self) -> Vec<u8> {
        let text = self.secret.strip_prefix(PREFIX).unwrap_or(&self.secret);
        // A secret that somebody set by hand need not be base64.
        STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec())
    }
}

impl Default for SigningSecret {
    fn default() -> Self {
        Self::new()
    }
}

fn digest(key: &[u8], id: &str, sent_at: &str, body: &str) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(format!("{id}.{sent_at}.{body}").as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of the specification.
    #[test]
    fn a_body_is_signed_as_the_standard_says() {
        let secret = SigningSecret { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned() };
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let (one, other) = (SigningSecret::new(), SigningSecret::new());
        assert_ne!(one.secret, other.secret);
        assert_eq!(one.key().len(), 32);
    }
}
