//! The people of companies: who they are, which roles they have, and how far their registration is. What
//! they prove themselves with is in `credentials`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::company::{Company, CompanyKind};
use crate::destination::{Msisdn, MsisdnError};
use crate::id::{CompanyId, UserId};
use crate::permission::{Area, Face, Grants};
use crate::role::{Role, SystemRole, UserRole};

/// As the guide's forms allow.
const NAME_LENGTH_MAX: usize = 60;
const LOGIN_LENGTH_MAX: usize = 30;
/// RFC 5321, 4.5.3.1.3: a path has at most 256 octets, of which two are the angle brackets.
pub const EMAIL_LENGTH_MAX: usize = 254;
/// Each role of one's own making takes a place in the transaction that stores a user.
const ROLES_MAX: usize = 10;
/// Each as long as a name.
const DEPARTMENTS_MAX: usize = 20;

/// A person of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub company: CompanyId,
    /// The company above that one; the owner has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<CompanyId>,
    /// First and last name; the address of who has not told any.
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_name: String,
    pub email: String,
    /// What they log in as, unlike that of anybody else; none until they have signed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Digits only. Where people are reached; no second factor until it is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The last number that has answered a code. It gets the codes until another one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved_phone: Option<String>,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Names the picture that is stored; none while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<UserRole>,
    /// Of the company, by name, each once whatever the case. A company has those that its users have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<String>,
    /// Has the Admin role of the company's face: acts for the company. Follows from the roles.
    pub master: bool,
    #[serde(default)]
    pub status: UserStatus,
    /// Until when an invitation can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<Timestamp>,
    /// At whose portal they have registered by themselves, if they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_with: Option<CompanyId>,
    /// Has to log in with a second factor, even if the company does not ask for one.
    #[serde(default)]
    pub two_factor_required: bool,
    /// Has asked for that by themselves, and may lift it again.
    #[serde(default)]
    pub two_factor_chosen: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default)]
    pub revision: u64,
}

/// How far somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Has been sent an invitation, which may have expired since.
    Invited,
    /// The invitation was taken back.
    Revoked,
    /// Has registered by themselves and waits for a review.
    Waiting,
    /// The review refused them.
    Refused,
    #[default]
    Active,
    Inactive,
    /// Is gone; what they did still names them.
    Deleted,
}

/// What a list calls somebody's status: time alone makes an invitation expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownStatus {
    Invited,
    Expired,
    Revoked,
    Waiting,
    Refused,
    Active,
    Inactive,
    Deleted,
}

impl ShownStatus {
    /// The status under which such a user is stored.
    pub fn stored(self) -> UserStatus {
        match self {
            Self::Invited | Self::Expired => UserStatus::Invited,
            Self::Revoked => UserStatus::Revoked,
            Self::Waiting => UserStatus::Waiting,
            Self::Refused => UserStatus::Refused,
            Self::Active => UserStatus::Active,
            Self::Inactive => UserStatus::Inactive,
            Self::Deleted => UserStatus::Deleted,
        }
    }
}

/// Listed under their company, and with the company above. No two have one login.
impl Thing for User {
    const NOUN: &'static str = "user";
    const NOUNS: &'static str = "users";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let above = self.tenant.as_ref().map(|tenant| catalog::list_with(tenant.as_str()));
        [self.company.to_string()].into_iter().chain(above).collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("email", catalog::words(&self.email)),
            ("login", catalog::words(self.login.as_deref().unwrap_or_default())),
            ("status", catalog::choice(self.status)),
            ("last_seen_at", self.last_seen_at.map(catalog::time).unwrap_or_default()),
            ("standing", self.standing()),
            ("company", self.company.to_string()),
        ]
    }

    fn unique(&self) -> Vec<String> {
        self.login.as_deref().map(login_name).into_iter().collect()
    }
}

/// The unique name of a login. `Ada` and `ada` are one.
pub fn login_name(login: &str) -> String {
    format!("login:{}", login.trim().to_ascii_lowercase())
}

impl User {
    /// Sorts those who were invited and are not here yet before the others, and both by address (guide, 8.1).
    fn standing(&self) -> String {
        let is_guest = matches!(self.status, UserStatus::Invited | UserStatus::Revoked);
        format!("{}{}", u8::from(!is_guest), catalog::words(&self.email))
    }

    /// Whether they are of this department, whatever the case.
    pub fn is_of_department(&self, name: &str) -> bool {
        let name = catalog::words(name);
        self.departments.iter().any(|department| catalog::words(department) == name)
    }

    pub fn is_external(&self) -> bool {
        self.registered_with.is_some()
    }

    pub fn is_active(&self) -> bool {
        self.status == UserStatus::Active
    }

    /// Where codes go: the number that was proved last, and before there is one the number that they told.
    pub fn code_phone(&self) -> Option<&str> {
        self.proved_phone.as_deref().or(self.phone.as_deref())
    }

    /// Whether codes go to this number for it has answered one.
    pub fn has_proved(&self, phone: &str) -> bool {
        self.proved_phone.as_deref() == Some(phone)
    }

    /// The number that they told, while it has not answered a code.
    pub fn unproved_phone(&self) -> Option<&str> {
        self.phone.as_deref().filter(|_| self.phone != self.proved_phone)
    }

    pub fn shown_status(&self, now: Timestamp) -> ShownStatus {
        match self.status {
            UserStatus::Invited if self.invited_until.is_some_and(|until| until <= now) => {
                ShownStatus::Expired
            }
            UserStatus::Invited => ShownStatus::Invited,
            UserStatus::Revoked => ShownStatus::Revoked,
            UserStatus::Waiting => ShownStatus::Waiting,
            UserStatus::Refused => ShownStatus::Refused,
            UserStatus::Active => ShownStatus::Active,
            UserStatus::Inactive => ShownStatus::Inactive,
            UserStatus::Deleted => ShownStatus::Deleted,
        }
    }

    /// Whether a role that somebody made counts for them: one for their company's people, or of the company
    /// at whose portal they have registered.
    pub fn is_granted_by(&self, role: &Role) -> bool {
        role.is_for(&self.company) || self.registered_with.as_ref() == Some(&role.company)
    }

    /// An administrator of a face, who is never blocked for being away.
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, UserRole::System(role) if role.is_admin()))
    }
}

/// All that people of such a company can have. Clients have the client portal only.
pub fn faces_of(kind: CompanyKind) -> Grants {
    match kind {
        CompanyKind::Client => Grants::all_of(Face::ClientPortal),
        CompanyKind::Owner | CompanyKind::Reseller | CompanyKind::Seller => Grants::everything(),
    }
}

/// The roles of somebody without restrictions.
pub fn master_roles(kind: CompanyKind) -> Vec<UserRole> {
    let roles: &[SystemRole] = match kind {
        CompanyKind::Client => &[SystemRole::PortalAdmin],
        CompanyKind::Owner | CompanyKind::Reseller | CompanyKind::Seller => {
            &[SystemRole::Admin, SystemRole::PortalAdmin]
        }
    };
    roles.iter().map(|role| UserRole::System(*role)).collect()
}

fn is_master(kind: CompanyKind, roles: &[UserRole]) -> bool {
    master_roles(kind).first().is_some_and(|admin| roles.contains(admin))
}

/// What roles grant to people of such a company. `known` holds those that somebody made and that count.
pub fn grants_of(kind: CompanyKind, roles: &[UserRole], known: &[Role]) -> Grants {
    let grants = roles.iter().fold(Grants::default(), |grants, role| match role {
        UserRole::System(role) => grants.and(&role.grants()),
        UserRole::Custom(id) => match known.iter().find(|role| role.id == *id) {
            Some(role) => grants.and(&role.grants),
            None => grants,
        },
    });
    if kind == CompanyKind::Client { grants.within(Face::ClientPortal) } else { grants }
}

/// Who gives roles to whom.
#[derive(Debug, Clone, Copy)]
pub struct Granting<'a> {
    /// The company of who gives them.
    pub by: &'a CompanyId,
    /// What they have themselves.
    pub own: &'a Grants,
    /// The company of who gets them.
    pub to: &'a Company,
    /// The roles among those given that somebody made.
    pub known: &'a [Role],
}

impl Granting<'_> {
    /// The roles that can be given, each once, to somebody who had these before. What somebody has they keep:
    /// who has registered by themselves has roles of the company at whose portal they did.
    pub fn check(&self, roles: &[UserRole], had: &[UserRole]) -> Result<Vec<UserRole>, UserError> {
        let mut given = Vec::new();
        for role in roles {
            if !had.contains(role) && !self.is_for(role) {
                return Err(UserError::NoSuchRole(catalog::choice(role)));
            }
            if !given.contains(role) {
                given.push(role.clone());
            }
        }
        if ROLES_MAX < given.len() {
            return Err(UserError::Roles);
        }
        self.check_grants(&grants_of(self.to.kind, &given, self.known))?;
        Ok(given)
    }

    /// Nobody gives what they do not have. The client portal of a company below is its own, so whoever
    /// manages its people hands all of it out.
    pub fn check_grants(&self, grants: &Grants) -> Result<(), UserError> {
        let counted = if *self.by == self.to.id { grants.clone() } else { grants.within(Face::BackOffice) };
        self.own.exceeded_by(&counted).map_or(Ok(()), |area| Err(UserError::NotYours(area)))
    }

    fn is_for(&self, role: &UserRole) -> bool {
        let portal_only = self.to.kind == CompanyKind::Client;
        let fits = |face: Face| !portal_only || face == Face::ClientPortal;
        match role {
            UserRole::System(role) => fits(role.face()),
            UserRole::Custom(id) => {
                let role = self.known.iter().find(|role| role.id == *id);
                role.is_some_and(|role| role.is_for(&self.to.id) && fits(role.face))
            }
        }
    }
}

/// Somebody new. The roles have passed [`Granting::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub id: UserId,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub login: Option<String>,
    pub phone: Option<String>,
    pub language: Option<String>,
    pub roles: Vec<UserRole>,
    pub departments: Vec<String>,
    pub two_factor_required: bool,
}

impl NewUser {
    /// With a name in one text, and nothing else.
    pub fn named(id: UserId, name: &str, email: &str) -> Self {
        let (first_name, last_name) = split_name(name);
        Self {
            id,
            first_name,
            last_name,
            email: email.to_owned(),
            login: None,
            phone: None,
            language: None,
            roles: Vec::new(),
            departments: Vec::new(),
            two_factor_required: false,
        }
    }
}

/// First and last name of a name in one text.
pub fn split_name(name: &str) -> (String, String) {
    let name = name.trim();
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    (first.to_owned(), last.trim_start().to_owned())
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("a last name has at most {NAME_LENGTH_MAX} characters")]
    LastName,
    #[error(transparent)]
    Email(#[from] EmailError),
    #[error("a login has 1 to {LOGIN_LENGTH_MAX} Latin letters, digits, dots and underscores")]
    Login,
    #[error(transparent)]
    Phone(#[from] MsisdnError),
    #[error("a language looks like en or pt-BR")]
    Language,
    #[error("people of this company cannot have the role {0}")]
    NoSuchRole(String),
    #[error("somebody has at most {ROLES_MAX} roles")]
    Roles,
    #[error("somebody has at most {DEPARTMENTS_MAX} departments, each of 1 to {NAME_LENGTH_MAX} characters")]
    Departments,
    #[error("you do not have {0:?} yourself to that degree")]
    NotYours(Area),
    #[error("this cannot be done while somebody is {}", crate::catalog::choice(*.0))]
    Status(UserStatus),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address looks like name@example.com and has at most {EMAIL_LENGTH_MAX} characters")]
pub struct EmailError;

/// An active user of a company.
pub fn plan_user(company: &Company, ask: NewUser, now: Timestamp) -> Result<User, UserError> {
    let first_name = name_of(&ask.first_name).ok_or(UserError::Name)?;
    if first_name.is_empty() {
        return Err(UserError::Name);
    }
    let user = User {
        first_name,
        last_name: name_of(&ask.last_name).ok_or(UserError::LastName)?,
        ..guest(company, ask, now)?
    };
    Ok(User { name: full_name(&user), ..user })
}

/// Somebody who is invited and whose names are not known yet.
pub fn plan_invitation(
    company: &Company,
    ask: NewUser,
    until: Timestamp,
    now: Timestamp,
) -> Result<User, UserError> {
    let guest = guest(company, ask, now)?;
    Ok(User { status: UserStatus::Invited, invited_until: Some(until), ..guest })
}

fn guest(company: &Company, ask: NewUser, now: Timestamp) -> Result<User, UserError> {
    let email = parse_email(&ask.email)?;
    Ok(User {
        id: ask.id,
        company: company.id.clone(),
        tenant: company.tenant().cloned(),
        name: email.clone(),
        first_name: String::new(),
        last_name: String::new(),
        email,
        login: ask.login.as_deref().map(parse_login).transpose()?,
        phone: ask.phone.as_deref().map(parse_phone).transpose()?,
        proved_phone: None,
        language: ask.language.as_deref().map(parse_language).transpose()?,
        avatar: None,
        master: is_master(company.kind, &ask.roles),
        roles: ask.roles,
        departments: departments_of(ask.departments)?,
        status: UserStatus::Active,
        invited_until: None,
        registered_with: None,
        two_factor_required: ask.two_factor_required,
        two_factor_chosen: false,
        last_seen_at: None,
        created_at: now,
        revision: 0,
    })
}

/// New facts about somebody; what is not named stays, `Some(None)` empties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserChange {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub login: Option<String>,
    pub phone: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub avatar: Option<Option<String>>,
    /// Have passed [`Granting::check`].
    pub roles: Option<Vec<UserRole>>,
    pub departments: Option<Vec<String>>,
    pub active: Option<bool>,
    pub two_factor_required: Option<bool>,
    /// They ask for it themselves.
    pub by_themselves: bool,
}

pub fn plan_change(user: &User, kind: CompanyKind, ask: UserChange) -> Result<User, UserError> {
    let mut after = User { revision: user.revision + 1, ..user.clone() };
    if let Some(active) = ask.active {
        after.status = match (user.status, active) {
            (UserStatus::Active | UserStatus::Inactive, true) => UserStatus::Active,
            (UserStatus::Active | UserStatus::Inactive, false) => UserStatus::Inactive,
            (status, _) => return Err(UserError::Status(status)),
        };
    }
    if user.status == UserStatus::Deleted {
        return Err(UserError::Status(user.status));
    }
    if let Some(name) = ask.first_name {
        after.first_name = name_of(&name).filter(|name| !name.is_empty()).ok_or(UserError::Name)?;
    }
    if let Some(name) = ask.last_name {
        after.last_name = name_of(&name).ok_or(UserError::LastName)?;
    }
    if let Some(email) = ask.email {
        after.email = parse_email(&email)?;
    }
    if let Some(login) = ask.login {
        after.login = Some(parse_login(&login)?);
    }
    if let Some(phone) = ask.phone {
        after.phone = phone.as_deref().map(parse_phone).transpose()?;
        if after.phone.is_none() {
            after.proved_phone = None;
        }
    }
    if let Some(language) = ask.language {
        after.language = language.as_deref().map(parse_language).transpose()?;
    }
    if let Some(avatar) = ask.avatar {
        after.avatar = avatar;
    }
    if let Some(roles) = ask.roles {
        after.master = is_master(kind, &roles);
        after.roles = roles;
    }
    if let Some(departments) = ask.departments {
        after.departments = departments_of(departments)?;
    }
    if let Some(required) = ask.two_factor_required {
        // What an administrator has asked for does not become theirs by asking again.
        let is_theirs = user.two_factor_chosen || !user.two_factor_required;
        after.two_factor_required = required;
        after.two_factor_chosen = required && ask.by_themselves && is_theirs;
    }
    after.name = full_name(&after);
    Ok(after)
}

/// Somebody follows an invitation and tells who they are.
pub fn plan_sign_up(user: &User, kind: CompanyKind, ask: UserChange) -> Result<User, UserError> {
    if user.status != UserStatus::Invited {
        return Err(UserError::Status(user.status));
    }
    let known = User { status: UserStatus::Active, invited_until: None, ..user.clone() };
    plan_change(&known, kind, ask)
}

/// Another invitation, or the same one taken back.
pub fn plan_invited(user: &User, until: Option<Timestamp>) -> Result<User, UserError> {
    if !matches!(user.status, UserStatus::Invited | UserStatus::Revoked) {
        return Err(UserError::Status(user.status));
    }
    let status = if until.is_some() { UserStatus::Invited } else { UserStatus::Revoked };
    Ok(User { status, invited_until: until, revision: user.revision + 1, ..user.clone() })
}

/// What a review says of somebody who has registered by themselves.
pub fn plan_review(user: &User, approved: bool) -> Result<User, UserError> {
    if user.status != UserStatus::Waiting && user.status != UserStatus::Refused {
        return Err(UserError::Status(user.status));
    }
    let status = if approved { UserStatus::Active } else { UserStatus::Refused };
    Ok(User { status, revision: user.revision + 1, ..user.clone() })
}

/// The phone of somebody has answered a code.
pub fn plan_phone_proof(user: &User) -> User {
    User { proved_phone: user.phone.clone(), revision: user.revision + 1, ..user.clone() }
}

/// Somebody has lost what they log in with: the next code goes to this phone, or else to the one that they told
/// last, and proves it.
pub fn plan_second_factor_reset(user: &User, phone: Option<&str>) -> Result<User, UserError> {
    if user.status == UserStatus::Deleted {
        return Err(UserError::Status(user.status));
    }
    let phone = phone.map(parse_phone).transpose()?.or_else(|| user.phone.clone());
    Ok(User { phone, proved_phone: None, revision: user.revision + 1, ..user.clone() })
}

/// Somebody leaves. Their login is free again, and no role counts them.
pub fn plan_leaving(user: &User) -> User {
    User {
        status: UserStatus::Deleted,
        login: None,
        phone: None,
        proved_phone: None,
        avatar: None,
        roles: Vec::new(),
        master: false,
        invited_until: None,
        revision: user.revision + 1,
        ..user.clone()
    }
}

fn full_name(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    let name = name.trim();
    // Users from before first and last names have one name only.
    if name.is_empty() { user.name.clone() } else { name.to_owned() }
}

fn name_of(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = name.chars().count() <= NAME_LENGTH_MAX && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

fn departments_of(names: Vec<String>) -> Result<Vec<String>, UserError> {
    let mut departments = BTreeMap::new();
    for name in names {
        let name = name_of(&name).filter(|name| !name.is_empty()).ok_or(UserError::Departments)?;
        departments.entry(catalog::words(&name)).or_insert(name);
    }
    if DEPARTMENTS_MAX < departments.len() {
        return Err(UserError::Departments);
    }
    Ok(departments.into_values().collect())
}

/// What somebody logs in as, trimmed.
pub fn parse_login(text: &str) -> Result<String, UserError> {
    let login = text.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    if login.is_empty() || LOGIN_LENGTH_MAX < login.len() || !login.bytes().all(allowed) {
        return Err(UserError::Login);
    }
    Ok(login.to_owned())
}

fn parse_phone(text: &str) -> Result<String, UserError> {
    Ok(Msisdn::parse(text.trim())?.as_str().to_owned())
}

fn parse_language(text: &str) -> Result<String, UserError> {
    let (language, region) = text.split_once('-').unwrap_or((text, "XX"));
    let fits = language.len() == 2
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.len() == 2
        && region.bytes().all(|byte| byte.is_ascii_uppercase());
    if fits { Ok(text.to_owned()) } else { Err(UserError::Language) }
}

/// An address that mail can be sent to, trimmed. It looks like one, and that is all that is checked: only
/// mail that arrives proves an address.
pub fn parse_email(text: &str) -> Result<String, EmailError> {
    let email = text.trim();
    let plain = |c: char| c.is_ascii_graphic() && !"\"(),:;<>[\\]@".contains(c);
    let (name, host) = email.rsplit_once('@').ok_or(EmailError)?;
    let labels = host.split('.').all(|label| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
    });
    let dots = !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
    if name.is_empty() || !name.chars().all(plain) || !dots || !labels || !host.contains('.') {
        return Err(EmailError);
    }
    if email.len() > EMAIL_LENGTH_MAX {
        return Err(EmailError);
    }
    Ok(email.to_owned())
}

#[cfg(test)]
mod tests;
