//! What people do about themselves.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::credentials::{Credentials, Totp};
use domain::session::Session;
use domain::user::{User, UserChange, plan_change, plan_leaving, plan_phone_proof};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use runtime::auth::{LoggedIn, Principal};
use runtime::http::{Body, Problem, unavailable};
use runtime::revision::{IfMatch, Versioned};
use runtime::{token, totp};
use serde::{Deserialize, Serialize};
use store::{Avatar, Written};
use utoipa::ToSchema;

use super::records::Revision;
use super::roles::{GrantsView, grants_view};
use super::users::UserView;
use super::{Edited, Reply};
use crate::App;
use crate::error::{ApiError, taken_login, written};
use crate::people::Caller;
use crate::sms_codes::{self, LOGIN, PHONE, Proof};
use crate::{people, schema, second_factor};

/// A picture takes its part of an item, which has 400 KB.
const AVATAR_BYTES_MAX: usize = 100_000;
/// What has to be typed.
const DELETE_WORDS: &str = "delete-account";
/// As apps name the platform.
const ISSUER: &str = "Waybill";

#[derive(Debug, Serialize, ToSchema)]
pub struct MyAccountView {
    #[serde(flatten)]
    user: UserView,
    /// The phone that your codes go to: the last one that was proved, which stays in force until another one is.
    /// Null while none is; the first code that you answer proves `phone` then.
    #[schema(example = "4915112345678")]
    proved_phone: Option<String>,
    /// What your roles let you do: by area, `view` or `manage`.
    #[schema(value_type = BTreeMap<String, schema::Level>)]
    grants: GrantsView,
    /// Whether an app's code is asked for when you log in.
    totp: bool,
    /// Whether you have asked for a second factor by yourself. You may lift it then, unless your company asks
    /// for one.
    two_factor_chosen: bool,
    /// How many codes that stand in for the app are left.
    recovery_codes_left: usize,
}

/// Your account.
#[utoipa::path(get, path = "/v1/my_account", tag = "my_account",
    responses((status = 200, description = "You", body = MyAccountView)))]
pub async fn show(State(app): State<App>, who: Principal) -> Edited<MyAccountView> {
    let user = people::person(&who)?.clone();
    answer(&app, &who, user).await
}

async fn answer(app: &App, who: &Principal, user: User) -> Edited<MyAccountView> {
    let known = people::credentials(app, &user.id).await?;
    let recovery = known.totp.as_ref().map_or(0, |totp| totp.recovery.len());
    let body = MyAccountView {
        grants: grants_view(&who.grants),
        totp: known.has_totp(),
        two_factor_chosen: user.two_factor_chosen,
        recovery_codes_left: recovery,
        proved_phone: user.proved_phone.clone(),
        user: user.clone().into(),
    };
    Ok(Versioned::new(user.revision, body))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MyAccountPatch {
    /// 1 to 60 characters.
    first_name: Option<String>,
    /// At most 60 characters.
    last_name: Option<String>,
    /// Where mail reaches you. Needs the password.
    email: Option<String>,
    /// In international form; null for none. Needs the password, and for another one a code as well if you log in
    /// with a second factor. Codes go to it once it is proved at `/v1/my_account/phone/proof`, and until then to the
    /// one that was proved before. Another one ends your other sessions, none ends all.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// As `en` or `pt-BR`; null for none.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// Another login.
    login: Option<String>,
    /// True if a second factor is to be asked for when you log in: an app's code, or else one by SMS, for which
    /// your phone has to be proved first. Needs the password; to lift it again a code as well. Both end your other
    /// sessions. What your company or an administrator asks for is lifted by them only.
    two_factor_required: Option<bool>,
    /// Your password, for another address, phone, login or second factor.
    password: Option<String>,
    /// The code of your second factor, to lift that or for another phone, after an answer `code_required`.
    #[schema(example = "287082")]
    code: Option<String>,
}

/// Change your account.
///
/// In a session, not with an API key. What is not named stays. Another address, phone or login needs the
/// password. Who lifts a second factor, or has one and names another phone, is answered 401 `code_required`
/// first, and sends the same again with the code. In a session from before a second factor was asked for, a phone is
/// not changed: 403 `second_factor_due`. Another phone is for people to call until it is proved.
#[utoipa::path(patch, path = "/v1/my_account", tag = "my_account", request_body = MyAccountPatch,
    params(Revision), security(("session" = [])),
    responses((status = 200, description = "You as you are now", body = MyAccountView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    caller: Caller,
    if_match: IfMatch,
    Body(body): Body<MyAccountPatch>,
) -> Edited<MyAccountView> {
    let user = people::person_in_session(&who)?;
    if_match.check(user.revision)?;
    let is_delicate = body.email.is_some() || body.phone.is_some() || body.login.is_some();
    let is_delicate = is_delicate || body.two_factor_required.is_some();
    let is_lifted = user.two_factor_required && body.two_factor_required == Some(false);
    if is_lifted && (!user.two_factor_chosen || who.company.settings.two_factor_required) {
        let detail = "You have to log in with two factors. Only an administrator can lift that.";
        return Err(Problem::new(403, "not_allowed", detail).field("two_factor_required").into());
    }
    let known = people::credentials(&app, &user.id).await?;
    if is_delicate {
        check_password(&app, &known, body.password.as_deref()).await?;
    }
    let ask = UserChange {
        first_name: body.first_name,
        last_name: body.last_name,
        email: body.email,
        phone: body.phone,
        language: body.language,
        login: body.login,
        two_factor_required: body.two_factor_required,
        by_themselves: true,
        ..UserChange::default()
    };
    let changed = plan_change(user, who.company.kind, ask)?;
    if !known.has_totp() {
        if changed.two_factor_required && !user.two_factor_required && changed.proved_phone.is_none() {
            let detail = "a phone number that is proved, or an app, is needed first";
            return Err(Problem::invalid("two_factor_required", detail).into());
        }
        if second_factor::is_required(&changed, &who.company)
            && user.phone.is_some()
            && changed.phone.is_none()
        {
            let detail =
                "you have to log in with two factors: tell another phone number, or use an app first";
            return Err(Problem::invalid("phone", detail).into());
        }
    }
    if let Some(login) = changed.login.as_deref().filter(|_| changed.login != user.login)
        && app.store.login_owner(login).await?.is_some_and(|owner| owner != user.id)
    {
        taken_login(Written::Taken)?;
    }
    // Last: a code is spent on nothing that is refused anyway.
    if is_lifted || changed.phone != user.phone {
        check_factor(&app, &caller, &who, user, &known, body.code.as_deref()).await?;
    }
    let act = who.act(&who.company.path);
    taken_login(app.store.replace_user(&act, user, &changed, None).await?)?;
    if changed.phone.is_none() && user.phone.is_some() {
        app.store.end_sessions(&user.id, None).await?;
    } else if changed.phone != user.phone || changed.two_factor_required != user.two_factor_required {
        // This one stays: in it the phone is proved, or put right.
        end_other_sessions(&app, &who, user).await?;
    }
    answer(&app, &who, changed).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneProof {
    /// The code that was sent to the phone, after an answer `code_required`.
    #[schema(example = "287082")]
    code: Option<String>,
}

/// Prove your phone.
///
/// The answer is 401 `code_required` first, and a code is on its way to your `phone`; send the same again with
/// it. From then on the codes that you log in with go there, and all your sessions end. A phone and a person get
/// 10 such codes a day. In a session from before a second factor was asked for the answer is 403
/// `second_factor_due`: log in again. Codes are sent by the nearest company above you that has set `login_codes`;
/// where none has, the answer is 409 `no_code_sender`: the phone stays there for people to call, and is no second
/// factor.
#[utoipa::path(post, path = "/v1/my_account/phone/proof", tag = "my_account", request_body = PhoneProof,
    security(("session" = [])),
    responses(
        (status = 200, description = "You, with a phone that is proved", body = MyAccountView),
        (status = 401, description = "`code_required`, `wrong_code`, or you are not logged in", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "`phone_proved`: there is none to prove; or `no_code_sender`",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn prove_phone(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<PhoneProof>,
) -> Edited<MyAccountView> {
    let user = people::person_in_session(&who)?;
    let Some(phone) = user.unproved_phone() else {
        let detail = "No phone of yours waits to be proved: tell another one first.";
        return Err(Problem::new(409, "phone_proved", detail).into());
    };
    check_shown(&who, user, &people::credentials(&app, &user.id).await?)?;
    match sms_codes::prove(&app, PHONE, &who.company, user, phone, body.code.as_deref()).await? {
        Proof::Given => {}
        Proof::NobodySends => {
            let detail = "No company above you sends codes, so no phone can be proved. It stays there for people \
                to call, and is no second factor: use an app.";
            return Err(Problem::new(409, "no_code_sender", detail).into());
        }
    }
    let proved = plan_phone_proof(user);
    written(app.store.replace_user(&who.act(&who.company.path), user, &proved, None).await?)?;
    app.store.end_sessions(&user.id, None).await?;
    answer(&app, &who, proved).await
}

/// Before somebody's second factor becomes another one: asks for a code of the one that they have.
async fn check_factor(
    app: &App,
    caller: &Caller,
    who: &Principal,
    user: &User,
    known: &Credentials,
    code: Option<&str>,
) -> Result<(), ApiError> {
    let is_required = second_factor::is_required(user, &who.company);
    let has_factor = known.has_totp() || (is_required && user.proved_phone.is_some());
    if !has_factor {
        return check_shown(who, user, known);
    }
    second_factor::check(app, caller, user, &who.company, known, code).await?;
    note_shown(app, who).await
}

/// A session from before a second factor was asked for changes none: it may be anybody's who knows the password.
/// Who has nothing that they could have shown goes on.
fn check_shown(who: &Principal, user: &User, known: &Credentials) -> Result<(), ApiError> {
    let has_factor = known.has_totp() || user.code_phone().is_some();
    let is_shown = who.session.as_ref().is_some_and(|session| session.second_factor);
    if second_factor::is_required(user, &who.company) && has_factor && !is_shown {
        let detail = "A second factor is asked for since you logged in. Log in again with it.";
        return Err(Problem::new(403, "second_factor_due", detail).into());
    }
    Ok(())
}

async fn note_shown(app: &App, who: &Principal) -> Result<(), ApiError> {
    if let Some(session) = who.session.clone().filter(|session| !session.second_factor) {
        app.store.replace_session(&Session { second_factor: true, ..session }).await?;
    }
    Ok(())
}

/// What was opened with the password or second factor of before.
async fn end_other_sessions(app: &App, who: &Principal, user: &User) -> Result<(), ApiError> {
    Ok(app.store.end_sessions(&user.id, who.session.as_ref().map(|session| &session.id)).await?)
}

/// Counted as a login is: a stolen session cannot try passwords.
async fn check_password(app: &App, known: &Credentials, password: Option<&str>) -> Result<(), ApiError> {
    let password =
        password.ok_or_else(|| Problem::invalid("password", "your password is needed for this"))?;
    let (policy, now) = (people::policy(&app.store).await?, runtime::now());
    let tries = format!("password {}", known.user);
    let lock = |tries: store::Tries| policy.lock_after(tries.count).map(|time| tries.last_at + time);
    app.store.count_try(&tries, now, lock).await?.map_err(|until| super::sessions::locked(until, now))?;
    let stored = known.password.as_ref().map(|password| password.hash.as_str());
    if !people::is_password(password, stored).await? {
        return Err(Problem::new(422, "wrong_password", "The password is wrong.").field("password").into());
    }
    Ok(app.store.forget_tries(&tries).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password of now.
    password: String,
    /// The next one, by the password policy.
    new_password: String,
}

/// Change your password.
///
/// Ends your other sessions. This is all that is allowed while a password is due.
#[utoipa::path(put, path = "/v1/my_account/password", tag = "my_account", request_body = PasswordChange,
    security(("session" = [])),
    responses((status = 204, description = "Changed")))]
pub async fn change_password(
    State(app): State<App>,
    LoggedIn(who): LoggedIn,
    Body(body): Body<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let user = people::person_in_session(&who)?;
    let (policy, now) = (people::policy(&app.store).await?, runtime::now());
    let known = people::credentials(&app, &user.id).await?;
    check_password(&app, &known, Some(&body.password)).await?;
    if !user.is_admin() {
        known.check_change(&policy, now)?;
    }
    let login = user.login.as_deref().unwrap_or_default();
    let hash = people::new_password(&body.new_password, login, &known, &policy).await?;
    let changed = known.with_password(hash, false, &policy, now);
    let act = who.act(&who.company.path);
    written(app.store.put_credentials(&act, "user.change_password", &changed).await?)?;
    end_other_sessions(&app, &who, user).await?;
    if let Some(session) = who.session.filter(|session| session.password_due) {
        let session = Session { password_due: false, ..session };
        app.store.replace_session(&session).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountDeletion {
    /// `delete-account`, typed.
    #[schema(example = "delete-account")]
    confirm: String,
    /// Your password.
    password: String,
}

/// Delete your account.
///
/// Ends your sessions, refuses your keys and frees your login. The last administrator stays.
#[utoipa::path(post, path = "/v1/my_account/deletion", tag = "my_account", request_body = AccountDeletion,
    security(("session" = [])),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<AccountDeletion>,
) -> Result<StatusCode, ApiError> {
    let user = people::person_in_session(&who)?;
    if body.confirm != DELETE_WORDS {
        return Err(Problem::invalid("confirm", format!("type `{DELETE_WORDS}`")).into());
    }
    let known = people::credentials(&app, &user.id).await?;
    check_password(&app, &known, Some(&body.password)).await?;
    people::replace(&app, &who, &who.company, user, &plan_leaving(user)).await?;
    app.store.end_sessions(&user.id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordProof {
    /// Your password.
    password: String,
    /// The code of your second factor, after an answer `code_required`.
    #[schema(example = "287082")]
    code: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TotpView {
    /// To type into an app that takes no picture.
    #[schema(example = "MZXW6YTBOI")]
    secret: String,
    /// To show as a QR code.
    #[schema(example = "otpauth://totp/Waybill:ada?secret=MZXW6YTBOI&issuer=Waybill")]
    url: String,
}

/// Begin to use an app for codes.
///
/// Nothing is asked for at a login until a code of it was confirmed. Whoever logs in with codes by SMS is
/// answered 401 `code_required` first, and sends the same again with the code.
#[utoipa::path(post, path = "/v1/my_account/totp", tag = "my_account", request_body = PasswordProof,
    security(("session" = [])),
    responses((status = 200, description = "What the app needs, this once", body = TotpView)))]
pub async fn enrol(
    State(app): State<App>,
    who: Principal,
    caller: Caller,
    Body(body): Body<PasswordProof>,
) -> Reply<TotpView> {
    let user = people::person_in_session(&who)?;
    let known = people::credentials(&app, &user.id).await?;
    check_password(&app, &known, Some(&body.password)).await?;
    if known.has_totp() {
        let detail = "An app is in use. Take it away before you begin with another.";
        return Err(Problem::new(409, "in_use", detail).into());
    }
    check_factor(&app, &caller, &who, user, &known, body.code.as_deref()).await?;
    let secret = second_factor::new_secret(&app, &user.id).await?;
    let act = who.act(&who.company.path);
    let begun = known.with_totp(Some(Totp::default()));
    written(app.store.put_credentials(&act, "user.begin_totp", &begun).await?)?;
    let account = user.login.as_deref().unwrap_or(&user.email);
    let url = totp::url(ISSUER, account, &secret);
    Ok(Json(TotpView { secret: totp::base32(&secret), url }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// What the app shows.
    #[schema(example = "287082")]
    code: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each stands in for the app once. They are shown this once.
    recovery_codes: Vec<String>,
}

/// Confirm an app with a code that it shows.
///
/// Ends your other sessions.
#[utoipa::path(post, path = "/v1/my_account/totp/confirmation", tag = "my_account", request_body = CodeRequest,
    security(("session" = [])),
    responses((status = 200, description = "From now on a code is asked for at every login",
        body = RecoveryCodes)))]
pub async fn confirm(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<CodeRequest>,
) -> Reply<RecoveryCodes> {
    let user = people::person_in_session(&who)?;
    let known = people::credentials(&app, &user.id).await?;
    if known.totp.is_none() || known.has_totp() {
        return Err(Problem::new(409, "not_begun", "Begin with an app first.").into());
    }
    check_shown(&who, user, &known)?;
    second_factor::count(&app, LOGIN, &user.id).await?;
    let Some(after) = second_factor::take(&app, &known, &body.code).await? else {
        return Err(Problem::new(422, "wrong_code", "The code is wrong.").field("code").into());
    };
    let (codes, recovery) = second_factor::recovery_codes();
    let step = after.totp.as_ref().map_or(0, |totp| totp.step);
    let confirmed = known.with_totp(Some(Totp { confirmed: true, step, recovery }));
    let act = who.act(&who.company.path);
    written(app.store.put_credentials(&act, "user.confirm_totp", &confirmed).await?)?;
    second_factor::forget(&app, LOGIN, &user.id).await?;
    end_other_sessions(&app, &who, user).await?;
    note_shown(&app, &who).await?;
    Ok(Json(RecoveryCodes { recovery_codes: codes }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpRemoval {
    /// Your password.
    password: String,
    /// What the app shows, or a recovery code; not before the app was confirmed.
    #[schema(example = "287082")]
    code: Option<String>,
}

/// Stop using an app.
///
/// Ends your other sessions. Where two factors are asked for, codes come by SMS from then on.
#[utoipa::path(post, path = "/v1/my_account/totp/removal", tag = "my_account", request_body = TotpRemoval,
    security(("session" = [])),
    responses((status = 204, description = "No code of it is asked for any more")))]
pub async fn remove(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<TotpRemoval>,
) -> Result<StatusCode, ApiError> {
    let user = people::person_in_session(&who)?;
    let known = people::credentials(&app, &user.id).await?;
    check_password(&app, &known, Some(&body.password)).await?;
    if second_factor::is_required(user, &who.company) && user.proved_phone.is_none() {
        let detail = "You have to log in with two factors: have a phone number proved first.";
        return Err(Problem::new(409, "phone_required", detail).into());
    }
    if known.has_totp() {
        let code = body.code.as_deref().ok_or_else(|| second_factor::code_required("totp"))?;
        second_factor::count(&app, LOGIN, &user.id).await?;
        if second_factor::take(&app, &known, code).await?.is_none() {
            return Err(second_factor::wrong_code());
        }
        second_factor::forget(&app, LOGIN, &user.id).await?;
    }
    let act = who.act(&who.company.path);
    // From what the password was checked against: whoever changed it meanwhile is not overwritten.
    written(app.store.put_credentials(&act, "user.remove_totp", &known.with_totp(None)).await?)?;
    end_other_sessions(&app, &who, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AvatarRequest {
    /// A PNG or JPEG file of at most 100 KB, in base64.
    #[schema(
        example = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
    )]
    content: String,
}

/// Put a picture of yourself there.
#[utoipa::path(put, path = "/v1/my_account/avatar", tag = "my_account", request_body = AvatarRequest,
    responses((status = 200, description = "You as you are now", body = MyAccountView)))]
pub async fn put_avatar(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<AvatarRequest>,
) -> Edited<MyAccountView> {
    let bad = |detail: &str| ApiError::from(Problem::invalid("content", detail));
    let bytes = STANDARD.decode(&body.content).map_err(|_| bad("it is no base64"))?;
    if AVATAR_BYTES_MAX < bytes.len() {
        return Err(bad("a picture has at most 100 KB"));
    }
    let media_type = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        _ => return Err(bad("only PNG and JPEG files are pictures here")),
    };
    let name = token::hash(&body.content)[..16].to_owned();
    let avatar = Avatar { media_type: media_type.to_owned(), content: body.content };
    set_avatar(&app, &who, Some(avatar), Some(name)).await
}

/// Take your picture away.
#[utoipa::path(delete, path = "/v1/my_account/avatar", tag = "my_account",
    responses((status = 200, description = "You as you are now", body = MyAccountView)))]
pub async fn delete_avatar(State(app): State<App>, who: Principal) -> Edited<MyAccountView> {
    set_avatar(&app, &who, None, None).await
}

async fn set_avatar(
    app: &App,
    who: &Principal,
    avatar: Option<Avatar>,
    name: Option<String>,
) -> Edited<MyAccountView> {
    let user = people::person(who)?;
    app.store.put_avatar(&user.id, avatar.as_ref()).await?;
    let ask = UserChange { avatar: Some(name), ..UserChange::default() };
    let changed = plan_change(user, who.company.kind, ask)?;
    let act = who.act(&who.company.path);
    written(app.store.replace_user(&act, user, &changed, None).await?)?;
    answer(app, who, changed).await
}

/// A user's picture.
#[utoipa::path(get, path = "/v1/users/{id}/avatar", tag = "users",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The file", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg")))))]
pub async fn avatar(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (user, _) = app.seen_by(&who).user(&id).await?;
    let avatar = app.store.avatar(&user.id).await?.filter(|_| user.avatar.is_some());
    let avatar = avatar.ok_or_else(|| Problem::not_found("picture"))?;
    let bytes = STANDARD.decode(avatar.content).map_err(unavailable)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(&avatar.media_type).map_err(unavailable)?);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    Ok(response)
}
