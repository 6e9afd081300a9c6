//! Invitations by e-mail, and signing up with one.

use axum::Json;
use axum::extract::{Path, State};
use domain::catalog::choice;
use domain::company::Company;
use domain::credentials::{Credentials, TokenPurpose};
use domain::id::UserId;
use domain::notification::NotificationEvent;
use domain::user::{
    NewUser, User, UserChange, UserStatus, master_roles, plan_invitation, plan_invited, plan_sign_up,
};
use jiff::{SignedDuration, Timestamp};
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use runtime::token::UserToken;
use serde::{Deserialize, Serialize};
use store::Written;
use utoipa::ToSchema;

use super::records::Revision;
use super::users::{UserView, open_wallets};
use super::{Edited, Reply};
use crate::App;
use crate::error::{ApiError, taken_login, written};
use crate::people::{self, Caller};
use crate::second_factor;
use crate::sms_codes::{self, PHONE, Proof};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The company, yours or one below you; yours unless told.
    company: Option<String>,
    /// Where the invitation is sent to.
    #[schema(example = "ada@example.com")]
    email: String,
    /// Names of system roles and ids of others, together not more than you have yourself. People of a client
    /// have roles of the client portal only.
    #[serde(default)]
    #[schema(example = json!(["portal_broadcast_manager"]))]
    roles: Vec<String>,
    /// Departments of the company, at most 20, each of 1 to 60 characters.
    #[serde(default)]
    #[schema(example = json!(["Sales"]))]
    departments: Vec<String>,
    /// No restrictions: the Admin roles of the company, beside those named.
    #[serde(default)]
    master: bool,
    /// Whether a second factor is asked for, even if the company asks for none.
    #[serde(default)]
    two_factor_required: bool,
}

/// Invite somebody.
///
/// Mails a link that can be followed once, until it expires. Until then they stand among the users as
/// `invited`. After three invitations an address gets none for an hour: 429 `locked`. Should no mail come,
/// send the invitation again.
#[utoipa::path(post, path = "/v1/invitations", tag = "users", request_body = InvitationRequest,
    responses((status = 201, description = "Whoever is invited", body = UserView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<InvitationRequest>,
) -> Edited<UserView> {
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await;
    let company = company.map_err(|error| error.field("company"))?;
    people::manage(&who, &company)?;
    let mut names = body.roles;
    if body.master {
        names.extend(master_roles(company.kind).iter().map(choice));
    }
    let roles = people::given_roles(&app, &who, &company, &names, &[]).await?;
    let guest = NewUser::named(UserId::new(runtime::fresh()), "", &body.email);
    let ask = NewUser {
        roles,
        departments: body.departments,
        two_factor_required: body.two_factor_required,
        ..guest
    };
    let until = valid_until(&app).await?;
    let user = plan_invitation(&company, ask, until, runtime::now())?;
    count(&app, &user.email).await?;
    let (token, stored) = people::link_token(&user.id, TokenPurpose::SignUp, until);
    let credentials = Credentials::new(&user.id).with_token(Some(stored));
    let act = who.act(&company.path);
    written(app.store.create_user(&act, &user, Some(&credentials)).await?)?;
    // The guest is stored: a repeat of the request would invite another one.
    people::note_failure("the wallets of a guest", open_wallets(&app, &user).await);
    people::note_failure("an invitation", send(&app, &company, &user, &token, until).await);
    Ok(Versioned::created(user.revision, user.into()))
}

/// An address gets a few invitations, and then none for a while: it need not be of who asked for them.
async fn count(app: &App, email: &str) -> Result<(), ApiError> {
    let counted = people::count_mail(app, "invitation", email).await?;
    counted.map_err(|until| super::locked(until, runtime::now()))
}

async fn valid_until(app: &App) -> Result<Timestamp, ApiError> {
    let days = people::policy(&app.store).await?.invitation_days;
    Ok(runtime::now() + SignedDuration::from_hours(24 * i64::from(days)))
}

async fn send(
    app: &App,
    company: &Company,
    user: &User,
    token: &UserToken,
    until: Timestamp,
) -> Result<(), ApiError> {
    let entrance = people::entrance(app, company).await?;
    let link = format!("{}/sign-up?token={}", entrance.url, token.text());
    let values = people::values(
        user,
        &[
            ("portal_name", entrance.name),
            ("company_name", company.name.clone()),
            ("token_expiration_date", people::minute(until)),
            ("invitation_link", link),
        ],
    );
    let cause = format!("invitation {} {}", user.id, token.hash());
    people::mail(app, company, &user.email, NotificationEvent::UserInvitation, &cause, values).await
}

/// Send an invitation again.
///
/// With another link; the one before is good no longer.
#[utoipa::path(post, path = "/v1/users/{id}/invitation", tag = "users",
    params(("id" = String, Path, description = "The user's id"), Revision),
    responses((status = 200, description = "Whoever is invited", body = UserView)))]
pub async fn resend(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Edited<UserView> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    people::manage(&who, &company)?;
    people::check_not_above(&app, &who, &company, &user).await?;
    if_match.check(user.revision)?;
    let until = valid_until(&app).await?;
    let changed = plan_invited(&user, Some(until))?;
    count(&app, &user.email).await?;
    let (token, stored) = people::link_token(&user.id, TokenPurpose::SignUp, until);
    let credentials = people::credentials(&app, &user.id).await?.with_token(Some(stored));
    let act = who.act(&company.path);
    written(app.store.replace_user(&act, &user, &changed, Some(&credentials)).await?)?;
    send(&app, &company, &changed, &token, until).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Take an invitation back.
///
/// Its link is good no longer.
#[utoipa::path(delete, path = "/v1/users/{id}/invitation", tag = "users",
    params(("id" = String, Path, description = "The user's id"), Revision),
    responses((status = 200, description = "Whoever was invited", body = UserView)))]
pub async fn revoke(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Edited<UserView> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    people::manage(&who, &company)?;
    people::check_not_above(&app, &who, &company, &user).await?;
    if_match.check(user.revision)?;
    let changed = plan_invited(&user, None)?;
    let credentials = people::credentials(&app, &user.id).await?.with_token(None);
    let act = who.act(&company.path);
    written(app.store.replace_user(&act, &user, &changed, Some(&credentials)).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What stands behind `token=` in the link.
    token: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationView {
    /// Whom it was sent to.
    email: String,
    /// Who invites.
    company_name: String,
    /// Until when it can be followed.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
}

/// What an invitation is for.
///
/// For the form that asks whoever follows it. Spends nothing.
#[utoipa::path(post, path = "/v1/invitations/check", tag = "users", request_body = TokenRequest, security(()),
    responses((status = 200, description = "The link is good", body = InvitationView)))]
pub async fn check(State(app): State<App>, Body(body): Body<TokenRequest>) -> Reply<InvitationView> {
    let (user, company, _) = people::token_owner(&app, &body.token, TokenPurpose::SignUp).await?;
    let valid_until = user.invited_until;
    Ok(Json(InvitationView { email: user.email, company_name: company.name, valid_until }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// What stands behind `token=` in the link.
    token: String,
    /// 1 to 60 characters.
    first_name: String,
    /// At most 60 characters.
    last_name: String,
    /// In international form. Needed, and proved with a code, if you have to log in with two factors; else it is
    /// for people to call until you have it proved.
    #[schema(example = "+4915112345678")]
    phone: Option<String>,
    /// 1 to 30 Latin letters, digits, dots and underscores, unlike every other.
    #[schema(example = "ada.l")]
    login: String,
    /// By the password policy.
    password: String,
    /// As `en` or `pt-BR`.
    language: Option<String>,
    /// The code that was sent to the phone, after an answer `code_required`.
    #[schema(example = "287082")]
    code: Option<String>,
}

/// Sign up with an invitation.
///
/// Whoever has to log in with two factors is answered 401 `code_required` first, and a code is on its way to the
/// phone; send the same again with it, or with another phone. Where no company above sends codes (see
/// `login_codes`) the phone is not proved. The link is spent by signing up. Logging in comes next.
#[utoipa::path(post, path = "/v1/sign_ups", tag = "users", request_body = SignUpRequest, security(()),
    responses(
        (status = 201, description = "The user", body = UserView),
        (status = 401, description = "`code_required`, and what comes of codes", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn sign_up(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<SignUpRequest>,
) -> Edited<UserView> {
    let (user, company, known) = people::token_owner(&app, &body.token, TokenPurpose::SignUp).await?;
    if user.status != UserStatus::Invited {
        return Err(Problem::new(409, "not_invited", "This invitation was followed or taken back.").into());
    }
    let ask = UserChange {
        first_name: Some(body.first_name),
        last_name: Some(body.last_name),
        phone: body.phone.map(Some),
        login: Some(body.login.clone()),
        language: body.language.map(Some),
        ..UserChange::default()
    };
    let mut changed = plan_sign_up(&user, company.kind, ask)?;
    let is_proof_needed = second_factor::is_required(&user, &company);
    if changed.phone.is_none() && is_proof_needed {
        let detail = "a phone number is needed: the login asks for a second factor";
        return Err(Problem::invalid("phone", detail).into());
    }
    let policy = people::policy(&app.store).await?;
    let hash = people::new_password(&body.password, &body.login, &known, &policy).await?;
    let credentials = known.with_password(hash, false, &policy, runtime::now());
    if let Some(phone) = changed.phone.clone().filter(|_| is_proof_needed) {
        // Before a code is sent or spent.
        if app.store.login_owner(&body.login).await?.is_some() {
            taken_login(Written::Taken)?;
        }
        let code = body.code.as_deref();
        if sms_codes::prove(&app, PHONE, &company, &user, &phone, code).await? == Proof::Given {
            changed.proved_phone = Some(phone);
        }
    }
    // Whoever can log in has them, also if the invitation was cut short.
    open_wallets(&app, &user).await?;
    let act = caller.act_as(&changed, &company);
    taken_login(app.store.replace_user(&act, &user, &changed, Some(&credentials)).await?)?;
    Ok(Versioned::created(changed.revision, changed.into()))
}
