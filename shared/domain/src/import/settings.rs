//! What the columns of a file are, and how a tree is made of them (guide, sections 7.3.2.2.1 and
//! 7.3.2.2.2.1).

mod check;
mod proposal;

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::price_text::DecimalSign;
use super::table::column_name;
use crate::dictionary::Dictionaries;
use crate::money::Currency;
use crate::rating::{Attribute, Resource};

pub use check::Warning;
pub(super) use check::is_attribute;
pub use proposal::propose;

/// What kind of file it is (guide, section 7.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Standard,
    /// A row a region, a column a category: fixed prices.
    WhatsappBasic,
    /// A row a volume tier of a region and category.
    WhatsappTier,
}

/// Where the rates go, and by what their texts are understood.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub place: &'a Place,
    /// Of the service, if it has one.
    pub currency: Option<Currency>,
    pub dictionaries: &'a Dictionaries,
    pub format: Format,
}

impl Target<'_> {
    /// What prices of the resource may depend on.
    pub(super) fn all_attributes(&self) -> &'static [Attribute] {
        self.place.resource.map_or(&[], Resource::attributes)
    }

    /// What the prices below the target may depend on.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute> + '_ {
        let open = |attribute: &Attribute| !self.place.decided.contains(attribute);
        self.all_attributes().iter().copied().filter(open)
    }
}

/// A column, from 0; people write its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Column(pub usize);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no column: columns have letters, A to Z and then AA")]
pub struct ColumnError(String);

impl TryFrom<String> for Column {
    type Error = ColumnError;

    fn try_from(letters: String) -> Result<Self, ColumnError> {
        let number = letters.bytes().try_fold(0usize, |number, letter| {
            let letter = letter.to_ascii_uppercase().checked_sub(b'A').filter(|letter| *letter < 26)?;
            Some(number * 26 + usize::from(letter) + 1).filter(|number| *number <= super::table::COLUMNS_MAX)
        });
        number.and_then(|number| number.checked_sub(1)).map(Self).ok_or(ColumnError(letters))
    }
}

impl From<Column> for String {
    fn from(column: Column) -> String {
        column_name(column.0)
    }
}

impl std::fmt::Display for Column {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&column_name(self.0))
    }
}

/// What to do where several rows name the same rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    TakeFirst,
    TakeLast,
    /// None of them is imported, and each is shown.
    #[default]
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Equality {
    #[default]
    Full,
    Best,
}

/// What the texts of an attribute's column are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Match {
    /// The keys of the dictionary. Of an attribute without a dictionary the text itself is the value.
    #[default]
    Key,
    /// A field of the dictionary, such as the English name.
    Field {
        field: String,
        #[serde(default)]
        equality: Equality,
    },
}

/// What an empty cell of an attribute's column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// Any value that is not listed.
    Others,
    /// The same as in the row above: it was written once for several rows.
    Above,
    Error,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Meaning {
    Price,
    PriceType,
    BillingRule,
    QuantityRule,
    Attribute {
        attribute: Attribute,
        #[serde(default, rename = "match")]
        matched: Match,
        /// Others, unless told; of countries and regions an error, because the rest of the world is seldom
        /// meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        empty: Option<Empty>,
    },
    /// The network's part of the MCCMNC, whose first part is in the column that is declared as MCC.
    Mnc,
    /// Of `whatsapp_basic`: prices of this pricing category.
    PriceOf {
        category: String,
    },
    /// Of `whatsapp_tier`: the first message of a tier.
    TierFrom,
    /// Of `whatsapp_tier`: the last message of a tier.
    TierTo,
}

impl Meaning {
    pub(super) fn empty(&self) -> Empty {
        match self {
            Self::Attribute { empty: Some(empty), .. } => *empty,
            Self::Attribute { attribute: Attribute::Country | Attribute::WhatsappRegion, .. } => Empty::Error,
            _ => Empty::Others,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredColumn {
    pub column: Column,
    #[serde(flatten)]
    pub meaning: Meaning,
}

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The file is one that we exported: its own headings say everything, and what follows here is not asked.
    #[serde(default)]
    pub exported: bool,
    /// Of a workbook; the first one that shows unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The first row of rates.
    pub start_row: u32,
    #[serde(default)]
    pub duplicates: Duplicates,
    #[serde(default)]
    pub columns: Vec<DeclaredColumn>,
    /// By what the tree branches, from its top; those that no column declares come from related dictionaries.
    #[serde(default)]
    pub sections: Vec<Attribute>,
    /// What begins the decimals of prices; found out unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_sign: Option<DecimalSign>,
    /// Whether MCCMNCs that the dictionary does not know are taken as they are.
    #[serde(default)]
    pub accept_unknown_mccmnc: bool,
}

impl Settings {
    /// The column of this meaning.
    pub(super) fn column(&self, is: impl Fn(&Meaning) -> bool) -> Option<usize> {
        self.columns.iter().find(|declared| is(&declared.meaning)).map(|declared| declared.column.0)
    }

    /// The attributes that columns say something about, in the order of their declaration: MCC and MNC make
    /// MCCMNCs.
    pub(super) fn declared(&self) -> Vec<Attribute> {
        let mut declared = Vec::new();
        for column in &self.columns {
            match column.meaning {
                Meaning::Attribute { attribute, .. } => declared.push(attribute),
                Meaning::Mnc => declared.push(Attribute::Mccmnc),
                Meaning::PriceOf { .. } => declared.push(Attribute::PricingCategory),
                _ => {}
            }
        }
        let mut seen = Vec::new();
        declared.retain(|attribute| !seen.contains(attribute) && (seen.push(*attribute), true).1);
        declared
    }

    /// What a section without a column is looked up from: the declared attributes that are related to it, the
    /// sections' own ones first.
    pub(super) fn sources(&self, section: Attribute) -> Vec<Attribute> {
        let relates = |attribute: &Attribute| crate::dictionary::relates(*attribute, section);
        self.declared().into_iter().filter(relates).collect()
    }
}
