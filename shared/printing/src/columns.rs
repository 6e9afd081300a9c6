//! How wide the columns are.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use crate::page::{Align, Cell, Row, Table, Width};

/// Of the font sizes the template gives, tried one after the other until all columns fit.
const SCALES: [f32; 4] = [1.0, 0.88, 0.76, 0.65];
/// Times the font size. Beyond this words wrap, so that one long text does not make the table small.
const WORDS_WIDTH_MAX: f32 = 14.0;

/// Widths by length and by weight, that fill the room.
pub(crate) fn shares(widths: &[Width], room: f32) -> Vec<f32> {
    filled(widths, &vec![0.0; widths.len()], room)
}

/// The widths of a table's columns, and by how much its type is smaller so that they fit.
pub(crate) fn of_table(table: &Table, room: f32, measure: impl Fn(&Cell, f32) -> f32) -> (Vec<f32>, f32) {
    let mut fitting = (vec![0.0; table.widths.len()], 1.0);
    for scale in SCALES {
        fitting = (needs(table, scale, &measure), scale);
        if needed(&table.widths, &fitting.0) <= room {
            break;
        }
    }
    let (needs, scale) = fitting;
    let missing = needed(&table.widths, &needs) - room;
    let needs = if missing > 0.0 { narrowed(table, needs, missing) } else { needs };
    (filled(&table.widths, &needs, room), scale)
}

/// What each column that is as wide as its texts needs.
fn needs(table: &Table, scale: f32, measure: &impl Fn(&Cell, f32) -> f32) -> Vec<f32> {
    let mut needs = vec![0.0_f32; table.widths.len()];
    for row in table.head.iter().chain(&table.rows) {
        for (column, cell) in single_cells(row) {
            if table.widths[column] == Width::Auto {
                let mut width = measure(cell, scale);
                if cell.text.style.align == Align::Left {
                    width = width.min(WORDS_WIDTH_MAX * cell.text.style.size * scale);
                }
                needs[column] = needs[column].max(width);
            }
        }
    }
    needs
}

/// The cells of one column each; others wrap over those they take.
fn single_cells(row: &Row) -> impl Iterator<Item = (usize, &Cell)> {
    let places = row.cells.iter().scan(0, |column, cell| {
        let place = *column;
        *column += cell.span;
        Some((place, cell))
    });
    places.filter(|(_, cell)| cell.span == 1)
}

/// A column by weight gets something in any case.
fn needed(widths: &[Width], needs: &[f32]) -> f32 {
    let least = |(width, need): (&Width, &f32)| match width {
        Width::Auto => *need,
        Width::Points(points) => *points,
        Width::Share(_) => 40.0,
    };
    widths.iter().zip(needs).map(least).sum()
}

/// What is missing is taken from the columns of words, so that no figure is broken while they have some.
fn narrowed(table: &Table, mut needs: Vec<f32>, missing: f32) -> Vec<f32> {
    let rows = || table.rows.iter().chain(&table.head);
    let is_of_words = |column: usize| {
        let first = rows().flat_map(single_cells).find(|(place, _)| *place == column);
        first.is_some_and(|(_, cell)| cell.text.style.align == Align::Left)
    };
    let words: Vec<usize> = (0..needs.len()).filter(|column| is_of_words(*column)).collect();
    let sum: f32 = words.iter().map(|column| needs[*column]).sum();
    if sum > 0.0 {
        let part = ((sum - missing) / sum).max(0.2);
        words.iter().for_each(|column| needs[*column] *= part);
    }
    needs
}

/// Columns that fill the room: what is left over goes to those by weight, or to all alike.
fn filled(widths: &[Width], needs: &[f32], room: f32) -> Vec<f32> {
    let fixed = |(width, need): (&Width, &f32)| match width {
        Width::Auto => *need,
        Width::Points(points) => *points,
        Width::Share(_) => 0.0,
    };
    let weight = |width: &Width| match width {
        Width::Share(weight) => *weight,
        Width::Auto | Width::Points(_) => 0.0,
    };
    let fixed: Vec<f32> = widths.iter().zip(needs).map(fixed).collect();
    let weights: f32 = widths.iter().map(weight).sum();
    let used: f32 = fixed.iter().sum();
    let spare = (room - used).max(0.0);
    let autos = widths.iter().filter(|width| **width == Width::Auto).count();
    let grown = widths.iter().zip(&fixed).map(|(width, fixed)| {
        let more = match width {
            Width::Share(weight) => spare * weight / weights,
            Width::Auto if weights == 0.0 => spare / autos as f32,
            Width::Auto | Width::Points(_) => 0.0,
        };
        fixed + more
    });
    let grown: Vec<f32> = grown.collect();
    // Lengths that are more than there is become less, all alike.
    let sum: f32 = grown.iter().sum();
    if sum > room + 0.01 && sum > 0.0 {
        return grown.into_iter().map(|width| width * room.max(0.0) / sum).collect();
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: Width = Width::Auto;

    #[track_caller]
    fn check(widths: &[Width], needs: &[f32], expected: &[f32]) {
        let found = filled(widths, needs, 400.0);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.01), "{found:?}");
    }

    #[test]
    fn what_is_left_over_goes_to_the_columns_by_weight_or_to_all_alike() {
        check(&[AUTO, Width::Share(1.0), Width::Share(3.0)], &[100.0, 0.0, 0.0], &[100.0, 75.0, 225.0]);
        check(&[AUTO, AUTO, Width::Points(100.0)], &[100.0, 40.0, 0.0], &[180.0, 120.0, 100.0]);
    }

    #[test]
    fn columns_that_are_too_wide_share_what_there_is() {
        check(&[Width::Points(600.0), Width::Points(200.0)], &[0.0, 0.0], &[300.0, 100.0]);
    }
}
