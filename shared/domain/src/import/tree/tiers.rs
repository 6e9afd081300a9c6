//! Meta's volume tiers: rows of one region and category with the first and last message of a tier and its
//! price become one scale.

use std::collections::HashMap;

use super::{Leaves, LeftOut, Line, Path, Reason, RowError, RowResult, Sections, price, rules};
use crate::import::mapping::Mapping;
use crate::import::price_text::count;
use crate::import::settings::{Column, Duplicates, Meaning, Settings};
use crate::money::Amount;
use crate::rating::{Node, Price, ScaleKind, Tier};

/// Rows so far, by where their scale belongs.
#[derive(Default)]
pub struct TierRows<'m> {
    scales: Vec<(Path<'m>, Vec<TierRow>)>,
    by_path: HashMap<Path<'m>, usize>,
}

struct TierRow {
    row: u32,
    from: u64,
    /// None in the last tier.
    to: Option<u64>,
    price: Price,
    rules: Node,
}

impl<'m> TierRows<'m> {
    pub fn add(
        &mut self,
        line: &Line<'_, 'm>,
        sections: &Sections<'m>,
        settings: &Settings,
        mapping: &Mapping,
    ) -> RowResult<()> {
        let paths = sections.paths(line, None)?;
        let price = price(line, settings, mapping)?;
        let rules = rules(line, settings, mapping)?;
        let (from_text, from_column) = figure(line, settings, &Meaning::TierFrom)?;
        let (to_text, to_column) = figure(line, settings, &Meaning::TierTo)?;
        let wrong = |column, text: &str| LeftOut::Wrong(Some(column), Reason::Count(text.to_owned()));
        // `30,000,001+` has no end.
        let from = from_text.trim_end_matches(['+', ' ']);
        let from =
            if from.is_empty() { 0 } else { count(from).ok_or_else(|| wrong(from_column, from_text))? };
        let to = match is_endless(to_text) {
            true => None,
            false => Some(count(to_text).ok_or_else(|| wrong(to_column, to_text))?),
        };
        for path in paths {
            let place = *self.by_path.entry(path.clone()).or_insert_with(|| {
                self.scales.push((path, Vec::new()));
                self.scales.len() - 1
            });
            let tier = TierRow { row: line.number, from, to, price: price.clone(), rules: rules.clone() };
            self.scales[place].1.push(tier);
        }
        Ok(())
    }

    pub fn into_leaves(self, settings: &Settings, leaves: &mut Leaves<'m>) {
        for (path, mut rows) in self.scales {
            rows.sort_by_key(|tier| (tier.from, tier.to.unwrap_or(u64::MAX)));
            let rows = without_duplicates(rows, leaves);
            let Some(first) = rows.first() else { continue };
            let row = first.row;
            match scale(&rows, settings) {
                Ok(price) => {
                    let node = Node { price: Some(price), ..first.rules.clone() };
                    let result = leaves.add(row, path, node);
                    leaves.note(row, result);
                }
                Err((wrong_row, column, reason)) => {
                    for tier in rows {
                        let is_it = tier.row == wrong_row;
                        let reason = if is_it { reason.clone() } else { Reason::TierOfWrongScale };
                        let column = column.filter(|_| is_it);
                        leaves.errors.push(RowError { row: tier.row, column, reason });
                    }
                }
            }
        }
    }
}

fn figure<'t>(line: &Line<'_, 't>, settings: &Settings, meaning: &Meaning) -> RowResult<(&'t str, Column)> {
    let column = settings.column(|declared| declared == meaning);
    let column = column.ok_or(LeftOut::Wrong(None, Reason::NoPrice))?;
    Ok((line.cell(column), Column(column)))
}

fn is_endless(text: &str) -> bool {
    let text = text.to_lowercase();
    matches!(
        text.as_str(),
        "" | "∞" | "+" | "-" | "unlimited" | "infinity" | "inf" | "and above" | "no limit" | "n/a"
    )
}

/// Rows with the same tier are one by the rule for duplicates.
fn without_duplicates(rows: Vec<TierRow>, leaves: &mut Leaves) -> Vec<TierRow> {
    let mut kept: Vec<TierRow> = Vec::with_capacity(rows.len());
    for tier in rows {
        let Some(before) = kept.last_mut().filter(|before| before.from == tier.from && before.to == tier.to)
        else {
            kept.push(tier);
            continue;
        };
        match leaves.duplicates {
            Duplicates::TakeFirst => leaves.note(tier.row, Err(LeftOut::Skipped)),
            Duplicates::TakeLast => {
                leaves.note(before.row, Err(LeftOut::Skipped));
                *before = tier;
            }
            // The tiers then do not follow one another, so that the whole scale is left out.
            Duplicates::Error => {
                let (row, other) = (tier.row, before.row);
                leaves.note(row, Err(LeftOut::Wrong(None, Reason::Duplicate { other })));
                leaves.note(other, Err(LeftOut::Wrong(None, Reason::Duplicate { other: row })));
                kept.push(tier);
            }
        }
    }
    kept
}

/// One price for all is flat; several are a scale if each follows on the one before.
fn scale(rows: &[TierRow], settings: &Settings) -> Result<Price, (u32, Option<Column>, Reason)> {
    let column = |meaning: &Meaning| settings.column(|declared| declared == meaning).map(Column);
    let from_column = column(&Meaning::TierFrom);
    let to_column = column(&Meaning::TierTo);
    if let [TierRow { from: 0 | 1, to: None, price, .. }] = rows {
        return Ok(price.clone());
    }
    let mut tiers: Vec<Tier> = Vec::with_capacity(rows.len());
    // The last message of the tier before.
    let mut end = 0u64;
    for (place, tier) in rows.iter().enumerate() {
        let wrong = |column, reason| Err((tier.row, column, reason));
        let is_last = place + 1 == rows.len();
        if place == 0 && tier.from > 1 {
            return wrong(from_column, Reason::TierStart(tier.from));
        }
        // Some lists name the end of the tier before as the beginning of the next.
        if place > 0 && tier.from != end && Some(tier.from) != end.checked_add(1) {
            return wrong(from_column, Reason::TierGap { end });
        }
        let threshold = match tier.to {
            None if is_last => None,
            Some(_) if is_last => return wrong(to_column, Reason::TierEnd),
            None => return wrong(to_column, Reason::TierReversed),
            Some(to) if to <= end && place > 0 || to == 0 || to < tier.from => {
                return wrong(to_column, Reason::TierReversed);
            }
            Some(to) => {
                end = to;
                Some(u32::try_from(to).map_err(|_| (tier.row, to_column, Reason::Count(to.to_string())))?)
            }
        };
        let amount = match &tier.price {
            Price::Flat { amount } => *amount,
            Price::Free => Amount::ZERO,
            _ => return wrong(column(&Meaning::Price), Reason::NoPrice),
        };
        tiers.push(Tier { threshold, amount });
    }
    Ok(Price::Scale { scale: ScaleKind::Tier, tiers, counter_group: None })
}
