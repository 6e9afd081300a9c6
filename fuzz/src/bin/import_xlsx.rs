//! Any bytes as the sheet and as the shared strings of an XLSX file that is else in order, so that the zip
//! around them does not keep the fuzzer from the XML.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const WORKBOOK: &str = r#"<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>"#;
const LINKS: &str = r#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="sheet.xml"/><Relationship Id="r2" Type="x/sharedStrings" Target="strings.xml"/></Relationships>"#;
const STRINGS: &[u8] = b"<sst><si><t>Country</t></si><si><r><t>Pri</t></r><r><t>ce</t></r></si></sst>";
const SHEET: &[u8] =
    br#"<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>"#;

fn main() {
    bolero::check!().for_each(|bytes: &[u8]| {
        for (sheet, strings) in [(bytes, STRINGS), (SHEET, bytes)] {
            let file = zipped(&[
                ("_rels/.rels", b"<Relationships/>"),
                ("xl/workbook.xml", WORKBOOK.as_bytes()),
                ("xl/_rels/workbook.xml.rels", LINKS.as_bytes()),
                ("xl/sheet.xml", sheet),
                ("xl/strings.xml", strings),
            ]);
            let _ = domain::import::table::read(&file, "rates.xlsx", None);
        }
    });
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts {
        writer.start_file(*name, stored).expect("a part");
        writer.write_all(content).expect("a part");
    }
    writer.finish().expect("a file").into_inner()
}
