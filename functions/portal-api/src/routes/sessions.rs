//! Logging in and out.

use std::slice;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::company::Company;
use domain::credentials::Credentials;
use domain::id::UserId;
use domain::password::PasswordPolicy;
use domain::session::Session;
use domain::user::{User, UserStatus};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use runtime::auth::{LoggedIn, Principal, SESSION_COOKIE, enabled_company, session_token};
use runtime::http::{Body, Problem, unavailable};
use runtime::token::UserToken;
use serde::{Deserialize, Serialize};
use store::Tries;
use utoipa::ToSchema;

use super::Reply;
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::people::{self, Caller};
use crate::second_factor;

/// Three times as long as a login can be; what is longer is nobody's, and is not looked up.
const LOGIN_LENGTH_MAX: usize = 100;
/// So many wrong tries come from one address within the window before it is locked.
const ADDRESS_FAILURES_MAX: u32 = 50;
const ADDRESS_WINDOW_SECONDS: i64 = 15 * 60;
/// No wrong password is answered sooner than this after it was found wrong. Noting it takes less, and nothing is
/// noted for a login that nobody has: how long the answer takes does not tell which those are.
const REFUSED_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// What you log in as, whatever the case.
    #[schema(example = "ada.l")]
    login: String,
    /// Your password.
    password: String,
    /// The code of your second factor, after an answer `code_required`.
    #[schema(example = "287082")]
    code: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SessionStarted {
    /// The session's id.
    id: String,
    /// Who has logged in.
    user: String,
    /// To be sent as `X-CSRF-Token` with every request that changes something.
    csrf_token: String,
    /// True if the password was given by somebody else or is over: nothing but another password is allowed
    /// until then.
    password_due: bool,
    /// Minutes without a request after which the session ends.
    idle_minutes: u16,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// The session's id.
    #[schema(example = "ses_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// Where it was opened from.
    ip: Option<String>,
    /// What the browser calls itself.
    agent: String,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// When it ends if it is not used any more.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

impl SessionView {
    fn new(session: Session, current: bool) -> Self {
        let ends_at = session.ends_at();
        let Session { id, ip, agent, created_at, last_seen_at, .. } = session;
        Self { id: id.into(), current, ip, agent, created_at, last_seen_at, ends_at }
    }
}

/// Log in.
///
/// The answer sets the session's cookie. Whoever has a second factor is answered 401 `code_required` first,
/// and sends the same again with the code. After a few wrong passwords a login is locked for a while, longer
/// each time: 429 `locked`, whoever tries. So is an address that many wrong tries come from.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = LoginRequest, security(()),
    responses(
        (status = 201, description = "Logged in", body = SessionStarted),
        (status = 401, description = "`wrong_login`, or `code_required` and what comes of codes", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn log_in(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<LoginRequest>,
) -> Result<Response, ApiError> {
    if LOGIN_LENGTH_MAX < body.login.chars().count() {
        return Err(wrong_login());
    }
    let (policy, now) = (people::policy(&app.store).await?, runtime::now());
    let from = from_address(&caller, now);
    count_address(&app, &policy, &from, now).await?;
    let tries = format!("login {}", body.login.trim().to_lowercase());
    count_login(&app, &policy, &tries, now).await?;
    let known = Known::find(&app, &body.login).await?;
    let stored = known.password();
    if !people::is_password(&body.password, stored.as_deref()).await? {
        let noted = known.note_refusal(&app, &caller);
        let (noted, ()) = tokio::join!(noted, tokio::time::sleep(REFUSED_AFTER));
        return Err(noted.err().unwrap_or_else(wrong_login));
    }
    let Known { user: Some(user), credentials: Some(credentials) } = known else {
        return Err(wrong_login());
    };
    app.store.forget_tries(&tries).await?;
    app.store.uncount_try(&from).await?;
    let company = enabled_company(&app.store, &user.company).await?;
    check_standing(&user, &policy, now)?;
    let code = body.code.as_deref();
    let user = second_factor::check(&app, &caller, &user, &company, &credentials, code).await?;
    begin(&app, &caller, &user, &company, &credentials, &policy).await
}

fn wrong_login() -> ApiError {
    Problem::new(401, "wrong_login", "Login or password is wrong.").into()
}

/// What is tried from one address in this quarter of an hour.
fn from_address(caller: &Caller, now: Timestamp) -> String {
    format!("address {} {}", caller.network(), now.as_second().div_euclid(ADDRESS_WINDOW_SECONDS))
}

/// Counts before it is judged, as for a login: wrong tries with many logins are no less tries. A right one is
/// taken back, and forgets none of the wrong ones.
async fn count_address(
    app: &App,
    policy: &PasswordPolicy,
    from: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    let lock = |tries: Tries| {
        let beyond = tries.count.checked_sub(ADDRESS_FAILURES_MAX)?;
        policy.lock_after(beyond.saturating_add(policy.tries.into())).map(|time| tries.last_at + time)
    };
    app.store.count_try(from, now, lock).await?.map_err(|until| locked(until, now))
}

/// Counts before it is judged, under the text that was sent: nobody learns so whether there is such a login.
async fn count_login(
    app: &App,
    policy: &PasswordPolicy,
    tries: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    let lock = |tries: Tries| policy.lock_after(tries.count).map(|time| tries.last_at + time);
    app.store.count_try(tries, now, lock).await?.map_err(|until| locked(until, now))
}

/// 429: too many wrong tries.
pub fn locked(until: Timestamp, now: Timestamp) -> ApiError {
    let seconds = until.duration_since(now).as_secs().max(1);
    let detail = format!("Too many wrong tries. Try again in {seconds} seconds.");
    Problem::new(429, "locked", detail).figure("retry_after", seconds).into()
}

/// What there is to a login. As much is read where there is none.
struct Known {
    user: Option<User>,
    credentials: Option<Credentials>,
}

impl Known {
    async fn find(app: &App, login: &str) -> Result<Self, ApiError> {
        let owner = app.store.login_owner(login).await?;
        let id = owner.unwrap_or_else(|| UserId::derived(&["nobody", login]));
        let user = app.store.any_user(&id).await?;
        let credentials = app.store.credentials(&id).await?;
        Ok(Self { user, credentials })
    }

    fn password(&self) -> Option<String> {
        let password = self.credentials.as_ref()?.password.as_ref()?;
        Some(password.hash.clone())
    }

    /// Notes a refused login in the log of the user's company. The log of nobody's company tells nothing of
    /// a login that nobody has: a password typed in the wrong place would stand there.
    async fn note_refusal(&self, app: &App, caller: &Caller) -> Result<(), ApiError> {
        let Some(user) = &self.user else {
            tracing::info!(ip = caller.ip, "a login that nobody has was refused");
            return Ok(());
        };
        let Some(company) = app.store.any_company(&user.company).await? else { return Ok(()) };
        let act = caller.act_as(user, &company);
        Ok(app.store.audit(&act, "session.refuse", user.id.as_str()).await?)
    }
}

/// Whether somebody may be there at all, told only to who knows the password.
fn check_standing(user: &User, policy: &PasswordPolicy, now: Timestamp) -> Result<(), ApiError> {
    let refused = |code, detail: &str| Err(Problem::new(403, code, detail).into());
    match user.status {
        UserStatus::Active => {}
        UserStatus::Waiting => {
            return refused("waits_for_review", "Your registration waits for a review.");
        }
        _ => return refused("user_inactive", "Your account is not active."),
    }
    if policy.is_unused(user.last_seen_at.unwrap_or(user.created_at), user.is_admin(), now) {
        return refused("unused_too_long", "You have been away for too long. Ask your administrator.");
    }
    Ok(())
}

/// Opens a session and answers its cookie. Another password or second factor ends sessions: one that began
/// meanwhile with what was before is ended here.
pub async fn begin(
    app: &App,
    caller: &Caller,
    user: &User,
    company: &Company,
    credentials: &Credentials,
    policy: &PasswordPolicy,
) -> Result<Response, ApiError> {
    let (token, now) = (UserToken::new(&user.id), runtime::now());
    let password_due = credentials.is_password_due(policy, now);
    let session = Session::new(token.session(), &user.id, policy.idle_minutes, now);
    let second_factor = credentials.has_totp() || second_factor::is_required(user, company);
    let session = session.from(caller.ip.clone(), &caller.agent);
    let session = Session { password_due, second_factor, ..session };
    app.store.put_session(&session).await?;
    if is_overtaken(app, user, credentials).await? {
        app.store.end_session(&user.id, &session.id).await?;
        return Err(wrong_login());
    }
    app.store.note_seen(user, now).await?;
    app.store.audit(&caller.act_as(user, company), "session.create", user.id.as_str()).await?;
    let body = SessionStarted {
        id: session.id.into(),
        user: user.id.to_string(),
        csrf_token: token.csrf(),
        password_due,
        idle_minutes: policy.idle_minutes,
    };
    with_cookie((StatusCode::CREATED, Json(body)).into_response(), token.text(), None)
}

/// Whether somebody proves themselves with something else by now.
async fn is_overtaken(app: &App, before: &User, known: &Credentials) -> Result<bool, ApiError> {
    let credentials = people::credentials(app, &before.id).await?;
    if credentials.password != known.password || credentials.has_totp() != known.has_totp() {
        return Ok(true);
    }
    let asked = |user: &User| (user.code_phone().map(str::to_owned), user.two_factor_required);
    let user = app.store.any_user(&before.id).await?;
    Ok(user.as_ref().map(asked) != Some(asked(before)))
}

/// `age` 0 makes a browser forget it.
fn with_cookie(mut response: Response, value: &str, age: Option<u32>) -> Result<Response, ApiError> {
    let age = age.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let cookie = format!("{SESSION_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{age}");
    response.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(&cookie).map_err(unavailable)?);
    Ok(response)
}

/// Your session.
///
/// With the token that a page needs after it was loaded anew.
#[utoipa::path(get, path = "/v1/sessions/current", tag = "sessions",
    security(("session" = [])),
    responses(
        (status = 200, description = "The session of the cookie", body = SessionStarted),
        (status = 404, description = "An API key has no session", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn current(LoggedIn(who): LoggedIn, headers: HeaderMap) -> Reply<SessionStarted> {
    let (Some(session), Some(token)) = (who.session, session_token(&headers)) else {
        return Err(no_session());
    };
    Ok(Json(SessionStarted {
        id: session.id.into(),
        user: session.user.into(),
        csrf_token: token.csrf(),
        password_due: session.password_due,
        idle_minutes: session.idle_minutes,
    }))
}

/// Log out.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions",
    security(("session" = [])),
    responses(
        (status = 204, description = "The session is over"),
        (status = 404, description = "An API key has no session", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn log_out(State(app): State<App>, LoggedIn(who): LoggedIn) -> Result<Response, ApiError> {
    let Some(session) = &who.session else { return Err(no_session()) };
    let (act, ended) = (who.act(&who.company.path), slice::from_ref(&session.id));
    app.store.log_out(&act, &session.user, ended).await?;
    with_cookie(StatusCode::NO_CONTENT.into_response(), "", Some(0))
}

fn no_session() -> ApiError {
    Problem::new(404, "not_found", "You have used an API key, which has no session.").into()
}

/// Where you are logged in.
#[utoipa::path(get, path = "/v1/my_account/sessions", tag = "my_account",
    responses((status = 200, description = "Your sessions, the last used first", body = List<SessionView>)))]
pub async fn list(State(app): State<App>, who: Principal) -> Reply<List<SessionView>> {
    let user = people::person(&who)?;
    let own = who.session.as_ref().map(|session| &session.id);
    let sessions = app.store.sessions(&user.id, runtime::now()).await?;
    let view = |session: Session| {
        let current = own == Some(&session.id);
        SessionView::new(session, current)
    };
    Ok(Json(List { items: sessions.into_iter().map(view).collect(), next: None }))
}

/// End one of your sessions.
#[utoipa::path(delete, path = "/v1/my_account/sessions/{id}", tag = "my_account",
    params(("id" = String, Path, description = "The session's id")),
    security(("session" = [])),
    responses((status = 204, description = "It is over")))]
pub async fn end(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let user = people::person_in_session(&who)?;
    let sessions = app.store.sessions(&user.id, runtime::now()).await?;
    let session = sessions.iter().find(|session| session.id.as_str() == id);
    let session = session.ok_or_else(|| Problem::not_found("session"))?;
    app.store.log_out(&who.act(&who.company.path), &user.id, slice::from_ref(&session.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End your other sessions.
///
/// All but the one that asks.
#[utoipa::path(delete, path = "/v1/my_account/sessions", tag = "my_account",
    security(("session" = [])),
    responses((status = 204, description = "They are over")))]
pub async fn end_others(State(app): State<App>, who: Principal) -> Result<StatusCode, ApiError> {
    let user = people::person_in_session(&who)?;
    let own = who.session.as_ref().map(|session| &session.id);
    let sessions = app.store.sessions(&user.id, runtime::now()).await?.into_iter().map(|session| session.id);
    let others: Vec<_> = sessions.filter(|id| Some(id) != own).collect();
    app.store.log_out(&who.act(&who.company.path), &user.id, &others).await?;
    Ok(StatusCode::NO_CONTENT)
}
