//! The rows of rates of a table, with the texts of their cells as they are meant.

use super::settings::{Empty, Settings};
use super::table::{Row, Table};

pub struct Line<'a, 't> {
    pub number: u32,
    row: Row<'t>,
    /// By column: what was written above an empty cell.
    above: &'a [(usize, &'t str)],
}

impl<'t> Line<'_, 't> {
    /// Without blanks around it.
    pub fn cell(&self, column: usize) -> &'t str {
        match self.row.cell(column).trim() {
            "" => self.above.iter().find(|(above, _)| *above == column).map_or("", |(_, text)| text),
            text => text,
        }
    }
}

/// Hands over each row from the start row on in which a declared column has a text.
pub fn lines<'t>(table: &'t Table, settings: &Settings, mut each: impl FnMut(&Line<'_, 't>)) {
    let mut above: Vec<(usize, &'t str)> = settings
        .columns
        .iter()
        .filter(|declared| declared.meaning.empty() == Empty::Above)
        .map(|declared| (declared.column.0, ""))
        .collect();
    for row in table.rows().filter(|row| row.number() >= settings.start_row) {
        let is_empty = |column: usize| row.cell(column).trim().is_empty();
        if settings.columns.iter().all(|declared| is_empty(declared.column.0)) {
            continue;
        }
        for (column, text) in &mut above {
            if !is_empty(*column) {
                *text = row.cell(*column).trim();
            }
        }
        each(&Line { number: row.number(), row, above: &above });
    }
}
