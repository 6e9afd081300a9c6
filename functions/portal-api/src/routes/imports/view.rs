//! Imports as the API shows them.

use domain::import::difference::{Change, ChangeCounts, Changed, Rate};
use domain::import::mapping::{How, MappedSubject, MappedText};
use domain::import::record::{Import, ImportState};
use domain::import::settings::{Format, Settings, Warning};
use domain::import::tree::{Counts, RowError};
use domain::rating::{BillingRule, Price, QuantityRule};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::schema as import_schema;
use crate::schema;

/// Texts that nothing was found for are shown so many of a subject; the rest is in its list.
const UNMATCHED_MAX: usize = 200;

#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Its id.
    id: String,
    /// The service whose rates it brings.
    service: String,
    /// The scope's number.
    scope: u32,
    /// The node that it takes the place of; empty for the whole tree.
    path: String,
    /// What kind of file it is.
    #[schema(value_type = import_schema::ImportFormat)]
    format: Format,
    /// The file's name.
    file_name: String,
    /// Whose file it is.
    supplier: String,
    /// `uploading` until the file was parsed, `parsed` while it is worked on, then `confirmed` or `canceled`.
    #[schema(example = "parsed")]
    state: &'static str,
    /// Of the service, in which the rates are; null before it is confirmed.
    version: Option<u32>,
    /// How the file is read; null before it was parsed.
    #[schema(value_type = Option<import_schema::ImportSettings>)]
    settings: Option<Settings>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Import> for ImportView {
    fn from(import: Import) -> Self {
        let (state, version) = match import.state {
            ImportState::Uploading => ("uploading", None),
            ImportState::Parsed => ("parsed", None),
            ImportState::Confirmed { version } => ("confirmed", Some(version)),
            ImportState::Canceled => ("canceled", None),
        };
        Self {
            id: import.id.into(),
            service: import.service.into(),
            scope: import.scope,
            path: import.path,
            format: import.format,
            file_name: import.file_name,
            supplier: import.supplier,
            state,
            version,
            settings: import.settings,
            created_at: import.created_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WarningView {
    /// What is wrong, or good to know.
    text: String,
    /// Whether the import cannot go on with it.
    prevents: bool,
}

impl From<&Warning> for WarningView {
    fn from(warning: &Warning) -> Self {
        Self { text: warning.to_string(), prevents: warning.prevents() }
    }
}

/// What a column's texts were mapped to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MappedColumnView {
    /// An attribute, or `price`, `price_type`, `billing_rule`, `quantity_rule`.
    #[schema(example = "country")]
    subject: &'static str,
    /// The letters of its columns.
    columns: Vec<String>,
    /// How many different texts; of prices only those that are none, or were mapped by hand.
    texts_total: usize,
    /// Texts that stand for nothing.
    unmatched_total: usize,
    /// The first 200 of them.
    unmatched: Vec<MappedTextView>,
}

impl From<&MappedSubject> for MappedColumnView {
    fn from(mapped: &MappedSubject) -> Self {
        Self {
            subject: mapped.subject.name(),
            columns: mapped.columns.iter().map(ToString::to_string).collect(),
            texts_total: mapped.texts.len(),
            unmatched_total: mapped.unmatched().count(),
            unmatched: mapped.unmatched().take(UNMATCHED_MAX).map(Into::into).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MappedTextView {
    /// As it is in the file; of an MCC and an MNC in columns of their own, both with a blank between them.
    text: String,
    /// How many rows have it.
    rows: u32,
    /// The first of them.
    first_row: u32,
    /// What it stands for: keys, `others`, `skip`; null if nothing was found.
    to: Option<String>,
    /// `full`, `best`, `manual` or `none`.
    how: &'static str,
    /// Of a best match: how similar, in thousandths.
    similarity: Option<u32>,
    /// Why nothing was found, of prices.
    reason: Option<String>,
}

impl From<&MappedText> for MappedTextView {
    fn from(mapped: &MappedText) -> Self {
        let (how, similarity) = match mapped.how {
            How::Full => ("full", None),
            How::Best { similarity } => ("best", Some(similarity)),
            How::Manual => ("manual", None),
            How::None => ("none", None),
        };
        Self {
            text: mapped.text.clone(),
            rows: mapped.rows,
            first_row: mapped.first_row,
            to: mapped.to.clone(),
            how,
            similarity,
            reason: mapped.reason.clone(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RowErrorView {
    /// As it is counted in the file, from 1.
    row: u32,
    /// The letters of the column, where it is one cell's fault.
    column: Option<String>,
    /// What is wrong.
    reason: String,
}

impl From<&RowError> for RowErrorView {
    fn from(error: &RowError) -> Self {
        Self { row: error.row, column: error.column.map(String::from), reason: error.reason.to_string() }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RowCountsView {
    /// Rows of rates.
    rows: u32,
    /// Left out because of an error.
    rows_with_errors: u32,
    /// Left out because a mapping says so, or as duplicates.
    rows_skipped: u32,
    /// Prices of the new node, a scale as one.
    prices: u32,
}

impl From<Counts> for RowCountsView {
    fn from(counts: Counts) -> Self {
        let Counts { rows, rows_with_errors, rows_skipped, prices } = counts;
        Self { rows, rows_with_errors, rows_skipped, prices }
    }
}

/// How many prices change.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeCountsView {
    /// Today there is none at their place.
    new: u32,
    /// They go.
    removed: u32,
    /// They rise.
    up: u32,
    /// They fall.
    down: u32,
    /// Of another type, with other tiers, or billed by another rule.
    changed: u32,
    /// They stay.
    unchanged: u32,
}

impl From<ChangeCounts> for ChangeCountsView {
    fn from(counts: ChangeCounts) -> Self {
        let ChangeCounts { new, removed, up, down, changed, unchanged } = counts;
        Self { new, removed, up, down, changed, unchanged }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedRateView {
    /// The price.
    #[schema(value_type = schema::RatePrice)]
    price: Price,
    /// Null where it comes from above the node.
    #[schema(value_type = Option<schema::BillingRule>)]
    billing_rule: Option<BillingRule>,
    /// Null where it comes from above the node.
    #[schema(value_type = Option<schema::QuantityRule>)]
    quantity_rule: Option<QuantityRule>,
}

impl From<Rate> for ChangedRateView {
    fn from(rate: Rate) -> Self {
        let Rate { price, billing_rule, quantity_rule } = rate;
        Self { price, billing_rule, quantity_rule }
    }
}

/// A price that changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedView {
    /// From the node on, such as `DE/Vodafone`; `*` stands for all others.
    path: String,
    /// `new`, `removed`, `up`, `down`, or `changed` in another way.
    #[schema(value_type = String, example = "up")]
    change: Change,
    /// Today's; null for a new one.
    old: Option<ChangedRateView>,
    /// Null for one that goes.
    new: Option<ChangedRateView>,
    /// Of flat prices, free being zero: new less old.
    by: Option<String>,
    /// The same in percent of the old one, to two places; null if that was nothing.
    percent: Option<String>,
}

impl From<&Changed> for ChangedView {
    fn from(changed: &Changed) -> Self {
        Self {
            path: changed.path.clone(),
            change: changed.change,
            old: changed.old.clone().map(Into::into),
            new: changed.new.clone().map(Into::into),
            by: changed.by.map(|by| by.to_string()),
            percent: changed.percent.map(|percent| percent.to_string()),
        }
    }
}
