//! A rate sheet as a table of texts, whatever file it came in: CSV, XLS or XLSX.
//!
//! Files come from strangers. Whatever the bytes are, reading ends in a table or in an error that names the
//! place; what a file unpacks to is bounded before memory is taken for it. That is why the two Excel
//! formats are read here and not by a general crate: those trust the counts that a file states.

mod cells;
mod csv_file;
mod text;
mod xls;
mod xlsx;

use cells::Cells;
pub use text::number_text;

use serde::Serialize;

/// Bytes of a file.
pub const FILE_BYTES_MAX: usize = 20_000_000;
/// Bytes that a file unpacks to, all its parts together.
pub const UNPACKED_BYTES_MAX: u64 = 250_000_000;
/// Rows that are not empty.
pub const ROWS_MAX: usize = 200_000;
pub const COLUMNS_MAX: usize = 200;
/// Characters of a cell (Excel has the same limit).
pub const CELL_CHARACTERS_MAX: usize = 32_767;
/// Cells that are not empty.
pub const CELLS_MAX: usize = 4_000_000;
/// Bytes of all texts together.
pub const TEXT_BYTES_MAX: usize = 100_000_000;

/// The cells of one sheet. Rows without any text are left out; the others keep their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Which one was read; a CSV file has none.
    pub sheet: Option<String>,
    /// All that the file has, in its order.
    pub sheets: Vec<String>,
    columns: usize,
    /// All cells' texts, one behind the other.
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<u32>,
    rows: Vec<RowStart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowStart {
    number: u32,
    /// Its first cell, by its place in `ends`.
    cell: u32,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    index: usize,
}

impl Table {
    /// How many columns the widest row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> + DoubleEndedIterator {
        (0..self.rows.len()).map(|index| Row { table: self, index })
    }

    /// The row of this number, if it has any text.
    pub fn row(&self, number: u32) -> Option<Row<'_>> {
        let found = self.rows.binary_search_by_key(&number, |row| row.number);
        found.ok().map(|index| Row { table: self, index })
    }
}

impl<'a> Row<'a> {
    /// As a person counts in the file, from 1: the row of a sheet, the line of a CSV file.
    pub fn number(self) -> u32 {
        self.table.rows[self.index].number
    }

    /// The text of a column, counted from 0; empty if there is none.
    pub fn cell(self, column: usize) -> &'a str {
        let (first, end) = self.bounds();
        if column >= end - first { "" } else { self.table.text_at(first + column) }
    }

    /// The texts up to the last one that is not empty.
    pub fn cells(self) -> impl ExactSizeIterator<Item = &'a str> {
        let (first, end) = self.bounds();
        (first..end).map(move |place| self.table.text_at(place))
    }

    fn bounds(self) -> (usize, usize) {
        let rows = &self.table.rows;
        let end = rows.get(self.index + 1).map_or(self.table.ends.len(), |next| next.cell as usize);
        (rows[self.index].cell as usize, end)
    }
}

impl Table {
    fn text_at(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.text[start..self.ends[place] as usize]
    }
}

/// Why a file is no table, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// As spreadsheets name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    pub reason: String,
}

impl std::error::Error for TableError {}

impl std::fmt::Display for TableError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(sheet) = &self.sheet {
            write!(out, "sheet {sheet:?}, ")?;
        }
        if let Some(row) = self.row {
            write!(out, "row {row}, ")?;
        }
        if let Some(column) = &self.column {
            write!(out, "column {column}, ")?;
        }
        out.write_str(&self.reason)
    }
}

impl TableError {
    fn new(reason: impl Into<String>) -> Self {
        Self { sheet: None, row: None, column: None, reason: reason.into() }
    }

    /// Of a cell, both counted from 0.
    fn at(row: u32, column: usize, reason: impl Into<String>) -> Self {
        Self { row: Some(row.saturating_add(1)), column: Some(column_name(column)), ..Self::new(reason) }
    }

    fn in_sheet(self, sheet: &str) -> Self {
        Self { sheet: Some(sheet.to_owned()), ..self }
    }
}

/// The letters that spreadsheets give to a column counted from 0: A to Z, then AA.
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileType {
    Csv,
    Xls,
    Xlsx,
}

/// Reads a file. Its type is what its first bytes say, and its name where they say nothing. Of a workbook
/// the sheet of the given name is read, or the first one that is not hidden.
pub fn read(bytes: &[u8], file_name: &str, sheet: Option<&str>) -> Result<Table, TableError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(TableError::new(format!("a file has at most {} MB", FILE_BYTES_MAX / 1_000_000)));
    }
    let table = match file_type(bytes, file_name)? {
        FileType::Csv => csv_file::read(bytes)?,
        FileType::Xls => xls::read(bytes, sheet)?,
        FileType::Xlsx => xlsx::read(bytes, sheet)?,
    };
    if table.rows.is_empty() {
        return Err(TableError { sheet: table.sheet, ..TableError::new("there is nothing in it") });
    }
    Ok(table)
}

fn file_type(bytes: &[u8], file_name: &str) -> Result<FileType, TableError> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(FileType::Xlsx);
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(FileType::Xls);
    }
    let beginning: String =
        bytes.iter().take(512).map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    if ["<html", "<!doctype html", "<table", "<?xml"].iter().any(|tag| beginning.contains(tag)) {
        return Err(TableError::new("the file is a web page or XML: save it as XLSX or CSV"));
    }
    match file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some(ending @ ("xlsx" | "xls" | "xlsm" | "xlsb" | "ods")) => {
            Err(TableError::new(format!("the file is named .{ending}, but is not an Excel file")))
        }
        _ => Ok(FileType::Csv),
    }
}

/// The sheet of this name, or the first one that shows.
fn choose_sheet<T>(
    sheets: Vec<T>,
    name: Option<&str>,
    name_of: impl Fn(&T) -> &str,
    is_visible: impl Fn(&T) -> bool,
) -> Result<T, TableError> {
    let wanted = |sheet: &T| match name {
        Some(name) => name_of(sheet) == name,
        None => is_visible(sheet),
    };
    sheets.into_iter().find(wanted).ok_or_else(|| match name {
        Some(name) => TableError::new("the file has no such sheet").in_sheet(name),
        None => TableError::new("the file has no sheet that shows"),
    })
}

#[cfg(test)]
mod tests;
