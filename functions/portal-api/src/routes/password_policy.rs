//! What passwords have to be, and passwords that are.

use axum::Json;
use axum::extract::State;
use domain::company::CompanyKind;
use domain::password::{PasswordPolicy, StoredPolicy};
use domain::permission::Area;
use rand::RngExt;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::Revision;
use super::{Edited, Reply};
use crate::App;
use crate::error::written;
use crate::{people, rights};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyView {
    /// Characters that a password has at least: 8 or more.
    length_min: u8,
    /// How many of these it has at least: upper case, lower case, digits, other characters.
    classes_min: u8,
    /// How many of the last passwords are not taken again.
    history: u8,
    /// Days after which a password has to be changed; null for never.
    valid_days: Option<u16>,
    /// Hours between two changes by the user; administrators may at any time.
    change_hours_min: u16,
    /// Days without a login after which a user is blocked, administrators apart; null for never.
    unused_days_max: Option<u16>,
    /// Minutes without a request after which a session ends.
    idle_minutes: u16,
    /// Wrong tries before a login is locked for the first time.
    tries: u8,
    /// Days for which an invitation can be followed.
    invitation_days: u16,
}

impl From<PasswordPolicy> for PolicyView {
    fn from(policy: PasswordPolicy) -> Self {
        let PasswordPolicy {
            length_min,
            classes_min,
            history,
            valid_days,
            change_hours_min,
            unused_days_max,
            idle_minutes,
            tries,
            invitation_days,
        } = policy;
        Self {
            length_min,
            classes_min,
            history,
            valid_days,
            change_hours_min,
            unused_days_max,
            idle_minutes,
            tries,
            invitation_days,
        }
    }
}

impl From<PolicyView> for PasswordPolicy {
    fn from(view: PolicyView) -> Self {
        Self {
            length_min: view.length_min,
            classes_min: view.classes_min,
            history: view.history,
            valid_days: view.valid_days,
            change_hours_min: view.change_hours_min,
            unused_days_max: view.unused_days_max,
            idle_minutes: view.idle_minutes,
            tries: view.tries,
            invitation_days: view.invitation_days,
        }
    }
}

/// The password policy.
///
/// For everybody: whoever signs up has to know it.
#[utoipa::path(get, path = "/v1/password_policy", tag = "sessions", security(()),
    responses((status = 200, description = "The policy", body = PolicyView)))]
pub async fn show(State(app): State<App>) -> Edited<PolicyView> {
    let stored = app.store.thing::<StoredPolicy>(StoredPolicy::ID).await?;
    let revision = stored.as_ref().map_or(0, |stored| stored.revision);
    let policy = stored.map(|stored| stored.policy).unwrap_or_default();
    Ok(Versioned::new(revision, policy.into()))
}

/// Set the password policy.
///
/// For the company that runs the platform.
#[utoipa::path(put, path = "/v1/password_policy", tag = "sessions", request_body = PolicyView,
    params(Revision),
    responses((status = 200, description = "The policy as it is now", body = PolicyView)))]
pub async fn set(
    State(app): State<App>,
    who: Principal,
    if_match: IfMatch,
    Body(body): Body<PolicyView>,
) -> Edited<PolicyView> {
    rights::manage(&who, Area::Users)?;
    if who.company.kind != CompanyKind::Owner {
        let detail = "This is for the company that runs the platform.";
        return Err(Problem::new(403, "not_allowed", detail).into());
    }
    let policy = PasswordPolicy::from(body);
    policy.check()?;
    let before = app.store.thing::<StoredPolicy>(StoredPolicy::ID).await?;
    let act = who.act(&who.company.path);
    let company = who.company.id.clone();
    let revision = before.as_ref().map_or(0, |before| before.revision);
    if_match.check(revision)?;
    let after = StoredPolicy { company, policy, revision: revision + 1 };
    written(match &before {
        Some(before) => app.store.replace(&act, before, &after).await?,
        None => app.store.create(&act, &after).await?,
    })?;
    Ok(Versioned::new(after.revision, after.policy.into()))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GeneratedPassword {
    /// A strong one by the policy of now. It is kept nowhere.
    password: String,
}

/// Generate a password.
///
/// For everybody: whoever signs up may take it.
#[utoipa::path(post, path = "/v1/password_policy/password", tag = "sessions", security(()),
    responses((status = 200, description = "A password", body = GeneratedPassword)))]
pub async fn generate(State(app): State<App>) -> Reply<GeneratedPassword> {
    let policy = people::policy(&app.store).await?;
    let mut random = rand::rng();
    Ok(Json(GeneratedPassword { password: policy.generate(|| random.random()) }))
}
