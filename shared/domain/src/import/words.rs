//! How files name what is no value of an attribute: price types, rules, and what columns hold.

use crate::rating::{Attribute, BillingRule, Price, QuantityRule, Resource, ScaleKind};

use super::similarity::{Name, SIMILARITY_MIN, plain};

/// A heading for a column or a word of our own for a name of the model: `sender_id` becomes `Sender id`.
pub fn heading(name: &str) -> String {
    let mut heading = name.replace('_', " ");
    if let Some(first) = heading.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    heading
}

/// What kind of price a leaf has, without its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceType {
    Flat,
    Free,
    Included,
    NotIncluded,
    Blocked,
    Scale(ScaleKind),
    /// Of an inner node.
    DependsOn(Attribute),
    /// Of a node of a draft that has no price yet.
    Incomplete,
}

impl PriceType {
    pub fn of(price: &Price) -> Self {
        match price {
            Price::Flat { .. } => Self::Flat,
            Price::Free => Self::Free,
            Price::Included => Self::Included,
            Price::NotIncluded => Self::NotIncluded,
            Price::Blocked => Self::Blocked,
            Price::Scale { scale, .. } => Self::Scale(*scale),
        }
    }

    /// The price, if no figures belong to it.
    pub fn price(self) -> Option<Price> {
        match self {
            Self::Free => Some(Price::Free),
            Self::Included => Some(Price::Included),
            Self::NotIncluded => Some(Price::NotIncluded),
            Self::Blocked => Some(Price::Blocked),
            Self::Flat | Self::Scale(_) | Self::DependsOn(_) | Self::Incomplete => None,
        }
    }

    pub fn text(self) -> String {
        match self {
            Self::Flat => "Flat rate".to_owned(),
            Self::Free => "Free".to_owned(),
            Self::Included => "Included".to_owned(),
            Self::NotIncluded => "Not included".to_owned(),
            Self::Blocked => "Blocked".to_owned(),
            Self::Scale(ScaleKind::Tier) => "Scale (tier)".to_owned(),
            Self::Scale(ScaleKind::BackToFirst) => "Scale (back to first)".to_owned(),
            Self::DependsOn(attribute) => format!("Depends on {}", attribute.name().replace('_', " ")),
            Self::Incomplete => "Incomplete".to_owned(),
        }
    }

    /// Only by its whole name: a price type that is guessed wrong gives traffic away.
    pub fn parse(text: &str) -> Option<Self> {
        let text = plain(text);
        Some(match text.as_str() {
            "flat" | "flat rate" => Self::Flat,
            "free" => Self::Free,
            "included" => Self::Included,
            "not included" => Self::NotIncluded,
            "blocked" => Self::Blocked,
            "scale tier" | "tier" => Self::Scale(ScaleKind::Tier),
            "scale back to first" | "back to first" => Self::Scale(ScaleKind::BackToFirst),
            "incomplete" => Self::Incomplete,
            _ => Self::DependsOn(attribute(text.strip_prefix("depends on ")?)?),
        })
    }
}

/// The attribute of this name, however it is written.
pub fn attribute(text: &str) -> Option<Attribute> {
    let name = plain(text).replace(' ', "_");
    Attribute::ALL.iter().copied().find(|attribute| attribute.name() == name)
}

pub fn billing_text(rule: BillingRule) -> &'static str {
    match rule {
        BillingRule::Submitted => "Submitted",
        BillingRule::Delivered => "Delivered",
        BillingRule::Accepted => "Accepted",
    }
}

pub fn quantity_text(rule: QuantityRule) -> String {
    match rule {
        QuantityRule::Messages => "Messages".to_owned(),
        QuantityRule::Segments => "Segments".to_owned(),
        QuantityRule::FullPeriod => "Full period".to_owned(),
        QuantityRule::Minutes { increment_seconds } => format!("Minutes ({increment_seconds} s)"),
    }
}

/// What a text says about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule<R> {
    /// Nothing: it is inherited.
    Inherited,
    Set {
        rule: R,
        is_exact: bool,
    },
    Unknown,
}

pub fn billing_rule(text: &str) -> Rule<BillingRule> {
    let rules = [BillingRule::Submitted, BillingRule::Delivered];
    best(text, rules.map(|rule| (billing_text(rule).to_owned(), rule)).to_vec())
}

/// Of the rules that a resource, if one is known, can have; `Minutes (6 s)` names its increment.
pub fn quantity_rule(text: &str, resource: Option<Resource>) -> Rule<QuantityRule> {
    let words = plain(text);
    let increment = words.strip_prefix("minutes ").and_then(|rest| rest.strip_suffix(" s")?.parse().ok());
    let per_minute = QuantityRule::Minutes { increment_seconds: increment.unwrap_or(60) };
    if increment.is_some() {
        return Rule::Set { rule: per_minute, is_exact: true };
    }
    let mut rules = vec![
        ("Messages".to_owned(), QuantityRule::Messages),
        ("Segments".to_owned(), QuantityRule::Segments),
        ("Full period".to_owned(), QuantityRule::FullPeriod),
        ("Minutes".to_owned(), per_minute),
    ];
    rules.retain(|(_, rule)| resource.is_none_or(|resource| resource.counts_by(*rule)));
    best(text, rules)
}

fn best<R: Copy>(text: &str, rules: Vec<(String, R)>) -> Rule<R> {
    let words = plain(text);
    if words.is_empty() || words == "default" || words.starts_with("default ") {
        return Rule::Inherited;
    }
    if let Some((_, rule)) = rules.iter().find(|(name, _)| plain(name) == words) {
        return Rule::Set { rule: *rule, is_exact: true };
    }
    let name = Name::new(text);
    let mut scored: Vec<(u32, R)> =
        rules.iter().map(|(rule_name, rule)| (name.similarity(&Name::new(rule_name)), *rule)).collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    match scored.as_slice() {
        [(score, rule), ..] if *score >= SIMILARITY_MIN => Rule::Set { rule: *rule, is_exact: false },
        _ => Rule::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_matched_by_their_name_or_the_most_similar_one() {
        let submitted = |is_exact| Rule::Set { rule: BillingRule::Submitted, is_exact };
        assert_eq!(billing_rule("submitted"), submitted(true));
        assert_eq!(billing_rule("On submit"), submitted(false));
        assert_eq!(billing_rule("Default (Submitted)"), Rule::Inherited);
        assert_eq!(billing_rule("never"), Rule::Unknown);
        let set = |rule, is_exact| Rule::Set { rule, is_exact };
        let sms = |text| quantity_rule(text, Some(Resource::SmsMessage));
        assert_eq!(sms("SEGMENTS"), set(QuantityRule::Segments, true));
        assert_eq!(sms("per segment"), set(QuantityRule::Segments, false));
        assert_eq!(sms("Full period"), Rule::Unknown);
        let fee = quantity_rule("full", Some(Resource::PlatformFee));
        assert_eq!(fee, set(QuantityRule::FullPeriod, false));
    }

    #[test]
    fn price_types_and_quantity_rules_are_read_as_they_are_written() {
        let attributes = Attribute::ALL.iter().map(|attribute| PriceType::DependsOn(*attribute));
        let scales = [PriceType::Scale(ScaleKind::Tier), PriceType::Scale(ScaleKind::BackToFirst)];
        let plain = [
            PriceType::Flat,
            PriceType::Free,
            PriceType::Included,
            PriceType::NotIncluded,
            PriceType::Blocked,
            PriceType::Incomplete,
        ];
        for price_type in attributes.chain(scales).chain(plain) {
            assert_eq!(PriceType::parse(&price_type.text()), Some(price_type));
        }
        assert_eq!(PriceType::parse("free of charge"), None);
        for rule in [QuantityRule::Messages, QuantityRule::Minutes { increment_seconds: 6 }] {
            let read = quantity_rule(&quantity_text(rule), Some(Resource::VoiceCall));
            assert_eq!(read, Rule::Set { rule, is_exact: true });
        }
    }
}
