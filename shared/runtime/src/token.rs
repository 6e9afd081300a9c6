//! Secrets that are handed out once: 256 random bits, stored as a plain SHA-256, which tells nothing of so
//! many. Each begins with the id of what it is of, so that this is found by it.

use domain::id::{ApiKeyId, SessionId, UserId};
use sha2::{Digest, Sha256};

/// Begins every API key, so that a leaked one is recognised by scanners.
pub const KEY_PREFIX: &str = "waybill_";

/// What is stored of a secret.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// 256 random bits as text.
pub fn random() -> String {
    let random: [u8; 32] = rand::random();
    hex::encode(random)
}

/// A new secret of an API key.
pub fn api_key(id: &ApiKeyId) -> String {
    api_key_of(id, &random())
}

/// An API key's secret with these random digits.
pub fn api_key_of(id: &ApiKeyId, random: &str) -> String {
    format!("{KEY_PREFIX}{}_{random}", id.body())
}

/// Which API key a secret claims to be of.
pub fn api_key_id(secret: &str) -> Option<ApiKeyId> {
    let (body, _) = secret.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    ApiKeyId::parse(&format!("{}{body}", ApiKeyId::PREFIX)).ok()
}

/// A secret of somebody: a session's, or a link's.
#[derive(Clone)]
pub struct UserToken {
    pub user: UserId,
    text: String,
}

impl UserToken {
    pub fn new(user: &UserId) -> Self {
        Self { user: user.clone(), text: format!("{}.{}", user.body(), random()) }
    }

    /// None for what is no such token.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, _) = text.split_once('.')?;
        let user = UserId::parse(&format!("{}{body}", UserId::PREFIX)).ok()?;
        Some(Self { user, text: text.to_owned() })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is stored of it.
    pub fn hash(&self) -> String {
        hash(&self.text)
    }

    /// The session that it opens.
    pub fn session(&self) -> SessionId {
        SessionId::derived(&["session", &self.text])
    }

    /// What a page of ours sends with the session's cookie and no other page knows.
    pub fn csrf(&self) -> String {
        hash(&format!("csrf {}", self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_leads_to_what_it_is_of() {
        let (key, user) = (ApiKeyId::new(7), UserId::new(8));
        assert_eq!(api_key_id(&api_key(&key)), Some(key));
        let token = UserToken::new(&user);
        assert_eq!(UserToken::parse(token.text()).map(|token| token.user), Some(user.clone()));
        assert_ne!(UserToken::new(&user).hash(), token.hash());
        for bad in ["", "waybill_", "waybill_x_y", "x.y"] {
            assert!(api_key_id(bad).is_none() && UserToken::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_a_page_knows_does_not_open_the_session() {
        let token = UserToken::new(&UserId::new(8));
        assert_ne!(token.csrf(), token.hash());
        assert!(!token.csrf().contains(token.text()));
    }
}
