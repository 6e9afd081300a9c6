//! XLSX files (ECMA-376): a zip of XML parts, of which the list of sheets, the shared strings and one sheet
//! are read, part by part as a stream.

use std::cell::Cell as Counter;
use std::io::{BufRead, BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use zip::ZipArchive;

use super::{Cells, Table, TableError, UNPACKED_BYTES_MAX, choose_sheet, number_text};

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Parts of a file; a workbook of a thousand sheets has fewer.
const PARTS_MAX: usize = 5_000;

pub fn read(bytes: &[u8], sheet: Option<&str>) -> Result<Table, TableError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    check_declared_sizes(&mut archive)?;
    let budget = Counter::new(UNPACKED_BYTES_MAX);
    let mut package = Package { archive, budget: &budget };

    let workbook = package.workbook_path()?;
    let links = package.links_of(&workbook)?;
    let sheets = package.sheets(&workbook)?;
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let chosen = choose_sheet(sheets, sheet, |sheet| &sheet.name, |sheet| sheet.shows)?;

    let strings = match links.iter().find(|link| link.is("sharedStrings")) {
        Some(link) => package.shared_strings(&link.target)?,
        None => Strings::default(),
    };
    let part = links.iter().find(|link| link.id == chosen.link && link.is("worksheet"));
    let part = part.ok_or_else(|| TableError::new("it is not a sheet of cells").in_sheet(&chosen.name))?;
    let cells = package.cells(&part.target, &strings).map_err(|error| error.in_sheet(&chosen.name))?;
    cells.into_table(Some(chosen.name.clone()), names).map_err(|error| error.in_sheet(&chosen.name))
}

fn broken(error: impl std::fmt::Display) -> TableError {
    TableError::new(format!("the XLSX file is broken: {error}"))
}

fn too_big() -> TableError {
    TableError::new(format!("the file unpacks to more than {} MB", UNPACKED_BYTES_MAX / 1_000_000))
}

/// What the parts say of themselves. It may be a lie, so what is really unpacked is counted as well.
fn check_declared_sizes(archive: &mut Archive) -> Result<(), TableError> {
    if archive.len() > PARTS_MAX {
        return Err(TableError::new(format!("the file has more than {PARTS_MAX} parts")));
    }
    let mut declared = 0u64;
    for part in 0..archive.len() {
        declared = declared.saturating_add(archive.by_index_raw(part).map_err(broken)?.size());
    }
    if declared > UNPACKED_BYTES_MAX { Err(too_big()) } else { Ok(()) }
}

/// Counts what is unpacked, of all parts together, and stops when it is too much.
struct Counted<'a, R> {
    inner: R,
    budget: &'a Counter<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let left = self.budget.get().checked_sub(length as u64);
        self.budget.set(left.ok_or_else(|| std::io::Error::other(too_big().reason))?);
        Ok(length)
    }
}

struct Package<'a> {
    archive: Archive<'a>,
    budget: &'a Counter<u64>,
}

/// From one part to another.
struct Link {
    id: String,
    kind: String,
    target: String,
}

impl Link {
    /// Kinds are addresses; the two editions of the standard differ in all but the last step.
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

struct Sheet {
    name: String,
    link: String,
    shows: bool,
}

impl Package<'_> {
    fn part(&mut self, path: &str) -> Result<Xml<impl BufRead + '_>, TableError> {
        let budget = self.budget;
        let found = self.archive.index_for_name(path).or_else(|| {
            let mut names = self.archive.file_names();
            names.position(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case(path)))
        });
        let index =
            found.ok_or_else(|| TableError::new(format!("the XLSX file is broken: {path} is missing")))?;
        let inner = self.archive.by_index(index).map_err(broken)?;
        Ok(Xml::new(BufReader::with_capacity(64 * 1024, Counted { inner, budget })))
    }

    fn workbook_path(&mut self) -> Result<String, TableError> {
        let links = self.links("_rels/.rels", "")?;
        let workbook = links.into_iter().find(|link| link.is("officeDocument"));
        Ok(workbook.map_or_else(|| "xl/workbook.xml".to_owned(), |link| link.target))
    }

    fn links_of(&mut self, part: &str) -> Result<Vec<Link>, TableError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let file = format!("{folder}/_rels/{name}.rels");
        self.links(file.trim_start_matches('/'), folder)
    }

    fn links(&mut self, file: &str, folder: &str) -> Result<Vec<Link>, TableError> {
        let mut xml = self.part(file)?;
        let mut links = Vec::new();
        while let Some(element) = xml.next_start("Relationship")? {
            let target = attribute(&element, "Target")?.unwrap_or_default();
            links.push(Link {
                id: attribute(&element, "Id")?.unwrap_or_default(),
                kind: attribute(&element, "Type")?.unwrap_or_default(),
                target: resolve(folder, &target),
            });
        }
        Ok(links)
    }

    fn sheets(&mut self, workbook: &str) -> Result<Vec<Sheet>, TableError> {
        let mut xml = self.part(workbook)?;
        let mut sheets = Vec::new();
        while let Some(element) = xml.next_start("sheet")? {
            sheets.push(Sheet {
                name: attribute(&element, "name")?.unwrap_or_default(),
                link: attribute(&element, "id")?.unwrap_or_default(),
                shows: attribute(&element, "state")?.is_none_or(|state| state == "visible"),
            });
        }
        Ok(sheets)
    }

    fn shared_strings(&mut self, path: &str) -> Result<Strings, TableError> {
        let mut xml = self.part(path)?;
        let mut strings = Strings::default();
        while xml.next_start("si")?.is_some() {
            xml.rich_text("si", &mut strings.text)?;
            let end = u32::try_from(strings.text.len()).map_err(|_| too_big())?;
            strings.ends.push(end);
        }
        Ok(strings)
    }

    fn cells(&mut self, path: &str, strings: &Strings) -> Result<Cells, TableError> {
        let mut xml = self.part(path)?;
        let mut cells = Cells::default();
        // Where the next cell is unless it says otherwise.
        let (mut row, mut column) = (0u32, 0usize);
        let mut value = String::new();
        loop {
            let element = match xml.next()? {
                Event::Start(element) => element,
                Event::End(element) if element.local_name().as_ref() == "row" => {
                    (row, column) = (row.saturating_add(1), 0);
                    continue;
                }
                Event::End(element) if element.local_name().as_ref() == "sheetData" => return Ok(cells),
                Event::Eof => return Ok(cells),
                _ => continue,
            };
            match element.local_name().as_ref() {
                "row" => {
                    let number = attribute(&element, "r")?.map(|number| row_index(&number)).transpose()?;
                    (row, column) = (number.unwrap_or(row), 0);
                }
                "c" => {
                    let kind = Kind::of(&element)?;
                    if let Some(place) = attribute(&element, "r")? {
                        (row, column) = cell_place(&place)?;
                    }
                    let at = |error: TableError| TableError::at(row, column, error.reason);
                    xml.cell_value(kind, &mut value).map_err(at)?;
                    cells.add(row, column, kind.text(&value, strings, row, column)?.as_ref())?;
                    column = column.saturating_add(1);
                }
                _ => {}
            }
        }
    }
}

/// What a cell's value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Inline,
    Bool,
    /// The result of a formula, an error such as `#N/A`, a date in ISO 8601.
    Text,
}

impl Kind {
    fn of(element: &BytesStart) -> Result<Self, TableError> {
        Ok(match attribute(element, "t")?.as_deref() {
            None | Some("n") => Self::Number,
            Some("s") => Self::Shared,
            Some("inlineStr") => Self::Inline,
            Some("b") => Self::Bool,
            Some(_) => Self::Text,
        })
    }

    fn text<'a>(
        self,
        value: &'a str,
        strings: &'a Strings,
        row: u32,
        column: usize,
    ) -> Result<std::borrow::Cow<'a, str>, TableError> {
        Ok(match self {
            Self::Text | Self::Inline => value.into(),
            Self::Number => match value.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => number_text(number).into(),
                _ => value.into(),
            },
            Self::Bool => if value.trim() == "1" { "TRUE" } else { "FALSE" }.into(),
            Self::Shared if value.is_empty() => "".into(),
            Self::Shared => {
                let string = value.trim().parse().ok().and_then(|place| strings.get(place));
                string
                    .ok_or_else(|| TableError::at(row, column, "the XLSX file is broken: no such string"))?
                    .into()
            }
        })
    }
}

/// The texts that cells share.
#[derive(Default)]
struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)? as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(&self.text[start..end])
    }
}

struct Xml<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
}

impl<R: BufRead> Xml<R> {
    fn new(inner: R) -> Self {
        let mut reader = Reader::from_reader(inner);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new() }
    }

    fn next(&mut self) -> Result<Event<'_>, TableError> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(broken)
    }

    /// The next element of this name, wherever it is.
    fn next_start(&mut self, name: &str) -> Result<Option<BytesStart<'static>>, TableError> {
        loop {
            match self.next()? {
                Event::Start(element) if element.local_name().as_ref() == name => {
                    return Ok(Some(element.into_owned()));
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// The texts of all runs up to the end of the element, without readings (`rPh`).
    fn rich_text(&mut self, end: &str, out: &mut String) -> Result<(), TableError> {
        loop {
            match self.next()? {
                Event::Start(element) if element.local_name().as_ref() == "t" => {
                    let from = out.len();
                    self.plain_text("t", out)?;
                    unescape(out, from);
                }
                Event::Start(element) if element.local_name().as_ref() == "rPh" => {
                    self.plain_text("rPh", &mut String::new())?;
                }
                Event::End(element) if element.local_name().as_ref() == end => return Ok(()),
                Event::Eof => return Err(broken(format!("<{end}> has no end"))),
                _ => {}
            }
        }
    }

    /// All text up to the end of the element.
    fn plain_text(&mut self, end: &str, out: &mut String) -> Result<(), TableError> {
        loop {
            match self.next()? {
                Event::Text(text) => out.push_str(&text.xml10_content()),
                Event::CData(text) => out.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => out.push(character(&reference)?),
                Event::End(element) if element.local_name().as_ref() == end => return Ok(()),
                Event::Eof => return Err(broken(format!("<{end}> has no end"))),
                _ => {}
            }
        }
    }

    /// The value of a cell up to its end, into `out`. Its formula is skipped.
    fn cell_value(&mut self, kind: Kind, out: &mut String) -> Result<(), TableError> {
        out.clear();
        loop {
            match self.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "v" => {
                        self.plain_text("v", out)?;
                        if kind == Kind::Text {
                            unescape(out, 0);
                        }
                    }
                    "is" => self.rich_text("is", out)?,
                    "f" => self.plain_text("f", &mut String::new())?,
                    _ => {}
                },
                Event::End(element) if element.local_name().as_ref() == "c" => return Ok(()),
                Event::Eof => return Err(broken("<c> has no end")),
                _ => {}
            }
        }
    }
}

fn attribute(element: &BytesStart, name: &str) -> Result<Option<String>, TableError> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(broken)?;
        if attribute.key.local_name().as_ref() == name {
            let value = quick_xml::escape::unescape(&attribute.value).map_err(broken)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// `&amp;` and `&#38;`; there are no others, because a workbook defines none.
fn character(reference: &BytesRef) -> Result<char, TableError> {
    if let Some(character) = reference.resolve_char_ref().map_err(broken)? {
        return Ok(character);
    }
    let name: &str = reference.as_ref();
    quick_xml::escape::resolve_xml_entity(name)
        .and_then(|text| text.chars().next())
        .ok_or_else(|| broken(format!("&{name}; is not defined")))
}

/// Excel writes characters that XML has not as `_x000D_` (ECMA-376 part 1, section 22.4.2.4, `bstr`).
fn unescape(text: &mut String, from: usize) {
    const LENGTH: usize = "_x000D_".len();
    if !text[from..].contains("_x") {
        return;
    }
    let escaped = text.split_off(from);
    let mut units: Vec<u16> = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_str();
    while let Some(character) = rest.chars().next() {
        let code = rest.get(..LENGTH).and_then(|code| code.strip_prefix("_x")?.strip_suffix('_'));
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| u16::from_str_radix(code, 16).ok()) {
            Some(unit) => {
                units.push(unit);
                rest = &rest[LENGTH..];
            }
            None => {
                units.extend(character.encode_utf16(&mut [0; 2]).iter());
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    text.push_str(&String::from_utf16_lossy(&units));
}

fn row_index(number: &str) -> Result<u32, TableError> {
    let number: Option<u32> = number.trim().parse().ok();
    let index = number.filter(|number| *number <= 1_048_576).and_then(|number| number.checked_sub(1));
    index.ok_or_else(|| broken("a row has a wrong number"))
}

/// Row and column of a place such as `C7`, counted from 0.
fn cell_place(place: &str) -> Result<(u32, usize), TableError> {
    let digits = place.find(|character: char| character.is_ascii_digit()).unwrap_or(place.len());
    let (letters, number) = place.split_at(digits);
    let column = letters.bytes().try_fold(0usize, |column, letter| {
        let letter = letter.to_ascii_uppercase().checked_sub(b'A').filter(|letter| *letter < 26)?;
        Some(column * 26 + usize::from(letter) + 1).filter(|column| *column <= 16_384)
    });
    let column = column.and_then(|column| column.checked_sub(1));
    let column = column.ok_or_else(|| broken(format!("{place:?} is no place of a cell")))?;
    Ok((row_index(number)?, column))
}

/// The path of a part, named from a folder: `../media/a.xml`, `/xl/a.xml`, `a.xml`.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            ".." => drop(steps.pop()),
            "." | "" => {}
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_letters_and_a_number() {
        assert_eq!(cell_place("C7").unwrap(), (6, 2));
        assert_eq!(cell_place("AB100").unwrap(), (99, 27));
        assert_eq!(super::super::column_name(27), "AB");
        for wrong in ["", "C", "7", "C0", "ZZZZ1", "C-1", "C99999999999", "Ä1"] {
            assert!(cell_place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_written_by_its_code() {
        let unescaped = |text: &str| {
            let mut text = text.to_owned();
            unescape(&mut text, 0);
            text
        };
        assert_eq!(unescaped("a_x000D_b"), "a\rb");
        assert_eq!(unescaped("_x005F_x000D_"), "_x000D_");
        assert_eq!(unescaped("_x00_ü_x"), "_x00_ü_x");
    }

    #[test]
    fn parts_are_named_from_the_folder_of_the_part_that_names_them() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/sheet1.xml"), "xl/sheet1.xml");
        assert_eq!(resolve("xl/worksheets", "../../../a.xml"), "a.xml");
    }
}
