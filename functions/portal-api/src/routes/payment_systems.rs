//! Payment systems that a tenant has set up for its clients. Their secrets go to the secret store and are
//! not answered again.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::Company;
use domain::id::{PaymentSystemId, SecretId};
use domain::legal_entity::OwnLegalEntity;
use domain::payment_system::{FeeFrom, PaymentSystem, PaymentSystemDetails, PaymentSystemKind, Tariff};
use domain::permission::Area;
use domain::portal::check_seller;
use domain::top_up::{TopUp, list_through};
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use store::Ask;
use top_ups::PaymentSecret;
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::{self, Revision, record_forms};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Format, Listing};
use crate::{rights, schema, secrets};

const SECRET_LENGTH_MAX: usize = 500;

#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentSystemSettings {
    /// Whose it is; yours unless told. It stays.
    company: Option<String>,
    /// As lists show it, 1 to 120 characters; no other of the company has it.
    #[schema(example = "Cards")]
    name: String,
    /// Which payment system. It stays.
    #[schema(value_type = schema::PaymentSystemKind)]
    kind: PaymentSystemKind,
    /// Whether clients may pay by it.
    #[serde(default)]
    enabled: bool,
    /// Whom the payment system knows you as; all need it but Stripe.
    merchant: Option<String>,
    /// The secret key that the payment system gave you. It is not answered again. Callbacks may be signed
    /// with the one that was replaced for 72 hours; to set a new one twice ends that at once.
    #[serde(default, skip_serializing_if = "fields::never_shown")]
    #[schema(write_only, min_length = 1, max_length = 500)]
    secret: Option<String>,
    /// What Stripe signs its events with, `whsec_...`, of the endpoint that you set up there. It is replaced as
    /// the secret key is. Without it payments are found some minutes later, by asking.
    #[serde(default, skip_serializing_if = "fields::never_shown")]
    #[schema(write_only, min_length = 1, max_length = 500)]
    webhook_secret: Option<String>,
    /// Where the payment system is reached, if not at its usual address: FreedomPay has one in each country,
    /// and NetCommerce tells its merchants. Stripe has one for all.
    #[schema(example = "https://api.freedompay.uz")]
    address: Option<String>,
    /// Whether it is a test account: clients then pay with play money, and no other is taken. Stripe's secret
    /// key says it.
    #[serde(default)]
    testing: bool,
    /// Who pays the payment system's fee. PayOnline and NetCommerce do not tell it: with these the client does only
    /// where a tariff is set.
    #[schema(value_type = schema::FeeFrom)]
    fee_from: FeeFrom,
    /// Percent that the client is charged on top where the fee is taken from the owner: 0.01 to 100, with up
    /// to two decimals.
    #[schema(example = "1.5")]
    internal_fee_percent: Option<String>,
    /// What the payment system keeps of what is paid, as your contract with it says, in percent: 0.01 to 100, with up
    /// to two decimals. It holds for pages that are opened from now on; a top-up shows it as `system_fee`. PayOnline
    /// and NetCommerce never tell it. FreedomPay does in its callbacks alone: of a payment whose callback was lost,
    /// or does not tell it, the tariff says it. Stripe is asked for it where the client pays it, and has no tariff.
    #[schema(example = "2.9")]
    tariff_percent: Option<String>,
    /// What it keeps of each payment besides, in the one currency of `currencies`.
    #[schema(example = "0.30")]
    tariff_fixed: Option<String>,
    /// In which currencies one can pay (ISO 4217); in any if there are none.
    #[serde(default)]
    #[schema(example = json!(["EUR"]))]
    currencies: Vec<String>,
}

/// Without the secret.
impl std::fmt::Debug for PaymentSystemSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PaymentSystemSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

impl From<&PaymentSystem> for PaymentSystemSettings {
    fn from(system: &PaymentSystem) -> Self {
        let details = system.details.clone();
        Self {
            company: Some(system.company.to_string()),
            name: details.name,
            kind: details.kind,
            enabled: details.enabled,
            merchant: details.merchant,
            secret: None,
            webhook_secret: None,
            address: details.address,
            testing: details.testing,
            fee_from: details.fee_from,
            internal_fee_percent: details.internal_fee_percent.map(|percent| percent.to_string()),
            tariff_percent: details
                .tariff
                .and_then(|tariff| tariff.percent)
                .map(|percent| percent.to_string()),
            tariff_fixed: details.tariff.and_then(|tariff| tariff.fixed).map(|fixed| fixed.to_string()),
            currencies: details.currencies.iter().map(|currency| currency.code().to_owned()).collect(),
        }
    }
}

impl PaymentSystemSettings {
    /// `before` is what it has now; its kind stays.
    fn details(
        self,
        company: &Company,
        before: Option<&PaymentSystemDetails>,
        secret: SecretId,
        targets: Targets,
    ) -> Result<PaymentSystemDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        if before.is_some_and(|before| before.kind != self.kind) {
            return Err(Problem::invalid("kind", "a payment system stays of its kind").into());
        }
        let currency = |text: &String| fields::currency(text).map_err(|error| error.field("currencies"));
        let amount = |field: &'static str, text: &Option<String>| {
            text.as_deref().map(|text| fields::amount(field, text)).transpose()
        };
        if let Some(address) = &self.address {
            targets.webhook(address).map_err(|error| Problem::invalid("address", error))?;
        }
        Ok(PaymentSystemDetails {
            name: self.name,
            kind: self.kind,
            enabled: self.enabled,
            merchant: self.merchant,
            fee_from: self.fee_from,
            internal_fee_percent: amount("internal_fee_percent", &self.internal_fee_percent)?,
            tariff: Tariff::of(
                amount("tariff_percent", &self.tariff_percent)?,
                amount("tariff_fixed", &self.tariff_fixed)?,
            ),
            currencies: self.currencies.iter().map(currency).collect::<Result<_, _>>()?,
            secret,
            address: self.address,
            testing: self.testing,
        })
    }

    /// Its two secrets, where they are named.
    fn secrets(&self) -> Result<[Option<String>; 2], ApiError> {
        if self.webhook_secret.is_some() && self.kind != PaymentSystemKind::Stripe {
            return Err(Problem::invalid("webhook_secret", "only Stripe has one of its own").into());
        }
        let of = |field, secret: &Option<String>| {
            secret.as_deref().map(|text| checked_secret(field, text)).transpose()
        };
        Ok([of("secret", &self.secret)?, of("webhook_secret", &self.webhook_secret)?])
    }
}

fn checked_secret(field: &str, secret: &str) -> Result<String, ApiError> {
    let secret = secret.trim();
    if secret.is_empty() || SECRET_LENGTH_MAX < secret.len() || secret.chars().any(char::is_control) {
        let detail = format!("a secret has 1 to {SECRET_LENGTH_MAX} characters");
        return Err(Problem::invalid(field, detail).into());
    }
    Ok(secret.to_owned())
}

record_forms!(PaymentSystemDetails, PaymentSystemSettings: PaymentSystemView, PaymentSystemPatch);

/// Create a payment system.
///
/// Clients pay by it once one of your own legal entities names it. Have the payment system call
/// `/payments/{kind}/{id}` of this API, with the kind and the id as they are answered here: Stripe with the
/// events `checkout.session.*`, `charge.*`, `charge.dispute.*` and `refund.*`, PayOnline for approved and for declined
/// payments. FreedomPay and NetCommerce are told with each payment.
#[utoipa::path(post, path = "/v1/payment_systems", tag = "payment_systems",
    request_body(content = PaymentSystemSettings, example = json!({"name": "Cards", "kind": "stripe",
        "enabled": true, "secret": "sk_live_5f0c8a", "webhook_secret": "whsec_5f0c8a", "fee_from": "owner",
        "internal_fee_percent": "1.5", "currencies": ["EUR"]})),
    responses((status = 201, description = "The new payment system", body = PaymentSystemView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<PaymentSystemSettings>,
) -> Edited<PaymentSystemView> {
    rights::manage(&who, Area::PaymentSystems)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    check_seller(&company)?;
    let [secret, webhook_secret] = body.secrets()?;
    let secret = secret.ok_or_else(|| Problem::invalid("secret", "a secret key is needed"))?;
    let secret = PaymentSecret::new(secret, webhook_secret);
    let details = body.details(&company, None, SecretId::new(runtime::fresh()), app.targets)?;
    let id = PaymentSystemId::new(runtime::fresh());
    let system = PaymentSystem::plan(id, &company, details, records::hand(&who))?;
    let act = who.act(&company.path);
    let (writing, row) = (app.store.create(&act, &system), app.store.thing(system.id.as_str()));
    let written = secrets::write(&app, None, &system, Some(&secret), writing, row).await?;
    records::stored::<PaymentSystemDetails>(written)?;
    Ok(Versioned::created(system.revision, system.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentSystemQuery {
    /// Whose; yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of this kind.
    #[param(value_type = Option<schema::PaymentSystemKind>)]
    kind: Option<PaymentSystemKind>,
    /// Only those that are enabled, or that are not.
    enabled: Option<bool>,
    /// Only those changed last at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// `name`, `kind`, `enabled`, `updated_at` or `created_at`, with a `-` before it for the other way round.
    #[param(example = "-updated_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 4] = ["name", "kind", "enabled", "updated_at"];
const FILE_COLUMNS: [&str; 15] = [
    "id",
    "name",
    "company",
    "kind",
    "enabled",
    "merchant",
    "fee_from",
    "internal_fee_percent",
    "tariff_percent",
    "tariff_fixed",
    "currencies",
    "address",
    "testing",
    "created_at",
    "updated_at",
];

/// A company's payment systems.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/payment_systems", tag = "payment_systems", params(PaymentSystemQuery),
    responses((status = 200, description = "A page",
        content((List<PaymentSystemView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<PaymentSystemQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::PaymentSystems)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("kind", query.kind.map(catalog::choice))
        .is("enabled", query.enabled.map(catalog::flag))
        .within("updated_at", query.updated_from, query.updated_till);
    let found = listing.read(&app.store, format, |_: &PaymentSystem| true).await?;
    found.answer(PaymentSystemView::from, "payment_systems", &FILE_COLUMNS)
}

/// One payment system.
#[utoipa::path(get, path = "/v1/payment_systems/{id}", tag = "payment_systems",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The payment system", body = PaymentSystemView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<PaymentSystemView> {
    rights::view(&who, Area::PaymentSystems)?;
    let (system, _) = app.seen_by(&who).thing::<PaymentSystem>(&id).await?;
    Ok(Versioned::new(system.revision, system.into()))
}

/// Change a payment system.
///
/// A secret that is not named stays. One that is replaced is taken for 72 hours more in callbacks, unless
/// `merchant` or `testing` changes.
#[utoipa::path(patch, path = "/v1/payment_systems/{id}", tag = "payment_systems",
    request_body = PaymentSystemPatch, params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The payment system as it is now", body = PaymentSystemView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<PaymentSystemPatch>,
) -> Edited<PaymentSystemView> {
    rights::manage(&who, Area::PaymentSystems)?;
    let (system, company) = app.seen_by(&who).thing::<PaymentSystem>(&id).await?;
    if_match.check(system.revision)?;
    let settings = records::patched(&PaymentSystemSettings::from(&system), body.0)?;
    let told = settings.secrets()?;
    let kept = system.details.secret.clone();
    let mut details = settings.details(&company, Some(&system.details), kept, app.targets)?;
    let secret = replaced_secret(&app, &system, &details, told).await?;
    if secret.is_some() {
        details.secret = SecretId::new(runtime::fresh());
    }
    let changed = system.plan_change(details, records::hand(&who))?;
    let act = who.act(&company.path);
    let (writing, row) = (app.store.replace(&act, &system, &changed), app.store.thing(system.id.as_str()));
    let written = secrets::write(&app, Some(&system), &changed, secret.as_ref(), writing, row).await?;
    records::stored::<PaymentSystemDetails>(written)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// With the secrets that are told; none if all stays. Those of another account, which a test account is too,
/// are not valid beside them: callbacks of play money would count as real.
async fn replaced_secret(
    app: &App,
    before: &PaymentSystem,
    after: &PaymentSystemDetails,
    [secret, webhook_secret]: [Option<String>; 2],
) -> Result<Option<PaymentSecret>, ApiError> {
    let account = |details: &PaymentSystemDetails| (details.merchant.clone(), details.testing);
    let is_other_account = account(&before.details) != account(after);
    if secret.is_none() && webhook_secret.is_none() && !is_other_account {
        return Ok(None);
    }
    let stored: PaymentSecret = app.secrets.read_of(before).await?;
    let replaced = stored.replaced(after.kind, secret, webhook_secret, runtime::now());
    Ok(Some(if is_other_account { replaced.without_previous() } else { replaced }))
}

/// Delete a payment system, and its secret.
///
/// Not while one of the own legal entities names it, and not while there is a top-up through it that is not
/// closed, or is still asked about: what the payment system tells of these would be lost. Disable it instead.
#[utoipa::path(delete, path = "/v1/payment_systems/{id}", tag = "payment_systems",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "`in_use`, with the id of what uses it in `by`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    rights::manage(&who, Area::PaymentSystems)?;
    let (system, company) = app.seen_by(&who).thing::<PaymentSystem>(&id).await?;
    if_match.check(system.revision)?;
    let names = |entity: &OwnLegalEntity| entity.details.payment_systems.contains(&system.id);
    records::check_unnamed(&app, &company.id, names).await?;
    check_unused(&app, &system).await?;
    let deleted = records::delete(&app, &who, &company, &system).await?;
    secrets::forget(&app, &system, app.store.thing(system.id.as_str())).await;
    Ok(deleted)
}

/// Refuses while the payment system may still tell of a top-up.
async fn check_unused(app: &App, system: &PaymentSystem) -> Result<(), ApiError> {
    let ask = Ask { list: list_through(&system.id), limit: 1, ..Ask::default() };
    let Some(top_up) = records::first(app, ask, TopUp::needs_its_system).await? else { return Ok(()) };
    let detail = "There are top-ups through it, of which it may still tell: disable it instead.";
    Err(Problem::new(409, "in_use", detail).figure("by", top_up.id.as_str()).into())
}
