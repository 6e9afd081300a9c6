//! Agreements, and the rate plans that are enabled under them. What may change later is in `settings`.

mod settings;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::{
    Agreement, AgreementVersion, Charging, CreditLimit, EnabledService, NewAgreement, plan_agreement,
};
use domain::company::Company;
use domain::id::AgreementId;
use domain::money::Currency;
use domain::period::{BillingPeriod, BillingTerms};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::Stored;
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::bootstrap::{tenant_of, wallet_of};
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::{rights, schema};

use settings::AlertsBody;
pub use settings::{__path_change, change};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementRequest {
    /// The company that will pay. It is a company below you; only the owner may name itself.
    company: String,
    /// Unique among the agreements of the company above: letters, digits and - _ . /
    #[schema(example = "ACME-2026")]
    code: String,
    /// An ISO 4217 code, or `CREDIT` for message credits.
    #[schema(example = "EUR")]
    currency: String,
    /// How messages are charged; `cascade` unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::Charging>)]
    charging: Charging,
    /// How far the balance may go below zero; null for no limit, 0 unless told.
    #[serde(default = "no_credit")]
    #[schema(example = "0")]
    credit_limit: Option<String>,
    /// Calendar months in UTC, payable within 30 days, unless told.
    billing: Option<Billing>,
    /// The agreement under which the company above buys itself. Needed only if it has not exactly one
    /// in this currency; never if it is the owner.
    resold_under: Option<String>,
}

fn no_credit() -> Option<String> {
    Some("0".to_owned())
}

/// When an agreement is invoiced.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// IANA name; the days of a period are days there.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// How long a period is.
    #[schema(value_type = schema::BillingPeriod)]
    period: BillingPeriod,
    /// The day of the month on which a monthly period begins, 1 to 28; 1 unless told.
    #[serde(default = "first_day")]
    billing_day: i8,
    /// Days from issue to due date, at most 365.
    days_for_payment: u16,
}

fn first_day() -> i8 {
    1
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementView {
    /// Its id.
    id: String,
    /// The company that pays.
    company: String,
    /// The company that is paid.
    tenant: String,
    /// Unique among the tenant's agreements.
    code: String,
    /// An ISO 4217 code, or `CREDIT`.
    currency: String,
    /// How messages are charged.
    #[schema(value_type = schema::Charging)]
    charging: Charging,
    /// How far the balance may go below zero; null for no limit.
    credit_limit: Option<String>,
    /// When it is invoiced.
    billing: Billing,
    /// Its main wallet.
    wallet: String,
    /// Whether each user of the company has a wallet of one's own below the main one.
    individual_credits: bool,
    /// Whether transfers may take the credit limit as well as own funds.
    transfers_use_credit_limit: bool,
    /// Nothing is charged to it until it is resumed.
    suspended: bool,
    /// When somebody is told about it.
    alerts: AlertsBody,
    /// Who gets a mail when a payment is confirmed.
    payment_alert_emails: Vec<String>,
    /// Who gets a mail when rates change of a service that is enabled here.
    rate_emails: Vec<String>,
    /// The rate plans enabled under it; those enabled first are asked first.
    services: Vec<EnabledServiceView>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EnabledServiceView {
    /// The rate plan's id.
    service: String,
    /// Used for messages accepted at this time or later.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Not used from this time on; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Of packs and bundles: which purchase it is.
    pack: Option<String>,
}

impl From<Agreement> for AgreementView {
    fn from(agreement: Agreement) -> Self {
        let wallet = agreement.wallet().into();
        let AgreementVersion { credit_limit, billing, payment_alert_emails, .. } =
            agreement.version_at(runtime::now()).clone();
        Self {
            id: agreement.id.into(),
            company: agreement.company.into(),
            tenant: agreement.tenant.into(),
            code: agreement.code,
            currency: agreement.currency.to_string(),
            charging: agreement.charging,
            credit_limit: match credit_limit {
                CreditLimit::Unlimited => None,
                CreditLimit::Limited(limit) => Some(limit.to_string()),
            },
            billing: billing.into(),
            wallet,
            individual_credits: agreement.individual_credits,
            transfers_use_credit_limit: agreement.transfers_use_credit_limit,
            suspended: agreement.suspended,
            alerts: agreement.alerts.into(),
            payment_alert_emails,
            rate_emails: agreement.rate_emails,
            services: agreement.services.into_iter().map(Into::into).collect(),
            created_at: agreement.created_at,
        }
    }
}

impl From<EnabledService> for EnabledServiceView {
    fn from(enabled: EnabledService) -> Self {
        let EnabledService { service, effective_from, effective_till, purchase } = enabled;
        let pack = purchase.map(|purchase| purchase.id.into());
        Self { service: service.into(), effective_from, effective_till, pack }
    }
}

impl From<BillingTerms> for Billing {
    fn from(terms: BillingTerms) -> Self {
        let BillingTerms { time_zone, period, billing_day, days_for_payment } = terms;
        Self { time_zone, period, billing_day, days_for_payment }
    }
}

impl From<Billing> for BillingTerms {
    fn from(billing: Billing) -> Self {
        let Billing { time_zone, period, billing_day, days_for_payment } = billing;
        Self { time_zone, period, billing_day, days_for_payment }
    }
}

/// Create an agreement with a company below you.
///
/// It is opened together with its main wallet. The owner may create one with itself: what it hands down
/// as credits comes from there.
#[utoipa::path(post, path = "/v1/agreements", tag = "agreements", request_body = AgreementRequest,
    responses((status = 201, description = "The new agreement", body = AgreementView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<AgreementRequest>,
) -> Created<AgreementView> {
    let company = app.seen_by(&who).company(&body.company).await.map_err(|error| error.field("company"))?;
    rights::tenant_side(&who, &company.id, tenant_of(&company))?;
    let currency = fields::currency(&body.currency)?;
    let above = resold_under(&app, &who, &company, currency, body.resold_under.as_deref()).await?;
    let now = runtime::now();
    let ask = body.into_ask(&company, currency)?;
    // Only companies directly below the owner, and the owner itself, have the owner for a tenant.
    let agreement = plan_agreement(ask, above.as_ref(), company.path.len() <= 2, now)?;
    if !app.store.open_agreement(&agreement, &wallet_of(&agreement, now)).await? {
        let detail = "There is an agreement with this code already.";
        return Err(Problem::new(409, "code_taken", detail).field("code").into());
    }
    created(agreement)
}

impl AgreementRequest {
    fn into_ask(self, company: &Company, currency: Currency) -> Result<NewAgreement, ApiError> {
        let limit = self.credit_limit.map(|text| fields::amount("credit_limit", &text)).transpose()?;
        Ok(NewAgreement {
            id: AgreementId::new(runtime::fresh()),
            company: company.id.clone(),
            tenant: tenant_of(company).clone(),
            code: self.code,
            currency,
            charging: self.charging,
            credit_limit: limit.map_or(CreditLimit::Unlimited, CreditLimit::Limited),
            billing: self.billing.map_or_else(BillingTerms::monthly_utc, Into::into),
        })
    }
}

/// The agreement under which the tenant buys: the named one, else its only one in the currency.
async fn resold_under(
    app: &App,
    who: &Principal,
    company: &Company,
    currency: Currency,
    named: Option<&str>,
) -> Result<Option<Agreement>, ApiError> {
    if let Some(id) = named {
        let found = app.seen_by(who).agreement(id).await;
        return found.map(Some).map_err(|error| error.field("resold_under"));
    }
    if company.path.len() <= 2 {
        return Ok(None);
    }
    let mut own = app.store.agreements_of(tenant_of(company)).await?;
    own.retain(|agreement| agreement.currency == currency);
    Ok(own.pop().filter(|_| own.is_empty()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AgreementFilter {
    /// Whose agreements; yours unless told.
    company: Option<String>,
}

/// A company's agreements.
#[utoipa::path(get, path = "/v1/agreements", tag = "agreements", params(AgreementFilter),
    responses((status = 200, description = "Oldest first", body = List<AgreementView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<AgreementFilter>,
) -> Reply<List<AgreementView>> {
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    Ok(Json(List::all(app.store.agreements_of(&company.id).await?)))
}

/// One agreement.
#[utoipa::path(get, path = "/v1/agreements/{id}", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "The agreement", body = AgreementView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<AgreementView> {
    Ok(Json(app.seen_by(&who).agreement(&id).await?.into()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnableServiceRequest {
    /// A rate plan of the agreement's tenant.
    service: String,
    /// Used for messages accepted at this time or later; from now on unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Not used from this time on; no end unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
}

/// Enable a rate plan or a bundle initiator under an agreement.
///
/// Packs and bundle packs are bought: see `packs`.
#[utoipa::path(post, path = "/v1/agreements/{id}/services", tag = "agreements",
    request_body = EnableServiceRequest,
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 201, description = "The agreement as it is now", body = AgreementView)))]
pub async fn enable_service(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<EnableServiceRequest>,
) -> Created<AgreementView> {
    let seen = app.seen_by(&who);
    let agreement = seen.agreement(&id).await?;
    rights::tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let service = seen.service(&body.service).await.map_err(|error| error.field("service"))?;
    if service.company != agreement.tenant {
        let detail = "the service must be one of the company that the agreement is with";
        return Err(Problem::invalid("service", detail).into());
    }
    if service.archived {
        return Err(Problem::invalid("service", "this service is archived").into());
    }
    if service.kind.is_bought() {
        let detail = "packs and bundle packs are bought: POST them to the agreement's `packs`";
        return Err(Problem::invalid("service", detail).into());
    }
    let enabled = EnabledService {
        service: service.id,
        effective_from: body.effective_from.unwrap_or_else(runtime::now),
        effective_till: body.effective_till,
        purchase: None,
    };
    let currency = if service.kind.has_currency() { service.currency } else { agreement.currency };
    let changed = agreement.with_service(enabled, currency)?;
    match app.store.replace_agreement(&changed).await? {
        Stored::Now => created(changed),
        Stored::Overtaken => Err(busy()),
    }
}
