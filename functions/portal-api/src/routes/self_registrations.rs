//! What becomes of those who register at a portal without being invited. The registration itself is in
//! `registrations`.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::{Charging, CreditLimit, EnabledService};
use domain::bank_account::OwnAccountDetails;
use domain::catalog;
use domain::company::{Company, CompanyKind};
use domain::id::{AgreementId, SelfRegistrationId, ServiceId, TwoFactorIntegrationId};
use domain::legal_entity::OwnEntityDetails;
use domain::money::Currency;
use domain::permission::{Area, Face};
use domain::portal::{PortalDetails, check_seller};
use domain::role::Role;
use domain::self_registration::{AgreementTemplate, RegistrationDetails, RegistrationRole, SelfRegistration};
use domain::two_factor::TwoFactorIntegration;
use domain::user::UserError;
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::agreements::{self, Billing};
use super::enabled_services::check_channels;
use super::records::{self, Revision, record_forms};
use super::{Edited, uploads};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelfRegistrationSettings {
    /// Whose it is: who sells to those who register; yours unless told. It stays.
    company: Option<String>,
    /// In whose name it sells.
    own_legal_entity: String,
    /// Where people register; a portal has one of these settings.
    portal: String,
    /// Where they pay to.
    own_bank_account: String,
    /// Whether one can register at the moment.
    #[serde(default)]
    enabled: bool,
    /// The uploaded terms of service, a PDF file.
    terms: Option<String>,
    /// The uploaded privacy policy, a PDF file.
    privacy: Option<String>,
    /// The 2FA integration that proves phone numbers; they are not proved unless told.
    phone_verification: Option<String>,
    /// Who is told of registrations, and of those that failed.
    #[schema(example = "sales@hornes.example")]
    report_email: String,
    /// Whether what the new companies send waits for moderation.
    #[serde(default)]
    moderation: bool,
    /// Whether the new users log in with two factors.
    #[serde(default)]
    two_factor: bool,
    /// Whether the new companies see their invoices.
    #[serde(default)]
    invoices_enabled: bool,
    /// The agreement that everybody gets.
    agreement: AgreementTemplateSettings,
    /// The services that are enabled at once, up to 50.
    #[serde(default)]
    services: Vec<String>,
    /// The packs that are given at once, free, up to 50.
    #[serde(default)]
    packs: Vec<String>,
    /// What the first user may do: names of system roles of the client portal, or ids of roles of yours for
    /// it. `portal_admin` is everything.
    #[schema(example = json!(["portal_admin"]))]
    roles: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementTemplateSettings {
    /// What codes begin with: 1 to 20 letters, digits and - _ . /
    #[schema(example = "WEB-")]
    code_prefix: String,
    /// An ISO 4217 code, or `CREDIT` for message credits.
    #[schema(example = "EUR")]
    currency: String,
    /// How messages are charged; `cascade` unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::Charging>)]
    charging: Charging,
    /// How far the balance may go below zero; null for no limit.
    #[schema(required, example = "0")]
    credit_limit: Option<String>,
    /// When it is invoiced.
    billing: Billing,
    /// The agreement that you buy under yourself; never for the owner.
    resold_under: Option<String>,
}

impl From<&SelfRegistration> for SelfRegistrationSettings {
    fn from(settings: &SelfRegistration) -> Self {
        let details = settings.details.clone();
        let ids = |ids: Vec<ServiceId>| ids.into_iter().map(Into::into).collect();
        let role = |role: RegistrationRole| match role {
            RegistrationRole::System(role) => catalog::choice(role),
            RegistrationRole::Custom(id) => id.into(),
        };
        Self {
            company: Some(settings.company.to_string()),
            own_legal_entity: details.own_legal_entity.into(),
            portal: details.portal.into(),
            own_bank_account: details.own_bank_account.into(),
            enabled: details.enabled,
            terms: details.terms.map(Into::into),
            privacy: details.privacy.map(Into::into),
            phone_verification: details.phone_verification.map(Into::into),
            report_email: details.report_email,
            moderation: details.moderation,
            two_factor: details.two_factor,
            invoices_enabled: details.invoices_enabled,
            agreement: details.agreement.into(),
            services: ids(details.services),
            packs: ids(details.packs),
            roles: details.roles.into_iter().map(role).collect(),
        }
    }
}

impl From<AgreementTemplate> for AgreementTemplateSettings {
    fn from(template: AgreementTemplate) -> Self {
        let credit_limit = match template.credit_limit {
            CreditLimit::Unlimited => None,
            CreditLimit::Limited(limit) => Some(limit.to_string()),
        };
        Self {
            code_prefix: template.code_prefix,
            currency: template.currency.code().to_owned(),
            charging: template.charging,
            credit_limit,
            billing: template.billing.into(),
            resold_under: template.resold_under.map(Into::into),
        }
    }
}

impl SelfRegistrationSettings {
    async fn details(
        self,
        app: &App,
        who: &Principal,
        company: &Company,
        before: Option<&RegistrationDetails>,
    ) -> Result<RegistrationDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        let entity = &self.own_legal_entity;
        let entity =
            records::named::<OwnEntityDetails>(app, who, company, "own_legal_entity", entity).await?;
        let portal = records::named::<PortalDetails>(app, who, company, "portal", &self.portal).await?;
        let account = &self.own_bank_account;
        let account =
            records::named::<OwnAccountDetails>(app, who, company, "own_bank_account", account).await?;
        let had = |file: fn(&RegistrationDetails) -> Option<&_>| before.and_then(file);
        let (terms, privacy) = (self.terms.as_deref(), self.privacy.as_deref());
        let terms = uploads::named(app, &company.id, "terms", terms, had(|had| had.terms.as_ref())).await?;
        let privacy =
            uploads::named(app, &company.id, "privacy", privacy, had(|had| had.privacy.as_ref())).await?;
        let agreement = self.agreement.template(app, who, company, before).await?;
        let enabled = services(app, who, company, agreement.currency, "services", &self.services).await?;
        check_services(app, before, &enabled).await?;
        Ok(RegistrationDetails {
            own_legal_entity: entity.id,
            portal: portal.id,
            own_bank_account: account.id,
            enabled: self.enabled,
            terms,
            privacy,
            phone_verification: integration(app, who, company, self.phone_verification.as_deref()).await?,
            report_email: self.report_email,
            moderation: self.moderation,
            two_factor: self.two_factor,
            invoices_enabled: self.invoices_enabled,
            services: enabled,
            packs: services(app, who, company, agreement.currency, "packs", &self.packs).await?,
            roles: roles(app, who, company, &self.roles, before).await?,
            agreement,
        })
    }
}

impl AgreementTemplateSettings {
    async fn template(
        self,
        app: &App,
        who: &Principal,
        company: &Company,
        before: Option<&RegistrationDetails>,
    ) -> Result<AgreementTemplate, ApiError> {
        let credit_limit = match self.credit_limit.as_deref() {
            Some(text) => CreditLimit::Limited(
                fields::amount("credit_limit", text).map_err(|error| error.field("agreement"))?,
            ),
            None => CreditLimit::Unlimited,
        };
        let resold_under = resold_under(app, who, company, self.resold_under.as_deref(), before).await?;
        Ok(AgreementTemplate {
            code_prefix: self.code_prefix,
            currency: fields::currency(&self.currency).map_err(|error| error.field("agreement"))?,
            charging: self.charging,
            credit_limit,
            billing: self.billing.into(),
            resold_under,
        })
    }
}

/// Everybody but the owner sells what it buys under an agreement of its own. The one that is named already
/// stays: each registration asks whether it governs then.
async fn resold_under(
    app: &App,
    who: &Principal,
    company: &Company,
    id: Option<&str>,
    before: Option<&RegistrationDetails>,
) -> Result<Option<AgreementId>, ApiError> {
    let refused = |detail: &str| Err(Problem::invalid("agreement", detail).into());
    match (id, company.kind) {
        (None, CompanyKind::Owner) => Ok(None),
        (Some(_), CompanyKind::Owner) => refused("the owner resells under no agreement"),
        (None, _) => refused("who resells names the agreement that it buys under in `resold_under`"),
        (Some(id), _) => {
            let agreement = app.seen_by(who).agreement(id).await.map_err(|error| error.field("agreement"))?;
            if agreement.company != company.id {
                return refused("`resold_under` has to be an agreement of the company");
            }
            if before.and_then(|before| before.agreement.resold_under.as_ref()) != Some(&agreement.id) {
                let governs = agreements::check_governs(app, &agreement, &company.id).await;
                governs.map_err(|error| error.field("agreement"))?;
            }
            Ok(Some(agreement.id))
        }
    }
}

async fn integration(
    app: &App,
    who: &Principal,
    company: &Company,
    id: Option<&str>,
) -> Result<Option<TwoFactorIntegrationId>, ApiError> {
    let field = "phone_verification";
    let Some(id) = id else { return Ok(None) };
    let found = app.seen_by(who).thing::<TwoFactorIntegration>(id).await;
    let (integration, of) = found.map_err(|error| error.field(field))?;
    match of.id == company.id {
        true => Ok(Some(integration.id)),
        false => Err(Problem::invalid(field, "it has to be an integration of the same company").into()),
    }
}

/// Services of the company in the agreement's currency; packs are named apart.
async fn services(
    app: &App,
    who: &Principal,
    company: &Company,
    currency: Currency,
    field: &str,
    ids: &[String],
) -> Result<Vec<ServiceId>, ApiError> {
    let mut services = Vec::with_capacity(ids.len());
    for id in ids {
        let service = app.seen_by(who).service(id).await.map_err(|error| error.field(field))?;
        let is_pack = service.kind.is_bought();
        let detail = match () {
            () if service.company != company.id => "it has to be of the same company",
            () if service.kind.has_currency() && service.currency != currency => {
                "it has to have the agreement's currency"
            }
            () if is_pack != (field == "packs") => "packs are named in `packs`, all else in `services`",
            () => {
                services.push(service.id);
                continue;
            }
        };
        return Err(Problem::invalid(field, detail).figure("service", id).into());
    }
    Ok(services)
}

/// Refuses services that cannot be enabled beside each other, but for those that are named already.
async fn check_services(
    app: &App,
    before: Option<&RegistrationDetails>,
    after: &[ServiceId],
) -> Result<(), ApiError> {
    let before = before.map(|before| before.services.as_slice()).unwrap_or_default();
    let now = runtime::now();
    let enabled = |ids: &[ServiceId]| -> Vec<_> {
        ids.iter().map(|id| EnabledService::new(id.clone(), now, None)).collect()
    };
    let checked = check_channels(app, &enabled(before), &enabled(after)).await;
    checked.map_err(|error| error.field("services"))
}

/// Nobody has others get what they do not have themselves; what is named already stays.
async fn roles(
    app: &App,
    who: &Principal,
    company: &Company,
    names: &[String],
    before: Option<&RegistrationDetails>,
) -> Result<Vec<RegistrationRole>, ApiError> {
    let mut roles = Vec::with_capacity(names.len());
    for name in names {
        let unknown = || Problem::invalid("roles", format!("{name} is no role of the client portal"));
        let role = RegistrationRole::parse(name).ok_or_else(unknown)?;
        let grants = match &role {
            RegistrationRole::System(role) => role.grants(),
            RegistrationRole::Custom(id) => {
                let found = app.seen_by(who).thing::<Role>(id.as_str()).await;
                let (found, of) = found.map_err(|error| error.field("roles"))?;
                if of.id != company.id || found.face != Face::ClientPortal {
                    return Err(unknown().into());
                }
                found.grants
            }
        };
        let is_new = before.is_none_or(|before| !before.roles.contains(&role));
        if let Some(area) = who.grants.exceeded_by(&grants).filter(|_| is_new) {
            return Err(ApiError::from(UserError::NotYours(area)).field("roles"));
        }
        roles.push(role);
    }
    Ok(roles)
}

record_forms!(
    RegistrationDetails, SelfRegistrationSettings: SelfRegistrationView, SelfRegistrationPatch
);

/// Create the self-registration settings of a portal.
///
/// Not for a company at the lowest level of the tree: nobody can be below it.
#[utoipa::path(post, path = "/v1/self_registrations", tag = "self_registrations",
    request_body = SelfRegistrationSettings,
    responses((status = 201, description = "The new settings", body = SelfRegistrationView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<SelfRegistrationSettings>,
) -> Edited<SelfRegistrationView> {
    rights::manage(&who, Area::SelfRegistration)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    check_seller(&company)?;
    company.check_depth().map_err(|error| ApiError::from(error).field("company"))?;
    let details = body.details(&app, &who, &company, None).await?;
    let id = SelfRegistrationId::new(runtime::fresh());
    let settings = SelfRegistration::plan(id, &company, details, records::hand(&who))?;
    let settings = records::create(&app, &who, &company, settings).await?;
    Ok(Versioned::created(settings.revision, settings.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SelfRegistrationQuery {
    /// Whose; yours unless told.
    company: Option<String>,
    /// Only of this portal.
    portal: Option<String>,
    /// Only of this own legal entity.
    own_legal_entity: Option<String>,
    /// Only where one can register, or cannot.
    enabled: Option<bool>,
    /// Only where phone numbers are proved, or are not.
    verification: Option<bool>,
    /// Only where new companies are moderated, or are not.
    moderation: Option<bool>,
    /// Only with agreements in this currency.
    currency: Option<String>,
    /// `enabled`, `verification`, `moderation`, `currency`, `updated_at` or `created_at`; or of 10,000 settings at
    /// most `portal` or `own_legal_entity`. With a `-` before it for the other way round.
    #[param(example = "-updated_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 7] =
    ["portal", "own_legal_entity", "enabled", "verification", "moderation", "currency", "updated_at"];
/// By name, which no index has.
const ROW_COLUMNS: [Column<SelfRegistration>; 2] = [
    ("portal", |settings| settings.details.portal.to_string()),
    ("own_legal_entity", |settings| settings.details.own_legal_entity.to_string()),
];

/// Self-registration settings in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SelfRegistrationRow {
    #[serde(flatten)]
    settings: SelfRegistrationView,
    /// What the portal is called.
    #[schema(example = "Hornes messaging")]
    portal_name: Option<String>,
    /// What the legal entity is called.
    #[schema(example = "Waybill GmbH")]
    own_legal_entity_name: Option<String>,
}

const FILE_COLUMNS: [&str; 12] = [
    "id",
    "portal",
    "portal_name",
    "own_legal_entity",
    "own_legal_entity_name",
    "enabled",
    "phone_verification",
    "moderation",
    "agreement.currency",
    "report_email",
    "created_at",
    "updated_at",
];

/// A company's self-registration settings.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/self_registrations", tag = "self_registrations",
    params(SelfRegistrationQuery),
    responses((status = 200, description = "A page",
        content((List<SelfRegistrationRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<SelfRegistrationQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::SelfRegistration)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .is("portal", query.portal)
        .is("own_legal_entity", query.own_legal_entity)
        .is("enabled", query.enabled.map(catalog::flag))
        .is("verification", query.verification.map(catalog::flag))
        .is("moderation", query.moderation.map(catalog::flag))
        .is("currency", query.currency.map(|currency| currency.to_ascii_uppercase()));
    let found = listing.read_in_order(&ROW_COLUMNS, &app.store, format, |_| true).await?;
    let names = found.names(&app.store, named).await?;
    let row = |settings: SelfRegistration| {
        let [portal_name, own_legal_entity_name] = named(&settings).map(|id| names.get(id));
        SelfRegistrationRow { portal_name, own_legal_entity_name, settings: settings.into() }
    };
    found.answer(row, "self_registrations", &FILE_COLUMNS)
}

/// Whose name stands in a row.
fn named(settings: &SelfRegistration) -> [&str; 2] {
    [settings.details.portal.as_str(), settings.details.own_legal_entity.as_str()]
}

/// Self-registration settings.
#[utoipa::path(get, path = "/v1/self_registrations/{id}", tag = "self_registrations",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "The settings", body = SelfRegistrationView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<SelfRegistrationView> {
    rights::view(&who, Area::SelfRegistration)?;
    let (settings, _) = app.seen_by(&who).thing::<SelfRegistration>(&id).await?;
    Ok(Versioned::new(settings.revision, settings.into()))
}

/// Change self-registration settings.
#[utoipa::path(patch, path = "/v1/self_registrations/{id}", tag = "self_registrations",
    request_body = SelfRegistrationPatch, params(("id" = String, Path, description = "Their id"), Revision),
    responses((status = 200, description = "The settings as they are now", body = SelfRegistrationView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<SelfRegistrationPatch>,
) -> Edited<SelfRegistrationView> {
    rights::manage(&who, Area::SelfRegistration)?;
    let (before, company) = app.seen_by(&who).thing::<SelfRegistration>(&id).await?;
    if_match.check(before.revision)?;
    let settings = records::patched(&SelfRegistrationSettings::from(&before), body.0)?;
    let details = settings.details(&app, &who, &company, Some(&before.details)).await?;
    let changed = records::replace(&app, &who, &company, &before, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete self-registration settings. Nobody can register at the portal any more.
#[utoipa::path(delete, path = "/v1/self_registrations/{id}", tag = "self_registrations",
    params(("id" = String, Path, description = "Their id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    rights::manage(&who, Area::SelfRegistration)?;
    let (settings, company) = app.seen_by(&who).thing::<SelfRegistration>(&id).await?;
    if_match.check(settings.revision)?;
    records::delete(&app, &who, &company, &settings).await
}
