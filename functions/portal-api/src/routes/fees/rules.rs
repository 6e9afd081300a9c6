//! Rules that charge a fee every month or week. The sweeper does; here they are made, shown, changed and
//! ended.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::{Agreement, EnabledService};
use domain::catalog;
use domain::fee_rule::{
    AdditionalPrice, Every, FeeKind, FeeRule, RuleChange, Schedule, SenderType, plan_rule,
};
use domain::id::FeeRuleId;
use domain::permission::Area;
use domain::quote::Level;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::cursor::place_of;
use runtime::http::{Body, IdempotencyKey, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use store::{FeeWrite, FeeWritten, RuleWrite};
use utoipa::{IntoParams, ToSchema};

use super::super::{Edited, present};
use super::{AdditionalPriceBody, sender};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::fields::List;
use crate::lists::{Column, Format, RowOrder};
use crate::{fields, rights, schema};

/// In each round either the rule is ended, or the sweeper has moved it on.
const ROUNDS_MAX: u32 = 8;

/// What a rule charges for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FeeKindBody {
    /// A sender ID, at the agreement's price under `sender_id_usage_fee`.
    SenderIdUsage {
        /// One of the agreement's sender IDs: the address of one of SMS, or the id of any.
        #[schema(example = "ACME")]
        sender: String,
        /// As it looks unless told: numbers of up to six digits are short codes.
        #[schema(value_type = Option<schema::SenderIdType>)]
        sender_type: Option<SenderType>,
        /// The operator that it is registered with, if the price depends on it.
        mno: Option<String>,
    },
    /// An additional service.
    Additional {
        /// With a tariff as the rate tree names it. 1 to 120 characters.
        name: String,
        /// What it costs.
        price: AdditionalPriceBody,
    },
    /// The platform, at the agreement's price under `platform_fee`.
    Platform,
    /// A bundle that is extended; made and ended with its `auto_extend`.
    BundleExtension {
        /// The id of the purchase.
        pack: String,
        /// The bundle's name.
        name: String,
    },
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeRuleRequest {
    /// What it charges for.
    kind: FeeKindBody,
    /// Periods that begin on this day or later are charged, in full; not before today.
    #[schema(value_type = String, format = Date)]
    valid_from: Date,
    /// Periods that begin on this day or later are not; no end unless told.
    #[schema(value_type = Option<String>, format = Date)]
    valid_till: Option<Date>,
    /// How often; every month unless told.
    #[serde(default = "monthly")]
    #[schema(value_type = Option<schema::FeePeriod>)]
    every: Every,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7. 1 unless told.
    #[serde(default = "first")]
    start_day: i8,
    /// So many days before the period begins; 0 unless told.
    #[serde(default)]
    days_before: u8,
    /// When it cannot be charged it is tried again after so many hours; 1 unless told.
    #[serde(default = "hourly")]
    retry_hours: u16,
    /// At most so often; 3 times unless told. Then it is given up for this period.
    #[serde(default = "thrice")]
    retries_max: u16,
}

/// What is to be different; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeRulePatch {
    /// Not before today, and only as long as nothing was charged or given up.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Date>,
    /// Periods that begin on this day or later are not charged; null for no end. Where the next one does, the
    /// rule has ended.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Date)]
    valid_till: Option<Option<Date>>,
    /// How often. With other periods the rule goes on with the first that begins today or later, and behind
    /// all that was charged.
    #[schema(value_type = Option<schema::FeePeriod>)]
    every: Option<Every>,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7.
    start_day: Option<i8>,
    /// So many days before the period begins.
    days_before: Option<u8>,
    /// When it cannot be charged it is tried again after so many hours.
    retry_hours: Option<u16>,
    /// At most so often.
    retries_max: Option<u16>,
    /// Of a sender ID.
    #[schema(value_type = Option<schema::SenderIdType>)]
    sender_type: Option<SenderType>,
    /// The operator that a sender ID is registered with; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    mno: Option<Option<String>>,
    /// What an additional service costs.
    price: Option<AdditionalPriceBody>,
}

impl FeeRulePatch {
    fn parse(self) -> Result<RuleChange, ApiError> {
        Ok(RuleChange {
            valid_from: self.valid_from,
            valid_till: self.valid_till,
            every: self.every,
            start_day: self.start_day,
            days_before: self.days_before,
            retry_hours: self.retry_hours,
            retries_max: self.retries_max,
            sender_type: self.sender_type,
            mno: self.mno,
            price: self.price.map(AdditionalPriceBody::parse).transpose()?,
        })
    }
}

fn monthly() -> Every {
    Every::Month
}

fn first() -> i8 {
    1
}

fn hourly() -> u16 {
    1
}

fn thrice() -> u16 {
    3
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FeeRuleView {
    /// Its id.
    id: String,
    /// The agreement that pays.
    agreement: String,
    /// What it charges for.
    kind: FeeKindBody,
    /// Periods that begin on this day or later are charged.
    #[schema(value_type = String, format = Date)]
    valid_from: Date,
    /// Periods that begin on this day or later are not; null for no end.
    #[schema(value_type = Option<String>, format = Date)]
    valid_till: Option<Date>,
    /// How often.
    #[schema(value_type = schema::FeePeriod)]
    every: Every,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7.
    start_day: i8,
    /// So many days before the period begins.
    days_before: u8,
    /// When it cannot be charged it is tried again after so many hours.
    retry_hours: u16,
    /// At most so often.
    retries_max: u16,
    /// What it charges next; null once it has ended.
    next: Option<NextFeeView>,
    /// What it would charge now; null if no rate is found.
    price: Option<String>,
    /// Why there is no price: `no_rate` or `blocked`.
    price_problem: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well. Every charge and every try raises it.
    revision: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NextFeeView {
    /// The first day of the period.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// The last day of the period, included.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// When it is tried.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// How often it was tried already.
    failed: u16,
    /// Why the last try failed: `no_rate`, `blocked`, `insufficient_funds` or `suspended`.
    problem: Option<String>,
}

impl FeeRuleView {
    fn new(rule: FeeRule, level: &Level) -> Self {
        let found = rule.kind.item(level, rule.schedule.every);
        let price = found.and_then(|item| Ok(item.price.amount.checked_times(item.quantity)?));
        let Schedule { valid_from, valid_till, every, start_day, days_before, retry_hours, retries_max } =
            rule.schedule;
        Self {
            id: rule.id.into(),
            agreement: rule.agreement.into(),
            kind: rule.kind.into(),
            valid_from,
            valid_till,
            every,
            start_day,
            days_before,
            retry_hours,
            retries_max,
            next: rule.next.map(|next| NextFeeView {
                first_day: next.period.first,
                last_day: next.period.last,
                at: next.at,
                failed: next.failed,
                problem: next.problem,
            }),
            price_problem: price.as_ref().err().map(|error| error.code().to_owned()),
            price: price.ok().map(|price| price.to_string()),
            created_at: rule.created_at,
            revision: rule.revision,
        }
    }
}

fn shown(rule: FeeRule, level: &Level) -> Edited<FeeRuleView> {
    Ok(Versioned::new(rule.revision, FeeRuleView::new(rule, level)))
}

fn made(rule: FeeRule, level: &Level) -> Edited<FeeRuleView> {
    Ok(Versioned::created(rule.revision, FeeRuleView::new(rule, level)))
}

impl From<FeeKind> for FeeKindBody {
    fn from(kind: FeeKind) -> Self {
        match kind {
            FeeKind::SenderIdUsage { sender, sender_type, mno, .. } => {
                Self::SenderIdUsage { sender: sender.into(), sender_type: Some(sender_type), mno }
            }
            FeeKind::Additional { name, price } => Self::Additional { name, price: price.into() },
            FeeKind::Platform => Self::Platform,
            FeeKind::BundleExtension { purchase, name, .. } => {
                Self::BundleExtension { pack: purchase.into(), name }
            }
        }
    }
}

impl FeeKindBody {
    async fn parse(self, app: &App, agreement: &Agreement) -> Result<FeeKind, ApiError> {
        Ok(match self {
            Self::SenderIdUsage { sender: address, sender_type, mno } => {
                let sender = sender(app, agreement, &address).await.map_err(|error| error.field("sender"))?;
                let sender_type = sender_type.unwrap_or_else(|| SenderType::of(&sender.address));
                FeeKind::SenderIdUsage {
                    sender_id: Some(sender.id),
                    sender: sender.address,
                    sender_type,
                    mno,
                }
            }
            Self::Additional { name, price } => {
                FeeKind::Additional { name: name.trim().to_owned(), price: price.parse()? }
            }
            Self::Platform => FeeKind::Platform,
            Self::BundleExtension { .. } => {
                let detail = "a bundle is extended by its own `auto_extend`";
                return Err(Problem::invalid("kind", detail).into());
            }
        })
    }
}

/// Make a rule that charges a fee again and again.
///
/// Each period is charged once, to this agreement alone, at the price of the day on which it is charged.
#[utoipa::path(post, path = "/v1/agreements/{id}/fee_rules", tag = "fees", request_body = FeeRuleRequest,
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")
    ),
    responses(
        (status = 201, description = "The rule, and whether it finds its price now", body = FeeRuleView),
        (status = 422, description = "`no_rate`: an additional service by tariff is not in the agreement's rate plans",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<FeeRuleRequest>,
) -> Edited<FeeRuleView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::AdditionalFees)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let id = FeeRuleId::derived(&["fee_rule", who.company.id.as_str(), &key]);
    let kind = body.kind.parse(&app, &agreement).await?;
    let schedule = Schedule {
        valid_from: body.valid_from,
        valid_till: body.valid_till,
        every: body.every,
        start_day: body.start_day,
        days_before: body.days_before,
        retry_hours: body.retry_hours,
        retries_max: body.retries_max,
    };
    let now = runtime::now();
    let level = app.store.level(&agreement, now).await?;
    let request_hash = domain::fee_rule::request_hash(&agreement, &kind, &schedule);
    let repeat = |stored: FeeRule| match stored.request_hash == request_hash {
        true => made(stored, &level),
        false => Err(key_reused()),
    };
    if let Some(stored) = app.store.fee_rule(&agreement.id, &id).await? {
        return repeat(stored); // before any rule is judged
    }
    let rule = plan_rule(id, &agreement, kind, schedule, now)?;
    check_tariff(&rule, &level)?;
    let act = app.seen_by(&who).act_on(&agreement.company).await?;
    let write = FeeWrite { rule: Some(RuleWrite::New(&rule)), ..FeeWrite::default() };
    match app.store.write_fee(&act, write).await? {
        FeeWritten::Now => made(rule, &level),
        FeeWritten::RuleBefore(stored) => repeat(*stored),
        _ => Err(busy()),
    }
}

/// An additional service by tariff has one.
fn check_tariff(rule: &FeeRule, level: &Level) -> Result<(), ApiError> {
    if matches!(&rule.kind, FeeKind::Additional { price: AdditionalPrice::Tariff { .. }, .. }) {
        rule.kind.item(level, rule.schedule.every)?;
    }
    Ok(())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FeeRuleQuery {
    /// What they charge for, as a fee's `resource`: `sender_id_usage_fee`.
    #[param(example = "sender_id_usage_fee")]
    resource: Option<String>,
    /// Only those of this sender ID, by its address.
    sender: Option<String>,
    /// Only those of a sender ID that is registered with this operator.
    mno: Option<String>,
    /// Only of the additional services and bundles whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those that charge so often.
    #[param(value_type = Option<schema::FeePeriod>)]
    every: Option<Every>,
    /// Whether they still charge, or have ended.
    running: Option<bool>,
    /// Only those whose last try failed for this reason.
    problem: Option<String>,
    /// Only those that charge next at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    next_from: Option<Timestamp>,
    /// Only those that charge next before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    next_till: Option<Timestamp>,
    /// Only those made at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<Timestamp>,
    /// Only those made before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_till: Option<Timestamp>,
    /// `created_at`, `valid_from`, `valid_till`, `every` or `next`, with a `-` before it for the other way
    /// round; `created_at` unless told.
    #[param(example = "-next")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl FeeRuleQuery {
    fn passes(&self, rule: &FeeRule) -> bool {
        let (sender, mno, name) = match &rule.kind {
            FeeKind::SenderIdUsage { sender, mno, .. } => (Some(sender.as_str()), mno.as_deref(), None),
            FeeKind::Additional { name, .. } | FeeKind::BundleExtension { name, .. } => {
                (None, None, Some(name))
            }
            FeeKind::Platform => (None, None, None),
        };
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        let begins = |wanted: &String| {
            name.is_some_and(|name| catalog::words(name).starts_with(&catalog::words(wanted)))
        };
        let within = |at: Option<Timestamp>, from: Option<Timestamp>, till: Option<Timestamp>| {
            from.is_none_or(|from| at.is_some_and(|at| from <= at))
                && till.is_none_or(|till| at.is_some_and(|at| at < till))
        };
        let next = rule.next.as_ref();
        is(&self.resource, Some(rule.kind.resource().name()))
            && is(&self.sender, sender)
            && is(&self.mno, mno)
            && self.name.as_ref().is_none_or(begins)
            && self.every.is_none_or(|every| every == rule.schedule.every)
            && self.running.is_none_or(|running| running == next.is_some())
            && is(&self.problem, next.and_then(|next| next.problem.as_deref()))
            && within(next.map(|next| next.at), self.next_from, self.next_till)
            && within(Some(rule.created_at), self.created_from, self.created_till)
    }

    fn order(&self) -> Result<RowOrder<FeeRule>, ApiError> {
        let cursor = self.cursor.as_deref().map(place_of).transpose()?;
        let sort = self.sort.as_deref().unwrap_or("created_at");
        let order = RowOrder::by(&COLUMNS, sort, fields::limit(self.limit)?, cursor);
        let names = COLUMNS.map(|(name, _)| name).join(", ");
        let detail = format!("one of {names} is allowed, with a `-` before it for the other way round");
        Ok(order.ok_or_else(|| Problem::invalid("sort", detail))?)
    }
}

const COLUMNS: [Column<FeeRule>; 5] = [
    ("created_at", |rule| catalog::time(rule.created_at)),
    ("valid_from", |rule| catalog::day(rule.schedule.valid_from)),
    ("valid_till", |rule| rule.schedule.valid_till.map(catalog::day).unwrap_or_default()),
    ("every", |rule| catalog::choice(rule.schedule.every)),
    ("next", |rule| rule.next.as_ref().map(|next| catalog::time(next.at)).unwrap_or_default()),
];

const FILE_COLUMNS: [&str; 22] = [
    "id",
    "agreement",
    "kind.type",
    "kind.sender",
    "kind.mno",
    "kind.name",
    "kind.sender_type",
    "valid_from",
    "valid_till",
    "every",
    "start_day",
    "days_before",
    "retry_hours",
    "retries_max",
    "next.first_day",
    "next.last_day",
    "next.at",
    "next.failed",
    "next.problem",
    "price",
    "price_problem",
    "created_at",
];

/// An agreement's fee rules, also those that have ended.
///
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/agreements/{id}/fee_rules", tag = "fees",
    params(("id" = String, Path, description = "The agreement's id"), FeeRuleQuery),
    responses((status = 200, description = "A page",
        content((List<FeeRuleView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
    Query(query): Query<FeeRuleQuery>,
) -> Result<Response, ApiError> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::view_own(&who, &agreement.company, Area::AdditionalFees, Area::PortalFinance)?;
    let order = query.order()?;
    let level = app.store.level(&agreement, runtime::now()).await?;
    let mut rules = app.store.fee_rules(&agreement.id).await?;
    rules.retain(|rule| query.passes(rule) && is_seen(&who, rule, &agreement));
    let found = order.page(&app.store, rules, |rule| rule.id.as_str(), format).await?;
    found.answer(|rule| FeeRuleView::new(rule, &level), "fee-rules", &FILE_COLUMNS)
}

fn is_seen(who: &Principal, rule: &FeeRule, agreement: &Agreement) -> bool {
    rights::is_tenant_side(who, &agreement.company, &agreement.tenant) || !extends_hidden(rule, agreement)
}

/// Whether it buys again what the company that pays does not see.
fn extends_hidden(rule: &FeeRule, agreement: &Agreement) -> bool {
    let FeeKind::BundleExtension { purchase, .. } = &rule.kind else { return false };
    let is_it = |enabled: &&EnabledService| enabled.purchase.as_ref().is_some_and(|of| of.id == *purchase);
    agreement.services.iter().find(is_it).is_some_and(|enabled| enabled.hidden_from_client)
}

/// One fee rule, also one that has ended.
#[utoipa::path(get, path = "/v1/agreements/{id}/fee_rules/{rule}", tag = "fees",
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("rule" = String, Path, description = "The rule's id")
    ),
    responses((status = 200, description = "The rule", body = FeeRuleView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, rule)): Path<(String, String)>,
) -> Edited<FeeRuleView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::view_own(&who, &agreement.company, Area::AdditionalFees, Area::PortalFinance)?;
    let rule = find(&app, &agreement, &rule).await?;
    if !is_seen(&who, &rule, &agreement) {
        return Err(missing());
    }
    shown(rule, &app.store.level(&agreement, runtime::now()).await?)
}

/// Change a fee rule.
///
/// What is not named stays. It is so from the next charge on: what was charged stays, and no day is charged
/// twice.
#[utoipa::path(patch, path = "/v1/agreements/{id}/fee_rules/{rule}", tag = "fees",
    request_body = FeeRulePatch,
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("rule" = String, Path, description = "The rule's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the rule as it was read")
    ),
    responses(
        (status = 200, description = "The rule as it is now", body = FeeRuleView),
        (status = 409, description = "`rule_ended`, `rule_begun`: `valid_from` stays, or `belongs_to_pack`",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`no_rate`: the service by tariff is not in the agreement's rate plans",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path((id, rule)): Path<(String, String)>,
    if_match: IfMatch,
    Body(body): Body<FeeRulePatch>,
) -> Edited<FeeRuleView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::AdditionalFees)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let before = find(&app, &agreement, &rule).await?;
    check_by_hand(&before)?;
    if_match.check(before.revision)?;
    let ask = body.parse()?;
    let (now, with_price) = (runtime::now(), ask.price.is_some());
    let level = app.store.level(&agreement, now).await?;
    let after = before.changed(ask, &agreement, now)?;
    if after == before {
        return shown(before, &level);
    }
    if with_price {
        check_tariff(&after, &level)?;
    }
    let act = app.seen_by(&who).act_on(&agreement.company).await?;
    let rule = Some(RuleWrite::Replace { before: &before, after: &after });
    match app.store.write_fee(&act, FeeWrite { rule, ..FeeWrite::default() }).await? {
        FeeWritten::Now => shown(after, &level),
        _ => Err(busy()),
    }
}

async fn find(app: &App, agreement: &Agreement, rule: &str) -> Result<FeeRule, ApiError> {
    let id = FeeRuleId::parse(rule).map_err(|_| missing())?;
    app.store.fee_rule(&agreement.id, &id).await?.ok_or_else(missing)
}

fn missing() -> ApiError {
    Problem::not_found("fee rule").into()
}

/// What extends a bundle follows that.
fn check_by_hand(rule: &FeeRule) -> Result<(), ApiError> {
    if matches!(rule.kind, FeeKind::BundleExtension { .. }) {
        let detail = "This rule is there as long as the pack's `auto_extend` is, and ends with that.";
        return Err(Problem::new(409, "belongs_to_pack", detail).into());
    }
    Ok(())
}

/// End a fee rule.
///
/// It charges nothing any more; what it has charged stays. Ending it twice is ending it once.
#[utoipa::path(delete, path = "/v1/agreements/{id}/fee_rules/{rule}", tag = "fees",
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("rule" = String, Path, description = "The rule's id")
    ),
    responses((status = 200, description = "The rule as it is now", body = FeeRuleView)))]
pub async fn end(
    State(app): State<App>,
    who: Principal,
    Path((id, rule)): Path<(String, String)>,
) -> Edited<FeeRuleView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::manage(&who, Area::AdditionalFees)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let level = app.store.level(&agreement, runtime::now()).await?;
    let act = app.seen_by(&who).act_on(&agreement.company).await?;
    for _ in 0..ROUNDS_MAX {
        let before = find(&app, &agreement, &rule).await?;
        check_by_hand(&before)?;
        if before.next.is_none() {
            return shown(before, &level);
        }
        let after = before.ended();
        let rule = Some(RuleWrite::Replace { before: &before, after: &after });
        if app.store.write_fee(&act, FeeWrite { rule, ..FeeWrite::default() }).await? == FeeWritten::Now {
            return shown(after, &level);
        }
    }
    Err(busy())
}
