//! The dictionaries there are, their fields, and what an entry has to look like.

use serde::{Deserialize, Serialize};

use super::{Dictionaries, Entry};
use crate::rating::Attribute;

/// Which dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DictionaryName {
    /// ISO 3166-1, by alpha-2.
    Countries,
    /// Mobile country codes of ITU-T E.212.
    Mccs,
    /// Operators by MCCMNC.
    Operators,
    /// Networks by country and name (`DE Vodafone`), with their MCCMNCs.
    Networks,
    /// Leading digits of international numbers, with the country and network they were given to.
    Prefixes,
    /// The names of networks, whatever their country: follows from networks, prefixes and operators.
    NetworkNames,
    Directions,
    SenderIdTypes,
    Periodicities,
    /// Where Meta's price lists put a recipient.
    WhatsappRegions,
    PricingCategories,
    PricingTypes,
    BillingEvents,
    SessionTypes,
}

/// What a value has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldForm {
    /// A text, or none.
    Text,
    /// A text.
    Name,
    /// Two capital letters.
    Alpha2,
    /// Three capital letters, or none.
    Alpha3,
    /// So many digits.
    Digits { min: usize, max: usize },
    /// Three digits, or none.
    Numeric,
    /// A key of the countries.
    Country,
    /// The same, or none.
    AnyCountry,
    /// Keys of the countries with blanks between them.
    Countries,
    /// MCCMNCs with blanks between them, or none.
    Mccmncs,
    /// Small letters, digits and underscores.
    Word,
}

/// Why an entry cannot be in its dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EntryError {
    /// The field, or `key`.
    pub field: &'static str,
    pub reason: String,
}

const LENGTH_MAX: usize = 120;
/// The longest entries are the regions, which list their countries.
const LIST_LENGTH_MAX: usize = 2_000;

impl DictionaryName {
    pub const ALL: &[Self] = &[
        Self::Countries,
        Self::Mccs,
        Self::Operators,
        Self::Networks,
        Self::Prefixes,
        Self::NetworkNames,
        Self::Directions,
        Self::SenderIdTypes,
        Self::Periodicities,
        Self::WhatsappRegions,
        Self::PricingCategories,
        Self::PricingTypes,
        Self::BillingEvents,
        Self::SessionTypes,
    ];

    /// The dictionary of an attribute's values.
    pub fn of(attribute: Attribute) -> Option<Self> {
        Some(match attribute {
            Attribute::Country => Self::Countries,
            Attribute::Network => Self::NetworkNames,
            Attribute::Mcc => Self::Mccs,
            Attribute::Mccmnc => Self::Operators,
            Attribute::Direction => Self::Directions,
            Attribute::SenderIdType => Self::SenderIdTypes,
            Attribute::Periodicity => Self::Periodicities,
            Attribute::WhatsappRegion => Self::WhatsappRegions,
            Attribute::PricingCategory => Self::PricingCategories,
            Attribute::PricingType => Self::PricingTypes,
            Attribute::BillingEvent => Self::BillingEvents,
            Attribute::SessionType => Self::SessionTypes,
            Attribute::SenderId
            | Attribute::Mno
            | Attribute::Pack
            | Attribute::AdditionalService
            | Attribute::TimeOfDay => return None,
        })
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Countries => "countries",
            Self::Mccs => "mccs",
            Self::Operators => "operators",
            Self::Networks => "networks",
            Self::Prefixes => "prefixes",
            Self::NetworkNames => "network_names",
            Self::Directions => "directions",
            Self::SenderIdTypes => "sender_id_types",
            Self::Periodicities => "periodicities",
            Self::WhatsappRegions => "whatsapp_regions",
            Self::PricingCategories => "pricing_categories",
            Self::PricingTypes => "pricing_types",
            Self::BillingEvents => "billing_events",
            Self::SessionTypes => "session_types",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name)
    }

    /// Lists of which the platform itself makes the keys are as they are, and the names of networks
    /// follow from others.
    pub const fn is_editable(self) -> bool {
        matches!(
            self,
            Self::Countries
                | Self::Mccs
                | Self::Operators
                | Self::Networks
                | Self::Prefixes
                | Self::WhatsappRegions
                | Self::SessionTypes
        )
    }

    /// The names of the fields, in the order of an entry's values.
    pub fn fields(self) -> Vec<&'static str> {
        self.forms().iter().map(|(name, _)| *name).collect()
    }

    /// The fields and their forms.
    pub const fn forms(self) -> &'static [(&'static str, FieldForm)] {
        use FieldForm::*;
        match self {
            Self::Countries => &[
                ("alpha3", Alpha3),
                ("numeric", Numeric),
                ("name_en", Name),
                ("name_fr", Text),
                ("variant_en", Text),
            ],
            // The first country is the one whose MCC it is; the others use it too.
            Self::Mccs => &[("countries", Countries)],
            Self::Operators => &[
                ("mcc", Digits { min: 3, max: 3 }),
                ("mnc", Digits { min: 2, max: 3 }),
                ("country", Country),
                ("name", Name),
                ("status", Text),
            ],
            // The first MCCMNC is the network's main one.
            Self::Networks => &[("country", Country), ("network", Name), ("mccmncs", Mccmncs)],
            Self::Prefixes => &[("country", AnyCountry), ("network", Text)],
            Self::NetworkNames => &[("countries", Countries)],
            Self::WhatsappRegions => &[("name", Name), ("countries", Countries)],
            Self::Directions
            | Self::SenderIdTypes
            | Self::Periodicities
            | Self::PricingCategories
            | Self::PricingTypes
            | Self::BillingEvents
            | Self::SessionTypes => &[("name", Name)],
        }
    }

    const fn key_form(self) -> FieldForm {
        match self {
            Self::Countries => FieldForm::Alpha2,
            Self::Mccs => FieldForm::Digits { min: 3, max: 3 },
            Self::Operators => FieldForm::Digits { min: 5, max: 6 },
            Self::Prefixes => FieldForm::Digits { min: 1, max: 15 },
            Self::Networks | Self::NetworkNames | Self::Directions => FieldForm::Name,
            _ => FieldForm::Word,
        }
    }

    /// Whether an entry may be in this dictionary. `others` has the countries that it may name.
    pub fn check(self, entry: &Entry, others: &Dictionaries) -> Result<(), EntryError> {
        self.key_form().check("key", &entry.key, others)?;
        for ((field, form), value) in self.forms().iter().zip(&entry.values) {
            form.check(field, value, others)?;
        }
        if entry.values.len() != self.forms().len() {
            let reason = format!("an entry has {} fields beside its key", self.forms().len());
            return Err(EntryError { field: "key", reason });
        }
        let parts = match self {
            Self::Operators => format!("{}{}", entry.values[0], entry.values[1]),
            Self::Networks => format!("{} {}", entry.values[0], entry.values[1]),
            _ => return Ok(()),
        };
        if entry.key != parts {
            let reason = format!("the key of these fields is {parts:?}");
            return Err(EntryError { field: "key", reason });
        }
        Ok(())
    }
}

impl FieldForm {
    fn check(self, field: &'static str, value: &str, others: &Dictionaries) -> Result<(), EntryError> {
        let wrong = |reason: String| Err(EntryError { field, reason });
        let longest = match self {
            Self::Countries | Self::Mccmncs => LIST_LENGTH_MAX,
            _ => LENGTH_MAX,
        };
        if value.chars().count() > longest || value.chars().any(char::is_control) || value.trim() != value {
            return wrong(format!(
                "a value has at most {longest} characters, no control characters and no blanks around it"
            ));
        }
        let digits = |text: &str, min: usize, max: usize| {
            (min..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let capitals =
            |length: usize| value.len() == length && value.bytes().all(|byte| byte.is_ascii_uppercase());
        let country = |text: &str| others.get(DictionaryName::Countries).entry(text).is_some();
        match self {
            Self::Name if value.is_empty() => wrong("it must not be empty".to_owned()),
            Self::Alpha2 if !capitals(2) => wrong("it has two capital letters".to_owned()),
            Self::Alpha3 if !value.is_empty() && !capitals(3) => {
                wrong("it has three capital letters".to_owned())
            }
            Self::Numeric if !value.is_empty() && !digits(value, 3, 3) => {
                wrong("it has three digits".to_owned())
            }
            Self::Digits { min, max } if !digits(value, min, max) => wrong(match min == max {
                true => format!("it has {min} digits"),
                false => format!("it has {min} to {max} digits"),
            }),
            Self::Country if !country(value) => wrong(format!("there is no country {value:?}")),
            Self::AnyCountry if !value.is_empty() && !country(value) => {
                wrong(format!("there is no country {value:?}"))
            }
            Self::Countries => match value.split(' ').find(|part| !country(part)) {
                Some(part) => wrong(format!("there is no country {part:?}")),
                None => Ok(()),
            },
            Self::Mccmncs if !value.is_empty() => match value.split(' ').find(|part| !digits(part, 5, 6)) {
                Some(part) => wrong(format!("{part:?} is no MCCMNC of five or six digits")),
                None => Ok(()),
            },
            Self::Word if value.is_empty() || !value.bytes().all(is_of_word) => {
                wrong("it consists of small letters, digits and underscores".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}
