//! What all that is about people shares: the policy of their passwords, who may do what to whom, and mail to
//! them.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use domain::audit::Act;
use domain::company::Company;
use domain::credentials::{Credentials, Token, TokenPurpose};
use domain::id::{AuditId, UserId};
use domain::notification::{NotificationEvent, Values};
use domain::password::{PasswordPolicy, StoredPolicy};
use domain::permission::{Area, Grants};
use domain::portal::PortalDetails;
use domain::role::UserRole;
use domain::user::{Granting, User, UserError};
use http::header::USER_AGENT;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use queue::Mail;
use runtime::auth::{Principal, actor_of, client_address, user_grants};
use runtime::http::{Problem, unavailable};
use runtime::token::UserToken;
use store::{Store, Tries};
use tokio::sync::Semaphore;

use crate::error::{ApiError, written};
use crate::{App, rights};

/// Each takes 19 MiB and a processor for some tens of milliseconds.
static HASHING: Semaphore = Semaphore::const_new(2);
/// An address gets so many mails about one thing, and then none for an hour.
const MAILS_MAX: u32 = 3;
const MAILS_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Where a request without a principal comes from.
pub struct Caller {
    pub ip: Option<String>,
    pub agent: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { ip: client_address(parts), agent: agent.unwrap_or_default().to_owned() })
    }
}

impl Caller {
    /// From where it comes, for what is counted by address. Whoever has an IPv6 address has all of its /64.
    pub fn network(&self) -> String {
        let ip = self.ip.as_deref().unwrap_or("unknown");
        match ip.parse() {
            Ok(IpAddr::V6(ip)) => format!("{:x}", u128::from(ip) >> 64),
            Ok(IpAddr::V4(_)) | Err(_) => ip.to_owned(),
        }
    }

    /// Somebody does something to themselves without being logged in.
    pub fn act_as(&self, user: &User, company: &Company) -> Act {
        let actor = actor_of(user, self.ip.clone());
        Act { id: AuditId::new(runtime::fresh()), actor, at: runtime::now(), path: company.path.clone() }
    }
}

/// The owner's policy, or the one that holds until it sets another.
pub async fn policy(store: &Store) -> Result<PasswordPolicy, ApiError> {
    let stored = store.thing::<StoredPolicy>(StoredPolicy::ID).await?;
    Ok(stored.map(|stored| stored.policy).unwrap_or_default())
}

pub fn view(who: &Principal, company: &Company) -> Result<(), ApiError> {
    rights::view_own(who, &company.id, Area::Users, Area::PortalUsers)
}

pub fn manage(who: &Principal, company: &Company) -> Result<(), ApiError> {
    rights::manage_own(who, &company.id, Area::Users, Area::PortalUsers)
}

/// The roles of these names and ids, if the caller may give them to somebody of the company who had those.
pub async fn given_roles(
    app: &App,
    who: &Principal,
    company: &Company,
    names: &[String],
    had: &[UserRole],
) -> Result<Vec<UserRole>, ApiError> {
    let unknown = |name: &String| ApiError::from(UserError::NoSuchRole(name.clone()));
    let roles = names.iter().map(|name| UserRole::parse(name).ok_or_else(|| unknown(name)));
    let roles: Vec<UserRole> = roles.collect::<Result<_, _>>()?;
    let ids: Vec<_> = roles.iter().filter_map(|role| role.custom().cloned()).collect();
    let known = app.store.roles(&ids).await?;
    let granting = Granting { by: &who.company.id, own: &who.grants, to: company, known: &known };
    Ok(granting.check(&roles, had)?)
}

/// Whether the caller may hand this out to people or programs of the company.
pub fn check_grants(who: &Principal, company: &Company, grants: &Grants) -> Result<(), ApiError> {
    let granting = Granting { by: &who.company.id, own: &who.grants, to: company, known: &[] };
    Ok(granting.check_grants(grants)?)
}

/// Nobody changes a person who may do more than they: that person's rights would be theirs.
pub async fn check_not_above(
    app: &App,
    who: &Principal,
    company: &Company,
    user: &User,
) -> Result<(), ApiError> {
    let grants = user_grants(&app.store, company, user).await?;
    check_grants(who, company, &grants)
}

/// The person who is calling.
pub fn person(who: &Principal) -> Result<&User, ApiError> {
    who.user.as_ref().ok_or_else(|| {
        let detail = "This is for people: an API key of a company has no account.";
        Problem::new(403, "not_a_person", detail).into()
    })
}

/// The person who is calling in a session. A key of a user does what the user's roles say, and nothing to
/// what the user logs in with: whoever finds one would have the user.
pub fn person_in_session(who: &Principal) -> Result<&User, ApiError> {
    let user = person(who)?;
    if who.session.is_none() {
        let detail = "This is done in a session: log in. No API key changes its user's account.";
        return Err(Problem::new(403, "not_allowed", detail).into());
    }
    Ok(user)
}

/// Stores a changed person of a company. Its last administrator stays one: without any it could be managed by
/// nobody of its own.
pub async fn replace(
    app: &App,
    who: &Principal,
    company: &Company,
    before: &User,
    after: &User,
) -> Result<(), ApiError> {
    let is_administrator = |user: &User| user.master && user.is_active();
    let other = if is_administrator(before) && !is_administrator(after) {
        let mut others = app.store.users(&before.company).await?.into_iter();
        let other = others.find(|other| other.id != before.id && is_administrator(other));
        let detail = "This is the last administrator of the company.";
        Some(other.ok_or_else(|| Problem::new(409, "last_administrator", detail))?)
    } else {
        None
    };
    let act = who.act(&company.path);
    written(app.store.replace_user_beside(&act, before, after, other.as_ref()).await?)
}

/// What somebody proves themselves with, also before there is anything.
pub async fn credentials(app: &App, user: &UserId) -> Result<Credentials, ApiError> {
    Ok(app.store.credentials(user).await?.unwrap_or_else(|| Credentials::new(user)))
}

/// Whether a password is right; takes the same time where there is none.
pub async fn is_password(password: &str, stored: Option<&str>) -> Result<bool, ApiError> {
    let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
    hashing(move || runtime::password::verify_or_pretend(&password, stored.as_deref())).await
}

/// What is stored of a new password that the policy lets pass.
pub async fn new_password(
    password: &str,
    login: &str,
    known: &Credentials,
    policy: &PasswordPolicy,
) -> Result<String, ApiError> {
    policy.check_form(password, login)?;
    let (known, policy, password) = (known.clone(), policy.clone(), password.to_owned());
    let hashed = hashing(move || {
        known.check_history(&policy, |hash| runtime::password::verify(&password, hash))?;
        Ok::<_, ApiError>(runtime::password::hash(&password).map_err(unavailable)?)
    });
    hashed.await?
}

async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let _turn = HASHING.acquire().await.map_err(unavailable)?;
    Ok(tokio::task::spawn_blocking(work).await.map_err(unavailable)?)
}

/// A new link for somebody, and what is stored of it.
pub fn link_token(user: &UserId, purpose: TokenPurpose, expires_at: Timestamp) -> (UserToken, Token) {
    let token = UserToken::new(user);
    let stored = Token { purpose, hash: token.hash(), expires_at };
    (token, stored)
}

/// Who has a link that can be followed now, with what they prove themselves with.
pub async fn token_owner(
    app: &App,
    text: &str,
    purpose: TokenPurpose,
) -> Result<(User, Company, Credentials), ApiError> {
    let expired = || {
        let detail = "This link was used before, has expired or was taken back. Ask for another one.";
        ApiError::from(Problem::new(422, "link_expired", detail).field("token"))
    };
    let token = UserToken::parse(text).ok_or_else(expired)?;
    let known = app.store.credentials(&token.user).await?.ok_or_else(expired)?;
    if !known.takes(purpose, &token.hash(), runtime::now()) {
        return Err(expired());
    }
    let user = app.store.any_user(&token.user).await?.ok_or_else(expired)?;
    let company = runtime::auth::enabled_company(&app.store, &user.company).await?;
    Ok((user, company, known))
}

/// Counts a mail about something to an address, which anybody could have named. Until when it gets no more
/// of them, if it gets none now.
pub async fn count_mail(app: &App, about: &str, email: &str) -> Result<Result<(), Timestamp>, ApiError> {
    let name = format!("{about} {}", email.trim().to_lowercase());
    let lock = |tries: Tries| tries.count.is_multiple_of(MAILS_MAX).then(|| tries.last_at + MAILS_PAUSE);
    Ok(app.store.count_try(&name, runtime::now(), lock).await?)
}

/// Puts a mail to somebody on the queue, in the name of the company above theirs. `cause` names why: the
/// same one is mailed once.
pub async fn mail(
    app: &App,
    company: &Company,
    to: &str,
    event: NotificationEvent,
    cause: &str,
    values: Values,
) -> Result<(), ApiError> {
    let mail = Mail::EventV1 {
        id: cause.to_owned(),
        company: company.tenant().unwrap_or(&company.id).clone(),
        legal_entity: company.settings.own_legal_entity.clone(),
        event,
        to: to.to_owned(),
        values,
        invoice: None,
        at: runtime::now(),
    };
    Ok(app.mail.send(&mail).await?)
}

/// For what only follows from a stored change: the change stands, and the log says what was not done.
pub fn note_failure(what: &'static str, done: Result<(), ApiError>) {
    if let Err(error) = done {
        tracing::error!(what, ?error, "a change is stored without all that follows from it");
    }
}

/// Where people of a company find the product, as mails tell them.
pub struct Entrance {
    pub name: String,
    /// Without a slash at the end.
    pub url: String,
}

/// The portal of the legal entity that sells to the company, or of the nearest company of its path that has one
/// whose host name leads here; where nobody has, the platform itself.
pub async fn entrance(app: &App, company: &Company) -> Result<Entrance, ApiError> {
    Ok(match app.store.portal_of(company, None).await? {
        Some(portal) => {
            let PortalDetails { host, branding, .. } = portal.details;
            Entrance { name: branding.title, url: format!("https://{host}") }
        }
        None => Entrance { name: "Waybill".to_owned(), url: app.public_base_url.clone() },
    })
}

/// Named values of a mail about somebody.
pub fn values(user: &User, more: &[(&str, String)]) -> Values {
    let own = [("name", user.first_name.clone()), ("surname", user.last_name.clone())];
    let more = more.iter().cloned();
    own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// As mails say a time.
pub fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_that_one_caller_can_have_are_counted_together() {
        let network = |ip: &str| Caller { ip: Some(ip.to_owned()), agent: String::new() }.network();
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
