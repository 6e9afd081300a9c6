//! Cells on their way into a table, in whatever order a file has them, within the limits of a table.

use super::{
    CELL_CHARACTERS_MAX, CELLS_MAX, COLUMNS_MAX, ROWS_MAX, RowStart, TEXT_BYTES_MAX, Table, TableError,
};

#[derive(Default)]
pub struct Cells {
    text: String,
    cells: Vec<Cell>,
    rows: usize,
}

struct Cell {
    row: u32,
    column: u16,
    start: u32,
    end: u32,
}

impl Cells {
    /// Takes the text of a cell, its place counted from 0. Empty ones are not kept.
    pub fn add(&mut self, row: u32, column: usize, text: &str) -> Result<(), TableError> {
        if text.is_empty() {
            return Ok(());
        }
        let wrong = |reason: String| Err(TableError::at(row, column, reason));
        if column >= COLUMNS_MAX {
            return wrong(format!("a table has at most {COLUMNS_MAX} columns"));
        }
        if text.len() > CELL_CHARACTERS_MAX && text.chars().count() > CELL_CHARACTERS_MAX {
            return wrong(format!(
                "a cell has at most {CELL_CHARACTERS_MAX} characters; is a quotation mark not closed?"
            ));
        }
        if self.cells.len() >= CELLS_MAX || self.text.len() + text.len() > TEXT_BYTES_MAX {
            return wrong(format!(
                "a table has at most {CELLS_MAX} cells and {TEXT_BYTES_MAX} bytes of text"
            ));
        }
        if self.cells.last().is_none_or(|last| last.row != row) {
            self.rows += 1;
            if self.rows > ROWS_MAX {
                return wrong(format!("a table has at most {ROWS_MAX} rows"));
            }
        }
        // The limits above keep both within 32 bits.
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.cells.push(Cell { row, column: column as u16, start, end: self.text.len() as u32 });
        Ok(())
    }

    pub fn into_table(mut self, sheet: Option<String>, sheets: Vec<String>) -> Result<Table, TableError> {
        let place = |cell: &Cell| (cell.row, cell.column);
        if !self.cells.is_sorted_by_key(place) {
            self.cells.sort_by_key(place);
        }
        let columns = self.cells.iter().map(|cell| usize::from(cell.column) + 1).max().unwrap_or(0);
        let mut table = Table {
            sheet,
            sheets,
            columns,
            text: String::with_capacity(self.text.len()),
            ends: Vec::with_capacity(self.cells.len()),
            rows: Vec::new(),
        };
        let mut cells = self.cells.into_iter().peekable();
        while let Some(cell) = cells.next() {
            if cells.peek().is_some_and(|next| place(next) == place(&cell)) {
                continue; // written twice: the later text stands
            }
            let number = cell.row.saturating_add(1);
            if table.rows.last().is_none_or(|row| row.number != number) {
                table.rows.push(RowStart { number, cell: table.ends.len() as u32 });
            }
            let first = table.rows.last().map_or(0, |row| row.cell as usize);
            let empty = usize::from(cell.column).saturating_sub(table.ends.len() - first);
            // A row has as many cells as its last text needs, so a table may have 50 times as many as the file.
            if table.ends.len() + empty >= 2 * CELLS_MAX {
                return Err(TableError::at(
                    cell.row,
                    cell.column.into(),
                    "the table is too wide for so many rows",
                ));
            }
            table.ends.extend(std::iter::repeat_n(table.text.len() as u32, empty));
            table.text.push_str(&self.text[cell.start as usize..cell.end as usize]);
            table.ends.push(table.text.len() as u32);
        }
        Ok(table)
    }
}
