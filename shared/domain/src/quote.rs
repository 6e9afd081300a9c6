//! What an event costs at every level, from the client's agreement up: where each level takes it from,
//! and what is taken in the end.

mod explain;
mod margin;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::allowance::{Adjustment, Allowance, AllowanceId, Pot, Stock};
use crate::id::{AgreementId, RateId, ServiceId, TreeTag, WalletId};
use crate::money::{Amount, AmountError};
use crate::rating::{
    Attribute, BillingRule, CompiledTree, Event, Found, Price, PricedBy, QuantityRule, Resource, ScaleKind,
    ServiceKind, Size, Tier,
};
use crate::wallet::Leg;

pub use explain::{Answer, Explained, Step, explain};
pub use margin::{BelowCost, Margin, Priced, below_cost, completed};

/// More units than anything takes in a billing period.
const ENDLESS: i64 = 1_000_000_000_000;

/// A tree in force under an agreement.
#[derive(Debug, Clone)]
pub struct Rates {
    pub service: ServiceId,
    pub kind: ServiceKind,
    /// Of the tree.
    pub version: u32,
    pub tree: Arc<CompiledTree>,
    tag: TreeTag,
    archived: bool,
    /// Since when the service is enabled: of a pack, the purchase.
    pub enabled_from: Timestamp,
}

impl Rates {
    pub fn new(
        service: ServiceId,
        kind: ServiceKind,
        version: u32,
        tree: Arc<CompiledTree>,
        enabled_from: Timestamp,
    ) -> Self {
        let tag = TreeTag::of(&service, version);
        Self { service, kind, version, tree, tag, archived: false, enabled_from }
    }

    /// An archived service sells nothing any more, and what it sold is refused.
    #[must_use]
    pub fn archived(self, archived: bool) -> Self {
        Self { archived, ..self }
    }

    /// Names the price at a leaf of the tree.
    pub fn rate(&self, leaf: u32) -> RateId {
        RateId::of(&self.tag, leaf)
    }

    /// Whether a message from a phone has a price that a send does not have.
    fn tells_direction(&self, event: &Event) -> bool {
        let leaf = |event: &Event| match self.tree.find(event) {
            Found::Price { leaf, .. } => Some(leaf),
            Found::NoRate { .. } => None,
        };
        let found = leaf(event);
        found.is_some() && found != leaf(&event.with(Attribute::Direction, "MT"))
    }

    fn refused(&self, level: usize) -> QuoteError {
        QuoteError::Archived { level, service: self.service.clone() }
    }

    /// Where a look-up ended, for people.
    pub fn path(&self, event: &Event, node: Option<u32>) -> String {
        node.and_then(|node| self.tree.path(node)).unwrap_or_else(|| event.resource.name().to_owned())
    }
}

/// One agreement that a message is charged to, with the rate plans enabled under it in their order.
#[derive(Debug, Clone)]
pub struct Level {
    pub agreement: Agreement,
    /// Whose money is taken: the agreement's main wallet, or its user's own.
    pub payer: WalletId,
    pub rates: Vec<Rates>,
}

impl Level {
    /// A level that pays from its main wallet.
    pub fn new(agreement: Agreement, rates: Vec<Rates>) -> Self {
        Self { payer: agreement.wallet(), agreement, rates }
    }

    fn has_packs(&self) -> bool {
        let is_pack = |kind| matches!(kind, ServiceKind::UnitPack { .. } | ServiceKind::MonetaryPack { .. });
        self.rates.iter().any(|rates| is_pack(rates.kind))
    }

    /// The event as this level's trees see it: with the time of its own zone, where one asks for it.
    pub fn event<'a>(&self, event: &Event<'a>, now: Timestamp) -> Event<'a> {
        let asked = self.rates.iter().any(|rates| rates.tree.depends_on_time());
        let time = asked.then(|| self.agreement.version_at(now).billing.time_of_day(now));
        event.at(time)
    }

    /// The same with those rates alone that `sell` messages from phones, and say what this one costs.
    fn for_phones(&self, event: &Event, sell: impl Fn(&Rates) -> bool) -> Self {
        let rates = self.rates.iter().filter(|rates| sell(rates) && rates.tells_direction(event));
        let (agreement, payer) = (self.agreement.clone(), self.payer.clone());
        Self { agreement, payer, rates: rates.cloned().collect() }
    }
}

/// One of the places where a level takes what an event needs. They are asked in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub rate: RateId,
    /// What a unit costs the wallet; zero for what a pack has paid.
    pub unit_price: Amount,
    pub billing: BillingRule,
    pub quantity: QuantityRule,
    pub priced_by: PricedBy,
    /// What limits it; none for a price that holds for any number of units.
    pub allowance: Option<Allowance>,
}

/// The sources of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub payer: WalletId,
    pub sources: Vec<Source>,
    pub bundle: Option<Bundle>,
    /// How far the look-up came, for who is told that there is no rate when the packs are used up.
    path: String,
}

/// What a recipient costs who is new to a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Names the set of recipients.
    pub members: Pot,
    pub sources: Vec<Source>,
}

/// What one message costs one wallet.
///
/// Stored as one short text, `wallet:rate:price:quantity:rule` and, for what was taken of an allowance,
/// `:allowance:units`, because a message row with five levels has to fit one write unit of 1 KB. Behind the
/// quantity stands what was counted, `2s`; the billing rule is a letter, and behind it how it was priced if
/// that is no flat price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Charge {
    pub wallet: WalletId,
    pub rate: RateId,
    pub unit_price: Amount,
    pub quantity: u32,
    /// What was counted; none in texts from before it was stored.
    pub quantity_rule: Option<QuantityRule>,
    pub billing: BillingRule,
    pub priced_by: PricedBy,
    pub amount: Amount,
    pub taken: Option<Taken>,
}

/// What a charge took of an allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub allowance: AllowanceId,
    pub units: Amount,
    /// Whether a refund gives it back.
    pub returns: bool,
}

impl Charge {
    /// What it takes: money of the wallet, and of an allowance that belongs to `main`.
    pub fn legs(&self, main: &WalletId) -> impl Iterator<Item = Leg> {
        let money = Leg { pot: Pot::money(&self.wallet), amount: self.amount };
        let taken = self.taken.as_ref().map(|taken| taken.leg(main));
        [money].into_iter().chain(taken)
    }
}

impl Taken {
    pub fn leg(&self, main: &WalletId) -> Leg {
        Leg { pot: Pot::allowance(main, &self.allowance), amount: self.units }
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self.billing {
            BillingRule::Submitted => "s",
            BillingRule::Delivered => "d",
            BillingRule::Accepted => "a",
        };
        let rate = &self.rate.as_str()[RateId::PREFIX.len()..];
        let (wallet, priced_by) = (self.wallet.body(), self.priced_by);
        write!(out, "{wallet}:{rate}:{}:{}", self.unit_price, self.quantity)?;
        if let Some(counted) = self.quantity_rule {
            write!(out, "{counted}")?;
        }
        write!(out, ":{rule}{priced_by}")?;
        match &self.taken {
            None => Ok(()),
            Some(taken) => {
                let returns = if taken.returns { "+" } else { "" };
                write!(out, ":{}:{}{returns}", taken.allowance.as_str(), taken.units)
            }
        }
    }
}

impl From<Charge> for String {
    fn from(charge: Charge) -> String {
        charge.to_string()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a stored charge: {text}")]
pub struct ChargeError {
    text: String,
}

impl TryFrom<String> for Charge {
    type Error = ChargeError;

    fn try_from(text: String) -> Result<Self, ChargeError> {
        let read = || {
            let mut fields = text.split(':');
            let wallet = WalletId::parse(&format!("{}{}", WalletId::PREFIX, fields.next()?)).ok()?;
            let rate = format!("{}{}", RateId::PREFIX, fields.next()?);
            let rate = serde_json::from_value(serde_json::Value::String(rate)).ok()?;
            let unit_price = Amount::parse(fields.next()?).ok()?;
            let quantity = fields.next()?;
            let end = quantity.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(quantity.len());
            let (quantity, counted) = quantity.split_at_checked(end)?;
            let quantity = quantity.parse().ok()?;
            let quantity_rule = if counted.is_empty() { None } else { Some(counted.parse().ok()?) };
            let (rule, priced_by) = fields.next()?.split_at_checked(1)?;
            let billing = match rule {
                "s" => BillingRule::Submitted,
                "d" => BillingRule::Delivered,
                "a" => BillingRule::Accepted,
                _ => return None,
            };
            let priced_by = priced_by.parse().ok()?;
            let amount = unit_price.checked_times(quantity).ok()?;
            let taken = match fields.next() {
                None => None,
                Some(allowance) => {
                    let (text, returns) = match fields.next()? {
                        text if text.ends_with('+') => (&text[..text.len() - 1], true),
                        text => (text, false),
                    };
                    let units = Amount::parse(text).ok()?;
                    Some(Taken { allowance: AllowanceId::parse(allowance)?, units, returns })
                }
            };
            Some(Self {
                wallet,
                rate,
                unit_price,
                quantity,
                quantity_rule,
                billing,
                priced_by,
                amount,
                taken,
            })
        };
        read().ok_or(ChargeError { text: text.clone() })
    }
}

/// Why an event cannot be sold, and at which level: 1 is the sender's own agreement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("there is no rate for this destination at level {level} (looked as far as `{path}`)")]
    NoRate { level: usize, path: String },
    #[error("this destination is blocked at level {level}")]
    Blocked { level: usize },
    #[error("the rate plan {service}, which sold this at level {level}, was archived")]
    Archived { level: usize, service: ServiceId },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl QuoteError {
    /// As answers name it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRate { .. } => "no_rate",
            Self::Blocked { .. } => "blocked",
            Self::Archived { .. } => "service_archived",
            Self::Amount(_) => "invalid",
        }
    }
}

/// Where each level takes the event from, the client's first. Every level has to sell it.
pub fn offers(levels: &[Level], event: &Event, now: Timestamp) -> Result<Vec<Offer>, QuoteError> {
    let mut offers = Vec::with_capacity(levels.len());
    for (index, level) in levels.iter().enumerate() {
        offers.push(offer(level, index + 1, &level.event(event, now), now)?);
    }
    Ok(offers)
}

/// Where each level takes a message from a phone from, the client's first; nothing if none has a price for it.
///
/// It came unasked. So it costs nothing at a level that has no price, or whose packs are used up; and a price
/// is one only where the tree tells directions apart, because what it says for both is what a send costs.
pub fn incoming_offers(levels: &[Level], event: &Event, now: Timestamp) -> Result<Vec<Offer>, QuoteError> {
    let mut offers = Vec::with_capacity(levels.len());
    let mut has_price = false;
    for (index, level) in levels.iter().enumerate() {
        let event = level.event(event, now);
        let level = level.for_phones(&event, |rates| !rates.archived);
        let mut offer = match offer(&level, index + 1, &event, now) {
            Err(QuoteError::NoRate { path, .. }) => {
                Offer { payer: level.payer.clone(), sources: Vec::new(), bundle: None, path }
            }
            offer => offer?,
        };
        has_price |= !offer.sources.is_empty();
        if offer.sources.last().is_none_or(|source| source.allowance.is_some()) {
            offer.sources.push(unpriced(&level));
        }
        offers.push(offer);
    }
    Ok(if has_price { offers } else { Vec::new() })
}

/// The rate of an agreement's messages from phones for which nothing says what they cost.
pub fn unpriced_rate(agreement: &AgreementId) -> RateId {
    RateId::fixed(agreement, "message from a phone")
}

fn unpriced(level: &Level) -> Source {
    Source {
        rate: unpriced_rate(&level.agreement.id),
        unit_price: Amount::ZERO,
        billing: BillingRule::default(),
        quantity: QuantityRule::Segments,
        priced_by: PricedBy::Free,
        allowance: None,
    }
}

/// What one level, `number`, sells the event for without packs: one price, or one for each tier of a scale.
///
/// Behind the tiers that a scale has come those that it may have had before: what fell into them costs what
/// its last tier costs, and nothing for the tiers before.
pub fn pay_as_you_go_prices(
    level: &Level,
    number: usize,
    event: &Event,
    now: Timestamp,
) -> Result<Vec<Source>, QuoteError> {
    let (sources, path) = pay_as_you_go(level, number, &level.event(event, now), now, FORMER_TIERS)?;
    if sources.is_empty() {
        return Err(QuoteError::NoRate { level: number, path });
    }
    Ok(sources)
}

/// The same of a message from a phone, by those of its rates that `sell` it; where none has a price it is free.
pub fn incoming_prices(
    level: &Level,
    number: usize,
    event: &Event,
    now: Timestamp,
    sell: impl Fn(&Rates) -> bool,
) -> Result<Vec<Source>, QuoteError> {
    let event = level.event(event, now);
    let level = level.for_phones(&event, sell);
    let (sources, _) = pay_as_you_go(&level, number, &event, now, FORMER_TIERS)?;
    Ok(if sources.is_empty() { vec![unpriced(&level)] } else { sources })
}

/// Packs first, those associated earlier first; then the first pay-as-you-go price (`30-rating.md`).
fn offer(level: &Level, number: usize, event: &Event, now: Timestamp) -> Result<Offer, QuoteError> {
    let pay_as_you_go = pay_as_you_go(level, number, event, now, 0)?;
    let (sources, path) = match level.has_packs() {
        false => pay_as_you_go,
        true => {
            let mut sources = packs(level, number, event, &pay_as_you_go.0)?;
            sources.extend(pay_as_you_go.0);
            (sources, pay_as_you_go.1)
        }
    };
    if sources.is_empty() {
        return Err(QuoteError::NoRate { level: number, path });
    }
    let bundle = bundle(level, number, event, now)?;
    Ok(Offer { payer: level.payer.clone(), sources, bundle, path })
}

/// What is in the packs whose trees include the event. One that names no price of its own is spent at the
/// price that the event has without it.
fn packs(
    level: &Level,
    number: usize,
    event: &Event,
    pay_as_you_go: &[Source],
) -> Result<Vec<Source>, QuoteError> {
    let mut sources = Vec::new();
    let without_pack = pay_as_you_go.first().filter(|source| source.allowance.is_none());
    for rates in &level.rates {
        let Found::Price { leaf, price, billing, quantity } = rates.tree.find(event) else { continue };
        let (size, each) = match (rates.kind, price, without_pack) {
            (ServiceKind::UnitPack { .. } | ServiceKind::MonetaryPack { .. }, Price::Blocked, _) => {
                return Err(QuoteError::Blocked { level: number });
            }
            (ServiceKind::UnitPack { size }, Price::Included, _) => (Amount::whole(size.into()), ONE),
            (ServiceKind::MonetaryPack { size }, Price::Flat { amount }, _) => {
                (size, quantity.unit_price(*amount)?)
            }
            (ServiceKind::MonetaryPack { size }, Price::Included, Some(source)) => (size, source.unit_price),
            _ => continue,
        };
        if rates.archived {
            return Err(rates.refused(number));
        }
        let enabled_from = rates.enabled_from.to_string();
        let id = AllowanceId::of_pack(&level.agreement.id, &rates.service, &enabled_from);
        let pot = Pot::allowance(&level.agreement.wallet(), &id);
        sources.push(Source {
            rate: rates.rate(leaf),
            unit_price: Amount::ZERO,
            billing,
            quantity,
            priced_by: PricedBy::Included,
            allowance: Some(Allowance { id, pot, size, each, returns: true, adjustment: None }),
        });
    }
    Ok(sources)
}

const ONE: Amount = Amount::ONE;

/// Up to which tier of a scale what fell into one is known after the scale has lost it.
const FORMER_TIERS: usize = 32;

/// The first price among the pay-as-you-go services: one source, or one for each tier of a scale, of which
/// there are at least as many as asked for. If there is none, how far the look-up came.
fn pay_as_you_go(
    level: &Level,
    number: usize,
    event: &Event,
    now: Timestamp,
    tiers_min: usize,
) -> Result<(Vec<Source>, String), QuoteError> {
    let mut deepest = None;
    for rates in level.rates.iter().filter(|rates| rates.kind == ServiceKind::PayAsYouGo) {
        let (leaf, price, billing, quantity) = match rates.tree.find(event) {
            Found::NoRate { deepest: node } => {
                deepest = Some((rates, node));
                continue;
            }
            Found::Price { price: Price::NotIncluded | Price::Included, .. } => continue,
            Found::Price { .. } if rates.archived => return Err(rates.refused(number)),
            Found::Price { leaf, price, billing, quantity } => (leaf, price, billing, quantity),
        };
        let rate = rates.rate(leaf);
        let source = |unit_price, priced_by, allowance| Source {
            rate: rate.clone(),
            unit_price,
            billing,
            quantity,
            priced_by,
            allowance,
        };
        let sources = match price {
            Price::Flat { amount } => vec![source(quantity.unit_price(*amount)?, PricedBy::Flat, None)],
            Price::Scale { scale, tiers, counter_group } => {
                let group = counter_group.and_then(|attribute| event.value(attribute)).unwrap_or_default();
                let path = rates.path(event, Some(leaf));
                let counter = [rates.service.as_str(), path.as_str(), group];
                let period = level.agreement.billing_period_at(now).first;
                let tiers = scale_tiers(level, &counter, *scale, tiers, period)?;
                let priced_by = |tier| PricedBy::Scale { scale: *scale, tier, counter_group: *counter_group };
                let tiers = (1..).zip(tiers);
                let tiers =
                    tiers.map(|(tier, (amount, allowance))| source(amount, priced_by(tier), allowance));
                let mut sources: Vec<Source> = tiers.collect();
                let former = former_tiers(level, &counter, &sources, tiers_min, period);
                sources.extend(former);
                sources
            }
            Price::Blocked => return Err(QuoteError::Blocked { level: number }),
            Price::Free | Price::NotIncluded | Price::Included => {
                vec![source(Amount::ZERO, PricedBy::Free, None)]
            }
        };
        return Ok((sources, String::new()));
    }
    let path = match deepest {
        Some((rates, node)) => rates.path(event, node),
        None => event.resource.name().to_owned(),
    };
    Ok((Vec::new(), path))
}

/// The price of each tier and what fits it in a billing period. The last tier of a back-to-first scale is
/// counted as well, because its first unit reprices those before.
fn scale_tiers(
    level: &Level,
    counter: &[&str],
    scale: ScaleKind,
    tiers: &[Tier],
    period: Date,
) -> Result<Vec<(Amount, Option<Allowance>)>, AmountError> {
    let mut below = Tier { threshold: Some(0), amount: Amount::ZERO };
    let mut found = Vec::with_capacity(tiers.len());
    for (place, tier) in tiers.iter().enumerate() {
        let from = below.threshold.unwrap_or_default();
        let adjustment = (scale == ScaleKind::BackToFirst && place > 0)
            .then(|| tier.amount.checked_sub(below.amount))
            .transpose()?
            .map(|difference| Adjustment { difference, units: from });
        let size = match tier.threshold {
            Some(threshold) => Some(i64::from(threshold) - i64::from(from)),
            None => adjustment.map(|_| ENDLESS),
        };
        let allowance = size.map(|size| tier_allowance(level, counter, place, period, size, adjustment));
        found.push((tier.amount, allowance));
        below = *tier;
    }
    Ok(found)
}

/// What fell into tiers that a scale has no more, at the price of its last one. One price is no scale.
fn former_tiers(
    level: &Level,
    counter: &[&str],
    sources: &[Source],
    tiers_min: usize,
    period: Date,
) -> Vec<Source> {
    let Some(last) = sources.last().filter(|_| 1 < sources.len()) else { return Vec::new() };
    // The last tier was counted as well, where more followed it.
    let counted = sources.iter().filter(|source| source.allowance.is_some()).count();
    let former = (counted..tiers_min).map(|place| {
        let allowance = tier_allowance(level, counter, place, period, ENDLESS, None);
        Source { allowance: Some(allowance), ..last.clone() }
    });
    former.collect()
}

/// So many units of a tier, numbered from 0.
fn tier_allowance(
    level: &Level,
    counter: &[&str],
    place: usize,
    period: Date,
    size: i64,
    adjustment: Option<Adjustment>,
) -> Allowance {
    let id = AllowanceId::of_tier(&level.agreement.id, counter, place, period);
    let pot = Pot::allowance(&level.agreement.wallet(), &id);
    Allowance { id, pot, size: Amount::whole(size), each: ONE, returns: false, adjustment }
}

/// The first day of the period for which the terms sell a bundle, and in which it counts.
fn period_of(level: &Level, now: Timestamp) -> Date {
    let terms = &level.agreement.version_at(now).billing;
    terms.period_of(terms.day_of(now)).first
}

/// What a new recipient costs where an initiator counts this traffic and bundle packs are in force: those
/// associated earlier cover the first recipients, and past the size of the last one each costs more.
fn bundle(level: &Level, number: usize, event: &Event, now: Timestamp) -> Result<Option<Bundle>, QuoteError> {
    let counts = |rates: &Rates| {
        rates.kind == ServiceKind::BundleInitiator
            && matches!(rates.tree.find(event), Found::Price { price: Price::Included, .. })
    };
    let packs = level.rates.iter().filter_map(|rates| match rates.kind {
        ServiceKind::BundlePack { size } => Some((rates, size)),
        _ => None,
    });
    let packs: Vec<(&Rates, u32)> = packs.collect();
    let Some((last, _)) = packs.last().filter(|_| level.rates.iter().any(counts)) else { return Ok(None) };
    let member = Event::of(Resource::BundleMember);
    let (past_size, _) = pay_as_you_go(level, number, &member, now, 0)?;
    let past_size = past_size.first();
    let (agreement, period) = (&level.agreement, period_of(level, now));
    let source = |pack: &Rates, part: &str, size: Amount, unit_price: Amount, priced_by: PricedBy| {
        let id = AllowanceId::of_bundle(&agreement.id, &pack.service, part, period);
        let pot = Pot::allowance(&agreement.wallet(), &id);
        let rate = past_size.map(|source| source.rate.clone());
        Source {
            rate: rate.unwrap_or_else(|| pack.rate(NO_LEAF)),
            unit_price,
            billing: BillingRule::Accepted,
            quantity: QuantityRule::Messages,
            priced_by,
            allowance: Some(Allowance { id, pot, size, each: ONE, returns: false, adjustment: None }),
        }
    };
    let covered = packs.iter().map(|(pack, size)| {
        source(pack, COVERED, Amount::whole((*size).into()), Amount::ZERO, PricedBy::Included)
    });
    let (price, priced_by) =
        past_size.map_or((Amount::ZERO, PricedBy::Free), |source| (source.unit_price, source.priced_by));
    let more = source(last, PAST_SIZE, Amount::whole(ENDLESS), price, priced_by);
    let sources = covered.chain([more]);
    let members = Pot::allowance(&agreement.wallet(), &AllowanceId::of_members(&agreement.id, period));
    Ok(Some(Bundle { members, sources: sources.collect() }))
}

/// In rate ids of bundles that cost nothing past their size and so have no price in any tree.
const NO_LEAF: u32 = (1 << 20) - 1;

/// The two counters of a bundle.
pub const COVERED: &str = "covered";
pub const PAST_SIZE: &str = "past_size";

impl Offer {
    /// Every allowance that the event may be taken from.
    pub fn allowances(&self) -> impl Iterator<Item = &Allowance> {
        let bundled = self.bundle.iter().flat_map(|bundle| &bundle.sources);
        self.sources.iter().chain(bundled).filter_map(|source| source.allowance.as_ref())
    }

    /// What an event of this size takes at this level, `number`, and what a recipient costs who is new to
    /// its bundle.
    pub fn draw(
        &self,
        number: usize,
        size: Size,
        recipient: &str,
        stock: &mut Stock,
    ) -> Result<Vec<Charge>, QuoteError> {
        let mut charges = Vec::with_capacity(1);
        if take(&self.payer, &self.sources, size, stock, &mut charges)?.is_some() {
            return Err(QuoteError::NoRate { level: number, path: self.path.clone() });
        }
        if let Some(bundle) = &self.bundle
            && stock.join(&bundle.members, recipient)
        {
            take(&self.payer, &bundle.sources, Size::segments(1), stock, &mut charges)?;
        }
        Ok(charges)
    }
}

/// Takes what the event needs from the sources in order, and gives what is left unpaid.
fn take(
    payer: &WalletId,
    sources: &[Source],
    size: Size,
    stock: &mut Stock,
    charges: &mut Vec<Charge>,
) -> Result<Option<Size>, AmountError> {
    let mut left = size;
    for source in sources {
        let wanted = source.quantity.units(left);
        if wanted == 0 {
            return Ok(None);
        }
        let (units, first) = match &source.allowance {
            None => (wanted, false),
            Some(allowance) => {
                let drawn = stock.draw(allowance, wanted)?;
                (drawn.units, drawn.first)
            }
        };
        if units == 0 {
            continue;
        }
        let charge = |unit_price: Amount, quantity: u32, billing, taken| {
            let amount = unit_price.checked_times(quantity)?;
            let (wallet, rate, priced_by) = (payer.clone(), source.rate.clone(), source.priced_by);
            Ok::<_, AmountError>(Charge {
                wallet,
                rate,
                unit_price,
                quantity,
                quantity_rule: Some(source.quantity),
                billing,
                priced_by,
                amount,
                taken,
            })
        };
        let taken = source.allowance.as_ref().map(|allowance| taken(allowance, units)).transpose()?;
        charges.push(charge(source.unit_price, units, source.billing, taken)?);
        let adjustment = source.allowance.as_ref().and_then(|allowance| allowance.adjustment);
        if let Some(Adjustment { difference, units }) = adjustment.filter(|_| first) {
            charges.push(charge(difference, units, BillingRule::Accepted, None)?);
        }
        match source.quantity.rest(left, units) {
            Some(rest) => left = rest,
            None => return Ok(None),
        }
    }
    Ok(Some(left))
}

fn taken(allowance: &Allowance, units: u32) -> Result<Taken, AmountError> {
    let sum = allowance.each.checked_times(units)?;
    Ok(Taken { allowance: allowance.id.clone(), units: sum, returns: allowance.returns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Charging, CreditLimit, NewAgreement, VersionChange, plan_agreement};
    use crate::id::CompanyId;
    use crate::money::Currency;
    use crate::period::BillingTerms;

    pub(super) fn level(number: u128, trees: &[serde_json::Value]) -> Level {
        let ask = NewAgreement {
            id: AgreementId::new(number),
            company: CompanyId::new(number),
            tenant: CompanyId::new(0),
            code: "A".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Unlimited,
            billing: BillingTerms::monthly_utc(),
        };
        let rates = |(index, json): (usize, &serde_json::Value)| {
            let kind = json
                .get("kind")
                .map_or(Ok(ServiceKind::PayAsYouGo), |kind| serde_json::from_value(kind.clone()));
            let tree = serde_json::from_value(json.get("tree").unwrap_or(json).clone()).unwrap();
            let tree = Arc::new(CompiledTree::compile(&tree).unwrap());
            Rates::new(ServiceId::new(index as u128), kind.unwrap(), 1, tree, Timestamp::UNIX_EPOCH)
        };
        let agreement = plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).unwrap();
        Level::new(agreement, trees.iter().enumerate().map(rates).collect())
    }

    /// The charges of events of so many segments one after another.
    fn draw(level: &Level, stock: &mut Stock, segments: &[u32]) -> Result<Vec<Charge>, QuoteError> {
        let offer = &offers(std::slice::from_ref(level), &EVENT, Timestamp::UNIX_EPOCH)?[0];
        let drawn = |(recipient, segments): (usize, &u32)| {
            offer.draw(1, Size::segments(*segments), &recipient.to_string(), stock)
        };
        Ok(segments.iter().enumerate().map(drawn).collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn sum(charges: &[Charge]) -> Amount {
        Amount::checked_sum(charges.iter().map(|charge| charge.amount)).unwrap()
    }

    fn quote(levels: &[Level], segments: u32) -> Result<Vec<Charge>, QuoteError> {
        let offers = offers(levels, &EVENT, Timestamp::UNIX_EPOCH)?;
        let mut stock = Stock::default();
        let drawn = offers
            .iter()
            .enumerate()
            .map(|(index, offer)| offer.draw(index + 1, Size::segments(segments), "1", &mut stock));
        Ok(drawn.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn flat(amount: &str) -> serde_json::Value {
        serde_json::json!({"sms_message": {"price": {"type": "flat", "amount": amount}}})
    }

    fn price(kind: &str) -> serde_json::Value {
        serde_json::json!({"sms_message": {"price": {"type": kind}}})
    }

    const EVENT: Event = Event::sms("DE", None, Some("ACME"));

    #[test]
    fn every_level_charges_its_own_price() {
        let charges = quote(&[level(1, &[flat("0.05")]), level(2, &[flat("0.03")])], 2).unwrap();
        let amounts: Vec<_> = charges.iter().map(|charge| charge.amount.to_string()).collect();
        assert_eq!(amounts, ["0.1", "0.06"]);
    }

    #[test]
    fn one_level_that_refuses_stops_the_message() {
        let blocked = quote(&[level(1, &[flat("0.05")]), level(2, &[price("blocked")])], 1);
        assert_eq!(blocked, Err(QuoteError::Blocked { level: 2 }));
        let none = quote(&[level(1, &[])], 1);
        assert_eq!(none, Err(QuoteError::NoRate { level: 1, path: "sms_message".into() }));
    }

    #[test]
    fn what_a_service_does_not_include_is_looked_up_in_the_next() {
        let charges = quote(&[level(1, &[price("not_included"), flat("0.02")])], 1).unwrap();
        assert_eq!(charges[0].unit_price.to_string(), "0.02");
    }

    #[test]
    fn a_charge_reads_back_from_its_short_text() {
        let charge = quote(&[level(1, &[flat("0.000001")])], 255).unwrap().remove(0);
        assert!(charge.to_string().len() < 60, "{charge}");
        assert_eq!(Charge::try_from(charge.to_string()), Ok(charge));
        assert!(Charge::try_from("rubbish".to_owned()).is_err());
    }

    #[test]
    fn a_charge_says_what_was_counted_unless_it_is_from_before_that_was_kept() {
        let by_message = serde_json::json!({"sms_message": {"quantity_rule": "messages",
            "price": {"type": "flat", "amount": "0.05"}}});
        for (tree, rule, counted) in [
            (flat("0.05"), QuantityRule::Segments, ":0.05:2s:"),
            (by_message, QuantityRule::Messages, ":0.05:1m:"),
        ] {
            let charge = quote(&[level(1, &[tree])], 2).unwrap().remove(0);
            assert_eq!(charge.quantity_rule, Some(rule));
            let text = charge.to_string();
            assert!(text.contains(counted), "{text}");
            let before = text.replace(counted, &format!(":0.05:{}:", charge.quantity));
            let expected = Charge { quantity_rule: None, ..charge };
            assert_eq!(Charge::try_from(before.clone()), Ok(expected.clone()));
            assert_eq!(expected.to_string(), before);
            assert!(Charge::try_from(text.replace(counted, ":0.05:2x:")).is_err());
        }
    }

    fn scale(kind: &str) -> serde_json::Value {
        let tiers = serde_json::json!([{"threshold": 1000, "amount": "1"}, {"amount": "2"}]);
        serde_json::json!({"sms_message": {"price": {"type": "scale", "scale": kind, "tiers": tiers}}})
    }

    #[test]
    fn a_tier_scale_charges_each_unit_at_the_price_of_its_tier() {
        let level = level(1, &[scale("tier")]);
        let charges = draw(&level, &mut Stock::default(), &[999, 3, 48]).unwrap();
        assert_eq!(sum(&charges), Amount::whole(1_100));
        let straddling: Vec<_> =
            charges[1..3].iter().map(|charge| (charge.quantity, charge.unit_price.to_string())).collect();
        assert_eq!(straddling, [(1, "1".to_owned()), (2, "2".to_owned())]);
        let tiers: Vec<_> = charges.iter().map(|charge| charge.priced_by.to_string()).collect();
        assert_eq!(tiers, ["t1", "t1", "t2", "t2"]);
        for charge in charges {
            assert_eq!(Charge::try_from(charge.to_string()), Ok(charge));
        }
    }

    #[test]
    fn a_back_to_first_scale_charges_the_difference_when_its_threshold_is_passed() {
        let level = level(1, &[scale("back_to_first")]);
        let charges = draw(&level, &mut Stock::default(), &[1_000, 1, 49]).unwrap();
        assert_eq!(sum(&charges), Amount::whole(2_100));
        let adjustment = &charges[2];
        assert_eq!((adjustment.quantity, adjustment.billing), (1_000, BillingRule::Accepted));
        assert_eq!(sum(&draw(&level, &mut Stock::default(), &[1_000]).unwrap()), Amount::whole(1_000));
    }

    #[test]
    fn a_scale_begins_anew_where_a_version_of_the_agreement_cuts_the_billing_period() {
        let now: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let begins: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let before = level(1, &[scale("tier")]);
        let first_tier = |level: &Level, at| {
            let offer = offers(std::slice::from_ref(level), &EVENT, at).unwrap().remove(0);
            offer.sources[0].allowance.as_ref().unwrap().id.clone()
        };
        let with_version = |billing| {
            let change =
                VersionChange { effective_from: Some(begins), billing: Some(billing), ..Default::default() };
            Level { agreement: before.agreement.with_version(change, now).unwrap(), ..before.clone() }
        };
        // The month begins on the same day there.
        let cut =
            with_version(BillingTerms { time_zone: "Europe/London".into(), ..BillingTerms::monthly_utc() });
        assert_eq!(first_tier(&cut, now), first_tier(&before, now));
        assert_ne!(first_tier(&cut, begins), first_tier(&before, begins));
        let whole = with_version(BillingTerms { days_for_payment: 7, ..BillingTerms::monthly_utc() });
        assert_eq!(first_tier(&whole, begins), first_tier(&before, begins));
    }

    fn pack(kind: serde_json::Value, price: serde_json::Value) -> serde_json::Value {
        serde_json::json!({"kind": kind, "tree": {"sms_message": {"price": price}}})
    }

    #[test]
    fn packs_are_taken_in_order_and_the_rest_is_paid_as_you_go() {
        let unit_pack = |size| {
            pack(
                serde_json::json!({"type": "unit_pack", "size": size}),
                serde_json::json!({"type": "included"}),
            )
        };
        let money = pack(
            serde_json::json!({"type": "monetary_pack", "size": "1"}),
            serde_json::json!({"type": "flat", "amount": "0.3"}),
        );
        let level = level(1, &[flat("0.05"), unit_pack(3), money]);
        let mut stock = Stock::default();
        let shown: Vec<_> = draw(&level, &mut stock, &[2, 6])
            .unwrap()
            .iter()
            .map(|charge| {
                let units = charge.taken.as_ref().map(|taken| taken.units.to_string());
                (charge.quantity, charge.amount.to_string(), units)
            })
            .collect();
        let expected = [(2, "0", Some("2")), (1, "0", Some("1")), (3, "0", Some("0.9")), (2, "0.1", None)];
        let expected: Vec<_> = expected
            .iter()
            .map(|(quantity, amount, units)| (*quantity, (*amount).to_owned(), units.map(str::to_owned)))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_message_from_a_phone_is_free_where_nothing_says_what_it_costs() {
        let (event, now) = (EVENT.from_phone(), Timestamp::UNIX_EPOCH);
        let of_phones = |price: serde_json::Value| {
            serde_json::json!({"sms_message":
                {"depends_on": "direction", "values": {"MO": {"price": price}}}})
        };
        let taken = |levels: &[Level]| -> Vec<(u32, String, bool)> {
            let offers = incoming_offers(levels, &event, now).unwrap();
            let mut stock = Stock::default();
            let charges = (1..)
                .zip(&offers)
                .flat_map(|(level, offer)| offer.draw(level, Size::segments(2), "1", &mut stock).unwrap());
            charges
                .map(|charge| (charge.quantity, charge.amount.to_string(), charge.taken.is_some()))
                .collect()
        };
        let flat_for_phones = of_phones(serde_json::json!({"type": "flat", "amount": "0.03"}));
        assert_eq!(taken(&[level(1, &[flat("0.05")]), level(2, &[])]), []);
        assert_eq!(
            taken(&[level(1, &[flat("0.05"), flat_for_phones]), level(2, &[flat("0.04")])]),
            [(2, "0.06".to_owned(), false), (2, "0".to_owned(), false)]
        );
        let included = of_phones(serde_json::json!({"type": "included"}));
        let pack = serde_json::json!({"kind": {"type": "unit_pack", "size": 1}, "tree": included});
        let expected = [(1, "0".to_owned(), true), (1, "0".to_owned(), false)];
        assert_eq!(taken(&[level(1, &[pack])]), expected);
        let blocked = of_phones(serde_json::json!({"type": "blocked"}));
        let refused = incoming_offers(&[level(1, &[]), level(2, &[blocked])], &event, now);
        assert_eq!(refused, Err(QuoteError::Blocked { level: 2 }));
        // What is said of all directions but that of a send is said of phones.
        let of_others = |price: serde_json::Value| {
            serde_json::json!({"sms_message": {"depends_on": "direction",
                "values": {"MT": {"price": {"type": "flat", "amount": "0.05"}}}, "others": {"price": price}}})
        };
        let others = level(1, &[of_others(serde_json::json!({"type": "flat", "amount": "0.02"}))]);
        assert_eq!(taken(&[others]), [(2, "0.04".to_owned(), false)]);
        let blocked = level(1, &[of_others(serde_json::json!({"type": "blocked"}))]);
        assert_eq!(incoming_offers(&[blocked], &event, now), Err(QuoteError::Blocked { level: 1 }));
    }

    #[test]
    fn the_prices_of_a_message_from_a_phone_are_of_those_rates_that_sell_it() {
        let (event, now) = (EVENT.from_phone(), Timestamp::UNIX_EPOCH);
        let of_phones = serde_json::json!({"sms_message": {"depends_on": "direction", "values":
            {"MO": {"price": {"type": "flat", "amount": "0.03"}}}}});
        let level = level(1, &[flat("0.05"), of_phones]);
        let prices = |sell: fn(&Rates) -> bool| {
            let sources = incoming_prices(&level, 1, &event, now, sell).unwrap();
            let shown = |source: Source| (source.unit_price.to_string(), source.rate);
            sources.into_iter().map(shown).collect::<Vec<_>>()
        };
        assert!(matches!(&prices(|_| true)[..], [(price, _)] if price == "0.03"));
        assert_eq!(prices(|_| false), [("0".to_owned(), unpriced_rate(&level.agreement.id))]);
    }

    #[test]
    fn a_pack_alone_sells_what_is_in_it_and_no_more() {
        let unit_pack = pack(
            serde_json::json!({"type": "unit_pack", "size": 3}),
            serde_json::json!({"type": "included"}),
        );
        let level = level(1, &[unit_pack]);
        assert!(draw(&level, &mut Stock::default(), &[3]).is_ok());
        assert!(matches!(
            draw(&level, &mut Stock::default(), &[4]),
            Err(QuoteError::NoRate { level: 1, .. })
        ));
    }

    #[test]
    fn each_recipient_past_the_size_of_a_bundle_costs_its_price_once() {
        let included = serde_json::json!({"type": "included"});
        let prices = serde_json::json!({
            "sms_message": {"price": {"type": "flat", "amount": "0.2"}},
            "bundle_member": {"price": {"type": "flat", "amount": "1"}}});
        let initiator = pack(serde_json::json!({"type": "bundle_initiator"}), included);
        let bundle = serde_json::json!({"kind": {"type": "bundle_pack", "size": 1000}, "tree": {}});
        let level = level(1, &[prices, initiator, bundle]);
        let mut stock = Stock::default();
        assert_eq!(sum(&draw(&level, &mut stock, &vec![1; 1_200]).unwrap()), Amount::whole(440));
        assert_eq!(sum(&draw(&level, &mut stock, &vec![1; 1_200]).unwrap()), Amount::whole(240));
    }

    #[test]
    fn bundles_cover_recipients_one_after_the_other_and_nobody_counts_twice() {
        let included = serde_json::json!({"type": "included"});
        let prices = serde_json::json!({
            "sms_message": {"price": {"type": "flat", "amount": "0.2"}},
            "bundle_member": {"price": {"type": "flat", "amount": "1"}}});
        let initiator = pack(serde_json::json!({"type": "bundle_initiator"}), included);
        let bundle = |size| serde_json::json!({"kind": {"type": "bundle_pack", "size": size}, "tree": {}});
        let one = level(1, &[prices.clone(), initiator.clone(), bundle(2)]);
        let two = level(1, &[prices, initiator, bundle(2), bundle(3)]);
        let mut stock = Stock::default();
        assert_eq!(sum(&draw(&one, &mut stock, &[1; 3]).unwrap()).to_string(), "1.6");
        // Three of these seven were counted before; the second bundle covers three of the other four.
        assert_eq!(sum(&draw(&two, &mut stock, &[1; 7]).unwrap()).to_string(), "2.4");
    }

    #[test]
    fn a_charge_that_took_of_an_allowance_reads_back_as_well() {
        let unit_pack = pack(
            serde_json::json!({"type": "unit_pack", "size": 3}),
            serde_json::json!({"type": "included"}),
        );
        let level = level(1, &[unit_pack]);
        let charge = draw(&level, &mut Stock::default(), &[3]).unwrap().remove(0);
        assert!(charge.taken.as_ref().is_some_and(|taken| taken.returns));
        assert_eq!(Charge::try_from(charge.to_string()), Ok(charge));
    }
}
