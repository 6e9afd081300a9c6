//! The legal entities in whose names companies buy.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::bank_account::BankAccount;
use domain::catalog;
use domain::company::Company;
use domain::id::{LegalEntityId, PortalId};
use domain::legal_entity::{EntityDetails, LegalEntity};
use domain::permission::Area;
use domain::portal::PortalDetails;
use domain::record::id_of;
use domain::reselling::{self, ResellingAgreement};
use http::StatusCode;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::{self, Revision, record_forms};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::rights;

/// The form of a legal entity, with what only one kind of them has besides.
macro_rules! entity_settings {
    ($name:ident { $($more:tt)* }) => {
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Whose it is; yours unless told. It stays.
            pub company: Option<String>,
            /// As lists show it, 1 to 120 characters.
            #[schema(example = "Hornes and Hooves")]
            pub name: String,
            /// As it is registered, 1 to 250 characters.
            #[schema(example = "Hornes and Hooves, Inc.")]
            pub legal_name: String,
            /// Where it is registered: two letters of ISO 3166-1.
            #[schema(example = "CA")]
            pub country: String,
            /// The portal at which its clients log in, one of the same company.
            pub portal: Option<String>,
            /// What it pays taxes under.
            pub tax_number: Option<String>,
            /// What it is registered under.
            pub legal_number: Option<String>,
            /// In the European Union.
            pub vat_number: Option<String>,
            /// As it is registered.
            pub legal_address: Option<String>,
            /// Where invoices go, if that is somewhere else.
            pub billing_address: Option<String>,
            /// Who is told of what happens, up to 20 addresses.
            #[serde(default)]
            pub notification_emails: Vec<String>,
            /// Whether forms begin with it; a company has at most one such.
            #[serde(default)]
            pub is_default: bool,
            $($more)*
        }

        impl $name {
            /// What every legal entity has.
            async fn entity(
                &self,
                app: &$crate::App,
                who: &runtime::auth::Principal,
                company: &domain::company::Company,
            ) -> Result<domain::legal_entity::EntityDetails, $crate::error::ApiError> {
                $crate::routes::records::check_same_company(self.company.as_deref(), company)?;
                let portal = $crate::routes::legal_entities::portal(app, who, company, self.portal.as_deref());
                Ok(domain::legal_entity::EntityDetails {
                    portal: portal.await?,
                    name: self.name.clone(),
                    legal_name: self.legal_name.clone(),
                    country: self.country.clone(),
                    tax_number: self.tax_number.clone(),
                    legal_number: self.legal_number.clone(),
                    vat_number: self.vat_number.clone(),
                    legal_address: self.legal_address.clone(),
                    billing_address: self.billing_address.clone(),
                    notification_emails: self.notification_emails.clone(),
                    is_default: self.is_default,
                })
            }
        }
    };
}
pub(super) use entity_settings;

entity_settings!(LegalEntitySettings {});

impl From<&LegalEntity> for LegalEntitySettings {
    fn from(entity: &LegalEntity) -> Self {
        let details = entity.details.clone();
        Self {
            company: Some(entity.company.to_string()),
            name: details.name,
            legal_name: details.legal_name,
            country: details.country,
            portal: details.portal.map(Into::into),
            tax_number: details.tax_number,
            legal_number: details.legal_number,
            vat_number: details.vat_number,
            legal_address: details.legal_address,
            billing_address: details.billing_address,
            notification_emails: details.notification_emails,
            is_default: details.is_default,
        }
    }
}

record_forms!(EntityDetails, LegalEntitySettings: LegalEntityView, LegalEntityPatch);

/// A portal that a legal entity of this company names.
pub(super) async fn portal(
    app: &App,
    who: &Principal,
    company: &Company,
    id: Option<&str>,
) -> Result<Option<domain::id::PortalId>, ApiError> {
    match id {
        Some(id) => Ok(Some(records::named::<PortalDetails>(app, who, company, "portal", id).await?.id)),
        None => Ok(None),
    }
}

/// Create a legal entity of a company.
///
/// A second default is refused with `taken`.
#[utoipa::path(post, path = "/v1/legal_entities", tag = "legal_entities", request_body = LegalEntitySettings,
    responses((status = 201, description = "The new legal entity", body = LegalEntityView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<LegalEntitySettings>,
) -> Edited<LegalEntityView> {
    rights::manage(&who, Area::LegalEntities)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let details = body.entity(&app, &who, &company).await?;
    let id = LegalEntityId::new(runtime::fresh());
    let entity = LegalEntity::plan(id, &company, details, records::hand(&who))?;
    let entity = records::create(&app, &who, &company, entity).await?;
    Ok(Versioned::created(entity.revision, entity.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LegalEntityQuery {
    /// Only of this company; of yours and those directly below it unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those whose registered name begins so.
    legal_name: Option<String>,
    /// Only of this country.
    country: Option<String>,
    /// Only those with this portal.
    portal: Option<String>,
    /// Only those whose tax number begins so.
    tax_number: Option<String>,
    /// Only those whose registration number begins so.
    legal_number: Option<String>,
    /// Only those whose VAT number begins so.
    vat_number: Option<String>,
    /// Only those whose legal address begins so.
    legal_address: Option<String>,
    /// Only those whose billing address begins so.
    billing_address: Option<String>,
    /// Only those that are the default, or that are not.
    is_default: Option<bool>,
    /// `name`, `legal_name`, `country`, `tax_number`, `legal_number`, `vat_number`, `legal_address`,
    /// `billing_address`, `is_default`, `updated_at` or `created_at`; or of 10,000 of them at most `company` or
    /// `portal`. With a `-` before it for the other way round.
    #[param(example = "-updated_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

pub(super) const COLUMNS: [&str; 12] = [
    "name",
    "company",
    "legal_name",
    "country",
    "portal",
    "tax_number",
    "legal_number",
    "vat_number",
    "legal_address",
    "billing_address",
    "is_default",
    "updated_at",
];
/// By name, which no index has.
const ROW_COLUMNS: [Column<LegalEntity>; 2] = [
    ("company", |entity| entity.company.to_string()),
    ("portal", |entity| id_of(entity.details.portal.as_ref())),
];

/// A legal entity in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegalEntityRow {
    #[serde(flatten)]
    entity: LegalEntityView,
    /// What the company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// What the portal is called; null where there is none.
    #[schema(example = "Hornes messaging")]
    portal_name: Option<String>,
}

const FILE_COLUMNS: [&str; 17] = [
    "id",
    "name",
    "company",
    "company_name",
    "country",
    "portal",
    "portal_name",
    "legal_address",
    "billing_address",
    "legal_name",
    "tax_number",
    "legal_number",
    "vat_number",
    "notification_emails",
    "is_default",
    "created_at",
    "updated_at",
];

/// Legal entities of companies.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/legal_entities", tag = "legal_entities", params(LegalEntityQuery),
    responses((status = 200, description = "A page",
        content((List<LegalEntityRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<LegalEntityQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::LegalEntities)?;
    let lists = records::lists_of(&app, &who, query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new("", &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .begins("legal_name", query.legal_name.as_deref())
        .is("country", query.country.map(|country| country.to_ascii_uppercase()))
        .is("portal", query.portal)
        .begins("tax_number", query.tax_number.as_deref())
        .begins("legal_number", query.legal_number.as_deref())
        .begins("vat_number", query.vat_number.as_deref())
        .begins("legal_address", query.legal_address.as_deref())
        .begins("billing_address", query.billing_address.as_deref())
        .is("is_default", query.is_default.map(catalog::flag));
    let all = |_: &LegalEntity| true;
    let found = listing.read_all_in_order(&ROW_COLUMNS, &lists, &app.store, format, all).await?;
    let names = found.names(&app.store, |entity| [entity.company.as_str(), portal_of(entity)]).await?;
    let row = |entity: LegalEntity| LegalEntityRow {
        company_name: names.get(entity.company.as_str()),
        portal_name: names.get(portal_of(&entity)),
        entity: entity.into(),
    };
    found.answer(row, "legal_entities", &FILE_COLUMNS)
}

fn portal_of(entity: &LegalEntity) -> &str {
    entity.details.portal.as_ref().map_or("", PortalId::as_str)
}

/// One legal entity.
#[utoipa::path(get, path = "/v1/legal_entities/{id}", tag = "legal_entities",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The legal entity", body = LegalEntityView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<LegalEntityView> {
    records::one::<EntityDetails, _>(&app, &who, Area::LegalEntities, &id).await
}

/// Change a legal entity.
#[utoipa::path(patch, path = "/v1/legal_entities/{id}", tag = "legal_entities",
    request_body = LegalEntityPatch, params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The legal entity as it is now", body = LegalEntityView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<LegalEntityPatch>,
) -> Edited<LegalEntityView> {
    let (entity, company): (LegalEntity, _) =
        records::to_change(&app, &who, Area::LegalEntities, &id, &if_match).await?;
    let settings = records::patched(&LegalEntitySettings::from(&entity), body.0)?;
    let details = settings.entity(&app, &who, &company).await?;
    let changed = records::replace(&app, &who, &company, &entity, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a legal entity.
///
/// Not while an agreement, a bank account or a reselling agreement names it.
#[utoipa::path(delete, path = "/v1/legal_entities/{id}", tag = "legal_entities",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (entity, company): (LegalEntity, _) =
        records::to_change(&app, &who, Area::LegalEntities, &id, &if_match).await?;
    let (list, in_column) = (company.id.to_string(), ("legal_entity", entity.id.as_str()));
    records::check_unlisted::<Agreement>(&app, list.clone(), Some(in_column)).await?;
    records::check_unlisted::<BankAccount>(&app, list, Some(in_column)).await?;
    records::check_unlisted::<ResellingAgreement>(&app, reselling::list_of(&entity.id), None).await?;
    records::delete(&app, &who, &company, &entity).await
}
