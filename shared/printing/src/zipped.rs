//! An invoice's document and the details of its charges in one file, for who wants both with one click.

use std::io::{Cursor, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A ZIP archive of these files, by their names. The same files make the same archive.
///
/// # Errors
/// When a name is there twice.
pub fn zipped(files: &[(String, &[u8])]) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // What PDF and XLSX hold is compressed in itself.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for (name, content) in files {
        archive.start_file(name, options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn an_archive_has_each_file_as_it_was() {
        let sheet = vec![7; 100_000];
        let files = [("invoice-1.pdf".to_owned(), &b"%PDF"[..]), ("invoice-1.xlsx".to_owned(), &sheet[..])];
        let made = zipped(&files).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(made)).unwrap();
        assert_eq!(archive.len(), 2);
        for (name, content) in files {
            let mut read = Vec::new();
            archive.by_name(&name).unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, content);
        }
    }
}
