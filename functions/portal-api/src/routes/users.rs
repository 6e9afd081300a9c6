//! The people of companies.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::{choice, flag};
use domain::company::CompanyKind;
use domain::id::UserId;
use domain::permission::{Area, Face};
use domain::role::UserRole;
use domain::user::{
    NewUser, ShownStatus, User, UserChange, UserStatus, master_roles, plan_change, plan_leaving,
    plan_second_factor_reset, plan_user, split_name,
};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::Revision;
use crate::App;
use crate::error::{ApiError, busy, taken_login, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing, lists_seen};
use crate::names::{CompanyName, Names};
use crate::{people, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// The company, yours or one below you; yours unless told.
    company: Option<String>,
    /// First and last name in one, if they are not told apart.
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
    /// 1 to 60 characters.
    #[schema(example = "Ada")]
    first_name: Option<String>,
    /// At most 60 characters.
    #[schema(example = "Lovelace")]
    last_name: Option<String>,
    /// Where mail reaches the user.
    #[schema(example = "ada@example.com")]
    email: String,
    /// In international form. The user's first code by SMS proves it.
    #[schema(example = "+4915112345678")]
    phone: Option<String>,
    /// As `en` or `pt-BR`.
    #[schema(example = "en")]
    language: Option<String>,
    /// What the user logs in as: 1 to 30 Latin letters, digits, dots and underscores, unlike every other.
    #[schema(example = "ada.l")]
    login: Option<String>,
    /// With a login: the first password, which has to be changed at the first login.
    password: Option<String>,
    /// Names of system roles and ids of others, together not more than you have yourself. People of a client
    /// have roles of the client portal only.
    #[serde(default)]
    #[schema(example = json!(["portal_broadcast_manager"]))]
    roles: Vec<String>,
    /// Departments of the company, at most 20, each of 1 to 60 characters.
    #[serde(default)]
    #[schema(example = json!(["Sales"]))]
    departments: Vec<String>,
    /// Whether the user acts for the whole company: has its Admin roles, beside those named.
    #[serde(default)]
    master: bool,
    /// Whether a second factor is asked for, even if the company asks for none.
    #[serde(default)]
    two_factor_required: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// 1 to 60 characters.
    first_name: Option<String>,
    /// At most 60 characters.
    last_name: Option<String>,
    /// As `en` or `pt-BR`; null for none.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// All roles, in place of those of now.
    roles: Option<Vec<String>>,
    /// All departments, in place of those of now: at most 20, each of 1 to 60 characters.
    #[schema(example = json!(["Sales"]))]
    departments: Option<Vec<String>>,
    /// False ends what the user is logged in to, and refuses the keys. True also lets in somebody who was
    /// blocked for being away.
    active: Option<bool>,
    /// Whether a second factor is asked for, even if the company asks for none. Where it was not, true ends what
    /// the user is logged in to.
    two_factor_required: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Its id.
    #[schema(example = "usr_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    pub id: String,
    /// The company the user belongs to.
    pub company: String,
    /// First and last name; the address of who has not told any.
    pub name: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// Where mail reaches the user.
    pub email: String,
    /// What the user logs in as; null until they have signed up.
    pub login: Option<String>,
    /// Digits only.
    pub phone: Option<String>,
    /// Whether the phone has answered a code. One that has not is for people to call: codes go to the number
    /// that was proved before, or to this one until one was.
    pub phone_proved: bool,
    /// As `en` or `pt-BR`.
    pub language: Option<String>,
    /// Names the picture, which is at `/v1/users/{id}/avatar`; null while there is none.
    pub avatar: Option<String>,
    /// Names of system roles and ids of others.
    pub roles: Vec<String>,
    /// Departments of the company, by name, each once whatever the case.
    #[schema(example = json!(["Sales"]))]
    pub departments: Vec<String>,
    /// Whether the user acts for the whole company: manages its credits and settings.
    pub master: bool,
    /// How far the user has come.
    #[schema(value_type = schema::UserStatus)]
    pub status: ShownStatus,
    /// Until when the invitation can be followed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub invited_until: Option<Timestamp>,
    /// Whether the user has registered without an invitation.
    pub external: bool,
    /// Whether a second factor is asked for, even if the company asks for none.
    pub two_factor_required: bool,
    /// When the user last logged in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    /// When the user was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            status: user.shown_status(runtime::now()),
            phone_proved: user.phone.is_some() && user.unproved_phone().is_none(),
            roles: user.roles.iter().map(choice).collect(),
            id: user.id.into(),
            company: user.company.into(),
            name: user.name,
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email,
            login: user.login,
            phone: user.phone,
            language: user.language,
            avatar: user.avatar,
            departments: user.departments,
            master: user.master,
            invited_until: user.invited_until,
            external: user.registered_with.is_some(),
            two_factor_required: user.two_factor_required,
            last_seen_at: user.last_seen_at,
            created_at: user.created_at,
            revision: user.revision,
        }
    }
}

/// Create a user.
///
/// Without an invitation: with a login and a first password, or as the owner of API keys only. Under each
/// agreement with individual credits the user gets a wallet.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = UserRequest,
    responses((status = 201, description = "The new user", body = UserView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<UserRequest>,
) -> Edited<UserView> {
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await;
    let company = company.map_err(|error| error.field("company"))?;
    people::manage(&who, &company)?;
    let mut names = body.roles;
    if body.master {
        names.extend(master_roles(company.kind).iter().map(choice));
    }
    let roles = people::given_roles(&app, &who, &company, &names, &[]).await?;
    let (first, last) = split_name(body.name.as_deref().unwrap_or_default());
    let ask = NewUser {
        id: UserId::new(runtime::fresh()),
        first_name: body.first_name.unwrap_or(first),
        last_name: body.last_name.unwrap_or(last),
        email: body.email,
        login: body.login,
        phone: body.phone,
        language: body.language,
        roles,
        departments: body.departments,
        two_factor_required: body.two_factor_required,
    };
    let user = plan_user(&company, ask, runtime::now())?;
    let credentials = match body.password {
        Some(password) => Some(given(&app, &user, &password).await?),
        None => None,
    };
    let act = who.act(&company.path);
    taken_login(app.store.create_user(&act, &user, credentials.as_ref()).await?)?;
    // The user is stored: a repeat of the request would make another one. Whoever lists the company's wallets
    // opens those that are missing.
    people::note_failure("the wallets of a user", open_wallets(&app, &user).await);
    Ok(Versioned::created(user.revision, user.into()))
}

/// What somebody proves themselves with after an administrator has given them a password.
async fn given(app: &App, user: &User, password: &str) -> Result<domain::credentials::Credentials, ApiError> {
    let Some(login) = &user.login else {
        return Err(Problem::invalid("login", "a password is for somebody with a login").into());
    };
    let known = people::credentials(app, &user.id).await?;
    let policy = people::policy(&app.store).await?;
    let hash = people::new_password(password, login, &known, &policy).await?;
    Ok(known.with_password(hash, true, &policy, runtime::now()))
}

pub async fn open_wallets(app: &App, user: &User) -> Result<(), ApiError> {
    for agreement in app.store.agreements_of(&user.company).await? {
        if agreement.individual_credits {
            let main = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
            app.store.user_wallets(&main, std::slice::from_ref(&user.id)).await?;
        }
    }
    Ok(())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UserQuery {
    /// Only of this company; of yours and, if you see users in the back office, of those directly below it
    /// unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those whose address begins so.
    email: Option<String>,
    /// Only those whose login begins so.
    login: Option<String>,
    /// Only with this status; all but `deleted` unless told.
    #[param(value_type = Option<schema::UserStatus>)]
    status: Option<ShownStatus>,
    /// Only those who have this role, by its name or id.
    role: Option<String>,
    /// Only those of this department, by its name, whatever the case.
    department: Option<String>,
    /// Only those of this portal: who have a role of it. Who has no role at all is of the client portal as one of
    /// a client's people, and else of the back office.
    #[param(value_type = Option<schema::Face>)]
    face: Option<Face>,
    /// Only those who have registered without an invitation, or only the others.
    external: Option<bool>,
    /// Only those who were last there at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    seen_from: Option<Timestamp>,
    /// Only those who were last there before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    seen_till: Option<Timestamp>,
    /// `name`, `email`, `login`, `status`, `last_seen_at` or `created_at`; or of 10,000 users at most `company` or
    /// `external`. With a `-` before it for the other way round.
    #[param(example = "-last_seen_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 7] = ["name", "email", "login", "status", "last_seen_at", "company", "external"];
/// Without indexes.
const ROW_COLUMNS: [Column<User>; 2] =
    [("company", |user| user.company.to_string()), ("external", |user| flag(user.is_external()))];

/// A user in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserRow {
    #[serde(flatten)]
    user: UserView,
    #[serde(flatten)]
    names: CompanyName,
}

impl UserRow {
    pub fn new(user: User, names: &Names) -> Self {
        Self { names: names.company(&user.company), user: user.into() }
    }
}

pub const FILE_COLUMNS: [&str; 13] = [
    "id",
    "company",
    "company_name",
    "name",
    "email",
    "login",
    "phone",
    "status",
    "roles",
    "departments",
    "external",
    "last_seen_at",
    "created_at",
];

/// Users.
///
/// Those who were invited and have not come yet first, then the others, both by address, unless a filter or
/// `sort` says otherwise. With a filter a page may hold fewer than `limit` while there are more: go on while
/// there is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(UserQuery),
    responses((status = 200, description = "A page",
        content((List<UserRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<UserQuery>,
) -> Result<Response, ApiError> {
    let company = query.company.as_deref();
    let lists = lists_seen(&app, &who, company, Area::Users, Area::PortalUsers).await?;
    let (sort, cursor, now) = (query.sort.as_deref(), query.cursor.as_deref(), runtime::now());
    let listing = Listing::new("", &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .begins("email", query.email.as_deref())
        .begins("login", query.login.as_deref())
        .is("status", query.status.map(|status| choice(status.stored())))
        .within("last_seen_at", query.seen_from, query.seen_till)
        .first_by("standing");
    let role = query.role.as_deref().map(|name| UserRole::parse(name).ok_or(name));
    let shows = |user: &User| {
        let status = user.shown_status(now);
        query.status.map_or(status != ShownStatus::Deleted, |wanted| wanted == status)
            && query.external.is_none_or(|wanted| wanted == user.is_external())
            && query.department.as_deref().is_none_or(|name| user.is_of_department(name))
            && role.as_ref().is_none_or(|role| role.as_ref().is_ok_and(|role| user.roles.contains(role)))
    };
    let mut found = listing.read_all_in_order(&ROW_COLUMNS, &lists, &app.store, format, shows).await?;
    if let Some(face) = query.face {
        keep_face(&app, face, &mut found.page.items).await?;
    }
    let names = found.names(&app.store, |user| [user.company.as_str()]).await?;
    found.answer(|user| UserRow::new(user, &names), "users", &FILE_COLUMNS)
}

/// Leaves only the people of one portal.
async fn keep_face(app: &App, face: Face, users: &mut Vec<User>) -> Result<(), ApiError> {
    let made: Vec<_> =
        users.iter().flat_map(|user| &user.roles).filter_map(UserRole::custom).cloned().collect();
    let made: BTreeMap<_, _> =
        app.store.roles(&made).await?.into_iter().map(|role| (role.id, role.face)).collect();
    let without = users.iter().filter(|user| user.roles.is_empty());
    let without: BTreeSet<_> = without.map(|user| user.company.clone()).collect();
    let without: Vec<_> = without.into_iter().collect();
    let companies = app.store.companies(&without).await?.into_iter();
    let kinds: BTreeMap<_, _> = companies.map(|company| (company.id, company.kind)).collect();
    users.retain(|user| match kinds.get(&user.company) {
        Some(kind) if user.roles.is_empty() => (*kind == CompanyKind::Client) == (face == Face::ClientPortal),
        _ => user.roles.iter().any(|role| match role {
            UserRole::System(role) => role.face() == face,
            UserRole::Custom(id) => made.get(id) == Some(&face),
        }),
    });
    Ok(())
}

/// One user.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The user", body = UserView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<UserView> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    if !is_self(&who, &user) {
        people::view(&who, &company)?;
    }
    Ok(Versioned::new(user.revision, user.into()))
}

fn is_self(who: &Principal, user: &User) -> bool {
    who.user.as_ref().is_some_and(|own| own.id == user.id)
}

/// What people prove themselves with they change in their own account, which asks for the password.
fn check_not_self(who: &Principal, user: &User) -> Result<(), ApiError> {
    if is_self(who, user) {
        let detail = "This is you: do it in your own account, at `/v1/my_account`.";
        return Err(Problem::new(403, "use_my_account", detail).into());
    }
    Ok(())
}

/// Change a user.
///
/// What is not named stays. Address, phone and password are the user's own to change. The last administrator
/// of a company stays one, and active.
#[utoipa::path(patch, path = "/v1/users/{id}", tag = "users", request_body = UserPatch,
    params(("id" = String, Path, description = "The user's id"), Revision),
    responses((status = 200, description = "The user as it is now", body = UserView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<UserPatch>,
) -> Edited<UserView> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    people::manage(&who, &company)?;
    people::check_not_above(&app, &who, &company, &user).await?;
    if_match.check(user.revision)?;
    if body.two_factor_required.is_some() {
        check_not_self(&who, &user)?;
    }
    if is_self(&who, &user) && (body.active == Some(false) || body.roles.is_some()) {
        let detail = "Your own roles, and whether you are active, are for somebody else to change.";
        return Err(Problem::new(403, "not_allowed", detail).into());
    }
    let roles = match &body.roles {
        Some(names) => Some(people::given_roles(&app, &who, &company, names, &user.roles).await?),
        None => None,
    };
    let ask = UserChange {
        first_name: body.first_name,
        last_name: body.last_name,
        language: body.language,
        roles,
        departments: body.departments,
        active: body.active,
        two_factor_required: body.two_factor_required,
        ..UserChange::default()
    };
    let mut changed = plan_change(&user, company.kind, ask)?;
    if body.active == Some(true) {
        changed.last_seen_at = Some(runtime::now());
    }
    people::replace(&app, &who, &company, &user, &changed).await?;
    if !changed.is_active() || changed.two_factor_required && !user.two_factor_required {
        app.store.end_sessions(&user.id, None).await?;
    }
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a user.
///
/// Ends what the user is logged in to, refuses the keys and frees the login. What the user did still names
/// them, and credits in the user's wallets stay there until they are transferred back. The last
/// administrator stays, and nobody deletes themselves here.
#[utoipa::path(delete, path = "/v1/users/{id}", tag = "users",
    params(("id" = String, Path, description = "The user's id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    people::manage(&who, &company)?;
    people::check_not_above(&app, &who, &company, &user).await?;
    if_match.check(user.revision)?;
    if user.status == UserStatus::Deleted {
        return Err(Problem::not_found("user").into());
    }
    check_not_self(&who, &user)?;
    people::replace(&app, &who, &company, &user, &plan_leaving(&user)).await?;
    app.store.end_sessions(&user.id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenPassword {
    /// By the password policy. It has to be changed at the next login.
    password: String,
}

/// Give a user a password.
///
/// It has to be changed at the next login. Ends what the user is logged in to.
#[utoipa::path(put, path = "/v1/users/{id}/password", tag = "users", request_body = GivenPassword,
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 204, description = "Given")))]
pub async fn give_password(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<GivenPassword>,
) -> Result<StatusCode, ApiError> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    people::manage(&who, &company)?;
    people::check_not_above(&app, &who, &company, &user).await?;
    check_not_self(&who, &user)?;
    let credentials = given(&app, &user, &body.password).await?;
    let act = who.act(&company.path);
    written(app.store.put_credentials(&act, "user.give_password", &credentials).await?)?;
    app.store.end_sessions(&user.id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LostFactor {
    /// Another phone, in international form, for somebody who has lost the one before.
    #[param(example = "+4915187654321")]
    phone: Option<String>,
}

/// Take a user's second factor away.
///
/// For somebody who has lost it: the app is not asked for any more, and their phone is not proved. Where a second
/// factor is required, the next login sends a code to their `phone`, which that proves. Ends what the user is
/// logged in to.
#[utoipa::path(delete, path = "/v1/users/{id}/two_factor", tag = "users",
    params(("id" = String, Path, description = "The user's id"), LostFactor),
    responses((status = 204, description = "Taken away")))]
pub async fn reset_two_factor(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(lost): Query<LostFactor>,
) -> Result<StatusCode, ApiError> {
    let (user, company) = app.seen_by(&who).user(&id).await?;
    people::manage(&who, &company)?;
    people::check_not_above(&app, &who, &company, &user).await?;
    check_not_self(&who, &user)?;
    let after = plan_second_factor_reset(&user, lost.phone.as_deref())?;
    let credentials = people::credentials(&app, &user.id).await?.with_totp(None);
    written(app.store.replace_user(&who.act(&company.path), &user, &after, None).await?)?;
    let act = who.act(&company.path);
    written(app.store.put_credentials(&act, "user.reset_two_factor", &credentials).await?)?;
    app.store.end_sessions(&user.id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
