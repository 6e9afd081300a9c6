//! Packs and bundles of an agreement: bought, listed with what is left of them, changed and deleted.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::{Agreement, EnabledService};
use domain::allowance::{AllowanceId, Pot};
use domain::audit::Act;
use domain::enabled::{PackBilling, PackChange, PackRequest};
use domain::fee::{Fee, FeeItem, plan_fee};
use domain::fee_rule::{FeeRule, extension_id, extension_rule, purchase_price};
use domain::id::{FeeId, PurchaseId};
use domain::money::Amount;
use domain::permission::Area;
use domain::quote::{COVERED, PAST_SIZE};
use domain::rating::{Resource, Service, ServiceKind};
use domain::wallet::Wallet;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use store::{AgreementWrite, FeeWrite, FeeWritten, RuleWrite, Written};
use utoipa::{IntoParams, ToSchema};

use super::agreements::manage;
use super::fees::{FeeView, user_id};
use super::{Created, Edited, Reply, created, present};
use crate::App;
use crate::error::{ApiError, busy, insufficient, key_reused, suspended};
use crate::fields::List;
use crate::{rights, schema};

/// In each round either the pack is stored, or somebody else has changed the agreement.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyPackRequest {
    /// A pack or a bundle pack of the company that the agreement is with.
    service: String,
    /// Whether it is charged.
    #[schema(value_type = schema::PackBilling)]
    billing: PackBilling,
    /// Of packs: used for messages accepted at this time or later; from now on unless told. One that is
    /// charged cannot begin later.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Of packs: not used from this time on; no end unless told. A bundle holds to the end of the billing
    /// period.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Of bundles: whether it is bought again for each billing period.
    #[serde(default)]
    auto_extend: bool,
    /// Whether the company that pays does not see it. It is used all the same.
    #[serde(default)]
    hidden_from_client: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PackView {
    /// The id of this purchase.
    id: String,
    /// The pack's id.
    service: String,
    /// The pack's name.
    name: String,
    /// What kind of pack it is, with its size.
    #[schema(value_type = schema::ServiceKind)]
    kind: ServiceKind,
    /// Whether it was charged.
    #[schema(value_type = schema::PackBilling)]
    billing: PackBilling,
    /// Whether it is bought again for each billing period.
    auto_extend: bool,
    /// Used for messages accepted at this time or later.
    #[schema(value_type = String, format = DateTime)]
    effective_from: Timestamp,
    /// Not used from this time on; null for no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Timestamp>,
    /// Whether it may be used now. Of a bundle that is extended and could not be paid yet it is not.
    in_force: bool,
    /// Units or money that are used of it. Of bundles: recipients in the billing period, with those past
    /// its size.
    #[schema(example = "15")]
    used: String,
    /// What is left of it.
    #[schema(example = "0")]
    left: String,
    /// Whether the company that pays does not see it.
    hidden_from_client: bool,
    /// The revision of the agreement, which is the `ETag` of its packs.
    revision: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BoughtPackView {
    #[serde(flatten)]
    pack: PackView,
    /// What was charged for it; null if it was free.
    fee: Option<FeeView>,
    /// The agreement's balance as it is now.
    balance: String,
}

/// What of an agreement's packs is used.
pub(super) struct Use<'a> {
    agreement: &'a Agreement,
    main: Wallet,
    set_aside: BTreeMap<Pot, Amount>,
    now: Timestamp,
}

impl<'a> Use<'a> {
    pub(super) async fn read(app: &App, agreement: &'a Agreement, now: Timestamp) -> Result<Self, ApiError> {
        let main = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
        let touched = main.allowances.values().any(|gone| !gone.drawn.is_zero());
        let set_aside = if touched { app.store.set_aside(&main.id).await? } else { BTreeMap::new() };
        Ok(Self { agreement, main, set_aside, now })
    }

    /// Taken, and not only set aside for users and the companies below.
    fn of(&self, allowance: &AllowanceId) -> Result<Amount, ApiError> {
        let aside = self.set_aside.get(&Pot::allowance(&self.main.id, allowance)).copied();
        Ok(self.main.gone(allowance).drawn.checked_sub(aside.unwrap_or_default())?)
    }

    pub(super) fn of_pack(&self, enabled: &EnabledService, kind: ServiceKind) -> Result<Amount, ApiError> {
        let agreement = &self.agreement.id;
        if !kind.is_bundle_pack() {
            let from = enabled.effective_from.to_string();
            return self.of(&AllowanceId::of_pack(agreement, &enabled.service, &from));
        }
        let last = enabled.effective_till.map_or(self.now, |till| till - SignedDuration::from_secs(1));
        let terms = &self.agreement.version_at(self.now).billing;
        let period = terms.period_of(terms.day_of(last.min(self.now))).first;
        let part = |part| self.of(&AllowanceId::of_bundle(agreement, &enabled.service, part, period));
        Ok(part(COVERED)?.checked_add(part(PAST_SIZE)?)?)
    }

    fn view(&self, enabled: &EnabledService, service: &Service) -> Result<Option<PackView>, ApiError> {
        let (Some(purchase), Some(size)) = (&enabled.purchase, service.kind.size()) else { return Ok(None) };
        let used = self.of_pack(enabled, service.kind)?;
        let begun = enabled.effective_from <= self.now;
        Ok(Some(PackView {
            id: purchase.id.to_string(),
            service: service.id.to_string(),
            name: service.name.clone(),
            kind: service.kind,
            billing: purchase.billing,
            auto_extend: purchase.auto_extend,
            effective_from: enabled.effective_from,
            effective_till: enabled.effective_till,
            in_force: begun && enabled.effective_till.is_none_or(|till| self.now < till) && !service.archived,
            used: used.to_string(),
            left: size.checked_sub(used)?.max(Amount::ZERO).to_string(),
            hidden_from_client: enabled.hidden_from_client,
            revision: self.agreement.revision,
        }))
    }
}

/// Buy a pack or a bundle for an agreement.
///
/// The charge and the pack are there together, or neither. The price is the agreement's own under
/// `service_purchase`; it is charged to this agreement alone. Packs bought earlier are used first.
#[utoipa::path(post, path = "/v1/agreements/{id}/packs", tag = "packs", request_body = BuyPackRequest,
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")
    ),
    responses(
        (status = 201, description = "Bought, by this request or an earlier one with its key", body = BoughtPackView),
        (status = 402, description = "`insufficient_funds`: nothing was bought", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`no_rate`: the agreement has no price for it", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn buy(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<BuyPackRequest>,
) -> Created<BoughtPackView> {
    let ask = PackRequest {
        id: PurchaseId::derived(&["pack", who.company.id.as_str(), &key]),
        billing: body.billing,
        effective_from: body.effective_from,
        effective_till: body.effective_till,
        auto_extend: body.auto_extend,
        hidden_from_client: body.hidden_from_client,
    };
    let mut short = None;
    for _ in 0..ROUNDS_MAX {
        let agreement = app.seen_by(&who).agreement(&id).await?;
        rights::manage(&who, Area::EnabledServices)?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
        let service = pack_of(&app, &who, &agreement, &body.service).await?;
        if let Some(bought) = agreement.purchase(&ask.id) {
            return repeat(&app, &who, &agreement, bought, &service, &ask).await; // before any rule is judged
        }
        // What was there on the last round may have been taken by a request with the same key.
        if let Some(refusal) = short {
            return Err(refusal);
        }
        let now = runtime::now();
        let changed = agreement.with_pack(&service, &ask, now)?;
        let bought = changed.purchase(&ask.id).ok_or_else(busy)?;
        let fee = match ask.billing {
            PackBilling::Free => None,
            PackBilling::Charge => {
                let fee = purchase_fee(&app, &agreement, &service, &ask.id, now).await?;
                Some(Fee { by_user: user_id(&who), ..fee })
            }
        };
        let rule = ask.auto_extend.then(|| extension_rule(&changed, bought, &service.name, now)).flatten();
        let write = FeeWrite {
            fee: fee.as_ref(),
            agreement: Some(AgreementWrite { before: &agreement, after: &changed }),
            rule: rule.as_ref().map(RuleWrite::New),
            review: None,
        };
        let act = app.seen_by(&who).act_on(&agreement.company).await?;
        match app.store.write_fee(&act, write).await? {
            FeeWritten::Now => return answer(&app, &who, &changed, bought, &service).await,
            FeeWritten::NotEnough { available } => {
                let needed = fee.map(|fee| fee.amount).unwrap_or_default();
                short = Some(insufficient(available, needed).into());
            }
            FeeWritten::Suspended => return Err(suspended()),
            FeeWritten::Draining => return Err(busy()),
            FeeWritten::FeeBefore(_) | FeeWritten::RuleBefore(_) | FeeWritten::Overtaken => {}
        }
    }
    Err(busy())
}

/// A pack of the company that the agreement is with, and not an archived one.
async fn pack_of(app: &App, who: &Principal, agreement: &Agreement, id: &str) -> Result<Service, ApiError> {
    let service = app.seen_by(who).service(id).await.map_err(|error| error.field("service"))?;
    if service.company != agreement.tenant {
        let detail = "the service must be one of the company that the agreement is with";
        return Err(Problem::invalid("service", detail).into());
    }
    if service.archived {
        return Err(Problem::invalid("service", "this service is archived").into());
    }
    Ok(service)
}

async fn purchase_fee(
    app: &App,
    agreement: &Agreement,
    service: &Service,
    purchase: &PurchaseId,
    now: Timestamp,
) -> Result<Fee, ApiError> {
    let level = app.store.level(agreement, now).await?;
    let item = FeeItem {
        resource: Resource::ServicePurchase,
        sender: None,
        subject: Some(service.name.clone()),
        price: purchase_price(&level, &service.id)?,
        quantity: 1,
    };
    Ok(plan_fee(fee_id(purchase), agreement, item, now)?)
}

/// What was charged for a purchase; its extensions are fees of their own.
pub(super) fn fee_id(purchase: &PurchaseId) -> FeeId {
    FeeId::derived(&["purchase", purchase.as_str()])
}

async fn repeat(
    app: &App,
    who: &Principal,
    agreement: &Agreement,
    bought: &EnabledService,
    service: &Service,
    ask: &PackRequest,
) -> Created<BoughtPackView> {
    let asked = ask.hash(agreement, &service.id);
    if bought.purchase.as_ref().is_none_or(|purchase| purchase.request_hash != asked) {
        return Err(key_reused());
    }
    answer(app, who, agreement, bought, service).await
}

/// A pack as it is now, with what was charged for it when it was bought.
async fn answer(
    app: &App,
    who: &Principal,
    agreement: &Agreement,
    bought: &EnabledService,
    service: &Service,
) -> Created<BoughtPackView> {
    let used = Use::read(app, agreement, runtime::now()).await?;
    let pack = used.view(bought, service)?.ok_or_else(busy)?;
    let fee = match &bought.purchase {
        Some(purchase) => app.store.fee(&fee_id(&purchase.id)).await?,
        None => None,
    };
    let fee = fee.map(|fee| FeeView::new(fee, who));
    let balance = app.store.balance(&used.main).await?.to_string();
    created(BoughtPackView { pack, fee, balance })
}

/// An agreement's packs and bundles, with what is left of them.
#[utoipa::path(get, path = "/v1/agreements/{id}/packs", tag = "packs",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "Those bought first, and used first, come first", body = List<PackView>)))]
pub async fn list(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<List<PackView>> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::view_own(&who, &agreement.company, Area::EnabledServices, Area::PortalFinance)?;
    let sees_all = rights::is_tenant_side(&who, &agreement.company, &agreement.tenant);
    let shown = |enabled: &&EnabledService| sees_all || !enabled.hidden_from_client;
    let mut wanted: Vec<_> = agreement
        .services
        .iter()
        .filter(shown)
        .filter(|enabled| enabled.purchase.is_some())
        .map(|enabled| enabled.service.clone())
        .collect();
    wanted.sort();
    wanted.dedup();
    let mut services = BTreeMap::new();
    // DynamoDB reads at most a hundred items in one batch.
    for some in wanted.chunks(100) {
        let found = app.store.services(some).await?;
        services.extend(found.into_iter().map(|service| (service.id.clone(), service)));
    }
    let used = Use::read(&app, &agreement, runtime::now()).await?;
    let mut packs = Vec::new();
    for enabled in agreement.services.iter().filter(shown) {
        if let Some(service) = services.get(&enabled.service) {
            packs.extend(used.view(enabled, service)?);
        }
    }
    Ok(Json(List { items: packs, next: None }))
}

/// A pack or a bundle of an agreement, with what is left of it.
#[utoipa::path(get, path = "/v1/agreements/{id}/packs/{pack}", tag = "packs",
    params(("id" = String, Path, description = "The agreement's id"),
        ("pack" = String, Path, description = "The id of the purchase")),
    responses((status = 200, description = "The pack", body = PackView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, pack)): Path<(String, String)>,
) -> Edited<PackView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::view_own(&who, &agreement.company, Area::EnabledServices, Area::PortalFinance)?;
    let sees_all = rights::is_tenant_side(&who, &agreement.company, &agreement.tenant);
    let pack = pack_id(&pack)?;
    let enabled = agreement.purchase(&pack).filter(|enabled| sees_all || !enabled.hidden_from_client);
    let service = app.store.services(&[enabled.ok_or_else(missing)?.service.clone()]).await?.pop();
    view_of(&app, &agreement, &pack, &service.ok_or_else(missing)?).await
}

fn missing() -> Problem {
    Problem::not_found("pack")
}

fn pack_id(id: &str) -> Result<PurchaseId, Problem> {
    PurchaseId::parse(id).map_err(|_| missing())
}

async fn view_of(app: &App, agreement: &Agreement, pack: &PurchaseId, service: &Service) -> Edited<PackView> {
    let used = Use::read(app, agreement, runtime::now()).await?;
    let view = used.view(agreement.purchase(pack).ok_or_else(missing)?, service)?;
    Ok(Versioned::new(agreement.revision, view.ok_or_else(missing)?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PriceQuery {
    /// A pack or a bundle pack.
    service: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PackPriceView {
    /// What it costs, in the agreement's currency.
    #[schema(example = "100")]
    price: String,
    /// The agreement's currency.
    currency: String,
    /// The price of the rate tree, by its id.
    rate: String,
}

/// What a pack or a bundle would cost an agreement now.
#[utoipa::path(get, path = "/v1/agreements/{id}/pack_price", tag = "packs",
    params(("id" = String, Path, description = "The agreement's id"), PriceQuery),
    responses(
        (status = 200, description = "The price", body = PackPriceView),
        (status = 422, description = "`no_rate`: the agreement has no price for it", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn price(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(query): Query<PriceQuery>,
) -> Reply<PackPriceView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::view(&who, Area::EnabledServices)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let service = pack_of(&app, &who, &agreement, &query.service).await?;
    let level = app.store.level(&agreement, runtime::now()).await?;
    let found = purchase_price(&level, &service.id)?;
    Ok(Json(PackPriceView {
        price: found.amount.to_string(),
        currency: agreement.currency.to_string(),
        rate: found.rate.as_str().to_owned(),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackPatch {
    /// Of packs that have not begun: used for messages accepted at this time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Timestamp>,
    /// Of packs: another end; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Option<Timestamp>>,
    /// Of bundles: whether it is bought again for each billing period.
    auto_extend: Option<bool>,
    /// Whether the company that pays does not see it.
    hidden_from_client: Option<bool>,
}

/// Give a pack other times, have a bundle extended or no longer, or hide either from the client.
///
/// What is not named stays. A bundle that is not extended any more holds to the end of the period that is
/// paid. A pack that has begun begins when it did: what is used of it is counted from then.
#[utoipa::path(patch, path = "/v1/agreements/{id}/packs/{pack}", tag = "packs", request_body = PackPatch,
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("pack" = String, Path, description = "The id of the purchase"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement or its packs as read")
    ),
    responses(
        (status = 200, description = "The pack as it is now", body = PackView),
        (status = 409, description = "`pack_begun`: it cannot begin at another time", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path((id, pack)): Path<(String, String)>,
    if_match: IfMatch,
    Body(body): Body<PackPatch>,
) -> Edited<PackView> {
    let pack = pack_id(&pack)?;
    let PackPatch { effective_from, effective_till, auto_extend, hidden_from_client } = body;
    let change = PackChange { effective_from, effective_till, auto_extend, hidden_from_client };
    for _ in 0..ROUNDS_MAX {
        let agreement = app.seen_by(&who).agreement(&id).await?;
        rights::manage(&who, Area::EnabledServices)?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
        if_match.check(agreement.revision)?;
        let service = agreement.purchase(&pack).ok_or_else(missing)?.service.clone();
        let service = app.store.services(&[service]).await?.pop().ok_or_else(missing)?;
        let changed = agreement.with_pack_changed(&pack, service.kind, change, runtime::now())?;
        let act = app.seen_by(&who).act_on(&agreement.company).await?;
        let sides = AgreementWrite { before: &agreement, after: &changed };
        if changed == agreement || store_change(&app, &act, sides, &pack, &service).await? {
            return view_of(&app, &changed, &pack, &service).await;
        }
    }
    Err(busy())
}

/// Delete a pack that has not begun.
///
/// For the company that the agreement is with. Of such a pack nothing is used, and nothing was charged for it. One
/// that has begun gets an end instead, and stays with what is used of it.
#[utoipa::path(delete, path = "/v1/agreements/{id}/packs/{pack}", tag = "packs",
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("pack" = String, Path, description = "The id of the purchase"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the agreement or its packs as read")
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`pack_begun`: give it an end", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path((id, pack)): Path<(String, String)>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let seen = app.seen_by(&who);
    let agreement = seen.agreement(&id).await?;
    manage(&who, &agreement, Area::EnabledServices)?;
    if_match.check(agreement.revision)?;
    let pack = pack_id(&pack)?;
    let service = agreement.purchase(&pack).ok_or_else(missing)?.service.clone();
    let service = app.store.services(&[service]).await?.pop().ok_or_else(missing)?;
    let changed = agreement.without_pack(&pack, service.kind, runtime::now())?;
    let act = seen.act_on(&agreement.company).await?;
    match app.store.replace_agreement(&act, &agreement, &changed).await? {
        Written::Now => Ok(StatusCode::NO_CONTENT),
        Written::Overtaken | Written::Taken => Err(busy()),
    }
}

/// The agreement with the rule that extends a bundle, or ends to. False if either was changed meanwhile.
async fn store_change(
    app: &App,
    act: &Act,
    sides: AgreementWrite<'_>,
    pack: &PurchaseId,
    service: &Service,
) -> Result<bool, ApiError> {
    let (changed, now) = (sides.after, act.at);
    let enabled = changed.purchase(pack).ok_or_else(busy)?;
    let before = app.store.fee_rule(&changed.id, &extension_id(pack)).await?;
    let planned =
        enabled.auto_extends().then(|| extension_rule(changed, enabled, &service.name, now)).flatten();
    let after: Option<FeeRule> = match (&before, planned) {
        (Some(before), Some(planned)) => Some(before.replaced_by(planned)),
        (Some(before), None) => before.next.as_ref().map(|_| before.ended()),
        (None, planned) => planned,
    };
    let rule = match (&before, &after) {
        (Some(before), Some(after)) => Some(RuleWrite::Replace { before, after }),
        (None, Some(new)) => Some(RuleWrite::New(new)),
        (_, None) => None,
    };
    let write = FeeWrite { fee: None, agreement: Some(sides), rule, review: None };
    Ok(app.store.write_fee(act, write).await? == FeeWritten::Now)
}
