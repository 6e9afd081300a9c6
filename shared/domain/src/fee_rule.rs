//! Rules that charge a fee again and again: which period is next, when it is due, and what follows when
//! it cannot be charged. A fee's id follows from rule and period, so each is charged once.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, EnabledService};
use crate::enabled::PackBilling;
use crate::fee::{Fee, FeeError, FeeItem, FeePrice, FeeStatus, find_price, plan_fee};
use crate::id::{AgreementId, FeeId, FeeRuleId, PurchaseId, SenderId, ServiceId, digest, encode};
use crate::money::Amount;
use crate::period::{BillingPeriod, BillingTerms, Period};
use crate::quote::Level;
use crate::rating::{Attribute, Event, Resource};
use crate::sender::{Sender, SenderAddress};

/// Every month has this day.
const MONTH_DAY_MAX: i8 = 28;
const WEEK_DAY_MAX: i8 = 7;
const DAYS_BEFORE_MAX: u8 = 27;
const RETRY_HOURS_MAX: u16 = 24 * 28;
const RETRIES_MAX: u16 = 100;
const NAME_LENGTH_MAX: usize = 120;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Month,
    Week,
    /// Whatever the agreement is invoiced by.
    BillingPeriod,
}

impl Every {
    /// As rate trees tell periodicities apart.
    fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::BillingPeriod => "billing_period",
        }
    }
}

/// When a rule charges. Days are the agreement's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Periods that begin on this day or later are charged, each in full.
    pub valid_from: Date,
    /// Periods that begin on this day or later are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<Date>,
    pub every: Every,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7.
    pub start_day: i8,
    /// So many days before the period begins.
    pub days_before: u8,
    pub retry_hours: u16,
    /// So often after the first try.
    pub retries_max: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderType {
    Alphanumeric,
    Numeric,
    ShortCode,
}

impl SenderType {
    /// Numbers of up to six digits are short codes.
    pub fn of(sender: &SenderAddress) -> Self {
        match sender.is_numeric() {
            false => Self::Alphanumeric,
            true if sender.as_str().len() <= 6 => Self::ShortCode,
            true => Self::Numeric,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Alphanumeric => "alphanumeric",
            Self::Numeric => "numeric",
            Self::ShortCode => "short_code",
        }
    }
}

/// What an additional service costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AdditionalPrice {
    Fixed {
        amount: Amount,
    },
    /// At the agreement's price of the service of this name.
    Tariff {
        volume: u32,
    },
}

/// What a rule charges for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeeKind {
    SenderIdUsage {
        /// Tells it from others of the same address. Rules that were stored before have the address alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender_id: Option<SenderId>,
        sender: SenderAddress,
        sender_type: SenderType,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mno: Option<String>,
    },
    Additional {
        name: String,
        price: AdditionalPrice,
    },
    Platform,
    /// A bundle, bought again for each billing period. `name` is the bundle's.
    BundleExtension {
        purchase: PurchaseId,
        service: ServiceId,
        name: String,
    },
}

/// The period that a rule charges next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextFee {
    pub period: Period,
    /// When it is tried.
    pub at: Timestamp,
    /// How often it was tried and could not be charged, and why at last.
    #[serde(default)]
    pub failed: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRule {
    pub id: FeeRuleId,
    pub agreement: AgreementId,
    pub kind: FeeKind,
    pub schedule: Schedule,
    /// None once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextFee>,
    /// The last day of what was charged or given up. None before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_till: Option<Date>,
    /// Tells a repeat of the request from another request under the same key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_hash: String,
    pub created_at: Timestamp,
    /// Raised by every change.
    pub revision: u64,
}

/// What is to be different of a rule. What is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleChange {
    pub valid_from: Option<Date>,
    pub valid_till: Option<Option<Date>>,
    pub every: Option<Every>,
    pub start_day: Option<i8>,
    pub days_before: Option<u8>,
    pub retry_hours: Option<u16>,
    pub retries_max: Option<u16>,
    /// Of a sender ID.
    pub sender_type: Option<SenderType>,
    /// Of a sender ID.
    pub mno: Option<Option<String>>,
    /// Of an additional service.
    pub price: Option<AdditionalPrice>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeeRuleError {
    #[error("a rule begins today or later: what is past is charged as a single fee")]
    BeginsInThePast,
    #[error("`valid_till` must be later than `valid_from`")]
    TimesReversed,
    #[error("the start day is 1 to {MONTH_DAY_MAX} of a month, 1 to {WEEK_DAY_MAX} of a week")]
    StartDay,
    #[error("a fee is charged at most {DAYS_BEFORE_MAX} days, and less than a period, beforehand")]
    DaysBefore,
    #[error("a fee is tried again every 1 to {RETRY_HOURS_MAX} hours")]
    RetryHours,
    #[error("a fee is tried again at most {RETRIES_MAX} times")]
    Retries,
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("the rule has ended: make a new one")]
    Ended,
    #[error("a period of it was charged or given up: `valid_from` stays")]
    Begun,
    #[error("a rule of this kind has no `{field}`")]
    OtherKind { field: &'static str },
    #[error(transparent)]
    Fee(#[from] FeeError),
}

impl Schedule {
    pub fn check(&self, today: Date) -> Result<(), FeeRuleError> {
        let day_max = if self.every == Every::Week { WEEK_DAY_MAX } else { MONTH_DAY_MAX };
        if self.valid_from < today {
            return Err(FeeRuleError::BeginsInThePast);
        }
        if self.valid_till.is_some_and(|till| till <= self.valid_from) {
            return Err(FeeRuleError::TimesReversed);
        }
        if !(1..=day_max).contains(&self.start_day) {
            return Err(FeeRuleError::StartDay);
        }
        let before_max = if self.every == Every::Week { WEEK_DAY_MAX as u8 - 1 } else { DAYS_BEFORE_MAX };
        if self.days_before > before_max {
            return Err(FeeRuleError::DaysBefore);
        }
        if !(1..=RETRY_HOURS_MAX).contains(&self.retry_hours) {
            return Err(FeeRuleError::RetryHours);
        }
        if self.retries_max > RETRIES_MAX {
            return Err(FeeRuleError::Retries);
        }
        Ok(())
    }

    /// The first period that begins on this day or later.
    fn period_from(&self, day: Date, terms: &BillingTerms) -> Period {
        let here = self.period_of(day, terms);
        if here.first == day { here } else { self.period_of(day_after(here), terms) }
    }

    fn period_of(&self, day: Date, terms: &BillingTerms) -> Period {
        match self.every {
            Every::BillingPeriod => terms.period_of(day),
            Every::Month => {
                let monthly = BillingTerms {
                    period: BillingPeriod::Monthly,
                    billing_day: self.start_day,
                    ..terms.clone()
                };
                monthly.period_of(day)
            }
            Every::Week => {
                let start = Weekday::from_monday_one_offset(self.start_day).unwrap_or(Weekday::Monday);
                let first = day.saturating_sub(Span::new().days(start.until(day.weekday())));
                Period { first, last: first.saturating_add(Span::new().days(6)) }
            }
        }
    }

    /// The charge of the first period from this day on; none if the rule ends before.
    fn next(&self, day: Date, terms: &BillingTerms) -> Option<NextFee> {
        let period = self.period_from(day, terms);
        if self.valid_till.is_some_and(|till| period.first >= till) {
            return None;
        }
        let due = period.first.saturating_sub(Span::new().days(i64::from(self.days_before)));
        Some(NextFee { period, at: terms.start_of(due), failed: 0, problem: None })
    }
}

fn day_after(period: Period) -> Date {
    following(period.last)
}

fn following(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

impl FeeKind {
    fn check(&self, agreement: &AgreementId) -> Result<(), FeeRuleError> {
        let Self::Additional { name, price } = self else { return Ok(()) };
        check_name(name)?;
        match price {
            AdditionalPrice::Fixed { amount } => FeePrice::fixed(agreement, name, *amount).map(drop)?,
            AdditionalPrice::Tariff { volume: 0 } => return Err(FeeError::NoVolume.into()),
            AdditionalPrice::Tariff { .. } => {}
        }
        Ok(())
    }

    pub fn resource(&self) -> Resource {
        match self {
            Self::SenderIdUsage { .. } => Resource::SenderIdUsageFee,
            Self::Additional { .. } => Resource::AdditionalService,
            Self::Platform => Resource::PlatformFee,
            Self::BundleExtension { .. } => Resource::ServicePurchase,
        }
    }

    /// What it costs at this moment, with its price.
    pub fn item(&self, level: &Level, every: Every) -> Result<FeeItem, FeeError> {
        let known = Event::of(self.resource()).with(Attribute::Periodicity, every.name());
        let found = |event: Event| find_price(level, &event);
        let (price, quantity) = match self {
            Self::SenderIdUsage { sender, sender_type, mno, .. } => {
                let sender = Some(sender.as_str());
                let sender_type = Some(sender_type.name());
                let event = known
                    .with_known(Attribute::SenderId, sender)
                    .with_known(Attribute::SenderIdType, sender_type)
                    .with_known(Attribute::Mno, mno.as_deref());
                (found(event)?, 1)
            }
            Self::Additional { name, price: AdditionalPrice::Fixed { amount } } => {
                (FeePrice::fixed(&level.agreement.id, name, *amount)?, 1)
            }
            Self::Additional { name, price: AdditionalPrice::Tariff { volume } } => {
                (found(known.with(Attribute::AdditionalService, name))?, *volume)
            }
            Self::Platform => (found(known)?, 1),
            Self::BundleExtension { service, .. } => (purchase_price(level, service)?, 1),
        };
        let (sender, subject) = self.about();
        Ok(FeeItem { resource: self.resource(), sender, subject, price, quantity })
    }

    fn changed(&self, ask: RuleChange) -> Result<Self, FeeRuleError> {
        let of_sender = matches!(self, Self::SenderIdUsage { .. });
        let told = [
            ("sender_type", ask.sender_type.is_some(), of_sender),
            ("mno", ask.mno.is_some(), of_sender),
            ("price", ask.price.is_some(), matches!(self, Self::Additional { .. })),
        ];
        if let Some((field, ..)) = told.into_iter().find(|(_, is_told, has_it)| *is_told && !has_it) {
            return Err(FeeRuleError::OtherKind { field });
        }
        Ok(match self.clone() {
            Self::SenderIdUsage { sender_id, sender, sender_type, mno } => Self::SenderIdUsage {
                sender_id,
                sender,
                sender_type: ask.sender_type.unwrap_or(sender_type),
                mno: ask.mno.unwrap_or(mno),
            },
            Self::Additional { name, price } => Self::Additional { name, price: ask.price.unwrap_or(price) },
            kind => kind,
        })
    }

    /// The sender ID, and what else it is for.
    fn about(&self) -> (Option<SenderAddress>, Option<String>) {
        match self {
            Self::SenderIdUsage { sender, mno, .. } => (Some(sender.clone()), mno.clone()),
            Self::Additional { name, .. } | Self::BundleExtension { name, .. } => (None, Some(name.clone())),
            Self::Platform => (None, None),
        }
    }
}

pub fn check_name(name: &str) -> Result<(), FeeRuleError> {
    let fits = (1..=NAME_LENGTH_MAX).contains(&name.chars().count()) && name.trim() == name;
    if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(FeeRuleError::Name) }
}

/// What a pack or bundle costs under an agreement.
pub fn purchase_price(level: &Level, service: &ServiceId) -> Result<FeePrice, FeeError> {
    find_price(level, &Event::of(Resource::ServicePurchase).with(Attribute::Pack, service.as_str()))
}

/// A new rule, with its first charge.
pub fn plan_rule(
    id: FeeRuleId,
    agreement: &Agreement,
    kind: FeeKind,
    schedule: Schedule,
    now: Timestamp,
) -> Result<FeeRule, FeeRuleError> {
    let terms = &agreement.version_at(now).billing;
    schedule.check(terms.day_of(now))?;
    kind.check(&agreement.id)?;
    let next = schedule.next(schedule.valid_from, terms);
    let request_hash = request_hash(agreement, &kind, &schedule);
    Ok(FeeRule {
        id,
        agreement: agreement.id.clone(),
        kind,
        schedule,
        next,
        done_till: None,
        request_hash,
        created_at: now,
        revision: 0,
    })
}

/// Of all that is asked for.
pub fn request_hash(agreement: &Agreement, kind: &FeeKind, schedule: &Schedule) -> String {
    encode(digest(&["fee_rule", agreement.id.as_str(), &format!("{kind:?} {schedule:?}")]))
}

/// The rule that buys a bundle again, from the period in which it ends on. Each try is an hour after the
/// one before, until the period is over.
pub fn extension_rule(
    agreement: &Agreement,
    bundle: &EnabledService,
    name: &str,
    now: Timestamp,
) -> Option<FeeRule> {
    let purchase = bundle.purchase.as_ref()?;
    let terms = &agreement.version_at(now).billing;
    let till = bundle.effective_till.unwrap_or(now).max(now);
    let first = terms.period_of(terms.day_of(till)).first;
    let schedule = Schedule {
        valid_from: first,
        valid_till: None,
        every: Every::BillingPeriod,
        start_day: 1,
        days_before: 0,
        retry_hours: 1,
        retries_max: u16::MAX,
    };
    let kind = FeeKind::BundleExtension {
        purchase: purchase.id.clone(),
        service: bundle.service.clone(),
        name: name.to_owned(),
    };
    Some(FeeRule {
        id: extension_id(&purchase.id),
        agreement: agreement.id.clone(),
        next: schedule.next(first, terms),
        kind,
        schedule,
        done_till: None,
        request_hash: String::new(),
        created_at: now,
        revision: 0,
    })
}

/// A purchase has one such rule.
pub fn extension_id(purchase: &PurchaseId) -> FeeRuleId {
    FeeRuleId::derived(&["extension", purchase.as_str()])
}

/// What is written when a rule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DuePlan {
    /// All of it together, or nothing. Without a fee for what is free of charge.
    Charge { fee: Option<Box<Fee>>, rule: Box<FeeRule>, agreement: Option<Box<Agreement>> },
    /// There is nothing to charge: the rule goes on, or ends.
    Move(Box<FeeRule>),
    /// It cannot be charged now, for this reason.
    Miss(FeeError),
    /// It is not due.
    Wait,
}

/// A charge that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// It is tried again.
    Again(Box<FeeRule>),
    /// It was tried often enough: the fee, failed, and the rule with its next period.
    GivenUp { fee: Box<Fee>, rule: Box<FeeRule> },
}

/// What a rule has to do at this moment. `level` has the rates that are in force.
pub fn plan_due(rule: &FeeRule, level: &Level, now: Timestamp) -> DuePlan {
    let Some(next) = rule.next.as_ref().filter(|next| next.at <= now) else { return DuePlan::Wait };
    let agreement = &level.agreement;
    let terms = &agreement.version_at(now).billing;
    if let FeeKind::BundleExtension { purchase, .. } = &rule.kind {
        return plan_extension(rule, next, purchase, level, now);
    }
    match rule.fee(next, level, now) {
        Ok(fee) => DuePlan::Charge {
            fee: Some(Box::new(fee)),
            rule: Box::new(rule.after(next.period, terms)),
            agreement: None,
        },
        Err(error) => DuePlan::Miss(error),
    }
}

/// A bundle that was not extended in time is bought for the period that runs, not for those that are over.
fn plan_extension(
    rule: &FeeRule,
    next: &NextFee,
    purchase: &PurchaseId,
    level: &Level,
    now: Timestamp,
) -> DuePlan {
    let agreement = &level.agreement;
    let terms = &agreement.version_at(now).billing;
    let bundle = agreement.purchase(purchase).filter(|bundle| bundle.auto_extends());
    let Some(bundle) = bundle else { return DuePlan::Move(Box::new(rule.ended())) };
    let today = terms.day_of(now);
    if next.period.last < today {
        let period = terms.period_of(today);
        let next = rule.schedule.next(period.first, terms);
        return DuePlan::Move(Box::new(rule.with_next(next)));
    }
    let charged = bundle.purchase.as_ref().is_some_and(|purchase| purchase.billing == PackBilling::Charge);
    let fee = match charged.then(|| rule.fee(next, level, now)).transpose() {
        Ok(fee) => fee.map(Box::new),
        Err(error) => return DuePlan::Miss(error),
    };
    let extended = agreement.with_bundle_until(purchase, terms.end_of(next.period));
    // It may reach there already, if it was bought by hand meanwhile.
    let agreement = (extended.revision > agreement.revision).then(|| Box::new(extended));
    DuePlan::Charge { fee, rule: Box::new(rule.after(next.period, terms)), agreement }
}

impl FeeRule {
    fn fee(&self, next: &NextFee, level: &Level, now: Timestamp) -> Result<Fee, FeeError> {
        let item = self.kind.item(level, self.schedule.every)?;
        let fee = plan_fee(self.fee_id(next.period), &level.agreement, item, now)?;
        let attempts = u32::from(next.failed) + 1;
        Ok(Fee { period: Some(next.period), rule: Some(self.id.clone()), attempts, ..fee })
    }

    fn fee_id(&self, period: Period) -> FeeId {
        FeeId::derived(&["rule", self.id.as_str(), &period.first.to_string()])
    }

    fn with_next(&self, next: Option<NextFee>) -> Self {
        Self { next, revision: self.revision + 1, ..self.clone() }
    }

    /// Done with this period.
    fn after(&self, period: Period, terms: &BillingTerms) -> Self {
        let next = self.schedule.next(day_after(period), terms);
        Self { done_till: Some(period.last), ..self.with_next(next) }
    }

    /// Whether it charges for this sender ID.
    pub fn is_for(&self, of: &Sender) -> bool {
        let FeeKind::SenderIdUsage { sender_id, sender, .. } = &self.kind else { return false };
        self.agreement == of.agreement
            && sender_id.as_ref().map_or(*sender == of.address, |sender_id| *sender_id == of.id)
    }

    /// The rule with other settings, from its next charge on. What was charged stays, and no day is charged a
    /// second time: with other periods it goes on with the first that begins today or later, and behind all
    /// that was charged.
    pub fn changed(
        &self,
        ask: RuleChange,
        agreement: &Agreement,
        now: Timestamp,
    ) -> Result<Self, FeeRuleError> {
        let next = self.next.as_ref().ok_or(FeeRuleError::Ended)?;
        let terms = &agreement.version_at(now).billing;
        let (before, today) = (&self.schedule, terms.day_of(now));
        let schedule = Schedule {
            valid_from: ask.valid_from.unwrap_or(before.valid_from),
            valid_till: ask.valid_till.unwrap_or(before.valid_till),
            every: ask.every.unwrap_or(before.every),
            start_day: ask.start_day.unwrap_or(before.start_day),
            days_before: ask.days_before.unwrap_or(before.days_before),
            retry_hours: ask.retry_hours.unwrap_or(before.retry_hours),
            retries_max: ask.retries_max.unwrap_or(before.retries_max),
        };
        let kind = self.kind.changed(ask)?;
        let same_begin = schedule.valid_from == before.valid_from;
        schedule.check(if same_begin { today.min(before.valid_from) } else { today })?;
        kind.check(&agreement.id)?;
        if kind == self.kind && schedule == *before {
            return Ok(self.clone());
        }
        if !same_begin && self.done_till.is_some() {
            return Err(FeeRuleError::Begun);
        }
        let same_periods =
            same_begin && (schedule.every, schedule.start_day) == (before.every, before.start_day);
        let behind = self.done_till.map_or(schedule.valid_from, following);
        let from = if same_periods { next.period.first } else { behind.max(today) };
        let planned = schedule.next(from, terms);
        // What is tried again is tried when it was to be.
        let again = planned.as_ref().is_some_and(|planned| planned.period == next.period && next.failed > 0);
        let next = if again { Some(next.clone()) } else { planned };
        Ok(Self { kind, schedule, ..self.with_next(next) })
    }

    /// It charges nothing any more.
    pub fn ended(&self) -> Self {
        self.with_next(None)
    }

    /// The same rule, planned anew under the same id.
    pub fn replaced_by(&self, planned: Self) -> Self {
        Self { revision: self.revision + 1, created_at: self.created_at, ..planned }
    }

    /// After a try that failed.
    pub fn missed(&self, problem: &str, agreement: &Agreement, now: Timestamp) -> Missed {
        let Some(next) = &self.next else { return Missed::Again(Box::new(self.clone())) };
        let terms = &agreement.version_at(now).billing;
        let failed = next.failed.saturating_add(1);
        let at = now + SignedDuration::from_hours(self.schedule.retry_hours.into());
        let extends = matches!(self.kind, FeeKind::BundleExtension { .. });
        let over = extends && at >= terms.end_of(next.period);
        if failed <= self.schedule.retries_max && !over {
            let problem = Some(problem.to_owned());
            let next = NextFee { at, failed, problem, ..next.clone() };
            return Missed::Again(Box::new(self.with_next(Some(next))));
        }
        let (sender, subject) = self.kind.about();
        let fee = Fee {
            id: self.fee_id(next.period),
            agreement: agreement.id.clone(),
            company: agreement.company.clone(),
            tenant: agreement.tenant.clone(),
            wallet: agreement.wallet(),
            currency: agreement.currency,
            resource: self.kind.resource(),
            sender,
            subject,
            attributes: BTreeMap::new(),
            rate: None,
            unit_price: Amount::ZERO,
            quantity: 0,
            quantity_rule: None,
            charge_version: 0,
            amount: Amount::ZERO,
            period: Some(next.period),
            rule: Some(self.id.clone()),
            by_user: None,
            status: FeeStatus::Failed,
            attempts: failed.into(),
            problem: Some(problem.to_owned()),
            request_hash: String::new(),
            at: now,
        };
        Missed::GivenUp { fee: Box::new(fee), rule: Box::new(self.after(next.period, terms)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agreement::tests::agreement;
    use crate::enabled::PackRequest;
    use crate::fee::tests::level;
    use crate::id::CompanyId;
    use crate::money::Currency;
    use crate::rating::{Service, ServiceKind};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn schedule(every: Every, start_day: i8, days_before: u8) -> Schedule {
        Schedule {
            valid_from: day("2026-11-10"),
            valid_till: None,
            every,
            start_day,
            days_before,
            retry_hours: 6,
            retries_max: 2,
        }
    }

    fn usage_fee() -> FeeKind {
        let sender = SenderAddress::parse("ACME").unwrap();
        FeeKind::SenderIdUsage {
            sender_id: Some(SenderId::new(1)),
            sender,
            sender_type: SenderType::Alphanumeric,
            mno: Some("Digi".into()),
        }
    }

    fn rule(kind: FeeKind, schedule: Schedule) -> FeeRule {
        plan_rule(FeeRuleId::new(1), &agreement(), kind, schedule, at("2026-11-10T09:00:00Z")).unwrap()
    }

    fn shown(next: &Option<NextFee>) -> String {
        next.as_ref()
            .map_or("ended".into(), |next| format!("{} at {} ({})", next.period, next.at, next.failed))
    }

    fn prices() -> Level {
        level(&[json!({
            "sender_id_usage_fee": {"depends_on": "mno", "values": {"Digi":
                {"depends_on": "periodicity", "values": {"month": {"price": {"type": "flat", "amount": "15"}}}}}},
            "additional_service": {"depends_on": "additional_service",
                "values": {"Hosting": {"price": {"type": "flat", "amount": "2"}}}},
            "platform_fee": {"price": {"type": "flat", "amount": "99"}}})])
    }

    #[test]
    fn each_period_is_charged_beforehand_and_in_full_from_the_first_that_begins() {
        let terms = BillingTerms::monthly_utc();
        let check = |schedule: Schedule, expected: [&str; 2]| {
            let first = schedule.next(schedule.valid_from, &terms).unwrap();
            let second = schedule.next(day_after(first.period), &terms);
            assert_eq!([shown(&Some(first)), shown(&second)], expected);
        };
        check(
            schedule(Every::Month, 1, 1),
            [
                "2026-12-01..2026-12-31 at 2026-11-30T00:00:00Z (0)",
                "2027-01-01..2027-01-31 at 2026-12-31T00:00:00Z (0)",
            ],
        );
        check(
            schedule(Every::Month, 10, 0),
            [
                "2026-11-10..2026-12-09 at 2026-11-10T00:00:00Z (0)",
                "2026-12-10..2027-01-09 at 2026-12-10T00:00:00Z (0)",
            ],
        );
        // The tenth is a Tuesday.
        check(
            schedule(Every::Week, 1, 2),
            [
                "2026-11-16..2026-11-22 at 2026-11-14T00:00:00Z (0)",
                "2026-11-23..2026-11-29 at 2026-11-21T00:00:00Z (0)",
            ],
        );
        check(
            schedule(Every::Week, 2, 0),
            [
                "2026-11-10..2026-11-16 at 2026-11-10T00:00:00Z (0)",
                "2026-11-17..2026-11-23 at 2026-11-17T00:00:00Z (0)",
            ],
        );
    }

    #[test]
    fn a_rule_ends_before_the_first_period_that_begins_at_its_end() {
        let till = Schedule { valid_till: Some(day("2026-12-10")), ..schedule(Every::Month, 10, 0) };
        let rule = rule(usage_fee(), till);
        assert_eq!(shown(&rule.next), "2026-11-10..2026-12-09 at 2026-11-10T00:00:00Z (0)");
        let period = rule.next.as_ref().unwrap().period;
        assert_eq!(shown(&rule.after(period, &BillingTerms::monthly_utc()).next), "ended");
    }

    #[test]
    fn a_changed_rule_charges_no_day_twice_and_nothing_that_is_past() {
        let now = "2026-11-10T12:00:00Z";
        let (agreement, terms) = (agreement(), BillingTerms::monthly_utc());
        let first = rule(usage_fee(), schedule(Every::Month, 10, 0));
        let charged = first.after(first.next.as_ref().unwrap().period, &terms);
        let change = |rule: &FeeRule, ask: RuleChange, now: &str| rule.changed(ask, &agreement, at(now));
        let weekly = || RuleChange { every: Some(Every::Week), start_day: Some(1), ..RuleChange::default() };
        let check = |rule: &FeeRule, ask: RuleChange, now: &str, expected: &str| {
            let changed = change(rule, ask, now).unwrap();
            assert_eq!((shown(&changed.next).as_str(), changed.revision), (expected, rule.revision + 1));
        };
        // The month until the ninth is paid; the tenth of December is a Thursday.
        check(&charged, weekly(), now, "2026-12-14..2026-12-20 at 2026-12-14T00:00:00Z (0)");
        // Nothing of this one is.
        check(&first, weekly(), now, "2026-11-16..2026-11-22 at 2026-11-16T00:00:00Z (0)");
        check(&first, weekly(), "2026-12-01T00:00:00Z", "2026-12-07..2026-12-13 at 2026-12-07T00:00:00Z (0)");
        let sooner = RuleChange { days_before: Some(2), ..RuleChange::default() };
        check(&charged, sooner, now, "2026-12-10..2027-01-09 at 2026-12-08T00:00:00Z (0)");
        let till = |day| RuleChange { valid_till: Some(day), ..RuleChange::default() };
        check(&charged, till(Some(day("2026-12-10"))), now, "ended");
        let later = RuleChange { valid_from: Some(day("2026-12-20")), ..RuleChange::default() };
        check(&first, later.clone(), now, "2027-01-10..2027-02-09 at 2027-01-10T00:00:00Z (0)");
        assert_eq!(change(&charged, later, now), Err(FeeRuleError::Begun));
        let past = RuleChange { valid_from: Some(day("2026-11-09")), ..RuleChange::default() };
        assert_eq!(change(&first, past, now), Err(FeeRuleError::BeginsInThePast));
        assert_eq!(change(&first.ended(), till(None), now), Err(FeeRuleError::Ended));
        assert_eq!(change(&first, till(None), now).as_ref(), Ok(&first), "nothing is different");
    }

    #[test]
    fn a_rule_that_is_changed_back_and_forth_charges_no_day_twice_and_leaves_none_out() {
        let (agreement, terms) = (agreement(), BillingTerms::monthly_utc());
        let change = |rule: &FeeRule, every, start_day| {
            let ask = RuleChange { every: Some(every), start_day: Some(start_day), ..RuleChange::default() };
            rule.changed(ask, &agreement, at("2026-11-25T12:00:00Z")).unwrap()
        };
        let weekly = rule(usage_fee(), schedule(Every::Week, 2, 0));
        // The week until the sixteenth is paid, and that until the thirtieth.
        let charged = ["2026-11-10", "2026-11-24"]
            .into_iter()
            .fold(weekly, |rule, first| rule.after(rule.schedule.period_of(day(first), &terms), &terms));
        let monthly = change(&charged, Every::Month, 25);
        assert_eq!(shown(&monthly.next), "2026-12-25..2027-01-24 at 2026-12-25T00:00:00Z (0)");
        let again = change(&monthly, Every::Week, 2);
        assert_eq!(shown(&again.next), "2026-12-01..2026-12-07 at 2026-12-01T00:00:00Z (0)");
        let third = change(&again, Every::Month, 1);
        assert_eq!(shown(&third.next), "2026-12-01..2026-12-31 at 2026-12-01T00:00:00Z (0)");
        let begin = RuleChange { valid_from: Some(day("2026-12-20")), ..RuleChange::default() };
        let refused = third.changed(begin, &agreement, at("2026-11-25T12:00:00Z"));
        assert_eq!(refused, Err(FeeRuleError::Begun));
    }

    #[test]
    fn what_is_tried_again_is_not_put_off_by_a_change_of_its_retries() {
        let agreement = agreement();
        let rule = rule(usage_fee(), schedule(Every::Month, 10, 0));
        let Missed::Again(missed) = rule.missed("no_rate", &agreement, at("2026-11-10T00:01:00Z")) else {
            panic!("it is tried again")
        };
        let ask = RuleChange { retries_max: Some(9), mno: Some(None), ..RuleChange::default() };
        let changed = missed.changed(ask, &agreement, at("2026-11-12T00:00:00Z")).unwrap();
        assert_eq!(shown(&changed.next), "2026-11-10..2026-12-09 at 2026-11-10T06:01:00Z (1)");
        assert_eq!(changed.schedule.retries_max, 9);
        assert!(matches!(changed.kind, FeeKind::SenderIdUsage { mno: None, .. }));
        let ask = RuleChange {
            price: Some(AdditionalPrice::Fixed { amount: Amount::whole(5) }),
            ..RuleChange::default()
        };
        let refused = missed.changed(ask, &agreement, at("2026-11-12T00:00:00Z"));
        assert_eq!(refused, Err(FeeRuleError::OtherKind { field: "price" }));
    }

    #[test]
    fn a_rule_is_for_the_sender_id_that_it_names_and_not_for_another_of_its_address() {
        let rule = rule(usage_fee(), schedule(Every::Month, 10, 0));
        let address = SenderAddress::parse("ACME").unwrap();
        let sender = |id| {
            let (company, agreement) = (CompanyId::new(0), agreement().id);
            Sender::new(
                SenderId::new(id),
                company,
                agreement,
                address.clone(),
                Default::default(),
                at("2026-11-10T00:00:00Z"),
            )
        };
        assert!(rule.is_for(&sender(1)) && !rule.is_for(&sender(2)));
        let mut stored = serde_json::to_value(&rule).unwrap();
        stored["kind"].as_object_mut().unwrap().remove("sender_id");
        let old: FeeRule = serde_json::from_value(stored).unwrap();
        assert!(old.is_for(&sender(2)), "a rule that was stored before goes by the address");
        let other = Sender { agreement: AgreementId::new(99), ..sender(1) };
        assert!(!rule.is_for(&other));
    }

    #[test]
    fn a_schedule_that_makes_no_sense_is_refused() {
        let good = schedule(Every::Month, 1, 1);
        let check = |schedule: Schedule| schedule.check(day("2026-11-10")).unwrap_err();
        assert_eq!(
            check(Schedule { valid_from: day("2026-11-09"), ..good.clone() }),
            FeeRuleError::BeginsInThePast
        );
        assert_eq!(
            check(Schedule { valid_till: Some(day("2026-11-10")), ..good.clone() }),
            FeeRuleError::TimesReversed
        );
        assert_eq!(check(Schedule { start_day: 29, ..good.clone() }), FeeRuleError::StartDay);
        assert_eq!(check(schedule(Every::Week, 8, 0)), FeeRuleError::StartDay);
        assert_eq!(check(schedule(Every::Week, 1, 7)), FeeRuleError::DaysBefore);
        assert_eq!(check(Schedule { retry_hours: 0, ..good.clone() }), FeeRuleError::RetryHours);
        assert_eq!(check(Schedule { retries_max: 101, ..good }), FeeRuleError::Retries);
    }

    #[test]
    fn a_due_rule_charges_its_price_under_an_id_that_follows_from_rule_and_period() {
        let rule = rule(usage_fee(), schedule(Every::Month, 10, 0));
        assert_eq!(plan_due(&rule, &prices(), at("2026-11-09T23:59:59Z")), DuePlan::Wait);
        let charge = |now: &str| match plan_due(&rule, &prices(), at(now)) {
            DuePlan::Charge { fee: Some(fee), rule, agreement: None } => (fee, rule),
            other => panic!("{other:?}"),
        };
        let (fee, next) = charge("2026-11-10T00:00:00Z");
        assert_eq!((fee.amount.to_string(), fee.subject.as_deref()), ("15".into(), Some("Digi")));
        assert_eq!(shown(&next.next), "2026-12-10..2027-01-09 at 2026-12-10T00:00:00Z (0)");
        assert_eq!(charge("2026-11-12T00:00:00Z").0.id, fee.id);
        let DuePlan::Charge { fee: Some(later), .. } = plan_due(&next, &prices(), at("2026-12-10T00:00:00Z"))
        else {
            panic!("it is due")
        };
        assert_ne!(later.id, fee.id);
    }

    #[test]
    fn a_fee_that_cannot_be_charged_is_tried_again_and_given_up_in_the_end() {
        let rule = rule(usage_fee(), schedule(Every::Month, 10, 0));
        let agreement = agreement();
        let again = |rule: &FeeRule, now: &str| match rule.missed("insufficient_funds", &agreement, at(now)) {
            Missed::Again(rule) => *rule,
            Missed::GivenUp { .. } => panic!("given up"),
        };
        let once = again(&rule, "2026-11-10T00:01:00Z");
        assert_eq!(shown(&once.next), "2026-11-10..2026-12-09 at 2026-11-10T06:01:00Z (1)");
        let twice = again(&once, "2026-11-10T06:02:00Z");
        assert_eq!(shown(&twice.next), "2026-11-10..2026-12-09 at 2026-11-10T12:02:00Z (2)");
        let Missed::GivenUp { fee, rule: next } =
            twice.missed("no_rate", &agreement, at("2026-11-10T12:02:00Z"))
        else {
            panic!("two retries are enough")
        };
        assert_eq!((fee.status, fee.attempts, fee.charged()), (FeeStatus::Failed, 3, Amount::ZERO));
        assert_eq!(fee.problem.as_deref(), Some("no_rate"));
        assert_eq!(shown(&next.next), "2026-12-10..2027-01-09 at 2026-12-10T00:00:00Z (0)");
        let DuePlan::Charge { fee: Some(posted), .. } =
            plan_due(&twice, &prices(), at("2026-11-10T12:02:00Z"))
        else {
            panic!("it is due")
        };
        assert_eq!((posted.id, posted.attempts), (fee.id, 3));
    }

    #[test]
    fn every_kind_of_rule_finds_its_price() {
        let price = |kind: FeeKind| {
            let item = kind.item(&prices(), Every::Month)?;
            Ok::<_, FeeError>(format!("{} x {}", item.quantity, item.price.amount))
        };
        let additional = |name: &str, price| FeeKind::Additional { name: name.into(), price };
        let tariff = AdditionalPrice::Tariff { volume: 7 };
        assert_eq!(price(usage_fee()).as_deref(), Ok("1 x 15"));
        assert_eq!(price(FeeKind::Platform).as_deref(), Ok("1 x 99"));
        assert_eq!(price(additional("Hosting", tariff.clone())).as_deref(), Ok("7 x 2"));
        let fixed = AdditionalPrice::Fixed { amount: Amount::whole(5) };
        assert_eq!(price(additional("Support", fixed)).as_deref(), Ok("1 x 5"));
        assert_eq!(price(additional("Support", tariff)).unwrap_err().code(), "no_rate");
        assert_eq!(usage_fee().item(&prices(), Every::Week).unwrap_err().code(), "no_rate");
    }

    /// An agreement with a bundle bought in November, and the rule that extends it.
    fn extended(billing: PackBilling) -> (Level, FeeRule) {
        let now = at("2026-11-10T09:00:00Z");
        let (company, kind) = (CompanyId::new(0), ServiceKind::BundlePack { size: 10 });
        let bundle = Service::in_force(ServiceId::new(9), company, "Bundle", Currency::Credit, kind, now);
        let ask = PackRequest {
            id: PurchaseId::new(1),
            billing,
            effective_from: None,
            effective_till: None,
            auto_extend: true,
            hidden_from_client: false,
        };
        let prices = json!({"service_purchase": {"depends_on": "pack",
            "values": {bundle.id.as_str(): {"price": {"type": "flat", "amount": "100"}}}}});
        let level = level(&[prices]);
        let agreement = level.agreement.with_pack(&bundle, &ask, now).unwrap();
        let rule = extension_rule(&agreement, &agreement.services[0], "Bundle", now).unwrap();
        (Level { agreement, ..level }, rule)
    }

    #[test]
    fn a_bundle_is_bought_again_when_its_period_ends() {
        let (mut level, rule) = extended(PackBilling::Charge);
        assert_eq!(shown(&rule.next), "2026-12-01..2026-12-31 at 2026-12-01T00:00:00Z (0)");
        assert_eq!(plan_due(&rule, &level, at("2026-11-30T23:59:59Z")), DuePlan::Wait);
        let due = plan_due(&rule, &level, at("2026-12-01T00:00:30Z"));
        let DuePlan::Charge { fee: Some(fee), rule: next, agreement: Some(agreement) } = due else {
            panic!("it is due")
        };
        assert_eq!((fee.amount, fee.resource), (Amount::whole(100), Resource::ServicePurchase));
        assert_eq!(agreement.services[0].effective_till, Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(shown(&next.next), "2027-01-01..2027-01-31 at 2027-01-01T00:00:00Z (0)");
        let stop = crate::enabled::PackChange { auto_extend: Some(false), ..Default::default() };
        let kind = ServiceKind::BundlePack { size: 10 };
        let changed =
            level.agreement.with_pack_changed(&PurchaseId::new(1), kind, stop, Timestamp::UNIX_EPOCH);
        level.agreement = changed.unwrap();
        let DuePlan::Move(ended) = plan_due(&rule, &level, at("2026-12-01T00:00:30Z")) else {
            panic!("it ends")
        };
        assert_eq!(shown(&ended.next), "ended");
    }

    #[test]
    fn a_free_bundle_is_extended_without_a_fee() {
        let (level, rule) = extended(PackBilling::Free);
        let due = plan_due(&rule, &level, at("2026-12-01T00:00:00Z"));
        assert!(matches!(due, DuePlan::Charge { fee: None, agreement: Some(_), .. }), "{due:?}");
    }

    #[test]
    fn nobody_pays_for_a_bundle_in_a_period_that_is_over() {
        let (level, rule) = extended(PackBilling::Charge);
        let DuePlan::Move(moved) = plan_due(&rule, &level, at("2027-02-03T00:00:00Z")) else {
            panic!("it is moved")
        };
        assert_eq!(shown(&moved.next), "2027-02-01..2027-02-28 at 2027-02-01T00:00:00Z (0)");
        let Missed::GivenUp { rule: next, .. } =
            rule.missed("insufficient_funds", &level.agreement, at("2026-12-31T23:30:00Z"))
        else {
            panic!("the period is over")
        };
        assert_eq!(shown(&next.next), "2027-01-01..2027-01-31 at 2027-01-01T00:00:00Z (0)");
        let again = rule.missed("insufficient_funds", &level.agreement, at("2026-12-31T22:30:00Z"));
        assert!(matches!(again, Missed::Again(_)));
    }
}
