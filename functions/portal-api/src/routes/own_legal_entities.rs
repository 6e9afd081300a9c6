//! The legal entities in whose names a company sells.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::bank_account::OwnBankAccount;
use domain::catalog::{self, list_with};
use domain::company::Company;
use domain::id::{OwnLegalEntityId, PortalId};
use domain::legal_entity::{OwnEntityDetails, OwnLegalEntity};
use domain::notification::{NotificationChannel, NotificationTemplate};
use domain::payment_system::PaymentSystemDetails;
use domain::permission::Area;
use domain::portal::check_seller;
use domain::printable_form::PrintableForm;
use domain::record::id_of;
use domain::self_registration::SelfRegistration;
use domain::tax::TaxRule;
use http::StatusCode;
use jiff::SignedDuration;
use jiff::civil::Date;
use queue::Billing;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::legal_entities::entity_settings;
use super::records::{self, Revision, record_forms};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Column, Format, Listing};
use crate::rights;

entity_settings!(OwnLegalEntitySettings {
    /// By which its clients top up, of the same company; without one they cannot.
    #[serde(default)]
    pub payment_systems: Vec<String>,
    /// What is added to its invoices, by the country of who buys; nothing where no rule is for it. On each day
    /// one rule for a country at most, and one for all others, which is also for countries whose own rules
    /// are not in force. Up to 260.
    #[serde(default)]
    pub taxes: Vec<TaxRuleBody>,
});

/// By then the rules are stored, and who was confirming an invoice by those before has done so.
const TAXED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What is added for clients of one country.
///
/// Of an invoice the last day of its period decides which rule is in force, of message credits the day on which
/// they are ordered. A rule that is changed, added or taken away for days that are past taxes their drafts anew,
/// and for what is confirmed it makes drafts of corrections, each over the difference: where it was right until
/// some day, give it an end and add another one. Another name or note alone corrects nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRuleBody {
    /// The first day on which it is in force; all before `valid_till` if null.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_from: Option<Date>,
    /// The first day on which it is not any more; no end if null.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_till: Option<Date>,
    /// Where the client's legal entity is registered: two letters of ISO 3166-1; all other countries if null.
    #[schema(example = "DE")]
    pub country: Option<String>,
    /// As the invoice calls it, 1 to 40 characters.
    #[schema(example = "VAT")]
    pub name: String,
    /// 0 to 100.
    #[schema(example = "19")]
    pub percent: String,
    /// Whether a client with a VAT number owes the tax itself: none is added then, and the invoice says so. One
    /// without pays the percentage.
    #[serde(default)]
    pub reverse_charge: bool,
    /// Stands on the invoice beside the tax, as the law that it follows. 1 to 250 characters.
    pub note: Option<String>,
}

impl From<TaxRule> for TaxRuleBody {
    fn from(rule: TaxRule) -> Self {
        Self {
            valid_from: rule.valid_from,
            valid_till: rule.valid_till,
            country: rule.country,
            name: rule.name,
            percent: rule.percent.to_string(),
            reverse_charge: rule.reverse_charge,
            note: rule.note,
        }
    }
}

impl TaxRuleBody {
    fn parse(&self) -> Result<TaxRule, ApiError> {
        Ok(TaxRule {
            valid_from: self.valid_from,
            valid_till: self.valid_till,
            country: self.country.clone(),
            name: self.name.clone(),
            percent: fields::amount("taxes.percent", &self.percent)?,
            reverse_charge: self.reverse_charge,
            note: self.note.clone(),
        })
    }
}

impl From<&OwnLegalEntity> for OwnLegalEntitySettings {
    fn from(entity: &OwnLegalEntity) -> Self {
        let OwnEntityDetails { entity: details, payment_systems, taxes } = entity.details.clone();
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
            payment_systems: payment_systems.into_iter().map(Into::into).collect(),
            taxes: taxes.into_iter().map(Into::into).collect(),
        }
    }
}

record_forms!(OwnEntityDetails, OwnLegalEntitySettings: OwnLegalEntityView, OwnLegalEntityPatch);

impl OwnLegalEntitySettings {
    async fn details(
        self,
        app: &App,
        who: &Principal,
        company: &Company,
    ) -> Result<OwnEntityDetails, ApiError> {
        let entity = self.entity(app, who, company).await?;
        let mut payment_systems = Vec::with_capacity(self.payment_systems.len());
        for id in &self.payment_systems {
            let system = records::named::<PaymentSystemDetails>(app, who, company, "payment_systems", id);
            payment_systems.push(system.await?.id);
        }
        let taxes = self.taxes.iter().map(TaxRuleBody::parse).collect::<Result<_, _>>()?;
        Ok(OwnEntityDetails { entity, payment_systems, taxes })
    }
}

/// Create a legal entity in whose name a company sells.
///
/// For the owner and resellers. A second default is refused with `taken`.
#[utoipa::path(post, path = "/v1/own_legal_entities", tag = "legal_entities",
    request_body = OwnLegalEntitySettings,
    responses((status = 201, description = "The new legal entity", body = OwnLegalEntityView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<OwnLegalEntitySettings>,
) -> Edited<OwnLegalEntityView> {
    rights::manage(&who, Area::OwnLegalEntities)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    check_seller(&company)?;
    let details = body.details(&app, &who, &company).await?;
    let id = OwnLegalEntityId::new(runtime::fresh());
    let entity = OwnLegalEntity::plan(id, &company, details, records::hand(&who))?;
    let entity = records::create(&app, &who, &company, entity).await?;
    Ok(Versioned::created(entity.revision, entity.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OwnLegalEntityQuery {
    /// Whose; yours unless told.
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
    /// Only the default, or those that are not.
    is_default: Option<bool>,
    /// `name`, `legal_name`, `country`, `tax_number`, `legal_number`, `vat_number`, `legal_address`,
    /// `billing_address`, `is_default`, `updated_at` or `created_at`; or of 10,000 of them at most `portal`. With a
    /// `-` before it for the other way round.
    #[param(example = "name")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 11] = [
    "name",
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
const BY_PORTAL: Column<OwnLegalEntity> = ("portal", |entity| id_of(entity.details.entity.portal.as_ref()));

/// An own legal entity in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnLegalEntityRow {
    #[serde(flatten)]
    entity: OwnLegalEntityView,
    /// What the portal is called; null where there is none.
    #[schema(example = "Hornes messaging")]
    portal_name: Option<String>,
}

const FILE_COLUMNS: [&str; 17] = [
    "id",
    "portal",
    "portal_name",
    "name",
    "company",
    "country",
    "legal_address",
    "billing_address",
    "legal_name",
    "tax_number",
    "legal_number",
    "vat_number",
    "notification_emails",
    "payment_systems",
    "is_default",
    "created_at",
    "updated_at",
];

/// A company's own legal entities.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/own_legal_entities", tag = "legal_entities", params(OwnLegalEntityQuery),
    responses((status = 200, description = "A page",
        content((List<OwnLegalEntityRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<OwnLegalEntityQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::OwnLegalEntities)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
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
    let found = listing.read_in_order(&[BY_PORTAL], &app.store, format, |_| true).await?;
    let names = found.names(&app.store, |entity| [portal_of(entity)]).await?;
    let row = |entity: OwnLegalEntity| OwnLegalEntityRow {
        portal_name: names.get(portal_of(&entity)),
        entity: entity.into(),
    };
    found.answer(row, "own_legal_entities", &FILE_COLUMNS)
}

fn portal_of(entity: &OwnLegalEntity) -> &str {
    entity.details.entity.portal.as_ref().map_or("", PortalId::as_str)
}

/// One own legal entity.
#[utoipa::path(get, path = "/v1/own_legal_entities/{id}", tag = "legal_entities",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The legal entity", body = OwnLegalEntityView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<OwnLegalEntityView> {
    records::one::<OwnEntityDetails, _>(&app, &who, Area::OwnLegalEntities, &id).await
}

/// Change an own legal entity.
#[utoipa::path(patch, path = "/v1/own_legal_entities/{id}", tag = "legal_entities",
    request_body = OwnLegalEntityPatch, params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The legal entity as it is now", body = OwnLegalEntityView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<OwnLegalEntityPatch>,
) -> Edited<OwnLegalEntityView> {
    let (entity, company): (OwnLegalEntity, _) =
        records::to_change(&app, &who, Area::OwnLegalEntities, &id, &if_match).await?;
    let settings = records::patched(&OwnLegalEntitySettings::from(&entity), body.0)?;
    let details = settings.details(&app, &who, &company).await?;
    if details.taxes != entity.details.taxes {
        // Before they are stored: a job too many changes nothing, and nobody would miss one that was lost.
        let job = Billing::TaxesChangedV1 { own_legal_entity: entity.id.clone(), after: None };
        app.billing.send_later(&job, TAXED_AGAIN_AFTER).await?;
    }
    let changed = records::replace(&app, &who, &company, &entity, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete an own legal entity.
///
/// Not while an agreement, a company, a bank account, a self-registration, a printable form, a notification
/// channel or a template names it.
#[utoipa::path(delete, path = "/v1/own_legal_entities/{id}", tag = "legal_entities",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (entity, company): (OwnLegalEntity, _) =
        records::to_change(&app, &who, Area::OwnLegalEntities, &id, &if_match).await?;
    let in_column = Some(("own_legal_entity", entity.id.as_str()));
    let list = company.id.to_string();
    records::check_unlisted::<Agreement>(&app, list_with(&list), in_column).await?;
    records::check_unlisted::<Company>(&app, list.clone(), in_column).await?;
    records::check_unlisted::<OwnBankAccount>(&app, list.clone(), in_column).await?;
    records::check_unlisted::<SelfRegistration>(&app, list.clone(), in_column).await?;
    records::check_unlisted::<PrintableForm>(&app, list.clone(), in_column).await?;
    let in_column = Some(("legal_entity", entity.id.as_str()));
    records::check_unlisted::<NotificationChannel>(&app, list.clone(), in_column).await?;
    records::check_unlisted::<NotificationTemplate>(&app, list, in_column).await?;
    records::delete(&app, &who, &company, &entity).await
}
