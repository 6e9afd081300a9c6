//! Portals: host names with the looks of the product there.

pub mod branding;

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::{Company, CompanyKind};
use domain::id::{CompanyId, PortalId};
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::permission::Area;
use domain::portal::{
    Branding, Certificate, DomainCheck, DomainState, Portal, PortalDetails, PortalFiles, PortalLink,
    PortalStatus, check_seller, domain_after, parse_host,
};
use domain::self_registration::SelfRegistration;
use domain::upload::FileName;
use http::StatusCode;
use jiff::Timestamp;
use reqwest::Url;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::records::{self, Revision, record_forms};
use super::{Edited, uploads};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::names::CompanyName;
use crate::{rights, schema};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PortalSettings {
    /// For whom it is; for you unless told. It stays.
    company: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[schema(example = "Hornes and Hooves")]
    name: String,
    /// The host name, without port or path; no two portals have one.
    #[schema(example = "sms.hornes.example")]
    host: String,
    /// Who sees to its certificate.
    #[schema(value_type = schema::Certificate)]
    certificate: Certificate,
    /// The title of its pages, 1 to 120 characters.
    #[schema(example = "HoHo")]
    title: String,
    /// By tags of RFC 5646, the one that is shown unless told first.
    #[schema(example = json!(["en", "pt-BR"]))]
    languages: Vec<String>,
    /// The uploaded logo for light backgrounds, 1:1.
    logo_square_light: Option<String>,
    /// The uploaded logo for light backgrounds, 4:1.
    logo_wide_light: Option<String>,
    /// The uploaded logo for dark backgrounds, 1:1.
    logo_square_dark: Option<String>,
    /// The uploaded logo for dark backgrounds, 4:1.
    logo_wide_dark: Option<String>,
    /// The uploaded small picture of browsers' tabs.
    favicon: Option<String>,
    /// The uploaded logo of the login page, 4:1 or 1:1.
    login_logo: Option<String>,
    /// The uploaded picture behind the login page, 16:9.
    login_background: Option<String>,
    /// The uploaded licence agreement, a PDF file.
    terms: Option<String>,
    /// The uploaded privacy policy, a PDF file.
    privacy: Option<String>,
    /// What stands above the fields of the login page, by language.
    #[serde(default)]
    #[schema(example = json!({"en": "Welcome"}))]
    login_texts: BTreeMap<String, String>,
    /// Whether the login page shows whose product it is.
    #[serde(default)]
    shows_product: bool,
    /// Links at the foot of the pages, up to 20.
    #[serde(default)]
    links: Vec<LinkSettings>,
    /// Where people ask for help.
    support_email: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSettings {
    /// What is clicked on, 1 to 80 characters.
    #[schema(example = "Help")]
    title: String,
    /// Where it leads: `https://` or `mailto:`.
    #[schema(example = "https://help.hornes.example")]
    url: String,
}

impl From<&Portal> for PortalSettings {
    fn from(portal: &Portal) -> Self {
        let PortalDetails { name, host, certificate, branding, .. } = portal.details.clone();
        let Branding { title, languages, files, login_texts, shows_product, links, support_email } = branding;
        let link = |link: PortalLink| LinkSettings { title: link.title, url: link.url };
        Self {
            company: Some(portal.company.to_string()),
            name,
            host,
            certificate,
            title,
            languages,
            logo_square_light: files.logo_square_light.map(Into::into),
            logo_wide_light: files.logo_wide_light.map(Into::into),
            logo_square_dark: files.logo_square_dark.map(Into::into),
            logo_wide_dark: files.logo_wide_dark.map(Into::into),
            favicon: files.favicon.map(Into::into),
            login_logo: files.login_logo.map(Into::into),
            login_background: files.login_background.map(Into::into),
            terms: files.terms.map(Into::into),
            privacy: files.privacy.map(Into::into),
            login_texts,
            shows_product,
            links: links.into_iter().map(link).collect(),
            support_email,
        }
    }
}

impl PortalSettings {
    async fn details(
        self,
        app: &App,
        company: &Company,
        before: Option<&PortalDetails>,
    ) -> Result<PortalDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        let had = before.map(|before| before.branding.files.clone()).unwrap_or_default();
        let files = self.files(app, &company.id, &had).await?;
        let host = parse_host(&self.host)?;
        check_host(app, company, &host)?;
        let link = |link: LinkSettings| PortalLink { title: link.title, url: link.url };
        Ok(PortalDetails {
            name: self.name,
            domain: before.map(|before| domain_after(before, &host)).unwrap_or_default(),
            host,
            certificate: self.certificate,
            branding: Branding {
                title: self.title,
                languages: self.languages,
                files,
                login_texts: self.login_texts,
                shows_product: self.shows_product,
                links: self.links.into_iter().map(link).collect(),
                support_email: self.support_email,
            },
        })
    }

    async fn files(
        &self,
        app: &App,
        company: &CompanyId,
        had: &PortalFiles,
    ) -> Result<PortalFiles, ApiError> {
        let named = async |field, file: &Option<String>, had: &Option<FileName>| {
            uploads::named(app, company, field, file.as_deref(), had.as_ref()).await
        };
        Ok(PortalFiles {
            logo_square_light: named("logo_square_light", &self.logo_square_light, &had.logo_square_light)
                .await?,
            logo_wide_light: named("logo_wide_light", &self.logo_wide_light, &had.logo_wide_light).await?,
            logo_square_dark: named("logo_square_dark", &self.logo_square_dark, &had.logo_square_dark)
                .await?,
            logo_wide_dark: named("logo_wide_dark", &self.logo_wide_dark, &had.logo_wide_dark).await?,
            favicon: named("favicon", &self.favicon, &had.favicon).await?,
            login_logo: named("login_logo", &self.login_logo, &had.login_logo).await?,
            login_background: named("login_background", &self.login_background, &had.login_background)
                .await?,
            terms: named("terms", &self.terms, &had.terms).await?,
            privacy: named("privacy", &self.privacy, &had.privacy).await?,
        })
    }
}

record_forms!(PortalDetails, PortalSettings: PortalRecord, PortalPatch);

#[derive(Debug, Serialize, ToSchema)]
pub struct PortalView {
    /// Whether it is in use.
    #[schema(value_type = schema::PortalStatus)]
    status: PortalStatus,
    /// Whether its host name leads to this platform.
    #[schema(value_type = schema::DomainState)]
    domain: DomainState,
    /// When that was looked at.
    #[schema(value_type = Option<String>, format = DateTime)]
    domain_checked_at: Option<Timestamp>,
    /// Where its back office is.
    #[schema(example = "https://sms.hornes.example/bo")]
    back_office_url: String,
    #[serde(flatten)]
    record: PortalRecord,
}

impl From<Portal> for PortalView {
    fn from(portal: Portal) -> Self {
        Self {
            status: portal.details.status(),
            domain: portal.details.domain.state,
            domain_checked_at: portal.details.domain.at,
            back_office_url: format!("https://{}/bo", portal.details.host),
            record: portal.into(),
        }
    }
}

/// The platform's own host name is its owner's.
fn check_host(app: &App, company: &Company, host: &str) -> Result<(), ApiError> {
    let own = app.public_base_url.split("://").last().unwrap_or_default();
    let own = own.split([':', '/']).next().unwrap_or_default();
    if company.kind == CompanyKind::Owner || !host.eq_ignore_ascii_case(own) {
        return Ok(());
    }
    Err(Problem::invalid("host", "this is the host name of the platform itself").into())
}

/// Create a portal.
///
/// Upload its pictures first. It is a draft until its host name was checked.
#[utoipa::path(post, path = "/v1/portals", tag = "portals", request_body = PortalSettings,
    responses((status = 201, description = "The new portal", body = PortalView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<PortalSettings>,
) -> Edited<PortalView> {
    rights::manage(&who, Area::Portals)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    check_seller(&company)?;
    let details = body.details(&app, &company, None).await?;
    let id = PortalId::new(runtime::fresh());
    let portal = Portal::plan(id, &company, details, records::hand(&who))?;
    let portal = records::create(&app, &who, &company, portal).await?;
    Ok(Versioned::created(portal.revision, portal.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PortalQuery {
    /// Only of this company; of yours and those directly below it unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those whose host name begins so.
    host: Option<String>,
    /// Only with this status.
    #[param(value_type = Option<schema::PortalStatus>)]
    status: Option<PortalStatus>,
    /// Only those that this person or key made.
    created_by: Option<String>,
    /// Only those that this person or key changed last.
    updated_by: Option<String>,
    /// Only those made at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<Timestamp>,
    /// Only those made before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_till: Option<Timestamp>,
    /// Only those changed last at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// `name`, `host`, `status`, `created_by`, `updated_by`, `updated_at` or `created_at`; or of 10,000 portals at
    /// most `company`. With a `-` before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 7] = ["name", "company", "host", "status", "created_by", "updated_by", "updated_at"];
/// By name, which no index has.
const BY_COMPANY: Column<Portal> = ("company", |portal| portal.company.to_string());

/// A portal in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortalRow {
    #[serde(flatten)]
    portal: PortalView,
    #[serde(flatten)]
    names: CompanyName,
}

const FILE_COLUMNS: [&str; 11] = [
    "id",
    "company",
    "company_name",
    "name",
    "host",
    "back_office_url",
    "status",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
];

/// Portals.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/portals", tag = "portals", params(PortalQuery),
    responses((status = 200, description = "A page",
        content((List<PortalRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<PortalQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::Portals)?;
    let lists = records::lists_of(&app, &who, query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new("", &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .begins("host", query.host.as_deref())
        .is("status", query.status.map(catalog::choice))
        .is("created_by", query.created_by.as_deref().map(catalog::words))
        .is("updated_by", query.updated_by.as_deref().map(catalog::words))
        .within("created_at", query.created_from, query.created_till)
        .within("updated_at", query.updated_from, query.updated_till);
    let all = |_: &Portal| true;
    let found = listing.read_all_in_order(&[BY_COMPANY], &lists, &app.store, format, all).await?;
    let names = found.names(&app.store, |portal| [portal.company.as_str()]).await?;
    let row = |portal: Portal| PortalRow { names: names.company(&portal.company), portal: portal.into() };
    found.answer(row, "portals", &FILE_COLUMNS)
}

/// One portal.
#[utoipa::path(get, path = "/v1/portals/{id}", tag = "portals",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The portal", body = PortalView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<PortalView> {
    rights::view(&who, Area::Portals)?;
    let (portal, _) = app.seen_by(&who).thing::<Portal>(&id).await?;
    Ok(Versioned::new(portal.revision, portal.into()))
}

/// Change a portal.
///
/// With another host name it is a draft again.
#[utoipa::path(patch, path = "/v1/portals/{id}", tag = "portals", request_body = PortalPatch,
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The portal as it is now", body = PortalView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<PortalPatch>,
) -> Edited<PortalView> {
    rights::manage(&who, Area::Portals)?;
    let (portal, company) = app.seen_by(&who).thing::<Portal>(&id).await?;
    if_match.check(portal.revision)?;
    let settings = records::patched(&PortalSettings::from(&portal), body.0)?;
    let details = settings.details(&app, &company, Some(&portal.details)).await?;
    let changed = records::replace(&app, &who, &company, &portal, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Check whether a portal's host name leads to this platform.
#[utoipa::path(post, path = "/v1/portals/{id}/check", tag = "portals",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The portal as it is now", body = PortalView)))]
pub async fn check(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<PortalView> {
    rights::manage(&who, Area::Portals)?;
    let (portal, company) = app.seen_by(&who).thing::<Portal>(&id).await?;
    let state = look_up(&app, &portal.details.host).await;
    let domain = DomainCheck { state, at: Some(runtime::now()) };
    let details = PortalDetails { domain, ..portal.details.clone() };
    let checked = records::replace(&app, &who, &company, &portal, details).await?;
    Ok(Versioned::new(checked.revision, checked.into()))
}

/// Here is where the platform's own host name leads.
async fn look_up(app: &App, host: &str) -> DomainState {
    let own = Url::parse(&app.public_base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let (here, there) = (addresses(&own.unwrap_or_default()).await, addresses(host).await);
    match there.is_empty() {
        true => DomainState::Unknown,
        false if there.iter().any(|address| here.contains(address)) => DomainState::Ready,
        false => DomainState::Elsewhere,
    }
}

async fn addresses(host: &str) -> HashSet<IpAddr> {
    const ANY_PORT: u16 = 443;
    let found = tokio::net::lookup_host((host, ANY_PORT)).await;
    found.map(|found| found.map(|address| address.ip()).collect()).unwrap_or_default()
}

/// Delete a portal.
///
/// Not while a legal entity or a self-registration names it.
#[utoipa::path(delete, path = "/v1/portals/{id}", tag = "portals",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    rights::manage(&who, Area::Portals)?;
    let (portal, company) = app.seen_by(&who).thing::<Portal>(&id).await?;
    if_match.check(portal.revision)?;
    let (list, in_column) = (company.id.to_string(), Some(("portal", portal.id.as_str())));
    records::check_unlisted::<LegalEntity>(&app, list.clone(), in_column).await?;
    records::check_unlisted::<OwnLegalEntity>(&app, list.clone(), in_column).await?;
    records::check_unlisted::<SelfRegistration>(&app, list, in_column).await?;
    records::delete(&app, &who, &company, &portal).await
}
