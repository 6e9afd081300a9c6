//! Another password for who has forgotten theirs.

use std::time::Duration;

use axum::extract::State;
use domain::credentials::{RESET_VALID, TokenPurpose};
use domain::notification::NotificationEvent;
use domain::user::{EMAIL_LENGTH_MAX, User};
use http::StatusCode;
use runtime::http::Body;
use serde::Deserialize;
use store::Written;
use utoipa::ToSchema;

use crate::App;
use crate::error::{ApiError, written};
use crate::people::{self, Caller};

/// No request is answered sooner. Storing a link and mailing it takes less, and neither is done for an address
/// that nobody has: how long the answer takes does not tell which those are.
const ANSWERED_AFTER: Duration = Duration::from_millis(250);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// Where mail reaches you.
    #[schema(example = "ada@example.com")]
    email: String,
}

/// Ask for another password.
///
/// Mails a link that is good once and for an hour, if somebody has this address. The answer is the same
/// whether or not.
#[utoipa::path(post, path = "/v1/password_resets", tag = "sessions", request_body = ResetRequest, security(()),
    responses((status = 202, description = "If the address is known, a mail is on its way")))]
pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<ResetRequest>,
) -> Result<StatusCode, ApiError> {
    let sent = send_to_all(&app, &caller, &body.email);
    let (sent, ()) = tokio::join!(sent, tokio::time::sleep(ANSWERED_AFTER));
    sent.map(|()| StatusCode::ACCEPTED)
}

/// To whoever has the address.
async fn send_to_all(app: &App, caller: &Caller, email: &str) -> Result<(), ApiError> {
    let email = email.trim().to_lowercase();
    if email.len() <= EMAIL_LENGTH_MAX && people::count_mail(app, "reset", &email).await?.is_ok() {
        for user in app.store.users_with_email(&email).await? {
            if user.is_active() && user.login.is_some() {
                send(app, caller, &user).await?;
            }
        }
    }
    Ok(())
}

async fn send(app: &App, caller: &Caller, user: &User) -> Result<(), ApiError> {
    let Some(company) = app.store.any_company(&user.company).await? else { return Ok(()) };
    let expires_at = runtime::now() + RESET_VALID;
    let (token, stored) = people::link_token(&user.id, TokenPurpose::Reset, expires_at);
    let known = people::credentials(app, &user.id).await?.with_token(Some(stored));
    let act = caller.act_as(user, &company);
    if app.store.put_credentials(&act, "user.ask_reset", &known).await? != Written::Now {
        return Ok(());
    }
    let entrance = people::entrance(app, &company).await?;
    let link = format!("{}/reset-password?token={}", entrance.url, token.text());
    let values = people::values(
        user,
        &[
            ("company_name", company.name.clone()),
            ("token_expiration_date", people::minute(expires_at)),
            ("password_reset_link", link),
        ],
    );
    let cause = format!("reset {} {}", user.id, token.hash());
    people::mail(app, &company, &user.email, NotificationEvent::PasswordReset, &cause, values).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetConfirmation {
    /// What stands behind `token=` in the link.
    token: String,
    /// By the password policy.
    password: String,
}

/// Take another password with a link that was mailed.
///
/// The link is spent by it, and all sessions end.
#[utoipa::path(post, path = "/v1/password_resets/confirmation", tag = "sessions",
    request_body = ResetConfirmation, security(()),
    responses((status = 204, description = "The new password holds")))]
pub async fn confirm(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<ResetConfirmation>,
) -> Result<StatusCode, ApiError> {
    let (user, company, known) = people::token_owner(&app, &body.token, TokenPurpose::Reset).await?;
    let policy = people::policy(&app.store).await?;
    let login = user.login.as_deref().unwrap_or_default();
    let hash = people::new_password(&body.password, login, &known, &policy).await?;
    let changed = known.with_password(hash, false, &policy, runtime::now());
    let act = caller.act_as(&user, &company);
    written(app.store.put_credentials(&act, "user.reset_password", &changed).await?)?;
    app.store.end_sessions(&user.id, None).await?;
    app.store.forget_tries(&format!("login {}", login.to_lowercase())).await?;
    Ok(StatusCode::NO_CONTENT)
}
