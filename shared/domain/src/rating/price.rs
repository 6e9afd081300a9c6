//! What a leaf of a tree says, and the rules that nodes set for the leaves below them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Attribute;
use crate::money::{Amount, AmountError};

/// When a charge becomes final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingRule {
    /// When the vendor took the message.
    #[default]
    Submitted,
    /// When it was delivered; refunded when it was not.
    Delivered,
    /// When it was accepted, for good: of what is not refunded with its message. Not for trees.
    Accepted,
}

impl BillingRule {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Accepted => "accepted",
        }
    }
}

/// What a price is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantityRule {
    Messages,
    #[default]
    Segments,
    /// Of fees: once for the whole period.
    FullPeriod,
    /// Of calls: the price is for a minute, and the last increment that was begun counts in full.
    Minutes {
        increment_seconds: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a stored quantity rule")]
pub struct QuantityRuleError;

/// How big an event is, in the units that quantity rules count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub segments: u32,
    /// Of calls.
    pub seconds: u32,
}

impl Size {
    pub const fn segments(segments: u32) -> Self {
        Self { segments, seconds: 0 }
    }

    pub const fn seconds(seconds: u32) -> Self {
        Self { segments: 1, seconds }
    }
}

const SECONDS_OF_MINUTE: u32 = 60;

impl QuantityRule {
    /// As records name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Segments => "segments",
            Self::FullPeriod => "full_period",
            Self::Minutes { .. } => "minutes",
        }
    }

    /// How often its price is charged for an event; of calls how many increments.
    pub fn units(self, size: Size) -> u32 {
        match self {
            Self::Messages | Self::FullPeriod => 1,
            Self::Segments => size.segments,
            Self::Minutes { increment_seconds } => size.seconds.div_ceil(increment_seconds.max(1)),
        }
    }

    /// What of an event is still unpaid after so many units; none if nothing is.
    pub fn rest(self, size: Size, units: u32) -> Option<Size> {
        match self {
            Self::Messages | Self::FullPeriod => None,
            Self::Segments => {
                (units < size.segments).then(|| Size { segments: size.segments - units, ..size })
            }
            Self::Minutes { increment_seconds } => {
                let paid = increment_seconds.saturating_mul(units);
                (paid < size.seconds).then(|| Size { seconds: size.seconds - paid, ..size })
            }
        }
    }

    /// The price of one of these units; rounded half-even to six places for the part of a minute.
    pub fn unit_price(self, price: Amount) -> Result<Amount, AmountError> {
        match self {
            Self::Minutes { increment_seconds } => price.checked_share(increment_seconds, SECONDS_OF_MINUTE),
            Self::Messages | Self::FullPeriod | Self::Segments => Ok(price),
        }
    }
}

/// As a charge stores it: `m`, `s`, `p`, and of calls `c` with the seconds of an increment.
impl fmt::Display for QuantityRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Messages => out.write_str("m"),
            Self::Segments => out.write_str("s"),
            Self::FullPeriod => out.write_str("p"),
            Self::Minutes { increment_seconds } => write!(out, "c{increment_seconds}"),
        }
    }
}

impl FromStr for QuantityRule {
    type Err = QuantityRuleError;

    fn from_str(text: &str) -> Result<Self, QuantityRuleError> {
        match text {
            "m" => Ok(Self::Messages),
            "s" => Ok(Self::Segments),
            "p" => Ok(Self::FullPeriod),
            _ => {
                let seconds = text.strip_prefix('c').and_then(|seconds| seconds.parse().ok());
                let increment_seconds = seconds.ok_or(QuantityRuleError)?;
                Ok(Self::Minutes { increment_seconds })
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Price {
    /// So much a unit.
    Flat {
        amount: Amount,
    },
    /// By how much was used before in the billing period.
    Scale {
        scale: ScaleKind,
        /// Each with a higher threshold than the one before; the last one without.
        tiers: Vec<Tier>,
        /// Counts separately for each value of this attribute; all together unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counter_group: Option<Attribute>,
    },
    Free,
    /// Of packs and bundle initiators: this traffic may be taken from them.
    Included,
    /// The event is refused.
    Blocked,
    /// Not this service's traffic: look in the next one.
    NotIncluded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleKind {
    /// Each unit at the price of the tier that it falls in.
    Tier,
    /// Once a threshold is passed, everything in the period is worth the new price: the difference is
    /// charged at that moment.
    BackToFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The last unit of this tier, counted from 1; none for the last tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// For each unit.
    pub amount: Amount,
}

/// How a unit came to its price, as the rows of an invoice tell it apart (guide, section 7.2): by which kind of
/// price of the tree, and of a scale by which tier.
///
/// Stored as a short text, because every message has one for each level: nothing for a flat price; `f`, `i`;
/// `t2` or `b2sender_id` of a scale: tier or back to first, which tier, the counter group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PricedBy {
    #[default]
    Flat,
    Free,
    /// What it was taken from has paid for it: a pack or a bundle.
    Included,
    Scale {
        scale: ScaleKind,
        /// From 1.
        tier: u16,
        counter_group: Option<Attribute>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a stored kind of price")]
pub struct PricedByError;

impl PricedBy {
    pub fn is_flat(&self) -> bool {
        *self == Self::Flat
    }

    /// As invoices and their files name it.
    pub fn price_type(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Free => "free",
            Self::Included => "included",
            Self::Scale { .. } => "scale",
        }
    }

    pub fn scale(self) -> Option<ScaleKind> {
        if let Self::Scale { scale, .. } = self { Some(scale) } else { None }
    }

    pub fn tier(self) -> Option<u16> {
        if let Self::Scale { tier, .. } = self { Some(tier) } else { None }
    }

    /// What the scale counts apart for each value of.
    pub fn counter_group(self) -> Option<Attribute> {
        if let Self::Scale { counter_group, .. } = self { counter_group } else { None }
    }
}

impl fmt::Display for PricedBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => Ok(()),
            Self::Free => out.write_str("f"),
            Self::Included => out.write_str("i"),
            Self::Scale { scale, tier, counter_group } => {
                let scale = match scale {
                    ScaleKind::Tier => "t",
                    ScaleKind::BackToFirst => "b",
                };
                let group = counter_group.map(Attribute::name).unwrap_or_default();
                write!(out, "{scale}{tier}{group}")
            }
        }
    }
}

impl FromStr for PricedBy {
    type Err = PricedByError;

    fn from_str(text: &str) -> Result<Self, PricedByError> {
        let Some((kind, rest)) = text.split_at_checked(1) else { return Ok(Self::Flat) };
        let scale = match kind {
            "f" if rest.is_empty() => return Ok(Self::Free),
            "i" if rest.is_empty() => return Ok(Self::Included),
            "t" => ScaleKind::Tier,
            "b" => ScaleKind::BackToFirst,
            _ => return Err(PricedByError),
        };
        let name = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let tier = rest.strip_suffix(name).and_then(|tier| tier.parse().ok()).ok_or(PricedByError)?;
        let group = Attribute::ALL.iter().find(|attribute| attribute.name() == name);
        if group.is_none() && !name.is_empty() {
            return Err(PricedByError);
        }
        Ok(Self::Scale { scale, tier, counter_group: group.copied() })
    }
}

impl TryFrom<String> for PricedBy {
    type Error = PricedByError;

    fn try_from(text: String) -> Result<Self, PricedByError> {
        text.parse()
    }
}

impl From<PricedBy> for String {
    fn from(priced_by: PricedBy) -> String {
        priced_by.to_string()
    }
}

impl Price {
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Flat { amount } => amount.is_negative(),
            Self::Scale { tiers, .. } => tiers.iter().any(|tier| tier.amount.is_negative()),
            Self::Free | Self::Included | Self::Blocked | Self::NotIncluded => false,
        }
    }

    /// Whether it is a scale whose tiers do not follow one another.
    pub fn has_wrong_tiers(&self) -> bool {
        matches!(self, Self::Scale { tiers, .. } if !are_tiers(tiers))
    }
}

fn are_tiers(tiers: &[Tier]) -> bool {
    let Some((last, others)) = tiers.split_last() else { return false };
    let thresholds: Option<Vec<u32>> = others.iter().map(|tier| tier.threshold).collect();
    let rise = |thresholds: Vec<u32>| {
        thresholds.first().is_none_or(|first| *first > 0) && thresholds.is_sorted_by(|a, b| a < b)
    };
    last.threshold.is_none() && thresholds.is_some_and(rise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_rule_is_a_short_text_that_reads_back() {
        let minutes = QuantityRule::Minutes { increment_seconds: 60 };
        for (rule, text) in [
            (QuantityRule::Messages, "m"),
            (QuantityRule::Segments, "s"),
            (QuantityRule::FullPeriod, "p"),
            (minutes, "c60"),
        ] {
            assert_eq!((rule.to_string(), text.parse()), (text.to_owned(), Ok(rule)));
        }
        for other in ["", "x", "c", "c-1", "ss"] {
            assert!(other.parse::<QuantityRule>().is_err(), "{other}");
        }
    }

    #[test]
    fn how_a_unit_was_priced_is_a_short_text_that_reads_back() {
        let scale = |scale, tier, counter_group| PricedBy::Scale { scale, tier, counter_group };
        let written = [
            (PricedBy::Flat, ""),
            (PricedBy::Free, "f"),
            (PricedBy::Included, "i"),
            (scale(ScaleKind::Tier, 12, None), "t12"),
            (scale(ScaleKind::BackToFirst, 2, Some(Attribute::SenderId)), "b2sender_id"),
        ];
        for (priced_by, text) in written {
            assert_eq!((priced_by.to_string().as_str(), text.parse()), (text, Ok(priced_by)));
        }
        for wrong in ["x", "t", "tsender_id", "t1size", "f1"] {
            assert_eq!(wrong.parse::<PricedBy>(), Err(PricedByError), "{wrong}");
        }
    }

    #[test]
    fn a_call_is_billed_by_the_increments_that_it_began() {
        let rule = QuantityRule::Minutes { increment_seconds: 6 };
        let price = rule.unit_price(Amount::parse("0.6").unwrap()).unwrap();
        assert_eq!(price.to_string(), "0.06");
        let units: Vec<_> = [0, 1, 6, 7, 61].map(|seconds| rule.units(Size::seconds(seconds))).to_vec();
        assert_eq!(units, [0, 1, 1, 2, 11]);
        let whole = QuantityRule::Minutes { increment_seconds: 60 };
        assert_eq!(whole.unit_price(Amount::ONE).unwrap(), Amount::ONE);
        let third = QuantityRule::Minutes { increment_seconds: 20 };
        assert_eq!(third.unit_price(Amount::ONE).unwrap().to_string(), "0.333333");
    }
}
