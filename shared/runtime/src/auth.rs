//! Who is calling. Without a [`Principal`] there is no call, and it carries the subtree it may see.

use axum::extract::{FromRef, FromRequestParts};
use domain::company::{Company, Subtree};
use domain::id::ApiKeyId;
use domain::user::User;
use http::header::AUTHORIZATION;
use http::request::Parts;
use sha2::{Digest, Sha256};
use store::Store;

use crate::http::Problem;

/// Begins every API key, so that a leaked one is recognised by scanners.
pub const KEY_PREFIX: &str = "waybill_";

/// A company, or one of its users, that has shown a valid API key.
#[derive(Debug, Clone)]
pub struct Principal {
    pub company: Company,
    pub key: ApiKeyId,
    /// None for a key of the company itself, which may do what a master user may.
    pub user: Option<User>,
}

impl Principal {
    pub fn scope(&self) -> Subtree {
        Subtree { root: self.company.id.clone() }
    }

    /// Whether it acts for the company, and not only for a person.
    pub fn is_master(&self) -> bool {
        self.user.as_ref().is_none_or(|user| user.master)
    }
}

/// What is stored of an API key.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

impl<S> FromRequestParts<S> for Principal
where
    Store: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let secret = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(unauthorized)?;
        let store = Store::from_ref(state);
        let key = store.api_key(&hash(secret.trim())).await?.ok_or_else(unauthorized)?;
        let company = store.any_company(&key.company).await?.ok_or_else(unauthorized)?;
        let path = store.companies(&company.path).await?;
        if path.len() != company.path.len() || path.iter().any(|company| !company.enabled) {
            return Err(Problem::new(403, "company_disabled", "This company, or one above it, is disabled."));
        }
        // One more read, for keys of users only. A key whose user is gone is no key.
        let user = match &key.user {
            Some(id) => Some(store.any_user(id).await?.ok_or_else(unauthorized)?),
            None => None,
        };
        Ok(Self { company, key: key.id, user })
    }
}

fn unauthorized() -> Problem {
    Problem::new(401, "unauthorized", "Send `Authorization: Bearer <API key>` with a valid API key.")
}
