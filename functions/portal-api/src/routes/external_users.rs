//! People who have registered without an invitation, and what a review says of them.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::{choice, list_with};
use domain::permission::Area;
use domain::user::{ShownStatus, User, plan_review};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::Revision;
use super::users::{FILE_COLUMNS, UserRow, UserView};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExternalUserQuery {
    /// At which company's portals they have registered; at yours unless told.
    tenant: Option<String>,
    /// Only with this status: `waiting`, unless told, `active` or `refused`.
    #[param(value_type = Option<schema::UserStatus>)]
    status: Option<ShownStatus>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those whose address begins so.
    email: Option<String>,
    /// Only those whose login begins so.
    login: Option<String>,
    /// Only those of this company.
    company: Option<String>,
    /// Only those who were last there at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    seen_from: Option<Timestamp>,
    /// Only those who were last there before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    seen_till: Option<Timestamp>,
    /// `name`, `email`, `login`, `status`, `last_seen_at` or `created_at`; or of 10,000 users at most `company`.
    /// With a `-` before it for the other way round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 6] = ["name", "email", "login", "status", "last_seen_at", "company"];
/// By name, which no index has.
const BY_COMPANY: Column<User> = ("company", |user| user.company.to_string());

/// People who have registered by themselves.
///
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/external_users", tag = "users", params(ExternalUserQuery),
    responses((status = 200, description = "A page",
        content((List<UserRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<ExternalUserQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::ExternalUsers)?;
    let tenant = app.seen_by(&who).company_or_own(query.tenant.as_deref()).await?;
    let status = query.status.unwrap_or(ShownStatus::Waiting);
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let list = list_with(tenant.id.as_str());
    let listing = Listing::new(list, &COLUMNS, sort, query.limit, cursor)?
        .is("company", query.company)
        .begins("name", query.name.as_deref())
        .begins("email", query.email.as_deref())
        .begins("login", query.login.as_deref())
        .within("last_seen_at", query.seen_from, query.seen_till)
        .is("status", Some(choice(status.stored())));
    let found = listing.read_in_order(&[BY_COMPANY], &app.store, format, User::is_external).await?;
    let names = found.names(&app.store, |user| [user.company.as_str()]).await?;
    found.answer(|user| UserRow::new(user, &names), "external_users", &FILE_COLUMNS)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// Whether they may log in from now on.
    approved: bool,
}

/// Review somebody who has registered by themselves.
///
/// Until they are approved they can do nothing. Who was refused can be approved later.
#[utoipa::path(post, path = "/v1/external_users/{id}/review", tag = "users", request_body = ReviewRequest,
    params(("id" = String, Path, description = "The user's id"), Revision),
    responses((status = 200, description = "The user as it is now", body = UserView)))]
pub async fn review(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ReviewRequest>,
) -> Edited<UserView> {
    rights::manage(&who, Area::ExternalUsers)?;
    let (user, company) = app.seen_by(&who).user(&id).await?;
    if !user.is_external() || company.id == who.company.id {
        return Err(Problem::not_found("external user").into());
    }
    if_match.check(user.revision)?;
    let changed = plan_review(&user, body.approved)?;
    let act = who.act(&company.path);
    written(app.store.replace_user(&act, &user, &changed, None).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}
