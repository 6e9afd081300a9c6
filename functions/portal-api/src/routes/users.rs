//! The people of companies.

use axum::Json;
use axum::extract::{Path, State};
use domain::id::UserId;
use domain::user::{NewUser, User, plan_user};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::List;
use crate::rights;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// The company, yours or one below you; yours unless told.
    company: Option<String>,
    /// 1 to 120 characters.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// Where mail reaches the user.
    #[schema(example = "ada@example.com")]
    email: String,
    /// Whether the user acts for the whole company.
    #[serde(default)]
    master: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Its id.
    id: String,
    /// The company the user belongs to.
    company: String,
    /// The user's name.
    name: String,
    /// Where mail reaches the user.
    email: String,
    /// Whether the user acts for the whole company: manages its credits and settings.
    master: bool,
    /// When the user was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let User { id, company, name, email, master, created_at } = user;
        Self { id: id.into(), company: company.into(), name, email, master, created_at }
    }
}

/// Create a user.
///
/// For master users, and for keys of the company itself. Under each agreement with individual credits
/// the user gets a wallet.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = UserRequest,
    responses((status = 201, description = "The new user", body = UserView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<UserRequest>,
) -> Created<UserView> {
    rights::master(&who)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await;
    let company = company.map_err(|error| error.field("company"))?;
    let UserRequest { name, email, master, .. } = body;
    let ask = NewUser { id: UserId::new(runtime::fresh()), name, email, master };
    let user = plan_user(&company.id, ask, runtime::now())?;
    if !app.store.put_user(&user).await? {
        return Err(busy());
    }
    open_wallets(&app, &user).await?;
    created(user)
}

async fn open_wallets(app: &App, user: &User) -> Result<(), ApiError> {
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
pub struct UserFilter {
    /// Whose users; yours unless told.
    company: Option<String>,
}

/// A company's users.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(UserFilter),
    responses((status = 200, description = "Oldest first", body = List<UserView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<UserFilter>,
) -> Reply<List<UserView>> {
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    Ok(Json(List::all(app.store.users(&company.id).await?)))
}

/// One user.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The user", body = UserView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<UserView> {
    Ok(Json(app.seen_by(&who).user(&id).await?.into()))
}
