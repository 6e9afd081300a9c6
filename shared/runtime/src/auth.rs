//! Who is calling. Without a [`Principal`] there is no call, and it carries the subtree it may see.

use axum::extract::{FromRef, FromRequestParts};
use domain::audit::{Act, Actor};
use domain::company::{Company, CompanyKind, Subtree};
use domain::id::{AuditId, CompanyId};
use domain::permission::{Area, Face, Grants, Level};
use domain::user::User;
use http::header::AUTHORIZATION;
use http::request::Parts;
use lambda_http::request::RequestContext;
use sha2::{Digest, Sha256};
use store::Store;

use crate::http::Problem;

/// Begins every API key, so that a leaked one is recognised by scanners.
pub const KEY_PREFIX: &str = "waybill_";

/// A company, or one of its users, that has shown a valid API key.
#[derive(Debug, Clone)]
pub struct Principal {
    pub company: Company,
    /// None for a key of the company itself, which may do what a master user may.
    pub user: Option<User>,
    /// As the audit log names it.
    pub actor: Actor,
    /// What it may see and do. In which companies is another matter: see `scope`.
    pub grants: Grants,
}

impl Principal {
    pub fn scope(&self) -> Subtree {
        Subtree { root: self.company.id.clone() }
    }

    pub fn may(&self, area: Area, level: Level) -> bool {
        self.grants.allows(area, level)
    }

    /// It does something now to a thing of the company with this path.
    pub fn act(&self, path: &[CompanyId]) -> Act {
        let id = AuditId::new(crate::fresh());
        Act { id, actor: self.actor.clone(), at: crate::now(), path: path.to_vec() }
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
        let actor = Actor {
            company: company.id.clone(),
            who: user.as_ref().map_or(key.id.as_str(), |user| user.id.as_str()).to_owned(),
            name: user.as_ref().map_or(key.name, |user| user.name.clone()),
            ip: client_address(parts),
        };
        let grants = faces_of(company.kind);
        Ok(Self { company, user, actor, grants })
    }
}

/// All that people of such a company can have. Clients have the client portal only.
pub fn faces_of(kind: CompanyKind) -> Grants {
    match kind {
        CompanyKind::Owner | CompanyKind::Reseller | CompanyKind::Seller => Grants::everything(),
        CompanyKind::Client => Grants::all_of(Face::ClientPortal),
    }
}

/// Where a request came from, as the gateway in front of the function saw it.
pub fn client_address(parts: &Parts) -> Option<String> {
    match parts.extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    }
}

fn unauthorized() -> Problem {
    Problem::new(401, "unauthorized", "Send `Authorization: Bearer <API key>` with a valid API key.")
}
