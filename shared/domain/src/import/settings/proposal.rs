//! The settings that a file suggests by its headings and texts, for a person to go on from.

use std::collections::BTreeSet;

use super::{Column, DeclaredColumn, Duplicates, Equality, Format, Match, Meaning, Settings, Target};
use crate::dictionary::Dictionary;
use crate::import::exported;
use crate::import::similarity::plain;
use crate::import::table::{Row, Table};
use crate::import::words;
use crate::rating::Attribute;

/// Rows in which headings are looked for.
const HEADING_ROWS: usize = 30;
/// Different texts of a column that are compared with a dictionary.
const SAMPLE_TEXTS: usize = 300;

/// Settings to begin with. Those of a file that we exported ourselves are complete.
pub fn propose(table: &Table, target: &Target) -> Settings {
    let mut settings = Settings {
        exported: false,
        sheet: table.sheet.clone(),
        start_row: 1,
        duplicates: Duplicates::default(),
        columns: Vec::new(),
        sections: Vec::new(),
        decimal_sign: None,
        accept_unknown_mccmnc: false,
    };
    if exported::Header::of(table).is_some() {
        return Settings { exported: true, start_row: 2, ..settings };
    }
    let Some((heading, columns)) = headings(table, target) else { return settings };
    settings.start_row = heading.number() + 1;
    settings.columns = columns;
    let has_mnc = settings.column(|meaning| *meaning == Meaning::Mnc).is_some();
    let is_section = |attribute: &Attribute| {
        target.attributes().any(|open| open == *attribute) && !(has_mnc && *attribute == Attribute::Mcc)
    };
    settings.sections = settings.declared().into_iter().filter(is_section).collect();
    for declared in &mut settings.columns {
        if let Meaning::Attribute { attribute, matched, .. } = &mut declared.meaning
            && let Some(dictionary) = target.dictionaries.of(*attribute)
        {
            *matched = best_match(table, settings.start_row, declared.column, *attribute, dictionary);
        }
    }
    settings
}

/// The row that has the most headings we know, and what they say.
fn headings<'a>(table: &'a Table, target: &Target) -> Option<(Row<'a>, Vec<DeclaredColumn>)> {
    let read = |row: Row<'a>| (row, columns(row, target));
    let rows: Vec<_> = table.rows().take(HEADING_ROWS).map(read).collect();
    // Of equals the first one.
    rows.into_iter().rev().filter(|(_, columns)| !columns.is_empty()).max_by_key(|(_, columns)| columns.len())
}

fn columns(row: Row, target: &Target) -> Vec<DeclaredColumn> {
    let mut columns: Vec<DeclaredColumn> = Vec::new();
    for (column, text) in row.cells().enumerate() {
        let Some(meaning) = meaning(text, target) else { continue };
        if columns.iter().all(|declared| declared.meaning != meaning) {
            columns.push(DeclaredColumn { column: Column(column), meaning });
        }
    }
    columns
}

fn meaning(heading: &str, target: &Target) -> Option<Meaning> {
    let heading = plain(heading);
    let category = || words_of_category(&heading).filter(|_| target.format == Format::WhatsappBasic);
    if let Some(category) = category() {
        return Some(Meaning::PriceOf { category: category.to_owned() });
    }
    let attribute = match heading.as_str() {
        "price" | "rate" | "rates" | "cost" | "tariff" | "new price" | "new rate" | "price eur"
        | "price usd" | "rate eur" | "rate usd" | "eur" | "usd" | "list rate" => {
            return (target.format != Format::WhatsappBasic).then_some(Meaning::Price);
        }
        "price type" => return Some(Meaning::PriceType),
        "billing rule" => return Some(Meaning::BillingRule),
        "quantity rule" => return Some(Meaning::QuantityRule),
        "mnc" => return Some(Meaning::Mnc),
        "from" | "tier from" | "volume from" | "volume tier from" | "lower" => {
            return (target.format == Format::WhatsappTier).then_some(Meaning::TierFrom);
        }
        "to" | "tier to" | "volume to" | "volume tier to" | "upper" => {
            return (target.format == Format::WhatsappTier).then_some(Meaning::TierTo);
        }
        "market" | "region" | "whatsapp region" => Attribute::WhatsappRegion,
        "category" | "message category" | "message type" | "pricing category" => Attribute::PricingCategory,
        "country" | "country name" | "country code" | "destination" | "iso" | "iso code" => {
            Attribute::Country
        }
        "network" | "network name" | "operator" | "operator name" | "carrier" => Attribute::Network,
        "mccmnc" | "mcc mnc" | "mccmncs" | "imsi" => Attribute::Mccmnc,
        "mcc" => Attribute::Mcc,
        other => words::attribute(other)?,
    };
    let fits = target.attributes().any(|open| open == attribute)
        // What only serves to look up sections.
        || matches!(attribute, Attribute::Mcc | Attribute::Mccmnc | Attribute::Country | Attribute::Network);
    fits.then_some(Meaning::Attribute { attribute, matched: Match::Key, empty: None })
}

/// The pricing category of a heading such as `Authentication-International`.
fn words_of_category(heading: &str) -> Option<&'static str> {
    Some(match heading {
        "authentication" => "authentication",
        "authentication international" => "authentication_international",
        "marketing" => "marketing",
        "marketing lite" | "mm lite" => "marketing_lite",
        "utility" => "utility",
        "service" => "service",
        "referral conversion" => "referral_conversion",
        _ => return None,
    })
}

/// The keys, or the field, of which the column has the most texts.
fn best_match(
    table: &Table,
    start_row: u32,
    column: Column,
    attribute: Attribute,
    dictionary: &Dictionary,
) -> Match {
    let mut texts = BTreeSet::new();
    for row in table.rows().filter(|row| row.number() >= start_row) {
        texts.insert(plain(row.cell(column.0)));
        if texts.len() >= SAMPLE_TEXTS {
            break;
        }
    }
    // Codes have their own way of being read, and only their keys are unique.
    if attribute == Attribute::Mccmnc || attribute == Attribute::Mcc {
        return Match::Key;
    }
    let hits =
        |values: &mut dyn Iterator<Item = &str>| values.filter(|value| texts.contains(&plain(value))).count();
    let by_key = hits(&mut dictionary.entries.iter().map(|entry| entry.key.as_str()));
    let fields = dictionary.fields.iter().enumerate().map(|(place, field)| {
        let mut values =
            dictionary.entries.iter().filter_map(|entry| entry.values.get(place).map(String::as_str));
        (hits(&mut values.by_ref().filter(|value| !value.is_empty())), *field)
    });
    // Of equals the first one.
    match fields.collect::<Vec<_>>().into_iter().rev().max_by_key(|(hits, _)| *hits) {
        Some((hits, field)) if hits > by_key => {
            // Names are seldom all spelt alike; codes are.
            let equality = if field.starts_with("name") { Equality::Best } else { Equality::Full };
            Match::Field { field: field.to_owned(), equality }
        }
        _ => Match::Key,
    }
}
