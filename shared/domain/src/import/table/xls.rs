//! XLS files of Excel 5 to 2003 (\[MS-XLS\]: BIFF5 and BIFF8 in a compound file). Only what a cell shows is
//! read: strings, numbers, and the last results of formulas.

use std::io::{Cursor, Read};

use encoding_rs::{Encoding, WINDOWS_1252};

use super::text::hundredth_text;
use super::{Cells, FILE_BYTES_MAX, Table, TableError, choose_sheet, number_text};

/// Types of records ([MS-XLS] 2.3).
mod kind {
    pub const FORMULA: u16 = 0x0006;
    pub const EOF: u16 = 0x000A;
    pub const FILE_PASS: u16 = 0x002F;
    pub const CONTINUE: u16 = 0x003C;
    pub const CODE_PAGE: u16 = 0x0042;
    pub const BOUND_SHEET: u16 = 0x0085;
    pub const MUL_RK: u16 = 0x00BD;
    pub const R_STRING: u16 = 0x00D6;
    pub const SST: u16 = 0x00FC;
    pub const LABEL_SST: u16 = 0x00FD;
    pub const NUMBER: u16 = 0x0203;
    pub const LABEL: u16 = 0x0204;
    pub const BOOL_ERR: u16 = 0x0205;
    pub const STRING: u16 = 0x0207;
    pub const RK: u16 = 0x027E;
    pub const BOF: u16 = 0x0809;
}

pub fn read(bytes: &[u8], sheet: Option<&str>) -> Result<Table, TableError> {
    let stream = workbook_stream(bytes)?;
    let workbook = Workbook::read(&stream)?;
    let names: Vec<String> = workbook.sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let chosen = choose_sheet(workbook.sheets.clone(), sheet, |sheet| &sheet.name, |sheet| sheet.shows)?;
    let cells = workbook.cells(&stream, &chosen).map_err(|error| error.in_sheet(&chosen.name))?;
    cells.into_table(Some(chosen.name.clone()), names).map_err(|error| error.in_sheet(&chosen.name))
}

fn broken(what: impl std::fmt::Display) -> TableError {
    TableError::new(format!("the XLS file is broken: {what}"))
}

fn workbook_stream(bytes: &[u8]) -> Result<Vec<u8>, TableError> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name));
    let name = name.ok_or_else(|| TableError::new("the file is no Excel workbook, or too old a one"))?;
    let mut stream = Vec::new();
    let part = file.open_stream(name).map_err(broken)?;
    part.take(FILE_BYTES_MAX as u64).read_to_end(&mut stream).map_err(broken)?;
    Ok(stream)
}

/// A record, with those that continue it.
struct Record<'a> {
    kind: u16,
    parts: Vec<&'a [u8]>,
}

/// Goes from record to record, and ends where no whole one follows.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    fn one(&mut self) -> Option<(u16, &'a [u8])> {
        let (head, rest) = self.rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let (data, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((u16::from_le_bytes([head[0], head[1]]), data))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (kind, data) = self.one()?;
        let mut parts = vec![data];
        while self.rest.starts_with(&kind::CONTINUE.to_le_bytes()) {
            parts.push(self.one()?.1);
        }
        Some(Record { kind, parts })
    }
}

struct Workbook {
    /// Strings have a length of two bytes and a sign whether they are UTF-16, instead of a code page.
    is_biff8: bool,
    encoding: &'static Encoding,
    strings: Vec<String>,
    sheets: Vec<Sheet>,
}

#[derive(Clone)]
struct Sheet {
    name: String,
    /// Where its records begin in the stream.
    start: usize,
    shows: bool,
}

impl Workbook {
    fn read(stream: &[u8]) -> Result<Self, TableError> {
        let mut workbook =
            Self { is_biff8: true, encoding: WINDOWS_1252, strings: Vec::new(), sheets: Vec::new() };
        let mut records = Records { rest: stream };
        let first = records.next().filter(|record| record.kind == kind::BOF);
        let version = first.ok_or_else(|| broken("it has no beginning"))?.bytes().u16()?;
        workbook.is_biff8 = match version {
            0x0600 => true,
            0x0500 => false,
            _ => return Err(TableError::new("the file is of an Excel before 5.0: save it as XLSX")),
        };
        for record in records {
            let mut bytes = record.bytes();
            match record.kind {
                kind::FILE_PASS => return Err(TableError::new("the file is protected by a password")),
                kind::CODE_PAGE => workbook.encoding = code_page(bytes.u16()?),
                kind::BOUND_SHEET => workbook.add_sheet(&mut bytes)?,
                kind::SST => workbook.strings = shared_strings(&mut bytes)?,
                kind::EOF => break,
                _ => {}
            }
        }
        Ok(workbook)
    }

    fn add_sheet(&mut self, bytes: &mut Bytes) -> Result<(), TableError> {
        let start = bytes.u32()? as usize;
        let (state, sheet_type) = (bytes.u8()?, bytes.u8()?);
        let length = usize::from(bytes.u8()?);
        let name = self.characters(bytes, length)?;
        // Others are charts and modules.
        if sheet_type == 0 {
            self.sheets.push(Sheet { name, start, shows: state & 3 == 0 });
        }
        Ok(())
    }

    /// A string whose length was read already.
    fn characters(&self, bytes: &mut Bytes, length: usize) -> Result<String, TableError> {
        if self.is_biff8 {
            let is_wide = bytes.u8()? & 1 != 0;
            return bytes.unicode(length, is_wide);
        }
        let text = bytes.take(length)?;
        Ok(self.encoding.decode_without_bom_handling(&text).0.into_owned())
    }

    fn cells(&self, stream: &[u8], sheet: &Sheet) -> Result<Cells, TableError> {
        let rest = stream.get(sheet.start..).ok_or_else(|| broken("the sheet is missing"))?;
        let mut cells = Cells::default();
        // Charts within a sheet have cells of their own.
        let mut depth = 0usize;
        let mut formula = (0, 0);
        for record in (Records { rest }) {
            match record.kind {
                kind::BOF => depth += 1,
                kind::EOF if depth <= 1 => break,
                kind::EOF => depth -= 1,
                kind::FORMULA if depth == 1 => {
                    formula = record.bytes().place()?;
                    self.add(&mut cells, &record, formula)?;
                }
                _ if depth == 1 => self.add(&mut cells, &record, formula)?,
                _ => {}
            }
        }
        Ok(cells)
    }

    fn add(&self, cells: &mut Cells, record: &Record, formula: (u32, usize)) -> Result<(), TableError> {
        let mut bytes = record.bytes();
        let text = match record.kind {
            kind::STRING => {
                let length = usize::from(bytes.u16()?);
                let text = self.characters(&mut bytes, length)?;
                return cells.add(formula.0, formula.1, &text);
            }
            kind::MUL_RK => return add_numbers(cells, &mut bytes),
            kind::LABEL_SST
            | kind::LABEL
            | kind::R_STRING
            | kind::NUMBER
            | kind::RK
            | kind::BOOL_ERR
            | kind::FORMULA => bytes.place()?,
            _ => return Ok(()),
        };
        let (row, column) = text;
        let at = |error: TableError| TableError::at(row, column, error.reason);
        bytes.u16().map_err(at)?; // the format
        let text = match record.kind {
            kind::LABEL_SST => {
                let string = self.strings.get(bytes.u32().map_err(at)? as usize);
                return cells.add(row, column, string.ok_or_else(|| at(broken("no such string")))?);
            }
            kind::NUMBER => bytes.f64().map(number_text),
            kind::RK => bytes.u32().map(rk_text),
            kind::BOOL_ERR => bytes.u8().and_then(|value| Ok(bool_or_error(value, bytes.u8()? != 0))),
            kind::FORMULA => bytes.result(),
            _ => bytes.u16().and_then(|length| self.characters(&mut bytes, length.into())),
        };
        cells.add(row, column, &text.map_err(at)?)
    }
}

/// A row of numbers side by side.
fn add_numbers(cells: &mut Cells, bytes: &mut Bytes) -> Result<(), TableError> {
    let (row, first) = bytes.place()?;
    let count = bytes.left().saturating_sub(2) / 6; // the last column's number stands behind them
    for column in first..first + count {
        bytes.u16()?;
        cells.add(row, column, &rk_text(bytes.u32()?))?;
    }
    Ok(())
}

/// A number in four bytes ([MS-XLS] 2.5.217).
fn rk_text(rk: u32) -> String {
    let number = match rk & 2 {
        0 => f64::from_bits(u64::from(rk & !3) << 32),
        _ => f64::from((rk as i32) >> 2),
    };
    if rk & 1 == 0 { number_text(number) } else { hundredth_text(number) }
}

fn bool_or_error(value: u8, is_error: bool) -> String {
    let text = match (is_error, value) {
        (false, 0) => "FALSE",
        (false, _) => "TRUE",
        (true, 0x00) => "#NULL!",
        (true, 0x07) => "#DIV/0!",
        (true, 0x0F) => "#VALUE!",
        (true, 0x17) => "#REF!",
        (true, 0x1D) => "#NAME?",
        (true, 0x24) => "#NUM!",
        (true, _) => "#N/A",
    };
    text.to_owned()
}

/// What strings before Excel 97 are written in.
fn code_page(number: u16) -> &'static Encoding {
    let label: &[u8] = match number {
        874 => b"windows-874",
        932 => b"shift_jis",
        936 => b"gbk",
        949 => b"euc-kr",
        950 => b"big5",
        1250 => b"windows-1250",
        1251 => b"windows-1251",
        1253 => b"windows-1253",
        1254 => b"windows-1254",
        1255 => b"windows-1255",
        1256 => b"windows-1256",
        1257 => b"windows-1257",
        1258 => b"windows-1258",
        10_000 => b"macintosh",
        _ => b"windows-1252",
    };
    Encoding::for_label(label).unwrap_or(WINDOWS_1252)
}

/// The strings that cells share. How many there are is counted, not believed.
fn shared_strings(bytes: &mut Bytes) -> Result<Vec<String>, TableError> {
    bytes.u32()?;
    let count = bytes.u32()?;
    let mut strings = Vec::new();
    for _ in 0..count {
        if bytes.left() == 0 {
            break;
        }
        let length = usize::from(bytes.u16()?);
        let flags = bytes.u8()?;
        let runs = if flags & 8 == 0 { 0 } else { usize::from(bytes.u16()?) };
        let extension = if flags & 4 == 0 { 0 } else { bytes.u32()? as usize };
        strings.push(bytes.unicode(length, flags & 1 != 0)?);
        bytes.skip(runs * 4)?;
        bytes.skip(extension)?;
    }
    Ok(strings)
}

impl<'a> Record<'a> {
    fn bytes(&self) -> Bytes<'a, '_> {
        Bytes { parts: &self.parts, part: 0, at: 0 }
    }
}

/// What is left of a record.
struct Bytes<'a, 'b> {
    parts: &'b [&'a [u8]],
    part: usize,
    at: usize,
}

impl<'a> Bytes<'a, '_> {
    fn left(&self) -> usize {
        let rest = self.parts.get(self.part + 1..).unwrap_or_default();
        self.left_of_part() + rest.iter().map(|part| part.len()).sum::<usize>()
    }

    fn left_of_part(&self) -> usize {
        self.parts.get(self.part).map_or(0, |part| part.len() - self.at)
    }

    /// Up to `length` bytes of the part in which the next one is.
    fn next_of_part(&mut self, length: usize) -> Result<&'a [u8], TableError> {
        while self.left_of_part() == 0 {
            if self.part + 1 >= self.parts.len() {
                return Err(broken("a record is too short"));
            }
            (self.part, self.at) = (self.part + 1, 0);
        }
        let end = self.at + length.min(self.left_of_part());
        let bytes = &self.parts[self.part][self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, TableError> {
        let mut taken = Vec::new();
        while taken.len() < length {
            taken.extend_from_slice(self.next_of_part(length - taken.len())?);
        }
        Ok(taken)
    }

    fn skip(&mut self, length: usize) -> Result<(), TableError> {
        let mut left = length;
        while left > 0 {
            left -= self.next_of_part(left)?.len();
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TableError> {
        let mut array = [0; N];
        let mut filled = 0;
        while filled < N {
            let bytes = self.next_of_part(N - filled)?;
            array[filled..filled + bytes.len()].copy_from_slice(bytes);
            filled += bytes.len();
        }
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, TableError> {
        Ok(self.array::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, TableError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, TableError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn f64(&mut self) -> Result<f64, TableError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// Row and column, from 0.
    fn place(&mut self) -> Result<(u32, usize), TableError> {
        Ok((self.u16()?.into(), self.u16()?.into()))
    }

    /// The last result of a formula ([MS-XLS] 2.5.133); that of a text follows in a record of its own.
    fn result(&mut self) -> Result<String, TableError> {
        let bytes = self.array::<8>()?;
        Ok(match bytes {
            [1, _, value, _, _, _, 0xFF, 0xFF] => bool_or_error(value, false),
            [2, _, value, _, _, _, 0xFF, 0xFF] => bool_or_error(value, true),
            [_, _, _, _, _, _, 0xFF, 0xFF] => String::new(),
            number => number_text(f64::from_le_bytes(number)),
        })
    }

    /// So many characters of a string. Where it goes on in the next part, that begins with a new sign whether
    /// characters are wide ([MS-XLS] 2.5.293).
    fn unicode(&mut self, length: usize, is_wide: bool) -> Result<String, TableError> {
        let mut units: Vec<u16> = Vec::new();
        let mut is_wide = is_wide;
        while units.len() < length {
            if self.left_of_part() == 0 && self.part + 1 < self.parts.len() && !units.is_empty() {
                (self.part, self.at) = (self.part + 1, 0);
                is_wide = self.u8()? & 1 != 0;
            }
            if is_wide {
                units.push(self.u16()?);
            } else {
                let bytes = self.next_of_part(length - units.len())?;
                units.extend(bytes.iter().map(|byte| u16::from(*byte)));
            }
        }
        Ok(String::from_utf16_lossy(&units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_read_without_a_calculation() {
        assert_eq!(rk_text((500 << 2) | 2), "500");
        assert_eq!(rk_text((5 << 2) | 3), "0.05");
        assert_eq!(rk_text((-5_i32 << 2) as u32 | 3), "-0.05");
        assert_eq!(rk_text((12_340 << 2) | 3), "123.4");
        assert_eq!(rk_text(((1.5_f64).to_bits() >> 32) as u32), "1.5");
        assert_eq!(rk_text(((1.5_f64).to_bits() >> 32) as u32 | 1), "0.015");
    }

    #[test]
    fn a_string_goes_on_in_the_next_record_with_a_new_width() {
        let parts: [&[u8]; 2] = [b"\x01\0\0\0\x01\0\0\0\x04\0\0AB", b"\x01C\0\xAC\x20"];
        let mut bytes = Bytes { parts: &parts, part: 0, at: 0 };
        assert_eq!(shared_strings(&mut bytes).unwrap(), ["ABC€"]);
    }
}
