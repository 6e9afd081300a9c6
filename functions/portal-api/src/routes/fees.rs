//! Fees: what is charged besides messages, to one agreement alone. Once on command here; again and again
//! by `rules`; for packs and bundles when they are bought.

pub mod list;
pub mod rules;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::fee::{Fee, FeeItem, FeeStatus, find_price, plan_fee};
use domain::fee_rule::{AdditionalPrice, Every, FeeKind, SenderType, check_name};
use domain::id::{FeeId, SenderId, UserId};
use domain::permission::Area;
use domain::rating::{Attribute, Event, Resource};
use domain::sender::{Sender, SenderAddress};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem};
use serde::{Deserialize, Serialize};
use store::{FeeWrite, FeeWritten};
use utoipa::ToSchema;

use super::{Created, created};
use crate::App;
use crate::error::{ApiError, busy, insufficient, key_reused, suspended};
use crate::{fields, rights, schema};

#[derive(Debug, Serialize, ToSchema)]
pub struct FeeView {
    /// Its id.
    id: String,
    /// The company that pays it.
    company: String,
    /// The agreement that pays it.
    agreement: String,
    /// The wallet that it is charged to: the agreement's main one.
    wallet: String,
    /// What it is for.
    #[schema(example = "service_purchase")]
    resource: String,
    /// The sender ID that it is for.
    sender: Option<String>,
    /// What else it is for: the pack's or the additional service's name, the operator.
    subject: Option<String>,
    /// What its price was found by, as `mno`: the names are those of rate trees. None of a price that is in no
    /// tree.
    attributes: BTreeMap<String, String>,
    /// The price of the rate tree, by its id; null if it failed.
    rate: Option<String>,
    /// What a unit costs.
    unit_price: String,
    /// How many units.
    quantity: u32,
    /// What was charged, as it was rated last.
    amount: String,
    /// How often it was rated again, by rerates.
    charge_version: u32,
    /// The agreement's currency.
    currency: String,
    /// Whether it was charged.
    #[schema(value_type = schema::FeeStatus)]
    status: FeeStatus,
    /// Whether it became an event that is billed: it was not given up.
    issued: bool,
    /// What the statement names it by; null if it costs nothing. What a rerate changed stands there under the rerate.
    transaction: Option<String>,
    /// How often it was tried.
    attempts: u32,
    /// Why it failed: `no_rate`, `blocked`, `insufficient_funds` or `suspended`.
    problem: Option<String>,
    /// The rule that charged it.
    rule: Option<String>,
    /// The user who asked for it; null for a key of the company itself, where a rule charged it, and for the
    /// company that pays.
    by_user: Option<String>,
    /// The first day of the period that a rule charged it for.
    #[schema(value_type = Option<String>, format = Date)]
    first_day: Option<Date>,
    /// The last day of that period, included.
    #[schema(value_type = Option<String>, format = Date)]
    last_day: Option<Date>,
    /// When it was charged, or given up.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChargedFeeView {
    #[serde(flatten)]
    fee: FeeView,
    /// The agreement's balance as it is now.
    balance: String,
}

impl FeeView {
    /// As the caller may see it.
    pub fn new(fee: Fee, who: &Principal) -> Self {
        let is_tenant = rights::is_tenant_side(who, &fee.company, &fee.tenant);
        Self {
            issued: fee.is_issued(),
            transaction: fee.transaction().cloned().map(Into::into),
            id: fee.id.into(),
            company: fee.company.into(),
            agreement: fee.agreement.into(),
            wallet: fee.wallet.into(),
            resource: fee.resource.name().to_owned(),
            sender: fee.sender.map(Into::into),
            subject: fee.subject,
            attributes: fee.attributes,
            rate: fee.rate.map(|rate| rate.as_str().to_owned()),
            unit_price: fee.unit_price.to_string(),
            quantity: fee.quantity,
            amount: fee.amount.to_string(),
            charge_version: fee.charge_version,
            currency: fee.currency.to_string(),
            status: fee.status,
            attempts: fee.attempts,
            problem: fee.problem,
            rule: fee.rule.map(Into::into),
            by_user: fee.by_user.filter(|_| is_tenant).map(Into::into),
            first_day: fee.period.map(|period| period.first),
            last_day: fee.period.map(|period| period.last),
            at: fee.at,
        }
    }
}

/// What an additional service costs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdditionalPriceBody {
    /// A price that is named here.
    Fixed {
        /// Above zero, in the agreement's currency.
        amount: String,
    },
    /// The agreement's price of the additional service of this name, for so many units.
    Tariff {
        /// How many units.
        volume: u32,
    },
}

impl AdditionalPriceBody {
    fn parse(self) -> Result<AdditionalPrice, ApiError> {
        Ok(match self {
            Self::Fixed { amount } => AdditionalPrice::Fixed { amount: fields::amount("amount", &amount)? },
            Self::Tariff { volume } => AdditionalPrice::Tariff { volume },
        })
    }
}

impl From<AdditionalPrice> for AdditionalPriceBody {
    fn from(price: AdditionalPrice) -> Self {
        match price {
            AdditionalPrice::Fixed { amount } => Self::Fixed { amount: amount.to_string() },
            AdditionalPrice::Tariff { volume } => Self::Tariff { volume },
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdditionalFeeRequest {
    /// The additional service; with a tariff as the rate tree names it. 1 to 120 characters.
    #[schema(example = "Hosting")]
    name: String,
    /// What it costs.
    price: AdditionalPriceBody,
}

/// Charge an additional service once.
///
/// Charged to this agreement alone. For what comes every month or week make a rule.
#[utoipa::path(post, path = "/v1/agreements/{id}/fees", tag = "fees", request_body = AdditionalFeeRequest,
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")
    ),
    responses(
        (status = 201, description = "Charged, by this request or an earlier one with its key", body = ChargedFeeView),
        (status = 402, description = "`insufficient_funds`: nothing was charged", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`no_rate`: the service is not in the agreement's rate plans",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn charge(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<AdditionalFeeRequest>,
) -> Created<ChargedFeeView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::AdditionalFees)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let id = FeeId::derived(&["fee", who.company.id.as_str(), &key]);
    let kind = FeeKind::Additional { name: body.name.trim().to_owned(), price: body.price.parse()? };
    let request_hash = runtime::auth::hash(&format!("{} {kind:?}", agreement.id));
    if let Some(stored) = app.store.fee(&id).await? {
        return repeat(&app, &who, stored, &request_hash, key_reused).await; // before any rule is judged
    }
    if let FeeKind::Additional { name, .. } = &kind {
        check_name(name)?;
    }
    let now = runtime::now();
    let item = kind.item(&app.store.level(&agreement, now).await?, Every::Month)?;
    let fee = Fee { request_hash, by_user: user_id(&who), ..plan_fee(id, &agreement, item, now)? };
    post(&app, &who, fee, key_reused).await
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupFeeRequest {
    /// The operator that the sender ID is registered with, if the price depends on it.
    #[schema(example = "Vodafone Spain")]
    mno: Option<String>,
}

/// Charge the setup fee of a sender ID.
///
/// Once for each sender ID, at the agreement's price, to this agreement alone.
#[utoipa::path(post, path = "/v1/agreements/{id}/sender_ids/{address}/setup_fee", tag = "fees",
    request_body = SetupFeeRequest,
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("address" = String, Path, description = "What the recipients of SMS see, or its id, in any channel"),
        ("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")
    ),
    responses(
        (status = 201, description = "Charged, by this request or an earlier one with its key", body = ChargedFeeView),
        (status = 402, description = "`insufficient_funds`: nothing was charged", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "`already_charged`: by a request with another key", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`no_rate`: the agreement has no price for it", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn charge_setup(
    State(app): State<App>,
    who: Principal,
    Path((id, address)): Path<(String, String)>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<SetupFeeRequest>,
) -> Created<ChargedFeeView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::AdditionalFees)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let sender = sender(&app, &agreement, &address).await?;
    let id = FeeId::derived(&["setup", sender.id.as_str()]);
    let request_hash = runtime::auth::hash(&format!("{} {key} {:?}", who.company.id, body.mno));
    if let Some(stored) = app.store.fee(&id).await? {
        return repeat(&app, &who, stored, &request_hash, already_charged).await;
    }
    let now = runtime::now();
    let event = Event::of(Resource::SenderIdSetupFee)
        .with(Attribute::SenderId, sender.address.as_str())
        .with(Attribute::SenderIdType, SenderType::of(&sender.address).name())
        .with_known(Attribute::Mno, body.mno.as_deref());
    let price = find_price(&app.store.level(&agreement, now).await?, &event)?;
    let resource = Resource::SenderIdSetupFee;
    let item =
        FeeItem { resource, sender: Some(sender.address.clone()), subject: body.mno, price, quantity: 1 };
    let fee = Fee { request_hash, by_user: user_id(&who), ..plan_fee(id, &agreement, item, now)? };
    post(&app, &who, fee, already_charged).await
}

/// Whom a fee names as who asked for it.
pub fn user_id(who: &Principal) -> Option<UserId> {
    who.user.as_ref().map(|user| user.id.clone())
}

fn already_charged() -> ApiError {
    Problem::new(409, "already_charged", "The setup fee of this sender ID was charged already.").into()
}

/// A sender ID of the agreement: by its address, or by its id in any channel.
async fn sender(app: &App, agreement: &Agreement, address: &str) -> Result<Sender, ApiError> {
    let missing = || Problem::not_found("sender ID");
    if let Ok(id) = SenderId::parse(address) {
        let found = app.store.sender_by_id(&id).await?;
        return Ok(found.filter(|sender| sender.agreement == agreement.id).ok_or_else(missing)?);
    }
    let address = SenderAddress::parse(address).map_err(|_| missing())?;
    Ok(app.store.sender(&agreement.id, &address).await?.ok_or_else(missing)?)
}

/// Charges a fee once. `other` is what is said if another request has.
async fn post(app: &App, who: &Principal, fee: Fee, other: fn() -> ApiError) -> Created<ChargedFeeView> {
    let act = app.seen_by(who).act_on(&fee.company).await?;
    match app.store.write_fee(&act, FeeWrite { fee: Some(&fee), ..FeeWrite::default() }).await? {
        FeeWritten::Now => answer(app, who, fee).await,
        FeeWritten::FeeBefore(stored) => repeat(app, who, *stored, &fee.request_hash, other).await,
        FeeWritten::NotEnough { available } => match app.store.fee(&fee.id).await? {
            // A request with the same key has taken it a moment ago.
            Some(stored) => repeat(app, who, stored, &fee.request_hash, other).await,
            None => Err(insufficient(available, fee.amount).into()),
        },
        FeeWritten::Suspended => Err(suspended()),
        FeeWritten::Draining | FeeWritten::Overtaken | FeeWritten::RuleBefore(_) => Err(busy()),
    }
}

async fn repeat(
    app: &App,
    who: &Principal,
    stored: Fee,
    request_hash: &str,
    other: fn() -> ApiError,
) -> Created<ChargedFeeView> {
    if stored.request_hash != request_hash {
        return Err(other());
    }
    answer(app, who, stored).await
}

/// A fee with the balance as it is now.
async fn answer(app: &App, who: &Principal, fee: Fee) -> Created<ChargedFeeView> {
    let wallet = app.store.wallet(&fee.wallet).await?.ok_or_else(busy)?;
    let balance = app.store.balance(&wallet).await?.to_string();
    created(ChargedFeeView { fee: FeeView::new(fee, who), balance })
}
