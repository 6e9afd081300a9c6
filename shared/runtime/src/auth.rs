//! Who is calling: a program with an API key, or a person with a session's cookie. Without a [`Principal`]
//! there is no call, and it carries the subtree it may see.

use axum::extract::{FromRef, FromRequestParts};
use domain::audit::{Act, Actor};
use domain::company::{Company, Subtree};
use domain::id::{AuditId, CompanyId, RoleId};
use domain::permission::{Area, Grants, Level};
use domain::session::Session;
use domain::user::{User, grants_of};
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use lambda_http::request::RequestContext;
use store::{Store, StoreError};

use crate::http::Problem;
use crate::token::{self, UserToken};

pub use domain::user::faces_of;

pub use crate::token::hash;

/// `__Host-` keeps it to this host over HTTPS (RFC 6265bis, 4.1.3.2).
pub const SESSION_COOKIE: &str = "__Host-session";
/// Comes with every request that changes something and has the cookie.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// A company, or one of its users, that has shown a valid API key or session.
#[derive(Debug, Clone)]
pub struct Principal {
    pub company: Company,
    /// None for a key of the company itself, which may do what a master user may.
    pub user: Option<User>,
    /// None for an API key.
    pub session: Option<Session>,
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

/// The same for a person who has to change the password before anything else: only what helps with that
/// takes one.
#[derive(Debug, Clone)]
pub struct LoggedIn(pub Principal);

impl<S> FromRequestParts<S> for Principal
where
    Store: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let LoggedIn(who) = LoggedIn::from_request_parts(parts, state).await?;
        if who.session.as_ref().is_some_and(|session| session.password_due) {
            let detail = "Change your password first: it was given to you, or it is over.";
            return Err(Problem::new(403, "password_due", detail));
        }
        Ok(who)
    }
}

impl<S> FromRequestParts<S> for LoggedIn
where
    Store: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let store = Store::from_ref(state);
        let now = crate::now();
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        match header.and_then(|value| value.strip_prefix("Bearer ")) {
            Some(secret) => of_api_key(&store, parts, secret.trim(), now).await.map(Self),
            None => of_session(&store, parts, now).await.map(Self),
        }
    }
}

async fn of_api_key(
    store: &Store,
    parts: &Parts,
    secret: &str,
    now: Timestamp,
) -> Result<Principal, Problem> {
    let id = token::api_key_id(secret).ok_or_else(unauthorized)?;
    let key = store.api_key(&id).await?.filter(|key| key.takes(&token::hash(secret), now));
    let key = key.ok_or_else(unauthorized)?;
    let ip = client_address(parts);
    if !key.is_allowed_from(ip.as_deref()) {
        let detail = "This API key may not be used from your address.";
        return Err(Problem::new(403, "address_not_allowed", detail));
    }
    let company = enabled_company(store, &key.company).await?;
    // One more read, for keys of users only. A key whose user is gone is no key.
    let user = match &key.user {
        Some(id) => Some(store.any_user(id).await?.filter(User::is_active).ok_or_else(unauthorized)?),
        None => None,
    };
    let mut grants = match &user {
        Some(user) => user_grants(store, &company, user).await?,
        None => faces_of(company.kind),
    };
    if let Some(scopes) = &key.scopes {
        grants = grants.at_most(scopes);
    }
    if key.is_use_news(now) {
        store.note_api_key_use(&key, now).await?;
    }
    let who = user.as_ref().map_or(key.id.as_str(), |user| user.id.as_str()).to_owned();
    let name = user.as_ref().map_or(key.name, |user| user.name.clone());
    let actor = Actor { company: company.id.clone(), who, name, ip };
    Ok(Principal { company, user, session: None, actor, grants })
}

async fn of_session(store: &Store, parts: &Parts, now: Timestamp) -> Result<Principal, Problem> {
    let token = session_token(&parts.headers).ok_or_else(unauthorized)?;
    let session = store.session(&token.user, &token.session(), now).await?.ok_or_else(unauthorized)?;
    let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let sent = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    if changes && sent != Some(token.csrf().as_str()) {
        let detail = "Send the session's `csrf_token` as `X-CSRF-Token`.";
        return Err(Problem::new(403, "csrf_token", detail));
    }
    let user = store.any_user(&token.user).await?.filter(User::is_active).ok_or_else(unauthorized)?;
    let company = enabled_company(store, &user.company).await?;
    let grants = user_grants(store, &company, &user).await?;
    let session = match session.seen(now) {
        Some(seen) => {
            store.note_session_seen(&seen).await?;
            seen
        }
        None => session,
    };
    let actor = actor_of(&user, client_address(parts));
    Ok(Principal { company, user: Some(user), session: Some(session), actor, grants })
}

/// A person, as the audit log names them.
pub fn actor_of(user: &User, ip: Option<String>) -> Actor {
    Actor { company: user.company.clone(), who: user.id.to_string(), name: user.name.clone(), ip }
}

/// The token in a session's cookie.
pub fn session_token(headers: &HeaderMap) -> Option<UserToken> {
    let headers = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut cookies = headers.flat_map(|header| header.split(';'));
    cookies
        .find_map(|cookie| cookie.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
        .and_then(UserToken::parse)
}

/// A company that may use the platform, as all above it may.
pub async fn enabled_company(store: &Store, id: &CompanyId) -> Result<Company, Problem> {
    let company = store.any_company(id).await?.ok_or_else(unauthorized)?;
    let path = store.companies(&company.path).await?;
    if path.len() != company.path.len() || path.iter().any(|company| !company.enabled || company.is_deleted())
    {
        return Err(Problem::new(403, "company_disabled", "This company, or one above it, is disabled."));
    }
    Ok(company)
}

/// What somebody's roles grant.
pub async fn user_grants(store: &Store, company: &Company, user: &User) -> Result<Grants, StoreError> {
    let custom: Vec<RoleId> = user.roles.iter().filter_map(|role| role.custom().cloned()).collect();
    let mut known = store.roles(&custom).await?;
    known.retain(|role| user.is_granted_by(role));
    Ok(grants_of(company.kind, &user.roles, &known))
}

/// Where a request came from, as the gateway in front of the function saw it.
pub fn client_address(parts: &Parts) -> Option<String> {
    match parts.extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    }
}

fn unauthorized() -> Problem {
    let detail = "Send `Authorization: Bearer <API key>` with a valid API key, or log in.";
    Problem::new(401, "unauthorized", detail)
}
