//! What prices depend on, and the values that each attribute can take in a tree.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// What the children of a node are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// `MT` or `MO`.
    Direction,
    /// ISO 3166 alpha-2.
    Country,
    /// The network's name in the numbering plan.
    Network,
    /// What the message is sent from.
    SenderId,
    /// The operator that a sender ID is registered with.
    Mno,
    /// The pack or bundle that is bought, by its id.
    Pack,
    /// By its name.
    AdditionalService,
    /// How often a fee comes: `month` or `week`.
    Periodicity,
    /// `alphanumeric`, `numeric` or `short_code`.
    SenderIdType,
    /// Mobile country code, three digits (ITU-T E.212).
    Mcc,
    /// Mobile country and network code, five or six digits (ITU-T E.212).
    Mccmnc,
    /// Where Meta's price list puts the recipient.
    WhatsappRegion,
    /// Meta's category of a message, such as `marketing`.
    PricingCategory,
    /// `regular`, or why Meta takes nothing for it.
    PricingType,
    /// Of RCS: `basic`, `single` or `conversation`.
    BillingEvent,
    /// Who began a Viber session.
    SessionType,
    /// From and till in the time zone of the agreement, such as `08:00-20:00`; `22:00-06:00` goes over midnight.
    TimeOfDay,
}

impl Attribute {
    pub const ALL: &[Self] = &[
        Self::Direction,
        Self::Country,
        Self::Network,
        Self::SenderId,
        Self::Mno,
        Self::Pack,
        Self::AdditionalService,
        Self::Periodicity,
        Self::SenderIdType,
        Self::Mcc,
        Self::Mccmnc,
        Self::WhatsappRegion,
        Self::PricingCategory,
        Self::PricingType,
        Self::BillingEvent,
        Self::SessionType,
        Self::TimeOfDay,
    ];

    /// As trees and files name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direction => "direction",
            Self::Country => "country",
            Self::Network => "network",
            Self::SenderId => "sender_id",
            Self::Mno => "mno",
            Self::Pack => "pack",
            Self::AdditionalService => "additional_service",
            Self::Periodicity => "periodicity",
            Self::SenderIdType => "sender_id_type",
            Self::Mcc => "mcc",
            Self::Mccmnc => "mccmnc",
            Self::WhatsappRegion => "whatsapp_region",
            Self::PricingCategory => "pricing_category",
            Self::PricingType => "pricing_type",
            Self::BillingEvent => "billing_event",
            Self::SessionType => "session_type",
            Self::TimeOfDay => "time_of_day",
        }
    }

    /// Whether a tree may name this value. Values of open lists (networks, sender IDs, regions) are not
    /// looked up: a tree outlives the dictionary that it was made from.
    pub fn has_value(self, value: &str) -> bool {
        let digits = |lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
        };
        match self {
            Self::Direction => matches!(value, "MT" | "MO"),
            Self::Country => value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()),
            Self::Mcc => digits(3..=3),
            Self::Mccmnc => digits(5..=6),
            Self::Periodicity => matches!(value, "month" | "week"),
            Self::SenderIdType => matches!(value, "alphanumeric" | "numeric" | "short_code"),
            Self::PricingCategory => matches!(
                value,
                "authentication"
                    | "authentication_international"
                    | "marketing"
                    | "marketing_lite"
                    | "utility"
                    | "service"
                    | "referral_conversion"
            ),
            Self::PricingType => matches!(value, "regular" | "free_customer_service" | "free_entry_point"),
            Self::BillingEvent => matches!(value, "basic" | "single" | "conversation"),
            Self::TimeOfDay => DayTimes::parse(value).is_some(),
            Self::Network
            | Self::SenderId
            | Self::Mno
            | Self::Pack
            | Self::AdditionalService
            | Self::WhatsappRegion
            | Self::SessionType => !value.is_empty() && value != OTHERS,
        }
    }
}

/// How paths name the child that matches any value which is not listed.
pub const OTHERS: &str = "*";

/// A part of the day; the end is not in it. What ends before it begins goes over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTimes {
    from: Time,
    till: Time,
}

impl DayTimes {
    /// Reads `HH:MM-HH:MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, till) = text.split_once('-')?;
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = |text: &str| two_digits(text).then(|| text.parse().ok()).flatten();
            Time::new(number(hour)?, number(minute)?, 0, 0).ok()
        };
        let times = Self { from: time(from)?, till: time(till)? };
        (times.from != times.till).then_some(times)
    }

    pub fn contains(self, time: Time) -> bool {
        match self.from < self.till {
            true => self.from <= time && time < self.till,
            false => self.from <= time || time < self.till,
        }
    }

    /// Whether some moment is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.from) || other.contains(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_day_may_go_over_midnight() {
        let at = |hour, minute| jiff::civil::time(hour, minute, 0, 0);
        let night = DayTimes::parse("22:00-06:00").unwrap();
        assert!(night.contains(at(22, 0)) && night.contains(at(0, 0)) && night.contains(at(5, 59)));
        assert!(!night.contains(at(6, 0)) && !night.contains(at(21, 59)));
        assert!(night.overlaps(DayTimes::parse("05:00-08:00").unwrap()));
        assert!(!night.overlaps(DayTimes::parse("06:00-22:00").unwrap()));
        for wrong in ["8:00-20:00", "08:00", "24:00-01:00", "08:00-08:00", "08:60-09:00", ""] {
            assert_eq!(DayTimes::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_attribute_has_one_name_everywhere() {
        for attribute in Attribute::ALL {
            assert_eq!(serde_json::to_value(attribute).unwrap(), attribute.name());
        }
    }
}
