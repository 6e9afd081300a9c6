//! Agreements between companies and those above them. What may change later is in `settings`, what
//! changes with time in `versions`, the paper behind them in `parties`.

mod deletion;
mod parties;
pub mod settings;
pub mod versions;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::{
    Agreement, AgreementChange, AgreementVersion, Charging, CreditLimit, Direction, EnabledService,
    NewAgreement, plan_agreement,
};
use domain::catalog;
use domain::company::Company;
use domain::id::{AgreementId, BankAccountId, CompanyId, EnabledServiceId, LegalEntityId, OwnLegalEntityId};
use domain::money::Currency;
use domain::period::{BillingPeriod, BillingTerms};
use domain::permission::Area;
use domain::record::id_of;
use domain::reselling::{ResellingAgreement, ResellingStatus};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::Versioned;
use serde::{Deserialize, Serialize};
use store::Written;
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use crate::App;
use crate::bootstrap::{tenant_of, wallet_of};
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

pub use deletion::{__path_delete, delete};
use parties::PartiesBody;
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
    /// in this currency; never if it is the owner. Where agreements are tied to its legal entities, it is one
    /// that is tied at the moment.
    resold_under: Option<String>,
    /// A legal entity of the company that pays.
    #[schema(example = "leg_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    legal_entity: Option<String>,
    /// A legal entity of the company that is paid. Codes are unique for each of them.
    #[schema(example = "own_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    own_legal_entity: Option<String>,
    /// A bank account of the company that pays.
    bank_account: Option<String>,
    /// A bank account of the company that is paid.
    own_bank_account: Option<String>,
    /// When it was signed.
    #[schema(value_type = Option<String>, format = Date)]
    agreement_date: Option<Date>,
    /// Messages are charged to it from this time on; from now on unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Nothing is sent under it from this time on; no end unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// IANA name: where these times are to be read; UTC unless told.
    #[schema(example = "Europe/Zagreb")]
    time_zone: Option<String>,
    /// Whether each user of the company has a wallet of one's own below the main one; as the company says
    /// unless told.
    individual_credits: Option<bool>,
    /// Who gets the invoices; at most 10.
    invoice_emails: Option<Vec<String>>,
    /// Who is told of the account and its traffic; at most 10. Where nobody is named, the notification addresses
    /// of its legal entity are.
    account_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here; at most 10.
    rate_emails: Option<Vec<String>>,
    /// Who is told of technical matters; at most 10.
    service_emails: Option<Vec<String>>,
    /// Who gets a mail when a payment is confirmed; at most 10.
    payment_alert_emails: Option<Vec<String>>,
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
    /// On which day a period begins: of the month, 1 to 28, or of the week, 1 (Monday) to 7; 1 unless told.
    #[serde(default = "first_day")]
    billing_day: i8,
    /// Days from issue to due date, at most 365.
    days_for_payment: u16,
    /// Of weeks: whether one that two months share is two periods; false unless told.
    #[serde(default)]
    split_by_month: bool,
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
    /// Unique among the agreements of the tenant's legal entity.
    code: String,
    /// Of the company that pays; null if none is named.
    #[schema(value_type = Option<String>)]
    legal_entity: Option<LegalEntityId>,
    /// Of the company that is paid; null if none is named.
    #[schema(value_type = Option<String>)]
    own_legal_entity: Option<OwnLegalEntityId>,
    /// Of the company that pays; null if none is named.
    #[schema(value_type = Option<String>)]
    bank_account: Option<BankAccountId>,
    /// Of the company that is paid; null if none is named.
    #[schema(value_type = Option<String>)]
    own_bank_account: Option<BankAccountId>,
    /// When it was signed; null if nobody said.
    #[schema(value_type = Option<String>, format = Date)]
    agreement_date: Option<Date>,
    /// Who sells to whom.
    #[schema(value_type = schema::Direction)]
    direction: Direction,
    /// Messages are charged to it from this time on.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Nothing is sent under it from this time on; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Where these times are to be read.
    #[schema(example = "Europe/Zagreb")]
    time_zone: String,
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
    /// The rate plan by which message credits are sold for money; null if they are not.
    credit_service: Option<String>,
    /// When somebody is told about it.
    alerts: AlertsBody,
    /// Who gets a mail when a payment is confirmed.
    payment_alert_emails: Vec<String>,
    /// Who gets a mail when rates change of a service that is enabled here.
    rate_emails: Vec<String>,
    /// Who gets the invoices.
    invoice_emails: Vec<String>,
    /// Who is told of the account and its traffic.
    account_emails: Vec<String>,
    /// Who is told of technical matters.
    service_emails: Vec<String>,
    /// How many rate plans and bundle initiators are enabled under it, of those that you see.
    #[schema(example = 2)]
    service_count: usize,
    /// How many packs and bundle packs were bought for it, of those that you see.
    #[schema(example = 1)]
    pack_count: usize,
    /// The rate plans enabled under it; those enabled first are asked first.
    services: Vec<EnabledServiceView>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EnabledServiceView {
    /// Its id, to change or remove it.
    #[schema(value_type = Option<String>, example = "ens_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: Option<EnabledServiceId>,
    /// The rate plan's id.
    service: String,
    /// When it was enabled, or bought; null of what was enabled before this was noted.
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_at: Option<Timestamp>,
    /// Used for messages accepted at this time or later.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Not used from this time on; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Of packs and bundles: which purchase it is.
    pack: Option<String>,
    /// Whether the company that pays does not see it.
    hidden_from_client: bool,
}

impl AgreementView {
    /// As somebody sees it: the company that pays does not see what is hidden from it.
    pub fn new(agreement: Agreement, who: &Principal) -> Self {
        let wallet = agreement.wallet().into();
        let version = agreement.version_at(runtime::now()).clone();
        let emails = agreement.emails(&version).clone();
        let AgreementVersion { credit_limit, billing, payment_alert_emails, .. } = version;
        let services: Vec<_> = shown(&agreement, who).cloned().collect();
        let pack_count = services.iter().filter(|enabled| enabled.purchase.is_some()).count();
        let parties = agreement.parties;
        Self {
            id: agreement.id.into(),
            company: agreement.company.into(),
            tenant: agreement.tenant.into(),
            code: agreement.code,
            legal_entity: parties.legal_entity,
            own_legal_entity: parties.own_legal_entity,
            bank_account: parties.bank_account,
            own_bank_account: parties.own_bank_account,
            agreement_date: parties.agreement_date,
            direction: parties.direction,
            effective_from: agreement.effective.from.unwrap_or(agreement.created_at),
            effective_till: agreement.effective.till,
            time_zone: agreement.effective.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            currency: agreement.currency.to_string(),
            charging: agreement.charging,
            credit_limit: limit_text(credit_limit),
            billing: billing.into(),
            wallet,
            individual_credits: agreement.individual_credits,
            transfers_use_credit_limit: agreement.transfers_use_credit_limit,
            suspended: agreement.suspended,
            credit_service: agreement.credit_service.map(Into::into),
            alerts: agreement.alerts.into(),
            payment_alert_emails,
            rate_emails: emails.rate_emails,
            invoice_emails: emails.invoice_emails,
            account_emails: emails.account_emails,
            service_emails: emails.service_emails,
            service_count: services.len() - pack_count,
            pack_count,
            services: services.into_iter().map(Into::into).collect(),
            created_at: agreement.created_at,
            revision: agreement.revision,
        }
    }
}

/// What is enabled under an agreement, as somebody sees it: the company that pays does not see what is hidden
/// from it.
fn shown<'a>(agreement: &'a Agreement, who: &Principal) -> impl Iterator<Item = &'a EnabledService> {
    let sees_all = rights::is_tenant_side(who, &agreement.company, &agreement.tenant);
    agreement.services.iter().filter(move |enabled| sees_all || !enabled.hidden_from_client)
}

/// Null for no limit.
fn limit_text(limit: CreditLimit) -> Option<String> {
    match limit {
        CreditLimit::Unlimited => None,
        CreditLimit::Limited(limit) => Some(limit.to_string()),
    }
}

fn limit_of(text: Option<String>) -> Result<CreditLimit, ApiError> {
    match text {
        Some(text) => fields::amount("credit_limit", &text).map(CreditLimit::Limited),
        None => Ok(CreditLimit::Unlimited),
    }
}

/// Terms are for the company that the agreement is with, or one above it.
pub fn manage(who: &Principal, agreement: &Agreement, area: Area) -> Result<(), ApiError> {
    rights::on_tenant_side(who, &agreement.company, &agreement.tenant)?;
    rights::manage(who, area)
}

/// An agreement is seen by those above it, and in the client portal by the company itself.
pub fn view(who: &Principal, company: &domain::id::CompanyId, area: Area) -> Result<(), ApiError> {
    rights::view_own(who, company, area, Area::PortalFinance)
}

impl From<EnabledService> for EnabledServiceView {
    fn from(enabled: EnabledService) -> Self {
        Self {
            id: enabled.id,
            service: enabled.service.into(),
            enabled_at: enabled.enabled_at,
            effective_from: enabled.effective_from,
            effective_till: enabled.effective_till,
            pack: enabled.purchase.map(|purchase| purchase.id.into()),
            hidden_from_client: enabled.hidden_from_client,
        }
    }
}

impl From<BillingTerms> for Billing {
    fn from(terms: BillingTerms) -> Self {
        let BillingTerms { time_zone, period, billing_day, days_for_payment, split_by_month } = terms;
        Self { time_zone, period, billing_day, days_for_payment, split_by_month }
    }
}

impl From<Billing> for BillingTerms {
    fn from(billing: Billing) -> Self {
        let Billing { time_zone, period, billing_day, days_for_payment, split_by_month } = billing;
        Self { time_zone, period, billing_day, days_for_payment, split_by_month }
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
) -> Edited<AgreementView> {
    let company = app.seen_by(&who).company(&body.company).await.map_err(|error| error.field("company"))?;
    rights::on_tenant_side(&who, &company.id, tenant_of(&company))?;
    rights::manage(&who, Area::Agreements)?;
    if company.is_deleted() {
        return Err(Problem::new(409, "company_deleted", "This company is deleted.").field("company").into());
    }
    let currency = fields::currency(&body.currency)?;
    let above = resold_under(&app, &who, &company, currency, body.resold_under.as_deref()).await?;
    let now = runtime::now();
    let settings = body.settings(&app, &who, &company).await?;
    let ask = body.into_ask(&company, currency)?;
    // Only companies directly below the owner, and the owner itself, have the owner for a tenant.
    let agreement = plan_agreement(ask, above.as_ref(), company.path.len() <= 2, now)?;
    let agreement = agreement.begun_with(settings, now)?;
    let (act, wallet) = (who.act(&company.path), wallet_of(&agreement));
    stored(app.store.open_agreement(&act, &agreement, &wallet).await?)?;
    Ok(Versioned::created(agreement.revision, AgreementView::new(agreement, &who)))
}

fn stored(written: Written) -> Result<(), ApiError> {
    match written {
        Written::Now => Ok(()),
        Written::Overtaken => Err(busy()),
        Written::Taken => {
            let detail = "There is an agreement with this code already.";
            Err(Problem::new(409, "code_taken", detail).field("code").into())
        }
    }
}

impl AgreementRequest {
    async fn settings(
        &self,
        app: &App,
        who: &Principal,
        company: &Company,
    ) -> Result<AgreementChange, ApiError> {
        let named = |id: &Option<String>| id.clone().map(Some);
        let parties = PartiesBody {
            legal_entity: named(&self.legal_entity),
            own_legal_entity: named(&self.own_legal_entity),
            bank_account: named(&self.bank_account),
            own_bank_account: named(&self.own_bank_account),
            agreement_date: self.agreement_date.map(Some),
        };
        Ok(AgreementChange {
            individual_credits: Some(self.individual_credits.unwrap_or(company.settings.individual_credits)),
            parties: Some(parties.read(app, who, &company.id, tenant_of(company), Default::default()).await?),
            effective: Some(domain::agreement::Effective {
                from: self.effective_from,
                till: self.effective_till,
                time_zone: self.time_zone.clone(),
            }),
            payment_alert_emails: self.payment_alert_emails.clone(),
            emails: domain::agreement::MailListsChange {
                rate_emails: self.rate_emails.clone(),
                invoice_emails: self.invoice_emails.clone(),
                account_emails: self.account_emails.clone(),
                service_emails: self.service_emails.clone(),
            },
            ..AgreementChange::default()
        })
    }

    fn into_ask(self, company: &Company, currency: Currency) -> Result<NewAgreement, ApiError> {
        Ok(NewAgreement {
            id: AgreementId::new(runtime::fresh()),
            company: company.id.clone(),
            tenant: tenant_of(company).clone(),
            code: self.code,
            currency,
            charging: self.charging,
            credit_limit: limit_of(self.credit_limit)?,
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
    let tenant = tenant_of(company);
    if let Some(id) = named {
        let found = app.seen_by(who).agreement(id).await.map_err(|error| error.field("resold_under"))?;
        check_governs(app, &found, tenant).await?;
        return Ok(Some(found));
    }
    if company.path.len() <= 2 {
        return Ok(None);
    }
    let ties = ties_of(app, tenant).await?;
    let mut own = app.store.agreements_of(tenant).await?;
    own.retain(|agreement| agreement.currency == currency && governs(&ties, agreement, tenant));
    Ok(own.pop().filter(|_| own.is_empty()))
}

/// Refuses an agreement under which a reseller sells nothing at the moment, about `resold_under`.
pub async fn check_governs(app: &App, agreement: &Agreement, reseller: &CompanyId) -> Result<(), ApiError> {
    if governs(&ties_of(app, reseller).await?, agreement, reseller) {
        return Ok(());
    }
    let detail = "at the moment none of the reseller's legal entities resells under this agreement";
    Err(Problem::invalid("resold_under", detail).into())
}

async fn ties_of(app: &App, reseller: &CompanyId) -> Result<Vec<ResellingAgreement>, ApiError> {
    Ok(app.store.all_things(reseller.as_str()).await?)
}

/// As long as nothing is tied to a reseller's legal entities, it resells under any agreement of its own.
fn governs(ties: &[ResellingAgreement], agreement: &Agreement, reseller: &CompanyId) -> bool {
    let now = runtime::now();
    let mut of_it = ties.iter().filter(|tie| tie.details.agreement == agreement.id);
    ties.is_empty()
        || agreement.company != *reseller
        || of_it.any(|tie| tie.details.status(now) == ResellingStatus::Active)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AgreementQuery {
    /// The company that pays; yours unless told.
    company: Option<String>,
    /// The company that is paid: all agreements that it has with those it sells to.
    tenant: Option<String>,
    /// Only those whose code begins so, whatever the case.
    code: Option<String>,
    /// Only those in this currency.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// Only those that are suspended, or are not.
    suspended: Option<bool>,
    /// Only those with this legal entity of the company that pays.
    legal_entity: Option<String>,
    /// Only those with this legal entity of the company that is paid.
    own_legal_entity: Option<String>,
    /// Only those signed on this day.
    #[param(value_type = Option<String>, format = Date)]
    agreement_date: Option<Date>,
    /// Only those that begin at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    effective_since: Option<Timestamp>,
    /// Only those that begin before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    effective_before: Option<Timestamp>,
    /// Only those that end at this time or later, or never.
    #[param(value_type = Option<String>, format = DateTime)]
    ends_since: Option<Timestamp>,
    /// Only those that end before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    ends_before: Option<Timestamp>,
    /// Only those with this bank account of the company that pays.
    bank_account: Option<String>,
    /// Only those with this bank account of the company that is paid.
    own_bank_account: Option<String>,
    /// Only those with a credit limit of this or more; no limit is more than any.
    #[param(example = "100")]
    credit_limit_min: Option<String>,
    /// Only those with a credit limit of this or less.
    credit_limit_max: Option<String>,
    /// Only those invoiced in a time zone whose name begins so, whatever the case.
    #[param(example = "Europe/")]
    billing_time_zone: Option<String>,
    /// Only those invoiced for such periods.
    #[param(value_type = Option<schema::BillingPeriod>)]
    billing_period: Option<BillingPeriod>,
    /// Who sells to whom: always `client`.
    #[param(value_type = Option<schema::Direction>)]
    direction: Option<Direction>,
    /// Only those under which this rate plan, pack or bundle is enabled.
    service: Option<String>,
    /// Only those with so many rate plans and bundle initiators.
    #[param(example = 0)]
    service_count: Option<usize>,
    /// Only those with so many packs and bundle packs.
    #[param(example = 0)]
    pack_count: Option<usize>,
    /// `code`, `currency`, `suspended`, `bank_account`, `own_bank_account`, `agreement_date`, `effective_from`,
    /// `effective_till`, `credit_limit`, `billing_time_zone`, `billing_period` or `created_at`; or of 10,000
    /// agreements at most `company`, `legal_entity`, `own_legal_entity`, `service_count` or `pack_count`. With a `-`
    /// before it for the other way round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 16] = [
    "service_count",
    "pack_count",
    "code",
    "company",
    "currency",
    "suspended",
    "legal_entity",
    "own_legal_entity",
    "bank_account",
    "own_bank_account",
    "agreement_date",
    "effective_from",
    "effective_till",
    "credit_limit",
    "billing_time_zone",
    "billing_period",
];
/// By name, and of what the caller sees, so no index has them.
const ROW_COLUMNS: [Column<AgreementView>; 5] = [
    ("company", |view| view.company.clone()),
    ("legal_entity", |view| id_of(view.legal_entity.as_ref())),
    ("own_legal_entity", |view| id_of(view.own_legal_entity.as_ref())),
    ("service_count", |view| catalog::number(view.service_count as u64)),
    ("pack_count", |view| catalog::number(view.pack_count as u64)),
];

/// An agreement in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementRow {
    #[serde(flatten)]
    agreement: AgreementView,
    /// What the company that pays is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// What its legal entity is called; null if none is named.
    #[schema(example = "Bakery Ltd")]
    legal_entity_name: Option<String>,
    /// What the legal entity is called of the company that is paid; null if none is named.
    #[schema(example = "Waybill GmbH")]
    own_legal_entity_name: Option<String>,
}

impl AgreementView {
    /// The company that pays, its legal entity and that of the company that is paid.
    fn parties(&self) -> [&str; 3] {
        let entity = self.legal_entity.as_ref().map_or("", LegalEntityId::as_str);
        [&self.company, entity, self.own_legal_entity.as_ref().map_or("", OwnLegalEntityId::as_str)]
    }
}

const FILE_COLUMNS: [&str; 26] = [
    "id",
    "company",
    "company_name",
    "tenant",
    "legal_entity",
    "legal_entity_name",
    "own_legal_entity",
    "own_legal_entity_name",
    "bank_account",
    "own_bank_account",
    "code",
    "agreement_date",
    "direction",
    "currency",
    "effective_from",
    "effective_till",
    "time_zone",
    "credit_limit",
    "billing.time_zone",
    "billing.period",
    "billing.billing_day",
    "billing.days_for_payment",
    "service_count",
    "pack_count",
    "suspended",
    "created_at",
];

/// Whose agreements are meant: those of one company, or all that a company has with those it sells to.
pub async fn list_named(
    app: &App,
    who: &Principal,
    company: Option<&str>,
    tenant: Option<&str>,
    area: Area,
) -> Result<String, ApiError> {
    match (company, tenant) {
        (Some(_), Some(_)) => Err(Problem::invalid("tenant", "either a company or a tenant is named").into()),
        (None, Some(tenant)) => {
            rights::view(who, area)?;
            let tenant = app.seen_by(who).company(tenant).await.map_err(|error| error.field("tenant"))?;
            Ok(catalog::list_with(tenant.id.as_str()))
        }
        (company, None) => {
            let company = app.seen_by(who).company_or_own(company).await?;
            view(who, &company.id, area)?;
            Ok(company.id.into())
        }
    }
}

/// The agreements of one company, or all that a company sells under.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/agreements", tag = "agreements", params(AgreementQuery),
    responses((status = 200, description = "A page",
        content((List<AgreementRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<AgreementQuery>,
) -> Result<Response, ApiError> {
    let (company, tenant) = (query.company.as_deref(), query.tenant.as_deref());
    let list = list_named(&app, &who, company, tenant, Area::Agreements).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let (least, most) = (query.credit_limit_min.as_deref(), query.credit_limit_max.as_deref());
    let credit_limits = fields::amounts_of("credit_limit", least, most)?;
    let listing = Listing::new(list, &COLUMNS, sort, query.limit, cursor)?
        .begins("code", query.code.as_deref())
        .is("currency", query.currency)
        .is("suspended", query.suspended.map(catalog::flag))
        .is("legal_entity", query.legal_entity)
        .is("own_legal_entity", query.own_legal_entity)
        .is("agreement_date", query.agreement_date.map(catalog::day))
        .within("effective_from", query.effective_since, query.effective_before)
        .within("effective_till", query.ends_since, query.ends_before)
        .is("bank_account", query.bank_account)
        .is("own_bank_account", query.own_bank_account)
        .within_amounts("credit_limit", credit_limits)
        .begins("billing_time_zone", query.billing_time_zone.as_deref())
        .is("billing_period", query.billing_period.map(catalog::choice));
    let shows = |agreement: &Agreement| {
        let has = |id: &String| shown(agreement, &who).any(|enabled| enabled.service.as_str() == id);
        let (packs, services): (Vec<_>, Vec<_>) =
            shown(agreement, &who).partition(|enabled| enabled.purchase.is_some());
        query.direction.is_none_or(|wanted| wanted == agreement.parties.direction)
            && query.service.as_ref().is_none_or(has)
            && query.service_count.is_none_or(|wanted| wanted == services.len())
            && query.pack_count.is_none_or(|wanted| wanted == packs.len())
    };
    let view = |agreement| AgreementView::new(agreement, &who);
    let found = listing.read_rows(&ROW_COLUMNS, |view| &view.id, &app.store, format, shows, view).await?;
    let names = found.names(&app.store, AgreementView::parties).await?;
    let row = |view: AgreementView| {
        let [company_name, legal_entity_name, own_legal_entity_name] = view.parties().map(|id| names.get(id));
        AgreementRow { agreement: view, company_name, legal_entity_name, own_legal_entity_name }
    };
    found.answer(row, "agreements", &FILE_COLUMNS)
}

/// One agreement.
#[utoipa::path(get, path = "/v1/agreements/{id}", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "The agreement", body = AgreementView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<AgreementView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    view(&who, &agreement.company, Area::Agreements)?;
    Ok(Versioned::new(agreement.revision, AgreementView::new(agreement, &who)))
}
