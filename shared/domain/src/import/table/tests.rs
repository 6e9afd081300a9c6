use expect_test::{Expect, expect};
use rust_xlsxwriter::Workbook;

use super::*;

fn shown(table: &Table) -> String {
    let row = |row: Row| format!("{}: {}\n", row.number(), row.cells().collect::<Vec<_>>().join(" | "));
    table.rows().map(row).collect()
}

#[track_caller]
fn check(bytes: &[u8], file_name: &str, expected: Expect) {
    expected.assert_eq(&match read(bytes, file_name, None) {
        Ok(table) => shown(&table),
        Err(error) => error.to_string(),
    });
}

#[test]
fn a_csv_file_is_read_with_whatever_separator_it_has() {
    for separator in [",", ";", "\t", "|"] {
        let text = ["Country,Network,Rate", "DE,Vodafone,\"0.05\"", "", "FR,,0.06"]
            .join("\n")
            .replace(',', separator);
        let table = read(text.as_bytes(), "rates.csv", None).unwrap();
        assert_eq!(shown(&table), "1: Country | Network | Rate\n2: DE | Vodafone | 0.05\n4: FR |  | 0.06\n");
    }
    check(
        b"Country;Rate\nDE;0,05\nFR;0,06\n",
        "rates.csv",
        expect![
            "
        1: Country | Rate
        2: DE | 0,05
        3: FR | 0,06
    "
        ],
    );
}

#[test]
fn a_csv_file_is_read_in_its_own_encoding() {
    let text = "Côte d’Ivoire;0.05\nÅland;0.06\n";
    let with_mark = |mark: &[u8], units: Vec<u8>| [mark, &units].concat();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let files = [
        text.as_bytes().to_vec(),
        with_mark(b"\xEF\xBB\xBF", text.as_bytes().to_vec()),
        with_mark(b"\xFF\xFE", little.clone()),
        with_mark(b"\xFE\xFF", big),
        little,
        encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    ];
    for file in files {
        let table = read(&file, "rates.csv", None).unwrap();
        assert_eq!(shown(&table), "1: Côte d’Ivoire | 0.05\n2: Åland | 0.06\n");
    }
}

#[test]
fn a_quotation_mark_that_is_not_closed_is_found_and_named() {
    let text = format!("Country,Rate\nDE,\"0.05\n{}", "FR,0.06\n".repeat(10_000));
    check(
        text.as_bytes(),
        "rates.csv",
        expect!["row 2, column B, a cell has at most 32767 characters; is a quotation mark not closed?"],
    );
}

#[test]
fn what_is_no_rate_sheet_is_refused_in_words() {
    check(b"", "rates.csv", expect!["there is nothing in it"]);
    check(b"\n\n", "rates.csv", expect!["there is nothing in it"]);
    check(
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "rates.csv",
        expect!["the file is neither a text nor an Excel file"],
    );
    check(b"%PDF", "rates.xlsx", expect!["the file is named .xlsx, but is not an Excel file"]);
    check(b"<html><table>", "rates.xls", expect!["the file is a web page or XML: save it as XLSX or CSV"]);
    check(
        b"PK\x03\x04broken",
        "rates.xlsx",
        expect!["the XLSX file is broken: invalid Zip archive: Could not find EOCD"],
    );
    let large = vec![b'1'; FILE_BYTES_MAX + 1];
    check(&large, "rates.csv", expect!["a file has at most 20 MB"]);
    let wide = ",".repeat(200) + "x";
    check(wide.as_bytes(), "rates.csv", expect!["row 1, column GS, a table has at most 200 columns"]);
    let long = "1\n".repeat(ROWS_MAX + 1);
    check(long.as_bytes(), "rates.csv", expect!["row 200001, column A, a table has at most 200000 rows"]);
}

fn workbook() -> Workbook {
    let mut workbook = Workbook::new();
    let notes = workbook.add_worksheet().set_name("Notes").unwrap();
    notes.write(0, 0, "hidden").unwrap();
    notes.set_hidden(true);
    let rates = workbook.add_worksheet().set_name("Rates & more").unwrap();
    rates.write(1, 1, "Country").unwrap().write(1, 2, "MCC").unwrap().write(1, 3, "Rate").unwrap();
    rates.write(2, 1, " Türkiye\n<_x000D_>").unwrap().write(2, 2, 286).unwrap().write(2, 3, 0.0341).unwrap();
    rates.write(4, 1, true).unwrap().write(4, 3, 0.30000000000000004).unwrap();
    rates.write_formula(5, 3, rust_xlsxwriter::Formula::new("=1/80").set_result("0.0125")).unwrap();
    workbook.add_worksheet().set_name("Last").unwrap().write(0, 0, "last").unwrap();
    rates_first_visible(workbook)
}

fn rates_first_visible(mut workbook: Workbook) -> Workbook {
    workbook.worksheet_from_name("Rates & more").unwrap().set_active(true);
    workbook
}

#[test]
fn a_sheet_of_an_xlsx_file_is_read_as_it_shows() {
    let bytes = workbook().save_to_buffer().unwrap();
    let table = read(&bytes, "rates.xlsx", None).unwrap();
    assert_eq!((table.sheet.as_deref(), table.columns()), (Some("Rates & more"), 4));
    assert_eq!(table.sheets, ["Notes", "Rates & more", "Last"]);
    let expected = "2:  | Country | MCC | Rate\n3:  |  Türkiye\n<_x000D_> | 286 | 0.0341\n5:  | TRUE |  | 0.3\n6:  |  |  | 0.0125\n";
    assert_eq!(shown(&table), expected);
    assert_eq!(shown(&read(&bytes, "rates.xlsx", Some("Last")).unwrap()), "1: last\n");
    let error = read(&bytes, "rates.xlsx", Some("None")).unwrap_err();
    assert_eq!(error.to_string(), "sheet \"None\", the file has no such sheet");
}

/// A zip of these parts.
fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const LINKS: &[u8] =
    br#"<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="sheet.xml"/></Relationships>"#;
const WORKBOOK: &[u8] = br#"<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>"#;

fn with_sheet(sheet: &[u8]) -> Vec<u8> {
    zipped(&[
        ("_rels/.rels", b"<Relationships/>"),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", LINKS),
        ("xl/sheet.xml", sheet),
    ])
}

#[test]
fn an_xlsx_file_that_unpacks_to_too_much_is_refused_whatever_it_says_of_itself() {
    let blanks = vec![b' '; 260_000_000];
    let mut bomb = with_sheet(&blanks);
    assert!(bomb.len() < 1_000_000, "{}", bomb.len());
    check(&bomb, "rates.xlsx", expect!["the file unpacks to more than 250 MB"]);
    // The same with a lie in both places where its size stands.
    let size = 260_000_000_u32.to_le_bytes();
    let places: Vec<usize> = (0..bomb.len() - 4).filter(|at| bomb[*at..*at + 4] == size).collect();
    assert!(!places.is_empty());
    for place in places {
        bomb[place..place + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    let error = read(&bomb, "rates.xlsx", None).unwrap_err();
    assert!(error.reason.starts_with("the XLSX file is broken"), "{error}");
}

#[test]
fn a_sheet_with_one_cell_far_away_takes_no_memory_for_the_cells_between() {
    let sheet = br#"<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>"#;
    check(
        &with_sheet(sheet),
        "rates.xlsx",
        expect![
            "
        1048576: 1
    "
        ],
    );
    let sheet = br#"<worksheet><sheetData><row r="7"><c r="XFD7"><v>1</v></c></row></sheetData></worksheet>"#;
    check(
        &with_sheet(sheet),
        "rates.xlsx",
        expect![[r#"sheet "A", row 7, column XFD, a table has at most 200 columns"#]],
    );
}

#[test]
fn a_broken_sheet_names_where_it_breaks() {
    let sheet = br#"<worksheet><sheetData><row r="1"><c r="B1"><v>1</v></c><c r="C1" t="s"><v>7</v></c></row></sheetData></worksheet>"#;
    check(
        &with_sheet(sheet),
        "rates.xlsx",
        expect![[r#"sheet "A", row 1, column C, the XLSX file is broken: no such string"#]],
    );
    let sheet =
        br#"<worksheet><sheetData><row r="1"><c r="B1"><v>1 &bomb; </v></c></row></sheetData></worksheet>"#;
    check(
        &with_sheet(sheet),
        "rates.xlsx",
        expect![[r#"sheet "A", row 1, column B, the XLSX file is broken: &bomb; is not defined"#]],
    );
}

#[test]
fn a_number_is_the_shortest_text_of_what_excel_shows() {
    for (number, text) in [
        (0.05, "0.05"),
        (1e-7, "0.0000001"),
        (0.034100000000000005, "0.0341"),
        (262.0, "262"),
        (491_511_234_567_890.0, "491511234567890"),
        (-0.5, "-0.5"),
        (1e21, "1000000000000000000000"),
        (0.3333333333333333, "0.333333333333333"),
    ] {
        assert_eq!(number_text(number), text);
    }
}

#[test]
fn an_xls_file_is_read_as_another_reader_reads_it() {
    let bytes = include_bytes!("../../../../../tests/fixtures/rates.xls");
    let table = read(bytes, "rates.xls", None).unwrap();
    agrees_with_calamine(&table, calamine::Xls::new(std::io::Cursor::new(&bytes[..])).unwrap());
    assert!(shown(&table).contains("Côte d’Ivoire"), "{}", shown(&table));
}

#[test]
fn an_xlsx_file_is_read_as_another_reader_reads_it() {
    let bytes = workbook().save_to_buffer().unwrap();
    let table = read(&bytes, "rates.xlsx", None).unwrap();
    agrees_with_calamine(&table, calamine::Xlsx::new(std::io::Cursor::new(&bytes)).unwrap());
}

use calamine::{Data, Reader};

fn agrees_with_calamine<R: Reader<std::io::Cursor<B>>, B: AsRef<[u8]>>(table: &Table, mut reader: R)
where
    R::Error: std::fmt::Debug,
{
    let range = reader.worksheet_range(table.sheet.as_deref().unwrap()).unwrap();
    let mut cells = 0;
    let (first_row, first_column) = range.start().unwrap();
    for (row, column, value) in range.used_cells() {
        let (row, column) = (row as u32 + first_row, column + first_column as usize);
        let text = match value {
            Data::Bool(true) => "TRUE".to_owned(),
            Data::Bool(false) => "FALSE".to_owned(),
            Data::Float(number) => number_text(*number),
            other => other.to_string(),
        };
        assert_eq!(table.row(row + 1).map_or("", |row| row.cell(column)), text, "row {row} column {column}");
        cells += usize::from(!text.is_empty());
    }
    assert_eq!(cells, table.rows().flat_map(Row::cells).filter(|text| !text.is_empty()).count());
}
