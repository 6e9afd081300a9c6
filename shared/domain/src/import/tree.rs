//! From rows and mappings to the part of a tree that takes the place of the target node, and the rows that
//! could not be taken. The same file, settings and mappings always make the same tree.

mod sections;
mod tiers;

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::lines::{Line, lines};
use super::mapping::{Mapping, Priced};
use super::price_text::PriceTextError;
use super::settings::{Column, Duplicates, Format, Meaning, Settings, Target};
use super::table::Table;
use super::words::Rule;
use crate::rating::{Attribute, Node, Price};

use sections::{Path, Paths, Sections};

/// Prices that one file may make; a list of MCCMNCs makes one for each.
pub const PRICES_MAX: usize = 500_000;

/// Why a row is not imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("{text:?} stands for nothing in the dictionary of {}", attribute.name())]
    Unmatched { attribute: Attribute, text: String },
    #[error("{} is missing", .0.name())]
    Missing(Attribute),
    #[error("nothing says which {} belongs to {} {key:?}", section.name(), source_attribute.name())]
    Unrelated { section: Attribute, source_attribute: Attribute, key: String },
    #[error("there is no price")]
    NoPrice,
    #[error(transparent)]
    Price(PriceTextError),
    #[error("{0:?} is no price type")]
    PriceType(String),
    #[error("{0:?} is no billing rule")]
    BillingRule(String),
    #[error("{0:?} is no quantity rule of this resource")]
    QuantityRule(String),
    #[error("the same rate is in row {other}, too")]
    Duplicate { other: u32 },
    #[error("the file makes more than {PRICES_MAX} prices")]
    TooManyPrices,
    #[error("{0:?} is no number of messages")]
    Count(String),
    #[error("the tier does not follow on the one before, which ends at {end}")]
    TierGap { end: u64 },
    #[error("the first tier begins at {0} instead of 0 or 1")]
    TierStart(u64),
    #[error("the tier ends before it begins")]
    TierReversed,
    #[error("what comes after the last tier has no price: leave its end empty")]
    TierEnd,
    #[error("another tier of these rates is wrong")]
    TierOfWrongScale,

    // Of files that we exported.
    #[error("{0:?} is no resource")]
    Resource(String),
    #[error("a value that begins with a quotation mark is written as in JSON")]
    Quoting,
    #[error("a node above has a price in row {other}")]
    BelowPrice { other: u32 },
    #[error("nodes below are told apart by {}", .0.name())]
    DependsOnOther(Attribute),
    #[error("the node has other nodes below it, so it has no price")]
    PriceOfBranch,
    #[error("the tiers of a scale are of one type and have one counter group")]
    ScaleMixed,
    #[error("{0:?} is no attribute")]
    Attribute(String),
}

/// A row, and where it can be named the cell, that is not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// As it is counted in the file, from 1.
    pub row: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<Column>,
    pub reason: Reason,
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Display for RowError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.column {
            Some(column) => write!(out, "row {}, column {column}: {}", self.row, self.reason),
            None => write!(out, "row {}: {}", self.row, self.reason),
        }
    }
}

/// What a file makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built {
    /// What takes the place of the target node.
    pub node: Node,
    /// By row.
    pub errors: Vec<RowError>,
    pub counts: Counts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows of rates.
    pub rows: u32,
    /// Left out because of an error.
    pub rows_with_errors: u32,
    /// Left out because a mapping says so, or as duplicates.
    pub rows_skipped: u32,
    /// Prices of the tree, a scale as one.
    pub prices: u32,
}

/// Why a row makes no price.
enum LeftOut {
    Skipped,
    Wrong(Option<Column>, Reason),
}

type RowResult<T> = Result<T, LeftOut>;

/// Makes the tree. The settings must have no warnings that prevent it.
pub fn build(table: &Table, settings: &Settings, target: &Target, mapping: &Mapping) -> Built {
    let sections = Sections::new(settings, target, mapping);
    let mut leaves = Leaves::new(settings.duplicates);
    let mut tiers = tiers::TierRows::default();
    lines(table, settings, |line| {
        leaves.counts.rows += 1;
        let result = match target.format {
            Format::Standard => standard(line, &sections, settings, mapping, &mut leaves),
            Format::WhatsappBasic => basic(line, &sections, settings, mapping, &mut leaves),
            Format::WhatsappTier => tiers.add(line, &sections, settings, mapping),
        };
        leaves.note(line.number, result);
    });
    tiers.into_leaves(settings, &mut leaves);
    leaves.into_tree(settings, sections.regular())
}

/// One price a row.
fn standard<'m>(
    line: &Line<'_, 'm>,
    sections: &Sections<'m>,
    settings: &Settings,
    mapping: &'m Mapping<'m>,
    leaves: &mut Leaves<'m>,
) -> RowResult<()> {
    let paths = sections.paths(line, None)?;
    let mut leaf = rules(line, settings, mapping)?;
    leaf.price = Some(price(line, settings, mapping)?);
    leaves.add_all(line.number, paths, &leaf)
}

/// A row of fixed prices, one for each category.
fn basic<'m>(
    line: &Line<'_, 'm>,
    sections: &Sections<'m>,
    settings: &'m Settings,
    mapping: &'m Mapping<'m>,
    leaves: &mut Leaves<'m>,
) -> RowResult<()> {
    let rules = rules(line, settings, mapping)?;
    let mut result = Ok(());
    for declared in &settings.columns {
        let Meaning::PriceOf { category } = &declared.meaning else { continue };
        if line.cell(declared.column.0).is_empty() {
            continue;
        }
        let added = sections.paths(line, Some(category)).and_then(|paths| {
            let price = Some(price_in(line, declared.column, mapping)?);
            leaves.add_all(line.number, paths, &Node { price, ..rules.clone() })
        });
        match added {
            // One of them is named; the others are found when that one is right.
            Err(LeftOut::Wrong(..)) if result.is_ok() => result = added,
            _ => {}
        }
    }
    result
}

fn price(line: &Line, settings: &Settings, mapping: &Mapping) -> RowResult<Price> {
    if let Some(column) = settings.column(|meaning| *meaning == Meaning::PriceType) {
        let text = line.cell(column);
        match mapping.price_types.get(text) {
            Some(Some(Rule::Set { rule, .. })) => {
                if let Some(price) = rule.price() {
                    return Ok(price);
                }
            }
            Some(Some(Rule::Inherited)) => {}
            Some(None) => return Err(LeftOut::Skipped),
            Some(Some(Rule::Unknown)) | None => {
                return Err(LeftOut::Wrong(Some(Column(column)), Reason::PriceType(text.to_owned())));
            }
        }
    }
    let column = settings.column(|meaning| *meaning == Meaning::Price);
    price_in(line, Column(column.ok_or(LeftOut::Wrong(None, Reason::NoPrice))?), mapping)
}

fn price_in(line: &Line, column: Column, mapping: &Mapping) -> RowResult<Price> {
    let text = line.cell(column.0);
    let wrong = |reason| Err(LeftOut::Wrong(Some(column), reason));
    match mapping.prices.get(text) {
        Some(Priced::Amount(amount)) => Ok(Price::Flat { amount: *amount }),
        Some(Priced::Price(price)) => Ok(price.clone()),
        Some(Priced::Skip) => Err(LeftOut::Skipped),
        Some(Priced::Wrong(_)) if text.is_empty() => wrong(Reason::NoPrice),
        Some(Priced::Wrong(error)) => wrong(Reason::Price(error.clone())),
        None => wrong(Reason::NoPrice),
    }
}

/// A leaf with the rules that its row sets, and no price yet.
fn rules(line: &Line, settings: &Settings, mapping: &Mapping) -> RowResult<Node> {
    let mut leaf = Node::default();
    if let Some(column) = settings.column(|meaning| *meaning == Meaning::BillingRule) {
        let text = line.cell(column);
        let wrong = || LeftOut::Wrong(Some(Column(column)), Reason::BillingRule(text.to_owned()));
        leaf.billing_rule = rule(mapping.billing.get(text)).ok_or_else(wrong)??;
    }
    if let Some(column) = settings.column(|meaning| *meaning == Meaning::QuantityRule) {
        let text = line.cell(column);
        let wrong = || LeftOut::Wrong(Some(Column(column)), Reason::QuantityRule(text.to_owned()));
        leaf.quantity_rule = rule(mapping.quantity.get(text)).ok_or_else(wrong)??;
    }
    Ok(leaf)
}

/// The rule, if one is set; nothing at all if the text says nothing.
fn rule<R: Copy>(mapped: Option<&Option<Rule<R>>>) -> Option<RowResult<Option<R>>> {
    match mapped? {
        Some(Rule::Set { rule, .. }) => Some(Ok(Some(*rule))),
        Some(Rule::Inherited) => Some(Ok(None)),
        Some(Rule::Unknown) => None,
        None => Some(Err(LeftOut::Skipped)),
    }
}

/// Prices on their way into a tree, each path once.
struct Leaves<'m> {
    duplicates: Duplicates,
    leaves: Vec<Leaf<'m>>,
    by_path: HashMap<Path<'m>, usize>,
    errors: Vec<RowError>,
    counts: Counts,
}

struct Leaf<'m> {
    path: Path<'m>,
    row: u32,
    node: Node,
    /// It is in several rows, and none of them is to be taken.
    is_dropped: bool,
}

impl<'m> Leaves<'m> {
    fn new(duplicates: Duplicates) -> Self {
        let (leaves, by_path, errors) = Default::default();
        Self { duplicates, leaves, by_path, errors, counts: Counts::default() }
    }

    fn note(&mut self, row: u32, result: RowResult<()>) {
        match result {
            Ok(()) => {}
            Err(LeftOut::Skipped) => self.counts.rows_skipped += 1,
            Err(LeftOut::Wrong(column, reason)) => self.errors.push(RowError { row, column, reason }),
        }
    }

    /// One price at several paths.
    fn add_all(&mut self, row: u32, paths: Paths<'m>, node: &Node) -> RowResult<()> {
        let mut result = Ok(());
        for path in paths {
            let added = self.add(row, path, node.clone());
            result = result.and(added);
        }
        result
    }

    fn add(&mut self, row: u32, path: Path<'m>, node: Node) -> RowResult<()> {
        let Some(place) = self.by_path.get(&path).copied() else {
            if self.leaves.len() >= PRICES_MAX {
                return Err(LeftOut::Wrong(None, Reason::TooManyPrices));
            }
            self.by_path.insert(path.clone(), self.leaves.len());
            self.leaves.push(Leaf { path, row, node, is_dropped: false });
            return Ok(());
        };
        let before = &mut self.leaves[place];
        // One row can name a rate twice, as `26202, 26202` does with the same price.
        if before.row == row && before.node == node {
            return Ok(());
        }
        match self.duplicates {
            Duplicates::TakeFirst => Err(LeftOut::Skipped),
            Duplicates::TakeLast => {
                (before.row, before.node) = (row, node);
                Err(LeftOut::Skipped) // counts the one that was there before
            }
            Duplicates::Error => {
                let other = before.row;
                if !before.is_dropped {
                    before.is_dropped = true;
                    self.errors.push(RowError {
                        row: other,
                        column: None,
                        reason: Reason::Duplicate { other: row },
                    });
                }
                Err(LeftOut::Wrong(None, Reason::Duplicate { other }))
            }
        }
    }

    /// The tree of all prices. `regular` is the section, if there is one, of what Meta bills: everything else
    /// there is free by its definition (guide, section 7.3.4).
    fn into_tree(mut self, settings: &Settings, regular: Option<usize>) -> Built {
        let mut node = Node::default();
        for leaf in self.leaves.into_iter().filter(|leaf| !leaf.is_dropped) {
            self.counts.prices += 1;
            insert(&mut node, &settings.sections, &leaf.path, leaf.node);
            if let Some(section) = regular {
                let mut path = leaf.path;
                path[section] = None;
                insert(&mut node, &settings.sections, &path, Node::of_price(Price::Free));
            }
        }
        collapse(&mut node);
        self.errors.sort_by_key(|error| (error.row, error.column));
        self.errors.dedup_by_key(|error| (error.row, error.column));
        let mut rows: Vec<u32> = self.errors.iter().map(|error| error.row).collect();
        rows.dedup();
        self.counts.rows_with_errors = rows.len() as u32;
        Built { node, errors: self.errors, counts: self.counts }
    }
}

fn insert(root: &mut Node, sections: &[Attribute], path: &Path, leaf: Node) {
    let mut node = root;
    for (section, value) in sections.iter().zip(path) {
        node.depends_on = Some(*section);
        node = match value {
            None => node.others.get_or_insert_default(),
            Some(value) => {
                // Not `entry`, which would take a copy of the value each time.
                if !node.values.contains_key(*value) {
                    node.values.insert((*value).to_owned(), Node::default());
                }
                let Some(child) = node.values.get_mut(*value) else { return };
                child
            }
        };
    }
    *node = leaf;
}

/// A branch that has nothing but others says no more than the node for those.
fn collapse(node: &mut Node) {
    node.values.values_mut().for_each(collapse);
    if let Some(others) = &mut node.others {
        collapse(others);
    }
    if node.values.is_empty()
        && let Some(others) = node.others.take()
    {
        *node = *others;
    }
}

#[cfg(test)]
mod tests;
