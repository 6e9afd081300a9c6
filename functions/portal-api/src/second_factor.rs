//! The second thing that somebody proves themselves with at a login: the code of an app, or one of the codes
//! that stand in for a lost one.

use domain::company::Company;
use domain::credentials::{Credentials, Totp};
use domain::id::UserId;
use domain::user::User;
use jiff::{SignedDuration, Timestamp};
use runtime::http::Problem;
use runtime::{token, totp};
use serde::{Deserialize, Serialize};
use store::Tries;

use crate::App;
use crate::error::{ApiError, busy};
use crate::people::Caller;
use crate::routes::locked;
use crate::sms_codes::{self, LOGIN};

/// The user's guide, 8.4: three wrong codes give a pause of ten minutes.
const TRIES_MAX: u32 = 3;
const PAUSE: SignedDuration = SignedDuration::from_mins(10);
const RECOVERY_CODES: usize = 10;

/// The secret of somebody's app, as it is kept in the secret store.
#[derive(Serialize, Deserialize)]
struct Kept {
    totp: String,
}

fn secret_name(user: &UserId) -> String {
    format!("users/{user}")
}

/// A new secret of an app, kept until a code of it is shown.
pub async fn new_secret(app: &App, user: &UserId) -> Result<Vec<u8>, ApiError> {
    let secret = totp::secret();
    let name = secret_name(user);
    let kept = || Kept { totp: hex_of(&secret) };
    app.secrets.read_or_create(&name, kept).await?;
    app.secrets.replace(&name, &kept()).await?;
    Ok(secret)
}

async fn secret_of(app: &App, user: &UserId) -> Result<Vec<u8>, ApiError> {
    let kept: Kept = app.secrets.read(&secret_name(user)).await?;
    let byte = |place: usize| u8::from_str_radix(kept.totp.get(place..place + 2)?, 16).ok();
    Ok((0..kept.totp.len()).step_by(2).filter_map(byte).collect())
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Codes that stand in for the app, and what is stored of them.
pub fn recovery_codes() -> (Vec<String>, Vec<String>) {
    let code = || token::random()[..16].to_owned();
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| code()).collect();
    let hashes = codes.iter().map(|code| token::hash(code)).collect();
    (codes, hashes)
}

/// At a login, after the password: nothing for who has no second factor and needs none. The user as they are
/// then: a code by SMS may have proved their phone.
pub async fn check(
    app: &App,
    caller: &Caller,
    user: &User,
    company: &Company,
    known: &Credentials,
    code: Option<&str>,
) -> Result<User, ApiError> {
    if !known.has_totp() && !is_required(user, company) {
        return Ok(user.clone());
    }
    if !known.has_totp() {
        return sms_codes::check(app, caller, user, company, code).await;
    }
    let code = code.ok_or_else(|| code_required("totp"))?;
    count(app, LOGIN, &user.id).await?;
    let Some(after) = take(app, known, code).await? else { return Err(wrong_code()) };
    let act = caller.act_as(user, company);
    match app.store.put_credentials(&act, "session.second_factor", &after).await? {
        store::Written::Now => {
            forget(app, LOGIN, &user.id).await?;
            Ok(user.clone())
        }
        // The same code at the same moment is taken once.
        store::Written::Overtaken | store::Written::Taken => Err(busy()),
    }
}

/// Whether somebody has to log in with a second factor.
pub fn is_required(user: &User, company: &Company) -> bool {
    company.settings.two_factor_required || user.two_factor_required
}

/// What is known after a code was taken; none if it is wrong, or was taken before.
pub async fn take(app: &App, known: &Credentials, code: &str) -> Result<Option<Credentials>, ApiError> {
    let Some(stored) = &known.totp else { return Ok(None) };
    let (code, hash) = (code.trim(), token::hash(code.trim()));
    if stored.confirmed && stored.recovery.contains(&hash) {
        let recovery = stored.recovery.iter().filter(|other| **other != hash).cloned().collect();
        return Ok(Some(known.with_totp(Some(Totp { recovery, ..stored.clone() }))));
    }
    let secret = secret_of(app, &known.user).await?;
    let step = totp::step_of(&secret, code, stored.step, runtime::now());
    Ok(step.map(|step| known.with_totp(Some(Totp { step, ..stored.clone() }))))
}

fn tries(purpose: &str, user: &UserId) -> String {
    format!("{purpose} code tried by {user}")
}

/// Counts a code before it is judged. Wrong ones for one purpose lock nobody out of another.
pub async fn count(app: &App, purpose: &str, user: &UserId) -> Result<(), ApiError> {
    let now = runtime::now();
    app.store.count_try(&tries(purpose, user), now, pause_after).await?.map_err(|until| locked(until, now))
}

/// A code was right.
pub async fn forget(app: &App, purpose: &str, user: &UserId) -> Result<(), ApiError> {
    Ok(app.store.forget_tries(&tries(purpose, user)).await?)
}

/// After every three wrong codes.
fn pause_after(tries: Tries) -> Option<Timestamp> {
    (0 < tries.count && tries.count.is_multiple_of(TRIES_MAX)).then(|| tries.last_at + PAUSE)
}

pub fn code_required(method: &str) -> ApiError {
    let detail = "Send the same again with the `code` of your second factor.";
    Problem::new(401, "code_required", detail).figure("method", method).into()
}

pub fn wrong_code() -> ApiError {
    Problem::new(401, "wrong_code", "The code is wrong, or was used before.").field("code").into()
}
