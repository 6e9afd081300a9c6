//! How the settings and mappings of imports look in JSON, for the OpenAPI document alone. The tests hold each
//! of them to what the domain reads.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::{RateAttribute, RatePrice};

/// `standard`: a row a price. `whatsapp_basic`: a row a region, a column a category. `whatsapp_tier`: a row a
/// volume tier of a region and category.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "standard")]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportFormat {
    Standard,
    WhatsappBasic,
    WhatsappTier,
}

/// What to do with rows that name the same rate: take the first one, the last one, or none and show them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportDuplicates {
    TakeFirst,
    TakeLast,
    Error,
}

/// What begins the decimals of prices.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportDecimalSign {
    Point,
    Comma,
}

/// What the texts of an attribute's column are compared with.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(example = json!({"type": "field", "field": "name_en", "equality": "best"}))]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportMatch {
    /// The keys of the dictionary, in full.
    Key,
    /// A field of the dictionary.
    Field {
        /// Its name.
        field: String,
        /// `full` unless told.
        equality: Option<ImportEquality>,
    },
}

/// `full`: only the same text; `best`: that, or else the most similar one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportEquality {
    Full,
    Best,
}

/// What an empty cell means: any other value, the same as in the row above, or an error.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportEmpty {
    Others,
    Above,
    Error,
}

/// What a column holds.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportMeaning {
    Price,
    PriceType,
    BillingRule,
    QuantityRule,
    Attribute {
        /// What its texts are values of.
        attribute: RateAttribute,
        /// By key unless told.
        #[serde(rename = "match")]
        matched: Option<ImportMatch>,
        /// `others` unless told; of countries and WhatsApp regions `error`.
        empty: Option<ImportEmpty>,
    },
    /// The network's part of the MCCMNC, whose first part is in the column declared as MCC.
    Mnc,
    /// Of `whatsapp_basic`: prices of this pricing category.
    PriceOf {
        /// Such as `marketing`.
        category: String,
    },
    /// Of `whatsapp_tier`: the first message of a tier.
    TierFrom,
    /// Of `whatsapp_tier`: the last message of a tier; empty in the last one.
    TierTo,
}

/// A column of the file.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"column": "B", "type": "price"}))]
#[allow(dead_code, reason = "described, never made")]
pub struct ImportColumn {
    /// Its letters, as spreadsheets count.
    #[schema(example = "B")]
    column: String,
    #[serde(flatten)]
    meaning: ImportMeaning,
}

/// How a file is read.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"start_row": 2, "columns": [
    {"column": "A", "type": "attribute", "attribute": "country", "match": {"type": "field", "field": "name_en", "equality": "best"}},
    {"column": "C", "type": "price"}], "sections": ["country"]}))]
#[allow(dead_code, reason = "described, never made")]
pub struct ImportSettings {
    /// The file is one of the export, whose headings say everything: what follows is not asked.
    exported: Option<bool>,
    /// Of a workbook; the first one that shows unless told.
    sheet: Option<String>,
    /// The first row of rates.
    start_row: u32,
    /// `error` unless told.
    duplicates: Option<ImportDuplicates>,
    /// Those that matter.
    columns: Option<Vec<ImportColumn>>,
    /// By what the tree branches, from its top. One that no column declares is looked up by a related one, such
    /// as the country of an MCCMNC.
    sections: Option<Vec<RateAttribute>>,
    /// Found out unless told.
    decimal_sign: Option<ImportDecimalSign>,
    /// Take MCCMNCs that the dictionary does not know as they are; false unless told.
    accept_unknown_mccmnc: Option<bool>,
}

/// What a text stands for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = json!({"key": "DE"}))]
#[allow(dead_code, reason = "described, never made")]
pub enum ImportMapTo {
    /// A value of the attribute; of price types and rules their name, such as `free` or `delivered`.
    Key(String),
    /// Any value that is not listed.
    Others,
    /// Rows with this text are left out.
    Skip,
    /// Of price texts.
    Price(RatePrice),
}

/// By subject (an attribute, `price`, `price_type`, `billing_rule`, `quantity_rule`) and text; null forgets
/// what was remembered.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"country": {"Deutschland": {"key": "DE"}, "Total": "skip"},
    "price": {"Free": {"price": {"type": "free"}}}}))]
#[allow(dead_code, reason = "described, never made")]
pub struct ImportMappings(BTreeMap<String, BTreeMap<String, ImportMapTo>>);

#[cfg(test)]
mod tests {
    use domain::import::mapping::ManualMappings;
    use domain::import::settings::{DeclaredColumn, Format, Match, Settings};
    use serde_json::Value;
    use utoipa::PartialSchema;

    use super::*;

    fn example<T: PartialSchema, D: serde::de::DeserializeOwned + Serialize>() -> Value {
        let schema = serde_json::to_value(T::schema()).unwrap();
        let read: D = serde_json::from_value(schema["example"].clone()).unwrap();
        serde_json::to_value(read).unwrap()
    }

    #[test]
    fn the_examples_are_what_the_api_reads() {
        assert_eq!(example::<ImportFormat, Format>(), "standard");
        assert_eq!(example::<ImportMatch, Match>()["equality"], "best");
        assert_eq!(example::<ImportColumn, DeclaredColumn>()["type"], "price");
        assert_eq!(example::<ImportSettings, Settings>()["start_row"], 2);
        assert_eq!(example::<ImportMappings, ManualMappings>()["country"]["Total"], "skip");
    }

    #[test]
    fn every_field_of_settings_is_described() {
        let schema = serde_json::to_value(ImportSettings::schema()).unwrap();
        let mut settings = example::<ImportSettings, Settings>();
        settings["sheet"] = "A".into();
        settings["decimal_sign"] = "comma".into();
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let described: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        let written = serde_json::to_value(settings).unwrap();
        let mut written: Vec<_> = written.as_object().unwrap().keys().cloned().collect();
        written.sort();
        let mut described = described;
        described.sort();
        assert_eq!(written, described);
    }
}
