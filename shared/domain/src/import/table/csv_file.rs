//! CSV files: the encoding and the separator are found out, because nothing in a file says them.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{COLUMNS_MAX, Cells, Table, TableError};

const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that the separator is judged by.
const SAMPLE_ROWS: usize = 100;

pub fn read(bytes: &[u8]) -> Result<Table, TableError> {
    let text = decode(bytes)?;
    let mut reader = reader(&text, separator(&text));
    let mut record = csv::StringRecord::new();
    let mut cells = Cells::default();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return cells.into_table(None, Vec::new()),
            Err(error) => return Err(TableError::new(error.to_string())),
        }
        let line = lines.of_record(record.position().map_or(0, |position| position.byte() as usize));
        for (column, cell) in record.iter().enumerate() {
            cells.add(line - 1, column, cell)?;
        }
    }
}

/// Counts lines up to records. The reader's own count takes no notice of empty lines and of a lone CR.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the first text at or behind this place, counted from 1. Places come in rising order.
    fn of_record(&mut self, place: usize) -> u32 {
        while let Some(byte) = self.text.get(self.at) {
            let is_end = match byte {
                b'\n' => true,
                b'\r' => self.text.get(self.at + 1) != Some(&b'\n'),
                _ if self.at >= place => break,
                _ => false,
            };
            self.line += u32::from(is_end);
            self.at += 1;
        }
        self.line
    }
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The one by which most rows have the same number of cells, and of those the one that makes the most cells.
fn separator(text: &str) -> u8 {
    let score = |separator: u8| {
        let mut rows_of_width = [0; COLUMNS_MAX + 1];
        for record in reader(text, separator).records().take(SAMPLE_ROWS).flatten() {
            rows_of_width[record.len().min(COLUMNS_MAX)] += 1;
        }
        let widths = rows_of_width.iter().enumerate().skip(2);
        widths.map(|(width, rows)| (*rows, width)).max().unwrap_or_default()
    };
    // Of equals the first one.
    SEPARATORS.into_iter().rev().max_by_key(|separator| score(*separator)).unwrap_or(b',')
}

fn decode(bytes: &[u8]) -> Result<String, TableError> {
    let (encoding, bytes) = Encoding::for_bom(bytes)
        .map(|(encoding, length)| (encoding, &bytes[length..]))
        .unwrap_or_else(|| (guess(bytes), bytes));
    let text = encoding.decode_without_bom_handling(bytes).0;
    match text.contains('\0') {
        true => Err(TableError::new("the file is neither a text nor an Excel file")),
        false => Ok(text.into_owned()),
    }
}

/// Without a mark it is UTF-8 if it can be, UTF-16 if every other byte of its beginning is zero, and else
/// Windows' Western European, of which Latin-1 is a part.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let beginning = &bytes[..bytes.len().min(1_000)];
    let zeros = |offset: usize| beginning.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    match (zeros(0) * 4 > beginning.len(), zeros(1) * 4 > beginning.len()) {
        (true, false) => UTF_16BE,
        (false, true) => UTF_16LE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        _ => WINDOWS_1252,
    }
}
