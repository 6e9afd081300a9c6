//! Roles: those of the product, and those that companies make.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::choice;
use domain::company::Company;
use domain::id::{CompanyId, RoleId};
use domain::permission::{Area, Face, Grants, Level};
use domain::role::{NewRole, Role, SystemRole, plan_change, plan_role};
use domain::self_registration::{RegistrationRole, SelfRegistration};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::RoleDeleted;
use utoipa::{IntoParams, ToSchema};

use super::records::{self, Revision};
use super::{Edited, Reply};
use crate::App;
use crate::error::{ApiError, busy, written};
use crate::fields::List;
use crate::lists::{Format, Listing};
use crate::{people, rights, schema};

/// By area: `view` or `manage`; nothing of what is not named.
pub type GrantsView = BTreeMap<String, Level>;

pub fn grants_view(grants: &Grants) -> GrantsView {
    grants.iter().map(|(area, level)| (choice(area), level)).collect()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRequest {
    /// Who makes it: yours, or a company below you; yours unless told.
    company: Option<String>,
    /// 1 to 40 characters.
    #[schema(example = "Cashier")]
    name: String,
    /// At most 500 characters.
    #[serde(default)]
    description: String,
    /// Which of the two portals it is for.
    #[schema(value_type = schema::Face)]
    face: Face,
    /// Whose people may have it beside those of the company that makes it: companies below that one.
    #[serde(default)]
    companies: Vec<String>,
    /// By area, `view` or `manage`; not more than you have yourself.
    #[schema(value_type = BTreeMap<String, schema::Level>, example = json!({"payments": "view"}))]
    grants: Grants,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolePatch {
    /// 1 to 40 characters.
    name: Option<String>,
    /// At most 500 characters.
    description: Option<String>,
    /// All companies whose people may have it, in place of those of now.
    companies: Option<Vec<String>>,
    /// All that it grants, in place of what it does now.
    #[schema(value_type = Option<BTreeMap<String, schema::Level>>)]
    grants: Option<Grants>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    /// Its id.
    #[schema(example = "rol_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// The company that made it.
    company: String,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Which of the two portals it is for.
    #[schema(value_type = schema::Face)]
    face: Face,
    /// Whose people may have it beside those of the company that made it.
    companies: Vec<String>,
    /// By area, `view` or `manage`.
    #[schema(value_type = BTreeMap<String, schema::Level>)]
    grants: GrantsView,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.into(),
            company: role.company.into(),
            name: role.name,
            description: role.description,
            face: role.face,
            companies: role.companies.into_iter().map(Into::into).collect(),
            grants: grants_view(&role.grants),
            created_at: role.created_at,
            revision: role.revision,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SystemRoleView {
    /// Its name, by which it is given.
    #[schema(value_type = schema::SystemRole)]
    name: SystemRole,
    /// Which of the two portals it is for.
    #[schema(value_type = schema::Face)]
    face: Face,
    /// By area, `view` or `manage`.
    #[schema(value_type = BTreeMap<String, schema::Level>)]
    grants: GrantsView,
}

/// Roles of the product.
///
/// Every company has them, and nobody edits them.
#[utoipa::path(get, path = "/v1/system_roles", tag = "users",
    responses((status = 200, description = "All of them", body = List<SystemRoleView>)))]
pub async fn system(_: Principal) -> Reply<List<SystemRoleView>> {
    let view = |role: &SystemRole| SystemRoleView {
        name: *role,
        face: role.face(),
        grants: grants_view(&role.grants()),
    };
    Ok(Json(List { items: SystemRole::ALL.iter().map(view).collect(), next: None }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AreaView {
    /// Its name.
    #[schema(example = "payments")]
    name: String,
    /// The heading that it stands under.
    #[schema(example = "finance")]
    section: String,
    /// Which of the two portals it belongs to.
    #[schema(value_type = schema::Face)]
    face: Face,
    /// How much of it you have yourself.
    #[schema(value_type = schema::Level)]
    level: Level,
}

/// What can be granted.
///
/// The areas of both portals, and how much of each you have yourself.
#[utoipa::path(get, path = "/v1/areas", tag = "users",
    responses((status = 200, description = "All of them", body = List<AreaView>)))]
pub async fn areas(who: Principal) -> Reply<List<AreaView>> {
    let view = |area: &Area| AreaView {
        name: choice(area),
        section: area.section().to_owned(),
        face: area.face(),
        level: who.grants.level(*area),
    };
    Ok(Json(List { items: Area::ALL.iter().map(view).collect(), next: None }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RoleQuery {
    /// Which people of this company may have; of yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those of this portal.
    #[param(value_type = Option<schema::Face>)]
    face: Option<Face>,
    /// `name`, `face`, `created_at` or `company`, by id, as not all who have a role know who made it. With a `-`
    /// before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const FILE_COLUMNS: [&str; 7] = ["id", "company", "name", "description", "face", "companies", "created_at"];

/// Roles that companies have made.
///
/// Those that people of a company may have: made by it, or for it. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/roles", tag = "users", params(RoleQuery),
    responses((status = 200, description = "A page",
        content((List<RoleView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<RoleQuery>,
) -> Result<Response, ApiError> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    rights::view_own(&who, &company.id, Area::Roles, Area::PortalUsers)?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &["name", "face", "company"], sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("face", query.face.map(choice));
    let found = listing.read(&app.store, format, |_: &Role| true).await?;
    found.answer(RoleView::from, "roles", &FILE_COLUMNS)
}

/// Make a role.
#[utoipa::path(post, path = "/v1/roles", tag = "users", request_body = RoleRequest,
    responses((status = 201, description = "The new role", body = RoleView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<RoleRequest>,
) -> Edited<RoleView> {
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    rights::manage_own(&who, &company.id, Area::Roles, Area::PortalUsers)?;
    let companies = companies_of(&app, &who, &company, &body.companies).await?;
    let RoleRequest { name, description, face, grants, .. } = body;
    let ask = NewRole { id: RoleId::new(runtime::fresh()), name, description, face, companies, grants };
    let role = plan_role(&company.id, &who.grants, ask, runtime::now())?;
    written(app.store.create(&who.act(&company.path), &role).await?)?;
    Ok(Versioned::created(role.revision, role.into()))
}

/// The companies of these ids, if they are below the one that makes the role.
async fn companies_of(
    app: &App,
    who: &Principal,
    maker: &Company,
    ids: &[String],
) -> Result<Vec<CompanyId>, ApiError> {
    let mut companies = Vec::new();
    for id in ids {
        let company = app.seen_by(who).company(id).await.map_err(|error| error.field("companies"))?;
        if !company.path.contains(&maker.id) {
            let detail = "a role is for companies below the one that makes it";
            return Err(Problem::invalid("companies", detail).into());
        }
        companies.push(company.id);
    }
    Ok(companies)
}

/// One role.
#[utoipa::path(get, path = "/v1/roles/{id}", tag = "users",
    params(("id" = String, Path, description = "The role's id")),
    responses((status = 200, description = "The role", body = RoleView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<RoleView> {
    let role = app.seen_by(&who).role(&id).await?;
    // One that a company above has made for the caller's is read like the own ones.
    let company = if role.is_for(&who.company.id) { &who.company.id } else { &role.company };
    rights::view_own(&who, company, Area::Roles, Area::PortalUsers)?;
    Ok(Versioned::new(role.revision, role.into()))
}

/// Change a role.
///
/// Whoever has it has the new rights at once, and people of a company that it is no longer for have none by
/// it. What is not named stays.
#[utoipa::path(patch, path = "/v1/roles/{id}", tag = "users", request_body = RolePatch,
    params(("id" = String, Path, description = "The role's id"), Revision),
    responses((status = 200, description = "The role as it is now", body = RoleView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<RolePatch>,
) -> Edited<RoleView> {
    let (role, company) = app.seen_by(&who).thing::<Role>(&id).await?;
    rights::manage_own(&who, &company.id, Area::Roles, Area::PortalUsers)?;
    if_match.check(role.revision)?;
    let companies = match &body.companies {
        Some(ids) => companies_of(&app, &who, &company, ids).await?,
        None => role.companies.clone(),
    };
    let ask = NewRole {
        id: role.id.clone(),
        name: body.name.unwrap_or_else(|| role.name.clone()),
        description: body.description.unwrap_or_else(|| role.description.clone()),
        face: role.face,
        companies,
        grants: body.grants.unwrap_or_else(|| role.grants.clone()),
    };
    let changed = plan_change(&role, &who.grants, ask)?;
    written(app.store.replace(&who.act(&company.path), &role, &changed).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a role that nobody has.
///
/// For who may do all that it grants; not while a self-registration gives it.
#[utoipa::path(delete, path = "/v1/roles/{id}", tag = "users",
    params(("id" = String, Path, description = "The role's id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (role, company) = app.seen_by(&who).thing::<Role>(&id).await?;
    rights::manage_own(&who, &company.id, Area::Roles, Area::PortalUsers)?;
    people::check_grants(&who, &company, &role.grants)?;
    if_match.check(role.revision)?;
    let given = RegistrationRole::Custom(role.id.clone());
    let gives = |settings: &SelfRegistration| settings.details.roles.contains(&given);
    records::check_unnamed(&app, &company.id, gives).await?;
    match app.store.delete_role(&who.act(&company.path), &role).await? {
        RoleDeleted::Now => Ok(StatusCode::NO_CONTENT),
        RoleDeleted::Overtaken => Err(busy()),
        RoleDeleted::InUse => {
            let detail = "Somebody has this role: take it from them first.";
            Err(Problem::new(409, "in_use", detail).into())
        }
    }
}
